/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured.  Clients take turns inside a round, so that a round gives
 * pairs that saw the same state of the machine.
 */
#include <stdio.h>

#include "bench.h"

enum { REST_US = 100000,	/* memory is that of a tunnel at rest */
	MANY = 11 };

static bool
have(enum client c)
{
	return client_path[c] != NULL;
}

static double
received(const struct result *r)
{
	return (double)(r->n[RECEIVED + OUT] + r->n[RECEIVED + IN]);
}

static void
processor_client(enum client c, enum size z, int rep)
{
	struct result r;

	for (enum dir d = OUT; d <= IN; d++) {
		struct spec s = { .warm = 0.1, .secs = 0.3, .drain = 0.03 };

		s.dir[d] = true;
		window(&s, &r);
		if (r.gone || received(&r) == 0) {
			fprintf(stderr, "bench: %s %s\n", client_name[c],
			    r.gone ? "hung up" : "delivered nothing");
			return;
		}
		sample(CPU_OUT + d, c, z, rep, r.cpu_us / received(&r));
	}
}

static void
area_processor(int rep)
{
	for (enum size z = B64; z < SIZES; z++) {
		traffic_size(size_octets[z]);
		for (enum client c = OURS; c < CLIENTS; c++) {
			if (!have(c))
				continue;
			if (tunnel_up(c))
				processor_client(c, z, rep);
			tunnels_stop();
		}
	}
}

static void
area_start(int rep)
{
	for (enum client c = OURS; c < MT; c++) {
		if (!have(c))
			continue;
		if (tunnel_up(c))
			sample(USABLE, c, B576, rep, (double)(tunnels[0].usable -
			    tunnels[0].started) / MILLISECOND);
		tunnels_stop();
	}
}

static void
grow_client(enum client c, int rep)
{
	double first;

	if (!tunnel_up(c))
		return;
	sleep_us(REST_US);
	first = procs_pss_kb();
	sample(PSS_FIRST, c, B576, rep, first);
	while (ntunnels < MANY) {
		tunnel_start(c);
		if (tunnels_wait(ntunnels, 15 * SECOND) < ntunnels)
			return;
	}
	sleep_us(REST_US);
	sample(PSS_MORE, c, B576, rep, (procs_pss_kb() - first) / (MANY - 1));
}

static void
area_memory(int rep)
{
	for (enum client c = OURS; c < MT; c++) {
		if (!have(c))
			continue;
		grow_client(c, rep);
		tunnels_stop();
	}
}

const struct area areas[] = {
	{ "processor", "processor time of a packet", area_processor, 9 },
	{ "start", "from exec to usable", area_start, 9 },
	{ "memory", "one tunnel, and more of them", area_memory, 5 },
	{ NULL, NULL, NULL, 0 },
};
