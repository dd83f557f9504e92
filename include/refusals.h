/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often PPP has failed in a row at a server, kept in a small file beside
 * the call manager's socket: pppd's `persist` starts a new pptp at once,
 * whatever became of the last one, and a wrong password repeated at that pace
 * locks accounts and bans addresses.
 */
#ifndef REFUSALS_H
#define REFUSALS_H

#include <stdbool.h>
#include <stdint.h>

#include "conf.h"

struct refusals {
	uint64_t	 when_us;	/* clock_us() of the last; or 0 */
	uint32_t	 logins;	/* refused in a row */
	uint32_t	 failures;	/* of PPP in a row, logins included */
};

/*
 * Opens a server's file, named for its address, and reads it into *r; whoever
 * starts a call manager makes the file.  Returns a descriptor for
 * refusals_note(), to be kept in the sandbox; or -1, with *r zeroed, if there
 * is no such file.
 */
int refusals_open(const char *dir, const char *server, struct refusals *r);

/*
 * How long the next start must wait: 5 s after a failure; 5, 10, 20, 40 and
 * then 60 s after logins refused in a row; 0 without a failure, or ten minutes
 * after the last.
 */
int64_t refusals_wait_us(const struct refusals *r, int64_t now_us);

/* Notes how a tunnel ended; came_up: the network was up. */
void refusals_note(int fd, struct refusals *r, enum exit_status status,
    bool came_up, int64_t now_us);

#endif
