/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own PPTP data path; see kernel.h.
 *
 * We choose the call id here too (the socket accepts any that is free on this
 * machine), so that a new tunnel never has the last one's id, which some NAT
 * router may still remember.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <net/if.h>
#include <netinet/in.h>

#include <linux/if_link.h>
#include <linux/if_pppox.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "netlink.h"
#include "util.h"

/* Included last: its macros clash with names of ours. */
#include <linux/ppp-ioctl.h>

#ifndef PPPD_PLUGINDIR
#define PPPD_PLUGINDIR	"/usr/lib/pppd"
#endif

bool
kernel_offer(struct kernel_path *k)
{
	int fd;

	k->why[0] = '\0';
	if (access("/dev/ppp", F_OK) == -1)
		return failed(k->why, false, "there is no /dev/ppp");
	fd = socket(AF_PPPOX, SOCK_STREAM | SOCK_CLOEXEC, PX_PROTO_PPTP);
	if (fd == -1)
		return failed(k->why, false, "this kernel has no PPTP (module "
		    "pptp): %m");
	close(fd);
	/* pppd loads a plugin from any folder only for root. */
	if (getuid() != 0)
		return failed(k->why, false, "only root may give pppd a "
		    "plugin");
	snprintf(k->plugin, sizeof(k->plugin), PPPD_PLUGINDIR "/pptp.so");
	if (access(k->plugin, R_OK) == 0)
		return true;
	return failed(k->why, false, "there is no " PPPD_PLUGINDIR "/pptp.so, "
	    "the plugin for the pppd that this program was built for");
}

/* struct sockaddr_pppox is packed: the union aligns it as a sockaddr. */
union pptp_address {
	struct sockaddr	 sa;
	struct sockaddr_pppox pppox;
};

static union pptp_address
pptp_address(struct in_addr addr, uint16_t id)
{
	return (union pptp_address){ .pppox = { .sa_family = AF_PPPOX,
	    .sa_protocol = PX_PROTO_PPTP,
	    .sa_addr.pptp = { .call_id = id, .sin_addr = addr } } };
}

int
kernel_socket(struct in_addr local, uint16_t id)
{
	union pptp_address a = pptp_address(local, id);
	int fd = socket(AF_PPPOX, SOCK_STREAM | SOCK_CLOEXEC, PX_PROTO_PPTP);

	if (fd == -1)
		return -1;
	if (bind(fd, &a.sa, sizeof(a.pppox)) == 0)
		return fd;
	fd_close(fd);
	return -1;
}

int
kernel_connect(int fd, struct in_addr server, uint16_t peer_id)
{
	union pptp_address a = pptp_address(server, peer_id);

	return connect(fd, &a.sa, sizeof(a.pppox));
}

static void
on_link(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	struct gre_counters *c = arg;
	struct rtnl_link_stats64 s;
	size_t len = 0;
	const uint8_t *a;

	if (h->nlmsg_type != RTM_NEWLINK ||
	    !nl_pass(&p, &n, sizeof(struct ifinfomsg)) ||
	    (a = nl_attr(p, n, IFLA_STATS64, &len)) == NULL)
		return;
	/* An older kernel's struct is shorter, a newer one's longer. */
	memset(&s, 0, sizeof(s));
	memcpy(&s, a, len < sizeof(s) ? len : sizeof(s));
	c->tx_packets = s.tx_packets;
	c->tx_octets = s.tx_bytes;
	c->tx_lost = s.tx_errors + s.tx_dropped;
	c->rx_packets = s.rx_packets;
	c->rx_octets = s.rx_bytes;
	c->rx_bad = s.rx_errors + s.rx_dropped;
}

bool
kernel_counters(int nl, uint32_t ifindex, struct gre_counters *n)
{
	struct nl_visit visit = { on_link, n };
	struct nl_request q;

	if (nl == -1 || ifindex == 0)
		return false;
	nl_init(&q, RTM_GETLINK, 0, sizeof(q.u.link));
	q.u.link.ifi_index = (int)ifindex;
	return nl_talk(nl, &q, &visit) == 0;
}

int64_t
kernel_idle_us(const char *interface)
{
	struct ppp_idle idle;
	int64_t us = -1;
	int unit, fd, end = 0;

	if (sscanf(interface, "ppp%d%n", &unit, &end) != 1 ||
	    interface[end] != '\0' || unit < 0)
		return -1;
	fd = open("/dev/ppp", O_RDWR | O_CLOEXEC);
	if (fd != -1 && ioctl(fd, PPPIOCATTACH, &unit) == 0 &&
	    ioctl(fd, PPPIOCGIDLE, &idle) == 0)
		us = (int64_t)idle.recv_idle * 1000000;
	fd_close(fd);
	return us;
}
