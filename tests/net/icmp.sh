#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# ICMP of every type at the raw socket and the control connection, paths that
# come and go, and the loss of our own address.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash
all() { echo "received $1 of $1, ordered, 0 duplicate, 0 bad"; }
lines() { grep -c "$1" "/run/$2.err"; }

cat > /run/icmp.py <<'PY'
"""icmp.py PORT - ICMP from the server about our GRE and our TCP packets."""
import socket, struct, sys, time

us, server = (socket.inet_aton(x) for x in ("10.9.0.1", "10.9.0.2"))
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)

def total(data):
    data += b"\0" * (len(data) & 1)
    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    s = (s >> 16) + (s & 0xFFFF)
    return ~(s + (s >> 16)) & 0xFFFF

def quote(protocol, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, 0, 64,
                       protocol, 0, us, server)
    return head[:10] + struct.pack("!H", total(head)) + head[12:] + payload

gre = quote(47, struct.pack("!HHHHI", 0x3001, 0x880B, 0, 1, 1))
tcp = quote(6, struct.pack("!HHII", int(sys.argv[1]), 1723, 0, 0) + bytes(8))
n = 0
for kind in range(256):
    for code in range(16) if kind in (3, 5, 11, 12) else (0, 1):
        for inner in (gre, tcp, gre[:24], b""):
            for word in (b"\0\0\0\0", b"\0\0\0\x44", b"\0\0\x02\x40"):
                body = struct.pack("!BBH", kind, code, 0) + word + inner
                body = body[:2] + struct.pack("!H", total(body)) + body[4:]
                raw.sendto(body, ("10.9.0.1", 0))
                n += 1
    time.sleep(0.002)
print(n)
PY
serve
tunnel one --count 300 --gap 0.01 --hold 4 -- --debug
claim "a tunnel is up" up one
port=$(ss -Htn dst $SERVER | awk '{ sub(/.*:/, "", $4); print $4 }')
sent=$(srv python3 /run/icmp.py "${port:-1}")
claim "ICMP of every type and code was sent ($sent)" test "${sent:-0}" -ge 3000
G=$(gateway_of one)
is "no spin afterwards" "$(($(busy "$G") > 30))" 0
ended one 20
is "the tunnel carries on: status" "$(status_of one)" 0
n=$(of one | sed -n 's/^received \([0-9]*\) of 300, ordered, 0 dup.*, 0 bad/\1/p')
claim "a packet or another is lost, no more (${n:-none} of 300)" \
	test "${n:-0}" -ge 250
for text in "Protocol error" "No route to host"; do
	has "it is said that packets were lost: $text" "$(< /run/one.err)" \
		"a packet was lost: $text "
done
claim "but not each time ($(lines 'a packet was lost' one) times)" \
	test "$(lines 'a packet was lost' one)" -le 12
is_clean "nothing left"

# Small path: packets are fragmented rather than lost.
ip link set v0 mtu 600; srv ip link set v1 mtu 600
run --count 30 --size 1400 --
has "an MTU of 600: large frames arrive" "$out" "$(all 30)"
ip link set v0 mtu 1500; srv ip link set v1 mtu 1500

# Paths that come and go.  Each loses what is sent meanwhile, at most; ERROR is
# what the system said, or nothing.
survives() {	# survives WHAT ERROR DO UNDO
	tunnel one --count 150 --gap 0.01 --quiet 1 -- --debug
	up one
	sleep 0.2
	eval "$3"; sleep 0.4; eval "$4"
	local n; n=$(figure soft_errors)
	ended one 20
	if [ -n "$2" ]; then
		has "$1: it is said" "$(< /run/one.err)" "$2 "
		claim "$1: but once" test "$(lines "$2" one)" = 1
		claim "$1: and counted ($n)" test "${n:-0}" -gt 1
	fi
	is "$1: the tunnel goes on" "$(status_of one)" 0
	has "$1: and carries data again" "$(of one)" \
		'^received ([5-9][0-9]|1[0-4][0-9]|150) of 150, ordered, 0 duplicate, 0 bad'
	is_clean "$1: nothing left"
}
for how in "prohibit Permission denied" "unreachable No route to host" \
	"blackhole Invalid argument" "throw Network is unreachable"; do
	survives "${how%% *}" "a packet was lost: ${how#* }" \
		"ip route add ${how%% *} $SERVER/32" \
		"ip route del ${how%% *} $SERVER/32"
done
nowhere="a packet was lost: Network is unreachable"
survives "no route at all" "$nowhere" "ip route del 10.9.0.0/24 dev v0" \
	"ip route add 10.9.0.0/24 dev v0 src 10.9.0.1"
survives "link down and up" "$nowhere" "ip link set v0 down" "ip link set v0 up"
survives "the far link down and up" '' "srv ip link set v1 down" \
	"srv ip link set v1 up"
survives "no ARP" '' "ip neigh replace $SERVER lladdr 02:00:00:00:00:99 dev v0" \
	"ip neigh del $SERVER dev v0"
survives "another address beside" '' "ip addr add 10.9.0.77/24 dev v0" \
	"ip addr del 10.9.0.77/24 dev v0"
survives "our address gone for a moment" "$nowhere" \
	"ip addr del 10.9.0.1/24 dev v0" "ip addr add 10.9.0.1/24 dev v0"
if command -v nft > /dev/null; then
	nft add table ip t
	nft add chain ip t o '{ type filter hook output priority 0; }'
	survives "a packet filter" "this host.s own firewall does not let GRE out" \
		"nft add rule ip t o ip protocol 47 drop" "nft flush chain ip t o"
	nft delete table ip t
else skip "a packet filter" "no nft"; fi

# What a raw socket is hardly ever told, by a library in between.
head -c 8 /dev/zero > /run/senderror
refuse() {	# refuse ERROR TIMES
	python3 -c 'import struct, sys
with open("/run/senderror", "r+b") as f:
    f.write(struct.pack("ii", *map(int, sys.argv[1:])))' "$@"
}
library senderror
BEFORE="env LD_PRELOAD=/run/senderror.so"
survives EMSGSIZE "Message too long" "refuse 90 1000000" "refuse 0 0"
survives ENOBUFS "No buffer space available" "refuse 105 1000000" \
	"refuse 0 0"
# The socket's, not the packet's: it is sent again.
tunnel one --count 400 --gap 0.01 --hold 4 --
up one
told() { [ "$(od -An -j 4 -t d4 /run/senderror)" -eq 0 ]; }
for e in 71 90 105; do refuse $e 1; until_ok 20 told; done
n=$(figure soft_errors)
ended one 20
is "errors that are told once are counted" "$n" 3
has "errors that are told once lose nothing" "$(of one)" "$(all 400)"
BEFORE=

# Our address is another one now; the tunnel is idle.
tunnel one --count 1 --end wait -- --debug
up one
sleep 0.5
ip addr add 10.9.0.33/32 dev v0
ip addr del 10.9.0.1/24 dev v0
claim "address changed: it ends" ended one 20
is "address changed: status" "$(status_of one)" "$EXIT_LOST"
has "address changed: sentence" "$(< /run/one.err)" \
	"local address it uses is gone"
has "address changed: a hangup for pppd" "$(of one)" ^hangup
is_clean "address changed: nothing left"
ip addr flush dev v0; ip addr add 10.9.0.1/24 dev v0

# An address that no interface has, but a route makes local.
ip route add local 192.0.2.0/24 dev lo
srv ip route add 192.0.2.0/24 via 10.9.0.1
tunnel one --count 5 --end wait -- --localbind 192.0.2.7
up one
ip addr add 10.9.0.44/32 dev v0
sleep 3
claim "local by a route alone: other addresses change, it stays" \
	test -z "$(status_of one)"
kill "${FEED[one]}"
is_clean "local by a route alone: nothing left"
ip route del local 192.0.2.0/24 dev lo; ip addr del 10.9.0.44/32 dev v0

# Without GRE: ICMP says so at once, silence after a while.
srv sysctl -q net.ipv4.icmp_ratelimit=0
serve gre=silent
if command -v nft > /dev/null; then
	srv nft add table ip t
	srv nft add chain ip t i '{ type filter hook input priority 0; }'
	srv nft add rule ip t i ip protocol 47 reject with icmp type prot-unreachable
	run --wait 3 --
	has "GRE rejected by ICMP: the sentence" "$err" \
		"GRE is blocked: ICMP protocol-unreachable came from $SERVER"
	is "GRE rejected by ICMP: status" "$status" "$EXIT_GRE_BLOCKED"
	srv nft delete table ip t
else skip "GRE rejected by ICMP" "no nft"; fi
is_clean "nothing left"
plan
