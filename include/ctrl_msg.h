/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the messages of RFC 2637 say (pure), as octets and in words.
 *
 * The fields of a message's body are a list of "WIDTH KIND NAME", separated by
 * commas: WIDTH in octets, KIND ' ' a decimal number, 'x' a hexadecimal one,
 * 't' a text, '-' a number that is not shown.  Reserved octets at the end are
 * left out.
 */
#ifndef CTRL_MSG_H
#define CTRL_MSG_H

#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum { MSG_NUMBERS = 10 };	/* fields with numbers of what we send */

/*
 * Writes a whole message of this size and type to p: numbers and texts go into
 * its fields in their order.  Without texts (NULL) they are empty.
 */
void msg_put(uint8_t *p, size_t size, unsigned type, const char *fields,
    const uint32_t numbers[MSG_NUMBERS], const char *const *texts);

/* The fields of a body, named and escaped: "call 7, result 1". */
void msg_fields(char *out, size_t size, const char *fields, struct rd r);

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
 * A result in words, from four octets at p: result, error and cause code.
 * Thus "busy (result 4), cause 17: user busy".
 */
void msg_result(char *out, size_t size, enum msg_text of, const uint8_t *p);

/*
 * Says what a peer that does not speak PPTP may be, by the first n octets it
 * sent; why is what was wrong with them.
 */
void msg_guess(char *out, size_t size, const char *head, size_t n,
    const char *why);

/* Sixteen bits of a message at p. */
unsigned msg_u16(const uint8_t *p);

#endif
