/* SPDX-License-Identifier: GPL-2.0-or-later */
enum opt_type {
	o_special_noarg = 0, o_special = 1, o_bool, o_int, o_uint32, o_string,
	o_wild
};

struct option {
	char *name;
	enum opt_type type;
	void *addr;
	char *description;
	unsigned int flags;
	void *addr2;
	int upper_limit, lower_limit;
	const char *source;
	short int priority, winner;
};
typedef struct option option_t;

#define OPT_PRIV	0x1000
#define OPT_INITONLY	0x4000000
#define OPT_DEVEQUIV	0x8000000
#define OPT_DEVNAM	(OPT_INITONLY | OPT_DEVEQUIV)
#define OPT_A2STRVAL	0x20000000
#define OPT_NOPRINT	0x40000000

void ppp_add_options(struct option *options);
void ppp_option_error(char *fmt, ...);
