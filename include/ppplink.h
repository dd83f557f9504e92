/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames on their way to pppd: framed, queued and written without ever
 * blocking.  A frame that does not fit is dropped whole; one that was begun is
 * always finished.
 */
#ifndef PPPLINK_H
#define PPPLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hdlc.h"

enum {
	LINK_WAITING = 196608,		/* octets that may wait */
	LINK_FRAMES = 64,		/* frames that may, if sync: each has */
	LINK_CELL = HDLC_FRAME_MAX	/* so much of buf[] to itself */
};
#define LINK_NEVER	INT64_MAX

struct link {
	int		 fd;		/* non-blocking */
	bool		 sync;		/* one write is one frame, no HDLC */
	enum hdlc_impl	 impl;
	struct hdlc_accm accm;		/* fed by both directions */
	bool		 gone;		/* pppd has closed its side */
	int64_t		 full_since;	/* LINK_NEVER: it takes all we have */
	size_t		 start, len;	/* of what waits in buf[], if async */
	struct { size_t start, len; } frame[LINK_FRAMES];
	unsigned	 head, count;
	uint8_t		 buf[LINK_FRAMES * LINK_CELL];
};

/* Prepares *l, zeroed by the caller. */
void link_init(struct link *l, int fd, bool sync, enum hdlc_impl impl);

/* Queues one frame; false: there is no room, the frame is dropped. */
bool link_put(struct link *l, const uint8_t *frame, size_t len);

/* Writes what it can.  Afterwards .gone and .full_since tell how it went. */
void link_flush(struct link *l, int64_t now);

/* Does anything wait? */
bool link_pending(const struct link *l);

#endif
