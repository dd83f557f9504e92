#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# limit: 10800
# Other systems of today, each from its packages in a folder of its own (kept in
# build/matrix, or MATRIX=FOLDER, for the next night): builds by their compilers
# without a warning, unit tests, demo, and tunnels by their pppd, with its own
# headers.  SUITES: which.
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
command -v debootstrap > /dev/null || skip_all "no debootstrap"
[ "$(id -u)" = 0 ] || skip_all "other systems' packages need root"
unshare -m -p -f true 2> /dev/null || skip_all "no namespaces"
rooms=${MATRIX:-$PWD/build/matrix}
mirror=${MIRROR:-http://deb.debian.org/debian}
scripts=/usr/share/debootstrap/scripts
mkdir -p "$rooms" || skip_all "no place for $rooms"

# inside SUITE COMMAND...: there, with mounts and processes of its own
inside() {
	local d=$rooms/$1; shift
	# shellcheck disable=SC2016 # for that shell
	unshare -m -p -f --kill-child bash -c '
	set -e
	cd "$1"; shift
	mount --make-rprivate /
	mount --bind . . && cd "$PWD"
	mkdir -p old
	mount -t proc proc proc
	mount --rbind /dev dev
	mount -t tmpfs none tmp
	mount -t tmpfs none run
	cp /etc/resolv.conf /etc/hosts etc
	pivot_root . old
	umount -l /old
	cd /tree 2> /dev/null || cd /
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root \
		LC_ALL=C.UTF-8 "$@"' bash "$d" "$@"
}
# prepare SUITE: its packages, and a copy of this tree
prepare() {
	local d=$rooms/$1
	if [ ! -e "$d/.complete" ]; then
		rm -rf --one-file-system "$d"
		# It knows no suite that is younger than itself.
		[ -e "$scripts/$1" ] || set -- "$1" "$scripts/sid"
		debootstrap --variant=minbase "$1" "$d" "$mirror" \
		    ${2:+"$2"} && touch "$d/.complete" || return
	fi
	# A mirror that stands still is good enough.
	echo 'Acquire::Check-Valid-Until "false";' \
		> "$d/etc/apt/apt.conf.d/00late" || return
	rm -rf --one-file-system "$d/tree" && mkdir "$d/tree" &&
		tar -c --exclude-vcs --exclude=./build --exclude=./pptp \
		--exclude=./pptp.so . | tar -x -C "$d/tree"
}
# tunnels SUITE FILE: that file of tests, none of it skipped
tunnels() {
	local out
	out=$(inside "$1" tests/run "$2" 2>&1)
	has "$1: $2" "$out" '^[1-9][0-9]* passed, 0 failed$'
}

for suite in ${SUITES:-trixie forky}; do
	if ! prepare "$suite" > "$rooms/$suite.log" 2>&1; then
		skip "$suite" "not to be had: $(tail -n 1 "$rooms/$suite.log")"
		continue
	fi
	claim "$suite: tests/deps" inside "$suite" sh tests/deps check
	claim "$suite: make" inside "$suite" make -s CFLAGS="-O2 -g -Werror"
	for cc in gcc clang; do
		claim "$suite: $(inside "$suite" $cc -dumpversion): no warning" \
			inside "$suite" make -s B=build/$cc BIN=build/$cc/pptp \
			CC=$cc CFLAGS="-O2 -g -Werror" build/$cc/pptp
		claim "$suite: $cc: nor in the plugin, with pppd's own headers" \
			inside "$suite" make -sB pptp.so CC=$cc \
			CFLAGS="-O2 -g -Werror"
	done
	out=$(inside "$suite" tests/run unit/ 2>&1)
	has "$suite: unit tests" "$out" '^[1-9][0-9]* passed, 0 failed'
	has "$suite: pppd is 2.5 or later" \
		"$(inside "$suite" pppd --version 2>&1)" \
		'version (2\.[5-9]|2\.[1-9][0-9]|[3-9])'
	claim "$suite: make demo" inside "$suite" make demo
	tunnels "$suite" e2e/tunnel
	tunnels "$suite" e2e/kernel
	rm -rf --one-file-system "${rooms:?}/$suite/tree"
done
plan
