#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 600
# The program builds without a warning wherever it should, needs only libc, is
# hardened, and installs.
cd "$(dirname "$0")/.." || exit 1
. tests/tap.sh
# As a package's build may have exported them.
unset PREFIX SBINDIR BINDIR MANDIR PPPDIR UNITDIR DESTDIR PPPD PPPD_PLUGINDIR \
	BASHCOMPDIR ZSHCOMPDIR

w=$(mktemp -d) || exit 1
trap 'rm -rf "$w"' EXIT
# variant NAME MAKE-ARGUMENT...: builds into build/NAME with warnings as errors
variant() {
	local name=$1; shift
	claim "$name builds without a warning" make -s -j"$(nproc)" \
		B="build/$name" BIN="build/$name/pptp" PPPD_H= "$@"
}
works() { has "the program of $1 runs" "$("build/$1/pptp" --version 2>&1)" \
	'[0-9]+\.[0-9]+'; }
# unit TEST NAME COMPILER...
unit() {
	local t=$1 name=$2; shift 2
	# shellcheck disable=SC2046 # words
	claim "$name compiles test_$t" "$@" -std=c11 -D_GNU_SOURCE \
		-Iinclude -o "$w/$t" "tests/unit/test_$t.c" $(sed -n \
		's,^/\* with: \(.*\) \*/$,\1,p' "tests/unit/test_$t.c") || return
	is "$name: test_$t" "$("$w/$t" | grep -A 2 '^not ok'
		echo "${PIPESTATUS[0]}")" 0
}
# sandbox NAME COMPILER...: the filter's numbers are another's there
sandbox() { unit sandbox "$@"; unit seccomp "$@"; }
# compiles CC: does this compiler make programs here?  The kernel's headers
# may be missing where libc's are.
compiles() { printf '#include <sys/ioctl.h>\nint main(void) { return 0; }\n' |
	"$@" -x c -o "$w/a" - 2>/dev/null && { "$w/a"; } 2>/dev/null; }

for cc in gcc clang; do
	if ! command -v $cc >/dev/null; then skip "$cc builds" "no $cc"; continue; fi
	variant $cc CC=$cc CFLAGS="-O2 -g -Werror"
	works $cc
done
if compiles gcc -m32; then
	variant m32 CC=gcc CFLAGS="-m32 -O2 -g -Werror" LDFLAGS=-m32
	works m32
	sandbox m32 gcc -m32
else
	skip "gcc -m32 builds" "no 32-bit libc (gcc-multilib)"
fi
if command -v musl-gcc >/dev/null && compiles musl-gcc; then
	# musl's wrapper hides the kernel's headers along with glibc's
	mkdir "$w/kernel"
	ln -s /usr/include/linux /usr/include/asm-generic "$w/kernel"
	ln -s "$(dirname "$(gcc -E -x c -include asm/types.h /dev/null |
		sed -n 's/^# 1 "\(.*asm\/types.h\)".*/\1/p' | head -n 1)")" \
		"$w/kernel/asm"
	variant musl CC=musl-gcc CPPFLAGS="-idirafter $w/kernel" \
		CFLAGS="-O2 -g -Werror"
	works musl
	sandbox musl musl-gcc -idirafter "$w/kernel"
else
	skip "musl-gcc builds" "no musl-gcc (musl-tools)"
fi

# Other architectures, whose calls have other numbers: by a cross compiler, or
# by clang where there is only the libc, as Debian's gcc-multilib drives cross
# compilers out.
for t in aarch64-linux-gnu arm-linux-gnueabihf riscv64-linux-gnu \
	mips-linux-gnu mipsel-linux-gnu mips64el-linux-gnuabi64; do
	cc=$t-gcc
	command -v $cc > /dev/null ||
		cc="clang --target=$t -isystem /usr/$t/include"
	if ! [ -e /usr/$t/include/stdio.h ] ||
	    ! command -v "${cc%% *}" > /dev/null; then
		skip "$t compiles" "no compiler or no libc for it"
		continue
	fi
	# shellcheck disable=SC2046 # words
	claim "$t compiles without a warning (${cc%% *})" make -s \
		-j"$(nproc)" B=build/$t CC="$cc" CFLAGS="-O2 -Werror" \
		$(make -s print-OBJ B=build/$t)
done
unit seccomp "an unknown architecture" "${CC:-cc}" -Wall -Wextra -Werror \
	-DSECCOMP_UNKNOWN

cc=gcc
[ -x build/gcc/pptp ] || cc=clang
p=build/$cc/pptp
set -- B=build/$cc BIN=$p PPPD_H=
flags="-O2 -g -Werror"
claim "the same flags build nothing" make -q "$@" CC=$cc CFLAGS="$flags" all
is "other flags all anew, but not where there are none: as for install" \
	"$(for words in "CC=$cc" CFLAGS=-O1 LDFLAGS=-s CPPFLAGS=-DX; do
		make -q "$@" CC=$cc CFLAGS="$flags" "$words" all; echo $?
	done | xargs) $(env -u CC -u CFLAGS -u CPPFLAGS -u LDFLAGS -u LDLIBS \
		make -n "$@" install | grep -c -e ' -c ')" "0 1 1 1 0"
libs=$(readelf -d $p | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | tr '\n' ' ')
is "it needs libc only" "$libs" "libc.so.6 "
has "it is position independent" "$(readelf -h $p)" 'Type: +DYN'
has "its relocations are read-only" "$(readelf -lW $p)" GNU_RELRO
has "it binds at once" "$(readelf -dW $p)" 'FLAGS.*(NOW|BIND_NOW)'
has "its stack is not executable" "$(readelf -lW $p)" 'GNU_STACK.* RW '
has "its stack is guarded" "$(nm -D $p)" __stack_chk_fail
has "its memory functions are checked" "$(nm -D $p)" \
	'__(mem|str|v?s?n?printf|read|recv|poll|fd)[a-z]*_chk'
has "the user's FORTIFY wins" "$(make -Bn CPPFLAGS=-D_FORTIFY_SOURCE=1 |
	grep -e ' -c ')" 'D_FORTIFY_SOURCE=1 '
is "no other FORTIFY beside it" \
	"$(make -Bn CPPFLAGS=-D_FORTIFY_SOURCE=1 | grep -c FORTIFY_SOURCE=2)" 0
if [ "$(uname -m)" = x86_64 ]; then
	claim "it builds as the Makefile has it" env -u CFLAGS -u MAKEFLAGS make -s \
		-j"$(nproc)" B=build/plain BIN=build/plain/pptp PPPD_H=
	getconf GNU_LIBC_VERSION 2> /dev/null |
		awk '{ ok = $2 >= 2.36 } END { exit !ok }' &&
		has "its relocations are packed" "$(readelf -d build/plain/pptp)" RELR
	stripped() { strip -o "$w/stripped" "$1" && stat -c %s "$w/stripped"; }
	size=$(stripped build/plain/pptp)
	claim "stripped, it has at most 160000 octets (has $size)" \
		[ "$size" -le 160000 ]
	make -s B=build/small BIN=build/small/pptp CFLAGS=-Os build/small/pptp
	size=$(stripped build/small/pptp)
	claim "by CFLAGS=-Os, at most 150000 (has $size)" [ "$size" -le 150000 ]
fi

# The oldest it builds with, kernel headers 3.10 and glibc 2.17: what is newer
# is taken out of the headers here, and not asked for when it runs.
{
	printf '#include <%s.h>\n' fcntl netinet/in netinet/tcp sys/mman \
		sys/prctl linux/audit linux/netlink linux/seccomp \
		linux/rtnetlink linux/securebits
	printf '#undef %s\n' F_{ADD,GET}_SEALS F_SEAL_{SEAL,SHRINK,GROW} \
		MFD_{CLOEXEC,ALLOW_SEALING} IP_BIND_ADDRESS_NO_PORT \
		SECBIT_NO_CAP_AMBIENT_RAISE{,_LOCKED} SOL_NETLINK \
		NETLINK_GET_STRICT_CHK RTM_F_FIB_MATCH RTNH_F_LINKDOWN \
		SECCOMP_{FILTER_FLAG_SPEC_ALLOW,SET_MODE_FILTER} \
		SECCOMP_RET_KILL_PROCESS AUDIT_ARCH_{RISCV64,PPC64LE} \
		AUDIT_ARCH_{LOONGARCH64,MIPS64N32,MIPSEL64N32}
} > "$w/old.h"
mkdir -p "$w/old/sys"
{
	echo '#include_next <sys/syscall.h>'
	printf '#undef %s\n' \
		{SYS,__NR}_{bpf,clone3,close_range,execveat,getrandom,statx} \
		{SYS,__NR}_{io_uring_setup,memfd_create,sched_setattr,seccomp} \
		{SYS,__NR}_landlock_{create_ruleset,add_rule,restrict_self} \
		{SYS,__NR}_pidfd_{getfd,open,send_signal} \
		{SYS,__NR}_process_{madvise,mrelease} {SYS,__NR}_userfaultfd
} > "$w/old/sys/syscall.h"
variant old CPPFLAGS="-I$w/old -include $w/old.h" CFLAGS="-O2 -Werror"
works old
# These are old, but libc has moved them; or the headers here chose for us.
is "no function newer than glibc 2.17" "$(nm -D --with-symbol-versions \
	build/old/pptp | grep -E '@GLIBC_2\.(1[89]|[2-9][0-9])' | grep -vwE \
	'__libc_start_main|[fl]?stat|fstatat|fcntl64|glob|__isoc23_[a-z]+')" ''

is "README has a line for each source" "$(for f in *.c */*.c; do
	grep -q "^  $f  *[^ ]" README || echo "$f"; done)" ''
# The plugin, with the API of pppd 2.5 and that of the headers here.
strict="-std=c11 -D_GNU_SOURCE -Iinclude -Wall -Wextra -Wshadow -Wformat=2
-Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Werror -fPIC"
for cc in gcc clang; do
	command -v $cc >/dev/null || continue
	# shellcheck disable=SC2086 # words
	claim "$cc compiles the plugin for pppd 2.5" $cc $strict \
		-Itests/pppd-2.5 -fsyntax-only tunnel/plugin.c
	if [ ! -f /usr/include/pppd/pppd.h ]; then
		skip "$cc compiles the plugin" "no headers of pppd (ppp-dev)"
		continue
	fi
	# shellcheck disable=SC2086 # words
	claim "$cc compiles the plugin for the pppd here" $cc $strict \
		-fsyntax-only tunnel/plugin.c
done
if [ -f pptp.so ]; then
	is "the plugin exports what pppd looks for, and no more" \
		"$(nm -D --defined-only pptp.so | sed 's/.* //' | sort | xargs)" \
		"plugin_init pppd_version"
	is "it needs libc only" "$(readelf -d pptp.so |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p')" libc.so.6
	set -- BIN=$p B="$(dirname $p)" DESTDIR="$w/plugin" SBINDIR=/place \
		PPPD_PLUGINDIR=/plugins UNITDIR=
	claim "it is installed" make -s "$@" install
	claim "where pppd looks for it" cmp pptp.so "$w/plugin/plugins/pptp.so"
	claim "built anew, it looks for the program in its new place" \
		grep -q PATH=/place: pptp.so
	claim "as the program does for it" grep -q /plugins $p
	claim "the same places again build nothing" make -q "$@" all
	claim "and removed" make -s "$@" uninstall
	is "nothing of it is left" "$(find "$w/plugin" ! -type d)" ""
fi

set -- make -s BIN=$p B="$(dirname $p)" PPPD_H= DESTDIR="$w/root" PREFIX=/usr \
	UNITDIR=
claim "make install" "$@" install
is "what it installed" "$(cd "$w/root" && find . ! -type d | sort)" \
"./etc/ppp/options.pptp
./usr/sbin/pptp
./usr/sbin/pptpsetup
./usr/share/bash-completion/completions/pptp
./usr/share/bash-completion/completions/pptpsetup
./usr/share/man/man8/pptp.8
./usr/share/man/man8/pptpsetup.8
./usr/share/zsh/site-functions/_pptp
./usr/share/zsh/site-functions/_pptpsetup"
claim "the installed program runs" "$w/root/usr/sbin/pptp" --version
claim "the installed pptpsetup runs" "$w/root/usr/sbin/pptpsetup" --help
claim "the completion is valid bash" bash -n \
	"$w/root/usr/share/bash-completion/completions/pptp"
options=$w/root/etc/ppp/options.pptp
is "the options for pppd: what peers files expect of them" \
	"$(sed -n 's/^\([a-z].*\)/\1/p' "$options" | sort | xargs)" "lock noauth\
 nobsdcomp nodeflate refuse-chap refuse-eap refuse-mschap refuse-pap"
claim "make uninstall" "$@" uninstall
is "nothing is left" "$(find "$w/root" ! -type d)" ''
echo 'require-mppe-128' > "$options"
claim "make install over somebody's options" "$@" install
is "leaves them" "$(cat "$options")" require-mppe-128
claim "make uninstall with them" "$@" uninstall
is "leaves them, too" "$(cd "$w/root" && find . ! -type d)" \
	./etc/ppp/options.pptp

# systemd's unit.
claim "make install with UNITDIR" "$@" install UNITDIR=/units PPPD=/odd/pppd
is "the unit has its place and runs that pppd" \
	"$(sed -n 's/^ExecStart=//p' "$w/root/units/pptp@.service")" \
	'/odd/pppd call %i nodetach up_sdnotify'
claim "make uninstall" "$@" uninstall UNITDIR=/units
is "takes it along" "$(find "$w/root/units" -type f)" ''
if systemd-analyze --help 2>/dev/null | grep -q offline; then
	claim "systemd's opinion of the unit is at most 4.0" systemd-analyze \
		security --offline=true --threshold=40 ./sys/pptp@.service
	is "and it knows all that is in there" "$(systemd-analyze verify \
		./sys/pptp@.service 2>&1 |
		grep -F pptp@ | grep -v 'not executable')" ''
else
	skip "systemd's opinion of the unit" "no systemd-analyze with --offline"
fi

# The places as pptp-linux's users give them: with DESTDIR in front or without.
set -- make -s BIN=$p B="$(dirname $p)" PPPD_H= UNITDIR= PPPD="$w/sbin/pppd"
claim "make install BINDIR MANDIR PPPDIR" "$@" install BINDIR="$w/nix/sbin" \
	MANDIR="$w/nix/share/man/man8" PPPDIR="$w/nix/etc/ppp"
is "all in there" "$(cd "$w/nix" && find . ! -type d | sort | xargs)" "\
./etc/ppp/options.pptp ./sbin/pptp ./sbin/pptpsetup \
./share/bash-completion/completions/pptp \
./share/bash-completion/completions/pptpsetup ./share/man/man8/pptp.8 \
./share/man/man8/pptpsetup.8 ./share/zsh/site-functions/_pptp \
./share/zsh/site-functions/_pptpsetup"
is "PPPD is what it will run" "$(strings $p | grep -cFx "$w/sbin/pppd")" 1
claim "the same with DESTDIR in front" "$@" install DESTDIR="$w/void" \
	BINDIR="$w/void/usr/bin" MANDIR="$w/void/usr/share/man/man8" \
	PPPDIR="$w/void/etc/ppp"
is "once, not twice" "$(cd "$w/void" && find . ! -type d | sort | xargs)" "\
./etc/ppp/options.pptp ./usr/bin/pptp ./usr/bin/pptpsetup \
./usr/share/bash-completion/completions/pptp \
./usr/share/bash-completion/completions/pptpsetup ./usr/share/man/man8/pptp.8 \
./usr/share/man/man8/pptpsetup.8 ./usr/share/zsh/site-functions/_pptp \
./usr/share/zsh/site-functions/_pptpsetup"
claim "the places are again what they were" make -s all
plan
