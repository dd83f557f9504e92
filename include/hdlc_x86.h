/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vector half of tunnel/hdlc.c, sixteen octets at a time, for processors
 * with SSSE3, POPCNT and PCLMULQDQ.  Only that file includes it, behind its
 * portable functions, which do the ends and the odd cases here.
 */
#ifndef HDLC_X86_H
#define HDLC_X86_H

#include <cpuid.h>
#include <immintrin.h>

#define VECTOR	__attribute__((__target__("ssse3,popcnt,pclmul")))

/*
 * Shuffles for eight octets by the mask of those to escape (widen; lane 8
 * holds an escape) or to leave out (narrow).  What a row does not name is
 * beyond the octets that count.
 */
#define WIDEN0(b)	b
#define WIDEN1(b)	8, b
#define WIDEN(h, g, f, e, d, c, b, a)					\
	{ WIDEN##a(0), WIDEN##b(1), WIDEN##c(2), WIDEN##d(3),		\
	WIDEN##e(4), WIDEN##f(5), WIDEN##g(6), WIDEN##h(7) }
#define NARROW0(b)	b,
#define NARROW1(b)
#define NARROW(h, g, f, e, d, c, b, a)					\
	{ NARROW##a(0) NARROW##b(1) NARROW##c(2) NARROW##d(3)		\
	NARROW##e(4) NARROW##f(5) NARROW##g(6) 7 }

/* f(bit 7, ..., bit 0) for every mask, in order. */
#define BITS1(f, ...)	f(__VA_ARGS__, 0), f(__VA_ARGS__, 1)
#define BITS2(f, ...)	BITS1(f, __VA_ARGS__, 0), BITS1(f, __VA_ARGS__, 1)
#define BITS3(f, ...)	BITS2(f, __VA_ARGS__, 0), BITS2(f, __VA_ARGS__, 1)
#define BITS4(f, ...)	BITS3(f, __VA_ARGS__, 0), BITS3(f, __VA_ARGS__, 1)
#define BITS5(f, ...)	BITS4(f, __VA_ARGS__, 0), BITS4(f, __VA_ARGS__, 1)
#define BITS6(f, ...)	BITS5(f, __VA_ARGS__, 0), BITS5(f, __VA_ARGS__, 1)
#define BITS7(f, ...)	BITS6(f, __VA_ARGS__, 0), BITS6(f, __VA_ARGS__, 1)
#define BITS8(f)	BITS7(f, 0), BITS7(f, 1)

static const uint8_t widen[256][16] __attribute__((__aligned__(16))) = {
	BITS8(WIDEN)
};
static const uint8_t narrow[256][8] __attribute__((__aligned__(8))) = {
	BITS8(NARROW)
};

VECTOR static inline __m128i
load(const void *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

VECTOR static inline __m128i
load8(const void *p)
{
	return _mm_loadl_epi64((const __m128i *)p);
}

VECTOR static inline void
store(void *p, __m128i v)
{
	_mm_storeu_si128((__m128i *)p, v);
}

VECTOR static inline __m128i
fold(__m128i x, __m128i by, __m128i next)
{
	__m128i low = _mm_clmulepi64_si128(x, by, 0x00);
	__m128i high = _mm_clmulepi64_si128(x, by, 0x11);

	return _mm_xor_si128(_mm_xor_si128(low, high), next);
}

/*
 * Read as a polynomial, bit i of a 64-bit word is x^(63 - i), and the product
 * of two such words has one x too many.  So moving a word by d bits is
 * multiplying it by x^(d - 1) mod P, which stands in its top 16 bits; the low
 * word is 64 further away.
 */
#define FOLD_BY(low, high)						\
	_mm_set_epi64x((long long)((uint64_t)(high) << 48),		\
	    (long long)((uint64_t)(low) << 48))

VECTOR static uint16_t
fcs_vector(uint16_t fcs, const uint8_t *p, size_t n)
{
	static const uint8_t slide[32] = {
		128, 128, 128, 128, 128, 128, 128, 128,
		128, 128, 128, 128, 128, 128, 128, 128,
		0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	};
	const __m128i by128 = FOLD_BY(0xa95d, 0x7eea);
	const __m128i by512 = FOLD_BY(0x9822, 0x7f90);
	uint8_t rest[16];
	__m128i x;
	size_t head;

	if (n < 32)
		return fcs_portable(fcs, p, n);
	if (n % 16 == 1) {
		/* The state must fit into the first block. */
		fcs = fcs_octet(fcs, *p++);
		n--;
	}
	/* Zeroes in front change nothing: an odd block comes first. */
	head = (n - 1) % 16 + 1;
	x = _mm_xor_si128(load(p), _mm_cvtsi32_si128(fcs));
	x = _mm_shuffle_epi8(x, load(slide + head));
	p += head;
	n -= head;
	if (n >= 112) {
		__m128i y = load(p), z = load(p + 16), last = load(p + 32);

		for (p += 48, n -= 48; n >= 64; p += 64, n -= 64) {
			x = fold(x, by512, load(p));
			y = fold(y, by512, load(p + 16));
			z = fold(z, by512, load(p + 32));
			last = fold(last, by512, load(p + 48));
		}
		x = fold(fold(fold(x, by128, y), by128, z), by128, last);
	}
	for (; n > 0; p += 16, n -= 16)
		x = fold(x, by128, load(p));
	store(rest, x);
	return fcs_word(fcs_word(0, get64(rest)), get64(rest + 8));
}

/*
 * The octets to escape by low nibble: bit 0 for 0x, bit 1 for 1x, bit 7 for
 * 7x.
 */
VECTOR static inline __m128i
escape_rows(uint32_t accm)
{
	const __m128i bit = _mm_set1_epi64x((long long)0x8040201008040201u);
	const __m128i named = _mm_set_epi8(0, -128, -128, 0, 0, 0, 0, 0,
	    0, 0, 0, 0, 0, 0, 0, 0);
	__m128i map = _mm_cvtsi32_si128((int)accm), low, high;

	low = _mm_shuffle_epi8(map, _mm_set_epi32(0x01010101, 0x01010101,
	    0, 0));
	high = _mm_shuffle_epi8(map, _mm_set_epi32(0x03030303, 0x03030303,
	    0x02020202, 0x02020202));
	low = _mm_cmpeq_epi8(_mm_and_si128(low, bit), bit);
	high = _mm_cmpeq_epi8(_mm_and_si128(high, bit), bit);
	low = _mm_and_si128(low, _mm_set1_epi8(1));
	high = _mm_and_si128(high, _mm_set1_epi8(2));
	return _mm_or_si128(named, _mm_or_si128(low, high));
}

/* Writes the n <= 16 octets of v, each escaped as rows say. */
VECTOR static inline uint8_t *
escape_block(uint8_t *o, __m128i v, unsigned n, __m128i rows)
{
	/* The row bit of each high nibble; bit 2 is in no row. */
	const __m128i columns = _mm_set_epi8(4, 4, 4, 4, 4, 4, 4, 4,
	    -128, 4, 4, 4, 4, 4, 2, 1);
	const __m128i escape = _mm_set1_epi8(HDLC_ESCAPE);
	__m128i column, hit;
	unsigned mask, low;

	/* A shuffle gives 0 for octets from 0x80: they match no column. */
	column = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(15));
	column = _mm_shuffle_epi8(columns, column);
	hit = _mm_and_si128(_mm_shuffle_epi8(rows, v), column);
	hit = _mm_cmpeq_epi8(hit, column);
	mask = (unsigned)_mm_movemask_epi8(hit) & ((1u << n) - 1);
	v = _mm_xor_si128(v, _mm_and_si128(hit, _mm_set1_epi8(BIT6)));

	low = mask & 0xff;
	store(o, _mm_shuffle_epi8(_mm_unpacklo_epi64(v, escape),
	    load(widen[low])));
	store(o + 8 + __builtin_popcount(low), _mm_shuffle_epi8(
	    _mm_unpackhi_epi64(v, escape), load(widen[mask >> 8])));
	return o + n + __builtin_popcount(mask);
}

VECTOR static uint8_t *
escape_vector(uint8_t *o, const uint8_t *in, size_t n, uint32_t accm)
{
	const __m128i rows = escape_rows(accm);
	uint8_t tail[16] = { 0 };

	for (; n >= 16; in += 16, n -= 16)
		o = escape_block(o, load(in), 16, rows);
	memcpy(tail, in, n);
	return escape_block(o, load(tail), (unsigned)n, rows);
}

VECTOR static const uint8_t *
find_flag_vector(const uint8_t *p, const uint8_t *end)
{
	const __m128i flag = _mm_set1_epi8(HDLC_FLAG);

	for (; end - p >= 32; p += 32) {
		__m128i a = _mm_cmpeq_epi8(load(p), flag);
		__m128i b = _mm_cmpeq_epi8(load(p + 16), flag);
		unsigned mask = (unsigned)_mm_movemask_epi8(a) |
		    (unsigned)_mm_movemask_epi8(b) << 16;

		if (mask != 0)
			return p + __builtin_ctz(mask);
	}
	while (p < end && *p != HDLC_FLAG)
		p++;
	return p;
}

/*
 * Every block is read twice, the second time one octet earlier, to see which
 * octets follow an escape.  An escape after an escape is data; nobody sends
 * that, so such a block is left to the portable form.
 */
VECTOR static size_t
unescape_vector(uint8_t *out, const uint8_t *p, size_t n, bool *escaped)
{
	const __m128i escape = _mm_set1_epi8(HDLC_ESCAPE);
	const uint8_t *end = p + n, *from;
	uint8_t *o = out;
	__m128i v, is, after;
	size_t step = 1;
	unsigned mask, low;

	while (end - p >= 17) {
		/* Get to where the octet in front tells the state. */
		do {
			o += unescape_portable(o, p, step, escaped);
			p += step;
			step = 1;
		} while (end - p >= 16 && *escaped != (p[-1] == HDLC_ESCAPE));

		for (from = p; end - p >= 16; p += 16) {
			v = load(p);
			is = _mm_cmpeq_epi8(v, escape);
			after = _mm_cmpeq_epi8(load(p - 1), escape);
			if (_mm_movemask_epi8(_mm_and_si128(is, after)) != 0)
				break;
			mask = (unsigned)_mm_movemask_epi8(is);
			v = _mm_xor_si128(v,
			    _mm_and_si128(after, _mm_set1_epi8(BIT6)));
			low = mask & 0xff;
			store(o, _mm_shuffle_epi8(v, load8(narrow[low])));
			o += 8 - __builtin_popcount(low);
			v = _mm_shuffle_epi8(_mm_srli_si128(v, 8),
			    load8(narrow[mask >> 8]));
			store(o, v);
			o += 8 - __builtin_popcount(mask >> 8);
		}
		if (p != from)
			*escaped = p[-1] == HDLC_ESCAPE;
		step = 16;
	}
	o += unescape_portable(o, p, (size_t)(end - p), escaped);
	return (size_t)(o - out);
}

#endif
