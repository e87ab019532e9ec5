"""Running the notebooks (make run): quietly, and without a change where nothing changed."""

import copy
import os
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
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


# --- without a kernel -------------------------------------------------------------------------------------------------

VIEW = run_notebooks.WIDGET_VIEW


def shown(model):
    """An output that shows this widget."""
    return v4.new_output("execute_result", {VIEW: {"model_id": model}, "text/plain": "a figure"}, execution_count=7)


def with_widgets(cells, **parts):
    """A notebook in which widgets are stored; `parts` says which others each of them holds."""
    state = {model: {"state": {"children": [f"IPY_MODEL_{one}" for one in others]}} for model, others in parts.items()}
    widgets = {run_notebooks.WIDGET_STATE: {"state": state, "version_major": 2}}
    return v4.new_notebook(cells=cells, metadata={"widgets": widgets} if parts else {})


def states(notebook):
    return notebook.metadata["widgets"][run_notebooks.WIDGET_STATE]["state"]


def printing(*texts, **cell):
    return v4.new_code_cell("f()", outputs=[v4.new_output("stream", text=text) for text in texts], **cell)


def test_what_was_stored_stays_where_only_durations_are_new():
    stored = v4.new_notebook(cells=[printing("loss 1\ntook 1.2 s\n", id="a"), printing("3.2 s", "4", id="b"),
                                    v4.new_markdown_cell("3.2 s", id="c"), printing("1.0 s", id="d"),
                                    v4.new_code_cell("f()", outputs=[shown("a")], id="f")])
    fresh = v4.new_notebook(cells=[printing("loss 1\ntook 1.3 s\n", id="a"), printing("3.3 s", "5", id="b"),
                                   printing("3.4 s", id="c"), printing("1.1 s", "1.2 s", id="d"),
                                   printing("9 s", id="e"), printing("8 s", id="f")])
    kept = run_notebooks.keep_times(fresh, stored)
    assert [[output.text for output in cell.outputs] for cell in kept.cells] == [
        ["loss 1\ntook 1.2 s\n"], ["3.2 s", "5"], ["3.4 s"], ["1.1 s", "1.2 s"], ["9 s"], ["8 s"]]


def test_what_differs_from_run_to_run_is_not_stored():
    cell = printing("0 %\r50 %\r100 %\ndone\n", metadata={"execution": {"started": "now"}, "tags": ["setup"]})
    cell.outputs += [shown("two"), v4.new_output("display_data", {"text/plain": "x"})]
    notebook = with_widgets([cell], one=[], two=["three"], three=["two"])
    notebook.cells[0].outputs[2]["transient"] = {"display_id": "of this run"}
    made = run_notebooks.normalise(notebook)
    assert made.metadata.kernelspec.name == "python3" and made.metadata.language_info.pygments_lexer == "ipython3"
    assert made.cells[0].metadata == {"tags": ["setup"]} and made.cells[0].outputs[0].text == "100 %\ndone\n"
    assert "transient" not in made.cells[0].outputs[2]
    url = made.cells[0].outputs[1].metadata[VIEW].colab.custom_widget_manager.url
    assert url == run_notebooks.COLAB_MANAGER and not made.cells[0].outputs[2].metadata
    two = made.cells[0].outputs[1].data[VIEW].model_id
    three, = {*states(made)} - {two}            # and the first is shown nowhere
    assert len({*two, *"0123456789abcdef"}) == 16 and len(two) == 32
    assert states(made)[two]["state"]["children"] == [f"IPY_MODEL_{three}"]
    assert states(made)[three]["state"]["children"] == [f"IPY_MODEL_{two}"]
    again = run_notebooks.normalise(with_widgets([cell], two=["three"], three=[]))
    assert {*states(again)} == {two, three}, "the same names in every run"
    notebook = with_widgets([printing("x")])
    assert "widgets" not in run_notebooks.normalise(notebook).metadata
    notebook.cells[0].outputs[0]["nonsense"] = 1
    with pytest.raises(nbformat.ValidationError):
        run_notebooks.normalise(notebook)


@pytest.fixture
def figures(tmp_path, monkeypatch):
    """A stored notebook with a figure, and what a fresh run of the figures' cells is to give."""
    run = []

    class Client:
        def __init__(self, notebook, path, timeout):
            run.append(([cell.source for cell in notebook.cells], path))
            self.notebook = notebook

        def execute(self):
            self.notebook.cells[0].outputs = [shown("new"), v4.new_output("stream", text="said")]
            self.notebook.metadata.update(with_widgets([], new=[]).metadata)

    monkeypatch.setattr(run_notebooks, "make_client", Client)
    cells = [v4.new_code_cell("x = 1", outputs=[shown("other")], execution_count=1), v4.new_markdown_cell("words"),
             v4.new_code_cell("from seqlab.widgets import Quiz\nQuiz()", outputs=[shown("old")], execution_count=3)]
    path = tmp_path / "figures.ipynb"
    nbformat.write(with_widgets(cells, other=[], old=[]), path)
    return path, run


def test_a_figure_is_made_anew_by_its_own_cell_and_the_others_stay(figures):
    path, run = figures
    made = run_notebooks.execute_figures(path)
    assert run == [(["from seqlab.widgets import Quiz\nQuiz()"], path)]
    other, new = (cell.outputs[0].data[VIEW].model_id for cell in (made.cells[0], made.cells[2]))
    assert {*states(made)} == {other, new} and other != new
    assert [made.cells[k].outputs[0].execution_count for k in (0, 2)] == [7, 3], "the number of its cell"
    assert made.cells[2].outputs[1].text == "said" and made.cells[1].source == "words"


def test_a_figure_in_a_notebook_that_had_none_is_stored(figures):
    path, _ = figures
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("widgets")
    notebook.cells[0].outputs = []
    nbformat.write(notebook, path)
    assert len(states(run_notebooks.execute_figures(path))) == 1


def test_without_a_figure_nothing_is_run(figures):
    path, run = figures
    nbformat.write(v4.new_notebook(cells=[printing("x", id="a")]), path)
    assert run_notebooks.execute_figures(path).cells[0].outputs[0].text == "x" and run == []


@pytest.fixture
def program(tmp_path, monkeypatch):
    """The program, with runs that put "new" into a notebook, and fail where it is called bad; and what was asked."""
    asked = []

    def run(how):
        def act(path, **options):
            data = os.environ.get("SEQLAB_DATA", "")
            asked.append((how, path.name, options, data, not data or list(Path(data).iterdir()) == []))
            if path.stem == "bad":
                raise CellExecutionError("where it stood", "NameError", "it is not there")
            return v4.new_notebook(cells=[v4.new_markdown_cell("new")])
        return act

    for variable in ("PYDEVD_DISABLE_FILE_VALIDATION", "TQDM_DISABLE", "SEQLAB_DATA", "XDG_CACHE_HOME"):
        monkeypatch.setenv(variable, "")
        monkeypatch.delenv(variable)
    monkeypatch.setattr(run_notebooks, "execute", run("all"))
    monkeypatch.setattr(run_notebooks, "execute_figures", run("figures"))
    monkeypatch.setattr(run_notebooks.reading_time, "tell", lambda path: asked.append(("told", path.name)))
    for name in ("one", "bad", "two"):
        nbformat.write(v4.new_notebook(cells=[v4.new_markdown_cell("old")]), tmp_path / f"{name}.ipynb")
    return lambda *words: run_notebooks.main([str(word) for word in words]), asked


def holds(path):
    return nbformat.read(path, as_version=4).cells[0].source


def test_every_notebook_is_run_and_one_that_fails_is_left_as_it_was(program, tmp_path, capsys):
    main, asked = program
    paths = [tmp_path / f"{name}.ipynb" for name in ("one", "bad", "two")]
    assert main(*paths) == 1
    assert [holds(path) for path in paths] == ["new", "old", "new"]
    assert [one[:2] for one in asked] == [("all", "one.ipynb"), ("told", "one.ipynb"), ("all", "bad.ipynb"),
                                          ("all", "two.ipynb"), ("told", "two.ipynb")]
    said = capsys.readouterr().out
    assert "FAILED after" in said and "where it stood" in said and f"1 failed: {paths[1]}\n" in said
    assert os.environ["TQDM_DISABLE"] == os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] == "1"
    assert main(paths[0]) == 0 and "failed" not in capsys.readouterr().out


def test_what_is_run_and_stored_is_as_asked(program, tmp_path, monkeypatch):
    main, asked = program
    path = tmp_path / "one.ipynb"
    assert main(path, "--no-save") == 0 and holds(path) == "old"
    assert main(path, "--figures") == 0 and holds(path) == "new"
    main(path, "--times")
    main(path)
    runs = [one for one in asked if one[0] != "told"]
    assert [one[0::2][:2] for one in runs] == [("all", {"times": True}), ("figures", {}), ("all", {"times": True}),
                                               ("all", {"times": False})]
    monkeypatch.setattr(run_notebooks, "notebooks", lambda: [SimpleNamespace(path=path)])
    asked.clear()
    assert main() == 0 and [one[1] for one in asked] == ["one.ipynb"] * 2


def test_the_digits_are_those_that_are_asked_for(program, tmp_path, monkeypatch):
    main, asked = program
    path, folder = tmp_path / "one.ipynb", tmp_path / "data"
    folder.mkdir()
    (folder / "MNIST").touch()
    monkeypatch.chdir(tmp_path)
    main(path, "--no-save", "--data", "data")
    assert asked.pop()[3] == str(folder)
    monkeypatch.setenv("SEQLAB_DATA", "data")
    main(path, "--no-save")
    assert asked.pop()[3] == str(folder), "in the notebook's own folder a relative path would lead elsewhere"
    main(path, "--no-save", "--data", "none")
    *_, data, empty = asked.pop()
    assert data not in ("", str(folder)) and empty and os.environ["XDG_CACHE_HOME"] == data


def test_a_kernel_is_started_in_the_notebooks_folder_and_says_nothing_of_its_own(tmp_path):
    client = run_notebooks.make_client(v4.new_notebook(), tmp_path / "one.ipynb", timeout=5)
    assert client.resources["metadata"]["path"] == str(tmp_path) and client.timeout == 5
    assert client.coalesce_streams and client.store_widget_state and client.kernel_name == "python3"
    assert client.config.KernelManager.transport_encryption == "auto"
