/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control connection of RFC 2637, PNS side.
 *
 * Theory of operation.  The connection and each of its calls have a state and
 * a deadline.  What the server sends (pptp_ctrl_in.c), what the caller wants
 * and what a deadline says changes states and appends whole messages to out[]
 * and events to ev[]; ctrl_output() shows one message at a time.
 * ctrl_settle() runs after every change and does what has become possible:
 * the next waiting call, or the next step of an orderly end.
 *
 * Nothing grows with what the peer does.  out[] keeps its second half for
 * messages of our own, so that answers to a flood are left out first, and a
 * peer that reads nothing ends the connection when even that is full.  ev[]
 * loses log lines first; ev_room() sees to it that nothing else is lost.
 */
#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "ctrl.h"
#include "ctrl_impl.h"
#include "quirks.h"
#include "wire.h"

#define SECONDS(us)	((double)(us) / 1e6)

enum {
	SPACING = 200000,	/* microseconds between QUIRK_ASYNCREAD sends */
	LATE = 2000000,		/* a tick this late: the machine slept */
	ODD_PERIOD = 60000000,	/* in which at most ... */
	ODD_MAX = 20		/* ... this many odd things are said aloud */
};

static struct ctrl_event *
ev_slot(struct ctrl *c, unsigned i)
{
	return &c->ev[(c->ev_head + i) % CTRL_EVENTS];
}

static struct ctrl_event *
ev_append(struct ctrl *c, enum ctrl_event_type type)
{
	struct ctrl_event *e = ev_slot(c, c->ev_count++);

	memset(e, 0, sizeof(*e));
	e->type = type;
	return e;
}

/* What a peer can provoke at level 2, logged by default, is limited. */
struct ctrl_event *
ctrl_log(struct ctrl *c, int level)
{
	struct ctrl_event *e;

	if (c->heard - c->odd_since >= ODD_PERIOD) {
		c->odd_since = c->heard;
		c->odd = 0;
	}
	if (level == 2 && c->odd++ >= ODD_MAX)
		level = 3;
	if (c->ev_count == CTRL_EVENTS)
		return NULL;
	e = ev_append(c, CTRL_EV_LOG);
	e->level = level;
	return e;
}

/* Drops the oldest log line; ev_room() saw to it that there is one. */
static void
ev_drop_log(struct ctrl *c)
{
	unsigned i = 0;

	while (i < c->ev_count && ev_slot(c, i)->type != CTRL_EV_LOG)
		i++;
	assert(i < c->ev_count);
	for (; i + 1 < c->ev_count; i++)
		*ev_slot(c, i) = *ev_slot(c, i + 1);
	c->ev_count--;
}

void
ctrl_push(struct ctrl *c, enum ctrl_event_type type, uint16_t call,
    enum ctrl_cause cause, const char *text)
{
	struct ctrl_event *e;

	if (c->ev_count == CTRL_EVENTS)
		ev_drop_log(c);
	e = ev_append(c, type);
	e->call = call;
	e->cause = cause;
	SAY(e->text, "%s", text);
}

bool
ctrl_event(struct ctrl *c, struct ctrl_event *e)
{
	if (c->ev_count == 0)
		return false;
	*e = *ev_slot(c, 0);
	c->ev_head = --c->ev_count == 0 ? 0 : (c->ev_head + 1) % CTRL_EVENTS;
	return true;
}

/*
 * Is there room for every event of one more call?  Owed at most: UP and
 * CLOSED; CALL_DOWN for each call, and CALL_UP for those that are not up.
 */
static bool
ev_room(struct ctrl *c)
{
	unsigned owed = 2 + 2;

	for (unsigned i = 0; i < c->ev_count; i++)
		owed += ev_slot(c, i)->type != CTRL_EV_LOG;
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state != CALL_FREE)
			owed += c->call[i].state == CALL_UP ? 1 : 2;
	return owed <= CTRL_EVENTS;
}

int64_t
ctrl_after(int64_t now, int64_t us)
{
	return us > CTRL_NEVER - now ? CTRL_NEVER : now + us;
}

void
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
			SAY(own, "the server did not answer the "
			    "Outgoing-Call-Request within %g s",
			    SECONDS(c->conf.reply_us));
		else
			SAY(own, "call %u was ended here", id);
	}
	memset(call, 0, sizeof(*call));
	ctrl_push(c, CTRL_EV_CALL_DOWN, id, cause, text);
}

void
ctrl_calls_down(struct ctrl *c)
{
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state != CALL_FREE)
			ctrl_call_down(c, &c->call[i], c->end_cause,
			    c->end_text);
}

void
ctrl_close(struct ctrl *c)
{
	if (c->state == CTRL_CLOSED)
		return;
	c->state = CTRL_CLOSED;
	c->deadline = c->echo_due = CTRL_NEVER;
	c->out_len = c->out_sent = 0;
	ctrl_calls_down(c);
	ctrl_push(c, CTRL_EV_CLOSED, 0, c->end_cause, c->end_text);
}

/* Answers to the peer's own requests: a flood of them may be left out. */
static bool
is_courtesy(unsigned type)
{
	return type == ECHO_REPLY || type == OUT_CALL_REPLY ||
	    type == IN_CALL_REPLY || type == CALL_DISCONNECT;
}

/* There is no room for a message: what becomes of that. */
static void
put_failed(struct ctrl *c, unsigned type)
{
	if (is_courtesy(type)) {
		LOG(c, 2, "left out a message (%s): the server does not read "
		    "the answers it asks for", ctrl_msgs[type].name);
		return;
	}
	if (c->state < CTRL_WAIT_STOP)
		WHY(c, CTRL_CAUSE_LOST,
		    "the server reads nothing of what it is sent");
	ctrl_close(c);
}

struct wr
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

bool
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
	next->deadline = ctrl_after(now, c->conf.reply_us);
	c->requested++;
	w = ctrl_put(c, OUT_CALL_REQUEST);
	msg_call_request(&w, &next->conf);
}

void
ctrl_ask_stop(struct ctrl *c, uint8_t reason, int64_t now)
{
	struct wr w;

	c->state = CTRL_WAIT_STOP;
	c->deadline = ctrl_after(now, c->conf.end_us);
	c->echo_due = CTRL_NEVER;
	w = ctrl_put(c, STOP_REQUEST);
	wr_u8(&w, reason);
}

void
ctrl_settle(struct ctrl *c, int64_t now)
{
	if (c->state == CTRL_FLUSH && c->out_len == 0)
		ctrl_close(c);
	if (c->state != CTRL_UP)
		return;
	if (!c->stop_wanted) {
		call_next(c, now);
	} else if (ctrl_calls(c) == 0) {
		WHY(c, CTRL_CAUSE_LOCAL,
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
	call->deadline = ctrl_after(now, c->conf.end_us);
	w = ctrl_put(c, CALL_CLEAR_REQUEST);
	wr_u16(&w, call->conf.id);
}

void
ctrl_log_message(struct ctrl *c, const char *what, const uint8_t *p)
{
	unsigned type = msg_u16(p + 8);
	struct rd r = { .p = p + PPTP_HEADER };
	char text[CTRL_EVENT_TEXT - 48];	/* a name goes before it */

	r.end = p + ctrl_msgs[type].size;
	msg_fields(text, sizeof(text), type, r);
	LOG(c, 3, "%s %s: %s", what, ctrl_msgs[type].name, text);
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
			c->echo_due = ctrl_after(now, c->conf.echo_us);
	}
	if (c->conf.quirks & QUIRK_ASYNCREAD) {
		c->hold_until = ctrl_after(now, SPACING);
		c->hold_for = ctrl_msgs[type].answer;
	}
	ctrl_settle(c, now);
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
	return ctrl_after(c->asked > c->heard ? c->asked : c->heard,
	    c->conf.idle_us);
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t
ctrl_due(const struct ctrl *c)
{
	int64_t due = sooner(c->deadline, c->echo_due);

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
		WHY(c, CTRL_CAUSE_TIMEOUT, "the server did not answer the "
		    "Start-Control-Connection-Request within %g s",
		    SECONDS(c->conf.reply_us));
	else if (c->state == CTRL_WAIT_STOP)
		LOG(c, 3, "the server does not confirm the end: closing");
	ctrl_close(c);
}

static void
tick_call(struct ctrl *c, struct ctrl_call *call, int64_t now)
{
	if (call->state == CALL_WAIT_REPLY) {
		call_clear(c, call, CTRL_CAUSE_TIMEOUT, now);
	} else if (call->state == CALL_WAIT_DISCONNECT) {
		LOG(c, 3, "the server does not confirm the end of call %u",
		    call->conf.id);
		ctrl_call_down(c, call, call->cause, "");
	}
}

/* The wait for its reply counts from here, and again once it is sent. */
static void
echo_ask(struct ctrl *c, int64_t now)
{
	struct wr w;

	c->asked = now;
	if (c->conf.echo_us > 0)
		c->echo_due = ctrl_after(now, c->conf.echo_us);
	if (c->echo_queued)
		return;
	c->echo_queued = true;
	c->echo_id = c->echo_id * 1664525u + 1013904223u;
	w = ctrl_put(c, ECHO_REQUEST);
	wr_u32(&w, c->echo_id);
}

/*
 * Long after the time at which the reply was due, this machine slept rather
 * than the server: it is asked again.
 */
static void
tick_echo(struct ctrl *c, int64_t now)
{
	if (now >= idle_due(c)) {
		echo_ask(c, now);
	} else if (now >= c->echo_due && now - c->echo_due >= LATE) {
		LOG(c, 3, "late by %g s: asking the server again",
		    SECONDS(now - c->echo_due));
		echo_ask(c, now);
	} else if (now >= c->echo_due) {
		WHY(c, CTRL_CAUSE_LOST, "the server did not answer an "
		    "Echo-Request within %g s", SECONDS(c->conf.echo_us));
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
	ctrl_settle(c, now);
}

void
ctrl_init(struct ctrl *c, const struct ctrl_conf *conf, uint32_t seed,
    int64_t now)
{
	struct wr w;

	/* Queued events come with ev_count; their pages may stay untouched. */
	memset(c, 0, offsetof(struct ctrl, ev));
	c->conf = *conf;
	c->state = CTRL_WAIT_REPLY;
	c->deadline = ctrl_after(now, conf->reply_us);
	c->echo_due = CTRL_NEVER;
	c->echo_id = seed;
	c->heard = c->asked = c->odd_since = now;
	w = ctrl_put(c, START_REQUEST);
	msg_start_request(&w, &c->conf);
}

int
ctrl_call_open(struct ctrl *c, const struct ctrl_call_conf *conf, int64_t now)
{
	struct ctrl_call *call = NULL;

	if (c->state > CTRL_UP || c->stop_wanted || !ev_room(c) ||
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
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state != CALL_FREE && c->call[i].conf.id == id)
			call_clear(c, &c->call[i], CTRL_CAUSE_LOCAL, now);
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
		WHY(c, CTRL_CAUSE_LOCAL,
		    "the control connection was ended here before it was up");
		ctrl_close(c);
	}
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		call_clear(c, &c->call[i], CTRL_CAUSE_LOCAL, now);
	ctrl_settle(c, now);
}

const struct ctrl_call *
ctrl_call_find(const struct ctrl *c, uint16_t id)
{
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state != CALL_FREE && c->call[i].conf.id == id)
			return &c->call[i];
	return NULL;
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
