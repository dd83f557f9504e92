/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounds-checked cursors over wire bytes, the one way to compare sequence
 * numbers, and the one to show a stranger's text (pure).  Everything is big
 * endian on the wire and host order in C.
 *
 * A cursor latches failure: decode straight down, ask .bad once at the end.
 * Reads past the end give zeroes and NULL; writes past the end are discarded.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
	const uint8_t	*p, *end;
	bool		 bad;
};

struct wr {
	uint8_t		*p, *end;
	bool		 bad;
};

/* A pointer to the next n octets, which are consumed; NULL once .bad. */
static inline const uint8_t *
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (r->bad || (size_t)(r->end - p) < n) {
		r->bad = true;
		return NULL;
	}
	r->p += n;
	return p;
}

static inline uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p == NULL ? 0 : p[0];
}

static inline uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p == NULL ? 0 : (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p == NULL ? 0 : (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

/* Room for n octets, to be filled by the caller; NULL once .bad. */
static inline uint8_t *
wr_room(struct wr *w, size_t n)
{
	uint8_t *p = w->p;

	if (w->bad || (size_t)(w->end - p) < n) {
		w->bad = true;
		return NULL;
	}
	w->p += n;
	return p;
}

static inline void
wr_u16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_room(w, 2);

	if (p != NULL) {
		p[0] = (uint8_t)(v >> 8);
		p[1] = (uint8_t)v;
	}
}

static inline void
wr_u32(struct wr *w, uint32_t v)
{
	uint8_t *p = wr_room(w, 4);

	if (p != NULL) {
		p[0] = (uint8_t)(v >> 24);
		p[1] = (uint8_t)(v >> 16);
		p[2] = (uint8_t)(v >> 8);
		p[3] = (uint8_t)v;
	}
}

/* Copies a NUL-padded field of n octets into dst[n + 1], always terminated. */
static inline void
rd_text(struct rd *r, char *dst, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	memset(dst, 0, n + 1);
	if (p != NULL)
		memcpy(dst, p, strnlen((const char *)p, n));
}

static inline void
wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_room(w, 1);

	if (p != NULL)
		p[0] = v;
}
static inline void
wr_bytes(struct wr *w, const void *src, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p != NULL && n > 0)
		memcpy(p, src, n);
}

/* A NUL-padded field of n octets; a longer text is cut. */
static inline void
wr_text(struct wr *w, const char *s, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p == NULL)
		return;
	memset(p, 0, n);
	memcpy(p, s, strnlen(s, n));
}

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

/* Signed distance from b to a on the 32-bit sequence circle. */
static inline int32_t
seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

#endif
