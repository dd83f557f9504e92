/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of pptpsetup; client/peers.c changes pppd's files. */
#include <arpa/inet.h>

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "options.h"
#include "password.h"
#include "peers.h"
#include "peers_text.h"
#include "resolve.h"
#include "setup.h"
#include "util.h"

enum { LOOKUP_US = 3000000 };		/* for the server's name */

enum {
	OPT_PERSIST = 1, OPT_DEFAULT_ROUTE, OPT_ROUTE, OPT_DNS, OPT_OPTION,
	OPT_START, OPT_DELETE, OPT_LIST,
	OPTS = 128			/* the others are letters */
};

struct request {
	char		*given[OPTS];	/* the argument; NULL: not given */
	unsigned	 options;	/* how many were given */
	struct tunnel	 t;
	struct password	 password;
	char		 user[PEERS_USER_LONGEST + 1];	/* DOMAIN\user */
};

static const char help_text[] =
"usage: pptpsetup --create NAME --server HOST --username USER [OPTION...]\n"
"       pptpsetup --delete NAME | --list | --help\n"
"\n"
"  -c, --create NAME        write the tunnel NAME, or write it anew\n"
"  -s, --server HOST        name or address of the server\n"
"  -d, --domain DOMAIN      log in as DOMAIN\\USER\n"
"  -u, --username USER      log in as USER\n"
"  -p, --password PASSWORD  the password; others can see it with ps.  Without\n"
"                           this it is asked for, or read from standard input\n"
"  -e, --encrypt            require MPPE with 128 bits\n"
"      --persist            call again whenever the tunnel ends, for ever\n"
"      --default-route      all traffic goes through the tunnel\n"
"      --route NET          traffic to NET, such as 10.1.0.0/16, goes through\n"
"                           it; may be repeated\n"
"      --dns                use the name servers that the server names\n"
"      --option \"WORDS\"     pptp's own, as \"--nobuffer --loglevel 1\"\n"
"      --start              then start it: pppd call NAME updetach\n"
"      --delete NAME        remove the tunnel NAME and its secret\n"
"      --list               the tunnels written: name, server, user\n"
"  -h, --help               this text\n"
"\n"
"Writes /etc/ppp/peers/NAME, its line in /etc/ppp/chap-secrets and, for\n"
"routes, /etc/ppp/ip-up.d/NAME or NAME.sh.\n"
"Exit status: 0 done, 1 failed, 2 wrong usage, 4 not permitted.\n";

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
	/* pptp-linux's tool has these names: they must not be ambiguous. */
	{ "s", required_argument, NULL, 's' },
	{ "d", required_argument, NULL, 'd' },
	{ "p", required_argument, NULL, 'p' },
	{ "de", required_argument, NULL, OPT_DELETE },
	{ NULL, 0, NULL, 0 }
};

static void __attribute__((__noreturn__))
usage(const char *what)
{
	fatal(EXIT_USAGE, "%s; pptpsetup --help lists the options", what);
}

/* Takes the password out of what ps shows, as far as that helps. */
static void
take_password(struct request *r)
{
	size_t n = strlen(optarg);

	log_warnx("warning: a password on the command line can be seen by "
	    "others with ps");
	if (n > PASSWORD_LONGEST)
		fatal(EXIT_USAGE, "a password has at most %d octets",
		    PASSWORD_LONGEST);
	memcpy(r->password.text, optarg, n);
	r->password.len = n;
	wipe(optarg, n);
}

static void
add(struct peers_words *to, const char *word, const char *option)
{
	if (to->n == PEERS_WORDS)
		fatal(EXIT_USAGE, "more than %d words for %s", PEERS_WORDS,
		    option);
	to->v[to->n++] = word;
}

/* Cuts the argument into words at blanks; there is no quoting. */
static void
take_words(struct request *r)
{
	for (const char *p = optarg; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || strchr("\"'`\\\177", *p) != NULL)
			fatal(EXIT_USAGE, "--option has words with blanks "
			    "between, without quotes, backslashes and control "
			    "characters");
	for (char *p = strtok(optarg, " "); p != NULL; p = strtok(NULL, " "))
		add(&r->t.options, p, "--option");
}

/*
 * Is s an IPv4 network, A.B.C.D/N with N from 1 to 32, without leading zeroes
 * and without bits after the first N?
 */
static bool
is_net(const char *s)
{
	char address[INET_ADDRSTRLEN], same[sizeof(address) + 4];
	struct in_addr a;
	unsigned n = 0;

	if (sscanf(s, "%15[0-9.]/%2u", address, &n) != 2 || n < 1 || n > 32)
		return false;
	snprintf(same, sizeof(same), "%s/%u", address, n);
	return strcmp(s, same) == 0 && inet_pton(AF_INET, address, &a) == 1 &&
	    (ntohl(a.s_addr) & UINT64_C(0xffffffff) >> n) == 0;
}

static void
take_route(struct request *r)
{
	if (!is_net(optarg))
		fatal(EXIT_USAGE, "not a network for --route (as 10.1.0.0/16, "
		    "without bits behind the /16): %s", optarg);
	add(&r->t.routes, optarg, "--route");
}

static void
take_option(struct request *r, int opt)
{
	static char none[] = "";

	switch (opt) {
	case '?':			/* getopt has named the word */
		fputs("pptpsetup --help lists the options\n", stderr);
		exit(EXIT_USAGE);
	case 'h':
		if (fputs(help_text, stdout) == EOF || fflush(stdout) == EOF)
			fatal(EXIT_SYSTEM, "cannot write to standard output: "
			    "%m");
		exit(EXIT_OK);
	case 'p':
		take_password(r);
		break;
	case OPT_OPTION:
		take_words(r);
		break;
	case OPT_ROUTE:
		take_route(r);
		break;
	}
	r->given[opt] = optarg != NULL ? optarg : none;
	r->options++;
}

/*
 * pptp-linux's tool did not quote for pppd, which dropped one backslash of two,
 * so scripts end the domain with one or two.  We quote, so these must go.
 */
static void
strip_backslashes(char *domain)
{
	size_t all = strlen(domain), n = all;

	while (n > 0 && domain[n - 1] == '\\')
		domain[--n] = '\0';
	if (n < all)
		log_warnx("warning: the domain is taken as '%s': the backslash "
		    "between domain and user comes by itself", domain);
}

static void
make_user(struct request *r)
{
	char *domain = r->given['d'], *user = r->given['u'];

	if (domain != NULL)
		strip_backslashes(domain);
	if (domain != NULL && strchr(domain, '\\') != NULL)
		fatal(EXIT_USAGE, "a domain has no backslash: %s", domain);
	if (strstr(user, "\\\\") != NULL)
		log_warnx("warning: the user's name has two backslashes in a "
		    "row, and will be sent with both: pptpsetup needs none "
		    "doubled");
	peers_user(r->user, domain, user);
	if (*user == '\0' || strcmp(r->user, "*") == 0)
		fatal(EXIT_USAGE, "the user's name is empty, or *, which is "
		    "any user to pppd");
	r->t.user = r->user;
}

/* Asks pptp's own parser whether it will take the words of --option. */
static void
check_words(struct request *r)
{
	char pptp[] = "pptp", nolaunch[] = "--nolaunchpppd";
	char *argv[PEERS_WORDS + 4] = { pptp, r->given['s'], nolaunch };
	struct peers_words *words = &r->t.options;
	struct conf c;

	memcpy(argv + 3, words->v, words->n * sizeof(argv[0]));
	if (options_parse(&c, 3 + (int)words->n, argv) != -1 ||
	    c.nwords > 0 || c.mode != RUN_TUNNEL || c.data_path == DATA_KERNEL)
		fatal(EXIT_USAGE, "pppd will run 'pptp %s --nolaunchpppd' with "
		    "the words of --option, of which none can be for pppd, or "
		    "for another mode or data path", r->given['s']);
	if (c.sync)
		add(&r->t.lines, "sync\n", "pppd");
}

static void
check_create(struct request *r)
{
	const char *server = r->given['s'];

	if (server == NULL || r->given['u'] == NULL)
		usage("--create needs --server and --username");
	/* HOST becomes a word of a shell command that pppd runs as root. */
	if (!peers_is_plain(server, "_-.:") || *server == '-' ||
	    strlen(server) > HOST_LONGEST)
		fatal(EXIT_USAGE, "not a host's name or address (up to %d "
		    "letters, digits, '-', '.', ':'): %s", HOST_LONGEST,
		    server);
	if (strchr(server, '_') != NULL)
		log_warnx("warning: a host's name has no '_', and some name "
		    "servers know none that has: %s", server);
	/* Debian's ip-up skips a script with a dot in its name. */
	if (r->t.routes.n > 0 && strchr(r->t.name, '.') != NULL)
		fatal(EXIT_USAGE, "a tunnel with --route has no '.' in its "
		    "name: %s", r->t.name);
	check_words(r);
	make_user(r);
}

static void
check(struct request *r)
{
	const char *create = r->given['c'], *delete = r->given[OPT_DELETE];

	if (r->options > 1 && (r->given[OPT_LIST] != NULL || delete != NULL))
		usage("--list and --delete go with no other option");
	if (r->given[OPT_LIST] != NULL)
		return;
	r->t.name = create != NULL ? create : delete;
	if (r->t.name == NULL)
		usage("--create NAME, --delete NAME or --list is needed");
	if (!peers_is_name(r->t.name))
		fatal(EXIT_USAGE, "not a tunnel's name (up to %d letters, "
		    "digits, '_', and after the first also '-' and single "
		    "'.'): %s", PEERS_NAME_LONGEST, r->t.name);
	if (create != NULL)
		check_create(r);
}

static void
parse(struct request *r, int argc, char **argv)
{
	static char program[] = "pptpsetup";
	int opt;

	argv[0] = program;
	optind = 1;
	while ((opt = getopt_long_only(argc, argv, "c:s:d:u:p:eh",
	    setup_options, NULL)) != -1)
		take_option(r, opt);
	for (; optind < argc; optind++)
		log_warnx("warning: '%s' belongs to no option: ignored",
		    argv[optind]);
	check(r);
}

/* The MTU that the present route to the server allows. */
static unsigned
find_mtu(struct request *r)
{
	struct resolve s = { .host = r->given['s'], .hangup_fd = -1,
	    .deadline_us = clock_us() + LOOKUP_US, .secret = &r->password,
	    .secret_size = sizeof(r->password) };

	if (resolve_host(&s) > 0)
		return resolve_mtu(s.addr[0]);
	log_warnx("warning: %s; the tunnel is written all the same", s.why);
	return MTU_USUAL;
}

/*
 * pppd does not start with an option that it does not know.  The name of each
 * option that it knows is in the program, with a NUL after it.
 */
static const char *
default_route(void)
{
	static const char replace[] = "replacedefaultroute";

	if (peers_file_has(PPPD, replace, sizeof(replace)))
		return "defaultroute\nreplacedefaultroute\n";
	log_warnx("warning: %s has no %s: where there is a default route "
	    "already, it may stay the one that is used", PPPD, replace);
	return "defaultroute\n";
}

/* Completes the tunnel: server, MTU, password and lines for pppd. */
static void
complete(struct request *r)
{
	struct tunnel *t = &r->t;

	t->server = r->given['s'];
	t->mtu = find_mtu(r);
	if (r->given['p'] == NULL)
		password_read(&r->password, r->user);
	if (strncmp(r->password.text, "@/", 2) == 0)
		fatal(EXIT_USAGE, "pppd cannot use a password that begins "
		    "with @/: it takes it for a file's name");
	t->password = r->password.text;
	t->password_len = r->password.len;
	/*
	 * MPPE's keys come from MS-CHAP: a server that offers another way to
	 * log in first would let us in, and MPPE would then have no key.
	 */
	if (r->given['e'] != NULL)
		add(&t->lines, "require-mppe-128\nrefuse-pap\nrefuse-eap\n"
		    "refuse-chap\nrefuse-mschap\n", "pppd");
	if (r->given[OPT_PERSIST] != NULL)
		add(&t->lines, "persist\nmaxfail 0\nholdoff 10\n"
		    "lcp-echo-interval 20\nlcp-echo-failure 4\n", "pppd");
	if (r->given[OPT_DNS] != NULL)
		add(&t->lines, "usepeerdns\n", "pppd");
	if (r->given[OPT_DEFAULT_ROUTE] != NULL)
		add(&t->lines, default_route(), "pppd");
}

static void __attribute__((__noreturn__))
start(const char *tunnel)
{
	signal_reset();
	execl(PPPD, "pppd", "call", tunnel, "updetach", (char *)NULL);
	fatal(errno == EACCES ? EXIT_PERMISSION : EXIT_SYSTEM,
	    "cannot run %s: %m", PPPD);
}

int
setup_main(int argc, char **argv)
{
	struct request r = { .options = 0 };

	log_name("pptpsetup");
	parse(&r, argc, argv);
	if (r.given[OPT_LIST] != NULL) {
		peers_list();
		return EXIT_OK;
	}
	peers_prepare();
	if (r.given['c'] != NULL)
		complete(&r);
	peers_change(&r.t);
	if (r.given[OPT_START] != NULL)
		start(r.t.name);
	return EXIT_OK;
}
