/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: the privileged process beside each call manager.  It reads
 * nothing from the network; it keeps the host route while the manager lives and
 * removes route and socket file when the manager is gone.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <sys/stat.h>

#include <netinet/in.h>

/* What monitor and manager start with. */
struct monitor_start {
	struct in_addr	 server;
	char		 name[INET_ADDRSTRLEN];
	char		 file[INET_ADDRSTRLEN + 24];	/* the socket's name */
	int		 dir;		/* of the socket file; -1: none */
	int		 listener;	/* -1: no socket file */
	int		 client;	/* the only one of a manager without a
					 * socket file; or -1 */
	int		 refused;	/* the file of refusals.h; -1: none */
	struct stat	 made;		/* of the socket file, once made */
};

/*
 * The monitor's process: gives up what sandbox.h says, sends READY over the
 * socket `manager`, makes the host route that the manager asks for, and ends
 * when the socket closes.  It ends without READY if it cannot drop its
 * privileges, and logs it if the manager, its child `pid`, was killed.
 */
void monitor_run(const struct monitor_start *s, int manager, pid_t pid)
    __attribute__((__noreturn__));

/*
 * Removes the manager's socket file, unless a successor's has taken its place;
 * and the file of refusals.h, if it is empty, once no gateway has it locked.
 * Locks s->dir for that and leaves it unlocked.  Tries for two seconds, then
 * logs that files stay, unless a gateway's lock is the only reason.
 */
void monitor_remove_files(const struct monitor_start *s);

#endif
