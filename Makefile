# Every target sets up what it needs: `make run` and `make test` are all that a fresh machine has to know.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: run run-pbx asterisk test lint format bench lock clean
.DELETE_ON_ERROR:

$(READY): requirements/dev.txt pyproject.toml
	@echo "== setting up $(VENV) (once)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Callfloor needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --require-hashes -r requirements/dev.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY)
	@$(BIN)/callfloor demo

run-pbx: $(READY)
	@$(BIN)/callfloor demo --pbx

# The switch that tests and run-pbx call over, in var/asterisk. Tests get it by themselves; this says what hinders it.
asterisk: $(READY)
	@$(BIN)/callfloor asterisk install

# Tests often wait, so they run in one process more than there are cores; real calls, which wait more, in two, and apart,
# since they hear each other's load. Bytecode is kept whatever the environment says: without it a start is a second longer.
SPREAD = --dist loadfile --no-loadscope-reorder -n
test: export PYTHONDONTWRITEBYTECODE =
test: $(READY)
	@$(BIN)/python -m pytest $(SPREAD) $$(($$(nproc) + 1)) --durations=15 --ignore=tests/pbx
	@$(BIN)/python -m pytest $(SPREAD) $$(($$(nproc) + 2)) tests/pbx

lint: $(READY)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/callfloor check-migrations

format: $(READY)
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(READY)
	@$(BIN)/callfloor bench

# New versions of the dependencies; the files name no index, so any registry serves them.
lock: $(READY)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements/run.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate --group dev -c requirements/run.txt pyproject.toml requirements/build.in -o requirements/dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -c requirements/dev.txt requirements/build.in -o requirements/build.txt

clean:
	rm -rf $(VENV) var .mypy_cache .ruff_cache .pytest_cache
