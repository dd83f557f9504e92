/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking for a password. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stddef.h>

/* pppd 2.4.9 and 2.5 cut a longer one. */
enum { PASSWORD_LONGEST = 256 };

struct password {
	size_t		 len;
	char		 text[PASSWORD_LONGEST + 1];	/* wipe when done */
};

/*
 * Asks on the terminal, without echo, for the password of whose; or reads one
 * line where standard input is none, and not an octet more.  A failure ends the
 * process, with a sentence.  *p is zeroes before.
 */
void password_read(struct password *p, const char *whose);

#endif
