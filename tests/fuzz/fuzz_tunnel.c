/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two ends and a network between them whose every whim is an octet of input:
 * it drops, doubles, reorders, delays and refuses; acknowledgements it forges and
 * falsifies, too.  Each end delivers what the other sent, intact, in order, never
 * twice, and acknowledges only what was sent; no acknowledgement moves a number.
 */
#include <stdlib.h>

#include "../../pptp_gre.c"

#define MUST(x)	do { if (!(x)) __builtin_trap(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { POOL = 48, PACKET = GRE_HEADER_MAX + 64, LONGEST_BREAK = 400 };

struct flying {
	uint8_t		 octets[PACKET];
	size_t		 len;
	bool		 false_ack;
};

struct side {
	struct gre	*g;
	struct gre_counters n;
	struct flying	 pool[POOL];	/* on the way to the other side */
	unsigned	 flying;
	uint32_t	 sent;		/* frames, numbered in their contents */
	uint32_t	 last;		/* the number delivered last here */
	uint64_t	 reached;	/* data packets that came here */
};

static struct side side[2];
static void *mem[2];

static void
start(uint8_t choice)
{
	for (unsigned i = 0; i < 2; i++) {
		struct gre_conf conf = { .call = (uint16_t)(10 + i),
			.peer_call = (uint16_t)(11 - i),
			.window = choice & 1 ? 64 : 3,
			.fill_gaps = true,
			.reorder_us = choice & 2 ? 300000 : 10000 };

		if (mem[i] == NULL)
			mem[i] = aligned_alloc(64,
			    (gre_size() + 63) / 64 * 64);
		MUST(mem[i] != NULL);
		memset(mem[i], 0, sizeof(struct gre));
		memset(&side[i], 0, sizeof(side[i]));
		side[i].g = gre_init(mem[i], &conf, &side[i].n);
		if (choice & 4)
			side[i].g->tx_next = side[i].g->tx_acked = 0xfffffff0;
	}
}

static void
fly(struct side *s, const uint8_t *p, size_t len)
{
	MUST(len <= PACKET && s->flying < POOL);
	memcpy(s->pool[s->flying].octets, p, len);
	s->pool[s->flying].false_ack = false;
	s->pool[s->flying++].len = len;
}

/* A number near or far from the next one of this side. */
static uint32_t
some_ack(const struct side *s, unsigned k)
{
	return k < 16 ? s->g->tx_next - 8 + k :
	    s->g->tx_next + (1u << 2 * (k - 16));
}

static void
put_number(uint8_t *p, uint32_t n)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* What it acknowledges, if that, is another number. */
static void
falsify(struct flying *f, uint32_t ack)
{
	struct gre_packet p;

	if (gre_decode(&p, f->octets, f->len) != GRE_OK || !p.has_ack)
		return;
	put_number(f->octets + (p.has_seq ? 12 : 8), ack);
	f->false_ack = true;
}

/* One frame, told apart by its number; its length follows from that. */
static void
send_frame(struct side *s, bool refused, int64_t now)
{
	uint8_t room[PACKET], *frame = room + GRE_HEADER_MAX;
	uint32_t k = ++s->sent;
	size_t len = 4 + k % 61, h;

	for (size_t i = 0; i < len; i++)
		frame[i] = (uint8_t)(i < 4 ? k >> 8 * i : k * 13 + i);
	h = gre_send(s->g, frame, len, now);
	if (refused)
		gre_send_failed(s->g, frame - h);
	else
		fly(s, frame - h, h + len);
}

static void
drain(struct side *s, const struct side *from, bool drained, int64_t now)
{
	const uint8_t *p;
	size_t len;

	while ((p = gre_next(s->g, &len, drained, now)) != NULL) {
		uint32_t k;

		MUST(len >= 4);
		k = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		    (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		MUST(k > s->last && k <= from->sent && len == 4 + k % 61);
		for (size_t i = 4; i < len; i++)
			MUST(p[i] == (uint8_t)(k * 13 + i));
		s->last = k;
	}
}

/* What is sent in place of a frame that seems lost. */
static bool
is_fill(const uint8_t *p, size_t len)
{
	return len == 12 && memcmp(p, "\xff\x03\xc0\x21", 4) == 0;
}

static void
reach(struct side *s, const struct side *from, const struct flying *f,
    int64_t now)
{
	uint8_t *copy = malloc(f->len);
	uint32_t next = s->g->tx_next;
	struct gre_packet p;

	MUST(copy != NULL);
	memcpy(copy, f->octets, f->len);
	/* What stands in for a frame is for servers that know no better. */
	MUST(gre_decode(&p, copy, f->len) == GRE_OK);
	if (p.has_seq && is_fill(p.data, p.len)) {
		free(copy);
		return;
	}
	MUST(gre_recv(s->g, copy, f->len, now) == GRE_OK);
	s->reached += p.has_seq;
	/* What is acknowledged was sent, and here. */
	if (p.has_ack && !f->false_ack)
		MUST(seq_diff(p.ack, s->g->tx_next) < 0);
	MUST(s->g->tx_next == next && seq_diff(s->g->tx_acked, next) <= 0);
	drain(s, from, false, now);
	free(copy);
}

/* A bare acknowledgement that nobody sent, for this side's call. */
static void
forge(struct side *s, const struct side *from, unsigned k, int64_t now)
{
	struct flying f = { .len = 12, .false_ack = true, .octets = { 0x20,
	    0x81, 0x88, 0x0b, 0, 0, 0, (uint8_t)s->g->conf.call } };

	put_number(f.octets + 8, some_ack(s, k));
	reach(s, from, &f, now);
}

/* Does with the flying packets as the octet says. */
static void
whim(struct side *s, struct side *to, uint8_t what, int64_t now)
{
	unsigned k;
	bool first = to->reached == 0;

	if ((what & 7) == 4)
		forge(to, s, what >> 3, now);
	if (s->flying == 0)
		return;
	/* The first one sets the numbering, so it comes first. */
	k = first ? 0 : (what >> 3) % s->flying;
	switch (what & 7) {
	case 0:
		if (first || s->g->tx_next - to->g->top >= LONGEST_BREAK)
			break;
		s->pool[k] = s->pool[--s->flying];
		return;
	case 1:
		reach(to, s, &s->pool[k], now);
		return;
	case 2:
	case 3:
		k = 0;
		break;
	case 5:
		falsify(&s->pool[k], some_ack(to, what >> 3));
		break;
	default:
		break;
	}
	reach(to, s, &s->pool[k], now);
	s->flying--;
	memmove(&s->pool[k], &s->pool[k + 1],
	    (s->flying - k) * sizeof(s->pool[0]));
}

static void
check(const struct side *s)
{
	const struct gre_counters *n = &s->n;
	uint32_t half = s->g->conf.window / 2u;

	MUST(n->rx_jumps == 0 && n->rx_far == 0 && n->rx_bad == 0);
	MUST(s->g->owed < half);
	MUST(n->rx_packets + n->rx_duplicate + n->rx_old <= s->reached);
	MUST(s->reached - n->rx_packets - n->rx_duplicate - n->rx_old ==
	    CELLS - s->g->free_cells);
}

static void
step(uint8_t what, uint8_t how, int64_t now)
{
	struct side *s = &side[what >> 7], *to = &side[!(what >> 7)];
	uint8_t ack[GRE_OUTPUT_MAX];
	size_t len;

	/* A crowded network passes its oldest on. */
	while (s->flying >= POOL - 4)
		whim(s, to, 2, now);
	if ((what & 0x40) != 0)
		send_frame(s, (how & 7) == 6 && to->reached > 0 &&
		    s->g->tx_next - to->g->top < LONGEST_BREAK, now);
	whim(s, to, how, now);
	drain(s, to, true, now);
	while ((len = gre_output(s->g, ack, now)) > 0)
		fly(s, ack, len);
	MUST(gre_due(s->g) > now);
	while (to->flying >= POOL - 4)
		whim(to, s, 2, now);
	while ((len = gre_output(to->g, ack, now)) > 0)
		fly(to, ack, len);
	while (gre_output(s->g, ack, now) > 0)
		continue;
	check(s);
	check(to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int64_t now = 0;

	if (size < 1)
		return 0;
	start(data[0]);
	for (size_t i = 1; i + 2 <= size && i < 8000; i += 2) {
		unsigned pace = data[i] & 0x3f;

		/* From microseconds to, rarely, an hour of suspension. */
		now += pace == 0x3f ? 3600000000 : (int64_t)pace * pace * 8;
		step(data[i], data[i + 1], now);
	}
	for (unsigned i = 0; i < 2; i++) {
		while (side[i].flying > 0)
			reach(&side[!i], &side[i],
			    &side[i].pool[--side[i].flying], now);
		drain(&side[!i], &side[i], true, now + 300000);
		MUST(side[!i].g->next == side[!i].g->top);
		MUST(side[!i].reached == side[!i].n.rx_packets +
		    side[!i].n.rx_duplicate + side[!i].n.rx_old);
	}
	return 0;
}
