#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The control connection with a good server: order, sizes, segments, the end.
. "$(dirname "$0")/lib.sh"

serve
run --count 5 --
is "it comes up and ends well" "$status" 0
is "its messages, in order, each of its RFC size" \
	"$(served | sed -n 's/^rx \([^ ]* length [0-9]*\).*/\1/p')" \
"SCCRQ length 156
OCRQ length 168
CCRQ length 16
StopCCRQ length 16"
is "each in a segment of its own" \
	"$(served | sed -n 's/^segment //p' | tr '\n' ' ')" "156 168 16 16 "
is_clean "it leaves nothing"

# From exec to the Outgoing-Call-Request, at its best: other tests run beside.
best=1000
for _ in 1 2 3; do
	run --count 1 --
	ms=$(awk -v b="$(sed -n 's/^began //p' <<< "$out")" '/rx OCRQ/ { t = $1 }
		END { printf "%d", (t - b) * 1000 }' /run/server.log)
	[ "$ms" -ge "$best" ] || best=$ms
done
claim "it asks for the call within 50 ms ($best)" test "$best" -lt 50
is_clean "three times"

serve sccrp=bytes
run --count 5 --
is "replies that come octet by octet" "$status" 0
has "carry data all the same" "$out" "received 5 of 5"

serve after=together,echo,wen,sli,unknown,icrq,echo,ocrp,sccrp
run --count 50 --gap 0.02 --
has "many messages in one segment: data goes on" "$out" "received 50 of 50"
is "both echo requests were answered" "$(count '^rx EchoRP')" 2
is "the incoming call was refused by a reply" "$(count '^rx ICRP length 24')" 1
is "ended well" "$status" 0

serve noecho=1
run --count 5 --hold 8 --end wait -- --debug --idle-wait 1 --max-echo-wait 2
has "an unanswered echo ends the tunnel" "$err" "Echo"
is "as lost" "$status" "$EXIT_LOST"
within "in due time" 10
is_clean "it leaves nothing"
serve
python3 tests/net/ptyfeed.py --count 5 --end wait "$CLIENT" $SERVER --debug \
	--nolaunchpppd --idle-wait 1 --max-echo-wait 2 > /run/out 2> /run/err &
until_ok 20 grep -q ^up /run/out
srv ip link set v1 down
claim "half-open, as its machine is off: it ends in due time" \
	until_ok 10 grep -q ^exit /run/out
has "half-open: as lost" "$(cat /run/out)" "^exit $EXIT_LOST "
has "half-open: with a sentence" "$(cat /run/err)" "down: .*did not answer an Echo-Request"
is_clean "half-open: it leaves nothing"
srv ip link set v1 up
serve
run --count 5 --hold 5 -- --idle-wait 1 --max-echo-wait 2
is "answered echoes do not" "$status" 0
claim "and there were some" test "$(count '^rx EchoRQ')" -ge 3

for how in fin silent; do
	serve clear=$how stopped=$how
	run --count 5 --
	is "Call-Clear-Request answered by $how: ends well" "$status" 0
	is_clean "Call-Clear-Request answered by $how: leaves nothing"
done

serve channels=10
python3 tests/net/ptyfeed.py --count 100 --gap 0.02 "$CLIENT" $SERVER \
	--nolaunchpppd > /run/first 2>&1 &
until_ok 20 grep -q up /run/first
run --count 20 --
has "a second call beside the first carries data" "$out" "received 20 of 20"
until_ok 10 grep -q exit /run/first
has "and so does the first" "$(cat /run/first)" "received 100 of 100"
is "ten channels announced: a connection each" "$(count ^accepted)" 2
is_clean "both leave nothing"

serve channels=10 ocrp=once
python3 tests/net/ptyfeed.py --count 100 --gap 0.04 "$CLIENT" $SERVER \
	--nolaunchpppd > /run/first 2>&1 &
until_ok 20 grep -q up /run/first
run -- --timeout 2
has "a call beside another is not answered: its own --timeout" \
	"$status in $took s" "^$EXIT_TIMEOUT in [23] s$"
has "with a sentence" "$err" "no Outgoing-Call-Reply from $SERVER within 2 s"
until_ok 10 grep -q exit /run/first
has "and the first does not notice" "$(cat /run/first)" "received 100 of 100"
is_clean "both leave nothing"

serve
for _ in 1 2 3 4; do run --count 1 --; done
is "four tunnels one after the other" "$(count '^rx OCRQ')" 4
is "no packet went to a wrong call" "$(count '^gre odd')" 0

# Twelve at the same moment: one manager, and a connection each.
twelve() {
	rm -f /run/many.*
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		python3 tests/net/ptyfeed.py --count 20 --hold 3 "$CLIENT" \
			$SERVER --nolaunchpppd "$@" > /run/many.$i 2>&1 &
	done
}
serve
twelve
until_ok 20 eval '[ $(cat /run/many.* | grep -c ^up) = 12 ]'
is "twelve at once: all come up" "$(cat /run/many.* | grep -c ^up)" 12
is "with one call manager" "$(find /run/pptp -type s | wc -l)" 1
is "and twelve connections" "$(count ^accepted)" 12
until_ok 20 eval '[ $(cat /run/many.* | grep -c "^exit 0") = 12 ]'
is "all data arrived" "$(cat /run/many.* | grep -c 'received 20 of 20')" 12
is "all end well" "$(cat /run/many.* | grep -c '^exit 0')" 12
is_clean "they leave nothing"
serve sccrp=4
twelve
until_ok 20 eval '[ $(cat /run/many.* | grep -c "^exit $EXIT_REFUSED") = 12 ]'
is "twelve at once are refused: each has the sentence" \
	"$(grep -l 'refused the connection: this client is not authorised' \
	/run/many.* | wc -l)" 12
is_clean "they leave nothing"
serve accept=silent
twelve --timeout 2
# One after the other they would take 24 s.
claim "twelve at once meet silence: none waits for another's failure" \
	until_ok 20 eval '[ $(cat /run/many.* | grep -c "^exit") = 12 ]'
is "each has the status of a timeout" \
	"$(awk '/^exit/ { print $1, $2 }' /run/many.* | sort | uniq -c | xargs)" \
	"12 exit $EXIT_TIMEOUT"
is_clean "they leave nothing"

# The connection's end: a server that ends the last call may close it as well,
# and one that is asked to stop may send more before it does.
resets() {
	{ cat /proc/net/snmp; srv cat /proc/net/snmp; } |
		awk '/^Tcp: [0-9]/ { n += $15 } END { print n }'
}
for how in "after=cdn,fin" "after=cdn,stop" "after=cdn" "linger=1"; do
	serve "$how"
	before=$(resets)
	run --count 5 --hold 1 --
	is_clean "$how: it leaves nothing"
	sleep 0.3
	is "$how: no TCP reset" "$(($(resets) - before))" 0
	is "$how: Stop-Control-Connection-Requests sent" \
		"$(count '^rx StopCCRQ')" \
		"$(case $how in *fin|*stop) echo 0 ;; *) echo 1 ;; esac)"
done

# A manager that was killed leaves its socket behind: no obstacle.
run --count 1 --hold 1 -- &
until_ok 20 eval 'find /run/pptp -type s | grep -q .'
sleep 0.5
pkill -KILL -x 'pptp.*'
wait %% 2>/dev/null
run --count 5 --
has "after SIGKILL of all: the next start works" "$out" "received 5 of 5"
is_clean "and leaves nothing"
plan
