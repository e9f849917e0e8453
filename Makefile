# One-word targets; everything lives in .venv and needs only Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GLUE := $(VENV)/runtimes/glue-5.1
LAMBDA := $(VENV)/runtimes/lambda-python3.13
export UV_NO_PROGRESS := 1

.PHONY: demo test synth lint bench setup clean
.DEFAULT_GOAL := demo

setup: $(VENV)/.ready

demo: setup
	$(BIN)/penstock run digits

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup

synth: setup
	$(BIN)/penstock synth

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: setup
	@for name in recordio pipe hosting delivery; do $(BIN)/python -m benchmarks.$$name || exit 1; done

clean:
	rm -rf $(VENV) cdk.out runs

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed, $(PYTHON) is another version: set PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.ready: $(BIN)/uv requirements/main.txt requirements/glue-5.1.txt requirements/spark-jars.txt requirements/lambda-python3.13.txt pyproject.toml
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/main.txt requirements/uv.txt
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(GLUE)
	$(BIN)/uv pip install --quiet --require-hashes --python $(GLUE)/bin/python -r requirements/glue-5.1.txt
	$(BIN)/uv pip install --quiet --no-deps --require-hashes --python $(GLUE)/bin/python -r requirements/spark-jars.txt
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(LAMBDA)
	$(BIN)/uv pip install --quiet --require-hashes --python $(LAMBDA)/bin/python -r requirements/lambda-python3.13.txt
	@touch $@
