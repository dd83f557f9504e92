/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What one run of pptp was asked for, and the statuses it may end with. */
#ifndef CONF_H
#define CONF_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>

#ifndef PPPD
#define PPPD	"/usr/sbin/pppd"	/* make PPPD= */
#endif

/*
 * Exit statuses; --help explains each.  After one from EXIT_CONNECT to
 * EXIT_LOST another address may do better.
 */
enum exit_status {
	EXIT_OK,		/* normal end, --help, --version */
	EXIT_SYSTEM,		/* this machine failed us: memory, pty, pppd */
	EXIT_USAGE,
	EXIT_RESOLVE,		/* name not resolved */
	EXIT_PERMISSION,	/* a capability or a file's mode is missing */
	EXIT_CONNECT,		/* refused, unreachable or timed out */
	EXIT_NOT_PPTP,		/* something else answers on that port */
	EXIT_REFUSED,		/* server refused the control connection */
	EXIT_CALL_REFUSED,
	EXIT_TIMEOUT,		/* establishment took longer than --timeout */
	EXIT_SERVER_ENDED,
	EXIT_LOST,		/* control connection or manager lost */
	EXIT_GRE_BLOCKED,
	EXIT_LOGIN,		/* the server refused the login */
	EXIT_PPP,		/* PPP did not come up, for another reason */
	EXIT_STATUSES
};

enum { HOST_LONGEST = 253 };	/* a name in the DNS, in octets */

/*
 * PPTP adds MTU_OVERHEAD to a packet: IP 20, GRE 16, PPP 4, MPPE 4, and 16 for
 * what a path adds on its own.  An MTU above MTU_USUAL gains nothing.
 */
enum { MTU_OVERHEAD = 60, MTU_USUAL = 1400, MTU_LEAST = 576 };

enum run_mode { RUN_TUNNEL, RUN_CHECK, RUN_STATUS, RUN_STATUS_JSON };

/* Login protocols that pppd is to refuse. */
enum {
	REFUSE_PAP = 1, REFUSE_CHAP = 2, REFUSE_MSCHAP = 4,
	REFUSE_MSCHAP_V2 = 8, REFUSE_EAP = 16
};

enum data_path { DATA_AUTO, DATA_KERNEL, DATA_USER };

struct conf {
	enum run_mode	 mode;
	const char	*host;		/* NULL only for RUN_STATUS* */
	bool		 nolaunch;	/* PPP on fd 0 and 1; with DATA_KERNEL
					 * fd 0 is a socket to pppd's plugin */
	bool		 debug, sync, nobuffer, nohostroute;
	int		 loglevel;	/* 0 silent .. 4 each packet */
	int64_t		 timeout_us;	/* to set up the call */
	int64_t		 reorder_us;
	const char	*phone, *logstring, *client_hostname;	/* or NULL */
	unsigned	 quirks;
	int64_t		 idle_us, echo_us;	/* 0: off */
	struct in_addr	 localbind;	/* INADDR_ANY: not given */
	uint32_t	 rtmark;	/* 0: off */
	uint16_t	 port, window;	/* window 0: the usual one */
	uint32_t	 missing_window;	/* 0: the ring's size */
	struct in_addr	 client_ip, server_ip;	/* INADDR_ANY: not given */
	unsigned	 refuse;	/* REFUSE_* */
	enum data_path	 data_path;	/* DATA_USER if an option needs the
					 * pty, and with nolaunch unless we are
					 * the kernel gateway */
	const char	*pty_need;	/* the option that only the pty can
					 * honour, without "--"; or NULL */
	const char	*pppd_call;	/* or NULL */
	const char	*username, *domain;	/* for the login; or NULL */
	bool		 encrypt;	/* require MPPE of 128 bit */
	char		**words;	/* for pppd, in order; points into argv;
					 * may lack a NULL at its end */
	int		 nwords;
};

#endif
