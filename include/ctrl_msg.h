/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the messages of RFC 2637 say (pure): bodies as octets, and all of them
 * in words for the log.
 */
#ifndef CTRL_MSG_H
#define CTRL_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "pptp_proto.h"
#include "wire.h"

/* What an Outgoing-Call-Request asks for. */
struct ctrl_call_conf {
	uint16_t	 id;		/* ours, unique on this connection; as
					 * quirk_fields().call_id wants it */
	uint16_t	 serial;	/* unless a quirk says else */
	uint16_t	 window;	/* > 0; the caller applies quirks */
	unsigned	 quirks;
	char		 phone[PPTP_TEXT + 1];	/* "": a quirk's, if any */
};

/*
 * Each writes a body; the cursor stands behind the header, on zeroes.  hostname
 * "": the usual one.
 */
void msg_start_request(struct wr *w, unsigned quirks, const char *hostname);
void msg_call_request(struct wr *w, const struct ctrl_call_conf *call);

/* The fields of a message's body, named and escaped: "call 7, result 1". */
void msg_fields(char *out, size_t size, unsigned type, struct rd r);

enum msg_text {
	MSG_START_RESULT,		/* 2.2 */
	MSG_CALL_RESULT,		/* 2.8 */
	MSG_DISCONNECT_RESULT,		/* 2.13 */
	MSG_STOP_REASON,		/* 2.3 */
	MSG_GENERAL_ERROR,		/* 2.16 */
	MSG_CAUSE_CODE			/* Q.931, of 2.8, 2.13 */
};

/* What such a number means; "?" if it is not defined. */
const char *msg_text(enum msg_text of, unsigned number);

/*
 * A result in words, with what an error and a cause code add: "busy (result
 * 4), cause 17: user busy".
 */
void msg_result(char *out, size_t size, enum msg_text of, unsigned result,
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
