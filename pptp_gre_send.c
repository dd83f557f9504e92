/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sending half of one tunnel's data path, pure: the numbers of what is
 * sent, acknowledgements both ways, and help for a server that has lost track.
 *
 * Acknowledgements name the highest number received, even over a hole (RFC
 * 2637 4.2), and ride on data when there is some.  Sending never waits for
 * them: many servers acknowledge nothing unless they have data to send.
 *
 * Fills.  pptpd holds back what follows a lost packet for 0.3 s, and does not
 * acknowledge it.  So when such a server says nothing of two packets or more
 * for one and a half round trips and 20 ms, the first of them is taken for
 * lost: an LCP Discard-Request, of which PPP makes nothing, is sent under its
 * number, and the rest goes through.  If it was only slow it drops that as old.
 * With 1 % lost this carries 1.4 times as much each way.
 *
 * Spurs.  The same server looks whether it has waited long enough only when
 * something comes: TCP's next attempt, a second later, or two.  So while what
 * was sent last is not acknowledged, an acknowledgement is said again a few
 * times.
 *
 * Astray.  Nothing guards the header: a bit that flips in a number of ours, and
 * a server such as pptpd or Linux's own believes us far ahead and drops all
 * that follows as old.  It betrays itself by acknowledging what was never
 * sent, once.  If nothing sent since then is acknowledged within a second and
 * two round trips, we go on from the number it believes in.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gre_impl.h"
#include "wire.h"

enum {
	RTT_MAX_US = 60000000,	/* longer: the clock jumped */
	ASTRAY_US = 1000000,
	FILL_US = 20000,
	FILLS = 4		/* tries, each after twice as long */
};

/* What every header begins with. */
static void
put_header(const struct gre *g, struct wr *w, int flags, size_t len)
{
	wr_u16(w, (uint16_t)(GRE_KEY | GRE_VER1 | flags));
	wr_u16(w, GRE_PPP);
	wr_u16(w, (uint16_t)len);
	wr_u16(w, g->conf.peer_call);
}

/* If the server believes in other numbers than ours, we follow. */
static void
find_server(struct gre *g, int64_t now)
{
	if (!g->astray)
		return;
	if (g->tx_next == g->astray_from)
		g->astray_since = now;
	if (elapsed(now, g->astray_since) < ASTRAY_US +
	    2 * (int64_t)g->n->rtt_us)
		return;
	g->astray = false;
	if (seq_diff(g->astray_ack, g->tx_next) < 0)
		return;		/* we got there without it */
	g->tx_next = g->tx_acked = g->astray_ack + 1;
	g->n->tx_jumps++;
}

size_t
gre_send(struct gre *g, uint8_t *frame, size_t len, int64_t now)
{
	bool ack = g->owed > 0;
	size_t h = ack ? GRE_HEADER_MAX : GRE_HEADER_MAX - 4;
	struct wr w = { .p = frame - h, .end = frame };

	assert(len <= UINT16_MAX);
	find_server(g, now);
	put_header(g, &w, ack ? GRE_SEQ | GRE_ACK : GRE_SEQ, len);
	wr_u32(&w, g->tx_next);
	if (ack) {
		wr_u32(&w, g->ack_seq);
		g->owed = 0;
		g->ack_rode = true;
	}
	if (g->tx_next - g->tx_acked < 2)
		g->stuck_since = now;
	g->sent_at[g->tx_next % GRE_RTT_SLOTS] = now;
	g->tx_next++;
	g->spurs = GRE_SPURS;
	g->spur_due = later(now, GRE_SPUR_US);
	g->n->tx_packets++;
	g->n->tx_octets += len;
	return h;
}

/*
 * The number stays used: others may have been sent behind it already.  An
 * acknowledgement that may have been on it is owed again, and overdue.
 */
void
gre_send_failed(struct gre *g, size_t len)
{
	g->n->tx_packets--;
	g->n->tx_octets -= len;
	g->n->tx_lost++;
	if (g->ack_rode && g->owed == 0)
		g->owed = 1;
	g->ack_rode = false;
}

/* The server acknowledges what was never sent. */
static void
acknowledged_ahead(struct gre *g, uint32_t ack)
{
	if (g->astray && ack == g->astray_ack)
		return;
	g->astray = true;
	g->astray_ack = ack;
	g->astray_from = g->tx_next;
}

void
gre_acknowledged(struct gre *g, uint32_t ack, int64_t now)
{
	int32_t age = seq_diff(g->tx_next, ack);
	int64_t rtt = (int64_t)g->n->rtt_us, sample;

	if (age <= 0)
		acknowledged_ahead(g, ack);
	if (age <= 0 || seq_diff(ack, g->tx_acked) < 0)
		return;
	if (seq_diff(ack, g->astray_from) >= 0)
		g->astray = false;
	g->tx_acked = ack + 1;
	g->stuck_since = now;
	g->fills = 0;
	g->n->rx_acks++;
	/* What a hole has held back took longer than the way and back. */
	if (age > GRE_RTT_SLOTS || seq_diff(ack, g->filled_to) < 0)
		return;
	sample = elapsed(now, g->sent_at[ack % GRE_RTT_SLOTS]);
	if (sample > RTT_MAX_US)
		return;

	/* RFC 2637 4.4: alpha is 1/8; the first sample stands alone. */
	rtt = rtt == 0 ? sample : rtt + (sample - rtt) / 8;
	g->n->rtt_us = rtt > 0 ? (uint64_t)rtt : 1;
}

/* ---- what the tunnel says on its own ---- */

void
gre_owe(struct gre *g, uint32_t seq, int64_t now)
{
	g->ack_seq = seq;
	if (g->owed++ == 0)
		g->owed_since = now;
}

static bool
due(int64_t when, int64_t now)
{
	return when != GRE_NEVER && when <= now;
}

/* When the oldest packet not acknowledged has waited long enough. */
static int64_t
ack_due(const struct gre *g)
{
	uint32_t half = g->conf.window / 2u;

	if (g->owed == 0)
		return GRE_NEVER;
	if (g->owed >= half)
		return g->owed_since;
	return later(g->owed_since, GRE_ACK_DELAY_US);
}

/* When the server is to be woken, or GRE_NEVER; see Spurs. */
static int64_t
spur_due(const struct gre *g)
{
	return g->spurs == 0 || !g->started || g->tx_acked == g->tx_next ?
	    GRE_NEVER : g->spur_due;
}

/* When the first packet not acknowledged is taken for lost; see Fills. */
static int64_t
fill_due(const struct gre *g)
{
	int64_t rtt = (int64_t)g->n->rtt_us;

	if (!g->conf.fills || rtt == 0 || g->fills == FILLS ||
	    g->tx_next - g->tx_acked < 2)
		return GRE_NEVER;
	/* Number 1 is a new beginning for pptpd, whenever it comes. */
	if (g->tx_acked == 1)
		return GRE_NEVER;
	return later(g->stuck_since, (rtt + rtt / 2 + FILL_US) << g->fills);
}

static void
put_fill(struct gre *g, struct wr *w, int64_t now)
{
	/* RFC 1661 5.9: Discard-Request, no data, magic number 0 */
	static const uint8_t frame[] = { PPP_ALLSTATIONS, PPP_UI,
	    PPP_LCP >> 8, PPP_LCP & 0xff, 11, 0, 0, 8, 0, 0, 0, 0 };

	put_header(g, w, GRE_SEQ, sizeof(frame));
	wr_u32(w, g->tx_acked);
	wr_bytes(w, frame, sizeof(frame));
	g->fills++;
	g->stuck_since = now;
	g->filled_to = g->tx_next;
	g->n->tx_fills++;
	/* A server may look at what it held back only with the next packet. */
	g->spurs = GRE_SPURS;
	g->spur_due = now;
}

static void
put_ack(struct gre *g, struct wr *w)
{
	put_header(g, w, GRE_ACK, 0);
	wr_u32(w, g->ack_seq);
	g->owed = 0;
	g->ack_rode = false;
	g->n->tx_acks++;
}

size_t
gre_own(struct gre *g, uint8_t *buf, int64_t now)
{
	struct wr w = { .p = buf, .end = buf + GRE_OWN_MAX };

	assert(buf != NULL);
	if (due(fill_due(g), now)) {
		put_fill(g, &w, now);
	} else if (due(spur_due(g), now)) {
		g->spurs--;
		g->spur_due = later(now, GRE_SPUR_US);
		put_ack(g, &w);
	} else if (due(ack_due(g), now)) {
		put_ack(g, &w);
	}
	return (size_t)(w.p - buf);
}

int64_t
gre_own_due(const struct gre *g)
{
	return min64(min64(ack_due(g), spur_due(g)), fill_due(g));
}
