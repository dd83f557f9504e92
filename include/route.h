/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host route to the server, by rtnetlink: so that the tunnel's own
 * packets never go into the tunnel.  Used by the keeper alone.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

/* Routes of ours carry this protocol number (rtm_protocol). */
enum { ROUTE_PROTOCOL = 147 };

struct route {
	struct in_addr	 server, local;	/* local INADDR_ANY: any */
	uint32_t	 mark;		/* 0: none */
	int		 fd;		/* rtnetlink: replies */
	int		 watch;		/* rtnetlink: notifications; poll it */
	uint32_t	 seq;
	bool		 have;		/* a route of ours is in the table */
	struct in_addr	 gateway, src;	/* of the route we have */
	int		 ifindex;
	bool		 warned;	/* of a loop through the tunnel */
};

/* Opens both sockets (close-on-exec).  0, or -1 with errno. */
int route_open(struct route *r, struct in_addr server, struct in_addr local,
    uint32_t mark);

/*
 * Adds or renews a /32 to the server along today's path, if and only if that
 * path goes through a gateway; removes ours if it no longer does.  A leftover
 * with ROUTE_PROTOCOL is replaced; no other route is ever touched.  Logs what
 * it did and, once, that the server would be reached through a ppp
 * interface.  0, or -1 with errno after a log line (the tunnel may go on).
 */
int route_update(struct route *r);

/*
 * Reads what the kernel announced on r->watch; true if paths may have changed
 * and route_update() should be called (in a moment: changes come in bursts).
 */
bool route_changed(struct route *r);

/* Removes our route, if we have one, and closes the sockets. */
void route_close(struct route *r);

#endif
