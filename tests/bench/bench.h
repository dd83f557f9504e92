/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The data-plane benchmark.  One process is the PPTP server, its GRE end and
 * the holder of the pty's slave (pppd's place); the client under test runs in
 * a network namespace of its own, on a processor of its own.
 *
 *	env.c		namespaces, the veth pair, the clock
 *	server.c	the control connection's other end, a thread
 *	procs.c		what the client's processes used
 *	tunnel.c	starting, probing and stopping clients
 *	traffic.c	frames and packets, each one verified
 *	window.c	traffic for a while, and what it cost
 *	areas.c		what is measured, one function an area
 *	table.c		samples, targets, the table
 *
 * "out" is pppd to server, "in" is server to pppd.  Times are nanoseconds of
 * the monotonic clock unless the name says otherwise.
 */
#ifndef BENCH_H
#define BENCH_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hdlc.h"

#define SERVER_IP	"10.47.0.1"
#define CLIENT_IP	"10.47.0.2"
#define SECOND		1000000000ll
#define MILLISECOND	1000000ll

enum {
	TUNNELS = 256,
	CALLS = 8192,		/* in one run of the program */
	CALL_BASE = 0x4000,	/* the server's first call id */
	FRAME_ROOM = 2048,
	RUN_PROCS = 512		/* processes followed at once */
};

enum dir { OUT, IN, DIRS };

enum client { OURS, REFERENCE, BATCH, MT, CLIENTS };

enum size { B64, B576, B1400, SIZES };

extern const int size_octets[SIZES];
extern const char *const client_name[CLIENTS];
extern const char *client_path[CLIENTS];	/* NULL: not there */

/* ---- env.c ---- */

int64_t clock_ns(void);
void sleep_us(int us);
void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

/* The whole of a small file as a string: its length, or -1. */
ssize_t file_read(const char *path, char *buf, size_t size);

/*
 * Moves this process into namespaces of its own, with a private /run and /dev;
 * makes the client's namespace.  Dies on failure.
 */
void env_init(void);

/* In a forked child: the client's namespace and processor; no stderr. */
void env_enter_client(void);

/* The raw GRE socket of the server's end. */
extern int gre_fd;

/* The process that keeps the client's network namespace alive. */
extern pid_t env_holder;

/* ---- server.c ---- */

void server_start(void);

/* The client's id of call number i, or -1 if there is no such call. */
int server_call_id(unsigned i);

int server_connections(void);

/* ---- procs.c ---- */

struct proc {
	pid_t		 pid;
	uint64_t	 cpu_ns;
};

struct usage {
	struct proc	 proc[RUN_PROCS];
	int		 n;
	double		 kernel_us;	/* tty and softirq worker threads */
	double		 busy_us;	/* the whole machine, and stolen */
	double		 self_us;
};

/* All living descendants of this process but the holder; how many. */
int procs_list(pid_t *pids, int max);

void procs_snapshot(struct usage *u);

/* What the processes in both snapshots used between them. */
struct spent {
	double		 cpu_us, foreign_us;
};
struct spent procs_spent(const struct usage *from, const struct usage *to);

/* PSS of all descendants, KB. */
double procs_pss_kb(void);

/* ---- tunnel.c ---- */

enum count {
	SENT,			/* + dir */
	RECEIVED = SENT + DIRS,	/* whole, right, once */
	DAMAGED = RECEIVED + DIRS,
	TWICE = DAMAGED + DIRS,
	COUNTS
};

struct tunnel {
	enum client	 client;
	pid_t		 pid;
	int		 slave, call;	/* call -1: not known yet */
	int64_t		 started, usable;	/* usable 0: not yet */
	bool		 gone;		/* the client hung up */
	uint64_t	 n[COUNTS];

	size_t		 out_off;	/* next octet of the prepared stream */
	uint32_t	 out_next;	/* frame */
	uint32_t	 out_seq;	/* last seen by the server */
	unsigned	 owed;		/* packets not yet acknowledged */
	int64_t		 acked;		/* when the server did last */

	uint32_t	 in_seq;
	struct hdlc_dec	 dec;
	uint8_t		 frame[FRAME_ROOM + HDLC_DECODE_SLACK];
};

extern struct tunnel tunnels[TUNNELS];
extern int ntunnels;

/* Looks which clients are there: ours at path, the reference, the relays. */
void clients_find(const char *ours, const char *relay);

struct tunnel *tunnel_start(enum client c);

/* Serves all tunnels until the first n are usable: how many of them are. */
int tunnels_wait(int n, int64_t limit);

/* One tunnel, usable; false after a message if it does not come up. */
bool tunnel_up(enum client c);

/* Ends every client and all its processes; how long that took. */
int64_t tunnels_stop(void);

/* ---- traffic.c ---- */

void traffic_init(void);

/* Numbers start afresh: the first tunnel of a new set. */
void traffic_forget(void);

/* Prepares frames of that many octets for every later tunnel and window. */
void traffic_size(int octets);

/* Each moves what is there and says whether there was anything. */
bool gre_receive(void);
bool pty_receive(struct tunnel *t);
bool pty_send(struct tunnel *t);

void gre_transmit(struct tunnel *t, unsigned n);
void gre_acknowledge(struct tunnel *t, int64_t now);

/* Writes pppd's LCP Configure-Request, which the server will acknowledge. */
void lcp_request(struct tunnel *t);

/* ---- window.c ---- */

struct spec {
	bool		 dir[DIRS];
	double		 warm, secs, drain;
};

struct result {
	double		 secs, cpu_us, foreign;	/* foreign: in cores */
	uint64_t	 n[COUNTS];	/* while measuring */
	uint64_t	 all[COUNTS];	/* warming and draining included */
	bool		 gone;
};

/*
 * Traffic on tunnel 0 (the others are only read from).  A window that other
 * work on the machine disturbed is repeated while time allows.
 */
void window(const struct spec *s, struct result *r);

/* No repetitions and no further rounds after this. */
extern int64_t deadline;
extern unsigned windows_run, windows_noisy;
extern uint64_t frames_damaged[CLIENTS];

/* ---- areas.c ---- */

struct area {
	const char	*name, *what;
	void		(*run)(int rep);
	int		 rounds;
};

extern const struct area areas[];	/* ends with a name NULL */

/* ---- table.c ---- */

enum metric {
	CPU_OUT, CPU_IN, USABLE, PSS_FIRST, PSS_MORE, BROKEN,
	METRICS
};

void sample(enum metric m, enum client c, enum size z, int rep, double v);

void table_print(void);

/* All samples, one a line, into a file. */
void table_raw(const char *path);

#endif
