/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that each kind of process may still make. */
#ifndef SECCOMP_H
#define SECCOMP_H

enum sandbox_role {
	SANDBOX_GATEWAY,	/* pty or pipes, raw GRE socket, manager */
	SANDBOX_MANAGER,	/* TCP (connects too), unix listener, monitor */
	SANDBOX_MONITOR,	/* keeps CAP_NET_ADMIN and its files; no
				 * sockets but rtnetlink */
	SANDBOX_RESOLVER	/* of the filter alone: libc and its
				 * modules, of which nobody knows all they
				 * need.  Anything but another program,
				 * process, name space or the kernel itself */
};

/*
 * Restricts this process to the calls of its role, for good; needs
 * no_new_privs.  0 also where no filter can be had (said in the log); -1 if
 * there should be one and is not.
 */
int sandbox_filter(enum sandbox_role role);

#endif
