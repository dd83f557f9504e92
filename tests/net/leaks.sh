#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Every process under valgrind, on each way to an end: nothing is used that was
# never written, nothing is lost.
. "$(dirname "$0")/lib.sh"
command -v valgrind > /dev/null || skip_all "no valgrind"
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -shared -fPIC \
	-o /run/unfiltered.so tests/net/unfiltered.c -ldl ||
	skip_all "nothing can be preloaded here"
cat > /run/pptp.vg <<SH
#!/bin/sh
LD_PRELOAD=/run/unfiltered.so exec valgrind --leak-check=full --vgdb=no \\
	--log-file=/run/vg $CLIENT "\$@"
SH
chmod 755 /run/pptp.vg
CLIENT=/run/pptp.vg

# is_tidy CLAIM PROCESSES STATUS: what valgrind says of the last run
is_tidy() {
	is "$1: status" "$status" "$3"
	until_ok 20 eval '[ "$(grep -c "ERROR SUMMARY" /run/vg)" -ge '"$2"' ]'
	claim "$1: $2 processes have reported" \
		test "$(grep -c 'ERROR SUMMARY' /run/vg)" -ge "$2"
	is "$1: no error, nothing lost" "$(grep -A 8 -e 'SUMMARY: [1-9]' \
		-e '\(definitely\|possibly\|indirectly\) lost: [1-9]' \
		-e Invalid -e uninit -e unaddressable /run/vg)" ''
}
# tunnel STATUS SERVER-ARGUMENT [PTYFEED OPTION...]
tunnel() {
	local want=$1 what=$2; shift 2
	# shellcheck disable=SC2086 # words
	serve $what
	run --wait 30 "$@" -- --timeout 15
	is_tidy "${what:-a good server} $*" 3 "$want"
}
tunnel 0 '' --count 50
tunnel 0 'channels=10 gre=far' --count 50 --end TERM
tunnel "$EXIT_SERVER_ENDED" after=cdn --count 1 --end wait
tunnel "$EXIT_LOST" after=rst --count 1 --end wait
tunnel "$EXIT_REFUSED" sccrp=4
tunnel "$EXIT_CALL_REFUSED" ocrp=4
tunnel "$EXIT_NOT_PPTP" accept=http
for how in "3 0 --check 10.9.0.2" "2 $EXIT_RESOLVE nowhere.invalid" \
	"1 0 --status" "1 $EXIT_USAGE --wrong" "1 0 --help"; do
	# shellcheck disable=SC2086 # words
	set -- $how
	serve
	"$CLIENT" "${@:3}" < /dev/null > /run/out 2>&1
	status=$?
	is_tidy "${*:3}" "$1" "$2"
done
plan
