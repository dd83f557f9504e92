/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Failures in a row: how long the next start waits, and what is forgotten. */
#include "../../tunnel/refusals.c"

#include <stdlib.h>

#include "t.h"

static int64_t
wait_s(const struct refusals *r, int64_t now_s)
{
	return (refusals_wait_us(r, now_s * SECOND) + SECOND - 1) / SECOND;
}

static void
test_waits(void)
{
	static const int64_t waits[] = { 5, 10, 20, 40, 60, 60, 60 };
	struct refusals r = { .failures = 0 };
	int64_t now = 1000;

	T(wait_s(&r, now) == 0, "without a failure nobody waits");
	for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		refusals_note(-1, &r, EXIT_LOGIN, false, now * SECOND);
		T(wait_s(&r, now) == waits[i], "login %zu refused: %d s",
		    i + 1, (int)waits[i]);
		T(wait_s(&r, now + waits[i]) == 0, "and no longer");
		now += waits[i];
	}
	T(wait_s(&r, now - 70) == 0, "a time to come is none");
	refusals_note(-1, &r, EXIT_LOGIN, false, (now + 600) * SECOND);
	T(r.logins == 1, "ten minutes later the count begins anew");
	refusals_note(-1, &r, EXIT_PPP, false, (now + 605) * SECOND);
	T(wait_s(&r, now + 605) == 5 && r.logins == 0,
	    "another failure of PPP: 5 s");
	refusals_note(-1, &r, EXIT_LOST, false, (now + 606) * SECOND);
	T(r.failures == 2, "the end of a call is no failure of PPP");
	refusals_note(-1, &r, EXIT_OK, true, (now + 607) * SECOND);
	T(wait_s(&r, now + 607) == 0, "a network that was up ends it");
}

static void
test_file(void)
{
	char dir[] = "/tmp/test_refusals.XXXXXX", path[64];
	struct refusals r, again;
	int fd;

	if (mkdtemp(dir) == NULL)
		abort();
	T(refusals_open(dir, "192.0.2.1", &r) == -1, "nobody made one: none");
	snprintf(path, sizeof(path), "%s/192.0.2.1.refused", dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	fd = refusals_open(dir, "192.0.2.1", &r);
	T(fd != -1 && r.failures == 0, "a fresh file holds nothing");
	refusals_note(fd, &r, EXIT_LOGIN, false, 5 * SECOND);
	close(fd);
	fd = refusals_open(dir, "192.0.2.1", &again);
	T(memcmp(&r, &again, sizeof(r)) == 0, "what was noted is read back");
	refusals_note(fd, &again, EXIT_OK, true, 6 * SECOND);
	close(fd);
	fd = refusals_open(dir, "192.0.2.1", &again);
	T(again.failures == 0, "and so is its end");
	T(lseek(fd, 0, SEEK_END) == 0, "which leaves the file empty");
	if (ftruncate(fd, 7) == -1)
		abort();
	close(fd);
	fd = refusals_open(dir, "192.0.2.1", &again);
	T(fd != -1 && again.failures == 0, "a file cut short holds nothing");
	close(fd);
	T(refusals_open("/nowhere/at/all", "192.0.2.1", &again) == -1 &&
	    again.failures == 0, "no directory: nothing is kept");
	if (unlink(path) == -1 || rmdir(dir) == -1)
		abort();
}

int
main(void)
{
	test_waits();
	test_file();
	return t_done();
}
