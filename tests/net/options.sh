#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Each option of the command line does what it says: what the server or the
# log saw of it, and beside it, where that is no matter of course, what they
# see without it.
. "$(dirname "$0")/lib.sh"
ppp_here
syslog_on
ip addr add 10.9.0.3/24 dev v0
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
echo 0 > /proc/sys/net/ipv4/conf/v0/rp_filter
srv ip addr add 10.77.0.1/32 dev lo

# start NAME [PPTP ARGUMENT...]: a client in the background, until `stop NAME`
declare -A pid fd
start() {
	local name=$1 in; shift
	rm -f "/run/$name.in"
	mkfifo "/run/$name.in"
	"$CLIENT" "$@" --nolaunchpppd < "/run/$name.in" > "/run/$name.out" \
		2> "/run/$name.err" &
	pid[$name]=$!
	exec {in}> "/run/$name.in"
	fd[$name]=$in
}
stop() {
	local in=${fd[$1]}
	exec {in}>&-
	wait "${pid[$1]}"
}
lines() { grep -c "$1" /run/syslog; }

# --- the call
serve
run --count 1 -- --phone 0123-45 --client-hostname mill --window 7
has "--phone" "$(served)" '^ocrq .* digits 7 phone 0123-45 subaddress $'
has "--client-hostname" "$(served)" '^sccrq .* host mill vendor cananian$'
has "--window: announced" "$(served)" '^ocrq .* window 7 delay'
serve
run --count 1 --
has "without these: no number, the usual name, 64" "$(served |
	grep -e ^sccrq -e ^ocrq | tr '\n' ' ')" \
	'host local vendor .* window 64 .* digits 0 phone  subaddress'

serve port=1999
run --count 3 -- --connect-port 1999
has "--connect-port" "$out" "received 3 of 3"

serve
run --count 3 -- --localbind=10.9.0.3
has "--localbind=ADDR: the control connection" "$(served)" '^accepted 10.9.0.3'
has "--localbind: the data" "$(served)" '^lcp .* from 10.9.0.3'
has "--localbind: which comes back" "$out" "received 3 of 3"
run --wait 5 -- --localbind 10.9.0.77
is "an address that is not ours: status" "$status" "$EXIT_CONNECT"
has "and sentence" "$err" 'cannot use the local address 10.9.0.77'

# Only what is marked finds the way.
ip rule add fwmark 0x2b lookup 77
ip route add 10.77.0.1/32 via 10.9.0.2 table 77
serve addr=10.77.0.1
SERVER=10.77.0.1 run --count 3 -- --rtmark 0x2b --nohostroute
has "--rtmark: both connection and data take the marked route" "$out" \
	"received 3 of 3"
SERVER=10.77.0.1 run --wait 5 --
is "without it there is none" "$status" "$EXIT_CONNECT"
ip route del 10.77.0.1/32 table 77
ip rule del fwmark 0x2b lookup 77

ip route add 10.77.0.0/24 via 10.9.0.2
start a 10.77.0.1
until_ok 20 eval 'ip route show 10.77.0.1 | grep -q .'
has "a server behind a gateway gets a host route" \
	"$(ip route show 10.77.0.1)" 'via 10.9.0.2'
stop a
until_ok 20 eval '! ip route show 10.77.0.1 | grep -q .'
start b 10.77.0.1 --nohostroute
until_ok 20 eval '[ "$(count "^rx OCRQ")" = 3 ]'
sleep 0.3
is "--nohostroute: it does not" "$(ip route show 10.77.0.1)" ""
stop b
ip route del 10.77.0.0/24
srv ip addr del 10.77.0.1/32 dev lo

# --- times
serve accept=silent
began=${EPOCHREALTIME/./}
"$CLIENT" $SERVER --timeout 1.4 < /dev/null > /run/out 2> /run/err
is "--timeout 1.4: status" $? "$EXIT_TIMEOUT"
ms=$(((${EPOCHREALTIME/./} - began) / 1000))
claim "--timeout 1.4: after so long ($ms ms)" test $ms -ge 1390 -a $ms -lt 2400
has "--timeout 1.4: which step" "$(cat /run/err)" \
	'no Start-Control-Connection-Reply from 10.9.0.2 within 1 s'
serve noecho=1
run --count 1 --hold 4 -- --idle-wait 1 --max-echo-wait 0
is "--max-echo-wait 0 waits for ever" "$status" 0
claim "--idle-wait 1: it had asked" test "$(count '^rx EchoRQ')" -ge 1
is_clean "nothing left"

# --- the log
serve after=sleep0.5,cdn
said() {	# said OPTION...: what kinds of lines are in the log
	: > /run/syslog
	run --count 3 --end wait -- "$@"
	local kinds=
	grep -q 'a frame of' /run/syslog && kinds+="packets "
	grep -q 'Outgoing-Call-Request' /run/syslog && kinds+="control "
	grep -q 'tunnel to .* up' /run/syslog && kinds+="up "
	grep -q 'tunnel to .* down' /run/syslog && kinds+="down "
	echo "$kinds"
}
is "--loglevel 0: nothing" "$(said --loglevel 0; cat /run/syslog /run/err)" ""
is "--loglevel 1: errors" "$(said --loglevel 1)" "down "
is "--loglevel 2: the tunnel's begin and end too" "$(said --loglevel 2)" \
	"up down "
is "which is the default" "$(said)" "up down "
is "--loglevel 3: control messages too" "$(said --loglevel 3)" \
	"control up down "
is "--loglevel 4: packets too" "$(said --loglevel 4)" \
	"packets control up down "
is "--debug: level 4" "$(said --debug)" "packets control up down "
has "--debug: on standard error as well" "$(cat /run/err)" 'a frame of'
has "--debug: to the end" "$(cat /run/err)" 'tunnel to .* down'
"$CLIENT" nowhere.invalid --loglevel 0 < /dev/null 2> /run/err
has "--loglevel 0: a failed start still says why" "$(cat /run/err)" \
	'cannot resolve nowhere.invalid'
is "in one sentence" "$(wc -l < /run/err)" 1
"$CLIENT" nowhere.invalid --timeout 0.5 --loglevel 0 < /dev/null 2> /run/err
is "also where there was a warning" "$(wc -l < /run/err)" 1
: > /run/syslog
run --count 1 -- --logstring 'line 7'
is "--logstring begins each line" \
	"$(grep -vc '^<[0-9]*>pptp\[[0-9]*\]: line 7: ' /run/syslog)" 0
claim "of several" test "$(wc -l < /run/syslog)" -ge 1
tag=$(printf '%0100d' 7)
run --count 1 -- --logstring "$tag"
claim "also one of 100 octets" grep -q "\]: $tag: " /run/syslog
: > /run/syslog
serve
run --count 400 --gap 0 -- --loglevel 4
claim "lines about packets are limited ($(lines 'a frame of'))" \
	test "$(lines 'a frame of')" -lt 60

# --- each caller's own options, where a manager runs already
serve channels=10
start d $SERVER --idle-wait 60
until_ok 20 grep -q '^[0-9.]* rx OCRQ' /run/server.log
start e $SERVER --phone 99 --window 9
until_ok 20 eval '[ "$(count "^rx OCRQ")" = 2 ]'
has "a second caller's --phone and --window are its own" "$(served)" \
	'^ocrq .* window 9 .* phone 99 '
start f $SERVER --localbind 10.9.0.3
until_ok 20 eval '[ "$(count "^rx OCRQ")" = 3 ]'
has "a third one's --localbind is its own" "$(served)" '^accepted 10.9.0.3'
start g $SERVER --client-hostname other
until_ok 20 eval '[ "$(count "^rx OCRQ")" = 4 ]'
has "a fourth one's --client-hostname" "$(served)" '^sccrq .* host other '
start h $SERVER --idle-wait 1
until_ok 20 eval '[ "$(count "^rx OCRQ")" = 5 ]'
until_ok 20 eval '[ "$(count "^rx EchoRQ")" -ge 1 ]'
claim "a fifth one's --idle-wait" test "$(count '^rx EchoRQ')" -ge 1
is "with one call manager for all" "$(find /run/pptp -type s | wc -l)" 1
: > /run/syslog
start i $SERVER --loglevel 3 --logstring loud
until_ok 20 eval '[ "$(count "^rx OCRQ")" = 6 ]'
until_ok 20 grep -q "loud: .*Outgoing-Call-Request" /run/syslog
has "a sixth one's --loglevel and --logstring" "$(cat /run/syslog)" \
	'loud: .*Outgoing-Call-Request'
for c in d e f g h i; do stop $c; done
is_clean "nothing left"

# --- as it is written
serve
for line in "--nolaunch --ph 55" "--pho=55 --nol" "--nolaunchpppd --phone 55" \
    "--phone=55 --nolaunchpppd "; do
	: > /run/server.log
	# shellcheck disable=SC2086 # words
	timeout 10 "$CLIENT" $line $SERVER < /dev/null > /dev/null 2>&1
	has "pptp $line HOST" "$(served)" '^phone 55'
done
"$CLIENT" $SERVER --nolaunchpppd mtu 1400 < /dev/null > /dev/null 2> /run/err
has "words for a pppd that is not launched: a warning" "$(cat /run/err)" \
	"mtu is for pppd, which --nolaunchpppd does not launch"
waiting=()
for o in client-ip=10.0.0.1 server-ip=10.0.0.1 pppd-call=x refuse-pap \
    refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap; do
	"$CLIENT" $SERVER --nolaunchpppd --$o < /dev/null > /dev/null \
		2> "/run/refused.$o" &
	waiting+=($!)
done
wait "${waiting[@]}"
for o in client-ip server-ip pppd-call refuse-pap refuse-chap refuse-mschap \
    refuse-mschap-v2 refuse-eap; do
	has "--$o with --nolaunchpppd is refused" \
		"$(cat "/run/refused.$o"*)" "^pptp: --$o is for the pppd"
done
has "--version" "$("$CLIENT" --version)" '^pptp version [0-9]'
"$CLIENT" --help > /run/out 2> /run/err
is "--help: status" $? 0
is "--help: on standard output alone" "$(wc -c < /run/err)" 0
has "--help: grouped" "$(cat /run/out)" '^The call:$'
is "--quirks help lists all" \
	"$("$CLIENT" --quirks help | grep -c '^  --quirk-')" 3
"$CLIENT" $SERVER --phon 1 --no 2> /run/err
is "a short form of several: status" $? "$EXIT_USAGE"
has "a short form of several: which" "$(cat /run/err)" \
	"'--no' is short for --no"
"$CLIENT" $SERVER --nobufer 2> /run/err
has "a misspelt one: the nearest" "$(cat /run/err)" \
	"'--nobufer' is not an option; did you mean '--nobuffer'"
"$CLIENT" $SERVER --loglevel 5 2> /run/err
has "a number out of range: the range" "$(cat /run/err)" \
	"--loglevel takes a whole number from 0 to 4, not '5'"
plan
