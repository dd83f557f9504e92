/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding a server's call manager, or starting one with its monitor. */
#ifndef CONNECT_H
#define CONNECT_H

#include "ipc_msg.h"
#include "util.h"

/*
 * The directory (mode 0700) of root's sockets, in /var if there is no /run.  A
 * socket is named for its server's address: ADDRESS, or ADDRESS@NAMESPACE for
 * users other than root, or if this network namespace is not known to be that
 * of process 1.
 */
#ifndef CALLMGR_DIR
#define CALLMGR_DIR	"/run/pptp"
#endif
#define CALLMGR_USERS	"/run/user"	/* a user's sockets: UID/pptp in it */

/* The directory of a user's sockets; static storage. */
const char *callmgr_dir(uid_t uid);

/*
 * Connects to the manager of this server, starting one if there is none; any
 * number of processes may try at once.  If no socket file can be made, warns
 * and starts a manager that serves this process alone.  Returns a SEQPACKET
 * descriptor, or -1 with why filled.
 */
int callmgr_connect(struct in_addr server, int64_t deadline_us, char why[WHY]);

/*
 * Connects to the manager that `owner` started and that listens at `name` in
 * the owner's directory; if its backlog is full, waits for up to wait_us.  -1
 * with errno; EPERM: another user's process listens there.
 */
int callmgr_find(const char *name, uid_t owner, int64_t wait_us);

/* Waits for the manager's next message.  Returns as ipc_take() or fd_wait(). */
int callmgr_take(int fd, struct ipc_msg *m, int hangup_fd, int64_t deadline_us);

/* Does the socket of this name belong to this network namespace? */
bool callmgr_is_here(const char *name);

#endif
