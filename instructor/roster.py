"""Who is in the class: read from any CSV file that says so, Canvas's gradebook and Moodle's worksheet included."""

import csv
import io
import re
import sys
import unicodedata
from collections.abc import Iterable
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


def table(text: str, what: str) -> list[list[str]]:
    """The rows of a CSV text. A cell may be long: Moodle's worksheet can hold what students typed.

    Raises:
        RosterError: it is no such text.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=separator(text)))
    except csv.Error as problem:
        raise RosterError(f"{what} is no CSV file: {problem}.") from None


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
    name = Path(path).name
    text, _ = decode(Path(path).read_bytes(), name)
    students, seen = students_in(table(text, name), name), {}
    for student in students:
        key = student.identity.casefold()
        if key in seen:
            raise RosterError(f"{name} has {student.identity!r} twice, in the rows {seen[key]} and {student.row}.")
        seen[key] = student.row
    return students


def students_in(rows: list[list[str]], what: str) -> list[Student]:
    """The students of a table whose first row says what its columns are; `row` counts from 1, the first row being 1.

    Raises:
        RosterError: no column is for students, or nobody stands in it.
    """
    heads = [" ".join(cell.split()).casefold() for cell in rows[0]] if rows else []
    column = next((heads.index(head) for head in IDENTITY if head in heads), None)
    if column is None:
        raise RosterError(f"{what} has no column for students; its first line must name one of: {', '.join(IDENTITY)}.")
    named = next((heads.index(head) for head in NAME if head in heads and heads.index(head) != column), None)
    first, last = (heads.index(head) if head in heads else None for head in ("first name", "last name"))
    cell = lambda row, at: " ".join(row[at].split()) if at is not None and at < len(row) else ""
    students = []
    for number, row in enumerate(rows[1:], 2):
        who = identity(cell(row, column))
        name = cell(row, named) or f"{cell(row, first)} {cell(row, last)}".strip() or who
        if who and is_student(name) and is_student(cell(row, column)):
            others = tuple(filter(None, (cell(row, heads.index(head)) for head in OTHERS if head in heads)))
            students.append(Student(who, name, others, number))
    if not students:
        raise RosterError(f"{what} has no student below its first line.")
    return students


class Register:
    """The students of a roster by everything that may stand for them."""

    def __init__(self, students: Iterable[Student] = ()):
        self.students = list(students)
        self._identities, self._by = {}, {}
        for student in self.students:
            self._identities.setdefault(student.identity.casefold(), {})[student.row] = student
            for word in (student.identity, student.name, *student.others):
                self._by.setdefault(_squeezed(word), {})[student.row] = student

    def find(self, *words: str) -> Student:
        """The one student for whom the first of these words stands that stands for anybody: an identity, a name.

        An identity comes first: who calls himself by another's identity takes nothing from the other.

        Raises:
            RosterError: for nobody, or for more than one.
        """
        for word in words:
            found = list((self._identities.get(identity(word).casefold())
                          or self._by.get(_squeezed(identity(word)), {})).values())
            if len(found) == 1:
                return found[0]
            if found:
                raise RosterError(f"{word!r} may be any of {len(found)} students on the roster.")
        raise RosterError(f"Nobody on the roster is {words[0]!r}.")


def _squeezed(word: str) -> str:
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", word)).casefold() or word
