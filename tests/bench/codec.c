/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The HDLC codec alone, on frames of random octets.
 *
 *	cc -O2 -Iinclude -o codec tests/bench/codec.c tunnel/hdlc.c
 *	codec [ROUNDS]			ns per frame
 *	codec count encode|decode N
 *					N packets of 1400 octets and nothing
 *					else: instructions per packet are the
 *					difference of two such runs (callgrind)
 *
 * Time is that of the processor, not the wall; medians of the rounds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hdlc.h"

enum {
	POOL = 64,			/* different frames: 90 KB at most */
	LONGEST = 1404,
	PIECE = 4095,			/* what one read of a pty gives */
	ROUNDS = 41,
	ROUNDS_MAX = 1000,
	ROUND_OCTETS = 200000
};

static uint8_t frames[POOL][LONGEST];
static uint8_t stream[POOL * HDLC_ENCODED(LONGEST)];
static uint64_t seed = 1;
static volatile size_t sink;

static uint8_t
random_octet(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint8_t)(seed >> 56);
}

static double
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare);
	return v[n / 2];
}

/* All frames of the pool one after the other, sharing flags; the length. */
static size_t
encode_all(size_t n, uint32_t accm)
{
	size_t len = 0;

	for (size_t i = 0; i < POOL; i++)
		len += hdlc_encode(stream + len, frames[i], n, accm,
		    i == 0);
	return len;
}

/* Decodes stream[0 .. len) in pieces; how many good frames it held. */
static size_t
decode_all(size_t len)
{
	static uint8_t frame[LONGEST + 2 + HDLC_DECODE_SLACK];
	struct hdlc_dec d;
	size_t good = 0;

	hdlc_dec_init(&d, frame, LONGEST + 2);
	for (size_t at = 0; at < len; at += PIECE) {
		size_t piece = len - at < PIECE ? len - at : PIECE;
		const uint8_t *p = stream + at, *end = p + piece;

		while (p < end)
			good += hdlc_decode(&d, &p, end) == HDLC_FRAME;
	}
	return good;
}

/* One turn: ns per frame of n octets. */
static double
turn(bool encode, size_t n, uint32_t accm)
{
	size_t loops = ROUND_OCTETS / (POOL * n) + 1;
	size_t len = encode_all(n, accm);
	double begin = now_ns();

	for (size_t i = 0; i < loops; i++)
		sink += encode ? encode_all(n, accm) :
		    decode_all(len);
	return (now_ns() - begin) / (double)(loops * POOL);
}

static void
measure(bool encode, size_t n, uint32_t accm, size_t rounds)
{
	static double ns[ROUNDS_MAX];

	for (size_t r = 0; r < rounds; r++)
		ns[r] = turn(encode, n, accm);
	printf("%s\t%zu\t%08" PRIx32 "\t%.0f\n", encode ? "encode" : "decode",
	    n, accm, median(ns, rounds));
}

static int
count(bool encode, size_t n)
{
	static uint8_t frame[LONGEST + 2 + HDLC_DECODE_SLACK];
	size_t len = hdlc_encode(stream, frames[0], 1400, 0, true);
	size_t good = 0;
	struct hdlc_dec d;

	hdlc_dec_init(&d, frame, LONGEST + 2);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *p = stream;

		if (encode)
			good += hdlc_encode(stream, frames[0], 1400, 0,
			    true) == len;
		else
			good += hdlc_decode(&d, &p, stream + len) ==
			    HDLC_FRAME;
	}
	return good == n ? 0 : 1;
}

static int
usage(void)
{
	fputs("usage: codec [ROUNDS]\n"
	    "       codec count encode|decode N\n",
	    stderr);
	return 2;
}

int
main(int argc, char **argv)
{
	static const uint32_t maps[] = { 0, HDLC_ACCM_ALL, 0x000a0000 };
	static const size_t sizes[] = { 68, 580, 1404 };
	size_t rounds = ROUNDS;

	for (size_t i = 0; i < sizeof(frames); i++)
		frames[i / LONGEST][i % LONGEST] = random_octet();
	if (argc > 3 && strcmp(argv[1], "count") == 0)
		return count(strcmp(argv[2], "encode") == 0,
		    strtoul(argv[3], NULL, 10));

	if (argc > 1)
		rounds = strtoul(argv[1], NULL, 10);
	if (argc > 2 || rounds == 0 || rounds > ROUNDS_MAX)
		return usage();
	puts("op\toctets\taccm\tns_per_frame");
	for (size_t s = 0; s < 3; s++)
		for (size_t m = 0; m < 3; m++) {
			measure(true, sizes[s], maps[m], rounds);
			if (maps[m] == 0 || maps[m] == HDLC_ACCM_ALL)
				measure(false, sizes[s], maps[m], rounds);
		}
	return 0;
}
