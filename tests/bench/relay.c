/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * relay batch|mt SERVER: stand-ins for a client, which show what its shape (a
 * pty, a raw GRE socket, async HDLC in between) can do at best.
 *
 *	batch	one poll loop; many frames per pty read and write,
 *		sendmmsg and recvmmsg
 *	mt	the same with a blocking thread for each direction
 *
 * Measuring instruments, not clients: no timers, no echo, no reordering.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <arpa/inet.h>
#include <linux/filter.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hdlc.h"
#include "pptp_proto.h"
#include "wire.h"

enum {
	BATCH = 64,
	ROOM = 2048,
	ACK_EVERY = 16,
	ACK_MS = 5
};

static int tcp, gre;
static uint16_t my_id, peer_id;
static uint32_t tx_seq;
static bool rx_any;
static _Atomic uint32_t rx_seq, unacked;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the control connection, as far as it must be ---- */

static struct wr
message(uint8_t *buf, uint16_t len, uint16_t type)
{
	struct wr w = { .p = buf, .end = buf + len };

	memset(buf, 0, len);
	wr_u16(&w, len);
	wr_u16(&w, PPTP_CONTROL);
	wr_u32(&w, PPTP_MAGIC);
	wr_u16(&w, type);
	wr_u16(&w, 0);
	return w;
}

static void
exchange(uint8_t *buf, size_t out, size_t in)
{
	if (send(tcp, buf, out, 0) != (ssize_t)out ||
	    recv(tcp, buf, in, MSG_WAITALL) != (ssize_t)in)
		die("control connection");
}

static void
control(void)
{
	uint8_t buf[168];
	struct wr w = message(buf, 156, START_REQUEST);

	wr_u16(&w, PPTP_VERSION);
	wr_u16(&w, 0);
	wr_u32(&w, FRAMING_ASYNC | FRAMING_SYNC);
	wr_u32(&w, BEARER_ANALOG | BEARER_DIGITAL);
	exchange(buf, 156, 156);
	my_id = (uint16_t)getpid();
	w = message(buf, 168, OUT_CALL_REQUEST);
	wr_u16(&w, my_id);
	wr_u16(&w, 1);
	wr_u32(&w, 2400);
	wr_u32(&w, 10000000);
	wr_u32(&w, BEARER_ANALOG | BEARER_DIGITAL);
	wr_u32(&w, FRAMING_ASYNC | FRAMING_SYNC);
	wr_u16(&w, 64);
	exchange(buf, 168, 32);
	peer_id = (uint16_t)(buf[12] << 8 | buf[13]);
}

/* Only packets of our call wake us: its id is in the key field. */
static void
filter(void)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, my_id, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog p = { sizeof(f) / sizeof(f[0]), f };

	if (setsockopt(gre, SOL_SOCKET, SO_ATTACH_FILTER, &p, sizeof(p)) == -1)
		die("filter");
}

static void
open_call(const char *server)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(PPTP_PORT) };
	int one = 1;

	if (inet_pton(AF_INET, server, &sin.sin_addr) != 1)
		die(server);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(tcp, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		die("connect");
	gre = socket(AF_INET, SOCK_RAW, PPTP_IPPROTO_GRE);
	if (gre == -1 ||
	    connect(gre, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		die("raw GRE socket");
	control();
	filter();
}

/* ---- GRE (RFC 2637 4.1) ---- */

static size_t
put_gre(uint8_t *p, size_t len)
{
	struct wr w = { .p = p, .end = p + GRE_HEADER_MAX };
	uint16_t ack = unacked > 0 && atomic_exchange(&unacked, 0) > 0 ?
	    GRE_ACK : 0;

	wr_u16(&w, GRE_KEY | GRE_SEQ | GRE_VER1 | ack);
	wr_u16(&w, GRE_PPP);
	wr_u16(&w, (uint16_t)len);
	wr_u16(&w, peer_id);
	wr_u32(&w, tx_seq++);
	if (ack != 0)
		wr_u32(&w, rx_seq);
	return (size_t)(w.p - p);
}

static void
send_ack(void)
{
	uint8_t buf[12];
	struct wr w = { .p = buf, .end = buf + sizeof(buf) };

	wr_u16(&w, GRE_KEY | GRE_ACK | GRE_VER1);
	wr_u16(&w, GRE_PPP);
	wr_u16(&w, 0);
	wr_u16(&w, peer_id);
	wr_u32(&w, rx_seq);
	unacked = 0;
	(void)!send(gre, buf, sizeof(buf), 0);
}

/* The frame in a received IP packet; NULL. */
static const uint8_t *
get_gre(const uint8_t *ip, size_t n, size_t *len)
{
	struct rd r = { .p = ip, .end = ip + n };
	uint16_t flags, call;
	uint32_t seq;

	rd_bytes(&r, (size_t)(ip[0] & 15) * 4);
	flags = rd_u16(&r);
	rd_u16(&r);
	*len = rd_u16(&r);
	call = rd_u16(&r);
	seq = rd_u32(&r);
	if ((flags & GRE_ACK) != 0)
		rd_u32(&r);
	if (r.bad || (flags & ~GRE_ACK) != (GRE_KEY | GRE_SEQ | GRE_VER1) ||
	    call != my_id || (rx_any && seq_diff(seq, rx_seq) <= 0))
		return NULL;
	rx_seq = seq;
	rx_any = true;
	unacked++;
	return rd_bytes(&r, *len);
}

/* ---- pppd to server ---- */

static uint8_t frames[BATCH][ROOM], heads[BATCH][GRE_HEADER_MAX];
static struct iovec send_iov[BATCH][2];
static struct mmsghdr send_msg[BATCH];
static unsigned nframes;

static void
flush_frames(void)
{
	unsigned done = 0;

	while (done < nframes) {
		int k = sendmmsg(gre, send_msg + done, nframes - done, 0);

		done += k > 0 ? (unsigned)k : 1;
	}
	nframes = 0;
}

static void
queue_frame(const uint8_t *p, size_t n)
{
	struct iovec *v = send_iov[nframes];

	memcpy(frames[nframes], p, n);
	v[0] = (struct iovec){ heads[nframes], put_gre(heads[nframes], n) };
	v[1] = (struct iovec){ frames[nframes], n };
	send_msg[nframes].msg_hdr.msg_iov = v;
	send_msg[nframes].msg_hdr.msg_iovlen = 2;
	if (++nframes == BATCH)
		flush_frames();
}

/* One read; what it gave. */
static ssize_t
pty_to_frames(void)
{
	static uint8_t buf[65536], frame[ROOM + HDLC_DECODE_SLACK];
	static struct hdlc_dec dec;
	ssize_t k = read(STDIN_FILENO, buf, sizeof(buf));
	const uint8_t *p = buf, *end = buf + (k > 0 ? k : 0);
	enum hdlc_verdict v;

	if (k == 0 || (k == -1 && errno == EIO))
		exit(0);
	if (dec.frame == NULL)
		hdlc_dec_init(&dec, frame, ROOM);
	while (k > 0 && (v = hdlc_decode(&dec, &p, end)) != HDLC_MORE)
		if (v == HDLC_FRAME)
			queue_frame(dec.frame, dec.len);
	return k;
}

/* ---- server to pppd ---- */

static uint8_t packets[BATCH][ROOM];
static struct iovec recv_iov[BATCH];
static struct mmsghdr recv_msg[BATCH];
static uint8_t encoded[BATCH * HDLC_ENCODED(ROOM)];

static void
receive_init(void)
{
	for (int i = 0; i < BATCH; i++) {
		recv_iov[i] = (struct iovec){ packets[i], ROOM };
		recv_msg[i].msg_hdr.msg_iov = &recv_iov[i];
		recv_msg[i].msg_hdr.msg_iovlen = 1;
	}
}

static size_t
encode_packets(int k)
{
	size_t n = 0, len;

	for (int i = 0; i < k; i++) {
		const uint8_t *p = get_gre(packets[i], recv_msg[i].msg_len,
		    &len);

		if (p != NULL)
			n += hdlc_encode(encoded + n, p, len, 0, true);
	}
	return n;
}

/* ---- batch ---- */

static size_t out_off, out_len;

static void
batch_to_pty(bool readable, bool writable)
{
	ssize_t k;

	if (readable && out_len == 0) {
		int n = recvmmsg(gre, recv_msg, BATCH, MSG_DONTWAIT, NULL);

		out_len = n > 0 ? encode_packets(n) : 0;
		out_off = 0;
		writable = true;
	}
	if (out_len == 0 || !writable)
		return;
	k = write(STDOUT_FILENO, encoded + out_off, out_len - out_off);
	if (k == -1 && errno != EAGAIN)
		exit(0);
	if (k > 0)
		out_off += (size_t)k;
	if (out_off == out_len)
		out_len = 0;
}

static void
batch(void)
{
	fcntl(STDIN_FILENO, F_SETFL, O_RDWR | O_NONBLOCK);
	for (;;) {
		struct pollfd p[3] = { { STDIN_FILENO,
			(short)(POLLIN | (out_len > 0 ? POLLOUT : 0)), 0 },
			{ gre, (short)(out_len > 0 ? 0 : POLLIN), 0 },
			{ tcp, POLLIN, 0 } };

		if (poll(p, 3, unacked > 0 ? ACK_MS : -1) == 0 && unacked > 0)
			send_ack();
		if ((p[0].revents & (POLLHUP | POLLERR)) != 0 ||
		    p[2].revents != 0)
			exit(0);
		/* Go on only while reads come back full. */
		for (int i = 0; i < 4 && (p[0].revents & POLLIN) != 0 &&
		     nframes < BATCH / 2; i++)
			if (pty_to_frames() < 2048)
				break;
		flush_frames();
		batch_to_pty((p[1].revents & POLLIN) != 0,
		    (p[0].revents & POLLOUT) != 0);
		if (unacked >= ACK_EVERY)
			send_ack();
	}
}

/* ---- mt ---- */

static void *
mt_out(void *unused)
{
	(void)unused;
	for (;;) {
		pty_to_frames();
		flush_frames();
	}
	return NULL;
}

static void
mt_in(void)
{
	for (;;) {
		int k = recvmmsg(gre, recv_msg, BATCH, MSG_WAITFORONE, NULL);
		size_t n = k > 0 ? encode_packets(k) : 0, done = 0;

		while (done < n) {
			ssize_t w = write(STDOUT_FILENO, encoded + done,
			    n - done);

			if (w <= 0)
				exit(0);
			done += (size_t)w;
		}
		if (unacked >= ACK_EVERY || (k <= 0 && unacked > 0))
			send_ack();
	}
}

static void
mt(void)
{
	struct timeval patience = { 0, 100000 };	/* for a last ack */
	pthread_t thread;

	setsockopt(gre, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (pthread_create(&thread, NULL, mt_out, NULL) != 0)
		die("thread");
	mt_in();
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		fputs("usage: relay batch|mt SERVER\n", stderr);
		return 2;
	}
	receive_init();
	open_call(argv[2]);
	if (strcmp(argv[1], "mt") == 0)
		mt();
	batch();
	return 0;
}
