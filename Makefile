# Two commands matter: `make demo` and `make test`. `make help` lists the rest.
# Needs CPython 3.11 or later and make; nothing else.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
DAYS   ?= 7
PORT   ?= 8000
SERVE  ?= 1

BIN   := .venv/bin
PIP   := $(BIN)/pip --disable-pip-version-check --no-input --quiet
STAMP := .venv/.stamps

.PHONY: help setup demo test check bench proof clean lock

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed 's/:.*## /\t/' | sort

# --- environment: each step has a stamp, so nothing is repeated -------------
$(BIN)/python:
	@echo "making .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Storeline needs Python 3.11 or later")'
	@$(PYTHON) -m venv .venv

$(STAMP)/base: requirements/base.txt | $(BIN)/python
	@echo "installing requirements/base.txt"
	@$(PIP) install --require-hashes --no-deps -r requirements/base.txt
	@$(BIN)/python -c 'import pathlib, sysconfig; pathlib.Path(sysconfig.get_path("purelib"), "storeline.pth").write_text(str(pathlib.Path("src").resolve()) + "\n")'
	@printf '#!/bin/sh\nexec "$$(dirname "$$0")/python" -m storeline "$$@"\n' > $(BIN)/storeline && chmod +x $(BIN)/storeline
	@mkdir -p $(STAMP) && touch $@

$(STAMP)/demo: requirements/demo.txt $(STAMP)/base
	@echo "installing requirements/demo.txt"
	@$(PIP) install --require-hashes --no-deps -r requirements/demo.txt
	@touch $@

$(STAMP)/dev: requirements/dev.txt $(STAMP)/demo
	@echo "installing requirements/dev.txt"
	@$(PIP) install --require-hashes --no-deps -r requirements/dev.txt
	@touch $@

.venv: $(STAMP)/dev ## the environment, with everything that tests and the demo need
setup: .venv ## the same
