"""`results`, `summary` and `published`: numbers that travel with the package, and what is said of repeated runs."""

import dataclasses
import math
import zipfile

import numpy as np
import pytest
import torch

from seqlab import published, results, summary
from seqlab.measured import RESULTS, Results
from tools import wheel
from tools.course import some

RUNS = Results("toy", "A toy", "", ("layer", "lag", "seed"), ("layer", "lag", "seed", "loss"), [
    ("RNN", 5, 0, 1.0), ("RNN", 5, 1, 3.0), ("RNN", 20, 0, math.nan), ("GRU", 5, 0, 2.0)], "", "", "")


def test_the_wheel_carries_the_results_and_no_study(tmp_path):
    built = wheel.build(tmp_path, (*wheel.MADE_FROM, "studies", "instructor", "tools"))
    names = zipfile.ZipFile(built).namelist()
    stored = {f"seqlab/results/{path.name}" for path in some(RESULTS.glob("*.json"))} | {"seqlab/published.json"}
    assert len(stored) > 1 and stored <= set(names)
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"seqlab"}


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match=r"name should be one of .*count_ones, .*recall_rates, .*, got 'recall'"):
        results("recall")
    with pytest.raises(ValueError, match=r"name should be one of lstm_by_hand, .*, got 'lstm'"):
        published("lstm")
    with pytest.raises(ValueError, match=r"column should be one of layer, lag, seed, loss, got 'Loss'"):
        RUNS.summary("Loss")


def test_every_published_number_has_its_source_and_is_found_by_its_name():
    numbers = published()
    assert len(numbers) >= 2
    for name, number in numbers.items():
        assert published(name) == number["value"] and number["source"], name


def test_rows_are_found_by_their_leading_keys_and_apart_by_any():
    assert RUNS.where("RNN").rows == RUNS.rows[:3] and RUNS.where("RNN", 5)["loss"] == [1.0, 3.0]
    assert RUNS.where("RNN", "5").rows == RUNS.where("RNN", 5).rows, "as text, as the pages write it"
    assert [(lag, len(runs)) for lag, runs in RUNS.by("lag").items()] == [(5, 3), (20, 1)]
    assert list(RUNS.by("layer", "lag")) == [("RNN", 5), ("RNN", 20), ("GRU", 5)]
    with pytest.raises(ValueError, match="zip"):
        RUNS.by()
    assert list(RUNS) == RUNS.rows and len(RUNS) == 4
    with pytest.raises(ValueError, match=r"lag should be one of 5, got 20"):
        RUNS.where("GRU", 20)
    with pytest.raises(ValueError, match=r"toy has 3 keys \(layer, lag, seed\), got 4"):
        RUNS.where("GRU", 5, 0, 2.0)


def test_a_result_shows_itself_in_a_few_lines():
    assert repr(RUNS).splitlines()[:3] == ["A toy (4 runs)", "layer  lag  seed  loss", "RNN    5    0     1.0"]
    assert repr(results("recall_first")).splitlines()[-1] == "... and 130 more"
    listed = dataclasses.replace(RUNS, rows=[("RNN", 5, 0, [7, 8, 9])])
    assert repr(listed).splitlines()[-1] == "RNN    5    0     3 of them"


def test_a_summary_is_the_textbooks():
    """Student's sample interval, against numbers worked out by SciPy's own t distribution."""
    from scipy import stats

    values = [99.2, 99.08, 99.26, 99.06, 99.33]
    got = summary(values)
    assert got.n == 5 and got.diverged == 0 and got.median == 99.2
    assert (got.smallest, got.largest) == (99.06, 99.33)
    assert got.mean == pytest.approx(np.mean(values)) and got.sd == pytest.approx(np.std(values, ddof=1))
    assert got.interval == pytest.approx(stats.t.interval(0.95, 4, np.mean(values), stats.sem(values)))
    assert str(got) == "99.19 ± 0.12 (n = 5)"
    assert summary(torch.tensor(values, dtype=torch.float64)) == got


@pytest.mark.parametrize("value", [None, math.nan, math.inf])
def test_a_run_that_diverged_is_counted_and_never_left_out(value):
    got = summary([1.0, value, 3.0])
    assert (got.n, got.diverged) == (3, 1) and got.spread == "1 of 3 diverged"
    assert all(math.isnan(part) for part in (got.mean, got.sd, got.median, got.largest, *got.interval))


def test_one_run_has_no_spread_and_no_run_no_summary():
    assert summary([2.5]).spread == "2.5" and math.isnan(summary([2.5]).sd) and math.isnan(summary([2.5]).interval[0])
    assert summary([4.0, 4.0]).spread == "4" and summary([4.0, 4.0]).interval == (4, 4)
    assert summary([10_000.0, 30_000.0]).spread == "20,000 ± 14,142"
    assert summary([0, 2e7]).spread == "1.0e+07 ± 1.4e+07"
    with pytest.raises(ValueError, match="at least one number"):
        summary([])


def test_stored_runs_that_diverged_are_nan():
    assert results("count_ones").where(0.01, "off").summary("loss").diverged == 5


# --- as the site shows them -------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def site_numbers(root):
    import importlib.util

    spec = importlib.util.spec_from_file_location("site_numbers", root / "book" / "_ext" / "site_numbers.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_shows_mean_sd_and_n_first_and_folds_the_runs(site_numbers):
    lines = site_numbers.as_markdown(RUNS)
    opening = lines.index("<details><summary>All 4 runs</summary>")
    shown, folded = lines[:opening], lines[opening:]
    assert "| layer | lag | loss | n |" in shown and "| RNN | 5 | 2.0 ± 1.4 | 2 |" in shown
    assert "| RNN | 20 | 1 of 1 diverged | 1 |" in shown and "no mean" in shown[-2]
    assert "| RNN | 5 | 1 | 3.0 |" in folded and "| RNN | 20 | 0 | diverged |" in folded
    assert "± 0.086 | 10 |" in "".join(site_numbers.as_markdown(results("digits_lstm")))
    assert "<details>" not in "".join(site_numbers.as_markdown(results("digit_reader"))), "one run each"
    assert "<details><summary>All 341 runs</summary>" in site_numbers.as_markdown(results("recall_factor")), "too many"
    listed = dataclasses.replace(RUNS, rows=[("RNN", 5, 0, [7, 8, 9]), ("RNN", 5, 1, [7])])
    assert "| RNN | 5 | 2.0 ± 1.4 | 2 |" in site_numbers.as_markdown(listed), "a list counts as its length"
    worded = dataclasses.replace(RUNS, rows=[("RNN", 5, seed, said) for seed, said in enumerate(("no", "yes", "no"))])
    assert "| RNN | 5 | no: 2, yes: 1 | 3 |" in site_numbers.as_markdown(worded), "words are counted"


def test_the_roles_say_what_the_results_say(site_numbers):
    recall = results("recall_rates").where("RNN", 0.01).summary("gradient before (log10)").mean
    assert site_numbers.mean("recall_rates | RNN | 0.01 | gradient before (log10)") == f"{recall:.1f}".replace("-", "−")
    assert site_numbers.solved("recall_first | RNN | 20") == "4 of 5"
    assert site_numbers.interval("digits_lstm | test accuracy (%)") == "99.13 to 99.25"


@pytest.mark.parametrize(("text", "complaint"), [
    ("recall | x", "name should be one of"), ("recall_first | RNN | 7 | steps", "lag should be one of"),
    ("recall_first | RNN | speed", "column should be one of"), ("count_ones | 0.1 | off | loss", "a run diverged")])
def test_a_role_that_asks_for_no_number_stops_the_build(site_numbers, text, complaint):
    with pytest.raises(site_numbers.ExtensionError, match=complaint):
        site_numbers.mean(text)


def test_what_a_study_claims_is_read_from_its_module_as_it_stands_there(site_numbers):
    """Found without running it; the page shows every stored result, each once."""
    from studies import MODULES, STUDIES

    found = site_numbers.subjects()
    assert [(subject.file, subject.names) for subject in found] == [
        (f"studies/{module.__name__.partition('.')[2]}.py", list(module.STUDIES)) for module in MODULES]
    for subject, module in zip(found, MODULES, strict=True):
        assert " ".join(subject.claim) == " ".join(module.__doc__.partition("\n\n")[2].split())
        assert subject.claim[0].startswith("Claim: ") and any(part.startswith("Wrong if") for part in subject.claim)
    names = sorted(name for subject in found for name in subject.names)
    assert names == sorted(STUDIES) == sorted(path.stem for path in some(RESULTS.glob("*.json")))


def test_how_a_result_was_made_is_said_as_it_is_stored(site_numbers):
    record = {"keys": ["seed"], "columns": ["training (CPU s)"], "rows": [[0, 50.0], [1, 40.5], [2, None]],
              "machine": "one", "date": "2026-01-01", "code": {"studies.toy": "a", "weights/toy.npz": "b"},
              "made": [{"seconds": 4000, "date": "2026-01-02", "machine": "one", "data": "f00d"},
                       {"seconds": 3500, "date": "2026-01-03", "machine": "one", "data": "f00d"},
                       {"date": "2026-01-01", "machine": "another, 1 threads"}],
              "verified": {"runs": [{"as": "stored"}], "date": "2026-02-01"}}

    def said(**changes):
        return site_numbers.how_it_was_made("toy", "studies/toy.py", record | changes)[0]

    assert said() == (
        "*How it was made.* 2 runs on one and 1 run on another, 1 thread, 2026-01-01 to 2026-01-03. It took 2 h 5 min "
        "by the clock for 2 runs; the CPU seconds in its columns add up to 2 min. Checksum of the digits: f00d. They "
        "read `weights/toy.npz`, made beforehand. When the code had changed, on 2026-02-01, 1 run came out anew as "
        "stored. The code is `studies/toy.py`; `python -m studies toy` carries it out.")
    assert "3 runs on one, 2026-01-01. How long its runs took was not stored then" in said(made=None)
    assert site_numbers.cpu_seconds(record | {"columns": ["steps"]}) == 0
