/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a tunnel tells of itself: what is said, how often, and what is not. */
/* with: tunnel/ppp_observer.c tunnel/ppp_verdict.c */
#include "../../tunnel/health.c"

#include <stdarg.h>

#include "t.h"

enum { SECOND = 1000000 };

/* ---- doubles: the log, counted ---- */

static char last[1024];
static unsigned lines;

void
log_line(enum log_level kind, const char *fmt, ...)
{
	va_list ap;

	(void)kind;
	va_start(ap, fmt);
	vsnprintf(last, sizeof(last), fmt, ap);
	va_end(ap);
	lines++;
}

/* ---- frames ---- */

static const uint8_t request[] = { 0xff, 3, 0xc0, 0x21, 1, 1, 0, 4 };
static const uint8_t ack[] = { 0xff, 3, 0xc0, 0x21, 2, 1, 0, 4 };
static const uint8_t data[] = { 0xff, 3, 0x00, 0x21, 0x45 };

static struct gre_counters n;
static struct health h;

static void
begin(void)
{
	memset(&n, 0, sizeof(n));
	health_init(&h, "vpn", &n);
	last[0] = '\0';
	lines = 0;
}

#define SENT(frame, at)		health_sent(&h, frame, sizeof(frame), at)
#define RECEIVED(frame, at)	(health_gre(&h, at), \
	health_received(&h, frame, sizeof(frame)))
#define SAID(text)		(strstr(last, text) != NULL)

static void
test_blocked(void)
{
	begin();
	T(T_EQ(h.check_at, GRE_NEVER), "nothing was sent: nothing is due");
	SENT(request, SECOND);
	T(T_EQ(h.check_at, 11 * SECOND),
	    "10 s after the first frame it is");
	health_tick(&h, 10 * SECOND);
	T(T_EQ(lines, 0), "not before");
	health_tick(&h, 11 * SECOND);
	T(T_EQ(lines, 1) && SAID("GRE is blocked: the call is up"),
	    "it is said");
	SENT(request, 14 * SECOND);
	health_tick(&h, 60 * SECOND);
	T(T_EQ(lines, 1), "once");
	T(T_EQ(health_end(&h, EXIT_OK), EXIT_GRE_BLOCKED), "and is the status");
	RECEIVED(data, 61 * SECOND);
	T(T_EQ(lines, 2) && SAID("comes through after all"),
	    "it is taken back");
	T(T_EQ(health_end(&h, EXIT_OK), EXIT_OK), "in the status, too");

	begin();
	health_error(&h, ENOPROTOOPT);
	T(T_EQ(lines, 1) && SAID("ICMP protocol-unreachable"),
	    "ICMP says so at once");
	RECEIVED(request, SECOND);
	T(T_EQ(lines, 2) && SAID("after all"), "and is taken back as well");
	health_error(&h, ENOPROTOOPT);
	T(T_EQ(h.fault, EXIT_OK), "later it is one error among others");
}

static void
test_one_way(void)
{
	begin();
	SENT(request, 0);
	RECEIVED(request, SECOND);
	SENT(ack, SECOND);
	T(T_EQ(h.check_at, 10 * SECOND), "our request is not answered yet");
	health_tick(&h, 10 * SECOND);
	T(T_EQ(lines, 1) && SAID("blocked one way"), "after 10 s it is said");
	T(T_EQ(health_end(&h, EXIT_LOST), EXIT_LOST),
	    "another end keeps its own " "status");
	T(T_EQ(health_end(&h, EXIT_OK), EXIT_GRE_BLOCKED), "a hangup has this");
	RECEIVED(ack, 12 * SECOND);
	T(T_EQ(lines, 2) && SAID("after all"), "an answer takes it back");

	begin();
	SENT(request, 0);
	RECEIVED(ack, SECOND);
	health_tick(&h, 20 * SECOND);
	T(T_EQ(lines, 0), "an answer in time: nothing is said");
}

/* The server acknowledges our packets: they come through. */
static void
test_mute(void)
{
	begin();
	SENT(request, 0);
	health_gre(&h, SECOND);
	n.rx_acks = 1;			/* a field that is always 0? */
	health_tick(&h, 10 * SECOND);
	T(T_EQ(lines, 1) && SAID("blocked one way"),
	    "one acknowledgement proves nothing");

	begin();
	SENT(request, 0);
	health_gre(&h, SECOND);
	n.rx_acks = 2;
	health_tick(&h, 10 * SECOND);
	T(T_EQ(lines, 1) && SAID("its PPP does not answer within 10 s"),
	    "two do: it is the server's PPP");
	SENT(request, 12 * SECOND);
	health_tick(&h, 60 * SECOND);
	T(T_EQ(lines, 1), "which is said once");
	T(T_EQ(health_end(&h, EXIT_OK), EXIT_PPP), "and is the status");
	RECEIVED(ack, 61 * SECOND);
	T(T_EQ(lines, 1) && T_EQ(health_end(&h, EXIT_OK), EXIT_OK),
	    "unless it answers after all");
}

static void
test_silence(void)
{
	begin();
	SENT(data, 0);
	RECEIVED(data, 0);
	for (int64_t t = 0; t < 200; t++)
		SENT(data, SECOND + t * SECOND);
	T(T_EQ(lines, 1) && SAID("none came"),
	    "GRE that dies later: one warning");
	RECEIVED(data, 202 * SECOND);
	T(T_EQ(lines, 2) && SAID("heard again"), "and one when it is back");
	SENT(data, 1000 * SECOND);
	T(T_EQ(lines, 2), "a tunnel at rest is not silent");
	SENT(data, 1031 * SECOND);
	T(T_EQ(lines, 2), "nor one that rests after a packet of ours");
	SENT(data, 1060 * SECOND);
	SENT(data, 1062 * SECOND);
	T(T_EQ(lines, 3) && SAID("none came"),
	    "30 s without such a pause are silence");
}

/* An attacker, or a firewall with REJECT, for ten minutes. */
static void
test_errors(void)
{
	static const int kinds[] = { EPERM, ECONNREFUSED, EHOSTUNREACH,
	    ENETUNREACH, EMSGSIZE, EACCES, ENOBUFS, EPROTO, ENETDOWN,
	    EINVAL };

	begin();
	RECEIVED(data, 0);
	health_error(&h, EPERM);
	T(SAID("this host's own firewall"), "EPERM names the firewall");
	for (int i = 0; i < 60000; i++)
		health_error(&h, kinds[i % 10]);
	T(lines <= 20, "ten minutes of ten kinds: %u lines, 20 at most",
	    lines);
	T(T_EQ(n.soft_errors, 60001), "all are counted");
}

static void
test_end(void)
{
	/* The server wants a login, pppd has none, the server hangs up. */
	static const uint8_t wants[] = { 0xff, 3, 0xc0, 0x21, 1, 1, 0, 9, 3,
	    5, 0xc2, 0x23, 0x81 };
	static const uint8_t none[] = { 0xff, 3, 0xc0, 0x21, 4, 1, 0, 9, 3,
	    5, 0xc2, 0x23, 0x81 };

	begin();
	SENT(request, 0);
	RECEIVED(wants, 0);
	SENT(none, 0);
	RECEIVED(ack, 0);
	T(T_EQ(health_end(&h, EXIT_SERVER_ENDED), EXIT_PPP) &&
	    SAID("this pppd offers none"),
	    "why PPP failed is the last word");
	begin();
	SENT(request, 0);
	T(T_EQ(health_end(&h, EXIT_OK), EXIT_OK) && T_EQ(lines, 0),
	    "ended before anything could be known: nothing is said");
	T(!h.settled, "and standard error is still the user's");
	RECEIVED(data, 0);
	T(!h.settled, "what comes before LCP is no data");
	RECEIVED(ack, 0);
	RECEIVED(data, 0);
	T(h.settled, "with data it has served");
}

/* The address in an IPCP request, as in struct in_addr. */
static uint32_t
of(const uint8_t *frame)
{
	uint32_t addr;

	memcpy(&addr, frame + 8, sizeof(addr));
	return addr;
}

/* What --status is to know: PAP as "me", 10.0.0.2 and 10.0.0.1; then MPPE. */
static void
test_network(void)
{
	static const uint8_t wants[] = { 0xff, 3, 0xc0, 0x21, 1, 1, 0, 8, 3,
	    4, 0xc0, 0x23 };
	static const uint8_t login[] = { 0xff, 3, 0xc0, 0x23, 1, 1, 0, 9, 2,
	    'm', 'e', 1, 'x' };
	static const uint8_t welcome[] = { 0xff, 3, 0xc0, 0x23, 2, 1, 0, 5, 0 };
	static const uint8_t ask[] = { 0x80, 0x21, 1, 1, 0, 10, 3, 6, 10, 0,
	    0, 2 };
	static const uint8_t peer[] = { 0x80, 0x21, 1, 1, 0, 10, 3, 6, 10, 0,
	    0, 1 };
	static const uint8_t fine[] = { 0x80, 0x21, 2, 1, 0, 4 };
	static const uint8_t mppe[] = { 0x80, 0xfd, 1, 1, 0, 10, 18, 6, 1, 0,
	    0, 0x40 };
	static const uint8_t agreed[] = { 0x80, 0xfd, 2, 1, 0, 4 };
	char line[HEALTH_NETWORK];

	begin();
	SENT(request, 0);
	RECEIVED(wants, 0);
	SENT(ack, 0);
	RECEIVED(ack, 0);
	SENT(login, 0);
	RECEIVED(welcome, 0);
	SENT(ask, 0);
	RECEIVED(peer, 0);
	SENT(fine, 0);
	T(T_EQ(n.network_up, 0), "one side of the network is none");
	RECEIVED(fine, 3 * SECOND);
	T(T_EQ(n.network_up, 1) && T_EQ(n.local_addr, of(ask)) &&
	    T_EQ(n.remote_addr, of(peer)) && T_EQ(n.login, 0xc02300) &&
	    T_STR(n.user, "me") && T_EQ(n.mppe, 0) &&
	    T_EQ(n.heard_us, 3 * SECOND), "both: who, how and where");
	T(SAID("the network is up: local address 10.0.0.2, remote 10.0.0.1, "
	    "login PAP as me, encryption none"), "which is logged: %s", last);
	SENT(mppe, 4 * SECOND);
	RECEIVED(agreed, 4 * SECOND);
	health_network(&n, line);
	T(T_EQ(n.mppe, 0x01000040) && T_STR(line, "local address 10.0.0.2, "
	    "remote 10.0.0.1, login PAP as me, encryption MPPE 128 bit, "
	    "stateless"), "encryption that comes later is noted: %s", line);
	T(T_EQ(health_end(&h, EXIT_OK), EXIT_OK) && T_EQ(n.network_up, 0),
	    "with the tunnel's end the network ends");
}

int
main(void)
{
	test_network();
	test_blocked();
	test_one_way();
	test_mute();
	test_silence();
	test_errors();
	test_end();
	return t_done();
}
