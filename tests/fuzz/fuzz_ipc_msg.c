/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any record: what the decoder accepts is written again to the same octets,
 * but for those it may change on purpose (booleans, text behind a NUL).
 */
#include "../../manager/ipc_msg.c"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipc_msg m, again;
	uint8_t buf[IPC_MAX], twice[IPC_MAX];
	size_t n;

	if (!ipc_decode(&m, data, size))
		return 0;
	n = ipc_encode(&m, buf);
	if (n != size && m.type != IPC_TUNNEL)
		abort();
	if (!ipc_decode(&again, buf, n) ||
	    ipc_encode(&again, twice) != n || memcmp(buf, twice, n) != 0)
		abort();
	return 0;
}
