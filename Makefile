# Two commands matter: `make demo` shows Traceline at work, `make test` proves it.
PYTHON ?= $(shell python3.11 -V >/dev/null 2>&1 && echo python3.11 || echo python3)
VENV := .venv
BIN := $(VENV)/bin
DEMO_ARGS ?=
TEST_ARGS ?=

.PHONY: demo test lint lock clean

demo: $(VENV)/.demo
	@exec $(BIN)/traceline demo $(DEMO_ARGS)

# The fast tests first, four at a time on two cores: they wait for the database now and then. Speech by itself: a recogniser hears fewer people at once when the machine is busy,
# and says so. Whole installations, telephones and browsers last; they mostly wait for each other, and leave room for what takes long and can wait.
test: $(VENV)/.test
	@sh tests/system-packages.sh
	@$(MAKE) --no-print-directory lint
ifeq ($(strip $(TEST_ARGS)),)
	@$(BIN)/python -m pytest -n 4 -m "not slow and not patient and not system and not browser"
	@$(BIN)/python -m pytest -m "slow and not system and not browser"
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder -m "system or browser or patient"
else
	@$(BIN)/python -m pytest $(TEST_ARGS)
endif

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# The lock files hold hashes and no registry address; pip takes the registry from its own settings.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra demo pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra demo --extra test pyproject.toml -c requirements.lock -o requirements-test.lock

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Traceline needs Python 3.11 or newer; run make with PYTHON=python3.11" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: $(BIN)/python requirements.lock pyproject.toml
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r requirements.lock
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.demo requirements-test.lock
	$(BIN)/pip install --disable-pip-version-check --quiet --require-hashes -r requirements-test.lock
	@touch $@

# What can be made again. The data folder (`var`) holds databases and their keys: nobody removes it by the way.
clean:
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
