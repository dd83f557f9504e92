/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Log, clock and descriptor helpers.
 *
 * The log sends each line to syslog's socket itself, because libc's syslog()
 * waits for a slow daemon, which a tunnel must not.  Nor does the log wait for
 * a slow reader of standard error: it opens a terminal or pipe once more, so
 * that O_NONBLOCK is set on that and not on the user's shell's open file.
 */
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "util.h"
#include "wire.h"

enum {
	LINE = 512,
	PACKET_LINES = 8,		/* of log_packet(), per second */
	LAST_WORDS_US = 1000000,	/* longest total wait of may_wait() */
	LAST_WORDS_STEP_MS = 20
};

static struct {
	int		 fd;		/* of syslog */
	int		 level;
	int		 err;		/* stderr, opened once more; or -1 */
	int		 stderr_what;
	int64_t		 words_until;	/* may_wait() lets output wait until
					 * then; 0: nothing has waited yet */
	bool		 cut;		/* a line on stderr lacks its end */
	const char	*tag, *program;
	int64_t		 second;	/* in which packet lines are counted */
	unsigned	 lines;
	int64_t		 retry;		/* syslog may be reconnected then */
} logger = { .fd = -1, .level = LOG_L_INFO, .err = -1, .stderr_what = 1,
    .program = "pptp" };

/* The level and syslog priority of each kind; loud: for a user to see. */
static const struct {
	uint8_t		 level, prio;
	bool		 loud;
} kinds[] = {
	[LOG_L_SILENT] = { LOG_L_SILENT, LOG_CRIT, true },
	[LOG_L_ERROR] = { LOG_L_ERROR, LOG_ERR, true },
	[LOG_L_INFO] = { LOG_L_INFO, LOG_NOTICE, false },
	[LOG_L_CONTROL] = { LOG_L_CONTROL, LOG_INFO, false },
	[LOG_L_PACKET] = { LOG_L_PACKET, LOG_DEBUG, false },
	[LOG_L_WARNING] = { LOG_L_INFO, LOG_WARNING, true },
	[LOG_L_LAST] = { LOG_L_ERROR, LOG_CRIT, true },
	[LOG_L_ANSWER] = { LOG_L_SILENT, LOG_NOTICE, false }
};

static int
syslog_connect(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX,
	    .sun_path = "/dev/log" };

	return connect(logger.fd, (const struct sockaddr *)&sun, sizeof(sun));
}

void
log_open(int level, const char *tag)
{
	logger.level = level;
	logger.tag = tag;
	if (logger.fd != -1)
		return;
	logger.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (logger.fd != -1)
		(void)syslog_connect();
}

void
log_name(const char *program)
{
	logger.program = program;
}

/*
 * Opens standard output or error anew, non-blocking; -1 if that is impossible
 * or not needed.  Opening the master of a pty would make another pty.  The
 * file of a terminal may belong to another user; /dev/tty opens for anybody.
 */
static int
open_again(int out)
{
	const int flags = O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	struct stat st;
	unsigned number;
	bool tty = isatty(out) == 1;
	int fd;

	if (fstat(out, &st) == -1 || (!tty && !S_ISFIFO(st.st_mode)) ||
	    ioctl(out, TIOCGPTN, &number) == 0)
		return -1;
	fd = open(out == STDERR_FILENO ? "/proc/self/fd/2" :
	    "/proc/self/fd/1", flags);
	return fd == -1 && tty ? open("/dev/tty", flags) : fd;
}

void
log_stderr(int what)
{
	logger.stderr_what = what;
	if (what > 0 && logger.err == -1) {
		logger.err = open_again(STDERR_FILENO);
	} else if (what == 0 && logger.err != -1) {
		close(logger.err);
		logger.err = -1;
	}
}

void
text_line(char *out, size_t size, const char *text)
{
	text_escape(out, size, text, strlen(text), false);
}

/* False if LAST_WORDS_US are used up; else sleeps a moment and returns true. */
static bool
may_wait(void)
{
	int64_t now = clock_us();

	if (logger.words_until == 0)
		logger.words_until = now + LAST_WORDS_US;
	if (now >= logger.words_until)
		return false;
	/* No wait for POLLOUT: a terminal may take less than that promises. */
	(void)poll(NULL, 0, LAST_WORDS_STEP_MS);
	return true;
}

static void
to_syslog(int prio, const char *text)
{
	char line[LINE + 64];
	ssize_t sent;
	/* The text fits: emit() has less room for it. */
	size_t n = (size_t)snprintf(line, sizeof(line), "<%d>pptp[%d]: %s",
	    LOG_DAEMON | prio, (int)getpid(), text);

	if (logger.fd == -1)
		return;
	/* syslog's queue is short; pppd may just have filled it. */
	do
		sent = send(logger.fd, line, n, MSG_NOSIGNAL);
	while (sent == -1 && errno == EAGAIN && prio == LOG_CRIT && may_wait());
	if (sent != -1 || errno == EAGAIN || clock_us() < logger.retry)
		return;
	/* A daemon that was restarted has a new socket. */
	logger.retry = clock_us() + 1000000;
	if (syslog_connect() == 0)
		(void)send(logger.fd, line, n, MSG_NOSIGNAL);
}

/*
 * As write(), but EAGAIN if out takes nothing now.  own is what open_again()
 * returned for out.
 */
static ssize_t
write_some(int out, int own, const char *p, size_t n)
{
	struct pollfd ready = { .fd = out, .events = POLLOUT };
	ssize_t sent;

	if (own != -1)
		return write(own, p, n);
	sent = send(out, p, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent != -1 || errno != ENOTSOCK)
		return sent;
	if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0)
		return write(out, p, n);
	errno = EAGAIN;
	return -1;
}

/*
 * Writes text; with `wait` it retries while may_wait() allows.  Returns whether
 * the line on `out` lacks its end: as before (cut) if nothing was written.
 */
static bool
put(int out, int own, const char *text, bool wait, bool cut)
{
	size_t n = strlen(text);

	while (n > 0) {
		ssize_t done = write_some(out, own, text, n);

		if (done > 0) {
			text += done;
			n -= (size_t)done;
			cut = n > 0;
		} else if (done == -1 && errno == EINTR) {
			continue;
		} else if (done != -1 || errno != EAGAIN || !wait ||
		    !may_wait()) {
			break;
		}
	}
	return cut;
}

void
say(int out, const char *fmt, ...)
{
	char text[2 * LINE];
	int own = open_again(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)put(out, own, text, true, false);
	if (own != -1)
		close(own);
}

/*
 * A reader that has stopped (a stopped terminal, a full pipe) must not stop a
 * tunnel: it loses lines.  Only what is said before an exit waits for it.
 */
static void
to_stderr(const char *text, bool wait)
{
	char line[LINE + 64];

	/* The text fits: emit() has less room for it. */
	snprintf(line, sizeof(line), "%s%s: %s\n", logger.cut ? "\n" : "",
	    logger.program, text);
	logger.cut = put(STDERR_FILENO, logger.err, line, wait, logger.cut);
}

static void PRINTF(2, 0)
emit(enum log_level kind, const char *fmt, va_list ap)
{
	int level = kinds[kind].level, prio = kinds[kind].prio, saved = errno;
	char raw[LINE], text[LINE + 32];
	size_t n = 0;

	if (logger.tag != NULL)
		n = (size_t)snprintf(raw, sizeof(raw), "%.100s: ", logger.tag);
	vsnprintf(raw + n, sizeof(raw) - n, fmt, ap);
	text_line(text, sizeof(text), raw);
	if (level <= logger.level)
		to_syslog(prio, text);
	if (level == LOG_L_SILENT || (level <= logger.level &&
	    logger.stderr_what >= (kinds[kind].loud ? 1 : 2)))
		to_stderr(text, prio == LOG_CRIT);
	errno = saved;
}

void
log_line(enum log_level kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(kind, fmt, ap);
	va_end(ap);
}

bool
log_packet_due(void)
{
	int64_t second;

	if (logger.level < LOG_L_PACKET)
		return false;
	second = clock_us() / 1000000;
	if (second != logger.second) {
		unsigned left_out = logger.lines;

		logger.second = second;
		logger.lines = 0;
		if (left_out > PACKET_LINES)
			log_debug("%u more lines about packets left out",
			    left_out - PACKET_LINES);
	}
	return ++logger.lines <= PACKET_LINES;
}

void
fatal(int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	emit(LOG_L_SILENT, fmt, ap);
	va_end(ap);
	exit(status);
}

int
failed(char why[WHY], int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, WHY, fmt, ap);
	va_end(ap);
	return status;
}

int64_t
clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

void
random_bytes(void *p, size_t n)
{
	int fd;

#ifdef SYS_getrandom
	if (syscall(SYS_getrandom, p, n, 0) == (long)n)
		return;
#endif
	fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || read(fd, p, n) != (ssize_t)n)
		fatal(1, "no random numbers: /dev/urandom: %m");
	close(fd);
}

void
fd_close(int fd)
{
	int saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
}

int
fd_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 ? -1 : fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int
fd_connect(int fd, struct in_addr addr, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = addr,
	    .sin_port = htons(port) };

	return connect(fd, (const struct sockaddr *)&sin, sizeof(sin));
}

int
fd_lock(int fd, int64_t deadline_us)
{
	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (clock_us() >= deadline_us)
			return -1;
		(void)poll(NULL, 0, 10);
	}
	return 0;
}

void
fd_null(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Without /dev/null, closing fd gives it up, too. */
	if (null == -1)
		close(fd);
	else if (dup2(null, fd) != null)
		close(null);
}

void
fd_close_others(const int *keep, size_t n)
{
	int last = logger.fd > logger.err ? logger.fd : logger.err, fd;

	for (size_t i = 0; i < n; i++)
		last = keep[i] > last ? keep[i] : last;
	last = last > 2 ? last : 2;
	for (fd = 3; fd < last; fd++) {
		bool kept = fd == logger.fd || fd == logger.err;

		for (size_t i = 0; i < n; i++)
			kept = kept || fd == keep[i];
		if (!kept)
			close(fd);
	}
#ifdef SYS_close_range
	if (syscall(SYS_close_range, (unsigned)last + 1, ~0u, 0) == 0)
		return;
#endif
	for (fd = last + 1; fd <= 65535; fd++)
		close(fd);
}

static sigset_t
change_mask(int how, const int *sigs, size_t n)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < n; i++)
		sigaddset(&set, sigs[i]);
	(void)sigprocmask(how, &set, NULL);
	return set;
}

void
signal_defaults(void)
{
	static const int needed[] = { SIGCHLD, SIGALRM }, held = SIGUSR1;

	signal(SIGCHLD, SIG_DFL);
	signal(SIGALRM, SIG_DFL);
	(void)change_mask(SIG_UNBLOCK, needed, 2);
	(void)change_mask(SIG_BLOCK, &held, 1);
	/* RLIMIT_FSIZE is to make write() fail, not to kill us. */
	signal(SIGXFSZ, SIG_IGN);
}

int
signal_fd(const int *sigs, size_t n)
{
	sigset_t set = change_mask(SIG_BLOCK, sigs, n);

	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
signal_reset(void)
{
	(void)change_mask(SIG_SETMASK, NULL, 0);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
}

void
child_words(int status, char *out, size_t size)
{
	*out = '\0';
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		snprintf(out, size, "was killed by a system call filter; see "
		    "pptp.8, SERVICES");
	else if (WIFSIGNALED(status))
		snprintf(out, size, "was killed by signal %d (%s)",
		    WTERMSIG(status), strsignal(WTERMSIG(status)));
}

void
child_end(pid_t pid, char *out, size_t size)
{
	*out = '\0';
	for (int i = 0; i < 20; i++) {
		int status;
		pid_t gone = waitpid(pid, &status, WNOHANG);

		if (gone == pid)
			child_words(status, out, size);
		if (gone != 0)
			return;
		(void)poll(NULL, 0, 10);
	}
}

int
poll_timeout(int64_t due, int64_t now)
{
	if (due == INT64_MAX)
		return -1;
	if (due <= now)
		return 0;
	return (int)((due - now > 60000000 ? 60000000 : due - now) / 1000) + 1;
}

int
fd_wait(int fd, int hangup_fd, int64_t deadline_us)
{
	for (;;) {
		struct pollfd p[2] = { { fd, POLLIN, 0 }, { hangup_fd, 0, 0 } };
		int64_t now = clock_us();

		errno = ETIMEDOUT;
		if (now >= deadline_us)
			return -1;
		if (poll(p, 2, poll_timeout(deadline_us, now)) <= 0)
			continue;
		errno = ECANCELED;
		if ((p[1].revents & (POLLHUP | POLLERR | POLLNVAL)) != 0)
			return -1;
		if (p[0].revents != 0)
			return 0;
	}
}

ssize_t
fd_read_all(int fd, int hangup_fd, int64_t deadline_us, char *buf, size_t size)
{
	size_t have = 0;
	ssize_t n = 1;

	while (n > 0 && have < size) {
		if (fd_wait(fd, hangup_fd, deadline_us) == -1)
			return -1;
		n = read(fd, buf + have, size - have);
		if (n > 0)
			have += (size_t)n;
	}
	return (ssize_t)have;
}
