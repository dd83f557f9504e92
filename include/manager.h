/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside the call manager: its tables, shared by pptp_callmgr.c (callers and
 * the loop) and pptp_conn.c (control connections).  Nobody else includes it.
 */
#ifndef MANAGER_H
#define MANAGER_H

#include <sys/types.h>

#include <netinet/in.h>

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctrl.h"
#include "ipc.h"

enum {
	CALLS = 512,			/* of one server, at most */
	SINKS = 16			/* local addresses with one */
};

/* P_NONE stands for what is not watched; its revents stay 0. */
enum { P_NONE, P_SIGNAL, P_LISTENER, P_KEEPER, P_FIXED };

struct conn;

struct client {
	int		 fd;		/* -1: this slot is free */
	unsigned	 at;		/* in the table for poll() */
	bool		 asked, up, status;
	struct conn	*conn;		/* NULL: no call */
	struct local_call call;
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
	int		 listener, keeper, signals;
	struct {
		uint32_t local;
		int	 fd;
	} sink[SINKS];
	unsigned	 sinks;
	int		 spare;		/* a descriptor to turn away with */
	int64_t		 deaf;		/* no caller is let in until then */
	int64_t		 rest;		/* give memory back then */
	bool		 ending;	/* told to: no further call */
	uint16_t	 serial;
	unsigned	 high;		/* slots in use lie below */
	struct client	 client[CALLS];
	struct conn	 conn[CALLS];
	struct pollfd	 poll[P_FIXED + 2 * CALLS];
};

/* ---- callers: pptp_callmgr.c ---- */

/* Sends one record; a caller that does not read loses it, not its call. */
void to_client(struct client *cl, const struct local_msg *m);
void client_step(struct client *cl, enum local_step step);

/* Sends DOWN with a status of options.h (or LOCAL_ID_TAKEN), frees the slot. */
void client_down(struct client *cl, unsigned status, const char *text);

/* The caller whose call has this id of ours; NULL. */
struct client *client_by_id(struct manager *g, uint16_t id);

/* One more pair of slots below high; false: the tables are full. */
bool grow(struct manager *g);

/* ---- control connections: pptp_conn.c ---- */

/*
 * Begins a call on a connection of its own over tcp, which it takes and
 * connects, or on one that exists.  A failure is told to the caller.
 */
void call_on_new(struct manager *g, struct client *cl, int tcp, int64_t now);
void call_on_shared(struct manager *g, struct client *cl, struct conn *co,
    int64_t now);

/*
 * A connection that this call may share: the server announced room for it,
 * and it has the same address, mark, port, quirks, timers and name; NULL.
 */
struct conn *conn_to_share(struct manager *g, const struct local_call *call);

/* Callers whose call is on this connection. */
unsigned conn_clients(const struct manager *g, const struct conn *co);

/*
 * Writes what may be written and hands out events until both are quiet; ends
 * a connection without callers.  co may be free afterwards, as after the two
 * below.
 */
void conn_run(struct manager *g, struct conn *co, int64_t now);
void conn_readable(struct manager *g, struct conn *co, int64_t now);
void conn_writable(struct manager *g, struct conn *co, int64_t now);

/* TCP failed with an errno: everybody who waits is told, the slot is free. */
void conn_failed(struct manager *g, struct conn *co, int err);

/* An orderly end (conn_run() follows), or an end at once. */
void conn_stop(struct conn *co, int64_t now);
void conn_free(struct conn *co);

#endif
