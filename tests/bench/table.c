/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Samples and targets: one table says what each figure is and what it has to
 * reach, another prints them side by side.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum { SAMPLES = 65536, ROUNDS = 16 };

static struct one {
	enum metric	 m;
	enum client	 c;
	enum size	 z;
	int		 rep;
	double		 v;
} samples[SAMPLES];
static int nsamples;

#define ALL(v)	{ v, v, v }

/*
 * What each quantity is, and what a user could notice of it: vs_ref, times
 * better than pptp-linux, at least; vs_limit, over that of the better relay, at
 * most.  0 is no target.
 */
static const struct row {
	enum metric	 m;
	const char	*name;
	bool		 sized;		/* one line for each size */
	int		 digits;
	double		 vs_ref[SIZES], vs_limit[SIZES];
} rows[] = {
	{ CPU_IN, "CPU us/packet in", 1, 2, { 1.4, 2.4, 3.2 },
	    { 1.5, 1.4, 1.5 } },
	{ CPU_OUT, "CPU us/packet out", 1, 2, { 1.1, 1.2, 1.2 }, ALL(1.3) },
	{ USABLE, "exec to usable ms", 0, 1, ALL(0), ALL(3) },
	{ PSS_FIRST, "first tunnel PSS KB", 0, 0, ALL(1), ALL(0) },
	{ PSS_MORE, "each further PSS KB", 0, 0, ALL(1), ALL(0) },
	{ BROKEN, "frames damaged or doubled", 0, 0, ALL(0), ALL(0) },
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
_Static_assert((int)ROWS == (int)METRICS, "each metric has its row");

enum verdict { NOTHING, MET, UNCLEAR, MISSED };
static const char *const verdict_text[] = { "", "met", "unclear", "MISSED" };
static int verdicts[4];

void
sample(enum metric m, enum client c, enum size z, int rep, double v)
{
	if (nsamples < SAMPLES)
		samples[nsamples++] = (struct one){ m, c, z, rep, v };
}

static bool
find(enum metric m, enum client c, enum size z, int rep, double *v)
{
	for (int i = 0; i < nsamples; i++) {
		const struct one *s = &samples[i];

		if (s->m == m && s->c == c && s->z == z && s->rep == rep) {
			*v = s->v;
			return true;
		}
	}
	return false;
}

/* The values that are judged together, one a round. */
struct values {
	int		 n;
	double		 v[ROUNDS];
};

static int
compare_double(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
quantile(struct values *s, double p)
{
	int i;

	qsort(s->v, (size_t)s->n, sizeof(s->v[0]), compare_double);
	i = (int)(p * (s->n - 1) + 0.5);
	if (p == 0.5 && s->n % 2 == 0)
		return (s->v[s->n / 2 - 1] + s->v[s->n / 2]) / 2;
	return s->v[i];
}

static void
add(struct values *s, double v)
{
	if (s->n < ROUNDS)
		s->v[s->n++] = v;
}

static struct values
values_of(enum metric m, enum client c, enum size z)
{
	struct values s = { 0 };
	double v;

	for (int rep = 1; rep <= ROUNDS; rep++)
		if (find(m, c, z, rep, &v))
			add(&s, v);
	return s;
}

/* Times better than the reference in the same round. */
static struct values
against_reference(const struct row *r, enum size z)
{
	struct values s = { 0 };
	double a, b;

	for (int rep = 1; rep <= ROUNDS; rep++)
		if (find(r->m, OURS, z, rep, &a) &&
		    find(r->m, REFERENCE, z, rep, &b) && a > 0 && b > 0)
			add(&s, b / a);
	return s;
}

/* Over the better of the relays in the same round. */
static struct values
against_limit(const struct row *r, enum size z)
{
	struct values s = { 0 };
	double a, b, best;

	for (int rep = 1; rep <= ROUNDS; rep++) {
		best = 0;
		for (enum client c = BATCH; c <= MT; c++)
			if (find(r->m, c, z, rep, &b) &&
			    (best == 0 || b < best))
				best = b;
		if (best > 0 && find(r->m, OURS, z, rep, &a))
			add(&s, a / best);
	}
	return s;
}

/* Met by the median; unclear if only the better quartile meets it. */
static enum verdict
judge(struct values *s, double want, bool at_least)
{
	double median, quartile;

	if (s->n == 0)
		return NOTHING;
	median = quantile(s, 0.5);
	quartile = quantile(s, at_least ? 0.75 : 0.25);
	if (at_least ? median >= want : median <= want)
		return MET;
	if (at_least ? quartile >= want : quartile <= want)
		return UNCLEAR;
	return MISSED;
}

static void
print_target(struct values *s, double want, bool at_least, enum verdict *worst)
{
	char buf[32] = "";
	enum verdict v;

	if (s->n > 0 && want != 0)
		snprintf(buf, sizeof(buf), "%.2f (%s%.2f)", quantile(s, 0.5),
		    at_least ? ">=" : "<=", want);
	else if (s->n > 0)
		snprintf(buf, sizeof(buf), "%.2f", quantile(s, 0.5));
	printf(" %-15s", buf);
	if (want == 0)
		return;
	v = judge(s, want, at_least);
	if (v > *worst)
		*worst = v;
}

static void
print_line(const struct row *r, enum size z)
{
	enum verdict worst = NOTHING;
	struct values s;
	bool any = false;

	for (enum client c = OURS; c < CLIENTS; c++)
		any |= values_of(r->m, c, z).n > 0;
	if (!any)
		return;
	printf("%-31s ", r->name);
	if (r->sized)
		printf("%4d", size_octets[z]);
	else
		printf("%4s", "");
	for (enum client c = OURS; c < CLIENTS; c++) {
		s = values_of(r->m, c, z);
		if (s.n > 0)
			printf(" %10.*f", r->digits, quantile(&s, 0.5));
		else
			printf(" %10s", "-");
	}
	s = against_reference(r, z);
	print_target(&s, r->vs_ref[z], true, &worst);
	s = against_limit(r, z);
	print_target(&s, r->vs_limit[z], false, &worst);
	if (r->m == BROKEN) {
		s = values_of(r->m, OURS, z);
		worst = judge(&s, 0, false);
	}
	printf(" %s\n", verdict_text[worst]);
	verdicts[worst]++;
}

static void
print_caption(void)
{
	printf("%-31s %4s", "median of the rounds", "");
	for (enum client c = OURS; c < CLIENTS; c++)
		printf(" %10s", client_name[c]);
	printf(" %-15s %-15s %s\n", "times better", "own/limit", "target");
}

void
table_print(void)
{
	print_caption();
	for (int i = 0; i < ROWS; i++) {
		if (rows[i].sized)
			for (enum size z = B64; z < SIZES; z++)
				print_line(&rows[i], z);
		else
			print_line(&rows[i], B576);
	}
	printf("\ntargets: %d met, %d missed, %d unclear (the better quartile "
	       "meets it, the median does not)\n",
	    verdicts[MET], verdicts[MISSED], verdicts[UNCLEAR]);
}

void
table_raw(const char *path)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		die("%s", path);
	fputs("metric\toctets\tclient\tround\tvalue\n", f);
	for (int i = 0; i < nsamples; i++) {
		const struct one *s = &samples[i];
		int r = 0;

		while (rows[r].m != s->m)
			r++;
		fprintf(f, "%s\t%d\t%s\t%d\t%.6g\n", rows[r].name,
		    rows[r].sized ? size_octets[s->z] : 0, client_name[s->c],
		    s->rep, s->v);
	}
	if (fclose(f) != 0)
		die("%s", path);
}
