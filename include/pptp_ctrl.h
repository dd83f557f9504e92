/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control connection of RFC 2637, PNS side (pure): takes octets and times,
 * returns octets and reports events.  Its user owns the TCP socket and the
 * clock; times are monotonic microseconds.  A loop does this and nothing else:
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
	CTRL_CALLS = 16,	/* most calls on one connection */
	CTRL_IN = 1024,		/* longest message taken */
	CTRL_OUT = 1024,	/* octets queued for the peer */
	CTRL_TEXT = 224
};

enum ctrl_event_type {
	CTRL_EV_LOG,		/* text; code 1 error .. 3 each message */
	CTRL_EV_UP,		/* SCCRP accepted; peer is filled */
	CTRL_EV_CALL_UP,	/* call: our id; peer_id: the server's */
	CTRL_EV_CALL_DOWN,	/* call: our id, free again; code, text */
	CTRL_EV_CLOSED		/* close the socket now; code, text.  Each
				 * call has had its CALL_DOWN before */
};

struct ctrl_event {
	enum ctrl_event_type type;
	unsigned	 code;		/* a level; or an enum exit_status,
					 * EXIT_OK: we ended it */
	uint16_t	 call, peer_id;
	const char	*text;		/* a sentence, peer's text escaped; no
					 * newline */
};

enum ctrl_state {
	CTRL_WAIT_REPLY,	/* SCCRQ queued or sent (3.1.1) */
	CTRL_UP,
	CTRL_WAIT_STOP,		/* StopCCRQ sent */
	CTRL_FLUSH,		/* StopCCRP queued: CLOSED once it is sent */
	CTRL_CLOSED,
	CTRL_STATES
};

enum call_state {
	CALL_FREE,
	CALL_QUEUED,		/* another set-up message is unanswered */
	CALL_WAIT_REPLY,	/* OCRQ sent (3.2.3) */
	CALL_UP,
	CALL_WAIT_DISCONNECT	/* CCRQ sent */
};

struct ctrl_call {
	enum call_state	 state;
	struct ipc_call	 conf;		/* the request for this call */
	uint16_t	 serial;	/* the lowest goes first */
	uint16_t	 peer_id;	/* of the OCRP */
	bool		 answered;	/* its OCRP came: peer_id is known */
	int64_t		 deadline;	/* of WAIT_DISCONNECT */
};

struct ctrl {
	struct ipc_call	 conf;		/* quirks, timers and host name */
	void		(*on_event)(void *user, const struct ctrl_event *e);
	void		*user;
	enum ctrl_state	 state;
	struct ipc_server peer;		/* what the SCCRP says (2.2) */
	struct ctrl_call call[CTRL_CALLS];
	int64_t		 now;		/* as the caller last gave it */
	int64_t		 deadline;	/* of WAIT_STOP, FLUSH; or CTRL_NEVER */
	int64_t		 active_at;	/* last message received, or
					 * Echo-Request of ours */
	int64_t		 echo_due;	/* Echo-Reply due by; or CTRL_NEVER */
	uint32_t	 echo_id;
	bool		 echo_queued;	/* not wholly sent yet */
	bool		 stop_wanted;
	unsigned	 hold_for;	/* type that ends the wait; 0: none */
	int64_t		 hold_until;	/* for QUIRK_ASYNCREAD: no new message
					 * is sent until then */
	uint32_t	 requested;	/* OCRQs so far */
	int64_t		 warn_window;	/* end of this minute of warnings;
					 * CTRL_NEVER: there were none */
	unsigned	 warnings;	/* in this minute */
	enum exit_status end_status;	/* the last cause of an end */
	char		 end_text[CTRL_TEXT];
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
 * Queues the SCCRQ.  conf, which has the quirks, timers and host name of the
 * first call, is copied.  The caller limits the wait for the SCCRP and for each
 * OCRP.
 *
 * on_event is called with each event, which is valid only until it returns; of
 * the functions below it may call ctrl_calls() only.
 */
void ctrl_init(struct ctrl *c, const struct ipc_call *conf,
    void (*on_event)(void *user, const struct ctrl_event *e), void *user,
    int64_t now);

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
 * Queues a call; its OCRQ (2.7) is sent once the connection is up and no other
 * set-up message is unanswered.  conf has the call's id and window (> 0), both
 * with quirks applied, and phone number.  Serial numbers ascend; a quirk may
 * replace the one that is sent.  0, or -1: no room, the id is in use, or the
 * connection is ending.  The caller asks ctrl_has_room() first.
 */
int ctrl_call_open(struct ctrl *c, const struct ipc_call *conf,
    uint16_t serial, int64_t now);

/*
 * Ends a call (2.12), if there is one of this id: CTRL_EV_CALL_DOWN follows
 * once the server confirms it or a second has passed, at once if CALL_QUEUED.
 */
void ctrl_call_clear(struct ctrl *c, uint16_t id, int64_t now);

/*
 * Ends the connection in order: clears every call, sends StopCCRQ (2.3), waits
 * up to a second for each answer, then tells CTRL_EV_CLOSED.  If the SCCRP has
 * not come yet, the connection ends at once.
 */
void ctrl_stop(struct ctrl *c, int64_t now);

/* Ends calls and connection at once, for a reason of the caller's. */
void ctrl_abort(struct ctrl *c, enum exit_status status, const char *text);

/* Calls this connection has, in any state but CALL_FREE. */
unsigned ctrl_calls(const struct ctrl *c);

/*
 * May one more call share this connection?  Never more than the server
 * announced in its SCCRP, where 0 and 1 mean one.
 */
bool ctrl_has_room(const struct ctrl *c);

#endif
