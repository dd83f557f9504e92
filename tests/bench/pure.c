/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pure out|in OCTETS N: the pure path of N packets that long and nothing else;
 * the instructions of one packet are the difference of two runs.
 *
 *	out	HDLC decode, LCP watched, GRE header
 *	in	GRE decode, order, HDLC encode
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hdlc.h"
#include "ppp_observer.h"
#include "pptp_gre.h"
#include "wire.h"

enum { LEN_MAX = 1404, OUR_CALL = 7, PEER_CALL = 9 };

static uint8_t frame[LEN_MAX];
static size_t frame_len;
static struct gre *gre;
static struct gre_counters counters;
static struct ppp_observer observer;

static void
prepare(void)
{
	struct gre_conf conf = { .call = OUR_CALL, .peer_call = PEER_CALL,
		.window = 64, .reorder_us = 300000 };
	size_t size = (gre_size() + 63) & ~(size_t)63;
	uint64_t s = 1;
	void *mem = aligned_alloc(64, size);

	if (mem == NULL)
		abort();
	memset(mem, 0, size);
	gre = gre_init(mem, &conf, &counters);
	observer.said[PPP_OURS].lcp.acked = true;	/* no map */
	for (size_t i = 0; i < LEN_MAX; i++) {
		s = s * 6364136223846793005u + 1442695040888963407u;
		frame[i] = (uint8_t)(s >> 56);
	}
	memcpy(frame, "\xff\x03\x00\xfd", 4);
}

static unsigned long
out(unsigned long n)
{
	static uint8_t stream[HDLC_ENCODED(LEN_MAX)];
	static uint8_t room[GRE_HEADER_MAX + LEN_MAX + 2 + HDLC_DECODE_SLACK];
	size_t len = hdlc_encode(stream, frame, frame_len, 0, true);
	unsigned long good = 0;
	struct hdlc_dec d;

	hdlc_dec_init(&d, room + GRE_HEADER_MAX, LEN_MAX + 2);
	for (unsigned long i = 0; i < n; i++) {
		const uint8_t *p = stream;

		if (hdlc_decode(&d, &p, stream + len) != HDLC_FRAME)
			continue;
		if (ppp_observer_wants(d.frame, d.len))
			continue;
		good += gre_send(gre, d.frame, d.len, (int64_t)i * 20) > 0;
	}
	return good;
}

static unsigned long
in(unsigned long n)
{
	static uint8_t packet[GRE_HEADER_MAX + LEN_MAX], wire[HDLC_ENCODED(LEN_MAX)];
	uint8_t ack[GRE_OUTPUT_MAX];
	unsigned long good = 0;

	memcpy(packet + 12, frame, frame_len);
	for (unsigned long i = 0; i < n; i++) {
		struct wr w = { .p = packet, .end = packet + 12 };
		int64_t now = (int64_t)i * 20;
		const uint8_t *p;
		size_t len;

		wr_u16(&w, GRE_KEY | GRE_SEQ | GRE_VER1);
		wr_u16(&w, GRE_PPP);
		wr_u16(&w, (uint16_t)frame_len);
		wr_u16(&w, OUR_CALL);
		wr_u32(&w, (uint32_t)i);
		(void)gre_recv(gre, packet, 12 + frame_len, now);
		while ((p = gre_next(gre, &len, false, now)) != NULL) {
			(void)hdlc_encode(wire, p, len,
			    ppp_observer_accm(&observer, p, len), false);
			good++;
		}
		(void)gre_output(gre, ack, now);
	}
	return good;
}

int
main(int argc, char **argv)
{
	unsigned long n;

	if (argc == 4)
		frame_len = 4 + strtoul(argv[2], NULL, 10);
	if (frame_len < 4 || frame_len > LEN_MAX) {
		fputs("usage: pure out|in OCTETS N\n", stderr);
		return 2;
	}
	n = strtoul(argv[3], NULL, 10);
	prepare();
	return (strcmp(argv[1], "out") == 0 ? out(n) : in(n)) == n ? 0 : 1;
}
