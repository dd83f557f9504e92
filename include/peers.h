/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tunnel's peers file and its secret in chap-secrets, as pppd reads them.
 * What fails ends the process, with a sentence.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stddef.h>

#include "peers_text.h"

/* Fails now if /etc/ppp or its peers, which is made, may not be written. */
void peers_prepare(void);

/*
 * Writes the tunnel, in place of an earlier one of that name if pptpsetup, of
 * this or of pptp-linux, wrote that; or, for a tunnel whose password is NULL,
 * removes what pptpsetup wrote under its name, where there must be something.
 * A failure leaves the old files; only if a last step fails has chap-secrets
 * changed already.  Routes for which there is no place are told to the user.
 */
void peers_change(const struct tunnel *t);

/* Prints each tunnel that pptpsetup wrote: name, server, user. */
void peers_list(void);

/* Are these n octets in a file?  False also if it cannot be read. */
bool peers_file_has(const char *path, const char *text, size_t n);

/* Joins a login's name, DOMAIN\user; no domain is NULL or "". */
void peers_user(char name[PEERS_USER_LONGEST + 1], const char *domain,
    const char *user);

/*
 * Has /etc/ppp/chap-secrets a line for this user and server, or for any server?
 * False also if it cannot be read.
 */
bool peers_has_secret(const char *user, const char *server);

#endif
