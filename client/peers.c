/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes and removes the files that pppd needs for a tunnel: the peers file,
 * the secret in chap-secrets, and for routes a script in ip-up.d.
 *
 * Each new file waits under a temporary name until all are complete, and then
 * takes its place by rename(2): pppd sees the old or the new file and never
 * half of one.  A lock keeps two runs apart.
 */
#include <sys/stat.h>

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "peers.h"
#include "util.h"

#ifndef PPP_DIR
#define PPP_DIR		"/etc/ppp"
#endif

#ifndef LOCK_WAIT_S
#define LOCK_WAIT_S	10
#endif

#define PEERS		PPP_DIR "/peers"
#define IP_UP		PPP_DIR "/ip-up"
#define LOCK		PPP_DIR "/.pptpsetup"

enum {
	PATH_LONGEST = sizeof(PPP_DIR) + PEERS_NAME_LONGEST + 32,
	ENTRY_LONGEST = 4096,	/* comment, name, password: all escaped */
	TEXT_LONGEST = 8192
};

/* One of pppd's files, and what becomes of it. */
struct file {
	const char	*folder;
	struct stat	 st;
	uint8_t		*p;		/* to be freed */
	struct rd	 text;		/* all its octets */
	enum { KEEP, REMOVE, REPLACE } fate;
	bool		 exists;
	char		 path[PATH_LONGEST];
	char		 temp[PATH_LONGEST];	/* REPLACE: the new file */
};

/* A tunnel's files, in the order in which they are replaced. */
enum { SECRETS, SCRIPT_SH, SCRIPT, PEER, FILES };

static struct file files[FILES];
static int lock = -1;

/* Logs what failed, and errno; returns the status to end with. */
static int
cannot(const char *what, const char *path)
{
	bool denied = errno == EACCES || errno == EPERM;
	bool link = errno == ELOOP;

	log_fatal("cannot %s %s: %m%s", what, path, denied && geteuid() != 0 ?
	    " (run pptpsetup as root)" : link ? " (pptpsetup does not follow "
	    "a symbolic link: put the file itself there)" : "");
	return denied ? EXIT_PERMISSION : EXIT_SYSTEM;
}

static void __attribute__((__noreturn__))
fail(const char *what, const char *path)
{
	exit(cannot(what, path));
}

/* Reads all of a file; a missing file is empty.  0, or -1 with errno. */
static int
file_read(struct file *f, const char *path, int flags)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
	    flags);
	ssize_t got = -1;

	if (fd == -1)
		return errno == ENOENT ? 0 : -1;
	errno = EINVAL;			/* if a folder or a pipe */
	if (fstat(fd, &f->st) == 0 && S_ISREG(f->st.st_mode) &&
	    (f->p = malloc((size_t)f->st.st_size + 1)) != NULL)
		got = read(fd, f->p, (size_t)f->st.st_size);
	f->exists = got == f->st.st_size;
	f->text = (struct rd){ .p = f->p, .end = got > 0 ? f->p + got : f->p };
	fd_close(fd);
	return f->exists ? 0 : -1;
}

static void
file_forget(struct file *f)
{
	if (f->p != NULL)
		wipe(f->p, (size_t)f->st.st_size);
	free(f->p);
}

bool
peers_file_has(const char *path, const char *text, size_t n)
{
	struct file f = { .exists = false };
	bool has = file_read(&f, path, 0) == 0 && f.exists &&
	    memmem(f.p, (size_t)f.st.st_size, text, n) != NULL;

	file_forget(&f);
	return has;
}

/*
 * Refuses a directory of another user's or one that everybody may write to, and
 * warns of one that its group may write to.
 */
static void
check_dir(const char *dir, int flags)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		fail("open", dir);
	close(fd);
	if ((st.st_mode & S_IWOTH) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		fatal(EXIT_PERMISSION, "%s belongs to another user or may be "
		    "written by everybody: it is not safe to keep secrets in, "
		    "nor what pppd runs", dir);
	if ((st.st_mode & S_IWGRP) != 0)
		log_warnx("warning: the members of group %u may write to %s, "
		    "and so replace secrets and what pppd runs as root: chmod "
		    "g-w %s", (unsigned)st.st_gid, dir, dir);
	if (access(dir, W_OK) == -1)
		fail("write to", dir);
}

void
peers_prepare(void)
{
	check_dir(PPP_DIR, 0);
	if (mkdir(PEERS, 0750) == -1 && errno != EEXIST)
		fail("make", PEERS);
	check_dir(PEERS, O_NOFOLLOW);
}

/*
 * The lock's holder removes the file in the end, so whoever has waited for a
 * file that is gone opens a new one.
 */
static void
lock_take(void)
{
	int64_t deadline_us = clock_us() + INT64_C(1000000) * LOCK_WAIT_S;
	struct stat st = { .st_nlink = 0 };

	while (st.st_nlink == 0) {
		fd_close(lock);
		lock = open(LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK |
		    O_CLOEXEC, 0600);
		if (lock == -1)
			fail("open", LOCK);
		if (fd_lock(lock, deadline_us) == -1)
			fatal(EXIT_SYSTEM, "another pptpsetup has been at work "
			    "for %d seconds: try again later", LOCK_WAIT_S);
		if (fstat(lock, &st) == -1)
			fail("look at", LOCK);
	}
}

/* Removes what is temporary, however the work ends. */
static void
clean_up(void)
{
	if (lock == -1)
		return;
	for (int i = 0; i < FILES; i++)
		if (files[i].fate == REPLACE)
			unlink(files[i].temp);
	unlink(LOCK);
	close(lock);
	lock = -1;
}

/*
 * Names a tunnel's files.  Returns the script for its routes, or NULL if it has
 * none or nothing would run the script.  Debian's ip-up skips scripts with a
 * dot in their name, Arch's those without .sh at the end.
 */
static struct file *
name_files(const struct tunnel *t)
{
	bool sh = peers_file_has(IP_UP, "ip-up.d/*.sh", 12);

	for (int i = 0; i < FILES; i++) {
		struct file *f = &files[i];
		const char *name = i == SECRETS ? "chap-secrets" : t->name;
		const char *end = i == SCRIPT_SH ? ".sh" : "";

		f->folder = i == SECRETS ? PPP_DIR : i == PEER ? PEERS :
		    PPP_DIR "/ip-up.d";
		snprintf(f->path, sizeof(f->path), "%s/%s%s", f->folder, name,
		    end);
		snprintf(f->temp, sizeof(f->temp), "%s/.%s%s.pptpsetup",
		    f->folder, name, end);
	}
	return t->routes.n > 0 && access(PPP_DIR "/ip-up.d/.", F_OK) == 0 &&
	    access(IP_UP, X_OK) == 0 ? &files[sh ? SCRIPT_SH : SCRIPT] : NULL;
}

/*
 * Reads a file, but follows no link, which may lead to anybody's file.  Except
 * for chap-secrets, a file that pptpsetup did not write is a fatal error if it
 * is wanted, and otherwise left alone.
 */
static void
file_take(struct file *f, bool wanted)
{
	if (file_read(f, f->path, O_NOFOLLOW) == -1 && wanted)
		fail("read", f->path);
	if (f == &files[SECRETS])
		return;
	if (f->exists && peers_is_ours(f->text))
		f->fate = REMOVE;
	else if (f->exists && wanted)
		fatal(EXIT_SYSTEM, "%s was not written by pptpsetup: choose "
		    "another name, or remove it yourself", f->path);
}

/*
 * Writes the new file for f, with f's owner and group, or the folder's if there
 * is no f yet.  If these cannot be set, the group has no rights.
 */
static void
file_write(struct file *f, const uint8_t *p, const uint8_t *end, mode_t mode)
{
	struct stat like = f->st;
	int fd;

	unlink(f->temp);
	fd = open(f->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1)
		fail("make", f->temp);
	f->fate = REPLACE;
	if (!f->exists && stat(f->folder, &like) == -1)
		fail("look at", f->folder);
	if (fchown(fd, like.st_uid, like.st_gid) == -1)
		mode &= ~(mode_t)0070;
	while (p < end) {
		ssize_t n = write(fd, p, (size_t)(end - p));

		if (n == -1)
			fail("write", f->temp);
		p += n;
	}
	if (fchmod(fd, mode) == -1 || fsync(fd) == -1)
		fail("write", f->temp);
	close(fd);
}

/*
 * The absolute path of the pptp in this program's folder: this very file, as
 * pptpsetup is a link to it, unless someone made a copy instead.
 */
static void
client_path(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 8);

	if (n <= 0 || n >= PATH_MAX - 8)
		fatal(EXIT_SYSTEM, "cannot find out where pptp is: /proc is "
		    "not mounted?");
	path[n] = '\0';
	memcpy(strrchr(path, '/') + 1, "pptp", sizeof("pptp"));
	if (access(path, X_OK) == -1)
		log_warnx("warning: there is no %s to run yet: pppd will need "
		    "it", path);
}

/*
 * The peers file holds no secret.  A new one can be read by the folder's group,
 * which is how Debian lets members of dip use pppd; an old one keeps its group
 * and the group's read bit.
 */
static void
peer_write(struct file *f, const struct tunnel *t)
{
	uint8_t text[TEXT_LONGEST];
	struct wr w = { .p = text, .end = text + sizeof(text) };
	char path[PATH_MAX];

	client_path(path);
	if (!peers_put_file(&w, t, path))
		fatal(EXIT_USAGE, "the path %s and what --option has are "
		    "together too long for pppd", path);
	file_write(f, text, w.p, f->exists ? 0600 | (f->st.st_mode & 0040) :
	    0640);
}

/* Writes the script for the routes, or tells the user what to do instead. */
static void
routes_write(struct file *script, const struct tunnel *t)
{
	uint8_t text[TEXT_LONGEST];
	struct wr w = { .p = text, .end = text + sizeof(text) };

	peers_put_routes(&w, t, script != NULL);
	if (script != NULL) {
		check_dir(script->folder, 0);
		file_write(script, text, w.p, 0755);
	} else if (t->routes.n > 0) {
		log_warnx("warning: there is no " IP_UP " that runs the "
		    "scripts of an ip-up.d: for the routes put these lines "
		    "into " IP_UP "%s, an executable shell script",
		    peers_file_has(IP_UP, "ip-up.local", 11) ? ".local" : "");
		(void)fwrite(text, 1, (size_t)(w.p - text), stderr);
	}
}

/*
 * Writes chap-secrets without the tunnel's old entries and, if the tunnel has a
 * password, with a new one.
 */
static void
secrets_write(struct file *f, const struct tunnel *t)
{
	size_t size = (size_t)f->st.st_size + ENTRY_LONGEST;
	uint8_t *text = malloc(size);
	struct wr w = { .p = text };
	unsigned gone;

	if (text == NULL)
		fail("change", f->path);
	w.end = text + size;
	gone = peers_put_others(&w, f->text, t->name);
	if (t->password != NULL)
		peers_put_secret(&w, text, t);
	assert(!w.bad);
	if (t->password != NULL || gone > 0)
		file_write(f, text, w.p, 0600);
	free(text);
}

static void
file_commit(struct file *f)
{
	if (f->fate == REPLACE && rename(f->temp, f->path) == -1)
		fail("replace", f->path);
	if (f->fate == REMOVE && unlink(f->path) == -1)
		fail("remove", f->path);
	f->fate = KEEP;
}

/* The work under the lock is short, so signals are blocked meanwhile. */
void
peers_change(const struct tunnel *t)
{
	struct file *script = name_files(t);
	bool any = false;
	sigset_t all, mask;

	lock_take();
	(void)atexit(clean_up);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &mask);
	for (int i = 0; i < FILES; i++)
		file_take(&files[i], i == SECRETS || i == PEER ||
		    &files[i] == script);
	if (t->password != NULL) {
		peer_write(&files[PEER], t);
		routes_write(script, t);
	}
	secrets_write(&files[SECRETS], t);
	for (int i = 0; i < FILES; i++) {
		any = any || files[i].fate != KEEP;
		file_commit(&files[i]);
	}
	if (!any)
		fatal(EXIT_SYSTEM, "there is no tunnel %s", t->name);
	if (syncfs(lock) == -1)
		fail("write to", PPP_DIR);
	clean_up();
	sigprocmask(SIG_SETMASK, &mask, NULL);
}

void
peers_user(char name[PEERS_USER_LONGEST + 1], const char *domain,
    const char *user)
{
	bool bare = domain == NULL || *domain == '\0';
	int n = snprintf(name, PEERS_USER_LONGEST + 1, "%s%s%s",
	    bare ? "" : domain, bare ? "" : "\\", user);

	if (n > PEERS_USER_LONGEST)
		fatal(EXIT_USAGE, "the user's name has at most %d octets",
		    PEERS_USER_LONGEST);
}

bool
peers_has_secret(const char *user, const char *server)
{
	char name[PEERS_USER_LONGEST + 2], of[HOST_LONGEST + 2], secret[2];
	struct file f = { .exists = false };
	bool found = false, more = file_read(&f, PPP_DIR "/chap-secrets",
	    0) == 0 && f.exists;
	struct rd r = f.text;

	for (; more && !found; more = peers_next_line(&r))
		found = peers_read_word(&r, name, sizeof(name)) &&
		    peers_read_word(&r, of, sizeof(of)) &&
		    peers_read_word(&r, secret, sizeof(secret)) &&
		    (strcmp(name, "*") == 0 || strcmp(name, user) == 0) &&
		    (strcmp(of, "*") == 0 || strcmp(of, server) == 0);
	file_forget(&f);
	return found;
}

static void
list_one(const char *name)
{
	char server[PEERS_USER_LONGEST + 1], user[PEERS_USER_LONGEST + 1];
	char text[4 * PEERS_USER_LONGEST + 1];
	struct file f = { .exists = false };

	if (!peers_is_name(name))
		return;
	snprintf(f.path, sizeof(f.path), PEERS "/%s", name);
	if (file_read(&f, f.path, O_NOFOLLOW) == -1 && errno == EACCES)
		(void)cannot("read", f.path);
	if (f.exists && peers_is_ours(f.text)) {
		peers_find(f.text, server, user);
		text_line(text, sizeof(text), server);
		printf("%-16s %-24s ", name, text);
		text_line(text, sizeof(text), user);
		printf("%s\n", text);
	}
	file_forget(&f);
}

void
peers_list(void)
{
	struct dirent **names = NULL;
	int n = scandir(PEERS, &names, NULL, alphasort);

	if (n == -1 && errno != ENOENT)
		fail("read", PEERS);
	for (int i = 0; i < n; i++) {
		list_one(names[i]->d_name);
		free(names[i]);
	}
	free(names);
	if (fflush(stdout) != 0)
		fail("print", "the list");
}
