/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls each role may make, and the filter made of that list.
 *
 * A call not listed fails with EPERM, so that libc can do without (a time zone
 * it may not read, a log it cannot reopen), where a kill would end the tunnel.
 * Only calls that our code never makes are fatal: those that concern another
 * program, another process or the kernel's own insides, and those by another
 * architecture's numbers.  The resolver runs whatever modules libc loads: it
 * may make all calls but the dangerous ones, which fail.
 */

/*
 * Some architectures or libcs have no number for these calls, so they get one
 * that no call has; where <sys/syscall.h> has a number, its macro hides it.
 * All other calls used here exist on every architecture listed below.
 */
enum {
	MISSING = 0xffff,
	__NR_bpf = MISSING, __NR_clock_gettime = MISSING,
	__NR_clock_gettime32 = MISSING, __NR_clock_gettime64 = MISSING,
	__NR_clock_nanosleep = MISSING, __NR_clock_nanosleep_time32 = MISSING,
	__NR_clock_nanosleep_time64 = MISSING, __NR_clone3 = MISSING,
	__NR_dup2 = MISSING, __NR_execveat = MISSING,
	__NR_fcntl64 = MISSING, __NR_fork = MISSING,
	__NR_fstat = MISSING, __NR_fstat64 = MISSING,
	__NR_fstatat64 = MISSING, __NR_ftruncate = MISSING,
	__NR_ftruncate64 = MISSING, __NR_getrandom = MISSING,
	__NR_gettimeofday = MISSING, __NR_gettimeofday_time32 = MISSING,
	__NR_io_uring_setup = MISSING, __NR_kcmp = MISSING,
	__NR_mmap = MISSING, __NR_mmap2 = MISSING,
	__NR_newfstatat = MISSING, __NR_pidfd_getfd = MISSING,
	__NR_pidfd_open = MISSING, __NR_pidfd_send_signal = MISSING,
	__NR_poll = MISSING, __NR_ppoll_time64 = MISSING,
	__NR_process_madvise = MISSING, __NR_process_mrelease = MISSING,
	__NR_recv = MISSING, __NR_recvmmsg_time64 = MISSING,
	__NR_sched_setattr = MISSING, __NR_send = MISSING,
	__NR_sigreturn = MISSING, __NR_socketcall = MISSING,
	__NR_statx = MISSING, __NR_time = MISSING,
	__NR_userfaultfd = MISSING, __NR_vfork = MISSING
};

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include "compat.h"
#include "seccomp.h"
#include "util.h"

/*
 * The architecture a filter checks first: system call numbers mean nothing
 * without it, and a 64-bit kernel takes 32-bit calls from any process.
 * -DSECCOMP_UNKNOWN builds as for an architecture that is not listed.
 */
#ifdef SECCOMP_UNKNOWN
#elif defined(__x86_64__) && !defined(__ILP32__)
# define ARCH	AUDIT_ARCH_X86_64
#elif defined(__i386__)
# define ARCH	AUDIT_ARCH_I386
#elif defined(__aarch64__) && !defined(__ILP32__)
# define ARCH	AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__) && !defined(__ARMEB__)
# define ARCH	AUDIT_ARCH_ARM
#elif defined(__riscv) && __riscv_xlen == 64 && defined(AUDIT_ARCH_RISCV64)
# define ARCH	AUDIT_ARCH_RISCV64
#elif defined(__mips__)		/* six ABIs, told apart by these bits */
# define ARCH	(EM_MIPS | \
		 (_MIPS_SIM == _ABIO32 ? 0 : __AUDIT_ARCH_64BIT) | \
		 (_MIPS_SIM == _ABIN32 ? 0x20000000 : 0) | \
		 (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? \
		 __AUDIT_ARCH_LE : 0))
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__) && \
    defined(AUDIT_ARCH_PPC64LE)
# define ARCH	AUDIT_ARCH_PPC64LE
#elif defined(__s390x__)
# define ARCH	AUDIT_ARCH_S390X
#elif defined(__loongarch__) && __loongarch_grlen == 64 && \
    defined(AUDIT_ARCH_LOONGARCH64)
# define ARCH	AUDIT_ARCH_LOONGARCH64
#endif

#ifdef ARCH

enum { G = 1 << SANDBOX_GATEWAY, M = 1 << SANDBOX_MANAGER,
	K = 1 << SANDBOX_MONITOR, ALL = G | M | K };

/* (argument & mask) == value; mask 0: no test. */
struct test {
	uint8_t		 arg;
	uint32_t	 mask, value;
};

struct rule {
	uint16_t	 nr;
	uint8_t		 roles;
	struct test	 test[2];	/* all hold, or those of another row */
};

#ifdef __i386__			/* mmap's arguments are in memory, unseen */
# undef __NR_mmap
#endif

/* The low half of tcsetattr()'s ioctl; the high one may hold a size. */
#ifdef __powerpc__
enum { TCSETS_LOW = 't' << 8 | 20 };
#else
enum { TCSETS_LOW = TCSETS & 0xffff };
#endif
/* The same for newer libcs; the size differs by architecture. */
enum { TCSETS2_LOW = 'T' << 8 | 0x2b };

#define IS(arg, v)	{ arg, UINT32_MAX, v }
#define CLEAR(arg, m)	{ arg, m, 0 }
#define SET(arg, m)	{ arg, m, m }

#define CALL(name, r)	{ __NR_##name, r, { { 0, 0, 0 } } }
#define EVERY(name)	CALL(name, ALL)
#define FCNTL(cmd, r)	{ __NR_fcntl, r, { IS(1, cmd) } }, \
			{ __NR_fcntl64, r, { IS(1, cmd) } }
/* One of the calls behind socketcall(2), where there is one. */
#define SOCKET(name, r)	{ __NR_socketcall, r, { IS(0, SYS_##name) } }

/*
 * What each role may call.  Kernels before 5.11 walk this list at each call, so
 * what the data path does comes first.
 */
static const struct rule rules[] = {
	/* the loops: wait, read, write */
	CALL(recvmmsg, G), CALL(recvmmsg_time64, G), EVERY(write), EVERY(read),
	EVERY(ppoll), EVERY(ppoll_time64), EVERY(poll), CALL(sendmmsg, G),
	CALL(writev, G | M), EVERY(sendmsg), EVERY(recvmsg), EVERY(sendto),
	EVERY(recvfrom), EVERY(send), EVERY(recv),
	SOCKET(RECVMMSG, G), SOCKET(SENDMMSG, G), SOCKET(SEND, ALL),
	SOCKET(RECV, ALL), SOCKET(SENDTO, ALL), SOCKET(RECVFROM, ALL),
	SOCKET(SENDMSG, ALL), SOCKET(RECVMSG, ALL),

	/* clocks where the vDSO cannot tell the time; waiting.  musl has names
	 * of its own for the clocks of 32 bits */
	EVERY(clock_gettime), EVERY(clock_gettime32), EVERY(clock_gettime64),
	EVERY(gettimeofday), EVERY(gettimeofday_time32), EVERY(time),
	EVERY(nanosleep), EVERY(clock_nanosleep),
	EVERY(clock_nanosleep_time32), EVERY(clock_nanosleep_time64),

	/* signals already on their way, and the end */
	EVERY(rt_sigreturn), EVERY(sigreturn), EVERY(rt_sigprocmask),
	EVERY(restart_syscall), EVERY(exit_group), EVERY(exit),

	/* open descriptors; stdio calls fstat() on its output, which in newer
	 * libcs is a descriptor and an empty path */
	EVERY(close), CALL(dup2, M), CALL(dup3, M), EVERY(fstat),
	EVERY(fstat64), CALL(shutdown, G | M), SOCKET(SHUTDOWN, G | M),
	CALL(ftruncate, G), CALL(ftruncate64, G),
	FCNTL(F_GETFD, ALL), FCNTL(F_SETFD, ALL), FCNTL(F_GETFL, ALL),
	FCNTL(F_SETFL, ALL),
	{ __NR_newfstatat, ALL, { SET(3, AT_EMPTY_PATH) } },
	{ __NR_fstatat64, ALL, { SET(3, AT_EMPTY_PATH) } },
	{ __NR_statx, ALL, { SET(2, AT_EMPTY_PATH) } },

	/* its own pid, its filter, random numbers */
	EVERY(getpid), { __NR_prctl, ALL, { IS(0, PR_GET_SECCOMP) } },
	EVERY(getrandom),

	/* memory, never executable; the manager maps gateways' counters */
	EVERY(brk), EVERY(munmap), EVERY(mremap), EVERY(madvise),
#ifdef __s390x__		/* mmap's arguments are in memory, unseen */
	EVERY(mmap),
#else
	{ __NR_mmap, ALL, { CLEAR(2, PROT_EXEC), SET(3, MAP_ANONYMOUS) } },
#endif
	{ __NR_mmap2, ALL, { CLEAR(2, PROT_EXEC), SET(3, MAP_ANONYMOUS) } },
	{ __NR_mmap, M, { IS(2, PROT_READ) } },
	{ __NR_mmap2, M, { IS(2, PROT_READ) } },
	{ __NR_mprotect, M, { CLEAR(2, PROT_EXEC) } },
	FCNTL(F_GET_SEALS, M),

	/* gateway: restores the terminal; reads socket errors */
	{ __NR_ioctl, G, { { 1, 0xffff, TCSETS_LOW } } },
	{ __NR_ioctl, G, { { 1, 0xffff, TCSETS2_LOW } } },
	{ __NR_getsockopt, G, { IS(1, SOL_SOCKET), IS(2, SO_ERROR) } },
	SOCKET(GETSOCKOPT, ALL),

	/* manager: new clients, and the TCP sockets they bring */
	CALL(accept4, M), CALL(connect, M), CALL(getsockname, M | K),
	CALL(getsockopt, M), SOCKET(ACCEPT4, M), SOCKET(CONNECT, M),
	SOCKET(GETSOCKNAME, M | K),

	/* monitor: the TCP connection that it is shown; how the manager has
	 * ended; the socket file, named relative to its directory */
	CALL(getpeername, K), SOCKET(GETPEERNAME, K),
	{ __NR_getsockopt, K, { IS(1, SOL_SOCKET), IS(2, SO_TYPE) } },
	{ __NR_getsockopt, K, { IS(1, SOL_SOCKET), IS(2, SO_MARK) } },
	CALL(wait4, K), CALL(flock, K), CALL(newfstatat, K),
	CALL(fstatat64, K), CALL(statx, K), CALL(unlinkat, K)
};

/* No code of ours calls these: only an attacker's would. */
static const uint16_t deadly[] = {
	__NR_execve, __NR_execveat, __NR_fork, __NR_vfork, __NR_clone,
	__NR_clone3, __NR_ptrace, __NR_process_vm_readv, __NR_process_vm_writev,
	__NR_init_module, __NR_finit_module, __NR_kexec_load, __NR_bpf,
	__NR_io_uring_setup, __NR_userfaultfd
};

/* Refused to the resolver, too; no other role may make these calls anyway. */
static const uint16_t refused[] = {
	__NR_unshare, __NR_setns, __NR_mount, __NR_umount2, __NR_pivot_root,
	__NR_chroot, __NR_kill, __NR_tkill, __NR_tgkill, __NR_pidfd_send_signal,
	__NR_pidfd_open, __NR_pidfd_getfd, __NR_rt_sigqueueinfo,
	__NR_rt_tgsigqueueinfo, __NR_prlimit64, __NR_setpriority,
	__NR_sched_setscheduler, __NR_sched_setparam, __NR_sched_setattr,
	__NR_sched_setaffinity, __NR_ioprio_set, __NR_move_pages,
	__NR_migrate_pages, __NR_process_madvise, __NR_process_mrelease,
	__NR_kcmp, __NR_perf_event_open, __NR_add_key, __NR_keyctl
};

#ifndef SECCOMP_RET_KILL_PROCESS
# define SECCOMP_RET_KILL_PROCESS	0x80000000u
#endif
#define DENY		(SECCOMP_RET_ERRNO | EPERM)
#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

enum { CODE_MAX = 8 + 9 * NELEM(rules) +
	2 * (NELEM(deadly) + NELEM(refused)) };
enum { TEST_SIZE = 3, X32_BIT = 0x40000000 };

struct program {
	struct sock_filter	 code[CODE_MAX];
	unsigned short		 n;
};

static void
emit(struct program *p, unsigned code, unsigned jt, unsigned jf, uint32_t k)
{
	p->code[p->n++] = (struct sock_filter){ (uint16_t)code, (uint8_t)jt,
	    (uint8_t)jf, k };
}

static void
emit_load(struct program *p, size_t offset)
{
	emit(p, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

/*
 * The code emitted falls through if the test holds, else skips `skip` more
 * instructions.  It looks at the low half of an argument: the kernel uses no
 * more of an int, and the bits tested in longs (PROT_*, MAP_*) are all there.
 */
static void
emit_test(struct program *p, const struct test *t, unsigned skip)
{
	size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

	emit_load(p, offsetof(struct seccomp_data, args) + low +
	    8 * (size_t)t->arg);
	emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, t->mask);
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, skip, t->value);
}

/*
 * The accumulator holds the call's number, before and after: it is loaded again
 * where a test has overwritten it.
 */
static void
emit_rule(struct program *p, const struct rule *r, uint32_t action)
{
	unsigned tests = (r->test[0].mask != 0) + (r->test[1].mask != 0);

	if (r->nr == MISSING)
		return;
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, TEST_SIZE * tests + 1 +
	    (tests > 0), r->nr);
	for (unsigned i = 0; i < tests; i++)
		emit_test(p, &r->test[i], TEST_SIZE * (tests - 1 - i) + 1);
	emit(p, BPF_RET | BPF_K, 0, 0, action);
	if (tests > 0)
		emit_load(p, offsetof(struct seccomp_data, nr));
}

static void
emit_calls(struct program *p, const uint16_t *nr, size_t n, uint32_t action)
{
	for (size_t i = 0; i < n; i++)
		emit_rule(p, &(struct rule){ .nr = nr[i] }, action);
}

static void
program_build(struct program *p, enum sandbox_role role)
{
	bool open = role == SANDBOX_RESOLVER;

	p->n = 0;
	emit_load(p, offsetof(struct seccomp_data, arch));
	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH);
	emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
	emit_load(p, offsetof(struct seccomp_data, nr));
#ifdef __x86_64__
	emit(p, BPF_JMP | BPF_JGE | BPF_K, 0, 1, X32_BIT);
	emit(p, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS);
#endif
	for (size_t i = 0; i < NELEM(rules); i++)
		if ((rules[i].roles & 1u << role) != 0)
			emit_rule(p, &rules[i], SECCOMP_RET_ALLOW);
	emit_calls(p, deadly, NELEM(deadly),
	    open ? DENY : SECCOMP_RET_KILL_PROCESS);
	if (open)
		emit_calls(p, refused, NELEM(refused), DENY);
	emit(p, BPF_RET | BPF_K, 0, 0, open ? SECCOMP_RET_ALLOW : DENY);
}

/*
 * Loads the filter.  Kernels before 5.16 slow a filtered process down
 * (speculative store bypass off) unless told that it runs no foreign code,
 * which is true here: so seccomp(2) tells them.  Under somebody else's filter
 * prctl(2) has to do: that filter has slowed us down already, and may kill
 * whoever calls seccomp(2), as systemd's @system-service does.
 */
static int
program_load(struct program *p)
{
	struct sock_fprog prog = { .len = p->n, .filter = p->code };

#if defined(__NR_seccomp) && defined(SECCOMP_FILTER_FLAG_SPEC_ALLOW)
	if (prctl(PR_GET_SECCOMP) == SECCOMP_MODE_DISABLED &&
	    syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER,
	    SECCOMP_FILTER_FLAG_SPEC_ALLOW, &prog) == 0)
		return 0;
#endif
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0);
}

int
sandbox_filter(enum sandbox_role role)
{
	struct program p;

	program_build(&p, role);
	if (program_load(&p) == -1) {
		if (errno != EINVAL && errno != ENOSYS)
			return -1;
		log_info("sandbox: this kernel has no seccomp filters: "
		    "system calls stay unrestricted");
		return 0;
	}
	return prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER ? 0 : -1;
}
#else /* !ARCH */
int
sandbox_filter(enum sandbox_role role)
{
	(void)role;
	log_info("sandbox: no seccomp filter is known for this architecture: "
	    "system calls stay unrestricted");
	return 0;
}
#endif /* ARCH */
