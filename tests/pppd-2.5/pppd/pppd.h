/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "pppdconf.h"

typedef enum {
	PHASE_DEAD, PHASE_INITIALIZE, PHASE_SERIALCONN, PHASE_DORMANT,
	PHASE_ESTABLISH, PHASE_AUTHENTICATE, PHASE_CALLBACK, PHASE_NETWORK,
	PHASE_RUNNING, PHASE_TERMINATE
} ppp_phase_t;

typedef enum { EXIT_OPTION_ERROR = 2, EXIT_CONNECT_FAILED = 8 }
    ppp_exit_code_t;

typedef enum { NF_PID_CHANGE, NF_PHASE_CHANGE } ppp_notify_t;
typedef void (ppp_notify_fn)(void *ctx, int arg);
typedef void (*ppp_timer_cb)(void *arg);

struct option;
struct channel {
	struct option *options;
	void (*process_extra_options)(void);
	void (*check_options)(void);
	int (*connect)(void);
	void (*disconnect)(void);
	int (*establish_ppp)(int);
	void (*disestablish_ppp)(int);
	void (*send_config)(int, uint32_t, int, int);
	void (*recv_config)(int, uint32_t, int, int);
	void (*cleanup)(void);
	void (*close)(void);
};

extern struct channel *the_channel;
extern void (*snoop_recv_hook)(unsigned char *p, int len);

int slprintf(char *, int, const char *, ...);
void dbglog(const char *, ...);
void error(const char *, ...);
void ppp_set_status(ppp_exit_code_t code);
void ppp_timeout(ppp_timer_cb func, void *arg, int s, int us);
void ppp_untimeout(void (*func)(void *), void *arg);
pid_t ppp_safe_fork(int, int, int);
bool ppp_signaled(int sig);
void ppp_generic_disestablish(int dev_fd);
int ppp_generic_establish(int dev_fd);
const char *ppp_ifname(void);
int ppp_set_pppdevnam(const char *name);
int ppp_set_devnam(const char *name);
void ppp_add_notify(ppp_notify_t type, ppp_notify_fn *func, void *ctx);
bool ppp_persist(void);
