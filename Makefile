# Two commands need nothing but Python 3.11 or newer: `make demo` and `make test`.
# Both create .venv and install what they need into it.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin

.PHONY: demo test check fast notebooks tables picture clean

demo: .venv/installed-demo
	$(BIN)/qwen-nb demo

test: .venv/installed-test check
	$(BIN)/python tests/browser/_chromium.py --install
	$(BIN)/python tests/browser/_kernels.py --install
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not perf"
	$(BIN)/python -m pytest -m perf

check: .venv/installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# the unit tests: no kernel, notebook, browser, nor whole services
fast: .venv/installed-test
	$(BIN)/python -m pytest -m "not service and not kernel and not notebook and not browser"

# executes the course again, in place
notebooks: .venv/installed-test
	$(BIN)/python notebooks/execute.py

# writes the README's tables of options and commands again
tables: .venv/installed-test
	$(BIN)/python docs/tables.py

# takes the picture of the README again
picture: .venv/installed-test
	$(BIN)/python tests/browser/_chromium.py --install
	$(BIN)/python tests/browser/_kernels.py --install
	$(BIN)/python tests/browser/picture.py

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache build dist

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer was not found; name it: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

.venv/installed-demo: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo]'
	@touch $@

.venv/installed-test: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --editable '.[demo,test]' --group dev
	@touch $@ .venv/installed-demo
