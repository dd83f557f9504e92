/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Splits a stream into messages (pure).  A stream is never searched for the
 * next magic cookie (RFC 2637 2): what does not begin with length, kind and
 * cookie is no message.  The one exception is the text that some servers send
 * before their first message.
 */
#include <stdio.h>
#include <string.h>

#include "ctrl_in.h"
#include "ctrl_msg.h"
#include "wire.h"

enum { JUDGED = 8 };	/* length, kind and magic cookie */

static bool
has_sane_length(const struct ctrl_in *in)
{
	return in->total >= PPTP_HEADER && in->total <= CTRL_MSG_LONGEST;
}

/* Skips welcome text, octet by octet, until a whole header makes sense. */
static bool
in_welcome(struct ctrl_in *in)
{
	unsigned type = msg_u16(in->buf + 8);

	if (has_sane_length(in) && msg_u16(in->buf + 2) == PPTP_CONTROL &&
	    memcmp(in->buf + 4, "\x1a\x2b\x3c\x4d", 4) == 0 &&
	    type > 0 && type < PPTP_TYPES) {
		in->welcome = false;
		return true;
	}
	memmove(in->buf, in->buf + 1, --in->len);
	in->skipped++;
	return false;
}

static bool
in_judge(const struct ctrl_in *in, char why[CTRL_IN_WHY])
{
	struct rd r = { .p = in->buf + 4, .end = in->buf + JUDGED };
	uint32_t magic = rd_u32(&r);

	if (magic != PPTP_MAGIC)
		(void)snprintf(why, CTRL_IN_WHY, "bad magic cookie 0x%08x",
		    magic);
	else if (!has_sane_length(in))
		(void)snprintf(why, CTRL_IN_WHY, "length %zu is out of range",
		    in->total);
	else
		return true;
	return false;
}

/* Copies what is missing up to `want` octets; returns how much it used. */
static size_t
in_fill(struct ctrl_in *in, const uint8_t *p, size_t n, size_t want)
{
	size_t room;

	if (n > want - in->len)
		n = want - in->len;
	room = in->len < sizeof(in->buf) ? sizeof(in->buf) - in->len : 0;
	if (room > 0)
		memcpy(in->buf + in->len, p, n < room ? n : room);
	in->len += n;
	return n;
}

enum ctrl_in_verdict
ctrl_in_take(struct ctrl_in *in, const uint8_t *p, size_t n, size_t *used,
    char why[CTRL_IN_WHY])
{
	for (*used = 0; *used < n;) {
		bool skip = in->welcome;
		size_t first = skip ? PPTP_HEADER : JUDGED;
		size_t want = in->len < first ? first : in->total;

		*used += in_fill(in, p + *used, n - *used, want);
		if (in->len < want)
			break;
		if (want == first) {
			in->total = msg_u16(in->buf);
			if (!skip && !in_judge(in, why))
				return CTRL_IN_MALFORMED;
			if (skip && !in_welcome(in)) {
				if (in->skipped > CTRL_WELCOME_MAX)
					return CTRL_IN_TEXT;
				continue;
			}
		}
		if (in->len == in->total) {
			in->welcome = false;
			return CTRL_IN_MESSAGE;
		}
	}
	return CTRL_IN_MORE;
}
