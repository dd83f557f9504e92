/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this machine ready for a tunnel?  What is missing, and what cures it. */
#ifndef READY_H
#define READY_H

#include "conf.h"
#include "util.h"

/*
 * Before pppd is launched: EXIT_OK unless something is missing for certain,
 * without which pppd could only fail; then its status, and the sentence in why.
 * kernel: the kernel may carry the data.  Loads modules where the system does
 * that by itself.
 */
enum exit_status ready_to_launch(const struct conf *conf, bool kernel,
    char why[WHY]);

/*
 * All that a tunnel needs here.  Calls tell(false, sentence) for each thing
 * that is missing; or once tell(true, what there is).  Returns EXIT_OK, or the
 * status of the first that is missing.
 */
enum exit_status ready_all(const struct conf *conf,
    void (*tell)(bool ok, const char *said));

/* Opens a raw GRE socket to try it; ready_no_raw(): the failure in errno. */
enum exit_status ready_raw(char why[WHY]);
enum exit_status ready_no_raw(char why[WHY]);

/*
 * Opens a pty: its master, and in *tty and name the slave; both close-on-exec.
 * -1 with errno.
 */
enum { READY_PTY = 64 };
int ready_pty(char name[READY_PTY], int *tty);

/*
 * What follows the name of a capability in a sentence: that it is missing, and
 * how to give it to this user, here.  Static storage.
 */
const char *ready_how(void);

/*
 * --check: tries a server step by step without pppd and credentials, printing
 * one line a step on stdout.  Returns the status of the first step that failed.
 */
enum exit_status check_main(const struct conf *conf);

#endif
