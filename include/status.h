/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --status: how are the tunnels doing? */
#ifndef STATUS_H
#define STATUS_H

#include "conf.h"

/*
 * Prints every tunnel of this machine (of this user's managers), or those to
 * conf->host, as a table or as JSON.
 */
enum exit_status status_main(const struct conf *conf);

#endif
