/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How often PPP has failed in a row at a server; see refusals.h. */
#include <sys/file.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "refusals.h"

enum {
	SECOND = 1000000,
	FORGET_S = 600,
	FIRST_S = 5,
	LONGEST_S = 60
};

int
refusals_open(const char *dir, const char *server, struct refusals *r)
{
	char path[160];
	int fd;

	memset(r, 0, sizeof(*r));
	if (snprintf(path, sizeof(path), "%s/%s.refused", dir, server) >=
	    (int)sizeof(path))
		return -1;
	fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	/* Held until fd is closed; monitor_remove_files() waits for that. */
	if (fd != -1)
		(void)flock(fd, LOCK_SH | LOCK_NB);
	if (fd != -1 && pread(fd, r, sizeof(*r), 0) != (ssize_t)sizeof(*r))
		memset(r, 0, sizeof(*r));
	return fd;
}

int64_t
refusals_wait_us(const struct refusals *r, int64_t now)
{
	int64_t wait = FIRST_S, since = now - (int64_t)r->when_us;

	/* A time in the future was noted before this machine's last start. */
	if (r->failures == 0 || since < 0 ||
	    since >= (int64_t)FORGET_S * SECOND)
		return 0;
	for (uint32_t i = 1; i < r->logins && wait < LONGEST_S; i++)
		wait *= 2;
	if (wait > LONGEST_S)
		wait = LONGEST_S;
	wait *= SECOND;
	return since < wait ? wait - since : 0;
}

/* A file left empty is removed along with the call manager's socket. */
void
refusals_note(int fd, struct refusals *r, enum exit_status status,
    bool came_up, int64_t now)
{
	bool refused = status == EXIT_LOGIN, had = r->failures > 0;

	if (now - (int64_t)r->when_us >= (int64_t)FORGET_S * SECOND)
		memset(r, 0, sizeof(*r));
	if (came_up || (!refused && status != EXIT_PPP)) {
		if (!came_up || !had)
			return;
		memset(r, 0, sizeof(*r));
	} else {
		r->when_us = (uint64_t)now;
		r->failures++;
		r->logins = refused ? r->logins + 1 : 0;
	}
	if (fd != -1 && r->failures == 0)
		(void)!ftruncate(fd, 0);
	else if (fd != -1)
		(void)!write(fd, r, sizeof(*r));
}
