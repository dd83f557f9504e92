/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What ends a tunnel besides its data: its call manager, a signal, the loss of
 * the local address.  Shared by the gateway and the kernel gateway.
 */
#ifndef WATCH_H
#define WATCH_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

/* Times are clock_us(); INT64_MAX: never. */
struct watch {
	const char	*server;	/* its address, for the log */
	int		 fd;		/* poll it: watch_read() */
	int		 mgr, signals, addresses;	/* what is behind it */
	int		 null;		/* /dev/null; or -1 */
	bool		 settled;
	struct in_addr	 local;
	int64_t		 grace_until;	/* after a SIGTERM */
	int64_t		 check_address_at;
	bool		 over;		/* the loop is to end, with status */
	enum exit_status status;
};

/*
 * Opens the descriptors, which the sandbox must keep.  server is not copied.
 * 0, or -1 after logging why.  If addresses is -1, the loss of the local address
 * is not noticed.
 */
int watch_open(struct watch *w, const char *server, int mgr,
    struct in_addr local);

/*
 * The network is up, or it is known why not: gives up stderr, since callers
 * wait for pppd's log descriptor to close.
 */
void watch_settled(struct watch *w);

/* Sets over and status, unless they are set. */
void watch_end(struct watch *w, enum exit_status status);

/*
 * Reads what has come: logs what the manager wants logged, or why the tunnel is
 * over; notes that addresses have changed; of the signals SIGUSR1 asks for the
 * counters (then it returns true), any other ends the tunnel: the first after
 * TERM_GRACE_US, a second one at once.
 */
bool watch_read(struct watch *w, int64_t now);

/* When watch_tick() has something to do; INT64_MAX: never. */
int64_t watch_due(const struct watch *w);
void watch_tick(struct watch *w, int64_t now);

#endif
