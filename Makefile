# Every target creates or updates .venv from requirements.lock: with uv where it is on the PATH, else with pip.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-fast check faults bench accuracy wheel lock clean

BIN := .venv/bin
STAMP := .venv/.installed
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# The first of these that is a Python 3.11 to 3.13; another one: make test PYTHON=/path/to/python3.12
PYTHON ?= $(firstword $(foreach name,python3 python3.13 python3.12 python3.11,$(shell $(name) -c '$(FITS)' 2>/dev/null && echo $(name))))
ARGS ?=

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 18

demo: export PATH := $(CURDIR)/$(BIN):$(PATH)
demo: export DIGITS_HOME := demo/home
demo: $(STAMP) ## write 12 ledger pages, read them, and show the numbers
	@rm -rf demo
	digits synth demo/scans --pages 12 --seed 1
	digits digitise demo/scans --out demo/results
	digits evaluate demo/results demo/scans/truth
	digits show demo/scans/ledger-0001-0000.jpg --results demo/results -o demo/page.png
	digits results demo/results --limit 10
	@echo
	@echo "Look at the page with its reading: demo/page.png"
	@echo "Decide what the machine is not sure of: DIGITS_HOME=demo/home $(BIN)/digits review serve"
	@echo "Next, with scans of your own: $(BIN)/digits digitise FOLDER --out RESULTS"

test: $(STAMP) ## run all tests; make test ARGS="-k decode" for some
	@$(BIN)/python -m tests.support.servers.object_stores install || echo "going on without them"
	@$(BIN)/pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder $(ARGS)

test-fast: $(STAMP) ## run the quick unit tests: no server, no training
	@$(BIN)/pytest -n auto --maxprocesses 4 tests/unit -m "not slow" $(ARGS)

check: $(STAMP) ## check style, types, and import directions
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

faults: $(STAMP) ## inject faults into real processes, 20 rounds each: hours on a busy machine; FAULT_ROUNDS=3 make faults
	@$(BIN)/python -m tests.support.servers.object_stores install || echo "going on without them"
	@FAULTS=1 FAULT_ROUNDS=$${FAULT_ROUNDS:-20} $(BIN)/pytest tests/faults -rP $(ARGS)

bench: $(STAMP) ## measure speed, memory and start-up times; make bench ARGS="--pages 20 --scans FOLDER" for a quick run
	@$(BIN)/python -m tests.benchmarks.bench $(ARGS)

accuracy: $(STAMP) ## compare accuracy with RapidOCR and Tesseract; make accuracy PAGES=folder MNIST=mnist.npz
	@$(BIN)/python -m tests.benchmarks.accuracy.install || echo "going on without what is missing"
	@$(BIN)/python -m tests.benchmarks.accuracy.accuracy $(if $(PAGES),--pages "$(PAGES)") $(if $(MNIST),--mnist "$(MNIST)") $(ARGS)

# The wheel says which packages it needs and from which versions on; requirements.lock is for this checkout.
wheel: $(STAMP) ## a wheel in dist/, for pip install on machines without this checkout
	@rm -rf build dist
	@$(BIN)/python -c 'import setuptools.build_meta as build; print("dist/" + build.build_wheel("dist"))' | tail -n 1
	@rm -rf build

# Keeps the versions that still fit; ARGS=--upgrade takes the newest that do.
lock: ## works out requirements.lock anew from pyproject.toml
	@uv=$$(command -v uv) || { $(PYTHON) -m venv .venv-lock; .venv-lock/bin/pip install -q uv; uv=.venv-lock/bin/uv; }; \
	$$uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --no-header --no-annotate -q $(ARGS) -o requirements.lock

clean: ## back to a fresh clone: removes the environments and everything that was made
	rm -rf .venv .venv-* demo bench accuracy build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamp is removed first and written last, so an interrupted install starts again from scratch.
# Byte-compiled at once (pip does that by itself): TensorFlow then starts in a third of the time.
$(STAMP): requirements.lock pyproject.toml
	@$(or $(PYTHON),false) -c '$(FITS)' || { echo "digits needs Python 3.11, 3.12 or 3.13, and '$(or $(PYTHON),python3)' is none:" \
	  "install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@if [ -e $@ ]; then rm $@; else rm -rf .venv; fi
	@if command -v uv >/dev/null; then $(WITH_UV); else $(WITH_PIP); fi
	@touch $@

define WITH_UV
  [ -d .venv ] || uv venv -q --python $(PYTHON) .venv; export VIRTUAL_ENV=$(CURDIR)/.venv; \
  uv pip sync -q --require-hashes --compile-bytecode requirements.lock; \
  uv pip install -q --no-deps --no-build-isolation -e .
endef

define WITH_PIP
  echo "installing what requirements.lock names into .venv: some minutes, once"; \
  $(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv .venv; \
  $(BIN)/python -m pip install -q --no-deps --require-hashes -r requirements.lock; \
  $(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
endef
