/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control messages of RFC 2637 section 2, as octets and in words (pure).
 *
 * Theory of operation.  Bodies of our own messages are written by cursor behind
 * a header that ctrl_put() wrote.  The log shows every message, sent or
 * received, by one row of fields[]: a list of "WIDTH KIND NAME", where KIND is
 * ' ' decimal, 'x' hexadecimal, 't' text, '-' not shown.  The rest is tables of
 * texts.  Whatever a peer wrote goes through text_escape().
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctrl_msg.h"
#include "pptp_proto.h"
#include "pptp_quirks.h"
#include "text.h"
#include "wire.h"

#define ROWS(a)	(sizeof(a) / sizeof((a)[0]))

void
msg_start_request(struct wr *w, unsigned quirks, const char *hostname)
{
	struct quirk_fields f;

	quirk_fields(&f, quirks);
	wr_u16(w, PPTP_VERSION);
	wr_u16(w, 0);
	wr_u32(w, f.framing_caps);
	wr_u32(w, f.bearer_caps);
	wr_u16(w, f.max_channels);
	wr_u16(w, f.firmware);
	wr_text(w, hostname[0] != '\0' ? hostname : f.host, PPTP_TEXT);
	wr_text(w, f.vendor, PPTP_TEXT);
}

void
msg_call_request(struct wr *w, const struct ctrl_call_conf *call)
{
	struct quirk_fields f;
	const char *phone;

	quirk_fields(&f, call->quirks);
	phone = call->phone[0] != '\0' ? call->phone : f.phone;
	wr_u16(w, call->id);
	wr_u16(w, f.serial >= 0 ? (uint16_t)f.serial : call->serial);
	wr_u32(w, f.min_bps);
	wr_u32(w, f.max_bps);
	wr_u32(w, f.bearer_type);
	wr_u32(w, f.framing_type);
	wr_u16(w, call->window);
	wr_u16(w, 0);				/* processing delay */
	wr_u16(w, (uint16_t)strnlen(phone, PPTP_TEXT));
	wr_u16(w, 0);
	wr_text(w, phone, PPTP_TEXT);
}

unsigned
msg_u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Of lines "NUMBER TEXT", each ended by a NUL, the text of that number. */
static const char *
text_of(const char *line, unsigned number)
{
	while (*line != '\0') {
		unsigned n = 0;

		while (*line >= '0' && *line <= '9')
			n = 10 * n + (unsigned)(*line++ - '0');
		if (n == number)
			return line + 1;
		line += strlen(line) + 1;
	}
	return "?";
}

/* By the type of the message, as text_of() reads. */
static const char fields[] =
    "1 2xversion,2-,4 framing,4 bearer,2 channels,"
    "2xfirmware,64thost,64tvendor\0"
    "2 2xversion,1 result,1 error,4 framing,4 bearer,"
    "2 channels,2xfirmware,64thost,64tvendor\0"
    "3 1 reason\0"
    "4 1 result,1 error\0"
    "5 4xidentifier\0"
    "6 4xidentifier,1 result,1 error\0"
    "7 2 call,2 serial,4 minimum bit/s,4 maximum bit/s,"
    "4 bearer,4 framing,2 window,2 delay,2-,2-,64tphone,64tsubaddress\0"
    "8 2 call,2 peer's call,1 result,1 error,2 cause,"
    "4 bit/s,2 window,2 delay,4 channel\0"
    "9 2 call,2 serial,4 bearer,4 channel,2-,2-,"
    "64tdialed,64tdialing,64tsubaddress\0"
    "10 2 call,2 peer's call,1 result,1 error,2 window,2 delay\0"
    "11 2 peer's call,2-,4 bit/s,2 window,2 delay,4 framing\0"
    "12 2 call\0"
    "13 2 call,1 result,1 error,2 cause,2-,128tstatistics\0"
    "14 2 peer's call,2-,4 CRC errors,4 framing errors,"
    "4 hardware overruns,4 buffer overruns,4 time-outs,"
    "4 alignment errors\0"
    "15 2 peer's call,2-,4xsend ACCM,4xreceive ACCM\0";

/* Reads one field; false if it is not to be shown. */
static bool
field_value(char *out, size_t size, struct rd *r, size_t width, char kind)
{
	char text[PPTP_STATS + 1], shown[100];
	uint32_t v = 0;

	if (kind == 't') {
		rd_text(r, text, width);
		text_escape(shown, sizeof(shown), text, strlen(text), true);
		snprintf(out, size, "\"%s\"", shown);
		return text[0] != '\0';
	}
	for (size_t i = 0; i < width; i++)
		v = v << 8 | rd_u8(r);
	if (kind == 'x')
		snprintf(out, size, "0x%0*x", (int)width * 2, v);
	else
		snprintf(out, size, "%u", v);
	return kind != '-';
}

void
msg_fields(char *out, size_t size, unsigned type, struct rd r)
{
	const char *f = text_of(fields, type);
	size_t used = 0;

	out[0] = '\0';
	while (*f >= '0' && *f <= '9') {
		char value[104], kind;
		size_t width = 0;
		int name = 0, n;
		bool show;

		while (*f >= '0' && *f <= '9')
			width = width * 10 + (size_t)(*f++ - '0');
		kind = *f++;
		while (f[name] != '\0' && f[name] != ',')
			name++;
		show = field_value(value, sizeof(value), &r, width, kind);
		n = show ? snprintf(out + used, size - used, "%s%.*s %s",
		    used > 0 ? ", " : "", name, f, value) : 0;
		used += n > 0 ? (size_t)n : 0;
		if (used >= size)
			return;			/* cut by snprintf() */
		f += f[name] == ',' ? name + 1 : name;
	}
}

enum { GREETING = 8 };		/* octets of text that make one */

static const struct guess {
	char		 start[6], what[29];
} guesses[] = {
	{ "HTTP/", "like a web server (HTTP)" },
	{ "<", "with HTML, like a web server" },
	{ "SSH-", "like an SSH server" },
	{ "\x15\x03", "like a TLS server" },
	{ "\x16\x03", "like a TLS server" },
	{ "220", "like a mail or FTP server" },
	{ "+OK", "like a POP3 server" },
	{ "* OK", "like an IMAP server" },
	{ "RFB ", "like a VNC server" },
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
		snprintf(out, size, "this is not a PPTP server: it answers %s",
		    guesses[i].what);
		return;
	}
	text_escape(shown, sizeof(shown), head, n, true);
	/* Behind the first words of a greeting any octets may follow. */
	if (is_text(head, n < GREETING ? n : GREETING))
		snprintf(out, size, "this is not a PPTP server: it sends the "
		    "text \"%s\" (if it is one that greets: --quirk-welcome)",
		    shown);
	else
		snprintf(out, size, "this is not a PPTP server, or a broken "
		    "one: %s", why);
}

/* As text_of() reads. */
static const char *const texts[] = {
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
	/* ITU-T Q.931 / Q.850: those that a call for data may meet. */
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
	return text_of(texts[of], number);
}

void
msg_result(char *out, size_t size, enum msg_text of, unsigned result,
    unsigned error, unsigned cause)
{
	const char *words = msg_text(of, result);
	char more[80] = "", code[120] = "";

	if (words[0] == '?')
		words = "for a reason unknown to RFC 2637";
	if (result == PPTP_RESULT_ERROR || error != 0)
		snprintf(more, sizeof(more), ", error %u: %s", error,
		    msg_text(MSG_GENERAL_ERROR, error));
	if (cause != 0)
		snprintf(code, sizeof(code), ", cause %u: %s", cause,
		    msg_text(MSG_CAUSE_CODE, cause));
	snprintf(out, size, "%s (result %u)%s%s", words, result, more, code);
}
