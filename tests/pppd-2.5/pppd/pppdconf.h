/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What pppd 2.5 declares for plugins, as far as tunnel/plugin.c uses it: so that
 * a machine with the headers of 2.4.9 can still check that it compiles.
 */
#define PPPD_VERSION	"2.5.0"
