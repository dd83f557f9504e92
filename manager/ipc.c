/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sending and taking the messages of ipc.h, and descriptors beside them.
 */
#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc.h"

int
ipc_send(int fd, const struct ipc_msg *m, const int *fds, size_t n)
{
	uint8_t buf[IPC_MAX];
	union {
		struct cmsghdr	 align;
		char		 space[CMSG_SPACE(sizeof(int) * IPC_FDS)];
	} control;
	struct iovec iov = { buf, ipc_encode(m, buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (n > 0) {
		struct cmsghdr *c;

		assert(n <= IPC_FDS);
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
	}
	return sendmsg(fd, &msg, MSG_NOSIGNAL) == -1 ? -1 : 0;
}

/* Takes the descriptors out of a received message; all were -1. */
static void
take_fds(struct msghdr *msg, int fds[IPC_FDS])
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c != NULL;
	    c = CMSG_NXTHDR(msg, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int),
			    sizeof(fd));
			if (i < IPC_FDS && fds[i] == -1)
				fds[i] = fd;
			else
				close(fd);
		}
	}
}

int
ipc_take(int fd, struct ipc_msg *m, int fds[IPC_FDS])
{
	uint8_t buf[IPC_MAX];
	union {
		struct cmsghdr	 align;
		char		 space[CMSG_SPACE(sizeof(int) * IPC_FDS)];
	} control;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	for (int i = 0; fds != NULL && i < IPC_FDS; i++)
		fds[i] = -1;
	if (fds != NULL) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
	}
	n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n == -1)
		return errno == ECONNRESET ? 0 : -1;
	if (fds != NULL)
		take_fds(&msg, fds);
	if (n == 0)
		return 0;
	/* Some did not come: more than we want, or than we may have. */
	if ((msg.msg_flags & MSG_CTRUNC) != 0) {
		errno = EMFILE;
		return -1;
	}
	if ((msg.msg_flags & MSG_TRUNC) != 0 ||
	    !ipc_decode(m, buf, (size_t)n)) {
		errno = EPROTO;
		return -1;
	}
	return 1;
}
