# Easel. `make` lists the targets; `make demo` and `make test` do everything from a fresh clone.
PYTHON ?= python3.11
PIP_ARGS ?=
TRAIN_ARGS ?=
MODERATION_ARGS ?=
PROVENANCE_ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
SOURCES := bot worker moderation core

.DEFAULT_GOAL := help
.PHONY: help setup system demo test check format bench-engine bench-road bench-reviews bench-fairness bench-gpu bench-moderation bench-provenance readers train-model train-enlarger train-moderation eval-model lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

$(VENV)/.installed: requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: needs $(PYTHON); name another with PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the pinned dependencies (torch is the large one) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) torch==2.13.0
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -e '.[dev]'
	@touch $@

setup: $(VENV)/.installed ## Make the virtual environment with the pinned dependencies

system: ## Install what the browser tests need from Debian (skipped where it cannot be)
	@sh tests/system.sh

demo: setup ## Start everything on this machine, draw one picture, serve the local chat
	@$(BIN)/easel demo

# Tests that start whole stacks, draw or drive a browser run one at a time; the others two by two.
ALONE := $(addprefix tests/,architecture bench bot/embedded e2e worker) \
	$(wildcard $(addprefix tests/bot/web_app/,test_browser*.py */test_browser*.py))

test: setup system ## Run every test
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(addprefix --ignore=,$(ALONE))
	@$(BIN)/python -m pytest $(ALONE)

check: setup ## Formatting, lint, types, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## Format and mend what can be mended
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench-fairness: setup ## Serve 20 members with up to 50 jobs each (build/bench/fairness.json)
	@$(BIN)/python -m bench.fairness

bench-engine: setup ## Measure batch, turns, numbers, stops of the engine (build/bench/engine.json)
	@$(BIN)/python -m bench.engine

bench-road: setup ## Measure the road: acknowledgement, overhead, rules (build/bench/road.json)
	@$(BIN)/python -m bench.road

bench-reviews: setup ## Measure the moderators' queue, 10,000 items open (build/bench/reviews.json)
	@$(BIN)/python -m bench.reviews

readers: ## Fetch another C2PA reader, which a test holds against ours (build/readers; needs npm)
	@npm install --prefix build/readers --ignore-scripts --no-audit --no-fund @trustnxt/c2pa-ts@0.9.4

bench-provenance: setup ## Measure labels and the mark in the pixels (build/bench/provenance.json)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -e '.[bench]'
	@OMP_NUM_THREADS=1 $(BIN)/python -m bench.provenance $(PROVENANCE_ARGS)

bench-moderation: setup ## Measure the gate (MODERATION_ARGS="--data ..."; build/bench/moderation.json)
	@OMP_NUM_THREADS=1 $(BIN)/python -m bench.moderation $(MODERATION_ARGS)

train-model: setup ## Train the small model from nothing to its figures (hours; resumes)
	@OMP_NUM_THREADS=1 $(BIN)/python -m worker.train $(TRAIN_ARGS)

train-enlarger: setup ## Train the network that enlarges pictures for posting (30 minutes; build/train/enlarger)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -e '.[train]'
	@OMP_NUM_THREADS=1 $(BIN)/python -m worker.train.enlarger $(TRAIN_ARGS)

train-moderation: setup ## Train the text screen (MODERATION_ARGS="--data ... --minilm ..."; about an hour; resumes)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(PIP_ARGS) -c requirements.lock -e '.[train]'
	@OMP_NUM_THREADS=1 $(BIN)/python -m moderation.train $(MODERATION_ARGS)

eval-model: setup ## Draw and read what the shipped model was taught (build/bench/model.json)
	@OMP_NUM_THREADS=1 $(BIN)/python -m worker.train.evaluate

# A bare machine with torch, diffusers and transformers will do; with a setup, the one of the setup.
bench-gpu: ## Measure the step batch on a graphics card (build/bench/gpu.json)
	@$(if $(wildcard $(BIN)/python),$(BIN)/python,python3) -m bench.gpu

lock: ## Pin the versions of a fresh environment anew
	@sh tests/lock.sh $(PYTHON)

clean: ## Remove the virtual environment and what was built
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
