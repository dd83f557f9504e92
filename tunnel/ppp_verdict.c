/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the observer has seen, in words (pure): whether the network came up, and
 * if not, why and what to try.
 */
#include <stdio.h>
#include <string.h>

#include "ppp_observer.h"
#include "pptp_proto.h"
#include "wire.h"

enum { LINE = 4 * PPP_TEXT + 1 };	/* a text, escaped */

/* Formats into an array; a text too long is cut on purpose. */
#define FMT(out, size, ...) \
	((void)(snprintf((out), (size), __VA_ARGS__) < 0))

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
	FMT(out, size, "%s%s%s%s%s", (bits & MPPE_KEYS) == 0 ? "none" : "",
	    bits & MPPE_128 ? "128 bit" : "",
	    bits & MPPE_56 ? bits & MPPE_128 ? " or 56 bit" : "56 bit" : "",
	    bits & MPPE_40 ? bits & (MPPE_128 | MPPE_56) ? " or 40 bit" :
	    "40 bit" : "", (bits & MPPE_KEYS) == 0 ? "" :
	    bits & MPPE_STATELESS ? ", stateless" : ", stateful");
}

/* ---- why ---- */

static enum ppp_failure
lcp_failure(const struct ppp_observer *o)
{
	const struct ppp_said *ours = &o->said[PPP_OURS];
	const struct ppp_said *peer = &o->said[PPP_PEER];

	if (ours->wanted != 0 && (peer->auth.rejected || peer->auth.nak != 0))
		return PPP_FAIL_NOAUTH;
	if (peer->auth.asked != 0 && peer->lcp.acked)
		return PPP_FAIL_NONE;
	return ours->auth.rejected ? PPP_FAIL_NO_LOGIN :
	    ours->auth.nak != 0 ? PPP_FAIL_METHOD : PPP_FAIL_NONE;
}

static enum ppp_failure
ccp_failure(const struct ppp_observer *o)
{
	const struct ppp_said *ours = &o->said[PPP_OURS];
	const struct ppp_said *peer = &o->said[PPP_PEER];
	bool we_ask = ours->ccp.sent && (ours->mppe.asked & MPPE_KEYS) != 0;
	bool they_ask = peer->ccp.sent && (peer->mppe.asked & MPPE_KEYS) != 0;

	/* pppd says no to other keys than its own by a Reject as well. */
	if (we_ask && they_ask && !ours->rejects_ccp && !peer->rejects_ccp &&
	    (ours->mppe.asked & peer->mppe.asked & MPPE_KEYS) == 0)
		return PPP_FAIL_MPPE;
	if (we_ask && (peer->rejects_ccp || peer->mppe.rejected))
		return PPP_FAIL_NO_MPPE;
	if (they_ask && (ours->rejects_ccp || ours->mppe.rejected ||
	    !ours->ccp.sent))
		return PPP_FAIL_WANTS_MPPE;
	if ((we_ask && (peer->mppe.nak != 0 || they_ask) &&
	    !ours->ccp.acked) || (they_ask && ours->mppe.nak != 0 &&
	    !peer->ccp.acked))
		return PPP_FAIL_MPPE;
	return PPP_FAIL_NONE;
}

/* What pppd itself says as it gives up, where its frames say less. */
static enum ppp_failure
our_text(const struct ppp_said *ours)
{
	const char *t = ours->terminate;

	if (!ours->terminates)
		return PPP_FAIL_NONE;
	if (strstr(t, "MPPE required") != NULL)
		return strstr(t, "peer") != NULL ? PPP_FAIL_NO_MPPE :
		    PPP_FAIL_NO_KEYS;
	if (strstr(t, "IP address") != NULL)
		return PPP_FAIL_ADDRESS;
	if (strstr(t, "peer refused to authenticate") != NULL)
		return PPP_FAIL_NOAUTH;
	return t[0] != '\0' && strcmp(t, "User request") != 0 ?
	    PPP_FAIL_OURS : PPP_FAIL_NONE;
}

enum ppp_failure
ppp_observer_failure(const struct ppp_observer *o)
{
	const struct ppp_said *ours = &o->said[PPP_OURS];
	const struct ppp_said *peer = &o->said[PPP_PEER];
	enum ppp_failure f;

	if (o->was_up)
		return PPP_FAIL_NONE;
	if (o->refused)
		return PPP_FAIL_LOGIN;
	f = lcp_failure(o);
	if (f != PPP_FAIL_NONE)
		return f;
	/* Nothing is answered: time tells whether GRE passes (health.h). */
	if (ours->lcp.sent && !ours->lcp.answered && !peer->terminates)
		return PPP_FAIL_NONE;
	f = ccp_failure(o);
	if (f != PPP_FAIL_NONE)
		return f;
	if (peer->rejects_ipcp || peer->addr.rejected)
		return PPP_FAIL_ADDRESS;
	f = our_text(ours);
	return f == PPP_FAIL_NONE && peer->terminates ? PPP_FAIL_SERVER : f;
}

enum exit_status
ppp_observer_status(enum ppp_failure f)
{
	if (f == PPP_FAIL_NONE)
		return EXIT_OK;
	return f == PPP_FAIL_LOGIN ? EXIT_LOGIN : EXIT_PPP;
}

/* ---- in a sentence ---- */

/* RFC 2433 9, RFC 2759 6 */
static const char *
error_words(unsigned error)
{
	static const struct {
		uint16_t	 error;
		char		 words[38];
	} codes[] = {
		{ 646, "not at this hour" },
		{ 647, "the account is disabled" },
		{ 648, "the password has expired" },
		{ 649, "no permission to dial in" },
		{ 691, "wrong name or password" },
		{ 709, "the password could not be changed" }
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].error == error)
			return codes[i].words;
	return "wrong name or password?";
}

static void
login_sentence(const struct ppp_observer *o, const char *server, char *out,
    size_t size)
{
	char user[4 * PPP_NAME + 1], text[LINE];

	text_escape(user, sizeof(user), o->user, strlen(o->user), true);
	text_escape(text, sizeof(text), o->failure, strlen(o->failure), true);
	FMT(out, size, "%s refused the login of \"%s\" by %s: %s%s%s%s; check "
	    "the name and the password, in /etc/ppp/chap-secrets or where "
	    "they were given", server, user,
	    ppp_login_name(o->said[PPP_PEER].auth.asked),
	    error_words(o->error), text[0] != '\0' ? " (the server says: "
	    "\"" : "", text, text[0] != '\0' ? "\")" : "");
}

static void
method_sentence(const struct ppp_observer *o, const char *server, char *out,
    size_t size)
{
	const struct ppp_said *ours = &o->said[PPP_OURS];
	const struct ppp_said *peer = &o->said[PPP_PEER];

	FMT(out, size, "%s wants a login by %s, and this pppd would only do "
	    "%s: is there a secret for the former in /etc/ppp/chap-secrets, "
	    "and does no refuse- or require- option rule it out?", server,
	    ppp_login_name(peer->wanted),
	    ppp_login_name(ours->auth.nak));
}

static void
mppe_sentence(const struct ppp_observer *o, const char *server, char *out,
    size_t size)
{
	const struct ppp_said *ours = &o->said[PPP_OURS];
	const struct ppp_said *peer = &o->said[PPP_PEER];
	char we[64], they[64];

	ppp_mppe_text(ours->mppe.asked, we, sizeof(we));
	ppp_mppe_text(peer->mppe.nak != 0 ? peer->mppe.nak : peer->mppe.asked,
	    they, sizeof(they));
	FMT(out, size, "no encryption in common with %s: this pppd offers "
	    "MPPE of %s, the server %s; give pppd what the server offers "
	    "(require-mppe-40, require-mppe-128, mppe-stateful)", server, we,
	    they);
}

static void
text_sentence(const char *who, const char *said, char *out, size_t size)
{
	char text[LINE];

	text_escape(text, sizeof(text), said, strlen(said), true);
	FMT(out, size, "%s ended PPP before the network was up%s%s%s", who,
	    text[0] != '\0' ? ": \"" : ", without a reason", text,
	    text[0] != '\0' ? "\"" : "");
}

void
ppp_observer_sentence(const struct ppp_observer *o, const char *server,
    char *out, size_t size)
{
	static const char *const plain[PPP_FAILURES] = {
		[PPP_FAIL_NO_LOGIN] = "%s wants a login and this pppd offers "
		    "none: is there a line for the user and this server in "
		    "/etc/ppp/chap-secrets, and are `user' and `remotename' "
		    "given as they stand there?",
		[PPP_FAIL_NOAUTH] = "this pppd wants %s to log in to it, "
		    "which no VPN server does: give pppd the option noauth",
		[PPP_FAIL_NO_MPPE] = "%s knows no encryption (MPPE), and this "
		    "pppd requires it: without require-mppe everything is "
		    "sent in the clear",
		[PPP_FAIL_WANTS_MPPE] = "%s requires encryption (MPPE), which "
		    "this pppd has not: give it require-mppe-128, and see "
		    "that the module ppp_mppe can be loaded",
		[PPP_FAIL_NO_KEYS] = "encryption (MPPE) needs a login by "
		    "MS-CHAP or MS-CHAPv2, and %s asked for none: give no "
		    "require-mppe, or have the server ask for it",
		[PPP_FAIL_ADDRESS] = "%s gave no IP address: ask for one by "
		    "name (LOCAL:REMOTE), or have the server assign one"
	};
	enum ppp_failure f = ppp_observer_failure(o);

	FMT(out, size, "%s", "");
	if (f == PPP_FAIL_LOGIN)
		login_sentence(o, server, out, size);
	else if (f == PPP_FAIL_METHOD)
		method_sentence(o, server, out, size);
	else if (f == PPP_FAIL_MPPE)
		mppe_sentence(o, server, out, size);
	else if (f == PPP_FAIL_SERVER)
		text_sentence(server, o->said[PPP_PEER].terminate, out, size);
	else if (f == PPP_FAIL_OURS)
		text_sentence("pppd", o->said[PPP_OURS].terminate, out, size);
	else if (plain[f] != NULL) {
		const char *at = strstr(plain[f], "%s");

		FMT(out, size, "%.*s%s%s", (int)(at - plain[f]), plain[f],
		    server, at + 2);
	}
}
