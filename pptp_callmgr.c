/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call manager: one per server.  It owns the TCP connections to the server
 * and serves clients, which are gateways or --status, over a unix socket.  It
 * has no privilege left when it reads from either.
 *
 * A gateway brings what needs its privilege: a TCP socket with its own mark and
 * local address, not connected yet, and a drop socket (see keep_drop_sock()).
 * Its call ends when its unix socket closes; the manager ends with its last
 * call.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "ipc.h"
#include "pptp_callmgr.h"
#include "pptp_ctrl.h"
#include "sandbox.h"
#include "util.h"

enum {
	CALLS = 512,			/* of one server, at most */
	DROP_SOCKS = 16			/* one for a local address */
};

/* P_NONE stands for what is not watched; its revents stay 0. */
enum { P_NONE, P_SIGNAL, P_LISTENER, P_MONITOR, P_FIXED };

struct conn;

/*
 * A call may share a connection whose SCCRP has not come yet: it waits for what
 * the server announces there, and goes on in waiters_go().
 */
enum wait { WAIT_NONE, WAIT_SCCRP, WAIT_CAME, WAIT_FAILED };

struct client {
	int		 fd;		/* -1: this slot is free */
	unsigned	 at;		/* in the table for poll() */
	bool		 asked, up, status;
	bool		 routed;	/* the host route takes its path */
	struct conn	*conn;		/* NULL: no call */
	enum wait	 wait;
	const struct conn *awaits;	/* WAIT_SCCRP: of this connection */
	int		 tcp;		/* while it waits; or -1 */
	struct ipc_call call;
	const struct gre_counters *n;	/* shared by the gateway, or NULL */
	uint16_t	 peer_id;
	int64_t		 deadline;	/* of silence or of establishment */
	int64_t		 up_since;
	unsigned	 cursor;	/* of a status listing */
};

struct conn {
	int		 fd;		/* -1: this slot is free */
	unsigned	 at;		/* in the table for poll() */
	bool		 connecting, stopping;
	bool		 at_eof;	/* the server has closed it */
	bool		 draining;	/* our side is closed; discards input */
	int64_t		 stop_at;	/* the server may close it until then,
					 * or the end of draining; or never */
	uint32_t	 local, mark, quirks;
	uint16_t	 port;
	uint64_t	 idle_us, echo_us;
	char		 hostname[PPTP_TEXT + 1];
	struct ctrl	 ctrl;		/* once TCP is connected */
};

struct manager {
	struct in_addr	 server;
	char		 name[INET_ADDRSTRLEN];
	uid_t		 owner;
	int		 listener, monitor, signals;
	struct {
		uint32_t local;
		int	 fd;
	} drop_sock[DROP_SOCKS];
	unsigned	 drop_socks;
	int		 reserve_fd;	/* for refuse_one() */
	int64_t		 accept_resume_us;	/* until then no accept() */
	const char	*refusal;	/* why there is no further call */
	uint16_t	 serial;
	uint64_t	 seed;		/* of the echoes' identifiers */
	unsigned	 high;		/* slots in use lie below */
	struct client	 client[CALLS];
	struct conn	 conn[CALLS];
	struct pollfd	 poll[P_FIXED + 2 * CALLS];
};

enum {
	REQUEST_TIMEOUT_US = 2000000,	/* for a client's first message */
	ACCEPT_PAUSE_US = 200000,	/* without a descriptor for one */
	MONITOR_US = 5000000,		/* for the monitor's READY */
	END_US = 1000000,		/* for each answer of an orderly end */
	LAST_CALL_US = 200000,		/* for the end of a connection whose
					 * last call the server ended */
	DRAIN_US = 500000		/* for the server to close its end */
};

/* ---- one client ---- */

#define FULL	"this call manager has no descriptor left for a further " \
	"tunnel (raise the limit with ulimit -n)"

/* A client that does not read loses messages, not its call. */
static void
to_client(struct client *cl, const struct ipc_msg *m)
{
	if (cl->fd != -1)
		(void)ipc_send(cl->fd, m, NULL);
}

static void
client_free(struct client *cl)
{
	if (cl->n != NULL)
		munmap((void *)(uintptr_t)cl->n, sizeof(*cl->n));
	if (cl->tcp != -1)
		close(cl->tcp);
	close(cl->fd);
	memset(cl, 0, sizeof(*cl));
	cl->fd = cl->tcp = -1;
}

/* Sends DOWN with a status of conf.h (or IPC_ID_TAKEN), frees the slot. */
static void
client_down(struct client *cl, unsigned status, const char *text)
{
	struct ipc_msg m = { .type = IPC_DOWN };

	m.down.status = (uint8_t)status;
	snprintf(m.down.text, sizeof(m.down.text), "%s", text);
	to_client(cl, &m);
	client_free(cl);
}

static void
client_step(struct client *cl, enum ipc_step step)
{
	struct ipc_msg m = { .type = IPC_STEP, .step = step };

	to_client(cl, &m);
}

/* The client whose call has this id of ours; NULL. */
static struct client *
client_by_id(struct manager *g, uint16_t id)
{
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];

		if (cl->fd != -1 && !cl->status && cl->asked &&
		    cl->call.id == id)
			return cl;
	}
	return NULL;
}

/* One more pair of slots.  Pages of slots that were never used cost nothing. */
static bool
grow(struct manager *g)
{
	if (g->high == CALLS)
		return false;
	g->client[g->high].fd = g->client[g->high].tcp = -1;
	g->conn[g->high].fd = -1;
	g->high++;
	return true;
}

/* ---- control connections ---- */

/* How many clients have their call on this connection. */
static unsigned
conn_clients(const struct manager *g, const struct conn *co)
{
	unsigned n = 0;

	for (unsigned i = 0; i < g->high; i++)
		if (g->client[i].fd != -1 && g->client[i].conn == co)
			n++;
	return n;
}

static struct conn *
conn_new(struct manager *g)
{
	struct conn *co = NULL;

	for (unsigned i = 0; i < g->high && co == NULL; i++)
		if (g->conn[i].fd == -1)
			co = &g->conn[i];
	if (co == NULL && grow(g))
		co = &g->conn[g->high - 1];
	if (co != NULL) {
		co->at = P_NONE;
		co->connecting = co->stopping = false;
		co->at_eof = co->draining = false;
		co->stop_at = CTRL_NEVER;
	}
	return co;
}

static void
conn_free(struct conn *co)
{
	close(co->fd);
	co->fd = -1;
}

/*
 * Ends our side of a connection that the server has not ended.  Closing the
 * socket at once would answer what the server still sends with a TCP reset.
 */
static void
conn_drain(struct conn *co, int64_t now)
{
	if (shutdown(co->fd, SHUT_WR) == -1) {
		conn_free(co);
		return;
	}
	co->draining = true;
	co->stop_at = now + DRAIN_US;
}

/* Is it closed, or only waiting for the server to close? */
static bool
is_over(const struct conn *co)
{
	return co->fd == -1 || co->draining;
}

/* The wait for this connection's SCCRP is over. */
static void
waiters_end(struct manager *g, const struct conn *co, enum wait how)
{
	for (unsigned i = 0; i < g->high; i++)
		if (g->client[i].fd != -1 &&
		    g->client[i].wait == WAIT_SCCRP &&
		    g->client[i].awaits == co)
			g->client[i].wait = how;
}

/* ---- their events ---- */

static const uint8_t status_of[] = {
	[CTRL_CAUSE_LOCAL] = EXIT_OK,
	[CTRL_CAUSE_NOT_PPTP] = EXIT_NOT_PPTP,
	[CTRL_CAUSE_REFUSED] = EXIT_REFUSED,
	[CTRL_CAUSE_CALL_REFUSED] = EXIT_CALL_REFUSED,
	[CTRL_CAUSE_TIMEOUT] = EXIT_TIMEOUT,
	[CTRL_CAUSE_SERVER_ENDED] = EXIT_SERVER_ENDED,
	[CTRL_CAUSE_LOST] = EXIT_LOST
};

/* Sends a line to the gateways it concerns; without any it is logged here. */
static void
on_log(struct manager *g, struct conn *co, const struct ctrl_event *e)
{
	struct ipc_msg m = { .type = IPC_LOG };
	bool sent = false;

	m.log.level = (uint8_t)e->level;
	snprintf(m.log.text, sizeof(m.log.text), "%s", e->text);
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];

		if (cl->fd == -1 || cl->conn != co)
			continue;
		sent = true;
		if (e->level <= cl->call.loglevel)
			to_client(cl, &m);
	}
	if (!sent)
		log_at(e->level, "%s: %s", g->name, e->text);
}

/*
 * All tunnels share one host route, which keeps the path of those that use it.
 */
static bool
route_is_others(const struct manager *g, const struct client *cl)
{
	for (unsigned i = 0; i < g->high; i++) {
		const struct client *o = &g->client[i];

		if (o != cl && o->fd != -1 && o->routed &&
		    (o->call.local != cl->call.local ||
		    o->call.mark != cl->call.mark))
			return true;
	}
	return false;
}

/*
 * Asks the monitor for the host route along the path of a client's connection.
 */
static void
ask_route(struct manager *g, struct client *cl)
{
	struct ipc_msg m = { .type = IPC_ROUTE };
	struct ipc_fds fds;

	if (route_is_others(g, cl)) {
		m.type = IPC_LOG;
		m.log.level = LOG_L_INFO;
		snprintf(m.log.text, sizeof(m.log.text), "%s: the host route "
		    "stays that of a tunnel with another --localbind or "
		    "--rtmark", g->name);
		if (m.log.level <= cl->call.loglevel)
			to_client(cl, &m);
		return;
	}
	cl->routed = true;
	ipc_fds_init(&fds);
	fds.fd[IPC_FD_TCP] = cl->conn->fd;
	if (g->monitor != -1 && ipc_send(g->monitor, &m, &fds) == -1)
		log_warn("%s: cannot ask for the host route", g->name);
}

/* The server has answered: sends what its SCCRP said, and that OCRQ is next. */
static void
send_server(struct manager *g, struct client *cl)
{
	const struct ctrl_peer *p = &cl->conn->ctrl.peer;
	struct ipc_msg m = { .type = IPC_SERVER };

	m.server.firmware = p->firmware;
	m.server.max_channels = p->max_channels;
	memcpy(m.server.host, p->host, sizeof(m.server.host));
	memcpy(m.server.vendor, p->vendor, sizeof(m.server.vendor));
	to_client(cl, &m);
	client_step(cl, IPC_CALLING);
	if (cl->call.hostroute)
		ask_route(g, cl);
}

static void
on_server(struct manager *g, struct conn *co)
{
	for (unsigned i = 0; i < g->high; i++)
		if (g->client[i].fd != -1 && g->client[i].conn == co)
			send_server(g, &g->client[i]);
	waiters_end(g, co, WAIT_CAME);
}

static void
on_call_up(struct manager *g, struct conn *co, uint16_t id, int64_t now)
{
	const struct ctrl_call *call = ctrl_call_find(&co->ctrl, id);
	struct client *cl = client_by_id(g, id);
	struct ipc_msg m = { .type = IPC_UP };

	if (call == NULL || cl == NULL || cl->conn != co)
		return;
	m.up.peer_id = call->peer_id;
	cl->up = true;
	cl->up_since = now;
	cl->peer_id = call->peer_id;
	cl->deadline = CTRL_NEVER;
	if (ipc_send(cl->fd, &m, NULL) == -1) {
		/*
		 * It would wait for UP in vain: so client_readable() is made to
		 * end it.
		 */
		log_warn("%s: call %u ends: its gateway cannot be told that "
		    "it is up", g->name, id);
		(void)shutdown(cl->fd, SHUT_RDWR);
	}
}

/* The call is over; its gateway, if there still is one, is told why. */
static void
on_call_down(struct manager *g, struct conn *co, const struct ctrl_event *e,
    int64_t now)
{
	struct client *cl = client_by_id(g, e->call);

	if (cl != NULL && cl->conn == co)
		client_down(cl, status_of[e->cause], e->text);
	/* Some servers end the connection with its last call, others do not. */
	if (e->cause == CTRL_CAUSE_SERVER_ENDED && ctrl_calls(&co->ctrl) == 0)
		co->stop_at = now + LAST_CALL_US;
}

static void
on_closed(struct manager *g, struct conn *co, const struct ctrl_event *e,
    int64_t now)
{
	for (unsigned i = 0; i < g->high; i++)
		if (g->client[i].fd != -1 && g->client[i].conn == co)
			client_down(&g->client[i], status_of[e->cause],
			    e->text);
	if (co->at_eof)
		conn_free(co);
	else
		conn_drain(co, now);
	waiters_end(g, co, WAIT_FAILED);
}

static void
conn_event(struct manager *g, struct conn *co, const struct ctrl_event *e,
    int64_t now)
{
	switch (e->type) {
	case CTRL_EV_LOG:
		on_log(g, co, e);
		break;
	case CTRL_EV_UP:
		on_server(g, co);
		break;
	case CTRL_EV_CALL_UP:
		on_call_up(g, co, e->call, now);
		break;
	case CTRL_EV_CALL_DOWN:
		on_call_down(g, co, e, now);
		break;
	case CTRL_EV_CLOSED:
		on_closed(g, co, e, now);
		break;
	}
}

/* Begins an orderly end, which conn_run() goes on with. */
static void
conn_stop(struct conn *co, int64_t now)
{
	co->stopping = true;
	ctrl_stop(&co->ctrl, STOP_LOCAL, now);
}

/*
 * Sends what may be sent, handles all events, and ends a connection that has no
 * client.  co may be free afterwards, as after conn_readable() and
 * conn_writable().
 */
static void
conn_run(struct manager *g, struct conn *co, int64_t now)
{
	struct ctrl_event e;
	const uint8_t *p;
	size_t len;
	ssize_t n;

	while (!is_over(co) && (p = ctrl_output(&co->ctrl, &len, now)) !=
	    NULL) {
		n = send(co->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			ctrl_sent(&co->ctrl, (size_t)n, now);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR) {
			co->at_eof = true;
			ctrl_eof(&co->ctrl, errno, now);
		}
		if (co->ctrl.state == CTRL_CLOSED)
			break;
	}
	while (!is_over(co) && ctrl_event(&co->ctrl, &e))
		conn_event(g, co, &e, now);
	if (is_over(co) || co->stopping || conn_clients(g, co) > 0 ||
	    (co->stop_at != CTRL_NEVER && now < co->stop_at))
		return;
	conn_stop(co, now);
	while (!is_over(co) && ctrl_event(&co->ctrl, &e))
		conn_event(g, co, &e, now);
}

/* Throws away what the server still sends, until it closes its end. */
static void
conn_discard(struct conn *co)
{
	uint8_t buf[4096];
	ssize_t n;

	do
		n = recv(co->fd, buf, sizeof(buf), MSG_DONTWAIT);
	while (n > 0);
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		conn_free(co);
}

static void
conn_readable(struct manager *g, struct conn *co, int64_t now)
{
	uint8_t buf[4096];
	ssize_t n = recv(co->fd, buf, sizeof(buf), MSG_DONTWAIT);
	size_t used = 0;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		co->at_eof = true;
		ctrl_eof(&co->ctrl, n == 0 ? 0 : errno, now);
	}
	while (n > 0 && used < (size_t)n && !is_over(co)) {
		used += ctrl_feed(&co->ctrl, buf + used, (size_t)n - used,
		    now);
		conn_run(g, co, now);
	}
}

/* ---- connecting ---- */

/* What to try when TCP does not connect. */
static const char *
connect_hint(int err)
{
	switch (err) {
	case ECONNREFUSED:
		return " (is a PPTP server running there?)";
	case ETIMEDOUT:
		return " (is that port blocked on the way?)";
	case EHOSTUNREACH:
		return " (is that machine on, and the address right? ping it; "
		    "or a firewall there or on the way says so)";
	}
	return "";
}

/* There is no TCP connection: sends the reason to each client on it. */
static void
conn_failed(struct manager *g, struct conn *co, int err)
{
	char text[IPC_TEXT];

	snprintf(text, sizeof(text), "cannot connect to %s port %u: %s%s",
	    g->name, co->port, strerror(err), connect_hint(err));
	for (unsigned i = 0; i < g->high; i++)
		if (g->client[i].fd != -1 && g->client[i].conn == co)
			client_down(&g->client[i], EXIT_CONNECT, text);
	conn_free(co);
	waiters_end(g, co, WAIT_FAILED);
}

static void
fill_call_conf(struct ctrl_call_conf *cc, struct manager *g,
    const struct ipc_call *call)
{
	memset(cc, 0, sizeof(*cc));
	cc->id = call->id;
	cc->serial = g->serial++;
	cc->window = call->window;
	cc->quirks = call->quirks;
	memcpy(cc->phone, call->phone, sizeof(cc->phone));
}

static void
conn_connected(struct manager *g, struct conn *co, int64_t now)
{
	struct ctrl_conf conf = { .quirks = co->quirks, .end_us = END_US };
	struct ctrl_call_conf cc;

	co->connecting = false;
	/*
	 * In the sandbox /dev/urandom cannot be opened, and old kernels have no
	 * getrandom(): the seed is stepped by an LCG.
	 */
	g->seed = g->seed * UINT64_C(6364136223846793005) + 1;
	memcpy(conf.hostname, co->hostname, sizeof(conf.hostname));
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];

		if (cl->fd == -1 || cl->conn != co)
			continue;
		/* Its own deadline comes first: see client_late(). */
		conf.reply_us = (int64_t)cl->call.timeout_us + 1000000;
		conf.idle_us = (int64_t)cl->call.idle_us;
		conf.echo_us = (int64_t)cl->call.echo_us;
		client_step(cl, IPC_CONNECTED);
		ctrl_init(&co->ctrl, &conf, (uint32_t)(g->seed >> 32),
		    now);
		fill_call_conf(&cc, g, &cl->call);
		(void)ctrl_call_open(&co->ctrl, &cc, now);
		conn_run(g, co, now);
		return;
	}
	conn_free(co);		/* its only client has gone meanwhile */
}

static void
conn_writable(struct manager *g, struct conn *co, int64_t now)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(co->fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1)
		err = errno;
	if (err != 0)
		conn_failed(g, co, err);
	else
		conn_connected(g, co, now);
}

/* Are address, mark, port, quirks, timers and name those of this call? */
static bool
conn_suits(const struct conn *co, const struct ipc_call *call)
{
	return co->fd != -1 && !co->stopping && !co->draining &&
	    co->stop_at == CTRL_NEVER &&
	    co->local == call->local && co->mark == call->mark &&
	    co->port == call->port && co->quirks == call->quirks &&
	    co->idle_us == call->idle_us && co->echo_us == call->echo_us &&
	    strcmp(co->hostname, call->hostname) == 0;
}

/* A connection that this call may share; NULL. */
static struct conn *
conn_to_share(struct manager *g, const struct ipc_call *call)
{
	for (unsigned i = 0; i < g->high; i++) {
		struct conn *co = &g->conn[i];

		if (conn_suits(co, call) && !co->connecting &&
		    co->ctrl.state == CTRL_UP && ctrl_has_room(&co->ctrl))
			return co;
	}
	return NULL;
}

/*
 * A connection that this call may share once its SCCRP has said how many calls
 * it takes; NULL if there is none, or if another's SCCRP said that it takes
 * one.
 */
static struct conn *
conn_to_await(struct manager *g, const struct ipc_call *call)
{
	struct conn *found = NULL;

	for (unsigned i = 0; i < g->high; i++) {
		struct conn *co = &g->conn[i];

		if (!conn_suits(co, call))
			continue;
		if (co->connecting || co->ctrl.state == CTRL_WAIT_REPLY)
			found = co;
		else if (co->ctrl.peer.max_channels <= 1)
			return NULL;
	}
	return found;
}

/*
 * Begins a call on a connection of its own over tcp, which it takes and
 * connects.  The client is told of a failure.
 */
static void
call_on_new(struct manager *g, struct client *cl, int tcp, int64_t now)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr = g->server, .sin_port = htons(cl->call.port) };
	struct conn *co = conn_new(g);

	if (co == NULL) {
		close(tcp);
		client_down(cl, EXIT_SYSTEM, "this call manager has no room "
		    "for a further control connection");
		return;
	}
	co->fd = tcp;
	co->connecting = true;
	co->local = cl->call.local;
	co->mark = cl->call.mark;
	co->port = cl->call.port;
	co->quirks = cl->call.quirks;
	co->idle_us = cl->call.idle_us;
	co->echo_us = cl->call.echo_us;
	memcpy(co->hostname, cl->call.hostname, sizeof(co->hostname));
	cl->conn = co;
	client_step(cl, IPC_CONNECTING);
	if (connect(tcp, (const struct sockaddr *)&sin, sizeof(sin)) == 0)
		conn_connected(g, co, now);
	else if (errno != EINPROGRESS)
		conn_failed(g, co, errno);
}

static void
call_on_shared(struct manager *g, struct client *cl, struct conn *co,
    int64_t now)
{
	struct ctrl_call_conf cc;

	cl->conn = co;
	fill_call_conf(&cc, g, &cl->call);
	if (ctrl_call_open(&co->ctrl, &cc, now) == -1) {
		cl->conn = NULL;
		client_down(cl, IPC_ID_TAKEN, "call id in use");
		return;
	}
	send_server(g, cl);
	conn_run(g, co, now);
}

/*
 * Puts a call on a connection that there is, or lets it wait for one that is
 * being made, or makes one over tcp, which it takes.
 */
static void
call_place(struct manager *g, struct client *cl, int tcp, int64_t now)
{
	struct conn *share = conn_to_share(g, &cl->call);

	if (share != NULL) {
		close(tcp);
		call_on_shared(g, cl, share, now);
		return;
	}
	cl->awaits = conn_to_await(g, &cl->call);
	if (cl->awaits == NULL) {
		call_on_new(g, cl, tcp, now);
		return;
	}
	cl->wait = WAIT_SCCRP;
	cl->tcp = tcp;
}

/* ---- clients ---- */

/*
 * Maps a gateway's counters.  The seal keeps it from shrinking them under us.
 */
static const struct gre_counters *
map_counters(int fd)
{
	struct stat st;
	void *p;
	int seals;

	if (fd == -1 || fstat(fd, &st) == -1 ||
	    st.st_size < (off_t)sizeof(struct gre_counters) ||
	    (seals = fcntl(fd, F_GET_SEALS)) == -1 ||
	    (seals & F_SEAL_SHRINK) == 0)
		return NULL;
	p = mmap(NULL, sizeof(struct gre_counters), PROT_READ, MAP_SHARED, fd,
	    0);
	return p == MAP_FAILED ? NULL : p;
}

/*
 * A drop socket is a raw one whose filter drops everything.  It stays open, so
 * that GRE always has a receiver even while a gateway's buffer is full.
 * Without one the kernel would tell the server that protocol 47 is unreachable
 * here, which ends the server's side of every tunnel.  One serves all tunnels
 * from its local address.
 */
static void
keep_drop_sock(struct manager *g, int *fd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	if (*fd == -1 ||
	    getsockname(*fd, (struct sockaddr *)&sin, &len) == -1)
		return;
	for (unsigned i = 0; i < g->drop_socks; i++)
		if (g->drop_sock[i].local == sin.sin_addr.s_addr)
			return;
	if (g->drop_socks == DROP_SOCKS)
		return;
	g->drop_sock[g->drop_socks].local = sin.sin_addr.s_addr;
	g->drop_sock[g->drop_socks++].fd = *fd;
	*fd = -1;
}

/* The client is gone or late: its call ends. */
static void
client_gone(struct manager *g, struct client *cl, int64_t now)
{
	struct conn *co = cl->conn;
	uint16_t id = cl->call.id;

	client_free(cl);
	if (co == NULL || is_over(co))
		return;
	if (co->connecting) {
		conn_free(co);
		waiters_end(g, co, WAIT_FAILED);
		return;
	}
	if (conn_clients(g, co) > 0)
		ctrl_call_clear(&co->ctrl, id, now);
	conn_run(g, co, now);
}

/* Sends the reason and ends the client, with a call that it had before. */
static void
client_refuse(struct manager *g, struct client *cl, const char *text,
    int64_t now)
{
	struct ipc_msg m = { .type = IPC_DOWN };

	m.down.status = EXIT_SYSTEM;
	snprintf(m.down.text, sizeof(m.down.text), "%s", text);
	to_client(cl, &m);
	client_gone(g, cl, now);
}

/*
 * Continues calls whose wait is over.  Where no SCCRP came, each makes a
 * connection of its own: waiting for each other's failures would use up their
 * timeouts.
 */
static void
waiters_go(struct manager *g, int64_t now)
{
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];
		enum wait wait = cl->wait;
		int tcp = cl->tcp;

		if (cl->fd == -1 || wait <= WAIT_SCCRP)
			continue;
		cl->wait = WAIT_NONE;
		cl->tcp = -1;
		if (g->refusal != NULL) {
			close(tcp);
			client_refuse(g, cl, g->refusal, now);
		} else if (wait == WAIT_CAME) {
			call_place(g, cl, tcp, now);
		} else {
			call_on_new(g, cl, tcp, now);
		}
	}
}

static void
on_call(struct manager *g, struct client *cl, const struct ipc_call *call,
    struct ipc_fds *fds, int64_t now)
{
	int tcp = fds->fd[IPC_FD_TCP];

	if (cl->asked || call->server != g->server.s_addr || tcp == -1 ||
	    fd_nonblock(tcp) == -1) {
		client_refuse(g, cl, "the call manager did not understand: "
		    "is an older pptp still running?", now);
		return;
	}
	if (g->refusal != NULL) {
		client_refuse(g, cl, g->refusal, now);
		return;
	}
	if (client_by_id(g, call->id) != NULL) {
		client_down(cl, IPC_ID_TAKEN, "call id in use");
		return;
	}
	cl->asked = true;
	cl->call = *call;
	cl->deadline = now + (int64_t)call->timeout_us;
	cl->n = map_counters(fds->fd[IPC_FD_COUNTERS]);
	keep_drop_sock(g, &fds->fd[IPC_FD_DROP]);
	fds->fd[IPC_FD_TCP] = -1;
	call_place(g, cl, tcp, now);
}

static void
send_tunnel(struct client *to, const struct manager *g,
    const struct client *cl, int64_t now)
{
	struct ipc_msg m = { .type = IPC_TUNNEL };
	struct ipc_tunnel *t = &m.tunnel;

	t->id = cl->call.id;
	t->peer_id = cl->peer_id;
	t->up = cl->up;
	t->server = g->server.s_addr;
	t->local = cl->call.local;
	t->up_us = cl->up ? (uint64_t)(now - cl->up_since) : 0;
	if (cl->n != NULL)
		t->n = *cl->n;
	to_client(to, &m);
}

/* A listing goes out message by message, as fast as its reader reads. */
static void
status_more(struct manager *g, struct client *cl, int64_t now)
{
	struct ipc_msg end = { .type = IPC_END };
	struct pollfd p = { .fd = cl->fd, .events = POLLOUT };

	while (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0) {
		while (cl->cursor < g->high &&
		    (g->client[cl->cursor].fd == -1 ||
		    g->client[cl->cursor].status ||
		    !g->client[cl->cursor].asked))
			cl->cursor++;
		if (cl->cursor >= g->high) {
			to_client(cl, &end);
			client_free(cl);
			return;
		}
		send_tunnel(cl, g, &g->client[cl->cursor++], now);
	}
}

static void
client_readable(struct manager *g, struct client *cl, int64_t now)
{
	struct ipc_msg m;
	struct ipc_fds fds;
	int n = ipc_take(cl->fd, &m, &fds);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1 && errno == EMFILE)
		client_refuse(g, cl, FULL, now);
	else if (n == 1 && m.type == IPC_CALL)
		on_call(g, cl, &m.call, &fds, now);
	else if (n == 1 && m.type == IPC_STATUS && !cl->asked) {
		cl->asked = cl->status = true;
		status_more(g, cl, now);
	} else {
		if (n == -1 || n == 1)
			log_warnx("%s: a local process sent what is not ours: "
			    "its connection is closed", g->name);
		client_gone(g, cl, now);
	}
	ipc_fds_close(&fds);
}

/* The deadline has passed: says what the establishment was waiting for. */
static void
client_late(struct manager *g, struct client *cl, int64_t now)
{
	const struct conn *co = cl->conn != NULL ? cl->conn : cl->awaits;
	bool connecting = co == NULL || co->connecting;
	/* What was left of --timeout when the call was requested. */
	unsigned secs = (unsigned)((cl->call.timeout_us + 500000) / 1000000);
	struct ipc_msg m = { .type = IPC_DOWN };
	bool reply;

	if (cl->status || !cl->asked) {	/* does not read, or never asked */
		client_gone(g, cl, now);
		return;
	}
	secs += secs == 0;
	reply = !connecting && co->ctrl.state == CTRL_WAIT_REPLY;
	m.down.status = connecting ? EXIT_CONNECT : EXIT_TIMEOUT;
	if (connecting)
		snprintf(m.down.text, sizeof(m.down.text), "cannot connect to "
		    "%s port %u: no answer within %u s (is TCP port %u "
		    "blocked on the way?)", g->name, cl->call.port, secs,
		    cl->call.port);
	else
		snprintf(m.down.text, sizeof(m.down.text), "no %s from %s "
		    "within %u s (%s)", reply ?
		    "Start-Control-Connection-Reply" : "Outgoing-Call-Reply",
		    g->name, secs, reply ? "it takes the connection and says "
		    "nothing: is that a PPTP server, and may this machine use "
		    "it?" : "it answers, but not to a call: have its lines or "
		    "addresses run out? try again later");
	to_client(cl, &m);
	client_gone(g, cl, now);
}

static struct client *
client_new(struct manager *g, int fd, int64_t now)
{
	struct client *cl = NULL;

	for (unsigned i = 0; i < g->high && cl == NULL; i++)
		if (g->client[i].fd == -1)
			cl = &g->client[i];
	if (cl == NULL && grow(g))
		cl = &g->client[g->high - 1];
	if (cl == NULL)
		return NULL;
	cl->fd = fd;
	cl->tcp = -1;
	cl->at = P_NONE;
	cl->deadline = now + REQUEST_TIMEOUT_US;
	return cl;
}

/* Refuses a client that there is no slot for: sends the reason and closes. */
static void
refuse_fd(int fd, const char *text)
{
	struct client cl = { .fd = fd, .tcp = -1 };

	client_down(&cl, EXIT_SYSTEM, text);
}

/*
 * accept() has no descriptor left.  A client would wait in the backlog and
 * poll() return at once again and again: so accept() is suspended, and the
 * reserved descriptor used to refuse one client.
 */
static void
refuse_one(struct manager *g, int64_t now)
{
	int fd;

	g->accept_resume_us = now + ACCEPT_PAUSE_US;
	if (g->reserve_fd == -1)
		return;
	close(g->reserve_fd);
	fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd != -1)
		refuse_fd(fd, FULL);
	if (dup2(STDIN_FILENO, g->reserve_fd) == -1)
		g->reserve_fd = -1;
}

static void
accept_client(struct manager *g, int64_t now)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(cred);
	int fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC |
	    SOCK_NONBLOCK);

	if (fd == -1 && errno != EAGAIN && errno != EINTR &&
	    errno != ECONNABORTED)
		refuse_one(g, now);
	if (fd == -1)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    (cred.uid != 0 && cred.uid != g->owner)) {
		log_warnx("%s: refused a local process of uid %u", g->name,
		    (unsigned)cred.uid);
		close(fd);
		return;
	}
	if (client_new(g, fd, now) == NULL)
		refuse_fd(fd, FULL);
}

/* ---- the manager's loop ---- */

/*
 * Only what is open is handed to poll(), which refuses a table longer than
 * the limit of descriptors.  Returns its length.
 */
static unsigned
watch_all(struct manager *g, int64_t now)
{
	unsigned n = P_FIXED;

	g->poll[P_NONE] = (struct pollfd){ -1, 0, 0 };
	g->poll[P_SIGNAL] = (struct pollfd){ g->signals, POLLIN, 0 };
	g->poll[P_LISTENER] = (struct pollfd){ now < g->accept_resume_us ? -1 :
	    g->listener, POLLIN, 0 };
	g->poll[P_MONITOR] = (struct pollfd){ g->monitor, POLLIN, 0 };
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];
		struct conn *co = &g->conn[i];
		size_t len;
		short out = 0;

		if (!is_over(co) && (co->connecting || ctrl_output(&co->ctrl,
		    &len, clock_us()) != NULL))
			out = POLLOUT;
		cl->at = co->at = P_NONE;
		if (cl->fd != -1) {
			cl->at = n++;
			g->poll[cl->at] = (struct pollfd){ cl->fd,
			    cl->status ? POLLOUT : POLLIN, 0 };
		}
		if (co->fd != -1) {
			co->at = n++;
			g->poll[co->at] = (struct pollfd){ co->fd,
			    (short)(POLLIN | out), 0 };
		}
	}
	return n;
}

static int64_t
next_deadline(const struct manager *g, int64_t now)
{
	int64_t due = now < g->accept_resume_us ? g->accept_resume_us :
	    CTRL_NEVER;

	for (unsigned i = 0; i < g->high; i++) {
		const struct client *cl = &g->client[i];
		const struct conn *co = &g->conn[i];

		if (cl->fd != -1 && cl->deadline < due)
			due = cl->deadline;
		if (cl->fd != -1 && cl->wait > WAIT_SCCRP)
			due = now;
		if (co->fd != -1 && (!co->stopping || co->draining) &&
		    co->stop_at < due)
			due = co->stop_at;
		if (!is_over(co) && !co->connecting &&
		    ctrl_due(&co->ctrl) < due)
			due = ctrl_due(&co->ctrl);
	}
	return due;
}

static void
serve_slot(struct manager *g, unsigned i, int64_t now)
{
	struct client *cl = &g->client[i];
	struct conn *co = &g->conn[i];
	/* A slot taken since the poll is at P_NONE: no events. */
	short cl_events = g->poll[cl->at].revents;
	short co_events;

	if (cl->fd != -1 && cl_events != 0) {
		if (cl->status && (cl_events & POLLOUT) != 0)
			status_more(g, cl, now);
		else
			client_readable(g, cl, now);
	}
	if (cl->fd != -1 && cl->deadline <= now)
		client_late(g, cl, now);
	co_events = g->poll[co->at].revents;
	if (co->fd != -1 && co->draining) {
		if (now >= co->stop_at)
			conn_free(co);
		else if (co_events != 0)
			conn_discard(co);
	} else if (co->fd != -1 && co_events != 0) {
		if (co->connecting)
			conn_writable(g, co, now);
		else if ((co_events & ~POLLOUT) != 0)
			conn_readable(g, co, now);
	}
	if (!is_over(co) && !co->connecting) {
		if (ctrl_due(&co->ctrl) <= now)
			ctrl_tick(&co->ctrl, now);
		conn_run(g, co, now);
	}
}

static void
stop_all(struct manager *g, int64_t now)
{
	for (unsigned i = 0; i < g->high; i++) {
		struct conn *co = &g->conn[i];

		if (is_over(co))
			continue;
		if (co->connecting)
			conn_failed(g, co, ECANCELED);
		else {
			conn_stop(co, now);
			conn_run(g, co, now);
		}
	}
}

static bool
idle(struct manager *g)
{
	while (g->high > 0 && g->client[g->high - 1].fd == -1 &&
	    g->conn[g->high - 1].fd == -1)
		g->high--;
	return g->high == 0;
}

/* A signal asks for the end: no further client, an orderly end for calls. */
static void
on_signal(struct manager *g)
{
	close(g->listener);
	close(g->signals);
	g->listener = g->signals = -1;
	g->refusal = "the call manager was told to end";
	stop_all(g, clock_us());
}

static void
manager_loop(struct manager *g)
{
	/* The client that started us comes at once, or none will. */
	int64_t unserved = clock_us() + REQUEST_TIMEOUT_US;

	for (;;) {
		int64_t now = clock_us(), due;
		int n;

		if (!idle(g))
			unserved = 0;
		else if (now >= unserved)
			return;	/* a client in the backlog starts another */
		due = next_deadline(g, now);
		n = poll(g->poll, watch_all(g, now), poll_timeout(
		    unserved != 0 && unserved < due ? unserved : due, now));
		if (n == -1 && errno != EINTR) {
			/* No memory for its table: wait for some. */
			if (errno != ENOMEM && errno != EAGAIN)
				return;
			(void)poll(NULL, 0, 10);
		}
		now = clock_us();
		if (n > 0 && g->poll[P_SIGNAL].revents != 0)
			on_signal(g);
		if (n > 0 && g->poll[P_MONITOR].revents != 0) {
			close(g->monitor);
			g->monitor = -1;
		}
		for (unsigned i = 0; i < g->high; i++)
			serve_slot(g, i, now);
		waiters_go(g, now);
		if (n > 0 && g->listener != -1 &&
		    g->poll[P_LISTENER].revents != 0)
			accept_client(g, now);
	}
}

/* Waits until the monitor is ready; false if it ends or fails before. */
static bool
monitor_is_ready(int monitor)
{
	struct ipc_msg m;

	return fd_wait(monitor, -1, clock_us() + MONITOR_US) == 0 &&
	    ipc_take(monitor, &m, NULL) == 1 && m.type == IPC_READY;
}

void
callmgr_run(const struct monitor_start *s, int monitor)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP };
	/* By mmap(): unused pages cost nothing. */
	struct manager *g = mmap(NULL, sizeof(*g), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int keep[] = { s->listener, s->client, monitor, -1, log_fd(), -1 };

	if (g == MAP_FAILED)
		fatal(EXIT_SYSTEM, "call manager for %s: out of memory",
		    s->name);
	g->server = s->server;
	memcpy(g->name, s->name, sizeof(g->name));
	g->owner = geteuid();
	g->listener = s->listener;
	g->monitor = monitor;
	(void)fd_nonblock(monitor);	/* it may be at work on routes */
	g->signals = keep[3] = signal_fd(sigs, 3);
	g->reserve_fd = keep[5] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (s->client != -1) {
		(void)fd_nonblock(s->client);
		(void)client_new(g, s->client, clock_us());
	}
	random_bytes(&g->serial, sizeof(g->serial));
	random_bytes(&g->seed, sizeof(g->seed));
	if (!monitor_is_ready(monitor))
		g->refusal = "the call manager's monitor failed, which keeps "
		    "the host route (the system log says why)";
	if (sandbox_enter(SANDBOX_MANAGER, keep, 6) == -1)
		exit(EXIT_SYSTEM);
	manager_loop(g);
	exit(EXIT_OK);
}
