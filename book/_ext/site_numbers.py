"""Tables of measured numbers: the `measured` directive shows the files of book/results, so that no number is typed.

Each file holds {"title", "machine", "date", "command", "columns", "rows", "note"}; rows are lists as long as columns.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

REQUIRED = ("title", "machine", "date", "command", "columns", "rows")
RESULTS = Path(__file__).resolve().parent.parent / "results"


def read_result(path):
    """One result file, checked; ExtensionError names the file and what is wrong with it."""
    try:
        result = json.loads(path.read_text("utf8"))
    except ValueError as problem:
        raise ExtensionError(f"{path.name} is not valid JSON: {problem}") from None
    missing = [key for key in REQUIRED if key not in result] if isinstance(result, dict) else list(REQUIRED)
    if missing:
        raise ExtensionError(f"{path.name} lacks {', '.join(missing)}.")
    for number, row in enumerate(result["rows"]):
        if len(row) != len(result["columns"]):
            raise ExtensionError(f"{path.name}: row {number} has {len(row)} entries for {len(result['columns'])} columns.")
    return result


def as_markdown(result):
    """The result as MyST text: a heading, the table, and where the numbers come from."""
    def line(cells):
        return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"

    numeric = [all(isinstance(row[k], (int, float)) for row in result["rows"]) for k in range(len(result["columns"]))]
    parts = [f"## {result['title']}", ""]
    parts += [line(result["columns"]), line("---:" if right else "---" for right in numeric)]
    parts += [line(row) for row in result["rows"]] + [""]
    if result.get("note"):
        parts += [result["note"], ""]
    parts += [f"Measured on {result['machine']}, {result['date']}, with `{result['command']}`.", ""]
    return parts


class Measured(SphinxDirective):
    """All results, in the order of their file names, or those named in the arguments."""

    optional_arguments = 100

    def run(self):
        names = self.arguments
        files = [RESULTS / f"{name}.json" for name in names] if names else sorted(RESULTS.glob("*.json"))
        self.env.note_dependency(str(RESULTS))
        for file in files:
            self.env.note_dependency(str(file))
        if not files:
            return [nodes.paragraph("", "Nothing has been measured yet.")]
        text = [line for file in files for line in as_markdown(read_result(file))]
        holder = nodes.Element()
        self.state.nested_parse(StringList(text, source=str(RESULTS)), self.content_offset, holder, match_titles=True)
        return holder.children


def setup(app):
    app.add_directive("measured", Measured)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
