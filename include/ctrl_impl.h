/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the three files of the control connection share with each other and
 * with nobody else: pptp_ctrl.c (states, timers, output), pptp_ctrl_in.c
 * (framing and what each received message does), manager/ctrl_msg.c (what
 * messages say, as bytes and as words).
 */
#ifndef CTRL_IMPL_H
#define CTRL_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctrl.h"
#include "wire.h"

/* Formats into an array; a text too long is cut on purpose. */
#define SAY(text, ...) \
	((void)(snprintf((text), sizeof(text), __VA_ARGS__) < 0))

/* One line of log, if there is room for it. */
#define LOG(c, at, ...) do { \
	struct ctrl_event *log_ev = ctrl_log((c), (at)); \
	if (log_ev != NULL) \
		SAY(log_ev->text, __VA_ARGS__); \
} while (0)

/* Notes why the connection ends. */
#define WHY(c, why, ...) do { \
	(c)->end_cause = (why); \
	SAY((c)->end_text, __VA_ARGS__); \
} while (0)

struct ctrl_msg {
	const char	*name;
	uint16_t	 size;			/* RFC 2637, header included */
	uint8_t		 answer;		/* the type that answers it */
	unsigned	 states;		/* where it may arrive */
	void		(*on)(struct ctrl *, struct rd *);
};

/* The one table of messages, by type; in pptp_ctrl_in.c. */
extern const struct ctrl_msg ctrl_msgs[PPTP_TYPES];

/* pptp_ctrl.c */

/* An event for a line at this level; NULL if there is no room. */
struct ctrl_event *ctrl_log(struct ctrl *c, int level);
/* Logs a message, "sent" or "received"; p is all of its RFC size. */
void ctrl_log_message(struct ctrl *c, const char *what, const uint8_t *p);
void ctrl_push(struct ctrl *c, enum ctrl_event_type type, uint16_t call,
    enum ctrl_cause cause, const char *text);

/* now + us, or CTRL_NEVER where that is beyond all time. */
int64_t ctrl_after(int64_t now, int64_t us);

/* The end of everything, for the noted cause. */
void ctrl_close(struct ctrl *c);
/* Asks the server to stop; why has been noted. */
void ctrl_ask_stop(struct ctrl *c, uint8_t reason, int64_t now);
/* Does what has become possible: the next call, the next step of an end. */
void ctrl_settle(struct ctrl *c, int64_t now);

/*
 * A call has ended: says so and frees it.  What we ended ourselves keeps its
 * own cause, and an end instead of the Outgoing-Call-Reply is a refusal.
 */
void ctrl_call_down(struct ctrl *c, struct ctrl_call *call,
    enum ctrl_cause cause, const char *text);
/* The same for every call, for the noted cause. */
void ctrl_calls_down(struct ctrl *c);
/* Asked for, and nothing heard of it yet. */
bool ctrl_call_pending(const struct ctrl_call *call);

/*
 * Begins a message of this type at the end of out[]: the cursor stands after
 * the header, on zeroes up to the message's size.  It is bad if there is no
 * room, in which case the connection may have ended.
 */
struct wr ctrl_put(struct ctrl *c, unsigned type);

/* manager/ctrl_msg.c: bodies; what stays zero at their end is not written. */

void msg_start_request(struct wr *w, const struct ctrl_conf *conf); /* 2.1 */
void msg_echo_reply(struct wr *w, uint32_t id);			/* 2.6 */
void msg_call_request(struct wr *w, const struct ctrl_call_conf *); /* 2.7 */
void msg_refusal(struct wr *w, uint16_t peer, uint8_t result);	/* 2.8, 2.10 */
void msg_disconnect(struct wr *w, uint16_t id);			/* 2.13 */
void msg_link_info(struct wr *w, uint16_t peer);		/* 2.15 */

/* The fields of a message's body, named and escaped: "call 7, result 1". */
void msg_fields(char *out, size_t size, unsigned type, struct rd r);

/*
 * A result in words, with what an error and a cause code add: "busy (result
 * 4), cause 17: user busy".
 */
void msg_result(char *out, size_t size, const char *words, unsigned result,
    unsigned error, unsigned cause);

/*
 * Says what a peer that does not speak PPTP may be, by the first n octets it
 * sent; why is what was wrong with them.
 */
void msg_guess(char *out, size_t size, const char *head, size_t n,
    const char *why);

/* Sixteen bits of a message at p. */
unsigned msg_u16(const uint8_t *p);

#endif
