"""Execute notebooks in place and store their outputs with normalised metadata: what `make run` does.

    python -m tools.run_notebooks                     every chapter and exercise master
    python -m tools.run_notebooks book/03-shapes.ipynb
    python -m tools.run_notebooks --figures           only make the interactive figures and quizzes anew
    python -m tools.run_notebooks --no-save --data none book/*.ipynb     only see whether they run, on embedded digits

A notebook that fails is left as it was; the others still run. Exit status 1 if any failed. A cell whose printed lines
differ from the stored ones in nothing but how long something took keeps the stored ones, unless --times is given.
"""

import argparse
import configparser
import copy
import hashlib
import json
import os
import re
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from traitlets.config import Config

from tools import reading_time
from tools.course import ROOT, WIDGET_STATE, WIDGET_VIEW, notebooks

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
FIGURE = re.compile(r"^from seqlab\.widgets import", flags=re.MULTILINE)   # such a cell needs no other
# What a kernel and its client say to each other is encrypted, or the kernel warns in every notebook that it is not.
QUIET = Config({"KernelManager": {"transport_encryption": "auto"}})
# What Colab stores with a figure: the script that shows a widget which is not Colab's own, here before the cell is run.
COLAB_MANAGER = "https://ssl.gstatic.com/colaboratory-static/widgets/colab-cdn-widget-manager/e680a8b83b2ea152/manager.min.js"
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}


def execute(path: Path, timeout: int = 900, times: bool = False) -> nbformat.NotebookNode:
    """The notebook after a run from top to bottom in a fresh kernel, started in the notebook's folder.

    With `times`, what was stored of durations gives way to what this run took; see `keep_times`.
    """
    stored = nbformat.read(path, as_version=4)
    notebook = copy.deepcopy(stored)
    make_client(notebook, path, timeout).execute()
    return normalise(notebook if times else keep_times(notebook, stored))


def make_client(notebook: nbformat.NotebookNode, path: Path, timeout: int) -> NotebookClient:
    """What executes this notebook in the folder of `path` and stores the state of its figures."""
    return NotebookClient(notebook, timeout=timeout, kernel_name="python3", coalesce_streams=True, config=QUIET,
                          resources={"metadata": {"path": str(path.parent)}}, store_widget_state=True)


def duration_pattern() -> re.Pattern:
    """The form in which a duration is printed: the one that is not compared when the notebooks are tested."""
    sanitize = configparser.RawConfigParser()
    sanitize.read(ROOT / "tests" / "sanitize.cfg", encoding="utf-8")
    return re.compile(sanitize["how long something took"]["regex"])


def keep_times(notebook: nbformat.NotebookNode, stored: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Put back what was stored where a cell prints the same again but for durations: the new ones say nothing new."""
    form, before = duration_pattern(), {cell.get("id"): cell for cell in stored.cells if cell.cell_type == "code"}
    for cell in notebook.cells:
        old = before.get(cell.get("id"))
        if cell.cell_type != "code" or old is None or len(old.outputs) != len(cell.outputs):
            continue
        for new_output, old_output in zip(cell.outputs, old.outputs, strict=True):
            both = [output.get("text") for output in (new_output, old_output)]
            if all(both) and form.sub("", both[0]) == form.sub("", both[1]):
                new_output["text"] = both[1]
    return notebook


def execute_figures(path: Path) -> nbformat.NotebookNode:
    """The notebook with its figures and quizzes made anew, each by its own cell; all other cells as they are stored."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and FIGURE.search(cell.source)]
    if not cells:
        return notebook
    alone = nbformat.v4.new_notebook(cells=copy.deepcopy(cells))
    make_client(alone, path, timeout=120).execute()
    notebook = rename_widgets(notebook, lambda number: uuid.uuid4().hex)     # those that stay must not meet a new one
    made = alone.metadata.get("widgets", {WIDGET_STATE: {"state": {}}})
    stored = notebook.metadata.setdefault("widgets", {WIDGET_STATE: {**made[WIDGET_STATE], "state": {}}})
    stored[WIDGET_STATE]["state"].update(made[WIDGET_STATE]["state"])
    new = {cell.id: cell.outputs for cell in alone.cells}
    for cell in notebook.cells:
        if cell.get("id") in new:
            cell.outputs = new[cell.id]
            for output in cell.outputs:
                if output.output_type == "execute_result":
                    output.execution_count = cell.execution_count
    return normalise(notebook)


def normalise(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Remove what differs from machine to machine, so that a new run changes only what really changed."""
    notebook.metadata["kernelspec"] = KERNELSPEC
    notebook.metadata["language_info"] = LANGUAGE
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            for number, output in enumerate(cell.outputs):
                if output.output_type == "stream":
                    output.text = "".join(line.rsplit("\r", 1)[-1] for line in output.text.splitlines(keepends=True))
                output.pop("transient", None)
                if WIDGET_VIEW in output.get("data", {}):
                    output.metadata = {WIDGET_VIEW: {"colab": {"custom_widget_manager": {"url": COLAB_MANAGER}}}}
                cell.outputs[number] = output
    notebook = rename_widgets(notebook, lambda number: hashlib.md5(f"widget {number}".encode()).hexdigest())
    nbformat.validate(notebook)
    return notebook


def rename_widgets(notebook: nbformat.NotebookNode, name: Callable[[int], str]) -> nbformat.NotebookNode:
    """Name the stored widgets by their place in the notebook, not by the random numbers of this run.

    Widgets that no output shows, such as those of an earlier run of the same cell, are dropped.
    """
    saved = notebook.metadata.get("widgets", {}).get(WIDGET_STATE)
    if not saved:
        notebook.metadata.pop("widgets", None)
        return notebook
    state, names = saved["state"], {}
    waiting = [output.data[WIDGET_VIEW].model_id for cell in notebook.cells for output in cell.get("outputs", [])
               if WIDGET_VIEW in output.get("data", {})]
    while waiting:
        model = waiting.pop(0)
        if model not in names and model in state:
            names[model] = name(len(names))
            waiting += re.findall(r"IPY_MODEL_(\w+)", json.dumps(state[model]["state"]))
    saved["state"] = {model: state[model] for model in names}
    text = nbformat.writes(notebook)
    for model, new_name in names.items():
        text = text.replace(model, new_name)
    return nbformat.reads(text, as_version=4)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of them")
    parser.add_argument("--no-save", action="store_true", help="run, but leave the files as they are")
    parser.add_argument("--figures", action="store_true", help="make only the figures and quizzes anew")
    parser.add_argument("--times", action="store_true", help="store durations anew, also where nothing else changed")
    parser.add_argument("--data", help="the folder with MNIST/raw, or `none` for the embedded digits")
    options = parser.parse_args(arguments)

    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"      # no debugger warnings from Python 3.12 on
    os.environ["TQDM_DISABLE"] = "1"        # a progress bar is for people who wait, not for stored outputs
    with tempfile.TemporaryDirectory() as empty:
        if options.data == "none":
            os.environ.update(SEQLAB_DATA=empty, XDG_CACHE_HOME=empty)
        elif options.data or os.environ.get("SEQLAB_DATA"):     # notebooks run in their own folder: make it absolute
            os.environ["SEQLAB_DATA"] = str(Path(options.data or os.environ["SEQLAB_DATA"]).resolve())
        failed = [path for path in options.notebooks or [one.path for one in notebooks()] if not _run(path, options)]
    if failed:
        print(f"{len(failed)} failed: {', '.join(str(path) for path in failed)}")
    return 1 if failed else 0


def _run(path: Path, options: argparse.Namespace) -> bool:
    start = time.perf_counter()
    print(f"{path} ...", end=" ", flush=True)
    try:
        notebook = execute_figures(path) if options.figures else execute(path, times=options.times or options.no_save)
    except CellExecutionError as problem:
        print(f"FAILED after {time.perf_counter() - start:.1f} s\n{problem}")
        return False
    if not options.no_save:
        nbformat.write(notebook, path)
        reading_time.tell(path)
    print(f"{time.perf_counter() - start:.1f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
