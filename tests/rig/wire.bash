# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced in both guests of `two`.  The client's comes back from here, with what
# is in net.sh; the server's does what `ask` says until the client has ended.
. "$(dirname "${BASH_SOURCE[0]}")/net.sh"
# shellcheck disable=SC2034 # for those who source this
SERVER=10.77.0.2 PLUGIN=$PWD/pptp.so asked=0
mkdir -p /run/both
busybox mount -t hostfs none /run/both -o "$T_BOTH"
n=1; [ "$T_WHO" = client ] || n=2
# Packets as long as the MTU, or a queue of packets holds no measure.
ip addr add 10.77.0.$n/24 dev vec0 && ip link set vec0 up gso_max_segs 1
echo 'alice * "wonderland" *' > /etc/ppp/chap-secrets

# ask COMMAND...: has the server's shell do that; its output and status
ask() {
	while [ -e /run/both/ask.$((++asked)) ]; do :; done	# by a subshell
	printf '%s\n' "$*" > /run/both/.ask
	mv /run/both/.ask /run/both/ask.$asked
	until_ok 60 test -e /run/both/done.$asked ||
		{ echo "Bail out! no answer to: $*"; exit 1; }
	cat /run/both/said.$asked
	return "$(< /run/both/done.$asked)"
}
# wire NETEM...: what the wire does to packets, each way; nothing: it is clean
wire() {
	local each="tc qdisc del dev vec0 root 2> /dev/null"
	[ $# = 0 ] || each="$each; tc qdisc add dev vec0 root netem $*"
	eval "$each"
	ask "$each"
}
# The servers, instead of the one before; words for its pppd.
SERVER_PPPD="nobsdcomp nodeflate novj novjccomp noipv6 mtu 1400 mru 1400
logfile /run/server-pppd.log auth name server refuse-pap refuse-chap
refuse-mschap require-mschap-v2"
stop_server() { pkill pptpd; pkill -f kernelserver; pkill -x pppd; true; }
serve_pptpd() {
	stop_server
	# shellcheck disable=SC2086 # words
	printf '%s\n' $SERVER_PPPD "$@" > /run/pptpd-options
	printf '%s\n' 'option /run/pptpd-options' "localip $INSIDE" \
		'remoteip 172.30.0.10-100' > /run/pptpd.conf
	pptpd -c /run/pptpd.conf -f > /run/pptpd.log 2>&1 &
	until_ok 10 eval '[[ $(ss -Hltn "sport = :1723") ]]'
}
serve_kernel() {
	stop_server
	# shellcheck disable=SC2086 # words
	python3 tests/rig/kernelserver.py "$PLUGIN" \
		$INSIDE:172.30.0.10 $SERVER_PPPD "$@" > /run/pptpd.log 2>&1 &
	until_ok 10 eval '[[ $(ss -Hltn "sport = :1723") ]]'
}

[ "$T_WHO" = server ] || return 0
until [ -e /run/both/over ]; do
	n=$((asked + 1))
	[ -e /run/both/ask.$n ] || { sleep 0.05; continue; }
	asked=$n
	# shellcheck disable=SC1090 # what was asked
	. /run/both/ask.$n > /run/both/said.$n 2>&1 < /dev/null
	echo $? > /run/both/.done
	mv /run/both/.done /run/both/done.$n
done
exit 0
