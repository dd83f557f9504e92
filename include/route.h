/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host route to the server, by rtnetlink: so that the tunnel's own
 * packets never go into the tunnel.  Used by the monitor alone.
 */
#ifndef ROUTE_H
#define ROUTE_H

#include <net/if.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

/* Routes of ours carry this protocol number (rtm_protocol). */
enum { ROUTE_PROTOCOL = 147 };

/* Where packets go next. */
struct route_hop {
	int		 ifindex;
	struct in_addr	 src;		/* INADDR_ANY: none */
	uint8_t		 via_type;	/* RTA_GATEWAY, RTA_VIA; 0: on link */
	uint8_t		 via_len;
	uint8_t		 via[18];	/* the attribute as it is */
};

struct route {
	struct in_addr	 server, local;	/* local INADDR_ANY: any */
	char		 name[INET_ADDRSTRLEN];	/* of the server */
	uint32_t	 mark;		/* 0: none */
	int		 fd;		/* rtnetlink: replies */
	int		 watch;		/* rtnetlink: notifications; poll it */
	uint32_t	 port;		/* of fd: identifies notices of our
					 * own changes */
	bool		 have;		/* a route of ours is in the table */
	struct route_hop hop;		/* of the route we have */
	char		 uplink[IF_NAMESIZE];	/* see route_update(), or "" */
	bool		 started;
	int		 home;		/* link that home_of took at first */
	struct in_addr	 home_of;	/* a former `local`, or still it */
	bool		 changed;	/* for route_changed() */
	int		 last_error;	/* met by the last update, and logged */
};

/*
 * Opens both sockets (close-on-exec).  0, or -1 with errno.  local and mark may
 * be set before any route_update().
 */
int route_open(struct route *r, struct in_addr server);

/*
 * Adds or renews a /32 to the server along its current path, if and only if
 * that goes through a gateway or better routes lead into a tunnel; removes ours
 * if it is no longer needed.  A leftover with ROUTE_PROTOCOL is replaced; no
 * other route is ever touched, and where somebody else has made a host route to
 * the server, but for one into a tunnel, we make none.  At no moment is a route
 * of ours missing between the old and the new.
 *
 * Paths through ppp and tun interfaces are avoided, as they may be the tunnel
 * itself, except one that the first call finds in use (an uplink by PPPoE);
 * there the far end counts as the gateway.  Sockets keep their address: a route
 * over the link that it took at first goes before others as long.
 *
 * 0, or -1 with errno after a log line (the tunnel may go on); nothing is
 * logged twice in a row.
 */
int route_update(struct route *r);

/*
 * Reads what the kernel announced on r->watch; true if paths may have changed:
 * then call route_update() in a moment, as changes come in bursts.
 */
bool route_changed(struct route *r);

/* Removes our route, if we have one, and closes the sockets. */
void route_close(struct route *r);

#endif
