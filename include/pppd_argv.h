/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the pppd that is launched. */
#ifndef PPPD_ARGV_H
#define PPPD_ARGV_H

#include "conf.h"

/* What pptp adds on its own. */
struct pppd_extra {
	const char	*plugin;	/* pptp.so; NULL: a pty */
	int		 line;		/* the plugin's socket to the gateway */
	const char	*tty;		/* without a plugin */
	unsigned	 mtu;		/* for mtu and mru */
	const char	*user;		/* DOMAIN\user or user; or "" */
	int		 password_fd;	/* options file that has it; or -1 */
	bool		 updetach;	/* return once the network is up */
};

/*
 * The argument vector for pppd: "pppd"; without a plugin tty and "38400"; what
 * extra and pptp's options ask of pppd; the user's words; with a plugin its
 * options, by which it can start a kernel gateway for the same call again.
 * NULL-terminated, valid until the next call; points to the words of *c.
 */
char **pppd_argv(const struct conf *c, const struct pppd_extra *extra);

#endif
