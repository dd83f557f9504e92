/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pptpsetup: its command line.  What it does to pppd's files is in
 * client/peers.c.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "mtu.h"
#include "options.h"
#include "password.h"
#include "peers.h"
#include "peers_text.h"
#include "resolve.h"
#include "setup.h"
#include "util.h"

enum {
	LOOKUP_US = 3000000,		/* for the server's name */
	OPTION_LONGEST = 500
};

struct request {
	const char	*create, *delete;
	const char	*server, *domain, *user;
	unsigned	 asks;		/* PEERS_* */
	bool		 start, list, have_password;
	struct peers_words options, routes;
	struct password	 password;
	char		 words[OPTION_LONGEST + 2];	/* what options.v has */
	char		 name[PEERS_USER_LONGEST + 1];	/* DOMAIN\user */
};

/* --- the command line -------------------------------------------------- */

static const char help_text[] =
"usage: pptpsetup --create NAME --server HOST [--domain DOMAIN]\n"
"                 --username USER [--password PASSWORD] [OPTION...]\n"
"       pptpsetup --delete NAME\n"
"       pptpsetup --list\n"
"       pptpsetup --help\n"
"\n"
"  -c, --create NAME        write the tunnel NAME, or write it anew\n"
"  -s, --server HOST        name or address of the server\n"
"  -d, --domain DOMAIN      log in as DOMAIN\\USER\n"
"  -u, --username USER      log in as USER\n"
"  -p, --password PASSWORD  others can see it in ps while pptpsetup runs;\n"
"                           without this option it is asked for, or read as\n"
"                           one line if standard input is not a terminal\n"
"  -e, --encrypt            require MPPE with 128 bits\n"
"      --persist            call again whenever the tunnel ends, for ever\n"
"      --default-route      all traffic goes through the tunnel\n"
"      --route NET          that to NET does, as 10.1.0.0/16; again for more\n"
"      --dns                use the name servers that the server names\n"
"      --option \"WORDS\"     pptp's own, as \"--nobuffer --loglevel 1\"\n"
"      --start              then start it: pppd call NAME updetach\n"
"      --delete NAME        remove the tunnel NAME and its secret\n"
"      --list               the tunnels written: name, server, user\n"
"  -h, --help               this text\n"
"\n"
"Writes /etc/ppp/peers/NAME, its line in /etc/ppp/chap-secrets and, for\n"
"routes, /etc/ppp/ip-up.d/NAME.\n"
"Exit status: 0 done, 1 failed, 2 wrong usage, 4 not permitted.\n";

enum {
	OPT_START = 256, OPT_DELETE, OPT_LIST, OPT_PERSIST, OPT_DEFAULT_ROUTE,
	OPT_ROUTE, OPT_DNS, OPT_OPTION
};

static const struct option setup_options[] = {
	{ "create", required_argument, NULL, 'c' },
	{ "server", required_argument, NULL, 's' },
	{ "domain", required_argument, NULL, 'd' },
	{ "username", required_argument, NULL, 'u' },
	{ "password", required_argument, NULL, 'p' },
	{ "encrypt", no_argument, NULL, 'e' },
	{ "persist", no_argument, NULL, OPT_PERSIST },
	{ "default-route", no_argument, NULL, OPT_DEFAULT_ROUTE },
	{ "route", required_argument, NULL, OPT_ROUTE },
	{ "dns", no_argument, NULL, OPT_DNS },
	{ "option", required_argument, NULL, OPT_OPTION },
	{ "start", no_argument, NULL, OPT_START },
	{ "delete", required_argument, NULL, OPT_DELETE },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "help", no_argument, NULL, 'h' },
	/*
	 * Names of their own in pptp-linux's tool, not ambiguous abbreviations.
	 */
	{ "s", required_argument, NULL, 's' },
	{ "d", required_argument, NULL, 'd' },
	{ "p", required_argument, NULL, 'p' },
	{ "de", required_argument, NULL, OPT_DELETE },
	{ NULL, 0, NULL, 0 }
};

#define N(table) (sizeof(table) / sizeof((table)[0]))

/* Options that set a text, and those that set a bit. */
static const struct {
	int	 opt;
	size_t	 at;
} text_options[] = {
	{ 'c', offsetof(struct request, create) },
	{ 's', offsetof(struct request, server) },
	{ 'd', offsetof(struct request, domain) },
	{ 'u', offsetof(struct request, user) },
	{ OPT_DELETE, offsetof(struct request, delete) }
};

static const struct {
	int		 opt;
	unsigned	 bit;
} bit_options[] = {
	{ 'e', PEERS_ENCRYPT },
	{ OPT_PERSIST, PEERS_PERSIST },
	{ OPT_DEFAULT_ROUTE, PEERS_DEFAULT_ROUTE },
	{ OPT_DNS, PEERS_DNS }
};

static int
usage(const char *what, const char *word)
{
	return peers_complain(EXIT_USAGE,
	    "%s%s; pptpsetup --help lists the options", what, word);
}

/* Takes the password out of what ps shows, as far as that helps. */
static int
take_password(struct request *r, char *arg)
{
	size_t n = strlen(arg);

	peers_complain(0, "warning: a password on the command line can be seen "
	    "by others with ps");
	if (n <= PASSWORD_LONGEST)
		memcpy(r->password.text, arg, n);
	wipe(arg, n);
	if (n > PASSWORD_LONGEST)
		return peers_complain(EXIT_USAGE, "a password has at most %d "
		    "octets", PASSWORD_LONGEST);
	r->password.len = n;
	r->have_password = true;
	return EXIT_OK;
}

static int
take_words(struct request *r, const char *words)
{
	size_t have = strlen(r->words);

	if (have + strlen(words) > OPTION_LONGEST)
		return peers_complain(EXIT_USAGE, "--option has at most %d "
		    "octets", OPTION_LONGEST);
	for (const char *p = words; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || strchr("\"'`\\\177", *p) != NULL)
			return peers_complain(EXIT_USAGE, "--option has words "
			    "with blanks between, without quotes, backslashes "
			    "and control characters");
	snprintf(r->words + have, sizeof(r->words) - have, "%s ", words);
	return -1;
}

static int
take_route(struct request *r, const char *net)
{
	if (!peers_is_net(net))
		return peers_complain(EXIT_USAGE, "not a network for --route "
		    "(as 10.1.0.0/16, without bits behind the /16; "
		    "--default-route is for all of them): %s", net);
	if (r->routes.n == PEERS_WORDS)
		return peers_complain(EXIT_USAGE, "more than %d networks for "
		    "--route", PEERS_WORDS);
	r->routes.v[r->routes.n++] = net;
	return -1;
}

/* -1: go on; else the status to end with. */
static int
take_option(struct request *r, int opt)
{
	for (size_t i = 0; i < N(text_options); i++)
		if (text_options[i].opt == opt) {
			memcpy((char *)r + text_options[i].at, &optarg,
			    sizeof(optarg));
			return -1;
		}
	for (size_t i = 0; i < N(bit_options); i++)
		if (bit_options[i].opt == opt) {
			r->asks |= bit_options[i].bit;
			return -1;
		}
	switch (opt) {
	case 'p':
		return take_password(r, optarg) == EXIT_OK ? -1 : EXIT_USAGE;
	case OPT_OPTION:
		return take_words(r, optarg);
	case OPT_ROUTE:
		return take_route(r, optarg);
	case OPT_START:
		r->start = true;
		return -1;
	case OPT_LIST:
		r->list = true;
		return -1;
	case 'h':
		fputs(help_text, stdout);
		return fflush(stdout) == 0 ? EXIT_OK : EXIT_SYSTEM;
	default:
		/* getopt has named the word. */
		fputs("pptpsetup --help lists the options\n", stderr);
		return EXIT_USAGE;
	}
}

/* It becomes a word of a shell command that pppd runs as root. */
static bool
is_host(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isascii((unsigned char)s[i]) || (!isalnum((unsigned char)
		    s[i]) && strchr("-.:_", s[i]) == NULL))
			return false;
	return n > 0 && n <= HOST_LONGEST && s[0] != '-';
}

/*
 * pptp-linux's tool did not quote for pppd, which dropped one backslash of two:
 * so scripts double it, or end the domain with one.  As we quote, these must
 * go.  Returns the domain's length.
 */
static int
without_backslashes(const struct request *r)
{
	int n = r->domain == NULL ? 0 : (int)strlen(r->domain), all = n;

	while (n > 0 && r->domain[n - 1] == '\\')
		n--;
	if (n < all)
		peers_complain(0, "warning: the domain is taken as '%.*s': the "
		    "backslash between domain and user comes by itself", n,
		    r->domain);
	if (strstr(r->user, "\\\\") != NULL)
		peers_complain(0, "warning: the user's name has two "
		    "backslashes in a row, and will be sent with both: "
		    "pptpsetup needs none doubled");
	return n;
}

static int
make_name(struct request *r)
{
	int domain = without_backslashes(r);
	int n = snprintf(r->name, sizeof(r->name), "%.*s%s%s", domain,
	    domain > 0 ? r->domain : "", domain > 0 ? "\\" : "", r->user);

	if (n > PEERS_USER_LONGEST)
		return peers_complain(EXIT_USAGE, "the user's name has at most "
		    "%d octets", PEERS_USER_LONGEST);
	if (*r->user == '\0')
		return peers_complain(EXIT_USAGE, "the user's name is empty");
	if (strcmp(r->name, "*") == 0)
		return peers_complain(EXIT_USAGE, "the user * would mean any "
		    "user to pppd");
	if (domain > 0 && memchr(r->domain, '\\', (size_t)domain) != NULL)
		return peers_complain(EXIT_USAGE,
		    "a domain has no backslash: %s", r->domain);
	return EXIT_OK;
}

/* Blanks separate the words: there is no quoting. */
static int
split_words(struct request *r)
{
	char *rest = r->words;

	while ((rest += strspn(rest, " "))[0] != '\0') {
		if (r->options.n == PEERS_WORDS)
			return peers_complain(EXIT_USAGE, "--option has at "
			    "most %d words", PEERS_WORDS);
		r->options.v[r->options.n++] = rest;
		rest += strcspn(rest, " ");
		*rest++ = '\0';
	}
	return EXIT_OK;
}

/* pptp's own parser says whether it will take them. */
static int
check_words(struct request *r)
{
	char *argv[PEERS_WORDS + 4], server[HOST_LONGEST + 1];
	char pptp[] = "pptp", nolaunch[] = "--nolaunchpppd";
	struct peers_words *o = &r->options;
	int argc = 3, status = split_words(r);
	struct conf c;

	if (status != EXIT_OK)
		return status;
	snprintf(server, sizeof(server), "%s", r->server);
	argv[0] = pptp;
	argv[1] = server;
	argv[2] = nolaunch;
	for (size_t i = 0; i < o->n; i++)
		argv[argc++] = r->words + (o->v[i] - r->words);
	argv[argc] = NULL;
	if (options_parse(&c, argc, argv) != -1 || c.nwords > 0 ||
	    c.mode != RUN_TUNNEL || c.data_path == DATA_KERNEL)
		return peers_complain(EXIT_USAGE, "pppd will run 'pptp %s "
		    "--nolaunchpppd' with the words of --option, of which none "
		    "can be for pppd, or for another mode or data path",
		    server);
	r->asks |= c.sync ? PEERS_SYNC : 0;
	return EXIT_OK;
}

static int
check_create(struct request *r)
{
	if (r->server == NULL)
		return usage("--create needs --server", "");
	if (r->user == NULL)
		return usage("--create needs --username", "");
	if (!is_host(r->server))
		return peers_complain(EXIT_USAGE, "not a host's name or "
		    "address (up to %d letters, digits, '-', '.', ':'): %s",
		    HOST_LONGEST, r->server);
	if (strchr(r->server, '_') != NULL)
		peers_complain(0, "warning: a host's name has no '_', and some "
		    "name servers know none that has: %s", r->server);
	/* Debian's ip-up passes over a script with such a name. */
	if (r->routes.n > 0 && strchr(r->create, '.') != NULL)
		return peers_complain(EXIT_USAGE, "a tunnel with --route has "
		    "no '.' in its name: %s", r->create);
	if (check_words(r) != EXIT_OK)
		return EXIT_USAGE;
	return make_name(r);
}

static int
check(struct request *r)
{
	const char *tunnel = r->create != NULL ? r->create : r->delete;
	bool more = r->server != NULL || r->user != NULL || r->domain != NULL ||
	    r->words[0] != '\0' || r->asks != 0 || r->routes.n > 0 ||
	    r->have_password || r->start;

	if (r->list)
		return tunnel == NULL && !more ? EXIT_OK :
		    usage("--list goes with no other option", "");
	if (tunnel == NULL)
		return usage("--create NAME, --delete NAME or --list is needed",
		    "");
	if (r->create != NULL && r->delete != NULL)
		return usage("--create and --delete exclude each other", "");
	if (!peers_is_name(tunnel))
		return peers_complain(EXIT_USAGE, "not a tunnel's name (up to "
		    "%d letters, digits, '_', and after the first also '-' and "
		    "single '.'): %s", PEERS_NAME_LONGEST, tunnel);
	if (r->create != NULL)
		return check_create(r);
	return more ? usage("--delete goes with no other option", "") : EXIT_OK;
}

/* -1: go on; else the status to end with. */
static int
parse(struct request *r, int argc, char **argv)
{
	static char program[] = "pptpsetup";
	int opt, status = -1;

	argv[0] = program;
	optind = 1;
	while (status == -1 && (opt = getopt_long_only(argc, argv,
	    "c:s:d:u:p:eh", setup_options, NULL)) != -1)
		status = take_option(r, opt);
	for (; status == -1 && optind < argc; optind++)
		peers_complain(0, "warning: '%s' belongs to no option: ignored",
		    argv[optind]);
	if (status == -1) {
		status = check(r);
		status = status == EXIT_OK ? -1 : status;
	}
	return status;
}

/* Does not return unless pppd cannot be run. */
static int
start(const char *tunnel)
{
	execl(PPPD, "pppd", "call", tunnel, "updetach", (char *)NULL);
	if (errno == ENOENT)
		execlp("pppd", "pppd", "call", tunnel, "updetach",
		    (char *)NULL);
	return peers_failed("cannot run pppd");
}

/* The MTU that the present route to the server allows. */
static unsigned
find_mtu(struct request *r)
{
	struct resolve s = { .host = r->server, .hangup_fd = -1,
	    .deadline_us = clock_us() + LOOKUP_US, .secret = &r->password,
	    .secret_size = sizeof(r->password) };

	if (resolve_host(&s) > 0)
		return mtu_for(s.addr[0]);
	peers_complain(0, "warning: %s; the tunnel is written all the same",
	    s.why);
	return MTU_USUAL;
}

/*
 * Has the installed pppd this option?  Its name stands in the program, a NUL
 * behind it.  An option that pppd does not know would keep it from starting.
 */
static bool
pppd_has(const char *option)
{
	FILE *f = fopen(PPPD, "re");
	const char *at = option;
	bool has = false;
	int c;

	if (f == NULL)
		return false;
	while (!has && (c = getc_unlocked(f)) != EOF) {
		has = *at == '\0' && c == '\0';
		at = c == *at ? at + 1 : option + (c == *option);
	}
	fclose(f);
	return has;
}

static void
default_route(struct request *r)
{
	if (pppd_has("replacedefaultroute"))
		r->asks |= PEERS_REPLACE_ROUTE;
	else
		peers_complain(0, "warning: %s has no replacedefaultroute: "
		    "where there is a default route already, it may stay the "
		    "one that is used", PPPD);
}

static int
create(struct request *r, const struct dirs *d)
{
	struct tunnel t = {
		.name = r->create, .server = r->server, .user = r->name,
		.password = r->password.text, .options = r->options,
		.routes = r->routes, .mtu = find_mtu(r)
	};
	enum exit_status status = EXIT_OK;
	char why[128];

	if (!r->have_password)
		status = password_read(&r->password, r->name, why,
		    sizeof(why));
	if (status != EXIT_OK)
		return peers_complain((int)status, "%s", why);
	if (r->password.len > 1 && memcmp(r->password.text, "@/", 2) == 0)
		return peers_complain(EXIT_USAGE, "pppd cannot use a password "
		    "that begins with @/: it takes it for a file's name");
	if ((r->asks & PEERS_DEFAULT_ROUTE) != 0)
		default_route(r);
	t.asks = r->asks;
	t.password_len = r->password.len;
	return peers_change(&t, d);
}

static int
run(struct request *r)
{
	const struct tunnel gone = { .name = r->delete };
	struct dirs d;
	int status;

	if (r->list)
		return peers_list();
	status = dirs_open(&d);
	if (status == EXIT_OK)
		status = r->create != NULL ? create(r, &d) :
		    peers_change(&gone, &d);
	dirs_close(&d);
	return status;
}

int
setup_main(int argc, char **argv)
{
	struct request r = { .create = NULL };
	int status = parse(&r, argc, argv);

	if (status == -1)
		status = run(&r);
	else
		r.start = false;
	wipe(&r.password, sizeof(r.password));
	if (status == EXIT_OK && r.start)
		status = start(r.create);
	return status;
}
