#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# sys/pptp@.service under real systemd: process 1 of a namespace of processes,
# as in a container, with a journal of its own.
# shellcheck disable=SC2086,SC2154 # words; from net.sh
. "$(dirname "$0")/../rig/net.sh"
systemd=/usr/lib/systemd/systemd
[ -x $systemd ] || systemd=/lib/systemd/systemd
[ -x $systemd ] || skip_all "no systemd here"
net_up
server_up

# Only these units: what else this machine has is not ours to start.
U=/run/sd/units
mkdir -p "$U/pptp@.service.d"
for u in sysinit basic shutdown umount network-online nss-lookup; do
	printf '[Unit]\nDefaultDependencies=no\n' > $U/$u.target
done
printf '[Unit]\nDefaultDependencies=no\nWants=systemd-journald.service\n' \
	> $U/default.target
cp ${systemd%/*}/system/systemd-journald{.service,.socket,-dev-log.socket} $U
sed -i '/^Requires=/d; /^After=/d' $U/systemd-journald*.socket
cp sys/pptp@.service $U
printf '[Service]\nRestartSec=2\n' > "$U/pptp@.service.d/sooner.conf"

# Not below /tmp or a home, which the unit hides.
cp "$CLIENT" /run/sd/pptp
printf '%s\n' "pty \"/run/sd/pptp $SERVER --nolaunchpppd\"" ${PPPD% debug} \
	> /etc/ppp/peers/work
{ cat /etc/ppp/peers/work; echo 'password "not it"'; } > /etc/ppp/peers/wrong
printf 'no-such-option\n' > /etc/ppp/peers/odd

mount -t cgroup2 none /sys/fs/cgroup
rm -f /dev/log		# the guest's: the journal takes its place
SYSTEMD_UNIT_PATH=$U container=uml unshare -p -f --mount-proc --kill-child \
	$systemd --system --log-target=journal-or-kmsg < /dev/null \
	> /run/console 2>&1 &
inside() { nsenter -t "$(pgrep -x systemd)" -p -m "$@"; }
ctl() { inside systemctl "$@"; }
state() { ctl is-active pptp@$1; }
shows() { ctl show -P "$2" pptp@$1; }
said() { inside journalctl -q -o cat -u pptp@$1; }
until_ok 60 eval '[ "$(ctl is-active systemd-journald)" = active ]' ||
	{ echo "Bail out! no systemd: $(tail -n 5 /run/console)"; exit 1; }

claim "systemctl start pptp@work" ctl start pptp@work
is "it is active" "$(state work)" active
claim "and the network is up" up
claim "ping" alive
all=$(ps -eo pid,args | awk '/\/run\/sd\/pptp 10/ && !/sh -c|awk/ { print $1 }')
is "each of pptp's processes has its filter" "$(for p in $all; do
	sed -n 's/^Seccomp:\t//p' /proc/$p/status; done | sort | uniq -c |
	awk '$2 != 2 { print $1 }')" ''
has "and there are at least three" "$(wc -w <<< "$all")" '^([3-9]|[1-9][0-9])'
claim "systemctl stop" ctl stop pptp@work
is "it is inactive, not failed" "$(state work)" inactive
claim "the network is down" down
is_clean "nothing is left"
until_ok 20 eval 'said work | grep -q "tunnel to .* ended"'
is "the journal has each line once" "$(said work | grep -v -e ystemd |
	sort | uniq -d)" ''
has "the tunnel's beginning" "$(said work)" 'tunnel to .* up'
has "pppd's, too" "$(said work)" 'local +IP address'
has "and its end" "$(said work)" 'tunnel to .* ended'
is "no process outlived the unit" "$(said work | grep 'remains running')" ''
is "nothing was refused by a filter" \
	"$(said work | grep -i -e sandbox -e 'not permitted' -e SIGSYS)" ''

claim "started again" ctl start pptp@work
pkill -KILL -x pptpctrl		# of this guest, which has no other
until_ok 15 eval '[ "$(shows work NRestarts)" = 1 ]'
until_ok 30 eval '[ "$(state work)" = active ] && up'
is "the server went: restarted, and active" \
	"$(state work) $(shows work NRestarts)" 'active 1'
claim "ping" alive
claim "systemctl restart" ctl restart pptp@work
claim "ping" alive
ctl stop pptp@work
is "stopped" "$(state work)" inactive

ctl start pptp@wrong 2> /dev/null
is "a wrong password: start fails" "$?" 1
sleep 6
is "and is not tried again" "$(state wrong) $(shows wrong NRestarts) $(shows \
	wrong ExecMainStatus)" 'failed 0 19'
has "which the journal tells" "$(said wrong)" 'authentication failed'
ctl start pptp@odd 2> /dev/null
sleep 3
is "a wrong option: neither" "$(state odd) $(shows odd NRestarts) $(shows odd \
	ExecMainStatus)" 'failed 0 2'
has "the journal tells that, too" "$(said odd)" no-such-option
((tap_bad == 0)) || { inside journalctl -q -n 60 --no-pager -o short-monotonic |
	sed 's/^/#   /'; }
plan
