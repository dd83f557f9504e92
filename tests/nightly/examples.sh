#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# The EXAMPLES of pptp.8, as they stand there: a command line, pon and poff,
# ifupdown's stanza, OpenRC's script.  In an overlay of this machine, since
# ifupdown and OpenRC would take over its network and its start; with real pppd
# and pptpd in a guest.
cd "$(dirname "$0")/../.." || exit 1
# example WORD: the literal block of the page with that word in it
example() {
	sed 's/\\e$/\\/' pptp.8 | awk -v word="$1" '
	/^\.Sh / { here = /EXAMPLES/ }
	/^\.Bd / { block = ""; next }
	/^\.Ed/ { if (here && index(block, word)) printf "%s", block }
	{ block = block $0 "\n" }'
}

if [ "${1:-}" != guest ]; then
	. tests/tap.sh
	. tests/rig/overlay.sh
	{ apt update && apt install ifupdown openrc ppp; } > "$box/apt" 2>&1 ||
		skip_all "no packages: $(tail -n 1 "$box/apt")"
	mkdir -p "$R$PWD" && mount --bind . "$R$PWD"
	cp pptp "$R/usr/sbin/pptp"
	echo '10.9.0.2 vpn.example' >> "$R/etc/hosts"
	rm -f "$R"/etc/network/if-*.d/*
	example 'iface ppp0' > "$R/etc/network/interfaces"
	example openrc-run > "$R/etc/init.d/pptp-work"
	chmod 755 "$R/etc/init.d/pptp-work"
	inside env -C "$PWD" \
		tests/rig/uml bash tests/nightly/examples.sh guest
	exit
fi
. tests/rig/net.sh
net_up
server_up
echo 'bob * "wonderland" *' > /etc/ppp/chap-secrets
example --nolaunchpppd > /etc/ppp/peers/work
ends() {	# ends HOW COMMAND...
	claim "$1: ping" alive
	claim "$1: ends" "${@:2}"
	is_clean "$1: leaves nothing"
}

example nodetach | sed -n 's/^# pptp/exec pptp/;/^exec/,$p' > /run/line
bash /run/line 2> /run/client.err &
P=$!
claim "the command line: up" until_ok 20 up
ends "the command line" kill -INT $P

claim "pon work" pon work
claim "pon: up" until_ok 20 up
ends poff poff work

mkdir -p /run/network
claim "ifup ppp0" ifup ppp0
claim "ifup: up" until_ok 20 up
ends ifdown ifdown ppp0

# As OpenRC leaves it when it has booted.
mkdir -p /run/openrc/{starting,started,stopping,inactive,wasinactive} \
	/run/openrc/{failed,hotplugged,daemons,options,exclusive,scheduled,tmp}
echo default > /run/openrc/softlevel
claim "rc-service pptp-work start" rc-service pptp-work start
claim "OpenRC: up" until_ok 20 up
claim "rc-service pptp-work status" rc-service pptp-work status
old=$(sessions)
claim "OpenRC: the server went: down" down_by pkill -KILL -x pptpctrl
claim "and up again" until_ok 40 up
has "in a new session" "$(sessions | grep -vx "$old")" '^[0-9]+$'
ends "OpenRC" rc-service pptp-work stop
is "nor OpenRC's supervisor" "$(pgrep -f '[s]upervise-daemon')" ''
((tap_bad == 0)) || logs
plan
