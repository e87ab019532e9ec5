"""The mutants: each kind is made, exactly where it says, and a run can be interrupted without losing anything."""

import ast
import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.course import ROOT, notebooks, some
from tools.mutants import __main__ as program
from tools.mutants import bench, reach, report
from tools.mutants.__main__ import draw, files_of, key, read_results, try_out
from tools.mutants.generate import mutants_of, mutants_of_text, mutate, mutate_text

KINDS = [      # the text, the changed texts that must be among its mutants
    ("y = a + b", ["y = a - b", "y = a", "y = b"]),
    ("y = a - b", ["y = a + b", "y = a"]),
    ("y = a * b / c", ["y = a / b / c", "y = a * b * c"]),
    ("y = a @ b ** 2", ["y = a * b ** 2", "y = a @ b * 2", "y = a @ b ** 3"]),
    ("y += 3", ["y -= 3", "y += 4"]),
    ("y = (a  # why\n     + b)", ["y = (a  # why\n     - b)", "y = (b)"]),
    ("y = -x", ["y = x"]),
    ("y = a < b", ["y = a <= b", "y = a > b"]),
    ("y = a is  not b", ["y = a is b"]),
    ("y = a not in b == c", ["y = a in b == c", "y = a not in b != c"]),
    ("y = a and b or not c", ["y = a or b or not c", "y = a and b and not c", "y = a and b or c"]),
    ("if ready: go()", ["if (not (ready)): go()", "if ready: pass"]),
    ("y = f(0, 1, 7, 0.5, 1.0)", ["y = f(1, 1, 7, 0.5, 1.0)", "y = f(0, 0, 7, 0.5, 1.0)", "y = f(0, 1, 8, 0.5, 1.0)",
                                  "y = f(0, 1, 7, 1.0, 1.0)", "y = f(0, 1, 7, 0.5, 0.0)"]),
    ("y = x[-1] + z[0, 2]", ["y = x[0] + z[0, 2]", "y = x[-1] + z[-1, 2]", "y = x[-1] + z[0, 1]"]),
    ("y = x[1:n:-1]", ["y = x[:n:-1]", "y = x[2:n:-1]", "y = x[1::-1]", "y = x[1:n:]"]),
    ("y = x.sum(dim=-1)", ["y = x.sum(dim=0)", "y = x.sum()"]),
    ("y = np.mean(x, axis=1)", ["y = np.mean(x, axis=0)", "y = np.sum(x, axis=1)"]),
    ("i, f, g = gates", ["f, i, g = gates", "i, g, f = gates"]),
    ("for t, (a, b) in steps: pass", ["for (a, b), t in steps: pass", "for t, (b, a) in steps: pass"]),
    ("y = [k for k, v in x if v]", ["y = [k for v, k in x if v]", "y = [k for k, v in x if (not (v))]"]),
    ("f(a, b=1, c=2,)", ["f(a, c=2,)", "f(a, b=1,)"]),
    ("f(b=1, c=2)", ["f(c=2)"]),
    ("fit(x_train, x_val)", ["fit(x_val, x_val)", "fit(x_train, x_train)"]),
    ("model.eval()", ["model.train()"]),
    ("y = split['train']", ['y = split["val"]']),
    ("y = True", ["y = False"]),
    ('loss(x, reduction="mean")', ['loss(x, reduction="sum")', "loss(x)"]),
    ("y = x.T @ w.transpose(0, 1)", ["y = x @ w.transpose(0, 1)", "y = x.T @ w"]),
    ("y = torch.flip(x, [1]) + (a + b).unsqueeze(0)", ["y = x + (a + b).unsqueeze(0)",
                                                      "y = torch.flip(x, [1]) + (a + b)"]),
    ("y = torch.tanh(x) + x.sigmoid()", ["y = torch.sigmoid(x) + x.sigmoid()", "y = torch.tanh(x) + x.tanh()"]),
    ("y = math.tanh(max(x))", ["y = math.atan(max(x))", "y = math.tanh(min(x))"]),
    ("def f(x, n=3):\n    x = g(x)\n    return x", ["def f(x, n=4):\n    x = g(x)\n    return x",
                                                   "def f(x, n=3):\n    return\n    return x",
                                                   "def f(x, n=3):\n    x = g(x)\n    return None"]),
    ("for x in y:\n    break", ["for x in y:\n    continue"]),
    ("if x < 0:\n    raise ValueError('é')", ["if x < 0:\n    pass"]),
    ("é = 'é'; y = 'é' if ü else x[0]", ["é = 'é'; y = 'é' if ü else x[-1]"]),
    ('print(f"{x + 1:.2f} é {y[0]}")', ['print(f"{x - 1:.2f} é {y[0]}")', 'print(f"{x + 1:.2f} é {y[-1]}")']),
    ("y = x[0]\r\nz = 1\r\n", ["y = x[-1]\r\nz = 1\r\n", "y = x[0]\r\nz = 0\r\n"]),
]
LEFT_ALONE = [
    '"""A doc of 3 words."""', "import a.b as c", "__all__ = ['a', 'b']", 'if __name__ == "__main__":\n    main(1)',
    "x: dict[int, 3]", "def f(a: x[0]) -> y[1]: ...", "def f():\n    '''Doc.'''\n    ...",
    "y = 'loss ' + text", "y = '%d' % n", "@wraps(f, n=1)\nclass A:\n    pass",
]


def changed(text, cell=""):
    return [mutate_text(text, mutant) for mutant in mutants_of_text(text, "file.py", cell)[0]]


@pytest.mark.parametrize(("text", "wanted"), KINDS, ids=[text for text, _ in KINDS])
def test_each_kind_is_made_where_it_says(text, wanted):
    made = changed(text)
    assert [one for one in wanted if one not in made] == []
    assert len(made) == len(set(made)) and text not in made
    for one in made:
        ast.parse(one)


@pytest.mark.parametrize("text", LEFT_ALONE)
def test_what_is_no_code_to_run_is_left_alone(text):
    assert changed(text) == []


def test_tolerances_are_left_alone():
    assert changed("assert close(a, b, atol=1e-5)") == []


def test_what_is_the_default_is_neither_dropped_nor_made_twice():
    assert changed("x = zip(a, b, strict=True)") == ["x = zip(a, b)"]
    assert changed("x = zip(a, b, strict=False)") == ["x = zip(a, b, strict=True)"]


def test_two_names_for_the_same_value_do_not_change_places():
    assert not [one for one in changed("h, c, t = 0.5, 0.5, 7") if one.startswith("c, h")]
    assert "h, t, c = 0.5, 0.5, 7" in changed("h, c, t = 0.5, 0.5, 7")
    assert "b, a = f(), f()" in changed("a, b = f(), f()")


def test_the_help_of_a_command_is_left_alone():
    command = "p.add_argument('--n', type=int, help='how many', metavar='N')"
    assert sorted(changed(command)) == ["p.add_argument('--n', help='how many', metavar='N')", "pass"]


def test_a_mutant_says_where_it_is_and_what_it_does():
    text = "a = 1\nü, y = f(x), g(x[0],\n         1)  # end\n"
    mutant = next(one for one in mutants_of_text(text, "seqlab/a.py")[0] if one.kind == "index")
    assert mutant.id == "seqlab/a.py:2:18 index 0->-1"
    assert text[mutant.start:mutant.end] == "0" and mutant.lines == (2, 3)
    assert mutant.change == "ü, y = f(x), g(x[0],  =>  ü, y = f(x), g(x[-1],"


def test_a_line_is_excused_by_a_comment_with_a_reason():
    made, excused = mutants_of_text("a = 1  # no mutant: any number would do\nb = 2\n", "a.py")
    assert [one.line for one in made] == [2] and [one.line for one in excused] == [1]
    with pytest.raises(ValueError, match=r"a\.py:2: say why"):
        mutants_of_text("b = 2\na = 1  # no mutant\n", "a.py")
    assert len(mutants_of_text("a = '# no mutant: only a text', 3\n", "a.py")[0]) == 1


def test_magics_of_a_notebook_stay_and_what_would_not_compile_is_not_made():
    made = changed("%timeit f(1)\ny = 2\n!ls 3", cell="abc")
    assert made == ["%timeit f(1)\ny = 3\n!ls 3"]
    assert sorted(changed("f(a=1,)")) == ["f(a=0,)", "pass"], "and not f(,)"


def test_of_a_notebook_one_line_of_one_cell_changes(tmp_path):
    for notebook in notebooks()[1::9]:
        made, _ = mutants_of(notebook.path, ROOT)
        before = notebook.path.read_bytes()
        for mutant in made[::60]:
            copy = tmp_path / notebook.path.name
            copy.write_bytes(before)
            mutate(copy, mutant)
            old, new = before.split(b"\n"), copy.read_bytes().split(b"\n")
            assert len({*old} ^ {*new}) <= 2 * (mutant.lines[1] - mutant.lines[0] + 1), mutant.id
            cells = zip(json.loads(before)["cells"], json.loads(copy.read_bytes())["cells"], strict=True)
            assert [old["id"] for old, new in cells if old != new] == [mutant.cell]


def test_the_set_up_cell_has_no_mutants():
    notebook = notebooks()[0]
    assert notebook.setup.id not in {mutant.cell for mutant in mutants_of(notebook.path, ROOT)[0]}


def test_every_file_of_the_course_is_mutated():
    names = {path.relative_to(ROOT).as_posix() for path in files_of(ROOT)}
    assert {"seqlab/cells.py", "studies/recall.py", "instructor/student.py", "tools/mutants/generate.py",
            "book/02-scalar-rnn.ipynb", "book/exercises/08-lstm.ipynb"} <= names
    assert {notebook.path.relative_to(ROOT).as_posix() for notebook in notebooks()} <= names


@pytest.mark.slow
def test_every_entry_of_the_equivalent_ones_is_still_there():
    entries = report.equivalent(ROOT)
    made = [mutant for file in entries for mutant in mutants_of(ROOT / file, ROOT)[0]]
    assert report.stale(entries, made, set(entries)) == []
    assert [entry for here in entries.values() for entry, why in here.items() if len(why.split()) < 4] == []


def test_an_entry_is_a_diff_or_a_place_and_is_stale_without_its_mutant():
    made, _ = mutants_of_text("y = a < b\nz = a < c\n", "a.py")
    assert [report.reason(one, {"a.py": {"y = … => y = a <= b": "why"}}) for one in made[:2]] == ["", ""]
    assert [report.reason(one, {"a.py": {"y = …  =>  y = a <= b": "why"}}) for one in made[:2]] == ["why", ""]
    assert [bool(report.reason(one, {"a.py": {":2:7 Lt->LtE": "why"}})) for one in made] == [False, False, True, False]
    assert report.stale({"a.py": {":3:1 …": "why"}, "b.py": {"…": "why"}}, made, {"a.py"}) == ["a.py: :3:1 …"]


def test_the_tests_about_text_are_there():
    """Otherwise a mutant would be killed for being another text."""
    for test in reach.ABOUT_TEXT:
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / file).read_text("utf8")


def record(tests, lines, red=()):
    return {"tests": tests, "lines": lines, "red": list(red)}


def test_the_cheapest_tests_that_run_the_line_come_first_and_the_file_named_after_it():
    mutant, = [one for one in mutants_of_text("a = 1\ndef f(x):\n    return -x\n", "seqlab/cells.py")[0]
               if one.what == "- dropped"]
    records = {
        "tests/test_quick.py": record({"q": 0.1, "other": 9}, {"seqlab/cells.py": {"3": ["q"], "1": ["other"]}}),
        "tests/test_cells.py": record({"slow": 2.0, "fast": 1.0, "red": 1.0},
                                      {"seqlab/cells.py": {"3": ["slow", "fast", "red"]}}, ["red"]),
        "tests/test_all.py": record({"a": 3.0, "b": 4.0}, {"seqlab/cells.py": {"3": [""]}}),
        "tests/test_none.py": record({"n": 0.1}, {"seqlab/data.py": {"3": ["n"]}}),
        "book/02-x.ipynb": record({"book/02-x.ipynb": 5.0}, {"seqlab/cells.py": {"3": [""]}}),
    }
    first, second, third = reach.stages(mutant, records)
    assert (first.units, first.tests, first.limit) == (["tests/test_cells.py"], ["fast", "slow"], 45)
    assert (second.units, second.tests) == (["tests/test_quick.py", "tests/test_all.py"], ["q", "a", "b"])
    assert third.units == ["book/02-x.ipynb"]


def test_the_test_that_has_killed_a_mutant_is_asked_first_and_those_that_kill_most_come_early():
    one, other = [one for one in mutants_of_text("a = b + c\n", "seqlab/cells.py")[0]][:2]
    lines = {"seqlab/cells.py": {"1": ["tests/test_cells.py::dull", "tests/test_cells.py::sharp", "tests/b.py::far"]}}
    records = {"tests/test_cells.py": record({"tests/test_cells.py::dull": 1, "tests/test_cells.py::sharp": 2}, lines),
               "tests/b.py": record({"tests/b.py::far": 9.0}, lines)}
    past = [{"id": name, "file": "seqlab/cells.py", "by": by} for name, by in
            [("x", "tests/test_cells.py::sharp"), ("y", "tests/test_cells.py::sharp"), (one.id, "tests/b.py::far")]]
    dull, sharp, far = (name for tests in records.values() for name in tests["tests"])
    assert [stage.tests for stage in reach.stages(one, records, past)] == [[far], [sharp, dull], [far]]
    assert [stage.tests for stage in reach.stages(other, records, past)] == [[sharp, dull], [far]]
    assert [stage.tests for stage in reach.stages(other, records)] == [[dull, sharp], [far]]


def test_a_notebook_is_asked_about_before_it_is_run():
    mutant = mutants_of_text("a = 1", "book/02-scalar-rnn.ipynb", "c1")[0][0]
    records = {"tests/test_chapters/test_scalar_rnn.py": record({"x": 1.0}, {}),
               "tests/test_notebooks.py": record({"t[02-scalar-rnn.ipynb]": 0.1, "t[03-shapes.ipynb]": 0.1}, {}),
               "book/02-scalar-rnn.ipynb": record({"book/02-scalar-rnn.ipynb": 7.0}, {})}
    asked, itself = reach.stages(mutant, records)
    assert asked.tests == ["t[02-scalar-rnn.ipynb]", "x"] and itself.units == ["book/02-scalar-rnn.ipynb"]


def test_another_text_or_another_test_is_another_key(tmp_path):
    (tmp_path / "a.py").write_text("a = 1\n")
    (tmp_path / "test_a.py").write_text("")
    mutant = mutants_of(tmp_path / "a.py", tmp_path)[0][0]
    stages = [reach.Stage(["test_a.py"], [], 1)]
    keys = [key(mutant, stages, tmp_path)]
    for name in ("a.py", "test_a.py", "conftest.py"):
        (tmp_path / name).write_text("b = 2\n")
        keys.append(key(mutant, stages, tmp_path))
    assert len(set(keys)) == 4 and key(mutant, stages, tmp_path) == keys[-1]


@pytest.mark.parametrize(("ends", "limits", "status", "by"), [
    ([(0, ""), (0, "")], [30.5, 40], "survived", ""),
    ([(1, "a::one")], [30.5], "killed", "a::one"),
    ([(0, ""), (5, "")], [30.5, 40], "killed", "nothing could be run"),
    ([(3, "")], [30.5], "killed", "pytest ended with 3"),
    ([(None, "", 21.0)], [30.5], "timeout", "a"),                               # busy all the time
    ([(None, "", 1.0), (None, "", 1.0)], [30.5, 61], "timeout", "a"),           # it waits, twice
    ([(None, "", 1.0), (0, ""), (None, "", 99.0)], [30.5, 61, 40], "timeout", "c"),
])
def test_a_mutant_is_shown_to_one_stage_after_the_other_until_something_is_red(
        tmp_path, monkeypatch, ends, limits, status, by):
    path = tmp_path / "a.py"
    path.write_text("y = a + b\n")
    os.utime(path, (7, 7))
    mutant = next(one for one in mutants_of(path, tmp_path)[0] if "Add" in one.id)
    stages = [reach.Stage(["a"], ["a::one"], 0.1), reach.Stage(["b", "c"], [], 2)]
    left, asked = [(*end, 0.5)[:3] for end in ends], []

    def pytest_in(tree, arguments, limit, plugins, processor):
        assert path.read_text() == "y = a - b\n" and path.stat().st_mtime >= 1_000_000_000
        asked.append((arguments, limit, list(plugins[0].order), processor))
        code, red, used = left.pop(0)
        return code, 9.0, used, red

    monkeypatch.setattr(bench, "pytest_in", pytest_in)
    result = try_out(mutant, stages, tmp_path)
    assert not left and path.read_text() == "y = a + b\n" and path.stat().st_mtime == 7
    assert (result["status"], result["by"]) == (status, by)
    assert result["tried"] == (["a", "b", "c"] if 40 in limits else ["a"])
    assert result["cpu"] == pytest.approx(sum((*end, 0.5)[2] for end in ends)) and 0 <= result["seconds"] < 9
    assert (result["id"], result["file"], result["change"]) == (mutant.id, "a.py", mutant.change)
    assert asked == [(["-x", "b", "c"], limit, [], 26) if limit == 40 else (["-x", "a"], limit, ["a::one"], 20.3)
                     for limit in limits]


def test_what_is_known_is_not_tried_again_and_what_is_new_is_written_down(tmp_path, monkeypatch, capsys):
    """Of two units one was recorded; of two mutants one was tried with these very tests, and one with others."""
    for name, text in (("a.py", "y = a < b\n"), ("test_a.py", ""), ("test_b.py", "")):
        (tmp_path / name).write_text(text)
    one, two = mutants_of(tmp_path / "a.py", tmp_path)[0][:2]
    records = {unit: {"unit": unit, "red": ["test_b.py::red"] if unit == "test_b.py" else [], "loaded": [unit],
                      "tests": {f"{unit}::good": 1.0}, "lines": {"a.py": {"1": [f"{unit}::good"]}}}
               for unit in ("test_a.py", "test_b.py")}
    told, tried = [], []

    class Pool:
        def imap_unordered(self, task, jobs):
            return [task(job) for job in jobs]

    def record(job):
        told.append(job)
        return records[job[0]]

    def attempt(job):
        tried.append(job[0].id)
        return {"id": job[0].id, "file": "a.py", "status": "killed", "by": "new"}

    monkeypatch.setattr(reach, "known", lambda unit, root, kept, lines: records[unit] if unit == "test_a.py" else None)
    monkeypatch.setattr(program, "_record", record)
    monkeypatch.setattr(program, "_try", attempt)
    planned = key(one, reach.stages(one, records, []), tmp_path)
    past = [{"key": planned, "id": one.id, "file": "a.py", "status": "survived", "by": ""},
            {"key": "another", "id": two.id, "file": "a.py", "status": "survived", "by": ""}]
    (tmp_path / "results.jsonl").write_text("".join(json.dumps(result) + "\n" for result in past))
    results = program.show([one, two], list(records), Pool(), tmp_path, tmp_path)
    assert told == [("test_b.py", tmp_path, True)] and tried == [two.id]
    assert "red without any mutant: test_b.py::red" in capsys.readouterr().out
    assert list(results) == [one.id, two.id] and [result["status"] for result in results.values()] == [
        "survived", "killed"]
    *before, last = read_results(tmp_path)
    assert before == past and last == results[two.id] and last["key"] == key(
        two, reach.stages(two, records, past), tmp_path)


# --- a small project, whole -------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path):
    files = {
        "seqlab/__init__.py": "",
        "seqlab/small.py": "def longer(a, b):\n    return a > b\n",
        "tests/test_small.py": "import pytest\nfrom seqlab.small import longer\n\n\n"
                               "def test_longer():\n    assert longer(2, 1) and not longer(1, 2)\n\n\n"
                               "def test_red():\n    assert longer(1, 2)\n\n\n"
                               "@pytest.mark.slow\ndef test_equal():\n    assert not longer(1, 1)\n",
        "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\nmarkers = ['slow']\n",
        ".gitignore": "artefacts/\n__pycache__/\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def run(project: Path, *options: str):
    return subprocess.run([sys.executable, "-m", "tools.mutants", "--root", project, *options], cwd=ROOT, text=True,
                          capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_the_scratch_copy_holds_what_git_keeps_or_would_keep(project, tmp_path_factory):
    subprocess.run(["git", "add", "seqlab"], cwd=project, check=True)
    (project / "seqlab/small.py").write_text("changed = 1\n")
    (project / "seqlab/__init__.py").unlink()
    (project / "artefacts").mkdir()
    (project / "artefacts/kept").touch()
    (project / "a new one ü").write_bytes(b"\xff")
    tree = bench.copy_project(project, tmp_path_factory.mktemp("scratch") / "deep" / "course")
    copied = {path.relative_to(tree).as_posix(): path.read_bytes() for path in some(tree.rglob("*"))
              if path.is_file() and ".git" not in path.parts}
    names = {"seqlab/small.py", "tests/test_small.py", "pyproject.toml", ".gitignore", "a new one ü"}
    assert copied == {name: (project / name).read_bytes() for name in names}
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=tree, capture_output=True, check=True).stdout.decode()
    assert set(listed.split("\0")) - {""} == names, "some tools ask git for the files"


def test_a_scratch_copy_has_what_is_installed(tmp_path):
    """The MicroPython of the pages is in .venv/npm, and on the bench there is no network to fetch it from."""
    (tmp_path / ".venv" / "npm").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    assert (bench.copy_project(tmp_path, tmp_path / "copy") / ".venv" / "npm").is_dir()


RECORD = """
import json, sys
from pathlib import Path
from tools.mutants import bench, reach
root, folder, *units = sys.argv[1:]
tree = bench.copy_project(Path(root), Path(folder) / "course")
print(json.dumps([reach.record(unit, tree, Path(folder) / "kept") for unit in units]))
"""


FAR = """import functools, subprocess, sys, time, pytest
from seqlab import kept

once = functools.cache(kept.kept)


class Strange:
    cache_clear = None      # as what a library makes up when it is asked for any name


strange = Strange()


def test_one():
    once()


def test_two():
    once()


@pytest.fixture(scope="module")
def made():
    from seqlab.small import longer
    return longer(3, 2)


def test_made(made):
    time.sleep(0.1)


def test_far():
    subprocess.run([sys.executable, "-c", "import seqlab.far"], check=True)
"""


def recorded(project: Path, folder: Path, *units: str, **environment: str) -> list[dict]:
    """What is recorded of these units, in a process of its own, since the recording forgets the modules of a course."""
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    around = {name: value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"}
    done = subprocess.run([sys.executable, "-c", RECORD, project, folder, *units], cwd=ROOT, text=True,
                          capture_output=True, env={**around, "PYTHONPATH": path, **environment})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.slow
def test_it_is_recorded_which_tests_run_a_line_in_whatever_process_and_what_else_they_need(project, tmp_path_factory):
    (project / "tests/test_far.py").write_text(FAR)
    (project / "seqlab/far.py").write_text("FAR = 1\n")
    (project / "seqlab/kept.py").write_text("def kept():\n    return 1\n")
    folder = tmp_path_factory.mktemp("scratch")
    units = ["tests/test_small.py", "tests/test_far.py", "tests/test_small.py#slow"]
    quick, far, slow = records = recorded(project, folder, *units, PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    longer, red, equal = (f"tests/test_small.py::test_{name}" for name in ("longer", "red", "equal"))
    assert quick["lines"]["seqlab/small.py"] == {"1": [""], "2": [longer, red]} and quick["red"] == [red]
    assert set(quick["tests"]) == {longer, red} and set(slow["tests"]) == {equal} and slow["red"] == []
    assert slow["lines"]["seqlab/small.py"]["2"] == [equal]
    assert far["lines"]["seqlab/far.py"] == {"1": ["tests/test_far.py::test_far"]}
    assert far["lines"]["seqlab/small.py"]["2"] == [""], "a fixture that several tests share is run for each of them"
    assert far["tests"]["tests/test_far.py::test_made"] >= 0.1
    assert far["lines"]["seqlab/kept.py"]["2"] == ["tests/test_far.py::test_one", "tests/test_far.py::test_two"]
    assert slow["loaded"] == ["seqlab/__init__.py", "seqlab/small.py", "tests/test_small.py"]
    assert "seqlab/far.py" in far["loaded"]
    assert not [file for one in records for file in one["lines"] if file.startswith("tests")]

    assert [reach.known(unit, project, folder / "kept") for unit in units] == records
    (project / "seqlab/far.py").write_text("FAR = 2\n")
    assert [reach.known(unit, project, folder / "kept") for unit in units] == [quick, None, slow]
    assert reach.known("tests/test_none.py", project, folder / "kept") is None


def test_a_unit_that_cannot_be_run_is_an_error_and_not_one_without_tests(project, tmp_path_factory):
    (project / "conftest.py").write_text("def pytest_runtest_logstart():\n    1 / 0\n")
    with pytest.raises(AssertionError, match=r"tests/test_small\.py could not be run:(.|\n)*ZeroDivisionError"):
        recorded(project, tmp_path_factory.mktemp("scratch"), "tests/test_small.py", PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")


@pytest.mark.slow       # it starts a kernel
def test_of_a_notebook_it_is_recorded_whether_it_is_green_and_which_lines_its_code_runs(project, tmp_path_factory):
    def notebook(name, kind, source, **more):
        cells = [{"cell_type": kind, "id": "1", "metadata": {}, "source": source, **more}]
        (project / "book").mkdir(exist_ok=True)
        (project / f"book/{name}.ipynb").write_text(json.dumps(
            {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))

    code = "from seqlab.small import longer\nassert longer(2, 1)"
    notebook("a", "code", code, outputs=[], execution_count=1)
    notebook("b", "markdown", code)
    notebook("c", "code", "assert False", outputs=[], execution_count=1)
    settings = project / "pyproject.toml"
    settings.write_text(settings.read_text() + "addopts = '--nbval'\n")
    good, words, bad = recorded(project, tmp_path_factory.mktemp("scratch"), *(f"book/{name}.ipynb" for name in "abc"))
    assert good["red"] == [] and good["tests"]["book/a.ipynb"] > 0
    assert good["lines"] == {"seqlab/__init__.py": {"0": [""]}, "seqlab/small.py": {"1": [""], "2": [""]}}
    assert words["lines"] == {} and words["loaded"] == ["book/b.ipynb", "seqlab/__init__.py", "seqlab/small.py"]
    assert len(bad["red"]) == 1 and bad["lines"] == {}


@pytest.mark.parametrize("wide", [False, True])
def test_wide_shows_what_survived_to_the_slow_tests_too(project, monkeypatch, wide):
    (project / "tests/test_small.py").with_name("test_b.py").touch()
    (project / "book").mkdir()
    (project / "book/a.ipynb").write_text('{"cells": [{"cell_type": "code", "id": "1", "metadata": {}, '
                                           '"source": "y = a + b"}]}')
    python, cell = (mutants_of(project / file, project)[0] for file in ("seqlab/small.py", "book/a.ipynb"))
    shown = []

    def show(mutants, units, pool, root, kept, lines=True):
        assert pool == ("pool", 3, program._begin, (project, project / "scratch")) and root == project and kept.is_dir()
        shown.append(([one.id for one in mutants], units, lines))
        status = "killed" if lines else "survived"
        return {one.id: {"status": "killed" if one == python[0] else status, "tried": [len(shown)]} for one in mutants}

    class Context:
        Pool = staticmethod(lambda *given: contextlib.nullcontext(("pool", *given)))

    done = []
    monkeypatch.setattr(program, "show", show)
    monkeypatch.setattr(program.multiprocessing, "get_context", lambda kind: Context)
    monkeypatch.setattr(bench, "quiet_environment", done.append)
    monkeypatch.setattr(bench, "warm_up", done.append)
    results = program.run([*python, *cell], project, project / "scratch", 3, wide)
    assert done == [project / "scratch", project]
    every, left = [one.id for one in (*python, *cell)], [one.id for one in python[1:]]
    quick = ["tests/test_b.py", "tests/test_small.py", "book/a.ipynb"]
    slow = ["tests/test_small.py#slow", "book/a.ipynb"]
    assert shown == [(every, quick, False), (left, slow, True)][:1 + wide]
    assert [(result["status"], result["tried"]) for result in results] == [
        ("killed", [1]), *[("killed", [1, 2]) if wide else ("survived", [1])] * len(left),
        *[("survived", [1])] * len(cell)]


def test_the_score_is_told_and_may_be_the_exit_status(project, monkeypatch, capsys):
    monkeypatch.setenv(program.INSIDE, str(project / "scratch"))
    asked = []

    def run(mutants, root, folder, jobs, wide):
        asked.append((len(mutants), root, folder, jobs, wide))
        return [{"id": one.id, "file": one.file, "kind": one.kind, "change": one.change, "tried": ["a test"],
                 "status": "survived" if number == 0 else "killed"} for number, one in enumerate(mutants)]

    monkeypatch.setattr(program, "run", run)
    root = ["--root", str(project)]
    assert program.main([*root, "seqlab/small.py", "--jobs", "2", "--wide"]) == 0
    said = capsys.readouterr().out
    assert asked == [(3, project, project / "scratch", 2, True)]
    assert "3 mutants of 1 files; 0 are equivalent, 0 more are excused" in said and "score 0.667, 95 %" in said
    assert "not noticed by a test" in said and "by kind" in said and "by file" in said and "less than" not in said
    assert program.main([*root, "--at-least", "0.7"]) == 1 and "That is less than 0.7" in capsys.readouterr().out
    assert program.main([*root, "--at-least", "0.66"]) == 0
    assert program.main([*root, "--sample", "3"]) == 0 and "Of these" not in capsys.readouterr().out
    assert program.main([*root, "--sample", "2"]) == 0 and "Of these, 2: --sample 2" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        program.main([*root, "seqlab/none.py"])
    assert "no mutants are made of seqlab/none.py" in capsys.readouterr().err
    (project / report.EQUIVALENT).write_text('["seqlab/small.py"]\n"…a > b  =>  …a >= b" = "so"\n')
    assert program.main(root) == 0 and "1 are equivalent" in capsys.readouterr().out and asked[-1][0] == 2
    (project / report.EQUIVALENT).write_text('["seqlab/small.py"]\n"gone" = "so"\n')
    assert program.main(root) == 1 and "seqlab/small.py: gone" in capsys.readouterr().out

    def interrupted(*given):
        raise KeyboardInterrupt

    (project / report.EQUIVALENT).unlink()
    monkeypatch.setattr(program, "run", interrupted)
    assert program.main(root) == program.INTERRUPTED


@pytest.mark.parametrize("code", [0, 1, program.INTERRUPTED, None])
def test_the_command_runs_again_inside_the_wall_and_may_be_interrupted(tmp_path, monkeypatch, capsys, code):
    started, ended = [], []

    class Process(contextlib.nullcontext):
        def __init__(self, command, cwd, env):
            super().__init__(self)
            started.append((command, cwd, Path(env[program.INSIDE]).is_dir(), "PATH" in env))

        def wait(self):
            if code is None:
                raise KeyboardInterrupt
            return code

        def terminate(self):
            ended.append(True)

    monkeypatch.delenv(program.INSIDE, raising=False)
    monkeypatch.setattr(program.subprocess, "Popen", Process)
    monkeypatch.setattr(bench, "wall", lambda folder, kept: ["wall", str(kept)])
    arguments = ["--root", str(tmp_path), "--jobs", "1"]
    assert program.main(arguments) == (program.INTERRUPTED if code is None else code)
    kept = tmp_path / "artefacts" / "mutants"
    assert started == [(["wall", str(kept), sys.executable, "-m", "tools.mutants", *arguments], ROOT, True, True)]
    assert ended == [True] * (code is None)
    assert ("goes on from here" in capsys.readouterr().out) == (code in (None, program.INTERRUPTED))


@pytest.mark.deep       # three runs of the whole tool
def test_a_run_says_what_survived_and_the_next_goes_on_where_it_stopped(project):
    before = {path: path.read_bytes() for path in some(project.rglob("*.*")) if path.is_file()}
    first = run(project)
    assert first.returncode == 0, first.stdout + first.stderr
    assert "test_red" in first.stdout.partition("\n\n")[0], "a test that is red anyway proves nothing, and is named"
    results = {result["id"]: result for result in read_results(project / "artefacts" / "mutants")}
    assert len(results) == 3
    assert results["seqlab/small.py:2:14 Gt->GtE"]["status"] == "survived"
    killed = results["seqlab/small.py:2:14 Gt->Lt"]
    assert (killed["status"], killed["by"]) == ("killed", "tests/test_small.py::test_longer")
    assert "return a > b  =>  return a >= b\n    not noticed by tests/test_small.py" in first.stdout
    assert "2        0         1   0.67   all" in first.stdout

    kept = project / "artefacts" / "mutants" / "results.jsonl"
    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("".join(lines[:2]) + lines[2][:40])      # stopped while it wrote the last
    second = run(project, "--at-least", "0.8")
    assert second.returncode == 1 and "less than 0.8" in second.stdout
    assert kept.read_text().splitlines(keepends=True)[:2] == lines[:2]
    again = read_results(project / "artefacts" / "mutants")
    assert sorted(result["id"] for result in again) == sorted(results), "one was tried again, two were not"

    wide = run(project, "--wide")
    assert "3        0         0   1.00   all" in wide.stdout
    assert read_results(project / "artefacts" / "mutants")[-1]["by"] == "tests/test_small.py::test_equal"

    for path, content in before.items():
        assert path.read_bytes() == content, "the checkout is never written to"


def test_every_day_has_its_turn_and_a_larger_draw_holds_the_smaller():
    numbers = list(range(10))
    days = [draw(numbers, 4, f"2026-02-{day}") for day in (26, 27, 28)]
    assert len({*days[0], *days[1]}) == 8 and {*days[0], *days[1], *days[2]} == {*numbers}
    assert draw(numbers, 6, "a")[:4] == draw(numbers, 4, "a") != draw(numbers, 4, "b")
    assert sorted(draw(numbers, 99, "2026-02-26")) == numbers and draw([], 3, "2026-02-26") == []


def test_a_draw_can_be_repeated(project):
    each = run(project, "--list", "--each", "2", "--seed", "1").stdout
    assert len(re.findall(r"^seqlab/small\.py:", each, re.MULTILINE)) == 2
    drawn = [run(project, "--list", "--sample", "1", "--seed", seed).stdout for seed in ("1", "1", "2", "3", "4", "5")]
    assert drawn[0] == drawn[1] and len(set(drawn)) > 2
    assert "--sample 1 --seed 1" in drawn[0]


ROUND_AND_ROUND = [sys.executable, "-c", "while True: pass"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are found in /proc")
@pytest.mark.parametrize("apart", [False, True], ids=["a child", "a child that is a group of its own, as a kernel is"])
def test_what_goes_round_for_ever_is_stopped_by_the_processor_time_of_all_that_it_started(tmp_path, apart):
    def hang():
        process = subprocess.Popen(ROUND_AND_ROUND, start_new_session=apart)
        (tmp_path / "child").write_text(str(process.pid))
        return process.wait()

    code, _, used = bench.in_a_fork(hang, 3600, tmp_path / "log", processor=1)
    assert code is None and used > 1
    with contextlib.suppress(FileNotFoundError):
        while Path("/proc", (tmp_path / "child").read_text(), "cmdline").read_bytes():
            time.sleep(0.01)        # until it has died of it


def test_what_waits_for_ever_is_stopped_by_the_clock_and_its_log_says_where_it_stood(tmp_path):
    def wait_for_nothing():
        while True:
            signal.pause()

    assert bench.in_a_fork(wait_for_nothing, 1, tmp_path / "log", processor=3600)[0] is None
    assert "in wait_for_nothing" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(("task", "code"), [(lambda: sys.stdout.close() or 3, 3), (lambda: None, 70),
                                           (lambda: sys.exit(2), 70)], ids=["closes its output", "no status", "exits"])
def test_a_run_never_returns_into_the_process_that_it_was_forked_from(tmp_path, task, code):
    assert bench.in_a_fork(task, 3600, tmp_path / "log")[0] == code
    (tmp_path / str(os.getpid())).touch()
    assert len(list(tmp_path.glob("[0-9]*"))) == 1, "the fork came by here too"


def test_a_run_may_start_another(tmp_path):
    assert bench.in_a_fork(lambda: bench.in_a_fork(lambda: 3, 60, tmp_path / "inner")[0], 60, tmp_path / "log")[0] == 3


@pytest.mark.skipif(sys.platform != "linux", reason="only there is the memory limited")
def test_a_run_gets_so_much_memory_and_one_inside_it_no_more_however_much_it_holds(tmp_path):
    def write(name, inside=lambda: 0):
        held = bytearray(100_000_000)
        (tmp_path / name).write_text(str(resource.getrlimit(resource.RLIMIT_DATA)[0]))
        return inside() + 0 * len(held)

    inner = lambda: bench.in_a_fork(lambda: write("inner"), 60, tmp_path / "inner log")[0]
    assert bench.in_a_fork(lambda: write("outer", inner), 60, tmp_path / "log")[0] == 0
    limits = [int((tmp_path / name).read_text()) for name in ("outer", "inner")]
    taken = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    assert limits[1] <= limits[0] and bench.MEMORY / 2 < limits[0] < taken + 2 * bench.MEMORY


def test_the_interval_of_a_score_is_wilsons():
    results = [{"status": "killed"}] * 9 + [{"status": "survived"}]
    assert report.interval(results) == "0.60 to 0.98"       # as scipy.stats.binomtest says


def test_unknown_files_and_stale_entries_are_errors(project):
    assert "no mutants are made of tests/test_small.py" in run(project, "tests/test_small.py").stderr
    (project / "tests" / "equivalent_mutants.toml").write_text('["seqlab/small.py"]\n"x = 1  =>  x = 0" = "because"\n')
    told = run(project, "--list")
    assert told.returncode == 1 and "seqlab/small.py: x = 1  =>  x = 0" in told.stdout
