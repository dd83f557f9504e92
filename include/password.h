/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking for a password. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stddef.h>

#include "conf.h"

/* pppd 2.4.9 and 2.5 cut a longer one. */
enum { PASSWORD_LONGEST = 256 };

struct password {
	size_t		 len;
	char		 text[PASSWORD_LONGEST + 1];	/* wipe when done */
};

/*
 * Asks on the terminal, without echo, for the password of whose; or reads one
 * line where standard input is none, and not an octet more.  EXIT_OK, or the
 * status to end with, and why in a sentence.
 */
enum exit_status password_read(struct password *p, const char *whose,
    char *why, size_t size);

#endif
