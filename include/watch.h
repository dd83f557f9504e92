/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our own address: a tunnel ends with the loss of it, whatever errors its
 * packets meet meanwhile, and whether there are packets at all.
 */
#ifndef ADDRESS_H
#define ADDRESS_H

#include <netinet/in.h>

#include <stdbool.h>

/*
 * Announcements of addresses: a close-on-exec descriptor to be
 * polled; -1 with errno.
 */
int address_watch(void);

/*
 * Reads what was announced.  True if the address may be gone: to be asked of
 * address_exists() in a moment, as it may just be about to move.
 */
bool address_touched(int fd, struct in_addr local);

/* For how long it may be away: leases are renewed so. */
enum { ADDRESS_US = 2000000 };

/* Has any interface this address?  Also true if that cannot be known. */
bool address_exists(int fd, struct in_addr local);

#endif
