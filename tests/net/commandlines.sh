#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command lines of tests/commandlines.txt, tried: each dials the server that
# it names, or is refused, and hands the same words to pppd; and, where that is
# installed, pptp-linux 1.10.0 does the same with it.
# shellcheck disable=SC2016 # for the stand-in to expand
. "$(dirname "$0")/lib.sh"
ppp_here
theirs=${PPTP_LINUX:-/usr/sbin/pptp}
rows=$(grep -v '^#' tests/commandlines.txt)
n=$(wc -l <<< "$rows")

# Each row has a server of its own: by its number, and by whose program.
for ((i = 1; i <= n; i++)); do
	srv ip addr add 10.66.0.$i/32 dev lo
	srv ip addr add 10.67.0.$i/32 dev lo
done
ip route add default via "$SERVER"
echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter
serve
mkdir /run/words /run/status
if [ -e /usr/sbin/pppd ]; then
	printf '#!/bin/sh\nshift 2\n[ "$1" != mtu ] || shift 4\nprintf "%%s\\n" "$*" |\nsed "s/ nopersist$//" > /run/words/$ROW\n' > /run/pppd
	chmod 755 /run/pppd
	mount --bind /run/pppd /usr/sbin/pppd
fi
mkfifo /run/in && exec 9<> /run/in	# a standard input that does not end

# start PROGRAM NET [OPTION...]: every row at once
start() {
	local program=$1 net=$2 who line want words i=0; shift 2
	while IFS='|' read -r who line want; do
		read -r -a words <<< "$line"
		read -r want _ <<< "$want"
		i=$((i + 1))
		[ "$want" = refused ] || words=("${words[@]/#$want/$net.$i}")
		(ROW=$net.$i "$program" "$@" "${words[@]}" < /run/in \
			> /dev/null 2>&1
		echo $? > "/run/status/$net.$i") &
	done <<< "$rows"
}
# came ADDRESS: what became of it, in the words of the table
came() {
	if served | grep -q "^accepted .* at $1\$"; then echo dials
	elif [ -s "/run/status/$1" ] && [ "$(cat "/run/status/$1")" != 0 ]; then
		echo refused
	else echo nothing; fi
}
decided() {	# decided NET: all is there that the table wants
	[ "$(served | grep "^accepted .* at $1\." | sort -u -k 4 | wc -l)" \
		-ge $ndials ] && [ "$(find /run/words -name "$1.*" | wc -l)" -ge \
		$nwords ] && [ "$(grep -L '^0' /run/status/"$1".* | wc -l)" -ge \
		$nrefused ]
}
# compare NET WHOSE: with the table
compare() {
	local who line want i=0 got
	while IFS='|' read -r who line want; do
		i=$((i + 1))
		got=$(came "$1.$i")
		[ "$got" != dials ] || [ -z "${launches[i]:-}" ] ||
			got+=" -- $(cat "/run/words/$1.$i" 2>&1)"
		is "$2, ${who% }:$line" "$got" "${wanted[i]}"
	done <<< "$rows"
}

declare -a launches wanted
i=0 ndials=0 nrefused=0 nwords=0
while IFS='|' read -r _ line want; do
	i=$((i + 1))
	wanted[i]=refused
	if [ "$want" = ' refused' ]; then
		nrefused=$((nrefused + 1))
		continue
	fi
	wanted[i]=dials ndials=$((ndials + 1))
	if [[ "$line" == *--nol* ]] || [ ! -e /run/pppd ]; then continue; fi
	nwords=$((nwords + 1)) launches[i]=yes
	want+=' -- '
	want=${want#* -- }
	wanted[i]+=" -- ${want% -- }"
done <<< "$rows"

start "$CLIENT" 10.66.0
until_ok 20 decided 10.66.0
compare 10.66.0 pptp
if [ "$("$theirs" --version 2>/dev/null)" != "pptp version 1.10.0" ]; then
	skip "the same with pptp-linux" "no pptp-linux 1.10.0 at $theirs"
	plan
fi
# It has been deaf to this modem's answer since 1.9.0, and so starts no pppd.
i=0
while IFS='|' read -r _ line _; do
	i=$((i + 1))
	[[ "$line" == *BEZEQ* ]] || continue
	nwords=$((nwords - 1)) launches[i]='' wanted[i]=dials
done <<< "$rows"
start "$theirs" 10.67.0
until_ok 40 decided 10.67.0
compare 10.67.0 pptp-linux
plan
