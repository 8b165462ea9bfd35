# Two commands matter: `make run` and `make test`. `make help` lists them all.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
PYTHON ?= python3
CORES ?= 2
DATASET ?=
OUTPUT ?=
ADVISORIES ?=
VENV := .venv
BIN := $(VENV)/bin
STAMPS := $(VENV)/stamps
POINTERS := $(wildcard data/raw/*.dvc)
PROGRAMMES ?= $(patsubst data/raw/%.truth.json,%,$(wildcard data/raw/*.truth.json))
# The lock decides what is installed: no index or setting of the machine's may add to it.
# Byte code is compiled once here: imports are most of what a small job does.
UV := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --no-build-isolation

# Jupyter with the project's settings: neither it nor its pages ask anything of other machines.
JUPYTER := JUPYTER_CONFIG_PATH="$(CURDIR)/notebooks/settings" $(BIN)/jupyter
LAB ?=

.PHONY: help run bundle test verify record calibrate bench scale cluster simulate notebooks pages document lock audit clean

help: ## list the targets
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

run: $(STAMPS)/data ## run the workflow on the examples, or on DATASET=path/to/my.yaml
	@$(BIN)/alliance run $(if $(DATASET),"$(DATASET)") --cores $(CORES)

bundle: $(STAMPS)/run ## pack a finished run, or that of DATASET, into one archive to deposit
	@$(BIN)/alliance bundle $(if $(DATASET),"$(DATASET)") $(if $(OUTPUT),--output "$(OUTPUT)")

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

cluster: $(STAMPS)/dev $(STAMPS)/data ## one dataset through a Slurm of one node (Debian, root, 2 minutes)
	timeout 900 bash tests/cluster/run.sh

bench: $(STAMPS)/run ## time our works beside R's on the same data (about 10 minutes)
	@$(BIN)/python benchmarks/against_r.py --record
	@$(BIN)/python benchmarks/reading.py --record

scale: $(STAMPS)/run ## time the way to a verdict from 10,000 to 1,000,000 engagements
	@$(BIN)/python benchmarks/scale.py --further 10000 --record

simulate: $(STAMPS)/run ## make the simulated programmes anew (the same bytes) and their pointers
	bash data/simulate.sh $(PROGRAMMES)

notebooks: $(STAMPS)/run ## open the notebooks in JupyterLab
	@$(JUPYTER) lab $(LAB) notebooks

pages: $(STAMPS)/run ## the notebooks with their results as HTML pages, to read or to hand out
	@$(JUPYTER) nbconvert --log-level WARN --to html --execute --output-dir results/notebooks notebooks/*.ipynb

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
