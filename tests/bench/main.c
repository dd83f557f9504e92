/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bench: measures ./pptp beside pptp-linux and the limit relays, and says
 * which targets are met.  README tells how.
 */
#include <sys/utsname.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"


static const char *only, *raw;
static int rounds, seconds;

static void
usage(void)
{
	fputs("usage: bench [--only AREA,..] [--rounds N] [--seconds N]\n"
	      "             [--raw FILE] CLIENT RELAY\n"
	      "areas:\n",
	    stderr);
	for (const struct area *a = areas; a->name != NULL; a++)
		fprintf(stderr, "  %-9s %s\n", a->name, a->what);
	exit(2);
}

static bool
wanted(const char *name)
{
	size_t n = strlen(name);
	const char *p = only;

	while (p != NULL && (p = strstr(p, name)) != NULL) {
		if ((p == only || p[-1] == ',') &&
		    (p[n] == ',' || p[n] == '\0'))
			return true;
		p += n;
	}
	return only == NULL;
}

/* As many rounds as asked for, and as the time allows. */
static int
run_area(const struct area *a)
{
	int n = rounds > 0 ? rounds : a->rounds;
	int64_t longest = 0;
	int rep;

	for (rep = 1; rep <= n; rep++) {
		int64_t begin = clock_ns();

		if (deadline - begin < longest)
			break;
		fprintf(stderr, "\r%s: round %d of %d ", a->name, rep, n);
		a->run(rep);
		if (clock_ns() - begin > longest)
			longest = clock_ns() - begin;
	}
	fputs("\r", stderr);
	return rep - 1;
}

static void
print_machine(void)
{
	char buf[4096], *p;
	struct utsname u;

	uname(&u);
	printf("Linux %s %s, %ld processors", u.release, u.machine,
	    sysconf(_SC_NPROCESSORS_ONLN));
	if (file_read("/proc/cpuinfo", buf, sizeof(buf)) > 0 &&
	    (p = strstr(buf, "model name")) != NULL &&
	    (p = strchr(p, ':')) != NULL)
		printf(", %.*s", (int)strcspn(p + 2, "\n"), p + 2);
	putchar('\n');
}

static void
print_notes(void)
{
	printf("%u windows, %u of them disturbed by other work on this machine"
	       " even when repeated\n",
	    windows_run, windows_noisy);
	for (enum client c = OURS; c < CLIENTS; c++)
		if (client_path[c] == NULL)
			printf("not there: %s\n", client_name[c]);
}

static void
options(int argc, char **argv)
{
	static const struct option o[] = {
		{ "only", required_argument, NULL, 'o' },
		{ "rounds", required_argument, NULL, 'n' },
		{ "seconds", required_argument, NULL, 's' },
		{ "raw", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", o, NULL)) != -1)
		if (c == 'o')
			only = optarg;
		else if (c == 'n')
			rounds = atoi(optarg);
		else if (c == 's')
			seconds = atoi(optarg);
		else if (c == 'r')
			raw = optarg;
		else
			usage();
	if (argc - optind != 2)
		usage();
}

int
main(int argc, char **argv)
{
	options(argc, argv);
	clients_find(argv[optind], argv[optind + 1]);
	traffic_init();
	traffic_size(size_octets[B64]);
	env_init();
	server_start();
	if (seconds > 0)
		deadline = clock_ns() + seconds * SECOND;
	print_machine();
	for (const struct area *a = areas; a->name != NULL; a++)
		if (wanted(a->name)) {
			int n = run_area(a);

			if (n > 0)
				printf("%s: %s; %d rounds\n", a->name, a->what,
				    n);
		}
	for (enum client c = OURS; c < CLIENTS; c++)
		if (client_path[c] != NULL)
			sample(BROKEN, c, B576, 1, (double)frames_damaged[c]);
	print_notes();
	putchar('\n');
	table_print();
	if (raw != NULL)
		table_raw(raw);
	return 0;
}
