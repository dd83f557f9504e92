# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced inside the guest.  The client's side is this namespace (10.9.0.1),
# the server's is the namespace srv (10.9.0.2), where a real pptpd runs.
set -u
rig=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$rig/../tap.sh"
SERVER=10.9.0.2 INSIDE=172.30.0.1
export CLIENT=${CLIENT:-$PWD/pptp}
# Sizes of transfers, in megabytes: UML is slow.
T_MB=${T_MB:-20}
PPPD="noauth user alice remotename PPTP require-mppe-128 nobsdcomp nodeflate
noipdefault noipv6 debug"

# until SECONDS COMMAND...: waits for it to succeed, looking 10 times a second.
until_ok() {
	local n=$(($1 * 10)); shift
	until "$@" >/dev/null 2>&1; do
		((n-- > 0)) || return 1
		sleep 0.1
	done
}
# logged CLAIM PATTERN: the log has it, or soon will
logged() {
	until_ok 10 grep -qE -e "$2" /run/syslog
	has "$1" "$(< /run/syslog)" "$2"
}
srv() { ip netns exec srv "$@"; }

net_up() {
	ip netns add srv
	ip link add v0 type veth peer name v1 netns srv
	ip addr add 10.9.0.1/24 dev v0 && ip link set v0 up
	ip -n srv addr add $SERVER/24 dev v1 && ip -n srv link set v1 up
	ip -n srv link set lo up
	# shellcheck disable=SC2086 # words of netem
	[ -z "${NETEM:-}" ] || { tc qdisc add dev v0 root netem $NETEM &&
		srv tc qdisc add dev v1 root netem $NETEM; }
	echo 'alice * "wonderland" *' |
		tee /etc/ppp/chap-secrets > /etc/ppp/pap-secrets
}

listening() { [[ $(srv ss -Hltn "sport = :${1:-1723}") ]]; }
server_up() {	# server_up [PPPD OPTION...]: MS-CHAPv2 and MPPE-128, or these
	[ $# != 0 ] || set -- refuse-pap refuse-chap refuse-mschap \
		require-mschap-v2 require-mppe-128
	printf '%s\n' name pptpd nobsdcomp novj novjccomp noipv6 lock \
		logfile /run/server-pppd.log debug "$@" > /run/pptpd-options
	printf '%s\n' 'option /run/pptpd-options' "localip $INSIDE" \
		'remoteip 172.30.0.10-100' > /run/pptpd.conf
	ip netns exec srv pptpd -c /run/pptpd.conf -f > /run/pptpd.log 2>&1 &
	PPTPD=$!
	until_ok 10 listening || { echo "Bail out! pptpd did not start"
		cat /run/pptpd.log; exit 1; }
}
# What pptpd started for its sessions: one pptpctrl each.
sessions() { pgrep -x pptpctrl; }
no_session() { ! sessions; }

# Addresses that pppd gave us, one line for each tunnel that is up.
tunnels() { ip -o -4 addr show | sed -n "s/.* \(ppp[0-9]*\) .*inet \(172[0-9.]*\) .*/\1 \2/p"; }
up() { [ "$(tunnels | wc -l)" -ge "${1:-1}" ]; }
down() { [ -z "$(tunnels)" ]; }
# Waits for a tunnel to go down, which it may be for less than a look at it
# takes.  down_by COMMAND...: what brings it down
down_by() {
	local monitor went=1
	ip -o monitor address > /run/addresses &
	monitor=$!
	until_ok 5 grep -qE "^[^ ]+ +0 +$monitor +0*[1-9a-f]" /proc/net/netlink
	"$@"
	until_ok 20 grep -q '^Deleted.* inet 172' /run/addresses && went=0
	kill $monitor
	return $went
}
alive() { ping -c 3 -i 0.2 -W 2 -q "$@" $INSIDE; }
# With --sync the pty may join two frames when the machine is slow, which costs
# a second's data.
alive_sync() {
	local try
	for try in 1 2 3 4 5 6; do alive "$@" && return; done
	echo "no answer in $try attempts"
	return 1
}

# Everything of ours that a tunnel's end should have taken along.
leftovers() {
	ps -eo pid,comm,args | awk '$2 ~ /^(pptp|pppd)/ &&
	    $2 !~ /^(pptpd|pptpctrl)$/'
	find /run/pptp /var/run/pptp -mindepth 1 2>/dev/null
	ip -4 rule show | grep -v 'lookup \(local\|main\|default\)'
	ip -4 route show table all | grep -v -e ' v0' -e '\blo\b'
}
clean() {	# the processes first, which take long to go and little to find
	! pgrep '^(pptp($|[^cd])|pppd)' > /dev/null && [ -z "$(leftovers)" ]
}
plugin_here() {	# puts pptp.so where this pppd looks; false where it was not built
	local dir
	dir=/usr/lib/pppd/$(pppd --version 2>&1 | sed -n 's/.*version //p')
	[ -f pptp.so ] && cp -r "$dir" /run/plugins &&
		cp pptp.so /run/plugins/ && mount --bind /run/plugins "$dir"
}
is_clean() {	# is_clean CLAIM: within 20 seconds nothing is left
	until_ok 20 clean
	is "$1" "$(leftovers)" ''
}
carries() {	# carries put|get MEGABYTES [INTERFACE]: true if all arrived
	python3 "$rig/transfer.py" "$1" $INSIDE 5000 "$2" "${3:-}"
}
transfer_server() {
	srv python3 "$rig/transfer.py" serve 0.0.0.0 5000 &
	until_ok 10 listening 5000
}
end() {	# end PID: SIGTERM for pppd, and wait for it
	kill -TERM "$1" 2> /dev/null && wait "$1"
}
logs() {	# for a failure
	for f in /run/pppd*.log /run/client*.err /run/server-pppd.log \
	    /run/syslog; do
		[ ! -s "$f" ] || { echo "# --- $f"; tail -n "${1:-15}" "$f" |
			sed 's/^/#   /'; }
	done
}
