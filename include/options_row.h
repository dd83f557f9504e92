/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the option table, between client/options.c, which reads command
 * lines by them, and client/help.c, which prints them.  Nobody else's.
 */
#ifndef OPTIONS_ROW_H
#define OPTIONS_ROW_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "options.h"

enum {
	ROWS_MAX = 64,
	NAME_LONGEST = 31	/* of an option */
};

enum group { G_CALL, G_PPPD, G_DATA, G_QUIRK, G_LOG, G_INFO, GROUPS };

enum {
	OLD = 1 << 0,		/* pptp-linux 1.10.0 has it */
	LAUNCH = 1 << 1,	/* only shapes the pppd that we launch */
	QUIET = 1 << 2,		/* has a meaning for --status, too */
	IS_QUIRK = 1 << 3,	/* its argument is a quirk's name */
	NEED_SHIFT = 8,		/* above: an enum pty_need */
	IS_PEER = 1 << 4	/* its argument is a file of /etc/ppp/peers */
};

/*
 * arg is empty, a name, or with a leading "[=" for one that may be left out;
 * '|' separates the only words it takes, ".." the least and greatest digit.
 * lo and hi are for the setter: a range, or in lo the value to set.  The
 * setter returns -1 to go on, or the status to exit with.  The order
 * of members is for the reader.
 */
struct row { /* NOLINT(clang-analyzer-optin.performance.Padding) */
	char		 name[24], arg[20];
	uint8_t		 group;		/* enum group */
	const char	*help;
	int		(*set)(struct conf *, const struct row *,
			    const char *arg);
	uint16_t	 at, size;	/* of the member of struct conf */
	uint32_t	 lo, hi;
	uint16_t	 flags;
};

/* Fills out[ROWS_MAX] with all options, quirks included; how many. */
size_t opt_rows(struct row *out);

/* May the option's argument be left out? */
bool opt_optional(const struct row *o);

/*
 * One sentence to stderr; a mistake has the usage line and EXIT_USAGE, and a
 * warning waits for opt_warnings(), which prints them or throws them away.
 */
void opt_warning(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));
void opt_warnings(bool wanted);
int opt_mistake(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

/* Copies the name in "--name=value" or "-name", cut where it is too long. */
void opt_name(char name[NAME_LONGEST + 1], const char *word);

/* The mistake of a word that is no option, with the nearest of the rows. */
int opt_unknown(const struct row *rows, size_t n, const char *word);

/* The nearest of the names to a word, or NULL if none is near. */
const char *opt_nearest(const char *word, const char *const *names,
    size_t n);

#endif
