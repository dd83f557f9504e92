# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
# For shell tests: each claim is one line of TAP, `plan` ends the file; and what
# tests of both kinds, namespaces and guest, ask of the client.
tap_n=0
tap_bad=0
tap_out=$(mktemp) || exit 1

pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1"; }
fail() {	# fail CLAIM [WHY]
	tap_n=$((tap_n + 1)); tap_bad=$((tap_bad + 1))
	echo "not ok $tap_n - $1"
	[ $# -lt 2 ] || printf '%s\n' "$2" | sed 's/^/#   /'
}
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }

# claim TEXT COMMAND...: the command succeeds; its output is shown if not.
claim() {
	tap_text=$1; shift
	if "$@" > "$tap_out" 2>&1; then pass "$tap_text"
	else fail "$tap_text" "$* failed: $(cat "$tap_out")"; fi
}
# is TEXT GOT WANTED: the same string.
is() {
	if [ "$2" = "$3" ]; then pass "$1"
	else fail "$1" "$(printf 'got:    %s\nwanted: %s' "$2" "$3")"; fi
}
# has TEXT STRING PATTERN: a part of the string matches (extended regex).
has() {
	if printf '%s\n' "$2" | grep -Eq -e "$3"; then pass "$1"
	else fail "$1" "$(printf 'no match for: %s\nin: %s' "$3" "$2")"; fi
}
# figure NAME: one of the counters in --status=json, of the first tunnel
figure() {
	"$CLIENT" --status=json |
		sed -n 's/.*"'"$1"'": \([0-9]*\)[,}].*/\1/p' | head -n 1
}
plan() { rm -f "$tap_out"; echo "1..$tap_n"; exit $((tap_bad > 0)); }
skip_all() { rm -f "$tap_out"; echo "1..0 # SKIP $1"; exit 0; }
