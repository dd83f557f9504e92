/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The unit tests' helper: each claim is one line of TAP on stdout.
 * A test file includes the .c it tests, then this, and ends with
 * `return t_done();`.
 */
#ifndef T_H
#define T_H

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned t_count, t_failed;

/* One claim, printf-like; says where it failed. */
#define T(ok, ...)	t_claim((ok), __FILE__, __LINE__, __VA_ARGS__)

static inline bool __attribute__((__format__(__printf__, 4, 5)))
t_claim(bool ok, const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	printf("%s %u - ", ok ? "ok" : "not ok", ++t_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	if (!ok) {
		t_failed++;
		printf("# failed at %s:%d\n", file, line);
	}
	return ok;
}

/*
 * Conditions of a claim that say by themselves what differs, and where:
 *	T(T_EQ(m.window, 32) && T_STR(m.host, "lac"), "it reads a request");
 * T_EQ compares integers, T_STR strings, T_MEM n octets, T_OCTETS n with m; T_HAS
 * finds a part of a string, and T_IS is for what none of these fits.
 */
#define T_EQ(got, want)	t_eq(#got, (intmax_t)(got), (intmax_t)(want))
#define T_STR(got, want) t_str(#got, (got), (want))
#define T_HAS(got, part) t_has(#got, (got), (part))
#define T_MEM(got, want, n) t_mem(#got, (got), (n), (want), (n))
#define T_OCTETS(got, n, want, m) t_mem(#got, (got), (n), (want), (m))
#define T_IS(cond)	t_is(#cond, (cond))

static inline bool
t_is(const char *what, bool so)
{
	if (!so)
		printf("# not so: %s\n", what);
	return so;
}

static inline bool
t_eq(const char *what, intmax_t got, intmax_t want)
{
	if (got != want)
		printf("# %s: got %jd (%#jx), wanted %jd (%#jx)\n", what, got,
		    (uintmax_t)got, want, (uintmax_t)want);
	return got == want;
}

static inline bool
t_str(const char *what, const char *got, const char *want)
{
	if (got != NULL && strcmp(got, want) == 0)
		return true;
	printf("# %s: got    \"%s\"\n# %s: wanted \"%s\"\n", what,
	    got == NULL ? "(null)" : got, what, want);
	return false;
}

static inline bool
t_has(const char *what, const char *got, const char *part)
{
	if (got != NULL && strstr(got, part) != NULL)
		return true;
	printf("# %s: got \"%.300s\"\n# %s: wanted \"%s\" in it\n", what,
	    got == NULL ? "(null)" : got, what, part);
	return false;
}

/* One line of at most 24 of these octets, from the one at `from` on. */
static inline void
t_octets(const char *label, const uint8_t *p, size_t n, size_t from)
{
	printf("#   %s", label);
	for (size_t i = from; i < n && i < from + 24; i++)
		printf(" %02x", p[i]);
	puts(from >= n ? " (nothing)" : n > from + 24 ? " ..." : "");
}

/* The first octet in which these differ; the length if in none. */
static inline size_t
t_differ(const uint8_t *got, size_t n, const uint8_t *want, size_t m)
{
	size_t i = 0;

	while (i < n && i < m && got[i] == want[i])
		i++;
	return i;
}

static inline bool
t_mem(const char *what, const void *got, size_t n, const void *want, size_t m)
{
	size_t at = t_differ(got, n, want, m), from = at < 4 ? 0 : at - 4;

	if (n == m && at == n)
		return true;
	printf("# %s: differs at octet %zu; %zu octets, wanted %zu; from octet "
	    "%zu:\n", what, at, n, m, from);
	t_octets("got   ", got, n, from);
	t_octets("wanted", want, m, from);
	return false;
}

static inline int
t_done(void)
{
	printf("1..%u\n", t_count);
	return t_failed == 0 ? 0 : 1;
}

/* Reads hex digits, blanks between them ignored, into out; its length. */
static inline size_t
t_hex(uint8_t *out, size_t size, const char *hex)
{
	size_t n = 0;
	int digits = 0, v = 0;

	for (; *hex != '\0'; hex++) {
		if (isspace((unsigned char)*hex))
			continue;
		v = v << 4 | (isdigit((unsigned char)*hex) ? *hex - '0' :
		    tolower((unsigned char)*hex) - 'a' + 10);
		if (++digits % 2 != 0)
			continue;
		if (n == size)
			abort();
		out[n++] = (uint8_t)v;
		v = 0;
	}
	return n;
}

/* A small reproducible generator for random models. */
static inline uint32_t
t_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/*
 * Calls f on every truncation and every single-bit flip of p[0 .. n): f must
 * survive them all (run under ASan and UBSan).  Each copy is its own heap
 * block, so that a read past its end is seen.
 */
static inline void
t_mangle(const uint8_t *p, size_t n, void (*f)(const uint8_t *, size_t))
{
	for (size_t len = 0; len <= n; len++) {
		uint8_t *copy = malloc(len > 0 ? len : 1);

		if (copy == NULL)
			abort();
		memcpy(copy, p, len);
		f(copy, len);
		free(copy);
	}
	for (size_t bit = 0; bit < n * 8; bit++) {
		uint8_t *copy = malloc(n);

		if (copy == NULL)
			abort();
		memcpy(copy, p, n);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		f(copy, n);
		free(copy);
	}
}

#endif
