/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line.
 *
 * `options` has one row for each option: name, argument, group, help line and
 * setter; each quirk adds one (quirk_table).  The parser here and the printing
 * in client/help.c walk these rows, so that an option exists everywhere or
 * nowhere.
 */
#include <arpa/inet.h>

#include <assert.h>
#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options_row.h"
#include "pptp_proto.h"
#include "pptp_quirks.h"
#include "util.h"

#ifndef VERSION
#define VERSION	"unknown"
#endif

enum {
	WARNINGS = 4096,	/* octets of all together */
	USER_LONGEST = 255,	/* pppd cuts a longer one */
	GO_ON = -1,		/* what a setter returns when all is well */
	LONG_VAL = 1 << 24,	/* above any character: musl's are wide */
	US = 1000000,
	REORDER_MIN = 10000,
	REORDER_MAX = 10 * US
};

/* --- mistakes ------------------------------------------------------------- */

/*
 * Warnings wait for the end of the command line: only there is it known
 * whether the user wants any.
 */
static struct {
	char		 text[WARNINGS];
	size_t		 len;
} warnings;

static void PRINTF(1, 2)
warn(const char *fmt, ...)
{
	size_t room = sizeof(warnings.text) - warnings.len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(warnings.text + warnings.len, room, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < room)
		warnings.len += (size_t)n + 1;
}

static void
say_warnings(bool wanted)
{
	const char *p = warnings.text;

	for (; wanted && p < warnings.text + warnings.len; p += strlen(p) + 1)
		say(STDERR_FILENO, "pptp: %s\n", p);
	warnings.len = 0;
}

static char mistake[512];		/* the last one */

/* One sentence to stderr, and the usage line. */
static int PRINTF(1, 2)
mistaken(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(mistake, sizeof(mistake), fmt, ap);
	va_end(ap);
	say(STDERR_FILENO, "pptp: %s\nusage: pptp [options] HOST "
	    "[pppd options]    (pptp --help lists all)\n", mistake);
	return EXIT_USAGE;
}

const char *
options_mistake(void)
{
	return mistake;
}

/*
 * Levenshtein's distance of the first NAME_LONGEST letters of two words,
 * whatever their case.
 */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_LONGEST + 1], la = strnlen(a, NAME_LONGEST),
	    lb = strnlen(b, NAME_LONGEST);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t corner = row[0];		/* row i-1, column j-1 */

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = corner +
			    (tolower((unsigned char)a[i - 1]) !=
			    tolower((unsigned char)b[j - 1]));

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

/* The nearest of the names to a word, or NULL if none is near. */
static const char *
nearest(const char *word, const char *const *names, size_t n)
{
	size_t best = 1 + strlen(word) / 3, d;
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		d = distance(word, names[i]);
		if (d < best || (d == best && near == NULL)) {
			best = d;
			near = names[i];
		}
	}
	return near;
}

/* Copies the name in "--name=value" or "-name", cut where it is too long. */
static void
option_name(char name[NAME_LONGEST + 1], const char *word)
{
	size_t n;

	word += strspn(word, "-");
	n = strcspn(word, "=");
	if (n > NAME_LONGEST)
		n = NAME_LONGEST;
	memcpy(name, word, n);
	name[n] = '\0';
}

/* The mistake of a word that is no option. */
static int
unknown(const struct row *rows, size_t n, const char *word)
{
	char name[NAME_LONGEST + 1];
	const char *names[ROWS_MAX], *near;

	option_name(name, word);
	if (strcmp(name, "test-type") == 0 || strcmp(name, "test-rate") == 0)
		return mistaken("--%s is gone: tc-netem(8) sends packets "
		    "in another order: tc qdisc add dev IF root netem delay "
		    "10ms reorder 25%%", name);
	for (size_t i = 0; i < n; i++)
		names[i] = rows[i].name;
	near = nearest(name, names, n);
	if (near != NULL)
		return mistaken("'%.80s' is not an option; did you mean "
		    "'--%s'?", word, near);
	if (word[1] != '-')
		return mistaken("'%.80s' is not an option; what pppd shall "
		    "get with a dash goes behind '--'", word);
	return mistaken("'%.80s' is not an option", word);
}

/* --- setters -------------------------------------------------------------- */

/* Stores an unsigned number into a member of 2, 4 or 8 octets. */
static void
store(struct conf *c, const struct row *o, int64_t v)
{
	unsigned char *p = (unsigned char *)c + o->at;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;

	assert(o->size == 2 || o->size == 4 || o->size == 8);
	if (o->size == 2)
		memcpy(p, &v16, sizeof(v16));
	else if (o->size == 4)
		memcpy(p, &v32, sizeof(v32));
	else
		memcpy(p, &v, sizeof(v));
}

/* Digits and nothing else, or false; below 10^15. */
static bool
read_digits(const char *s, int64_t *v)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || s[n] != '\0')
		return false;
	s += strspn(s, "0");
	for (*v = 0; *s != '\0'; s++) {
		if (*v >= INT64_C(100000000000000))
			return false;
		*v = *v * 10 + (*s - '0');
	}
	return true;
}

/* "25", "0.02", ".5" into microseconds; what is finer is cut off. */
static bool
read_seconds(const char *s, int64_t *us)
{
	size_t whole = strspn(s, "0123456789"), part = 0;
	const char *frac = s + whole;
	int64_t unit = US, v = 0;

	if (*frac == '.') {
		frac++;
		part = strspn(frac, "0123456789");
	}
	if (whole + part == 0 || frac[part] != '\0')
		return false;
	for (size_t i = 0; i < whole; i++) {
		v = v * 10 + (s[i] - '0') * (int64_t)US;
		if (v > INT64_C(1000000000) * US)
			return false;
	}
	for (size_t i = 0; i < part && unit > 1; i++) {
		unit /= 10;
		v += (frac[i] - '0') * unit;
	}
	*us = v;
	return true;
}

static int
set_true(struct conf *c, const struct row *o, const char *arg)
{
	bool yes = true;

	(void)arg;
	memcpy((char *)c + o->at, &yes, sizeof(yes));
	return GO_ON;
}

static int
set_text(struct conf *c, const struct row *o, const char *arg)
{
	size_t len = strlen(arg);

	if ((int64_t)len < o->lo || (int64_t)len > o->hi)
		return mistaken("--%s takes %d to %d octets, and "
		    "'%.80s%s' has %zu", o->name, (int)o->lo, (int)o->hi, arg,
		    len > 80 ? "..." : "", len);
	memcpy((char *)c + o->at, &arg, sizeof(arg));
	return GO_ON;
}

/* A whole number of units; what: they, in words. */
static int
set_whole(struct conf *c, const struct row *o, const char *arg,
    const char *what, int64_t unit)
{
	int64_t v;

	if (!read_digits(arg, &v) || v < o->lo || v > o->hi)
		return mistaken("--%s takes %s from %u to %u, not '%.80s'",
		    o->name, what, o->lo, o->hi, arg);
	store(c, o, v * unit);
	return GO_ON;
}

static int
set_number(struct conf *c, const struct row *o, const char *arg)
{
	return set_whole(c, o, arg, "a whole number", 1);
}

static int
set_wait(struct conf *c, const struct row *o, const char *arg)
{
	return set_whole(c, o, arg, "whole seconds", US);
}

static int
set_fraction(struct conf *c, const struct row *o, const char *arg)
{
	int64_t us;

	if (!read_seconds(arg, &us) || us < o->lo || us > o->hi)
		return mistaken("--%s takes seconds from %g to %g, not "
		    "'%.80s'", o->name, (double)o->lo / US,
		    (double)o->hi / US, arg);
	store(c, o, us);
	return GO_ON;
}

/* pptp-linux meant the reorder wait by this word. */
static int
set_timeout(struct conf *c, const struct row *o, const char *arg)
{
	int64_t us;

	if (!read_seconds(arg, &us) || us < REORDER_MIN || us >= US)
		return set_fraction(c, o, arg);
	warn("--timeout %s is taken as --reorder-timeout %s, which "
	    "pptp-linux meant by it; --timeout is now the longest wait for "
	    "the tunnel, 1 second at least", arg, arg);
	c->reorder_us = us;
	c->pty_need = PTY_TIMEOUT;
	return GO_ON;
}

static int
set_mark(struct conf *c, const struct row *o, const char *arg)
{
	bool hex = arg[0] == '0' && (arg[1] == 'x' || arg[1] == 'X');
	size_t digits = hex ? strspn(arg + 2, "0123456789abcdefABCDEF") : 0;
	int64_t v = -1;

	if (hex && digits > 0 && digits <= 15 && arg[2 + digits] == '\0')
		v = strtoll(arg + 2, NULL, 16);
	else if (hex || !read_digits(arg, &v))
		v = -1;
	if (v < o->lo || v > o->hi)
		return mistaken("--%s takes a number from %u to %u, "
		    "decimal or hexadecimal as in 0x10, not '%.80s'", o->name,
		    o->lo, o->hi, arg);
	store(c, o, v);
	return GO_ON;
}

/* lo: 0.0.0.0 is accepted and means any. */
static int
set_address(struct conf *c, const struct row *o, const char *arg)
{
	struct in_addr a;

	if (inet_pton(AF_INET, arg, &a) != 1 || a.s_addr == INADDR_NONE ||
	    (a.s_addr == INADDR_ANY && !o->lo))
		return mistaken("--%s takes an IPv4 address such as "
		    "192.0.2.1, not '%.80s'", o->name, arg);
	memcpy((char *)c + o->at, &a, sizeof(a));
	return GO_ON;
}

static int
set_refuse(struct conf *c, const struct row *o, const char *arg)
{
	(void)arg;
	c->refuse |= o->lo;
	return GO_ON;
}

/* Does a path leave the directory it is looked for in? */
static bool
climbs(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p++)
		if ((p == path || p[-1] == '/') &&
		    (p[2] == '\0' || p[2] == '/'))
			return true;
	return false;
}

/* What pppd itself would refuse, but only once the call is up. */
static int
set_call(struct conf *c, const struct row *o, const char *arg)
{
	if (arg[0] == '\0' || arg[0] == '/' || arg[0] == '-' ||
	    climbs(arg) || strlen(arg) > NAME_MAX)
		return mistaken("--%s takes the name of a file in "
		    "/etc/ppp/peers, not '%.80s'", o->name, arg);
	c->pppd_call = arg;
	return GO_ON;
}

static int
set_data_path(struct conf *c, const struct row *o, const char *arg)
{
	if (strcmp(arg, "auto") == 0)
		c->data_path = DATA_AUTO;
	else if (strcmp(arg, "kernel") == 0)
		c->data_path = DATA_KERNEL;
	else if (strcmp(arg, "user") == 0)
		c->data_path = DATA_USER;
	else
		return mistaken("--%s takes auto, kernel or user, not "
		    "'%.80s'", o->name, arg);
	return GO_ON;
}

static int
set_quirk(struct conf *c, const struct row *o, const char *arg)
{
	(void)arg;
	c->quirks |= o->lo;
	return GO_ON;
}

static int
list_quirks(void)
{
	for (const struct quirk *q = quirk_table; q->name != NULL; q++)
		printf("%-18s --%-23s %s\n", q->name, q->option, q->help);
	return EXIT_OK;
}

/* --check (lo) or --status */
static int
set_mode(struct conf *c, const struct row *o, const char *arg)
{
	if (c->mode != RUN_TUNNEL && (c->mode == RUN_CHECK) !=
	    (o->lo == RUN_CHECK))
		return mistaken("--check and --status cannot go together");
	if (arg != NULL && strcmp(arg, "json") != 0)
		return mistaken("--%s takes nothing or =json, not '%.80s'",
		    o->name, arg);
	c->mode = arg != NULL ? RUN_STATUS_JSON : (enum run_mode)o->lo;
	return GO_ON;
}

static int
say_version(struct conf *c, const struct row *o, const char *arg)
{
	(void)c, (void)o, (void)arg;
	printf("pptp version %s\n", VERSION);
	return EXIT_OK;
}

static int
say_help(struct conf *c, const struct row *o, const char *arg)
{
	(void)o, (void)arg;
	c->mode = RUN_HELP;
	return EXIT_OK;
}

static int
set_quirks(struct conf *c, const struct row *o, const char *arg)
{
	const char *names[ROWS_MAX], *near;
	unsigned bit = quirk_by_name(arg);
	size_t n = 0;

	if (strcmp(arg, "help") == 0)
		return list_quirks();
	if (bit != 0) {
		c->quirks |= bit;
		return GO_ON;
	}
	for (; n < ROWS_MAX && quirk_table[n].name != NULL; n++)
		names[n] = quirk_table[n].name;
	near = nearest(arg, names, n);
	if (near != NULL)
		return mistaken("--%s has no '%.80s'; did you mean '%s'?",
		    o->name, arg, near);
	return mistaken("--%s has no '%.80s'; '--%s help' lists all",
	    o->name, arg, o->name);
}

/* --- the table ------------------------------------------------------------ */

#define AT(m)	offsetof(struct conf, m), sizeof(((struct conf *)NULL)->m)
#define NOWHERE	0, 0
#define NEEDS(n) (n) << NEED_SHIFT

static const struct row options[] = {
	{ "phone", "NUMBER", G_CALL, "number the server shall dial",
	    set_text, AT(phone), 0, PPTP_TEXT, OLD },
	{ "client-hostname", "NAME", G_CALL, "our name for the server",
	    set_text, AT(client_hostname), 1, PPTP_TEXT - 1, 0 },
	{ "connect-port", "N", G_CALL, "TCP port of the server (1723)",
	    set_number, AT(port), 1, 65535, 0 },
	{ "localbind", "ADDR", G_CALL, "local IPv4 address to talk from",
	    set_address, AT(localbind), 1, 0, OLD },
	{ "rtmark", "N", G_CALL, "mark our packets for policy routing; "
	    "decimal or 0x hexadecimal", set_mark, AT(rtmark), 0, UINT32_MAX,
	    OLD | NEEDS(PTY_RTMARK) },
	{ "nohostroute", "", G_CALL, "add no host route to the server",
	    set_true, AT(nohostroute), 0, 0, OLD },
	{ "timeout", "SECS", G_CALL, "longest wait for the tunnel, from name "
	    "to call (25)", set_timeout, AT(timeout_us), US,
	    UINT32_C(3600) * US, OLD },
	{ "idle-wait", "SECS", G_CALL, "silence before an echo request (60; 0 "
	    "sends none)", set_wait, AT(idle_us), 0, INT_MAX, OLD },
	{ "max-echo-wait", "SECS", G_CALL, "longest wait for its reply (60; 0 "
	    "is for ever)", set_wait, AT(echo_us), 0, INT_MAX, OLD },

	{ "nolaunchpppd", "", G_PPPD, "carry PPP on standard input and "
	    "output, for pppd's pty option", set_true, AT(nolaunch), 0, 0,
	    OLD },
	{ "username", "USER", G_PPPD, "log in as this user; asks for the "
	    "password", set_text, AT(username), 1, USER_LONGEST, LAUNCH },
	{ "domain", "DOMAIN", G_PPPD, "log in as DOMAIN\\USER",
	    set_text, AT(domain), 1, USER_LONGEST, LAUNCH },
	{ "encrypt", "", G_PPPD, "require encryption by MPPE, 128 bit",
	    set_true, AT(encrypt), 0, 0, LAUNCH },
	{ "pppd-call", "NAME", G_PPPD, "launch pppd with the options of "
	    "/etc/ppp/peers/NAME", set_call, AT(pppd_call), 0, 0,
	    LAUNCH },
	{ "client-ip", "ADDR", G_PPPD, "ask for this address of our own",
	    set_address, AT(client_ip), 0, 0, LAUNCH },
	{ "server-ip", "ADDR", G_PPPD, "ask for this address of the server's",
	    set_address, AT(server_ip), 0, 0, LAUNCH },
	{ "refuse-pap", "", G_PPPD, "never log in by PAP",
	    set_refuse, AT(refuse), REFUSE_PAP, 0, LAUNCH },
	{ "refuse-chap", "", G_PPPD, "never log in by CHAP",
	    set_refuse, AT(refuse), REFUSE_CHAP, 0, LAUNCH },
	{ "refuse-mschap", "", G_PPPD, "never log in by MS-CHAP",
	    set_refuse, AT(refuse), REFUSE_MSCHAP, 0, LAUNCH },
	{ "refuse-mschap-v2", "", G_PPPD, "never log in by MS-CHAPv2",
	    set_refuse, AT(refuse), REFUSE_MSCHAP_V2, 0, LAUNCH },
	{ "refuse-eap", "", G_PPPD, "never log in by EAP",
	    set_refuse, AT(refuse), REFUSE_EAP, 0, LAUNCH },
	{ "sync", "", G_PPPD, "synchronous PPP towards pppd, which needs "
	    "its own option sync", set_true, AT(sync), 0, 0,
	    OLD | NEEDS(PTY_SYNC) },

	{ "data-path", "auto|kernel|user", G_DATA, "what carries the data "
	    "(auto)", set_data_path, AT(data_path), 0, 0, 0 },
	{ "nobuffer", "", G_DATA, "do not wait for packets that are late",
	    set_true, AT(nobuffer), 0, 0,
	    OLD | NEEDS(PTY_NOBUFFER) },
	{ "reorder-timeout", "SECS", G_DATA, "longest wait for a missing "
	    "packet (0.3)", set_fraction, AT(reorder_us), REORDER_MIN,
	    REORDER_MAX, NEEDS(PTY_REORDER_TIMEOUT) },
	{ "missing-window", "N", G_DATA, "take a packet more than N ahead for "
	    "a jump", set_number, AT(missing_window), 1, INT32_MAX,
	    OLD | NEEDS(PTY_MISSING_WINDOW) },
	{ "window", "N", G_DATA, "packets the server may have under way (64)",
	    set_number, AT(window), 1, 65535, NEEDS(PTY_WINDOW) },

	{ "quirks", "NAME", G_QUIRK, "use the quirk of this name; help lists "
	    "them", set_quirks, AT(quirks), 0, 0, OLD },

	{ "debug", "", G_LOG, "stay in the foreground, log level 4, to "
	    "standard error as well", set_true, AT(debug), 0, 0,
	    OLD | QUIET },
	{ "loglevel", "0..4", G_LOG, "0 nothing, 1 errors, 2 tunnel up and "
	    "down (the default), 3 control messages, 4 packets",
	    set_number, AT(loglevel), 0, 4, OLD | QUIET },
	{ "logstring", "TEXT", G_LOG, "begin each line of the log with this",
	    set_text, AT(logstring), 0, 100, OLD | QUIET },

	{ "check", "", G_INFO, "try the server step by step, without pppd",
	    set_mode, AT(mode), RUN_CHECK, 0, 0 },
	{ "status", "[=json]", G_INFO, "show the tunnels of this machine",
	    set_mode, AT(mode), RUN_STATUS, 0, QUIET },
	{ "version", "", G_INFO, "print the version",
	    say_version, NOWHERE, 0, 0, OLD | QUIET },
	{ "help", "", G_INFO, "print this",
	    say_help, NOWHERE, 0, 0, QUIET },
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

size_t
opt_rows(struct row *out)
{
	size_t n = OPTIONS;

	static_assert(OPTIONS + 16 <= ROWS_MAX, "room for the quirks");
	memcpy(out, options, sizeof(options));
	for (const struct quirk *q = quirk_table; q->name != NULL; q++) {
		assert(n < ROWS_MAX);
		out[n] = (struct row){ .group = G_QUIRK, .help = q->help,
		    .set = set_quirk, .lo = q->bit };
		snprintf(out[n].name, sizeof(out[n].name), "%s", q->option);
		n++;
	}
	return n;
}

bool
opt_optional(const struct row *o)
{
	return o->arg[0] == '[';
}

/* --- parsing -------------------------------------------------------------- */

struct scan {
	struct conf	*c;
	char		**argv;
	int		 argc, at;	/* at: the word being read */
	size_t		 nrows;
	struct row	 rows[ROWS_MAX];
	const char	*launch, *tunnel;	/* first given with LAUNCH,
						 * without QUIET */
};

/*
 * The rest of a word that begins with a dash which a web page or a word
 * processor made of "--" (U+2010 to U+2015); else NULL.
 */
static const char *
behind_typographic(const char *word)
{
	const char *p = word + strspn(word, "-");

	if (strncmp(p, "\xe2\x80", 2) != 0 || (unsigned char)p[2] < 0x90 ||
	    (unsigned char)p[2] > 0x95)
		return NULL;
	return p + 3 + strspn(p + 3, "-");
}

static int
typographic(const char *word)
{
	return mistaken("'%.80s' begins with a typographic dash, as web "
	    "pages make it: type '--%.80s'", word, behind_typographic(word));
}

/* The first word is the server, the others are pppd's. */
static void
take_word(struct scan *s, char *word)
{
	/* Stored from argv[1] on, over words already read: HOST is left out. */
	if (s->c->host == NULL)
		s->c->host = word;
	else
		s->c->words[s->c->nwords++] = word;
}

const char *
options_pty_need(enum pty_need need)
{
	static const char names[PTY_NEEDS][40] = {
		[PTY_WINDOW] = "window", [PTY_RTMARK] = "rtmark",
		[PTY_SYNC] = "sync", [PTY_NOBUFFER] = "nobuffer",
		[PTY_TIMEOUT] = "timeout below 1 s (--reorder-timeout)",
		[PTY_REORDER_TIMEOUT] = "reorder-timeout",
		[PTY_MISSING_WINDOW] = "missing-window",
		[PTY_QUIRK_WELCOME] = "quirk-welcome",
		[PTY_QUIRK_BEZEQ] = "quirk-bezeq-israel"
	};

	return names[need];
}

/* With the plugin a window can still be announced. */
static bool
pty_needed(const struct conf *c)
{
	return c->pty_need > PTY_WINDOW;
}

static int
take_option(struct scan *s, const struct row *o, const char *arg)
{
	if (o->flags & LAUNCH && s->launch == NULL)
		s->launch = o->name;
	if (!(o->flags & QUIET) && s->tunnel == NULL)
		s->tunnel = o->name;
	if (o->flags >> NEED_SHIFT != 0 && !pty_needed(s->c))
		s->c->pty_need = (enum pty_need)(o->flags >> NEED_SHIFT);
	return o->set(s->c, o, arg);
}

/*
 * A prefix that getopt_long() found ambiguous.  One that pptp-linux took is
 * still taken: its scripts must not break because we have more options.
 */
static int
take_prefix(struct scan *s, const char *word, const char *name)
{
	const struct row *old = NULL;
	const char *value = strchr(word, '='), *all[2] = { NULL, NULL };
	int found = 0, olds = 0;

	for (size_t i = 0; i < s->nrows; i++) {
		if (strncmp(s->rows[i].name, name, strlen(name)) != 0)
			continue;
		if (found < 2)
			all[found] = s->rows[i].name;
		found++;
		if (s->rows[i].flags & OLD && ++olds == 1)
			old = &s->rows[i];
	}
	if (found < 2)
		return unknown(s->rows, s->nrows, word);
	if (olds != 1)
		return mistaken("'%.80s' is short for more than one option: "
		    "--%s, --%s%s", word, all[0], all[1],
		    found > 2 ? " and others" : "");
	if (old->arg[0] == '\0' && value != NULL)
		return mistaken("--%s takes no value: '%.80s'", old->name,
		    word);
	if (old->arg[0] == '\0')
		return take_option(s, old, NULL);
	if (value == NULL && optind >= s->argc)
		return mistaken("--%s needs its argument: --%s %s",
		    old->name, old->name, old->arg);
	return take_option(s, old, value != NULL ? value + 1 :
	    s->argv[optind++]);
}

/*
 * Reports what getopt_long() refused; optopt is its row's number if it has one.
 */
static int
bad_option(struct scan *s, int ch)
{
	const char *word = s->argv[s->at];
	const struct row *o;
	char name[NAME_LONGEST + 1];

	if (strcmp(word, "-h") == 0)
		return say_help(s->c, NULL, NULL);
	if (strcmp(word, "-V") == 0)
		return say_version(s->c, NULL, NULL);
	if (behind_typographic(word) != NULL)
		return typographic(word);
	if (optopt < LONG_VAL) {
		option_name(name, word);
		if (word[1] == '-' && name[0] != '\0' &&
		    strlen(name) < NAME_LONGEST)
			return take_prefix(s, word, name);
		return unknown(s->rows, s->nrows, word);
	}
	o = &s->rows[optopt - LONG_VAL];
	if (ch == ':')
		return mistaken("--%s needs its argument: --%s %s", o->name,
		    o->name, o->arg);
	return mistaken("--%s takes no value: '%.80s'", o->name, word);
}

static void
getopt_table(const struct scan *s, struct option *longs)
{
	for (size_t i = 0; i < s->nrows; i++)
		longs[i] = (struct option){ .name = s->rows[i].name,
		    .has_arg = s->rows[i].arg[0] == '\0' ? no_argument :
		    opt_optional(&s->rows[i]) ?
		    optional_argument :
		    required_argument, .val = LONG_VAL + (int)i };
	longs[s->nrows] = (struct option){ .name = NULL };
}

static int
scan_words(struct scan *s)
{
	struct option longs[ROWS_MAX + 1];
	int ch, status;

	getopt_table(s, longs);
	/* 0 makes both glibc and musl begin anew; "-" hands over each word. */
	optind = 0;
	opterr = 0;
	for (;;) {
		s->at = optind > 0 ? optind : 1;
		ch = getopt_long(s->argc, s->argv, "-:", longs, NULL);
		if (ch == -1)
			break;
		if (ch == 1 && behind_typographic(optarg) != NULL)
			return typographic(optarg);
		if (ch == 1) {
			take_word(s, optarg);
			continue;
		}
		status = ch == '?' || ch == ':' ? bad_option(s, ch) :
		    take_option(s, &s->rows[ch - LONG_VAL], optarg);
		if (status != GO_ON)
			return status;
	}
	while (optind < s->argc)
		take_word(s, s->argv[optind++]);
	return GO_ON;
}

/* --- what goes together --------------------------------------------------- */

/* A URL, USER@HOST or HOST:PORT is told what to write instead. */
static int
check_name(const char *host)
{
	const char *scheme = strstr(host, "://"), *at, *colon;
	const char *name = scheme == NULL ? host : scheme + 3;
	int len;

	at = strrchr(name, '@');
	colon = strchr(at != NULL ? at : name, ':');
	/* An IPv6 address has its own sentence. */
	if (name == host && at == NULL && (colon == NULL ||
	    colon[1 + strspn(colon + 1, "0123456789/")] != '\0'))
		return GO_ON;
	name = at != NULL ? at + 1 : name;
	len = (int)strcspn(name, ":/");
	return mistaken("'%.80s' is more than a server's name: write "
	    "'%.*s'%s%s", host, len > 80 ? 80 : len, name,
	    colon != NULL ? " and, for another port than 1723, "
	    "--connect-port N" : "",
	    at != NULL ? "; the user's name goes behind --username" : "");
}

static int
check_host(const struct conf *c)
{
	bool status = c->mode == RUN_STATUS || c->mode == RUN_STATUS_JSON;

	if (c->host == NULL)
		return status ? GO_ON : mistaken("no server is named: "
		    "give its host name or address");
	if (c->host[0] == '\0')
		return mistaken("the server's name '' is empty");
	if (c->host[0] == '-')
		return mistaken("'%.80s' cannot be a server's name",
		    c->host);
	if (strlen(c->host) > HOST_LONGEST)
		return mistaken("the server's name '%.40s...' is longer "
		    "than %d characters", c->host, HOST_LONGEST);
	return check_name(c->host);
}

/* Options for the pppd that we launch, where we launch none. */
static int
check_launch(const struct scan *s)
{
	const struct conf *c = s->c;
	const char *who = c->mode == RUN_CHECK ? "--check" :
	    c->mode != RUN_TUNNEL ? "--status" :
	    c->nolaunch ? "--nolaunchpppd" : NULL;
	const char *data = pty_needed(c) ? options_pty_need(c->pty_need) :
	    c->data_path != DATA_AUTO ? "data-path" : NULL;

	if (who == NULL)
		return GO_ON;
	if (s->launch != NULL && c->mode == RUN_TUNNEL)
		return mistaken("--%s is for the pppd that pptp launches, "
		    "but %s launches none: give it to pppd itself", s->launch,
		    who);
	if (c->nwords > 0)
		warn("'%.80s' is for pppd, which %s does not launch: "
		    "ignored%s", c->words[0], who,
		    c->nwords > 1 ? ", like what follows" : "");
	if (s->launch != NULL && c->mode == RUN_CHECK)
		warn("--%s is for pppd, which %s does not launch: "
		    "ignored", s->launch, who);
	if (data != NULL && c->mode == RUN_CHECK)
		warn("--%s is for a tunnel's data, and %s carries "
		    "none: ignored", data, who);
	if (s->tunnel != NULL && c->mode != RUN_CHECK &&
	    c->mode != RUN_TUNNEL)
		warn("--%s is for a tunnel, and %s only shows those "
		    "there are: ignored", s->tunnel, who);
	return GO_ON;
}

static int
check_login(const struct conf *c)
{
	if (c->domain != NULL && c->username == NULL)
		warn("--domain goes with --username: ignored");
	if (c->domain != NULL && strchr(c->domain, '\\') != NULL)
		return mistaken("a domain has no backslash: --domain "
		    "'%.80s' (write it without)", c->domain);
	return GO_ON;
}

/* Settles which data path there can be. */
static int
check_data_path(struct conf *c)
{
	/* Only the gateway can drop text before the first LCP frame. */
	if (!pty_needed(c) && c->quirks & QUIRK_WELCOME)
		c->pty_need = PTY_QUIRK_WELCOME;
	/* It demands call id 0, by which the kernel means "any". */
	if (!pty_needed(c) && c->quirks & QUIRK_BEZEQ)
		c->pty_need = PTY_QUIRK_BEZEQ;
	if (c->data_path == DATA_KERNEL && (c->nolaunch ? pty_needed(c) :
	    c->pty_need != PTY_NOT_NEEDED))
		return mistaken("--data-path=kernel is not available with "
		    "--%s, which the kernel does not know",
		    options_pty_need(c->pty_need));
	if (c->data_path != DATA_KERNEL &&
	    (c->nolaunch || c->pty_need != PTY_NOT_NEEDED))
		c->data_path = DATA_USER;
	return GO_ON;
}

static const struct conf defaults = {
	.mode = RUN_TUNNEL,
	.loglevel = -1,			/* settled once all is read */
	.timeout_us = (int64_t)25 * US,
	.reorder_us = 3 * US / 10,
	.idle_us = (int64_t)60 * US,
	.echo_us = (int64_t)60 * US,
	.port = PPTP_PORT,
	.data_path = DATA_AUTO
};

/* Looks behind a mistake too: pppd's persist will repeat it. */
static bool
says_nolaunch(int argc, char *const *argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--nol", 5) == 0)
			return true;
	return false;
}

int
options_parse(struct conf *c, int argc, char **argv)
{
	struct scan s = { .c = c, .argc = argc, .argv = argv };
	int status;

	*c = defaults;
	c->words = argc > 0 ? argv + 1 : argv;
	s.nrows = opt_rows(s.rows);
	status = scan_words(&s);
	if (status == GO_ON)
		status = check_host(c);
	if (status == GO_ON)
		status = check_launch(&s);
	if (status == GO_ON)
		status = check_login(c);
	if (status == GO_ON)
		status = check_data_path(c);
	if (c->loglevel < 0)
		c->loglevel = c->debug ? 4 : 2;
	say_warnings(status == GO_ON && c->loglevel > 0);
	if (status == EXIT_USAGE)
		c->nolaunch = c->nolaunch || says_nolaunch(argc, argv);
	return status;
}
