/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pptp: a PPTP client.  This file is the program from the outside: what is
 * run for which command line, and who becomes whom.
 *
 *	--nolaunchpppd	this process becomes the gateway, on fd 0 and 1
 *	otherwise	a child behind a new pty becomes the gateway, and this
 *			process becomes pppd
 *
 * Either happens only once the call is up, so that every earlier failure is a
 * sentence on the user's terminal and an exit status.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "call.h"
#include "check.h"
#include "ctrl.h"
#include "gateway.h"
#include "options.h"
#include "setup.h"
#include "util.h"

#ifndef PPPD
#define PPPD	"/usr/sbin/pppd"
#endif

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
		    (p.revents & (POLLHUP | POLLNVAL)) != 0)
			return;
}

static enum exit_status
run_here(struct call *c, int out)
{
	struct gateway gw;
	int64_t born = clock_us();
	enum exit_status status = call_open(c);

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
	 * which the slave is closed and the gateway would see a hangup.
	 */
	*slave = open(tty, O_RDWR | O_NOCTTY);
	if (*slave == -1 || tcgetattr(*slave, &raw) == -1)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(*slave, TCSANOW, &raw) == -1 ? -1 : master;
}

static void __attribute__((__noreturn__))
gateway_child(struct call *c, int master)
{
	struct gateway gw;

	/* With --debug it stays with the terminal; otherwise it is alone. */
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
	fill_gateway(&gw, c, master, master);
	exit(gateway_run(&gw));
}

static void
become_pppd(const struct call *c, const char *tty)
{
	char **argv = options_pppd_argv(c->conf, tty);

	if (argv == NULL)
		fatal(EXIT_SYSTEM, "out of memory");
	signal_reset();
	execv(PPPD, argv);
	fatal(EXIT_SYSTEM, "cannot run " PPPD ": %s%s", strerror(errno),
	    errno == ENOENT ? " (install the package ppp)" : "");
}

static enum exit_status
run_and_launch(struct call *c)
{
	bool show = isatty(STDOUT_FILENO) && c->conf->loglevel > 0;
	char tty[64];
	int slave, master;
	pid_t pid;
	enum exit_status status;

	if (show) {
		printf("resolving %s\n", c->conf->host);
		fflush(stdout);
		c->on_record = show_step;
	}
	status = call_open(c);
	if (status != EXIT_OK)
		fatal(status, "%s", c->why);
	log_up(c);
	master = open_pty(tty, sizeof(tty), &slave);
	if (master == -1)
		fatal(EXIT_SYSTEM, "cannot open a pty: %s", strerror(errno));
	if (show) {
		printf("call is up; starting pppd on %s\n", tty);
		fflush(stdout);
	}
	pid = fork();
	if (pid == -1)
		fatal(EXIT_SYSTEM, "cannot start the gateway: %s",
		    strerror(errno));
	if (pid == 0) {
		close(slave);
		gateway_child(c, master);
	}
	if (!c->conf->debug)
		(void)waitpid(pid, NULL, 0);
	close(master);
	call_close(c);
	become_pppd(c, tty);
	return EXIT_SYSTEM;
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

	if (called_pptpsetup(argv[0]))
		return setup_main(argc, argv);
	status = options_parse(&conf, argc, argv);
	if (status != -1) {
		if (status != EXIT_OK && conf.nolaunch)
			linger(clock_us());
		return status;
	}
	standard_descriptors();
	log_open(conf.loglevel, conf.logstring);
	log_stderr(conf.debug ? 2 : 1);
	if (conf.mode == RUN_STATUS || conf.mode == RUN_STATUS_JSON)
		return status_main(&conf);
	if (conf.mode == RUN_CHECK)
		return check_main(&conf);
	call_init(&call, &conf);
	return conf.nolaunch ? run_here(&call, out) : run_and_launch(&call);
}
