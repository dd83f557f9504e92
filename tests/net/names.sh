#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Names: several addresses are tried in turn, IPv6 alone gets a sentence, a
# number needs no resolver, a silent name server is bounded.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash

cat > /run/dns.py <<'PY'
"""A name server, 10.9.0.3; one name is answered late, one never."""
import socket, struct, time
# libc prefers what is more like our own address: the good one, 200, is least.
A = {b"one": [200], b"slow": [200], b"second": [61, 200], b"silenttcp": [62, 200],
     b"third": [63, 61, 200], b"refuses": [64, 200], b"all-bad": [61, 65],
     b"away": [250, 200], b"many": list(range(100, 140)) + [200]}
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("10.9.0.3", 53))
print("ready", flush=True)
while True:
    q, peer = s.recvfrom(512)
    labels, at = [], 12
    while q[at]:
        labels.append(q[at + 1:at + 1 + q[at]].lower())
        at += 1 + q[at]
    kind, = struct.unpack("!H", q[at + 1:at + 3])
    name = labels[0]
    if name == b"nobody-answers":
        continue
    if name == b"slow":
        time.sleep(0.7)
    answers, code = [], 0
    if kind == 1:
        answers = [bytes([10, 9, 0, n]) for n in A.get(name, [])]
    elif kind == 28 and name in (b"six", b"both"):
        answers = [socket.inet_pton(socket.AF_INET6, "2001:db8::1")]
    if kind == 1 and name == b"both":
        answers = [bytes([10, 9, 0, 200])]
    if name == b"missing":
        code = 3
    head = q[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(answers), 0, 0)
    body = q[12:at + 5] + b"".join(
        b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(a)) + a
        for a in answers)
    s.sendto(head + body, peer)
PY
srv ip addr add 10.9.0.3/24 dev v1
for n in 61 62 63 64 65 200; do srv ip addr add 10.9.0.$n/24 dev v1; done
echo 'nameserver 10.9.0.3' > /run/resolv.conf
echo 'hosts: files dns' > /run/nsswitch.conf
printf '127.0.0.1 localhost\n10.9.0.61 from-files\n10.9.0.200 from-files\n' > /run/hosts
over_etc resolv.conf nsswitch.conf hosts
ip netns exec srv python3 /run/dns.py > /run/dns.log 2>&1 &
DNS=$!
until_ok 20 grep -q ready /run/dns.log
# A second name space of `ip netns exec` has its own /etc; ours is used here.
serve addr=10.9.0.200
for how in "62 accept=silent" "63 accept=rst" "64 sccrp=4" "65 accept=http"; do
	# shellcheck disable=SC2086 # words
	set -- $how
	ip netns exec srv python3 tests/net/badserver.py addr=10.9.0.$1 $2 \
		> /run/bad.$1 2>&1 &
	until_ok 20 grep -q ready /run/bad.$1
done

HOST=10.9.0.200
to() {		# to NAME [PPTP OPTION...]
	SERVER=$1
	run --count 5 -- "${@:2}"
}
good='received 5 of 5, ordered, 0 duplicate, 0 bad'
to one.example.org
has "a name with one address" "$out" "$good"
to second.example.org
has "the first of two refuses TCP: the second is tried" "$out" "$good"
has "which is said" "$err" "10.9.0.61 .*refused.*trying the next address of second"
to silenttcp.example.org --timeout 6
has "the first of two is silent: the second is tried" "$out" "$good"
has "which is said" "$err" "10.9.0.62.*trying the next address"
within "in its share of the time" 8
to third.example.org
has "the first of three resets, the second refuses" "$out" "$good"
to refuses.example.org
has "the first of two lets nobody in: the second is tried" "$out" "$good"
to away.example.org --timeout 8
has "the first of two is not there: the second is tried" "$out" "$good"
sleep 1 | "$CLIENT" silenttcp.example.org --nolaunchpppd > /dev/null 2> /run/err
has "pppd goes while the first is tried" "$(< /run/err)" "pppd has gone before the call"
is "pppd goes while the first is tried: no second" \
	"$(grep -c 'the next address' /run/err)" 0
to all-bad.example.org
is "two bad ones: the status of the last" "$status" "$EXIT_NOT_PPTP"
has "two bad ones: both sentences" "$err" "10.9.0.61"
has "two bad ones: both sentences" "$err" "not a PPTP server"
to many.example.org --timeout 5
claim "forty addresses: bounded" test "$took" -le 8
to from-files
has "two addresses in the hosts file" "$out" "$good"
to both.example.org
has "IPv4 and IPv6: IPv4 is used" "$out" "$good"
to six.example.org
is "IPv6 alone: status" "$status" "$EXIT_RESOLVE"
has "IPv6 alone: sentence" "$err" "six.example.org has only IPv6 addresses; PPTP needs IPv4"
to 2001:db8::1
is "an IPv6 number: status" "$status" "$EXIT_RESOLVE"
has "an IPv6 number: sentence" "$err" "is an IPv6 address; PPTP needs IPv4"
to missing.example.org
is "no such name: status" "$status" "$EXIT_RESOLVE"
has "no such name: sentence" "$err" "cannot resolve missing.example.org: "
to "$(printf 'bad\033[31mname')"
is "a name with escapes: status" "$status" "$EXIT_RESOLVE"
is "a name with escapes does not reach the terminal" "$(grep -c $'\x1b' /run/err)" 0
to nobody-answers.example.org --timeout 2
is "a silent name server: status" "$status" "$EXIT_TIMEOUT"
has "a silent name server: sentence" "$err" "no name server answered in time"
within "a silent name server: bounded" 8
until_ok 20 no_process

# The process that asks is stopped: for a while, for good, with its client.
asking() {	# asking NAME [PPTP OPTION...]: $G is the client, $R its resolver
	SERVER=$1
	tunnel one --count 5 -- "${@:2}"
	R=
	until_ok 20 eval 'G=$(gateway_of one); R=$(pgrep -P "$G" -x pptp)'
	claim "a resolver for $1 ($R)" test -n "$R"
}
asking slow.example.org
kill -STOP "$R"; sleep 0.3; kill -CONT "$R"
ended one
has "the resolver stopped for a while: a tunnel" "$(of one)" "$good"
asking slow.example.org
kill -STOP "$R" "$G"; sleep 1; kill -CONT "$G" "$R"
ended one
has "the client and it stopped while the answer comes" "$(of one)" "$good"
began=$SECONDS
asking slow.example.org --timeout 2
kill -STOP "$R"
ended one
took=$((SECONDS - began))
is "the resolver stopped for good: status" "$(status_of one)" "$EXIT_TIMEOUT"
has "the resolver stopped for good: sentence" "$(< /run/one.err)" \
	"no name server answered in time"
within "the resolver stopped for good: bounded" 8
is_clean "the resolver stopped for good: nothing left"

# A number asks nobody: without any file of a resolver, without a name server.
for f in resolv.conf nsswitch.conf hosts; do : > /run/$f; done
kill "$DNS"
to $HOST
has "a number without any resolver" "$out" "$good"
is_clean "nothing left"

# Nor does it need an address of ours, but the loopback's, which has it anyway.
ip addr flush dev v0
ip netns pids srv | xargs -r kill
python3 tests/net/badserver.py addr=127.0.0.5 > /run/server.log 2>&1 &
BAD=$!
until_ok 20 grep -q ready /run/server.log
is "no address but the loopback's" "$(ip -o addr show scope global)" ''
to 127.0.0.5
has "a number without any configured address" "$out" "$good"
has "nor a route" "$(ip -4 route show; echo none)" '^none'
kill "$BAD"; wait "$BAD" 2>/dev/null
is_clean "nothing left"
plan
