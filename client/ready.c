/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this machine ready for a tunnel?
 *
 * Each thing is tried in the way in which it will be used, so it does not
 * matter whether it is built in, loaded, or loaded by being tried, nor who
 * forbids it.  Lists of modules would tell less, and are missing in containers.
 */
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <linux/capability.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel.h"
#include "peers.h"
#include "pptp_proto.h"
#include "ready.h"
#include "sandbox.h"

/* After our headers: its macros have the names of some of our constants. */
#include <linux/ppp-ioctl.h>

#ifndef PPPD_PLUGINDIR
#define PPPD_PLUGINDIR	"/usr/lib/pppd"
#endif
#define DEV_PPP		"/dev/ppp"
#define GIVE	"run --device=/dev/ppp --cap-add=NET_ADMIN --cap-add=NET_RAW"

/* A file, and what to say if it exists. */
static const struct mark {
	char		 file[24];
	const char	*word;
} containers[] = {		/* and how to give one what PPP needs */
	{ "/.dockerenv", "docker " GIVE },
	{ "/run/.containerenv", "podman " GIVE },
	{ "/run/systemd/container", "give it to the container (see pptp.8, "
	    "CONTAINERS)" },
	{ "", NULL }
}, installers[] = {
	{ "/usr/bin/apt", "apt install ppp" },
	{ "/usr/bin/dnf", "dnf install ppp" },
	{ "/sbin/apk", "apk add ppp" },
	{ "/usr/bin/pacman", "pacman -S ppp" },
	{ "/usr/bin/zypper", "zypper install ppp" },
	{ "", "install the package ppp" }
};

static const char *
find_mark(const struct mark *m)
{
	while (m->file[0] != '\0' && access(m->file, F_OK) == -1)
		m++;
	return m->word;
}

/*
 * Says how to get a module, which a container can only have from its host.
 * Static storage.
 */
static const char *
get_module(const char *name)
{
	static char how[WHY];
	const char *where = find_mark(containers) == NULL ? "" :
	    "outside of this container: ";
	struct utsname u;
	char dir[sizeof(u.release) + 16];

	uname(&u);
	snprintf(dir, sizeof(dir), "/lib/modules/%s", u.release);
	if (*where == '\0' && access(dir, F_OK) == -1)
		failed(how, 0, "modprobe %s, but the running kernel has no "
		    "%s: after an update, reboot", name, dir);
	else
		failed(how, 0, "%smodprobe %s", where, name);
	return how;
}

const char *
ready_how(void)
{
	static char how[WHY];
	const char *give = find_mark(containers);

	if (geteuid() != 0)
		return "is missing; run as root, or give the program its "
		    "capabilities: setcap cap_net_raw,cap_net_admin+ep pptp";
	failed(how, 0, "is missing, although this is root: %s",
	    give != NULL ? give : "a container gets it by "
	    "--cap-add=NET_RAW --cap-add=NET_ADMIN, a service by "
	    "CapabilityBoundingSet=CAP_NET_RAW CAP_NET_ADMIN");
	return how;
}

static enum exit_status
no_pppd(char why[WHY])
{
	struct stat st;

	if (access(PPPD, X_OK) == -1) {
		int err = errno;

		return failed(why, err == EACCES && geteuid() != 0 ?
		    EXIT_PERMISSION : EXIT_SYSTEM, "cannot run " PPPD ": %s "
		    "(%s)", strerror(err), err == ENOENT ?
		    find_mark(installers) : geteuid() == 0 ?
		    "ls -l " PPPD " says why" : "run as root");
	}
	if (geteuid() == 0 || stat(PPPD, &st) == -1 ||
	    (st.st_mode & S_ISUID) != 0)
		return EXIT_OK;
	return failed(why, EXIT_PERMISSION, PPPD " is for root, since it is "
	    "not setuid: run as root");
}

/* Does the kernel have PPP, so that only /dev/ppp is missing? */
static bool
has_driver(void)
{
	FILE *f = fopen("/proc/devices", "re");
	char line[128];
	bool found = false;

	while (f != NULL && !found && fgets(line, sizeof(line), f) != NULL)
		found = strcmp(line, "108 ppp\n") == 0;
	if (f != NULL)
		(void)fclose(f);
	return found;
}

static const char *
get_device(int err)
{
	const char *give = find_mark(containers);

	if (give != NULL && (err == ENOENT || err == EPERM))
		return give;
	if (err == ENOENT && has_driver())
		return "mknod -m 600 " DEV_PPP " c 108 0";
	if (err == ENOENT || err == ENXIO || err == ENODEV)
		return get_module("ppp_generic");
	if (err == EPERM)
		return "a container gets it by --device=" DEV_PPP;
	return "it must be open to this user, on a file system that is not "
	    "nodev";
}

static enum exit_status
no_device(char why[WHY])
{
	int fd = open(DEV_PPP, O_RDWR | O_CLOEXEC), err = errno;
	bool admin = sandbox_has_cap(CAP_NET_ADMIN);

	if (fd != -1) {
		close(fd);
		return EXIT_OK;
	}
	/* A pppd that is setuid, or run by root, may have more rights. */
	if (((err == EPERM || err == EACCES) && geteuid() != 0) ||
	    (err == EPERM && !admin && prctl(PR_CAPBSET_READ, CAP_NET_ADMIN,
	    0, 0, 0) == 1))
		return EXIT_OK;
	if (err == EPERM && !admin)
		return failed(why, EXIT_PERMISSION, "cannot open " DEV_PPP ": "
		    "CAP_NET_ADMIN %s", ready_how());
	return failed(why, err == EPERM || err == EACCES ? EXIT_PERMISSION :
	    EXIT_SYSTEM, "cannot open " DEV_PPP ": %s (%s)", strerror(err),
	    get_device(err));
}

int
ready_pty(char name[READY_PTY], int *tty)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	*tty = -1;
	if (master != -1 && grantpt(master) == 0 && unlockpt(master) == 0 &&
	    ptsname_r(master, name, READY_PTY) == 0 &&
	    (*tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)) != -1)
		return master;
	fd_close(master);
	return -1;
}

/* Tries to give a pty to PPP, as pppd does. */
static enum exit_status
no_tty(const struct conf *conf, char why[WHY])
{
	int ldisc = conf->sync ? N_SYNC_PPP : N_PPP, tty, err = 0;
	char name[READY_PTY];
	int master = ready_pty(name, &tty);

	if (master == -1) {
		err = errno;
		failed(why, 0, "cannot open a pty: %s%s", strerror(err),
		    err == ENOENT || err == ENODEV ? " (mkdir -p /dev/pts && "
		    "mount -t devpts -o ptmxmode=666 devpts /dev/pts && "
		    "ln -sf pts/ptmx /dev/ptmx)" : "");
	} else if (ioctl(tty, TIOCSETD, &ldisc) == -1) {
		err = errno;
		failed(why, 0, "this kernel has no PPP for a pty: %s (%s)",
		    strerror(err), get_module(conf->sync ? "ppp_synctty" :
		    "ppp_async"));
	}
	fd_close(tty);
	fd_close(master);
	/* pppd may be able to load the module although we are not. */
	return err == 0 || (err == EPERM && geteuid() != 0) ? EXIT_OK :
	    EXIT_SYSTEM;
}

enum { MPPE_THERE, MPPE_NONE, MPPE_UNKNOWN };

/*
 * Runs in a child, in a network namespace of its own, since a PPP unit is an
 * interface.  The option is that of RFC 3078 2, followed by a key of zeroes.
 */
static int
try_mppe(void)
{
	uint8_t option[6 + 16] = { CCP_OPT_MPPE, 6, 0, 0, 0, MPPE_128 };
	struct ppp_option_data d = { .ptr = option, .length = sizeof(option),
	    .transmit = 1 };
	int unit = -1, fd;

	if (unshare(CLONE_NEWNET) == -1 || (fd = open(DEV_PPP, O_RDWR |
	    O_CLOEXEC)) == -1 || ioctl(fd, PPPIOCNEWUNIT, &unit) == -1)
		return MPPE_UNKNOWN;
	if (ioctl(fd, PPPIOCSCOMPRESS, &d) == 0)
		return MPPE_THERE;
	return errno == EINVAL ? MPPE_NONE : MPPE_UNKNOWN;
}

static enum exit_status
no_mppe(bool *there, char why[WHY])
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(try_mppe());
	*there = false;
	if (pid == -1 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return EXIT_OK;
	*there = WEXITSTATUS(status) == MPPE_THERE;
	if (WEXITSTATUS(status) != MPPE_NONE)
		return EXIT_OK;
	return failed(why, EXIT_SYSTEM, "this kernel has no MPPE, by which "
	    "PPTP encrypts (%s)", get_module("ppp_mppe"));
}

enum exit_status
ready_no_raw(char why[WHY])
{
	if (errno != EPERM && errno != EACCES)
		return failed(why, EXIT_SYSTEM, "cannot open a raw socket for "
		    "GRE: %m");
	/* A capability counts only in networks that its user namespace owns. */
	return failed(why, EXIT_PERMISSION, "cannot open a raw socket for GRE: "
	    "CAP_NET_RAW %s", sandbox_has_cap(CAP_NET_RAW) ? "holds in this "
	    "user namespace, which does not own this network: take one of its "
	    "own (unshare -n, no --network=host)" : ready_how());
}

enum exit_status
ready_raw(char why[WHY])
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, PPTP_IPPROTO_GRE);

	if (fd == -1)
		return ready_no_raw(why);
	close(fd);
	return EXIT_OK;
}

enum exit_status
ready_to_launch(const struct conf *conf, bool kernel, char why[WHY])
{
	enum exit_status status = ready_raw(why);

	if (status == EXIT_OK)
		status = no_pppd(why);
	if (status == EXIT_OK)
		status = no_device(why);
	if (status == EXIT_OK && !kernel)
		status = no_tty(conf, why);
	return status;
}

/*
 * An upgrade of pppd leaves the old one's plugin behind, with which the new one
 * does not start.  pppd has its version in it, with a NUL after it.
 */
bool
ready_kernel(struct kernel_path *k)
{
	const char *version = strrchr(PPPD_PLUGINDIR, '/') + 1;

	if (!kernel_offer(k))
		return false;
	if (!isdigit((unsigned char)*version) ||
	    peers_file_has(PPPD, version, strlen(version) + 1))
		return true;
	return failed(k->why, false, "%s is for pppd %s, which " PPPD " is not "
	    "any more: build and install pptp anew", k->plugin, version);
}

/* pppd's version is the name of its plugin folder, if there is only one. */
static void
pppd_version(char version[32])
{
	DIR *d = opendir(PPPD_PLUGINDIR "/..");
	const struct dirent *e;
	int n = 0;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) && n++ == 0)
			snprintf(version, 32, " %.30s", e->d_name);
	if (n != 1)
		version[0] = '\0';
	if (d != NULL)
		closedir(d);
}

/* Tells what is missing; *all keeps the status of the first such thing. */
static bool
good(enum exit_status *all, enum exit_status one, const char *why,
    void (*tell)(bool ok, const char *fmt, ...))
{
	if (one != EXIT_OK)
		tell(false, "%s", why);
	if (*all == EXIT_OK)
		*all = one;
	return one == EXIT_OK;
}

enum exit_status
ready_all(const struct conf *conf, void (*tell)(bool ok, const char *fmt, ...))
{
	enum exit_status all = EXIT_OK;
	struct kernel_path k;
	char why[WHY], version[32];
	bool mppe = false, kernel = false;

	(void)good(&all, no_pppd(why), why, tell);
	if (good(&all, no_device(why), why, tell)) {
		kernel = ready_kernel(&k);
		if (!kernel)
			(void)good(&all, no_tty(conf, why), why, tell);
		(void)good(&all, no_mppe(&mppe, why), why, tell);
	}
	(void)good(&all, ready_raw(why), why, tell);
	if (all != EXIT_OK)
		return all;
	pppd_version(version);
	tell(true, "pppd%s, " DEV_PPP ", %s%s, CAP_NET_RAW", version, kernel ?
	    "pptp" : conf->sync ? "ppp_synctty" : "ppp_async",
	    mppe ? ", ppp_mppe" : "");
	return EXIT_OK;
}
