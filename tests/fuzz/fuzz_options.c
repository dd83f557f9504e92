/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The command line from arbitrary words (separated by NUL): whatever they
 * are, the result keeps what options.h promises, and a second reading of the
 * same words gives the same.
 */
/* with: client/pppd_argv.c util.c */
#include "../../client/options.c"

#include <assert.h>

#include "pppd_argv.h"

static const struct pppd_extra plain = { .tty = "/dev/pts/0", .mtu = 1400,
    .user = "", .password_fd = -1 };

enum { WORDS = 64, SIZE = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
split(char *text, size_t size, char **argv)
{
	int argc = 0;

	argv[argc++] = (char[]){ "pptp" };
	for (size_t i = 0; i < size && argc < WORDS; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	argv[argc] = NULL;
	return argc;
}

static int
parse_quietly(struct conf *c, int argc, char **argv)
{
	static FILE *null;
	FILE *out = stdout, *err = stderr;
	int status;

	if (null == NULL && (null = fopen("/dev/null", "w")) == NULL)
		abort();
	stdout = stderr = null;
	status = options_parse(c, argc, argv);
	stdout = out;
	stderr = err;
	return status;
}

/* One of the words as they were given? */
static bool
given(char *const *argv, int argc, const char *word)
{
	for (int i = 1; i < argc; i++)
		if (argv[i] == word)
			return true;
	return false;
}

static bool
text_ok(const char *text, size_t longest)
{
	return text == NULL || strlen(text) <= longest;
}

static void
check_conf(const struct conf *c, char *const *argv, int argc)
{
	bool tunnel = c->mode == RUN_TUNNEL;

	assert(c->host != NULL || c->mode == RUN_STATUS ||
	    c->mode == RUN_STATUS_JSON);
	assert(c->host == NULL || (given(argv, argc, c->host) &&
	    c->host[0] != '\0' && c->host[0] != '-' &&
	    strlen(c->host) <= HOST_LONGEST));
	assert(c->loglevel >= 0 && c->loglevel <= 4);
	assert(c->timeout_us >= US && c->timeout_us <= (int64_t)3600 * US);
	assert(c->reorder_us >= REORDER_MIN && c->reorder_us <= REORDER_MAX);
	assert(c->idle_us >= 0 && c->echo_us >= 0);
	assert(c->port > 0);
	assert(c->missing_window <= INT32_MAX);
	assert(c->refuse < 32);
	assert(text_ok(c->phone, PPTP_TEXT) && text_ok(c->logstring, 100) &&
	    text_ok(c->client_hostname, PPTP_TEXT - 1));
	assert(!tunnel || !c->nolaunch || (c->pppd_call == NULL &&
	    c->refuse == 0 && c->client_ip.s_addr == INADDR_ANY &&
	    c->server_ip.s_addr == INADDR_ANY));
	assert((c->pty_need == NULL && !c->nolaunch) ||
	    c->data_path == DATA_USER ||
	    (c->nolaunch && c->data_path == DATA_KERNEL));
	assert(c->data_path != DATA_KERNEL || c->pty_need == NULL);
	for (int i = 0; i < c->nwords; i++)
		assert(given(argv, argc, c->words[i]));
}

static void
check_launch_of(const struct conf *c)
{
	char **v = pppd_argv(c, &plain);
	int n = 0;

	while (v[n] != NULL)
		n++;
	assert(n >= 3 + c->nwords && strcmp(v[0], "pppd") == 0);
	for (int i = 0; i < c->nwords; i++)
		assert(v[n - c->nwords + i] == c->words[i]);
	free(v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[SIZE + 1], *argv[WORDS + 1], *again[WORDS + 1];
	struct conf a, b;
	int argc, status;

	if (size > SIZE)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	argc = split(text, size, argv);
	split(text, size, again);
	status = parse_quietly(&a, argc, argv);
	assert(status == -1 || status == EXIT_OK || status == EXIT_USAGE);
	assert(parse_quietly(&b, argc, again) == status);
	assert(a.host == b.host && a.nwords == b.nwords &&
	    a.refuse == b.refuse && a.timeout_us == b.timeout_us);
	if (status != -1)
		return 0;
	split(text, size, again);
	check_conf(&a, again, argc);
	check_launch_of(&a);
	return 0;
}
