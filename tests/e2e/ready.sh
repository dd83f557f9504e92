#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# Is this machine ready: what is taken away from one that has real PPP is named
# with its cure, and the cure cures; --check leaves nothing at a real pptpd.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
# shellcheck disable=SC2206 # words
words=($PPPD nodetach)
# lacks CLAIM STATUS PATTERN [COMMAND...]: pptp behind this command says so
lacks() {
	local claim=$1 want=$2 pattern=$3 out; shift 3
	out=$("$@" "$CLIENT" --check $SERVER 2>&1)
	is "$claim: status of --check" $? "$want"
	has "$claim: --check" "$out" "^failed local +$pattern"
	out=$("$@" "$CLIENT" $SERVER "${words[@]}" 2>&1)
	is "$claim: status" $? "$want"
	has "$claim: sentence" "$out" "^pptp: $pattern"
}

out=$("$CLIENT" --check $SERVER)
is "all is there: status of --check" $? 0
version=$(pppd --version 2>&1 | sed -n 's/.*version //p')
has "all is there: what" "$out" "^ok +local +pppd ${version//./\\.}, /dev/ppp, (pptp|ppp_async), ppp_mppe, CAP_NET_RAW\$"
has "LCP: the login and the MRU that pptpd's pppd wants" "$out" \
	'^ok +LCP +login MS-CHAPv2, MRU 1500$'
has "advice for pptpd" "$out" '^note +advice pptpd is slow'
has "which sees LCP end" "$(< /run/server-pppd.log)" 'rcvd \[LCP TermReq '
is "no interface is left of it" "$(ip -o link show type ppp)" ''
is "no namespace, nor process" "$(pgrep -x pptp)" ''

# As in a container: no device, or one without the capability for it.
gone() { unshare -m sh -c 'mount -t tmpfs none /dev && mkdir /dev/pts &&
	mknod -m 666 /dev/null c 1 3 && mount -t devpts -o ptmxmode=666 none \
	/dev/pts && ln -s pts/ptmx /dev/ptmx && "$@"' sh "$@"; }
lacks "no /dev/ppp" 1 'cannot open /dev/ppp: No such file or directory \(.*' gone
made() { gone sh -c 'mknod -m 600 /dev/ppp c 108 0 && exec "$@"' sh "$@"; }
has "and mknod makes it" "$(made "$CLIENT" --check $SERVER)" '^ok +local'
lacks "no pppd" 1 'cannot run /usr/sbin/pppd: Permission denied' \
	unshare -m sh -c 'mount --bind /dev/null /usr/sbin/pppd && exec "$@"' sh
lacks "no CAP_NET_ADMIN" 4 \
	'cannot open /dev/ppp: CAP_NET_ADMIN is missing, although this is root' \
	setpriv --bounding-set -net_admin
lacks "no CAP_NET_RAW" 4 \
	'cannot open a raw socket for GRE: CAP_NET_RAW is missing, although this is root' \
	setpriv --bounding-set -net_raw

# A user whom pppd's file lets in, and who has both capabilities.
G=$(stat -c %g /usr/sbin/pppd)
if [ -u /usr/sbin/pppd ]; then
	out=$(setpriv --reuid 1000 --regid 1000 --groups "$G" \
		--inh-caps -all,+net_raw,+net_admin \
		--ambient-caps -all,+net_raw,+net_admin \
		"$CLIENT" --check $SERVER 2>&1)
	is "a user of pppd's group: status of --check" $? 0
	has "a user of pppd's group: what" "$out" '^ok +local +pppd'
else skip "a user of pppd's group" "this pppd is not setuid"; fi
lacks "a user outside of it" 4 \
	'(cannot run /usr/sbin/pppd|/usr/sbin/pppd is for root|cannot open a raw socket)' \
	setpriv --reuid 1000 --regid 1000 --clear-groups

# Modules that are not there.
for m in ppp_mppe ppp_async; do
	if ! rmmod $m; then skip "no $m" "it is built in, or in use"; continue; fi
	out=$("$CLIENT" --check $SERVER)
	is "no $m: status of --check" $? 1
	has "no $m: --check" "$out" "^failed local .*modprobe $m"
done
out=$("$CLIENT" $SERVER --data-path user "${words[@]}" 2>&1)
is "no ppp_async: status" $? 1
has "no ppp_async: sentence" "$out" '^pptp: this kernel has no PPP for a pty: '
is_clean "nothing is left"
claim "nor at the server" until_ok 20 no_session
((tap_bad == 0)) || logs
plan
