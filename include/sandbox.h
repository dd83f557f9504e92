/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up privilege for good, and proving that it is gone.  What a kernel,
 * an architecture or the starting privilege does not allow is said in the
 * log, once, and the rest is done all the same.
 */
#ifndef SANDBOX_H
#define SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

enum sandbox_role {
	SANDBOX_GATEWAY,	/* pty or pipes, raw GRE socket, manager */
	SANDBOX_MANAGER,	/* TCP (connects too), unix listener, keeper */
	SANDBOX_KEEPER		/* keeps CAP_NET_ADMIN and its files; no
				 * sockets but rtnetlink */
};

/*
 * To be called once, after everything that needs privilege was acquired and
 * before the first byte of a peer is read.  keep[0 .. n) are the descriptors
 * to live on; 0, 1, 2 always do.  Steps, in order: close the others; no core
 * dumps; an empty root or mount view; unprivileged uid and gid, no
 * supplementary group; all capability sets and the bounding set empty;
 * no_new_privs; seccomp allow list; then everything is read back.
 *
 * The keeper role keeps uid and CAP_NET_ADMIN (and what unlinking its socket
 * needs), drops the rest, and has its own allow list.
 *
 * Returns 0, or -1 after logging which step failed although it should have
 * worked: the caller must not go on.  Steps this system cannot offer are
 * logged as a notice and do not fail.
 */
int sandbox_enter(enum sandbox_role role, const int *keep, size_t n);

/* Has this process the capability (CAP_NET_RAW, ...) in its effective set? */
bool sandbox_has_cap(int cap);

#endif
