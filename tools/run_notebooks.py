"""Execute notebooks in place and store their outputs with normalised metadata: what `make run` does.

    python tools/run_notebooks.py                     every chapter and exercise master
    python tools/run_notebooks.py book/03-shapes.ipynb
    python tools/run_notebooks.py --no-save --data none book/*.ipynb     only see whether they run, on embedded digits

A notebook that fails is left as it was; the others still run. Exit status 1 if any failed.
"""

import argparse
import hashlib
import json
import os
import re
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}


def notebooks() -> list[Path]:
    """Every source notebook of the course: chapters first, then the exercise masters."""
    return sorted((ROOT / "book").glob("*.ipynb")) + sorted((ROOT / "book" / "exercises").glob("*.ipynb"))


def execute(path: Path, timeout: int = 900) -> nbformat.NotebookNode:
    """The notebook after a run from top to bottom in a fresh kernel, started in the notebook's folder."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=timeout, kernel_name="python3", coalesce_streams=True,
                            resources={"metadata": {"path": str(path.parent)}}, store_widget_state=True)
    client.execute()
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
                cell.outputs[number] = output
    notebook = name_widgets(notebook)
    nbformat.validate(notebook)
    return notebook


def name_widgets(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
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
            names[model] = hashlib.md5(f"widget {len(names)}".encode()).hexdigest()
            waiting += re.findall(r"IPY_MODEL_(\w+)", json.dumps(state[model]["state"]))
    saved["state"] = {model: state[model] for model in names}
    text = nbformat.writes(notebook)
    for model, name in names.items():
        text = text.replace(model, name)
    return nbformat.reads(text, as_version=4)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of them")
    parser.add_argument("--no-save", action="store_true", help="run, but leave the files as they are")
    parser.add_argument("--data", help="the folder with MNIST/raw, or `none` for the embedded digits")
    options = parser.parse_args(arguments)

    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"      # no debugger warnings from Python 3.12 on
    os.environ["TQDM_DISABLE"] = "1"        # a progress bar is for people who wait, not for stored outputs
    with tempfile.TemporaryDirectory() as empty:
        if options.data == "none":
            os.environ.update(SEQLAB_DATA=empty, XDG_CACHE_HOME=empty)
        elif options.data or os.environ.get("SEQLAB_DATA"):     # notebooks run in their own folder: make it absolute
            os.environ["SEQLAB_DATA"] = str(Path(options.data or os.environ["SEQLAB_DATA"]).resolve())
        failed = [path for path in options.notebooks or notebooks() if not _run(path, save=not options.no_save)]
    if failed:
        print(f"{len(failed)} failed: {', '.join(str(path) for path in failed)}")
    return 1 if failed else 0


def _run(path: Path, save: bool) -> bool:
    start = time.perf_counter()
    print(f"{path} ...", end=" ", flush=True)
    try:
        notebook = execute(path)
    except CellExecutionError as problem:
        print(f"FAILED after {time.perf_counter() - start:.1f} s\n{problem}")
        return False
    if save:
        nbformat.write(notebook, path)
    print(f"{time.perf_counter() - start:.1f} s")
    return True


if __name__ == "__main__":
    sys.exit(main())
