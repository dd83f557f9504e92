/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel gateway: what stands in the gateway's place where the kernel's
 * PPTP carries the data.
 *
 *	pppd + pptp.so --- socket --- kernel gateway --- call manager
 *	      \ /dev/ppp            / the PPPoX socket
 *	       `----- kernel ------'
 *
 * This process holds the last copy of the PPPoX socket, and the connection to
 * the manager.  When it ends, the kernel removes the channel, which is a modem
 * hangup for pppd, and the manager clears the call.  When pppd ends, its socket
 * closes and the kernel gateway ends as well: however a process ended.
 */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "ipc_msg.h"
#include "kernel_gateway.h"
#include "util.h"

bool
kernel_gateway_is_plugin(int fd)
{
	int type = 0;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_SEQPACKET;
}

int
kernel_gateway_offer(const struct gateway *gw)
{
	struct ipc_msg m = { .type = IPC_CHANNEL };
	struct ipc_fds fds = IPC_NO_FDS;

	fds.fd[IPC_FD_CHANNEL] = gw->channel;
	return ipc_send(gw->in, &m, &fds);
}

void
kernel_gateway_refuse(int plugin, enum exit_status status, const char *why)
{
	struct ipc_msg m = { .type = IPC_DOWN };

	m.said.code = (uint8_t)status;
	snprintf(m.said.text, sizeof(m.said.text), "%s", why);
	(void)ipc_send(plugin, &m, NULL);
}

/* Takes a control frame from pppd's plugin, as a gateway would see it. */
static void
on_frame(struct health *h, const struct ipc_frame *f)
{
	if (f->from == 0) {
		health_sent(h, f->data, f->len, clock_us());
		return;
	}
	health_gre(h, clock_us());
	health_received(h, f->data, f->len);
}

/* False if there is no more to take just now. */
static bool
on_plugin(struct watch *w)
{
	struct ipc_msg m;
	int n = ipc_take(w->gw->in, &m, NULL);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 1 && m.type == IPC_LINK)
		w->gw->n->ifindex = m.ifindex;
	else if (n == 1 && m.type == IPC_FRAME)
		on_frame(&w->health, &m.frame);
	else
		watch_end(w, EXIT_OK);	/* pppd has hung up */
	return n == 1;
}

enum { FRAMES = 64 };		/* messages read at one wake-up */

static void
loop(struct watch *w)
{
	while (!w->over) {
		struct pollfd p[2] = { { w->gw->in, POLLIN, 0 },
		    { w->fd, POLLIN, 0 } };

		/* An interrupted poll() leaves revents as they are: 0. */
		(void)poll(p, 2, poll_timeout(watch_due(w), clock_us()));

		/* Frames go first: they tell why the server hangs up. */
		for (int i = 0; i < FRAMES && on_plugin(w); i++)
			continue;
		if (p[1].revents != 0)
			watch_read(w, clock_us());
		watch_tick(w, clock_us());
	}
}

enum exit_status
kernel_gateway_run(struct gateway *gw)
{
	struct watch w;

	if (watch_begin(&w, gw) == 0) {
		loop(&w);
		watch_over(&w, clock_us());
		log_info("tunnel to %s ended", gw->server);
	}
	return w.status;
}
