/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of the pppd that is launched. */
#ifndef PPPD_ARGV_H
#define PPPD_ARGV_H

#include "conf.h"

/*
 * The argument vector for pppd: "pppd", tty, "38400", then what the options
 * ask of pppd, then the words.  NULL terminated, in one block to be freed by
 * the caller; NULL: no memory.
 */
char **pppd_argv_pty(const struct conf *c, const char *tty);

/*
 * The same for a pppd that gets its channel from line, whose other end a kernel
 * gateway keeps.  The plugin's options come last; by them it can start further
 * kernel gateways, that make the same call.
 */
char **pppd_argv_kernel(const struct conf *c, const char *plugin, int line);

#endif
