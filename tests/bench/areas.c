/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is measured.  Clients take turns inside a round, so that a round gives
 * pairs that saw the same state of the machine.
 */
#include <stdio.h>

#include "bench.h"

enum { REST_US = 100000 };	/* memory is that of a tunnel at rest */

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

static double
milliseconds(int64_t ns)
{
	return (double)ns / 1e6;
}

/* False after a message if the client hung up or delivered nothing. */
static bool
measured(enum client c, const struct spec *s, struct result *r)
{
	window(s, r);
	if (!r->gone && received(r) > 0)
		return true;
	fprintf(stderr, "bench: %s %s\n", client_name[c],
	    r->gone ? "hung up" : "delivered nothing");
	return false;
}

/* ---- rates, processor time, system calls ---- */

static const struct spec ways[] = { { .dir = { [OUT] = true } },
	{ .dir = { [IN] = true } }, { .dir = { true, true } } };

static void
note_both(enum client c, enum size z, int rep, const struct result *r)
{
	double out = (double)r->n[RECEIVED + OUT];
	double in = (double)r->n[RECEIVED + IN];
	enum dir lesser = in < out ? IN : OUT;

	sample(SHARE, c, z, rep, 100 * (in < out ? in : out) / (in + out));
	sample(PAUSE, c, z, rep, milliseconds(observed.pause[lesser]));
}

static void
note_acks(enum client c, enum size z, int rep, const struct result *r)
{
	unsigned announced = server_call_window((unsigned)tunnels[0].call);

	sample(ACK_BARE, c, z, rep,
	    (double)r->n[BARE_ACKS] / (double)r->n[RECEIVED + IN]);
	sample(ACK_STEP, c, z, rep,
	    100.0 * observed.step / (announced > 0 ? announced : 1));
}

static void
rate_client(enum client c, enum size z, int rep)
{
	struct result r;

	for (unsigned i = 0; i < 3; i++) {
		struct spec s = ways[i];

		s.warm = 0.1;
		s.secs = 0.3;
		s.drain = 0.03;	/* the next window begins empty */
		if (!measured(c, &s, &r))
			return;
		sample(CPU_OUT + i, c, z, rep, r.cpu_us / received(&r));
		sample(RATE_OUT + i, c, z, rep,
		    received(&r) / r.secs / 1000);
		if (i == 1)
			note_acks(c, z, rep, &r);
		if (i == 2)
			note_both(c, z, rep, &r);
		if (rep > 2)
			continue;
		s.warm = 0.05;
		s.secs = 0.2;
		s.syscalls = true;
		if (measured(c, &s, &r) && r.syscalls >= 0)
			sample(SYSCALLS_OUT + i, c, z, rep,
			    (double)r.syscalls / received(&r));
	}
}

static void
area_rate(int rep)
{
	for (enum size z = B64; z < SIZES; z++) {
		traffic_size(size_octets[z]);
		for (enum client c = OURS; c < CLIENTS; c++) {
			if (!have(c))
				continue;
			if (tunnel_up(c))
				rate_client(c, z, rep);
			tunnels_stop();
		}
	}
}

static void
paced_client(enum client c, enum size z, int rep)
{
	struct result r;

	for (unsigned i = 0; i < 2; i++) {
		struct spec s = ways[i];

		s.warm = 0.15;
		s.secs = 0.5;
		s.drain = 0.2;
		s.rate = 15000;
		if (measured(c, &s, &r))
			sample(PACED_OUT + i, c, z, rep,
			    r.cpu_us / received(&r));
	}
}

static void
area_paced(int rep)
{
	for (enum size z = B64; z < SIZES; z++) {
		traffic_size(size_octets[z]);
		for (enum client c = OURS; c < CLIENTS; c++) {
			if (!have(c))
				continue;
			if (tunnel_up(c))
				paced_client(c, z, rep);
			tunnels_stop();
		}
	}
}

/* ---- latency ---- */

static void
latency_client(enum client c, enum size z, int rep)
{
	struct result r;

	for (unsigned i = 0; i < 2; i++) {
		struct spec s = ways[i];
		struct latencies *l = &observed.lat[i];

		s.warm = 0.2;
		s.secs = 1.5;
		s.drain = 0.05;
		s.rate = 500;
		s.spin = true;
		if (!measured(c, &s, &r))
			return;
		sample(i == OUT ? LAT_OUT_P50 : LAT_IN_P50, c, z, rep,
		    latency_us(l, 0.5));
		sample(i == OUT ? LAT_OUT_P99 : LAT_IN_P99, c, z, rep,
		    latency_us(l, 0.99));
	}
}

static void
area_latency(int rep)
{
	for (enum size z = B64; z < SIZES; z += B1400 - B64) {
		traffic_size(size_octets[z]);
		for (enum client c = OURS; c < MT; c++) {
			if (!have(c))
				continue;
			if (tunnel_up(c))
				latency_client(c, z, rep);
			tunnels_stop();
		}
	}
}

/* ---- more than it can carry ---- */

static bool
overload(enum client c, double rate, struct result *r)
{
	struct spec s = { .dir = { [IN] = true }, .warm = 0.05, .secs = 0.6,
		.drain = 0.6, .rate = rate };

	return measured(c, &s, r);
}

static void
overload_client(enum client c, enum size z, int rep)
{
	struct spec s = { .dir = { [IN] = true }, .warm = 0.15, .secs = 0.5,
		.drain = 0.4 };
	static const double times[] = { 1.25, 2 };
	double capacity, lines = 0, disorder = 0;
	struct result r;

	if (!measured(c, &s, &r))
		return;
	capacity = received(&r) / r.secs;
	if (!overload(c, 0.9 * capacity, &r))
		return;
	sample(OVER_LOSS, c, z, rep, 100 * (1 -
	    (double)r.all[RECEIVED + IN] / (double)r.all[SENT + IN]));
	for (unsigned i = 0; i < 2; i++) {
		if (!overload(c, times[i] * capacity, &r))
			return;
		sample(OVER_125 + i, c, z, rep,
		    received(&r) / r.secs / capacity);
		sample(OFFERED_125 + i, c, z, rep,
		    (double)r.n[SENT + IN] / r.secs / capacity);
		disorder += (double)r.all[LATE + IN];
		lines = r.log_lines > lines ? r.log_lines : lines;
	}
	sample(OVER_ORDER, c, z, rep, disorder);
	sample(OVER_LOG, c, z, rep, lines);
}

static void
area_overload(int rep)
{
	for (enum size z = B64; z < SIZES; z++) {
		traffic_size(size_octets[z]);
		for (enum client c = OURS; c <= REFERENCE; c++) {
			if (!have(c))
				continue;
			if (tunnel_up(c))
				overload_client(c, z, rep);
			tunnels_stop();
		}
	}
}

/* ---- loss and reordering ---- */

/* On a fresh client: what it learned of one network is not for the next. */
static bool
impaired(enum client c, enum impairment how, struct result *r)
{
	struct spec s = { .dir = { [IN] = true }, .warm = 0.1, .secs = 1.5,
		.drain = 1, .rate = 5000, .how = how };
	bool ok = tunnel_up(c) && measured(c, &s, r);

	tunnels_stop();
	return ok;
}

static double
lost_or_late(const struct result *r)
{
	return (double)(r->all[SENT + IN] - r->all[RECEIVED + IN] +
	    r->all[LATE + IN]);
}

static void
impair_client(enum client c, int rep)
{
	struct latencies *l = &observed.lat[IN];
	struct result r;
	double p50;

	if (!impaired(c, PERFECT, &r))
		return;
	p50 = latency_us(l, 0.5);
	if (impaired(c, LOST_1PCT, &r)) {
		sample(LOSS_P50, c, B576, rep, latency_us(l, 0.5) / p50);
		sample(LOSS_P99, c, B576, rep, latency_us(l, 0.99) / 1000);
		sample(LOSS_LOG, c, B576, rep, r.log_lines);
	}
	if (impaired(c, SWAPPED, &r)) {
		sample(SWAP_LOST, c, B576, rep, lost_or_late(&r));
		sample(SWAP_P99, c, B576, rep, latency_us(l, 0.99));
	}
	if (impaired(c, LATE_BY_5, &r)) {
		sample(FIVE_LOST, c, B576, rep, lost_or_late(&r));
		sample(FIVE_P99, c, B576, rep, latency_us(l, 0.99));
	}
}

static void
area_impair(int rep)
{
	traffic_size(size_octets[B576]);
	for (enum client c = OURS; c <= REFERENCE; c++)
		if (have(c))
			impair_client(c, rep);
}

/* ---- one tunnel at rest, many tunnels ---- */

static void
start_client(enum client c, int rep)
{
	struct spec lone = { .dir = { [IN] = true }, .warm = 0.2, .secs = 4,
		.drain = 0.7, .rate = 1.25, .spin = true };
	struct spec rest = { .warm = 1, .secs = 3 };
	struct result r;

	if (!tunnel_up(c))
		return;
	sample(USABLE, c, B576, rep,
	    milliseconds(tunnels[0].usable - tunnels[0].started));
	if (rep > 3)
		return;
	if (measured(c, &lone, &r))
		sample(LONE_ACK, c, B576, rep,
		    latency_us(&observed.ack, 1) / 1000);
	window(&rest, &r);
	sample(IDLE, c, B576, rep, r.wakeups);
}

static void
area_start(int rep)
{
	traffic_size(size_octets[B576]);
	for (enum client c = OURS; c < MT; c++) {
		if (!have(c))
			continue;
		start_client(c, rep);
		tunnels_stop();
	}
}

static bool
busy_one(enum client c, double *cpu, double *loss)
{
	struct spec s = { .dir = { [IN] = true }, .warm = 0.2, .secs = 0.8,
		.drain = 0.5, .rate = 4000 };
	struct result r;

	if (!measured(c, &s, &r))
		return false;
	*cpu = r.cpu_us / received(&r);
	*loss = 100 * (1 -
	    (double)r.all[RECEIVED + IN] / (double)r.all[SENT + IN]);
	return true;
}

static void
grow_client(enum client c, int rep)
{
	double alone, among, loss, first;

	if (!tunnel_up(c))
		return;
	sleep_us(REST_US);
	first = procs_pss_kb();
	sample(PSS_FIRST, c, B576, rep, first);
	if (!busy_one(c, &alone, &loss))
		return;
	while (ntunnels < 50) {
		tunnel_start(c);
		if (tunnels_wait(ntunnels, 15 * SECOND) < ntunnels)
			return;
	}
	sleep_us(REST_US);
	sample(PSS_MORE, c, B576, rep, (procs_pss_kb() - first) / 49);
	if (!busy_one(c, &among, &loss))
		return;
	sample(BUSY_OF_50, c, B576, rep, among / alone);
	sample(BUSY_LOSS, c, B576, rep, loss);
}

static void
at_once(enum client c, int n, int rep, enum metric time, enum metric up)
{
	int64_t begin = clock_ns(), last = 0;

	for (int i = 0; i < n; i++)
		tunnel_start(c);
	sample(up, c, B576, rep, tunnels_wait(n, 20 * SECOND));
	for (int i = 0; i < n; i++)
		if (tunnels[i].usable > last)
			last = tunnels[i].usable;
	if (last != 0)
		sample(time, c, B576, rep, milliseconds(last - begin));
	tunnels_stop();
}

static void
area_scale(int rep)
{
	traffic_size(size_octets[B576]);
	for (enum client c = OURS; c < MT; c++) {
		if (!have(c))
			continue;
		grow_client(c, rep);
		tunnels_stop();
		at_once(c, 50, rep, START_50, UP_50);
		if (c == OURS)
			at_once(c, 200, rep, START_200, UP_200);
	}
}

const struct area areas[] = {
	{ "rate", "processor time, packets a second, system calls, fairness",
	    area_rate, 9, 9 },
	{ "paced", "processor time at 15000 packets a second", area_paced, 0,
	    5 },
	{ "latency", "at 500 packets a second", area_latency, 0, 5 },
	{ "overload", "more than the client can carry", area_overload, 0, 3 },
	{ "impair", "loss and reordering", area_impair, 0, 3 },
	{ "start", "from exec to usable, a lone acknowledgement, rest",
	    area_start, 0, 5 },
	{ "scale", "50 and 200 tunnels, memory", area_scale, 0, 3 },
	{ NULL, NULL, NULL, 0, 0 },
};
