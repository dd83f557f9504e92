/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pppd is behind (a pty, two pipes, a socket), and frames on their way
 * there: framed, queued and written without ever blocking.  A frame that does
 * not fit is dropped whole; one that was begun is always finished.
 */
#ifndef PPP_LINK_H
#define PPP_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "hdlc.h"

enum {
	LINK_WAITING = 196608,		/* octets that may wait */
	LINK_FRAMES = 64,		/* frames that may, if sync: each has */
	LINK_CELL = HDLC_FRAME_MAX	/* so much of buf[] to itself */
};
#define LINK_NEVER	INT64_MAX

struct link {
	int		 in, fd;	/* to read from and to write to */
	bool		 same;		/* ... which is one, as a pty is */
	bool		 sync;		/* one write is one frame, no HDLC */
	struct hdlc_accm accm;		/* fed by both directions */
	bool		 gone;		/* pppd has closed its side */
	int64_t		 full_since;	/* LINK_NEVER: it takes all we have */
	size_t		 start, len;	/* of what waits in buf[], if async */
	struct { size_t start, len; } frame[LINK_FRAMES];
	unsigned	 head, count;
	struct termios	 old;		/* to be restored, if restore */
	bool		 restore;
	int		 in_flags, out_flags;
	uint8_t		 buf[LINK_FRAMES * LINK_CELL];
};

/*
 * Prepares *l, zeroed by the caller, and both descriptors, which stay his:
 * non-blocking, a terminal raw, and where the kernel has N_HDLC a synchronous
 * one keeps one read() one frame.  link_close() puts back what was found.
 */
void link_open(struct link *l, int in, int out, bool sync);
void link_close(struct link *l);

/* Queues one frame; false: there is no room, the frame is dropped. */
bool link_put(struct link *l, const uint8_t *frame, size_t len);

/* Writes what it can.  Afterwards .gone and .full_since tell how it went. */
void link_flush(struct link *l, int64_t now);

/* Does anything wait? */
bool link_pending(const struct link *l);

#endif
