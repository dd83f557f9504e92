/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PPP's negotiation as it passes: when the network is up, and what is said when
 * it does not come up.  Each conversation is frames of both sides, "> " ours
 * (pppd's), "< " the server's.
 */
#include "../../tunnel/ppp_observer.c"
#include "../../tunnel/ppp_verdict.c"

#include <assert.h>

#include "t.h"

/* One frame in hex, of the side its first character tells. */
static void
see(struct ppp_observer *o, const char *line)
{
	uint8_t buf[512], *exact;
	size_t n = t_hex(buf, sizeof(buf), line + 1);

	exact = malloc(n > 0 ? n : 1);
	if (exact == NULL)
		abort();
	memcpy(exact, buf, n);
	ppp_observer_see(o, line[0] == '>' ? PPP_OURS : PPP_PEER, exact, n);
	free(exact);
}

/* All of them, separated by newlines; where PPP is then. */
static enum ppp_phase
talk(struct ppp_observer *o, const char *lines)
{
	char line[1024];

	for (; *lines != '\0'; lines += strspn(lines, "\n")) {
		size_t n = strcspn(lines, "\n");

		memcpy(line, lines, n);
		line[n] = '\0';
		lines += n;
		see(o, line);
	}
	return o->phase;
}

/* ---- pieces of conversations ---- */

/* Our request with ACCM and magic; the server's with a login. */
#define OUR_LCP		"> ff03 c021 01 01 0014 0206 00000000 0506 11223344 " \
			"0702 0802\n"
#define OUR_LCP_ACKED	"< ff03 c021 02 01 0014 0206 00000000 0506 11223344 " \
			"0702 0802\n"
#define WANTS(login)	"< ff03 c021 01 01 " login "\n"
#define WANTS_V2	WANTS("000d 01 04 0578 03 05 c22381")
#define V2_ACKED	"> ff03 c021 02 01 000d 01 04 0578 03 05 c22381\n"
#define WANTS_PAP	WANTS("0008 03 04 c023")
#define PAP_ACKED	"> ff03 c021 02 01 0008 03 04 c023\n"
#define WANTS_NOTHING	WANTS("0004")
#define NOTHING_ACKED	"> ff03 c021 02 01 0004\n"
#define LCP_OPEN	OUR_LCP WANTS_V2 V2_ACKED OUR_LCP_ACKED
/* Challenge of "pptpd", Response of "alice". */
#define CHALLENGE	"< c223 01 07 000e 04 01020304 7070747064\n"
#define RESPONSE	"> c223 02 07 000e 04 05060708 616c696365\n"
#define SUCCESS		"< c223 03 07 0008 533d3031\n"
/* E=691 R=1 C=00 V=3 M=no */
#define FAILURE		"< c223 04 07 001c " \
			"453d36393120523d3120433d303020563d33204d3d6e6f6f\n"
#define LOGGED_IN	LCP_OPEN CHALLENGE RESPONSE SUCCESS
#define OUR_MPPE	"> 80fd 01 01 000a 12 06 01000040\n"
#define OUR_MPPE_ACKED	"< 80fd 02 01 000a 12 06 01000040\n"
#define THEIR_MPPE	"< 80fd 01 09 000a 12 06 01000040\n"
#define THEIR_ACKED	"> 80fd 02 09 000a 12 06 01000040\n"
#define MPPE		OUR_MPPE THEIR_MPPE THEIR_ACKED OUR_MPPE_ACKED
#define OUR_IP		"> 8021 01 02 0016 03 06 0a000002 81 06 0a000035 " \
			"83 06 0a000036\n"
#define OUR_IP_ACKED	"< 8021 02 02 0016 03 06 0a000002 81 06 0a000035 " \
			"83 06 0a000036\n"
#define THEIR_IP	"< 8021 01 05 000a 03 06 0a000001\n"
#define THEIR_IP_ACKED	"> 8021 02 05 000a 03 06 0a000001\n"
#define IP		OUR_IP THEIR_IP THEIR_IP_ACKED OUR_IP_ACKED
#define TERM(side, hex)	side " ff03 c021 05 09 " hex "\n"
/* "MPPE required but peer refused" */
#define MPPE_REFUSED	"0022 4d505045 20726571 75697265 64206275 74207065 " \
			"65722072 65667573 6564"
#define USER_REQUEST	"0010 55736572 20726571 75657374"
/* "peer refused to authenticate" */
#define AUTH_REFUSED	"0020 70656572 20726566 75736564 20746f20 61757468 " \
			"656e7469 63617465"

/* ---- up ---- */

static void
test_up(void)
{
	struct ppp_observer o = { .phase = PPP_ESTABLISH };
	char line[256];

	T(T_EQ(talk(&o, OUR_LCP WANTS_V2 V2_ACKED), PPP_ESTABLISH),
	    "LCP is open only with both acks");
	T(T_EQ(talk(&o, OUR_LCP_ACKED), PPP_AUTHENTICATE),
	    "then comes the login");
	talk(&o, CHALLENGE RESPONSE);
	T(T_STR(o.user, "alice"), "whose is in the Response");
	T(T_EQ(talk(&o, SUCCESS), PPP_NETWORK), "Success ends it");
	talk(&o, MPPE);
	T(T_EQ(talk(&o, OUR_IP THEIR_IP THEIR_IP_ACKED), PPP_NETWORK),
	    "one Configure-Ack of IPCP is not enough");
	T(T_EQ(talk(&o, OUR_IP_ACKED), PPP_UP) && o.was_up,
	    "with the second the network is up");
	T(T_EQ(ppp_observer_verdict(&o, "vpn", line, sizeof(line)), EXIT_OK),
	    "nothing has failed");
	T(T_EQ(line[0], '\0'), "and there is nothing to say");
	T(T_EQ(talk(&o, TERM("<", "0004")), PPP_TERMINATED),
	    "a Terminate-Request ends it");
	T(T_EQ(ppp_observer_verdict(&o, "vpn", line, sizeof(line)), EXIT_OK),
	    "which is no failure");
	talk(&o, "< ff03 c021 06 02 0004\n");
	T(T_IS(!o.said[PPP_OURS].term_acked) &&
	    T_IS(!o.said[PPP_PEER].term_acked),
	    "a Terminate-Ack of nothing counts for nothing");
	talk(&o, TERM(">", "0004") "< ff03 c021 06 09 0004\n");
	T(T_IS(o.said[PPP_OURS].term_acked) &&
	    T_IS(!o.said[PPP_PEER].term_acked),
	    "it is for the Terminate-Request of the other");
}

static void
test_acks(void)
{
	struct ppp_observer o = { .phase = PPP_ESTABLISH };

	talk(&o, OUR_LCP WANTS_V2 V2_ACKED
	    "< ff03 c021 02 02 0014 0206 00000000 0506 11223344 0702 0802\n");
	T(T_EQ(o.phase, PPP_ESTABLISH), "an Ack of another id opens nothing");
	talk(&o, OUR_LCP_ACKED CHALLENGE RESPONSE SUCCESS OUR_IP THEIR_IP
	    THEIR_IP_ACKED "> 8021 01 03 000a 03 06 0a000007\n" OUR_IP_ACKED);
	T(T_EQ(o.phase, PPP_NETWORK), "nor one of a request since replaced");
	talk(&o, "< 8021 02 03 000a 03 06 0a000007\n");
	T(T_EQ(o.phase, PPP_UP), "that one's does");
	T(T_EQ(talk(&o, OUR_LCP), PPP_ESTABLISH) && T_IS(o.was_up) &&
	    T_EQ(o.user[0], '\0'),
	    "a Configure-Request of LCP begins anew");
	T(T_EQ(talk(&o, WANTS_V2 V2_ACKED OUR_LCP_ACKED CHALLENGE RESPONSE
	    SUCCESS IP), PPP_UP),
	    "and it may come up again");
}

/* Forged or early: nothing of the network counts before the login. */
static void
test_early(void)
{
	struct ppp_observer o = { .phase = PPP_ESTABLISH };

	T(T_EQ(talk(&o, IP), PPP_ESTABLISH),
	    "IPCP before LCP is open does not count");
	talk(&o, LCP_OPEN IP);
	T(T_EQ(o.phase, PPP_AUTHENTICATE), "nor before the login");
	talk(&o, "> c223 03 07 0004\n> c023 02 01 0005 00\n");
	T(T_EQ(o.phase, PPP_AUTHENTICATE),
	    "which our own Success does not end");
	memset(&o, 0, sizeof(o));
	T(T_EQ(talk(&o, "> ff03 c021 01 01 0009 03 05 c22381\n"
	    "< ff03 c021 02 01 0009 03 05 c22381\n" WANTS_NOTHING
	    NOTHING_ACKED IP), PPP_UP),
	    "a login that only our side demands is no matter of ours");
	memset(&o, 0, sizeof(o));
	talk(&o, LCP_OPEN);
	T(T_EQ(talk(&o, "< c223 04\n< c223\n< c2\n< \n< ff03\n"
	    "< c223 03 07 0003\n< c223 03 07 0400\n"), PPP_AUTHENTICATE),
	    "nor do frames cut short");
}

static void
test_passwords(void)
{
	struct ppp_observer o = { .phase = PPP_ESTABLISH };
	const uint8_t *p = (const uint8_t *)&o;
	bool kept = false;

	/* alice, password "sesame" */
	talk(&o, OUR_LCP WANTS_PAP PAP_ACKED OUR_LCP_ACKED
	    "> c023 01 01 0011 05 616c696365 06 736573616d65\n");
	for (size_t i = 0; i + 6 <= sizeof(o); i++)
		kept = kept || memcmp(p + i, "sesame", 6) == 0;
	T(T_STR(o.user, "alice"), "PAP: the name is known");
	T(!kept, "the password is not kept");
	T(T_EQ(talk(&o, "< c023 02 01 0005 00\n"), PPP_NETWORK),
	    "an Ack logs in");
}

/* ---- what pppd wants escaped ---- */

/* After each frame: the map for data that follows it. */
#define REQ_A0	"> ff03c021 01 07 000a 0206000a0000"
#define ACK_A0	"< ff03c021 02 07 000a 0206000a0000"
#define REQ_0	"> ff03c021 01 01 0014 010405dc 020600000000 050601020304"
#define ACK_0	"< ff03c021 02 01 0014 010405dc 020600000000 050601020304"
#define PEER	"< ff03c021 01 33 000a 020600000000"
#define MY_ACK	"> ff03c021 02 33 000a 020600000000"

static const struct {
	const char *claim;
	struct {
		const char	*frame;
		uint32_t	 map;
	} step[7];
} accm_rows[] = {
	{ "the usual order", {
		{ REQ_0, HDLC_ACCM_ALL }, { PEER, HDLC_ACCM_ALL },
		{ MY_ACK, HDLC_ACCM_ALL }, { ACK_0, 0 } } },
	{ "what was asked for counts, not what the peer asks", {
		{ PEER, HDLC_ACCM_ALL }, { MY_ACK, HDLC_ACCM_ALL },
		{ REQ_A0, HDLC_ACCM_ALL }, { ACK_A0, 0x000a0000 } } },
	{ "the peer asks after its Ack", {
		{ REQ_0, HDLC_ACCM_ALL }, { ACK_0, 0 }, { PEER, 0 },
		{ MY_ACK, 0 } } },
	{ "the peer begins anew", {
		{ REQ_0, HDLC_ACCM_ALL }, { PEER, HDLC_ACCM_ALL },
		{ MY_ACK, HDLC_ACCM_ALL }, { ACK_0, 0 },
		{ PEER, HDLC_ACCM_ALL }, { ACK_0, HDLC_ACCM_ALL },
		{ MY_ACK, HDLC_ACCM_ALL } } },
	{ "pppd begins anew", {
		{ REQ_0, HDLC_ACCM_ALL }, { ACK_0, 0 },
		{ REQ_A0, HDLC_ACCM_ALL }, { ACK_0, HDLC_ACCM_ALL },
		{ ACK_A0, 0x000a0000 } } },
	{ "an Ack to nothing", { { ACK_0, HDLC_ACCM_ALL } } },
	{ "an Ack of another id", {
		{ REQ_A0, HDLC_ACCM_ALL },
		{ "< ff03c021 02 08 000a 0206000a0000", HDLC_ACCM_ALL } } },
	{ "an Ack cut short", {
		{ REQ_A0, HDLC_ACCM_ALL },
		{ "< ff03c021 02 07 000a 020600", HDLC_ACCM_ALL },
		{ ACK_A0, 0x000a0000 } } },
	{ "no map asked for: the default is agreed on", {
		{ REQ_0, HDLC_ACCM_ALL }, { ACK_0, 0 },
		{ "> ff03c021 01 02 0008 010405dc", HDLC_ACCM_ALL },
		{ "< ff03c021 02 02 0008 010405dc", HDLC_ACCM_ALL } } },
	{ "options that do not add up are not believed", {
		{ "> ff03c021 01 01 000a 0207 00000000", HDLC_ACCM_ALL },
		{ "< ff03c021 02 01 000a 0207 00000000", HDLC_ACCM_ALL } } },
	{ "a map of three octets is none", {
		{ "> ff03c021 01 01 0009 0205 000000", HDLC_ACCM_ALL },
		{ "< ff03c021 02 01 0009 0205 000000", HDLC_ACCM_ALL } } },
	{ "LCP without address and control is understood", {
		{ "> c021 01 07 000a 0206000a0000", HDLC_ACCM_ALL },
		{ "< c021 02 07 000a 0206000a0000", 0x000a0000 } } },
	{ "Nak, Reject, Echo and IPCP change nothing", {
		{ REQ_0, HDLC_ACCM_ALL },
		{ "< ff03c021 03 01 000a 020600000000", HDLC_ACCM_ALL },
		{ ACK_0, 0 }, { "< ff03c021 09 01 0008 00000000", 0 },
		{ "< ff038021 01 01 000a 030600000000", 0 },
		{ "> 8021 01 01 000a 030600000000", 0 } } },
};

/* The map for a frame in hex. */
static uint32_t
map_for(const struct ppp_observer *o, const char *hex)
{
	uint8_t buf[16];

	return ppp_observer_accm(o, buf, t_hex(buf, sizeof(buf), hex));
}

static void
test_accm(void)
{
	struct ppp_observer o;

	for (size_t i = 0; i < sizeof(accm_rows) / sizeof(*accm_rows); i++) {
		bool good;

		memset(&o, 0, sizeof(o));
		good = map_for(&o, "ff03 0021 45") == HDLC_ACCM_ALL;
		for (size_t k = 0; k < 7 &&
		    accm_rows[i].step[k].frame != NULL; k++) {
			see(&o, accm_rows[i].step[k].frame);
			good = good && map_for(&o, "ff03 0021 45") ==
			    accm_rows[i].step[k].map;
		}
		T(good, "map: %s", accm_rows[i].claim);
	}
	memset(&o, 0, sizeof(o));
	talk(&o, REQ_0 "\n" ACK_0);
	T(map_for(&o, "ff03c02109010008") == HDLC_ACCM_ALL &&
	    map_for(&o, "c02109010008") == HDLC_ACCM_ALL,
	    "LCP is escaped in full under any map");
	T(map_for(&o, "ff0300fd90") == 0 && map_for(&o, "fd90") == 0 &&
	    map_for(&o, "ff03") == 0 && map_for(&o, "") == 0,
	    "data is not");
}

/* ---- failures ---- */

static const struct {
	const char	*claim, *frames;
	enum exit_status status;
	const char	*says;		/* a part of the sentence */
} failures[] = {
	{ "nothing comes from the server", OUR_LCP OUR_LCP OUR_LCP,
	    EXIT_OK, "" },
	{ "the server talks, and answers nothing of ours",
	    OUR_LCP WANTS_V2 V2_ACKED OUR_LCP WANTS_V2 V2_ACKED,
	    EXIT_OK, "" },
	{ "a wrong password", LCP_OPEN CHALLENGE RESPONSE FAILURE
	    TERM("<", "0004"), EXIT_LOGIN,
	    "vpn refused the login of \"alice\" by MS-CHAPv2: wrong name or "
	    "password (the server says: \"E=691 R=1 C=00 V=3 M=noo\")" },
	{ "a wrong password by PAP", OUR_LCP WANTS_PAP PAP_ACKED OUR_LCP_ACKED
	    "> c023 01 01 000c 03 626f62 03 787878\n< c023 03 01 0008 03 4e6f21\n",
	    EXIT_LOGIN, "of \"bob\" by PAP: wrong name or "
	    "password? (the server says: \"No!\")" },
	{ "EAP refuses", OUR_LCP WANTS("0008 03 04 c227")
	    "> ff03 c021 02 01 0008 03 04 c227\n" OUR_LCP_ACKED
	    "< c227 01 01 0005 01\n> c227 02 01 000a 01 616c696365\n"
	    "< c227 04 02 0004\n", EXIT_LOGIN,
	    "of \"alice\" by EAP" },
	{ "no line in chap-secrets", OUR_LCP WANTS_V2
	    "> ff03 c021 04 01 0009 03 05 c22381\n" OUR_LCP_ACKED
	    "< ff03 c021 01 02 0004\n> ff03 c021 02 02 0004\n"
	    TERM("<", AUTH_REFUSED), EXIT_PPP,
	    "this pppd offers none: is there a line" },
	{ "no login in common", OUR_LCP WANTS_PAP
	    "> ff03 c021 03 01 0009 03 05 c22381\n" OUR_LCP_ACKED WANTS_PAP
	    TERM("<", AUTH_REFUSED), EXIT_PPP,
	    "vpn wants a login by PAP, and this pppd would only do MS-CHAPv2" },
	{ "no secret for it, and the server gives in at first", OUR_LCP WANTS_V2
	    "> ff03 c021 03 01 0008 03 04 c023\n" OUR_LCP_ACKED
	    "< ff03 c021 01 02 0004\n> ff03 c021 02 02 0004\n"
	    TERM("<", AUTH_REFUSED), EXIT_PPP,
	    "vpn wants a login by MS-CHAPv2, and this pppd would only do PAP: "
	    "is there a secret" },
	{ "noauth is missing", "> ff03 c021 01 01 0009 03 05 c22381\n"
	    "< ff03 c021 04 01 0009 03 05 c22381\n> ff03 c021 01 02 0004\n"
	    "< ff03 c021 02 02 0004\n" WANTS_V2 V2_ACKED
	    TERM(">", AUTH_REFUSED), EXIT_PPP,
	    "option noauth" },
	{ "noauth is missing, and the server would do with another login",
	    "> ff03 c021 01 01 0009 03 05 c22381\n"
	    "< ff03 c021 03 01 0008 03 04 c023\n", EXIT_PPP,
	    "option noauth" },
	{ "noauth is missing, by what pppd says", LOGGED_IN
	    TERM(">", AUTH_REFUSED), EXIT_PPP, "option noauth" },
	{ "the server knows no CCP", LOGGED_IN OUR_MPPE
	    "< ff03 c021 08 03 0010 80fd 01 01 000a 12 06 01000040\n"
	    TERM(">", MPPE_REFUSED), EXIT_PPP,
	    "vpn knows no encryption" },
	{ "the server rejects MPPE", LOGGED_IN OUR_MPPE
	    "< 80fd 04 01 000a 12 06 01000040\n" TERM(">", MPPE_REFUSED),
	    EXIT_PPP, "vpn knows no encryption" },
	{ "the server requires MPPE, we reject it", LOGGED_IN THEIR_MPPE
	    "> ff03 c021 08 03 0010 80fd 01 09 000a 12 06 01000040\n"
	    TERM("<", MPPE_REFUSED), EXIT_PPP,
	    "vpn requires encryption" },
	{ "128 bits here, 40 there", LOGGED_IN OUR_MPPE
	    "< 80fd 03 01 000a 12 06 01000020\n"
	    "< 80fd 01 09 000a 12 06 01000020\n"
	    "> 80fd 03 09 000a 12 06 01000040\n" TERM(">", MPPE_REFUSED),
	    EXIT_PPP, "this pppd offers MPPE 128 bit, "
	    "stateless, the server MPPE 40 bit, stateless" },
	{ "both reject the other's keys", LOGGED_IN OUR_MPPE
	    "< 80fd 01 01 000a 12 06 00000020\n"
	    TERM(">", MPPE_REFUSED) "> 80fd 04 01 000a 12 06 00000020\n"
	    "< 80fd 04 01 000a 12 06 01000040\n", EXIT_PPP,
	    "this pppd offers MPPE 128 bit, stateless, the server MPPE 40 bit, "
	    "stateful" },
	{ "other keys are required, but that request was lost", LOGGED_IN
	    OUR_MPPE "< 80fd 04 01 000a 12 06 01000040\n"
	    TERM("<", MPPE_REFUSED), EXIT_PPP,
	    "this pppd offers MPPE 128 bit, stateless, the server something" },
	{ "the request was lost, and there was none of ours", LOGGED_IN
	    TERM("<", MPPE_REFUSED), EXIT_PPP, "vpn requires encryption" },
	{ "we refuse to say why by a Configure-Reject", LOGGED_IN THEIR_MPPE
	    "> 80fd 04 09 000a 12 06 01000040\n" TERM("<", MPPE_REFUSED),
	    EXIT_PPP, "vpn requires encryption" },
	{ "the server requires MPPE, this pppd says nothing of it", LOGGED_IN
	    THEIR_MPPE TERM("<", MPPE_REFUSED), EXIT_PPP,
	    "vpn requires encryption" },
	{ "the server would only do with 40 bits", LOGGED_IN OUR_MPPE
	    "< 80fd 03 01 000a 12 06 01000020\n" TERM(">", MPPE_REFUSED),
	    EXIT_PPP, "the server MPPE 40 bit, stateless" },
	{ "this pppd would only do with 40 bits", LOGGED_IN THEIR_MPPE
	    "> 80fd 01 01 0004\n> 80fd 03 09 000a 12 06 01000020\n"
	    TERM("<", MPPE_REFUSED), EXIT_PPP,
	    "this pppd offers none, the server MPPE 128 bit" },
	{ "the call ends while both ask for the same", LOGGED_IN OUR_MPPE
	    THEIR_MPPE, EXIT_OK, "" },
	{ "MPPE cannot be had here, whatever the login", LOGGED_IN
	    TERM(">", "0014 4d505045 20726571 75697265 642e2e2e "), EXIT_PPP,
	    "modprobe ppp_mppe" },
	{ "MPPE without keys", OUR_LCP WANTS_NOTHING NOTHING_ACKED
	    OUR_LCP_ACKED TERM(">", "0014 4d505045 20726571 75697265 642e2e2e "),
	    EXIT_PPP, "vpn asked for none" },
	{ "the server rejects our address", LOGGED_IN
	    "> 8021 01 02 000a 03 06 00000000\n"
	    "< 8021 04 02 000a 03 06 00000000\n", EXIT_PPP,
	    "vpn gave no IP address" },
	{ "the same, after we rejected the encryption it offered", LOGGED_IN
	    THEIR_MPPE
	    "> ff03 c021 08 03 0010 80fd 01 09 000a 12 06 01000040\n"
	    "> 8021 01 02 000a 03 06 00000000\n"
	    "< 8021 04 02 000a 03 06 00000000\n", EXIT_PPP,
	    "vpn gave no IP address" },
	{ "the server knows no IP", LOGGED_IN
	    "> 8021 01 02 000a 03 06 00000000\n"
	    "< ff03 c021 08 03 0010 8021 01 02 000a 03 06 00000000\n",
	    EXIT_PPP, "gave no IP address" },
	{ "pppd then asks for none, and IPCP opens without", LOGGED_IN
	    "> 8021 01 02 000a 03 06 00000000\n"
	    "< 8021 04 02 000a 03 06 00000000\n> 8021 01 03 0004\n"
	    "< 8021 02 03 0004\n" THEIR_IP THEIR_IP_ACKED
	    TERM("<", "0004"), EXIT_PPP, "vpn gave no IP address" },
	{ "the server acknowledges 0.0.0.0, and pppd ends IPCP", LOGGED_IN
	    "> 8021 01 02 000a 03 06 00000000\n"
	    "< 8021 02 02 000a 03 06 00000000\n" THEIR_IP THEIR_IP_ACKED
	    "> 8021 05 03 0028 436f756c 64206e6f 74206465 7465726d 696e6520 "
	    "6c6f6361 6c204950 20616464 72657373\n"
	    TERM(">", "000e 4e6f206e 6574776f 726b"), EXIT_PPP,
	    "vpn gave no IP address" },
	{ "an address by the old option will do", LOGGED_IN
	    "> 8021 01 02 000a 03 06 00000000\n"
	    "< 8021 04 02 000a 03 06 00000000\n"
	    "> 8021 01 03 000e 01 0a 0a000002 0a000001\n"
	    "< 8021 02 03 000e 01 0a 0a000002 0a000001\n" THEIR_IP
	    THEIR_IP_ACKED TERM("<", "0004"), EXIT_OK, "" },
	{ "pppd has no address, and says so", LOGGED_IN TERM(">", "0028 "
	    "436f756c 64206e6f 74206465 7465726d 696e6520 6c6f6361 6c204950 "
	    "20616464 72657373"), EXIT_PPP, "vpn gave no IP address" },
	{ "the server ends it, with a text to be escaped", LOGGED_IN
	    TERM("<", "0009 6e6f1b5b0a"), EXIT_PPP,
	    "vpn ended PPP before the network was up, saying \"no\\x1b[\\x0a\"" },
	{ "or to end its quotation", LOGGED_IN TERM("<", "0008 22295c0a"),
	    EXIT_PPP, "was up, saying \"\\\")\\\\\\x0a\"" },
	{ "as does a wrong password", OUR_LCP WANTS_PAP PAP_ACKED OUR_LCP_ACKED
	    "> c023 01 01 000c 03 625c62 03 787878\n< c023 03 01 0008 03 5c2229\n",
	    EXIT_LOGIN, "of \"b\\\\b\" by PAP: wrong name or "
	    "password? (the server says: \"\\\\\\\")\")" },
	{ "and without a text", LOGGED_IN TERM("<", "0004"), EXIT_PPP,
	    "vpn ended PPP before the network was up, saying \"\"" },
	{ "and before LCP was answered", OUR_LCP TERM("<", "0004"), EXIT_PPP,
	    "vpn ended PPP before the network was up" },
	{ "pppd ends it without a text", LOGGED_IN TERM(">", "0004"), EXIT_OK,
	    "" },
	{ "pppd ends it with a text of its own", LOGGED_IN
	    TERM(">", "0008 6f6f7073"), EXIT_PPP,
	    "pppd ended PPP before the network was up, saying \"oops\"" },
	{ "a wrong text of MPPE is believed last", LOGGED_IN
	    TERM(">", MPPE_REFUSED), EXIT_PPP,
	    "knows no encryption" },
	{ "the user ends it while both ask for keys", LOGGED_IN OUR_MPPE
	    THEIR_MPPE TERM(">", USER_REQUEST), EXIT_OK, "" },
	{ "the user ends it, and the server says so as well", LOGGED_IN
	    TERM(">", USER_REQUEST) TERM("<", "0004"), EXIT_OK, "" },
	{ "the user ends it after the login was refused", LCP_OPEN CHALLENGE
	    RESPONSE FAILURE TERM(">", USER_REQUEST), EXIT_LOGIN,
	    "vpn refused the login" },
	{ "the user ends it", LOGGED_IN
	    TERM(">", USER_REQUEST), EXIT_OK, "" },
};

static void
test_failures(void)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct ppp_observer o;
		enum exit_status status;
		char said[512];

		memset(&o, 0, sizeof(o));
		talk(&o, failures[i].frames);
		status = ppp_observer_verdict(&o, "vpn", said, sizeof(said));
		T(T_EQ(status, failures[i].status), "%s: its status",
		    failures[i].claim);
		if (!T(T_HAS(said, failures[i].says) &&
		    T_EQ((said[0] == '\0'), (failures[i].says[0] == '\0')),
		    "%s: its sentence", failures[i].claim))
			printf("# got %s\n# wanted %s\n", said,
			    failures[i].says);
	}
}

static void
test_words(void)
{
	static const struct {
		uint32_t	 bits;
		const char	*text;
	} mppe[] = {
		{ 0, "none" }, { MPPE_STATELESS, "none" },
		{ MPPE_128 | MPPE_STATELESS, "MPPE 128 bit, stateless" },
		{ MPPE_40, "MPPE 40 bit, stateful" },
		{ MPPE_56, "MPPE 56 bit, stateful" },
		{ MPPE_KEYS | MPPE_STATELESS,
		    "MPPE 128 bit or 56 bit or 40 bit, stateless" }
	};
	static const unsigned codes[] = { 646, 647, 648, 649, 691, 709 };
	char text[64];

	for (size_t i = 0; i < sizeof(mppe) / sizeof(mppe[0]); i++) {
		ppp_mppe_text(mppe[i].bits, text, sizeof(text));
		T(T_STR(text, mppe[i].text), "%s", mppe[i].text);
	}
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		T(strchr(error_words(codes[i]), '?') == NULL, "E=%u has words",
		    codes[i]);
	T(strchr(error_words(1), '?') != NULL, "another code is a question");
	T(T_STR(ppp_login_name(PPP_CHAP << 8 | CHAP_MD5), "CHAP-MD5") &&
	    T_STR(ppp_login_name(0), "none") &&
	    T_STR(ppp_login_name(PPP_CHAP << 8 | 9), "a login unknown to pptp"),
	    "logins have names");
}

/* ---- the fast path ---- */

static void
test_wants(void)
{
	static const struct {
		const char	*claim, *hex;
		bool		 wants;
	} rows[] = {
		{ "LCP", "ff03c021", true }, { "CHAP", "c223", true },
		{ "IPCP", "8021", true }, { "CCP, uncompressed", "ff0380fd",
		    true }, { "IP", "ff030021", false },
		{ "IP, compressed", "21", false },
		{ "MPPE", "ff0300fd", false }, { "MPPE, compressed", "fd",
		    false }, { "nothing", "", false }, { "half", "ff", false },
		{ "a header alone", "ff03", false }
	};
	uint8_t buf[8];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t n = t_hex(buf, sizeof(buf), rows[i].hex);

		T(T_EQ(ppp_observer_wants(buf, n), rows[i].wants),
		    "%s is %swanted", rows[i].claim, rows[i].wants ? "" :
		    "not ");
	}
}

static void
mangled(const uint8_t *p, size_t n)
{
	struct ppp_observer o;
	char said[512];

	for (int side = 0; side < PPP_SIDES; side++) {
		memset(&o, 0, sizeof(o));
		talk(&o, LOGGED_IN);
		ppp_observer_see(&o, (enum ppp_side)side, p, n);
		(void)ppp_observer_verdict(&o, "vpn", said, sizeof(said));
		if (o.phase == PPP_UP)
			abort();
	}
}

static void
test_mangled(void)
{
	static const char *const frames[] = { "ff03c0210101000d010405780305c2"
	    "2381", "80fd0101000a120601000040", "c2230107000e0401020304707074"
	    "7064", "c02301010011" "05616c69636506736573616d65",
	    "802101020016" "03060a00000281060a00003583060a000036" };
	uint8_t buf[64];

	static_assert(sizeof(struct ppp_observer) <= 768, "it stays small");
	for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++)
		t_mangle(buf, t_hex(buf, sizeof(buf), frames[i]), mangled);
	T(true, "every truncation and bit flip of frames is survived");
}

int
main(void)
{
	test_up();
	test_acks();
	test_early();
	test_passwords();
	test_accm();
	test_failures();
	test_words();
	test_wants();
	test_mangled();
	return t_done();
}
