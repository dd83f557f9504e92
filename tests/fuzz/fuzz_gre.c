/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One datagram, as it comes: what decodes lies within it, decodes the same
 * when encoded again, and leaves a tunnel that still works.
 */
#include <stdlib.h>

#include "../../pptp_gre.c"

#define MUST(x)	do { if (!(x)) __builtin_trap(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gre *
tunnel(uint16_t call, struct gre_counters *n)
{
	static void *mem;
	const struct gre_conf conf = { .call = call, .peer_call = call,
		.window = 64, .reorder_us = 300000 };

	if (mem == NULL)
		mem = aligned_alloc(64, (gre_size() + 63) / 64 * 64);
	MUST(mem != NULL);
	memset(mem, 0, sizeof(struct gre));
	memset(n, 0, sizeof(*n));
	return gre_init(mem, &conf, n);
}

/* Sends the payload; what comes out must decode to it. */
static void
echo(const struct gre_packet *p)
{
	static uint8_t room[GRE_HEADER_MAX + UINT16_MAX];
	uint8_t *frame = room + GRE_HEADER_MAX;
	struct gre_counters n;
	struct gre *g = tunnel(p->call, &n);
	struct gre_packet q;
	size_t h;

	memcpy(frame, p->data, p->len);
	g->tx_next = p->seq;
	g->ack_seq = p->ack;
	g->owed = p->has_ack;
	h = gre_send(g, frame, p->len, 0);
	MUST(gre_decode(&q, frame - h, h + p->len) == GRE_OK);
	MUST(q.len == p->len && q.call == p->call && q.seq == p->seq &&
	    q.ack == p->ack && q.has_seq && q.has_ack == p->has_ack);
	MUST(q.data == frame && memcmp(q.data, p->data, p->len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gre_packet p;
	enum gre_verdict v = gre_decode(&p, data, size);
	struct gre_counters n;
	struct gre *g;
	const uint8_t *out;
	size_t len = 0;

	if (v == GRE_OK) {
		MUST((p.data == NULL) == (p.len == 0));
		MUST(p.data == NULL || (p.has_seq && p.data >= data + 12 &&
		    p.data + p.len <= data + size));
		if (p.data != NULL)
			echo(&p);
	}
	g = tunnel(p.call, &n);
	if (v == GRE_OK && p.len > HDLC_FRAME_MAX)
		v = GRE_BAD_LENGTH;
	MUST(gre_recv(g, data, size, 0) == v);
	out = gre_next(g, &len, false, 0);
	MUST((out != NULL) == (v == GRE_OK && p.len > 0));
	MUST(out == NULL || (out == p.data && len == p.len));
	MUST(out == NULL || gre_next(g, &len, false, 0) == NULL);
	MUST(n.rx_bad == (v != GRE_OK));
	MUST((gre_due(g) == GRE_NEVER) == (v != GRE_OK || !p.has_seq));
	return 0;
}
