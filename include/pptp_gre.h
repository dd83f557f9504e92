/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One tunnel's data path (pure): enhanced GRE (RFC 2637 4.1), in order, with
 * acknowledgements.  The caller owns all memory and the clock; times are
 * monotonic microseconds, GRE_NEVER means "no need to call".
 */
#ifndef PPTP_GRE_H
#define PPTP_GRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pptp_proto.h"

#define GRE_NEVER	INT64_MAX

enum {
	GRE_RING = 512,			/* slots; a power of two */
	GRE_ACK_DELAY_US = 9000,	/* delayed-ACK timer; less than 10 ms,
					 * a common period of packets */
	GRE_ACK_REPEAT_US = 100000,	/* between repeated bare ACKs */
	GRE_ACK_REPEATS = 5,		/* ACKs repeated while our data is
					 * unacknowledged */
	GRE_OUTPUT_MAX = 24,		/* longest packet of gre_output() */
	GRE_RTT_SLOTS = 64,		/* sent packets timed at once */
	GRE_USER = 64			/* octets of user[]; a multiple of 8 */
};

/*
 * What a user may want to know of a tunnel.  Written by the gateway alone;
 * others read it while it runs (tearing does no harm).  Programs of different
 * builds read it: new members go to its end.
 */
struct gre_counters {
	uint64_t	 tx_packets, tx_octets;
	uint64_t	 tx_acks;	/* bare acknowledgements */
	uint64_t	 tx_lost;	/* refused by the system */
	uint64_t	 tx_fills;	/* gap fillers */
	uint64_t	 rx_packets, rx_octets;	/* delivered */
	uint64_t	 rx_acks;	/* of something not acknowledged yet */
	uint64_t	 rx_lost;	/* numbers given up or skipped; if one
					 * still comes, it is in rx_old too */
	uint64_t	 rx_reordered;	/* delivered after waiting */
	uint64_t	 rx_duplicate, rx_old, rx_far;	/* dropped */
	uint64_t	 rx_bad;	/* any gre_verdict but GRE_OK */
	uint64_t	 rx_jumps;	/* new numberings accepted */
	uint64_t	 pty_bad;	/* from pppd: bad FCS, runt, ... */
	uint64_t	 pty_dropped;	/* pppd did not read in time */
	uint64_t	 soft_errors;	/* of the raw socket */
	uint64_t	 rtt_us;	/* smoothed; 0 unknown */
	uint64_t	 heard_us;	/* clock_us() of the last packet */
	uint64_t	 over;		/* 1: the tunnel has ended in order */
	uint64_t	 network_up;	/* 1: IPCP is open, and the next four
					 * and user[] are valid */
	uint64_t	 local_addr, remote_addr;	/* network order */
	uint64_t	 login, mppe;	/* as in struct ppp_option */
	uint64_t	 ifindex;	/* interface whose counters hold if the
					 * kernel carries the data; or 0 */
	char		 user[GRE_USER];	/* name sent to log in; no
					 * NUL if it fills the array */
};

enum gre_verdict {
	GRE_OK,
	GRE_SHORT,			/* shorter than its flags imply */
	GRE_BAD_HEADER,			/* not enhanced GRE carrying PPP */
	GRE_BAD_LENGTH			/* payload length beyond the packet */
};

struct gre_conf {
	uint16_t	 call;		/* ours: in packets we receive */
	uint16_t	 peer_call;	/* the server's: in packets we send */
	uint16_t	 window;	/* the one we announced, > 0 */
	bool		 nobuffer;	/* deliver early packets at once */
	bool		 fill_gaps;	/* send gap fillers; see pptp_gre.c */
	uint32_t	 missing_window;	/* a longer gap is a jump; 0:
						 * as long as the ring holds */
	int64_t		 reorder_us;	/* longest wait for a missing packet,
					 * 0 or more */
};

struct gre;				/* opaque: gre_size() tells how large */

/* Octets of the memory that gre_init() wants. */
size_t gre_size(void);

/*
 * Prepares mem (gre_size() octets, zeroed; pages that are never needed are
 * never touched).  n stays the caller's and must outlive mem.
 */
struct gre *gre_init(void *mem, const struct gre_conf *conf,
    struct gre_counters *n);

/*
 * Puts the header, of up to GRE_HEADER_MAX octets, in front of a frame for the
 * server, and with it an acknowledgement if one is owed.  Returns the header's
 * length h: the packet is frame - h, h + len octets, and is counted as sent.
 */
size_t gre_send(struct gre *g, uint8_t *frame, size_t len, int64_t now);

/*
 * Takes one packet, header first, back from the counters: the system refused to
 * send it.  Its number stays used: later ones may have been sent already.
 */
void gre_send_failed(struct gre *g, const uint8_t *packet);

/*
 * The next self-generated packet that is due, into buf[GRE_OUTPUT_MAX]: a gap
 * filler, a repeated or a delayed acknowledgement.  Returns its length, or 0 if
 * none is due: call until then.
 */
size_t gre_output(struct gre *g, uint8_t *buf, int64_t now);

/*
 * Takes one received packet, beginning with the GRE header: what can be
 * delivered now comes out of gre_next(), which must have returned NULL before
 * buf changes or the next packet is taken.  A packet for another call is
 * GRE_BAD_HEADER; one longer than HDLC_FRAME_MAX is GRE_BAD_LENGTH.
 */
enum gre_verdict gre_recv(struct gre *g, const uint8_t *buf, size_t n,
    int64_t now);

/*
 * The next PPP frame for pppd, in order, never twice; NULL when there is none
 * now.  The frame stays valid until the next call of gre_next or gre_recv.
 * Call until NULL after every gre_recv(), and when gre_due() has come.  drained
 * says that the socket has been read empty: only then is a missing packet given
 * up for being late, as it might otherwise still be in the socket.
 */
const uint8_t *gre_next(struct gre *g, size_t *len, bool drained, int64_t now);

/* When gre_output() or gre_next() has work next; GRE_NEVER if none. */
int64_t gre_due(const struct gre *g);

#endif
