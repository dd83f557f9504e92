/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpsetup: writes and removes peers files and secrets for pppd. */
#ifndef SETUP_H
#define SETUP_H

/*
 * The whole program when the binary is called pptpsetup; returns its status,
 * unless --start makes it pppd.
 */
int setup_main(int argc, char **argv);

/* One sentence to stderr; returns status. */
int setup_complain(int status, const char *fmt, ...)
    __attribute__((__format__(__printf__, 2, 3)));

/*
 * The same, ending with what errno says: returns EXIT_PERMISSION if that is
 * a lack of permission, else EXIT_SYSTEM.
 */
int setup_failed(const char *fmt, ...)
    __attribute__((__format__(__printf__, 1, 2)));

#endif
