# The only door: `make demo` shows it, `make test` proves it, `make check` is quick.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FAST := tests/unit tests/spec tests/generative

# Stamps lie with what they vouch for, so that removing .venv or target/ removes them too.
VENV := .venv/pyvenv.cfg
CORE := .venv/.core
ALL := .venv/.all
BYTECODE := src/fhirscreen/__pycache__/.all
HAPI := docker/hapi/target/hapi.jar
VALIDATOR := docker/validator/target/validator.jar
NPM := tests/npm/node_modules/.package-lock.json

.PHONY: help
help: ## This list
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 18

# ---- the environment

$(VENV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fhirscreen needs Python 3.11 or later: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv .venv

$(CORE): requirements/core.txt pyproject.toml | $(VENV)
	$(PIP) install --require-hashes -r requirements/core.txt
	$(PIP) install --no-deps --no-build-isolation --no-index --editable .
	@touch $@

$(ALL): requirements/all.txt $(CORE)
	$(PIP) install --require-hashes -r requirements/all.txt
	@touch $@

# An installed wheel comes compiled; a checkout would be at each start, where Python may not write: half a second.
$(BYTECODE): $(CORE) $(shell find src -name '*.py')
	$(BIN)/python -m compileall -q src
	@touch $@

.PHONY: venv lock
venv: $(ALL) $(BYTECODE) ## The environment with everything that development needs

UV_LOCK = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-annotate \
  --custom-compile-command "make lock" --quiet $(LOCK_FLAGS)
lock: $(ALL) ## Refresh requirements/ (LOCK_FLAGS=--upgrade: newest versions)
	$(UV_LOCK) --extra build -o requirements/core.txt
	$(UV_LOCK) --extra build --extra dev -c requirements/core.txt -o requirements/all.txt

# ---- what a new user runs

.PHONY: demo
demo: $(CORE) $(BYTECODE) ## Screen both seed studies over the synthetic cohort, into build/demo
	$(BIN)/fhirscreen demo -o build/demo

# ---- the real parts

.PHONY: parts hapi validator
parts: ## Outside programs from Debian's packages, and what is built with them
	@docker/provision.sh
	@if command -v mvn >/dev/null && command -v javac >/dev/null; then $(MAKE) --no-print-directory hapi validator; fi
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory $(NPM); fi

hapi: $(HAPI) ## A real HAPI FHIR server (docker/hapi)
validator: $(VALIDATOR) ## HAPI's R4 instance validator (docker/validator)

# Maven leaves an unchanged jar untouched: without the touch, a changed comment would build for ever.
docker/%.jar: FOLDER = $(patsubst %/target/,%,$(dir $@))
$(HAPI): docker/hapi/pom.xml $(shell find docker/hapi/src -type f)
	mvn -B -q -f $(FOLDER)/pom.xml package && touch $@
$(VALIDATOR): docker/validator/pom.xml $(shell find docker/validator/src -type f)
	mvn -B -q -f $(FOLDER)/pom.xml package && touch $@

$(NPM): tests/npm/package.json tests/npm/package-lock.json tests/npm/.npmrc
	cd tests/npm && npm ci --ignore-scripts --no-audit --no-fund --silent
	@touch $@

# ---- checks

.PHONY: check static test
check: static ## Format, lint, types, import contracts and the fast tests
	$(BIN)/python -m pytest -q -m "not hapi and not validator and not browser and not postgres and not node" $(wildcard $(FAST))

static: $(ALL)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

# Tests on a real server take turns, for they empty it; the others share the cores.
test: parts static ## Everything, with the real parts
	$(BIN)/python -m pytest -q -m "not hapi" -n 2 --dist loadfile
	$(BIN)/python -m pytest -q -m hapi

.PHONY: manual
manual: $(ALL) ## Render docs/manual from tests/spec
	$(BIN)/python -m tests.spec.render

.PHONY: mutate
mutate: $(ALL) ## Mutation testing of values, verdicts, plan and the evaluator: hours
	$(BIN)/mutmut run
	$(BIN)/mutmut results

# ---- benchmarks: one target a script

bench-search: hapi
bench-%: $(ALL) $(BYTECODE) ## Run benchmarks/NAME.py
	$(BIN)/python -m benchmarks.$* $(BENCH_FLAGS)

.PHONY: clean
clean: ## Remove what was built, the environment too
	rm -rf .venv build dist docker/*/target
