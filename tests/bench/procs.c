/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client's processes used.  A client is every descendant of this
 * process, which is a subreaper: a daemon of the client's stays one.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

enum { ALL_PROCS = 8192 };

static struct parent {
	pid_t		 pid, ppid;
} all[ALL_PROCS];

static bool
parent_of(pid_t pid, pid_t *ppid)
{
	char path[64], buf[1024], *p, state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, buf, sizeof(buf)) <= 0 ||
	    (p = strrchr(buf, ')')) == NULL ||
	    sscanf(p + 1, " %c %d", &state, ppid) != 2)
		return false;
	return state != 'Z';
}

static int
list_all(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (d != NULL && n < ALL_PROCS && (e = readdir(d)) != NULL) {
		all[n].pid = atoi(e->d_name);
		if (all[n].pid > 0 && parent_of(all[n].pid, &all[n].ppid))
			n++;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static bool
is_descendant(const struct parent *p, int n, pid_t of)
{
	pid_t up = p->ppid;

	for (int depth = 0; up > 1 && depth < 32; depth++) {
		int i = 0;

		if (up == of)
			return true;
		while (i < n && all[i].pid != up)
			i++;
		if (i == n)
			return false;
		up = all[i].ppid;
	}
	return false;
}

int
procs_list(pid_t *pids, int max)
{
	int n = list_all(), k = 0;

	for (int i = 0; i < n && k < max; i++)
		if (all[i].pid != env_holder &&
		    is_descendant(&all[i], n, getpid()))
			pids[k++] = all[i].pid;
	return k;
}

/* Exact time on a processor, over all threads. */
static void
task_sums(pid_t pid, uint64_t *cpu)
{
	char path[320], buf[256];
	struct dirent *e;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	if ((d = opendir(path)) == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid,
		    e->d_name);
		if (file_read(path, buf, sizeof(buf)) > 0)
			*cpu += strtoull(buf, NULL, 10);
	}
	closedir(d);
}

/* The kernel threads that carry octets through a pty, and softirqs. */
static double
kernel_us(void)
{
	DIR *d = opendir("/proc");
	struct dirent *e;
	char path[64], comm[64];
	uint64_t ns = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		pid_t pid = atoi(e->d_name);

		snprintf(path, sizeof(path), "/proc/%d/comm", pid);
		if (pid > 0 && file_read(path, comm, sizeof(comm)) > 0 &&
		    (strncmp(comm, "kworker/u", 9) == 0 ||
			strncmp(comm, "ksoftirqd", 9) == 0))
			task_sums(pid, &ns);
	}
	if (d != NULL)
		closedir(d);
	return (double)ns / 1e3;
}

/* The time all processors were busy or stolen, by the kernel's ticks. */
static double
busy_us(void)
{
	unsigned long long v[8] = { 0 };
	char buf[512];

	if (file_read("/proc/stat", buf, sizeof(buf)) <= 0)
		return 0;
	sscanf(buf, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1],
	    &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]);
	return (double)(v[0] + v[1] + v[2] + v[5] + v[6] + v[7]) * 1e6 /
	    (double)sysconf(_SC_CLK_TCK);
}

void
procs_snapshot(struct usage *u)
{
	pid_t pids[RUN_PROCS];
	struct timespec t;

	u->n = procs_list(pids, RUN_PROCS);
	u->kernel_us = kernel_us();
	for (int i = 0; i < u->n; i++) {
		u->proc[i] = (struct proc){ .pid = pids[i] };
		task_sums(pids[i], &u->proc[i].cpu_ns);
	}
	u->busy_us = busy_us();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	u->self_us = (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

struct spent
procs_spent(const struct usage *from, const struct usage *to)
{
	struct spent s = { 0 };

	for (int i = 0; i < to->n; i++)
		for (int j = 0; j < from->n; j++) {
			const struct proc *b = &to->proc[i];
			const struct proc *a = &from->proc[j];

			if (a->pid != b->pid)
				continue;
			s.cpu_us += (double)(b->cpu_ns - a->cpu_ns) / 1e3;
		}
	s.foreign_us = to->busy_us - from->busy_us - s.cpu_us -
	    (to->kernel_us - from->kernel_us) - (to->self_us - from->self_us);
	return s;
}

double
procs_pss_kb(void)
{
	pid_t pids[RUN_PROCS];
	char path[64], buf[4096], *p;
	double sum = 0;
	int n = procs_list(pids, RUN_PROCS);

	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pids[i]);
		if (file_read(path, buf, sizeof(buf)) > 0 &&
		    (p = strstr(buf, "\nPss:")) != NULL)
			sum += strtod(p + 5, NULL);
	}
	return sum;
}
