/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the option table looks like on paper: --help, the completion for bash
 * and zsh, the sentence for a mistake with the nearest option to a misspelt
 * one; and the words for the exit statuses, which --help lists as well.
 */
#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "options.h"
#include "options_row.h"
#include "quirks.h"

enum {
	HELP_COLUMN = 29,
	HELP_WIDTH = 79,
	WARNINGS = 4096,	/* octets of all together */
	CHOICES = 512		/* octets of the words an argument may be */
};

static const char *const group_names[] = {
	[G_CALL] = "The call",
	[G_PPPD] = "pppd",
	[G_DATA] = "The data",
	[G_QUIRK] = "Servers that need something special",
	[G_LOG] = "What is said",
	[G_INFO] = "Instead of a tunnel",
};
static_assert(sizeof(group_names) / sizeof(group_names[0]) == GROUPS,
    "a group has no name");

static const char *const exit_texts[] = {
	[EXIT_OK] = "normal end",
	[EXIT_SYSTEM] = "this machine failed: memory, a terminal, pppd",
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
};
static_assert(sizeof(exit_texts) / sizeof(exit_texts[0]) == EXIT_STATUSES,
    "a status has no text");

const char *
exit_text(enum exit_status s)
{
	if ((unsigned)s >= EXIT_STATUSES)
		return "unknown status";
	return exit_texts[s];
}

/* --- mistakes ------------------------------------------------------------- */

/*
 * Warnings wait for the end of the command line: only there is it known
 * whether the user wants any.
 */
static struct {
	char		 text[WARNINGS];
	size_t		 len;
} warnings;

void
opt_warning(const char *fmt, ...)
{
	size_t room = sizeof(warnings.text) - warnings.len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(warnings.text + warnings.len, room, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < room)
		warnings.len += (size_t)n + 1;
}

void
opt_warnings(bool wanted)
{
	const char *p = warnings.text;

	for (; wanted && p < warnings.text + warnings.len; p += strlen(p) + 1)
		fprintf(stderr, "pptp: %s\n", p);
	warnings.len = 0;
}

static char mistake[512];		/* the last one */

int
opt_mistake(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(mistake, sizeof(mistake), fmt, ap);
	va_end(ap);
	fprintf(stderr, "pptp: %s\nusage: pptp [options] HOST "
	    "[pppd options]    (pptp --help lists all)\n", mistake);
	return EXIT_USAGE;
}

const char *
options_mistake(void)
{
	return mistake;
}

/*
 * Levenshtein's distance of two words, of which only the beginning counts, and
 * the case of their letters does not.
 */
static size_t
distance(const char *a, const char *b)
{
	size_t row[NAME_LONGEST + 1], la = strnlen(a, NAME_LONGEST),
	    lb = strnlen(b, NAME_LONGEST);

	for (size_t j = 0; j <= lb; j++)
		row[j] = j;
	for (size_t i = 1; i <= la; i++) {
		size_t corner = row[0];		/* row i-1, column j-1 */

		row[0] = i;
		for (size_t j = 1; j <= lb; j++) {
			size_t best = corner +
			    (tolower((unsigned char)a[i - 1]) !=
			    tolower((unsigned char)b[j - 1]));

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

const char *
opt_nearest(const char *word, const char *const *names, size_t n)
{
	size_t best = 1 + strlen(word) / 3, d;
	const char *near = NULL;

	for (size_t i = 0; i < n; i++) {
		d = distance(word, names[i]);
		if (d < best || (d == best && near == NULL)) {
			best = d;
			near = names[i];
		}
	}
	return near;
}

void
opt_name(char name[NAME_LONGEST + 1], const char *word)
{
	size_t n;

	word += strspn(word, "-");
	n = strcspn(word, "=");
	if (n > NAME_LONGEST)
		n = NAME_LONGEST;
	memcpy(name, word, n);
	name[n] = '\0';
}

static const char *
nearest_option(const struct row *rows, size_t n, const char *name)
{
	const char *names[ROWS_MAX];

	for (size_t i = 0; i < n; i++)
		names[i] = rows[i].name;
	return opt_nearest(name, names, n);
}

int
opt_unknown(const struct row *rows, size_t n, const char *word)
{
	char name[NAME_LONGEST + 1];
	const char *near;

	opt_name(name, word);
	near = nearest_option(rows, n, name);
	if (near != NULL)
		return opt_mistake("'%.80s' is not an option; did you mean "
		    "'--%s'?", word, near);
	if (word[1] != '-')
		return opt_mistake("'%.80s' is not an option; what pppd shall "
		    "get with a dash goes behind '--'", word);
	return opt_mistake("'%.80s' is not an option", word);
}

/* --- help ----------------------------------------------------------------- */

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
	    o->arg == NULL || opt_optional(o) ? "" : " ",
	    o->arg == NULL ? "" : o->arg);

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

/* --- completion ----------------------------------------------------------- */

/* The words an argument may be, separated by blanks; "" if it is free. */
static void
choices(const struct row *o, char out[CHOICES])
{
	const char *arg = o->arg != NULL ? o->arg : "", *dots;
	FILE *f = fmemopen(out, CHOICES, "w");

	out[0] = '\0';
	if (f == NULL)
		return;
	if (o->flags & IS_QUIRK) {
		for (const struct quirk *q = quirk_table; q->name != NULL; q++)
			fprintf(f, "%s ", q->name);
		fputs("help", f);
	} else if ((dots = strstr(arg, "..")) != NULL) {
		for (char d = arg[0]; d <= dots[2]; d++)
			fprintf(f, d > arg[0] ? " %c" : "%c", d);
	} else if (opt_optional(o)) {
		fprintf(f, "%.*s", (int)strcspn(arg + 2, "]"), arg + 2);
	} else if (strchr(arg, '|') != NULL) {
		for (; *arg != '\0'; arg++)
			fputc(*arg == '|' ? ' ' : *arg, f);
	}
	fclose(f);
}

static void
bash_arguments(FILE *f, const struct row *rows, size_t n)
{
	char words[CHOICES];

	for (size_t i = 0; i < n; i++) {
		if (rows[i].arg == NULL)
			continue;
		choices(&rows[i], words);
		fprintf(f, "\t");
		if (!opt_optional(&rows[i]))
			fprintf(f, "--%s|", rows[i].name);
		fprintf(f, "--%s=) words=\"%s\" ;;\n", rows[i].name,
		    rows[i].flags & IS_PEER ?
		    "$(ls /etc/ppp/peers 2>/dev/null)" : words);
	}
}

static void
bash_options(FILE *f, const struct row *rows, size_t n)
{
	char words[CHOICES];

	for (size_t i = 0; i < n; i++) {
		fprintf(f, "%s--%s", i > 0 ? "\n\t\t" : "", rows[i].name);
		if (!opt_optional(&rows[i]))
			continue;
		choices(&rows[i], words);
		fprintf(f, "\n\t\t--%s=%s", rows[i].name, words);
	}
}

/* Bash takes "--option=value" apart at the "=". */
static void
completion_bash(FILE *f, const struct row *rows, size_t n)
{
	fputs("# bash completion for pptp, made by: pptp --completion bash\n"
	    "_pptp()\n{\n"
	    "\tlocal cur=${COMP_WORDS[COMP_CWORD]} words\n"
	    "\tlocal prev=${COMP_WORDS[COMP_CWORD-1]}\n"
	    "\tif [[ $cur == = ]]; then\n"
	    "\t\tcur= prev+==\n"
	    "\telif [[ $prev == = ]]; then\n"
	    "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}=\n"
	    "\tfi\n"
	    "\tcase $prev in\n", f);
	bash_arguments(f, rows, n);
	fputs("\t*) words=\"", f);
	bash_options(f, rows, n);
	fputs("\" ;;\n\tesac\n"
	    "\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	    "}\n"
	    "complete -F _pptp pptp\n", f);
}

/* A help line inside '...[text]...' of zsh's _arguments. */
static void
zsh_text(FILE *f, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\'", f);
		else if (strchr("[]:\\", *text) != NULL)
			fputc('\\', f);
		fputc(*text, f);
	}
}

static void
zsh_row(FILE *f, const struct row *o)
{
	char words[CHOICES];

	fprintf(f, "\t'--%s%s[", o->name, o->arg == NULL ? "" :
	    opt_optional(o) ? "=-" : "=");
	zsh_text(f, o->help);
	fputc(']', f);
	if (o->arg != NULL) {
		choices(o, words);
		fprintf(f, "%s:%s:", opt_optional(o) ? ":" : "", o->name);
		if (o->flags & IS_PEER)
			fputs("_files -W /etc/ppp/peers", f);
		else if (words[0] != '\0')
			fprintf(f, "(%s)", words);
		else
			fputc(' ', f);
	}
	fputs("' \\\n", f);
}

static void
completion_zsh(FILE *f, const struct row *rows, size_t n)
{
	fputs("#compdef pptp\n"
	    "# zsh completion for pptp, made by: pptp --completion zsh\n"
	    "_arguments \\\n", f);
	for (size_t i = 0; i < n; i++)
		zsh_row(f, &rows[i]);
	fputs("\t'1:server:_hosts' \\\n\t'*:pppd option: '\n", f);
}

bool
options_completion(FILE *f, const char *shell)
{
	struct row rows[ROWS_MAX];
	size_t n = opt_rows(rows);

	if (strcmp(shell, "bash") == 0)
		completion_bash(f, rows, n);
	else if (strcmp(shell, "zsh") == 0)
		completion_zsh(f, rows, n);
	else
		return false;
	return true;
}
