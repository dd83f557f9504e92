/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the observer has seen, in words (pure): whether the network came up, and
 * if not, why and what to try.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ppp_observer.h"
#include "pptp_proto.h"
#include "util.h"
#include "wire.h"

enum { LINE = 4 * PPP_TEXT + 1 };	/* a text, escaped */

const char *
ppp_login_name(uint32_t login)
{
	switch (login) {
	case 0:
		return "none";
	case PPP_PAP << 8:
		return "PAP";
	case PPP_CHAP << 8 | CHAP_MD5:
		return "CHAP-MD5";
	case PPP_CHAP << 8 | CHAP_MS:
		return "MS-CHAP";
	case PPP_CHAP << 8 | CHAP_MS_V2:
		return "MS-CHAPv2";
	case PPP_EAP << 8:
		return "EAP";
	}
	return "a login unknown to pptp";
}

void
ppp_mppe_text(uint32_t bits, char *out, size_t size)
{
	if ((bits & MPPE_KEYS) == 0)
		(void)snprintf(out, size, "none");
	else
		(void)snprintf(out, size, "MPPE%s%s%s%s",
		    bits & MPPE_128 ? " 128 bit" : "",
		    (bits & MPPE_56) == 0 ? "" : bits & MPPE_128 ?
		    " or 56 bit" : " 56 bit",
		    (bits & MPPE_40) == 0 ? "" : bits & (MPPE_128 | MPPE_56) ?
		    " or 40 bit" : " 40 bit",
		    bits & MPPE_STATELESS ? ", stateless" : ", stateful");
}

/* What the sentence is about, and where it goes. */
struct why {
	const struct ppp_said *ours, *peer;
	const char	*server;
	char		*out;
	size_t		 size;
};

static bool PRINTF(2, 3)
because(const struct why *w, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(w->out, w->size, fmt, ap);
	va_end(ap);
	return true;
}

/* The error codes of RFC 2433 9 and RFC 2759 6, in words. */
static const char *
error_words(unsigned error)
{
	switch (error) {
	case 646:
		return "not at this hour";
	case 647:
		return "the account is disabled";
	case 648:
		return "the password has expired";
	case 649:
		return "no permission to dial in";
	case 691:
		return "wrong name or password";
	case 709:
		return "the password could not be changed";
	}
	return "wrong name or password?";
}

static bool
login_failed(const struct why *w, const struct ppp_observer *o)
{
	char user[4 * PPP_NAME + 1], text[LINE];

	text_escape(user, sizeof(user), o->user, strlen(o->user), true);
	text_escape(text, sizeof(text), o->failure, strlen(o->failure), true);
	return because(w, "%s refused the login of \"%s\" by %s: %s (the "
	    "server says: \"%s\"); check the name and the password, in "
	    "/etc/ppp/chap-secrets or where they were given", w->server, user,
	    ppp_login_name(w->peer->auth.asked), error_words(o->error), text);
}

static bool
lcp_failed(const struct why *w)
{
	if (w->peer->auth.asked != 0 && w->peer->lcp.acked)
		return false;
	if (w->ours->auth.rejected)
		return because(w, "%s wants a login and this pppd offers "
		    "none: is there a line for the user and this server in "
		    "/etc/ppp/chap-secrets, and are `user' and `remotename' "
		    "given as they stand there?", w->server);
	return w->ours->auth.nak != 0 && because(w, "%s wants a login by %s, "
	    "and this pppd would only do %s: is there a secret for the former "
	    "in /etc/ppp/chap-secrets, and does no refuse- or require- option "
	    "rule it out?", w->server, ppp_login_name(w->peer->wanted),
	    ppp_login_name(w->ours->auth.nak));
}

/* Did this side's Terminate-Request contain these words? */
static bool
gave_up(const struct ppp_said *side, const char *saying)
{
	return side->terminates && strstr(side->terminate, saying) != NULL;
}

static bool
no_mppe(const struct why *w)
{
	return because(w, "%s knows no encryption (MPPE), and this pppd "
	    "requires it: without require-mppe everything is sent in the "
	    "clear", w->server);
}

/* pppd has one text for all that it lacks for MPPE. */
static bool
no_keys(const struct why *w)
{
	uint32_t login = w->peer->auth.asked;

	if (gave_up(w->ours, "peer"))
		return no_mppe(w);
	if (login == (PPP_CHAP << 8 | CHAP_MS) ||
	    login == (PPP_CHAP << 8 | CHAP_MS_V2))
		return because(w, "this pppd requires encryption (MPPE), and "
		    "this machine cannot do it: modprobe ppp_mppe; pppd's log "
		    "may say more");
	return because(w, "encryption (MPPE) needs a login by MS-CHAP or "
	    "MS-CHAPv2, and %s asked for none: give no require-mppe, or have "
	    "the server ask for it", w->server);
}

static bool
other_mppe(const struct why *w)
{
	const struct ppp_option *theirs = &w->peer->mppe;
	uint32_t bits = theirs->nak != 0 ? theirs->nak : theirs->asked;
	char we[64], they[64] = "something else";

	ppp_mppe_text(w->ours->mppe.asked, we, sizeof(we));
	if (bits != 0)
		ppp_mppe_text(bits, they, sizeof(they));
	return because(w, "no encryption in common with %s: this pppd offers "
	    "%s, the server %s; give pppd what the server offers "
	    "(require-mppe-40, require-mppe-128, mppe-stateful)", w->server,
	    we, they);
}

static bool
ccp_failed(const struct why *w)
{
	const struct ppp_said *ours = w->ours, *peer = w->peer;
	bool we_ask = ours->ccp.sent && (ours->mppe.asked & MPPE_KEYS) != 0;
	bool they_ask = peer->ccp.sent && (peer->mppe.asked & MPPE_KEYS) != 0;
	/* A peer that gives up does not repeat a request that was lost. */
	bool unread = !they_ask && gave_up(peer, "MPPE required but peer");

	/*
	 * Before mppe.rejected is looked at: pppd also Rejects MPPE if the two
	 * sides merely have no key length in common.
	 */
	if (we_ask && (unread || (they_ask && !ours->rejects_ccp &&
	    !peer->rejects_ccp &&
	    (ours->mppe.asked & peer->mppe.asked & MPPE_KEYS) == 0)))
		return other_mppe(w);
	if (we_ask && (peer->rejects_ccp || peer->mppe.rejected))
		return no_mppe(w);
	if (unread || (they_ask && (ours->rejects_ccp ||
	    ours->mppe.rejected || !ours->ccp.sent)))
		return because(w, "%s requires encryption (MPPE), which this "
		    "pppd has not: give it require-mppe-128, and see that the "
		    "module ppp_mppe can be loaded", w->server);
	they_ask = they_ask && ((ours->mppe.asked ^ peer->mppe.asked) &
	    MPPE_BITS) != 0;
	return ((we_ask && (peer->mppe.nak != 0 || they_ask) &&
	    !ours->ccp.acked) || (they_ask && ours->mppe.nak != 0 &&
	    !peer->ccp.acked)) && other_mppe(w);
}

static bool
ended(const struct why *w, const char *who, const char *said)
{
	char text[LINE];

	text_escape(text, sizeof(text), said, strlen(said), true);
	return because(w, "%s ended PPP before the network was up, saying "
	    "\"%s\"", who, text);
}

static bool
failure(const struct why *w, const struct ppp_observer *o)
{
	const struct ppp_said *ours = w->ours, *peer = w->peer;

	if (o->was_up)
		return false;
	if (o->refused)
		return login_failed(w, o);
	if ((ours->wanted != 0 && (peer->auth.rejected ||
	    peer->auth.nak != 0)) ||
	    gave_up(ours, "peer refused to authenticate"))
		return because(w, "this pppd wants %s to log in to it, which "
		    "no VPN server does: give pppd the option noauth",
		    w->server);
	if (lcp_failed(w))
		return true;
	/* Our LCP is unanswered: health.h finds out whether GRE passes. */
	if (ours->lcp.sent && !ours->lcp.answered && !peer->terminates)
		return false;
	/* What CCP and IPCP had not settled yet is nobody's failure. */
	if (gave_up(ours, "User request"))
		return false;
	if (peer->rejects_ipcp || peer->addr.rejected ||
	    gave_up(ours, "IP address"))
		return because(w, "%s gave no IP address: ask for one by name "
		    "(LOCAL:REMOTE), or have the server assign one", w->server);
	if (ccp_failed(w))
		return true;
	if (gave_up(ours, "MPPE required"))
		return no_keys(w);
	if (gave_up(ours, "") && ours->terminate[0] != '\0')
		return ended(w, "pppd", ours->terminate);
	return peer->terminates && ended(w, w->server, peer->terminate);
}

enum exit_status
ppp_observer_verdict(const struct ppp_observer *o, const char *server,
    char *out, size_t size)
{
	const struct why w = { &o->said[PPP_OURS], &o->said[PPP_PEER], server,
	    out, size };

	out[0] = '\0';
	return !failure(&w, o) ? EXIT_OK : o->refused ? EXIT_LOGIN : EXIT_PPP;
}
