/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --status: prints all tunnels, or one; puts a tunnel's network into words. */
#ifndef SHOW_H
#define SHOW_H

#include <sys/types.h>

#include "conf.h"
#include "ipc_msg.h"

/* The user whose call manager reports a tunnel. */
struct show_owner {
	uid_t		 uid;
	bool		 claims;	/* another user's: not to be trusted */
	char		 name[40];	/* printable; "" if unknown */
};

void show_owner(struct show_owner *o, uid_t uid);

/*
 * Prints the tunnel on stdout, in words or as JSON.  here: the tunnel is in
 * this network namespace, so its interface can be named and, if the kernel
 * carries the data, its counters be read, which replace those in *t.
 */
void show_tunnel(struct ipc_tunnel *t, const struct show_owner *o,
    bool here, bool json);

/* "interface ppp0, local address ..." of a network that is up, printable. */
void show_network(const struct gre_counters *n, char *out, size_t size);

/*
 * Prints every tunnel of this user's managers, or those to conf->host, in words
 * or as JSON; for root also, within bounds, what other users' managers claim.
 * EXIT_OK if all were read and one of the user's own is up, else EXIT_SYSTEM.
 */
enum exit_status status_main(const struct conf *conf);

#endif
