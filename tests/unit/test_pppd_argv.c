/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What pppd is given when the kernel carries the data. */
/* with: client/options.c util.c */
#include "../../client/pppd_argv.c"

#include "options.h"
#include "pptp_proto.h"
#include "t.h"

static const struct pppd_extra plain = { .plugin = "/x/pptp.so", .line = 7,
    .mtu = 1400, .user = "", .password_fd = -1 };

static char *line_words[] = { "pptp", "vpn.example", "--phone", "5 5",
    "--client-hostname", "a\\b", "--connect-port", "99", "--localbind",
    "192.0.2.1", "--nohostroute", "--timeout", "2.5", "--idle-wait", "3",
    "--max-echo-wait", "0.5", "--quirk-broken-asyncread", "--loglevel",
    "3", "--logstring", "it's \"mine\"", "--client-ip", "10.0.0.1",
    "user", "alice" };

/* The value behind a word of the vector; NULL. */
static const char *
behind(char *const *v, const char *word)
{
	for (; v[0] != NULL && v[1] != NULL; v++)
		if (strcmp(v[0], word) == 0)
			return v[1];
	return NULL;
}

static bool
same(const char *a, const char *b)
{
	return a != NULL && strcmp(a, b) == 0;
}

int
main(void)
{
	char *argv[sizeof(line_words) / sizeof(line_words[0]) + 1] = { NULL };
	char longest[PPTP_TEXT + 1], tag[101];
	struct pppd_extra once;
	struct conf c;
	char **v;

	memcpy(argv, line_words, sizeof(line_words));
	T(T_EQ(options_parse(&c, sizeof(line_words) / sizeof(line_words[0]),
	    argv), -1),
	    "the command line is a good one");
	v = pppd_argv(&c, &plain);
	T(T_IS(same(v[0], "pppd")) && T_IS(same(v[1], "plugin")) &&
	    T_IS(same(v[11], "mtu")) && T_IS(same(v[15], "10.0.0.1:")) &&
	    T_IS(same(v[16], "user")) && T_IS(same(v[17], "alice")) &&
	    T_IS(v[18] == NULL),
	    "no tty and no speed: the plugin, what the options ask, then the "
	    "words");
	T(T_IS(same(behind(v, "plugin"), "/x/pptp.so")) &&
	    T_IS(same(behind(v, "pptp_server"), "vpn.example")) &&
	    T_IS(same(behind(v, "pptp_socket"), "7")) &&
	    T_IS(behind(v, "pptp_program") != NULL),
	    "plugin, server, socket and program are named");
	T(same(behind(v, "pptp_options"), "--connect-port 99 --timeout "
	    "2.500000 --idle-wait 3.000000 --max-echo-wait 0.500000 "
	    "--loglevel 3 --localbind 192.0.2.1 --nohostroute --quirk-broken-asyncread --phone 5\\ 5 "
	    "--client-hostname a\\\\b --logstring it\\'s\\ \\\"mine\\\""), "every other option is repeated, and quoted");

	free(v);
	memset(longest, ' ', PPTP_TEXT);
	memset(tag, '\'', 100);
	longest[PPTP_TEXT] = tag[100] = '\0';
	c.phone = "";
	v = pppd_argv(&c, &plain);
	T(T_IS(behind(v, "pptp_options") != NULL) &&
	    T_HAS(behind(v, "pptp_options"), " --phone '' --client-"),
	    "an empty word stays a word");
	free(v);
	c.phone = longest;
	c.client_hostname = longest;
	c.logstring = tag;
	v = pppd_argv(&c, &plain);
	T(T_IS(behind(v, "pptp_options") != NULL) &&
	    T_IS(strlen(behind(v, "pptp_options")) < 1023),
	    "the longest options fit into a word of pppd's");
	free(v);
	once = plain;
	once.plugin = NULL;
	once.tty = "/dev/pts/9";
	once.nopersist = true;
	v = pppd_argv(&c, &once);
	T(T_IS(same(behind(v, "alice"), "nopersist")),
	    "one call only: nopersist, behind the words");
	free(v);
	return t_done();
}
