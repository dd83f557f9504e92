/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's rtnetlink messages, and what the host route is made of: the input
 * is a list of records, each two octets of length and its octets.  They answer
 * one request of route.c after the other, and what they make it ask for must
 * never touch another's route.
 *
 * The first octet: whether the records come as announcements (bit 0), whether
 * there is a local address (1) and a mark (2).
 */
/* with: tests/unit/quiet.c */
#include <poll.h>
#include <stdlib.h>

#include "../../sys/netlink.c"

static int answer(int fd, struct nl_request *q, const struct nl_visit *v);
static ssize_t announcement(int fd, uint8_t *buf, size_t size, int flags);

#define nl_talk		answer
#define nl_receive	announcement
#define poll(p, n, ms)	0	/* no pause between attempts */
#include "../../sys/route.c"

#define MUST(cond)	do { \
	if (!(cond)) \
		__builtin_trap(); \
} while (0)

static const uint8_t *input, *end;
static struct route r;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The next record, in memory of exactly its size; NULL at the end. */
static uint8_t *
next_record(size_t *n)
{
	uint8_t *copy;

	if (end - input < 2)
		return NULL;
	*n = (size_t)input[0] << 8 | input[1];
	input += 2;
	if (*n > (size_t)(end - input))
		*n = (size_t)(end - input);
	copy = malloc(*n > 0 ? *n : 1);
	MUST(copy != NULL);
	memcpy(copy, input, *n);
	input += *n;
	return copy;
}

/* Only a /32 to the server, of our protocol, is ever added or deleted. */
static void
check_request(const struct nl_request *q)
{
	const uint8_t *attr = (const uint8_t *)q + NLMSG_HDRLEN +
	    sizeof(q->u.rt);
	size_t n = q->h.nlmsg_len - NLMSG_HDRLEN - sizeof(q->u.rt);

	MUST(q->h.nlmsg_len <= sizeof(*q));
	if (q->h.nlmsg_type != RTM_NEWROUTE && q->h.nlmsg_type != RTM_DELROUTE)
		return;
	MUST(q->u.rt.rtm_family == AF_INET && q->u.rt.rtm_dst_len == 32);
	MUST(q->u.rt.rtm_protocol == ROUTE_PROTOCOL);
	MUST(q->u.rt.rtm_table == RT_TABLE_MAIN);
	MUST(nl_u32(attr, n, RTA_DST, 0) == r.server.s_addr);
	MUST((q->h.nlmsg_flags & NLM_F_REPLACE) == 0);
}

static int
answer(int fd, struct nl_request *q, const struct nl_visit *v)
{
	size_t n = 0;
	uint8_t *p = next_record(&n);
	uint32_t number = 0;
	int err = EIO;

	(void)fd;
	check_request(q);
	if (p != NULL && n >= NLMSG_HDRLEN)
		memcpy(&number, p + 8, sizeof(number));
	if (p != NULL && nl_walk(p, n, number == 0 ? 1 : number, v, &err) == 1)
		MUST(err >= 0 && err <= ERRNO_MAX);
	free(p);
	errno = err;
	return err == 0 ? 0 : -1;
}

static ssize_t
announcement(int fd, uint8_t *buf, size_t size, int flags)
{
	size_t n = 0;
	uint8_t *p = next_record(&n);

	(void)fd;
	(void)flags;
	if (p == NULL) {
		errno = EAGAIN;
		return -1;
	}
	n = n < size ? n : size;
	memcpy(buf, p, n);
	free(p);
	return (ssize_t)n;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how = size > 0 ? data[0] : 0;

	input = data + (size > 0);
	end = data + size;
	memset(&r, 0, sizeof(r));
	r.fd = r.watch = -1;
	r.port = 1;
	memcpy(&r.server, "\xcb\0\x71\x09", 4);
	r.local.s_addr = how & 2 ? htonl(0x0a090001) : INADDR_ANY;
	r.mark = how & 4 ? 43 : 0;
	if (how & 1)
		(void)route_changed(&r);
	while (end - input >= 2)
		(void)route_update(&r);
	route_close(&r);
	MUST(!r.have);
	return 0;
}
