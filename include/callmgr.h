/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call manager, one per server: finding or starting it, and talking to
 * it in the records of ipc.h.
 */
#ifndef CALLMGR_H
#define CALLMGR_H

#include <sys/types.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "ipc.h"

/*
 * Where sockets are, in a 0700 directory: SERVER by its address, or
 * SERVER@NAMESPACE in another network namespace than that of process 1, and
 * always for users other than root.
 */
#ifndef CALLMGR_DIR
#define CALLMGR_DIR	"/run/pptp"
#endif
#define CALLMGR_USERS	"/run/user"	/* in UID/pptp there: users' own */

/*
 * The directory of this user's sockets: CALLMGR_DIR for root, else a folder
 * in the user's own runtime directory.  Static storage.
 */
const char *callmgr_dir(void);

/*
 * Connects to the manager of this server, starting one if there is none; any
 * number of processes may try at once.  Where sockets cannot be kept it warns
 * and starts a manager that serves this caller alone.  Returns a SEQPACKET
 * descriptor, or -1 after filling why with a sentence.  deadline_us: of
 * clock_us().
 */
int callmgr_connect(struct in_addr server, int64_t deadline_us, char *why,
    size_t size);

/* Connects to the manager listening at name in dir; -1, errno. */
int callmgr_find(const char *dir, const char *name);

/* Is that the name of a socket of this network namespace? */
bool callmgr_is_here(const char *name);

/*
 * Sends one record, with n descriptors beside it (which stay the caller's).
 * 0, or -1 with errno.
 */
int callmgr_send(int fd, const struct local_msg *m, const int *fds, size_t n);

/*
 * Waits for one record until deadline_us.  1: *m is filled; 0: the other side
 * closed; -1 with errno (ETIMEDOUT; EPROTO: not one of our records).
 */
int callmgr_recv(int fd, struct local_msg *m, int64_t deadline_us);

/*
 * Takes one record that is there already, as callmgr_recv() does (EAGAIN:
 * there is none).  With fds, also the descriptors beside it, close-on-exec;
 * those that did not come are -1, the others are the caller's.
 */
int callmgr_take(int fd, struct local_msg *m, int fds[LOCAL_FDS]);

/* Milliseconds for poll() until due_us; -1 for INT64_MAX: for ever. */
int callmgr_timeout(int64_t due_us, int64_t now_us);

/* What a keeper is started with and hands to its manager. */
struct callmgr_start {
	struct in_addr	 server;
	char		 name[INET_ADDRSTRLEN];
	char		 file[INET_ADDRSTRLEN + 24];	/* of the socket */
	int		 dir;		/* of the socket file; -1: private */
	int		 listener;	/* -1: private */
	int		 caller;	/* a private manager's one caller; -1 */
	ino_t		 inode;		/* of the socket file, which ... */
	struct timespec	 made;		/* ... a disk gives out again */
};

/* The manager's process: drops everything, serves, ends with its last call. */
void callmgr_run(const struct callmgr_start *s, int keeper)
    __attribute__((__noreturn__));

#endif
