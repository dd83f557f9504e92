#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# pptpsetup: real pppd reads what it wrote and logs in with it, whatever the
# names and passwords look like, and does what else was asked for.
# shellcheck disable=SC1003,SC2016,SC2086,SC2154 # odd on purpose; from net.sh
. "$(dirname "$0")/../rig/net.sh"
net_up
ln -s "$CLIENT" /run/tmp/pptpsetup
setup() { /run/tmp/pptpsetup "$@"; }
secrets=/etc/ppp/chap-secrets

# The server has its secrets in the same file, in a spelling that owes nothing
# to pptpsetup: each octet as \ooo.
octal() {
	local LC_ALL=C c i
	for ((i = 0; i < ${#1}; i++)); do
		printf -v c %d "'${1:i:1}"
		printf '\\%03o' $((c & 255))
	done
}
knows() {
	printf '"'; octal "$1"; printf '" pptpd "'; octal "$2"; echo '" *'
}

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
# Debian's, as far as it matters here.
mkdir /etc/ppp/ip-up.d
cat > /etc/ppp/ip-up << 'END'
#!/bin/sh
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
export PATH
exec run-parts /etc/ppp/ip-up.d --arg="$1" --arg="$2" --arg="$3" --arg="$4" \
	--arg="$5" --arg="$6"
END
chmod 755 /etc/ppp/ip-up

# What takes the time is to wait, so tunnels come up together: tN as ppp1N.
pids=()
start() {	# start N...
	local n
	for n; do
		pppd call "t$n" nodetach unit "1$n" > "/run/client$n.out" 2>&1 &
		pids+=($!)
	done
}
has_address() {
	[ -e "/sys/class/net/ppp1$1" ] &&
		[[ $(ip -o -4 addr show dev "ppp1$1") == *172* ]]
}
logs_in() {	# logs_in N CLAIM: the server has let it in with the tunnel's files
	claim "$2: up" until_ok 60 has_address "$1"
	claim "$2: ping" alive -I "ppp1$1"
}
stop() {	# stop CLAIM: all of them
	kill -TERM "${pids[@]}"
	wait "${pids[@]}"
	pids=()
	until_ok 10 clean
}

server_up
# What pptp-linux's tool would have written: pppd reads another name.
printf '\n# added by pptpsetup for t7\nCORP\\bob t7 "pa"ss" *\n' >> $secrets
printf '# written by pptpsetup\npty "false"\nname CORP\\bob\n' \
	> /etc/ppp/peers/t7
for i in "${!users[@]}"; do
	u=${users[i]} d=()
	case $u in
	CORP*) d=(--domain "$domain") u=${u#CORP\\} ;;
	"$odd"*) d=(-d "$odd") u=${u#"$odd\\"} ;;
	esac
	printf '%s\n' "${passwords[i]}" | setup --create "t$i" \
		--server $SERVER "${d[@]}" --username "$u" --encrypt
	is "${users[i]}: written" $? 0
done
printf 'pa"ss\n' | setup -create t7 -server $SERVER -domain CORP \
	-username bob -encrypt
is "an old tool's tunnel is replaced" $? 0
is "the client's path is this program's" \
	"$(sed -n 's/^pty //p' /etc/ppp/peers/t0)" \
	"\"$(readlink -f "$CLIENT") $SERVER --nolaunchpppd\""
is "modes and owner" "$(stat -c '%a %U' $secrets /etc/ppp/peers/t0 | xargs)" \
	'600 root 640 root'
is "nothing else in the directories" "$(find /etc/ppp -name '*pptpsetup*')" ''
start "${!users[@]}" 7
for i in "${!users[@]}"; do
	logs_in "$i" "${users[i]}"
done
logs_in 7 "an old tool's, replaced"
stop

# Wrong, then right: the check can fail, and a second run replaces.
out=$(setup -c t0 -s $SERVER -d CORP -u bob -p wrong -e 2>&1)
has "a password on the command line is warned about" "$out" 'with ps'
# 16: pppd saw the server hang up before it read why; asked again, it may.
for _ in 1 2 3; do
	timeout 40 pppd call t0 updetach > /run/client.out 2>&1
	status=$?
	rm -f /run/pptp/*.refused	# the next start shall not wait
	until_ok 10 clean
	[ $status = 16 ] || break
done
is "a wrong password does not log in (pppd's status 19)" $status 19

# All that can be asked for; a default route is there already.
grep -q replacedefaultroute /usr/sbin/pppd && ip route add default via $SERVER
before=$(ip route show default)
srv ip addr add 10.77.1.1/32 dev lo
kill "$PPTPD"
until_ok 10 eval '! listening'
server_up refuse-pap refuse-mschap require-mschap-v2 require-mppe-128 \
	"ms-dns 10.77.0.53"
# Not into a pipe: the shell that pppd starts for pty keeps it open.
setup -c t0 -s $SERVER -d CORP -u bob -p 'pa"ss' -e --persist --default-route \
	--dns --route 10.77.0.0/16 --route 10.78.0.1/32 \
	--option "--nobuffer --logstring t0's-own" > /run/client.out 2>&1
is "words with a quote are refused" $? 2
setup -c t0 -s $SERVER -d CORP -u bob -p 'pa"ss' -e --persist --default-route \
	--dns --route 10.77.0.0/16 --route 10.78.0.1/32 \
	--option "--nobuffer --logstring its-own" --start > /run/client.out 2>&1
is "written anew, --start returns when the tunnel is up" $? 0
claim "and it is up" up
claim "ping" alive
via() { until_ok 20 eval "ip route get $1 | grep -q 'dev ppp'"; }
claim "--route: a network, through the tunnel" via 10.77.1.1
claim "where its host answers" ping -c 1 -W 5 -q 10.77.1.1
claim "--route: a second one" via 10.78.0.1
is "set by the script alone" "$(ip route show 10.77.0.0/16 | wc -l)" 1
claim "--default-route: all else, too" via 192.0.2.1
has "but not the server itself" "$(ip route get $SERVER)" 'dev v0'
has "--dns: pppd has the server's name server" \
	"$(cat /etc/ppp/resolv.conf)" 'nameserver 10.77.0.53'
has "--option: pptp has its words" "$(ps -eo args)" \
	"pptp $SERVER --nolaunchpppd --nobuffer --logstring its-own"
logged "and says so in the log" 'its-own'
has "its MTU, MPPE's 4 octets taken off or not" \
	"$(cat /sys/class/net/ppp*/mtu)" '^(1400|1396)$'
claim "--persist: the server ends its session: down" \
	down_by pkill -TERM -x pptpctrl
claim "and up again by itself" until_ok 40 up
claim "with its routes" via 10.77.1.1
claim "default route and all" via 192.0.2.1
claim "where a host answers" ping -c 1 -W 5 -q 10.77.1.1
is "--list" "$(setup --list | grep -E '^t[07] ' | tr -s ' ')" \
	"t0 $SERVER CORP\\bob
t7 $SERVER CORP\\bob"
pkill -TERM -x -f "pppd call t0 updetach"
is_clean "its end leaves nothing"
is "and the routes as they were" \
	"$(ip route show default) $(ip route show 10.77.0.0/16)" "$before "
is "one entry for it" "$(grep -cx '# added by pptpsetup for t0' $secrets)" 1

# Without --encrypt: a server with plain CHAP and no MPPE.
kill "$PPTPD"
until_ok 10 eval '! listening'
server_up refuse-pap refuse-mschap refuse-mschap-v2 require-chap
echo 'ß' | setup -c t9 -s $SERVER -u "$non_ascii"
is "without --encrypt: written" $? 0
start 9
logs_in 9 "$non_ascii, without --encrypt, by CHAP"
stop

for t in t0 t1 t2 t3 t4 t5 t6 t7 t9; do
	setup --delete $t || fail "--delete $t"
done
claim "all deleted: chap-secrets is what it was" cmp $secrets /run/before
is "no peers file and no script is left" \
	"$(find /etc/ppp/peers /etc/ppp/ip-up.d ! -type d)" ''
err=$(setup --delete t0 2>&1)
is "deleting again: status" $? 1
has "deleting again: a sentence" "$err" 'there is no tunnel t0'
((tap_bad == 0)) || logs
plan
