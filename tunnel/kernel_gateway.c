/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The holder, where the kernel carries the data.
 *
 *	pppd + pptp.so ---- line ---- holder ---- call manager
 *	      \ /dev/ppp             / the PPTP socket
 *	       `----- kernel -------'
 *
 * It holds the last copy of the PPTP socket, and the call.  When it ends, the
 * kernel takes the channel away, which pppd reads as a modem hangup, and the
 * manager clears the call.  When pppd ends, the line closes and so the holder
 * ends.  So a hangup goes either way without a signal, and however a process
 * ended; and pppd need not know anything of calls.
 */
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "watch.h"
#include "callmgr.h"
#include "kernel_gateway.h"
#include "kernel.h"
#include "netlink.h"
#include "sandbox.h"
#include "util.h"

enum { GOODBYE_US = 1000000 };		/* pppd's, after a SIGTERM */

enum { P_LINE, P_MGR, P_SIGNAL, P_ADDRESS, P_COUNT };

struct watch {
	struct holder	*a;
	int		 signals, netlink, addresses;
	int64_t		 goodbye;	/* end then; INT64_MAX: do not */
	int64_t		 gone;		/* is our address there then? */
	bool		 over;
	enum exit_status status;
};

bool
holder_is_line(int fd)
{
	int type = 0, domain = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == -1)
		return false;
	len = sizeof(domain);
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 &&
	    type == SOCK_SEQPACKET && domain == AF_UNIX;
}

int
holder_offer(int line, int channel, uint16_t id, uint16_t peer_id,
    struct in_addr server)
{
	struct local_msg m = { .type = LOCAL_CHANNEL };

	m.channel.id = id;
	m.channel.peer_id = peer_id;
	m.channel.server = server.s_addr;
	return callmgr_send(line, &m, &channel, 1);
}

void
holder_refuse(int line, enum exit_status status, const char *why)
{
	struct local_msg m = { .type = LOCAL_DOWN };

	m.down.status = (uint8_t)status;
	snprintf(m.down.text, sizeof(m.down.text), "%s", why);
	(void)callmgr_send(line, &m, NULL, 0);
}

static void
end(struct watch *w, enum exit_status status)
{
	w->over = true;
	w->status = status;
}

static void
log_counters(const struct watch *w)
{
	struct gre_counters n = { .ifindex = 0 };

	if (!kernel_counters(w->netlink, (uint32_t)w->a->n->ifindex, &n)) {
		log_answer("tunnel to %s: the kernel carries the data; "
		    "there is no interface yet", w->a->server);
		return;
	}
	log_answer("tunnel to %s: the kernel sent %llu packets, %llu octets, "
	    "and %llu were refused; received %llu packets, %llu octets, and "
	    "%llu were bad", w->a->server, (unsigned long long)n.tx_packets,
	    (unsigned long long)n.tx_octets, (unsigned long long)n.tx_lost,
	    (unsigned long long)n.rx_packets, (unsigned long long)n.rx_octets,
	    (unsigned long long)n.rx_bad);
}

static void
on_line(struct watch *w)
{
	struct local_msg m;
	int n = callmgr_take(w->a->line, &m, NULL);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 1 && m.type == LOCAL_LINK)
		w->a->n->ifindex = m.link.ifindex;
	else
		end(w, EXIT_OK);	/* pppd has hung up */
}

static void
on_manager(struct watch *w)
{
	struct local_msg m;
	int n = callmgr_take(w->a->mgr, &m, NULL);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 1 && m.type == LOCAL_LOG) {
		log_at(m.log.level, "%s", m.log.text);
		return;
	}
	if (n == 1 && m.type == LOCAL_DOWN) {
		log_error("tunnel to %s down: %s", w->a->server, m.down.text);
		end(w, (enum exit_status)m.down.status);
	} else {
		log_error("tunnel to %s down: its call manager is gone",
		    w->a->server);
		end(w, EXIT_LOST);
	}
}

static void
on_signal(struct watch *w)
{
	struct signalfd_siginfo si;

	if (read(w->signals, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGUSR1)
		log_counters(w);
	else if (w->goodbye != INT64_MAX)
		end(w, EXIT_OK);
	else	/* pppd, told the same, wants to say goodbye first */
		w->goodbye = clock_us() + GOODBYE_US;
}

static void
check_address(struct watch *w)
{
	w->gone = INT64_MAX;
	if (address_exists(w->addresses, w->a->local))
		return;
	log_error("tunnel to %s down: the local address it uses is gone from "
	    "this machine; connect again", w->a->server);
	end(w, EXIT_LOST);
}

static void
on_time(struct watch *w, int64_t now)
{
	if (w->gone <= now)
		check_address(w);
	if (w->goodbye <= now && !w->over)
		end(w, EXIT_OK);
}

static void
loop(struct watch *w)
{
	while (!w->over) {
		int64_t due = w->goodbye < w->gone ? w->goodbye : w->gone;
		struct pollfd p[P_COUNT] = {
			[P_LINE] = { w->a->line, POLLIN, 0 },
			[P_MGR] = { w->a->mgr, POLLIN, 0 },
			[P_SIGNAL] = { w->signals, POLLIN, 0 },
			[P_ADDRESS] = { w->addresses, POLLIN, 0 }
		};
		int n = poll(p, P_COUNT, callmgr_timeout(due, clock_us()));

		if (n > 0 && p[P_LINE].revents != 0)
			on_line(w);
		if (n > 0 && p[P_MGR].revents != 0 && !w->over)
			on_manager(w);
		if (n > 0 && p[P_SIGNAL].revents != 0 && !w->over)
			on_signal(w);
		if (n > 0 && p[P_ADDRESS].revents != 0 &&
		    address_touched(w->addresses, w->a->local))
			w->gone = clock_us() + ADDRESS_US;
		if (!w->over)
			on_time(w, clock_us());
	}
}

enum exit_status
holder_run(struct holder *a)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	struct watch w = { .a = a, .goodbye = INT64_MAX,
	    .gone = INT64_MAX };
	uint32_t port;
	int keep[7];

	w.signals = signal_fd(sigs, 4);
	w.netlink = nl_open(0, &port);
	keep[0] = a->line;
	keep[1] = a->mgr;
	keep[2] = a->channel;
	keep[3] = w.signals;
	keep[4] = w.netlink;
	keep[5] = log_fd();
	keep[6] = w.addresses = address_watch();
	if (!a->conf->debug) {
		/* Callers wait for pppd's log descriptor to close. */
		log_stderr(0);
		fd_null(STDERR_FILENO);
	}
	if (w.signals == -1 || sandbox_enter(SANDBOX_GATEWAY, keep, 7) == -1)
		return EXIT_SYSTEM;
	loop(&w);
	log_info("tunnel to %s ended", a->server);
	return w.status;
}
