/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is this machine ready: each thing that may be missing, by itself, on a machine
 * that has all else; who is asked is a double.
 */
/* with: util.c */
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel.h"
#include "peers.h"
#include "sandbox.h"
#include "t.h"

/* What is missing, as an errno, and what there is. */
static struct world {
	uid_t		 uid;
	const char	*mark;		/* the file that tells of a container */
	int		 pppd, device, pty, tty, mppe, raw, modules;
	bool		 no_setuid, driver, kernel, upgraded;
	uint64_t	 lost, bound;	/* capabilities we have not, and those
					 * that exec would not give either */
} w;

static int
result(int err)
{
	errno = err;
	return err == 0 ? 0 : -1;
}

static int
fake_access(const char *path, int mode)
{
	(void)mode;
	if (strcmp(path, "/usr/sbin/pppd") == 0)
		return result(w.pppd);
	if (strncmp(path, "/lib/modules/6.1.0", 18) == 0)
		return result(w.modules);
	return result(w.mark != NULL && strcmp(w.mark, path) == 0 ? 0 :
	    ENOENT);
}

static int
fake_open(const char *path, int flags)
{
	if (strcmp(path, "/dev/ppp") == 0 && result(w.device) == -1)
		return -1;
	return open(strcmp(path, "/dev/ppp") == 0 ? "/dev/null" : path, flags);
}

static int
fake_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	if (request == TIOCSETD && *(int *)arg != N_PPP)
		return result(EINVAL);
	/* PPPIOCNEWUNIT is the one that reads and writes. */
	return result(request == TIOCSETD ? w.tty : request >> 30 == 3 ? 0 :
	    w.mppe);
}

static int
fake_stat(const char *path, struct stat *st)
{
	(void)path;
	memset(st, 0, sizeof(*st));
	st->st_mode = w.no_setuid ? 0755 : 04755;
	return 0;
}

static int
fake_socket(int family, int type, int protocol)
{
	(void)family, (void)type, (void)protocol;
	return result(w.raw) == -1 ? -1 : open("/dev/null", O_RDWR);
}

static FILE *
fake_fopen(const char *path, const char *mode)
{
	static char devices[] = "Character devices:\n  5 ttyp\n108 ppp\n";

	(void)path;
	return fmemopen(devices, sizeof(devices) - (w.driver ? 1 : 9), mode);
}

static bool
fake_has_cap(int cap)
{
	return (w.lost >> cap & 1) == 0;
}

static int
fake_bound(int cap)
{
	return (w.bound >> cap & 1) == 0;
}

static bool
fake_offer(struct kernel_path *k)
{
	(void)k;
	return w.kernel;
}

bool
peers_file_has(const char *path, const char *text, size_t n)
{
	return strcmp(path, "/usr/sbin/pppd") == 0 &&
	    memcmp(text, "2.4.9", n) == 0 && !w.upgraded;
}

static int
fake_uname(struct utsname *u)
{
	snprintf(u->release, sizeof(u->release), "6.1.0");
	return 0;
}

#define PPPD		"/usr/sbin/pppd"
#define access		fake_access
#define open		fake_open
#define ioctl		fake_ioctl
#define stat(p, s)	fake_stat(p, s)
#define socket		fake_socket
#define fopen		fake_fopen
#define geteuid()	w.uid
#define sandbox_has_cap	fake_has_cap
#define prctl(o, c, ...) fake_bound(c)
#define kernel_offer	fake_offer
#define uname		fake_uname
#define unshare(f)	0
#define posix_openpt(f)	(result(w.pty) == -1 ? -1 : (posix_openpt)(f))
#define PPPD_PLUGINDIR	"/nowhere/2.4.9"
#include "../../client/ready.c"

#define LOST(c)		(UINT64_C(1) << (c))
#define GET	" run --device=/dev/ppp --cap-add=NET_ADMIN --cap-add=NET_RAW"

static const struct {
	const char	*claim;
	struct world	 w;
	enum exit_status launch, all;
	const char	*said;
} rows[] = {
	{ "all is there", { 0 }, EXIT_OK, EXIT_OK,
	    "+pppd, /dev/ppp, ppp_async, ppp_mppe, CAP_NET_RAW" },
	{ "a user, with a pppd that is setuid and opens the device",
	    { .uid = 1, .device = EACCES, .tty = EPERM }, EXIT_OK, EXIT_OK,
	    "+pppd, /dev/ppp, ppp_async, CAP_NET_RAW" },
	{ "MPPE cannot be tried", { .mppe = ENOTTY }, EXIT_OK, EXIT_OK,
	    "+pppd, /dev/ppp, ppp_async, CAP_NET_RAW" },
	{ "the kernel carries the data, and has nothing for a pty",
	    { .kernel = true, .tty = EINVAL }, EXIT_SYSTEM, EXIT_OK,
	    "+pppd, /dev/ppp, pptp, ppp_mppe, CAP_NET_RAW" },

	{ "the plugin is for the pppd that was there before",
	    { .kernel = true, .upgraded = true }, EXIT_OK, EXIT_OK,
	    "+pppd, /dev/ppp, ppp_async, ppp_mppe, CAP_NET_RAW" },

	{ "no pppd", { .pppd = ENOENT }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot run /usr/sbin/pppd: No such file or directory "
	    "(install the package ppp)" },
	{ "no pppd, on Debian", { .pppd = ENOENT, .mark = "/usr/bin/apt" },
	    EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot run /usr/sbin/pppd: No such file or directory "
	    "(apt install ppp)" },
	{ "a pppd for others", { .uid = 1, .pppd = EACCES }, EXIT_PERMISSION,
	    EXIT_PERMISSION, "-cannot run /usr/sbin/pppd: Permission denied "
	    "(run as root)" },
	{ "a pppd that is not setuid", { .uid = 1, .no_setuid = true },
	    EXIT_PERMISSION, EXIT_PERMISSION,
	    "-/usr/sbin/pppd is for root, since it is not setuid: run as "
	    "root" },
	{ "which root does not mind", { .no_setuid = true }, EXIT_OK, EXIT_OK,
	    "+pppd, /dev/ppp, ppp_async, ppp_mppe, CAP_NET_RAW" },

	{ "no /dev/ppp", { .device = ENOENT }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot open /dev/ppp: No such file or directory "
	    "(modprobe ppp_generic)" },
	{ "no /dev/ppp, as in a chroot", { .device = ENOENT, .driver = true },
	    EXIT_SYSTEM, EXIT_SYSTEM, "-cannot open /dev/ppp: No such file or "
	    "directory (mknod -m 600 /dev/ppp c 108 0)" },
	{ "no /dev/ppp, in Docker", { .device = ENOENT, .driver = true,
	    .mark = "/.dockerenv" }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot open /dev/ppp: No such file or directory (docker" GET
	    ")" },
	{ "/dev/ppp denied, in Podman", { .device = EPERM,
	    .mark = "/run/.containerenv" }, EXIT_PERMISSION, EXIT_PERMISSION,
	    "-cannot open /dev/ppp: Operation not permitted (podman" GET ")" },
	{ "/dev/ppp denied, who knows where", { .device = EPERM },
	    EXIT_PERMISSION, EXIT_PERMISSION, "-cannot open /dev/ppp: "
	    "Operation not permitted (a container gets it by "
	    "--device=/dev/ppp)" },
	{ "/dev/ppp needs CAP_NET_ADMIN", { .device = EPERM,
	    .lost = LOST(CAP_NET_ADMIN), .bound = LOST(CAP_NET_ADMIN),
	    .mark = "/.dockerenv" }, EXIT_PERMISSION, EXIT_PERMISSION,
	    "-cannot open /dev/ppp: CAP_NET_ADMIN is missing, although this "
	    "is root: docker" GET },
	{ "which exec gives to root", { .device = EPERM,
	    .lost = LOST(CAP_NET_ADMIN) }, EXIT_OK, EXIT_OK,
	    "+pppd, /dev/ppp, ppp_async, CAP_NET_RAW" },
	{ "/dev/ppp of another user", { .device = EACCES }, EXIT_PERMISSION,
	    EXIT_PERMISSION, "-cannot open /dev/ppp: Permission denied (it "
	    "must be open to this user, on a file system that is not "
	    "nodev)" },
	{ "/dev/ppp without a driver", { .device = ENXIO }, EXIT_SYSTEM,
	    EXIT_SYSTEM, "-cannot open /dev/ppp: No such device or address "
	    "(modprobe ppp_generic)" },
	{ "/dev/ppp without a driver, nor the running kernel's modules",
	    { .device = ENXIO, .modules = ENOENT }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot open /dev/ppp: No such device or address "
	    "(modprobe ppp_generic, but the running kernel has no "
	    "/lib/modules/6.1.0: after an update, reboot)" },
	{ "/dev/ppp without a driver, in Docker", { .device = ENXIO,
	    .mark = "/.dockerenv" }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot open /dev/ppp: No such device or address "
	    "(outside of this container: modprobe ppp_generic)" },

	{ "no pty", { .pty = ENOENT }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot open a pty: No such file or directory "
	    "(mkdir -p /dev/pts && mount -t devpts -o ptmxmode=666 devpts "
	    "/dev/pts && ln -sf pts/ptmx /dev/ptmx)" },
	{ "no pty is left", { .pty = ENOSPC }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot open a pty: No space left on device" },
	{ "no PPP for a pty", { .tty = EINVAL }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-this kernel has no PPP for a pty: Invalid argument "
	    "(modprobe ppp_async)" },
	{ "no MPPE", { .mppe = EINVAL }, EXIT_OK, EXIT_SYSTEM,
	    "-this kernel has no MPPE, by which PPTP encrypts "
	    "(modprobe ppp_mppe)" },

	{ "a user without CAP_NET_RAW", { .uid = 1, .raw = EPERM,
	    .lost = LOST(CAP_NET_RAW) }, EXIT_PERMISSION, EXIT_PERMISSION,
	    "-cannot open a raw socket for GRE: CAP_NET_RAW is missing; run "
	    "as root, or give the program its capabilities: setcap "
	    "cap_net_raw,cap_net_admin+ep pptp" },
	{ "root without CAP_NET_RAW, in Podman", { .raw = EPERM,
	    .lost = LOST(CAP_NET_RAW), .mark = "/run/.containerenv" },
	    EXIT_PERMISSION, EXIT_PERMISSION, "-cannot open a raw socket for "
	    "GRE: CAP_NET_RAW is missing, although this is root: podman" GET },
	{ "root without CAP_NET_RAW, elsewhere", { .raw = EPERM,
	    .lost = LOST(CAP_NET_RAW) }, EXIT_PERMISSION, EXIT_PERMISSION,
	    "-cannot open a raw socket for GRE: CAP_NET_RAW is missing, "
	    "although this is root: a container gets it by --cap-add=NET_RAW "
	    "--cap-add=NET_ADMIN, a service by CapabilityBoundingSet="
	    "CAP_NET_RAW CAP_NET_ADMIN" },
	{ "another's network", { .raw = EPERM }, EXIT_PERMISSION,
	    EXIT_PERMISSION, "-cannot open a raw socket for GRE: CAP_NET_RAW "
	    "holds in this user namespace, which does not own this network: "
	    "take one of its own (unshare -n, no --network=host)" },
	{ "no raw sockets", { .raw = EAFNOSUPPORT }, EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot open a raw socket for GRE: Address family not supported "
	    "by protocol" },

	{ "several: each is named, the first's status counts",
	    { .pppd = ENOENT, .device = EPERM, .raw = EAFNOSUPPORT },
	    EXIT_SYSTEM, EXIT_SYSTEM,
	    "-cannot run /usr/sbin/pppd: No such file or directory (install "
	    "the package ppp)-cannot open /dev/ppp: Operation not permitted "
	    "(a container gets it by --device=/dev/ppp)-cannot open a raw "
	    "socket for GRE: Address family not supported by protocol" },
};

static char told[2048];

static void PRINTF(2, 3)
tell(bool ok, const char *fmt, ...)
{
	size_t n = strlen(told);
	va_list ap;

	va_start(ap, fmt);
	snprintf(told + n, sizeof(told) - n, "%c", ok ? '+' : '-');
	vsnprintf(told + n + 1, sizeof(told) - n - 1, fmt, ap);
	va_end(ap);
}

static void
test_rows(void)
{
	const struct conf conf = { .host = "h" };
	char why[WHY];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w = rows[i].w;
		told[0] = '\0';
		T(T_EQ(ready_all(&conf, tell), rows[i].all) &&
		    T_STR(told, rows[i].said), "%s", rows[i].claim);
		T(T_EQ(ready_to_launch(&conf, false, why), rows[i].launch) &&
		    (rows[i].launch == EXIT_OK || rows[i].all == EXIT_OK ||
		    strstr(rows[i].said, why) != NULL), "%s: to launch",
		    rows[i].claim);
	}
}

/* What only one of the two ways needs. */
static void
test_ways(void)
{
	const struct conf conf = { .host = "h" }, sync = { .sync = true };
	char why[WHY];

	w = (struct world){ .tty = EINVAL };
	T(T_EQ(ready_to_launch(&conf, true, why), EXIT_OK),
	    "by the kernel no pty is needed");
	w = (struct world){ 0 };
	T(T_EQ(ready_to_launch(&sync, false, why), EXIT_SYSTEM) &&
	    T_STR(why, "this kernel has no PPP for a pty: Invalid argument "
	    "(modprobe ppp_synctty)"), "--sync is another discipline");
}

int
main(void)
{
	test_rows();
	test_ways();
	return t_done();
}
