/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of the pppd that is launched: on a pty, or with the plugin
 * by which the kernel carries the data.
 */
#include <arpa/inet.h>

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pppd_argv.h"
#include "pptp_quirks.h"

/* ---- what the options ask of either ---- */

/* A block with a vector of v[n] at its beginning and the texts behind. */
struct vector {
	char		**v;
	size_t		 n;
	char		*text, *end;
};

static void
push(struct vector *a, const char *text)
{
	size_t size = strlen(text) + 1;

	assert(size <= (size_t)(a->end - a->text));
	a->v[a->n++] = a->text;
	memcpy(a->text, text, size);
	a->text += size;
}

/* LOCAL:REMOTE, of which either may be empty. */
static void
push_addresses(struct vector *a, const struct conf *c)
{
	char both[2 * INET_ADDRSTRLEN + 1], remote[INET_ADDRSTRLEN] = "",
	    local[INET_ADDRSTRLEN] = "";

	if (c->client_ip.s_addr != INADDR_ANY)
		inet_ntop(AF_INET, &c->client_ip, local, sizeof(local));
	if (c->server_ip.s_addr != INADDR_ANY)
		inet_ntop(AF_INET, &c->server_ip, remote, sizeof(remote));
	if (local[0] == '\0' && remote[0] == '\0')
		return;
	snprintf(both, sizeof(both), "%s:%s", local, remote);
	push(a, both);
}

/* pppd's options, of the same names as ours. */
static void
push_refusals(struct vector *a, const struct conf *c)
{
	static const struct {
		unsigned	 bit;
		char		 word[20];
	} refusals[] = {
		{ REFUSE_PAP, "refuse-pap" },
		{ REFUSE_CHAP, "refuse-chap" },
		{ REFUSE_MSCHAP, "refuse-mschap" },
		{ REFUSE_MSCHAP_V2, "refuse-mschap-v2" },
		{ REFUSE_EAP, "refuse-eap" },
	};

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (c->refuse & refusals[i].bit)
			push(a, refusals[i].word);
}

static void
push_number(struct vector *a, const char *word, unsigned n)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", n);
	push(a, word);
	push(a, number);
}

/* What --username and --encrypt ask for, in pppd's words. */
static void
push_login(struct vector *a, const struct conf *c,
    const struct pppd_extra *extra)
{
	char fd[32];

	if (c->username != NULL) {
		push(a, "noauth");
		push(a, "nobsdcomp");
		push(a, "nodeflate");
		push(a, "user");
		push(a, extra->user);
		push(a, "remotename");
		push(a, c->host);
	}
	if (c->encrypt) {
		push(a, "require-mppe-128");
		push(a, "refuse-pap");	/* MPPE's keys come from MS-CHAPv2 */
		push(a, "refuse-eap");
		push(a, "refuse-chap");
		push(a, "refuse-mschap");
	}
	if (extra->password_fd != -1) {
		snprintf(fd, sizeof(fd), "/dev/fd/%d", extra->password_fd);
		push(a, "file");
		push(a, fd);
	}
}

/*
 * All of it in one block: tail[0 .. n) comes last, copied; the words before
 * it are pointed to.  The user's words come behind ours, and so win.
 */
static char **
make_argv(const struct conf *c, const struct pppd_extra *extra,
    const char *tty, const char *const *tail, size_t n)
{
	/* All but tty, NAME, user, host, tail. */
	enum { PUSHED = 40, TEXTS = 512 };
	const char *name = c->pppd_call != NULL ? c->pppd_call : "";
	size_t slots = PUSHED + (size_t)c->nwords + n;
	size_t size = slots * sizeof(char *) + TEXTS + strlen(name) +
	    (tty != NULL ? strlen(tty) : 0) + strlen(extra->user) +
	    strlen(c->host);
	struct vector a = { .v = NULL };

	for (size_t i = 0; i < n; i++)
		size += strlen(tail[i]) + 1;
	a.v = malloc(size);
	if (a.v == NULL)
		return NULL;
	a.text = (char *)(a.v + slots);
	a.end = (char *)a.v + size;
	push(&a, "pppd");
	if (tty != NULL) {
		push(&a, tty);
		push(&a, "38400");
	}
	if (c->sync)
		push(&a, "sync");
	if (extra->mtu != 0) {
		push_number(&a, "mtu", extra->mtu);
		push_number(&a, "mru", extra->mtu);
	}
	if (extra->updetach) {
		push(&a, "updetach");
		push(&a, "nologfd");
	}
	push_login(&a, c, extra);
	push_addresses(&a, c);
	push_refusals(&a, c);
	if (c->pppd_call != NULL) {
		push(&a, "call");
		push(&a, name);
	}
	for (int i = 0; i < c->nwords; i++)
		a.v[a.n++] = c->words[i];
	for (size_t i = 0; i < n; i++)
		push(&a, tail[i]);
	assert(a.n < slots);
	a.v[a.n] = NULL;
	return a.v;
}

char **
pppd_argv_pty(const struct conf *c, const struct pppd_extra *extra,
    const char *tty)
{
	return make_argv(c, extra, tty, NULL, 0);
}

/* ---- the plugin's options ---- */

/* The words for pptp, as one for the plugin: quoted, with blanks between. */
struct words {
	char		*text;
	size_t		 len, size;
};

static void
add_octet(struct words *w, char c)
{
	if (w->len + 1 < w->size)
		w->text[w->len++] = c;
	else
		w->size = 0;		/* full: see plugin_options() */
}

static void
add_word(struct words *w, const char *s)
{
	if (w->len > 0)
		add_octet(w, ' ');
	if (*s == '\0') {
		add_octet(w, '\'');
		add_octet(w, '\'');
	}
	for (; *s != '\0'; s++) {
		if (strchr(" \t\n\\'\"", *s) != NULL)
			add_octet(w, '\\');
		add_octet(w, *s);
	}
}

static void
add_text(struct words *w, const char *option, const char *value)
{
	if (value == NULL)
		return;
	add_word(w, option);
	add_word(w, value);
}

static void
add_number(struct words *w, const char *option, uint64_t value)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value);
	add_text(w, option, digits);
}

/*
 * By these the plugin can start a kernel gateway that makes the same call, when
 * pppd has `persist`.  NULL if they do not fit into size.
 */
static char *
plugin_options(const struct conf *c, char *text, size_t size)
{
	struct words w = { text, 0, size };
	char local[INET_ADDRSTRLEN], seconds[32];

	add_text(&w, "--phone", c->phone);
	add_text(&w, "--client-hostname", c->client_hostname);
	add_number(&w, "--connect-port", c->port);
	if (c->localbind.s_addr != INADDR_ANY)
		add_text(&w, "--localbind", inet_ntop(AF_INET, &c->localbind,
		    local, sizeof(local)));
	if (c->nohostroute)
		add_word(&w, "--nohostroute");
	snprintf(seconds, sizeof(seconds), "%lld.%06lld",
	    (long long)c->timeout_us / 1000000,
	    (long long)c->timeout_us % 1000000);
	add_text(&w, "--timeout", seconds);
	add_number(&w, "--idle-wait", (uint64_t)c->idle_us / 1000000);
	add_number(&w, "--max-echo-wait", (uint64_t)c->echo_us / 1000000);
	for (const struct quirk *q = quirk_table; q->name != NULL; q++)
		if (c->quirks & q->bit)
			add_text(&w, "--quirks", q->name);
	if (c->debug)
		add_word(&w, "--debug");
	add_number(&w, "--loglevel", (uint64_t)c->loglevel);
	add_text(&w, "--logstring", c->logstring);
	if (w.size == 0)
		return NULL;
	text[w.len] = '\0';
	return text;
}

char **
pppd_argv_kernel(const struct conf *c, const struct pppd_extra *extra,
    const char *plugin, int line)
{
	enum { TEXT = 900 };	/* a word of pppd's has 1023 octets at most */
	char self[TEXT], number[16], options[TEXT];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *tail[10] = { "plugin", plugin, "pptp_server", c->host,
	    "pptp_socket", number };
	size_t n = 6;

	snprintf(number, sizeof(number), "%d", line);
	if (len > 0) {
		self[len] = '\0';
		tail[n++] = "pptp_program";
		tail[n++] = self;
	}
	if (plugin_options(c, options, sizeof(options)) != NULL) {
		tail[n++] = "pptp_options";
		tail[n++] = options;
	}
	return make_argv(c, extra, NULL, tail, n);
}
