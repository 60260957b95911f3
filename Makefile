# OrderShop. `make run` and `make test` do all the set-up; `make help` lists the rest.

CONFIGURATION ?= release
BIN = .build/$(CONFIGURATION)
RUN_DIR ?= $(CURDIR)/.run
HTTP ?= 127.0.0.1:5000
PREFIX ?= /usr
DESTDIR ?=
UNIT_DIR ?= $(PREFIX)/lib/systemd/system
SOAK_SECONDS ?= 3600

BUILD_PACKAGES = libhiredis-dev libsystemd-dev zlib1g-dev libcurl4-openssl-dev
RUN_PACKAGES = redis-server
TEST_PACKAGES = redis-server redis-tools curl jq openssl iproute2 python3 python3-aiosmtpd libfaketime prometheus
DEB_PACKAGES = debhelper dpkg-dev fakeroot lintian
SYSTEMD_TEST_PACKAGES = systemd systemd-sysv systemd-container redis-server redis-tools curl jq python3

# A release needs no Swift at run time. Tests and their daemons share the toolchain's libraries: they are linked faster.
# Nothing loads symbols from the programs, so none need to be named in them: that saves 4 MB. Relocations of one word each
# instead of three, which the toolchain's own linker can make, save 3 MB, and 2 MB of memory.
LINKING = $(if $(filter release,$(CONFIGURATION)),--static-swift-stdlib -Xswiftc -use-ld=lld \
	-Xlinker --exclude-libs=ALL -Xlinker --no-export-dynamic -Xlinker -z -Xlinker pack-relative-relocs)

.PHONY: help packages run demo test test-systemd test-redis-user test-api test-browser soak bench lint build deb install uninstall clean

help:
	@echo 'make run      build and start the whole shop (REST on http://$(HTTP), data in $(RUN_DIR))'
	@echo 'make demo     start a shop, drive a story through it, show what happened, stop'
	@echo 'make test     run all tests'
	@echo 'make test-browser  drive the dashboard in a real browser'
	@echo 'make soak     kill daemons under load for an hour, or SOAK_SECONDS'
	@echo 'make bench    measure it beside the ceilings of this machine; BASE=FILE compares with the bench.json of another run'
	@echo 'make lint     check the formatting'
	@echo 'make deb      build a Debian package in ./build'
	@echo 'make install  install into $$DESTDIR$$PREFIX (default /usr), with the systemd units; make uninstall takes it away'
	@echo 'make test-systemd  boot systemd in a container and try the Debian package there (as root)'

run: packages = $(BUILD_PACKAGES) $(RUN_PACKAGES)
run: prepare build
	@mkdir -p $(RUN_DIR)
	@echo
	@echo 'Control it from another terminal:'
	@echo '  export ORDERSHOP_SOCKET=$(RUN_DIR)/control.sock'
	@echo '  $(BIN)/ordershopctl status'
	@echo
	@exec $(BIN)/ordershopd --state-directory $(RUN_DIR) --socket $(RUN_DIR)/control.sock --http $(HTTP)

# All that building and testing need.
packages: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
packages: prepare

demo: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
demo: prepare build
	@demo/run $(BIN)

# One group after the other, as they all want the whole machine; `make -k test` goes on where one fails.
TEST_GROUPS = test-redis test-store test-rooms test-shops
.PHONY: test-build $(TEST_GROUPS)
test: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
test: prepare test-build $(TEST_GROUPS)
test-build:
	swift build --build-tests
$(TEST_GROUPS): test-build
test-redis:
	swift test --skip-build --filter '^RedisTests'
test-store:
	swift test --skip-build --filter '^(EventStoreTests|ArchiveTests)'
test-rooms:
	swift test --skip-build --skip '^(RedisTests|EventStoreTests|ArchiveTests|SystemTests)'
test-shops:
	swift test --skip-build --filter '^SystemTests'
.NOTPARALLEL:

soak: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
soak: prepare
	swift build --build-tests
	SOAK_SECONDS=$(SOAK_SECONDS) swift test --skip-build --filter '^SystemTests.Soak'
	FUZZ_INPUTS=10000000 swift test --skip-build --filter '^JSONRPCTests.*[Ff]uzz'

bench: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
bench: prepare build
	swift build --package-path Benchmarks -c release --static-swift-stdlib
	Benchmarks/.build/release/ordershop-bench --binaries $(BIN) --output build/bench $(if $(BASE),--base $(BASE)) $(PARTS)

lint:
	swift format lint --strict --recursive Sources Tests Benchmarks/Sources Package.swift Benchmarks/Package.swift

build:
	swift build -c $(CONFIGURATION) $(LINKING) --product ordershopd
	swift build -c $(CONFIGURATION) $(LINKING) --product ordershopctl

include Makefile.install

# In ./build: ordershop_VERSION_ARCHITECTURE.deb. One of the debug build, which runs beside its toolchain only and has
# fault points, goes into ./build/debug: it is made in a minute, for the tests.
PACKAGE_DIR = build$(if $(filter debug,$(CONFIGURATION)),/debug)
PACKAGE = $(PACKAGE_DIR)/ordershop_$(shell dpkg-parsechangelog --show-field Version)_$(shell dpkg --print-architecture).deb
deb: packages = $(BUILD_PACKAGES) $(DEB_PACKAGES)
deb: prepare build
	mkdir -p $(PACKAGE_DIR)
	CONFIGURATION=$(CONFIGURATION) PACKAGE_DIR=$(PACKAGE_DIR) dpkg-buildpackage --build=binary --no-sign --no-pre-clean \
		--buildinfo-file=$(PACKAGE_DIR)/ordershop.buildinfo --buildinfo-option=-u$(PACKAGE_DIR) \
		--changes-file=$(PACKAGE_DIR)/ordershop.changes --changes-option=-u$(PACKAGE_DIR)
	$(if $(filter release,$(CONFIGURATION)),lintian --fail-on error --tag-display-limit 0 $(PACKAGE))
	@echo '$(PACKAGE)'

test-systemd: packages = $(SYSTEMD_TEST_PACKAGES)
test-systemd: prepare
	@test -e $(PACKAGE) || $(MAKE) deb
	Tests/Systemd/run --package $(PACKAGE)

# The REST API against its own description, by openapi-spec-validator and schemathesis from PyPI.
test-api: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES) python3-venv
test-api: prepare build
	Tests/API/run $(BIN)

# The dashboard in Debian's chromium, driven by selenium from PyPI; SCREENSHOTS=docs/images writes the README's pictures.
test-browser: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES) python3-venv chromium chromium-driver fonts-dejavu-core
test-browser: prepare build
	Tests/Browser/run $(BIN) $(if $(SCREENSHOTS),--screenshots=$(abspath $(SCREENSHOTS)))

# Those of the system tests that use a Redis in all ways, with every daemon as the user of etc/redis/ordershop.acl.
test-redis-user: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
test-redis-user: prepare
	swift build --build-tests
	REDIS_AS_SHIPPED_USER=1 swift test --skip-build --filter '^SystemTests.`?(The whole story|The events in|The entity cache|Verifying|A shop whose past|Events that cannot|A module that is switched|Several shops|Another daemon)'

clean:
	rm -rf .build build Benchmarks/.build

# Installs the Debian packages that are missing, or says what to do.
.PHONY: prepare
prepare:
	@command -v swift >/dev/null || { echo 'A Swift toolchain (6.2 or newer) is needed: https://www.swift.org/install/linux/' >&2; exit 1; }
	@missing=$$( \
		for package in $(packages); do \
			dpkg-query -W -f '$${db:Status-Status}' $$package 2>/dev/null | grep -qx installed || printf '%s ' $$package; \
		done); \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ]; then \
		echo "Installing $$missing"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	else \
		echo "These packages are missing: sudo apt-get install $$missing" >&2; exit 1; \
	fi
