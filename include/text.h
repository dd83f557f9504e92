/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Untrusted text made fit for a terminal or a log (pure). */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Writes n octets of untrusted text as printable ASCII (others as \xHH) into
 * out of size octets, cut where it does not fit, always terminated.  quoted: it
 * will stand between quotation marks, so those and backslashes get a backslash.
 */
static inline void
text_escape(char *out, size_t size, const char *text, size_t n, bool quoted)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)text[i];
		bool plain = ch >= ' ' && ch <= '~';
		bool mark = quoted && (ch == '"' || ch == '\\');

		if (used + (plain ? 1 + mark : 4) >= size)
			break;
		if (!plain || mark)
			out[used++] = '\\';
		if (plain) {
			out[used++] = (char)ch;
			continue;
		}
		out[used++] = 'x';
		out[used++] = hex[ch >> 4];
		out[used++] = hex[ch & 15];
	}
	if (size > 0)
		out[used] = '\0';
}

#endif
