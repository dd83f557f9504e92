/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call manager: one per server.  It owns the TCP connections to it
 * and serves gateways over a unix socket; it has no privilege
 * left when it reads from either.
 *
 * A caller brings what only it may create: a TCP socket with its own mark and
 * local address, not yet connected, and a raw socket that is never read (see
 * keep_drop_sock()).  Its call ends when its socket closes; the manager ends with its
 * last call.
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

#include "conf.h"
#include "ipc.h"
#include "pptp_callmgr.h"
#include "pptp_ctrl.h"
#include "sandbox.h"
#include "util.h"

enum {
	CALLS = 512,			/* of one server, at most */
	DROP_SOCKS = 16			/* local addresses with one */
};

/* P_NONE stands for what is not watched; its revents stay 0. */
enum { P_NONE, P_SIGNAL, P_LISTENER, P_MONITOR, P_FIXED };

struct conn;

struct client {
	int		 fd;		/* -1: this slot is free */
	unsigned	 at;		/* in the table for poll() */
	bool		 asked, up, status;
	struct conn	*conn;		/* NULL: no call */
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
	uint32_t	 local, mark, quirks;
	uint16_t	 port;
	char		 hostname[PPTP_TEXT + 1];
	struct ctrl	 ctrl;
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
	int		 spare;		/* a descriptor to turn away with */
	int64_t		 deaf;		/* no caller is let in until then */
	bool		 ending;	/* told to: no further call */
	uint16_t	 serial;
	unsigned	 high;		/* slots in use lie below */
	struct client	 client[CALLS];
	struct conn	 conn[CALLS];
	struct pollfd	 poll[P_FIXED + 2 * CALLS];
};

enum {
	FIRST_WORD_US = 2000000,	/* patience with a silent caller */
	DEAF_US = 200000,		/* when no caller can be let in */
	END_US = 1000000		/* for each answer of an orderly end */
};

/* ---- callers, one by one ---- */

#define FULL	"this call manager has no descriptor left for a further " \
	"tunnel (raise the limit with ulimit -n)"

/* Sends one message; a caller that does not read loses it, not its call. */
static void
to_client(struct client *cl, const struct ipc_msg *m)
{
	/* A gateway that does not read loses its log lines, not its call. */
	if (cl->fd != -1)
		(void)ipc_send(cl->fd, m, NULL);
}

static void
client_free(struct client *cl)
{
	if (cl->n != NULL)
		munmap((void *)(uintptr_t)cl->n, sizeof(*cl->n));
	close(cl->fd);
	memset(cl, 0, sizeof(*cl));
	cl->fd = -1;
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

/* The caller whose call has this id of ours; NULL. */
static struct client *
client_by_id(struct manager *g, uint16_t id)
{
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];

		if (cl->fd != -1 && cl->conn != NULL && cl->call.id == id)
			return cl;
	}
	return NULL;
}

/*
 * One more pair of slots.  They are prepared no sooner than this, since the
 * pages of tables that are never used cost nothing.
 */
static bool
grow(struct manager *g)
{
	if (g->high == CALLS)
		return false;
	g->client[g->high].fd = g->conn[g->high].fd = -1;
	g->high++;
	return true;
}

/* ---- control connections: events ---- */

/* Callers whose call is on this connection. */
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
	if (co != NULL)
		co->at = P_NONE;
	return co;
}

static void
conn_free(struct conn *co)
{
	close(co->fd);
	co->fd = -1;
	co->connecting = co->stopping = false;
}

/* ---- events of the control connection ---- */

static const uint8_t status_of[] = {
	[CTRL_CAUSE_LOCAL] = EXIT_OK,
	[CTRL_CAUSE_NOT_PPTP] = EXIT_NOT_PPTP,
	[CTRL_CAUSE_REFUSED] = EXIT_REFUSED,
	[CTRL_CAUSE_CALL_REFUSED] = EXIT_CALL_REFUSED,
	[CTRL_CAUSE_TIMEOUT] = EXIT_TIMEOUT,
	[CTRL_CAUSE_SERVER_ENDED] = EXIT_SERVER_ENDED,
	[CTRL_CAUSE_LOST] = EXIT_LOST
};

/* A line goes to the gateways it concerns; without any it is ours to log. */
static void
on_log(struct manager *g, struct conn *co, const struct ctrl_event *e)
{
	struct ipc_msg m = { .type = IPC_LOG };
	bool heard = false;

	m.log.level = (uint8_t)e->level;
	snprintf(m.log.text, sizeof(m.log.text), "%s", e->text);
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];

		if (cl->fd == -1 || cl->conn != co)
			continue;
		heard = true;
		if (e->level <= cl->call.loglevel)
			to_client(cl, &m);
	}
	if (!heard)
		log_at(e->level, "%s: %s", g->name, e->text);
}

/* What the server said of itself, and that it is asked for a call now. */
static void
tell_server(struct client *cl, const struct ctrl_peer *p)
{
	struct ipc_msg m = { .type = IPC_SERVER };

	m.server.firmware = p->firmware;
	m.server.max_channels = p->max_channels;
	memcpy(m.server.host, p->host, sizeof(m.server.host));
	memcpy(m.server.vendor, p->vendor, sizeof(m.server.vendor));
	to_client(cl, &m);
	client_step(cl, IPC_CALLING);
}

static void
on_server(struct manager *g, struct conn *co)
{
	for (unsigned i = 0; i < g->high; i++)
		if (g->client[i].fd != -1 && g->client[i].conn == co)
			tell_server(&g->client[i], &co->ctrl.peer);
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
	to_client(cl, &m);
}

static void
conn_event(struct manager *g, struct conn *co, const struct ctrl_event *e,
    int64_t now)
{
	struct client *cl;

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
		cl = client_by_id(g, e->call);
		if (cl != NULL && cl->conn == co)
			client_down(cl, status_of[e->cause], e->text);
		break;
	case CTRL_EV_CLOSED:
		for (unsigned i = 0; i < g->high; i++)
			if (g->client[i].fd != -1 && g->client[i].conn == co)
				client_down(&g->client[i], status_of[e->cause],
				    e->text);
		conn_free(co);
		break;
	}
}

/* An orderly end; conn_run() follows. */
static void
conn_stop(struct conn *co, int64_t now)
{
	co->stopping = true;
	ctrl_stop(&co->ctrl, STOP_LOCAL, now);
}

/*
 * Writes what may be written and hands out events until both are quiet; ends
 * a connection without callers.  co may be free afterwards, as after
 * conn_readable() and conn_writable().
 */
static void
conn_run(struct manager *g, struct conn *co, int64_t now)
{
	struct ctrl_event e;
	const uint8_t *p;
	size_t len;
	ssize_t n;

	while (co->fd != -1 && (p = ctrl_output(&co->ctrl, &len, now)) !=
	    NULL) {
		n = send(co->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			ctrl_sent(&co->ctrl, (size_t)n, now);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			ctrl_eof(&co->ctrl, errno, now);
		if (co->ctrl.state == CTRL_CLOSED)
			break;
	}
	while (co->fd != -1 && ctrl_event(&co->ctrl, &e))
		conn_event(g, co, &e, now);
	if (co->fd != -1 && !co->stopping && conn_clients(g, co) == 0) {
		conn_stop(co, now);
		while (co->fd != -1 && ctrl_event(&co->ctrl, &e))
			conn_event(g, co, &e, now);
	}
}

static void
conn_readable(struct manager *g, struct conn *co, int64_t now)
{
	uint8_t buf[4096];
	ssize_t n = recv(co->fd, buf, sizeof(buf), MSG_DONTWAIT);
	size_t used = 0;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		ctrl_eof(&co->ctrl, n == 0 ? 0 : errno, now);
	while (n > 0 && used < (size_t)n && co->fd != -1) {
		used += ctrl_feed(&co->ctrl, buf + used, (size_t)n - used,
		    now);
		conn_run(g, co, now);
	}
}

/* ---- connecting ---- */

/* The TCP connection could not be had: everybody who waits is told why. */
static void
conn_failed(struct manager *g, struct conn *co, int err)
{
	char text[IPC_TEXT];

	snprintf(text, sizeof(text), "cannot connect to %s port %u: %s%s",
	    g->name, co->port, strerror(err),
	    err == ECONNREFUSED ? " (is a PPTP server running there?)" :
	    err == ETIMEDOUT ? " (is that port blocked on the way?)" : "");
	for (unsigned i = 0; i < g->high; i++)
		if (g->client[i].fd != -1 && g->client[i].conn == co)
			client_down(&g->client[i], EXIT_CONNECT, text);
	conn_free(co);
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
	uint32_t seed;

	co->connecting = false;
	random_bytes(&seed, sizeof(seed));
	memcpy(conf.hostname, co->hostname, sizeof(conf.hostname));
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];

		if (cl->fd == -1 || cl->conn != co)
			continue;
		/* The establishment's own deadline is kept by client_late. */
		conf.reply_us = (int64_t)cl->call.timeout_us + 1000000;
		conf.idle_us = (int64_t)cl->call.idle_us;
		conf.echo_us = (int64_t)cl->call.echo_us;
		client_step(cl, IPC_CONNECTED);
		ctrl_init(&co->ctrl, &conf, seed, now);
		fill_call_conf(&cc, g, &cl->call);
		(void)ctrl_call_open(&co->ctrl, &cc, now);
		conn_run(g, co, now);
		return;
	}
	conn_free(co);		/* its only caller has gone meanwhile */
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

/*
 * A connection that this call may share: the server announced room for it,
 * and it has the same address, mark, port, quirks, timers and name; NULL.
 */
static struct conn *
conn_to_share(struct manager *g, const struct ipc_call *call)
{
	for (unsigned i = 0; i < g->high; i++) {
		struct conn *co = &g->conn[i];

		if (co->fd != -1 && !co->connecting && !co->stopping &&
		    co->ctrl.state == CTRL_UP && ctrl_has_room(&co->ctrl) &&
		    co->local == call->local && co->mark == call->mark &&
		    co->port == call->port && co->quirks == call->quirks &&
		    co->ctrl.conf.idle_us == (int64_t)call->idle_us &&
		    co->ctrl.conf.echo_us == (int64_t)call->echo_us &&
		    strcmp(co->hostname, call->hostname) == 0)
			return co;
	}
	return NULL;
}

/*
 * Begins a call on a connection of its own over tcp, which it takes and
 * connects.  A failure is told to the caller.
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
	tell_server(cl, &co->ctrl.peer);
	conn_run(g, co, now);
}

/* ---- callers ---- */

/*
 * Shared counters are only read; the seal makes sure that the gateway cannot
 * shrink them under us.
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
 * A drop socket is a raw one whose filter drops everything.  While it is open
 * the kernel finds somebody to deliver GRE to even if a gateway's buffer is full,
 * and never tells the server that protocol 47 is unreachable here, which would
 * end its side of every tunnel.  One does for all tunnels from its address.
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

/* There is one route for all: it does not leave the path of who runs. */
static bool
route_is_others(const struct manager *g, const struct client *cl)
{
	for (unsigned i = 0; i < g->high; i++) {
		const struct client *o = &g->client[i];

		if (o != cl && o->fd != -1 && o->asked && o->call.hostroute &&
		    (o->call.local != cl->call.local ||
		    o->call.mark != cl->call.mark))
			return true;
	}
	return false;
}

static void
ask_route(struct manager *g, struct client *cl)
{
	struct ipc_msg m = { .type = IPC_ROUTE };

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
	m.route.local = cl->call.local;
	m.route.mark = cl->call.mark;
	if (g->monitor != -1 && ipc_send(g->monitor, &m, NULL) == -1)
		log_warn("%s: cannot ask for the host route", g->name);
}

/* The caller is gone or late: its call goes with it. */
static void
client_gone(struct manager *g, struct client *cl, int64_t now)
{
	struct conn *co = cl->conn;
	uint16_t id = cl->call.id;

	client_free(cl);
	if (co == NULL || co->fd == -1)
		return;
	if (co->connecting) {
		conn_free(co);
		return;
	}
	if (conn_clients(g, co) > 0)
		ctrl_call_clear(&co->ctrl, id, now);
	conn_run(g, co, now);
}

/* What it asks for cannot be; a call that it had before goes as well. */
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

static void
on_call(struct manager *g, struct client *cl, const struct ipc_call *call,
    struct ipc_fds *fds, int64_t now)
{
	struct conn *share;
	int tcp = fds->fd[IPC_FD_TCP];

	if (cl->asked || call->server != g->server.s_addr || tcp == -1 ||
	    fd_nonblock(tcp) == -1) {
		client_refuse(g, cl, "the call manager did not understand: "
		    "is an older pptp still running?", now);
		return;
	}
	if (g->ending) {
		client_refuse(g, cl, "the call manager was told to end", now);
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
	if (call->hostroute)
		ask_route(g, cl);
	share = conn_to_share(g, call);
	if (share != NULL) {
		call_on_shared(g, cl, share, now);
		return;
	}
	fds->fd[IPC_FD_TCP] = -1;
	call_on_new(g, cl, tcp, now);
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

/* A listing is sent as fast as its reader reads, record by record. */
static void
status_more(struct manager *g, struct client *cl, int64_t now)
{
	struct ipc_msg end = { .type = IPC_END };
	struct pollfd p = { .fd = cl->fd, .events = POLLOUT };

	while (poll(&p, 1, 0) == 1 && (p.revents & POLLOUT) != 0) {
		while (cl->cursor < g->high &&
		    (g->client[cl->cursor].fd == -1 ||
		    g->client[cl->cursor].conn == NULL))
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

/* Where an establishment stood when its time was over. */
static void
client_late(struct manager *g, struct client *cl, int64_t now)
{
	struct conn *co = cl->conn;
	/* What was left of --timeout as the call was asked for: nearly all. */
	uint64_t tenths = (cl->call.timeout_us + 99999) / 100000;
	double secs = (double)tenths / 10;
	struct ipc_msg m = { .type = IPC_DOWN };

	if (co == NULL) {		/* never said what it wanted */
		client_gone(g, cl, now);
		return;
	}
	m.down.status = co->connecting ? EXIT_CONNECT : EXIT_TIMEOUT;
	if (co->connecting)
		snprintf(m.down.text, sizeof(m.down.text), "cannot connect to "
		    "%s port %u: no answer within %.3g s (is TCP port %u "
		    "blocked on the way?)", g->name, co->port, secs, co->port);
	else
		snprintf(m.down.text, sizeof(m.down.text), "no %s from %s "
		    "within %.3g s", co->ctrl.state == CTRL_WAIT_REPLY ?
		    "Start-Control-Connection-Reply" : "Outgoing-Call-Reply",
		    g->name, secs);
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
	cl->at = P_NONE;
	cl->deadline = now + FIRST_WORD_US;
	return cl;
}

/* A sentence for somebody who cannot be let in, and the door. */
static void
turn_away(int fd, const char *text)
{
	struct client cl = { .fd = fd };

	client_down(&cl, EXIT_SYSTEM, text);
}

/*
 * No descriptor is left for a further caller, who would wait, and for whom we
 * would be woken again and again: the spare one is given up for a moment.
 */
static void
no_descriptor(struct manager *g, int64_t now)
{
	int fd;

	g->deaf = now + DEAF_US;
	if (g->spare == -1)
		return;
	close(g->spare);
	fd = accept4(g->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd != -1)
		turn_away(fd, FULL);
	if (dup2(STDIN_FILENO, g->spare) == -1)
		g->spare = -1;
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
		no_descriptor(g, now);
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
		turn_away(fd, FULL);
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
	g->poll[P_LISTENER] = (struct pollfd){ now < g->deaf ? -1 :
	    g->listener, POLLIN, 0 };
	g->poll[P_MONITOR] = (struct pollfd){ g->monitor, POLLIN, 0 };
	for (unsigned i = 0; i < g->high; i++) {
		struct client *cl = &g->client[i];
		struct conn *co = &g->conn[i];
		size_t len;
		short out = 0;

		if (co->fd != -1 && (co->connecting || ctrl_output(&co->ctrl,
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
	int64_t due = now < g->deaf ? g->deaf : CTRL_NEVER;

	for (unsigned i = 0; i < g->high; i++) {
		const struct client *cl = &g->client[i];
		const struct conn *co = &g->conn[i];

		if (cl->fd != -1 && cl->deadline < due)
			due = cl->deadline;
		if (co->fd != -1 && !co->connecting &&
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
	if (co->fd != -1 && co_events != 0) {
		if (co->connecting)
			conn_writable(g, co, now);
		else if ((co_events & ~POLLOUT) != 0)
			conn_readable(g, co, now);
	}
	if (co->fd != -1 && !co->connecting) {
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

		if (co->fd != -1 && co->connecting)
			conn_failed(g, co, ECANCELED);
		else if (co->fd != -1) {
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

/* Told to end: no further caller, and an orderly end for every call. */
static void
on_signal(struct manager *g)
{
	close(g->listener);
	close(g->signals);
	g->listener = g->signals = -1;
	g->ending = true;
	stop_all(g, clock_us());
}

static void
manager_loop(struct manager *g)
{
	/* Whoever started us comes at once; if not, nobody will. */
	int64_t unserved = clock_us() + FIRST_WORD_US;

	for (;;) {
		int64_t now = clock_us(), due;
		int n;

		if (!idle(g))
			unserved = 0;
		else if (now >= unserved)
			return;	/* the backlog, if any, finds it closed */
		due = next_deadline(g, now);
		n = poll(g->poll, watch_all(g, now), poll_timeout(
		    unserved != 0 && unserved < due ? unserved : due, now));
		if (n == -1 && errno != EINTR) {
			/* No memory for its table: all tunnels may wait. */
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
		if (n > 0 && g->listener != -1 &&
		    g->poll[P_LISTENER].revents != 0)
			accept_client(g, now);
	}
}

void
callmgr_run(const struct monitor_start *s, int monitor)
{
	static const int sigs[] = { SIGTERM, SIGINT, SIGHUP };
	/* Not malloc()'s: what that needs itself is more than it seems. */
	struct manager *g = mmap(NULL, sizeof(*g), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int keep[] = { s->listener, s->caller, monitor, -1, log_fd(), -1 };

	if (g == MAP_FAILED)
		fatal(EXIT_SYSTEM, "call manager for %s: out of memory",
		    s->name);
	g->server = s->server;
	memcpy(g->name, s->name, sizeof(g->name));
	g->owner = geteuid();
	g->listener = s->listener;
	g->monitor = monitor;
	(void)fd_nonblock(monitor);	/* it may be busy with routes */
	g->signals = keep[3] = signal_fd(sigs, 3);
	g->spare = keep[5] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (s->caller != -1) {
		(void)fd_nonblock(s->caller);
		(void)client_new(g, s->caller, clock_us());
	}
	random_bytes(&g->serial, sizeof(g->serial));
	if (sandbox_enter(SANDBOX_MANAGER, keep, 6) == -1)
		exit(EXIT_SYSTEM);
	manager_loop(g);
	exit(EXIT_OK);
}
