# Set up, run and check Tontine. Needs Python 3.11 or newer, nothing else.
PORT ?= 8501
PYTHON ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALL := PYTHON="$(PYTHON)" VENV="$(VENV)" sh install.sh

.PHONY: run dev worker test quick faults check format bench reference hostile screenshots lock upgrade clean

run: $(VENV)/.run
	@echo "Tontine: http://localhost:$(PORT)  (Ctrl-C stops it)"
	@exec $(BIN)/streamlit run app.py --server.port $(PORT)

# As `make run`, with readable log lines and a warning with a stack whenever an event loop is blocked for 100 ms.
dev: export TONTINE_LOOP_BLOCK_MS ?= 100
dev: export TONTINE_LOG_FORMAT ?= text
dev: run

worker: $(VENV)/.run
	@exec $(BIN)/python worker.py

# In parallel what only calculates, then what starts processes, a file at a time, then alone what kills them. Tests that
# start processes wait for a third of their time, so there are more of them at once than processors.
SERVED := $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))
test: $(VENV)/.test
	$(BIN)/python -m pytest -q -n auto -m "not processes and not slow_faults"
	$(BIN)/python -m pytest -q -n $(SERVED) --dist loadfile -m "processes and not slow_faults" --ignore=tests/faults
	$(BIN)/python -m pytest -q -m "not slow_faults" tests/faults

# What starts no process and draws no page in a browser, but for the models' own tests: in under a minute.
quick: $(VENV)/.test
	$(BIN)/python -m pytest -q -n auto -m "not processes and not slow" --ignore=tests/models

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

faults: $(VENV)/.test
	$(BIN)/python -m pytest -q -m "" tests/faults

bench: $(VENV)/.test
	$(BIN)/python -m benchmarks

reference: $(VENV)/.test
	$(BIN)/python -m tests.models.reference $(if $(REFERENCE_DIR),$(REFERENCE_DIR),../shared/reference)

hostile: $(VENV)/.run
	$(BIN)/python -m tests.hostile.harness $(DIR)

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.journeys.screenshots
	$(BIN)/python -m tests.journeys.gallery

# Update the lock files after a change of requirements.txt or tests/requirements.txt; `make upgrade` takes the newest releases allowed.
lock:
	@$(INSTALL) lock

upgrade:
	@$(INSTALL) lock --upgrade

clean:
	rm -rf $(VENV) .tontine

# Also missing if the Python that it links to was removed: the environment is then created again.
$(VENV)/bin/python: ;

$(VENV)/.run: $(VENV)/bin/python requirements.lock installer.lock install.sh
	@$(INSTALL) install requirements.lock
	@touch $@

$(VENV)/.test: $(VENV)/bin/python tests/requirements.lock requirements.lock installer.lock install.sh
	@$(INSTALL) install tests/requirements.lock
	@bash tests/system.sh
	@touch $@ $(VENV)/.run
