/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rtnetlink messages; see netlink.h. */
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <string.h>

#include "netlink.h"
#include "util.h"

enum { ERRNO_MAX = 4095 };	/* the kernel's greatest */

int
nl_open(unsigned groups, uint32_t *port)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK,
	    .nl_groups = groups };
	/* The kernel answers at once; the limit is for a lost answer. */
	const struct timeval patience = { .tv_sec = 2 };
	socklen_t len = sizeof(sa);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
	    sizeof(patience));
	if (bind(fd, (const struct sockaddr *)&sa, sizeof(sa)) == 0 &&
	    getsockname(fd, (struct sockaddr *)&sa, &len) == 0) {
		if (port != NULL)
			*port = sa.nl_pid;
		return fd;
	}
	fd_close(fd);
	return -1;
}

void
nl_init(struct nl_request *q, int type, int flags, size_t body)
{
	memset(q, 0, sizeof(*q));
	q->h.nlmsg_len = (uint32_t)(sizeof(q->h) + body);
	q->h.nlmsg_type = (uint16_t)type;
	q->h.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
}

void
nl_put(struct nl_request *q, int type, const void *data, size_t n)
{
	struct rtattr a = { .rta_type = (uint16_t)type,
	    .rta_len = (uint16_t)(sizeof(a) + n) };
	uint8_t *p = (uint8_t *)q + q->h.nlmsg_len;

	memcpy(p, &a, sizeof(a));
	memcpy(p + sizeof(a), data, n);
	q->h.nlmsg_len += (uint32_t)(sizeof(a) + (n + 3) / 4 * 4);
}

bool
nl_pass(const uint8_t **p, size_t *n, size_t len)
{
	len = NLMSG_ALIGN(len);
	if (len > *n)
		return false;
	*p += len;
	*n -= len;
	return true;
}

const uint8_t *
nl_attr(const uint8_t *p, size_t n, int type, size_t *len)
{
	const uint8_t *found = NULL;
	struct rtattr a;

	while (n >= sizeof(a)) {
		memcpy(&a, p, sizeof(a));
		if (a.rta_len < sizeof(a) || a.rta_len > n)
			break;
		if ((a.rta_type & ~NLA_F_NESTED) == type) {
			found = p + sizeof(a);
			*len = a.rta_len - sizeof(a);
		}
		if (!nl_pass(&p, &n, a.rta_len))
			break;
	}
	return found;
}

uint32_t
nl_u32(const uint8_t *p, size_t n, int type, uint32_t none)
{
	size_t len = 0;
	const uint8_t *a = nl_attr(p, n, type, &len);

	if (a != NULL && len == sizeof(none))
		memcpy(&none, a, sizeof(none));
	return none;
}

int
nl_walk(const uint8_t *p, size_t n, uint32_t seq, const struct nl_visit *v,
    int *err)
{
	struct nlmsghdr h;

	while (n >= sizeof(h)) {
		const uint8_t *body = p + sizeof(h);
		size_t len;

		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > n)
			break;
		len = h.nlmsg_len - sizeof(h);
		if (seq != 0 && h.nlmsg_seq == seq &&
		    (h.nlmsg_type == NLMSG_ERROR ||
		    h.nlmsg_type == NLMSG_DONE)) {
			int code = 0;

			if (len >= sizeof(code))
				memcpy(&code, body, sizeof(code));
			*err = code == 0 ? 0 : code < 0 && code >= -ERRNO_MAX ?
			    -code : EPROTO;
			return 1;
		}
		if (v != NULL && (seq == 0 || h.nlmsg_seq == seq))
			v->on(v->arg, &h, body, len);
		if (!nl_pass(&p, &n, h.nlmsg_len))
			break;
	}
	return 0;
}

ssize_t
nl_receive(int fd, uint8_t *buf, size_t size, int flags)
{
	struct sockaddr_nl from = { .nl_family = AF_NETLINK };
	struct iovec iov = { buf, size };
	struct msghdr msg = { .msg_name = &from, .msg_namelen = sizeof(from),
	    .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	do
		n = recvmsg(fd, &msg, flags);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -1;
	if (msg.msg_namelen != sizeof(from) || from.nl_pid != 0)
		return 0;
	if ((msg.msg_flags & MSG_TRUNC) != 0) {
		errno = EMSGSIZE;
		return -1;
	}
	return n;
}

int
nl_talk(int fd, struct nl_request *q, const struct nl_visit *v)
{
	static uint32_t seq;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	uint8_t buf[NL_RECORD];
	int err = 0;
	ssize_t n;

	if (++seq == 0)
		seq = 1;	/* 0 stands for "any" in nl_walk() */
	q->h.nlmsg_seq = seq;
	if (sendto(fd, q, q->h.nlmsg_len, 0,
	    (const struct sockaddr *)&kernel, sizeof(kernel)) == -1)
		return -1;
	do {
		n = nl_receive(fd, buf, sizeof(buf), 0);
		if (n == -1) {
			if (errno == EAGAIN)
				errno = ETIMEDOUT;
			return -1;
		}
	} while (nl_walk(buf, (size_t)n, seq, v, &err) == 0);
	errno = err;
	return err == 0 ? 0 : -1;
}
