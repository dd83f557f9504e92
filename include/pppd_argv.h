/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the pppd that is launched. */
#ifndef PPPD_ARGV_H
#define PPPD_ARGV_H

#include "conf.h"
#include "peers_text.h"

/* What pptp adds on its own. */
struct pppd_extra {
	const char	*plugin;	/* pptp.so; NULL: a pty */
	int		 line;		/* the plugin's socket to the gateway */
	const char	*tty;		/* without a plugin */
	unsigned	 mtu;		/* for mtu and mru */
	char		 user[PEERS_USER_LONGEST + 1];	/* DOMAIN\user; or "" */
	int		 password_fd;	/* options file that has it; or -1 */
	bool		 updetach;	/* return once the network is up */
	bool		 nopersist;	/* whatever the user's words say */
};

/*
 * Builds the argument vector for pppd, in this order: "pppd"; the plugin and
 * its options, with which it can start a kernel gateway that makes the same
 * call again, or without a plugin the tty and "38400"; what extra and pptp's
 * own options ask of pppd; the user's words; nopersist.  The vector ends with
 * NULL and is valid until the next call; words of *c and *extra are not copied.
 */
char **pppd_argv(const struct conf *c, const struct pppd_extra *extra);

#endif
