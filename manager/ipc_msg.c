/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The messages between our processes, pppd's plugin among them (pure).  Both
 * ends run on one machine but may be of different builds, and the manager reads
 * a network.  So messages carry a magic number and a version, have one exact
 * size each, and are written and read octet by octet like any wire format.
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
	NUMBERS,		/* uint64_t, as many as the width holds; the
				 * last member: another build may send fewer,
				 * which leaves 0, or more */
	OCTETS,			/* as they are: addresses */
	TEXT,			/* padded by NUL; terminated here */
	SENTENCE		/* a text for a terminal or a log */
};

/* A member of one message's struct.  Rows stand in the order of the wire. */
struct member {
	uint8_t		 type, kind;	/* enum ipc_type, enum kind */
	uint8_t		 least;
	uint16_t	 offset;	/* in struct ipc_msg */
	uint16_t	 width;		/* octets on the wire */
	uint64_t	 most;		/* of a NUMBER, as least; 0: any */
};

#define SIZE(f)		sizeof(((struct ipc_msg *)NULL)->f)
#define FIELD(t, k, f)	{ IPC_##t, k, 0, offsetof(struct ipc_msg, f), \
			  SIZE(f), 0 }
/* The terminating NUL does not travel. */
#define STRING(t, k, f)	{ IPC_##t, k, 0, offsetof(struct ipc_msg, f), \
			  SIZE(f) - 1, 0 }
#define RANGE(t, f, a, b) \
			{ IPC_##t, NUMBER, a, offsetof(struct ipc_msg, f), \
			  SIZE(f), b }

/* No option allows more, and it is far from overflow. */
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
	RANGE(CALL, call.idle_us, 0, WAIT_MAX_US),
	RANGE(CALL, call.echo_us, 0, WAIT_MAX_US),
	RANGE(CALL, call.timeout_us, 0, WAIT_MAX_US),
	STRING(CALL, TEXT, call.phone),
	STRING(CALL, TEXT, call.hostname),
	FIELD(LOG, NUMBER, log.level),
	STRING(LOG, SENTENCE, log.text),
	RANGE(STEP, step, 0, IPC_CALLING),
	FIELD(SERVER, NUMBER, server.firmware),
	FIELD(SERVER, NUMBER, server.max_channels),
	STRING(SERVER, TEXT, server.host),
	STRING(SERVER, TEXT, server.vendor),
	FIELD(UP, NUMBER, peer_id),
	FIELD(DOWN, NUMBER, down.status),
	STRING(DOWN, SENTENCE, down.text),
	FIELD(TUNNEL, NUMBER, tunnel.id),
	FIELD(TUNNEL, NUMBER, tunnel.peer_id),
	RANGE(TUNNEL, tunnel.up, 0, 1),
	FIELD(TUNNEL, OCTETS, tunnel.server),
	FIELD(TUNNEL, OCTETS, tunnel.local),
	FIELD(TUNNEL, NUMBER, tunnel.up_us),
	FIELD(TUNNEL, NUMBERS, tunnel.n),
	FIELD(CHANNEL, NUMBER, channel.id),
	FIELD(CHANNEL, NUMBER, channel.peer_id),
	FIELD(CHANNEL, OCTETS, channel.server),
	FIELD(LINK, NUMBER, ifindex),
	RANGE(FRAME, frame.from, 0, 1),
	RANGE(FRAME, frame.len, 0, IPC_FRAME_MAX),
	FIELD(FRAME, OCTETS, frame.data)
};

static_assert(sizeof(bool) == 1, "a bool travels as one octet");

enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

/* ---- one member: p is where it lies in a struct ipc_msg ---- */

/* A number from host order to big endian, or back. */
static void
turn(uint8_t *to, const uint8_t *from, size_t width)
{
	bool big = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

	for (size_t i = 0; i < width; i++)
		to[i] = from[big ? i : width - 1 - i];
}

static void
put_number(struct wr *w, const uint8_t *p, size_t width)
{
	uint8_t *to = wr_room(w, width);

	if (to != NULL)
		turn(to, p, width);
}

/* Reads a number of that width, stores it at p and returns it. */
static uint64_t
get_number(struct rd *r, uint8_t *p, size_t width)
{
	const uint8_t *from = rd_bytes(r, width);
	uint64_t n = 0;

	if (from == NULL)
		return 0;
	turn(p, from, width);
	for (size_t i = 0; i < width; i++)
		n = n << 8 | from[i];
	return n;
}

static void
put_member(struct wr *w, const struct member *b, const uint8_t *p)
{
	switch ((enum kind)b->kind) {
	case NUMBER:
		put_number(w, p, b->width);
		break;
	case NUMBERS:
		for (size_t i = 0; i < b->width; i += sizeof(uint64_t))
			put_number(w, p + i, sizeof(uint64_t));
		break;
	case OCTETS:
		wr_bytes(w, p, b->width);
		break;
	case TEXT:
	case SENTENCE:
		wr_text(w, (const char *)p, b->width);
		break;
	}
}

static void
get_octets(struct rd *r, uint8_t *p, size_t n)
{
	const uint8_t *from = rd_bytes(r, n);

	if (from != NULL)
		memcpy(p, from, n);
}

/* A sentence may quote a server, and nothing of it may act on a terminal. */
static void
make_printable(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* Reads whole numbers up to the end; what is beyond the width is skipped. */
static void
get_numbers(struct rd *r, uint8_t *p, size_t width)
{
	size_t n = (size_t)(r->end - r->p);

	r->bad = r->bad || n % sizeof(uint64_t) != 0;
	for (size_t i = 0; i < n && i < width; i += sizeof(uint64_t))
		(void)get_number(r, p + i, sizeof(uint64_t));
	if (!r->bad)
		r->p = r->end;
}

static void
get_member(struct rd *r, const struct member *b, uint8_t *p)
{
	uint64_t n;

	switch ((enum kind)b->kind) {
	case NUMBER:
		n = get_number(r, p, b->width);
		if (b->most != 0 && (n < b->least || n > b->most))
			r->bad = true;
		break;
	case NUMBERS:
		get_numbers(r, p, b->width);
		break;
	case OCTETS:
		get_octets(r, p, b->width);
		break;
	case TEXT:
	case SENTENCE:
		rd_text(r, (char *)p, b->width);
		if (b->kind == SENTENCE)
			make_printable((char *)p);
		break;
	}
}

/* ---- whole messages ---- */

size_t
ipc_encode(const struct ipc_msg *m, uint8_t *buf)
{
	const uint8_t head[] = { VERSION_2, (uint8_t)m->type, m->fds };
	struct wr w = { .p = buf, .end = buf + IPC_MAX };

	assert(m->type > 0 && m->type < IPC_TYPES);
	wr_u32(&w, MAGIC);
	wr_bytes(&w, head, sizeof(head));
	for (size_t i = 0; i < MEMBERS; i++)
		if (members[i].type == m->type)
			put_member(&w, &members[i],
			    (const uint8_t *)m + members[i].offset);
	assert(!w.bad);
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
