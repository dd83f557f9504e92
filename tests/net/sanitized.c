/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked with the program where it is built with sanitizers: what they find in
 * any process is added to the file REPORT, which has to be there.  A page shared
 * since the start takes no system call, so that the sandbox stays as it is: a
 * sanitizer needs none to see, and its words on stderr need a write.
 */
#include <sys/mman.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sanitizer/asan_interface.h>

#ifndef REPORT
# define REPORT	"/dev/null"
#endif

enum { SIZE = 1 << 16 };

static char *report;

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);
void __ubsan_on_report(void);
void __ubsan_get_current_report_data(const char **kind, const char **message,
    const char **file, unsigned *line, unsigned *column, char **address);

/*
 * Who reads names runs another program, who seeks leaks traces this one, and who
 * unwinds by tables takes locks: all are calls that no filter here lets through.
 */
const char *
__asan_default_options(void)
{
	return "symbolize=0:detect_leaks=0:fast_unwind_on_fatal=1:exitcode=97:"
	    "use_sigaltstack=0:detect_stack_use_after_return=1:"
	    "verify_asan_link_order=0";
}

const char *
__ubsan_default_options(void)
{
	return "symbolize=0:exitcode=97";
}

/* It asks before each end of a process; there is none, without asking. */
int
sigaltstack(const stack_t *new, stack_t *old)
{
	(void)new;
	if (old != NULL)
		*old = (stack_t){ .ss_flags = SS_DISABLE };
	return 0;
}

/* The first report stays whole: what follows has the room left. */
static void
add(const char *text)
{
	size_t n, len = strlen(text);

	if (report == NULL)
		return;
	n = strnlen(report, SIZE - 1);
	if (len > SIZE - 1 - n)
		len = SIZE - 1 - n;
	memcpy(report + n, text, len);
}

void
__ubsan_on_report(void)
{
	const char *kind, *message, *file;
	unsigned line, column;
	char *address, text[512];

	__ubsan_get_current_report_data(&kind, &message, &file, &line, &column,
	    &address);
	snprintf(text, sizeof(text), "%s: %s: %s:%u\n", kind, message, file,
	    line);
	add(text);
}

static void __attribute__((__constructor__))
begin(void)
{
	int fd = open(REPORT, O_RDWR | O_CLOEXEC);
	void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	/* Where files may only be read, a status has to do. */
	if (p != MAP_FAILED)
		report = p;
	if (fd != -1)
		close(fd);
	__asan_set_error_report_callback(add);
}
