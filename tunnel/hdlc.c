/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP framing towards pppd (pure); the contract is include/hdlc.h.
 *
 * Theory of operation.  Both directions make two passes over a frame that is
 * in the first-level cache anyway: one for the FCS, one for the escapes; each
 * pass works on eight octets at a time, without a branch per octet.
 *
 * The FCS is linear over GF(2), so eight octets can be looked up at once in
 * eight tables.
 *
 * Escapes come in two densities: 2 of 256 octets once LCP has agreed on an
 * empty map, 34 of 256 before that or with random (encrypted) data under a
 * full map.  Eight octets without one are copied; others are put in their
 * places by sums over the mask of those to be escaped.
 *
 * A decoder first looks for the flag that ends the frame, then unescapes what
 * is in front of it; all that must survive between two calls is the length
 * so far and whether the last octet was an escape.
 */
#include <string.h>

#include "hdlc.h"
#include "wire.h"

enum {
	BIT6 = 0x20,			/* what an escape complements */
	FCS_POLY = 0x8408,		/* x^16 + x^12 + x^5 + 1, reflected */
	FCS_SIZE = 2,
	FRAME_MIN = 4			/* RFC 1662 3.1, FCS included */
};

/* ------------------------------------------------------------- tables */

/*
 * Xb is the FCS of octet 1 << b followed by so many zero octets as X is
 * letters past A; by linearity these 64 give all eight tables.
 */
#define STEP(v)		((v) >> 1 ^ ((v) & 1) * FCS_POLY)
#define BASIS(X, before)						\
	X##7 = STEP(before), X##6 = STEP(X##7), X##5 = STEP(X##6),	\
	X##4 = STEP(X##5), X##3 = STEP(X##4), X##2 = STEP(X##3),	\
	X##1 = STEP(X##2), X##0 = STEP(X##1)

enum {
	BASIS(A, 1), BASIS(B, A0), BASIS(C, B0), BASIS(D, C0),
	BASIS(E, D0), BASIS(F, E0), BASIS(G, F0), BASIS(H, G0)
};

#define FCS_OF(X, i)							\
	(((i) & 1) * X##0 ^ ((i) >> 1 & 1) * X##1 ^			\
	((i) >> 2 & 1) * X##2 ^ ((i) >> 3 & 1) * X##3 ^			\
	((i) >> 4 & 1) * X##4 ^ ((i) >> 5 & 1) * X##5 ^			\
	((i) >> 6 & 1) * X##6 ^ ((i) >> 7 & 1) * X##7)

/* f(x, i) for four, sixteen, all values of i. */
#define FOUR(f, x, i)							\
	f(x, (i)), f(x, (i) + 1), f(x, (i) + 2), f(x, (i) + 3)
#define SIXTEEN(f, x, i)						\
	FOUR(f, x, (i)), FOUR(f, x, (i) + 4), FOUR(f, x, (i) + 8),	\
	FOUR(f, x, (i) + 12)
#define EVERY(f, x)							\
	SIXTEEN(f, x, 0), SIXTEEN(f, x, 16), SIXTEEN(f, x, 32),		\
	SIXTEEN(f, x, 48), SIXTEEN(f, x, 64), SIXTEEN(f, x, 80),	\
	SIXTEEN(f, x, 96), SIXTEEN(f, x, 112), SIXTEEN(f, x, 128),	\
	SIXTEEN(f, x, 144), SIXTEEN(f, x, 160), SIXTEEN(f, x, 176),	\
	SIXTEEN(f, x, 192), SIXTEEN(f, x, 208), SIXTEEN(f, x, 224),	\
	SIXTEEN(f, x, 240)

/* [k][i]: octet i, then k zero octets. */
static const uint16_t fcs_table[8][256] = {
	{ EVERY(FCS_OF, A) }, { EVERY(FCS_OF, B) }, { EVERY(FCS_OF, C) },
	{ EVERY(FCS_OF, D) }, { EVERY(FCS_OF, E) }, { EVERY(FCS_OF, F) },
	{ EVERY(FCS_OF, G) }, { EVERY(FCS_OF, H) }
};

/*
 * What to send for octet i where all below 0x20 are escaped: one or two
 * octets, the first one lowest, and from bit 16 how many.
 */
#define PLAIN(i)	((i) | 1u << 16)
#define SENT_AS(x, i)							\
	((i) < BIT6 || (i) == HDLC_ESCAPE || (i) == HDLC_FLAG ?		\
	HDLC_ESCAPE | ((i) ^ BIT6) << 8 | 2u << 16 : PLAIN(i))

static const uint32_t sent_as[256] = { EVERY(SENT_AS, ) };

/* ------------------------------------------------- one octet at a time */

static inline uint16_t
fcs_octet(uint16_t fcs, uint8_t c)
{
	return (uint16_t)(fcs >> 8 ^ fcs_table[0][(fcs ^ c) & 0xff]);
}

static inline bool
must_escape(uint8_t c, uint32_t accm)
{
	return c == HDLC_FLAG || c == HDLC_ESCAPE ||
	    (c < BIT6 && (accm >> c & 1) != 0);
}

static inline uint8_t *
put_octet(uint8_t *o, uint8_t c, uint32_t accm)
{
	if (must_escape(c, accm)) {
		*o++ = HDLC_ESCAPE;
		c ^= BIT6;
	}
	*o++ = c;
	return o;
}

/* --------------------------------------------------- eight at a time */

/* The same octet in all eight places. */
#define ALL8(c)		((uint64_t)(c) * 0x0101010101010101u)

static inline uint64_t
get64(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	w = __builtin_bswap64(w);
#endif
	return w;
}

static inline void
put32(uint8_t *o, uint32_t v)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	v = __builtin_bswap32(v);
#endif
	memcpy(o, &v, sizeof(v));
}

/* 0x80 in the place of every flag and escape. */
static inline uint64_t
find_named(uint64_t w)
{
	uint64_t low = w & ALL8(0x7f);

	/* No sum leaves its octet: >= 0x7d, but not 0x7f, and no top bit. */
	return (low + ALL8(3)) & ~(low + ALL8(1)) & ~w & ALL8(0x80);
}

/* ... and of every octet below 0x20. */
static inline uint64_t
find_control(uint64_t w)
{
	return ~((w & ALL8(0x7f)) + ALL8(0x60)) & ~w & ALL8(0x80);
}

/* The state after the eight octets of w, looked up in eight tables. */
static inline uint16_t
fcs_word(uint16_t fcs, uint64_t w)
{
	const uint16_t (*t)[256] = fcs_table;
	unsigned later = t[5][w >> 16 & 0xff] ^ t[4][w >> 24 & 0xff] ^
	    t[3][w >> 32 & 0xff] ^ t[2][w >> 40 & 0xff] ^
	    t[1][w >> 48 & 0xff] ^ t[0][w >> 56];

	/* Only these two wait for the state. */
	w ^= fcs;
	return (uint16_t)(later ^ (t[7][w & 0xff] ^ t[6][w >> 8 & 0xff]));
}

/*
 * P has four terms only, and so has each of its squares: P^64 = x^1024 +
 * x^768 + x^320 + 1 is a multiple of P.  So a word counts as much as the same
 * word 4, 11 and 16 words later together, and all but the last 16 can be moved
 * on so, by three exclusive-ors each.  For n >= 32 words.
 */
#define MOVE(word, k)							\
	(moved[k] ^= (word) ^ moved[((k) + 12) % 16] ^ moved[((k) + 5) % 16])
#define MOVE_AT(p, k)	MOVE(get64((p) + (size_t)8 * (k)), (k))

static uint16_t
fcs_long(uint16_t fcs, const uint8_t *p, size_t n)
{
	uint64_t moved[16] = { 0 };	/* word i as moved so far in [i % 16] */
	size_t k = (16 - n % 16) % 16;

	/* As if zeroes were in front, which count nothing. */
	n += k;
	moved[k] = fcs;
	for (; k < 16; k++, p += 8)
		MOVE(get64(p), k);
	for (; n > 32; n -= 16, p += 128)
		SIXTEEN(MOVE_AT, p, 0);
	for (k = 0; k < 11; k++)
		moved[k] ^= moved[k + 5];
	for (k = 0; k < 4; k++)
		moved[k] ^= moved[k + 12];
	fcs = 0;
	for (k = 0; k < 16; k++)
		fcs = fcs_word(fcs, get64(p + 8 * k) ^ moved[k]);
	return fcs;
}

/*
 * Each octet of w goes where the octet of `at` in its place says: in order, so
 * that of two for one place the later stays.
 */
static inline void
scatter(uint8_t *o, uint64_t w, uint64_t at)
{
	o[at & 0xff] = (uint8_t)w;
	o[at >> 8 & 0xff] = (uint8_t)(w >> 8);
	o[at >> 16 & 0xff] = (uint8_t)(w >> 16);
	o[at >> 24 & 0xff] = (uint8_t)(w >> 24);
	o[at >> 32 & 0xff] = (uint8_t)(w >> 32);
	o[at >> 40 & 0xff] = (uint8_t)(w >> 40);
	o[at >> 48 & 0xff] = (uint8_t)(w >> 48);
	o[at >> 56] = (uint8_t)(w >> 56);
}

/* Eight octets, of which those with a bit in hit are escaped. */
static inline uint8_t *
put_word(uint8_t *o, uint64_t w, uint64_t hit)
{
	const uint64_t escapes = ALL8(HDLC_ESCAPE);
	/* In each place, how many octets are sent up to there. */
	uint64_t at = (hit + ALL8(1)) * ALL8(1);

	memcpy(o, &escapes, 8);
	memcpy(o + 8, &escapes, 8);
	/* An octet is the last of those sent for it. */
	scatter(o, w ^ hit << 5, at - ALL8(1));
	return o + (at >> 56);
}

/* None or all of the octets below 0x20 are escaped. */
static uint8_t *
escape_uniform(uint8_t *o, const uint8_t *in, size_t n, uint32_t accm)
{
	for (; n >= 8; in += 8, n -= 8) {
		uint64_t w = get64(in), hit = find_named(w);

		if (accm != 0)
			hit |= find_control(w);
		if (accm == 0 && hit == 0) {
			memcpy(o, in, 8);
			o += 8;
		} else
			o = put_word(o, w, hit >> 7);
	}
	for (; n > 0; n--)
		o = put_octet(o, *in++, accm);
	return o;
}

static inline uint8_t *
put_from(const uint32_t *table, uint8_t *o, uint8_t c)
{
	uint32_t v = table[c];

	put32(o, v);
	return o + (v >> 16);
}

static uint8_t *
escape(uint8_t *o, const uint8_t *in, size_t n, uint32_t accm)
{
	uint32_t own[256];

	if (accm == 0 || accm == HDLC_ACCM_ALL)
		return escape_uniform(o, in, n, accm);
	/* A table of one's own pays from about there on. */
	if (n < 128) {
		for (size_t i = 0; i < n; i++)
			o = put_octet(o, in[i], accm);
		return o;
	}
	memcpy(own, sent_as, sizeof(own));
	for (uint32_t c = 0; c < BIT6; c++)
		own[c] = (accm >> c & 1) != 0 ? sent_as[c] : PLAIN(c);
	for (; n >= 4; in += 4, n -= 4) {
		o = put_from(own, o, in[0]);
		o = put_from(own, o, in[1]);
		o = put_from(own, o, in[2]);
		o = put_from(own, o, in[3]);
	}
	for (; n > 0; n--)
		o = put_from(own, o, *in++);
	return o;
}

static inline size_t
unescape_octet(uint8_t *o, uint8_t c, bool *escaped)
{
	bool was = *escaped;

	*escaped = c == HDLC_ESCAPE && !was;
	*o = was ? c ^ BIT6 : c;
	return *escaped ? 0 : 1;
}

/*
 * Unescapes n octets, among them no flag; *escaped is carried over.  Returns
 * how many are left.
 */
static size_t
unescape(uint8_t *out, const uint8_t *p, size_t n, bool *escaped)
{
	uint8_t *o = out;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t w = get64(p);
		uint64_t escape = find_named(w) >> 7;
		uint64_t after = escape << 8 | *escaped;
		/* In each place, how many octets stay up to there. */
		uint64_t at = (escape ^ ALL8(1)) * ALL8(1);

		if ((escape | after) == 0) {
			memcpy(o, p, 8);
			o += 8;
			continue;
		}
		if ((escape & after) != 0) {
			/* An escaped escape: nobody sends that. */
			for (size_t i = 0; i < 8; i++)
				o += unescape_octet(o, p[i], escaped);
			continue;
		}
		*escaped = escape >> 56 != 0;
		w ^= after << 5;
		/* What shall vanish is overwritten by what comes next. */
		scatter(o, w, at << 8);
		o += at >> 56;
	}
	for (; n > 0; n--)
		o += unescape_octet(o, *p++, escaped);
	return (size_t)(o - out);
}

/* ----------------------------------------------------------- the codec */

uint16_t
hdlc_fcs(uint16_t fcs, const uint8_t *p, size_t n)
{
	size_t words = n / 8;

	if (words >= 32)
		fcs = fcs_long(fcs, p, words);
	else
		for (size_t i = 0; i < words; i++)
			fcs = fcs_word(fcs, get64(p + 8 * i));
	for (size_t i = 8 * words; i < n; i++)
		fcs = fcs_octet(fcs, p[i]);
	return fcs;
}

size_t
hdlc_encode(uint8_t *out, const uint8_t *in, size_t n, uint32_t accm,
    bool first)
{
	uint16_t fcs = hdlc_fcs(HDLC_FCS_INIT, in, n) ^ 0xffff;
	uint8_t *o = out;

	if (first)
		*o++ = HDLC_FLAG;
	o = escape(o, in, n, accm);
	o = put_octet(o, (uint8_t)fcs, accm);
	o = put_octet(o, (uint8_t)(fcs >> 8), accm);
	*o++ = HDLC_FLAG;
	return (size_t)(o - out);
}

void
hdlc_dec_init(struct hdlc_dec *d, uint8_t *frame, size_t cap)
{
	*d = (struct hdlc_dec){
		.frame = frame, .cap = cap, .hunting = true
	};
}

/* At a flag: what was in front of it?  MORE if nothing. */
static enum hdlc_verdict
finish(struct hdlc_dec *d)
{
	bool counts = !d->hunting, too_long = d->too_long;
	bool escaped = d->escaped;

	d->hunting = d->too_long = d->escaped = false;
	d->done = true;
	if (!counts)
		return HDLC_MORE;
	if (too_long)
		return HDLC_LONG;
	if (escaped)
		return HDLC_ABORT;
	if (d->len <= FCS_SIZE)
		return d->len == 0 ? HDLC_MORE : HDLC_RUNT;
	/* A single octet with a good FCS is no noise: the peer may judge it. */
	if (hdlc_fcs(HDLC_FCS_INIT, d->frame, d->len) != HDLC_FCS_GOOD)
		return d->len < FRAME_MIN ? HDLC_RUNT : HDLC_BAD_FCS;
	d->len -= FCS_SIZE;
	return HDLC_FRAME;
}

/* Consumes up to the next flag, whose place or end it returns. */
static const uint8_t *
take(struct hdlc_dec *d, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *flag = memchr(p, HDLC_FLAG, (size_t)(end - p));

	if (flag == NULL)
		flag = end;
	if (d->hunting)
		return flag;
	while (p < flag && !d->too_long) {
		size_t n = (size_t)(flag - p), room = d->cap - d->len;

		if (n > room)
			n = room;
		d->too_long = n == 0;
		d->len += unescape(d->frame + d->len, p, n, &d->escaped);
		p += n;
	}
	return flag;
}

enum hdlc_verdict
hdlc_decode(struct hdlc_dec *d, const uint8_t **p, const uint8_t *end)
{
	enum hdlc_verdict verdict;

	while (*p < end) {
		if (d->done)
			d->len = 0;
		d->done = false;
		*p = take(d, *p, end);
		if (*p == end)
			break;
		++*p;
		verdict = finish(d);
		if (verdict != HDLC_MORE)
			return verdict;
	}
	return HDLC_MORE;
}

/* ---------------------------------------------------- what LCP agrees on */

enum { ACCM_OPTION_LEN = 6 };

/*
 * The cursor to the LCP packet in a frame, .bad if there is none.  LCP never
 * lacks address and control (RFC 1661 6.6), but who sends it so is understood.
 */
static struct rd
lcp_packet(const uint8_t *frame, size_t n)
{
	struct rd r = { .p = frame, .end = frame + n };
	uint16_t proto = rd_u16(&r);

	if (proto == 0xff03)
		proto = rd_u16(&r);
	r.bad = r.bad || proto != PPP_LCP;
	return r;
}

/* The map that options ask for; .bad in *r if they are not well formed. */
static uint32_t
options_map(struct rd *r)
{
	uint32_t map = HDLC_ACCM_ALL;

	while (!r->bad && r->p < r->end) {
		uint8_t type = rd_u8(r);
		uint8_t len = rd_u8(r);
		struct rd value = { .p = r->p, .end = r->end };

		if (len < 2)
			r->bad = true;
		else
			(void)rd_bytes(r, len - 2u);
		if (type != LCP_OPT_ACCM)
			continue;
		map = rd_u32(&value);
		r->bad = r->bad || len != ACCM_OPTION_LEN;
	}
	return map;
}

/* FNV-1a, 32 bits: the options of an Ack are those of its Request. */
static uint32_t
digest(const uint8_t *p, size_t n)
{
	uint32_t sum = 0x811c9dc5;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * 0x01000193u;
	return sum;
}

void
hdlc_accm_init(struct hdlc_accm *a)
{
	*a = (struct hdlc_accm){ .map = HDLC_ACCM_ALL };
}

/* A Configure-Request: nothing is agreed on until it is acknowledged. */
static void
learn_request(struct hdlc_accm *a, uint8_t id, struct rd *options,
    bool outward)
{
	a->map = HDLC_ACCM_ALL;
	if (outward) {
		a->asked_id = id;
		a->asked_sum = digest(options->p,
		    (size_t)(options->end - options->p));
		a->asked_map = options_map(options);
		a->asked = !options->bad;
		a->acked = false;
		return;
	}
	/* After both sides have agreed it begins all anew (RFC 1661 4.1). */
	if (a->acked && a->acking)
		a->asked = a->acked = false;
	a->acking = false;
}

/*
 * A Configure-Ack.  The peer may ask only after it has acknowledged: then
 * pppd's own answer brings the map back.
 */
static void
learn_ack(struct hdlc_accm *a, uint8_t id, const struct rd *options,
    bool outward)
{
	size_t n = (size_t)(options->end - options->p);

	if (outward)
		a->acking = true;
	else if (a->asked && id == a->asked_id &&
	    digest(options->p, n) == a->asked_sum)
		a->acked = true;
	else
		return;
	if (a->acked)
		a->map = a->asked_map;
}

void
hdlc_accm_learn(struct hdlc_accm *a, const uint8_t *frame, size_t n,
    bool outward)
{
	struct rd r = lcp_packet(frame, n);
	uint8_t code = rd_u8(&r);
	uint8_t id = rd_u8(&r);
	uint16_t len = rd_u16(&r);

	if (r.bad || len < LCP_HEADER ||
	    (size_t)(r.end - r.p) < (size_t)len - LCP_HEADER)
		return;
	r.end = r.p + len - LCP_HEADER;
	if (code == LCP_CONFREQ)
		learn_request(a, id, &r, outward);
	else if (code == LCP_CONFACK)
		learn_ack(a, id, &r, outward);
}

uint32_t
hdlc_accm_for(const struct hdlc_accm *a, const uint8_t *frame, size_t n)
{
	struct rd r = lcp_packet(frame, n);

	return r.bad ? a->map : HDLC_ACCM_ALL;
}

/* ------------------------------------------ frames without boundaries */

enum {
	IP_HEADER = 20,
	IPV6_HEADER = 40,
	CP_HEADER = 4,
	UNKNOWN = 0			/* no packet is that short */
};

/* Code, identifier, length: all NCPs, and the link protocols that do so. */
static bool
is_control(uint16_t proto)
{
	switch (proto) {
	case PPP_LCP:
	case PPP_PAP:
	case PPP_SPAP:
	case PPP_CBCP:
	case PPP_BACP:
	case PPP_BAP:
	case PPP_CHAP:
	case PPP_EAP:
		return true;
	}
	return proto >= 0x8000 && proto < 0xc000;
}

/*
 * The length that the packet at r states, UNKNOWN if it states none or an
 * absurd one; .bad if it ends before it says.
 */
static size_t
stated_length(struct rd *r, uint16_t proto)
{
	uint8_t first = rd_u8(r);
	size_t min = CP_HEADER, len;

	if (proto == PPP_IP || proto == PPP_VJ_UNCOMP) {
		min = first >> 4 == 4 ? IP_HEADER : 0;
	} else if (proto == PPP_IPV6) {
		min = first >> 4 == 6 ? IPV6_HEADER : 0;
		(void)rd_bytes(r, 2);
	} else if (!is_control(proto)) {
		min = 0;
	}
	if (min == 0) {
		r->bad = false;
		return UNKNOWN;
	}
	(void)rd_u8(r);
	len = rd_u16(r);
	if (proto == PPP_IPV6)
		len += IPV6_HEADER;
	return len < min ? UNKNOWN : len;
}

size_t
hdlc_sync_split(const uint8_t *p, size_t n)
{
	struct rd r = { .p = p, .end = p + n };
	uint16_t proto;
	size_t before, len;

	if (n > 1 && p[0] == 0xff && p[1] == 0x03)
		(void)rd_u16(&r);
	proto = rd_u8(&r);
	/* Protocols are odd, their upper octets even (RFC 1661 2). */
	if (proto % 2 == 0 || (n == 1 && proto == 0xff))
		proto = (uint16_t)(proto << 8 | rd_u8(&r));
	if (r.bad || r.p == r.end)
		return 0;
	before = (size_t)(r.p - p);
	len = stated_length(&r, proto);
	if (r.bad)
		return 0;
	if (len == UNKNOWN || before + len > HDLC_FRAME_MAX)
		return n;
	return before + len <= n ? before + len : 0;
}
