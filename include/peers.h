/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tunnel's peers file and its secret in chap-secrets, as pppd reads them.
 * Each function has said what is wrong on stderr when it returns anything
 * but EXIT_OK.
 */
#ifndef PEERS_H
#define PEERS_H

#include <stdbool.h>
#include <stddef.h>

/* In octets.  pppd 2.4.9 and 2.5 cut a longer user or password. */
enum {
	PEERS_NAME_LONGEST = 128,
	PEERS_USER_LONGEST = 255
};

struct tunnel {
	const char	*name;		/* as peers_is_name() wants it */
	const char	*server;	/* a word to the shell as it is */
	const char	*user;		/* DOMAIN\user or user: any octets */
	const char	*password;	/* any octets but NUL, not "@/..." */
	size_t		 password_len;
	bool		 encrypt;	/* require MPPE */
};

/* /etc/ppp and /etc/ppp/peers; -1: not open. */
struct dirs {
	int		 ppp, peers;
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

/* May a tunnel, and so its peers file, have this name? */
bool peers_is_name(const char *s);

/*
 * Opens both, and fails now if they may not be written.  To be closed in
 * either case.
 */
int dirs_open(struct dirs *d);
void dirs_close(struct dirs *d);

/*
 * Writes the tunnel, in place of an earlier one of that name if pptpsetup, of
 * this or of pptp-linux, wrote that.  A failure leaves the old files; only if
 * the last step fails has chap-secrets the new secret already.
 */
int peers_create(const struct tunnel *t, const struct dirs *d);

/* Removes what pptpsetup wrote under this name; there must be something. */
int peers_delete(const char *name, const struct dirs *d);

/*
 * Has /etc/ppp/chap-secrets a line for this user and server, or for any server?
 * False also if it cannot be read.
 */
bool peers_has_secret(const char *user, const char *server);

#endif
