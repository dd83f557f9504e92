/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call manager: one per server.  It owns the TCP connections to the server
 * and puts the calls of its clients on them.  Clients come over the unix
 * listener: gateways, with one call each, and --status.  A gateway brings the
 * sockets that need its privilege: a TCP socket with its own mark and local
 * address, not connected yet, and a drop socket.  The manager has no privilege
 * left when it reads from either side.
 *
 * A call ends when its client's unix socket closes; the manager ends with its
 * last call.
 */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

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
#include "ipc_msg.h"
#include "pptp_callmgr.h"
#include "pptp_ctrl.h"
#include "sandbox.h"
#include "util.h"

/* Told to a client if no descriptor is left for it, or for those it passes. */
#define CLIENTS_FULL	"this call manager has no descriptor left for a " \
	"further tunnel (raise the limit with ulimit -n)"

enum {
	CLIENTS = 512,			/* of one server, at most */
	DROP_SOCKS = 16,		/* one for each local address */
	REQUEST_US = 2000000,		/* for a client's first message */
	ACCEPT_PAUSE_US = 200000,	/* after accept() lacked a descriptor */
	MONITOR_US = 5000000,		/* for the monitor's READY */
	LAST_CALL_US = 200000,		/* for the server to end a connection
					 * whose last call it has ended */
	DRAIN_US = 500000		/* for the server to close its end */
};

/* Rows of poll()'s table.  P_NONE is for what is not watched: no events. */
enum { P_NONE, P_SIGNAL, P_LISTENER, P_MONITOR, P_FIXED };

enum conn_state {
	CONN_FREE,		/* this slot is free */
	CONN_DRAINING,		/* our side is closed; discards input */
	CONN_CONNECTING,
	CONN_OPEN,		/* TCP is connected */
	CONN_UP			/* its SCCRP has come */
};

struct conn {
	struct manager	*g;
	enum conn_state	 state;
	int		 fd;
	unsigned	 at;		/* index in poll[] */
	int64_t		 stop_at;	/* when to stop waiting for the server
					 * to end it or, in CONN_DRAINING, to
					 * close its end; or CTRL_NEVER */
	struct ctrl	 ctrl;		/* calls that match ctrl.conf may
					 * share it: see conn_suits() */
};

struct client {
	int		 fd;		/* -1: this slot is free */
	unsigned	 at;		/* index in poll[]; P_NONE: not in it */
	enum { NOTHING_YET, A_CALL, A_LISTING } wants;
	bool		 routed;	/* the host route follows its path */
	struct conn	*conn;		/* its call is on it; NULL: none yet */
	int		 tcp;		/* until conn has it; or -1 */
	bool		 alone;		/* its call is not to share a conn */
	struct ipc_call call;
	const struct gre_counters *n;	/* shared by the gateway, or NULL */
	uint16_t	 peer_id;
	int64_t		 deadline;	/* to ask; then for its call to be up */
	int64_t		 up_since;	/* 0: it is not up */
	unsigned	 cursor;	/* next slot of a listing */
};

struct manager {
	struct in_addr	 server;
	const char	*name;		/* of the server */
	int64_t		 now;		/* when poll() returned */
	int		 monitor, signals;
	const char	*refusal;	/* why new calls are refused; or NULL */
	uint16_t	 serial;
	uid_t		 owner;		/* only its clients and root's are
					 * served */
	int		 listener;	/* -1: private, or no more clients */
	int		 reserve_fd;	/* to refuse a client with; or -1 */
	int64_t		 accept_resume_us;	/* until then no accept() */
	uint32_t	 drop_local[DROP_SOCKS];	/* with a drop socket */
	unsigned	 drop_socks;
	unsigned	 clients, conns;	/* slots beyond are all free */
	struct client	 client[CLIENTS];
	struct conn	 conn[CLIENTS];
	struct pollfd	 poll[P_FIXED + 2 * CLIENTS];
};

/* ---- clients ---- */

/* A client that does not read loses messages, not its call. */
static void
client_step(const struct client *cl, enum ipc_step step)
{
	struct ipc_msg m = { .type = IPC_STEP, .step = step };

	(void)ipc_send(cl->fd, &m, NULL);
}

/*
 * The code of a DOWN is an exit_status or IPC_ID_TAKEN, that of a LOG a level.
 * A client gets no LOG above the level it asked for.
 */
static void
client_say(const struct client *cl, enum ipc_type type, unsigned code,
    const char *text)
{
	struct ipc_msg m = { .type = type, .said.code = (uint8_t)code };

	if (type == IPC_LOG && code > cl->call.loglevel)
		return;
	snprintf(m.said.text, sizeof(m.said.text), "%s", text);
	(void)ipc_send(cl->fd, &m, NULL);
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

static void
client_down(struct client *cl, unsigned status, const char *text)
{
	client_say(cl, IPC_DOWN, status, text);
	client_free(cl);
}

/* The client in the next slot in use (after NULL: the first), or NULL. */
static struct client *
clients_next(struct manager *g, struct client *after)
{
	struct client *cl = after == NULL ? g->client : after + 1;

	while (cl < g->client + g->clients && cl->fd == -1)
		cl++;
	return cl < g->client + g->clients ? cl : NULL;
}

static struct client *
clients_find(struct manager *g, uint16_t id)
{
	struct client *cl = NULL;

	while ((cl = clients_next(g, cl)) != NULL)
		if (cl->wants == A_CALL && cl->call.id == id)
			break;
	return cl;
}

/* Takes the lowest free slot: pages of slots never used cost nothing. */
static void
client_new(struct manager *g, int fd)
{
	struct client *cl = g->client;

	while (cl < g->client + g->clients && cl->fd != -1)
		cl++;
	if (cl == g->client + CLIENTS) {
		struct client none = { .fd = fd, .tcp = -1 };

		client_down(&none, EXIT_SYSTEM, CLIENTS_FULL);
		return;
	}
	if (cl == g->client + g->clients)
		g->clients++;
	*cl = (struct client){ .fd = fd, .tcp = -1,
	    .deadline = g->now + REQUEST_US };
}

/*
 * accept() has no descriptor left.  The client would stay in the backlog and
 * make poll() return at once again and again: so accept() is suspended, and the
 * reserved descriptor is used to refuse one client.
 */
static void
refuse_one(struct manager *g)
{
	struct client cl = { .tcp = -1 };

	g->accept_resume_us = g->now + ACCEPT_PAUSE_US;
	if (g->reserve_fd == -1)
		return;
	close(g->reserve_fd);
	cl.fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (cl.fd != -1)
		client_down(&cl, EXIT_SYSTEM, CLIENTS_FULL);
	if (dup2(STDIN_FILENO, g->reserve_fd) == -1)
		g->reserve_fd = -1;
}

static void
clients_accept(struct manager *g)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(cred);
	int fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC |
	    SOCK_NONBLOCK);

	if (fd == -1 && errno != EAGAIN && errno != EINTR &&
	    errno != ECONNABORTED)
		refuse_one(g);
	if (fd == -1)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    (cred.uid != 0 && cred.uid != g->owner)) {
		log_warnx("%s: refused a local process of uid %u", g->name,
		    (unsigned)cred.uid);
		close(fd);
		return;
	}
	client_new(g, fd);
}

/* ---- control connections ---- */

/* As clients_next(), but only clients whose call is on this connection. */
static struct client *
next_on(const struct conn *co, struct client *cl)
{
	while ((cl = clients_next(co->g, cl)) != NULL && cl->conn != co)
		;
	return cl;
}

static void
conn_free(struct conn *co)
{
	close(co->fd);
	co->state = CONN_FREE;
}

/*
 * Shuts down our side of a connection.  If the socket were closed at once,
 * anything the server still sends would be answered with a TCP reset.
 */
static void
conn_drain(struct conn *co)
{
	bool connected = co->state > CONN_CONNECTING;

	co->state = CONN_DRAINING;
	co->stop_at = co->g->now + DRAIN_US;
	if (!connected || shutdown(co->fd, SHUT_WR) == -1)
		conn_free(co);
}

/*
 * May this call share co?  Only if co is usable and has the call's address,
 * mark, port, quirks, timers and host name.
 */
static bool
conn_suits(const struct conn *co, const struct ipc_call *call)
{
	const struct ipc_call *own = &co->ctrl.conf;

	return co->state >= CONN_CONNECTING && co->stop_at == CTRL_NEVER &&
	    own->local == call->local && own->mark == call->mark &&
	    own->port == call->port && own->quirks == call->quirks &&
	    own->idle_us == call->idle_us && own->echo_us == call->echo_us &&
	    strcmp(own->hostname, call->hostname) == 0;
}

/* Has the client a call that is on no connection yet? */
static bool
is_waiting(const struct client *cl)
{
	return cl->tcp != -1;
}

/*
 * A connection has ended before its SCCRP: each call that waited to share it
 * gets one of its own.  If they tried one after the other, each failure would
 * use up the time of those behind.
 */
static void
waiters_part(const struct conn *co)
{
	struct client *cl = NULL;

	while ((cl = clients_next(co->g, cl)) != NULL)
		if (is_waiting(cl) && conn_suits(co, &cl->call))
			cl->alone = true;
}

/* ---- events of control connections ---- */

/* Sends a line to the gateways on this connection; without any, logs it. */
static void
on_log(const struct conn *co, const struct ctrl_event *e)
{
	struct client *cl = next_on(co, NULL);

	if (cl == NULL)
		log_line(e->code, "%s: %s", co->g->name, e->text);
	for (; cl != NULL; cl = next_on(co, cl))
		client_say(cl, IPC_LOG, e->code, e->text);
}

/*
 * All tunnels share one host route: does another tunnel hold it on a different
 * path?
 */
static bool
route_is_others(struct manager *g, const struct client *cl)
{
	struct client *o = NULL;

	while ((o = clients_next(g, o)) != NULL)
		if (o != cl && o->routed &&
		    (o->call.local != cl->call.local ||
		    o->call.mark != cl->call.mark))
			return true;
	return false;
}

/*
 * Asks the monitor for the host route along the path of a client's connection.
 */
static void
ask_route(struct manager *g, struct client *cl)
{
	struct ipc_msg m = { .type = IPC_ROUTE };
	struct ipc_fds fds = IPC_NO_FDS;
	char text[IPC_TEXT];

	if (route_is_others(g, cl)) {
		snprintf(text, sizeof(text), "%s: the host route stays that "
		    "of a tunnel with another --localbind or --rtmark",
		    g->name);
		client_say(cl, IPC_LOG, LOG_L_INFO, text);
		return;
	}
	cl->routed = true;
	fds.fd[IPC_FD_TCP] = cl->conn->fd;
	if (g->monitor != -1 && ipc_send(g->monitor, &m, &fds) == -1)
		log_warn("%s: cannot ask for the host route", g->name);
}

/* Tells the client what the server's SCCRP said, and that its OCRQ is next. */
static void
send_server(struct manager *g, struct client *cl)
{
	struct ipc_msg m = { .type = IPC_SERVER,
	    .server = cl->conn->ctrl.peer };

	(void)ipc_send(cl->fd, &m, NULL);
	client_step(cl, IPC_CALLING);
	if (cl->call.hostroute)
		ask_route(g, cl);
}

static void
on_server(struct conn *co)
{
	struct client *cl = NULL;

	co->state = CONN_UP;
	while ((cl = next_on(co, cl)) != NULL)
		send_server(co->g, cl);
}

/* The client of a call on this connection; NULL: it has gone. */
static struct client *
client_of(const struct conn *co, uint16_t id)
{
	struct client *cl = clients_find(co->g, id);

	return cl != NULL && cl->conn == co ? cl : NULL;
}

static void
on_call_up(const struct conn *co, const struct ctrl_event *e)
{
	struct client *cl = client_of(co, e->call);
	struct ipc_msg m = { .type = IPC_UP, .peer_id = e->peer_id };

	if (cl == NULL)
		return;
	cl->up_since = co->g->now;
	cl->peer_id = e->peer_id;
	cl->deadline = CTRL_NEVER;
	if (ipc_send(cl->fd, &m, NULL) == -1) {
		/*
		 * The gateway would wait for UP in vain: shutdown() makes
		 * client_readable() end it.
		 */
		log_warn("%s: call %u ends: its gateway cannot be told that "
		    "it is up", co->g->name, e->call);
		(void)shutdown(cl->fd, SHUT_RDWR);
	}
}

/* The call is over; its gateway, if there still is one, is told why. */
static void
on_call_down(struct conn *co, const struct ctrl_event *e)
{
	struct client *cl = client_of(co, e->call);

	if (cl != NULL)
		client_down(cl, e->code, e->text);
	/* Some servers end the connection with its last call, others do not. */
	if (e->code == EXIT_SERVER_ENDED && ctrl_calls(&co->ctrl) == 0)
		co->stop_at = co->g->now + LAST_CALL_US;
}

static void
on_event(void *conn, const struct ctrl_event *e)
{
	struct conn *co = conn;

	switch (e->type) {
	case CTRL_EV_LOG:
		on_log(co, e);
		break;
	case CTRL_EV_UP:
		on_server(co);
		break;
	case CTRL_EV_CALL_UP:
		on_call_up(co, e);
		break;
	case CTRL_EV_CALL_DOWN:
		on_call_down(co, e);
		break;
	case CTRL_EV_CLOSED:
		if (co->state < CONN_UP)
			waiters_part(co);
		conn_drain(co);
		break;
	}
}

/*
 * Ends a connection that has no client left, and sends what may be sent.  The
 * slot may be free afterwards, as after conn_readable() and conn_writable().
 */
static void
conn_run(struct conn *co)
{
	int64_t now = co->g->now;
	const uint8_t *p;
	size_t len;
	ssize_t n;

	if (co->state >= CONN_CONNECTING && next_on(co, NULL) == NULL &&
	    (co->stop_at == CTRL_NEVER || now >= co->stop_at)) {
		co->stop_at = CTRL_NEVER;
		ctrl_stop(&co->ctrl, now);
	}
	while (co->state >= CONN_OPEN &&
	    (p = ctrl_output(&co->ctrl, &len, now)) != NULL) {
		n = send(co->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			ctrl_sent(&co->ctrl, (size_t)n, now);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			ctrl_eof(&co->ctrl, errno);
	}
}

/* What the server still sends while co drains is thrown away. */
static void
conn_readable(struct conn *co)
{
	uint8_t buf[4096];
	ssize_t n = recv(co->fd, buf, sizeof(buf), MSG_DONTWAIT);
	size_t used = 0;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 && co->state == CONN_DRAINING)
		conn_free(co);
	else if (n <= 0)
		ctrl_eof(&co->ctrl, n == 0 ? 0 : errno);
	while (n > 0 && used < (size_t)n && co->state >= CONN_OPEN) {
		used += ctrl_feed(&co->ctrl, buf + used, (size_t)n - used,
		    co->g->now);
		conn_run(co);
	}
}

/* ---- connecting ---- */

/* What to try when TCP does not connect. */
static const char *
connect_hint(int err)
{
	return err == ECONNREFUSED ? " (is a PPTP server running there?)" :
	    err == ETIMEDOUT ? " (is that port blocked on the way?)" :
	    err == EHOSTUNREACH ? " (is that machine on, and the address "
	    "right? ping it; or a firewall there or on the way says so)" : "";
}

/* TCP is connected, or err says why not. */
static void
conn_tried(struct conn *co, int err)
{
	char text[IPC_TEXT];

	if (err == 0) {
		co->state = CONN_OPEN;
		/* The connection has one client only. */
		client_step(next_on(co, NULL), IPC_CONNECTED);
		conn_run(co);
		return;
	}
	snprintf(text, sizeof(text), "cannot connect to %s port %u: %s%s",
	    co->g->name, co->ctrl.conf.port, strerror(err), connect_hint(err));
	ctrl_abort(&co->ctrl, EXIT_CONNECT, text);
}

static void
conn_writable(struct conn *co)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(co->fd, SOL_SOCKET, SO_ERROR, &err, &len) == -1)
		err = errno;
	conn_tried(co, err);
}

/*
 * A connection that this call may share, now or once its SCCRP has come.  NULL
 * if there is none, or if an SCCRP said that the server takes only one call per
 * connection.
 */
static struct conn *
conn_to_share(struct manager *g, const struct ipc_call *call)
{
	struct conn *coming = NULL;
	bool takes_one = false;

	for (struct conn *co = g->conn; co < g->conn + g->conns; co++) {
		if (!conn_suits(co, call))
			continue;
		if (co->state < CONN_UP)
			coming = co;
		else if (ctrl_has_room(&co->ctrl))
			return co;
		else if (co->ctrl.peer.max_channels <= 1)
			takes_one = true;
	}
	return takes_one ? NULL : coming;
}

/* Takes the lowest free slot: pages of slots never used cost nothing. */
static struct conn *
conn_new(struct manager *g, int fd, const struct ipc_call *call)
{
	struct conn *co = g->conn;

	while (co < g->conn + g->conns && co->state != CONN_FREE)
		co++;
	if (co == g->conn + CLIENTS)
		return NULL;
	if (co == g->conn + g->conns)
		g->conns++;
	co->g = g;
	co->state = CONN_CONNECTING;
	co->fd = fd;
	co->at = P_NONE;
	co->stop_at = CTRL_NEVER;
	ctrl_init(&co->ctrl, call, on_event, co, g->now);
	return co;
}

/* Begins a call on a connection of its own. */
static void
call_on_new(struct manager *g, struct client *cl)
{
	struct conn *co = conn_new(g, cl->tcp, &cl->call);

	if (co == NULL) {
		client_down(cl, EXIT_SYSTEM, "this call manager has no room "
		    "for a further control connection");
		return;
	}
	cl->tcp = -1;
	cl->conn = co;
	client_step(cl, IPC_CONNECTING);
	(void)ctrl_call_open(&co->ctrl, &cl->call, g->serial++, g->now);
	if (fd_connect(co->fd, g->server, cl->call.port) == 0)
		conn_tried(co, 0);
	else if (errno != EINPROGRESS)
		conn_tried(co, errno);
}

static void
call_on_shared(struct manager *g, struct client *cl, struct conn *co)
{
	close(cl->tcp);
	cl->tcp = -1;
	cl->conn = co;
	if (ctrl_call_open(&co->ctrl, &cl->call, g->serial++, g->now) == -1) {
		client_down(cl, IPC_ID_TAKEN, "call id in use");
		return;
	}
	if (cl->conn == co)	/* nothing has ended meanwhile */
		send_server(g, cl);
	conn_run(co);
}

/*
 * Puts each waiting call on an existing connection or a new one, or lets it go
 * on waiting for one that is being set up.  A client whose call fails is told.
 */
static void
calls_place(struct manager *g)
{
	struct client *cl = NULL;

	while ((cl = clients_next(g, cl)) != NULL) {
		struct conn *share = cl->alone ? NULL :
		    conn_to_share(g, &cl->call);

		if (!is_waiting(cl))
			continue;
		if (g->refusal != NULL)
			client_down(cl, EXIT_SYSTEM, g->refusal);
		else if (share == NULL)
			call_on_new(g, cl);
		else if (share->state == CONN_UP)
			call_on_shared(g, cl, share);
	}
}

/* ---- what clients do ---- */

/* The client is gone or late: its call ends. */
static void
client_gone(struct manager *g, struct client *cl)
{
	struct conn *co = cl->conn;
	uint16_t id = cl->call.id;

	client_free(cl);
	if (co == NULL)
		return;
	if (next_on(co, NULL) != NULL)
		ctrl_call_clear(&co->ctrl, id, g->now);
	conn_run(co);
}

/* Tells the client why, and ends it and the call it may have. */
static void
client_refuse(struct manager *g, struct client *cl, unsigned status,
    const char *text)
{
	client_say(cl, IPC_DOWN, status, text);
	client_gone(g, cl);
}

/* Maps a gateway's counters, which the seal keeps it from shrinking. */
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
 * here, which ends the server's side of every tunnel.  One is enough for all
 * tunnels from its local address.
 */
static void
keep_drop_sock(struct manager *g, int *fd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	if (*fd == -1 || g->drop_socks == DROP_SOCKS ||
	    getsockname(*fd, (struct sockaddr *)&sin, &len) == -1)
		return;
	for (unsigned i = 0; i < g->drop_socks; i++)
		if (g->drop_local[i] == sin.sin_addr.s_addr)
			return;
	/* It stays open until this process ends. */
	g->drop_local[g->drop_socks++] = sin.sin_addr.s_addr;
	*fd = -1;
}

/*
 * Takes a client's call request and the descriptors it needs from *fds;
 * calls_place() does the rest.
 */
static void
on_call(struct manager *g, struct client *cl, const struct ipc_call *call,
    struct ipc_fds *fds)
{
	int *tcp = &fds->fd[IPC_FD_TCP];

	if (cl->wants != NOTHING_YET ||
	    call->server != g->server.s_addr ||
	    *tcp == -1 || fd_nonblock(*tcp) == -1)
		client_refuse(g, cl, EXIT_SYSTEM, "the call manager did not "
		    "understand: is an older pptp still running?");
	else if (clients_find(g, call->id) != NULL)
		client_down(cl, IPC_ID_TAKEN, "call id in use");
	else {
		cl->wants = A_CALL;
		cl->call = *call;
		cl->deadline = g->now + call->timeout_us;
		cl->n = map_counters(fds->fd[IPC_FD_COUNTERS]);
		keep_drop_sock(g, &fds->fd[IPC_FD_DROP]);
		cl->tcp = *tcp;
		*tcp = -1;
	}
}

/* What a listing says of one client's tunnel. */
static struct ipc_msg
tunnel_of(const struct client *cl, int64_t now)
{
	struct ipc_msg m = { .type = IPC_TUNNEL, .tunnel = {
	    .id = cl->call.id, .peer_id = cl->peer_id,
	    .server = cl->call.server, .local = cl->call.local } };

	if (cl->up_since != 0) {
		m.tunnel.up = true;
		m.tunnel.up_us = (uint64_t)(now - cl->up_since);
	}
	if (cl->n != NULL)
		m.tunnel.n = *cl->n;
	return m;
}

/* Sends as much of a listing as fits now; frees the client at its end. */
static void
client_list(struct manager *g, struct client *cl)
{
	for (;;) {
		struct ipc_msg m = { .type = IPC_END };

		while (cl->cursor < g->clients &&
		    g->client[cl->cursor].wants != A_CALL)
			cl->cursor++;
		if (cl->cursor < g->clients)
			m = tunnel_of(&g->client[cl->cursor], g->now);
		if (ipc_send(cl->fd, &m, NULL) == -1 && errno == EAGAIN)
			return;
		if (m.type == IPC_END) {
			client_free(cl);
			return;
		}
		cl->cursor++;
	}
}

static void
client_readable(struct manager *g, struct client *cl)
{
	struct ipc_msg m;
	struct ipc_fds fds;
	int n = ipc_take(cl->fd, &m, &fds);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1 && errno == EMFILE)
		client_refuse(g, cl, EXIT_SYSTEM, CLIENTS_FULL);
	else if (n == 1 && m.type == IPC_CALL)
		on_call(g, cl, &m.call, &fds);
	else if (n == 1 && m.type == IPC_STATUS && cl->wants == NOTHING_YET) {
		cl->wants = A_LISTING;
		client_list(g, cl);
	} else {
		if (n != 0)
			log_warnx("%s: a local process sent what is not ours: "
			    "its connection is closed", g->name);
		client_gone(g, cl);
	}
	ipc_fds_close(&fds);
}

/* The deadline has passed: says what the establishment was waiting for. */
static void
client_late(struct manager *g, struct client *cl)
{
	const struct conn *co = cl->conn != NULL ? cl->conn :
	    conn_to_share(g, &cl->call);
	/* What was left of --timeout when the call was requested. */
	unsigned secs = (unsigned)((cl->call.timeout_us + 500000) / 1000000);
	unsigned status = EXIT_TIMEOUT;
	char text[IPC_TEXT];

	if (cl->wants != A_CALL) {	/* does not read, or never asked */
		client_gone(g, cl);
		return;
	}
	secs += secs == 0;
	if (co != NULL && co->state == CONN_CONNECTING) {
		status = EXIT_CONNECT;
		snprintf(text, sizeof(text), "cannot connect to %s port %u: "
		    "no answer within %u s (is TCP port %u blocked on the "
		    "way?)", g->name, cl->call.port, secs, cl->call.port);
	} else if (co == NULL || co->state < CONN_UP) {
		snprintf(text, sizeof(text), "no Start-Control-Connection-"
		    "Reply from %s within %u s (it takes the connection and "
		    "says nothing: is that a PPTP server, and may this "
		    "machine use it?)", g->name, secs);
	} else {
		snprintf(text, sizeof(text), "no Outgoing-Call-Reply from %s "
		    "within %u s (it answers, but not to a call: have its "
		    "lines or addresses run out? try again later)", g->name,
		    secs);
	}
	client_refuse(g, cl, status, text);
}

/* ---- the manager's loop ---- */

/* Adds fd to poll()'s table; returns its index there. */
static unsigned
watch(struct manager *g, unsigned *n, int fd, int events)
{
	g->poll[*n] = (struct pollfd){ fd, (short)events, 0 };
	return (*n)++;
}

/*
 * Fills poll()'s table; returns its length.  Only what is open goes into it, as
 * poll() refuses a table longer than the limit of descriptors.
 */
static unsigned
watch_all(struct manager *g)
{
	struct client *cl = NULL;
	unsigned n = 0;
	size_t len;

	(void)watch(g, &n, -1, 0);	/* in the order of P_NONE and so on */
	(void)watch(g, &n, g->signals, POLLIN);
	(void)watch(g, &n, g->now < g->accept_resume_us ? -1 :
	    g->listener, POLLIN);
	(void)watch(g, &n, g->monitor, POLLIN);
	while ((cl = clients_next(g, cl)) != NULL)
		cl->at = watch(g, &n, cl->fd, cl->wants == A_LISTING ?
		    POLLOUT : POLLIN);
	for (struct conn *co = g->conn; co < g->conn + g->conns; co++) {
		bool out = co->state == CONN_CONNECTING ||
		    (co->state >= CONN_OPEN &&
		    ctrl_output(&co->ctrl, &len, g->now) != NULL);

		if (co->state != CONN_FREE)
			co->at = watch(g, &n, co->fd, out ? POLLIN | POLLOUT :
			    POLLIN);
	}
	return n;
}

static int64_t
next_deadline(struct manager *g)
{
	int64_t due = g->now < g->accept_resume_us ?
	    g->accept_resume_us : CTRL_NEVER;
	struct client *cl = NULL;

	while ((cl = clients_next(g, cl)) != NULL)
		due = sooner(due, is_waiting(cl) && cl->alone ? g->now :
		    cl->deadline);
	for (struct conn *co = g->conn; co < g->conn + g->conns; co++) {
		if (co->state != CONN_FREE)
			due = sooner(due, co->stop_at);
		if (co->state >= CONN_OPEN)
			due = sooner(due, ctrl_due(&co->ctrl));
	}
	return due;
}

static void
serve_client(struct manager *g, struct client *cl)
{
	/* A slot taken since the poll is at P_NONE: no events. */
	short events = g->poll[cl->at].revents;

	if (cl->wants == A_LISTING && (events & POLLOUT) != 0)
		client_list(g, cl);
	else if (events != 0)
		client_readable(g, cl);
	if (cl->fd != -1 && cl->deadline <= g->now)
		client_late(g, cl);
}

static void
serve_conn(struct manager *g, struct conn *co)
{
	short events = g->poll[co->at].revents;

	if (co->state == CONN_DRAINING && g->now >= co->stop_at)
		conn_free(co);
	else if (co->state == CONN_CONNECTING && events != 0)
		conn_writable(co);
	else if ((events & ~POLLOUT) != 0)
		conn_readable(co);
	if (co->state < CONN_OPEN)
		return;
	ctrl_tick(&co->ctrl, g->now);
	conn_run(co);
}

/* A signal tells us to end: takes no further client, ends calls in order. */
static void
on_signal(struct manager *g)
{
	close(g->listener);
	close(g->signals);
	g->listener = g->signals = -1;
	g->refusal = "the call manager was told to end";
	for (struct conn *co = g->conn; co < g->conn + g->conns; co++)
		if (co->state >= CONN_CONNECTING)
			ctrl_stop(&co->ctrl, g->now);
}

static bool
idle(struct manager *g)
{
	while (g->clients > 0 && g->client[g->clients - 1].fd == -1)
		g->clients--;
	while (g->conns > 0 && g->conn[g->conns - 1].state == CONN_FREE)
		g->conns--;
	return g->clients == 0 && g->conns == 0;
}

/* Also called after poll() failed: no events then, but perhaps deadlines. */
static void
serve_all(struct manager *g)
{
	struct client *cl = NULL;

	if (g->poll[P_SIGNAL].revents != 0)
		on_signal(g);
	if (g->poll[P_MONITOR].revents != 0) {
		close(g->monitor);
		g->monitor = -1;
	}
	while ((cl = clients_next(g, cl)) != NULL)
		serve_client(g, cl);
	for (struct conn *co = g->conn; co < g->conn + g->conns; co++)
		if (co->state != CONN_FREE)
			serve_conn(g, co);
	calls_place(g);
	if (g->listener != -1 && g->poll[P_LISTENER].revents != 0)
		clients_accept(g);
}

static void
manager_loop(struct manager *g)
{
	/* The client that started us comes at once, or none will. */
	int64_t unserved = clock_us() + REQUEST_US, due;

	for (;;) {
		if (!idle(g))
			unserved = CTRL_NEVER;
		else if (unserved == CTRL_NEVER || g->now >= unserved)
			return;	/* a client in the backlog starts another */
		due = sooner(next_deadline(g), unserved);
		if (poll(g->poll, watch_all(g), poll_timeout(due,
		    clock_us())) == -1 && errno != EINTR) {
			/* poll() lacks memory for its table: wait. */
			if (errno != ENOMEM && errno != EAGAIN)
				return;
			(void)poll(NULL, 0, 10);
		}
		g->now = clock_us();
		serve_all(g);
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
	int keep[] = { s->listener, s->client, monitor, -1, -1 };

	if (g == MAP_FAILED)
		fatal(EXIT_SYSTEM, "call manager for %s: out of memory",
		    s->name);
	(void)fd_nonblock(monitor);	/* the monitor may be busy */
	g->server = s->server;
	g->name = s->name;
	g->now = clock_us();
	g->monitor = monitor;
	g->signals = keep[3] = signal_fd(sigs, 3);
	g->owner = geteuid();
	g->listener = s->listener;
	g->reserve_fd = keep[4] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (s->client != -1) {
		(void)fd_nonblock(s->client);
		client_new(g, s->client);
	}
	random_bytes(&g->serial, sizeof(g->serial));
	if (!monitor_is_ready(monitor))
		g->refusal = "the call manager's monitor failed, which keeps "
		    "the host route (the system log says why)";
	if (sandbox_enter(SANDBOX_MANAGER, keep, 5) == -1)
		exit(EXIT_SYSTEM);
	manager_loop(g);
	exit(EXIT_OK);
}
