/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Log, clock and descriptor helpers: for every file that is not pure. */
#ifndef UTIL_H
#define UTIL_H

#include <sys/types.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Levels of the log; from LOG_L_WARNING on, variants of a level. */
enum log_level {
	LOG_L_SILENT,		/* only log_fatal() and log_answer() */
	LOG_L_ERROR,
	LOG_L_INFO,		/* tunnel up and down, warnings: the default */
	LOG_L_CONTROL,		/* each control message */
	LOG_L_PACKET,		/* each packet, rate-limited */
	LOG_L_WARNING,		/* of LOG_L_INFO */
	LOG_L_LAST,		/* of LOG_L_ERROR; may wait 1 s for readers */
	LOG_L_ANSWER		/* to a signal: logged at any level */
};

#define PRINTF(a, b)	__attribute__((__format__(__printf__, a, b)))

/*
 * Lines go to syslog (facility daemon, ident pptp, with pid) and, as far as
 * log_stderr() allows, to stderr.  tag is --logstring or NULL; it is not
 * copied.  Logging never blocks, except that fatal(), log_fatal() and
 * log_last() may wait up to 1 s for a reader.  It keeps errno, and escapes text
 * to printable characters.
 */
void log_open(int level, const char *tag);

/* Sets the name before lines on stderr, in place of "pptp". */
void log_name(const char *program);

/*
 * What stderr gets: 0 nothing but fatal(), 1 warnings and errors, 2 all.  While
 * it is not 0 the log holds a descriptor of its own for a terminal or pipe: set
 * 0 if somebody waits for that to be closed.
 */
void log_stderr(int what);

void log_line(enum log_level kind, const char *fmt, ...) PRINTF(2, 3);

#define log_error(...)	log_line(LOG_L_ERROR, __VA_ARGS__)
#define log_warn(fmt, ...) /* with errno */ \
	log_line(LOG_L_WARNING, fmt ": %m", ##__VA_ARGS__)
#define log_warnx(...)	log_line(LOG_L_WARNING, __VA_ARGS__)
#define log_info(...)	log_line(LOG_L_INFO, __VA_ARGS__)
#define log_debug(...)	log_line(LOG_L_CONTROL, __VA_ARGS__)
#define log_last(...)	log_line(LOG_L_LAST, __VA_ARGS__)
#define log_answer(...)	log_line(LOG_L_ANSWER, __VA_ARGS__)

/* May one more line about a packet be said in this second? */
bool log_packet_due(void);
#define log_packet(...)	((void)(log_packet_due() && \
	(log_line(LOG_L_PACKET, __VA_ARGS__), true)))

/* One sentence to stderr and syslog at any level; fatal() then exits. */
#define log_fatal(...)	log_line(LOG_L_SILENT, __VA_ARGS__)
void fatal(int status, const char *fmt, ...) PRINTF(2, 3)
    __attribute__((__noreturn__));

/*
 * Writes to stdout or stderr alone, as it stands, at most 1 KB.  If nobody
 * reads, it waits, as fatal() does; all such waits of a process together take
 * at most a second.
 */
void say(int out, const char *fmt, ...) PRINTF(2, 3);

/* Makes a text printable, with other octets as \xHH: see wire.h. */
void text_line(char *out, size_t size, const char *text);

/* Monotonic microseconds, counting through suspend (CLOCK_BOOTTIME). */
int64_t clock_us(void);

/* Fills p with n random octets; to be called before sandbox_enter(). */
void random_bytes(void *p, size_t n);

/*
 * Waits a moment for a child that is about to end, as its socket has closed.
 * If it was killed, puts words to follow its name into out ("was killed by
 * ..."), for which CHILD_WORDS octets are enough; else "".
 */
enum { CHILD_WORDS = 80 };
void child_end(pid_t pid, char *out, size_t size);

/* The same words, for a status of waitpid(). */
void child_words(int status, char *out, size_t size);

/*
 * Formats the sentence of a failure, cut where it does not fit; %m is errno in
 * words.  Returns status.
 */
enum { WHY = 288 };
int failed(char why[WHY], int status, const char *fmt, ...) PRINTF(3, 4);

/* Closes fd unless it is -1, and keeps errno. */
void fd_close(int fd);

/* 0, or -1 with errno. */
int fd_nonblock(int fd);
int fd_connect(int fd, struct in_addr addr, uint16_t port);

/* Takes an exclusive flock(): 0, or -1 if others had it until deadline_us. */
int fd_lock(int fd, int64_t deadline_us);

/* Puts /dev/null in place of fd, closing what was there. */
void fd_null(int fd);

/* Closes all descriptors from 3 on but those in keep[0 .. n) and the log's. */
void fd_close_others(const int *keep, size_t n);

/* The earlier of two times of clock_us(). */
static inline int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Milliseconds for poll() until due_us; -1 for INT64_MAX: for ever. */
int poll_timeout(int64_t due_us, int64_t now_us);

/*
 * Waits until fd can be read: 0; or -1 with errno: ETIMEDOUT at deadline_us
 * (of clock_us()), ECANCELED once hangup_fd (-1: none) has hung up.
 */
int fd_wait(int fd, int hangup_fd, int64_t deadline_us);

/*
 * Reads until end of file, an error, or size octets.  Returns how many octets,
 * or -1 as fd_wait().
 */
ssize_t fd_read_all(int fd, int hangup_fd, int64_t deadline_us, char *buf,
    size_t size);

/*
 * A signalfd for the n signals in sigs, which are blocked from now on;
 * SIGPIPE is ignored.  -1 with errno.
 */
int signal_fd(const int *sigs, size_t n);

/*
 * Resets SIGCHLD and SIGALRM, which whoever started us may have ignored or
 * blocked: exec keeps that.  Ignores SIGXFSZ.  Blocks SIGUSR1, which is meant
 * for gateways: `killall -USR1` must not end the other processes.
 */
void signal_defaults(void);

/* Before an exec: unblocks all signals, stops ignoring SIGPIPE and SIGXFSZ. */
void signal_reset(void);

#endif
