# Every task of the project, each doing all its own set-up. `make` alone lists them.
# What is already set up is remembered by files, so that a second start is quick.
# Written for GNU make 3.81 and later, the one a Mac brings along.

PORT ?= 8000
SIMULATOR_PORT ?= 8010
export PORT SIMULATOR_PORT

VENV := .venv
PYTHON := $(VENV)/bin/python
STAMPS := $(VENV)/stamps
PIP := $(PYTHON) -m pip --disable-pip-version-check -qq
SOURCES := backend schedules notifications
VENDOR := backend/dashboard/static/vendor/inter.css
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard backend/*/translations/*/LC_MESSAGES/*.po))
SCRIPTS := .ci/run $(wildcard tools/*.sh tools/*/*.sh)
UV_COMPILE := $(PYTHON) -m uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup setup-dev run test check lint types floors migrations openapi containers shell \
	bench chaos lock docker-test screenshot clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ── what people run ──────────────────────────────────────────────────────────────────────────────

run: setup ## the whole product with a demo clinic: web, worker and phone simulator, until Ctrl-C
	@exec $(PYTHON) -m tools.run

test: setup-dev ## every test: SQLite, a real PostgreSQL, a real browser (ARGS="tests/house -k floors")
	@CHROMIUM="$$(sh tools/chromium.sh)" && export CHROMIUM && exec $(PYTHON) -m pytest -n 2 --dist loadgroup $(ARGS)

check: setup-dev lint types floors migrations openapi containers shell ## everything that needs no test to be known

bench: setup-dev ## how fast it is, beside a floor and its peers, to a table (ARGS="--quick", "dispatch idle")
	@exec $(PYTHON) -m tools.bench $(ARGS)

chaos: setup-dev ## what must survive anything: workers killed, a provider that misbehaves, a clock that jumps (SEED=7)
	@exec $(PYTHON) -m tests.chaos $(ARGS)

screenshot: setup-dev ## take the picture in the README anew from the running product
	@CHROMIUM="$$(sh tools/chromium.sh)" && export CHROMIUM && exec $(PYTHON) -m tools.screenshot

docker-test: setup-dev ## build the images and run them for real, where a Docker engine answers
	@exec $(PYTHON) -m tools.docker_test

clean: ## forget everything built or installed (the data in instance/ stays)
	rm -rf $(VENV) .venv-bench node_modules build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	rm -rf backend/dashboard/static/vendor notifications/phone_simulator/static/vendor
	rm -f $(CATALOGUES)

# ── set-up ───────────────────────────────────────────────────────────────────────────────────────

setup: $(STAMPS)/runtime $(VENDOR) $(CATALOGUES) ## what `make run` needs

setup-dev: setup $(STAMPS)/dev ## what tests and checks need on top

$(STAMPS)/venv: tools/venv.sh
	@sh tools/venv.sh $(VENV)
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/runtime: requirements.txt $(STAMPS)/venv
	@echo "Installing the locked dependencies (the first time this takes a minute or two)"
	@$(PIP) install --require-hashes -r requirements.txt
	@touch $@

$(STAMPS)/dev: requirements-dev.txt $(STAMPS)/runtime
	@echo "Installing what tests and checks need"
	@$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

$(VENDOR): package-lock.json tools/npm.sh tools/frontend.py $(STAMPS)/runtime
	@echo "Installing the front-end files"
	@sh tools/npm.sh $(PYTHON) ci --no-audit --no-fund --loglevel=error
	@$(PYTHON) -m tools.frontend
	@touch $@

%.mo: %.po $(STAMPS)/runtime
	@$(PYTHON) -m babel.messages.frontend --quiet compile --input-file $< --output-file $@

lock: $(STAMPS)/dev ## resolve the dependencies anew into the hashed lock files
	$(UV_COMPILE) --upgrade requirements.in --output-file requirements.txt
	$(UV_COMPILE) --upgrade requirements-dev.in --constraint requirements.txt --output-file requirements-dev.txt
	$(UV_COMPILE) --upgrade requirements-node.in --output-file requirements-node.txt
	$(UV_COMPILE) --upgrade tools/bench/peers.in --constraint requirements-dev.txt --output-file tools/bench/peers.txt
	sh tools/npm.sh $(PYTHON) update --package-lock-only --no-audit --no-fund

# ── the parts of `make check` ────────────────────────────────────────────────────────────────────

lint: setup-dev
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .

types: setup-dev
	@$(PYTHON) -m mypy $(SOURCES) tools

floors: setup-dev
	@$(VENV)/bin/lint-imports

migrations: setup-dev
	@$(PYTHON) -m tools.check_migrations

openapi: setup-dev
	@$(PYTHON) -m backend openapi --check

containers: setup-dev
	@$(VENV)/bin/hadolint Dockerfile $(wildcard tools/docker_offline/*Dockerfile)
	@$(VENV)/bin/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

shell:
	@for script in $(SCRIPTS); do sh tools/shell_syntax.sh "$$script" || exit 1; done
