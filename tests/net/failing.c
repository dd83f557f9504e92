/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: one call fails, named by $FAIL: "listen"; "openat", what opens the
 * directory of sockets for the monitor; "up", sending the message that a call is
 * up; "monitor", what the monitor gives up its privileges with; "gateway", the
 * fork of a launched gateway out of its session's leader.  "late": the first
 * message to a manager is sent after a while.
 */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_monitor;

static bool
fails(const char *what)
{
	const char *name = getenv("FAIL");

	return name != NULL && strcmp(name, what) == 0;
}

int
listen(int fd, int backlog)
{
	if (!fails("listen"))
		return (int)syscall(SYS_listen, fd, backlog);
	errno = ENOBUFS;
	return -1;
}

int
openat(int fd, const char *name, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = (flags & O_CREAT) != 0 ? va_arg(ap, int) : 0;
	va_end(ap);
	if (!fails("openat") || strcmp(name, ".") != 0)
		return (int)syscall(SYS_openat, fd, name, flags, mode);
	errno = EMFILE;
	return -1;
}

/* The monitor forks as a leader, too, but in "/". */
pid_t
fork(void)
{
	static pid_t (*real)(void);
	char at[256];

	if (real == NULL)
		real = (pid_t (*)(void))(uintptr_t)dlsym(RTLD_NEXT, "fork");
	if (!fails("gateway") || getsid(0) != getpid() ||
	    getcwd(at, sizeof(at)) == NULL || strcmp(at, "/") == 0)
		return real();
	errno = EAGAIN;
	return -1;
}

/* The type of a message is its sixth octet; 5 is UP. */
ssize_t
sendmsg(int fd, const struct msghdr *m, int flags)
{
	const char *p = m->msg_iov[0].iov_base;

	/* 1 is CALL, 7 STATUS. */
	if (fails("late") && m->msg_iov[0].iov_len >= 6 &&
	    (p[5] == 1 || p[5] == 7))
		(void)usleep(300000);
	if (!fails("up") || m->msg_iov[0].iov_len < 6 ||
	    memcmp(p, "pptp", 4) != 0 || p[5] != 5)
		return syscall(SYS_sendmsg, fd, m, flags);
	errno = ENOBUFS;
	return -1;
}

/* It alone blocks every signal. */
int
sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
	if (set != NULL && how == SIG_SETMASK && sigismember(set, SIGURG) == 1)
		is_monitor = true;
	return (int)syscall(SYS_rt_sigprocmask, how, set, old, 8);
}

int
prctl(int option, ...)
{
	unsigned long a[4];
	va_list ap;

	va_start(ap, option);
	for (int i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	if (is_monitor && fails("monitor") && option == PR_SET_NO_NEW_PRIVS) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}
