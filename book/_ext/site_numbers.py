"""Numbers from the package, so that none is typed: the directives `measured` and `published`, and three roles:

{mean}`recall_first | LSTM | 20 | accuracy (%)` is the mean of a column over the runs that begin with "LSTM", 20;
{interval}`digits_lstm | test accuracy (%)` is the 95 % interval of such a mean: "99.04 to 99.33";
{solved}`recall_first | LSTM | 20` says how many of these runs reach 95 % accuracy: "0 of 5".

They ask `seqlab.results` and `seqlab.published`, as the chapters do. seqlab is imported where it is needed: it takes a
second, and a build with nothing new needs no number.
"""

import dataclasses
import math
from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

PACKAGE = Path(__file__).resolve().parents[2] / "seqlab"
RESULTS, PUBLISHED = PACKAGE / "results", PACKAGE / "published.json"


def measured(name):
    """The results of a study; ExtensionError if there is none."""
    import seqlab

    return _answer(seqlab.results, name)


def _answer(ask, *question):
    try:
        return ask(*question)
    except ValueError as problem:
        raise ExtensionError(str(problem)) from None


def as_markdown(runs):
    """The results as MyST text: a heading, mean and spread of each group with the single runs folded, their origin.

    Of a list, such as which digits were misread, it is said how many there are.
    """
    runs = dataclasses.replace(runs, rows=[tuple(len(part) if isinstance(part, list) else part for part in row)
                                           for row in runs.rows])
    single = table(runs.columns, runs.rows)
    if runs.keys[-1] == "seed":
        *setting, _ = runs.keys
        values = runs.columns[len(runs.keys):]
        summaries = [(group.rows[0][:len(setting)], [group.summary(value) for value in values])
                     for group in (runs.by(*setting).values() if setting else [runs])]
        tables = table([*setting, *values, "n"],
                       [[*key, *(one.spread for one in row), row[0].n] for key, row in summaries])
        diverged = any(one.diverged for _, row in summaries for one in row)
        tables += ["Mean ± standard deviation over n seeds." + " Where a run diverged there is no mean." * diverged, "",
                   f"<details><summary>All {len(runs)} runs</summary>", "", *single, "</details>", ""]
    else:
        tables = [*single, "One run each.", ""]
    return [f"## {runs.title}", "", *tables, runs.note, "",
            f"Measured on {runs.machine}, {runs.date}, with `{runs.command}`.", ""]


def table(columns, rows):
    """A Markdown table; columns of numbers, means among them, are aligned to the right."""
    def line(cells):
        return "| " + " | ".join(_shown(cell).replace("|", "\\|").replace("->", "→") for cell in cells) + " |"

    def right(cell):
        return isinstance(cell, int | float) or cell[:1].isdigit() or cell[:2].lstrip("-").isdigit()

    numeric = [bool(rows) and all(right(row[k]) for row in rows) for k in range(len(columns))]
    return [line(columns), line("---:" if number else "---" for number in numeric), *map(line, rows), ""]


class Measured(SphinxDirective):
    """All measured results, in the order of their file names, or those named in the arguments."""

    optional_arguments = 100

    def run(self):
        self.env.note_dependency(str(RESULTS))
        names = self.arguments or sorted(path.stem for path in RESULTS.glob("*.json"))
        for name in names:
            self.env.note_dependency(str(RESULTS / f"{name}.json"))
        return parsed(self, [line for name in names for line in as_markdown(measured(name))])


class Published(SphinxDirective):
    """The numbers of other people's texts that the chapters compare with."""

    def run(self):
        import seqlab

        self.env.note_dependency(str(PUBLISHED))
        rows = [[number["what"], _shown(number["value"]), number["source"]] for number in seqlab.published().values()]
        return parsed(self, table(["what", "published value", "where"], rows))


def _column(text):
    """The numbers that a role asks for, "study | key | key | column", and their summary."""
    name, *start, column = (part.strip() for part in text.split("|"))
    runs = _answer(measured(name).where, *start)
    return _answer(runs.summary, column), _answer(runs.__getitem__, column)


def mean(text):
    """The mean that the role's text asks for: with one digit after the point, and a true minus sign."""
    value = _column(text)[0].mean
    if math.isnan(value):
        raise ExtensionError(f"{text} has no mean: a run diverged.")
    return _signed(f"{value:.1f}")


def interval(text):
    """The 95 % interval of that mean."""
    low, high = _column(text)[0].interval
    if math.isnan(low):
        raise ExtensionError(f"{text} has no interval: one run, or a run diverged.")
    return _signed(f"{low:.2f} to {high:.2f}")


def solved(text):
    """How many runs reach 95 %."""
    scores = _column(f"{text} | accuracy (%)")[1]
    return f"{sum(score >= 95 for score in scores)} of {len(scores)}"


def number_role(number):
    def role(name, rawtext, text, lineno, inliner, options=None, content=None):
        env = inliner.document.settings.env
        env.note_dependency(str(RESULTS))
        env.note_dependency(str(RESULTS / f"{text.partition('|')[0].strip()}.json"))
        return [nodes.Text(number(text))], []

    return role


def _signed(text):
    return text.replace("-", "\u2212")


def _shown(value):
    if isinstance(value, dict):
        return "; ".join(f"{name.replace('_', ' ')}: {_shown(part)}" for name, part in value.items())
    if isinstance(value, float) and math.isnan(value):
        return "diverged"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def parsed(directive, lines):
    holder = nodes.Element()
    text = StringList(lines, source=str(RESULTS))
    directive.state.nested_parse(text, directive.content_offset, holder, match_titles=True)
    return holder.children


def setup(app):
    app.add_directive("measured", Measured)
    app.add_directive("published", Published)
    for name, number in (("mean", mean), ("interval", interval), ("solved", solved)):
        app.add_role(name, number_role(number))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
