/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command line to a call that is up: name, sockets, call manager.
 */
#ifndef CALL_H
#define CALL_H

#include <netinet/in.h>

#include <stddef.h>
#include <stdint.h>

#include "conf.h"
#include "ipc.h"
#include "pptp_gre.h"
#include "refusals.h"
#include "util.h"

struct call {
	const struct conf *conf;
	int64_t		 deadline;	/* of the establishment */
	struct in_addr	 server, local;
	char		 name[INET_ADDRSTRLEN];	/* the server's address */
	uint16_t	 id, peer_id;
	uint16_t	 window;	/* what we announce */
	bool		 kernel;	/* may carry the data; once the call is
					 * up: does */
	int		 raw, channel;	/* GRE, or the kernel's PPTP socket */
	int		 mgr;		/* -1, as all these: not open */
	int		 hangup_fd;	/* abort when this hangs up; -1 */
	int		 counters;	/* memory shared with the manager */
	struct gre_counters *n;
	struct refusals	 refusals;	/* of this server, and its file */
	int		 refusals_fd;
	struct ipc_server said;	/* what the server says of itself */
	/* Told of each record before UP or DOWN, if not NULL. */
	void		 (*on_record)(const struct call *,
	    const struct ipc_msg *);
	char		 why[WHY];	/* the sentence of a failure */
};

/* Fills *c, without kernel and hangup_fd; the time runs from now. */
void call_init(struct call *c, const struct conf *conf);

/*
 * Resolves, then tries each address until a call is up: EXIT_OK with raw or
 * channel, mgr, ids and said filled.  Otherwise the status of the last
 * address, with why filled and nothing left open.
 */
enum exit_status call_open(struct call *c);

/* What a server says of itself, to be quoted; cut where much is escaped. */
enum { SAID_SHOWN = 2 * PPTP_TEXT + 1 };
void call_server_words(const struct ipc_server *s, char host[SAID_SHOWN],
    char vendor[SAID_SHOWN]);

/* Closes everything; the manager ends the call in order. */
void call_close(struct call *c);

#endif
