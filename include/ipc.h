/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sending and taking the messages of ipc_msg.h. */
#ifndef IPC_H
#define IPC_H

#include <stddef.h>

#include "ipc_msg.h"

/*
 * Sends one message, with n descriptors beside it (which stay the caller's).
 * 0, or -1 with errno.
 */
int ipc_send(int fd, const struct ipc_msg *m, const int *fds, size_t n);

/*
 * Takes one message that is there already.  1: *m is filled; 0: the other side
 * closed; -1 with errno (EAGAIN: there is none; EPROTO: not one of ours).  With
 * fds, also the descriptors beside it, close-on-exec; those that did not come
 * are -1, the others are the caller's.
 */
int ipc_take(int fd, struct ipc_msg *m, int fds[IPC_FDS]);

#endif
