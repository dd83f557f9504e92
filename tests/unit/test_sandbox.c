/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The sandbox, entered by children of each role from each starting point.
 * Their parent reads what /proc says of them; they try what they must not do
 * and what they have to, and report.  Needs root, to give it up.
 */
/* with: sys/seccomp.c */
#include <sched.h>
#include <stdbool.h>

#include "seccomp.h"

static bool landlock_alone;	/* no filter, nor a user namespace */

#define sandbox_filter(role) (landlock_alone ? 0 : (sandbox_filter)(role))
#define unshare(flags) (landlock_alone ? -1 : (unshare)(flags))
#include "../../sys/sandbox.c"

#include "t.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <linux/filter.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <dirent.h>
#include <poll.h>
#include <signal.h>
#include <time.h>

/* ---- doubles: the log goes to the parent with the rest of the report ---- */

struct report {
	char		 notices[1024];
	char		 wrong[1024];	/* what was allowed, or was not */
	unsigned	 tried;
};

static struct report *report;	/* shared with the child */
static bool has_filter;		/* this program, on this kernel */

static void __attribute__((__format__(__printf__, 2, 0)))
append(char *where, const char *fmt, va_list ap)
{
	size_t n = strlen(where);

	vsnprintf(where + n, 1024 - n, fmt, ap);
	n = strlen(where);
	snprintf(where + n, 1024 - n, "; ");
}

void
log_line(enum log_level kind, const char *fmt, ...)
{
	va_list ap;

	(void)kind;
	va_start(ap, fmt);
	append(report->notices, fmt, ap);
	va_end(ap);
}

void
fd_close(int fd)
{
	int saved = errno;

	if (fd != -1)
		close(fd);
	errno = saved;
}

static void __attribute__((__format__(__printf__, 1, 2)))
wrong(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(report->wrong, fmt, ap);
	va_end(ap);
}

void
fd_close_others(const int *keep, size_t n)
{
	for (int fd = 3; fd < 256; fd++) {
		bool kept = false;

		for (size_t i = 0; i < n; i++)
			kept = kept || keep[i] == fd;
		if (!kept)
			close(fd);
	}
}

/* ---- starting points ---- */

enum start { ROOT, NO_ADMIN, NO_CHROOT, NO_SETUID, FILE_CAPS, NOTHING,
	STARTS };

static const char *const start_names[] = { "root", "root in a container",
	"root without chroot", "root without setuid",
	"nobody with file capabilities", "nobody with nothing" };

static const char *const role_names[] = { "gateway", "manager", "monitor",
    "resolver" };

enum { INNOCENT = 65534 };

#define CAP(c)	(UINT64_C(1) << (c))

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	wrong("cannot prepare: %s: %s", what, strerror(errno));
	_exit(1);
}

static int
caps_set(uint64_t caps)
{
	struct __user_cap_data_struct d[2] = {
	    { .effective = (uint32_t)caps, .permitted = (uint32_t)caps },
	    { .effective = (uint32_t)(caps >> 32),
	    .permitted = (uint32_t)(caps >> 32) } };

	return caps_call(SYS_capset, d);
}

/* Gives these up. */
static int
caps_drop(uint64_t caps)
{
	struct __user_cap_data_struct d[2];

	if (caps_call(SYS_capget, d) == -1)
		return -1;
	return caps_set(((uint64_t)d[1].permitted << 32 | d[0].permitted) &
	    ~caps);
}

/* Becomes INNOCENT with these capabilities, as file capabilities do. */
static void
become_innocent(uint64_t caps)
{
	must(prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 &&
	    setgroups(0, NULL) == 0 &&
	    setresgid(INNOCENT, INNOCENT, INNOCENT) == 0 &&
	    setresuid(INNOCENT, INNOCENT, INNOCENT) == 0 &&
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) == 0 && caps_set(caps) == 0,
	    "becoming nobody");
}

static void
start_from(enum start start)
{
	switch (start) {
	case ROOT:
		break;
	case NO_ADMIN:
		must(caps_drop(CAP(CAP_SYS_ADMIN)) == 0, "caps");
		break;
	case NO_CHROOT:
		must(caps_drop(CAP(CAP_SYS_ADMIN) | CAP(CAP_SYS_CHROOT)) == 0,
		    "caps");
		break;
	case NO_SETUID:
		must(caps_set(CAP(CAP_NET_RAW) | CAP(CAP_NET_ADMIN)) == 0,
		    "caps");
		break;
	case FILE_CAPS:
		become_innocent(CAP(CAP_NET_RAW) | CAP(CAP_NET_ADMIN));
		break;
	case NOTHING:
		become_innocent(0);
		break;
	case STARTS:
		break;
	}
}

/* Leaves by the system call: sanitizers do more in exit() than one may. */
static void
leave(int status)
{
	(void)syscall(SYS_exit_group, status);
}

/* ---- what a child tries ---- */

/* Descriptors it brings; the last is one it forgot to list. */
enum { GO, READY, PAIR0, PAIR1, TCP, LISTENER, NETLINK, MEMFD, NULLFD, DIRFD,
	KEPT, FORGOTTEN = KEPT, FDS };

static int fds[FDS];

#define REFUSED(call) do {						\
	report->tried++;						\
	errno = 0;							\
	if ((long)(call) != -1)						\
		wrong("%s works", #call);				\
	else if (errno != EPERM && errno != ENOMEM)	/* musl's mmap */ \
		wrong("%s: %s", #call, strerror(errno));		\
} while (0)

#define ALLOWED(call) do {						\
	report->tried++;						\
	errno = 0;							\
	if ((long)(call) == -1 && errno != ECONNREFUSED &&		\
	    errno != ENETUNREACH &&	/* lo may be down */		\
	    errno != EAGAIN && errno != EINPROGRESS)			\
		wrong("%s: %s", #call, strerror(errno));		\
} while (0)

static const int one = 1;

static void
try_evil(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	char inject = 'x';

	REFUSED(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
	REFUSED(syscall(SYS_socket, AF_INET, SOCK_RAW, 47));
	REFUSED(socketpair(AF_UNIX, SOCK_STREAM, 0, (int[2]){ 0 }));
	REFUSED(bind(fds[TCP], (const struct sockaddr *)&sin, sizeof(sin)));
	REFUSED(open("/etc/passwd", O_RDONLY));
	REFUSED(open("/proc/self/mem", O_RDWR));
	REFUSED(mkdir("/x", 0700));
	REFUSED(chmod("/etc", 0777));
	REFUSED(mount("none", "/tmp", "tmpfs", 0, NULL));
	REFUSED(unshare(CLONE_NEWUSER));
	REFUSED(chroot("/"));
	REFUSED(setuid(0));
	REFUSED(setgid(0));
	REFUSED(kill(getppid(), 0));
	REFUSED(kill(1, SIGTERM));
	REFUSED(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
	REFUSED(ioctl(0, TIOCSTI, &inject));
	REFUSED(syscall(SYS_mprotect, (uintptr_t)&one & ~4095ul, 4096,
	    PROT_READ | PROT_WRITE | PROT_EXEC));
#ifndef __s390x__		/* no filter sees its arguments there */
	REFUSED(mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	REFUSED(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED,
	    fds[MEMFD], 0));
#endif
	REFUSED(fcntl(fds[PAIR0], F_SETOWN, 1));
	REFUSED(setsockopt(fds[TCP], SOL_SOCKET, SO_MARK, &one, sizeof(one)));
	REFUSED(setsockopt(fds[TCP], IPPROTO_TCP, TCP_NODELAY, &one,
	    sizeof(one)));
}

static void
try_common(void)
{
	static char block[1 << 20];
	struct pollfd p = { fds[PAIR0], POLLOUT, 0 };
	long old[2];		/* what this call knows: no 64-bit time */
	time_t now = 0;
	char *big;

	ALLOWED(write(fds[PAIR0], "x", 1));
	ALLOWED(read(fds[PAIR1], block, 1));
	ALLOWED(send(fds[PAIR0], "x", 1, MSG_NOSIGNAL));
	ALLOWED(recv(fds[PAIR1], block, 1, MSG_DONTWAIT));
	ALLOWED(poll(&p, 1, 0));
	ALLOWED(ppoll(&p, 1, &(struct timespec){ 0 }, NULL));
	ALLOWED(syscall(SYS_clock_gettime, CLOCK_BOOTTIME, old));
	ALLOWED(nanosleep(&(struct timespec){ .tv_nsec = 1 }, NULL));
	ALLOWED(syscall(SYS_getrandom, block, 16, 0));
	ALLOWED(fcntl(fds[PAIR0], F_SETFL, fcntl(fds[PAIR0], F_GETFL)));
	ALLOWED(mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	big = malloc(1 << 20);
	if (big == NULL || localtime(&now) == NULL ||
	    strerror(EXDEV) == NULL)
		wrong("libc does not work");
	free(big);
	ALLOWED(write(fds[NULLFD], "x", 1));
	ALLOWED(close(fds[NULLFD]));
}

static void
try_gateway(void)
{
	char c[2];
	struct iovec iov[2] = { { &c[0], 1 }, { &c[1], 1 } };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &iov[0],
	    .msg_iovlen = 1 } }, { .msg_hdr = { .msg_iov = &iov[1],
	    .msg_iovlen = 1 } } };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int err;
	socklen_t len = sizeof(err);

	ALLOWED(sendmmsg(fds[PAIR0], m, 2, MSG_NOSIGNAL));
	ALLOWED(recvmmsg(fds[PAIR1], m, 2, MSG_DONTWAIT, NULL));
	ALLOWED(writev(fds[PAIR0], iov, 2));
	ALLOWED(getsockopt(fds[PAIR0], SOL_SOCKET, SO_ERROR, &err, &len));
	ALLOWED(shutdown(fds[PAIR0], SHUT_WR));
	REFUSED(accept4(fds[LISTENER], NULL, NULL, 0));
	REFUSED(dup2(0, fds[PAIR1]));
	REFUSED(connect(fds[TCP], (const struct sockaddr *)&sin,
	    sizeof(sin)));
#ifndef __s390x__
	REFUSED(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[MEMFD], 0));
#endif
	REFUSED(unlinkat(fds[DIRFD], "file", 0));
}

static void
try_manager(void)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(1) };
	struct ucred cred;
	socklen_t len = sizeof(cred);

	ALLOWED(connect(fds[TCP], (const struct sockaddr *)&sin,
	    sizeof(sin)));
	ALLOWED(accept4(fds[LISTENER], NULL, NULL, SOCK_CLOEXEC));
	ALLOWED(getsockopt(fds[PAIR0], SOL_SOCKET, SO_PEERCRED, &cred, &len));
	ALLOWED(fcntl(fds[MEMFD], F_GET_SEALS));
	ALLOWED(dup2(0, fds[PAIR1]));
	ALLOWED(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fds[MEMFD], 0));
	REFUSED(unlinkat(fds[DIRFD], "file", 0));
}

static void
try_monitor(void)
{
	struct {
		struct nlmsghdr	 h;
		struct rtmsg	 m;
	} ask = { .h = { .nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETROUTE,
	    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
	    .m = { .rtm_family = AF_INET } };
	char buf[8192];
	struct stat st;

	ALLOWED(send(fds[NETLINK], &ask, sizeof(ask), 0));
	ALLOWED(recv(fds[NETLINK], buf, sizeof(buf), MSG_DONTWAIT));
	ALLOWED(fstatat(fds[DIRFD], "file", &st, AT_SYMLINK_NOFOLLOW));
	ALLOWED(unlinkat(fds[DIRFD], "file", 0));
	REFUSED(accept4(fds[LISTENER], NULL, NULL, 0));
}

static void
try_role(enum sandbox_role role)
{
	switch (role) {
	case SANDBOX_GATEWAY:
		try_gateway();
		break;
	case SANDBOX_MANAGER:
		try_manager();
		break;
	case SANDBOX_MONITOR:
		try_monitor();
		break;
	case SANDBOX_RESOLVER:		/* not by sandbox_enter() */
		break;
	}
}

static void
try_all(enum sandbox_role role)
{
	try_evil();
	try_common();
	try_role(role);
}

/* ---- what the parent reads ---- */

/* A line of /proc/PID/status: the text behind its name. */
static const char *
status_of(pid_t pid, const char *name, char *out, size_t size)
{
	char path[64], line[256];
	size_t n = strlen(name);
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	snprintf(out, size, "(no %s)", name);
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		char *s = line + n;

		if (strncmp(line, name, n) != 0 || *s++ != ':')
			continue;
		s += strspn(s, " \t");
		s[strcspn(s, "\n")] = '\0';
		snprintf(out, size, "%s", s);
		for (n = strlen(out); n > 0 && out[n - 1] == ' '; n--)
			out[n - 1] = '\0';
	}
	if (f != NULL)
		fclose(f);
	return out;
}

static unsigned
entries_of(pid_t pid, const char *what)
{
	char path[64];
	unsigned n = 0;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, what);
	d = opendir(path);
	while (d != NULL && readdir(d) != NULL)
		n++;
	if (d != NULL)
		closedir(d);
	return n <= 2 ? 0 : n - 2;
}

static bool
status_is(pid_t pid, const char *name, const char *want)
{
	char is[128];

	if (strcmp(status_of(pid, name, is, sizeof(is)), want) == 0)
		return true;
	printf("# %s is '%s', not '%s'\n", name, is, want);
	return false;
}

#define ZERO	"0000000000000000"

/* The version of Landlock; 0: none. */
static long
kernel_landlock(void)
{
#ifdef SYS_landlock_create_ruleset
	long version = syscall(SYS_landlock_create_ruleset, NULL, 0, 1);

	return version > 0 ? version : 0;
#else
	return 0;
#endif
}

static int
go_to_proc(void *unused)
{
	(void)unused;
	return chdir("/proc");
}

/* Can two processes have one root directory?  Not in qemu's user mode. */
static bool
kernel_shares_roots(void)
{
	char is[64] = "";
	bool shared;

	shared = chdir("/") == 0 && in_child(go_to_proc, NULL, CLONE_FS) == 0 &&
	    getcwd(is, sizeof(is)) != NULL && strcmp(is, "/proc") == 0;
	return chdir("/") == 0 && shared;
}

/* Can nobody make a user namespace and change the root in it? */
static bool
kernel_has_namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		become_innocent(0);
		_exit(unshare(CLONE_NEWUSER) == -1 || chroot("/") == -1);
	}
	return waitpid(pid, &status, 0) == pid && status == 0;
}

static bool
ids_right(pid_t pid, enum sandbox_role role, enum start start)
{
	struct plan p = { .uid = INNOCENT, .gid = INNOCENT };
	char want[64];

	if (start < NO_SETUID)
		p.uid = p.gid = SANDBOX_ID_BASE + (uid_t)pid;
	if ((start < FILE_CAPS && role == SANDBOX_MONITOR) ||
	    start == NO_SETUID)
		p.uid = p.gid = 0;
	snprintf(want, sizeof(want), "%u\t%u\t%u\t%u", (unsigned)p.uid,
	    (unsigned)p.uid, (unsigned)p.uid, (unsigned)p.uid);
	if (!status_is(pid, "Uid", want))
		return false;
	snprintf(want, sizeof(want), "%u\t%u\t%u\t%u", (unsigned)p.gid,
	    (unsigned)p.gid, (unsigned)p.gid, (unsigned)p.gid);
	return status_is(pid, "Gid", want) && (start == NO_SETUID ||
	    status_is(pid, "Groups", ""));
}

static bool
caps_right(pid_t pid, enum sandbox_role role, enum start start)
{
	const char *left = role == SANDBOX_MONITOR && start != NOTHING ?
	    "0000000000001000" : ZERO;

	return status_is(pid, "CapPrm", left) &&
	    status_is(pid, "CapEff", left) &&
	    status_is(pid, "CapInh", ZERO) && status_is(pid, "CapAmb", ZERO);
}

static bool
limits_right(pid_t pid)
{
	char path[64], line[256];
	bool right = false;
	struct stat st;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/limits", (int)pid);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, "Max core file size", 18) == 0)
			right = strspn(line + 18, " 0bytes\n") ==
			    strlen(line + 18);
	if (f != NULL)
		fclose(f);
	/* The files of a process that may not be dumped are root's. */
	snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
	return right && stat(path, &st) == 0 && st.st_uid == 0;
}

/* Says what is wrong; all claims about one process are one line. */
static bool
right(bool ok, const char *what)
{
	if (!ok)
		printf("# wrong: %s\n", what);
	return ok;
}

static bool
read_proc(pid_t pid, enum sandbox_role role, enum start start)
{
	bool in_ns = role == SANDBOX_GATEWAY && start >= NO_SETUID &&
	    kernel_has_namespaces();
	bool ok = right(ids_right(pid, role, start), "uid, gid or groups");

	ok &= right(caps_right(pid, role, start), "capabilities");
	if (start < NO_SETUID || in_ns)
		ok &= right(status_is(pid, "CapBnd", ZERO), "bounding set");
	else
		ok &= right(strstr(report->notices, "bounding") != NULL,
		    "no word of the bounding set");
	ok &= right(status_is(pid, "NoNewPrivs", "1"), "no_new_privs");
	ok &= right(has_filter ? status_is(pid, "Seccomp", "2") :
	    strstr(report->notices, "unrestricted") != NULL, "no filter");
	ok &= right(limits_right(pid), "memory can be dumped");
	ok &= right(entries_of(pid, "fd") == 3 + KEPT, "descriptors");
	if (role == SANDBOX_MONITOR)
		return ok;
	if ((start <= NO_ADMIN || in_ns) && kernel_shares_roots())
		return ok & right(entries_of(pid, "root/") == 0, "root");
	return ok & right(kernel_landlock() > 0 || strstr(report->notices,
	    "file system stays") != NULL, "files not hidden, nor a word");
}

/* ---- children ---- */

static char dir_name[] = "/tmp/test_sandbox.XXXXXX";

static void
make_file(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/file", dir_name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd != -1)
		close(fd);
}

static void
open_fds(const int go[2], const int ready[2])
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	fds[GO] = go[0];
	fds[READY] = ready[1];
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, &fds[PAIR0]) == 0, "pair");
	fds[TCP] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	fds[LISTENER] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	must(fds[LISTENER] != -1 && bind(fds[LISTENER],
	    (const struct sockaddr *)&sin, sizeof(sin)) == 0 &&
	    listen(fds[LISTENER], 1) == 0, "listener");
	fds[NETLINK] = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	fds[MEMFD] = memfd_create("x", MFD_ALLOW_SEALING);
	must(fds[MEMFD] != -1 && ftruncate(fds[MEMFD], 4096) == 0, "memfd");
	fds[NULLFD] = open("/dev/null", O_RDWR);
	fds[DIRFD] = open(dir_name, O_RDONLY | O_DIRECTORY);
	fds[FORGOTTEN] = dup(fds[MEMFD]);
	for (int i = 0; i < FDS; i++)
		must(fds[i] != -1, "descriptors");
}

static void
child(enum sandbox_role role, enum start start, const int go[2],
    const int ready[2])
{
	char c;

	/* Landlock leaves names alone, so the directory must be nobody's. */
	if (start >= FILE_CAPS)
		must(chown(dir_name, INNOCENT, INNOCENT) == 0, "chown");
	start_from(start);
	open_fds(go, ready);
	if (sandbox_enter(role, fds, KEPT) == -1) {
		wrong("sandbox_enter fails");
		_exit(1);
	}
	(void)!write(fds[READY], "r", 1);
	if (read(fds[GO], &c, 1) == 1 && has_filter)
		try_all(role);
	leave(0);
}

static void
run(enum sandbox_role role, enum start start)
{
	int go[2], ready[2], status;
	bool ended;
	char c;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	make_file();
	if (pipe(go) == -1 || pipe(ready) == -1)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		child(role, start, go, ready);
	close(go[0]);
	close(ready[1]);
	T(read(ready[0], &c, 1) == 1 && read_proc(pid, role, start),
	    "%s from %s: /proc shows that everything is given up",
	    role_names[role], start_names[start]);
	(void)!write(go[1], "g", 1);
	ended = waitpid(pid, &status, 0) == pid && status == 0;
	T(ended && report->wrong[0] == '\0', "%s from %s: %u calls tried, "
	    "each refused or allowed as it should%s", role_names[role],
	    start_names[start], report->tried, has_filter ? "" :
	    " # SKIP no filter here");
	if (!ended || report->wrong[0] != '\0')
		printf("# status %x, %s\n", (unsigned)status, report->wrong);
	if (report->notices[0] != '\0')
		printf("# said: %s\n", report->notices);
	close(go[1]);
	close(ready[0]);
	(void)!chown(dir_name, 0, 0);
}

/* ---- Landlock, alone ---- */

static struct sockaddr_un abstract = { .sun_family = AF_UNIX };
static char other_file[] = "/tmp/test_sandbox_other.XXXXXX";

#define FAILS(call, with) do {						\
	report->tried++;						\
	errno = 0;							\
	if ((long)(call) != -1)						\
		wrong("%s works", #call);				\
	else if (errno != (with))					\
		wrong("%s: %s", #call, strerror(errno));		\
} while (0)

/* The resolver's code is libc's: it may read, and use any socket. */
static void
try_resolver(long version)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t len = sizeof(to);
	char memory[32];

	snprintf(memory, sizeof(memory), "/proc/%d/mem", (int)getppid());
	ALLOWED(open("/etc/passwd", O_RDONLY));
	ALLOWED(open("/etc", O_RDONLY | O_DIRECTORY));
	FAILS(open(other_file, O_WRONLY), EACCES);
	FAILS(unlink(other_file), EACCES);
	FAILS(open("/tmp", O_RDWR | O_TMPFILE, 0600), EACCES);
	FAILS(open(memory, O_RDWR), EACCES);
	ALLOWED(getsockname(fds[LISTENER], (struct sockaddr *)&to, &len));
	ALLOWED(connect(fds[TCP], (const struct sockaddr *)&to, sizeof(to)));
	ALLOWED(connect(socket(AF_UNIX, SOCK_STREAM, 0),
	    (const struct sockaddr *)&abstract, sizeof(abstract)));
	if (version >= 6)
		FAILS(kill(getppid(), 0), EPERM);
}

static void
try_landlock(enum sandbox_role role, long version)
{
	struct sockaddr_in sin = { .sin_family = AF_INET }, to = sin;
	int un = fds[PAIR0];
	socklen_t len = sizeof(to);

	FAILS(open("/", O_RDONLY | O_DIRECTORY), EACCES);
	if (role == SANDBOX_MONITOR) {
		FAILS(open("/etc/passwd", O_RDONLY), EACCES);
		FAILS(mkdirat(fds[DIRFD], "new", 0700), EACCES);
		FAILS(unlink(other_file), EACCES);
		ALLOWED(unlinkat(fds[DIRFD], "file", 0));
	}
	if (version >= 4) {
		FAILS(bind(fds[TCP], (const struct sockaddr *)&sin,
		    sizeof(sin)), EACCES);
		ALLOWED(getsockname(fds[LISTENER], (struct sockaddr *)&to,
		    &len));
		if (role == SANDBOX_MANAGER)
			ALLOWED(connect(fds[TCP], (const struct sockaddr *)&to,
			    sizeof(to)));
		else
			FAILS(connect(fds[TCP], (const struct sockaddr *)&to,
			    sizeof(to)), EACCES);
	}
	if (version >= 6) {
		un = socket(AF_UNIX, SOCK_STREAM, 0);
		FAILS(connect(un, (const struct sockaddr *)&abstract,
		    sizeof(abstract)), EPERM);
		FAILS(kill(getppid(), 0), EPERM);
	}
	ALLOWED(write(fds[PAIR0], "x", 1));
}

/* Uid 0 to the end, which alone is not what refuses anything here. */
static void
landlocked(enum sandbox_role role)
{
	int none[2] = { 0, 0 }, status = -1;
	long version = kernel_landlock();
	pid_t pid;

	memset(report, 0, sizeof(*report));
	make_file();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		start_from(NO_SETUID);
		open_fds(none, none);
		landlock_alone = true;
		if (role == SANDBOX_RESOLVER) {
			prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
			sandbox_read_only();
			try_resolver(version);
			leave(0);
		}
		if (sandbox_enter(role, fds, KEPT) == -1)
			wrong("sandbox_enter fails");
		try_landlock(role, version);
		leave(0);
	}
	T(waitpid(pid, &status, 0) == pid && status == 0 &&
	    report->wrong[0] == '\0', "%s: Landlock (version %ld) alone: %u "
	    "calls tried, each refused or allowed as it should%s",
	    role_names[role], version, report->tried, version >= 6 ? "" :
	    " (too old for signals and abstract sockets)");
	if (status != 0 || report->wrong[0] != '\0')
		printf("# status %x, %s\n", (unsigned)status, report->wrong);
}

static void
test_landlock(void)
{
	int un = socket(AF_UNIX, SOCK_STREAM, 0), file;

	if (kernel_landlock() == 0) {
		T(true, "Landlock alone # SKIP not in this kernel, or not in "
		    "its list (/sys/kernel/security/lsm)");
		return;
	}
	snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1,
	    "test_sandbox.%d", (int)getpid());
	file = mkstemp(other_file);
	if (file == -1 || un == -1 || bind(un, (const struct sockaddr *)
	    &abstract, sizeof(abstract)) == -1 || listen(un, 9) == -1)
		abort();
	for (unsigned role = 0; role < 4; role++)
		landlocked((enum sandbox_role)role);
	(void)unlink(other_file);
	close(file);
	close(un);
}

/* ---- calls that kill ---- */

static void
do_execve(void)
{
	char *argv[] = { NULL };

	execve("/bin/true", argv, argv);
}

static void
do_fork(void)
{
	(void)!fork();
}

static void
do_ptrace(void)
{
	(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

#ifdef SYS_io_uring_setup
static void
do_io_uring(void)
{
	(void)syscall(SYS_io_uring_setup, 1, NULL);
}
#endif

#ifdef __x86_64__
/* getpid by the number that i386 has for it. */
static void
do_int80(void)
{
	long rc;

	__asm__ volatile ("int $0x80" : "=a" (rc) : "0" (20L) : "memory",
	    "r8", "r9", "r10", "r11");
	(void)rc;
}

static void
do_x32(void)
{
	(void)syscall(0x40000000 | SYS_getpid);
}
#endif

static bool
kills(enum sandbox_role role, void (*call)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (sandbox_enter(role, NULL, 0) == -1)
			_exit(2);
		call();
		leave(1);
	}
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	    WTERMSIG(status) == SIGSYS;
}

/* Kernels without i386 calls answer int $0x80 with a fault, filter or not. */
static bool
kernel_knows(void (*call)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);	/* not a sanitizer's */
		call();
		_exit(0);
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status);
}

static const struct {
	const char	*claim;
	void		(*call)(void);
} killers[] = {
	{ "execve", do_execve },
	{ "fork", do_fork },
	{ "ptrace", do_ptrace },
#ifdef SYS_io_uring_setup
	{ "io_uring", do_io_uring },
#endif
#ifdef __x86_64__
	{ "an i386 call", do_int80 },
	{ "an x32 call", do_x32 },
#endif
};

/*
 * Under a filter that kills for what systemd's @system-service leaves out: we
 * live, and say what had to stay.
 */
static void
wall(void)
{
	static const uint16_t out[] = { __NR_mount, __NR_umount2,
	    __NR_pivot_root, __NR_chroot,
#ifdef __NR_seccomp
	    __NR_seccomp,
#endif
#ifdef __NR_landlock_create_ruleset
	    __NR_landlock_create_ruleset, __NR_landlock_add_rule,
	    __NR_landlock_restrict_self,
#endif
	};
	struct sock_filter code[2 + 2 * sizeof(out) / sizeof(out[0])];
	struct sock_fprog prog = { .filter = code };

	code[prog.len++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W |
	    BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++) {
		code[prog.len++] = (struct sock_filter)BPF_JUMP(BPF_JMP |
		    BPF_JEQ | BPF_K, out[i], 0, 1);
		code[prog.len++] = (struct sock_filter)BPF_STMT(BPF_RET |
		    BPF_K, SECCOMP_RET_KILL);
	}
	code[prog.len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
	    SECCOMP_RET_ALLOW);
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == 0,
	    "a filter");
}

static void
behind_wall(enum sandbox_role role, enum start start)
{
	int go[2], status;
	pid_t pid;

	memset(report, 0, sizeof(*report));
	make_file();
	if (pipe(go) == -1)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (start >= FILE_CAPS)
			must(chown(dir_name, INNOCENT, INNOCENT) == 0,
			    "chown");
		start_from(start);
		open_fds(go, go);
		wall();
		if (sandbox_enter(role, fds, KEPT) == -1)
			wrong("sandbox_enter fails");
		try_common();
		try_role(role);
		leave(0);
	}
	T(waitpid(pid, &status, 0) == pid && status == 0 &&
	    report->wrong[0] == '\0' && (role == SANDBOX_MONITOR ||
	    strstr(report->notices, "kills whoever hides it") != NULL),
	    "%s from %s: lives under a filter that kills, and says so",
	    role_names[role], start_names[start]);
	if (status != 0 || report->wrong[0] != '\0')
		printf("# status %x, %s\n", (unsigned)status, report->wrong);
	printf("# said: %s\n", report->notices);
	(void)!chown(dir_name, 0, 0);
	close(go[0]);
	close(go[1]);
}

/* The filter for names alone: files can be read, no program can be run. */
static void
resolver(void)
{
	char *argv[] = { (char *)(uintptr_t)"true", NULL };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		bool ok = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		    sandbox_filter(SANDBOX_RESOLVER) == 0;
		int fd = open("/etc/passwd", O_RDONLY);

		ok = ok && fd != -1 && socket(AF_INET, SOCK_DGRAM, 0) != -1;
		ok = ok && execv("/bin/true", argv) == -1 && errno == EPERM;
		ok = ok && fork() == -1 && errno == EPERM;
		ok = ok && unshare(CLONE_NEWUSER) == -1 && errno == EPERM;
		_exit(ok ? 7 : 1);
	}
	(void)waitpid(pid, &status, 0);
	T(WIFEXITED(status) && WEXITSTATUS(status) == 7,
	    "resolver: files and sockets, but no program, process, name space");
}

/*
 * Does the kernel take one that allows all, and is ours not said to be unknown
 * here?  Whether ours works is for the tests to find.
 */
static bool
filter_wanted(void)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { .len = 1, .filter = &all };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) ==
		    -1)
			leave(7);
		(void)sandbox_filter(SANDBOX_GATEWAY);
		leave(0);
	}
	return waitpid(pid, &status, 0) == pid &&
	    !(WIFEXITED(status) && WEXITSTATUS(status) == 7) &&
	    strstr(report->notices, "for this architecture") == NULL;
}

static void
as_root(void)
{
	has_filter = filter_wanted();
	for (unsigned role = 0; role < 3; role++)
		for (unsigned start = 0; start < STARTS; start++)
			run((enum sandbox_role)role, (enum start)start);
	test_landlock();
	if (!has_filter) {
		T(true, "what is refused, and kills # SKIP no filter here");
		return;
	}
	for (unsigned role = 0; role < 3; role++) {
		behind_wall((enum sandbox_role)role, ROOT);
		behind_wall((enum sandbox_role)role, NOTHING);
	}
	for (size_t i = 0; i < sizeof(killers) / sizeof(killers[0]); i++) {
		if (!kernel_knows(killers[i].call)) {
			T(true, "%s kills each role # SKIP this kernel has "
			    "no such calls", killers[i].claim);
			continue;
		}
		T(kills(SANDBOX_GATEWAY, killers[i].call) &&
		    kills(SANDBOX_MANAGER, killers[i].call) &&
		    kills(SANDBOX_MONITOR, killers[i].call),
		    "%s kills each role", killers[i].claim);
	}
	resolver();
}

int
main(void)
{
	char path[64];

	report = mmap(NULL, sizeof(*report), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (report == MAP_FAILED || mkdtemp(dir_name) == NULL)
		abort();
	if (geteuid() == 0 && sandbox_has_cap(CAP_SETUID))
		as_root();
	else
		T(true, "entering the sandbox # SKIP needs root to give up");
	snprintf(path, sizeof(path), "%s/file", dir_name);
	(void)unlink(path);
	(void)rmdir(dir_name);
	return t_done();
}
