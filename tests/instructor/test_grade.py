"""A batch from its folder to its reports: nothing is lost, graded twice or given away; and what an answer calls."""

import csv
import html
import io
import json
import re

import pytest
from click.testing import CliRunner

from instructor import exercises, grade, hidden, reports, sandbox, submission
from instructor.__main__ import main
from instructor.sandbox import Limits, NoSandbox
from tools import outside
from tools.course import some

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
    assert "1 of 3" in summary and "It stops with ValueError" in summary


@pytest.mark.slow
def test_what_is_done_is_not_done_again_and_what_has_changed_is(quick, handed_in, assignment, tmp_path, monkeypatch):
    out, asked = tmp_path / "out", []
    one_job = grade._job

    def counted(place, content, *rest):
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


CALLS = {       # code -> what it calls, what hides
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


@pytest.mark.slow
def test_two_processes_grade_as_one_does(bubblewrap, handed_in, assignment, tmp_path):
    found = {one["student"]: one["grade"] for one in grade.grade_batch(
        handed_in, assignment, tmp_path / "out", limits=LIMITS, jobs=2)}
    assert found["ada"] == 8 and found["bob"] == 0 and found["eve"] == 5
