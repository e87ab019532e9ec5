"""The regression promise: planted shape faults turn the suite red. `make test` plants two, `make deep` all of them."""

import os
import re
import sys
from types import SimpleNamespace

import pytest

from tools import plant_faults

FAULTS = [pytest.param(fault, id=fault.name, marks=[] if fault.name in plant_faults.SAMPLES else pytest.mark.deep)
          for fault in plant_faults.FAULTS]


def test_there_are_at_least_twelve_and_each_can_be_planted(tmp_path):
    """Each fault's place is still there, exactly once: a fault that cannot be planted proves nothing."""
    assert len(plant_faults.FAULTS) >= 12
    tree = plant_faults.copy_project(tmp_path)
    for fault in plant_faults.FAULTS:
        before = (tree / fault.file).read_text()
        plant_faults.plant(fault, tree)
        assert (tree / fault.file).read_text() != before
        (tree / fault.file).write_text(before)


def test_a_place_that_is_gone_or_there_twice_is_an_error(tmp_path):
    fault = plant_faults.FAULTS[0]
    file = tmp_path / fault.file
    file.parent.mkdir(parents=True)
    for text in ("", 2 * fault.old):
        file.write_text(text)
        with pytest.raises(Exception, match=re.escape(fault.name)):
            plant_faults.plant(fault, tmp_path)


@pytest.mark.parametrize("names", [[], [plant_faults.FAULTS[0].name]], ids=["all", "one"])
@pytest.mark.parametrize("red", [{}, {"a check": "a test"}], ids=["missed", "caught"])
def test_a_fault_that_nothing_notices_is_the_exit_status(monkeypatch, capsys, tmp_path, names, red):
    results = iter([{}] + [red] * len(plant_faults.FAULTS))
    monkeypatch.setattr(plant_faults, "copy_project", lambda folder: folder.mkdir() or folder)
    monkeypatch.setattr(plant_faults, "plant", lambda fault, tree: None)
    monkeypatch.setattr(plant_faults, "run_checks", lambda tree, checks: next(results))
    assert plant_faults.main(names) == (0 if red else 1)
    number = len(names) or len(plant_faults.FAULTS)
    assert f"{number if red else 0} of {number} faults caught" in capsys.readouterr().out


def test_a_check_that_is_red_is_named_with_its_first_failure_and_one_that_cannot_be_run_is_an_error(
        monkeypatch, tmp_path):
    ends = {"green": (0, "1 passed"), "strange": (1, "nothing to find"), "broken": (2, "no tests ran"),
            "red": (1, "FAILED tests/test_a.py::test_b[x] - assert 1 == 2\nFAILED tests/test_a.py::test_c\n")}
    ran = []

    def run(command, cwd, env, **options):
        folder = env["SEQLAB_DATA"]
        ran.append((command[-1], cwd, env["PYTHONPATH"], os.listdir(folder), env["XDG_CACHE_HOME"] == folder))
        assert command[:4] == [sys.executable, "-m", "pytest", "-q"] and "SEQLAB_REQUIRE_MNIST" not in env
        code, said = ends[command[-1]]
        return SimpleNamespace(returncode=code, stdout=said, stderr="why")

    monkeypatch.setenv("SEQLAB_REQUIRE_MNIST", "1")
    monkeypatch.setattr(plant_faults.subprocess, "run", run)
    red = plant_faults.run_checks(tmp_path, ("green", "red", "strange"))
    assert red == {"red": "test_b[x]", "strange": "failed"}
    assert ran == [(name, tmp_path, str(tmp_path), [], True) for name in ("green", "red", "strange")]
    with pytest.raises(RuntimeError, match="broken could not be run:\nno tests ranwhy"):
        plant_faults.run_checks(tmp_path, ("broken",))


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_caught(fault, tmp_path):
    tree = plant_faults.copy_project(tmp_path)
    plant_faults.plant(fault, tree)
    assert plant_faults.run_checks(tree, fault.notice), f"nothing noticed that {fault.what}"


@pytest.mark.deep
def test_without_a_fault_the_same_checks_are_green(tmp_path):
    """Otherwise red would mean nothing."""
    checks = tuple(dict.fromkeys(check for fault in plant_faults.FAULTS for check in fault.notice))
    assert plant_faults.run_checks(plant_faults.copy_project(tmp_path), checks) == {}


@pytest.mark.slow
def test_a_harmless_change_is_reported_as_not_caught(monkeypatch, capsys):
    harmless = plant_faults.Fault("harmless", "a comment changes", "seqlab/shapes.py",
                                  '"""Shapes: print them', '"""Shapes: do print them', ("tests/test_shapes.py",))
    monkeypatch.setattr(plant_faults, "FAULTS", (harmless,))
    assert plant_faults.main(["harmless"]) == 1
    assert "NOT CAUGHT" in capsys.readouterr().out
