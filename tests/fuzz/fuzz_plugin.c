/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words that pppd's plugin makes of its options for pptp's command line, and
 * the records that it takes from a kernel gateway.  The input: an octet of which
 * options there are, then their values, each ended by NUL.
 */
/* with: manager/ipc.c manager/ipc_msg.c */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#if __has_include(<pppd/pppd.h>)
/* What pppd itself has is not called, and need not be there. */
#pragma weak dbglog
#pragma weak error
#pragma weak snoop_recv_hook
#pragma weak snoop_send_hook
#pragma weak the_channel
#if __has_include(<pppd/pppdconf.h>)
# pragma weak ppp_add_notify
# pragma weak ppp_add_options
# pragma weak ppp_generic_disestablish
# pragma weak ppp_generic_establish
# pragma weak ppp_ifname
# pragma weak ppp_option_error
# pragma weak ppp_persist
# pragma weak ppp_safe_fork
# pragma weak ppp_set_devnam
# pragma weak ppp_set_pppdevnam
# pragma weak ppp_set_status
# pragma weak ppp_signaled
#else
# pragma weak add_notifier
# pragma weak add_options
# pragma weak devnam
# pragma weak generic_disestablish_ppp
# pragma weak generic_establish_ppp
# pragma weak got_sigterm
# pragma weak ifname
# pragma weak option_error
# pragma weak persist
# pragma weak phasechange
# pragma weak ppp_devnam
# pragma weak safe_fork
# pragma weak status
# pragma weak strlcpy
#endif
#include "../../tunnel/plugin.c"

/* But for this one, whose format is const or not. */
int double_slprintf(char *, int, const char *, ...) __asm__("slprintf")
    __attribute__((__format__(__printf__, 3, 4)));

int
double_slprintf(char *buf, int size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, (size_t)size, fmt, ap);
	va_end(ap);
	return n;
}

#define MUST(cond)	do { \
	if (!(cond)) \
		__builtin_trap(); \
} while (0)

enum { TEXT = 4096 };

static char text_of[TEXT], copy_of[TEXT];

/* The next value, which is the input's rest at last. */
static char *
value(char **rest, const char *end)
{
	char *this = *rest;

	if (this >= end)
		return NULL;
	*rest += strlen(this) + 1;
	return this;
}

/* Where a word may lie: in an option, or in what fill_words() keeps. */
static void
check_words(char **v)
{
	size_t n = 1;

	for (; v[n] != NULL; n++) {
		MUST(n < WORDS - 1);
		MUST(strlen(v[n]) < TEXT);
	}
	MUST(strcmp(v[1], "--data-path=kernel") == 0);
	MUST(strcmp(v[2], "--nolaunchpppd") == 0);
}

/* Quoting what next_word() found and cutting it up again changes nothing. */
static void
check_again(void)
{
	char *more = copy_of, *word, *same;

	snprintf(copy_of, sizeof(copy_of), "%s", text_of);
	while ((word = next_word(&more)) != NULL) {
		char quoted[2 * TEXT + 3], *p = quoted, *again;

		*p++ = '"';
		for (const char *w = word; *w != '\0'; w++) {
			*p++ = '\\';
			*p++ = *w;
		}
		*p++ = '"';
		*p = '\0';
		again = quoted;
		same = next_word(&again);
		MUST(same != NULL && strcmp(same, word) == 0);
		MUST(next_word(&again) == NULL);
	}
}

/* One record, and what the plugin may do with it. */
static void
check_record(const uint8_t *data, size_t size)
{
	struct ipc_msg m;
	struct ipc_fds fds;
	int pair[2], n;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1)
		return;
	(void)send(pair[1], data, size, MSG_DONTWAIT);
	n = ipc_take(pair[0], &m, &fds);
	MUST(fds.fd[IPC_FD_CHANNEL] == -1);
	if (n > 0 && m.type == IPC_DOWN)
		MUST(memchr(m.said.text, '\0', sizeof(m.said.text)) != NULL);
	close(pair[0]);
	close(pair[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char room[TEXT], *rest = room, *end;
	char *v[WORDS];

	if (size < 2 || size > TEXT - 1)
		return 0;
	check_record(data, size);
	memcpy(room, data + 1, size - 1);
	room[size - 1] = '\0';
	end = room + size - 1;
	opt_server = value(&rest, end);
	if (opt_server == NULL)
		return 0;
	opt_phone = data[0] & 1 ? value(&rest, end) : NULL;
	opt_client = data[0] & 2 ? value(&rest, end) : NULL;
	opt_window = data[0] & 4 ? value(&rest, end) : NULL;
	opt_timeout = data[0] & 8 ? value(&rest, end) : NULL;
	opt_more = data[0] & 16 ? value(&rest, end) : NULL;
	snprintf(text_of, sizeof(text_of), "%s", opt_more == NULL ? "" :
	    opt_more);
	fill_words(v);
	check_words(v);
	check_again();
	return 0;
}
#else
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)data;
	(void)size;
	return 0;
}
#endif
