#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The options for the data: each beside what happens without it.
# alone: it measures milliseconds
. "$(dirname "$0")/lib.sh"
syslog_on

# Of ten packets the third comes five packets later.  The wait
# for it grows as it is seen to be worth it.
serve gre=late
got() { sed -n 's/^received \([0-9]*\) .* ordered, .*/\1/p' <<< "$out"; }
slowest() { sed -n 's/^slowest \([0-9]*\)\.\(...\),.*/\1\2/p' <<< "$out"; }
late() { run --count 80 --gap 0.03 --quiet 0.5 -- "$@"; }
late
claim "packets 0.15 s late are waited for ($(got) of 80 came)" \
	test "$(got)" -ge 75
claim "and others wait behind them ($(slowest) ms)" \
	test "$((10#$(slowest)))" -gt 130
late --reorder-timeout 0.05
claim "--reorder-timeout 0.05: not for so long ($(got))" test "$(got)" -le 73
late --timeout 0.05
claim "--timeout 0.05 means the same ($(got))" test "$(got)" -le 73
has "and says so" "$err" 'taken as --reorder-timeout 0.05'
late --nobuffer
claim "--nobuffer: what is late is dropped ($(got))" test "$(got)" -le 73
claim "--nobuffer: what is early is passed on at once ($(slowest) ms)" \
	test "$((10#$(slowest)))" -lt 130

jumps() {
	serve gre=skip
	python3 tests/net/ptyfeed.py --count 40 --gap 0.01 --hold 3 "$CLIENT" \
		$SERVER --nolaunchpppd "$@" > /run/out 2>&1 &
	local p=$!
	until_ok 20 eval '[ "$(count "^gre seq")" -ge 41 ]'
	sleep 0.3
	n=$("$CLIENT" --status=json | sed -n 's/.*rx_lost": \([0-9]*\).*rx_jumps": \([0-9]*\).*/\1 \2/p')
	wait $p
}
jumps
is "20 numbers missing: lost, and no jump" "$n" "20 0"
jumps --missing-window 10
is "--missing-window 10: taken for a jump" "$n" "20 1"
has "and no packet is lost by that" "$(cat /run/out)" \
	"received 40 of 40, ordered"

acks() { run --count 2 --quiet 0.5 -- "$@"; n=$(count '^gre ack .* alone'); }
serve gre=flood; acks; few=$n
serve gre=flood; acks --window 2
claim "--window 2: acknowledged sooner than with 64 ($n and $few acks)" \
	test "$n" -gt $((few * 2))
claim "--window 2: at once, each of the forty" test "$n" -ge 36

run -- --test-type 1 --test-rate 10
has "--test-type: refused, tc-netem is named" "$status $err" "^2 .*tc-netem"
is_clean "nothing left"

plan
