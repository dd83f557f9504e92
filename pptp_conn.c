/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The manager's control connections: connecting, running the machine of
 * ctrl.h on each, and handing its events to the callers they concern.
 */
#include <sys/socket.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ctrl.h"
#include "manager.h"
#include "options.h"
#include "util.h"

enum { END_US = 1000000 };	/* for each answer of an orderly end */

unsigned
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

void
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
	struct local_msg m = { .type = LOCAL_LOG };
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
	struct local_msg m = { .type = LOCAL_SERVER };

	m.server.version = p->version;
	m.server.firmware = p->firmware;
	m.server.max_channels = p->max_channels;
	memcpy(m.server.host, p->host, sizeof(m.server.host));
	memcpy(m.server.vendor, p->vendor, sizeof(m.server.vendor));
	to_client(cl, &m);
	client_step(cl, LOCAL_CALLING);
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
	struct local_msg m = { .type = LOCAL_UP };

	if (call == NULL || cl == NULL || cl->conn != co)
		return;
	m.up.peer_id = call->peer_id;
	m.up.window = call->peer_window;
	m.up.speed = call->speed;
	cl->up = true;
	cl->up_since = now;
	cl->peer_id = call->peer_id;
	cl->deadline = CTRL_NEVER;
	to_client(cl, &m);
	g->rest = now + MEMORY_REST_US;
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

void
conn_stop(struct conn *co, int64_t now)
{
	co->stopping = true;
	ctrl_stop(&co->ctrl, STOP_LOCAL, now);
}

/* Writes what may be written and hands out events until both are quiet. */
void
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

void
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
void
conn_failed(struct manager *g, struct conn *co, int err)
{
	char text[LOCAL_TEXT];

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
    const struct local_call *call)
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
		client_step(cl, LOCAL_CONNECTED);
		ctrl_init(&co->ctrl, &conf, seed, now);
		fill_call_conf(&cc, g, &cl->call);
		(void)ctrl_call_open(&co->ctrl, &cc, now);
		conn_run(g, co, now);
		return;
	}
	conn_free(co);		/* its only caller has gone meanwhile */
}

void
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

struct conn *
conn_to_share(struct manager *g, const struct local_call *call)
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

void
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
	client_step(cl, LOCAL_CONNECTING);
	if (connect(tcp, (const struct sockaddr *)&sin, sizeof(sin)) == 0)
		conn_connected(g, co, now);
	else if (errno != EINPROGRESS)
		conn_failed(g, co, errno);
}

void
call_on_shared(struct manager *g, struct client *cl, struct conn *co,
    int64_t now)
{
	struct ctrl_call_conf cc;

	cl->conn = co;
	fill_call_conf(&cc, g, &cl->call);
	if (ctrl_call_open(&co->ctrl, &cc, now) == -1) {
		cl->conn = NULL;
		client_down(cl, LOCAL_ID_TAKEN, "call id in use");
		return;
	}
	tell_server(cl, &co->ctrl.peer);
	conn_run(g, co, now);
}
