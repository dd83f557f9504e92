/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole control connection: the input is a script of what a server sends,
 * what the caller does and how time passes.  What must hold whatever happens
 * is in check(), took(), wrote() and reads_back().
 *
 * The first octet chooses quirks (bits 0 to 2) and timers (4, 5).  Then each
 * step is an octet of operation, an octet of argument, and what the operation
 * needs; see step().
 */
#include <stdlib.h>

#include "../../pptp_quirks.c"
#include "../../manager/ctrl_msg.c"
#include "../../pptp_ctrl.c"

#define MUST(cond)	do { \
	if (!(cond)) \
		__builtin_trap(); \
} while (0)

struct script {
	const uint8_t	*p, *end;
};

static struct ctrl c;
static int64_t now;
static bool up, down, closed;
static uint8_t partial[PPTP_MSG_MAX];	/* of the message being written */
static size_t partial_len;
static unsigned written;
static int64_t courtesy_at;		/* last answer sent under ASYNCREAD */
static const uint8_t *hearing;		/* a whole message, while it is fed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t
next(struct script *s)
{
	return s->p < s->end ? *s->p++ : 0;
}

/* A message as it must be on the wire. */
static size_t
whole(const uint8_t *p, size_t n)
{
	unsigned size, type;

	MUST(n >= PPTP_HEADER);
	size = msg_u16(p);
	type = msg_u16(p + 8);
	MUST(size <= n && type > 0 && type < PPTP_TYPES);
	MUST(size == ctrl_msgs[type].size);
	MUST(memcmp(p + 2, "\0\1\x1a\x2b\x3c\x4d", 6) == 0);
	MUST(p[10] == 0 && p[11] == 0);
	return size;
}

/* The reply that brought the call up is read as it was written. */
static void
came_up(void)
{
	if (hearing == NULL)
		return;
	MUST(c.state == CTRL_UP);
	MUST(msg_u16(hearing + 8) == OUT_CALL_REPLY && hearing[16] == 1);
	MUST(c.peer_id == msg_u16(hearing + 12));
	MUST(msg_u16(hearing + 14) == c.conf.id);
}

static void
took(void *user, enum ctrl_event_type type, unsigned code, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	MUST(user == &c && !closed && len < CTRL_TEXT);
	MUST((len > 0) == (type == CTRL_EV_LOG ||
	    type == CTRL_EV_CALL_DOWN));
	for (size_t i = 0; i < len; i++)
		MUST(text[i] >= ' ' && text[i] <= '~');
	switch (type) {
	case CTRL_EV_LOG:
		MUST(code >= 1 && code <= 3);
		break;
	case CTRL_EV_UP:
		break;
	case CTRL_EV_CALL_UP:
		MUST(!up && !down);
		up = true;
		came_up();
		break;
	case CTRL_EV_CALL_DOWN:
		MUST(!down);
		down = true;
		break;
	case CTRL_EV_CLOSED:
		MUST(down);
		closed = true;
		break;
	}
}

static void
text_is(struct rd *r, const char *want)
{
	char text[PPTP_TEXT + 1];

	rd_text(r, text, PPTP_TEXT);
	MUST(strcmp(text, want) == 0);
}

static void
start_reads_back(struct rd *r)
{
	const struct quirk_fields *f = quirk_fields(c.conf.quirks);

	MUST(rd_u16(r) == PPTP_VERSION && rd_u16(r) == 0);
	MUST(rd_u32(r) == f->framing_caps && rd_u32(r) == f->bearer_caps);
	MUST(rd_u16(r) == 0 && rd_u16(r) == f->firmware);
	text_is(r, f->host);
	text_is(r, f->vendor);
	MUST(!r->bad && r->p == r->end);
}

static void
call_reads_back(struct rd *r)
{
	const struct quirk_fields *f = quirk_fields(c.conf.quirks);
	const char *phone = c.conf.phone[0] != '\0' ? c.conf.phone : f->phone;

	MUST(rd_u16(r) == c.conf.id);
	MUST(rd_u16(r) == (f->serial >= 0 ? f->serial : c.serial));
	MUST(rd_u32(r) == MIN_BPS && rd_u32(r) == f->max_bps);
	MUST(rd_u32(r) == f->bearer_type && rd_u32(r) == 3);
	MUST(rd_u16(r) == c.conf.window && rd_u16(r) == 0);
	MUST(rd_u16(r) == strlen(phone) && rd_u16(r) == 0);
	text_is(r, phone);
	text_is(r, "");
	MUST(!r->bad && r->p == r->end);
}

/* What was written says what it was made of. */
static void
reads_back(unsigned type, struct rd r)
{
	if (type == START_REQUEST)
		start_reads_back(&r);
	else if (type == OUT_CALL_REQUEST)
		call_reads_back(&r);
}

static void
wrote(void)
{
	unsigned type = msg_u16(partial + 8);

	MUST(whole(partial, partial_len) == partial_len);
	reads_back(type, (struct rd){ .p = partial + PPTP_HEADER,
	    .end = partial + partial_len });
	MUST((written++ == 0) == (type == START_REQUEST));
	partial_len = 0;
	if ((c.conf.quirks & QUIRK_ASYNCREAD) && ctrl_msgs[type].answer == 0)
		courtesy_at = now;
}

/* Writes at most n octets of one message. */
static bool
write_some(size_t n)
{
	size_t len;
	const uint8_t *p = ctrl_output(&c, &len, now);

	MUST((p == NULL) == (len == 0));
	if (p == NULL)
		return false;
	MUST(p >= c.out && len + partial_len <= PPTP_MSG_MAX);
	if (partial_len == 0)
		MUST(courtesy_at < 0 || now - courtesy_at >= SPACING);
	if (n > len)
		n = len;
	memcpy(partial + partial_len, p, n);
	partial_len += n;
	if (n == len)
		wrote();
	ctrl_sent(&c, n, now);
	return true;
}

static void
check(void)
{
	size_t at = 0;

	MUST(c.out_len <= CTRL_OUT && c.out_sent <= c.out_len);
	while (at < c.out_len)
		at += whole(c.out + at, c.out_len - at);
	MUST(at == c.out_len);
	MUST(c.in_len < CTRL_IN);
	MUST(down == (c.state > CTRL_WAIT_CLEAR) && (up || c.state != CTRL_UP));
	(void)quirk_server(c.peer.host, c.peer.vendor);
	if (c.state == CTRL_CLOSED)
		MUST(c.out_len == 0 && ctrl_due(&c) == CTRL_NEVER);
	MUST(closed == (c.state == CTRL_CLOSED));
}

static void
hear(const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n > 0 ? n : 1);
	size_t used = 0;

	MUST(copy != NULL);
	memcpy(copy, p, n);
	while (used < n) {
		size_t k = ctrl_feed(&c, copy + used, n - used, now);

		MUST(k > 0 && k <= n - used);
		used += k;
		check();
	}
	free(copy);
}

/* A well-formed message whose body begins with octets of the input. */
static void
hear_message(struct script *s, unsigned type, size_t n)
{
	uint8_t m[PPTP_MSG_MAX] = { 0 };
	struct wr w = { .p = m, .end = m + sizeof(m) };

	type = 1 + type % (PPTP_TYPES - 1);
	wr_u16(&w, ctrl_msgs[type].size);
	wr_u16(&w, PPTP_CONTROL);
	wr_u32(&w, PPTP_MAGIC);
	wr_u16(&w, (uint16_t)type);
	wr_u16(&w, 0);
	while (n-- > 0)
		wr_u8(&w, next(s));
	hearing = c.in_len == 0 ? m : NULL;
	hear(m, ctrl_msgs[type].size);
	hearing = NULL;
}

/* What a tick leaves due is in the future, once all is written. */
static void
pass(int64_t us)
{
	now += us;
	ctrl_tick(&c, now);
	check();
}

static void
settle_down(void)
{
	while (write_some(PPTP_MSG_MAX))
		check();
	ctrl_tick(&c, now);
	while (write_some(PPTP_MSG_MAX))
		check();
	MUST(ctrl_due(&c) > now);
}

static void
step(struct script *s)
{
	static const int errors[] = { 0, 0, 104, 110, 32, 113, 5, 4 };
	uint8_t op = next(s), arg = next(s);
	size_t n = (size_t)(s->end - s->p);

	switch (op % 12) {
	case 0:				/* octets as they are */
		n = n < arg ? n : arg;
		s->p += n;
		hear(s->p - n, n);
		break;
	case 1:				/* a message: type, part of its body */
	case 2:
		hear_message(s, arg, op >> 4);
		break;
	case 3:
		pass((int64_t)arg << op / 12);
		break;
	case 4:				/* when it asks to be called */
		if (ctrl_due(&c) != CTRL_NEVER && ctrl_due(&c) > now)
			pass(ctrl_due(&c) - now + arg);
		break;
	case 5:				/* an hour of sleep */
		pass(3600 * (int64_t)1000000 + arg);
		break;
	case 6:
		write_some(arg + 1u);
		break;
	case 7:
		settle_down();
		break;
	case 10:
		if (arg < 32)
			ctrl_stop(&c, now);
		else if (arg < 40)
			ctrl_eof(&c, errors[arg - 32]);
		break;
	}
	check();
}

static void
reset(uint8_t how)
{
	struct ipc_call conf = { .id = how & 31, .quirks = how & 7,
	    .window = how + 1,
	    .idle_us = how & 16 ? 0 : 60000000,
	    .echo_us = how & 32 ? 0 : 60000000 };

	now = 5000000;
	closed = false;
	partial_len = 0;
	written = 0;
	courtesy_at = -1;
	up = down = false;
	memset(conf.phone, 'p', how % (PPTP_TEXT + 1));
	ctrl_init(&c, &conf, how, took, &c, now);
	check();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script s = { .p = data, .end = data + size };

	reset(next(&s));
	while (s.p < s.end)
		step(&s);
	ctrl_eof(&c, 0);
	check();
	MUST(closed);
	return 0;
}
