/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One control connection of RFC 2637, PNS side (pure): takes octets and times,
 * returns octets and events.  Its user owns the TCP socket and the clock; times
 * are monotonic microseconds.  A loop does this and nothing else:
 *
 *	readable:  ctrl_feed() until all is used, ctrl_event() after each call
 *	always:    ctrl_output() -> write -> ctrl_sent(), while there is any
 *	           ctrl_event() until it returns false
 *	           ctrl_tick() once ctrl_due() has come
 *	CTRL_EV_CLOSED: close the socket; the machine is finished
 */
#ifndef PPTP_CTRL_H
#define PPTP_CTRL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctrl_events.h"
#include "ctrl_in.h"
#include "ctrl_msg.h"
#include "pptp_proto.h"

enum {
	CTRL_CALLS = 16,	/* calls that share one connection at most */
	CTRL_OUT = 1024		/* octets queued for the peer */
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
	CALL_WAIT_DISCONNECT,	/* CCRQ sent */
	CALL_STATES
};

/* What the SCCRP says (2.2). */
struct ctrl_peer {
	char		 host[PPTP_TEXT + 1], vendor[PPTP_TEXT + 1];
	uint16_t	 version, firmware, max_channels;
};

struct ctrl_call {
	enum call_state	 state;
	struct ctrl_call_conf conf;
	uint16_t	 peer_id;	/* of the OCRP */
	int64_t		 deadline;	/* of WAIT_REPLY, WAIT_DISCONNECT */
	bool		 answered;	/* its OCRP came: peer_id is known */
	enum ctrl_cause	 cause;		/* of WAIT_DISCONNECT */
	uint32_t	 order;		/* of opening: first come, first */
};

struct ctrl_conf {
	unsigned	 quirks;
	char		 hostname[PPTP_TEXT + 1];  /* "": the usual one */
	int64_t		 idle_us;	/* silence before an Echo-Request; 0:
					 * none are sent */
	int64_t		 echo_us;	/* longest wait for its reply; 0: for
					 * ever */
	int64_t		 reply_us;	/* longest wait for SCCRP and OCRP */
	int64_t		 end_us;	/* longest wait for CDN, StopCCRP */
};

struct ctrl {
	struct ctrl_conf conf;
	enum ctrl_state	 state;
	struct ctrl_peer peer;
	struct ctrl_call call[CTRL_CALLS];
	int64_t		 deadline;	/* of the state */
	int64_t		 received_at;	/* last control message */
	int64_t		 echo_sent_at;	/* last Echo-Request of ours */
	int64_t		 echo_due;	/* reply expected by; or CTRL_NEVER */
	uint32_t	 echo_id;
	bool		 echo_queued;	/* not wholly sent yet */
	int64_t		 hold_until;	/* QUIRK_ASYNCREAD spacing; 0: none */
	unsigned	 hold_for;	/* message that ends it; 0: none */
	bool		 stop_wanted;
	uint8_t		 stop_reason;
	uint32_t	 opened, requested;	/* calls, OCRQs so far */
	enum ctrl_cause	 end_cause;
	char		 end_text[CTRL_EVENT_TEXT];
	size_t		 out_len, out_sent;	/* sent: of the first message */
	struct ctrl_in	 in;
	uint8_t		 out[CTRL_OUT];		/* whole messages */
	struct ctrl_events ev;			/* last: not cleared */
};

/*
 * TCP is up: begins with the SCCRQ.  seed makes the echo identifiers
 * unpredictable.  conf is copied.
 */
void ctrl_init(struct ctrl *c, const struct ctrl_conf *conf, uint32_t seed,
    int64_t now);

/*
 * Takes octets the peer sent and handles at most one whole message.  Returns
 * how many it used: call again with the rest (after ctrl_event()).  All are
 * used once the state is CTRL_CLOSED.
 */
size_t ctrl_feed(struct ctrl *c, const uint8_t *buf, size_t n, int64_t now);

/* The peer closed its end (err 0), or the socket failed (err an errno). */
void ctrl_eof(struct ctrl *c, int err);

/*
 * What to write now: at most one message, so that no two share a segment;
 * NULL if nothing may be sent yet.  ctrl_sent() says how much of it went.
 */
const uint8_t *ctrl_output(struct ctrl *c, size_t *len, int64_t now);
void ctrl_sent(struct ctrl *c, size_t n, int64_t now);

/* The oldest event into *e; false when there is none. */
bool ctrl_event(struct ctrl *c, struct ctrl_event *e);

/* When ctrl_tick() or ctrl_output() must be called next; CTRL_NEVER. */
int64_t ctrl_due(const struct ctrl *c);
void ctrl_tick(struct ctrl *c, int64_t now);

/*
 * Asks for a call (2.7); its OCRQ waits until the connection is up and no other
 * set-up message is unanswered.  -1: no room, the id is in use, or the
 * connection is ending.  The caller asks ctrl_has_room() first.
 */
int ctrl_call_open(struct ctrl *c, const struct ctrl_call_conf *conf,
    int64_t now);

/*
 * Ends a call (2.12): CTRL_EV_CALL_DOWN follows once the server confirms it
 * or end_us has passed (at once while it is CALL_QUEUED).  An unknown id is
 * ignored.
 */
void ctrl_call_clear(struct ctrl *c, uint16_t id, int64_t now);

/*
 * Ends the connection in order: clears every call, then StopCCRQ with reason
 * (2.3), waits for the answers (end_us for each), then CTRL_EV_CLOSED; before
 * the SCCRP there is nothing to stop and it closes at once.
 */
void ctrl_stop(struct ctrl *c, uint8_t reason, int64_t now);

/* The call with this id of ours; NULL. */
const struct ctrl_call *ctrl_call_find(struct ctrl *c, uint16_t id);

/* Calls this connection has, in any state but CALL_FREE. */
unsigned ctrl_calls(const struct ctrl *c);

/*
 * May one more call share this connection?  Never more than the server
 * announced in its SCCRP, where 0 and 1 mean one.
 */
bool ctrl_has_room(const struct ctrl *c);

#endif
