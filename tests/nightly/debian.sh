#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# host
# limit: 3000
# A Debian package of this tree, by a debian/ folder that is written here: builds
# twice to the same octets, tests itself without network and without root,
# takes the place of pptp-linux under network-manager-pptp, and gives it back.
# T_CHECK=PATTERN: only these of the package's own tests.
cd "$(dirname "$0")/../.." || exit 1
. tests/tap.sh
. tests/rig/overlay.sh
tree /build/tree	# for both
# As on a machine that builds packages: there is no User-Mode Linux.
rm -f "$R"/usr/bin/linux "$R"/usr/bin/linux.uml
[ -e "$R/usr/bin/dh" ] || { apt update && apt install debhelper dpkg-dev; } \
	> "$box/apt" 2>&1 || skip_all "no debhelper: $(tail -n 1 "$box/apt")"

# The package.  build FOLDER NAME=VALUE...: as nobody, without a network.
package() {
	local d=$R/build/$1/pptp
	mkdir -p "${d%/*}"
	cp -a "$R/build/tree" "$d"
	mkdir -p "$d/debian/source"
	echo '3.0 (native)' > "$d/debian/source/format"
	printf '%s\n' 'pptp (2.0.0) unstable; urgency=medium' '' '  * Built.' \
		'' ' -- Nobody <nobody@example.org>  Mon, 02 Nov 2026 12:00:00 +0000' \
		> "$d/debian/changelog"
	printf '%s\n' 'Source: pptp' 'Section: net' 'Priority: optional' \
		'Maintainer: Nobody <nobody@example.org>' \
		'Build-Depends: debhelper-compat (= 13), ppp-dev' \
		'Rules-Requires-Root: no' 'Standards-Version: 4.6.2' '' \
		'Package: pptp' 'Architecture: linux-any' \
		"Depends: \${shlibs:Depends}, \${misc:Depends}, ppp" \
		'Provides: pptp-linux (= 1.10.0)' 'Conflicts: pptp-linux' \
		'Replaces: pptp-linux' 'Description: PPTP client' \
		' Connects to PPTP servers.' > "$d/debian/control"
	printf '%s\n' '#!/usr/bin/make -f' 'export PREFIX = /usr' '%:' \
		"	dh \$@" 'override_dh_auto_test:' \
		"	\$(if \$(T_CHECK),tests/run \$(T_CHECK),dh_auto_test)" \
		> "$d/debian/rules"
	chmod 755 "$d/debian/rules"
	chown -R 65534:65534 "$R/build/$1"
}
build() {
	local d=/build/$1; shift
	unshare -n chroot "$R" setpriv --reuid 65534 --regid 65534 \
		--clear-groups env -i PATH=/usr/bin:/bin HOME=/tmp "$@" sh -c \
		"cd $d/pptp && exec dpkg-buildpackage -b -uc -us" \
		> "$R$d/log" 2>&1 || { tail -n 40 "$R$d/log"; return 1; }
}
package one
claim "builds and tests itself: no network, no root" build one \
	${T_CHECK:+"T_CHECK=$T_CHECK"}
has "its tests have run" "$(cat "$R/build/one/log")" \
	'^[0-9]+ passed, 0 failed'
package another/place
claim "builds elsewhere, later, by another locale" build another/place \
	TZ=Asia/Kolkata LC_ALL=C DEB_BUILD_OPTIONS=nocheck
deb=$(cd "$R/build/one" && echo pptp_2.0.0_*.deb)
claim "to the same octets" cmp "$R/build/one/$deb" \
	"$R/build/another/place/$deb"
files=$(inside dpkg-deb -c "/build/one/$deb" | awk '{ print $6 }')
for f in usr/sbin/pptp usr/sbin/pptpsetup etc/ppp/options.pptp \
	usr/share/man/man8/pptp.8.gz pptp@.service; do
	has "it has $f" "$files" "$f\$"
done
is "and nothing for /usr/local" "$(grep local <<< "$files")" ''

# In the place of pptp-linux.
if ! apt install network-manager-pptp pptp-linux > "$box/apt" 2>&1; then
	skip "in the place of pptp-linux" "no packages: $(tail -n 1 "$box/apt")"
	plan
fi
have() { inside dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null; }
echo '# mine' >> "$R/etc/ppp/options.pptp"
claim "apt installs it" apt install "/build/one/$deb"
is "pptp-linux went, network-manager-pptp stays" \
	"$(have pptp-linux) $(have network-manager-pptp)" \
	"config-files installed"
has "pptp is this one" "$(inside pptp --version)" ' 2\.'
is "where network-manager-pptp looks for it" "$(inside /usr/sbin/pptp \
	--version)" "$(inside pptp --version)"
has "the administrator's options stay" "$(cat "$R/etc/ppp/options.pptp")" mine
is "no dependency is broken" "$(inside dpkg --audit; apt check 2>&1)" ''
claim "apt goes back to pptp-linux" apt install pptp-linux
is "this one went, network-manager-pptp stays" \
	"$(have pptp | sed s/config-files//) $(have network-manager-pptp)" \
	" installed"
has "pptp is pptp-linux" "$(inside pptp --version)" ' 1\.'
has "the administrator's options still stay" \
	"$(cat "$R/etc/ppp/options.pptp")" mine
is "nothing of this one is left" "$(grep -v options.pptp <<< "$files" |
	while read -r f; do
	f=${f#.}
	[ ! -f "$R$f" ] || inside dpkg -S "$f" > /dev/null 2>&1 || echo "$f"
	done)" ''
plan
