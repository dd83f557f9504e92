#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# `pptp HOST --username USER` on a terminal: it asks, returns once the network is
# up, or with a sentence and a status.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
mount -t tmpfs none /tmp

# on_terminal PASSWORD ARGUMENT...: $out has all that the terminal shows, $status
on_terminal() {
	local password=$1; shift
	out=$(python3 - "$password" "$CLIENT" "$@" <<-'P'
	import os, pty, select, sys, time
	password, argv = sys.argv[1], sys.argv[2:]
	pid, fd = pty.fork()
	if pid == 0:
	    os.execv(argv[0], argv)
	seen, asked, until = b"", False, time.monotonic() + 60
	while time.monotonic() < until:
	    if not select.select([fd], [], [], 0.2)[0]:
	        if os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
	            break
	        continue
	    try:
	        got = os.read(fd, 4096)
	    except OSError:
	        break
	    seen += got
	    if not asked and b"Password for" in seen:
	        asked = True
	        os.write(fd, password.encode() + b"\n")
	status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
	sys.stdout.write(seen.decode(errors="replace").replace("\r", ""))
	print("status", status)
	P
	)
	status=$(sed -n 's/^status //p' <<< "$out")
}
hangup() { pkill -TERM -x pptpctrl; until_ok 10 down; }
# The server finds its own line; ours, for another server, is none for us.
echo 'alice pptpd "wonderland" *' > /etc/ppp/chap-secrets

on_terminal wonderland $SERVER --username alice --encrypt
is "one command on a terminal: status" "$status" 0
has "it asked for the password" "$out" '^Password for alice: *$'
has "and shows one line of what came up" "$out" \
	'^the network is up: interface ppp[0-9]+, local address 172.30.0.[0-9]+, remote 172.30.0.1, login MS-CHAPv2 as alice, encryption MPPE 128 bit, stateless$'
claim "the tunnel is there as it returns" up
claim "ping" alive
is "the password is nowhere in the process list" \
	"$(ps -eo args | grep -v grep | grep -c wonderland)" 0
has "MTU fits one packet" "$(ip link show | grep ppp)" 'mtu (1400|1396) '
hangup
is_clean "its end leaves nothing"

on_terminal rabbit $SERVER --username alice --encrypt
claim "a wrong password: a status that is not 0 ($status)" test "$status" != 0
has "and a sentence that says whose and how" "$out" \
	"$SERVER refused the login of \"alice\" by MS-CHAPv2: wrong name or password"
is "and leaves nothing but the note of it" "$(leftovers | sort -u)" \
	"$(printf '%s\n' {,/var}/run/pptp/$SERVER.refused)"

echo 'alice * "wonderland" *' > /etc/ppp/chap-secrets
on_terminal - $SERVER --username alice --encrypt
is "with a line in chap-secrets: status" "$status" 0
is "it is not asked for" "$(grep -c Password <<< "$out")" 0
claim "ping" alive
hangup
is_clean "its end leaves nothing"

echo 'alice pptpd "wonderland" *' > /etc/ppp/chap-secrets
"$CLIENT" $SERVER --username alice --encrypt nodetach > /run/client.out \
	2> /run/client.err <<< wonderland &
P=$!
claim "the password from standard input: up" until_ok 20 up
claim "ping" alive
end $P
is_clean "its end leaves nothing"

# Off a terminal nothing is added: pppd detaches by itself, as ever.
"$CLIENT" $SERVER --username alice < /dev/null > /run/client.out \
	2> /run/client.err
is "no password: status" $? 2
has "and a sentence" "$(< /run/client.err)" 'no password was given'
((tap_bad == 0)) || { echo "$out" | sed 's/^/# /'; logs; }
plan
