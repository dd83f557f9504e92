# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Sourced, after tap.sh, by tests that install packages: into $R, an overlay in
# memory over this machine's files, which stay as they are.  The script is
# started again in namespaces of its own, with which all that ends.
[ "$(id -u)" = 0 ] || skip_all "an overlay of this machine's files needs root"
command -v apt-get > /dev/null || skip_all "no apt-get here"
if [ -z "${PPTP_NS:-}" ]; then
	rm -f "$tap_out"	# the next one has its own
	PPTP_NS=1 exec unshare -m -p -f --kill-child bash "$0" "$@"
fi
box=$(mktemp -d) || exit 1
trap 'umount -R -l "$box"; rmdir "$box"; rm -f "$tap_out"' EXIT
mount -t tmpfs none "$box" && mkdir "$box"/{upper,work,root} && mount -t \
	overlay overlay -o "lowerdir=/,upperdir=$box/upper,workdir=$box/work" \
	"$box/root" || skip_all "no overlay of / here"
R=$box/root
mount -t proc none "$R/proc"
mount --rbind /dev "$R/dev"
mount -t tmpfs none "$R/tmp"
printf '#!/bin/sh\nexit 101\n' > "$R/usr/sbin/policy-rc.d"	# starts nothing
chmod 755 "$R/usr/sbin/policy-rc.d"
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8
inside() { chroot "$R" "$@"; }
apt() { inside apt-get -qq -y --no-install-recommends \
	-o Dpkg::Options::=--force-confold "$@"; }
# This tree as it is now, in FOLDER there.
tree() {
	mkdir -p "$R$1"
	tar -c --exclude-vcs --exclude=./build --exclude=./pptp \
		--exclude=./pptp.so . | tar -x -C "$R$1"
}
