# Two commands: `make demo` runs the main job, `make test` runs the tests.
# Each does its own set-up on a fresh machine: with uv when it is there, else with venv and pip.

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
OUT ?= transat-demo
UV := $(shell command -v uv 2>/dev/null)

PORT ?= 8000

.PHONY: demo portal test slow check lint types layers docs lock clean

demo: $(VENV)/.run
	$(RUN)/transat demo --out $(OUT)

portal: $(VENV)/.portal
	$(RUN)/transat portal --port $(PORT)

test: $(VENV)/.dev
	$(RUN)/python -m pytest -n auto -m "not slow"

# Spark's tests apart: a session is a process of its own, which one that has grown big cannot fork.
slow: $(VENV)/.spark $(VENV)/.federation
	$(RUN)/python -m pytest -n auto --dist loadfile -m slow -k spark --durations=0
	$(RUN)/python -m pytest -n auto --dist loadfile -m slow -k "not spark" --durations=0

check: lint types layers

lint: $(VENV)/.dev
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .

types: $(VENV)/.dev
	$(RUN)/mypy

layers: $(VENV)/.dev
	$(RUN)/lint-imports

docs: $(VENV)/.dev
	$(RUN)/python docs/generate.py

# The interpreter's real path: uv cannot look behind a pyenv shim.
$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Transat : Python 3.11 ou plus récent est nécessaire (make PYTHON=python3.12 …)" >&2; \
	    echo "Transat: Python 3.11 or newer is needed (make PYTHON=python3.12 …)" >&2; exit 1; }
ifdef UV
	uv venv -q --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')" $(VENV)
else
	$(PYTHON) -m venv $(VENV)
endif

ifdef UV
INSTALL := uv pip install -q --python $(VENV)/bin/python
else
INSTALL := $(VENV)/bin/python -m pip install -q --disable-pip-version-check
endif

$(VENV)/.run: locks/run.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --require-hashes -r locks/run.txt
	$(INSTALL) --no-deps -e .
	@touch $@

$(VENV)/.dev: locks/dev.txt pyproject.toml | $(VENV)/bin/python
	$(INSTALL) --require-hashes -r locks/dev.txt
	$(INSTALL) --no-deps -e .
	@touch $@ $(VENV)/.run

# The web portal's own libraries: a site that only answers questions does without.
$(VENV)/.portal: locks/portal.txt $(VENV)/.run
	$(INSTALL) --require-hashes -r locks/portal.txt
	@touch $@

# Half a gigabyte, for the tests of one engine: only the slow suites have it.
$(VENV)/.spark: locks/spark.txt $(VENV)/.dev
	$(INSTALL) --require-hashes -r locks/spark.txt
	@touch $@

# A quarter of a gigabyte, for the tests of one transport.
$(VENV)/.federation: locks/federation.txt $(VENV)/.dev
	$(INSTALL) --require-hashes -r locks/federation.txt
	@touch $@

# One lock for every interpreter from 3.11 on; needs uv.
lock:
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header pyproject.toml -o locks/run.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra dev -c locks/run.txt pyproject.toml -o locks/dev.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra portal --extra postgresql -c locks/dev.txt pyproject.toml -o locks/portal.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra spark -c locks/dev.txt pyproject.toml -o locks/spark.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --extra federation -c locks/dev.txt pyproject.toml -o locks/federation.txt

clean:
	rm -rf $(VENV) $(OUT) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
