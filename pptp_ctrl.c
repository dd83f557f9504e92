/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control connection of RFC 2637, PNS side, with its one call (pure).
 *
 * Theory of operation.  A message from the server, a request of the user of
 * this module or a deadline changes the state, appends whole messages to out[]
 * and is told to the user as an event.
 *
 * No memory grows with what the peer sends.  Replies may fill the first half of
 * out[] only, so that a flood of requests leaves room for our own messages,
 * which are so few that they always fit.
 *
 * A stream is never searched for the next magic cookie (RFC 2637 2): what does
 * not begin with length, kind and cookie ends the connection, except for the
 * text that some servers send before their first message.  The surplus of a
 * message longer than RFC 2637 says is skipped; what a shorter one lacks is
 * taken for zeroes.
 */
#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctrl_msg.h"
#include "pptp_ctrl.h"
#include "pptp_quirks.h"
#include "util.h"
#include "wire.h"

enum {
	SECOND = 1000000,	/* in microseconds, as the next five */
	SPACING = 200000,	/* between QUIRK_ASYNCREAD sends */
	END_US = SECOND,	/* wait for each answer at an orderly end */
	LAST_CALL_US = 200000,	/* for the server to end a connection whose
				 * call it has ended: some do, others not */
	LATE = 2 * SECOND,	/* a tick this late: the machine slept */
	WARN_PERIOD = 60 * SECOND,	/* in which at most ... */
	WARN_MAX = 12,		/* ... this many warnings are logged */
	JUDGED = 8,		/* octets of length, kind and magic cookie */
	SHOWN = 48,		/* octets quoted of a reply that is not PPTP */
	MIN_BPS = 2400,		/* asked for in an OCRQ */
	WELCOME_MAX = 4096	/* of text before the first message */
};

struct ctrl_msg {
	const char	*name;
	const char	*fields;		/* in the form of ctrl_msg.h */
	uint8_t		 size;			/* RFC 2637, header included */
	uint8_t		 answer;		/* the type that answers it */
	uint8_t		 states;		/* bits: when it may arrive */
	void		(*on)(struct ctrl *, struct rd *);
};

/* By message type; defined below. */
static const struct ctrl_msg ctrl_msgs[PPTP_TYPES];

enum { WARNING = LOG_L_INFO, MESSAGE = LOG_L_CONTROL };

/*
 * Logs a line.  The server can cause any number of warnings, which are logged
 * by default: those beyond WARN_MAX a minute get the level of messages.
 */
static void PRINTF(3, 4)
ctrl_log(struct ctrl *c, unsigned level, const char *format, ...)
{
	char line[CTRL_TEXT];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	if (level == WARNING && c->now >= c->warn_until) {
		c->warn_until = c->now + WARN_PERIOD;
		c->warnings = 0;
	}
	if (level == WARNING && c->warnings++ >= WARN_MAX)
		level = MESSAGE;
	c->on_event(c->user, CTRL_EV_LOG, level, line);
	if (level == WARNING && c->warnings == WARN_MAX)
		c->on_event(c->user, CTRL_EV_LOG, WARNING, "further warnings "
		    "within a minute are logged with --loglevel 3 only");
}

/* The deadline of the new state comes after `wait`; CTRL_NEVER: it has none. */
static void
ctrl_enter(struct ctrl *c, enum ctrl_state state, int64_t wait)
{
	c->state = state;
	c->deadline = wait == CTRL_NEVER ? CTRL_NEVER : c->now + wait;
	c->echo_due = CTRL_NEVER;
}

/*
 * The call has ended, if it had not before; a state after CTRL_WAIT_CLEAR
 * follows.  What ends a call that we are ending does not matter; one that ends
 * before its Outgoing-Call-Reply counts as refused.
 */
static void PRINTF(3, 4)
call_down(struct ctrl *c, enum exit_status status, const char *format, ...)
{
	char text[CTRL_TEXT];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (c->state == CTRL_WAIT_CALL && status == EXIT_SERVER_ENDED)
		status = EXIT_CALL_REFUSED;
	if (c->state == CTRL_WAIT_CLEAR)
		c->on_event(c->user, CTRL_EV_CALL_DOWN, EXIT_OK,
		    "the call was ended here");
	else if (c->state <= CTRL_UP)
		c->on_event(c->user, CTRL_EV_CALL_DOWN, status, text);
}

/* Ends the connection; call_down() has said why. */
static void
ctrl_close(struct ctrl *c)
{
	if (c->state == CTRL_CLOSED)
		return;
	ctrl_enter(c, CTRL_CLOSED, CTRL_NEVER);
	c->out_len = c->out_sent = 0;
	c->on_event(c->user, CTRL_EV_CLOSED, 0, NULL);
}

/* The fields of a message of ours; those that are left out are zero. */
#define NUMBERS(...)	(const uint32_t[MSG_NUMBERS]){ __VA_ARGS__ }

/* Replies to the peer's requests, which may be left out in a flood. */
enum { COURTESIES = 1 << ECHO_REPLY | 1 << OUT_CALL_REPLY |
	    1 << IN_CALL_REPLY | 1 << CALL_DISCONNECT };

/* Appends a message of this type to out[]; leaves it out in a flood. */
static void
ctrl_put(struct ctrl *c, unsigned type,
    const uint32_t numbers[MSG_NUMBERS], const char *const *texts)
{
	const struct ctrl_msg *m = &ctrl_msgs[type];

	if ((COURTESIES >> type & 1) != 0 &&
	    c->out_len + m->size > CTRL_OUT / 2) {
		ctrl_log(c, WARNING, "left out a message (%s): the server does "
		    "not read the answers it asks for", m->name);
		return;
	}
	assert(c->out_len + m->size <= CTRL_OUT);
	msg_put(c->out + c->out_len, m->size, type, m->fields, numbers,
	    texts);
	c->out_len += m->size;
}

static void
call_request(struct ctrl *c)
{
	const struct quirk_fields *f = quirk_fields(c->conf.quirks);
	const char *phone = c->conf.phone[0] != '\0' ? c->conf.phone : f->phone;

	ctrl_put(c, OUT_CALL_REQUEST, NUMBERS(c->conf.id,
	    f->serial >= 0 ? (uint16_t)f->serial : c->serial, MIN_BPS,
	    f->max_bps, f->bearer_type, FRAMING_ASYNC | FRAMING_SYNC,
	    c->conf.window, 0, (uint32_t)strlen(phone), 0),
	    (const char *const[]){ phone, "" });
}

static void
ctrl_ask_stop(struct ctrl *c, unsigned reason)
{
	ctrl_enter(c, CTRL_WAIT_STOP, END_US);
	ctrl_put(c, STOP_REQUEST, NUMBERS(reason), NULL);
}

/* Logs a message, "sent" or "received"; p has all octets of the RFC's size. */
static void
log_message(struct ctrl *c, const char *what, const uint8_t *p)
{
	const struct ctrl_msg *m = &ctrl_msgs[msg_u16(p + 8)];
	struct rd body = { .p = p + PPTP_HEADER, .end = p + m->size };
	char text[CTRL_TEXT - 48];		/* leaves room for the name */

	msg_fields(text, sizeof(text), m->fields, body);
	ctrl_log(c, MESSAGE, "%s %s: %s", what, m->name, text);
}

const uint8_t *
ctrl_output(struct ctrl *c, size_t *len, int64_t now)
{
	*len = 0;
	c->now = now;
	if (c->out_len == 0 || (now < c->hold_until && c->out_sent == 0))
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
	c->now = now;
	size = msg_u16(c->out);
	type = msg_u16(c->out + 8);
	c->out_sent += n;
	assert(c->out_sent <= size);
	if (c->out_sent < size)
		return;
	log_message(c, "sent", c->out);
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
	if (c->state == CTRL_FLUSH && c->out_len == 0)
		ctrl_close(c);
}

/*
 * When the next Echo-Request is due.  Some servers drop a connection on
 * which one comes before the call is up.
 */
static int64_t
idle_due(const struct ctrl *c)
{
	if (c->state != CTRL_UP || c->conf.idle_us == 0 ||
	    c->echo_due != CTRL_NEVER)
		return CTRL_NEVER;
	return c->conf.idle_us + c->active_at;
}

int64_t
ctrl_due(const struct ctrl *c)
{
	int64_t due = sooner(sooner(c->deadline, c->echo_due), idle_due(c));

	if (c->out_len > 0 && c->hold_until > c->now)
		due = sooner(due, c->hold_until);
	return due;
}

/*
 * Queues an Echo-Request.  The wait for the reply begins here, and anew once
 * the request is sent.
 */
static void
echo_ask(struct ctrl *c)
{
	c->active_at = c->now;
	if (c->conf.echo_us > 0)
		c->echo_due = c->now + c->conf.echo_us;
	if (c->echo_queued)
		return;
	c->echo_queued = true;
	ctrl_put(c, ECHO_REQUEST, NUMBERS(++c->echo_id), NULL);
}

/*
 * A tick long after its time means that this machine slept, not that the server
 * is gone: another Echo-Request will tell.
 */
static void
tick_echo(struct ctrl *c)
{
	if (c->now >= idle_due(c)) {
		echo_ask(c);
	} else if (c->now >= c->echo_due && c->now - c->echo_due >= LATE) {
		ctrl_log(c, MESSAGE, "late by %d s: asking the server again",
		    (int)((c->now - c->echo_due) / SECOND));
		echo_ask(c);
	} else if (c->now >= c->echo_due) {
		call_down(c, EXIT_LOST, "the server did not answer an "
		    "Echo-Request within %d s",
		    (int)(c->conf.echo_us / SECOND));
		ctrl_close(c);
	}
}

void
ctrl_tick(struct ctrl *c, int64_t now)
{
	c->now = now;
	tick_echo(c);
	if (now < c->deadline)
		return;
	if (c->state == CTRL_WAIT_CLEAR || c->state == CTRL_WAIT_STOP)
		ctrl_log(c, MESSAGE, "the server does not confirm the end");
	if (c->state >= CTRL_WAIT_STOP) {
		ctrl_close(c);
		return;
	}
	call_down(c, EXIT_OK, "the call was ended here");
	ctrl_ask_stop(c, STOP_LOCAL);
}

void
ctrl_init(struct ctrl *c, const struct ipc_call *conf, uint16_t serial,
    ctrl_event_fn *on_event, void *user, int64_t now)
{
	const struct quirk_fields *f = quirk_fields(conf->quirks);

	memset(c, 0, sizeof(*c));
	c->conf = *conf;
	c->serial = serial;
	c->on_event = on_event;
	c->user = user;
	c->now = c->active_at = now;
	c->welcome = (conf->quirks & QUIRK_WELCOME) != 0;
	ctrl_enter(c, CTRL_WAIT_REPLY, CTRL_NEVER);
	/* A PNS sends 0 as its number of channels (RFC 2637 2.1). */
	ctrl_put(c, START_REQUEST, NUMBERS(PPTP_VERSION, 0,
	    f->framing_caps, f->bearer_caps, 0, f->firmware),
	    (const char *const[]){ conf->hostname[0] != '\0' ?
	    conf->hostname : f->host, f->vendor });
}

void
ctrl_stop(struct ctrl *c, int64_t now)
{
	c->now = now;
	if (c->state == CTRL_WAIT_REPLY) {
		call_down(c, EXIT_OK, "the control connection was ended here "
		    "before it was up");
		ctrl_close(c);
	} else if (c->state <= CTRL_UP) {
		ctrl_enter(c, CTRL_WAIT_CLEAR, END_US);
		ctrl_put(c, CALL_CLEAR_REQUEST, NUMBERS(c->conf.id), NULL);
	}
}

/* The call is down by what the server did, with the result it gives. */
static void
call_result(struct ctrl *c, enum exit_status status, const char *what,
    enum msg_text of, const uint8_t *result)
{
	char why[180];

	msg_result(why, sizeof(why), of, result);
	call_down(c, status, "the server %s: %s", what, why);
}

static void
on_start_reply(struct ctrl *c, struct rd *r)
{
	struct ipc_server *p = &c->peer;
	unsigned version = rd_u16(r);
	const uint8_t *result = r->p;

	rd_bytes(r, 10);	/* result, error and capabilities */
	p->max_channels = rd_u16(r);
	p->firmware = rd_u16(r);
	rd_text(r, p->host, PPTP_TEXT);
	rd_text(r, p->vendor, PPTP_TEXT);
	if (*result > PPTP_RESULT_OK) {
		call_result(c, EXIT_REFUSED, "refused the connection",
		    MSG_START_RESULT, result);
		ctrl_close(c);
		return;
	}
	if (version < PPTP_VERSION) {
		call_down(c, EXIT_REFUSED, "the server speaks version %u.%u of "
		    "PPTP, which is not supported", version / 256,
		    version % 256);
		ctrl_ask_stop(c, STOP_PROTOCOL);
		return;
	}
	if (*result == 0)		/* some ADSL modems */
		ctrl_log(c, WARNING, "the server's reply has no result: taken "
		    "for success");
	ctrl_enter(c, CTRL_WAIT_CALL, CTRL_NEVER);
	c->on_event(c->user, CTRL_EV_UP, 0, NULL);
	call_request(c);
}

static void
on_stop_request(struct ctrl *c, struct rd *r)
{
	if (c->state == CTRL_WAIT_REPLY)
		call_result(c, EXIT_REFUSED, "refused the connection",
		    MSG_STOP_REASON, r->p);
	else
		call_result(c, EXIT_SERVER_ENDED, "ended the connection",
		    MSG_STOP_REASON, r->p);
	ctrl_enter(c, CTRL_FLUSH, END_US);
	ctrl_put(c, STOP_REPLY, NUMBERS(PPTP_RESULT_OK), NULL);
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
	ctrl_put(c, ECHO_REPLY, NUMBERS(rd_u32(r), PPTP_RESULT_OK), NULL);
}

/*
 * The server asks for a call, as if we were a PAC, or announces one.  We answer
 * with result 7 (prohibited) or 3 (do not accept), and 0 as our id of the call.
 */
static void
on_call_request(struct ctrl *c, struct rd *r)
{
	bool asks = msg_u16(c->in + 8) == OUT_CALL_REQUEST;

	ctrl_put(c, asks ? OUT_CALL_REPLY : IN_CALL_REPLY,
	    NUMBERS(0, rd_u16(r), asks ? 7 : 3), NULL);
	ctrl_log(c, WARNING, "the server %s call: refused", asks ?
	    "asks for an outgoing" : "announces an incoming");
}

static void
on_call_reply(struct ctrl *c, struct rd *r)
{
	uint16_t peer_id = rd_u16(r), id = rd_u16(r);
	bool success = *r->p == PPTP_RESULT_OK;

	/* A refusal without our id can only mean our one request. */
	if (id != c->conf.id && (id != 0 || success)) {
		ctrl_log(c, WARNING, "the server answers for call %u, which "
		    "did not ask: ignored", id);
	} else if (!success) {
		call_result(c, EXIT_CALL_REFUSED, "refused the call",
		    MSG_CALL_RESULT, r->p);
		ctrl_ask_stop(c, STOP_LOCAL);
	} else if (c->state == CTRL_WAIT_CALL) {
		c->peer_id = peer_id;
		ctrl_enter(c, CTRL_UP, CTRL_NEVER);
		c->on_event(c->user, CTRL_EV_CALL_UP, 0, NULL);
		/* Both ACCMs at their default: all is escaped. */
		if (quirk_fields(c->conf.quirks)->link_info)
			ctrl_put(c, SET_LINK_INFO, NUMBERS(peer_id, 0,
			    UINT32_MAX, UINT32_MAX), NULL);
	}
}

/*
 * The server ends the call.  It should give its own id of the call (RFC 2637
 * 2.13); some servers give ours, and a few neither: there is only one it can
 * mean.  A Call-Clear-Request counts, too, although no PAC should send one
 * (2.12).
 */
static void
on_call_end(struct ctrl *c, struct rd *r)
{
	enum ctrl_state was = c->state;

	if (was == CTRL_WAIT_STOP)	/* a late answer to our CCRQ */
		return;
	if (msg_u16(c->in + 8) == CALL_CLEAR_REQUEST) {
		/* Result 4: as requested. */
		ctrl_put(c, CALL_DISCONNECT, NUMBERS(c->conf.id, 4), NULL);
		call_down(c, EXIT_SERVER_ENDED,
		    "the server ended the call by a Call-Clear-Request");
	} else {
		rd_u16(r);
		call_result(c, EXIT_SERVER_ENDED, was == CTRL_WAIT_CALL ?
		    "refused the call" : "ended the call",
		    MSG_DISCONNECT_RESULT, r->p);
	}
	if (was == CTRL_UP)
		ctrl_enter(c, CTRL_CALL_OVER, LAST_CALL_US);
	else
		ctrl_ask_stop(c, STOP_LOCAL);
}

/* The message's six counters are in the log already: log_message(). */
static void
on_wan_error(struct ctrl *c, struct rd *r)
{
	ctrl_log(c, WARNING, "the server reports errors on the line of call %u",
	    rd_u16(r));
}

#define IN(s)	(1u << CTRL_##s)
#define CALL	(IN(WAIT_CALL) | IN(UP) | IN(WAIT_CLEAR))
#define OPEN	(CALL | IN(CALL_OVER))

/* RFC 2637 2.1 to 2.15.  Messages no PAC should send have no states. */
static const struct ctrl_msg ctrl_msgs[PPTP_TYPES] = {
	[START_REQUEST] = { "Start-Control-Connection-Request",
	    "2xversion,2-,4 framing,4 bearer,2 channels,2xfirmware,64thost,"
	    "64tvendor", 156, START_REPLY, 0, NULL },
	[START_REPLY] = { "Start-Control-Connection-Reply",
	    "2xversion,1 result,1 error,4 framing,4 bearer,2 channels,"
	    "2xfirmware,64thost,64tvendor", 156, 0,
	    IN(WAIT_REPLY), on_start_reply },
	[STOP_REQUEST] = { "Stop-Control-Connection-Request",
	    "1 reason", 16, STOP_REPLY,
	    IN(WAIT_REPLY) | OPEN | IN(WAIT_STOP), on_stop_request },
	[STOP_REPLY] = { "Stop-Control-Connection-Reply",
	    "1 result,1 error", 16, 0, IN(WAIT_STOP), on_stop_reply },
	[ECHO_REQUEST] = { "Echo-Request",
	    "4xidentifier", 16, ECHO_REPLY, OPEN, on_echo_request },
	[ECHO_REPLY] = { "Echo-Reply",
	    "4xidentifier,1 result,1 error", 20, 0, OPEN, NULL },
	[OUT_CALL_REQUEST] = { "Outgoing-Call-Request",
	    "2 call,2 serial,4 minimum bit/s,4 maximum bit/s,4 bearer,"
	    "4 framing,2 window,2 delay,2-,2-,64tphone,64tsubaddress", 168,
	    OUT_CALL_REPLY, OPEN, on_call_request },
	[OUT_CALL_REPLY] = { "Outgoing-Call-Reply",
	    "2 call,2 peer's call,1 result,1 error,2 cause,4 bit/s,2 window,"
	    "2 delay,4 channel", 32, 0,
	    IN(WAIT_CALL) | IN(WAIT_CLEAR), on_call_reply },
	[IN_CALL_REQUEST] = { "Incoming-Call-Request",
	    "2 call,2 serial,4 bearer,4 channel,2-,2-,64tdialed,64tdialing,"
	    "64tsubaddress", 220, IN_CALL_REPLY, OPEN, on_call_request },
	[IN_CALL_REPLY] = { "Incoming-Call-Reply",
	    "2 call,2 peer's call,1 result,1 error,2 window,2 delay", 24, 0, 0,
	    NULL },
	[IN_CALL_CONNECTED] = { "Incoming-Call-Connected",
	    "2 peer's call,2-,4 bit/s,2 window,2 delay,4 framing", 28, 0, 0,
	    NULL },
	[CALL_CLEAR_REQUEST] = { "Call-Clear-Request",
	    "2 call", 16, CALL_DISCONNECT, CALL, on_call_end },
	[CALL_DISCONNECT] = { "Call-Disconnect-Notify",
	    "2 call,1 result,1 error,2 cause,2-,128tstatistics", 148, 0,
	    CALL | IN(WAIT_STOP), on_call_end },
	[WAN_ERROR] = { "WAN-Error-Notify",
	    "2 peer's call,2-,4 CRC errors,4 framing errors,"
	    "4 hardware overruns,4 buffer overruns,4 time-outs,"
	    "4 alignment errors", 40, 0, OPEN, on_wan_error },
	/* An ACCM matters to asynchronous serial lines only. */
	[SET_LINK_INFO] = { "Set-Link-Info",
	    "2 peer's call,2-,4xsend ACCM,4xreceive ACCM", 24, 0, OPEN,
	    NULL },
};

/* in[] holds no valid message: the connection ends. */
static void
malformed(struct ctrl *c, const char *why)
{
	char guess[CTRL_TEXT];

	if (c->state == CTRL_WAIT_REPLY) {
		msg_guess(guess, sizeof(guess), (const char *)c->in,
		    c->in_len < SHOWN ? c->in_len : SHOWN, why);
		call_down(c, EXIT_NOT_PPTP, "%s", guess);
	} else {
		call_down(c, EXIT_LOST, "the server sent a malformed "
		    "message: %s", why);
	}
	ctrl_close(c);
}

/*
 * A message is shorter than RFC 2637 says.  Before the SCCRP that means that
 * this is no PPTP server.  Later the stream is still in step: what the message
 * lacks is read as zeroes, and no tunnel ends for that.
 */
static bool
in_short(struct ctrl *c, const struct ctrl_msg *m)
{
	char why[96];

	(void)snprintf(why, sizeof(why), "%s of %zu octets instead of %u",
	    m->name, c->in_total, m->size);
	if (c->state == CTRL_WAIT_REPLY) {
		malformed(c, why);
		return false;
	}
	ctrl_log(c, WARNING, "the server sent a malformed message: %s", why);
	memset(c->in + c->in_total, 0, m->size - c->in_total);
	return true;
}

/* in[] holds a whole message. */
static void
in_message(struct ctrl *c)
{
	struct rd r = { .p = c->in + PPTP_HEADER,
	    .end = c->in + sizeof(c->in) };
	unsigned kind = msg_u16(c->in + 2), type = msg_u16(c->in + 8);
	const struct ctrl_msg *m = &ctrl_msgs[type < PPTP_TYPES ? type : 0];

	/* Whatever it sends, the server is there, if it reads as well. */
	c->active_at = c->now;
	if (!c->echo_queued)
		c->echo_due = CTRL_NEVER;
	if (c->skipped > 0)
		ctrl_log(c, WARNING, "skipped %zu octets of text before the "
		    "first message", c->skipped);
	c->skipped = 0;
	if (kind != PPTP_CONTROL || m->size == 0) {
		ctrl_log(c, WARNING, "received a message of unknown type "
		    "%u.%u, %zu octets: ignored", kind, type, c->in_total);
		return;
	}
	if (c->in_total < m->size && !in_short(c, m))
		return;
	log_message(c, "received", c->in);
	if (type == c->hold_for)
		c->hold_until = c->hold_for = 0;
	if ((m->states & 1u << c->state) == 0)
		ctrl_log(c, WARNING, "%s is not expected %s: ignored", m->name,
		    c->state == CTRL_WAIT_REPLY ? "before the server's reply" :
		    c->state <= CTRL_UP ? "now" : "at the end");
	else if (m->on != NULL)
		m->on(c, &r);
}

/*
 * Judges the head in in[], which `rest` follows.  If it begins a message,
 * in_total is set; if it is welcome text, one octet is skipped; anything else
 * ends the connection.
 */
static void
in_head(struct ctrl *c, const uint8_t *rest, size_t n)
{
	size_t total = msg_u16(c->in);
	uint32_t magic = msg_u16(c->in + 4) << 16 | msg_u16(c->in + 6);
	unsigned type = msg_u16(c->in + 8);
	char why[56];

	if (magic == PPTP_MAGIC && total >= PPTP_HEADER && total <= CTRL_IN &&
	    (!c->welcome || (msg_u16(c->in + 2) == PPTP_CONTROL && type > 0 &&
	    type < PPTP_TYPES))) {
		c->in_total = total;
		c->welcome = false;
	} else if (!c->welcome) {
		n = n < SHOWN - JUDGED ? n : SHOWN - JUDGED;
		memcpy(c->in + JUDGED, rest, n);
		c->in_len += n;
		(void)snprintf(why, sizeof(why), "bad length %zu or magic "
		    "cookie 0x%08x", total, magic);
		malformed(c, why);
	} else {
		memmove(c->in, c->in + 1, --c->in_len);
		if (++c->skipped <= WELCOME_MAX)
			return;
		call_down(c, EXIT_NOT_PPTP, "this is not a PPTP server: "
		    "no message in the first %d octets", WELCOME_MAX);
		ctrl_close(c);
	}
}

size_t
ctrl_feed(struct ctrl *c, const uint8_t *buf, size_t n, int64_t now)
{
	size_t used = 0;

	c->now = now;
	while (used < n && c->state < CTRL_FLUSH) {
		c->in[c->in_len++] = buf[used++];
		if (c->in_len == (c->welcome ? PPTP_HEADER : JUDGED))
			in_head(c, buf + used, n - used);
		if (c->in_len != c->in_total)
			continue;
		in_message(c);
		c->in_len = c->in_total = 0;
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

void
ctrl_eof(struct ctrl *c, int err)
{
	bool early = c->state == CTRL_WAIT_REPLY;	/* no message came */

	if (early && c->skipped > 0)
		call_down(c, EXIT_NOT_PPTP, "this is not a PPTP server: "
		    "it sent %zu octets of text and no message",
		    c->skipped + c->in_len);
	else if (early && c->in_len > 0)
		malformed(c, "it closed the connection within its first "
		    "message");
	else if (early && (err == 0 || err == ECONNRESET || err == EPIPE))
		call_down(c, EXIT_REFUSED, "the server closed the connection "
		    "without an answer: it may be full, not want this client, "
		    "or not be a PPTP server");
	else if (err == 0)
		call_down(c, EXIT_SERVER_ENDED,
		    "the server closed the control connection");
	else
		call_down(c, EXIT_LOST, "the control connection was lost: "
		    "%s (error %d)", error_words(err), err);
	ctrl_close(c);
}
