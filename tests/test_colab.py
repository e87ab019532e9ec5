"""Colab, as far as it can be had here: what a figure sends there, what is stored for it, and the set-up cell.

A stub stands for `google.colab`. The versions that Colab ships are tried by `make colab`, and every week in Colab's
public image; what only a person in a real Colab can see is on the release checklist in CONTRIBUTING.md.
"""

import datetime
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from seqlab import widgets
from tools import check_colab, colab_stamps
from tools.course import ROOT, WIDGET_VIEW, notebooks
from tools.run_notebooks import COLAB_MANAGER

STUB = """
import json, sys, types

class Widgets:
    _installed_url = None

class Output(types.ModuleType):
    _widgets, enabled = Widgets(), 0
    def enable_custom_widget_manager(self):
        Output.enabled += 1
        self._widgets._installed_url = "https://ssl.gstatic.com/manager.min.js"

colab = types.ModuleType("google.colab")
colab.output = Output("google.colab.output")
sys.modules.update({"google": types.ModuleType("google"), "google.colab": colab, "google.colab.output": colab.output})
"""
SHOW = """
from seqlab import widgets
shown = {}
for name in widgets.__all__:
    figure = getattr(widgets, name)(*["lstm"] * (name in ("Quiz", "Due")))
    data, metadata = figure._repr_mimebundle_()
    shown[type(figure).__name__] = [sorted(data), metadata]
print(json.dumps({"shown": shown, "enabled": Output.enabled}))
"""


@pytest.fixture(scope="module")
def in_colab(root):
    """What the figures send to the page where google.colab is there."""
    result = subprocess.run([sys.executable, "-c", STUB + SHOW], cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.slow
def test_every_figure_switches_on_the_manager_that_shows_it_and_names_it(in_colab):
    assert set(in_colab["shown"]) == set(widgets.__all__) and in_colab["enabled"] >= 1
    for name, (_, metadata) in in_colab["shown"].items():
        url = metadata[WIDGET_VIEW]["colab"]["custom_widget_manager"]["url"]
        assert url == "https://ssl.gstatic.com/manager.min.js", name


@pytest.mark.slow
def test_no_still_picture_is_sent_that_colab_might_prefer(in_colab):
    for name, (kinds, _) in in_colab["shown"].items():
        assert kinds == ["application/vnd.jupyter.widget-view+json", "text/plain"], name


@pytest.mark.parametrize("notebook", [one for one in notebooks() if one.widget_states], ids=lambda one: one.name)
def test_a_stored_figure_names_the_manager_that_shows_it_before_anything_is_run(notebook):
    outputs = [output for cell in notebook.code for output in cell.outputs if WIDGET_VIEW in output.get("data", {})]
    assert outputs
    for output in outputs:
        assert output["metadata"] == {WIDGET_VIEW: {"colab": {"custom_widget_manager": {"url": COLAB_MANAGER}}}}


BEGINNING = """
import importlib.util, pathlib
from IPython import get_ipython

find = importlib.util.find_spec     # seqlab is there once there is a file with the name `installed`, not before
importlib.util.find_spec = lambda name: find("json") if pathlib.Path("installed").exists() else None

def pip(line):
    PIP

get_ipython().register_magic_function(pip)
"""


def run_setup_cell(folder: Path, pip: str) -> subprocess.CompletedProcess:
    """The set-up cell in an IPython that has no seqlab, where `%pip` does what the line `pip` says."""
    cell = notebooks()[0].setup.source
    (folder / "setup.ipy").write_text(f"{BEGINNING.replace('PIP', pip)}\n{cell}\nprint('on', 'we', 'go')\n")
    return subprocess.run([sys.executable, "-m", "IPython", "--no-term-title", "--colors=NoColor", "setup.ipy"],
                          cwd=folder, env={**os.environ, "IPYTHONDIR": str(folder)}, capture_output=True, text=True)


def test_the_set_up_cell_goes_on_once_seqlab_is_installed(tmp_path):
    result = run_setup_cell(tmp_path, "print(line); open('installed', 'w').close()")
    assert "--no-deps git+https://github.com/" in result.stdout and "on we go" in result.stdout, result.stderr


def test_where_it_cannot_install_the_set_up_cell_stops_and_says_what_to_do(tmp_path):
    result = run_setup_cell(tmp_path, "print('ERROR: Could not find a version')")
    words = result.stdout + result.stderr
    assert "on we go" not in words and "AssertionError: seqlab was not installed." in words
    assert all(word in words for word in ("Kaggle", "internet", "moved", "wheel"))


# --- the weekly run in Colab's image: its list of versions, its stamps, and what it lends ----------------------------

DAY = datetime.date(2026, 11, 21)
STAMPS = {"exercises/lstm": {"date": "2026-11-14", "python": "3.12", "torch": "2.9.0"},
          "lstm": {"date": "2026-11-14", "python": "3.12", "torch": "2.9.0"},
          "gone": {"date": "2025-01-01", "python": "3.11", "torch": "2.5.0"}}


def test_the_list_takes_the_versions_of_the_image_and_keeps_its_order():
    old = "# a head\npython==3.12\njupyter_client==7.4.9\ntorch==2.8.0+cu126\ngone==1.0\n"
    installed = {"torch": "2.9.0+cu128", "python": "3.13", "jupyter-client": "7.4.9", "other": "1.0"}
    head, versions = check_colab.refreshed(old, installed, DAY).rsplit(".\n", 1)
    assert versions == "python==3.13\njupyter_client==7.4.9\ntorch==2.9.0+cu128\n"
    assert head.endswith("on 2026-11-21") and "a head" not in head


def test_a_list_that_is_right_is_left_as_it_is():
    text = check_colab.RUNTIME.read_text()
    installed = {check_colab.canonical(name): version for name, version in check_colab.listed(text).items()}
    assert len(installed) > 20 and check_colab.refreshed(text, installed, DAY) == text


def test_a_notebook_that_ran_is_stamped_and_one_that_failed_keeps_its_stamp(tmp_path):
    pages = ["book/08-lstm.ipynb", "book/exercises/08-lstm.ipynb", "book/09-new.ipynb"]
    versions = {"python": "3.13", "torch": "2.11.0"}
    stamps = colab_stamps.renew(STAMPS, [pages[0]], pages, versions, DAY)
    assert stamps == {"exercises/lstm": STAMPS["exercises/lstm"], "lstm": {"date": "2026-11-21", **versions}}
    colab_stamps.write(stamps, tmp_path / "stamps.json")
    assert colab_stamps.read(tmp_path / "stamps.json") == stamps


def test_a_page_says_when_it_last_ran_whatever_its_number_is():
    assert colab_stamps.sentence("book/08-lstm", STAMPS | {"lstm": {**STAMPS["lstm"], "date": "2026-11-01"}}) == (
        "Last ran in Colab's image on 1 November 2026 (Python 3.12, torch 2.9.0).")
    assert "14 November 2026" in colab_stamps.sentence("book/exercises/12-lstm", STAMPS)


@pytest.mark.parametrize("stored", [None, "", "{}", '{"gru": {}}'])
def test_without_a_stamp_a_page_says_nothing(tmp_path, stored):
    if stored is not None:
        (tmp_path / "stamps.json").write_text(stored)
    assert colab_stamps.sentence("book/08-lstm", colab_stamps.read(tmp_path / "stamps.json")) == ""


def test_what_is_stamped_is_a_notebook_of_the_course():
    assert set(colab_stamps.read()) <= {colab_stamps.key(one.path.relative_to(ROOT).as_posix()) for one in notebooks()}
    assert len({colab_stamps.key(one.path.relative_to(ROOT).as_posix()) for one in notebooks()}) == len(notebooks())


def test_nothing_is_stamped_outside_of_colabs_image(root):
    before = check_colab.RUNTIME.read_bytes(), colab_stamps.FILE.exists()
    result = subprocess.run([sys.executable, "-m", "tools.check_colab", "--here", "--stamp"], cwd=root,
                            capture_output=True, text=True)
    assert result.returncode == 1 and "not Colab's image" in result.stderr
    assert before == (check_colab.RUNTIME.read_bytes(), colab_stamps.FILE.exists())


def test_a_shallow_checkout_is_refused(tmp_path, monkeypatch):
    git = ["git", "-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run([*git, "init", "--quiet", str(tmp_path / "whole")], check=True)
    for words in ("one", "two"):
        commit = ["commit", "--quiet", "--allow-empty", "--message", words]
        subprocess.run([*git, "-C", str(tmp_path / "whole"), *commit], check=True)
    clone = ["clone", "--quiet", "--depth", "1", (tmp_path / "whole").as_uri(), str(tmp_path / "shallow")]
    subprocess.run([*git, *clone], check=True)
    monkeypatch.setattr(check_colab, "ROOT", tmp_path / "shallow")
    with pytest.raises(SystemExit, match="must be whole: git fetch --unshallow"):
        check_colab.check(sys.executable, [], {}, "")


# --- the environment, made of commands that are only written down -----------------------------------------------------


@pytest.fixture
def uv(monkeypatch, tmp_path):
    """What uv is asked, without the words that are always there; `fails` says which of it fails."""
    asked, fails = [], []

    def run(*words):
        asked.append(" ".join(words))
        return SimpleNamespace(returncode=int(any(one(asked[-1]) for one in fails)), stderr="said uv")

    monkeypatch.setattr(check_colab, "uv", run)
    monkeypatch.setattr(check_colab, "VENV", tmp_path / "venv")
    monkeypatch.setattr(check_colab, "find_python", lambda version: f"/bin/python{version}")
    return SimpleNamespace(asked=asked, fails=fails, python=str(tmp_path / "venv" / "bin" / "python"))


LISTED = {"python": "3.12", "torch": "2.9.0", "numpy": "2.1.0"}


def test_an_environment_gets_the_listed_python_and_packages_all_at_once(uv, tmp_path):
    assert check_colab.build(LISTED, keep=True) == (uv.python, []), "there is none to be kept"
    install = f"pip install --quiet --python {uv.python}"
    assert uv.asked == [f"venv --quiet --clear --seed --python /bin/python3.12 {tmp_path / 'venv'}",
                        f"{install} torch==2.9.0 numpy==2.1.0"]


def test_one_that_is_there_is_kept_when_asked_for_and_seqlab_leaves_it(uv):
    Path(uv.python).parent.mkdir(parents=True)
    Path(uv.python).touch()
    assert check_colab.build(LISTED, keep=True) == (uv.python, [])
    assert uv.asked == [f"pip uninstall --quiet --python {uv.python} seqlab"]
    check_colab.build(LISTED, keep=False)
    assert uv.asked[1].startswith("venv ")


def test_a_version_that_cannot_be_had_is_named_and_the_newest_is_taken(uv):
    uv.fails.append(lambda command: "torch==2.9.0" in command)
    sentence = "torch 2.9.0 cannot be had here; the newest that fits is used"
    assert check_colab.build(LISTED, keep=False) == (uv.python, [sentence])
    assert [command.rpartition(uv.python)[2] for command in uv.asked[2:]] == [
        " --dry-run --no-deps torch==2.9.0", " --dry-run --no-deps numpy==2.1.0", " torch numpy==2.1.0"]


@pytest.mark.parametrize(("fails", "said"), [
    ("venv ", "Python 3.12 is needed and could not be had:\nsaid uv"),
    ("pip install", "The environment cannot be made:\nsaid uv"),
])
def test_without_an_environment_it_ends_and_says_why(uv, fails, said):
    uv.fails.append(lambda command: command.startswith(fails))
    with pytest.raises(SystemExit) as end:
        check_colab.build(LISTED, keep=False)
    assert end.value.code == said


def test_a_python_is_taken_that_is_named_or_on_the_path_if_it_runs(tmp_path, monkeypatch):
    good, bad = tmp_path / "python3.99", tmp_path / "broken"
    for program, code in ((good, 0), (bad, 1)):
        program.write_text(f"#!/bin/sh\nexit {code}\n")
        program.chmod(0o755)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.delenv("COLAB_PYTHON", raising=False)
    assert check_colab.find_python("3.99") == str(good) and check_colab.find_python("3.98") == "3.98"
    monkeypatch.setenv("COLAB_PYTHON", str(bad))
    assert check_colab.find_python("3.99") == str(good)
    monkeypatch.setenv("COLAB_PYTHON", str(good))
    assert check_colab.find_python("3.98") == str(good)
    monkeypatch.delenv("COLAB_PYTHON")
    made = [tmp_path / f"home/.pyenv/versions/3.97.{patch}/bin/python3.97" for patch in (1, 2)]
    for program in made:
        program.parent.mkdir(parents=True)
        os.link(good, program)
    assert check_colab.find_python("3.97") == str(made[1]), "the newest of them"


def test_that_python_is_asked_away_from_the_checkout_what_it_has(monkeypatch):
    where = check_colab.ask(sys.executable, "-c", "import os; print(os.getcwd())").strip()
    assert ROOT not in (Path(where), *Path(where).parents)
    with pytest.raises(subprocess.CalledProcessError):
        check_colab.ask(sys.executable, "-c", "1 / 0")
    packages = '[{"name": "jupyter_client", "version": "7.4.9"}, {"name": "Torch", "version": "2.9.0+cu128"}]'
    monkeypatch.setattr(check_colab, "ask", lambda python, *words: packages if "list" in words else "3.13\n")
    assert check_colab.freeze("python") == {"python": "3.13", "jupyter-client": "7.4.9", "torch": "2.9.0+cu128"}


def test_what_is_missing_is_lent_and_nothing_else(monkeypatch, capsys):
    ran, answer = [], ["nbclient nbformat\n", "\n"]
    monkeypatch.setattr(check_colab, "ask", lambda *given: answer.pop(0))
    monkeypatch.setattr(check_colab.subprocess, "run", lambda command, check: ran.append((command, check)))
    for _ in range(2):
        check_colab.lend("python", "a folder")
    install = ["python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", "a folder"]
    assert ran == [([*install, "nbclient", "nbformat"], True)] and capsys.readouterr().out.count("lent to") == 1


@pytest.mark.parametrize(("after", "fails", "good", "status"), [
    ({"torch": "2", "seqlab": "1"}, [], ["a", "b"], 0), ({"torch": "2", "seqlab": "1"}, ["b"], ["a"], 1),
    ({"torch": "2"}, [], [], 1), ({"torch": "2", "seqlab": "1", "other": "1"}, [], [], 1),
    ({"torch": "3", "seqlab": "1"}, [], [], 1), ({"seqlab": "1"}, [], [], 1),
])
def test_the_set_up_cell_may_add_seqlab_and_nothing_else(tmp_path, monkeypatch, capsys, after, fails, good, status):
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    seen = []
    monkeypatch.setattr(check_colab, "ROOT", tmp_path)
    monkeypatch.setattr(check_colab, "run_setup_cell",
                        lambda python, clone: seen.append((python, (clone / "HEAD").is_file())))
    monkeypatch.setattr(check_colab, "freeze", lambda python: after)
    monkeypatch.setattr(check_colab, "run_notebooks",
                        lambda python, names, course, lent: [name for name in names if name not in fails])
    assert check_colab.check("python", ["a", "b"], {"torch": "2"}, "lent") == (good, status)
    said = capsys.readouterr().out
    assert seen == [("python", True)] and ("1 failed: b" in said) == bool(fails)
    clean = after == {"torch": "2", "seqlab": "1"}
    assert ("the setup cell added {'seqlab': '1'} and changed nothing" in said) == clean


def test_a_notebook_runs_where_seqlab_is_not_and_with_the_digits_that_are_named(tmp_path, monkeypatch):
    ran = []

    def run(command, cwd, env):
        ran.append((command, sorted(path.name for path in Path(cwd).iterdir()), env["SEQLAB_DATA"]))
        return SimpleNamespace(returncode=int(command[-1] == "bad"))

    monkeypatch.setattr(check_colab.subprocess, "run", run)
    monkeypatch.setenv("SEQLAB_DATA", "data")
    assert check_colab.run_notebooks("python", ["good", "bad", "fine"], tmp_path, "lent") == ["good", "fine"]
    assert ran[1] == (["python", "-c", check_colab.RUN, "lent", "--no-save", "bad"], ["book", "tools"],
                      str(Path("data").resolve()))


@pytest.mark.slow
def test_what_is_lent_to_run_a_notebook_is_not_there_for_the_notebook(root, tmp_path):
    (tmp_path / "lent").mkdir()
    (tmp_path / "lent" / "lent_module.py").touch()
    asks = nbformat.v4.new_code_cell("import importlib.util\nassert not importlib.util.find_spec('lent_module')")
    nbformat.write(nbformat.v4.new_notebook(cells=[asks]), tmp_path / "asks.ipynb")
    run = check_colab.RUN.replace("sys.exit", "import lent_module; sys.exit")       # the runner has it
    command = [sys.executable, "-c", run, str(tmp_path / "lent"), "--no-save", str(tmp_path / "asks.ipynb")]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
