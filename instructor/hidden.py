"""What a hidden test is made with: the student's answers at the other end of a wire, and numbers drawn afresh.

A hidden test is a function in instructor/tests/test_<subject>.py:

    @exercise("gru/step", by_hand=True)
    def test_a_step(answer, draw):
        x, h = draw.tensor(2, 3), draw.tensor(2, 4)
        ...
        expect(answer.gru_step(x, h, *weights), want, "The new state is not that of nn.GRUCell.")

`answer.gru_step(...)` calls the student's function in its sandbox and gives back a plain value: a number, a list, a
tuple, a dict, a tensor. What is right is computed here. The sentence of `expect` is what the student reads; it is a
constant, so that it holds no number that was drawn.
"""

import builtins
import functools
import importlib.util
import inspect
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable

import pytest
import torch

from . import inside
from .exercises import TESTS, catalogue
from .sandbox import TOO_LONG, WAITS, Sandbox, Stopped

TOLERANCE = 1e-4
MOST_GIVEN, LONGEST_GIVEN = 100_000, 2_000      # numbers, and the longest side, of what our functions are called with
KNOWN_ERRORS = {name for name, value in vars(builtins).items()
                if isinstance(value, type) and issubclass(value, BaseException)} | {"LinAlgError", "UnpicklingError"}


def exercise(exercise_id: str, *, by_hand: bool = False, without: tuple[str, ...] = (), share: float = 1):
    """A decorator: this function tests an answer of the exercise.

    Args:
        by_hand: while it runs, PyTorch's recurrent layers cannot be called.
        without: names that may not stand in the answer, or in what it leads to.
        share: what the test is worth beside the other tests of the exercise.
    """
    return pytest.mark.exercise(exercise_id, by_hand=by_hand, without=without, share=share)


class Wrong(AssertionError):
    """The answer is not right. The sentence is shown to the student."""


class Failed(Exception):
    """The student's code did not give a value. The sentence is shown to the student."""


USELESS = "What it returned has another form than what is asked for."
FROM_ANSWERS = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RuntimeError)


def expect(got, want, sentence: str, tolerance: float = TOLERANCE) -> None:
    """Wrong, with this sentence, unless `got` is `want`: numbers within the tolerance, shapes and lengths alike."""
    if not same(got, want, tolerance):
        raise Wrong(sentence)


def same(got, want, tolerance: float = TOLERANCE) -> bool:
    """Whether both hold the same numbers in the same shape; lists, tuples and tensors of numbers are alike."""
    if isinstance(want, dict):
        return isinstance(got, dict) and set(got) == set(want) and all(same(got[key], want[key], tolerance)
                                                                       for key in want)
    if isinstance(want, str | set) or want is None:
        return type(got) is type(want) and got == want
    if isinstance(want, bool | int | float | list | tuple) and _one_row(want):      # [3] or (3,) will do for 3
        got, want = number(got), number(want)
        return got is not None and got.numel() == want.numel() and max(got.shape, default=1) == got.numel() and (
            _close(got.flatten(), want.flatten(), tolerance))
    if isinstance(want, list | tuple) and any(isinstance(one, list | tuple | str | dict) or (
            isinstance(one, torch.Tensor) and one.dim()) for one in want):
        if isinstance(got, torch.Tensor) and got.dim() and len(got) == len(want):
            got = list(got)
        return isinstance(got, list | tuple) and len(got) == len(want) and all(
            same(one, other, tolerance) for one, other in zip(got, want, strict=True))
    got, want = number(got), number(want)
    if got is None or got.shape != want.shape:
        return False
    return _close(got, want, tolerance)


def _one_row(want) -> bool:
    return not isinstance(want, list | tuple) or all(isinstance(one, bool | int | float) for one in want)


def _close(got: torch.Tensor, want: torch.Tensor, tolerance: float) -> bool:
    """Within the tolerance; NaN is close to nothing, and an infinity to itself."""
    return torch.allclose(got, want, rtol=tolerance, atol=tolerance)


def number(value) -> torch.Tensor | None:
    """The numbers as a tensor of float64, whatever holds them; None if it holds something else."""
    if isinstance(value, list | tuple):
        parts = [number(one) for one in value]
        if not parts:
            return torch.zeros(0, dtype=torch.float64)
        if any(part is None or part.shape != parts[0].shape for part in parts):
            return None
        return torch.stack(parts)
    if isinstance(value, torch.Tensor):
        return value.detach().double()
    return torch.tensor(value, dtype=torch.float64) if isinstance(value, bool | int | float) else None


def _is_small(given) -> bool:
    """Whether what a function of the grader's is called with can be computed with here: a product of two long tensors
    would fill the memory."""
    if isinstance(given, torch.Tensor):
        return given.numel() <= MOST_GIVEN and max(given.shape, default=0) <= LONGEST_GIVEN
    if isinstance(given, dict):
        return all(map(_is_small, given.values()))
    return not isinstance(given, list | tuple) or all(map(_is_small, given))


class Draw:
    """Numbers drawn afresh in each run. `seed` is recorded in the result, so that a run can be repeated."""

    def __init__(self, seed: int):
        self.random, self.source = random.Random(seed), torch.Generator().manual_seed(seed % 2**63)

    def tensor(self, *shape: int, spread: float = 1.0, dtype=torch.float64) -> torch.Tensor:
        """Normal numbers."""
        return (spread * torch.randn(shape, generator=self.source, dtype=torch.float64)).to(dtype)

    def classes(self, count: int, *shape: int) -> torch.Tensor:
        """Whole numbers from 0 on, below `count`."""
        return torch.randint(count, shape, generator=self.source)

    def number(self, low: float = -1.0, high: float = 1.0) -> float:
        return self.random.uniform(low, high)

    def numbers(self, count: int, low: float = -1.0, high: float = 1.0) -> list[float]:
        return [self.number(low, high) for _ in range(count)]

    def whole(self, low: int, high: int) -> int:
        """From `low` to `high`, both included."""
        return self.random.randint(low, high)

    def lengths(self, count: int, longest: int) -> torch.Tensor:
        """So many different lengths, one of them the longest, in an order that is no mere exchange of pairs."""
        while True:
            those = [longest, *self.random.sample(range(1, longest), count - 1)]
            drawn = torch.tensor(self.random.sample(those, count))
            order = drawn.argsort(descending=True)
            if count < 3 or not (torch.equal(order, order.argsort()) or torch.equal(order, torch.arange(count))):
                return drawn


def twin(answer: "Answer", draw: Draw, expression: str, spread: float = 0.5,
         dtype: torch.dtype = torch.float64) -> tuple[torch.nn.Module, "Kept"]:
    """A net with weights drawn afresh, as "nn.GRU(3, 4)" makes it: one to ask here, and one on the student's side."""
    own = eval(expression, {"torch": torch, "nn": torch.nn})
    weights = [draw.tensor(*parameter.shape, spread=spread, dtype=dtype) for parameter in own.parameters()]
    inside.load(own, weights).requires_grad_(True)
    return own, answer.make(f"load({expression}, weights)", weights=weights)


def left_alone(answer: "Answer", expression: str, **given) -> None:
    """Wrong, if evaluating the expression changes what is given to it."""
    kept = {name: answer.make("given", given=value) for name, value in given.items()}
    answer.ask(expression, **kept)
    for name, value in given.items():
        expect(answer.ask("given", given=kept[name]), value, "It changes what it is given.")


class Kept:
    """Something that was made on the student's side and stays there; it may be given to calls."""

    def __init__(self, number: int):
        self.number = number


class Answer:
    """The answers of one submission, for the tests of one exercise. A missing name is a function of the student's.

    Args:
        talk: sends one message and gives the reply; it is also given what answers a call back.
    """

    def __init__(self, talk: Callable[[dict, Callable], dict], exercise_id: str, names: tuple, by_hand: bool = False):
        self._talk, self._id, self._names, self._by_hand, self._kept = talk, exercise_id, list(names), by_hand, 0

    def __getattr__(self, name: str):
        if name.startswith("_"):
            raise AttributeError(name)

        def call(*given, **options):
            positions = {f"given_{k}": value for k, value in enumerate(given)}
            named = {f"option_{key}": value for key, value in options.items()}
            inner = ", ".join([*positions, *(f"{key}=option_{key}" for key in options)])
            return self.ask(f"{name}({inner})", **positions, **named)

        return call

    def value(self, name: str):
        """What the student's variable holds."""
        return self.ask(name)

    def ask(self, expression: str, **given):
        """The value of an expression over the student's names, `torch`, `nn`, `gradients`, and what is given."""
        return self._ask(expression, given, 0)

    def make(self, expression: str, **given) -> Kept:
        """As `ask`, but what comes out stays on the student's side."""
        self._kept += 1
        self._ask(expression, given, self._kept)
        return Kept(self._kept)

    def _ask(self, expression: str, given: dict, keep: int):
        calls = []

        def encode(value):
            if isinstance(value, Kept):
                return {"h": value.number}
            if isinstance(value, list | tuple) and any(isinstance(one, Kept) for one in value):
                return {"l" if isinstance(value, list) else "t": [encode(one) for one in value]}
            if callable(value) and not isinstance(value, torch.Tensor):
                calls.append(value)
                return {"c": len(calls) - 1}
            return inside.encode(value)

        def answer_back(message: dict) -> dict:
            try:
                function = calls[message["call"]]
                given, options = inside.decode(message["given"]), inside.decode(message["options"])
                if not _is_small([given, options]):
                    return {"error": True}
                return {"value": encode(function(*given, **options))}
            except Exception:
                return {"error": True}

        message = {"of": self._id, "names": self._names, "expression": expression, "by_hand": self._by_hand,
                   "keep": keep, "given": {name: encode(value) for name, value in given.items()}}
        reply = self._talk(message, answer_back)
        if reply.get("delegated"):
            raise Failed("It calls a recurrent layer of PyTorch, and this is to be written by hand.")
        if "missing" in reply:
            raise Failed(f"There is no {reply['missing']}." if reply["missing"] in self._names
                         else "Something is not defined.")
        if "error" in reply:
            raise Failed(Raised(reply["error"]).sentence)
        try:
            return inside.decode(reply["value"])
        except (ValueError, KeyError, TypeError, RecursionError, OverflowError) as problem:
            raise Failed("What it returned could not be read.") from problem


class Raised:
    """What is known of an exception in a submission: a name that is known, a cell and a line, and never its words."""

    def __init__(self, said):
        said = said if isinstance(said, dict) else {}
        kind, cell, line = said.get("type"), said.get("cell"), said.get("line")
        self.type = kind if isinstance(kind, str) and kind in KNOWN_ERRORS else "an exception of its own"
        self.cell = cell if type(cell) is int and 0 <= cell < 10**6 else None
        self.line = line if type(line) is int and 0 <= line < 10**6 else None

    @property
    def sentence(self) -> str:
        where = f" in line {self.line} of cell {self.cell + 1}" if self.cell is not None and self.line else ""
        return f"It stops with {self.type}{where}."


# --- submissions at the other end -------------------------------------------------------------------------------------

class Remote:
    """The other end of a wire: a submission that runs in a sandbox. It is started again after a crash, without the
    cell that ended it."""

    def __init__(self, sandbox: Sandbox, limits, cells: list, answered: dict):
        self.sandbox, self.limits, self.cells, self.answered = sandbox, limits, cells, answered
        self.skipped, self.said, self.stopped, self.endless = {}, {}, [], set()
        self.running, self.ends = False, None
        self.lines = {number: source.count("\n") + 1 for number, source, _ in cells}

    def start(self) -> None:
        """Run the cells. Stopped if the submission cannot be brought to run at all, or has been run for too long."""
        self.ends = self.ends or time.monotonic() + WAITS * self.limits.total_s
        for _ in range(4):
            if time.monotonic() > self.ends:
                raise Stopped(TOO_LONG)
            at = None
            try:
                self.sandbox.open(self.limits)
                cells = [one for one in self.cells if one[0] not in self.skipped]
                there = {one[0] for one in cells}
                self.sandbox.send({"cells": cells, "answered": self.answered})
                while True:
                    message = self.sandbox.read(self.limits.cell_s)
                    if message.get("ready") is True:
                        self.running = True
                        return
                    if type(message.get("cell")) is not int or message["cell"] not in there:
                        raise Stopped("broke off its connection to the grader")
                    at = message["cell"]
                    if isinstance(message.get("error"), dict):      # it is said before anything was drawn or given
                        text = str(message["error"].get("text"))[:300]      # a lone surrogate could not be written
                        text = text.encode("utf-8", "replace").decode().replace(f"<cell {at}>", f"cell {at + 1}")
                        self.said[at] = Raised(message["error"]), text
            except Stopped as problem:
                self.sandbox.end()
                if at is None or at in self.skipped:
                    raise
                self.skipped[at] = str(problem)
                self.stopped.append(f"cell {at + 1} {problem}")
        raise Stopped("has too many cells that end it")

    def talk(self, message: dict, answer_back: Callable) -> dict:
        """The reply. An exercise whose code took too long once is not asked again: there is no grade then, and each
        further question would take as long."""
        if message["of"] in self.endless:
            raise Failed(f"Your code {TOO_LONG}.")
        try:
            if not self.running:
                self.start()
            self.sandbox.send(message)
            for _ in range(100_000):
                reply = self.sandbox.read(self.limits.call_s)
                if "call" not in reply:
                    return {**reply, "error": self._placed(reply["error"])} if "error" in reply else reply
                self.sandbox.send(answer_back(reply))
            raise Stopped("asks without an end")
        except Stopped as problem:
            self.running = False
            self.sandbox.end()
            self.stopped.append(f"the code {problem}")
            if str(problem) == TOO_LONG:
                self.endless.add(message["of"])
            raise Failed(f"Your code {problem}.") from problem


    def _placed(self, said) -> dict:
        """What is said of an exception, without a cell or a line that is not there: a number could be put into it."""
        said = said if isinstance(said, dict) else {}
        cell, line = said.get("cell"), said.get("line")
        there = type(cell) is int and type(line) is int and 1 <= line <= self.lines.get(cell, 0)
        return {"type": said.get("type"), **({"cell": cell, "line": line} if there else {})}


class Local:
    """The same without a sandbox or a process, for code that is trusted: the course's own."""

    def __init__(self, names: dict):
        self.inside = inside.Inside(self._say, self._hear)
        self.inside.names = names
        self.answer_back = self.heard = None

    def _say(self, message):
        self.heard = json.loads(json.dumps(self.answer_back(json.loads(json.dumps(message)))))

    def _hear(self):
        return self.heard

    def talk(self, message: dict, answer_back: Callable) -> dict:
        before, self.answer_back = self.answer_back, answer_back
        try:
            return json.loads(json.dumps(self.inside.ask(json.loads(json.dumps(message)))))
        finally:
            self.answer_back = before


# --- running them -----------------------------------------------------------------------------------------------------

class Plugin:
    """What pytest needs to run hidden tests: the fixtures, the choice of exercises, and a row for each test."""

    def __init__(self, talk, chosen: set[str], seed: int):
        self.talk, self.chosen, self.seed, self.rows = talk, chosen, seed, []

    def pytest_configure(self, config):
        config.addinivalue_line("markers", "exercise(id, by_hand, share): which exercise the test is for")

    def pytest_collection_modifyitems(self, items):
        marks = [(one, one.get_closest_marker("exercise")) for one in items]
        items[:] = [one for one, mark in marks if mark and mark.args[0] in self.chosen]

    @pytest.fixture
    def answer(self, request):
        mark = request.node.get_closest_marker("exercise")
        return Answer(self.talk, mark.args[0], catalogue()[mark.args[0]].names, mark.kwargs["by_hand"])

    @pytest.fixture
    def draw(self, request):
        return Draw(random.Random(f"{self.seed} {request.node.name}").getrandbits(62))

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = (yield).get_result()
        if report.when != "call" and report.passed:
            return
        problem, mark = call.excinfo.value if call.excinfo else None, item.get_closest_marker("exercise")
        told = isinstance(problem, Wrong | Failed)
        of_answer = isinstance(problem, FROM_ANSWERS)   # what came back was worked with, and did not lend itself
        said = str(problem) if told else USELESS if of_answer else ""
        self.rows.append({"exercise": mark.args[0], "test": item.name, "passed": report.passed, "said": said,
                          "share": mark.kwargs["share"], "internal": problem is not None and not told and not of_answer,
                          "trace": None if told or problem is None else report.longreprtext[-2000:],
                          "seconds": round(call.duration, 3)})


def run_tests(talk, chosen: set[str], seed: int) -> list[dict]:
    """Run the hidden tests of these exercises; one row for each test.

    `seed` repeats what was drawn; a new one comes from `fresh_seed`. RuntimeError if pytest itself fails.
    """
    files = sorted({TESTS / f"test_{one.partition('/')[0].replace('-', '_')}.py" for one in chosen})
    files = [str(file) for file in files if file.exists()]
    plugin = Plugin(talk, chosen, seed)
    if not files:
        return []
    before = os.environ.get("PYTEST_DISABLE_PLUGIN_AUTOLOAD"), os.environ.pop("PYTEST_ADDOPTS", None), sys.stdout
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    try:
        with open(os.devnull, "w") as nowhere:
            sys.stdout = nowhere
            # From the root on a module has a name that no other has: instructor.tests.test_gru.
            code = pytest.main(["--assert=plain", "-p", "no:cacheprovider", "-p", "no:terminal", "-c", os.devnull,
                                "-p", "no:faulthandler", "-p", "no:logging", "-p", "no:capture", "-p", "no:warnings",
                                "-p", "no:unraisableexception",     # it collects garbage, half the time of a run
                                "--import-mode=importlib", "--noconftest", "--rootdir", str(TESTS.parents[1]), *files],
                               plugins=[plugin])
    finally:
        sys.stdout = before[2]
        for name, value in zip(("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "PYTEST_ADDOPTS"), before, strict=False):
            os.environ.pop(name, None) if value is None else os.environ.__setitem__(name, value)
    if code not in (0, 1, 5):
        raise RuntimeError(f"pytest ended with {int(code)}")
    return plugin.rows


def fresh_seed() -> int:
    """From the system, so that nobody can know it."""
    return int.from_bytes(os.urandom(6), "big")


@functools.cache
def solutions(subject: str) -> dict:
    """The names of a chapter's practice, with its solutions."""
    own = [one for one in catalogue().values() if one.subject == subject]
    names = own[0].master.definitions()
    for one in own:
        one.cell.run(names)
    return names


def is_finite(value) -> bool:
    """Whether it is a number, and neither infinite nor NaN."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@functools.cache
def tests_of(exercise_id: str) -> list[tuple[Callable, dict]]:
    """The hidden tests of an exercise as (function, what `exercise` says of it), to be called without pytest."""
    file = TESTS / f"test_{exercise_id.partition('/')[0].replace('-', '_')}.py"
    if not file.exists():
        return []
    spec = importlib.util.spec_from_file_location(f"hidden_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(one, mark.kwargs) for one in vars(module).values() for mark in getattr(one, "pytestmark", [])
            if mark.name == "exercise" and mark.args[0] == exercise_id]


def faults(exercise_id: str, talk, seed: int) -> list[str]:
    """What the hidden tests say of an answer, one sentence for each that it fails; without pytest, which is slow."""
    said = []
    for function, flags in tests_of(exercise_id):
        answer = Answer(talk, exercise_id, catalogue()[exercise_id].names, flags["by_hand"])
        given = {"answer": answer, "draw": Draw(random.Random(f"{seed} {function.__name__}").getrandbits(62))}
        try:
            function(**{name: given[name] for name in inspect.signature(function).parameters})
        except (Wrong, Failed) as problem:
            said.append(str(problem))
        except FROM_ANSWERS:
            said.append(USELESS)
    return said
