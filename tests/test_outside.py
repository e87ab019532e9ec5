"""What a machine may lack: a test that needs it is left out, and the end of the run says how to get it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


@pytest.mark.parametrize("root", [True, False])
@pytest.mark.parametrize("system", SYSTEMS)
def test_what_to_type_for_the_other_engines_suits_the_system_too(system, root):
    firefox, webkit = (outside.how_to_get(name, system, root) for name in outside.ENGINES)
    assert ("apt-get install firefox-esr" in firefox) == (system == "debian"), "Ubuntu's package is an empty shell"
    assert ("apt-get install webkit2gtk-driver xvfb" in webkit) == (system in ("debian", "ubuntu"))
    assert ("sudo " in firefox + webkit) == (not root and system in ("debian", "ubuntu"))
    assert "FIREFOX=" in firefox or system == "debian"


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


def lacking(*names):
    """Finders that do not find these."""
    def finder(name):
        def find():
            if name in names:
                raise FileNotFoundError(f"{name} is not here")
            return name
        return find
    return {name: finder(name) for name in ("chromium", "bubblewrap", "node")}


@pytest.mark.parametrize(("names", "platform", "wrap", "code"), [
    ((), "linux", None, 0), (("node",), "linux", None, 1), (("bubblewrap",), "linux", None, 1),
    (("bubblewrap",), "linux", "/bin/bwrap", 0), (("bubblewrap",), "darwin", None, 0),
    (("bubblewrap", "chromium"), "darwin", None, 1),
])
def test_what_is_missing_is_named_with_the_way_to_it(monkeypatch, capsys, names, platform, wrap, code):
    monkeypatch.setattr(outside, "FINDERS", lacking(*names))
    monkeypatch.setattr(outside.sys, "platform", platform)
    monkeypatch.setattr(outside.shutil, "which", lambda name: wrap if name == "bwrap" else None)
    monkeypatch.setattr(outside, "get", lambda: pytest.fail("nobody has asked to get anything"))
    assert outside.main([]) == code
    said = capsys.readouterr().out
    assert [line for line in said.splitlines() if line.startswith("Missing")] == [
        f"Missing: {name} is not here." for name in ("chromium", "bubblewrap", "node") if name in names]
    assert said.count("To get it: ") == len(names) and ("no test has to be left out" in said) == (not names)


@pytest.mark.parametrize(("names", "where", "root", "sudo", "wanted"), [
    (("bubblewrap", "chromium"), "debian", True, False, [
        "env DEBIAN_FRONTEND=noninteractive apt-get update -qq",
        "env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bubblewrap "
        "chromium-headless-shell", "playwright install --with-deps chromium"]),
    (("bubblewrap", "chromium"), "ubuntu", False, True, [
        "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get update -qq",
        "sudo -n env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bubblewrap",
        "playwright install --with-deps chromium"]),
    (("bubblewrap", "chromium"), "ubuntu", False, False, ["playwright install chromium"]),
    (("chromium",), "darwin", True, True, ["playwright install chromium"]),
    (("node",), "debian", True, True, []),
])
def test_what_can_be_had_is_got(monkeypatch, capsys, names, where, root, sudo, wanted):
    ran = []
    monkeypatch.setattr(outside, "FINDERS", lacking(*names))
    monkeypatch.setattr(outside, "system", lambda: where)
    monkeypatch.setattr(outside, "is_root", lambda: root)
    monkeypatch.setattr(outside, "can_sudo", lambda: sudo)
    monkeypatch.setattr(outside, "PLAYWRIGHT", ["playwright"])
    monkeypatch.setattr(outside.subprocess, "run", lambda command, **options: ran.append(" ".join(command)))
    assert outside.main(["get"]) == 1 or names == ("bubblewrap",)
    assert ran == wanted
    said = capsys.readouterr().out
    assert ("with apt" in said) == any("apt-get" in one for one in wanted)
    assert ("Fetching Chromium" in said) == ("chromium" in names)


@pytest.mark.parametrize(("platform", "apt", "release", "is_one"), [
    ("linux", True, "ID=ubuntu", "ubuntu"), ("linux", True, "NAME=Ubuntu", "ubuntu"), ("linux", True, "ID=x", "debian"),
    ("linux", True, None, "debian"), ("linux", False, "ID=ubuntu", "linux"), ("darwin", True, "ID=ubuntu", "darwin"),
])
def test_the_system_is_known_by_its_apt_and_its_release(tmp_path, monkeypatch, platform, apt, release, is_one):
    if release is not None:
        (tmp_path / "release").write_text(release)
    monkeypatch.setattr(outside, "Path", lambda path: tmp_path / "release")
    monkeypatch.setattr(outside.sys, "platform", platform)
    monkeypatch.setattr(outside.shutil, "which", lambda name: "/bin/apt-get" if apt and name == "apt-get" else None)
    assert outside.system() == is_one


def test_sudo_counts_where_it_does_not_ask(tmp_path, monkeypatch):
    fake, asked = tmp_path / "sudo", tmp_path / "asked"
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    monkeypatch.setattr(outside.shutil, "which", lambda name: str(fake) if fake.exists() else None)
    assert not outside.can_sudo()
    for code in (0, 1):
        fake.write_text(f"#!/bin/sh\necho called with $* >> {asked}\nexit {code}\n")
        fake.chmod(0o755)
        assert outside.can_sudo() == (code == 0)
    assert asked.read_text() == "called with -n true\n" * 2


def test_without_bubblewrap_or_node_it_is_said_what_they_are_for(monkeypatch):
    monkeypatch.setattr(outside.shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(outside.sys, "platform", "linux")
    with pytest.raises(FileNotFoundError, match="takes the network away from a program, is not installed here"):
        outside.find_bubblewrap()
    with pytest.raises(FileNotFoundError, match="Node, which runs JavaScript, is not installed here"):
        outside.find_node()
    monkeypatch.setattr(outside.sys, "platform", "win32")
    with pytest.raises(FileNotFoundError, match="exists on Linux only"):
        outside.find_bubblewrap()
    beside = {str(Path(sys.executable).parent): "node beside", None: "node elsewhere"}
    monkeypatch.setattr(outside.shutil, "which", lambda name, path=None: beside[path])
    assert outside.find_node() == "node beside"
    beside[str(Path(sys.executable).parent)] = None
    assert outside.find_node() == "node elsewhere"
