"""What the studies have measured, as it ships with the package, and what other people's texts report."""

import json
import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

__all__ = ["Results", "Summary", "published", "results", "summary"]

RESULTS = Path(__file__).with_name("results")
PUBLISHED = Path(__file__).with_name("published.json")


class Summary(NamedTuple):
    """Repeated runs in a few numbers. If any run diverged, every one of them but the two counts is nan."""

    n: int          # runs, those that diverged included
    diverged: int   # runs that ended without a finite number
    mean: float
    sd: float       # sample standard deviation (n - 1); nan for one run
    median: float
    smallest: float
    largest: float

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the mean: Student's t with n - 1 degrees of freedom, so for runs that scatter evenly."""
        if self.n < 2:
            return math.nan, math.nan
        from scipy.special import stdtrit  # slow to import, so only where it is needed

        half = stdtrit(self.n - 1, 0.975).item() * self.sd / math.sqrt(self.n)
        return self.mean - half, self.mean + half

    @property
    def spread(self) -> str:
        """Mean ± standard deviation, with two digits of the deviation; or how many runs diverged."""
        if self.diverged:
            return f"{self.diverged} of {self.n} diverged"
        if not self.sd > 0:
            return f"{self.mean:,.10g}"
        places = max(0, 1 - math.floor(math.log10(self.sd)))
        form = f",.{places}f" if self.sd < 1e6 else ".1e"
        return f"{self.mean:{form}} ± {self.sd:{form}}"

    def __str__(self):
        return f"{self.spread} (n = {self.n})"


def summary(values: Iterable[float]) -> Summary:
    """The mean, standard deviation, median and extremes of repeated runs, and the 95 % interval of their mean.

    Args:
        values: one number for each run. None, nan or infinity is a run that diverged; it is counted, never left out.

    Raises:
        ValueError: there is no value.
    """
    values = [math.nan if value is None else float(value) for value in values]
    if not values:
        raise ValueError("values should hold at least one number, got none")
    diverged = sum(not math.isfinite(value) for value in values)
    if diverged:
        return Summary(len(values), diverged, *5 * (math.nan,))
    sd = statistics.stdev(values) if len(values) > 1 else math.nan
    return Summary(len(values), 0, statistics.fmean(values), sd, statistics.median(values), min(values), max(values))


@dataclass(frozen=True)
class Results:
    """The runs of one study: `rows`, one tuple a run, under `columns`.

    The first columns, `keys`, say which run it was (layer, lag, seed); the others are what was measured.
    `runs["loss"]` is one column as a list, `runs.where("LSTM", 20)` keeps the runs that begin so, `runs.by("layer")`
    splits them, and `runs.summary("loss")` gives mean, standard deviation, n and interval.
    """

    name: str
    title: str
    note: str
    keys: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[tuple]
    machine: str
    date: str
    command: str

    def __len__(self):
        return len(self.rows)

    def __iter__(self):
        return iter(self.rows)

    def __getitem__(self, column: str) -> list:
        """One column, in the order of the rows; nan where a run diverged."""
        if column not in self.columns:
            raise ValueError(f"column should be one of {', '.join(self.columns)}, got {column!r}")
        k = self.columns.index(column)
        return [row[k] for row in self.rows]

    def where(self, *start) -> "Results":
        """The runs whose first keys are `start`, as values or as text. ValueError if there is none."""
        if len(start) > len(self.keys):
            raise ValueError(f"{self.name} has {len(self.keys)} keys ({', '.join(self.keys)}), got {len(start)}")
        found = self
        for k, (key, wanted) in enumerate(zip(self.keys, start, strict=False)):
            rows = [row for row in found.rows if row[k] == wanted or str(row[k]) == wanted]
            if not rows:
                there = ", ".join(map(repr, dict.fromkeys(found[key])))
                raise ValueError(f"{key} should be one of {there}, got {wanted!r}")
            found = replace(found, rows=rows)
        return found

    def by(self, *keys: str) -> dict:
        """The runs apart by one key, {"GRU": Results, ...}, or by several, {("GRU", 20): Results, ...}."""
        names = list(zip(*(self[key] for key in keys), strict=True))
        groups = {name: [] for name in names}
        for name, row in zip(names, self.rows, strict=True):
            groups[name].append(row)
        return {name[0] if len(keys) == 1 else name: replace(self, rows=rows) for name, rows in groups.items()}

    def summary(self, column: str) -> Summary:
        """`seqlab.summary` of one column."""
        return summary(self[column])

    def __repr__(self):
        shown = [self.columns, *([f"{len(part)} of them" if isinstance(part, list) else str(part) for part in row]
                                 for row in self.rows[:10])]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
        more = [f"... and {len(self.rows) - 10} more"] if len(self.rows) > 10 else []
        return "\n".join([f"{self.title} ({len(self.rows)} runs)", *lines, *more])


def results(name: str) -> Results:
    """What a study measured, run by run: `results("recall_first").where("LSTM", 20).summary("accuracy (%)")`.

    The numbers come with the package; `python -m studies NAME`, in the course's repository, measured them.

    Raises:
        ValueError: no study has this name; the names are listed.
    """
    names = sorted(path.stem for path in RESULTS.glob("*.json"))
    if name not in names:
        raise ValueError(f"name should be one of {', '.join(names)}, got {name!r}")
    record = json.loads((RESULTS / f"{name}.json").read_text("utf8"))
    rows = [tuple(math.nan if part is None else part for part in row) for row in record["rows"]]
    return Results(name, record["title"], record["note"], tuple(record["keys"]), (*record["keys"], *record["columns"]),
                   rows, record["machine"], record["date"], record["command"])


def published(name: str | None = None):
    """The value that another text reports and a chapter compares with; without a name, all of them, with sources.

    Raises:
        ValueError: no such number is on record; the names are listed.
    """
    record = json.loads(PUBLISHED.read_text("utf8"))
    if name is None:
        return record
    if name not in record:
        raise ValueError(f"name should be one of {', '.join(record)}, got {name!r}")
    return record[name]["value"]
