/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The MTU that a tunnel to a server should have. */
#include <sys/socket.h>

#include <unistd.h>

#include "conf.h"
#include "mtu.h"
#include "util.h"

unsigned
mtu_for(struct in_addr server)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr = server,
	    .sin_port = htons(1723) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	socklen_t len = sizeof(mtu);

	/* A datagram socket's connect() only asks the routing table. */
	if (fd != -1 && (connect(fd, (const struct sockaddr *)&sin,
	    sizeof(sin)) == -1 || getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu,
	    &len) == -1))
		mtu = 0;
	fd_close(fd);
	if (mtu < MTU_LEAST + MTU_OVERHEAD || mtu > MTU_USUAL + MTU_OVERHEAD)
		return MTU_USUAL;
	return (unsigned)mtu - MTU_OVERHEAD;
}
