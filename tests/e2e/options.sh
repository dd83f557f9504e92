#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The options that shape pppd, with real pppd on both sides.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
server_now() {	# another set of pppd's options for the next session
	printf '%s\n' name pptpd nobsdcomp nodeflate novj novjccomp noipv6 \
		logfile /run/server-pppd.log debug "$@" > /run/pptpd-options
}
WORDS="noauth user alice remotename PPTP nobsdcomp nodeflate noipdefault noipv6
debug nodetach"
# go N CLIENT-OPTION... -- PPPD-OPTION...: starts tunnel N, on ppp$N
declare -A pid
go() {
	local mine=() n=$1; shift
	while [ "$1" != -- ]; do mine+=("$1"); shift; done
	shift
	: > /run/pppd$n.log
	# shellcheck disable=SC2086 # words
	"$CLIENT" $SERVER --data-path=user "${mine[@]}" -- $WORDS unit $n "$@" \
		logfile /run/pppd$n.log > /run/client$n.out 2> /run/client$n.err &
	pid[$n]=$!
}
# For --sync: pppd gives up where frames of its negotiation were joined (see
# alive_sync): a fresh tunnel, then.
anew() {	# anew COMMAND...: starts tunnel 0, three times at most, till it is up
	for _ in 1 2 3; do
		"$@"
		until_ok 30 eval "up || ! kill -0 ${pid[0]}"
		! { up && alive_sync; } || return
		over
		rm -f /run/pptp/*.refused	# no wait before the next
	done
}
over() { kill -TERM "${pid[@]}"; wait "${pid[@]}"; pid=(); until_ok 20 clean; }
addresses() { ip -o -4 addr show dev ppp$1; }

# --- addresses: this server lets the client choose
server_now require-mschap-v2 ipcp-accept-local ipcp-accept-remote
go 0 --client-ip 172.30.7.7 --server-ip 172.30.8.8 --
go 1 --client-ip=172.30.7.9 --
go 2 --server-ip=172.30.8.9 --
until_ok 20 up 3
has "--client-ip and --server-ip: what was asked for was granted" \
	"$(addresses 0)" 'inet 172.30.7.7 peer 172.30.8.8/32'
has "by the server, too" "$(srv ip -o -4 addr show)" \
	'inet 172.30.8.8 peer 172.30.7.7/32'
has "--client-ip alone: the other is the server's choice" \
	"$(addresses 1)" "inet 172.30.7.9 peer $INSIDE/32"
has "--server-ip alone" "$(addresses 2)" \
	'inet 172.30.0.[0-9]+ peer 172.30.8.9/32'
over

# --- refusals: this server takes what it can get, and begins with the best
server_now auth
used() { sed -n 's/.*sent \[LCP ConfAck .*<auth \([^>]*\)>.*/\1/p' /run/pppd$1.log |
	tail -n 1; }
go 0 --
go 1 --refuse-eap --
go 2 --refuse-eap --refuse-chap --
go 3 --refuse-eap --refuse-chap --refuse-mschap-v2 --
go 4 --refuse-eap --refuse-chap --refuse-mschap-v2 --refuse-mschap --
until_ok 30 up 5
is "with nothing refused: EAP" "$(used 0)" "eap"
is "--refuse-eap: CHAP" "$(used 1)" "chap MD5"
is "--refuse-chap: MS-CHAPv2" "$(used 2)" "chap MS-v2"
is "--refuse-mschap-v2: MS-CHAP" "$(used 3)" "chap MS"
is "--refuse-mschap: PAP" "$(used 4)" "pap"
over
go 5 --refuse-{eap,mschap-v2,mschap,chap,pap} --
wait ${pid[5]}
is "--refuse-pap: nothing is left, and it ends for that" $? 16
has "it said so" "$(< /run/pppd5.log)" 'No auth is possible'
is "it agreed to none" "$(used 5)" ''
pid=()

# --- launching
server_now require-mschap-v2
printf '%s\n' 'ipparam from-the-peers-file' > /etc/ppp/peers/work
go 0 --pppd-call work --debug --
until_ok 20 up
has "--pppd-call NAME" "$(tr '\0' ' ' < /proc/${pid[0]}/cmdline)" ' call work '
claim "ping" alive
is "--debug: the gateway stays its child" "$(pgrep -c -P ${pid[0]} -x pptp)" 1
has "--debug: packets are logged on standard error" \
	"$(cat /run/client0.err)" 'received a frame of'
over
go 0 --
until_ok 20 up
is "without it: it does not" "$(pgrep -c -P ${pid[0]} -x pptp)" 0
is "and says nothing" "$(cat /run/client0.err)" ''
over

# --- synchronous PPP, with the boundaries of frames lost on the pty
# Whole ones: two fragments written at once would be one frame on the pty.
transfer_server
anew go 0 --sync --
has "--sync: pppd is told" "$(tr '\0' ' ' < /proc/${pid[0]}/cmdline)" ' sync '
claim "--sync without MPPE: ping" alive_sync
claim "large packets" alive_sync -s 1368
claim "2 MB to the server" carries put 2
claim "2 MB from the server" carries get 2
over
server_now require-mschap-v2 require-mppe-128
anew go 0 --sync -- require-mppe-128
has "--sync with MPPE: it is used" "$(< /run/pppd0.log)" 'MPPE 128-bit .* enabled'
claim "ping" alive_sync
claim "large packets" alive_sync -s 1368
over
under_pppd() {
	# shellcheck disable=SC2086 # words
	pppd pty "$CLIENT $SERVER --nobuffer --sync --nolaunchpppd" sync \
		$WORDS require-mppe-128 logfile /run/pppd0.log \
		> /dev/null 2>&1 &
	pid[0]=$!
}
anew under_pppd
claim "--sync under pppd's pty, with MPPE: ping" alive_sync
over
is_clean "nothing is left"
((tap_bad == 0)) || logs
plan
