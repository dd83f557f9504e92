#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 300
# Every process under valgrind, on each way to an end: nothing is used that was
# never written, nothing is lost.
. "$(dirname "$0")/lib.sh"
command -v valgrind > /dev/null || skip_all "no valgrind"
library unfiltered
ppp_here
# Where everybody may come; it tells pptpsetup from pptp by the name.
mkdir -m 755 /run/bin && cp "$CLIENT" /run/bin/pptp
ln -s pptp /run/bin/pptpsetup
cat > /run/pptp.vg <<'SH'
#!/bin/sh
LD_PRELOAD="/run/unfiltered.so $LD_PRELOAD" exec valgrind --leak-check=full --vgdb=no \
	--log-file=/run/log/vg "/run/bin/$(basename "$0" .vg)" "$@"
SH
chmod 755 /run/pptp.vg
ln -s pptp.vg /run/pptpsetup.vg
mkdir -m 1777 /run/log
CLIENT=/run/pptp.vg

# is_tidy CLAIM PROCESSES STATUS: what valgrind says of the last run
is_tidy() {
	is "$1: status" "$status" "$3"
	until_ok 20 eval '[ "$(grep -c "ERROR SUMMARY" /run/log/vg)" -ge '"$2"' ]'
	claim "$1: $2 processes have reported" \
		test "$(grep -c 'ERROR SUMMARY' /run/log/vg)" -ge "$2"
	is "$1: no error, nothing lost" "$(grep -A 8 -e 'SUMMARY: [1-9]' \
		-e '\(definitely\|possibly\|indirectly\) lost: [1-9]' \
		-e Invalid -e uninit -e unaddressable /run/log/vg)" ''
}
# tunnel STATUS SERVER-ARGUMENT [PTYFEED OPTION...]
tunnel() {
	local want=$1 what=$2; shift 2
	rm -f /run/log/vg
	# shellcheck disable=SC2086 # words
	serve $what
	run --wait 30 "$@" -- --timeout "${WAIT:-15}"
	is_tidy "${what:-a good server} $*" 3 "$want"
}
tunnel 0 '' --count 50
tunnel 0 'channels=10 gre=far' --count 50 --end TERM
tunnel "$EXIT_SERVER_ENDED" after=cdn --count 1 --end wait
tunnel "$EXIT_LOST" after=rst --count 1 --end wait
tunnel "$EXIT_REFUSED" sccrp=4
tunnel "$EXIT_CALL_REFUSED" ocrp=4
tunnel "$EXIT_NOT_PPTP" accept=http
tunnel "$EXIT_GRE_BLOCKED" gre=unreach --end wait
tunnel "$EXIT_CONNECT" port=1724
for how in accept ocrp; do WAIT=5 tunnel "$EXIT_TIMEOUT" $how=silent; done

# alone PROCESSES STATUS COMMAND...
alone() {
	rm -f /run/log/vg
	"${@:3}" < /dev/null > /run/out 2>&1
	status=$?
	is_tidy "${*:3}" "$1" "$2"
}
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
serve lcp=c22381,1400
alone 3 0 "$CLIENT" --check $SERVER
alone 2 "$EXIT_RESOLVE" "$CLIENT" nowhere.invalid
alone 1 1 "$CLIENT" --status
alone 1 "$EXIT_USAGE" "$CLIENT" --wrong
alone 1 0 "$CLIENT" --help
alone 1 "$EXIT_PERMISSION" nobody "$CLIENT" $SERVER

# As pppd a program that ends at once, and then none; its files are ours.
if [ ! -e /usr/sbin/pppd ]; then
	skip "launching pppd, pptpsetup" "no pppd"
	plan
fi
mount -t tmpfs -o mode=755 none /etc/ppp && mkdir /etc/ppp/peers
printf '#!/bin/sh\nsleep 1\n' > /run/bin/pppd && chmod 755 /run/bin/pppd
mount --bind /run/bin/pppd /usr/sbin/pppd
# The one that becomes pppd reports no more.
alone 3 0 "$CLIENT" $SERVER --data-path=user nodetach
mount --bind /dev/null /usr/sbin/pppd
alone 1 "$EXIT_SYSTEM" "$CLIENT" $SERVER
for how in "--create t --server $SERVER --username u --password p --encrypt" \
	"--delete t"; do
	# shellcheck disable=SC2086 # words
	alone 1 0 /run/pptpsetup.vg $how
done
plan
