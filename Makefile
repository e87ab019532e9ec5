# Every target works from a fresh clone: whatever it needs, it installs first. `make help` lists them.

PYTHON ?= python3
TORCH  ?= default
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready-$(TORCH)
TESTS  ?= book tests

.DEFAULT_GOAL := help
.PHONY: help book serve test run lab faults colab assign address offline lock clean browser study

help:     ## say what each target does
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

book: $(READY)     ## build the website into _build/html
	$(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@echo "The website is built. Open $(CURDIR)/_build/html/index.html, or run: make serve"

serve: book     ## build the website and serve it on this machine
	$(BIN)/python -m tools.serve

test: book browser     ## run every check: all notebooks, the package, the site
	TQDM_DISABLE=1 OMP_NUM_THREADS=1 SEQLAB_SITE=_build/html $(BIN)/python -m pytest $(TESTS) -n 2 --dist loadscope \
		--nbval --nbval-current-env --nbval-sanitize-with tests/sanitize.cfg

run: $(READY)     ## execute every notebook in place and store its outputs
	$(BIN)/python -m tools.run_notebooks

lab: $(READY)     ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab book

faults: $(READY)     ## plant shape faults one at a time and see each one caught
	$(BIN)/python -m tools.plant_faults

colab: $(READY)     ## run every notebook in an environment with Colab's versions
	$(BIN)/python -m tools.check_colab

assign: $(READY)     ## write the student notebooks in exercises/ from the masters
	$(BIN)/python -m instructor student

address: $(READY)     ## change the repository's address everywhere: make address URL=https://github.com/you/seqlab
	$(BIN)/python -m tools.set_address $(URL)

offline: book     ## pack the website into seqlab-offline.zip, to be opened from disk
	$(BIN)/python -m tools.offline_zip

study: $(READY)     ## run the long experiments behind seqlab/results (resumable)
	$(BIN)/python -m studies

lock: $(READY)     ## compile requirements.txt from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --extra course \
		--custom-compile-command "make lock" pyproject.toml -o requirements.txt

browser: $(READY)
	@$(BIN)/python -m tools.ensure_browser

clean:     ## remove everything that was built, except the environment
	rm -rf _build artefacts build .pytest_cache .hypothesis .ruff_cache seqlab-offline.zip

# The whole lock, or with TORCH=cpu the same versions without the CUDA libraries (about 5 GB less on Linux).
$(READY): requirements.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("seqlab needs Python 3.11 or newer; name one: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@echo "Installing the course's packages (a few minutes the first time) ..."
ifeq ($(TORCH),cpu)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend cpu --constraints requirements.txt -e '.[course]'
else
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
endif
	@touch $@
