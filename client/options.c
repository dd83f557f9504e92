/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line.
 *
 * `options` has one row for each option: name, argument, group, help line and
 * setter.  The parser and --help walk these rows, so that an option exists
 * everywhere or nowhere.
 */
#include <arpa/inet.h>

#include <ctype.h>
#include <limits.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "pptp_proto.h"
#include "pptp_quirks.h"
#include "util.h"

#define QUIRK	"quirk-"		/* begins the options of quirks */

enum {
	EDITS_MOST = 5,			/* to mend a misspelt option */
	USER_LONGEST = 255,		/* pppd cuts a longer one */
	GO_ON = -1,			/* no status to exit with */
	US = 1000000,
	REORDER_MIN = 10000,
	REORDER_MAX = 10 * US,
	HELP_COLUMN = 32
};

enum group { G_CALL, G_PPPD, G_DATA, G_QUIRK, G_LOG, G_INFO, GROUPS };

enum {
	OLD = 1 << 0,		/* pptp-linux 1.10.0 has it */
	LAUNCH = 1 << 1,	/* only shapes the pppd that we launch */
	DATA = 1 << 2,		/* only shapes a tunnel's data */
	QUIET = 1 << 3,		/* has a meaning for --status, too */
	NEEDS_PTY = 1 << 4	/* only the pty can honour it */
};

/* The command line as it is read. */
struct scan {
	struct conf	*c;
	char		**argv;
	int		 argc, at;	/* at: the word being read */
	/* The first option given with LAUNCH, with DATA, without QUIET. */
	const char	*launch, *data, *tunnel;
	const char	*reorder;	/* a --timeout value below 1 s */
	char		 range[64];	/* room for what a setter returns */
	int		 status;	/* to exit with, or GO_ON */
};

/*
 * arg is the argument as --help shows it: "" if there is none, with "[=" in
 * front if it is optional, '|' between the words it can be, ".." between the
 * least and the greatest digit.  lo and hi are for the setter: a range, or in
 * lo the value to set.  The setter returns NULL or, if the argument is wrong,
 * what the option takes.  The members are in the order that reads best.
 */
struct row { /* NOLINT(clang-analyzer-optin.performance.Padding) */
	char		 name[24], arg[20];
	uint8_t		 group;		/* enum group */
	const char	*help;
	const char	*(*set)(struct scan *, const struct row *,
			    const char *arg);
	uint16_t	 at, size;	/* of the member of struct conf */
	uint32_t	 lo, hi;
	uint8_t		 flags;
};

static char mistake[512];		/* the last one */

/* Prints one sentence and the usage line to stderr. */
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

/* The member of struct conf that the row is for. */
#define MEMBER(s, o, type) (*(type *)(void *)((char *)(s)->c + (o)->at))

/*
 * Reads digits and, unless unit is 1, more digits after a point.  *v becomes
 * the number times unit; what is finer is cut off.
 */
static bool
read_number(const char *s, int64_t unit, int64_t *v)
{
	bool any = false;

	for (*v = 0; isdigit((unsigned char)*s); s++, any = true) {
		if (*v > INT64_C(100000000000))
			return false;
		*v = *v * 10 + (*s - '0');
	}
	*v *= unit;
	if (*s == '.' && unit > 1)
		for (s++; isdigit((unsigned char)*s); s++, any = true)
			*v += (*s - '0') * (unit /= 10);
	return any && *s == '\0';
}

/* Sets the bits in lo, or with lo 0 a bool. */
static const char *
set_flag(struct scan *s, const struct row *o, const char *arg)
{
	(void)arg;
	if (o->lo != 0)
		MEMBER(s, o, unsigned) |= o->lo;
	else
		MEMBER(s, o, bool) = true;
	return NULL;
}

static const char *
set_text(struct scan *s, const struct row *o, const char *arg)
{
	size_t len = strlen(arg);

	MEMBER(s, o, const char *) = arg;
	if (len >= o->lo && len <= o->hi)
		return NULL;
	snprintf(s->range, sizeof(s->range), "%u to %u octets", o->lo, o->hi);
	return s->range;
}

/*
 * Reads a number, or a time in seconds with decimals.  hi 0 is for times: the
 * longest that the call manager takes (see manager/ipc_msg.c).
 */
static const char *
set_number(struct scan *s, const struct row *o, const char *arg)
{
	bool time = o->size == sizeof(int64_t);
	int64_t unit = time ? US : 1, v;
	int64_t most = o->hi != 0 ? o->hi : INT32_MAX * unit;

	if (!read_number(arg, unit, &v) || v < o->lo || v > most) {
		snprintf(s->range, sizeof(s->range), "%s from %.10g to %.10g",
		    time ? "seconds" : "a whole number", (double)o->lo /
		    (double)unit, (double)most / (double)unit);
		return s->range;
	}
	if (o->size == 2)
		MEMBER(s, o, uint16_t) = (uint16_t)v;
	else if (!time)
		MEMBER(s, o, uint32_t) = (uint32_t)v;
	else
		MEMBER(s, o, int64_t) = v;
	return NULL;
}

/* pptp-linux's --timeout was the reorder wait; below 1 s it still is. */
static const char *
set_timeout(struct scan *s, const struct row *o, const char *arg)
{
	int64_t us;

	if (!read_number(arg, US, &us) || us < REORDER_MIN || us >= US)
		return set_number(s, o, arg);
	s->reorder = arg;
	s->c->reorder_us = us;
	s->c->pty_need = "timeout below 1 s (--reorder-timeout)";
	return NULL;
}

/* Decimal, or hexadecimal with 0x. */
static const char *
set_mark(struct scan *s, const struct row *o, const char *arg)
{
	bool hex = strncasecmp(arg, "0x", 2) == 0 &&
	    isxdigit((unsigned char)arg[2]);
	char *end;
	unsigned long long v = strtoull(arg, &end, 16);

	if (!hex || *end != '\0' || v > o->hi)
		return set_number(s, o, arg);
	MEMBER(s, o, uint32_t) = (uint32_t)v;
	return NULL;
}

/* lo: 0.0.0.0 is accepted and means any. */
static const char *
set_address(struct scan *s, const struct row *o, const char *arg)
{
	struct in_addr *a = &MEMBER(s, o, struct in_addr);

	return inet_pton(AF_INET, arg, a) == 1 && a->s_addr != INADDR_NONE &&
	    (a->s_addr != INADDR_ANY || o->lo) ? NULL :
	    "an IPv4 address such as 192.0.2.1";
}

/* Refuses what pppd itself would refuse, but only once the call is up. */
static const char *
set_call(struct scan *s, const struct row *o, const char *arg)
{
	(void)o;
	s->c->pppd_call = arg;
	return arg[0] != '\0' && arg[0] != '/' && arg[0] != '-' &&
	    strstr(arg, "..") == NULL && strlen(arg) <= NAME_MAX ? NULL :
	    "the name of a file in /etc/ppp/peers";
}

static const char *
set_choice(struct scan *s, const struct row *o, const char *arg)
{
	static const char names[][7] = { [DATA_AUTO] = "auto",
	    [DATA_KERNEL] = "kernel", [DATA_USER] = "user" };

	(void)o;
	for (int i = DATA_AUTO; i <= DATA_USER; i++)
		if (strcmp(arg, names[i]) == 0) {
			s->c->data_path = (enum data_path)i;
			return NULL;
		}
	return "auto, kernel or user";
}

/* Sets the mode of --check or --status, which is lo. */
static const char *
set_mode(struct scan *s, const struct row *o, const char *arg)
{
	enum run_mode *mode = &s->c->mode;

	if (*mode != RUN_TUNNEL && (*mode == RUN_CHECK) != (o->lo == RUN_CHECK))
		s->status = mistaken("--check and --status cannot go together");
	*mode = arg != NULL ? RUN_STATUS_JSON : (enum run_mode)o->lo;
	return arg == NULL || strcmp(arg, "json") == 0 ? NULL :
	    "nothing or =json";
}

static const char *
say_version(struct scan *s, const struct row *o, const char *arg)
{
	(void)o, (void)arg;
	printf("pptp version %s\n", VERSION);
	s->status = EXIT_OK;
	return NULL;
}

/* These functions read the table. */
static const char *set_quirks(struct scan *, const struct row *, const char *);
static const char *say_help(struct scan *, const struct row *, const char *);

#define AT(m)	offsetof(struct conf, m), sizeof(((struct conf *)NULL)->m)
#define NOWHERE	0, 0

static const struct row options[] = {
	{ "phone", "NUMBER", G_CALL, "number the server shall dial",
	    set_text, AT(phone), 0, PPTP_TEXT, OLD },
	{ "client-hostname", "NAME", G_CALL, "our name for the server",
	    set_text, AT(client_hostname), 1, PPTP_TEXT - 1, 0 },
	{ "connect-port", "N", G_CALL, "TCP port of the server (1723)",
	    set_number, AT(port), 1, 65535, 0 },
	{ "localbind", "ADDR", G_CALL, "local IPv4 address to talk from",
	    set_address, AT(localbind), 1, 0, OLD },
	{ "rtmark", "N", G_CALL, "mark our packets; decimal or 0x hexadecimal",
	    set_mark, AT(rtmark), 0, UINT32_MAX, OLD | NEEDS_PTY },
	{ "nohostroute", "", G_CALL, "add no host route to the server",
	    set_flag, AT(nohostroute), 0, 0, OLD },
	{ "timeout", "SECS", G_CALL, "longest wait for name, server and call "
	    "(25)", set_timeout, AT(timeout_us), US, UINT32_C(3600) * US,
	    OLD | QUIET },
	{ "idle-wait", "SECS", G_CALL, "silence before an echo request (60; 0: "
	    "none)", set_number, AT(idle_us), 0, 0, OLD },
	{ "max-echo-wait", "SECS", G_CALL, "longest wait for its reply (60; 0 "
	    "is for ever)", set_number, AT(echo_us), 0, 0, OLD },

	{ "nolaunchpppd", "", G_PPPD, "carry PPP on stdin and stdout, for "
	    "pppd's pty", set_flag, AT(nolaunch), 0, 0, OLD },
	{ "username", "USER", G_PPPD, "log in as this user; asks for the "
	    "password", set_text, AT(username), 1, USER_LONGEST, LAUNCH },
	{ "domain", "DOMAIN", G_PPPD, "log in as DOMAIN\\USER",
	    set_text, AT(domain), 1, USER_LONGEST, LAUNCH },
	{ "encrypt", "", G_PPPD, "require encryption by MPPE, 128 bit",
	    set_flag, AT(encrypt), 0, 0, LAUNCH },
	{ "pppd-call", "NAME", G_PPPD, "options for pppd: those of "
	    "/etc/ppp/peers/NAME", set_call, AT(pppd_call), 0, 0, LAUNCH },
	{ "client-ip", "ADDR", G_PPPD, "ask for this address at our end",
	    set_address, AT(client_ip), 0, 0, LAUNCH },
	{ "server-ip", "ADDR", G_PPPD, "ask for this address at the server's "
	    "end", set_address, AT(server_ip), 0, 0, LAUNCH },
	{ "refuse-pap", "", G_PPPD, "never log in by PAP",
	    set_flag, AT(refuse), REFUSE_PAP, 0, LAUNCH },
	{ "refuse-chap", "", G_PPPD, "never log in by CHAP",
	    set_flag, AT(refuse), REFUSE_CHAP, 0, LAUNCH },
	{ "refuse-mschap", "", G_PPPD, "never log in by MS-CHAP",
	    set_flag, AT(refuse), REFUSE_MSCHAP, 0, LAUNCH },
	{ "refuse-mschap-v2", "", G_PPPD, "never log in by MS-CHAPv2",
	    set_flag, AT(refuse), REFUSE_MSCHAP_V2, 0, LAUNCH },
	{ "refuse-eap", "", G_PPPD, "never log in by EAP",
	    set_flag, AT(refuse), REFUSE_EAP, 0, LAUNCH },
	{ "sync", "", G_PPPD, "synchronous PPP; pppd needs its own sync",
	    set_flag, AT(sync), 0, 0, OLD | NEEDS_PTY },

	{ "data-path", "auto|kernel|user", G_DATA, "what carries the data "
	    "(auto)", set_choice, AT(data_path), 0, 0, DATA },
	{ "nobuffer", "", G_DATA, "do not wait for packets that are late",
	    set_flag, AT(nobuffer), 0, 0, OLD | DATA | NEEDS_PTY },
	{ "reorder-timeout", "SECS", G_DATA, "longest wait for a missing "
	    "packet (0.3)", set_number, AT(reorder_us), REORDER_MIN,
	    REORDER_MAX, DATA | NEEDS_PTY },
	{ "missing-window", "N", G_DATA, "take a packet more than N ahead for "
	    "a jump", set_number, AT(missing_window), 1, INT32_MAX,
	    OLD | DATA | NEEDS_PTY },
	{ "window", "N", G_DATA, "packets the server may have under way (64)",
	    set_number, AT(window), 1, 65535, 0 },

	{ "quirks", "NAME", G_QUIRK, "use the quirk of this name; help lists "
	    "them", set_quirks, AT(quirks), 0, 0, OLD },
	/* Only the gateway can drop text before the first LCP frame. */
	{ QUIRK "welcome", "", G_QUIRK, "the server greets with text first",
	    set_flag, AT(quirks), QUIRK_WELCOME, 0, NEEDS_PTY },
	{ QUIRK "broken-asyncread", "", G_QUIRK, "the server takes each read "
	    "for one message", set_flag, AT(quirks), QUIRK_ASYNCREAD, 0, 0 },
	/* The modem demands call id 0, by which the kernel means "any". */
	{ QUIRK "bezeq-israel", "", G_QUIRK, "Orckit ATUR3 ADSL modem, as sold "
	    "by Bezeq", set_flag, AT(quirks), QUIRK_BEZEQ, 0, NEEDS_PTY },

	{ "debug", "", G_LOG, "log level 4, also to stderr, all the time",
	    set_flag, AT(debug), 0, 0, OLD | QUIET },
	{ "loglevel", "0..4", G_LOG, "0 nothing, 2 up and down (default), 4 "
	    "packets", set_number, AT(loglevel), 0, 4, OLD | QUIET },
	{ "logstring", "TEXT", G_LOG, "begin each line of the log with this",
	    set_text, AT(logstring), 0, 100, OLD | QUIET },

	{ "check", "", G_INFO, "try the server step by step, without pppd",
	    set_mode, AT(mode), RUN_CHECK, 0, 0 },
	{ "status", "[=json]", G_INFO, "show your tunnels; for root, all "
	    "users'", set_mode, AT(mode), RUN_STATUS, 0, QUIET },
	{ "version", "", G_INFO, "print the version",
	    say_version, NOWHERE, 0, 0, OLD | QUIET },
	{ "help", "", G_INFO, "print this",
	    say_help, NOWHERE, 0, 0, QUIET },
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

static void
print_group(enum group g)
{
	static const char names[GROUPS][14] = { "The call", "pppd", "The data",
	    "Server quirks", "Logging", "Other modes" };

	printf("\n%s:\n", names[g]);
	for (const struct row *o = options; o < options + OPTIONS; o++)
		if (o->group == g) {
			int n = printf("  --%s%s%s", o->name, o->arg[0] == '[' ?
			    "" : " ", o->arg);

			printf("%*s%s\n", HELP_COLUMN - n, "", o->help);
		}
}

/* Maps a letter that people may write in an option's name to ours. */
static int
letter(char ch)
{
	return ch == '_' ? '-' : tolower((unsigned char)ch);
}

/* Can one word be made the other by at most `edits` edits of a letter? */
static bool	/* as deep as edits: NOLINTNEXTLINE(misc-no-recursion) */
alike(const char *a, const char *b, size_t edits)
{
	for (; *a != '\0' && letter(*a) == letter(*b); a++)
		b++;
	if (*a == *b)			/* both end */
		return true;
	if (edits == 0)
		return false;
	edits--;
	return (*a != '\0' && alike(a + 1, b, edits)) ||
	    (*b != '\0' && alike(a, b + 1, edits)) ||
	    (*a != '\0' && *b != '\0' && alike(a + 1, b + 1, edits));
}

/*
 * Of the options that begin with `begin`, the one whose rest is closest to
 * word; NULL if none is close.
 */
static const struct row *
nearest(const char *begin, const char *word)
{
	size_t n = strlen(begin), most = 1 + strlen(word) / 3;

	for (size_t edits = 0; edits <= most && edits <= EDITS_MOST; edits++)
		for (const struct row *o = options; o < options + OPTIONS; o++)
			if (strncmp(o->name, begin, n) == 0 &&
			    alike(word, o->name + n, edits))
				return o;
	return NULL;
}

/* Reports a word that is not an option. */
static int
unknown(const char *word)
{
	const char *dashless = word + strspn(word, "-");
	int n = (int)strcspn(dashless, "=");
	char name[32];
	const struct row *near;

	snprintf(name, sizeof(name), "%.*s", n, dashless);
	if (strcmp(name, "test-type") == 0 || strcmp(name, "test-rate") == 0)
		return mistaken("--%s is gone: tc-netem(8) sends packets "
		    "in another order: tc qdisc add dev IF root netem delay "
		    "10ms reorder 25%%", name);
	near = nearest("", name);
	if (near != NULL)
		return mistaken("'%.80s' is not an option; did you mean "
		    "'--%s'?", word, near->name);
	return mistaken("'%.80s' is not an option%s", word, word[1] != '-' ?
	    "; what pppd shall get with a dash goes behind '--'" : "");
}

static void
note_first(const char **first, bool given, const struct row *o)
{
	if (given && *first == NULL)
		*first = o->name;
}

/* In a quirk's name case does not matter, and '_' counts as '-'. */
static const char *
set_quirks(struct scan *s, const struct row *o, const char *arg)
{
	const struct row *q = nearest(QUIRK, arg);

	(void)o;
	if (strcmp(arg, "help") == 0) {
		print_group(G_QUIRK);
		s->status = EXIT_OK;
		return NULL;
	}
	if (q == NULL)
		return "a name that '--quirks help' lists";
	if (!alike(arg, q->name + strlen(QUIRK), 0))
		return q->name + strlen(QUIRK);
	note_first(&s->c->pty_need, q->flags & NEEDS_PTY, q);
	return q->set(s, q, NULL);
}

/*
 * The rest of a word after a dash (U+2010 to U+2015) that a web page or a word
 * processor made of "--"; NULL if it does not begin with one.
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

/*
 * The option that a word names or abbreviates; NULL after a mistake.  What
 * pptp-linux took as short for an option we still take: scripts must not break
 * because we have more options.
 */
static const struct row *
find_option(const char *word)
{
	const struct row *first = NULL, *last = NULL, *old = NULL;
	size_t len = strcspn(word + 2, "=");
	int olds = 0;

	for (const struct row *o = options; o < options + OPTIONS; o++) {
		if (len == 0 || strncmp(o->name, word + 2, len) != 0)
			continue;
		if (o->name[len] == '\0')
			return o;
		if (o->flags & OLD && olds++ == 0)
			old = o;
		first = first != NULL ? first : o;
		last = o;
	}
	if (olds == 1)
		return old;
	if (first == NULL)
		(void)unknown(word);
	else if (first != last)
		(void)mistaken("'%.80s' is short for --%s and for --%s", word,
		    first->name, last->name);
	return first == last ? first : NULL;
}

static int
take_option(struct scan *s, const char *word)
{
	const char *value = strchr(word, '='), *takes;
	const struct row *o = find_option(word);

	if (o == NULL)
		return EXIT_USAGE;
	if (value != NULL && o->arg[0] == '\0')
		return mistaken("--%s takes no value: '%.80s'", o->name, word);
	if (value != NULL)
		value++;
	else if (o->arg[0] != '\0' && o->arg[0] != '[') {
		if (s->at + 1 >= s->argc)
			return mistaken("--%s needs its argument: --%s %s",
			    o->name, o->name, o->arg);
		value = s->argv[++s->at];
	}
	note_first(&s->launch, o->flags & LAUNCH, o);
	note_first(&s->data, o->flags & DATA, o);
	note_first(&s->tunnel, !(o->flags & QUIET), o);
	note_first(&s->c->pty_need, o->flags & NEEDS_PTY, o);
	takes = o->set(s, o, value);
	return takes == NULL ? s->status : mistaken("--%s takes %s, not "
	    "'%.80s'", o->name, takes, value);
}

/*
 * Options may stand before and after HOST; after "--" all are words.  The
 * first word is the server, the others are pppd's.
 */
static void
scan_words(struct scan *s)
{
	bool behind = false;

	for (s->at = 1; s->status == GO_ON && s->at < s->argc; s->at++) {
		char *word = s->argv[s->at];
		const char *rest = behind ? NULL : behind_typographic(word);
		bool plain = behind || word[0] != '-' || word[1] == '\0';

		if (rest != NULL)
			s->status = mistaken("'%.80s' begins with a "
			    "typographic dash, as web pages make it: type "
			    "'--%.80s'", word, rest);
		else if (plain && s->c->host == NULL)
			s->c->host = word;
		else if (plain)
			/* Overwrites argv from [1] on, already read. */
			s->c->words[s->c->nwords++] = word;
		else if (strcmp(word, "--") == 0)
			behind = true;
		else if (word[1] == '-')
			s->status = take_option(s, word);
		else if (strcmp(word, "-h") == 0)
			s->status = take_option(s, "--help");
		else if (strcmp(word, "-V") == 0)
			s->status = take_option(s, "--version");
		else
			s->status = unknown(word);
	}
}

/* Says what to write instead of a URL, USER@HOST or HOST:PORT. */
static int
check_name(const char *host)
{
	const char *scheme = strstr(host, "://"), *at, *colon;
	const char *name = scheme == NULL ? host : scheme + 3;
	int len;

	at = strrchr(name, '@');
	colon = strchr(at != NULL ? at : name, ':');
	/* An IPv6 address is refused later, with its own sentence. */
	if (name == host && at == NULL && (colon == NULL ||
	    colon[1 + strspn(colon + 1, "0123456789/")] != '\0'))
		return GO_ON;
	name = at != NULL ? at + 1 : name;
	len = (int)strcspn(name, ":/");
	return mistaken("'%.80s' is more than a server's name: write "
	    "'%.*s'%s%s", host, len > 80 ? 80 : len, name, colon != NULL ?
	    " and, for another port than 1723, --connect-port N" : "",
	    at != NULL ? "; the user's name goes behind --username" : "");
}

static int
check_host(const struct conf *c)
{
	bool status = c->mode == RUN_STATUS || c->mode == RUN_STATUS_JSON;

	if (c->host == NULL)
		return status ? GO_ON : mistaken("no server is named: "
		    "give its host name or address");
	if (c->host[0] == '\0' || c->host[0] == '-' ||
	    strlen(c->host) > HOST_LONGEST)
		return mistaken("'%.80s' cannot be a server's name", c->host);
	return check_name(c->host);
}

/* Refuses options that cannot go together. */
static int
check_options(const struct scan *s)
{
	const struct conf *c = s->c;

	if (c->nolaunch && s->launch != NULL && c->mode == RUN_TUNNEL)
		return mistaken("--%s is for the pppd that pptp launches, "
		    "but --nolaunchpppd launches none: give it to pppd itself",
		    s->launch);
	if (c->domain != NULL && strchr(c->domain, '\\') != NULL)
		return mistaken("a domain has no backslash: --domain "
		    "'%.80s' (write it without)", c->domain);
	if (c->data_path == DATA_KERNEL && c->pty_need != NULL)
		return mistaken("--data-path=kernel is not available with "
		    "--%s, which the kernel does not know", c->pty_need);
	return GO_ON;
}

/* Warns that `what`, a word or an option's name, is ignored, if not NULL. */
static void
ignored(const char *dashes, const char *what, const char *whose,
    const char *mode, const char *not_done)
{
	if (what != NULL)
		say(STDERR_FILENO, "pptp: %s%.80s is for %s, which %s does not "
		    "%s: ignored\n", dashes, what, whose, mode, not_done);
}

/* Warns of options and words that are ignored or taken for something else. */
static void
warn_options(const struct scan *s)
{
	const struct conf *c = s->c;
	bool check = c->mode == RUN_CHECK, status = !check &&
	    c->mode != RUN_TUNNEL;
	const char *mode = check ? "--check" : status ? "--status" :
	    "--nolaunchpppd";

	if (s->reorder != NULL)
		say(STDERR_FILENO, "pptp: --timeout %s is taken as "
		    "--reorder-timeout %s, which pptp-linux meant by it; "
		    "--timeout is now the longest wait for the tunnel, 1 "
		    "second at least\n", s->reorder, s->reorder);
	if (c->nwords > 0 && (check || status || c->nolaunch))
		ignored("", c->words[0], "pppd", mode, "launch");
	if (check) {
		ignored("--", s->launch, "pppd", mode, "launch");
		ignored("--", s->data, "a tunnel's data", mode, "carry");
	} else if (status) {
		ignored("--", s->tunnel, "a new tunnel", mode, "make");
	}
	if (c->domain != NULL && c->username == NULL)
		say(STDERR_FILENO, "pptp: --domain goes with --username: "
		    "ignored\n");
}

/*
 * Is --nolaunchpppd there, if only after a mistake?  Then pppd has started us,
 * and would do so again.
 */
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
	struct scan s = { .c = c, .argc = argc, .argv = argv, .status = GO_ON };

	*c = (struct conf){ .loglevel = -1,	/* settled once all is read */
	    .timeout_us = (int64_t)25 * US, .reorder_us = 3 * US / 10,
	    .idle_us = (int64_t)60 * US, .echo_us = (int64_t)60 * US,
	    .port = PPTP_PORT, .words = argc > 0 ? argv + 1 : argv };
	scan_words(&s);
	/* Under pppd's plugin the kernel path, too, can announce a window. */
	if (c->pty_need == NULL && c->window != 0 && !c->nolaunch)
		c->pty_need = "window";
	if (s.status == GO_ON && (s.status = check_host(c)) == GO_ON)
		s.status = check_options(&s);
	if (c->loglevel < 0)
		c->loglevel = c->debug ? 4 : 2;
	if (s.status == GO_ON && c->loglevel > 0)
		warn_options(&s);
	if (c->data_path != DATA_KERNEL && (c->nolaunch || c->pty_need != NULL))
		c->data_path = DATA_USER;
	if (s.status == EXIT_USAGE)
		c->nolaunch = c->nolaunch || says_nolaunch(argc, argv);
	return s.status;
}

static const char *
say_help(struct scan *s, const struct row *o, const char *arg)
{
	(void)o, (void)arg;
	s->status = EXIT_OK;
	fputs("usage: pptp [options] HOST [pppd options]\n"
	    "       pptp --check [options] HOST\n"
	    "       pptp --status[=json] [HOST]\n\n"
	    "Connects to a PPTP server and launches pppd on the tunnel.  "
	    "Options may stand\nbefore and after HOST, as --option value or "
	    "--option=value; other words go to\npppd, and behind -- all do.\n",
	    stdout);
	for (int g = 0; g < GROUPS; g++)
		print_group((enum group)g);
	/* enum exit_status */
	fputs("\nExit status (once pppd is launched, pppd's own):\n"
	    "   0  normal end\n"
	    "   1  this machine failed: memory, pppd, PPP; or --status: no "
	    "tunnel is up\n"
	    "   2  the command line is wrong\n"
	    "   3  the server's name has no usable address\n"
	    "   4  a capability or a file's permission is missing\n"
	    "   5  cannot connect: refused, unreachable or timed out\n"
	    "   6  what answers there is not a PPTP server\n"
	    "   7  the server refused the connection\n"
	    "   8  the server refused the call\n"
	    "   9  the tunnel was not up within --timeout\n"
	    "  10  the server ended the call\n"
	    "  11  the connection was lost\n"
	    "  12  no GRE comes back: protocol 47 is blocked\n"
	    "  13  the server refused the login\n"
	    "  14  PPP could not agree: login, encryption or address\n",
	    stdout);
	return NULL;
}
