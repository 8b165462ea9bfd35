# Two commands matter: `make run` and `make test`. `make help` lists them all.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
PYTHON ?= python3
CORES ?= 2
DATASET ?=
ADVISORIES ?=
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
POINTERS := $(wildcard data/raw/*.dvc)
PROGRAMMES ?= $(patsubst data/raw/%.truth.json,%,$(wildcard data/raw/*.truth.json))
# The lock decides what is installed: no index or setting of the machine's may add to it.
# Byte code is compiled once here: imports are most of what a small job does.
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-build-isolation

.PHONY: help run test verify record calibrate simulate document lock audit clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: $(STAMPS)/data ## run the workflow on the examples, or on DATASET=path/to/my.yaml
	@$(BIN)/alliance run $(if $(DATASET),"$(DATASET)") --cores $(CORES)

test: $(STAMPS)/dev $(STAMPS)/data ## format, lint, import layers and tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/pytest -n $(CORES) --dist loadfile -m "not slow"

verify: $(STAMPS)/dev $(STAMPS)/data ## slow simulations and end-to-end runs
	$(BIN)/pytest -n $(CORES) --dist loadfile -m slow

record: $(STAMPS)/data ## run by DVC, which records what came of which data and code
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/dvc repro

calibrate: $(STAMPS)/run ## hold every line of evidence to known truth (about 10 minutes)
	@$(BIN)/alliance calibrate --processes $(CORES); held=$$?; $(BIN)/alliance document; exit $$held

simulate: $(STAMPS)/run ## make the simulated programmes anew (the same bytes) and their pointers
	bash data/simulate.sh $(PROGRAMMES)

document: $(STAMPS)/run ## write the data dictionary, the schemas and the README's answers
	$(BIN)/alliance document

lock: $(STAMPS)/run ## renew the locks within the bounds of pyproject.toml
	bash requirements/lock.sh

audit: $(STAMPS)/dev ## hashes, licences, what each dependency is for; ADVISORIES=file too
	@$(BIN)/python requirements/audit.py $(if $(ADVISORIES),--advisories "$(ADVISORIES)")

clean: $(STAMPS)/run ## remove what was generated, and nothing else
	@$(BIN)/alliance clean

$(STAMPS)/venv: requirements/build.lock
	@echo "Installing into $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $<
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: requirements.lock pyproject.toml $(STAMPS)/venv
	@$(UV) --require-hashes -r requirements.lock
	@$(UV) --no-deps --editable .
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/run
	@$(UV) --require-hashes -r requirements-dev.lock
	@touch $@

$(STAMPS)/data: $(POINTERS) $(STAMPS)/run
	@echo "Pulling the example data ..."
	@$(BIN)/dvc pull --quiet $(POINTERS) 2> >(grep -v "no default remote" >&2)
	@touch $@
