/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a control connection has to say (pure): a queue of events, among them
 * the lines of its log.
 */
#ifndef CTRL_EVENTS_H
#define CTRL_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CTRL_NEVER	INT64_MAX

enum {
	CTRL_EVENTS_LASTING = 34,	/* of CTRL_CALLS calls: UP and DOWN of
					 * each; UP and CLOSED */
	CTRL_EVENTS = CTRL_EVENTS_LASTING + 30,	/* queued.  Where they are not
					 * taken in time log lines are lost,
					 * others never */
	CTRL_EVENT_TEXT = 224
};

/* Why a connection or call ended: each has one exit status of pptp(8). */
enum ctrl_cause {
	CTRL_CAUSE_LOCAL,	/* we ended it */
	CTRL_CAUSE_NOT_PPTP,	/* the peer does not speak PPTP */
	CTRL_CAUSE_REFUSED,	/* SCCRP with another result than success */
	CTRL_CAUSE_CALL_REFUSED,	/* OCRP likewise, or CDN before it */
	CTRL_CAUSE_TIMEOUT,	/* no answer while setting up */
	CTRL_CAUSE_SERVER_ENDED,	/* CDN, StopCCRQ, or FIN once up */
	CTRL_CAUSE_LOST		/* reset, missing echo, malformed message */
};

enum ctrl_event_type {
	CTRL_EV_LOG,		/* text at level: 1 error .. 3 each message */
	CTRL_EV_UP,		/* SCCRP accepted; struct ctrl_peer is filled */
	CTRL_EV_CALL_UP,	/* call: our id; struct ctrl_call is filled */
	CTRL_EV_CALL_DOWN,	/* call: our id, free again; cause, text */
	CTRL_EV_CLOSED		/* close the socket now; cause, text.  Each
				 * call has had its CALL_DOWN before */
};

struct ctrl_event {
	enum ctrl_event_type type;
	int		 level;
	uint16_t	 call;
	enum ctrl_cause	 cause;
	char		 text[CTRL_EVENT_TEXT];	/* a sentence, peer's text
						 * escaped; no newline; none
						 * with UP and CALL_UP */
};

struct ctrl_events {
	int64_t		 now;		/* of the last message */
	int64_t		 warn_window;	/* end of the minute with warnings;
					 * CTRL_NEVER: it had none */
	unsigned	 warnings;	/* in this minute */
	unsigned	 head, count;
	struct ctrl_event ev[CTRL_EVENTS];	/* valid up to count only */
};

#define PRINTF(a, b)	__attribute__((__format__(__printf__, a, b)))

void events_init(struct ctrl_events *q, int64_t now);

/*
 * May a log line, or the events of one more call, be appended?  There is room
 * for CTRL_EVENTS_LASTING more, then.
 */
bool events_room(const struct ctrl_events *q);

/* Appends an event, never a log line: there is always room for those. */
void events_push(struct ctrl_events *q, enum ctrl_event_type type,
    uint16_t call, enum ctrl_cause cause, const char *text);

/*
 * Appends a log line if there is room; of warnings (level 2) a dozen a minute.
 */
void events_log(struct ctrl_events *q, int level, const char *format, ...)
    PRINTF(3, 4);

/* The oldest into *e; false when there is none. */
bool events_take(struct ctrl_events *q, struct ctrl_event *e);

/*
 * When events_tick() has something to log, or CTRL_NEVER.  It logs how many
 * warnings were left out, once their minute is over; with `end`, at once.
 */
int64_t events_due(const struct ctrl_events *q);
void events_tick(struct ctrl_events *q, int64_t now, bool end);

#endif
