/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Enhanced GRE, order, the wait for missing packets, acknowledgements. */
#include "../../pptp_gre.c"

#include "t.h"

enum { OURS = 0x0007, THEIRS = 0x1234, MS = 1000, SECOND = 1000000 };

/* One end of a tunnel, and what it handed out. */
struct end {
	struct gre	*g;
	struct gre_counters n;
	uint32_t	*got;
	size_t		 count, size;
	int64_t		*when;
	unsigned	 bad;		/* frames with wrong contents */
	unsigned	 stuck;		/* gre_due() calls without progress */
	unsigned	 acks;
	uint32_t	 epoch;		/* goes into contents */
};

static void
end_open_conf(struct end *e, const struct gre_conf *conf)
{
	size_t size = (gre_size() + 63) / 64 * 64;
	void *mem = aligned_alloc(64, size);

	if (mem == NULL)
		abort();
	memset(mem, 0, size);
	memset(e, 0, sizeof(*e));
	e->g = gre_init(mem, conf, &e->n);
	e->size = 1u << 18;
	e->got = calloc(e->size, sizeof(*e->got));
	e->when = calloc(e->size, sizeof(*e->when));
	if (e->got == NULL || e->when == NULL)
		abort();
}

static const struct gre_conf plain = { .call = OURS, .peer_call = THEIRS,
	.window = 64, .reorder_us = 300 * MS };

static void
end_open(struct end *e)
{
	end_open_conf(e, &plain);
}

static void
end_close(struct end *e)
{
	free(e->g);
	free(e->got);
	free(e->when);
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* A data packet of the server; its contents tell number and epoch. */
static size_t
packet(uint8_t *buf, uint32_t seq, size_t len, uint32_t epoch)
{
	static const uint8_t head[] = { 0x30, 0x01, 0x88, 0x0b };

	memcpy(buf, head, 4);
	buf[4] = (uint8_t)(len >> 8);
	buf[5] = (uint8_t)len;
	buf[6] = 0;
	buf[7] = OURS;
	put32(buf + 8, seq);
	for (size_t i = 0; i < len; i++)
		buf[12 + i] = (uint8_t)(seq * 31 + epoch * 7 + i);
	if (len >= 8) {
		put32(buf + 12, seq);
		put32(buf + 16, epoch);
	}
	return 12 + len;
}

/* Fetches everything; the frames of packet() check themselves. */
static void
drain(struct end *e, bool drained, int64_t now)
{
	const uint8_t *p;
	size_t len;

	while ((p = gre_next(e->g, &len, drained, now)) != NULL) {
		uint32_t seq = len >= 8 ? get32(p) : 0;
		uint32_t epoch = len >= 8 ? get32(p + 4) : e->epoch;

		for (size_t i = 8; i < len; i++)
			if (p[i] != (uint8_t)(seq * 31 + epoch * 7 + i)) {
				e->bad++;
				break;
			}
		e->epoch = epoch;
		if (e->count < e->size) {
			e->got[e->count] = seq;
			e->when[e->count] = now;
		}
		e->count++;
	}
}

/* Lets time pass, doing whatever is due when it is due. */
static void
until(struct end *e, int64_t now)
{
	uint8_t ack[GRE_OUTPUT_MAX];
	int64_t due;

	while ((due = gre_due(e->g)) <= now && due != GRE_NEVER) {
		drain(e, true, due);
		if (gre_output(e->g, ack, due) > 0)
			e->acks++;
		if (gre_due(e->g) <= due && ++e->stuck > 10)
			return;
	}
}

static void
arrive_len(struct end *e, uint32_t seq, size_t len, int64_t now)
{
	uint8_t buf[16 + HDLC_FRAME_MAX], ack[GRE_OUTPUT_MAX];
	size_t n = packet(buf, seq, len, e->epoch);

	until(e, now);
	gre_recv(e->g, buf, n, now);
	drain(e, false, now);
	memset(buf, 0xee, n);
	if (gre_output(e->g, ack, now) > 0)
		e->acks++;
}

static void
arrive(struct end *e, uint32_t seq, int64_t now)
{
	arrive_len(e, seq, 40, now);
}

/* The numbers delivered, compared with a list. */
static bool
delivered(const struct end *e, size_t count, const uint32_t *want)
{
	return e->count == count && e->bad == 0 && e->stuck == 0 &&
	    memcmp(e->got, want, count * sizeof(*want)) == 0;
}
#define DELIVERED(e, ...) delivered((e),				\
    sizeof((uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t),		\
    (uint32_t[]){ __VA_ARGS__ })

static const char *const verdicts[] = { "ok", "short", "alien", "lies" };

static void
test_decode(void)
{
	static const struct {
		const char	*claim, *hex;
		enum gre_verdict verdict;
	} rows[] = {
		/* flags+version, protocol, length, call, [seq], [ack], data */
		{ "data", "3001 880b 0002 0007 00000005 ff03", GRE_OK },
		{ "data and acknowledgement",
		  "3081 880b 0002 0007 00000005 00000009 ff03", GRE_OK },
		{ "acknowledgement alone", "2081 880b 0000 0007 00000009",
		  GRE_OK },
		{ "neither", "2001 880b 0000 0007", GRE_OK },
		{ "a number without contents", "3001 880b 0000 0007 00000005",
		  GRE_OK },
		{ "octets behind the payload",
		  "3001 880b 0001 0007 00000005 ff 0000", GRE_OK },
		{ "acknowledgement with payload, which has no number",
		  "2081 880b 0002 0007 00000009 ff03", GRE_OK },
		{ "nothing", "", GRE_SHORT },
		{ "one octet", "30", GRE_SHORT },
		{ "seven octets", "2001 880b 0000 00", GRE_SHORT },
		{ "number cut", "3001 880b 0000 0007 000000", GRE_SHORT },
		{ "acknowledgement cut", "3081 880b 0000 0007 00000005 000000",
		  GRE_SHORT },
		{ "length one beyond the end",
		  "3001 880b 0003 0007 00000005 ff03", GRE_BAD_LENGTH },
		{ "length 65535", "3001 880b ffff 0007 00000005 ff03",
		  GRE_BAD_LENGTH },
		{ "length without number beyond the end",
		  "2001 880b 0001 0007", GRE_BAD_LENGTH },
		{ "version 0", "3000 880b 0000 0007 00000005", GRE_BAD_HEADER },
		{ "version 3", "3003 880b 0000 0007 00000005", GRE_BAD_HEADER },
		{ "version 5", "3005 880b 0000 0007 00000005", GRE_BAD_HEADER },
		{ "no key", "1001 880b 0000 0007 00000005", GRE_BAD_HEADER },
		{ "checksum", "b001 880b 0000 0007 00000005", GRE_BAD_HEADER },
		{ "routing", "7001 880b 0000 0007 00000005", GRE_BAD_HEADER },
		{ "strict source route", "3801 880b 0000 0007 00000005",
		  GRE_BAD_HEADER },
		{ "recursion", "3101 880b 0000 0007 00000005", GRE_BAD_HEADER },
		{ "reserved flags", "3009 880b 0000 0007 00000005",
		  GRE_BAD_HEADER },
		{ "IPv4 in GRE", "3001 0800 0000 0007 00000005",
		    GRE_BAD_HEADER },
		{ "plain GRE of RFC 2784", "0000 0800 4500 0014",
		    GRE_BAD_HEADER },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t buf[64], *copy;
		size_t n = t_hex(buf, sizeof(buf), rows[i].hex);
		struct gre_packet p;
		enum gre_verdict v;

		copy = malloc(n > 0 ? n : 1);
		if (copy == NULL)
			abort();
		memcpy(copy, buf, n);
		v = gre_decode(&p, copy, n);
		T(v == rows[i].verdict, "decode %s: %s", rows[i].claim,
		    verdicts[v]);
		free(copy);
	}
}

static void
mangled(const uint8_t *p, size_t n)
{
	struct gre_packet g;
	enum gre_verdict v = gre_decode(&g, p, n);

	if (v == GRE_OK && g.data != NULL &&
	    (g.data < p || g.data + g.len > p + n || !g.has_seq))
		abort();
	if (v == GRE_OK && (g.data == NULL) != (g.len == 0))
		abort();
	if (v == GRE_OK && p[1] != (0x01 | (g.has_ack ? 0x80 : 0)))
		abort();
}

static void
test_decode_fields(void)
{
	uint8_t buf[64];
	/* 3081: K, S, A, version 1; 880b: PPP; 3 octets; call 7;
	 * number 0x01020304; acknowledged 0xfffefdfc; ff 03 c0 */
	size_t n = t_hex(buf, sizeof(buf),
	    "3081 880b 0003 0007 01020304 fffefdfc ff03c0 99");
	struct gre_packet p;

	gre_decode(&p, buf, n);
	T(p.len == 3 && p.call == 7 && p.seq == 0x01020304 &&
	    p.ack == 0xfffefdfc && p.has_seq && p.has_ack &&
	    p.data == buf + 16, "decode finds every field");
	n = t_hex(buf, sizeof(buf), "2081 880b 0002 0007 00000009 ff03");
	gre_decode(&p, buf, n);
	T(p.ack == 9 && p.has_ack && p.data == NULL && p.len == 0,
	    "payload without a number is not seen");
	n = t_hex(buf, sizeof(buf),
	    "3081 880b 0003 0007 01020304 fffefdfc ff03c0");
	t_mangle(buf, n, mangled);
	n = t_hex(buf, sizeof(buf), "2081 880b 0000 0007 00000009");
	t_mangle(buf, n, mangled);
	T(true, "every truncation and bit flip is survived");
}

static void
recv_mangled(const uint8_t *p, size_t n)
{
	static struct end e;
	size_t len;

	if (e.g == NULL)
		end_open(&e);
	if (p == NULL) {
		end_close(&e);
		return;
	}
	gre_recv(e.g, p, n, 0);
	while (gre_next(e.g, &len, false, 0) != NULL)
		if (len == 0 || len > n)
			abort();
}

static void
test_encode(void)
{
	uint8_t buf[64], want[64];
	struct end e;
	size_t h;

	end_open(&e);
	memcpy(buf + 16, "\xff\x03\xc0\x21", 4);
	h = gre_send(e.g, buf + 16, 4, 0);
	t_hex(want, sizeof(want), "3001 880b 0004 1234 00000000 ff03c021");
	T(h == 12 && memcmp(buf + 4, want, 16) == 0,
	    "the first packet is numbered 0 and acknowledges nothing");

	arrive(&e, 0x01020304, 0);
	h = gre_send(e.g, buf + 16, 4, 0);
	t_hex(want, sizeof(want),
	    "3081 880b 0004 1234 00000001 01020304 ff03c021");
	T(h == 16 && memcmp(buf, want, 20) == 0,
	    "data carries the acknowledgement that is owed");
	h = gre_send(e.g, buf + 16, 4, 0);
	T(h == 12 && buf[15] == 2, "but only once");

	arrive(&e, 0x01020305, 0);
	h = gre_output(e.g, buf, GRE_ACK_DELAY_US);
	t_hex(want, sizeof(want), "2081 880b 0000 1234 01020305");
	T(h == 12 && memcmp(buf, want, 12) == 0,
	    "an acknowledgement alone is twelve octets, without a number");
	T(e.n.tx_packets == 3 && e.n.tx_octets == 12 && e.n.tx_acks == 1,
	    "what was sent is counted");
	end_close(&e);
	h = packet(buf, 5, 20, 0);
	t_mangle(buf, h, recv_mangled);
	recv_mangled(NULL, 0);
	T(true, "a tunnel survives every truncation and bit flip");
}

static void
test_order(void)
{
	struct end e;

	end_open(&e);
	arrive(&e, 12345, 0);
	arrive(&e, 12346, 0);
	T(DELIVERED(&e, 12345, 12346), "the first number may be any");
	arrive(&e, 12348, 0);
	arrive(&e, 12349, 0);
	T(DELIVERED(&e, 12345, 12346), "later packets wait for a missing one");
	arrive(&e, 12347, MS);
	T(DELIVERED(&e, 12345, 12346, 12347, 12348, 12349),
	    "it comes: all are delivered, in order");
	T(e.n.rx_reordered == 2 && e.n.rx_lost == 0 && e.n.rx_packets == 5,
	    "and counted");
	arrive(&e, 12348, MS);
	arrive(&e, 12351, MS);
	arrive(&e, 12351, MS);
	T(e.count == 5 && e.n.rx_duplicate == 2,
	    "duplicates of the delivered and of the waiting are dropped");
	until(&e, SECOND);
	T(e.count == 6 && e.n.rx_lost == 1, "a hole is given up in time");
	arrive(&e, 12350, SECOND);
	arrive(&e, 12350, SECOND);
	T(e.count == 6 && e.n.rx_old == 1 && e.n.rx_duplicate == 3,
	    "its packet comes too late, and again: dropped");
	arrive_len(&e, 12352, 0, SECOND);
	arrive(&e, 12353, SECOND);
	T(e.count == 7 && e.n.rx_lost == 1 && e.n.rx_packets == 7,
	    "a number without contents counts, and nothing is delivered");
	arrive_len(&e, 12355, 0, SECOND);
	arrive_len(&e, 12354, HDLC_FRAME_MAX, SECOND);
	arrive_len(&e, 12357, HDLC_FRAME_MAX, SECOND);
	arrive_len(&e, 12356, 1, SECOND);
	T(e.count == 10 && e.n.rx_lost == 1 && e.bad == 0,
	    "frames of 0, 1 and %d octets wait alike", HDLC_FRAME_MAX);
	T(e.n.rx_octets == 7 * 40 + 2 * HDLC_FRAME_MAX + 1,
	    "octets delivered are counted");
	end_close(&e);
}

static void
test_no_copy(void)
{
	uint8_t buf[64];
	struct end e;
	size_t len;

	end_open(&e);
	gre_recv(e.g, buf, packet(buf, 0, 40, 0), 0);
	T(gre_next(e.g, &len, false, 0) == buf + 12 && len == 40,
	    "in order: the frame is handed on where it lies");
	T(gre_next(e.g, &len, false, 0) == NULL, "and once");
	arrive(&e, 2, 0);
	gre_recv(e.g, buf, packet(buf, 1, 40, 0), 0);
	T(gre_next(e.g, &len, false, 0) == buf + 12,
	    "so is the packet that fills a hole");
	drain(&e, false, 0);
	T(e.count == 1 && e.got[0] == 2, "before the one that waited");
	end_close(&e);
}

static void
test_refused(void)
{
	uint8_t buf[16 + HDLC_FRAME_MAX + 1];
	struct end e;
	size_t n, len;

	end_open(&e);
	n = packet(buf, 0, 40, 0);
	buf[7]++;
	T(gre_recv(e.g, buf, n, 0) == GRE_BAD_HEADER,
	    "another call's is refused");
	n = packet(buf, 0, HDLC_FRAME_MAX + 1, 0);
	T(gre_recv(e.g, buf, n, 0) == GRE_BAD_LENGTH,
	    "too long a frame is refused");
	T(gre_recv(e.g, buf, 5, 0) == GRE_SHORT, "so is a stump");
	T(gre_next(e.g, &len, false, 0) == NULL && e.n.rx_bad == 3 &&
	    gre_due(e.g) == GRE_NEVER, "none leaves more than a count");
	end_close(&e);
}

static void
test_wrap(void)
{
	struct end e;
	unsigned wrong = 0;
	uint32_t seq = 0xffffff00;

	end_open(&e);
	for (unsigned i = 0; i < 512; i += 2) {
		arrive(&e, seq + i + 1, i * 100);
		arrive(&e, seq + i, i * 100);
	}
	for (size_t i = 0; i < e.count; i++)
		wrong += e.got[i] != (uint32_t)(seq + 1 + i);
	T(e.count == 511 && wrong == 0 && e.n.rx_old == 1,
	    "swapped pairs cross 2^32; the very first number sets the start");
	end_close(&e);
	end_open(&e);
	arrive(&e, 0xfffffffd, 0);
	arrive(&e, 2, 0);
	arrive(&e, 3, 0);
	until(&e, SECOND);
	T(DELIVERED(&e, 0xfffffffd, 2, 3) && e.n.rx_lost == 4,
	    "packets lost just at the wrap are lost, nothing else");
	end_close(&e);
}

static void
test_early_end(void)
{
	struct end e;

	end_open(&e);
	e.g->late_us = 0;
	arrive(&e, 0, 0);
	for (uint32_t i = 2; i < 9; i++)
		arrive(&e, i, 0);
	T(e.count == 1, "seven later packets: not given up");
	arrive(&e, 9, 0);
	T(e.count == 9 && e.n.rx_lost == 1,
	    "eight end the wait, without time passing");
	end_close(&e);

	end_open(&e);
	arrive(&e, 0, 0);
	for (uint32_t i = 2; i < 200; i++)
		arrive(&e, i, 10 * MS);
	T(e.count == 1, "not before the lateness seen or supposed has passed");
	end_close(&e);

	end_open(&e);
	arrive(&e, 0, 0);
	arrive(&e, 2, 0);
	T(gap_due(e.g) > 10 * MS, "a new tunnel waits for more than 10 ms");
	{
		uint8_t buf[64];

		gre_recv(e.g, buf, packet(buf, 3, 40, 0), 250 * MS);
		drain(&e, false, 250 * MS);
		T(e.count == 1, "slept over it: what the socket holds first");
		gre_recv(e.g, buf, packet(buf, 1, 40, 0), 250 * MS);
		drain(&e, false, 250 * MS);
	}
	T(DELIVERED(&e, 0, 1, 2, 3), "there it was");
	end_close(&e);
}

static void
test_full_ring(void)
{
	struct gre_conf conf = plain;
	struct end e;
	unsigned backwards = 0;
	uint32_t seq = 0;

	conf.reorder_us = 100 * SECOND;
	end_open_conf(&e, &conf);
	e.g->late_us = 50 * SECOND;
	e.g->late_count = 100000;
	for (unsigned i = 0; i < 5000; i++) {
		arrive(&e, seq, i);
		seq += i % 7 == 0 ? 300 : i % 3 == 0 ? 2 : 1;
	}
	for (size_t i = 1; i < e.count; i++)
		backwards += seq_diff(e.got[i], e.got[i - 1]) <= 0;
	T(e.count > 5000 - GRE_RING && backwards == 0 && e.bad == 0 &&
	    e.n.rx_jumps == 0,
	    "a full ring gives up its oldest holes, never its packets");
	until(&e, 200 * (int64_t)SECOND);
	T(e.count == 5000 && seq > 100000 &&
	    e.n.rx_lost + 5000 == e.got[4999] + 1,
	    "every number is either delivered or lost");
	end_close(&e);
}

static void
test_missing_window(void)
{
	struct gre_conf conf = plain;
	struct end e;

	conf.missing_window = 6;
	end_open_conf(&e, &conf);
	arrive(&e, 0, 0);
	arrive(&e, 7, 0);
	T(e.n.rx_packets == 1 && !e.g->probation,
	    "six missing are within a missing window of six");
	arrive(&e, 15, 0);
	T(e.g->probation, "seven are not");
	arrive(&e, 8, 0);
	until(&e, SECOND);
	T(DELIVERED(&e, 0, 7, 8) && e.n.rx_far == 1 && e.n.rx_lost == 6,
	    "a packet from too far ahead is dropped and counted");
	end_close(&e);
	conf.missing_window = GRE_RING;
	end_open_conf(&e, &conf);
	arrive(&e, 0, 0);
	arrive(&e, GRE_RING, 0);
	T(!e.g->probation, "no window is larger than what can be kept");
	arrive(&e, 2 * GRE_RING + 1, 0);
	T(e.g->probation, "and beyond that all is far");
	end_close(&e);
}

static void
test_nobuffer(void)
{
	struct gre_conf conf = plain;
	struct end e;

	conf.nobuffer = true;
	end_open_conf(&e, &conf);
	arrive(&e, 0, 0);
	arrive(&e, 2, 0);
	T(e.count == 2, "without buffer an early packet passes at once");
	arrive(&e, 1, 0);
	arrive(&e, 2, 0);
	arrive(&e, 6, 0);
	arrive(&e, 5, 0);
	T(DELIVERED(&e, 0, 2, 6) && e.n.rx_old == 2 && e.n.rx_lost == 4 &&
	    e.n.rx_duplicate == 1 && e.n.rx_reordered == 0,
	    "late ones are dropped, and counted");
	arrive(&e, 100000, 0);
	arrive(&e, 7, 0);
	T(e.count == 4 && e.n.rx_far == 1, "a stray does no harm there");
	end_close(&e);
}

static void
test_forgery(void)
{
	struct end e;
	uint64_t rnd = 7;
	unsigned wrong = 0;

	end_open(&e);
	for (uint32_t i = 0; i < 2000; i++) {
		arrive(&e, i, i * 200);
		arrive(&e, t_random(&rnd) | 0x10000, i * 200);
	}
	for (uint32_t i = 0; i < e.count; i++)
		wrong += e.got[i] != i;
	T(e.count == 2000 && wrong == 0 && e.n.rx_jumps == 0,
	    "a stray number after each packet: nothing lost, none believed");
	T(e.n.rx_far + e.n.rx_old == 1999, "all but the last judged");

	arrive(&e, 5000000, SECOND);
	arrive(&e, 5000001, SECOND);
	T(e.n.rx_jumps == 1 && e.count == 2002,
	    "two forgeries in a row are believed");
	arrive(&e, 2000, SECOND);
	arrive(&e, 2001, SECOND);
	arrive(&e, 2002, SECOND);
	T(e.n.rx_jumps == 2 && e.count == 2005 && e.got[2002] == 2000,
	    "and the true numbering is back within two packets");
	end_close(&e);
}

/* `count` packets from `first`, then a restart at `again` with other data. */
static void
restart(struct end *e, uint32_t first, uint32_t count, uint32_t again,
    int64_t now)
{
	end_open(e);
	for (uint32_t i = 0; i < count; i++)
		arrive(e, first + i, 0);
	e->epoch = 99;
	arrive(e, again, now);
	e->epoch = 99;
	arrive(e, again + 1, now);
	e->epoch = 99;
	arrive(e, again + 2, now);
}

static void
test_restart(void)
{
	static const struct {
		const char	*claim;
		uint32_t	 first, count, again;
		int64_t		 now;
	} rows[] = {
		{ "far behind, at 0", 1000000, 100, 0, 0 },
		{ "far behind, at 1", 1000000, 5000, 1, 0 },
		{ "after ten packets", 0, 11, 0, 0 },
		{ "after a thousand", 0, 1000, 0, 0 },
		{ "after five thousand", 0, 5000, 1, 0 },
		{ "across the wrap", 0xfffffff0, 100, 0xffff0000, 0 },
		{ "just below the beginning, later", 20, 5, 0, 2 * SECOND },
		{ "far ahead", 0, 100, 0x7fffff00, 0 },
		{ "half the circle away", 0, 100, 0x80000000 + 100, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t count = rows[i].count, again = rows[i].again;
		uint8_t buf[64];
		struct end e;

		restart(&e, rows[i].first, count, again, rows[i].now);
		T(e.count == count + 3 && e.got[count] == again &&
		    e.got[count + 2] == again + 2 && e.n.rx_jumps == 1 &&
		    e.bad == 0, "a restart %s is followed within two packets",
		    rows[i].claim);
		memset(buf, 0, sizeof(buf));
		T(gre_send(e.g, buf + 16, 4, 0) == 16 &&
		    get32(buf + 12) == again + 2,
		    "and acknowledged in its own numbering");
		end_close(&e);
	}
}

static void
test_not_restart(void)
{
	struct end e;
	uint32_t next;

	end_open(&e);
	for (uint32_t i = 0; i < 1000; i++)
		arrive(&e, i, 0);
	for (uint32_t i = 900; i < 1000; i++)
		arrive(&e, i, 0);
	arrive(&e, 990, 5 * SECOND);
	arrive(&e, 991, 5 * SECOND);
	arrive(&e, 1000, 5 * SECOND);
	T(e.count == 1001 && e.n.rx_duplicate == 102 && e.n.rx_jumps == 0,
	    "a burst that arrives twice is dropped, however long or late");
	end_close(&e);

	end_open(&e);
	for (uint32_t i = 5; i < 8; i++)
		arrive(&e, i, 0);
	for (uint32_t i = 0; i < 5; i++)
		arrive(&e, i, MS);
	arrive(&e, 8, MS);
	T(DELIVERED(&e, 5, 6, 7, 8) && e.n.rx_old == 5,
	    "a reordered beginning is no restart");
	end_close(&e);

	end_open(&e);
	for (uint32_t i = 0; i < 100; i++)
		arrive(&e, i, 0);
	arrive(&e, 150, 0);
	until(&e, SECOND);
	for (uint32_t i = 100; i < 150; i++)
		arrive(&e, i, SECOND);
	T(e.count == 101 && e.n.rx_old == 50 && e.n.rx_jumps == 0,
	    "a run of packets later than any wait is dropped");
	end_close(&e);

	end_open(&e);
	arrive(&e, 0, 0);
	arrive(&e, 100000, 0);
	arrive(&e, 100000, 0);
	arrive(&e, 1, 0);
	arrive(&e, 100001, 0);
	T(DELIVERED(&e, 0, 1) && e.n.rx_duplicate == 1 && e.n.rx_far == 1,
	    "neither its own copy nor one apart confirms a candidate");
	arrive(&e, 100003, 0);
	arrive(&e, 100000, 0);
	T(DELIVERED(&e, 0, 1) && e.n.rx_far == 3, "nor one close to it");
	end_close(&e);

	end_open(&e);
	arrive(&e, 0, 0);
	arrive(&e, 2, 0);
	arrive(&e, 4, 0);
	next = 70000;
	arrive(&e, next, 0);
	arrive(&e, next + 1, 0);
	T(DELIVERED(&e, 0, 2, 4, 70000, 70001) && e.n.rx_lost == 2,
	    "what waited is delivered before a jump is followed");
	end_close(&e);

	end_open(&e);
	arrive(&e, 0, 0);
	arrive_len(&e, 1000, 0, 0);
	arrive_len(&e, 1001, 0, 0);
	arrive(&e, 1002, 0);
	T(DELIVERED(&e, 0, 1002) && e.n.rx_jumps == 1 && e.n.rx_lost == 999,
	    "numbers without contents confirm a jump, too");
	end_close(&e);
}

static void
test_ack_policy(void)
{
	struct gre_conf conf = plain;
	uint8_t buf[64];
	struct end e;
	int64_t due;
	uint32_t most = 0;

	end_open(&e);
	T(gre_due(e.g) == GRE_NEVER && gre_output(e.g, buf, GRE_NEVER - 1) == 0,
	    "nothing received, nothing owed");
	arrive(&e, 0, SECOND);
	due = gre_due(e.g);
	T(due > SECOND && due <= SECOND + 20 * MS,
	    "a lone acknowledgement is due within 20 ms, number 0 too");
	T(gre_output(e.g, buf, due - 1) == 0, "not before");
	T(gre_output(e.g, buf, due) == 12 && get32(buf + 8) == 0,
	    "then it goes");
	T(gre_due(e.g) == GRE_NEVER, "and nothing more is due");
	arrive(&e, 0, 2 * SECOND);
	T(gre_due(e.g) == GRE_NEVER, "a duplicate is not acknowledged");
	arrive(&e, 5, 2 * SECOND);
	gre_output(e.g, buf, 3 * SECOND);
	T(get32(buf + 8) == 5, "the highest number counts, over a gap");
	arrive(&e, 3, 2 * SECOND + 1);
	gre_output(e.g, buf, 3 * SECOND);
	T(get32(buf + 8) == 5, "a late one does not turn it back");
	end_close(&e);

	end_open(&e);
	for (uint32_t i = 0; i < 10000; i++) {
		gre_recv(e.g, buf, packet(buf, i, 40, 0), i * 20);
		drain(&e, false, i * 20);
		if (e.g->owed > most)
			most = e.g->owed;
		e.acks += gre_output(e.g, buf, i * 20) > 0;
	}
	T(e.acks * 100 <= 15 * 10000 && most <= 32,
	    "in bulk %u acknowledgements for 10000 packets, at most %u owed",
	    e.acks, most);
	end_close(&e);

	for (uint16_t w = 1; w <= 8; w++) {
		unsigned limit = w / 2 > 0 ? w / 2 : 1;

		conf.window = w;
		end_open_conf(&e, &conf);
		for (uint32_t i = 0; i < 64; i++)
			arrive(&e, i, 0);
		T(e.acks == 64 / limit, "window %u: each %u packets", w, limit);
		end_close(&e);
	}
}

static void
test_rtt(void)
{
	uint8_t buf[64];
	struct end e;
	/* 2081: K, A, version 1; no payload; call 7; acknowledged N */
	uint8_t ack[12];

	t_hex(ack, sizeof(ack), "2081 880b 0000 0007 00000000");
	end_open(&e);
	gre_recv(e.g, ack, 12, 0);
	T(e.n.rx_acks == 0 && e.n.rtt_us == 0, "never sent: ignored");
	for (int64_t i = 0; i < 100; i++)
		gre_send(e.g, buf + 16, 4, i * MS);
	gre_recv(e.g, ack, 12, 100 * MS);
	T(e.n.rx_acks == 1 && e.n.rtt_us == 0,
	    "sent too long ago to be timed");
	put32(ack + 8, 90);
	gre_recv(e.g, ack, 12, 100 * MS);
	T(e.n.rtt_us == 10 * MS, "the first round trip stands as measured");
	gre_recv(e.g, ack, 12, 200 * MS);
	put32(ack + 8, 80);
	gre_recv(e.g, ack, 12, 200 * MS);
	put32(ack + 8, 100);
	gre_recv(e.g, ack, 12, 200 * MS);
	put32(ack + 8, 0xffffffff);
	gre_recv(e.g, ack, 12, 200 * MS);
	T(e.n.rtt_us == 10 * MS && e.n.rx_acks == 2,
	    "repeated, old, future and absurd ones are ignored");
	put32(ack + 8, 99);
	gre_recv(e.g, ack, 12, 117 * MS);
	T(e.n.rtt_us == 11 * MS, "RFC 2637 4.4: an eighth of the difference");
	gre_send(e.g, buf + 16, 4, 200 * MS);
	put32(ack + 8, 100);
	gre_recv(e.g, ack, 12, 200 * MS + 3600 * (int64_t)SECOND);
	T(e.n.rtt_us == 11 * MS && e.n.rx_acks == 4,
	    "an hour of suspension is no round trip");
	for (uint32_t i = 101; i < 100000; i++)
		gre_send(e.g, buf + 16, 4, 0);
	T(e.g->tx_next == 100000,
	    "silence of the server never stops the sender");
	end_close(&e);

	end_open(&e);
	for (uint32_t seq = 0, k = 1; k < 5; seq += 1u << 30, k++) {
		e.g->tx_next = e.g->tx_acked = seq;
		gre_send(e.g, buf + 16, 4, 0);
		put32(ack + 8, seq);
		gre_recv(e.g, ack, 12, k * MS);
	}
	T(T_EQ(e.n.rtt_us, 1689), "all round the circle of numbers");
	end_close(&e);
}

/* What the server believes if a number of ours was damaged on its way. */
static void
acknowledge(struct end *e, uint32_t seq, int64_t now)
{
	uint8_t ack[12];

	t_hex(ack, sizeof(ack), "2081 880b 0000 0007 00000000");
	put32(ack + 8, seq);
	gre_recv(e->g, ack, 12, now);
}

/* Sends a packet; its number. */
static uint32_t
number_sent(struct end *e, int64_t now)
{
	uint8_t buf[64], *frame = buf + 16;

	return get32(frame - gre_send(e->g, frame, 4, now) + 8);
}

/*
 * Acknowledgements of what was never sent: damaged or forged.  Whatever they
 * name, however many come, our own numbers go on by one.
 */
static void
test_acked_ahead(void)
{
	static const uint32_t named[] = { 2, 3, 258, 4096, 0x40000000,
	    0x7fffffff, 0x80000000, 0x80000001, 0x80000002, 0xfffffffe,
	    0xffffffff };
	struct end e;

	for (size_t i = 0; i < sizeof(named) / sizeof(*named); i++) {
		bool moved = false;

		end_open(&e);
		number_sent(&e, 0);
		number_sent(&e, 0);
		for (uint32_t n = 0; n < 500; n++) {
			acknowledge(&e, named[i] + n % 3, n * 10 * MS);
			moved = moved ||
			    number_sent(&e, n * 10 * MS) != n + 2;
		}
		T(!moved, "acknowledged up to %u: the next number is ours",
		    named[i]);
		end_close(&e);
	}
	end_open(&e);
	acknowledge(&e, 77, 0);
	T(number_sent(&e, SECOND) == 0 && e.n.rx_acks == 0,
	    "and before anything was sent it counts for nothing");
	end_close(&e);
}

static void
test_send_failed(void)
{
	uint8_t buf[64], later[64];
	struct end e;
	size_t h;

	end_open(&e);
	arrive(&e, 9, 0);
	h = gre_send(e.g, buf + 16, 30, 0);
	gre_send(e.g, later + 16, 40, 0);
	gre_send_failed(e.g, buf + 16 - h);
	T(e.n.tx_packets == 1 && e.n.tx_octets == 40 && e.n.tx_lost == 1,
	    "a refused packet is taken back and counted lost");
	T(gre_output(e.g, buf, GRE_ACK_REPEAT_US) == 12 &&
	    get32(buf + 8) == 9,
	    "the acknowledgement it carried is repeated alone");
	end_close(&e);
}

/* What was sent last may be waiting for a lost packet at the server. */
static void
test_spurs(void)
{
	uint8_t buf[64], ack[12];
	struct end e;
	int64_t t = SECOND;

	t_hex(ack, sizeof(ack), "2081 880b 0000 0007 00000001");
	end_open(&e);
	gre_send(e.g, buf + 16, 30, t);
	T(gre_due(e.g) == GRE_NEVER, "nothing received: nothing to say again");
	arrive(&e, 9, t);
	gre_send(e.g, buf + 16, 30, t);
	T(gre_due(e.g) == t + GRE_ACK_REPEAT_US &&
	    gre_output(e.g, buf, t + GRE_ACK_REPEAT_US - 1) == 0,
	    "no answer for a while: not yet");
	until(&e, t + 60 * (int64_t)SECOND);
	T(e.acks == GRE_ACK_REPEATS && gre_due(e.g) == GRE_NEVER,
	    "then an acknowledgement so many times, and no more");
	t += 60 * (int64_t)SECOND;
	gre_send(e.g, buf + 16, 30, t);
	T(gre_output(e.g, buf, t + GRE_ACK_REPEAT_US) == 12 &&
	    get32(buf + 8) == 9,
	    "it says what was said before");
	put32(ack + 8, 2);
	gre_recv(e.g, ack, 12, t + GRE_ACK_REPEAT_US + 1);
	drain(&e, false, t + GRE_ACK_REPEAT_US + 1);
	T(gre_due(e.g) == GRE_NEVER, "an answer ends it");
	end_close(&e);
}

/* A tunnel whose server has acknowledged 0 and, until t, neither 1 nor 2. */
static void
lacking(struct end *e, const struct gre_conf *conf, int64_t t)
{
	end_open_conf(e, conf);
	arrive(e, 9, 0);
	number_sent(e, 0);
	acknowledge(e, 0, 20 * MS);
	number_sent(e, 20 * MS);
	number_sent(e, 20 * MS);
	until(e, t);
}

/*
 * A server that acknowledges only what it has without a gap: what stands in for
 * the packet it lacks.
 */
static void
test_fills(void)
{
	/* The round trip is 20 ms. */
	const int64_t wait = 30 * MS + FILLER_US;
	struct gre_conf conf = plain;
	uint8_t buf[GRE_OUTPUT_MAX];
	struct end e;
	int64_t t = SECOND;

	lacking(&e, &conf, t);
	T(e.n.tx_fills == 0, "a server that holds nothing back is left alone");
	end_close(&e);

	conf.fill_gaps = true;
	end_open_conf(&e, &conf);
	arrive(&e, 9, 0);
	number_sent(&e, 0);
	number_sent(&e, 0);
	until(&e, t);
	T(e.n.tx_fills == 0, "and so is one that has never acknowledged");
	end_close(&e);

	lacking(&e, &conf, t);
	T(e.n.tx_fills == 0, "number 1 would be a new beginning to it");
	acknowledge(&e, 2, t);
	e.n.rtt_us = 20 * MS;
	number_sent(&e, t);
	t += SECOND;
	until(&e, t);
	T(e.n.tx_fills == 0, "nothing is behind it: nothing is held back");
	number_sent(&e, t);
	until(&e, t + wait - 1);
	T(e.n.tx_fills == 0 && gre_due(e.g) == t + wait,
	    "one and a half round trips and 20 ms, from the second one on");
	t += wait;
	T(gre_output(e.g, buf, t) == 24 && buf[0] == 0x30 && buf[1] == 0x01 &&
	    get32(buf + 8) == 3 && e.n.tx_fills == 1,
	    "then a packet of the first number that is missing");
	T(memcmp(buf + 12, "\xff\x03\xc0\x21\x0b\0\0\x08\0\0\0\0", 12)
	    == 0 && buf[5] == 12, "it is an LCP Discard-Request");
	T(gre_output(e.g, buf, t) == 12 && buf[1] == 0x81,
	    "and something behind it, so that the server looks");
	T(gre_output(e.g, buf, t) == 0 && e.n.tx_packets == 5,
	    "no more; it is not counted as sent");
	acknowledge(&e, 4, t + 60 * MS);
	T(e.n.rtt_us == 20 * MS && e.g->tx_acked == 5,
	    "what was held back tells no round trip");
	number_sent(&e, t + 100 * MS);
	number_sent(&e, t + 100 * MS);
	acknowledge(&e, 5, t + 100 * MS + wait - 1);
	number_sent(&e, t + 100 * MS + wait);
	until(&e, t + 100 * MS + wait);
	T(e.n.tx_fills == 1, "progress begins the wait anew");
	until(&e, t + 3600 * (int64_t)SECOND);
	T(e.n.tx_fills == 1 + FILLERS, "without any it is tried %d times",
	    FILLERS);
	number_sent(&e, 2 * 3600 * (int64_t)SECOND);
	acknowledge(&e, 7, 2 * 3600 * (int64_t)SECOND);
	number_sent(&e, 2 * 3600 * (int64_t)SECOND);
	gre_output(e.g, buf, 3 * 3600 * (int64_t)SECOND);
	gre_output(e.g, buf, 3 * 3600 * (int64_t)SECOND);
	T(gre_output(e.g, buf, 3 * 3600 * (int64_t)SECOND) == 0,
	    "after an hour of suspension once is enough");
	end_close(&e);
}

static void
test_clock(void)
{
	const int64_t hour = 3600 * (int64_t)SECOND;
	struct end e;
	uint8_t buf[64];

	end_open(&e);
	arrive(&e, 0, 0);
	arrive(&e, 2, 0);
	until(&e, hour);
	arrive(&e, 3, hour);
	T(DELIVERED(&e, 0, 2, 3), "an hour passes at once");
	arrive(&e, 5, hour);
	gre_recv(e.g, buf, packet(buf, 6, 40, 0), 0);
	drain(&e, false, 0);
	until(&e, 2 * hour);
	T(DELIVERED(&e, 0, 2, 3, 5, 6), "backwards and on again");
	end_close(&e);
}

static size_t
cells_used(const struct end *e)
{
	size_t used = 0;

	for (size_t i = 0; i < CELLS; i++) {
		const uint8_t *p = e->g->cells[i];
		size_t k = 0;

		while (k < HDLC_FRAME_MAX && p[k] == 0)
			k++;
		used += k < HDLC_FRAME_MAX;
	}
	return used;
}

static void
test_memory(void)
{
	struct end e;

	end_open(&e);
	for (uint32_t i = 0; i < 20000; i++)
		arrive(&e, i, i * 100);
	T(cells_used(&e) == 0 && e.g->slots[0].opened == 0 &&
	    memcmp(e.g->slots, e.g->slots + 1, sizeof(e.g->slots) -
	    sizeof(e.g->slots[0])) == 0,
	    "20000 packets in order touch no memory of the ring");
	for (uint32_t i = 20000; i < 40000; i += 2) {
		arrive(&e, i + 1, i * 100);
		arrive(&e, i, i * 100);
	}
	T(cells_used(&e) == 1 && e.count == 40000,
	    "10000 swapped pairs use one cell");
	T(e.g->free_cells == CELLS, "and every cell comes back");
	T(e.g->known == BEHIND_MAX, "no more is believed known than is kept");
	end_close(&e);
}

/* --- a network with a clock ---------------------------------------------- */

struct arrival {
	int64_t		 when;
	uint32_t	 seq;
};

static int
by_time(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;

	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	return seq_diff(x->seq, y->seq);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

struct net {
	const char	*name;
	unsigned	 pps, loss;	/* loss in 1/1000 */
	unsigned	 swap_each, late_each;	/* 0: never */
	int64_t		 delay, jitter;
	unsigned	 early;		/* percent that skip the delay */
	unsigned	 count;
};

struct result {
	unsigned	 lost;		/* by us: arrived, not delivered */
	unsigned	 lost_learned;	/* of these, after the first 500 */
	int64_t		 p50, p99, max;	/* delay we added */
	unsigned	 backwards;
};

/* When each packet arrives; the number of arrivals. */
static unsigned
network(const struct net *net, struct arrival *a, uint32_t first, int64_t start,
    uint64_t *rnd)
{
	int64_t gap = SECOND / net->pps;
	bool early = false;
	unsigned n = 0;

	/* The first packet sets the beginning, ahead of the bustle. */
	a[n].when = start;
	a[n++].seq = first;
	for (unsigned i = 1; i < net->count; i++) {
		int64_t t = start + i * gap;

		if (net->swap_each > 0 && i % net->swap_each == 0)
			t += gap + gap / 2;
		if (net->late_each > 0 && i % net->late_each == 0)
			t += 5 * gap + gap / 2;
		/* Half of the time a packet does as the one before it. */
		if (net->early > 0 && t_random(rnd) % 2 == 0)
			early = t_random(rnd) % 100 < net->early;
		if (net->delay > 0 && !early)
			t += net->delay - net->jitter +
			    t_random(rnd) % (2 * net->jitter + 1);
		if (t_random(rnd) % 1000 < net->loss)
			continue;
		a[n].when = t;
		a[n++].seq = first + i;
	}
	qsort(a, n, sizeof(*a), by_time);
	return n;
}

/* Sends net->count packets through; e keeps what it has learned before. */
static struct result
run(struct end *e, const struct net *net, uint32_t first, int64_t start,
    uint64_t *rnd)
{
	struct arrival *a = calloc(net->count, sizeof(*a));
	int64_t *came = calloc(net->count, sizeof(*came));
	int64_t *delay = calloc(net->count, sizeof(*delay));
	struct result r = { 0 };
	unsigned n;

	if (a == NULL || came == NULL || delay == NULL)
		abort();
	n = network(net, a, first, start, rnd);
	e->count = 0;
	for (unsigned i = 0; i < n; i++) {
		came[a[i].seq - first] = a[i].when + 1;
		arrive(e, a[i].seq, a[i].when);
	}
	until(e, a[n - 1].when + SECOND);
	for (size_t i = 0; i < e->count; i++) {
		uint32_t k = e->got[i] - first;

		r.backwards += i > 0 && e->got[i] <= e->got[i - 1];
		delay[i] = e->when[i] - (came[k] - 1);
		came[k] = 0;
	}
	for (unsigned i = 0; i < net->count; i++) {
		r.lost += came[i] != 0;
		r.lost_learned += came[i] != 0 && i >= 500;
	}
	qsort(delay, e->count, sizeof(*delay), by_value);
	r.p50 = delay[e->count * 55 / 100];
	r.p99 = delay[e->count * 99 / 100];
	r.max = delay[e->count - 1];
	free(a);
	free(came);
	free(delay);
	return r;
}

static void
test_wait(void)
{
	/*
	 * name, packets/s, loss, swap, late, delay, jitter, early, count;
	 * most lost, of these after 500 packets, p50 and p99 added in us
	 */
	static const struct {
		struct net	 net;
		unsigned	 lost, learned;
		int64_t		 p50, p99;
	} rows[] = {
		{ { "1 % loss", 5000, 10, 0, 0, 0, 0, 0, 10000 },
		  0, 0, 0, 15 * MS },
		{ { "1 % loss, fast", 40000, 10, 0, 0, 0, 0, 0, 40000 },
		  0, 0, 0, 15 * MS },
		{ { "1 % loss, slow", 300, 10, 0, 0, 0, 0, 0, 10000 },
		  0, 0, 0, 20 * MS },
		{ { "swapped pairs", 5000, 0, 10, 0, 0, 0, 0, 10000 },
		  0, 0, 0, 200 },
		{ { "swapped pairs, slow", 100, 0, 10, 0, 0, 0, 0, 10000 },
		  0, 0, 0, 10 * MS },
		{ { "swapped pairs, 1 % loss", 5000, 10, 10, 0, 0, 0, 0,
		  10000 }, 0, 0, 0, 15 * MS },
		{ { "five late", 5000, 0, 0, 50, 0, 0, 0, 10000 },
		  0, 0, 0, MS },
		{ { "five late, fast", 40000, 0, 0, 50, 0, 0, 0, 10000 },
		  0, 0, 0, MS },
		{ { "five late, 1 % loss", 5000, 10, 0, 50, 0, 0, 0, 10000 },
		  0, 0, 0, 15 * MS },
		{ { "a quarter early, 500/s", 500, 0, 0, 0, 10 * MS, 3 * MS,
		  25, 10000 }, 0, 0, 13 * MS, 13 * MS },
		{ { "a quarter early, 2000/s", 2000, 0, 0, 0, 10 * MS, 3 * MS,
		  25, 20000 }, 0, 0, 13 * MS, 13 * MS },
		{ { "a quarter early, 10000/s", 10000, 0, 0, 0, 10 * MS,
		  3 * MS, 25, 20000 }, 0, 0, 13 * MS, 13 * MS },
		{ { "a quarter early, 30000/s", 30000, 0, 0, 0, 10 * MS,
		  3 * MS, 25, 20000 }, 0, 0, 13 * MS, 13 * MS },
		{ { "a quarter early, 1 % loss", 2000, 10, 0, 0, 10 * MS,
		  3 * MS, 25, 20000 }, 20, 20, 20 * MS, 20 * MS },
		{ { "a quarter 25 ms early", 5000, 0, 0, 0, 20 * MS, 5 * MS,
		  25, 20000 }, 30, 0, 25 * MS, 25 * MS },
		{ { "a quarter 100 ms early", 3000, 0, 0, 0, 80 * MS, 20 * MS,
		  25, 20000 }, 200, 0, 100 * MS, 100 * MS },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct net *net = &rows[i].net;
		uint64_t rnd = i + 1;
		struct result r;
		struct end e;

		end_open(&e);
		r = run(&e, net, 0, 0, &rnd);
		T(r.backwards == 0 && e.bad == 0 && e.stuck == 0 &&
		    r.lost <= rows[i].lost &&
		    r.lost_learned <= rows[i].learned &&
		    r.p50 <= rows[i].p50 && r.p99 <= rows[i].p99,
		    "%s: lost %u (%u later on), added p50 %lld p99 %lld us",
		    net->name, r.lost, r.lost_learned, (long long)r.p50,
		    (long long)r.p99);
		end_close(&e);
	}
}

/* What was learned is forgotten under loss, and learned again. */
static void
test_wait_changes(void)
{
	static const struct net
	    loss = { "loss", 5000, 10, 0, 0, 0, 0, 0, 10000 },
	    early = { "early", 5000, 0, 0, 0, 80 * MS, 20 * MS, 25, 10000 };
	uint64_t rnd = 5;
	struct result r;
	struct end e;
	uint32_t seq = 0;
	int64_t t = 0, grown;

	end_open(&e);
	run(&e, &early, seq, t, &rnd);
	grown = reorder_wait(e.g);
	T(grown > 90 * MS && grown < 150 * MS,
	    "lateness of 100 ms is learned: %lld us", (long long)grown);
	r = run(&e, &loss, seq += 10000, t += 4 * SECOND, &rnd);
	T(reorder_wait(e.g) < 2 * MS && r.lost == 0,
	    "a hundred losses undo it: %lld us", (long long)reorder_wait(e.g));
	r = run(&e, &loss, seq += 10000, t += 4 * SECOND, &rnd);
	T(r.p50 == 0 && r.p99 <= 2 * MS && r.lost == 0,
	    "then one loss in a hundred costs p50 %lld p99 %lld us",
	    (long long)r.p50, (long long)r.p99);
	r = run(&e, &early, seq += 10000, t += 4 * SECOND, &rnd);
	T(r.lost <= 400 && r.lost_learned == 0,
	    "lateness comes back: %u lost until it is known", r.lost);
	end_close(&e);

	end_open(&e);
	arrive(&e, 0, 0);
	e.g->late_us = 0;
	arrive(&e, 2, 0);
	until(&e, 100 * MS);
	arrive(&e, 1, 250 * MS);
	T(reorder_wait(e.g) <= 2 * MS, "one freak teaches little");
	arrive(&e, 5, 300 * MS);
	until(&e, SECOND);
	arrive(&e, 3, 300 * MS + SECOND);
	arrive(&e, 4, 300 * MS + SECOND);
	T(reorder_wait(e.g) <= 2 * MS, "nor what is beyond any wait allowed");
	end_close(&e);
}

/* Lateness is remembered in packets, too, and each loss counts once. */
static void
test_wait_count(void)
{
	struct end e;
	uint32_t seq = 0;
	int64_t t = 0;
	uint64_t lost = 0;

	end_open(&e);
	e.g->late_us = 0;
	/* Twenty places late, each 50 us and then each 120 us apart. */
	for (unsigned round = 0; round < 400; round++) {
		uint32_t late = seq++;
		int64_t gap = round < 200 ? 50 : 120;

		if (round == 0)
			arrive(&e, late, t);
		for (unsigned i = 0; i < 20; i++)
			arrive(&e, seq++, t += gap);
		arrive(&e, late, t);
		for (unsigned i = 0; i < 20; i++)
			arrive(&e, seq++, t += gap);
		if (round == 199)
			lost = e.n.rx_lost;
	}
	T(lost > 0 && lost < 5, "twenty places late are learned: %llu lost",
	    (unsigned long long)lost);
	T(e.n.rx_lost == lost && e.n.rx_old == lost,
	    "and stay known when the link slows down");
	end_close(&e);

	end_open(&e);
	e.g->late_us = 80 * MS;
	arrive(&e, 0, 0);
	arrive(&e, 51, 0);
	until(&e, SECOND);
	T(e.g->late_us == 70 * MS && e.n.rx_lost == 50,
	    "fifty lost at once shorten the wait once");
	end_close(&e);

	end_open(&e);
	arrive(&e, 0, 0);
	for (seq = 2; seq <= 600; seq++)
		if (seq != 1 + GRE_RING)
			arrive(&e, seq, seq < 1 + GRE_RING ? 0 : SECOND);
	e.g->late_us = 0;
	arrive(&e, 1, SECOND + 4 * MS);
	T(e.g->late_us == 0 && e.n.rx_old == 1,
	    "a packet a ring too late is not taken for another");
	end_close(&e);
}

/* The user's bound holds whatever was learned. */
static void
test_wait_bound(void)
{
	struct gre_conf conf = plain;
	struct end e;

	conf.reorder_us = 20 * MS;
	end_open_conf(&e, &conf);
	e.g->late_us = 500 * MS;
	e.g->late_count = 400;
	arrive(&e, 0, 0);
	arrive(&e, 2, 0);
	T(gap_due(e.g) == 20 * MS, "no hole is held beyond the bound");
	end_close(&e);
	conf.reorder_us = 0;
	end_open_conf(&e, &conf);
	arrive(&e, 0, 0);
	arrive(&e, 2, 0);
	until(&e, 0);
	T(DELIVERED(&e, 0, 2), "a bound of nothing holds nothing");
	end_close(&e);
}

/*
 * 200 000 steps of a network that drops, doubles, delays by random places,
 * and now and then breaks off for longer than the ring.
 */
static void
test_model(uint64_t seed)
{
	enum { POOL = 24, STEPS = 200000 };
	uint32_t pool[POOL] = { 0 }, seq = (uint32_t)seed - 5000;
	unsigned in_pool = 0, wrong = 0, early = 0, jumps = 0;
	uint64_t rnd = seed, data = 0;
	uint8_t *sent = calloc(STEPS * 2, 1);
	uint32_t origin = seq;
	struct end e;
	int64_t t = 0;

	if (sent == NULL)
		abort();
	end_open(&e);
	for (unsigned i = 0; i < STEPS; i++) {
		unsigned what = t_random(&rnd) % 1000, k;

		t += t_random(&rnd) % 400;
		if (what < 30)
			seq++;
		else if (what < 900 && in_pool < POOL)
			pool[in_pool++] = seq++;
		if (what == 999 && i % 7 == 0) {
			in_pool = 0;
			seq += 1000;
			jumps++;
			t += 2 * SECOND;
		}
		if (in_pool == 0)
			continue;
		k = t_random(&rnd) % in_pool;
		if (i == 0)
			origin = pool[k];
		data++;
		sent[(pool[k] - origin) % (STEPS * 2)] = 1;
		arrive(&e, pool[k], t);
		if (seq_diff(e.g->top, e.g->next) > GRE_RING ||
		    e.g->owed >= 32)
			wrong++;
		if (what % 20 != 0)
			pool[k] = pool[--in_pool];
	}
	until(&e, t + SECOND);
	for (size_t i = 0; i < e.count; i++) {
		if (i > 0 && seq_diff(e.got[i], e.got[i - 1]) <= 0)
			wrong++;
		if (sent[(e.got[i] - origin) % (STEPS * 2)] == 0)
			early++;
	}
	T(wrong == 0 && early == 0 && e.bad == 0 && e.stuck == 0,
	    "model: %zu frames in order, once, intact, %u breaks", e.count,
	    jumps);
	T(e.n.rx_packets == e.count && data == e.n.rx_packets +
	    e.n.rx_duplicate + e.n.rx_old + e.n.rx_far + e.g->probation,
	    "model: each packet is counted exactly once");
	T(e.g->free_cells + e.g->probation == CELLS &&
	    cells_used(&e) <= GRE_RING,
	    "model: every cell comes back; %zu were needed", cells_used(&e));
	T(e.count > data / 2, "model: most were delivered (%llu came)",
	    (unsigned long long)data);
	free(sent);
	end_close(&e);
}

int
main(void)
{
	test_decode();
	test_decode_fields();
	test_encode();
	test_order();
	test_no_copy();
	test_refused();
	test_wrap();
	test_early_end();
	test_full_ring();
	test_missing_window();
	test_nobuffer();
	test_forgery();
	test_restart();
	test_not_restart();
	test_ack_policy();
	test_rtt();
	test_acked_ahead();
	test_send_failed();
	test_spurs();
	test_fills();
	test_clock();
	test_memory();
	test_wait();
	test_wait_changes();
	test_wait_count();
	test_wait_bound();
	test_model(1);
	test_model(4900);
	return t_done();
}
