/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpsetup: writes and removes peers files and secrets for pppd. */
#ifndef SETUP_H
#define SETUP_H

/*
 * The whole program when the binary is called pptpsetup; returns its status,
 * unless --start makes it pppd.
 */
int setup_main(int argc, char **argv);

#endif
