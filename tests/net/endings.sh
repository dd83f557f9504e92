#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# How tunnels that were up come to their end.
. "$(dirname "$0")/lib.sh"

# told CLAIM MESSAGE: once, by the manager, whose turn comes as its client ends
told() {
	until_ok 10 grep -q "rx $2" /run/server.log
	is "$1" "$(count "^rx $2")" 1
}

# ends STATUS PATTERN SERVER-ARGUMENT...: the server ends it
ends() {
	local want=$1 pattern=$2 what; shift 2
	what=$*
	serve "$@"
	run --count 0 --end wait -- --debug
	is "$what: status" "$status" "$want"
	has "$what: sentence" "$err" "$pattern"
	has "$what: a hangup for pppd" "$out" "^hangup"
	within "$what: in time" 10
	is "$what: no escape reaches the terminal" \
		"$(grep -c $'\x1b' /run/err)" 0
	is_clean "$what: nothing left"
}
ends "$EXIT_SERVER_ENDED" "ended the call" after=cdn
has "what was said of the call is escaped" "$err" 'calls: 1\\x1b\[31m'
ends "$EXIT_SERVER_ENDED" "ended the call" after=cdn-ours
ends "$EXIT_SERVER_ENDED" "ended the call" after=cdn result=0
ends "$EXIT_SERVER_ENDED" "server ended the c" after=stop
ends "$EXIT_SERVER_ENDED" "closed the control connection" after=fin
ends "$EXIT_LOST" "reset" after=rst
ends "$EXIT_LOST" "malformed" after=magic
ends "$EXIT_LOST" "malformed" after=junk
serve after=stop
run --count 0 --end wait --
told "the server's Stop is answered" 'StopCCRP length 16'

# pppd's side ends it
for fd in pty pipes socket; do
	serve
	run --fd $fd --count 20 --
	has "over a $fd: data" "$out" "received 20 of 20, ordered"
	is "over a $fd: hangup ends it well" "$status" 0
	told "over a $fd: the server is told" CCRQ
	is_clean "over a $fd: nothing left"
done
for sig in TERM INT HUP; do
	serve
	run --count 5 --end $sig --
	is "SIG$sig ends it well" "$status" 0
	told "SIG$sig: the server is told" StopCCRQ
	within "SIG$sig: in time" 10
	is_clean "SIG$sig: nothing left"
done

# Ours to end, and the server clears the call at once.
rm -f /run/stopped
serve after=file/run/stopped,cdn
python3 tests/net/ptyfeed.py --count 0 --end wait "$CLIENT" $SERVER \
	--nolaunchpppd --debug > /run/out 2> /run/err &
feeder=$!
until_ok 20 grep -q ^up /run/out
kill -TERM "$(pgrep -P $feeder)"
touch /run/stopped
until_ok 20 grep -q ^exit /run/out
has "cleared by the server after SIGTERM: well ended" "$(cat /run/out)" \
	"^exit 0 "
has "cleared by the server after SIGTERM: sentence" "$(cat /run/err)" \
	'closed: the server ended the call'
is_clean "cleared by the server after SIGTERM: nothing left"

# pppd alone was told: what ends PPP is on its way as the server clears the call.
rm -f /run/stopped
serve after=file/run/stopped,cdn
python3 tests/net/ptyfeed.py --count 0 --end terminate "$CLIENT" $SERVER \
	--nolaunchpppd --debug > /run/out 2> /run/err &
until_ok 20 grep -q ^up /run/out
sleep 0.5
touch /run/stopped
until_ok 20 grep -q ^exit /run/out
has "cleared by the server after pppd's goodbye: well ended" \
	"$(cat /run/out)" "^exit 0 "
has "cleared by the server after pppd's goodbye: sentence" \
	"$(cat /run/err)" 'closed: the server ended the call'
is_clean "cleared by the server after pppd's goodbye: nothing left"

serve
run --count 20 --hold 1 --end KILL --
has "SIGKILL of the gateway: the call is cleared" \
	"$(until_ok 20 grep -q 'rx CCRQ' /run/server.log; served)" '^rx CCRQ'
is_clean "SIGKILL of the gateway: nothing left"

# The manager dies: its gateways end, with a sentence.
serve
python3 tests/net/ptyfeed.py --count 0 --end wait "$CLIENT" $SERVER \
	--nolaunchpppd --debug > /run/out 2> /run/err &
feeder=$!
until_ok 20 grep -q ^up /run/out
gateway=$(pgrep -P $feeder)
ps -eo pid,comm | awk -v g="$gateway" '$2 ~ /^pptp/ && $1 != g { print $1 }' |
	xargs kill -KILL
until_ok 20 grep -q ^exit /run/out
has "manager killed: status" "$(cat /run/out)" "^exit $EXIT_LOST "
has "manager killed: sentence" "$(cat /run/err)" "call manager is gone"
has "manager killed: a hangup for pppd" "$(cat /run/out)" ^hangup
plan
