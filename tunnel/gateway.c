/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway's loop: pty -> HDLC decode -> GRE -> raw socket, and back.
 *
 * Nothing here blocks but the one ppoll().  Outwards several reads of the pty
 * are gathered and leave in one sendmmsg(); a frame is decoded straight into
 * the place where the GRE header will be put in front of it.  Inwards one
 * recvmmsg() fills one big write to the pty.  Neither waits for a batch to
 * fill.
 *
 * While the pty is full, packets stay in the raw socket's buffer; once pppd
 * has not read for STALL_US, they are read and whole frames dropped, so that
 * pppd does not come back to a backlog of old packets.  While the raw socket is
 * full the pty is not read: packets then wait in pppd's own queue.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "gateway.h"
#include "hdlc.h"
#include "ppp_link.h"
#include "pptp_quirks.h"
#include "util.h"

enum {
	BATCH = 64,			/* packets in one system call */
	TX_READS = 8,			/* reads of the pty before sending */
	TX_ROOM = 16 + HDLC_FRAME_MAX + 2 + HDLC_DECODE_SLACK,
	TX_SIZE = 65536 + TX_ROOM,
	READ_SIZE = 16384,		/* a pty gives 4095 at most */
	RX_HEAD = 2048,			/* nearly every packet fits in this */
	RX_TAIL = HDLC_FRAME_MAX + 128 - RX_HEAD,
	STALL_US = 50000,		/* pppd reads nothing for this long */
	IP_HEADER = 20,
	SYNC_WAIT_US = 50000		/* for the rest of a frame */
};

enum { P_IN, P_OUT, P_RAW, P_WATCH, P_COUNT };

struct flow {
	struct gateway	*gw;
	struct gre	*gre;
	struct watch	 watch;
	int64_t		 now;

	size_t		 path_mtu;	/* warn of longer packets; 0: no more */
	bool		 rx_more;	/* the raw socket may hold more */

	struct hdlc_dec	 dec;
	size_t		 tx_used;	/* octets of tx[] that are queued */
	unsigned	 tx_count, tx_sent;
	size_t		 sync_len;	/* of an unfinished frame in rd[] */
	int64_t		 sync_until;	/* when its wait ends; or GRE_NEVER */

	struct mmsghdr	 tx_msg[BATCH], rx_msg[BATCH];
	struct iovec	 tx_iov[BATCH], rx_iov[BATCH][2];	/* for msgs */
	struct link	 link;		/* towards pppd */
	uint8_t		 rd[READ_SIZE];
	uint8_t		 tx[TX_SIZE];
	uint8_t		 rx_head[BATCH][RX_HEAD];
	uint8_t		 rx_tail[BATCH][RX_TAIL];
	uint8_t		 rx_whole[RX_HEAD + RX_TAIL];
};

/* No packet is queued any more: the unfinished frame moves to the front. */
static void
tx_reset(struct flow *f)
{
	uint8_t *front = f->tx + GRE_HEADER_MAX;

	f->tx_count = f->tx_sent = 0;
	f->tx_used = 0;
	if (f->dec.frame == front)
		return;
	memmove(front, f->dec.frame, f->dec.used);
	f->dec.frame = front;
}

/*
 * Sends the queued packets.  False while the socket is full: the rest stays
 * queued and the pty is not read.
 */
static bool
tx_flush(struct flow *f)
{
	bool again = false;

	while (f->tx_sent < f->tx_count) {
		int n = sendmmsg(f->gw->raw, f->tx_msg + f->tx_sent,
		    f->tx_count - f->tx_sent, MSG_DONTWAIT);

		if (n > 0) {
			f->tx_sent += (unsigned)n;
			again = false;
			continue;
		}
		if (errno == EAGAIN)
			return false;
		/*
		 * The error may be one that the socket kept from an ICMP
		 * message and reports only once: a second attempt then
		 * succeeds.  If that fails too, this packet is lost.
		 */
		again = !again;
		if (again) {
			health_error(&f->watch.health, errno);
			continue;
		}
		gre_send_failed(f->gre, f->tx_iov[f->tx_sent++].iov_base);
	}
	tx_reset(f);
	return true;
}

/* Warns only once, though every packet of that size is fragmented. */
static void
tell_mtu(struct flow *f, size_t len)
{
	size_t fits = f->path_mtu - MTU_OVERHEAD;

	if (fits > MTU_USUAL)
		fits = MTU_USUAL;
	log_warnx("tunnel to %s: packets of %zu octets leave, and the way "
	    "there takes %zu: each is sent in two; give pppd mtu %zu and mru "
	    "%zu", f->gw->server, len, f->path_mtu, fits, fits);
	f->path_mtu = 0;
}

/*
 * Queues the frame at p, before which there are GRE_HEADER_MAX octets of room.
 * Afterwards there is room for another frame.
 */
static void
tx_frame(struct flow *f, uint8_t *p, size_t len)
{
	size_t head;

	health_sent(&f->watch.health, p, len, f->now);
	head = gre_send(f->gre, p, len, f->now);
	f->tx_iov[f->tx_count++] = (struct iovec){ p - head, head + len };
	f->tx_used = (size_t)(p + len - f->tx);
	f->tx_used = (f->tx_used + 15) & ~(size_t)15;
	if (f->path_mtu != 0 && IP_HEADER + head + len > f->path_mtu)
		tell_mtu(f, IP_HEADER + head + len);
	log_packet("sent a frame of %zu octets", len);
	if (f->tx_count < BATCH && f->tx_used + TX_ROOM <= TX_SIZE)
		return;
	(void)tx_flush(f);
	/* If the socket is full, what is still queued is lost. */
	while (f->tx_sent < f->tx_count)
		gre_send_failed(f->gre, f->tx_iov[f->tx_sent++].iov_base);
	tx_reset(f);
}

/* Decodes what was read from the pty into frames. */
static void
tx_async(struct flow *f, const uint8_t *p, const uint8_t *stop)
{
	while (p < stop) {
		enum hdlc_verdict verdict = hdlc_decode(&f->dec, &p, stop);

		if (verdict == HDLC_FRAME) {
			tx_frame(f, f->dec.frame, f->dec.len);
			f->dec.frame = f->tx + f->tx_used + GRE_HEADER_MAX;
		} else if (verdict == HDLC_BAD) {
			f->gw->n->pty_bad++;
			log_packet("dropped a damaged frame from pppd");
		}
	}
}

/*
 * Synchronous PPP: rd[0 .. n) holds frames with no mark between them.  What
 * seems to be part of a frame waits for the rest; if that is late, the part is
 * taken for a whole frame after all.
 */
static void
tx_sync(struct flow *f, size_t n, bool late)
{
	const uint8_t *p = f->rd;
	size_t len;

	while ((len = late ? n : hdlc_sync_split(p, n)) > 0 &&
	    len <= HDLC_FRAME_MAX) {
		uint8_t *frame = f->tx + f->tx_used + GRE_HEADER_MAX;

		memcpy(frame, p, len);
		tx_frame(f, frame, len);
		p += len;
		n -= len;
	}
	if (n > HDLC_FRAME_MAX) {
		f->gw->n->pty_bad++;
		n = 0;
	}
	memmove(f->rd, p, n);
	f->sync_len = n;
	f->sync_until = n > 0 ? f->now + SYNC_WAIT_US : GRE_NEVER;
}

/* Returns false when there is no more to read just now. */
static bool
tx_read(struct flow *f)
{
	size_t have = f->sync_len;
	ssize_t n = read(f->gw->in, f->rd + have, READ_SIZE - have);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		watch_end(&f->watch, EXIT_OK);	/* pppd has closed its side */
		return false;
	}
	if (f->gw->conf->sync)
		tx_sync(f, have + (size_t)n, false);
	else
		tx_async(f, f->rd, f->rd + n);
	/* A pty gives up to 4095 octets at once; fewer than 2048 were all. */
	return n >= 2048;
}

static void
uplink(struct flow *f)
{
	if (f->tx_sent < f->tx_count && !tx_flush(f))
		return;
	/* Bounded as downlink() is, so that neither direction starves. */
	for (int i = 0; i < TX_READS && !f->watch.over; i++)
		if (!tx_read(f) || f->tx_count >= BATCH / 2)
			break;
	(void)tx_flush(f);
}

/* Is this a server's welcome text, which comes before the first LCP? */
static bool
is_welcome(const struct flow *f)
{
	const struct ppp_said *said = f->watch.health.ppp.said;

	return (f->gw->conf->quirks & QUIRK_WELCOME) != 0 &&
	    !said[PPP_PEER].lcp.sent && !said[PPP_OURS].lcp.answered;
}

static void
flush(struct flow *f)
{
	link_flush(&f->link, f->now);
	if (f->link.gone)
		watch_end(&f->watch, EXIT_OK);	/* pppd has closed its side */
}

/* Passes on all that pppd may have now, in order; drained: see gre_next(). */
static void
deliver(struct flow *f, bool drained)
{
	const uint8_t *p;
	size_t len;

	while ((p = gre_next(f->gre, &len, drained, f->now)) != NULL) {
		if (is_welcome(f) && !ppp_observer_wants(p, len))
			continue;	/* text settles nothing */
		health_received(&f->watch.health, p, len);
		if (!link_put(&f->link, p, len,
		    ppp_observer_accm(&f->watch.health.ppp, p, len)))
			f->gw->n->pty_dropped++;
		log_packet("received a frame of %zu octets", len);
	}
}

/* Sends acknowledgements and gap fillers that are due. */
static void
send_output(struct flow *f)
{
	uint8_t buf[GRE_OUTPUT_MAX];
	size_t n;

	while ((n = gre_output(f->gre, buf, f->now)) > 0)
		/* Tries twice: the first error may be an old ICMP message's. */
		for (int i = 0; i < 2 && send(f->gw->raw, buf, n,
		    MSG_DONTWAIT) == -1 && errno != EAGAIN; i++)
			health_error(&f->watch.health, errno);
}

/* Takes a packet that begins with its IP header, which the kernel checked. */
static void
rx_packet(struct flow *f, const uint8_t *p, size_t n)
{
	size_t ihl = (size_t)(p[0] & 15) * 4;

	if (ihl > n || gre_recv(f->gre, p + ihl, n - ihl, f->now) != GRE_OK) {
		log_packet("dropped a packet that is not ours");
		return;
	}
	health_gre(&f->watch.health, f->now);
	deliver(f, false);
	send_output(f);
}

static void
rx_one(struct flow *f, unsigned i)
{
	size_t n = f->rx_msg[i].msg_len;

	if (n <= RX_HEAD) {
		rx_packet(f, f->rx_head[i], n);
		return;
	}
	memcpy(f->rx_whole, f->rx_head[i], RX_HEAD);
	memcpy(f->rx_whole + RX_HEAD, f->rx_tail[i], n - RX_HEAD);
	rx_packet(f, f->rx_whole, n);
}

static void
downlink(struct flow *f)
{
	int n = recvmmsg(f->gw->raw, f->rx_msg, BATCH, MSG_DONTWAIT, NULL);

	f->rx_more = n == BATCH;
	if (n == -1 && errno != EAGAIN)
		health_error(&f->watch.health, errno);
	for (int i = 0; i < n; i++)
		rx_one(f, (unsigned)i);
	flush(f);
}

/* pppd does not read for the moment: packets wait in the raw socket. */
static bool
pty_full(const struct flow *f)
{
	return f->link.full_since != LINK_NEVER &&
	    f->now - f->link.full_since < STALL_US;
}

static int64_t
next_deadline(const struct flow *f)
{
	int64_t due = gre_due(f->gre);

	if (pty_full(f)) {
		/* What is due now must wait until it no longer is. */
		if (due <= f->now)
			due = GRE_NEVER;
		due = sooner(due, f->link.full_since + STALL_US);
	} else if (f->rx_more) {
		due = f->now;
	}
	return sooner(due, sooner(f->sync_until, watch_due(&f->watch)));
}

static void
fill_pollfds(const struct flow *f, struct pollfd p[P_COUNT])
{
	const struct gateway *gw = f->gw;
	bool tx_blocked = f->tx_sent < f->tx_count;
	short raw = (short)((pty_full(f) ? 0 : POLLIN) |
	    (tx_blocked ? POLLOUT : 0));

	p[P_IN] = (struct pollfd){ tx_blocked ? -1 : gw->in, POLLIN, 0 };
	p[P_OUT] = (struct pollfd){ f->link.len > 0 ? gw->out : -1,
	    POLLOUT, 0 };
	p[P_RAW] = (struct pollfd){ raw != 0 ? gw->raw : -1, raw, 0 };
	p[P_WATCH] = (struct pollfd){ f->watch.fd, POLLIN, 0 };
}

static void
wait_for(struct flow *f, struct pollfd p[P_COUNT])
{
	int64_t due = next_deadline(f), left = due > f->now ? due - f->now : 0;
	struct timespec ts = { .tv_sec = (time_t)(left / 1000000),
		.tv_nsec = (long)(left % 1000000) * 1000 };

	fill_pollfds(f, p);
	/* An interrupted ppoll() leaves revents as they are: 0. */
	if (ppoll(p, P_COUNT, due == GRE_NEVER ? NULL : &ts, NULL) != -1 &&
	    (p[P_RAW].events & POLLIN) != 0 &&
	    (p[P_RAW].revents & POLLIN) == 0)
		f->rx_more = false;
	f->now = clock_us();
}

static void
on_time(struct flow *f)
{
	/* No gap is given up while an unread packet may still fill it. */
	if (gre_due(f->gre) <= f->now && !f->rx_more && !pty_full(f)) {
		deliver(f, true);
		flush(f);
	}
	send_output(f);
	if (f->sync_until <= f->now) {
		tx_sync(f, f->sync_len, true);
		(void)tx_flush(f);
	}
	watch_tick(&f->watch, f->now);
}

static void
loop(struct flow *f)
{
	struct pollfd p[P_COUNT];

	while (!f->watch.over) {
		wait_for(f, p);
		if (p[P_OUT].revents != 0)
			flush(f);
		/* pppd reads again: packets probably wait in the socket. */
		if (p[P_RAW].revents & (POLLIN | POLLERR) ||
		    (p[P_OUT].revents != 0 && f->link.len == 0))
			downlink(f);
		if (p[P_IN].revents != 0 || p[P_RAW].revents & POLLOUT)
			uplink(f);
		on_time(f);
		if (p[P_WATCH].revents != 0)
			watch_read(&f->watch, f->now);
	}
	/* Deliver what came before the end, such as a Terminate-Ack. */
	downlink(f);
}

static struct flow *
flow_new(struct gateway *gw)
{
	struct gre_conf gc = { .call = gw->call, .peer_call = gw->peer_call,
	    .window = gw->window, .fill_gaps = gw->holds_back,
	    .nobuffer = gw->conf->nobuffer,
	    .missing_window = gw->conf->missing_window,
	    .reorder_us = gw->conf->reorder_us };
	/* Pages that are never used cost nothing. */
	struct flow *f = mmap(NULL, sizeof(*f), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void *mem = mmap(NULL, gre_size(), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (f == MAP_FAILED || mem == MAP_FAILED)
		return NULL;
	f->gw = gw;
	f->gre = gre_init(mem, &gc, gw->n);
	f->now = clock_us();
	f->sync_until = GRE_NEVER;
	for (unsigned i = 0; i < BATCH; i++) {
		f->tx_msg[i].msg_hdr.msg_iov = &f->tx_iov[i];
		f->tx_msg[i].msg_hdr.msg_iovlen = 1;
		f->rx_iov[i][0] = (struct iovec){ f->rx_head[i], RX_HEAD };
		f->rx_iov[i][1] = (struct iovec){ f->rx_tail[i], RX_TAIL };
		f->rx_msg[i].msg_hdr.msg_iov = f->rx_iov[i];
		f->rx_msg[i].msg_hdr.msg_iovlen = 2;
	}
	hdlc_dec_init(&f->dec, f->tx + GRE_HEADER_MAX, HDLC_FRAME_MAX + 2);
	return f;
}

/* The MTU of the route to the server; 0 if it is unknown. */
static size_t
route_mtu(int raw)
{
	int mtu = 0;
	socklen_t len = sizeof(mtu);

	if (getsockopt(raw, IPPROTO_IP, IP_MTU, &mtu, &len) == -1 ||
	    mtu <= MTU_OVERHEAD)
		return 0;
	return (size_t)mtu;
}

enum exit_status
gateway_run(struct gateway *gw)
{
	struct flow *f = flow_new(gw);

	if (f == NULL) {
		log_error("tunnel to %s: out of memory", gw->server);
		return EXIT_SYSTEM;
	}
	link_open(&f->link, gw->in, gw->out, gw->conf->sync);
	f->path_mtu = route_mtu(gw->raw);
	if (watch_begin(&f->watch, gw) == 0) {
		loop(f);
		watch_over(&f->watch, f->now);
		log_info("tunnel to %s ended: sent %llu packets, received "
		    "%llu, lost %llu", gw->server,
		    (unsigned long long)gw->n->tx_packets,
		    (unsigned long long)gw->n->rx_packets,
		    (unsigned long long)gw->n->rx_lost);
	}
	link_close(&f->link);
	return f->watch.status;
}
