/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load: both ends of a tunnel under load, faster than a script can be.
 *
 *	load serve [pump=MBIT] [garbage=MBIT] [replay=1]
 *		a PPTP server: yes to every call; Configure-Ack for LCP; data
 *		is echoed, or with pump= counted while numbered frames flow
 *		the other way.  garbage= adds packets that are for the call
 *		but not of it; replay= sends each packet again, later.
 *	load feed pty|pipes MBIT SECONDS CLIENT ARGUMENT...
 *		plays pppd for a client, with a process that writes numbered
 *		frames and one that reads: "client PID", "writer PID" and
 *		"reader PID" are printed, so that each may be stopped.
 *
 * Whoever receives prints about ten times a second:
 *	got N bad B disorder D last I
 * frames that were damaged, numbers that did not rise, the last number.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "wire.h"

enum { CONNS = 160, FRAME = 1400, HEAD = 8, OLD = 64, MTU = 1500,
	JUNK = 733 };				/* octets on the average */

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000000) + ts.tv_nsec / 1000;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- numbered frames: FF 03, protocol 00FD, the number, a pattern ---- */

static size_t
make_frame(uint8_t *p, uint32_t i, size_t size)
{
	struct wr w = { .p = p, .end = p + size };

	wr_u32(&w, 0xff0300fd);
	wr_u32(&w, i);
	for (size_t k = 0; HEAD + k < size; k++)
		p[HEAD + k] = (uint8_t)(i + k);
	return size;
}

struct tally {
	unsigned long	 got, bad, disorder;
	int64_t		 last, said;
};

static void
count_frame(struct tally *t, const uint8_t *p, size_t n)
{
	uint8_t want[FRAME];
	struct rd r = { .p = p, .end = p + n };
	uint32_t head = rd_u32(&r), i = rd_u32(&r);
	bool good = !r.bad && head == 0xff0300fd && n <= FRAME;

	if (good)
		good = make_frame(want, i, n) == n && memcmp(p, want, n) == 0;
	if (!good) {
		t->bad++;
		return;
	}
	t->got++;
	if ((int64_t)i <= t->last)
		t->disorder++;
	t->last = i;
}

static void
tell(struct tally *t)
{
	if (now_us() - t->said < 100000)
		return;
	t->said = now_us();
	printf("got %lu bad %lu disorder %lu last %lld\n", t->got, t->bad,
	    t->disorder, (long long)t->last);
	fflush(stdout);
}

/* ---- the server ---- */

struct conn {
	int		 fd;
	size_t		 n;
	uint8_t		 buf[1024];
	uint16_t	 peer_id;	/* of its call */
	bool		 up;
	struct sockaddr_in peer;
	uint32_t	 seq, ack, number;
	bool		 has_ack;
};

static struct conn conns[CONNS];
static struct tally received = { .last = -1 };
static int raw;
static double pump, garbage;
static bool replay;
static struct { uint8_t p[MTU]; size_t n; } old[OLD];
static unsigned nold;

static struct wr
message(uint8_t *buf, uint16_t len, uint16_t type)
{
	struct wr w = { .p = buf, .end = buf + len };

	memset(buf, 0, len);
	wr_u16(&w, len);
	wr_u16(&w, 1);
	wr_u32(&w, 0x1a2b3c4d);
	wr_u16(&w, type);
	wr_u16(&w, 0);
	return w;
}

static void
reply(const struct conn *c, const uint8_t *buf, size_t n)
{
	if (send(c->fd, buf, n, MSG_NOSIGNAL) != (ssize_t)n)
		perror("reply");
}

static void
on_message(struct conn *c, const uint8_t *m)
{
	struct rd r = { .p = m + 8, .end = m + 16 };
	uint16_t id = (uint16_t)(c - conns + 1), type = rd_u16(&r);
	uint8_t buf[156];
	struct wr w;

	(void)rd_u16(&r);
	if (type == 1) {			/* Start */
		w = message(buf, 156, 2);
		wr_u16(&w, 0x0100);
		wr_u16(&w, 0x0100);
		wr_u32(&w, 3);
		wr_u32(&w, 3);
		wr_u16(&w, 1);
		reply(c, buf, 156);
	} else if (type == 5) {			/* Echo */
		w = message(buf, 20, 6);
		wr_u32(&w, rd_u32(&r));
		wr_u16(&w, 0x0100);
		reply(c, buf, 20);
	} else if (type == 7) {			/* Outgoing call */
		c->peer_id = rd_u16(&r);
		c->up = true;
		w = message(buf, 32, 8);
		wr_u16(&w, id);
		wr_u16(&w, c->peer_id);
		wr_u16(&w, 0x0100);
		wr_u16(&w, 0);
		wr_u32(&w, 100000000);
		wr_u16(&w, 64);
		reply(c, buf, 32);
	} else if (type == 12) {		/* Call-Clear */
		w = message(buf, 148, 13);
		wr_u16(&w, id);
		wr_u16(&w, 0x0400);
		c->up = false;
		reply(c, buf, 148);
	} else if (type == 3) {			/* Stop */
		w = message(buf, 16, 4);
		wr_u16(&w, 0x0100);
		reply(c, buf, 16);
	}
}

static void
on_tcp(struct conn *c)
{
	ssize_t n = recv(c->fd, c->buf + c->n, sizeof(c->buf) - c->n, 0);

	if (n <= 0) {
		close(c->fd);
		c->fd = -1;
		c->up = false;
		return;
	}
	c->n += (size_t)n;
	while (c->n >= 12) {
		size_t len = (size_t)c->buf[0] << 8 | c->buf[1];

		if (len < 12 || len > sizeof(c->buf) || c->n < len)
			return;
		on_message(c, c->buf);
		c->n -= len;
		memmove(c->buf, c->buf + len, c->n);
	}
}

static void
accept_one(int listener)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int one = 1, fd = accept(listener, (struct sockaddr *)&sin, &len);

	if (fd == -1)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	for (unsigned i = 0; i < CONNS; i++)
		if (conns[i].fd == -1) {
			memset(&conns[i], 0, sizeof(conns[i]));
			conns[i].fd = fd;
			conns[i].peer = sin;
			conns[i].peer.sin_port = 0;
			return;
		}
	close(fd);
}

static void
put(const struct conn *c, const uint8_t *p, size_t n)
{
	(void)!sendto(raw, p, n, 0, (const struct sockaddr *)&c->peer,
	    sizeof(c->peer));
}

static void
send_data(struct conn *c, const uint8_t *data, size_t n)
{
	uint8_t p[MTU];
	struct wr w = { .p = p, .end = p + sizeof(p) };

	wr_u16(&w, c->has_ack ? 0x3081 : 0x3001);
	wr_u16(&w, 0x880b);
	wr_u16(&w, (uint16_t)n);
	wr_u16(&w, c->peer_id);
	wr_u32(&w, c->seq++);
	if (c->has_ack)
		wr_u32(&w, c->ack);
	wr_bytes(&w, data, n);
	if (w.bad)
		return;
	put(c, p, (size_t)(w.p - p));
	if (!replay)
		return;
	/* What was sent OLD packets ago comes again, and this one twice. */
	put(c, p, (size_t)(w.p - p));
	put(c, old[nold % OLD].p, old[nold % OLD].n);
	memcpy(old[nold % OLD].p, p, sizeof(p));
	old[nold++ % OLD].n = (size_t)(w.p - p);
}

/* For this call, by its number at least. */
static void
send_garbage(struct conn *c)
{
	static const uint16_t flags[] = { 0x3001, 0x3081, 0x3001, 0x3081,
	    0x2001, 0x2081, 0x3000, 0xb001, 0x3007, 0x3801, 0x7001 };
	uint8_t p[MTU];
	struct wr w = { .p = p, .end = p + sizeof(p) };
	size_t n = 8 + (size_t)rand() % (2 * (JUNK - 8));

	for (size_t i = 0; i < n; i += 4)
		memcpy(p + i, &(uint32_t){ (uint32_t)rand() * 2654435761u }, 4);
	wr_u16(&w, flags[(size_t)rand() % (sizeof(flags) / 2)]);
	wr_u16(&w, rand() % 16 == 0 ? 0x0800 : 0x880b);
	wr_u16(&w, rand() % 4 == 0 ? (uint16_t)rand() : (uint16_t)(n - 16));
	wr_u16(&w, c->peer_id);
	/* One far away, never the number that comes next but one. */
	wr_u32(&w, c->seq + 0x1000 + (uint32_t)rand() % 0x7fff0000u * 2);
	put(c, p, n);
}

static void
on_gre(void)
{
	uint8_t buf[65536];
	ssize_t got = recv(raw, buf, sizeof(buf), MSG_DONTWAIT);
	size_t ihl = (size_t)(buf[0] & 15) * 4;
	struct rd r = { .p = buf + ihl, .end = buf + got };
	struct conn *c;
	uint16_t flags, len, id;

	if (got < (ssize_t)ihl + 8)
		return;
	flags = rd_u16(&r);
	(void)rd_u16(&r);
	len = rd_u16(&r);
	id = rd_u16(&r);
	if (id == 0 || id > CONNS || !conns[id - 1].up)
		return;
	c = &conns[id - 1];
	if ((flags & 0x1000) == 0)
		return;
	c->ack = rd_u32(&r);
	c->has_ack = true;
	if (flags & 0x80)
		(void)rd_u32(&r);
	if (r.bad || (size_t)(r.end - r.p) < len)
		return;
	if (len > 4 && memcmp(r.p, "\xff\x03\xc0\x21\x01", 5) == 0) {
		uint8_t ack[FRAME];

		memcpy(ack, r.p, len > FRAME ? FRAME : len);
		ack[4] = 2;
		send_data(c, ack, len);
		return;
	}
	count_frame(&received, r.p, len);
	if (pump == 0)
		send_data(c, r.p, len);
}

/* As many of this size as are due at this rate by now; *done counts them. */
static bool
due(double mbit, unsigned size, int64_t since, unsigned long *done)
{
	double packets = mbit * (double)(now_us() - since) / 8 / size;

	if ((double)*done + 2000 < packets)	/* far behind: do not burst */
		*done = (unsigned long)packets;
	return (double)*done < packets && ++*done;
}

static void
generate(int64_t since)
{
	static unsigned long pumped, spoiled;
	uint8_t frame[FRAME];

	for (int i = 0; i < 64 && due(pump, FRAME, since, &pumped); i++)
		for (struct conn *c = conns; c < conns + CONNS; c++)
			if (c->fd != -1 && c->up && c->has_ack)
				send_data(c, frame, make_frame(frame,
				    c->number++, FRAME));
	for (int i = 0; i < 64 && due(garbage, JUNK, since,
	    &spoiled); i++)
		for (struct conn *c = conns; c < conns + CONNS; c++)
			if (c->fd != -1 && c->up && c->has_ack)
				send_garbage(c);
}

static void
serve(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_port = htons(1723) };
	int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	int size = 8 << 20;
	int64_t since = now_us();

	raw = socket(AF_INET, SOCK_RAW, 47);
	if (raw == -1 || listener == -1)
		die("socket");
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(raw, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	if (bind(listener, (struct sockaddr *)&sin, sizeof(sin)) == -1 ||
	    listen(listener, 512) == -1)
		die("listen");
	for (unsigned i = 0; i < CONNS; i++)
		conns[i].fd = -1;
	printf("ready\n");
	fflush(stdout);
	for (;;) {
		struct pollfd p[CONNS + 2] = { { listener, POLLIN, 0 },
		    { raw, POLLIN, 0 } };

		for (unsigned i = 0; i < CONNS; i++)
			p[2 + i] = (struct pollfd){ conns[i].fd, POLLIN, 0 };
		poll(p, CONNS + 2, pump + garbage > 0 ? 1 : 100);
		if (p[0].revents)
			accept_one(listener);
		for (int i = 0; i < 64 && p[1].revents; i++)
			on_gre();
		for (unsigned i = 0; i < CONNS; i++)
			if (p[2 + i].revents && p[2 + i].fd == conns[i].fd)
				on_tcp(&conns[i]);
		generate(since);
		tell(&received);
	}
}

/* ---- pppd ---- */

static uint16_t
fcs_add(uint16_t fcs, uint8_t c)
{
	fcs ^= c;
	for (int i = 0; i < 8; i++)
		fcs = (uint16_t)(fcs & 1 ? fcs >> 1 ^ 0x8408 : fcs >> 1);
	return fcs;
}

static size_t
escape(uint8_t *to, const uint8_t *p, size_t n)
{
	uint16_t fcs = 0xffff;
	size_t len = 0;

	to[len++] = 0x7e;
	for (size_t i = 0; i < n + 2; i++) {
		uint8_t c = i < n ? p[i] : (uint8_t)(~fcs >> 8 * (i - n));

		if (i < n)
			fcs = fcs_add(fcs, c);
		if (c < 0x20 || c == 0x7d || c == 0x7e) {
			to[len++] = 0x7d;
			c ^= 0x20;
		}
		to[len++] = c;
	}
	to[len++] = 0x7e;
	return len;
}

static void
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t got = write(fd, p, n);

		if (got == -1 && errno != EINTR)
			exit(0);
		if (got > 0) {
			p += got;
			n -= (size_t)got;
		}
	}
}

static void
writer(int fd, double mbit, double seconds)
{
	static const uint8_t lcp[] = { 0xff, 3, 0xc0, 0x21, 1, 1, 0, 14, 2, 6,
	    0, 0, 0, 0, 7, 2, 8, 2 };
	uint8_t frame[FRAME], out[2 * FRAME + 16];
	int64_t since;
	unsigned long done = 0;

	write_all(fd, out, escape(out, lcp, sizeof(lcp)));
	usleep(300000);
	since = now_us();
	for (uint32_t i = 0; now_us() - since < seconds * 1e6;) {
		if (!due(mbit, FRAME, since, &done)) {
			usleep(500);
			continue;
		}
		make_frame(frame, i++, FRAME);
		write_all(fd, out, escape(out, frame, FRAME));
	}
	exit(0);
}

/* Takes frames apart; also tells of the Configure-Ack. */
static void
unescape(struct tally *t, const uint8_t *p, size_t n)
{
	static uint8_t frame[4096];
	static size_t len;
	static bool escaped;
	uint16_t fcs = 0xffff;

	for (; n-- > 0; p++) {
		if (*p != 0x7e) {
			if (*p == 0x7d && !escaped) {
				escaped = true;
				continue;
			}
			if (len < sizeof(frame))
				frame[len++] = escaped ? *p ^ 0x20 : *p;
			escaped = false;
			continue;
		}
		for (size_t i = 0; i < len; i++)
			fcs = fcs_add(fcs, frame[i]);
		if (len > 6 && fcs == 0xf0b8 && frame[2] == 0xc0)
			printf("up\n");
		else if (len > 0 && fcs != 0xf0b8)
			t->bad++;
		else if (len > 0)
			count_frame(t, frame, len - 2);
		fcs = 0xffff;
		len = 0;
		escaped = false;
	}
}

static void
reader(int fd)
{
	struct tally t = { .last = -1 };
	uint8_t buf[65536];

	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		ssize_t n = poll(&p, 1, 100) == 1 ?
		    read(fd, buf, sizeof(buf)) : -2;

		if (n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN))
			exit(0);
		if (n > 0)
			unescape(&t, buf, (size_t)n);
		tell(&t);
	}
}

static pid_t
child(const char *name)
{
	pid_t pid = fork();

	if (pid == -1)
		die("fork");
	if (pid > 0) {
		printf("%s %d\n", name, (int)pid);
		fflush(stdout);
	}
	return pid;
}

/* theirs[] becomes the client's fd 0 and 1, ours[] is read and written. */
static void
open_link(bool pty, int theirs[2], int ours[2])
{
	struct termios t;
	int a[2], b[2];

	if (!pty) {
		if (pipe(a) == -1 || pipe(b) == -1)
			die("pipe");
		theirs[0] = a[0];
		theirs[1] = b[1];
		ours[0] = b[0];
		ours[1] = a[1];
		return;
	}
	theirs[0] = theirs[1] = posix_openpt(O_RDWR | O_NOCTTY);
	if (theirs[0] == -1 || grantpt(theirs[0]) == -1 ||
	    unlockpt(theirs[0]) == -1)
		die("pty");
	ours[0] = ours[1] = open(ptsname(theirs[0]), O_RDWR | O_NOCTTY);
	if (ours[0] == -1 || tcgetattr(ours[0], &t) == -1)
		die("tty");
	cfmakeraw(&t);
	tcsetattr(ours[0], TCSANOW, &t);
}

static void
close_both(const int fd[2])
{
	close(fd[0]);
	if (fd[1] != fd[0])
		close(fd[1]);
}

static int
feed(int argc, char **argv)
{
	int theirs[2], ours[2], status;
	double mbit = atof(argv[1]), seconds = atof(argv[2]);
	pid_t client, wr;

	if (argc < 4)
		return 2;
	open_link(strcmp(argv[0], "pty") == 0, theirs, ours);
	client = child("client");
	if (client == 0) {
		dup2(theirs[0], 0);
		dup2(theirs[1], 1);
		close_both(theirs);
		close_both(ours);
		execvp(argv[3], argv + 3);
		die(argv[3]);
	}
	close_both(theirs);
	wr = child("writer");
	if (wr == 0) {
		if (ours[0] != ours[1])
			close(ours[0]);
		writer(ours[1], mbit, seconds);
	}
	if (child("reader") == 0) {
		if (ours[0] != ours[1])
			close(ours[1]);
		reader(ours[0]);
	}
	/* The link is over for the client when the last holder lets go. */
	waitpid(wr, NULL, 0);
	usleep(500000);
	close_both(ours);
	if (strcmp(argv[0], "pty") == 0)
		kill(client, SIGTERM);
	waitpid(client, &status, 0);
	printf("exit %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 999);
	while (wait(NULL) > 0)
		;
	return 0;
}

int
main(int argc, char **argv)
{
	signal(SIGPIPE, SIG_IGN);
	if (argc > 5 && strcmp(argv[1], "feed") == 0)
		return feed(argc - 2, argv + 2);
	if (argc < 2 || strcmp(argv[1], "serve") != 0)
		return 2;
	for (int i = 2; i < argc; i++) {
		if (strncmp(argv[i], "pump=", 5) == 0)
			pump = atof(argv[i] + 5);
		else if (strncmp(argv[i], "garbage=", 8) == 0)
			garbage = atof(argv[i] + 8);
		else if (strcmp(argv[i], "replay=1") == 0)
			replay = true;
		else
			return 2;
	}
	serve();
}
