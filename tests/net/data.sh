#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The data path against a server that plays tricks with GRE.
. "$(dirname "$0")/lib.sh"

# data TRICK PATTERN [PTYFEED OPTION...]
data() {
	local trick=$1 pattern=$2; shift 2
	serve "gre=$trick"
	run --count 100 "$@" --
	has "$trick${*:+ ($*)}" "$out" "$pattern"
	is "$trick: ends well" "$status" 0
}
all='received 100 of 100, ordered, 0 duplicate, 0 bad'
for size in 8 9 64 576 1400 1532 2000; do data echo "$all" --size $size; done
data echo "$all" --burst 10
data echo "$all" --fd pipes --burst 25
data dup "$all"
data swap "$all"
# What is late waits for the clock: on a busy machine it may come too late.
for try in 1 2 3; do
	serve gre=late
	run --count 100 --
	grep -qE "$all" <<< "$out" && break
done
has "late, try $try" "$out" "$all"
is "late: ends well" "$status" 0
data wrap "$all"
data first1 "$all"
data noack "$all"
data truncated "$all"
data alien "$all"
data far "$all"
data behind "$all"
data lying "$all"
srv ip addr add 10.9.0.3/24 dev v1
data stranger "$all"
srv ip addr del 10.9.0.3/24 dev v1
# The number begins anew: at most a packet or two are lost, no more.
data restart 'received (9[7-9]|100) of 100, ordered, 0 duplicate, 0 bad'
is_clean "nothing left"

serve
run --count 100 --hold 2 --
is "no packet of ours is odd" "$(count '^gre odd')" 0
is "our numbers have no gap" "$(served | awk '/^gre seq/ { if ($3 != n++) bad++ }
	END { print bad + 0 }')" 0
claim "the server's packets are acknowledged" test "$(count '^gre ack')" -ge 10
last=$(served | sed -n 's/^gre ack \([0-9]*\) .*/\1/p' | tail -n 1)
is "the last acknowledgement covers all" "$last" 100

serve early=1
run --count 20 --
has "a packet that came before the reply is not lost" "$out" ', 1 other$'
has "and disturbs nothing" "$out" "received 20 of 20, ordered, .* 0 bad"

# Soft errors: a lost packet each, never the end.
serve
python3 tests/net/ptyfeed.py --count 300 --gap 0.01 --quiet 3 "$CLIENT" \
	$SERVER --nolaunchpppd > /run/out 2> /run/err &
until_ok 20 grep -q ^up /run/out
sleep 0.5
ip route add prohibit $SERVER/32; sleep 0.3; ip route del prohibit $SERVER/32
sleep 0.2
if command -v nft > /dev/null; then
	nft add table ip t
	nft add chain ip t o '{ type filter hook output priority 0; }'
	nft add rule ip t o ip protocol 47 drop; sleep 0.3
	nft flush chain ip t o
	srv nft add table ip t
	srv nft add chain ip t i '{ type filter hook input priority 0; }'
	for code in prot-unreachable host-unreachable admin-prohibited; do
		srv nft add rule ip t i ip protocol 47 reject with icmp type $code
		sleep 0.2
		srv nft flush chain ip t i
	done
	srv nft delete table ip t
	nft delete table ip t
fi
ip link set v0 down; sleep 0.3; ip link set v0 up
until_ok 20 grep -q ^exit /run/out
has "unroutable, filtered, rejected by ICMP, link down: the tunnel goes on" \
	"$(cat /run/out)" "^exit 0 "
has "and carries data again" "$(cat /run/out)" \
	'^received (1[0-9][0-9]|2[0-9][0-9]) of 300, ordered, 0 duplicate, 0 bad'
is_clean "nothing left"
plan
