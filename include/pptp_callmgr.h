/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The call manager's process, one per server. */
#ifndef PPTP_CALLMGR_H
#define PPTP_CALLMGR_H

#include "monitor.h"

/*
 * Drops every privilege, serves gateways and --status, and ends with its last
 * call.  monitor: the socket to the monitor.
 */
void callmgr_run(const struct monitor_start *s, int monitor)
    __attribute__((__noreturn__));

#endif
