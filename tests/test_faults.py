"""The regression promise: planted shape faults turn the suite red. `make faults` plants all of them."""

from tools import plant_faults


def test_there_are_at_least_twelve_and_each_can_be_planted(tmp_path):
    """Each fault's place is still there, exactly once: a fault that cannot be planted proves nothing."""
    assert len(plant_faults.FAULTS) >= 12
    tree = plant_faults.copy_project(tmp_path)
    for fault in plant_faults.FAULTS:
        before = (tree / fault.file).read_text()
        plant_faults.plant(fault, tree)
        assert (tree / fault.file).read_text() != before
        (tree / fault.file).write_text(before)


def test_the_quick_ones_are_caught(capsys):
    assert plant_faults.main(list(plant_faults.QUICK)) == 0, capsys.readouterr().out


def test_a_harmless_change_is_reported_as_not_caught(monkeypatch, capsys):
    harmless = plant_faults.Fault("harmless", "a comment changes", "seqlab/shapes.py",
                                  '"""Shapes: print them', '"""Shapes: do print them', ("tests/test_shapes.py",))
    monkeypatch.setattr(plant_faults, "FAULTS", (harmless,))
    assert plant_faults.main(["harmless"]) == 1
    assert "NOT CAUGHT" in capsys.readouterr().out
