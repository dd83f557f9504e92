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

/* Each writes a body; the cursor stands behind the header, on zeroes. */

/* 2.1; hostname "": the usual one. */
void msg_start_request(struct wr *w, unsigned quirks, const char *hostname);
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

/* Texts of RFC 2637: "?" for numbers it does not define.  Never NULL. */
const char *ctrl_start_result(unsigned result);		/* 2.2 */
const char *ctrl_call_result(unsigned result);		/* 2.8 */
const char *ctrl_disconnect_result(unsigned result);	/* 2.13 */
const char *ctrl_stop_reason(unsigned reason);		/* 2.3 */
const char *ctrl_general_error(unsigned error);		/* 2.16 */
const char *ctrl_cause_code(unsigned cause);	/* Q.931, of 2.8, 2.13 */

#endif
