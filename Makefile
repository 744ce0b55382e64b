# Everything here works on a fresh machine: what a target needs, it installs.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
SEEDS  ?= 1 2 3

.DEFAULT_GOAL := help
.PHONY: help run test lint format audit package bench bench-growth chaos test-crm bench-crm php chromium clean

help: ## Show what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/run.ready ## Show the whole way on this machine, until Ctrl-C
	@exec $(BIN)/sugar-roistat dev

test: $(VENV)/dev.ready $(VENV)/php.ready php chromium ## Install what the tests need, and run them all
	$(BIN)/pytest --cov --cov-report=term:skip-covered
	phpunit -c tests/sugar_module/phpunit.xml

lint: $(VENV)/dev.ready php ## Check style and types, Python and PHP
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	phpcs

format: $(VENV)/dev.ready ## Format the Python code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

audit: ## Ask whether a weakness is known of what we depend on (needs the network)
	$(PYTHON) -m venv $(VENV)/audit
	$(VENV)/audit/bin/pip install --quiet pip-audit
	$(VENV)/audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt

package: ## Build dist/sugar-roistat-<version>.zip for the Module Loader
	$(PYTHON) tools/package.py

bench: $(VENV)/dev.ready ## Measure speed and memory beside the obvious way
	$(BIN)/python -m bench

bench-growth: $(VENV)/dev.ready ## Measure how cost grows with the deals held, up to a million
	$(BIN)/python -m bench.growth

chaos: $(VENV)/dev.ready ## Kill everything at random: make chaos SEEDS="1 2 3"
	$(BIN)/python -m tests.kill $(SEEDS)

test-crm: $(VENV)/dev.ready chromium package ## Test against a real CRM: CRM_ROOT, CRM_URL, CRM_USERNAME, CRM_PASSWORD
	$(BIN)/pytest tests/crm -rs -p no:randomly

bench-crm: $(VENV)/dev.ready ## Measure what the package costs a real CRM, given as for test-crm, with the package in it
	$(BIN)/python -m tests.crm.speed

clean: ## Remove what was built and installed here
	rm -rf $(VENV) dist build *.egg-info

$(VENV)/run.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/dev.ready: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/run.ready

# Other versions of PHP, each the real one compiled to WebAssembly; what they are for stands in test_versions.py.
PHP_WASM := 3.1.56
$(VENV)/php.ready: $(VENV)/dev.ready Makefile
	@mkdir -p $(VENV)/php
	PATH="$(abspath $(BIN)):$$PATH" npm install --prefix $(VENV)/php --no-save --no-package-lock --no-audit --no-fund \
		--silent $(foreach name,universal node-7-4 node-8-0 node-8-1 node-8-2 node-8-3 node-8-4,@php-wasm/$(name)@$(PHP_WASM))
	@touch $@

php:
	@command -v php phpunit phpcs >/dev/null && php -m | grep -q pdo_sqlite || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { \
			echo "Needed: php (8.1 or later, command line, with SQLite), phpunit, php-codesniffer" >&2; exit 1; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends php-cli php-mbstring php-sqlite3 php-xml phpunit php-codesniffer; }

chromium:
	@command -v chromium >/dev/null || { \
		test "$$(id -u)" = 0 && command -v apt-get >/dev/null || { \
			echo "Needed: chromium" >&2; exit 1; }; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
			--no-install-recommends chromium; }
