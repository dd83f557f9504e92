#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# A way to the server that takes 1450 octets and neither fragments nor tells
# anybody: what the launch form chooses fits it, by the pty and by the kernel;
# the user's own words win; and under `pty`, where pppd chooses, it is said.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
transfer_server
# shellcheck disable=SC2206 # words
words=($PPPD nodetach)
modules=/usr/lib/uml/modules/$(uname -r)/kernel/net/sched
for m in sch_ingress cls_matchall act_police; do
	for f in "$modules/$m".ko*; do
		[ ! -f "$f" ] || insmod "$f" 2> /dev/null
	done
done

# narrow DEVICE [COMMAND...]: what comes in longer than 1450 (and 14) is lost
narrow() {
	local dev=$1; shift
	"$@" tc qdisc add dev "$dev" clsact &&
		"$@" tc filter add dev "$dev" ingress matchall action police \
			rate 1gbit burst 1m mtu 1464 conform-exceed drop/pass
}
narrow v0 && narrow v1 srv ||
	{ echo "Bail out! this kernel's tc cannot drop by length"; exit 1; }
claim "the way takes 1450 octets" ping -c 1 -W 2 -M "do" -s 1422 -q $SERVER
out=$(ping -c 1 -W 1 -M "do" -s 1423 $SERVER 2>&1)
is "and loses 1451" $? 1
is "without a word" "$(grep -ci 'frag\|mtu\|unreachable\|buffer' <<< "$out")" 0

interface() { tunnels | cut -d' ' -f1; }
mtu() { cat "/sys/class/net/$(interface)/mtu"; }
their_mtu() { srv cat "/sys/class/net/$(srv ls /sys/class/net | grep ppp)/mtu"; }
# moves CLAIM put|get [STATUS]: 1 MB in 15 s, or not (124)
moves() {
	out=$(timeout 15 python3 "$rig/transfer.py" "$2" $INSIDE 5000 1 2>&1)
	is "$1" "$? ${out/*checksums/checksums}" "${3:-0 checksums agree}"
}
launch() { "$CLIENT" $SERVER "$@" > /run/client.out 2> /run/client.err & P=$!; }

launch "${words[@]}"
claim "the launch form: up" until_ok 20 up
has "its MTU, MPPE's 4 octets taken off or not" "$(mtu)" '^(1400|1396)$'
has "and so the server's" "$(their_mtu)" '^(1400|1396)$'
moves "1 MB to the server" put
moves "1 MB from the server" get
end $P
is_clean "its end leaves nothing"

launch "${words[@]}" mtu 1300 mru 1300
claim "with the user's own mtu and mru: up" until_ok 20 up
has "which win" "$(mtu)" '^(1300|1296)$'
has "and so the server's" "$(their_mtu)" '^(1300|1296)$'
end $P
is_clean "its end leaves nothing"

printf '%s\n' mtu 1200 > /etc/ppp/peers/small
launch call small "${words[@]}"
claim "with an mtu in a peers file: up" until_ok 20 up
has "which wins" "$(mtu)" '^(1200|1196)$'
end $P
is_clean "its end leaves nothing"

ip route add $SERVER/32 dev v0 mtu 1300
launch "${words[@]}"
claim "a route of 1300: up" until_ok 20 up
has "60 octets less" "$(mtu)" '^(1240|1236)$'
moves "1 MB from the server" get
end $P
ip route del $SERVER/32
is_clean "its end leaves nothing"

# --- the kernel's path ---
if plugin_here; then
	launch --data-path=kernel "${words[@]}"
	claim "by the kernel: up" until_ok 20 up
	has "its MTU" "$(mtu)" '^(1400|1396)$'
	moves "1 MB to the server" put
	moves "1 MB from the server" get
	end $P
	is_clean "its end leaves nothing"
	launch --data-path=kernel "${words[@]}" mtu 1300
	claim "by the kernel, the user's own mtu: up" until_ok 20 up
	has "which wins" "$(mtu)" '^(1300|1296)$'
	end $P
	is_clean "its end leaves nothing"
else
	skip "by the kernel" "no pptp.so: pppd's headers are missing (ppp-dev)"
fi

# --- under `pty` pppd chooses, and nobody hears of the loss ---
# shellcheck disable=SC2086 # words
pppd pty "$CLIENT $SERVER --nolaunchpppd" $PPPD nodetach mtu 1400 mru 1400 \
	> /run/client.out 2> /run/client.err &
P=$!
claim "under pty, with mtu 1400 mru 1400: up" until_ok 20 up
moves "1 MB from the server" get
is "nothing is said of it" "$(grep -c 'sent in two' /run/syslog)" 0
end $P
is_clean "its end leaves nothing"

# shellcheck disable=SC2086 # words
pppd pty "$CLIENT $SERVER --nolaunchpppd" $PPPD nodetach \
	> /run/client.out 2> /run/client.err &
P=$!
claim "under pty, without: up" until_ok 20 up
moves "1 MB to the server does not arrive" put "124 "
is "it is said, once" "$(grep -c 'sent in two' /run/syslog)" 1
logged "with what to do" 'packets of 15[0-9]+ octets leave, and the way there takes 1500: each is sent in two; give pppd mtu 1400 and mru 1400'
end $P
is_clean "its end leaves nothing"
((tap_bad == 0)) || logs
plan
