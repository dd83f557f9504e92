/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the IPv4 addresses of a host name, and the MTU of a tunnel to one. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include "conf.h"
#include "util.h"

enum { RESOLVE_ADDRESSES = 16 };	/* of one name, tried in turn */

struct resolve {
	const char	*host;		/* a name, or an address as text */
	int64_t		 deadline_us;	/* of clock_us() */
	int		 hangup_fd;	/* give up when this hangs up; or -1 */
	void		*secret;	/* wiped in the resolver; or NULL */
	size_t		 secret_size;

	/* The answer. */
	struct in_addr	 addr[RESOLVE_ADDRESSES];
	enum exit_status status;	/* of a failure, EXIT_TIMEOUT if no
					 * name server answered in time,
					 * EXIT_LOST if hangup_fd hung up,
					 * EXIT_SYSTEM if none could be asked */
	char		 why[WHY];	/* and its sentence */
};

/*
 * Resolves r->host; looks a name up in an unprivileged process.  Returns how
 * many addresses r->addr has now, or 0 with r->status and r->why filled.
 */
size_t resolve_host(struct resolve *r);

/*
 * For pppd's options mtu and mru: MTU_USUAL (conf.h), or what the MTU of the
 * route to the server leaves, if that is less but at least MTU_LEAST.
 */
unsigned resolve_mtu(struct in_addr server);

#endif
