"""What makes a notebook's cell red: numbers outside their band, another picture or order; and no shape is masked."""

import configparser
import copy
import re

import nbformat
import numpy as np
import pytest

from seqlab import plots
from seqlab.plots.describe import describe
from tools import comparing
from tools.course import ROOT, chapters, notebooks

STORED = "epoch  1/3  train loss 0.7184  val loss 0.1567  val acc 95.48 %  15.9 s\n(64, 28, 128)"


@pytest.mark.parametrize("change, same", [
    (("0.7184", "0.7185"), True), (("0.7184", "0.7384"), False), (("0.1567", "0.2567"), False),
    (("95.48", "95.60"), True), (("95.48", "94.48"), False), (("95.48", "99.77"), False),
    (("28, 128", "128, 28"), False), (("val acc", "acc"), False), (("  val acc 95.48 %", ""), False),
    (("15.9 s", "16.9 s"), False)], ids=str)
def test_a_number_within_its_band_agrees_and_nothing_else(change, same):
    fresh = STORED.replace(*change)
    assert fresh != STORED
    assert (comparing.agree(fresh, STORED) == STORED) == same


def test_a_cell_may_state_wider_bands():
    fresh = STORED.replace("95.48", "94.48").replace("0.1567", "0.1867")
    assert comparing.agree(fresh, STORED) != STORED
    assert comparing.agree(fresh, STORED, {"acc": 1, "loss": 0.2}) == STORED
    assert comparing.agree(fresh, STORED, {"acc": 0.9, "loss": 0.2}) != STORED


def test_a_mean_may_differ_by_its_spread_where_the_cell_says_so():
    stored = "tanh, ρ = 3      1.6±0.5    3.4±1.2"
    assert comparing.agree(stored.replace("1.6", "1.9"), stored) != stored
    assert comparing.agree(stored.replace("1.6", "1.9"), stored, {"spread": 2}) == stored
    assert comparing.agree(stored.replace("1.6", "2.9"), stored, {"spread": 2}) != stored
    assert comparing.agree(stored.replace("1.2", "0.2"), stored, {"spread": 2}) != stored


def test_on_the_embedded_digits_numbers_may_differ_and_shapes_not():
    assert comparing.agree(STORED.replace("95.48", " 9.48"), STORED, real=False) == STORED
    assert comparing.agree(STORED.replace("64, 28", "64, 8"), STORED, real=False) != STORED


def test_what_the_text_says_of_the_order_is_looked_at():
    printed = "rows      acc 86.46 %\ncolumns   acc 90.00 %\nseeds  5\n"
    assert comparing.out_of_order(printed, ["columns > rows"]) == []
    assert comparing.out_of_order(printed, ["columns > rows", "rows > columns"]) == ["rows > columns: 86.46 and 90"]
    with pytest.raises(LookupError, match="0 lines of the output begin with 'spiral'"):
        comparing.out_of_order(printed, ["spiral > rows"])


@pytest.mark.parametrize("notebook", chapters(), ids=lambda notebook: notebook.name)
def test_a_stored_order_holds_in_the_stored_output(notebook):
    for cell in notebook.code:
        assert comparing.out_of_order(cell.printed, cell.metadata.get("order", [])) == []
        assert set(cell.metadata.get("bands", {})) <= set(comparing.BANDS)


# --- nothing that matters is masked -----------------------------------------------------------------------------------


def masks():
    """Name -> (pattern, what is put in its place), of the masks that are left."""
    sanitize = configparser.RawConfigParser()
    sanitize.read(ROOT / "tests" / "sanitize.cfg", encoding="utf-8")
    return {name: (re.compile(mask["regex"]), mask["replace"]) for name, mask in sanitize.items() if mask}


def test_no_mask_eats_a_shape_a_loss_an_accuracy_or_a_count():
    shown = [line for notebook in notebooks() for cell in notebook.code for line in cell.shown.splitlines()]
    shown += ["torch.Size([2, 5, 3])", "x (4, 28, 28)", "out (3, 4, 6)  h_n (1, 3, 6)", "loss 0.1234", "7 of 9"]
    kept = re.compile(r"\((?:\d+, *)*\d*\)|\[(?:\d+, *)*\d+\]|loss -?\d+\.\d+|acc +\d+\.\d+ %|\d+ of \d+")
    assert sum(bool(kept.search(line)) for line in shown) > 200
    for name, (mask, put) in masks().items():
        for line in shown:
            assert kept.findall(mask.sub(put, line)) == kept.findall(line), f"{name} eats something of {line!r}"


def test_a_mask_eats_durations_and_devices_and_nothing_else():
    shown = "\n".join(cell.shown for notebook in notebooks() for cell in notebook.code)
    eaten = [found[0].strip() for mask, _ in masks().values() for found in mask.finditer(shown)]
    allowed = re.compile(r"\d+(\.\d+)? (ns|us|µs|ms|s|min|it/s)|device: \w+( \(.*\))?|(Damaged|Down|No).*MNIST.*")
    assert len(eaten) > 10 and [piece for piece in eaten if not allowed.fullmatch(piece)] == []


def test_every_mask_masks_something():
    """What masks nothing is a hole that nobody looks at."""
    shown = "\n".join(cell.shown for notebook in notebooks() for cell in notebook.code)
    unused = [name for name, (mask, _) in masks().items() if not mask.search(shown)]
    assert unused == ["what is said before the digits are found"], "which is never stored"


# --- pictures ---------------------------------------------------------------------------------------------------------

DIGIT = np.outer(np.arange(28), np.ones(28))
RUNS = np.cumsum(np.ones((5, 8)), axis=1) * np.arange(1, 6)[:, None]
COUNTS = np.array([[9, 1, 0], [0, 8, 0], [2, 0, 7]])


def two_lines(swap=False, sign=1, name="h"):
    values = {name: sign * np.linspace(0, 1, 20), "x": np.linspace(0, 1, 20) ** 2}
    return plots.lines(range(20), dict(reversed(values.items())) if swap else values, "step", "value")


PAIRS = {
    "a digit on its side": (lambda: plots.digits(DIGIT[None], [3]), lambda: plots.digits(DIGIT.T[None], [3])),
    "another label": (lambda: plots.digits(DIGIT[None], [3]), lambda: plots.digits(DIGIT[None], [5])),
    "the axes of the confusion matrix exchanged": (lambda: plots.confusion(COUNTS, "abc"),
                                                   lambda: plots.confusion(COUNTS.T, "abc")),
    "one seed drawn as the mean": (lambda: plots.curves({"LSTM": RUNS}), lambda: plots.curves({"LSTM": RUNS[:1]})),
    "a line turned round": (two_lines, lambda: two_lines(sign=-1)),
    "lines drawn in another order": (two_lines, lambda: two_lines(swap=True)),
    "another name for a line": (two_lines, lambda: two_lines(name="c")),
    "another axis": (two_lines, lambda: plots.lines(range(20), {"h": range(20)}, "step", "value", logy=True)),
}


@pytest.mark.parametrize("right, wrong", PAIRS.values(), ids=PAIRS)
def test_another_picture_has_another_description(right, wrong):
    right, wrong = describe(right()), describe(wrong())
    assert comparing.agree(right, right) == right
    assert comparing.agree(wrong, right) != right


def test_a_sign_in_the_drawing_of_a_cell_changes_its_description():
    fig = plots.gru_cell()
    before = describe(fig)
    text = next(text for text in fig.axes[0].texts if "−" in text.get_text())
    text.set_text(text.get_text().replace("−", "+"))
    assert comparing.agree(describe(fig), before) != before


def test_the_last_bits_of_the_arithmetic_do_not_show():
    values = np.sin(np.arange(50.0))
    shaken = values * (1 + 1e-5 * np.cos(7 * np.arange(50)))
    right, shaken = (describe(plots.lines(range(50), {"h": each})) for each in (values, shaken))
    assert comparing.agree(shaken, right) == right


def test_a_trained_picture_is_compared_by_what_it_is_only():
    one, other = describe(two_lines()), describe(two_lines(sign=-1))
    assert comparing.agree(other, one, {"drawn": "any"}) == one
    assert comparing.agree(describe(plots.saturation()), one, {"drawn": "any"}) != one


def test_of_a_trained_picture_the_kinds_colours_and_words_are_compared_and_no_number():
    def told(change=lambda axes: None):
        fig = two_lines()
        change(fig.axes[0])
        return describe(fig)

    def same(one, other):
        return comparing.agree(other, one, {"drawn": "any"}) == one

    note = lambda words: lambda axes: axes.text(0, 0, words)
    assert same(told(note("acc 5 of 20")), told(note("acc 13 of 20"))), "a number in a word is a number"
    assert same(told(note("worse")), told(lambda axes: [axes.text(k, k, "worse") for k in range(3)])), "however often"
    assert not same(told(note("worse")), told(note("better")))
    for change in (lambda axes: axes.lines[0].set_color("red"), lambda axes: axes.lines[0].remove(),
                   lambda axes: axes.set_xlabel("epoch"), lambda axes: axes.lines[0].set_linestyle(":"),
                   lambda axes: axes.axvspan(0, 1), lambda axes: axes.figure.set_size_inches(7, 9)):
        assert not same(told(), told(change))


# --- through nbval ----------------------------------------------------------------------------------------------------

CELL = "print('rows    acc 86.46 %')\nprint('columns acc 90.00 %')\nprint((64, 28))"


@pytest.mark.slow
def test_a_cell_is_red_when_its_fresh_numbers_lie_outside_the_band(tmp_path, pytester_run):
    passed = pytester_run(tmp_path, CELL, stored=CELL.replace("86.46", "86.47"))
    assert passed == (1, 0)
    assert pytester_run(tmp_path, CELL, stored=CELL.replace("86.46", "99.77")) == (0, 1)
    assert pytester_run(tmp_path, CELL, stored=CELL.replace("86.46", "87.46"), bands={"acc": 2}) == (1, 0)
    assert pytester_run(tmp_path, CELL, stored=CELL, order=["columns > rows"]) == (1, 0)
    assert pytester_run(tmp_path, CELL, stored=CELL, order=["rows > columns"]) == (0, 1)


@pytest.fixture
def pytester_run(root):
    """Runs a notebook of one cell with the project's own conftest.py; returns (passed, failed)."""
    import contextlib
    import io
    import os
    import shutil
    import subprocess
    import sys

    def run(folder, source, stored, **metadata):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(stored, {})
        cell = nbformat.v4.new_code_cell(source, execution_count=1, metadata=metadata)
        cell.outputs = [nbformat.v4.new_output("stream", text=printed.getvalue())]
        nbformat.write(nbformat.v4.new_notebook(cells=[copy.deepcopy(cell)]), folder / "one.ipynb")
        shutil.copy(root / "conftest.py", folder)
        result = subprocess.run([sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", ".", "--nbval",
                                 "--nbval-current-env", "--timeout", "600", "-o", "timeout=600", "one.ipynb"],
                                cwd=folder, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True)
        counts = [re.search(rf"(\d+) {word}", result.stdout) for word in ("passed", "failed")]
        assert any(counts), result.stdout + result.stderr
        return tuple(int(count[1]) if count else 0 for count in counts)

    return run
