/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * deadly NAME... -- COMMAND...: runs the command under a filter that kills
 * whoever makes one of these system calls; "service" stands for those that
 * systemd's @system-service leaves out and a sandbox would make.
 */
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct {
	const char	*name;
	unsigned	 nr;
} calls[] = {
	{ "service", __NR_mount }, { "service", __NR_umount2 },
	{ "service", __NR_pivot_root }, { "service", __NR_chroot },
	{ "service", __NR_seccomp },
#ifdef __NR_landlock_create_ruleset
	{ "service", __NR_landlock_create_ruleset },
	{ "service", __NR_landlock_add_rule },
	{ "service", __NR_landlock_restrict_self },
#endif
	{ "capset", __NR_capset }
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]), MOST = 64 };

static struct sock_filter code[MOST];
static struct sock_fprog prog = { .filter = code };

static void
emit(unsigned op, unsigned char skip, unsigned k)
{
	if (prog.len < MOST)
		code[prog.len++] = (struct sock_filter){
		    .code = (unsigned short)op, .jf = skip, .k = k };
}

int
main(int argc, char **argv)
{
	emit(BPF_LD | BPF_W | BPF_ABS, 0, offsetof(struct seccomp_data, nr));
	while (--argc > 0 && strcmp(*++argv, "--") != 0)
		for (unsigned i = 0; i < CALLS; i++) {
			if (strcmp(calls[i].name, *argv) != 0)
				continue;
			emit(BPF_JMP | BPF_JEQ | BPF_K, 1, calls[i].nr);
			emit(BPF_RET | BPF_K, 0, SECCOMP_RET_KILL);
		}
	emit(BPF_RET | BPF_K, 0, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog, 0, 0) == -1) {
		perror("deadly: prctl");
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 1;
}
