/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads a password, from a terminal without echo or from standard input. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "password.h"
#include "util.h"

/*
 * Reads a line from standard input, not an octet more: 1, or 0 at the end of
 * input; -1 with errno, EINTR if `signals` (a signalfd, or -1) has any.
 */
static ssize_t
read_line(struct password *r, int signals)
{
	struct pollfd p[2] = { { STDIN_FILENO, POLLIN, 0 },
	    { signals, POLLIN, 0 } };
	ssize_t got;
	char c;

	for (r->len = 0;;) {
		if (poll(p, 2, -1) == -1)
			return -1;
		errno = EINTR;
		if (p[1].revents != 0)
			return -1;
		got = read(STDIN_FILENO, &c, 1);
		if (got == -1 && errno == EAGAIN)
			continue;
		if (got != 1 || c == '\n')
			return got;
		if (r->len < PASSWORD_LONGEST)
			r->text[r->len] = c;
		/* No terminal: the line may have no end. */
		if (r->len++ == PASSWORD_LONGEST && signals == -1)
			return 1;
	}
}

/* One attempt: echo off, a line, echo on again. */
static ssize_t
ask_once(struct password *r, const char *whose, int signals)
{
	struct termios echo, silent;
	ssize_t got;
	int err;

	if (tcgetattr(STDIN_FILENO, &echo) == -1)
		return -1;
	silent = echo;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	silent.c_lflag |= ICANON | ISIG;
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == -1)
		return -1;
	say(STDERR_FILENO, "Password for %s: ", whose);
	got = read_line(r, signals);
	err = errno;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &echo);
	say(STDERR_FILENO, "\n");
	errno = err;
	return got;
}

/* A signal takes effect once the echo is on again; then we ask again. */
static ssize_t
ask_terminal(struct password *r, const char *whose)
{
	static const int waiting[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
	    SIGTSTP };
	sigset_t before, block;
	int signals;
	ssize_t got;

	sigprocmask(SIG_SETMASK, NULL, &before);
	signals = signal_fd(waiting, sizeof(waiting) / sizeof(waiting[0]));
	if (signals == -1)
		return -1;
	while ((got = ask_once(r, whose, signals)) == -1 && errno == EINTR) {
		wipe(r->text, sizeof(r->text));
		sigprocmask(SIG_SETMASK, &before, &block);
		sigprocmask(SIG_SETMASK, &block, NULL);
	}
	fd_close(signals);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return got;
}

void
password_read(struct password *r, const char *whose)
{
	ssize_t got = isatty(STDIN_FILENO) ? ask_terminal(r, whose) :
	    read_line(r, -1);

	if (got == -1)
		fatal(errno == EACCES || errno == EPERM ? EXIT_PERMISSION :
		    EXIT_SYSTEM, "cannot read the password: %m");
	if (got == 0 && r->len == 0)
		fatal(EXIT_USAGE, "no password was given");
	if (r->len > PASSWORD_LONGEST)
		fatal(EXIT_USAGE, "a password has at most %d octets",
		    PASSWORD_LONGEST);
	if (memchr(r->text, '\0', r->len) != NULL)
		fatal(EXIT_USAGE, "the password has a NUL in it");
}
