#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manual page, --help and the two completions know the same options, and page
# and --help the same exit statuses.
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tests/tap.sh
. tests/tap.sh

pptp=${PPTP:-./pptp}
[ -x "$pptp" ] || skip_all "$pptp is not built"
w=$(mktemp -d) || exit 1
trap 'rm -rf "$w"' EXIT

# section NAME: that section of the page, as it is written
section() { awk -v s=".Sh $1" '/^\.Sh /{ on = $0 == s } on' pptp.8; }
# names: the options that lines of --help or .It lines begin with
help_names() { sed -n 's/^ \{2,\}\(-[a-z], \)\{0,1\}--\([a-z0-9-]*\).*/\2/p' |
	sort; }
page_names() { sed -n 's/^\.It .*Fl Fl \([a-z0-9-]*\).*/\1/p' | sort; }
# same CLAIM FILE FILE: equal and not empty
same() {
	if [ -s "$2" ] && diff "$2" "$3" > "$w/diff"; then pass "$1"
	else fail "$1" "$(cat "$w/diff")"; fi
}

"$pptp" --help > "$w/help.txt"
help_names < "$w/help.txt" > "$w/help"
section OPTIONS | page_names > "$w/page"
same "pptp.8 and --help have the same $(wc -l < "$w/help") options" \
	"$w/help" "$w/page"
is "none is described twice" "$(uniq -d < "$w/page")" ""

ln -s "$(realpath "$pptp")" "$w/pptpsetup"
"$w/pptpsetup" --help | help_names | uniq > "$w/setup"

# completion FILE SHELL NAMES: it has the options of the file NAMES
completion() {
	cp "client/completion/$1" "$w/$1"
	# But for what a comment says of options as such.
	sed 's/--option=value//' "$w/$1" | grep -o -e '--[a-z][a-z0-9-]*' |
		sed 's/^--//' | sort -u > "$w/$1.names"
	same "the completion $1 has the same options" "$3" "$w/$1.names"
	if command -v "$2" > /dev/null; then
		claim "$2 can read it" "$2" -n "$w/$1"
	else
		skip "$2 can read it" "no $2"
	fi
}
# An option's line of --help stands in zsh's completion as well.
sed -nE 's/^  --([a-z-]*)[^ ]*( [^ ]+)?  +/\1: /p' "$w/help.txt" | sort \
	> "$w/texts"
sed -nE "s/'\\\\''/'/g; s/\\\\\\\\/\\\\/
	s/^	'--([a-z-]*)[^[]*\[([^]]*)\].*/\1: \2/p" client/completion/zsh |
	sort > "$w/texts.zsh"
same "zsh says of each what --help says" "$w/texts" "$w/texts.zsh"
for sh in bash zsh; do
	completion $sh $sh "$w/help"
	completion $sh-setup $sh "$w/setup"
done

# completes WANTED WORD...: what bash offers for the last word of the line
completes() {
	want=$1; shift
	# shellcheck disable=SC2016
	is "bash completes: $*" "$(bash -c '. "$0"; COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1)); _pptp; echo "${COMPREPLY[*]}"' \
		"$w/bash" "$@")" "$want"
}
if command -v bash > /dev/null; then
	completes kernel pptp --data-path = k
	completes "auto kernel user" pptp --data-path =
	completes "0 1 2 3 4" pptp h --loglevel ""
	completes json pptp --status = j
	completes json pptp --status =
	completes "--refuse-mschap --refuse-mschap-v2" pptp h --refuse-m
else
	skip "bash completes" "no bash"
fi

section PPTPSETUP | page_names > "$w/setup.page"
same "the section on pptpsetup and its --help have the same options" \
	"$w/setup" "$w/setup.page"

grep -o 'Fl Fl [a-z0-9-]*' pptp.8 | sed 's/Fl Fl //' | grep -vx option |
	sort -u > "$w/mentioned"
sort -u "$w/help" "$w/setup" > "$w/known"
is "the page mentions no other option" \
	"$(comm -23 "$w/mentioned" "$w/known")" ""

if command -v mandoc > /dev/null; then
	is "none is printed with one dash" "$(mandoc -T ascii pptp.8 |
		sed 's/.\x08//g' | grep -E '(^|[ (])-[a-z]{2}')" ""
else
	skip "none is printed with one dash" "no mandoc"
fi

sed -n 's/^ \{2,\}\([0-9][0-9]*\)  .*/\1/p' "$w/help.txt" > "$w/status"
section "EXIT STATUS" | sed -n 's/^\.It \([0-9]*\)$/\1/p' > "$w/status.page"
same "pptp.8 and --help have the same exit statuses" \
	"$w/status" "$w/status.page"
plan
