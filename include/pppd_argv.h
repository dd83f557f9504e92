/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the pppd that is launched. */
#ifndef PPPD_ARGV_H
#define PPPD_ARGV_H

#include "conf.h"

/* What pptp adds on its own. */
struct pppd_extra {
	const char	*plugin;	/* pptp.so; NULL: a pty */
	int		 line;		/* its socket to the gateway */
	const char	*tty;		/* without a plugin */
	unsigned	 mtu;		/* for mtu and mru */
	const char	*user;		/* DOMAIN\user or user; "" */
	int		 password_fd;	/* an options file with it; -1 */
	bool		 updetach;	/* return once the network is up */
};

/*
 * The argument vector for pppd: "pppd"; tty and "38400" without a plugin; what
 * is extra and what the options ask of pppd; the words; the plugin's options.
 * With these pppd can start more kernel gateways, for the same call.  NULL
 * terminated, good until the next call; its words include those of *c.
 */
char **pppd_argv(const struct conf *c, const struct pppd_extra *extra);

#endif
