/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launching pppd on a call that is up, and becoming it. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "call.h"

/*
 * Makes the call, leaves a gateway (or the kernel gateway) behind in the
 * background and becomes pppd.  On a terminal it may run pppd as a child
 * instead: it then returns the status to exit with, once pppd has detached or
 * failed.  Any other failure exits here, with a sentence.
 */
enum exit_status launch_run(struct call *c);

/* Logs that the call is up. */
void launch_log_up(const struct call *c);

#endif
