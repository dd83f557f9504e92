/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pppd side and its output queue.
 *
 * Asynchronous frames are encoded behind one another into one buffer and
 * are written in pieces as large as the pty takes.  Synchronous ones are
 * written one by one, because without HDLC the bounds of a write() are the only
 * mark of a frame's end; so each is queued after two octets with its length.
 */
#include <sys/ioctl.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ppp_link.h"
#include "util.h"

/*
 * A terminal or the slave side of a pty must not edit, echo or translate; the
 * master's settings are pppd's.  Returns true if *old is to be restored.
 */
static bool
raw_terminal(int fd, struct termios *old)
{
	struct termios raw;
	unsigned number;

	if (tcgetattr(fd, old) == -1 || ioctl(fd, TIOCGPTN, &number) == 0)
		return false;
	raw = *old;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw) == 0;
}

/* With the line discipline N_HDLC each read() gives one frame. */
static void
frames_on_master(int fd)
{
	int disc = N_HDLC;

	if (ioctl(fd, TIOCSETD, &disc) == -1)
		log_debug("no N_HDLC for synchronous PPP here (%s): frames "
		    "are told apart by what they contain", strerror(errno));
}

void
link_open(struct link *l, int in, int out, bool sync)
{
	l->in = in;
	l->fd = out;
	l->sync = sync;
	l->full_since = LINK_NEVER;
	l->in_flags = fcntl(in, F_GETFL);
	l->out_flags = fcntl(out, F_GETFL);
	l->restore = raw_terminal(in, &l->old);
	if (sync)
		frames_on_master(in);
	(void)fd_nonblock(in);
	(void)fd_nonblock(out);
}

void
link_close(struct link *l)
{
	(void)fcntl(l->in, F_SETFL, l->in_flags);
	(void)fcntl(l->fd, F_SETFL, l->out_flags);
	if (l->restore)
		(void)tcsetattr(l->in, TCSANOW, &l->old);
}

/* Is there room for n more octets?  May move the queue to the front. */
static bool
room(struct link *l, size_t n)
{
	if (l->start + l->len + n <= LINK_WAITING)
		return true;
	memmove(l->buf, l->buf + l->start, l->len);
	l->start = 0;
	return l->len + n <= LINK_WAITING;
}

bool
link_put(struct link *l, const uint8_t *frame, size_t len, uint32_t accm)
{
	uint8_t *p;

	if (!room(l, l->sync ? 2 + len : HDLC_ENCODED(len)))
		return false;
	p = l->buf + l->start + l->len;
	if (l->sync) {
		p[0] = (uint8_t)(len >> 8);
		p[1] = (uint8_t)len;
		memcpy(p + 2, frame, len);
		l->len += 2 + len;
	} else {
		l->len += hdlc_encode(p, frame, len, accm, l->len == 0);
	}
	return true;
}

/* Returns how many octets the next write() may take. */
static size_t
next_piece(struct link *l)
{
	const uint8_t *p = l->buf + l->start;

	if (!l->sync)
		return l->len;
	if (l->left == 0) {
		l->left = (size_t)p[0] << 8 | p[1];
		l->start += 2;
		l->len -= 2;
	}
	return l->left;
}

void
link_flush(struct link *l, int64_t now)
{
	while (l->len > 0) {
		size_t want = next_piece(l);
		ssize_t n = write(l->fd, l->buf + l->start, want);

		if (n == -1 && errno != EAGAIN && errno != EINTR) {
			l->gone = true;
			return;
		}
		if (n > 0) {
			l->start += (size_t)n;
			l->len -= (size_t)n;
			l->left = want - (size_t)n;
			l->full_since = l->left == 0 ? LINK_NEVER : now;
		} else if (l->full_since == LINK_NEVER) {
			l->full_since = now;
		}
		if (n < (ssize_t)want)
			return;
	}
	l->start = 0;
}
