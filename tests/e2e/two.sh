#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Several tunnels at once to one pptpd, which takes one call a connection.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
transfer_server

start() {	# start UNIT
	# shellcheck disable=SC2086 # words
	pppd pty "$CLIENT $SERVER --nolaunchpppd" $PPPD nodetach unit "$1" \
		logfile "/run/pppd$1.log" > /dev/null 2> "/run/client$1.err" &
	pid[$1]=$!
}
managers() { find /run/pptp -type s 2>/dev/null | wc -l; }

start 0; start 1
claim "two tunnels started at once come up" until_ok 30 up 2
for i in 0 1; do claim "ping through ppp$i" alive -I ppp$i; done
is "--status tells which is which" "$("$CLIENT" --status=json | python3 -c '
import json, sys
for t in json.load(sys.stdin):
    print(t["interface"], t["ppp_local"])' | sort)" "$(tunnels | sort)"
carries put 5 ppp0 > /run/a 2>&1 & a=$!
carries get 5 ppp1 > /run/b 2>&1; is "5 MB through ppp1" $? 0
wait $a; is "5 MB through ppp0 at the same time" $? 0
is "one call manager serves both" "$(managers)" 1
start 2
claim "a third one joins" until_ok 20 up 3
for i in 0 1 2; do claim "ping through ppp$i" alive -I ppp$i; done
end ${pid[0]}
claim "the first ends" until_ok 20 test ! -e /sys/class/net/ppp0
for i in 1 2; do claim "ping through ppp$i" alive -I ppp$i; done
is "the manager lives on" "$(managers)" 1
kill -KILL ${pid[1]}; wait ${pid[1]} 2>/dev/null
claim "the second is killed" until_ok 20 test ! -e /sys/class/net/ppp1
claim "ping through ppp2" alive -I ppp2
claim "2 MB through ppp2" carries get 2 ppp2
end ${pid[2]}
is_clean "with the last one all is gone"
claim "the server's sessions too" until_ok 20 no_session
((tap_bad == 0)) || logs
plan
