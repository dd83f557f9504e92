/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the pppd that is launched. */
#ifndef PPPD_ARGV_H
#define PPPD_ARGV_H

#include "conf.h"

/* What pptp adds on its own. */
struct pppd_extra {
	unsigned	 mtu;		/* for mtu and mru; 0: neither */
	const char	*user;		/* DOMAIN\user or user; "" */
	int		 password_fd;	/* an options file with it; -1 */
	bool		 updetach;	/* return once the network is up */
};

/*
 * The argument vector for pppd: "pppd", tty, "38400", then what the options
 * ask of pppd, what is extra, then the words.  NULL terminated, in one block to
 * be freed by the caller; NULL: no memory.
 */
char **pppd_argv_pty(const struct conf *c, const struct pppd_extra *extra,
    const char *tty);

/*
 * The same for a pppd that gets its channel from line, whose other end a kernel
 * gateway keeps.  The plugin's options come last; by them it can start further
 * kernel gateways, which make the same call.
 */
char **pppd_argv_kernel(const struct conf *c, const struct pppd_extra *extra,
    const char *plugin, int line);

#endif
