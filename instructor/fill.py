"""Grades into the platform's own CSV file: one column of the students who were graded, and not one byte beside it.

The file is never read and written anew, since that would change its quotes, line ends or encoding. It is cut into
cells that know where they stand (`cells`), and only the text of a cell that changes is replaced.

The grades come as results.json: a list of {"student": identity, "name": ..., "grade": number or null, "possible":
number, "reason": sentence}, or an object that holds such a list as "results".
"""

import json
import math
import os
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from .roster import Register, RosterError, decode, separator, students_in
from .roster import table as read

MOODLE_GRADE, MOODLE_MAXIMUM, MOODLE_CHANGEABLE = "grade", "maximum grade", "grade can be changed"
FIXED = {"student", "id", "sis user id", "sis login id", "root account", "section", "identifier", "full name",
         "id number", "email address", "status", "integration id"}
NONE_YET = {"", "-"}        # Moodle writes a dash


class FillError(Exception):
    """Nothing was written; the sentence says why."""


class Cell(NamedTuple):
    """One cell of a CSV text: what it says, and where it stands."""

    value: str
    start: int
    end: int


class Change(NamedTuple):
    """One cell that gets a grade."""

    student: str
    name: str
    row: int
    old: str
    new: str


class Filled(NamedTuple):
    """The file with its grades; who got one, who had that one already, and who was left as they were, and why."""

    content: bytes
    column: str
    changes: list[Change]
    same: list[str]
    left: dict[str, str]


def cells(text: str, separator: str = ",") -> list[list[Cell]]:
    """The rows of a CSV text.

    Raises:
        FillError: a quote opens and does not close.
    """
    rows, row, at = [], [], int(text.startswith("\ufeff"))
    while at < len(text):
        start = at
        if text[at] == '"':
            end = at + 1
            while True:
                end = text.find('"', end)
                if end < 0:
                    raise FillError(f"In row {len(rows) + 1} a quote opens and does not close.")
                if text[end:end + 2] != '""':
                    break
                end += 2
            value, at = text[start + 1:end].replace('""', '"'), end + 1
        else:
            value = ""
        rest = re.compile(rf"[^{separator}\r\n]*").match(text, at)      # in a quoted cell nothing, or what is odd
        value, at = value + rest[0], rest.end()
        row.append(Cell(value, start, at))
        if text[at:at + 1] == separator:
            at += 1
            if at < len(text) and text[at] not in "\r\n":
                continue
            row.append(Cell("", at, at))
        rows.append(row)
        row = []
        at += 2 if text[at:at + 2] == "\r\n" else 1
    if row:
        rows.append(row)
    return [row if len(row) > 1 or row[0].end > row[0].start else [] for row in rows]


def read_results(path: Path) -> list[dict]:
    """The grades of a class, checked.

    Raises:
        FillError: it is no such file; the sentence says what is wrong.
    """
    name = Path(path).name
    try:
        content = json.loads(Path(path).read_text("utf8"))
    except (OSError, ValueError) as problem:
        raise FillError(f"{name} cannot be read as results: {problem}.") from None
    rows = content.get("results") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise FillError(f"{name} must hold a list of results, one for each student.")
    number = lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    for place, row in enumerate(rows, 1):
        if "grade" not in row or not (row["grade"] is None or number(row["grade"])):
            raise FillError(f"{name}, result {place}: the grade must be a number, or null.")
        if not number(row.get("possible")) or row["possible"] <= 0:
            raise FillError(f"{name}, result {place}: possible must be a number above 0.")
        if row["grade"] is not None and not 0 <= row["grade"] <= row["possible"]:
            raise FillError(f"{name}, result {place}: the grade {row['grade']} is not between 0 and {row['possible']}.")
    return rows


def fill(content: bytes, results: list[dict], column: str = "", overwrite: bool = False, scale: bool = False,
         what: str = "The file") -> Filled:
    """The platform's file with these grades in its column (`Grade` in Moodle's worksheet; else it must be named).

    Raises:
        FillError: the file is no such table, the column is not there or not to be written, or the points differ and
            are not to be scaled.
    """
    try:
        text, encoding = decode(content, what)
        if text.encode(encoding) != content:
            raise FillError(f"{what} is in an encoding that cannot be kept.")
        table = cells(text, separator(text))
        values = [[cell.value for cell in row] for row in table]
        if values != read(text, what):
            raise FillError(f"{what} has cells that can be read in two ways: save it as CSV again.")
        students = students_in(values, what)
    except RosterError as problem:
        raise FillError(str(problem)) from None
    at = _column(values, column, what)
    maxima = _Maxima(values, at)
    twice = {who for who, count in Counter(student.identity.casefold() for student in students).items() if count > 1}
    register, changes, same, left, seen = Register(students), [], [], {}, {}
    for result in results:
        who = str(result.get("student") or "")
        try:
            if result["grade"] is None:
                raise _Left(result.get("reason") or "No grade was given.")
            student = _found(register, who, result, twice)
            if student.row in seen:
                raise _Left(f"The same student as {seen[student.row]!r}, who has a grade already.")
            seen[student.row] = who
            row = table[student.row - 1]
            new = maxima.text(result, student.row, scale)
            if (changed := _change(row, at, new, overwrite, values[0])) is None:
                same.append(who)
            else:
                changes.append(Change(who, student.name, student.row, changed, new))
        except _Left as why:
            left[who or f"result {len(left) + 1}"] = str(why)
    for change in sorted(changes, key=lambda change: -change.row):
        cell = table[change.row - 1][at]
        quoted = text[cell.start:cell.start + 1] == '"' or separator(text) in change.new
        written = f'"{change.new}"' if quoted else change.new
        text = text[:cell.start] + written + text[cell.end:]
    return Filled(text.encode(encoding), values[0][at].strip(), changes, same, left)


class _Left(Exception):
    """A student whose row stays as it is; the sentence says why."""


def _found(register, who, result, twice):
    try:
        student = register.find(*filter(None, (who, str(result.get("name") or ""))))
    except RosterError as problem:
        raise _Left(str(problem).replace("on the roster", "in the file")) from None
    except IndexError:
        raise _Left("The result names no student.") from None
    if student.identity.casefold() in twice:
        raise _Left("The file has this student more than once.")
    return student


def _change(row, at, new, overwrite, heads):
    """What the cell said before if it is to be changed; None if it says the same already."""
    heads = [head.strip().casefold() for head in heads]
    if at >= len(row):
        raise _Left("The student's row in the file is too short.")
    if MOODLE_CHANGEABLE in heads and row[heads.index(MOODLE_CHANGEABLE)].value.strip().casefold() == "no":
        raise _Left("The file says that this grade cannot be changed.")
    old = row[at].value.strip()
    if old not in NONE_YET:
        with_point = lambda text: float(text.replace(",", "."))
        try:
            if abs(with_point(old) - with_point(new)) < 0.005:
                return None
        except ValueError:
            pass                    # "EX", for one
        if not overwrite:
            raise _Left(f"There is {old!r} already, and {new!r} would replace it: --overwrite does that.")
    return row[at].value


def _column(values, column, what):
    heads = [" ".join(head.split()) for head in values[0]]
    folded = [head.casefold() for head in heads]
    if not column and MOODLE_GRADE in folded and "identifier" in folded:
        return folded.index(MOODLE_GRADE)
    points = next((row for row in values[1:] if row and row[0].strip().casefold() == "points possible"), [])
    open_ = [k for k, head in enumerate(folded) if head not in FIXED
             and not (k < len(points) and points[k].strip().startswith("("))]      # "(read only)", in any language
    wanted = " ".join(column.split()).casefold()
    found = [k for k in range(len(heads)) if folded[k] == wanted] or [
        k for k in range(len(heads)) if re.sub(r" \(\d+\)$", "", folded[k]) == wanted]
    choices = f"Columns for grades: {', '.join(repr(heads[k]) for k in open_) or 'none'}."
    if not column:
        if len(open_) == 1 and points:
            return open_[0]
        raise FillError(f"Which column of {what} is meant? {choices}")
    if len(found) != 1:
        raise FillError(f"{what} has {len(found) or 'no'} column{'s' * (len(found) > 1)} {column!r}. {choices}")
    if found[0] not in open_:
        raise FillError(f"The column {column!r} of {what} is not for grades. {choices}")
    return found[0]


class _Maxima:
    """The most points that the file has for the column, and how it writes numbers."""

    def __init__(self, values, at):
        heads = [head.strip().casefold() for head in values[0]]
        self.column = heads.index(MOODLE_MAXIMUM) if MOODLE_MAXIMUM in heads else None
        self.values = values
        points = next((row for row in values[1:] if row and row[0].strip().casefold() == "points possible"), [])
        self.points = points[at].strip() if at < len(points) else ""
        sample = [*points, *(row[self.column] for row in values[1:] if row and self.column is not None
                             and self.column < len(row))]
        self.comma = any(re.fullmatch(r"\d+,\d+", cell.strip()) for cell in sample)

    def text(self, result, row, scale):
        """The grade as the file writes numbers, of its own points if it is to be scaled.

        Raises:
            FillError: the points differ, and it is not to be scaled.
        """
        own = self.values[row - 1]
        stated = self.points if self.column is None else own[self.column].strip() if self.column < len(own) else ""
        try:
            most = float(stated.replace(",", "."))
        except ValueError:
            most = result["possible"]       # a scale of words, or nothing stated
        grade = result["grade"]
        if abs(most - result["possible"]) > 1e-6 and most > 0:
            if not scale:
                raise FillError(f"The assignment has {result['possible']:g} points, and the file {most:g}: --scale "
                                "converts, or change the points on the platform.")
            grade = grade * most / result["possible"]
        written = f"{grade:.2f}".rstrip("0").rstrip(".")
        return written.replace(".", ",") if self.comma else written


def write(path: Path, content: bytes) -> None:
    """The file, whole or not at all."""
    path = Path(path)
    number, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=f".{path.name}-")
    try:
        with open(number, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except OSError:
        os.unlink(name)
        raise
