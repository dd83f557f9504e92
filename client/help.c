/* SPDX-License-Identifier: GPL-2.0-or-later */
/* --help: the option table on paper, and the exit statuses in words. */
#include <assert.h>
#include <string.h>

#include "options_row.h"

enum {
	HELP_COLUMN = 29,
	HELP_WIDTH = 79
};

static const char group_names[][14] = {
	[G_CALL] = "The call",
	[G_PPPD] = "pppd",
	[G_DATA] = "The data",
	[G_QUIRK] = "Server quirks",
	[G_LOG] = "Logging",
	[G_INFO] = "Other modes",
};
static_assert(sizeof(group_names) / sizeof(group_names[0]) == GROUPS,
    "a group has no name");

static const char exit_texts[][56] = {
	[EXIT_OK] = "normal end",
	[EXIT_SYSTEM] =
	    "this machine failed: memory, pppd, PPP; no tunnel is up",
	[EXIT_USAGE] = "the command line is wrong",
	[EXIT_RESOLVE] = "the server's name has no usable address",
	[EXIT_PERMISSION] = "a capability or a file's permission is missing",
	[EXIT_CONNECT] = "cannot connect: refused, unreachable or timed out",
	[EXIT_NOT_PPTP] = "what answers there is not a PPTP server",
	[EXIT_REFUSED] = "the server refused the connection",
	[EXIT_CALL_REFUSED] = "the server refused the call",
	[EXIT_TIMEOUT] = "the tunnel was not up within --timeout",
	[EXIT_SERVER_ENDED] = "the server ended the call",
	[EXIT_LOST] = "the connection was lost",
	[EXIT_GRE_BLOCKED] = "no GRE comes back: protocol 47 is blocked",
	[EXIT_LOGIN] = "the server refused the login",
	[EXIT_PPP] = "PPP could not agree: login, encryption or address",
};
static_assert(sizeof(exit_texts) / sizeof(exit_texts[0]) == EXIT_STATUSES,
    "a status has no text");

/* Words from column HELP_COLUMN on, as many to a line as fit. */
static void
print_wrapped(FILE *f, int column, const char *text)
{
	while (*text != '\0') {
		int n = (int)strcspn(text, " ");

		if (column + 1 + n > HELP_WIDTH) {
			fprintf(f, "\n%*s", HELP_COLUMN, "");
			column = HELP_COLUMN;
		} else if (column > HELP_COLUMN) {
			fputc(' ', f);
			column++;
		}
		fprintf(f, "%.*s", n, text);
		column += n;
		text += n;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

static void
print_row(FILE *f, const struct row *o)
{
	int n = fprintf(f, "  --%s%s%s", o->name,
	    o->arg[0] == '\0' || opt_optional(o) ? "" : " ", o->arg);

	if (n >= HELP_COLUMN) {
		fputc('\n', f);
		n = 0;
	}
	fprintf(f, "%*s", HELP_COLUMN - n, "");
	print_wrapped(f, HELP_COLUMN, o->help);
}

void
options_help(FILE *f)
{
	struct row rows[ROWS_MAX];
	size_t n = opt_rows(rows);

	fputs("usage: pptp [options] HOST [pppd options]\n"
	    "       pptp --status[=json] [HOST]\n\n"
	    "Connects to a PPTP server and launches pppd on the tunnel.  "
	    "Options may stand\nbefore and after HOST, as --option value or "
	    "--option=value; other words go to\npppd, and behind -- all do.\n",
	    f);
	for (int g = 0; g < GROUPS; g++) {
		fprintf(f, "\n%s:\n", group_names[g]);
		for (size_t i = 0; i < n; i++)
			if ((int)rows[i].group == g)
				print_row(f, &rows[i]);
	}
	fputs("\nExit status (once pppd is launched, pppd's own):\n", f);
	for (int s = 0; s < EXIT_STATUSES; s++)
		fprintf(f, "  %2d  %s\n", s, exit_texts[s]);
}
