/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world a client is measured in: a veth pair between two network
 * namespaces, a private /run and /dev, without syslog.  Nothing on the machine
 * changes; everything vanishes with this process.
 */
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <netinet/in.h>

#include <arpa/inet.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "pptp_proto.h"

int gre_fd = -1;
pid_t env_holder;

static int client_ns = -1;
static bool pinned;

int64_t
clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * SECOND + t.tv_nsec;
}

void
sleep_us(int us)
{
	struct timespec t = { us / 1000000, us % 1000000 * 1000l };

	nanosleep(&t, NULL);
}

void
die(const char *fmt, ...)
{
	int saved = errno;
	va_list ap;

	fputs("bench: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(saved));
	exit(1);
}

ssize_t
file_read(const char *path, char *buf, size_t size)
{
	ssize_t n;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd == -1)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = '\0';
	return n;
}

static void command(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

static void
command(const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (system(line) != 0) {
		errno = ECHILD;
		die("command failed: %s", line);
	}
}

static void
make_devices(void)
{
	static const struct {
		const char *path;
		unsigned major, minor;
	} nodes[] = { { "/dev/null", 1, 3 }, { "/dev/zero", 1, 5 },
		{ "/dev/full", 1, 7 }, { "/dev/random", 1, 8 },
		{ "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
		{ "/dev/ptmx", 5, 2 } };

	umask(0);
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		mknod(nodes[i].path, S_IFCHR | 0666,
		    makedev(nodes[i].major, nodes[i].minor));
	mkdir("/dev/shm", 01777);
	umask(022);
	mkdir("/dev/pts", 0755);
	if (mount("/run/olddev/pts", "/dev/pts", NULL, MS_BIND, NULL) == -1)
		die("bind /dev/pts");
}

static void
make_mounts(void)
{
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		die("private mounts");
	if (mount("tmpfs", "/run", "tmpfs", 0, "mode=755") == -1)
		die("tmpfs on /run");
	mkdir("/run/olddev", 0755);
	if (mount("/dev", "/run/olddev", NULL, MS_BIND | MS_REC, NULL) == -1)
		die("bind /dev");
	if (mount("tmpfs", "/dev", "tmpfs", 0, "mode=755") == -1)
		die("tmpfs on /dev");
	make_devices();
}

static void
make_holder(void)
{
	char path[64], c;
	int p[2];

	if (pipe2(p, O_CLOEXEC) == -1 || (env_holder = fork()) == -1)
		die("fork");
	if (env_holder == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == -1 || write(p[1], "", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(p[1]);
	if (read(p[0], &c, 1) != 1)
		die("network namespace of the client");
	close(p[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", env_holder);
	client_ns = open(path, O_RDONLY | O_CLOEXEC);
	if (client_ns == -1)
		die("%s", path);
}

static void
make_network(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int big = 128 << 20;

	command("ip link set lo up");
	command("ip link add vs type veth peer name vc netns %d", env_holder);
	command("ip addr add " SERVER_IP "/24 dev vs && ip link set vs up");
	command("nsenter --net=/proc/%d/ns/net sh -c 'ip link set lo up;"
		" ip addr add " CLIENT_IP "/24 dev vc; ip link set vc up'",
	    env_holder);

	gre_fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    PPTP_IPPROTO_GRE);
	inet_pton(AF_INET, SERVER_IP, &sin.sin_addr);
	if (gre_fd == -1 ||
	    bind(gre_fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		die("raw GRE socket");
	inet_pton(AF_INET, CLIENT_IP, &sin.sin_addr);
	if (connect(gre_fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		die("raw GRE socket");
	setsockopt(gre_fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	setsockopt(gre_fd, SOL_SOCKET, SO_SNDBUFFORCE, &big, sizeof(big));
}

static void
pin(int cpu)
{
	cpu_set_t set;

	if (!pinned)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/*
 * Zero wake-up latency while this process lives: an idle virtual processor
 * then polls instead of halting, whose cost would hide everything else.
 */
static void
no_halt(void)
{
	int fd = open("/run/olddev/cpu_dma_latency", O_WRONLY | O_CLOEXEC);
	int32_t zero = 0;

	if (fd == -1 || write(fd, &zero, sizeof(zero)) != sizeof(zero))
		fputs("bench: no cpu_dma_latency: idle processors may halt, "
		      "which blurs everything\n",
		    stderr);
}

static void
kill_holder(void)
{
	kill(env_holder, SIGKILL);
}

void
env_init(void)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWNET) == -1)
		die("namespaces (this needs root)");
	make_mounts();
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	make_holder();
	atexit(kill_holder);
	make_network();
	no_halt();
	pinned = sysconf(_SC_NPROCESSORS_ONLN) > 1;
	pin(0);
	signal(SIGPIPE, SIG_IGN);
}

void
env_enter_client(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null == -1 || dup2(null, STDERR_FILENO) == -1 ||
	    setns(client_ns, CLONE_NEWNET) == -1)
		_exit(99);
	pin(1);
	signal(SIGPIPE, SIG_DFL);
}
