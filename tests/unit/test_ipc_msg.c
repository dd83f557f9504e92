/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records between gateways, managers and monitors. */
#include "../../manager/ipc_msg.c"
#include "t.h"

/* magic "pptp", version 2, type STEP, no descriptor, the step */
static const char step_hex[] = "70707470 02 03 00 02";

static const struct { const char *claim, *hex; bool good; } rows[] = {
	{ "a step record is read", "70707470 02 03 00 01", true },
	{ "the listing's end is read", "70707470 02 09 00", true },
	{ "nothing at all is refused", "", false },
	{ "half a header is refused", "707074", false },
	{ "another magic number is refused", "70707471 02 03 00 01", false },
	{ "another version is refused", "70707470 01 03 00 01", false },
	{ "type 0 is refused", "70707470 02 00 00 01", false },
	{ "a type we do not know is refused", "70707470 02 7f 00 01", false },
	{ "a record too short is refused", "70707470 02 03 00", false },
	{ "descriptors are named by bits", "70707470 02 03 0f 01", true },
	{ "a descriptor we do not know is refused",
	    "70707470 02 03 10 01", false },
	{ "a record too long is refused", "70707470 02 03 00 01 00", false },
	{ "a step we do not know is refused", "70707470 02 03 00 03", false },
	{ "a channel is read", "70707470 02 0b 08", true },
	{ "a channel with more behind it is refused", "70707470 02 0b 08 beef",
	    false },
	{ "a link is read", "70707470 02 0c 00 00000003", true },
	{ "a link with more behind it is refused",
	    "70707470 02 0c 00 00000003 00", false },
	{ "a type beyond the last is refused", "70707470 02 0e 00", false },
};

static void
survive(const uint8_t *p, size_t n)
{
	struct ipc_msg m;
	uint8_t buf[IPC_MAX];

	/* What is accepted can be written again, and is then the same. */
	if (ipc_decode(&m, p, n) && ipc_encode(&m, buf) != n &&
	    m.type != IPC_TUNNEL)
		abort();
}

static void
test_rows(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buf[IPC_MAX];
		size_t n = t_hex(buf, sizeof(buf), rows[i].hex);
		struct ipc_msg m;

		T(T_EQ(ipc_decode(&m, buf, n), rows[i].good),
		    "%s", rows[i].claim);
	}
}

static void
test_step(void)
{
	uint8_t want[16], buf[IPC_MAX];
	size_t n = t_hex(want, sizeof(want), step_hex);
	struct ipc_msg m = { .type = IPC_STEP, .step = IPC_CALLING };

	T(T_EQ(ipc_encode(&m, buf), n) && T_MEM(buf, want, n),
	    "a step is written octet by octet as its dissection says");
}

static void
test_call(void)
{
	struct ipc_msg m = { .type = IPC_CALL }, back;
	uint8_t buf[IPC_MAX];
	size_t n;

	m.call = (struct ipc_call){ .id = 0xbeef, .port = 1723,
	    .window = 64, .loglevel = 3, .hostroute = true, .server = 1,
	    .local = 2, .mark = 3, .quirks = 4, .idle_us = 60000000,
	    .echo_us = 0, .timeout_us = 25000000, .phone = "555",
	    .hostname = "me" };
	n = ipc_encode(&m, buf);
	T(T_IS(ipc_decode(&back, buf, n)) && T_EQ(back.type, IPC_CALL) &&
	    T_EQ(back.call.id, 0xbeef) && T_EQ(back.call.port, 1723) &&
	    T_EQ(back.call.window, 64) && T_EQ(back.call.loglevel, 3) &&
	    T_IS(back.call.hostroute) && T_EQ(back.call.server, 1) &&
	    T_EQ(back.call.local, 2) && T_EQ(back.call.mark, 3) &&
	    T_EQ(back.call.quirks, 4) && T_EQ(back.call.idle_us, 60000000) &&
	    T_EQ(back.call.timeout_us, 25000000) &&
	    T_STR(back.call.phone, "555") && T_STR(back.call.hostname, "me"),
	    "a call comes back as it was sent, every field");
	t_mangle(buf, n, survive);
	T(true, "every truncation and bit flip of a call is survived");

	for (unsigned i = 0; i < 5; i++) {
		static const char *const what[] = { "a timeout beyond all",
		    "an idle wait beyond all", "an echo wait beyond all",
		    "a window of 0", "a port of 0" };
		struct ipc_msg bad = m;

		if (i < 3)
			*(int64_t *[]){ &bad.call.timeout_us,
			    &bad.call.idle_us, &bad.call.echo_us }[i] =
			    (int64_t)WAIT_MAX_US + 1;
		else
			*(uint16_t *[]){ &bad.call.window,
			    &bad.call.port }[i - 3] = 0;
		n = ipc_encode(&bad, buf);
		T(!ipc_decode(&back, buf, n), "%s is refused", what[i]);
	}
	memset(m.call.phone, '5', PPTP_TEXT);
	n = ipc_encode(&m, buf);
	T(ipc_decode(&back, buf, n) && T_EQ(strlen(back.call.phone), PPTP_TEXT),
	    "a phone number that fills its field comes back terminated");
}

static void
test_tunnel(void)
{
	struct ipc_msg m = { .type = IPC_TUNNEL }, back;
	uint8_t buf[IPC_MAX];
	size_t n;

	m.tunnel.id = 7;
	m.tunnel.up = true;
	m.tunnel.n.tx_packets = UINT64_MAX;
	m.tunnel.n.rtt_us = 12345;
	n = ipc_encode(&m, buf);
	T(T_IS(n <= IPC_MAX) && T_IS(ipc_decode(&back, buf, n)) &&
	    T_IS(back.tunnel.up) &&
	    T_EQ(back.tunnel.n.tx_packets, UINT64_MAX) &&
	    T_EQ(back.tunnel.n.rtt_us, 12345),
	    "counters come back whole, the first and the last");
	t_mangle(buf, n, survive);
	T(true, "every truncation and bit flip of a tunnel is survived");
	memset(m.tunnel.n.user, 'u', sizeof(m.tunnel.n.user));
	n = ipc_encode(&m, buf);
	T(T_IS(ipc_decode(&back, buf, n)) &&
	    T_MEM(back.tunnel.n.user, m.tunnel.n.user, GRE_USER),
	    "and so does a name that fills its place");
	T(T_IS(ipc_decode(&back, buf, n - GRE_USER)) &&
	    T_EQ(back.tunnel.n.rtt_us, 12345) &&
	    T_EQ(back.tunnel.n.user[0], 0),
	    "an older manager sends no name: the others are read");
	memset(buf + n, 'x', 16);
	T(T_IS(ipc_decode(&back, buf, n + 16)) &&
	    T_EQ(back.tunnel.n.rtt_us, 12345),
	    "a newer one sends more: that is skipped");
	T(!ipc_decode(&back, buf, n + 4) && !ipc_decode(&back, buf, n - 4),
	    "half a number is refused");
}

static void
test_down(void)
{
	struct ipc_msg m = { .type = IPC_DOWN }, back;
	uint8_t buf[IPC_MAX];
	size_t n;

	m.said.code = IPC_ID_TAKEN;
	memset(m.said.text, 'x', IPC_TEXT);
	n = ipc_encode(&m, buf);
	T(T_IS(ipc_decode(&back, buf, n)) &&
	    T_EQ(back.said.code, IPC_ID_TAKEN) &&
	    T_EQ(strlen(back.said.text), IPC_TEXT),
	    "the longest sentence comes back whole and terminated");
}

static void
test_link(void)
{
	struct ipc_msg m = { .type = IPC_LINK, .ifindex = 0x80000001 }, back;
	uint8_t buf[IPC_MAX];
	size_t n = ipc_encode(&m, buf);

	T(T_IS(ipc_decode(&back, buf, n)) && T_EQ(back.type, IPC_LINK) &&
	    T_EQ(back.ifindex, 0x80000001), "a link comes back as it was sent");
}

/* A sentence is for a terminal, whoever wrote it. */
static void
test_sentence(void)
{
	struct ipc_msg m = { .type = IPC_LOG, .said = { .code = 5 } }, back;
	uint8_t buf[IPC_MAX];

	T(!ipc_decode(&back, buf, ipc_encode(&m, buf)),
	    "a line of a level that there is none of is refused");
	m.said.code = 4;
	snprintf(m.said.text, sizeof(m.said.text), "a\x1b[31m ~\x7f\n\xe4");
	T(ipc_decode(&back, buf, ipc_encode(&m, buf)) &&
	    T_STR(back.said.text, "a?[31m ~???"),
	    "what cannot be printed is replaced");
}

/* No record is longer than its buffer; the cursor would hold it all the same. */
static void
test_full(void)
{
	uint8_t buf[8];
	struct wr w = { .p = buf, .end = buf + 3 };

	memset(buf, '!', sizeof(buf));
	wr_u16(&w, 0x4142);
	wr_u16(&w, 0x4344);
	wr_u8(&w, 0x45);
	T(w.bad && T_MEM(buf, "AB!!!!!!", sizeof(buf)),
	    "what does not fit is left out, and all that follows");
}

/* Every other record, each field with a value of its own. */
static void
test_others(void)
{
	static const struct ipc_msg sent[] = {
		{ .type = IPC_LOG, .said = { 3, "tx" } },
		{ .type = IPC_SERVER, .server = { 0x0203, 17,
		    "host", "vendor" } },
		{ .type = IPC_UP, .peer_id = 0xbeef },
		{ .type = IPC_STATUS }, { .type = IPC_END },
		{ .type = IPC_ROUTE }, { .type = IPC_READY },
		{ .type = IPC_CHANNEL },
	};
	struct ipc_msg m;
	uint8_t buf[IPC_MAX];

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++) {
		size_t n = ipc_encode(&sent[i], buf);

		T(ipc_decode(&m, buf, n) && T_MEM(&m, &sent[i], sizeof(m)),
		    "a record of type %d comes back as it was sent",
		    (int)sent[i].type);
		t_mangle(buf, n, survive);
	}
}

int
main(void)
{
	test_rows();
	test_step();
	test_call();
	test_tunnel();
	test_down();
	test_link();
	test_sentence();
	test_full();
	test_others();
	return t_done();
}
