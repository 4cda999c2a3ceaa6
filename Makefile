# Plain `make` lists the targets. Every target makes .venv by itself, from the lock file.
SHELL := /bin/bash
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
BROWSER := tests/browser
BROWSER_READY := $(BROWSER)/node_modules/.ready
LOCK := $(BIN)/uv pip compile pyproject.toml --extra all --quiet --upgrade --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-annotate --no-header

.PHONY: help demo test coverage check lint docs bench lock clean system-report system-browser system-peers

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## plan the example hip and write its report as HTML and PDF
	@mkdir -p build
	$(BIN)/osteon plan examples/demo_hip.toml --report build/demo_hip.html --report build/demo_hip.pdf
	@printf '\nThe report to read on screen: %s\nThe report to print:          %s\n' "$(CURDIR)/build/demo_hip.html" "$(CURDIR)/build/demo_hip.pdf"

test: $(READY) $(BROWSER_READY) | system-peers ## run every test, slow and browser ones too
	$(BIN)/pytest --numprocesses auto --dist loadgroup

coverage: $(READY) $(BROWSER_READY) | system-peers ## the same, and which lines and branches they reach; takes twice as long
	$(BIN)/pytest --numprocesses auto --dist loadgroup --cov

check: lint test ## all that has to pass: format, lint, types, imports, generated pages, tests

lint: $(READY) ## the checks of `make check` without the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if [ -f docs/generate.py ]; then echo "$(BIN)/python docs/generate.py --check"; $(BIN)/python docs/generate.py --check; fi

docs: $(READY) ## write the generated pages of the manual anew
	$(BIN)/python docs/generate.py

bench: $(READY) ## time a cold start, a plan, evidence, images, mechanics, records, as ratios within one run
	$(BIN)/python benchmarks/cold_start.py
	$(BIN)/python benchmarks/evidence.py
	$(BIN)/python benchmarks/pooling.py
	$(BIN)/python benchmarks/imaging.py
	$(BIN)/python benchmarks/mechanics.py
	@if [ -n "$$OSTEON_TEST_DATA" ]; then \
		$(BIN)/python benchmarks/cds.py "$$OSTEON_TEST_DATA/fhir/synthea2019" && $(BIN)/python benchmarks/cohort.py; fi

lock: $(READY) ## resolve the newest allowed versions into the lock files
	$(LOCK) --output-file requirements.lock
	$(LOCK) --group dev --output-file requirements-dev.lock
	npm install --prefix $(BROWSER) --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund

clean: ## remove what was built, installed or cached in this folder
	rm -rf $(VENV) build dist .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf $(BROWSER)/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements-dev.lock pyproject.toml | system-report
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec $$python -m venv --clear $(VENV); \
		fi; \
	done; echo "Osteon needs Python 3.11 or newer; name one with make PYTHON=/path/to/python3" >&2; exit 1
	$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(BROWSER_READY): $(BROWSER)/package-lock.json | system-browser
	npm ci --prefix $(BROWSER) --ignore-scripts --no-audit --no-fund --loglevel error
	@touch $@

system-report:
	@tools/system_packages.sh report

system-browser:
	@tools/system_packages.sh browser

system-peers:
	@tools/system_packages.sh dicom mechanics cohort
