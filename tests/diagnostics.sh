#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The sentences that pptp.8 explains are those the program says, but for pppd's
# own; and mandoc finds nothing wrong with the page.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
command -v python3 > /dev/null || skip_all "no python3"

missing=$(python3 - 2>&1 <<'P'
import glob
import re

said = ""
for name in glob.glob("*.c") + glob.glob("[cmst]*/*.[ch]") + \
        glob.glob("include/*.h"):
    if name.startswith("tests/"):
        continue
    s = re.sub(r"/\*.*?\*/", "", open(name, errors="replace").read(),
               flags=re.S)
    # A sentence in pieces, or with a name of its own.
    s = re.sub(r'"\s*(?:\\\n\s*)?"', "", s)
    for name, text in ("PPPD", "/usr/sbin/pppd"), ("DEV_PPP", "/dev/ppp"):
        s = re.sub(r'"\s*%s\s*"' % name, text, s)
    said += s.replace('\\"', '"')

page = open("pptp.8").read()
part = page[page.index(".Sh DIAGNOSTICS"):page.index(".Xr pppd 8\nhas sentences")]
items = re.findall(r"^\.It (.*)$", part, re.M)
for item in items:
    text = item.replace(r"\(dq", '"')
    pieces = [p.strip(' :;,"()') for p in
              re.split(r"\b(?:NAME|ADDRESS|REASON|METHOD|BITS|WHAT|N)\b|"
                       r"[;:()]|/run/pptp", text)]
    best = max((p for p in pieces), key=len)
    if best not in said:
        print("not said: %s (looked for: %s)" % (item, best))
if len(items) < 25:
    print("only %d sentences" % len(items))
P
)
is "each sentence that pptp.8 explains is said" "$missing" ""
if command -v mandoc > /dev/null; then
	# Which of the pages it refers to are installed is not its fault.
	is "mandoc finds nothing in pptp.8" "$(mandoc -T lint -W style pptp.8 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db')" ""
else
	skip "mandoc finds nothing in pptp.8" "no mandoc"
fi
plan
