/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line of the pppd that is launched: on a pty, or with the plugin
 * by which the kernel carries the data.
 */
#include <arpa/inet.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pppd_argv.h"
#include "pptp_quirks.h"

/* ---- what the options ask of either ---- */

enum {
	WORD = 900,		/* a word of pppd's has 1023 octets at most */
	OURS = 60,		/* words besides the user's */
	TEXTS = 6 * WORD	/* octets of these */
};

/* A block with a vector of v[n] at its beginning and the texts behind. */
struct vector {
	char		**v;
	size_t		 n;
	char		*text, *end;
};

/* Appends copies of these words, up to a NULL. */
static void __attribute__((__sentinel__))
push(struct vector *a, ...)
{
	const char *word;
	va_list ap;

	va_start(ap, a);
	while ((word = va_arg(ap, const char *)) != NULL) {
		size_t size = strlen(word) + 1;

		assert(size <= (size_t)(a->end - a->text));
		a->v[a->n++] = memcpy(a->text, word, size);
		a->text += size;
	}
	va_end(ap);
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
	push(a, both, NULL);
}

/* What --username, --encrypt and --refuse-* ask for, in pppd's words. */
static void
push_login(struct vector *a, const struct conf *c,
    const struct pppd_extra *extra)
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
	unsigned refuse = c->refuse;
	char fd[32];

	if (c->username != NULL)
		push(a, "noauth", "nobsdcomp", "nodeflate", "user",
		    extra->user, "remotename", c->host, NULL);
	if (c->encrypt) {
		push(a, "require-mppe-128", NULL);
		/* MPPE's keys come from MS-CHAPv2. */
		refuse |= REFUSE_PAP | REFUSE_CHAP | REFUSE_MSCHAP |
		    REFUSE_EAP;
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refuse & refusals[i].bit)
			push(a, refusals[i].word, NULL);
	if (extra->password_fd != -1) {
		snprintf(fd, sizeof(fd), "/dev/fd/%d", extra->password_fd);
		push(a, "file", fd, NULL);
	}
}

/*
 * Begins a vector with what pppd gets on either path; its v is NULL if there
 * is no memory.  The user's words come behind ours, and so win; they are
 * pointed to.
 */
static struct vector
begin(const struct conf *c, const struct pppd_extra *extra, const char *tty)
{
	size_t slots = OURS + (size_t)c->nwords;
	size_t size = slots * sizeof(char *) + TEXTS;
	struct vector a = { .v = malloc(size) };
	char mtu[16];

	if (a.v == NULL)
		return a;
	memset(a.v, 0, size);		/* the words end with a NULL */
	a.text = (char *)(a.v + slots);
	a.end = (char *)a.v + size;
	push(&a, "pppd", NULL);
	if (tty != NULL)
		push(&a, tty, "38400", NULL);
	if (c->sync)
		push(&a, "sync", NULL);
	snprintf(mtu, sizeof(mtu), "%u", extra->mtu);
	if (extra->mtu != 0)
		push(&a, "mtu", mtu, "mru", mtu, NULL);
	if (extra->updetach)
		push(&a, "updetach", "nologfd", NULL);
	push_addresses(&a, c);
	push_login(&a, c, extra);
	if (c->pppd_call != NULL)
		push(&a, "call", c->pppd_call, NULL);
	for (int i = 0; i < c->nwords; i++)
		a.v[a.n++] = c->words[i];
	return a;
}

char **
pppd_argv_pty(const struct conf *c, const struct pppd_extra *extra,
    const char *tty)
{
	return begin(c, extra, tty).v;
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
	if (c->quirks & QUIRK_ASYNCREAD)	/* the others need the pty */
		add_word(&w, "--quirk-broken-asyncread");
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
	char self[WORD], number[16], options[WORD];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	struct vector a = begin(c, extra, NULL);

	if (a.v == NULL)
		return NULL;
	snprintf(number, sizeof(number), "%d", line);
	push(&a, "plugin", plugin, "pptp_server", c->host, "pptp_socket",
	    number, NULL);
	if (len > 0) {
		self[len] = '\0';
		push(&a, "pptp_program", self, NULL);
	}
	if (plugin_options(c, options, sizeof(options)) != NULL)
		push(&a, "pptp_options", options, NULL);
	return a.v;
}
