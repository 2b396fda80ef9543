# make demo    set up .venv, install, train on the sample data
# make test    set up .venv, install, run the tests
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for p in python3 python3.12 python3.11 python3.13; do $$p -c '$(FITS)' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
INSTALLED := .venv/.installed
# What follows it is installed into .venv: by uv, which takes a quarter of the time, or by pip where uv cannot be had or does not find an index that pip is configured for.
INSTALL = install() { $(BIN)/python -m pip install --quiet --constraint constraints.txt uv && \
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable "$$1" || \
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable "$$1"; }; install

.PHONY: demo test test-whole test-slow test-real test-browser test-cluster test-guides lint constraints clean

demo: $(INSTALLED)
	$(BIN)/suite demo

test: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not real_data and not browser and not cluster"

test-slow: $(INSTALLED)
	$(BIN)/python -m pytest -m "slow and not real_data and not browser and not cluster"

# The long tests that every change must pass: a task made by the docs, files that answer by themselves, stale memory, runs
# that were killed, speech and captions from files to files, what a model learns, all threads of a processor.
test-whole: $(INSTALLED)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m whole

test-real: $(INSTALLED)
	$(BIN)/python -m pytest -m real_data

test-browser: .venv/.browser
	SUITE_BROWSER=required $(BIN)/python -m pytest -m browser tests/browser

test-cluster: .venv/.cluster
	$(BIN)/python -m pytest -m "cluster and not slow"

test-guides: .venv/.guides
	$(BIN)/python -m pytest -m slow tests/suite/export/test_guide_programs.py

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

$(INSTALLED): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 to 3.13 is needed and was not found; make PYTHON=/path/to/python3.12"; exit 2; }
	$(PYTHON) -m venv .venv
	@$(INSTALL) '.[dev]'
	@touch $@

.venv/.browser: $(INSTALLED)
	@$(INSTALL) '.[browser]'
	@touch $@

.venv/.cluster: $(INSTALLED)
	@$(INSTALL) '.[cluster,postgres]'
	@touch $@

.venv/.guides: $(INSTALLED)
	@$(INSTALL) '.[guides]'
	@touch $@

# Renew the pins: the newest versions that pyproject.toml allows, from a fresh environment.
constraints:
	@test -n "$(PYTHON)"
	rm -rf .venv-constraints
	$(PYTHON) -m venv .venv-constraints
	.venv-constraints/bin/python -m pip install --quiet uv '.[dev,browser,cluster,guides,postgres,s3]'
	.venv-constraints/bin/python -m pip freeze --exclude recurrent-suite > constraints.txt
	rm -rf .venv-constraints build

clean:
	rm -rf .venv .venv-constraints build *.egg-info
