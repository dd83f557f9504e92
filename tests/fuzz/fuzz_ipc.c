/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any record: what the decoder accepts is written again to the same octets,
 * but for those it may change on purpose (booleans, text behind a NUL).
 */
#include "../../manager/ipc.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct local_msg m, again;
	uint8_t buf[LOCAL_MAX], twice[LOCAL_MAX];
	size_t n;

	if (!local_decode(&m, data, size))
		return 0;
	n = local_encode(&m, buf);
	if (n != size)
		abort();
	if (!local_decode(&again, buf, n) ||
	    local_encode(&again, twice) != n || memcmp(buf, twice, n) != 0)
		abort();
	return 0;
}
