/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The clients of a call manager: gateways, with a call each, and --status.
 * They come over the unix listener and bring what needs their privilege: a TCP
 * socket with its own mark and local address, not connected yet, and a drop
 * socket.
 */
#ifndef CLIENTS_H
#define CLIENTS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "ipc_msg.h"
#include "monitor.h"

enum {
	CLIENTS = 512,			/* of one server, at most */
	DROP_SOCKS = 16,		/* one for a local address */
	REQUEST_TIMEOUT_US = 2000000	/* for a client's first message */
};

/* Why there is no further client, or not what it brings. */
#define CLIENTS_FULL	"this call manager has no descriptor left for a " \
	"further tunnel (raise the limit with ulimit -n)"

struct conn;				/* the manager's, and unknown here */

struct client {
	int		 fd;		/* -1: this slot is free */
	unsigned	 at;		/* in the table for poll(); 0: not */
	enum { NOTHING_YET, A_CALL, A_LISTING } wants;
	bool		 routed;	/* the host route takes its path */
	struct conn	*conn;		/* of its call; NULL: none yet */
	int		 tcp;		/* until there is one; or -1 */
	bool		 alone;		/* it is to share none */
	struct ipc_call call;
	const struct gre_counters *n;	/* shared by the gateway, or NULL */
	uint16_t	 peer_id;
	int64_t		 deadline;	/* of silence or of establishment */
	int64_t		 up_since;	/* 0: it is not up */
	unsigned	 cursor;	/* of a status listing */
};

struct clients {
	struct in_addr	 server;
	const char	*name;		/* of the server, for the log */
	uid_t		 owner;		/* served, as root is */
	int		 listener;	/* -1: private, or no further client */
	int		 reserve_fd;	/* to refuse a client with; or -1 */
	int64_t		 accept_resume_us;	/* until then no accept() */
	uint32_t	 drop_local[DROP_SOCKS];	/* with a drop socket */
	unsigned	 drop_socks;
	unsigned	 high;		/* slots in use lie below */
	struct client	 slot[CLIENTS];
};

/* Begins with the listener and the client of *start, if there are such. */
void clients_init(struct clients *s, const struct monitor_start *start,
    int64_t now);

/* Takes one client off the listener; the uid of others is refused. */
void clients_accept(struct clients *s, int64_t now);

/* The client after this one (NULL: the first), by slots; NULL. */
struct client *clients_next(struct clients *s, struct client *after);

/* The client whose call has this id of ours; NULL. */
struct client *clients_find(struct clients *s, uint16_t id);

/* No slot is in use; gives up those at the end. */
bool clients_none(struct clients *s);

/*
 * Takes a client's request: a copy of *call, TCP socket and counters; of drop
 * sockets one for each local address.  What it takes of *fds is absent then.
 */
void client_asked(struct clients *s, struct client *cl,
    const struct ipc_call *call, struct ipc_fds *fds, int64_t now);

/*
 * Messages to a client; one that does not read loses them, not its call.  LOG
 * goes to who wants that level.
 */
void client_send(const struct client *cl, const struct ipc_msg *m);
void client_step(const struct client *cl, enum ipc_step step);
void client_say(const struct client *cl, enum ipc_type type, unsigned code,
    const char *text);

/*
 * Sends as much of a listing as its reader reads now, and frees the client at
 * its end.
 */
void client_list(struct clients *s, struct client *cl, int64_t now);

/* Closes what it has, and frees the slot; with DOWN before. */
void client_free(struct client *cl);
void client_down(struct client *cl, unsigned status, const char *text);

#endif
