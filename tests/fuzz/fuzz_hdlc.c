/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HDLC codec: any stream, cut anywhere, has the same verdicts and frames
 * as the yardstick's, and what is encoded decodes.
 *
 * Input: map (4 octets), room of the decoder (1), size of the pieces (1), then
 * the stream, which is also taken as a frame to encode.
 */
#include "../../tunnel/hdlc.c"

#include <stdlib.h>

#include "../unit/hdlc_naive.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

typedef enum hdlc_verdict decoder(struct hdlc_dec *, const uint8_t **,
    const uint8_t *);

struct trace {
	size_t		 verdicts[HDLC_BAD + 1];
	uint32_t	 digest;		/* of all verdicts and frames */
};

static void
check(bool ok)
{
	if (!ok)
		__builtin_trap();
}

/* FNV-1a */
static uint32_t
digest(const uint8_t *p, size_t n)
{
	uint32_t sum = 0x811c9dc5;

	for (size_t i = 0; i < n; i++)
		sum = (sum ^ p[i]) * 0x01000193u;
	return sum;
}

/* Every piece and the frame are blocks of their own, for the sanitizer. */
static struct trace
decode(decoder *f, const uint8_t *in, size_t n, size_t cap, size_t piece)
{
	struct trace t = { .digest = 0 };
	uint8_t *frame = malloc(cap + HDLC_DECODE_SLACK);
	struct hdlc_dec d;

	check(frame != NULL);
	hdlc_dec_init(&d, frame, cap);
	for (size_t at = 0, k; at < n; at += k) {
		uint8_t *copy;
		const uint8_t *p;

		k = n - at < piece ? n - at : piece;
		p = copy = malloc(k);
		check(copy != NULL);
		memcpy(copy, in + at, k);
		while (p < copy + k) {
			const uint8_t *before = p;
			enum hdlc_verdict v = f(&d, &p, copy + k);

			check(p > before && p <= copy + k);
			check(v != HDLC_MORE || p == copy + k);
			if (v == HDLC_MORE)
				continue;
			t.verdicts[v]++;
			t.digest = t.digest * 31 + v;
			if (v != HDLC_FRAME)
				continue;
			check(d.len >= 2 && d.len + 2 <= cap);
			t.digest = t.digest * 31 + digest(frame, d.len);
		}
		free(copy);
	}
	free(frame);
	return t;
}

static void
check_same(struct trace a, struct trace b)
{
	check(a.digest == b.digest);
	check(memcmp(a.verdicts, b.verdicts, sizeof(a.verdicts)) == 0);
}

static void
round_trip(const uint8_t *in, size_t n, uint32_t accm, size_t piece)
{
	uint8_t *want = malloc(HDLC_ENCODED(n)), *got = malloc(HDLC_ENCODED(n));
	size_t len = naive_encode(want, in, n, accm, true);
	struct trace t;

	check(hdlc_encode(got, in, n, accm, true) == len);
	check(memcmp(want, got, len) == 0);
	check(hdlc_encode(got, in, n, accm, false) == len - 1);
	check(memcmp(want + 1, got, len - 1) == 0);
	if (n >= 2) {
		t = decode(hdlc_decode, want, len, n + 2, piece);
		check(t.verdicts[HDLC_FRAME] == 1);
		check(t.digest == HDLC_FRAME * 31 + digest(in, n));
	}
	check(hdlc_fcs(HDLC_FCS_INIT, in, n) == naive_fcs(HDLC_FCS_INIT, in,
	    n));
	for (size_t i = 1; i + 1 < len; i++)
		check(want[i] != HDLC_FLAG && (want[i] >= BIT6 ||
		    (accm >> want[i] & 1) == 0));
	free(want);
	free(got);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = { .p = data, .end = data + size };
	uint32_t accm = rd_u32(&r);
	size_t cap = rd_u8(&r) * (size_t)9 + 4, piece = rd_u8(&r) + (size_t)1;
	size_t n;
	struct trace first;

	if (r.bad)
		return 0;
	n = (size_t)(r.end - r.p);
	first = decode(naive_decode, r.p, n, cap, n + 1);
	check_same(first, decode(hdlc_decode, r.p, n, cap, n + 1));
	check_same(first, decode(hdlc_decode, r.p, n, cap, piece));
	if (n <= 256)
		check_same(first, decode(hdlc_decode, r.p, n, cap, 1));
	round_trip(r.p, n, accm, piece);
	return 0;
}
