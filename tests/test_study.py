"""Studies: one run at a time on disk, resumable, and what is published is what was measured."""

import json
import statistics

import pytest

from seqlab import study


@pytest.fixture
def counting_study(monkeypatch):
    calls = []

    def run(seed):
        if seed == 2 and len(calls) < 3:
            calls.append("interrupted")
            raise KeyboardInterrupt
        calls.append(seed)
        return [seed * 10]

    counting = study.Study("Counting", "A note.", ("seed", "tens"), (0, 1, 2, 3), run)
    monkeypatch.setitem(study.STUDIES, "counting", counting)
    return calls


def test_an_interrupted_study_loses_nothing_and_goes_on(counting_study, tmp_path, capsys):
    with pytest.raises(KeyboardInterrupt):
        study.carry_out("counting", tmp_path)
    assert json.loads((tmp_path / "counting.json").read_text())["rows"] == [[0, 0], [1, 10]]
    result = study.carry_out("counting", tmp_path)
    assert counting_study == [0, 1, "interrupted", 2, 3]
    assert result["rows"] == [[0, 0], [1, 10], [2, 20], [3, 30]]
    assert json.loads((tmp_path / "counting.json").read_text()) == result
    assert [path.name for path in tmp_path.iterdir()] == ["counting.json"]
    assert "'tens': 30" in capsys.readouterr().out


def test_the_published_digit_classifier_keeps_its_promise():
    """DESIGN: mean test accuracy over five seeds of at least 99.0 %."""
    result = json.loads((study.RESULTS / "digits_lstm.json").read_text())
    assert [row[0] for row in result["rows"]] == list(study.SEEDS)
    assert statistics.mean(row[2] for row in result["rows"]) >= 99.0


def test_every_result_file_says_what_it_is():
    for path in study.RESULTS.glob("*.json"):
        if path.stem != "published":
            result = json.loads(path.read_text())
            assert {"title", "machine", "date", "command", "columns", "rows", "note"} <= set(result), path.name
            assert all(len(row) == len(result["columns"]) for row in result["rows"])


def test_an_unknown_study_is_named(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["study", "nothing"])
    with pytest.raises(SystemExit):
        study.main()
    assert "no study is called nothing" in capsys.readouterr().err
