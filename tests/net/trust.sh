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
	until_ok 5 grep -q ready /run/listener.log
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
until_ok 5 no_process
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
if ! "${CC:-cc}" -shared -fPIC -O1 -Wall -Wextra -o /run/failing.so \
	tests/net/failing.c; then
	echo "Bail out! failing.c"; exit 1
fi
failing() { BEFORE="env LD_PRELOAD=/run/failing.so FAIL=$1"; }
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
claim "UP cannot be sent: the start ends at once" ended one 4
is "UP cannot be sent: status" "$(status_of one)" "$EXIT_LOST"
claim "UP cannot be sent: the server's call is cleared" \
	until_ok 3 eval '[ "$(count "^rx CCRQ")" -ge 1 ]'
is_clean "UP cannot be sent: nothing left"
failing monitor
tunnel one --count 5 --
claim "the monitor cannot give up its privileges: it ends" ended one 10
is "the monitor fails: no tunnel without it" "$(status_of one)" "$EXIT_SYSTEM"
has "the monitor fails: it is said" "$(< /run/one.err)" "call manager's monitor failed"
is_clean "the monitor fails: nothing left"
BEFORE=
plan
