/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits the stream of a control connection into messages (pure; RFC 2637 2).
 */
#ifndef CTRL_IN_H
#define CTRL_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pptp_proto.h"

enum {
	CTRL_MSG_LONGEST = 1024,	/* greatest length accepted: a surplus
				 * over the size of RFC 2637 is ignored */
	CTRL_WELCOME_MAX = 4096,	/* of text before the first message */
	CTRL_IN_WHY = 64
};

enum ctrl_in_verdict {
	CTRL_IN_MORE,		/* all is used; the message is incomplete */
	CTRL_IN_MESSAGE,	/* a whole one is in buf[] */
	CTRL_IN_MALFORMED,	/* buf[] does not begin one */
	CTRL_IN_TEXT		/* text only, and too much of it */
};

struct ctrl_in {
	bool		 welcome;	/* text may come before the first */
	size_t		 skipped;	/* octets of it */
	size_t		 len;		/* octets received of this message, */
	size_t		 total;		/* its length: beyond buf[] octets are
					 * counted, not stored */
	uint8_t		 buf[PPTP_MSG_MAX];
};

/*
 * Takes octets, at most up to the end of a message; *used says how many.
 * After MESSAGE, len = 0 begins the next one; after MALFORMED why says what is
 * wrong.
 */
enum ctrl_in_verdict ctrl_in_take(struct ctrl_in *in, const uint8_t *p,
    size_t n, size_t *used, char why[CTRL_IN_WHY]);

#endif
