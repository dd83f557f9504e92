/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table makes the parser, the help and the completion.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <netinet/in.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses: one meaning each; exit_text() has the words. */
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
	EXIT_STATUSES
};

/* A short sentence for --help and logs; never NULL. */
const char *exit_text(enum exit_status s);

enum run_mode { RUN_TUNNEL, RUN_CHECK, RUN_STATUS, RUN_STATUS_JSON };

enum data_path { DATA_AUTO, DATA_KERNEL, DATA_USER };

struct conf {
	enum run_mode	 mode;
	const char	*host;		/* NULL only for RUN_STATUS* */
	bool		 nolaunch;	/* PPP on fd 0 and 1; with DATA_KERNEL
					 * fd 0 is a line to pppd's plugin */
	bool		 debug, sync, nobuffer, nohostroute;
	int		 loglevel;	/* 0 silent .. 4 each packet */
	int64_t		 timeout_us;	/* establishment */
	int64_t		 reorder_us;
	const char	*phone, *logstring, *client_hostname;	/* or NULL */
	unsigned	 quirks;
	int64_t		 idle_us, echo_us;	/* 0: off */
	struct in_addr	 localbind;	/* INADDR_ANY: not given */
	uint32_t	 rtmark;	/* 0: off */
	uint16_t	 port, window;	/* window 0: the usual one */
	uint32_t	 missing_window;	/* 0: off */
	struct in_addr	 client_ip, server_ip;	/* INADDR_ANY: not given */
	unsigned	 refuse;	/* bits, in the table's order */
	enum data_path	 data_path;	/* never DATA_AUTO with nolaunch or
					 * data_option, but for DATA_KERNEL
					 * with nolaunch and "window" */
	const char	*data_option;	/* the option that only the user path
					 * can honour, without "--"; or NULL */
	const char	*pppd_call;	/* or NULL */
	unsigned	 test_type, test_rate;	/* type 0: off */
	char		**words;	/* pppd's, in order; points into argv;
					 * may be without a NULL at its end */
	int		 nwords;
};

/*
 * Reads the command line into *c (filled with the defaults first).  argv's
 * pointers are moved, its strings stay.  Returns -1 to go on, else the status
 * to exit with: everything that had to be said (help, version, a mistake in
 * one sentence) was printed.  Warnings go to stderr.  After a mistake
 * c->nolaunch still says whether pppd started us, who may do so again at once.
 */
int options_parse(struct conf *c, int argc, char **argv);

/* The sentence of that mistake, for whoever does not see stderr; or "". */
const char *options_mistake(void);

/*
 * The argument vector for pppd: "pppd", tty, "38400", then what the options
 * ask of pppd, then the words.  NULL terminated, in one block to be freed by
 * the caller; NULL: no memory.
 */
char **options_pppd_argv(const struct conf *c, const char *tty);

/* Prints the grouped help made from the table. */
void options_help(FILE *f);

#endif
