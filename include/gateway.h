/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The gateway: one tunnel's data, between pppd and the raw GRE socket. */
#ifndef GATEWAY_H
#define GATEWAY_H

#include "watch.h"

/*
 * Drops every privilege, then carries packets until pppd hangs up, a signal
 * asks for the end, or the call goes down; all descriptors stay open for the
 * caller to close.  Returns the status to exit with, after logging why.
 */
enum exit_status gateway_run(struct gateway *gw);

#endif
