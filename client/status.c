/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --status: the tunnels of this machine, as their call managers list them.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <net/if.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "connect.h"
#include "ipc.h"
#include "kernel.h"
#include "netlink.h"
#include "pptp_gre.h"
#include "resolve.h"
#include "status.h"
#include "util.h"

/* The kernel counts less, and by its interface. */
static void
print_kernel(const struct ipc_tunnel *t, const char *interface)
{
	const struct gre_counters *n = &t->n;

	printf("  the kernel carries the data, interface %s\n", interface);
	printf("  out %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " refused here\n", n->tx_packets, n->tx_octets, n->tx_lost);
	printf("  in  %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bad\n", n->rx_packets, n->rx_octets, n->rx_bad);
}

static void
print_text(const struct ipc_tunnel *t, const char *server, const char *local,
    const char *interface)
{
	const struct gre_counters *n = &t->n;
	unsigned long s = (unsigned long)(t->up_us / 1000000);

	printf("%s: %s", server, t->up ? "up" : "starting");
	if (t->up)
		printf(" %lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	printf(", call %u, the server's call %u, from %s\n", t->id, t->peer_id,
	    local);
	if (n->ifindex != 0) {
		print_kernel(t, interface);
		return;
	}
	printf("  out %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bare acks, %" PRIu64 " refused here\n", n->tx_packets,
	    n->tx_octets, n->tx_acks, n->tx_lost);
	printf("  in  %" PRIu64 " packets, %" PRIu64 " octets, %" PRIu64
	    " bare acks\n", n->rx_packets, n->rx_octets, n->rx_acks);
	printf("      %" PRIu64 " lost, %" PRIu64 " reordered, %" PRIu64
	    " duplicate, %" PRIu64 " late, %" PRIu64 " bad\n", n->rx_lost,
	    n->rx_reordered, n->rx_duplicate, n->rx_old,
	    n->rx_bad + n->rx_far);
	printf("  pppd %" PRIu64 " bad frames, %" PRIu64 " not read in time; "
	    "%" PRIu64 " soft errors; round trip ", n->pty_bad,
	    n->pty_dropped, n->soft_errors);
	if (n->rtt_us != 0)
		printf("%.1f ms\n", (double)n->rtt_us / 1000);
	else
		printf("unknown\n");
}

/* An interface may have any name without a slash, a colon or a blank. */
static void
put_string(const char *s)
{
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\' || *s < ' ' || *s > '~')
			printf("\\u%04x", (unsigned char)*s);
		else
			putchar(*s);
	}
	putchar('"');
}

static void
print_json(const struct ipc_tunnel *t, const char *server, const char *local,
    const char *interface)
{
	const struct gre_counters *n = &t->n;

#define FIELD(name)	printf(", \"" #name "\": %" PRIu64, n->name)
	printf("{\"server\": \"%s\", \"local\": \"%s\", \"call\": %u, "
	    "\"peer_call\": %u, \"state\": \"%s\", \"uptime_us\": %" PRIu64,
	    server, local, t->id, t->peer_id, t->up ? "up" : "starting",
	    t->up_us);
	printf(", \"data_path\": \"%s\", \"interface\": ",
	    n->ifindex != 0 ? "kernel" : "user");
	if (n->ifindex != 0)
		put_string(interface);
	else
		printf("null");
	FIELD(tx_packets);
	FIELD(tx_octets);
	FIELD(tx_acks);
	FIELD(tx_lost);
	FIELD(tx_fills);
	FIELD(rx_packets);
	FIELD(rx_octets);
	FIELD(rx_acks);
	FIELD(rx_lost);
	FIELD(rx_reordered);
	FIELD(rx_duplicate);
	FIELD(rx_old);
	FIELD(rx_far);
	FIELD(rx_bad);
	FIELD(rx_jumps);
	FIELD(pty_bad);
	FIELD(pty_dropped);
	FIELD(soft_errors);
	FIELD(rtt_us);
	printf("}");
#undef FIELD
}

static void
ask_kernel(struct ipc_tunnel *t)
{
	uint32_t port;
	int nl = nl_open(0, &port);

	(void)kernel_counters(nl, (uint32_t)t->n.ifindex, &t->n);
	if (nl != -1)
		close(nl);
}

static void
print_tunnel(const struct conf *conf, struct ipc_tunnel *t, bool here,
    unsigned *count)
{
	char server[INET_ADDRSTRLEN] = "?", local[INET_ADDRSTRLEN] = "?";
	char interface[IF_NAMESIZE] = "?";

	/* Another namespace's number is another interface's here. */
	if (t->n.ifindex != 0 && here) {
		ask_kernel(t);
		(void)if_indextoname((unsigned)t->n.ifindex, interface);
	}
	inet_ntop(AF_INET, &t->server, server, sizeof(server));
	inet_ntop(AF_INET, &t->local, local, sizeof(local));
	if (conf->mode == RUN_STATUS_JSON) {
		printf("%s\n  ", *count == 0 ? "[" : ",");
		print_json(t, server, local, interface);
	} else {
		print_text(t, server, local, interface);
	}
	(*count)++;
}

/* What --status was asked, and how many tunnels it has shown. */
struct listing {
	const struct conf *conf;
	struct in_addr	 only[RESOLVE_ADDRESSES];	/* these servers, */
	size_t		 n;		/* or with 0 all */
	unsigned	 count;
	bool		 whole;		/* all managers have answered */
};

/* Waits for one message until deadline_us: as ipc_take(), or ETIMEDOUT. */
static int
receive(int fd, struct ipc_msg *m, int64_t deadline_us)
{
	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		int64_t left = deadline_us - clock_us();
		int n;

		if (left <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
		n = poll(&p, 1, poll_timeout(deadline_us, clock_us()));
		if (n == -1 && errno != EINTR)
			return -1;
		if (n <= 0)
			continue;
		n = ipc_take(fd, m, NULL);
		if (n != -1 || errno != EAGAIN)
			return n;
	}
}

/* Lists the tunnels of one manager; one that has gone has none. */
static void
list_manager(struct listing *l, const char *dir, uid_t owner, const char *name)
{
	struct ipc_msg m = { .type = IPC_STATUS };
	int64_t deadline = clock_us() + 2000000;
	int fd = callmgr_find(dir, name, owner), rc;

	/* EPERM: a name can lead to any process's socket. */
	if (fd == -1 && (errno == ECONNREFUSED || errno == ENOENT ||
	    errno == EPERM))
		return;
	rc = fd == -1 ? -1 : ipc_send(fd, &m, NULL);
	while (rc != -1 && clock_us() < deadline &&
	    (rc = receive(fd, &m, deadline)) == 1 &&
	    m.type == IPC_TUNNEL)
		print_tunnel(l->conf, &m.tunnel, callmgr_is_here(name),
		    &l->count);
	if (rc == -1 && errno != EPIPE) {
		log_error("the call manager of %s does not answer: %s", name,
		    strerror(errno));
		/* A user's own affair: he must not fail root's question. */
		if (owner == geteuid())
			l->whole = false;
	}
	if (fd != -1)
		close(fd);
}

static bool
wanted(const struct listing *l, const char *name)
{
	char server[INET_ADDRSTRLEN];
	size_t n = strcspn(name, "@");		/* pptp_callmgr.h */
	struct in_addr addr;

	if (n >= sizeof(server))
		return false;
	memcpy(server, name, n);
	server[n] = '\0';
	if (inet_pton(AF_INET, server, &addr) != 1)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (l->only[i].s_addr == addr.s_addr)
			return true;
	return l->n == 0;
}

/* The managers of one user; false with errno if dir cannot be read. */
static bool
list_user(struct listing *l, const char *dir, uid_t owner)
{
	/* Users may not keep root waiting with sockets that say nothing. */
	int64_t until = owner == geteuid() ? INT64_MAX : clock_us() + 1000000;
	DIR *d = opendir(dir);
	struct dirent *e;

	if (d == NULL)
		return errno == ENOENT;
	while (clock_us() < until && (e = readdir(d)) != NULL)
		if (wanted(l, e->d_name))
			list_manager(l, dir, owner, e->d_name);
	closedir(d);
	return true;
}

/* Root also sees what users with file capabilities have. */
static void
list_others(struct listing *l)
{
	DIR *d = opendir(CALLMGR_USERS);
	char dir[sizeof(CALLMGR_USERS) + 32];
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		char *end;
		unsigned long uid = strtoul(e->d_name, &end, 10);

		if (end == e->d_name || *end != '\0' || uid >= (uid_t)-1)
			continue;
		snprintf(dir, sizeof(dir), CALLMGR_USERS "/%lu/pptp", uid);
		(void)list_user(l, dir, (uid_t)uid);
	}
	if (d != NULL)
		closedir(d);
}

enum exit_status
status_main(const struct conf *conf)
{
	struct listing l = { .conf = conf, .whole = true };

	if (conf->host != NULL) {
		struct resolve r = { .host = conf->host, .hangup_fd = -1,
		    .deadline_us = clock_us() + conf->timeout_us };

		l.n = resolve_host(&r);
		if (l.n == 0)
			fatal(r.late ? EXIT_TIMEOUT : EXIT_RESOLVE, "%s",
			    r.why);
		memcpy(l.only, r.addr, sizeof(l.only));
	}
	if (!list_user(&l, callmgr_dir(), geteuid()))
		fatal(errno == EACCES ? EXIT_PERMISSION : EXIT_SYSTEM,
		    "cannot read %s: %s", callmgr_dir(), strerror(errno));
	if (geteuid() == 0)
		list_others(&l);
	if (conf->mode == RUN_STATUS_JSON)
		printf("%s]\n", l.count == 0 ? "[" : "\n");
	else if (l.count == 0 && l.whole)
		printf("no tunnels\n");
	return l.whole ? EXIT_OK : EXIT_SYSTEM;
}
