/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window: traffic that warms up, is measured, and drains.
 */
#include <poll.h>
#include <string.h>
#include <time.h>

#include "bench.h"

enum {
	IN_FLIGHT = 64,		/* fits the default socket buffer: no loss */
	IN_BURST = 16,		/* sent at once, as soon as so many fit */
	ACK_EVERY = 16,		/* what the server does, or after ... */
	ACK_PATIENCE = 10000000	/* ns */
};

int64_t deadline = INT64_MAX;
unsigned windows_run, windows_noisy;
uint64_t frames_damaged[CLIENTS];

enum phase { WARMING, MEASURING, DRAINING };

struct run {
	const struct spec *s;
	struct tunnel	*t;
	struct result	*r;
	enum phase	 phase;
	int64_t		 begin, start, end;	/* end: of the phase */
	uint64_t	 base[COUNTS], before[COUNTS];
	int64_t		 written_off, progress;
	struct usage	 from, to;
};

static void
counts_since(const struct tunnel *t, const uint64_t *before, uint64_t *n)
{
	for (int i = 0; i < COUNTS; i++)
		n[i] = t->n[i] - before[i];
}

static void
begin_measuring(struct run *w)
{
	w->phase = MEASURING;
	procs_snapshot(&w->from);
	memcpy(w->before, w->t->n, sizeof(w->before));
	w->start = clock_ns();
	w->end = w->start + (int64_t)(w->s->secs * 1e9);
}

static void
end_measuring(struct run *w)
{
	struct result *r = w->r;
	struct spent s;

	r->secs = (double)(clock_ns() - w->start) / 1e9;
	counts_since(w->t, w->before, r->n);
	procs_snapshot(&w->to);
	s = procs_spent(&w->from, &w->to);
	r->cpu_us = s.cpu_us;
	r->foreign = s.foreign_us / 1e6 / r->secs;
	w->phase = DRAINING;
	w->end = clock_ns() + (int64_t)(w->s->drain * 1e9);
}

/* Always as many in flight as cannot be lost. */
static bool
feed_in(struct run *w, int64_t now)
{
	struct tunnel *t = w->t;
	int64_t flying = (int64_t)(t->n[SENT + IN] - t->n[RECEIVED + IN]) -
	    w->written_off;
	int64_t room = IN_FLIGHT - flying;

	/* What is lost must not end the window. */
	if (room <= 0 && now - w->progress > 300 * MILLISECOND) {
		w->written_off += flying;
		w->progress = now;
	}
	if (room < IN_BURST)
		return false;
	gre_transmit(t, (unsigned)room);
	return true;
}

static bool
serve(struct run *w, int64_t now)
{
	struct tunnel *t = w->t;
	uint64_t had = t->n[RECEIVED + IN];
	bool any = gre_receive(), feed = w->phase != DRAINING;

	any |= pty_receive(t);
	if (t->n[RECEIVED + IN] != had)
		w->progress = now;
	if (feed && w->s->dir[IN])
		any |= feed_in(w, now);
	if (feed && w->s->dir[OUT])
		any |= pty_send(t);
	if (t->owed >= ACK_EVERY ||
	    (t->owed > 0 && now - t->acked > ACK_PATIENCE))
		gre_acknowledge(t, now);
	return any;
}

static void
idle(const struct run *w)
{
	bool blocked = w->phase != DRAINING && w->s->dir[OUT];
	struct pollfd p[2] = { { gre_fd, POLLIN, 0 },
		{ w->t->slave, (short)(POLLIN | (blocked ? POLLOUT : 0)), 0 } };
	struct timespec ts = { 0, 500000 };

	ppoll(p, 2, &ts, NULL);
}

static void
run_once(const struct spec *s, struct result *r)
{
	static struct run w;
	int64_t now = clock_ns();

	memset(r, 0, sizeof(*r));
	memset(&w, 0, sizeof(w));
	w.s = s;
	w.r = r;
	w.t = &tunnels[0];
	w.begin = w.progress = now;
	w.end = now + (int64_t)(s->warm * 1e9);
	memcpy(w.base, w.t->n, sizeof(w.base));
	w.written_off = (int64_t)(w.t->n[SENT + IN] - w.t->n[RECEIVED + IN]);
	while (!w.t->gone) {
		if (now >= w.end && w.phase == DRAINING)
			break;
		if (now >= w.end && w.phase == MEASURING)
			end_measuring(&w);
		if (now >= w.end && w.phase == WARMING)
			begin_measuring(&w);
		if (!serve(&w, now))
			idle(&w);
		now = clock_ns();
	}
	counts_since(w.t, w.base, r->all);
	r->gone = w.t->gone;
	frames_damaged[w.t->client] += r->all[DAMAGED + OUT] +
	    r->all[DAMAGED + IN] + r->all[TWICE];
}

void
window(const struct spec *s, struct result *r)
{
	static int patience = 40;	/* windows repeated, at most */

	for (int tries = 0;; tries++) {
		run_once(s, r);
		windows_run++;
		if (r->gone || r->foreign <= 0.3)
			return;
		if (tries == 4 || patience == 0 ||
		    clock_ns() > deadline - 10 * SECOND)
			break;
		patience--;
		sleep_us(200000);
	}
	windows_noisy++;
}
