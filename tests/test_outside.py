"""What a machine may lack: a test that needs it is left out, and the end of the run says how to get it."""

import os
import shutil
import subprocess
import sys

import pytest

from tools import browsers, outside

SYSTEMS = ("debian", "ubuntu", "linux", "darwin", "win32")


@pytest.fixture
def run_without_a_browser(root, tmp_path):
    """Runs, with the project's conftest.py, two tests of which one asks for a browser that is not there."""
    shutil.copy(root / "conftest.py", tmp_path)
    (tmp_path / "test_two.py").write_text("def test_one(browser):\n    pass\n\n\ndef test_two():\n    pass\n")

    def run(**environment):
        given = {**os.environ, "PYTHONPATH": str(root), "CHROMIUM": "/no/such/program", **environment}
        return subprocess.run([sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", ".", "test_two.py"],
                              cwd=tmp_path, capture_output=True, text=True, env=given)

    return run


@pytest.mark.slow
def test_without_a_browser_the_rest_runs_and_the_end_says_what_was_left_out(run_without_a_browser):
    result = run_without_a_browser(CI="")
    assert result.returncode == 0 and "1 passed, 1 skipped" in result.stdout, result.stdout + result.stderr
    words = result.stdout.partition("left out")[2]
    assert "1 test: CHROMIUM names /no/such/program, and there is no program." in words
    assert "To get it: " in words and "chromium" in words.partition("To get it: ")[2]


@pytest.mark.slow
def test_where_ci_is_set_it_is_a_failure(run_without_a_browser):
    result = run_without_a_browser(CI="true")
    assert result.returncode == 1 and "CHROMIUM names /no/such/program" in result.stdout, result.stdout


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_to_type_suits_the_system(system, root):
    browser, wrap = (outside.how_to_get(name, system, root) for name in ("chromium", "bubblewrap"))
    assert ("sudo " in browser + wrap) <= (not root)
    assert ("apt-get install chromium" in browser) == (system == "debian"), "Ubuntu's package is an empty shell"
    assert "playwright install chromium" in browser or (system == "debian" and root), "without root it can be had too"
    assert ("Linux" in wrap) == (system in ("darwin", "win32"))


def test_a_bubblewrap_that_the_system_does_not_let_is_no_bubblewrap(tmp_path, monkeypatch):
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(FileNotFoundError, match=r"installed, but this system does not let it: .*uid map"):
        outside.find_bubblewrap()
    assert "apparmor_restrict_unprivileged_userns=0" in outside.how_to_get("bubblewrap", "ubuntu", root=False)


def test_the_browser_that_is_named_is_taken(tmp_path, monkeypatch):
    chrome = tmp_path / "chrome"
    chrome.write_text("#!/bin/sh\n")
    chrome.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(chrome))
    assert browsers.find_browser() == str(chrome)
