/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * route_driver SERVER [LOCAL [MARK]]: a monitor for tests/net/route.sh to
 * drive.  It gives its privilege up as a monitor does, reads commands from
 * stdin (update, changed, close; lose: the next acknowledgement of a new
 * route; lose link N: the Nth answer about an interface) and answers each with
 * the log lines, the outcome and a line ".".
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <arpa/inet.h>

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "netlink.h"
#include "route.h"
#include "sandbox.h"
#include "util.h"

static bool lose;
static int lose_link;

/* Is this what was to be lost? */
static bool
lost(const struct nlmsghdr *h, const struct nlmsgerr *e)
{
	if (h->nlmsg_type == RTM_NEWLINK && h->nlmsg_seq != 0)
		return lose_link > 0 && --lose_link == 0;
	if (!lose || h->nlmsg_type != NLMSG_ERROR ||
	    e->msg.nlmsg_type != RTM_NEWROUTE)
		return false;
	lose = false;
	return true;
}

ssize_t
recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n = syscall(SYS_recvmsg, fd, msg, flags);
	struct {
		struct nlmsghdr	 h;
		struct nlmsgerr	 e;
	} a;

	if (n < (ssize_t)sizeof(a))
		return n;
	memcpy(&a, msg->msg_iov[0].iov_base, sizeof(a));
	if (!lost(&a.h, &a.e))
		return n;
	errno = ENOBUFS;
	return -1;
}

/* To stdout. */
void
log_line(enum log_level kind, const char *fmt, ...)
{
	char text[512];
	int saved = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("%s: %s\n", kind == LOG_L_ERROR ? "error" :
	    kind == LOG_L_WARNING ? "warning" :
	    kind == LOG_L_INFO ? "info" : "debug", text);
	errno = saved;
}

void
fd_close(int fd)
{
	if (fd != -1)
		close(fd);
}

void
fd_close_others(const int *keep, size_t n)
{
	(void)keep;
	(void)n;
}

/* What came in the next 200 ms: the monitor, too, lets bursts pass. */
static bool
changed(struct route *r)
{
	struct pollfd p = { r->watch, POLLIN, 0 };
	bool any = false;

	while (poll(&p, 1, 200) > 0)
		any = route_changed(r) || any;
	return any;
}

static void
obey(struct route *r, const char *command)
{
	if (strcmp(command, "update\n") == 0) {
		int rc = route_update(r);

		printf("%s\n", rc == 0 ? "done" : "failed");
	} else if (strcmp(command, "changed\n") == 0) {
		printf("%s\n", changed(r) ? "changed" : "the same");
	} else if (strcmp(command, "lose\n") == 0) {
		lose = true;
	} else if (sscanf(command, "lose link %d", &lose_link) == 1) {
		printf("armed\n");
	} else if (strcmp(command, "close\n") == 0) {
		route_close(r);
		printf("closed\n");
	} else {
		printf("what?\n");
	}
}

int
main(int argc, char **argv)
{
	struct in_addr server, local = { 0 };
	struct route r;
	char line[64];

	if (argc < 2 || inet_pton(AF_INET, argv[1], &server) != 1 ||
	    (argc > 2 && inet_pton(AF_INET, argv[2], &local) != 1))
		return 2;
	if (route_open(&r, server) == -1 ||
	    sandbox_enter(SANDBOX_MONITOR, NULL, 0) == -1)
		return 1;
	r.local = local;
	r.mark = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 0) : 0;
	setvbuf(stdout, NULL, _IOFBF, 4096);
	while (fgets(line, sizeof(line), stdin) != NULL) {
		obey(&r, line);
		printf(".\n");
		fflush(stdout);
	}
	return 0;
}
