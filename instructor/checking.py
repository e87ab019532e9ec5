"""Whether the exercises hold: solutions pass, stubs and planted wrong answers do not, and no solution leaks.

Nothing here needs a sandbox, for all the code is the course's own.
"""

import ast
import contextlib
import importlib.util
import io
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

from seqlab.checks import CheckFailed, check
from tools.course import ROOT, broken

from . import assignment, hidden
from .exercises import Exercise, catalogue
from .student import stub

PLANTED = ROOT / "tests" / "checks"


def public(exercise: Exercise, names: dict) -> str:
    """What the public check says with these names; nothing if it passes."""
    statement = ast.parse(exercise.check.source).body[:1]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(ast.Module(statement, []), "<check>", "exec"), {**names, "check": check})
    except CheckFailed as problem:
        return str(problem)
    return ""


def secret(exercise: Exercise, names: dict, seed: int = 1) -> list[str]:
    """What the hidden tests say with these names; nothing if they pass."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        return hidden.faults(exercise.id, hidden.Local(names).talk, seed)


def planted(exercise_id: str) -> Iterator[tuple]:
    """The wrong answers that are known to an exercise, each as its check takes it."""
    subject, _, name = exercise_id.partition("/")
    for folder in (PLANTED / "plain", PLANTED):
        file = folder / f"{subject.replace('-', '_')}.py"
        if file.exists():
            yield from [answers for known, _, *answers in cases(file, "WRONG") if known == name]


def cases(file: Path, kind: str) -> list[tuple]:
    """The RIGHT or the WRONG answers in a file of tests/checks."""
    if str(ROOT / "tests") not in sys.path:
        sys.path.append(str(ROOT / "tests"))         # for tests/forms.py, which they share
    spec = importlib.util.spec_from_file_location(f"planted_{file.parent.name}_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, kind)


def faults(exercise: Exercise) -> list[str]:
    """What does not hold of an exercise, one sentence each."""
    found, right = [], hidden.solutions(exercise.subject)
    if said := public(exercise, right):
        found.append(f"its solution fails the public check: {said}")
    if not hidden.tests_of(exercise.id):
        found.append("it has no hidden test")
    elif said := secret(exercise, dict(right)):
        found.append(f"its solution fails a hidden test: {said[0]}")
    names = dict(right)
    exec(stub(exercise.cell.source, broken(exercise.master.code)), names)
    if not public(exercise, names):
        found.append("its stub passes the public check")
    if passed := len(hidden.tests_of(exercise.id)) - len(secret(exercise, names)):
        found.append(f"its stub passes {passed} of its hidden tests")
    wrong = list(planted(exercise.id))
    caught = sum(bool(secret(exercise, {**right, **dict(zip(exercise.names, one, strict=False))})) for one in wrong[:4])
    if caught < min(3, len(wrong)):
        found.append(f"only {caught} of {len(wrong[:4])} planted wrong answers fail a hidden test")
    if len(wrong) < 3:
        found.append(f"only {len(wrong)} wrong answers are planted")
    made = assignment.of_chapters([exercise])
    with contextlib.suppress(ValueError):           # it needs another exercise's answer, and cannot stand alone
        if left := assignment.leaks([exercise], assignment.notebook([exercise], made)):
            found.append(f"a line of its solution is left in what students get: {left[0]}")
    return found


def all_faults(chosen: list[Exercise] | None = None, progress=lambda things, total: things) -> dict[str, list[str]]:
    """Id -> what does not hold of it."""
    chosen = list(catalogue().values()) if chosen is None else chosen
    return {one.id: faults(one) for one in progress(chosen, len(chosen))}
