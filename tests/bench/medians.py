#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""medians.py FILE... - one table of what tests/bench/kernel printed: a row for
each network and thing measured, a column for each client, medians."""
import collections
import statistics
import sys

CLIENTS = ["kernel", "pty", "pptp-linux"]
TEXT = {"tcp-out": "TCP to the server, Mbit/s", "tcp-in": "TCP from it, Mbit/s",
        "cpu": "processor, ms a MB", "runs": "our processes ran, times a MB"}
rows = collections.defaultdict(lambda: collections.defaultdict(list))
nothing = []                    # the sender alone, without a tunnel
for name in sys.argv[1:]:
    for line in open(name):
        w = line.split()
        if len(w) == 4 and w[2] in TEXT:
            rows[w[0], w[2]][w[1]].append(float(w[3]))
        elif len(w) == 6 and w[2] == "cpu" and float(w[3]) > 0:
            mb, ms, ran = map(float, w[3:])
            if w[1] == "none":
                nothing.append(ms / mb)
                continue
            rows[w[0], "cpu"][w[1]].append(ms / mb)
            rows[w[0], "runs"][w[1]].append(ran / mb)
base = statistics.median(nothing) if nothing else 0
print("%-8s %-30s %10s %10s %10s" % ("", "", *CLIENTS))
for (kind, what), got in rows.items():
    less = base if what == "cpu" else 0
    print("%-8s %-30s" % (kind, TEXT[what]), *(
        "%10.2f" % (statistics.median(got[c]) - less) if got[c] else
        "%10s" % "-" for c in CLIENTS))
if nothing:
    print("processor time without that of sending itself, %.1f ms a MB" % base)
