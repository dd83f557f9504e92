/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tunnel in words and as JSON.  What another user's call manager says of
 * it is his claim: each of its lines says so, and nothing of it reaches a
 * terminal but printable characters.
 */
#include <arpa/inet.h>
#include <net/if.h>

#include <ifaddrs.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "netlink.h"
#include "ppp_observer.h"
#include "pptp_proto.h"
#include "show.h"
#include "util.h"

enum { UNKNOWN = -1 };			/* a time that nobody knows */

/* A tunnel with what this machine adds to it. */
struct tunnel {
	struct ipc_tunnel t;
	const struct show_owner *owner;
	char		 interface[IF_NAMESIZE];	/* "": unknown */
	bool		 kernel;	/* the kernel carries the data, */
	bool		 counted;	/* and its counters are there */
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

/* ---- what this machine knows ---- */

static bool
has_address(const struct sockaddr *sa, uint64_t addr)
{
	struct sockaddr_in sin;

	if (sa == NULL || sa->sa_family != AF_INET)
		return false;
	memcpy(&sin, sa, sizeof(sin));
	return sin.sin_addr.s_addr == (in_addr_t)addr;
}

/* The only interface between these addresses; "" if there is none such. */
static void
find_interface(char name[IF_NAMESIZE], const struct gre_counters *n)
{
	struct ifaddrs *list = NULL;
	unsigned found = 0;

	name[0] = '\0';
	if (getifaddrs(&list) == -1)
		return;
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
	struct gre_counters *n = &s->t.n;
	uint32_t port;
	int nl = nl_open(0, &port);
	int64_t idle;

	s->counted = kernel_counters(nl, (uint32_t)n->ifindex, n);
	fd_close(nl);
	if (if_indextoname((unsigned)n->ifindex, s->interface) == NULL)
		s->interface[0] = '\0';
	/*
	 * The gateway sees only control frames, the kernel only data: the later
	 * counts.
	 */
	idle = kernel_idle_us(s->interface);
	if (idle == UNKNOWN || s->heard_ago_us == UNKNOWN ||
	    idle < s->heard_ago_us)
		s->heard_ago_us = idle;
}

static void
complete(struct tunnel *s, const struct ipc_tunnel *t,
    const struct show_owner *o, bool here)
{
	int64_t now = clock_us();

	memset(s, 0, sizeof(*s));
	s->t = *t;
	s->owner = o;
	/* Only root has tunnels whose data the kernel carries. */
	s->kernel = t->n.ifindex != 0 && !o->claims;
	s->heard_ago_us = t->n.heard_us == 0 ||
	    t->n.heard_us > (uint64_t)now ? UNKNOWN :
	    now - (int64_t)t->n.heard_us;
	if (s->kernel && here)
		ask_kernel(s);
	else if (s->kernel)
		s->heard_ago_us = UNKNOWN;
	else if (here && t->n.network_up)
		find_interface(s->interface, &t->n);
}

/* ---- in words ---- */

static const char *
login_name(const struct gre_counters *n)
{
	return ppp_login_name((uint16_t)(n->login >> 8), (uint8_t)n->login);
}

static void
encryption(const struct gre_counters *n, char *out, size_t size)
{
	char bits[64];

	ppp_mppe_text((uint32_t)n->mppe, bits, sizeof(bits));
	snprintf(out, size, "%s%s", (n->mppe & MPPE_KEYS) != 0 ? "MPPE " : "",
	    bits);
}

static void
address(uint64_t addr, char out[INET_ADDRSTRLEN])
{
	struct in_addr a = { (in_addr_t)addr };

	if (inet_ntop(AF_INET, &a, out, INET_ADDRSTRLEN) == NULL)
		snprintf(out, INET_ADDRSTRLEN, "?");
}

static void
network_text(const struct gre_counters *n, const char *interface, char *out,
    size_t size)
{
	char local[INET_ADDRSTRLEN], remote[INET_ADDRSTRLEN], mppe[80];

	address(n->local_addr, local);
	address(n->remote_addr, remote);
	encryption(n, mppe, sizeof(mppe));
	snprintf(out, size, "interface %s, local address %s, remote %s, "
	    "login %s%s%.*s, encryption %s", interface[0] != '\0' ? interface :
	    "?", local, remote, login_name(n), n->user[0] != '\0' ? " as " :
	    "", (int)sizeof(n->user), n->user, mppe);
}

void
show_network(const struct gre_counters *n, char *out, size_t size)
{
	char interface[IF_NAMESIZE], text[320];

	find_interface(interface, n);
	network_text(n, interface, text, sizeof(text));
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

static void
heard_line(const struct tunnel *s)
{
	char heard[48];

	if (s->heard_ago_us != UNKNOWN)
		snprintf(heard, sizeof(heard), "last heard %" PRId64 " s ago",
		    s->heard_ago_us / 1000000);
	else
		snprintf(heard, sizeof(heard), "%s", s->kernel ?
		    "last heard: unknown" : "nothing heard yet");
	line(s, "  %s carries the data, %s", s->kernel ? "the kernel" : "pptp",
	    heard);
}

/* The kernel has fewer counters, those of its interface. */
static void
kernel_lines(const struct tunnel *s)
{
	const struct gre_counters *n = &s->t.n;

	if (!s->counted) {
		line(s, "  its counters are those of an interface that is not "
		    "here");
		return;
	}
	line(s, "  out %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " refused here", n->tx_packets, n->tx_octets, n->tx_lost);
	line(s, "  in  %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bad", n->rx_packets, n->rx_octets, n->rx_bad);
}

static void
user_lines(const struct tunnel *s)
{
	const struct gre_counters *n = &s->t.n;
	char rtt[32] = "unknown";

	if (n->rtt_us != 0)
		snprintf(rtt, sizeof(rtt), "%.1f ms",
		    (double)n->rtt_us / 1000);
	line(s, "  out %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bare acks, %" PRIu64 " refused here", n->tx_packets,
	    n->tx_octets, n->tx_acks, n->tx_lost);
	line(s, "  in  %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bare acks", n->rx_packets, n->rx_octets, n->rx_acks);
	line(s, "      %" PRIu64 " lost, %" PRIu64 " reordered, %" PRIu64
	    " duplicate, %" PRIu64 " late, %" PRIu64 " bad", n->rx_lost,
	    n->rx_reordered, n->rx_duplicate, n->rx_old,
	    n->rx_bad + n->rx_far);
	line(s, "  pppd %" PRIu64 " bad frames, %" PRIu64 " not read in time; "
	    "%" PRIu64 " soft errors; round trip %s", n->pty_bad,
	    n->pty_dropped, n->soft_errors, rtt);
}

void
show_text(const struct ipc_tunnel *t, const struct show_owner *o, bool here)
{
	unsigned long up = (unsigned long)(t->up_us / 1000000);
	char server[INET_ADDRSTRLEN], local[INET_ADDRSTRLEN], text[640];
	struct tunnel s;

	complete(&s, t, o, here);
	address(t->server, server);
	address(t->local, local);
	snprintf(text, sizeof(text), " %lu:%02lu:%02lu", up / 3600,
	    up / 60 % 60, up % 60);
	line(&s, "%s: %s%s, call %u, the server's call %u, from %s", server,
	    t->up ? "up" : "starting", t->up ? text : "", t->id, t->peer_id,
	    local);
	if (t->n.network_up) {
		network_text(&s.t.n, s.interface, text, sizeof(text));
		line(&s, "  %s", text);
	} else {
		line(&s, "  %s%s%sPPP is not up", s.kernel ? "interface " : "",
		    s.kernel && s.interface[0] == '\0' ? "?" : s.interface,
		    s.kernel ? ", " : "");
	}
	heard_line(&s);
	if (s.kernel)
		kernel_lines(&s);
	else
		user_lines(&s);
}

/* ---- as JSON ---- */

/* An interface may have any name without a slash, a colon or a blank. */
static void
put_string(const char *key, const char *s, size_t most, bool known)
{
	if (!known) {
		printf(", \"%s\": null", key);
		return;
	}
	printf(", \"%s\": \"", key);
	for (size_t i = 0; i < most && s[i] != '\0'; i++) {
		if (s[i] == '"' || s[i] == '\\' || s[i] < ' ' || s[i] > '~')
			printf("\\u%04x", (unsigned char)s[i]);
		else
			putchar(s[i]);
	}
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

static void
put_network(const struct tunnel *s)
{
	const struct gre_counters *n = &s->t.n;
	char local[INET_ADDRSTRLEN], remote[INET_ADDRSTRLEN], mppe[80];
	const char *login = login_name(n);
	bool up = n->network_up != 0;

	address(n->local_addr, local);
	address(n->remote_addr, remote);
	encryption(n, mppe, sizeof(mppe));
	printf(", \"network_up\": %s", up ? "true" : "false");
	put_string("ppp_local", local, sizeof(local), up);
	put_string("ppp_remote", remote, sizeof(remote), up);
	put_string("login", login, strlen(login), up);
	put_string("user", n->user, sizeof(n->user), up && n->user[0] != '\0');
	put_string("encryption", mppe, sizeof(mppe), up);
	put_number("heard_ago_us", (uint64_t)s->heard_ago_us,
	    s->heard_ago_us != UNKNOWN);
}

static void
put_counters(const struct tunnel *s)
{
	const struct gre_counters *n = &s->t.n;
	const struct {
		const char	*key;
		uint64_t	 n;
		bool		 kernel;	/* it counts this as well */
	} all[] = {
#define ROW(name, kernel) { #name, n->name, kernel }
		ROW(tx_packets, true), ROW(tx_octets, true),
		ROW(tx_acks, false), ROW(tx_lost, true),
		ROW(tx_fills, false), ROW(rx_packets, true),
		ROW(rx_octets, true), ROW(rx_acks, false),
		ROW(rx_lost, false), ROW(rx_reordered, false),
		ROW(rx_duplicate, false), ROW(rx_old, false),
		ROW(rx_far, false), ROW(rx_bad, true),
		ROW(rx_jumps, false), ROW(pty_bad, false),
		ROW(pty_dropped, false), ROW(soft_errors, false)
#undef ROW
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		put_number(all[i].key, all[i].n, !s->kernel ||
		    (s->counted && all[i].kernel));
	put_number("rtt_us", n->rtt_us, n->rtt_us != 0);
}

void
show_json(const struct ipc_tunnel *t, const struct show_owner *o, bool here)
{
	char server[INET_ADDRSTRLEN], local[INET_ADDRSTRLEN];
	struct tunnel s;

	complete(&s, t, o, here);
	address(t->server, server);
	address(t->local, local);
	printf("{\"uid\": %u", (unsigned)o->uid);
	put_string("owner", o->name, sizeof(o->name), o->name[0] != '\0');
	printf(", \"claimed\": %s", o->claims ? "true" : "false");
	put_string("server", server, sizeof(server), true);
	put_string("local", local, sizeof(local), true);
	printf(", \"call\": %u, \"peer_call\": %u, \"state\": \"%s\"", t->id,
	    t->peer_id, t->up ? "up" : "starting");
	put_number("uptime_us", t->up_us, t->up);
	printf(", \"data_path\": \"%s\"", s.kernel ? "kernel" : "user");
	put_string("interface", s.interface, sizeof(s.interface),
	    s.interface[0] != '\0');
	put_network(&s);
	put_counters(&s);
	putchar('}');
}
