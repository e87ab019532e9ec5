"""Numbers from book/results, so that none is typed: the directives `measured` and `published`, and two roles for prose:

{mean}`recall_first | LSTM | 20 | accuracy (%)` is the mean of a column over the rows that begin with "LSTM", 20;
{solved}`recall_first | LSTM | 20` says how many of these rows reach 95 % accuracy: "0 of 5".

published.json holds what other texts report. Every other file is a measurement of ours and holds
{"title", "machine", "date", "command", "columns", "rows", "note"}; rows are lists as long as columns.
"""

import json
import statistics
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


def rows_that_begin(result, start):
    """The rows whose first entries, written as text, are those of `start`; at least one."""
    rows = [row for row in result["rows"] if [str(part) for part in _entries(row)[:len(start)]] == start]
    if not rows:
        raise ExtensionError(f"No row of {result['title']!r} begins with {', '.join(start)}.")
    return rows


def _entries(row):
    return [*row[0], *row[1:]] if isinstance(row[0], list) else row


def column(result, rows, name):
    if name not in result["columns"]:
        raise ExtensionError(f"{result['title']!r} has no column {name!r}; it has {', '.join(result['columns'])}.")
    return [row[result["columns"].index(name)] for row in rows]


def mean(text):
    """The mean that the role's text asks for: with one digit after the point, and a true minus sign."""
    file, *start, name = (part.strip() for part in text.split("|"))
    result = read_result(RESULTS / f"{file}.json")
    return f"{statistics.mean(column(result, rows_that_begin(result, start), name)):.1f}".replace("-", "\u2212")


def solved(text):
    """How many runs reach 95 %."""
    file, *start = (part.strip() for part in text.split("|"))
    result = read_result(RESULTS / f"{file}.json")
    scores = column(result, rows_that_begin(result, start), "accuracy (%)")
    return f"{sum(score >= 95 for score in scores)} of {len(scores)}"


def number_role(number):
    def role(name, rawtext, text, lineno, inliner, options=None, content=None):
        inliner.document.settings.env.note_dependency(str(RESULTS))
        return [nodes.Text(number(text))], []

    return role


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
    app.add_role("mean", number_role(mean))
    app.add_role("solved", number_role(solved))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
