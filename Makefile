# `make demo` and `make test` need Python 3.11 or later, make and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# Compiled modules are kept, whatever the environment says: tests start many processes.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/pytest

.PHONY: demo test quick slow bench snapshots docs pages format clean

# Everything the project needs, in a virtual environment of its own.
$(READY): pyproject.toml hatch_build.py grammar/segment.lark segdsl/language/syntax/tables.py \
		tests/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed: make PYTHON=python3.11 …' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint tests/constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY)
	@$(BIN)/python examples/demo.py

test: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST) -n 2 -m 'not slow'

# The same with fewer cases, examples and rounds of each kind, for a fast verdict: see
# tests/quick.py. CI runs the others.
quick: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	SEGDSL_TESTS=quick $(PYTEST) -n 3 --dist worksteal

# The rest: servers that are killed, injected faults, large properties, and those marked `many`
# with all their examples. CI runs both. Those that wait for minutes stand beside each other in the
# list, so that an idle worker takes over what is left; most of them do nothing meanwhile, so that
# there are more workers than cores.
slow: $(READY)
	SEGDSL_HYPOTHESIS_PROFILE=slow $(PYTEST) -n 4 --dist worksteal -m 'slow or many'

# Figures of speed, in an environment of their own with the peers that they are measured against.
# More of it: make bench BENCH='--only engine --json record.json'.
BENCHED := .venv-bench/.ready
$(BENCHED): $(READY) tests/benchmarks/requirements.txt
	$(PYTHON) -m venv --clear .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check \
		. -r tests/benchmarks/requirements.txt
	@touch $@

bench: $(BENCHED)
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
		--force-reinstall .
	.venv-bench/bin/python tests/benchmarks $(BENCH)

# Writes the snapshots in the tests anew where what is rendered has changed; read the difference.
snapshots: $(READY)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/pytest -q --inline-snapshot=create,fix \
		$$(grep -rl --include='*.py' 'inline_snapshot import' tests) || true
	$(BIN)/pytest -q $$(grep -rl --include='*.py' 'inline_snapshot import' tests)

# The site of docs/, in build/docs; a link that leads nowhere is an error. The generator has an
# environment of its own.
SITE := .venv-docs/.ready
$(SITE): pyproject.toml tests/constraints.txt
	$(PYTHON) -m venv --clear .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check \
		--constraint tests/constraints.txt '.[docs]'
	@touch $@

docs: $(SITE)
	.venv-docs/bin/zensical build --clean --strict
	.venv-docs/bin/python tests/docs/links.py build/docs

# What the pages show of commands, written anew: after a change of a message, an option or a
# public name. Read the difference before you commit it.
pages: $(READY)
	$(BIN)/python tests/docs/update.py

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf $(VENV) .venv-bench .venv-docs build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .cache
