/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitor makes of a manager that asks for a route it may not have. */
/* with: manager/ipc.c manager/ipc_msg.c tests/unit/no_sandbox.c util.c */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <unistd.h>

static int lacking;	/* so many calls more find no memory, */
static int nth;		/* or that one */

#define WITH_MEMORY(call)						\
	((lacking > 0 && lacking-- > 0) || (nth > 0 && --nth == 0) ?	\
	(errno = ENOMEM, -1) : (call))
#define fstat(fd, st)		WITH_MEMORY(fstat(fd, st))
#define fstatat(d, n, st, how)	WITH_MEMORY(fstatat(d, n, st, how))
#define unlinkat(d, n, how)	WITH_MEMORY(unlinkat(d, n, how))
#define flock(d, how)		WITH_MEMORY(flock(d, how))

#include "util.h"

static int warnings, warned;	/* how many, and errno at the last one */

#undef log_warn
#define log_warn(...)		(warned = errno, warnings++)
#include "../../manager/monitor.c"
#undef unlinkat
#undef fstatat
#undef fstat

#include <arpa/inet.h>

#include "t.h"

static int updates;

int
route_open(struct route *r, struct in_addr server)
{
	(void)r;
	(void)server;
	return 0;
}

int
route_update(struct route *r)
{
	(void)r;
	updates++;
	return 0;
}

bool
route_changed(struct route *r)
{
	(void)r;
	return false;
}

void
route_close(struct route *r)
{
	(void)r;
}

static struct sockaddr_in
address(const char *text)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, text, &sin.sin_addr) != 1)
		abort();
	return sin;
}

/* A socket of that type, bound to 127.0.0.9, connected to that address. */
static int
socket_to(int type, const char *to)
{
	struct sockaddr_in own = address("127.0.0.9"), peer = address(to);
	socklen_t len = sizeof(peer);
	int listener = socket(AF_INET, type, 0);
	int fd = socket(AF_INET, type, 0);

	if (listener == -1 || fd == -1 ||
	    bind(listener, (struct sockaddr *)&peer, sizeof(peer)) == -1 ||
	    (type == SOCK_STREAM && listen(listener, 1) == -1) ||
	    getsockname(listener, (struct sockaddr *)&peer, &len) == -1 ||
	    bind(fd, (struct sockaddr *)&own, sizeof(own)) == -1 ||
	    connect(fd, (struct sockaddr *)&peer, sizeof(peer)) == -1)
		abort();
	if (type != SOCK_STREAM)	/* which would reset the connection */
		close(listener);
	return fd;
}

static void
test_path(void)
{
	const struct monitor_start start = {
	    .server = address("127.0.0.7").sin_addr };
	struct monitor k = { .start = &start, .renew_us = INT64_MAX };
	int listener = socket(AF_INET, SOCK_STREAM, 0), pair[2];

	k.route.mark = 1;
	T(T_IS(take_path(&k, socket_to(SOCK_STREAM, "127.0.0.7"))) &&
	    T_EQ(k.route.local.s_addr,
	    address("127.0.0.9").sin_addr.s_addr) && T_EQ(k.route.mark, 0),
	    "a connection to the server shows its local address and mark");
	T(!take_path(&k, socket_to(SOCK_STREAM, "127.0.0.8")),
	    "a connection to another address is none");
	T(!take_path(&k, socket_to(SOCK_DGRAM, "127.0.0.7")),
	    "nor is a socket that needs no answer");
	T(!take_path(&k, listener),
	    "nor is one that is not connected");
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
		abort();
	T(!take_path(&k, pair[0]), "nor a local one");
	T(!take_path(&k, -1), "nor is none");
}

static void
test_rate(void)
{
	const struct monitor_start start = {
	    .server = address("127.0.0.7").sin_addr };
	struct monitor k = { .start = &start, .renew_us = INT64_MAX };
	int fd = socket_to(SOCK_STREAM, "127.0.0.7"), pair[2];
	struct ipc_msg m = { .type = IPC_ROUTE };
	struct ipc_fds fds = IPC_NO_FDS;

	fds.fd[IPC_FD_TCP] = fd;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == -1)
		abort();
	look_soon(&k);
	T(k.wanted && k.renew_us <= clock_us(), "the first request is at once");
	k.renew_us = INT64_MAX;
	look_soon(&k);
	T(k.renew_us > clock_us(), "the next one waits for a moment");
	k.renew_us = INT64_MAX;
	updates = 0;
	for (int i = 0; i < 50; i++)
		if (ipc_send(pair[1], &m, &fds) == -1)
			abort();
	close(pair[1]);
	loop(&k, pair[0]);
	T(updates <= 1, "fifty in a row are one");
}

static int
make_file(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd == -1)
		abort();
	return fd;
}

static bool
is_there(const struct monitor_start *s, const char *name)
{
	struct stat st;

	return fstatat(s->dir, name, &st, 0) == 0;
}

/* A gateway that is slower than the call manager loses no note. */
static void
test_notes(struct monitor_start *s)
{
	static const char name[] = "127.0.0.7.refused";
	int gateway;

	s->refused = make_file(s->dir, name);
	gateway = openat(s->dir, name, O_RDWR | O_CLOEXEC);
	if (flock(gateway, LOCK_SH) == -1)
		abort();
	monitor_remove_files(s);
	T(is_there(s, name), "what a gateway may still write to stays");
	if (write(gateway, "x", 1) != 1)
		abort();
	close(gateway);
	monitor_remove_files(s);
	T(is_there(s, name), "and so does what it has written to");
	(void)unlinkat(s->dir, name, 0);
	close(make_file(s->dir, name));
	monitor_remove_files(s);
	T(is_there(s, name), "and a successor's file");
	(void)unlinkat(s->dir, name, 0);
	close(s->refused);
	s->refused = -1;
}

/* What keeps the monitor from removing its files is said after two seconds. */
static void
test_obstacles(struct monitor_start *s)
{
	static const char name[] = "127.0.0.7.refused";
	int start = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int gateway;

	warnings = 0;
	if (flock(start, LOCK_EX) == -1)
		abort();
	alarm(20);
	monitor_remove_files(s);
	alarm(0);
	T(T_EQ(warnings, 1) && T_EQ(warned, EBUSY),
	    "a start that has the lock and stops does not keep us");
	close(start);

	/* unlinkat() fails at a directory. */
	(void)unlinkat(s->dir, s->file, 0);
	if (mkdirat(s->dir, s->file, 0700) == -1 ||
	    fstatat(s->dir, s->file, &s->made, 0) == -1)
		abort();
	s->refused = make_file(s->dir, name);
	gateway = openat(s->dir, name, O_RDWR | O_CLOEXEC);
	if (flock(gateway, LOCK_SH) == -1)
		abort();
	monitor_remove_files(s);
	T(T_EQ(warnings, 2) && T_EQ(warned, EISDIR),
	    "a gateway's lock hides no error");
	close(gateway);
	monitor_remove_files(s);
	T(T_EQ(warnings, 3) && T_EQ(warned, EISDIR) && !is_there(s, name),
	    "nor does the other file, which goes");
	close(s->refused);
	s->refused = -1;
	(void)unlinkat(s->dir, s->file, AT_REMOVEDIR);
}

static void
test_removal(void)
{
	struct monitor_start s = { .name = "127.0.0.7", .file = "127.0.0.7" };
	char dir[] = "/tmp/test_monitor.XXXXXX";
	struct stat st;
	int calls = 0;

	if (mkdtemp(dir) == NULL)
		abort();
	s.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	do {
		close(make_file(s.dir, s.file));
		s.refused = make_file(s.dir, "127.0.0.7.refused");
		if (fstatat(s.dir, s.file, &s.made, 0) == -1)
			abort();
		calls++;
		lacking = calls > 12 ? calls - 12 : 0;
		nth = calls > 12 ? 0 : calls;
		monitor_remove_files(&s);
		T(fstatat(s.dir, s.file, &st, 0) == -1 &&
		    fstatat(s.dir, "127.0.0.7.refused", &st, 0) == -1,
		    lacking > 0 ? "no memory for %d calls: both files go" :
		    "none for call %d: both files go", lacking > 0 ?
		    calls - 12 : calls);
		close(s.refused);
	} while (calls < 12 + 6);
	nth = 0;
	T(T_EQ(warnings, 0), "which is not worth a word");
	test_notes(&s);
	T(T_EQ(warnings, 0), "nor is a note that stays");
	close(make_file(s.dir, s.file));
	s.made.st_ino++;
	monitor_remove_files(&s);
	T(fstatat(s.dir, s.file, &st, 0) == 0, "a successor's socket stays");
	test_obstacles(&s);
	close(s.dir);
	(void)rmdir(dir);
}

/* A build in a network namespace of its own has "lo" down. */
static bool
loopback_is_up(void)
{
	struct sockaddr_in to = address("127.0.0.7");
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	bool up;

	to.sin_port = htons(9);
	up = connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	close(fd);
	return up;
}

int
main(void)
{
	if (loopback_is_up()) {
		test_path();
		test_rate();
	} else {
		T(true, "a connection's path, and its rate # SKIP lo is down");
	}
	test_removal();
	return t_done();
}
