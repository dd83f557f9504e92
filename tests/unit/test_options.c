/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line: every option is set and found in struct conf, every
 * mistake has its sentence, and help shows what the parser takes.
 */
/* with: client/pppd_argv.c util.c */
#include "../../client/options.c"

#include <sys/mman.h>

#include <fcntl.h>
#include <unistd.h>

#include "pppd_argv.h"
#include "t.h"

static struct pppd_extra plain = { .tty = "/dev/pts/9", .mtu = 1400,
    .user = "", .password_fd = -1 };

enum { LINE = 2048, WORDS = 48, OUT = 32768 };

/* One command line and all that came of it. */
struct run {
	struct conf	 c;
	int		 status;
	char		 line[LINE], *argv[WORDS + 1];
	int		 argc;
	char		 out[OUT], err[OUT];
};

static void
capture(int fd, const char *name, int *saved, int *copy)
{
	*saved = dup(fd);
	*copy = memfd_create(name, MFD_CLOEXEC);
	if (*saved == -1 || *copy == -1 || dup2(*copy, fd) == -1)
		abort();
}

static void
release(int fd, int saved, int copy, char *out)
{
	ssize_t n = pread(copy, out, OUT - 1, 0);

	if (n < 0 || dup2(saved, fd) == -1)
		abort();
	out[n] = '\0';
	close(saved);
	close(copy);
}

/* Splits at blanks; '' is an empty word. */
static void
split(struct run *r, const char *line)
{
	snprintf(r->line, sizeof(r->line), "pptp %s", line);
	r->argc = 0;
	for (char *w = strtok(r->line, " "); w != NULL; w = strtok(NULL, " ")) {
		if (strcmp(w, "''") == 0)
			*w = '\0';
		if (r->argc == WORDS)
			abort();
		r->argv[r->argc++] = w;
	}
	r->argv[r->argc] = NULL;
}

static void
parse(struct run *r)
{
	int so, co, se, ce;

	fflush(stdout);
	capture(STDOUT_FILENO, "out", &so, &co);
	capture(STDERR_FILENO, "err", &se, &ce);
	r->status = options_parse(&r->c, r->argc, r->argv);
	fflush(stdout);
	fflush(stderr);
	release(STDOUT_FILENO, so, co, r->out);
	release(STDERR_FILENO, se, ce, r->err);
}

static struct run *
run(const char *line)
{
	static struct run r[2];
	static unsigned turn;
	struct run *now = &r[turn++ % 2];

	split(now, line);
	parse(now);
	return now;
}

/* Joins host and words, or pppd's arguments, by blanks. */
static const char *
join(char *const *v, int n, const char *first)
{
	static char s[LINE];
	size_t at = (size_t)snprintf(s, sizeof(s), "%s", first);

	for (int i = 0; i < n; i++)
		at += (size_t)snprintf(s + at, sizeof(s) - at, "%s%s",
		    at > 0 ? " " : "", v[i]);
	return s;
}

/* --- every option lands --------------------------------------------------- */

/* An address as it stands in memory, of either byte order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ADDR(a, b, c, d) ((uint32_t)(d) << 24 | (c) << 16 | (b) << 8 | (a))
#else
#define ADDR(a, b, c, d) ((uint32_t)(a) << 24 | (b) << 16 | (c) << 8 | (d))
#endif

static const struct sample {
	const char	*name;
	size_t		 at, size;	/* where it must land */
	const char	*arg;
	int64_t		 number;
	const char	*text;
} samples[] = {
	{ "phone", AT(phone), "5551234", 0, "5551234" },
	{ "client-hostname", AT(client_hostname),
	    "isp.example", 0, "isp.example" },
	{ "connect-port", AT(port), "2723", 2723, NULL },
	{ "localbind", AT(localbind), "192.0.2.7",
	    ADDR(192, 0, 2, 7), NULL },
	{ "rtmark", AT(rtmark), "0x1F", 31, NULL },
	{ "nohostroute", AT(nohostroute), NULL, 1, NULL },
	{ "timeout", AT(timeout_us), "7.25", 7250000, NULL },
	{ "idle-wait", AT(idle_us), "20", 20000000, NULL },
	{ "max-echo-wait", AT(echo_us), "0", 0, NULL },
	{ "nolaunchpppd", AT(nolaunch), NULL, 1, NULL },
	{ "username", AT(username), "alice", 0, "alice" },
	{ "domain", AT(domain), "CORP", 0, "CORP" },
	{ "encrypt", AT(encrypt), NULL, 1, NULL },
	{ "pppd-call", AT(pppd_call), "work", 0, "work" },
	{ "client-ip", AT(client_ip), "10.1.2.3",
	    ADDR(10, 1, 2, 3), NULL },
	{ "server-ip", AT(server_ip), "10.1.2.4",
	    ADDR(10, 1, 2, 4), NULL },
	{ "refuse-pap", AT(refuse), NULL, 1, NULL },
	{ "refuse-chap", AT(refuse), NULL, 2, NULL },
	{ "refuse-mschap", AT(refuse), NULL, 4, NULL },
	{ "refuse-mschap-v2", AT(refuse), NULL, 8, NULL },
	{ "refuse-eap", AT(refuse), NULL, 16, NULL },
	{ "sync", AT(sync), NULL, 1, NULL },
	{ "data-path", AT(data_path), "kernel", DATA_KERNEL,
	    NULL },
	{ "nobuffer", AT(nobuffer), NULL, 1, NULL },
	{ "reorder-timeout", AT(reorder_us), "0.02", 20000, NULL },
	{ "missing-window", AT(missing_window), "300", 300, NULL },
	{ "window", AT(window), "65535", 65535, NULL },
	{ "quirks", AT(quirks), "bezeq-israel", QUIRK_BEZEQ,
	    NULL },
	{ "quirk-welcome", AT(quirks), NULL, QUIRK_WELCOME, NULL },
	{ "quirk-broken-asyncread", AT(quirks), NULL, QUIRK_ASYNCREAD, NULL },
	{ "quirk-bezeq-israel", AT(quirks), NULL, QUIRK_BEZEQ, NULL },
	{ "debug", AT(debug), NULL, 1, NULL },
	{ "loglevel", AT(loglevel), "0", 0, NULL },
	{ "logstring", AT(logstring),
	    "nm-pptp-service-7", 0, "nm-pptp-service-7" },
	{ "check", AT(mode), NULL, RUN_CHECK, NULL },
	{ "status", AT(mode), NULL, RUN_STATUS, NULL },
};

static const struct sample *
sample_of(const char *name)
{
	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
		if (strcmp(samples[i].name, name) == 0)
			return &samples[i];
	return NULL;
}

/* The number in a member of 1, 2, 4 or 8 octets. */
static int64_t
member(const struct conf *c, size_t at, size_t size)
{
	const unsigned char *p = (const unsigned char *)c + at;
	uint16_t v16;
	uint32_t v32;
	int64_t v64;

	if (size == 1)
		return *p;
	memcpy(&v16, p, sizeof(v16));
	if (size == 2)
		return v16;
	memcpy(&v32, p, sizeof(v32));
	if (size == 4)
		return v32;
	memcpy(&v64, p, sizeof(v64));
	return v64;
}

/* Members of other options are as they were, but for what is meant. */
static bool
others_rest(const struct conf *c, const struct conf *was,
    const struct sample *s)
{
	bool debug = strcmp(s->name, "debug") == 0, user = c->nolaunch ||
	    c->pty_need != NULL;

	for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
		const struct sample *x = &samples[i];

		if (x->at == s->at ||
		    (debug && x->at == offsetof(struct conf, loglevel)) ||
		    (user && x->at == offsetof(struct conf, data_path)))
			continue;
		if (memcmp((const char *)c + x->at, (const char *)was + x->at,
		    x->size) != 0)
			return false;
	}
	return true;
}

/* Sets the option before or behind HOST, its value behind a blank or '='. */
static bool
lands(const struct sample *s, bool behind, const char *blank)
{
	struct conf was = run("h")->c;
	char line[LINE];
	const struct run *r;
	const char *text;

	snprintf(line, sizeof(line), behind ? "h --%s%s%s" : "--%s%s%s h",
	    s->name, s->arg == NULL ? "" : blank,
	    s->arg == NULL ? "" : s->arg);
	r = run(line);
	if (r->status != -1 || strcmp(r->c.host, "h") != 0 || r->c.nwords != 0)
		return false;
	if (!others_rest(&r->c, &was, s))
		return false;
	if (s->text == NULL)
		return member(&r->c, s->at, s->size) == s->number &&
		    member(&was, s->at, s->size) != s->number;
	memcpy(&text, (const char *)&r->c + s->at, sizeof(text));
	return text != NULL && strcmp(text, s->text) == 0;
}

/* In either case, '-' and '_' alike. */
static const struct {
	const char	*name;
	unsigned	 bit;
} quirks[] = {
	{ "BEZEQ_ISRAEL", QUIRK_BEZEQ },
	{ "bezeq-israel", QUIRK_BEZEQ },
	{ "Bezeq_Israel", QUIRK_BEZEQ },
	{ "welcome", QUIRK_WELCOME },
	{ "WELCOME", QUIRK_WELCOME },
	{ "broken-asyncread", QUIRK_ASYNCREAD },
	{ "BROKEN_ASYNCREAD", QUIRK_ASYNCREAD },
	{ "''", 0 },
	{ "BEZEQ", 0 },
	{ "BEZEQ_ISRAEL_", 0 },
	{ "quirk-welcome", 0 },
	{ "WELC\xd6ME", 0 },
	{ "welcom}", 0 },
	{ "welcomewelcomewelcomewelcomewelcome", 0 },
};

static void
test_lands(void)
{
	for (size_t i = 0; i < OPTIONS; i++) {
		const struct sample *s = sample_of(options[i].name);

		if (options[i].size == 0)	/* prints and ends: test_says */
			continue;
		if (!T(s != NULL, "--%s has a sample", options[i].name))
			continue;
		T(T_IS(lands(s, false, " ")) && T_IS(lands(s, false, "=")) &&
		    T_IS(lands(s, true, " ")) && T_IS(lands(s, true, "=")),
		    "--%s lands in struct conf, before and behind HOST, with "
		    "'=' and without, and touches nothing else", s->name);
	}
	for (size_t i = 0; i < sizeof(quirks) / sizeof(quirks[0]); i++) {
		char line[LINE];
		const struct run *r;

		snprintf(line, sizeof(line), "h --quirks %s", quirks[i].name);
		r = run(line);
		T(T_EQ(r->status, quirks[i].bit == 0 ? EXIT_USAGE : -1) &&
		    T_EQ(r->c.quirks, quirks[i].bit),
		    "--quirks %s is %#x", quirks[i].name, quirks[i].bit);
	}
	T(T_EQ(run("h --quirk-welcome --quirks BEZEQ_ISRAEL")->c.quirks,
	    (QUIRK_WELCOME | QUIRK_BEZEQ)),
	    "quirks add up");
	T(T_EQ(run("h --refuse-eap --refuse-pap")->c.refuse, (16 | 1)),
	    "refusals add up");
}

static void
test_defaults(void)
{
	struct run *r = run("vpn.example");
	struct conf *c = &r->c;

	T(T_EQ(r->status, -1) && T_EQ(r->err[0], '\0') &&
	    T_EQ(r->out[0], '\0') && T_STR(c->host, "vpn.example"),
	    "a host alone is enough");
	T(T_EQ(c->mode, RUN_TUNNEL) && T_IS(!c->nolaunch) && T_IS(!c->debug) &&
	    T_IS(!c->sync) && T_IS(!c->nobuffer) && T_IS(!c->nohostroute),
	    "no flag is set unasked");
	T(T_EQ(c->loglevel, 2) && T_EQ(c->timeout_us, 25000000) &&
	    T_EQ(c->reorder_us, 300000) && T_EQ(c->idle_us, 60000000) &&
	    T_EQ(c->echo_us, 60000000),
	    "times and log level unasked");
	T(T_EQ(c->port, 1723) && T_EQ(c->window, 0) &&
	    T_EQ(c->missing_window, 0) && T_EQ(c->rtmark, 0),
	    "numbers unasked");
	T(T_IS(c->phone == NULL) && T_IS(c->logstring == NULL) &&
	    T_IS(c->pppd_call == NULL) && T_IS(c->client_hostname == NULL) &&
	    T_IS(c->pty_need == NULL),
	    "texts unasked");
	T(T_EQ(c->data_path, DATA_AUTO) && T_EQ(c->quirks, 0) &&
	    T_EQ(c->refuse, 0) && T_EQ(c->localbind.s_addr, INADDR_ANY) &&
	    T_EQ(c->client_ip.s_addr, INADDR_ANY) &&
	    T_EQ(c->server_ip.s_addr, INADDR_ANY),
	    "the rest unasked");
}

/* --- values at their limits ----------------------------------------------- */

static const struct {
	const char	*line;
	size_t		 at, size;
	int64_t		 value;
} limits[] = {
	{ "h --connect-port 1", AT(port), 1 },
	{ "h --connect-port 65535", AT(port), 65535 },
	{ "h --connect-port 00080", AT(port), 80 },
	{ "h --window 1", AT(window), 1 },
	{ "h --rtmark 0", AT(rtmark), 0 },
	{ "h --rtmark 010", AT(rtmark), 10 },
	{ "h --rtmark 4294967295", AT(rtmark), 4294967295 },
	{ "h --rtmark 0xffffffff", AT(rtmark), 4294967295 },
	{ "h --rtmark 0XaB", AT(rtmark), 171 },
	{ "h --missing-window 1", AT(missing_window), 1 },
	{ "h --missing-window 2147483647", AT(missing_window), 2147483647 },
	{ "h --timeout 1", AT(timeout_us), 1000000 },
	{ "h --timeout 3600", AT(timeout_us), 3600000000 },
	{ "h --timeout 1.0000019", AT(timeout_us), 1000001 },
	{ "h --timeout 5.", AT(timeout_us), 5000000 },
	{ "h --timeout 0.3", AT(timeout_us), 25000000 },
	{ "h --timeout 0.3", AT(reorder_us), 300000 },
	{ "h --timeout 0.01", AT(reorder_us), 10000 },
	{ "h --timeout .999999", AT(reorder_us), 999999 },
	{ "h --reorder-timeout 0.01", AT(reorder_us), 10000 },
	{ "h --reorder-timeout 10", AT(reorder_us), 10000000 },
	{ "h --reorder-timeout 10.000000", AT(reorder_us), 10000000 },
	{ "h --idle-wait 0", AT(idle_us), 0 },
	{ "h --idle-wait 1.5", AT(idle_us), 1500000 },
	{ "h --idle-wait 2147483647", AT(idle_us), 2147483647000000 },
	{ "h --loglevel 4", AT(loglevel), 4 },
	{ "h --debug", AT(loglevel), 4 },
	{ "h --debug --loglevel 1", AT(loglevel), 1 },
	{ "h --loglevel 1 --debug", AT(loglevel), 1 },
	{ "h --loglevel 1 --loglevel 3", AT(loglevel), 3 },
	{ "h --localbind 0.0.0.0", AT(localbind), 0 },
	{ "--status", AT(mode), RUN_STATUS },
	{ "--status=json", AT(mode), RUN_STATUS_JSON },
	{ "--status=json h", AT(mode), RUN_STATUS_JSON },
	{ "h --data-path=user", AT(data_path), DATA_USER },
	{ "h --data-path auto", AT(data_path), DATA_AUTO },
	{ "h --data-path auto --nolaunchpppd", AT(data_path), DATA_USER },
	{ "h --data-path kernel", AT(data_path), DATA_KERNEL },
	{ "h --data-path kernel --nolaunchpppd", AT(data_path), DATA_KERNEL },
	{ "h --data-path kernel --nolaunchpppd --window 9", AT(data_path),
	    DATA_KERNEL },
	{ "h --sync", AT(data_path), DATA_USER },
	{ "h --nobuffer", AT(data_path), DATA_USER },
	{ "h --window 9", AT(data_path), DATA_USER },
	{ "h --rtmark 9", AT(data_path), DATA_USER },
	{ "h --timeout 0.1", AT(data_path), DATA_USER },
	{ "h --timeout 10", AT(data_path), DATA_AUTO },
	{ "h --quirk-welcome", AT(data_path), DATA_USER },
	{ "h --quirk-bezeq-israel", AT(data_path), DATA_USER },
	{ "h --quirk-broken-asyncread", AT(data_path), DATA_AUTO },
};

static void
test_limits(void)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct run *r = run(limits[i].line);

		T(T_EQ(r->status, -1) && member(&r->c, limits[i].at,
		    limits[i].size) == limits[i].value,
		    "'%s' gives %lld", limits[i].line,
		    (long long)limits[i].value);
	}
	T(T_STR(run("h --sync --nobuffer")->c.pty_need, "sync"),
	    "the first option that wants the user path is named");
}

/* --- mistakes and warnings ------------------------------------------------ */

#define X10	"xxxxxxxxxx"
#define X70	X10 X10 X10 X10 X10 X10 X10
#define NUMBER(o, lo_hi, bad)	"h --" o " " bad, \
	"--" o " takes a whole number from " lo_hi ", not '" bad "'"
#define SECONDS(o, lo_hi, bad)	"h --" o "=" bad, \
	"--" o " takes seconds from " lo_hi ", not '" bad "'"
#define MARK(bad)	NUMBER("rtmark", "0 to 4294967295", bad)
#define ADDRESS(o, bad)	"h --" o " " bad, \
	"--" o " takes an IPv4 address such as 192.0.2.1, not '" bad "'"
#define PEER(bad)	"h --pppd-call " bad, \
	"--pppd-call takes the name of a file in /etc/ppp/peers, not '" bad "'"
#define LAUNCHED(o, rest)	"h --nolaunchpppd --" o rest, \
	"--" o " is for the pppd that pptp launches, but --nolaunchpppd " \
	"launches none: give it to pppd itself"
#define KERNEL(o, rest)	"h --data-path=kernel --" o rest, \
	"--data-path=kernel is not available with --" o \
	", which the kernel does not know"

static const struct {
	const char	*line, *sentence;
} mistakes[] = {
	{ "", "no server is named: give its host name or address" },
	{ "--debug", "no server is named: give its host name or address" },
	{ "--check", "no server is named: give its host name or address" },
	{ "--", "no server is named: give its host name or address" },
	{ "''", "'' cannot be a server's name" },
	{ "-", "'-' cannot be a server's name" },
	{ "-- --debug", "'--debug' cannot be a server's name" },
	{ "--status ''", "'' cannot be a server's name" },
	{ X70 X70 X70 X10 X10 X10 X10 "abcd", "'" X70 X10
	    "' cannot be a server's name" },

#define NAME_IS(name) " is more than a server's name: write '" name "'"
#define ITS_PORT " and, for another port than 1723, --connect-port N"
#define ITS_USER "; the user's name goes behind --username"
	{ "vpn.example:1723", "'vpn.example:1723'" NAME_IS("vpn.example")
	    ITS_PORT },
	{ "192.0.2.1:", "'192.0.2.1:'" NAME_IS("192.0.2.1") ITS_PORT },
	{ "me@vpn.example", "'me@vpn.example'" NAME_IS("vpn.example")
	    ITS_USER },
	{ "pptp://vpn.example/", "'pptp://vpn.example/'"
	    NAME_IS("vpn.example") },
	{ "--check pptp://me:secret@v:99/x", "'pptp://me:secret@v:99/x'"
	    NAME_IS("v") ITS_PORT ITS_USER },

	/* Dashes of typographers, U+2013 and U+2014. */
#define DASH(word, rest) "'" word "' begins with a typographic dash, as web " \
	"pages make it: type '--" rest "'"
	{ "h \xe2\x80\x93timeout 5", DASH("\xe2\x80\x93timeout", "timeout") },
	{ "\xe2\x80\x94nobuffer h", DASH("\xe2\x80\x94nobuffer",
	    "nobuffer") },
	{ "h \xe2\x80\x93-timeout=5", DASH("\xe2\x80\x93-timeout=5",
	    "timeout=5") },
	{ "h -\xe2\x80\x93sync", DASH("-\xe2\x80\x93sync", "sync") },

	{ "h --NOBUFFER", "'--NOBUFFER' is not an option; did you mean "
	    "'--nobuffer'?" },
	{ "h --debg", "'--debg' is not an option; did you mean '--debug'?" },
	{ "h --log-level 2",
	    "'--log-level' is not an option; did you mean '--loglevel'?" },
	{ "h --refuse_mschapv2", "'--refuse_mschapv2' is not an option; did "
	    "you mean '--refuse-mschap-v2'?" },
	{ "h --nolaunchpppdd=1", "'--nolaunchpppdd=1' is not an option; did "
	    "you mean '--nolaunchpppd'?" },
	{ "h --no-host-routes", "'--no-host-routes' is not an option; did you "
	    "mean '--nohostroute'?" },
	{ "h --quirk-wellcome", "'--quirk-wellcome' is not an option; did you "
	    "mean '--quirk-welcome'?" },
	{ "-debug h", "'-debug' is not an option; did you mean '--debug'?" },
	{ "h -chap", "'-chap' is not an option; what pppd shall get with a "
	    "dash goes behind '--'" },
	{ "h -x", "'-x' is not an option; what pppd shall get with a dash "
	    "goes behind '--'" },
	{ "h -\303\251", "'-\303\251' is not an option; what pppd shall get "
	    "with a dash goes behind '--'" },
	{ "h --defaultroute", "'--defaultroute' is not an option" },
	{ "h --=3", "'--=3' is not an option" },
	{ "h --" X70, "'--" X70 "' is not an option" },

	{ "h --refuse-m", "'--refuse-m' is short for --refuse-mschap and "
	    "for --refuse-mschap-v2" },
	{ "h --no", "'--no' is short for --nohostroute and for "
	    "--nobuffer" },
	{ "h --c", "'--c' is short for --client-hostname and for "
	    "--check" },
	{ "h --debug=1", "--debug takes no value: '--debug=1'" },
	{ "h --refuse-eap=", "--refuse-eap takes no value: '--refuse-eap='" },
	{ "h --s=3", "--sync takes no value: '--s=3'" },
	{ "h --loglevel", "--loglevel needs its argument: --loglevel 0..4" },
	{ "h --r", "--rtmark needs its argument: --rtmark N" },

	{ NUMBER("loglevel", "0 to 4", "5") },
	{ NUMBER("loglevel", "0 to 4", "-1") },
	{ NUMBER("loglevel", "0 to 4", "2x") },
	{ NUMBER("loglevel", "0 to 4", "+2") },
	{ "h --loglevel=", "--loglevel takes a whole number from 0 to 4, not "
	    "''" },
	{ NUMBER("connect-port", "1 to 65535", "0") },
	{ NUMBER("connect-port", "1 to 65535", "65536") },
	{ NUMBER("connect-port", "1 to 65535", "0x10") },
	{ NUMBER("connect-port", "1 to 65535", "18446744073709553339") },
	{ NUMBER("window", "1 to 65535", "0") },
	{ NUMBER("missing-window", "1 to 2147483647", "0") },
	{ NUMBER("missing-window", "1 to 2147483647", "2147483648") },
	{ "h --test-type 1", "--test-type is gone: tc-netem(8) sends packets "
	    "in another order: tc qdisc add dev IF root netem delay 10ms "
	    "reorder 25%" },
	{ "h --test-rate=9", "--test-rate is gone: tc-netem(8) sends packets "
	    "in another order: tc qdisc add dev IF root netem delay 10ms "
	    "reorder 25%" },
	{ SECONDS("idle-wait", "0 to 2147483647", "x") },
	{ SECONDS("idle-wait", "0 to 2147483647", "2147483647.1") },
	{ SECONDS("max-echo-wait", "0 to 2147483647", "-3") },
	{ SECONDS("max-echo-wait", "0 to 2147483647", "2147483648") },
	{ SECONDS("timeout", "1 to 3600", "0") },
	{ SECONDS("timeout", "1 to 3600", "0.009") },
	{ SECONDS("timeout", "1 to 3600", "3600.1") },
	{ SECONDS("timeout", "1 to 3600", "1e2") },
	{ SECONDS("timeout", "1 to 3600", ".") },
	{ SECONDS("timeout", "1 to 3600", "1..2") },
	{ SECONDS("timeout", "1 to 3600", "nan") },
	{ SECONDS("timeout", "1 to 3600", "99999999999999999999999") },
	{ SECONDS("reorder-timeout", "0.01 to 10", "0.0099") },
	{ SECONDS("reorder-timeout", "0.01 to 10", "10.01") },
	{ MARK("-1") }, { MARK("0x") }, { MARK("0x1g") }, { MARK("1f") },
	{ MARK("4294967296") }, { MARK("0x100000000") },
	{ MARK("0x10000000000000001") },
	{ ADDRESS("localbind", "eth0") },
	{ ADDRESS("localbind", "255.255.255.255") },
	{ ADDRESS("client-ip", "0.0.0.0") },
	{ ADDRESS("client-ip", "10.1.2") },
	{ ADDRESS("server-ip", "10.1.2.3:") },
	{ ADDRESS("server-ip", "fe80::1") },
	{ PEER("/etc/passwd") }, { PEER("../x") }, { PEER("a/..") },
	{ PEER("--debug") },
	{ "h --pppd-call=", "--pppd-call takes the name of a file in "
	    "/etc/ppp/peers, not ''" },
	{ "h --data-path fast", "--data-path takes auto, kernel or user, not "
	    "'fast'" },
	{ "h --phone " X70, "--phone takes 0 to 64 octets, not '" X70 "'" },
	{ "h --client-hostname=", "--client-hostname takes 1 to 63 octets, "
	    "not ''" },
	{ "h --logstring " X70 X70, "--logstring takes 0 to 100 octets, not '"
	    X70 X10 "'" },
	{ "h --quirks BEZEK_ISRAEL", "--quirks takes bezeq-israel, not "
	    "'BEZEK_ISRAEL'" },
	{ "h --quirks bezek-israel", "--quirks takes bezeq-israel, not "
	    "'bezek-israel'" },
	{ "h --quirks CISCO", "--quirks takes a name that '--quirks help' "
	    "lists, not 'CISCO'" },
	{ "--status=xml", "--status takes nothing or =json, not 'xml'" },
	{ "--check --status h", "--check and --status cannot go together" },
	{ "--status --check h", "--check and --status cannot go together" },

	{ LAUNCHED("client-ip", " 10.0.0.1") },
	{ LAUNCHED("server-ip", " 10.0.0.1") },
	{ LAUNCHED("pppd-call", " x") },
	{ LAUNCHED("refuse-pap", "") }, { LAUNCHED("refuse-chap", "") },
	{ LAUNCHED("refuse-mschap", "") }, { LAUNCHED("refuse-mschap-v2", "") },
	{ LAUNCHED("refuse-eap", "") },
	{ KERNEL("sync", "") }, { KERNEL("nobuffer", "") },
	{ KERNEL("reorder-timeout", " 1") }, { KERNEL("window", " 9") },
	{ KERNEL("missing-window", " 9") }, { KERNEL("quirk-welcome", "") },
	{ KERNEL("quirk-bezeq-israel", "") },
	{ KERNEL("quirk-bezeq-israel", " --nolaunchpppd") },
	{ KERNEL("rtmark", " 9") }, { KERNEL("rtmark", " 9 --nolaunchpppd") },
	{ KERNEL("sync", " --nolaunchpppd") },
	{ KERNEL("nobuffer", " --window 9 --nolaunchpppd") },
	{ KERNEL("quirk-welcome", " --window 9 --nolaunchpppd") },
};

static void
test_mistakes(void)
{
	char want[LINE];

	for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		const struct run *r = run(mistakes[i].line);

		snprintf(want, sizeof(want), "pptp: %s\nusage: pptp [options] "
		    "HOST [pppd options]    (pptp --help lists all)\n",
		    mistakes[i].sentence);
		if (!T(T_EQ(r->status, EXIT_USAGE) && T_EQ(r->out[0], '\0') &&
		    T_STR(r->err, want),
		    "'%.60s': %.90s", mistakes[i].line, mistakes[i].sentence))
			printf("# status %d, said: %s", r->status, r->err);
	}
}

/* So that the caller can slow down a pppd that repeats the mistake. */
static void
test_mistake_under_pppd(void)
{
	T(T_IS(run("h --nolaunchpppd --debg")->c.nolaunch) &&
	    T_IS(run("h --debg x --nolaunchpppd")->c.nolaunch) &&
	    T_IS(run("--loglevel 9 x --nol h")->c.nolaunch) &&
	    T_IS(run("--nolaunchpppd")->c.nolaunch),
	    "a mistake tells that --nolaunchpppd is there, before or behind");
	T(!run("h --debg")->c.nolaunch && !run("")->c.nolaunch,
	    "and that it is not");
}

static const struct {
	const char	*line, *warning;
} warned[] = {
	{ "h --timeout 0.02", "pptp: --timeout 0.02 is taken as "
	    "--reorder-timeout 0.02, which pptp-linux meant by it; --timeout "
	    "is now the longest wait for the tunnel, 1 second at least\n" },
	{ "h --timeout 0.5 --check", "pptp: --timeout 0.5 is taken as "
	    "--reorder-timeout 0.5, which pptp-linux meant by it; --timeout "
	    "is now the longest wait for the tunnel, 1 second at least\n" },
	{ "h -- \xe2\x80\x93x", "" },
	{ "2001:db8::1", "" }, { "1:2::3:4", "" }, { "::1", "" },
	{ "h --nolaunchpppd nodetach", "pptp: nodetach is for pppd, which "
	    "--nolaunchpppd does not launch: ignored\n" },
	{ "h --nolaunchpppd call x", "pptp: call is for pppd, which "
	    "--nolaunchpppd does not launch: ignored\n" },
	{ "--check h noauth --nolaunchpppd --refuse-eap", "pptp: noauth is "
	    "for pppd, which --check does not launch: ignored\n"
	    "pptp: --refuse-eap is for pppd, which --check does not launch: "
	    "ignored\n" },
	{ "--status h --phone 1", "pptp: --phone is for a new tunnel, "
	    "which --status does not make: ignored\n" },
	{ "--status h x", "pptp: x is for pppd, which --status does not "
	    "launch: ignored\n" },
	{ "--status --debug --loglevel 1 --logstring x h", "" },
	{ "--status --timeout 3 h", "" },	/* of looking its name up */
	{ "--check h --debug --phone 1 --nolaunchpppd", "" },
	{ "--check h --window 4", "" },
	{ "--check h --rtmark 4", "" },		/* its sockets are marked */
	{ "--check h --sync", "" },		/* the tty's driver is tried */
	{ "--check h --window 4 --nobuffer --sync", "pptp: --nobuffer is for a "
	    "tunnel's data, which --check does not carry: ignored\n" },
	{ "--check h --data-path user", "pptp: --data-path is for a tunnel's "
	    "data, which --check does not carry: ignored\n" },
	{ "h --nolaunchpppd --loglevel 0 --logstring nm-pptp-service-1", "" },
	{ "--idle-wait 0 h --nolaunchpppd --nobuffer --sync --loglevel 0", "" },
	{ "h --timeout 0.02 --nolaunchpppd x --loglevel 0", "" },
};

static void
test_warnings(void)
{
	for (size_t i = 0; i < sizeof(warned) / sizeof(warned[0]); i++) {
		const struct run *r = run(warned[i].line);

		if (!T(T_EQ(r->status, -1) && T_EQ(r->out[0], '\0') &&
		    T_STR(r->err, warned[i].warning),
		    "'%s' goes on%s", warned[i].line, warned[i].warning[0] !=
		    '\0' ? " with its warning" : " in silence"))
			printf("# status %d, said: %s", r->status, r->err);
	}
}

/* --- words, orders, prefixes ---------------------------------------------- */

static const struct {
	const char	*line, *words;
} orders[] = {
	{ "h", "h" },
	{ "h nodetach noauth user U", "h nodetach noauth user U" },
	{ "--debug h a --nobuffer b --loglevel 3 c", "h a b c" },
	{ "h +chap a -- -chap --debug b", "h +chap a -chap --debug b" },
	{ "-- h --debug", "h --debug" },
	{ "--debug -- h", "h" },
	{ "h --", "h" },
	{ "h a -- -- b", "h a -- b" },
	{ "h - a", "h - a" },
	{ "nodetach --nohostroute h", "nodetach h" },
	{ "h 10.0.0.1:10.0.0.2 '' x", "h 10.0.0.1:10.0.0.2  x" },
	{ "--phone --debug h a", "h a" },
};

static void
test_orders(void)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		const struct run *r = run(orders[i].line);

		T(T_EQ(r->status, -1) && T_STR(join(r->c.words, r->c.nwords,
		    r->c.host), orders[i].words),
		    "'%s': %s", orders[i].line, orders[i].words);
	}
	T(T_EQ(run("h a -- --debug")->c.debug, false),
	    "behind -- an option is a word");
	setenv("POSIXLY_CORRECT", "1", 1);
	T(run("h a --debug b")->c.debug &&
	    T_EQ(run("h a --debug b")->c.nwords, 2),
	    "options after HOST count even with POSIXLY_CORRECT");
	unsetenv("POSIXLY_CORRECT");
}

static const struct {
	const char	*line;
	size_t		 at, size;
	int64_t		 value;
} prefixes[] = {
	{ "h --deb", AT(debug), 1 },
	{ "h --nol", AT(nolaunch), 1 },
	{ "h --idle=5", AT(idle_us), 5000000 },
	{ "h --idle 5", AT(idle_us), 5000000 },
	{ "h --refuse-e", AT(refuse), 16 },
	{ "h --refuse-mschap", AT(refuse), 4 },
	{ "h --refuse-mschap-", AT(refuse), 8 },
	/* pptp-linux took these; here more options begin like them */
	{ "h --s", AT(sync), 1 },
	{ "h --d", AT(debug), 1 },
	{ "h --r=7", AT(rtmark), 7 },
	{ "h --r 7", AT(rtmark), 7 },
	{ "h --quirk BEZEQ_ISRAEL", AT(quirks), QUIRK_BEZEQ },
	{ "h --q=BEZEQ_ISRAEL", AT(quirks), QUIRK_BEZEQ },
};

static void
test_prefixes(void)
{
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const struct run *r = run(prefixes[i].line);

		T(T_EQ(r->status, -1) && T_EQ(r->c.nwords, 0) &&
		    T_IS(member(&r->c, prefixes[i].at, prefixes[i].size) ==
		    prefixes[i].value),
		    "'%s' is enough", prefixes[i].line);
	}
	T(T_STR(run("h --p 123")->c.phone, "123"), "'h --p 123' is enough");
}

/* --- pppd ----------------------------------------------------------------- */

#define MTU	" mtu 1400 mru 1400"

static const struct {
	const char	*line, *args;
} launches[] = {
	{ "h", "pppd /dev/pts/9 38400" MTU },
	{ "h call x", "pppd /dev/pts/9 38400" MTU " call x" },
	{ "h --sync", "pppd /dev/pts/9 38400 sync" MTU },
	{ "h --client-ip 10.0.0.1", "pppd /dev/pts/9 38400" MTU " 10.0.0.1:" },
	{ "h --server-ip 10.0.0.2", "pppd /dev/pts/9 38400" MTU " :10.0.0.2" },
	{ "h --client-ip 10.0.0.1 --server-ip 10.0.0.2",
	    "pppd /dev/pts/9 38400" MTU " 10.0.0.1:10.0.0.2" },
	{ "h --refuse-eap --refuse-mschap-v2 --refuse-mschap --refuse-chap "
	    "--refuse-pap", "pppd /dev/pts/9 38400" MTU " refuse-pap "
	    "refuse-chap refuse-mschap refuse-mschap-v2 refuse-eap" },
	{ "h --pppd-call work", "pppd /dev/pts/9 38400" MTU " call work" },
	{ "h a --pppd-call work b --sync --refuse-eap --client-ip "
	    "255.255.255.254 --server-ip 254.255.255.255 -- -chap",
	    "pppd /dev/pts/9 38400 sync" MTU " 255.255.255.254:254.255.255.255 "
	    "refuse-eap call work a b -chap" },
};

static void
test_pppd(void)
{
	for (size_t i = 0; i < sizeof(launches) / sizeof(launches[0]); i++) {
		const struct run *r = run(launches[i].line);
		char **v = pppd_argv(&r->c, &plain);
		int n = 0;

		while (v[n] != NULL)
			n++;
		T(T_STR(join(v, n, ""), launches[i].args),
		    "'%s' launches: %s", launches[i].line, launches[i].args);
		free(v);
	}
}

/* All that can be pushed at its longest: ASan watches the block. */
static void
test_pppd_longest(void)
{
	char name[NAME_MAX + 1], tty[64];
	struct conf c = run("h --sync --refuse-pap --refuse-chap "
	    "--refuse-mschap --refuse-mschap-v2 --refuse-eap --client-ip "
	    "255.255.255.254 --server-ip 255.255.255.254")->c;
	char **v;

	memset(name, 'n', NAME_MAX);
	name[NAME_MAX] = '\0';
	memset(tty, 't', sizeof(tty) - 1);
	tty[sizeof(tty) - 1] = '\0';
	c.pppd_call = name;
	plain.tty = tty;
	v = pppd_argv(&c, &plain);
	T(T_STR(v[1], tty) && T_STR(v[15], name) && T_IS(v[16] == NULL),
	    "pppd's arguments at their longest fit");
	free(v);
}

/* --- help, version -------------------------------------------------------- */

static bool
narrow(const char *text, size_t width)
{
	for (; *text != '\0'; text += *text == '\n') {
		size_t n = strcspn(text, "\n");

		if (n > width)
			return false;
		text += n;
	}
	return true;
}

/* The word stands in text with no letter or dash behind it. */
static bool
mentions(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (; (text = strstr(text, word)) != NULL; text += n)
		if (strchr(" \n=[\"", text[n]) != NULL)
			return true;
	return false;
}

static void
test_help(void)
{
	const struct run *r = run("--help");
	size_t missing = 0;
	char word[LINE];

	T(T_EQ(r->status, EXIT_OK) && T_EQ(r->err[0], '\0') &&
	    T_EQ(strncmp(r->out, "usage: pptp ", 12), 0),
	    "--help prints to stdout and ends with 0");
	for (size_t i = 0; i < OPTIONS; i++) {
		snprintf(word, sizeof(word), "\n  --%.99s", options[i].name);
		if (!mentions(r->out, word) && ++missing)
			printf("# help lacks --%s\n", options[i].name);
		if (options[i].help[0] == '\0' && ++missing)
			printf("# --%s has no help\n", options[i].name);
	}
	T(T_EQ(missing, 0), "help has all %d options", OPTIONS);
	T(T_HAS(r->out, "\n  --status[=json]  "),
	    "an argument that may be left out is shown so");
	T(narrow(r->out, 80), "in 80 columns");
	for (int s = 0; s < EXIT_STATUSES; s++) {
		snprintf(word, sizeof(word), "\n  %2d  ", s);
		missing += strstr(r->out, word) == NULL;
	}
	T(T_EQ(missing, 0), "and all exit statuses");
}

static void
test_says(void)
{
	const struct run *r = run("--version");

	T(T_EQ(r->status, EXIT_OK) && T_EQ(r->err[0], '\0') &&
	    T_STR(r->out, "pptp version " VERSION "\n"),
	    "--version on stdout");
	T(T_EQ(run("--vers")->status, EXIT_OK) &&
	    T_EQ(run("h --version")->out[0], 'p'),
	    "--version by prefix and after HOST");
	T(T_EQ(run("-V h")->status, EXIT_OK) &&
	    T_STR(run("h -V")->out, "pptp version " VERSION "\n") &&
	    T_STR(run("h -h")->out, run("--help")->out) &&
	    T_EQ(run("-hV")->status, EXIT_USAGE) &&
	    T_STR(join(run("h -- -h")->c.words, 1, ""), "-h"),
	    "-V and -h alone are --version and --help; behind -- they are "
	    "pppd's");
	r = run("--quirks help");
	T(T_HAS(r->out, "\n  --quirk-bezeq-israel  ") &&
	    T_HAS(r->out, "\n  --quirk-broken-asyncread  ") &&
	    T_HAS(r->out, "\n  --quirk-welcome  ") &&
	    T_EQ(r->status, EXIT_OK) && T_EQ(r->err[0], '\0'),
	    "--quirks help lists all on stdout");
}

static void
test_table(void)
{
	size_t twice = 0, dull = 0;

	for (size_t i = 0; i < OPTIONS; i++) {
		for (size_t j = 0; j < i; j++)
			twice += strcmp(options[i].name, options[j].name) == 0;
		dull += options[i].set == NULL || options[i].group >= GROUPS;
	}
	T(T_EQ(twice, 0) && T_EQ(dull, 0),
	    "no option twice, each with its parts");
}

int
main(void)
{
	test_table();
	test_defaults();
	test_lands();
	test_limits();
	test_mistakes();
	test_mistake_under_pppd();
	test_warnings();
	test_orders();
	test_prefixes();
	test_pppd();
	test_pppd_longest();
	test_help();
	test_says();
	return t_done();
}
