#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 1200
# Ten minutes (T_SOAK seconds) of traffic each way over a bad network, beside
# tunnels that come and go: memory and descriptors stay flat.
. "$(dirname "$0")/../rig/net.sh"
NETEM='delay 5ms 2ms loss 0.5% duplicate 0.5% reorder 5%'
net_up
server_up
transfer_server

start() {	# start UNIT
	# shellcheck disable=SC2086 # words
	pppd pty "$CLIENT $SERVER --nolaunchpppd" $PPPD nodetach unit "$1" \
		logfile "/run/pppd$1.log" > /dev/null 2> "/run/client$1.err" &
	pid[$1]=$!
}
# pppd ends a session by itself where CHAP's Success is lost, and where a
# Configure-Ack of CCP is and the Configure-Request comes again behind the
# beginning of MPPE: so, three times.
comes_up() {	# comes_up UNIT
	for _ in 1 2 3; do
		start "$1"
		until_ok 40 eval "up $(($1 + 1)) || ! kill -0 ${pid[$1]}"
		up $(($1 + 1)) && return
		end "${pid[$1]}"
	done
	return 1
}
# Of each process of ours that lives all along: descriptors, memory mapped that
# could be written, and pages of that in use.  The buffers are there from the
# start, and are used as far as a burst ever needed them.
ours() { pgrep -x 'pptp.*' | while read -r p; do
	[[ $(< "/proc/$p/comm") =~ ^pptp(d|ctrl)$ ]] || echo "$p"; done; }
# shellcheck disable=SC2046
pages() { awk -v f="$1" '{ n += f == "mapped" ? $6 : $2 - $3 } END { print n }' \
	$(printf '/proc/%s/statm ' $long) ; }
fds() { for p in $long; do ls "/proc/$p/fd"; done | wc -l; }

claim "the tunnel is up" comes_up 0
sleep 1
long=$(ours)
claim "and a first transfer" carries get 2 ppp0
rounds=0 bad=0
until=$((SECONDS + ${T_SOAK:-600}))
while [ $SECONDS -lt $until ]; do
	rounds=$((rounds + 1))
	comes_up 1 || bad=$((bad + 1))
	carries put 1 ppp0 > /dev/null & a=$!
	carries get 1 ppp0 > /dev/null || bad=$((bad + 1))
	wait $a || bad=$((bad + 1))
	alive -I ppp1 > /dev/null || bad=$((bad + 1))
	end ${pid[1]}
	until_ok 10 test ! -e /sys/class/net/ppp1 || bad=$((bad + 1))
	# By now they have done all they ever do.
	[ $rounds != 1 ] || mapped0=$(pages mapped) used0=$(pages used) fds0=$(fds)
done
is "all of $rounds rounds went well" "$bad" 0
is "the same processes live" "$(ours | grep -cxF "$long")" \
	"$(wc -w <<< "$long")"
is "descriptors: none more" "$(fds)" "$fds0"
is "memory: none more is mapped" "$(pages mapped)" "$mapped0"
used=$(pages used)
claim "and no megabyte more of it used ($used0, $used pages)" \
	test $((used - used0)) -le 256
end ${pid[0]}
is_clean "its end leaves nothing"
((tap_bad == 0)) || logs
plan
