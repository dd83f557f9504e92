/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a user is told of a running tunnel; see health.h.
 *
 * GRE is checked by time: within 10 s of pppd's first frame some packet must
 * come, and so must an answer to pppd's LCP.  A report that GRE is blocked is
 * taken back if it proves wrong, since the first packet may merely be late.
 */
#include <arpa/inet.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "health.h"
#include "pptp_proto.h"
#include "util.h"

enum {
	BLOCKED_US = 10000000,		/* no packet, or no answer */
	SILENT_US = 30000000		/* sending this long, nothing heard */
};

void
health_init(struct health *h, const char *server, struct gre_counters *n)
{
	*h = (struct health){ .server = server, .n = n,
	    .check_at = GRE_NEVER, .silent_since = GRE_NEVER };
}

static void
tell_blocked(struct health *h, const char *what)
{
	if (h->fault != EXIT_OK)
		return;
	h->fault = EXIT_GRE_BLOCKED;
	log_error("GRE is blocked: %s from %s, although its TCP port answers; "
	    "usual causes: a firewall here or on the way does not pass IP "
	    "protocol 47, or a NAT router has no PPTP helper "
	    "(nf_conntrack_pptp)", what, h->server);
}

/* Does our LCP wait for an answer? */
static bool
unanswered(const struct health *h)
{
	const struct ppp_request *lcp = &h->ppp.said[PPP_OURS].lcp;

	return lcp->sent && !lcp->answered && !h->settled;
}

static void
take_back(struct health *h)
{
	if (h->fault == EXIT_GRE_BLOCKED)
		log_warnx("tunnel to %s: GRE is not blocked, it comes through "
		    "after all", h->server);
	h->fault = EXIT_OK;
}

void
health_gre(struct health *h, int64_t now)
{
	h->n->heard_us = (uint64_t)now;
	h->silent_since = GRE_NEVER;
	if (h->silent) {
		h->silent = false;
		log_info("tunnel to %s: the server is heard again", h->server);
	}
	if (h->gre_seen)
		return;
	h->gre_seen = true;
	take_back(h);
}

static void
check_silence(struct health *h, int64_t now)
{
	if (!h->gre_seen)
		return;
	/* A pause of ours is not the server's silence. */
	if (h->silent_since == GRE_NEVER || now - h->sent_at >= SILENT_US)
		h->silent_since = now;
	h->sent_at = now;
	if (h->silent || now - h->silent_since < SILENT_US)
		return;
	h->silent = true;
	log_warnx("tunnel to %s: packets were sent for 30 s and none came, "
	    "while the control connection is alive: GRE (IP protocol 47) may "
	    "be blocked now", h->server);
}

void
health_error(struct health *h, int err)
{
	uint64_t kind = UINT64_C(1) << err % 64, before = h->errors;

	h->errors |= kind;
	h->n->soft_errors++;
	if (err == ENOPROTOOPT && !h->gre_seen)
		tell_blocked(h, "ICMP protocol-unreachable came");
	else if ((before & kind) != 0)
		return;
	else if (err == EPERM)
		log_warnx("tunnel to %s: this host's own firewall does not "
		    "let GRE out (IP protocol 47): see its output rules, nft "
		    "list ruleset or iptables -L OUTPUT", h->server);
	else
		log_warnx("tunnel to %s: a packet was lost: %s (going on; "
		    "more of these are only counted)", h->server,
		    strerror(err));
}

/* Run at each control frame: encryption may come up after the network. */
static void
note_network(struct health *h)
{
	const struct ppp_said *ours = &h->ppp.said[PPP_OURS];
	const struct ppp_said *peer = &h->ppp.said[PPP_PEER];

	static_assert(GRE_USER <= sizeof(h->ppp.user), "all of it is read");
	h->n->local_addr = htonl(ours->addr.asked);
	h->n->remote_addr = htonl(peer->addr.asked);
	h->n->login = peer->auth.asked;
	h->n->mppe = ours->ccp.acked ? ours->mppe.asked : 0;
	memcpy(h->n->user, h->ppp.user, sizeof(h->n->user));
	h->n->network_up = 1;
}

void
health_words(struct health_words *w, const struct gre_counters *n)
{
	uint32_t local = (uint32_t)n->local_addr;
	uint32_t remote = (uint32_t)n->remote_addr;

	inet_ntop(AF_INET, &local, w->local, sizeof(w->local));
	inet_ntop(AF_INET, &remote, w->remote, sizeof(w->remote));
	w->login = ppp_login_name((uint32_t)n->login);
	snprintf(w->user, sizeof(w->user), "%.*s", GRE_USER, n->user);
	ppp_mppe_text((uint32_t)n->mppe, w->encryption, sizeof(w->encryption));
}

void
health_network(const struct gre_counters *n, char out[HEALTH_NETWORK])
{
	struct health_words w;

	health_words(&w, n);
	snprintf(out, HEALTH_NETWORK, "local address %s, remote %s, login "
	    "%s%s%s, encryption %s", w.local, w.remote, w.login,
	    w.user[0] != '\0' ? " as " : "", w.user, w.encryption);
}

static void
see(struct health *h, enum ppp_side from, const uint8_t *frame, size_t len)
{
	enum ppp_phase before = h->ppp.phase;
	char line[HEALTH_NETWORK];

	ppp_observer_see(&h->ppp, from, frame, len);
	if (h->ppp.phase == PPP_UP)
		note_network(h);
	else
		h->n->network_up = 0;
	if (h->ppp.phase == PPP_UP && before != PPP_UP) {
		h->settled = true;
		take_back(h);
		health_network(h->n, line);
		log_info("tunnel to %s: the network is up: %s", h->server,
		    line);
	}
	if (h->ppp.said[PPP_OURS].lcp.answered)
		take_back(h);
}

void
health_sent(struct health *h, const uint8_t *frame, size_t len, int64_t now)
{
	check_silence(h, now);
	if (ppp_observer_wants(frame, len))
		see(h, PPP_OURS, frame, len);
	if (h->check_at == GRE_NEVER && h->fault == EXIT_OK &&
	    (!h->gre_seen || unanswered(h)))
		h->check_at = now + BLOCKED_US;
}

void
health_received(struct health *h, const uint8_t *frame, size_t len)
{
	if (ppp_observer_wants(frame, len))
		see(h, PPP_PEER, frame, len);
	else if (h->ppp.said[PPP_OURS].lcp.acked)
		h->settled = true;	/* data: whoever sends it is up */
}

void
health_tick(struct health *h, int64_t now)
{
	if (h->check_at > now)
		return;
	h->check_at = GRE_NEVER;
	if (!h->gre_seen) {
		tell_blocked(h, "the call is up but within 10 s no packet "
		    "came");
	} else if (!unanswered(h) || h->fault != EXIT_OK) {
		return;
	} else if (h->n->rx_acks > 1) {	/* one: of a field that is always 0? */
		h->fault = EXIT_PPP;
		log_error("tunnel to %s: the server takes our packets, but its "
		    "PPP does not answer within 10 s: what runs behind its "
		    "PPTP hangs or did not start", h->server);
	} else {
		h->fault = EXIT_GRE_BLOCKED;
		log_error("GRE is blocked one way: packets of %s come in, but "
		    "ours are not answered: IP protocol 47 does not pass on "
		    "its way to the server", h->server);
	}
}

enum exit_status
health_end(struct health *h, enum exit_status status)
{
	enum exit_status ppp;
	char line[600];

	h->n->network_up = 0;
	if (h->fault != EXIT_OK)
		return status == EXIT_OK ? h->fault : status;
	ppp = ppp_observer_verdict(&h->ppp, h->server, line, sizeof(line));
	if (ppp == EXIT_OK)
		return status;
	log_last("%s", line);
	return ppp;
}
