#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Servers that refuse, fall silent or speak something else: a sentence, a
# status, bounded time, and nothing left behind.
. "$(dirname "$0")/lib.sh"

# A failing client lives for two seconds: so each case has a server with an
# address of its own, and all run at once.
# bad STATUS PATTERN SECONDS OPTIONS SERVER-ARGUMENT...
cases=0
bad() {
	local addr=10.9.0.$((100 + cases)) d=/run/case.$cases
	cases=$((cases + 1))
	mkdir $d
	printf '%s\n' "$@" > $d/case
	srv ip addr add $addr/24 dev v1
	(
		ip netns exec srv python3 tests/net/badserver.py addr=$addr \
			"${@:5}" > $d/log 2>&1 &
		until_ok 20 grep -q ready $d/log
		began=${EPOCHREALTIME/./}
		# shellcheck disable=SC2086 # words
		"$CLIENT" $addr --nolaunchpppd $4 < /run/quiet > $d/out 2> $d/err
		echo $? > $d/status
		echo $(((${EPOCHREALTIME/./} - began) / 1000)) > $d/ms
	) &
	pids+=($!)
}
# Standard input that never says anything, and never ends.
mkfifo /run/quiet
exec 9<> /run/quiet
pids=()

bad "$EXIT_REFUSED" "refused the connection" 4 '' sccrp=2 error=4
bad "$EXIT_REFUSED" "already" 4 '' sccrp=3
bad "$EXIT_REFUSED" "authori[sz]ed" 4 '' sccrp=4
bad "$EXIT_REFUSED" "version" 4 '' sccrp=5
bad "$EXIT_REFUSED" "result 77" 4 '' sccrp=77
bad "$EXIT_REFUSED" "refused the c" 4 '' sccrp=stop
bad "$EXIT_REFUSED" "closed the connection" 4 '' sccrp=fin
bad "$EXIT_REFUSED" "closed the connection" 4 '' accept=close
bad "$EXIT_CALL_REFUSED" "resource" 4 '' ocrp=2 error=4
bad "$EXIT_CALL_REFUSED" "carrier" 4 '' ocrp=3
bad "$EXIT_CALL_REFUSED" "busy" 4 '' ocrp=4
bad "$EXIT_CALL_REFUSED" "dial tone" 4 '' ocrp=5
bad "$EXIT_CALL_REFUSED" "time" 4 '' ocrp=6
bad "$EXIT_CALL_REFUSED" "prohibited" 4 '' ocrp=7
bad "$EXIT_CALL_REFUSED" "refused the call" 4 '' ocrp=cdn
bad "$EXIT_CALL_REFUSED" "server" 4 '' ocrp=fin
bad "$EXIT_TIMEOUT" "Start-Control-Connection-Re" 7 '--timeout 3' accept=silent
bad "$EXIT_TIMEOUT" "Start-Control-Connection-Re" 7 '--timeout 3' sccrp=trickle
bad "$EXIT_TIMEOUT" "Outgoing-Call-Re" 7 '--timeout 3' ocrp=silent
bad "$EXIT_NOT_PPTP" "100 octets instead of 156" 4 '' sccrp=short
bad "$EXIT_REFUSED" "closed the connection" 4 '' sccrp=rst
bad "$EXIT_REFUSED" "closed the connection" 4 '' accept=rst
bad "$EXIT_LOST" "reset" 4 '' ocrp=rst
for how in http tls junk magic len0 len11 len65535; do
	bad "$EXIT_NOT_PPTP" "not a PPTP server" 4 '' accept=$how
done
bad "$EXIT_CONNECT" "refused" 4 '--connect-port 9'

wait "${pids[@]}"
for ((i = 0; i < cases; i++)); do
	d=/run/case.$i
	mapfile -t c < $d/case
	what="${c[*]:4}${c[3]:+ ${c[3]}}"
	is "$what: status" "$(cat $d/status)" "${c[0]}"
	has "$what: sentence" "$(cat $d/err)" "${c[1]}"
	is "$what: nothing but PPP on standard output" "$(wc -c < $d/out)" 0
	took=$((($(cat $d/ms) + 999) / 1000))
	within "$what: in time" $((c[2] + 4))
	claim "$what: lived two seconds" test "$(cat $d/ms)" -ge 1990
done
is_clean "nothing is left"

# An address nobody has.
srv ip addr flush dev v1
run --wait 20 -- --timeout 3
is "no such host: status" "$status" "$EXIT_CONNECT"
within "no such host: in time" 7
is_clean "no such host: nothing left"
plan
