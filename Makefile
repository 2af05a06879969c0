# make demo                  the digits search with scikit-learn's neural network, from nothing to the best trial
# make demo FRAMEWORK=torch  the same with PyTorch
# make test                  install what the tests need and run them all
# make soak                  hundreds of kills instead of twenty
# make check                 lint, types, layers, sizes, docs
# make docs                  write the generated pages again, build the site
# make bench                 print the table of benchmarks (ratios, measured back to back)

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FRAMEWORK ?= sklearn
DEMO_sklearn := digits.yaml
DEMO_torch := digits_torch.yaml
# PyTorch is pinned: a range would pull several GB of CUDA packages on machines without a GPU.
TORCH := torch==2.13.0
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test soak check docs bench clean

demo: $(VENV)/.$(FRAMEWORK)
	$(BIN)/daybreak run examples/digits/$(DEMO_$(FRAMEWORK)) --home .daybreak
	@echo "first: . $(VENV)/bin/activate    (so that the shell finds daybreak)"

test: $(VENV)/.test
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadgroup  # threads that wait for each other cost most

soak: $(VENV)/.test
	$(BIN)/pytest -m soak -n 0 tests/process

check: $(VENV)/.test $(VENV)/.lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/sizes.py
	$(BIN)/python tools/reference.py --check

docs: $(VENV)/.test
	$(BIN)/python tools/reference.py

bench: $(VENV)/.test
	$(BIN)/python benchmarks/all.py

clean:
	rm -rf $(VENV) .daybreak build dist site

$(VENV)/.base: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade pip
	$(BIN)/python -m pip install -q -e .
	touch $@

$(VENV)/.sklearn: $(VENV)/.base
	$(BIN)/python -m pip install -q scikit-learn
	touch $@

$(VENV)/.torch: $(VENV)/.sklearn
	$(BIN)/python -m pip install -q $(TORCH)
	touch $@

$(VENV)/.test: $(VENV)/.torch
	$(BIN)/python -m pip install -q --group test
	echo "$(TORCH)" > $(VENV)/constraint.txt  # what the adapters ask for must not replace it
	$(BIN)/python -m pip install -q --group adapters -c $(VENV)/constraint.txt
	touch $@

$(VENV)/.lint: $(VENV)/.base
	$(BIN)/python -m pip install -q --group lint
	touch $@
