#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A real tunnel over a bad path: loss, duplicates, reordering, delay and
# corruption; what is carried each way arrives whole.
#
# Towards us all at once.  Towards pptpd loss and reordering one after the
# other: together they make it hold packets back for seconds, whoever the
# client is, and then nothing is measured but its patience.  With loss alone
# it is slow for any client that does not wake it: little is sent then.
BAD="delay 20ms 5ms duplicate 1% corrupt 0.1%"
NETEM="$BAD reorder 25% loss 1%"
T_MB=${T_MB:-1} T_LOSS=${T_LOSS:-128k}
. "$(dirname "$0")/../rig/net.sh"
net_up
towards_server() {	# towards_server NETEM-WORDS
	# shellcheck disable=SC2086 # words
	tc qdisc replace dev v0 root netem $1
}
is "the path is bad both ways" "$({ tc qdisc show dev v0
	srv tc qdisc show dev v1; } | grep -c 'netem.*delay 20')" 2
# No MPPE: a bit that flips in its counter ends the key for good.
server_up refuse-pap refuse-chap refuse-mschap require-mschap-v2 nomppe
PPPD="${PPPD/require-mppe-128/nomppe}"
transfer_server
# shellcheck disable=SC2086 # words
pppd pty "$CLIENT $SERVER --nolaunchpppd" $PPPD nodetach \
	logfile /run/pppd.log > /run/client.out 2> /run/client.err &
P=$!
claim "the tunnel comes up" until_ok 40 up
towards_server "$BAD reorder 25%"
claim "$T_MB MB from the server arrive whole" carries get "$T_MB"
claim "$T_MB MB to the server arrive whole, reordered" carries put "$T_MB"
towards_server "$BAD loss 1%"
claim "what is sent to the server arrives whole, with loss ($T_LOSS)" carries put "$T_LOSS"

# Behind one lost packet pptpd keeps all others, and acknowledges none.
had=$(figure tx_fills)
towards_server "delay 20ms loss 100%"
ping -c 1 -W 1 -q $INSIDE > /dev/null
towards_server "delay 20ms"
claim "what it lacks is made up for" until_ok 10 \
	eval 'alive && [ "$(figure tx_fills)" -gt "$had" ]'
"$CLIENT" --status | sed 's/^/# /'
claim "it is the same tunnel still" kill -0 $P
end $P
is "pppd was ended by the signal alone" $? 5
is_clean "its end leaves nothing"
((tap_bad == 0)) || logs
plan
