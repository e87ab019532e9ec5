"""Every exercise of every master, as an instructor chooses it: its id, chapter, points, minutes, kind and answers."""

import ast
import functools
import re
import symtable
from dataclasses import dataclass
from pathlib import Path

from seqlab.checks import plain
from tools import course
from tools.course import Cell, Notebook

TESTS = Path(__file__).with_name("tests")
HEADING = re.compile(r"^## Exercise (\d+): (.+)$", re.MULTILINE | re.IGNORECASE)
MINUTES = re.compile(r"\*About (\d+) minutes?, (\w+)\.\*")


@dataclass(frozen=True, eq=False)
class Exercise:
    """One exercise. `place` is its cell's number in the master; `names` is what its check asks for, in order."""

    id: str
    master: Notebook
    place: int
    points: float
    number: int
    title: str
    minutes: int
    level: str
    kind: str               # "write" or "find the bug"
    plain: bool             # whether it can be answered without tensors, on the page
    names: tuple[str, ...]

    @property
    def subject(self) -> str:
        return self.master.subject

    @property
    def cell(self) -> Cell:
        """The solution."""
        return self.master.cells[self.place]

    @property
    def check(self) -> Cell:
        """The cell with the public check."""
        return next(cell for cell in self.master.cells[self.place:] if "check" in cell.tags)

    def row(self) -> dict:
        """What `list` says of it."""
        return {"id": self.id, "chapter": self.master.number, "title": self.title, "points": self.points,
                "minutes": self.minutes, "level": self.level, "kind": self.kind,
                "needs": "nothing" if self.plain else "tensors", "hidden tests": hidden_tests().get(self.id, 0)}


@functools.cache
def catalogue() -> dict[str, Exercise]:
    """Id -> exercise, in the order of the course."""
    found = {}
    for master in course.masters():
        bugs = course.broken(master.code)
        for place, cell in enumerate(master.cells):
            if "exercise" not in cell.tags:
                continue
            above = "\n".join(one.source for one in master.cells[:place] if one.kind == "markdown")
            number, title = HEADING.findall(above)[-1]
            minutes, level = MINUTES.findall(above)[-1]
            one = cell.metadata["seqlab"]
            asked = next(one for one in master.cells[place:] if "check" in one.tags)
            found[one["id"]] = Exercise(
                one["id"], master, place, one["points"], int(number), title.strip(), int(minutes), level,
                "find the bug" if any(f" {name}(" in cell.source for name in bugs) else "write",
                _is_plain(one["id"]), _asked_for(asked.source))
    return found


def find(ids: list[str]) -> list[Exercise]:
    """The exercises with these ids, or of these chapters ("gru"), in the order given.

    Raises:
        LookupError: there is none of that name; the sentence says which are near.
    """
    known, found = catalogue(), []
    for one in ids:
        these = [known[one]] if one in known else [other for other in known.values() if other.subject == one]
        if not these:
            import difflib
            near = difflib.get_close_matches(one, [*known, *(other.subject for other in known.values())], n=3)
            raise LookupError(f"there is no exercise {one!r}" + (f"; did you mean {' or '.join(dict.fromkeys(near))}?"
                                                                 if near else "; see python -m instructor list"))
        found += [other for other in these if other not in found]
    return found


def hidden_tests() -> dict[str, int]:
    """Id -> how many hidden tests it has."""
    return {one: flags["tests"] for one, flags in hidden_flags().items()}


@functools.cache
def hidden_flags() -> dict[str, dict]:
    """Id -> how many hidden tests it has, and what they say of `by_hand` and `without`; read without running them."""
    found = {}
    for file in sorted(TESTS.glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef):
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "exercise":
                        flags = found.setdefault(ast.literal_eval(decorator.args[0]), {
                            "tests": 0, "by_hand": False, "without": ()})
                        flags["tests"] += 1
                        said = {one.arg: ast.literal_eval(one.value) for one in decorator.keywords}
                        flags["by_hand"] |= said.get("by_hand", False)
                        flags["without"] += said.get("without", ())
    return found


def bound(source: str) -> set[str]:
    """The names that the code binds at its top level."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {(one.asname or one.name).split(".")[0] for one in node.names}
        else:
            names |= {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return names


def used(source: str) -> set[str]:
    """The names that the code reads from outside of its functions, wherever it reads them."""
    def read(scope) -> set[str]:
        own = {one.get_name() for one in scope.get_symbols() if one.is_referenced() and (
            scope.get_type() == "module" or one.is_global())}
        return own.union(*map(read, scope.get_children()))

    return read(symtable.symtable(source, "cell", "exec"))


def _asked_for(source: str) -> tuple[str, ...]:
    call = ast.parse(source).body[0].value
    return tuple(one.id for one in call.args[1:])


def _is_plain(exercise_id: str) -> bool:
    from seqlab import checks
    checks._load(exercise_id.partition("/")[0])
    return plain.EXERCISES[exercise_id].__module__.startswith(plain.__name__)
