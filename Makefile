# Set up, run and check Tontine. Needs Python 3.11 or newer, nothing else.
PORT ?= 8501
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run dev worker test faults check format bench reference hostile screenshots clean

run: $(VENV)/.run
	@echo "Tontine: http://localhost:$(PORT)  (Ctrl-C stops it)"
	@exec $(BIN)/streamlit run app.py --server.port $(PORT)

# As `make run`, with log lines to read and a warning with a stack whenever an event loop is blocked for 100 ms.
dev: export TONTINE_LOOP_BLOCK_MS ?= 100
dev: export TONTINE_LOG_FORMAT ?= text
dev: run

worker: $(VENV)/.run
	@exec $(BIN)/python worker.py

test: $(VENV)/.test
	$(BIN)/python -m pytest -q

check: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q

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
	$(BIN)/python -m engine.hostile $(DIR)

screenshots: $(VENV)/.test
	$(BIN)/python -m tests.journeys.screenshots
	$(BIN)/python -m tests.journeys.gallery

clean:
	rm -rf $(VENV) .tontine

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip

$(VENV)/.run: $(VENV)/bin/python requirements.txt
	$(BIN)/python -m pip install -q -r requirements.txt
	@touch $@

$(VENV)/.test: $(VENV)/bin/python requirements.txt tests/requirements.txt
	$(BIN)/python -m pip install -q -r tests/requirements.txt
	@bash tests/system.sh
	@touch $@ $(VENV)/.run
