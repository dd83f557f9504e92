/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MTU that a tunnel to a server should have. */
#ifndef MTU_H
#define MTU_H

#include <netinet/in.h>

/*
 * For pppd's options mtu and mru: MTU_USUAL (conf.h), or what the route to the
 * server leaves if that is less; MTU_USUAL too where there is no such route.
 */
unsigned mtu_for(struct in_addr server);

#endif
