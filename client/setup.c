/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pptpsetup: its command line.  What it does to pppd's files is in
 * client/peers.c.
 */
#include <sys/types.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "password.h"
#include "peers.h"
#include "setup.h"

struct request {
	const char	*create, *delete;
	const char	*server, *domain, *user;
	bool		 encrypt, start, have_password;
	struct password	 password;
	char		 name[PEERS_USER_LONGEST + 1];	/* DOMAIN\user */
};

/* --- the command line -------------------------------------------------- */

static const char help_text[] =
"usage: pptpsetup --create NAME --server HOST [--domain DOMAIN]\n"
"                 --username USER [--password PASSWORD] [--encrypt] [--start]\n"
"       pptpsetup --delete NAME\n"
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
"      --start              then start it: pppd call NAME updetach\n"
"      --delete NAME        remove the tunnel NAME and its secret\n"
"  -h, --help               this text\n"
"\n"
"Writes /etc/ppp/peers/NAME and its line in /etc/ppp/chap-secrets.\n"
"Exit status: 0 done, 1 failed, 2 wrong usage, 4 not permitted.\n";

enum { OPT_START = 256, OPT_DELETE };

static const struct option setup_options[] = {
	{ "create", required_argument, NULL, 'c' },
	{ "server", required_argument, NULL, 's' },
	{ "domain", required_argument, NULL, 'd' },
	{ "username", required_argument, NULL, 'u' },
	{ "password", required_argument, NULL, 'p' },
	{ "encrypt", no_argument, NULL, 'e' },
	{ "start", no_argument, NULL, OPT_START },
	{ "delete", required_argument, NULL, OPT_DELETE },
	{ "help", no_argument, NULL, 'h' },
	/* Not short for two options each: pptp-linux's tool has the names. */
	{ "s", required_argument, NULL, 's' },
	{ "d", required_argument, NULL, 'd' },
	{ NULL, 0, NULL, 0 }
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

/* -1: go on; else the status to end with. */
static int
take_option(struct request *r, int opt)
{
	switch (opt) {
	case 'c':
		r->create = optarg;
		return -1;
	case 's':
		r->server = optarg;
		return -1;
	case 'd':
		r->domain = optarg;
		return -1;
	case 'u':
		r->user = optarg;
		return -1;
	case 'p':
		return take_password(r, optarg) == EXIT_OK ? -1 : EXIT_USAGE;
	case 'e':
		r->encrypt = true;
		return -1;
	case OPT_START:
		r->start = true;
		return -1;
	case OPT_DELETE:
		r->delete = optarg;
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
 * pptp-linux's tool did not quote for pppd, which took one backslash of two
 * away: scripts double it, or end the domain with one.  What is here quoted
 * as it should be must not get those, too.  Returns the domain's length.
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
	return make_name(r);
}

static int
check(struct request *r)
{
	const char *tunnel = r->create != NULL ? r->create : r->delete;

	if (tunnel == NULL)
		return usage("--create NAME or --delete NAME is needed", "");
	if (r->create != NULL && r->delete != NULL)
		return usage("--create and --delete exclude each other", "");
	if (!peers_is_name(tunnel))
		return peers_complain(EXIT_USAGE, "not a tunnel's name (up to "
		    "%d letters, digits, '_', and after the first also '-' and "
		    "single '.'): %s", PEERS_NAME_LONGEST, tunnel);
	if (r->create != NULL)
		return check_create(r);
	if (r->server != NULL || r->user != NULL || r->domain != NULL ||
	    r->have_password || r->encrypt || r->start)
		return usage("--delete goes with no other option", "");
	return EXIT_OK;
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

static int
create(struct request *r, const struct dirs *d)
{
	struct tunnel t = {
		.name = r->create, .server = r->server, .user = r->name,
		.password = r->password.text, .encrypt = r->encrypt
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
	t.password_len = r->password.len;
	return peers_create(&t, d);
}

static int
run(struct request *r)
{
	struct dirs d;
	int status = dirs_open(&d);

	if (status == EXIT_OK)
		status = r->create != NULL ? create(r, &d) :
		    peers_delete(r->delete, &d);
	dirs_close(&d);
	return status;
}

int
setup_main(int argc, char **argv)
{
	struct request r = { .create = NULL };
	int fd, status;

	/* A closed stderr must not become chap-secrets. */
	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
	status = parse(&r, argc, argv);

	if (status == -1)
		status = run(&r);
	else
		r.start = false;
	wipe(&r.password, sizeof(r.password));
	if (status == EXIT_OK && r.start)
		status = start(r.create);
	return status;
}
