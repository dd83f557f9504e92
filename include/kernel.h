/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own PPTP (socket AF_PPPOX, PX_PROTO_PPTP) instead of a pty:
 * whether there is one, its sockets, its counters, and the pppd that is to
 * use it by the plugin pptp.so.
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
	char		 why[WHY];	/* why there is no such path */
};

/*
 * Can the kernel carry the data on this machine, for this user?  Fills
 * k->plugin, or returns false with k->why filled.  Loads the module if the
 * system does that.
 */
bool kernel_offer(struct kernel_path *k);

/*
 * A socket of the kernel's PPTP, bound to that call id of ours: nothing that
 * comes for it is lost to a raw socket or answered by ICMP from now on.  Its
 * descriptor, or -1 with errno (EBUSY: another tunnel of this machine has
 * the id).
 */
int kernel_socket(struct in_addr local, uint16_t id);

/* Connects it to the server's call; from now on it is a PPP channel. */
int kernel_connect(int fd, struct in_addr server, uint16_t peer_id);

/*
 * Fills the counters that an interface has from rtnetlink socket nl (of
 * nl_open()); false if it is gone.
 */
bool kernel_counters(int nl, uint32_t ifindex, struct gre_counters *n);

/*
 * Microseconds since data came in by a PPP interface, to the second; -1 if that
 * is not known: it has another name than its unit's, or /dev/ppp does not open.
 */
int64_t kernel_idle_us(const char *interface);

#endif
