# The one door for people who develop. Every target sets itself up; nothing needs to be installed.

ARGS ?=
DATA ?=
INTO ?= var/reference
T ?=
PY := .venv/bin/python

.PHONY: help setup demo run test check format bench train reference lock clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## leave .venv/bin/zvon (through uv, else venv, else apt's python3-venv)
	@.ci/setup

demo: setup ## play the main story with real resolvers (ARGS=--once ends by itself)
	@.ci/servers named unbound nsd pdns_recursor kresd
	@.venv/bin/zvon demo $(ARGS)

run: setup ## start one node in ./zvon-data (ARGS="--http 127.0.0.1:9000 …")
	@.venv/bin/zvon up $(ARGS)

test: setup ## all tests, with real servers from apt when allowed (T=tests/x/test_y.py for one file)
	@.ci/servers named unbound nsd pdns_recursor kresd knotd kdig dig chromium postgres tesseract
	@.ci/test $(T)

check: setup ## format, lint, types, layers, house rules, quick tests; under a minute
	@.ci/check

format: setup ## write the house format into the files
	@.venv/bin/ruff format -q . && .venv/bin/ruff check -q --fix .

bench: setup ## measure; each figure stands beside the machine's own limit
	@$(PY) -m bench $(ARGS)

train: setup ## train both phishing models into var/models (DATA=FOLDER)
	@.venv/bin/zvon models train phish-url $(if $(DATA),--data "$(DATA)") $(ARGS)

reference: setup ## build reference data (DATA=FOLDER or archive) into var/reference, or INTO=FOLDER
	@.venv/bin/zvon reference update "$(DATA)" --into "$(INTO)"

lock: ## pin all dependencies anew (needs uv)
	@uv lock -q
	@uv export -q --frozen --no-emit-project --all-groups --all-extras --no-annotate \
	  --no-header --format requirements-txt -o requirements.lock
	@! grep -nE 'https?://|index-url|find-links' requirements.lock

clean: ## remove what was built; data of nodes stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
