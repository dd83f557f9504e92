/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pptpsetup in a folder of its own: what it writes, keeps and refuses. */
/* with: client/options.c util.c */
static char test_dir[] = "/tmp/test_setup.XXXXXX";
static char test_pppd[64] = "/nowhere";
#define PPP_DIR		"."
#define PPPD		test_pppd
#define LOCK_WAIT_S	4

#include "../../client/password.c"
#include "../../client/peers_text.c"
#include "../../client/peers.c"
#include "../../client/setup.c"

#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <dirent.h>

#include "t.h"

static char said[4096];		/* by the last run, on stderr */
static char printed[4096];	/* and on stdout */
static char path_buf[8][512];
#define SECRETS_NEW	".chap-secrets.pptpsetup"
static const char *limit_tag;	/* how the last runs were restricted */

/* Only nowhere.invalid has no address; the route there takes 1320. */
size_t
resolve_host(struct resolve *r)
{
	if (strcmp(r->host, "nowhere.invalid") != 0)
		return 1;
	snprintf(r->why, sizeof(r->why), "cannot resolve it");
	return 0;
}

unsigned
resolve_mtu(struct in_addr server)
{
	(void)server;
	return 1320;
}

static const char *
in_dir(const char *name)
{
	static unsigned i;
	char *p = path_buf[i++ % 8];

	snprintf(p, sizeof(path_buf[0]), "%s/%s", test_dir, name);
	return p;
}

static size_t
read_all(const char *name, char *out, size_t size)
{
	FILE *f = fopen(name, "r");
	size_t n;

	memset(out, 0, size);
	if (f == NULL)
		return 0;
	n = fread(out, 1, size - 1, f);
	fclose(f);
	return n;
}

static void
write_all(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(in_dir(name), "w");

	if (f == NULL)
		abort();
	fputs(text, f);
	fclose(f);
	if (chmod(in_dir(name), mode) == -1)
		abort();
}

static bool
holds(const char *name, const char *text)
{
	char now[65536];
	size_t n = read_all(in_dir(name), now, sizeof(now));

	if (n == strlen(text) && memcmp(now, text, n) == 0)
		return true;
	printf("# %s has: %s\n", name, now);
	return false;
}

static int
mode_of(const char *name)
{
	struct stat st;

	return lstat(in_dir(name), &st) == -1 ? -1 : (int)(st.st_mode & 07777);
}

static unsigned
files_in(const char *name)
{
	DIR *d = opendir(in_dir(name));
	unsigned n = 0;

	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2;
}

/* Nothing that was there before, two directories as they shall be. */
static void
fresh(void)
{
	char cmd[1024];

	snprintf(cmd, sizeof(cmd), "rm -rf '%s' && mkdir -m 755 '%s' "
	    "'%s/peers'", test_dir, test_dir, test_dir);
	if (system(cmd) != 0 || chdir(test_dir) == -1)
		abort();
}

/* What a child does before it becomes pptpsetup. */
static void
restrict_child(void)
{
	struct rlimit small = { 300, 300 };

	if (limit_tag == NULL)
		return;
	if (strcmp(limit_tag, "small files") == 0 &&
	    setrlimit(RLIMIT_FSIZE, &small) == -1)
		abort();
	if (strcmp(limit_tag, "nobody") == 0 &&
	    (setgid(65534) == -1 || setuid(65534) == -1))
		abort();
}

/*
 * Runs pptpsetup with the words of line, between which there is a '|', and
 * with input on its standard input.
 */
static int
run_with(const char *line, const char *input, size_t input_len)
{
	char words[2048], out[64], *argv[80] = { NULL };
	int argc = 0, in[2], err[2], status;
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	snprintf(words, sizeof(words), "pptpsetup|%s", line);
	for (char *p = words; p != NULL && argc < 79;)
		argv[argc++] = strsep(&p, "|");
	snprintf(out, sizeof(out), "%s.out", test_dir);
	if (pipe(in) == -1 || pipe(err) == -1)
		abort();
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(in[0], 0);
		dup2(open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600), 1);
		dup2(err[1], 2);
		close(in[1]);
		restrict_child();
		signal_defaults();
		exit(setup_main(argc, argv));
	}
	close(in[0]);
	close(err[1]);
	/* Nobody reads it if the run has ended already: see main(). */
	if (write(in[1], input, input_len) == -1 && errno != EPIPE)
		abort();
	close(in[1]);
	while ((got = read(err[0], said + n, sizeof(said) - 1 - n)) > 0)
		n += (size_t)got;
	said[n] = '\0';
	close(err[0]);
	waitpid(pid, &status, 0);
	(void)read_all(out, printed, sizeof(printed));
	unlink(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* Most runs get a password by the way that makes no noise. */
static int
run_line(const char *line)
{
	return run_with(line, "secret\n", 7);
}

/* Nothing on stderr; but the test has no pptp beside it. */
static bool
quiet(void)
{
	const char *end = strchr(said, '\n');

	return end == NULL || (end[1] == '\0' &&
	    strstr(said, " to run yet: ") != NULL);
}

/* --- quoting ---------------------------------------------------------- */

static const struct quote_row {
	const char *claim, *text, *word;
} quote_rows[] = {
	{ "a plain word stays plain", "bob", "bob" },
	{ "an empty word needs quotes", "", "\"\"" },
	{ "a space needs quotes", "a b", "\"a b\"" },
	{ "a hash does not begin a comment", "a#b", "\"a#b\"" },
	{ "a double quote is escaped", "a\"b", "\"a\\\"b\"" },
	{ "an apostrophe is kept", "it's", "\"it's\"" },
	{ "the domain's backslash is doubled", "CORP\\bob", "\"CORP\\\\bob\"" },
	{ "a backslash at the end too", "a\\", "\"a\\\\\"" },
	{ "a line feed stays on the line", "a\nb", "\"a\\012b\"" },
	{ "so does a DEL", "a\177", "\"a\\177\"" },
	{ "a digit after it is not taken for it", "\t7", "\"\\0117\"" },
	{ "non-ASCII octets are kept", "\xc3\xa9\xff", "\"\xc3\xa9\xff\"" },
	{ "what a shell would expand is nothing special", "$HOME`id`%s",
	    "\"$HOME`id`%s\"" },
};

/*
 * A word as pppd 2.4.9 reads it, as measured: quotes may begin and end in
 * mid-word, a backslash means something between them too.
 */
static size_t
pppd_word(const char **p, const char *end, char *out)
{
	static const char from[] = "abfnrst", to[] = "\a\b\f\n\r \t";
	char quote = '\0';
	size_t n = 0;

	while (*p < end && strchr(" \t\n", **p) != NULL && **p != '\0')
		(*p)++;
	for (; *p < end; (*p)++) {
		char c = **p;
		const char *e;

		if (c == '\\' && *p + 1 < end) {
			c = *++*p;
			e = c == '\0' ? NULL : strchr(from, c);
			if (c >= '0' && c <= '7') {
				unsigned v = 0;
				int digits = 0;

				for (; digits < 3 && *p < end && **p >= '0' &&
				    **p <= '7'; digits++, (*p)++)
					v = v * 8 + (unsigned)(**p - '0');
				(*p)--;
				c = (char)v;
			} else if (e != NULL) {
				c = to[e - from];
			}
			out[n++] = c;
		} else if (quote != '\0' && c == quote) {
			quote = '\0';
		} else if (quote == '\0' && (c == '"' || c == '\'')) {
			quote = c;
		} else if (quote == '\0' && (c == '#' || c == ' ' ||
		    c == '\t' || c == '\n')) {
			break;
		} else {
			out[n++] = c;
		}
	}
	return n;
}

static void
test_quoting(void)
{
	uint64_t seed = 1;
	bool ok = true;

	for (size_t i = 0; i < sizeof(quote_rows) / sizeof(*quote_rows); i++) {
		const struct quote_row *q = &quote_rows[i];
		uint8_t out[256] = { 0 };
		struct wr w = { .p = out, .end = out + sizeof(out) };

		put_word(&w, q->text);
		T(T_EQ((size_t)(w.p - out), strlen(q->word)) &&
		    T_MEM(out, q->word, strlen(q->word)),
		    "%s", q->claim);
	}
	for (unsigned i = 0; i < 100000 && ok; i++) {
		char text[32], line[256], word[256];
		const char *p = line;
		struct wr w = { .p = (uint8_t *)line,
		    .end = (uint8_t *)line + sizeof(line) };
		struct rd r = { .p = w.p };
		size_t n = t_random(&seed) % sizeof(text), got;

		for (size_t k = 0; k < n; k++)
			text[k] = (char)(1 + t_random(&seed) % 255);
		peers_put_quoted(&w, text, n);
		put(&w, " *\n", NULL);
		ok = memchr(line, '\n', (size_t)(w.p - (uint8_t *)line)) ==
		    (const char *)w.p - 1;
		r.end = w.p;
		got = pppd_word(&p, (const char *)w.p, word);
		ok = ok && got == n && memcmp(word, text, n) == 0;
		ok = ok && peers_read_word(&r, word, sizeof(word)) &&
		    strlen(word) == n && memcmp(word, text, n) == 0 &&
		    peers_read_word(&r, word, 2) && word[0] == '*' &&
		    !peers_read_word(&r, word, sizeof(word)) &&
		    !peers_next_line(&r);
		got = pppd_word(&p, (const char *)w.p, word);
		ok = ok && got == 1 && word[0] == '*';
	}
	T(ok, "100000 random texts come back from pppd's parser, and ours, on "
	    "one line");
}

/* Words with a '|' behind each, as they stand in a file. */
static const struct read_row {
	const char *claim, *text, *words;
} read_rows[] = {
	{ "blanks part them", "a\tb  c \n", "a|b|c|" },
	{ "quotes hold them together", "a' 'b\" \"c ''", "a b c||" },
	{ "the other quote is itself", "'\"' \"'\"", "\"|'|" },
	{ "a hash ends the line", "a#b", "a|" },
	{ "but not between quotes", "'#'", "#|" },
	{ "one to three octal digits", "\\1x \\12x \\1011 \\18",
	    "\1x|\nx|A1|\1""8|" },
	{ "letters", "\\a\\b\\f\\n \\r\\s\\t\\q", "\a\b\f\n|\r \tq|" },
	{ "an end of line behind a backslash is none", "a\\\nb c\nd", "ab|c|" },
	{ "a file that ends behind a backslash", "a b\\", "a|b|" },
	{ "within an octal number", "\\7", "\7|" },
	{ "or between quotes", "'a b", "a b|" },
	{ "what is longer is cut", "aaaaaaaaaa b", "aaaaaaa|b|" },
	{ "nothing", "", "" },
};

static void
test_read(void)
{
	char server[PEERS_USER_LONGEST + 1], user[PEERS_USER_LONGEST + 1];
	char word[8], got[64];

	for (size_t i = 0; i < sizeof(read_rows) / sizeof(*read_rows); i++) {
		const struct read_row *q = &read_rows[i];
		struct rd r = { .p = (const uint8_t *)q->text };

		r.end = r.p + strlen(q->text);
		got[0] = '\0';
		while (peers_read_word(&r, word, sizeof(word)))
			strcat(strcat(got, word), "|");
		T(T_STR(got, q->words), "read: %s", q->claim);
	}
	static const uint8_t odd[] = "name\npty\npty \"pptp h\"\nname # x\n";
	peers_find((struct rd){ .p = odd, .end = odd + sizeof(odd) - 1 },
	    server, user);
	T(T_STR(server, "-") && T_STR(user, ""),
	    "read: lines without a word, a command without --nolaunchpppd");
}

static void
test_shell(void)
{
	static const char *const texts[] = { "/usr/sbin/pptp",
	    "/opt/my vpn/pptp", "/opt/it's/$(id)/pptp", "/o/\"x\"\\y/pptp" };
	bool ok = true;

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char cmd[512], got[512] = "";
		struct wr w = { .p = (uint8_t *)cmd,
		    .end = (uint8_t *)cmd + sizeof(cmd) };
		FILE *f;

		put(&w, "printf %s ", NULL);
		put_shell_word(&w, texts[i]);
		wr_u8(&w, '\0');
		f = popen(cmd, "r");
		if (f == NULL || fgets(got, sizeof(got), f) == NULL)
			got[0] = '\0';
		if (f != NULL)
			pclose(f);
		ok = ok && strcmp(got, texts[i]) == 0;
	}
	T(ok, "the path of pptp survives the shell that pppd starts");
}

/* --- what is written -------------------------------------------------- */

static void
test_create(void)
{
	char want[8192], self[PATH_MAX] = "";

	fresh();
	T(T_EQ(run_line("--create|work|--server|vpn.example.org|--domain|CORP|"
	    "--username|bob|--encrypt"), 0) && holds("chap-secrets",
	    "# added by pptpsetup for work\n"
	    "\"CORP\\\\bob\" work \"secret\" *\n"),
	    "the secret, with the domain's backslash doubled");
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) == -1)
		abort();
	strcpy(strrchr(self, '/') + 1, "pptp");
	snprintf(want, sizeof(want), "# written by pptpsetup\n"
	    "mtu 1320\nmru 1320\npty \"%s vpn.example.org --nolaunchpppd\"\n"
	    "lock\nnoauth\nnobsdcomp\nnodeflate\nname \"CORP\\\\bob\"\n"
	    "remotename work\nipparam work\nrequire-mppe-128\nrefuse-pap\n"
	    "refuse-eap\nrefuse-chap\nrefuse-mschap\n", self);
	T(holds("peers/work", want), "the peers file with --encrypt");
	T(T_EQ(mode_of("chap-secrets"), 0600) &&
	    T_EQ(mode_of("peers/work"), 0640),
	    "the secrets are their owner's, the peers file its group's, too");
	T(T_EQ(run_line("-c|b|-s|h|-u|u"), 0), "the short forms");
	snprintf(want, sizeof(want), "# written by pptpsetup\n"
	    "mtu 1320\nmru 1320\npty \"%s h --nolaunchpppd\"\n"
	    "lock\nnoauth\nnobsdcomp\nnodeflate\n"
	    "name u\nremotename b\nipparam b\n", self);
	T(holds("peers/b", want), "the peers file without --encrypt");
	T(T_EQ(run_line("-create|c|-server=h|-username|u|-p|x"), 0) &&
	    T_HAS(said, "with ps"),
	    "long forms with one dash; a password there is warned about");
	T(T_EQ(run_with("--create|d|--server|h|--user|u|--password|", "", 0),
	    0) && T_EQ(run_with("-c|e|-s|h|-u|u|-pa b", "", 0), 0),
	    "an empty password, and -pPASSWORD");
	T(holds("chap-secrets", "# added by pptpsetup for work\n"
	    "\"CORP\\\\bob\" work \"secret\" *\n\n"
	    "# added by pptpsetup for b\nu b \"secret\" *\n\n"
	    "# added by pptpsetup for c\nu c \"x\" *\n\n"
	    "# added by pptpsetup for d\nu d \"\" *\n\n"
	    "# added by pptpsetup for e\nu e \"a b\" *\n"),
	    "each further secret is added at the end");
	T(T_EQ(files_in("."), 2) && T_EQ(files_in("peers"), 5),
	    "nothing else is left in either directory");
}

#define FOREIGN "# mine\nann * \"pw\" *\n\nbob work \"bob's\" * # work\n" \
	"# added by pptpsetup for work2\nb work2 \"2\" *\n" \
	"# added by pptpsetup for work.a\nb work.a \"a\" *"

static void
test_replace_and_delete(void)
{
	fresh();
	write_all("chap-secrets", FOREIGN "\n", 0644);
	T(T_EQ(run_line("-c|work|-s|h|-u|u"), 0) && holds("chap-secrets",
	    FOREIGN "\n\n# added by pptpsetup for work\nu work \"secret\" *\n"),
	    "other lines are kept to the octet");
	T(T_EQ(mode_of("chap-secrets"), 0600),
	    "a chap-secrets that all could read becomes 0600");
	T(T_EQ(run_with("-c|work|-s|h|-u|v", "new", 3), 0) &&
	    holds("chap-secrets", FOREIGN
	    "\n\n# added by pptpsetup for work\nv work \"new\" *\n"),
	    "creating twice replaces; a last line needs no end");
	T(T_EQ(run_line("--delete|work"), 0) &&
	    T_IS(holds("chap-secrets", FOREIGN "\n")) &&
	    T_EQ(mode_of("peers/work"), -1),
	    "deleting takes away exactly that, not work2, work.a or bob's");
	T(T_EQ(run_line("--delete|work"), 1) && T_HAS(said, "no tunnel work") &&
	    T_IS(holds("chap-secrets", FOREIGN "\n")),
	    "deleting again says that there is none, and changes nothing");
	T(T_EQ(files_in("."), 2) && T_EQ(files_in("peers"), 0),
	    "no copy is left");

	write_all("chap-secrets", FOREIGN, 0600);
	T(T_EQ(run_line("-c|work|-s|h|-u|u"), 0) && holds("chap-secrets",
	    FOREIGN "\n\n# added by pptpsetup for work\nu work \"secret\" *\n"),
	    "a file without a last line end gets one first");
}

/* What pptp-linux 1.10.0's tool left behind, byte for byte. */
static void
test_old_tool(void)
{
	fresh();
	write_all("chap-secrets", "x * y *\n"
	    "\n# added by pptpsetup for t\nD\\u t \"p\\x0a\" *\n"
	    "\n# added by pptpsetup for t2\nu t2 \"p\" *\n"
	    "\n# added by pptpsetup for t\nD\\u t \"p\"w\" *\n"
	    "\n# added by pptpsetup for t\nmy user t \"p\" *\n"
	    "\n# added by pptpsetup for t\no'neil t \"p\" *\n", 0600);
	write_all("peers/t", "# written by pptpsetup\npty \"x\"\n", 0640);
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), 0) && holds("chap-secrets",
	    "x * y *\n\n# added by pptpsetup for t2\nu t2 \"p\" *\n"
	    "\n# added by pptpsetup for t\nu t \"secret\" *\n"),
	    "its duplicates, odd quotes and blanks are all replaced");
	T(T_EQ(mode_of("peers/t"), 0640),
	    "a group that could read the old peers file still can");
	T(T_EQ(run_line("--delete|t"), 0) && T_EQ(run_line("--delete|t2"), 0) &&
	    T_IS(holds("chap-secrets", "x * y *\n")),
	    "and deleted: %s", said);
	write_all("chap-secrets", "# added by pptpsetup for t\n\nu * p *\n"
	    "# added by pptpsetup for t\nann bob \"x\" *\n", 0600);
	write_all("peers/t", "# written by pptpsetup\n", 0600);
	T(T_EQ(run_line("--delete|t"), 0) &&
	    holds("chap-secrets", "\nu * p *\nann bob \"x\" *\n"),
	    "a marker whose secret is gone takes no other line along");
}

/* --- refusals --------------------------------------------------------- */

static const struct usage_row {
	const char *claim, *line;
} usage_rows[] = {
	{ "no option at all", "" },
	{ "an unknown option", "--create|t|--server|h|--username|u|--bogus" },
	{ "an option without its argument", "--create" },
	{ "--encrypt=yes", "-c|t|-s|h|-u|u|--encrypt=yes" },
	{ "--create and --delete at once", "-c|t|-s|h|-u|u|--delete|t" },
	{ "--delete with --server", "--delete|t|--server|h" },
	{ "--delete with --start", "--delete|t|--start" },
	{ "no server", "-c|t|-u|u" },
	{ "no user", "-c|t|-s|h" },
	{ "an empty user", "-c|t|-s|h|-u|" },
	{ "the wildcard as user", "-c|t|-s|h|-u|*" },
	{ "a domain with a backslash", "-c|t|-s|h|-u|u|-d|a\\b" },
	{ "an empty tunnel name", "-c||-s|h|-u|u" },
	{ "a tunnel name with a slash", "-c|../t|-s|h|-u|u" },
	{ "a tunnel name with dots", "-c|a..b|-s|h|-u|u" },
	{ "a hidden tunnel name", "-c|.t|-s|h|-u|u" },
	{ "a tunnel name with a dash in front", "-c|-t|-s|h|-u|u" },
	{ "a tunnel name with a space", "-c|a b|-s|h|-u|u" },
	{ "a tunnel name with a line feed", "-c|a\nb|-s|h|-u|u" },
	{ "deleting a path", "--delete|../chap-secrets" },
	{ "--delete with --route", "--delete|t|--route|10.0.0.0/8" },
	{ "--delete with --dns", "--delete|t|--dns" },
	{ "--list with --create", "--list|-c|t|-s|h|-u|u" },
	{ "--list with --dns", "--list|--dns" },
	{ "--route without a word", "-c|t|-s|h|-u|u|--route" },
	{ "a route that is no number", "-c|t|-s|h|-u|u|--route|office" },
	{ "a route without its length", "-c|t|-s|h|-u|u|--route|10.0.0.0" },
	{ "a route of 33 bits", "-c|t|-s|h|-u|u|--route|10.0.0.0/33" },
	{ "a route with bits behind it", "-c|t|-s|h|-u|u|--route|10.1.0.0/8" },
	{ "a route of three numbers", "-c|t|-s|h|-u|u|--route|10.0.0/8" },
	{ "a route of 256", "-c|t|-s|h|-u|u|--route|256.0.0.0/8" },
	{ "a route that looks octal", "-c|t|-s|h|-u|u|--route|010.0.0.0/8" },
	{ "a route and a command", "-c|t|-s|h|-u|u|--route|10.0.0.0/8;id" },
	{ "a route that is the default", "-c|t|-s|h|-u|u|--route|0.0.0.0/0" },
	{ "routes of a name with a dot",
	    "-c|a.b|-s|h|-u|u|--route|10.0.0.0/8" },
	{ "a word that pptp does not take", "-c|t|-s|h|-u|u|--option|--bogus" },
	{ "a word that is pppd's", "-c|t|-s|h|-u|u|--option|persist" },
	{ "an option of the launch form", "-c|t|-s|h|-u|u|--option|--encrypt" },
	{ "another mode", "-c|t|-s|h|-u|u|--option|--check" },
	{ "another path", "-c|t|-s|h|-u|u|--option|--data-path=kernel" },
	{ "help", "-c|t|-s|h|-u|u|--option|--help" },
	{ "words with a quote", "-c|t|-s|h|-u|u|--option|--phone 'a b'" },
	{ "words with a line feed",
	    "-c|t|-s|h|-u|u|--option|--debug\npersist" },
	{ "words with a backslash", "-c|t|-s|h|-u|u|--option|--phone \\" },
	{ "a host that a shell would run", "-c|t|-s|h;id|-u|u" },
	{ "a host with a space", "-c|t|-s|h --x|-u|u" },
	{ "a host that looks like an option", "-c|t|-s|-h|-u|u" },
	{ "a host with a port, which pptp takes as an option",
	    "-c|t|-s|h:1723|-u|u" },
	{ "an empty host", "-c|t|-s||-u|u" },
	{ "a password that pppd would open", "-c|t|-s|h|-u|u|-p|@/etc/passwd" },
};

static void
test_usage(void)
{
	char line[2048], longest[400];

	fresh();
	for (size_t i = 0; i < sizeof(usage_rows) / sizeof(*usage_rows); i++)
		T(T_EQ(run_line(usage_rows[i].line), EXIT_USAGE) &&
		    *said != '\0',
		    "refused as wrong usage: %s", usage_rows[i].claim);
	memset(longest, 'n', sizeof(longest));
	longest[256] = '\0';
	snprintf(line, sizeof(line), "-c|t|-s|h|-u|%s", longest);
	T(T_EQ(run_line(line), EXIT_USAGE), "a user of 256 octets");
	snprintf(line, sizeof(line), "-c|t|-u|u|-s|%.254s", longest);
	T(T_EQ(run_line(line), EXIT_USAGE) && T_HAS(said, "up to 253"),
	    "a host of 254 octets, which pptp would not take");
	snprintf(line, sizeof(line), "-c|t|-s|h|-u|u|-p|x%s", longest);
	T(T_EQ(run_line(line), EXIT_USAGE), "a password of 257 octets");
	longest[256] = 'n';
	T(T_EQ(run_with("-c|t|-s|h|-u|u", longest, 257), EXIT_USAGE),
	    "the same from standard input");
	strcpy(line, "-c|t|-s|h|-u|u|--option|");
	for (int i = 0; i < 11; i++)
		strncat(strcat(line, " --logstring="), longest, 90);
	T(T_EQ(run_line(line), EXIT_USAGE) && T_HAS(said, "together too long"),
	    "a command for pptp that pppd would cut");
	T(T_EQ(run_with("-c|t|-s|h|-u|u", "", 0), EXIT_USAGE),
	    "an end of file instead of a password");
	T(T_EQ(run_with("-c|t|-s|h|-u|u", "a\0b\n", 4), EXIT_USAGE),
	    "a password with a NUL in it");
	T(T_EQ(files_in("."), 1) && T_EQ(files_in("peers"), 0),
	    "none of these has written anything");
	longest[255] = '\0';
	snprintf(line, sizeof(line), "-c|t|-s|h|-u|%s", longest);
	T(T_EQ(run_with(line, longest, 255), 0),
	    "255 octets of each are taken");
	T(T_EQ(run_line("--help"), 0), "--help is no mistake");
}

/* What public scripts hold, and pptp-linux's tool took without a word. */
static const struct taken_row {
	const char *claim, *line, *name, *warning;
} taken_rows[] = {
	{ "a stray word", "-c|t|-s|h|-u|u|--encrypt|mppe|-p|s", "u",
	    "'mppe' belongs to no option" },
	{ "a host with an underscore", "-c|t|-s|my_vpn.example|-u|u", "u",
	    "has no '_'" },
	{ "a domain with a backslash at its end", "-c|t|-s|h|-d|CORP\\|-u|u",
	    "\"CORP\\\\u\"", "taken as 'CORP'" },
	{ "one with two", "-c|t|-s|h|-d|CORP\\\\|-u|u", "\"CORP\\\\u\"",
	    "taken as 'CORP'" },
	{ "a domain of a backslash alone", "-c|t|-s|h|-d|\\|-u|u", "u",
	    "taken as ''" },
	{ "a user with two backslashes", "-c|t|-s|h|-u|CORP\\\\u",
	    "\"CORP\\\\\\\\u\"", "two backslashes" },
	{ "the short forms with two dashes", "--c|t|--s|h|--d|D|--u|u|--p|s",
	    "\"D\\\\u\"", "" },
	{ "the long forms with one", "-create|t|-server|h|-domain|D|-username|u"
	    "|-password|s|-encrypt", "\"D\\\\u\"", "" },
	{ "shortened", "--cr|t|--ser|h|--dom|D|--user|u|--pass|s|--enc",
	    "\"D\\\\u\"", "" },
};

static void
test_taken(void)
{
	char text[4096], want[256];

	fresh();
	for (size_t i = 0; i < sizeof(taken_rows) / sizeof(*taken_rows); i++) {
		const struct taken_row *t = &taken_rows[i];
		int status = run_line(t->line);

		read_all(in_dir("peers/t"), text, sizeof(text));
		snprintf(want, sizeof(want), "\nname %s\n", t->name);
		T(T_EQ(status, 0) && T_HAS(said, t->warning) &&
		    T_HAS(text, want),
		    "taken: %s", t->claim);
	}
	T(T_EQ(run_line("--delete|t|word"), 0), "deleted: a stray word");
}

/* Each shortening of an option that is one, and each that could be two. */
static void
test_short(void)
{
	static const char *const names[] = { "create", "server", "domain",
	    "username", "password", "encrypt", "persist", "default-route",
	    "route", "dns", "option", "start", "delete", "list", "help" };
	enum { NAMES = sizeof(names) / sizeof(names[0]) };

	for (size_t i = 0; i < NAMES; i++)
		for (size_t n = 1; n <= strlen(names[i]); n++) {
			char word[32], *argv[] = { word, word, NULL };
			/* pptp-linux's tool took these for what it had. */
			bool as_it = n == 1 || (n == 2 &&
			    strncmp(names[i], "de", 2) == 0), other = false;
			int opt;

			for (size_t j = 0; j < NAMES; j++)
				other = other || (j != i && !as_it &&
				    strncmp(names[i], names[j], n) == 0);
			snprintf(word, sizeof(word), "--%.*s", (int)n,
			    names[i]);
			optind = 0;
			opterr = 0;
			opt = getopt_long_only(2, argv, ":c:s:d:u:p:eh",
			    setup_options, NULL);
			T(T_EQ((opt == '?' && optopt == 0), other),
			    "%s is %s", word, other ? "two options'" :
			    "short enough");
		}
	opterr = 1;
}

/* What is asked for beyond the login, and what the peers file has of it. */
static const struct asked_row {
	const char *claim, *line, *has;
} asked_rows[] = {
	{ "--persist", "--persist", "\nipparam t\npersist\nmaxfail 0\n"
	    "holdoff 10\nlcp-echo-interval 20\nlcp-echo-failure 4\n" },
	{ "--dns", "--dns", "\nipparam t\nusepeerdns\n" },
	{ "--default-route", "--default-route",
	    "\nipparam t\ndefaultroute\nreplacedefaultroute\n" },
	{ "--option", "--option|--nobuffer  --loglevel 1 ",
	    " h --nolaunchpppd --nobuffer --loglevel 1\"\n" },
	{ "--option twice", "--option|--nobuffer|--option|--loglevel 1",
	    " h --nolaunchpppd --nobuffer --loglevel 1\"\n" },
	{ "what the shell would expand", "--option|--phone #$(id)*",
	    " h --nolaunchpppd --phone '#$(id)*'\"\n" },
	{ "pptp's --sync is pppd's, too", "--option|--sync",
	    " --sync\"\nlock\nnoauth\nnobsdcomp\nnodeflate\nname u\n"
	    "remotename t\nipparam t\nsync\n" },
	{ "none of these", "--server|h", "\nipparam t\n" },
};

static void
test_asked(void)
{
	char line[256], text[4096];

	fresh();
	snprintf(test_pppd, sizeof(test_pppd), "%s", in_dir("pppd"));
	write_all("pppd", "replacedefaultrou", 0600);
	T(T_EQ(run_line("-c|t|-s|h|-u|u|--default-route"), 0) &&
	    T_HAS(said, "has no replacedefaultroute"),
	    "a pppd without replacedefaultroute is not given it");
	read_all(in_dir("peers/t"), text, sizeof(text));
	T(strstr(text, "\ndefaultroute\n") != NULL &&
	    strstr(text, "\nreplace") == NULL,
	    "the default route all the same");
	write_all("pppd", "replacereplacedefaultroute", 0600);
	T(T_STR(default_route(), "defaultroute\n"),
	    "part of a longer word is none");
	if (truncate(in_dir("pppd"), 40) == -1)
		abort();
	T(T_STR(default_route(), "defaultroute\nreplacedefaultroute\n"),
	    "the end of one is");
	for (size_t i = 0; i < sizeof(asked_rows) / sizeof(*asked_rows); i++) {
		const struct asked_row *a = &asked_rows[i];

		snprintf(line, sizeof(line), "-c|t|-s|h|-u|u|%s", a->line);
		T(T_EQ(run_line(line), 0) && T_IS(quiet()),
		    "taken: %s", a->claim);
		read_all(in_dir("peers/t"), text, sizeof(text));
		T(T_HAS(text, a->has), "written: %s", a->claim);
	}
	T(T_EQ(strcmp(strstr(text, "\nipparam"), "\nipparam t\n"), 0),
	    "and a second run takes away what it is not given");
	T(T_EQ(run_line("-c|t|-s|nowhere.invalid|-u|u"), 0) &&
	    T_HAS(said, "cannot resolve it"),
	    "a server without an address is warned about");
	read_all(in_dir("peers/t"), text, sizeof(text));
	T(T_HAS(text, "\nmtu 1400\nmru 1400\n"), "and has the usual MTU");
}

/* Runs the script as pppd does, ip being echo; what that says. */
static bool
routes_set(const char *script, const char *ipparam, const char *want)
{
	char cmd[1024], out[1024];

	snprintf(cmd, sizeof(cmd), "ip() { echo \"$*\"; }; set -- ppp7 '' 0 "
	    "1.1.1.1 2.2.2.2 %s; . '%s' > '%s'", ipparam, in_dir(script),
	    in_dir("said"));
	if (system(cmd) != 0)
		return false;
	read_all(in_dir("said"), out, sizeof(out));
	unlink(in_dir("said"));
	return T_STR(out, want);
}

#define ROUTES "--route|10.0.0.0/8|--route|192.168.7.1/32"

static void
test_routes(void)
{
	static const char want[] = "route replace 10.0.0.0/8 dev ppp7\n"
	    "route replace 192.168.7.1/32 dev ppp7\n";

	fresh();
	T(T_EQ(run_line("-c|t|-s|h|-u|u|" ROUTES), 0) &&
	    T_HAS(said, "/ip-up, an executable shell script\n"
	    "if [ \"$6\" = t ]; then\n\tip route replace 10.0.0.0/8 dev "
	    "\"$1\"\n\tip route replace 192.168.7.1/32 dev \"$1\"\nfi\n") &&
	    T_EQ(files_in("."), 2),
	    "no ip-up.d: it is said what to write where");
	write_all("ip-up", "#!/bin/sh\n/etc/ppp/ip-up.local\n", 0755);
	T(T_EQ(run_line("-c|t|-s|h|-u|u|" ROUTES), 0) &&
	    T_HAS(said, "/ip-up.local, "),
	    "where ip-up runs ip-up.local, there");
	if (mkdir(in_dir("ip-up.d"), 0755) == -1)
		abort();
	write_all("ip-up.d/foreign", "#!/bin/sh\n", 0755);
	T(T_EQ(run_line("-c|t|-s|h|-u|u|" ROUTES), 0) && T_IS(quiet()) &&
	    T_EQ(mode_of("ip-up.d/t"), 0755) && T_EQ(files_in("ip-up.d"), 2),
	    "with both a script, and nothing else there");
	T(routes_set("ip-up.d/t", "t", want), "the script sets the routes");
	T(routes_set("ip-up.d/t", "t2", "") &&
	    routes_set("ip-up.d/t", "", ""),
	    "of this tunnel alone");
	T(T_EQ(run_line("-c|foreign|-s|h|-u|u|" ROUTES), EXIT_SYSTEM) &&
	    T_HAS(said, "ip-up.d/foreign was not written by pptpsetup") &&
	    T_EQ(mode_of("peers/foreign"), -1) &&
	    T_IS(holds("ip-up.d/foreign", "#!/bin/sh\n")),
	    "a script of somebody else is not replaced, and nothing written");
	T(T_EQ(run_line("-c|foreign|-s|h|-u|u"), 0) &&
	    T_EQ(run_line("--delete|foreign"), 0) &&
	    T_IS(holds("ip-up.d/foreign", "#!/bin/sh\n")),
	    "nor removed");
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), 0) && T_EQ(files_in("ip-up.d"), 1),
	    "written anew without routes, the script goes");
	write_all("ip-up", "for f in /etc/ppp/ip-up.d/*.sh; do", 0755);
	T(T_EQ(run_line("-c|t|-s|h|-u|u|" ROUTES), 0) &&
	    T_EQ(mode_of("ip-up.d/t.sh"), 0755) &&
	    T_EQ(mode_of("ip-up.d/t"), -1),
	    "the script's name has the end that ip-up looks for");
	write_all("ip-up", "run-parts /etc/ppp/ip-up.d", 0755);
	T(T_EQ(run_line("-c|t|-s|h|-u|u|" ROUTES), 0) &&
	    T_EQ(mode_of("ip-up.d/t.sh"), -1) &&
	    T_EQ(mode_of("ip-up.d/t"), 0755),
	    "once it looks for none, no second script stays");
	T(T_EQ(run_line("--delete|t"), 0) && T_EQ(files_in("ip-up.d"), 1) &&
	    T_EQ(files_in("peers"), 0),
	    "--delete takes it along");
	write_all("ip-up.d/t", "# written by pptpsetup\n", 0755);
	T(T_EQ(run_line("--delete|t"), 0) && T_EQ(files_in("ip-up.d"), 1),
	    "also where it is all that is left");
	if (symlink("/nowhere", in_dir("ip-up.d/t")) == -1)
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u|" ROUTES), EXIT_SYSTEM) &&
	    T_HAS(said, "symbolic link") && T_EQ(files_in("peers"), 0),
	    "a link in its place is refused");
	if (chmod(in_dir("ip-up.d"), 0777) == -1)
		abort();
	T(T_EQ(run_line("-c|t3|-s|h|-u|u|" ROUTES), EXIT_PERMISSION) &&
	    T_EQ(files_in("ip-up.d"), 2) && T_EQ(files_in("peers"), 0),
	    "a folder that everybody may write to as well");
}

static void
test_list(void)
{
	fresh();
	T(T_EQ(run_line("--list"), 0) && T_STR(printed, ""),
	    "no tunnel, no line");
	write_all("peers/mine", "pty \"pptp h --nolaunchpppd\"\nname x\n",
	    0600);
	write_all("peers/old", "# written by pptpsetup\n"
	    "pty \"/usr/sbin/pptp vpn.example --nolaunchpppd\"\nname u\n",
	    0600);
	write_all("peers/odd", "# written by pptpsetup", 0600);
	if (symlink("old", in_dir("peers/link")) == -1)
		abort();
	T(T_EQ(run_line("-c|new|-s|10.0.0.1|-d|CORP|-u|a b\033|--option|"
	    "--nobuffer"), 0) && T_EQ(run_line("--list"), 0) &&
	    T_IS(quiet()) && T_STR(printed,
	    "new              10.0.0.1                 CORP\\a b\\x1b\n"
	    "odd              -                        -\n"
	    "old              vpn.example              u\n"),
	    "the tunnels of both tools in order, nobody else's");
	if (geteuid() != 0)
		return;
	limit_tag = "nobody";
	if (chmod(in_dir("peers"), 0700) == -1)
		abort();
	T(T_EQ(run_line("--list"), EXIT_PERMISSION) && T_HAS(said, "as root"),
	    "who may not look there is told so");
	limit_tag = NULL;
}

/* A folder of a group, and what a member of it may have prepared. */
static void
test_group(void)
{
	struct stat st;
	int uid = geteuid() == 0 ? 65534 : (int)geteuid(), fd;

	fresh();
	if (chmod(in_dir("."), 0775) == -1 || chmod(in_dir("peers"), 02755) ||
	    (geteuid() == 0 && chown(in_dir("peers"), 0, 7) == -1))
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), 0) &&
	    T_HAS(said, "members of group"),
	    "a folder that a group may write to is warned about");
	T(T_EQ(stat(in_dir("peers/t"), &st), 0) &&
	    T_EQ((st.st_mode & 07777), 0640) &&
	    T_IS((geteuid() != 0 || st.st_gid == 7)),
	    "the peers file is for the folder's group to read");
	for (int i = 0; i < 2; i++) {
		write_all(SECRETS_NEW, "", i == 0 ? 0640 : 0600);
		if (i == 1 && chown(in_dir(SECRETS_NEW), (uid_t)uid,
		    (gid_t)-1) == -1)
			abort();
		fd = open(in_dir(SECRETS_NEW), O_RDONLY);
		T(T_EQ(run_line("-c|t|-s|h|-u|u"), 0) &&
		    T_EQ(fstat(fd, &st), 0) && T_EQ(st.st_nlink, 0) &&
		    T_EQ(st.st_size, 0) &&
		    T_EQ(stat(in_dir("chap-secrets"), &st), 0) &&
		    T_EQ((st.st_mode & 07777), 0600) &&
		    T_EQ(st.st_uid, geteuid()),
		    "the temporary file is new, not one that %s",
		    i == 0 ? "others may read" : "another user made");
		close(fd);
	}
}

static void
test_links(void)
{
	char other[64];

	fresh();
	snprintf(other, sizeof(other), "%s.other", test_dir);
	if (symlink(other, in_dir("chap-secrets")) == -1)
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), EXIT_SYSTEM) &&
	    T_HAS(said, "symbolic link") && T_EQ(access(other, F_OK), -1),
	    "chap-secrets as a symbolic link is refused, not followed");
	unlink(in_dir("chap-secrets"));
	if (symlink(other, in_dir("peers/t")) == -1)
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), EXIT_SYSTEM) &&
	    T_EQ(run_line("--delete|t"), EXIT_SYSTEM) &&
	    T_EQ(access(other, F_OK), -1),
	    "a peers file likewise");
	unlink(in_dir("peers/t"));
	if (symlink(other, in_dir("peers/.t.pptpsetup")) == -1)
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), 0) && T_EQ(access(other, F_OK), -1),
	    "a link under the temporary name of a peers file is replaced");
	if (symlink(other, in_dir(SECRETS_NEW)) == -1)
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), 0) && T_EQ(access(other, F_OK), -1),
	    "under that of the secrets, too");
	if (symlink(other, in_dir(".pptpsetup")) == -1)
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), EXIT_SYSTEM) &&
	    T_EQ(access(other, F_OK), -1),
	    "a link under the name of the lock is refused");
	unlink(in_dir(".pptpsetup"));
	write_all("peers/mine", "pty \"x\"\n", 0640);
	T(T_EQ(run_line("-c|mine|-s|h|-u|u"), EXIT_SYSTEM) &&
	    T_EQ(run_line("--delete|mine"), EXIT_SYSTEM) &&
	    T_IS(holds("peers/mine", "pty \"x\"\n")),
	    "a peers file written by hand is neither replaced nor deleted");
	if (chmod(in_dir("peers"), 0777) == -1)
		abort();
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), EXIT_PERMISSION),
	    "a directory that everybody may write to is refused");
}

static void
test_failures(void)
{
	static const char line[] = "# 34567890123456789012345678901\n";
	char big[10 * sizeof(line)] = "";

	for (int i = 0; i < 10; i++)
		strcat(big, line);
	fresh();
	write_all("chap-secrets", big, 0600);
	limit_tag = "small files";
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), EXIT_SYSTEM) &&
	    T_HAS(said, SECRETS_NEW) && T_IS(holds("chap-secrets", big)) &&
	    T_EQ(files_in("."), 2) && T_EQ(files_in("peers"), 0),
	    "no room: a sentence, the old file whole, nothing left");
	limit_tag = NULL;
	write_all("chap-secrets", FOREIGN, 0600);
	write_all(SECRETS_NEW, "rest of a killed run", 0600);
	write_all(".pptpsetup", "", 0600);
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), 0) && T_EQ(files_in("."), 2) &&
	    T_IS(holds("chap-secrets", FOREIGN
	    "\n\n# added by pptpsetup for t\nu t \"secret\" *\n")),
	    "the rest of a killed run does no harm and goes");
	if (geteuid() != 0)
		return;
	limit_tag = "nobody";
	T(T_EQ(run_line("-c|t|-s|h|-u|u"), EXIT_PERMISSION) &&
	    T_HAS(said, "as root"),
	    "without the right: status 4");
	limit_tag = NULL;
	if (chown(in_dir("chap-secrets"), 65534, 7) == -1)
		abort();
	T(T_EQ(run_line("--delete|t"), 0), "a chap-secrets of another user");
	struct stat st;
	T(T_EQ(stat(in_dir("chap-secrets"), &st), 0) &&
	    T_EQ(st.st_uid, 65534) && T_EQ(st.st_gid, 7) &&
	    T_EQ((st.st_mode & 07777), 0600),
	    "keeps its owner and group");
}

/* --- several at once --------------------------------------------------- */

static void
test_lock(void)
{
	enum { RUNS = 12 };
	pid_t pid[RUNS];
	char text[8192], want[64];
	bool ok = true;
	int fd, status;

	fresh();
	fflush(stdout);
	for (int i = 0; i < RUNS; i++) {
		char line[64];

		snprintf(line, sizeof(line), "-c|t%d|-s|h|-u|u", i);
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(run_line(line));
	}
	for (int i = 0; i < RUNS; i++)
		ok = waitpid(pid[i], &status, 0) == pid[i] && status == 0 && ok;
	read_all(in_dir("chap-secrets"), text, sizeof(text));
	for (int i = 0; i < RUNS; i++) {
		snprintf(want, sizeof(want), "\nu t%d \"secret\" *\n", i);
		ok = ok && strstr(text, want) != NULL;
	}
	T(T_IS(ok) && T_EQ(files_in("."), 2) && T_EQ(files_in("peers"), RUNS),
	    "twelve runs at once: each finds its place");

	fd = open(in_dir(".pptpsetup"), O_CREAT | O_RDWR, 0600);
	if (fd == -1 || flock(fd, LOCK_EX) == -1)
		abort();
	T(T_EQ(run_line("--delete|t1"), EXIT_SYSTEM) &&
	    T_HAS(said, "another pptpsetup") && T_EQ(mode_of("peers/t1"), 0640),
	    "a run that never ends is named after a while");
	unlink(in_dir(".pptpsetup"));
	T(T_EQ(run_line("--delete|t1"), 0) && T_EQ(mode_of("peers/t1"), -1) &&
	    T_EQ(mode_of(".pptpsetup"), -1),
	    "a lock whose file is gone is in nobody's way");
	close(fd);
}

/* --- the terminal ------------------------------------------------------ */

static bool
echoes(int fd)
{
	struct termios t;

	return tcgetattr(fd, &t) == 0 && (t.c_lflag & ECHO) != 0;
}

/* Reads what the terminal shows until the question is there. */
static void
await_question(int master)
{
	char got[256] = "";

	for (size_t n = 0; n < sizeof(got) - 1; n++)
		if (strstr(got, "D\\u: ") != NULL ||
		    read(master, got + n, 1) != 1)
			return;
}

/*
 * As a shell does: pptpsetup in the foreground group of the terminal, on
 * again when it stops.  Its end is the shell's: its status, 128 and a signal,
 * 90 if it stopped without the echo.
 */
static void
shell(int tty)
{
	char line[] = "pptpsetup|-c|t|-s|h|-d|D|-u|u", *words = line;
	char *argv[10] = { NULL };
	int argc = 0, status;
	pid_t pid;

	setsid();
	signal(SIGTTOU, SIG_IGN);
	if (ioctl(tty, TIOCSCTTY, 0) == -1)
		_exit(91);
	while ((argv[argc] = strsep(&words, "|")) != NULL)
		argc++;
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		tcsetpgrp(tty, getpid());
		for (int fd = 0; fd <= 2; fd++)
			dup2(tty, fd);
		exit(setup_main(argc, argv));
	}
	while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status)) {
		if (!echoes(tty))
			_exit(90);
		kill(pid, SIGCONT);
	}
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status));
}

static pid_t
run_on_terminal(int *master, int *slave)
{
	pid_t pid;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master == -1 || grantpt(*master) == -1 || unlockpt(*master) == -1)
		abort();
	*slave = open(ptsname(*master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		shell(*slave);
	await_question(*master);
	return pid;
}

static int
end_of(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) ?
	    WEXITSTATUS(status) : -1;
}

static void
type(int master, const char *keys)
{
	if (write(master, keys, strlen(keys)) != (ssize_t)strlen(keys))
		abort();
}

static void
test_terminal(void)
{
	char got[512] = "";
	int master, slave;
	bool quiet;
	pid_t pid;

	fresh();
	pid = run_on_terminal(&master, &slave);
	quiet = !echoes(slave);
	type(master, "pass#word\n");
	T(T_EQ(end_of(pid), 0) && T_IS(quiet) && T_IS(echoes(slave)) &&
	    T_IS(holds("chap-secrets",
	    "# added by pptpsetup for t\n\"D\\\\u\" t \"pass#word\" *\n")),
	    "the password is asked for without echo, which comes back");
	if (read(master, got, sizeof(got) - 1) == -1)
		got[0] = '\0';
	T(strstr(got, "pass") == NULL, "and the terminal never showed it");
	close(master);
	close(slave);
	for (int i = 0; i < 2; i++) {
		fresh();
		pid = run_on_terminal(&master, &slave);
		quiet = !echoes(slave);
		if (i == 0)
			type(master, "ab\3");
		else
			kill(tcgetpgrp(master), SIGTERM);
		T(T_EQ(end_of(pid), 128 + (i == 0 ? SIGINT : SIGTERM)) &&
		    T_IS(quiet) && T_IS(echoes(slave)) &&
		    T_EQ(files_in("."), 1),
		    "%s ends it with the echo on and nothing written", i == 0 ?
		    "control-C" : "SIGTERM");
		close(master);
		close(slave);
	}
	pid = run_on_terminal(&master, &slave);
	type(master, "ab\x1a");
	await_question(master);
	quiet = !echoes(slave);
	type(master, "again\n");
	T(T_EQ(end_of(pid), 0) && T_IS(quiet) && T_IS(holds("chap-secrets",
	    "# added by pptpsetup for t\n\"D\\\\u\" t \"again\" *\n")),
	    "control-Z leaves the echo on, and going on asks again");
	close(master);
	close(slave);
}

static void
test_argv(void)
{
	struct request r = { .options = 0 };
	char name[] = "x", arg[] = "secret", create[] = "-ct", server[] = "-sh",
	    user[] = "-uu", option[] = "-p";
	char *argv[] = { name, create, server, user, option, arg, NULL };
	char zero[sizeof(arg)] = "";
	int err = dup(2), null = open("/dev/null", O_WRONLY);

	if (err == -1 || null == -1)
		abort();
	dup2(null, 2);
	parse(&r, 6, argv);
	dup2(err, 2);
	T(T_STR(r.password.text, "secret") &&
	    T_MEM(arg, zero, sizeof(arg)),
	    "the password is wiped from the command line");
}

/* Whose secret is there, as pppd reads the file. */
static void
test_has_secret(void)
{
	static const struct {
		const char	*claim, *user, *server;
		bool		 has;
	} rows[] = {
		{ "for any server", "alice", "vpn.example", true },
		{ "for this server", "bob", "vpn.example", true },
		{ "for another server only", "bob", "vpn.example.org", false },
		{ "a quoted name with a blank", "the cat", "x", true },
		{ "a name with a backslash", "CORP\\eve", "vpn", true },
		{ "a comment is no line", "carol", "x", false },
		{ "a part of a name", "ali", "x", false },
		{ "a name alone", "dave", "x", false },
		{ "a name and a server, but no secret", "erin", "x", false },
		{ "for any user", "frank", "one.example", true },
		{ "behind a line that is too long", "last", "x", true },
		{ "nobody", "mallory", "x", false }
	};
	static char text[3000];
	size_t n = (size_t)snprintf(text, sizeof(text), "# carol * x *\n"
	    "alice\t* \"x y\" *\n  bob vpn.example 'x'\n\n"
	    "\"the cat\" * x\nCORP\\\\eve vpn x *\ndave\nerin *\n"
	    "* one.example x\n");

	memset(text + n, 'z', 2000);
	snprintf(text + n + 2000, sizeof(text) - n - 2000,
	    " * x *\nlast * x");
	write_all("chap-secrets", text, 0600);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		T(T_EQ(peers_has_secret(rows[i].user, rows[i].server),
		    rows[i].has),
		    "secrets: %s", rows[i].claim);
	(void)unlink(in_dir("chap-secrets"));
	T(!peers_has_secret("alice", "x"), "secrets: no file, no secret");
}

int
main(void)
{
	char cmd[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(test_dir) == NULL)
		return 1;
	test_quoting();
	test_read();
	test_shell();
	test_create();
	test_replace_and_delete();
	test_old_tool();
	test_usage();
	test_taken();
	test_short();
	test_asked();
	test_routes();
	test_list();
	test_group();
	test_links();
	test_failures();
	test_lock();
	test_terminal();
	test_argv();
	test_has_secret();
	snprintf(cmd, sizeof(cmd), "rm -rf '%s'", test_dir);
	return t_done() + (system(cmd) != 0);
}
