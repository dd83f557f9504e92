/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --check: could there be a tunnel? */
#ifndef CHECK_H
#define CHECK_H

#include "conf.h"

/*
 * Tries a server step by step without pppd and credentials, printing one line
 * a step on stdout.  Returns the status of the first step that failed.
 */
enum exit_status check_main(const struct conf *conf);

#endif
