#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Little memory: a tunnel comes up, or one sentence says why not.
. "$(dirname "$0")/lib.sh"
. tests/net/armour.bash
all() { echo "received $1 of $1, ordered, 0 duplicate, 0 bad"; }

serve channels=1
BEFORE="prlimit --as=67108864 --data=33554432"
tunnel one --count 20 --
ended one
has "with 64 MB of addresses a tunnel comes up" "$(of one)" "$(all 20)"
BEFORE=
is_clean "64 MB: nothing left"

# The dynamic loader's own failure is not ours.  Each with a manager of its own,
# then all beside one that runs.
sizes=$(seq 4 2 24)	# MB
cat > /run/limited <<'SH'
mount --bind "/run/limit/$1" /run/pptp && megabytes=$1 && shift &&
	exec prlimit --as=$((megabytes * 1000000)) "$@"
SH
verdict() {	# verdict NAME
	local lines
	lines=$(grep -c "" /run/$1.err)
	case $(status_of $1),$lines in
	0,0) grep -q "$(all 5)" /run/$1.out && echo up ;;
	1,1) grep -q '^pptp: ' /run/$1.err && echo sentence ;;
	127,1) grep -q '^pptp: ' /run/$1.err || echo loader ;;
	esac
}
limited() {	# limited CLAIM
	local mb odd='' up=0
	for mb in $sizes; do ended m$mb 15; done
	for mb in $sizes; do
		case $(verdict m$mb) in
		up) up=$((up + 1)) ;;
		sentence|loader) ;;
		*) odd+="$mb MB: $(cat /run/m$mb.out /run/m$mb.err) " ;;
		esac
	done
	is "$1: each comes up, or says one sentence" "$odd" ''
	claim "$1: some come up ($up)" test $up -ge 1
	claim "$1: some do not" test $up -lt "$(wc -w <<< "$sizes")"
}
mkdir -p /run/pptp && chmod 700 /run/pptp
for mb in $sizes; do
	mkdir -p /run/limit && mkdir -m 700 /run/limit/$mb
	BEFORE="unshare -m sh /run/limited $mb"
	tunnel m$mb --count 5 --
done
limited "4 to 24 MB, own managers"
is_clean "4 to 24 MB, own managers: nothing left"
is "4 to 24 MB, own managers: no socket" "$(find /run/limit -mindepth 2)" ''
BEFORE=
tunnel one --count 100 --gap 0.02 --hold 6 --
up one
for mb in $sizes; do
	BEFORE="prlimit --as=$((mb * 1000000))"
	tunnel m$mb --count 5 --
done
limited "4 to 24 MB, a manager that runs"
ended one 15
has "and the first one never noticed" "$(of one)" "$(all 100)"
BEFORE=
is_clean "nothing left"
plan
