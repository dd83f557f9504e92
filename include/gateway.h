/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateway: one tunnel's data, between pppd and the raw GRE socket. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include <netinet/in.h>

#include <stdbool.h>

#include "conf.h"
#include "pptp_gre.h"
#include "refusals.h"

/* What it, or the kernel gateway in its place, is told of a call that is up. */
struct gateway {
	const struct conf *conf;
	char		 server[INET_ADDRSTRLEN];
	struct in_addr	 local;		/* its loss ends the tunnel */
	int		 in, out;	/* PPP: a pty master twice, two pipes,
					 * a socket, ...; the kernel gateway's
					 * in is a socket to pppd's plugin */
	int		 raw, channel;	/* GRE, or the kernel's PPTP socket */
	int		 mgr;		/* the call manager */
	uint16_t	 call, peer_call, window;
	bool		 holds_back;	/* the server; see pptp_quirks.h */
	struct gre_counters *n;
	struct refusals	 refusals;	/* before this tunnel */
	int		 refusals_fd;	/* to note its end; -1 */
};

/*
 * Drops every privilege, then carries packets until pppd hangs up, a signal
 * asks for the end, or the call goes down; all descriptors stay open for the
 * caller to close.  Returns the status to exit with, after logging why.
 */
enum exit_status gateway_run(struct gateway *gw);

#endif
