/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rows of the option table, between client/options.c, which reads command
 * lines by them, and client/help.c, which prints them.  Nobody else's.
 */
#ifndef OPTIONS_ROW_H
#define OPTIONS_ROW_H

#include <stddef.h>
#include <stdint.h>

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
	NEED_SHIFT = 8		/* above: an enum pty_need */
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

#endif
