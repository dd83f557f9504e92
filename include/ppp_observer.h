/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Follows PPP's negotiation (pure): reads the control frames that pass between
 * pppd and the server, both ways, and changes none.  Tells when the network is
 * up, or in a sentence why it did not come up.
 *
 * Of a login the user's name and the server's text are kept, never a password.
 */
#ifndef PPP_OBSERVER_H
#define PPP_OBSERVER_H

#include "conf.h"
#include "hdlc.h"

enum { PPP_NAME = 64, PPP_TEXT = 96 };	/* octets kept of a name, a text */

/* Who sent a frame. */
enum ppp_side { PPP_OURS, PPP_PEER, PPP_SIDES };

enum ppp_phase {
	PPP_ESTABLISH,		/* LCP (RFC 1661 3.2) */
	PPP_AUTHENTICATE,
	PPP_NETWORK,		/* CCP and IPCP */
	PPP_UP,			/* both Configure-Acks of IPCP have passed, and
				 * we have an address */
	PPP_TERMINATED		/* LCP Terminate-Request of either side */
};

/* The last Configure-Request of one side for one protocol. */
struct ppp_request {
	bool		 sent, acked, answered;
	uint8_t		 id;
};

/*
 * What one side said of an option.  The value is protocol << 8 | CHAP algorithm
 * for a login, in host order for an address, as in RFC 3078 2.1 for MPPE.
 */
struct ppp_option {
	uint32_t	 asked;		/* in its last request; 0: nothing */
	uint32_t	 nak;		/* its counter-proposal; 0: none */
	bool		 rejected;
};

/* What one side said. */
struct ppp_said {
	struct ppp_request lcp, ccp, ipcp;
	struct ppp_option mru;
	struct ppp_option accm;		/* what the other must escape, once
					 * acknowledged (RFC 1662 7.1) */
	struct ppp_option auth;		/* login that it demands of the other */
	uint32_t	 wanted;	/* the last login that it demanded,
					 * even if it then gave in */
	struct ppp_option mppe, addr;
	bool		 rejects_ccp, rejects_ipcp;
	char		 terminate[PPP_TEXT + 1];	/* "" without text */
	bool		 terminates;	/* LCP; or our IPCP */
	bool		 term_acked;	/* the other acknowledged it */
};

/* Starts as all zeroes: nothing is known. */
struct ppp_observer {
	enum ppp_phase	 phase;
	bool		 was_up;	/* at some time, if not now */
	struct ppp_said	 said[PPP_SIDES];
	bool		 refused;	/* the server refused our login */
	char		 user[PPP_NAME + 1];
	char		 failure[PPP_TEXT + 1];	/* the server's own text */
	unsigned	 error;		/* E= of MS-CHAP (RFC 2759 6); or 0 */
};

/*
 * May this frame be of one of PPP's control protocols?  All begin, after
 * address and control if present, with an even octet of 0x80 or more; no data
 * frame does, compressed or not (RFC 1661 2, 6.5).
 */
static inline bool
ppp_observer_wants(const uint8_t *p, size_t n)
{
	size_t skip = n >= 2 && p[0] == 0xff ? 2 : 0;

	return n > skip && (p[skip] & 0x81) == 0x80;
}

/*
 * Which control characters to escape in a frame for pppd: all of them in a
 * control frame, as LCP requires; in others those the server has agreed to.
 */
static inline uint32_t
ppp_observer_accm(const struct ppp_observer *o, const uint8_t *p, size_t n)
{
	const struct ppp_said *ours = &o->said[PPP_OURS];

	return ours->lcp.acked && !ppp_observer_wants(p, n) ?
	    ours->accm.asked : HDLC_ACCM_ALL;
}

/* Reads a frame of n octets that this side sent. */
void ppp_observer_see(struct ppp_observer *o, enum ppp_side from,
    const uint8_t *p, size_t n);

/*
 * Why the network did not come up: returns the status to exit with and puts one
 * printable sentence into out, on what happened and what to try.  EXIT_OK and
 * "" if it did come up; or if nothing of ours was answered, unless the server
 * then ended PPP.
 */
enum exit_status ppp_observer_verdict(const struct ppp_observer *o,
    const char *server, char *out, size_t size);

/* "MS-CHAPv2", ..., for a login as above; "none" for 0. */
const char *ppp_login_name(uint32_t login);

/* What MPPE bits say, as "MPPE 128 bit, stateless"; "none" without keys. */
void ppp_mppe_text(uint32_t bits, char *out, size_t size);

#endif
