/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of pppd's files for a tunnel: how words are quoted, and which lines
 * are ours.
 *
 * In chap-secrets ours are a comment line that names the tunnel and the secret
 * below it, in the shape that pptp-linux's pptpsetup writes too.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "peers_text.h"

#define WRITTEN_BY	"# written by pptpsetup"
#define ADDED_FOR	"# added by pptpsetup for "

enum { COMMAND_LONGEST = 1000 };	/* pppd cuts a word after 1023 octets */

bool
peers_is_plain(const char *s, const char *also)
{
	const char *p = s;

	while (isalnum((unsigned char)*p) || (*p != '\0' &&
	    strchr(also, *p) != NULL))
		p++;
	return p > s && *p == '\0';
}

/* Writes s if neither pppd nor the shell needs it quoted; else false. */
static bool
put_plain(struct wr *w, const char *s)
{
	if (!peers_is_plain(s, "_./+-"))
		return false;
	wr_bytes(w, s, strlen(s));
	return true;
}

/*
 * Between double quotes pppd takes all octets literally but the quote and the
 * backslash.  Control characters become three octal digits, so that an entry
 * stays one line; all other octets stay as they are.
 */
void
peers_put_quoted(struct wr *w, const char *s, size_t n)
{
	char octal[8];

	wr_u8(w, '"');
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c < 0x20 || c == 0x7f) {
			snprintf(octal, sizeof(octal), "\\%03o", c);
			wr_bytes(w, octal, 4);
			continue;
		}
		if (c == '"' || c == '\\')
			wr_u8(w, '\\');
		wr_u8(w, c);
	}
	wr_u8(w, '"');
}

/* Writes strings, up to a NULL. */
static void __attribute__((__sentinel__))
put(struct wr *w, ...)
{
	const char *s;
	va_list ap;

	va_start(ap, w);
	while ((s = va_arg(ap, const char *)) != NULL)
		wr_bytes(w, s, strlen(s));
	va_end(ap);
}

static void
put_word(struct wr *w, const char *s)
{
	if (!put_plain(w, s))
		peers_put_quoted(w, s, strlen(s));
}

/* Writes s as one word of a shell command. */
static void
put_shell_word(struct wr *w, const char *s)
{
	if (put_plain(w, s))
		return;
	wr_u8(w, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			put(w, "'\\'", NULL);
		wr_u8(w, (uint8_t)*s);
	}
	wr_u8(w, '\'');
}

bool
peers_is_name(const char *s)
{
	/* pppd itself refuses to call a name with two dots in a row. */
	return peers_is_plain(s, "_-.") && strlen(s) <= PEERS_NAME_LONGEST &&
	    strchr("-.", *s) == NULL && strstr(s, "..") == NULL;
}

bool
peers_put_file(struct wr *w, const struct tunnel *t, const char *client)
{
	char command[COMMAND_LONGEST] = "", mtu[16];
	struct wr c = { .p = (uint8_t *)command,
	    .end = (uint8_t *)command + sizeof(command) };

	put_shell_word(&c, client);
	put(&c, " ", t->server, " --nolaunchpppd", NULL);
	for (size_t i = 0; i < t->options.n; i++) {
		put(&c, " ", NULL);
		put_shell_word(&c, t->options.v[i]);
	}
	/* mtu and mru come first, since later lines win. */
	snprintf(mtu, sizeof(mtu), "%u\n", t->mtu);
	put(w, WRITTEN_BY "\nmtu ", mtu, "mru ", mtu, "pty ", NULL);
	peers_put_quoted(w, command, (size_t)(c.p - (uint8_t *)command));
	put(w, "\nlock\nnoauth\nnobsdcomp\nnodeflate\nname ", NULL);
	put_word(w, t->user);
	put(w, "\nremotename ", t->name, "\nipparam ", t->name, "\n", NULL);
	for (size_t i = 0; i < t->lines.n; i++)
		put(w, t->lines.v[i], NULL);
	return !c.bad && !w->bad;
}

/* No exit command: some systems run all scripts of ip-up.d in one shell. */
void
peers_put_routes(struct wr *w, const struct tunnel *t, bool script)
{
	put(w, script ? "#!/bin/sh\n" WRITTEN_BY "\n" : "", NULL);
	put(w, "if [ \"$6\" = ", t->name, " ]; then\n", NULL);
	for (size_t i = 0; i < t->routes.n; i++)
		put(w, "\tip route replace ", t->routes.v[i],
		    " dev \"$1\"\n", NULL);
	put(w, "fi\n", NULL);
}

void
peers_put_secret(struct wr *w, const uint8_t *start, const struct tunnel *t)
{
	if (w->p > start)
		put(w, w->p[-1] == '\n' ? "\n" : "\n\n", NULL);
	put(w, ADDED_FOR, t->name, "\n", NULL);
	put_word(w, t->user);
	put(w, " ", t->name, " ", NULL);
	peers_put_quoted(w, t->password, t->password_len);
	put(w, " *\n", NULL);
}

/* Takes a line, with its newline. */
static struct rd
take_line(struct rd *r)
{
	const uint8_t *end = memchr(r->p, '\n', (size_t)(r->end - r->p));
	struct rd line = { .p = r->p, .end = end == NULL ? r->end : end + 1 };

	r->p = line.end;
	return line;
}

/* Is the line this text, with only blanks after it? */
static bool
line_is(struct rd line, const char *text)
{
	size_t n = strlen(text);

	while (line.end > line.p && line.end[-1] != '\0' &&
	    strchr(" \t\r\n", line.end[-1]) != NULL)
		line.end--;
	return (size_t)(line.end - line.p) == n && memcmp(line.p, text, n) == 0;
}

bool
peers_is_ours(struct rd text)
{
	while (text.p < text.end)
		if (line_is(take_line(&text), WRITTEN_BY))
			return true;
	return false;
}

/* What the octets behind a backslash stand for; -1: for nothing. */
static int
read_escaped(struct rd *r)
{
	static const char from[] = "abfnrst", to[] = "\a\b\f\n\r \t";
	uint8_t c = rd_u8(r);
	const char *e = c == '\0' ? NULL : strchr(from, c);
	int value = c - '0';

	if (r->bad || c == '\n')	/* the line goes on */
		return -1;
	if (e != NULL)
		return (uint8_t)to[e - from];
	if (c < '0' || c > '7')
		return c;
	for (int i = 0; i < 2 && r->p < r->end && *r->p >= '0' &&
	    *r->p <= '7'; i++)
		value = value * 8 + rd_u8(r) - '0';
	return value & 0xff;
}

bool
peers_read_word(struct rd *r, char *word, size_t size)
{
	const uint8_t *start;
	uint8_t quote = '\0';
	size_t n = 0;

	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t'))
		r->p++;
	for (start = r->p; r->p < r->end && *r->p != '\n'; r->p++) {
		int c = *r->p;

		if (quote == '\0' && (c == ' ' || c == '\t' || c == '#'))
			break;
		if (c == (quote != '\0' ? quote : '"') ||
		    (quote == '\0' && c == '\'')) {
			quote = quote != '\0' ? '\0' : (uint8_t)c;
			continue;
		}
		if (c == '\\') {
			r->p++;
			c = read_escaped(r);
			r->p--;
		}
		if (c != -1 && n + 1 < size)
			word[n++] = (char)c;
	}
	word[n] = '\0';
	return r->p > start;
}

bool
peers_next_line(struct rd *r)
{
	(void)take_line(r);
	return r->p < r->end;
}

/*
 * Is this line, below a marker, the tunnel's secret?  If so, its second word is
 * the tunnel's name.  The second test is for names with blanks or quotes, which
 * pptp-linux's tool did not escape.
 */
static bool
is_secret(struct rd line, const char *tunnel)
{
	char word[PEERS_NAME_LONGEST + 2], middle[PEERS_NAME_LONGEST + 8];
	struct rd r = line;

	if (line.p == line.end || *line.p == '#')
		return false;
	(void)peers_read_word(&r, word, sizeof(word));
	if (peers_read_word(&r, word, sizeof(word)) &&
	    strcmp(word, tunnel) == 0)
		return true;
	snprintf(middle, sizeof(middle), " %s \"", tunnel);
	return memmem(line.p, (size_t)(line.end - line.p), middle,
	    strlen(middle)) != NULL;
}

unsigned
peers_put_others(struct wr *w, struct rd old, const char *tunnel)
{
	char marker[sizeof(ADDED_FOR) + PEERS_NAME_LONGEST];
	const uint8_t *start = w->p;
	unsigned gone = 0;

	snprintf(marker, sizeof(marker), ADDED_FOR "%s", tunnel);
	while (old.p < old.end) {
		struct rd line = take_line(&old), below = old;

		if (!line_is(line, marker)) {
			wr_bytes(w, line.p, (size_t)(line.end - line.p));
			continue;
		}
		gone++;
		if (is_secret(take_line(&below), tunnel))
			old = below;
		if (w->p > start && w->p[-1] == '\n' &&
		    (w->p - start == 1 || w->p[-2] == '\n'))
			w->p--;		/* drop the empty line above */
	}
	return gone;
}

/* The word in front of --nolaunchpppd is the server. */
static void
find_server(char *command, char *server)
{
	char *end = strstr(command, " --nolaunchpppd"), *start;

	if (end == NULL)
		return;
	for (start = end; start > command && start[-1] != ' '; start--)
		continue;
	snprintf(server, PEERS_USER_LONGEST + 1, "%.*s", (int)(end - start),
	    start);
}

void
peers_find(struct rd text, char *server, char *user)
{
	char option[8], command[COMMAND_LONGEST + 24];

	memcpy(server, "-", 2);
	memcpy(user, "-", 2);
	do {
		if (!peers_read_word(&text, option, sizeof(option)))
			continue;
		if (strcmp(option, "name") == 0)
			(void)peers_read_word(&text, user,
			    PEERS_USER_LONGEST + 1);
		else if (strcmp(option, "pty") == 0 &&
		    peers_read_word(&text, command, sizeof(command)))
			find_server(command, server);
	} while (peers_next_line(&text));
}
