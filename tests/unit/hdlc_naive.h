/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The yardstick of the HDLC codec: RFC 1662 octet by octet, as its appendix C
 * describes it, slow and plain.  tunnel/hdlc.c gives the same octets and
 * verdicts.  Included after it.
 */
#ifndef HDLC_NAIVE_H
#define HDLC_NAIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hdlc.h"

static inline uint16_t
naive_fcs_octet(uint16_t fcs, uint8_t c)
{
	fcs ^= c;
	for (int bit = 0; bit < 8; bit++)
		fcs = (uint16_t)(fcs >> 1 ^ ((fcs & 1) != 0 ? 0x8408 : 0));
	return fcs;
}

static inline uint16_t
naive_fcs(uint16_t fcs, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fcs = naive_fcs_octet(fcs, p[i]);
	return fcs;
}

static inline uint8_t *
naive_put(uint8_t *o, uint8_t c, uint32_t accm)
{
	if (c == HDLC_FLAG || c == HDLC_ESCAPE ||
	    (c < 0x20 && (accm >> c & 1) != 0)) {
		*o++ = HDLC_ESCAPE;
		c ^= 0x20;
	}
	*o++ = c;
	return o;
}

/* As hdlc_encode(). */
static inline size_t
naive_encode(uint8_t *out, const uint8_t *in, size_t n, uint32_t accm,
    bool first)
{
	uint16_t fcs = naive_fcs(HDLC_FCS_INIT, in, n) ^ 0xffff;
	uint8_t *o = out;

	if (first)
		*o++ = HDLC_FLAG;
	for (size_t i = 0; i < n; i++)
		o = naive_put(o, in[i], accm);
	o = naive_put(o, (uint8_t)fcs, accm);
	o = naive_put(o, (uint8_t)(fcs >> 8), accm);
	*o++ = HDLC_FLAG;
	return (size_t)(o - out);
}

/* What stood between two flags. */
static inline enum hdlc_verdict
naive_judge(const struct hdlc_dec *d, uint16_t fcs)
{
	if (d->used > d->cap || d->escaped)
		return HDLC_BAD;
	if (d->used == 0)
		return HDLC_MORE;
	return d->used > 2 && fcs == HDLC_FCS_GOOD ? HDLC_FRAME : HDLC_BAD;
}

/* As hdlc_decode(), over a struct of hdlc_dec_init(). */
static inline enum hdlc_verdict
naive_decode(struct hdlc_dec *d, const uint8_t **p, const uint8_t *end)
{
	enum hdlc_verdict v;

	while (*p < end) {
		uint8_t c = *(*p)++;

		if (c == HDLC_FLAG) {
			v = d->hunting ? HDLC_MORE : naive_judge(d,
			    naive_fcs(HDLC_FCS_INIT, d->frame, d->used));
			if (v == HDLC_FRAME)
				d->len = d->used - 2;
			d->used = 0;
			d->hunting = d->escaped = false;
			if (v != HDLC_MORE)
				return v;
		} else if (d->hunting || d->used > d->cap) {
			continue;
		} else if (c == HDLC_ESCAPE && !d->escaped) {
			d->escaped = true;
		} else {
			d->frame[d->used++] = d->escaped ? c ^ 0x20 : c;
			d->escaped = false;
		}
	}
	return HDLC_MORE;
}

#endif
