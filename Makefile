# make            build everything into build/
# make check      install what it needs, build, run every quick test
# make SAN=1 …    the same under AddressSanitizer, LeakSanitizer and UBSan, into build/san/
# make check-real the suites against real servers and the SDKs of providers (tests/real)
# make check-faults  kills, failing calls, pauses, dead networks: what is lost or doubled (tests/faults)
# make sim        SEEDS=2000 simulated histories: kills, power cuts, a bad network (tests/sim)
# make check-attacks what an attacker may try at the daemon and the programs (tests/attacks)
# make coverage   the quick tests on a build that counts, and which part of the lines they reach
# make soak       MINUTES=20 of callbacks, texts, timers, key rotation, backup and prune at once
# make demo       the main job against the sandbox, end to end
# make deps       install what building and testing need (Debian, root or sudo)
# make install    PREFIX=/usr/local DESTDIR=
# make lint       gcc -fanalyzer, scan-build, clang-tidy, cppcheck, shellcheck, clang-format
# make format
# make fuzz       each fuzz target for SECONDS=10 (clang); ONLY="TARGET…" for some of them
# make bench      the measurements of bench/        make clean
# V=1 shows each command

VERSION  := 0.1.0
Q        := $(if $(V),,@)
PREFIX   ?= /usr/local
SYSCONFDIR ?= /etc
BUILD    ?= build$(if $(SAN),/san)$(if $(FUZZ),/fuzz)
CFLAGS   ?= -O2 -g
# Text that is longer than its bound is cut there: that is what snprintf is for.
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wswitch-enum \
            -Wno-format-truncation
# The flow of control is guarded where the machine can: CET on x86, BTI and PAC on ARM.
FLOW     := $(if $(findstring x86_64,$(shell uname -m)),-fcf-protection=full,$(if $(findstring \
            aarch64,$(shell uname -m)),-mbranch-protection=standard))
HARDEN   := $(if $(SAN)$(FUZZ),,-D_FORTIFY_SOURCE=3) -fstack-protector-strong -fstack-clash-protection \
            -ftrivial-auto-var-init=zero -fPIE $(FLOW)
SANITIZE := $(if $(SAN)$(FUZZ),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all)
# For libFuzzer, by make fuzz alone: everything is compiled once, with what counts its coverage.
ifdef FUZZ
override CC := $(if $(findstring ccache,$(CC)),ccache )clang
override CFLAGS := -O1 -g
WARNINGS := -w
HARDEN   := -fPIE
SANITIZE += -fsanitize=fuzzer-no-link
endif
FLAGS     = -std=c11 -D_GNU_SOURCE -DSL_VERSION='"$(VERSION)"' -I. -I$(BUILD) $(WARNINGS) \
            $(HARDEN) $(SANITIZE)
LINK      = $(CC) $(SANITIZE) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LDLIBS   := -lcurl -ljson-c -lsqlite3 -lgcrypt -lyaml -lmicrohttpd -ltasn1 -lsmartcols -lcsv -lexpat -lsystemd -lidn2

LIBRARY  := $(wildcard lib/*/*.c adapters/*.c adapters/*/*.c)
SHARED   := $(wildcard cmd/common/*.c)
SANDBOX  := $(wildcard sandbox/*.c)
SOURCES  := $(wildcard lib/*/*.[ch] adapters/*.[ch] adapters/*/*.[ch] cmd/*.c cmd/common/*.[ch] sandbox/*.[ch] tests/*/*.[ch])
PROGRAMS := $(patsubst cmd/%.c,$(BUILD)/%,$(wildcard cmd/*.c))
TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))
# Fuzz targets are named like their source, or like one of the categories that it is compiled for.
FUZZ_WIRE := $(addprefix answer_,payment sms email push whatsapp storage lms) \
             $(addprefix hook_,payment sms email whatsapp)
TARGETS  := $(sort $(FUZZ_WIRE) $(filter-out answer hook, \
             $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))))
REPLAYS  := $(TARGETS:%=$(BUILD)/tests/replay_%)
FUZZERS  := $(TARGETS:%=$(BUILD)/fuzz_%)
# What has no header there is a program; all of them are linked with what has one.
ATTACKING := $(patsubst %.h,%.c,$(wildcard tests/attacks/*.h))
ATTACKERS := $(patsubst tests/attacks/%.c,$(BUILD)/attacks/%,$(filter-out $(ATTACKING),$(wildcard tests/attacks/*.c)))
# Of the faults, what is preloaded into a program, and programs of their own.
PRELOADS := $(patsubst tests/faults/%.c,$(BUILD)/faults/%.so,$(wildcard tests/faults/failing*.c))
DRIVERS  := $(PRELOADS) $(patsubst tests/%.c,$(BUILD)/%,$(filter-out tests/faults/failing%,$(wildcard tests/faults/*.c tests/soak/*.c)))
NAMES    := $(notdir $(PROGRAMS))
MANUALS  := $(NAMES:%=$(BUILD)/man/%.1)

all: $(PROGRAMS) $(MANUALS) $(BUILD)/completion.bash

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

# GLib's headers are not ours to warn about.
GMIME    := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags gmime-3.0))
$(BUILD)/lib/mime/%.o: CPPFLAGS += $(GMIME)

$(BUILD)/schema.inc: schema.sql
	@mkdir -p $(@D)
	$(Q)sed 's/["\\]/\\&/g; s/.*/"&\\n"/' $< > $@

$(BUILD)/lib/store/migrate.o: $(BUILD)/schema.inc

$(BUILD)/libsl.a: $(LIBRARY:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/libcmd.a: $(SHARED:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/sl-sandbox: $(SANDBOX:%.c=$(BUILD)/%.o)

$(PROGRAMS): $(BUILD)/%: $(BUILD)/cmd/%.o $(BUILD)/libcmd.a $(BUILD)/libsl.a
	$(Q)$(LINK) $(filter %.o,$^) $(BUILD)/libcmd.a $(BUILD)/libsl.a -Wl,--as-needed $(LDLIBS) -o $@

$(TESTS): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libsl.a
	@mkdir -p $(@D)
	$(Q)$(LINK) $^ -Wl,--as-needed $(LDLIBS) -lcmocka -o $@

# A disk that loses its power (tests/sim).
DISK     := $(BUILD)/tests/sim/disk.o $(BUILD)/tests/sim/vfs.o
$(BUILD)/tests/test_power: $(DISK)

# The library and the sandbox in a simulated world, whose objects stand before theirs.
SIM      := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/sim/*.c))

$(BUILD)/libsandbox.a: $(SANDBOX:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/sim: $(SIM) $(BUILD)/libsandbox.a $(BUILD)/libsl.a
	$(Q)$(LINK) $^ -Wl,--as-needed $(LDLIBS) -o $@

$(ATTACKERS): $(BUILD)/attacks/%: $(BUILD)/tests/attacks/%.o $(ATTACKING:%.c=$(BUILD)/%.o) \
    $(BUILD)/sandbox/keys.o $(BUILD)/sandbox/sign.o $(BUILD)/libsl.a
	@mkdir -p $(@D)
	$(Q)$(LINK) $^ -Wl,--as-needed $(LDLIBS) -o $@

# What the suites that count are driven by: faulty servers and the like, which know nothing of us.
$(filter-out $(PRELOADS),$(DRIVERS)): $(BUILD)/%: $(BUILD)/tests/%.o
	@mkdir -p $(@D)
	$(Q)$(LINK) $^ -o $@

# What the suites of faults preload.
$(BUILD)/faults/%.so: tests/faults/%.c
	@mkdir -p $(@D)
	$(Q)$(CC) -std=c11 -D_GNU_SOURCE $(WARNINGS) -O2 -g -fPIC -shared $< -o $@

# A program prints its own manual page and completion from the tables that it parses with;
# man/PROGRAM.txt adds what no table knows: examples, files, notes.
$(BUILD)/man/%.1: $(BUILD)/% man/%.txt
	@mkdir -p $(@D)
	$(Q)$< --print-manual man/$*.txt > $@

$(BUILD)/completion.bash: $(PROGRAMS)
	$(Q)set -e; for p in $(NAMES); do $(BUILD)/$$p --print-completion; done > $@

# ---- Tests --------------------------------------------------------------------------------

deps:
	@scripts/deps

check: deps
	@$(MAKE) --no-print-directory -j$$(nproc) tests
	@scripts/run-tests $(BUILD)

objects: $(LIBRARY:%.c=$(BUILD)/%.o) $(SHARED:%.c=$(BUILD)/%.o) $(SANDBOX:%.c=$(BUILD)/%.o) \
         $(patsubst cmd/%.c,$(BUILD)/cmd/%.o,$(wildcard cmd/*.c))

# A sanitizer knows one stack, and the processes of a simulation have their own.
tests: all $(TESTS) $(REPLAYS) $(if $(SAN),,$(BUILD)/sim)

attackers: $(ATTACKERS)

drivers: $(DRIVERS)

check-real: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@scripts/check-real $(BUILD)

# ONLY="NAME…" for some of the suites.
check-faults: deps
	@scripts/deps faketime e2fsprogs
	@$(MAKE) --no-print-directory -j$$(nproc) all drivers
	@scripts/check-table $(BUILD) faults 'fault points lost doubled wrong-state wrong-exit' $(ONLY)

# The same seed is the same history; build/sim SEED -v tells it.
FIRST ?= 1
SEEDS ?= 2000
sim: deps
	@$(MAKE) --no-print-directory -j$$(nproc) $(BUILD)/sim
	@$(BUILD)/sim $(FIRST) $$(($(FIRST) + $(SEEDS) - 1))

check-attacks: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all attackers
	@scripts/check-table $(BUILD) attacks 'attack tries accepted crashed p99 rss' $(ONLY)

# Counts of an earlier run would be added to these, or warned of where the code has changed.
coverage: deps
	@$(MAKE) --no-print-directory BUILD=build/cov CFLAGS='-O1 -g --coverage' LDFLAGS=--coverage \
	    -j$$(nproc) tests
	@find build/cov -name '*.gcda' -delete
	@scripts/run-tests build/cov
	@scripts/coverage build/cov

soak: deps
	@$(MAKE) --no-print-directory -j$$(nproc) all drivers
	@scripts/soak $(BUILD)

demo: deps
	@scripts/demo

fuzz:
	@scripts/deps clang
	@$(MAKE) --no-print-directory -j$$(nproc) FUZZ=1 fuzzers
	@scripts/fuzz build/fuzz $(or $(SECONDS),10) $(or $(ONLY),$(TARGETS))

fuzzers: $(FUZZERS)

# Anew from the wire cases and what was found, each target's smallest set that covers as much.
fuzz-corpus:
	@scripts/deps clang
	@$(MAKE) --no-print-directory -j$$(nproc) FUZZ=1 fuzzers build/fuzz/seeds
	@scripts/fuzz-corpus build/fuzz $(or $(ONLY),$(TARGETS))

$(filter $(BUILD)/tests/fuzz/answer_%,$(FUZZ_WIRE:%=$(BUILD)/tests/fuzz/%.o)): \
        $(BUILD)/tests/fuzz/answer_%.o: tests/fuzz/fuzz_answer.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -DCATEGORY='"$*"' $(CFLAGS) -MMD -MP -c $< -o $@

$(filter $(BUILD)/tests/fuzz/hook_%,$(FUZZ_WIRE:%=$(BUILD)/tests/fuzz/%.o)): \
        $(BUILD)/tests/fuzz/hook_%.o: tests/fuzz/fuzz_hook.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -DCATEGORY='"$*"' $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/tests/fuzz/%.o: tests/fuzz/fuzz_%.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(TARGETS:%=$(BUILD)/tests/fuzz/replay_%.o): $(BUILD)/tests/fuzz/replay_%.o: tests/fuzz/replay.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(FLAGS) -DTARGET='"$*"' $(CFLAGS) -MMD -MP -c $< -o $@

$(REPLAYS): $(BUILD)/tests/replay_%: $(BUILD)/tests/fuzz/replay_%.o $(BUILD)/tests/fuzz/%.o \
            $(BUILD)/libsl.a
	$(Q)$(LINK) $^ -Wl,--as-needed $(LDLIBS) -lcmocka -o $@

$(FUZZERS): $(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/%.o $(BUILD)/libsl.a
	$(Q)$(LINK) -fsanitize=fuzzer $^ -Wl,--as-needed $(LDLIBS) -lcmocka -o $@

$(BUILD)/seeds: $(BUILD)/tests/fuzz/seeds.o $(BUILD)/libsl.a
	$(Q)$(LINK) $^ -Wl,--as-needed $(LDLIBS) -lcmocka -o $@

bench: all
	bench/bulk-sms
	bench/webhook
	bench/mail-attachment
	bench/roster

lint: deps
	@scripts/deps clang clang-tools clang-tidy clang-format cppcheck shellcheck
	scripts/lint "$(MAKE)"

format:
	clang-format -i $(SOURCES)

# ---- Installing ---------------------------------------------------------------------------

# Programs, manuals, completion, documents and units; what is for the admin to look at first
# (configuration, cron, nginx) goes beside the documents. No existing configuration is touched.
DOC   := $(PREFIX)/share/doc/shulelabs
PLACE  = sed -e 's|@BINDIR@|$(PREFIX)/bin|g' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|g'

install: all
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin share/man/man1 share/man/man5 \
	    lib/systemd/system \
	    lib/sysusers.d lib/tmpfiles.d share/bash-completion/completions) \
	    $(addprefix $(DESTDIR)$(DOC)/examples/,cron.d nginx)
	install -m 755 $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(MANUALS) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 man/shulelabs.yaml.5 $(DESTDIR)$(PREFIX)/share/man/man5
	for p in $(NAMES); do install -m 644 $(BUILD)/completion.bash \
	    $(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$p; done
	install -m 644 README.md SECURITY.md docs/*.md $(DESTDIR)$(DOC)
	install -m 644 etc/shulelabs.yaml $(DESTDIR)$(DOC)/examples
	set -e; for f in etc/systemd/*; do $(PLACE) $$f | \
	    install -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/lib/systemd/system/$$(basename $$f); done
	set -e; for d in sysusers.d tmpfiles.d; do $(PLACE) etc/$$d/shulelabs.conf | \
	    install -m 644 /dev/stdin $(DESTDIR)$(PREFIX)/lib/$$d/shulelabs.conf; done
	set -e; for f in cron.d/shulelabs nginx/shulelabs.conf; do $(PLACE) etc/$$f | \
	    install -m 644 /dev/stdin $(DESTDIR)$(DOC)/examples/$$f; done

clean:
	rm -rf build

.PHONY: all objects deps check check-real check-faults soak check-attacks sim tests attackers drivers coverage demo fuzz fuzzers fuzz-corpus bench lint format install clean
.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
