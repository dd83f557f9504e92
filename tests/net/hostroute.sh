#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The host route of a real tunnel: there while it is needed, gone however the
# processes end, a leftover replaced, others' routes untouched.  The server is
# 203.0.113.9, behind the gateways 10.9.0.2 and 10.9.0.3.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash
srv ip addr add 10.9.0.3/24 dev v1
srv ip addr add 203.0.113.9/32 dev lo
srv ip route replace 10.9.0.0/24 dev v1 src 203.0.113.9
ip route add default via 10.9.0.2 dev v0
SERVER=203.0.113.9
ours() { ip -4 route show proto 147 | sed 's/ *$//'; }
ROUTE="203.0.113.9 via 10.9.0.2 dev v0"
DEFAULT="default via 10.9.0.2 dev v0"
others() { ip -4 route show | grep -v 'proto \(147\|kernel\)' | sed 's/ *$//'; }
clean() { [ -z "$(ours)$(pgrep -x pptp)$(find /run/pptp -mindepth 1 2>/dev/null)" ]; }
gone() {	# gone CLAIM: nothing of ours is left, all of others is
	until_ok 20 clean
	is "$1: the route is gone" "$(ours)" ''
	is "$1: no process, no socket" \
		"$(pgrep -x pptp; find /run/pptp -mindepth 1 2>/dev/null)" ''
	is "$1: other routes stand" "$(others)" "${2:-$DEFAULT}"
}
serve
start() { tunnel one --count 5 --hold "${HOLD:-30}" -- "$@"; up one; sleep 0.2; }

start
has "a route to a server behind a gateway" "$(ours)" "^$ROUTE"
is "others stand" "$(others)" "$DEFAULT"
run --count 5 --
has "a second tunnel changes nothing" "$(ours)" "^$ROUTE"
kill -TERM "$(gateway_of one)"; ended one
gone "SIGTERM of the gateway"
start
kill -KILL "$(gateway_of one)"; ended one
gone "SIGKILL of the gateway"
start
kill -KILL "$(manager)"; ended one
gone "SIGKILL of the manager"
start
kill -TERM "$(manager)"; ended one
gone "SIGTERM of the manager"
start
kill -TERM "$(monitor)" "$(manager)"; ended one
gone "SIGTERM of monitor and manager"
start
# All that end a process which does not expect them, but KILL.
for sig in HUP INT QUIT TRAP ABRT USR1 USR2 PIPE ALRM VTALRM PROF XCPU IO PWR; do
	kill -$sig "$(monitor)" || break
	sleep 0.02
done
kill -TERM "$(manager)"; ended one
gone "signals at the monitor up to SIG$sig, SIGTERM of the manager"

start
kill -KILL "$(monitor)"
kill -TERM "$(gateway_of one)"; ended one
until_ok 20 no_process
has "SIGKILL of the monitor leaves the route" "$(ours)" "^$ROUTE"
ip route replace default via 10.9.0.3 dev v0
start
is "the next start replaces it by today's" "$(ours)" \
	"203.0.113.9 via 10.9.0.3 dev v0"
ip route replace default via 10.9.0.2 dev v0
until_ok 20 eval '[ "$(ours)" = "$ROUTE" ]'
is "it follows when the uplink changes" "$(ours)" "$ROUTE"
kill -TERM "$(gateway_of one)"; ended one
gone "after that"

start --nohostroute
is "--nohostroute: none" "$(ours)" ''
kill -TERM "$(gateway_of one)"; ended one
gone "--nohostroute"

# One route for all: another way of a second tunnel does not move it.
ip addr add 10.9.0.4/24 dev v0
ip route add default via 10.9.0.3 dev v0 table 100
ip rule add from 10.9.0.4 lookup 100
start
run --count 5 -- --debug --localbind 10.9.0.4
has "a second tunnel from another address: it works" "$out" "received 5 of 5"
has "and is told of the route" "$err" "$SERVER: the host route stays that of \
a tunnel with another --localbind or --rtmark"
is "which stays" "$(ours)" "$ROUTE"
kill -TERM "$(gateway_of one)"; ended one
gone "after that"
start
tunnel two --count 5 --hold 30 -- --localbind 10.9.0.4
up two
kill -TERM "$(gateway_of one)"; ended one
until_ok 20 eval '[ "$(ours)" = "203.0.113.9 via 10.9.0.3 dev v0" ]'
is "it has the route once the first one has ended" "$(ours)" \
	"203.0.113.9 via 10.9.0.3 dev v0"
kill -TERM "$(gateway_of two)"; ended two
gone "after that"
start --localbind 10.9.0.4
is "alone it has the route that its address takes" "$(ours)" \
	"203.0.113.9 via 10.9.0.3 dev v0"
kill -TERM "$(gateway_of one)"; ended one
gone "and after that"
ip rule del from 10.9.0.4 lookup 100
ip addr del 10.9.0.4/24 dev v0
ip rule add fwmark 0x2b lookup 100
start --rtmark 0x2b
is "--rtmark: the route that marked packets take" "$(ours)" \
	"203.0.113.9 via 10.9.0.3 dev v0"
kill -TERM "$(gateway_of one)"; ended one
gone "and after that"
ip rule del fwmark 0x2b lookup 100
ip route del default via 10.9.0.3 dev v0 table 100

ip route add 203.0.113.9/32 via 10.9.0.3 dev v0 metric 5
mine=$(others)
start
is "somebody else's host route: none of ours" "$(ours)" ''
kill -TERM "$(gateway_of one)"; ended one
gone "somebody else's host route" "$mine"
ip route del 203.0.113.9/32

# The tunnel's interface becomes the way to everywhere, and then the only one.
syslog_on
warned() { grep -c 'would be reached through the tunnel itself' /run/syslog; }
tunnel one --count 5 --hold 30 --
up one; sleep 0.3
ip link add ppp9 type veth peer name far9 netns srv
ip addr add 10.64.0.2/32 dev ppp9
ip link set ppp9 up && ip -n srv link set far9 up
ip route replace default dev ppp9
sleep 0.5
is "a default route into the tunnel leaves ours alone" "$(ours)" "$ROUTE"
is "without a word" "$(warned)" 0
ip link set v0 down
claim "with no other way left that is said" until_ok 20 eval '[ "$(warned)" = 1 ]'
ip route add 192.0.2.0/24 dev ppp9 && ip route del 192.0.2.0/24
ip route replace default dev ppp9 metric 7 && ip route del default metric 7
sleep 0.7
is "once, whatever else changes" "$(warned)" 1
ip link set v0 up && ip route add default via 10.9.0.2 dev v0 metric 9
claim "the link is back: so is the route" until_ok 20 eval '[ "$(ours)" = "$ROUTE" ]'
ip route del default dev ppp9
ip route del default && ip route add $DEFAULT
kill -TERM "$(gateway_of one)"; ended one
is "and the tunnel has lived" "$(status_of one)" 0
ip link del ppp9
gone "after that"

# The path is cut for a while and comes back.
HOLD=6
tunnel one --count 300 --gap 0.01 --quiet 2 --hold 5 --
up one; sleep 0.3
ip route replace prohibit 203.0.113.9/32; sleep 0.4
ip route del prohibit 203.0.113.9/32; sleep 0.6
ip route del default; sleep 0.4; ip route add default via 10.9.0.2 dev v0
ended one 20
is "prohibit, and no default route for a while: the tunnel goes on" \
	"$(status_of one)" 0
has "and carries data again" "$(of one)" \
	'^received ([12][0-9][0-9]|300) of 300, ordered, 0 duplicate, 0 bad'
gone "after that"

# The monitor is killed: nothing else says that the route is on its own.
orphaned() { grep -c 'the monitor has gone: nobody keeps' /run/syslog; }
is "no tunnel so far was without a monitor" "$(orphaned)" 0
HOLD=30
start
kill -KILL "$(monitor)"
claim "SIGKILL of the monitor is said" until_ok 20 eval '[ "$(orphaned)" = 1 ]'
run --count 5 --
is "once" "$(orphaned)" 1
kill -TERM "$(gateway_of one)"; ended one
until_ok 20 no_process
plan
