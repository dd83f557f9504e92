#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 900
# The kernel carries the data: real pppd with the plugin, from the shell and
# from a peers file, against pptpd with MS-CHAPv2 and MPPE-128.
. "$(dirname "$0")/../rig/net.sh"
. "$rig/../net/walls.bash"
PLUGIN=${PLUGIN:-$PWD/pptp.so}
if [ ! -f "$PLUGIN" ]; then
	echo "1..0 # SKIP no pptp.so: pppd's headers are missing (ppp-dev)"
	exit
fi
net_up
server_up
transfer_server
# shellcheck disable=SC2206 # words
words=($PPPD nodetach logfile /run/pppd.log)

# A folder of plugins of our own, over the system's; it has no pptp.so yet.
dir=/usr/lib/pppd/$(pppd --version 2>&1 | sed -n 's/.*version //p')
{ cp -r "$dir" /run/plugins && rm -f /run/plugins/pptp.so &&
	mount --bind /run/plugins "$dir"; } ||
	echo "Bail out! no place for the plugin in $dir"
manager() {	# the process that holds the listening unix socket
	ss -Hxlp src /run/pptp/$SERVER | sed -n 's/.*pid=\([0-9]*\).*/\1/p'
}
kernel_gateway() {	# what is neither it nor the monitor that forked it
	local m; m=$(manager)
	pgrep -x pptp | grep -vx -e "$m" -e "$(ps -o ppid= -p "$m" | tr -d ' ')"
}
bad() {	# bad [KEY=VALUE...]: a server that misbehaves, on port 1724
	: > /run/bad.log	# here: the child may come to it too late
	ip netns exec srv python3 tests/net/badserver.py port=1724 "$@" \
		> /run/bad.log 2>&1 &
	BAD=$!
	until_ok 10 grep -q ready /run/bad.log
}
to_bad() {	# to_bad [WORD...]: P is a pppd with a call to it
	"$CLIENT" $SERVER --data-path="${BY:-kernel}" --connect-port 1724 "$@" \
		"${words[@]}" > /run/client.out 2>&1 &
	P=$!
}

# --- without the plugin: the pty, and the reason ---
"$CLIENT" $SERVER --loglevel 3 --data-path=kernel "${words[@]}" \
	2> /run/client.err
is "no plugin, --data-path=kernel: status" $? 1
has "and a sentence" "$(< /run/client.err)" 'there is no .*pptp.so'
has "--check says so" "$("$CLIENT" --check $SERVER)" \
	'paths .*user .*not the kernel: there is no .*/pptp.so'
"$CLIENT" $SERVER --loglevel 3 "${words[@]}" > /run/client.out \
	2> /run/client.err &
P=$!
claim "no plugin, auto: up" until_ok 20 up
claim "ping" alive
logged "the log says which" 'the data goes by a pty'
logged "and why" 'data path: there is no .*/pptp.so'
end $P
is_clean "its end leaves nothing"

cp "$PLUGIN" /run/plugins/pptp.so
has "--check says what it has now" "$("$CLIENT" --check $SERVER)" \
	"paths .*and the kernel by $dir/pptp.so"

# --- auto asks the server, and loses nothing that comes meanwhile ---
"$CLIENT" $SERVER --loglevel 3 "${words[@]}" > /run/client.out 2>&1 &
P=$!
claim "auto with the plugin, pptpd: up" until_ok 20 up
logged "by a pty, as the log says" 'data path: the server is pptpd'
claim "ping" alive
end $P
is_clean "its end leaves nothing"
for BY in auto kernel user; do
	: > /run/syslog
	rm -f /run/pppd.log
	bad early=lcp gre=silent host=local
	to_bad --loglevel 3
	claim "$BY: LCP that comes before the server's reply is read" \
		until_ok 20 grep -q 'rcvd .LCP ConfReq id=0x77' /run/pppd.log
	case $BY in auto) why='the kernel has PPTP' ;; kernel) why='asked for' ;;
	user) why='the pty was asked for' ;; esac
	logged "$BY, another server: as the log says" "data path: $why"
	end $P
	kill $BAD; wait $BAD 2> /dev/null
	is_clean "its end leaves nothing"
done
BY=kernel

# --- from the shell ---
bash /run/inherit "$CLIENT" $SERVER --loglevel 3 --data-path=kernel \
	"${words[@]}" > /run/client.out 2> /run/client.err &
P=$!
claim "the kernel asked for: up" until_ok 20 up
logged "the kernel carries the data" 'the kernel carries the data'
has "MPPE is on" "$(< /run/pppd.log)" 'MPPE 128-bit .* enabled'
is "the process has become pppd" "$(ps -o comm= -p $P)" pppd
claim "ping" alive
H=$(kernel_gateway)
bare "the kernel gateway" "$H" own
set_bounds "the kernel gateway" "$H"
is "the kernel gateway: neither raw nor TCP socket" \
	"$(sockets "$H" raw) $(sockets "$H" tcp)" "0 0"
claim "large packets" alive -s 1300
claim "5 MB to the server" carries put 5
claim "5 MB from the server" carries get 5
out=$("$CLIENT" --status)
has "--status counts by the interface" "$out" 'interface ppp0'
has "and counts it all" "$out" 'out [0-9]{4,} packets, [0-9]{7,} octets'
has "and it says who logged in and how" "$out" \
	'local address 172.*, remote 172.*, login MS-CHAPv2 as alice, encryption MPPE 128 bit'
json() { "$CLIENT" --status=json | python3 -c '
import json, sys
t, = json.load(sys.stdin)
print(*(t[k] for k in sys.argv[1:]))' "$@"; }
has "--status=json too, with null for what the kernel does not count" \
	"$(json data_path interface tx_packets rx_lost rtt_us)" \
	'^kernel ppp0 [0-9]{4,} None None$'
sleep 5
quiet=$(json heard_ago_us)
alive
claim "data is heard ($(json heard_ago_us) us ago), and so is none ($quiet us)" \
	test "$quiet" -ge 4000000 -a "$(json heard_ago_us)" -lt "$quiet"
kill -STOP "$H"
sleep 1
claim "the kernel gateway stopped: ping" alive
kill -CONT "$H"
sleep 0.3
claim "and continued: ping" alive
end $P
is "pppd was ended by the signal alone" $? 5
is_clean "its end leaves nothing"
claim "the server's session ended too" until_ok 20 no_session

# --- each end ---
start() {
	"$CLIENT" $SERVER --data-path=kernel "${words[@]}" > /run/client.out \
		2> /run/client.err &
	P=$!
	until_ok 20 up
}
start && pkill -x pptpctrl
wait $P
is "the server's Stop is a hangup for pppd" $? 16
is_clean "and leaves nothing"
start && pkill -KILL -x pptpctrl
wait $P
is "the server's sudden death is a hangup for pppd" $? 16
is_clean "and leaves nothing"
start && kill -KILL $P
wait $P 2>/dev/null
is_clean "pppd killed: nothing is left"
claim "and the server was told" until_ok 20 no_session
start && kill -KILL "$(manager)"
wait $P
is "the manager killed is a hangup for pppd" $? 16
is_clean "and leaves nothing"
start && H=$(kernel_gateway) && kill -STOP "$H" && pkill -x pptpctrl
sleep 1
kill -CONT "$H"
wait $P
is "the server's Stop while the kernel gateway is stopped: a hangup" $? 16
is_clean "and leaves nothing"
start && kill -KILL "$(kernel_gateway)"
wait $P
is "the kernel gateway killed is a hangup for pppd" $? 16
is_clean "and leaves nothing"

"$CLIENT" $SERVER --data-path=kernel --connect-port 9 "${words[@]}" \
	2> /run/client.err
is "nobody listens: pptp's own status" $? 5

# --- a peers file; the server is behind a gateway ---
far=10.8.0.2
ip -n srv addr add $far/32 dev lo
ip route add 10.8.0.0/24 via $SERVER
printf '%s\n' 'plugin pptp.so' "pptp_server $far" "pptp_program $CLIENT" \
	"pptp_client 10.9.0.1" 'pptp_window 40' 'pptp_timeout 20' \
	"pptp_options \"--loglevel 3 --logstring 'a tunnel'\"" lock \
	"$PPPD" 'logfile /run/pppd.log' > /etc/ppp/peers/work
pppd call work nodetach > /run/client.out 2>&1 &
P=$!
claim "a peers file: up" until_ok 20 up
claim "ping" alive
claim "5 MB to the server" carries put 5
claim "5 MB from the server" carries get 5
logged "the options reach pptp" 'a tunnel: .*window 40'
has "a host route leads to the server" "$(ip route show $far)" "via $SERVER"
end $P
is "ended by the signal alone" $? 5
is_clean "its end leaves nothing"
is "nor the host route" "$(ip route show $far)" ''
claim "pppd call NAME updetach returns once it is up" \
	timeout 30 pppd call work updetach
claim "ping" alive
pkill -x -TERM -f 'pppd call work updetach'
is_clean "its end leaves nothing"

# --- no GRE comes; what follows has time until that is certain ---
bad gre=silent channels=2
to_bad unit 8 lcp-max-configure 99; A=$!
until_ok 10 grep -q 'rx OCRQ' /run/bad.log
to_bad unit 9 lcp-max-configure 99; B=$!

# --- failures are pppd's to tell ---
printf '%s\n' 'plugin pptp.so' "pptp_server $SERVER" "pptp_program $CLIENT" \
	'pptp_options "--connect-port 9"' "$PPPD" > /etc/ppp/peers/refused
out=$(timeout 20 pppd call refused nodetach 2>&1)
is "nobody listens: pppd's status" $? 8
has "and its sentence" "$out" 'PPTP: cannot connect to .* port 9'
out=$(timeout 20 pppd call refused nodetach pptp_options '--sync' 2>&1)
is "an option the kernel does not know: status" $? 8
has "and its sentence, in pppd's log" "$out" \
	'PPTP: --data-path=kernel is not available with --sync'
out=$(timeout 20 pppd call refused nodetach pptp_program /nowhere/pptp 2>&1)
is "no pptp to run: status" $? 8
has "and a sentence" "$out" 'PPTP: cannot run /nowhere/pptp'
out=$(timeout 20 "$CLIENT" $SERVER --data-path=kernel --nolaunchpppd 2>&1 \
	< /dev/null)
is "without a plugin's socket: status" $? 2
has "and a sentence" "$out" 'standard input is not its socket'

# --- persist: a fresh kernel gateway each time, from the shell ---
"$CLIENT" $SERVER --data-path=kernel "${words[@]}" persist maxfail 0 \
	holdoff 1 > /run/client.out 2> /run/client.err &
P=$!
claim "persist: up" until_ok 20 up
fds=$(find /proc/$P/fd | wc -l)
for how in TERM KILL; do
	claim "SIG$how to the server's session: down" \
		down_by pkill -$how -x pptpctrl
	claim "and up again by itself" until_ok 25 up
	claim "ping" alive
done
is "no descriptor of pppd's is left over" "$(find /proc/$P/fd | wc -l)" "$fds"
is "and no process but the two without GRE" "$(pgrep -c pptp -x)" 5
end $P

claim "no GRE comes: said within 15 seconds" until_ok 15 grep -q \
	'GRE is blocked: the call is up but' /run/syslog
end $A
kill -KILL $B; wait $B 2>/dev/null
ends() { sed -n 's/.*rx \(CCRQ\|StopCCRQ\) .*/\1/p' /run/bad.log | xargs; }
claim "both connections are stopped at their end" until_ok 20 eval \
	ends '|' grep -q "'Stop.*Stop'"
is "each call having been cleared before" \
	"$(ends | xargs -n 1 | sort | xargs)" "CCRQ CCRQ StopCCRQ StopCCRQ"
is_clean "the end of persist, and all failures, leave nothing"
kill $BAD

# --- an interface of an odd name ---
"$CLIENT" $SERVER --data-path=kernel "${words[@]}" ifname 'a"b\c' \
	> /run/client.out 2>&1 &
P=$!
until_ok 20 ip -4 addr show dev 'a"b\c' up
sleep 0.5
is "--status=json stays JSON" "$("$CLIENT" --status=json | python3 -c \
	'import json, sys; t = json.load(sys.stdin)[0]; print(t["interface"], t["heard_ago_us"])')" \
	'a"b\c None'
end $P

# --- two at once, and one by a pty beside them ---
"$CLIENT" $SERVER --data-path=kernel "${words[@]}" unit 0 > /dev/null 2>&1 &
A=$!
"$CLIENT" $SERVER --data-path=kernel "${words[@]}" unit 1 > /dev/null 2>&1 &
B=$!
claim "two at once come up" until_ok 30 up 2
"$CLIENT" $SERVER --data-path=user "${words[@]}" unit 2 > /dev/null 2>&1 &
C=$!
claim "and one by a pty" until_ok 30 up 3
carries put 3 ppp0 > /run/a 2>&1 & a=$!
carries get 3 ppp1 > /run/b 2>&1 & b=$!
carries get 3 ppp2 > /run/c 2>&1; is "3 MB through the pty's" $? 0
wait $a; is "3 MB through ppp0 at the same time" $? 0
wait $b; is "3 MB through ppp1 at the same time" $? 0
is "one call manager serves all" "$(find /run/pptp -type s | wc -l)" 1
end $A
claim "the first ends" until_ok 20 test ! -e /sys/class/net/ppp0
for i in 1 2; do claim "ping through ppp$i" alive -I ppp$i; done
end $B; end $C
is_clean "the end of all leaves nothing"

# --- options that need the pty ---
"$CLIENT" $SERVER --nobuffer --loglevel 3 "${words[@]}" > /dev/null 2>&1 &
P=$!
claim "auto with --nobuffer: up" until_ok 20 up
logged "by a pty, as the log says" 'data path: --nobuffer needs the pty'
end $P

# --- a server that misbehaves ---
bad gre=silent after=sleep1,stop
to_bad
wait $P
is "the server's Stop-Control-Connection-Request is a hangup" $? 16
kill $BAD
bad gre=silent noecho=1
to_bad --idle-wait 1 --max-echo-wait 1
wait $P
is "so is its silence" $? 16
logged "as the log says" 'tunnel to .* down: .*[Ee]cho'
kill $BAD
bad ocrp=silent
printf '%s\n' 'plugin pptp.so' "pptp_server $SERVER" "pptp_program $CLIENT" \
	'pptp_options "--connect-port 1724"' "$PPPD" > /etc/ppp/peers/silent
pppd call silent nodetach > /run/client.out 2>&1 &
P=$!
claim "while the call is being made" until_ok 10 grep -q 'OCRQ' /run/bad.log
end $P
is "pppd is ended by the signal alone" $? 5
is_clean "and leaves nothing"
kill $BAD

# --- our own address goes away ---
"$CLIENT" $SERVER --data-path=kernel "${words[@]}" > /run/client.out 2>&1 &
P=$!
claim "before the address is lost: up" until_ok 20 up
ip addr add 10.9.0.99/24 dev v0
ip addr del 10.9.0.1/24 dev v0
wait $P
is "the loss of our address is a hangup" $? 16
logged "with its sentence" 'down: the local address it uses is gone'
((tap_bad == 0)) || logs
plan
