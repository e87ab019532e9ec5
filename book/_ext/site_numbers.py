"""Numbers from the package, so that none is typed: the directives `studies`, `measured` and `published`, and roles:

{mean}`recall_first | LSTM | 20 | accuracy (%)` is the mean of a column over the runs that begin with "LSTM", 20;
{interval}`digits_lstm | test accuracy (%)` is the 95 % interval of such a mean: "99.04 to 99.33";
{solved}`recall_first | LSTM | 20` says how many of these runs reach 95 % accuracy: "0 of 5".

They ask `seqlab.results` and `seqlab.published`, as the chapters do. seqlab is imported where it is needed: it takes a
second, and a build with nothing new needs no number. What a study claims is read from its module, without running it.
"""

import ast
import collections
import dataclasses
import json
import math
from pathlib import Path
from typing import NamedTuple

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
RESULTS, PUBLISHED, STUDIES = ROOT / "seqlab" / "results", ROOT / "seqlab" / "published.json", ROOT / "studies"


def measured(name):
    """The results of a study; ExtensionError if there is none."""
    import seqlab

    return _answer(seqlab.results, name)


def _answer(ask, *question):
    try:
        return ask(*question)
    except ValueError as problem:
        raise ExtensionError(str(problem)) from None

IN_SIGHT = 40       # rows; nobody reads more, and laying them out keeps the page from answering


class Subject(NamedTuple):
    """A module of studies: where it is, what it claims and what would prove that wrong, and its studies' names."""

    file: str
    claim: list[str]        # the paragraphs of its docstring below the first line
    names: list[str]


def subjects(folder=STUDIES):
    """Every module with `STUDIES`, in the order of the files; of its studies those that have a result."""
    found = []
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text("utf8"))
        names = [key.value for statement in tree.body if isinstance(statement, ast.Assign)
                 and ast.unparse(statement.targets[0]) == "STUDIES" and isinstance(statement.value, ast.Dict)
                 for key in statement.value.keys]
        if names:
            claim = ast.get_docstring(tree).split("\n\n")[1:]
            found.append(Subject(f"{folder.name}/{path.name}", [" ".join(part.split()) for part in claim],
                                 [name for name in names if (RESULTS / f"{name}.json").exists()]))
    return found


def stored(name):
    """The file of a result as it is: with how each run was made, which `seqlab.results` leaves out."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf8"))


def as_markdown(runs, claim=(), origin=()):
    """The results as MyST text: a heading, the claim, mean and spread of each group with the single runs folded, what
    was measured and how it was made.

    Of a list, such as which digits were misread, it is said how many there are.
    """
    runs = dataclasses.replace(runs, rows=[tuple(len(part) if isinstance(part, list) else part for part in row)
                                           for row in runs.rows])
    single = table(runs.columns, runs.rows)
    if runs.keys[-1] == "seed":
        *setting, _ = runs.keys
        values = runs.columns[len(runs.keys):]
        groups = runs.by(*setting).values() if setting else [runs]
        tables = table([*setting, *values, "n"],
                       [[*group.rows[0][:len(setting)], *(spread(group, value) for value in values), len(group)]
                        for group in groups])
        diverged = any(group.summary(value).diverged for group in groups for value in values
                       if not in_words(group, value))
        tables += ["Mean ± standard deviation over n seeds." + " Where a run diverged there is no mean." * diverged, "",
                   *folded(f"All {len(runs)} runs", single)]
    else:
        tables = [*(single if len(runs) <= IN_SIGHT else folded(f"All {len(runs)} runs", single)), "One run each.", ""]
    return [f"## {runs.title}", "", *(line for part in claim for line in (part, "")), *tables,
            f"*What was measured.* {runs.note}", "", *origin]


def in_words(runs, column):
    return all(isinstance(value, str) for value in runs[column])


def spread(runs, column):
    """Mean and deviation; of words, such as yes and no, how many runs say each."""
    if in_words(runs, column):
        return ", ".join(f"{word}: {count}" for word, count in collections.Counter(runs[column]).items())
    return runs.summary(column).spread


def folded(title, lines):
    return [f"<details><summary>{title}</summary>", "", *lines, "</details>", ""]


def how_it_was_made(name, file, record):
    """On what, when, in which time, with which command; from the record of a result."""
    count, made = len(record["rows"]), made_of(record)
    machines = collections.Counter(run["machine"] for run in made).most_common()
    where = " and ".join(f"{_runs(n)} on {one.replace(', 1 threads', ', 1 thread')}" for one, n in machines)
    timed = [run["seconds"] for run in made if "seconds" in run]
    took = (f"It took {_duration(sum(timed))} by the clock" + f" for {_runs(len(timed))}" * (len(timed) < count)
            if timed else "How long its runs took was not stored then")
    cpu = cpu_seconds(record)
    digits = sorted({run["data"] for run in made if "data" in run})
    files = [part for part in record["code"] if "/" in part]
    said = [f"{where}, {_dates(made)}.",
            took + (f"; the CPU seconds in its columns add up to {_duration(cpu)}." if cpu else "."),
            f"Checksum of the digits: {', '.join(digits)}." if digits else "",
            f"They read {', '.join(f'`{part}`' for part in files)}, made beforehand." if files else "",
            _repeated(record), f"The code is `{file}`; `python -m studies {name}` carries it out."]
    return ["*How it was made.* " + " ".join(filter(None, said)), ""]


def made_of(record):
    """How each run was made; of the oldest results only the whole is known."""
    return record.get("made") or [{"date": record["date"], "machine": record["machine"]}] * len(record["rows"])


def cpu_seconds(record):
    """The sum of what stands in columns of CPU seconds."""
    width = len(record["keys"])
    return sum(row[width + k] or 0 for k, column in enumerate(record["columns"]) if column.endswith("(CPU s)")
               for row in record["rows"])


def _repeated(record):
    if not (again := record.get("verified")):
        return ""
    runs = again["runs"]
    same = dict.fromkeys("as stored" if run["as"] == "stored" else f"as {run['as']}"
                         for run in runs)
    return f"When the code had changed, on {again['date']}, {_runs(len(runs))} came out anew {' or '.join(same)}."


def _runs(count):
    return f"{count} run{'s' * (count != 1)}"


def _dates(made):
    return " to ".join(dict.fromkeys((min(run["date"] for run in made), max(run["date"] for run in made))))


def _duration(seconds):
    minutes = round(seconds / 60)
    return f"{round(seconds)} s" if seconds < 60 else f"{minutes} min" if minutes < 60 else \
        f"{minutes // 60} h {minutes % 60} min"


def table(columns, rows):
    """A Markdown table; columns of numbers, means among them, are aligned to the right."""
    def line(cells):
        return "| " + " | ".join(_shown(cell).replace("|", "\\|").replace("->", "→") for cell in cells) + " |"

    def right(cell):
        return isinstance(cell, int | float) or cell[:1].isdigit() or cell[:2].lstrip("-").isdigit()

    numeric = [bool(rows) and all(right(row[k]) for row in rows) for k in range(len(columns))]
    return [line(columns), line("---:" if number else "---" for number in numeric), *map(line, rows), ""]


class Studies(SphinxDirective):
    """One line for each stored result: how many runs, when, how long, and its name."""

    def run(self):
        note_files(self.env)
        rows = []
        for name in (name for subject in subjects() for name in subject.names):
            record, runs = stored(name), measured(name)
            timed = [run["seconds"] for run in made_of(record) if "seconds" in run]
            rows.append([f"[{name}](#{nodes.make_id(runs.title)})", str(len(runs)), _dates(made_of(record)),
                         _duration(sum(timed)) if len(timed) == len(runs) else "-",
                         _duration(cpu_seconds(record)) if cpu_seconds(record) else "-"])
        return parsed(self, table(["study", "runs", "date", "by the clock", "CPU time"], rows))


class Measured(SphinxDirective):
    """All measured results, each below what it was to show; those of one subject follow each other."""

    def run(self):
        note_files(self.env)
        lines = []
        for subject in subjects():
            claim = subject.claim
            for name in subject.names:
                runs = measured(name)
                lines += as_markdown(runs, claim, how_it_was_made(name, subject.file, stored(name)))
                first = measured(subject.names[0]).title
                claim = [f"Its claim stands below [{first}](#{nodes.make_id(first)})."]
        return parsed(self, lines)


def note_files(env):
    for path in (RESULTS, STUDIES, *RESULTS.glob("*.json"), *STUDIES.glob("*.py")):
        env.note_dependency(str(path))


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
    app.add_directive("studies", Studies)
    app.add_directive("measured", Measured)
    app.add_directive("published", Published)
    for name, number in (("mean", mean), ("interval", interval), ("solved", solved)):
        app.add_role(name, number_role(number))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
