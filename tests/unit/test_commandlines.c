/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tests/commandlines.txt, command lines that are found in public: each comes
 * out as pptp-linux's parser has it.  tests/net/commandlines.sh tries the same
 * file with both programs.  And every shortening of an option of pptp-linux.
 */
/* with: util.c */
#include "../../client/options.c"

#include <fcntl.h>
#include <unistd.h>

#include "t.h"

enum { LINE = 1024, WORDS = 48 };

/* Splits at blanks. */
static int
split(char *argv[WORDS + 1], char *line)
{
	int n = 0;

	argv[n++] = line + strlen(line);
	for (char *w = strtok(line, " "); w != NULL; w = strtok(NULL, " ")) {
		if (n == WORDS)
			abort();
		argv[n++] = w;
	}
	argv[n] = NULL;
	return n;
}

/* What is said is another test's matter. */
static int
parse_silently(struct conf *c, int argc, char **argv)
{
	int saved = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	int status;

	if (saved == -1 || null == -1 || dup2(null, STDERR_FILENO) == -1)
		abort();
	status = options_parse(c, argc, argv);
	fflush(stderr);
	if (dup2(saved, STDERR_FILENO) == -1)
		abort();
	close(saved);
	close(null);
	return status;
}

static void __attribute__((__format__(__printf__, 2, 3)))
add(char *out, const char *fmt, ...)
{
	size_t n = strlen(out);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(out + n, LINE - n, fmt, ap);
	va_end(ap);
}

static void
add_flags(char *out, const struct conf *c)
{
	const struct { bool set; const char *name; } flags[] = {
		{ c->nolaunch, "nolaunch" }, { c->debug, "debug" },
		{ c->sync, "sync" }, { c->nobuffer, "nobuffer" },
		{ c->nohostroute, "nohostroute" },
		{ (c->quirks & QUIRK_BEZEQ) != 0, "bezeq" }
	};

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		if (flags[i].set)
			add(out, " %s", flags[i].name);
}

static void
add_texts(char *out, const struct conf *c)
{
	const struct { const char *text, *name; } texts[] = {
		{ c->phone, "phone" }, { c->logstring, "logstring" },
		{ c->client_hostname, "hostname" }, { c->pppd_call, "call" }
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].text != NULL)
			add(out, " %s=%s", texts[i].name, texts[i].text);
	if (c->localbind.s_addr != INADDR_ANY)
		add(out, " localbind=%s", inet_ntoa(c->localbind));
}

static void
add_numbers(char *out, const struct conf *c)
{
	const struct { double value, usual; const char *name; } numbers[] = {
		{ c->loglevel, 2, "loglevel" },
		{ (double)c->idle_us / US, 60, "idle" },
		{ (double)c->echo_us / US, 60, "echo" },
		{ (double)c->timeout_us / US, 25, "timeout" },
		{ (double)c->reorder_us / US, 0.3, "reorder" },
		{ c->rtmark, 0, "mark" }, { c->port, 1723, "port" },
		{ c->missing_window, 0, "missing" }, { c->window, 0, "window" },
		{ c->refuse, 0, "refuse" }
	};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].value < numbers[i].usual ||
		    numbers[i].value > numbers[i].usual)
			add(out, " %s=%g", numbers[i].name, numbers[i].value);
}

static const char *
describe(const struct conf *c, int status)
{
	static char out[LINE];

	if (status == EXIT_USAGE)
		return "refused";
	snprintf(out, sizeof(out), "%s", c->host);
	add_flags(out, c);
	add_texts(out, c);
	add_numbers(out, c);
	if (c->nwords > 0)
		add(out, " --");
	for (int i = 0; i < c->nwords; i++)
		add(out, " %s", c->words[i]);
	return out;
}

/* The text up to the next bar, without the blanks around it. */
static char *
field(char **rest)
{
	char *p = strsep(rest, "|\n"), *end;

	if (p == NULL)
		abort();
	p += strspn(p, " ");
	for (end = p + strlen(p); end > p && end[-1] == ' '; end--)
		end[-1] = '\0';
	return p;
}

static void
test_row(char *row)
{
	char *argv[WORDS + 1], *who = field(&row), *line = field(&row);
	const char *want = field(&row), *got;
	struct conf c = { .host = NULL };
	int argc;

	argc = split(argv, line);
	got = describe(&c, parse_silently(&c, argc, argv));
	if (!T(T_STR(got, want), "%s: %s", who, want))
		printf("# got: %s\n", got);
}

static void
test_file(void)
{
	FILE *f = fopen("tests/commandlines.txt", "r");
	char row[LINE];
	int rows = 0;

	T(f != NULL, "tests/commandlines.txt is there");
	if (f == NULL)
		return;
	while (fgets(row, sizeof(row), f) != NULL)
		if (row[0] != '#') {
			test_row(row);
			rows++;
		}
	fclose(f);
	T(rows >= 66, "%d command lines", rows);
}

/* --- shortenings ----------------------------------------------------------- */

/* How many options of this kind begin with the n octets of name. */
static unsigned
begin_with(unsigned flags, const char *name, size_t n)
{
	unsigned found = 0;

	for (size_t i = 0; i < OPTIONS; i++)
		if ((options[i].flags & flags) == flags &&
		    strncmp(options[i].name, name, n) == 0)
			found++;
	return found;
}

static const char *
value_for(const struct row *o)
{
	static const struct { const char *name, *value; } odd[] = {
		{ "localbind", "192.0.2.1" }, { "client-ip", "192.0.2.1" },
		{ "server-ip", "192.0.2.1" }, { "quirks", "BEZEQ_ISRAEL" },
		{ "data-path", "user" }, { "status", "json" }
	};

	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++)
		if (strcmp(odd[i].name, o->name) == 0)
			return odd[i].value;
	return "1";
}

/* Does --SHORT do what --NAME does, unless it may mean another? */
static void
test_short(const struct row *o, size_t n)
{
	char value[32] = "", shorter[96], longer[96], host[] = "h", name[] = "";
	char *a[] = { name, host, shorter, NULL };
	char *b[] = { name, host, longer, NULL };
	unsigned all = begin_with(0, o->name, n);
	bool fine = n == strlen(o->name) || all == 1 || (o->flags & OLD &&
	    begin_with(OLD, o->name, n) == 1);
	struct conf short_conf, long_conf;
	int status;

	if (o->arg[0] != '\0')
		snprintf(value, sizeof(value), "=%s", value_for(o));
	snprintf(shorter, sizeof(shorter), "--%.*s%s", (int)n, o->name, value);
	snprintf(longer, sizeof(longer), "--%s%s", o->name, value);
	status = parse_silently(&short_conf, 3, a);
	if (parse_silently(&long_conf, 3, b) != GO_ON)
		abort();
	short_conf.words = long_conf.words;
	if (!fine)
		return;
	/* They point into two argument vectors. */
	if (o->set == set_text || o->set == set_call) {
		memset((char *)&short_conf + o->at, 0, o->size);
		memset((char *)&long_conf + o->at, 0, o->size);
	}
	T(T_EQ(status, GO_ON) &&
	    T_MEM(&short_conf, &long_conf, sizeof(long_conf)),
	    "%s is %s", shorter, longer);
}

static void
test_shortenings(void)
{
	for (const struct row *o = options; o < options + OPTIONS; o++)
		for (size_t n = 1; n <= strlen(o->name); n++)
			if (o->group != G_INFO || o->set == set_mode)
				test_short(o, n);
}

int
main(void)
{
	test_file();
	test_shortenings();
	return t_done();
}
