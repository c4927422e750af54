# One word per action, the same for people and machines.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export HF_HUB_OFFLINE ?= 1
export TOKENIZERS_PARALLELISM ?= false

.PHONY: quickstart test check fix kills fuzz bench setup clean

quickstart: setup ## Set up, then fine-tune the bundled base on the sample data, up to a verdict and a package.
	$(BIN)/tunesmith run recipes/quickstart.yaml

PROCESSES ?= 2
test: setup ## Set up, then run every test, in PROCESSES processes; a file's tests stay together.
	$(BIN)/python -m pytest -q -n $(PROCESSES) --dist loadfile

check: setup ## Format, lint, types, tests, stale documents.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --project pyproject.toml
	$(BIN)/python docs/generate.py --check
	$(BIN)/python -m pytest -q -n $(PROCESSES) --dist loadfile

fix: setup ## Format, mend what the linter can, write the generated documents anew.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(BIN)/python docs/generate.py

N ?= 1000
kills: setup ## Kill a run at N random moments, resume it, and compare with one left alone.
	$(BIN)/python tests/flows/kill_trials.py --trials $(N)

RUNS ?= 1000000
fuzz: setup ## Read RUNS files that were mutated to break the readers of data.
	$(BIN)/python tests/data/fuzz_reader.py --runs $(RUNS)

bench: setup ## Measure training against TRL, and write docs/reference/performance.md.
	$(BIN)/python -m benchmarks training --out build/benchmarks/training.json --page docs/reference/performance.md

setup: $(VENV)/.done

$(VENV)/.done: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Tunesmith needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	touch $@

clean: ## Remove what was set up.
	rm -rf $(VENV)
