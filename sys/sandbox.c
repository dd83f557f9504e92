/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Giving up privilege.  The file system goes first, while there is still the
 * privilege to hide it: the root directory becomes one in /proc that was that
 * of a process now dead.  A gateway without privilege does that in a user
 * namespace of its own.  Landlock and a filter of system calls (sys/seccomp.c)
 * come last, in case something was forgotten.
 *
 * Nothing here allocates, to keep these processes small.
 */

/* For older headers; the macros of newer ones hide these names. */
enum {
	__NR_landlock_create_ruleset = -1, __NR_landlock_add_rule = -1,
	__NR_landlock_restrict_self = -1
};

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "util.h"

enum { NOBODY = 65534, FILE_LONGEST = 4096 };

/* What can be done here and what will be kept; decided before any step. */
struct plan {
	enum sandbox_role role;
	uid_t		 uid;
	gid_t		 gid;
	struct __user_cap_data_struct caps[2];	/* those to be kept */
	bool		 ids;		/* we may change them */
	bool		 hidden;	/* no file can be opened any more */
	bool		 deadly;	/* hiding files would get us killed */
};

/* SYS_capget or SYS_capset, with the two words of all capabilities. */
static int
caps_call(long call, struct __user_cap_data_struct *words)
{
	struct __user_cap_header_struct head = {
	    .version = _LINUX_CAPABILITY_VERSION_3 };

	return (int)syscall(call, &head, words);
}

bool
sandbox_has_cap(int cap)
{
	struct __user_cap_data_struct now[2];

	return caps_call(SYS_capget, now) == 0 &&
	    (now[cap / 32].effective >> cap % 32 & 1) != 0;
}

static void
plan_make(struct plan *p, enum sandbox_role role)
{
	*p = (struct plan){ .role = role, .uid = geteuid(), .gid = getegid() };
	if (role == SANDBOX_MONITOR) {
		/* None inheritable, so the kernel allows none ambient. */
		if (sandbox_has_cap(CAP_NET_ADMIN))
			p->caps[0].effective = p->caps[0].permitted =
			    1u << CAP_NET_ADMIN;
		return;
	}
	if (p->uid != 0 && p->gid != 0)
		return;
	p->ids = sandbox_has_cap(CAP_SETUID) && sandbox_has_cap(CAP_SETGID);
	if (p->ids)
		p->uid = p->gid = SANDBOX_ID_BASE + (uid_t)getpid();
	else
		log_warnx("sandbox: stays uid %u, gid %u: without CAP_SETUID "
		    "and CAP_SETGID they cannot be given up",
		    (unsigned)p->uid, (unsigned)p->gid);
}

static int
no_core_dumps(void)
{
	static const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		return -1;
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/*
 * Limits the size of files, so that nobody can fill a disk through the open
 * file of refusals.h; not if a standard stream is a file.  setrlimit() fails
 * only where the limit is lower already.
 */
static void
small_files(void)
{
	static const struct rlimit size = { FILE_LONGEST, FILE_LONGEST };
	struct stat st;

	for (int fd = 0; fd <= 2; fd++)
		if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
			return;
	(void)setrlimit(RLIMIT_FSIZE, &size);
}

/* Runs work() in a child; returns its wait status, or -1 if there is none. */
static int
in_child(int (*work)(void *), void *arg, int flags)
{
	/* The child starts in the middle: a stack may grow either way. */
	char stack[16384] __attribute__((__aligned__(16)));
	int pid = clone(work, stack + sizeof(stack) / 2, flags, arg);
	int status;

	if (pid == -1)
		return -1;
	while (waitpid(pid, &status, __WALL) == -1)
		if (errno != EINTR)
			return -1;
	return status;
}

/*
 * Run by a child that shares our root directory (CLONE_FS): moves the root to
 * the child's own directory in /proc, which is empty once the child is dead.
 */
static int
enter_own_proc(void *unused)
{
	(void)unused;
	return chroot("/proc/self/task") == -1 || chdir("/") == -1;
}

static int
make_calls(void *numbers)
{
	for (const long *nr = numbers; *nr != -1; nr++)
		(void)syscall(*nr, -1L, -1L, -1L, -1L, -1L, -1L);
	return 0;
}

/*
 * Would we survive these calls (a list ended by -1)?  A filter set before we
 * ran, such as a service's, may kill whoever makes them.  It cannot be asked,
 * so a child makes them all, with invalid arguments.
 */
static bool
survived(struct plan *p, long *numbers)
{
	bool dead = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_MODE_FILTER &&
	    !WIFEXITED(in_child(make_calls, numbers, 0));

	p->deadly = p->deadly || dead;
	return !dead;
}

/*
 * The monitor still sees files, as it has some to remove.  The manager gets no
 * user namespace: it could not see its clients' uids there.  No uid is mapped
 * in one, so a gateway asks for its own anew.
 */
static void
hide_files(struct plan *p)
{
	long calls[] = { __NR_unshare, __NR_chroot, -1 };

	if (p->role == SANDBOX_MONITOR || !survived(p, calls))
		return;
	if (p->role == SANDBOX_GATEWAY && !p->ids &&
	    !sandbox_has_cap(CAP_SYS_CHROOT) && unshare(CLONE_NEWUSER) == 0) {
		p->uid = geteuid();
		p->gid = getegid();
	}
	p->hidden = in_child(enter_own_proc, NULL, CLONE_FS) == 0;
}

/* Empties the bounding set: no exec can bring a capability back. */
static void
empty_bounding(void)
{
	bool left = false;

	for (int cap = 0, in; (in = prctl(PR_CAPBSET_READ, cap, 0, 0, 0)) !=
	    -1; cap++)
		if (in == 1 && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == -1)
			left = true;
	if (left)
		log_info("sandbox: the bounding set stays, as there is no "
		    "CAP_SETPCAP; no_new_privs makes it useless");
}

/* A user namespace may deny setgroups(2), even to its root. */
static int
drop_groups(const struct plan *p)
{
	gid_t one;
	int n;

	if (setgroups(0, NULL) == 0)
		return 0;
	if (errno != EPERM)
		return -1;
	n = getgroups(1, &one);
	if (n > 1 || (n == 1 && one != p->gid) || (n == -1 && errno == EINVAL))
		log_info("sandbox: the supplementary groups stay: there is no "
		    "CAP_SETGID, or this user namespace denies setgroups");
	return 0;
}

static int
set_ids(const struct plan *p)
{
	if (setresgid(p->gid, p->gid, p->gid) == -1)
		return -1;
	return setresuid(p->uid, p->uid, p->uid);
}

/*
 * Where a user namespace does not map the uid we chose, we become "nobody"; one
 * that maps a single uid leaves us with that.
 */
static int
drop_ids(struct plan *p)
{
	if (drop_groups(p) == -1)
		return -1;
	for (int tried = 1; set_ids(p) == -1; tried++) {
		if (!p->ids || errno != EINVAL || tried == 3)
			return -1;
		p->uid = tried == 1 ? NOBODY : geteuid();
		p->gid = tried == 1 ? NOBODY : getegid();
		if (tried == 2)
			log_info("sandbox: stays uid %u, gid %u: this user "
			    "namespace maps no other", (unsigned)p->uid,
			    (unsigned)p->gid);
	}
	return 0;
}

int
sandbox_drop_ids(void)
{
	struct plan p;

	plan_make(&p, SANDBOX_RESOLVER);
	return p.ids ? drop_ids(&p) : 0;
}

/* Copied from linux/landlock.h, which older systems lack or have in part. */
struct ruleset {
	uint64_t	 files, net, scopes;
};

struct beneath {
	uint64_t	 rights;
	int32_t		 dir;
} __attribute__((__packed__));

enum { RULE_BENEATH = 1, REMOVE_FILE = 1 << 5,
	READ = 1 << 2 | 1 << 3,		/* files and directories */
	BIND_TCP = 1 << 0, CONNECT_TCP = 1 << 1,
	ABSTRACT_SOCKETS = 1 << 0, SIGNALS = 1 << 1 };

/*
 * All that this version of Landlock can deny: rights to files (13 in the first,
 * more in later ones); from version 4 on TCP, but the manager may connect; from
 * version 6 on signals and abstract sockets of others.  The resolver may read
 * files and use all sockets.
 */
static struct ruleset
all_of(long version, enum sandbox_role role)
{
	static const uint8_t rights[] = { 0, 13, 14, 15, 15, 16 };
	const long last = sizeof(rights) - 1;
	struct ruleset r = { 0, 0, 0 };

	r.files = (UINT64_C(1) << rights[version < last ? version : last]) - 1;
	if (version >= 4)
		r.net = role == SANDBOX_MANAGER ? BIND_TCP :
		    BIND_TCP | CONNECT_TCP;
	if (version >= 6)
		r.scopes = ABSTRACT_SOCKETS | SIGNALS;
	if (role == SANDBOX_RESOLVER) {
		r.files &= ~(uint64_t)READ;
		r.net = 0;
		r.scopes &= SIGNALS;
	}
	return r;
}

/* Lets the monitor remove its files from their directory at the end. */
static bool
keep_directories(int rules, const int *keep, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct beneath b = { REMOVE_FILE, keep[i] };

		/* The last two errors: keep[i] is not a directory. */
		if (keep[i] != -1 && syscall(__NR_landlock_add_rule, rules,
		    RULE_BENEATH, &b, 0) == -1 && errno != EINVAL &&
		    errno != EBADFD)
			return false;
	}
	return true;
}

/* Needs no privilege.  False, with errno, if there is no Landlock. */
static bool
landlock(struct plan *p, const int *keep, size_t n)
{
	bool monitor = p->role == SANDBOX_MONITOR, done;
	long calls[] = { __NR_landlock_create_ruleset,
	    __NR_landlock_restrict_self,
	    monitor ? __NR_landlock_add_rule : -1, -1 };
	struct ruleset r;
	long version;
	int fd;

	if (calls[0] == -1 || !survived(p, calls)) {
		errno = ENOSYS;
		return false;
	}
	version = syscall(__NR_landlock_create_ruleset, NULL, 0, 1);
	if (version < 1)
		return false;
	r = all_of(version, p->role);
	fd = (int)syscall(__NR_landlock_create_ruleset, &r, sizeof(r), 0);
	done = fd != -1 && (!monitor || keep_directories(fd, keep, n)) &&
	    syscall(__NR_landlock_restrict_self, fd, 0) == 0;
	fd_close(fd);
	return done;
}

void
sandbox_read_only(void)
{
	struct plan p = { .role = SANDBOX_RESOLVER };

	if (!landlock(&p, NULL, 0))
		log_debug("sandbox: no Landlock: %m");
}

/* Landlock, in addition to the empty root or in its place. */
static void
wall_off(struct plan *p, const int *keep, size_t n)
{
	if (landlock(p, keep, n))
		p->hidden = true;
	else
		log_debug("sandbox: no Landlock: %m");
	if (p->role == SANDBOX_MONITOR || p->hidden)
		return;
	log_info("sandbox: the file system stays visible: %s", p->deadly ?
	    "the system call filter around this process kills whoever hides "
	    "it (see pptp.8, SERVICES)" : "needs CAP_SYS_CHROOT, user "
	    "namespaces or Landlock");
}

/* The steps before Landlock and the filter; returns what failed, or NULL. */
static const char *
take_steps(struct plan *p)
{
	small_files();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return "cannot forbid new privileges";
	if (!p->ids && drop_ids(p) == -1)
		return "cannot make the user and group final";
	hide_files(p);
	empty_bounding();
	if (p->ids && drop_ids(p) == -1)
		return "cannot change the user and group";
	if (caps_call(SYS_capset, p->caps) == -1)
		return "cannot give up capabilities";
	/* Last: a change of user makes memory dumpable on some systems. */
	if (no_core_dumps() == -1)
		return "cannot forbid core dumps";
	return NULL;
}

/* Checks what was given up, and loads the filter; what is left, or NULL. */
static const char *
what_is_left(const struct plan *p)
{
	struct __user_cap_data_struct now[2];

	if (p->uid != 0 && setuid(0) != -1)
		return "the user is not given up";
	if (caps_call(SYS_capget, now) == -1 ||
	    memcmp(now, p->caps, sizeof(now)) != 0)
		return "capabilities are left";
	if (p->hidden && open("/", O_RDONLY | O_CLOEXEC) != -1)
		return "the file system is still there";
	return sandbox_filter(p->role) == -1 ?
	    "system calls are not restricted" : NULL;
}

int
sandbox_enter(enum sandbox_role role, const int *keep, size_t n)
{
	const char *bad;
	struct plan p;

	fd_close_others(keep, n);
	plan_make(&p, role);
	bad = take_steps(&p);
	if (bad != NULL) {
		log_error("sandbox: %s: %s", bad, strerror(errno));
		return -1;
	}
	wall_off(&p, keep, n);
	bad = what_is_left(&p);
	if (bad == NULL)
		return 0;
	log_error("sandbox: %s although that should have worked", bad);
	return -1;
}
