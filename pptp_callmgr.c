/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call manager: one per server.  It owns the TCP connections to the server
 * and puts the calls of its clients (clients.h) on them.  It has no privilege
 * left when it reads from either.
 *
 * A call ends when its client's unix socket closes; the manager ends with its
 * last call.
 */
#include <sys/mman.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "conf.h"
#include "pptp_callmgr.h"
#include "pptp_ctrl.h"
#include "sandbox.h"
#include "util.h"

enum {
	MONITOR_US = 5000000,		/* for the monitor's READY */
	LAST_CALL_US = 200000,		/* for the end of a connection whose
					 * last call the server ended */
	DRAIN_US = 500000		/* for the server to close its end */
};

/* P_NONE stands for what is not watched; its revents stay 0. */
enum { P_NONE, P_SIGNAL, P_LISTENER, P_MONITOR, P_FIXED };

enum conn_state {
	CONN_FREE,		/* this slot is */
	CONN_DRAINING,		/* our side is closed; discards input */
	CONN_CONNECTING,
	CONN_OPEN,		/* TCP is connected */
	CONN_UP			/* its SCCRP has come */
};

struct conn {
	struct manager	*g;
	enum conn_state	 state;
	int		 fd;
	unsigned	 at;		/* in the table for poll() */
	int64_t		 stop_at;	/* the server may close it until then,
					 * or the end of draining; or never */
	struct ctrl	 ctrl;		/* its conf: others have to suit */
};

struct manager {
	const char	*name;		/* of the server */
	int64_t		 now;		/* since poll() returned */
	int		 monitor, signals;
	const char	*refusal;	/* why there is no further call */
	uint16_t	 serial;
	struct clients	 clients;
	unsigned	 high;		/* connections in use lie below */
	struct conn	 conn[CLIENTS];
	struct pollfd	 poll[P_FIXED + 2 * CLIENTS];
};

/* ---- control connections ---- */

/* The next client, as clients_next(), whose call is on this connection. */
static struct client *
next_on(const struct conn *co, struct client *cl)
{
	while ((cl = clients_next(&co->g->clients, cl)) != NULL &&
	    cl->conn != co)
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
 * Ends our side of a connection.  Closing the socket at once would answer what
 * the server still sends with a TCP reset.
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

/* Are address, mark, port, quirks, timers and name those of this call? */
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

/* Its call is on no connection yet. */
static bool
is_waiting(const struct client *cl)
{
	return cl->tcp != -1;
}

/*
 * A connection has ended before its SCCRP: each call that waited for that makes
 * one of its own.  Waiting for each other's failures would use up their
 * timeouts.
 */
static void
waiters_part(const struct conn *co)
{
	struct client *cl = NULL;

	while ((cl = clients_next(&co->g->clients, cl)) != NULL)
		if (is_waiting(cl) && conn_suits(co, &cl->call))
			cl->alone = true;
}

/* ---- their events ---- */

/* Sends a line to the gateways it concerns; without any it is logged here. */
static void
on_log(const struct conn *co, const struct ctrl_event *e)
{
	struct client *cl = next_on(co, NULL);

	if (cl == NULL)
		log_line(e->level, "%s: %s", co->g->name, e->text);
	for (; cl != NULL; cl = next_on(co, cl))
		client_say(cl, IPC_LOG, (unsigned)e->level, e->text);
}

/*
 * All tunnels share one host route, which keeps the path of those that use it.
 */
static bool
route_is_others(struct manager *g, const struct client *cl)
{
	struct client *o = NULL;

	while ((o = clients_next(&g->clients, o)) != NULL)
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

/* The server has answered: sends what its SCCRP said, and that OCRQ is next. */
static void
send_server(struct manager *g, struct client *cl)
{
	struct ipc_msg m = { .type = IPC_SERVER,
	    .server = cl->conn->ctrl.peer };

	client_send(cl, &m);
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
	struct client *cl = clients_find(&co->g->clients, id);

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
		 * It would wait for UP in vain: so client_readable() is made to
		 * end it.
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
		client_down(cl, e->status, e->text);
	/* Some servers end the connection with its last call, others do not. */
	if (e->status == EXIT_SERVER_ENDED && ctrl_calls(&co->ctrl) == 0)
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
 * Ends a connection that has no client, and sends what may be sent.  co may be
 * free afterwards, as after conn_readable() and conn_writable().
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

/* What the server still sends while it drains is thrown away. */
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
		/* It has this client only. */
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
 * A connection that this call may share, or may once its SCCRP has come; NULL
 * if there is none, or if another's SCCRP said that it takes one call.
 */
static struct conn *
conn_to_share(struct manager *g, const struct ipc_call *call)
{
	struct conn *coming = NULL;
	bool takes_one = false;

	for (struct conn *co = g->conn; co < g->conn + g->high; co++) {
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

/* Pages of slots that were never used cost nothing. */
static struct conn *
conn_new(struct manager *g, int fd, const struct ipc_call *call)
{
	struct conn *co = g->conn;

	while (co < g->conn + g->high && co->state != CONN_FREE)
		co++;
	if (co == g->conn + CLIENTS)
		return NULL;
	if (co == g->conn + g->high)
		g->high++;
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
	if (fd_connect(co->fd, g->clients.server, cl->call.port) == 0)
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
 * Puts each waiting call on a connection that there is, or makes one; or lets
 * it wait for one that is being made.  A failure is told.
 */
static void
calls_place(struct manager *g)
{
	struct client *cl = NULL;

	while ((cl = clients_next(&g->clients, cl)) != NULL) {
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

/* Sends the reason and ends the client, with a call that it had before. */
static void
client_refuse(struct manager *g, struct client *cl, unsigned status,
    const char *text)
{
	client_say(cl, IPC_DOWN, status, text);
	client_gone(g, cl);
}

static void
on_call(struct manager *g, struct client *cl, const struct ipc_call *call,
    struct ipc_fds *fds)
{
	int tcp = fds->fd[IPC_FD_TCP];

	if (cl->wants != NOTHING_YET ||
	    call->server != g->clients.server.s_addr ||
	    tcp == -1 || fd_nonblock(tcp) == -1)
		client_refuse(g, cl, EXIT_SYSTEM, "the call manager did not "
		    "understand: is an older pptp still running?");
	else if (clients_find(&g->clients, call->id) != NULL)
		client_down(cl, IPC_ID_TAKEN, "call id in use");
	else
		client_asked(&g->clients, cl, call, fds, g->now);
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
		client_list(&g->clients, cl, g->now);
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

/* Where the table for poll() now has this descriptor. */
static unsigned
watch(struct manager *g, unsigned *n, int fd, int events)
{
	g->poll[*n] = (struct pollfd){ fd, (short)events, 0 };
	return (*n)++;
}

/*
 * Only what is open is handed to poll(), which refuses a table longer than
 * the limit of descriptors.  Returns its length.
 */
static unsigned
watch_all(struct manager *g)
{
	struct client *cl = NULL;
	unsigned n = 0;
	size_t len;

	(void)watch(g, &n, -1, 0);	/* in the order of P_NONE and so on */
	(void)watch(g, &n, g->signals, POLLIN);
	(void)watch(g, &n, g->now < g->clients.accept_resume_us ? -1 :
	    g->clients.listener, POLLIN);
	(void)watch(g, &n, g->monitor, POLLIN);
	while ((cl = clients_next(&g->clients, cl)) != NULL)
		cl->at = watch(g, &n, cl->fd, cl->wants == A_LISTING ?
		    POLLOUT : POLLIN);
	for (struct conn *co = g->conn; co < g->conn + g->high; co++) {
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
	int64_t due = g->now < g->clients.accept_resume_us ?
	    g->clients.accept_resume_us : CTRL_NEVER;
	struct client *cl = NULL;

	while ((cl = clients_next(&g->clients, cl)) != NULL)
		due = sooner(due, is_waiting(cl) && cl->alone ? g->now :
		    cl->deadline);
	for (struct conn *co = g->conn; co < g->conn + g->high; co++) {
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
		client_list(&g->clients, cl, g->now);
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

/* A signal asks for the end: no further client, an orderly end for calls. */
static void
on_signal(struct manager *g)
{
	close(g->clients.listener);
	close(g->signals);
	g->clients.listener = g->signals = -1;
	g->refusal = "the call manager was told to end";
	for (struct conn *co = g->conn; co < g->conn + g->high; co++)
		if (co->state >= CONN_CONNECTING)
			ctrl_stop(&co->ctrl, g->now);
}

static bool
idle(struct manager *g)
{
	while (g->high > 0 && g->conn[g->high - 1].state == CONN_FREE)
		g->high--;
	return clients_none(&g->clients) && g->high == 0;
}

/* Where poll() failed there are no events, but deadlines. */
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
	while ((cl = clients_next(&g->clients, cl)) != NULL)
		serve_client(g, cl);
	for (struct conn *co = g->conn; co < g->conn + g->high; co++)
		if (co->state != CONN_FREE)
			serve_conn(g, co);
	calls_place(g);
	if (g->clients.listener != -1 && g->poll[P_LISTENER].revents != 0)
		clients_accept(&g->clients, g->now);
}

static void
manager_loop(struct manager *g)
{
	/* The client that started us comes at once, or none will. */
	int64_t unserved, due;

	g->now = clock_us();
	unserved = g->now + REQUEST_TIMEOUT_US;
	for (;;) {
		if (!idle(g))
			unserved = CTRL_NEVER;
		else if (unserved == CTRL_NEVER || g->now >= unserved)
			return;	/* a client in the backlog starts another */
		due = sooner(next_deadline(g), unserved);
		if (poll(g->poll, watch_all(g), poll_timeout(due,
		    clock_us())) == -1 && errno != EINTR) {
			/* No memory for its table: wait for some. */
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
	g->name = s->name;
	g->monitor = monitor;
	(void)fd_nonblock(monitor);	/* it may be at work on routes */
	g->signals = keep[3] = signal_fd(sigs, 3);
	clients_init(&g->clients, s, clock_us());
	keep[4] = g->clients.reserve_fd;
	random_bytes(&g->serial, sizeof(g->serial));
	if (!monitor_is_ready(monitor))
		g->refusal = "the call manager's monitor failed, which keeps "
		    "the host route (the system log says why)";
	if (sandbox_enter(SANDBOX_MANAGER, keep, 5) == -1)
		exit(EXIT_SYSTEM);
	manager_loop(g);
	exit(EXIT_OK);
}
