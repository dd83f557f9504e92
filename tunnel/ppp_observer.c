/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP's negotiation, looked at from outside (pure); see ppp_observer.h.
 *
 * Theory of operation.  LCP, CCP and IPCP negotiate in the same way (RFC 1661
 * 4): each side sends Configure-Requests until the other acknowledges one of
 * them by its identifier.  A protocol is open once both sides' last requests
 * are acknowledged.  A request's options count once they are acknowledged; what
 * Naks and Rejects say is kept beside them, since that is why a negotiation
 * fails.  A Configure-Request of LCP on a link that was open begins everything
 * anew.
 *
 * MPPE leaves control frames in the clear (RFC 3078 3), so all of this can be
 * seen on an encrypted link too.
 */
#include <string.h>

#include "ppp_observer.h"
#include "pptp_proto.h"
#include "wire.h"

/* ---- packets ---- */

struct packet {
	uint8_t		 code, id;
	struct rd	 body;
};

/* Code, identifier, length: RFC 1661 5; what follows the length is padding. */
static bool
read_packet(struct rd *r, struct packet *k)
{
	uint16_t len;

	k->code = rd_u8(r);
	k->id = rd_u8(r);
	len = rd_u16(r);
	if (r->bad || len < LCP_HEADER ||
	    (size_t)(r->end - r->p) < (size_t)len - LCP_HEADER)
		return false;
	k->body = (struct rd){ .p = r->p, .end = r->p + len - LCP_HEADER };
	return true;
}

/* The next option of a Configure packet; its value is v->p up to v->end. */
static bool
next_option(struct rd *r, uint8_t *type, struct rd *v)
{
	uint8_t len;

	*type = rd_u8(r);
	len = rd_u8(r);
	if (r->bad || len < 2)
		return false;
	v->p = rd_bytes(r, len - 2u);
	v->end = r->p;
	v->bad = false;
	return v->p != NULL;
}

/* Keeps at most size - 1 octets of a text, as they are, without NULs. */
static void
keep_text(char *out, size_t size, const struct rd *r)
{
	size_t n = (size_t)(r->end - r->p);

	if (n > size - 1)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		out[i] = r->p[i] == '\0' ? '?' : (char)r->p[i];
	out[n] = '\0';
}

static struct ppp_said *
other(struct ppp_observer *o, enum ppp_side s)
{
	return &o->said[s == PPP_OURS ? PPP_PEER : PPP_OURS];
}

/* ---- what is common to LCP, CCP and IPCP ---- */

static void
requested(struct ppp_request *q, uint8_t id)
{
	*q = (struct ppp_request){ .sent = true, .id = id,
	    .answered = q->answered };
}

/* An Ack, Nak or Reject: true if it is an Ack of the last request. */
static bool
answered(struct ppp_request *q, const struct packet *k)
{
	if (!q->sent || q->id != k->id)
		return false;
	q->answered = true;
	if (k->code == LCP_CONFACK)
		q->acked = true;
	return q->acked;
}

/* ---- LCP ---- */

static void
read_auth(struct rd v, uint16_t *auth, uint8_t *algorithm)
{
	*auth = rd_u16(&v);
	*algorithm = *auth == PPP_CHAP ? rd_u8(&v) : 0;
	if (v.bad)
		*auth = 0;
}

static void
lcp_request(struct ppp_said *said, struct packet *k)
{
	uint8_t type;
	struct rd v;

	requested(&said->lcp, k->id);
	said->auth = said->mru = 0;
	said->accm = HDLC_ACCM_ALL;
	while (next_option(&k->body, &type, &v))
		if (type == LCP_OPT_MRU)
			said->mru = rd_u16(&v);
		else if (type == LCP_OPT_ACCM && v.end - v.p == 4)
			said->accm = rd_u32(&v);
		else if (type == LCP_OPT_AUTH)
			read_auth(v, &said->auth, &said->algorithm);
	if (said->auth != 0) {
		said->wanted = said->auth;
		said->wanted_algorithm = said->algorithm;
	}
}

/* A Nak says what its sender would do, a Reject what it will not do at all. */
static void
lcp_refusal(struct ppp_said *said, struct packet *k)
{
	uint8_t type;
	struct rd v;

	while (next_option(&k->body, &type, &v)) {
		if (type != LCP_OPT_AUTH)
			continue;
		if (k->code == LCP_CONFREJ)
			said->rejects_auth = true;
		else
			read_auth(v, &said->auth_nak, &said->algorithm_nak);
	}
}

static void
lcp_protocol_reject(struct ppp_said *said, struct packet *k)
{
	uint16_t proto = rd_u16(&k->body);

	if (k->body.bad)
		return;
	said->rejects_ccp = said->rejects_ccp || proto == PPP_CCP;
	said->rejects_ipcp = said->rejects_ipcp || proto == PPP_IPCP;
}

static void
lcp_opened(struct ppp_observer *o)
{
	const struct ppp_said *peer = &o->said[PPP_PEER];

	if (o->phase != PPP_ESTABLISH)
		return;
	/*
	 * Network protocols that came earlier were out of turn (RFC 1661 3.4).
	 */
	for (int i = 0; i < PPP_SIDES; i++)
		o->said[i].ipcp = (struct ppp_request){ .sent = false };
	o->login = peer->auth;
	o->login_algorithm = peer->algorithm;
	o->phase = peer->auth != 0 || o->said[PPP_OURS].auth != 0 ?
	    PPP_AUTHENTICATE : PPP_NETWORK;
}

static void
see_lcp(struct ppp_observer *o, enum ppp_side from, struct packet *k)
{
	struct ppp_said *said = &o->said[from], *their = other(o, from);

	switch (k->code) {
	case LCP_CONFREQ:
		if (o->phase != PPP_ESTABLISH) {
			bool was_up = o->was_up;

			ppp_observer_init(o);
			o->was_up = was_up;
		}
		lcp_request(said, k);
		break;
	case LCP_CONFACK:
		if (answered(&their->lcp, k) && said->lcp.acked)
			lcp_opened(o);
		break;
	case LCP_CONFNAK:
	case LCP_CONFREJ:
		(void)answered(&their->lcp, k);
		lcp_refusal(said, k);
		break;
	case LCP_TERMREQ:
		if (!said->terminates)
			keep_text(said->terminate, sizeof(said->terminate),
			    &k->body);
		said->terminates = true;
		o->phase = PPP_TERMINATED;
		break;
	case LCP_TERMACK:
		their->term_acked = their->terminates;
		break;
	case LCP_PROTREJ:
		lcp_protocol_reject(said, k);
		break;
	}
}

/* ---- logins of ours to the server ---- */

static void
login_over(struct ppp_observer *o, bool good, const struct rd *text)
{
	const char *e;

	if (o->phase != PPP_AUTHENTICATE)
		return;
	o->logged_in = good;
	if (good) {
		o->phase = PPP_NETWORK;
		return;
	}
	o->refused = true;
	keep_text(o->failure, sizeof(o->failure), text);
	/* RFC 2433, 2759 6: "E=eee R=r C=... V=v M=text" */
	e = strstr(o->failure, "E=");
	o->error = 0;
	for (e = e == NULL ? "" : e + 2; *e >= '0' && *e <= '9' &&
	    o->error < 10000; e++)
		o->error = o->error * 10 + (unsigned)(*e - '0');
}

/* Of the request only the name is kept, not the password (RFC 1334 2.2). */
static void
see_pap(struct ppp_observer *o, enum ppp_side from, struct packet *k)
{
	struct rd name = k->body;

	name.p = rd_bytes(&k->body, 0);
	if (k->code == PAP_REQUEST || k->code == PAP_NAK ||
	    k->code == PAP_ACK) {
		uint8_t n = rd_u8(&k->body);

		name.p = rd_bytes(&k->body, n);
		name.end = k->body.p;
		if (name.p == NULL)
			name.p = name.end;
	}
	if (k->code == PAP_REQUEST && from == PPP_OURS)
		keep_text(o->user, sizeof(o->user), &name);
	else if (from == PPP_PEER && k->code == PAP_ACK)
		login_over(o, true, &name);
	else if (from == PPP_PEER && k->code == PAP_NAK)
		login_over(o, false, &name);
}

/* Keeps the names that follow the values (RFC 1994 4). */
static void
see_chap(struct ppp_observer *o, enum ppp_side from, struct packet *k)
{
	bool value = k->code == CHAP_CHALLENGE || k->code == CHAP_RESPONSE;

	if (value && rd_bytes(&k->body, rd_u8(&k->body)) == NULL)
		return;
	if (k->code == CHAP_CHALLENGE && from == PPP_PEER)
		keep_text(o->server, sizeof(o->server), &k->body);
	else if (k->code == CHAP_RESPONSE && from == PPP_OURS)
		keep_text(o->user, sizeof(o->user), &k->body);
	else if (from == PPP_PEER && k->code == CHAP_SUCCESS)
		login_over(o, true, &k->body);
	else if (from == PPP_PEER && k->code == CHAP_FAILURE)
		login_over(o, false, &k->body);
}

/* RFC 3748 4 and 5.1 */
static void
see_eap(struct ppp_observer *o, enum ppp_side from, struct packet *k)
{
	if (k->code == EAP_RESPONSE && from == PPP_OURS &&
	    rd_u8(&k->body) == EAP_IDENTITY && !k->body.bad)
		keep_text(o->user, sizeof(o->user), &k->body);
	else if (from == PPP_PEER && k->code == EAP_SUCCESS)
		login_over(o, true, &k->body);
	else if (from == PPP_PEER && k->code == EAP_FAILURE)
		login_over(o, false, &k->body);
}

/* ---- the network protocols ---- */

/* The bits of an MPPE option, 0 if there is none; *there if there is one. */
static uint32_t
read_mppe(struct rd *r, bool *there)
{
	uint32_t bits = 0;
	uint8_t type;
	struct rd v;

	*there = false;
	while (next_option(r, &type, &v))
		if (type == CCP_OPT_MPPE) {
			bits = rd_u32(&v);
			*there = true;
		}
	return bits & MPPE_BITS;
}

static void
see_ccp(struct ppp_observer *o, enum ppp_side from, struct packet *k)
{
	struct ppp_said *said = &o->said[from], *their = other(o, from);
	bool mppe;
	uint32_t bits;

	if (k->code < LCP_CONFREQ || k->code > LCP_CONFREJ)
		return;
	bits = read_mppe(&k->body, &mppe);
	if (k->code == LCP_CONFREQ) {
		requested(&said->ccp, k->id);
		said->mppe = bits;
		return;
	}
	(void)answered(&their->ccp, k);
	if (k->code == LCP_CONFNAK && mppe)
		said->mppe_nak = bits;
	if (k->code == LCP_CONFREJ && mppe)
		said->rejects_mppe = true;
}

/* In network order, as it stands; 0 where there are fewer than four octets. */
static uint32_t
read_address(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);
	uint32_t addr = 0;

	if (p != NULL)
		memcpy(&addr, p, 4);
	return addr;
}

static void
ipcp_request(struct ppp_said *said, struct packet *k)
{
	uint8_t type;
	struct rd v;

	requested(&said->ipcp, k->id);
	said->addr = said->dns[0] = said->dns[1] = 0;
	while (next_option(&k->body, &type, &v)) {
		uint32_t addr = read_address(&v);

		if (type == IPCP_OPT_ADDR)
			said->addr = addr;
		else if (type == IPCP_OPT_DNS1)
			said->dns[0] = addr;
		else if (type == IPCP_OPT_DNS2)
			said->dns[1] = addr;
	}
}

static void
see_ipcp(struct ppp_observer *o, enum ppp_side from, struct packet *k)
{
	struct ppp_said *said = &o->said[from], *their = other(o, from);
	uint8_t type;
	struct rd v;

	if (k->code == LCP_CONFREQ)
		ipcp_request(said, k);
	if (k->code < LCP_CONFACK || k->code > LCP_CONFREJ)
		return;
	if (answered(&their->ipcp, k) && said->ipcp.acked &&
	    o->phase == PPP_NETWORK) {
		o->phase = PPP_UP;
		o->was_up = true;
	}
	while (k->code == LCP_CONFREJ && next_option(&k->body, &type, &v))
		if (type == IPCP_OPT_ADDR)
			said->rejects_addr = true;
}

/* ---- frames ---- */

static const struct {
	uint16_t	 protocol;
	void		(*see)(struct ppp_observer *, enum ppp_side,
			    struct packet *);
} protocols[] = {
	{ PPP_LCP, see_lcp },
	{ PPP_PAP, see_pap },
	{ PPP_CHAP, see_chap },
	{ PPP_EAP, see_eap },
	{ PPP_CCP, see_ccp },
	{ PPP_IPCP, see_ipcp }
};

void
ppp_observer_init(struct ppp_observer *o)
{
	memset(o, 0, sizeof(*o));
}

enum ppp_event
ppp_observer_see(struct ppp_observer *o, enum ppp_side from,
    const uint8_t *p, size_t n)
{
	struct rd r = { .p = p, .end = p + n };
	enum ppp_phase before = o->phase;
	struct packet k;
	uint16_t proto;

	if (n >= 2 && p[0] == PPP_ALLSTATIONS && p[1] == PPP_UI)
		rd_u16(&r);
	proto = rd_u16(&r);
	if (!read_packet(&r, &k))
		return PPP_NOTHING;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].protocol == proto)
			protocols[i].see(o, from, &k);
	if (o->phase == before)
		return PPP_NOTHING;
	if (o->phase == PPP_UP)
		return PPP_NOW_UP;
	return before == PPP_UP || o->phase == PPP_TERMINATED ?
	    PPP_NOW_DOWN : PPP_NEWS;
}
