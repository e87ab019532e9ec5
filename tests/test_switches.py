"""What switches a comparison off or hides something stands where it may, and the tests are run as they should be."""

import ast
import re
import shlex
import tomllib

import pytest

from tools.course import BOOK, notebooks

NOT_COMPARED = {}   # cell -> why its output may be another one tomorrow
# Cells whose numbers are compared in a wider band -> what was measured: in two runs, and in one with SSE kernels only.
WIDER = {
    "aab11a04ab": "first-classifier, accuracy by length: at 2 steps 68.0, with SSE 63.6, and which name ends higher",
    "length-price": "first-classifier, 25 updates of each length: acc 91.15, with SSE 88.15; 80: 96.60 and 98.15",
    "length-note": "first-classifier, the note on these nets: acc 99.02, with SSE 99.80",
    "trained-run": "gru, a marked number: the best RNN 0.2366 and 0.2366, with SSE 0.3059; the GRUs equal",
    "trained-gates": "gru, the gates of these GRUs: equal, and of the same kind",
    "count-run": "lstm, counting over 200 steps: equal in two runs; the band is half the distance of the two layers",
    "c9ad51a0f1": "backprop-through-time, 24 units, 60 steps: tanh at 3 is chaotic, 5.5±1.4, 5.6±1.6 and 5.8±1.7",
    "bb8c878669": "backprop-through-time, 250 steps of training: loss 0.0738, 0.0732 and 0.0712",
    "199c24ec87": "backprop-through-time, the picture of these runs",
    "5161026a61": "images-as-sequences, 200 steps: loss 0.34, 0.32 and 0.25, acc 91.2, 91.0 and 91.1",
    "73e64f8716": "images-as-sequences, five orders, one short run each: rows 86.5, 81.7 and 84.5",
    "7113da044a": "images-as-sequences, the forgetful reader: acc 12.6 in two runs; not measured with SSE",
    "5b97d3e60f": "images-as-sequences, the picture of both trainings",
    "757cf2532e": "hand-built-digits, one batch by heart: a loss near 0.001",
    "b37742d261": "hand-built-digits, training: its loss keeps the band that it had beside the validation loss",
    "epoch-scores": "hand-built-digits, another seed: val loss 0.157, 0.185, 0.176, acc 98.74, 98.66, 98.62",
    "e6a9a81824": "hand-built-digits, the test: acc 98.70, and 98.59 by nn.LSTM from the same weights",
    "92872765c1": "hand-built-digits, what the trained network says of a digit",
    "521164104e": "hand-built-digits, its mistakes: other digits in each run",
    "066138ebb5": "hand-built-digits, its confusion matrix",
    "ae0e75d29b": "hand-built-digits, two epochs of a small network: equal, and of the same kind",
    "inside-train": "inside-the-lstm, training: acc 98.02 and loss 0.0649, with SSE 98.25 and 0.0612",
    "inside-lanes": "inside-the-lstm, what this network says of one digit and of all of its class",
    "inside-right": "inside-the-lstm, the picture of its right answers by row",
    "inside-probed": "inside-the-lstm, the picture of its probes",
    "inside-stays": "inside-the-lstm, the picture of the rows from which its answers stay",
    "inside-late": "inside-the-lstm, late answers: acc 75.94 and 98.62, with SSE 77.78 and 98.78",
    "inside-six": "inside-the-lstm, its gates for one digit",
    "inside-six-mean": "inside-the-lstm, its gates on average",
    "inside-six-own": "inside-the-lstm, its gates for one digit without their average",
    "inside-habit": "inside-the-lstm, what is the same for every digit: i 38.7, with SSE 41.3; the others nearer",
    "inside-by-row": "inside-the-lstm, mean gates: f 77.3 and i 45.8, with SSE 79.1 and 43.5",
    "inside-kept": "inside-the-lstm, what units keep: equal",
    "inside-coins": "inside-the-lstm, correlations with coins: 0.52±0.10, with SSE 0.51±0.09",
    "inside-ones": "inside-the-lstm, the picture of one of its units",
    "inside-many": "inside-the-lstm, the picture of what it reads without some units",
    "inside-changed": "inside-the-lstm, what it says of a digit that was changed",
    "inside-alarm": "inside-the-lstm, the picture of its false alarms and misses",
    "inside-nobody": "inside-the-lstm, a unit near its mean: 26.3, with SSE 28.0",
    "head-one": "head-to-head, one race of each layer: LSTM 71.08, with SSE 69.12; GRU equal",
    "head-five": "head-to-head, five races of each: LSTM 76.52, with SSE 73.88; GRU equal",
    "head-interval": "head-to-head, the interval of their differences: from -2.1 to 3.5, with SSE -0.3 to 3.7",
    "head-unpaired": "head-to-head, how far they scatter",
    "head-rates": "head-to-head, at three rates: means of LSTM 73.72, with SSE 72.72; at 0.03 71.96 and 72.38",
    "head-rates-drawn": "head-to-head, the picture of these races",
    "head-heads-race": "head-to-head, three heads",
    "head-best": "head-to-head, the mean and the best of five",
    "deep-race": "deeper-and-both-ways, three pairs: plain equal, both ways 81.08, with SSE 80.02",
    "3db7412d33": "practice of images-as-sequences, 200 steps: not measured with SSE",
    "7462303557": "practice of images-as-sequences, the same in batches and alone: up to 4.7 points earlier",
}
WIDEST = {"acc": 10, "loss": 0.5, "share": 5, "spread": 2, "drawn": 20}
every_notebook = pytest.mark.parametrize("notebook", notebooks(), ids=lambda one: str(one.path.relative_to(BOOK)))


def test_only_these_cells_are_not_compared():
    """And what they do asserts itself, whatever stands in them."""
    cells = [cell for notebook in notebooks() for cell in notebook.cells if "nbval-ignore-output" in cell.tags]
    assert {cell.id for cell in cells} == set(NOT_COMPARED)
    for cell in cells:
        assert all(ast.unparse(statement).startswith("show_error(") for statement in cell.statements), cell


def test_only_these_cells_are_compared_in_a_wider_band_and_none_in_a_boundless_one():
    bands = {cell.id: cell.metadata["bands"] for notebook in notebooks() for cell in notebook.cells
             if "bands" in cell.metadata}
    assert set(bands) == set(WIDER)
    for band in bands.values():
        assert band and set(band) <= set(WIDEST), "of another kind than any that is known"
        assert all((kind, width) == ("drawn", "any") or 0 < width <= WIDEST[kind] for kind, width in band.items()), band


@every_notebook
def test_no_other_switch_of_nbval_or_of_myst_nb_is_used(notebook):
    text = notebook.path.read_text(encoding="utf-8")
    assert not re.search(r"NBVAL_|nbval-(?!ignore-output)|raises-exception|skip-execution|remove-output|remove-cell"
                         r"|hide-cell|remove-stdout|remove-stderr", text)


@every_notebook
def test_an_output_is_hidden_after_a_question_and_nowhere_else(notebook):
    for place, cell in enumerate(notebook.cells):
        if "hide-output" in cell.tags:
            before = [one for one in notebook.cells[:place] if one.kind == "markdown"]
            assert re.search(r"predict|\?", before[-1].source[-500:], re.IGNORECASE), f"nothing is asked before {cell}"


@every_notebook
def test_what_is_to_be_predicted_is_hidden_or_moved_by_the_reader(notebook):
    asked = [place for place, cell in enumerate(notebook.cells) if cell.kind == "markdown"
             and "**Predict" in cell.source.rstrip().split("\n\n")[-1] and "<details" not in cell.source[-300:]]
    for place in asked:
        rest = notebook.cells[place + 1:]
        end = next((k for k, cell in enumerate(rest) if cell.kind == "markdown"), len(rest))
        hides = {"hide-output", "remove-input", "exercise"}
        folded = end < len(rest) and rest[end].source.lstrip().startswith("<details")
        control = any("@interact" in cell.source for cell in rest[:end])
        hidden = any(cell.tags & hides for cell in rest[:end])
        assert folded or control or hidden, f"the answer is in sight: {notebook.cells[place].source[-200:]}"


def test_the_tests_are_strict_and_take_in_every_notebook(root):
    """nbval compares outputs, with this sanitize file; every notebook is collected; no mark leaves any out."""
    options = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert options["testpaths"] == ["book", "tests"]
    assert [one for one in options["addopts"] if "nbval" in one] == [
        "--nbval", "--nbval-current-env", "--nbval-sanitize-with=tests/sanitize.cfg",
        "--nbval-kernel-startup-timeout=600"]
    assert options["addopts"][options["addopts"].index("-m") + 1] == "not deep and not perf"
    assert not any(one.startswith(("--ignore", "--deselect", "-k", "--lf", "--co")) for one in options["addopts"])


def test_make_test_and_ci_run_that_command_and_nothing_else(root):
    makefile = (root / "Makefile").read_text()
    assert re.search(r"^PYTEST := \$\(BIN\)/python -m pytest$", makefile, re.MULTILINE)
    command = re.search(r"^test:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE)[1]
    assert shlex.split(command) == ["$(PYTEST)", "$(TESTS)", "-n", "$(JOBS)"]
    assert re.search(r"^TESTS  \?=$", makefile, re.MULTILINE)
    ci = (root / ".ci" / "run").read_text()
    assert ci.rstrip().endswith("exec make test") and "SEQLAB_REQUIRE_MNIST=1" in ci and "CI=true" in ci
    workflow = (root / ".github" / "workflows" / "course.yml").read_text()
    assert "- run: make test\n" in workflow and 'SEQLAB_REQUIRE_MNIST: "1"' in workflow
