/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a server's call manager, or starting one with its monitor. */
#ifndef CONNECT_H
#define CONNECT_H

#include "ipc_msg.h"
#include "util.h"

/*
 * Where sockets are, in a 0700 directory: SERVER by its address, or
 * SERVER@NAMESPACE unless the network namespace is known to be that of process
 * 1, and always for users other than root.
 */
#ifndef CALLMGR_DIR
#define CALLMGR_DIR	"/run/pptp"
#endif
#define CALLMGR_USERS	"/run/user"	/* in UID/pptp there: users' own */

/* The directory of a user's sockets; static storage. */
const char *callmgr_dir(uid_t uid);

/*
 * Connects to the manager of this server, starting one if there is none; any
 * number of processes may try at once.  Where there can be no socket it warns
 * and starts a manager that serves this process alone.  A SEQPACKET descriptor,
 * or -1 with the sentence in why.
 */
int callmgr_connect(struct in_addr server, int64_t deadline_us, char why[WHY]);

/*
 * Connects to the manager that owner started, listening at name in the owner's
 * directory; for a full backlog it waits so long.  -1 with errno; EPERM:
 * another user's process listens there.
 */
int callmgr_find(const char *name, uid_t owner, int64_t wait_us);

/* Waits for a message of the manager's: as ipc_take(), or -1 as fd_wait(). */
int callmgr_take(int fd, struct ipc_msg *m, int hangup_fd,
    int64_t deadline_us);

/* Is that the name of a socket of this network namespace? */
bool callmgr_is_here(const char *name);

#endif
