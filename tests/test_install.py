"""Installation: nothing is done twice, an interruption is mended, and each fallback is one sentence."""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from jupyter_client import KernelManager
from jupyter_server.serverapp import ServerApp

from tools import build_site, install


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty project, and the commands that an installation would have run in it."""
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).write_bytes((install.ROOT / name).read_bytes())
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "STAMP", tmp_path / ".venv" / "installed.json")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").touch()
    monkeypatch.setattr(install, "make_venv", lambda: None)
    commands = []
    monkeypatch.setattr(install, "run", lambda *command, **options: commands.append(command) or 0)
    return commands


def test_what_is_there_is_not_installed_again(place, capsys):
    install.install("test")
    assert len(place) == 2 and "6 GB" in capsys.readouterr().out
    for part in ("test", "lab", "book"):
        install.install(part)
    assert len(place) == 2 and capsys.readouterr().out == ""


def test_a_new_part_is_added_to_what_is_there(place):
    install.install("lab", "cpu")
    install.install("book")
    asked = place[-1]
    assert [asked[k + 1] for k, word in enumerate(asked) if word == "--extra"] == ["book", "lab"]
    assert asked[asked.index("--torch-backend") + 1] == "cpu", "the PyTorch that was chosen stays"


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_changed_lock_or_list_is_installed(place, name):
    install.install("lab")
    with (install.ROOT / name).open("a") as file:
        file.write("# changed\n")
    assert not install.is_current("lab", None)


def test_an_interrupted_installation_is_done_again(place, monkeypatch):
    install.install("lab")

    def interrupted(*command, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(install, "run", interrupted)
        install.install("book")
    assert not install.is_current("lab", None)
    install.install("book")
    assert install.is_current("book", None) and json.loads(install.STAMP.read_text())["parts"] == ["book"]


def test_without_pytorchs_own_index_one_sentence_and_the_package_index(place, monkeypatch, capsys):
    monkeypatch.setattr(install, "run", lambda *command, **options: place.append(command) or "--dry-run" in command)
    install.install("lab", "cpu")
    assert "--torch-backend" not in place[-1] and install.is_current("lab", "cpu")
    assert capsys.readouterr().out.count("could not be reached") == 1


def test_the_index_is_asked_even_where_pytorch_is_there_already(monkeypatch, tmp_path):
    """After `make book` has fallen back, `make test` has to as well: "it is there" does not say that it can be had."""
    monkeypatch.setattr(install, "PYTHON", sys.executable)
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path))
    there, nowhere = ["--dry-run", "--quiet"], ["--find-links", str(tmp_path), "--no-index"]
    assert install.run(*install.uv(*there, *nowhere, "torch"), quiet=True) == 0
    assert install.run(*install.uv(*install.PROBE, *nowhere, "torch"), quiet=True) != 0


def test_jupyterlab_starts_kernels_that_have_nothing_to_warn_of(tmp_path, monkeypatch):
    monkeypatch.setattr(install, "VENV", tmp_path)
    monkeypatch.setattr(install, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(install, "run", lambda *command, **options: 0)
    (tmp_path / "pyvenv.cfg").write_text("relocatable = true\n")
    (tmp_path / ("Lib" if os.name == "nt" else "lib/python3.11") / "site-packages").mkdir(parents=True)
    install.make_venv()
    app = ServerApp(config_dir=str(tmp_path / "etc" / "jupyter"))
    app.load_config_file()
    assert KernelManager(config=app.config).transport_encryption == "auto"


def test_a_failed_installation_is_not_taken_for_done(place, monkeypatch):
    monkeypatch.setattr(install, "run", lambda *command, **options: 1)
    with pytest.raises(SystemExit, match="Run the same command again"):
        install.install("lab")
    assert not install.is_current("lab", None)


def test_every_part_is_a_list_of_packages():
    lists = tomllib.loads((install.ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert {name for names in install.PARTS.values() for name in names} == set(lists)
    for not_for_learners in ("playwright", "hypothesis", "ruff", "nodejs", "oxlint", "jupyter-book"):
        assert not any(package.startswith(not_for_learners) for package in lists["lab"])


@pytest.mark.slow
def test_an_environment_finds_the_course_after_a_move(tmp_path):
    """The real make_venv but for uv, in a folder with a space, which is then moved."""
    old, new = tmp_path / "here first", tmp_path / "then there"
    (old / "tools").mkdir(parents=True)
    (old / "seqlab").mkdir()
    (old / "seqlab" / "__init__.py").write_text("WHERE = __file__\n")
    text = (install.ROOT / "tools" / "install.py").read_text()
    (old / "tools" / "install.py").write_text(text.replace('"uv"):', '"pip"):'))
    made = subprocess.run([sys.executable, "-c", "import install; install.make_venv()"], cwd=old / "tools",
                          capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    old.rename(new)
    python = new / ".venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    asked = subprocess.run([python, "-c", "import seqlab; print(seqlab.WHERE)"], cwd=tmp_path, capture_output=True,
                           text=True, env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"})
    assert asked.stdout.strip() == str(new / "seqlab" / "__init__.py"), asked.stderr
    assert "relocatable = true" in (new / ".venv" / "pyvenv.cfg").read_text()


def test_an_older_python_is_told_so():
    """Nothing in the file needs a newer Python than the sentence about it."""
    text = (install.ROOT / "tools" / "install.py").read_text()
    told = text.replace("sys.version_info < (3, 11)", "sys.version_info < (99,)")
    assert told != text
    asked = subprocess.run([sys.executable, "-c", told.replace("__file__", "'tools/install.py'")],
                           capture_output=True, text=True)
    assert asked.returncode == 1 and "seqlab needs Python 3.11 or newer" in asked.stderr


def test_a_site_is_current_until_a_file_changes_comes_or_goes(tmp_path):
    for name in ("book/01-a.ipynb", "seqlab/a.py", "_toc.yml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("one")
    first = build_site.fingerprint(tmp_path)
    assert build_site.fingerprint(tmp_path) == first
    (tmp_path / "seqlab/a.py").write_text("two")
    second = build_site.fingerprint(tmp_path)
    (tmp_path / "book/02-b.ipynb").write_text("one")
    third = build_site.fingerprint(tmp_path)
    (tmp_path / "book/02-b.ipynb").unlink()
    assert len({first, second, third}) == 3 and build_site.fingerprint(tmp_path) == second
    (tmp_path / "book/01-a.ipynb").rename(tmp_path / "book/03-a.ipynb")
    assert build_site.fingerprint(tmp_path) != second
