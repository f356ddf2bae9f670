# `make demo` and `make test` need Python 3.11 or later, make and a package index.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
RETAIL := examples/retail
SHOWN := loyalty/high-value-tokyo.seg

.PHONY: demo test slow format clean

# Everything the project needs, in a virtual environment of its own.
$(READY): pyproject.toml hatch_build.py grammar/segment.lark segdsl/syntax/tables.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or later is needed: make PYTHON=python3.11 …' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(READY)
	@set -e; cd $(RETAIL); PATH="$(abspath $(BIN)):$$PATH"; \
	show() { printf '\n$$ %s\n' "$$1"; eval "$$1"; }; \
	rm -rf .segdsl local.*.toml; \
	show 'python generate.py'; \
	show 'segdsl fmt --check'; \
	show 'segdsl schema pull'; \
	show 'segdsl check .'; \
	show 'cat $(SHOWN)'; \
	show 'segdsl compile --symbolic $(SHOWN)'; \
	show 'segdsl compile --symbolic $(SHOWN) | segdsl decompile -'; \
	show 'segdsl explain $(SHOWN)'; \
	show 'segdsl preview data-team loyalty winback catalog stores'; \
	show 'segdsl create --count data-team winback'; \
	show 'segdsl preview --breakdown $(SHOWN)'; \
	show 'segdsl create $(SHOWN)'; \
	show 'segdsl list'; \
	show 'segdsl show "High-value Tokyo shoppers"'; \
	show 'segdsl plan --count winback'; \
	show 'segdsl apply --yes winback'; \
	show 'segdsl plan winback'

test: $(READY)
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/pytest -n 2 -m 'not slow'

# The rest: servers that are killed, weather, large properties. CI runs both.
slow: $(READY)
	$(BIN)/pytest -n 2 -m slow

format: $(READY)
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
