#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Under load: pppd stops reading, or altogether; the gateway stops; the server
# does; garbage for our call beside a tunnel; repeated packets.  Bounded memory,
# no frame twice, late, damaged or out of order, and the other direction flows.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash
build_load
STOP=${STOP:-2}		# seconds
# What grew with its traffic, 40 Mbit/s, would reach 5000 in a second.
LIMIT=2500		# kB

feed() {	# feed pty|pipes MBIT SECONDS: sets CLIENT_PID, READER, WRITER
	: > /run/feed.out
	$LOAD feed "$1" "$2" "$3" "$CLIENT" $SERVER --nolaunchpppd "${@:4}" \
		> /run/feed.out 2> /run/feed.err &
	FEEDER=$!
	until_ok 10 grep -q ^up /run/feed.out
	CLIENT_PID=$(sed -n 's/^client //p' /run/feed.out)
	READER=$(sed -n 's/^reader //p' /run/feed.out)
	WRITER=$(sed -n 's/^writer //p' /run/feed.out)
}
# number FIELD FILE: of the last line "got N bad B disorder D last I"
number() { awk -v f="$1" '/^got/ { for (i = 1; i < NF; i += 2) if ($i == f) n = $(i + 1) }
	END { print n + 0 }' "/run/$2"; }
to_pppd() { number "$1" feed.out; }
to_server() { number "$1" server.log; }
over() {	# the end of a case: nothing was damaged or out of order
	until_ok 20 grep -q ^exit /run/feed.out
	is "$1: ends well" "$(sed -n 's/^exit //p' /run/feed.out)" 0
	wait $FEEDER
	is "$1: nothing damaged or out of order for pppd" \
		"$(to_pppd bad) $(to_pppd disorder)" "0 0"
	is "$1: nothing damaged or out of order for the server" \
		"$(to_server bad) $(to_server disorder)" "0 0"
	is_clean "$1: nothing left"
}
# What comes for pppd in a second, less than half of it and at most 1500: other
# programs may use the processors, but not so that there is no traffic.
pace() {
	local from n
	until_ok 10 eval '[ "$(to_pppd got)" -ge 200 ]'
	from=$(to_pppd last)
	sleep 0.5
	n=$((($(to_pppd last) - from) * 4 / 5))
	PACE=$((n > 1500 ? 1500 : n))
	claim "$what: traffic flows ($PACE)" test $PACE -ge 100
}
unreachables() { srv awk '/^Icmp:/ { if (n++) print $5 }' /proc/net/snmp; }

for link in pty pipes; do
	load_server pump=40
	what="reader stopped ($link)"
	feed $link 40 $((STOP + 3))
	pace
	before=$(rss_kb "$CLIENT_PID") a=$(to_server got) u=$(unreachables)
	kill -STOP "$READER"
	sleep 0.5
	b=$(to_server got)
	used=$(busy "$CLIENT_PID" $((STOP - 1)))
	c=$(to_server got) d=$(to_pppd last)
	after=$(rss_kb "$CLIENT_PID")
	kill -CONT "$READER"
	claim "$what: the other direction flows ($a, $b, $c)" \
		test $((c - b)) -gt $(((STOP - 1) * PACE * 2 / 3))
	claim "$what: memory is bounded ($before, $after kB)" \
		test $((after - before)) -lt $LIMIT
	claim "$what: no spin ($used hundredths in $((STOP - 1)) s)" \
		test "$used" -lt $(((STOP - 1) * 80))
	sleep 0.7
	e=$(to_pppd last)
	claim "$what: it resumes with what is new, not with the past" \
		test $((e - d)) -gt $((STOP * PACE))
	over "$what"
	is "$what: no ICMP unreachable for the server" "$(unreachables)" "$u"
done

# As long as it takes a whole system to catch its breath.
load_server pump=40
what="pppd stopped" long=10
feed pty 40 $((long + 3))
pace
before=$(rss_kb "$CLIENT_PID") u=$(unreachables)
kill -STOP "$READER" "$WRITER"
used=$(busy "$CLIENT_PID" $long)
after=$(rss_kb "$CLIENT_PID") d=$(to_server got) e=$(to_pppd last)
kill -CONT "$READER" "$WRITER"
claim "$what: memory is bounded ($before, $after kB)" \
	test $((after - before)) -lt $LIMIT
claim "$what: no spin ($used)" test "$used" -lt $((long * 80))
claim "$what: traffic to the server resumes" \
	until_ok 10 eval '[ "$(to_server got)" -gt $((d + 200)) ]'
claim "$what: and from it with what is new, not with the past" \
	until_ok 2 eval '[ "$(to_pppd last)" -gt $((e + long * PACE)) ]'
over "$what"
is "$what: no ICMP unreachable for the server" "$(unreachables)" "$u"

# Nobody takes what comes for it, and the server is not told so.
full() { awk '$NF + 0 > 0 { n++ } END { print n + 0 }' /proc/net/raw; }
gateway_stopped() {
	sleep 0.5
	local n d e
	u=$(unreachables)
	kill -STOP "$CLIENT_PID"
	sleep "$((STOP > 2 ? STOP : 2)).5"
	n=$(full) d=$(to_server got) e=$(to_pppd got)
	kill -CONT "$CLIENT_PID"
	is "$what: its socket's buffer is full" "$n" 1
	claim "$what: traffic to the server resumes" \
		until_ok 10 eval '[ "$(to_server got)" -gt $((d + 200)) ]'
	claim "$what: and from it" \
		until_ok 10 eval '[ "$(to_pppd got)" -gt $((e + 1000)) ]'
}
sysctl -q net.ipv4.icmp_ratelimit=0
load_server pump=40
what="gateway stopped"
feed pty 40 $((STOP + 3))
gateway_stopped
over "$what"
is "$what: no ICMP unreachable for the server" "$(unreachables)" "$u"

mkfifo /run/quiet
exec 9<> /run/quiet
ip addr add 10.9.0.4/24 dev v0
load_server pump=40
"$CLIENT" $SERVER --nolaunchpppd < /run/quiet > /dev/null 2>&1 &
FIRST=$!
first_up() { "$CLIENT" --status | grep -q ' up '; }
what="gateway of a second address stopped"
claim "$what: another one is up" until_ok 20 first_up
feed pty 40 $((STOP + 3)) --localbind 10.9.0.4
gateway_stopped
kill -TERM $FIRST
over "$what"
is "$what: no ICMP unreachable for the server" "$(unreachables)" "$u"
ip addr del 10.9.0.4/24 dev v0

# The server's machine stops: nothing grows, and then it goes on.
load_server pump=40
what="server stopped"
feed pty 40 $((STOP + 2))
sleep 0.5
before=$(rss_kb "$CLIENT_PID")
kill -STOP "$BAD"
used=$(busy "$CLIENT_PID" $((STOP - 1)))
after=$(rss_kb "$CLIENT_PID")
kill -CONT "$BAD"
claim "$what: memory is bounded ($before, $after kB)" \
	test $((after - before)) -lt $LIMIT
claim "$what: no spin ($used)" test "$used" -lt $(((STOP - 1) * 80))
over "$what"

# 300 Mbit/s for our call that are not of it, beside 10 Mbit/s that are.
load_server garbage=300
what=garbage
feed pty 10 12
sleep 0.5
before=$(rss_kb "$CLIENT_PID")
sleep 3
# 3 s of 300 Mbit/s are 150000 packets; other programs run beside.
foreign() {
	junk=$(($(figure rx_bad) + $(figure rx_far) + $(figure rx_old)))
	[ $junk -ge 100000 ]
}
until_ok 20 foreign
after=$(rss_kb "$CLIENT_PID")
kill -STOP "$BAD"
used=$(busy "$CLIENT_PID")
kill -CONT "$BAD"
claim "$what: there was as much as that ($junk packets)" test "$junk" -ge 100000
claim "$what: no spin when it is over ($used)" test "$used" -lt 30
over "$what"
claim "$what: memory is bounded ($before, $after kB)" \
	test $((after - before)) -lt $LIMIT
sent=$(to_server got) back=$(to_pppd got)
claim "$what: the tunnel carries on ($back of $sent came back)" \
	test $((back * 100)) -ge $((sent * 95))
claim "$what: there was a tunnel ($sent)" test "$sent" -ge 2500

# Each packet twice, and once more 64 packets later.
load_server replay=1
what=replay
feed pty 10 2
over "$what"
sent=$(to_server got) back=$(to_pppd got)
claim "$what: the tunnel carries on ($back of $sent came back)" \
	test $((back * 100)) -ge $((sent * 99))
plan
