/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the first frame of a synchronous stream ends.  Input: a stream. */
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size > 0) {
		size_t n = split(data, size);

		if (n == 0)
			break;
		data += n;
		size -= n;
	}
	return 0;
}
