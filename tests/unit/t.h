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
