/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor; see monitor.h.  Processes never signal each other: a closed
 * socket means "stop" everywhere.
 */
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "ipc_msg.h"
#include "monitor.h"
#include "route.h"
#include "sandbox.h"
#include "util.h"

enum {
	ROUTE_BURST_US = 200000,	/* changes of routes come in bursts */
	REMOVE_TRIES = 100,
	REMOVE_PAUSE_MS = 20
};

/*
 * Removes a file; 0, also if it is gone or another file has its name, or an
 * errno.
 */
static int
remove_if(int dir, const char *file, const struct stat *is)
{
	struct stat st;

	if (fstatat(dir, file, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? 0 : errno;
	/* Inode numbers are reused. */
	if (st.st_ino != is->st_ino || st.st_size != is->st_size ||
	    st.st_mtim.tv_sec != is->st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != is->st_mtim.tv_nsec)
		return 0;
	return unlinkat(dir, file, 0) == -1 ? errno : 0;
}

/*
 * Removes the file of refusals.h if it is empty.  EWOULDBLOCK: a gateway has a
 * lock on it, which notes there how its tunnel ended, perhaps after the call
 * manager has ended.
 */
static int
remove_refused(const struct monitor_start *s)
{
	char refused[INET_ADDRSTRLEN + 16];
	struct stat is;

	if (s->refused == -1)
		return 0;
	if (flock(s->refused, LOCK_EX | LOCK_NB) == -1 ||
	    fstat(s->refused, &is) == -1)
		return errno;
	snprintf(refused, sizeof(refused), "%s.refused", s->name);
	return is.st_size == 0 ? remove_if(s->dir, refused, &is) : 0;
}

void
monitor_remove_files(const struct monitor_start *s)
{
	int err = EBUSY, other;

	if (s->dir == -1)
		return;
	/* Again and again: a lack of memory may pass, or a start's lock. */
	for (int i = 0; i < REMOVE_TRIES && err != 0; i++) {
		if (i > 0)
			(void)poll(NULL, 0, REMOVE_PAUSE_MS);
		if (flock(s->dir, LOCK_EX | LOCK_NB) == -1)
			continue;
		err = remove_if(s->dir, s->file, &s->made);
		other = remove_refused(s);
		err = err != 0 ? err : other;
		(void)flock(s->dir, LOCK_UN);
	}
	errno = err;
	if (err != 0 && err != EWOULDBLOCK)
		log_warn("%s: the call manager's files stay", s->name);
}

struct monitor {
	const struct monitor_start *start;
	struct route	 route;		/* fd -1: no rtnetlink */
	bool		 wanted;	/* a route was asked for */
	int64_t		 renew_us;	/* look at the routes then */
};

/*
 * The manager reads a network and may be taken over.  So it has to show a TCP
 * connection to this server, and a route is made for the path of that only.
 * The manager can make no socket; clients bring the sockets, and only their
 * privilege can have put a mark on them.
 */
static bool
take_path(struct monitor *k, int tcp)
{
	struct sockaddr_in peer = { .sin_family = AF_UNSPEC }, own = peer;
	socklen_t len = sizeof(peer), own_len = sizeof(own);
	uint32_t mark;
	socklen_t mark_len = sizeof(mark), type_len = sizeof(int);
	int type = 0;

	if (getsockopt(tcp, SOL_SOCKET, SO_TYPE, &type, &type_len) == -1 ||
	    type != SOCK_STREAM ||
	    getpeername(tcp, (struct sockaddr *)&peer, &len) == -1 ||
	    getsockname(tcp, (struct sockaddr *)&own, &own_len) == -1 ||
	    getsockopt(tcp, SOL_SOCKET, SO_MARK, &mark, &mark_len) == -1 ||
	    peer.sin_family != AF_INET ||
	    peer.sin_addr.s_addr != k->start->server.s_addr)
		return false;
	k->route.local = own.sin_addr;
	k->route.mark = mark;
	return true;
}

/* At once the first time only: no manager can flip the route in a loop. */
static void
look_soon(struct monitor *k)
{
	if (k->renew_us == INT64_MAX)
		k->renew_us = clock_us() + (k->wanted ? ROUTE_BURST_US : 0);
	k->wanted = true;
}

/* False once the manager is gone, or has sent something that is no message. */
static bool
on_manager(struct monitor *k, int manager)
{
	struct ipc_msg m;
	struct ipc_fds fds;
	int n = ipc_take(manager, &m, &fds);

	if (n == 1 && m.type == IPC_ROUTE && k->route.fd != -1 &&
	    take_path(k, fds.fd[IPC_FD_TCP]))
		look_soon(k);
	ipc_fds_close(&fds);
	return n == 1 || (n == -1 && errno != EPROTO);
}

static void
loop(struct monitor *k, int manager)
{
	bool running = true;

	while (running) {
		struct pollfd p[2] = { { manager, POLLIN, 0 },
		    { k->wanted ? k->route.watch : -1, POLLIN, 0 } };

		if (poll(p, 2, poll_timeout(k->renew_us, clock_us())) == -1) {
			if (errno != EINTR)
				return;
			continue;
		}
		if (p[1].revents != 0 && route_changed(&k->route))
			look_soon(k);
		if (p[0].revents != 0)
			running = on_manager(k, manager);
		if (running && k->renew_us <= clock_us()) {
			(void)route_update(&k->route);
			k->renew_us = INT64_MAX;
		}
	}
}

void
monitor_run(const struct monitor_start *s, int manager, pid_t pid)
{
	struct monitor k = { .start = s, .renew_us = INT64_MAX };
	struct ipc_msg ready = { .type = IPC_READY };
	int keep[] = { s->dir, manager, -1, -1, s->refused };
	enum exit_status status = EXIT_SYSTEM;
	char end[CHILD_WORDS];
	sigset_t all;

	/*
	 * The monitor ends only when the manager does: no signal makes it leave
	 * the route behind.
	 */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	if (route_open(&k.route, s->server) == -1)
		log_warn("%s: no host route will be made: rtnetlink", s->name);
	keep[2] = k.route.fd;
	keep[3] = k.route.watch;
	if (sandbox_enter(SANDBOX_MONITOR, keep, 5) == 0 &&
	    ipc_send(manager, &ready, NULL) == 0) {
		loop(&k, manager);
		status = EXIT_OK;
	}
	route_close(&k.route);
	monitor_remove_files(s);	/* may have to wait for a lock */
	child_end(pid, end, sizeof(end));
	if (end[0] != '\0')
		log_warnx("the call manager for %s %s", s->name, end);
	exit(status);
}
