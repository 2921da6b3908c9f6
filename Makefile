# The verbs everybody uses. `make help` lists them; each does its own set-up.
# Needs Python ≥ 3.11 and git on the machine, nothing else.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: images test-interface test-python test-long test-deep test-compose test-kind help environment dev-up dev-down dev-reset dev-status dev-logs test lint bench bench-ui docs clean charts test-charts release-check

# What a shell has active must not reach into the environment of the checkout.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX UV_PYTHON UV_PROJECT_ENVIRONMENT
# Without compiled files every start of a command and every run of the tests compiles thousands of modules.
unexport PYTHONDONTWRITEBYTECODE
# NODE_ENV=production would leave out the tools.
unexport NODE_ENV NODE_OPTIONS NODE_PATH

BIN := build/venv/bin
READY := build/venv/.ready
PACKAGES := $(patsubst %/pyproject.toml,%,$(wildcard packages/*/pyproject.toml operator/pyproject.toml))
STACK := $(BIN)/python -m ccat_dev_stack

UI := packages/ops-db-ui
UI_TOOLS := $(UI)/node_modules/.installed
UI_BUILT := build/ui/index.html
# Folders too: their times tell that a file was removed.
UI_SOURCES := $(wildcard packages/ops-db-api/*.json) $(shell find $(UI) -name node_modules -prune -o -name tests -prune \
	-o -name '.[a-z]*' -prune -o -name '*.gen.ts' -o -name '*.test.ts*' -o -print)
NEED_CHROMIUM := $(BIN)/node -e 'import("./$(UI)/tests/chromium.ts").then((it) => it.needChromium())'
SAID_BY_NPM := build/npm-test.log
NPM := export PATH="$(CURDIR)/$(BIN):$$PATH" && cd $(UI) && npm

# BACKEND=compose runs the stack in containers, from the images that `make images` made.
BACKEND ?= embedded
ifeq ($(BACKEND),compose)
STACK := $(BIN)/python -m ccat_dev_stack.contained
endif
DOCKER ?= docker
IMAGE_PREFIX ?= ccatobs
IMAGE_TAG ?= 0.1.0
export DOCKER IMAGE_PREFIX IMAGE_TAG

# PYTHON=/usr/bin/python3 chooses the Python of the environment. One whose Python was removed from the machine, or is
# another than the chosen one, is made again.
WHICH := -I -c 'import os, sys; print(os.path.realpath(sys._base_executable))'
STALE := $(shell test ! -e $(READY) || { found=$$($(BIN)/python $(WHICH) 2>/dev/null) && \
	{ test -z "$(PYTHON)" || test "$$found" = "$$("$(PYTHON)" $(WHICH) 2>/dev/null)"; }; } || rm -f $(READY))

help:  ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

environment: $(READY) $(UI_TOOLS)  ## make or renew build/venv (the other verbs do it by themselves); PYTHON=python3.12 chooses the Python

$(READY): uv.lock pyproject.toml $(PACKAGES:=/pyproject.toml) packages/dev-stack/environment/make-environment
	@packages/dev-stack/environment/make-environment
	@touch $@

$(UI_TOOLS): $(UI)/package-lock.json $(UI)/.npmrc | $(READY)
	@$(UI)/scripts/install-tools

$(UI_BUILT): $(UI_SOURCES) | $(UI_TOOLS)
	@$(UI)/scripts/build-interface

dev-up: $(READY) $(UI_BUILT)  ## start the whole data centre on this machine; SIMULATE=10MB/s sets the telescope's rate, 0 is off
	@$(STACK) up

dev-down: $(READY)  ## stop it; data stay
	@$(STACK) down

dev-reset: $(READY)  ## stop it and delete its data
	@$(STACK) reset

dev-status: $(READY)  ## live view: processes, what is where, what moves, what waits and why
	@$(STACK) status

dev-logs: $(READY)  ## follow the logs; NAME=planner for one
	@$(STACK) logs $(NAME)

# Both at once, for neither has work for all processors all the time; both, whatever becomes of the other. What npm
# says comes in one piece, when both have ended.
test: $(READY) $(UI_BUILT)  ## the tests that need no container engine, but for the long ones; those of the interface need Chromium
	@$(NEED_CHROMIUM)
	@$(MAKE) --no-print-directory --keep-going --jobs 2 test-interface test-python; failed=$$?; \
	echo "npm test"; cat $(SAID_BY_NPM); exit $$failed

test-interface: $(READY) $(UI_BUILT)
	@($(NPM) --silent test -- --reporter=dot && npm run --silent size) > $(SAID_BY_NPM) 2>&1

test-python: $(READY) $(UI_BUILT)
	@$(BIN)/pytest packages operator tests/integration -n 4 -m "not long"

test-long: $(READY)  ## tests marked `long`: all of what `make test` tries a part of, and what starts programs and stacks of its own
	@$(BIN)/pytest packages operator tests/integration -n 4 -m long

test-deep: $(READY)  ## what takes long: a week without the API, every lie, faults at each line, with figures; every input of the API; attacks on the engine; mutants of it
	CCAT_TEST_DEEP=1 $(BIN)/pytest $(addprefix packages/ops-db-client/tests/test_,each_line.py week_away.py night.py spool.py) -m "not long" --timeout 14400 -s
	CCAT_FUZZ_EXAMPLES=50 $(BIN)/pytest packages/ops-db-api/tests/test_contract.py -m "not long" -n 4 --timeout 14400
	CCAT_TEST_DEEP=1 $(BIN)/pytest packages/data-transfer/tests/simulation/test_attack.py packages/data-transfer/tests/mutants -n 4

images: $(READY)  ## the images, from the lock file and without network; IMAGES=operator for one
	@$(BIN)/python compose/images/build.py $(IMAGES)

test-compose: $(READY) $(UI_TOOLS)  ## whole-stack tests on Compose, and those of the images; needs a container engine
	@$(NEED_CHROMIUM)
	$(BIN)/python compose/images/build.py
	$(BIN)/pytest tests/integration --deployment=compose

test-kind: $(READY) $(UI_TOOLS)  ## whole-stack tests on Kubernetes: in a kind cluster, or in that of KUBECONFIG
	@$(NEED_CHROMIUM)
	$(BIN)/python compose/images/build.py
	$(BIN)/pytest tests/integration --deployment=kubernetes

charts: $(READY)  ## bring into each chart what it depends on; needs helm
	@$(BIN)/python -m charts.tools.dependencies

test-charts: $(READY)  ## everything that the charts render; needs helm
	@$(BIN)/python -m charts.tools.dependencies
	MYPYPATH=.:operator/src $(BIN)/mypy charts
	$(BIN)/pytest charts -n 2
	$(BIN)/python -m charts.tools.policies

release-check: $(READY)  ## versions, changelogs, compatibility of resources and values with the last release
	@$(BIN)/python -m charts.tools.release

lint: $(READY) $(UI_TOOLS)  ## ruff, mypy --strict, import-linter, yamllint; for the interface tsc, biome, knip
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@for package in $(PACKAGES); do \
		echo "mypy $$package"; \
		MYPYPATH=$$package/src:$$package $(BIN)/mypy $$(ls -d $$package/src $$package/tests 2>/dev/null) || exit 1; \
	done
	MYPYPATH=tests/integration:operator/src $(BIN)/mypy --explicit-package-bases tests/integration
	MYPYPATH=benchmarks $(BIN)/mypy --explicit-package-bases benchmarks
	$(BIN)/lint-imports
	$(BIN)/yamllint --strict $(wildcard data-center-config) compose .github
	@echo "npm run lint"; $(NPM) run --silent lint

bench: $(READY)  ## measure against the rivals; one table and build/bench/*.json
	$(BIN)/python -m benchmarks

bench-ui: $(READY) $(UI_BUILT)  ## pictures of all pages upon two invented nights, rules of looks, axe, Lighthouse, sizes
	@$(NEED_CHROMIUM)
	@$(NPM) run --silent bench

docs: $(READY)  ## documentation in build/docs/html
	$(BIN)/sphinx-build --fail-on-warning --keep-going -b html docs build/docs/html

clean:  ## stop what runs and delete build/
	@if test -x $(BIN)/python; then \
		$(STACK) reset; \
		if test -d build/compose; then $(BIN)/python -m ccat_dev_stack.contained reset; fi; \
		$(BIN)/python -m ccat_dev_stack.shared_services stop; \
	fi
	rm -rf build $(UI)/node_modules
