/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this machine ready for a tunnel?  What is missing, and what cures it. */
#ifndef READY_H
#define READY_H

#include "conf.h"
#include "kernel.h"
#include "util.h"

/*
 * Before pppd is launched: EXIT_OK, unless something is certainly missing
 * without which pppd must fail; then the status for that, with why filled.
 * kernel: the kernel may carry the data.  The system may load modules for this.
 */
enum exit_status ready_to_launch(const struct conf *conf, bool kernel,
    char why[WHY]);

/*
 * Checks all that a tunnel needs of this machine.  Calls tell(false, sentence)
 * for each thing that is missing, or tell(true, what there is) once.  Returns
 * EXIT_OK, or the status of the first missing thing.
 */
enum exit_status ready_all(const struct conf *conf,
    void (*tell)(bool ok, const char *fmt, ...));

/* As kernel_offer(), but false also if the plugin is for another pppd. */
bool ready_kernel(struct kernel_path *k);

/* Tries to open a raw GRE socket; ready_no_raw() explains why that failed. */
enum exit_status ready_raw(char why[WHY]);
enum exit_status ready_no_raw(char why[WHY]);

/*
 * Opens a pty, close-on-exec.  Returns the master, with the slave in *tty and
 * its path in name; or -1 with errno.
 */
enum { READY_PTY = 64 };
int ready_pty(char name[READY_PTY], int *tty);

/*
 * The rest of a sentence that begins with the name of a capability: that it is
 * missing, and how to give it to this user on this machine.  Static storage.
 */
const char *ready_how(void);

/*
 * --check: tries a server step by step without pppd and credentials, printing
 * one line a step on stdout.  Returns the status of the first step that failed.
 */
enum exit_status check_main(const struct conf *conf);

#endif
