/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames towards pppd: what waits, and what is dropped when pppd is slow. */
/* with: tunnel/hdlc.c util.c manager/ctrl_msg.c pptp_quirks.c */
#include "../../tunnel/ppp_link.c"
#include "t.h"

#include <sys/socket.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>

static struct link l;
static int ends[2];

static void
begin(bool sync)
{
	int small = 1;

	memset(&l, 0, sizeof(l));
	if (socketpair(AF_UNIX, sync ? SOCK_SEQPACKET : SOCK_STREAM, 0,
	    ends) == -1)
		exit(1);
	(void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &small,
	    sizeof(small));
	(void)fcntl(ends[1], F_SETFL, O_NONBLOCK);
	link_open(&l, ends[0], ends[0], sync);
}

static void
finish(void)
{
	close(ends[0]);
	close(ends[1]);
}

static void
test_sync_queue(void)
{
	uint8_t frame[1500], got[HDLC_FRAME_MAX];
	unsigned put = 0, taken = 0, refused = 0, early = 0, wrong = 0;

	begin(true);
	for (int round = 0; round < 2000; round++) {
		memset(frame, put & 0xff, sizeof(frame));
		if (link_put(&l, frame, sizeof(frame), 0)) {
			put++;
		} else {
			refused++;
			early += l.len + 2 + sizeof(frame) <= LINK_WAITING;
		}
		link_flush(&l, round);
		/* pppd reads less often than frames come. */
		if (round % 3 == 0)
			continue;
		if (recv(ends[1], got, sizeof(got), 0) == sizeof(frame)) {
			wrong += got[0] != (taken & 0xff) ||
			    got[1499] != (taken & 0xff);
			taken++;
		}
	}
	T(refused > 0, "sync: a queue that is full refuses (%u)", refused);
	T(T_EQ(early, 0), "sync: but not before it is full (%u)", early);
	T(T_EQ(wrong, 0) && taken > 1000,
	    "sync: frames come whole and in order " "(%u)", taken);
	finish();
}

static void
test_async_queue(void)
{
	uint8_t frame[1500] = { 0xff, 3, 0, 0x21 }, out[HDLC_FRAME_MAX];
	uint8_t buf[4096], want[sizeof(frame)];
	struct hdlc_dec dec;
	unsigned put = 0, whole = 0;
	ssize_t n;

	begin(false);
	memcpy(want, frame, sizeof(want));
	while (link_put(&l, frame, sizeof(frame), 0))
		put++;
	T(put > 32 && l.len <= LINK_WAITING, "async: %u frames wait, then "
	    "they are refused whole", put);
	T(l.len > 0, "async: something is pending");
	hdlc_dec_init(&dec, out, sizeof(out) - HDLC_DECODE_SLACK);
	while (l.len > 0 || whole < put) {
		const uint8_t *p = buf;
		enum hdlc_verdict v;

		link_flush(&l, 1);
		n = recv(ends[1], buf, sizeof(buf), 0);
		if (n <= 0)
			break;
		while ((v = hdlc_decode(&dec, &p, buf + n)) !=
		    HDLC_MORE)
			whole += v == HDLC_FRAME && dec.len == sizeof(want) &&
			    memcmp(dec.frame, want, sizeof(want)) == 0;
	}
	T(T_EQ(whole, put), "async: all of them arrive (%u)", whole);
	T(l.len == 0 && T_EQ(l.full_since, LINK_NEVER),
	    "async: and then " "nothing waits");
	close(ends[1]);
	(void)link_put(&l, frame, sizeof(frame), 0);
	signal(SIGPIPE, SIG_IGN);
	link_flush(&l, 2);
	T(l.gone, "a closed end is noticed");
	close(ends[0]);
}

int
main(void)
{
	test_sync_queue();
	test_async_queue();
	return t_done();
}
