/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of pppd's files for a tunnel: words as pppd and the shell read
 * them, and the parts that pptpsetup wrote (pure).  A cursor that lacks room
 * for what is written is .bad.
 */
#ifndef PEERS_TEXT_H
#define PEERS_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "wire.h"

/* Names in octets; pppd 2.4.9 and 2.5 truncate a longer user's name. */
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
	const char	*server;	/* needs no quotes in the shell */
	const char	*user;		/* DOMAIN\user or user: any octets */
	const char	*password;	/* no NUL; must not begin with "@/" */
	size_t		 password_len;
	unsigned	 mtu;
	struct peers_words lines;	/* more for pppd, newlines included */
	struct peers_words options;	/* words for pptp: any octets */
	struct peers_words routes;	/* such as 10.1.0.0/16 */
};

/* Is s not empty, and all ASCII letters, digits and octets of `also`? */
bool peers_is_plain(const char *s, const char *also);

/* May a tunnel, and so its peers file, have this name? */
bool peers_is_name(const char *s);

/* Writes s in double quotes so that pppd reads just these n octets. */
void peers_put_quoted(struct wr *w, const char *s, size_t n);

/*
 * Writes the whole peers file; client is the path of pptp.  False: the command
 * line of pptp is too long for pppd, or w is full.
 */
bool peers_put_file(struct wr *w, const struct tunnel *t, const char *client);

/* Writes shell commands that set the routes; if script, a whole script. */
void peers_put_routes(struct wr *w, const struct tunnel *t, bool script);

/*
 * Copies chap-secrets to w->p, where the file begins, without the tunnel's own
 * entries and the empty line before each.  Returns how many it left out.
 */
unsigned peers_put_others(struct wr *w, struct rd old, const char *tunnel);

/* Appends the tunnel's entry to the file that w holds from start on. */
void peers_put_secret(struct wr *w, const uint8_t *start,
    const struct tunnel *t);

/* Did pptpsetup, this or pptp-linux's, write this file? */
bool peers_is_ours(struct rd text);

/*
 * The next word of a line as pppd reads it, cut to size; false at the end of
 * the line, which r->p does not pass.
 */
bool peers_read_word(struct rd *r, char *word, size_t size);

/* Moves to the next line; false if there is none. */
bool peers_next_line(struct rd *r);

/*
 * Finds the server and the user (PEERS_USER_LONGEST + 1 octets of room each) in
 * a peers file that pptpsetup wrote; "-" for one that it does not name.
 */
void peers_find(struct rd text, char *server, char *user);

#endif
