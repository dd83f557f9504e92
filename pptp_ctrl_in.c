/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What comes in on the control connection: framing, the table of messages,
 * and what each does.
 *
 * Theory of operation.  ctrl_feed() collects one message in in[], judges its
 * header as soon as it is there, and hands the whole message to its row of
 * ctrl_msgs[], which knows its size, the states in which it may arrive and
 * its handler.  A message longer than its size is taken, its surplus not
 * even stored; one that is shorter cannot be.  A stream is never searched for
 * the next magic cookie (RFC 2637 2): what cannot be a message ends the
 * connection.  The one exception is the text a QUIRK_WELCOME server sends
 * before its first message.
 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "ctrl.h"
#include "ctrl_impl.h"
#include "quirks.h"
#include "wire.h"

#define IN(s)	(1u << CTRL_##s)

enum { JUDGED = 8 };	/* length, type and magic: enough to judge */

static const char *const state_names[] = {
	"waiting for the Start-Control-Connection-Reply", "established",
	"waiting for the Stop-Control-Connection-Reply", "closing", "closed"
};
static_assert(sizeof(state_names) / sizeof(state_names[0]) == CTRL_STATES,
    "a name for each state");

static void
on_start_reply(struct ctrl *c, struct rd *r)
{
	struct ctrl_peer *p = &c->peer;
	char text[192], host[72], vendor[72];
	unsigned result, error;

	p->version = rd_u16(r);
	result = rd_u8(r);
	error = rd_u8(r);
	p->framing = rd_u32(r);
	p->bearer = rd_u32(r);
	p->max_channels = rd_u16(r);
	p->firmware = rd_u16(r);
	rd_text(r, p->host, PPTP_TEXT);
	rd_text(r, p->vendor, PPTP_TEXT);
	if (result > PPTP_RESULT_OK) {
		msg_result(text, sizeof(text), ctrl_start_result(result),
		    result, error, 0);
		WHY(c, CTRL_CAUSE_REFUSED,
		    "the server refused the connection: %.180s", text);
		ctrl_close(c);
		return;
	}
	if (p->version < PPTP_VERSION) {
		WHY(c, CTRL_CAUSE_REFUSED, "the server speaks version %u.%u "
		    "of PPTP, which is not supported", p->version / 256u,
		    p->version % 256u);
		ctrl_calls_down(c);
		ctrl_ask_stop(c, STOP_PROTOCOL, c->heard);
		return;
	}
	if (result == 0)		/* some ADSL modems */
		LOG(c, 2, "the server's reply has no result: taken for "
		    "success");
	c->state = CTRL_UP;
	c->deadline = CTRL_NEVER;
	ctrl_escape(host, sizeof(host), p->host, strlen(p->host));
	ctrl_escape(vendor, sizeof(vendor), p->vendor, strlen(p->vendor));
	SAY(text, "the control connection is up: host \"%s\", vendor \"%s\"",
	    host, vendor);
	ctrl_push(c, CTRL_EV_UP, 0, CTRL_CAUSE_LOCAL, text);
}

static void
on_stop_request(struct ctrl *c, struct rd *r)
{
	unsigned reason = rd_u8(r);
	const char *words = ctrl_stop_reason(reason);
	struct wr w;

	if (words[0] == '?')
		words = "no reason given";
	if (c->stop_wanted)
		WHY(c, CTRL_CAUSE_LOCAL, "the control connection was ended "
		    "here, and by the server: %s (reason %u)", words, reason);
	else if (c->state == CTRL_UP)
		WHY(c, CTRL_CAUSE_SERVER_ENDED, "the server ended the "
		    "connection: %s (reason %u)", words, reason);
	else if (c->state == CTRL_WAIT_REPLY)
		WHY(c, CTRL_CAUSE_REFUSED, "the server refused the "
		    "connection: %s (reason %u)", words, reason);
	ctrl_calls_down(c);
	c->echo_due = CTRL_NEVER;
	c->state = CTRL_FLUSH;
	c->deadline = ctrl_after(c->heard, c->conf.end_us);
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

	msg_echo_reply(&w, rd_u32(r));
}

static void
on_echo_reply(struct ctrl *c, struct rd *r)
{
	uint32_t id = rd_u32(r);

	if (c->echo_due != CTRL_NEVER && id != c->echo_id)
		LOG(c, 2, "the server answers echo 0x%08x instead of 0x%08x: "
		    "ignored", id, c->echo_id);
	else
		c->echo_due = CTRL_NEVER;
}

/* A server that calls takes us for a PAC: result 7, prohibited. */
static void
on_call_request(struct ctrl *c, struct rd *r)
{
	struct wr w = ctrl_put(c, OUT_CALL_REPLY);

	msg_refusal(&w, rd_u16(r), 7);
	LOG(c, 2, "the server asks for an outgoing call: refused");
}

/* Result 3: do not accept. */
static void
on_in_call_request(struct ctrl *c, struct rd *r)
{
	struct wr w = ctrl_put(c, IN_CALL_REPLY);

	msg_refusal(&w, rd_u16(r), 3);
	LOG(c, 2, "the server announces an incoming call: refused");
}

/* The call with this id of ours that has been asked for; NULL. */
static struct ctrl_call *
call_asked(struct ctrl *c, uint16_t id)
{
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].state > CALL_QUEUED && c->call[i].conf.id == id)
			return &c->call[i];
	return NULL;
}

/*
 * The call that a server ends: named by its own id (RFC 2637 2.13), by ours
 * in some servers, and by neither in a few, which does no harm while the
 * connection has seen one call only.
 */
static struct ctrl_call *
call_ended(struct ctrl *c, uint16_t id)
{
	struct ctrl_call *call;

	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (c->call[i].answered && c->call[i].peer_id == id)
			return &c->call[i];
	call = call_asked(c, id);
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
	struct ctrl_call *call = call_asked(c, id);

	for (unsigned i = 0; i < CTRL_CALLS; i++)
		if (call == NULL && id == 0 && result != PPTP_RESULT_OK &&
		    ctrl_call_pending(&c->call[i]))
			call = &c->call[i];
	return call;
}

static void
call_up(struct ctrl *c, struct ctrl_call *call)
{
	uint16_t peer_id = call->peer_id;
	struct quirk_fields f;
	char text[CTRL_EVENT_TEXT];

	call->state = CALL_UP;
	call->deadline = CTRL_NEVER;
	SAY(text, "call %u is up: the server's call %u, %u bit/s, window %u",
	    call->conf.id, peer_id, call->speed, call->peer_window);
	ctrl_push(c, CTRL_EV_CALL_UP, call->conf.id, CTRL_CAUSE_LOCAL, text);
	quirk_fields(&f, call->conf.quirks);
	if (f.link_info) {
		struct wr w = ctrl_put(c, SET_LINK_INFO);

		msg_link_info(&w, peer_id);
	}
}

static void
on_call_reply(struct ctrl *c, struct rd *r)
{
	uint16_t peer_id = rd_u16(r), id = rd_u16(r);
	unsigned result = rd_u8(r), error = rd_u8(r), cause = rd_u16(r);
	struct ctrl_call *call = call_answered(c, id, result);
	char why[180], text[CTRL_EVENT_TEXT];

	if (call == NULL || call->answered) {
		LOG(c, 2, "the server answers for call %u, which did not ask: "
		    "ignored", id);
		return;
	}
	if (result != PPTP_RESULT_OK) {
		msg_result(why, sizeof(why), ctrl_call_result(result), result,
		    error, cause);
		SAY(text, "the server refused the call: %s", why);
		ctrl_call_down(c, call, CTRL_CAUSE_CALL_REFUSED, text);
		return;
	}
	call->answered = true;
	call->peer_id = peer_id;
	call->speed = rd_u32(r);
	call->peer_window = rd_u16(r);
	call->peer_delay = rd_u16(r);
	if (call->state == CALL_WAIT_REPLY)
		call_up(c, call);
}

/* Only a PNS clears calls; whoever does it to us has ended ours. */
static void
on_clear_request(struct ctrl *c, struct rd *r)
{
	uint16_t id = rd_u16(r);
	struct ctrl_call *call = call_ended(c, id);
	struct wr w;

	if (call == NULL) {
		LOG(c, 2, "the server clears call %u, which is none of ours: "
		    "ignored", id);
		return;
	}
	w = ctrl_put(c, CALL_DISCONNECT);
	msg_disconnect(&w, call->conf.id);
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

	/* In answer to a Call-Clear-Request, later than we waited for it. */
	if (call == NULL && c->state == CTRL_WAIT_STOP)
		return;
	if (call == NULL) {
		LOG(c, 2, "the server ends call %u, which is none of ours: "
		    "ignored", id);
		return;
	}
	msg_result(why, sizeof(why), result == 0 ? "no reason given" :
	    ctrl_disconnect_result(result), result, error, cause);
	SAY(text, "the server %s the call: %s", call->state ==
	    CALL_WAIT_REPLY ? "refused" : "ended", why);
	ctrl_call_down(c, call, CTRL_CAUSE_SERVER_ENDED, text);
}

/* Its six counters are in the log; there is nothing else to do. */
static void
on_wan_error(struct ctrl *c, struct rd *r)
{
	LOG(c, 2, "the server reports errors on the line of call %u",
	    rd_u16(r));
}

/* There is no serial line here whose control characters could matter. */
static void
on_link_info(struct ctrl *c, struct rd *r)
{
	(void)c;
	(void)r;
}

/* RFC 2637 2.1 to 2.15.  No state: never expected from a PAC. */
const struct ctrl_msg ctrl_msgs[PPTP_TYPES] = {
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
	[SET_LINK_INFO] = { "Set-Link-Info", 24, 0, IN(UP), on_link_info },
};

const char *
ctrl_message_name(unsigned type)
{
	return type < PPTP_TYPES && ctrl_msgs[type].name != NULL ?
	    ctrl_msgs[type].name : "?";
}

/* What is in in[] cannot be; rest is what was received after it. */
static void
malformed(struct ctrl *c, const uint8_t *rest, size_t n, const char *why)
{
	char head[48];
	size_t have = c->in_len < sizeof(head) ? c->in_len : sizeof(head);

	if (n > sizeof(head) - have)
		n = sizeof(head) - have;
	memcpy(head, c->in, have);
	memcpy(head + have, rest, n);
	if (c->state == CTRL_WAIT_REPLY) {
		c->end_cause = CTRL_CAUSE_NOT_PPTP;
		msg_guess(c->end_text, sizeof(c->end_text), head, have + n,
		    why);
	} else if (c->state == CTRL_UP) {
		WHY(c, CTRL_CAUSE_LOST, "the server sent a malformed message: "
		    "%s", why);
	}
	ctrl_close(c);
}

/* A whole message is there. */
static void
in_message(struct ctrl *c, int64_t now)
{
	struct rd r = { .p = c->in, .end = c->in + sizeof(c->in) };
	unsigned kind, type;
	const struct ctrl_msg *m;
	char why[96];

	rd_u16(&r);
	kind = rd_u16(&r);
	rd_u32(&r);
	type = rd_u16(&r);
	rd_u16(&r);			/* reserved: some servers use it */
	c->heard = now;
	c->greeted = true;
	m = &ctrl_msgs[type < PPTP_TYPES ? type : 0];
	if (kind != PPTP_CONTROL || m->size == 0) {
		LOG(c, 2, "received a message of unknown type %u.%u, %zu "
		    "octets: ignored", kind, type, c->in_total);
		return;
	}
	if (c->in_total < m->size) {
		SAY(why, "%s of %zu octets instead of %u", m->name,
		    c->in_total, m->size);
		malformed(c, c->in, 0, why);
		return;
	}
	ctrl_log_message(c, "received", c->in);
	if (type == c->hold_for) {
		c->hold_for = 0;
		c->hold_until = 0;
	}
	if (m->states & 1u << c->state)
		m->on(c, &r);
	else
		LOG(c, 2, "%s is not expected while %s: ignored", m->name,
		    state_names[c->state]);
	ctrl_settle(c, now);
}

/* Skips welcome text, octet by octet, until a whole header makes sense. */
static bool
in_welcome(struct ctrl *c)
{
	unsigned type = msg_u16(c->in + 8);

	if (c->in_total >= PPTP_HEADER && c->in_total <= CTRL_MSG_LONGEST &&
	    msg_u16(c->in + 2) == PPTP_CONTROL &&
	    memcmp(c->in + 4, "\x1a\x2b\x3c\x4d", 4) == 0 &&
	    type > 0 && type < PPTP_TYPES) {
		c->greeted = true;
		if (c->skipped > 0)
			LOG(c, 2, "skipped %zu octets of text before the "
			    "first message", c->skipped);
		return true;
	}
	memmove(c->in, c->in + 1, --c->in_len);
	if (++c->skipped > CTRL_WELCOME_MAX) {
		WHY(c, CTRL_CAUSE_NOT_PPTP, "this is not a PPTP server: no "
		    "message in the first %d octets", CTRL_WELCOME_MAX);
		ctrl_close(c);
	}
	return false;
}

/* Length, type and magic are there; rest is what came with them. */
static bool
in_judge(struct ctrl *c, const uint8_t *rest, size_t n)
{
	char why[64];
	struct rd r = { .p = c->in + 4, .end = c->in + JUDGED };
	uint32_t magic = rd_u32(&r);

	if (magic != PPTP_MAGIC)
		SAY(why, "bad magic cookie 0x%08x", magic);
	else if (c->in_total < PPTP_HEADER || c->in_total > CTRL_MSG_LONGEST)
		SAY(why, "length %zu is out of range", c->in_total);
	else
		return true;
	malformed(c, rest, n, why);
	return false;
}

/* Takes what is still wanted of a header or message; how much it took. */
static size_t
in_take(struct ctrl *c, const uint8_t *buf, size_t n, size_t want)
{
	size_t room;

	if (n > want - c->in_len)
		n = want - c->in_len;
	room = c->in_len < sizeof(c->in) ? sizeof(c->in) - c->in_len : 0;
	if (room > 0)
		memcpy(c->in + c->in_len, buf, n < room ? n : room);
	c->in_len += n;
	return n;
}

size_t
ctrl_feed(struct ctrl *c, const uint8_t *buf, size_t n, int64_t now)
{
	size_t used = 0;

	while (used < n && c->state < CTRL_FLUSH) {
		bool skip = (c->conf.quirks & QUIRK_WELCOME) && !c->greeted;
		size_t first = skip ? PPTP_HEADER : JUDGED;
		size_t want = c->in_len < first ? first : c->in_total;

		used += in_take(c, buf + used, n - used, want);
		if (c->in_len < want)
			break;
		if (want == first) {
			c->in_total = msg_u16(c->in);
			if (!(skip ? in_welcome(c) :
			    in_judge(c, buf + used, n - used)))
				continue;
		}
		if (c->in_len == c->in_total) {
			in_message(c, now);
			c->in_len = c->in_total = 0;
			break;
		}
	}
	return c->state < CTRL_FLUSH ? used : n;
}

static const char *
error_words(int err)
{
	switch (err) {
	case ECONNRESET:
	case EPIPE:
		return "reset by the server";
	case ETIMEDOUT:
		return "timed out";
	case EHOSTUNREACH:
	case ENETUNREACH:
		return "the server is unreachable";
	default:
		return "failed";
	}
}

/* The end of the stream before the server said anything that was PPTP. */
static void
eof_early(struct ctrl *c, int err)
{
	if (c->skipped > 0)
		WHY(c, CTRL_CAUSE_NOT_PPTP, "this is not a PPTP server: it "
		    "sent %zu octets of text and no message",
		    c->skipped + c->in_len);
	else if (c->in_len > 0)
		malformed(c, c->in, 0, "it closed the connection within its "
		    "first message");
	else if (err == 0 || err == ECONNRESET || err == EPIPE)
		WHY(c, CTRL_CAUSE_REFUSED, "the server closed the connection "
		    "without an answer: it may be full, not want this client, "
		    "or not be a PPTP server");
	else
		WHY(c, CTRL_CAUSE_LOST, "the control connection: %s (error "
		    "%d)", error_words(err), err);
}

void
ctrl_eof(struct ctrl *c, int err, int64_t now)
{
	unsigned waiting = 0;

	(void)now;
	for (unsigned i = 0; i < CTRL_CALLS; i++)
		waiting += c->call[i].state == CALL_WAIT_DISCONNECT;
	if (c->state == CTRL_WAIT_REPLY) {
		eof_early(c, err);
	} else if (c->state == CTRL_UP) {
		if (c->stop_wanted ||
		    (waiting > 0 && waiting == ctrl_calls(c)))
			WHY(c, CTRL_CAUSE_LOCAL, "the control connection was "
			    "ended here, and then closed by the server");
		else if (err == 0)
			WHY(c, CTRL_CAUSE_SERVER_ENDED,
			    "the server closed the control connection");
		else
			WHY(c, CTRL_CAUSE_LOST, "the control connection was "
			    "lost: %s (error %d)", error_words(err), err);
	}
	ctrl_close(c);
}
