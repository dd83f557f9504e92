/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call manager: one per server.  Its clients come over the unix listener:
 * gateways, with one call each, and --status.  A gateway brings the sockets
 * that need its privilege: a TCP socket with its own mark and local address,
 * not connected yet, and a drop socket.  The manager connects the former and
 * owns it from then on.  It has no privilege left when it reads from either
 * side.
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

/* Told to a client, probably of another build. */
#define NOT_UNDERSTOOD	"the call manager did not understand: is an older " \
	"pptp still running?"

/* Told to a client if no descriptor is left for it, or for those it passes. */
#define CLIENTS_FULL	"this call manager has no descriptor left for a " \
	"further tunnel (raise the limit with ulimit -n)"

enum {
	CLIENTS = 512,			/* of one server, at most */
	DROP_SOCKS = 16,		/* one for each local address */
	REQUEST_US = 2000000,		/* for a client's first message */
	PAUSE_MS = 10,			/* after a lack of memory or so */
	MONITOR_US = 5000000,		/* for the monitor's READY */
	DRAIN_US = 500000		/* for the server to close its end */
};

/* Rows of poll()'s table.  P_NONE is for what is not watched: no events. */
enum { P_NONE, P_SIGNAL, P_LISTENER, P_MONITOR, P_FIXED };

enum stage {
	FREE,			/* this slot is free */
	NEW,			/* the client has not asked for anything */
	LISTING,
	CONNECTING,		/* it has a call; TCP is not connected yet */
	CONNECTED,		/* ctrl has the state of the call */
	DRAINING		/* our side of TCP is closed; discards input */
};

/* A client, and the connection of its call, which ends after it. */
struct client {
	struct manager	*g;
	enum stage	 stage;
	int		 fd, tcp;	/* -1: not there, or gone */
	unsigned	 at, tcp_at;	/* indexes in poll[] */
	bool		 routed;	/* the host route follows its path */
	const struct gre_counters *n;	/* shared by the gateway, or NULL */
	int64_t		 deadline;	/* to ask; for its call to be up; to
					 * end draining */
	int64_t		 up_since;	/* 0: the call is not up */
	unsigned	 cursor;	/* next slot of a listing */
	struct ctrl	 ctrl;		/* ctrl.conf: the client's request */
};

struct manager {
	struct in_addr	 server;
	const char	*name;		/* of the server */
	int64_t		 now;		/* when poll() returned */
	int		 monitor, signals;
	bool		 route_left;	/* by a client that has gone */
	const char	*refusal;	/* why new calls are refused; or NULL */
	uint16_t	 serial;
	uid_t		 owner;		/* only its clients and root's are
					 * served */
	int		 listener;	/* -1: private, or no more clients */
	int		 reserve_fd;	/* to refuse a client with; or -1 */
	uint32_t	 drop_local[DROP_SOCKS];	/* with a drop socket */
	unsigned	 drop_socks;
	unsigned	 clients;	/* slots beyond are all free */
	struct client	 client[CLIENTS];
	struct pollfd	 poll[P_FIXED + 2 * CLIENTS];
};

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

	if (type == IPC_LOG && code > cl->ctrl.conf.loglevel)
		return;
	snprintf(m.said.text, sizeof(m.said.text), "%s", text);
	(void)ipc_send(cl->fd, &m, NULL);
}

/* The client has gone or is sent away: serve_conn() ends the call it has. */
static void
client_close(struct client *cl)
{
	if (cl->n != NULL)
		munmap((void *)(uintptr_t)cl->n, sizeof(*cl->n));
	close(cl->fd);
	cl->fd = -1;
	cl->n = NULL;
	if (cl->routed)
		cl->g->route_left = true;
	cl->routed = false;
	cl->deadline = CTRL_NEVER;
	if (cl->tcp == -1)
		cl->stage = FREE;
}

static void
client_down(struct client *cl, unsigned status, const char *text)
{
	client_say(cl, IPC_DOWN, status, text);
	client_close(cl);
}

/* The client in the next slot in use (after NULL: the first), or NULL. */
static struct client *
clients_next(struct manager *g, struct client *after)
{
	struct client *cl = after == NULL ? g->client : after + 1;

	while (cl < g->client + g->clients && cl->stage == FREE)
		cl++;
	return cl < g->client + g->clients ? cl : NULL;
}

static bool
has_call(const struct client *cl)
{
	return cl->stage >= CONNECTING && cl->fd != -1;
}

static bool
id_is_taken(struct manager *g, uint16_t id)
{
	struct client *cl = NULL;

	while ((cl = clients_next(g, cl)) != NULL)
		if (has_call(cl) && cl->ctrl.conf.id == id)
			return true;
	return false;
}

/* Takes the lowest free slot: pages of slots never used cost nothing. */
static void
client_new(struct manager *g, int fd)
{
	struct client *cl = g->client;

	while (cl < g->client + g->clients && cl->stage != FREE)
		cl++;
	if (cl == g->client + CLIENTS) {
		struct client none = { .fd = fd, .tcp = -1 };

		client_down(&none, EXIT_SYSTEM, "this call manager has no "
		    "room for a further tunnel");
		return;
	}
	if (cl == g->client + g->clients)
		g->clients++;
	*cl = (struct client){ .g = g, .stage = NEW, .fd = fd, .tcp = -1,
	    .deadline = g->now + REQUEST_US };
}

/*
 * accept() has no descriptor left.  The client would stay in the backlog and
 * make poll() return at once again and again: so the reserved descriptor is
 * used to refuse it.
 */
static void
refuse_one(struct manager *g)
{
	struct client cl = { .fd = -1, .tcp = -1 };

	if (g->reserve_fd != -1) {
		close(g->reserve_fd);
		cl.fd = accept4(g->listener, NULL, NULL,
		    SOCK_CLOEXEC | SOCK_NONBLOCK);
	}
	if (cl.fd == -1)
		(void)poll(NULL, 0, PAUSE_MS);
	else
		client_down(&cl, EXIT_SYSTEM, CLIENTS_FULL);
	if (g->reserve_fd != -1 && dup2(STDIN_FILENO, g->reserve_fd) == -1)
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

/*
 * All tunnels share one host route: does another tunnel hold it on a different
 * path?
 */
static bool
route_is_others(const struct client *cl)
{
	const struct ipc_call *call = &cl->ctrl.conf;
	struct client *o = NULL;

	while ((o = clients_next(cl->g, o)) != NULL)
		if (o != cl && o->routed &&
		    (o->ctrl.conf.local != call->local ||
		    o->ctrl.conf.mark != call->mark))
			return true;
	return false;
}

/*
 * Asks the monitor for the host route along the path of a client's connection.
 */
static void
ask_route(struct client *cl)
{
	struct manager *g = cl->g;
	struct ipc_msg m = { .type = IPC_ROUTE };
	struct ipc_fds fds = IPC_NO_FDS;
	const char *why = g->monitor == -1 ?
	    "nobody keeps the host route: the monitor has gone" :
	    route_is_others(cl) ? "the host route stays that of a tunnel with "
	    "another --localbind or --rtmark" : NULL;
	char text[IPC_TEXT];

	if (why != NULL) {
		snprintf(text, sizeof(text), "%s: %s", g->name, why);
		client_say(cl, IPC_LOG, LOG_L_INFO, text);
		return;
	}
	cl->routed = true;
	fds.fd[IPC_FD_TCP] = cl->tcp;
	if (ipc_send(g->monitor, &m, &fds) == -1)
		log_warn("%s: cannot ask for the host route", g->name);
}

/*
 * Unless others share the path of the tunnel that had the host route, asks for
 * it along that of the first one that was told that it stays as it is.
 */
static void
route_hand_on(struct manager *g)
{
	struct client *cl = NULL, *heir = NULL;

	g->route_left = false;
	while ((cl = clients_next(g, cl)) != NULL) {
		if (cl->routed)
			return;
		if (heir == NULL && has_call(cl) && cl->ctrl.conf.hostroute &&
		    cl->ctrl.state != CTRL_WAIT_REPLY)
			heir = cl;
	}
	if (heir != NULL && g->monitor != -1)
		ask_route(heir);
}

/* Tells the client what the server's SCCRP said, and that its OCRQ is next. */
static void
on_server(struct client *cl)
{
	struct ipc_msg m = { .type = IPC_SERVER, .server = cl->ctrl.peer };

	(void)ipc_send(cl->fd, &m, NULL);
	client_step(cl, IPC_CALLING);
	if (cl->ctrl.conf.hostroute)
		ask_route(cl);
}

static void
on_call_up(struct client *cl)
{
	struct ipc_msg m = { .type = IPC_UP, .peer_id = cl->ctrl.peer_id };

	cl->up_since = cl->g->now;
	cl->deadline = CTRL_NEVER;
	if (ipc_send(cl->fd, &m, NULL) == -1) {
		/*
		 * The gateway would wait for UP in vain: shutdown() makes
		 * client_readable() end it.
		 */
		log_warn("%s: call %u ends: its gateway cannot be told that "
		    "it is up", cl->g->name, cl->ctrl.conf.id);
		(void)shutdown(cl->fd, SHUT_RDWR);
	}
}

static void
conn_free(struct client *cl)
{
	close(cl->tcp);
	cl->tcp = -1;
	cl->stage = FREE;
}

/*
 * Shuts down our side of a connection.  If the socket were closed at once,
 * anything the server still sends would be answered with a TCP reset.
 */
static void
conn_drain(struct client *cl)
{
	bool connected = cl->stage == CONNECTED;

	cl->stage = DRAINING;
	cl->deadline = cl->g->now + DRAIN_US;
	if (!connected || shutdown(cl->tcp, SHUT_WR) == -1)
		conn_free(cl);
}

/* The client is there up to CALL_DOWN, unless it is what has ended the call. */
static void
on_event(void *client, enum ctrl_event_type type, unsigned code,
    const char *text)
{
	struct client *cl = client;

	switch (type) {
	case CTRL_EV_LOG:
		if (cl->fd != -1)
			client_say(cl, IPC_LOG, code, text);
		else
			log_line(code, "%s: %s", cl->g->name, text);
		break;
	case CTRL_EV_UP:
		on_server(cl);
		break;
	case CTRL_EV_CALL_UP:
		on_call_up(cl);
		break;
	case CTRL_EV_CALL_DOWN:
		if (cl->fd != -1)
			client_down(cl, code, text);
		break;
	case CTRL_EV_CLOSED:
		conn_drain(cl);
		break;
	}
}

/* Sends what may be sent.  The slot may be free afterwards. */
static void
conn_write(struct client *cl)
{
	int64_t now = cl->g->now;
	const uint8_t *p;
	size_t len;
	ssize_t n;

	while (cl->stage == CONNECTED &&
	    (p = ctrl_output(&cl->ctrl, &len, now)) != NULL) {
		n = send(cl->tcp, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0)
			ctrl_sent(&cl->ctrl, (size_t)n, now);
		else if (errno == EAGAIN)
			break;
		else if (errno != EINTR)
			ctrl_eof(&cl->ctrl, errno);
	}
}

/* What the server still sends while we drain is thrown away. */
static void
conn_readable(struct client *cl)
{
	uint8_t buf[4096];
	ssize_t n = recv(cl->tcp, buf, sizeof(buf), MSG_DONTWAIT);
	size_t used = 0;

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 && cl->stage == DRAINING)
		conn_free(cl);
	else if (n <= 0)
		ctrl_eof(&cl->ctrl, n == 0 ? 0 : errno);
	while (n > 0 && used < (size_t)n && cl->stage == CONNECTED) {
		used += ctrl_feed(&cl->ctrl, buf + used, (size_t)n - used,
		    cl->g->now);
		conn_write(cl);
	}
}

/* TCP is connected, or err says why not. */
static void
conn_tried(struct client *cl, int err)
{
	const char *hint = err == ECONNREFUSED ?
	    " (is a PPTP server running there?)" :
	    err == ETIMEDOUT ? " (is that port blocked on the way?)" :
	    err == EHOSTUNREACH ? " (is that machine on, and the address "
	    "right? ping it; or a firewall there or on the way says so)" : "";
	char text[IPC_TEXT];

	if (err == 0) {
		cl->stage = CONNECTED;
		client_step(cl, IPC_CONNECTED);
		conn_write(cl);
		return;
	}
	snprintf(text, sizeof(text), "cannot connect to %s port %u: %s%s",
	    cl->g->name, cl->ctrl.conf.port, strerror(err), hint);
	client_down(cl, EXIT_CONNECT, text);
	conn_free(cl);
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

/* Begins a client's call; takes the descriptors that it needs from *fds. */
static void
call_begin(struct client *cl, const struct ipc_call *call, struct ipc_fds *fds)
{
	struct manager *g = cl->g;

	cl->stage = CONNECTING;
	cl->deadline = g->now + call->timeout_us;
	cl->n = map_counters(fds->fd[IPC_FD_COUNTERS]);
	keep_drop_sock(g, &fds->fd[IPC_FD_DROP]);
	cl->tcp = fds->fd[IPC_FD_TCP];
	fds->fd[IPC_FD_TCP] = -1;
	ctrl_init(&cl->ctrl, call, g->serial++, on_event, cl, g->now);
	client_step(cl, IPC_CONNECTING);
	if (fd_connect(cl->tcp, g->server, call->port) == 0)
		conn_tried(cl, 0);
	else if (errno != EINPROGRESS)
		conn_tried(cl, errno);
}

static void
on_call(struct client *cl, const struct ipc_call *call, struct ipc_fds *fds)
{
	struct manager *g = cl->g;
	int tcp = fds->fd[IPC_FD_TCP];

	if (cl->stage != NEW || call->server != g->server.s_addr ||
	    tcp == -1 || fd_nonblock(tcp) == -1)
		client_down(cl, EXIT_SYSTEM, NOT_UNDERSTOOD);
	else if (id_is_taken(g, call->id))
		client_down(cl, IPC_ID_TAKEN, "call id in use");
	else if (g->refusal != NULL)
		client_down(cl, EXIT_SYSTEM, g->refusal);
	else
		call_begin(cl, call, fds);
}

/* What a listing says of one client's tunnel. */
static struct ipc_msg
tunnel_of(const struct client *cl)
{
	const struct ipc_call *call = &cl->ctrl.conf;
	struct ipc_msg m = { .type = IPC_TUNNEL, .tunnel = {
	    .id = call->id, .peer_id = cl->ctrl.peer_id,
	    .server = call->server, .local = call->local } };

	if (cl->up_since != 0) {
		m.tunnel.up = true;
		m.tunnel.up_us = (uint64_t)(cl->g->now - cl->up_since);
	}
	if (cl->n != NULL)
		m.tunnel.n = *cl->n;
	return m;
}

/* Sends as much of a listing as fits now; ends the client with it. */
static void
client_list(struct client *cl)
{
	struct manager *g = cl->g;

	for (;;) {
		struct ipc_msg m = { .type = IPC_END };

		while (cl->cursor < g->clients &&
		    !has_call(&g->client[cl->cursor]))
			cl->cursor++;
		if (cl->cursor < g->clients)
			m = tunnel_of(&g->client[cl->cursor]);
		if (ipc_send(cl->fd, &m, NULL) == -1 && errno == EAGAIN)
			return;
		if (m.type == IPC_END) {
			client_close(cl);
			return;
		}
		cl->cursor++;
	}
}

static void
client_readable(struct client *cl)
{
	struct ipc_msg m;
	struct ipc_fds fds;
	int n = ipc_take(cl->fd, &m, &fds);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1 && errno == EMFILE)
		client_down(cl, EXIT_SYSTEM, CLIENTS_FULL);
	else if (n == 1 && m.type == IPC_CALL)
		on_call(cl, &m.call, &fds);
	else if (n == 1 && m.type == IPC_STATUS && cl->stage == NEW) {
		cl->stage = LISTING;
		client_list(cl);
	} else {
		if (n != 0)
			log_warnx("%s: a local process sent what is not ours: "
			    "its connection is closed", cl->g->name);
		if (n != 0 && cl->stage == NEW)
			client_say(cl, IPC_DOWN, EXIT_SYSTEM, NOT_UNDERSTOOD);
		client_close(cl);
	}
	ipc_fds_close(&fds);
}

/* The deadline has passed: says what the establishment was waiting for. */
static void
client_late(struct client *cl)
{
	const struct ipc_call *call = &cl->ctrl.conf;
	const char *name = cl->g->name;
	/* What was left of --timeout when the call was requested. */
	unsigned secs = (unsigned)((call->timeout_us + 500000) / 1000000);
	unsigned status = EXIT_TIMEOUT;
	char text[IPC_TEXT];

	if (!has_call(cl)) {		/* does not read, or never asked */
		client_close(cl);
		return;
	}
	secs += secs == 0;
	if (cl->stage == CONNECTING) {
		status = EXIT_CONNECT;
		snprintf(text, sizeof(text), "cannot connect to %s port %u: "
		    "no answer within %u s (is TCP port %u blocked on the "
		    "way?)", name, call->port, secs, call->port);
	} else if (cl->ctrl.state == CTRL_WAIT_REPLY) {
		snprintf(text, sizeof(text), "no Start-Control-Connection-"
		    "Reply from %s within %u s (it takes the connection and "
		    "says nothing%s: is that a PPTP server, and may this "
		    "machine use it?)", name, secs,
		    cl->ctrl.in_len + cl->ctrl.skipped > 0 ?
		    " that makes sense" : "");
	} else {
		snprintf(text, sizeof(text), "no Outgoing-Call-Reply from %s "
		    "within %u s (it answers, but not to a call: have its "
		    "lines or addresses run out? try again later)", name,
		    secs);
	}
	client_down(cl, status, text);
}

/*
 * Adds fd to poll()'s table of n rows; returns its row.  Only what is open goes
 * into it, as poll() refuses a table longer than the limit of descriptors.
 */
static unsigned
watch(struct manager *g, unsigned *n, int fd, int events)
{
	if (fd == -1)
		return P_NONE;
	g->poll[*n] = (struct pollfd){ fd, (short)events, 0 };
	return (*n)++;
}

/* Fills poll()'s table; returns its length. */
static unsigned
watch_all(struct manager *g)
{
	struct client *cl = NULL;
	unsigned n = P_FIXED;
	size_t len;

	g->poll[P_NONE] = (struct pollfd){ -1, 0, 0 };
	g->poll[P_SIGNAL] = (struct pollfd){ g->signals, POLLIN, 0 };
	g->poll[P_LISTENER] = (struct pollfd){ g->listener, POLLIN, 0 };
	g->poll[P_MONITOR] = (struct pollfd){ g->monitor, POLLIN, 0 };
	while ((cl = clients_next(g, cl)) != NULL) {
		bool out = cl->stage == CONNECTING ||
		    (cl->stage == CONNECTED &&
		    ctrl_output(&cl->ctrl, &len, g->now) != NULL);

		cl->at = watch(g, &n, cl->fd, cl->stage == LISTING ?
		    POLLOUT : POLLIN);
		cl->tcp_at = watch(g, &n, cl->tcp, out ? POLLIN | POLLOUT :
		    POLLIN);
	}
	return n;
}

static int64_t
next_deadline(struct manager *g)
{
	int64_t due = CTRL_NEVER;
	struct client *cl = NULL;

	while ((cl = clients_next(g, cl)) != NULL) {
		due = sooner(due, cl->deadline);
		if (cl->stage == CONNECTED)
			due = sooner(due, ctrl_due(&cl->ctrl));
	}
	return due;
}

/* A slot taken since the poll is at P_NONE: no events. */
static void
serve_client(struct client *cl)
{
	short events = cl->g->poll[cl->at].revents;

	if (cl->stage == LISTING && (events & POLLOUT) != 0)
		client_list(cl);
	else if (events != 0)
		client_readable(cl);
	if (cl->fd != -1 && cl->deadline <= cl->g->now)
		client_late(cl);
}

static void
serve_conn(struct client *cl)
{
	short events = cl->g->poll[cl->tcp_at].revents;
	int err = 0;
	socklen_t len = sizeof(err);

	if (cl->fd == -1)
		ctrl_stop(&cl->ctrl, cl->g->now);
	if (cl->stage == DRAINING && cl->deadline <= cl->g->now)
		conn_free(cl);
	else if (cl->stage == CONNECTING && events != 0)
		conn_tried(cl, getsockopt(cl->tcp, SOL_SOCKET, SO_ERROR, &err,
		    &len) == -1 ? errno : err);
	else if (cl->stage >= CONNECTED && (events & ~POLLOUT) != 0)
		conn_readable(cl);
	if (cl->stage != CONNECTED)
		return;
	ctrl_tick(&cl->ctrl, cl->g->now);
	conn_write(cl);
}

/* A signal tells us to end: takes no further client, ends calls in order. */
static void
on_signal(struct manager *g)
{
	struct client *cl = NULL;

	close(g->listener);
	close(g->signals);
	g->listener = g->signals = -1;
	g->refusal = "the call manager was told to end";
	while ((cl = clients_next(g, cl)) != NULL)
		if (has_call(cl))
			ctrl_stop(&cl->ctrl, g->now);
}

/* Forgets the free slots at the end; is there no other? */
static bool
idle(struct manager *g)
{
	while (g->clients > 0 && g->client[g->clients - 1].stage == FREE)
		g->clients--;
	return g->clients == 0;
}

/* Also called after poll() failed: no events then, but perhaps deadlines. */
static void
serve_all(struct manager *g)
{
	struct client *cl = NULL;

	if (g->poll[P_SIGNAL].revents != 0)
		on_signal(g);
	if (g->poll[P_MONITOR].revents != 0) {
		log_warnx("%s: the monitor has gone: nobody keeps the host "
		    "route any more", g->name);
		close(g->monitor);
		g->monitor = -1;
	}
	while ((cl = clients_next(g, cl)) != NULL) {
		if (cl->fd != -1)
			serve_client(cl);
		if (cl->tcp != -1)
			serve_conn(cl);
	}
	if (g->route_left)
		route_hand_on(g);
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
			(void)poll(NULL, 0, PAUSE_MS);
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
