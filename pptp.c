/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pptp: a PPTP client.  This file decides what runs for which command
 * line, and which process becomes what.
 *
 *	--nolaunchpppd	this process becomes the gateway, on fd 0 and 1; or,
 *			started by pppd's plugin, the kernel gateway on fd 0
 *	otherwise	a child becomes the gateway, behind a new pty, or the
 *			kernel gateway; this process becomes pppd
 *
 * Both happen only once the call is up, so that every earlier failure is a
 * sentence on the user's terminal and an exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "kernel_gateway.h"
#include "launch.h"
#include "options.h"
#include "ready.h"
#include "setup.h"
#include "show.h"

enum { LINGER_US = 2000000 };		/* a failed pptp lives this long */

static int64_t born;			/* when this process started */

/*
 * pppd's `persist` starts a new pptp at once, however the last one ended.  A
 * failed pptp stays for a while, unless pppd goes away: else quick failures
 * would follow each other as fast as this machine can fork.
 */
static void
linger(void)
{
	(void)fd_wait(-1, STDIN_FILENO, born + LINGER_US);
}

/* Runs for pppd's pty option, or for pptp.so, which is told of a failure. */
static enum exit_status
run_here(struct call *c, int out)
{
	enum exit_status status;

	c->kernel = c->gw.conf->data_path == DATA_KERNEL;
	if (c->kernel && !kernel_gateway_is_plugin(STDIN_FILENO)) {
		log_fatal("--data-path=kernel with --nolaunchpppd is for "
		    "pppd's plugin pptp.so: standard input is not its socket");
		linger();
		return EXIT_USAGE;
	}
	c->hangup_fd = STDIN_FILENO;
	status = call_open(c);
	if (status == EXIT_OK) {
		launch_log_up(c);
		c->gw.in = STDIN_FILENO;
		c->gw.out = out;
		status = !c->kernel ? gateway_run(&c->gw) :
		    kernel_gateway_offer(&c->gw) == -1 ? EXIT_LOST :
		    kernel_gateway_run(&c->gw);
	} else if (c->kernel) {
		log_stderr(0);
		log_error("%s", c->why);
		kernel_gateway_refuse(STDIN_FILENO, status, c->why);
	} else {
		log_fatal("%s", c->why);
	}
	if (status != EXIT_OK)
		linger();
	return status;
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

/*
 * Returns status if all output was written: a script must not take half of a
 * list for all of it.
 */
static int
printed(int status)
{
	if (fflush(stdout) == EOF || ferror(stdout))
		fatal(EXIT_SYSTEM, "cannot write to standard output: %m");
	return status;
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

	born = clock_us();
	signal_defaults();
	if (strcmp(program_invocation_short_name, "pptpsetup") == 0) {
		standard_descriptors();
		return setup_main(argc, argv);
	}
	status = options_parse(&conf, argc, argv);
	if (status != -1) {
		if (status != EXIT_OK && conf.nolaunch) {
			/* pppd's plugin logs the mistake. */
			if (kernel_gateway_is_plugin(STDIN_FILENO))
				kernel_gateway_refuse(STDIN_FILENO,
				    (enum exit_status)status,
				    options_mistake());
			linger();
		}
		return printed(status);
	}
	standard_descriptors();
	log_open(conf.loglevel, conf.logstring);
	log_stderr(conf.debug ? 2 : 1);
	if (conf.mode == RUN_STATUS || conf.mode == RUN_STATUS_JSON)
		return printed((int)status_main(&conf));
	if (conf.mode == RUN_CHECK)
		return printed((int)check_main(&conf));
	call_init(&call, &conf);
	return conf.nolaunch ? run_here(&call, out) : launch_run(&call);
}
