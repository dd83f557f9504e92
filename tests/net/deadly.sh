#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Under a system call filter that kills, as that of a service: a tunnel comes
# up with less of a sandbox, and who is killed is named.
. "$(dirname "$0")/lib.sh"
"${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -o /run/deadly \
	tests/net/deadly.c || { echo "Bail out! deadly.c"; exit 1; }
/run/deadly -- true 2> /dev/null || skip_all "this kernel has no filters"
SENTENCE='killed by a system call filter; see pptp.8, SERVICES'
program=$CLIENT
# under NAME...: the client runs where these calls kill
under() {
	printf '#!/bin/sh\nexec /run/deadly %s -- %s "$@"\n' "$*" "$program" \
		> /run/client
	chmod 755 /run/client
	CLIENT=/run/client
}
serve channels=10
syslog_on

under service
run --count 20 -- --debug
is "without what @system-service leaves out: a tunnel" "$status" 0
has "data goes both ways" "$out" \
	'^received 20 of 20, ordered, 0 duplicate, 0 bad'
has "the gateway says what it could not give up" "$err" \
	'file system stays visible: the system call filter .*SERVICES'
is "it has a filter of its own all the same" \
	"$(grep -c 'unrestricted' <<< "$err")" 0
until_ok 20 no_process
is "nobody was killed" "$(grep -a killed /run/syslog)" ''
is_clean "nothing left"

under capset
run --
has "where all are killed: the managers' death is named" "$err" \
	"each call manager .* $SENTENCE"
is "the status" "$status" 1
until_ok 20 no_process
has "and to syslog, by the monitor or by the gateway" \
	"$(cat /run/syslog)" "$SENTENCE"
CLIENT=$program
run --count 20 --
is "and what they left does not stop the next one" "$status" 0
is_clean "nothing left"

echo 'nameserver 10.9.0.99' > /run/resolv.conf
over_etc resolv.conf
under capset
SERVER=vpn.example.org
run -- --timeout 30
has "a resolver's death is named" "$err" \
	"cannot resolve $SERVER: the resolver was $SENTENCE"
claim "at once" test "$took" -le 15
plan
