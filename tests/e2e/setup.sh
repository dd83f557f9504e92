#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pptpsetup: real pppd reads what it wrote and logs in with it, whatever the
# names and passwords look like.
# shellcheck disable=SC1003,SC2016,SC2086,SC2154 # odd on purpose; from net.sh
. "$(dirname "$0")/../rig/net.sh"
net_up
ln -s "$CLIENT" /run/tmp/pptpsetup
setup() { /run/tmp/pptpsetup "$@"; }
secrets=/etc/ppp/chap-secrets

# The server has its secrets in the same file, in a spelling that owes nothing
# to pptpsetup: each octet as \ooo.
octal() { printf '%s' "$1" | od -An -v -to1 | tr -d '\n' | tr ' ' '\\'; }
knows() { printf '"%s" pptpd "%s" *\n' "$(octal "$1")" "$(octal "$2")"; }

tab=$(printf '\t') domain='CORP' odd='D #"'"'"
users=('CORP\bob' 'jane doe' '#hash' 'say "hi"' "o'neil \\" "$odd\\t${tab}x"
	'CORP\newton')
non_ascii='rené☃'
passwords=('pa"ss' ' # \ ' 'c:\new\table\' "it's" 'пароль ÿ "' '$HOME `id` %s {}*?!'
	'\x41\101\n')
for i in "${!users[@]}"; do
	knows "${users[i]}" "${passwords[i]}"
done > $secrets
echo 'ann work "hers" *	# not a tunnel of ours' >> $secrets
chmod 644 $secrets
# pppd, as a server, spells a name's octets beyond ASCII with M- and ^ before
# it looks for them.  MS-CHAPv2 hashes the name, so plain CHAP has to do.
knows 'renM-CM-)M-bM-^XM-^C' 'ß' >> $secrets
cp $secrets /run/before

# logs_in NAME CLAIM: pppd takes the tunnel's files, the server lets it in.
logs_in() {
	pppd call "$1" nodetach > /run/client.out 2>&1 &
	P=$!
	until_ok 20 eval "up || ! kill -0 $P"
	claim "$2: up" up
	claim "$2: ping" alive
	end $P
	until_ok 10 clean
}

server_up
for i in "${!users[@]}"; do
	u=${users[i]} d=()
	case $u in
	CORP*) d=(--domain "$domain") u=${u#CORP\\} ;;
	"$odd"*) d=(-d "$odd") u=${u#"$odd\\"} ;;
	esac
	printf '%s\n' "${passwords[i]}" | setup --create "t$i" \
		--server $SERVER "${d[@]}" --username "$u" --encrypt
	is "${users[i]}: written" $? 0
	logs_in "t$i" "${users[i]}"
done
is "the client's path is this program's" \
	"$(sed -n 's/^pty //p' /etc/ppp/peers/t0)" \
	"\"$(readlink -f "$CLIENT") $SERVER --nolaunchpppd\""
is "modes and owner" "$(stat -c '%a %U' $secrets /etc/ppp/peers/t0 | xargs)" \
	'600 root 640 root'
is "nothing else in the directories" "$(find /etc/ppp -name '*pptpsetup*')" ''

# Wrong, then right: the check can fail, and a second run replaces.
out=$(setup -c t0 -s $SERVER -d CORP -u bob -p wrong -e 2>&1)
has "a password on the command line is warned about" "$out" 'ps'
# 16: pppd saw the server hang up before it read why; asked again, it may.
for _ in 1 2 3; do
	timeout 40 pppd call t0 updetach > /run/client.out 2>&1
	status=$?
	until_ok 10 clean
	[ $status = 16 ] || break
done
is "a wrong password does not log in (pppd's status 19)" $status 19
# Not into a pipe: the shell that pppd starts for pty keeps it open.
setup -c t0 -s $SERVER -d CORP -u bob -p 'pa"ss' -e --start > /run/client.out 2>&1
is "written anew, --start returns when the tunnel is up" $? 0
claim "and it is up" up
claim "ping" alive
pkill -TERM -x -f "pppd call t0 updetach"
until_ok 15 clean
is "one entry for it" "$(grep -cx '# added by pptpsetup for t0' $secrets)" 1

# What pptp-linux's tool would have written for it: pppd reads another name.
setup --delete t0
printf '\n# added by pptpsetup for t0\nCORP\\bob t0 "pa"ss" *\n' >> $secrets
printf '# written by pptpsetup\npty "false"\nname CORP\\bob\n' \
	> /etc/ppp/peers/t0
printf 'pa"ss\n' | setup -create t0 -server $SERVER -domain CORP \
	-username bob -encrypt
is "an old tool's tunnel is replaced" $? 0
logs_in t0 "it"

# Without --encrypt: a server with plain CHAP and no MPPE.
kill $PPTPD
until_ok 10 eval '! listening'
server_up refuse-pap refuse-mschap refuse-mschap-v2 require-chap
echo 'ß' | setup -c plain -s $SERVER -u "$non_ascii"
is "without --encrypt: written" $? 0
logs_in plain "$non_ascii, without --encrypt, by CHAP"

for t in t0 t1 t2 t3 t4 t5 t6 plain; do
	setup --delete $t || fail "--delete $t"
done
claim "all deleted: chap-secrets is what it was" cmp $secrets /run/before
is "no peers file is left" "$(ls /etc/ppp/peers)" ''
err=$(setup --delete t0 2>&1)
is "deleting again: status" $? 1
has "deleting again: a sentence" "$err" 'there is no tunnel t0'
((tap_bad == 0)) || logs
plan
