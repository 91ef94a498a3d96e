# Everything a developer or an operator runs; `make help` lists it. It wants Python 3.11 or later and nothing else.
# Ports and other options: make up ARGS="--backend-port 8010", or ARTISAN_BACKEND_PORT=8010 make up.

.POSIX:

UV_VERSION = 0.13.9
BIN = .venv/bin
COMPILE = $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --no-header
# What is installed is known by the content of the locks: these files hold the checksum of what was installed last.
RUN = cat pyproject.toml requirements/run.txt | cksum
DEV = cat pyproject.toml requirements/run.txt requirements/dev.txt | cksum
BENCH = cat pyproject.toml requirements/bench.txt | cksum
INSTALL = $(BIN)/uv pip install --quiet --no-deps --editable .

help: ## show this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1	/p' Makefile

setup: $(BIN)/uv ## make .venv with what the stack needs
	@[ "$$($(DEV))" = "$$(cat .venv/dev 2>/dev/null)" ] || [ "$$($(RUN))" = "$$(cat .venv/run 2>/dev/null)" ] || { \
	  echo 'Installing what requirements/run.txt names ...' && rm -f .venv/dev && \
	  $(BIN)/uv pip sync --compile-bytecode requirements/run.txt && $(INSTALL) && $(RUN) > .venv/run; }

up: setup ## start the backend and all parts beside it; Ctrl-C stops them
	@$(BIN)/artisan up $(ARGS)

test: develop ## run all tests, on real parts
	@$(BIN)/python -m artisan.stack.tools .artisan || echo 'Tests that need them will say so.'
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

bench: $(BIN)/uv ## measure what the monitoring costs, beside its peers; ARGS=--quick for two minutes of it
	@[ "$$($(BENCH))" = "$$(cat .artisan/bench/installed 2>/dev/null)" ] || { \
	  echo 'Installing what requirements/bench.txt names ...' && \
	  $(BIN)/uv venv --quiet --clear --python $(BIN)/python .artisan/bench && \
	  $(BIN)/uv pip sync --compile-bytecode --python .artisan/bench requirements/bench.txt && \
	  $(INSTALL) --python .artisan/bench && $(BENCH) > .artisan/bench/installed; }
	@.artisan/bench/bin/python -m benchmarks $(ARGS)

drill: setup ## rehearse every alarm by a real fault, up to its mail; ARGS="RedisUnavailable" for one
	@$(BIN)/python -m artisan.stack.tools .artisan || echo 'A rehearsal needs them.'
	@$(BIN)/artisan drill $(or $(ARGS),--all --report .artisan/drill)

check: develop ## lint, types, architecture, spelling, stale generated files, alarms that cannot ring or have no drill
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict backend artisan
	$(BIN)/lint-imports
	$(BIN)/codespell
	$(BIN)/python -m artisan.generate --check
	$(BIN)/artisan lint
	$(BIN)/python -m artisan.drill.coverage

docs: develop ## write the generated documents and dashboards anew
	$(BIN)/python -m artisan.generate

lock: $(BIN)/uv ## lock the versions of all dependencies; ARGS=--upgrade for newer ones
	$(COMPILE) --extra stack -o requirements/run.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra stack --extra dev --extra datadog --extra newrelic --extra sentry -c requirements/run.txt -o requirements/dev.txt $(ARGS) pyproject.toml
	$(COMPILE) --extra bench -c requirements/dev.txt -o requirements/bench.txt $(ARGS) pyproject.toml

clean: ## remove .venv and the stack's state with its data
	rm -rf .venv .artisan

develop: $(BIN)/uv
	@[ "$$($(DEV))" = "$$(cat .venv/dev 2>/dev/null)" ] || { \
	  echo 'Installing what requirements/dev.txt names ...' && rm -f .venv/run && \
	  $(BIN)/uv pip sync --compile-bytecode requirements/dev.txt && $(INSTALL) && $(DEV) > .venv/dev; }

$(BIN)/uv:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3.14 python3; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { without=$$python; continue; }; \
	  echo "Making .venv with $$($$python --version) ..."; \
	  "$$python" -m venv --clear .venv && exec $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION); \
	  exit 1; \
	done; \
	if [ "$$without" ]; then echo "$$without has no venv module: apt-get install $$without-venv" >&2; \
	else echo 'Python 3.11 or later was not found; if it is not on PATH: make PYTHON=/its/path' >&2; fi; \
	exit 1

.PHONY: help setup up test bench drill check docs lock clean develop
