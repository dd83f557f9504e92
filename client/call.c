/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command line to a call that is up.
 *
 * Everything that needs privilege is opened here, by whoever runs pptp: the raw
 * GRE socket, perhaps the kernel's PPTP socket, and for the call manager a TCP
 * socket and a drop socket (see pptp_callmgr.c).  All have the same mark and
 * local address, since many servers identify a tunnel by its two addresses.
 * The raw socket is bound, connected and filtered by our call id before the
 * server is asked for the call.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "compat.h"
#include "connect.h"
#include "kernel.h"
#include "ready.h"
#include "resolve.h"
#include "sandbox.h"
#include "wire.h"

enum {
	WINDOW = 64,		/* unless a quirk or --window says otherwise */
	RCVBUF = 4 << 20,	/* asked for; the kernel may give less */
	TRIES = 8		/* when a call id is taken or a manager ends */
};

void
call_init(struct call *c, const struct conf *conf)
{
	uint16_t window = quirk_fields(conf->quirks)->window;

	*c = (struct call){ .gw = { .conf = conf, .raw = -1, .channel = -1,
	    .mgr = -1, .refusals_fd = -1 }, .hangup_fd = -1,
	    .known = quirk_server("", "") };
	c->gw.window = conf->window != 0 ? conf->window :
	    window != 0 ? window : WINDOW;
}

static void
drop(int *fd)
{
	fd_close(*fd);
	*fd = -1;
}

/* Sets the mark and the local address that all sockets of a tunnel share. */
static enum exit_status
prepare(struct call *c, int fd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr = c->gw.local };
	char local[INET_ADDRSTRLEN];
	int one = 1;

	if (c->gw.conf->rtmark != 0 && setsockopt(fd, SOL_SOCKET, SO_MARK,
	    &c->gw.conf->rtmark, sizeof(c->gw.conf->rtmark)) == -1) {
		if (errno != EPERM)
			return failed(c->why, EXIT_SYSTEM, "--rtmark: %m");
		return failed(c->why, EXIT_PERMISSION, "--rtmark: "
		    "CAP_NET_ADMIN %s", ready_how());
	}
	if (c->gw.local.s_addr == INADDR_ANY)
		return EXIT_OK;
	/* The port is chosen at connect(), so that tunnels can share a port. */
	(void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one,
	    sizeof(one));
	if (bind(fd, (const struct sockaddr *)&sin, sizeof(sin)) == 0)
		return EXIT_OK;
	inet_ntop(AF_INET, &c->gw.local, local, sizeof(local));
	return failed(c->why, EXIT_CONNECT, "cannot use the local address %s: "
	    "%m", local);
}

/* Asks the routing table which local address leads to the server. */
static enum exit_status
find_local(struct call *c)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enum exit_status status;

	c->gw.local = c->gw.conf->localbind;
	if (fd == -1)
		return failed(c->why, EXIT_SYSTEM, "cannot open a socket: %m");
	status = prepare(c, fd);
	if (status == EXIT_OK && (fd_connect(fd, c->server,
	    c->gw.conf->port) == -1 || getsockname(fd,
	    (struct sockaddr *)&sin, &len) == -1))
		status = failed(c->why, EXIT_CONNECT, "cannot reach %s: %m%s",
		    c->gw.server, errno == ENETUNREACH ? " (no route leads "
		    "there: is this machine online? see ip route)" : "");
	if (status == EXIT_OK)
		c->gw.local = sin.sin_addr;
	close(fd);
	return status;
}

/*
 * Lets only packets with this call id through, or none if id is NULL.  The
 * filter is locked, so that code that reads a network cannot remove it.
 */
static int
filter(int fd, const uint16_t *id)
{
	struct sock_filter by_id[] = {
		/* X = length of the IP header the packet begins with */
		BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 0),
		BPF_STMT(BPF_LD | BPF_H | BPF_IND, 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, id == NULL ? 0 : *id, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, id == NULL ? 0 : 0xffffffff),
		BPF_STMT(BPF_RET | BPF_K, 0)
	};
	const struct sock_fprog prog = { sizeof(by_id) / sizeof(by_id[0]),
	    by_id };
	int one = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog,
	    sizeof(prog)) == -1)
		return -1;
	return setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &one, sizeof(one));
}

/*
 * Opens a raw GRE socket to the server.  DF is not set: pppd sets the tunnel's
 * MTU, and a packet in two fragments is better than none.
 */
static enum exit_status
open_raw(struct call *c, int *fd, const uint16_t *id)
{
	int dont = IP_PMTUDISC_DONT, size = RCVBUF;
	enum exit_status status;

	*fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    PPTP_IPPROTO_GRE);
	if (*fd == -1)
		return ready_no_raw(c->why);
	if (filter(*fd, id) == -1)
		return failed(c->why, EXIT_SYSTEM, "cannot filter the raw "
		    "socket: %m");
	status = prepare(c, *fd);
	if (status != EXIT_OK)
		return status;
	(void)setsockopt(*fd, IPPROTO_IP, IP_MTU_DISCOVER, &dont, sizeof(dont));
	if (id != NULL && setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
	    sizeof(size)) == -1)
		(void)setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &size,
		    sizeof(size));
	if (fd_connect(*fd, c->server, 0) == -1)
		return failed(c->why, EXIT_CONNECT, "cannot reach the server "
		    "by GRE: %m");
	return EXIT_OK;
}

/* The manager connects this socket if it needs another connection. */
static enum exit_status
open_tcp(struct call *c, int *fd)
{
	int one = 1;

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd == -1)
		return failed(c->why, EXIT_SYSTEM, "cannot open a TCP socket: "
		    "%m");
	/* One message per segment: NAT helpers read only the first in each. */
	(void)setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return prepare(c, *fd);
}

/*
 * Puts the counters into memory that the manager can read, so that --status
 * costs the tunnel nothing.  Without memfd_create() they are our processes'
 * alone, and --status shows none.
 */
static enum exit_status
open_counters(struct call *c, int *fd)
{
	size_t size = sizeof(*c->gw.n);
	void *p;

#ifdef SYS_memfd_create
	*fd = (int)syscall(SYS_memfd_create, "pptp-counters",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);
#endif
	if (*fd != -1 && (ftruncate(*fd, (off_t)size) == -1 ||
	    fcntl(*fd, F_ADD_SEALS,
	    F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == -1))
		drop(fd);
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED |
	    (*fd == -1 ? MAP_ANONYMOUS : 0), *fd, 0);
	if (p == MAP_FAILED)
		return failed(c->why, EXIT_SYSTEM, "no memory for counters: "
		    "%m");
	c->gw.n = p;
	return EXIT_OK;
}

static void
choose_id(struct call *c)
{
	int id = quirk_fields(c->gw.conf->quirks)->call_id;

	if (id >= 0) {
		c->gw.call = (uint16_t)id;
		return;
	}
	/* 0 is legal, but there are servers that take it for "none". */
	do
		random_bytes(&c->gw.call, sizeof(c->gw.call));
	while (c->gw.call == 0);
}

/* Opens the kernel's PPTP socket, with another call id if ours is taken. */
static enum exit_status
open_channel(struct call *c)
{
	for (int i = 0; i < TRIES; i++) {
		c->gw.channel = kernel_socket(c->gw.local, c->gw.call);
		if (c->gw.channel != -1)
			return EXIT_OK;
		if (errno != EBUSY)
			break;
		choose_id(c);
	}
	return failed(c->why, errno == EPERM ? EXIT_PERMISSION : EXIT_SYSTEM,
	    "cannot open a socket of the kernel's PPTP: %m");
}

/*
 * Chooses a call id and opens the sockets for the server's data, closing those
 * of an earlier try: a raw one and, where the kernel may carry the data, the
 * kernel's PPTP socket.  The latter takes nothing until it is connected, so
 * earlier packets wait in the raw one.
 */
static enum exit_status
open_data(struct call *c)
{
	enum exit_status status = EXIT_OK;

	drop(&c->gw.channel);
	drop(&c->gw.raw);
	choose_id(c);
	if (c->kernel)
		status = open_channel(c);
	return status == EXIT_OK ? open_raw(c, &c->gw.raw, &c->gw.call) :
	    status;
}

static void
fill_request(const struct call *c, struct ipc_msg *m)
{
	const struct conf *conf = c->gw.conf;
	int64_t left = c->deadline - clock_us();

	*m = (struct ipc_msg){ .type = IPC_CALL, .call = { .id = c->gw.call,
	    .port = conf->port, .window = c->gw.window,
	    .loglevel = (uint8_t)conf->loglevel,
	    .hostroute = !conf->nohostroute, .server = c->server.s_addr,
	    .local = c->gw.local.s_addr, .mark = conf->rtmark,
	    .quirks = conf->quirks, .idle_us = conf->idle_us,
	    .echo_us = conf->echo_us, .timeout_us = left > 0 ? left : 0 } };
	if (conf->phone != NULL)
		snprintf(m->call.phone, sizeof(m->call.phone), "%s",
		    conf->phone);
	if (conf->client_hostname != NULL)
		snprintf(m->call.hostname, sizeof(m->call.hostname), "%s",
		    conf->client_hostname);
}

static int
pppd_gone(struct call *c)
{
	c->abandoned = true;
	return failed(c->why, EXIT_LOST, "pppd has gone before the call to %s "
	    "was up", c->gw.server);
}

/*
 * Waits for UP or DOWN.  Returns an exit status, IPC_ID_TAKEN, or -1 if the
 * manager was just ending and closed without a word.
 */
static int
await_call(struct call *c)
{
	struct ipc_msg m;
	/* The manager keeps the deadline; this limit is for one that hangs. */
	int64_t patience = c->deadline + 2000000;

	for (bool spoke = false;; spoke = true) {
		int n = callmgr_take(c->gw.mgr, &m, c->hangup_fd, patience);

		if (n == -1 && errno == ECANCELED)
			return pppd_gone(c);
		if (n <= 0 && !spoke && (n == 0 || errno == EPIPE))
			return -1;
		if (n == -1 && errno == EPROTO)
			return failed(c->why, EXIT_SYSTEM, "the call manager "
			    "for %s did not understand: is an older pptp still "
			    "running?", c->gw.server);
		if (n <= 0)
			return failed(c->why, n == -1 && errno == ETIMEDOUT ?
			    EXIT_TIMEOUT : EXIT_LOST, "the call manager for "
			    "%s failed: %s", c->gw.server, n == 0 ?
			    "it is gone" : strerror(errno));
		if (m.type == IPC_LOG)
			log_line(m.said.code, "%s", m.said.text);
		if (m.type == IPC_SERVER) {
			c->known = quirk_server(m.server.host, m.server.vendor);
			text_escape(c->host, sizeof(c->host), m.server.host,
			    strlen(m.server.host), true);
			text_escape(c->vendor, sizeof(c->vendor),
			    m.server.vendor, strlen(m.server.vendor), true);
		}
		/* EXIT_OK: a signal ended the manager; still no call. */
		if (m.type == IPC_DOWN)
			return failed(c->why, m.said.code == EXIT_OK ?
			    EXIT_LOST : m.said.code, "%s", m.said.text);
		if (m.type == IPC_UP) {
			c->gw.peer_call = m.peer_id;
			return EXIT_OK;
		}
		if (c->on_record != NULL)
			c->on_record(c, &m);
	}
}

/* Asks the manager once, over a new connection. */
static int
ask_once(struct call *c, const struct ipc_fds *fds)
{
	struct ipc_msg m;
	int status;

	c->gw.mgr = callmgr_connect(c->server, c->deadline, c->why);
	if (c->gw.mgr == -1)
		return EXIT_SYSTEM;
	fill_request(c, &m);
	/* EPIPE: it has closed, but may have said why. */
	status = ipc_send(c->gw.mgr, &m, fds) == -1 && errno != EPIPE ? -1 :
	    await_call(c);
	if (status != EXIT_OK)
		drop(&c->gw.mgr);
	return status;
}

/* Is a process killed for entering the manager's sandbox?  A child tries. */
static bool
filter_kills(void)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		log_stderr(0);
		_exit(sandbox_enter(SANDBOX_MANAGER, NULL, 0) == -1);
	}
	return pid != -1 && waitpid(pid, &status, 0) == pid &&
	    WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

static enum exit_status
ask(struct call *c, const struct ipc_fds *fds)
{
	enum exit_status changed;
	int status = -1;

	if (clock_us() >= c->deadline)
		return failed(c->why, EXIT_TIMEOUT, "no time was left to ask "
		    "%s for a call", c->gw.server);
	for (int i = 0; i < TRIES && clock_us() < c->deadline; i++) {
		status = ask_once(c, fds);
		if (status == IPC_ID_TAKEN) {
			changed = open_data(c);
			if (changed != EXIT_OK)
				return changed;
		} else if (status != -1) {
			break;
		}
	}
	if (status >= 0 && status < EXIT_STATUSES)
		return (enum exit_status)status;
	return failed(c->why, EXIT_SYSTEM, status == IPC_ID_TAKEN ?
	    "no call id is left for a further tunnel to %s" :
	    filter_kills() ? "each call manager for %s was killed by a system "
	    "call filter; see pptp.8, SERVICES" :
	    "the call managers for %s end as soon as they start", c->gw.server);
}

/* Sends to ourselves what came before the kernel's socket was ready. */
static void
replay_early(struct call *c)
{
	uint8_t buf[HDLC_FRAME_MAX + 128];
	int one = 1;
	ssize_t n;

	/*
	 * Connected to our own address, the raw socket no longer takes packets
	 * from the server, nor the copies that it sends as if from the server.
	 */
	if (fd_connect(c->gw.raw, c->gw.local, 0) == -1 ||
	    setsockopt(c->gw.raw, IPPROTO_IP, IP_HDRINCL, &one,
	    sizeof(one)) == -1)
		return;
	while ((n = recv(c->gw.raw, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		(void)send(c->gw.raw, buf, (size_t)n, MSG_DONTWAIT);
}

/*
 * Settles what carries the data: with "auto" that depends on what the server
 * said it is.  Closes the socket that is not needed.
 */
static enum exit_status
settle_path(struct call *c)
{
	c->gw.holds_back = c->known->holds_back;
	if (c->gw.conf->data_path == DATA_AUTO && c->known->wants_pty != NULL)
		c->kernel = false;
	if (!c->kernel) {
		drop(&c->gw.channel);
		return EXIT_OK;
	}
	if (kernel_connect(c->gw.channel, c->server, c->gw.peer_call) == -1)
		return failed(c->why, EXIT_SYSTEM, "the kernel's PPTP does "
		    "not take the call: %m");
	replay_early(c);
	drop(&c->gw.raw);
	return EXIT_OK;
}

static void
open_refusals(struct call *c)
{
	if (c->gw.refusals_fd == -1)
		c->gw.refusals_fd = refusals_open(callmgr_dir(geteuid()),
		    c->gw.server, &c->gw.refusals);
}

/*
 * Under pppd's `persist`, waits before the next start if PPP with this server
 * has failed.  False if pppd has gone meanwhile.
 */
static bool
hold_back(struct call *c)
{
	int64_t wait = 0;

	open_refusals(c);
	if (c->gw.conf->nolaunch)
		wait = refusals_wait_us(&c->gw.refusals, clock_us());
	if (wait == 0)
		return true;
	log_info("PPP with %s has failed %u times in a row, %u of them by a "
	    "login refused: the next start waits %d s", c->gw.server,
	    c->gw.refusals.failures, c->gw.refusals.logins,
	    (int)((wait + 999999) / 1000000));
	c->deadline += wait;
	return fd_wait(-1, c->hangup_fd, clock_us() + wait) == -1 &&
	    errno == ETIMEDOUT;
}

static enum exit_status
try_address(struct call *c)
{
	struct ipc_fds fds = IPC_NO_FDS;
	enum exit_status status;

	inet_ntop(AF_INET, &c->server, c->gw.server, sizeof(c->gw.server));
	status = hold_back(c) ? EXIT_OK : pppd_gone(c);
	if (status == EXIT_OK && (status = find_local(c)) == EXIT_OK &&
	    (status = open_data(c)) == EXIT_OK &&
	    /* Needed where the kernel has no GRE of its own. */
	    (status = c->kernel ? EXIT_OK : open_raw(c, &fds.fd[IPC_FD_DROP],
	    NULL)) == EXIT_OK &&
	    (status = open_tcp(c, &fds.fd[IPC_FD_TCP])) == EXIT_OK &&
	    (status = open_counters(c, &fds.fd[IPC_FD_COUNTERS])) ==
	    EXIT_OK && (status = ask(c, &fds)) == EXIT_OK)
		status = settle_path(c);
	ipc_fds_close(&fds);
	/* Starting a manager may have made the file that hold_back() lacked. */
	if (status == EXIT_OK)
		open_refusals(c);
	else
		call_close(c);
	return status;
}

enum exit_status
call_open(struct call *c)
{
	int64_t overall = clock_us() + c->gw.conf->timeout_us;
	struct resolve r = { .host = c->gw.conf->host,
	    .deadline_us = overall, .hangup_fd = c->hangup_fd };
	enum exit_status status = EXIT_OK;
	size_t n = resolve_host(&r);

	if (n == 0)
		return failed(c->why, r.status, "%s", r.why);
	for (size_t i = 0; i < n; i++) {
		int64_t now = clock_us();

		/* A silent address must leave time for those after it. */
		c->deadline = now + (overall - now) / (int64_t)(n - i);
		c->server = r.addr[i];
		status = try_address(c);
		if (status < EXIT_CONNECT || status > EXIT_LOST ||
		    i + 1 == n || c->abandoned || clock_us() >= overall)
			break;
		log_warnx("%s; trying the next address of %s", c->why,
		    c->gw.conf->host);
	}
	return status;
}

void
call_close(struct call *c)
{
	drop(&c->gw.raw);
	drop(&c->gw.channel);
	drop(&c->gw.mgr);
	drop(&c->gw.refusals_fd);
	if (c->gw.n != NULL)
		munmap(c->gw.n, sizeof(*c->gw.n));
	c->gw.n = NULL;
}
