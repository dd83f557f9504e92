/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages between gateway, manager, monitor and plugin, over unix SEQPACKET
 * sockets: each type has a fixed size, as in RFC 2637, but for TUNNEL, whose
 * counters at the end differ between builds.  Closing the socket means "the
 * call is over" in either direction; a gateway has no other way to end its
 * call.
 *
 *	gateway		CALL (with descriptors)
 *	manager		LOG* STEP* SERVER? UP? LOG* DOWN
 *	gateway		STATUS
 *	manager		TUNNEL* END
 *
 * Manager and monitor, over a socket of their own:
 *
 *	monitor		READY once it has given up its privileges
 *	manager		ROUTE* (with the TCP socket of a server that answered)
 *
 * Where the kernel carries the data, the kernel gateway and pppd's plugin:
 *
 *	kernel gateway	CHANNEL (with the kernel's PPTP socket) | DOWN
 *	plugin		FRAME* LINK once there is an interface
 */
#ifndef IPC_MSG_H
#define IPC_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pptp_gre.h"
#include "pptp_proto.h"

enum {
	IPC_TEXT = 224,
	IPC_MAX = 512,		/* no message is longer */
	IPC_ID_TAKEN = 255		/* DOWN: ask again with another id */
};

enum ipc_type {
	IPC_CALL = 1, IPC_LOG, IPC_STEP, IPC_SERVER, IPC_UP,
	IPC_DOWN, IPC_STATUS, IPC_TUNNEL, IPC_END, IPC_ROUTE,
	IPC_CHANNEL, IPC_LINK, IPC_READY, IPC_FRAME, IPC_TYPES
};

/*
 * The descriptors that may accompany a message, in this order; its header has a
 * bit, 1 << IPC_FD_TCP and so on, for each one that does.
 */
enum {
	IPC_FD_TCP,		/* CALL: not connected yet; ROUTE: it is */
	IPC_FD_DROP,		/* CALL: the drop socket, unless the kernel
				 * carries the data */
	IPC_FD_COUNTERS,	/* CALL: memory with struct gre_counters */
	IPC_FD_CHANNEL,		/* CHANNEL: the kernel's PPTP socket */
	IPC_FDS
};

enum ipc_step { IPC_CONNECTING, IPC_CONNECTED, IPC_CALLING };

/* Addresses are in network order, as in struct in_addr. */
struct ipc_call {
	uint16_t	 id, port, window;
	uint8_t		 loglevel;	/* highest level of LOG wanted */
	bool		 hostroute;
	uint32_t	 server, local, mark;
	uint32_t	 quirks;
	int64_t		 idle_us, echo_us;	/* 0: off */
	int64_t		 timeout_us;	/* left to set up the call */
	char		 phone[PPTP_TEXT + 1], hostname[PPTP_TEXT + 1];
};

struct ipc_said {
	uint8_t		 code;		/* LOG: a level; DOWN: an enum
					 * exit_status, or IPC_ID_TAKEN */
	char		 text[IPC_TEXT + 1];
};

struct ipc_server {
	uint16_t	 firmware, max_channels;
	char		 host[PPTP_TEXT + 1], vendor[PPTP_TEXT + 1];
};

struct ipc_tunnel {
	uint16_t	 id, peer_id;
	bool		 up;
	uint32_t	 server, local;
	uint64_t	 up_us;		/* for how long it has been up */
	struct gre_counters n;		/* zero if not shared, or if unknown
					 * to the manager's build */
};

/* A control frame that pppd sent or received; longer ones are cut. */
enum { IPC_FRAME_MAX = 400 };
struct ipc_frame {
	uint8_t		 from;		/* 0 pppd, 1 the server */
	uint16_t	 len;
	uint8_t		 data[IPC_FRAME_MAX];
};

/* One message; type says which member of the union is set. */
struct ipc_msg {
	enum ipc_type	 type;
	uint8_t		 fds;		/* bit N: descriptor N of struct ipc_fds
					 * comes with it; a sender need not set
					 * it */
	union {
		uint8_t		 step;		/* STEP: enum ipc_step */
		struct ipc_call call;
		struct ipc_said said;		/* LOG, DOWN */
		struct ipc_server server;
		uint16_t	 peer_id;	/* UP */
		struct ipc_tunnel tunnel;
		uint32_t	 ifindex;	/* LINK */
		struct ipc_frame frame;
	};
};

/* Writes m into buf of IPC_MAX octets; returns the length. */
size_t ipc_encode(const struct ipc_msg *m, uint8_t *buf);

/*
 * Reads one message.  False, with *m cleared, if it is not one of ours: wrong
 * magic, version, type, length, or a field out of range.
 */
bool ipc_decode(struct ipc_msg *m, const uint8_t *buf, size_t n);

/* Descriptors, indexed by IPC_FD_TCP and so on; -1: absent. */
struct ipc_fds {
	int		 fd[IPC_FDS];
};

#define IPC_NO_FDS	((struct ipc_fds){ .fd = { -1, -1, -1, -1 } })

/* Closes the descriptors that are present and marks all as absent. */
void ipc_fds_close(struct ipc_fds *fds);

/*
 * Sends one message with the descriptors in fds (NULL: none), which stay the
 * caller's.  0, or -1 with errno; it never waits for a reader (EAGAIN).
 */
int ipc_send(int fd, const struct ipc_msg *m, const struct ipc_fds *fds);

/*
 * Takes one message without waiting for it.  1: *m is filled; 0: the other side
 * closed; -1 with errno (EAGAIN: there is none; EPROTO: not one of ours;
 * EMFILE: no room for its descriptors).  *fds has the descriptors of a message
 * that was taken, close-on-exec and the caller's; in any other case all are
 * absent and none is left open.  If fds is NULL the message must have none.
 */
int ipc_take(int fd, struct ipc_msg *m, struct ipc_fds *fds);

#endif
