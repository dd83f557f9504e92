/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own PPTP data path; see kernel.h.
 *
 * The call id is ours to choose here as well (the socket takes one that is
 * free on the machine), so that a new tunnel never has the id of the last
 * one, which some NAT router may still remember.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>

#include <linux/if_link.h>
#include <linux/if_pppox.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "netlink.h"
#include "util.h"

#ifndef PPPD_PLUGINDIR
#define PPPD_PLUGINDIR	"/usr/lib/pppd"
#endif

#define SAY(k, ...) \
	((void)(snprintf((k)->why, sizeof((k)->why), __VA_ARGS__) < 0))

/* ---- is there such a path? ---- */

/* In a child: pppd says its version on one of the two. */
static void __attribute__((__noreturn__))
ask_pppd(int fd)
{
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	execl(PPPD, "pppd", "--version", (char *)NULL);
	_exit(127);
}

/* The version in "pppd version 2.4.9"; false if there is no pppd. */
static bool
pppd_version(char *version, size_t size)
{
	char buf[256];
	size_t have = 0, n;
	int fds[2];
	const char *p;
	ssize_t got;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return false;
	pid = fork();
	if (pid == 0)
		ask_pppd(fds[1]);
	close(fds[1]);
	while (have < sizeof(buf) - 1 && (got = read(fds[0], buf + have,
	    sizeof(buf) - 1 - have)) > 0)
		have += (size_t)got;
	close(fds[0]);
	if (pid != -1)
		(void)waitpid(pid, NULL, 0);
	buf[have] = '\0';
	p = strstr(buf, "version ");
	if (p == NULL)
		return false;
	p += strlen("version ");
	n = strcspn(p, " \r\n/");
	if (n == 0 || n >= size)
		return false;
	memcpy(version, p, n);
	version[n] = '\0';
	return true;
}

/* Others have made plugins of this name, which know other options. */
static bool
is_ours(const char *path)
{
	static const char mine[] = "pptp_program";
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st = { .st_size = 0 };
	void *p = MAP_FAILED;
	bool ours = false;

	if (fd != -1 && fstat(fd, &st) == 0 && st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd,
		    0);
	if (p != MAP_FAILED) {
		ours = memmem(p, (size_t)st.st_size, mine, sizeof(mine)) !=
		    NULL;
		munmap(p, (size_t)st.st_size);
	}
	if (fd != -1)
		close(fd);
	return ours;
}

/* Is k->plugin there and ours?  One that is not is a reason. */
static bool
usable(struct kernel_path *k)
{
	if (access(k->plugin, R_OK) == -1)
		return false;
	if (is_ours(k->plugin))
		return true;
	SAY(k, "%s is another program's plugin", k->plugin);
	return false;
}

/*
 * pppd looks for plugins in a folder named for its version, and takes none of
 * another version.  The folder we were built for may be an older pppd's.
 */
static bool
find_plugin(struct kernel_path *k)
{
	static const char *const dirs[] = { "/usr/lib/pppd",
	    "/usr/lib64/pppd", "/usr/local/lib/pppd" };
	const char *base = strrchr(PPPD_PLUGINDIR, '/') + 1;
	char version[32];

	if (!pppd_version(version, sizeof(version))) {
		SAY(k, PPPD " cannot be run");
		return false;
	}
	if (strcmp(base, version) == 0)
		snprintf(k->plugin, sizeof(k->plugin), "%s/pptp.so",
		    PPPD_PLUGINDIR);
	else
		snprintf(k->plugin, sizeof(k->plugin), "%s/../%s/pptp.so",
		    PPPD_PLUGINDIR, version);
	if (usable(k))
		return true;
	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		snprintf(k->plugin, sizeof(k->plugin), "%s/%s/pptp.so",
		    dirs[i], version);
		if (usable(k))
			return true;
	}
	if (k->why[0] == '\0')
		SAY(k, "the plugin pptp.so for pppd %s is not installed",
		    version);
	return false;
}

bool
kernel_offer(struct kernel_path *k)
{
	int fd;

	memset(k, 0, sizeof(*k));
	if (access("/dev/ppp", F_OK) == -1) {
		SAY(k, "there is no /dev/ppp");
		return false;
	}
	fd = socket(AF_PPPOX, SOCK_STREAM | SOCK_CLOEXEC, PX_PROTO_PPTP);
	if (fd == -1) {
		SAY(k, "this kernel has no PPTP (module pptp): %s",
		    strerror(errno));
		return false;
	}
	close(fd);
	/* pppd takes a plugin from its own folder or from root. */
	if (getuid() != 0) {
		SAY(k, "only root may give pppd a plugin");
		return false;
	}
	return find_plugin(k);
}

bool
kernel_wanted(const struct conf *conf, struct kernel_path *k)
{
	bool can = false;

	memset(k, 0, sizeof(*k));
	if (conf->data_option != NULL)
		SAY(k, "--%s needs the pty", conf->data_option);
	else if (conf->data_path == DATA_USER)
		SAY(k, "the pty was asked for");
	else
		can = kernel_offer(k);
	if (can)
		log_info("the kernel carries the data");
	else if (conf->data_path != DATA_KERNEL)
		log_info("the data goes by a pty");
	if (can)
		log_debug("data path: %s%s", conf->data_path == DATA_KERNEL ?
		    "asked for, with " : "the kernel has PPTP, pppd ",
		    k->plugin);
	else
		log_debug("data path: %s", k->why);
	return can;
}

/* ---- its sockets ---- */

static int
failed(int fd)
{
	int saved = errno;

	close(fd);
	errno = saved;
	return -1;
}

/* The kernel's address is packed: a union gives it an address's alignment. */
union pptp_address {
	struct sockaddr	 sa;
	struct sockaddr_pppox pppox;
};

static void
pptp_address(union pptp_address *a, struct in_addr addr, uint16_t id)
{
	memset(a, 0, sizeof(*a));
	a->pppox.sa_family = AF_PPPOX;
	a->pppox.sa_protocol = PX_PROTO_PPTP;
	a->pppox.sa_addr.pptp.call_id = id;
	a->pppox.sa_addr.pptp.sin_addr = addr;
}

int
kernel_socket(struct in_addr local, uint16_t id)
{
	union pptp_address a;
	int fd = socket(AF_PPPOX, SOCK_STREAM | SOCK_CLOEXEC, PX_PROTO_PPTP);

	if (fd == -1)
		return -1;
	pptp_address(&a, local, id);
	if (bind(fd, &a.sa, sizeof(a.pppox)) == -1)
		return failed(fd);
	return fd;
}

int
kernel_connect(int fd, struct in_addr server, uint16_t peer_id)
{
	union pptp_address a;

	pptp_address(&a, server, peer_id);
	return connect(fd, &a.sa, sizeof(a.pppox));
}

/* ---- its counters ---- */

static void
on_link(void *arg, const struct nlmsghdr *h, const uint8_t *p, size_t n)
{
	struct gre_counters *c = arg;
	struct rtnl_link_stats64 s;
	size_t len = 0;
	const uint8_t *a;

	if (h->nlmsg_type != RTM_NEWLINK || n < sizeof(struct ifinfomsg))
		return;
	p += NLMSG_ALIGN(sizeof(struct ifinfomsg));
	a = nl_attr(p, n - sizeof(struct ifinfomsg), IFLA_STATS64, &len);
	if (a == NULL)
		return;
	/* An older kernel's is shorter, a newer one's longer. */
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
	uint32_t seq = (uint32_t)clock_us();

	if (nl == -1 || ifindex == 0)
		return false;
	nl_init(&q, RTM_GETLINK, 0, sizeof(q.u.link));
	q.u.link.ifi_index = (int)ifindex;
	return nl_talk(nl, &seq, &q, &visit) == 0;
}
