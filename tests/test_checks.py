"""The public checks: every right answer passes, every typical wrong one is told what is wrong.

The cases of the subject scalar-rnn stand in tests/checks/plain/scalar_rnn.py, which imports nothing but `math`, since
it runs on the page too, and in tests/checks/scalar_rnn.py, what needs NumPy or PyTorch:

    RIGHT = [("states", answer, ...), ...]                      at least six per exercise, in forms that people use
    WRONG = [("states", "words of the message", answer, ...)]   at least six per exercise, that people give
"""

import ast
import contextlib
import functools
import importlib.util
import io
import itertools
import random
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import nn

from seqlab import checks
from seqlab.checks import CheckFailed, check, plain
from seqlab.checks.plain import shapes
from tools import course
from tools.mutants import generate


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
    return {cell.metadata.get("seqlab", {}).get("id", f"{cell} without an id") for notebook in course.notebooks()
            for cell in notebook.code if {"exercise", "your-turn"} & cell.tags}


EXERCISES = sorted({case[0] for case in RIGHT + WRONG})


def said_to(exercise_id, answers):
    """What the check says; nothing but CheckFailed may come out of it."""
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        try:
            check(exercise_id, *answers)
        except CheckFailed as failure:
            return str(failure)
    return told.getvalue()


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_every_right_answer_passes(exercise_id):
    said = [said_to(exercise_id, case[1:]) for case in RIGHT if case[0] == exercise_id]
    assert said and [words for words in said if not words.startswith("✓ ")] == []


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_every_wrong_answer_is_told_what_is_wrong(exercise_id):
    said = [(words, said_to(exercise_id, answers)) for known, words, *answers in WRONG if known == exercise_id]
    assert said and [(words, message) for words, message in said
                     if words.lower() not in message.lower() or message.startswith("✓ ")] == []


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_an_empty_answer_is_not_done_yet(exercise_id):
    with pytest.raises(CheckFailed, match="no answer yet"):
        check(exercise_id, ...)


def test_in_a_chapter_a_step_that_is_not_right_yet_stops_nothing(capsys):
    for answer, said in ((lambda *given: ..., "Not yet: "), (lambda *given: given[0], "Not yet: what "),
                         (next(case[1] for case in RIGHT if case[0] == "backprop-through-time/turn"), "✓ One step")):
        checks.your_turn("backprop-through-time/turn", answer)
        assert capsys.readouterr().out.startswith(said)


def test_every_exercise_has_six_right_and_six_wrong_answers():
    ids = _exercise_ids()
    assert ids, "no exercises found"
    assert ids == {case[0] for case in RIGHT} == {case[0] for case in WRONG}, "tests/checks answers other exercises"
    for subject in checks.subjects():
        checks._load(subject)
    in_plain = {i for i in ids if plain.EXERCISES[i].__module__.startswith(plain.__name__)}
    assert in_plain, "no plain checks found"
    for cases, exercises, least in ((RIGHT, ids, 6), (WRONG, ids, 6),
                                    (PLAIN["RIGHT"], in_plain, 4), (PLAIN["WRONG"], in_plain, 4)):
        short = {i: count for i in exercises if (count := sum(case[0] == i for case in cases)) < least}
        assert not short, f"fewer than {least} answers are tried"
    assert {case[0] for case in PLAIN["RIGHT"] + PLAIN["WRONG"]} <= in_plain


NOT_TRAINED = {     # of the bugs to find: what is mended trains nothing that the learner's result stands in the way of
    "first-classifier/bug": "it calls backward itself, and the check looks at the weights",
    "backprop-through-time/bug": "it calls backward itself, and the check looks at the weights",
    "images-as-sequences/bug": "it cuts pictures, which are not learned",
    "what-a-net-keeps/bug": "a score is not learned from",
    "hand-built-digits/bug": "it is the loop around the training",
    "inside-the-lstm/bug": "it asks a net that is trained already",
    "head-to-head/bug": "it is the loop around the training",
    "speed-lab/bug": "it times, and trains nothing",
}


def _detached(answer):
    """The answer, with its results cut from the weights: the same values, and no way back."""
    def cut(value):
        return value.detach() if isinstance(value, torch.Tensor) else value

    if isinstance(answer, type):
        return type(answer.__name__, (answer,), {"forward": lambda self, *given: cut(answer.forward(self, *given))})
    return lambda *given: cut(answer(*given))


def test_what_mends_a_net_that_trains_must_train_too():
    """In find the bug the code that is given trains. A repair with the right values and no gradient would not."""
    bugs = [cell.metadata["seqlab"]["id"] for master in course.masters() for cell in master.code
            if "exercise" in cell.tags and any(f" {name}(" in cell.source for name in course.broken(master.code))]
    assert len(bugs) >= 8 and set(NOT_TRAINED) <= set(bugs)
    for exercise_id in set(bugs) - set(NOT_TRAINED):
        answers = next(answers for known, *answers in RIGHT if known == exercise_id)
        with pytest.raises(CheckFailed, match="no gradient comes back"):
            check(exercise_id, *map(_detached, answers))


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
    ("nothing", f"there are exercises on {', '.join(checks.subjects()[:2])}, "),
    (2, r"there are exercises on "),
])
def test_an_unknown_exercise_is_named_with_those_that_there_are(wrong, message):
    with pytest.raises(ValueError, match=f"^there is no exercise {wrong!r}; {message}"):
        check(wrong, 1)


# --- every sentence is said to somebody -------------------------------------------------------------------------------

@functools.cache
def told(subject: str) -> dict[str, set[str]]:
    """What the wrong answers to each exercise of this subject are told."""
    said = {}
    for exercise_id, _, *answers in WRONG:
        if exercise_id.startswith(f"{subject}/"):
            try:
                check(exercise_id, *answers)
            except CheckFailed as problem:
                said.setdefault(exercise_id, set()).add(str(problem))
    return said


def sentences(source: str) -> Iterator[tuple[str, str]]:
    """Every text of three words and more in a module of checks, but for its docstrings and its praise, with {} where it
    has a gap: the exercise whose check it stands in, "" outside of all, and the text."""
    def look(node: ast.AST, name: str) -> Iterator[tuple[str, str]]:
        if isinstance(node, ast.FunctionDef):
            registered = [one.args[0].value for one in node.decorator_list if isinstance(one, ast.Call)
                          and getattr(one.func, "id", "") == "exercise"]
            name = registered[0] if registered else name
        praise = isinstance(node, ast.Return) and name
        if praise or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            return
        below, text = ast.iter_child_nodes(node), getattr(node, "value", "")
        if isinstance(node, ast.JoinedStr):
            below = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            text = "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        if isinstance(text, str) and len(text.replace("{}", " ").split()) >= 3:
            yield name, text
        for one in below:
            yield from look(one, name)
    yield from look(ast.parse(source), "")


def unsaid(file: Path, said: dict[str, set[str]]) -> list[str]:
    """The sentences of a module that none of these messages says: of a check, the messages of its exercise."""
    found = []
    for name, text in dict.fromkeys(sentences(file.read_text("utf8"))):
        pattern = re.compile(".*?".join(map(re.escape, text.split("{}"))), re.DOTALL)
        if not any(pattern.search(message) for exercise_id, messages in said.items() for message in messages
                   if not name or exercise_id.endswith(f"/{name}")):
            found.append(f"{file.name}, {name or 'outside of the checks'}: {text}")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("subject", checks.subjects())
def test_every_sentence_of_a_check_is_said_to_a_wrong_answer(subject):
    """A cause that no answer can reach is dead, and one that no answer reaches may be the wrong one."""
    folder, name = Path(checks.__file__).parent, f"{subject.replace('-', '_')}.py"
    files = [file for file in (folder / name, folder / "plain" / name) if file.exists()]
    assert not [one for file in files for one in unsaid(file, told(subject))]


@pytest.mark.slow
def test_every_sentence_that_all_checks_share_is_said_to_a_wrong_answer():
    said = {exercise_id: messages for subject in checks.subjects() for exercise_id, messages in told(subject).items()}
    for asked in (RIGHT[0][0], "scalar-rnn/nothing", "states", "nothing"):
        with pytest.raises((CheckFailed, ValueError)) as failure:
            check(asked, ...)
        said.setdefault("about exercises", set()).add(str(failure.value))
    with pytest.raises(CheckFailed) as failure:
        check(RIGHT[0][0], None, None)
    said["about exercises"].add(str(failure.value))
    given = {"check": check}        # the two that are about a notebook's other cells: tests/test_student_notebooks.py
    exec("def broken_read(cell, x):\n    return x\n\ndef read(cell, x):\n    return x\n\ndef lstm_step():\n    ...\n\n"
         "def ends(out, h_n):\n    return lstm_step()[0]", given)
    for asked in ("check('lstm/bug', read)", "check('shapes/ends', ends)"):
        with pytest.raises(CheckFailed) as failure:
            eval(asked, given)
        said["about exercises"].add(str(failure.value))
    assert not [one for module in (checks, plain) for one in unsaid(Path(module.__file__), said)]


# --- mutants: wrong answers that nobody has thought of ----------------------------------------------------------------

STEPS = 200_000             # lines that an answer may run before it is taken for one that never ends
EQUIVALENT = {      # exercise -> words of a changed line of its reference solution, or of two -> why it is right
    "order-matters/fool": {
        ("first = [0, 2, 3]", "second = [2, 0, 3]"): "another pair of sequences",
        ("first = [1, 2, 4]", "second = [2, 1, 4]"): "another", ("first = [1, 3, 3]", "second = [3, 1, 3]"): "another"},
    "order-matters/ignores-order": {
        "math.isclose(function(list(order)), original):": "the same but for results of 0, and a fair choice",
        "abs_tol=2e-09": "any tolerance between rounding and a difference"},
    "shapes/hidden-size": {
        ("(12 * 5) / (6 * 4)", "(12 * 4) / (6 * 5)"): "the same factor", ("12 / 4", "6 / 4"): "the same factor"},
    "first-classifier/trend": {
        "0.8, 3.2]": "other values that rise", ("1.6, 1.6]", "0.8, 3.2]"): "other values that rise"},
    "first-classifier/long": {"values[:, 0, -1]": "of one feature the first is the last"},
    "backprop-through-time/numeric-gradient": {"eps=2e-06": "another small step"},
    "backprop-through-time/clip": {"else 0.0": "what multiplies zeros"},
    "gru/memory": {
        "[1, 1] = -60.0": "the gate is at its end", ("[1] = 30.0", "[1, 1] = -60.0"): "the gate is at both its ends"},
    "gru/which": {
        ("torch.full((1, 1), 1.0)", "> 0.5"): "between 0 and 1",
        "torch.ones(1, 1), torch.full": "w_ih is zero", "torch.full((1, 1), 1.0)": "another state to look for",
        "w_hh, w_ih =": "both are zeros (3, 1)", "b_hh, b_ih =": "both are zeros (3,)",
        "= torch.ones(3, 1), torch.zeros(3, 1)": "x is zero", "b_ih[1] = 100.0": "the gate is at its end",
        ">= 0.25": "between 0 and 0.5", "b_ih[1] = -100.0": "the gate is at its end", "else 100.0": "the same",
        "b_ih[0] = -100.0": "the same", "<= 0.25": "between 0 and 0.76", "< 0.5": "between 0 and 0.76"},
    "lstm/layer": {
        "hidden_size ** 0.5": "other random values", "hidden_size ** -1.0": "other random values",
        "3 * (x.new_zeros": "the third is not read",
        "state[0][-1], state[1][0]": "of one layer the first is the last", "state[0][0], state[1][-1]": "the same"},
    "what-a-net-keeps/bug": {"(501, lag + 1)": "another number of sequences"},
    "images-as-sequences/guard": {
        "= 1 + x[i]": "another picture", "changed[i] = 1": "another picture", "= 0 - x[i]": "another picture",
        ">= 1e-4": "any tolerance between rounding and a leak", "> 0.0002": "the same"},
    "hand-built-digits/fuse": {"linears[-1].in_features": "all four read the same"},
    "head-to-head/units": {"units = 0": "a search may begin there: no layer is as small",
                           "units + 1) < parameters": "what fits exactly is then found as the one above"},
    "head-to-head/chosen": {"len(right[-1])": "all are tried on the same digits"},
    "deeper-and-both-ways/widest": {"units = 0": "a search may begin there: one unit always fits"},
    "deeper-and-both-ways/running-mean": {"in steps[:]": "a mean of the first list and itself is the first list"},
    "long-sequences/ahead": {"(in_time + [1])": "any number below every accuracy"},
    "speed-lab/bound": {"if multiplying >= moving:": "both take as long: either is the bound"},
}


class NeverEnds(BaseException):
    """The answer has run STEPS lines of its own."""


@contextlib.contextmanager
def bounded(file: str):
    """A block in which the code of this file may run STEPS lines."""
    left, before = itertools.count(STEPS, -1), sys.gettrace()

    def local(frame, event, argument):
        if next(left) < 0:
            raise NeverEnds
        return local

    sys.settrace(lambda frame, event, argument: local if frame.f_code.co_filename == file else None)
    try:
        yield
    finally:
        sys.settrace(before)


def outcome(names: dict, answer: str, checking: ast.stmt) -> str:
    """What becomes of an answer: "passes", "not yet: ...", or how its own cell or its check stops."""
    names = dict(names)
    with (torch.random.fork_rng(devices=[]), contextlib.redirect_stdout(io.StringIO()), bounded("<answer>"),
          warnings.catch_warnings()):
        warnings.simplefilter("ignore")
        try:
            exec(compile(answer, "<answer>", "exec"), names)
        except (Exception, NeverEnds) as problem:
            return f"its cell stops: {problem}"
        try:
            exec(compile(ast.Module([checking], []), "<check>", "exec"), names)
        except (CheckFailed, NeverEnds) as problem:
            return f"not yet: {problem}"
        except Exception as problem:
            return f"the check crashes: {problem!r}"
    return "passes"


def is_right(mutants: tuple, excused: list[tuple]) -> bool:
    """Whether EQUIVALENT says so: of each change alone, or of both together."""
    lines = [one.change.partition("  =>  ")[2] for one in mutants]
    alone = all(any(len(words) == 1 and words[0] in line for words in excused) for line in lines)
    return alone or any(len(words) == len(lines) and all(one in line for one, line in zip(words, lines, strict=True))
                        for words in excused)


def references(subject: str) -> Iterator[tuple[str, str, ast.stmt, dict]]:
    """Of each exercise, and of the chapter's own step if the solution below it is that step: its id, its reference
    solution, what checks it, and the names that it may use."""
    chapter = course.chapter(subject)
    for notebook, tag in ((chapter.practice, "exercise"), (chapter, "your-turn")):
        names = {**notebook.definitions(), "check": check}
        for k, cell in enumerate(notebook.code):
            if tag not in cell.tags:
                continue
            below = notebook.code[k + 1].source
            if tag == "exercise":
                checking, solution = ast.parse(below).body[0], cell.source
            else:
                checking, solution = ast.parse(cell.source.replace("your_turn(", "check(")).body[-1], below
                asked = {one.id for one in checking.value.args if isinstance(one, ast.Name)}
                if not asked <= {getattr(one, "name", "") for one in ast.parse(solution).body}:
                    continue
            yield cell.metadata["seqlab"]["id"], solution, checking, names


def unnoticed(subject: str, pairs: int) -> list[str]:
    """Changes of the reference solutions that pass their checks, or crash them: each, and so many pairs of them."""
    found = []
    for exercise_id, solution, checking, names in references(subject):
        assert outcome(names, solution, checking) == "passes", exercise_id
        name = exercise_id.partition("/")[2]        # a new chapter begins as a copy of another, with its exercises
        excused = [(words,) if isinstance(words, str) else words for known, found_right in EQUIVALENT.items()
                   if known.endswith(f"/{name}") for words in found_right]
        single = [(one,) for one in generate.mutants_of_text(solution, subject, name)[0]]
        double = [(one, other) for (one,), (other,) in itertools.combinations(single, 2) if one.end < other.start]
        draw = random.Random(name)
        for mutants in single + draw.sample(double, min(pairs, len(double))):
            if is_right(mutants, excused):
                continue
            answer = solution
            for one in reversed(mutants):
                answer = generate.mutate_text(answer, one)
            result = outcome(names, answer, checking)
            if result == "passes" or result.startswith("the check crashes"):
                found.append(f"{exercise_id}: {result}: {' and '.join(one.change for one in mutants)}")
    return found


def test_most_chapters_steps_are_changed_too():
    steps = [one.subject for one in course.chapters() for exercise_id, *_ in references(one.subject)
             if exercise_id == f"{one.subject}/turn"]
    assert len(steps) >= 7, "the solution below a step is the step itself, but where it goes further"


@pytest.mark.slow
@pytest.mark.parametrize("pairs", [30, pytest.param(300, marks=pytest.mark.deep)])
@pytest.mark.parametrize("subject", [one.subject for one in course.chapters()])
def test_a_changed_reference_solution_passes_only_where_it_is_still_right(subject, pairs):
    found = unnoticed(subject, pairs)
    assert not found, ("mend the check, or say in EQUIVALENT why it is right:\n" + "\n".join(found))


def test_what_is_said_to_be_right_is_among_the_changes():
    for exercise_id, excused in EQUIVALENT.items():
        master = course.chapter(exercise_id.partition("/")[0]).practice
        cell = next(cell for cell in master.code if cell.metadata.get("seqlab", {}).get("id") == exercise_id)
        lines = [one.change.partition("  =>  ")[2] for one in generate.mutants_of_text(cell.source, "", cell.id)[0]]
        stale = {one for words in excused for one in ((words,) if isinstance(words, str) else words)
                 if not any(one in line for line in lines)}
        assert not stale, f"no change of {exercise_id} reads so"


def test_an_answer_that_never_ends_is_stopped():
    checking = ast.parse('check("order-matters/fool", endless(), 1)').body[0]
    assert outcome({"check": check}, "def endless():\n    while True:\n        pass", checking) == "not yet: "
