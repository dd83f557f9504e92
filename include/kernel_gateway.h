/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel gateway: the process that owns the PPPoX socket and the call when
 * the kernel carries the data; it only has to close both at the right moment.
 */
#ifndef KERNEL_GATEWAY_H
#define KERNEL_GATEWAY_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "gateway.h"

/* Is this descriptor a socket of the type that the plugin makes? */
bool kernel_gateway_is_plugin(int fd);

/* Hands the plugin the channel of a call that is up.  0, or -1 with errno. */
int kernel_gateway_offer(const struct gateway *gw, struct in_addr server);

/* Tells the plugin why there is no call. */
void kernel_gateway_refuse(int plugin, enum exit_status status,
    const char *why);

/*
 * Drops every privilege, then waits until pppd hangs up, a signal asks for the
 * end, or the call goes down.  When the process exits, the channel closes,
 * which pppd sees as a hangup, and so does the connection to the manager, which
 * then clears the call.  Returns the status to exit with, after logging why.
 */
enum exit_status kernel_gateway_run(struct gateway *gw);

#endif
