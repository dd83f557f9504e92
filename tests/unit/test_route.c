/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is made of rtnetlink messages: whole ones, and every way of damaging
 * them.  The routes themselves are tests/net/route.sh's business.
 */
/* with: sys/netlink.c tests/unit/quiet.c */
#include "../../sys/route.c"

#include "t.h"

static struct route route;

/* dst/len via gateway dev ifindex, and so on; 0: no such attribute. */
struct row {
	const char	*claim;
	const char	*dst;
	unsigned	 len, protocol, type, table, flags;
	uint32_t	 gateway, metric;
	int		 ifindex;
	unsigned	 n_ours, n_other;
};

static const struct row rows[] = {
	{ "a default route", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNICAST,
	  RT_TABLE_MAIN, 0, 1, 0, 2, 0, 1 },
	{ "a network around it", "203.0.113.0", 24, RTPROT_BOOT, RTN_UNICAST,
	  RT_TABLE_MAIN, 0, 1, 0, 2, 0, 1 },
	{ "a network beside it", "203.0.114.0", 24, RTPROT_BOOT, RTN_UNICAST,
	  RT_TABLE_MAIN, 0, 1, 0, 2, 0, 0 },
	{ "half of the world it is in", "128.0.0.0", 1, RTPROT_BOOT,
	  RTN_UNICAST, RT_TABLE_MAIN, 0, 1, 0, 2, 0, 1 },
	{ "the other half", "0.0.0.0", 1, RTPROT_BOOT, RTN_UNICAST,
	  RT_TABLE_MAIN, 0, 1, 0, 2, 0, 0 },
	{ "a host route of ours", "203.0.113.9", 32, ROUTE_PROTOCOL,
	  RTN_UNICAST, RT_TABLE_MAIN, 0, 1, 0, 2, 1, 0 },
	{ "its like for another host", "203.0.113.8", 32, ROUTE_PROTOCOL,
	  RTN_UNICAST, RT_TABLE_MAIN, 0, 1, 0, 2, 0, 0 },
	{ "its like for a network", "203.0.113.0", 24, ROUTE_PROTOCOL,
	  RTN_UNICAST, RT_TABLE_MAIN, 0, 1, 0, 2, 0, 1 },
	{ "another's host route", "203.0.113.9", 32, RTPROT_STATIC,
	  RTN_UNICAST, RT_TABLE_MAIN, 0, 1, 0, 2, 0, 1 },
	{ "another table's", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNICAST, 100, 0,
	  1, 0, 2, 0, 0 },
	{ "a cached one", "203.0.113.9", 32, 0, RTN_UNICAST, RT_TABLE_MAIN,
	  RTM_F_CLONED, 1, 0, 2, 0, 0 },
	{ "over a link that is down", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNICAST,
	  RT_TABLE_MAIN, RTNH_F_LINKDOWN, 1, 0, 2, 0, 0 },
	{ "without an interface", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNICAST,
	  RT_TABLE_MAIN, 0, 1, 0, 0, 0, 0 },
	{ "unreachable", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNREACHABLE,
	  RT_TABLE_MAIN, 0, 0, 0, 0, 0, 1 },
	{ "a length beyond 32", "203.0.113.9", 33, RTPROT_BOOT, RTN_UNICAST,
	  RT_TABLE_MAIN, 0, 1, 0, 2, 0, 0 }
};

static void
build(struct nl_request *q, const struct row *w)
{
	uint32_t table = w->table;
	struct in_addr dst;

	nl_init(q, RTM_NEWROUTE, 0, sizeof(q->u.rt));
	q->h.nlmsg_seq = 7;
	q->u.rt.rtm_family = AF_INET;
	q->u.rt.rtm_dst_len = (unsigned char)w->len;
	q->u.rt.rtm_protocol = (unsigned char)w->protocol;
	q->u.rt.rtm_type = (unsigned char)w->type;
	q->u.rt.rtm_table = (unsigned char)w->table;
	q->u.rt.rtm_flags = w->flags;
	nl_put(q, RTA_TABLE, &table, sizeof(table));
	if (inet_pton(AF_INET, w->dst, &dst) == 1 && w->len > 0)
		nl_put(q, RTA_DST, &dst, sizeof(dst));
	if (w->metric != 0)
		nl_put(q, RTA_PRIORITY, &w->metric, sizeof(w->metric));
	if (w->gateway != 0)
		nl_put(q, RTA_GATEWAY, &w->gateway, sizeof(w->gateway));
	if (w->ifindex != 0)
		nl_put(q, RTA_OIF, &w->ifindex, sizeof(w->ifindex));
}

static void
feed(struct scan *s, const void *p, size_t n)
{
	const struct nl_visit v = { on_route, s };
	int err;

	s->r = &route;
	(void)nl_walk(p, n, 7, &v, &err);
}

static void
order(void)
{
	static const struct row several[] = {
		{ "", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNICAST, RT_TABLE_MAIN,
		  0, 1, 50, 2, 0, 0 },
		{ "", "203.0.113.0", 24, RTPROT_BOOT, RTN_UNICAST,
		  RT_TABLE_MAIN, 0, 1, 9, 3, 0, 0 },
		{ "", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNICAST, RT_TABLE_MAIN,
		  0, 1, 0, 4, 0, 0 },
		{ "", "0.0.0.0", 0, RTPROT_BOOT, RTN_UNICAST, RT_TABLE_MAIN,
		  0, 1, 50, 5, 0, 0 }
	};
	struct nl_request q;
	struct scan s;

	memset(&s, 0, sizeof(s));
	for (unsigned i = 0; i < 4; i++) {
		build(&q, &several[i]);
		feed(&s, &q, q.h.nlmsg_len);
	}
	T(T_EQ(s.n_other, 4) && T_EQ(s.other[0].hop.ifindex, 3) &&
	    T_EQ(s.other[1].hop.ifindex, 4) &&
	    T_EQ(s.other[2].hop.ifindex, 2) && T_EQ(s.other[3].hop.ifindex, 5),
	    "the longest first, then the lower metric, then as listed");
	for (unsigned i = 0; i < 20; i++) {
		build(&q, &several[i % 4]);
		feed(&s, &q, q.h.nlmsg_len);
	}
	T(T_EQ(s.n_other, CANDIDATES) && T_EQ(s.other[0].len, 24) &&
	    T_EQ(s.other[CANDIDATES - 1].len, 0),
	    "of more than there is room for the best stay");
	build(&q, &rows[5]);
	for (unsigned i = 0; i < 20; i++)
		feed(&s, &q, q.h.nlmsg_len);
	T(T_EQ(s.n_ours, OURS), "leftovers without number do not overflow");
}

static void
multipath(struct nl_request *q)
{
	static const struct row w = { "", "0.0.0.0", 0, RTPROT_BOOT,
	    RTN_UNICAST, RT_TABLE_MAIN, 0, 0, 0, 0, 0, 0 };
	struct {
		struct rtnexthop h;
		struct rtattr	 a;
		uint32_t	 gateway;
	} hops[3];

	memset(hops, 0, sizeof(hops));
	for (unsigned i = 0; i < 3; i++) {
		hops[i].h.rtnh_len = sizeof(hops[i]);
		hops[i].h.rtnh_ifindex = (int)i + 2;
		hops[i].a.rta_len = sizeof(hops[i].a) + 4;
		hops[i].a.rta_type = RTA_GATEWAY;
		hops[i].gateway = i;
	}
	hops[1].h.rtnh_flags = RTNH_F_DEAD;
	build(q, &w);
	nl_put(q, RTA_MULTIPATH, hops, sizeof(hops));
}

static unsigned survived;

/* Damaged messages: only that nothing is read beyond them. */
static void
survive(const uint8_t *p, size_t n)
{
	const struct nl_visit on[] = { { on_change, &route }, { on_link,
	    &(struct link){ .flags = 0 } }, { on_answer,
	    &(struct answer){ .m = { .rtm_family = 0 } } } };
	struct scan s;
	int err;

	memset(&s, 0, sizeof(s));
	feed(&s, p, n);
	for (unsigned i = 0; i < 3; i++)
		(void)nl_walk(p, n, 0, &on[i], &err);
	survived++;
}

static void
endings(void)
{
	static const int none[] = { INT32_MIN, 1, -4096 };
	struct nl_request q;
	int err = 0, code = -EPERM;

	nl_init(&q, NLMSG_ERROR, 0, 0);
	q.h.nlmsg_seq = 7;
	memcpy(&q.u, &code, sizeof(code));
	q.h.nlmsg_len += sizeof(code);
	T(T_EQ(nl_walk((const uint8_t *)&q, q.h.nlmsg_len, 7, NULL, &err), 1) &&
	    T_EQ(err, EPERM),
	    "the kernel's refusal is an errno");
	T(T_EQ(nl_walk((const uint8_t *)&q, q.h.nlmsg_len, 8, NULL, &err), 0),
	    "another request's answer is not ours");
	for (int i = 0; i < 3; i++) {
		memcpy(&q.u, &none[i], sizeof(none[i]));
		T(nl_walk((const uint8_t *)&q, q.h.nlmsg_len, 7, NULL,
		    &err) == 1 && err == EPROTO, "%d is no errno", none[i]);
	}
	survive((const uint8_t *)&q, q.h.nlmsg_len);
}

/* The kernel's word on interfaces: 1 is lo, the other there never was. */
static void
links(void)
{
	struct scan s = { .n_other = 2 };

	s.other[0].hop.ifindex = INT32_MAX;
	s.other[1].hop.ifindex = 1;
	route.fd = nl_open(0, NULL);
	T(T_EQ(scan_links(&route, &s), 0) && T_EQ(s.n_other, 1) &&
	    T_STR(s.other[0].link.name, "lo"),
	    "a route by an interface that has gone is none");
	fd_close(route.fd);
	route.fd = -1;
	T(T_EQ(scan_links(&route, &s), -1) && T_EQ(s.n_other, 1),
	    "without an answer nothing is known");
}

int
main(void)
{
	struct nl_request q;
	struct scan s;

	if (inet_pton(AF_INET, "203.0.113.9", &route.server) != 1)
		abort();
	route.port = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		build(&q, &rows[i]);
		memset(&s, 0, sizeof(s));
		feed(&s, &q, q.h.nlmsg_len);
		T(T_EQ(s.n_ours, rows[i].n_ours) &&
		    T_EQ(s.n_other, rows[i].n_other),
		    "%s: %u of ours, %u of others", rows[i].claim,
		    rows[i].n_ours, rows[i].n_other);
		t_mangle((const uint8_t *)&q, q.h.nlmsg_len, survive);
	}
	order();
	multipath(&q);
	memset(&s, 0, sizeof(s));
	feed(&s, &q, q.h.nlmsg_len);
	T(T_EQ(s.n_other, 2) && T_EQ(s.other[0].hop.ifindex, 2) &&
	    T_EQ(s.other[1].hop.ifindex, 4) && T_EQ(s.other[1].hop.via_len, 4),
	    "several next hops, but for the dead one");
	t_mangle((const uint8_t *)&q, q.h.nlmsg_len, survive);
	endings();
	links();
	T(survived > 5000, "%u damaged messages are survived", survived);
	return t_done();
}
