"""A batch from its folder to its reports: nothing is lost, graded twice or given away; and what an answer calls."""

import csv
import html
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import distributed
import pytest
from click.testing import CliRunner
from joblib.externals.loky.process_executor import TerminatedWorkerError

from instructor import exercises, grade, hidden, inside, reports, sandbox, submission
from instructor.__main__ import main
from instructor.sandbox import Limits, NoSandbox
from tools import outside
from tools.course import ROOT, some

LIMITS = Limits(cell_s=20, call_s=10, total_s=120)


@pytest.fixture
def quick(bubblewrap, monkeypatch):
    """Batches in this process, in a sandbox that loads only what their answers need."""
    monkeypatch.setattr(sandbox, "PRELOAD", ["torch", "numpy"])
    monkeypatch.setattr(grade, "_sandboxes", {})
    yield
    for one in grade._sandboxes.values():
        one.close()


@pytest.fixture
def handed_in(assignment, tmp_path):
    """A folder with a right notebook, an unsolved one, a wrong one, and things that are none."""
    folder = tmp_path / "in"
    folder.mkdir()
    right = {one: exercises.catalogue()[one].cell.source for one in assignment.ids}
    (folder / "ada.ipynb").write_bytes(grade.solved(assignment))
    (folder / "bob.ipynb").write_bytes(grade.solved(assignment, {}))
    (folder / "eve.ipynb").write_bytes(grade.solved(assignment, {**right, "gru/step": (
        "def gru_step(x, h, *weights):\n    raise ValueError(str(x) + str(h))")}))
    (folder / "=cmd.ipynb").write_bytes(b"{")
    (folder / "notes <b>.txt").write_text("hello", encoding="utf-8")
    (folder / "link.ipynb").symlink_to("/etc/passwd")
    (folder / "folder.ipynb").mkdir()
    return folder


def batch(folder, assignment, out, **options):
    return {one["student"]: one for one in grade.grade_batch(folder, assignment, out, limits=LIMITS, jobs=1, **options)}


@pytest.mark.slow
def test_every_file_has_its_row_and_only_clean_runs_a_grade(quick, handed_in, assignment, tmp_path):
    out = tmp_path / "out"
    found = batch(handed_in, assignment, out)
    assert set(found) == {"ada", "bob", "eve", "=cmd", "notes <b>.txt", "link", "folder"}
    assert {name: one["grade"] for name, one in found.items()} == {
        "ada": 8, "bob": 0, "eve": 5, "=cmd": None, "notes <b>.txt": None, "link": None, "folder": None}
    assert all((one["grade"] is None) == bool(one["reason"]) for one in found.values())
    assert "link" in found["link"]["reason"] and "root:" not in json.dumps(found)
    written = reports.write(list(found.values()), assignment, out)
    rows = list(csv.DictReader(io.StringIO(written["gradebook"].read_text(encoding="utf-8"))))
    assert [row["grade"] for row in rows if row["student"] == "ada"] == ["8"]
    assert {row["student"] for row in rows if row["grade"] == ""} == {"'=cmd", "notes <b>.txt", "link", "folder"}
    pages = [path.read_text(encoding="utf-8") for path in some(written["feedback"].glob("*.html"))]
    assert len(pages) == 7 and sum("8 of 8 points" in page for page in pages) == 1
    assert not any("<b>" in page for page in pages) and sum("Not graded yet" in page for page in pages) == 4
    summary = written["summary"].read_text(encoding="utf-8")
    assert "7 rows, 3 of them graded; mean 4.33 of 8 points" in " ".join(summary.split())
    assert "1 of 3" in summary and "It stops with ValueError" in summary


@pytest.mark.slow
def test_what_is_done_is_not_done_again_and_what_has_changed_is(quick, handed_in, assignment, tmp_path, monkeypatch):
    out, asked = tmp_path / "out", []
    one_job = grade._job

    def counted(place, content, *rest):
        if place is grade.REFERENCE:
            return one_job(place, content, *rest)
        asked.append(place)
        if len(asked) == 2:
            raise KeyboardInterrupt     # killed half-way
        return one_job(place, content, *rest)

    monkeypatch.setattr(grade, "_job", counted)
    with pytest.raises(KeyboardInterrupt):
        batch(handed_in, assignment, out)
    kept = len(some((out / "results").glob("*.json")))
    first = batch(handed_in, assignment, out)
    assert kept == 1 and len(asked) == 2 + 5 - kept, "the one that was done is not asked again"
    again = batch(handed_in, assignment, out)
    assert again == first and len(asked) == 2 + 5 - kept
    (handed_in / "bob.ipynb").write_bytes((handed_in / "ada.ipynb").read_bytes())
    assert batch(handed_in, assignment, out)["bob"]["grade"] == 8 and len(asked) == 2 + 5 - kept + 1


def test_where_nothing_could_be_graded_the_exit_status_says_so(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"rows": [
        {"student": "1", "file": None, "problem": "nothing was handed in", "late": None}]}), encoding="utf-8")
    result = CliRunner().invoke(main, ["grade", "gru", str(tmp_path), "--output", str(tmp_path / "out")])
    assert result.exit_code == 1 and "1 rows, 0 graded, 1 left to you" in result.output, result.output


def test_what_came_late_is_said_in_the_gradebook_on_the_page_and_in_the_summary(assignment, tmp_path):
    rows = [{"student": who, "file": None, "problem": "nothing was handed in", "late": late}
            for who, late in (("1", True), ("2", False), ("3", None))]
    (tmp_path / "manifest.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    results = grade.grade_batch(tmp_path, assignment, tmp_path / "out", limits=LIMITS, jobs=1)
    written = reports.write(results, assignment, tmp_path / "out")
    book = csv.DictReader(io.StringIO(written["gradebook"].read_text(encoding="utf-8")))
    assert [row["late"] for row in book] == ["yes", "no", ""]
    assert ["handed in late" in reports.feedback(one, assignment) for one in results] == [True, False, False]
    assert "Handed in late: 1." in written["summary"].read_text(encoding="utf-8")


def test_points_are_shared_as_the_tests_say(assignment, monkeypatch):
    """An answer that passes a test of share 2, and fails one of share 1, has two thirds of the points."""
    one = assignment.exercises[0]
    rows = [{"exercise": one["id"], "share": share, "passed": share == 2, "said": "No.", "seconds": 0.1,
             "internal": False, "test": str(share)} for share in (2, 1)]
    result, found = grade.blank(assignment), submission.match(
        submission.read_notebook(grade.solved(assignment)), assignment)
    grade._judge(result, assignment, found, rows)
    assert result["exercises"][0]["points"] == pytest.approx(one["points"] * 2 / 3, abs=1e-3)


class Dying:
    """A parallel run in which a process dies after each second result, `times` times."""

    def __init__(self, times, monkeypatch):
        self.begun, self.times = [], times
        monkeypatch.setattr("joblib.Parallel", self)

    def __call__(self, **options):
        return self.run

    def run(self, jobs):
        jobs = list(jobs)
        self.begun.append(len(jobs))
        for k, (job, given, named) in enumerate(jobs):
            if k == 2 and len(self.begun) <= self.times:
                raise TerminatedWorkerError("killed")
            yield job(*given, **named)


@pytest.mark.parametrize(("times", "begun", "done"), [(0, [7], 7), (1, [7, 5], 7), (5, [7, 5, 3], 6)])
def test_when_a_process_dies_the_rest_is_begun_again_and_nothing_is_lost(times, begun, done, assignment, monkeypatch):
    run = Dying(times, monkeypatch)
    monkeypatch.setattr(grade, "_job", lambda place, *rest: (place, {"grade": place}))
    given = [(place, b"", assignment, LIMITS, False, None, 1) for place in range(7)]
    found = dict(grade._in_parallel(given, 2, None))
    assert run.begun == begun and set(found) == set(range(7))
    left = [one["reason"] for one in found.values() if one["grade"] is None]
    assert len(left) == 7 - done and [one for one in left if "grade it again" not in one] == []


def test_one_that_kills_its_process_stands_in_nobodys_way(assignment, monkeypatch):
    """What stands behind it is graded from the other end, and the reference first."""
    def run(jobs):
        for job, given, named in list(jobs):
            if given[1] == 2:
                raise TerminatedWorkerError("killed")
            yield job(*given, **named)

    monkeypatch.setattr("joblib.Parallel", lambda **options: run)
    monkeypatch.setattr(grade, "_job", lambda place, *rest: (place, {"grade": place, "reason": None}))
    given = [(place, b"", assignment, LIMITS, False, None, 1) for place in (grade.REFERENCE, 0, 1, 2, 3, 4)]
    found = list(grade._in_parallel(given, 2, None))
    assert [place for place, _ in found] == [grade.REFERENCE, 0, 1, 4, 3, 2]
    assert [place for place, one in found if one["reason"]] == [2]


@pytest.mark.deep
def test_a_cluster_grades_on_when_one_of_its_two_workers_is_killed(bubblewrap, assignment, tmp_path, monkeypatch):
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(6):
        right = number % 2 == 0
        (folder / f"{number}.ipynb").write_bytes(grade.solved(assignment, None if right else {}))
    killed = []

    def progress(things, total):
        for thing in things:
            if not killed:
                killed.append(cluster.workers[0].pid)
                os.kill(killed[0], signal.SIGKILL)
            yield thing

    # the workers start elsewhere, and without the path of this process
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        found = {one["student"]: one["grade"] for one in grade.grade_batch(
            folder, assignment, tmp_path / "out", limits=LIMITS, scheduler=cluster.scheduler_address,
            progress=progress)}
    assert killed and found == {str(number): 8 if number % 2 == 0 else 0 for number in range(6)}


@pytest.mark.slow
def test_a_seed_repeats_what_was_drawn_and_no_two_runs_share_one(sandbox, assignment):
    content = grade.solved(assignment)
    one, same = (grade.grade_one(content, assignment, LIMITS, sandbox, 5) for _ in range(2))
    assert one["seed"] == same["seed"] == 5 and one["grade"] == same["grade"] == 8
    assert one["exercises"][0]["tests"] == same["exercises"][0]["tests"]


def test_without_full_marks_for_the_reference_nothing_is_graded(quick, handed_in, assignment, tmp_path, monkeypatch):
    right = grade.solved
    monkeypatch.setattr(grade, "solved", lambda wanted, only=None: right(wanted, {} if only is None else only))
    with pytest.raises(grade.ReferenceFails, match="nothing was graded"):
        grade.grade_batch(handed_in, assignment, tmp_path / "out", limits=LIMITS, jobs=1)
    assert list((tmp_path / "out" / "results").iterdir()) == []


@pytest.mark.slow
def test_without_full_marks_for_the_reference_its_neighbours_leave_nothing(bubblewrap, handed_in, assignment, tmp_path,
                                                                           monkeypatch):
    """In two processes, where submissions are graded before the reference, which never ends, has failed."""
    stuck = grade.solved(assignment, {"gru/step": "def gru_step(*given):\n    while True:\n        pass"})
    monkeypatch.setattr(grade, "solved", lambda wanted: stuck)
    told = []
    with pytest.raises(grade.ReferenceFails, match=r"so nothing was graded: .*took too long"):
        grade.grade_batch(handed_in, assignment, tmp_path / "out", limits=Limits(cell_s=2, call_s=2, total_s=60),
                          jobs=2, progress=lambda things, total: map(lambda one: told.append(one) or one, things))
    assert list((tmp_path / "out").iterdir()) == [tmp_path / "out" / "results"]
    assert list((tmp_path / "out" / "results").iterdir()) == [] and told == []


def of_the_reference(**more):
    return {"exercises": [{"id": "gru/step", "said": ["No."], "tests": {"a": True}, "points": 3, "possible": 3}],
            "reason": None, **more}


def test_nothing_is_told_before_the_reference_has_full_marks():
    asked = []

    def results():
        for one in ((1, {}), (0, {}), (grade.REFERENCE, of_the_reference()), (2, {}), (3, {})):
            asked.append(one[0])
            yield one

    told = grade.after_the_reference(results())
    assert [next(told)[0], next(told)[0]] == [1, 0] and asked == [1, 0, grade.REFERENCE]
    assert next(told)[0] == 2 and asked[3:] == [2], "from then on as they come"
    assert [place for place, _ in told] == [3]


@pytest.mark.parametrize("short", [{"exercises": [{**of_the_reference()["exercises"][0], "points": 2}]},
                                   {"reason": "it did not run cleanly: cell 3 took too long"}])
def test_when_the_reference_fails_what_still_runs_is_ended(short):
    ended = []

    def results():
        try:
            yield 1, {}
            yield grade.REFERENCE, of_the_reference(**short)
            yield 2, {}
        finally:
            ended.append(True)

    running = results()
    with pytest.raises(grade.ReferenceFails, match="nothing was graded"):
        next(grade.after_the_reference(running))
    assert ended == [True]


def test_without_a_sandbox_it_refuses_and_says_what_unsafe_means(handed_in, assignment, tmp_path, monkeypatch):
    def nowhere():
        raise FileNotFoundError("bubblewrap is not installed here")

    monkeypatch.setattr(sandbox, "find_bubblewrap", nowhere)
    with pytest.raises(NoSandbox, match="your own rights"):
        grade.grade_batch(handed_in, assignment, tmp_path / "out", limits=LIMITS, jobs=1)
    result = CliRunner().invoke(main, ["grade", "gru", str(handed_in), "--output", str(tmp_path / "other")])
    assert result.exit_code == 1 and "--unsafe" in result.stderr and "Nothing was run" in result.stderr
    assert outside.find_bubblewrap is not nowhere


@pytest.mark.slow
def test_unsafe_grades_as_well(assignment):
    with sandbox.Sandbox(unsafe=True, preload=["torch", "numpy"]) as made:
        result = grade.grade_one(grade.solved(assignment), assignment, LIMITS, made, 3)
        assert result["grade"] == 8, result
        stuck = grade.solved(assignment, {"gru/step": "while True:\n    pass"})
        short = Limits(cell_s=4, call_s=4, total_s=60)
        assert "took too long" in grade.grade_one(stuck, assignment, short, made, 3)["reason"]


def test_feedback_shows_no_number_that_was_drawn(sandbox, assignment, monkeypatch):
    """Answers that give away what they are given in every way that there is: words, types, lines, values."""
    drawn = []
    before = hidden.Draw.tensor
    monkeypatch.setattr(hidden.Draw, "tensor", lambda self, *given, **named: drawn.append(
        before(self, *given, **named)) or drawn[-1])
    leaking = {
        "scalar-rnn/states": "def states(x, *rest, **more):\n    raise type('T' + str(x), (Exception,), {})(str(x))",
        "gru/step": "def gru_step(x, h, *w):\n    raise KeyError(str(x.tolist()))",
        "gru/memory": "def make_memory():\n    raise ValueError('secret ' + str(id(1)))"}
    result = grade.grade_one(grade.solved(assignment, leaking), assignment, LIMITS, sandbox, 11)
    page = html.unescape(reports.feedback({**result, "student": "x", "name": "", "file": "x"}, assignment))
    numbers = {f"{abs(value):.3f}" for tensor in some(drawn) for value in tensor.flatten().tolist()}
    assert result["grade"] == 0 and "secret" not in page and "an exception of its own" in page
    assert not {one for one in re.findall(r"\d+\.\d{3}", page) if one in numbers} and "KeyError" in page


@pytest.mark.parametrize(("text", "harmless"), [
    ("=1+1", "'=1+1"), ("Ada;=1+1", "Ada;'=1+1"), ("Ada\n@x", "Ada\n'@x"), ("a\t+1", "a\t'+1"),
    ("\N{FULLWIDTH EQUALS SIGN}1", "'\N{FULLWIDTH EQUALS SIGN}1"),
    ("-1.5", "-1.5"), ("a = b; c - d", "a = b; c - d"), ("2026-11-20", "2026-11-20")])
def test_a_name_is_no_formula_wherever_a_spreadsheet_begins_a_cell(text, harmless):
    assert reports._harmless(text) == harmless


def test_a_cell_has_one_number_whatever_stops_it(sandbox, assignment):
    result = grade.grade_one(grade.solved(assignment, {"gru/step": "def gru_step(:"}), assignment, LIMITS, sandbox, 3)
    one, = (one for one in result["cells"] if "SyntaxError" in one["said"])
    assert f"(cell {one['cell'] + 1}, line 1)" in one["text"]


def test_a_reason_ends_with_one_full_stop(assignment):
    result = {**grade.blank(assignment), "reason": "It is no notebook.", "student": "x", "name": "", "file": None}
    pages = reports.feedback(result, assignment), reports.summary([result], assignment)[1]
    assert all("It is no notebook." in page and "notebook.." not in page for page in pages)


def test_anything_can_be_written(tmp_path):
    grade.write_whole(tmp_path / "x", "a lone \ud800 surrogate")
    assert "surrogate" in (tmp_path / "x").read_text(encoding="utf-8")


@pytest.mark.parametrize(("text", "words"), [
    ('{"cells": [{"metadata": {}', "breaks off"), ('{"cells": [{"a": "b}', "breaks off"),
    ('{"cells": [{"a": 1},', "breaks off"), ('{"cells": [nonsense]}', "no JSON"), ("not JSON {}", "no JSON")])
def test_a_file_that_was_cut_off_is_told_from_one_that_is_none(text, words):
    with pytest.raises(submission.Unreadable, match=words):
        submission.read_notebook(text.encode())


def test_much_code_is_refused_before_it_is_looked_through():
    cells = [{"cell_type": "code", "source": "a\n" * 100_000, "metadata": {}} for _ in range(3)]
    with pytest.raises(submission.Unreadable, match="letters of code"):
        submission.read_notebook(json.dumps({"cells": cells}).encode())


def test_a_long_chain_of_names_is_followed_in_no_time():
    code = "\n".join(f"a{k} = a{k + 1}" for k in range(6000)) + "\ndef f(x):\n    return a0\na6000 = nn.GRU(1, 1)"
    began = time.process_time()
    assert submission.delegates([[0, code, None]], ("f",)) == ("GRU", None)
    assert time.process_time() - began < 10


UNIT = "('def g(x):\\n return torch.gru_cell(x)\\n').g"
CALLS = {       # code -> what it calls, what hides
    f"from torch.jit import CompilationUnit\nf = CompilationUnit{UNIT}": (None, "CompilationUnit"),
    f"get = getattr\nf = get(get(torch, 'j' + 'it'), 'Compilation' + 'Unit'){UNIT}": (None, "getattr"),
    f"import functools\nf = functools.reduce(getattr, ['jit', 'X'], torch){UNIT}": (None, "getattr"),
    f"kept, t = [], 1\nt = torch\nkept.append(getattr(t, 'j' + 'it').X{UNIT})\ndef f(x):\n    return kept[0](x)": (
        None, "getattr"),
    f"kept = []\nkept.append(getattr(torch, 'jit').X{UNIT})\ndef f(x):\n    return kept[0](x)": (None, "getattr"),
    f"import string\nf = string.Formatter().get_field('0.jit.X', (torch,), {{}})[0]{UNIT}": (None, "get_field"),
    "import typing\nclass A:\n    g: 'torch.jit'\nf = typing.get_type_hints(A)['g']": (None, "get_type_hints"),
    "from torch._decomp import decompositions as d\ndef f(x):\n    return d.gru_impl(x)": (None, "_decomp"),
    "kept = []\nkept.append(torch._decomp.x)\ndef f(x):\n    return kept[0](x)": (None, "_decomp"),
    "from tqdm.contrib.concurrent import thread_map\ndef f(x):\n    return thread_map(abs, x)": (None, "concurrent"),
    "import os\ndef g():\n    return nn.GRU(1, 1)\nif os.fork():\n    g()\ndef f(x):\n    return x": (None, "fork"),
    "from torch.fx.experimental import proxy_tensor as p\ndef f(x):\n    return x": (None, "fx"),
    "class f:\n    def __init__(self):\n        self._x = getattr(self, 'a')\nprint(torch.__version__)": (None, None),
    "def f(x):\n    return nn.GRUCell(1, 1)(x)": ("GRUCell", None),
    "G = torch.nn.GRU\ndef f(x):\n    return G(1, 1)(x)": ("GRU", None),
    "from torch.nn import LSTM as Dense\ndef f(x):\n    return Dense(1, 1)(x)": ("LSTM", None),
    "def helper(x):\n    return torch.gru_cell(x)\ndef f(x):\n    return helper(x)": ("gru_cell", None),
    "class f(nn.LSTM):\n    pass": ("LSTM", None),
    "def f(x):\n    return x\nsetattr(f, '__call__', nn.GRU(1, 1))": ("GRU", None),
    "def f(x):\n    return getattr(nn, 'G' + 'RU')(1, 1)(x)": (None, "getattr"),
    "def f(x):\n    return getattr(nn, 'GRU')(1, 1)(x)": ("GRU", None),
    "def f(x):\n    return eval('nn.G' + 'RU')(x)": (None, "eval"),
    "def f(x):\n    return torch.ops.aten.x(x)": (None, "ops"),
    "match nn:\n    case object(GRU=G):\n        pass\ndef f(x):\n    return G(1, 1)(x)": (None, "GRU"),
    "kept = []\nmatch torch:\n    case object(_C=c):\n        kept.append(c)\ndef f(x):\n    return x": (None, "_C"),
    "match 1:\n    case object(real=r):\n        pass\ndef f(x):\n    return r * x": (None, None),
    "import numpy\nkept = [numpy.load(1, allow_pickle=True)]\ndef f(x):\n    return x": (None, "load"),
    "def f(x):\n    return x.apply_(abs)": (None, "apply_"),
    "class f(torch.Tensor):\n    def __torch_function__(self):\n        pass": (None, "__torch_function__"),
    "import importlib\ndef f(x):\n    return x": (None, "importlib"),
    "def f(x):\n    return nn.Module.__subclasses__()[0](x)": (None, "__subclasses__"),
    "def f(x):\n    return torch.tanh(x)\nmine = nn.GRU(1, 1)": (None, None),
    "def f(x, h):\n    h = torch.tanh(x)\n    return h\nh = nn.GRUCell(1, 1)": (None, None),
    "class f(nn.Module):\n    def __init__(self):\n        setattr(self, 'a', 1)": (None, None),
}


@pytest.mark.parametrize("code", CALLS)
def test_what_an_answer_calls_is_seen_in_its_code(code):
    cells = [[0, "import torch\nfrom torch import nn", None], [1, code, None]]
    assert submission.delegates(cells, ("f",)) == CALLS[code]


@pytest.mark.parametrize("subject", ["gru", "lstm", "hand-built-digits", "variable-lengths"])
def test_the_solutions_call_nothing_and_hide_nothing(subject):
    own = [one for one in exercises.catalogue().values() if one.subject == subject]
    cells = [[k, one.cell.source, one.id] for k, one in enumerate(own)]
    for one in own:
        flags = exercises.hidden_flags()[one.id]
        forbidden = {*flags["without"], *(submission.LAYERS if flags["by_hand"] else ())}
        if forbidden:
            assert submission.delegates(cells, one.names, forbidden) == (None, None), one.id


def test_packing_with_pytorchs_function_is_seen():
    flags = exercises.hidden_flags()["variable-lengths/pack"]
    code = "def pack_by_hand(x, lengths):\n    return pack_padded_sequence(x, lengths)"
    calls, _ = submission.delegates([[0, code, None]], ("pack_by_hand",), set(flags["without"]))
    assert calls == "pack_padded_sequence"


def test_a_manifest_names_students_and_never_leads_out(tmp_path):
    rows = [{"student": "7", "name": "Ada", "file": "a.ipynb", "problem": None},
            {"student": "8", "name": "Bob", "file": None, "problem": "nothing was handed in"}]
    (tmp_path / "manifest.json").write_text(json.dumps({"rows": rows}), encoding="utf-8")
    found = grade.handed_in(tmp_path)
    assert [(one["student"], one["name"], one["problem"]) for one in found] == [
        ("7", "Ada", None), ("8", "Bob", "nothing was handed in")]


def test_a_file_beside_those_in_the_manifest_has_its_row(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"rows": [{"student": "7", "file": "a.ipynb"}]}), "utf-8")
    for name in ("a.ipynb", "late.ipynb"):
        (tmp_path / name).write_text("{}", "utf-8")
    (tmp_path / "graded").mkdir()
    assert [one["student"] for one in grade.handed_in(tmp_path)] == ["7", "late"]


HOLDING = """
from instructor.sandbox import Sandbox
made = Sandbox(unsafe=True, preload=[])
print(made.folder, flush=True)
input()
"""


def test_a_cell_runs_without_its_magics():
    cell = "%time\nif x:\n    %run y.py\nx = 1\nfiles = !ls\n?print\nprint??"
    assert inside.tidy(cell) == "pass\nif x:\n    pass\nx = 1\nfiles = []\npass\npass"
    assert inside.tidy("%%time\nx = 1") == "\nx = 1" and inside.tidy("%%bash\nls") == ""
    assert inside.tidy("x = 1 % 2") == "x = 1 % 2"


def test_what_a_killed_run_has_left_is_removed_and_no_living_ones(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(sandbox.tempfile, "tempdir", str(tmp_path))
    living, killed = (subprocess.Popen([sys.executable, "-c", HOLDING], cwd=ROOT, text=True, stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE) for _ in range(2))
    folders = [Path(one.stdout.readline().strip()) for one in (living, killed)]
    killed.kill()
    killed.communicate()
    made = sandbox.Sandbox(unsafe=True, preload=[])
    assert set(some(tmp_path.iterdir())) == {folders[0], made.folder} and (made.folder / "inside.py").is_file()
    made.close()
    living.kill()
    living.communicate()
    sandbox.Sandbox(unsafe=True, preload=[]).close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_two_processes_grade_as_one_does(bubblewrap, handed_in, assignment, tmp_path):
    found = {one["student"]: one["grade"] for one in grade.grade_batch(
        handed_in, assignment, tmp_path / "out", limits=LIMITS, jobs=2)}
    assert found["ada"] == 8 and found["bob"] == 0 and found["eve"] == 5
