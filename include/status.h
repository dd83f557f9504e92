/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --status: how are the tunnels doing? */
#ifndef STATUS_H
#define STATUS_H

#include "conf.h"

/*
 * Prints every tunnel of this user's managers, or those to conf->host, in words
 * or as JSON; for root also, within bounds, what other users' managers claim.
 * EXIT_OK if one of the user's own is up, else EXIT_SYSTEM.
 */
enum exit_status status_main(const struct conf *conf);

#endif
