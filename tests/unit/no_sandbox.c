/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sys/sandbox.c for tests of a process's loop: nothing is given up. */
#include "sandbox.h"

int
sandbox_enter(enum sandbox_role role, const int *keep, size_t n)
{
	(void)role;
	(void)keep;
	(void)n;
	return 0;
}
