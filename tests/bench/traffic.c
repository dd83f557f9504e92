/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames and packets.  A frame is FF 03 00 FD, a number that is scrambled so
 * that its octets look random, and octets that the number chooses from a
 * pool.  Everything that arrives is compared with what was sent.
 */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "pptp_proto.h"
#include "wire.h"

enum {
	BODIES = 256,
	BODY_MAX = 1600,
	FRAMES = 2048,		/* distinct ones, pppd to server */
	HEAD = 8,		/* FF 03 00 FD and the number */
	LCP_LEN = 20,
	BATCH_LEN = 64,
	MARK = 0x50500000,	/* LCP magic numbers of tunnel 0, 1, .. */
	NUMBERS = 1 << 17
};

const int size_octets[SIZES] = { 64, 576, 1400 };

static uint8_t body[BODIES][BODY_MAX];
static int octets;
static uint8_t frame[FRAMES][HEAD + BODY_MAX];
static uint8_t *stream;			/* all frames, encoded */
static size_t frame_at[FRAMES + 1];	/* in stream */

static uint32_t delivered[NUMBERS];	/* number + 1, by number */
static uint16_t owner[CALLS];		/* tunnel + 1 */

static uint64_t
random64(void)
{
	static uint64_t s = 0x9e3779b97f4a7c15;

	s ^= s << 13;
	s ^= s >> 7;
	s ^= s << 17;
	return s * 0x2545f4914f6cdd1d;
}

static uint32_t
scramble(uint32_t v)
{
	return (v * 2654435761u) ^ 0x5bd1e995;
}

static uint32_t
unscramble(uint32_t v)
{
	return (v ^ 0x5bd1e995) * 244002641;
}

static void
put_head(uint8_t *p, uint32_t number)
{
	struct wr w = { .p = p, .end = p + HEAD };

	wr_u16(&w, PPP_ALLSTATIONS << 8 | PPP_UI);
	wr_u16(&w, PPP_COMP);
	wr_u32(&w, scramble(number));
}

static size_t
frame_len(void)
{
	return (size_t)octets + 4;
}

void
traffic_init(void)
{
	for (int i = 0; i < BODIES; i++)
		for (int j = 0; j < BODY_MAX; j++)
			body[i][j] = (uint8_t)(random64() >> 37);
	stream = malloc(FRAMES * HDLC_ENCODED(HEAD + BODY_MAX));
	if (stream == NULL)
		die("memory");
}

void
traffic_size(int n)
{
	size_t at = 0;

	if (octets == n)
		return;
	octets = n;
	for (uint32_t i = 0; i < FRAMES; i++) {
		put_head(frame[i], i);
		memcpy(frame[i] + HEAD, body[i % BODIES], frame_len() - HEAD);
		frame_at[i] = at;
		at += hdlc_encode(stream + at, frame[i], frame_len(), 0,
		    true);
	}
	frame_at[FRAMES] = at;
}

void
traffic_forget(void)
{
	memset(delivered, 0, sizeof(delivered));
}

/* ---- LCP: what makes a tunnel usable, and the character map known ---- */

static void
lcp_frame(uint8_t *p, uint8_t code, unsigned tunnel)
{
	struct wr w = { .p = p, .end = p + LCP_LEN };

	wr_u16(&w, PPP_ALLSTATIONS << 8 | PPP_UI);
	wr_u16(&w, PPP_LCP);
	wr_u16(&w, (uint16_t)(code << 8 | 1));
	wr_u16(&w, LCP_LEN - 4);
	wr_u16(&w, LCP_OPT_ACCM << 8 | 6);
	wr_u32(&w, 0);
	wr_u16(&w, 5 << 8 | 6);		/* RFC 1661 6.4: magic number */
	wr_u32(&w, MARK | tunnel);
}

/* The tunnel of our own LCP frame with that code; -1: it is none. */
static int
lcp_tunnel(const uint8_t *p, size_t n, uint8_t code)
{
	uint8_t want[LCP_LEN];
	int i;

	if (n != LCP_LEN)
		return -1;
	i = p[LCP_LEN - 2] << 8 | p[LCP_LEN - 1];
	lcp_frame(want, code, (unsigned)i);
	return memcmp(p, want, LCP_LEN) == 0 && i < ntunnels ? i : -1;
}

void
lcp_request(struct tunnel *t)
{
	uint8_t f[LCP_LEN], buf[HDLC_ENCODED(LCP_LEN)];
	size_t n;

	lcp_frame(f, LCP_CONFREQ, (unsigned)(t - tunnels));
	n = hdlc_encode(buf, f, LCP_LEN, HDLC_ACCM_ALL, true);
	if (write(t->slave, buf, n) != (ssize_t)n && errno != EAGAIN)
		t->gone = true;
}

/* ---- server to pppd ---- */

/* The GRE header of RFC 2637 4.1; its length. */
static size_t
put_gre(struct tunnel *t, uint8_t *p, size_t len, uint32_t seq, int64_t now)
{
	struct wr w = { .p = p, .end = p + GRE_HEADER_MAX };
	uint16_t ack = t->owed > 0 ? GRE_ACK : 0;

	wr_u16(&w, GRE_KEY | GRE_SEQ | GRE_VER1 | ack);
	wr_u16(&w, GRE_PPP);
	wr_u16(&w, (uint16_t)len);
	wr_u16(&w, (uint16_t)server_call_id((unsigned)t->call));
	wr_u32(&w, seq);
	if (ack != 0) {
		wr_u32(&w, t->out_seq);
		t->owed = 0;
		t->acked = now;
	}
	return (size_t)(w.p - p);
}

void
gre_acknowledge(struct tunnel *t, int64_t now)
{
	uint8_t buf[12];
	struct wr w = { .p = buf, .end = buf + sizeof(buf) };

	wr_u16(&w, GRE_KEY | GRE_ACK | GRE_VER1);
	wr_u16(&w, GRE_PPP);
	wr_u16(&w, 0);
	wr_u16(&w, (uint16_t)server_call_id((unsigned)t->call));
	wr_u32(&w, t->out_seq);
	(void)!send(gre_fd, buf, sizeof(buf), 0);
	t->owed = 0;
	t->acked = now;
}

static void
lcp_ack(struct tunnel *t, int64_t now)
{
	uint8_t buf[GRE_HEADER_MAX + LCP_LEN];
	size_t h = put_gre(t, buf, LCP_LEN, t->in_seq++, now);

	lcp_frame(buf + h, LCP_CONFACK, (unsigned)(t - tunnels));
	(void)!send(gre_fd, buf, h + LCP_LEN, 0);
}

void
gre_transmit(struct tunnel *t, unsigned n)
{
	static uint8_t head[BATCH_LEN][GRE_HEADER_MAX + HEAD];
	static struct iovec iov[BATCH_LEN][2];
	static struct mmsghdr msg[BATCH_LEN];
	int64_t now = clock_ns();
	unsigned done = 0;

	if (n > BATCH_LEN)
		n = BATCH_LEN;
	for (unsigned i = 0; i < n; i++) {
		uint32_t seq = t->in_seq++;
		size_t h = put_gre(t, head[i], frame_len(), seq, now);

		put_head(head[i] + h, seq);
		iov[i][0] = (struct iovec){ head[i], h + HEAD };
		iov[i][1] = (struct iovec){ body[seq % BODIES],
			frame_len() - HEAD };
		msg[i].msg_hdr.msg_iov = iov[i];
		msg[i].msg_hdr.msg_iovlen = 2;
	}
	while (done < n) {
		int k = sendmmsg(gre_fd, msg + done, n - done, 0);

		if (k > 0)
			done += (unsigned)k;
		else if (errno != EAGAIN && errno != ENOBUFS)
			die("send GRE");
	}
	t->n[SENT + IN] += n;
}

static void
in_frame(struct tunnel *t, const uint8_t *p, size_t n, int64_t now)
{
	struct rd r = { .p = p + 4, .end = p + n };
	uint8_t head[HEAD];
	uint32_t id;

	if (lcp_tunnel(p, n, LCP_CONFACK) == t - tunnels) {
		if (t->usable == 0)
			t->usable = now;
		return;
	}
	id = unscramble(n == frame_len() ? rd_u32(&r) : 0);
	put_head(head, id);
	if (n != frame_len() || memcmp(p, head, HEAD) != 0 ||
	    memcmp(p + HEAD, body[id % BODIES], n - HEAD) != 0) {
		t->n[DAMAGED + IN]++;
		return;
	}
	if (delivered[id % NUMBERS] == id + 1) {
		t->n[TWICE]++;
		return;
	}
	delivered[id % NUMBERS] = id + 1;
	t->n[RECEIVED + IN]++;
}

bool
pty_receive(struct tunnel *t)
{
	static uint8_t buf[65536];
	bool any = false;

	for (int i = 0; i < 16 && !t->gone; i++) {
		ssize_t k = read(t->slave, buf, sizeof(buf));
		const uint8_t *p = buf, *end = buf + (k > 0 ? k : 0);
		int64_t now = clock_ns();
		enum hdlc_verdict v;

		if (k == 0 || (k == -1 && errno != EAGAIN))
			t->gone = true;
		if (k <= 0)
			break;
		any = true;
		while ((v = hdlc_decode(&t->dec, &p, end)) != HDLC_MORE)
			if (v == HDLC_FRAME)
				in_frame(t, t->dec.frame, t->dec.len, now);
			else
				t->n[DAMAGED + IN]++;
		if (k < 1024)
			break;
	}
	return any;
}

/* ---- pppd to server ---- */

bool
pty_send(struct tunnel *t)
{
	size_t len = frame_at[FRAMES] - t->out_off;
	ssize_t k;

	if (len > 16384)
		len = 16384;
	k = write(t->slave, stream + t->out_off, len);
	if (k == -1 && errno != EAGAIN)
		t->gone = true;
	if (k <= 0)
		return false;
	t->out_off += (size_t)k;
	while (t->out_next < FRAMES &&
	    frame_at[t->out_next + 1] <= t->out_off) {
		t->out_next++;
		t->n[SENT + OUT]++;
	}
	if (t->out_next == FRAMES)
		t->out_next = t->out_off = 0;
	return true;
}

struct packet {
	bool		 has_seq;
	unsigned	 call;		/* counted from 0 */
	uint32_t	 seq;
	const uint8_t	*data;
	size_t		 len;
};

/* Strict: our client has no reason to send anything else. */
static bool
parse(struct packet *k, const uint8_t *ip, size_t n)
{
	struct rd r = { .p = ip, .end = ip + n };
	uint16_t flags, proto, len;

	rd_bytes(&r, n > 0 ? (size_t)(ip[0] & 15) * 4 : 1);
	flags = rd_u16(&r);
	proto = rd_u16(&r);
	len = rd_u16(&r);
	k->call = rd_u16(&r) - (unsigned)CALL_BASE;
	k->has_seq = (flags & GRE_SEQ) != 0;
	k->seq = k->has_seq ? rd_u32(&r) : 0;
	if ((flags & GRE_ACK) != 0)
		rd_u32(&r);
	k->data = r.p;
	k->len = (size_t)(r.end - r.p);
	return !r.bad && proto == GRE_PPP && len == k->len &&
	    (flags & ~(GRE_SEQ | GRE_ACK)) == (GRE_KEY | GRE_VER1) &&
	    k->call < CALLS && server_call_id(k->call) != -1;
}

/* A Configure-Request says whose call this is. */
static void
learn_owner(const struct packet *k)
{
	int i = lcp_tunnel(k->data, k->len, LCP_CONFREQ);

	if (i == -1 || (tunnels[i].call != -1 &&
	    tunnels[i].call != (int)k->call))
		return;
	tunnels[i].call = (int)k->call;
	owner[k->call] = (uint16_t)(i + 1);
}

static struct tunnel *
tunnel_of(const struct packet *k)
{
	struct tunnel *t;

	if (owner[k->call] == 0)
		return NULL;
	t = &tunnels[owner[k->call] - 1];
	return t < tunnels + ntunnels && t->call == (int)k->call ? t : NULL;
}

static void
out_frame(struct tunnel *t, const struct packet *k)
{
	struct rd r = { .p = k->data + 4, .end = k->data + k->len };
	uint32_t id;

	id = k->len == frame_len() ? unscramble(rd_u32(&r)) : FRAMES;
	if (id >= FRAMES || memcmp(k->data, frame[id], k->len) != 0) {
		t->n[DAMAGED + OUT]++;
		return;
	}
	t->n[RECEIVED + OUT]++;
}

static void
take_packet(const uint8_t *ip, size_t n, int64_t now)
{
	struct packet k;
	struct tunnel *t;

	if (!parse(&k, ip, n))
		return;
	if (owner[k.call] == 0)
		learn_owner(&k);
	if ((t = tunnel_of(&k)) == NULL)
		return;
	if (!k.has_seq)
		return;
	t->out_seq = k.seq;
	t->owed++;
	if (lcp_tunnel(k.data, k.len, LCP_CONFREQ) != -1)
		lcp_ack(t, now);
	else
		out_frame(t, &k);
}

bool
gre_receive(void)
{
	static uint8_t buf[BATCH_LEN][FRAME_ROOM];
	static struct iovec iov[BATCH_LEN];
	static struct mmsghdr msg[BATCH_LEN];
	bool any = false;

	for (int i = 0; i < BATCH_LEN; i++) {
		iov[i] = (struct iovec){ buf[i], sizeof(buf[i]) };
		msg[i].msg_hdr.msg_iov = &iov[i];
		msg[i].msg_hdr.msg_iovlen = 1;
	}
	for (int round = 0; round < 4; round++) {
		int k = recvmmsg(gre_fd, msg, BATCH_LEN, MSG_DONTWAIT, NULL);
		int64_t now = clock_ns();

		for (int i = 0; i < k; i++)
			take_packet(buf[i], msg[i].msg_len, now);
		any |= k > 0;
		if (k < BATCH_LEN)
			break;
	}
	return any;
}
