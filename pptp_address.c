/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Our own address, as rtnetlink tells; see address.h. */
#include <sys/socket.h>
#include <sys/time.h>

#include <linux/if_addr.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "netlink.h"

/* What is looked for, and whether a message had it. */
struct search {
	uint32_t	 local;
	int		 type;
	bool		 found;
};

int
address_watch(void)
{
	/* An answer is there at once; this is for a kernel that lost it. */
	struct timeval patience = { .tv_sec = 1 };
	uint32_t port;
	int fd = nl_open(RTMGRP_IPV4_IFADDR, &port);

	if (fd != -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience,
		    sizeof(patience));
	return fd;
}

static void
on_address(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	struct search *s = arg;

	if (h->nlmsg_type != s->type || n < sizeof(struct ifaddrmsg) ||
	    p[0] != AF_INET)
		return;
	p += sizeof(struct ifaddrmsg);
	n -= sizeof(struct ifaddrmsg);
	if (nl_u32(p, n, IFA_LOCAL, nl_u32(p, n, IFA_ADDRESS, 0)) == s->local)
		s->found = true;
}

bool
address_touched(int fd, struct in_addr local)
{
	struct search s = { local.s_addr, RTM_DELADDR, false };
	struct nl_visit v = { on_address, &s };
	uint8_t buf[NL_RECORD];
	ssize_t n;
	int err;

	while ((n = nl_receive(fd, buf, sizeof(buf), MSG_DONTWAIT)) != -1)
		(void)nl_walk(buf, (size_t)n, 0, &v, &err);
	/* Any other error means that announcements were lost. */
	return s.found || (errno != EAGAIN && errno != EINTR);
}

bool
address_exists(int fd, struct in_addr local)
{
	struct search s = { local.s_addr, RTM_NEWADDR, false };
	struct nl_visit v = { on_address, &s };
	struct nl_request q;
	uint32_t seq = 0;

	nl_init(&q, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	return nl_talk(fd, &seq, &q, &v) == -1 || s.found;
}
