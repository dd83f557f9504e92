#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The call is up, and then GRE does not come, passes one way only, comes late, or
# dies: one sentence in the log, by the launch form and under `pty`, taken back
# once it is wrong.  And: the server hangs up at once; pppd cannot be run.
. "$(dirname "$0")/../rig/net.sh"
net_up
# Neither pppd gives up before all is said, on a slow machine either.
server_up refuse-pap refuse-chap refuse-mschap require-mschap-v2 \
	require-mppe-128 "lcp-max-configure 30"
PPPD+=" lcp-max-configure 30"
modules=/usr/lib/uml/modules/$(uname -r)/kernel/net/sched
for m in sch_ingress cls_u32 act_gact; do
	for f in "$modules/$m".ko*; do
		[ ! -f "$f" ] || insmod "$f" 2> /dev/null
	done
done
tc qdisc add dev v0 clsact && srv tc qdisc add dev v1 clsact ||
	{ echo "Bail out! this kernel's tc has no clsact"; exit 1; }
# block in|out: GRE is lost on its way in, or out, behind this host
block() {
	local side=srv dev=v1
	[ "$1" = out ] || { side="" dev=v0; }
	$side tc filter add dev $dev ingress protocol ip u32 \
		match ip protocol 47 0xff action drop
}
unblock() {
	tc filter del dev v0 ingress
	srv tc filter del dev v1 ingress
}
# both: the launch form, ppp0 and $A; and under pty, ppp1 and $B
both() {
	from=$(($(wc -l < /run/syslog) + 1))
	# shellcheck disable=SC2086 # words
	"$CLIENT" $SERVER --logstring launched $PPPD nodetach unit 0 \
		> /run/client.out 2> /run/client.err & A=$!
	# shellcheck disable=SC2086 # words
	pppd pty "$CLIENT $SERVER --nolaunchpppd --logstring by-pty" $PPPD \
		nodetach unit 1 > /run/client2.out 2>&1 & B=$!
}
end_both() {
	end $A; end $B
	is_clean "$1: their end leaves nothing"
}
# What the one of this name has logged since both began.
logged() { tail -n "+$from" /run/syslog | grep "pptp\[[0-9]*\]: $1: "; }
has_logged() { logged "$1" | grep -E "$2"; }
# says CLAIM SECONDS PATTERN: both log it, within so long, and once
says() {
	local name
	until_ok "$2" has_logged launched "$3"
	until_ok "$2" has_logged by-pty "$3"
	for name in launched by-pty; do
		is "$1, once ($name)" "$(logged $name | grep -cE "$3")" 1
	done
}

block in
both
says "nothing comes" 40 \
	"GRE is blocked: the call is up but within 10 s no packet came from $SERVER"
has "on standard error as well" "$(< /run/client.err)" 'GRE is blocked: '
unblock
says "it comes, which takes that back" 60 \
	'GRE is not blocked, it comes through after all'
claim "both are up" until_ok 20 up 2
for i in 0 1; do claim "ping through ppp$i" alive -I ppp$i; done

# --- the same two: GRE dies, and comes back ---
block in
pings=()
for i in 0 1; do ping -i 2 -q -I ppp$i $INSIDE > /dev/null & pings+=($!); done
says "GRE dies while the control connection lives" 60 \
	'packets were sent for 30 s and none came, while the control connection is alive: GRE'
unblock
says "and is heard again" 30 'the server is heard again'
kill "${pings[@]}"; wait "${pings[@]}" 2> /dev/null
for i in 0 1; do claim "ping through ppp$i" alive -I ppp$i; done
end_both "GRE that died"

block out
both
says "GRE blocked towards the server only" 40 \
	"GRE is blocked one way: packets of $SERVER come in, but ours are not answered"
has "on standard error as well" "$(< /run/client.err)" 'GRE is blocked one way'
unblock
says "it passes, which takes that back" 60 \
	'GRE is not blocked, it comes through after all'
claim "both are up" until_ok 20 up 2
end_both "blocked one way"

# --- the server hangs up right after accepting ---
ip netns exec srv python3 tests/net/badserver.py port=1724 gre=silent \
	after=cdn > /run/bad.log 2>&1 &
BAD=$!
until_ok 10 grep -q ready /run/bad.log
usage=0 sentence=0 ok=0
for i in 1 2 3 4 5 6 7 8 9; do
	# shellcheck disable=SC2086 # words
	timeout 20 "$CLIENT" $SERVER --connect-port 1724 $PPPD nodetach \
		> /run/client.out 2> /run/client.err
	[ $? != 0 ] || ok=$((ok + 1))
	! grep -q 'unrecognized option' /run/client.out /run/client.err ||
		usage=$((usage + 1))
	! grep -q "ended the call" /run/client.err || sentence=$((sentence + 1))
done
is "the server hangs up at once, nine times: pppd's usage" $usage 0
is "a sentence" $sentence 9
is "status 0" $ok 0
is_clean "which leaves nothing"
kill $BAD

# --- pppd is not there ---
pppd=$(command -v pppd || echo /usr/sbin/pppd)
mount --bind /dev/null "$pppd"
# shellcheck disable=SC2086 # words
timeout 20 "$CLIENT" $SERVER $PPPD > /run/client.out 2> /run/client.err
is "pppd cannot be run: status" $? 1
has "and a sentence" "$(< /run/client.err)" "cannot run $pppd: "
umount "$pppd"
is_clean "which leaves nothing"
((tap_bad == 0)) || logs
plan
