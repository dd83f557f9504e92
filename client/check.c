/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a user asks before and during a tunnel: could there be one (--check),
 * and how is it doing (--status).
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "callmgr.h"
#include "check.h"
#include "ctrl.h"
#include "gre.h"
#include "kernel.h"
#include "netlink.h"
#include "sandbox.h"
#include "util.h"
#include "wire.h"

enum {
	GRE_PATIENCE_US = 10000000,
	ASK_AGAIN_US = 1000000,
	LCP_ID = 1
};

/* ---- --check ---- */

/*
 * The steps in their order; call_open() passes through all but GRE.  "local"
 * is what can fail on this machine before a packet is sent.
 */
enum step { S_NAME, S_TCP, S_SERVER, S_CALL, S_GRE, S_LOCAL, S_STEPS };

static const char *const step_name[S_STEPS] = {
	"name", "TCP", "server", "call", "GRE", "local"
};

/* --check is one process and one question: this is where it stands. */
static struct {
	enum step	 step;		/* the next to be reported */
	int64_t		 since;
	bool		 terminal;	/* no longer to be asked in a sandbox */
} progress;

/* A line of --check; what others wrote in it is escaped. */
static void
report(bool ok, const char *said)
{
	char text[512];

	ctrl_escape(text, sizeof(text), said, strlen(said));
	printf("%s %-6s %s\n", progress.terminal ? (ok ? "\xe2\x9c\x93" :
	    "\xe2\x9c\x97") : (ok ? "ok    " : "failed"),
	    step_name[progress.step], text);
	fflush(stdout);
	if (progress.step < S_GRE)
		progress.step++;
	progress.since = clock_us();
}

/* What this machine could carry a tunnel's data with; no step, no verdict. */
static void
report_paths(void)
{
	struct kernel_path k;

	if (kernel_offer(&k))
		printf("%-6s %-6s user (a pty), and the kernel by %s\n",
		    progress.terminal ? "\xc2\xb7" : "note", "paths",
		    k.plugin);
	else
		printf("%-6s %-6s user (a pty); not the kernel: %s\n",
		    progress.terminal ? "\xc2\xb7" : "note", "paths",
		    k.why);
}

static double
ms_since(int64_t then)
{
	return (double)(clock_us() - then) / 1000;
}

static void
report_server(const struct local_server *s, bool asked)
{
	char text[400], took[32];

	snprintf(took, sizeof(took), ", in %.1f ms", ms_since(progress.since));
	snprintf(text, sizeof(text), "host \"%s\", vendor \"%s\", firmware "
	    "%u, channels %u%s", s->host, s->vendor, s->firmware,
	    s->max_channels, asked ? took : "");
	report(true, text);
}

static void
report_name(const struct call *c)
{
	char text[400];

	snprintf(text, sizeof(text), "%s is %s", c->conf->host, c->name);
	progress.step = S_NAME;
	report(true, text);
}

/* Another address of the name begins anew. */
static void
on_record(const struct call *c, const struct local_msg *m)
{
	bool asked = progress.step == S_SERVER;
	char text[80];

	if (m->type == LOCAL_STEP && m->step == LOCAL_CONNECTING) {
		report_name(c);
	} else if (m->type == LOCAL_STEP && m->step == LOCAL_CONNECTED) {
		snprintf(text, sizeof(text), "port %u answers in %.1f ms",
		    c->conf->port, ms_since(progress.since));
		report(true, text);
	} else if (m->type == LOCAL_SERVER) {
		/* A connection that is up already serves this call too. */
		if (!asked) {
			report_name(c);
			report(true, "a control connection is up already");
		}
		report_server(&m->server, asked);
	}
}

/* An LCP Configure-Request (RFC 1661 5.1) with a magic number. */
static size_t
lcp_request(uint8_t *buf, size_t size)
{
	struct wr w = { .p = buf, .end = buf + size };
	uint32_t magic;

	random_bytes(&magic, sizeof(magic));
	wr_u8(&w, PPP_ALLSTATIONS);
	wr_u8(&w, PPP_UI);
	wr_u16(&w, PPP_LCP);
	wr_u8(&w, LCP_CONFREQ);
	wr_u8(&w, LCP_ID);
	wr_u16(&w, 10);			/* code .. the last option */
	wr_u8(&w, 5);			/* Magic-Number */
	wr_u8(&w, 6);
	wr_u32(&w, magic);
	return (size_t)(w.p - buf);
}

/* Is this frame an answer (Ack, Nak or Reject) to our request? */
static bool
lcp_answer(const uint8_t *p, size_t n)
{
	struct rd r = { .p = p, .end = p + n };
	uint16_t address = rd_u16(&r), proto = rd_u16(&r);
	uint8_t code = rd_u8(&r), id = rd_u8(&r);

	return !r.bad && address == (PPP_ALLSTATIONS << 8 | PPP_UI) &&
	    proto == PPP_LCP && code >= LCP_CONFACK && code <= 4 &&
	    id == LCP_ID;
}

static bool
send_request(struct call *c, struct gre *g)
{
	uint8_t buf[GRE_HEADER_MAX + 32];
	size_t len = lcp_request(buf + GRE_HEADER_MAX, 32);
	size_t head = gre_send(g, buf + GRE_HEADER_MAX, len, clock_us());

	/* Not connected-error safe by one try: ICMP may have come before. */
	for (int i = 0; i < 3; i++)
		if (send(c->raw, buf + GRE_HEADER_MAX - head, head + len, 0) !=
		    -1)
			return true;
	return false;
}

/* Reads one packet: 1 our answer, 0 something else in GRE, -1 nothing. */
static int
read_answer(struct call *c, struct gre *g)
{
	uint8_t buf[HDLC_FRAME_MAX + 128];
	ssize_t n = recv(c->raw, buf, sizeof(buf), MSG_DONTWAIT);
	size_t ihl = n > 0 ? (size_t)(buf[0] & 15) * 4 : 0, len;
	const uint8_t *p;
	bool answered = false;

	if (n <= 0 || ihl > (size_t)n ||
	    gre_recv(g, buf + ihl, (size_t)n - ihl, clock_us()) != GRE_OK)
		return -1;
	while ((p = gre_next(g, &len, clock_us())) != NULL)
		answered = answered || lcp_answer(p, len);
	return answered ? 1 : 0;
}

static enum exit_status
check_gre(struct call *c, struct gre *g)
{
	int64_t start = clock_us(), ask = start;
	struct pollfd p = { .fd = c->raw, .events = POLLIN };
	bool heard = false;
	char text[400];

	while (clock_us() - start < GRE_PATIENCE_US) {
		int rc = -1;

		if (clock_us() >= ask) {
			(void)send_request(c, g);
			ask += ASK_AGAIN_US;
		}
		if (poll(&p, 1, callmgr_timeout(ask, clock_us())) > 0)
			rc = read_answer(c, g);
		if (rc == 1) {
			snprintf(text, sizeof(text), "both ways: LCP answered "
			    "in %.1f ms", ms_since(start));
			report(true, text);
			return EXIT_OK;
		}
		heard = heard || rc == 0;
	}
	snprintf(text, sizeof(text), heard ? "packets come in, but ours are "
	    "not answered within %d s: IP protocol 47 is blocked on its way "
	    "to the server" : "no packet within %d s, although TCP works: IP "
	    "protocol 47 is filtered on this host or on the way, or a NAT "
	    "router has no PPTP helper", GRE_PATIENCE_US / 1000000);
	report(false, text);
	return EXIT_GRE_BLOCKED;
}

enum exit_status
check_main(const struct conf *conf)
{
	struct gre_conf gc = { .reorder_us = conf->reorder_us };
	struct call c;
	enum exit_status status;
	void *mem = NULL;
	char text[64];
	int keep[3];

	call_init(&c, conf);
	c.on_record = on_record;
	progress.terminal = isatty(STDOUT_FILENO);
	report_paths();
	progress.since = clock_us();
	log_stderr(conf->debug ? 2 : 0);
	status = call_open(&c);
	if (status != EXIT_OK) {
		if (progress.step == S_NAME && c.name[0] != '\0') {
			report_name(&c);
			progress.step = S_LOCAL;
		}
		report(false, c.why);
		return status;
	}
	snprintf(text, sizeof(text), "accepted in %.1f ms (call ids %u and "
	    "%u)", ms_since(progress.since), c.id, c.peer_id);
	report(true, text);
	gc.window = c.window;
	gc.call = c.id;
	gc.peer_call = c.peer_id;
	if (posix_memalign(&mem, 64, gre_size()) != 0)
		fatal(EXIT_SYSTEM, "out of memory");
	memset(mem, 0, gre_size());
	keep[0] = c.raw;
	keep[1] = c.mgr;
	keep[2] = log_fd();
	if (sandbox_enter(SANDBOX_GATEWAY, keep, 3) == -1)
		return EXIT_SYSTEM;
	status = check_gre(&c, gre_init(mem, &gc, c.n));
	call_close(&c);
	free(mem);
	return status;
}

/* ---- --status ---- */

/* The kernel counts less, and by its interface. */
static void
print_kernel(const struct local_tunnel *t, const char *interface)
{
	const struct gre_counters *n = &t->n;

	printf("  the kernel carries the data, interface %s\n", interface);
	printf("  out %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " refused here\n", n->tx_packets, n->tx_octets, n->tx_lost);
	printf("  in  %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bad\n", n->rx_packets, n->rx_octets, n->rx_bad);
}

static void
print_text(const struct local_tunnel *t, const char *server, const char *local,
    const char *interface)
{
	const struct gre_counters *n = &t->n;
	unsigned long s = (unsigned long)(t->up_us / 1000000);

	printf("%s: %s", server, t->up ? "up" : "starting");
	if (t->up)
		printf(" %lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	printf(", call %u, the server's call %u, from %s\n", t->id, t->peer_id,
	    local);
	if (n->ifindex != 0) {
		print_kernel(t, interface);
		return;
	}
	printf("  out %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bare acks, %" PRIu64 " refused here\n", n->tx_packets,
	    n->tx_octets, n->tx_acks, n->tx_lost);
	printf("  in  %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bare acks\n", n->rx_packets, n->rx_octets, n->rx_acks);
	printf("      %" PRIu64 " lost, %" PRIu64 " reordered, %" PRIu64
	    " duplicate, %" PRIu64 " late, %" PRIu64 " bad\n", n->rx_lost,
	    n->rx_reordered, n->rx_duplicate, n->rx_old,
	    n->rx_bad + n->rx_far);
	printf("  pppd %" PRIu64 " bad frames, %" PRIu64 " not read in time; "
	    "%" PRIu64 " soft errors; round trip ", n->pty_bad,
	    n->pty_dropped, n->soft_errors);
	if (n->rtt_us != 0)
		printf("%.1f ms\n", (double)n->rtt_us / 1000);
	else
		printf("unknown\n");
}

/* An interface may have any name without a slash, a colon or a blank. */
static void
put_string(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || *s < ' ' || *s > '~')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void
print_json(const struct local_tunnel *t, const char *server, const char *local,
    const char *interface)
{
	const struct gre_counters *n = &t->n;

#define FIELD(name)	printf(", \"" #name "\": %" PRIu64, n->name)
	printf("{\"server\": \"%s\", \"local\": \"%s\", \"call\": %u, "
	    "\"peer_call\": %u, \"state\": \"%s\", \"uptime_us\": %" PRIu64,
	    server, local, t->id, t->peer_id, t->up ? "up" : "starting",
	    t->up_us);
	printf(", \"data_path\": \"%s\", \"interface\": ",
	    n->ifindex != 0 ? "kernel" : "user");
	if (n->ifindex != 0)
		put_string(interface);
	else
		printf("null");
	FIELD(tx_packets);
	FIELD(tx_octets);
	FIELD(tx_acks);
	FIELD(tx_lost);
	FIELD(tx_fills);
	FIELD(tx_jumps);
	FIELD(rx_packets);
	FIELD(rx_octets);
	FIELD(rx_acks);
	FIELD(rx_lost);
	FIELD(rx_reordered);
	FIELD(rx_duplicate);
	FIELD(rx_old);
	FIELD(rx_far);
	FIELD(rx_bad);
	FIELD(rx_jumps);
	FIELD(pty_bad);
	FIELD(pty_dropped);
	FIELD(soft_errors);
	FIELD(rtt_us);
	printf("}");
#undef FIELD
}

static void
ask_kernel(struct local_tunnel *t)
{
	uint32_t port;
	int nl = nl_open(0, &port);

	(void)kernel_counters(nl, (uint32_t)t->n.ifindex, &t->n);
	if (nl != -1)
		close(nl);
}

static void
print_tunnel(const struct conf *conf, struct local_tunnel *t, bool here,
    unsigned *count)
{
	char server[INET_ADDRSTRLEN] = "?", local[INET_ADDRSTRLEN] = "?";
	char interface[IF_NAMESIZE] = "?";

	/* Another namespace's number is another interface's here. */
	if (t->n.ifindex != 0 && here) {
		ask_kernel(t);
		(void)if_indextoname((unsigned)t->n.ifindex, interface);
	}
	inet_ntop(AF_INET, &t->server, server, sizeof(server));
	inet_ntop(AF_INET, &t->local, local, sizeof(local));
	if (conf->mode == RUN_STATUS_JSON) {
		printf("%s\n  ", *count == 0 ? "[" : ",");
		print_json(t, server, local, interface);
	} else {
		print_text(t, server, local, interface);
	}
	(*count)++;
}

/* What --status was asked, and how many tunnels it has shown. */
struct listing {
	const struct conf *conf;
	struct in_addr	 only[CALL_ADDRESSES];	/* these servers; n 0: all */
	size_t		 n;
	unsigned	 count;
	bool		 whole;		/* all managers have answered */
};

/* Who made the socket at the other end?  A name can lead anywhere. */
static bool
listens(int fd, uid_t owner)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	    cred.uid == owner;
}

/* Lists the tunnels of one manager; one that has gone has none. */
static void
list_manager(struct listing *l, const char *dir, uid_t owner, const char *name)
{
	struct local_msg m = { .type = LOCAL_STATUS };
	int64_t deadline = clock_us() + 2000000;
	int fd = callmgr_find(dir, name), rc;

	if (fd == -1 && (errno == ECONNREFUSED || errno == ENOENT))
		return;
	if (fd != -1 && !listens(fd, owner)) {
		close(fd);
		return;
	}
	rc = fd == -1 ? -1 : callmgr_send(fd, &m, NULL, 0);
	while (rc != -1 && clock_us() < deadline &&
	    (rc = callmgr_recv(fd, &m, deadline)) == 1 &&
	    m.type == LOCAL_TUNNEL)
		print_tunnel(l->conf, &m.tunnel, callmgr_is_here(name),
		    &l->count);
	if (rc == -1 && errno != EPIPE) {
		log_error("the call manager of %s does not answer: %s", name,
		    strerror(errno));
		/* A user's own affair: he must not fail root's question. */
		if (owner == geteuid())
			l->whole = false;
	}
	if (fd != -1)
		close(fd);
}

static bool
wanted(const struct listing *l, const char *name)
{
	char server[INET_ADDRSTRLEN];
	size_t n = strcspn(name, "@");		/* callmgr.h */
	struct in_addr addr;

	if (n >= sizeof(server))
		return false;
	memcpy(server, name, n);
	server[n] = '\0';
	if (inet_pton(AF_INET, server, &addr) != 1)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (l->only[i].s_addr == addr.s_addr)
			return true;
	return l->n == 0;
}

/* The managers of one user; false with errno if dir cannot be read. */
static bool
list_user(struct listing *l, const char *dir, uid_t owner)
{
	/* Users may not keep root waiting with sockets that say nothing. */
	int64_t until = owner == geteuid() ? INT64_MAX : clock_us() + 1000000;
	DIR *d = opendir(dir);
	struct dirent *e;

	if (d == NULL)
		return errno == ENOENT;
	while (clock_us() < until && (e = readdir(d)) != NULL)
		if (wanted(l, e->d_name))
			list_manager(l, dir, owner, e->d_name);
	closedir(d);
	return true;
}

/* Root also sees what users with file capabilities have. */
static void
list_others(struct listing *l)
{
	DIR *d = opendir(CALLMGR_USERS);
	char dir[sizeof(CALLMGR_USERS) + 32];
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *end;
		unsigned long uid = strtoul(e->d_name, &end, 10);

		if (end == e->d_name || *end != '\0' || uid >= (uid_t)-1)
			continue;
		snprintf(dir, sizeof(dir), CALLMGR_USERS "/%lu/pptp", uid);
		(void)list_user(l, dir, (uid_t)uid);
	}
	if (d != NULL)
		closedir(d);
}

enum exit_status
status_main(const struct conf *conf)
{
	struct listing l = { .conf = conf, .whole = true };

	if (conf->host != NULL) {
		struct call c;
		bool late;

		call_init(&c, conf);
		l.n = call_resolve(&c, l.only, &late);
		if (l.n == 0)
			fatal(late ? EXIT_TIMEOUT : EXIT_RESOLVE, "%s", c.why);
	}
	if (!list_user(&l, callmgr_dir(), geteuid()))
		fatal(errno == EACCES ? EXIT_PERMISSION : EXIT_SYSTEM,
		    "cannot read %s: %s", callmgr_dir(), strerror(errno));
	if (geteuid() == 0)
		list_others(&l);
	if (conf->mode == RUN_STATUS_JSON)
		printf("%s]\n", l.count == 0 ? "[" : "\n");
	else if (l.count == 0 && l.whole)
		printf("no tunnels\n");
	return l.whole ? EXIT_OK : EXIT_SYSTEM;
}
