/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tunnel's peers file and its secret in chap-secrets, as pppd reads them.  A
 * failure prints a sentence and ends the process, unless noted otherwise.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stddef.h>

#include "peers_text.h"

/* Makes /etc/ppp/peers; fails if it or /etc/ppp is not safe and writable. */
void peers_prepare(void);

/*
 * Writes the tunnel's files, replacing those of an earlier tunnel of that name
 * if pptpsetup (this one or pptp-linux's) wrote them.  If the password is NULL,
 * only removes what pptpsetup wrote under that name; finding nothing is a
 * failure.  A failure leaves the old files, unless a rename fails after
 * chap-secrets was replaced.  If no script can set the routes, the user is told
 * how to.
 */
void peers_change(const struct tunnel *t);

/* Prints each tunnel that pptpsetup wrote: name, server, user. */
void peers_list(void);

/* Are these n octets in a file?  False also if it cannot be read. */
bool peers_file_has(const char *path, const char *text, size_t n);

/* Makes a login name, DOMAIN\user; just user if domain is NULL or "". */
void peers_user(char name[PEERS_USER_LONGEST + 1], const char *domain,
    const char *user);

/*
 * Has /etc/ppp/chap-secrets a secret for this user, or any, and for this
 * server, or any?  False also if it cannot be read.
 */
bool peers_has_secret(const char *user, const char *server);

#endif
