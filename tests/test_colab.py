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


def test_every_figure_switches_on_the_manager_that_shows_it_and_names_it(in_colab):
    assert set(in_colab["shown"]) == set(widgets.__all__) and in_colab["enabled"] >= 1
    for name, (_, metadata) in in_colab["shown"].items():
        url = metadata[WIDGET_VIEW]["colab"]["custom_widget_manager"]["url"]
        assert url == "https://ssl.gstatic.com/manager.min.js", name


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
