/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pppd side: pty, pipes or socket, and its output queue.  Frames are
 * encoded, queued and written without ever blocking.  A frame that does not
 * fit is dropped whole; one whose first octet was written is always finished.
 */
#ifndef PPP_LINK_H
#define PPP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "hdlc.h"

enum { LINK_WAITING = 196608 };		/* octets queued at most */
#define LINK_NEVER	INT64_MAX

struct link {
	int		 in, fd;	/* to read from and to write to */
	bool		 sync;		/* one write is one frame, no HDLC */
	bool		 gone;		/* pppd has closed its side */
	int64_t		 full_since;	/* pppd has not read since then; or
					 * LINK_NEVER */
	size_t		 start, len;	/* of the queue in buf[] */
	size_t		 left;		/* if sync: octets of the first frame */
	struct termios	 old;		/* put back at the end if restore */
	bool		 restore;
	int		 in_flags, out_flags;
	uint8_t		 buf[LINK_WAITING];
};

/*
 * Prepares *l, zeroed by the caller, and both descriptors, which stay the
 * caller's: they become non-blocking and a terminal becomes raw.  With sync,
 * `in` gets the line discipline N_HDLC if the kernel has it, so that each
 * read() gives one frame.  link_close() restores flags and terminal settings.
 */
void link_open(struct link *l, int in, int out, bool sync);
void link_close(struct link *l);

/*
 * Queues one frame, escaped as accm says unless sync; false: there is no room,
 * the frame is dropped.
 */
bool link_put(struct link *l, const uint8_t *frame, size_t len, uint32_t accm);

/* Writes what pppd takes now, and sets .gone and .full_since. */
void link_flush(struct link *l, int64_t now);

#endif
