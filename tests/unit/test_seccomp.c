/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The filters, run on paper: each program is interpreted for every number
 * and for arguments around every test, and compared with what the table says.
 * What the kernel makes of them is test_sandbox's business.
 */
#include "../../sys/seccomp.c"

#include "t.h"

/* The log stays outside: what it needs is tested elsewhere. */
static char noticed[200];

void
log_line(enum log_level kind, const char *fmt, ...)
{
	va_list ap;

	(void)kind;
	va_start(ap, fmt);
	vsnprintf(noticed, sizeof(noticed), fmt, ap);
	va_end(ap);
}

#ifdef ARCH

static const char *const role_names[] = { "gateway", "manager", "monitor" };

static uint32_t
word_at(const struct seccomp_data *d, uint32_t offset)
{
	uint32_t v;

	memcpy(&v, (const char *)d + offset, sizeof(v));
	return v;
}

/* The instructions emit_*() uses; anything else, or no verdict, aborts. */
static uint32_t
interpret(const struct program *p, const struct seccomp_data *d)
{
	uint32_t a = 0;

	for (unsigned pc = 0; pc < p->n; pc++) {
		const struct sock_filter *f = &p->code[pc];

		switch (f->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			a = word_at(d, f->k);
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= f->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == f->k ? f->jt : f->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= f->k ? f->jt : f->jf;
			break;
		case BPF_RET | BPF_K:
			return f->k;
		default:
			abort();
		}
	}
	abort();
}

static bool
test_holds(const struct test *t, const struct seccomp_data *d)
{
	uint32_t arg = (uint32_t)d->args[t->arg];

	return t->mask == 0 || (arg & t->mask) == t->value;
}

/* What the table says of a call, without any program. */
static uint32_t
by_table(unsigned role, const struct seccomp_data *d)
{
	for (size_t i = 0; i < NELEM(rules); i++)
		if (rules[i].nr == (uint32_t)d->nr &&
		    (rules[i].roles & 1u << role) != 0 &&
		    test_holds(&rules[i].test[0], d) &&
		    test_holds(&rules[i].test[1], d))
			return SECCOMP_RET_ALLOW;
	for (size_t i = 0; i < NELEM(deadly); i++)
		if (deadly[i] == (uint32_t)d->nr)
			return SECCOMP_RET_KILL_PROCESS;
	return DENY;
}

/* Arguments: small numbers, and every value of the tables, and near it. */
static uint64_t
some_argument(uint64_t *seed)
{
	const struct rule *r = &rules[t_random(seed) % NELEM(rules)];
	const struct test *t = &r->test[t_random(seed) % 2];
	uint32_t v;

	switch (t_random(seed) % 4) {
	case 0:
		v = t_random(seed) % 40;
		break;
	case 1:
		v = t->value;
		break;
	case 2:
		v = t->value ^ 1u << t_random(seed) % 32;
		break;
	default:
		v = t->mask & t_random(seed);
	}
	return (uint64_t)(t_random(seed) & 1) << 40 | v;
}

static void
check_role(unsigned role)
{
	struct seccomp_data d = { .arch = ARCH };
	uint64_t seed = 1 + role;
	unsigned wrong = 0, passed = 0;
	struct program p;
	int first = 0;

#ifdef __NR_Linux
	first = __NR_Linux;	/* mips counts from there */
#endif
	program_build(&p, (enum sandbox_role)role);
	for (d.nr = first; d.nr < first + 600; d.nr++)
		for (unsigned i = 0; i < 300; i++) {
			for (unsigned j = 0; j < 6; j++)
				d.args[j] = some_argument(&seed);
			if (interpret(&p, &d) != by_table(role, &d))
				wrong++;
			if (interpret(&p, &d) == SECCOMP_RET_ALLOW)
				passed++;
		}
	T(T_EQ(wrong, 0),
	    "%s: the program of %u instructions says what the " "table says",
	    role_names[role], p.n);
	T(passed > 0 && p.n < CODE_MAX, "%s: and lets something pass",
	    role_names[role]);
	d.nr = __NR_read;
	d.arch = ARCH ^ 1;
	T(T_EQ(interpret(&p, &d), SECCOMP_RET_KILL_PROCESS),
	    "%s: another architecture's call kills", role_names[role]);
#ifdef __x86_64__
	d.arch = ARCH;
	d.nr = __NR_read | X32_BIT;
	T(T_EQ(interpret(&p, &d), SECCOMP_RET_KILL_PROCESS),
	    "%s: an x32 call kills", role_names[role]);
#endif
}

struct verdict {
	const char	*claim;
	uint32_t	 nr;
	uint64_t	 args[4];
	unsigned	 roles;		/* that may */
};

#define MMAP	(__NR_mmap != MISSING ? __NR_mmap : __NR_mmap2)

static const struct verdict verdicts[] = {
	{ "anonymous memory", MMAP,
	  { 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS },
	  ALL },
#ifdef __s390x__		/* its arguments are in memory */
	{ "memory of any kind", MMAP, { 0 }, ALL },
#else
	{ "executable memory", MMAP,
	  { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS },
	  0 },
	{ "a shared file to read", MMAP,
	  { 0, 4096, PROT_READ, MAP_SHARED }, M },
	{ "a shared file to write", MMAP,
	  { 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED }, 0 },
#endif
	{ "mprotect, executable", __NR_mprotect,
	  { 0, 4096, PROT_EXEC, 0 }, 0 },
	{ "F_SETFL", __NR_fcntl, { 3, F_SETFL, 0, 0 }, ALL },
	{ "F_DUPFD", __NR_fcntl, { 3, F_DUPFD, 0, 0 }, 0 },
	{ "F_SETOWN", __NR_fcntl, { 3, F_SETOWN, 1, 0 }, 0 },
	{ "F_GET_SEALS", __NR_fcntl, { 3, F_GET_SEALS, 0, 0 }, M },
	{ "a command whose last bits are F_SETFL", __NR_fcntl,
	  { 3, F_SETFL + 32, 0, 0 }, 0 },
	{ "TCP_REPAIR", __NR_setsockopt, { 3, 6, 19, 0 }, 0 },
	{ "SO_MARK", __NR_setsockopt, { 3, SOL_SOCKET, SO_MARK, 0 }, 0 },
	{ "SO_ERROR", __NR_getsockopt, { 3, SOL_SOCKET, SO_ERROR, 0 },
	  G | M },
	{ "SO_PEERCRED", __NR_getsockopt, { 3, SOL_SOCKET, SO_PEERCRED, 0 },
	  M },
	{ "PR_GET_SECCOMP", __NR_prctl, { PR_GET_SECCOMP, 0, 0, 0 }, ALL },
	{ "PR_SET_DUMPABLE", __NR_prctl, { PR_SET_DUMPABLE, 1, 0, 0 }, 0 },
#ifdef __i386__
	{ "the old mmap, whose arguments no filter sees", 90,
	  { 0, 0, 0, MAP_ANONYMOUS }, 0 },
	{ "socketcall for sendto", __NR_socketcall, { SYS_SENDTO, 0, 0, 0 },
	  ALL },
	{ "socketcall for socket", __NR_socketcall, { SYS_SOCKET, 0, 0, 0 },
	  0 },
	{ "socketcall for connect", __NR_socketcall, { SYS_CONNECT, 0, 0, 0 },
	  M },
#endif
	{ "a terminal's settings", __NR_ioctl, { 0, TCSETS_LOW, 0, 0 }, G },
	{ "typing for somebody else", __NR_ioctl, { 0, TIOCSTI, 0, 0 }, 0 },
	{ "a device's number in a socket ioctl", __NR_ioctl,
	  { 0, 0x8933, 0, 0 }, 0 },
	{ "openat", __NR_openat, { 0, 0, 0, 0 }, 0 },
	{ "socket", __NR_socket, { 0, 0, 0, 0 }, 0 },
	{ "bind", __NR_bind, { 0, 0, 0, 0 }, 0 },
	{ "connect", __NR_connect, { 0, 0, 0, 0 }, M },
	{ "accept4", __NR_accept4, { 0, 0, 0, 0 }, M },
	{ "unlinkat", __NR_unlinkat, { 0, 0, 0, 0 }, K },
	{ "recvmmsg", __NR_recvmmsg, { 0, 0, 0, 0 }, G },
	{ "kill", __NR_kill, { 0, 0, 0, 0 }, 0 }
};

static void
check_verdict(const struct verdict *v)
{
	struct seccomp_data d = { .arch = ARCH, .nr = (int)v->nr };
	unsigned may = 0;

	if (v->nr == MISSING)
		return;
	for (unsigned i = 0; i < 4; i++)
		d.args[i] = v->args[i];
	for (unsigned role = 0; role < 3; role++) {
		struct program p;

		program_build(&p, (enum sandbox_role)role);
		if (interpret(&p, &d) == SECCOMP_RET_ALLOW)
			may |= 1u << role;
	}
	T(T_EQ(may, v->roles),
	    "%s: for gateway%s, manager%s, monitor%s", v->claim, (v->roles & G)
	    != 0 ? "" : " not", (v->roles & M) != 0 ? "" : " not", (v->roles
	    & K) != 0 ? "" : " not");
}

/* Of the resolver: all numbers but those listed, and no foreign ones. */
static void
check_resolver(void)
{
	struct program p;
	struct seccomp_data d = { .arch = ARCH };
	unsigned denied = 0, listed = 0, wrong = 0;

	program_build(&p, SANDBOX_RESOLVER);
	for (d.nr = 0; d.nr < 8000; d.nr++) {
		bool is_listed = false;
		uint32_t v = interpret(&p, &d);

		for (size_t i = 0; i < NELEM(deadly); i++)
			is_listed |= deadly[i] == (unsigned)d.nr;
		for (size_t i = 0; i < NELEM(refused); i++)
			is_listed |= refused[i] == (unsigned)d.nr;
		listed += is_listed;
		denied += v == DENY;
		wrong += v != (is_listed ? DENY : SECCOMP_RET_ALLOW);
	}
	T(T_EQ(wrong, 0) && T_EQ(denied, listed) && T_IS(listed >= 20),
	    "resolver: %u calls are refused, all others allowed", denied);
	d.arch = ~(uint32_t)ARCH;
	d.nr = __NR_read;
	T(T_EQ(interpret(&p, &d), SECCOMP_RET_KILL_PROCESS),
	    "resolver: another architecture's call kills");
}
#endif /* ARCH */

int
main(void)
{
#ifdef ARCH
	for (unsigned role = 0; role < 3; role++)
		check_role(role);
	check_resolver();
	for (size_t i = 0; i < NELEM(verdicts); i++)
		check_verdict(&verdicts[i]);
#else
	for (unsigned role = 0; role < 3; role++) {
		noticed[0] = '\0';
		T(T_EQ(sandbox_filter((enum sandbox_role)role), 0),
		    "no filter is known: no failure");
		T(T_STR(noticed, "sandbox: no seccomp filter is known for "
		    "this architecture: system calls stay unrestricted"),
		    "but a notice: %s", noticed);
		T(T_EQ(prctl(PR_GET_SECCOMP), 0), "and there is none");
	}
#endif
	return t_done();
}
