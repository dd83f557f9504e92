/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the resolver's process answers, which may have been taken over: whatever
 * it writes, there are addresses or a sentence, each whole.
 */
/* with: util.c sys/sandbox.c sys/seccomp.c */
#include <stdlib.h>

#include "../../client/resolve.c"

#define MUST(cond)	do { \
	if (!(cond)) \
		__builtin_trap(); \
} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct resolve r = { .host = "vpn.example.org", .hangup_fd = -1 };
	char *copy = malloc(size > 0 ? size : 1);
	size_t n, most = sizeof(r.addr) / sizeof(r.addr[0]);

	MUST(copy != NULL);
	memcpy(copy, data, size);
	memset(r.why, 'x', sizeof(r.why));
	n = take_answer(&r, copy, size);
	MUST(n <= most);
	if (n > 0)
		MUST(size == 1 + n * sizeof(r.addr[0]) &&
		    memcmp(r.addr, copy + 1, size - 1) == 0);
	else
		MUST(memchr(r.why, '\0', sizeof(r.why)) != NULL);
	free(copy);
	return 0;
}
