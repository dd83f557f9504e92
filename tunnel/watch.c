/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both gateways do in the same way; see watch.h. */
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <linux/if_addr.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ipc_msg.h"
#include "kernel.h"
#include "netlink.h"
#include "sandbox.h"
#include "util.h"
#include "watch.h"

enum {
	TERM_GRACE_US = 1000000,	/* for pppd's Terminate-Request */
	ADDRESS_US = 2000000	/* before a removed address counts as lost:
				 * renewing a lease removes and adds it */
};

/*
 * Our address is checked a moment after the last change of any address, since
 * it may merely be moving to another interface.
 */
static void
on_addresses(struct watch *w, int64_t now)
{
	uint8_t any;

	/* ENOBUFS: announcements were lost. */
	while (recv(w->addresses, &any, sizeof(any), MSG_DONTWAIT) != -1 ||
	    errno == ENOBUFS)
		w->check_address_at = now + ADDRESS_US;
}

/*
 * Zeroes the address looked for (*arg) if this message announces it, or says
 * that addresses changed meanwhile, so that one may have been left out.
 */
static void
on_address(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	uint32_t *missing = arg;

	if ((h->nlmsg_flags & NLM_F_DUMP_INTR) != 0 ||
	    (h->nlmsg_type == RTM_NEWADDR &&
	    nl_pass(&p, &n, sizeof(struct ifaddrmsg)) && *missing ==
	    nl_u32(p, n, IFA_LOCAL, nl_u32(p, n, IFA_ADDRESS, 0))))
		*missing = 0;
}

/* Does any interface have this address?  Also true if the kernel cannot say. */
static bool
address_exists(int fd, struct in_addr local)
{
	uint32_t missing = local.s_addr;
	struct nl_visit v = { on_address, &missing };
	struct nl_request q;

	nl_init(&q, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	return nl_talk(fd, &q, &v) == -1 || missing == 0;
}

/* Opens all that a gateway watches; false with errno set. */
static bool
open_all(struct watch *w)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	struct epoll_event e = { .events = EPOLLIN };

	w->addresses = nl_open(RTMGRP_IPV4_IFADDR, NULL);
	w->listed = address_exists(w->addresses, w->gw->local);
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	w->signals = signal_fd(sigs, sizeof(sigs) / sizeof(sigs[0]));
	return w->fd != -1 && w->signals != -1 &&
	    epoll_ctl(w->fd, EPOLL_CTL_ADD, w->gw->mgr, &e) == 0 &&
	    epoll_ctl(w->fd, EPOLL_CTL_ADD, w->signals, &e) == 0 &&
	    (w->addresses == -1 ||
	    epoll_ctl(w->fd, EPOLL_CTL_ADD, w->addresses, &e) == 0);
}

int
watch_begin(struct watch *w, struct gateway *gw)
{
	*w = (struct watch){ .gw = gw, .grace_until = INT64_MAX,
	    .check_address_at = INT64_MAX, .status = EXIT_SYSTEM };
	health_init(&w->health, gw->server, gw->n);
	if (open_all(w)) {
		const int keep[] = { gw->in, gw->out, gw->raw, gw->channel,
		    gw->mgr, gw->refusals_fd, w->fd, w->signals, w->addresses };

		return sandbox_enter(SANDBOX_GATEWAY, keep,
		    sizeof(keep) / sizeof(keep[0]));
	}
	log_error("tunnel to %s: cannot create signalfd or epoll: %s",
	    gw->server, strerror(errno));
	return -1;
}

/*
 * Gives up stderr once the network is up or data has come, since callers wait
 * for pppd's log descriptor to close.
 */
static void
settle(struct watch *w)
{
	const struct conf *conf = w->gw->conf;
	struct stat st;

	if (w->settled || !w->health.settled)
		return;
	w->settled = true;
	/* Under pppd, --debug keeps all but a pipe, whose reader may wait. */
	if (conf->debug && !(conf->nolaunch &&
	    fstat(STDERR_FILENO, &st) == 0 && S_ISFIFO(st.st_mode)))
		return;
	log_stderr(0);
	/* Nothing is opened later that could get stderr's number. */
	close(STDERR_FILENO);
}

void
watch_end(struct watch *w, enum exit_status status)
{
	if (w->over)
		return;
	w->over = true;
	w->status = status;
}

static void
on_manager(struct watch *w)
{
	struct ipc_msg m;
	int n = ipc_take(w->gw->mgr, &m, NULL);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == 1 && m.type == IPC_LOG) {
		log_line(m.said.code, "%s", m.said.text);
		return;
	}
	/*
	 * A server may clear the call before pppd's last packets arrive.  pppd
	 * may have been told to end where the gateway was not.
	 */
	if (n == 1 && m.type == IPC_DOWN && (w->grace_until != INT64_MAX ||
	    w->health.ppp.said[PPP_OURS].terminates) &&
	    m.said.code == EXIT_SERVER_ENDED) {
		log_info("tunnel to %s closed: %s", w->gw->server, m.said.text);
		watch_end(w, EXIT_OK);
	} else if (n == 1 && m.type == IPC_DOWN) {
		log_error("tunnel to %s down: %s", w->gw->server, m.said.text);
		watch_end(w, (enum exit_status)m.said.code);
	} else {
		log_error("tunnel to %s down: its call manager is gone",
		    w->gw->server);
		watch_end(w, EXIT_LOST);
	}
}

#define U(x)	((unsigned long long)n->x)

static void
log_kernel_counters(const struct watch *w)
{
	struct gre_counters kernel = { .ifindex = w->gw->n->ifindex };
	const struct gre_counters *n = &kernel;

	if (kernel_counters(w->addresses, (uint32_t)n->ifindex, &kernel))
		log_answer("tunnel to %s: the kernel sent %llu packets, %llu "
		    "octets, and %llu were refused; received %llu packets, "
		    "%llu octets, and %llu were bad", w->gw->server,
		    U(tx_packets), U(tx_octets), U(tx_lost), U(rx_packets),
		    U(rx_octets), U(rx_bad));
	else
		log_answer("tunnel to %s: the kernel carries the data; "
		    "there is no interface yet", w->gw->server);
}

static void
log_counters(const struct watch *w)
{
	const char *server = w->gw->server;
	const struct gre_counters *n = w->gw->n;

	if (w->gw->channel != -1) {
		log_kernel_counters(w);
		return;
	}
	log_answer("tunnel to %s: sent %llu packets, %llu octets, %llu bare "
	    "acks, %llu fills; %llu refused by this system; "
	    "received %llu packets, %llu octets, %llu acks", server,
	    U(tx_packets), U(tx_octets), U(tx_acks), U(tx_fills),
	    U(tx_lost), U(rx_packets), U(rx_octets), U(rx_acks));
	log_answer("tunnel to %s: lost %llu, reordered %llu, duplicate %llu, "
	    "late %llu, far %llu, bad %llu, jumps %llu; from pppd bad %llu, "
	    "pppd too slow for %llu; soft errors %llu; round trip %llu us",
	    server, U(rx_lost), U(rx_reordered), U(rx_duplicate),
	    U(rx_old), U(rx_far), U(rx_bad), U(rx_jumps), U(pty_bad),
	    U(pty_dropped), U(soft_errors), U(rtt_us));
}

void
watch_read(struct watch *w, int64_t now)
{
	struct signalfd_siginfo si = { .ssi_signo = 0 };

	if (!w->over)
		on_manager(w);
	on_addresses(w, now);
	if (read(w->signals, &si, sizeof(si)) != sizeof(si))
		return;
	if (si.ssi_signo == SIGUSR1) {
		log_counters(w);
		/* Reading counters on w->addresses may skip an announcement. */
		w->check_address_at = now + ADDRESS_US;
	} else if (w->grace_until != INT64_MAX) {
		watch_end(w, EXIT_OK);
	} else {
		/* pppd got the same signal: it sends its Terminate-Request. */
		w->grace_until = now + TERM_GRACE_US;
	}
}

int64_t
watch_due(const struct watch *w)
{
	return sooner(w->health.check_at, sooner(w->grace_until,
	    w->check_address_at));
}

void
watch_tick(struct watch *w, int64_t now)
{
	health_tick(&w->health, now);
	settle(w);
	if (w->check_address_at <= now) {
		w->check_address_at = INT64_MAX;
		if (w->listed &&
		    !address_exists(w->addresses, w->gw->local)) {
			log_error("tunnel to %s down: the local address it "
			    "uses is gone from this machine; connect again",
			    w->gw->server);
			watch_end(w, EXIT_LOST);
		}
	}
	if (w->grace_until <= now)
		watch_end(w, EXIT_OK);
}

void
watch_over(struct watch *w, int64_t now)
{
	struct gateway *gw = w->gw;

	w->status = health_end(&w->health, w->status);
	refusals_note(gw->refusals_fd, &gw->refusals, w->status,
	    w->health.ppp.was_up, now);
	gw->n->over = 1;
}
