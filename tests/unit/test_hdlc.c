/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PPP framing: FCS, both directions of the codec, what LCP says, splitting. */
#include "../../tunnel/hdlc.c"

#include "hdlc_naive.h"
#include "t.h"

enum { ROOM = 4200, CAP = 2200 };

static uint64_t seed = 42;

/* Random octets; every third time rich in what must be escaped. */
static void
fill(uint8_t *p, size_t n)
{
	static const uint8_t odd[] = { 0x7d, 0x7e, 0x5d, 0x5e, 0, 0x1f, 0x20,
	    0x11, 0x13, 0x7f, 0xfd, 0xfe };
	bool rich = t_random(&seed) % 3 == 0;

	for (size_t i = 0; i < n; i++)
		p[i] = rich && t_random(&seed) % 2 == 0 ?
		    odd[t_random(&seed) % sizeof(odd)] :
		    (uint8_t)(t_random(&seed) >> 8);
}

static uint32_t
random_accm(void)
{
	switch (t_random(&seed) % 4) {
	case 0:
		return 0;
	case 1:
		return HDLC_ACCM_ALL;
	case 2:
		return 0x000a0000;
	}
	return t_random(&seed) << 16 ^ t_random(&seed);
}

/* -------------------------------------------------------------------- FCS */

static void
test_fcs(void)
{
	const uint8_t digits[] = "123456789";
	uint8_t p[11], data[2200];
	uint16_t fcs = hdlc_fcs(HDLC_FCS_INIT, digits, 9) ^ 0xffff;
	bool same = true, pieces = true;

	T(T_EQ(fcs, 0x906e), "\"123456789\" has FCS 906e");
	memcpy(p, digits, 9);
	p[9] = (uint8_t)fcs;
	p[10] = (uint8_t)(fcs >> 8);
	T(T_EQ(hdlc_fcs(HDLC_FCS_INIT, p, 11), HDLC_FCS_GOOD),
	    "data and its FCS leave f0b8");
	T(T_EQ(hdlc_fcs(0x1234, p, 0), 0x1234), "no octets, no change");
	for (size_t n = 0; n <= sizeof(data); n++) {
		uint16_t init = (uint16_t)t_random(&seed), one, two;
		size_t cut = t_random(&seed) % (n + 1);
		/* A block of its own, so that a read past it is seen. */
		uint8_t *copy = malloc(n + 1);

		fill(data, n);
		memcpy(copy + 1, data, n);
		one = hdlc_fcs(init, copy + 1, n);
		two = hdlc_fcs(init, data, cut);
		two = hdlc_fcs(two, data + cut, n - cut);
		same = same && one == naive_fcs(init, data, n);
		pieces = pieces && one == two;
		free(copy);
	}
	T(same, "FCS of 0 .. 2200 octets, any state, is the naive one");
	T(pieces, "in two pieces it is the same");
}

/* ----------------------------------------------------------------- encode */

static const struct {
	const char *claim, *in;
	uint32_t accm;
	const char *out;
} encode_rows[] = {
	{ "nothing but the FCS", "", 0, "7e 0000 7e" },
	{ "digits, FCS low octet first", "313233343536373839", 0,
	    "7e 313233343536373839 6e90 7e" },
	{ "flag and escape are escaped, 5d 5e 7c 7f fd fe are not",
	    "7d7e5d5e7c7ffdfe", 0, "7e 7d5d7d5e5d5e7c7ffdfe 3192 7e" },
	{ "map 0: no control octet is escaped", "00010203111f20", 0,
	    "7e 00010203111f20 0c53 7e" },
	{ "full map: all below 20, not 20", "00011f2021", HDLC_ACCM_ALL,
	    "7e 7d207d217d3f2021 267d2f 7e" },
	{ "map 000a0000: 11 and 13, not 10, 12, 14", "1011121314",
	    0x000a0000, "7e 107d31127d3314 5c7d5d 7e" },
	{ "map bits 0 and 31", "00011e1f", 0x80000001,
	    "7e 7d20011e7d3f f541 7e" },
	{ "the FCS is escaped too", "01dc", HDLC_ACCM_ALL,
	    "7e 7d21dc 7d5e7d2a 7e" },
};

static void
test_encode_rows(void)
{
	for (size_t i = 0; i < sizeof(encode_rows) / sizeof(*encode_rows);
	    i++) {
		uint8_t in[64], want[128], out[HDLC_ENCODED(64)];
		size_t n = t_hex(in, sizeof(in), encode_rows[i].in);
		size_t wn = t_hex(want, sizeof(want), encode_rows[i].out);
		size_t got = hdlc_encode(out, in, n,
		    encode_rows[i].accm, true);

		T(T_OCTETS(out, got, want, wn),
		    "encode: %s", encode_rows[i].claim);
		got = hdlc_encode(out, in, n, encode_rows[i].accm, false);
		T(T_OCTETS(out, got, want + 1, wn - 1),
		    "encode: the same without the opening flag");
	}
}

/* All lengths and maps: the octets of NAIVE, no more room than promised. */
static void
test_encode_same(void)
{
	static uint8_t in[2100], want[HDLC_ENCODED(2100)];
	bool same = true;

	for (size_t n = 0; n <= sizeof(in); n++) {
		uint32_t accm = random_accm();
		uint8_t *exact = malloc(n + 1), *out = malloc(HDLC_ENCODED(n));
		size_t a, b;

		if (n % 50 == 49)
			memset(in, 0x7e, n);
		else
			fill(in, n);
		memcpy(exact + 1, in, n);
		a = naive_encode(want, in, n, accm, n % 2 == 0);
		b = hdlc_encode(out, exact + 1, n, accm, n % 2 == 0);
		same = same && a == b && memcmp(want, out, a) == 0;
		free(exact);
		free(out);
	}
	T(same, "encode: 0 .. 2100 octets, any map: as naive does");
}

static void
test_every_pair(void)
{
	static const uint32_t maps[] = { 0, HDLC_ACCM_ALL, 0x55555555 };
	uint8_t in[24], a[HDLC_ENCODED(24)], b[HDLC_ENCODED(24)];
	bool same = true;

	memset(in, 'x', sizeof(in));
	for (unsigned v = 0; v < 3 * 65536; v++) {
		uint32_t map = maps[v >> 16];
		size_t at = v % 23, n;

		in[at] = (uint8_t)v;
		in[at + 1] = (uint8_t)(v >> 8);
		n = naive_encode(a, in, 24, map, true);
		same = same && n == hdlc_encode(b, in, 24, map, true) &&
		    memcmp(a, b, n) == 0;
		in[at] = in[at + 1] = 'x';
	}
	T(same, "encode: every pair of octets as naive does");
}

/* ----------------------------------------------------------------- decode */

struct events {
	char		 log[256];	/* a letter for each verdict */
	uint8_t		 last[ROOM];	/* the last good frame */
	size_t		 n;
};

static const char letters[] = {
	[HDLC_MORE] = 'm', [HDLC_FRAME] = 'F', [HDLC_BAD] = 'b'
};

/* The codec, or the yardstick. */
typedef enum hdlc_verdict decoder(struct hdlc_dec *, const uint8_t **,
    const uint8_t *);

/* Decodes in[0 .. n), cut at random or (step > 0) every step octets. */
static void
decode(decoder *f, const uint8_t *in, size_t n, size_t cap, size_t step,
    struct events *e)
{
	uint8_t *frame = malloc(cap + HDLC_DECODE_SLACK);
	struct hdlc_dec d;
	size_t used = 0;

	memset(e, 0, sizeof(*e));
	hdlc_dec_init(&d, frame, cap);
	for (size_t at = 0, k; at < n; at += k) {
		uint8_t *piece;
		const uint8_t *p, *end;

		k = step > 0 ? step : 1 + t_random(&seed) % 70 *
		    (t_random(&seed) % 9);
		k = k > n - at ? n - at : k;
		p = piece = malloc(k);
		memcpy(piece, in + at, k);
		for (end = piece + k; p < end; ) {
			enum hdlc_verdict v = f(&d, &p, end);

			if (v == HDLC_MORE && p != end)
				abort();
			if (v == HDLC_MORE)
				continue;
			if (used < sizeof(e->log) - 1)
				e->log[used++] = letters[v];
			if (v == HDLC_FRAME) {
				e->n = d.len;
				memcpy(e->last, frame, d.len);
			}
		}
		free(piece);
	}
	free(frame);
}

static bool
same_events(const struct events *a, const struct events *b)
{
	return strcmp(a->log, b->log) == 0 && a->n == b->n &&
	    memcmp(a->last, b->last, a->n) == 0;
}

static const struct {
	const char *claim, *in, *log, *last;
} decode_rows[] = {
	{ "a frame", "7e 313233343536373839 6e90 7e", "F",
	    "313233343536373839" },
	{ "nothing counts before a flag", "41427d7e7e 31323334353637383 9 6e90"
	    " 7e", "F", "313233343536373839" },
	{ "a frame without opening flag is not one",
	    "313233343536373839 6e90 7e", "", "" },
	{ "two frames share a flag",
	    "7e 313233343536373839 6e90 7e 313233343536373839 6e90 7e", "FF",
	    "313233343536373839" },
	{ "a run of flags is silent",
	    "7e7e7e 313233343536373839 6e90 7e7e7e", "F",
	    "313233343536373839" },
	{ "no closing flag, no verdict", "7e 313233343536373839 6e90", "", "" },
	{ "any octet may be escaped",
	    "7e 7d113233343536373839 6e7db0 7e", "F", "313233343536373839" },
	{ "an escaped escape is 5d", "7e 7d7d0000 50ba 7e", "F", "5d0000" },
	{ "... and again", "7e 7d7d7d7d7d7d bf50 7e", "F", "5d5d5d" },
	{ "octets below 20 pass as they are", "7e 00010203111f20 0c53 7e",
	    "F", "00010203111f20" },
	{ "wrong FCS", "7e 313233343536373838 6e90 7e", "b", "" },
	{ "wrong, then right: the flag begins a frame",
	    "7e 3132333435 7e 313233343536373839 6e90 7e", "bF",
	    "313233343536373839" },
	{ "1, 2, 3 octets are runts", "7e 31 7e 3132 7e 313233 7e", "bbb",
	    "" },
	{ "the empty frame with its FCS is a runt", "7e 0000 7e", "b", "" },
	{ "one octet with its FCS is a frame", "7e 31 72d0 7e", "F", "31" },
	{ "an escape before a flag aborts", "7e 31323334 7d7e", "b", "" },
	{ "... even with nothing before it", "7e 7d7e", "b", "" },
	{ "... and a frame may follow",
	    "7e 313233 7d7e 313233343536373839 6e90 7e", "bF",
	    "313233343536373839" },
	{ "three octets written as six are a runt", "7e 7d117d127d13 7e", "b",
	    "" },
};

static void
test_decode_rows(void)
{
	struct events e;

	for (size_t i = 0; i < sizeof(decode_rows) / sizeof(*decode_rows);
	    i++) {
		uint8_t in[256], want[256];
		size_t n = t_hex(in, sizeof(in), decode_rows[i].in);
		size_t wn = t_hex(want, sizeof(want), decode_rows[i].last);
		bool good = true;

		for (size_t step = 1; step <= n; step++) {
			decode(hdlc_decode, in, n, CAP, step, &e);
			good = good && strcmp(e.log, decode_rows[i].log) == 0 &&
			    e.n == wn && memcmp(e.last, want, wn) == 0;
		}
		T(good, "decode, in any pieces: %s",
		    decode_rows[i].claim);
	}
}

/* Frames about as long as the decoder's room, escaped or not. */
static void
test_decode_long(void)
{
	uint8_t in[200], out[HDLC_ENCODED(200) * 2];
	bool fits = true, drops = true, resumes = true;
	struct events e;

	for (size_t n = 2; n <= 200; n++) {
		size_t len;

		fill(in, n);
		len = naive_encode(out, in, n, random_accm(), true);
		decode(hdlc_decode, out, len, n + 2, 0, &e);
		fits = fits && strcmp(e.log, "F") == 0 && e.n == n;
		decode(hdlc_decode, out, len, n + 1, 0, &e);
		drops = drops && strcmp(e.log, "b") == 0;
		len += naive_encode(out + len, in, n - 1, 0, false);
		decode(hdlc_decode, out, len, n + 1, 0, &e);
		resumes = resumes && strcmp(e.log, "bF") == 0;
	}
	T(fits, "decode: a frame of just the room fits");
	T(drops, "decode: one octet more is too long");
	T(resumes, "decode: the next frame is good");
}

static void
test_decode_random(void)
{
	static uint8_t in[2100], out[HDLC_ENCODED(2100)];
	bool trip = true, same = true;
	struct events a, b;

	for (size_t n = 1; n <= sizeof(in); n++) {
		size_t len;

		fill(in, n);
		len = hdlc_encode(out, in, n, random_accm(), true);
		decode(hdlc_decode, out, len, CAP, 0, &a);
		trip = trip && strcmp(a.log, "F") == 0 && a.n == n &&
		    memcmp(a.last, in, n) == 0;
		/* As it is: flags, escapes in pairs, aborts, garbage. */
		decode(naive_decode, in, n, 60, 0, &a);
		decode(hdlc_decode, in, n, 60, 0, &b);
		same = same && same_events(&a, &b);
		memset(in, 0x7d, n % 40);
		in[0] = HDLC_FLAG;
		in[n - 1] = HDLC_FLAG;
		decode(naive_decode, in, n, CAP, 0, &a);
		decode(hdlc_decode, in, n, CAP, 0, &b);
		same = same && same_events(&a, &b);
	}
	T(trip, "decode: gives back what was encoded, 2 .. 2100 octets");
	T(same, "decode: garbage has the verdicts of naive");
}

/* Runs of escapes, each but the first of a pair data, at any place. */
static void
test_escape_runs(void)
{
	uint8_t in[100];
	struct events a, b;
	bool same = true;

	for (size_t before = 0; before <= 20; before++)
		for (size_t run = 0; run <= 35; run++)
			for (size_t after = 0; after <= 18; after += 3) {
				size_t n = before + run + after + 2;

				memset(in, 'x', n);
				memset(in + 1 + before, HDLC_ESCAPE, run);
				in[0] = in[n - 1] = HDLC_FLAG;
				decode(naive_decode, in, n, CAP, n, &a);
				decode(hdlc_decode, in, n, CAP, n, &b);
				same = same && same_events(&a, &b);
				/* With room for less than it has. */
				decode(naive_decode, in, n, 20, n, &a);
				decode(hdlc_decode, in, n, 20, n, &b);
				same = same && same_events(&a, &b);
			}
	T(same, "decode: runs of escapes anywhere, as naive does");
}

/* What one truncation or bit flip of an encoded frame may become. */
static unsigned survived;
static const uint8_t original[] = "\xff\x03\x00\x21" "sixteen and more "
    "\x7d\x7e\x11\x13 octets of a packet";

static void
mangled(const uint8_t *p, size_t n)
{
	struct events e, first;

	decode(naive_decode, p, n, CAP, 0, &first);
	decode(hdlc_decode, p, n, CAP, 0, &e);
	if (!same_events(&first, &e))
		survived += 1000;
	if (e.n != 0)
		survived++;
}

static void
test_mangled(void)
{
	uint8_t out[HDLC_ENCODED(sizeof(original))];
	size_t n = naive_encode(out, original, sizeof(original) - 1,
	    HDLC_ACCM_ALL, true);

	t_mangle(out, n, mangled);
	/*
	 * Only the uncut frame is good; a flipped flag leaves none, and a
	 * flipped bit is what a 16-bit FCS always sees.
	 */
	T(T_EQ(survived, 1),
	    "every truncation and bit flip is noticed (%u)", survived - 1);
}

/* The caller may change the buffer between frames, to keep a batch. */
static void
test_batch(void)
{
	uint8_t in[3][40], out[400], frames[3][64 + HDLC_DECODE_SLACK];
	const uint8_t *p = out;
	struct hdlc_dec d;
	size_t n = 0;
	bool good = true;

	for (size_t i = 0; i < 3; i++) {
		fill(in[i], 40);
		n += hdlc_encode(out + n, in[i], 40, 0, i == 0);
	}
	hdlc_dec_init(&d, frames[0], 64);
	for (size_t i = 0; i < 3; i++) {
		d.frame = frames[i];
		good = good && hdlc_decode(&d, &p, out + n) ==
		    HDLC_FRAME && d.len == 40;
	}
	for (size_t i = 0; i < 3; i++)
		good = good && memcmp(frames[i], in[i], 40) == 0;
	T(good && p == out + n, "decode: three frames into three buffers");
}

/* ------------------------------------------------------------------- sync */

#define IP24	"45000018 00000000 40060000 01020304 05060708 aabbccdd"
#define IPV6_4	"60000000 00043a40" "fe800000000000000000000000000001"	\
		"fe800000000000000000000000000002" "80000000"
#define LCP8	"c021 09 01 0008 01020304"

static const struct {
	const char *claim, *in;
	size_t len;
} split_rows[] = {
	{ "IPv4", "ff030021" IP24, 28 },
	{ "IPv4, ACFC", "0021" IP24, 26 },
	{ "IPv4, PFC", "ff0321" IP24, 27 },
	{ "IPv4, both", "21" IP24, 25 },
	{ "IPv4 and more behind it", "ff030021" IP24 "ff030021 4500", 28 },
	{ "IPv4, both, twice", "21" IP24 "21" IP24, 25 },
	{ "VJ uncompressed has IPv4's length", "2f" IP24 "2f", 25 },
	{ "IPv6", "ff030057" IPV6_4, 48 },
	{ "IPv6, both, and more", "57" IPV6_4 "21", 45 },
	{ "LCP", "ff03" LCP8, 12 },
	{ "LCP, then IPCP", "ff03" LCP8 "ff038021 01010004", 12 },
	{ "LCP without address and control", LCP8, 10 },
	{ "IPCP", "8021 01 01 000a 030600000000 21", 12 },
	{ "IPV6CP", "ff03 8057 01 01 000e 010a0000000000000001 ff", 18 },
	{ "CCP", "ff03 80fd 01 01 000a 120601000040 ff03", 14 },
	{ "PAP", "ff03 c023 01 01 000a 0161 0362636 4 c0", 14 },
	{ "CHAP", "ff03 c223 01 01 0009 0401020304 ff03", 13 },
	{ "CHAP, ACFC", "c223 03 01 0004 c223", 6 },
	{ "EAP", "ff03 c227 01 01 0005 01 ff03", 9 },
	{ "MPPE takes all", "ff0300fd 9000 ff030021 45000018", 14 },
	{ "MPPE, PFC, takes all", "fd 9000 21 4500", 6 },
	{ "VJ compressed takes all", "2d 00 01 02 21 4500", 7 },
	{ "CBCP, as any control protocol", "ff03 c029 01 01 0006 0102 ff03",
	    10 },
	{ "LQR takes all", "ff03c025 01020304 ff03", 10 },
	{ "ff without 03 takes all", "ff04c021 01020304", 8 },
	{ "IPv4 shorter than its own length takes all", "21 45000003 01", 6 },
	{ "IPv4 longer than any frame takes all", "21 4500 2000 01", 6 },
	{ "LCP shorter than its header takes all", "c021 01010003 0102", 8 },
	{ "the longest frame is waited for", "21 4500 1fff 01", 0 },
	{ "nothing: wait", "", 0 },
	{ "address only: wait", "ff", 0 },
	{ "address and control only: wait", "ff03", 0 },
	{ "half a protocol: wait", "ff0300", 0 },
	{ "protocol only: wait", "ff030021", 0 },
	{ "MPPE, nothing behind the protocol: wait", "ff0300fd", 0 },
	{ "IPv4 without its length: wait", "21 450000", 0 },
	{ "IPv4, all but one octet: wait",
	    "21 45000018 00000000 40060000 01020304 05060708 aabbcc", 0 },
	{ "IPv6 without its length: wait", "57 60000000 00", 0 },
	{ "LCP without its length: wait", "ff03c021 0101 00", 0 },
	{ "LCP in part: wait", "ff03c021 01010008 010203", 0 },
};

static void
split_any(const uint8_t *p, size_t n)
{
	if (hdlc_sync_split(p, n) > n)
		survived++;
}

static void
test_split(void)
{
	for (size_t i = 0; i < sizeof(split_rows) / sizeof(*split_rows); i++) {
		uint8_t in[128];
		size_t n = t_hex(in, sizeof(in), split_rows[i].in);
		uint8_t *exact = malloc(n + 1);

		memcpy(exact + 1, in, n);
		T(T_EQ(hdlc_sync_split(exact + 1, n), split_rows[i].len),
		    "split: %s", split_rows[i].claim);
		free(exact);
	}
	survived = 0;
	for (size_t i = 0; i < sizeof(split_rows) / sizeof(*split_rows); i++) {
		uint8_t in[128];
		size_t n = t_hex(in, sizeof(in), split_rows[i].in);

		t_mangle(in, n, split_any);
	}
	T(T_EQ(survived, 0),
	    "split: after any truncation or bit flip of these, "
	    "no frame is longer than the input");
}

int
main(void)
{
	test_fcs();
	test_encode_rows();
	test_encode_same();
	test_every_pair();
	test_decode_rows();
	test_decode_long();
	test_decode_random();
	test_escape_runs();
	test_batch();
	test_mangled();
	test_split();
	return t_done();
}
