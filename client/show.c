/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Prints one tunnel, in words or as JSON.  What another user's call manager
 * says is only a claim and is marked as one; only printable characters of it
 * reach a terminal.
 */
#include <arpa/inet.h>
#include <net/if.h>

#include <assert.h>
#include <ifaddrs.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "health.h"
#include "kernel.h"
#include "netlink.h"
#include "show.h"
#include "util.h"

enum { UNKNOWN = -1 };			/* a time that nobody knows */

/* A tunnel, and what this machine knows of it. */
struct tunnel {
	struct ipc_tunnel *t;
	const struct show_owner *owner;
	char		 server[INET_ADDRSTRLEN], local[INET_ADDRSTRLEN];
	char		 interface[IF_NAMESIZE];	/* "": unknown */
	bool		 kernel;	/* the kernel carries the data */
	bool		 counted;	/* the kernel's counters were read */
	int64_t		 heard_ago_us;	/* or UNKNOWN */
};

void
show_owner(struct show_owner *o, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);

	o->uid = uid;
	o->claims = uid != geteuid();
	o->name[0] = '\0';
	if (pw != NULL)
		text_line(o->name, sizeof(o->name), pw->pw_name);
}

static bool
has_address(const struct sockaddr *sa, uint64_t addr)
{
	return sa != NULL && sa->sa_family == AF_INET &&
	    ((const struct sockaddr_in *)(const void *)sa)->sin_addr.s_addr ==
	    (in_addr_t)addr;
}

/* The one interface between the two addresses; "" for none or several. */
static void
find_interface(char name[IF_NAMESIZE], const struct gre_counters *n)
{
	struct ifaddrs *list = NULL;
	unsigned found = 0;

	(void)getifaddrs(&list);	/* none if that fails */
	for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next)
		if ((i->ifa_flags & IFF_POINTOPOINT) != 0 &&
		    has_address(i->ifa_addr, n->local_addr) &&
		    has_address(i->ifa_dstaddr, n->remote_addr) &&
		    ++found == 1)
			snprintf(name, IF_NAMESIZE, "%s", i->ifa_name);
	if (found != 1)
		name[0] = '\0';
	freeifaddrs(list);
}

static void
ask_kernel(struct tunnel *s)
{
	struct gre_counters *n = &s->t->n;
	int nl = nl_open(0, NULL);
	int64_t idle;

	s->counted = kernel_counters(nl, (uint32_t)n->ifindex, n);
	fd_close(nl);
	if (if_indextoname((unsigned)n->ifindex, s->interface) == NULL)
		s->interface[0] = '\0';
	/*
	 * The gateway hears only control frames and the kernel only data: the
	 * later of the two counts.
	 */
	idle = kernel_idle_us(s->interface);
	if (idle == UNKNOWN || s->heard_ago_us == UNKNOWN ||
	    idle < s->heard_ago_us)
		s->heard_ago_us = idle;
}

void
show_network(const struct gre_counters *n, char *out, size_t size)
{
	char interface[IF_NAMESIZE], network[HEALTH_NETWORK], text[320];

	find_interface(interface, n);
	health_network(n, network);
	snprintf(text, sizeof(text), "interface %s, %s", interface[0] != '\0' ?
	    interface : "?", network);
	text_line(out, size, text);
}

static void PRINTF(2, 3)
line(const struct tunnel *s, const char *fmt, ...)
{
	const struct show_owner *o = s->owner;
	char raw[640], text[1280];
	va_list ap;

	if (o->claims && o->name[0] != '\0')
		printf("%s claims: ", o->name);
	else if (o->claims)
		printf("uid %u claims: ", (unsigned)o->uid);
	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_line(text, sizeof(text), raw);
	puts(text);
}

#define U(member)	(unsigned long long)s->t->n.member

/* The kernel has fewer counters than pptp: those of its interface. */
static void
kernel_lines(const struct tunnel *s)
{
	if (!s->counted) {
		line(s, "  its counters are those of an interface that is not "
		    "here");
		return;
	}
	line(s, "  out %llu packets, %llu octets, %llu refused here",
	    U(tx_packets), U(tx_octets), U(tx_lost));
	line(s, "  in  %llu packets, %llu octets, %llu bad", U(rx_packets),
	    U(rx_octets), U(rx_bad));
}

static void
user_lines(const struct tunnel *s)
{
	char rtt[32] = "unknown";

	if (s->t->n.rtt_us != 0)
		snprintf(rtt, sizeof(rtt), "%.1f ms",
		    (double)s->t->n.rtt_us / 1000);
	line(s, "  out %llu packets, %llu octets, %llu bare acks, %llu refused "
	    "here", U(tx_packets), U(tx_octets), U(tx_acks), U(tx_lost));
	line(s, "  in  %llu packets, %llu octets, %llu acks",
	    U(rx_packets), U(rx_octets), U(rx_acks));
	line(s, "      %llu lost, %llu reordered, %llu duplicate, %llu late, "
	    "%llu bad", U(rx_lost), U(rx_reordered), U(rx_duplicate),
	    U(rx_old), U(rx_bad) + U(rx_far));
	line(s, "  pppd %llu bad frames, %llu not read in time; %llu soft "
	    "errors; round trip %s", U(pty_bad), U(pty_dropped),
	    U(soft_errors), rtt);
}

static void
show_text(const struct tunnel *s)
{
	unsigned long up = (unsigned long)(s->t->up_us / 1000000);
	char since[32] = "", network[HEALTH_NETWORK] = "PPP is not up";
	const char *who = s->kernel ? "the kernel" : "pptp";

	if (s->t->up)
		snprintf(since, sizeof(since), " %lu:%02lu:%02lu", up / 3600,
		    up / 60 % 60, up % 60);
	line(s, "%s: %s%s, call %u, the server's call %u, from %s", s->server,
	    s->t->up ? "up" : "starting", since, s->t->id, s->t->peer_id,
	    s->local);
	if (s->t->n.network_up)
		health_network(&s->t->n, network);
	if (s->t->n.network_up || s->kernel)
		line(s, "  interface %s, %s", s->interface[0] != '\0' ?
		    s->interface : "?", network);
	else
		line(s, "  %s", network);
	if (s->heard_ago_us == UNKNOWN)
		line(s, "  %s carries the data, last heard: unknown", who);
	else
		line(s, "  %s carries the data, last heard %" PRId64 " s ago",
		    who, s->heard_ago_us / 1000000);
	if (s->kernel)
		kernel_lines(s);
	else
		user_lines(s);
}

/*
 * Escapes all but printable ASCII, since an interface's name may have nearly
 * any character.  NULL and "" mean unknown.
 */
static void
put_string(const char *key, const char *s)
{
	if (s == NULL || s[0] == '\0') {
		printf(", \"%s\": null", key);
		return;
	}
	printf(", \"%s\": \"", key);
	for (; *s != '\0'; s++)
		if (*s == '"' || *s == '\\' || *s < ' ' || *s > '~')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	putchar('"');
}

static void
put_number(const char *key, uint64_t n, bool known)
{
	if (known)
		printf(", \"%s\": %" PRIu64, key, n);
	else
		printf(", \"%s\": null", key);
}

/* In the order of the first members of struct gre_counters. */
static const struct {
	char	 key[13];
	bool	 kernel;		/* the kernel counts it too */
} counters[] = {
	{ "tx_packets", true }, { "tx_octets", true }, { "tx_acks", false },
	{ "tx_lost", true }, { "tx_fills", false }, { "rx_packets", true },
	{ "rx_octets", true }, { "rx_acks", false }, { "rx_lost", false },
	{ "rx_reordered", false }, { "rx_duplicate", false },
	{ "rx_old", false }, { "rx_far", false }, { "rx_bad", true },
	{ "rx_jumps", false }, { "pty_bad", false }, { "pty_dropped", false },
	{ "soft_errors", false }
};
enum { COUNTERS = sizeof(counters) / sizeof(counters[0]) };

static void
show_json(const struct tunnel *s)
{
	const struct gre_counters *n = &s->t->n;
	struct health_words w = { .login = NULL };
	uint64_t counts[COUNTERS];

	if (n->network_up)
		health_words(&w, n);
	printf("{\"uid\": %u", (unsigned)s->owner->uid);
	put_string("owner", s->owner->name);
	printf(", \"claimed\": %s", s->owner->claims ? "true" : "false");
	put_string("server", s->server);
	put_string("local", s->local);
	put_number("call", s->t->id, true);
	put_number("peer_call", s->t->peer_id, true);
	put_string("state", s->t->up ? "up" : "starting");
	put_number("uptime_us", s->t->up_us, s->t->up);
	put_string("data_path", s->kernel ? "kernel" : "user");
	put_string("interface", s->interface);
	printf(", \"network_up\": %s", n->network_up ? "true" : "false");
	put_string("ppp_local", w.local);
	put_string("ppp_remote", w.remote);
	put_string("login", w.login);
	put_string("user", w.user);
	put_string("encryption", w.encryption);
	put_number("heard_ago_us", (uint64_t)s->heard_ago_us,
	    s->heard_ago_us != UNKNOWN);
	static_assert(offsetof(struct gre_counters, rtt_us) == sizeof(counts),
	    "all that are before it");
	memcpy(counts, n, sizeof(counts));
	for (size_t i = 0; i < COUNTERS; i++)
		put_number(counters[i].key, counts[i], !s->kernel ||
		    (s->counted && counters[i].kernel));
	put_number("rtt_us", n->rtt_us, n->rtt_us != 0);
	putchar('}');
}

void
show_tunnel(struct ipc_tunnel *t, const struct show_owner *o, bool here,
    bool json)
{
	/* Only root has tunnels whose data the kernel carries. */
	struct tunnel s = { .t = t, .owner = o, .heard_ago_us = UNKNOWN,
	    .kernel = t->n.ifindex != 0 && !o->claims };
	uint64_t now = (uint64_t)clock_us();

	inet_ntop(AF_INET, &t->server, s.server, sizeof(s.server));
	inet_ntop(AF_INET, &t->local, s.local, sizeof(s.local));
	if ((here || !s.kernel) && t->n.heard_us != 0 && t->n.heard_us <= now)
		s.heard_ago_us = (int64_t)(now - t->n.heard_us);
	if (s.kernel && here)
		ask_kernel(&s);
	else if (here && !s.kernel && t->n.network_up)
		find_interface(s.interface, &t->n);
	if (json)
		show_json(&s);
	else
		show_text(&s);
}
