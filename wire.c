/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What wire.h promises (pure). */
#include <string.h>

#include "wire.h"

/* Inlined where speed counts, else called: here they are. */
extern inline const uint8_t *rd_bytes(struct rd *, size_t);
extern inline uint8_t rd_u8(struct rd *);
extern inline uint16_t rd_u16(struct rd *);
extern inline uint32_t rd_u32(struct rd *);
extern inline uint8_t *wr_room(struct wr *, size_t);
extern inline void wr_u16(struct wr *, uint16_t);
extern inline void wr_u32(struct wr *, uint32_t);

void
rd_text(struct rd *r, char *dst, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	memset(dst, 0, n + 1);
	if (p != NULL)
		memcpy(dst, p, strnlen((const char *)p, n));
}

void
wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_room(w, 1);

	if (p != NULL)
		p[0] = v;
}

void
wr_bytes(struct wr *w, const void *src, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL && n > 0)
		memcpy(p, src, n);
}

void
wr_text(struct wr *w, const char *s, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p == NULL)
		return;
	memset(p, 0, n);
	memcpy(p, s, strnlen(s, n));
}

void
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
