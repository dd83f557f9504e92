#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What happens on this machine: other local processes, killed and stopped
# ones, limits, and a directory of sockets in every bad state.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash
all() { echo "received $1 of $1, ordered, 0 duplicate, 0 bad"; }

serve channels=1
tunnel one --count 300 --gap 0.03 --hold 12 --
claim "a tunnel is up" up one
M=$(manager) K=$(monitor) G=$(gateway_of one)
claim "of three processes" test -n "$M" -a -n "$K" -a -n "$G"

# --- local processes that send junk, or nothing
before=$(descriptors "$M")
cat > /run/junk.py <<'PY'
import array, os, socket, sys, time

def dial():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("/run/pptp/10.9.0.2")
    return s

def send(s, data, fds=()):
    try:
        s.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                            array.array("i", fds))] if fds else [])
    except OSError:
        pass

def head(kind, version=2, beside=0):
    return b"pptp" + bytes([version, kind, beside])

def call(beside):       # each bit names a descriptor that goes beside it
    return head(1, beside=beside) + bytes.fromhex(
        "1234 06bb 0040 02 00 0a090002 0a090001") + bytes(8) + bytes(16) + \
        (5000000).to_bytes(8, "big") + bytes(128)
pipes = [fd for _ in range(12) for fd in os.pipe()]
plain = os.open("/run/plain", os.O_RDWR | os.O_CREAT)
os.truncate(plain, 4096)
tries = [b"x", b"\0" * 6, os.urandom(100), os.urandom(4000), b"GET / HTTP/1.1",
         head(7, 1), head(0), head(99), head(2) + b"\1" + b"A" * 224,
         head(10), head(9), head(7) + b"surplus", call(0)[:-1],
         call(0) + b"x", call(16)] + [call(n) for n in range(16)]
for data in tries:
    for fds in ((), pipes[:1], pipes[:3], pipes[:20], (plain,) * 3):
        s = dial()
        send(s, data, fds)
        send(s, data, fds)
        s.close()
# One that sends on without ever reading, one that is told a listing
s = dial()
s.setblocking(False)
for _ in range(1000):
    send(s, os.urandom(200))
s.close()
s = dial()
send(s, head(7))
time.sleep(0.1)
s.close()
quiet = [dial() for _ in range(60)]
print("silent", flush=True)
began = time.monotonic()
for s in quiet:
    s.recv(100)
print("closed after %.1f" % (time.monotonic() - began), flush=True)
PY
python3 /run/junk.py > /run/junk.out 2> /run/junk.err &
J=$!
until_ok 20 grep -q silent /run/junk.out
claim "sixty silent ones are connected" grep -q silent /run/junk.out
run --count 20 --
has "a further tunnel comes up beside them" "$out" "$(all 20)"
wait $J
has "they are sent away in time" "$(< /run/junk.out)" 'closed after [01234]\.'
is "none was an error" "$(< /run/junk.err)" ''
is "the manager lost no descriptor" "$(until_ok 20 eval \
	'[ $(descriptors $M) = '"$before"' ]'; descriptors "$M")" "$before"

# --- another user: the directory keeps him out, and then the manager does
other() { python3 -c '
import os, socket
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(5)
try:
    s.connect("/run/pptp/10.9.0.2")
    s.send(b"pptp\2\7\0")
    print(len(s.recv(600)))
except OSError as e:
    print(type(e).__name__)' 2>&1; }
is "another user cannot come near" "$(other)" PermissionError
chmod 755 /run/pptp; chmod 666 /run/pptp/$SERVER
has "and with the doors open he gets no word" "$(other)" \
	'^(0|BrokenPipeError|ConnectionResetError)$'
chmod 600 /run/pptp/$SERVER; chmod 700 /run/pptp

# --- each process stopped for a while and continued
for p in "$M" "$K"; do kill -STOP "$p"; done
sleep 1
for p in "$M" "$K"; do kill -CONT "$p"; done
kill -STOP "$G"; sleep 0.4; kill -CONT "$G"
kill -STOP "$M"
tunnel late --count 5 --
sleep 1
kill -CONT "$M"
claim "a caller of a stopped manager waits for it" ended late 15
is "and has its tunnel" "$(status_of late)" 0
calm "nobody is busy for nothing" "$M" "$K"
ended one 30
has "all the while the first tunnel carried everything" "$(of one)" "$(all 300)"
is_clean "nothing left"

# --- a manager that never continues
tunnel one --count 1 --hold 5 --
up one
M=$(manager)
kill -STOP "$M"
run --wait 20 -- --timeout 2
is "a manager that is stuck: status" "$status" "$EXIT_TIMEOUT"
has "a manager that is stuck: sentence" "$err" "call manager .* failed"
within "a manager that is stuck: bounded" 7
kill -KILL "$M"
claim "killed while stopped: its tunnel ends" ended one
is "killed while stopped: status" "$(status_of one)" "$EXIT_LOST"
is_clean "killed while stopped: the monitor leaves nothing"

# --- the monitor killed: the tunnel goes on, the next start tidies up
tunnel one --count 100 --gap 0.02 --hold 3 --
up one
M=$(manager) K=$(monitor)
kill -KILL "$K"
run --count 5 -- --debug
has "monitor killed: a further tunnel" "$out" "$(all 5)"
has "monitor killed: which is told" "$err" \
	"$SERVER: nobody keeps the host route: the monitor has gone"
calm "monitor killed: the manager does not spin" "$M"
ended one
has "monitor killed: the tunnel goes on" "$(of one)" "$(all 100)"
is "monitor killed: ends well" "$(status_of one)" 0
until_ok 20 no_process
claim "monitor killed: the socket stays behind" test -S /run/pptp/$SERVER
run --count 5 --
has "and is replaced by the next start" "$out" "$(all 5)"
is_clean "which leaves nothing"

# --- a monitor that comes late, where the successor's socket has its inode
# again: on a disk, unlike on a tmpfs
mkdir -p build
d=$(mktemp -d build/sockets.XXXXXX)
mount --bind "$d" /run/pptp
tunnel one --count 1 --hold 9 --
up one
K=$(monitor)
kill -STOP "$K"
kill -KILL "$(manager)"
ended one
tunnel two --count 20 --gap 0.1 --hold 6 --
claim "monitor stopped, manager killed: a further tunnel" up two
kill -CONT "$K"
until_ok 20 test ! -e "/proc/$K"
has "the late monitor leaves its successor's socket alone" \
	"$(./pptp --status)" ' up '
ended two
is_clean "monitor late: nothing left"
umount /run/pptp
rmdir "$d"

# --- what may lie where the socket should be
python3 -c "import socket; socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET).bind('/run/pptp/$SERVER')"
run --count 5 --
has "a stale socket is replaced" "$out" "$(all 5)"
is_clean "a stale socket: nothing left"
echo x > /run/pptp/$SERVER
run --count 5 --
has "a plain file is replaced" "$out" "$(all 5)"
is_clean "a plain file: nothing left"
mkdir /run/pptp/$SERVER
run --count 5 --
has "a directory: the tunnel comes up all the same" "$out" "$(all 5)"
has "a directory: and it is said" "$err" "call manager of this tunnel's own"
rmdir /run/pptp/$SERVER
is_clean "a directory: nothing left"
rmdir /run/pptp

# --- the directory itself: each goes on with a manager of its own, and says so
alone() {	# alone CLAIM PATTERN
	run --count 5 --
	has "$1: the tunnel comes up" "$out" "$(all 5)"
	has "$1: and it is said, with what to do" "$err" "$2"
	is "$1: ends well" "$status" 0
	until_ok 20 no_process
	is "$1: no process left" "$(pgrep -x pptp)" ''
}
mkdir -m 700 /run/pptp
mount -t tmpfs -o ro,mode=700 none /run/pptp
alone "a read-only directory" 'cannot write to /run/pptp: Read-only'
umount /run/pptp
mount -t tmpfs -o nr_inodes=1,mode=700 none /run/pptp
alone "a full disk" 'No space left.*--status cannot see'
umount /run/pptp
chown 65534 /run/pptp
alone "somebody else's directory" "not this user's own"
rmdir /run/pptp
ln -s /tmp /run/pptp
alone "a link in its place" "cannot open /run/pptp"
rm /run/pptp
echo x > /run/pptp
alone "a file in its place" "cannot open /run/pptp"
rm /run/pptp
BEFORE="tests/net/readonly /run"
tunnel one --count 5 --
ended one
has "a read-only /run: the tunnel comes up" "$(of one)" "$(all 5)"
has "a read-only /run: and it is said" "$(< /run/one.err)" \
	"cannot make /run/pptp: Read-only.*create /run/pptp with mode 0700"
BEFORE="tests/net/without /run"
tunnel one --count 5 --
ended one
has "no /run: the tunnel comes up" "$(of one)" "$(all 5)"
has "no /run, nor where /var/run leads: and it is said" "$(< /run/one.err)" \
	"cannot make /var/run/pptp: No such .*create /var/run/pptp with mode 0700"
is "no /run: ends well" "$(status_of one)" 0
until_ok 20 no_process
is "no /run: no process left" "$(pgrep -x pptp)" ''
BEFORE="env VAR_RUN=1 tests/net/without /run"
tunnel one --count 5 --end wait --
up one
has "no /run, but /var/run: the socket is there" \
	"$(find "/proc/$(monitor)/root/var/run/pptp" -type s)" "/$SERVER@?"
is "nothing to complain of" "$(< /run/one.err)" ''
kill "${FEED[one]}"
until_ok 20 no_process
BEFORE=

# --- limits
until_ok 20 no_process
BEFORE="prlimit --nofile=16"
tunnel one --count 100 --gap 0.02 --hold 8 --
claim "with 16 descriptors a tunnel comes up" up one
M=$(manager)
for i in 1 2 3 4 5 6; do tunnel more$i --count 5 --hold 5 --; done
sleep 2
calm "a manager at its limit does not spin" "$M"
for i in 1 2 3 4 5 6; do ended more$i 15; done
n=$(cat /run/more?.out | grep -c '^exit 0')
claim "with 16 descriptors some more have room ($n of 6)" test "$n" -ge 1
is "the others are told" "$(grep -l -i 'no descriptor left' /run/more?.err | wc -l)" \
	$((6 - n))
ended one 15
has "and the first one never noticed" "$(of one)" "$(all 100)"
is "with 16 descriptors: status" "$(status_of one)" 0
BEFORE="prlimit --nofile=64"
tunnel one --count 100 --gap 0.02 --hold 6 --
up one
python3 - <<'PY' &
import socket, time
def dial():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.connect("/run/pptp/10.9.0.2")
    return s
some = [dial() for _ in range(50)]
time.sleep(1)
PY
wait $!
claim "with 64 descriptors and 50 silent ones the manager lives" \
	test -n "$(manager)"
ended one 15
has "and so does the tunnel" "$(of one)" "$(all 100)"
BEFORE=
is_clean "nothing left"

# --- standard error is a pipe that nobody reads, and full
mkfifo /run/deaf /run/quiet
exec 8<> /run/deaf
head -c 65536 /dev/zero >&8
: > /run/one.out
python3 tests/net/ptyfeed.py --count 50 "$CLIENT" $SERVER --nolaunchpppd \
	--debug --loglevel 4 > /run/one.out 2> /run/deaf &
claim "nobody reads standard error: it ends" ended one
has "nobody reads standard error: the tunnel carries all" "$(of one)" "$(all 50)"
is_clean "nobody reads standard error: nothing left"

# --- a hundred at once
exec 9<> /run/quiet
build_load
load_server
for i in $(seq 100); do
	"$CLIENT" $SERVER --nolaunchpppd < /run/quiet > /dev/null \
		2>> /run/hundred.err &
	H+=($!)
done
on() { [ "$(./pptp --status | grep -c ' up ')" = 100 ]; }
claim "a hundred at once: all up" until_ok 30 on
is "a hundred at once: one socket" "$(find /run/pptp -type s -printf "%f\n")" $SERVER
run --count 5 --
has "and one more carries data" "$out" "$(all 5)"
is "nobody complained" "$(< /run/hundred.err)" ''
kill "${H[@]}"
wait "${H[@]}"
is_clean "all end on SIGTERM and leave nothing"
plan
