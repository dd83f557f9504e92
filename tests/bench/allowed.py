#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""allowed.py TABLE COMPILER < FIGURES - compares "NAME NUMBER" lines with the
table of what is allowed; fails if one is above, or was not measured.  With
RENEW in the environment the table is written anew instead."""
import os
import re
import sys

table, compiler = sys.argv[1:]
text = open(table).read()
rows = dict(re.findall(r"^([a-z0-9-]+) ([\d.]+)$", text, re.M))
got = {w[0]: float(w[1]) for w in map(str.split, sys.stdin)}
if os.environ.get("RENEW"):
    head = "".join(x for x in text.splitlines(True) if x.startswith("#"))
    with open(table, "w") as f:
        f.write(head + "by " + compiler + "\n")
        for name, n in got.items():
            # What callgrind counts is exact; a timer may add calls.
            f.write("%s %.0f\n" % (name, n * 1.01) if "instr" in name else
                    "%s %.2f\n" % (name, n * 1.25))
    sys.exit()
same, bad = ("by %s\n" % compiler) in text, 0
print("%-24s %10s %10s" % ("for one packet", "measured", "allowed"))
for name, most in rows.items():
    n, most = got.get(name), float(most)
    judged = same or "instr" not in name
    above = n is None or judged and n > most
    bad += above
    print("%-24s %10s %10g%s" % (
        name, "none" if n is None else "%g" % n, most,
        "  TOO MUCH" if above else "" if judged else
        "  (not judged: another compiler)"))
if bad:
    sys.exit("%d above what %s allows" % (bad, table))
