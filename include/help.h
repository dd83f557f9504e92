/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help: the option table on paper, and the exit statuses in words. */
#ifndef HELP_H
#define HELP_H

#include <stdio.h>

/* Prints the options in their groups, then the statuses. */
void options_help(FILE *f);

#endif
