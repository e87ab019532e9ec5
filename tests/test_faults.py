"""The regression promise: planted shape faults turn the suite red. `make test` plants two, `make deep` all of them."""

import re

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
