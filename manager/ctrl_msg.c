/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control messages of RFC 2637 section 2 as octets and in words (pure).
 * Whatever a peer wrote goes through text_escape().
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctrl_msg.h"
#include "pptp_proto.h"

#define ROWS(a)	(sizeof(a) / sizeof((a)[0]))

unsigned
msg_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Reads the number at *p and moves *p behind it. */
static unsigned
take_number(const char **p)
{
	unsigned n = 0;

	while (**p >= '0' && **p <= '9')
		n = 10 * n + (unsigned)(*(*p)++ - '0');
	return n;
}

struct field {
	size_t		 width;
	char		 kind;
	const char	*name;
	int		 len;		/* of the name */
};

/* Takes the next field off a list; false at the end of the list. */
static bool
next_field(const char **list, struct field *f)
{
	const char *p = *list;

	if (*p == '\0')
		return false;
	f->width = take_number(&p);
	f->kind = *p++;
	f->name = p;
	while (*p != '\0' && *p != ',')
		p++;
	f->len = (int)(p - f->name);
	*list = *p == ',' ? p + 1 : p;
	return true;
}

void
msg_put(uint8_t *p, size_t size, unsigned type, const char *fields,
    const uint32_t numbers[MSG_NUMBERS], const char *const *texts)
{
	struct wr w = { .p = p, .end = p + size };
	struct field f;

	memset(p, 0, size);
	wr_u16(&w, (uint16_t)size);
	wr_u16(&w, PPTP_CONTROL);
	wr_u32(&w, PPTP_MAGIC);
	wr_u16(&w, (uint16_t)type);
	wr_u16(&w, 0);
	while (next_field(&fields, &f)) {
		if (f.kind == 't') {
			wr_text(&w, texts != NULL ? *texts++ : "", f.width);
			continue;
		}
		for (size_t i = f.width; i-- > 0;)
			wr_u8(&w, (uint8_t)(*numbers >> 8 * i));
		numbers++;
	}
}

/* Reads one field; false if it is not to be shown. */
static bool
field_value(char *out, size_t size, struct rd *r, const struct field *f)
{
	char text[PPTP_STATS + 1], shown[100];
	uint32_t v = 0;

	if (f->kind == 't') {
		rd_text(r, text, f->width);
		text_escape(shown, sizeof(shown), text, strlen(text), true);
		snprintf(out, size, "\"%s\"", shown);
		return text[0] != '\0';
	}
	for (size_t i = 0; i < f->width; i++)
		v = v << 8 | rd_u8(r);
	if (f->kind == 'x')
		snprintf(out, size, "0x%0*x", (int)f->width * 2, v);
	else
		snprintf(out, size, "%u", v);
	return f->kind != '-';
}

void
msg_fields(char *out, size_t size, const char *fields, struct rd r)
{
	struct field f;
	char value[104];
	size_t used = 0;

	out[0] = '\0';
	while (used < size && next_field(&fields, &f)) {
		int n = field_value(value, sizeof(value), &r, &f) ?
		    snprintf(out + used, size - used, "%s%.*s %s",
		    used > 0 ? ", " : "", f.len, f.name, value) : 0;

		used += n > 0 ? (size_t)n : 0;
	}
}

enum { GREETING = 8 };		/* first octets, which must be text */

static const struct guess {
	char		 start[6], what[14];
} guesses[] = {
	{ "HTTP/", "a web" },
	{ "<", "a web" },
	{ "SSH-", "an SSH" },
	{ "\x15\x03", "a TLS" },
	{ "\x16\x03", "a TLS" },
	{ "220", "a mail or FTP" },
	{ "+OK", "a POP3" },
	{ "* OK", "an IMAP" },
	{ "RFB ", "a VNC" },
};

static bool
is_text(const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && ((p[i] >= ' ' && p[i] <= '~') ||
	    (p[i] >= '\t' && p[i] <= '\r')))
		i++;
	return n > 0 && i == n;
}

void
msg_guess(char *out, size_t size, const char *head, size_t n, const char *why)
{
	char shown[64];

	for (size_t i = 0; i < ROWS(guesses); i++) {
		size_t len = strlen(guesses[i].start);

		if (n < len || memcmp(head, guesses[i].start, len) != 0)
			continue;
		snprintf(out, size, "this is not a PPTP server: it answers "
		    "like %s server", guesses[i].what);
		return;
	}
	text_escape(shown, sizeof(shown), head, n, true);
	/* Only the start of a greeting must be text; anything may follow. */
	if (is_text(head, n < GREETING ? n : GREETING))
		snprintf(out, size, "this is not a PPTP server: it sends the "
		    "text \"%s\" (if it is one that greets: --quirk-welcome)",
		    shown);
	else
		snprintf(out, size, "this is not a PPTP server, or a broken "
		    "one: %s", why);
}

/* Indexed by enum msg_text: lines "NUMBER TEXT", each ended by a NUL. */
static const char *const meanings[] = {
	[MSG_START_RESULT] =
	    "1 success\0"
	    "2 general error\0"
	    "3 there is a control connection already\0"
	    "4 this client is not authorised\0"
	    "5 the version of the protocol is not supported\0",
	[MSG_CALL_RESULT] =
	    "1 connected\0"
	    "2 general error\0"
	    "3 no carrier\0"
	    "4 busy\0"
	    "5 no dial tone\0"
	    "6 time-out at the server\0"
	    "7 prohibited by its administrator\0",
	[MSG_DISCONNECT_RESULT] =
	    "0 no reason given\0"
	    "1 lost carrier\0"
	    "2 general error\0"
	    "3 shut down by its administrator\0"
	    "4 as requested\0",
	[MSG_STOP_REASON] =
	    "0 no reason given\0"
	    "1 general request\0"
	    "2 the version of the protocol is not supported\0"
	    "3 it is shutting down\0",
	[MSG_GENERAL_ERROR] =
	    "0 no general error\0"
	    "1 no control connection yet\0"
	    "2 bad length or magic cookie\0"
	    "3 a field out of range\0"
	    "4 insufficient resources\0"
	    "5 call id invalid here\0"
	    "6 vendor-specific error\0",
	/* ITU-T Q.931 / Q.850: the causes that a data call may meet. */
	[MSG_CAUSE_CODE] =
	    "1 unallocated number\0"
	    "3 no route to the destination\0"
	    "16 normal call clearing\0"
	    "17 user busy\0"
	    "18 no user responding\0"
	    "19 no answer from the user\0"
	    "21 call rejected\0"
	    "27 destination out of order\0"
	    "28 invalid number format\0"
	    "31 normal, unspecified\0"
	    "34 no circuit or channel available\0"
	    "38 network out of order\0"
	    "41 temporary failure\0"
	    "42 switching equipment congestion\0"
	    "47 resource unavailable, unspecified\0"
	    "57 bearer capability not authorised\0"
	    "58 bearer capability not presently available\0"
	    "63 service or option not available, unspecified\0"
	    "65 bearer capability not supported\0"
	    "88 incompatible destination\0"
	    "102 recovery on timer expiry\0"
	    "111 protocol error, unspecified\0"
	    "127 interworking, unspecified\0"
};

const char *
msg_text(enum msg_text of, unsigned number)
{
	const char *line = meanings[of];

	while (*line != '\0') {
		if (take_number(&line) == number)
			return line + 1;
		line += strlen(line) + 1;
	}
	return "?";
}

void
msg_result(char *out, size_t size, enum msg_text of, const uint8_t *p)
{
	bool stop = of == MSG_STOP_REASON;
	unsigned result = p[0], error = stop ? 0 : p[1];
	unsigned cause = stop || of == MSG_START_RESULT ? 0 : msg_u16(p + 2);
	const char *words = msg_text(of, result);
	char more[80] = "", code[120] = "";

	if (words[0] == '?')
		words = "for a reason unknown to RFC 2637";
	if (error != 0 || (result == PPTP_RESULT_ERROR && !stop))
		snprintf(more, sizeof(more), ", error %u: %s", error,
		    msg_text(MSG_GENERAL_ERROR, error));
	if (cause != 0)
		snprintf(code, sizeof(code), ", cause %u: %s", cause,
		    msg_text(MSG_CAUSE_CODE, cause));
	snprintf(out, size, "%s (%s %u)%s%s", words, stop ? "reason" :
	    "result", result, more, code);
}
