/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP's negotiation, looked at from outside (pure); see ppp_observer.h.
 *
 * Theory of operation.  LCP, CCP and IPCP negotiate in the same way (RFC 1661
 * 4): each side sends Configure-Requests until the other acknowledges one of
 * them by its identifier.  A protocol is open once both sides' last requests
 * are acknowledged.  A request's options count once they are acknowledged; what
 * Naks and Rejects say is kept too, since it tells why a negotiation failed.
 * A Configure-Request of LCP on a link that was open begins everything anew.
 *
 * MPPE leaves control frames in the clear (RFC 3078 3), so all of this can be
 * seen on an encrypted link too.
 */
#include <string.h>

#include "ppp_observer.h"
#include "pptp_proto.h"
#include "wire.h"

struct packet {
	uint16_t	 protocol;
	uint8_t		 code, id;
	struct rd	 body;
};

/* Reads a packet (RFC 1661 5); octets beyond its length are padding. */
static bool
read_packet(struct rd *r, struct packet *k)
{
	uint16_t len;

	k->protocol = rd_u16(r);
	if (k->protocol == (PPP_ALLSTATIONS << 8 | PPP_UI))
		k->protocol = rd_u16(r);
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

/* Keeps at most size - 1 octets of a text, with '?' for each NUL. */
static void
keep_text(char *out, size_t size, const struct rd *r)
{
	size_t n = r->bad ? 0 : (size_t)(r->end - r->p);

	if (n > size - 1)
		n = size - 1;
	for (size_t i = 0; i < n; i++)
		out[i] = r->p[i] == '\0' ? '?' : (char)r->p[i];
	out[n] = '\0';
}

static uint32_t
read_login(struct rd *v)
{
	uint16_t protocol = rd_u16(v);

	return (uint32_t)protocol << 8 | (protocol == PPP_CHAP ? rd_u8(v) : 0u);
}

/* Returns where to note an option, and its value; NULL if it is not noted. */
static struct ppp_option *
option_of(struct ppp_said *said, uint16_t protocol, uint8_t type,
    struct rd *v, uint32_t *value)
{
	switch ((uint32_t)protocol << 8 | type) {
	case PPP_LCP << 8 | LCP_OPT_MRU:
		*value = rd_u16(v);
		return &said->mru;
	case PPP_LCP << 8 | LCP_OPT_ACCM:
		*value = rd_u32(v);
		return &said->accm;
	case PPP_LCP << 8 | LCP_OPT_AUTH:
		*value = read_login(v);
		return &said->auth;
	case PPP_CCP << 8 | CCP_OPT_MPPE:
		*value = rd_u32(v) & MPPE_BITS;
		return &said->mppe;
	case PPP_IPCP << 8 | IPCP_OPT_ADDRS:
	case PPP_IPCP << 8 | IPCP_OPT_ADDR:
		*value = rd_u32(v);
		return &said->addr;
	}
	return NULL;
}

static void
take_options(struct ppp_said *said, struct packet *k)
{
	uint8_t type;
	struct rd v;

	while (next_option(&k->body, &type, &v)) {
		uint32_t value = 0;
		struct ppp_option *o = option_of(said, k->protocol, type, &v,
		    &value);

		if (o == NULL)
			continue;
		if (k->code == LCP_CONFREJ)
			o->rejected = true;
		else if (!v.bad && k->code == LCP_CONFNAK)
			o->nak = value;
		else if (!v.bad)
			o->asked = value;
	}
}

/*
 * Notes a packet from the side whose last request is *own to the side whose
 * last is *their.  True if it is an Ack after which both are acknowledged.
 */
static bool
negotiate(struct ppp_said *said, struct ppp_request *own,
    struct ppp_request *their, struct packet *k)
{
	bool answers = their->sent && their->id == k->id;

	if (k->code == LCP_CONFREQ)
		*own = (struct ppp_request){ .sent = true, .id = k->id,
		    .answered = own->answered };
	else if (k->code >= LCP_CONFACK && k->code <= LCP_CONFREJ)
		their->answered = their->answered || answers;
	else
		return false;
	if (k->code != LCP_CONFACK) {
		take_options(said, k);
		return false;
	}
	their->acked = their->acked || answers;
	return answers && own->acked;
}

static void
lcp_protocol_reject(struct ppp_said *said, struct packet *k)
{
	uint16_t proto = rd_u16(&k->body);

	said->rejects_ccp = said->rejects_ccp || proto == PPP_CCP;
	said->rejects_ipcp = said->rejects_ipcp || proto == PPP_IPCP;
}

static void
lcp_opened(struct ppp_observer *o)
{
	/* IPCP packets before LCP opened were out of turn (RFC 1661 3.4). */
	for (int i = 0; i < PPP_SIDES; i++)
		o->said[i].ipcp = (struct ppp_request){ .sent = false };
	/* A login that only our side demands ends without our seeing it. */
	o->phase = o->said[PPP_PEER].auth.asked != 0 ? PPP_AUTHENTICATE :
	    PPP_NETWORK;
}

/* This side ends a protocol: the first text that it gives counts. */
static void
take_end(struct ppp_said *said, const struct packet *k)
{
	if (!said->terminates)
		keep_text(said->terminate, sizeof(said->terminate), &k->body);
	said->terminates = true;
}

static void
see_lcp(struct ppp_observer *o, struct ppp_said *said, struct ppp_said *their,
    struct packet *k)
{
	if (k->code == LCP_CONFREQ) {
		if (o->phase != PPP_ESTABLISH)
			*o = (struct ppp_observer){ .was_up = o->was_up };
		said->mru.asked = said->auth.asked = 0;
		said->accm.asked = HDLC_ACCM_ALL;
	}
	if (negotiate(said, &said->lcp, &their->lcp, k) &&
	    o->phase == PPP_ESTABLISH)
		lcp_opened(o);
	if (said->auth.asked != 0)
		said->wanted = said->auth.asked;
	if (k->code == LCP_TERMREQ) {
		take_end(said, k);
		o->phase = PPP_TERMINATED;
	} else if (k->code == LCP_TERMACK) {
		their->term_acked = their->terminates;
	} else if (k->code == LCP_PROTREJ) {
		lcp_protocol_reject(said, k);
	}
}

static const struct login {
	uint16_t	 protocol;
	uint8_t		 name, good, bad;	/* codes of packets */
} logins[] = {
	{ PPP_PAP, PAP_REQUEST, PAP_ACK, PAP_NAK },
	{ PPP_CHAP, CHAP_RESPONSE, CHAP_SUCCESS, CHAP_FAILURE },
	{ PPP_EAP, EAP_RESPONSE, EAP_SUCCESS, EAP_FAILURE }
};

/*
 * Leaves only the name or the text in the body; .bad if there is none.  A PAP
 * request has the password after the name (RFC 1334 2.2), a CHAP response a
 * value before it (RFC 1994 4), an EAP response a type (RFC 3748 5.1).
 */
static void
find_text(struct packet *k)
{
	struct rd *r = &k->body;

	if (k->protocol == PPP_PAP) {
		uint8_t n = rd_u8(r);

		r->bad = r->bad || r->end - r->p < n;
		r->end = r->bad ? r->end : r->p + n;
	} else if (k->protocol == PPP_CHAP && k->code == CHAP_RESPONSE) {
		(void)rd_bytes(r, rd_u8(r));
	} else if (k->protocol == PPP_EAP && k->code == EAP_RESPONSE) {
		r->bad = rd_u8(r) != EAP_IDENTITY;
	}
}

static void
login_over(struct ppp_observer *o, bool good, const struct rd *text)
{
	const char *e;

	if (o->phase != PPP_AUTHENTICATE)
		return;
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

static void
see_login(struct ppp_observer *o, enum ppp_side from, struct packet *k)
{
	const struct login *l = logins;

	while (l->protocol != k->protocol)
		if (++l == logins + sizeof(logins) / sizeof(logins[0]))
			return;
	find_text(k);
	if (from == PPP_OURS && k->code == l->name && !k->body.bad)
		keep_text(o->user, sizeof(o->user), &k->body);
	else if (from == PPP_PEER && (k->code == l->good || k->code == l->bad))
		login_over(o, k->code == l->good, &k->body);
}

/*
 * pppd may give up its own address to get on, and looks only once IPCP is open
 * whether it has one: without it the network was never up.
 */
static void
see_ipcp(struct ppp_observer *o, struct ppp_said *said, struct ppp_said *their,
    struct packet *k)
{
	if (k->code == LCP_CONFREQ)
		said->addr.asked = 0;
	if (negotiate(said, &said->ipcp, &their->ipcp, k) &&
	    o->phase == PPP_NETWORK && (o->said[PPP_OURS].addr.asked != 0 ||
	    !o->said[PPP_PEER].addr.rejected)) {
		o->phase = PPP_UP;
		o->was_up = true;
	}
	if (k->code != LCP_TERMREQ || said != &o->said[PPP_OURS])
		return;
	take_end(said, k);
	if (strstr(said->terminate, "IP address") == NULL)
		return;
	o->phase = PPP_NETWORK;
	o->was_up = false;
}

void
ppp_observer_see(struct ppp_observer *o, enum ppp_side from,
    const uint8_t *p, size_t n)
{
	struct ppp_said *said = &o->said[from];
	struct ppp_said *their = &o->said[from == PPP_OURS ? PPP_PEER :
	    PPP_OURS];
	struct rd r = { .p = p, .end = p + n };
	struct packet k;

	if (!read_packet(&r, &k))
		return;
	switch (k.protocol) {
	case PPP_LCP:
		see_lcp(o, said, their, &k);
		break;
	case PPP_CCP:
		if (k.code == LCP_CONFREQ)
			said->mppe.asked = 0;
		(void)negotiate(said, &said->ccp, &their->ccp, &k);
		break;
	case PPP_IPCP:
		see_ipcp(o, said, their, &k);
		break;
	default:
		see_login(o, from, &k);
		break;
	}
}
