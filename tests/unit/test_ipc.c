/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages over a real socket, and above all the descriptors beside them. */
/* with: manager/ipc_msg.c */
#include "../../manager/ipc.c"

#include <fcntl.h>

#include "t.h"

static int pair[2];

/* The lowest free descriptor: it rises when one is left open. */
static int
lowest(void)
{
	int fd = fcntl(0, F_DUPFD_CLOEXEC, 0);

	close(fd);
	return fd;
}

static struct ipc_msg
step(void)
{
	return (struct ipc_msg){ .type = IPC_STEP, .step = IPC_CALLING };
}

/* Sends a STEP whose header names these bits, with n descriptors beside it. */
static void
lie(unsigned bits, size_t n)
{
	struct ipc_msg m = step();
	uint8_t buf[IPC_MAX];
	struct iovec iov = { .iov_base = buf };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	int fds[IPC_FDS] = { 0, 0, 0, 0 };

	m.fds = (uint8_t)bits;
	iov.iov_len = ipc_encode(&m, buf);
	if (n > 0)
		put_fds(&msg, &control, fds, n);
	if (sendmsg(pair[0], &msg, 0) == -1)
		abort();
}

static void
test_places(void)
{
	for (unsigned bits = 0; bits < 1u << IPC_FDS; bits++) {
		struct ipc_msg m = step();
		struct ipc_fds sent = IPC_NO_FDS, came;
		int right = 0, before = lowest();

		for (int i = 0; i < IPC_FDS; i++)
			if (bits >> i & 1)
				sent.fd[i] = 0;
		if (ipc_send(pair[0], &m, &sent) == -1 ||
		    ipc_take(pair[1], &m, &came) != 1)
			abort();
		for (int i = 0; i < IPC_FDS; i++)
			right += (came.fd[i] != -1) == (bits >> i & 1);
		T(T_EQ(right, IPC_FDS),
		    "descriptors %#x come to their places", bits);
		ipc_fds_close(&came);
		T(T_EQ(lowest(), before) && T_EQ(came.fd[0], -1),
		    "and are closed");
	}
}

static void
test_lies(void)
{
	static const struct { unsigned bits; size_t n; } rows[] = {
		{ 0, 1 }, { 0, 4 }, { 1, 0 }, { 1, 3 }, { 3, 1 }, { 15, 3 },
		{ 5, 1 }, { 8, 2 }
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ipc_msg m;
		struct ipc_fds fds;
		int before = lowest(), rc;

		lie(rows[i].bits, rows[i].n);
		rc = ipc_take(pair[1], &m, &fds);
		T(T_EQ(rc, -1) && T_EQ(errno, EPROTO),
		    "bits %#x with %zu descriptors " "are refused",
		    rows[i].bits, rows[i].n);
		T(T_EQ(lowest(), before), "and none is left open");
	}
}

static void
test_unwanted(void)
{
	struct ipc_msg m;
	int before = lowest();

	lie(1, 1);
	T(T_EQ(ipc_take(pair[1], &m, NULL), -1) && T_EQ(errno, EPROTO),
	    "a descriptor where none may come is refused");
	T(T_EQ(lowest(), before), "and does not stay open");
	lie(0, 0);
	T(T_EQ(ipc_take(pair[1], &m, NULL), 1) && T_EQ(m.step, IPC_CALLING),
	    "the next message is taken");
	T(T_EQ(ipc_take(pair[1], &m, NULL), -1) && T_EQ(errno, EAGAIN),
	    "and then there is none");
	close(pair[0]);
	T(T_EQ(ipc_take(pair[1], &m, NULL), 0), "until the other side closes");
}

/* Whoever does not read costs a message, not the time of the one who sends. */
static void
test_full(void)
{
	struct ipc_msg m = step();
	int full[2], sent = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, full) == -1)
		abort();
	alarm(5);
	while (sent < 100000 && ipc_send(full[0], &m, NULL) == 0)
		sent++;
	alarm(0);
	T(sent > 0 && T_EQ(errno, EAGAIN),
	    "a full socket refuses at once, though it may block");
	close(full[0]);
	close(full[1]);
}

/* One that has no room says so and closes, whatever it was sent. */
static void
test_unread(void)
{
	struct ipc_msg m = { .type = IPC_DOWN, .said = { 1, "full" } };
	int two[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, two) == -1 ||
	    ipc_send(two[0], &(struct ipc_msg){ .type = IPC_STATUS }, NULL) ==
	    -1 || ipc_send(two[1], &m, NULL) == -1)
		abort();
	close(two[1]);
	memset(&m, 0, sizeof(m));
	T(T_EQ(ipc_take(two[0], &m, NULL), 1) && T_EQ(m.type, IPC_DOWN) &&
	    T_STR(m.said.text, "full"),
	    "the last word is taken of one that closed without reading");
	T(T_EQ(ipc_take(two[0], &m, NULL), 0), "and then it has closed");
	close(two[0]);
}

int
main(void)
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		abort();
	test_places();
	test_lies();
	test_unwanted();
	test_full();
	test_unread();
	return t_done();
}
