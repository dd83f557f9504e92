/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel gateway: holds the call while the kernel carries the data. */
#ifndef KERNEL_GATEWAY_H
#define KERNEL_GATEWAY_H

#include <stdbool.h>

#include "gateway.h"

/* Is this descriptor a socket of the type that the plugin makes? */
bool kernel_gateway_is_plugin(int fd);

/* Hands the plugin the channel of a call that is up.  0, or -1 with errno. */
int kernel_gateway_offer(const struct gateway *gw);

/* Tells the plugin why there is no call. */
void kernel_gateway_refuse(int plugin, enum exit_status status,
    const char *why);

/*
 * As gateway_run(), but only waits for the end.  When the process then exits,
 * its descriptors close, which hangs up on pppd and clears the call.
 */
enum exit_status kernel_gateway_run(struct gateway *gw);

#endif
