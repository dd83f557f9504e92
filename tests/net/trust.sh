#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Whom the processes believe: the directory of sockets and who listens in it,
# the network namespace, the manager at its monitor, and what becomes of a start
# at which one of them fails.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash
all() { echo "received $1 of $1, ordered, 0 duplicate, 0 bad"; }
serve channels=10

# --- whoever listens in the directory is asked for nothing unless he is ours
cat > /run/listener.py <<'PY'
"""listener.py UID DIRECTORY: at the manager's name, writes what it is sent."""
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
os.setgroups([])
os.setuid(int(sys.argv[1]))
s.bind(sys.argv[2] + "/10.9.0.2")
s.listen()
print("ready", flush=True)
while True:
    c = s.accept()[0]
    print("connected", flush=True)
    c.settimeout(2)
    try:
        print("received", len(c.recv(600)), flush=True)
    except OSError:
        pass
PY
listener() {
	: > /run/listener.log
	python3 /run/listener.py 65534 /run/pptp >> /run/listener.log 2>&1 &
	L=$!
	until_ok 20 grep -q ready /run/listener.log
}
mkdir -m 777 /run/pptp && chmod 777 /run/pptp
listener
run --count 5 --
has "a directory that all may write in: the tunnel comes up" "$out" "$(all 5)"
has "with what to do" "$err" "/run/pptp is not this user's own, closed .*remove it"
is "whoever listens there is not even connected to" \
	"$(< /run/listener.log)" ready
chmod 700 /run/pptp
run --count 5 --
has "another user's socket in our own directory: the tunnel comes up" \
	"$out" "$(all 5)"
has "and it is said" "$err" "another user's process listens there"
has "who is connected to" "$(< /run/listener.log)" connected
is "and gets nothing" "$(grep 'received [1-9]' /run/listener.log)" ''
kill "$L"
rm -r /run/pptp
mkdir /run/elsewhere && ln -s elsewhere /run/pptp
run --count 5 --
has "a link for a directory: a manager of its own" "$err" "cannot open /run/pptp"
rm /run/pptp
is_clean "nothing left"

# --- a namespace that is not known is not that of process 1
until_ok 20 no_process
BEFORE="setpriv --bounding-set -sys_ptrace --inh-caps -sys_ptrace"
tunnel one --count 5 --hold 3 --
up one
has "process 1's namespace may not be read: a name of its own" \
	"$(ls /run/pptp)" "^$SERVER@$(stat -Lc %i /proc/self/ns/net)\$"
has "which --status finds" "$($BEFORE ./pptp --status)" ' up '
ended one
has "the tunnel carries data" "$(of one)" "$(all 5)"
BEFORE=
is_clean "nothing left"

# --- what other users' call managers claim, to root: labelled and bounded
cat > /run/claims.py <<'PY'
"""claims.py UID HOW [NAME...]: call managers of a user who means no good."""
import os, select, socket, struct, sys, time
uid, how = int(sys.argv[1]), sys.argv[2]
base = "/run/user/%d/pptp" % uid if uid else "/run/pptp"
os.makedirs(base, exist_ok=True)
os.chown(base, uid, -1)
os.setgroups([])
os.setuid(uid)

def record(server, ifindex=0, user=b"m\"\\\x1b[31m\n"):
    return struct.pack("!IBBBHHB4s4sQ", 0x70707470, 2, 8, 0, 1, 2, 1,
                       socket.inet_aton(server), bytes((10, 9, 0, 1)), 9) + \
        struct.pack("!35Q", *[1] * 26, ifindex,
                    *struct.unpack("8Q", user.ljust(64, b"\0")))

listeners, kept = {}, []
for name in sys.argv[3:] or ["10.9.0.2@1"]:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind(base + "/" + name)
    s.listen(0 if how == "full" else 99)
    listeners[s] = name.split("@")[0]
print("ready", flush=True)
if how == "full":
    for s in listeners:
        for _ in range(3):
            c = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            c.setblocking(False)
            c.connect_ex(s.getsockname())
            kept.append(c)
    time.sleep(99)
while True:
    for s in select.select(list(listeners), [], [])[0]:
        c = s.accept()[0]
        kept.append(c)
        try:
            if how == "one":
                c.send(record(listeners[s], 1))
                c.send(record("10.9.0.77"))
                c.send(struct.pack("!IBBB", 0x70707470, 2, 9, 0))
            while how in ("endless", "slow"):
                c.send(record(listeners[s]))
                time.sleep(0.3 if how == "slow" else 0)
            if how == "junk":
                c.send(os.urandom(50))
            if how == "other":      # a DOWN of another version
                c.recv(600)
                print("asked", flush=True)
                c.send(struct.pack("!IBBB225x", 0x70707470, 3, 6, 0))
                kept.remove(c)
                c.close()
            if how.startswith("room"):  # has none; "roomlater": after a while
                print("asked", flush=True)
                time.sleep(0.3 if how == "roomlater" else 0)
                c.send(struct.pack("!IBBBB224s", 0x70707470, 2, 6, 0, 1,
                                   b"no room"))
                kept.remove(c)
                c.close()
            if how == "deaf":
                kept.remove(c)
                c.close()
        except OSError:
            pass
PY
claims() {	# claims UID HOW NAME...: they listen
	: > /run/claims.log
	python3 /run/claims.py "$@" > /run/claims.log &
	C=$!
	until_ok 20 grep -q ready /run/claims.log
}
asks() {	# asks: root's --status: $status, /run/out, /run/err, $took
	local began=$SECONDS
	"$CLIENT" --status "$@" > /run/out 2> /run/err
	status=$?
	took=$((SECONDS - began))
}
forget() { kill "${@:-$C}"; wait "${@:-$C}" 2>/dev/null; rm -rf /run/user/*; }
claims 54321 one 10.9.0.2@1
asks
is "a user's claim is no tunnel of root's: status" "$status" 1
is "each line of it has its owner" \
	"$(grep -c '^uid 54321 claims: ' /run/out) $(wc -l < /run/out)" "7 7"
has "it is of the server that the socket is named for" "$(< /run/out)" \
	'claims: 10.9.0.2: up 0:00:00'
is "no character of it reaches the terminal but printable ones" \
	"$(LC_ALL=C tr -d '\n -~' < /run/out | wc -c)" 0
is "and it names no interface of the kernel's" "$(grep -c 'interface lo' /run/out)" 0
asks --status=json
is "JSON says so, too" "$(python3 -c 'import json
print(*((t["claimed"], t["uid"], t["owner"], t["data_path"], t["user"])
        for t in json.load(open("/run/out"))))' | cat -v)" \
	"(True, 54321, None, 'user', 'm\"\\\\\\x1b[31m\\n')"
tunnel one --count 5 --hold 20 --
up one
asks
is "beside a tunnel of root's own" "$status $(grep -c '^10.9.0.2: up' /run/out)" "0 1"
forget
for how in endless slow full silent junk deaf; do
	claims 54321 $how 10.9.0.{2..60}@1
	asks
	within "$how: root's answer comes all the same" 4
	has "$how: with the tunnel that is his" "$(< /run/out)" '^10.9.0.2: up'
	claim "$how: in a bounded number of lines ($(wc -l < /run/out))" \
		test "$(wc -l < /run/out)" -le 120
	is "$how: and says once whom to ask" "$(wc -l < /run/err)" 1
	has "$how: and why" "$(< /run/err)" \
		'call managers of uid 54321 .*left out; ask as that user'
	forget
done
ended one 30
many=()
for uid in $(seq 54321 54330); do
	claims $uid silent 10.9.0.2@1
	many+=("$C")
done
asks
within "ten such users: not ten times as long" 8
has "it is said that not all were asked" "$(< /run/err)" 'not all were asked'
forget "${many[@]}"
# A file system that never answers: his folder, the one below, or where a name
# leads to.
cat > /run/stuck.py <<'PY'
"""stuck.py FOLDER: a file system is mounted there and says no word more."""
import ctypes, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open("/dev/fuse", os.O_RDWR)
if libc.mount(b"stuck", sys.argv[1].encode(), b"fuse.stuck", 6, b"fd=%d,"
              b"rootmode=40000,user_id=0,group_id=0,allow_other" % fd):
    sys.exit(os.strerror(ctypes.get_errno()))
unique = struct.unpack_from("=IIQ", os.read(fd, 1 << 18))[2]
os.write(fd, struct.pack("=IiQ4IHH3I8I", 80, 0, unique, 7, 31, 1 << 17, 0,
                         12, 9, 1 << 17, 1, 0, *[0] * 8))
print("ready", flush=True)
while True:
    os.read(fd, 1 << 18)
PY
mkdir -p /run/user/54321 /run/user/54322/pptp /run/user/54323/pptp
ln -s /run/user/54321/x /run/user/54323/pptp/10.9.0.2@1
stuck=()
for d in 54321 54322/pptp; do
	: > /run/stuck.log
	python3 /run/stuck.py /run/user/$d > /run/stuck.log 2> /run/why &
	stuck+=($!)
	until_ok 20 grep -q ready /run/stuck.log
done
if grep -q ready /run/stuck.log; then
	tunnel one --count 5 --hold 20 --
	up one
	claims 54324 one 10.9.0.2@1
	began=$SECONDS
	out=$(timeout 20 "$CLIENT" --status 2> /run/err)
	is "file systems that never answer: status" $? 0
	took=$((SECONDS - began))
	within "in bounded time" 7
	is "with what others have" "$(grep -c -e '^10.9.0.2: up' -e \
		'^uid 54324 claims: 10.9.0.2: up' <<< "$out")" 2
	is "and who keeps root waiting" "$(grep -o 'uid [0-9]* take too long' \
		/run/err | sort)" "uid 54321 take too long
uid 54322 take too long
uid 54323 take too long"
	timeout 20 "$CLIENT" --status=json > /run/out 2> /run/err
	is "JSON all the same" "$(python3 -c 'import json
print(*(t["uid"] for t in json.load(open("/run/out"))))')" "0 54324"
	umount -l /run/user/54321 /run/user/54322/pptp
	forget "${stuck[@]}" "$C"
	ended one 30
	until_ok 20 no_process
	is "none of its processes stays" "$(pgrep -x pptp)" ''
else
	skip "a file system that never answers" "$(tail -n 1 /run/why)"
	umount -l /run/user/* 2>/dev/null
	forget
fi
mkdir -p /run/user/54321 && ln -s /run /run/user/54321/pptp
asks
is "a link for a folder is not followed" "$(cat /run/out /run/err)" "no tunnels"
rm -rf /run/user
claims 0 deaf 10.9.0.2
asks
is "our own manager of another version: status" "$status" 1
has "it is said, with what to do" "$(< /run/err)" \
	'call manager of 10.9.0.2 does not answer: is it of another version of pptp'
is "and not that there are no tunnels" "$(< /run/out)" ''
forget
rm -rf /run/pptp/*
claims 0 other 10.9.0.2
run --count 1 --
is "a tunnel of ours asks it, too: status" "$status" "$EXIT_SYSTEM"
has "and it is said" "$err" \
	"the call manager for $SERVER did not understand: is an older pptp"
is "after one try" "$(grep -c asked /run/claims.log)" 1
forget
rm -rf /run/pptp/*
is_clean "nothing left"

# --- a manager without room for us does not read what we sent, or will send
library failing
failing() { BEFORE="env LD_PRELOAD=/run/failing.so FAIL=$1"; }
for how in room roomlater; do
	claims 0 $how 10.9.0.2
	[ $how = roomlater ] || failing late
	tunnel one --count 1 --
	ended one
	is "$how: a tunnel has its sentence, and status" \
		"$(status_of one) $(< /run/one.err)" "$EXIT_SYSTEM pptp: no room"
	is "$how: after one try" "$(grep -c asked /run/claims.log)" 1
	$BEFORE ./pptp --status > /run/out 2> /run/err
	is "$how: --status" "$?" 1
	has "$how: --status says why" "$(< /run/err)" \
		'call manager of 10.9.0.2 does not answer: it has no room'
	BEFORE=
	forget
	rm -rf /run/pptp/*
done
is_clean "nothing left"

# --- the raw socket that a manager is given drops everything, and the gateway's
# own all but its call, for good
cat > /run/filter.py <<'PY'
"""Takes the drop socket out of a CALL, and its filter off it and off those that
the client has."""
import array, ctypes, os, socket, subprocess, sys
os.makedirs("/run/pptp", 0o700, exist_ok=True)
l = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
l.bind("/run/pptp/10.9.0.2")
l.listen()
p = subprocess.Popen([sys.argv[1], "10.9.0.2", "--nolaunchpppd", "--timeout", "3"],
                     stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                     stderr=subprocess.DEVNULL)
c = l.accept()[0]
data, beside, _, _ = c.recvmsg(600, 100)
fds = array.array("i", beside[0][2])
raw = []
for f in fds:
    try:
        s = socket.socket(fileno=f)
    except OSError:
        continue                # memory
    if s.type == socket.SOCK_RAW:
        raw.append(s)
print(len(fds), "descriptors,", len(raw), "raw")
them = os.pidfd_open(p.pid)
for name in os.listdir("/proc/%d/fd" % p.pid):
    fd = ctypes.CDLL(None).syscall(438, them, int(name), 0) # pidfd_getfd
    try:
        s = socket.socket(fileno=fd)
    except OSError:
        continue
    if s.type == socket.SOCK_RAW:
        raw.append(s)
for s in raw:
    try:
        s.setsockopt(socket.SOL_SOCKET, 27, 0)      # SO_DETACH_FILTER
        print("detached")
    except OSError as e:
        print(e.strerror)
l.close()
os.unlink("/run/pptp/10.9.0.2")
c.close()
p.kill()
p.wait()
PY
no='Operation not permitted'
is "no filter can be taken off" "$(python3 /run/filter.py "$CLIENT" 2>&1 |
	tr '\n' ' ')" "3 descriptors, 1 raw $no $no $no "
is_clean "nothing left"

# --- one call fails at the start
failing listen
tunnel one --count 5 --
ended one
has "listen() fails: a manager of its own" "$(of one)" "$(all 5)"
is "listen() fails: no socket stays" "$(find /run/pptp -mindepth 1)" ''
is_clean "listen() fails: nothing left"
failing openat
tunnel one --count 5 --
ended one
is "openat() fails: no tunnel without a monitor" "$(status_of one)" "$EXIT_SYSTEM"
has "openat() fails: it is said" "$(< /run/one.err)" \
	"cannot start the call manager of /run/pptp/$SERVER: Too many open files"
is_clean "openat() fails: nothing left"
failing up
tunnel one --count 5 --
claim "UP cannot be sent: the start ends at once" ended one 8
is "UP cannot be sent: status" "$(status_of one)" "$EXIT_LOST"
claim "UP cannot be sent: the server's call is cleared" \
	until_ok 20 eval '[ "$(count "^rx CCRQ")" -ge 1 ]'
is_clean "UP cannot be sent: nothing left"
failing monitor
tunnel one --count 5 --
claim "the monitor cannot give up its privileges: it ends" ended one 20
is "the monitor fails: no tunnel without it" "$(status_of one)" "$EXIT_SYSTEM"
has "the monitor fails: it is said" "$(< /run/one.err)" "call manager's monitor failed"
is_clean "the monitor fails: nothing left"
BEFORE=
serve
ppp_here
LD_PRELOAD="/run/failing.so /run/ppp.so" FAIL=gateway "$CLIENT" $SERVER \
	nodetach < /dev/null > /run/out 2> /run/err
is "no second fork for the gateway: nothing is launched, and why" \
	"$? $(< /run/err)" "$EXIT_SYSTEM pptp: cannot start the gateway: Resource temporarily unavailable"
is_clean "no second fork for the gateway: nothing left"
plan
