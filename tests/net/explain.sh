#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What pptp tells of servers and tunnels: --check, --status, SIGUSR1, and the
# steps on a terminal.
. "$(dirname "$0")/lib.sh"
ppp_here
syslog_on

# terminal COMMAND...: its output, and its status in a last line, on a terminal
terminal() {
	python3 -c 'import os, pty, sys
s = pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 4096), lambda fd: b"")
print("status", os.waitstatus_to_exitcode(s))' "$@" < /dev/null | tr -d '\r'
}

# --- --check: a server for each step that may fail, all at once
cases=0
pids=()
check() {	# check STATUS LINES SERVER-ARGUMENTS [HOST OPTION...]
	local addr=10.9.0.$((100 + cases)) d=/run/case.$cases
	cases=$((cases + 1))
	mkdir $d
	printf '%s\n' "$1" "$3 ${*:4}" "$2" > $d/case
	srv ip addr add $addr/24 dev v1
	(
		# shellcheck disable=SC2086 # words
		[ "$3" = none ] || { ip netns exec srv \
			python3 tests/net/badserver.py addr=$addr $3 > $d/log 2>&1 &
		until_ok 20 grep -q ready $d/log; }
		[ $# -gt 3 ] || set -- "$@" $addr
		"$CLIENT" --check "${@:4}" < /dev/null > $d/out 2> $d/err
		echo $? > $d/status
	) &
	pids+=($!)
}
ms='[0-9]+\.[0-9] ms'
name='^ok +local +pppd.*, /dev/ppp, (ppp_async|pptp).*, CAP_NET_RAW
^ok +name +10.9.0.1.. is 10.9.0.1..$'
tcp="^ok +TCP +port 1723 answers in $ms\$"
server="^ok +server +host \"bad\", vendor \"tests\", firmware 1, channels 1, in $ms\$"
call="^ok +call +accepted in $ms .call ids [0-9]+ and [0-9]+.\$"
gre="^ok +GRE +both ways: LCP answered in $ms\$"
check 0 "$name
$tcp
$server
$call
$gre
^ok +LCP +login MS-CHAPv2, MRU 1400\$" lcp=c22381,1400
check 3 "${name%%$'\n'*}
^failed +name +cannot resolve nowhere.invalid" none nowhere.invalid
check 5 "$name
^failed +TCP +cannot connect to .* Connection refused" none
check 6 "$name
$tcp
^failed +server +this is not a PPTP server: it answers like" accept=http
check 7 "$name
$tcp
^failed +server +the server refused the connection" sccrp=4
check 9 "$name
$tcp
^failed +server +no Start-Control-Connection-Reply" accept=silent 10.9.0.105 --timeout 2
check 8 "$name
$tcp
$server
^failed +call +the server refused the call: busy" ocrp=4
check 12 "$name
$tcp
$server
$call
^failed +GRE +no packet within 10 s, although TCP works: IP protocol 47 is filtered" gre=silent
check 12 "$name
$tcp
$server
$call
^failed +GRE +packets come in, but ours are not answered within 10 s" "early=1 gre=silent"
check 5 "$name
^failed +local +cannot use the local address 192.0.2.1" none 10.9.0.109 \
	--localbind 192.0.2.1
check 5 "${name%%$'\n'*}
^ok +name +203.0.113.9 is 203.0.113.9\$
^failed +local +cannot reach 203.0.113.9: Network is unreachable" none 203.0.113.9

while read -r auth login; do
	check 0 "$name
$tcp
$server
$call
$gre
^ok +LCP +login $login, MRU 1500\$" "lcp=${auth#none},1500"
done << 'LOGINS'
c22380 MS-CHAP
c22305 CHAP-MD5
c023 PAP
c227 EAP
none none
LOGINS
check 14 "$name
$tcp
$server
$call
$gre
^failed +LCP +the server answers, but asks for nothing itself" ""
check 14 "$name
$tcp
$server
$call
$gre
^failed +LCP +the server ends PPP at once" lcp=end
check 10 "$name
$tcp
$server
$call
^failed +GRE +the server ended the call" "after=cdn gre=silent"
check 14 "$name
$tcp
$server
$call
^failed +GRE +the server takes our packets, but its PPP does not answer within 10 s" gre=mute
check 10 "$name
$tcp
$server
$call
$gre
^failed +LCP +the server ended the call" after=sleep1,cdn
check 14 "$name
$tcp
$server
$call
$gre
^failed +LCP +the server ends PPP at once" "lcp=end after=sleep.5,cdn"

has "on a terminal: a tick for what works" "$(terminal "$CLIENT" --check \
	10.9.0.2 --connect-port 9 | grep name)" '^✓ name +10.9.0.2 is 10.9.0.2$'
has "and a cross for what does not, with its status" "$(terminal "$CLIENT" \
	--check 10.9.0.2 --connect-port 9 | tail -n 2 | tr '\n' ' ')" \
	'^✗ TCP .*refused.* status 5 $'

serve addr=10.9.0.2 lcp=c22381,1400 host=$'bad\e[31m'
steps=$(terminal "$CLIENT" --check 10.9.0.2)
is "a tick for each step, to the last" "$(grep -c '^✓ ' <<< "$steps")" 7
is "a server's escapes do not reach the terminal" "$(grep -c $'\e' <<< "$steps")" 0
is "nor do those of a name" \
	"$("$CLIENT" --check $'bad\e[31mname' | grep -c $'\e')" 0

# --- --status, with traffic that is known: 50 frames of 200 octets each way
# and one LCP frame of 18, duplicates and all
serve gre=dup addr=10.9.0.2
python3 tests/net/ptyfeed.py --count 50 --hold 8 "$CLIENT" $SERVER \
	--nolaunchpppd --loglevel 0 > /run/out 2>&1 &
feeder=$!
until_ok 20 eval '[ "$(count "^gre seq")" = 51 ]'
sleep 0.5
"$CLIENT" --status=json > /run/json
full=$("$CLIENT" --status=json 2>&1 > /run/dev/full; echo $?)
"$CLIENT" --status > /run/text
statuses=$?
"$CLIENT" --status 10.9.0.2 > /run/text.this
statuses+=" $?"
"$CLIENT" --status 10.9.0.77 > /run/text.other
statuses+=" $?"
"$CLIENT" --status=json 10.9.0.77 > /run/json.other
figures() { python3 -c '
import json, sys
t, = [t for t in json.load(sys.stdin) if t["server"] == "10.9.0.2"]
print(t["server"], t["local"], t["state"], *(t[k] for k in sys.argv[1:]))
assert 0 < t["uptime_us"] < 60e6 and 0 < t["call"] < 65536
assert t["tx_acks"] > 0 and 0 < t["rtt_us"] < 5e6, t' "$@" < /run/json; }
is "a list that cannot be written is an error" "$full" \
	"pptp: cannot write to standard output: No space left on device
$EXIT_SYSTEM"
is "--status=json is JSON, and knows the traffic" "$(figures tx_packets \
	tx_octets rx_packets rx_octets rx_duplicate rx_lost rx_reordered rx_bad)" \
	"10.9.0.2 10.9.0.1 up 51 10018 51 10018 50 0 0 0"
is "and has null for what is not known" "$(figures owner claimed data_path \
	interface network_up ppp_local ppp_remote login user encryption)" \
	"10.9.0.2 10.9.0.1 up root False user None False None None None None None"
claim "and when the server was heard" test "$(figures heard_ago_us |
	cut -d ' ' -f 4)" -le 5000000
is "--status: 0 if a tunnel is up, to HOST if one is named, else 1" \
	"$statuses" "0 0 1"
mkdir -p /run/user/65534 && mkdir -m 700 /run/user/65534/pptp
out=$(setpriv --reuid 65534 --regid 65534 --clear-groups "$CLIENT" \
	--status=json 2> /run/err)
is "a folder that cannot be read: status" $? "$EXIT_PERMISSION"
is "and no half of a list" "$out" ""
has "--status shows it" "$(tr '\n' ' ' < /run/text)" \
	'10.9.0.2: up 0:00:0[0-9], call [0-9]+, the server.s call [0-9]+, from 10.9.0.1   PPP is not up   pptp carries the data, last heard [0-9] s ago   out 51 packets, 10018 octets, [0-9]+ bare acks, 0 refused here .* in  51 packets, 10018 octets, [0-9]+ acks .* 0 lost, 0 reordered, 50 duplicate, 0 late, 0 bad .*round trip [0-9.]+ ms'
is "--status HOST: that server's tunnels" "$(grep -c '^10.9.0.2: up' /run/text.this)" 1
is "--status HOST: and no others" "$(cat /run/text.other)" "no tunnels"
is "in JSON: an empty list" "$(tr -d '\n' < /run/json.other)" "[]"
gateway=$(pgrep -P $feeder -x pptp)
kill -USR1 "${gateway:-$$}"
until_ok 20 grep -q 'round trip' /run/syslog
has "SIGUSR1 logs the same, at any log level" "$(grep tunnel /run/syslog)" \
	'pptp\[[0-9]+\]: tunnel to 10.9.0.2: sent 51 packets, 10018 octets.*received 51 packets, 10018 octets'
has "SIGUSR1: likewise what went wrong" "$(grep tunnel /run/syslog)" \
	'lost 0, reordered 0, duplicate 50, late 0'
pkill -USR1 -x pptp		# as killall does: manager and monitor get it too
sleep 0.3
claim "SIGUSR1 to all of them ends none" kill -0 "$gateway"
has "nor the call manager" "$("$CLIENT" --status 10.9.0.2)" 'up 0:00'
wait $feeder

# Asked all the time: the data do not notice.
serve addr=10.9.0.2
python3 tests/net/ptyfeed.py --count 200 --gap 0.005 "$CLIENT" $SERVER \
	--nolaunchpppd > /run/out 2>&1 &
feeder=$!
asked=0
while kill -0 $feeder 2>/dev/null; do
	"$CLIENT" --status > /dev/null
	asked=$((asked + 1))
done
has "asked $asked times meanwhile: all data arrive" "$(cat /run/out)" \
	'received 200 of 200, ordered, 0 duplicate, 0 bad'
serve addr=10.9.0.2 gre=swap
python3 tests/net/ptyfeed.py --count 50 --hold 2 "$CLIENT" $SERVER \
	--nolaunchpppd > /run/out 2>&1 &
feeder=$!
until_ok 20 eval '[ "$(count "^gre seq")" = 51 ]'
sleep 0.3
"$CLIENT" --status=json > /run/json
is "what was reordered is counted" "$(figures rx_packets rx_reordered rx_lost)" \
	"10.9.0.2 10.9.0.1 up 51 5 0"
wait $feeder

# --- beside a tunnel
serve addr=10.9.0.2 channels=10 lcp=c22381,1400
python3 tests/net/ptyfeed.py --count 1 --hold 3 "$CLIENT" $SERVER \
	--nolaunchpppd > /run/out 2>&1 &
feeder=$!
until_ok 20 grep -q up /run/out
is "--check beside a tunnel" "$("$CLIENT" --check $SERVER | grep -v -e note -e local |
	sed 's/ in [0-9.]* ms//; s/[0-9]* and [0-9]*/N and N/')" \
'ok     name   10.9.0.2 is 10.9.0.2
ok     TCP    port 1723 answers
ok     server host "bad", vendor "tests", firmware 1, channels 10,
ok     call   accepted (call ids N and N)
ok     GRE    both ways: LCP answered
ok     LCP    login MS-CHAPv2, MRU 1400'
wait $feeder

# --- the steps on a terminal, up to a pppd that only says how it was called
if [ -e /usr/sbin/pppd ]; then
	printf '%s\n' '#!/bin/sh' 'echo "pppd got: $*"' > /run/pppd
	chmod 755 /run/pppd
	mount --bind /run/pppd /usr/sbin/pppd
	steps=$(terminal "$CLIENT" localhost.localdomain --connect-port 9 2>&1)
	has "a name: resolving" "$steps" '^resolving localhost.localdomain$'
	serve addr=10.9.0.2
	steps=$(terminal "$CLIENT" $SERVER --refuse-eap noauth)
	is "the steps on a terminal" "$(sed 's,/dev/pts/[0-9]*,TTY,' <<< "$steps")" \
"resolving 10.9.0.2
connecting to 10.9.0.2 port 1723
connected; the server says it is \"bad\" (tests)
asking for a call
call is up; starting pppd on TTY
pppd got: TTY 38400 mtu 1400 mru 1400 updetach nologfd refuse-eap noauth
pppd says that the network is up
status 0"
	has "persist is left out where pptp has opened the pty" "$("$CLIENT" \
		$SERVER persist maxfail 0 2>&1 | tr '\n' ' ')" \
		'persist is left out: pppd cannot call again .* mru 1400 persist maxfail 0 nopersist $'
	got=$("$CLIENT" $SERVER demand 2>&1)
	is "demand is refused there" "$? $got" "$EXIT_USAGE pptp: demand: pppd \
cannot call again by a pty that pptp has opened; a peers file with pptp as its \
pty does that"
	is "elsewhere: none" "$("$CLIENT" $SERVER noauth | grep -v '^pppd got')" ''
	has "the time for typing a password is not part of --timeout" \
		"$( (sleep 4; echo secret) | "$CLIENT" $SERVER --username u \
		--timeout 3 2>&1)" '^pppd got'
	printf '%s\n' '#!/bin/sh' 'exit 9' > /run/pppd
	began=${EPOCHREALTIME/./}
	has "a pppd that fails at once: its status" \
		"$(terminal "$CLIENT" $SERVER noauth)" '^status 9$'
	ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	claim "and the gateway sees it end, which is not waited for ($ms ms)" \
		test $ms -lt 2000
	began=${EPOCHREALTIME/./}
	has "the counters have no file: likewise" "$(ulimit -f 0
		terminal "$CLIENT" $SERVER noauth)" '^status 9$'
	ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	claim "and it is seen all the same ($ms ms)" test $ms -lt 2000
	printf '%s\n' '#!/bin/sh' 'echo $$ > /run/pppd.pid; exec sleep 60' \
		> /run/pppd
	# A leader that stays: it is no hangup of the terminal that ends pppd.
	terminal sh -c '"$@"; sleep 8' sh "$CLIENT" $SERVER noauth \
		> /run/out 2>&1 &
	until_ok 20 test -s /run/pppd.pid
	pppd=$(< /run/pppd.pid)
	kill "$(ps -o ppid= -p "$pppd" | tr -d ' ')"
	claim "who waits for pppd is told to end: pppd as well" \
		until_ok 4 eval '! kill -0 $pppd'
	wait $!
	umount /usr/sbin/pppd
else
	skip "the steps on a terminal" "no pppd here"
fi

wait "${pids[@]}"
for ((i = 0; i < cases; i++)); do
	d=/run/case.$i
	mapfile -t c < $d/case
	is "--check ${c[1]}: status" "$(cat $d/status)" "${c[0]}"
	is "--check ${c[1]}: a line for each step" \
		"$(grep -v '^note' $d/out | wc -l)" $((${#c[@]} - 2))
	n=0
	while read -r line; do
		has "--check ${c[1]}: step $((++n))" "$line" "${c[$((n + 1))]}"
	done < <(grep -v '^note' $d/out)
	is "--check ${c[1]}: all on standard output" "$(cat $d/err)" ''
done
serve addr=10.9.0.2 lcp=c22381,1400 vendor=MikroTik
"$CLIENT" --check 10.9.0.2 --debug > /run/out 2> /run/err
has "--check --debug: control messages on standard error" "$(cat /run/err)" \
	'sent Outgoing-Call-Request'
is "and the steps where they were" "$(grep -c '^ok' /run/out)" 7
has "a server that is known: advice" "$(< /run/out)" '^note +advice MikroTik: '
serve addr=10.9.0.2 lcp=c22381,1400 'host=b", vendor "\x'
has "a name cannot say what the vendor is" \
	"$("$CLIENT" --check 10.9.0.2 | grep server)" \
	'host "b\\", vendor \\"\\\\x", vendor "tests", firmware'
python3 tests/net/ptyfeed.py --count 1 "$CLIENT" 10.9.0.2 --nolaunchpppd \
	--debug > /run/out 2> /run/err
has "nor in the log" "$(< /run/err)" \
	'up: .*server "b\\", vendor \\"\\\\x" \(tests\)'
serve addr=10.9.0.2 lcp=c22381,1400 vendor=MikroTik
is "on a terminal: a tick for each of seven steps" \
	"$(terminal "$CLIENT" --check 10.9.0.2 | grep -c '^✓')" 7
claim "LCP is ended before the call is cleared" eval \
	'served | grep -e "lcp end" -e "rx CCRQ" | head -n 1 | grep -q lcp'
claim "it clears its call" grep -q 'rx CCRQ' /run/case.0/log
claim "and ends its connection" grep -q 'rx StopCCRQ' /run/case.0/log
is_clean "nothing is left"
plan
