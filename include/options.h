/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line: one table serves the parser and the help. */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "conf.h"

/*
 * Reads the command line into *c (filled with the defaults first).  argv's
 * pointers are reordered, its strings unchanged.  Returns -1 to go on, else the
 * status to exit with, after printing all there is to say (help, version, a
 * mistake in one sentence).  Warnings go to stderr.  After a mistake
 * c->nolaunch still says whether pppd started us, as it may do so again at
 * once.
 */
int options_parse(struct conf *c, int argc, char **argv);

/* The mistake in a sentence, for those who do not see stderr; or "". */
const char *options_mistake(void);

#endif
