#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each exit status from a situation that means it, with its sentence; GRE that
# is blocked; and how long standard error stays open.
. "$(dirname "$0")/lib.sh"
ppp_here
syslog_on
mkdir /run/bin
cp "$CLIENT" /run/bin/pptp
CLIENT=/run/bin/pptp
mkfifo /run/quiet		# a pppd that says nothing, and never ends
exec 9<> /run/quiet

# The cases run at once, each with a server of its own.
# situation STATUS SENTENCE SERVER-ARGUMENTS COMMAND...; @ is the server's address
cases=0
pids=()
situation() {
	local addr=10.9.0.$((100 + cases)) d=/run/case.$cases
	cases=$((cases + 1))
	mkdir $d
	printf '%s\n' "$1" "$2" "${*:4} [$3]" > $d/case
	srv ip addr add $addr/24 dev v1
	(
		# shellcheck disable=SC2086 # words
		[ "$3" = none ] || { ip netns exec srv \
			python3 tests/net/badserver.py addr=$addr $3 > $d/log 2>&1 &
		until_ok 20 grep -q ready $d/log; }
		"${@:4}" < /run/quiet > $d/out 2> $d/err
		echo $? > $d/status
	) &
	pids+=($!)
	at=10.9.0.$((100 + cases))
}
at=10.9.0.100
feed() {
	local fed
	fed=$(python3 tests/net/ptyfeed.py --count 1 --wait 14 "$@")
	echo "$fed"
	return "$(sed -n 's/^exit \([0-9]*\) .*/\1/p' <<< "$fed")"
}
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
no_pppd() { unshare -m bash -c 'mount --bind /dev/null /usr/sbin/pppd; "$@"' sh "$@"; }

# Packets to it are sent, and that is all.
ip neigh add 10.9.0.99 lladdr 02:00:00:00:00:99 dev v0
situation 0 '' '' feed "$CLIENT" $at --nolaunchpppd
if [ -e /usr/sbin/pppd ]; then
	situation 1 'cannot run /usr/sbin/pppd: Permission denied' '' \
		no_pppd "$CLIENT" $at
fi
situation 2 "'--nolaunch-pppd' is not an option; did you mean '--nolaunchpppd'" \
	none "$CLIENT" $at --nolaunch-pppd
situation 3 'cannot resolve nowhere.invalid: .*check the name' none \
	"$CLIENT" nowhere.invalid
situation 4 'raw socket for GRE: CAP_NET_RAW is missing; run as root, or .*setcap' \
	'' nobody "$CLIENT" $at
situation 5 'port 1723: Connection refused .is a PPTP server' none "$CLIENT" $at
situation 5 'No route to host .is that machine on, and the address right. ping it' none "$CLIENT" 10.9.0.98
situation 5 'no answer within 2 s .is TCP port 1723 blocked' none \
	"$CLIENT" 10.9.0.99 --timeout 2
situation 6 'not a PPTP server: it answers like' accept=http "$CLIENT" $at
situation 7 'refused the connection: .*result 4' sccrp=4 "$CLIENT" $at
situation 8 'refused the call: busy' ocrp=4 "$CLIENT" $at
# In whole seconds, of what was left of the time when they began to wait.
situation 9 'no Start-Control-Connection-Reply from .* within 1 s .it takes the connection and says nothing: is that a PPTP server' \
	accept=silent "$CLIENT" $at --timeout 1
situation 9 'no Outgoing-Call-Reply from .* within 2 s .it answers, but not to a call' \
	ocrp=silent "$CLIENT" $at --timeout 2
# Without data: standard error is given up with the first.
situation 10 'down: the server ended the call' after=cdn \
	feed --count 0 --end wait "$CLIENT" $at --nolaunchpppd
situation 11 'down: .*reset' after=rst \
	feed --count 0 --end wait "$CLIENT" $at --nolaunchpppd
situation 12 'GRE is blocked: the call is up but within 10 s no packet came from .*, although its TCP port answers; usual causes: a firewall here or on the way does not pass IP protocol 47, or a NAT router has no PPTP helper' \
	gre=silent feed "$CLIENT" $at --nolaunchpppd
blocked=/run/case.$((cases - 1)) blocked_addr=10.9.0.$((99 + cases))
situation 12 'GRE is blocked: ICMP protocol-unreachable came from' \
	gre=unreach feed --wait 3 "$CLIENT" $at --nolaunchpppd
unreach=/run/case.$((cases - 1))
# An Echo-Request takes its time while data flows.
situation 0 '' after=trickle feed --count 80 --gap 0.2 --hold 1 \
	"$CLIENT" $at --nolaunchpppd
trickle=/run/case.$((cases - 1))

# Meanwhile: standard error, as a pipe that somebody waits for the end of.
serve addr=10.9.0.2
frame=/run/lcp
python3 - > $frame <<'END'
import sys
sys.path.insert(0, "tests/net")
import ptyfeed
for frame in b"\xff\x03\xc0\x21\1\1\0\4", b"\xff\x03\0\x21\x45\0\0\4":
    sys.stdout.buffer.write(ptyfeed.encode(frame))
END
listen_to() {	# listen_to NAME OPTION...: starts a client
	local name=$1; shift
	mkfifo /run/$name.{in,err}
	(cat /run/$name.err > /run/$name.said; : > /run/$name.eof) 9<&- &
	"$CLIENT" $SERVER --nolaunchpppd "$@" < /run/$name.in \
		> /run/$name.out 2> /run/$name.err 9<&- &
	pid=$!
	exec 8> /run/$name.in
	until_ok 20 eval '[ "$(count "^rx OCRQ")" -ge 1 ]'
	sleep 0.2
}
listen_to a
claim "before the first data standard error is open" test ! -e /run/a.eof
has "and led where it did" "$(readlink /proc/$pid/fd/2)" 'a.err'
cat $frame >&8
claim "with the first data it ends, in all processes" \
	until_ok 20 test -e /run/a.eof
claim "it was closed" eval '[ -e /proc/$pid/fd/0 ] && [ ! -e /proc/$pid/fd/2 ]'
claim "the tunnel goes on" kill -0 $pid
exec 8>&-
wait $pid
serve addr=10.9.0.2
listen_to b --debug
cat $frame >&8
until_ok 20 grep -q 'received a frame' /run/b.said
claim "under --debug as well, if it is a pipe: its reader may wait" \
	until_ok 20 test -e /run/b.eof
exec 8>&-
wait $pid

for mistake in --wrong --data-path=kernel; do
	began=${EPOCHREALTIME/./}
	"$CLIENT" $SERVER --nolaunchpppd $mistake < /run/quiet 2> /run/err
	ms=$(((${EPOCHREALTIME/./} - began) / 1000))
	claim "$mistake under --nolaunchpppd lives 2 s ($ms ms)" \
		test $ms -ge 1990
done
began=${EPOCHREALTIME/./}
"$CLIENT" $SERVER --wrong < /run/quiet 2> /run/err
ms=$(((${EPOCHREALTIME/./} - began) / 1000))
claim "without it no longer than it takes ($ms ms)" test $ms -lt 1900

# As under pppd's plugin, and the server clears the call at once.
library channel
serve addr=10.9.0.2 after=cdn
began=${EPOCHREALTIME/./}
LD_PRELOAD="$LD_PRELOAD /run/channel.so" python3 -c 'import socket, subprocess, sys
ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
sys.exit(subprocess.call(sys.argv[1:], stdin=its))' "$CLIENT" $SERVER \
	--nolaunchpppd --data-path=kernel 2> /run/err
is "the kernel's path: a call that is cleared" $? "$EXIT_SERVER_ENDED"
ms=$(((${EPOCHREALTIME/./} - began) / 1000))
claim "it lives 2 s as well ($ms ms)" test $ms -ge 1990

# The one that waits for 10 s: nothing is said before, and it ends there.
wait "${pids[@]}"
for ((i = 0; i < cases; i++)); do
	d=/run/case.$i
	mapfile -t c < $d/case
	is "status ${c[0]}: ${c[2]}" "$(cat $d/status)" "${c[0]}"
	case ${c[0]} in
	0) is "it says nothing" "$(cat $d/err)" '' ;;
	2) is "a sentence and a line of usage" "$(wc -l < $d/err)" 2 ;;
	10|11) ;;
	*) is "in one sentence" "$(wc -l < $d/err)" 1 ;;
	esac
	[ -z "${c[1]}" ] || has "which says why" "$(cat $d/err)" "${c[1]}"
done
has "GRE blocked is in the log as well" "$(grep "$blocked_addr" /run/syslog)" \
	'^<27>pptp.*GRE is blocked: the call is up'
is "once" "$(grep -c "GRE is blocked.*$blocked_addr" /run/syslog)" 1
has "an Echo-Request that comes an octet a second is answered" \
	"$(< $trickle/log)" 'rx EchoRP length 20'
has "and all data arrives meanwhile" "$(< $trickle/out)" \
	'received 80 of 80, ordered, 0 duplicate, 0 bad'
claim "the sentence on ICMP came at once, not after ten seconds" \
	test $unreach/err -ot $blocked/err
all=$(seq -s ' ' 0 12)
[ -e /usr/sbin/pppd ] || all=${all/ 1 / }
is "statuses met: all of them" "$(cat /run/case.*/status | sort -nu | xargs)" \
	"$all"
is_clean "nothing is left"
plan
