/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launches pppd on a call that is up; a gateway stays behind. */
#include <sys/prctl.h>
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

#include "compat.h"
#include "ipc_msg.h"
#include "kernel.h"
#include "kernel_gateway.h"
#include "launch.h"
#include "password.h"
#include "peers.h"
#include "peers_text.h"
#include "pppd_argv.h"
#include "ready.h"
#include "resolve.h"
#include "show.h"
#include "util.h"
#include "wire.h"

enum { PPPD_START_US = 3000000 };	/* wait for pppd to open its tty */

void
launch_log_up(const struct call *c)
{
	log_info("tunnel to %s up: call %u, the server's call %u, server "
	    "\"%s\" (%s)", c->gw.server, c->gw.call, c->gw.peer_call, c->host,
	    c->vendor);
}

static void
show_step(const struct call *c, const struct ipc_msg *m)
{
	if (m->type == IPC_SERVER)
		say(STDOUT_FILENO, "connected; the server says it is \"%s\" "
		    "(%s)\n", c->host, c->vendor);
	else if (m->type == IPC_STEP && m->step == IPC_CONNECTING)
		say(STDOUT_FILENO, "connecting to %s port %u\n", c->gw.server,
		    c->gw.conf->port);
	else if (m->type == IPC_STEP && m->step == IPC_CALLING)
		say(STDOUT_FILENO, "asking for a call\n");
}

/* Opens a pty: its master, which pppd must not have, and its slave, raw. */
static int
open_pty(char tty[READY_PTY], int ends[2])
{
	struct termios raw;

	ends[0] = ready_pty(tty, &ends[1]);
	if (ends[0] == -1 || tcgetattr(ends[1], &raw) == -1)
		return -1;
	cfmakeraw(&raw);
	return tcsetattr(ends[1], TCSANOW, &raw);
}

/*
 * Forks.  True in the child, which goes on in its own session or, with --debug,
 * stays with the terminal.
 */
static bool
fork_alone(const struct call *c)
{
	bool stays = c->gw.conf->debug;
	pid_t pid = fork(), child = pid;
	int status = 0;

	if (pid == 0 && !stays) {
		setsid();
		pid = fork();
		if (pid > 0)
			_exit(EXIT_OK);
	}
	if (pid == -1)
		fatal(EXIT_SYSTEM, "cannot start the gateway: %m");
	if (pid == 0) {
		if (chdir("/") == -1)
			log_debug("chdir /: %m");
		fd_null(STDIN_FILENO);
		fd_null(STDOUT_FILENO);
	} else if (!stays) {
		(void)waitpid(child, &status, 0);
		if (status != 0)	/* and it has said why */
			exit(EXIT_SYSTEM);
	}
	return pid == 0;
}

static void __attribute__((__noreturn__))
become_pppd(char **argv)
{
	signal_reset();
	execv(PPPD, argv);
	fatal(EXIT_SYSTEM, "cannot run " PPPD ": %m");
}

/*
 * A child becomes the gateway, behind a new pty, or the kernel gateway, at the
 * other end of a socket.  pppd inherits its end, so that the gateway sees no
 * hangup while pppd has not opened its tty yet.
 *
 * pppd opens its tty by name.  If the tunnel ended before that, pppd would take
 * the name for an option; and what is written before pppd has set up the tty is
 * lost.  So the gateway begins when pppd has spoken, or after a while.
 */
static void
launch_gateway(struct call *c, struct pppd_extra *extra, bool show)
{
	static char tty[READY_PTY];
	int ends[2];

	if (c->kernel ? socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    ends) == -1 : open_pty(tty, ends) == -1)
		fatal(EXIT_SYSTEM, "cannot open a %s: %m", c->kernel ?
		    "pair of sockets" : "pty");
	if (show)
		say(STDOUT_FILENO, "call is up; starting pppd%s%s\n",
		    c->kernel ? ", the kernel carries the data" : " on ", tty);
	c->gw.in = c->gw.out = ends[0];
	if (c->kernel && kernel_gateway_offer(&c->gw) == -1)
		fatal(EXIT_SYSTEM, "cannot hand on the kernel's PPTP socket: "
		    "%m");
	if (fork_alone(c)) {
		close(ends[1]);
		if (c->kernel)
			exit(kernel_gateway_run(&c->gw));
		(void)fd_wait(ends[0], -1, clock_us() + PPPD_START_US);
		exit(gateway_run(&c->gw));
	}
	close(ends[0]);
	(void)fcntl(ends[1], F_SETFD, 0);
	extra->tty = tty;
	extra->line = ends[1];
}

/* Do this machine and the options let the kernel carry the data? */
static bool
kernel_wanted(const struct conf *conf, struct kernel_path *k)
{
	if (conf->pty_need != NULL)
		return failed(k->why, false, "--%s needs the pty",
		    conf->pty_need);
	if (conf->data_path == DATA_USER)
		return failed(k->why, false, "the pty was asked for");
	return ready_kernel(k);
}

/* Logs which path the call's data takes, and why. */
static void
log_path(const struct call *c, const struct kernel_path *k)
{
	const char *why = k->why[0] != '\0' ? k->why : c->known->wants_pty;

	log_info(c->kernel ? "the kernel carries the data" :
	    "the data goes by a pty");
	log_debug("data path: %s%s", !c->kernel ? why :
	    c->gw.conf->data_path == DATA_KERNEL ? "asked for, with " :
	    "the kernel has PPTP, pppd ", c->kernel ? k->plugin : "");
}

/*
 * Puts the password into a pipe that pppd reads as an options file, so that
 * neither ps nor a disk shows it.  Returns the descriptor that pppd inherits.
 * stdio would keep a copy in its buffer, and so in the forks that read the
 * network.
 */
static int
password_pipe(const struct password *p)
{
	uint8_t line[4 * PASSWORD_LONGEST + 16];
	struct wr w = { .p = line, .end = line + sizeof(line) };
	int fds[2];

	if (pipe(fds) == -1)
		fatal(EXIT_SYSTEM, "cannot open a pipe: %m");
	wr_bytes(&w, "password ", 9);
	peers_put_quoted(&w, p->text, p->len);
	wr_u8(&w, '\n');
	if (write(fds[1], line, (size_t)(w.p - line)) != w.p - line)
		fatal(EXIT_SYSTEM, "cannot hand on the password: %m");
	wipe(line, sizeof(line));
	close(fds[1]);
	return fds[0];
}

/* Asks for a password for --username unless chap-secrets has one. */
static void
prepare_login(const struct conf *conf, struct pppd_extra *extra)
{
	struct password p = { .len = 0 };

	if (conf->username == NULL)
		return;
	peers_user(extra->user, conf->domain, conf->username);
	if (peers_has_secret(extra->user, conf->host))
		return;
	password_read(&p, extra->user);
	extra->password_fd = password_pipe(&p);
	wipe(&p, sizeof(p));
}

/* Is this one of the user's words? */
static bool
has_word(const struct conf *c, const char *word)
{
	for (int i = 0; i < c->nwords; i++)
		if (strcmp(c->words[i], word) == 0)
			return true;
	return false;
}

/* Do the user's words say when pppd is to detach? */
static bool
detaches_itself(const struct conf *c)
{
	static const char words[][9] = { "nodetach", "-detach", "updetach",
	    "detach", "persist", "demand" };

	for (size_t k = 0; k < sizeof(words) / sizeof(words[0]); k++)
		if (has_word(c, words[k]))
			return true;
	return false;
}

/*
 * The pty goes with its gateway.  pppd would try for ever to open it again,
 * without a pause.
 */
static void
forgo_redial(const struct conf *c, struct pppd_extra *extra)
{
	if (has_word(c, "demand"))
		fatal(EXIT_USAGE, "demand: pppd cannot call again by a pty "
		    "that pptp has opened; a peers file with pptp as its pty "
		    "does that");
	extra->nopersist = has_word(c, "persist");
	if (extra->nopersist)
		log_warnx("persist is left out: pppd cannot call again by a "
		    "pty that pptp has opened; pptpsetup --persist, or a peers "
		    "file with pptp as its pty, does that");
}

/* Waits up to ms for a gateway to set *n; false if it stays 0. */
static bool
await(const uint64_t *n, int ms)
{
	const volatile uint64_t *now = n;

	for (; *now == 0 && ms > 0; ms -= 10)
		(void)poll(NULL, 0, 10);
	return *now != 0;
}

/* The gateway may read the last Configure-Ack later than pppd does. */
static void
show_up(const struct gre_counters *n)
{
	char text[640];

	if (!await(&n->network_up, 500)) {	/* no IPv4 */
		say(STDOUT_FILENO, "pppd says that the network is up\n");
		return;
	}
	show_network(n, text, sizeof(text));
	say(STDOUT_FILENO, "the network is up: %s\n", text);
}

/*
 * Runs pppd as a child and returns once pppd has detached, with the network up,
 * or failed.  The gateway tells the same terminal why.  line is pppd's end of
 * the line to the gateway, which sees a hangup once no process has it.
 */
static enum exit_status
run_pppd(char **argv, int line, const struct gre_counters *n)
{
	char end[CHILD_WORDS];
	int status = 0;
	pid_t self = getpid(), pid = fork();

	if (pid == -1)
		fatal(EXIT_SYSTEM, "cannot start pppd: %m");
	if (pid == 0) {
		/* pppd ends with us, until it detaches. */
		(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
		if (getppid() != self)
			_exit(EXIT_LOST);
		become_pppd(argv);
	}
	close(line);
	signal(SIGINT, SIG_IGN);	/* pppd gets it too */
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		continue;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		show_up(n);
		/*
		 * When a session's leader ends, pppd gets SIGHUP, until it has
		 * a session of its own.
		 */
		if (getsid(0) == getpid())
			(void)poll(NULL, 0, 500);
		return EXIT_OK;
	}
	(void)await(&n->over, 2000);
	if (WIFEXITED(status))
		return (enum exit_status)WEXITSTATUS(status);
	child_words(status, end, sizeof(end));
	log_fatal("pppd %s", end);
	return EXIT_SYSTEM;
}

enum exit_status
launch_run(struct call *c)
{
	bool show = isatty(STDOUT_FILENO) && c->gw.conf->loglevel > 0;
	struct pppd_extra extra = { .password_fd = -1 };
	char why[WHY];
	struct gre_counters *n;
	struct kernel_path k;
	char **argv;
	enum exit_status status;

	c->kernel = kernel_wanted(c->gw.conf, &k);
	if (!c->kernel && c->gw.conf->data_path == DATA_KERNEL)
		fatal(EXIT_SYSTEM, "--data-path=kernel is not available: %s",
		    k.why);
	status = ready_to_launch(c->gw.conf, c->kernel, why);
	if (status != EXIT_OK)
		fatal(status, "%s", why);
	prepare_login(c->gw.conf, &extra);
	extra.updetach = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) &&
	    !detaches_itself(c->gw.conf);
	if (show) {
		say(STDOUT_FILENO, "resolving %s\n", c->gw.conf->host);
		c->on_record = show_step;
	}
	status = call_open(c);
	if (status != EXIT_OK)
		fatal(status, "%s", c->why);
	launch_log_up(c);
	log_path(c, &k);
	extra.mtu = resolve_mtu(c->server);
	extra.plugin = c->kernel ? k.plugin : NULL;
	if (!c->kernel)
		forgo_redial(c->gw.conf, &extra);
	launch_gateway(c, &extra, show);
	argv = pppd_argv(c->gw.conf, &extra);
	n = c->gw.n;
	c->gw.n = NULL;			/* shared with the gateway */
	call_close(c);
	if (extra.updetach)
		return run_pppd(argv, extra.line, n);
	become_pppd(argv);
}
