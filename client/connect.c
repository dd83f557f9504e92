/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finding the call manager of a server, or starting one.
 *
 *	client --fork--> monitor --fork--> manager
 *
 * A manager is found through a unix socket named for the server's address.
 * Of two clients that would start one at the same time, a lock on the socket's
 * directory lets one bind; the other finds its socket.  The socket file of a
 * manager that was killed is replaced.
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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "connect.h"
#include "ipc_msg.h"
#include "monitor.h"
#include "pptp_callmgr.h"

enum { BACKLOG_US = 5000000 };	/* wait for a manager to accept */

const char *
callmgr_dir(uid_t uid)
{
	static char dir[sizeof(CALLMGR_USERS "//pptp") + 12];

	if (uid == 0)		/* some routers have no /run */
		return access("/run", F_OK) == 0 ? CALLMGR_DIR :
		    "/var" CALLMGR_DIR;
	snprintf(dir, sizeof(dir), CALLMGR_USERS "/%u/pptp", (unsigned)uid);
	return dir;
}

/*
 * Opens the directory of sockets, making it if need be.  The directory must be
 * ours, and not writable by others, who could pose as a manager.  If others can
 * only read it, its mode is corrected.
 */
static int
open_dir(const char *dir, char why[WHY])
{
	struct stat st;
	int fd = -1;

	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		return failed(why, -1, "cannot make %s: %m", dir);
	if ((fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
	    O_CLOEXEC)) == -1 || fstat(fd, &st) == -1)
		failed(why, -1, "cannot open %s: %m", dir);
	else if (st.st_uid != geteuid() || (st.st_mode & 022) != 0 ||
	    ((st.st_mode & 077) != 0 && fchmod(fd, 0700) == -1))
		failed(why, -1, "%s is not this user's own, closed to others "
		    "(mode 0700): remove it", dir);
	else
		return fd;
	fd_close(fd);
	return -1;
}

/* Makes a socket for a name and puts its address into *sun; -1 with errno. */
static int
named_socket(struct sockaddr_un *sun, uid_t owner, const char *name, int flags)
{
	*sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/%s",
	    callmgr_dir(owner), name) < (int)sizeof(sun->sun_path))
		return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags,
		    0);
	errno = ENAMETOOLONG;
	return -1;
}

int
callmgr_find(const char *name, uid_t owner, int64_t wait_us)
{
	/* A timeout of 0 would mean for ever. */
	int64_t us = wait_us > 0 ? wait_us : 1;
	struct timeval timeout = { .tv_sec = (time_t)(us / 1000000),
	    .tv_usec = (suseconds_t)(us % 1000000) };
	struct ucred listener;
	socklen_t len = sizeof(listener);
	struct sockaddr_un sun;
	int fd = named_socket(&sun, owner, name, 0);

	if (fd == -1)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout,
	    sizeof(timeout));
	if (connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0) {
		if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &listener,
		    &len) == 0 && listener.uid == owner)
			return fd;
		errno = EPERM;
	}
	fd_close(fd);
	return -1;
}

int
callmgr_take(int fd, struct ipc_msg *m, int hangup_fd, int64_t deadline_us)
{
	int n;

	do
		n = fd_wait(fd, hangup_fd, deadline_us) == -1 ? -1 :
		    ipc_take(fd, m, NULL);
	while (n == -1 && (errno == EAGAIN || errno == EINTR));
	return n;
}

/* Listens at the server's name, in place of a stale socket; -1 with errno. */
static int
listen_as(struct monitor_start *s)
{
	struct sockaddr_un sun;
	mode_t mask;
	int fd = named_socket(&sun, geteuid(), s->file, SOCK_NONBLOCK), rc;

	if (fd == -1)
		return -1;
	(void)unlinkat(s->dir, s->file, 0);
	mask = umask(0177);
	rc = bind(fd, (const struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (rc == -1 || listen(fd, SOMAXCONN) == -1 ||
	    fstatat(s->dir, s->file, &s->made, AT_SYMLINK_NOFOLLOW) == -1) {
		if (rc == 0)
			(void)unlinkat(s->dir, s->file, 0);
		fd_close(fd);
		return -1;
	}
	return fd;
}

static void __attribute__((__noreturn__))
run_monitor(const struct monitor_start *s)
{
	const int keep[] = { s->listener, s->client, s->dir, s->refused };
	int pair[2];
	pid_t pid;

	setsid();
	if (chdir("/") == -1)
		log_debug("chdir /: %m");
	for (int fd = 0; fd < 3; fd++)
		fd_null(fd);
	log_stderr(0);
	fd_close_others(keep, sizeof(keep) / sizeof(keep[0]));
	pid = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1
	    ? -1 : fork();
	switch (pid) {
	case -1:
		log_warn("cannot start a call manager for %s", s->name);
		monitor_remove_files(s);
		exit(EXIT_SYSTEM);
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

/*
 * Forks the monitor, in a session of its own.  It opens the directory anew: an
 * inherited descriptor would share our flock().  0, or -1 with errno.
 */
static int
start_monitor(const struct monitor_start *s)
{
	struct monitor_start own = *s;
	pid_t pid = fork();
	int status;

	if (pid == -1)
		return -1;
	if (pid == 0) {
		if (s->dir != -1 && (own.dir = openat(s->dir, ".", O_RDONLY |
		    O_DIRECTORY | O_CLOEXEC)) == -1)
			_exit(errno);
		pid = fork();
		if (pid == 0)
			run_monitor(&own);
		_exit(pid == -1 ? errno : 0);
	}
	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			return -1;
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return errno == 0 ? 0 : -1;
}

static int
find_own(const struct monitor_start *s)
{
	return callmgr_find(s->file, geteuid(), BACKLOG_US);
}

/*
 * Called with the directory locked, so no other process is starting a manager.
 * -1 with errno; s->listener is -1 if no socket could be made.  If the file of
 * refusals.h, made beside the socket, cannot be opened, no refusals are noted.
 */
static int
find_or_start(struct monitor_start *s)
{
	char refused[INET_ADDRSTRLEN + 16];
	int fd = find_own(s);

	if (fd != -1 || (errno != ENOENT && errno != ECONNREFUSED))
		return fd;
	s->listener = listen_as(s);
	if (s->listener == -1)
		return -1;
	snprintf(refused, sizeof(refused), "%s.refused", s->name);
	s->refused = openat(s->dir, refused, O_RDWR | O_CREAT | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
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

/* Starts a manager that no other client can find, over a pair of sockets. */
static int
start_private(struct monitor_start *s, char why[WHY])
{
	int pair[2], rc;

	log_warnx("%s; going on with a call manager of this tunnel's own, "
	    "which --status cannot see (create %s with mode 0700 to share)",
	    why, callmgr_dir(geteuid()));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0) {
		s->client = pair[1];
		rc = start_monitor(s);
		fd_close(pair[1]);
		if (rc == 0)
			return pair[0];
		fd_close(pair[0]);
	}
	return failed(why, -1, "cannot start a call manager for %s: %m",
	    s->name);
}

/* Our network namespace's number, or 0.  *first: process 1 is in it too. */
static ino_t
network(bool *first)
{
	struct stat ours, theirs;

	*first = false;
	if (stat("/proc/self/ns/net", &ours) == -1)
		return 0;
	*first = stat("/proc/1/ns/net", &theirs) == 0 &&
	    theirs.st_ino == ours.st_ino;
	return ours.st_ino;
}

/*
 * Names the socket for the server and, unless we know that it is process 1's,
 * for our network namespace: in another namespace the same address may be
 * another server, while /run may be shared.  Only root may read which namespace
 * process 1 has, so users' sockets are always named for their namespace.
 */
static int
name_socket(struct monitor_start *s, char why[WHY])
{
	bool first;
	ino_t ours = network(&first);

	if (ours == 0)
		return failed(why, -1, "cannot tell which network namespace "
		    "this is (/proc/self/ns/net: %m)");
	if (geteuid() == 0 && first)
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
	bool first;
	ino_t ours = network(&first);

	return at == NULL ? first : strtoumax(at + 1, NULL, 10) == ours;
}

/*
 * Locks the directory, then finds or starts a manager.  -1 after filling why;
 * *alone is then set if we can have no socket there.
 */
static int
connect_locked(struct monitor_start *s, const char *dir, int64_t deadline_us,
    char why[WHY], bool *alone)
{
	int fd;

	*alone = access(dir, W_OK) == -1;
	if (*alone)
		return failed(why, -1, "cannot write to %s: %m", dir);
	if (fd_lock(s->dir, deadline_us) == -1)
		return failed(why, -1, "another pptp has been holding the "
		    "lock on %s all the time", dir);
	fd = find_or_start(s);
	*alone = fd == -1 && s->listener == -1;
	if (fd == -1)
		failed(why, -1, "cannot %s %s/%s: %s", *alone ? "make the "
		    "socket" : "start the call manager of", dir, s->file,
		    *alone && errno == EPERM ? "another user's process "
		    "listens there" : strerror(errno));
	(void)flock(s->dir, LOCK_UN);
	return fd;
}

int
callmgr_connect(struct in_addr server, int64_t deadline_us, char why[WHY])
{
	const char *dir = callmgr_dir(geteuid());
	struct monitor_start s = { .server = server, .dir = -1,
	    .listener = -1, .client = -1, .refused = -1 };
	bool alone = true;
	int fd = -1;

	inet_ntop(AF_INET, &server, s.name, sizeof(s.name));
	if (name_socket(&s, why) == 0 && (s.dir = open_dir(dir, why)) != -1) {
		fd = find_own(&s);
		if (fd == -1)
			fd = connect_locked(&s, dir, deadline_us, why, &alone);
		close(s.dir);
		s.dir = s.listener = s.refused = -1;
	}
	return fd == -1 && alone ? start_private(&s, why) : fd;
}
