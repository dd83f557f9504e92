/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking for a password. */
#ifndef PASSWORD_H
#define PASSWORD_H

#include <stddef.h>

/* pppd 2.4.9 and 2.5 truncate a longer password. */
enum { PASSWORD_LONGEST = 256 };

struct password {
	size_t		 len;
	char		 text[PASSWORD_LONGEST + 1];	/* wipe when done */
};

/*
 * Asks for the password of `whose` on the terminal, without echo.  If standard
 * input is no terminal, reads one line from it and not an octet more.  A
 * failure prints a sentence and ends the process.  *p must be zeroed already.
 */
void password_read(struct password *p, const char *whose);

#endif
