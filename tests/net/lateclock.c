/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Preloaded: adds to the clocks what /run/clock says, two int64_t of seconds,
 * for those that count through a suspend and for the time of day.
 */
#include <sys/mman.h>
#include <sys/syscall.h>

#include <fcntl.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

static void __attribute__((__constructor__))
begin(void)
{
	int fd = open("/run/clock", O_RDONLY | O_CLOEXEC);
	void *p = mmap(NULL, 16, PROT_READ, MAP_SHARED, fd, 0);

	if (p == MAP_FAILED)
		_exit(98);
	ahead = p;
	close(fd);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, id, ts);

	if (id == CLOCK_BOOTTIME || id == CLOCK_MONOTONIC)
		ts->tv_sec += ahead[0];
	else if (id == CLOCK_REALTIME)
		ts->tv_sec += ahead[1];
	return rc;
}
