/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rtnetlink messages: built, sent and walked without casting buffers to
 * structs.  No length is trusted, and only what the kernel itself sent (port 0)
 * is read.
 */
#ifndef NETLINK_H
#define NETLINK_H

#include <sys/types.h>

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NL_RECORD = 8192 };	/* the largest record the kernel builds */

struct nl_request {
	struct nlmsghdr	 h;
	union {
		struct rtmsg	 rt;
		struct ifinfomsg link;
	} u;
	uint8_t		 attr[128];
};

/* Called with each message: its header, and the body behind it. */
struct nl_visit {
	void		(*on)(void *arg, const struct nlmsghdr *,
			    const uint8_t *, size_t);
	void		*arg;
};

/* Opens a socket, bound and close-on-exec; port may be NULL.  -1 with errno. */
int nl_open(unsigned groups, uint32_t *port);

/* Starts a request with a zeroed body of that size in q->u. */
void nl_init(struct nl_request *q, int type, int flags, size_t body);
void nl_put(struct nl_request *q, int type, const void *data, size_t n);

/* Skips len octets and their padding; false if fewer are left. */
bool nl_pass(const uint8_t **p, size_t *n, size_t len);

/* The last attribute of that type in p[0 .. n) and its length, or NULL. */
const uint8_t *nl_attr(const uint8_t *p, size_t n, int type, size_t *len);

/* The value of that attribute if it has exactly four octets; else `none`. */
uint32_t nl_u32(const uint8_t *p, size_t n, int type, uint32_t none);

/*
 * Visits the messages of one record; if seq is not 0, only those answering it.
 * Returns 1 at the end of that answer, with the kernel's errno in *err; else 0.
 */
int nl_walk(const uint8_t *p, size_t n, uint32_t seq,
    const struct nl_visit *v, int *err);

/* Receives one record: its length, 0 if not the kernel's, -1 with errno. */
ssize_t nl_receive(int fd, uint8_t *buf, size_t size, int flags);

/*
 * Sends a request with the next sequence number and visits the answer (v may be
 * NULL).  0, or -1 with errno, the kernel's or ours (ETIMEDOUT: no answer).
 */
int nl_talk(int fd, struct nl_request *q, const struct nl_visit *v);

#endif
