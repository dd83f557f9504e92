/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call manager's loop, round by round: clients and the server are the other
 * ends of socket pairs, and the clock is the test's.
 */
/* with: manager/ctrl_msg.c manager/ipc.c manager/ipc_msg.c */
/* with: pptp_ctrl.c pptp_quirks.c tests/unit/no_sandbox.c util.c */
#include "util.h"

static int connect_errno;	/* 0: fd_connect() succeeds */

#define fd_connect(fd, addr, port)	\
	((void)(addr), (errno = connect_errno) == 0 ? 0 : -1)
#include "../../pptp_callmgr.c"
#include "t.h"
#include "wire.h"

static struct manager g;
static uint32_t local;		/* of the next call; 0: no host route for it */

/* A gateway: its socket, and the server's end of its connection. */
struct peer {
	int		 fd, server;
	struct ipc_msg	 m;		/* the last from the manager */
	struct ipc_said	 log;		/* the last LOG, which m never is */
};

static void
manager_start(void)
{
	memset(&g, 0, sizeof(g));
	g.server.s_addr = htonl(0x0a000001);
	g.name = "10.0.0.1";
	g.now = 1000000;
	g.monitor = g.signals = g.listener = g.reserve_fd = -1;
	g.owner = geteuid();
	connect_errno = 0;
}

/* Rounds of the loop until nothing happens any more. */
static void
rounds(int64_t after_us)
{
	g.now += after_us;
	do {
		(void)poll(g.poll, watch_all(&g), 0);
		serve_all(&g);
		idle(&g);
	} while (poll(g.poll, watch_all(&g), 0) > 0);
}

static void
client(struct peer *p)
{
	int two[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, two) == -1)
		abort();
	p->fd = two[0];
	p->server = -1;
	p->log.text[0] = '\0';
	client_new(&g, two[1]);
}

static void
ask(struct peer *p, uint16_t id)
{
	struct ipc_msg m = { .type = IPC_CALL, .call = { .id = id,
	    .port = 1723, .window = 64, .loglevel = 2,
	    .hostroute = local != 0, .local = local,
	    .server = g.server.s_addr, .timeout_us = 5000000 } };
	struct ipc_fds fds = IPC_NO_FDS;
	int two[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, two) == -1)
		abort();
	p->server = two[0];
	fds.fd[IPC_FD_TCP] = two[1];
	(void)ipc_send(p->fd, &m, &fds);
	close(two[1]);
	rounds(0);
}

/* Takes the manager's next message to this client; is it of this type? */
static bool
told(struct peer *p, enum ipc_type type)
{
	int n;

	while ((n = ipc_take(p->fd, &p->m, NULL)) == 1 && p->m.type == IPC_LOG)
		p->log = p->m.said;
	return T_EQ(n, 1) && T_EQ(p->m.type, type);
}

static bool
is_closed(int fd)
{
	char c;

	return recv(fd, &c, 1, MSG_DONTWAIT) == 0;
}

/* The type of the next message to the server; 0 if there is none. */
static unsigned
heard(struct peer *p)
{
	uint8_t buf[PPTP_MSG_MAX];

	if (recv(p->server, buf, 2, MSG_DONTWAIT) != 2 ||
	    recv(p->server, buf + 2, (size_t)(buf[1] - 2), MSG_DONTWAIT) == -1)
		return 0;
	return buf[9];
}

/* The server sends a message of this type with two numbers first. */
static void
sends(struct peer *p, unsigned type, uint8_t size, unsigned one, unsigned two)
{
	uint8_t buf[PPTP_MSG_MAX] = { 0 };
	struct wr w = { .p = buf, .end = buf + sizeof(buf) };

	wr_u16(&w, size);
	wr_u16(&w, PPTP_CONTROL);
	wr_u32(&w, PPTP_MAGIC);
	wr_u16(&w, (uint16_t)type);
	wr_u16(&w, 0);
	wr_u16(&w, (uint16_t)one);
	wr_u16(&w, (uint16_t)two);
	wr_u8(&w, 1);
	(void)send(p->server, buf, size, MSG_NOSIGNAL);
	rounds(0);
}

/* A call of this id that is up. */
static bool
up(struct peer *p, uint16_t id)
{
	client(p);
	ask(p, id);
	if (!told(p, IPC_STEP) || !T_EQ(p->m.step, IPC_CONNECTING) ||
	    !told(p, IPC_STEP) || !T_EQ(p->m.step, IPC_CONNECTED) ||
	    !T_EQ(heard(p), START_REQUEST))
		return false;
	sends(p, START_REPLY, 156, PPTP_VERSION, 0x0100);
	if (!told(p, IPC_SERVER) || !told(p, IPC_STEP) ||
	    !T_EQ(p->m.step, IPC_CALLING) || !T_EQ(heard(p), OUT_CALL_REQUEST))
		return false;
	sends(p, OUT_CALL_REPLY, 32, id + 100u, id);
	return told(p, IPC_UP) && T_EQ(p->m.peer_id, id + 100);
}

static void
gone(struct peer *p)
{
	close(p->fd);
	close(p->server);
	rounds(0);
}

static void
test_life(void)
{
	struct peer a, b, status, late;

	manager_start();
	T(up(&a, 7), "a call comes up");
	T(up(&b, 8), "so does a second, on a connection of its own");
	client(&late);
	ask(&late, 8);
	T(told(&late, IPC_DOWN) && T_EQ(late.m.said.code, IPC_ID_TAKEN),
	    "an id is for one call");
	gone(&late);

	client(&status);
	(void)ipc_send(status.fd, &(struct ipc_msg){ .type = IPC_STATUS },
	    NULL);
	rounds(2000000);
	T(told(&status, IPC_TUNNEL) && T_EQ(status.m.tunnel.id, 7) &&
	    T_IS(status.m.tunnel.up) && T_EQ(status.m.tunnel.up_us, 2000000) &&
	    T_EQ(status.m.tunnel.peer_id, 107), "a listing has the first call");
	T(told(&status, IPC_TUNNEL) && T_EQ(status.m.tunnel.id, 8) &&
	    told(&status, IPC_END) && T_IS(is_closed(status.fd)),
	    "and the second, and an end");
	close(status.fd);

	close(a.fd);
	rounds(0);
	T(T_EQ(heard(&a), CALL_CLEAR_REQUEST),
	    "a gateway that goes has its call cleared");
	T(T_EQ(clients_next(&g, NULL)->fd, -1) && T_IS(!idle(&g)),
	    "its connection stays until that is confirmed");
	sends(&a, CALL_DISCONNECT, 148, 107, 0x0400);
	T(T_EQ(heard(&a), STOP_REQUEST), "and then is stopped");
	sends(&a, STOP_REPLY, 16, 0x0100, 0);
	T(T_IS(is_closed(a.server)) &&
	    T_EQ(clients_next(&g, NULL)->stage, DRAINING),
	    "our side is closed");
	close(a.server);
	rounds(0);
	T(T_EQ(g.client[0].stage, FREE) && T_IS(!idle(&g)),
	    "once the server's is, too, the slot is free");

	sends(&b, CALL_DISCONNECT, 148, 108, 0x0100);
	T(told(&b, IPC_DOWN) && T_EQ(b.m.said.code, EXIT_SERVER_ENDED) &&
	    T_IS(is_closed(b.fd)), "a call that the server ends is down");
	T(T_EQ(heard(&b), 0), "the server has time to end the connection");
	rounds(200000);
	T(T_EQ(heard(&b), STOP_REQUEST), "which is ours to end then");
	rounds(1000000);
	T(T_IS(is_closed(b.server)) && T_IS(!idle(&g)),
	    "without an answer, too");
	rounds(500000);
	T(idle(&g), "nothing is left, though the server has not closed");
	gone(&b);
}

static void
test_failures(void)
{
	struct peer p;

	manager_start();
	client(&p);
	rounds(REQUEST_US - 1);
	T(!is_closed(p.fd), "a client may take its time");
	rounds(1);
	T(is_closed(p.fd) && idle(&g), "but not for ever");
	close(p.fd);

	connect_errno = ECONNREFUSED;
	client(&p);
	ask(&p, 1);
	T(told(&p, IPC_STEP) && told(&p, IPC_DOWN) &&
	    T_EQ(p.m.said.code, EXIT_CONNECT) &&
	    T_HAS(p.m.said.text, "Connection refused (is a PPTP") &&
	    T_IS(is_closed(p.server)) && T_IS(idle(&g)),
	    "a refused connection is said");
	gone(&p);

	connect_errno = 0;
	client(&p);
	ask(&p, 1);
	rounds(5000000);
	T(told(&p, IPC_STEP) && told(&p, IPC_STEP) && told(&p, IPC_DOWN) &&
	    T_EQ(p.m.said.code, EXIT_TIMEOUT) &&
	    T_HAS(p.m.said.text, "no Start-Control-Connection-Reply from "
	    "10.0.0.1 within 5 s"), "a server that says nothing");
	gone(&p);
	T(idle(&g), "is left");

	client(&p);
	ask(&p, 1);
	(void)heard(&p);
	sends(&p, START_REPLY, 156, PPTP_VERSION, 0x0100);
	rounds(5000000);
	T(told(&p, IPC_STEP) && told(&p, IPC_STEP) && told(&p, IPC_SERVER) &&
	    told(&p, IPC_STEP) && told(&p, IPC_DOWN) &&
	    T_HAS(p.m.said.text, "no Outgoing-Call-Reply from 10.0.0.1"),
	    "a server that does not answer for the call");
	gone(&p);

	T(up(&p, 1), "a call is up");
	gone(&p);
	T(idle(&g), "both ends vanish: nothing is left");

	T(up(&p, 1), "a call is up");
	close(p.server);
	rounds(0);
	T(told(&p, IPC_DOWN) && T_EQ(p.m.said.code, EXIT_SERVER_ENDED) &&
	    T_IS(idle(&g)), "the server closes the connection");
	close(p.fd);

	T(up(&p, 1), "a call is up");
	on_signal(&g);
	rounds(0);
	T(T_EQ(heard(&p), CALL_CLEAR_REQUEST), "a signal ends it in order");
	rounds(1000000);
	T(told(&p, IPC_DOWN) && T_EQ(p.m.said.code, EXIT_OK),
	    "the client is told at the end");
	gone(&p);
	client(&p);
	ask(&p, 2);
	T(told(&p, IPC_DOWN) && T_HAS(p.m.said.text, "told to end") &&
	    T_IS(idle(&g)), "and there is no other");
	gone(&p);
}

/* A client of another build. */
static void
test_strangers(void)
{
	struct peer p;

	manager_start();
	client(&p);
	(void)send(p.fd, "pptp\3\1", 7, MSG_NOSIGNAL);
	rounds(0);
	T(told(&p, IPC_DOWN) && T_EQ(p.m.said.code, EXIT_SYSTEM) &&
	    T_HAS(p.m.said.text, "is an older pptp still running?") &&
	    T_IS(is_closed(p.fd)) && T_IS(idle(&g)),
	    "a message of another build is answered");
	close(p.fd);
}

static void
test_no_room(void)
{
	struct peer p;

	manager_start();
	g.clients = CLIENTS;
	for (unsigned i = 0; i < CLIENTS; i++)
		g.client[i] = (struct client){ .g = &g, .stage = DRAINING };
	client(&p);
	T(told(&p, IPC_DOWN) && T_EQ(p.m.said.code, EXIT_SYSTEM) &&
	    T_STR(p.m.said.text, "this call manager has no room for a further "
	    "tunnel"), "no limit is blamed that is not the cause");
	close(p.fd);
}

/* Is the monitor's next message for the route of that client's connection? */
static bool
route_is_for(int monitor, unsigned slot)
{
	struct stat was, is;
	struct ipc_msg m;
	struct ipc_fds fds;
	bool so = T_EQ(ipc_take(monitor, &m, &fds), 1) &&
	    T_EQ(m.type, IPC_ROUTE) && fstat(fds.fd[IPC_FD_TCP], &was) == 0 &&
	    fstat(g.client[slot].tcp, &is) == 0 && T_EQ(was.st_ino, is.st_ino);

	ipc_fds_close(&fds);
	return so;
}

static void
test_route(void)
{
	struct peer a, b, c, d;
	struct ipc_msg m;
	int two[2];

	manager_start();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, two) == -1)
		abort();
	g.monitor = two[0];
	local = 1;
	T(up(&a, 1) && route_is_for(two[1], 0), "a call has the host route");
	local = 0;
	T(up(&d, 2), "one does not want it");
	local = 2;
	T(up(&b, 3) && T_HAS(b.log.text, "the host route stays that of"),
	    "one from another address does, and does not get it");
	T(up(&c, 4) && T_EQ(ipc_take(two[1], &m, NULL), -1), "nor does a fourth");
	gone(&a);
	T(route_is_for(two[1], 2), "when the first ends, the next one has it");
	T(up(&a, 5) && route_is_for(two[1], 0),
	    "one more with the same path has it, too");
	gone(&b);
	T(T_EQ(ipc_take(two[1], &m, NULL), -1) && T_EQ(errno, EAGAIN),
	    "when one of these ends it stays as it is");
	gone(&a);
	T(route_is_for(two[1], 3), "when both have, the fourth's turn has come");

	close(two[1]);
	rounds(0);
	T(T_EQ(g.monitor, -1) && up(&a, 6) && T_HAS(a.log.text,
	    "nobody keeps the host route") && T_IS(!g.client[0].routed),
	    "without a monitor nobody has it, and that is said");
	gone(&a);
	gone(&c);
	gone(&d);
	T(idle(&g), "nothing is left");
	local = 0;
}

int
main(void)
{
	test_life();
	test_failures();
	test_strangers();
	test_no_room();
	test_route();
	return t_done();
}
