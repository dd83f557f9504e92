/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: the filter of system calls is as good as loaded, and is not.
 * Valgrind makes calls of its own in our processes; it would end with the
 * first.  Nor may its descriptors be closed unseen, nor its report be cut.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <linux/seccomp.h>

#include <dlfcn.h>
#include <errno.h>
#include <sched.h>
#include <stdarg.h>
#include <unistd.h>

static int loaded;

/* The arguments behind the first, which these functions have or not. */
#define ARGUMENTS(first, x) do {					\
	va_list ap;							\
									\
	va_start(ap, first);						\
	for (unsigned i = 0; i < sizeof(x) / sizeof((x)[0]); i++)	\
		(x)[i] = va_arg(ap, unsigned long);			\
	va_end(ap);							\
} while (0)

int
prctl(int option, ...)
{
	unsigned long x[4];

	if (option == PR_GET_SECCOMP)
		return loaded ? SECCOMP_MODE_FILTER : SECCOMP_MODE_DISABLED;
	if (option == PR_SET_SECCOMP) {
		loaded = 1;
		return 0;
	}
	ARGUMENTS(option, x);
	return ((int (*)(int, ...))dlsym(RTLD_NEXT, "prctl"))(option, x[0],
	    x[1], x[2], x[3]);
}

/* Nor does it know of a child that shares our root directory. */
int
clone(int (*work)(void *), void *stack, int flags, void *arg, ...)
{
	(void)work, (void)stack, (void)flags, (void)arg;
	errno = ENOSYS;
	return -1;
}

int
setrlimit(__rlimit_resource_t what, const struct rlimit *limit)
{
	if (what == RLIMIT_FSIZE)
		return 0;
	return ((int (*)(__rlimit_resource_t, const struct rlimit *))
	    dlsym(RTLD_NEXT, "setrlimit"))(what, limit);
}

long
syscall(long number, ...)
{
	unsigned long x[6];

	if (number == SYS_seccomp) {
		loaded = 1;
		return 0;
	}
#ifdef SYS_close_range
	if (number == SYS_close_range) {
		errno = ENOSYS;
		return -1;
	}
#endif
	ARGUMENTS(number, x);
	return ((long (*)(long, ...))dlsym(RTLD_NEXT, "syscall"))(number,
	    x[0], x[1], x[2], x[3], x[4], x[5]);
}
