#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A peers file with a pty line, in each way pppd is started with it.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
peer() {	# peer NAME [LINE...]
	local name=$1; shift
	printf '%s\n' "pty \"$CLIENT $SERVER --nolaunchpppd\"" "$PPPD" \
		"logfile /run/pppd-$name.log" "$@" > "/etc/ppp/peers/$name"
}

peer plain
if command -v pon > /dev/null; then
	claim "pon" pon plain
	claim "the tunnel comes up" until_ok 20 up
	claim "ping" alive
	claim "poff" poff plain
	is_clean "poff leaves nothing"
else
	skip "pon and poff" "this system has no pon"
fi

pppd call plain nodetach > /run/client.out 2>&1 &
P=$!
claim "pppd call NAME nodetach: up" until_ok 20 up
claim "ping" alive
end $P
is_clean "its end leaves nothing"

claim "pppd call NAME updetach returns once it is up" \
	timeout 30 pppd call plain updetach
claim "and it is up" up
claim "ping" alive
pkill -x -TERM -f 'pppd call plain updetach'
is_clean "its end leaves nothing"

peer again persist 'maxfail 0' 'holdoff 1'
pppd call again nodetach > /run/client.out 2>&1 &
P=$!
claim "persist: up" until_ok 20 up
for how in TERM KILL; do
	old=$(sessions)
	claim "SIG$how to the server's session: down" \
		down_by pkill -$how -x pptpctrl
	claim "and up again by itself" until_ok 25 up
	claim "ping" alive
	has "in a new session" "$(sessions | grep -vx "$old")" '^[0-9]+$'
done
end $P
is_clean "the end of persist leaves nothing"
((tap_bad == 0)) || logs
plan
