/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of a control connection's events (pure); see ctrl_events.h.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctrl_events.h"

enum {
	WARN_PERIOD = 60000000,	/* in which at most ... */
	WARN_MAX = 12		/* ... this many warnings are logged */
};

void
events_init(struct ctrl_events *q, int64_t now)
{
	memset(q, 0, offsetof(struct ctrl_events, ev));
	q->now = now;
	q->warn_window = CTRL_NEVER;
}

bool
events_room(const struct ctrl_events *q)
{
	return q->count < CTRL_EVENTS - CTRL_EVENTS_LASTING;
}

static struct ctrl_event *
append(struct ctrl_events *q, enum ctrl_event_type type)
{
	struct ctrl_event *e = &q->ev[(q->head + q->count) % CTRL_EVENTS];

	assert(q->count < CTRL_EVENTS);
	q->count++;
	memset(e, 0, sizeof(*e));
	e->type = type;
	return e;
}

/*
 * The server can cause any number of warnings, which are logged by default:
 * those beyond WARN_MAX a minute go to the level of messages, and
 * events_tick() counts them.
 */
void
events_log(struct ctrl_events *q, int level, const char *format, ...)
{
	struct ctrl_event *e;
	va_list ap;

	if (level == 2) {
		if (q->warnings++ == 0)
			q->warn_window = q->now + WARN_PERIOD;
		if (q->warnings > WARN_MAX)
			level = 3;
	}
	if (!events_room(q))
		return;
	e = append(q, CTRL_EV_LOG);
	e->level = level;
	va_start(ap, format);
	(void)vsnprintf(e->text, sizeof(e->text), format, ap);
	va_end(ap);
}

int64_t
events_due(const struct ctrl_events *q)
{
	return q->warnings > WARN_MAX ? q->warn_window : CTRL_NEVER;
}

void
events_tick(struct ctrl_events *q, int64_t now, bool end)
{
	unsigned n = q->warnings;

	if (now < q->warn_window && !end)
		return;
	q->warnings = 0;
	q->warn_window = CTRL_NEVER;
	if (n <= WARN_MAX)
		return;
	events_log(q, 2, "%u further warnings like these within a minute are "
	    "logged with --loglevel 3 only", n - WARN_MAX);
	q->warn_window = end ? CTRL_NEVER : now + WARN_PERIOD;
}

void
events_push(struct ctrl_events *q, enum ctrl_event_type type, uint16_t call,
    enum ctrl_cause cause, const char *text)
{
	struct ctrl_event *e = append(q, type);

	e->call = call;
	e->cause = cause;
	(void)snprintf(e->text, sizeof(e->text), "%s", text);
}

bool
events_take(struct ctrl_events *q, struct ctrl_event *e)
{
	if (q->count == 0)
		return false;
	*e = q->ev[q->head];
	q->head = --q->count == 0 ? 0 : (q->head + 1) % CTRL_EVENTS;
	return true;
}
