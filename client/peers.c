/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two files that pppd needs for a tunnel: how their words are quoted, what
 * is ours in them, and how they are replaced.
 *
 * Both are replaced by rename(2), so that pppd sees the old or the new file
 * and never a half.  The new chap-secrets is written under a fixed name, and
 * a lock on that file is what keeps two runs apart: a name that nobody but
 * the holder of the lock may rename or remove.  A run that was killed leaves
 * at most that file, readable by root alone, and the next run uses it up.
 *
 * What is ours in chap-secrets is a comment line that names the tunnel and
 * the secret below it, in the shape that pptp-linux's pptpsetup writes too.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "compat.h"
#include "conf.h"
#include "peers.h"
#include "wire.h"

#ifndef PPP_DIR
#define PPP_DIR		"/etc/ppp"
#endif

#ifndef LOCK_WAIT_S
#define LOCK_WAIT_S	10
#endif

#define SECRETS		"chap-secrets"
#define SECRETS_NEW	".chap-secrets.pptpsetup"
#define WRITTEN_BY	"# written by pptpsetup"
#define ADDED_FOR	"# added by pptpsetup for "

enum {
	COMMAND_LONGEST = 1000,	/* pppd cuts a word after 1023 octets */
	FILE_LONGEST = 1 << 20,
	BLOCK_LONGEST = 4096,	/* comment, name, password: all escaped */
	PEERS_LONGEST = 8192,
	LOCK_STEP_MS = 100
};

/* A file of pppd's as it is now. */
struct old_file {
	bool		 exists;
	struct stat	 st;
	char		*p;
	size_t		 n;
};

/* --- messages --------------------------------------------------------- */

/* One sentence to stderr; returns status. */
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

/* The same with what errno says, which also chooses the status. */
int
peers_failed(const char *fmt, ...)
{
	int error = errno;
	bool denied = error == EACCES || error == EPERM;
	va_list ap;

	fputs("pptpsetup: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s%s\n", strerror(error),
	    denied && geteuid() != 0 ? " (run pptpsetup as root)" : "");
	return denied ? EXIT_PERMISSION : EXIT_SYSTEM;
}

/* --- words as pppd and the shell read them ---------------------------- */

static bool
is_word_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

/* Is s harmless without quotes, for pppd's parser and for the shell? */
static bool
is_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_word_char(s[i]) &&
		    (s[i] == '\0' || strchr("./+-", s[i]) == NULL))
			return false;
	return n > 0;
}

/*
 * Between double quotes pppd takes everything for itself but the quote and
 * the backslash.  Control characters go as three octal digits, so that one
 * entry stays one line; other octets, non-ASCII ones too, as they are.
 */
static void
put_quoted(struct wr *w, const char *s, size_t n)
{
	char octal[8];

	wr_u8(w, '"');
	for (size_t i = 0; i < n; i++) {
		uint8_t c = (uint8_t)s[i];

		if (c < 0x20 || c == 0x7f) {
			snprintf(octal, sizeof(octal), "\\%03o", c);
			wr_bytes(w, octal, 4);
			continue;
		}
		if (c == '"' || c == '\\')
			wr_u8(w, '\\');
		wr_u8(w, c);
	}
	wr_u8(w, '"');
}

static void
put(struct wr *w, const char *s)
{
	wr_bytes(w, s, strlen(s));
}

static void
put_word(struct wr *w, const char *s)
{
	size_t n = strlen(s);

	if (is_plain(s, n))
		wr_bytes(w, s, n);
	else
		put_quoted(w, s, n);
}

static void
put_shell_word(struct wr *w, const char *s)
{
	if (is_plain(s, strlen(s))) {
		put(w, s);
		return;
	}
	wr_u8(w, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			put(w, "'\\'");
		wr_u8(w, (uint8_t)*s);
	}
	wr_u8(w, '\'');
}

bool
peers_is_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!is_word_char(s[i]) && s[i] != '-' && s[i] != '.')
			return false;
	/* pppd itself refuses to call a name with two dots in a row. */
	return n > 0 && n <= PEERS_NAME_LONGEST && is_word_char(s[0]) &&
	    strstr(s, "..") == NULL;
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

/* The peers file; what pptp-linux's tool writes comes first. */
static int
put_peers(struct wr *w, const struct tunnel *t)
{
	char path[PATH_MAX], command[COMMAND_LONGEST];
	struct wr c = { .p = (uint8_t *)command,
	    .end = (uint8_t *)command + sizeof(command) };
	int status = client_path(path);

	if (status != EXIT_OK)
		return status;
	put_shell_word(&c, path);
	put(&c, " ");
	put(&c, t->server);
	put(&c, " --nolaunchpppd");
	put(w, WRITTEN_BY "\npty ");
	put_quoted(w, command, (size_t)(c.p - (uint8_t *)command));
	put(w, "\nlock\nnoauth\nnobsdcomp\nnodeflate\nname ");
	put_word(w, t->user);
	put(w, "\nremotename ");
	put(w, t->name);
	put(w, "\nipparam ");
	put(w, t->name);
	put(w, "\n");
	/*
	 * MPPE's keys come from MS-CHAP: a server that offers another way to
	 * log in first would let us in and then fail for want of a key.
	 */
	if (t->encrypt)
		put(w, "require-mppe-128\nrefuse-pap\nrefuse-eap\n"
		    "refuse-chap\nrefuse-mschap\n");
	if (c.bad || w->bad)
		return peers_complain(EXIT_SYSTEM, "the path %s is too long "
		    "for pppd", path);
	return EXIT_OK;
}

/* n octets of a line, its end included. */
static size_t
line_length(const char *p, size_t n)
{
	const char *end = memchr(p, '\n', n);

	return end == NULL ? n : (size_t)(end - p) + 1;
}

static bool
is_blank(const char *p, size_t n)
{
	while (n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL && p[n - 1] != '\0')
		n--;
	return n == 0;
}

/* Does the line say that the next one is this tunnel's? */
static bool
is_marker(const char *p, size_t n, const char *tunnel)
{
	size_t head = strlen(ADDED_FOR), len = strlen(tunnel);

	return n >= head + len && memcmp(p, ADDED_FOR, head) == 0 &&
	    memcmp(p + head, tunnel, len) == 0 &&
	    is_blank(p + head + len, n - head - len);
}

/* The length of the word that p begins with, by pppd's rules. */
static size_t
word_length(const char *p, size_t n)
{
	char quote = '\0';
	size_t i;

	for (i = 0; i < n && p[i] != '\n'; i++) {
		if (p[i] == '\\')
			i++;
		else if (quote != '\0')
			quote = p[i] == quote ? '\0' : quote;
		else if (p[i] == '"' || p[i] == '\'')
			quote = p[i];
		else if (p[i] == ' ' || p[i] == '\t' || p[i] == '#')
			break;
	}
	return i < n ? i : n;
}

/*
 * Is the line below a marker the tunnel's secret?  Its second word says so.
 * The second test is for what pptp-linux's tool made of names with blanks or
 * quotes, which it did not escape.
 */
static bool
is_secret(const char *p, size_t n, const char *tunnel)
{
	char middle[PEERS_NAME_LONGEST + 8];
	size_t len = strlen(tunnel), i;

	if (n == 0 || *p == '#' || is_blank(p, n))
		return false;
	i = word_length(p, n);
	while (i < n && (p[i] == ' ' || p[i] == '\t'))
		i++;
	if (word_length(p + i, n - i) == len && memcmp(p + i, tunnel, len) == 0)
		return true;
	snprintf(middle, sizeof(middle), " %s \"", tunnel);
	return memmem(p, n, middle, strlen(middle)) != NULL;
}

static bool
ends_empty(const uint8_t *start, const uint8_t *end)
{
	return end > start && end[-1] == '\n' &&
	    (end - start == 1 || end[-2] == '\n');
}

/*
 * Copies the secrets p[0 .. n) without the tunnel's own lines and without the
 * empty line that was put before each.  Returns how many entries went.
 */
static unsigned
put_secrets_without(struct wr *w, const char *p, size_t n, const char *tunnel)
{
	const uint8_t *start = w->p;
	unsigned gone = 0;

	while (n > 0) {
		size_t len = line_length(p, n);

		if (!is_marker(p, len, tunnel)) {
			wr_bytes(w, p, len);
			p += len;
			n -= len;
			continue;
		}
		gone++;
		p += len;
		n -= len;
		len = line_length(p, n);
		if (is_secret(p, len, tunnel)) {
			p += len;
			n -= len;
		}
		if (ends_empty(start, w->p))
			w->p--;
	}
	return gone;
}

static void
put_secret(struct wr *w, const uint8_t *start, const struct tunnel *t)
{
	if (w->p > start)
		put(w, w->p[-1] == '\n' ? "\n" : "\n\n");
	put(w, ADDED_FOR);
	put(w, t->name);
	put(w, "\n");
	put_word(w, t->user);
	put(w, " ");
	put(w, t->name);
	put(w, " ");
	put_quoted(w, t->password, t->password_len);
	put(w, " *\n");
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

static bool
is_written_by_us(const struct old_file *f)
{
	size_t head = strlen(WRITTEN_BY);

	for (size_t at = 0; at < f->n;) {
		size_t len = line_length(f->p + at, f->n - at);

		if (len >= head && memcmp(f->p + at, WRITTEN_BY, head) == 0 &&
		    is_blank(f->p + at + head, len - head))
			return true;
		at += len;
	}
	return false;
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
 * A directory that nobody can plant names in but its owner and root; or a
 * group, which is said.
 */
static int
open_dir(int at, const char *name, int flags, const char *shown, int *fd)
{
	struct stat st;

	*fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (*fd == -1 || fstat(*fd, &st) == -1)
		return peers_failed("cannot open %s", shown);
	if ((st.st_mode & S_IWOTH) != 0 ||
	    (st.st_uid != 0 && st.st_uid != geteuid()))
		return peers_complain(EXIT_PERMISSION, "%s belongs to another "
		    "user or may be written by everybody: it is not safe to "
		    "keep secrets in", shown);
	if ((st.st_mode & S_IWGRP) != 0)
		peers_complain(0, "warning: the members of group %u may write "
		    "to %s, and so replace secrets and what pppd runs as root: "
		    "chmod g-w %s", (unsigned)st.st_gid, shown, shown);
	if (faccessat(*fd, ".", W_OK, AT_EACCESS) == -1)
		return peers_failed("cannot write to %s", shown);
	return EXIT_OK;
}

int
dirs_open(struct dirs *d)
{
	char peers[PATH_MAX];
	int status;

	snprintf(peers, sizeof(peers), "%s/peers", PPP_DIR);
	d->peers = -1;
	status = open_dir(AT_FDCWD, PPP_DIR, 0, PPP_DIR, &d->ppp);
	if (status != EXIT_OK)
		return status;
	if (mkdirat(d->ppp, "peers", 0750) == -1 && errno != EEXIST)
		return peers_failed("cannot make %s", peers);
	return open_dir(d->ppp, "peers", O_NOFOLLOW, peers, &d->peers);
}

void
dirs_close(struct dirs *d)
{
	if (d->peers != -1)
		close(d->peers);
	if (d->ppp != -1)
		close(d->ppp);
}

/* Is fd what the name of the lock stands for, and nothing else is? */
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
 * Whoever may write to the folder could have made the file, and would read
 * the secrets that are put in.
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
	struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000L };

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
		nanosleep(&step, NULL);
	}
	return peers_complain(EXIT_SYSTEM, "another pptpsetup has been at work "
	    "for %d seconds: try again later", LOCK_WAIT_S);
}

/* --- what is done to them --------------------------------------------- */

/* Reads the peers file and refuses one that somebody wrote by hand. */
static int
peers_read(struct old_file *f, int dir, const char *tunnel)
{
	char shown[PATH_MAX];
	int status;

	snprintf(shown, sizeof(shown), "%s/peers", PPP_DIR);
	status = old_read(f, dir, shown, tunnel);
	if (status == EXIT_OK && f->exists && !is_written_by_us(f)) {
		old_free(f);
		return peers_complain(EXIT_SYSTEM, "%s/%s was not written by "
		    "pptpsetup: choose another name, or remove it yourself",
		    shown, tunnel);
	}
	return status;
}

/*
 * Writes the peers file's successor.  It holds no secret: a new one is for
 * the folder's group to read, by which Debian lets members of dip use pppd;
 * an old one's group and permissions stay as the administrator has them.
 */
static int
peers_write(int dir, const char *temp, const struct tunnel *t,
    const struct old_file *old)
{
	char text[PEERS_LONGEST];
	struct wr w = { .p = (uint8_t *)text,
	    .end = (uint8_t *)text + sizeof(text) };
	mode_t mode = old->exists ? 0600 | (old->st.st_mode & 0040) : 0640;
	struct stat st;
	int fd, status = put_peers(&w, t);

	if (status != EXIT_OK)
		return status;
	unlinkat(dir, temp, 0);
	fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1)
		return peers_failed("cannot make %s/peers/%s", PPP_DIR, temp);
	if (!old->exists && (fstat(dir, &st) == -1 ||
	    fchown(fd, (uid_t)-1, st.st_gid) == -1))
		mode = 0600;
	if (fill(fd, text, (size_t)(w.p - (uint8_t *)text), old, mode) == -1)
		status = peers_failed("cannot write %s/peers/%s", PPP_DIR,
		    temp);
	close(fd);
	return status;
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
	*gone = put_secrets_without(&w, old->p, old->n,
	    t->name);
	if (t->password != NULL)
		put_secret(&w, text, t);
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

/* Both files are complete on the disk before the first takes its place. */
static int
create_locked(const struct tunnel *t, const struct dirs *d, int lock)
{
	char temp[PEERS_NAME_LONGEST + 32];
	struct old_file peers, secrets = { .exists = false };
	unsigned gone;
	int status = peers_read(&peers, d->peers, t->name);

	if (status != EXIT_OK)
		return status;
	snprintf(temp, sizeof(temp), ".%s.pptpsetup", t->name);
	status = old_read(&secrets, d->ppp, PPP_DIR, SECRETS);
	if (status == EXIT_OK)
		status = peers_write(d->peers, temp, t, &peers);
	if (status == EXIT_OK)
		status = secrets_write(lock, t, &secrets, &gone);
	if (status == EXIT_OK)
		status = secrets_commit(d);
	if (status == EXIT_OK &&
	    (renameat(d->peers, temp, d->peers, t->name) == -1 ||
	    fsync(d->peers) == -1))
		status = peers_failed("cannot replace %s/peers/%s", PPP_DIR,
		    t->name);
	if (status != EXIT_OK)
		unlinkat(d->peers, temp, 0);
	old_free(&secrets);
	old_free(&peers);
	return status;
}

static int
delete_locked(const struct tunnel *t, const struct dirs *d, int lock)
{
	struct old_file peers, secrets;
	unsigned gone = 0;
	int status = peers_read(&peers, d->peers, t->name);

	if (status != EXIT_OK)
		return status;
	status = old_read(&secrets, d->ppp, PPP_DIR, SECRETS);
	if (status == EXIT_OK)
		status = secrets_write(lock, t, &secrets, &gone);
	if (status == EXIT_OK && gone > 0)
		status = secrets_commit(d);
	if (status == EXIT_OK && peers.exists &&
	    (unlinkat(d->peers, t->name, 0) == -1 || fsync(d->peers) == -1))
		status = peers_failed("cannot remove %s/peers/%s", PPP_DIR,
		    t->name);
	if (status == EXIT_OK && gone == 0 && !peers.exists)
		status = peers_complain(EXIT_SYSTEM, "there is no tunnel %s",
		    t->name);
	old_free(&secrets);
	old_free(&peers);
	return status;
}

/*
 * Does the work between lock and unlock.  It is short, so signals that would
 * leave it half done wait, and a file size limit is an error like any other.
 */
static int
work(const struct tunnel *t, const struct dirs *d,
    int (*f)(const struct tunnel *, const struct dirs *, int))
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, xfsz;
	sigset_t block, mask;
	int lock = -1, status;

	sigemptyset(&block);
	sigaddset(&block, SIGHUP);
	sigaddset(&block, SIGINT);
	sigaddset(&block, SIGQUIT);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGTSTP);
	status = lock_open(d->ppp, &lock);
	if (status != EXIT_OK) {
		if (lock != -1)
			close(lock);
		return status;
	}
	sigprocmask(SIG_BLOCK, &block, &mask);
	sigaction(SIGXFSZ, &ignore, &xfsz);
	status = f(t, d, lock);
	/* If it has not become chap-secrets, it goes. */
	if (lock_is_named(d->ppp, lock))
		unlinkat(d->ppp, SECRETS_NEW, 0);
	close(lock);
	sigaction(SIGXFSZ, &xfsz, NULL);
	sigprocmask(SIG_SETMASK, &mask, NULL);
	return status;
}

int
peers_create(const struct tunnel *t, const struct dirs *d)
{
	return work(t, d, create_locked);
}

int
peers_delete(const char *name, const struct dirs *d)
{
	struct tunnel t = { .name = name };

	return work(&t, d, delete_locked);
}

/* --- looking a secret up ------------------------------------------------ */

/* The next word as pppd reads it, cut to size; false at the end of the line. */
static bool
read_word(FILE *f, char *word, size_t size)
{
	size_t n = 0;
	int c, quote = 0;

	while ((c = getc(f)) == ' ' || c == '\t')
		continue;
	if (c == '#')
		while ((c = getc(f)) != '\n' && c != EOF)
			continue;
	for (; c != EOF && c != '\n'; c = getc(f)) {
		if (c == '\\')
			c = getc(f);
		else if (quote == 0 && (c == '"' || c == '\'')) {
			quote = c;
			continue;
		} else if (quote != 0 && c == quote) {
			quote = 0;
			continue;
		} else if (quote == 0 && (c == ' ' || c == '\t'))
			break;
		if (n + 1 < size && c != EOF)
			word[n++] = (char)c;
	}
	if (c == '\n' || c == EOF)
		(void)ungetc(c, f);
	word[n] = '\0';
	return n > 0 || (c != '\n' && c != EOF);
}

bool
peers_has_secret(const char *user, const char *server)
{
	char name[PEERS_USER_LONGEST + 2], of[HOST_LONGEST + 2];
	char path[PATH_MAX];
	bool found = false;
	FILE *f;
	int c;

	snprintf(path, sizeof(path), "%s/%s", PPP_DIR, SECRETS);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	while (!found && !feof(f)) {
		if (read_word(f, name, sizeof(name)) &&
		    read_word(f, of, sizeof(of)))
			found = strcmp(name, user) == 0 &&
			    (strcmp(of, "*") == 0 || strcmp(of, server) == 0);
		while ((c = getc(f)) != '\n' && c != EOF)
			continue;
	}
	fclose(f);
	return found;
}
