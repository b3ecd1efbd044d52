# What a newcomer needs is `make serve` and `make test`; both do all set-up themselves, also on a fresh machine.
# Set-up is kept in stamp files inside .venv, so that it costs nothing while pyproject.toml and constraints.txt stay the same.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup serve test lint types browser client ui demo bench bench-full wrk pin clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
TRACKER := src/streamgauge/web/tracker
UI := src/streamgauge/web/console/built/index.html
CLIENT := tests/sdk_js

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/.packages $(TRACKER)/script.min.js $(UI) ## Make .venv with the pinned packages, the development tools, streamgauge itself and its web application

$(VENV)/.made:
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) was not found; install Python 3.11 or newer, or name one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "error: Python 3.11 or newer is needed, $(PYTHON) is $$($(PYTHON) --version 2>&1); name another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "error: $(PYTHON) has no ensurepip, so it cannot make a virtual environment; install the package that brings it (on Debian: python3-venv)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

# PIP_CONSTRAINT, not --constraint: it holds for the isolated build of our own package too.
# lifetimes is wanted for the data file that it ships only; --no-deps keeps out its numeric stack, which would be three times our own size.
$(VENV)/.packages: $(VENV)/.made pyproject.toml constraints.txt
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --editable '.[dev]'
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --no-deps lifetimes
	@touch $@

serve: setup ## Run the server on ./data; flags go in ARGS: make serve ARGS="--port 9000"
	@exec $(BIN)/streamgauge serve $(ARGS)

# Two processes: much of the time is waiting for servers and browsers. Files stay whole, since their tests share what is expensive.
test: lint types browser client ## Check style and types and run every test; ARGS go to pytest
	cd ui && npm run --silent test -- --reporter=dot
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

lint: setup ## Check style only
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	cd ui && npm run --silent style

types: setup ui/src/api/schema.d.ts ## Check types only
	$(BIN)/mypy
	cd ui && npm run --silent types

browser: ## Install Chromium, in which the tracker and the web application are tested, unless it is there
	@command -v chromium chromium-browser google-chrome >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; } || { echo "error: a Chromium is needed for the tests and could not be installed; install it by hand" >&2; exit 1; }

client: $(CLIENT)/node_modules/.package-lock.json ## Install the official JavaScript client of Flexprice, which the tests drive

$(CLIENT)/node_modules/.package-lock.json: $(CLIENT)/package.json $(CLIENT)/package-lock.json
	@command -v node >/dev/null && command -v npm >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends nodejs npm >/dev/null; } || { echo "error: Node.js 18 or newer with npm is needed for the tests and could not be installed; install it by hand" >&2; exit 1; }
	cd $(CLIENT) && npm ci --silent
	@touch $@

# The script that pages load is built, not kept: see docs/decisions/0011.
$(TRACKER)/script.min.js: $(TRACKER)/script.js $(VENV)/.packages
	$(BIN)/python -c 'import minify; minify.file("application/javascript", "$(TRACKER)/script.js", "$(TRACKER)/script.min.js")'

ui: $(UI) ## Build the web application

ui/node_modules/.package-lock.json: ui/package.json ui/package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null || { echo "error: Node.js 20.19 or newer with npm is needed to build the web application, found $$(node --version 2>/dev/null || echo none); install it (on Debian 13: apt install nodejs npm)" >&2; exit 1; }
	cd ui && npm ci --silent --no-audit --no-fund
	@touch $@

# Built, not kept: the package ships what is built (see pyproject.toml).
$(UI): ui/node_modules/.package-lock.json ui/index.html ui/vite.config.ts $(shell find ui/src ui/public -type f ! -name schema.d.ts)
	cd ui && npm run --silent build
	@touch $@

# The client's types are those of our own API document.
ui/src/api/schema.d.ts: $(VENV)/.packages ui/node_modules/.package-lock.json $(shell find src/streamgauge -name '*.py')
	$(BIN)/python -c 'import json, streamgauge.web.route_docs as docs; print(json.dumps(docs.api_document("0")))' > ui/.openapi.json
	cd ui && npm run --silent schema
	@touch $@

demo: setup ## Send 69,659 real purchases through all three doors and compare the answers with DuckDB
	$(BIN)/python -m demo.cdnow $(ARGS)

bench: setup wrk ## Measure the figures of docs/performance.md again, beside the references (a quarter of an hour), and write them there
	$(BIN)/python -m bench $(ARGS)

bench-full: setup wrk browser ## The same for longer, on 100 M events, and the parts that take long to prepare (hours; 40 GB of disk)
	$(BIN)/python -m bench --full $(ARGS)

wrk:
	@command -v wrk >/dev/null || { apt-get update -qq && apt-get install -y -qq wrk >/dev/null; } || { echo "error: wrk is needed and could not be installed; install it by hand" >&2; exit 1; }

pin: setup ## Write the installed versions into constraints.txt, after a dependency was added or raised
	@sed -n '/^#/p' constraints.txt > $(VENV)/pins
	@{ $(BIN)/pip list --disable-pip-version-check --format=freeze | grep -viE '^(pip|setuptools|wheel|streamgauge)=='; grep -iE '^(hatchling|editables|tomlkit|trove-classifiers)==' constraints.txt; } | sort -fu >> $(VENV)/pins
	@mv $(VENV)/pins constraints.txt

clean: ## Remove what set-up and tools made; ./data is left alone
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis bench/out $(TRACKER)/script.min.js $(CLIENT)/node_modules ui/node_modules $(dir $(UI))
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
