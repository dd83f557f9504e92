/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The holder: what stands in the gateway's place where the kernel carries the
 * data.  It does nothing but hold what must close at the right moment.
 */
#ifndef HOLDER_H
#define HOLDER_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "gre.h"
#include "options.h"

struct holder {
	const struct conf *conf;
	char		 server[INET_ADDRSTRLEN];
	struct in_addr	 local;		/* its loss ends the tunnel */
	int		 line;		/* to pppd's plugin */
	int		 mgr;		/* to the call manager */
	int		 channel;	/* the kernel's PPTP socket */
	struct gre_counters *n;
};

/* Is this descriptor a socket as the plugin makes them? */
bool holder_is_line(int fd);

/* Hands the plugin the channel of a call that is up.  0, or -1 with errno. */
int holder_offer(int line, int channel, uint16_t id, uint16_t peer_id,
    struct in_addr server);

/* Tells the plugin why there is no call. */
void holder_refuse(int line, enum exit_status status, const char *why);

/*
 * Drops every privilege, then waits until pppd hangs up, a signal asks for
 * the end, or the call goes down.  With the process ends the channel, which
 * is a hangup for pppd, and the connection to the manager, which clears the
 * call.  Returns the status to exit with, after logging why.
 */
enum exit_status holder_run(struct holder *a);

#endif
