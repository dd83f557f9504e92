#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Each sentence that the program may say at the default log level stands in
# pptp.8, so that a user who meets one can look it up.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh
command -v python3 > /dev/null || skip_all "no python3"

missing=$(python3 - <<'P'
import glob
import re

SAY = re.compile(r"\b(?:log_fatal|log_error|log_warnx?|log_info|log_answer|fatal|opt_mistake|"
                 r"opt_warning|tell_blocked|fail|client_down|client_refuse|ctrl_call_down|"
                 r"setup_complain|setup_failed|usage|error|"
                 r"WHY|complain|oops|die|warn)\s*\(|LOG\(c, [12],|"
                 r"snprintf\((?:c->why|why|m\.down\.text|out|text|end_text)\b|"
                 r"SAY\((?:own|text|why),|SAY\(k->why,")
# Parts of lines that are no sentences: --check's steps, message dumps.
QUIET = ("# ", "; pptpsetup --help lists", "call id in use", "firmware %u", "answers in %.1f", "LCP answered in", "accepted in",
         "%s%.*s %s, ", "call %u is up", "the control connection is up",
         "(result %u)", "was ended here", "was ended before", "ended here")

page = open("pptp.8").read()
page = page.replace(r"\(dq", '"').replace(r"\e", "\\").replace(r"\&", "")
page = re.sub(r"^\.(It|Ql|Pq|Dq) ?", "", page, flags=re.M)
page = re.sub(r"\s+", " ", page)


def arguments(s, at):
    """The text of a call's arguments, from its parenthesis on."""
    depth, i = 0, s.index("(", at)
    begin = i
    while True:
        if s[i] == '"':
            i = re.compile(r'"(?:[^"\\]|\\.)*"').match(s, i).end()
            continue
        depth += {"(": 1, ")": -1}.get(s[i], 0)
        if not depth:
            return s[begin:i]
        i += 1


# A sentence with a name of its own becomes an argument of its only user.
NAMED = re.compile(r"#define\s+([A-Z_]+)\s+((?:\"[^\"\n]*\"[\s\\]*)+)\n")
seen = 0
for name in sorted(glob.glob("*.c") + glob.glob("[cmst]*/*.c")):
    s = re.sub(r"/\*.*?\*/", "", open(name).read(), flags=re.S)
    s = NAMED.sub(lambda m: "warn(%s)\n" % m[2].replace("\\\n", ""), s)
    for m in SAY.finditer(s):
        said = arguments(s, m.start())
        for text in re.findall(r'"(?:[^"\\]|\\.)*"(?:\s*"(?:[^"\\]|\\.)*")*',
                               said):
            text = re.sub(r'"\s*"', "", text)[1:-1].replace('\\"', '"')
            if any(q in text for q in QUIET):
                continue
            parts = re.split(r"%[-.*0-9]*(?:ll|z)?[a-zA-Z%]", text)
            part = max(parts, key=len).strip(" :;,")
            if len(part) < 12 or " " not in part:
                continue
            seen += 1
            if re.sub(r"\s+", " ", part) not in page:
                print("%s: %s" % (name, text))
if seen < 100:
    print("only %d sentences found in the sources" % seen)
P
)
is "pptp.8 has each sentence" "$missing" ""
if command -v mandoc > /dev/null; then
	# Which of the pages it refers to are installed is not its fault.
	is "mandoc finds nothing in pptp.8" "$(mandoc -T lint -W style pptp.8 2>&1 |
		grep -v -e 'referenced manual not found' -e 'outdated mandoc.db')" ""
else
	skip "mandoc finds nothing in pptp.8" "no mandoc"
fi
plan
