/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP framing between us and pppd (pure): asynchronous HDLC (RFC 1662), and the
 * splitting of a synchronous stream whose record boundaries were lost.
 */
#ifndef HDLC_H
#define HDLC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pptp_proto.h"

enum {
	HDLC_FLAG = 0x7e,
	HDLC_ESCAPE = 0x7d,
	HDLC_DECODE_SLACK = 64		/* octets a decoder may scribble past
					 * the frame (whole words, FCS) */
};
#define HDLC_ACCM_ALL	0xffffffffu
/* Room that hdlc_encode() may touch for a frame of n octets. */
#define HDLC_ENCODED(n)	(2 * (size_t)(n) + 6 + 64)

/*
 * Writes flag, escaped frame, escaped FCS, flag into out, which has
 * HDLC_ENCODED(n) octets of room; out and in do not overlap.  Octets below 0x20
 * are escaped where accm has their bit.  Returns the length written.  If
 * `first` is false there is no opening flag: the previous closing flag serves.
 */
size_t hdlc_encode(uint8_t *out, const uint8_t *in, size_t n, uint32_t accm,
    bool first);

enum hdlc_verdict {
	HDLC_MORE,			/* input used up inside a frame */
	HDLC_FRAME,			/* a whole frame, FCS good */
	HDLC_BAD			/* FCS wrong, fewer than 3 octets or
					 * more than cap, or aborted by an
					 * escape directly before a flag */
};

struct hdlc_dec {
	uint8_t		*frame;		/* the caller's; may be replaced, after
					 * MORE with its `used` octets copied */
	size_t		 cap;		/* octets usable at frame (with FCS);
					 * HDLC_DECODE_SLACK more exist */
	size_t		 len;		/* after FRAME: its length, no FCS */
	size_t		 used;		/* octets at frame so far */
	bool		 hunting;	/* skipping octets up to a flag */
	bool		 escaped;
};

/* Starts outside any frame: octets before the first flag are skipped. */
void hdlc_dec_init(struct hdlc_dec *d, uint8_t *frame, size_t cap);

/*
 * Consumes octets from *p up to end, at most to the end of one frame, and
 * leaves *p after what it used.  After HDLC_FRAME the frame is
 * d->frame[0 .. d->len); the next call begins a new one at d->frame.  Every
 * other verdict leaves nothing to use.  Empty frames (flag after flag) are
 * passed over in silence.
 */
enum hdlc_verdict hdlc_decode(struct hdlc_dec *d, const uint8_t **p,
    const uint8_t *end);

/*
 * Synchronous PPP without record boundaries: the length of the first frame in
 * p[0 .. n), by the length that the packet inside states (IPv4, IPv6, and all
 * control protocols but LQR); the frame may lack address and control (ACFC) or
 * the first protocol octet (PFC).  A packet that states no length (MPPE,
 * compressed VJ) takes all of n.  0 means that the frame continues beyond n:
 * wait for more.
 */
size_t hdlc_sync_split(const uint8_t *p, size_t n);

#endif
