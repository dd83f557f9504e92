/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tunnel's data path, pure: enhanced GRE (RFC 2637 4.1), order, the
 * reorder ring, acknowledgements both ways.  Relies on wire.h alone.
 *
 * Theory of operation
 *
 * Two numbers describe what was received: `next`, which is delivered next, and
 * `top`, one above the highest number seen.  While nothing is missing they are
 * equal, and a packet numbered `top` is handed on straight out of the caller's
 * buffer.  A higher number opens a hole: the numbers skipped are noted with
 * the time, and the packet is copied into a cell to wait.  Numbers in
 * [next, top) index the ring by their low bits, so filling, finding and
 * delivering take constant time.  Cells come off a stack, so that no more
 * memory is ever touched than was once needed at the same time.
 *
 * How long to wait.  Loss wants no wait at all, reordering wants as much as it
 * is late.  Two figures remember lateness: late_us, the time, and late_count,
 * how many later packets came first.  A hole filled, or one of its packets
 * arriving after all was given up, raises both at once towards what was seen
 * (at most doubling, so that one freak does not cost much); a hole given up
 * lowers both by an eighth.  Both grow within a few packets and shrink within
 * a few dozen losses.  A hole is given up
 *
 *   - when 1.25 x late_us have gone by and 1.25 x late_count, at least eight,
 *     later packets have come: on a fast link that merely loses packets this
 *     means after eight packets, yet packets swapped or a few places late
 *     are never lost, not even the first; or
 *   - after twice that time, at least 5 ms, however few came: the slow link's
 *     rule.  It speaks only once everything received has been looked at, lest
 *     a hole be given up because we slept while its packet sat in the socket.
 *
 * Neither wait exceeds what the user allows.  We begin with 12 ms, the jitter
 * of an ordinary radio or DSL path.
 *
 * Jumps.  A number that is neither near `top` nor recently seen may be a
 * forgery, a stray, or a server that started afresh.  It is kept aside and
 * believed when the very next data packet carries the next number (RFC 3550
 * A.1); any packet of the current numbering in between disproves it.  A server
 * that starts afresh shortly after it began uses numbers delivered only just
 * now, and so does a network that repeats a whole burst.  Time and run length
 * cannot tell these apart in two packets, contents can: a 16-bit fingerprint
 * of each recent packet is kept.  The same number with the same contents is a
 * duplicate, however many follow each other; with other contents it is a
 * candidate like any stray.  In a numbering's first second, numbers just
 * below its first one are a reordered beginning, and dropped as old.
 *
 * Sending.  Acknowledgements name the highest number received, even over a hole
 * (RFC 2637 4.2), and ride on data when there is some.  Sending never waits for
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
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pptp_gre.h"
#include "wire.h"

enum {
	HISTORY = 4096,		/* numbers remembered; a multiple of GRE_RING */
	CELLS = GRE_RING + 1,	/* a full ring, and a jump's candidate */
	NO_CELL = UINT16_MAX	/* a number without contents */
};

/* A data packet on its way into the ring. */
struct fresh {
	const uint8_t	*data;
	uint32_t	 seq;
	uint16_t	 len, mark;
};

enum fresh_state {
	FRESH_NONE,
	FRESH_WAITING,		/* the ring must make room first */
	FRESH_READY		/* its number is `next` */
};

struct slot {
	int64_t		 opened;	/* when a later number came first, */
	uint32_t	 arrival;	/* and how many had come before it */
	uint16_t	 len, cell;
};

struct gre {
	struct gre_conf	 conf;
	struct gre_counters *n;

	uint32_t	 next, top;
	uint32_t	 known;		/* numbers below `next` in marks[] */
	uint32_t	 arrivals;	/* data packets accepted */
	int64_t		 born;		/* when this numbering began */
	bool		 started;

	struct fresh	 fresh;
	enum fresh_state state;

	struct slot	 candidate;	/* of a jump; .len and .cell count */
	uint32_t	 candidate_seq;
	uint16_t	 candidate_mark;
	bool		 suspect;	/* there is a candidate */
	bool		 jump;		/* confirmed: drain, then follow */

	int64_t		 late_us;
	uint32_t	 late_count;
	uint32_t	 blamed;	/* .arrival of the last hole given up */

	uint32_t	 ack_seq;	/* highest number received */
	uint32_t	 owed;		/* packets not acknowledged yet */
	int64_t		 owed_since;
	bool		 ack_rode;	/* on a packet that may yet fail */

	unsigned	 spurs;		/* still to come, the next one when */
	int64_t		 spur_due;
	uint32_t	 tx_next;	/* number of the next packet */
	uint32_t	 tx_acked;	/* the first not acknowledged */
	int64_t		 sent_at[GRE_RTT_SLOTS];
	int64_t		 stuck_since;	/* no news of two or more; */
	unsigned	 fills;		/* so often was one sent since */
	uint32_t	 filled_to;	/* what was sent before the last */
	uint8_t		*cells;		/* CELLS of HDLC_FRAME_MAX octets */
	uint32_t	 spares;	/* free ones in spare[] */
	uint16_t	 spare[CELLS];
	uint16_t	 marks[HISTORY];	/* fingerprints; 0: missing */
	struct slot	 slots[GRE_RING];
};

/* t + d, or "never" where the sum does not exist; d is not negative. */
static inline int64_t
later(int64_t t, int64_t d)
{
	return t > GRE_NEVER - d ? GRE_NEVER : t + d;
}

/* Microseconds from t to now; a clock that went backwards gives 0. */
static inline int64_t
elapsed(int64_t now, int64_t t)
{
	uint64_t d = (uint64_t)now - (uint64_t)t;

	if (now <= t)
		return 0;
	return d > INT64_MAX ? INT64_MAX : (int64_t)d;
}

static inline int64_t
min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

enum {
	BEHIND_MAX = HISTORY - GRE_RING,	/* of these, below `next` */
	PAGE = 4096,
	LATE_START_US = 12000,
	COUNT_MIN = 8,
	WAIT_MIN_US = 5000,
	WAIT_MAX_US = 60000000,
	SETTLE_US = 1000000,	/* how long a beginning may be reordered, */
	SETTLE_COUNT = 64,	/* and how far */
	GAP_MAX = 65536		/* a longer jump tells nothing about loss */
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

static uint8_t *
cell_of(const struct gre *g, uint16_t cell)
{
	return g->cells + (size_t)cell * HDLC_FRAME_MAX;
}

enum gre_verdict
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

	/* All but S and A is fixed: K is set, version is 1, the rest is 0. */
	if (proto != GRE_PPP ||
	    (flags & ~(GRE_SEQ | GRE_ACK)) != (GRE_KEY | GRE_VER1))
		return GRE_ALIEN;
	if (g->len > 0)
		g->data = rd_bytes(&r, g->len);
	if (r.bad)
		return GRE_LIES;

	/* Payload without a number has no place; its acknowledgement does. */
	if (!g->has_seq) {
		g->data = NULL;
		g->len = 0;
	}
	return GRE_OK;
}

static size_t
header_size(void)
{
	return (sizeof(struct gre) + PAGE - 1) / PAGE * PAGE;
}

size_t
gre_size(void)
{
	return header_size() + (size_t)CELLS * HDLC_FRAME_MAX;
}

struct gre *
gre_init(void *mem, const struct gre_conf *conf, struct gre_counters *n)
{
	struct gre *g = mem;

	assert(conf->window > 0);
	g->conf = *conf;
	if (g->conf.missing_window == 0 || g->conf.missing_window >= GRE_RING)
		g->conf.missing_window = GRE_RING - 1;
	if (g->conf.reorder_us > WAIT_MAX_US)
		g->conf.reorder_us = WAIT_MAX_US;
	if (g->conf.reorder_us < 0)
		g->conf.reorder_us = 0;
	g->n = n;
	g->late_us = LATE_START_US;
	g->cells = (uint8_t *)mem + header_size();
	while (g->spares < CELLS) {
		g->spare[g->spares] = (uint16_t)(CELLS - 1 - g->spares);
		g->spares++;
	}
	return g;
}

/* ---- what is sent ---- */

enum {
	RTT_MAX_US = 60000000,	/* longer: the clock jumped */
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

/* A packet was received; the highest number so far is seq. */
static void
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
	    PPP_LCP >> 8, PPP_LCP & 0xff, LCP_DISCARD, 0, 0, 8, 0, 0, 0, 0 };

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

/* When gre_own() has something to say; GRE_NEVER if not. */
static int64_t
gre_own_due(const struct gre *g)
{
	return min64(min64(ack_due(g), spur_due(g)), fill_due(g));
}

/* ---- the wait for a missing packet ---- */

static int64_t
patience(const struct gre *g)
{
	return min64(g->late_us + g->late_us / 4, g->conf.reorder_us);
}

/* Enough later packets have come to believe the one at `next` lost. */
static bool
outrun(const struct gre *g)
{
	const struct slot *s = &g->slots[g->next % GRE_RING];
	uint32_t count = g->late_count + g->late_count / 4;

	return g->arrivals - s->arrival >=
	    (count > COUNT_MIN ? count : COUNT_MIN);
}

/* When the hole at `next` is given up if nothing more arrives. */
static int64_t
hole_due(const struct gre *g)
{
	int64_t wait = patience(g);

	if (!outrun(g)) {
		wait = wait * 2 > WAIT_MIN_US ? wait * 2 : WAIT_MIN_US;
		wait = min64(wait, g->conf.reorder_us);
	}
	return later(g->slots[g->next % GRE_RING].opened, wait);
}

static bool
hopeless(const struct gre *g, bool drained, int64_t now)
{
	if (g->conf.nobuffer)
		return true;
	if (!drained && !outrun(g))
		return false;
	return now >= hole_due(g);
}

/* A packet came for the hole noted in s.  What no wait bridges is no lesson. */
static void
learn(struct gre *g, const struct slot *s, int64_t now)
{
	int64_t us = elapsed(now, s->opened);
	uint32_t count = g->arrivals - s->arrival;

	if (us > g->conf.reorder_us || count >= GRE_RING)
		return;
	if (us > g->late_us)
		g->late_us = min64(us, 2 * g->late_us + 1000);
	if (count > g->late_count)
		g->late_count = (uint32_t)min64(count,
		    2 * (int64_t)g->late_count + COUNT_MIN);
}

/* The number `next` is done with. */
static void
pass(struct gre *g)
{
	g->next++;
	if (g->known < BEHIND_MAX)
		g->known++;
}

static void
give_up(struct gre *g)
{
	uint32_t arrival = slot_of(g, g->next)->arrival;

	/* A burst lost at once is one lesson. */
	if (arrival != g->blamed) {
		g->blamed = arrival;
		g->late_us -= g->late_us / 8;
		g->late_count -= g->late_count / 8;
	}
	g->n->rx_lost++;
	pass(g);
}

/* ---- the ring ---- */

static uint16_t
keep(struct gre *g, const struct fresh *f)
{
	uint16_t cell;

	if (f->data == NULL)
		return NO_CELL;
	assert(g->spares > 0);
	cell = g->spare[--g->spares];
	memcpy(cell_of(g, cell), f->data, f->len);
	return cell;
}

/* The contents stay until the cell is used again. */
static void
spare(struct gre *g, uint16_t cell)
{
	if (cell != NO_CELL)
		g->spare[g->spares++] = cell;
}

/*
 * Never 0.  The first octets tell packets apart: they hold IP's identification
 * and checksum, TCP's numbers, or a cipher's output.
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

/* The old numbering is drained: the candidate begins the new one. */
static void
follow(struct gre *g, int64_t now)
{
	uint32_t seq = g->candidate_seq;
	int32_t gap = seq_diff(seq, g->top);

	if (gap > 0 && gap < GAP_MAX)
		g->n->rx_lost += (uint32_t)gap;
	begin(g, seq, now);
	g->n->rx_jumps++;
	*slot_of(g, seq) = g->candidate;
	*mark_of(g, seq) = g->candidate_mark;
	g->top++;
	g->suspect = g->jump = false;
}

/* Puts the fresh packet where it belongs: there is room. */
static void
enter(struct gre *g, int64_t now)
{
	struct fresh *f = &g->fresh;
	struct slot *s = slot_of(g, f->seq);

	if (seq_diff(f->seq, g->top) < 0)
		learn(g, s, now);
	for (; seq_diff(f->seq, g->top) > 0; g->top++) {
		*mark_of(g, g->top) = 0;
		slot_of(g, g->top)->opened = now;
		slot_of(g, g->top)->arrival = g->arrivals - 1;
	}
	if (f->seq == g->top)
		g->top++;
	*mark_of(g, f->seq) = f->mark;
	if (f->seq == g->next) {
		g->state = FRESH_READY;
		return;
	}
	s->len = f->len;
	s->cell = keep(g, f);
	g->state = FRESH_NONE;
}

/* Lets the fresh packet in as soon as it may. */
static void
settle(struct gre *g, int64_t now)
{
	if (g->state != FRESH_WAITING)
		return;
	if (g->jump) {
		if (g->next != g->top)
			return;
		follow(g, now);
	}
	if (seq_diff(g->fresh.seq, g->next) < GRE_RING)
		enter(g, now);
}

static void
admit(struct gre *g, const struct fresh *f, int64_t now)
{
	g->fresh = *f;
	g->state = FRESH_WAITING;
	g->arrivals++;
	settle(g, now);
}

/* The candidate is disproved. */
static void
acquit(struct gre *g)
{
	if (!g->suspect)
		return;
	g->suspect = false;
	spare(g, g->candidate.cell);
	if (seq_diff(g->candidate_seq, g->next) < 0)
		g->n->rx_old++;
	else
		g->n->rx_far++;
}

/* A packet of the current numbering. */
static void
accept_current(struct gre *g, const struct fresh *f, int64_t now)
{
	acquit(g);
	gre_owe(g, seq_diff(f->seq, g->top) >= 0 ? f->seq : g->ack_seq, now);
	if (!g->conf.nobuffer && f->seq != g->next)
		g->n->rx_reordered++;
	admit(g, f, now);
}

/* A number from elsewhere: a jump, if it follows the last such number. */
static void
accept_stray(struct gre *g, const struct fresh *f, int64_t now)
{
	if (g->suspect && f->seq == g->candidate_seq) {
		g->n->rx_duplicate++;
		return;
	}
	if (g->suspect && f->seq == g->candidate_seq + 1) {
		g->jump = true;
		gre_owe(g, f->seq - 1, now);
		gre_owe(g, f->seq, now);
		admit(g, f, now);
		return;
	}
	acquit(g);
	g->suspect = true;
	g->candidate_seq = f->seq;
	g->candidate_mark = f->mark;
	g->candidate.len = f->len;
	g->candidate.cell = keep(g, f);
}

/* A number below `next` that was delivered or given up not long ago. */
static void
accept_behind(struct gre *g, const struct fresh *f, int64_t now)
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
		learn(g, slot_of(g, f->seq), now);
}

static void
accept_data(struct gre *g, const struct fresh *f, int64_t now)
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
	else if (behind > 0 && behind <= (int32_t)g->known + SETTLE_COUNT &&
	    elapsed(now, g->born) < SETTLE_US)
		g->n->rx_old++;
	else
		accept_stray(g, f, now);
}

/* The caller did not fetch the last packet: its buffer is gone. */
static void
forget_fresh(struct gre *g)
{
	if (g->state == FRESH_NONE)
		return;
	if (g->state == FRESH_READY)
		pass(g);
	g->n->rx_lost++;
	g->state = FRESH_NONE;
	g->jump = false;
}

enum gre_verdict
gre_recv(struct gre *g, const uint8_t *buf, size_t n, int64_t now)
{
	struct gre_packet p;
	enum gre_verdict v = gre_decode(&p, buf, n);

	forget_fresh(g);
	if (v == GRE_OK && p.call != g->conf.call)
		v = GRE_ALIEN;
	if (v == GRE_OK && p.len > HDLC_FRAME_MAX)
		v = GRE_LIES;
	if (v != GRE_OK) {
		g->n->rx_bad++;
		return v;
	}
	if (p.has_ack)
		gre_acknowledged(g, p.ack, now);
	if (p.has_seq) {
		struct fresh f = { .data = p.data, .seq = p.seq, .len = p.len,
		    .mark = fingerprint(p.data, p.len) };

		accept_data(g, &f, now);
	}
	return v;
}

/* Takes the packet numbered `next`; NULL if it has no contents. */
static const uint8_t *
deliver(struct gre *g, size_t *len)
{
	const uint8_t *p;

	if (g->state == FRESH_READY) {
		g->state = FRESH_NONE;
		p = g->fresh.data;
		*len = g->fresh.len;
	} else {
		struct slot *s = slot_of(g, g->next);

		p = s->cell == NO_CELL ? NULL : cell_of(g, s->cell);
		*len = s->len;
		spare(g, s->cell);
	}
	pass(g);
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
		settle(g, now);
		if (g->next == g->top)
			break;
		if (*mark_of(g, g->next) != 0) {
			const uint8_t *p = deliver(g, len);

			if (p != NULL)
				return p;
		} else if (g->state == FRESH_WAITING || hopeless(g, drained, now))
			give_up(g);
		else
			break;
	}
	return NULL;
}

int64_t
gre_due(const struct gre *g)
{
	int64_t due = gre_own_due(g);

	if (g->state != FRESH_NONE)
		return 0;
	if (g->next == g->top)
		return due;
	if (g->marks[g->next % HISTORY] != 0 || g->conf.nobuffer)
		return 0;
	return min64(due, hole_due(g));
}
