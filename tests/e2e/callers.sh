#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The command lines that are out there: those of NetworkManager, ConnMan, peers
# files, blogs, routers and scripts, as they are, run by real pppd.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
# Where they look for it.
mkdir -p /run/usr-sbin
cp "$CLIENT" /run/usr-sbin/pptp
ln -s pptp /run/usr-sbin/work-vpn
PATH=/run/usr-sbin:$PATH
PPTP=/run/usr-sbin/pptp
cat > /etc/ppp/options.pptp << END
lock
noauth
refuse-pap
refuse-eap
refuse-chap
refuse-mschap
nobsdcomp
nodeflate
END

# Many tunnels at once, each with its own unit: this machine is slow.
declare -A pid
now() {		# now UNIT COMMAND...: in the background, its output kept
	local n=$1; shift
	"$@" unit "$n" linkname "link$n" logfile "/run/pppd$n.log" \
		> "/run/client$n.out" 2>&1 &
	pid[$n]=$!
}
has_address() { ip -o -4 addr show dev "ppp$1" | grep -q 172; }
# For --sync: pppd gives up where frames of its negotiation were joined (see
# alive_sync): a fresh tunnel, then.
anew() {	# anew UNIT COMMAND...: the same until it is up, three times at most
	for _ in 1 2 3; do
		now "$@"
		until_ok 40 eval "has_address $1 || ! kill -0 ${pid[$1]}"
		! { has_address "$1" && alive_sync -I "ppp$1"; } \
			2> /dev/null || return
		kill -TERM "${pid[$1]}" 2>/dev/null
		wait "${pid[$1]}"
		rm -f /run/pptp/*.refused	# no wait before the next
	done
}
works() {	# works UNIT CLAIM
	until_ok 60 has_address "$1"
	claim "$2" alive -I "ppp$1"
}
peer() { printf '%s\n' "${@:2}" > "/etc/ppp/peers/$1"; }
ours="noauth user alice remotename PPTP require-mppe-128 nobsdcomp nodeflate
noipv6"

# NetworkManager: its line, but for its plugin, which needs its D-Bus service
now 0 pppd pty "$PPTP $SERVER --nolaunchpppd --loglevel 1 --logstring nm-pptp-service-4242" \
	debug ipparam nm-pptp-service-4242 nodetach lock usepeerdns \
	noipdefault nodefaultroute noauth user alice remotename PPTP \
	refuse-eap refuse-pap refuse-chap refuse-mschap require-mppe-128 \
	nobsdcomp nodeflate novj lcp-echo-failure 0 lcp-echo-interval 0
# ConnMan
now 1 pppd nodetach lock logfd 2 usepeerdns noipdefault noauth nodefaultroute \
	ipparam pptp_plugin user alice remotename PPTP require-mppe-128 \
	nobsdcomp nodeflate \
	pty "$PPTP $SERVER --nolaunchpppd --loglevel 2 --idle-wait 60 --max-echo-wait 60"
# pptpsetup's file, with Debian's options.pptp, by pppd call
peer work "pty \"$PPTP $SERVER --nolaunchpppd\"" lock noauth nobsdcomp \
	nodeflate 'name alice' 'remotename PPTP' 'ipparam work' \
	require-mppe-128 'file /etc/ppp/options.pptp'
now 2 pppd call work nodetach
# the blogs' recipe
# shellcheck disable=SC2086 # words
now 3 pppd pty "pptp $SERVER --nolaunchpppd --debug" $ours nodetach
# old firmware
# shellcheck disable=SC2086 # words
now 4 pppd pty "$PPTP $SERVER --loglevel 0 --nolaunchpppd --nobuffer" $ours \
	nodetach mtu 1452 mru 1452
works 0 "NetworkManager's line"
is "its log level 1: nothing but errors is logged" \
	"$(grep -c 'nm-pptp-service-4242' /run/syslog)" 0
works 1 "ConnMan's line"
works 2 "a peers file as pptpsetup writes it, by pppd call"
works 3 "the blogs' line, with --debug"
works 4 "old firmware: --loglevel 0 and --nobuffer"
kill -TERM "${pid[@]}"; wait "${pid[@]}"; pid=()
is_clean "their end leaves nothing"

# routers
# shellcheck disable=SC2086 # words
anew 0 pppd pty "$PPTP --idle-wait 0 $SERVER --nolaunchpppd --nobuffer --sync --loglevel 0" \
	sync $ours nodetach
# a quoted host, blanks at the end
# shellcheck disable=SC2086 # words
now 1 pppd pty "pptp '$SERVER' --nolaunchpppd   " $ours nodetach
# --localbind=ADDR, words for pppd behind the host
# shellcheck disable=SC2086 # words
now 2 pppd pty "pptp $SERVER --localbind=10.9.0.1 --nolaunchpppd mtu 1400" \
	$ours nodetach
# the reorder wait under its old name, as NixOS writes it
# shellcheck disable=SC2086 # words
now 3 pppd pty "$PPTP $SERVER --nolaunchpppd --timeout 0.02" $ours nodetach
# by another name, as a symbolic link
# shellcheck disable=SC2086 # words
now 4 pppd pty "work-vpn $SERVER --nolaunchpppd --phone 5 --nohostroute" \
	$ours nodetach
claim "routers: --idle-wait 0 HOST --nobuffer --sync" alive_sync -I ppp0
works 1 "a quoted host, blanks at the end"
works 2 "--localbind=ADDR, bare words behind the host"
works 3 "--timeout 0.02"
works 4 "under another name"
is "pidof pptp finds the gateways, managers and monitors" \
	"$(pidof pptp | wc -w)" "$(pgrep -c -x pptp)"
claim "and there are some" test "$(pidof pptp | wc -w)" -ge 5
command -v killall > /dev/null || killall() { busybox killall "$@"; }
killall pptp
for i in 0 1 2 3; do
	wait "${pid[$i]}"
	is "killall pptp: pppd $i sees a hangup" $? 16
done
kill -TERM "${pid[4]}" 2>/dev/null; wait "${pid[4]}"; pid=()
is_clean "and nothing is left"

# launching pppd: pptp HOST call PEER, pptp HOST name LOGIN; updetach; pon
peer home "${ours//$'\n'/ }"
now 0 "$PPTP" $SERVER call home nodetach
# shellcheck disable=SC2086 # words
now 1 "$PPTP" $SERVER name alice ${ours/user alice/} nodetach
now 2 pppd call work updetach
works 0 "pptp HOST call PEER"
works 1 "pptp HOST name LOGIN"
works 2 "pppd call PEER updetach"
wait "${pid[2]}"
is "which returns" $? 0
kill -TERM "${pid[0]}" "${pid[1]}"
pkill -TERM -f 'pppd call work'
wait "${pid[0]}" "${pid[1]}"; pid=()
is_clean "their end leaves nothing"
if command -v pon > /dev/null; then
	claim "pon" pon work unit 0
	works 0 "a peers file by pon"
	claim "poff" poff work
	is_clean "poff leaves nothing"
else
	skip "pon and poff" "this system has no pon"
fi
((tap_bad == 0)) || logs
plan
