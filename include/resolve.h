/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a host name to IPv4 addresses. */
#ifndef RESOLVE_H
#define RESOLVE_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RESOLVE_ADDRESSES = 16 };	/* of one name, tried in turn */

struct resolve {
	const char	*host;		/* a name, or an address as text */
	int64_t		 deadline_us;	/* of clock_us() */
	int		 hangup_fd;	/* give up when this hangs up; -1 */
	void		*secret;	/* not for that process; or NULL */
	size_t		 secret_size;

	/* The answer. */
	struct in_addr	 addr[RESOLVE_ADDRESSES];
	bool		 late;		/* no name server answered in time */
	char		 why[280];	/* the sentence of a failure */
};

/*
 * Resolves r->host, a name in a process without privilege.  Returns how many
 * addresses r->addr has now, or 0 with r->why and r->late filled.
 */
size_t resolve_host(struct resolve *r);

#endif
