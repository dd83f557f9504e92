#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# limit: 3600
# Whole tunnels in two guests, a processor each: either path carries TCP both
# ways, against pptpd and against a server whose data the kernel carries; and
# the one that --data-path=auto takes with it (e2e/kernel) is not the slower.  On
# a wire of 20 Mbit/s with a queue it fills the wire, and a ping beside that
# waits no longer than on the bare wire beside a transfer.
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
[ -f pptp.so ] || skip_all "no pptp.so: pppd's headers are missing (ppp-dev)"
[ "$(id -u)" = 0 ] || skip_all "the wire between two guests needs root"
for c in iperf3 pptpd linux.uml; do
	PATH=$PATH:/usr/sbin command -v $c > /dev/null || skip_all "no $c"
done
two() {	# two NET CLIENTS
	CLIENT=${CLIENT:-$PWD/pptp} T_SERVERS='pptpd kernel' T_CRYPT=mppe \
		T_NETS=$1 T_CLIENTS=$2 T_ROUNDS=3 T_SECS=3 UML_S=1700 \
		tests/rig/two tests/bench/two > "$tap_out" 2>&1
	sed 's/^/# /' "$tap_out"
}
two clean 'kernel pty'

flows() { grep -c "^$1 mppe clean $2 tcp.* [0-9]" "$tap_out"; }
percent() {	# percent SERVER A B: A's TCP of B's, geometric means
	awk -v s="$1" -v a="$2" -v b="$3" '$1 == s && $5 ~ /^tcp/ && $6 > 0 {
		n[$4]++; sum[$4] += log($6) }
	END { if (n[a] * n[b] > 0)
		print int(100 * exp(sum[a] / n[a] - sum[b] / n[b]))
	else print 0 }' "$tap_out"
}
for server in pptpd kernel; do
	for client in kernel pty; do
		is "$server, $client: TCP by one flow and eight, each way" \
			"$(flows $server $client)" 12
	done
done
p=$(percent pptpd pty kernel)
is "pptpd: auto's path, the pty, carries $p % of what the other does" \
	"$((p >= 90))" 1
p=$(percent kernel kernel pty)
is "a kernel's server: auto's path, the kernel, carries $p % of the other" \
	"$((p >= 90))" 1

two slow 'wire kernel pty'
median() {	# median SERVER CLIENT WHAT: of its rounds, without a fraction
	awk -v s="$1" -v c="$2" -v w="$3" '$1 == s && $4 == c && $5 == w {
		print $6 }' "$tap_out" | sort -n | awk '{ v[NR] = $1 }
		END { print int(v[int((NR + 1) / 2)]) }'
}
for which in 'pptpd pty' 'kernel kernel'; do
	for way in out in; do
		# shellcheck disable=SC2086 # two words
		m=$(median $which tcp-$way)
		is "$which, 20 Mbit/s: TCP $way carries $m" "$((m >= 17))" 1
		# shellcheck disable=SC2086 # two words
		m=$(median $which ping-$way-p50) w=$(median "${which% *}" wire \
			ping-$way-p50)
		is "$which: a ping beside it takes $m ms, on the wire $w" \
			"$((m > 0 && w > 0 && m <= w + 3))" 1	# of three
	done
done
plan
