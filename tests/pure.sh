#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The pure modules call nothing but memory and string functions, and hold no
# state: proved on their objects, linked so that they may call each other.
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
ok='mem(cpy|move|set|cmp|chr|mem)|str(n?len|n?cmp|n?casecmp|chr|str|spn)|v?snprintf'
ok="$ok|__(assert_fail|stack_chk_fail|mem.*_chk|v?snprintf_chk)"
# Character classes and the processor's abilities: constant tables of libc.
ok="$ok|__ctype_b_loc|__cpu_(model|indicator_init)|_GLOBAL_OFFSET_TABLE_"

objects=
for m in $(make -s print-PURE); do
	make -s "build/$m.o" || { fail "$m compiles"; continue; }
	objects="$objects build/$m.o"
	state=$(size -A "build/$m.o" | awk '$2 > 0 && $1 ~ /^\.t?(data|bss)(\.|$)/ &&
	    $1 !~ /^\.data\.rel\.ro/ { print $2 " octets in " $1 }')
	is "$m holds no state" "$state" ''
done
# shellcheck disable=SC2086 # a list
if ld -r -o "$dir/pure.o" $objects; then
	calls=$(nm -u "$dir/pure.o" | awk '{ print $2 }' | grep -Evx "$ok")
	is "the pure modules call only memory and string functions" "$calls" ''
else
	fail "the pure modules link together"
fi
# The proof can fail: a file with a clock and a counter does.
echo 'long time(long *); static int n; int f(void) { return n++ + time(0); }' |
	cc -O0 -x c -c -o "$dir/impure.o" -
is "a call of the clock would be noticed" \
	"$(nm -u "$dir/impure.o" | awk '{ print $2 }' | grep -Evx "$ok")" time
has "a counter would be noticed" "$(size -A "$dir/impure.o")" '^\.bss +4 '
plan
