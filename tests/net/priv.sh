#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What each process of a tunnel may still do, read from /proc: as root, as
# another user with file capabilities, as a service with little of either.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash

serve channels=10
mkfifo /run/quiet
exec 9<> /run/quiet
echo secret > /run/secret
NONE=0000000000000000 NET_ADMIN=0000000000001000

# begin COMMAND...: a tunnel by that client, which inherits descriptor 50.  The
# other two are found from the gateway: $G, $M and $K.
begin() {
	"$@" $SERVER --nolaunchpppd --debug < /run/quiet > /dev/null \
		2> /run/client.err 50< /run/secret &
	G=$!
	until_ok 10 grep -q 'tunnel to .* up' /run/client.err ||
		sed 's/^/# /' /run/client.err
	sleep 0.3
	K=
	for p in $(pgrep -x pptp); do
		[ "$p" = $G ] || [ "$(field "$p" PPid)" != 1 ] || K=$p
	done
	M=$(pgrep -x pptp | grep -vx -e "$G" -e "${K:-none}")
}
finish() {
	kill -TERM $G
	wait $G
	is "$1: ends well" $? 0
	until_ok 5 no_process
	is "$1: no process left" "$(pgrep -x pptp)" ''
}
field() { awk -v f="$2:" '$1 == f { $1 = ""; sub(/^ /, ""); print }' "/proc/$1/status"; }
# sockets PID KIND: how many of /proc/net/KIND it has
sockets() {
	local n=0 fd
	for fd in /proc/$1/fd/*; do
		case $(readlink "$fd") in
		socket:*) fd=$(readlink "$fd"); fd=${fd#socket:[}
			grep -qw "${fd%]}" "/proc/net/$2" && n=$((n + 1)) ;;
		esac
	done
	echo $n
}
opened() { find /proc/"$1"/fd -mindepth 1 -printf '%l\n'; }
# bare CLAIM PID UID: a process that reads a network
bare() {
	is "$1: uid" "$(field "$2" Uid)" "$3 $3 $3 $3"
	is "$1: gid" "$(field "$2" Gid)" "$3 $3 $3 $3"
	nothing "$1" "$2" $NONE
	is "$1: no supplementary group" "$(field "$2" Groups)" ''
	is "$1: an empty root" "$(ls -A "/proc/$2/root/" 2>&1)" ''
}
# nothing CLAIM PID CAPABILITIES
nothing() {
	is "$1: capabilities" "$(field "$2" CapPrm) $(field "$2" CapEff)" "$3 $3"
	is "$1: none inheritable or ambient" \
		"$(field "$2" CapInh) $(field "$2" CapAmb)" "$NONE $NONE"
	is "$1: no new privileges" "$(field "$2" NoNewPrivs)" 1
	is "$1: system calls are filtered" "$(field "$2" Seccomp)" 2
	is "$1: no core dumps" "$(awk '/core file/ { print $5, $6 }' \
		"/proc/$2/limits")" "0 0"
	is "$1: nor may others look into it" "$(stat -c %u "/proc/$2/environ")" 0
	is "$1: nothing inherited" "$(opened "$2" | grep -c secret)" 0
	is "$1: no file of the system open" "$(opened "$2" | grep -v -e '^socket:' \
		-e '^pipe:' -e '^anon_inode:\[signalfd\]$' -e '^/dev/null$' \
		-e '^/run/client.err$' -e '^/run/quiet$' -e '^/run/\(user/[0-9]*/\)*pptp$')" ''
}
set_bounds() { is "$1: empty bounding set" "$(field "$2" CapBnd)" $NONE; }

nobody=$(id -u pptp 2>/dev/null || echo 65534)
begin "$CLIENT"
claim "root: three processes ($G, $M, $K)" test -d /proc/$G -a -d "/proc/$M" -a -d "/proc/$K"
bare "root, gateway" $G "$nobody"
set_bounds "root, gateway" $G
bare "root, manager" "$M" "$nobody"
set_bounds "root, manager" "$M"
is "root, keeper: uid" "$(field "$K" Uid)" "0 0 0 0"
is "root, keeper: no supplementary group" "$(field "$K" Groups)" ''
nothing "root, keeper" "$K" $NET_ADMIN
set_bounds "root, keeper" "$K"
is "gateway: one raw socket, no TCP" "$(sockets $G raw) $(sockets $G tcp)" "1 0"
is "manager: TCP and the sink" "$(sockets "$M" raw) $(sockets "$M" tcp)" "1 1"
is "keeper: no socket of any network" "$(sockets "$K" raw) $(sockets "$K" tcp) \
$(sockets "$K" udp)" "0 0 0"
claim "gateway: few descriptors ($(descriptors $G))" test "$(descriptors $G)" -le 10
claim "manager: few descriptors ($(descriptors "$M"))" test "$(descriptors "$M")" -le 11
claim "keeper: few descriptors ($(descriptors "$K"))" test "$(descriptors "$K")" -le 8
is "nothing to complain of" "$(grep sandbox /run/client.err)" ''
# The resolver's process has less still; it lives as long as a name server is
# silent.
echo 'nameserver 10.9.0.99' > /run/resolv.conf
mount --bind /run/resolv.conf /etc/resolv.conf
"$CLIENT" silent.example.org --nolaunchpppd --timeout 3 < /run/quiet \
	> /dev/null 2>&1 50< /run/secret &
sleep 0.5
R=$(pgrep -P $! -x pptp)
is "resolver: uid" "$(field "$R" Uid)" "65534 65534 65534 65534"
is "resolver: capabilities" "$(field "$R" CapPrm) $(field "$R" CapEff)" "$NONE $NONE"
is "resolver: no supplementary group" "$(field "$R" Groups)" ''
is "resolver: no new privileges" "$(field "$R" NoNewPrivs)" 1
is "resolver: nothing inherited" "$(opened "$R" | grep -c secret)" 0
is "resolver: others may not look into it" "$(stat -c %u "/proc/$R/environ")" 0
kill $!; wait $! 2>/dev/null; kill "$R"
umount /etc/resolv.conf
finish root
is_clean "root: nothing left"

# --- another user, by the capabilities of the program's file
mkdir -m 755 /run/bin && cp "$CLIENT" /run/bin/pptp
AS="setpriv --reuid 1000 --regid 1000 --clear-groups"
mkdir /run/user && mkdir -m 700 /run/user/1000 &&
	chown 1000:1000 /run/user/1000
chmod 666 /run/quiet
if setcap cap_net_raw,cap_net_admin+ep /run/bin/pptp 2> /run/why; then
	# shellcheck disable=SC2086 # words
	begin $AS /run/bin/pptp
	claim "file capabilities: three processes" \
		test -d /proc/$G -a -d "/proc/$M" -a -d "/proc/$K"
	for who in "gateway $G" "manager $M"; do
		# shellcheck disable=SC2086 # name and number
		set -- $who
		is "file capabilities, $1: uid" "$(field "$2" Uid)" "1000 1000 1000 1000"
		nothing "file capabilities, $1" "$2" $NONE
	done
	nothing "file capabilities, keeper" "$K" $NET_ADMIN
	has "root's --status sees the tunnel" "$("$CLIENT" --status)" \
		"^$SERVER: up"
	rm -rf /run/user/1001
	mkdir -p /run/user/1001 && ln -s ../1000/pptp /run/user/1001/pptp
	is "and not what one user says of another" \
		"$("$CLIENT" --status | grep -c ': up')" 1
	# Two namespaces, one folder of sockets.
	ip netns exec srv $AS /run/bin/pptp --nolaunchpppd --timeout 5 $SERVER \
		< /run/quiet > /dev/null 2>&1 &
	other=$!
	claim "a user has a call manager in each network namespace" until_ok 3 \
		eval '[ "$(find /run/user/1000/pptp -name "$SERVER@*" | wc -l)" = 2 ]'
	kill $other; wait $other
	finish "file capabilities"
else skip "file capabilities" "$(< /run/why)"; fi
setcap -r /run/bin/pptp 2>/dev/null

# --- a user's service: ambient capabilities, a group that cannot be given up
begin setpriv --reuid 1000 --regid 1000 --groups 1000,24 --no-new-privs \
	--inh-caps -all,+net_raw,+net_admin \
	--ambient-caps -all,+net_raw,+net_admin /run/bin/pptp
claim "ambient capabilities: three processes" \
	test -d /proc/$G -a -d "/proc/$M" -a -d "/proc/$K"
for who in "gateway $G" "manager $M"; do
	# shellcheck disable=SC2086 # name and number
	set -- $who
	is "ambient capabilities, $1: uid" "$(field "$2" Uid)" "1000 1000 1000 1000"
	nothing "ambient capabilities, $1" "$2" $NONE
done
nothing "ambient capabilities, keeper" "$K" $NET_ADMIN
has "ambient capabilities: what could not be given up is said" \
	"$(< /run/client.err)" "sandbox: the supplementary groups stay.*CAP_SETGID"
finish "ambient capabilities"

# --- without CAP_NET_RAW: a sentence, a status of its own
for who in "$AS" "setpriv --bounding-set -net_raw"; do
	# shellcheck disable=SC2086 # words
	$who /run/bin/pptp $SERVER --nolaunchpppd < /run/quiet > /run/out 2> /run/err
	is "no CAP_NET_RAW ($who): status" $? "$EXIT_PERMISSION"
	has "no CAP_NET_RAW ($who): sentence" "$(< /run/err)" \
		'CAP_NET_RAW is missing; run as root, or .*setcap'
done
is_clean "nothing left"

# --- as a service: NoNewPrivileges, ProtectSystem=strict, a private /run
cat > /run/service <<'SH'
#!/bin/sh
# service BOUNDS COMMAND...
bounds=$1; shift
mount -o remount,ro,bind / || exit 99
exec setpriv --no-new-privs --bounding-set "$bounds" "$@"
SH
chmod 755 /run/service
begin unshare -m --propagation private /run/service +all "$CLIENT"
claim "a service: three processes" test -d /proc/$G -a -d "/proc/$M" -a -d "/proc/$K"
bare "a service, gateway" $G "$nobody"
bare "a service, manager" "$M" "$nobody"
nothing "a service, keeper" "$K" $NET_ADMIN
finish "a service"
begin unshare -m --propagation private /run/service \
	-all,+net_raw,+net_admin "$CLIENT"
claim "a bounded service: three processes" test -d /proc/$G -a -d "/proc/$M" -a -d "/proc/$K"
nothing "a bounded service, gateway" $G $NONE
nothing "a bounded service, manager" "$M" $NONE
nothing "a bounded service, keeper" "$K" $NET_ADMIN
has "a bounded service: what could not be given up is said" \
	"$(< /run/client.err)" 'sandbox: stays uid 0.*CAP_SETUID'
finish "a bounded service"
is_clean "nothing left"
plan
