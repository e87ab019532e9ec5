"""Colab, as far as it can be had here: what a figure sends there, what is stored for it, and the set-up cell.

A stub stands for `google.colab`. The versions that Colab ships are tried by `make colab`; what only a person in a real
Colab can see is on the release checklist in CONTRIBUTING.md.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from seqlab import widgets
from tools.course import WIDGET_VIEW, notebooks
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
    figure = widgets.Quiz("lstm") if name == "Quiz" else getattr(widgets, name)()
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
