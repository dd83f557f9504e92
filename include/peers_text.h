/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of pppd's files for a tunnel: words as pppd and the shell read
 * them, and the parts that pptpsetup wrote (pure).
 */
#ifndef PEERS_TEXT_H
#define PEERS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

/* In octets.  pppd 2.4.9 and 2.5 cut a longer user or password. */
enum {
	PEERS_NAME_LONGEST = 128,
	PEERS_USER_LONGEST = 255,
	PEERS_WORDS = 32
};

struct peers_words {
	const char	*v[PEERS_WORDS];
	size_t		 n;
};

struct tunnel {
	const char	*name;		/* as peers_is_name() wants it */
	const char	*server;	/* a word to the shell as it is */
	const char	*user;		/* DOMAIN\user or user: any octets */
	const char	*password;	/* any octets but NUL, not "@/..." */
	size_t		 password_len;
	unsigned	 mtu;
	struct peers_words lines;	/* more for pppd, with their ends */
	struct peers_words options;	/* words for pptp: any octets */
	struct peers_words routes;	/* as 10.1.0.0/16 */
};

/* Is s not empty, and all ASCII letters, digits and what also has? */
bool peers_is_plain(const char *s, const char *also);

/* May a tunnel, and so its peers file, have this name? */
bool peers_is_name(const char *s);

/* --- Writing: a cursor that lacks room is .bad. --- */

/* s between double quotes, which pppd takes for just these n octets. */
void peers_put_quoted(struct wr *w, const char *s, size_t n);

/*
 * The whole peers file; client is the path of pptp.  False: the command for
 * pptp is too long for pppd, or w is full.
 */
bool peers_put_file(struct wr *w, const struct tunnel *t, const char *client);

/* The shell's commands that set the routes: a script of pppd's, or for one. */
void peers_put_routes(struct wr *w, const struct tunnel *t, bool script);

/*
 * Copies chap-secrets without the tunnel's own entries and the empty line
 * before each.  w->p is where the copy begins.  Returns how many entries went.
 */
unsigned peers_put_others(struct wr *w, struct rd old, const char *tunnel);

/* The tunnel's entry, behind what w holds since start. */
void peers_put_secret(struct wr *w, const uint8_t *start,
    const struct tunnel *t);

/* --- Reading. --- */

/* Did pptpsetup, this or pptp-linux's, write this file? */
bool peers_is_ours(struct rd text);

/*
 * The next word of a line as pppd reads it, cut to size; false at the end of
 * the line, behind which r->p does not go.
 */
bool peers_read_word(struct rd *r, char *word, size_t size);

/* Moves to the next line; false if there is none. */
bool peers_next_line(struct rd *r);

/*
 * The server and the user (of PEERS_USER_LONGEST + 1 octets each) that a peers
 * file of pptpsetup's names; "-" for what it does not.
 */
void peers_find(struct rd text, char *server, char *user);

#endif
