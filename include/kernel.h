/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own PPTP (socket AF_PPPOX, PX_PROTO_PPTP) instead of a pty:
 * whether this kernel has it, its sockets and its counters.  pppd uses it
 * through the plugin pptp.so.
 */
#ifndef KERNEL_H
#define KERNEL_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"
#include "pptp_gre.h"
#include "util.h"

struct kernel_path {
	char		 plugin[256];	/* pptp.so of the installed pppd */
	char		 why[WHY];	/* why the kernel cannot be used */
};

/*
 * Can the kernel carry the data on this machine, for this user?  Fills
 * k->plugin, or returns false with k->why filled.  The system may load the
 * module for it.
 */
bool kernel_offer(struct kernel_path *k);

/*
 * Opens a socket of the kernel's PPTP, bound to this call id of ours; it
 * receives nothing until kernel_connect().  Returns its descriptor, or -1 with
 * errno (EBUSY: another tunnel of this machine has the id).
 */
int kernel_socket(struct in_addr local, uint16_t id);

/* Connects that socket to the server's call and makes it a PPP channel. */
int kernel_connect(int fd, struct in_addr server, uint16_t peer_id);

/*
 * Fills those members of *n that the kernel counts for an interface, asking it
 * through nl (see nl_open()); false if the interface is gone.
 */
bool kernel_counters(int nl, uint32_t ifindex, struct gre_counters *n);

/*
 * Microseconds, in whole seconds, since data came in on a PPP interface; -1 if
 * unknown, as when the interface was renamed or /dev/ppp cannot be opened.
 */
int64_t kernel_idle_us(const char *interface);

#endif
