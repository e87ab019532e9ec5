"""The public checks: every right answer passes, every typical wrong one is told what is wrong.

Each chapter's cases stand in tests/checks/<chapter>.py:

    RIGHT = [("02-steps", answer, ...), ...]                    at least one per exercise, unexpected routes welcome
    WRONG = [("02-steps", "words of the message", answer, ...)]   at least two per exercise
"""

import importlib.util
import json
from pathlib import Path

import pytest

from seqlab.checks import CheckFailed, check

ROOT = Path(__file__).resolve().parent.parent


def _cases(file: Path):
    spec = importlib.util.spec_from_file_location(f"cases_{file.stem}", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


CASES = {file.stem: _cases(file) for file in sorted((ROOT / "tests" / "checks").glob("*.py"))}
RIGHT = [case for cases in CASES.values() for case in cases.RIGHT]
WRONG = [case for cases in CASES.values() for case in cases.WRONG]


def _exercise_ids() -> set[str]:
    ids = set()
    for path in (ROOT / "book" / "exercises").glob("*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if "exercise" in cell["metadata"].get("tags", []):
                ids.add(cell["metadata"]["seqlab"]["id"])
    return ids


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


def test_every_exercise_has_right_and_wrong_cases():
    ids = _exercise_ids()
    assert ids, "no exercises found"
    assert ids == {case[0] for case in RIGHT}
    short = {i for i in ids if sum(case[0] == i for case in WRONG) < 2}
    assert not short, f"fewer than two wrong answers are tried for {sorted(short)}"


def test_the_message_comes_without_a_traceback():
    with pytest.raises(CheckFailed) as failure:
        check(RIGHT[0][0], ...)
    assert failure.value._render_traceback_() == [f"Not yet: {failure.value}"]


def test_an_unknown_exercise_is_named():
    with pytest.raises(ValueError, match="no exercise '02-nothing'; chapter 02 has"):
        check("02-nothing", 1)
