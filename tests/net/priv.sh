#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What each process of a tunnel may still do, read from /proc, and that the
# tunnel carries data and has its host route all the same: as root, as another
# user with file capabilities, as a service with little of either.  The server
# is 203.0.113.9, behind the gateway 10.9.0.2.
. "$(dirname "$0")/lib.sh"
ppp_here
. tests/net/armour.bash
. tests/net/walls.bash
srv ip addr add 203.0.113.9/32 dev lo
srv ip route replace 10.9.0.0/24 dev v1 src 203.0.113.9
ip route add default via $SERVER dev v0
SERVER=203.0.113.9
ours() { ip -4 route show proto 147 | sed 's/ *$//'; }
serve channels=10
mkfifo /run/quiet
exec 9<> /run/quiet
# Not where this checkout lies: others may be kept out of there.
mkdir -m 755 /run/bin && cp "$CLIENT" /run/bin/pptp
CLIENT=/run/bin/pptp

# begin [WORD...]: a tunnel by the client behind these words; its processes are
# $G, $M and $K.
begin() {
	BEFORE="bash /run/inherit $*"
	# shellcheck disable=SC2086 # none, or a word
	tunnel one --count 20 --hold 60 -- ${SAYS---debug}
	up one || sed 's/^/# /' /run/one.err
	sleep 0.3
	G=$(gateway_of one) M=$(manager) K=$(monitor)
}
# three CLAIM: processes, and what each must not have
three() {
	claim "$1: three processes ($G, $M, $K)" \
		test -d "/proc/$G" -a -d "/proc/$M" -a -d "/proc/$K"
}
finish() {
	is "$1: a host route" "$(ours)" "$SERVER via 10.9.0.2 dev v0"
	kill -TERM "$G"
	ended one
	is "$1: ends well" "$(status_of one)" 0
	has "$1: data went both ways" "$(of one)" \
		'^received 20 of 20, ordered, 0 duplicate, 0 bad'
	until_ok 20 no_process
	is "$1: no process left" "$(pgrep -x pptp)" ''
	is "$1: nor the host route" "$(ours)" ''
}

begin
three root
bare "root, gateway" "$G" own
set_bounds "root, gateway" "$G"
bare "root, manager" "$M" own
set_bounds "root, manager" "$M"
is "root, monitor: uid" "$(field "$K" Uid)" "0 0 0 0"
is "root, monitor: no supplementary group" "$(field "$K" Groups)" ''
nothing "root, monitor" "$K" $NET_ADMIN
set_bounds "root, monitor" "$K"
is "gateway: one raw socket, no TCP" "$(sockets "$G" raw) $(sockets "$G" tcp)" "1 0"
is "manager: TCP and the sink" "$(sockets "$M" raw) $(sockets "$M" tcp)" "1 1"
is "monitor: no socket of any network" "$(sockets "$K" raw) $(sockets "$K" tcp) \
$(sockets "$K" udp)" "0 0 0"
claim "gateway: few descriptors ($(descriptors "$G"))" test "$(descriptors "$G")" -le 11
claim "manager: few descriptors ($(descriptors "$M"))" test "$(descriptors "$M")" -le 11
claim "monitor: few descriptors ($(descriptors "$K"))" test "$(descriptors "$K")" -le 9
is "nothing to complain of" "$(grep sandbox /run/one.err |
	grep -v 'no Landlock')" ''
finish root
is_clean "root: nothing left"

# --- what a gateway has open grows no further, where the log is no file; and a
# password is in the memory of pppd alone
cat > /run/search.py <<'P'
import sys
for pid in sys.argv[1:]:
    for line in open("/proc/%s/maps" % pid):
        at, end = (int(x, 16) for x in line.split()[0].split("-"))
        if end - at > 1 << 26:      # a sanitizer's own
            continue
        try:
            with open("/proc/%s/mem" % pid, "rb", 0) as mem:
                mem.seek(at)
                if b"and-a-secret" in mem.read(end - at):
                    print(pid, line.split()[-1])
        except (OSError, OverflowError):
            pass
P
if [ -e /usr/sbin/pppd ]; then
	printf '#!/bin/sh\necho "$*" > /run/words\nsleep 60\n' > /run/pppd
	chmod 755 /run/pppd && mount --bind /run/pppd /usr/sbin/pppd
	echo 'a-long-password-and-a-secret' | "$CLIENT" $SERVER --username u \
		--data-path user 2>&1 | cat > /run/said &
	until_ok 20 test -s /run/words
	G=$(pgrep -P 1 -x pptp | tail -n 1)
	until_ok 20 grep -q 'Seccomp:.2' "/proc/$G/status"
	has "a password: pppd is given a file" "$(< /run/words)" 'file /proc/self/fd/'
	has "gateway: no long file" "$(grep 'file size' "/proc/$G/limits")" \
		' 4096  *4096 '
	# shellcheck disable=SC2046 # numbers
	is "no process of ours has the password" \
		"$(python3 /run/search.py $(pgrep -x pptp))" ''
	kill $(pgrep -x pptp -P 1) $(pgrep -f '^sleep 60$')
	umount -l /usr/sbin/pppd
	is_clean "a password: nothing left"
else
	skip "a password" "no pppd here"
fi

# --- the resolver's process; it lives as long as a name server is silent
echo 'nameserver 10.9.0.99' > /run/resolv.conf
over_etc resolv.conf
# resolves: $R is $A's child, behind its filter
resolves() { R=$(pgrep -P "$A") && [ "$(field "$R" Seccomp)" = 2 ]; }
# asks [WORD...]: $R is that of a client, $A, behind these words
asks() {
	bash /run/inherit "$@" "$CLIENT" silent.example.org --nolaunchpppd \
		--timeout 30 < /run/quiet > /dev/null 2> /run/ask.err &
	A=$! R=
	until_ok 20 resolves
}
answered() { kill "$A" "$R"; wait "$A" 2>/dev/null; }
asks
owned "root, resolver" "$R" own
powerless "root, resolver" "$R" $NONE
is "root, resolver: system calls are filtered" "$(field "$R" Seccomp)" 2
set_bounds "root, resolver" "$R"
is "root, resolver: nothing to complain of" "$(< /run/ask.err)" ''
answered

# A password that is known already is in no process that reads names.
ln -s pptp /run/bin/pptpsetup
[ -d /etc/ppp ] && mount -t tmpfs -o mode=755 none /etc/ppp
knows() { python3 /run/search.py "$@" 2>&1; }
/run/bin/pptpsetup --create t --server silent.example.org --username u \
	-p a-long-password-and-a-secret < /dev/null > /dev/null 2>&1 &
A=$! R=
until_ok 20 resolves
kill -STOP "$A" "$R"		# while they are looked at
is "pptpsetup -p: not in the resolver" "$(knows "$R")" ''
powerless "pptpsetup -p, resolver" "$R" $NONE
has "pptpsetup -p: it can be found" "$(knows $A)" '.'
kill -CONT "$A" "$R"
answered
if [ -e /usr/sbin/pppd ]; then
	{ echo a-long-password-and-a-secret; sleep 5; } | "$CLIENT" \
		silent.example.org --username u --timeout 30 > /dev/null 2>&1 &
	A=$! R=
	until_ok 20 resolves
	kill -STOP "$A" "$R"
	is "--username: in none of the two" "$(knows "$A" "$R")" ''
	powerless "--username, resolver" "$R" $NONE
	kill -CONT "$A" "$R"
	answered
fi

# --- --check, once it reads GRE
serve gre=silent
bash /run/inherit "$CLIENT" --check $SERVER < /run/quiet > /run/one.err 2>&1 &
C=$!
until_ok 20 grep -q accepted /run/one.err
until_ok 20 eval '[ "$(field $C Seccomp)" = 2 ]'
bare "--check" $C own
set_bounds "--check" $C
is "--check: one raw socket, no TCP" "$(sockets $C raw) $(sockets $C tcp)" "1 0"
kill $C; wait $C 2>/dev/null
is_clean "--check: nothing left"
serve channels=10

# --- another user, by the capabilities of the program's file
AS="setpriv --reuid 1000 --regid 1000 --clear-groups"
mkdir /run/user && mkdir -m 700 /run/user/1000 &&
	chown 1000:1000 /run/user/1000
chmod 666 /run/quiet
if setcap cap_net_raw,cap_net_admin+ep "$CLIENT" 2> /run/why; then
	# shellcheck disable=SC2086 # words
	begin $AS
	three "file capabilities"
	owned "file capabilities, gateway" "$G" 1000
	nothing "file capabilities, gateway" "$G" $NONE
	owned "file capabilities, manager" "$M" 1000
	nothing "file capabilities, manager" "$M" $NONE
	nothing "file capabilities, monitor" "$K" $NET_ADMIN
	has "root's --status sees the tunnel" "$("$CLIENT" --status)" \
		" claims: $SERVER: up"
	rm -rf /run/user/1001
	mkdir -p /run/user/1001 && ln -s ../1000/pptp /run/user/1001/pptp
	is "and not what one user says of another" \
		"$("$CLIENT" --status | grep -c ': up')" 1
	# Two namespaces, one folder of sockets.
	ip netns exec srv $AS "$CLIENT" --nolaunchpppd --timeout 5 $SERVER \
		< /run/quiet > /dev/null 2>&1 &
	other=$!
	claim "a user has a call manager in each network namespace" until_ok 20 \
		eval '[ "$(find /run/user/1000/pptp -name "$SERVER@*" | wc -l)" = 2 ]'
	kill $other; wait $other
	finish "file capabilities"
	# shellcheck disable=SC2086 # words
	asks $AS
	owned "file capabilities, resolver" "$R" 1000
	powerless "file capabilities, resolver" "$R" $NONE
	is "file capabilities, resolver: system calls are filtered" "$(field "$R" Seccomp)" 2
	is "file capabilities, resolver: nothing to complain of" \
		"$(< /run/ask.err)" ''
	answered
	SAYS='' begin setpriv --reuid 1002 --regid 1002 --clear-groups
	three "a user without /run/user/UID"
	has "a user without /run/user/UID: what that means is said" \
		"$(< /run/one.err)" "cannot make /run/user/1002/pptp: No such .*\
a call manager of this tunnel's own, which --status cannot see"
	owned "a user without /run/user/UID, manager" "$M" 1002
	nothing "a user without /run/user/UID, manager" "$M" $NONE
	finish "a user without /run/user/UID"
	setcap cap_net_raw,cap_net_admin,cap_setpcap+ep "$CLIENT"
	# shellcheck disable=SC2086 # words
	asks $AS
	powerless "and CAP_SETPCAP, resolver" "$R" $NONE
	set_bounds "and CAP_SETPCAP, resolver" "$R"
	answered
	setcap -r "$CLIENT"
else skip "file capabilities" "$(< /run/why)"; fi

# --- a user's service: ambient capabilities, a group that cannot be given up
begin setpriv --reuid 1000 --regid 1000 --groups 1000,24 --no-new-privs \
	--inh-caps -all,+net_raw,+net_admin \
	--ambient-caps -all,+net_raw,+net_admin
three "ambient capabilities"
for who in "gateway $G" "manager $M"; do
	# shellcheck disable=SC2086 # name and number
	set -- $who
	is "ambient capabilities, $1: uid" "$(field "$2" Uid)" "1000 1000 1000 1000"
	nothing "ambient capabilities, $1" "$2" $NONE
done
nothing "ambient capabilities, monitor" "$K" $NET_ADMIN
has "ambient capabilities: what could not be given up is said" \
	"$(< /run/one.err)" "sandbox: the supplementary groups stay.*CAP_SETGID"
finish "ambient capabilities"

# --- without CAP_NET_RAW: a sentence, a status of its own
for who in "$AS" "setpriv --bounding-set -net_raw"; do
	# shellcheck disable=SC2086 # words
	$who "$CLIENT" $SERVER --nolaunchpppd < /run/quiet > /run/out 2> /run/err
	is "no CAP_NET_RAW ($who): status" $? "$EXIT_PERMISSION"
	has "no CAP_NET_RAW ($who): sentence" "$(< /run/err)" \
		'CAP_NET_RAW is missing(; run as root, or .*setcap|, although this is root: .*NET_RAW)'
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
SERVICE="unshare -m --propagation private /run/service"
# shellcheck disable=SC2086 # words
begin $SERVICE +all
three "a service"
bare "a service, gateway" "$G" own
bare "a service, manager" "$M" own
nothing "a service, monitor" "$K" $NET_ADMIN
finish "a service"

# Who has no terminal and no --debug finds the rest in the log.
syslog_on
logged() { sed -n "s/^<[0-9]*>pptp\[$1\]: //p" /run/syslog; }
BOUNDED="$SERVICE -all,+net_raw,+net_admin"
SAYS='' begin "$BOUNDED"
three "a bounded service"
nothing "a bounded service, gateway" "$G" $NONE
nothing "a bounded service, manager" "$M" $NONE
nothing "a bounded service, monitor" "$K" $NET_ADMIN
has "a bounded service: what could not be given up is said" \
	"$(< /run/one.err)" 'sandbox: stays uid 0.*CAP_SETUID'
has "a bounded service: the manager's user is in the log" "$(logged "$M")" \
	'^sandbox: stays uid 0, gid 0: without CAP_SETUID'
for who in "manager $M" "monitor $K"; do
	has "a bounded service: the ${who% *}'s bounding set is in the log" \
		"$(logged "${who#* }")" '^sandbox: the bounding set stays'
done
finish "a bounded service"
# shellcheck disable=SC2086 # words
asks $BOUNDED
is "a bounded service, resolver: uid" "$(field "$R" Uid)" "0 0 0 0"
powerless "a bounded service, resolver" "$R" $NONE
has "a bounded service, resolver: what could not be given up is said" \
	"$(< /run/ask.err)" \
	'^pptp: sandbox: stays uid 0, gid 0: without CAP_SETUID'
answered

# --- built for an architecture whose calls it does not know
mkdir /run/unknown
read -ra sources < <(make -s print-SRC)
claim "built as for an unknown architecture" "${CC:-cc}" -std=c11 \
	-D_GNU_SOURCE '-DVERSION="0"' '-DPPPD_PLUGINDIR="/run"' -DSECCOMP_UNKNOWN \
	-Iinclude -Wall -Wextra -Werror -o /run/unknown/pptp "${sources[@]}"
CLIENT=/run/unknown/pptp begin
three "no filter is known"
for who in "gateway $G" "manager $M" "monitor $K"; do
	# shellcheck disable=SC2086 # name and number
	set -- $who
	has "no filter is known: the $1 says so" "$(logged "$2")" \
		'^sandbox: no seccomp filter is known for this architecture: '
	is "no filter is known, $1: system calls are not filtered" \
		"$(field "$2" Seccomp)" 0
done
for who in "gateway $G" "manager $M"; do
	# shellcheck disable=SC2086 # name and number
	set -- $who
	owned "no filter is known, $1" "$2" own
	powerless "no filter is known, $1" "$2" $NONE
	set_bounds "no filter is known, $1" "$2"
done
powerless "no filter is known, monitor" "$K" $NET_ADMIN
has "no filter is known: --debug says so" "$(< /run/one.err)" \
	'^pptp: sandbox: no seccomp filter is known for this architecture: '
finish "no filter is known"
is_clean "nothing left"
# --- a user namespace that maps one id and denies setgroups(2), as rootless
# containers and bubblewrap make them: what can be given up there goes
cat > /run/one-id <<'S'
mount -t tmpfs none /run && ip link set lo up
python3 tests/net/badserver.py > /run/log 2>&1 &
until grep -q ready /run/log; do sleep 0.05; done
python3 tests/net/ptyfeed.py --count 20 ./pptp 127.0.0.1 --nolaunchpppd --debug 2>&1
kill $!
until ! pgrep -x pptp > /dev/null; do sleep 0.05; done
[ -z "$(ls -A /run/pptp)" ]
S
if unshare -Urnmpf --mount-proc true 2> /run/why; then
	out=$(timeout 20 unshare -Urnmpf --mount-proc bash /run/one-id)
	is "one id: and nothing is left" $? 0
	has "one id: data went both ways" "$out" \
		'^received 20 of 20, ordered, 0 duplicate, 0 bad'
	has "one id: ends well" "$out" '^exit 0 '
	is "one id: what could not be given up is said in one sentence" \
		"$(grep -o 'sandbox: .*' <<< "$out")" \
		'sandbox: stays uid 0, gid 0: this user namespace maps no other'
else
	skip "one id" "no user namespaces: $(< /run/why)"
fi
plan
