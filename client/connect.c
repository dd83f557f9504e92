/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the call manager of a server, or starting one.
 *
 *	client --fork--> monitor --fork--> manager
 *
 * A manager is found through a unix socket named for the server's address.
 * Two clients that start one at the same time meet at a lock on the socket's
 * directory: one binds, the other finds it bound.  The socket file of a manager
 * that was killed is replaced.
 */
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "connect.h"
#include "monitor.h"
#include "pptp_callmgr.h"
#include "util.h"

enum {
	BACKLOG_US = 5000000,		/* for a manager that accepts none */
	LOCK_STEP_MS = 10
};

/* ---- the directory of sockets ---- */

const char *
callmgr_dir(void)
{
	static char dir[sizeof(CALLMGR_USERS "//pptp") + 12];

	if (geteuid() == 0)
		return CALLMGR_DIR;
	snprintf(dir, sizeof(dir), CALLMGR_USERS "/%u/pptp",
	    (unsigned)geteuid());
	return dir;
}

/*
 * Opens the directory of sockets, making it if need be.  It must be ours, and
 * no other user may ever have been able to write there and so to pose as a
 * manager: if they could only read, its mode is corrected.
 */
static int
open_dir(char *why, size_t size)
{
	const char *dir = callmgr_dir();
	struct stat st;
	int fd = -1;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		snprintf(why, size, "cannot make %s: %s", dir,
		    strerror(errno));
	else if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC)) == -1 || fstat(fd, &st) == -1)
		snprintf(why, size, "cannot open %s: %s", dir,
		    strerror(errno));
	else if (st.st_uid != geteuid() || (st.st_mode & 022) != 0 ||
	    ((st.st_mode & 077) != 0 && fchmod(fd, 0700) == -1))
		snprintf(why, size, "%s is not this user's own, closed to "
		    "others (mode 0700): remove it", dir);
	else
		return fd;
	fd_close(fd);
	return -1;
}

static int
socket_address(struct sockaddr_un *sun, const char *dir, const char *name)
{
	int n;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	n = snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s",
	    dir, name);
	if (n < (int)sizeof(sun->sun_path))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Did that user listen on the socket at the other end? */
static bool
is_listener(int fd, uid_t owner)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	    cred.uid == owner;
}

int
callmgr_find(const char *dir, const char *name, uid_t owner, int64_t wait_us)
{
	/* 0 would be for ever. */
	int64_t us = wait_us > 0 ? wait_us : 1;
	struct timeval timeout = { .tv_sec = (time_t)(us / 1000000),
	    .tv_usec = (suseconds_t)(us % 1000000) };
	struct sockaddr_un sun;
	int fd;

	if (socket_address(&sun, dir, name) == -1)
		return -1;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
	    sizeof(timeout));
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0) {
		if (is_listener(fd, owner))
			return fd;
		errno = EPERM;
	}
	fd_close(fd);
	return -1;
}

/* Binds the server's name, in place of a stale socket.  -1 with errno. */
static int
listen_as(struct monitor_start *s)
{
	struct sockaddr_un sun;
	struct stat st;
	mode_t mask;
	int fd, rc;

	if (socket_address(&sun, callmgr_dir(), s->file) == -1)
		return -1;
	(void)unlinkat(s->dir, s->file, 0);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	mask = umask(0177);
	rc = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (rc == -1 || listen(fd, SOMAXCONN) == -1 ||
	    fstatat(s->dir, s->file, &st, AT_SYMLINK_NOFOLLOW) == -1) {
		if (rc == 0)
			(void)unlinkat(s->dir, s->file, 0);
		fd_close(fd);
		return -1;
	}
	s->inode = st.st_ino;
	s->made = st.st_mtim;
	return fd;
}

/* ---- starting monitor and manager ---- */

static void __attribute__((__noreturn__))
no_manager(const struct monitor_start *s)
{
	log_warn("cannot start a call manager for %s", s->name);
	monitor_remove_files(s);
	exit(EXIT_SYSTEM);
}

static void __attribute__((__noreturn__))
run_monitor(const struct monitor_start *s)
{
	int pair[2], keep[5];
	pid_t pid;

	setsid();
	if (chdir("/") == -1)
		log_debug("chdir /: %s", strerror(errno));
	for (int fd = 0; fd < 3; fd++)
		fd_null(fd);
	log_stderr(0);
	keep[0] = s->listener;
	keep[1] = s->client;
	keep[2] = s->dir;
	keep[3] = log_fd();
	keep[4] = s->refused;
	fd_close_others(keep, 5);
	pid = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1
	    ? -1 : fork();
	switch (pid) {
	case -1:
		no_manager(s);
	case 0:
		close(pair[0]);
		fd_close(s->dir);
		fd_close(s->refused);
		callmgr_run(s, pair[1]);
	default:
		close(pair[1]);
		fd_close(s->listener);
		fd_close(s->client);
		monitor_run(s, pair[0], pid);
	}
}

/* Forks the monitor into a session of its own.  0, or -1 with errno. */
static int
fork_monitor(const struct monitor_start *s)
{
	pid_t pid = fork();
	int status;

	if (pid == -1)
		return -1;
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			run_monitor(s);
		_exit(pid == -1 ? errno : 0);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno == 0 ? 0 : -1;
}

/* A flock() belongs to the open file description: the monitor needs its own. */
static int
start_monitor(const struct monitor_start *s)
{
	struct monitor_start own = *s;
	int rc;

	if (s->dir != -1 && (own.dir = openat(s->dir, ".", O_RDONLY |
	    O_DIRECTORY | O_CLOEXEC)) == -1)
		return -1;
	rc = fork_monitor(&own);
	fd_close(own.dir);
	return rc;
}

/* ---- finding one, or starting one ---- */

static int
find_own(const struct monitor_start *s)
{
	return callmgr_find(callmgr_dir(), s->file, geteuid(), BACKLOG_US);
}

/* Makes the file of refusals.h beside the socket; without it none are noted. */
static void
make_refusals_file(struct monitor_start *s)
{
	char name[INET_ADDRSTRLEN + 16];

	snprintf(name, sizeof(name), "%s.refused", s->name);
	s->refused = openat(s->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
}

/*
 * With the directory locked no other process is starting a manager.  -1 with
 * errno; s->listener is -1 then if no socket could be made.
 */
static int
find_or_start(struct monitor_start *s)
{
	int fd = find_own(s);

	if (fd != -1 || (errno != ENOENT && errno != ECONNREFUSED))
		return fd;
	s->listener = listen_as(s);
	if (s->listener == -1)
		return -1;
	make_refusals_file(s);
	fd = start_monitor(s) == -1 ? -1 : find_own(s);
	if (fd == -1) {
		int saved = errno;

		monitor_remove_files(s);
		errno = saved;
	}
	close(s->listener);
	fd_close(s->refused);
	return fd;
}

/* A manager that no other client can find, over a pair of sockets. */
static int
start_private(struct monitor_start *s, const char *reason)
{
	int pair[2];

	log_warnx("%s; going on with a call manager of this tunnel's own, "
	    "which --status cannot see (create %s with mode 0700 to share)",
	    reason, callmgr_dir());
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return -1;
	s->client = pair[1];
	if (start_monitor(s) == -1) {
		close(pair[0]);
		pair[0] = -1;
	}
	close(pair[1]);
	return pair[0];
}

/* 0, or -1 when another process held the lock until the deadline. */
static int
lock_dir(int dir, int64_t deadline_us)
{
	while (flock(dir, LOCK_EX | LOCK_NB) == -1) {
		if (clock_us() >= deadline_us)
			return -1;
		(void)poll(NULL, 0, LOCK_STEP_MS);
	}
	return 0;
}

/* The number of that process's network namespace; 0: unknown. */
static ino_t
net_namespace(const char *path)
{
	struct stat st;

	return stat(path, &st) == -1 ? 0 : st.st_ino;
}

/*
 * The socket is named for the server; and for the network namespace, unless
 * that is known to be the one of process 1: in another one the same address is
 * another server, reached by another route, while /run may be shared.  Users
 * may not read which namespace process 1 has: their sockets are always named
 * for theirs.
 */
static int
name_socket(struct monitor_start *s, char *why, size_t size)
{
	ino_t first = net_namespace("/proc/1/ns/net");
	ino_t ours = net_namespace("/proc/self/ns/net");

	if (ours == 0) {
		snprintf(why, size, "cannot tell which network namespace this "
		    "is (/proc/self/ns/net: %s)", strerror(errno));
		return -1;
	}
	if (geteuid() == 0 && first == ours)
		snprintf(s->file, sizeof(s->file), "%s", s->name);
	else
		snprintf(s->file, sizeof(s->file), "%s@%ju", s->name,
		    (uintmax_t)ours);
	return 0;
}

bool
callmgr_is_here(const char *name)
{
	const char *at = strchr(name, '@');
	ino_t first = net_namespace("/proc/1/ns/net");
	ino_t ours = net_namespace("/proc/self/ns/net");

	if (at == NULL)
		return first != 0 && first == ours;
	return strtoumax(at + 1, NULL, 10) == ours;
}

/* 1: *fd is the manager's; 0: no socket can be there; -1: a failure. */
static int
connect_in_dir(struct monitor_start *s, int64_t deadline_us, int *fd,
    char *why, size_t size)
{
	int rc = 1;

	if (name_socket(s, why, size) == -1 ||
	    (s->dir = open_dir(why, size)) == -1)
		return 0;
	if ((*fd = find_own(s)) != -1) {
		close(s->dir);
		s->dir = -1;
		return 1;
	}
	if (access(callmgr_dir(), W_OK) == -1) {
		snprintf(why, size, "cannot write to %s: %s", callmgr_dir(),
		    strerror(errno));
		rc = 0;
	} else if (lock_dir(s->dir, deadline_us) == -1) {
		snprintf(why, size, "another pptp has been holding the lock "
		    "on %s all the time", callmgr_dir());
		rc = -1;
	} else if ((*fd = find_or_start(s)) == -1) {
		rc = s->listener == -1 ? 0 : -1;
		snprintf(why, size, "cannot %s %s/%s: %s", rc == 0 ?
		    "make the socket" : "start the call manager of",
		    callmgr_dir(), s->file, errno == EPERM && rc == 0 ?
		    "another user's process listens there" : strerror(errno));
	}
	(void)flock(s->dir, LOCK_UN);
	close(s->dir);
	s->dir = s->listener = -1;
	return rc;
}

int
callmgr_connect(struct in_addr server, int64_t deadline_us, char *why,
    size_t size)
{
	struct monitor_start s = { .server = server, .dir = -1,
	    .listener = -1, .client = -1, .refused = -1 };
	int fd, rc;

	if (inet_ntop(AF_INET, &server, s.name, sizeof(s.name)) == NULL)
		return -1;
	rc = connect_in_dir(&s, deadline_us, &fd, why, size);
	if (rc != 0)
		return rc == 1 ? fd : -1;
	fd = start_private(&s, why);
	if (fd == -1)
		snprintf(why, size, "cannot start a call manager for %s: %s",
		    s.name, strerror(errno));
	return fd;
}
