/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control connection of RFC 2637 with one call, PNS side (pure): takes
 * octets and times, returns octets and reports events.  Its user owns the TCP
 * socket and the clock; times are monotonic microseconds.  A loop does this and
 * nothing else:
 *
 *	readable:  ctrl_feed() until all is used
 *	always:    ctrl_output() -> write -> ctrl_sent(), while there is any
 *	           ctrl_tick() once ctrl_due() has come
 *	CTRL_EV_CLOSED: close the socket; the machine is finished
 */
#ifndef PPTP_CTRL_H
#define PPTP_CTRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "ipc_msg.h"

#define CTRL_NEVER	INT64_MAX

enum {
	CTRL_IN = 1024,		/* longest message taken */
	CTRL_OUT = 1024,	/* octets queued for the peer */
	CTRL_TEXT = 224
};

enum ctrl_event_type {
	CTRL_EV_LOG,		/* text; code: a level of the log */
	CTRL_EV_UP,		/* SCCRP accepted; peer is filled */
	CTRL_EV_CALL_UP,	/* OCRP accepted; peer_id is known */
	CTRL_EV_CALL_DOWN,	/* text; code: an enum exit_status, EXIT_OK: we
				 * ended it */
	CTRL_EV_CLOSED		/* close the socket; CALL_DOWN came before */
};

/*
 * text is a sentence without a newline, the peer's own escaped.  It is valid
 * only until the function returns, which must not call those below.
 */
typedef void ctrl_event_fn(void *user, enum ctrl_event_type type,
    unsigned code, const char *text);

enum ctrl_state {
	CTRL_WAIT_REPLY,	/* SCCRQ queued or sent (3.1.1) */
	CTRL_WAIT_CALL,		/* OCRQ queued or sent (3.2.3) */
	CTRL_UP,		/* and the call is up */
	CTRL_WAIT_CLEAR,	/* CCRQ queued or sent */
	CTRL_CALL_OVER,		/* the server ended the call */
	CTRL_WAIT_STOP,		/* StopCCRQ queued or sent */
	CTRL_FLUSH,		/* StopCCRP queued: CLOSED once it is sent */
	CTRL_CLOSED
};

struct ctrl {
	struct ipc_call	 conf;
	uint16_t	 serial, peer_id;	/* peer_id: of the OCRP */
	ctrl_event_fn	*on_event;
	void		*user;
	enum ctrl_state	 state;
	struct ipc_server peer;		/* what the SCCRP says (2.2) */
	int64_t		 now;		/* as the caller last gave it */
	int64_t		 deadline;	/* of this state; or CTRL_NEVER */
	int64_t		 active_at;	/* last message received, or
					 * Echo-Request of ours */
	int64_t		 echo_due;	/* Echo-Reply due by; or CTRL_NEVER */
	uint32_t	 echo_id;
	bool		 echo_queued;	/* not wholly sent yet */
	unsigned	 hold_for;	/* type that ends the wait; 0: none */
	int64_t		 hold_until;	/* for QUIRK_ASYNCREAD: no new message
					 * is sent until then */
	int64_t		 warn_until;	/* end of this minute of warnings */
	unsigned	 warnings;	/* in this minute */
	bool		 welcome;	/* text may come before the first
					 * message */
	size_t		 skipped;	/* octets of such text so far */
	size_t		 in_len;	/* octets in in[], of one message */
	size_t		 in_total;	/* its length; 0: not known yet */
	size_t		 out_len, out_sent;	/* out_sent: of first message */
	uint8_t		 in[CTRL_IN];
	uint8_t		 out[CTRL_OUT];		/* whole messages */
};

/*
 * Queues the SCCRQ, which the OCRQ (2.7) follows as soon as the SCCRP has come.
 * conf, which is copied, has the call's id and window (> 0) with quirks
 * applied.  A quirk may replace the serial number.  The caller limits the wait
 * for the SCCRP and the OCRP.  on_event is called with each event.
 */
void ctrl_init(struct ctrl *c, const struct ipc_call *conf, uint16_t serial,
    ctrl_event_fn *on_event, void *user, int64_t now);

/*
 * Takes octets the peer sent and handles at most one whole message.  Returns
 * how many it used (all, from state CTRL_FLUSH on): call again with the rest.
 */
size_t ctrl_feed(struct ctrl *c, const uint8_t *buf, size_t n, int64_t now);

/* The peer closed its end (err 0), or the socket failed (err an errno). */
void ctrl_eof(struct ctrl *c, int err);

/*
 * What to write now: at most one message, so that no two share a segment; or
 * NULL.  ctrl_sent() takes how much of it was written.
 */
const uint8_t *ctrl_output(struct ctrl *c, size_t *len, int64_t now);
void ctrl_sent(struct ctrl *c, size_t n, int64_t now);

/* Time of the next ctrl_tick() or ctrl_output(); or CTRL_NEVER. */
int64_t ctrl_due(const struct ctrl *c);
void ctrl_tick(struct ctrl *c, int64_t now);

/*
 * Ends call and connection in order: clears the call (2.12), sends StopCCRQ
 * (2.3), waits up to a second for each answer, then tells CTRL_EV_CLOSED.
 * Before the SCCRP the connection ends at once.  May be called again.
 */
void ctrl_stop(struct ctrl *c, int64_t now);

#endif
