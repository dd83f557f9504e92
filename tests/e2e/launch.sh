#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# `pptp HOST words for pppd` from the shell: it gets the call, becomes pppd.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
transfer_server
# shellcheck disable=SC2206 # words
words=($PPPD logfile /run/pppd.log)

"$CLIENT" $SERVER "${words[@]}" nodetach 2> /run/client.err &
P=$!
claim "pptp HOST words nodetach: up" until_ok 20 up
is "the process has become pppd" "$(ps -o comm= -p $P)" pppd
claim "ping" alive
claim "2 MB to the server" carries put 2
claim "2 MB from the server" carries get 2
end $P
is_clean "its end leaves nothing"

"$CLIENT" $SERVER "${words[@]}" 2> /run/client.err
is "without nodetach the command returns" $? 0
claim "and the tunnel comes up" until_ok 20 up
claim "ping" alive
pkill -TERM -x pptpctrl
is_clean "the server's end leaves nothing"

printf '%s\n' "${words[*]}" > /etc/ppp/peers/work
"$CLIENT" $SERVER call work nodetach 2> /run/client.err &
P=$!
claim "pptp HOST call PEER: up" until_ok 20 up
claim "ping" alive
end $P
is_clean "its end leaves nothing"

"$CLIENT" $SERVER --loglevel 2 -- "${words[@]}" nodetach ipparam --odd \
	2> /run/client.err &
P=$!
claim "words after --: up" until_ok 20 up
has "they reach pppd as given" "$(tr '\0' ' ' < /proc/$P/cmdline)" \
	' ipparam --odd'
end $P
is_clean "its end leaves nothing"

# Failures come before pppd: a sentence, a status.
failing() {	# failing STATUS CLAIM PATTERN ARGUMENT...
	local want=$1 claim=$2 pattern=$3; shift 3
	err=$("$CLIENT" "$@" 2>&1 >/dev/null < /dev/null)
	is "$claim: status" $? "$want"
	has "$claim: one sentence" "$err" "$pattern"
}
failing 5 "nobody listens" "refused" 10.9.0.2 --connect-port 9 "${words[@]}"
failing 3 "no such name" "nowhere.invalid" nowhere.invalid "${words[@]}"
failing 2 "a wrong option" "nolaunchppd" $SERVER --nolaunchppd
is "no pppd was started for these" "$(pgrep -x pppd)" ''
is_clean "failures leave nothing"
((tap_bad == 0)) || logs
plan
