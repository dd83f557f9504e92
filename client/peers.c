/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The files that pppd needs for a tunnel, and how they are replaced: the peers
 * file, the secret in chap-secrets, and for routes a script in ip-up.d.
 *
 * Each is replaced by rename(2), so that pppd sees the old or the new file and
 * never a half.  The new chap-secrets is written under a fixed name, and a lock
 * on that file is what keeps two runs apart: nobody but the holder of the lock
 * may rename or remove it.  A run that was killed leaves at most that file,
 * readable by root alone, and the next run uses it up.
 */
#include <sys/file.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "peers.h"
#include "util.h"
#include "wire.h"

#ifndef PPP_DIR
#define PPP_DIR		"/etc/ppp"
#endif

#ifndef LOCK_WAIT_S
#define LOCK_WAIT_S	10
#endif

#define SECRETS		"chap-secrets"
#define SECRETS_NEW	".chap-secrets.pptpsetup"

enum {
	FILE_LONGEST = 1 << 20,
	BLOCK_LONGEST = 4096,	/* comment, name, password: all escaped */
	PEERS_LONGEST = 8192,
	SCRIPT_LONGEST = 8192,
	LOCK_STEP_MS = 100
};

/* A file of pppd's as it is now. */
struct old_file {
	bool		 exists;
	struct stat	 st;
	char		*p;
	size_t		 n;
};

/* The files that are a tunnel's alone; a script under the name ip-up wants. */
enum { PEER, SCRIPT, SCRIPT_SH, FILES };

struct own_file {
	int		 dir;
	bool		 wanted, written;	/* under its temporary name */
	const char	*folder;		/* in PPP_DIR */
	char		 name[PEERS_NAME_LONGEST + 4];
	char		 temp[PEERS_NAME_LONGEST + 32];
	struct old_file	 old;
};

/* --- messages --------------------------------------------------------- */

int
peers_complain(int status, const char *fmt, ...)
{
	va_list ap;

	fputs("pptpsetup: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return status;
}

int
peers_failed(const char *fmt, ...)
{
	int error = errno;
	bool denied = error == EACCES || error == EPERM;
	char what[2 * PATH_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return peers_complain(denied ? EXIT_PERMISSION : EXIT_SYSTEM,
	    "%s: %s%s", what, strerror(error),
	    denied && geteuid() != 0 ? " (run pptpsetup as root)" : "");
}

/* --- what the files shall hold ---------------------------------------- */

/*
 * The absolute path of pptp: this very binary, as pptpsetup is a link to it;
 * the pptp beside it if someone made a copy instead.
 */
static int
client_path(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 8);
	char *slash;

	if (n <= 0 || n >= PATH_MAX - 8)
		return peers_complain(EXIT_SYSTEM,
		    "cannot find out where pptp is: /proc is not mounted?");
	path[n] = '\0';
	slash = strrchr(path, '/');
	memcpy(slash == NULL ? path : slash + 1, "pptp", sizeof("pptp"));
	if (access(path, X_OK) == -1)
		peers_complain(0, "warning: there is no %s to run yet: pppd "
		    "will need it", path);
	return EXIT_OK;
}

/* --- files ------------------------------------------------------------ */

static void
old_free(struct old_file *f)
{
	if (f->p != NULL)
		wipe(f->p, f->n);
	free(f->p);
	f->p = NULL;
	f->n = 0;
}

static int
old_fill(struct old_file *f, int fd)
{
	ssize_t got = 1;

	if (fstat(fd, &f->st) == -1)
		return -1;
	if (!S_ISREG(f->st.st_mode) || f->st.st_size > FILE_LONGEST) {
		errno = S_ISREG(f->st.st_mode) ? EFBIG : EINVAL;
		return -1;
	}
	f->p = malloc((size_t)f->st.st_size + 1);
	if (f->p == NULL)
		return -1;
	while (got > 0 && f->n < (size_t)f->st.st_size) {
		got = read(fd, f->p + f->n, (size_t)f->st.st_size - f->n);
		if (got == -1 && errno == EINTR)
			got = 1;
		else if (got > 0)
			f->n += (size_t)got;
	}
	return got == -1 ? -1 : 0;
}

/* Reads all of a file, or finds that there is none; never through a link. */
static int
old_read(struct old_file *f, int dir, const char *shown, const char *name)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_NOCTTY | O_CLOEXEC);
	int status = EXIT_OK;

	*f = (struct old_file){ .exists = fd != -1 };
	if (fd == -1 && errno == ENOENT)
		return EXIT_OK;
	if (fd == -1 && errno == ELOOP)
		return peers_complain(EXIT_SYSTEM, "%s/%s is a symbolic link, "
		    "which pptpsetup does not follow: put the file itself "
		    "there", shown, name);
	if (fd == -1)
		return peers_failed("cannot read %s/%s", shown, name);
	if (old_fill(f, fd) == -1) {
		status = peers_failed("cannot read %s/%s", shown, name);
		old_free(f);
	}
	close(fd);
	return status;
}

/*
 * Fills an open file that will take the place of old: owner and group stay,
 * mode gives the permissions.  Without an old one it is ours, in the group
 * that its directory gave it.  0, or -1 with errno.
 */
static int
fill(int fd, const void *data, size_t n, const struct old_file *old,
    mode_t mode)
{
	const char *p = data;

	if (ftruncate(fd, 0) == -1 || lseek(fd, 0, SEEK_SET) == -1)
		return -1;
	if (geteuid() == 0 && fchown(fd, old->exists ? old->st.st_uid : 0,
	    old->exists ? old->st.st_gid : (gid_t)-1) == -1)
		return -1;
	if (fchmod(fd, mode) == -1)
		return -1;
	while (n > 0) {
		ssize_t put_n = write(fd, p, n);

		if (put_n == -1 && errno != EINTR)
			return -1;
		if (put_n > 0) {
			p += put_n;
			n -= (size_t)put_n;
		}
	}
	return fsync(fd);
}

/*
 * Only its owner and root may be able to create names in a directory; a group
 * that can is reported.
 */
static int
check_dir(int fd, const char *shown)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return peers_failed("cannot open %s", shown);
	if ((st.st_mode & S_IWOTH) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return peers_complain(EXIT_PERMISSION, "%s belongs to another "
		    "user or may be written by everybody: it is not safe to "
		    "keep secrets in, nor what pppd runs", shown);
	if ((st.st_mode & S_IWGRP) != 0)
		peers_complain(0, "warning: the members of group %u may write "
		    "to %s, and so replace secrets and what pppd runs as root: "
		    "chmod g-w %s", (unsigned)st.st_gid, shown, shown);
	if (faccessat(fd, ".", W_OK, AT_EACCESS) == -1)
		return peers_failed("cannot write to %s", shown);
	return EXIT_OK;
}

static int
open_dir(int at, const char *name, int flags, const char *shown, int *fd)
{
	*fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	return *fd == -1 ? peers_failed("cannot open %s", shown) :
	    check_dir(*fd, shown);
}

/* Is text in the script that pppd runs when a tunnel is up? */
static bool
ip_up_has(int ppp, const char *text)
{
	struct old_file f = { .exists = true };
	int fd = openat(ppp, "ip-up", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool has = fd != -1 && old_fill(&f, fd) == 0 &&
	    memmem(f.p, f.n, text, strlen(text)) != NULL;

	old_free(&f);
	fd_close(fd);
	return has;
}

int
dirs_open(struct dirs *d)
{
	char peers[PATH_MAX];
	int status;

	snprintf(peers, sizeof(peers), "%s/peers", PPP_DIR);
	d->peers = d->ip_up = -1;
	status = open_dir(AT_FDCWD, PPP_DIR, 0, PPP_DIR, &d->ppp);
	if (status != EXIT_OK)
		return status;
	d->ip_up = openat(d->ppp, "ip-up.d", O_RDONLY | O_DIRECTORY |
	    O_CLOEXEC);
	if (mkdirat(d->ppp, "peers", 0750) == -1 && errno != EEXIST)
		return peers_failed("cannot make %s", peers);
	return open_dir(d->ppp, "peers", O_NOFOLLOW, peers, &d->peers);
}

void
dirs_close(struct dirs *d)
{
	fd_close(d->ip_up);
	fd_close(d->peers);
	fd_close(d->ppp);
}

/* Is fd the file that the lock's name refers to, and is that its only name? */
static bool
lock_is_named(int dir, int fd)
{
	struct stat mine, named;

	return fstat(fd, &mine) == 0 &&
	    fstatat(dir, SECRETS_NEW, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    mine.st_dev == named.st_dev && mine.st_ino == named.st_ino &&
	    S_ISREG(mine.st_mode) && mine.st_nlink == 1;
}

/*
 * Whoever may write to the folder could have made the file in order to read the
 * secrets that it will hold.
 */
static int
lock_check(int fd)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 0077) == 0)
		return EXIT_OK;
	return peers_complain(EXIT_PERMISSION, "%s/%s was made by another user "
	    "or may be read by others: find out why, and remove it", PPP_DIR,
	    SECRETS_NEW);
}

/*
 * The locked file that may become the new chap-secrets.  The one who had it
 * may have renamed it meanwhile: then the name has to be opened anew.
 */
static int
lock_open(int dir, int *lock)
{
	for (int ms = 0; ms < LOCK_WAIT_S * 1000; ms += LOCK_STEP_MS) {
		int fd = openat(dir, SECRETS_NEW, O_RDWR | O_CREAT |
		    O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

		if (fd == -1)
			return peers_failed("cannot open %s/%s", PPP_DIR,
			    SECRETS_NEW);
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 &&
		    lock_is_named(dir, fd)) {
			*lock = fd;
			return lock_check(fd);
		}
		close(fd);
		(void)poll(NULL, 0, LOCK_STEP_MS);
	}
	return peers_complain(EXIT_SYSTEM, "another pptpsetup has been at work "
	    "for %d seconds: try again later", LOCK_WAIT_S);
}

/* --- what is done to them --------------------------------------------- */

/*
 * Which files are the tunnel's.  Debian's ip-up passes scripts with a dot in
 * their name over, Arch's those that do not end in .sh.  A folder that is not
 * there, or that nobody looks into, is no place for one.
 */
static void
own_files(struct own_file f[FILES], const struct tunnel *t,
    const struct dirs *d)
{
	bool sh = ip_up_has(d->ppp, "ip-up.d/*.sh");
	bool script = t->routes.n > 0 && d->ip_up != -1 &&
	    faccessat(d->ppp, "ip-up", X_OK, AT_EACCESS) == 0;

	for (int i = 0; i < FILES; i++) {
		f[i] = (struct own_file){ .dir = i == PEER ? d->peers :
		    d->ip_up, .folder = i == PEER ? "peers" : "ip-up.d" };
		snprintf(f[i].name, sizeof(f[i].name), "%s%s", t->name,
		    i == SCRIPT_SH ? ".sh" : "");
		snprintf(f[i].temp, sizeof(f[i].temp), ".%s.pptpsetup",
		    f[i].name);
	}
	f[PEER].wanted = true;
	f[sh ? SCRIPT_SH : SCRIPT].wanted = script;
}

/*
 * Reads the file that is there, and refuses one that somebody wrote by hand.  A
 * script of that name that is not in the way is none of our business.
 */
static int
own_read(struct own_file *f)
{
	char shown[PATH_MAX];
	struct stat st;
	int status;

	if (!f->wanted && (fstatat(f->dir, f->name, &st,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode)))
		return EXIT_OK;
	snprintf(shown, sizeof(shown), "%s/%s", PPP_DIR, f->folder);
	status = old_read(&f->old, f->dir, shown, f->name);
	if (status != EXIT_OK || !f->old.exists ||
	    peers_is_ours(f->old.p, f->old.n))
		return status;
	old_free(&f->old);
	f->old.exists = false;
	return !f->wanted ? EXIT_OK : peers_complain(EXIT_SYSTEM, "%s/%s was "
	    "not written by pptpsetup: choose another name, or remove it "
	    "yourself", shown, f->name);
}

/* Writes the successor of f, which waits under its temporary name. */
static int
own_write(struct own_file *f, const struct wr *w, const char *text,
    mode_t mode, gid_t group)
{
	int fd, status = EXIT_OK;

	unlinkat(f->dir, f->temp, 0);
	fd = openat(f->dir, f->temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return peers_failed("cannot make %s/%s/%s", PPP_DIR, f->folder,
		    f->temp);
	f->written = true;
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) == -1)
		mode &= ~(mode_t)0070;
	if (fill(fd, text, (size_t)(w->p - (const uint8_t *)text), &f->old,
	    mode) == -1)
		status = peers_failed("cannot write %s/%s/%s", PPP_DIR,
		    f->folder, f->temp);
	close(fd);
	return status;
}

/*
 * The peers file holds no secret: a new one is for the folder's group to read,
 * by which Debian lets members of dip use pppd; an old one's group and
 * permissions stay as the administrator has them.
 */
static int
peer_write(struct own_file *f, const struct tunnel *t)
{
	char path[PATH_MAX], text[PEERS_LONGEST];
	struct wr w = { .p = (uint8_t *)text,
	    .end = (uint8_t *)text + sizeof(text) };
	mode_t mode = f->old.exists ? 0600 | (f->old.st.st_mode & 0040) : 0640;
	struct stat st;
	int status = client_path(path);

	if (status != EXIT_OK)
		return status;
	if (!peers_put_file(&w, t, path))
		return peers_complain(EXIT_SYSTEM, "the path %s and what "
		    "--option has are together too long for pppd", path);
	if (fstat(f->dir, &st) == -1)
		return peers_failed("cannot look at %s/peers", PPP_DIR);
	return own_write(f, &w, text, mode, f->old.exists ? (gid_t)-1 :
	    st.st_gid);
}

/* The script that sets the routes; or tells the user that none will run. */
static int
routes_write(struct own_file f[FILES], const struct tunnel *t,
    const struct dirs *d)
{
	char text[SCRIPT_LONGEST], shown[PATH_MAX];
	struct wr w = { .p = (uint8_t *)text,
	    .end = (uint8_t *)text + sizeof(text) };
	struct own_file *script = &f[f[SCRIPT].wanted ? SCRIPT : SCRIPT_SH];
	int status;

	if (t->routes.n == 0)
		return EXIT_OK;
	if (!script->wanted) {
		peers_put_routes(&w, t);
		return peers_complain(EXIT_OK, "warning: there is no "
		    "%s/ip-up that runs the scripts of an ip-up.d: for the "
		    "routes put these lines into %s/%s, an executable shell "
		    "script\n%.*s", PPP_DIR, PPP_DIR,
		    ip_up_has(d->ppp, "ip-up.local") ? "ip-up.local" : "ip-up",
		    (int)(w.p - (uint8_t *)text) - 1, text);
	}
	snprintf(shown, sizeof(shown), "%s/ip-up.d", PPP_DIR);
	status = check_dir(d->ip_up, shown);
	if (status != EXIT_OK)
		return status;
	peers_put_script(&w, t);
	return own_write(script, &w, text, 0755, (gid_t)-1);
}

/* The new file takes its place, or an old one that is not wanted goes. */
static int
own_commit(struct own_file *f)
{
	int error;

	if (f->written)
		error = renameat(f->dir, f->temp, f->dir, f->name);
	else if (f->old.exists)
		error = unlinkat(f->dir, f->name, 0);
	else
		return EXIT_OK;
	if (error == -1 || fsync(f->dir) == -1)
		return peers_failed("cannot %s %s/%s/%s", f->written ?
		    "replace" : "remove", PPP_DIR, f->folder, f->name);
	f->written = false;
	return EXIT_OK;
}

/*
 * Writes chap-secrets' successor into the lock file: without the tunnel's
 * old entries and, unless it has no password, with a new one.  *gone is how
 * many entries it had.
 */
static int
secrets_write(int lock, const struct tunnel *t, const struct old_file *old,
    unsigned *gone)
{
	size_t size = old->n + BLOCK_LONGEST;
	uint8_t *text = malloc(size);
	struct wr w = { .p = text };
	int status = EXIT_OK;

	if (text == NULL)
		return peers_failed("cannot change %s", SECRETS);
	w.end = text + size;
	*gone = peers_put_others(&w, old->p, old->n, t->name);
	if (t->password != NULL)
		peers_put_secret(&w, text, t);
	if (w.bad)
		status = peers_complain(EXIT_SYSTEM, "the secret is too long");
	else if (fill(lock, text, (size_t)(w.p - text), old, 0600) == -1)
		status = peers_failed("cannot write %s/%s", PPP_DIR,
		    SECRETS_NEW);
	wipe(text, size);
	free(text);
	return status;
}

static int
secrets_commit(const struct dirs *d)
{
	if (renameat(d->ppp, SECRETS_NEW, d->ppp, SECRETS) == -1 ||
	    fsync(d->ppp) == -1)
		return peers_failed("cannot replace %s/%s", PPP_DIR, SECRETS);
	return EXIT_OK;
}

/*
 * Writes the tunnel, or removes one that has no password.  All files are
 * complete on the disk before the first takes its place, the peers file last.
 */
static int
change(struct own_file f[FILES], const struct tunnel *t, const struct dirs *d,
    int lock)
{
	struct old_file secrets;
	bool create = t->password != NULL, any = create;
	unsigned gone = 0;
	int status = EXIT_OK;

	for (int i = 0; i < FILES && status == EXIT_OK; i++) {
		status = own_read(&f[i]);
		any = any || f[i].old.exists;
	}
	if (status == EXIT_OK && create)
		status = peer_write(&f[PEER], t);
	if (status == EXIT_OK && create)
		status = routes_write(f, t, d);
	if (status == EXIT_OK)
		status = old_read(&secrets, d->ppp, PPP_DIR, SECRETS);
	if (status != EXIT_OK)
		return status;
	status = secrets_write(lock, t, &secrets, &gone);
	old_free(&secrets);
	if (status == EXIT_OK && (create || gone > 0))
		status = secrets_commit(d);
	for (int i = FILES - 1; i >= 0 && status == EXIT_OK; i--)
		status = own_commit(&f[i]);
	if (status == EXIT_OK && !any && gone == 0)
		status = peers_complain(EXIT_SYSTEM, "there is no tunnel %s",
		    t->name);
	return status;
}

static int
change_locked(const struct tunnel *t, const struct dirs *d, int lock)
{
	struct own_file f[FILES];
	int status;

	own_files(f, t, d);
	status = change(f, t, d, lock);
	for (int i = 0; i < FILES; i++) {
		if (f[i].written)
			unlinkat(f[i].dir, f[i].temp, 0);
		old_free(&f[i].old);
	}
	return status;
}

/*
 * Does the work between lock and unlock.  It is short, so signals that would
 * leave it half done wait.
 */
int
peers_change(const struct tunnel *t, const struct dirs *d)
{
	static const int waiting[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
	    SIGTSTP };
	sigset_t block, mask;
	int lock = -1, status;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(waiting) / sizeof(waiting[0]); i++)
		sigaddset(&block, waiting[i]);
	status = lock_open(d->ppp, &lock);
	if (status != EXIT_OK) {
		fd_close(lock);
		return status;
	}
	sigprocmask(SIG_BLOCK, &block, &mask);
	status = change_locked(t, d, lock);
	/* If it has not become chap-secrets, it goes. */
	if (lock_is_named(d->ppp, lock))
		unlinkat(d->ppp, SECRETS_NEW, 0);
	close(lock);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}

/* --- looking things up --------------------------------------------------- */

bool
peers_has_secret(const char *user, const char *server)
{
	char name[PEERS_USER_LONGEST + 2], of[HOST_LONGEST + 2];
	char path[PATH_MAX];
	struct old_file f = { .exists = true };
	bool found = false;
	struct rd r = { .bad = false };
	int fd;

	snprintf(path, sizeof(path), "%s/%s", PPP_DIR, SECRETS);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1)
		return false;
	if (old_fill(&f, fd) == 0) {
		r.p = (const uint8_t *)f.p;
		r.end = r.p + f.n;
		do
			found = peers_read_word(&r, name, sizeof(name)) &&
			    peers_read_word(&r, of, sizeof(of)) &&
			    strcmp(name, user) == 0 &&
			    (strcmp(of, "*") == 0 || strcmp(of, server) == 0);
		while (!found && peers_next_line(&r));
	}
	old_free(&f);
	close(fd);
	return found;
}

static void
list_one(int dir, const char *shown, const char *name)
{
	char server[PEERS_USER_LONGEST + 1], user[PEERS_USER_LONGEST + 1];
	char text[4 * PEERS_USER_LONGEST + 1];
	struct old_file f = { .exists = false };
	struct stat st;

	if (!peers_is_name(name) || fstatat(dir, name, &st,
	    AT_SYMLINK_NOFOLLOW) == -1 || !S_ISREG(st.st_mode) ||
	    old_read(&f, dir, shown, name) != EXIT_OK)
		return;
	if (peers_is_ours(f.p, f.n)) {
		peers_find(f.p, f.n, server, user);
		text_line(text, sizeof(text), server);
		printf("%-16s %-24s ", name, text);
		text_line(text, sizeof(text), user);
		printf("%s\n", text);
	}
	old_free(&f);
}

int
peers_list(void)
{
	char shown[PATH_MAX];
	struct dirent **names;
	int dir, n;

	snprintf(shown, sizeof(shown), "%s/peers", PPP_DIR);
	dir = open(shown, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = dir == -1 ? -1 : scandir(shown, &names, NULL, alphasort);
	if (n == -1 && errno != ENOENT)
		return peers_failed("cannot read %s", shown);
	for (int i = 0; i < n; i++) {
		list_one(dir, shown, names[i]->d_name);
		free(names[i]);
	}
	if (n != -1)
		free(names);
	fd_close(dir);
	return fflush(stdout) == 0 ? EXIT_OK :
	    peers_failed("cannot print the list");
}
