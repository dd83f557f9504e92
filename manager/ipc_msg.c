/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages of ipc_msg.h as octets (pure).  Both ends run on one machine but
 * may be of different builds, and the manager reads a network.  So messages
 * carry a magic number and a version, and are written and read octet by octet
 * like any wire format.
 */
#include <assert.h>
#include <string.h>

#include "ipc_msg.h"
#include "wire.h"

#define MAGIC	0x70707470u		/* "pptp" */

enum { VERSION_2 = 2 };

enum kind {
	NUMBER,			/* host order here, big endian on the wire;
				 * a bool is a number, too */
	NUMBERS,		/* uint64_t, as many as the width holds; only as
				 * the last member: another build may send fewer
				 * (the rest stay 0) or more (skipped) */
	OCTETS,			/* copied unchanged: addresses, padded texts */
	SENTENCE		/* a text for a terminal or a log */
};

/* A member of one message's struct.  A message's rows are in wire order. */
struct member {
	uint8_t		 type, kind;	/* enum ipc_type, enum kind */
	uint16_t	 offset;	/* in struct ipc_msg */
	uint16_t	 width;		/* octets on the wire */
	uint16_t	 least, most;	/* of a NUMBER; most 0: any */
};

#define SIZE(f)		sizeof(((struct ipc_msg *)NULL)->f)
#define FIELD(t, k, f)	{ IPC_##t, k, offsetof(struct ipc_msg, f), \
			  SIZE(f), 0, 0 }
/* The terminating NUL does not travel. */
#define STRING(t, k, f)	{ IPC_##t, k, offsetof(struct ipc_msg, f), \
			  SIZE(f) - 1, 0, 0 }
#define RANGE(t, f, a, b) \
			{ IPC_##t, NUMBER, offsetof(struct ipc_msg, f), \
			  SIZE(f), a, b }

/*
 * 64-bit numbers are times.  No option allows more than this, which is far from
 * overflowing.
 */
#define WAIT_MAX_US	(INT32_MAX * UINT64_C(1000000))

static const struct member members[] = {
	FIELD(CALL, NUMBER, call.id),
	RANGE(CALL, call.port, 1, UINT16_MAX),
	RANGE(CALL, call.window, 1, UINT16_MAX),
	FIELD(CALL, NUMBER, call.loglevel),
	RANGE(CALL, call.hostroute, 0, 1),
	FIELD(CALL, OCTETS, call.server),
	FIELD(CALL, OCTETS, call.local),
	FIELD(CALL, NUMBER, call.mark),
	FIELD(CALL, NUMBER, call.quirks),
	FIELD(CALL, NUMBER, call.idle_us),
	FIELD(CALL, NUMBER, call.echo_us),
	FIELD(CALL, NUMBER, call.timeout_us),
	STRING(CALL, OCTETS, call.phone),
	STRING(CALL, OCTETS, call.hostname),
	RANGE(LOG, said.code, 1, 4),
	STRING(LOG, SENTENCE, said.text),
	RANGE(STEP, step, 0, IPC_CALLING),
	FIELD(SERVER, NUMBER, server.firmware),
	FIELD(SERVER, NUMBER, server.max_channels),
	STRING(SERVER, OCTETS, server.host),
	STRING(SERVER, OCTETS, server.vendor),
	FIELD(UP, NUMBER, peer_id),
	FIELD(DOWN, NUMBER, said.code),
	STRING(DOWN, SENTENCE, said.text),
	FIELD(TUNNEL, NUMBER, tunnel.id),
	FIELD(TUNNEL, NUMBER, tunnel.peer_id),
	RANGE(TUNNEL, tunnel.up, 0, 1),
	FIELD(TUNNEL, OCTETS, tunnel.server),
	FIELD(TUNNEL, OCTETS, tunnel.local),
	FIELD(TUNNEL, NUMBER, tunnel.up_us),
	FIELD(TUNNEL, NUMBERS, tunnel.n),
	FIELD(LINK, NUMBER, ifindex),
	RANGE(FRAME, frame.from, 0, 1),
	RANGE(FRAME, frame.len, 0, IPC_FRAME_MAX),
	FIELD(FRAME, OCTETS, frame.data)
};

static_assert(sizeof(bool) == 1, "a bool travels as one octet");

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

/* Copies a member, or its first octets, from wire to host order or back. */
static void
turn(uint8_t *to, const uint8_t *from, const struct member *b, size_t width)
{
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	size_t unit = b->kind == NUMBER ? b->width :
	    b->kind == NUMBERS ? sizeof(uint64_t) : 1;

	for (size_t i = 0; i < width; i++)
		to[i] = from[big ? i : i - i % unit + unit - 1 - i % unit];
}

static bool
in_range(const struct member *b, const uint8_t *wire)
{
	uint64_t n = 0;

	for (size_t i = 0; i < b->width; i++)
		n = n << 8 | wire[i];
	return n >= b->least && n <= (b->most != 0 ? b->most :
	    b->width == sizeof(uint64_t) ? WAIT_MAX_US : UINT32_MAX);
}

/* A sentence may quote a server: no control character may reach a terminal. */
static void
make_printable(uint8_t *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* Reads one member; p is its place in a struct ipc_msg. */
static void
get_member(struct rd *r, const struct member *b, uint8_t *p)
{
	size_t left = (size_t)(r->end - r->p);
	size_t width = b->kind == NUMBERS ? left : b->width;
	const uint8_t *wire = rd_bytes(r, width);

	if (b->kind == NUMBERS && width % sizeof(uint64_t) != 0)
		r->bad = true;		/* half a number */
	if (r->bad)
		return;
	turn(p, wire, b, width < b->width ? width : b->width);
	if (b->kind == NUMBER)
		r->bad = !in_range(b, wire);
	else if (b->kind == SENTENCE)
		make_printable(p);
}

size_t
ipc_encode(const struct ipc_msg *m, uint8_t *buf)
{
	const uint8_t head[] = { VERSION_2, (uint8_t)m->type, m->fds };
	struct wr w = { .p = buf, .end = buf + IPC_MAX };

	assert(m->type > 0 && m->type < IPC_TYPES);
	wr_u32(&w, MAGIC);
	wr_bytes(&w, head, sizeof(head));
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct member *b = &members[i];
		uint8_t *to;

		if (b->type != m->type)
			continue;
		to = wr_room(&w, b->width);
		assert(to != NULL);
		turn(to, (const uint8_t *)m + b->offset, b, b->width);
	}
	return (size_t)(w.p - buf);
}

bool
ipc_decode(struct ipc_msg *m, const uint8_t *buf, size_t n)
{
	struct rd r = { .p = buf, .end = buf + n };
	uint32_t magic = rd_u32(&r);
	uint8_t version = rd_u8(&r), type = rd_u8(&r), fds = rd_u8(&r);

	memset(m, 0, sizeof(*m));
	if (r.bad || magic != MAGIC || version != VERSION_2 || type == 0 ||
	    type >= IPC_TYPES || fds >= 1u << IPC_FDS)
		return false;
	m->type = (enum ipc_type)type;
	m->fds = fds;
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].type == m->type)
			get_member(&r, &members[i],
			    (uint8_t *)m + members[i].offset);
	if (!r.bad && r.p == r.end)
		return true;
	memset(m, 0, sizeof(*m));
	return false;
}
