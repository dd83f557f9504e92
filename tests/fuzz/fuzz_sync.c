/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is read from frames without decoding them: where the first one of a
 * synchronous stream ends, and the map that LCP agrees on.
 *
 * Input: an octet whose bits say which way each frame goes, then a stream.
 */
#include "../../tunnel/hdlc.c"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(bool ok)
{
	if (!ok)
		__builtin_trap();
}

/* The split of p[0 .. n) and of all its beginnings agree. */
static size_t
split(const uint8_t *p, size_t n)
{
	size_t len = hdlc_sync_split(p, n);
	bool known = false;

	check(len <= n);
	check(len > 0 || n <= HDLC_FRAME_MAX);
	for (size_t k = 0; k < n && k < 200; k++) {
		uint8_t *copy = malloc(k + 1);
		size_t part;

		check(copy != NULL);
		memcpy(copy + 1, p, k);
		part = hdlc_sync_split(copy + 1, k);
		free(copy);
		/* Its own length, all there is, or not known yet. */
		check(part == 0 || part == k || part == len);
		/* What was all once and is all later was so in between. */
		check(!known || part != 0);
		known = part != 0;
		if (part != 0 && part < k)
			check(part == len);
	}
	if (len > 0)
		check(hdlc_sync_split(p, len) == len);
	return len;
}

static void
learn(struct hdlc_accm *a, const uint8_t *p, size_t n, bool outward)
{
	const uint8_t ip[] = { 0xff, 0x03, 0x00, 0x21, 0x45 };
	struct hdlc_accm before = *a;

	hdlc_accm_learn(a, p, n, outward);
	check(a->map == HDLC_ACCM_ALL || (a->acked && a->map == a->asked_map));
	check(!a->acked || a->asked);
	/* Only the peer's agreement, or pppd's own, lowers the map. */
	if (a->map != before.map && a->map != HDLC_ACCM_ALL)
		check(outward ? before.acked : before.asked);
	check(hdlc_accm_for(a, ip, sizeof(ip)) == a->map);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hdlc_accm a;
	uint8_t ways;

	if (size == 0)
		return 0;
	ways = *data++;
	size--;
	hdlc_accm_init(&a);
	while (size > 0) {
		size_t n = split(data, size);

		if (n == 0)
			break;
		learn(&a, data, n, (ways & 1) != 0);
		ways = (uint8_t)(ways >> 1 | ways << 7);
		data += n;
		size -= n;
	}
	return 0;
}
