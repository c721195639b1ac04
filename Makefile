# Everything one does with this repository. `make help` lists it; nothing but make and Python 3.11 to 3.13 is needed.

PYTHON ?= python3
VENV := .venv
# Where it is set, each process would compile everything anew: most of the time that a start takes.
unexport PYTHONDONTWRITEBYTECODE
# Of the tests, on two processors: many of them wait for servers rather than compute.
WORKERS ?= 3
# Always `python -m`: the scripts in .venv/bin begin with an absolute path, which a space or a move breaks.
PY := $(VENV)/bin/python
APPS := accounts coditect health licenses subscriptions webhooks
RUN_LOCKS := requirements.lock requirements-local.lock
COMPILE := $(PY) -m uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --quiet

# What production would set, so that the checks see the settings at their strictest. No server is contacted.
DEPLOY_ENV := CODITECT_ENV=production ALLOWED_HOSTS=coditect.example PUBLIC_URL=https://coditect.example \
	EMAIL_URL=submission://coditect.example DEFAULT_FROM_EMAIL=no-reply@coditect.example \
	SECRET_KEY=only-for-checks-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGH \
	ENCRYPTION_KEYS=checks:b25seS1mb3ItY2hlY2tzLW5vdC1mb3ItYW55dGhpbmc= \
	DATABASE_URL=postgresql://nobody@127.0.0.1:1/none REDIS_URL=redis://127.0.0.1:1/0
CHECK_ENV := $(DEPLOY_ENV) CODITECT_ENV=development

CHECKS := types format lint imports migrations settings security locks tenancy

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test coverage check format lock schema prove simulate bench shell clean python $(CHECKS:%=check-%)

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/run.stamp ## Start everything on this machine and print the addresses (PORT=8001 make run for another port)
	@$(PY) -m coditect.local

test: $(VENV)/dev.stamp ## Run all tests on a throw-away PostgreSQL and Valkey (ARGS="-k seats" to choose)
	$(PY) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

coverage: $(VENV)/dev.stamp ## Run all tests measured: a third slower; fails below 95 % of the branches
	@rm -f .coverage .coverage.*
	@# Not --cov: the services plugin imports coditect.local before pytest-cov would begin to measure.
	$(PY) -m coverage run -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
	@$(PY) -m coverage combine --quiet
	$(PY) -m coverage report $(if $(ARGS),--fail-under=0) --skip-covered --show-missing

check: $(VENV)/dev.stamp ## Check format, lint, types, imports, migrations, settings, security and locks
	@$(MAKE) --no-print-directory --keep-going --jobs=2 $(CHECKS:%=check-%)
	@echo "All checks passed: $(CHECKS)."

# The slowest first. Each is a target of its own, so that one failure does not hide another.
check-types:
	@$(CHECK_ENV) $(PY) -m mypy

check-format:
	@$(PY) -m ruff format --check .

check-lint:
	@$(PY) -m ruff check --quiet .

check-imports:
	@$(PY) -c 'from importlinter.cli import lint_imports_command; lint_imports_command(["--no-logo"])'

check-migrations:
	@$(CHECK_ENV) $(PY) -W ignore::RuntimeWarning manage.py makemigrations --check --dry-run

check-settings:
	@$(DEPLOY_ENV) $(PY) manage.py check --deploy --fail-level WARNING

# Not B608: ruff's S608 is the same, and asks for a reason where a query is put together.
check-security:
	@$(PY) -m bandit --quiet --recursive --severity-level medium --skip B608 $(APPS)

check-locks:
	@$(PY) -m coditect.local.locks

check-tenancy:
	@$(PY) -m tests.workshop.tenancy

format: $(VENV)/dev.stamp ## Format the code and mend what the linter can
	$(PY) -m ruff format .
	$(PY) -m ruff check --fix .

lock: $(VENV)/dev.stamp ## Compile pyproject.toml's dependencies into the lock files (UPGRADE=1 for the newest versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) pyproject.toml -o requirements.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group local -o requirements-local.lock
	$(COMPILE) $(if $(UPGRADE),--upgrade) --group dev -c requirements.lock -o requirements-dev.lock

schema: $(VENV)/dev.stamp ## Write the OpenAPI documents of both dialects into docs/openapi, and docs/webhook-events.md
	@$(CHECK_ENV) $(PY) manage.py write_schema

prove: $(VENV)/dev.stamp ## Kill, pause and cut the real services while clients hold seats (ARGS="--runs 50" for more)
	@$(PY) -m tests.faults $(ARGS)

simulate: $(VENV)/dev.stamp ## Try the seat protocol in virtual time: 10,000 seeds of faults, and every rule left out (ARGS="--seeds 500")
	@$(CHECK_ENV) $(PY) -m tests.seats.simulation --seeds 10000 $(ARGS)

bench: $(VENV)/dev.stamp ## Measure how fast seats are handed out (ARGS="--write docs/performance.md" keeps the figures)
	@$(PY) -m tests.bench $(ARGS)

shell: $(VENV)/run.stamp ## Open Django's shell on the database of a running `make run`
	@[ -n "$$DATABASE_URL" ] || [ -f "$${CODITECT_DATA_DIR:-var}/run.env" ] || { \
		echo "Nothing is running here. Start \`make run\` in another terminal, then try again."; exit 1; }
	@$(PY) manage.py shell

clean: ## Delete the virtual environment, the caches, and var with the development database
	rm -rf $(VENV) var .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage .coverage.*
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Asked only when the environment is made, not at each start.
python:
	@command -v $(PYTHON) >/dev/null || { \
		echo "$(PYTHON) is not installed. Install Python 3.11, 3.12 or 3.13, or say where it is: make run PYTHON=/path/to/python"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo "$(PYTHON) is $$($(PYTHON) --version 2>&1), but 3.11, 3.12 or 3.13 is needed. Name one: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) lacks its module venv. Install it (Debian and Ubuntu: apt install python3-venv) and try again."; exit 1; }

# uv installs in seconds what takes pip a minute. Behind an index that only pip is configured for, pip does it.
define install
	@$(PY) -m uv pip install --quiet --python $(PY) --require-hashes $(1) 2>$(VENV)/uv.log \
		|| $(PY) -m pip install --quiet --no-deps --require-hashes $(1) \
		|| { echo "The packages could not be installed; the lines above say why. Is this machine online?"; exit 1; }
	@touch $@
endef

$(VENV)/made.stamp:
	@$(MAKE) --no-print-directory python
	@echo "Making the virtual environment $(VENV) (once) …"
	@$(PYTHON) -m venv --clear $(VENV)
	@awk '/^uv==/ { print; wanted = 1; next } /^[^ ]/ { wanted = 0 } wanted' requirements-dev.lock >$(VENV)/uv.lock
	@$(PY) -m pip install --quiet --no-compile --no-deps --require-hashes -r $(VENV)/uv.lock || true
	@touch $@

$(VENV)/run.stamp: $(RUN_LOCKS) | $(VENV)/made.stamp
	@echo "Installing the packages …"
	$(call install,$(addprefix -r ,$(RUN_LOCKS)))

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/run.stamp
	@echo "Installing the development tools …"
	$(call install,-r requirements-dev.lock)
