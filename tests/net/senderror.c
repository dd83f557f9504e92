/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: what is sent as GRE meets the error that /run/senderror says, so
 * many times still; two int32_t.  An error of 0: none.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static volatile int32_t *say;		/* the error, how many times */

static void __attribute__((__constructor__))
begin(void)
{
	int fd = open("/run/senderror", O_RDWR | O_CLOEXEC);
	void *p = mmap(NULL, 8, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		_exit(98);
	say = p;
	close(fd);
}

/* Control messages, and what is logged, go their way. */
static bool
refused(const uint8_t *p, size_t n)
{
	if (say[0] == 0 || say[1] <= 0 || n < 8 ||
	    memcmp(p + 2, "\x88\x0b", 2) != 0)
		return false;
	say[1]--;
	errno = say[0];
	return true;
}

int
sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	if (refused(m->msg_hdr.msg_iov->iov_base, m->msg_hdr.msg_iov->iov_len))
		return -1;
	return (int)syscall(SYS_sendmmsg, fd, m, n, flags);
}

ssize_t
send(int fd, const void *p, size_t n, int flags)
{
	if (refused(p, n))
		return -1;
	return syscall(SYS_sendto, fd, p, n, flags, NULL, 0);
}
