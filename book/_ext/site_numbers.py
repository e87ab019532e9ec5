"""Tables of numbers from book/results, so that no number is typed: the directives `measured` and `published`.

published.json holds what other texts report. Every other file is a measurement of ours and holds
{"title", "machine", "date", "command", "columns", "rows", "note"}; rows are lists as long as columns.
"""

import json
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

REQUIRED = ("title", "machine", "date", "command", "columns", "rows")
RESULTS = Path(__file__).resolve().parent.parent / "results"
PUBLISHED = RESULTS / "published.json"
LONG = 12  # rows; a longer table is folded


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
            columns = len(result["columns"])
            raise ExtensionError(f"{path.name}: row {number} has {len(row)} entries for {columns} columns.")
    return result


def as_markdown(result):
    """The result as MyST text: a heading, the table, and where the numbers come from."""
    parts = [f"## {result['title']}", ""]
    rows = table(result["columns"], result["rows"])
    if len(result["rows"]) > LONG:
        rows = [f"<details><summary>All {len(result['rows'])} runs</summary>", "", *rows, "</details>", ""]
    parts += rows
    if result.get("note"):
        parts += [result["note"], ""]
    parts += [f"Measured on {result['machine']}, {result['date']}, with `{result['command']}`.", ""]
    return parts


def table(columns, rows):
    """A Markdown table; columns that hold only numbers are aligned to the right."""
    def line(cells):
        return "| " + " | ".join(_shown(cell).replace("|", "\\|").replace("->", "→") for cell in cells) + " |"

    numeric = [bool(rows) and all(isinstance(row[k], (int, float)) for row in rows) for k in range(len(columns))]
    return [line(columns), line("---:" if right else "---" for right in numeric), *map(line, rows), ""]


class Measured(SphinxDirective):
    """All measured results, in the order of their file names, or those named in the arguments."""

    optional_arguments = 100

    def run(self):
        names = self.arguments
        every = sorted(set(RESULTS.glob("*.json")) - {PUBLISHED})
        files = [RESULTS / f"{name}.json" for name in names] if names else every
        self.env.note_dependency(str(RESULTS))
        for file in files:
            self.env.note_dependency(str(file))
        if not files:
            return [nodes.paragraph("", "Nothing has been measured yet.")]
        return parsed(self, [line for file in files for line in as_markdown(read_result(file))])


class Published(SphinxDirective):
    """The numbers of other people's texts that the chapters compare with."""

    def run(self):
        self.env.note_dependency(str(PUBLISHED))
        numbers = json.loads(PUBLISHED.read_text("utf8")) if PUBLISHED.exists() else {}
        rows = [[number["what"], _shown(number["value"]), number["source"]] for number in numbers.values()]
        return parsed(self, table(["what", "published value", "where"], rows)) if rows else []


def _shown(value):
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_shown(part)}" for name, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def parsed(directive, lines):
    holder = nodes.Element()
    text = StringList(lines, source=str(RESULTS))
    directive.state.nested_parse(text, directive.content_offset, holder, match_titles=True)
    return holder.children


def setup(app):
    app.add_directive("measured", Measured)
    app.add_directive("published", Published)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
