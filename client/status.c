/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --status: the tunnels of this machine, as their call managers list them. */
#include <arpa/inet.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "connect.h"
#include "ipc_msg.h"
#include "resolve.h"
#include "show.h"

/* Limits on what other users' managers may show and how long they take. */
enum {
	OTHER_TUNNELS = 16,
	OTHER_US = 1000000,
	OTHERS_US = 5000000,
	OTHER_TEXT = 32768,		/* room for their text */
	OWN_US = 2000000		/* for one of our own managers */
};

/* What --status was asked, and what it has shown. */
struct listing {
	const struct conf *conf;
	struct resolve	 only;		/* only these servers */
	size_t		 n;		/* of them; 0: all servers */
	unsigned	 count;
	bool		 up;		/* one of our own tunnels is */
	bool		 whole;		/* our own managers have answered */
	int64_t		 others_until;
};

/* The managers of one user. */
struct user {
	struct show_owner owner;
	int64_t		 until;		/* when to stop waiting */
	unsigned	 left;		/* how many more tunnels may be shown */
	const char	*trouble;	/* what went wrong, or NULL */
};

static void
show(struct listing *l, struct user *u, struct ipc_tunnel *t, const char *name)
{
	bool json = l->conf->mode == RUN_STATUS_JSON;

	if (u->left == 0) {
		u->trouble = "have more tunnels than are shown of one user";
		return;
	}
	u->left--;
	if (json)
		printf("%s\n  ", l->count == 0 ? "[" : ",");
	show_tunnel(t, &u->owner, callmgr_is_here(name), json);
	l->count++;
	l->up = l->up || (t->up && !u->owner.claims);
}

/*
 * Asks the manager behind fd, and shows its tunnels.  0, or -1 with errno
 * (EPROTO: the manager is of another version; EPIPE: it has gone; EUSERS: it
 * has no room for us).
 */
static int
ask(struct listing *l, struct user *u, int fd, const char *name,
    struct in_addr server, int64_t deadline)
{
	struct ipc_msg m = { .type = IPC_STATUS };
	int rc = ipc_send(fd, &m, NULL), again;

	if (rc == -1 && errno == EPIPE)
		rc = 0;			/* it may have said why */
	while (rc != -1 && (rc = callmgr_take(fd, &m, -1, deadline)) == 1 &&
	    m.type == IPC_TUNNEL && u->trouble == NULL)
		if (m.tunnel.server == server.s_addr)
			show(l, u, &m.tunnel, name);
	if (rc > 0) {
		errno = EUSERS;
		return m.type == IPC_DOWN ? -1 : 0;
	}
	if (rc == -1 && errno != EPIPE && errno != ECONNRESET)
		return -1;
	/* The manager closed before the end: does it still run? */
	again = callmgr_find(name, u->owner.uid, deadline - clock_us());
	errno = again == -1 ? EPIPE : EPROTO;
	fd_close(again);
	return -1;
}

/*
 * Lists one manager's tunnels to that server.  A manager that has gone has
 * none.
 */
static void
list_manager(struct listing *l, struct user *u, const char *name,
    struct in_addr server)
{
	int64_t now = clock_us(), deadline = sooner(now + OWN_US, u->until);
	int fd, rc;

	fd = callmgr_find(name, u->owner.uid, deadline - now);
	/* EPERM: another user's process listens at the name. */
	if (fd == -1 && (errno == ECONNREFUSED || errno == ENOENT ||
	    errno == EPERM))
		return;
	rc = fd == -1 ? -1 : ask(l, u, fd, name, server, deadline);
	if (rc == -1 && errno != EPIPE && u->owner.claims) {
		u->trouble = "do not answer in time, or not in our words";
	} else if (rc == -1 && errno != EPIPE) {
		log_error("the call manager of %s does not answer: %s", name,
		    errno == EPROTO ? "is it of another version of pptp? end "
		    "its tunnels first" : errno == EUSERS ? "it has no room "
		    "for one more client" : strerror(errno));
		l->whole = false;
	}
	fd_close(fd);
}

/* Is this the socket of a server that was asked for? */
static bool
wanted(const struct listing *l, const char *name, struct in_addr *addr)
{
	char server[INET_ADDRSTRLEN];
	size_t n = strcspn(name, "@");		/* connect.h */

	if (n >= sizeof(server))
		return false;
	memcpy(server, name, n);
	server[n] = '\0';
	if (inet_pton(AF_INET, server, addr) != 1)
		return false;
	for (size_t i = 0; i < l->n; i++)
		if (l->only.addr[i].s_addr == addr->s_addr)
			return true;
	return l->n == 0;
}

/* Lists one user's tunnels; false with errno if the folder is unreadable. */
static bool
list_user(struct listing *l, struct user *u)
{
	int fd = open(callmgr_dir(u->owner.uid), O_RDONLY | O_DIRECTORY |
	    O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	DIR *d = fd == -1 ? NULL : fdopendir(fd);
	struct in_addr server;
	struct dirent *e;

	if (d == NULL) {
		fd_close(fd);
		return errno == ENOENT;
	}
	while (u->trouble == NULL && (e = readdir(d)) != NULL)
		if (clock_us() >= u->until)
			u->trouble = "take too long";
		else if (wanted(l, e->d_name, &server))
			list_manager(l, u, e->d_name, server);
	closedir(d);
	return true;
}

/*
 * Lists one user's tunnels for root.  Whatever listens in the user's folder
 * must neither keep root waiting nor fill root's screen; and the file system
 * there may be the user's, too, and never answer.  So a child does it.  The
 * child writes its text, a NUL and the trouble; if these are not complete in
 * time we go on without it, even if it cannot be killed.
 */
static void
ask_other(struct listing *l, uid_t uid)
{
	static char said[OTHER_TEXT + 1];
	const char *trouble = "take too long", *end = NULL;
	int64_t until = sooner(clock_us() + OTHER_US, l->others_until);
	struct show_owner o;
	int fds[2];
	pid_t pid;
	ssize_t n;

	(void)fflush(stdout);
	if (pipe2(fds, O_CLOEXEC) == -1)
		return;
	pid = fork();
	if (pid == 0) {
		struct user u = { .left = OTHER_TUNNELS, .until = until };

		log_stderr(0);
		fd_null(STDIN_FILENO);
		fd_null(STDERR_FILENO);
		(void)dup2(fds[1], STDOUT_FILENO);
		if (access(callmgr_dir(uid), F_OK) == 0) {
			show_owner(&u.owner, uid);
			(void)list_user(l, &u);
		}
		printf("%c%s", 0, u.trouble != NULL ? u.trouble : "");
		(void)fflush(stdout);
		_exit(0);
	}
	close(fds[1]);
	n = pid == -1 ? -1 : fd_read_all(fds[0], -1, until + OTHER_US / 4,
	    said, OTHER_TEXT);
	close(fds[0]);
	if (pid != -1)
		(void)kill(pid, SIGKILL);
	if (n > 0 && (end = memchr(said, '\0', (size_t)n)) != NULL) {
		said[n] = '\0';
		fputs(said, stdout);
		l->count += end > said;
		trouble = end + 1;
	}
	if (*trouble == '\0')
		return;
	show_owner(&o, uid);
	log_warnx("call managers of uid %u%s%s %s: the rest is left out; ask "
	    "as that user", (unsigned)uid, o.name[0] != '\0' ? ", " : "",
	    o.name, trouble);
}

/* Root also sees the tunnels of users with file capabilities. */
static void
list_others(struct listing *l)
{
	DIR *d = opendir(CALLMGR_USERS);
	struct dirent *e;

	l->others_until = clock_us() + OTHERS_US;
	while (d != NULL && (e = readdir(d)) != NULL) {
		char *end;
		unsigned long uid = strtoul(e->d_name, &end, 10);

		if (end == e->d_name || *end != '\0' || uid == 0 ||
		    uid >= (uid_t)-1)
			continue;
		if (clock_us() >= l->others_until) {
			log_warnx("call managers of users take too long: not "
			    "all were asked");
			break;
		}
		ask_other(l, (uid_t)uid);
	}
	if (d != NULL)
		closedir(d);
}

enum exit_status
status_main(const struct conf *conf)
{
	struct listing l = { .conf = conf, .whole = true, .only = {
	    .host = conf->host, .hangup_fd = -1,
	    .deadline_us = clock_us() + conf->timeout_us } };
	struct user self = { .until = INT64_MAX, .left = UINT_MAX };

	if (conf->host != NULL && (l.n = resolve_host(&l.only)) == 0)
		fatal(l.only.status, "%s", l.only.why);
	show_owner(&self.owner, geteuid());
	if (!list_user(&l, &self))
		fatal(errno == EACCES ? EXIT_PERMISSION : EXIT_SYSTEM,
		    "cannot read %s: %m", callmgr_dir(geteuid()));
	if (geteuid() == 0)
		list_others(&l);
	if (conf->mode == RUN_STATUS_JSON)
		printf("%s]\n", l.count == 0 ? "[" : "\n");
	else if (l.count == 0 && l.whole)
		printf("no tunnels\n");
	return l.whole && l.up ? EXIT_OK : EXIT_SYSTEM;
}
