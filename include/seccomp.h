/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The system calls that each kind of process may still make. */
#ifndef SECCOMP_H
#define SECCOMP_H

enum sandbox_role {
	SANDBOX_GATEWAY,	/* pty or pipes, raw GRE socket, manager */
	SANDBOX_MANAGER,	/* TCP (connects too), unix listener, monitor */
	SANDBOX_MONITOR,	/* keeps CAP_NET_ADMIN and its files; no
				 * sockets but rtnetlink */
	SANDBOX_RESOLVER	/* filter only, a deny list: programs,
				 * processes, namespaces, kernel internals;
				 * nobody can list what libc's modules need */
};

/*
 * Restricts this process to the calls of its role, for good; needs
 * no_new_privs.  0 also where the kernel or this architecture has no filters
 * (logged); -1 if the filter could not be installed.
 */
int sandbox_filter(enum sandbox_role role);

#endif
