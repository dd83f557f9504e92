# SPDX-License-Identifier: GPL-2.0-or-later
# GNU make.  `make help` lists the targets.

VERSION	= 2.0.0

# BINDIR, MANDIR and PPPDIR as pptp-linux's Makefile has them, too: BINDIR is
# where pptp goes, MANDIR may be its man8, and all may begin with DESTDIR.
place	= $(patsubst $(DESTDIR)/%,/%,$(1))
PREFIX	?= $(or $(patsubst %/,%,$(dir $(call place,$(BINDIR)))),/usr/local)
SBINDIR	?= $(or $(BINDIR),$(PREFIX)/sbin)
MANDIR	?= $(PREFIX)/share/man
PPPDIR	?= /etc/ppp
override SBINDIR := $(call place,$(SBINDIR))
override MANDIR := $(patsubst %/man8,%,$(call place,$(MANDIR)))
override PPPDIR := $(call place,$(PPPDIR))
# Where systemd looks for units; empty: no unit is installed.
UNITDIR	?= $(or $(shell $(PKG_CONFIG) --variable=systemdsystemunitdir systemd \
	  2>/dev/null),$(wildcard /usr/lib/systemd/system))
# The pppd that pptp, pptpsetup and the unit run.
PPPD	?= /usr/sbin/pppd
BASHCOMPDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR  ?= $(PREFIX)/share/zsh/site-functions
INSTALL	?= install
PKG_CONFIG ?= pkg-config
# Speed counts where octets are looked at; the rest is built small, unless CFLAGS
# say how all is built.
ifeq ($(origin CFLAGS),undefined)
CFLAGS	= -Os -g
FAST	= pptp_gre tunnel/hdlc
endif

# B: where objects go, BIN: the program.  The tests build others beside it.
B	?= build
BIN	?= pptp

# These compute only: no system call, no state.  The purity test, coverage and
# README read this list.
PURE	= pptp_ctrl pptp_gre pptp_quirks manager/ctrl_msg manager/ipc_msg \
	  tunnel/hdlc tunnel/ppp_observer tunnel/ppp_verdict \
	  client/peers_text
PLUGIN_SRC = tunnel/plugin.c manager/ipc.c manager/ipc_msg.c
SRC	= $(filter-out tunnel/plugin.c,$(wildcard *.c client/*.c manager/*.c \
	  sys/*.c tunnel/*.c))
OBJ	= $(SRC:%.c=$(B)/%.o)
PUREOBJ	= $(PURE:%=$(B)/%.o)

# The user's CFLAGS, CPPFLAGS and LDFLAGS come last and so win.
WARN	= -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	  -Wcast-qual -Wpointer-arith -Wvla -Wformat=2
STD	= -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Iinclude
optimised = $(filter-out -O0,$(filter -O%,$(CFLAGS)))
says	= $(findstring $(1),$(CPPFLAGS) $(CFLAGS))
fortify	= $(if $(optimised),$(if $(call says,_FORTIFY_SOURCE),,\
	  -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN	= -fPIE -fstack-protector-strong $(fortify)
LDHARD	= -pie -Wl,-z,relro -Wl,-z,now
# No tables for exceptions, no page between code and constants; and no detour
# for calls of libc, where the call itself has room for the address.
SMALL	:= -fno-asynchronous-unwind-tables -fno-unwind-tables \
	  $(if $(filter x86_64%,$(shell $(CC) -dumpmachine 2>&1)),-fno-plt)
# Relocations are packed for a libc that can read them: glibc says so.
packed	= $(shell echo glibc __GLIBC__ __GLIBC_MINOR__ | \
	  $(CC) $(CPPFLAGS) -include features.h -E -P -x c - 2>/dev/null | \
	  awk '$$1 == "glibc" && $$2 * 1000 + $$3 >= 2036 { \
	  print "-Wl,-z,pack-relative-relocs" }')
LDSMALL	= -Wl,-z,noseparate-code $(packed)
COMPILE	= $(CC) $(STD) $(WARN) $(HARDEN) $(SMALL) -MMD -MP $(CPPFLAGS) $(CFLAGS)

# pppd's plugin: built along when the compiler finds pppd's headers.
PPPD_H	:= $(shell $(CC) $(CPPFLAGS) -include pppd/pppd.h -M -x c /dev/null \
	  >/dev/null 2>&1 && echo yes)
PLUGIN	= $(if $(PPPD_H),$(if $(wildcard tunnel/plugin.c),pptp.so))
# The folder where the installed pppd looks for plugins: as it says itself, or
# the newest there is, or that of the version of its headers.
pppd_version = $(shell cd /usr/include/pppd 2>/dev/null && \
	  cat pppdconf.h patchlevel.h 2>/dev/null | \
	  sed -n 's/^\#define \(PPPD_\)*VERSION[^"]*"\(.*\)"/\2/p' | head -n 1)
PPPD_PLUGINDIR ?= $(or \
	  $(shell $(PKG_CONFIG) --variable=plugindir pppd 2>/dev/null),\
	  $(shell find /usr/lib/pppd /usr/lib64/pppd -mindepth 1 -maxdepth 1 \
	    -type d 2>/dev/null | sort | tail -n 1),\
	  /usr/lib/pppd/$(pppd_version))

# Program and plugin are told where they find each other: told other places,
# as by `make install PREFIX=/usr` after `make`, both are built anew.
PLACES	:= $(strip $(SBINDIR) $(PPPD_PLUGINDIR) $(PPPD))

# So is all, told another compiler or other flags; told none, as for install or
# check, those that it was built by stay.
FLAGS	:= $(strip $(foreach v,CC CPPFLAGS CFLAGS LDFLAGS LDLIBS,$(if $(filter \
	  command environment,$(firstword $(origin $(v)))),$(v)=$($(v)))))
FLAGS	:= $(or $(FLAGS),$(shell cat $(B)/flags 2>/dev/null))

all: $(BIN) $(PLUGIN)

# $(call noted,FILE,NAME): FILE has the value of NAME, and is new when that is.
define noted
ifneq ($$(shell cat $(1) 2>/dev/null),$$($(2)))
$(1): FORCE
endif
$(1):
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(subst ','\'',$$($(2)))' > $$@
endef
$(eval $(call noted,build/places,PLACES))
$(eval $(call noted,$(B)/flags,FLAGS))

$(BIN): $(OBJ) $(B)/flags
	$(CC) $(LDHARD) $(LDSMALL) $(CFLAGS) $(LDFLAGS) -o $@ $(OBJ) $(LDLIBS)

$(PUREOBJ): WARN += -Wconversion
$(FAST:%=$(B)/%.o): CFLAGS = -O2 -g
PLACED	= $(B)/client/launch.o $(B)/client/ready.o $(B)/client/setup.o \
	  $(B)/tunnel/kernel.o
$(PLACED): build/places
$(PLACED): STD += -DPPPD_PLUGINDIR='"$(PPPD_PLUGINDIR)"' -DPPPD='"$(PPPD)"'
$(B)/%.o: %.c Makefile $(B)/flags
	@mkdir -p $(@D)
	$(COMPILE) -c -o $@ $<

plugin: pptp.so
pptp.so: $(PLUGIN_SRC) $(wildcard include/*.h) Makefile \
    build/places $(B)/flags
	$(CC) $(STD) -DSBINDIR='"$(SBINDIR)"' $(WARN) -fPIC \
	    -fvisibility=hidden -fstack-protector-strong $(fortify) \
	    $(CPPFLAGS) $(CFLAGS) -shared -Wl,-z,relro -Wl,-z,now $(LDFLAGS) \
	    -o $@ $(PLUGIN_SRC)

-include $(wildcard $(B)/*.d $(B)/*/*.d)

# --- tests ------------------------------------------------------------------
# A unit test or fuzzer includes the .c it tests.  One that needs further
# sources names them in a line of its own:  /* with: util.c tunnel/hdlc.c */
CLANG	?= clang
GCC	?= gcc
SAN	= -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	  -fno-sanitize-recover=all
UNIT	= $(basename $(notdir $(wildcard tests/unit/test_*.c)))
FUZZ	= $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))
have	= $(shell command -v $(1) >/dev/null 2>&1 && echo yes)
with	= $(shell sed -n 's,^/\* with: \(.*\) \*/$$,\1,p' $(1))
TESTCC	= $(STD) $(WARN) -Werror $(SAN)
COVCC	= $(GCC) $(STD) -O0 -g --coverage
FUZZCC	= $(if $(LIBFUZZER),$(CLANG) -fsanitize=fuzzer,$(GCC)) $(TESTCC) \
	  -Wno-missing-prototypes
UNITS	= $(if $(call have,$(GCC)),$(UNIT:%=build/unit-gcc/%)) \
	  $(if $(call have,$(CLANG)),$(UNIT:%=build/unit-clang/%))
FUZZERS	= $(FUZZ:%=build/fuzz/%)
# libFuzzer where clang has it; else gcc, which can only replay the corpora.
LIBFUZZER := $(shell echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
	  $(CLANG) -fsanitize=fuzzer,address -x c -o /dev/null - 2>/dev/null && \
	  echo yes)

# Each source is compiled by itself, once for all programs of that compiler; the
# .d beside each object names what it includes.
objects	= $(patsubst %.c,build/$(1)/%.o,$(2) $(call with,$(2)))
object	= @mkdir -p $(@D) && echo '$@' && $(1) -MMD -MP -c -o $@ $<
.SECONDEXPANSION:
.PRECIOUS: build/unit-gcc/%.o build/unit-clang/%.o build/unit-cov/%.o \
	build/fuzz/%.o
build/unit-gcc/test_%: $$(call objects,unit-gcc,tests/unit/test_$$*.c)
	$(GCC) $(TESTCC) -o $@ $^
build/unit-clang/test_%: $$(call objects,unit-clang,tests/unit/test_$$*.c)
	$(CLANG) $(TESTCC) -o $@ $^
build/unit-cov/test_%: $$(call objects,unit-cov,tests/unit/test_$$*.c)
	$(COVCC) -o $@ $^
build/fuzz/fuzz_%: $$(call objects,fuzz,tests/fuzz/fuzz_$$*.c) \
    $(if $(LIBFUZZER),,build/fuzz/tests/fuzz/replay.o)
	$(FUZZCC) -o $@ $^
build/unit-gcc/%.o: %.c Makefile
	$(call object,$(GCC) $(TESTCC))
build/unit-clang/%.o: %.c Makefile
	$(call object,$(CLANG) $(TESTCC))
build/unit-cov/%.o: %.c Makefile
	$(call object,$(COVCC))
build/fuzz/%.o: %.c Makefile build/fuzz/cc
	$(call object,$(FUZZCC))
FUZZED	:= $(strip $(FUZZCC))
$(eval $(call noted,build/fuzz/cc,FUZZED))
-include $(foreach d,*.d */*.d */*/*.d,$(wildcard $(addsuffix /$(d),\
	  build/unit-gcc build/unit-clang build/unit-cov build/fuzz)))

test-programs: $(UNITS) $(FUZZERS)

check:
	@sh tests/deps -n check
	@$(MAKE) --no-print-directory all
	@python3 tests/run

# The long ones on top: ten minutes of traffic, memory and descriptors flat;
# and what does not run the program.
nightly:
	@sh tests/deps -n check
	@sh tests/deps -n nightly
	@$(MAKE) --no-print-directory all
	@python3 tests/run --nightly
	@$(MAKE) --no-print-directory -k memcheck lint coverage \
	    bench-codec

# Built as for coverage: neither optimised nor with sanitizers.
memcheck: $(UNIT:%=build/unit-cov/%)
	@sh tests/deps -n memcheck
	@sh tests/memcheck $^

demo:
	@sh tests/deps -n demo
	@$(MAKE) --no-print-directory -s all
	@bash tests/demo

fuzz: $(FUZZERS)
	@$(if $(LIBFUZZER),,echo "fuzzing needs clang and its libFuzzer"; exit 1)
	@set -e; for f in $(FUZZ); do c=tests/fuzz/corpus/$${f#fuzz_}; \
	    mkdir -p build/corpus/$$f; echo "$$f: $${FUZZ_SECS:-60} s"; \
	    build/fuzz/$$f -max_total_time=$${FUZZ_SECS:-60} -timeout=10 \
	    -verbosity=0 -print_final_stats=1 -artifact_prefix=build/$$f- \
	    build/corpus/$$f $$c; done

coverage: $(UNIT:%=build/unit-cov/%)
	@sh tests/coverage $^

bench bench-full bench-codec:
	@sh tests/deps -n bench
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory -C tests/bench $@

lint:
	@sh tests/deps -n lint
	@bash tests/lint

deps:
	@sh tests/deps

# print-SRC, print-PURE: the lists, for those tests that go through them.
print-%:
	@echo $($*)

# --- installing -------------------------------------------------------------
install: all
	$(INSTALL) -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(MANDIR)/man8 \
	    $(DESTDIR)$(BASHCOMPDIR) $(DESTDIR)$(ZSHCOMPDIR) $(DESTDIR)$(PPPDIR)
	$(INSTALL) -m 755 $(BIN) $(DESTDIR)$(SBINDIR)/pptp
	ln -sf pptp $(DESTDIR)$(SBINDIR)/pptpsetup
	$(INSTALL) -m 644 pptp.8 $(DESTDIR)$(MANDIR)/man8/pptp.8
	ln -sf pptp.8 $(DESTDIR)$(MANDIR)/man8/pptpsetup.8
	$(INSTALL) -m 644 client/completion/bash $(DESTDIR)$(BASHCOMPDIR)/pptp
	$(INSTALL) -m 644 client/completion/zsh $(DESTDIR)$(ZSHCOMPDIR)/_pptp
	$(INSTALL) -m 644 client/completion/bash-setup \
	    $(DESTDIR)$(BASHCOMPDIR)/pptpsetup
	$(INSTALL) -m 644 client/completion/zsh-setup \
	    $(DESTDIR)$(ZSHCOMPDIR)/_pptpsetup
	[ -e $(DESTDIR)$(PPPDIR)/options.pptp ] || $(INSTALL) -m 644 \
	    client/options.pptp $(DESTDIR)$(PPPDIR)/options.pptp
	[ -z "$(UNITDIR)" ] || { $(INSTALL) -d $(DESTDIR)$(UNITDIR) && \
	    sed 's,/usr/sbin/pppd,$(PPPD),' 'sys/pptp@.service' > \
	    $(B)/pptp.service && $(INSTALL) -m 644 $(B)/pptp.service \
	    '$(DESTDIR)$(UNITDIR)/pptp@.service'; }
ifneq ($(PLUGIN),)
	$(INSTALL) -d $(DESTDIR)$(PPPD_PLUGINDIR)
	$(INSTALL) -m 644 $(PLUGIN) $(DESTDIR)$(PPPD_PLUGINDIR)/pptp.so
endif

# What somebody has made of options.pptp is theirs, and stays.
uninstall:
	! cmp -s client/options.pptp $(DESTDIR)$(PPPDIR)/options.pptp || \
	    rm -f $(DESTDIR)$(PPPDIR)/options.pptp
	rm -f $(DESTDIR)$(SBINDIR)/pptp $(DESTDIR)$(SBINDIR)/pptpsetup \
	    $(DESTDIR)$(MANDIR)/man8/pptp.8 \
	    $(DESTDIR)$(MANDIR)/man8/pptpsetup.8 \
	    $(DESTDIR)$(BASHCOMPDIR)/pptp $(DESTDIR)$(ZSHCOMPDIR)/_pptp \
	    $(DESTDIR)$(BASHCOMPDIR)/pptpsetup \
	    $(DESTDIR)$(ZSHCOMPDIR)/_pptpsetup
	[ -z "$(UNITDIR)" ] || rm -f '$(DESTDIR)$(UNITDIR)/pptp@.service'
ifneq ($(PLUGIN),)
	rm -f $(DESTDIR)$(PPPD_PLUGINDIR)/pptp.so
endif

clean:
	rm -rf build pptp pptp.so

help:
	@echo 'make                 build ./pptp (and pptp.so with pppd'\''s headers)'
	@echo 'make demo            a real tunnel in a virtual machine, step by step'
	@echo 'make check           all tests; ends with "N passed, N failed"'
	@echo 'make nightly         also the long ones, memcheck, lint, coverage, bench-codec'
	@echo 'make install         PREFIX=/usr/local DESTDIR and others: README'
	@echo 'make uninstall       remove what install put there'
	@echo 'make plugin          pptp.so, the plugin for pppd'
	@echo 'make bench           speed, beside pptp-linux if that is installed'
	@echo 'make bench-full      whole tunnels as well, in two virtual machines'
	@echo 'make bench-codec     what a packet costs: instructions, system calls'
	@echo 'make fuzz            each fuzzer for FUZZ_SECS=60 seconds'
	@echo 'make lint            clang-tidy, cppcheck, gcc'\''s analyzer, mandoc, shellcheck'
	@echo 'make memcheck        the unit tests under valgrind'
	@echo 'make coverage        lines and branches the unit tests reach'
	@echo 'make deps            install (as root) or name what all but nightly needs'
	@echo 'make clean'

.PHONY: all plugin check nightly demo fuzz coverage memcheck bench bench-full \
	bench-codec lint deps install uninstall clean help test-programs FORCE
.DELETE_ON_ERROR:
