/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pppd's command line: on a pty, or with the plugin for the kernel's PPTP. */
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pppd_argv.h"
#include "pptp_quirks.h"
#include "util.h"
#include "wire.h"

enum {
	WORD = 900,		/* a word of pppd's has 1023 octets at most */
	OURS = 60		/* words besides the user's */
};

/* The vector, whose words are not copied: exec wants them without const. */
static char **words;
static size_t nwords;

/* Appends these words, up to a NULL. */
static void __attribute__((__sentinel__))
push(const char *word, ...)
{
	va_list ap;

	va_start(ap, word);
	for (; word != NULL; word = va_arg(ap, const char *))
		memcpy(&words[nwords++], &word, sizeof(word));
	va_end(ap);
}

/* Appends LOCAL:REMOTE, either of which may be empty. */
static void
push_addresses(const struct conf *c)
{
	static char both[2 * INET_ADDRSTRLEN + 1];
	char remote[INET_ADDRSTRLEN] = "", local[INET_ADDRSTRLEN] = "";

	if (c->client_ip.s_addr != INADDR_ANY)
		inet_ntop(AF_INET, &c->client_ip, local, sizeof(local));
	if (c->server_ip.s_addr != INADDR_ANY)
		inet_ntop(AF_INET, &c->server_ip, remote, sizeof(remote));
	snprintf(both, sizeof(both), "%s:%s", local, remote);
	if (both[1] != '\0')
		push(both, NULL);
}

/* Appends what --username, --encrypt and --refuse-* mean for pppd. */
static void
push_login(const struct conf *c, const struct pppd_extra *extra)
{
	/* In the order of REFUSE_*. */
	static const char refusals[][17] = { "refuse-pap", "refuse-chap",
	    "refuse-mschap", "refuse-mschap-v2", "refuse-eap" };
	static char fd[32];
	unsigned refuse = c->refuse;

	if (c->username != NULL)
		push("noauth", "nobsdcomp", "nodeflate", "user", extra->user,
		    "remotename", c->host, NULL);
	if (c->encrypt) {
		push("require-mppe-128", NULL);
		/* MPPE's keys come from MS-CHAPv2. */
		refuse |= REFUSE_PAP | REFUSE_CHAP | REFUSE_MSCHAP | REFUSE_EAP;
	}
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		if (refuse >> i & 1)
			push(refusals[i], NULL);
	if (extra->password_fd != -1) {
		snprintf(fd, sizeof(fd), "/proc/self/fd/%d",
		    extra->password_fd);
		push("file", fd, NULL);
	}
}

/* Adds an option of pptp's and its value, quoted as the plugin reads it. */
static void
add(struct wr *w, const char *option, const char *value)
{
	if (value == NULL)
		return;
	wr_bytes(w, option, strlen(option));
	if (*value == '\0')
		wr_bytes(w, "''", 2);
	for (; *value != '\0'; value++) {
		if (strchr(" \t\n\\'\"", *value) != NULL)
			wr_u8(w, '\\');
		wr_u8(w, (uint8_t)*value);
	}
}

/* Appends what the plugin needs to make the same call again. */
static void
push_options(const struct conf *c)
{
	static char text[WORD];		/* ends with a NUL */
	char local[INET_ADDRSTRLEN];	/* 0.0.0.0 if none was given */
	int n = snprintf(text, sizeof(text), "--connect-port %u --timeout "
	    "%lld.%06lld --idle-wait %lld.%06lld --max-echo-wait %lld.%06lld "
	    "--loglevel %d --localbind %s%s%s%s", c->port,
	    (long long)c->timeout_us / 1000000,
	    (long long)c->timeout_us % 1000000,
	    (long long)c->idle_us / 1000000, (long long)c->idle_us % 1000000,
	    (long long)c->echo_us / 1000000, (long long)c->echo_us % 1000000,
	    c->loglevel, inet_ntop(AF_INET, &c->localbind, local,
	    sizeof(local)), c->nohostroute ? " --nohostroute" : "",
	    c->debug ? " --debug" : "",
	    /* The other quirks need the pty. */
	    c->quirks & QUIRK_ASYNCREAD ? " --quirk-broken-asyncread" : "");
	struct wr w = { .p = (uint8_t *)text + n,
	    .end = (uint8_t *)text + sizeof(text) };

	add(&w, " --phone ", c->phone);
	add(&w, " --client-hostname ", c->client_hostname);
	add(&w, " --logstring ", c->logstring);
	wr_u8(&w, '\0');
	if (!w.bad)
		push("pptp_options", text, NULL);
}

static void
push_plugin(const struct conf *c, const struct pppd_extra *extra)
{
	static char self[WORD], number[16];

	snprintf(number, sizeof(number), "%d", extra->line);
	push("plugin", extra->plugin, "pptp_server", c->host, "pptp_socket",
	    number, NULL);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0)
		push("pptp_program", self, NULL);
	push_options(c);
}

/*
 * The user's words come after ours, and so win.  Some programs look for their
 * `call NAME` at the end of the line.
 */
char **
pppd_argv(const struct conf *c, const struct pppd_extra *extra)
{
	static char mtu[16];

	nwords = 0;
	words = malloc((OURS + (size_t)c->nwords) * sizeof(words[0]));
	if (words == NULL)
		fatal(EXIT_SYSTEM, "out of memory");
	push("pppd", NULL);
	if (extra->plugin != NULL)
		push_plugin(c, extra);
	else
		push(extra->tty, "38400", NULL);
	if (c->sync)
		push("sync", NULL);
	snprintf(mtu, sizeof(mtu), "%u", extra->mtu);
	push("mtu", mtu, "mru", mtu, NULL);
	if (extra->updetach)
		push("updetach", "nologfd", NULL);
	push_addresses(c);
	push_login(c, extra);
	if (c->pppd_call != NULL)
		push("call", c->pppd_call, NULL);
	for (int i = 0; i < c->nwords; i++)
		push(c->words[i], NULL);
	if (extra->nopersist)
		push("nopersist", NULL);
	words[nwords] = NULL;
	return words;
}
