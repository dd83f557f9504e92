/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a gateway and its call manager say to each other over a unix
 * SEQPACKET socket (pure): one fixed-size record a message, in the style of
 * RFC 2637's own.  Closing the socket is the only way to end a call, and
 * means "the call is over" in either direction.
 *
 *	gateway		CALL (with descriptors)
 *	manager		LOG* STEP* SERVER? UP | DOWN
 *	gateway		STATUS
 *	manager		TUNNEL* END
 *	manager		ROUTE to its keeper, over a socket of their own
 *
 * Where the kernel carries the data, pppd's plugin and the holder of
 * the call (tunnel/kernel.c) speak the same way over a pair of sockets:
 *
 *	holder		CHANNEL (with the kernel's PPTP socket) | DOWN
 *	plugin		LINK once there is an interface
 */
#ifndef LOCAL_H
#define LOCAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gre.h"
#include "pptp_proto.h"

enum {
	LOCAL_TEXT = 224,
	LOCAL_MAX = 512,		/* no message is longer */
	LOCAL_ID_TAKEN = 255		/* DOWN: ask again with another id */
};

enum local_type {
	LOCAL_CALL = 1, LOCAL_LOG, LOCAL_STEP, LOCAL_SERVER, LOCAL_UP,
	LOCAL_DOWN, LOCAL_STATUS, LOCAL_TUNNEL, LOCAL_END, LOCAL_ROUTE,
	LOCAL_CHANNEL, LOCAL_LINK, LOCAL_TYPES
};

/*
 * The descriptors that go with a CALL, in this order; the last may lack.  A
 * call whose data the kernel carries has no SINK: COUNTERS has its place.
 */
enum { LOCAL_FD_TCP, LOCAL_FD_SINK, LOCAL_FD_COUNTERS, LOCAL_FDS };

/* What gateway and plugin say of the same trouble: what happened, server. */
#define LOCAL_GRE_BLOCKED \
	"GRE is blocked: %s from %s, although its TCP port answers; usual " \
	"causes: a firewall here or on the way does not pass IP protocol " \
	"47, or a NAT router has no PPTP helper (nf_conntrack_pptp)"

enum local_step { LOCAL_CONNECTING, LOCAL_CONNECTED, LOCAL_CALLING };

/* Addresses are in network order, as in struct in_addr. */
struct local_call {
	uint16_t	 id, port, window;
	uint8_t		 loglevel;	/* LOG records wanted up to this */
	bool		 hostroute;
	bool		 kernel;	/* carries the data */
	uint32_t	 server, local, mark;
	uint32_t	 quirks;
	uint64_t	 idle_us, echo_us;	/* 0: off */
	uint64_t	 timeout_us;	/* left for the establishment */
	char		 phone[PPTP_TEXT + 1], hostname[PPTP_TEXT + 1];
};

struct local_log {
	uint8_t		 level;
	char		 text[LOCAL_TEXT + 1];
};

struct local_server {
	uint16_t	 version, firmware, max_channels;
	char		 host[PPTP_TEXT + 1], vendor[PPTP_TEXT + 1];
};

struct local_up {
	uint16_t	 peer_id, window;
	uint32_t	 speed;
};

struct local_down {
	uint8_t		 status;	/* enum exit_status, LOCAL_ID_TAKEN */
	char		 text[LOCAL_TEXT + 1];
};

struct local_tunnel {
	uint16_t	 id, peer_id;
	bool		 up;
	uint32_t	 server, local;
	uint64_t	 up_us;		/* since it is up */
	struct gre_counters n;		/* zeroes when not shared */
};

struct local_route {
	uint32_t	 local, mark;
};

struct local_channel {
	uint16_t	 id, peer_id;
	uint32_t	 server;
};

struct local_link {
	uint32_t	 ifindex;
};

/* One record; which member counts is said by type. */
struct local_msg {
	enum local_type	 type;
	union {
		enum local_step	 step;
		struct local_call call;
		struct local_log log;
		struct local_server server;
		struct local_up	 up;
		struct local_down down;
		struct local_tunnel tunnel;
		struct local_route route;
		struct local_channel channel;
		struct local_link link;
	};
};

/* Writes m into buf of LOCAL_MAX octets; returns the length. */
size_t local_encode(const struct local_msg *m, uint8_t *buf);

/*
 * Reads one record.  False, with *m cleared, if it is not one of ours: wrong
 * magic, version, type, length, or a field out of range.
 */
bool local_decode(struct local_msg *m, const uint8_t *buf, size_t n);

#endif
