# OrderShop. `make run` and `make test` do all the set-up; `make help` lists the rest.

CONFIGURATION ?= release
BIN = .build/$(CONFIGURATION)
RUN_DIR ?= $(CURDIR)/.run
HTTP ?= 127.0.0.1:5000
PREFIX ?= /usr
DESTDIR ?=
UNIT_DIR ?= $(PREFIX)/lib/systemd/system
SOAK_SECONDS ?= 3600

BUILD_PACKAGES = libhiredis-dev libsystemd-dev zlib1g-dev
RUN_PACKAGES = redis-server
TEST_PACKAGES = redis-server redis-tools curl jq openssl python3 libfaketime
DEB_PACKAGES = debhelper dpkg-dev fakeroot lintian
SYSTEMD_TEST_PACKAGES = systemd systemd-sysv systemd-container redis-server redis-tools curl jq python3

# A release needs no Swift at run time. Tests and their daemons share the toolchain's libraries: they are linked faster.
LINKING = $(if $(filter release,$(CONFIGURATION)),--static-swift-stdlib)

.PHONY: help packages run demo test test-systemd soak bench lint build deb install uninstall clean

help:
	@echo 'make run      build and start the whole shop (REST on http://$(HTTP), data in $(RUN_DIR))'
	@echo 'make demo     start a shop, drive a story through it, show what happened, stop'
	@echo 'make test     run all tests'
	@echo 'make soak     kill daemons under load for an hour, or SOAK_SECONDS'
	@echo 'make bench    measure it beside the ceiling of the same Redis'
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

test: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
test: prepare
	swift build --build-tests
	@# One after the other, as they all want the whole machine.
	swift test --skip-build --filter '^RedisTests'
	swift test --skip-build --filter '^(EventStoreTests|ArchiveTests)'
	swift test --skip-build --skip '^(RedisTests|EventStoreTests|ArchiveTests|SystemTests)'
	swift test --skip-build --filter '^SystemTests'

soak: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
soak: prepare
	swift build --build-tests
	SOAK_SECONDS=$(SOAK_SECONDS) swift test --skip-build --filter '^SystemTests.Soak'

bench: packages = $(BUILD_PACKAGES) $(TEST_PACKAGES)
bench: prepare build
	swift run --package-path Benchmarks -c release ordershop-bench $(BIN)

lint:
	swift format lint --strict --recursive Sources Tests Benchmarks/Sources Package.swift Benchmarks/Package.swift

build:
	swift build -c $(CONFIGURATION) $(LINKING) --product ordershopd
	swift build -c $(CONFIGURATION) $(LINKING) --product ordershopctl

include Makefile.install

# In ./build: ordershop_VERSION_ARCHITECTURE.deb.
deb: packages = $(BUILD_PACKAGES) $(DEB_PACKAGES)
deb: prepare
	$(MAKE) build CONFIGURATION=release
	mkdir -p build
	dpkg-buildpackage --build=binary --no-sign --no-pre-clean --buildinfo-file=build/ordershop.buildinfo \
		--buildinfo-option=-ubuild --changes-file=build/ordershop.changes --changes-option=-ubuild
	lintian --fail-on error --tag-display-limit 0 build/ordershop_$(DEB_VERSION)_*.deb
	@ls build/ordershop_$(DEB_VERSION)_*.deb

DEB_VERSION = $(shell dpkg-parsechangelog --show-field Version)

# Takes the package in ./build, and makes it where there is none.
test-systemd: packages = $(SYSTEMD_TEST_PACKAGES)
test-systemd: prepare
	@ls build/ordershop_*.deb >/dev/null 2>&1 || $(MAKE) deb
	Tests/Systemd/run

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
