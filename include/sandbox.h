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

#include "seccomp.h"

/*
 * A process that gives up uid 0 takes this plus its process id as uid and gid:
 * no distribution, container or subuid map hands such ids out, so that no other
 * process on the machine may signal it, not even one of another tunnel.
 */
enum { SANDBOX_ID_BASE = 0x70000000 };

/*
 * To be called once, after everything that needs privilege was acquired and
 * before the first byte of a peer is read.  keep[0 .. n) are the descriptors to
 * keep open; 0, 1, 2 and those of the log always stay.  Steps, in order: close
 * the others; no_new_privs; an empty root directory; an unprivileged uid and
 * gid, no supplementary group; the bounding set and all capability sets empty;
 * no core dumps; by Landlock, as far as this kernel has it, no file, no TCP
 * (the manager may connect), no signal and no abstract unix socket of others;
 * the proof that user, capabilities and files are gone; seccomp allow list.
 *
 * The monitor role keeps uid, root directory and CAP_NET_ADMIN, and drops the
 * rest.  Landlock lets it remove files in the directories among keep.
 *
 * Afterwards nothing can be opened (EPERM); sys/seccomp.c has the list of the
 * system calls each role may make.
 *
 * Returns 0, or -1 after logging which step failed although it should have
 * worked: the caller must not go on.  Steps this system cannot offer are
 * logged as a notice and do not fail.
 */
int sandbox_enter(enum sandbox_role role, const int *keep, size_t n);

/*
 * Gives up the ids alone, for a process that starts as uid 0: drops the
 * supplementary groups and takes a uid and gid of its own, or 65534 if the user
 * namespace does not map those; if it maps neither, the old ids stay and the
 * log says so.  0, or -1 with errno.
 */
int sandbox_drop_ids(void);

/*
 * For the resolver, after no_new_privs: by Landlock, as far as this kernel has
 * it, no file and no other process's memory can be written.
 */
void sandbox_read_only(void);

/* Has this process the capability (CAP_NET_RAW, ...) in its effective set? */
bool sandbox_has_cap(int cap);

#endif
