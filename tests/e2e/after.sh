#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# After the call: PPP that does not come up is explained in one sentence, by the
# launch form, under `pty` and by the kernel's path; and a wrong password is not
# repeated as fast as a machine can.
. "$(dirname "$0")/../rig/net.sh"
net_up
secrets='alice pptpd "wonderland" *'	# the server's own line
COMMON="user alice nobsdcomp nodeflate noipdefault noipv6 debug"

# server WORDS: pptpd with these options of pppd's
server() {
	[ -z "${PPTPD:-}" ] || { kill "$PPTPD"; wait "$PPTPD" 2>/dev/null; }
	# shellcheck disable=SC2086 # words
	server_up $1
}
plugin_here && WAYS="launch kernel pty" || WAYS="launch pty"
# by WAY WORD...: pppd with these words; the sentence is in the second file
by() {
	local way=$1; shift
	set -- $COMMON "$@" nodetach
	case $way in
	launch)	set -- "$CLIENT" $SERVER --data-path=user "$@" ;;
	kernel)	set -- "$CLIENT" $SERVER --data-path=kernel "$@" ;;
	pty)	set -- pppd pty "$CLIENT $SERVER --nolaunchpppd" "$@" ;;
	esac
	timeout 60 "$@" > /run/client.out 2> /run/client.err < /dev/null
}
since() { tail -n +$((lines + 1)) /run/syslog; }
# fails CLAIM PATTERN WORDS: the client with these words for pppd
fails() {
	local claim=$1 pattern=$2 way lines
	for way in $WAYS; do
		lines=$(wc -l < /run/syslog)
		# shellcheck disable=SC2086 # words
		by $way $3
		claim "$claim: $way: status ($?)" test $? != 0
		until_ok 20 eval '! pgrep -x pptp > /dev/null'
		until_ok 20 eval "since | grep -qE 'pptp\[.*$pattern'"
		has "$claim: $way: in the log" "$(since)" "pptp\[.*$pattern"
		[ $way = pty ] || has "$claim: $way: a sentence" \
			"$(< /run/client.err)" "$pattern"
		rm -f /run/pptp/*.refused	# the next start shall not wait
	done
}

echo "$secrets" > /etc/ppp/chap-secrets
server "refuse-pap refuse-chap refuse-mschap require-mschap-v2 require-mppe-128"
fails "a wrong password" \
	"$SERVER refused the login of .alice. by MS-CHAPv2: wrong name or password" \
	"noauth password rabbit require-mppe-128"
fails "no line in chap-secrets" \
	"$SERVER wants a login .*this pppd (offers none: is there a line|would only do PAP: is there a secret)" \
	"noauth remotename PPTP"
fails "no line in chap-secrets, MPPE required" \
	"this pppd (offers none|would only do PAP)|needs a login by MS-CHAP" \
	"noauth remotename PPTP require-mppe-128"
fails "noauth is missing" "give pppd the option noauth" \
	"auth password wonderland"
fails "MPPE is switched off here" "$SERVER requires encryption" \
	"noauth password wonderland nomppe"

server "refuse-pap refuse-chap refuse-mschap require-mschap-v2 nomppe"
fails "the server knows no MPPE" "$SERVER knows no encryption" \
	"noauth password wonderland require-mppe-128"

server "refuse-pap refuse-chap refuse-mschap require-mschap-v2 require-mppe nomppe-128"
fails "40 bits there, 128 here" "no encryption in common with $SERVER: this pppd offers MPPE 128 bit" \
	"noauth password wonderland require-mppe-128 nomppe-40"

cp /etc/ppp/chap-secrets /etc/ppp/pap-secrets
server "require-pap refuse-chap refuse-mschap refuse-mschap-v2 nomppe"
fails "PAP, which is refused here" \
	"wants a login by PAP, and this pppd would only do " \
	"noauth password wonderland refuse-pap"

server "require-chap refuse-pap refuse-mschap refuse-mschap-v2 nomppe"
fails "CHAP without a key for MPPE" \
	"encryption \(MPPE\) needs a login by MS-CHAP" \
	"noauth password wonderland require-mppe-128"

# A wrong password, for ever: how many logins in 40 s?
server "refuse-pap refuse-chap refuse-mschap require-mschap-v2 require-mppe-128"
: > /run/server-pppd.log
# shellcheck disable=SC2086 # words
pppd pty "$CLIENT $SERVER --nolaunchpppd" $COMMON noauth password rabbit \
	require-mppe-128 persist maxfail 0 nodetach > /run/client.out 2>&1 &
P=$!
sleep 40
n=$(grep -c 'CHAP Failure' /run/server-pppd.log)
claim "persist with a wrong password: $n logins in 40 s, 6 at most" test "$n" -le 6
claim "but it goes on trying" test "$n" -ge 2
logged "it is said in the log" 'failed [0-9]+ times in a row, [0-9]+ of them by a login refused: the next start waits'
kill $P; wait $P	# pppd's own Terminate-Requests take 6 s
claim "its end ends the wait" until_ok 5 eval '! pgrep -x pptp > /dev/null'
is "no process is left" "$(pgrep -x pptp)" ''
((tap_bad == 0)) || logs 40
plan
