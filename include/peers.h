/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tunnel's peers file and its secret in chap-secrets, as pppd reads them.
 * Each function has said what is wrong on stderr when it returns anything
 * but EXIT_OK.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>

#include "peers_text.h"

/* /etc/ppp, its peers and, where there is one, its ip-up.d; -1: not open. */
struct dirs {
	int		 ppp, peers, ip_up;
};

/* One sentence to stderr; returns status. */
int peers_complain(int status, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/*
 * The same, ending with what errno says: returns EXIT_PERMISSION if that is
 * a lack of permission, else EXIT_SYSTEM.
 */
int peers_failed(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

/*
 * Opens them, and fails now if the first two may not be written.  To be closed
 * in either case.
 */
int dirs_open(struct dirs *d);
void dirs_close(struct dirs *d);

/*
 * Writes the tunnel, in place of an earlier one of that name if pptpsetup, of
 * this or of pptp-linux, wrote that; or, for a tunnel whose password is NULL,
 * removes what pptpsetup wrote under its name, where there must be something.
 * A failure leaves the old files; only if a last step fails has chap-secrets
 * changed already.  Routes for which there is no place are told to the user.
 */
int peers_change(const struct tunnel *t, const struct dirs *d);

/* Prints each tunnel that pptpsetup wrote: name, server, user. */
int peers_list(void);

/*
 * Has /etc/ppp/chap-secrets a line for this user and server, or for any server?
 * False also if it cannot be read.
 */
bool peers_has_secret(const char *user, const char *server);

#endif
