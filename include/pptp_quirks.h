/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers that need something special (pure): what a quirk changes in messages,
 * and what is known of a server by its names.  Other code asks for the bit of a
 * quirk where it matters.
 */
#ifndef PPTP_QUIRKS_H
#define PPTP_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	QUIRK_WELCOME = 1 << 0,		/* text before the first message, and
					 * before the first LCP frame in GRE */
	QUIRK_ASYNCREAD = 1 << 1,	/* one read() is one message to it */
	QUIRK_BEZEQ = 1 << 2		/* Orckit ATUR3 as sold by Bezeq */
};

/*
 * What our own messages say: RFC 2637 2.1 and 2.7; quirks replace fields.
 * pptp_ctrl.c applies all but call_id and window: who chooses the id of a call
 * takes call_id when it is not -1, and who announces a window takes this one
 * unless the user wants another.
 */
struct quirk_fields {
	uint32_t	 framing_caps, bearer_caps;	/* of the SCCRQ */
	uint16_t	 firmware;
	const char	*host, *vendor;
	uint32_t	 max_bps, bearer_type;		/* of the OCRQ */
	uint16_t	 window;			/* 0: the usual one */
	const char	*phone;				/* "": as configured */
	int		 call_id;			/* -1: a random one */
	int		 serial;			/* -1: counted */
	int		 link_info;	/* send a Set-Link-Info once up */
};

/* What is known of a server by its names (in its SCCRP). */
struct quirk_server {
	bool		 any_host;	/* else its host name is "local" */
	char		 vendor[11];	/* more may follow with any host */
	bool		 holds_back;	/* for a while, what follows a lost
					 * packet */
	const char	*wants_pty;	/* why the kernel's data path would be
					 * slower, as a clause; or NULL */
	const char	*advice;	/* one line on what tends to go wrong
					 * and what helps; or NULL */
};

/* Never NULL: a server that is not known has none of these. */
const struct quirk_server *quirk_server(const char *host, const char *vendor);

/* The fields under these quirks. */
const struct quirk_fields *quirk_fields(unsigned quirks);

#endif
