"""The regression promise: planted shape faults turn the suite red. `make test` plants two, `make deep` all of them."""

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
