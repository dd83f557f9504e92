/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this machine ready for a tunnel?  What is missing, and what cures it. */
#ifndef READY_H
#define READY_H

#include <stdbool.h>
#include <stddef.h>

#include "conf.h"

enum { READY_TEXT = 288 };	/* room for a sentence, in octets */

/*
 * Before pppd is launched: EXIT_OK unless something is missing for certain,
 * without which pppd could only fail; then its status, and the sentence in why.
 * kernel: the kernel may carry the data.  Loads modules where the system does
 * that by itself.
 */
enum exit_status ready_to_launch(const struct conf *conf, bool kernel,
    char why[READY_TEXT]);

/*
 * All that a tunnel needs here.  Calls tell(false, sentence) for each thing
 * that is missing; or once tell(true, what there is).  Returns EXIT_OK, or the
 * status of the first that is missing.
 */
enum exit_status ready_all(const struct conf *conf,
    void (*tell)(bool ok, const char *said));

/*
 * Can a raw socket for GRE be opened?  EXIT_OK; or a status, and the sentence
 * in why.
 */
enum exit_status ready_raw(char why[READY_TEXT]);

/* That sentence, after an attempt that was not permitted. */
void ready_no_raw(char why[READY_TEXT]);

/*
 * What follows the name of a capability in a sentence: that it is missing, and
 * how to give it to this user, here.
 */
void ready_how(char how[READY_TEXT]);

#endif
