# OrderShop. `make run` and `make test` do all the set-up; `make help` lists the rest.

CONFIGURATION ?= release
BIN = .build/$(CONFIGURATION)
RUN_DIR ?= $(CURDIR)/.run
HTTP ?= 127.0.0.1:5000
PREFIX ?= /usr
DESTDIR ?=
SOAK_SECONDS ?= 3600

BUILD_PACKAGES = libhiredis-dev libsystemd-dev zlib1g-dev
RUN_PACKAGES = redis-server
TEST_PACKAGES = redis-server redis-tools curl jq openssl python3 libfaketime

.PHONY: help packages run demo test soak bench lint build install clean

help:
	@echo 'make run      build and start the whole shop (REST on http://$(HTTP), data in $(RUN_DIR))'
	@echo 'make demo     start a shop, drive a story through it, show what happened, stop'
	@echo 'make test     run all tests'
	@echo 'make soak     kill daemons under load for an hour, or SOAK_SECONDS'
	@echo 'make bench    measure it beside the ceiling of the same Redis'
	@echo 'make lint     check the formatting'
	@echo 'make install  install into $$DESTDIR$$PREFIX (default /usr), with the systemd unit'

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
	swift build -c $(CONFIGURATION) --product ordershopd
	swift build -c $(CONFIGURATION) --product ordershopctl

# Binaries that need no Swift at run time. Build first (as yourself), then install (as root).
install:
	@test -x .build/release/ordershopd || { echo 'Nothing is built yet: run make build first.' >&2; exit 1; }
	install -D -m 0755 .build/release/ordershopd $(DESTDIR)$(PREFIX)/bin/ordershopd
	install -D -m 0755 .build/release/ordershopctl $(DESTDIR)$(PREFIX)/bin/ordershopctl
	install -D -m 0644 systemd/ordershopd.service $(DESTDIR)$(PREFIX)/lib/systemd/system/ordershopd.service
	test -e $(DESTDIR)/etc/ordershop/ordershopd.yaml || \
		install -D -m 0644 etc/ordershop/ordershopd.yaml $(DESTDIR)/etc/ordershop/ordershopd.yaml

clean:
	rm -rf .build Benchmarks/.build

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
