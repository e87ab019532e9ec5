"""Running the notebooks (make run): quietly, and without a change where nothing changed."""

import copy

import nbformat
import pytest
from nbformat import v4

from tools import run_notebooks

PRINTS = """import time
start = time.perf_counter()
print("shape", (2, 3))
print(f"took {time.perf_counter() - start:.9f} s")"""


@pytest.fixture
def notebook(tmp_path):
    """Path of a notebook with one cell, which prints a shape and a duration."""
    path = tmp_path / "one.ipynb"
    nbformat.write(v4.new_notebook(cells=[v4.new_code_cell(PRINTS)]), path)
    nbformat.write(run_notebooks.execute(path), path)
    return path


@pytest.mark.slow
def test_another_run_that_only_took_another_time_changes_nothing(notebook):
    before = notebook.read_text()
    assert "took 0.0" in before
    nbformat.write(run_notebooks.execute(notebook), notebook)
    assert notebook.read_text() == before


@pytest.mark.slow
def test_times_are_stored_anew_when_asked_for_and_when_something_else_changed(notebook):
    before = notebook.read_text()
    nbformat.write(run_notebooks.execute(notebook, times=True), notebook)
    assert notebook.read_text() != before
    stored = nbformat.read(notebook, as_version=4)
    fresh = copy.deepcopy(stored)
    fresh.cells[0].outputs[0].text = "shape (2, 4)\ntook 9.9 s\n"
    assert run_notebooks.keep_times(fresh, stored).cells[0].outputs[0].text == "shape (2, 4)\ntook 9.9 s\n"


@pytest.mark.slow
def test_the_kernel_has_nothing_to_warn_of(notebook, capfd):
    run_notebooks.execute(notebook)
    assert "WARNING" not in capfd.readouterr().err
