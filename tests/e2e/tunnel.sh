#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Under pppd's pty, against pptpd with MS-CHAPv2 and MPPE-128: up, data each
# way, also while pppd is stopped, a clean end from each side.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
transfer_server

start() {
	# shellcheck disable=SC2086 # words
	pppd pty "$CLIENT $SERVER --nolaunchpppd" $PPPD nodetach "$@" \
		logfile /run/pppd.log > /run/client.out 2> /run/client.err &
	P=$!
	until_ok 20 up
}

claim "the tunnel comes up" start
has "the server demanded MPPE" "$(< /run/pppd.log)" 'MPPE 128-bit .* enabled'
claim "ping crosses it" alive
read -r dev address <<< "$(tunnels)"
"$CLIENT" --status > /run/status
is "--status: a tunnel is up" $? 0
has "it says which, whose and how" "$(tr '\n' ' ' < /run/status)" \
	"$SERVER: up 0:.*  interface $dev, local address $address, remote $INSIDE, login MS-CHAPv2 as alice, encryption MPPE 128 bit, stateless   pptp carries the data, last heard [0-9]{1,2} s ago "
is "and so does --status=json" "$("$CLIENT" --status=json $SERVER | python3 -c '
import json, sys
t, = json.load(sys.stdin)
print(*(t[k] for k in sys.argv[1:]), t["heard_ago_us"] < 99e6)' uid owner claimed \
	state interface network_up ppp_local ppp_remote login user encryption)" \
	"0 root False up $dev True $address $INSIDE MS-CHAPv2 alice MPPE 128 bit, stateless True"
claim "large packets do" alive -s 1300
claim "$T_MB MB to the server arrive whole" carries put "$T_MB"
claim "$T_MB MB from the server arrive whole" carries get "$T_MB"

# The kernel carries the data; what else pppd has to do can wait.
before=$(tunnels)
carries put $((T_MB * 3 / 2)) > /run/put 2>&1 & a=$!
carries get $((T_MB * 3 / 2)) > /run/get 2>&1 & b=$!
sleep 0.5
kill -STOP $P
sleep 10
has "pppd is stopped for ten seconds" "$(< /proc/$P/stat)" '^[0-9]* .pppd. T '
kill -CONT $P
wait $a $b
has "meanwhile: to the server all arrives" "$(< /run/put)" 'checksums agree'
has "meanwhile: from the server all arrives" "$(< /run/get)" 'checksums agree'
claim "after that: ping" alive
is "it is the same tunnel" "$(tunnels)" "$before"
end $P
is "pppd was ended by the signal alone" $? 5
is_clean "its end leaves nothing: no process, socket, route"
is "--status: there is none" "$("$CLIENT" --status; echo $?)" "no tunnels
1"
claim "the server's session ended too" until_ok 20 no_session

claim "a second tunnel comes up" start
pkill -x pptpctrl
wait $P
is "the server's end is a hangup for pppd" $? 16
is_clean "the server's end leaves nothing"

claim "a third one comes up" start
pkill -KILL -x pptpctrl
wait $P
is "the server's sudden death is a hangup for pppd" $? 16
is_clean "its death leaves nothing"

claim "a fourth one comes up" start
kill -KILL $P
wait $P 2>/dev/null
is_clean "pppd killed: nothing is left"
claim "and the server was told" until_ok 20 no_session
((tap_bad == 0)) || logs
plan
