/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pptp: a PPTP client.  This file is the program from the outside: what is
 * run for which command line, and who becomes whom.
 *
 *	--nolaunchpppd	this process becomes the gateway, on fd 0 and 1, or
 *			the holder of pppd's plugin on fd 0
 *	otherwise	a child behind a new pty becomes the gateway, or one
 *			at the end of a socket the holder, and this process
 *			becomes pppd
 *
 * Either happens only once the call is up, so that every earlier failure is a
 * sentence on the user's terminal and an exit status.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "call.h"
#include "check.h"
#include "ctrl.h"
#include "gateway.h"
#include "kernel_gateway.h"
#include "kernel.h"
#include "options.h"
#include "quirks.h"
#include "setup.h"
#include "util.h"

enum { LINGER_US = 2000000 };		/* the least life of a failure */

static void
show_server(const struct local_server *s)
{
	char host[4 * PPTP_TEXT + 1], vendor[4 * PPTP_TEXT + 1];

	ctrl_escape(host, sizeof(host), s->host, strlen(s->host));
	ctrl_escape(vendor, sizeof(vendor), s->vendor, strlen(s->vendor));
	printf("connected; the server says it is \"%s\" (%s)\n", host, vendor);
}

static void
show_step(const struct call *c, const struct local_msg *m)
{
	if (m->type == LOCAL_SERVER)
		show_server(&m->server);
	else if (m->type == LOCAL_STEP && m->step == LOCAL_CONNECTING)
		printf("connecting to %s port %u\n", c->name, c->conf->port);
	else if (m->type == LOCAL_STEP && m->step == LOCAL_CALLING)
		printf("asking for a call\n");
	fflush(stdout);
}

static void
log_up(const struct call *c)
{
	log_info("tunnel to %s up: call %u, the server's call %u, server "
	    "\"%s\" (%s)", c->name, c->id, c->peer_id, c->said.host,
	    c->said.vendor);
}

static void
fill_gateway(struct gateway *gw, const struct call *c, int in, int out)
{
	memset(gw, 0, sizeof(*gw));
	gw->conf = c->conf;
	memcpy(gw->server, c->name, sizeof(gw->server));
	gw->in = in;
	gw->out = out;
	gw->raw = c->raw;
	gw->mgr = c->mgr;
	gw->call = c->id;
	gw->peer_call = c->peer_id;
	gw->window = c->window;
	gw->holds_back = quirk_holds_back(c->said.host, c->said.vendor);
	gw->n = c->n;
}

/*
 * pppd's `persist` starts a new pptp at once, whatever became of the last
 * one: a failure that took no time would be repeated as fast as this machine
 * can fork.  So it lives a little, unless pppd goes away.
 */
static void
linger(int64_t born)
{
	struct pollfd p = { .fd = STDIN_FILENO };
	int64_t left;

	while ((left = born + LINGER_US - clock_us()) > 0)
		if (poll(&p, 1, (int)(left / 1000) + 1) > 0 &&
		    (p.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			return;
}

/* A mistake on the command line: pppd's plugin logs it, stderr may be none. */
static void
refuse_to_start(enum exit_status status)
{
	if (holder_is_line(STDIN_FILENO))
		holder_refuse(STDIN_FILENO, status, options_mistake());
	linger(clock_us());
}

static void
fill_holder(struct holder *a, const struct call *c, int line)
{
	memset(a, 0, sizeof(*a));
	a->conf = c->conf;
	memcpy(a->server, c->name, sizeof(a->server));
	a->line = line;
	a->mgr = c->mgr;
	a->channel = c->channel;
	a->local = c->local;
	a->n = c->n;
}

/* Started by pppd's plugin, which is told what a pty's user reads. */
static enum exit_status
run_holder(struct call *c)
{
	struct holder a;
	int64_t born = clock_us();
	enum exit_status status;

	if (!holder_is_line(STDIN_FILENO)) {
		log_fatal("--data-path=kernel with --nolaunchpppd is for "
		    "pppd's plugin pptp.so: standard input is not its socket");
		linger(born);
		return EXIT_USAGE;
	}
	c->kernel = true;
	c->line = STDIN_FILENO;
	status = call_open(c);
	if (status == EXIT_OK) {
		log_up(c);
		if (holder_offer(c->line, c->channel, c->id, c->peer_id,
		    c->server) == -1)
			return EXIT_LOST;
		fill_holder(&a, c, c->line);
		return holder_run(&a);
	}
	log_stderr(0);
	log_error("%s", c->why);
	holder_refuse(c->line, status, c->why);
	linger(born);
	return status;
}

static enum exit_status
run_here(struct call *c, int out)
{
	struct gateway gw;
	int64_t born = clock_us();
	enum exit_status status;

	c->line = STDIN_FILENO;
	status = call_open(c);
	if (status != EXIT_OK) {
		log_fatal("%s", c->why);
	} else {
		log_up(c);
		fill_gateway(&gw, c, STDIN_FILENO, out);
		status = gateway_run(&gw);
	}
	if (status != EXIT_OK)
		linger(born);
	return status;
}

/* ---- launching pppd ---- */

/* A new pty, its slave raw and held open until pppd has it as its own. */
static int
open_pty(char *tty, size_t size, int *slave)
{
	struct termios raw;
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1 ||
	    ptsname_r(master, tty, size) != 0)
		return -1;
	/*
	 * Not close-on-exec: pppd inherits it, so that there is no moment at
	 * which the slave is closed and the gateway would see a hangup, also
	 * where pppd opens it late (demand) or once more (persist).
	 */
	*slave = open(tty, O_RDWR | O_NOCTTY);
	if (*slave == -1 || tcgetattr(*slave, &raw) == -1)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(*slave, TCSANOW, &raw) == -1 ? -1 : master;
}

/* With --debug the child stays with the terminal; otherwise it is alone. */
static void
alone(const struct call *c)
{
	if (!c->conf->debug) {
		setsid();
		switch (fork()) {
		case -1:
			fatal(EXIT_SYSTEM, "cannot start the gateway: %s",
			    strerror(errno));
		case 0:
			break;
		default:
			_exit(EXIT_OK);
		}
	}
	if (chdir("/") == -1)
		log_debug("chdir /: %s", strerror(errno));
	fd_null(STDIN_FILENO);
	fd_null(STDOUT_FILENO);
}

/* Forks: true in the child, which goes on alone; the parent waits for that. */
static bool
fork_alone(const struct call *c)
{
	pid_t pid = fork();

	if (pid == -1)
		fatal(EXIT_SYSTEM, "cannot start the gateway: %s",
		    strerror(errno));
	if (pid == 0) {
		alone(c);
		return true;
	}
	if (!c->conf->debug)
		(void)waitpid(pid, NULL, 0);
	return false;
}

static void __attribute__((__noreturn__))
become_pppd(char **argv)
{
	int err;

	if (argv == NULL)
		fatal(EXIT_SYSTEM, "out of memory");
	signal_reset();
	execv(PPPD, argv);
	err = errno;
	free(argv);
	fatal(EXIT_SYSTEM, "cannot run " PPPD ": %s%s", strerror(err),
	    err == ENOENT ? " (install the package ppp)" : "");
}

/* A child behind a new pty becomes the gateway. */
static char **
launch_by_pty(const struct call *c, bool show)
{
	struct gateway gw;
	char tty[64];
	int slave, master = open_pty(tty, sizeof(tty), &slave);

	if (master == -1)
		fatal(EXIT_SYSTEM, "cannot open a pty: %s", strerror(errno));
	if (show)
		printf("call is up; starting pppd on %s\n", tty);
	fflush(stdout);
	if (fork_alone(c)) {
		close(slave);
		fill_gateway(&gw, c, master, master);
		exit(gateway_run(&gw));
	}
	close(master);
	return options_pppd_argv(c->conf, tty);
}

/* A child at the other end of a socket becomes the holder. */
static char **
launch_by_kernel(const struct call *c, const char *plugin, bool show)
{
	struct holder a;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		fatal(EXIT_SYSTEM, "cannot open a pair of sockets: %s",
		    strerror(errno));
	if (show)
		printf("call is up; starting pppd, the kernel carries the "
		    "data\n");
	fflush(stdout);
	if (holder_offer(pair[0], c->channel, c->id, c->peer_id, c->server) ==
	    -1)
		fatal(EXIT_SYSTEM, "cannot hand on the kernel's PPTP socket: "
		    "%s", strerror(errno));
	if (fork_alone(c)) {
		close(pair[1]);
		fill_holder(&a, c, pair[0]);
		exit(holder_run(&a));
	}
	close(pair[0]);
	(void)fcntl(pair[1], F_SETFD, 0);	/* pppd inherits it */
	return kernel_pppd_argv(c->conf, plugin, pair[1]);
}

static enum exit_status
run_and_launch(struct call *c)
{
	bool show = isatty(STDOUT_FILENO) && c->conf->loglevel > 0;
	struct kernel_path k;
	char **argv;
	enum exit_status status;

	c->kernel = kernel_wanted(c->conf, &k);
	if (!c->kernel && c->conf->data_path == DATA_KERNEL)
		fatal(EXIT_SYSTEM, "--data-path=kernel cannot be had: %s",
		    k.why);
	if (show) {
		printf("resolving %s\n", c->conf->host);
		fflush(stdout);
		c->on_record = show_step;
	}
	status = call_open(c);
	if (status != EXIT_OK)
		fatal(status, "%s", c->why);
	log_up(c);
	argv = c->kernel ? launch_by_kernel(c, k.plugin, show) :
	    launch_by_pty(c, show);
	call_close(c);
	become_pppd(argv);
}

/* ---- main ---- */

static bool
called_pptpsetup(const char *name)
{
	const char *slash = name == NULL ? NULL : strrchr(name, '/');

	if (name == NULL)
		return false;
	return strcmp(slash == NULL ? name : slash + 1, "pptpsetup") == 0;
}

/* Descriptors 0 to 2 must not become sockets by being the first free ones. */
static void
standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= 2);
	if (fd > 2)
		close(fd);
}

int
main(int argc, char **argv)
{
	struct conf conf;
	struct call call;
	/* Some callers close stdout: the link is then stdin both ways. */
	int out = fcntl(STDOUT_FILENO, F_GETFL) == -1 ? STDIN_FILENO :
	    STDOUT_FILENO;
	int status;

	signal_defaults();
	if (called_pptpsetup(argv[0]))
		return setup_main(argc, argv);
	status = options_parse(&conf, argc, argv);
	if (status != -1) {
		if (status != EXIT_OK && conf.nolaunch)
			refuse_to_start((enum exit_status)status);
		return status;
	}
	standard_descriptors();
	log_open(conf.loglevel, conf.logstring);
	log_stderr(conf.debug ? 2 : 1);
	/* It asks the gateway; a `killall -USR1` must not end the others. */
	signal_hold(SIGUSR1);
	if (conf.mode == RUN_STATUS || conf.mode == RUN_STATUS_JSON)
		return status_main(&conf);
	if (conf.mode == RUN_CHECK)
		return check_main(&conf);
	call_init(&call, &conf);
	if (conf.nolaunch && conf.data_path == DATA_KERNEL)
		return run_holder(&call);
	return conf.nolaunch ? run_here(&call, out) : run_and_launch(&call);
}
