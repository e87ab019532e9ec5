"""Public checks of the exercises: what is wrong, on which axis, and the likely cause; never the answer.

An exercise is checked by `check("scalar-rnn/states", answer)`: the subject of its chapter, then its own name. The
function that does it stands in the module of that subject, scalar_rnn.py, under `@exercise("states")`; it calls
`fail("...")` or one of the helpers here, and returns a line of praise.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Callable

import torch

__all__ = ["check"]

_exercises: dict[str, Callable] = {}


class CheckFailed(AssertionError):
    """An answer that is not right yet. Notebooks show its message alone, without a traceback."""

    def _render_traceback_(self):
        return [f"Not yet: {self}"]


def check(exercise_id: str, *answers, **named_answers) -> None:
    """Check the answer to an exercise: print one line if it is right, say what is wrong if it is not.

    Args:
        exercise_id: as it stands in the cell below the exercise, such as "scalar-rnn/states".
        answers: what the exercise asks for, a value or a function.

    Raises:
        CheckFailed: with a message that names what is wrong and the likely cause.
        ValueError: there is no exercise of that name.
    """
    subject = str(exercise_id).partition("/")[0]
    if subject in subjects():
        _load(subject)
    if exercise_id not in _exercises:
        raise ValueError(f"there is no exercise {exercise_id!r}; {_nearest(str(exercise_id))}")
    if any(answer is ... or answer is None for answer in (*answers, *named_answers.values())):
        fail("there is no answer yet. Put yours where the ... stands, run that cell, then run this one again")
    print("✓ " + (_exercises[exercise_id](*answers, **named_answers) or "Right."))


def exercise(name: str):
    """Register the function below as the check of an exercise on its module's subject."""
    def register(function):
        _exercises[f"{_subject(function.__module__)}/{name}"] = function
        return function
    return register


def subjects() -> list[str]:
    """The subjects that have exercises: one for each module here."""
    return sorted(_subject(module.name) for module in pkgutil.iter_modules(__path__))


def _subject(module: str) -> str:
    return module.rpartition(".")[2].replace("_", "-")


def _load(subject: str) -> None:
    importlib.import_module(f"{__name__}.{subject.replace('-', '_')}")


def _nearest(exercise_id: str) -> str:
    """The exercises that may have been meant: those of the subject, or of the same name, or else the subjects."""
    for one in subjects():
        _load(one)
    subject, _, name = exercise_id.partition("/")
    name = name or subject.lstrip("0123456789-")        # "02-states", as ids were once written
    same = [known for known in sorted(_exercises) if known.endswith(f"/{name}")]
    if same and subject not in subjects():
        return f"did you mean {' or '.join(same)}?"
    for meant in difflib.get_close_matches(subject, subjects(), n=1):
        return f"{meant} has " + ", ".join(known for known in _exercises if known.startswith(f"{meant}/"))
    return f"there are exercises on {', '.join(subjects())}"


def fail(message: str):
    """End the check with a message that teaches. Start it in lower case: "Not yet: " is put before it."""
    raise CheckFailed(message)


def call(function, *arguments, name: str | None = None):
    """What the learner's function returns; a function that fails or returns nothing ends the check in words."""
    name = name or getattr(function, "__name__", "your function")
    if not callable(function):
        fail(f"{name} should be a function, but it is {type(function).__name__}")
    try:
        result = function(*arguments)
    except Exception as problem:
        shapes = ", ".join(str(tuple(a.shape)) if isinstance(a, torch.Tensor) else type(a).__name__ for a in arguments)
        fail(f"{name} stopped with {type(problem).__name__}: {problem} (called with {shapes})")
    if result is None or result is ...:
        fail(f"{name} returns nothing yet. Put your lines where the ... stands, and end with return")
    return result


def number(got, what: str, wanted: str = "one number") -> float:
    """The number that an answer is or holds; a tensor of one number is one, text is not."""
    if not isinstance(got, str):
        try:
            return float(got)
        except (TypeError, ValueError, RuntimeError):
            pass
    fail(f"{what} should be {wanted}, but it is {got!r:.60}")


def numbers(got, what: str, wanted: str) -> list[float]:
    """The numbers that an answer holds, one after the other."""
    try:
        return [float(value) for value in got]
    except (TypeError, ValueError, RuntimeError):
        fail(f"{what} should be {wanted}, but it is {got!r:.60}")


def expect_tensor(got, shape: tuple, name: str, axes: str = "", hints: dict | None = None):
    """The tensor if it has this shape; else which axis is off. `hints` maps a wrong shape to its likely cause."""
    if not isinstance(got, torch.Tensor):
        try:
            got = torch.as_tensor(got)
        except (TypeError, ValueError, RuntimeError):
            fail(f"{name} should be a tensor, but it is {type(got).__name__}")
    got_shape = tuple(got.shape)
    if got_shape != tuple(shape):
        cause = (hints or {}).get(got_shape)
        if len(got_shape) != len(shape):
            where = f"{len(got_shape)} axes instead of {len(shape)}"
        else:
            pairs = enumerate(zip(got_shape, shape, strict=True))
            where = ", ".join(f"axis {axis} is {got_size}, not {size}" for axis, (got_size, size) in pairs
                              if got_size != size)
        fail(f"{name} has shape {got_shape}: {where}" + (f" (it should be {axes})" if axes else "")
             + (f". {cause}" if cause else ""))
    return got


def expect_close(got, want, name: str, causes: dict | None = None, tolerance: float = 1e-4) -> None:
    """End the check unless `got` equals `want`; `causes` maps a likely cause to the value that it would give."""
    got, want = torch.as_tensor(got).detach().double(), torch.as_tensor(want).detach().double()
    if got.shape == want.shape and torch.allclose(got, want, rtol=tolerance, atol=tolerance):
        return
    for cause, value in (causes or {}).items():
        value = torch.as_tensor(value).detach().double()
        if got.shape == value.shape and torch.allclose(got, value, rtol=tolerance, atol=tolerance):
            fail(f"{name} is not right: {cause}")
    if got.shape == want.shape and got.dim() > 0:
        wrong = (~torch.isclose(got, want, rtol=tolerance, atol=tolerance)).nonzero()[0].tolist()
        fail(f"{name} is not right: the first wrong value stands at {wrong}")
    fail(f"{name} is not right")
