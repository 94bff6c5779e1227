# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
# Needs CPython 3.11 or later and make; nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
DAYS   ?= 7
PORT   ?= 8000
SERVE  ?= 1

# Bytecode is kept, out of the sources' way and whatever the environment says: else each process compiles all that it imports.
export PYTHONDONTWRITEBYTECODE =
export PYTHONPYCACHEPREFIX = $(CURDIR)/var/cache/pycache

BIN   := .venv/bin
PIP   := $(BIN)/pip --disable-pip-version-check --no-input --quiet
STAMP := .venv/.stamps

.PHONY: help setup demo test check types style rows drift bench screenshots proof clean lock

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/' | sort

# --- environment: each step has a stamp, so nothing is repeated -------------
$(STAMP)/venv:
	@echo "making .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Storeline needs Python 3.11 or later")'
	@$(PYTHON) -m venv .venv
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/base: requirements/base.txt | $(STAMP)/venv
	@echo "installing requirements/base.txt"
	@$(PIP) install --require-hashes --no-deps --no-compile -r requirements/base.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "storeline.pth").write_text(str(pathlib.Path("src").resolve()) + "\n")'
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m storeline "$$@"\n' > $(BIN)/storeline && chmod +x $(BIN)/storeline
	@touch $@

$(STAMP)/demo: requirements/demo.txt $(STAMP)/base
	@echo "installing requirements/demo.txt"
	@$(PIP) install --require-hashes --no-deps --no-compile -r requirements/demo.txt
	@touch $@

$(STAMP)/dev: requirements/dev.txt $(STAMP)/demo
	@echo "installing requirements/dev.txt"
	@$(PIP) install --require-hashes --no-deps --no-compile -r requirements/dev.txt
	@touch $@

$(STAMP)/chromium: | $(STAMP)/venv  # the one without windows costs half of the other
	@if [ -z "$$CHROMIUM" ] && ! { command -v chromium-headless-shell && fc-list :lang=zh | grep -q .; } >/dev/null 2>&1; then \
	  add() { DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
	    "$$1" fontconfig fonts-dejavu-core fonts-noto-cjk >/dev/null; }; \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then echo "installing Chromium and fonts" >&2; \
	    apt-get update -qq; add chromium-headless-shell || add chromium; \
	  else command -v chromium || command -v chromium-browser; fi >/dev/null || \
	  { echo "the browser tests need Chromium: install it, or let CHROMIUM name one" >&2; exit 1; }; fi
	@touch $@

.venv: $(STAMP)/dev ## the environment, with everything that tests and the demo need
setup: .venv

# --- the two commands ------------------------------------------------------
demo: $(STAMP)/demo ## a real retailer's trade on 127.0.0.1 (DAYS=7 PORT=8000 SERVE=1)
	@$(BIN)/python -m storeline demo --days $(DAYS) --port $(PORT) $(if $(filter 0,$(SERVE)),--no-serve)

test: check $(STAMP)/chromium ## every check, then every test
	@$(BIN)/pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not proof"

check: $(STAMP)/dev ## ruff, mypy strict, the rows, migration drift
	@$(MAKE) --no-print-directory --jobs=2 --output-sync types style rows drift

types:
	@$(BIN)/mypy

style:
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .

rows:
	@$(BIN)/lint-imports --cache-dir var/cache/import-linter

drift:  # Django checks the system before it looks for changes
	@$(BIN)/python -m storeline makemigrations --check --dry-run

# --- measuring -------------------------------------------------------------
bench: $(STAMP)/dev ## every bench, one after the other
	@$(BIN)/python -m bench all

screenshots: $(STAMP)/dev $(STAMP)/chromium ## pictures of the main pages of the demo, into docs/screens
	@$(BIN)/python -m tests.e2e.screens

proof: $(STAMP)/dev ## 300 rounds of kills, their result into docs/proof.md
	@$(BIN)/python -m bench faults --rounds 300 --seconds 4000 --write docs/proof.md

# --- for those who change it -----------------------------------------------
UV   ?= uv
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url
lock: ## lock requirements/*.in anew (needs uv)
	@for set in base demo dev; do $(LOCK) --quiet requirements/$$set.in -o requirements/$$set.txt; done

clean: ## remove everything that these commands made
	@if [ -x $(BIN)/python ]; then env -u DATABASE_URL $(BIN)/python -m storeline db remove >/dev/null || true; fi
	@rm -rf .venv var build dist .hypothesis .import_linter_cache .ruff_cache .mypy_cache .pytest_cache src/*.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
