/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --check: could there be a tunnel? */
#include <sys/socket.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "kernel.h"
#include "ppp_observer.h"
#include "ready.h"
#include "sandbox.h"

enum {
	GRE_PATIENCE_US = 10000000,
	LCP_PATIENCE_US = 7000000,	/* servers ask again after 3 s */
	END_PATIENCE_US = 500000,
	ASK_AGAIN_US = 1000000
};

/*
 * The steps in order; call_open() goes through those from "name" to "call".
 * "local" is this machine, before a packet is sent.
 */
enum step { S_LOCAL, S_NAME, S_TCP, S_SERVER, S_CALL, S_GRE, S_LCP };

static const char step_name[][7] = { "local", "name", "TCP", "server", "call",
    "GRE", "LCP" };

/* Where --check stands; one process makes one check. */
static struct {
	enum step	 step;		/* the next to be reported */
	int64_t		 since;
	bool		 terminal;	/* stdout is a terminal; asked before
					 * the sandbox */
} progress;

/* Prints a line of --check, with unprintable characters escaped. */
static void PRINTF(2, 3)
report(bool ok, const char *fmt, ...)
{
	char raw[400], text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	text_line(text, sizeof(text), raw);
	printf("%s %-6s %s\n", progress.terminal ? (ok ? "\xe2\x9c\x93" :
	    "\xe2\x9c\x97") : (ok ? "ok    " : "failed"),
	    step_name[progress.step], text);
	fflush(stdout);
	if (progress.step != S_LOCAL && progress.step < S_LCP)
		progress.step++;
	progress.since = clock_us();
}

/* Prints a line that is not a step and has no verdict. */
static void
note(const char *name, const char *text, const char *rest)
{
	printf("%-6s %-6s %s%s\n", progress.terminal ? "\xc2\xb7" : "note",
	    name, text, rest);
	fflush(stdout);
}

/* Says what could carry a tunnel's data on this machine. */
static void
report_paths(void)
{
	struct kernel_path k;

	if (ready_kernel(&k))
		note("paths", "user (a pty), and the kernel by ", k.plugin);
	else
		note("paths", "user (a pty); not the kernel: ", k.why);
}

/* Milliseconds since the last step. */
static double
ms(void)
{
	return (double)(clock_us() - progress.since) / 1000;
}

static void
report_name(const struct call *c)
{
	progress.step = S_NAME;
	report(true, "%s is %s", c->gw.conf->host, c->gw.server);
}

/* Starts again from the name when call_open() tries another address. */
static void
on_record(const struct call *c, const struct ipc_msg *m)
{
	if (m->type == IPC_STEP && m->step == IPC_CONNECTING) {
		report_name(c);
	} else if (m->type == IPC_STEP && m->step == IPC_CONNECTED) {
		report(true, "port %u answers in %.1f ms", c->gw.conf->port,
		    ms());
	} else if (m->type == IPC_SERVER) {
		report(true, "host \"%s\", vendor \"%s\", firmware %u, "
		    "channels %u, in %.1f ms", c->host, c->vendor,
		    m->server.firmware, m->server.max_channels, ms());
	}
}

/* PPP over the call, with just enough LCP to see the server's requests. */
struct link {
	struct call	*c;
	struct gre	*g;
	struct ppp_observer o;
	uint8_t		 magic[4];	/* RFC 1661 6.4 */
	bool		 over;		/* the manager has hung up */
};

/*
 * Sends an LCP packet without data, or a Configure-Request with one option (RFC
 * 1661 5).  The identifier is always the code, so that a late answer counts.
 */
static void
lcp_send(struct link *l, uint8_t code)
{
	uint8_t length = code == LCP_CONFREQ ? LCP_HEADER + 6 : LCP_HEADER;
	const uint8_t longest[] = { PPP_ALLSTATIONS, PPP_UI, PPP_LCP >> 8,
	    PPP_LCP & 0xff, code, code, 0, length, LCP_OPT_MAGIC, 6,
	    l->magic[0], l->magic[1], l->magic[2], l->magic[3] };
	uint8_t buf[GRE_HEADER_MAX + sizeof(longest)];
	uint8_t *frame = memcpy(buf + GRE_HEADER_MAX, longest, sizeof(longest));
	size_t len = sizeof(longest) - LCP_HEADER - 6 + length, head;

	ppp_observer_see(&l->o, PPP_OURS, frame, len);
	head = gre_send(l->g, frame, len, clock_us());
	/* The error may come from an ICMP message about an earlier packet. */
	for (int i = 0; i < 3; i++)
		if (send(l->c->gw.raw, frame - head, head + len, 0) != -1)
			return;
}

/* False if there is none. */
static bool
take_packet(struct link *l)
{
	uint8_t buf[HDLC_FRAME_MAX + 128];
	ssize_t n = recv(l->c->gw.raw, buf, sizeof(buf), MSG_DONTWAIT);
	size_t ihl = n > 0 ? (size_t)(buf[0] & 15) * 4 : 0, len;
	const uint8_t *p;

	if (n <= 0 || ihl > (size_t)n ||
	    gre_recv(l->g, buf + ihl, (size_t)n - ihl, clock_us()) != GRE_OK)
		return n > 0;
	while ((p = gre_next(l->g, &len, true, clock_us())) != NULL)
		ppp_observer_see(&l->o, PPP_PEER, p, len);
	return true;
}

/*
 * Sends this LCP packet each second until *done, for at most patience_us and
 * while there is the call.
 */
static void
ask_until(struct link *l, uint8_t code, const bool *done, int64_t patience_us)
{
	int64_t ask = clock_us(), end = ask + patience_us;

	while (!*done && !l->over && clock_us() < end) {
		if (clock_us() >= ask) {
			lcp_send(l, code);
			ask += ASK_AGAIN_US;
		}
		if (fd_wait(l->c->gw.raw, l->c->gw.mgr, sooner(ask, end)) == 0)
			(void)take_packet(l);
		else if (errno == ECANCELED)
			l->over = true;
	}
	/* What came before the end counts, and may say why. */
	while (l->over && clock_us() < end && take_packet(l))
		continue;
}

/* Reports why the call has ended, in the manager's words. */
static enum exit_status
check_end(struct call *c)
{
	enum exit_status status = EXIT_LOST;
	struct ipc_msg m;

	failed(c->why, 0, "the call manager is gone");
	while (ipc_take(c->gw.mgr, &m, NULL) == 1) {
		if (m.type == IPC_LOG)
			log_line(m.said.code, "%s", m.said.text);
		if (m.type == IPC_DOWN)
			status = failed(c->why, m.said.code == EXIT_OK ?
			    EXIT_LOST : m.said.code, "%s", m.said.text);
	}
	report(false, "%s", c->why);
	return status;
}

static enum exit_status
check_gre(struct link *l)
{
	const bool *answered = &l->o.said[PPP_OURS].lcp.answered;
	const struct gre_counters *n = l->c->gw.n;

	ask_until(l, LCP_CONFREQ, answered, GRE_PATIENCE_US);
	if (*answered) {
		report(true, "both ways: LCP answered in %.1f ms", ms());
		return EXIT_OK;
	}
	if (l->over)
		return check_end(l->c);
	/* One may be of a field that is always 0. */
	if (n->rx_acks > 1) {
		report(false, "the server takes our packets, but its PPP does "
		    "not answer within %d s: what runs behind its PPTP hangs "
		    "or did not start", GRE_PATIENCE_US / 1000000);
		return EXIT_PPP;
	}
	report(false, n->rx_packets + n->rx_acks > 0 ?
	    "packets come in, but ours are not answered within %d s: IP "
	    "protocol 47 is blocked on its way to the server" :
	    "no packet within %d s, although TCP works: IP protocol 47 is "
	    "filtered on this host or on the way, or a NAT router has no PPTP "
	    "helper", GRE_PATIENCE_US / 1000000);
	return EXIT_GRE_BLOCKED;
}

/* Reports which login the server's LCP demands, without answering it. */
static enum exit_status
check_lcp(struct link *l)
{
	const struct ppp_said *said = &l->o.said[PPP_PEER];
	const char *advice;

	ask_until(l, LCP_CONFREQ, &said->lcp.sent, LCP_PATIENCE_US);
	if (!said->lcp.sent && l->over && !said->terminates)
		return check_end(l->c);
	if (!said->lcp.sent) {
		report(false, said->terminates ? "the server ends PPP at once" :
		    "the server answers, but asks for nothing itself: PPP "
		    "does not begin there");
		return EXIT_PPP;
	}
	report(true, "login %s, MRU %u", ppp_login_name(said->auth.asked),
	    said->mru.asked != 0 ? said->mru.asked : PPP_MRU);
	advice = l->c->known->advice;
	if (advice != NULL)
		note("advice", advice, "");
	return EXIT_OK;
}

/* Checks GRE and LCP, then ends PPP and the call and closes everything. */
static enum exit_status
check_data(struct call *c)
{
	struct gre_conf gc = { .reorder_us = c->gw.conf->reorder_us,
	    .window = c->gw.window, .call = c->gw.call,
	    .peer_call = c->gw.peer_call };
	const int keep[] = { c->gw.raw, c->gw.mgr };
	struct link l = { .c = c };
	enum exit_status status;
	void *mem;

	if (posix_memalign(&mem, 64, gre_size()) != 0)
		fatal(EXIT_SYSTEM, "out of memory");
	memset(mem, 0, gre_size());
	random_bytes(l.magic, sizeof(l.magic));
	if (sandbox_enter(SANDBOX_GATEWAY, keep, 2) == -1)
		return EXIT_SYSTEM;
	l.g = gre_init(mem, &gc, c->gw.n);
	status = check_gre(&l);
	if (status == EXIT_OK)
		status = check_lcp(&l);
	if (status != EXIT_GRE_BLOCKED)
		ask_until(&l, LCP_TERMREQ, &l.o.said[PPP_OURS].term_acked,
		    END_PATIENCE_US);
	call_close(c);
	free(mem);
	return status;
}

enum exit_status
check_main(const struct conf *conf)
{
	struct call c;
	enum exit_status status, ready;
	char text[WHY];

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
	if (status == EXIT_OK) {
		report(true, "accepted in %.1f ms (call ids %u and %u)", ms(),
		    c.gw.call, c.gw.peer_call);
		status = check_data(&c);
	} else {
		if (progress.step == S_NAME && c.gw.server[0] != '\0') {
			report_name(&c);
			progress.step = S_LOCAL;
		}
		report(false, "%s", c.why);
	}
	return ready != EXIT_OK ? ready : status;
}
