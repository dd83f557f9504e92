/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tunnel's data path (pure): enhanced GRE (RFC 2637 4.1).
 *
 * Theory of operation
 *
 * Receiving.  `next` is the number to be delivered next, `top` one above the
 * highest received.  While nothing is missing they are equal, and a packet
 * numbered `top` is delivered straight out of the caller's buffer.  A higher
 * number opens a gap: the time is noted for each number skipped, and the packet
 * waits in a cell.  Numbers in [next, top) index the ring by their low bits;
 * cells come from a stack, so that no more memory is touched than was needed at
 * one time.
 *
 * How long to wait for a missing packet.  Loss calls for no wait, reordering
 * for as long a wait as packets are late.  Lateness is kept as late_us, a time,
 * and late_count, the number of later packets that came first.  A packet that
 * fills a gap, or comes after its gap was given up, raises both at once (at
 * most to double and a little, lest an outlier count for much); a gap given up
 * lowers both by an eighth.  So they grow within a few packets and shrink
 * within a few dozen losses.  A gap is given up
 *
 *   - when 1.25 x late_us have passed and 1.25 x late_count, at least eight,
 *     later packets have come.  A fast link that only loses packets waits for
 *     eight; yet packets late by a few places are never lost, not even the
 *     first one; or
 *   - on slow links after twice that time, at least 5 ms, however few have
 *     come; but not before the caller has read all that the socket held, where
 *     the missing packet may have lain while the process slept.
 *
 * Neither wait exceeds what the user allows.  The estimate starts at 12 ms, the
 * jitter of an ordinary radio or DSL path.
 *
 * Jumps.  A number neither near `top` nor recently received may be forged, or a
 * stray, or that of a server which has started afresh.  As in RFC 3550 A.1 its
 * packet is on probation: it is accepted once a packet with the next number
 * comes, and discarded if a new one of the current numbering, or another
 * stray, comes first.  A server that starts afresh soon uses numbers that were
 * delivered a moment ago, as does a network that repeats a burst.  The
 * contents, of which a 16-bit fingerprint is kept, tell the two apart: a recent
 * number with the same contents is a duplicate; with others it goes on
 * probation.  In the first second of a numbering, numbers just below its first
 * are taken for a reordered beginning and dropped as old.
 *
 * Sending.  Acknowledgements name the highest number received, even over a gap
 * (RFC 2637 4.2), and travel with data when there is any.  Sending never waits
 * for the server's acknowledgements, since it may acknowledge only when it has
 * data to send; and none of them changes the numbers we send.
 *
 * Gap fillers.  pptpd holds back what follows a lost packet for 0.3 s, and does
 * not acknowledge it.  When such a server has not acknowledged two packets or
 * more for one and a half round trips and 20 ms, the first of them is presumed
 * lost, and an LCP Discard-Request, which PPP ignores, is sent under its
 * number: pptpd releases the rest, or drops it as old.  At 1 % loss this
 * raises throughput 1.4-fold each way.  As pptpd checks whether that 0.3 s has
 * passed only when a packet arrives, a bare acknowledgement is sent again a few
 * times while the last packet sent is not acknowledged.
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pptp_gre.h"
#include "util.h"
#include "wire.h"

enum {
	HISTORY = 4096,		/* numbers remembered; a multiple of GRE_RING */
	BEHIND_MAX = HISTORY - GRE_RING,	/* of them, below `next` */
	CELLS = GRE_RING + 1,	/* a full ring, and one on probation */
	NO_CELL = UINT16_MAX,	/* a number without contents */
	LATE_START_US = 12000,
	COUNT_MIN = 8,
	WAIT_MIN_US = 5000,
	/* Numbers below a numbering's first are late, not a jump, ... */
	START_REORDER_US = 1000000,	/* ... for so long after it began */
	START_REORDER_COUNT = 64,	/* ... and so many places below */
	GAP_MAX = 65536,	/* a longer jump is not counted as loss */
	RTT_MAX_US = 60000000,	/* longer: the clock jumped */
	FILLER_US = 20000,
	FILLERS = 4		/* tries, each after twice the wait */
};

struct gre_packet {
	uint16_t	 len, call;
	uint16_t	 mark;		/* fingerprint of the data */
	uint32_t	 seq, ack;
	bool		 has_seq, has_ack;
	const uint8_t	*data;		/* len octets, or NULL */
};

enum pending_state {
	PENDING_NONE,
	PENDING_BLOCKED,	/* earlier ones must be delivered first */
	PENDING_READY		/* its number is `next` */
};

struct slot {
	int64_t		 opened;	/* of a gap: when it was noticed */
	uint32_t	 arrival;	/* of a gap: packets that came before */
	uint16_t	 len, cell;
};

struct gre {
	struct gre_conf	 conf;
	struct gre_counters *n;

	uint32_t	 next, top;
	uint32_t	 known;		/* how many below `next` have marks[] */
	uint32_t	 arrivals;	/* data packets accepted */
	int64_t		 born;		/* when this numbering began */
	bool		 started;

	struct gre_packet pending;	/* the data received last, until the
					 * ring or gre_next() has taken it */
	enum pending_state state;

	bool		 probation;	/* a packet waits to be confirmed */
	uint32_t	 bad_seq;	/* that packet's number */
	uint16_t	 bad_mark;	/* its fingerprint */
	struct slot	 bad_slot;	/* its length and cell */
	bool		 jump;		/* confirmed: deliver the rest of the
					 * old numbering, then follow() */

	int64_t		 late_us;
	uint32_t	 late_count;
	uint32_t	 given_up;	/* .arrival of the last gap given up */

	uint32_t	 ack_seq;	/* highest number received */
	uint32_t	 owed;		/* packets we have not acknowledged */
	int64_t		 owed_since;

	unsigned	 repeats;	/* bare acknowledgements left to send */
	int64_t		 repeat_due;	/* when the next of these is due */
	uint32_t	 tx_next;	/* number of the next packet */
	uint32_t	 tx_acked;	/* the first not acknowledged */
	int64_t		 sent_at[GRE_RTT_SLOTS];
	int64_t		 stuck_since;	/* the wait for the next gap filler
					 * counts from here: filler_due() */
	unsigned	 fillers;	/* gap fillers sent since the server
					 * last acknowledged a packet */
	uint32_t	 filler_before;	/* tx_next at the last gap filler, or
					 * what was acknowledged since */
	uint32_t	 free_cells;
	uint16_t	 free_cell[CELLS];
	uint16_t	 marks[HISTORY];	/* fingerprints; 0: missing */
	struct slot	 slots[GRE_RING];
	uint8_t		 cells[CELLS][HDLC_FRAME_MAX];
};

static_assert(HISTORY % GRE_RING == 0 && (GRE_RING & (GRE_RING - 1)) == 0,
    "numbers wrap at 2^32 without a seam in the tables");
static_assert(CELLS < NO_CELL, "cells are numbered in 16 bits");

static uint16_t *
mark_of(struct gre *g, uint32_t seq)
{
	return &g->marks[seq % HISTORY];
}

static struct slot *
slot_of(struct gre *g, uint32_t seq)
{
	return &g->slots[seq % GRE_RING];
}

/*
 * Reads a packet that begins with the GRE header (RFC 2637 4.1).  *g is cleared
 * first; octets behind the payload are ignored, and so is payload without a
 * sequence number.
 */
static enum gre_verdict
gre_decode(struct gre_packet *g, const uint8_t *buf, size_t n)
{
	struct rd r = { .p = buf, .end = buf + n };
	uint16_t flags = rd_u16(&r);
	uint16_t proto = rd_u16(&r);

	memset(g, 0, sizeof(*g));
	g->len = rd_u16(&r);
	g->call = rd_u16(&r);
	g->has_seq = (flags & GRE_SEQ) != 0;
	g->has_ack = (flags & GRE_ACK) != 0;
	if (g->has_seq)
		g->seq = rd_u32(&r);
	if (g->has_ack)
		g->ack = rd_u32(&r);
	if (r.bad)
		return GRE_SHORT;

	/* All bits but S and A are fixed: K set, version 1, the rest 0. */
	if (proto != GRE_PPP ||
	    (flags & ~(GRE_SEQ | GRE_ACK)) != (GRE_KEY | GRE_VER1))
		return GRE_BAD_HEADER;
	if (g->len > 0)
		g->data = rd_bytes(&r, g->len);
	if (r.bad)
		return GRE_BAD_LENGTH;

	/* Payload without a number is dropped; an acknowledgement counts. */
	if (!g->has_seq) {
		g->data = NULL;
		g->len = 0;
	}
	return GRE_OK;
}

size_t
gre_size(void)
{
	return sizeof(struct gre);
}

struct gre *
gre_init(void *mem, const struct gre_conf *conf, struct gre_counters *n)
{
	struct gre *g = mem;

	assert(conf->window > 0 && conf->reorder_us >= 0);
	g->conf = *conf;
	if (g->conf.missing_window == 0 || g->conf.missing_window >= GRE_RING)
		g->conf.missing_window = GRE_RING - 1;
	g->n = n;
	g->late_us = LATE_START_US;
	while (g->free_cells < CELLS) {
		g->free_cell[g->free_cells] =
		    (uint16_t)(CELLS - 1 - g->free_cells);
		g->free_cells++;
	}
	return g;
}

/* The first eight octets of a header (RFC 2637 4.1). */
static void
put_header(const struct gre *g, struct wr *w, uint32_t flags, size_t len)
{
	wr_u32(w, (GRE_KEY | GRE_VER1 | flags) << 16 | GRE_PPP);
	wr_u32(w, (uint32_t)len << 16 | g->conf.peer_call);
}

size_t
gre_send(struct gre *g, uint8_t *frame, size_t len, int64_t now)
{
	bool ack = g->owed > 0;
	size_t h = ack ? GRE_HEADER_MAX : GRE_HEADER_MAX - 4;
	struct wr w = { .p = frame - h, .end = frame };

	assert(len <= UINT16_MAX);
	put_header(g, &w, ack ? GRE_SEQ | GRE_ACK : GRE_SEQ, len);
	wr_u32(&w, g->tx_next);
	if (ack) {
		wr_u32(&w, g->ack_seq);
		g->owed = 0;
	}
	if (g->tx_next - g->tx_acked < 2)
		g->stuck_since = now;
	g->sent_at[g->tx_next % GRE_RTT_SLOTS] = now;
	g->tx_next++;
	g->repeats = GRE_ACK_REPEATS;
	g->repeat_due = now + GRE_ACK_REPEAT_US;
	g->n->tx_packets++;
	g->n->tx_octets += len;
	return h;
}

void
gre_send_failed(struct gre *g, const uint8_t *packet)
{
	struct rd r = { .p = packet + 4, .end = packet + 6 };

	g->n->tx_packets--;
	g->n->tx_octets -= rd_u16(&r);	/* the payload's length */
	g->n->tx_lost++;
}

/* The server says that it has received our number `ack`. */
static void
gre_acknowledged(struct gre *g, uint32_t ack, int64_t now)
{
	int32_t age = seq_diff(g->tx_next, ack);
	int64_t rtt = (int64_t)g->n->rtt_us, sample;

	if (age <= 0 || seq_diff(ack, g->tx_acked) < 0)
		return;
	g->tx_acked = ack + 1;
	g->stuck_since = now;
	g->fillers = 0;
	g->n->rx_acks++;
	/* What waited behind a gap does not measure a round trip. */
	if (seq_diff(ack, g->filler_before) < 0)
		return;
	g->filler_before = ack;		/* follows: numbers wrap */
	if (age > GRE_RTT_SLOTS)
		return;
	sample = now - g->sent_at[ack % GRE_RTT_SLOTS];
	if (sample > RTT_MAX_US)
		return;

	/* RFC 2637 4.4 with alpha = 1/8; the first sample is taken as is. */
	rtt = rtt == 0 ? sample : rtt + (sample - rtt) / 8;
	g->n->rtt_us = rtt > 0 ? (uint64_t)rtt : 1;
}

/* A packet was received; the highest number so far is seq. */
static void
gre_owe(struct gre *g, uint32_t seq, int64_t now)
{
	g->ack_seq = seq;
	if (g->owed++ == 0)
		g->owed_since = now;
}

/* When an acknowledgement is due: half a window, or GRE_ACK_DELAY_US. */
static int64_t
ack_due(const struct gre *g)
{
	if (g->owed == 0)
		return GRE_NEVER;
	return g->owed_since +
	    (g->owed >= g->conf.window / 2u ? 0 : GRE_ACK_DELAY_US);
}

/* When an acknowledgement is sent again, or GRE_NEVER. */
static int64_t
repeat_due(const struct gre *g)
{
	return g->repeats == 0 || !g->started || g->tx_acked == g->tx_next ?
	    GRE_NEVER : g->repeat_due;
}

/* When the first packet not acknowledged is presumed lost, or GRE_NEVER. */
static int64_t
filler_due(const struct gre *g)
{
	int64_t rtt = (int64_t)g->n->rtt_us;

	/* Number 1 makes pptpd start afresh, whenever it comes. */
	if (!g->conf.fill_gaps || rtt == 0 || g->fillers == FILLERS ||
	    g->tx_next - g->tx_acked < 2 || g->tx_acked == 1)
		return GRE_NEVER;
	return g->stuck_since + ((rtt + rtt / 2 + FILLER_US) << g->fillers);
}

static void
put_filler(struct gre *g, struct wr *w, int64_t now)
{
	/* RFC 1661 5.9: Discard-Request, no data, magic number 0 */
	static const uint8_t frame[] = { PPP_ALLSTATIONS, PPP_UI,
	    PPP_LCP >> 8, PPP_LCP & 0xff, LCP_DISCARD, 0, 0, 8, 0, 0, 0, 0 };

	put_header(g, w, GRE_SEQ, sizeof(frame));
	wr_u32(w, g->tx_acked);
	wr_bytes(w, frame, sizeof(frame));
	g->fillers++;
	g->stuck_since = now;
	g->filler_before = g->tx_next;
	g->n->tx_fills++;
	/*
	 * Some servers release what they held back only when another packet
	 * comes: the repeated acknowledgements are such packets.
	 */
	g->repeats = GRE_ACK_REPEATS;
	g->repeat_due = now;
}

static void
put_ack(struct gre *g, struct wr *w)
{
	put_header(g, w, GRE_ACK, 0);
	wr_u32(w, g->ack_seq);
	g->owed = 0;
	g->n->tx_acks++;
}

size_t
gre_output(struct gre *g, uint8_t *buf, int64_t now)
{
	struct wr w = { .p = buf, .end = buf + GRE_OUTPUT_MAX };

	assert(buf != NULL);	/* or gcc 14 warns of writes to it */
	if (filler_due(g) <= now) {
		put_filler(g, &w, now);
	} else if (repeat_due(g) <= now) {
		g->repeats--;
		g->repeat_due = now + GRE_ACK_REPEAT_US;
		put_ack(g, &w);
	} else if (ack_due(g) <= now) {
		put_ack(g, &w);
	}
	return (size_t)(w.p - buf);
}

static int64_t
reorder_wait(const struct gre *g)
{
	return sooner(g->late_us + g->late_us / 4, g->conf.reorder_us);
}

/* Have enough later packets come to presume the one at `next` lost? */
static bool
gap_overtaken(const struct gre *g)
{
	const struct slot *s = &g->slots[g->next % GRE_RING];
	uint32_t count = g->late_count + g->late_count / 4;

	return g->arrivals - s->arrival >=
	    (count > COUNT_MIN ? count : COUNT_MIN);
}

/* When the gap at `next` is given up if nothing more arrives. */
static int64_t
gap_due(const struct gre *g)
{
	int64_t wait = reorder_wait(g);

	if (!gap_overtaken(g)) {
		wait = wait * 2 > WAIT_MIN_US ? wait * 2 : WAIT_MIN_US;
		wait = sooner(wait, g->conf.reorder_us);
	}
	return g->slots[g->next % GRE_RING].opened + wait;
}

static bool
gap_expired(const struct gre *g, bool drained, int64_t now)
{
	if (g->conf.nobuffer)
		return true;
	if (!drained && !gap_overtaken(g))
		return false;
	return now >= gap_due(g);
}

/*
 * A packet came for the gap noted in s: a sample of lateness, unless it came
 * later than we may ever wait.
 */
static void
grow_lateness(struct gre *g, const struct slot *s, int64_t now)
{
	int64_t us = now - s->opened;
	uint32_t count = g->arrivals - s->arrival;

	if (us > g->conf.reorder_us || count >= GRE_RING)
		return;
	if (us > g->late_us)
		g->late_us = sooner(us, 2 * g->late_us + 1000);
	if (count > g->late_count)
		g->late_count = (uint32_t)sooner(count,
		    2 * (int64_t)g->late_count + COUNT_MIN);
}

/* `next` was delivered or given up. */
static void
advance(struct gre *g)
{
	g->next++;
	if (g->known < BEHIND_MAX)
		g->known++;
}

static void
give_up_gap(struct gre *g)
{
	uint32_t arrival = slot_of(g, g->next)->arrival;

	/* A burst lost at once counts as one loss. */
	if (arrival != g->given_up) {
		g->given_up = arrival;
		g->late_us -= g->late_us / 8;
		g->late_count -= g->late_count / 8;
	}
	g->n->rx_lost++;
	advance(g);
}

static uint16_t
cell_alloc(struct gre *g, const struct gre_packet *f)
{
	uint16_t cell;

	if (f->data == NULL)
		return NO_CELL;
	assert(g->free_cells > 0);
	cell = g->free_cell[--g->free_cells];
	memcpy(g->cells[cell], f->data, f->len);
	return cell;
}

/* The cell's contents stay until it is used again. */
static void
cell_free(struct gre *g, uint16_t cell)
{
	if (cell != NO_CELL)
		g->free_cell[g->free_cells++] = cell;
}

/*
 * Never returns 0.  The first octets tell packets apart: they hold IP's
 * identification and checksum, TCP's numbers, or a cipher's output.
 */
static uint16_t
fingerprint(const uint8_t *p, size_t n)
{
	uint64_t w[4] = { 0 }, h = n;

	if (n >= sizeof(w))
		memcpy(w, p, sizeof(w));
	else if (n > 0)
		memcpy(w, p, n);
	for (size_t i = 0; i < 4; i++) {
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15u;
		h ^= h >> 32;
	}
	return (h & 0xffff) != 0 ? (uint16_t)h : 1;
}

/* Starts a numbering: nothing is known of what was before. */
static void
begin(struct gre *g, uint32_t seq, int64_t now)
{
	g->next = g->top = seq;
	g->known = 0;
	g->born = now;
	g->started = true;
}

/*
 * The old numbering is all delivered: the packet on probation begins the new
 * one.
 */
static void
follow(struct gre *g, int64_t now)
{
	uint32_t seq = g->bad_seq;
	int32_t gap = seq_diff(seq, g->top);

	if (gap > 0 && gap < GAP_MAX)
		g->n->rx_lost += (uint32_t)gap;
	begin(g, seq, now);
	g->n->rx_jumps++;
	*slot_of(g, seq) = g->bad_slot;
	*mark_of(g, seq) = g->bad_mark;
	g->top++;
	g->probation = g->jump = false;
}

/* Inserts the pending packet, for which there is room. */
static void
ring_insert(struct gre *g, int64_t now)
{
	struct gre_packet *f = &g->pending;
	struct slot *s = slot_of(g, f->seq);

	if (seq_diff(f->seq, g->top) < 0)
		grow_lateness(g, s, now);
	for (; seq_diff(f->seq, g->top) > 0; g->top++) {
		*mark_of(g, g->top) = 0;
		slot_of(g, g->top)->opened = now;
		slot_of(g, g->top)->arrival = g->arrivals - 1;
	}
	if (f->seq == g->top)
		g->top++;
	*mark_of(g, f->seq) = f->mark;
	if (f->seq == g->next) {
		g->state = PENDING_READY;
		return;
	}
	s->len = f->len;
	s->cell = cell_alloc(g, f);
	g->state = PENDING_NONE;
}

/* Inserts the pending packet once what is before it has made room. */
static void
process_pending(struct gre *g, int64_t now)
{
	if (g->state != PENDING_BLOCKED)
		return;
	if (g->jump) {
		if (g->next != g->top)
			return;
		follow(g, now);
	}
	if (seq_diff(g->pending.seq, g->next) < GRE_RING)
		ring_insert(g, now);
}

static void
accept_packet(struct gre *g, const struct gre_packet *f, int64_t now)
{
	g->pending = *f;
	g->state = PENDING_BLOCKED;
	g->arrivals++;
	process_pending(g, now);
}

/* The packet on probation was not confirmed. */
static void
end_probation(struct gre *g)
{
	if (!g->probation)
		return;
	g->probation = false;
	cell_free(g, g->bad_slot.cell);
	if (seq_diff(g->bad_seq, g->next) < 0)
		g->n->rx_old++;
	else
		g->n->rx_far++;
}

/* A packet of the current numbering. */
static void
accept_current(struct gre *g, const struct gre_packet *f, int64_t now)
{
	end_probation(g);
	gre_owe(g, seq_diff(f->seq, g->top) >= 0 ? f->seq : g->ack_seq, now);
	if (!g->conf.nobuffer && f->seq != g->next)
		g->n->rx_reordered++;
	accept_packet(g, f, now);
}

/* A number out of range: a jump if it follows that on probation. */
static void
accept_stray(struct gre *g, const struct gre_packet *f, int64_t now)
{
	if (g->probation && f->seq == g->bad_seq) {
		g->n->rx_duplicate++;
		return;
	}
	if (g->probation && f->seq == g->bad_seq + 1) {
		g->jump = true;
		gre_owe(g, f->seq - 1, now);
		gre_owe(g, f->seq, now);
		accept_packet(g, f, now);
		return;
	}
	end_probation(g);
	g->probation = true;
	g->bad_seq = f->seq;
	g->bad_mark = f->mark;
	g->bad_slot.len = f->len;
	g->bad_slot.cell = cell_alloc(g, f);
}

/* A number below `next` that was delivered or given up not long ago. */
static void
accept_behind(struct gre *g, const struct gre_packet *f, int64_t now)
{
	uint16_t *mark = mark_of(g, f->seq);

	if (*mark == f->mark) {
		g->n->rx_duplicate++;
		return;
	}
	if (*mark != 0) {
		accept_stray(g, f, now);
		return;
	}
	*mark = f->mark;
	g->n->rx_old++;
	if (seq_diff(g->top, f->seq) <= GRE_RING)
		grow_lateness(g, slot_of(g, f->seq), now);
}

static void
accept_data(struct gre *g, const struct gre_packet *f, int64_t now)
{
	int32_t ahead, behind;

	if (!g->started)
		begin(g, f->seq, now);
	ahead = seq_diff(f->seq, g->top);
	behind = seq_diff(g->next, f->seq);
	if (ahead >= 0 && ahead <= (int32_t)g->conf.missing_window)
		accept_current(g, f, now);
	else if (ahead < 0 && seq_diff(f->seq, g->next) >= 0) {
		if (*mark_of(g, f->seq) == 0)
			accept_current(g, f, now);
		else
			g->n->rx_duplicate++;
	} else if (behind > 0 && behind <= (int32_t)g->known)
		accept_behind(g, f, now);
	else if (now - g->born < START_REORDER_US && behind > 0 &&
	    behind <= (int32_t)g->known + START_REORDER_COUNT)
		g->n->rx_old++;
	else
		accept_stray(g, f, now);
}

enum gre_verdict
gre_recv(struct gre *g, const uint8_t *buf, size_t n, int64_t now)
{
	struct gre_packet p;
	enum gre_verdict v = gre_decode(&p, buf, n);

	assert(g->state == PENDING_NONE);
	if (v == GRE_OK && p.call != g->conf.call)
		v = GRE_BAD_HEADER;
	if (v == GRE_OK && p.len > HDLC_FRAME_MAX)
		v = GRE_BAD_LENGTH;
	if (v != GRE_OK) {
		g->n->rx_bad++;
		return v;
	}
	if (p.has_ack)
		gre_acknowledged(g, p.ack, now);
	if (p.has_seq) {
		p.mark = fingerprint(p.data, p.len);
		accept_data(g, &p, now);
	}
	return v;
}

/* Takes the packet numbered `next`; NULL if it has no contents. */
static const uint8_t *
deliver(struct gre *g, size_t *len)
{
	const uint8_t *p;

	if (g->state == PENDING_READY) {
		g->state = PENDING_NONE;
		p = g->pending.data;
		*len = g->pending.len;
	} else {
		struct slot *s = slot_of(g, g->next);

		p = s->cell == NO_CELL ? NULL : g->cells[s->cell];
		*len = s->len;
		cell_free(g, s->cell);
	}
	advance(g);
	if (p != NULL) {
		g->n->rx_packets++;
		g->n->rx_octets += *len;
	}
	return p;
}

const uint8_t *
gre_next(struct gre *g, size_t *len, bool drained, int64_t now)
{
	for (;;) {
		process_pending(g, now);
		if (g->next == g->top)
			break;
		if (*mark_of(g, g->next) != 0) {
			const uint8_t *p = deliver(g, len);

			if (p != NULL)
				return p;
		} else if (g->state == PENDING_BLOCKED ||
		    gap_expired(g, drained, now))
			give_up_gap(g);
		else
			break;
	}
	return NULL;
}

int64_t
gre_due(const struct gre *g)
{
	int64_t due = sooner(sooner(ack_due(g), repeat_due(g)), filler_due(g));

	if (g->next == g->top)
		return due;
	if (g->marks[g->next % HISTORY] != 0 || g->conf.nobuffer)
		return 0;
	return sooner(due, gap_due(g));
}
