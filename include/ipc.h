/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending and taking the messages of ipc_msg.h. */
#ifndef IPC_H
#define IPC_H

#include <stddef.h>

#include "ipc_msg.h"

/* By IPC_FD_TCP and so on; -1: absent. */
struct ipc_fds {
	int		 fd[IPC_FDS];
};

#define IPC_NO_FDS	((struct ipc_fds){ .fd = { -1, -1, -1, -1 } })

/* Closes those that are there; all are absent then. */
void ipc_fds_close(struct ipc_fds *fds);

/*
 * Sends one message, and beside it the descriptors in fds (NULL: none), which
 * stay the caller's.  0, or -1 with errno: EAGAIN instead of waiting for a
 * reader.
 */
int ipc_send(int fd, const struct ipc_msg *m, const struct ipc_fds *fds);

/*
 * Takes one message that is there already.  1: *m is filled; 0: the other side
 * closed; -1 with errno (EAGAIN: there is none; EPROTO: not one of ours;
 * EMFILE: no room for its descriptors).  *fds has the descriptors of a message
 * that was taken, close-on-exec and the caller's; in any other case all are
 * absent and none is left open.  With fds NULL the message may have none.
 */
int ipc_take(int fd, struct ipc_msg *m, struct ipc_fds *fds);

#endif
