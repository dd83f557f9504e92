/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Servers that need something special (pure): what a quirk changes in messages,
 * and what is known of a server by its names.  What else a quirk changes is in
 * the code that tests its bit.
 */
#ifndef PPTP_QUIRKS_H
#define PPTP_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

enum {
	QUIRK_WELCOME = 1 << 0,		/* text before the first message, and
					 * before the first LCP frame in GRE */
	QUIRK_ASYNCREAD = 1 << 1,	/* it expects one message per read() */
	QUIRK_BEZEQ = 1 << 2		/* Orckit ATUR3 as sold by Bezeq */
};

/*
 * Fields of the messages we send (RFC 2637 2.1, 2.7) that a quirk may replace.
 * pptp_ctrl.c applies all but call_id and window, which client/call.c does: an
 * id that is not -1, and a window unless the user chose one.
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
	char		 vendor[11];	/* with any_host: how it begins */
	bool		 holds_back;	/* delays packets that follow a lost
					 * one */
	const char	*wants_pty;	/* why the kernel's data path would be
					 * slower, as a clause; or NULL */
	const char	*advice;	/* one line on what tends to go wrong
					 * and what helps; or NULL */
};

/* Never NULL: of an unknown server nothing is known. */
const struct quirk_server *quirk_server(const char *host, const char *vendor);

/* The fields under these quirks. */
const struct quirk_fields *quirk_fields(unsigned quirks);

#endif
