/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: the kernel has PPTP, whatever it really has.  Its sockets take any
 * address and carry nothing.
 */
#include <sys/socket.h>
#include <sys/syscall.h>

#include <unistd.h>

int
socket(int family, int type, int protocol)
{
	if (family == AF_PPPOX)
		return (int)syscall(SYS_socket, AF_UNIX, SOCK_DGRAM |
		    (type & SOCK_CLOEXEC), 0);
	return (int)syscall(SYS_socket, family, type, protocol);
}

int
bind(int fd, const struct sockaddr *to, socklen_t len)
{
	return to->sa_family == AF_PPPOX ? 0 :
	    (int)syscall(SYS_bind, fd, to, len);
}

int
connect(int fd, const struct sockaddr *to, socklen_t len)
{
	return to->sa_family == AF_PPPOX ? 0 :
	    (int)syscall(SYS_connect, fd, to, len);
}
