#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Odd circumstances: whoever starts us has odd habits, somebody else stops a
# process or takes a route, numbers are at their edges.
. "$(dirname "$0")/lib.sh"
ppp_here
. tests/net/armour.bash
good='received 5 of 5, ordered, 0 duplicate, 0 bad'

# --- what exec keeps: ignored and blocked signals
serve
for how in ignored blocked; do
	cat > /run/odd << PY
#!/usr/bin/env python3
import os, signal, sys
both = {signal.SIGCHLD, signal.SIGALRM}
if "$how" == "blocked":
    signal.pthread_sigmask(signal.SIG_BLOCK, both)
else:
    for s in both:
        signal.signal(s, signal.SIG_IGN)
os.execv("$CLIENT", sys.argv)
PY
	chmod 755 /run/odd
	CLIENT=/run/odd run --count 5 --
	has "SIGCHLD and SIGALRM $how: a tunnel" "$out" "$good"
done

# --- numbers at their edges
run --count 5 -- --idle-wait 86401 --max-echo-wait 2147483647
has "waits of more than a day" "$out" "$good"
is_clean "nothing left"

# --- a socket of the manager that could block would stop every tunnel
tunnel one --count 5 --hold 30 --
up one
M=$(manager)
blocking=
for path in "/proc/$M/fd/"*; do
	[[ $(readlink "$path") == socket:* ]] || continue
	fd=${path##*/}
	flags=$((8#$(sed -n 's/^flags:[[:space:]]*//p' "/proc/$M/fdinfo/$fd")))
	((flags & 8#4000)) || blocking+=" $fd"
done
is "no socket of the manager blocks" "$blocking" ''

# --- a manager that does not answer is not one without tunnels
kill -STOP "$M"
"$CLIENT" --status > /run/out 2> /run/err
is "--status, manager stopped: status" $? "$EXIT_SYSTEM"
has "--status, manager stopped: sentence" "$(< /run/err)" \
	"call manager of $SERVER does not answer"
is "--status, manager stopped: no false word" "$(< /run/out)" ''
kill -CONT "$M"
kill -TERM "$(gateway_of one)"; ended one
is_clean "nothing left"

# --- what says it is the manager of a tunnel by the kernel's interface 1
listener() {	# listener OWNER DIRECTORY NAME...
	python3 - "$@" << 'PY' &
import os, select, socket, struct, sys
os.setuid(int(sys.argv[1]))
record = struct.pack("!IBBBHHB4s4sQ", 0x70707470, 2, 8, 0, 1, 2, 1,
                     bytes((10, 9, 0, 2)), bytes((10, 9, 0, 1)), 0)
record += struct.pack("!27Q", *[0] * 26, 1)
listeners, kept = [], []
for name in sys.argv[3:]:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.bind(sys.argv[2] + "/" + name)
    s.listen()
    listeners.append(s)
while True:
    for s in select.select(listeners, [], [])[0]:
        c = s.accept()[0]
        kept.append(c)
        if os.getuid() == 0:
            c.send(record)
            c.send(struct.pack("!IBBB", 0x70707470, 2, 9, 0))
PY
}
mkdir -p /run/pptp && chmod 700 /run/pptp
listener 0 /run/pptp 10.9.0.2 10.9.0.2@1
L=$!
until_ok 20 test -S /run/pptp/10.9.0.2@1
is "--status names an interface of this network namespace alone" \
	"$("$CLIENT" --status | sed -n 's/.*interface \([^,]*\),.*/\1/p' |
	sort | xargs)" '? lo'
kill $L; wait $L 2>/dev/null
rm -f /run/pptp/*
mkdir -p /run/user/1000/pptp && chown 1000 /run/user/1000/pptp
listener 1000 /run/user/1000/pptp 10.9.0.2@{1..9}
L=$!
until_ok 20 test -S /run/user/1000/pptp/10.9.0.2@9
began=$SECONDS
is "a user's silent sockets: root's --status" "$("$CLIENT" --status 2>&1 |
	tail -n 1); $?" 'no tunnels; 0'
took=$((SECONDS - began))
within "a user's silent sockets: seconds, not minutes" 8
kill $L; wait $L 2>/dev/null
rm -rf /run/user

# --- the manager is told to end while a call is asked for
for how in sccrp ocrp; do
	serve $how=silent
	tunnel one --count 1 -- --debug
	until_ok 20 eval '[ -n "$(manager)" ]'
	until_ok 20 grep -q "rx $([ $how = ocrp ] && echo OCRQ || echo SCCRQ)" \
		/run/server.log
	kill -TERM "$(manager)"
	claim "ended before the $how: soon" ended one 8
	is "ended before the $how: status" "$(status_of one)" "$EXIT_LOST"
	claim "ended before the $how: no tunnel was up" \
		eval '! grep -q "up: call" /run/one.err'
	is_clean "ended before the $how: nothing left"
done

# --- a full batch, and then nothing, behind a missing packet
serve gre=batch
tunnel one --count 1 --quiet 4 --
up one
G=$(gateway_of one)
until_ok 20 grep -q 'gre seq 1 ' /run/server.log
kill -STOP "$G"
until_ok 20 grep -q 'batch sent' /run/server.log
kill -CONT "$G"
ended one
has "64 packets at once behind a hole arrive" "$(of one)" ', 64 other'

# --- nobody reads standard error
serve
mkfifo /run/fifo
exec {hold}<> /run/fifo
python3 -c 'import fcntl, os, sys
fcntl.fcntl(1, fcntl.F_SETFL, os.O_NONBLOCK)
try:
    while True: os.write(1, b"x" * 4096)
except BlockingIOError: pass' > /run/fifo
python3 tests/net/ptyfeed.py --count 5 --hold 2 --end TERM "$CLIENT" $SERVER \
	--nolaunchpppd --debug > /run/one.out 2> /run/fifo < /dev/null &
FEED[one]=$!
up one
kill -USR1 "$(gateway_of one)"
claim "SIGUSR1 with a full standard error: the tunnel lives" ended one 10
is "and ends when told to" "$(status_of one)" 0
has "and has carried all" "$(of one)" "$good"
exec {hold}>&-

# --- standard input is a pipe that nobody reads any more
serve sccrp=silent
python3 - "$CLIENT" << 'PY' > /run/out 2>&1
import os, resource, subprocess, sys, time
r, w = os.pipe()
os.close(r)
p = subprocess.Popen([sys.argv[1], "10.9.0.2", "--nolaunchpppd", "--timeout",
                      "2"], stdin=w, stdout=subprocess.DEVNULL)
p.wait(20)
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print("busy" if u.ru_utime + u.ru_stime > 0.5 else "calm")
PY
is "a link that nobody is behind: no spin" "$(tail -n 1 /run/out)" calm
is_clean "nothing left"

# --- on a terminal every line of --check has the same marks
serve lcp=c22381,1400
checked=$(python3 - "$CLIENT" << 'PY'
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], ["pptp", "--check", "10.9.0.2"])
out = b""
try:
    while True:
        out += os.read(fd, 4096)
except OSError:
    pass
print(out.decode().replace("\r", ""))
PY
)
is "--check on a terminal: seven steps, seven marks" \
	"$(grep -c '^✓' <<< "$checked")" 7

# --- by name to 33.0.0.0/8, and the route while links come and go
SERVER=33.1.2.3
printf '127.0.0.1 localhost\n33.1.2.3 odd.example\n' > /run/hosts
echo 'hosts: files' > /run/nsswitch.conf
over_etc hosts nsswitch.conf
srv ip addr add 33.1.2.3/32 dev lo
srv ip addr add 10.9.0.3/24 dev v1
srv ip route replace 10.9.0.0/24 dev v1 src 33.1.2.3
ip route add default via 10.9.0.2 dev v0
clean() { [ -z "$(pgrep -x pptp)$(ip -4 route show proto 147)" ]; }
SERVER=odd.example tunnel one --count 5 --hold 30 --
claim "33.1.2.3 by its name" up one
ip link add d0 type veth peer name d1
while sleep 0.05; do ip link set d0 up; sleep 0.05; ip link set d0 down; done &
churn=$!
sleep 0.5
ip route replace default via 10.9.0.3 dev v0
claim "the route follows while another link comes and goes" until_ok 20 \
	eval 'ip -4 route show proto 147 | grep -q "via 10.9.0.3"'
kill $churn
kill -TERM "$(gateway_of one)"; ended one
until_ok 20 clean
claim "nothing left" clean

# --- another network namespace with the same /run has a manager of its own
ip netns add other
ip link add w0 netns other type veth peer name w1 netns srv
ip -n other addr add 10.9.1.1/24 dev w0
ip -n other link set w0 up
ip -n other route add default via 10.9.1.2
srv ip addr add 10.9.1.2/24 dev w1
srv ip link set w1 up
srv ip route replace 10.9.1.0/24 dev w1 src 33.1.2.3
tunnel one --count 5 --hold 30 --
up one
BEFORE='ip netns exec other' tunnel two --count 5 --hold 30 --
claim "another namespace, the same server: a tunnel" up two
has "each has a manager" "$(find /run/pptp -type s -printf '%f ')" \
	"^$SERVER@?[0-9]* $SERVER@?[0-9]* \$"
has "and a route in its namespace" "$(ip -n other route show proto 147)" \
	"^$SERVER via 10.9.1.2 dev w0"
has "and this one in its own" "$(ip route show proto 147)" \
	"^$SERVER via 10.9.0.3 dev v0"
is "--status shows both" "$("$CLIENT" --status $SERVER | grep -c ': up ')" 2
pkill -TERM -x pptp
ended one; ended two
until_ok 20 clean
claim "nothing left, and no route there" \
	eval 'clean && [ -z "$(ip -n other route show proto 147)" ]'
ip netns del other
plan
