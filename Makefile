# Every target works from a fresh clone: whatever it needs, it installs first. `make help` lists them.

PYTHON ?= python3
BIN    := .venv/bin
INSTALL = @$(PYTHON) tools/install.py $(if $(TORCH),--torch $(TORCH))
TESTS  ?=
JOBS   ?= 2
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help book serve check test deep perf mutants tools run lab faults colab chapter move assign address offline pdf lock clean study instructor

help:     ## say what each target does
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 17

book: book-packages     ## build the website into _build/html
	@$(BIN)/python -m tools.build_site

serve: book     ## build the website and serve it on this machine
	$(BIN)/python -m tools.serve

# Which tests each speed takes: the marks are explained in pyproject.toml, and given in conftest.py.
check: test-packages     ## the quick tests: no browser, no notebook that trains; a few minutes
	$(PYTEST) $(TESTS) -n $(JOBS) -m "not training and not slow and not browser and not site and not deep and not perf"

test: test-packages     ## every test once: all notebooks, the package, the site in a browser
	$(PYTEST) $(TESTS) -n $(JOBS)

deep: test-packages     ## the same again in other settings: no network, Firefox and WebKit, planted faults, mutants, oldest and newest packages
	$(PYTEST) $(TESTS) -n $(JOBS) -m deep
	$(BIN)/python -m tools.mutants --sample 40 --jobs $(JOBS) --wide --at-least 0.75
	$(BIN)/python -m tools.check_versions

mutants: test-packages     ## change the code in one small place at a time: make mutants FILES="seqlab/cells.py" SAMPLE=50 SEED=1
	$(BIN)/python -m tools.mutants $(FILES) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) \
		$(if $(AT_LEAST),--at-least $(AT_LEAST)) --jobs $(JOBS) --wide

perf: test-packages     ## measure what has a time to keep, as a table; on a machine that does nothing else
	$(PYTEST) tests/perf -m perf

tools: test-packages     ## install the browser and bubblewrap that the tests use (as root with apt, else what can be had)
	$(BIN)/python -m tools.outside get

run: lab-packages     ## execute every notebook, or make run NB=book/03-shapes.ipynb, and store its outputs
	$(BIN)/python -m tools.run_notebooks $(NB)

lab: lab-packages     ## open JupyterLab at the exercises to fill in; the chapters are beside them, in book
	$(BIN)/python -m jupyterlab --LabApp.default_url=/lab/tree/exercises

faults: test-packages     ## plant shape faults one at a time and see each one caught
	$(BIN)/python -m tools.plant_faults

colab: lab-packages     ## run every notebook in an environment with Colab's versions
	$(BIN)/python -m tools.check_colab

chapter: lab-packages     ## begin a chapter as a copy of another: make chapter SUBJECT=head-to-head LIKE=order-matters
	$(BIN)/python -m tools.chapters new $(SUBJECT) $(if $(LIKE),--like $(LIKE))

move: lab-packages     ## put a chapter in another place: make move SUBJECT=head-to-head AFTER=hand-built-digits (or BEFORE=...)
	$(BIN)/python -m tools.chapters move $(SUBJECT) $(if $(AFTER),--after $(AFTER)) $(if $(BEFORE),--before $(BEFORE))

assign: instructor-packages     ## write the student notebooks in exercises/ from the masters
	$(BIN)/python -m instructor student

instructor: instructor-packages     ## what an instructor needs: list, student, collect, grade, ...
	@$(BIN)/python -m instructor --help

address:     ## change the repository's address everywhere: make address URL=https://github.com/you/seqlab
	@$(PYTHON) -m tools.set_address $(URL)

offline: book     ## pack the website into seqlab-offline.zip, to be opened from disk
	$(BIN)/python -m tools.offline_zip

pdf: test-packages     ## print every chapter as a PDF into _build/pdf, or make pdf PAGES="book/intro" PAPER=Letter
	$(BIN)/python -m tools.print_pdf $(PAGES) $(if $(PAPER),--paper $(PAPER))

study: lab-packages     ## run the long experiments behind seqlab/results (resumable)
	$(BIN)/python -m studies --jobs $(JOBS)

lock: lab-packages     ## compile requirements.txt from pyproject.toml
	$(BIN)/python -m uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --all-extras \
		--custom-compile-command "make lock" pyproject.toml -o requirements.txt

clean:     ## remove everything that was built, except the environment
	rm -rf _build artefacts build .pytest_cache .hypothesis .ruff_cache .colab-venv .versions seqlab-offline.zip

# What a target needs is installed first, and only that; what is there already takes a tenth of a second to find.
.PHONY: lab-packages book-packages test-packages instructor-packages
lab-packages book-packages test-packages instructor-packages:
	$(INSTALL) $(@:-packages=)
