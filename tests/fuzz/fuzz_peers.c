/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * chap-secrets and peers files as somebody may have left them: a tunnel's name,
 * a user, a password, each up to a NUL, and the text.  What is not ours stays
 * to the octet, what is written is read back as pppd reads it, and goes again
 * without a trace.
 */
#include "../../client/peers_text.c"

#include <assert.h>
#include <stdlib.h>

enum { SIZE = 4096, BLOCK = 4096 };

struct line {
	const char	*p;
	size_t		 n;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text up to a NUL; false if there is none or it is too long. */
static bool
take(const uint8_t **p, const uint8_t *end, char *text, size_t longest)
{
	const uint8_t *nul = memchr(*p, '\0', (size_t)(end - *p));

	if (nul == NULL || (size_t)(nul - *p) > longest)
		return false;
	memcpy(text, *p, (size_t)(nul - *p) + 1);
	*p = nul + 1;
	return true;
}

static struct rd
text_of(const char *p, size_t n)
{
	return (struct rd){ .p = (const uint8_t *)p,
	    .end = (const uint8_t *)p + n };
}

static bool
marks(const struct line *l, const char *tunnel)
{
	char want[200];
	size_t n = (size_t)snprintf(want, sizeof(want),
	    "# added by pptpsetup for %s", tunnel);

	if (l->n < n || memcmp(l->p, want, n) != 0)
		return false;
	for (; n < l->n; n++)
		if (memchr(" \t\r\n", l->p[n], 4) == NULL)
			return false;
	return true;
}

/* The same by whole lines: those that shall stay. */
static size_t
others(const char *p, size_t n, const char *tunnel, struct line *kept,
    unsigned *gone)
{
	size_t many = 0;
	bool after = false;

	for (*gone = 0; n > 0;) {
		struct line l = { p, 0 };

		while (l.n < n && (l.n == 0 || p[l.n - 1] != '\n'))
			l.n++;
		p += l.n;
		n -= l.n;
		if (marks(&l, tunnel)) {
			if (many > 0 && kept[many - 1].n == 1 &&
			    kept[many - 1].p[0] == '\n')
				many--;
			++*gone;
			after = true;
			continue;
		}
		if (!after || l.p[0] == '#' ||
		    !is_secret(text_of(l.p, l.n), tunnel))
			kept[many++] = l;
		after = false;
	}
	return many;
}

/* What peers_put_others() leaves of p[0 .. n), to be freed; *len octets. */
static char *
without(const char *p, size_t n, const char *tunnel, size_t *len)
{
	static struct line kept[2 * SIZE + BLOCK];
	uint8_t *text = malloc(n + BLOCK), *at = text;
	struct wr w = { .p = text };
	unsigned gone, want;

	if (text == NULL)
		abort();
	w.end = text + n;	/* it never grows */
	gone = peers_put_others(&w, text_of(p, n), tunnel);
	assert(!w.bad);
	for (size_t i = 0, many = others(p, n, tunnel, kept, &want); i < many;
	    i++) {
		assert((size_t)(w.p - at) >= kept[i].n &&
		    memcmp(at, kept[i].p, kept[i].n) == 0);
		at += kept[i].n;
	}
	assert(gone == want && at == w.p);
	*len = (size_t)(w.p - text);
	return (char *)text;
}

static void
next_line(struct rd *r, bool want)
{
	bool is = peers_next_line(r);

	assert(is == want);
}

/* An entry is written, read as pppd does, and taken out again. */
static void
add_and_remove(const char *p, size_t n, const struct tunnel *t)
{
	size_t before, after;
	char *text = without(p, n, t->name, &before), *again;
	struct wr w = { .p = (uint8_t *)text + before,
	    .end = (uint8_t *)text + n + BLOCK };
	struct rd r = { .p = w.p };
	char word[PEERS_USER_LONGEST + 2];
	const char *want[] = { t->user, t->name, t->password, "*" };

	peers_put_secret(&w, (uint8_t *)text, t);
	assert(!w.bad);
	r.end = w.p;
	while (*r.p != '#')
		next_line(&r, true);
	next_line(&r, true);
	for (size_t i = 0; i < 4; i++) {
		bool found = peers_read_word(&r, word, sizeof(word));

		assert(found && strcmp(word, want[i]) == 0);
	}
	next_line(&r, false);
	again = without(text, (size_t)(w.p - (uint8_t *)text), t->name, &after);
	if (before > 0 && text[before - 1] != '\n') {
		before++;		/* it has got its end */
		assert(text[before - 1] == '\n');
	}
	assert(after == before && memcmp(again, text, after) == 0);
	free(again);
	free(text);
}

static void
write_and_find(const struct tunnel *t)
{
	char text[8192], server[PEERS_USER_LONGEST + 1],
	    user[PEERS_USER_LONGEST + 1];
	struct wr w = { .p = (uint8_t *)text,
	    .end = (uint8_t *)text + sizeof(text) };
	size_t n;

	if (!peers_put_file(&w, t, t->user))
		return;
	n = (size_t)(w.p - (uint8_t *)text);
	assert(peers_is_ours(text_of(text, n)));
	peers_find(text_of(text, n), server, user);
	assert(strcmp(user, t->user) == 0);
	assert(strstr(t->user, " --nolaunchpppd") != NULL ||
	    strcmp(server, t->server) == 0);
}

static void
write_routes(const struct tunnel *t, char *net)
{
	char text[1024];
	struct wr w = { .p = (uint8_t *)text,
	    .end = (uint8_t *)text + sizeof(text) };
	struct tunnel routed = *t;

	routed.routes.v[0] = net;
	routed.routes.n = 1;
	peers_put_routes(&w, &routed, true);
	assert(!w.bad && peers_is_ours(text_of(text, (size_t)(w.p -
	    (uint8_t *)text))) && w.p[-1] == '\n');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[PEERS_NAME_LONGEST + 1], user[PEERS_USER_LONGEST + 1],
	    password[257], server[PEERS_USER_LONGEST + 1], found[sizeof(user)];
	struct tunnel t = { .name = name, .server = "vpn.example",
	    .user = user, .password = password, .mtu = 1400,
	    .lines = { .v = { "persist\n" } } };
	const uint8_t *end = data + size;
	const char *text;
	size_t n;

	if (size > SIZE || !take(&data, end, name, sizeof(name) - 1) ||
	    !take(&data, end, user, sizeof(user) - 1) ||
	    !take(&data, end, password, sizeof(password) - 1))
		return 0;
	if (!peers_is_name(name))
		return 0;
	if (user[strspn(user, "0123456789./")] == '\0')
		write_routes(&t, user);
	text = (const char *)data;
	n = (size_t)(end - data);
	t.password_len = strlen(password);
	t.lines.n = n % 2;
	add_and_remove(text, n, &t);
	write_and_find(&t);
	(void)peers_is_ours(text_of(text, n));
	peers_find(text_of(text, n), server, found);
	return 0;
}
