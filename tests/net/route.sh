# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The host route, in a namespace with uplinks of several kinds:
#
#	u0 192.0.2.2/24 -- .1 gateway, .9 another		server 203.0.113.9
#	u1 198.51.100.2/24 -- .1 gateway
#	ppp9, ppp0, tun3: what tunnels look like
. "$(dirname "$0")/lib.sh"

HOST=203.0.113.9
DRIVER=$TMPDIR/route_driver
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Werror -g -O1 \
	-o "$DRIVER" tests/net/route_driver.c sys/route.c sys/netlink.c \
	sys/sandbox.c sys/seccomp.c || { echo "Bail out! no driver"; exit 1; }

# uplink NAME ADDRESS/LENGTH: an interface to nobody in particular
uplink() {
	ip link add "$1" type veth peer name "far-$1" netns srv &&
		ip addr add "$2" dev "$1" && ip link set "$1" up &&
		ip -n srv link set "far-$1" up
}
# Back to u0 and u1 with a default route through u0, nothing else.
fresh() {
	local i
	stop
	ip route flush table 100 2>/dev/null
	for i in u0 u1 ppp0 ppp9 tun3; do ip link del $i 2>/dev/null; done
	uplink u0 192.0.2.2/24
	uplink u1 198.51.100.2/24
	ip route add default via 192.0.2.1 dev u0
}
PID=
start() {	# start SERVER [LOCAL [MARK]]
	stop
	coproc KEEPER { exec "$DRIVER" "$@"; }
	PID=$KEEPER_PID
	exec {to}>&"${KEEPER[1]}" {from}<&"${KEEPER[0]}"
}
stop() {
	[ -n "$PID" ] || return 0
	exec {to}>&- {from}<&-
	kill -KILL "$PID" 2>/dev/null
	wait "$PID" 2>/dev/null
	PID=
}
say() {		# say COMMAND: sets $out
	local line
	out=
	echo "$1" >&"$to"
	while read -r -t 5 line <&"$from" && [ "$line" != . ]; do
		out+=${out:+$'\n'}$line
	done
}
# What stands in the main table for one address and no other.
routes() { ip -4 route show table main root "$1/32" match "$1/32" proto "${2:-147}" |
	sed 's/ *$//'; }
ours() { routes "${1:-$HOST}"; }

# --- added, kept, removed
fresh
start $HOST
is "not before it is asked" "$(ours)" ""
say update
has "a server behind a gateway gets a host route" "$(ours)" \
	"^$HOST via 192.0.2.1 dev u0 src 192.0.2.2\$"
has "which is said" "$out" "info: host route to $HOST via 192.0.2.1 dev u0 added"
say changed
is "our own change is no news" "$out" "the same"
say update
is "asked again it changes nothing and says nothing" "$out" "done"
is "and leaves one route" "$(ours | wc -l)" 1
say close
is "removed at the end" "$(ours)" ""
has "which is said, too" "$out" "via 192.0.2.1 dev u0 removed"

# --- added, but the answer gets lost
fresh
start $HOST
say lose
say update
has "an answer that is lost is told" "$out" \
	"cannot add a host route to $HOST: No buffer space"
has "though there is a route" "$(ours)" "via 192.0.2.1 dev u0"
say close
is "that is removed at the end" "$(ours)" ""
fresh
start $HOST
say update
ip route replace default via 198.51.100.1 dev u1
say lose
say update
has "lost, too, as another takes its place" "$out" "cannot add a host route"
is "both stand" "$(ours | wc -l)" 2
say close
is "and both are removed" "$(ours)" ""

# --- none needed
fresh
start 192.0.2.7
say update
is "none for a server on the link" "$(ours 192.0.2.7)" ""
stop
start 192.0.2.2
say update
is "none for this machine itself" "$out$(ours 192.0.2.2)" "done"
say close

# --- never another's
fresh
ip route add $HOST via 198.51.100.1 dev u1 proto static
start $HOST
say update
is "another's host route stands alone" "$(ours)" ""
has "and is spoken of" "$out" "host route to the server already"
say update
is "once" "$out" "done"
say close
has "and outlives us" "$(routes $HOST static)" "via 198.51.100.1 dev u1"
fresh
ip route add $HOST via 198.51.100.1 dev u1 proto static metric 50
start $HOST
say update
is "one with a metric is not put in the shade" "$(ours)" ""
ip route del $HOST proto static
say changed
is "its end is noticed" "$out" changed
say update
has "and then ours is made" "$(ours)" "via 192.0.2.1 dev u0"
ip route add $HOST via 198.51.100.1 dev u1 proto static metric 50
say update
is "when it returns ours gives way" "$(ours)" ""
say close
has "and it is there at the end" "$(routes $HOST static)" "u1"

# --- leftovers
fresh
ip route add $HOST via 198.51.100.1 dev u1 proto 147
start $HOST
say update
is "a leftover to another gateway is replaced" "$(ours)" \
	"$HOST via 192.0.2.1 dev u0"
say close
fresh
ip route add $HOST via 192.0.2.1 dev u0 proto 147
start $HOST
say update
is "one that is right is taken over" "$(ours)" "$HOST via 192.0.2.1 dev u0"
say close
is "and removed" "$(ours)" ""
fresh
ip route add $HOST via 192.0.2.1 dev u0 proto 147
ip route append $HOST via 192.0.2.9 dev u0 proto 147
ip route append $HOST via 198.51.100.1 dev u1 proto 147
ip route del default
start $HOST
say update
has "with no way left but leftovers, that is said" "$out" "no way to $HOST"
ip route add default via 192.0.2.9 dev u0
say update
is "of three only the right one stays" "$(ours)" "$HOST via 192.0.2.9 dev u0"
say close
is "and goes in the end" "$(ours)" ""

# --- following
fresh
start $HOST
say update
# The kernel tells of new links as late as a second after.
# shellcheck disable=SC2317	# until_ok calls it
settled() { say changed; [ "$out" = "the same" ]; }
until_ok 5 settled
ip -o monitor route > "$TMPDIR/monitor" &
monitor=$!
# shellcheck disable=SC2317	# until_ok calls it
elsewhere() {
	ip route add 233.252.0.1 dev u0
	ip route del 233.252.0.1 dev u0
	grep -q 233.252 "$TMPDIR/monitor"
}
until_ok 20 elsewhere
say changed
is "a route to elsewhere is no news" "$out" "the same"
ip route replace default via 192.0.2.9 dev u0
say changed
is "another default gateway is" "$out" changed
say update
is "the route follows" "$(ours)" "$HOST via 192.0.2.9 dev u0"
until_ok 20 grep -q "Deleted $HOST via 192.0.2.1" "$TMPDIR/monitor"
kill $monitor
has "the new one was there before the old one went" \
	"$(grep -n "$HOST" "$TMPDIR/monitor" | sed 's/:.*Deleted/ del/; s/:.*via/ add/' | tail -2 | tr '\n' ' ')" \
	"add 192.0.2.9.*del"
ip route add default via 198.51.100.1 dev u1 metric 100
say changed; say update
has "a worse default changes nothing" "$(ours)" "via 192.0.2.9 dev u0"
ip link set u0 down
say changed
is "an interface that goes down is noticed" "$out" changed
say update
has "and the other one used" "$(ours)" "via 198.51.100.1 dev u1"
ip link set u1 down
say changed; say update
is "with none left there is no route" "$(ours)" ""
has "and a word of it" "$out" "warning: there is no way to $HOST.*unreachable"
say update
is "not two" "$out" failed
ip link set u1 up
ip route add default via 198.51.100.1 dev u1
say changed; say update
has "until the link returns" "$(ours)" "via 198.51.100.1 dev u1"
ip route add prohibit 203.0.113.0/24
say changed; say update
has "a prohibited network leaves it where it is" "$(ours)" "via 198.51.100.1 dev u1"
ip route del prohibit 203.0.113.0/24
ip route add 203.0.113.0/24 dev u1
say changed; say update
is "a server come on the link needs it no more" "$(ours)" ""
ip route del 203.0.113.0/24 dev u1
say changed; say update
has "and again when it has left" "$(ours)" "via 198.51.100.1 dev u1"
say close

# --- several ways at once
fresh
ip route replace default proto static nexthop via 192.0.2.1 dev u0 nexthop via 198.51.100.1 dev u1
start $HOST
say update
first=$(ours)
has "of two next hops one is chosen" "$first" "via (192.0.2.1 dev u0|198.51.100.1 dev u1)"
say update; say update
is "and kept while it is good" "$(ours | wc -l)" 1
say close
# The weights make it nearly sure that it is not the first.
chosen_stays() {	# chosen_stays CLAIM WORD...: beside u0's gateway, one by these
	fresh
	ip route replace default proto static nexthop via 192.0.2.1 dev u0 \
		weight 1 nexthop "${@:2}" weight 250
	start $HOST
	say update
	first=$(ours)
	say update; say update
	is "$1" "$out: $(ours)" "done: $first"
	say close
}
chosen_stays "and it is the one that the sockets use" via 198.51.100.1 dev u1
chosen_stays "on one link as well" via 192.0.2.9 dev u0
fresh
ip route add default via 198.51.100.1 dev u1 metric 10
start $HOST
say update
has "of two metrics the lower" "$(ours)" "dev u0"
say close
fresh
ip route del default
ip route add default via 192.0.2.1 dev u0 metric 600
start $HOST
say update
ip route add default via 198.51.100.1 dev u1 metric 100
say changed; say update
is "a better uplink that comes later is not the sockets'" \
	"$out: $(ours)" "done: $HOST via 192.0.2.1 dev u0 src 192.0.2.2"
ip route replace default via 192.0.2.9 dev u0 metric 600
say changed; say update
is "another gateway on their own is followed" "$(ours)" \
	"$HOST via 192.0.2.9 dev u0"
ip route add default via 192.0.2.1 dev u0 metric 500
say changed; say update
is "a better one, too" "$(ours)" "$HOST via 192.0.2.1 dev u0"
uplink ppp9 10.0.0.2/32
ip route add default dev ppp9
say changed; say update
is "and none into the tunnel" "$(ours)" "$HOST via 192.0.2.1 dev u0"
ip route del default dev ppp9
ip route add 203.0.113.0/24 via 198.51.100.1 dev u1
say changed; say update
is "a route that says more counts on another" "$(ours)" \
	"$HOST via 198.51.100.1 dev u1"
ip route del 203.0.113.0/24
ip link set u1 down
say changed; say update
has "and their own when it is left alone" "$(ours)" "via 192.0.2.1 dev u0"
ip link set u1 up
ip route add default via 198.51.100.1 dev u1 metric 100
ip link set u0 down
say changed; say update
has "while that is down the better is taken" "$(ours)" "dev u1"
ip link set u0 up
ip route add default via 192.0.2.9 dev u0 metric 600
say changed; say update
is "and left when it returns" "$(ours)" "$HOST via 192.0.2.9 dev u0"
say close
fresh
ip route add default via 198.51.100.1 dev u1 metric 10
start $HOST 198.51.100.2
say update; say update
is "a path that is not by the link of its address is kept as well" \
	"$(ours)" "$HOST via 192.0.2.1 dev u0"
say close

# --- localbind and rtmark
fresh
ip route add default via 198.51.100.1 dev u1 table 100
ip rule add from 198.51.100.2 lookup 100 priority 1000
ip rule add fwmark 7 lookup 100 priority 1001
start $HOST 198.51.100.2
say update
is "along the path of the local address" "$(ours)" \
	"$HOST via 198.51.100.1 dev u1"
say update
is "where it stays" "$out$(ours | wc -l)" "done1"
say close
start $HOST 0.0.0.0 7
say update
has "along the path of the mark" "$(ours)" "via 198.51.100.1 dev u1"
say update
is "and stays there as well" "$out$(ours | wc -l)" "done1"
say close
start $HOST 192.0.2.77
say update
has "a local address that is not ours is said" "$out" "warning: there is no way to $HOST"
say close
ip rule del priority 1000
ip rule del priority 1001

# --- the tunnel itself
fresh
start $HOST
say update
uplink ppp9 10.0.0.2/32
ip route replace default dev ppp9
say changed; say update
has "a default route into the tunnel leaves ours alone" "$(ours)" "via 192.0.2.1 dev u0"
is "without a word, as nothing is wrong" "$out" "done"
ip route add default via 192.0.2.9 dev u0 metric 200
say changed; say update
has "behind it a new gateway is still followed" "$(ours)" "via 192.0.2.9 dev u0"
ip route del default via 192.0.2.9
ip link set u0 down
say changed; say update
is "with the uplink gone it is not added into the tunnel" "$(ours)" ""
has "but warned of" "$out" "warning: $HOST would be reached through the tunnel itself"
say update
is "once" "$out" "done"
stop
fresh
uplink ppp9 10.0.0.2/32
start $HOST
say update
ip route replace default dev ppp9
say changed; say update
ip route del $HOST proto 147
say changed; say update
is "taken away while nothing else leads there, it is put back" "$(ours)" \
	"$HOST via 192.0.2.1 dev u0 src 192.0.2.2"
ip link del u0
say changed; say update
has "unless its link is gone, too" "$out" "through the tunnel itself"
say close

# --- an interface that the kernel does not tell about
fresh
start $HOST
say update
uplink ppp9 10.0.0.2/32
ip route replace default dev ppp9
say changed
for i in 1 2 3; do
	say "lose link $i"
	say update
done
is "an interface that is not known is no uplink" "$(ours)" \
	"$HOST via 192.0.2.1 dev u0 src 192.0.2.2"
say close
fresh
uplink ppp0 10.64.0.2/32
ip route replace default dev ppp0
start $HOST
say "lose link 2"
say update
has "nor is it taken for one from the beginning" "$out" \
	"warning: there is no way to $HOST.*No buffer space"
say update
has "until it is known" "$out" "info: $HOST is reached through ppp0"
say close

fresh
start 192.0.2.7
say update
uplink ppp9 10.0.0.2/32
ip route add 192.0.2.7 dev ppp9 proto kernel
say changed; say update
is "a server that is its own tunnel's far end is pinned to its link" \
	"$(ours 192.0.2.7)" "192.0.2.7 dev u0 scope link src 192.0.2.2"
has "which works" "$(ip -4 route get 192.0.2.7)" "dev u0"
say update
is "and lasts" "$out$(ours 192.0.2.7 | wc -l)" "done1"
has "the tunnel's own route is untouched" "$(routes 192.0.2.7 kernel)" "dev ppp9"
say close
is "until the end" "$(ours 192.0.2.7)" ""
fresh
uplink ppp0 10.64.0.2/32
ip route replace default dev ppp0
start $HOST
say update
has "a way through ppp from the beginning is trusted, with a word" "$out" \
	"info: $HOST is reached through ppp0"
say close
fresh
uplink tun3 10.64.0.2/24
start $HOST
say update
ip route replace default via 10.64.0.1 dev tun3
say changed; say update
has "a tun interface that comes later is not followed" "$(ours)" "via 192.0.2.1 dev u0"
say close

# --- a gateway by IPv6
fresh
if ip -6 addr add 2001:db8::2/64 dev u0 nodad 2>/dev/null &&
	ip route del default &&
	ip -4 route add default via inet6 2001:db8::1 dev u0 2>/dev/null; then
	start $HOST
	say update
	has "a gateway with an IPv6 address" "$(ours)" "via inet6 2001:db8::1 dev u0"
	say close
	is "removed as well" "$(ours)" ""
else
	skip "a gateway with an IPv6 address" "no IPv6 here"
fi

# --- a gateway outside the networks of its link
fresh
ip addr flush dev u0
ip addr add 192.0.2.2/32 dev u0
ip route add default via 172.31.1.1 dev u0 onlink
start $HOST
say update
has "a gateway that is on its link by word only" "$(ours)" \
	"^$HOST via 172.31.1.1 dev u0 src 192.0.2.2 onlink\$"
ip route replace default via 172.31.1.9 dev u0 onlink
say changed; say update
is "is followed" "$(ours)" "$HOST via 172.31.1.9 dev u0 onlink"
say update
is "and no news when asked again" "$out$(ours | wc -l)" "done1"
say close
is "removed as well" "$(ours)" ""
if ip -6 addr add 2001:db8::2/128 dev u0 nodad 2>/dev/null &&
	ip -4 route replace default via inet6 2001:db8:1::1 dev u0 onlink 2>/dev/null; then
	start $HOST
	say update
	has "one with an IPv6 address" "$(ours)" \
		"via inet6 2001:db8:1::1 dev u0 .*onlink"
	say close
	is "removed, too" "$(ours)" ""
else
	skip "one with an IPv6 address" "no IPv6 here"
fi

# --- without the right to
fresh
out=$(printf 'update\nupdate\nclose\n' | setpriv --reuid 65534 --regid 65534 \
	--clear-groups "$DRIVER" $HOST)
is "without CAP_NET_ADMIN there is one warning" \
	"$(grep -c 'warning: cannot add a host route.*not permitted' <<< "$out")" 1
is "and no route" "$(ours)" ""
stop
plan
