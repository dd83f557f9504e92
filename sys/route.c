/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host route to the server.
 *
 * Once our route is there, the kernel answers with it when asked for the path
 * to the server.  So the main table is read as well: the best of its other
 * routes is the path without ours.  Our route is not removed to find that out.
 *
 * A new route of ours goes in front of an old one, which is then deleted by
 * its exact description.  NLM_F_REPLACE is no use: the kernel would replace
 * whatever route comes first, ours or not.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <net/if_arp.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "netlink.h"
#include "route.h"
#include "util.h"

#define RTA_VIA	18		/* newer headers: an enumerator */
#ifndef RTM_F_FIB_MATCH
# define RTM_F_FIB_MATCH	0x2000
#endif
#ifndef RTNH_F_LINKDOWN
# define RTNH_F_LINKDOWN	16
#endif

enum {
	OURS = 4, CANDIDATES = 8,
	REMOVALS = 10, REMOVAL_PAUSE_MS = 20
};

struct link {
	char		 name[IF_NAMESIZE];
	unsigned	 flags;
	unsigned short	 type;
};

/* A route to the server that is not ours. */
struct candidate {
	unsigned	 len, metric;
	bool		 blocks;	/* unreachable and the like */
	struct route_hop hop;
	struct link	 link;		/* the hop's, unless it blocks */
};

/* The main table's routes to the server. */
struct scan {
	const struct route *r;
	struct route_hop ours[OURS];
	struct candidate other[CANDIDATES];	/* best first */
	unsigned	 n_ours, n_other;
	bool		 host;		/* there is a /32 that is not ours */
};

static void
on_link(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	struct link *l = arg;
	struct ifinfomsg m;
	const uint8_t *name;
	size_t len = 0;

	if (h->nlmsg_type != RTM_NEWLINK || n < sizeof(m))
		return;
	memcpy(&m, p, sizeof(m));
	l->flags = m.ifi_flags;
	l->type = m.ifi_type;
	name = nl_attr(p + sizeof(m), n - sizeof(m), IFLA_IFNAME, &len);
	if (name != NULL && len > 0 && len <= sizeof(l->name) &&
	    name[len - 1] == '\0')
		memcpy(l->name, name, len);
}

/* 0, or -1 with errno (ENODEV: it has gone): then the name is "if", number. */
static int
link_get(struct route *r, int ifindex, struct link *l)
{
	const struct nl_visit v = { on_link, l };
	struct nl_request q;
	int rc;

	memset(l, 0, sizeof(*l));
	nl_init(&q, RTM_GETLINK, 0, sizeof(q.u.link));
	q.u.link.ifi_index = ifindex;
	rc = nl_talk(r->fd, &q, &v);
	if (l->name[0] == '\0')
		snprintf(l->name, sizeof(l->name), "if%d", ifindex);
	return rc;
}

static bool
link_is_tunnel(const struct route *r, const struct link *l)
{
	if (r->uplink[0] != '\0' && strcmp(r->uplink, l->name) == 0)
		return false;
	return l->type == ARPHRD_PPP || strncmp(l->name, "ppp", 3) == 0 ||
	    strncmp(l->name, "tun", 3) == 0;
}

static void
hop_via(struct route_hop *hop, const uint8_t *p, size_t n)
{
	static const uint8_t types[] = { RTA_GATEWAY, RTA_VIA };

	hop->via_type = hop->via_len = 0;
	memset(hop->via, 0, sizeof(hop->via));
	for (unsigned i = 0; i < 2; i++) {
		size_t len = 0;
		const uint8_t *via = nl_attr(p, n, types[i], &len);

		if (via == NULL || len < 4 || len > sizeof(hop->via))
			continue;
		hop->via_type = types[i];
		hop->via_len = (uint8_t)len;
		memcpy(hop->via, via, len);
	}
}

static void
hop_read(struct route_hop *hop, const uint8_t *p, size_t n)
{
	hop->ifindex = (int)nl_u32(p, n, RTA_OIF, 0);
	hop->src.s_addr = nl_u32(p, n, RTA_PREFSRC, INADDR_ANY);
	hop_via(hop, p, n);
}

static bool
hop_same(const struct route_hop *a, const struct route_hop *b)
{
	return a->ifindex == b->ifindex && a->via_type == b->via_type &&
	    memcmp(a->via, b->via, sizeof(a->via)) == 0 &&
	    (a->src.s_addr == b->src.s_addr ||
	    a->src.s_addr == INADDR_ANY || b->src.s_addr == INADDR_ANY);
}

static void
hop_log(struct route *r, const char *what, const struct route_hop *hop)
{
	char via[INET6_ADDRSTRLEN];
	struct link l;

	(void)link_get(r, hop->ifindex, &l);
	if (hop->via_type == RTA_GATEWAY)
		inet_ntop(AF_INET, hop->via, via, sizeof(via));
	else if (hop->via_type == 0 || hop->via_len != 18 ||
	    inet_ntop(AF_INET6, hop->via + 2, via, sizeof(via)) == NULL)
		snprintf(via, sizeof(via), "its link");
	log_info("host route to %s via %s dev %s %s", r->name, via, l.name,
	    what);
}

static void
add_candidate(struct scan *s, const struct candidate *c)
{
	unsigned i = s->n_other;

	while (i > 0 && (s->other[i - 1].len < c->len ||
	    (s->other[i - 1].len == c->len &&
	    s->other[i - 1].metric > c->metric)))
		i--;
	if (i == CANDIDATES)
		return;
	if (s->n_other < CANDIDATES)
		s->n_other++;
	memmove(&s->other[i + 1], &s->other[i],
	    (s->n_other - i - 1) * sizeof(s->other[0]));
	s->other[i] = *c;
}

/* Each next hop that is alive is a candidate of its own. */
static void
add_multipath(struct scan *s, struct candidate *c, const uint8_t *p, size_t n)
{
	struct rtnexthop nh;

	while (n >= sizeof(nh)) {
		memcpy(&nh, p, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > n)
			break;
		c->hop.ifindex = nh.rtnh_ifindex;
		hop_via(&c->hop, p + sizeof(nh), nh.rtnh_len - sizeof(nh));
		if ((nh.rtnh_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0)
			add_candidate(s, c);
		if (!nl_pass(&p, &n, nh.rtnh_len))
			break;
	}
}

static bool
covers(const struct route *r, const struct rtmsg *m, const uint8_t *p,
    size_t n)
{
	uint32_t dst = nl_u32(p, n, RTA_DST, 0), mask;

	if (m->rtm_family != AF_INET || m->rtm_dst_len > 32)
		return false;
	mask = m->rtm_dst_len == 0 ? 0 :
	    htonl(UINT32_MAX << (32 - m->rtm_dst_len));
	return (r->server.s_addr & mask) == (dst & mask);
}

static void
on_route(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	struct scan *s = arg;
	struct candidate c;
	struct rtmsg m;
	const uint8_t *several;
	size_t len = 0;

	if (h->nlmsg_type != RTM_NEWROUTE || n < sizeof(m))
		return;
	memcpy(&m, p, sizeof(m));
	p += sizeof(m);
	n -= sizeof(m);
	if (!covers(s->r, &m, p, n) || m.rtm_tos != 0 ||
	    (m.rtm_flags & RTM_F_CLONED) != 0 ||
	    nl_u32(p, n, RTA_TABLE, m.rtm_table) != RT_TABLE_MAIN)
		return;
	hop_read(&c.hop, p, n);
	if (m.rtm_dst_len == 32 && m.rtm_protocol == ROUTE_PROTOCOL) {
		if (s->n_ours < OURS)
			s->ours[s->n_ours++] = c.hop;
		return;
	}
	c.len = m.rtm_dst_len;
	c.metric = nl_u32(p, n, RTA_PRIORITY, 0);
	c.blocks = m.rtm_type != RTN_UNICAST;
	s->host = s->host || c.len == 32;
	several = nl_attr(p, n, RTA_MULTIPATH, &len);
	if (several != NULL)
		add_multipath(s, &c, several, len);
	else if (c.blocks || (c.hop.ifindex != 0 &&
	    (m.rtm_flags & (RTNH_F_DEAD | RTNH_F_LINKDOWN)) == 0))
		add_candidate(s, &c);
}

/* Reads the main table.  A change meanwhile is announced: we look again. */
static int
scan(struct route *r, struct scan *s)
{
	const struct nl_visit v = { on_route, s };
	struct nl_request q;

	memset(s, 0, sizeof(*s));
	s->r = r;
	nl_init(&q, RTM_GETROUTE, NLM_F_DUMP, sizeof(q.u.rt));
	q.u.rt.rtm_family = AF_INET;
	if (nl_talk(r->fd, &q, &v) == -1 && errno != ENOENT)
		return -1;
	return 0;		/* ENOENT: there are no routes yet */
}

/*
 * Reads the links of the other routes; what has gone since the scan is left
 * out.  One that is not known might be a tunnel: then it is -1 with errno.
 */
static int
scan_links(struct route *r, struct scan *s)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->n_other; i++) {
		struct candidate *c = &s->other[i];

		if (c->blocks || link_get(r, c->hop.ifindex, &c->link) == 0)
			s->other[n++] = *c;
		else if (errno != ENODEV)
			return -1;
	}
	s->n_other = n;
	return 0;
}

/* Begins a request about a /32 to the server. */
static void
host_request(struct nl_request *q, const struct route *r, int type, int flags)
{
	nl_init(q, type, flags, sizeof(q->u.rt));
	q->u.rt.rtm_family = AF_INET;
	q->u.rt.rtm_dst_len = 32;
	nl_put(q, RTA_DST, &r->server, sizeof(r->server));
}

struct answer {
	struct rtmsg	 m;
	struct route_hop hop;
};

static void
on_answer(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	struct answer *a = arg;

	if (h->nlmsg_type != RTM_NEWROUTE || n < sizeof(a->m))
		return;
	memcpy(&a->m, p, sizeof(a->m));
	hop_read(&a->hop, p + sizeof(a->m), n - sizeof(a->m));
}

static int
ask(struct route *r, unsigned flags, struct answer *a)
{
	const struct nl_visit v = { on_answer, a };
	struct nl_request q;

	memset(a, 0, sizeof(*a));
	host_request(&q, r, RTM_GETROUTE, 0);
	q.u.rt.rtm_flags = flags;
	if (r->local.s_addr != INADDR_ANY) {
		q.u.rt.rtm_src_len = 32;
		nl_put(&q, RTA_SRC, &r->local, sizeof(r->local));
	}
	if (r->mark != 0)
		nl_put(&q, RTA_MARK, &r->mark, sizeof(r->mark));
	return nl_talk(r->fd, &q, &v);
}

/*
 * Is that answer our own route?  Old kernels cannot say which route they took,
 * but answer with a clone of it: then an equal hop has to be proof enough.
 */
static bool
answered_by_ours(struct route *r, const struct scan *s,
    const struct answer *a)
{
	struct answer match;
	bool alike = false;

	for (unsigned i = 0; i < s->n_ours; i++)
		alike = alike || hop_same(&s->ours[i], &a->hop);
	if (!alike || ask(r, RTM_F_FIB_MATCH, &match) == -1 ||
	    (match.m.rtm_flags & RTM_F_CLONED) != 0)
		return alike;
	return match.m.rtm_dst_len == 32 &&
	    match.m.rtm_protocol == ROUTE_PROTOCOL;
}

enum path {
	PATH_NONE,		/* nowhere: errno says why */
	PATH_LOOP,		/* only into a tunnel */
	PATH_DIRECT,		/* no host route is needed */
	PATH_ROUTE		/* one is needed, by this hop */
};

/* Is the hop on a point-to-point link that has the default route? */
static bool
far_end_is_gateway(const struct scan *s, const struct route_hop *hop,
    const struct link *l)
{
	if ((l->flags & IFF_POINTOPOINT) == 0)
		return false;
	for (unsigned i = 0; i < s->n_other; i++)
		if (s->other[i].hop.ifindex == hop->ifindex)
			return s->other[i].len <= 1;
	return false;
}

/*
 * The best route that is not ours and does not lead into a tunnel; NULL if
 * there is none.  *tunnel: better routes lead into one.
 */
static const struct candidate *
best(const struct route *r, const struct scan *s, bool *tunnel)
{
	*tunnel = false;
	for (unsigned i = 0; i < s->n_other; i++) {
		const struct candidate *c = &s->other[i];

		if (c->blocks || !link_is_tunnel(r, &c->link))
			return c;
		*tunnel = true;
	}
	return NULL;
}

/*
 * The first path is not through a tunnel of ours, whatever its interface is
 * called: no tunnel is up yet.
 */
static void
trust_first(struct route *r, const struct link *l)
{
	if (r->started || !link_is_tunnel(r, l))
		return;
	memcpy(r->uplink, l->name, sizeof(r->uplink));
	log_info("%s is reached through %s: if that is a tunnel to it, left "
	    "from before, nothing will pass", r->name, l->name);
}

/* Notes which link the address in use takes at first. */
static void
note_home(struct route *r, int ifindex)
{
	if (r->home != 0 && r->home_of.s_addr == r->local.s_addr)
		return;
	r->home = ifindex;
	r->home_of = r->local;
}

/*
 * The best route over the home link that is as long as c, or c if there is
 * none: another uplink would not pass on what has the address of this one.
 * Where several are equal, the hop in use is kept.
 */
static const struct candidate *
prefer_home(const struct route *r, const struct scan *s,
    const struct candidate *c, const struct route_hop *now)
{
	const struct candidate *home = NULL;

	for (unsigned i = 0; i < s->n_other; i++) {
		const struct candidate *o = &s->other[i];

		if (o->blocks || o->len != c->len ||
		    o->hop.ifindex != r->home)
			continue;
		if (home == NULL)
			home = o;
		if (o->metric == home->metric && hop_same(&o->hop, now))
			return o;
	}
	return home != NULL ? home : c;
}

static enum path
current_path(struct route *r, const struct scan *s, struct route_hop *hop)
{
	const struct candidate *c;
	bool tunnel = false, into;
	struct answer a;
	struct link l;

	if (ask(r, 0, &a) == -1)
		return PATH_NONE;
	if (a.m.rtm_type == RTN_LOCAL)
		return PATH_DIRECT;
	if (link_get(r, a.hop.ifindex, &l) == -1)
		return PATH_NONE;
	trust_first(r, &l);
	r->started = true;
	into = link_is_tunnel(r, &l);
	note_home(r, into ? 0 : a.hop.ifindex);
	*hop = a.hop;
	if (into || answered_by_ours(r, s, &a)) {
		c = best(r, s, &tunnel);
		if (c == NULL || c->blocks) {
			errno = c == NULL ? ENETUNREACH : EHOSTUNREACH;
			return tunnel ? PATH_LOOP : PATH_NONE;
		}
		c = prefer_home(r, s, c, &a.hop);
		l = c->link;
		*hop = c->hop;
	}
	/*
	 * A host route is needed if better routes lead into a tunnel, or if
	 * the hop is a gateway or stands for one.
	 */
	return tunnel || hop->via_type != 0 ||
	    far_end_is_gateway(s, hop, &l) ? PATH_ROUTE : PATH_DIRECT;
}

/* Adds or deletes the route by hop: both need the same description. */
static int
change(struct route *r, int type, int flags, const struct route_hop *hop)
{
	struct nl_request q;

	host_request(&q, r, type, flags);
	q.u.rt.rtm_table = RT_TABLE_MAIN;
	q.u.rt.rtm_protocol = ROUTE_PROTOCOL;
	q.u.rt.rtm_type = RTN_UNICAST;
	q.u.rt.rtm_scope = hop->via_type != 0 ? RT_SCOPE_UNIVERSE :
	    RT_SCOPE_LINK;
	nl_put(&q, RTA_OIF, &hop->ifindex, sizeof(hop->ifindex));
	if (hop->via_type != 0)
		nl_put(&q, hop->via_type, hop->via, hop->via_len);
	if (hop->src.s_addr != INADDR_ANY)
		nl_put(&q, RTA_PREFSRC, &hop->src, sizeof(hop->src));
	if (nl_talk(r->fd, &q, NULL) == 0)
		return 0;
	if (type != RTM_NEWROUTE || hop->via_type == 0 ||
	    (errno != ENETUNREACH && errno != EHOSTUNREACH))
		return -1;
	/* The gateway is outside the networks of its link. */
	q.u.rt.rtm_flags = RTNH_F_ONLINK;
	return nl_talk(r->fd, &q, NULL);
}

/* Notes that our route is there, to be removed at the end. */
static void
have(struct route *r, const struct route_hop *hop)
{
	r->have = true;
	r->hop = *hop;
}

/* Is this another error than that of the last update? */
static bool
is_news(struct route *r, int error)
{
	bool news = r->last_error != error;

	r->last_error = error;
	return news;
}

static int
warn_once(struct route *r, const char *what)
{
	if (is_news(r, errno))
		log_warn("%s %s", what, r->name);
	return -1;
}

static void
remove_ours(struct route *r, const struct scan *s,
    const struct route_hop *but)
{
	r->have = false;
	for (unsigned i = 0; i < s->n_ours; i++) {
		if (but != NULL && hop_same(&s->ours[i], but))
			continue;
		if (change(r, RTM_DELROUTE, 0, &s->ours[i]) == 0) {
			hop_log(r, "removed", &s->ours[i]);
		} else if (errno != ESRCH && errno != ENODEV) {
			(void)warn_once(r, "cannot remove a host route to");
			have(r, &s->ours[i]);
		}
	}
	if (but != NULL)
		have(r, but);
}

/* Makes our route go by hop, in place of any that we had. */
static int
install(struct route *r, const struct scan *s, const struct route_hop *hop)
{
	bool alone = !s->host && s->n_ours == 0;

	for (unsigned i = 0; i < s->n_ours; i++)
		if (hop_same(&s->ours[i], hop)) {
			/* Keep the kernel's description: deleting needs it. */
			remove_ours(r, s, &s->ours[i]);
			return 0;
		}
	if (change(r, RTM_NEWROUTE, NLM_F_CREATE | (alone ? NLM_F_EXCL : 0),
	    hop) == -1) {
		if (errno == EEXIST && alone)
			return 0;	/* somebody was quicker: it is theirs */
		/* The route may be there, and only the answer lost. */
		if (errno == ETIMEDOUT || errno == ENOBUFS || errno == ENOMEM)
			have(r, hop);
		return warn_once(r, "cannot add a host route to");
	}
	hop_log(r, s->n_ours > 0 ? "added, in place of another" : "added",
	    hop);
	remove_ours(r, s, hop);
	return 0;
}

int
route_update(struct route *r)
{
	struct route_hop hop, last = r->hop;
	const struct candidate *c;
	struct scan s;
	enum path path;
	bool had = r->have, tunnel;

	if (scan(r, &s) == -1 || scan_links(r, &s) == -1)
		return warn_once(r, "cannot read the routes to");
	r->have = s.n_ours > 0;
	if (r->have)
		r->hop = s.ours[0];
	c = best(r, &s, &tunnel);
	if (c != NULL && c->len == 32) {
		if (is_news(r, EEXIST))
			log_info("there is a host route to the server "
			    "already: it is left to whoever made it");
		remove_ours(r, &s, NULL);
		return 0;
	}
	path = current_path(r, &s, &hop);
	if (path == PATH_NONE)
		return warn_once(r, "there is no way to");
	if (path == PATH_LOOP) {
		/* Somebody deleted our route: its hop is the only one known. */
		if (had && !r->have && install(r, &s, &last) == 0)
			return 0;
		if (!r->have && is_news(r, ELOOP))
			log_warnx("%s would be reached through the tunnel "
			    "itself: no other way to it is left; add a route "
			    "to it by its real gateway", r->name);
		return 0;
	}
	if (path == PATH_ROUTE && install(r, &s, &hop) == -1)
		return -1;
	if (path == PATH_DIRECT)
		remove_ours(r, &s, NULL);
	r->last_error = 0;
	return 0;
}

static void
on_change(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	struct route *r = arg;
	struct rtmsg m;

	if (h->nlmsg_pid == r->port)
		return;			/* a change of our own */
	if (h->nlmsg_type == RTM_NEWROUTE || h->nlmsg_type == RTM_DELROUTE) {
		if (n < sizeof(m))
			return;
		memcpy(&m, p, sizeof(m));
		if (!covers(r, &m, p + sizeof(m), n - sizeof(m)))
			return;
	}
	r->changed = true;
}

bool
route_changed(struct route *r)
{
	const struct nl_visit v = { on_change, r };
	uint8_t buf[NL_RECORD];
	ssize_t n;
	int err;

	r->changed = false;
	for (;;) {
		n = nl_receive(r->watch, buf, sizeof(buf), MSG_DONTWAIT);
		if (n >= 0)
			(void)nl_walk(buf, (size_t)n, 0, &v, &err);
		else if (errno == ENOBUFS || errno == EMSGSIZE)
			r->changed = true;	/* something was missed */
		else
			return r->changed;
	}
}

void
route_close(struct route *r)
{
	struct scan s;

	/* This is the last chance, and a lack of memory may pass. */
	for (int i = 0; r->have && i < REMOVALS; i++) {
		if (i > 0)
			(void)poll(NULL, 0, REMOVAL_PAUSE_MS);
		if (scan(r, &s) == 0)
			remove_ours(r, &s, NULL);
		else if (change(r, RTM_DELROUTE, 0, &r->hop) == 0)
			r->have = false;
	}
	if (r->have)
		log_warn("there stays a host route to %s", r->name);
	r->have = false;
	fd_close(r->fd);
	fd_close(r->watch);
	r->fd = r->watch = -1;
}

int
route_open(struct route *r, struct in_addr server)
{
	memset(r, 0, sizeof(*r));
	r->server = server;
	(void)inet_ntop(AF_INET, &server, r->name, sizeof(r->name));
	r->fd = nl_open(0, &r->port);
	r->watch = nl_open(RTMGRP_IPV4_ROUTE | RTMGRP_IPV4_RULE |
	    RTMGRP_IPV4_IFADDR | RTMGRP_LINK, NULL);
	if (r->fd != -1 && r->watch != -1)
		return 0;
	route_close(r);		/* keeps errno */
	return -1;
}
