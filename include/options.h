/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: one table makes the parser and the help.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "conf.h"

/*
 * Reads the command line into *c (filled with the defaults first).  argv's
 * pointers are moved, its strings stay.  Returns -1 to go on, else the status
 * to exit with: everything that had to be said (help, version, a mistake in
 * one sentence) was printed.  Warnings go to stderr.  After a mistake
 * c->nolaunch still says whether pppd started us: it may do so again at once.
 */
int options_parse(struct conf *c, int argc, char **argv);

/* The sentence of that mistake, for whoever does not see stderr; or "". */
const char *options_mistake(void);

#endif
