/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pptp_gre.c (what is received) and pptp_gre_send.c (what is sent, and
 * acknowledgements both ways) share with each other and with nobody else.
 */
#ifndef GRE_IMPL_H
#define GRE_IMPL_H

#include "gre.h"

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
	bool		 received;	/* gre_next() has not said NULL since */

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

	bool		 astray;	/* perhaps: it acknowledged */
	uint32_t	 astray_ack;	/* this, which is ahead of all sent, */
	uint32_t	 astray_from;	/* when this was to be sent next; */
	int64_t		 astray_since;	/* and when that was sent */

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

/* ---- pptp_gre_send.c ---- */

/* The server says that it has received our number `ack`. */
void gre_acknowledged(struct gre *g, uint32_t ack, int64_t now);

/* A packet was received; the highest number so far is seq. */
void gre_owe(struct gre *g, uint32_t seq, int64_t now);

/* When gre_own() has something to say; GRE_NEVER if not. */
int64_t gre_own_due(const struct gre *g);

#endif
