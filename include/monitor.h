/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The monitor: the privileged process beside each call manager.  It reads
 * nothing from the network; it keeps the host route while the manager lives
 * and removes route and socket file when it is gone.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <sys/stat.h>

#include <netinet/in.h>

/* What monitor and manager start with. */
struct monitor_start {
	struct in_addr	 server;
	char		 name[INET_ADDRSTRLEN];
	char		 file[INET_ADDRSTRLEN + 24];	/* of the socket */
	int		 dir;		/* of the socket file; -1: private */
	int		 listener;	/* -1: private */
	int		 client;	/* a private manager's only one; -1 */
	int		 refused;	/* the file of refusals.h; -1: none */
	struct stat	 made;		/* the socket file, as it was made */
};

/*
 * The monitor's process: gives up what sandbox.h says, sends READY over the
 * socket `manager`, makes the host route that the manager asks for, and ends
 * when the socket closes.  It ends without READY if it cannot give that up,
 * and logs it if the manager, its child `pid`, was killed.
 */
void monitor_run(const struct monitor_start *s, int manager, pid_t pid)
    __attribute__((__noreturn__));

/*
 * Removes the manager's socket file, unless a successor has put its own in its
 * place, and the file of refusals.h if that is empty and, within two seconds,
 * no gateway has it any more.  Takes the lock on s->dir and gives it up.  For a
 * second it tries again if it cannot, and then says so.
 */
void monitor_remove_files(const struct monitor_start *s);

#endif
