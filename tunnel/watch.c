/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What both gateways do in the same way; see watch.h. */
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>

#include <linux/if_addr.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "ipc_msg.h"
#include "netlink.h"
#include "sandbox.h"
#include "util.h"
#include "watch.h"

enum {
	TERM_GRACE_US = 1000000,	/* for pppd's Terminate-Request */
	ADDRESS_US = 2000000	/* before a removed address counts as lost:
				 * renewing a lease removes and adds it */
};

/* ---- our own address ---- */

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

/* Zeroes the address looked for (*arg) if this message announces it. */
static void
on_address(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	uint32_t *missing = arg;

	if (h->nlmsg_type == RTM_NEWADDR &&
	    nl_pass(&p, &n, sizeof(struct ifaddrmsg)) && *missing ==
	    nl_u32(p, n, IFA_LOCAL, nl_u32(p, n, IFA_ADDRESS, 0)))
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

/* ---- both gateways ---- */

/* Opens all that a gateway watches; false with errno set. */
static bool
open_all(struct watch *w)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1 };
	struct epoll_event e = { .events = EPOLLIN };
	int fds[3] = { w->gw->mgr };

	w->addresses = fds[1] = nl_open(RTMGRP_IPV4_IFADDR, NULL);
	w->fd = epoll_create1(EPOLL_CLOEXEC);
	w->signals = fds[2] = signal_fd(sigs, sizeof(sigs) / sizeof(sigs[0]));
	for (int i = 0; i < 3; i++)
		if (fds[i] != -1 &&
		    epoll_ctl(w->fd, EPOLL_CTL_ADD, fds[i], &e) == -1)
			return false;
	return w->signals != -1;
}

int
watch_begin(struct watch *w, struct gateway *gw, const int own[3])
{
	*w = (struct watch){ .gw = gw, .grace_until = INT64_MAX,
	    .check_address_at = INT64_MAX, .status = EXIT_SYSTEM };
	health_init(&w->health, gw->server, gw->n);
	if (open_all(w)) {
		const int keep[] = { own[0], own[1], own[2], gw->mgr,
		    gw->refusals_fd, w->fd, w->signals, w->addresses };

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
	if (w->settled || !w->health.settled || w->gw->conf->debug)
		return;
	w->settled = true;
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
	/* A server may clear the call before pppd's last packets arrive. */
	if (n == 1 && m.type == IPC_DOWN && w->grace_until != INT64_MAX &&
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

bool
watch_read(struct watch *w, int64_t now)
{
	struct signalfd_siginfo si = { .ssi_signo = 0 };

	if (!w->over)
		on_manager(w);
	on_addresses(w, now);
	if (read(w->signals, &si, sizeof(si)) != sizeof(si))
		return false;
	if (si.ssi_signo == SIGUSR1) {
		/* Reading counters on w->addresses may skip an announcement. */
		w->check_address_at = now + ADDRESS_US;
		return true;
	}
	/* pppd, which got the same signal, sends its Terminate-Request. */
	if (w->grace_until != INT64_MAX)
		watch_end(w, EXIT_OK);
	else
		w->grace_until = now + TERM_GRACE_US;
	return false;
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
		if (!address_exists(w->addresses, w->gw->local)) {
			log_error("tunnel to %s down: the local address it "
			    "uses is gone from this machine; connect again",
			    w->gw->server);
			watch_end(w, EXIT_LOST);
		}
	}
	if (w->grace_until <= now)
		watch_end(w, EXIT_OK);
}

enum exit_status
watch_over(struct watch *w, int64_t now)
{
	struct gateway *gw = w->gw;

	w->status = health_end(&w->health, w->status);
	refusals_note(gw->refusals_fd, &gw->refusals, w->status,
	    w->health.ppp.was_up, now);
	gw->n->over = 1;
	return w->status;
}
