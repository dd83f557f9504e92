/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is missing from kernel headers 3.10 and glibc 2.17, the oldest that this
 * builds with.  A system call whose number is unknown when this is built is not
 * made; the running kernel may lack others too.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include <netinet/in.h>

#include <fcntl.h>
#include <string.h>

#ifndef F_ADD_SEALS
# define F_ADD_SEALS	(1024 + 9)
# define F_GET_SEALS	(1024 + 10)
# define F_SEAL_SEAL	1
# define F_SEAL_SHRINK	2
# define F_SEAL_GROW	4
#endif
#ifndef MFD_CLOEXEC
# define MFD_CLOEXEC	1
# define MFD_ALLOW_SEALING 2
#endif
#ifndef IP_BIND_ADDRESS_NO_PORT
# define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Zeroes n octets at p; the compiler cannot optimize that away. */
static inline void
wipe(void *p, size_t n)
{
	memset(p, 0, n);
	__asm__ volatile ("" : : "r" (p) : "memory");
}

#endif
