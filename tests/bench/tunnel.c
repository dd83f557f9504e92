/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients under test.  Each gets a pty's master on descriptors 0 and 1, as
 * pppd's `pty` option gives it; this process keeps the slave, raw.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "bench.h"

struct tunnel tunnels[TUNNELS];
int ntunnels;

const char *const client_name[CLIENTS] = { "pptp", "pptp-linux", "batch",
	"mt" };
const char *client_path[CLIENTS];

/* Whether that program says it is the release we compare with. */
static bool
is_reference(const char *path)
{
	char command[64], line[64] = "";
	FILE *f;

	if (access(path, X_OK) == -1)
		return false;
	snprintf(command, sizeof(command), "%s --version 2>&1", path);
	if ((f = popen(command, "r")) == NULL)
		return false;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	pclose(f);
	return strncmp(line, "pptp version 1.10", 17) == 0;
}

void
clients_find(const char *ours, const char *relay)
{
	const char *reference = "/usr/sbin/pptp";

	if (access(ours, X_OK) == 0)
		client_path[OURS] = ours;
	else
		fprintf(stderr, "bench: %s: %s\n", ours, strerror(errno));
	if (is_reference(reference))
		client_path[REFERENCE] = reference;
	else
		fprintf(stderr, "bench: %s is not pptp-linux 1.10: nothing to "
				"compare with\n",
		    reference);
	client_path[BATCH] = client_path[MT] = relay;
}

static void
exec_client(enum client c)
{
	const char *path = client_path[c], *ip = SERVER_IP;

	if (c == BATCH || c == MT)
		execl(path, path, client_name[c], ip, (char *)NULL);
	else
		execl(path, path, ip, "--nolaunchpppd", "--nohostroute",
		    (char *)NULL);
	_exit(98);
}

/* As pppd leaves the tty, but for the line discipline. */
static void
make_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) == -1)
		die("tcgetattr");
	t.c_iflag = IGNBRK | IGNPAR;
	t.c_oflag = 0;
	t.c_lflag = 0;
	t.c_cflag &= ~(tcflag_t)(CSIZE | CSTOPB | PARENB);
	t.c_cflag |= CS8 | CREAD | HUPCL | CLOCAL;
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (tcsetattr(fd, TCSAFLUSH, &t) == -1)
		die("tcsetattr");
}

struct tunnel *
tunnel_start(enum client c)
{
	struct tunnel *t = &tunnels[ntunnels++];
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (t == tunnels)
		traffic_forget();
	memset(t, 0, sizeof(*t));
	t->client = c;
	t->call = -1;
	hdlc_dec_init(&t->dec, t->frame, FRAME_ROOM);
	if (master == -1 || grantpt(master) == -1 || unlockpt(master) == -1)
		die("pty");
	t->slave = open(ptsname(master),
	    O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (t->slave == -1)
		die("%s", ptsname(master));
	make_raw(t->slave);
	lcp_request(t);
	fflush(NULL);
	t->started = clock_ns();
	if ((t->pid = fork()) == -1)
		die("fork");
	if (t->pid == 0) {
		dup2(master, STDIN_FILENO);
		dup2(master, STDOUT_FILENO);
		env_enter_client();
		exec_client(c);
	}
	close(master);
	return t;
}

/* How many of the first n are usable, how many hung up. */
static void
count_states(int n, int *usable, int *gone)
{
	*usable = *gone = 0;
	for (int i = 0; i < n; i++) {
		*usable += tunnels[i].usable != 0;
		*gone += tunnels[i].usable == 0 && tunnels[i].gone;
	}
}

int
tunnels_wait(int n, int64_t limit)
{
	int64_t start = clock_ns(), again = start + SECOND / 5;
	int usable, gone;

	for (;;) {
		int64_t now = clock_ns();
		bool resend = now > again, any = gre_receive();

		for (int i = 0; i < n; i++) {
			struct tunnel *t = &tunnels[i];

			if (t->usable != 0 || t->gone)
				continue;
			any |= pty_receive(t);
			if (resend && !t->gone)
				lcp_request(t);
		}
		if (resend)
			again = now + SECOND / 5;
		count_states(n, &usable, &gone);
		if (usable + gone == n || now - start > limit)
			return usable;
		if (!any)
			sleep_us(50);
	}
}

bool
tunnel_up(enum client c)
{
	tunnel_start(c);
	if (tunnels_wait(1, 15 * SECOND) == 1)
		return true;
	fprintf(stderr, "bench: %s did not come up\n", client_name[c]);
	return false;
}

static int
reap(pid_t *pids)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return procs_list(pids, RUN_PROCS);
}

int64_t
tunnels_stop(void)
{
	int64_t start = clock_ns(), took;
	pid_t pids[RUN_PROCS];
	int n;

	for (int i = 0; i < ntunnels; i++)
		kill(tunnels[i].pid, SIGTERM);
	while ((n = reap(pids)) > 0 && clock_ns() - start < 5 * SECOND / 2) {
		for (int i = 0; i < ntunnels; i++)
			pty_receive(&tunnels[i]);
		sleep_us(1000);
	}
	took = clock_ns() - start;
	if (n > 0)
		fprintf(stderr, "bench: %d processes of %s outlived SIGTERM\n",
		    n, client_name[tunnels[0].client]);
	for (int i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	while (n > 0 && (n = reap(pids)) > 0)
		sleep_us(1000);
	for (int i = 0; i < ntunnels; i++)
		close(tunnels[i].slave);
	for (int i = 0; i < 200 && server_connections() > 0; i++)
		sleep_us(1000);
	ntunnels = 0;
	gre_receive();
	return took;
}
