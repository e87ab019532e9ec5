"""Public checks of the exercises: what is wrong, on which axis, and the likely cause; never the answer.

An exercise is checked by `check("scalar-rnn/states", answer)`: the subject of its chapter, then its own name. The
function that does it stands in the module of that subject under `@exercise("states")`: in plain/scalar_rnn.py if its
answer needs no tensor, for then it can be answered on the page too, else in scalar_rnn.py. It calls `fail("...")` or
one of the helpers here and in plain, and returns a line of praise.
"""

import difflib
import dis
import importlib.util
import inspect
import itertools
import pkgutil
import types

import torch
from torch.overrides import TorchFunctionMode

from . import plain
from .plain import CheckFailed, call, exercises_of, fail, number, numbers, praise_for

__all__ = ["CheckFailed", "Without", "call", "check", "exercises_of", "expect_close",
           "expect_gradients", "expect_tensor", "fail", "number",
           "numbers", "tensor", "your_turn"]
RECURRENT = ("rnn_tanh", "rnn_relu", "gru", "lstm", "rnn_tanh_cell", "rnn_relu_cell", "gru_cell", "lstm_cell")
DOING_NOTHING = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
NO_LAYER = "{} calls one of PyTorch's own recurrent layers, and that is what you should write yourself"


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
    for answer in answers:
        if _is_as_given(answer):
            fail("this is the code as it was given. Predict first what is wrong with it, and look for the place. When "
                 "you have changed it, check again")
    try:
        print("✓ " + praise_for(exercise_id, *answers, **named_answers))
    except CheckFailed as problem:
        empty = sorted(name for answer in answers for name in _used(answer) if _is_empty(name, answer))
        if empty and " returns nothing yet" not in str(problem):
            fail(f"it uses {' and '.join(empty)}, which {'have' if len(empty) > 1 else 'has'} no answer yet. Write "
                 "that one first, above, and run its cell")
        raise


def your_turn(exercise_id: str, *answers) -> None:
    """Check a step that a chapter asks for before it shows it: `check`, but a run of the whole chapter goes on.

    Args:
        exercise_id: as it stands in the chapter's cell, such as "shapes/turn".
        answers: what the chapter asks for.
    """
    try:
        check(exercise_id, *answers)
    except CheckFailed as problem:
        print(f"Not yet: {problem}")


# --- what an answer is made from --------------------------------------------------------------------------------------

def _functions(answer) -> list:
    """The function that an answer is, or the methods of the class."""
    members = vars(answer).values() if isinstance(answer, type) else [answer]
    return [one for one in members if inspect.isfunction(one)]


def _is_as_given(answer) -> bool:
    """Whether the code to find the bug in, under its name that begins with broken_ or Broken, says the same."""
    own = _functions(answer)
    name = getattr(answer, "__name__", "")
    given = own and (own[0].__globals__.get(f"broken_{name}") or own[0].__globals__.get(f"Broken{name}"))
    return bool(given) and given is not answer and list(map(_says, own)) == list(map(_says, _functions(given)))


def _says(function) -> list:
    """What a function does, without its name, its place and its comments."""
    def parts(code):
        return [code.co_code, code.co_names, code.co_varnames, code.co_freevars,
                [parts(one) if isinstance(one, types.CodeType) else one for one in code.co_consts
                 if not (isinstance(one, str) and "." in one and "<" in one)]]
    return [parts(function.__code__), function.__defaults__, function.__kwdefaults__]


def _used(answer) -> set[str]:
    """The names, other than its own, that an answer takes from where it stands."""
    def names(code):
        return {*code.co_names, *(name for one in code.co_consts if isinstance(one, types.CodeType)
                                  for name in names(one))}
    return {name for one in _functions(answer) for name in names(one.__code__)} - {getattr(answer, "__name__", "")}


def _is_empty(name: str, answer) -> bool:
    """Whether a function or a class of that name stands beside the answer, and is still `...` inside."""
    there = _functions(_functions(answer)[0].__globals__.get(name))
    return bool(there) and all({one.opname for one in dis.get_instructions(function)} <= DOING_NOTHING and
                               {*function.__code__.co_consts} <= {None, function.__doc__} for function in there)


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


class Without(TorchFunctionMode):
    """A block in which a call of these functions of PyTorch ends the check, by whatever name or layer it is reached."""

    def __init__(self, names: tuple, message: str):
        super().__init__()
        self.names, self.message = names, message

    def __torch_function__(self, function, types, args=(), kwargs=None):
        if getattr(function, "__name__", "") in self.names:
            fail(self.message)
        return function(*args, **(kwargs or {}))


def tensor(got, name: str = "your answer"):
    """The tensor that an answer is, or stands for: a number, an array, a list of numbers, arrays or tensors."""
    if isinstance(got, (list, tuple)) and got and not all(isinstance(part, (int, float)) for part in got):
        parts = [tensor(part, name) for part in got]
        if len({part.shape for part in parts}) > 1:
            fail(f"{name} should be one tensor, but it is a {type(got).__name__} of parts with different shapes: "
                 + ", ".join(str(tuple(part.shape)) for part in parts[:3]))
        return torch.stack(parts)
    try:
        return torch.as_tensor(got.copy() if hasattr(got, "__array_interface__") else got)
    except (TypeError, ValueError, RuntimeError):
        fail(f"{name} should be a tensor, but it is {type(got).__name__}")


def expect_tensor(got, shape: tuple, name: str, axes: str = "", hints: dict | None = None):
    """The tensor if it has this shape; else which axis is off. `hints` maps a wrong shape to its likely cause."""
    got = tensor(got, name)
    got_shape = tuple(got.shape)
    if got_shape != tuple(shape):
        cause = (hints or {}).get(got_shape)
        if len(got_shape) != len(shape):
            axes_of = "1 axis" if len(got_shape) == 1 else f"{len(got_shape)} axes"
            where = f"{axes_of} instead of {len(shape)}"
        else:
            pairs = enumerate(zip(got_shape, shape, strict=True))
            where = ", ".join(f"axis {axis} is {got_size}, not {size}" for axis, (got_size, size) in pairs
                              if got_size != size)
        fail(f"{name} has shape {got_shape}: {where}" + (f" (it should be {axes})" if axes else "")
             + (f". {cause}" if cause else ""))
    return got


def expect_close(got, want, name: str, causes, compare: str, tolerance: float = 1e-4) -> None:
    """End the check unless `got` equals `want`.

    `causes`, a dict or a function that makes one, maps a likely cause to the value that it would give; one that gives
    the right value too is passed over. `compare` says what to look at next when none of them fits.
    """
    def same(one, other):
        return one.shape == other.shape and torch.allclose(one, other, rtol=tolerance, atol=tolerance)

    got, want = tensor(got, name).detach().double(), torch.as_tensor(want).detach().double()
    if same(got, want):
        return
    for cause, value in (causes() if callable(causes) else causes).items():
        value = torch.as_tensor(value).detach().double()
        if same(got, value) and not same(want, value):
            fail(f"{name} is not right: {cause}")
    fail(f"{name} is not right. {compare}")


def expect_gradients(got, want, weights, name: str, causes: dict) -> None:
    """End the check unless `got` trains: a loss of it sends the weights the gradients that a loss of `want` sends.

    `causes` maps a likely cause to the result, with the right values, whose way back is cut like that.
    """
    weights = list(weights)

    def gradients(result):
        if not result.requires_grad:
            return torch.zeros(sum(weight.numel() for weight in weights), dtype=torch.float64)
        loss = result.double().square().sum()
        back = torch.autograd.grad(loss, weights, retain_graph=True, allow_unused=True, materialize_grads=True)
        return torch.cat([one.double().flatten() for one in back])

    back, wanted = gradients(got), gradients(want)
    if not back.any():
        fail(f"{name} has the right values, but no gradient comes back from it to the weights, so a net with it would "
             "never learn. What cuts the way: .data, .detach(), .item(), no_grad(), NumPy, or a copy of the weights?")
    expect_close(back, wanted, f"the gradient that comes back from {name}", lambda: {
        cause: gradients(result) for cause, result in causes.items()},
        "The values are right, so something on the way is cut, or counted twice. Look for .data, .detach(), no_grad() "
        "and new tensors made from old ones")


def mistakes(compute, given: tuple, changes: dict) -> dict:
    """The causes for expect_close of a function with options: each of `changes`, and each two of them together.

    Args:
        compute: is called with `given` and the options of a change.
        changes: a cause in words -> the options that make it.
    """
    single = {words: compute(*given, **options) for words, options in changes.items()}
    pairs = [(one, other) for one, other in itertools.combinations(changes, 2)
             if not set(changes[one]) & set(changes[other])]
    return single | {f"two things at once. First, {one}{'' if one.endswith('?') else '.'} Second, {other}":
                     compute(*given, **changes[one], **changes[other]) for one, other in pairs}
