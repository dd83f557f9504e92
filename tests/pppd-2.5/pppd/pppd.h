/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pppdconf.h"

typedef enum {
	PHASE_DEAD, PHASE_INITIALIZE, PHASE_SERIALCONN, PHASE_DORMANT,
	PHASE_ESTABLISH, PHASE_AUTHENTICATE, PHASE_CALLBACK, PHASE_NETWORK,
	PHASE_RUNNING, PHASE_TERMINATE, PHASE_DISCONNECT, PHASE_HOLDOFF,
	PHASE_MASTER
} ppp_phase_t;

typedef enum {
	EXIT_OK, EXIT_FATAL_ERROR, EXIT_OPTION_ERROR, EXIT_NOT_ROOT,
	EXIT_NO_KERNEL_SUPPORT, EXIT_USER_REQUEST, EXIT_LOCK_FAILED,
	EXIT_OPEN_FAILED, EXIT_CONNECT_FAILED, EXIT_PTYCMD_FAILED,
	EXIT_NEGOTIATION_FAILED, EXIT_PEER_AUTH_FAILED, EXIT_IDLE_TIMEOUT,
	EXIT_CONNECT_TIME, EXIT_CALLBACK, EXIT_PEER_DEAD, EXIT_HANGUP,
	EXIT_LOOPBACK, EXIT_INIT_FAILED, EXIT_AUTH_TOPEER_FAILED,
	EXIT_TRAFFIC_LIMIT, EXIT_CNID_AUTH_FAILED
} ppp_exit_code_t;

typedef enum {
	NF_PID_CHANGE, NF_PHASE_CHANGE, NF_EXIT, NF_SIGNALED, NF_IP_UP,
	NF_IP_DOWN, NF_IPV6_UP, NF_IPV6_DOWN, NF_AUTH_UP, NF_LINK_DOWN,
	NF_FORK, NF_MAX_NOTIFY
} ppp_notify_t;
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
extern void (*snoop_send_hook)(unsigned char *p, int len);

int slprintf(char *, int, const char *, ...);
size_t strlcpy(char *, const char *, size_t);
void dbglog(const char *, ...);
void info(const char *, ...);
void notice(const char *, ...);
void warn(const char *, ...);
void fatal(const char *, ...);
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
