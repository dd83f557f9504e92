# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# For tests in network namespaces.  The script is started again in namespaces
# of its own (network, mounts, processes): all that it makes ends with it.
# The client's side is 10.9.0.1, the server's is the namespace srv, 10.9.0.2.
if [ -z "${PPTP_NS:-}" ]; then
	# Killed as a whole if the runner ends us.
	PPTP_NS=1 exec unshare -n -m -p -f --mount-proc --kill-child \
		bash "$0" "$@"
fi
set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
mount -t tmpfs none /run
mkdir -p /run/netns /run/lock
PATH=$PATH:/usr/sbin:/sbin
export TMPDIR=/run
. tests/tap.sh

SERVER=10.9.0.2
CLIENT=${CLIENT:-$PWD/pptp}
ip link set lo up
ip netns add srv
ip link add v0 type veth peer name v1 netns srv
ip addr add 10.9.0.1/24 dev v0 && ip link set v0 up
ip -n srv addr add $SERVER/24 dev v1
ip -n srv link set v1 up
ip -n srv link set lo up
srv() { ip netns exec srv "$@"; }

until_ok() {	# until_ok SECONDS COMMAND...
	local n=$(($1 * 20)); shift
	until "$@" > /dev/null 2>&1; do
		((n-- > 0)) || return 1
		sleep 0.05
	done
}

# over_etc NAME...: /run/NAME takes the place of /etc/NAME, which may be a link
# into what was /run before, or not be there and not be missed (musl's nsswitch)
over_etc() {
	local name to
	for name; do
		to=$(readlink -m "/etc/$name")
		[[ $to != /run/* ]] || { mkdir -p "${to%/*}" && : >> "$to"; }
		[ ! -e "$to" ] || mount --bind "/run/$name" "$to" ||
			{ echo "Bail out! /etc/$name"; exit 1; }
	done
}

# library NAME: tests/net/NAME.c as /run/NAME.so, to be preloaded
library() {
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -O1 -shared \
		-fPIC -o "/run/$1.so" "tests/net/$1.c" -ldl ||
		{ echo "Bail out! $1.c"; exit 1; }
}
# ppp_here: from here on this machine is ready for pppd, for who runs pptp.
ppp_here() {
	library ppp
	export LD_PRELOAD=/run/ppp.so
}

# serve [KEY=VALUE...]: another badserver takes the place of the one before
BAD=
serve() {
	[ -z "$BAD" ] || { kill "$BAD"; wait "$BAD" 2>/dev/null; }
	: > /run/server.log	# here: the child may come to it too late
	ip netns exec srv python3 tests/net/badserver.py "$@" > /run/server.log 2>&1 &
	BAD=$!
	until_ok 10 grep -q ready /run/server.log ||
		{ echo "Bail out! badserver: $(cat /run/server.log)"; exit 1; }
}
served() { cut -d' ' -f2- /run/server.log; }
count() { served | grep -c "$1"; }

# run [PTYFEED OPTION...] -- [PPTP OPTION...]: sets $out, $err, $status, $took
# (whole seconds until the client had ended)
run() {
	local feed=() began=$SECONDS
	while [ $# != 0 ] && [ "$1" != -- ]; do feed+=("$1"); shift; done
	shift
	out=$(python3 tests/net/ptyfeed.py "${feed[@]}" \
		"$CLIENT" $SERVER --nolaunchpppd "$@" 2> /run/err)
	err=$(cat /run/err)
	status=$(sed -n 's/^exit \([^ ]*\) .*/\1/p' <<< "$out")
	took=$((SECONDS - began))
}
within() {	# within CLAIM SECONDS: $took is not longer
	if [ "$took" -le "$2" ]; then pass "$1"
	else fail "$1" "took $took s, more than $2"; fi
}

# All that a client should have taken along: empty if so.
leftovers() {
	ps -eo comm,args | awk '$1 ~ /^pptp/'
	find /run/pptp -mindepth 1 2>/dev/null
	ip -4 route show table all | grep -v -e ' v0' -e '\blo\b'
	ip -4 rule show | grep -v 'lookup \(local\|main\|default\)'
}
clean() { [ -z "$(leftovers)" ]; }
no_process() { ! pgrep -x pptp; }
is_clean() { until_ok "${2:-20}" clean; is "$1" "$(leftovers)" ''; }

# syslog_on: /dev/log is ours from here on; what comes is in /run/syslog, each
# line as it came, "<PRIORITY>pptp[PID]: TEXT".
syslog_on() {
	mkdir -p /run/dev && mount --rbind /dev /run/dev
	mount -t tmpfs none /dev
	local d
	for d in null zero random urandom tty; do
		: > /dev/$d && mount --bind /run/dev/$d /dev/$d
	done
	mkdir /dev/pts && mount --rbind /run/dev/pts /dev/pts
	ln -s pts/ptmx /dev/ptmx
	ln -s /proc/self/fd /dev/fd
	python3 -c 'import os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
while True:
    os.write(1, s.recv(65536) + b"\n")' >> /run/syslog &
	until_ok 20 test -S /dev/log
}

# Statuses of pptp: enum exit_status in include/conf.h
n=0
for s in $(sed -n '/^enum exit_status/,/^}/s/^\t\(EXIT_[A-Z_]*\).*/\1/p' \
	include/conf.h); do
	declare -r "$s=$n"
	n=$((n + 1))
done
