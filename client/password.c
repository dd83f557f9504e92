/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A password, from a terminal without echo or as a line of standard input. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "compat.h"
#include "password.h"
#include "util.h"

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
read_line(struct password *r, const sigset_t *mask)
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
		if (n < PASSWORD_LONGEST)
			r->text[n] = c;
		n++;
	}
	r->len = n;
	return n > PASSWORD_LONGEST ? LINE_LONG : LINE_OK;
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
ask_once(struct password *r, const char *whose, const sigset_t *mask)
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
	say(STDERR_FILENO, "Password for %s: ", whose);
	end = read_line(r, mask);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &echo);
	say(STDERR_FILENO, "\n");
	return end;
}

static enum line_end
ask_terminal(struct password *r, const char *whose)
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
	while ((end = ask_once(r, whose, &mask)) == LINE_SIGNAL) {
		wipe(r->text, sizeof(r->text));
		pass_signal(old, &mask);
	}
	for (size_t i = 0; i < PROMPT_SIGNALS; i++)
		sigaction(prompt_signals[i], &old[i], NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return end;
}

enum exit_status
password_read(struct password *r, const char *whose, char *why, size_t size)
{
	switch (isatty(STDIN_FILENO) ? ask_terminal(r, whose) :
	    read_line(r, NULL)) {
	case LINE_OK:
		if (memchr(r->text, '\0', r->len) == NULL)
			return EXIT_OK;
		snprintf(why, size, "the password has a NUL in it");
		break;
	case LINE_EOF:
		snprintf(why, size, "no password was given");
		break;
	case LINE_LONG:
		snprintf(why, size, "a password has at most %d octets",
		    PASSWORD_LONGEST);
		break;
	case LINE_ERROR:
	case LINE_SIGNAL:
		snprintf(why, size, "cannot read the password: %s",
		    strerror(errno));
		return errno == EACCES || errno == EPERM ? EXIT_PERMISSION :
		    EXIT_SYSTEM;
	}
	return EXIT_USAGE;
}
