#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Under pppd's pty, against pptpd with MS-CHAPv2 and MPPE-128: up, data each
# way, a clean end from each side.
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
claim "large packets do" alive -s 1300
claim "$T_MB MB to the server arrive whole" carries put "$T_MB"
claim "$T_MB MB from the server arrive whole" carries get "$T_MB"
end $P
is "pppd was ended by the signal alone" $? 5
is_clean "its end leaves nothing: no process, socket, route"
claim "the server's session ended too" until_ok 5 no_session

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
claim "and the server was told" until_ok 5 no_session
((tap_bad == 0)) || logs
plan
