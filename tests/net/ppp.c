/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: this machine has a pppd and a kernel with PPP, whatever it really
 * has, for tests of what comes after that.
 */
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

int
access(const char *path, int mode)
{
	int rc = (int)syscall(SYS_faccessat, AT_FDCWD, path, mode);
	const char *name = strrchr(path, '/');

	return rc == -1 && errno == ENOENT && mode == X_OK && name != NULL &&
	    strcmp(name, "/pppd") == 0 ? 0 : rc;
}

int
open(const char *path, int flags, ...)
{
	va_list ap;
	int mode;

	va_start(ap, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, int) : 0;
	va_end(ap);
	if (strcmp(path, "/dev/ppp") == 0)
		path = "/dev/null";
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
ioctl(int fd, unsigned long request, ...)
{
	va_list ap;
	void *arg;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	if (request == TIOCSETD)
		return 0;
	return (int)syscall(SYS_ioctl, fd, request, arg);
}
