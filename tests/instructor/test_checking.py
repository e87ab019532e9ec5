"""`check`: every exercise holds, and each way in which one may not is named."""

import json

import pytest
from click.testing import CliRunner

from instructor import checking, hidden
from instructor.__main__ import main
from instructor.exercises import catalogue
from tools.course import masters


@pytest.mark.slow
@pytest.mark.parametrize("subject", [one.subject for one in masters()])
def test_every_exercise_holds(subject):
    own = [one for one in catalogue().values() if one.subject == subject]
    assert own and {name: said for name, said in checking.all_faults(own).items() if said} == {}


@pytest.mark.parametrize(("name", "change", "words"), [
    ("public", lambda exercise, names: "", "its stub passes the public check"),
    ("public", lambda exercise, names: "no", "its solution fails the public check"),
    ("secret", lambda exercise, names, seed=1: [], "planted wrong answers fail a hidden test"),
    ("secret", lambda exercise, names, seed=1: ["no"], "its solution fails a hidden test"),
    ("planted", lambda name: iter([]), "only 0 wrong answers are planted")])
def test_what_does_not_hold_is_named(name, change, words, monkeypatch):
    monkeypatch.setattr(checking, name, change)
    assert any(words in one for one in checking.faults(catalogue()["scalar-rnn/states"]))


def test_an_exercise_without_a_hidden_test_is_named(monkeypatch):
    monkeypatch.setattr(hidden, "tests_of", lambda name: [])
    assert "it has no hidden test" in checking.faults(catalogue()["scalar-rnn/half-life"])


def test_the_command_says_so():
    result = CliRunner().invoke(main, ["check", "scalar-rnn/half-life", "--json"])
    assert result.exit_code == 0 and json.loads(result.stdout) == {"exercises": 1, "faults": {}}
