/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any series of packets and pauses against a model that is nothing but a list.
 * Every three octets of input are one step: what, how far, how long.  The
 * first octet of all chooses the configuration.
 */
#include <stdlib.h>

#include "../../pptp_gre.c"

#define MUST(x)	do { if (!(x)) __builtin_trap(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIST = 1024, SIZES = 4 };

static const uint16_t sizes[SIZES] = { 8, 0, 1400, HDLC_FRAME_MAX };

/* Accepted and not delivered; last is the number delivered last. */
static struct {
	uint32_t	 list[LIST], last, jump_to;
	unsigned	 count, vanished;
	bool		 any, jumping;
} model;

static struct gre *g;
static struct gre_counters n;
static uint64_t fed;

static void
model_insert(uint32_t seq)
{
	for (unsigned i = 0; i < model.count; i++)
		MUST(model.list[i] != seq);
	MUST(model.count < LIST);
	model.list[model.count++] = seq;
}

/* Numbers without contents vanish in silence. */
static void
model_skip(uint32_t upto)
{
	for (unsigned i = 0; i < model.count;)
		if (seq_diff(model.list[i], upto) < 0) {
			MUST(sizes[model.list[i] % SIZES] == 0);
			model.list[i] = model.list[--model.count];
			model.vanished++;
		} else
			i++;
}

/* A new numbering: the old one has been delivered to its end. */
static void
model_jump(void)
{
	for (unsigned i = 0; i < model.count; i++)
		MUST(sizes[model.list[i] % SIZES] == 0);
	model.vanished += model.count;
	model.count = 0;
	model.any = model.jumping = false;
	model_insert(model.jump_to);
	model_insert(model.jump_to + 1);
}

static void
model_deliver(uint32_t seq)
{
	if (model.jumping && seq - model.jump_to < 2)
		model_jump();
	MUST(!model.any || seq_diff(seq, model.last) > 0);
	if (!model.jumping)
		model_skip(seq);
	for (unsigned i = 0; i < model.count; i++)
		if (model.list[i] == seq) {
			model.list[i] = model.list[--model.count];
			model.last = seq;
			model.any = true;
			return;
		}
	MUST(false);		/* delivered what was not accepted */
}

static size_t
packet(uint8_t *buf, uint32_t seq, unsigned kind)
{
	uint16_t len = sizes[seq % SIZES];
	struct wr w = { .p = buf, .end = buf + 12 };

	wr_u32(&w, 0x3001880b);
	wr_u16(&w, len);
	wr_u16(&w, 1);
	wr_u32(&w, seq);
	for (unsigned i = 0; i < len; i++)
		buf[12 + i] = (uint8_t)(seq >> 8 * (i % 4));
	if (len > 0)
		buf[12 + 7] = (uint8_t)kind;
	return 12 + (size_t)len;
}

static void
drain(bool drained, int64_t now)
{
	const uint8_t *p;
	size_t len;

	while ((p = gre_next(g, &len, drained, now)) != NULL) {
		uint32_t seq = (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		    (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;

		MUST(len == sizes[seq % SIZES]);
		for (size_t i = 8; i < len; i++)
			MUST(p[i] == (uint8_t)(seq >> 8 * (i % 4)));
		model_deliver(seq);
	}
	if (model.jumping)
		model_jump();
	model_skip(g->next);
	for (unsigned i = 0; i < model.count; i++)
		MUST(model.list[i] != g->next);
}

/* What is true between any two steps. */
static void
check(void)
{
	unsigned held = 0;

	MUST(g->state == PENDING_NONE && !g->jump);
	MUST(seq_diff(g->top, g->next) >= 0 &&
	    seq_diff(g->top, g->next) <= GRE_RING);
	for (unsigned i = 0; i < model.count; i++)
		held += sizes[model.list[i] % SIZES] != 0;
	if (g->probation && g->bad_slot.cell != NO_CELL)
		held++;
	MUST(g->free_cells + held == CELLS);
	MUST(g->owed < 64);
	MUST(reorder_wait(g) >= 0 && reorder_wait(g) <= g->conf.reorder_us);
}

static void
feed(uint32_t seq, unsigned kind, int64_t now)
{
	uint8_t *buf = malloc(12 + HDLC_FRAME_MAX);
	struct gre_counters was = n;
	uint8_t ack[GRE_OUTPUT_MAX];
	uint64_t dropped;
	bool probation = g->probation;
	uint32_t candidate = g->bad_seq;

	MUST(buf != NULL);
	MUST(gre_recv(g, buf, packet(buf, seq, kind), now) == GRE_OK);
	fed++;
	dropped = n.rx_duplicate - was.rx_duplicate + n.rx_old - was.rx_old +
	    n.rx_far - was.rx_far;
	if (probation && !g->probation && n.rx_jumps == was.rx_jumps && !g->jump)
		dropped--;
	if (n.rx_jumps > was.rx_jumps || g->jump) {
		MUST(probation && seq == candidate + 1);
		model.jumping = true;
		model.jump_to = candidate;
	} else if (dropped == 0 && !(g->probation && g->bad_seq == seq))
		model_insert(seq);
	drain(false, now);
	memset(buf, 0xee, 12 + HDLC_FRAME_MAX);
	free(buf);
	gre_output(g, ack, now);
}

static void
begin_run(uint8_t choice)
{
	static void *mem;
	struct gre_conf conf = { .call = 1, .peer_call = 2, .window = 64,
		.reorder_us = choice & 1 ? 300000 : 20000,
		.nobuffer = (choice & 6) == 6,
		.missing_window = choice & 8 ? 20 : 0 };

	if (mem == NULL)
		mem = aligned_alloc(64, (gre_size() + 63) / 64 * 64);
	MUST(mem != NULL);
	memset(mem, 0, sizeof(struct gre));
	memset(&n, 0, sizeof(n));
	memset(&model, 0, sizeof(model));
	fed = 0;
	g = gre_init(mem, &conf, &n);
}

/* The number a step means. */
static uint32_t
number(uint8_t what, uint8_t how, uint32_t seq)
{
	switch (what & 7) {
	case 0:
	case 1:
	case 2:
		return seq;			/* the next */
	case 3:
		return seq + how % 16;		/* some lost, or early */
	case 4:
		return seq - how % 32;		/* late, or again */
	case 5:
		return seq + how * 2u;		/* a break */
	case 6:
		return seq - how * 16u;		/* far behind */
	default:
		return how * 0x01010101u;	/* anywhere */
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t seq = 0xffffff80;
	int64_t now = 0;

	if (size < 1)
		return 0;
	begin_run(data[0]);
	for (size_t i = 1; i + 3 <= size && i < 3000; i += 3) {
		uint32_t it = number(data[i], data[i + 1], seq);
		uint64_t jumps = n.rx_jumps;

		/* Until the numbering is new, the model follows. */
		now += (int64_t)(data[i + 2] & 0x3f) << (data[i + 2] >> 6) * 5;
		feed(it, data[i] >> 7, now);
		if (n.rx_jumps > jumps || seq_diff(it, seq) >= 0)
			seq = it + 1;
		check();
		if ((data[i] & 0x40) != 0) {
			uint8_t ack[GRE_OUTPUT_MAX];

			/* What is due is dealt with by dealing with it. */
			drain(true, now);
			gre_output(g, ack, now);
			MUST(gre_due(g) > now);
			check();
		}
	}
	/* Whatever waits is delivered within the time allowed. */
	drain(true, now + g->conf.reorder_us);
	MUST(model.count == 0 && g->next == g->top);
	MUST(fed == n.rx_packets + model.vanished + n.rx_duplicate +
	    n.rx_old + n.rx_far + g->probation);
	return 0;
}
