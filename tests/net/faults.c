/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: the program's $FAULT-th call into libc fails, all its processes
 * counted together, of those calls that can fail.  $FAULT_FILE, a page, holds
 * the count and, as text, what failed: name, address in the program, process.
 */
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <link.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

static struct {
	int32_t		 count;
	char		 what[60];
} *shared;
static int32_t chosen;
static uintptr_t base, first, last;	/* the program and its code */

static int
find_program(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	base = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || (p->p_flags & PF_X) == 0)
			continue;
		first = base + p->p_vaddr;
		last = first + p->p_memsz;
	}
	return 1;		/* it comes before all libraries */
}

static void __attribute__((__constructor__))
begin(void)
{
	const char *file = getenv("FAULT_FILE"), *number = getenv("FAULT");
	int fd = file == NULL ? -1 : (int)syscall(SYS_openat, AT_FDCWD, file,
	    O_RDWR | O_CLOEXEC);
	void *p = (void *)syscall(SYS_mmap, 0L, sizeof(*shared), PROT_READ |
	    PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED || number == NULL)
		_exit(98);
	syscall(SYS_close, fd);
	chosen = atoi(number);
	dl_iterate_phdr(find_program, NULL);
	shared = p;
}

/* Libraries call each other, too: that is not what is tested. */
static bool
strikes(const char *name, const void *from)
{
	uintptr_t at = (uintptr_t)from;

	if (shared == NULL || at < first || at >= last ||
	    __atomic_add_fetch(&shared->count, 1, __ATOMIC_SEQ_CST) != chosen)
		return false;
	snprintf(shared->what, sizeof(shared->what), "%s 0x%lx %d", name,
	    (unsigned long)(at - base), (int)getpid());
	return true;
}

#define STRIKES(name)	strikes(name, __builtin_return_address(0))

/* One that fails with this value and this errno. */
#define FAILS(type, name, parameters, arguments, value, error)		\
static type (*real_##name) parameters;					\
static void __attribute__((__constructor__))				\
find_##name(void)							\
{									\
	real_##name = (type (*) parameters)(uintptr_t)dlsym(RTLD_NEXT,	\
	    #name);							\
}									\
type									\
name parameters								\
{									\
	if (STRIKES(#name)) {						\
		errno = error;						\
		return value;						\
	}								\
	if (real_##name == NULL)					\
		find_##name();						\
	return real_##name arguments;					\
}

FAILS(int, accept4, (int fd, __SOCKADDR_ARG to, socklen_t *n, int how),
    (fd, to, n, how), -1, EMFILE)
FAILS(int, access, (const char *path, int how), (path, how), -1, ENOMEM)
FAILS(int, bind, (int fd, __CONST_SOCKADDR_ARG to, socklen_t n), (fd, to, n),
    -1, ENOMEM)
FAILS(int, chdir, (const char *path), (path), -1, ENOMEM)
FAILS(int, chroot, (const char *path), (path), -1, EPERM)
FAILS(int, connect, (int fd, __CONST_SOCKADDR_ARG to, socklen_t n),
    (fd, to, n), -1, ENOBUFS)
FAILS(int, dup2, (int from, int to), (from, to), -1, EMFILE)
FAILS(int, epoll_create1, (int how), (how), -1, EMFILE)
FAILS(int, epoll_ctl, (int fd, int what, int which, struct epoll_event *e),
    (fd, what, which, e), -1, ENOMEM)
FAILS(int, fchmod, (int fd, mode_t mode), (fd, mode), -1, EPERM)
FAILS(int, flock, (int fd, int how), (fd, how), -1, ENOLCK)
FAILS(pid_t, fork, (void), (), -1, EAGAIN)
FAILS(int, fstat, (int fd, struct stat *st), (fd, st), -1, ENOMEM)
FAILS(int, fstatat, (int fd, const char *path, struct stat *st, int how),
    (fd, path, st, how), -1, ENOMEM)
FAILS(int, ftruncate, (int fd, off_t n), (fd, n), -1, ENOMEM)
FAILS(int, getaddrinfo, (const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **list),
    (host, service, hints, list), EAI_SYSTEM, ENOMEM)
FAILS(int, getpeername, (int fd, __SOCKADDR_ARG to, socklen_t *n),
    (fd, to, n), -1, ENOBUFS)
FAILS(int, getsockname, (int fd, __SOCKADDR_ARG to, socklen_t *n),
    (fd, to, n), -1, ENOBUFS)
FAILS(int, getsockopt, (int fd, int level, int option, void *p, socklen_t *n),
    (fd, level, option, p, n), -1, ENOMEM)
FAILS(int, listen, (int fd, int backlog), (fd, backlog), -1, ENOBUFS)
FAILS(void *, malloc, (size_t n), (n), NULL, ENOMEM)
FAILS(int, mkdir, (const char *path, mode_t mode), (path, mode), -1, ENOMEM)
FAILS(void *, mmap, (void *at, size_t n, int may, int how, int fd, off_t from),
    (at, n, may, how, fd, from), MAP_FAILED, ENOMEM)
FAILS(int, mount, (const char *from, const char *to, const char *type,
    unsigned long how, const void *data), (from, to, type, how, data), -1,
    EPERM)
FAILS(int, nanosleep, (const struct timespec *t, struct timespec *left),
    (t, left), -1, EINTR)
FAILS(int, pipe2, (int fds[2], int how), (fds, how), -1, EMFILE)
FAILS(int, poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms), -1, ENOMEM)
FAILS(int, posix_memalign, (void **p, size_t align, size_t n), (p, align, n),
    ENOMEM, errno)
FAILS(int, ppoll, (struct pollfd *p, nfds_t n, const struct timespec *t,
    const sigset_t *set), (p, n, t, set), -1, ENOMEM)
FAILS(ssize_t, pread, (int fd, void *p, size_t n, off_t from),
    (fd, p, n, from), -1, ENOMEM)
FAILS(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), -1, EAGAIN)
FAILS(ssize_t, recv, (int fd, void *p, size_t n, int how), (fd, p, n, how), -1,
    ENOBUFS)
FAILS(int, recvmmsg, (int fd, struct mmsghdr *m, unsigned n, int how,
    struct timespec *t), (fd, m, n, how, t), -1, ENOBUFS)
FAILS(ssize_t, recvmsg, (int fd, struct msghdr *m, int how), (fd, m, how), -1,
    ENOBUFS)
FAILS(ssize_t, send, (int fd, const void *p, size_t n, int how),
    (fd, p, n, how), -1, ENOBUFS)
FAILS(int, sendmmsg, (int fd, struct mmsghdr *m, unsigned n, int how),
    (fd, m, n, how), -1, ENOBUFS)
FAILS(ssize_t, sendmsg, (int fd, const struct msghdr *m, int how),
    (fd, m, how), -1, ENOBUFS)
FAILS(ssize_t, sendto, (int fd, const void *p, size_t n, int how,
    __CONST_SOCKADDR_ARG to, socklen_t len), (fd, p, n, how, to, len), -1,
    ENOBUFS)
FAILS(int, setgroups, (size_t n, const gid_t *list), (n, list), -1, EPERM)
FAILS(int, setresgid, (gid_t r, gid_t e, gid_t s), (r, e, s), -1, EAGAIN)
FAILS(int, setresuid, (uid_t r, uid_t e, uid_t s), (r, e, s), -1, EAGAIN)
FAILS(pid_t, setsid, (void), (), -1, EPERM)
FAILS(int, setsockopt, (int fd, int level, int option, const void *p,
    socklen_t n), (fd, level, option, p, n), -1, ENOMEM)
FAILS(int, shutdown, (int fd, int how), (fd, how), -1, ENOTCONN)
FAILS(int, signalfd, (int fd, const sigset_t *set, int how), (fd, set, how),
    -1, EMFILE)
FAILS(int, socket, (int domain, int type, int protocol),
    (domain, type, protocol), -1, EMFILE)
FAILS(int, socketpair, (int domain, int type, int protocol, int fds[2]),
    (domain, type, protocol, fds), -1, EMFILE)
FAILS(int, stat, (const char *path, struct stat *st), (path, st), -1, ENOMEM)
FAILS(int, tcgetattr, (int fd, struct termios *t), (fd, t), -1, EIO)
FAILS(int, tcsetattr, (int fd, int when, const struct termios *t),
    (fd, when, t), -1, EIO)
FAILS(int, umount2, (const char *path, int how), (path, how), -1, EPERM)
FAILS(int, unlinkat, (int fd, const char *path, int how), (fd, path, how), -1,
    ENOMEM)
FAILS(int, unshare, (int what), (what), -1, EPERM)
FAILS(pid_t, waitpid, (pid_t pid, int *status, int how), (pid, status, how),
    -1, EINTR)
FAILS(ssize_t, write, (int fd, const void *p, size_t n), (fd, p, n), -1,
    EAGAIN)
/* What a fortified program calls. */
int __open_2(const char *, int);
int __openat_2(int, const char *, int);
FAILS(int, __open_2, (const char *path, int how), (path, how), -1, EMFILE)
FAILS(int, __openat_2, (int fd, const char *path, int how), (fd, path, how),
    -1, EMFILE)

/* glibc has it as an enum. */
#ifdef __GLIBC__
FAILS(int, getrlimit, (__rlimit_resource_t what, struct rlimit *l), (what, l),
    -1, EPERM)
FAILS(int, setrlimit, (__rlimit_resource_t what, const struct rlimit *l),
    (what, l), -1, EPERM)
#endif

/* Those with as many arguments as it takes, at most six. */
#define TAKE(n, behind)							\
	long a[6];							\
	va_list ap;							\
									\
	va_start(ap, behind);						\
	for (int i = 0; i < (n); i++)					\
		a[i] = va_arg(ap, long);				\
	va_end(ap)

#define FAILED(name, error)						\
	if (STRIKES(name)) {						\
		errno = error;						\
		return -1;						\
	}

int
open(const char *path, int how, ...)
{
	TAKE(1, how);
	FAILED("open", EMFILE)
	return (int)syscall(SYS_openat, AT_FDCWD, path, how, a[0]);
}

int
openat(int fd, const char *path, int how, ...)
{
	TAKE(1, how);
	FAILED("openat", EMFILE)
	return (int)syscall(SYS_openat, fd, path, how, a[0]);
}

int
fcntl(int fd, int what, ...)
{
	TAKE(1, what);
	FAILED("fcntl", EMFILE)
	return (int)syscall(SYS_fcntl, fd, what, a[0]);
}

int
ioctl(int fd, unsigned long what, ...)
{
	TAKE(1, what);
	FAILED("ioctl", EPERM)
	return (int)syscall(SYS_ioctl, fd, what, a[0]);
}

int
prctl(int what, ...)
{
	TAKE(4, what);
	FAILED("prctl", ENOMEM)
	return (int)syscall(SYS_prctl, what, a[0], a[1], a[2], a[3]);
}

static long (*real_syscall)(long, ...);
static int (*real_clone)(int (*)(void *), void *, int, void *, ...);

static void __attribute__((__constructor__))
find_rest(void)
{
	real_syscall = (long (*)(long, ...))(uintptr_t)dlsym(RTLD_NEXT,
	    "syscall");
	real_clone = (int (*)(int (*)(void *), void *, int, void *, ...))
	    (uintptr_t)dlsym(RTLD_NEXT, "clone");
}

long
syscall(long number, ...)
{
	TAKE(6, number);
	FAILED("syscall", ENOMEM)
	if (real_syscall == NULL)
		find_rest();
	return real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int
clone(int (*work)(void *), void *stack, int how, void *arg, ...)
{
	FAILED("clone", EAGAIN)
	return real_clone(work, stack, how, arg);
}

/* The resolver's answer. */
int __dprintf_chk(int, int, const char *, ...);

int
__dprintf_chk(int fd, int flag, const char *fmt, ...)
{
	va_list ap;
	int n;

	(void)flag;
	FAILED("dprintf", ENOMEM)
	va_start(ap, fmt);
	n = vdprintf(fd, fmt, ap);
	va_end(ap);
	return n;
}
