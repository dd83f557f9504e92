/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The clients of a call manager; see clients.h. */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clients.h"
#include "compat.h"
#include "conf.h"
#include "util.h"

enum { ACCEPT_PAUSE_US = 200000 };	/* without a descriptor for one */

/* ---- one client ---- */

void
client_send(const struct client *cl, const struct ipc_msg *m)
{
	(void)ipc_send(cl->fd, m, NULL);
}

void
client_step(const struct client *cl, enum ipc_step step)
{
	struct ipc_msg m = { .type = IPC_STEP, .step = step };

	client_send(cl, &m);
}

void
client_say(const struct client *cl, enum ipc_type type, unsigned code,
    const char *text)
{
	struct ipc_msg m = { .type = type, .said.code = (uint8_t)code };

	if (type == IPC_LOG && code > cl->call.loglevel)
		return;
	snprintf(m.said.text, sizeof(m.said.text), "%s", text);
	client_send(cl, &m);
}

void
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

void
client_down(struct client *cl, unsigned status, const char *text)
{
	client_say(cl, IPC_DOWN, status, text);
	client_free(cl);
}

/* ---- all of them ---- */

struct client *
clients_next(struct clients *s, struct client *after)
{
	struct client *cl = after == NULL ? s->slot : after + 1;

	while (cl < s->slot + s->high && cl->fd == -1)
		cl++;
	return cl < s->slot + s->high ? cl : NULL;
}

struct client *
clients_find(struct clients *s, uint16_t id)
{
	struct client *cl = NULL;

	while ((cl = clients_next(s, cl)) != NULL)
		if (cl->wants == A_CALL && cl->call.id == id)
			break;
	return cl;
}

bool
clients_none(struct clients *s)
{
	while (s->high > 0 && s->slot[s->high - 1].fd == -1)
		s->high--;
	return s->high == 0;
}

/* Slots that were never used are pages that cost nothing. */
static void
client_new(struct clients *s, int fd, int64_t now)
{
	struct client *cl = s->slot;

	while (cl < s->slot + s->high && cl->fd != -1)
		cl++;
	if (cl == s->slot + CLIENTS) {
		const struct client none = { .fd = fd };

		client_say(&none, IPC_DOWN, EXIT_SYSTEM, CLIENTS_FULL);
		close(fd);
		return;
	}
	if (cl == s->slot + s->high)
		s->high++;
	*cl = (struct client){ .fd = fd, .tcp = -1,
	    .deadline = now + REQUEST_TIMEOUT_US };
}

void
clients_init(struct clients *s, const struct monitor_start *start, int64_t now)
{
	s->server = start->server;
	s->name = start->name;
	s->owner = geteuid();
	s->listener = start->listener;
	s->reserve_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	if (start->client != -1) {
		(void)fd_nonblock(start->client);
		client_new(s, start->client, now);
	}
}

/*
 * accept() has no descriptor left.  A client would wait in the backlog and
 * poll() return at once again and again: so accept() is suspended, and the
 * reserved descriptor used to refuse one client.
 */
static void
refuse_one(struct clients *s, int64_t now)
{
	struct client cl = { .tcp = -1 };

	s->accept_resume_us = now + ACCEPT_PAUSE_US;
	if (s->reserve_fd == -1)
		return;
	close(s->reserve_fd);
	cl.fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (cl.fd != -1)
		client_down(&cl, EXIT_SYSTEM, CLIENTS_FULL);
	if (dup2(STDIN_FILENO, s->reserve_fd) == -1)
		s->reserve_fd = -1;
}

void
clients_accept(struct clients *s, int64_t now)
{
	struct ucred cred = { .uid = (uid_t)-1 };
	socklen_t len = sizeof(cred);
	int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC |
	    SOCK_NONBLOCK);

	if (fd == -1 && errno != EAGAIN && errno != EINTR &&
	    errno != ECONNABORTED)
		refuse_one(s, now);
	if (fd == -1)
		return;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == -1 ||
	    (cred.uid != 0 && cred.uid != s->owner)) {
		log_warnx("%s: refused a local process of uid %u", s->name,
		    (unsigned)cred.uid);
		close(fd);
		return;
	}
	client_new(s, fd, now);
}

/* ---- what they ask for ---- */

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
keep_drop_sock(struct clients *s, int *fd)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	if (*fd == -1 || s->drop_socks == DROP_SOCKS ||
	    getsockname(*fd, (struct sockaddr *)&sin, &len) == -1)
		return;
	for (unsigned i = 0; i < s->drop_socks; i++)
		if (s->drop_local[i] == sin.sin_addr.s_addr)
			return;
	/* It stays open until this process ends. */
	s->drop_local[s->drop_socks++] = sin.sin_addr.s_addr;
	*fd = -1;
}

void
client_asked(struct clients *s, struct client *cl, const struct ipc_call *call,
    struct ipc_fds *fds, int64_t now)
{
	cl->wants = A_CALL;
	cl->call = *call;
	cl->deadline = now + call->timeout_us;
	cl->n = map_counters(fds->fd[IPC_FD_COUNTERS]);
	keep_drop_sock(s, &fds->fd[IPC_FD_DROP]);
	cl->tcp = fds->fd[IPC_FD_TCP];
	fds->fd[IPC_FD_TCP] = -1;
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

void
client_list(struct clients *s, struct client *cl, int64_t now)
{
	for (;;) {
		struct ipc_msg m = { .type = IPC_END };

		while (cl->cursor < s->high &&
		    s->slot[cl->cursor].wants != A_CALL)
			cl->cursor++;
		if (cl->cursor < s->high)
			m = tunnel_of(&s->slot[cl->cursor], now);
		if (ipc_send(cl->fd, &m, NULL) == -1 && errno == EAGAIN)
			return;
		if (m.type == IPC_END) {
			client_free(cl);
			return;
		}
		cl->cursor++;
	}
}
