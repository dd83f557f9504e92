#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Clocks: all timers are late by an hour, as after a suspend; the time of day
# jumps.  The processes are stopped while theirs is moved.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash
library lateclock
hours() {	# hours SUSPENDED TIME-OF-DAY: what the clocks are ahead
	python3 -c 'import struct, sys
with open("/run/clock", "r+b") as f:
    f.write(struct.pack("qq", *(3600 * int(x) for x in sys.argv[1:])))' "$@"
}
head -c 16 /dev/zero > /run/clock
BEFORE="env LD_PRELOAD=/run/lateclock.so"
all() { echo "received $1 of $1, ordered, 0 duplicate, 0 bad"; }
suspend() {	# suspend NAME HOURS: the machine's own processes alone
	local all
	all="$(gateway_of "$1") $(manager) $(monitor)"
	# shellcheck disable=SC2086 # numbers
	kill -STOP $all
	sleep 0.2
	hours "$2" 0
	# shellcheck disable=SC2086 # numbers
	kill -CONT $all
}

serve
tunnel one --count 400 --gap 0.01 --hold 7 -- --idle-wait 600 --max-echo-wait 2
up one
claim "the clock is ours" grep -q lateclock "/proc/$(manager)/maps"
# Nothing else wakes it within a minute.
"$CLIENT" --status > /dev/null
sleep 1
is "before, the manager has no reason to ask" "$(count '^rx EchoRQ')" 0
suspend one 1
"$CLIENT" --status > /dev/null
claim "after an hour it asks whether the server is there" \
	until_ok 10 eval '[ "$(count "^rx EchoRQ")" -ge 1 ]'
suspend one 100
calm "no process spins" "$(manager)" "$(monitor)"
ended one 20
has "the tunnel carries everything" "$(of one)" "$(all 400)"
is "and ends well" "$(status_of one)" 0
is_clean "nothing left"

# A server that went away meanwhile is noticed soon after.
hours 0 0
serve noecho=1
tunnel one --count 0 --hold 30 --end wait -- --idle-wait 1 --max-echo-wait 2 --debug
up one
sleep 0.3
suspend one 1
claim "a server that went away is noticed" ended one 20
is "a server that went away: status" "$(status_of one)" "$EXIT_LOST"
has "a server that went away: sentence" "$(< /run/one.err)" Echo
is_clean "a server that went away: nothing left"

# While it is being set up.
hours 0 0
serve accept=silent
tunnel one --wait 20 -- --timeout 3
until_ok 20 grep -q accepted /run/server.log
kill -STOP "$(manager)"; hours 1 0; kill -CONT "$(manager)"
claim "a suspend while connecting: it ends" ended one 20
is "a suspend while connecting: status" "$(status_of one)" "$EXIT_TIMEOUT"
is_clean "a suspend while connecting: nothing left"

# While it waits after a failure of PPP: no call manager ended, none was asked.
hours 0 0
mkdir -p /run/pptp && chmod 700 /run/pptp
python3 - /run/pptp/$SERVER.refused <<'P'
import struct, sys, time
with open(sys.argv[1], "wb") as f:
    f.write(struct.pack("=QII", int(
        time.clock_gettime(time.CLOCK_BOOTTIME) * 1e6) - 2000000, 0, 1))
P
tunnel one --wait 20 -- --timeout 3
sleep 1
is "it waits" "$(manager)" ''
hours 1 0
claim "a suspend while it waits: it ends" ended one 20
is "a suspend while it waits: status" "$(status_of one)" "$EXIT_TIMEOUT"
has "a suspend while it waits: sentence" "$(< /run/one.err)" \
	"no time was left to ask $SERVER for a call"
rm -r /run/pptp
is_clean "a suspend while it waits: nothing left"

# The time of day is nobody's business.
hours 0 0
serve
tunnel one --count 100 --gap 0.01 --hold 4 -- --idle-wait 1 --max-echo-wait 1
up one
for h in 9000 -9000 0; do hours 0 $h; sleep 0.5; done
ended one
has "the time of day jumps by a year and back" "$(of one)" "$(all 100)"
is "that ends nothing" "$(status_of one)" 0
is_clean "nothing left"
plan
