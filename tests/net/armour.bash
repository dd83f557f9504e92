# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced after lib.sh by tests that do harm to a tunnel: load, processes.

# $LOAD: both ends of a tunnel under load (tests/net/load.c)
LOAD=/run/load
build_load() {
	"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Werror -O2 \
		-g -o $LOAD tests/net/load.c || { echo "Bail out! no load"; exit 1; }
}
# load_server [KEY=VALUE...]: takes the place of the server before
load_server() {
	[ -z "$BAD" ] || { kill "$BAD"; wait "$BAD" 2>/dev/null; }
	: > /run/server.log
	ip netns exec srv $LOAD serve "$@" > /run/server.log 2>&1 &
	BAD=$!
	until_ok 10 grep -q ready /run/server.log ||
		{ echo "Bail out! load: $(cat /run/server.log)"; exit 1; }
}

# tunnel NAME [PTYFEED OPTION...] -- [PPTP OPTION...]: in the background; its
# words are in /run/NAME.out and /run/NAME.err.  `up NAME` waits for it.
declare -A FEED
tunnel() {
	local name=$1 feed=(); shift
	while [ $# != 0 ] && [ "$1" != -- ]; do feed+=("$1"); shift; done
	shift
	: > "/run/$name.out"
	# shellcheck disable=SC2086 # words before the client
	python3 tests/net/ptyfeed.py "${feed[@]}" ${BEFORE:-} "$CLIENT" $SERVER \
		--nolaunchpppd "$@" > "/run/$name.out" 2> "/run/$name.err" \
		< /dev/null &
	FEED[$name]=$!
}
up() { until_ok "${2:-10}" grep -q ^up "/run/$1.out"; }
ended() { until_ok "${2:-10}" grep -q '^exit' "/run/$1.out"; }
of() { cat "/run/$1.out"; }
status_of() { sed -n 's/^exit \([^ ]*\).*/\1/p' "/run/$1.out"; }

# Processes: whose parent pptpfeed is; whose parent is init; that one's child.
gateway_of() { pgrep -P "${FEED[$1]}" -x pptp | head -n 1; }
monitor() { pgrep -P 1 -x pptp | head -n 1; }
manager() { local k; k=$(monitor); [ -n "$k" ] && pgrep -P "$k" -x pptp; }

# Processor time of a process in the next second, in hundredths.
spent() { sed 's/.*) //' "/proc/$1/stat" | awk '{ print $12 + $13 }'; }
busy() {
	local a b
	a=$(spent "$1"); sleep "${2:-1}"; b=$(spent "$1")
	echo $((b - a))
}
# calm CLAIM PID...: each is there, and hardly runs in a second
calm() {
	local claim=$1 pid used why=; shift
	for pid; do
		used=$(busy "$pid")
		[ -e "/proc/${pid:-none}/stat" ] && ((used <= 5)) ||
			why+=" ${pid:-none}: $used"
	done
	is "$claim" "$why" ''
}
rss_kb() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }
descriptors() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
