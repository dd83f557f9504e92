/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The system calls each role may make, and the filter made of that list.
 *
 * The verdict on anything not listed is EPERM, so that libc degrades (a time
 * zone it may not read, a log it cannot reopen) where a kill would end the
 * tunnel.  Only what no honest code path here can ever ask for kills: another
 * program, another process, the kernel's own insides, and calls by another
 * architecture's numbers.  The resolver runs whatever modules libc loads: it
 * may do all but such things, which are refused.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/net.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

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
 * -DSECCOMP_UNKNOWN: as where none of these is known.
 */
#ifdef SECCOMP_UNKNOWN
#elif defined(__x86_64__) && !defined(__ILP32__)
# define ARCH	AUDIT_ARCH_X86_64
#elif defined(__i386__)
# define ARCH	AUDIT_ARCH_I386
#elif defined(__aarch64__) && !defined(__ILP32__)
# define ARCH	AUDIT_ARCH_AARCH64
#elif defined(__arm__) && defined(__ARM_EABI__)
# ifdef __ARMEB__
#  define ARCH	AUDIT_ARCH_ARMEB
# else
#  define ARCH	AUDIT_ARCH_ARM
# endif
#elif defined(__riscv) && __riscv_xlen == 64 && defined(AUDIT_ARCH_RISCV64)
# define ARCH	AUDIT_ARCH_RISCV64
#elif defined(__mips__) && defined(_ABIO32) && _MIPS_SIM == _ABIO32
# ifdef __MIPSEB__
#  define ARCH	AUDIT_ARCH_MIPS
# else
#  define ARCH	AUDIT_ARCH_MIPSEL
# endif
#elif defined(__mips__) && defined(_ABI64) && _MIPS_SIM == _ABI64
# ifdef __MIPSEB__
#  define ARCH	AUDIT_ARCH_MIPS64
# else
#  define ARCH	AUDIT_ARCH_MIPSEL64
# endif
#elif defined(__mips__) && defined(_ABIN32) && _MIPS_SIM == _ABIN32 && \
    defined(AUDIT_ARCH_MIPS64N32)
# ifdef __MIPSEB__
#  define ARCH	AUDIT_ARCH_MIPS64N32
# else
#  define ARCH	AUDIT_ARCH_MIPSEL64N32
# endif
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

/* What a filter may find in the arguments of a call. */
enum test_kind {
	ALWAYS,			/* no test: the call alone decides */
	BITS,			/* (argument & a) == b */
	ONE_OF			/* argument < 32 and bit `argument` of a set */
};

struct test {
	uint8_t		 kind, arg;
	uint16_t	 b;
	uint32_t	 a;
};

enum { G = 1 << SANDBOX_GATEWAY, M = 1 << SANDBOX_MANAGER,
	K = 1 << SANDBOX_MONITOR, ALL = G | M | K,
	R = 1 << SANDBOX_RESOLVER };

struct rule {
	uint16_t	 nr;
	uint8_t		 roles;
	struct test	 test[2];	/* all must hold; rows are an "or" */
};

/*
 * Some architectures or libcs have no number for these: their rows get one that
 * no call has.  All others exist wherever ARCH is known.
 */
#define MISSING	UINT16_MAX

/* musl gives the 32-bit clocks' calls names of their own. */
#if !defined(__NR_clock_gettime) && defined(__NR_clock_gettime32)
# define __NR_clock_gettime	__NR_clock_gettime32
#endif
#if !defined(__NR_gettimeofday) && defined(__NR_gettimeofday_time32)
# define __NR_gettimeofday	__NR_gettimeofday_time32
#endif
#if !defined(__NR_clock_nanosleep) && defined(__NR_clock_nanosleep_time32)
# define __NR_clock_nanosleep	__NR_clock_nanosleep_time32
#endif

#ifndef __NR_accept
# define __NR_accept		MISSING
#endif
#ifndef __NR_clock_gettime64
# define __NR_clock_gettime64	MISSING
#endif
#ifndef __NR_clock_nanosleep_time64
# define __NR_clock_nanosleep_time64	MISSING
#endif
#ifndef __NR_clone3
# define __NR_clone3		MISSING
#endif
#ifndef __NR_dup2
# define __NR_dup2		MISSING
#endif
#ifndef __NR_fcntl64
# define __NR_fcntl64		MISSING
#endif
#ifndef __NR_fork
# define __NR_fork		MISSING
#endif
#ifndef __NR_fstat
# define __NR_fstat		MISSING
#endif
#ifndef __NR_fstat64
# define __NR_fstat64		MISSING
#endif
#ifndef __NR_fstatat64
# define __NR_fstatat64	MISSING
#endif
#ifndef __NR_ftruncate
# define __NR_ftruncate		MISSING
#endif
#ifndef __NR_ftruncate64
# define __NR_ftruncate64	MISSING
#endif
#ifndef __NR_getegid32
# define __NR_getegid32	MISSING
#endif
#ifndef __NR_geteuid32
# define __NR_geteuid32	MISSING
#endif
#ifndef __NR_getgid32
# define __NR_getgid32		MISSING
#endif
#ifndef __NR_getuid32
# define __NR_getuid32		MISSING
#endif
#ifndef __NR_io_uring_setup
# define __NR_io_uring_setup	MISSING
#endif
#ifdef __i386__			/* its arguments are in memory: untestable */
# undef __NR_mmap
#endif
#ifndef __NR_mmap
# define __NR_mmap		MISSING
#endif
#ifndef __NR_mmap2
# define __NR_mmap2		MISSING
#endif
#ifndef __NR_newfstatat
# define __NR_newfstatat	MISSING
#endif
#ifndef __NR_poll
# define __NR_poll		MISSING
#endif
#ifndef __NR_ppoll_time64
# define __NR_ppoll_time64	MISSING
#endif
#ifndef __NR_recv
# define __NR_recv		MISSING
#endif
#ifndef __NR_recvmmsg_time64
# define __NR_recvmmsg_time64	MISSING
#endif
#ifndef __NR_send
# define __NR_send		MISSING
#endif
#ifndef __NR_sigreturn
# define __NR_sigreturn	MISSING
#endif
#ifndef __NR_socketcall
# define __NR_socketcall	MISSING
#endif
#ifndef __NR_statx
# define __NR_statx		MISSING
#endif
#ifndef __NR_time
# define __NR_time		MISSING
#endif
#ifndef __NR_bpf
# define __NR_bpf		MISSING
#endif
#ifndef __NR_execveat
# define __NR_execveat		MISSING
#endif
#ifndef __NR_getrandom
# define __NR_getrandom	MISSING
#endif
#ifndef __NR_userfaultfd
# define __NR_userfaultfd	MISSING
#endif
#ifndef __NR_process_madvise
# define __NR_process_madvise	MISSING
#endif
#ifndef __NR_process_mrelease
# define __NR_process_mrelease	MISSING
#endif
#ifndef __NR_pidfd_send_signal
# define __NR_pidfd_send_signal	MISSING
#endif
#ifndef __NR_pidfd_open
# define __NR_pidfd_open	MISSING
#endif
#ifndef __NR_pidfd_getfd
# define __NR_pidfd_getfd	MISSING
#endif
#ifndef __NR_sched_setattr
# define __NR_sched_setattr	MISSING
#endif
#ifndef __NR_kcmp
# define __NR_kcmp	MISSING
#endif
#ifndef __NR_vfork
# define __NR_vfork		MISSING
#endif

#ifndef AT_EMPTY_PATH
# define AT_EMPTY_PATH	0x1000
#endif

/* tcsetattr(); its size, above, is the kernel's where there is one. */
#ifdef __powerpc__
enum { TCSETS_LOW = 't' << 8 | 20 };
#else
enum { TCSETS_LOW = TCSETS & 0xffff };
#endif
/* tcsetattr() of newer libcs; its size, above, differs by architecture. */
enum { TCSETS2_LOW = 'T' << 8 | 0x2b };

#define BIT(n)		(1u << (n))
#define IS(arg, v)	{ BITS, arg, v, UINT32_MAX }
#define CLEAR(arg, m)	{ BITS, arg, 0, m }
#define SET(arg, m)	{ BITS, arg, m, m }
#define AMONG(arg, m)	{ ONE_OF, arg, 0, m }

/* F_SETFL and F_SETFD, and their getters. */
#define FCNTL_COMMANDS	(BIT(F_GETFD) | BIT(F_SETFD) | BIT(F_GETFL) | \
			 BIT(F_SETFL))

/* TCP options the manager may set; all numbers are below 32. */
#define TCP_OPTIONS	(BIT(TCP_NODELAY) | BIT(TCP_KEEPIDLE) | \
			 BIT(TCP_KEEPINTVL) | BIT(TCP_KEEPCNT) | \
			 BIT(TCP_QUICKACK) | BIT(TCP_USER_TIMEOUT))

/* i386: many socket functions are one call with a number of their own. */
#define SC_DATA		(BIT(SYS_SEND) | BIT(SYS_RECV) | BIT(SYS_SENDTO) | \
			 BIT(SYS_RECVFROM) | BIT(SYS_SENDMSG) | \
			 BIT(SYS_RECVMSG))
#define SC_MONITOR	(BIT(SYS_GETSOCKNAME) | BIT(SYS_GETPEERNAME) | \
			 BIT(SYS_GETSOCKOPT))
#define SC_GATEWAY	(BIT(SYS_SENDMMSG) | BIT(SYS_RECVMMSG) | \
			 BIT(SYS_SHUTDOWN) | BIT(SYS_GETSOCKOPT))
#define SC_MANAGER	(BIT(SYS_CONNECT) | BIT(SYS_ACCEPT) | \
			 BIT(SYS_ACCEPT4) | BIT(SYS_GETSOCKNAME) | \
			 BIT(SYS_GETPEERNAME) | BIT(SYS_SETSOCKOPT))

/*
 * What each role may call.  Kernels before 5.11 walk this list at each call,
 * so what the data path does comes first.
 */
static const struct rule allowed[] = {
	/* the loops: wait, read, write */
	{ __NR_recvmmsg,	G | M,	{ { 0 } } },
	{ __NR_recvmmsg_time64,	G | M,	{ { 0 } } },
	{ __NR_write,		ALL,	{ { 0 } } },
	{ __NR_read,		ALL,	{ { 0 } } },
	{ __NR_ppoll,		ALL,	{ { 0 } } },
	{ __NR_ppoll_time64,	ALL,	{ { 0 } } },
	{ __NR_poll,		ALL,	{ { 0 } } },
	{ __NR_sendmmsg,	G | M,	{ { 0 } } },
	{ __NR_writev,		G | M,	{ { 0 } } },
	{ __NR_readv,		G | M,	{ { 0 } } },
	{ __NR_sendmsg,		ALL,	{ { 0 } } },
	{ __NR_recvmsg,		ALL,	{ { 0 } } },
	{ __NR_sendto,		ALL,	{ { 0 } } },
	{ __NR_recvfrom,	ALL,	{ { 0 } } },
	{ __NR_send,		ALL,	{ { 0 } } },
	{ __NR_recv,		ALL,	{ { 0 } } },
	{ __NR_socketcall,	ALL,	{ AMONG(0, SC_DATA) } },
	{ __NR_socketcall,	G | M,	{ AMONG(0, SC_GATEWAY) } },

	/* clocks where the vDSO cannot tell the time; waiting */
	{ __NR_clock_gettime,	ALL,	{ { 0 } } },
	{ __NR_clock_gettime64,	ALL,	{ { 0 } } },
	{ __NR_gettimeofday,	ALL,	{ { 0 } } },
	{ __NR_time,		ALL,	{ { 0 } } },
	{ __NR_nanosleep,	ALL,	{ { 0 } } },
	{ __NR_clock_nanosleep,	ALL,	{ { 0 } } },
	{ __NR_clock_nanosleep_time64, ALL, { { 0 } } },

	/* signals already on their way, and the end */
	{ __NR_rt_sigreturn,	ALL,	{ { 0 } } },
	{ __NR_sigreturn,	ALL,	{ { 0 } } },
	{ __NR_rt_sigprocmask,	ALL,	{ { 0 } } },
	{ __NR_restart_syscall,	ALL,	{ { 0 } } },
	{ __NR_exit_group,	ALL,	{ { 0 } } },
	{ __NR_exit,		ALL,	{ { 0 } } },

	/* descriptors it has: /dev/null over stderr, a terminal as it was */
	{ __NR_close,		ALL,	{ { 0 } } },
	{ __NR_dup2,		ALL,	{ { 0 } } },
	{ __NR_dup3,		ALL,	{ { 0 } } },
	{ __NR_fcntl,		ALL,	{ AMONG(1, FCNTL_COMMANDS) } },
	{ __NR_fcntl64,		ALL,	{ AMONG(1, FCNTL_COMMANDS) } },
	{ __NR_shutdown,	G | M,	{ { 0 } } },
	{ __NR_ioctl,		G,	{ { BITS, 1, TCSETS_LOW, 0xffff } } },
	{ __NR_ioctl,		G,	{ { BITS, 1, TCSETS2_LOW, 0xffff } } },
	{ __NR_getsockopt,	G,	{ IS(1, SOL_SOCKET),
					  IS(2, SO_ERROR) } },
	{ __NR_ftruncate,	G,	{ { 0 } } },
	{ __NR_ftruncate64,	G,	{ { 0 } } },

	/* stdio asks what it writes to; an empty path is the descriptor */
	{ __NR_fstat,		ALL,	{ { 0 } } },
	{ __NR_fstat64,		ALL,	{ { 0 } } },
	{ __NR_newfstatat,	ALL,	{ SET(3, AT_EMPTY_PATH) } },
	{ __NR_fstatat64,	ALL,	{ SET(3, AT_EMPTY_PATH) } },
	{ __NR_statx,		ALL,	{ SET(2, AT_EMPTY_PATH) } },

	/* about itself; random numbers */
	{ __NR_getpid,		ALL,	{ { 0 } } },
	{ __NR_getuid,		ALL,	{ { 0 } } },
	{ __NR_getuid32,	ALL,	{ { 0 } } },
	{ __NR_geteuid,		ALL,	{ { 0 } } },
	{ __NR_geteuid32,	ALL,	{ { 0 } } },
	{ __NR_getgid,		ALL,	{ { 0 } } },
	{ __NR_getgid32,	ALL,	{ { 0 } } },
	{ __NR_getegid,		ALL,	{ { 0 } } },
	{ __NR_getegid32,	ALL,	{ { 0 } } },
	{ __NR_getrandom,	ALL,	{ { 0 } } },
	{ __NR_prctl,		ALL,	{ IS(0, PR_GET_SECCOMP) } },

	/* memory, never executable; of files only what gateways pass */
	{ __NR_brk,		ALL,	{ { 0 } } },
	{ __NR_munmap,		ALL,	{ { 0 } } },
	{ __NR_mremap,		ALL,	{ { 0 } } },
	{ __NR_madvise,		ALL,	{ { 0 } } },
#ifdef __s390x__		/* the same, but libc knows no other */
	{ __NR_mmap,		ALL,	{ { 0 } } },
#else
	{ __NR_mmap,		ALL,	{ CLEAR(2, PROT_EXEC),
					  SET(3, MAP_ANONYMOUS) } },
#endif
	{ __NR_mmap2,		ALL,	{ CLEAR(2, PROT_EXEC),
					  SET(3, MAP_ANONYMOUS) } },
	{ __NR_mmap,		M,	{ IS(2, PROT_READ) } },
	{ __NR_mmap2,		M,	{ IS(2, PROT_READ) } },
	{ __NR_mprotect,	M,	{ CLEAR(2, PROT_EXEC) } },
	{ __NR_fcntl,		M,	{ IS(1, F_GET_SEALS) } },
	{ __NR_fcntl64,		M,	{ IS(1, F_GET_SEALS) } },

	/* manager: new callers, and the TCP sockets they bring */
	{ __NR_accept4,		M,	{ { 0 } } },
	{ __NR_accept,		M,	{ { 0 } } },
	{ __NR_connect,		M,	{ { 0 } } },
	{ __NR_getsockname,	M | K,	{ { 0 } } },
	{ __NR_getpeername,	M | K,	{ { 0 } } },
	{ __NR_getsockopt,	M,	{ { 0 } } },
	{ __NR_setsockopt,	M,	{ IS(1, IPPROTO_TCP),
					  AMONG(2, TCP_OPTIONS) } },
	{ __NR_setsockopt,	M,	{ IS(1, SOL_SOCKET),
					  IS(2, SO_KEEPALIVE) } },
	{ __NR_socketcall,	M,	{ AMONG(0, SC_MANAGER) } },

	/* monitor: the TCP connection to the server that it is shown */
	{ __NR_getsockopt,	K,	{ IS(1, SOL_SOCKET),
					  IS(2, SO_TYPE) } },
	{ __NR_getsockopt,	K,	{ IS(1, SOL_SOCKET),
					  IS(2, SO_MARK) } },
	{ __NR_socketcall,	K,	{ AMONG(0, SC_MONITOR) } },

	/* and how the manager has ended; and the socket file, named relative
	 * to its directory */
	{ __NR_wait4,		K,	{ { 0 } } },
	{ __NR_flock,		K,	{ { 0 } } },
	{ __NR_newfstatat,	K,	{ { 0 } } },
	{ __NR_fstatat64,	K,	{ { 0 } } },
	{ __NR_statx,		K,	{ { 0 } } },
	{ __NR_unlinkat,	K,	{ { 0 } } }
};

/*
 * No code of ours calls these: only an attacker's would.  R alone: the other
 * roles are refused them anyway.
 */
static const struct {
	uint16_t	 nr;
	uint8_t		 roles;
} deadly[] = {
	{ __NR_execve,		ALL | R },
	{ __NR_execveat,	ALL | R },
	{ __NR_fork,		ALL | R },
	{ __NR_vfork,		ALL | R },
	{ __NR_clone,		ALL | R },
	{ __NR_clone3,		ALL | R },
	{ __NR_ptrace,		ALL | R },
	{ __NR_process_vm_readv, ALL | R },
	{ __NR_process_vm_writev, ALL | R },
	{ __NR_init_module,	ALL | R },
	{ __NR_finit_module,	ALL | R },
	{ __NR_kexec_load,	ALL | R },
	{ __NR_bpf,		ALL | R },
	{ __NR_io_uring_setup,	ALL | R },
	{ __NR_userfaultfd,	ALL | R },
	{ __NR_unshare,		R },
	{ __NR_setns,		R },
	{ __NR_mount,		R },
	{ __NR_umount2,		R },
	{ __NR_pivot_root,	R },
	{ __NR_chroot,		R },
	{ __NR_kill,		R },
	{ __NR_tkill,		R },
	{ __NR_tgkill,		R },
	{ __NR_pidfd_send_signal, R },
	{ __NR_pidfd_open,	R },
	{ __NR_pidfd_getfd,	R },
	{ __NR_rt_sigqueueinfo,	R },
	{ __NR_rt_tgsigqueueinfo, R },
	{ __NR_prlimit64,	R },
	{ __NR_setpriority,	R },
	{ __NR_sched_setscheduler, R },
	{ __NR_sched_setparam,	R },
	{ __NR_sched_setattr,	R },
	{ __NR_sched_setaffinity, R },
	{ __NR_ioprio_set,	R },
	{ __NR_move_pages,	R },
	{ __NR_migrate_pages,	R },
	{ __NR_process_madvise,	R },
	{ __NR_process_mrelease, R },
	{ __NR_kcmp,		R },
	{ __NR_perf_event_open,	R },
	{ __NR_add_key,		R },
	{ __NR_keyctl,		R }
};

#ifndef SECCOMP_RET_KILL_PROCESS
# define SECCOMP_RET_KILL_PROCESS	0x80000000u
#endif
#define DENY		(SECCOMP_RET_ERRNO | EPERM)
#define NELEM(a)	(sizeof(a) / sizeof((a)[0]))

enum { CODE_MAX = 8 + 2 * NELEM(deadly) + 16 * NELEM(allowed) };
enum { X32_BIT = 0x40000000 };

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
 * The low half of an argument: the kernel itself looks at no more of an int,
 * and the bits tested in longs (PROT_*, MAP_*) are all there.
 */
static void
emit_load_arg(struct program *p, unsigned arg)
{
	size_t low = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? 4 : 0;

	emit_load(p, offsetof(struct seccomp_data, args) + low +
	    8 * (size_t)arg);
}

/* Falls through if the test holds, else skips `skip` more instructions. */
static void
emit_test(struct program *p, const struct test *t, unsigned skip)
{
	emit_load_arg(p, t->arg);
	if (t->kind == BITS) {
		emit(p, BPF_ALU | BPF_AND | BPF_K, 0, 0, t->a);
		emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, skip, t->b);
		return;
	}
	emit(p, BPF_JMP | BPF_JGE | BPF_K, skip + 4, 0, 32);
	emit(p, BPF_MISC | BPF_TAX, 0, 0, 0);
	emit(p, BPF_LD | BPF_IMM, 0, 0, 1);
	emit(p, BPF_ALU | BPF_LSH | BPF_X, 0, 0, 0);
	emit(p, BPF_JMP | BPF_JSET | BPF_K, 0, skip, t->a);
}

/* Instructions emit_test() makes of it. */
static unsigned
test_size(const struct test *t)
{
	return t->kind == ALWAYS ? 0 : t->kind == BITS ? 3 : 6;
}

/*
 * One row.  The accumulator holds the call's number before and after; it is
 * loaded again only where a test has overwritten it.
 */
static void
emit_rule(struct program *p, const struct rule *r, uint32_t action)
{
	unsigned second = test_size(&r->test[1]);
	unsigned size = test_size(&r->test[0]) + second;

	emit(p, BPF_JMP | BPF_JEQ | BPF_K, 0, size + (size > 0 ? 2 : 1),
	    r->nr);
	if (r->test[0].kind != ALWAYS)
		emit_test(p, &r->test[0], second + 1);
	if (r->test[1].kind != ALWAYS)
		emit_test(p, &r->test[1], 1);
	emit(p, BPF_RET | BPF_K, 0, 0, action);
	if (size > 0)
		emit_load(p, offsetof(struct seccomp_data, nr));
}

static void
emit_rules(struct program *p, const struct rule *r, size_t n, unsigned role,
    uint32_t action)
{
	for (; n > 0; n--, r++)
		if (r->nr != MISSING && (r->roles & 1u << role) != 0)
			emit_rule(p, r, action);
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
	emit_rules(p, allowed, NELEM(allowed), role, SECCOMP_RET_ALLOW);
	for (size_t i = 0; i < NELEM(deadly); i++) {
		struct rule r = { deadly[i].nr, deadly[i].roles, { { 0 } } };

		emit_rules(p, &r, 1, role,
		    open ? DENY : SECCOMP_RET_KILL_PROCESS);
	}
	emit(p, BPF_RET | BPF_K, 0, 0, open ? SECCOMP_RET_ALLOW : DENY);
}

/*
 * Loads the filter.  Before 5.16 kernels slow a filtered process down
 * (speculative store bypass off) unless told that it runs no code of
 * strangers, which is so here: first try with that said.  Not under somebody
 * else's filter: that has slowed us down already, and may kill whoever calls
 * seccomp(2), as systemd's @system-service does; prctl(2) it allows.
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
