/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a user asks before and during a tunnel: --check and --status. */
#ifndef CHECK_H
#define CHECK_H

#include "options.h"

/*
 * Tries a server step by step without pppd and credentials, printing one line
 * a step on stdout.  Returns the status of the first step that failed.
 */
enum exit_status check_main(const struct conf *conf);

/*
 * Prints every tunnel of this machine (of this user's managers), or those to
 * conf->host, as a table or as JSON.
 */
enum exit_status status_main(const struct conf *conf);

#endif
