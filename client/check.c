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
#include "check.h"
#include "ipc.h"
#include "kernel.h"
#include "pptp_gre.h"
#include "ready.h"
#include "sandbox.h"
#include "text.h"
#include "util.h"
#include "wire.h"

enum {
	GRE_PATIENCE_US = 10000000,
	ASK_AGAIN_US = 1000000,
	LCP_ID = 1
};

/*
 * The steps in their order; call_open() passes through those between the first
 * and GRE.  "local" is this machine, before a packet is sent.
 */
enum step { S_LOCAL, S_NAME, S_TCP, S_SERVER, S_CALL, S_GRE, S_STEPS };

static const char *const step_name[S_STEPS] = {
	"local", "name", "TCP", "server", "call", "GRE"
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

	text_escape(text, sizeof(text), said, strlen(said));
	printf("%s %-6s %s\n", progress.terminal ? (ok ? "\xe2\x9c\x93" :
	    "\xe2\x9c\x97") : (ok ? "ok    " : "failed"),
	    step_name[progress.step], text);
	fflush(stdout);
	if (progress.step != S_LOCAL && progress.step < S_GRE)
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
report_server(const struct ipc_server *s, bool asked)
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
on_record(const struct call *c, const struct ipc_msg *m)
{
	bool asked = progress.step == S_SERVER;
	char text[80];

	if (m->type == IPC_STEP && m->step == IPC_CONNECTING) {
		report_name(c);
	} else if (m->type == IPC_STEP && m->step == IPC_CONNECTED) {
		snprintf(text, sizeof(text), "port %u answers in %.1f ms",
		    c->conf->port, ms_since(progress.since));
		report(true, text);
	} else if (m->type == IPC_SERVER) {
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
	wr_u8(&w, LCP_OPT_MAGIC);
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
	    proto == PPP_LCP && code >= LCP_CONFACK && code <= LCP_CONFREJ &&
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
	while ((p = gre_next(g, &len, true, clock_us())) != NULL)
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
		if (poll(&p, 1, poll_timeout(ask, clock_us())) > 0)
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
	enum exit_status status, ready;
	void *mem = NULL;
	char text[READY_TEXT];
	int keep[3];

	call_init(&c, conf);
	c.on_record = on_record;
	progress.terminal = isatty(STDOUT_FILENO);
	report_paths();
	ready = ready_all(conf, report);
	if (ready_raw(text) != EXIT_OK)
		return ready;
	progress.step = S_NAME;
	progress.since = clock_us();
	log_stderr(conf->debug ? 2 : 0);
	status = call_open(&c);
	if (status != EXIT_OK) {
		if (progress.step == S_NAME && c.name[0] != '\0') {
			report_name(&c);
			progress.step = S_LOCAL;
		}
		report(false, c.why);
		return ready != EXIT_OK ? ready : status;
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
	return ready != EXIT_OK ? ready : status;
}
