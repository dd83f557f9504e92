/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the gateway and the kernel gateway have in common: what they are told,
 * what ends a tunnel besides its data (its call manager, a signal, the loss of
 * the local address), and how it is doing.
 */
#ifndef WATCH_H
#define WATCH_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "health.h"
#include "pptp_gre.h"
#include "refusals.h"

/* What a gateway of either kind is told of a call that is up. */
struct gateway {
	const struct conf *conf;
	char		 server[INET_ADDRSTRLEN];
	struct in_addr	 local;		/* its loss ends the tunnel */
	int		 in, out;	/* PPP: a pty master twice, two pipes,
					 * a socket, ...; the kernel gateway's
					 * in is a socket to pppd's plugin */
	int		 raw, channel;	/* GRE; the kernel's PPTP socket: one
					 * of them is -1 */
	int		 mgr;		/* the call manager */
	uint16_t	 call, peer_call, window;
	bool		 holds_back;	/* the server does: pptp_quirks.h */
	struct gre_counters *n;
	struct refusals	 refusals;	/* before this tunnel */
	int		 refusals_fd;	/* to note its end in; or -1 */
};

/* Times are clock_us(); INT64_MAX: never. */
struct watch {
	struct gateway	*gw;
	struct health	 health;
	int		 fd;		/* poll it, then watch_read() */
	int		 signals, addresses;	/* fd polls them and gw->mgr;
					 * addresses is rtnetlink */
	bool		 listed;	/* an interface had the local address:
					 * some are local by a route alone */
	bool		 settled;
	int64_t		 grace_until;	/* after a SIGTERM */
	int64_t		 check_address_at;
	bool		 over;		/* the loop is to end, with status */
	enum exit_status status;
};

/*
 * Opens the descriptors of *w, then drops every privilege and all descriptors
 * but those and *gw's.  0, or -1 after logging why.
 */
int watch_begin(struct watch *w, struct gateway *gw);

/* Sets over and status, unless over is set already. */
void watch_end(struct watch *w, enum exit_status status);

/*
 * Reads what has come: logs what the manager wants logged, or why the tunnel is
 * over; notes that addresses have changed.  SIGUSR1 logs the counters, another
 * signal ends the tunnel: the first after a second, a further one at once.
 */
void watch_read(struct watch *w, int64_t now);

/* When watch_tick() has something to do; INT64_MAX: never. */
int64_t watch_due(const struct watch *w);
void watch_tick(struct watch *w, int64_t now);

/*
 * To be called after the loop: if PPP failed, logs why; notes the end of the
 * tunnel.  Leaves the status to exit with in w->status.
 */
void watch_over(struct watch *w, int64_t now);

#endif
