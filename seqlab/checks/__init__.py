"""Public checks of the exercises: what is wrong, on which axis, and the likely cause; never the answer.

An exercise is checked by `check("scalar-rnn/states", answer)`: the subject of its chapter, then its own name. The
function that does it stands in the module of that subject under `@exercise("states")`: in plain/scalar_rnn.py if its
answer needs no tensor, for then it can be answered on the page too, else in scalar_rnn.py. It calls `fail("...")` or
one of the helpers here and in plain, and returns a line of praise.
"""

import difflib
import importlib.util
import pkgutil

import torch

from . import plain
from .plain import CheckFailed, call, exercises_of, fail, number, numbers, praise_for

__all__ = ["CheckFailed", "call", "check", "exercises_of", "expect_close", "expect_tensor", "fail", "number", "numbers"]

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
    if exercise_id not in plain.EXERCISES:
        raise ValueError(f"there is no exercise {exercise_id!r}; {_nearest(str(exercise_id))}")
    print("✓ " + praise_for(exercise_id, *answers, **named_answers))


def subjects() -> list[str]:
    """The subjects that have exercises: one for each module here or in plain."""
    return sorted({module.name.replace("_", "-") for place in (__path__, plain.__path__)
                   for module in pkgutil.iter_modules(place)} - {"plain"})


def _load(subject: str) -> None:
    for place in (f"{__name__}.plain", __name__):
        module = f"{place}.{subject.replace('-', '_')}"
        if importlib.util.find_spec(module):
            importlib.import_module(module)


def _nearest(exercise_id: str) -> str:
    """The exercises that may have been meant: those of the subject, or of the same name, or else the subjects."""
    for one in subjects():
        _load(one)
    subject, _, name = exercise_id.partition("/")
    name = name or subject.lstrip("0123456789-")        # "02-states", as ids were once written
    same = [known for known in sorted(plain.EXERCISES) if known.endswith(f"/{name}")]
    if same and subject not in subjects():
        return f"did you mean {' or '.join(same)}?"
    for meant in difflib.get_close_matches(subject, subjects(), n=1):
        return f"{meant} has " + ", ".join(known for known in plain.EXERCISES if known.startswith(f"{meant}/"))
    return f"there are exercises on {', '.join(subjects())}"


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
