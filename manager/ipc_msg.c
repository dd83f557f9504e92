/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The records between local processes, pppd's plugin among them (pure).  Both
 * ends run on one machine but may be of different builds, and the manager
 * reads a network: so records carry a magic number and a version, have one
 * exact size each, and are written and read octet by octet like any wire
 * format.
 */
#include <assert.h>
#include <string.h>

#include "ipc_msg.h"
#include "wire.h"

#define MAGIC	0x70707470u		/* "pptp" */
#define WAIT_MAX_US	(INT32_MAX * UINT64_C(1000000))

enum { VERSION_1 = 1 };

static void
put_call(struct wr *w, const struct ipc_msg *m)
{
	const struct ipc_call *c = &m->call;

	wr_u16(w, c->id);
	wr_u16(w, c->port);
	wr_u16(w, c->window);
	wr_u8(w, c->loglevel);
	wr_u8(w, c->hostroute);
	wr_u8(w, c->kernel);
	wr_bytes(w, &c->server, 4);
	wr_bytes(w, &c->local, 4);
	wr_u32(w, c->mark);
	wr_u32(w, c->quirks);
	wr_u64(w, c->idle_us);
	wr_u64(w, c->echo_us);
	wr_u64(w, c->timeout_us);
	wr_text(w, c->phone, PPTP_TEXT);
	wr_text(w, c->hostname, PPTP_TEXT);
}

static void
get_address(struct rd *r, uint32_t *addr)
{
	const uint8_t *p = rd_bytes(r, 4);

	*addr = 0;
	if (p != NULL)
		memcpy(addr, p, 4);
}

static void
get_call(struct rd *r, struct ipc_msg *m)
{
	struct ipc_call *c = &m->call;

	c->id = rd_u16(r);
	c->port = rd_u16(r);
	c->window = rd_u16(r);
	c->loglevel = rd_u8(r);
	c->hostroute = rd_u8(r) != 0;
	c->kernel = rd_u8(r) != 0;
	get_address(r, &c->server);
	get_address(r, &c->local);
	c->mark = rd_u32(r);
	c->quirks = rd_u32(r);
	c->idle_us = rd_u64(r);
	c->echo_us = rd_u64(r);
	c->timeout_us = rd_u64(r);
	rd_text(r, c->phone, PPTP_TEXT);
	rd_text(r, c->hostname, PPTP_TEXT);
	/* No option allows more, and it is far from overflow. */
	if (c->idle_us > WAIT_MAX_US || c->echo_us > WAIT_MAX_US ||
	    c->timeout_us > WAIT_MAX_US || c->window == 0 || c->port == 0)
		r->bad = true;
}

static void
put_log(struct wr *w, const struct ipc_msg *m)
{
	wr_u8(w, m->log.level);
	wr_text(w, m->log.text, IPC_TEXT);
}

/* A sentence may have come from anywhere: it is for a terminal or a log. */
static void
get_sentence(struct rd *r, char text[IPC_TEXT + 1])
{
	rd_text(r, text, IPC_TEXT);
	for (char *p = text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

static void
get_log(struct rd *r, struct ipc_msg *m)
{
	m->log.level = rd_u8(r);
	get_sentence(r, m->log.text);
}

static void
put_step(struct wr *w, const struct ipc_msg *m)
{
	wr_u8(w, (uint8_t)m->step);
}

static void
get_step(struct rd *r, struct ipc_msg *m)
{
	uint8_t step = rd_u8(r);

	if (step > IPC_CALLING)
		r->bad = true;
	else
		m->step = (enum ipc_step)step;
}

static void
put_server(struct wr *w, const struct ipc_msg *m)
{
	wr_u16(w, m->server.version);
	wr_u16(w, m->server.firmware);
	wr_u16(w, m->server.max_channels);
	wr_text(w, m->server.host, PPTP_TEXT);
	wr_text(w, m->server.vendor, PPTP_TEXT);
}

static void
get_server(struct rd *r, struct ipc_msg *m)
{
	m->server.version = rd_u16(r);
	m->server.firmware = rd_u16(r);
	m->server.max_channels = rd_u16(r);
	rd_text(r, m->server.host, PPTP_TEXT);
	rd_text(r, m->server.vendor, PPTP_TEXT);
}

static void
put_up(struct wr *w, const struct ipc_msg *m)
{
	wr_u16(w, m->up.peer_id);
	wr_u16(w, m->up.window);
	wr_u32(w, m->up.speed);
}

static void
get_up(struct rd *r, struct ipc_msg *m)
{
	m->up.peer_id = rd_u16(r);
	m->up.window = rd_u16(r);
	m->up.speed = rd_u32(r);
}

static void
put_down(struct wr *w, const struct ipc_msg *m)
{
	wr_u8(w, m->down.status);
	wr_text(w, m->down.text, IPC_TEXT);
}

static void
get_down(struct rd *r, struct ipc_msg *m)
{
	m->down.status = rd_u8(r);
	get_sentence(r, m->down.text);
}

static void
put_nothing(struct wr *w, const struct ipc_msg *m)
{
	(void)w;
	(void)m;
}

static void
get_nothing(struct rd *r, struct ipc_msg *m)
{
	(void)r;
	(void)m;
}

/* The counters travel as an array: they are nothing but uint64_t. */
enum { COUNTERS = sizeof(struct gre_counters) / sizeof(uint64_t) };

static void
put_tunnel(struct wr *w, const struct ipc_msg *m)
{
	const struct ipc_tunnel *t = &m->tunnel;
	uint64_t n[COUNTERS];

	wr_u16(w, t->id);
	wr_u16(w, t->peer_id);
	wr_u8(w, t->up);
	wr_bytes(w, &t->server, 4);
	wr_bytes(w, &t->local, 4);
	wr_u64(w, t->up_us);
	memcpy(n, &t->n, sizeof(n));
	for (unsigned i = 0; i < COUNTERS; i++)
		wr_u64(w, n[i]);
}

static void
get_tunnel(struct rd *r, struct ipc_msg *m)
{
	struct ipc_tunnel *t = &m->tunnel;
	uint64_t n[COUNTERS] = { 0 };

	t->id = rd_u16(r);
	t->peer_id = rd_u16(r);
	t->up = rd_u8(r) != 0;
	get_address(r, &t->server);
	get_address(r, &t->local);
	t->up_us = rd_u64(r);
	for (unsigned i = 0; i < COUNTERS; i++)
		n[i] = rd_u64(r);
	memcpy(&t->n, n, sizeof(n));
}

static void
put_route(struct wr *w, const struct ipc_msg *m)
{
	wr_bytes(w, &m->route.local, 4);
	wr_u32(w, m->route.mark);
}

static void
get_route(struct rd *r, struct ipc_msg *m)
{
	get_address(r, &m->route.local);
	m->route.mark = rd_u32(r);
}

static void
put_channel(struct wr *w, const struct ipc_msg *m)
{
	wr_u16(w, m->channel.id);
	wr_u16(w, m->channel.peer_id);
	wr_bytes(w, &m->channel.server, 4);
}

static void
get_channel(struct rd *r, struct ipc_msg *m)
{
	m->channel.id = rd_u16(r);
	m->channel.peer_id = rd_u16(r);
	get_address(r, &m->channel.server);
}

static void
put_link(struct wr *w, const struct ipc_msg *m)
{
	wr_u32(w, m->link.ifindex);
}

static void
get_link(struct rd *r, struct ipc_msg *m)
{
	m->link.ifindex = rd_u32(r);
}

static const struct record {
	void (*put)(struct wr *, const struct ipc_msg *);
	void (*get)(struct rd *, struct ipc_msg *);
} records[IPC_TYPES] = {
	[IPC_CALL] = { put_call, get_call },
	[IPC_LOG] = { put_log, get_log },
	[IPC_STEP] = { put_step, get_step },
	[IPC_SERVER] = { put_server, get_server },
	[IPC_UP] = { put_up, get_up },
	[IPC_DOWN] = { put_down, get_down },
	[IPC_STATUS] = { put_nothing, get_nothing },
	[IPC_TUNNEL] = { put_tunnel, get_tunnel },
	[IPC_END] = { put_nothing, get_nothing },
	[IPC_ROUTE] = { put_route, get_route },
	[IPC_CHANNEL] = { put_channel, get_channel },
	[IPC_LINK] = { put_link, get_link }
};

size_t
ipc_encode(const struct ipc_msg *m, uint8_t *buf)
{
	struct wr w = { .p = buf, .end = buf + IPC_MAX };

	assert(m->type > 0 && m->type < IPC_TYPES);
	wr_u32(&w, MAGIC);
	wr_u8(&w, VERSION_1);
	wr_u8(&w, (uint8_t)m->type);
	records[m->type].put(&w, m);
	assert(!w.bad);
	return (size_t)(w.p - buf);
}

bool
ipc_decode(struct ipc_msg *m, const uint8_t *buf, size_t n)
{
	struct rd r = { .p = buf, .end = buf + n };
	uint32_t magic = rd_u32(&r);
	uint8_t version = rd_u8(&r), type = rd_u8(&r);

	memset(m, 0, sizeof(*m));
	if (r.bad || magic != MAGIC || version != VERSION_1 || type == 0 ||
	    type >= IPC_TYPES)
		return false;
	m->type = (enum ipc_type)type;
	records[type].get(&r, m);
	if (!r.bad && r.p == r.end)
		return true;
	memset(m, 0, sizeof(*m));
	return false;
}
