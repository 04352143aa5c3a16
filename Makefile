# Postrider: build, run, test, install.  `make help` lists the commands.
#
#   build/release    what runs           build/sanitize   what is tested
#
# A program's sources are found by name (cgi-bin/NAME.c and cgi-bin/NAME_*.c,
# worker/*.c, cron/NAME.c); a new file needs no change here.

VERSION		= 0.1.0
PORT		?= 8000

prefix		= /usr/local
bindir		= $(prefix)/bin
libdir		= $(prefix)/lib
datadir		= $(prefix)/share
sysconfdir	= /etc
unitdir		= /lib/systemd/system
rundir		= /run/postrider
user		= postrider
DESTDIR		=

CC		= gcc
AR		= gcc-ar
PKG_CONFIG	= pkg-config
PACKAGES	= libpq hiredis libcurl libssl libcrypto libcares jansson yajl \
		  libsodium libidn2 libbsd

WERROR		= -Werror
WARNINGS	= -Wall -Wextra $(WERROR) -Wshadow -Wstrict-prototypes \
		  -Wmissing-prototypes -Wold-style-definition -Wpointer-arith \
		  -Wwrite-strings -Wformat=2 -Wvla -Wundef
DEFINES		= -D_GNU_SOURCE -DPOSTRIDER_VERSION='"$(VERSION)"'

CFLAGS_release	= -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong \
		  -fstack-clash-protection -fPIE
LDFLAGS_release	= -pie -Wl,-z,relro,-z,now
CFLAGS_sanitize	= -O1 -g -fsanitize=address,undefined \
		  -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS_sanitize = -fsanitize=address,undefined

# The sanitizers' build again, in which tests/torture makes one call fail: the
# calls of our own objects go through calls.c.
TORTURED	= fork supervisor_run keeper_run delivery_run $(shell sed -n \
		  's/^CALL.[^,]*, \([A-Za-z0-9_]*\),.*/\1/p' tests/torture/calls.c)
CFLAGS_torture	= $(CFLAGS_sanitize)
LDFLAGS_torture	= $(LDFLAGS_sanitize) $(TORTURED:%=-Wl,--wrap=%)

# What libFuzzer drives: clang's, since gcc has none.
FUZZ_CC		= clang-14
CFLAGS_fuzz	= $(CFLAGS_sanitize) -fsanitize=fuzzer-no-link
LDFLAGS_fuzz	= $(LDFLAGS_sanitize) -fsanitize=fuzzer

# Asked once, and only by what compiles: pkg-config may not be there yet.
pkg_cflags	= $(eval pkg_cflags := $$(shell $(PKG_CONFIG) --cflags \
		  $(PACKAGES)))$(pkg_cflags)
pkg_libs	= $(eval pkg_libs := $$(shell $(PKG_CONFIG) --libs \
		  $(PACKAGES)))$(pkg_libs)

COMPILE		= $(CC) -std=c17 $(DEFINES) -Isrc $(pkg_cflags) $(WARNINGS)
LIBS		= $(pkg_libs) -lfcgi -lpthread

LIB_SOURCES	= $(wildcard src/ground/*.c src/rules/*.c src/stores/*.c \
		  src/doors/*.c)
CGI		= $(foreach p,ingest api admin,\
		  $(if $(wildcard cgi-bin/$(p).c),$(p)))
CGI_SOURCES	= $(foreach p,$(CGI),$(call cgi_sources,$(p)))
cgi_sources	= $(wildcard cgi-bin/$(1).c cgi-bin/$(1)_*.c)
ADMIN_SOURCES	= $(wildcard worker/postrider-admin*.c)
WORKER_SOURCES	= $(filter-out $(ADMIN_SOURCES),$(wildcard worker/*.c))
BIN		= $(if $(WORKER_SOURCES),postrider-worker) \
		  $(if $(ADMIN_SOURCES),postrider-admin) \
		  $(if $(wildcard cron/purge.c),postrider-purge)
UNIT_TESTS	= $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/*_test.c))
FUZZ_TARGETS	= $(patsubst tests/fuzz/%.c,build/fuzz/targets/%,\
		  $(wildcard tests/fuzz/*_fuzz.c))
JUDGE		= build/tests/egress_judge
BENCHES		= $(patsubst tests/%.c,build/tests/%,$(wildcard \
		  tests/bench/*.c))
SHIMS		= $(patsubst tests/%.c,build/tests/%.so,$(wildcard tests/*_shim.c))
SOURCES		= $(LIB_SOURCES) $(CGI_SOURCES) $(wildcard worker/*.c cron/*.c)
TEXTS		= $(wildcard src/*/*.[ch] cgi-bin/*.[ch] worker/*.[ch] \
		  cron/*.[ch] tests/*.[ch] tests/unit/*.[ch] tests/torture/*.[ch] \
		  tests/fuzz/*.[ch] tests/bench/*.[ch])

programs	= $(addprefix build/$(1)/cgi-bin/,$(CGI)) \
		  $(addprefix build/$(1)/bin/,$(BIN))

# The port is checked before anything is touched (3: our own stack has it).
# Then come makes of their own, since `packages` may bring the compiler.
STACK		= env PORT='$(PORT)' src/stack/stack
QUIET		= --no-print-directory
Q		= $(if $(V),,@)

all: build

help:
	@sed -n 's/^#: //p' Makefile

#: make run      install what is missing, build, run in the foreground
#: make start    the same in the background; make stop, make status
run start:
	@$(STACK) check-port || { test $$? -eq 3; exit; }; \
	src/stack/packages run && \
	$(MAKE) $(QUIET) -j"$$(nproc)" build && \
	$(MAKE) $(QUIET) docs && \
	exec $(STACK) $@

stop status:
	@exec $(STACK) $@

#: make test     every suite, against a private stack, with sanitizers
test:
	@src/stack/packages run test
	@$(MAKE) $(QUIET) -j"$$(nproc)" build sanitize tortured fuzzed checkable \
	    benched $(SHIMS) $(JUDGE)
	@$(MAKE) $(QUIET) docs
	@exec src/stack/stack inside tests/run

#: make test-long  the suites in tests/long, which take minutes each
test-long:
	@src/stack/packages run test long
	@$(MAKE) $(QUIET) -j"$$(nproc)" build sanitize $(SHIMS)
	@exec src/stack/stack inside tests/run \
	    $(patsubst tests/%.bats,%,$(wildcard tests/long/*.bats))

#: make chaos    CHAOS_MINUTES= CHAOS_SEED=; faults at random, nothing lost
chaos:
	@src/stack/packages run test
	@$(MAKE) $(QUIET) -j"$$(nproc)" build
	@exec src/stack/stack inside tests/chaos/run

#: make torture  TORTURE_SEED= TORTURE_ONLY=; each call fails once, one by one
torture:
	@src/stack/packages run test
	@$(MAKE) $(QUIET) -j"$$(nproc)" build tortured
	@exec src/stack/stack inside tests/torture/run

#: make fuzz     FUZZ_SECONDS= FUZZ_ONLY=; hostile bytes for each parser
fuzz:
	@src/stack/packages run test
	@$(MAKE) $(QUIET) -j"$$(nproc)" fuzzed
	@tests/fuzz/run

#: make valgrind  the unit suites without sanitizers, under memcheck
valgrind:
	@src/stack/packages run test
	@$(MAKE) $(QUIET) -j"$$(nproc)" checkable
	@tests/memcheck

#: make build    the programs;  make sanitize  the same, checked as they run
build: $(call programs,release)
sanitize: $(call programs,sanitize) \
    $(addprefix build/sanitize/unit/,$(UNIT_TESTS))
tortured: $(call programs,torture)
checkable: $(addprefix build/release/unit/,$(UNIT_TESTS))
fuzzed: $(FUZZ_TARGETS)
benched: $(BENCHES)

define variant
build/$(1)/obj/%.o: %.c build/$(1)/flags
	@mkdir -p $$(@D)
	@echo '  CC   $$@'
	$$(Q)$$(COMPILE) $$(CFLAGS_$(1)) $$(CFLAGS) -MMD -MP -c -o $$@ $$<

# Only the settings know these paths, so another one compiles one file.
build/$(1)/obj/src/ground/config.o: DEFINES += \
    -DPOSTRIDER_PREFIX='"$$(prefix)"' -DPOSTRIDER_SYSCONFDIR='"$$(sysconfdir)"'
build/$(1)/obj/src/ground/config.o: build/$(1)/prefix

build/$(1)/prefix: FORCE
	@mkdir -p $$(@D)
	@echo '$$(prefix) $$(sysconfdir)' | cmp -s - $$@ || \
	    echo '$$(prefix) $$(sysconfdir)' >$$@

build/$(1)/flags: FORCE
	@mkdir -p $$(@D)
	@echo '$$(subst ','\'',$$(CC) $$(DEFINES) $$(WARNINGS) \
	    $$(CFLAGS_$(1)) $$(CFLAGS) $$(LDFLAGS))' >$$@.new
	@cmp -s $$@.new $$@ && rm $$@.new || mv $$@.new $$@

build/$(1)/libpostrider.a: $$(LIB_SOURCES:%.c=build/$(1)/obj/%.o)
	@rm -f $$@.new
	$$(Q)$$(AR) rcs $$@.new $$^ && mv $$@.new $$@

$(foreach p,$(CGI),$(call program,$(1),cgi-bin/$(p),$(call cgi_sources,$(p))))
$(call program,$(1),bin/postrider-worker,$(WORKER_SOURCES))
$(call program,$(1),bin/postrider-admin,$(ADMIN_SOURCES))
$(call program,$(1),bin/postrider-purge,cron/purge.c)
endef

# program VARIANT TARGET SOURCES
define program

build/$(1)/$(2): $(patsubst %.c,build/$(1)/obj/%.o,$(3)) build/$(1)/libpostrider.a
	@mkdir -p $$(@D)
	@echo '  LINK $$@'
	$$(Q)$$(CC) $$(CFLAGS_$(1)) $$(CFLAGS) $$(LDFLAGS_$(1)) $$(LDFLAGS) \
	    -Wl,--as-needed -o $$@ $$^ $$(LIBS)

endef

$(eval $(call variant,release))
$(eval $(call variant,sanitize))
$(eval $(call variant,torture))
$(eval $(call variant,fuzz))
build/fuzz/%: CC = $(FUZZ_CC)
$(call programs,torture): $(patsubst %.c,build/torture/obj/%.o,\
    $(wildcard tests/torture/*.c))

define units
build/$(1)/unit/%_test: build/$(1)/obj/tests/unit/%_test.o \
    build/$(1)/libpostrider.a
	@mkdir -p $$(@D)
	@echo '  LINK $$@'
	$$(Q)$$(CC) $$(CFLAGS_$(1)) $$(CFLAGS) $$(LDFLAGS_$(1)) $$(LDFLAGS) \
	    -Wl,--as-needed -o $$@ $$^ -lcmocka $$(LIBS)
endef

$(eval $(call units,release))
$(eval $(call units,sanitize))

build/fuzz/targets/%_fuzz: build/fuzz/obj/tests/fuzz/%_fuzz.o \
    build/fuzz/libpostrider.a
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(CC) $(CFLAGS_fuzz) $(CFLAGS) $(LDFLAGS_fuzz) $(LDFLAGS) \
	    -Wl,--as-needed -o $@ $^ $(LIBS)

$(JUDGE) $(BENCHES): build/tests/%: build/release/obj/tests/%.o \
    build/release/libpostrider.a
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(CC) $(CFLAGS_release) $(CFLAGS) $(LDFLAGS_release) $(LDFLAGS) \
	    -Wl,--as-needed -o $@ $^ $(LIBS)

build/tests/%.so: tests/%.c tests/shim.h
	@mkdir -p $(@D)
	@echo '  LINK $@'
	$(Q)$(CC) -std=c17 -D_GNU_SOURCE $(WARNINGS) -O2 -fPIC -shared -o $@ $<

.SECONDARY:
-include $(wildcard build/*/obj/*/*.d build/*/obj/*/*/*.d)

#: make bench    QUICK=1 ROWS="1 4"; ten figures beside their ceilings
bench:
	@src/stack/packages run bench
	@$(MAKE) $(QUIET) -j"$$(nproc)" build benched
	@$(MAKE) $(QUIET) docs
	@exec src/stack/stack inside tests/bench/run $(if $(QUICK),quick) $(ROWS)

#: make bench-fairness, -nodes, -queue-memory, -shares, -slope, -verify
bench-%:
	@src/stack/packages run bench
	@$(MAKE) $(QUIET) -j"$$(nproc)" build benched
	@exec src/stack/stack inside tests/bench/$*

#: make egress   all IPv4 and EGRESS_ADDRESSES= of IPv6, judged by two programs
EGRESS_ADDRESSES = 10000000
egress:
	@src/stack/packages run
	@$(MAKE) $(QUIET) -j"$$(nproc)" $(JUDGE)
	@python3 tests/egress_model.py all $(JUDGE)
	@python3 tests/egress_model.py check $(JUDGE) $(EGRESS_ADDRESSES)

#: make docs     bring Swagger UI for /docs (one line when it cannot be had)
docs:
	@src/stack/docs

#: make lint     formatting, static analysis, includes; make format mends
lint:
	@src/stack/packages run lint
	@src/stack/lint includes $(TEXTS)
	@clang-format --dry-run --Werror $(TEXTS)
	@cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 \
	    --enable=warning,portability,performance \
	    --suppressions-list=src/stack/cppcheck.suppressions \
	    --library=src/stack/cppcheck.cfg -j"$$(nproc)" $(DEFINES) \
	    -Isrc $(SOURCES)
	@$(MAKE) $(QUIET) -j"$$(nproc)" build benched
	@echo 'lint: clean'

format:
	clang-format -i $(TEXTS)

# What is made for the host, with its paths put in.
SUBSTITUTE	= sed -e 's|@SERVER@|*:80|g' \
		  -e 's|@RUN_DIR@|$(rundir)|g' \
		  -e 's|@LOG_DIR@|$${APACHE_LOG_DIR}|g' \
		  -e 's|@HTDOCS@|$(datadir)/postrider/htdocs|g' \
		  -e 's|@DOCS@|$(datadir)/postrider/htdocs/docs|g' \
		  -e '/@SANDBOX@/{' -e 'r worker/sandbox.in' -e d -e '}' \
		  -e 's|@BIN@|$(bindir)|g' \
		  -e 's|@CONF@|$(sysconfdir)/postrider/postrider.conf|g' \
		  -e 's|@USER@|$(user)|g'
site		= $(sysconfdir)/apache2/sites-available/postrider.conf
CONFFILES	= src/stack/conffiles '$(DESTDIR)' '$(datadir)/postrider/conffiles'
# NAME-IN-BUILD/HOST:PATH
HOST_FILES	= \
		  site.conf:$(site) \
		  postrider.cron:$(sysconfdir)/cron.d/postrider \
		  postrider.conf.sample:$(sysconfdir)/postrider/postrider.conf.sample \
		  postrider.service:$(unitdir)/postrider.service \
		  postrider-purge.service:$(unitdir)/postrider-purge.service \
		  postrider-purge.timer:$(unitdir)/postrider-purge.timer

host: build
	@mkdir -p build/host
	@$(SUBSTITUTE) apache-conf/postrider.conf.in >build/host/site.conf
	@$(SUBSTITUTE) worker/postrider.service.in >build/host/postrider.service
	@$(SUBSTITUTE) cron/postrider-purge.service.in \
	    >build/host/postrider-purge.service
	@cp cron/postrider-purge.timer build/host
	@$(SUBSTITUTE) cron/postrider.cron >build/host/postrider.cron
	@build/release/bin/postrider-admin print-config \
	    >build/host/postrider.conf.sample

#: make install  DESTDIR= prefix=; then see the README for a real host
install: host
	@src/stack/docs
	install -d $(addprefix $(DESTDIR),$(bindir) $(libdir)/postrider/cgi-bin \
	    $(datadir)/postrider/migrations $(datadir)/postrider/lua \
	    $(datadir)/postrider/htdocs/static \
	    $(datadir)/postrider/htdocs/errors \
	    $(datadir)/postrider/htdocs/docs)
	install -m 755 $(addprefix build/release/bin/,$(BIN)) \
	    $(DESTDIR)$(bindir)
	install -m 755 $(addprefix build/release/cgi-bin/,$(CGI)) \
	    $(DESTDIR)$(libdir)/postrider/cgi-bin
	install -m 644 $(wildcard src/migrations/*.sql) \
	    $(DESTDIR)$(datadir)/postrider/migrations
	install -m 644 $(wildcard src/lua/*.lua) \
	    $(DESTDIR)$(datadir)/postrider/lua
	install -m 644 $(wildcard htdocs/*.*) \
	    $(DESTDIR)$(datadir)/postrider/htdocs
	install -m 644 $(wildcard htdocs/static/*.*) \
	    $(DESTDIR)$(datadir)/postrider/htdocs/static
	install -m 644 $(wildcard htdocs/errors/*.*) \
	    $(DESTDIR)$(datadir)/postrider/htdocs/errors
	install -m 644 build/docs/* $(DESTDIR)$(datadir)/postrider/htdocs/docs
	@$(CONFFILES) install $(HOST_FILES)

#: make uninstall  the same DESTDIR= prefix=; settings, keys and data stay
uninstall:
	@$(CONFFILES) check '$(sysconfdir)'
	rm -f $(addprefix $(DESTDIR)$(bindir)/,$(BIN))
	rm -rf '$(DESTDIR)$(libdir)/postrider'
	@$(CONFFILES) remove $(HOST_FILES)
	rm -rf '$(DESTDIR)$(datadir)/postrider'

#: make clean    remove what was built; var/ (the data) stays
clean:
	rm -rf build

FORCE:
.PHONY: all help run start stop status test test-long chaos torture fuzz \
    bench build sanitize tortured fuzzed benched checkable valgrind egress docs lint format \
    host install uninstall clean FORCE
