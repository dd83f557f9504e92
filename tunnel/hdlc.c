/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP framing towards pppd (pure); the contract is include/hdlc.h.
 *
 * Theory of operation.  Both directions make two passes over a frame that is
 * in the first-level cache anyway: one for the FCS, one for the escapes.
 *
 * The FCS is linear over GF(2), so shifts and XORs can fold octets into later
 * ones, many at a time.
 *
 * Escapes come in two densities: 2 of 256 octets once LCP has agreed on an
 * empty map, 34 of 256 before that or with random (encrypted) data under a
 * full map.  Where escapes are few, libc finds them and copies the runs between
 * them.  Where they are many, octets are put in their places eight at a time,
 * without a branch per octet, by sums over the mask of those to be escaped.
 *
 * The decoder first looks for the flag that ends the frame, then unescapes
 * what precedes the flag; all that must survive between two calls is the length
 * so far and whether the last octet was an escape.
 */
#include <string.h>

#include "hdlc.h"
#include "wire.h"

enum {
	BIT6 = 0x20,			/* what an escape complements */
	FCS_SIZE = 2,
	HDLC_FCS_INIT = 0xffff,
	HDLC_FCS_GOOD = 0xf0b8		/* residue over data and FCS */
};

static inline uint8_t *
put_octet(uint8_t *o, uint8_t c, uint32_t accm)
{
	bool hit = c < 32 ? accm >> c & 1 : c == HDLC_FLAG || c == HDLC_ESCAPE;

	*o = HDLC_ESCAPE;
	o[hit] = (uint8_t)(c ^ hit * BIT6);
	return o + hit + 1;
}

enum {
	RUN = 32,			/* mean length of a run from which
					 * a search pays off */
	RUNS_AHEAD = 64			/* octets by which runs may fall
					 * short of that in all */
};

static inline const uint8_t *
find(const uint8_t *p, uint8_t c, const uint8_t *end)
{
	const uint8_t *found = memchr(p, c, (size_t)(end - p));

	return found != NULL ? found : end;
}

/*
 * For an empty map: copies the runs between flags and escapes for as long as
 * the runs are long enough.  Moves *in past what it used.
 */
static uint8_t *
escape_few(uint8_t *o, const uint8_t **in, const uint8_t *end)
{
	const uint8_t *p = *in, *flag = find(p, HDLC_FLAG, end);
	const uint8_t *escape = find(p, HDLC_ESCAPE, end);
	ptrdiff_t spare = RUNS_AHEAD;

	for (;;) {
		const uint8_t *stop = flag < escape ? flag : escape;
		size_t run = (size_t)(stop - p);

		memcpy(o, p, run);
		o += run;
		p = stop;
		spare += (ptrdiff_t)run - RUN;
		if (p == end || spare < 0)
			break;
		*o++ = HDLC_ESCAPE;
		*o++ = *p++ ^ BIT6;
		if (stop == flag)
			flag = find(p, HDLC_FLAG, end);
		else
			escape = find(p, HDLC_ESCAPE, end);
	}
	*in = p;
	return o;
}

/* Reverses escape_few(); *escaped: the octet before *in was an escape. */
static uint8_t *
unescape_few(uint8_t *o, const uint8_t **in, const uint8_t *end, bool *escaped)
{
	const uint8_t *p = *in;

	for (ptrdiff_t spare = RUNS_AHEAD; p < end && spare >= 0;) {
		const uint8_t *stop = find(p + *escaped, HDLC_ESCAPE, end);
		size_t run = (size_t)(stop - p);

		memcpy(o, p, run);
		if (*escaped)
			*o ^= BIT6;
		*escaped = stop < end;
		o += run;
		p = stop + *escaped;
		spare += (ptrdiff_t)run - RUN;
	}
	*in = p;
	return o;
}

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

/* Returns 0x80 in the place of every flag and escape, 0 elsewhere. */
static inline uint64_t
find_named(uint64_t w)
{
	uint64_t low = w & ALL8(0x7f);

	/*
	 * Finds octets whose low seven bits are >= 0x7d but not 0x7f, and whose
	 * top bit is 0.  No sum carries into the next octet.
	 */
	return (low + ALL8(3)) & ~(low + ALL8(1)) & ~w & ALL8(0x80);
}

/* Returns 0x80 in the place of every octet below 0x20, 0 elsewhere. */
static inline uint64_t
find_control(uint64_t w)
{
	return ~((w & ALL8(0x7f)) + ALL8(0x60)) & ~w & ALL8(0x80);
}

/*
 * Stores octet i of w at o[octet i of at], in order: where two octets have the
 * same index the later one stays.
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

/* Puts the eight octets of w, escaping those with a bit in hit. */
static inline uint8_t *
put_word(uint8_t *o, uint64_t w, uint64_t hit)
{
	const uint64_t escapes = ALL8(HDLC_ESCAPE);
	/* Octet i: how many octets are sent for the first i + 1 of w. */
	uint64_t at = (hit + ALL8(1)) * ALL8(1);

	memcpy(o, &escapes, 8);
	memcpy(o + 8, &escapes, 8);
	/* An escaped octet takes the second of its places, after the escape. */
	scatter(o, w ^ hit << 5, at - ALL8(1));
	return o + (at >> 56);
}

static uint8_t *
escape(uint8_t *o, const uint8_t *in, size_t n, uint32_t accm)
{
	const uint8_t *end = in + n;
	uint64_t control = accm == 0 ? 0 : ALL8(0x80);

	if (accm == 0)
		o = escape_few(o, &in, end);
	if (accm == 0 || accm == HDLC_ACCM_ALL)
		for (; end - in >= 8; in += 8) {
			uint64_t w = get64(in);

			o = put_word(o, w, (find_named(w) |
			    (find_control(w) & control)) >> 7);
		}
	while (in < end)
		o = put_octet(o, *in++, accm);
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
 * Unescapes n octets, none of them a flag; *escaped is carried over to the next
 * call.  Returns the number of octets written.
 */
static size_t
unescape(uint8_t *out, const uint8_t *p, size_t n, bool *escaped)
{
	const uint8_t *end = p + n;
	uint8_t *o = unescape_few(out, &p, end, escaped);

	while (end - p >= 8) {
		uint64_t w = get64(p);
		uint64_t escape = find_named(w) >> 7;
		uint64_t after = escape << 8 | *escaped;
		/* Octet i: how many of the first i + 1 of w are kept. */
		uint64_t at = (escape ^ ALL8(1)) * ALL8(1);

		if ((escape & after) != 0) {
			/* An escaped escape, which no encoder sends. */
			o += unescape_octet(o, *p++, escaped);
			continue;
		}
		*escaped = escape >> 56 != 0;
		/* An escape is overwritten by the octet after it. */
		scatter(o, w ^ after << 5, at << 8);
		o += at >> 56;
		p += 8;
	}
	while (p < end)
		o += unescape_octet(o, *p++, escaped);
	return (size_t)(o - out);
}

/*
 * P = x^16 + x^12 + x^5 + 1 has only four terms, and so has P^n for n = 1, 2,
 * 4 or 16: modulo P^n a bit equals the sum of the three bits 4n, 11n and 16n
 * places later.  Replaces each of the first 16n bits of w by those three, until
 * all lie after the first 16n; returns what to add to the bits there.
 */
static inline uint64_t
fcs_move(uint64_t w, unsigned n)
{
	uint64_t by_11 = w << 11 * n;

	w ^= w << 4 * n;
	w ^= w << 8 * n ^ by_11;
	w &= UINT64_MAX >> (64 - 16 * n);
	return w ^ (w >> 7 * n ^ w) >> 5 * n;
}

/*
 * Runs the FCS-16 of RFC 1662 C.2 over n octets from state fcs.
 *
 * Modulo P^16 the three bits are 64, 176 and 256 places later, so four words
 * are processed at once: a to d are the four words before p, with what was
 * added to them.
 */
static uint16_t
hdlc_fcs(uint16_t fcs, const uint8_t *p, size_t n)
{
	uint64_t a = fcs, b = 0, c = 0, d = 0, w = 0;
	const uint64_t *add;

	if (n < 8) {
		for (; n > 0; n--)
			a = a >> 8 ^ fcs_move((a ^ *p++) << 8, 1);
		return (uint16_t)a;
	}
	for (; n >= 64; p += 32, n -= 32) {
		a ^= get64(p) ^ b >> 16 ^ c << 48 ^ d;
		b ^= get64(p + 8) ^ c >> 16 ^ d << 48 ^ a;
		c ^= get64(p + 16) ^ d >> 16 ^ a << 48 ^ b;
		d ^= get64(p + 24) ^ a >> 16 ^ b << 48 ^ c;
	}
	add = (const uint64_t[8]){ a ^ b >> 16 ^ c << 48 ^ d,
	    b ^ c >> 16 ^ d << 48, c ^ d >> 16, d };
	for (; n >= 16; p += 8, n -= 8)
		w = fcs_move(get64(p) ^ *add++ ^ w, 4);
	w ^= *add;
	n -= 8;
	if (n > 0)		/* fold the first n octets into the last 8 */
		w = w >> 8 * n ^
		    fcs_move((get64(p) ^ w) << (64 - 8 * n), 4);
	/* Fold the last eight into the state: four, then two, then two. */
	w ^= get64(p + n);
	w = w >> 32 ^ fcs_move(w, 2);
	w = w >> 16 ^ fcs_move(w, 1);
	return (uint16_t)fcs_move(w, 1);
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

/*
 * Judges what preceded a flag: HDLC_MORE if nothing did.  Even a single octet
 * with a good FCS is a frame, not noise: the server may judge it.
 */
static enum hdlc_verdict
finish(struct hdlc_dec *d)
{
	bool nothing = d->hunting || (d->used == 0 && !d->escaped);
	bool whole = !d->escaped && d->used > FCS_SIZE && d->used <= d->cap &&
	    hdlc_fcs(HDLC_FCS_INIT, d->frame, d->used) == HDLC_FCS_GOOD;

	if (whole)
		d->len = d->used - FCS_SIZE;
	d->used = 0;
	d->hunting = d->escaped = false;
	return nothing ? HDLC_MORE : whole ? HDLC_FRAME : HDLC_BAD;
}

/*
 * Consumes octets up to the next flag and returns its place, or end if there is
 * none.  Of a frame that is too long, keeps one octet more than cap.
 */
static const uint8_t *
take(struct hdlc_dec *d, const uint8_t *p, const uint8_t *end)
{
	const uint8_t *flag = find(p, HDLC_FLAG, end);

	while (p < flag && !d->hunting && d->used <= d->cap) {
		size_t n = (size_t)(flag - p), room = d->cap + 1 - d->used;

		if (n > room)
			n = room;
		d->used += unescape(d->frame + d->used, p, n, &d->escaped);
		p += n;
	}
	return flag;
}

enum hdlc_verdict
hdlc_decode(struct hdlc_dec *d, const uint8_t **p, const uint8_t *end)
{
	enum hdlc_verdict verdict = HDLC_MORE;

	while (verdict == HDLC_MORE && *p < end) {
		*p = take(d, *p, end);
		if (*p < end) {
			++*p;
			verdict = finish(d);
		}
	}
	return verdict;
}

size_t
hdlc_sync_split(const uint8_t *p, size_t n)
{
	struct rd r = { .p = p, .end = p + n };
	size_t len, skip = 2, more = 0;
	uint16_t proto;

	if (n > 1 && p[0] == 0xff && p[1] == 0x03)
		(void)rd_u16(&r);
	proto = rd_u8(&r);
	/* Protocols are odd, their upper octets even (RFC 1661 2). */
	if (proto % 2 == 0 || (n == 1 && proto == 0xff))
		proto = (uint16_t)(proto << 8 | rd_u8(&r));
	if (r.bad || r.p == r.end)
		return 0;
	if (proto == PPP_IPV6) {
		skip = 4;
		more = 40;		/* IPv6 does not count its header */
	} else if (proto != PPP_IP && proto != PPP_VJ_UNCOMP &&
	    (proto < 0x8000 || proto == PPP_LQR)) {
		return n;		/* the frame states no length */
	}
	len = (size_t)(r.p - p) + more;
	(void)rd_bytes(&r, skip);
	len += rd_u16(&r);
	if (r.bad)
		return 0;
	/* An absurd length is taken for no length. */
	if (len < (size_t)(r.p - p) || len > HDLC_FRAME_MAX)
		return n;
	return len <= n ? len : 0;
}
