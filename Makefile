# make            build everything into build/
# make check      install what it needs, build, run every quick test
# make SAN=1 …    the same under AddressSanitizer, LeakSanitizer and UBSan, into build/san/
# make demo       the main job against the sandbox, end to end
# make deps       install what building and testing need (Debian, root or sudo)
# make install    PREFIX=/usr/local DESTDIR=
# make lint       gcc -fanalyzer, cppcheck, shellcheck, clang-format    make format
# make fuzz       ten seconds of each fuzz target (clang)
# make bench      the measurements of bench/        make clean

VERSION  := 0.1.0
PREFIX   ?= /usr/local
BUILD    ?= build$(if $(SAN),/san)
CFLAGS   ?= -O2 -g
# Text that is longer than its bound is cut there: that is what snprintf is for.
WARNINGS := -Wall -Wextra -Werror -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wwrite-strings -Wundef -Wvla -Wswitch-enum \
            -Wno-format-truncation
HARDEN   := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fPIE
SANITIZE := $(if $(SAN),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=all)
FLAGS     = -std=c11 -D_GNU_SOURCE -DSL_VERSION='"$(VERSION)"' -I. -I$(BUILD) $(WARNINGS) \
            $(HARDEN) $(SANITIZE)
LINK      = $(CC) $(SANITIZE) -pie -Wl,-z,relro,-z,now $(LDFLAGS)
LDLIBS   := -lcurl -ljson-c -lsqlite3 -lgcrypt -lyaml -lmicrohttpd -ltasn1 -lsmartcols -lcsv -lsystemd

LIBRARY  := $(wildcard lib/*/*.c adapters/*.c adapters/*/*.c)
SHARED   := $(wildcard cmd/common/*.c)
SANDBOX  := $(wildcard sandbox/*.c)
SOURCES  := $(wildcard lib/*/*.[ch] adapters/*.[ch] adapters/*/*.[ch] cmd/*.c cmd/common/*.[ch] sandbox/*.[ch] tests/*/*.[ch])
PROGRAMS := $(patsubst cmd/%.c,$(BUILD)/%,$(wildcard cmd/*.c))
TESTS    := $(patsubst tests/unit/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*.c))
FUZZERS  := $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
NAMES    := $(notdir $(PROGRAMS))
MANUALS  := $(NAMES:%=$(BUILD)/man/%.1)

all: $(PROGRAMS) $(MANUALS) $(BUILD)/completion.bash

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(FLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/schema.inc: schema.sql
	@mkdir -p $(@D)
	sed 's/["\\]/\\&/g; s/.*/"&\\n"/' $< > $@

$(BUILD)/lib/store/migrate.o: $(BUILD)/schema.inc

$(BUILD)/libsl.a: $(LIBRARY:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/libcmd.a: $(SHARED:%.c=$(BUILD)/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/sl-sandbox: $(SANDBOX:%.c=$(BUILD)/%.o)

$(PROGRAMS): $(BUILD)/%: $(BUILD)/cmd/%.o $(BUILD)/libcmd.a $(BUILD)/libsl.a
	$(LINK) $(filter %.o,$^) $(BUILD)/libcmd.a $(BUILD)/libsl.a -Wl,--as-needed $(LDLIBS) -o $@

$(TESTS): $(BUILD)/tests/%: $(BUILD)/tests/unit/%.o $(BUILD)/libsl.a
	@mkdir -p $(@D)
	$(LINK) $^ -Wl,--as-needed $(LDLIBS) -lcmocka -o $@

# A program prints its own manual page and completion from the tables that it parses with;
# man/PROGRAM.txt adds what no table knows: examples, files, notes.
$(BUILD)/man/%.1: $(BUILD)/% man/%.txt
	@mkdir -p $(@D)
	$< --print-manual man/$*.txt > $@

$(BUILD)/completion.bash: $(PROGRAMS)
	set -e; for p in $(NAMES); do $(BUILD)/$$p --print-completion; done > $@

.PRECIOUS: $(BUILD)/%.o
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
