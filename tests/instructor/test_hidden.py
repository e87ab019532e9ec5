"""The hidden tests: each exercise has some, and on every answer of tests/checks they say what the public check says."""

import ast
import json
import sys
import types

import pytest
import torch

from instructor import checking, hidden, inside
from instructor.exercises import TESTS, catalogue, hidden_flags
from instructor.sandbox import Limits, Stopped
from seqlab.checks.plain import EXERCISES
from tools.course import ROOT, broken, some

FORM = "the numbers are right; only a page or a later cell needs another form of them"
COUNT = "another number of answers cannot be handed in"
ELSEWHERE = {       # (exercise, words of the public message) -> why the hidden tests say something else
    ("first-classifier/trend", "write 1.0 for 1"): FORM, ("first-classifier/trend", "float() converts"): FORM,
    ("first-classifier/loss", "with logits of 10 in their place"): "the public check tries one special row",
    ("first-classifier/mean", "time is axis 1"): "right where the sizes happen to agree",
    ("images-as-sequences/zigzag", "whole numbers"): FORM, ("images-as-sequences/zigzag", "used as an index"): FORM,
    ("images-as-sequences/zigzag", "a list of 784 pixel numbers, but it is"): FORM,
    ("images-as-sequences/alone", "when it gets nothing else"): FORM,
    ("images-as-sequences/alone", "came as a batch of one"): FORM,
    ("long-sequences/ahead", "compare the best"): "the public check tries one special case",
    ("long-sequences/bug", "Nothing is to be drawn in forward"): "its order is the same at every call",
    ("long-sequences/copy", "int64"): FORM,
    ("order-matters/ignores-order", "with the original one"): "right but for rounding",
    ("order-matters/ignores-order", "one step alone"): "a sequence of one step",
    ("order-matters/count-rises", "for a sequence of 60 steps you count 20"): FORM,
    ("order-matters/patterns", "six answers are expected"): COUNT, ("shapes/predict", "it got 2"): COUNT,
    ("variable-lengths/backward", "used as an index"): FORM, ("variable-lengths/pack", "whole numbers"): FORM,
    ("variable-lengths/pack", "that is what you should write yourself"): "seen by its code; see test_submission.py",
}
# What the public check takes and the hidden tests do not; the other hidden tests of the exercise take it.
SIZES = "it writes 20 for 4 * hidden_size, and layers of any size are asked"
STRICTER = {
    ("hand-built-digits/fuse", "fuse_in_one_function"): SIZES,
    ("hand-built-digits/fuse", "fuse_by_rows"): SIZES,
}


def answers(kind):
    """(exercise, rest of the case) of all cases of tests/checks."""
    for file in sorted(some(checking.PLANTED.rglob("*.py"))):
        for name, *rest in checking.cases(file, kind):
            if f"{file.stem.replace('_', '-')}/{name}" in catalogue():
                yield f"{file.stem.replace('_', '-')}/{name}", rest


def said_of(exercise_id, given):
    exercise = catalogue()[exercise_id]
    return checking.secret(exercise, {**hidden.solutions(exercise.subject),
                                      **dict(zip(exercise.names, given, strict=False))})


def test_every_exercise_has_hidden_tests():
    assert set(hidden_flags()) == set(catalogue())
    assert all(flags["tests"] >= 1 for flags in hidden_flags().values())


def test_what_is_written_by_hand_is_so_in_both():
    """Where the public check takes PyTorch's layers away, the hidden tests do."""
    by_hand = {one for one, flags in hidden_flags().items() if flags["by_hand"]}
    assert {"gru/step", "gru/bug", "lstm/step", "lstm/layer", "hand-built-digits/peephole"} == by_hand
    for one in by_hand - {"hand-built-digits/peephole"}:
        source = (ROOT / f"seqlab/checks/{one.partition('/')[0].replace('-', '_')}.py").read_text("utf8")
        assert "Without(" in source and one in EXERCISES


@pytest.mark.parametrize("subject", sorted({one.subject for one in catalogue().values()}))
def test_solutions_pass_and_stubs_do_not(subject):
    from instructor.student import stub
    own = [one for one in catalogue().values() if one.subject == subject]
    for one in own:
        assert hidden.faults(one.id, hidden.Local(dict(hidden.solutions(subject))).talk, 1) == [], one.id
        names = dict(hidden.solutions(subject))
        exec(stub(one.cell.source, broken(one.master.code)), names)
        assert hidden.faults(one.id, hidden.Local(names).talk, 1), f"the stub of {one.id} passes"


@pytest.mark.slow
@pytest.mark.parametrize("said", [None, True, False, 0, [], "what it was given"])
def test_an_answer_that_does_nothing_passes_no_hidden_test(said):
    """Not even one of several: a part of the points would be given for nothing."""
    def nothing(*given, **options):
        return (given or [None])[0] if said == "what it was given" else said

    passed = {}
    for one in catalogue().values():
        right = hidden.solutions(one.subject)
        if all(isinstance(right[name], types.FunctionType) for name in one.names):
            faults = hidden.faults(one.id, hidden.Local({**right, **dict.fromkeys(one.names, nothing)}).talk, 1)
            passed[one.id] = len(hidden.tests_of(one.id)) - len(faults)
    assert {name for name, count in some(passed.items()) if count} == set()


@pytest.mark.slow
def test_every_right_answer_of_the_checks_passes():
    refused = {}
    for exercise_id, given in some(answers("RIGHT")):
        if said := said_of(exercise_id, given):
            refused[exercise_id, getattr(given[0], "__name__", repr(given))] = said
    assert {key: said for key, said in refused.items() if key not in STRICTER} == {}
    assert set(refused) == set(STRICTER) and all(len(said) == 1 for said in refused.values())


@pytest.mark.slow
def test_every_wrong_answer_of_the_checks_is_caught():
    caught, missed = {}, set()
    for exercise_id, (words, *given) in some(answers("WRONG")):
        if said_of(exercise_id, given):
            caught[exercise_id] = caught.get(exercise_id, 0) + 1
        else:
            missed.add((exercise_id, words))
    assert missed - set(ELSEWHERE) == set()
    assert set(caught) == set(catalogue()) and min(caught.values()) >= 3


def sentences(file):
    """The third argument of every `expect` in a file of hidden tests."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "expect":
            yield node.args[2]


@pytest.mark.parametrize("file", some(sorted(TESTS.glob("test_*.py"))), ids=lambda file: file.stem)
def test_what_is_said_holds_nothing_that_was_drawn(file):
    """A constant: no number that was drawn can be in it."""
    said = some(sentences(file))
    assert all(isinstance(one, ast.Constant) and one.value.endswith(".") for one in said)


@pytest.mark.parametrize("value", [None, True, 3, 2.5, float("inf"), "é", [1, [2.0]], (1, "a"), {"a": [1]}, {1, 2},
                                   torch.arange(6.0).reshape(2, 3), torch.tensor([True]), torch.zeros(0, 2)])
def test_values_arrive_as_they_were(value):
    sent = json.loads(json.dumps(inside.encode(value)))
    back = inside.decode(sent)
    if isinstance(value, torch.Tensor):
        assert torch.equal(back, value) and back.dtype == value.dtype
    else:
        assert back == value and type(back) is type(value)


class Sly(list):
    def __eq__(self, other):
        return True

    __hash__ = None


class Number(float):
    def __eq__(self, other):
        return True

    __hash__ = float.__hash__


@pytest.mark.parametrize("value", [object(), lambda: 1, Number(3), 10**30, "a" * 200_000, [0] * 30_000,
                                   torch.zeros(3_000_000), 1j])
def test_what_is_no_plain_value_is_equal_to_nothing(value):
    back = inside.decode(json.loads(json.dumps(inside.encode(value))))
    assert not hidden.same(back, 3) and not hidden.same(back, value) and back != back


def test_a_list_that_says_it_is_equal_is_a_list():
    assert not hidden.same(inside.decode(json.loads(json.dumps(inside.encode(Sly([1, 2]))))), [3, 4])


@pytest.mark.parametrize("message", [{"T": "float64", "s": [-1], "b": ""}, {"T": "object", "s": [1], "b": ""},
                                     {"T": "float64", "s": [10**12], "b": "AAAA"}, [1],
                                     {"T": "float64", "s": [10**12, 0], "b": ""}, {"d": [1]}, {"l": 3}])
def test_a_forged_message_is_refused(message):
    with pytest.raises((ValueError, TypeError)):
        inside.decode(message)


@pytest.mark.parametrize(("got", "want", "right"), [
    (1.0, 1, True), ([1.0], 1, True), ("1", 1, False), (float("nan"), float("nan"), False), ([1, 2], [1, 2], True),
    ([[1], [2]], [1, 2], True), ([1, 2, 3], [1, 2], False), (torch.ones(2, 1), torch.ones(2), False),
    ({"a": 1}, {"a": 1}, True), ({"a": 1}, {"b": 1}, False), ([[1, 2], [3]], [[1, 2], [3]], True), (None, 0, False),
    ([], [], True), (True, True, True), (inside.Opaque("x"), 0, False)])
def test_what_counts_as_the_same(got, want, right):
    assert hidden.same(got, want) is right


@pytest.mark.parametrize("given", [torch.zeros(5000, 1), torch.zeros(2001, 0), torch.zeros(400, 400),
                                   [torch.zeros(3000)]])
def test_no_large_product_is_computed_for_an_answer(given):
    """A function of a test's is called by the answer, with what it likes: no more than it can compute with here."""
    called = []

    def talk(message, answer_back):
        said = answer_back({"call": 0, "given": inside.encode([given]), "options": inside.encode({})})
        return {"value": said["error"]}

    function = lambda one: called.append(one) or 1
    assert hidden.Answer(talk, "gru/which", ("which_gru",)).which_gru(function) is True and called == []


def test_numbers_are_drawn_afresh_and_can_be_repeated():
    first, again, other = (hidden.Draw(seed).numbers(3) for seed in (1, 1, 2))
    assert first == again != other and hidden.fresh_seed() != hidden.fresh_seed()
    lengths = hidden.Draw(3).lengths(5, 9)
    assert lengths.max() == 9 and len(set(lengths.tolist())) == 5


def test_another_module_of_the_same_name_is_not_taken_for_them(monkeypatch):
    monkeypatch.setitem(sys.modules, "test_scalar_rnn", types.ModuleType("test_scalar_rnn"))
    rows = hidden.run_tests(hidden.Local(dict(hidden.solutions("scalar-rnn"))).talk, {"scalar-rnn/states"}, 1)
    assert rows and all(row["passed"] for row in rows)


def test_a_submission_that_hangs_in_every_call_is_not_started_again_without_an_end(monkeypatch):
    class Hanging:
        """A sandbox where the cells take 10 seconds and a call ends never."""

        opened, clock, asked = 0, 0.0, False

        def open(self, limits):
            self.opened, self.clock, self.asked = self.opened + 1, self.clock + 10, False

        def send(self, message):
            self.asked = "cells" not in message

        def read(self, seconds):
            if self.asked:
                raise Stopped("took too long")
            return {"ready": True}

        def end(self):
            pass

    hanging = Hanging()
    monkeypatch.setattr(hidden, "time", types.SimpleNamespace(monotonic=lambda: hanging.clock), raising=False)
    remote = hidden.Remote(hanging, Limits(total_s=20), [], {})
    for number in range(100):       # each of fifty exercises is asked twice
        with pytest.raises(hidden.Failed, match="took too long"):
            remote.talk({"of": f"exercise {number // 2}"}, None)
        assert hanging.opened <= 1 + number // 2
    assert 5 <= hanging.opened <= 10
