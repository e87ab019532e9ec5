# Every target works from a fresh clone: whatever it needs, it installs first. `make help` lists them.

PYTHON ?= python3
TORCH  ?= default
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/ready-$(TORCH)
TESTS  ?=
JOBS   ?= 2
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help book serve check test deep perf tools run lab faults colab chapter move assign address offline lock clean study

help:     ## say what each target does
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

book: $(READY)     ## build the website into _build/html
	$(BIN)/jupyter-book build . -W -n --keep-going --quiet
	@echo "The website is built. Open $(CURDIR)/_build/html/index.html, or run: make serve"

serve: book     ## build the website and serve it on this machine
	$(BIN)/python -m tools.serve

# Which tests each speed takes: the marks are explained in pyproject.toml, and given in conftest.py.
check: $(READY)     ## the quick tests: no browser, no notebook that trains; a few minutes
	$(PYTEST) $(TESTS) -n $(JOBS) -m "not training and not slow and not browser and not site and not deep and not perf"

test: $(READY)     ## every test once: all notebooks, the package, the site in a browser
	$(PYTEST) $(TESTS) -n $(JOBS)

deep: $(READY)     ## the same again in other settings: no network, planted faults, oldest and newest packages
	$(PYTEST) $(TESTS) -n $(JOBS) -m deep
	$(BIN)/python -m tools.check_versions

perf: $(READY)     ## measure what has a time to keep, as a table; on a machine that does nothing else
	$(PYTEST) tests/perf -m perf

tools: $(READY)     ## install the browser and bubblewrap that the tests use (as root with apt, else what can be had)
	$(BIN)/python -m tools.outside get

run: $(READY)     ## execute every notebook in place and store its outputs
	$(BIN)/python -m tools.run_notebooks

lab: $(READY)     ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab book

faults: $(READY)     ## plant shape faults one at a time and see each one caught
	$(BIN)/python -m tools.plant_faults

colab: $(READY)     ## run every notebook in an environment with Colab's versions
	$(BIN)/python -m tools.check_colab

chapter: $(READY)     ## begin a chapter as a copy of another: make chapter SUBJECT=what-a-net-keeps LIKE=order-matters
	$(BIN)/python -m tools.chapters new $(SUBJECT) $(if $(LIKE),--like $(LIKE))

move: $(READY)     ## put a chapter in another place: make move SUBJECT=what-a-net-keeps AFTER=lstm (or BEFORE=...)
	$(BIN)/python -m tools.chapters move $(SUBJECT) $(if $(AFTER),--after $(AFTER)) $(if $(BEFORE),--before $(BEFORE))

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
