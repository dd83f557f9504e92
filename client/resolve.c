/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Resolves names, in a process without privilege; asks for a route's MTU. */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <arpa/inet.h>
#include <linux/capability.h>
#include <netdb.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "pptp_proto.h"
#include "resolve.h"
#include "sandbox.h"
#include "wire.h"

/* How an answer begins: addresses, or a sentence. */
enum { RESOLVED = 'A', UNRESOLVED = '!' };

/*
 * Runs in the resolver's process, which talks to name servers: gives it a uid
 * of its own, and takes from it the capabilities that the program's file may
 * have given it and all descriptors but its way back to us.
 */
static void
resolver_drop(int fd)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { .effective = 0 } };
	bool dropped;

	fd_close_others(&fd, 1);
	for (int cap = 0; prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0; cap++)
		continue;
	dropped = sandbox_drop_ids() == 0;
	/* SIGALRM does not end a stopped process; SIGKILL does. */
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	dropped = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 &&
	    syscall(SYS_capset, &head, none) == 0 && dropped;
	sandbox_read_only();
	if (sandbox_filter(SANDBOX_RESOLVER) == -1 || !dropped)
		log_warnx("names are resolved with privileges or system calls "
		    "that cannot be given up");
}

static void __attribute__((__noreturn__))
resolver(const char *host, int fd)
{
	struct addrinfo hints = { .ai_family = AF_INET,
	    .ai_socktype = SOCK_STREAM }, *ai = NULL, *six = NULL;
	struct in_addr list[RESOLVE_ADDRESSES];
	size_t n = 0;
	int rc;

	resolver_drop(fd);
	rc = getaddrinfo(host, NULL, &hints, &ai);
	for (struct addrinfo *a = ai; a != NULL && n < RESOLVE_ADDRESSES;
	    a = a->ai_next)
		list[n++] = ((const struct sockaddr_in *)(const void *)
		    a->ai_addr)->sin_addr;
	if (n > 0) {
		dprintf(fd, "%c", RESOLVED);
		(void)!write(fd, list, n * sizeof(list[0]));
		_exit(0);
	}
	hints.ai_family = AF_INET6;
	if (getaddrinfo(host, NULL, &hints, &six) == 0 && six != NULL)
		dprintf(fd, "%c%s has only IPv6 addresses; PPTP needs IPv4",
		    UNRESOLVED, host);
	else
		dprintf(fd, "%ccannot resolve %s: %s (check the name and this "
		    "machine's name servers)", UNRESOLVED, host,
		    gai_strerror(rc));
	_exit(0);
}

/* Returns where the resolver answers, until it closes; or -1 with errno. */
static int
start_resolver(const struct resolve *r, pid_t *pid)
{
	int64_t left = r->deadline_us - clock_us();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) == -1)
		return -1;
	*pid = fork();
	if (*pid == 0) {
		/* The child must not outlive our wait, whatever libc does. */
		alarm(left > 0 ? (unsigned)(left / 1000000) + 2 : 1);
		for (int fd = 0; fd < 2; fd++)
			fd_null(fd);
		if (r->secret != NULL)
			wipe(r->secret, r->secret_size);
		resolver(r->host, fds[1]);
	}
	fd_close(fds[1]);
	if (*pid != -1)
		return fds[0];
	fd_close(fds[0]);
	return -1;
}

/*
 * Takes an answer of n octets.  Returns how many addresses it has, or 0 with
 * why filled.  The process that wrote it has listened to name servers: nothing
 * in it is taken on trust.
 */
static size_t
take_answer(struct resolve *r, const char *answer, size_t n)
{
	size_t len = n > 0 ? n - 1 : 0;

	if (len > 0 && answer[0] == RESOLVED &&
	    len % sizeof(r->addr[0]) == 0 && len <= sizeof(r->addr)) {
		memcpy(r->addr, answer + 1, len);
		return len / sizeof(r->addr[0]);
	}
	if (len > 0 && answer[0] == UNRESOLVED)
		text_escape(r->why, sizeof(r->why), answer + 1, len, false);
	else
		failed(r->why, 0, "cannot resolve %s: the resolver failed",
		    r->host);
	return 0;
}

size_t
resolve_host(struct resolve *r)
{
	char buf[sizeof(r->addr) + 400], end[CHILD_WORDS] = "";
	struct in6_addr six;
	pid_t pid;
	ssize_t n;
	int fd;

	r->status = EXIT_RESOLVE;
	if (inet_pton(AF_INET, r->host, &r->addr[0]) == 1)
		return 1;
	if (inet_pton(AF_INET6, r->host, &six) == 1)
		return (size_t)failed(r->why, 0, "%s is an IPv6 address; PPTP "
		    "needs IPv4", r->host);
	fd = start_resolver(r, &pid);
	if (fd == -1) {
		r->status = EXIT_SYSTEM;
		return (size_t)failed(r->why, 0, "cannot start the resolver: "
		    "%m");
	}
	/* -1 with errno, as fd_wait(): it took too long, or hangup_fd went. */
	n = fd_read_all(fd, r->hangup_fd, r->deadline_us, buf, sizeof(buf));
	fd_close(fd);
	if (n >= 0)
		child_end(pid, end, sizeof(end));
	if (n == 0 && end[0] != '\0')
		return (size_t)failed(r->why, 0, "cannot resolve %s: the "
		    "resolver %s", r->host, end);
	if (n >= 0)
		return take_answer(r, buf, (size_t)n);
	if (errno == ECANCELED) {
		r->status = EXIT_LOST;
		return (size_t)failed(r->why, 0, "pppd has gone before %s was "
		    "resolved", r->host);
	}
	r->status = EXIT_TIMEOUT;
	return (size_t)failed(r->why, 0, "cannot resolve %s: no name server "
	    "answered in time", r->host);
}

unsigned
resolve_mtu(struct in_addr server)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	socklen_t len = sizeof(mtu);

	/* A datagram socket's connect() only asks the routing table. */
	if (fd != -1 && (fd_connect(fd, server, PPTP_PORT) == -1 ||
	    getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len) == -1))
		mtu = 0;
	fd_close(fd);
	if (mtu < MTU_LEAST + MTU_OVERHEAD || mtu > MTU_USUAL + MTU_OVERHEAD)
		return MTU_USUAL;
	return (unsigned)mtu - MTU_OVERHEAD;
}
