#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Servers that need a quirk: with it they work, without it they do not.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash

# --- a greeting before the first message, text in GRE before the first LCP
serve accept=welcome gre=welcome
run --count 5 -- --quirk-welcome
has "--quirk-welcome: the greeting is skipped" "$out" "received 5 of 5, ordered"
has "--quirk-welcome: text in GRE does not reach pppd" "$out" ' 0 other$'
serve gre=welcome
tunnel one --count 0 --end wait -- --quirk-welcome
up one
claim "such text does not settle the tunnel: it may still say why it fails" \
	test -e "/proc/$(gateway_of one)/fd/2"
kill "${FEED[one]}"
serve accept=welcome gre=welcome
run --wait 5 --
is "without it: status" "$status" "$EXIT_NOT_PPTP"
has "without it: a hint" "$err" 'if it is one that greets: --quirk-welcome'
serve gre=welcome
run --count 5 --
has "without it: such text does reach pppd" "$out" ' 1 other$'
for n in 1 11 12 4095 4096; do
	serve accept=welcome$n
	run --count 2 -- --quirks WELCOME
	has "a greeting of $n octets" "$out" "received 2 of 2"
done
serve accept=welcome4097
run --wait 5 -- --quirk-welcome
is "one of 4097: too long" "$status" "$EXIT_NOT_PPTP"
serve
run --count 5 -- --quirk-welcome
has "no greeting at all: no harm" "$out" "received 5 of 5"

# --- a server that takes what one read() gives for one message, and is slow
serve read=1 slow=0.15 after=together,echo,icrq,echo
run --count 5 --hold 2 --
claim "without the quirk: what it did not expect is lost" \
	test "$(count '^lost')" -ge 1
serve read=1 slow=0.15 after=together,echo,icrq,echo
run --count 5 --hold 2 -- --quirk-broken-asyncread
has "--quirk-broken-asyncread: it works" "$out" "received 5 of 5"
is "--quirk-broken-asyncread: nothing is lost" "$(count '^lost')" 0
is "--quirk-broken-asyncread: its echo requests are answered" \
	"$(count '^rx EchoRP')" 2
is "--quirk-broken-asyncread: its call, too" "$(count '^rx ICRP')" 1
claim "--quirk-broken-asyncread: an orderly end" \
	until_ok 20 grep -q 'rx StopCCRQ' /run/server.log
is "each message is a segment" "$(served | sed -n 's/^segment //p' |
	grep -vx -e 156 -e 168 -e 20 -e 24 -e 16)" ''
gap() {		# the least time between two replies, in ms
	awk '/ rx (Echo|IC)RP /{ if (t && (!d || $1 - t < d)) d = $1 - t; t = $1 }
		END { printf "%d", d * 1000 }' /run/server.log; }
serve read=1 after=together,echo,icrq,echo
run --count 5 --hold 2 -- --quirks broken-asyncread
claim "replies are spaced ($(gap) ms)" test "$(gap)" -ge 150
is "and none is lost" "$(count '^lost')" 0

# --- a modem that knows one client only
serve modem=1
run --wait 5 --
is "the modem refuses a stranger" "$status" "$EXIT_REFUSED"
for quirk in --quirk-bezeq-israel "--quirks BEZEQ_ISRAEL"; do
	serve modem=1
	# shellcheck disable=SC2086 # words
	run --count 5 -- $quirk
	has "$quirk: it works" "$out" "received 5 of 5, ordered"
	is "$quirk: the connection, each field" "$(served | grep ^sccrq)" \
"sccrq framing 1 bearer 1 channels 0 firmware 0x6021 host RELAY_PPP1 vendor MS Win NT"
	is "$quirk: the call, each field" "$(served | grep ^ocrq)" \
"ocrq call 0 serial 0 bps 2400 10000000 bearer 2 framing 3 window 3 delay 0 digits 10 phone RELAY_PPP1 subaddress "
	is "$quirk: both maps in a Set-Link-Info" "$(served | sed -n 's/^sli ....//p')" \
		" ffffffffffffffff"
done
serve
run --count 2 -- --quirk-bezeq-israel --window 64 --phone 7 --client-hostname me
has "an explicit --window and --phone win over the quirk" "$(served)" \
	'^ocrq .* window 64 .* phone 7 '
has "so does --client-hostname" "$(served)" '^sccrq .* host me vendor MS Win NT'
is_clean "nothing left"
plan
