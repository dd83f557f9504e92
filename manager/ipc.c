/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sending and receiving the messages of ipc_msg.h, with their descriptors.
 * Descriptors travel in the order of struct ipc_fds, absent ones left out; the
 * message's header says which are present.
 */
#include <sys/socket.h>

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ipc_msg.h"

/* A message's descriptors, in the form that sendmsg() wants. */
union control {
	struct cmsghdr	 align;
	char		 space[CMSG_SPACE(sizeof(int) * IPC_FDS)];
};

void
ipc_fds_close(struct ipc_fds *fds)
{
	for (int i = 0; i < IPC_FDS; i++)
		if (fds->fd[i] != -1)
			close(fds->fd[i]);
	*fds = IPC_NO_FDS;
}

/* Attaches n descriptors to a message. */
static void
put_fds(struct msghdr *msg, union control *control, const int *fds, size_t n)
{
	struct cmsghdr *c = &control->align;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control->space;
	msg->msg_controllen = CMSG_SPACE(sizeof(int) * n);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int) * n);
	memcpy(CMSG_DATA(c), fds, sizeof(int) * n);
}

int
ipc_send(int fd, const struct ipc_msg *m, const struct ipc_fds *fds)
{
	struct ipc_msg sent = *m;
	uint8_t buf[IPC_MAX];
	union control control;
	int present[IPC_FDS];
	size_t n = 0;
	struct iovec iov = { .iov_base = buf };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	sent.fds = 0;
	for (int i = 0; fds != NULL && i < IPC_FDS; i++) {
		if (fds->fd[i] == -1)
			continue;
		sent.fds |= (uint8_t)(1u << i);
		present[n++] = fds->fd[i];
	}
	if (n > 0)
		put_fds(&msg, &control, present, n);
	iov.iov_len = ipc_encode(&sent, buf);
	return sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) == -1 ? -1 : 0;
}

static_assert(CMSG_SPACE(sizeof(int) * IPC_FDS) ==
    CMSG_LEN(sizeof(int) * IPC_FDS), "room for so many and no more");

/*
 * Takes the descriptors out of a received message, in the order in which they
 * came.  Returns how many; the kernel gives no more than there is room for.
 */
static size_t
take_fds(struct msghdr *msg, struct ipc_fds *fds)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	size_t len;

	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS)
		return 0;
	len = c->cmsg_len - CMSG_LEN(0);
	memcpy(fds->fd, CMSG_DATA(c), len);
	return len / sizeof(int);
}

/*
 * Moves each descriptor that came to its place in struct ipc_fds; false if they
 * are not as many as the bits set in `bits`.
 */
static bool
place_fds(struct ipc_fds *fds, size_t came, unsigned bits)
{
	size_t n = 0;

	for (int i = 0; i < IPC_FDS; i++)
		n += bits >> i & 1;
	if (n != came)
		return false;
	/* Last one first: they only move up, so none is overwritten. */
	for (int i = IPC_FDS - 1; i >= 0; i--)
		fds->fd[i] = bits >> i & 1 ? fds->fd[--n] : -1;
	return true;
}

int
ipc_take(int fd, struct ipc_msg *m, struct ipc_fds *fds)
{
	uint8_t buf[IPC_MAX];
	union control control;
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct ipc_fds none;
	size_t came;
	ssize_t n;

	if (fds != NULL) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
	} else {
		fds = &none;
	}
	*fds = IPC_NO_FDS;
	/* ECONNRESET comes once, ahead of what the other side said last. */
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n == -1 && errno == ECONNRESET);
	if (n == -1)
		return -1;
	came = take_fds(&msg, fds);
	if (n > 0 && (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0 &&
	    ipc_decode(m, buf, (size_t)n) && place_fds(fds, came, m->fds))
		return 1;
	ipc_fds_close(fds);
	/* MSG_CTRUNC: descriptors were lost, as too many came or are open. */
	errno = (msg.msg_flags & MSG_CTRUNC) != 0 && msg.msg_control != NULL ?
	    EMFILE : EPROTO;
	return n == 0 ? 0 : -1;
}
