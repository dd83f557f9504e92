#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# limit: 180
# One call into libc fails, somewhere in a tunnel's life, in whichever process:
# the tunnel works all the same, or ends by itself with a documented status and a
# sentence; no process, file or route stays, nothing hangs or spins.  $FAULTS
# says which: numbers, or "all"; else forty, which change from day to day.
: "${WORKERS:=4}"
if [ -z "${WORKER:-}" ]; then
	# Workers in namespaces of their own, whose claims become ours.
	dir=$(mktemp -d)
	trap 'rm -r "$dir"' EXIT
	export FAULTS_SO=$dir/faults.so
	worker() {
		WORKER=$1 FAULTS=$2 bash "$0" > "$dir/$1" 2>&1
		grep -q '^1\.\.' "$dir/$1" || echo "not ok 0 - ended early" >> "$dir/$1"
	}
	if ! "${CC:-cc}" -std=c11 -D_GNU_SOURCE -Wall -Wextra -O1 -U_FORTIFY_SOURCE \
		-shared -fPIC -o "$FAULTS_SO" "$(dirname "$0")/faults.c" -ldl; then
		echo "Bail out! faults.c"
		exit 1
	fi
	worker life 0
	total=$(sed -n 's/^# \([0-9]*\) calls$/\1/p' "$dir/life")
	step=$((${total:=0} / 40 + 1))
	case ${FAULTS:-} in
	all)	list=$(seq "$total") ;;
	'')	list=$(seq $(($(date +%-j) % step + 1)) $step "$total") ;;
	*)	list=${FAULTS// /$'\n'} ;;
	esac
	echo "# FAULTS=\"$(xargs <<< "$list")\""
	for ((i = 0; i < WORKERS; i++)); do
		worker $i "$(awk "NR % $WORKERS == $i" <<< "$list")" &
	done
	wait
	cat "$dir"/{life,[0-9]*} | awk '/^1\.\./ { next }
		/^(not )?ok / { sub(/ok [0-9]+/, "ok " ++n); bad += /^not/ }
		1
		END { print "1.." n; exit bad > 0 }'
	exit
fi
. "$(dirname "$0")/lib.sh"
srv ip addr add 203.0.113.9/32 dev lo
srv ip route replace 10.9.0.0/24 dev v1 src 203.0.113.9
ip route add default via $SERVER dev v0
echo 203.0.113.9 vpn.test > /run/hosts
over_etc hosts
SERVER=vpn.test
syslog_on
serve

real=$CLIENT
cat > /run/faulty << S
#!/bin/sh
LD_PRELOAD=$FAULTS_SO exec $real "\$@"
S
chmod 755 /run/faulty
CLIENT=/run/faulty
export FAULT FAULT_FILE=/run/faults
calls() { od -An -td4 -N4 $FAULT_FILE | xargs; }
stays() {
	ps -eo comm,args | awk '$1 ~ /^pptp/'
	find /run/pptp -mindepth 1 ! -name '*.refused' 2>/dev/null
	find /run/pptp -name '*.refused' -size 0 2>/dev/null
	ip -4 route show proto 147
}
gone() { [ -z "$(stays)" ]; }

# live FAULT: a tunnel's life, at which that call fails; sets $end, what is
# wrong with how it ended, and $hit, what failed.
live() {
	FAULT=$1 end=
	head -c 4096 /dev/zero > $FAULT_FILE
	: > /run/syslog
	run --count 3 --wait 6 --quiet 1 -- --timeout 5
	until_ok 10 gone || end+="left: $(stays)"$'\n'
	read -r name at pid <<< "$(tail -c +5 $FAULT_FILE | tr -d '\0')"
	hit="$name at $at in ${pid:-none}"
	if ! [[ $status =~ ^[0-9]+$ ]] || ((status >= EXIT_STATUSES)); then
		end+="status $status"$'\n'
	elif [ "$status" = 0 ]; then
		grep -q ^up <<< "$out" || end+="never up, and status 0"$'\n'
	elif ! grep -q '^pptp: [^ ]* ' <<< "$err" &&
		! grep -q '^<[0-9]*>pptp\[[0-9]*\]: ' /run/syslog; then
		end+="status $status without a word"$'\n'
	fi
	# Since pppd's hangup; before that, ptyfeed has waited for six seconds.
	took=$(sed -n 's/^exit .* \([0-9]*\)\..*/\1/p' <<< "$out")
	[ "${took:-99}" -le 15 ] || end+="took $took s to end"$'\n'
	pkill -9 -x pptp
	rm -rf /run/pptp
	ip route flush proto 147
}

if [ "$WORKER" = life ]; then
	# What cannot fail, or that no tunnel calls; the rest must be in faults.c.
	# A program with sanitizers has their calls as well.
	grep -q __asan_init "$real" || is "all calls of the program are known here" "$(nm -D --undefined-only \
		"$real" | sed 's/.* //; s/@.*//' | sort -u | grep -vxE "$(
		nm -D --defined-only "$FAULTS_SO" | sed 's/.* //' | xargs |
		tr ' ' '|')" | grep -vxE '_ITM_.*|__(assert_fail|cmsg_nxthdr|ctype_.*|cxa_.*|errno_.*)|__gmon_start__|__libc_start_main|__stack_chk_.*|__mem.*_chk|__.*printf_chk|__.*sscanf|__isoc23_str.*|__str.*_chk|__uflow|getpwuid|scandir|alphasort|uname|mem.*|str.*|.*printf|_?exit|raise|abort|alarm|set(itimer|uid)|get(e?[ug]id|p?pid|sid|groups|opt_long.*|res[ug]id)|sig(action|addset|emptyset|fillset|nal|procmask)|umask|kill|clock_gettime|close|munmap|free|inet_.*|isatty|lseek|gai_strerror|cfmakeraw|exec.*|pipe|glob(free)?|.*pt|ptsname_r|f(open|close|dopen|eof|error|flush|write|sync|chown|puts?c?|gets?)|getc(_unlocked)?|ungetc|putc(har)?|puts|((fd)?open|read|close)dir|f?accessat|readlink|rename(at)?|mkdirat|unlink|syncfs|if_.*|(get|free)ifaddrs' |
		xargs)" ''
	live 0
	is "no call fails: a tunnel's life" "$status $end" '0 '
	has "and it carries data" "$out" '^received 3 of 3'
	echo "# $(calls) calls"
	plan
fi
for n in $FAULTS; do
	live "$n"
	most=$(calls)
	[ "$most" -le 5000 ] || end+="$most calls"$'\n'
	claim="call $n: ${hit% in *}: it works, or says why not"
	if [ -z "$end" ]; then pass "$claim"
	else fail "$claim" "$end$hit; status $status; $(addr2line -spfe "$real" \
		"$at" 2>/dev/null)"$'\n'"$err"$'\n'"$out"$'\n'"$(< /run/syslog)"; fi
done
plan
