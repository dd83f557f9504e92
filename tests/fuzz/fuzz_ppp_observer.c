/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames of both sides, as they may come: the observer reads none beyond its
 * end, and says "up" only when both sides' IPCP requests were acknowledged, as
 * a model kept here knows by itself.  Whatever it has seen, its sentence is
 * printable and ends.
 *
 * Input: for each frame an octet (bit 7: whose; the rest: how long), and it.
 */
#include "../../tunnel/ppp_observer.c"
#include "../../tunnel/ppp_verdict.c"

#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define MUST(x)	do { if (!(x)) __builtin_trap(); } while (0)

/* Was this side's last IPCP request acknowledged? */
static struct {
	bool		 sent, acked;
	uint8_t		 id;
} model[PPP_SIDES];

static void
model_see(int side, const uint8_t *p, size_t n)
{
	size_t at = n >= 2 && p[0] == 0xff && p[1] == 3 ? 2 : 0;
	unsigned proto, len;

	if (n < at + 6)
		return;
	proto = (unsigned)p[at] << 8 | p[at + 1];
	len = (unsigned)p[at + 4] << 8 | p[at + 5];
	if (len < 4 || len > n - at - 2)
		return;
	if (proto == 0xc021 && p[at + 2] == 1)
		memset(model, 0, sizeof(model));
	if (proto != 0x8021)
		return;
	if (p[at + 2] == 1) {
		model[side].sent = true;
		model[side].acked = false;
		model[side].id = p[at + 3];
	} else if (p[at + 2] == 2 && model[!side].sent &&
	    model[!side].id == p[at + 3]) {
		model[!side].acked = true;
	}
}

static void
check_text(const char *s, size_t size)
{
	size_t n = strnlen(s, size);

	MUST(n < size);
	for (size_t i = 0; i < n; i++)
		MUST(s[i] >= ' ' && s[i] <= '~');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ppp_observer o;
	char text[400];

	memset(&o, 0, sizeof(o));
	memset(model, 0, sizeof(model));
	while (size > 0) {
		int side = data[0] >> 7;
		size_t n = data[0] & 0x7f;
		enum ppp_phase before = o.phase;
		uint8_t *copy;

		data++, size--;
		n = n > size ? size : n;
		copy = malloc(n > 0 ? n : 1);
		MUST(copy != NULL);
		memcpy(copy, data, n);
		(void)ppp_observer_wants(copy, n);
		ppp_observer_see(&o, (enum ppp_side)side, copy, n);
		model_see(side, copy, n);
		free(copy);
		MUST(before == PPP_UP || o.phase != PPP_UP ||
		    (model[0].acked && model[1].acked));
		data += n, size -= n;
	}
	MUST(ppp_observer_verdict(&o, "192.0.2.1", text, sizeof(text)) <
	    EXIT_STATUSES);
	check_text(text, sizeof(text));
	(void)ppp_observer_verdict(&o, "192.0.2.1", text, 1);
	MUST(text[0] == '\0');
	return 0;
}
