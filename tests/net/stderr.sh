#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Standard error that is full and read by nobody: a terminal with room for one
# octet, a pipe, a socket.  A tunnel with --debug carries data all the same, a
# start that fails ends within 2 s, and no flag of the user's file is changed.
. "$(dirname "$0")/lib.sh"
ppp_here
serve gre=echo

stuffed() {	# stuffed KIND COMMAND...: sets $out, $status
	out=$(python3 tests/net/stuffed.py "$@")
	status=$?
}
short() {	# short CLAIM [TENTHS]: no longer than 2 s
	local s; s=$(sed -n 's/^took //p' <<< "$out")
	claim "$1 ($s s)" test "${s%.*}${s#*.}" -le "${2:-20}"
}

for kind in tty pipe socket; do
	stuffed $kind python3 tests/net/ptyfeed.py --count 1000 "$CLIENT" \
		$SERVER --nolaunchpppd --debug --loglevel 4
	has "$kind: a tunnel with --debug carries all data" "$out" \
		'^received 1000 of 1000, ordered, 0 duplicate, 0 bad$'
	claim "$kind: no frame waits for a line" awk '/^slowest/ {
		if ($2 + 0 > 0.5) { print; exit 1 } }' <<< "$out"
	has "$kind: it ends well" "$out" '^exit 0 [01]\.'
	has "$kind: the user's file is as it was" "$out" '^stderr: blocking$'

	stuffed $kind "$CLIENT" $SERVER --connect-port 9
	is "$kind: a start that fails has its status" "$status" $EXIT_CONNECT
	short "$kind: and ends within 2 s"
	has "$kind: the user's file is still as it was" "$out" \
		'^stderr: blocking$'
done

# A mistake waits no longer; nor where a start shall live 2 s, and warnings wait.
for kind in tty pipe socket; do
	stuffed $kind "$CLIENT" $SERVER --debg
	is "$kind: a mistake has its status" "$status" $EXIT_USAGE
	short "$kind: and ends within 2 s"
	has "$kind: nor does it change the user's file" "$out" \
		'^stderr: blocking$'
	stuffed $kind "$CLIENT" $SERVER --nolaunchpppd --timeout 0.5 nodetach \
		--connect-port 9
	is "$kind: so do warnings" "$status" $EXIT_CONNECT
	short "$kind: all of them together, in the 2 s it lives" 23
done
if [ -e /usr/sbin/pppd ]; then
	stuffed both "$CLIENT" $SERVER --connect-port 9
	is "a terminal that shows the steps: status" "$status" $EXIT_CONNECT
	short "a terminal that shows the steps: ends within 2 s"
fi
# The same in each other role: whatever it is that fails.
ln -s "$CLIENT" /run/pptpsetup
short_of() {	# short_of CLAIM STATUS [WORD...]: by these words
	local claim=$1 wanted=$2 kind; shift 2
	for kind in tty pipe socket; do
		stuffed $kind "$@"
		is "$kind, $claim: status" "$status" "$wanted"
		short "$kind, $claim: ends within 2 s" 23
	done
}
short_of "--check" $EXIT_CONNECT "$CLIENT" --check $SERVER --connect-port 9
short_of "--check --debug" $EXIT_CONNECT \
	"$CLIENT" --check $SERVER --connect-port 9 --debug
short_of "--status" $EXIT_RESOLVE "$CLIENT" --status ::1
short_of "--status, a folder" $EXIT_SYSTEM \
	bash -c 'exec -a pptp "$0" --status 10.9.0.9' "$CLIENT"
short_of "the kernel's path, without its plugin" $EXIT_USAGE \
	"$CLIENT" $SERVER --nolaunchpppd --data-path kernel
[ ! -e /usr/sbin/pppd ] || short_of "--username" $EXIT_CONNECT bash -c \
	'echo secret | "$0" "$@"' "$CLIENT" $SERVER --username u --connect-port 9
short_of "--username without a password" $EXIT_USAGE \
	"$CLIENT" $SERVER --username u
is_clean "nothing left"

# What cannot be written is no success, and it is said.
not_0() {	# not_0 CLAIM STATUS
	claim "$1: not 0 ($2)" test "$2" != 0
	has "$1: it is said" "$(< /run/err)" 'cannot (write|print)'
}
unwritten() {	# unwritten CLAIM COMMAND...
	local claim=$1; shift
	"$@" > /dev/full 2> /run/err
	not_0 "$claim, a full disk" $?
	python3 -c 'import os, subprocess, sys
read, write = os.pipe()
os.close(read)
sys.exit(subprocess.call(sys.argv[1:], stdout=write, restore_signals=False))
' "$@" 2> /run/err
	not_0 "$claim, a closed pipe" $?
}
serve lcp=c22381,1400
"$CLIENT" --check $SERVER > /run/out
is "--check: status" $? 0
unwritten "--help" "$CLIENT" --help
unwritten "--version" "$CLIENT" --version
unwritten "--status" "$CLIENT" --status
unwritten "--status=json" "$CLIENT" --status=json
unwritten "--check" "$CLIENT" --check $SERVER
unwritten "pptpsetup --help" /run/pptpsetup --help
if mount -t tmpfs -o mode=755 none /etc/ppp; then
	mkdir /etc/ppp/peers
	/run/pptpsetup --create t --server $SERVER --username u <<< secret
	unwritten "pptpsetup --list" /run/pptpsetup --list
else skip "pptpsetup --list, unwritten" "no /etc/ppp"; fi

# Whoever reads loses nothing, and a file is written where it stood.
"$CLIENT" $SERVER --connect-port 9 2>&1 | cat > /run/piped
has "a pipe that is read gets the sentence" "$(cat /run/piped)" \
	'^pptp: .*Connection refused'
{ echo before >&2; "$CLIENT" $SERVER --connect-port 9; echo after >&2; } \
	2> /run/file
is "in a file the lines follow one another" \
	"$(cut -d ' ' -f 1 /run/file | tr '\n' ' ')" "before pptp: after "

# A limit of the size of files is an error of write(), not an end.
(ulimit -f 0; "$CLIENT" $SERVER --connect-port 9 2> /run/limited)
is "with RLIMIT_FSIZE 0 a start that fails has its status" $? $EXIT_CONNECT
out=$(ulimit -f 0; python3 tests/net/ptyfeed.py "$CLIENT" $SERVER \
	--nolaunchpppd 2>&1 | cat)
has "and a tunnel is not killed" "$out" '^exit ([0-9]+) '
plan
