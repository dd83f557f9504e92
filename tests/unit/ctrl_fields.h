/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of the fields of control messages, by RFC 2637 chapter 2 and not by
 * the product's tables: for telling where a message differs.
 */
#ifndef CTRL_FIELDS_H
#define CTRL_FIELDS_H

#include "t.h"

/* By Control Message Type: the message, then its fields, each with its octets. */
static const char *const ctrl_fields[][14] = {
	{ "Control message" },
	{ "Start-Control-Connection-Request", "2 Protocol Version",
	    "2 Reserved1", "4 Framing Capabilities", "4 Bearer Capabilities",
	    "2 Maximum Channels", "2 Firmware Revision", "64 Host Name",
	    "64 Vendor String" },
	{ "Start-Control-Connection-Reply", "2 Protocol Version",
	    "1 Result Code", "1 Error Code", "4 Framing Capabilities",
	    "4 Bearer Capabilities", "2 Maximum Channels",
	    "2 Firmware Revision", "64 Host Name", "64 Vendor String" },
	{ "Stop-Control-Connection-Request", "1 Reason", "1 Reserved1",
	    "2 Reserved2" },
	{ "Stop-Control-Connection-Reply", "1 Result Code", "1 Error Code",
	    "2 Reserved1" },
	{ "Echo-Request", "4 Identifier" },
	{ "Echo-Reply", "4 Identifier", "1 Result Code", "1 Error Code",
	    "2 Reserved1" },
	{ "Outgoing-Call-Request", "2 Call ID", "2 Call Serial Number",
	    "4 Minimum BPS", "4 Maximum BPS", "4 Bearer Type",
	    "4 Framing Type", "2 Packet Recv. Window Size",
	    "2 Packet Processing Delay", "2 Phone Number Length",
	    "2 Reserved1", "64 Phone Number", "64 Subaddress" },
	{ "Outgoing-Call-Reply", "2 Call ID", "2 Peer's Call ID",
	    "1 Result Code", "1 Error Code", "2 Cause Code",
	    "4 Connect Speed", "2 Packet Recv. Window Size",
	    "2 Packet Processing Delay", "4 Physical Channel ID" },
	{ "Incoming-Call-Request", "2 Call ID", "2 Call Serial Number",
	    "4 Call Bearer Type", "4 Physical Channel ID",
	    "2 Dialed Number Length", "2 Dialing Number Length",
	    "64 Dialed Number", "64 Dialing Number", "64 Subaddress" },
	{ "Incoming-Call-Reply", "2 Call ID", "2 Peer's Call ID",
	    "1 Result Code", "1 Error Code", "2 Packet Recv. Window Size",
	    "2 Packet Transmit Delay", "2 Reserved1" },
	{ "Incoming-Call-Connected", "2 Peer's Call ID", "2 Reserved1",
	    "4 Connect Speed", "2 Packet Recv. Window Size",
	    "2 Packet Transmit Delay", "4 Framing Type" },
	{ "Call-Clear-Request", "2 Call ID", "2 Reserved1" },
	{ "Call-Disconnect-Notify", "2 Call ID", "1 Result Code",
	    "1 Error Code", "2 Cause Code", "2 Reserved1",
	    "128 Call Statistics" },
	{ "WAN-Error-Notify", "2 Peer's Call ID", "2 Reserved1",
	    "4 CRC Errors", "4 Framing Errors", "4 Hardware Overruns",
	    "4 Buffer Overruns", "4 Time-out Errors", "4 Alignment Errors" },
	{ "Set-Link-Info", "2 Peer's Call ID", "2 Reserved1", "4 Send ACCM",
	    "4 Receive ACCM" },
};

static const char *const ctrl_head[] = { "2 Length", "2 PPTP Message Type",
    "4 Magic Cookie", "2 Control Message Type", "2 Reserved0", NULL };

/* The name of the field at this octet, counted on from the first of these. */
static inline const char *
field_of(const char *const *row, size_t at)
{
	for (; *row != NULL; row++) {
		char *name;
		size_t size = strtoul(*row, &name, 10);

		if (at < size)
			return name + 1;
		at -= size;
	}
	return "behind its last field";
}

/* Are these the same messages?  Says which field of which differs first. */
static inline bool
t_messages(const uint8_t *got, size_t n, const uint8_t *want, size_t m)
{
	size_t at = t_differ(got, n, want, m), begin = 0, number = 1, type;
	char what[128];

	if (n == m && at == n)
		return true;
	/* Where the message begins in which they differ, as wanted. */
	while (begin + 12 <= m && want[begin + 1] >= 12 &&
	    at >= begin + want[begin + 1]) {
		begin += want[begin + 1];
		number++;
	}
	type = begin + 12 <= m ? want[begin + 9] : 0;
	if (type >= sizeof(ctrl_fields) / sizeof(ctrl_fields[0]))
		type = 0;
	snprintf(what, sizeof(what), "message %zu, %s: octet %zu, %s", number,
	    begin == m ? "one more than wanted" : ctrl_fields[type][0],
	    at - begin, at - begin < 12 ? field_of(ctrl_head, at - begin) :
	    field_of(ctrl_fields[type] + 1, at - begin - 12));
	return t_mem(what, got + begin, n - begin, want + begin, m - begin);
}

#endif
