/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launching pppd on a call that is up, and becoming it. */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "call.h"
#include "conf.h"
#include "gateway.h"

/*
 * The launch form as a whole: makes the call, leaves a gateway (or the kernel
 * gateway) behind in the background and becomes pppd.  Returns only if it
 * cannot; most failures exit here, with a sentence.
 */
enum exit_status launch_run(struct call *c);

/* The line that says the call is up. */
void launch_log_up(const struct call *c);

/* What either gateway is told of a call that is up; in, out: towards pppd. */
void launch_fill_gateway(struct gateway *gw, const struct call *c, int in,
    int out);

#endif
