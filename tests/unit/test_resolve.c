/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names: what the resolver's process may say, and what of it is believed.
 * The resolver itself is asked for names that only this file knows.
 */
/* with: util.c sys/sandbox.c sys/seccomp.c */
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <unistd.h>

#define getaddrinfo	fake_getaddrinfo
#define freeaddrinfo	fake_freeaddrinfo
#define fork()		(no_fork ? (errno = EAGAIN, -1) : fork())
#define pipe2(fds, how)	(no_pipe ? (errno = EMFILE, -1) : pipe2(fds, how))
static int no_fork, no_pipe;
static int fake_getaddrinfo(const char *, const char *,
    const struct addrinfo *, struct addrinfo **);
#include "../../client/resolve.c"

#include "t.h"

/* ---- doubles ---- */

/* A name is what to answer: addresses by comma; six: only IPv6 has it. */
static int
fake_getaddrinfo(const char *name, const char *service,
    const struct addrinfo *hints, struct addrinfo **list)
{
	static struct sockaddr_in sin[64];
	static struct addrinfo ai[64];
	char words[1024], *save = NULL;
	size_t n = 0;

	(void)service;
	if (hints->ai_family == AF_INET6) {
		*list = &ai[0];
		return strcmp(name, "six") == 0 ? 0 : EAI_NONAME;
	}
	snprintf(words, sizeof(words), "%s", name);
	for (char *w = strtok_r(words, ",", &save); w != NULL && n < 64;
	    w = strtok_r(NULL, ",", &save)) {
		if (inet_pton(AF_INET, w, &sin[n].sin_addr) != 1)
			return EAI_NONAME;
		ai[n].ai_addr = (struct sockaddr *)(void *)&sin[n];
		if (n > 0)
			ai[n - 1].ai_next = &ai[n];
		n++;
	}
	*list = &ai[0];
	return 0;
}

/* ---- the resolver's process, asked ---- */

static const struct {
	const char	*claim, *host;
	size_t		 n;
	const char	*first, *why;
} names[] = {
	{ "a number is nobody's business", "192.0.2.1", 1, "192.0.2.1", "" },
	{ "two addresses", "192.0.2.1,192.0.2.2", 2, "192.0.2.1", "" },
	{ "an address whose first octet is an exclamation mark",
	  "33.1.2.3,33.1.2.4", 2, "33.1.2.3", "" },
	{ "more addresses than are tried",
	  "1.0.0.1,1.0.0.2,1.0.0.3,1.0.0.4,1.0.0.5,1.0.0.6,1.0.0.7,1.0.0.8,"
	  "1.0.0.9,1.0.0.10,1.0.0.11,1.0.0.12,1.0.0.13,1.0.0.14,1.0.0.15,"
	  "1.0.0.16,1.0.0.17", RESOLVE_ADDRESSES, "1.0.0.1", "" },
	{ "IPv6 alone", "six", 0, NULL,
	  "six has only IPv6 addresses; PPTP needs IPv4" },
	{ "no address at all", "none", 0, NULL, "cannot resolve none: " },
	{ "an IPv6 number", "2001:db8::1", 0, NULL,
	  "2001:db8::1 is an IPv6 address; PPTP needs IPv4" }
};

static void
test_names(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct resolve r = { .host = names[i].host, .hangup_fd = -1,
		    .deadline_us = clock_us() + 20000000 };
		struct in_addr first = { 0 };
		size_t n = resolve_host(&r);

		if (names[i].first != NULL)
			inet_pton(AF_INET, names[i].first, &first);
		T(T_EQ(n, names[i].n) && T_EQ(r.status, EXIT_RESOLVE) &&
		    T_IS((n == 0 || r.addr[0].s_addr == first.s_addr)) &&
		    T_EQ(strncmp(r.why, names[i].why, strlen(names[i].why)), 0),
		    "%s: %zu%s%s", names[i].claim, names[i].n, names[i].n == 0 ?
		    ", " : "", names[i].why);
	}
}

static void
test_gone(void)
{
	struct resolve r = { .host = "192.0.2.1,192.0.2.2",
	    .deadline_us = clock_us() + 20000000 };
	int fds[2];

	if (pipe(fds) == -1)
		abort();
	close(fds[1]);
	r.hangup_fd = fds[0];
	T(T_EQ(resolve_host(&r), 0) && T_EQ(r.status, EXIT_LOST) &&
	    T_STR(r.why, "pppd has gone before 192.0.2.1,192.0.2.2 was "
	    "resolved"), "pppd goes meanwhile: no name server is to blame");
	close(fds[0]);
}

static void
test_no_resolver(void)
{
	struct resolve r = { .host = "192.0.2.1,192.0.2.2", .hangup_fd = -1,
	    .deadline_us = clock_us() + 20000000 };

	no_pipe = 1;
	T(T_EQ(resolve_host(&r), 0) && T_EQ(r.status, EXIT_SYSTEM) &&
	    T_STR(r.why, "cannot start the resolver: Too many open files"),
	    "no pipe: the system is to blame, not the name");
	no_pipe = 0;
	no_fork = 1;
	T(T_EQ(resolve_host(&r), 0) && T_EQ(r.status, EXIT_SYSTEM) &&
	    T_STR(r.why, "cannot start the resolver: Resource temporarily "
	    "unavailable"), "nor a process");
	no_fork = 0;
}

/* ---- a resolver that was taken over ---- */

static void
test_said(void)
{
	struct resolve said = { .host = "h" };
	static const struct {
		const char	*claim;
		size_t		 len;
		char		 first;
		size_t		 n;
	} rows[] = {
		{ "one address", 5, RESOLVED, 1 },
		{ "as many as there is room for", 1 + 4 * RESOLVE_ADDRESSES, RESOLVED,
		  RESOLVE_ADDRESSES },
		{ "one more is not believed", 1 + 4 * RESOLVE_ADDRESSES + 4, RESOLVED,
		  0 },
		{ "nor are all that could be read", 461, RESOLVED, 0 },
		{ "nor is part of an address", 7, RESOLVED, 0 },
		{ "nor is no address", 1, RESOLVED, 0 },
		{ "nor is another word", 5, 'x', 0 },
		{ "a sentence is no address", 5, UNRESOLVED, 0 },
		{ "nor is silence", 0, 0, 0 }
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct resolve *r = calloc(1, sizeof(*r));
		char *answer = malloc(rows[i].len + 1);

		if (r == NULL || answer == NULL)
			abort();
		r->host = "h";
		memset(answer, 'x', rows[i].len + 1);
		answer[0] = rows[i].first;
		T(T_EQ(take_answer(r, answer, rows[i].len), rows[i].n) &&
		    T_EQ((rows[i].n == 0), (r->why[0] != '\0')),
		    "the resolver says: %s", rows[i].claim);
		free(answer);
		free(r);
	}
	T(T_EQ(take_answer(&said, "!a\x1b[0m\n", 7), 0) &&
	    T_STR(said.why, "a\\x1b[0m\\x0a"), "its sentence is printable");
}

int
main(void)
{
	test_names();
	test_gone();
	test_no_resolver();
	test_said();
	return t_done();
}
