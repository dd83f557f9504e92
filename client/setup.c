/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pptpsetup: its command line and how it asks for the password.  What it does
 * to pppd's files is in client/peers.c.
 */
#include <sys/types.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "conf.h"
#include "peers.h"
#include "setup.h"

struct request {
	const char	*create, *delete;
	const char	*server, *domain, *user;
	bool		 encrypt, start, have_password;
	size_t		 password_len;
	char		 password[PEERS_PASSWORD_LONGEST + 1];
	char		 name[PEERS_USER_LONGEST + 1];	/* DOMAIN\user */
};

/* --- the password ----------------------------------------------------- */

static volatile sig_atomic_t prompt_signal;

static void
on_prompt_signal(int signo)
{
	prompt_signal = signo;
}

enum line_end { LINE_OK, LINE_EOF, LINE_LONG, LINE_ERROR, LINE_SIGNAL };

/*
 * Reads a line from standard input, not an octet beyond it.  mask holds
 * while it waits, so that a signal is taken there and nowhere else.
 */
static enum line_end
read_line(struct request *r, const sigset_t *mask)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t n = 0;
	ssize_t got;
	char c;

	for (;;) {
		if (ppoll(&in, 1, NULL, mask) == -1)
			got = -1;
		else
			got = read(STDIN_FILENO, &c, 1);
		if (got == -1 && errno == EINTR && prompt_signal != 0)
			return LINE_SIGNAL;
		if (got == -1 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got == -1)
			return LINE_ERROR;
		if (got == 0 && n == 0)
			return LINE_EOF;
		if (got == 0 || c == '\n')
			break;
		if (n < PEERS_PASSWORD_LONGEST)
			r->password[n] = c;
		n++;
	}
	r->password_len = n;
	return n > PEERS_PASSWORD_LONGEST ? LINE_LONG : LINE_OK;
}

static const int prompt_signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
    SIGTSTP };
enum { PROMPT_SIGNALS = sizeof(prompt_signals) / sizeof(prompt_signals[0]) };

/* Lets the signal do what it would have done without us. */
static void
pass_signal(const struct sigaction *old, const sigset_t *mask)
{
	struct sigaction ours;
	int signo = prompt_signal;
	sigset_t blocked;

	prompt_signal = 0;
	for (size_t i = 0; i < PROMPT_SIGNALS; i++) {
		if (prompt_signals[i] != signo)
			continue;
		sigaction(signo, &old[i], &ours);
		raise(signo);
		sigprocmask(SIG_SETMASK, mask, &blocked);
		sigprocmask(SIG_SETMASK, &blocked, NULL);
		sigaction(signo, &ours, NULL);
	}
}

/* One attempt: echo off, a line, echo on again. */
static enum line_end
ask_once(struct request *r, const char *whose, const sigset_t *mask)
{
	struct termios echo, silent;
	enum line_end end;

	if (tcgetattr(STDIN_FILENO, &echo) == -1)
		return LINE_ERROR;
	silent = echo;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ICANON | ISIG;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == -1)
		return LINE_ERROR;
	fprintf(stderr, "Password for %s: ", whose);
	end = read_line(r, mask);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &echo);
	fputc('\n', stderr);
	return end;
}

static enum line_end
ask_terminal(struct request *r)
{
	struct sigaction act = { .sa_handler = on_prompt_signal };
	struct sigaction old[PROMPT_SIGNALS];
	sigset_t block, mask;
	enum line_end end;

	sigemptyset(&block);
	for (size_t i = 0; i < PROMPT_SIGNALS; i++)
		sigaddset(&block, prompt_signals[i]);
	sigprocmask(SIG_BLOCK, &block, &mask);
	for (size_t i = 0; i < PROMPT_SIGNALS; i++) {
		sigaction(prompt_signals[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			sigaction(prompt_signals[i], &act, NULL);
	}
	while ((end = ask_once(r, r->name, &mask)) == LINE_SIGNAL) {
		explicit_bzero(r->password, sizeof(r->password));
		pass_signal(old, &mask);
	}
	for (size_t i = 0; i < PROMPT_SIGNALS; i++)
		sigaction(prompt_signals[i], &old[i], NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return end;
}

static int
ask_password(struct request *r)
{
	switch (isatty(STDIN_FILENO) ? ask_terminal(r) : read_line(r, NULL)) {
	case LINE_OK:
		break;
	case LINE_EOF:
		return peers_complain(EXIT_USAGE, "no password was given");
	case LINE_LONG:
		return peers_complain(EXIT_USAGE, "a password has at most %d "
		    "octets", PEERS_PASSWORD_LONGEST);
	case LINE_ERROR:
	case LINE_SIGNAL:
		return peers_failed("cannot read the password");
	}
	if (memchr(r->password, '\0', r->password_len) != NULL)
		return peers_complain(EXIT_USAGE,
		    "the password has a NUL in it");
	return EXIT_OK;
}

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
	if (n <= PEERS_PASSWORD_LONGEST)
		memcpy(r->password, arg, n);
	explicit_bzero(arg, n);
	if (n > PEERS_PASSWORD_LONGEST)
		return peers_complain(EXIT_USAGE, "a password has at most %d "
		    "octets", PEERS_PASSWORD_LONGEST);
	r->password_len = n;
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
		.password = r->password, .encrypt = r->encrypt
	};
	int status = EXIT_OK;

	if (!r->have_password)
		status = ask_password(r);
	if (status != EXIT_OK)
		return status;
	if (r->password_len > 1 && memcmp(r->password, "@/", 2) == 0)
		return peers_complain(EXIT_USAGE, "pppd cannot use a password "
		    "that begins with @/: it takes it for a file's name");
	t.password_len = r->password_len;
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
	explicit_bzero(r.password, sizeof(r.password));
	if (status == EXIT_OK && r.start)
		status = start(r.create);
	return status;
}
