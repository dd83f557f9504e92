/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Untrusted text made fit for a terminal or a log (pure). */
#ifndef TEXT_H
#define TEXT_H

#include <stddef.h>
#include <stdint.h>

/*
 * Writes n octets of untrusted text as printable ASCII (others as \xHH) into
 * out of size octets, cut where it does not fit, always terminated.
 */
static inline void
text_escape(char *out, size_t size, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char ch = (unsigned char)text[i];
		size_t need = ch >= ' ' && ch <= '~' ? 1 : 4;

		if (used + need >= size)
			break;
		if (need == 1) {
			out[used++] = (char)ch;
			continue;
		}
		out[used++] = '\\';
		out[used++] = 'x';
		out[used++] = hex[ch >> 4];
		out[used++] = hex[ch & 15];
	}
	if (size > 0)
		out[used] = '\0';
}

#endif
