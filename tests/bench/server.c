/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The server's control connections (RFC 2637), in a thread: says yes to
 * everything, at once.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <arpa/inet.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "pptp_proto.h"
#include "wire.h"

enum { CONNECTIONS = 512 };

static struct {
	uint16_t	 id;
} calls[CALLS];
static atomic_uint ncalls;

static struct connection {
	int		 fd;
	size_t		 n;
	uint8_t		 buf[1024];
} conns[CONNECTIONS];
static atomic_int nconns;

int
server_call_id(unsigned i)
{
	return i < ncalls ? calls[i].id : -1;
}

int
server_connections(void)
{
	return nconns;
}

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

/* RFC 2637 2.2 */
static size_t
start_reply(uint8_t *buf)
{
	struct wr w = message(buf, 156, START_REPLY);

	wr_u16(&w, PPTP_VERSION);
	wr_u16(&w, PPTP_RESULT_OK << 8);
	wr_u32(&w, FRAMING_ASYNC | FRAMING_SYNC);
	wr_u32(&w, BEARER_ANALOG | BEARER_DIGITAL);
	wr_u16(&w, 0);		/* channels: not told */
	wr_u16(&w, 1);
	wr_bytes(&w, "bench", 5);
	return 156;
}

/* RFC 2637 2.7, 2.8 */
static size_t
call_reply(struct rd *r, uint8_t *buf)
{
	unsigned i = ncalls;
	struct wr w = message(buf, 32, OUT_CALL_REPLY);

	if (i == CALLS)
		return 0;
	calls[i].id = rd_u16(r);
	wr_u16(&w, (uint16_t)(CALL_BASE + i));
	wr_u16(&w, calls[i].id);
	wr_u16(&w, PPTP_RESULT_OK << 8);
	wr_u16(&w, 0);
	wr_u32(&w, 100000000);	/* speed */
	wr_u16(&w, 64);		/* window */
	ncalls = i + 1;
	return 32;
}

/* RFC 2637 2.12, 2.13 */
static size_t
disconnect(struct rd *r, uint8_t *buf)
{
	struct wr w = message(buf, 148, CALL_DISCONNECT);
	uint16_t id = rd_u16(r);
	unsigned i = ncalls;

	while (i > 0 && calls[i - 1].id != id)
		i--;
	wr_u16(&w, (uint16_t)(CALL_BASE + i - 1));
	wr_u16(&w, 4 << 8);	/* 2.13: on request */
	return 148;
}

static size_t
short_reply(struct rd *r, uint8_t *buf, uint16_t type)
{
	bool echo = type == ECHO_REPLY;
	uint16_t len = echo ? 20 : 16;
	struct wr w = message(buf, len, type);

	if (echo)
		wr_u32(&w, rd_u32(r));
	wr_u16(&w, PPTP_RESULT_OK << 8);
	return len;
}

static void
answer(int fd, const uint8_t *msg, size_t len)
{
	struct rd r = { .p = msg + 8, .end = msg + len };
	uint16_t type = rd_u16(&r);
	uint8_t buf[256];
	size_t n = 0;

	rd_u16(&r);
	if (type == START_REQUEST)
		n = start_reply(buf);
	else if (type == OUT_CALL_REQUEST)
		n = call_reply(&r, buf);
	else if (type == CALL_CLEAR_REQUEST)
		n = disconnect(&r, buf);
	else if (type == STOP_REQUEST)
		n = short_reply(&r, buf, STOP_REPLY);
	else if (type == ECHO_REQUEST)
		n = short_reply(&r, buf, ECHO_REPLY);
	if (n > 0)
		(void)!send(fd, buf, n, MSG_NOSIGNAL);
}

/* False once the connection is over. */
static bool
serve(struct connection *c)
{
	ssize_t k = recv(c->fd, c->buf + c->n, sizeof(c->buf) - c->n,
	    MSG_DONTWAIT);

	if (k == -1)
		return errno == EAGAIN;
	if (k == 0)
		return false;
	c->n += (size_t)k;
	while (c->n >= PPTP_HEADER) {
		size_t len = (size_t)c->buf[0] << 8 | c->buf[1];

		if (len < PPTP_HEADER || len > PPTP_MSG_MAX)
			return false;
		if (c->n < len)
			break;
		answer(c->fd, c->buf, len);
		memmove(c->buf, c->buf + len, c->n - len);
		c->n -= len;
	}
	return true;
}

static void
admit(int listener)
{
	int one = 1, fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd == -1)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	conns[nconns].fd = fd;
	conns[nconns].n = 0;
	nconns++;
}

static void *
server_thread(void *arg)
{
	static struct pollfd p[CONNECTIONS + 1];
	int listener = *(int *)arg;

	for (;;) {
		int n = nconns;

		p[0] = (struct pollfd){ listener,
			n < CONNECTIONS ? POLLIN : 0, 0 };
		for (int i = 0; i < n; i++)
			p[i + 1] = (struct pollfd){ conns[i].fd, POLLIN, 0 };
		poll(p, (nfds_t)n + 1, -1);
		for (int i = n - 1; i >= 0; i--) {
			if (p[i + 1].revents == 0 || serve(&conns[i]))
				continue;
			close(conns[i].fd);
			conns[i] = conns[nconns - 1];
			nconns--;
		}
		if (p[0].revents != 0)
			admit(listener);
	}
	return NULL;
}

void
server_start(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		.sin_port = htons(PPTP_PORT) };
	static int listener;
	pthread_t thread;

	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener == -1 ||
	    bind(listener, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(listener, CONNECTIONS) == -1)
		die("listen on port %d", PPTP_PORT);
	if (pthread_create(&thread, NULL, server_thread, &listener) != 0)
		die("thread");
}
