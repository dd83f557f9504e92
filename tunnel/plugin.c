/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pptp.so: the pppd plugin with which the kernel carries a PPTP tunnel's data.
 *
 * The plugin knows nothing of PPTP.  pptp_connect() runs pptp, which makes the
 * call and sends back a PPP channel over a pair of sockets, then stays as the
 * call's kernel gateway.  Once a ppp interface is on the channel, pppd's copy
 * is closed and the kernel gateway has the last one; what follows from that is
 * in tunnel/kernel_gateway.c.
 *
 * Our headers come first, since pppd's define macros whose names ours use; and
 * pppd before 2.5 has a type `bool` and a macro VERSION of its own.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ipc_msg.h"

#undef VERSION
#if __has_include(<pppd/pppdconf.h>)		/* 2.5 */
# include <pppd/pppd.h>
# include <pppd/options.h>
#else
# undef bool
# include <pppd/pppd.h>
# define PPPD_VERSION	VERSION
# define ppp_add_options add_options
# define ppp_generic_establish generic_establish_ppp
# define ppp_generic_disestablish generic_disestablish_ppp
# define ppp_ifname()	ifname
# define ppp_option_error option_error
# define ppp_persist()	persist
# define ppp_safe_fork	safe_fork
# define ppp_set_devnam(s) strlcpy(devnam, s, MAXPATHLEN)
# define ppp_set_pppdevnam(s) strlcpy(ppp_devnam, s, MAXPATHLEN)
# define ppp_set_status(s) (status = (s))
# define ppp_signaled(s) got_sigterm
# define ppp_add_notify(type, f, arg) add_notifier(&phasechange, f, arg)
#endif

#ifndef SBINDIR
#define SBINDIR	"/usr/local/sbin"
#endif

#define EXPORT	__attribute__((__visibility__("default")))

enum {
	WORDS = 512,		/* of pptp's command line */
	WAKE_MS = 500		/* how often signals are looked for */
};

/* In no header of pppd's: weak, should a pppd have no such variable. */
extern int asked_to_quit __attribute__((__weak__));

EXPORT char pppd_version[] = PPPD_VERSION;
EXPORT void plugin_init(void);

/* The options' values. */
static char *opt_server, *opt_phone, *opt_client, *opt_window, *opt_timeout,
    *opt_more, *opt_program;
static int opt_socket = -1;

static int line = -1;		/* to the kernel gateway */
static int channel = -1;	/* until there is an interface on it */
static void (*received_before)(unsigned char *, int);
static void (*sent_before)(unsigned char *, int);

/*
 * Takes the next word of *text, which is overwritten: words end at blanks that
 * are neither quoted nor after a backslash.  NULL at the end of the text.
 */
static char *
next_word(char **text)
{
	char *in = *text + strspn(*text, " \t\n"), *word = in, *out = in;
	char quote = '\0';

	if (*in == '\0')
		return NULL;
	for (; *in != '\0' && (quote != '\0' || strchr(" \t\n", *in) == NULL);
	    in++) {
		if (*in == '\\' && in[1] != '\0' && quote != '\'')
			*out++ = *++in;
		else if (quote == '\0' && (*in == '"' || *in == '\''))
			quote = *in;
		else if (quote != '\0' && *in == quote)
			quote = '\0';
		else
			*out++ = *in;
	}
	*text = *in == '\0' ? in : in + 1;
	*out = '\0';
	return word;
}

/* Fills in pptp's command line; opt_more is overwritten. */
static void
fill_words(char *v[WORDS])
{
	char *given[][2] = {
		{ "--phone", opt_phone }, { "--localbind", opt_client },
		{ "--window", opt_window }, { "--timeout", opt_timeout }
	};
	char *more = opt_more, *word;
	size_t n = 0;

	v[n++] = opt_program != NULL ? opt_program : "pptp";
	v[n++] = "--data-path=kernel";
	v[n++] = "--nolaunchpppd";
	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++) {
		v[n] = given[i][0];
		v[n + 1] = given[i][1];
		n += given[i][1] != NULL ? 2 : 0;
	}
	v[n++] = opt_server;
	while (n < WORDS - 1 && more != NULL &&
	    (word = next_word(&more)) != NULL)
		v[n++] = word;
	v[n] = NULL;
}

/* Turns the child into pptp, which becomes the kernel gateway. */
static void __attribute__((__noreturn__))
become_pptp(void)
{
	static char *environment[] = { "PATH=" SBINDIR
	    ":/usr/sbin:/usr/local/sbin:/usr/bin:/sbin:/bin", NULL };
	char *v[WORDS];
	struct ipc_msg m = { .type = IPC_DOWN, .said = { .code = 1 } };

	/* All our options are privileged, so root asked for this. */
	if (setgid(0) == -1 || setuid(0) == -1)
		dbglog("pptp is run without root's rights: %m");
	setsid();
	fill_words(v);
	environ = environment;
	execvp(v[0], v);
	slprintf(m.said.text, sizeof(m.said.text), "cannot run %s: %m", v[0]);
	(void)ipc_send(0, &m, NULL);
	_exit(1);
}

/* Forks twice, so that pppd need not wait for a child that stays. */
static int
start_kernel_gateway(void)
{
	int pair[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	if (null == -1 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC,
	    0, pair) == -1) {
		error("PPTP: cannot open a pair of sockets: %m");
		return -1;
	}
	pid = ppp_safe_fork(pair[1], null, 2);
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			become_pptp();
		_exit(0);
	}
	close(pair[1]);
	close(null);
	while (pid > 0 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
	return pair[0];
}

/*
 * Waits for the kernel gateway's next message.  Returns 1, 0 if the kernel
 * gateway has ended, -1 after an error or SIGTERM.
 */
static int
await(struct ipc_msg *m, struct ipc_fds *fds)
{
	struct pollfd p = { .fd = line, .events = POLLIN };
	int n;

	while (!ppp_signaled(SIGTERM)) {
		if (poll(&p, 1, WAKE_MS) <= 0)
			continue;
		n = ipc_take(line, m, fds);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR) {
			error("PPTP: pptp says what this plugin does not "
			    "understand: %m");
			return -1;
		}
	}
	return -1;
}

static void
hang_up(void)
{
	if (line != -1)
		close(line);
	if (channel != -1)
		close(channel);
	line = channel = -1;
}

/* Shows the kernel gateway what PPP negotiates; a lost frame does no harm. */
static void
show_frame(uint8_t from, const unsigned char *p, int len)
{
	struct ipc_msg m = { .type = IPC_FRAME };

	if (line == -1 || len <= 0)
		return;
	m.frame.from = from;
	m.frame.len = (uint16_t)(len < IPC_FRAME_MAX ? len : IPC_FRAME_MAX);
	memcpy(m.frame.data, p, m.frame.len);
	(void)ipc_send(line, &m, NULL);
}

static void
on_received(unsigned char *p, int len)
{
	show_frame(1, p, len);
	if (received_before != NULL)
		received_before(p, len);
}

static void
on_sent(unsigned char *p, int len)
{
	show_frame(0, p, len);
	if (sent_before != NULL)
		sent_before(p, len);
}

/* Tells the kernel gateway which interface counts the data, for --status. */
static void
on_phase(void *arg, int now)
{
	struct ipc_msg m = { .type = IPC_LINK };

	(void)arg;
	if (line == -1 || now < PHASE_ESTABLISH || now > PHASE_RUNNING)
		return;
	m.ifindex = if_nametoindex(ppp_ifname());
	if (m.ifindex != 0)
		(void)ipc_send(line, &m, NULL);
}

static int
pptp_connect(void)
{
	struct ipc_msg m;
	struct ipc_fds fds;
	int n;

	ppp_set_pppdevnam(opt_server);
	line = opt_socket != -1 ? opt_socket : start_kernel_gateway();
	opt_socket = -1;
	n = line == -1 ? -1 : await(&m, &fds);
	if (n == 1 && m.type == IPC_CHANNEL)
		channel = fds.fd[IPC_FD_CHANNEL];
	if (channel != -1)
		return channel;
	if (n == 1 && m.type == IPC_DOWN)
		error("PPTP: %s", m.said.text);
	else if (n != -1)
		error("PPTP: pptp ended without a word");
	/*
	 * pptp takes its time to end; waiting for that keeps `persist` from
	 * starting the next one at once.
	 */
	while (n == 1 && ppp_persist())
		n = await(&m, NULL);
	hang_up();
	/* With persist and no holdoff pppd would else call again, for ever. */
	if (ppp_signaled(SIGTERM) && &asked_to_quit != NULL)
		asked_to_quit = 1;
	ppp_set_status(ppp_signaled(SIGTERM) ? EXIT_USER_REQUEST :
	    EXIT_CONNECT_FAILED);
	return -1;
}

static int
pptp_establish(int fd)
{
	int ppp = ppp_generic_establish(fd);

	if (ppp < 0)
		return ppp;
	/* pppd remembers the number fd, so the line takes it over. */
	if (dup3(line, fd, O_CLOEXEC) != -1) {
		close(line);
		line = fd;
		channel = -1;
	}
	if (snoop_recv_hook != on_received) {
		received_before = snoop_recv_hook;
		sent_before = snoop_send_hook;
		snoop_recv_hook = on_received;
		snoop_send_hook = on_sent;
	}
	return ppp;
}

/* No script that pppd runs before pptp_connect() may inherit the socket. */
static void
pptp_check_options(void)
{
	if (opt_socket != -1)
		(void)fcntl(opt_socket, F_SETFD, FD_CLOEXEC);
}

static struct channel pptp_channel = {
	.check_options = pptp_check_options,
	.connect = pptp_connect,
	.disconnect = hang_up,
	.establish_ppp = pptp_establish,
	.disestablish_ppp = ppp_generic_disestablish
};

static int
set_server(char **argv)
{
	if (argv[0][0] == '\0' || argv[0][0] == '-') {
		ppp_option_error("pptp_server takes a name or an address");
		return 0;
	}
	free(opt_server);
	opt_server = strdup(argv[0]);
	if (opt_server == NULL)
		return 0;
	ppp_set_devnam(opt_server);
	/* pppd's tty options (lock, modem, ...) stay known but do nothing. */
	if (the_channel != &pptp_channel) {
		pptp_channel.options = the_channel->options;
		the_channel = &pptp_channel;
	}
	return 1;
}

#define STRING(option, value, help) \
	{ .name = (option), .type = o_string, .addr = (value), \
	    .description = (help), .flags = OPT_PRIV }

static option_t options[] = {
	{ .name = "pptp_server", .type = o_special, .addr = (void *)set_server,
	    .description = "PPTP server, by the kernel's data path",
	    .flags = OPT_PRIV | OPT_DEVNAM | OPT_A2STRVAL,
	    .addr2 = &opt_server },
	STRING("pptp_phone", &opt_phone, "number the server shall dial"),
	STRING("pptp_client", &opt_client, "local address of its packets"),
	STRING("pptp_window", &opt_window, "window to announce"),
	STRING("pptp_timeout", &opt_timeout, "seconds to wait for the call"),
	STRING("pptp_options", &opt_more, "further options of pptp"),
	STRING("pptp_program", &opt_program, "the pptp to run"),
	{ .name = "pptp_socket", .type = o_int, .addr = &opt_socket,
	    .description = "descriptor of a call that is up",
	    .flags = OPT_PRIV | OPT_NOPRINT },
	{ .name = NULL }
};

void
plugin_init(void)
{
	static int once;

	if (once++)
		return;
	ppp_add_options(options);
	ppp_add_notify(NF_PHASE_CHANGE, on_phase, NULL);
}
