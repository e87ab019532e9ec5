"""Who is in the class: read from any CSV file that says so, Canvas's gradebook and Moodle's worksheet included."""

import csv
import io
import re
from pathlib import Path
from typing import NamedTuple

IDENTITY = ("id", "identifier", "student id", "user id", "student")     # the first of these that is there
NAME = ("full name", "name", "student name", "student")
OTHERS = ("sis login id", "sis user id", "login", "username", "user name", "email address", "email", "id number")
NOT_STUDENTS = re.compile(r"\s*(points possible|student[,;] test|test student)\s*", re.IGNORECASE)


class RosterError(Exception):
    """A file is no list of students; the sentence says why."""


class Student(NamedTuple):
    """One row of a roster: the identity that files and grades go by, the name, what else may stand for the student."""

    identity: str
    name: str
    others: tuple[str, ...]
    row: int


def decode(content: bytes, what: str) -> tuple[str, str]:
    """The text of a CSV file, and the encoding it is in: UTF-8, UTF-16 with its mark, else that of old Excel.

    Raises:
        RosterError: it is no text.
    """
    mark = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"\xef\xbb": "utf-8"}.get(content[:2], "utf-8")
    for encoding in (mark, "cp1252"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise RosterError(f"{what} is no text file: save it as CSV.")


def separator(text: str) -> str:
    """What stands between the cells of the first line: a comma, a semicolon (Excel in much of Europe) or a tab."""
    bare = re.sub(r'"[^"]*"', "", text.lstrip("\ufeff").partition("\n")[0])
    return max(",;\t", key=bare.count)


def identity(text: str) -> str:
    """An identity as it is compared: Moodle's `Participant 123` is 123."""
    return re.sub(r"^participant[ _]?(?=\d+$)", "", " ".join(text.split()), flags=re.IGNORECASE)


def is_student(name: str) -> bool:
    """Whether it is a name, and not Canvas's row of points or its test student."""
    return not NOT_STUDENTS.fullmatch(name)


def read_roster(path: Path) -> list[Student]:
    """The students of a CSV file, in its order.

    Raises:
        RosterError: it is no CSV file with a column for students, or somebody stands in it twice.
    """
    text, _ = decode(Path(path).read_bytes(), Path(path).name)
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"), newline=""), delimiter=separator(text)))
    heads = [" ".join(cell.split()).casefold() for cell in rows[0]] if rows else []
    column = next((heads.index(head) for head in IDENTITY if head in heads), None)
    if column is None:
        raise RosterError(f"{Path(path).name} has no column for students; its first line must name one of: "
                          f"{', '.join(IDENTITY)}.")
    named = next((heads.index(head) for head in NAME if head in heads and heads.index(head) != column), None)
    first, last = (heads.index(head) if head in heads else None for head in ("first name", "last name"))
    cell = lambda row, at: " ".join(row[at].split()) if at is not None and at < len(row) else ""
    students, seen = [], {}
    for number, row in enumerate(rows[1:], 2):
        who = identity(cell(row, column))
        name = cell(row, named) or f"{cell(row, first)} {cell(row, last)}".strip() or who
        if not who or not is_student(name) or not is_student(cell(row, column)):
            continue
        if who.casefold() in seen:
            raise RosterError(f"{Path(path).name} has {who!r} twice, in the rows {seen[who.casefold()]} and {number}.")
        seen[who.casefold()] = number
        others = tuple(filter(None, (cell(row, heads.index(head)) for head in OTHERS if head in heads)))
        students.append(Student(who, name, others, number))
    if not students:
        raise RosterError(f"{Path(path).name} has no student below its first line.")
    return students
