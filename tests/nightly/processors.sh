#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# limit: 5400
# Other processors: builds without a warning, and every unit test runs, by
# qemu's user mode; and 32 bits with 64-bit time.  The compilers are installed
# into an overlay: they exclude gcc-multilib, which others of the tests need.
# What has no compiler or no qemu is skipped.  TARGETS: only these.
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
if [ "${1:-}" != inside ]; then
	. tests/rig/overlay.sh
	tree /build/tree
	apt update > /dev/null 2>&1
	inside bash "/build/tree/tests/nightly/$(basename "$0")" inside
	exit
fi
w=$(mktemp -d) || exit 1
get() { apt-get -qq -y "$@" > /tmp/apt 2>&1; }

# processor NAME EMULATOR COMPILER...: "" emulates nothing
processor() {
	local name=$1 how=$2 source t out; shift 2
	claim "$name: builds without a warning" make -s -j"$(nproc)" \
		B="build/$name" BIN="build/$name/pptp" PPPD_H= CC="$*" \
		CFLAGS="-O2 -Werror"
	for source in tests/unit/test_*.c; do
		t=$(basename "$source" .c)
		# shellcheck disable=SC2046 # words
		claim "$name: $t compiles" "$@" -std=c11 -D_GNU_SOURCE \
			-DVERSION='"0"' \
			-Iinclude -Wall -Wextra -Werror -O1 -static \
			-o "$w/$t" "$source" \
			$(sed -n 's,^/\* with: \(.*\) \*/$,\1,p' "$source") ||
			continue
		out=$(timeout 600 $how "$w/$t" 2>&1); out+=" status $?"
		is "$name: $t" "$(grep -A 2 -e '^not ok' <<< "$out"
			tail -n 1 <<< "$out" | grep -o 'status .*')" "status 0"
	done
}

get install --no-install-recommends gcc-multilib
if echo '#include <sys/ioctl.h>' | gcc -m32 -E -x c - > /dev/null 2>&1; then
	processor m32-time64 "" gcc -m32 -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64
else
	skip "32 bits with 64-bit time" "no 32-bit libc (gcc-multilib)"
fi
get install --no-install-recommends qemu-user
while read -r target qemu; do
	[[ " ${TARGETS:-$target} " == *" $target "* ]] || continue
	emulator=$(command -v "qemu-$qemu-static" || command -v "qemu-$qemu") ||
		{ skip "$target" "no qemu-$qemu (qemu-user)"; continue; }
	# It recommends its libc.
	get install --install-recommends "gcc-$target" ||
		{ skip "$target" "no $target-gcc: $(tail -n 1 /tmp/apt)"
		continue; }
	processor "$target" "$emulator" "$target-gcc"
done <<-'T'
	aarch64-linux-gnu aarch64
	arm-linux-gnueabihf arm
	riscv64-linux-gnu riscv64
	mipsel-linux-gnu mipsel
	s390x-linux-gnu s390x
	powerpc64le-linux-gnu ppc64le
	loongarch64-linux-gnu loongarch64
T
plan
