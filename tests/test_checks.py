"""The public checks: every right answer passes, every typical wrong one is told what is wrong.

The cases of the subject scalar-rnn stand in tests/checks/plain/scalar_rnn.py, which imports nothing but `math`, since
it runs on the page too, and in tests/checks/scalar_rnn.py, what needs NumPy or PyTorch:

    RIGHT = [("states", answer, ...), ...]                      at least six per exercise, in forms that people use
    WRONG = [("states", "words of the message", answer, ...)]   at least six per exercise, that people give
"""

import importlib.util
import itertools
from pathlib import Path

import pytest
import torch
from torch import nn

from seqlab.checks import CheckFailed, check, plain
from seqlab.checks.plain import shapes
from tools import course


def _cases(file: Path):
    spec = importlib.util.spec_from_file_location(f"cases_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _all_cases(folder: Path, kind: str) -> list[tuple]:
    return [(f"{file.stem.replace('_', '-')}/{name}", *rest) for file in sorted(course.some(folder.glob("*.py")))
            for name, *rest in getattr(_cases(file), kind)]


FOLDER = course.ROOT / "tests" / "checks"
PLAIN = {kind: _all_cases(FOLDER / "plain", kind) for kind in ("RIGHT", "WRONG")}
RIGHT = PLAIN["RIGHT"] + _all_cases(FOLDER, "RIGHT")
WRONG = PLAIN["WRONG"] + _all_cases(FOLDER, "WRONG")


def _exercise_ids() -> set[str]:
    return {cell.metadata.get("seqlab", {}).get("id", f"{cell} without an id") for master in course.masters()
            for cell in master.code if "exercise" in cell.tags}


@pytest.mark.parametrize("case", RIGHT, ids=lambda case: case[0])
def test_a_right_answer_passes(case, capsys):
    check(*case)
    assert capsys.readouterr().out.startswith("✓ ")


@pytest.mark.parametrize("case", WRONG, ids=lambda case: f"{case[0]}: {case[1]}")
def test_a_wrong_answer_is_told_what_is_wrong(case):
    exercise_id, words, *answers = case
    with pytest.raises(CheckFailed) as failure:
        check(exercise_id, *answers)
    assert words.lower() in str(failure.value).lower()


@pytest.mark.parametrize("exercise_id", sorted({case[0] for case in RIGHT}))
def test_an_empty_answer_is_not_done_yet(exercise_id):
    with pytest.raises(CheckFailed, match="no answer yet"):
        check(exercise_id, ...)


def test_every_exercise_has_six_right_and_six_wrong_answers():
    ids = _exercise_ids()
    assert ids, "no exercises found"
    assert ids == {case[0] for case in RIGHT} == {case[0] for case in WRONG}, "tests/checks answers other exercises"
    in_plain = {i for i in ids if plain.EXERCISES[i].__module__.startswith(plain.__name__)}
    assert in_plain, "no plain checks found"
    for cases, exercises, least in ((RIGHT, ids, 6), (WRONG, ids, 6),
                                    (PLAIN["RIGHT"], in_plain, 4), (PLAIN["WRONG"], in_plain, 4)):
        short = {i: count for i in exercises if (count := sum(case[0] == i for case in cases)) < least}
        assert not short, f"fewer than {least} answers are tried"
    assert {case[0] for case in PLAIN["RIGHT"] + PLAIN["WRONG"]} <= in_plain


def test_what_the_plain_checks_know_of_layers_is_what_pytorch_says():
    """They hold no layer, so that they run on the page too."""
    layers = {"a": (nn.LSTM(28, 128, num_layers=2, batch_first=True), (64, 28, 28)),
              "b": (nn.GRU(10, 20, bidirectional=True), (35, 16, 10)),
              "c": (nn.LSTM(10, 20, bidirectional=True, proj_size=5, batch_first=True), (16, 35, 10)),
              "d": (nn.RNN(3, 8, num_layers=3), (50, 3))}
    given = next(cell for cell in course.chapter("shapes").practice.cells if "nine shapes" in cell.source).source
    said = {}
    for letter, (layer, x_shape) in layers.items():
        assert f"| {x_shape} |" in given, "another exercise than this"
        out, state = layer(torch.zeros(x_shape))
        state = state if isinstance(state, tuple) else (state,)
        said |= {f"{letter}_{name}": tuple(tensor.shape)
                 for name, tensor in zip(("out", "h_n", "c_n"), (out, *state), strict=False)}
    assert {name: shape for name, _, shape in shapes.PREDICTED} == {name: said[name] for name, *_ in shapes.PREDICTED}
    for kind, layer in {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}.items():
        for layers, both, bias in itertools.product((1, 2, 3), (False, True), (False, True)):
            made = layer(5, 7, layers, bidirectional=both, bias=bias)
            assert shapes.count(kind, 5, 7, layers, both, bias) == sum(p.numel() for p in made.parameters())


def test_the_message_comes_without_a_traceback():
    with pytest.raises(CheckFailed) as failure:
        check(RIGHT[0][0], ...)
    assert failure.value._render_traceback_() == [f"Not yet: {failure.value}"]


@pytest.mark.parametrize(("wrong", "message"), [
    ("scalar-rnn/nothing", r"scalar-rnn has scalar-rnn/states, scalar-rnn/more-memory, .*\w$"),
    ("scalar-rn/states", r"did you mean scalar-rnn/states\?$"),
    ("scalar-rn/nothing", r"scalar-rnn has scalar-rnn/states, "),
    ("scalar-rnn", r"scalar-rnn has scalar-rnn/states, "),
    ("02-states", r"did you mean scalar-rnn/states\?$"),
    ("05-loss", r"did you mean first-classifier/loss or variable-lengths/loss\?$"),
    ("states", r"did you mean scalar-rnn/states\?$"),
    ("nothing", r"there are exercises on backprop-through-time, first-classifier, "),
    (2, r"there are exercises on "),
])
def test_an_unknown_exercise_is_named_with_those_that_there_are(wrong, message):
    with pytest.raises(ValueError, match=f"^there is no exercise {wrong!r}; {message}"):
        check(wrong, 1)
