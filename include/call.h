/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a command line to a call that is up: name, sockets, call manager.
 */
#ifndef CALL_H
#define CALL_H

#include "conf.h"
#include "gateway.h"
#include "ipc_msg.h"
#include "pptp_quirks.h"
#include "util.h"

struct call {
	struct gateway	 gw;		/* for its data path; descriptors that
					 * are not open are -1 */
	int64_t		 deadline;	/* of the establishment */
	struct in_addr	 server;
	bool		 kernel;	/* may carry the data; once the call is
					 * up: does */
	int		 hangup_fd;	/* abort when this hangs up; -1 */
	const struct quirk_server *known;	/* what is, of the server */
	/* What it says of itself, to be quoted; cut where much is escaped. */
	char		 host[2 * PPTP_TEXT + 1], vendor[2 * PPTP_TEXT + 1];
	/* Told of each record before UP or DOWN, if not NULL. */
	void		 (*on_record)(const struct call *,
	    const struct ipc_msg *);
	char		 why[WHY];	/* the sentence of a failure */
};

/* The time runs from now. */
void call_init(struct call *c, const struct conf *conf);

/*
 * Resolves, then tries each address until a call is up: EXIT_OK with gw (but
 * in and out), known, host and vendor filled.  Otherwise the status of the last
 * address, with why filled and nothing left open.
 */
enum exit_status call_open(struct call *c);

/* Closes everything; the manager ends the call in order. */
void call_close(struct call *c);

#endif
