/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of RFC 2637, as octets and in words (pure).
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

enum { MSG_NUMBERS = 10 };	/* at most, in a message of ours */

/*
 * Writes a whole message of this size and type to p, filling its fields from
 * numbers and texts in order.  If texts is NULL, text fields are empty.
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

/* What a number of that kind means; "?" if it is not defined. */
const char *msg_text(enum msg_text of, unsigned number);

/*
 * Puts a result into words, from four octets at p (result, error and cause
 * code): "busy (result 4), cause 17: user busy".
 */
void msg_result(char *out, size_t size, enum msg_text of, const uint8_t *p);

/*
 * Guesses what a peer that does not speak PPTP is, from the first n octets it
 * sent; why says what is wrong with those.
 */
void msg_guess(char *out, size_t size, const char *head, size_t n,
    const char *why);

/* The number of sixteen bits at p in a message. */
unsigned msg_u16(const uint8_t *p);

#endif
