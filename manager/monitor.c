/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor, the only process that stays privileged.
 *
 * It reads nothing from the network.  Once the manager is gone, however it
 * ended, it removes what needs privilege to remove: socket file and host route.
 * Processes never signal each other: a closed socket means "stop" everywhere.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf.h"
#include "ipc.h"
#include "monitor.h"
#include "route.h"
#include "sandbox.h"
#include "util.h"

enum { ROUTE_BURST_US = 200000 };	/* changes of routes come in bursts */

void
monitor_remove_socket(const struct monitor_start *s)
{
	char refused[INET_ADDRSTRLEN + 16];
	struct stat st;

	if (s->dir == -1)
		return;
	(void)flock(s->dir, LOCK_EX);
	if (fstatat(s->dir, s->file, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_ino == s->inode && st.st_mtim.tv_sec == s->made.tv_sec &&
	    st.st_mtim.tv_nsec == s->made.tv_nsec)
		(void)unlinkat(s->dir, s->file, 0);
	/* What tunnels noted of refused logins stays, if there is any. */
	snprintf(refused, sizeof(refused), "%s.refused", s->name);
	if (fstatat(s->dir, refused, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    st.st_size == 0)
		(void)unlinkat(s->dir, refused, 0);
	(void)flock(s->dir, LOCK_UN);
}

void
monitor_run(const struct monitor_start *s, int manager)
{
	struct route route = { .fd = -1, .watch = -1 };
	int keep[] = { s->dir, manager, -1, -1, log_fd() };
	bool routing, wanted = false, running = true;
	int64_t renew = INT64_MAX;
	sigset_t all;

	/* Only the manager's end ends it: no signal leaves the route behind. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	routing = route_open(&route, s->server, (struct in_addr){ 0 }, 0) == 0;
	if (!routing) {
		log_warn("%s: no host route will be made: rtnetlink", s->name);
	} else {
		keep[2] = route.fd;
		keep[3] = route.watch;
	}
	if (sandbox_enter(SANDBOX_MONITOR, keep, 5) == -1)
		exit(EXIT_SYSTEM);
	while (running) {
		struct pollfd p[2] = { { manager, POLLIN, 0 },
		    { wanted ? route.watch : -1, POLLIN, 0 } };
		struct ipc_msg m;
		int n;

		if (poll(p, 2, poll_timeout(renew, clock_us())) == -1 &&
		    errno != EINTR)
			break;
		if (p[1].revents != 0 && route_changed(&route) &&
		    renew == INT64_MAX)
			renew = clock_us() + ROUTE_BURST_US;
		if (renew <= clock_us()) {
			(void)route_update(&route);
			renew = INT64_MAX;
		}
		if (p[0].revents == 0)
			continue;
		n = ipc_take(manager, &m, NULL);
		running = n == 1 || (n == -1 && errno != EPROTO);
		if (n != 1 || m.type != IPC_ROUTE || !routing)
			continue;
		wanted = true;
		route.local.s_addr = m.route.local;
		route.mark = m.route.mark;
		(void)route_update(&route);
	}
	if (routing)
		route_close(&route);
	monitor_remove_socket(s);	/* may have to wait for a lock */
	exit(EXIT_OK);
}
