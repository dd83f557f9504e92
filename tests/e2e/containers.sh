#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 500
# What pptp.8 says of containers: a box with a network, a /dev, processes and
# capabilities of its own, as Docker, Podman, unshare and chroot make them, and a
# real tunnel out of it; or the sentence on what it has not been given.
. "$(dirname "$0")/../rig/net.sh"
net_up
server_up
ip netns add box
ip link add b0 netns box type veth peer name b1 netns srv
ip -n box addr add 10.9.1.1/24 dev b0 && ip -n box link set b0 up
ip -n box link set lo up && ip -n box route add default via 10.9.1.2
ip -n srv addr add 10.9.1.2/24 dev b1 && ip -n srv link set b1 up
echo 0 | tee /proc/sys/net/ipv4/conf/*/rp_filter > /dev/null
# shellcheck disable=SC2206 # words
words=($PPPD nodetach)

# What they leave to root.
NONE=-all
PODMAN=$NONE,+chown,+dac_override,+fowner,+fsetid,+kill,+net_bind_service
PODMAN+=,+setfcap,+setgid,+setpcap,+setuid,+sys_chroot
DOCKER=$PODMAN,+net_raw,+mknod,+audit_write
GIVEN=,+net_raw,+net_admin

# box CAPABILITIES DEVICE COMMAND...: DEVICE is /dev/ppp, or empty
cat > /run/box <<'S'
dev=$1; shift
mount -t tmpfs none /dev && mkdir /dev/pts &&
	mount -t devpts -o newinstance,ptmxmode=666 none /dev/pts &&
	ln -s pts/ptmx /dev/ptmx && ln -s /proc/self/fd /dev/fd || exit 99
mknod -m 666 /dev/null c 1 3 && mknod -m 666 /dev/zero c 1 5
mknod -m 666 /dev/tty c 5 0 && mknod -m 666 /dev/urandom c 1 9
[ -z "$dev" ] || mknod -m 600 "$dev" c 108 0
mount -t tmpfs none /run && mkdir /run/lock
exec "$@"
S
box() {
	local caps=$1 dev=$2; shift 2
	ip netns exec box unshare -m -p -f --kill-child --mount-proc \
		sh /run/box "$dev" setpriv --inh-caps $NONE --bounding-set "$caps" "$@"
}
in_box() { ip netns exec box "$@"; }
box_up() { [ -n "$(in_box ip -o -4 addr show | grep -w ppp0)" ]; }
# Process 1 in there.  Its parent is unshare, which some shells start and others
# become.
first() {
	local unshare=$P
	[ "$(< /proc/$P/comm)" = unshare ] || unshare=$(pgrep -P $P -x unshare)
	pgrep -P "$unshare"
}
# To that, which is pppd by then: as docker stop does.
stop() {
	kill -TERM "$(first)"
	wait $P
}
# works CLAIM CAPABILITIES [WORD...]: a tunnel, which ends with its box
works() {
	local claim=$1 caps=$2; shift 2
	box "$caps" /dev/ppp "$CLIENT" $SERVER "$@" "${words[@]}" \
		> /run/client.out 2> /run/client.err &
	P=$!
	claim "$claim: up" until_ok 10 box_up
	claim "$claim: ping" in_box ping -c 2 -W 3 -q $INSIDE
	stop
	claim "$claim: its end is the server's too" until_ok 10 no_session
	is "$claim: no process is left" "$(pgrep -x pptp)" ''
}
# fails CLAIM CAPABILITIES DEVICE STATUS PATTERN
fails() {
	local out
	out=$(box "$2" "$3" "$CLIENT" $SERVER "${words[@]}" 2>&1)
	is "$1: status" $? "$4"
	has "$1: sentence" "$out" "^pptp: $5"
}

works "as Docker, with both capabilities and the device" "$DOCKER$GIVEN"
works "as Podman" "$PODMAN$GIVEN"
works "with these two capabilities alone" "$NONE$GIVEN"
fails "as Docker, without the device" "$DOCKER$GIVEN" '' 1 \
	'cannot open /dev/ppp: No such file or directory'
fails "as Docker, without CAP_NET_ADMIN" "$DOCKER" /dev/ppp 4 \
	'cannot open /dev/ppp: CAP_NET_ADMIN is missing'
fails "as Podman, without CAP_NET_RAW" "$PODMAN,+net_admin" /dev/ppp 4 \
	'cannot open a raw socket for GRE: CAP_NET_RAW is missing'

# Rootless: a user namespace, first without a network of its own.
rootless() { setpriv --reuid 1000 --regid 1000 --clear-groups \
	unshare -r -m -p -f --kill-child --mount-proc "$@"; }
mount -t tmpfs -o mode=755 none /mnt && cp "$CLIENT" /mnt/pptp
cp /usr/sbin/pppd /mnt/pppd && chmod 755 /mnt/pppd
mount --bind /mnt/pppd /usr/sbin/pppd	# an image has its own
out=$(rootless /mnt/pptp --check $SERVER)
is "a user namespace without a network: status" $? 4
has "a user namespace: the host's device is another's" "$out" \
	'^failed local +cannot open /dev/ppp: Permission denied .it must be open to this user'
has "a user namespace without a network: sentence" "$out" \
	'^failed local +.* CAP_NET_RAW holds in this user namespace, which does not own this network'
chmod 666 /dev/ppp
rootless -n sh -c 'mount -t tmpfs none /run && mkdir /run/lock &&
	until ip addr add 10.9.3.1/24 dev r0; do sleep 0.2; done
	ip link set r0 up && ip route add default via 10.9.3.2 &&
	mount -t tmpfs none /etc/ppp && touch /etc/ppp/options &&
	echo "alice * wonderland *" > /etc/ppp/chap-secrets
	shift; exec "$@"' sh "" /mnt/pptp $SERVER "${words[@]}" \
	> /run/client.out 2> /run/client.err < /dev/null &
P=$!
in_it() { nsenter -t "$(first)" -n "$@"; }
until_ok 20 first
ip link add r0 netns "$(first)" type veth peer name r1 netns srv
ip -n srv addr add 10.9.3.2/24 dev r1 && ip -n srv link set r1 up
claim "a user namespace with a network, the device open to all: up" \
	until_ok 10 eval '[ -n "$(in_it ip -o -4 addr show | grep -w ppp0)" ]'
claim "and ping" in_it ping -c 2 -W 3 -q $INSIDE
stop

# A bare chroot, and each cure in its turn.
root=/run/root
mkdir -p $root/dev $root/proc $root/run/lock $root/tmp
mknod -m 666 $root/dev/null c 1 3
cp "$CLIENT" $root/pptp
for d in usr bin sbin lib lib64 etc var; do
	if [ -L /$d ]; then cp -P /$d $root/$d
	elif [ -d /$d ]; then mkdir $root/$d && mount --rbind /$d $root/$d; fi
done
missing() { chroot $root /pptp --check $SERVER |
	sed -n 's/^failed local *//p'; }
cures() {	# cures CLAIM PATTERN: the cure that is named, carried out
	local said cure
	said=$(missing)
	has "chroot: $1" "$said" "$2"
	cure=$(sed 's/.*(//; s/)$//' <<< "$said")
	claim "chroot: $cure" chroot $root sh -c "$cure"
}
has "chroot without /proc" "$(missing)" '^cannot open /dev/ppp: .*modprobe ppp_gen'
mount -t proc none $root/proc
cures "no /dev/ppp" '^cannot open /dev/ppp: No such file'
cures "no pty" '^cannot open a pty: No such file'
is "chroot: nothing is missing any more" "$(missing)" ''
chroot $root /pptp $SERVER "${words[@]}" > /run/client.out 2> /run/client.err &
P=$!
claim "chroot: up" until_ok 10 up
claim "chroot: ping" alive
end $P
((tap_bad == 0)) || logs
plan
