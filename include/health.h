/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a tunnel is doing: whether GRE comes through, whether PPP comes up, and
 * what the user is told of it.  Shared by the gateway and the kernel gateway.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include "ppp_observer.h"
#include "pptp_gre.h"

/* Times are clock_us(); GRE_NEVER: never. */
struct health {
	const char	*server;	/* its address, for the log */
	struct gre_counters *n;		/* what --status is to know */
	struct ppp_observer ppp;
	bool		 gre_seen;	/* a packet of the call has come */
	bool		 settled;	/* the network is up, or has failed */
	enum exit_status fault;		/* logged, and not taken back: GRE is
					 * blocked, or the server's PPP hangs */
	int64_t		 check_at;	/* when health_tick() checks whether
					 * GRE comes through */
	int64_t		 silent_since;	/* sending since then, nothing heard */
	int64_t		 sent_at;	/* the last frame, once GRE was seen */
	bool		 silent;	/* the silence was logged */
	uint64_t	 errors;	/* of the raw socket, already logged: a
					 * bit for errno % 64.  Anyone can cause
					 * them, so each is logged once */
};

/* server and n are not copied. */
void health_init(struct health *h, const char *server, struct gre_counters *n);

/* A frame from pppd is being sent; a frame for pppd has come. */
void health_sent(struct health *h, const uint8_t *frame, size_t len,
    int64_t now);
void health_received(struct health *h, const uint8_t *frame, size_t len);

/* A packet of the call has come, whatever it carries. */
void health_gre(struct health *h, int64_t now);

/* The raw socket failed with this errno: at worst a packet is lost. */
void health_error(struct health *h, int err);

/* To be called at check_at: logs it if GRE does not come through. */
void health_tick(struct health *h, int64_t now);

/*
 * The tunnel has ended with this status.  If PPP failed, logs why.
 * Returns the status to exit with.
 */
enum exit_status health_end(struct health *h, enum exit_status status);

/* What is known of a network that is up, in words. */
struct health_words {
	char		 local[16], remote[16];
	const char	*login;
	char		 user[GRE_USER + 1], encryption[80];
};
void health_words(struct health_words *w, const struct gre_counters *n);

/* All of health_words: "local address ..., encryption ..."; not escaped. */
enum { HEALTH_NETWORK = 256 };
void health_network(const struct gre_counters *n, char out[HEALTH_NETWORK]);

#endif
