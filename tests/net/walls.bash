# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced by tests that read from /proc what a process may still do.  A client
# is started by `bash /run/inherit COMMAND...`: descriptor 50, /run/secret, is
# what none of its processes may keep.
NONE=0000000000000000 NET_ADMIN=0000000000001000
echo secret > /run/secret
echo 'exec "$@" 50< /run/secret' > /run/inherit

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
	owned "$1" "$2" "$3"
	nothing "$1" "$2" $NONE
	# That of a process that has died cannot even be opened.
	# shellcheck disable=SC2010 # what ls says, not names
	is "$1: an empty root" "$(ls -A "/proc/$2/root/" 2>&1 |
		grep -v 'cannot open directory .* No such process$')" ''
}
# owned CLAIM PID UID; "own": one of the process's own
owned() {
	local id=$3
	[ "$id" != own ] || id=$((0x70000000 + $2))
	is "$1: uid" "$(field "$2" Uid)" "$id $id $id $id"
	is "$1: gid" "$(field "$2" Gid)" "$id $id $id $id"
	is "$1: no supplementary group" "$(field "$2" Groups)" ''
}
# nothing CLAIM PID CAPABILITIES: behind a filter
nothing() {
	powerless "$1" "$2" "$3"
	is "$1: system calls are filtered" "$(field "$2" Seccomp)" 2
	is "$1: no core dumps" "$(awk '/core file/ { print $5, $6 }' \
		"/proc/$2/limits")" "0 0"
	is "$1: no file of the system open" "$(opened "$2" | grep -v -e '^socket:' \
		-e '^pipe:' -e '^anon_inode:\[\(signalfd\|eventpoll\)\]$' \
		-e '^/dev/null$' -e '/pptp/[0-9.]*\.refused$' \
		-e '^/run/[a-z]*\.\(err\|out\)$' -e '^/run/quiet$' \
		-e '^/dev/\(pts/\)*ptmx$' -e '^/run/\(user/[0-9]*/\)*pptp$')" ''
}
# powerless CLAIM PID CAPABILITIES
powerless() {
	is "$1: capabilities" "$(field "$2" CapPrm) $(field "$2" CapEff)" "$3 $3"
	is "$1: none inheritable or ambient" \
		"$(field "$2" CapInh) $(field "$2" CapAmb)" "$NONE $NONE"
	is "$1: no new privileges" "$(field "$2" NoNewPrivs)" 1
	is "$1: nor may others look into it" "$(stat -c %u "/proc/$2/environ")" 0
	is "$1: nothing inherited" "$(opened "$2" | grep -c secret)" 0
}
set_bounds() { is "$1: empty bounding set" "$(field "$2" CapBnd)" $NONE; }
