/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The numbers of RFC 2637 (PPTP), with the sections that define them. */
#ifndef PPTP_PROTO_H
#define PPTP_PROTO_H

enum {
	PPTP_PORT = 1723,		/* RFC 2637 1.3 */
	PPTP_IPPROTO_GRE = 47,
	PPTP_MAGIC = 0x1a2b3c4d,	/* 2, "Magic Cookie" */
	PPTP_VERSION = 0x0100,		/* 2.1, version 1 revision 0 */
	PPTP_CONTROL = 1,		/* 2, "PPTP Message Type" */
	PPTP_HEADER = 12,		/* length .. reserved0 */
	PPTP_MSG_MAX = 220,		/* the longest: 2.9 */
	PPTP_TEXT = 64,			/* host, vendor, phone, subaddress */
	PPTP_STATS = 128		/* 2.13, call statistics */
};

/* Control message types, RFC 2637 2.1 to 2.15. */
enum {
	START_REQUEST = 1, START_REPLY, STOP_REQUEST, STOP_REPLY,
	ECHO_REQUEST, ECHO_REPLY, OUT_CALL_REQUEST, OUT_CALL_REPLY,
	IN_CALL_REQUEST, IN_CALL_REPLY, IN_CALL_CONNECTED,
	CALL_CLEAR_REQUEST, CALL_DISCONNECT, WAN_ERROR, SET_LINK_INFO,
	PPTP_TYPES			/* one more than the last */
};

enum { PPTP_RESULT_OK = 1, PPTP_RESULT_ERROR = 2 };	/* all replies */

/* 2.3, reason of a Stop-Control-Connection-Request. */
enum { STOP_PROTOCOL = 2, STOP_LOCAL = 3 };

enum { FRAMING_ASYNC = 1, FRAMING_SYNC = 2 };		/* 2.1, 2.7 */
enum { BEARER_ANALOG = 1, BEARER_DIGITAL = 2 };		/* 2.1, 2.7 */

/* Enhanced GRE, RFC 2637 4.1: the first sixteen bits, and the types. */
enum {
	GRE_KEY = 0x2000,
	GRE_SEQ = 0x1000,
	GRE_ACK = 0x0080,
	GRE_VER1 = 0x0001,
	GRE_PPP = 0x880b,
	GRE_HEADER_MAX = 16
};

enum { HDLC_FRAME_MAX = 8192 };	/* longest PPP frame carried, no FCS */

/* PPP: the header's octets, and protocols (RFC 1661 2, RFC 1662 3.1). */
enum {
	PPP_ALLSTATIONS = 0xff,
	PPP_UI = 0x03,
	PPP_MRU = 1500,			/* unless LCP says another: 6.1 */
	PPP_IP = 0x0021,		/* RFC 1332 */
	PPP_VJ_UNCOMP = 0x002f,		/* keeps IP's length (RFC 1144 3.2.2) */
	PPP_IPV6 = 0x0057,		/* RFC 5072 */
	PPP_COMP = 0x00fd,		/* what CCP agreed on: MPPE */
	PPP_IPCP = 0x8021,		/* RFC 1332 */
	PPP_CCP = 0x80fd,		/* RFC 1962 */
	PPP_LCP = 0xc021,
	PPP_PAP = 0xc023,		/* RFC 1334 */
	PPP_LQR = 0xc025,		/* RFC 1989 */
	PPP_CHAP = 0xc223,		/* RFC 1994 */
	PPP_EAP = 0xc227		/* RFC 3748 */
};

/* Codes of LCP and, up to Terminate-Request, of CCP and IPCP (RFC 1661 5). */
enum {
	LCP_HEADER = 4,			/* code, identifier, length */
	LCP_CONFREQ = 1, LCP_CONFACK, LCP_CONFNAK, LCP_CONFREJ, LCP_TERMREQ,
	LCP_TERMACK, LCP_PROTREJ = 8, LCP_DISCARD = 11
};

/* Options of LCP (RFC 1661 6, RFC 1662 7.1). */
enum { LCP_OPT_MRU = 1, LCP_OPT_ACCM, LCP_OPT_AUTH, LCP_OPT_MAGIC = 5 };

/* Logins: RFC 1334 2.2, RFC 1994 4 (MS-CHAP: RFC 2433, 2759), RFC 3748 4. */
enum { PAP_REQUEST = 1, PAP_ACK, PAP_NAK };
enum { CHAP_CHALLENGE = 1, CHAP_RESPONSE, CHAP_SUCCESS, CHAP_FAILURE };
enum { CHAP_MD5 = 0x05, CHAP_MS = 0x80, CHAP_MS_V2 = 0x81 };
enum { EAP_RESPONSE = 2, EAP_SUCCESS, EAP_FAILURE, EAP_IDENTITY = 1 };

/* Options of CCP and IPCP (RFC 3078 2, RFC 1332 3). */
enum { CCP_OPT_MPPE = 18, IPCP_OPT_ADDRS = 1, IPCP_OPT_ADDR = 3 };

/* Supported bits of MPPE (RFC 3078 2.1; 56 bits: RFC 3079). */
enum {
	MPPE_STATELESS = 0x01000000,
	MPPE_40 = 0x20,
	MPPE_128 = 0x40,
	MPPE_56 = 0x80,
	MPPE_KEYS = MPPE_40 | MPPE_56 | MPPE_128,
	MPPE_BITS = MPPE_KEYS | MPPE_STATELESS
};

#endif
