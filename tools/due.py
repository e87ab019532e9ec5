"""The cells at the beginning of a chapter that ask what is due from earlier ones: made here, in every notebook alike.

Which chapters they ask about follows from the order of the chapters; see `asked_again` in tools/course.py.
"""

import uuid
from pathlib import Path

import nbformat

from tools.course import WIDGET_STATE, WIDGET_VIEW
from tools.run_notebooks import normalise, rename_widgets

WORDS = ("What you learnt in earlier chapters stays if you recall it. So before the new, a few questions from there; "
         "answer them without looking.")
CODE = "from seqlab.widgets import Due\n\nDue({names})"
IDS = ("due-words", "due")      # of the two cells


def put(text: str, names: list[str], folder: Path) -> str:
    """The text of a notebook that asks, behind its set-up cell, what is due from the chapters `names`, nearest first.

    folder: where the quizzes stand.
    """
    notebook = rename_widgets(nbformat.reads(text, as_version=4), lambda number: uuid.uuid4().hex)
    notebook.cells = [cell for cell in notebook.cells if cell.id not in IDS]
    if names:
        place = next(k for k, cell in enumerate(notebook.cells) if "setup" in cell.metadata.get("tags", [])) + 1
        notebook.cells[place:place] = cells(notebook, names, folder)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    for number, cell in enumerate(code, 1):
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    return nbformat.writes(normalise(notebook)).rstrip("\n") + "\n"


def cells(notebook: nbformat.NotebookNode, names: list[str], folder: Path) -> list[nbformat.NotebookNode]:
    """The words and the figure, run; what the figure stores is put into the notebook's metadata."""
    from ipywidgets.embed import dependency_state

    from seqlab.widgets import Due

    figure = Due(*names, folder=folder)
    state = notebook.metadata.setdefault("widgets", {}).setdefault(
        WIDGET_STATE, {"state": {}, "version_major": 2, "version_minor": 1})["state"]
    state.update(nbformat.from_dict(dependency_state([figure], drop_defaults=False)))
    data = {kind: form for kind, form in figure._repr_mimebundle_()[0].items() if kind.startswith("text/")}
    data[WIDGET_VIEW] = {"model_id": figure.model_id, "version_major": 2, "version_minor": 1}
    source = CODE.format(names=", ".join(f'"{name}"' for name in names))
    words = nbformat.v4.new_markdown_cell(WORDS, id=IDS[0])
    code = nbformat.v4.new_code_cell(source, id=IDS[1], metadata={"tags": ["remove-input"]})
    code.outputs = [nbformat.v4.new_output("execute_result", data, execution_count=2)]
    return [words, code]
