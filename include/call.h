/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings up the call that a command line asks for: resolves the server's name,
 * opens the sockets, asks the call manager.
 */
#ifndef CALL_H
#define CALL_H

#include "conf.h"
#include "gateway.h"
#include "ipc_msg.h"
#include "pptp_quirks.h"
#include "util.h"

struct call {
	struct gateway	 gw;		/* what its gateway is told; descriptors
					 * that are not open are -1 */
	int64_t		 deadline;	/* of the address that is tried: the
					 * call must be up by then */
	struct in_addr	 server;
	bool		 kernel;	/* the kernel may carry the data; once
					 * the call is up: it does */
	int		 hangup_fd;	/* abort when it hangs up; or -1 */
	bool		 abandoned;	/* it has: no other address is tried */
	const struct quirk_server *known;	/* about the server */
	/* The server's own names, escaped to stand in quotes; may be cut. */
	char		 host[2 * PPTP_TEXT + 1], vendor[2 * PPTP_TEXT + 1];
	/* If not NULL, called with each message before UP or DOWN. */
	void		 (*on_record)(const struct call *,
	    const struct ipc_msg *);
	char		 why[WHY];	/* what failed, in a sentence */
};

/* Fills *c. */
void call_init(struct call *c, const struct conf *conf);

/*
 * Resolves the host and tries its addresses until a call is up; the timeout in
 * conf runs from now.  Returns EXIT_OK, with gw (except in and out), known,
 * host and vendor filled; or the status of the last attempt, with why filled.
 */
enum exit_status call_open(struct call *c);

/* Closes everything, upon which the call manager clears the call. */
void call_close(struct call *c);

#endif
