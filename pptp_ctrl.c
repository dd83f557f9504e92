/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control connection of RFC 2637, PNS side.
 *
 * Theory of operation.  The connection and each of its calls have a state and a
 * deadline.  A message from the server, a request of the user of this module or
 * a deadline changes states and appends whole messages to out[] and events to
 * ev[]; ctrl_output() returns one message at a time.  ctrl_settle() runs after
 * every change and starts what has become possible: the next queued call, or
 * the next step of an orderly end.
 *
 * No memory grows with what the peer sends.  Replies may fill the first half of
 * out[] only, so that a flood of requests leaves room for our own messages; the
 * connection ends when a peer reads so little that even the second half is
 * full.  A part of ev[] is for what is no log line.
 *
 * Input.  ctrl_feed() passes one whole message to its row of ctrl_msgs[]: its
 * size, the states in which it may arrive and its handler.  The surplus of a
 * message longer than RFC 2637 says is skipped; what a shorter one lacks is
 * taken for zeroes.  A stream that is out of step ends the connection.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ctrl_msg.h"
#include "pptp_ctrl.h"
#include "pptp_quirks.h"
#include "wire.h"

#define SECONDS(us)	((double)(us) / 1e6)

enum {
	SPACING = 200000,	/* microseconds between QUIRK_ASYNCREAD sends */
	LATE = 2000000		/* a tick this late: the machine slept */
};

#define ctrl_logf(c, ...)	events_log(&(c)->ev, __VA_ARGS__)

struct ctrl_msg {
	char		 name[33];
	uint8_t		 size;			/* RFC 2637, header included */
	uint8_t		 answer;		/* the type that answers it */
	uint8_t		 states;		/* where it may arrive */
	void		(*on)(struct ctrl *, struct rd *);
};

/* By message type; defined below. */
static const struct ctrl_msg ctrl_msgs[PPTP_TYPES];

/* As snprintf(), for texts that may be cut. */
static void PRINTF(3, 4)
fmt(char *out, size_t size, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(out, size, format, ap);
	va_end(ap);
}

/* Notes why the connection ends. */
static void PRINTF(3, 4)
set_cause(struct ctrl *c, enum ctrl_cause cause, const char *format, ...)
{
	va_list ap;

	c->end_cause = cause;
	va_start(ap, format);
	(void)vsnprintf(c->end_text, sizeof(c->end_text), format, ap);
	va_end(ap);
}

bool
ctrl_event(struct ctrl *c, struct ctrl_event *e)
{
	return events_take(&c->ev, e);
}

/* The call with this id of ours, at least in this state; NULL. */
static struct ctrl_call *
call_find(struct ctrl *c, uint16_t id, enum call_state least)
{
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state >= least && c->call[i].conf.id == id)
			return &c->call[i];
	return NULL;
}

const struct ctrl_call *
ctrl_call_find(struct ctrl *c, uint16_t id)
{
	return call_find(c, id, CALL_QUEUED);
}

/*
 * A call has ended: its CALL_DOWN is queued and its slot is free.  A call that
 * we cleared keeps the cause it was cleared for; a call that ends before its
 * Outgoing-Call-Reply was refused.
 */
static void
ctrl_call_down(struct ctrl *c, struct ctrl_call *call, enum ctrl_cause cause,
    const char *text)
{
	char own[CTRL_EVENT_TEXT];
	uint16_t id = call->conf.id;

	if (call->state == CALL_WAIT_REPLY && cause == CTRL_CAUSE_SERVER_ENDED)
		cause = CTRL_CAUSE_CALL_REFUSED;
	if (call->state == CALL_WAIT_DISCONNECT) {
		cause = call->cause;
		text = own;
		if (cause == CTRL_CAUSE_TIMEOUT)
			fmt(own, sizeof(own), "the server did not answer the "
			    "Outgoing-Call-Request within %.0f s",
			    SECONDS(c->conf.reply_us));
		else
			fmt(own, sizeof(own), "call %u was ended here", id);
	}
	memset(call, 0, sizeof(*call));
	events_push(&c->ev, CTRL_EV_CALL_DOWN, id, cause, text);
}

/* The same for every call, with the cause of set_cause(). */
static void
ctrl_calls_down(struct ctrl *c)
{
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state != CALL_FREE)
			ctrl_call_down(c, &c->call[i], c->end_cause,
			    c->end_text);
}

/* Ends calls and connection, with the cause of set_cause(). */
static void
ctrl_close(struct ctrl *c)
{
	if (c->state == CTRL_CLOSED)
		return;
	events_tick(&c->ev, c->received_at, true);
	c->state = CTRL_CLOSED;
	c->deadline = c->echo_due = CTRL_NEVER;
	c->out_len = c->out_sent = 0;
	ctrl_calls_down(c);
	events_push(&c->ev, CTRL_EV_CLOSED, 0, c->end_cause, c->end_text);
}

/* Replies to the peer's requests, which may be left out in a flood. */
static bool
is_courtesy(unsigned type)
{
	return type == ECHO_REPLY || type == OUT_CALL_REPLY ||
	    type == IN_CALL_REPLY || type == CALL_DISCONNECT;
}

/* out[] has no room for a message of this type. */
static void
put_failed(struct ctrl *c, unsigned type)
{
	if (is_courtesy(type)) {
		ctrl_logf(c, 2, "left out a message (%s): the server does not "
		    "read the answers it asks for", ctrl_msgs[type].name);
		return;
	}
	if (c->state < CTRL_WAIT_STOP)
		set_cause(c, CTRL_CAUSE_LOST,
		    "the server reads nothing of what it is sent");
	ctrl_close(c);
}

/*
 * Begins a message of this type at the end of out[]: the cursor stands after
 * the header, on zeroes up to the message's size.  It is bad if there is no
 * room, in which case the connection may have ended.
 */
static struct wr
ctrl_put(struct ctrl *c, unsigned type)
{
	size_t size = ctrl_msgs[type].size;
	size_t limit = is_courtesy(type) ? CTRL_OUT / 2 : CTRL_OUT;
	struct wr w = { .bad = true };

	if (c->out_len + size > limit) {
		put_failed(c, type);
		return w;
	}
	w.p = c->out + c->out_len;
	w.end = w.p + size;
	w.bad = false;
	memset(w.p, 0, size);
	c->out_len += size;
	wr_u16(&w, (uint16_t)size);
	wr_u16(&w, PPTP_CONTROL);
	wr_u32(&w, PPTP_MAGIC);
	wr_u16(&w, (uint16_t)type);
	wr_u16(&w, 0);
	return w;
}

/* Its OCRQ was sent and no OCRP came yet. */
static bool
ctrl_call_pending(const struct ctrl_call *call)
{
	return call->state == CALL_WAIT_REPLY ||
	    (call->state == CALL_WAIT_DISCONNECT && !call->answered);
}

/* Sends the longest waiting OCRQ, unless another is still unanswered. */
static void
call_next(struct ctrl *c, int64_t now)
{
	struct ctrl_call *next = NULL;
	struct wr w;

	for (unsigned i = 0; i < CTRL_CALLS; i++) {
		struct ctrl_call *call = &c->call[i];

		if (ctrl_call_pending(call))
			return;
		if (call->state == CALL_QUEUED && (next == NULL ||
		    seq_diff(call->order, next->order) < 0))
			next = call;
	}
	if (next == NULL)
		return;
	next->state = CALL_WAIT_REPLY;
	next->deadline = now + c->conf.reply_us;
	c->requested++;
	w = ctrl_put(c, OUT_CALL_REQUEST);
	msg_call_request(&w, &next->conf);
}

/* Sends StopCCRQ; the cause was set before. */
static void
ctrl_ask_stop(struct ctrl *c, uint8_t reason, int64_t now)
{
	struct wr w;

	c->state = CTRL_WAIT_STOP;
	c->deadline = now + c->conf.end_us;
	c->echo_due = CTRL_NEVER;
	w = ctrl_put(c, STOP_REQUEST);
	wr_u8(&w, reason);
}

/* Starts what has become possible: the next call, the next step of an end. */
static void
ctrl_settle(struct ctrl *c, int64_t now)
{
	if (c->state == CTRL_FLUSH && c->out_len == 0)
		ctrl_close(c);
	if (c->state != CTRL_UP)
		return;
	if (!c->stop_wanted) {
		call_next(c, now);
	} else if (ctrl_calls(c) == 0) {
		set_cause(c, CTRL_CAUSE_LOCAL,
		    "the control connection was ended here");
		ctrl_ask_stop(c, c->stop_reason, now);
	}
}

/* Ends a call; its CALL_DOWN will name this cause. */
static void
call_clear(struct ctrl *c, struct ctrl_call *call, enum ctrl_cause cause,
    int64_t now)
{
	struct wr w;

	if (call->state == CALL_QUEUED) {
		ctrl_call_down(c, call, cause,
		    "the call was ended before the server was asked for it");
		return;
	}
	if (call->state != CALL_WAIT_REPLY && call->state != CALL_UP)
		return;
	call->state = CALL_WAIT_DISCONNECT;
	call->cause = cause;
	call->deadline = now + c->conf.end_us;
	w = ctrl_put(c, CALL_CLEAR_REQUEST);
	wr_u16(&w, call->conf.id);
}

/* Logs a message, "sent" or "received"; p is all of its RFC size. */
static void
ctrl_log_message(struct ctrl *c, const char *what, const uint8_t *p)
{
	unsigned type = msg_u16(p + 8);
	struct rd r = { .p = p + PPTP_HEADER };
	char text[CTRL_EVENT_TEXT - 48];	/* a name goes before it */

	r.end = p + ctrl_msgs[type].size;
	msg_fields(text, sizeof(text), type, r);
	ctrl_logf(c, 3, "%s %s: %s", what, ctrl_msgs[type].name, text);
}

const uint8_t *
ctrl_output(struct ctrl *c, size_t *len, int64_t now)
{
	*len = 0;
	if (c->hold_until <= now)
		c->hold_until = 0;
	if (c->out_len == 0 || (c->hold_until != 0 && c->out_sent == 0))
		return NULL;
	*len = msg_u16(c->out) - c->out_sent;
	return c->out + c->out_sent;
}

void
ctrl_sent(struct ctrl *c, size_t n, int64_t now)
{
	size_t size;
	unsigned type;

	if (n == 0 || c->out_len == 0)
		return;
	size = msg_u16(c->out);
	type = msg_u16(c->out + 8);
	c->out_sent += n;
	assert(c->out_sent <= size);
	if (c->out_sent < size)
		return;
	ctrl_log_message(c, "sent", c->out);
	c->out_len -= size;
	c->out_sent = 0;
	memmove(c->out, c->out + size, c->out_len);
	if (type == ECHO_REQUEST) {
		c->echo_queued = false;
		if (c->echo_due != CTRL_NEVER)
			c->echo_due = now + c->conf.echo_us;
	}
	if (c->conf.quirks & QUIRK_ASYNCREAD) {
		c->hold_until = now + SPACING;
		c->hold_for = ctrl_msgs[type].answer;
	}
	ctrl_settle(c, now);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/*
 * When the next Echo-Request is due.  Some servers drop a connection that
 * sends one before its call is up.
 */
static int64_t
idle_due(const struct ctrl *c)
{
	bool up = false, other = false;

	if (c->state != CTRL_UP || c->stop_wanted || c->conf.idle_us == 0 ||
	    c->echo_due != CTRL_NEVER)
		return CTRL_NEVER;
	for (unsigned i = 0; i < CTRL_CALLS; i++) {
		up |= c->call[i].state == CALL_UP;
		other |= c->call[i].state != CALL_FREE;
	}
	if (other && !up)
		return CTRL_NEVER;
	return c->conf.idle_us + (c->echo_sent_at > c->received_at ?
	    c->echo_sent_at : c->received_at);
}

int64_t
ctrl_due(const struct ctrl *c)
{
	int64_t due = sooner(sooner(c->deadline, c->echo_due),
	    events_due(&c->ev));

	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state > CALL_QUEUED)
			due = sooner(due, c->call[i].deadline);
	if (c->out_len > 0 && c->hold_until != 0)
		due = sooner(due, c->hold_until);
	return sooner(due, idle_due(c));
}

static void
tick_state(struct ctrl *c)
{
	if (c->state == CTRL_WAIT_REPLY)
		set_cause(c, CTRL_CAUSE_TIMEOUT, "the server did not answer "
		    "the Start-Control-Connection-Request within %.0f s",
		    SECONDS(c->conf.reply_us));
	else if (c->state == CTRL_WAIT_STOP)
		ctrl_logf(c, 3, "the server does not confirm the end: closing");
	ctrl_close(c);
}

static void
tick_call(struct ctrl *c, struct ctrl_call *call, int64_t now)
{
	if (call->state == CALL_WAIT_REPLY) {
		call_clear(c, call, CTRL_CAUSE_TIMEOUT, now);
	} else if (call->state == CALL_WAIT_DISCONNECT) {
		ctrl_logf(c, 3, "the server does not confirm the end of call "
		    "%u", call->conf.id);
		ctrl_call_down(c, call, call->cause, "");
	}
}

/* The wait for its reply begins here, and anew once the request is sent. */
static void
echo_ask(struct ctrl *c, int64_t now)
{
	struct wr w;

	c->echo_sent_at = now;
	if (c->conf.echo_us > 0)
		c->echo_due = now + c->conf.echo_us;
	if (c->echo_queued)
		return;
	c->echo_queued = true;
	c->echo_id = c->echo_id * 1664525u + 1013904223u;
	w = ctrl_put(c, ECHO_REQUEST);
	wr_u32(&w, c->echo_id);
}

/*
 * A tick that comes long after its time means that this machine slept, not the
 * server: another Echo-Request decides.
 */
static void
tick_echo(struct ctrl *c, int64_t now)
{
	if (now >= idle_due(c)) {
		echo_ask(c, now);
	} else if (now >= c->echo_due && now - c->echo_due >= LATE) {
		ctrl_logf(c, 3, "late by %g s: asking the server again",
		    SECONDS(now - c->echo_due));
		echo_ask(c, now);
	} else if (now >= c->echo_due) {
		set_cause(c, CTRL_CAUSE_LOST, "the server did not answer an "
		    "Echo-Request within %.0f s", SECONDS(c->conf.echo_us));
		ctrl_close(c);
	}
}

void
ctrl_tick(struct ctrl *c, int64_t now)
{
	if (c->hold_until <= now)
		c->hold_until = 0;
	if (now >= c->deadline)
		tick_state(c);
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (now >= c->call[i].deadline)
			tick_call(c, &c->call[i], now);
	tick_echo(c, now);
	events_tick(&c->ev, now, false);
	ctrl_settle(c, now);
}

void
ctrl_init(struct ctrl *c, const struct ctrl_conf *conf, uint32_t seed,
    int64_t now)
{
	struct wr w;

	/* All but the queue of events, so that its pages stay untouched. */
	memset(c, 0, offsetof(struct ctrl, ev));
	c->conf = *conf;
	c->state = CTRL_WAIT_REPLY;
	c->deadline = now + conf->reply_us;
	c->echo_due = CTRL_NEVER;
	c->echo_id = seed;
	c->received_at = c->echo_sent_at = now;
	c->in.welcome = (conf->quirks & QUIRK_WELCOME) != 0;
	events_init(&c->ev, now);
	w = ctrl_put(c, START_REQUEST);
	msg_start_request(&w, conf->quirks, c->conf.hostname);
}

int
ctrl_call_open(struct ctrl *c, const struct ctrl_call_conf *conf, int64_t now)
{
	struct ctrl_call *call = NULL;

	if (c->state > CTRL_UP || c->stop_wanted || !events_room(&c->ev) ||
	    ctrl_call_find(c, conf->id) != NULL)
		return -1;
	for (unsigned i = 0; i < CTRL_CALLS && call == NULL; i++)
		if (c->call[i].state == CALL_FREE)
			call = &c->call[i];
	if (call == NULL)
		return -1;
	call->state = CALL_QUEUED;
	call->conf = *conf;
	call->deadline = CTRL_NEVER;
	call->order = c->opened++;
	ctrl_settle(c, now);
	return 0;
}

void
ctrl_call_clear(struct ctrl *c, uint16_t id, int64_t now)
{
	struct ctrl_call *call = call_find(c, id, CALL_QUEUED);

	if (call != NULL)
		call_clear(c, call, CTRL_CAUSE_LOCAL, now);
	ctrl_settle(c, now);
}

void
ctrl_stop(struct ctrl *c, uint8_t reason, int64_t now)
{
	if (c->state > CTRL_UP || c->stop_wanted)
		return;
	c->stop_wanted = true;
	c->stop_reason = reason;
	c->echo_due = CTRL_NEVER;
	if (c->state == CTRL_WAIT_REPLY) {
		set_cause(c, CTRL_CAUSE_LOCAL,
		    "the control connection was ended here before it was up");
		ctrl_close(c);
	}
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		call_clear(c, &c->call[i], CTRL_CAUSE_LOCAL, now);
	ctrl_settle(c, now);
}

unsigned
ctrl_calls(const struct ctrl *c)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CTRL_CALLS; i++)
		n += c->call[i].state != CALL_FREE;
	return n;
}

bool
ctrl_has_room(const struct ctrl *c)
{
	unsigned most = c->peer.max_channels > 1 ? c->peer.max_channels : 1;

	if (most > CTRL_CALLS)
		most = CTRL_CALLS;
	return c->state <= CTRL_UP && !c->stop_wanted && ctrl_calls(c) < most;
}

/* ---- what is received ---- */

#define IN(s)	(1u << CTRL_##s)

static const char state_names[][47] = {
	"waiting for the Start-Control-Connection-Reply", "established",
	"waiting for the Stop-Control-Connection-Reply", "closing", "closed"
};
static_assert(CTRL_EVENTS_LASTING == 2 + 2 * CTRL_CALLS, "room for each");
static_assert(sizeof(state_names) / sizeof(state_names[0]) == CTRL_STATES,
    "a name for each state");

static void
on_start_reply(struct ctrl *c, struct rd *r)
{
	struct ctrl_peer *p = &c->peer;
	unsigned result, error;
	char text[192];

	p->version = rd_u16(r);
	result = rd_u8(r);
	error = rd_u8(r);
	rd_bytes(r, 8);			/* framing and bearer capabilities */
	p->max_channels = rd_u16(r);
	p->firmware = rd_u16(r);
	rd_text(r, p->host, PPTP_TEXT);
	rd_text(r, p->vendor, PPTP_TEXT);
	if (result > PPTP_RESULT_OK) {
		msg_result(text, sizeof(text), MSG_START_RESULT, result, error,
		    0);
		set_cause(c, CTRL_CAUSE_REFUSED,
		    "the server refused the connection: %.180s", text);
		ctrl_close(c);
		return;
	}
	if (p->version < PPTP_VERSION) {
		set_cause(c, CTRL_CAUSE_REFUSED, "the server speaks version "
		    "%u.%u of PPTP, which is not supported", p->version / 256u,
		    p->version % 256u);
		ctrl_calls_down(c);
		ctrl_ask_stop(c, STOP_PROTOCOL, c->received_at);
		return;
	}
	if (result == 0)		/* some ADSL modems */
		ctrl_logf(c, 2, "the server's reply has no result: taken for "
		    "success");
	c->state = CTRL_UP;
	c->deadline = CTRL_NEVER;
	events_push(&c->ev, CTRL_EV_UP, 0, CTRL_CAUSE_LOCAL, "");
}

static void
on_stop_request(struct ctrl *c, struct rd *r)
{
	unsigned reason = rd_u8(r);
	const char *words = msg_text(MSG_STOP_REASON, reason);
	struct wr w;

	if (words[0] == '?')
		words = "no reason given";
	if (c->stop_wanted)
		set_cause(c, CTRL_CAUSE_LOCAL, "the control connection was "
		    "ended here, and by the server: %s (reason %u)", words,
		    reason);
	else if (c->state == CTRL_UP)
		set_cause(c, CTRL_CAUSE_SERVER_ENDED, "the server ended the "
		    "connection: %s (reason %u)", words, reason);
	else if (c->state == CTRL_WAIT_REPLY)
		set_cause(c, CTRL_CAUSE_REFUSED, "the server refused the "
		    "connection: %s (reason %u)", words, reason);
	ctrl_calls_down(c);
	c->echo_due = CTRL_NEVER;
	c->state = CTRL_FLUSH;
	c->deadline = c->received_at + c->conf.end_us;
	w = ctrl_put(c, STOP_REPLY);
	wr_u8(&w, PPTP_RESULT_OK);
}

static void
on_stop_reply(struct ctrl *c, struct rd *r)
{
	(void)r;		/* whatever its result, this is the end */
	ctrl_close(c);
}

static void
on_echo_request(struct ctrl *c, struct rd *r)
{
	struct wr w = ctrl_put(c, ECHO_REPLY);

	wr_u32(&w, rd_u32(r));
	wr_u8(&w, PPTP_RESULT_OK);
}

static void
on_echo_reply(struct ctrl *c, struct rd *r)
{
	uint32_t id = rd_u32(r);

	/* One too short for an identifier is an answer all the same. */
	if (c->echo_due != CTRL_NEVER && id != c->echo_id &&
	    c->in.total >= PPTP_HEADER + sizeof(id))
		ctrl_logf(c, 2, "the server answers echo 0x%08x instead of "
		    "0x%08x: ignored", id, c->echo_id);
	else
		c->echo_due = CTRL_NEVER;
}

/* Refuses the server's call by this reply and result; we have no id for it. */
static void
refuse(struct ctrl *c, unsigned reply, uint16_t peer_id, uint8_t result)
{
	struct wr w = ctrl_put(c, reply);

	wr_u16(&w, 0);
	wr_u16(&w, peer_id);
	wr_u8(&w, result);
}

/* The server takes us for a PAC: result 7, prohibited. */
static void
on_call_request(struct ctrl *c, struct rd *r)
{
	refuse(c, OUT_CALL_REPLY, rd_u16(r), 7);
	ctrl_logf(c, 2, "the server asks for an outgoing call: refused");
}

/* Result 3: do not accept. */
static void
on_in_call_request(struct ctrl *c, struct rd *r)
{
	refuse(c, IN_CALL_REPLY, rd_u16(r), 3);
	ctrl_logf(c, 2, "the server announces an incoming call: refused");
}

/*
 * Which call does the server end?  It names it by its own id (RFC 2637 2.13);
 * some servers use ours, and a few neither, which does no harm while the
 * connection has had one call only.
 */
static struct ctrl_call *
call_ended(struct ctrl *c, uint16_t id)
{
	struct ctrl_call *call;

	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].answered && c->call[i].peer_id == id)
			return &c->call[i];
	call = call_find(c, id, CALL_WAIT_REPLY);
	for (unsigned i = 0; i < CTRL_CALLS && c->requested == 1; i++)
		if (call == NULL && c->call[i].state > CALL_QUEUED)
			call = &c->call[i];
	return call;
}

/*
 * The call an OCRP answers.  A refusal may come without our id; with one
 * request under way it can only mean that one.
 */
static struct ctrl_call *
call_answered(struct ctrl *c, uint16_t id, unsigned result)
{
	struct ctrl_call *call = call_find(c, id, CALL_WAIT_REPLY);

	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (call == NULL && id == 0 && result != PPTP_RESULT_OK &&
		    ctrl_call_pending(&c->call[i]))
			call = &c->call[i];
	return call;
}

static void
call_up(struct ctrl *c, struct ctrl_call *call)
{
	struct quirk_fields f;
	uint16_t peer_id;
	struct wr w;

	call->state = CALL_UP;
	call->deadline = CTRL_NEVER;
	events_push(&c->ev, CTRL_EV_CALL_UP, call->conf.id, CTRL_CAUSE_LOCAL,
	    "");
	quirk_fields(&f, call->conf.quirks);
	if (!f.link_info)
		return;
	/* Both ACCMs at their default: all control characters are escaped. */
	peer_id = call->peer_id;
	w = ctrl_put(c, SET_LINK_INFO);
	wr_u16(&w, peer_id);
	wr_u16(&w, 0);
	wr_u32(&w, UINT32_MAX);
	wr_u32(&w, UINT32_MAX);
}

static void
on_call_reply(struct ctrl *c, struct rd *r)
{
	uint16_t peer_id = rd_u16(r), id = rd_u16(r);
	unsigned result = rd_u8(r), error = rd_u8(r), cause = rd_u16(r);
	struct ctrl_call *call = call_answered(c, id, result);
	char why[180], text[CTRL_EVENT_TEXT];

	if (call == NULL || call->answered) {
		ctrl_logf(c, 2, "the server answers for call %u, which did not "
		    "ask: ignored", id);
		return;
	}
	if (result != PPTP_RESULT_OK) {
		msg_result(why, sizeof(why), MSG_CALL_RESULT, result, error,
		    cause);
		fmt(text, sizeof(text), "the server refused the call: %s", why);
		ctrl_call_down(c, call, CTRL_CAUSE_CALL_REFUSED, text);
		return;
	}
	call->answered = true;
	call->peer_id = peer_id;
	if (call->state == CALL_WAIT_REPLY)
		call_up(c, call);
}

/* A PAC sends none (2.12); one that does has ended our call. */
static void
on_clear_request(struct ctrl *c, struct rd *r)
{
	uint16_t id = rd_u16(r);
	struct ctrl_call *call = call_ended(c, id);
	struct wr w;

	if (call == NULL) {
		ctrl_logf(c, 2, "the server clears call %u, which is none of "
		    "ours: ignored", id);
		return;
	}
	w = ctrl_put(c, CALL_DISCONNECT);
	wr_u16(&w, call->conf.id);
	wr_u8(&w, 4);			/* as requested */
	ctrl_call_down(c, call, CTRL_CAUSE_SERVER_ENDED,
	    "the server ended the call by a Call-Clear-Request");
}

static void
on_disconnect(struct ctrl *c, struct rd *r)
{
	uint16_t id = rd_u16(r);
	unsigned result = rd_u8(r), error = rd_u8(r), cause = rd_u16(r);
	struct ctrl_call *call = call_ended(c, id);
	char why[180], text[CTRL_EVENT_TEXT];

	/* The late answer to a Call-Clear-Request. */
	if (call == NULL && c->state == CTRL_WAIT_STOP)
		return;
	if (call == NULL) {
		ctrl_logf(c, 2, "the server ends call %u, which is none of "
		    "ours: ignored", id);
		return;
	}
	msg_result(why, sizeof(why), MSG_DISCONNECT_RESULT, result, error,
	    cause);
	fmt(text, sizeof(text), "the server %s the call: %s", call->state ==
	    CALL_WAIT_REPLY ? "refused" : "ended", why);
	ctrl_call_down(c, call, CTRL_CAUSE_SERVER_ENDED, text);
}

/* Its six counters are logged with the message itself. */
static void
on_wan_error(struct ctrl *c, struct rd *r)
{
	ctrl_logf(c, 2, "the server reports errors on the line of call %u",
	    rd_u16(r));
}

/* RFC 2637 2.1 to 2.15.  No state: never expected from a PAC. */
static const struct ctrl_msg ctrl_msgs[PPTP_TYPES] = {
	[START_REQUEST] = { "Start-Control-Connection-Request", 156,
	    START_REPLY, 0, NULL },
	[START_REPLY] = { "Start-Control-Connection-Reply", 156, 0,
	    IN(WAIT_REPLY), on_start_reply },
	[STOP_REQUEST] = { "Stop-Control-Connection-Request", 16, STOP_REPLY,
	    IN(WAIT_REPLY) | IN(UP) | IN(WAIT_STOP), on_stop_request },
	[STOP_REPLY] = { "Stop-Control-Connection-Reply", 16, 0,
	    IN(WAIT_STOP), on_stop_reply },
	[ECHO_REQUEST] = { "Echo-Request", 16, ECHO_REPLY,
	    IN(UP), on_echo_request },
	[ECHO_REPLY] = { "Echo-Reply", 20, 0, IN(UP), on_echo_reply },
	[OUT_CALL_REQUEST] = { "Outgoing-Call-Request", 168, OUT_CALL_REPLY,
	    IN(UP), on_call_request },
	[OUT_CALL_REPLY] = { "Outgoing-Call-Reply", 32, 0,
	    IN(UP), on_call_reply },
	[IN_CALL_REQUEST] = { "Incoming-Call-Request", 220, IN_CALL_REPLY,
	    IN(UP), on_in_call_request },
	[IN_CALL_REPLY] = { "Incoming-Call-Reply", 24, 0, 0, NULL },
	[IN_CALL_CONNECTED] = { "Incoming-Call-Connected", 28, 0, 0, NULL },
	[CALL_CLEAR_REQUEST] = { "Call-Clear-Request", 16, CALL_DISCONNECT,
	    IN(UP), on_clear_request },
	[CALL_DISCONNECT] = { "Call-Disconnect-Notify", 148, 0,
	    IN(UP) | IN(WAIT_STOP), on_disconnect },
	[WAN_ERROR] = { "WAN-Error-Notify", 40, 0, IN(UP), on_wan_error },
	/* An ACCM matters to asynchronous serial lines only. */
	[SET_LINK_INFO] = { "Set-Link-Info", 24, 0, IN(UP), NULL },
};

/* in[] holds no valid message; rest is what was received after it. */
static void
malformed(struct ctrl *c, const uint8_t *rest, size_t n, const char *why)
{
	char head[48];
	size_t have = c->in.len < sizeof(head) ? c->in.len : sizeof(head);

	if (n > sizeof(head) - have)
		n = sizeof(head) - have;
	memcpy(head, c->in.buf, have);
	memcpy(head + have, rest, n);
	if (c->state == CTRL_WAIT_REPLY) {
		c->end_cause = CTRL_CAUSE_NOT_PPTP;
		msg_guess(c->end_text, sizeof(c->end_text), head, have + n,
		    why);
	} else if (c->state == CTRL_UP) {
		set_cause(c, CTRL_CAUSE_LOST, "the server sent a malformed "
		    "message: %s", why);
	}
	ctrl_close(c);
}

/*
 * A message shorter than RFC 2637 says.  At first it means that this is no PPTP
 * server.  Later the stream is still in step, and what it lacks is read as
 * zeroes: no tunnel ends for it.
 */
static bool
in_short(struct ctrl *c, const struct ctrl_msg *m)
{
	struct ctrl_in *in = &c->in;
	char why[96];

	fmt(why, sizeof(why), "%s of %zu octets instead of %u", m->name,
	    in->total, m->size);
	if (c->state == CTRL_WAIT_REPLY) {
		malformed(c, in->buf, 0, why);
		return false;
	}
	ctrl_logf(c, 2, "the server sent a malformed message: %s", why);
	memset(in->buf + in->total, 0, m->size - in->total);
	return true;
}

/* in[] holds a whole message. */
static void
in_message(struct ctrl *c, int64_t now)
{
	struct ctrl_in *in = &c->in;
	struct rd r = { .p = in->buf + PPTP_HEADER,
	    .end = in->buf + sizeof(in->buf) };
	unsigned kind = msg_u16(in->buf + 2), type = msg_u16(in->buf + 8);
	const struct ctrl_msg *m;

	c->received_at = c->ev.now = now;
	events_tick(&c->ev, now, false);
	if (in->skipped > 0)
		ctrl_logf(c, 2, "skipped %zu octets of text before the first "
		    "message", in->skipped);
	in->skipped = 0;
	m = &ctrl_msgs[type < PPTP_TYPES ? type : 0];
	if (kind != PPTP_CONTROL || m->size == 0) {
		ctrl_logf(c, 2, "received a message of unknown type %u.%u, %zu "
		    "octets: ignored", kind, type, in->total);
		return;
	}
	if (in->total < m->size && !in_short(c, m))
		return;
	ctrl_log_message(c, "received", in->buf);
	if (type == c->hold_for)
		c->hold_until = c->hold_for = 0;
	if ((m->states & 1u << c->state) == 0)
		ctrl_logf(c, 2, "%s is not expected while %s: ignored", m->name,
		    state_names[c->state]);
	else if (m->on != NULL)
		m->on(c, &r);
	ctrl_settle(c, now);
}

size_t
ctrl_feed(struct ctrl *c, const uint8_t *buf, size_t n, int64_t now)
{
	char why[CTRL_IN_WHY];
	size_t used = n;

	if (c->state >= CTRL_FLUSH)
		return n;
	switch (ctrl_in_take(&c->in, buf, n, &used, why)) {
	case CTRL_IN_MORE:
		break;
	case CTRL_IN_MESSAGE:
		in_message(c, now);
		c->in.len = 0;
		break;
	case CTRL_IN_MALFORMED:
		malformed(c, buf + used, n - used, why);
		break;
	case CTRL_IN_TEXT:
		set_cause(c, CTRL_CAUSE_NOT_PPTP, "this is not a PPTP server: "
		    "no message in the first %d octets", CTRL_WELCOME_MAX);
		ctrl_close(c);
		break;
	}
	return c->state < CTRL_FLUSH ? used : n;
}

static const char *
error_words(int err)
{
	return err == ECONNRESET || err == EPIPE ? "reset by the server" :
	    err == ETIMEDOUT ? "timed out" :
	    err == EHOSTUNREACH || err == ENETUNREACH ?
	    "the server is unreachable" : "failed";
}

/* The stream ended before a whole message came. */
static void
eof_early(struct ctrl *c, int err)
{
	if (c->in.skipped > 0)
		set_cause(c, CTRL_CAUSE_NOT_PPTP, "this is not a PPTP server: "
		    "it sent %zu octets of text and no message",
		    c->in.skipped + c->in.len);
	else if (c->in.len > 0)
		malformed(c, c->in.buf, 0, "it closed the connection within "
		    "its first message");
	else if (err == 0 || err == ECONNRESET || err == EPIPE)
		set_cause(c, CTRL_CAUSE_REFUSED, "the server closed the "
		    "connection without an answer: it may be full, not want "
		    "this client, or not be a PPTP server");
}

void
ctrl_eof(struct ctrl *c, int err)
{
	unsigned waiting = 0;

	for (unsigned i = 0; i < CTRL_CALLS; i++)
		waiting += c->call[i].state == CALL_WAIT_DISCONNECT;
	if (c->state <= CTRL_UP)
		set_cause(c, CTRL_CAUSE_LOST, "the control connection was "
		    "lost: %s (error %d)", error_words(err), err);
	if (c->state == CTRL_WAIT_REPLY)
		eof_early(c, err);
	else if (c->state == CTRL_UP && (c->stop_wanted ||
	    (waiting > 0 && waiting == ctrl_calls(c))))
		set_cause(c, CTRL_CAUSE_LOCAL, "the control connection was "
		    "ended here, and then closed by the server");
	else if (c->state == CTRL_UP && err == 0)
		set_cause(c, CTRL_CAUSE_SERVER_ENDED,
		    "the server closed the control connection");
	ctrl_close(c);
}
