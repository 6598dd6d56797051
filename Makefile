# Bootstraps, then calls the command line tool. `exercisebook build` and `exercisebook test` do
# the same work without make, once `python3 scripts/bootstrap.py` has run.

PYTHON ?= python3
EXERCISEBOOK := .venv/bin/exercisebook
export NUMBA_CACHE_DIR := $(CURDIR)/.cache/numba
unexport PYTHONDONTWRITEBYTECODE

.PHONY: book pdf test full lint parity calibrate bench serve lock ready clean

book: ready
	@$(EXERCISEBOOK) build

# the site as one PDF, _build/book.pdf, printed by Chromium
pdf: book
	@.venv/bin/python -m exercisebook.publish.pdf

test: ready
	@$(EXERCISEBOOK) test

full: ready
	@$(EXERCISEBOOK) test --full

lint: ready
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy

# the whole of the comparison with R: on EXERCISEBOOK_PARITY, else drawn and run where R has
# Debian's r-bioc-limma r-bioc-edger r-bioc-deseq2 r-cran-lmertest r-cran-pbkrtest r-cran-statmod
parity: ready
	@.venv/bin/python tests/parity/whole.py

# operating characteristics of every method and of the verdicts at n = 13, twenty minutes
calibrate: ready
	@.venv/bin/python scripts/calibrate.py
	@.venv/bin/python scripts/calibrate_worlds.py
	@.venv/bin/python scripts/calibrate_verdicts.py

# R is timed beside where it has Debian's r-bioc-limma r-bioc-edger r-cran-lmertest
bench: ready
	@.venv/bin/python scripts/bench/exact.py
	@.venv/bin/python scripts/bench/engine.py
	@.venv/bin/python scripts/bench/cohorts.py
	@.venv/bin/python scripts/bench/site.py

serve: ready
	@$(EXERCISEBOOK) serve

ready:
	@$(PYTHON) scripts/bootstrap.py

# the lock is universal: one file for Python 3.11 and later, on every platform
lock: ready
	@.venv/bin/python -m pip install --quiet uv
	@.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --all-extras --no-header --no-annotate pyproject.toml --output-file requirements.lock
	@echo 'nbgrader==0.9.6' | .venv/bin/uv pip compile --quiet --universal --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --constraint requirements.lock - \
	    --output-file requirements-nbgrader.lock

clean:
	@rm -rf _build .cache
