#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# limit: 3600
# tests/net with every process under AddressSanitizer and UBSan, inside its
# sandbox as it is: no test fails, and there is no report.  An overflow planted
# in what reads GRE shows that one would be seen.
cd "$(dirname "$0")/../.." || exit 1
if [ "$(id -u)" != 0 ]; then
	echo "1..0 # SKIP network namespaces need root"
	exit
elif [ -z "${SANITIZED_NS:-}" ]; then
	SANITIZED_NS=1 exec unshare -m --propagation private bash "$0"
fi
. tests/tap.sh
: "${CLANG:=clang}"
dir=$(mktemp -d) && chmod 755 "$dir" || exit 1
trap 'rm -rf "$dir"' EXIT
report=$dir/report

# built NAME TREE: $dir/NAME/pptp, of the sources in TREE
built() {
	mkdir -p "$dir/$1"
	"$CLANG" -std=c11 -D_GNU_SOURCE -DREPORT="\"$report\"" -Wall -Wextra \
		-Werror -O1 -g -c -o "$dir/$1/report.o" tests/net/sanitized.c &&
	make -s -C "$2" -j"$(nproc)" B="$dir/$1" BIN="$dir/$1/pptp" CC="$CLANG" \
		CPPFLAGS='-U_FORTIFY_SOURCE' CFLAGS="-O1 -g -Werror \
-fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all" \
		LDLIBS="$dir/$1/report.o" "$dir/$1/pptp"
}
# run NAME TEST...: tests/run with that program in the place of ./pptp
run() {
	local bin=$dir/$1/pptp; shift
	mount --bind "$bin" pptp
	SLOW=3 python3 tests/run "$@" > "$dir/out" 2>&1
	umount pptp
}
clear() { head -c 65536 /dev/zero > "$report" && chmod 666 "$report"; }
reported() { tr -d '\0' < "$report"; }

if ! built good . > "$dir/why" 2>&1; then
	skip_all "no program with sanitizers: $(tail -n 1 "$dir/why")"
fi

# Every test but two: valgrind runs no program that has sanitizers, and these
# want terabytes of addresses, of which tests/net/memory.sh leaves megabytes.
tests=()
for t in tests/net/*.sh; do
	case $t in
	*/lib.sh | */leaks.sh | */memory.sh) ;;
	*) tests+=("$t") ;;
	esac
done
clear
run good "${tests[@]}"
has "they have run" "$(tail -n 1 "$dir/out")" '^[0-9]{3,} passed, '
# Some measure time, which passes more slowly here: once more.
mapfile -t tests < <(sed -n 's,^FAIL \(net/[a-z]*\) .*,tests/\1.sh,p' "$dir/out")
[ ${#tests[@]} = 0 ] || run good "${tests[@]}"
is "no test fails twice" "$(grep -e ^FAIL -e '^     failed:' "$dir/out")" ''
is "and nothing is reported" "$(reported)" ''

# In what reads each packet, octets go behind an array of eight.
mkdir "$dir/tree"
cp -r Makefile ./*.c client include manager sys tunnel "$dir/tree"
sed -i '/^gre_decode(/,/^}/s/^\tif (r\.bad)$/\t{\n\t\tuint8_t planted[8];\
\t\tmemset(planted, (int)n, (n | 8) % 16 + 1);\
\t\tg->call = (uint16_t)(g->call + planted[0]);\n\t}\n&/' \
	"$dir/tree/pptp_gre.c"
claim "an overflow is planted" \
	eval '! cmp -s pptp_gre.c "$dir/tree/pptp_gre.c"'
clear
claim "and built" built bad "$dir/tree"
run bad tests/net/quirks.sh
has "it is seen, in the sandbox" "$(reported)" 'AddressSanitizer: stack-buffer-overflow'
plan
