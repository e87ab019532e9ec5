"""The chapter: its tasks and its cell are those of the studies, and what it says of long sequences is so."""

import math
import operator
import statistics

import pytest
import torch
from torch import nn

import seqlab
from seqlab import plots
from seqlab.measured import Results
from studies import long_sequences
from tools import course

from . import coded_digits, numbers, verdicts

LONG = course.chapter("long-sequences")
TEST, VAL = "test accuracy (%)", "validation accuracy (%)"


@pytest.fixture(scope="module")
def names():
    return LONG.definitions("CELLS")


@pytest.fixture(scope="module")
def ran():
    """The chapter on coded digits."""
    drawing = course.Recorder()
    drawing.figure, drawing.COLOURS = plots.figure, plots.COLOURS
    return LONG.play(load_digits=lambda: coded_digits(640), plots=drawing)


@pytest.fixture(scope="module")
def places():
    """The order that the chapter draws."""
    given = {"torch": torch, "F": nn.functional, "load_digits": lambda: coded_digits(64)}
    return LONG.cell("PLACES = ").run(given)["PLACES"]


# --- the tasks --------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sizes", [(5, 8, 8), (3, 20, 6), (4, 9, 5)])
def test_the_tasks_are_those_of_the_studies(names, sizes):
    for own, studied, given in ((names["adding_batch"], long_sequences.adding_batch, sizes),
                                (names["copy_batch"], long_sequences.copy_batch, sizes[:2])):
        torch.manual_seed(sum(sizes))
        x, wanted = own(*given)
        torch.manual_seed(sum(sizes))
        for one, other in zip((x, wanted), studied(*given), strict=True):
            assert torch.equal(one, other)


def test_the_reader_is_that_of_the_studies(names):
    torch.manual_seed(0)
    studied = long_sequences.Reader("GRU", 10, 8, 4)
    own = names["TaskReader"]("gru", 10, 8, 4)
    own.load_state_dict(studied.state_dict())
    x, _ = names["copy_batch"](3, 5)
    assert torch.equal(own(x), studied(x)) and own(x).shape == (3, 4, 8)
    assert names["TaskReader"]("rnn", 2, 1)(torch.rand(3, 5, 2)).shape == (3, 1)


def test_training_takes_its_steps_on_fresh_batches(names):
    """A weight that is wanted at 1, at a rate of 0.01: Adam takes steps of that size, and the loss is of the end."""
    seen, model = [], nn.Linear(1, 1, bias=False)
    nn.init.zeros_(model.weight)

    def batch(size):
        seen.append(size)
        return torch.ones(size, 1), torch.ones(size, 1)

    loss = names["train"](model, batch, nn.functional.mse_loss, steps=60)
    assert seen == 60 * [32] and 0.4 < model.weight.item() < 0.6
    assert loss == pytest.approx(statistics.fmean((1 - 0.01 * k) ** 2 for k in range(10, 60)), rel=0.05)


def test_what_a_net_without_a_memory_gets(names):
    assert numbers(LONG.printed("in theory"))[0] == pytest.approx(statistics.variance([0, 1]) / 3, abs=5e-4)
    bits, entropy = numbers(LONG.printed("log2(8)"))
    assert 2 ** bits == 8 ** 4 and entropy == pytest.approx(-math.log(1 / 8), abs=5e-5)
    for line in LONG.cell("with nothing kept").printed.splitlines():
        delay, said = numbers(line)
        labels = torch.cat([torch.zeros(int(delay) + 4), torch.full((4,), math.log(8))])
        assert said == pytest.approx(labels.mean().item(), abs=5e-4)


# --- the cell ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("steps", [1, 2, 3, 7, 8, 9, 196])
def test_the_scan_is_the_loop(names, steps):
    keep, new = torch.rand(2, steps, 3).double(), torch.randn(2, steps, 3).double()
    states, rounds = names["scan"](keep, new)
    assert rounds == (math.ceil(math.log2(steps)) if steps > 1 else 0)
    for k in range(2):
        for unit in range(3):
            by_loop = names["all_states"](keep[k, :, unit].tolist(), new[k, :, unit].tolist())
            assert states[k, :, unit].tolist() == pytest.approx(by_loop)


def test_the_cell_is_that_of_the_study(names):
    own, studied = names["MinGRU"](3, 4), long_sequences.MinGRU(3, 4)
    own.linear.load_state_dict(studied.layers[0].state_dict())
    x = torch.randn(2, 9, 3)
    for one, other in zip(own(x), studied(x), strict=True):
        assert torch.allclose(one, other, atol=1e-6)
    sizes = [numbers(line)[-1] for line in LONG.printed('print("minGRU"').splitlines()]
    assert sizes == [3 * 64 * (64 + 64) + 6 * 64, 2 * 64 * (64 + 1)]


def test_at_a_blank_a_unit_only_fades(names):
    torch.manual_seed(3)
    layer, (x, _) = names["MinGRU"](10, 64), names["copy_batch"](2, 9)
    states = layer(x)[0]
    steps = states[:, 5:12] - states[:, 4:11]           # how far it moves from blank to blank
    ratios = steps[:, 1:] / steps[:, :-1]
    assert torch.allclose(ratios, ratios[:1, :1].expand_as(ratios), atol=0.02), "whatever it holds, and at each of them"
    assert all(verdicts(LONG.printed("shrunk = ")))


# --- pixels -----------------------------------------------------------------------------------------------------------

def test_the_pixels_are_those_of_the_study(names, places, monkeypatch):
    digits = coded_digits(64)
    monkeypatch.setattr(long_sequences, "load_digits", lambda source, quiet: digits)
    long_sequences.pixels.cache_clear()
    for order, drawn in (("in order", None), ("permuted", places)):
        assert torch.equal(names["as_pixels"](digits.train[0], drawn), long_sequences.pixels(order)[0][0][..., 0])
    long_sequences.pixels.cache_clear()


def test_neighbours_come_far_apart_when_permuted(places):
    comes = {pixel: step for step, pixel in enumerate(places.tolist())}
    for line, when in zip(LONG.printed("step_of = ").splitlines(), (lambda pixel: pixel, comes.get), strict=True):
        right = [abs(when(14 * row + k + 1) - when(14 * row + k)) for row in range(14) for k in range(13)]
        below = [abs(when(14 * row + 14 + k) - when(14 * row + k)) for row in range(13) for k in range(14)]
        assert numbers(line) == [round(statistics.fmean(right)), round(statistics.fmean(below))]
    assert statistics.fmean(right) == pytest.approx(196 / 3, rel=0.05), "a third of the length"


# --- what it says of the studies --------------------------------------------------------------------------------------

def test_what_a_step_costs():
    taken = seqlab.results("scan_seconds")
    rows = {row[0]: dict(zip((name.split(" (")[0] for name in taken.columns[1:]), row[1:], strict=True))
            for row in taken}
    for length in (128, 512, 2048):
        loop, scan = rows[length]["minGRU, loop"], rows[length]["minGRU, scan"]
        assert scan > 1.2 * loop, "the scan is slower than its own loop"
        assert rows[length]["LSTM"] == min(rows[length].values()), "PyTorch's LSTM is the quickest"
    assert rows[512]["minGRU, scan"] < rows[512]["GRU"], "and quicker than PyTorch's GRU at 512 steps"
    assert rows[2048]["minGRU, scan"] > rows[2048]["GRU"], "but not at 2,048"
    for cell, kept, flushed in seqlab.results("tiny_numbers"):
        assert 2 < kept / flushed < 4, cell


def steps(said: str) -> int | None:
    """Of an entry in a table: the batches until a task is solved by every seed; None if it is not."""
    return int(said.replace(",", "")) if said[0].isdigit() and "/" not in said else None


def entries(names, study, cases):
    """{cell: {case: entry}}, as the chapter's tables have them."""
    return {cell: {case: names["reach"](runs.where(cell, *case)) for case in cases}
            for cell in names["CELLS"] for runs in [seqlab.results(study)]}


def ends(study, cell, *case):
    """The losses in the end: of each rate, one for each seed."""
    return [at_rate["loss"] for at_rate in seqlab.results(study).where(cell, *case).by("rate").values()]


def end(*case):
    """Their median at the better rate."""
    return min(map(statistics.median, ends(*case)))


def test_who_adds_over_which_distance():
    names = LONG.definitions("CELLS")
    said = entries(names, "adding", [(25, 25), (50, 50), (100, 100), (200, 200), (200, 25)])
    first, last, whole = (25, 25), (200, 25), (200, 200)
    assert {entry for case, entry in said["RNN"].items()} == {"-"}, "not over 25 steps either"
    adding = {cell: {case: steps(entry) for case, entry in row.items()} for cell, row in said.items() if cell != "RNN"}
    for cell, row in adding.items():
        assert [case for case in row if row[case] is None] == ([whole] if cell == "LSTM" else []), cell
        assert 0.9 * row[first] <= row[last] <= 1.1 * row[first], f"{cell}: in the last 25 steps as over 25"
    assert said["LSTM"][whole] == "1/3"
    lost = sorted(loss for rate in ends("adding", "LSTM", *whole) for loss in rate)
    assert len(lost) == 6 and lost[0] < 0.01 and lost[1] > 0.9 / 6, "one of its runs; the others kept next to nothing"
    assert adding["GRU"][whole] < 2 * adding["GRU"][first]
    assert 2.8 < adding["LSTM"][100, 100] / adding["LSTM"][first] < 3.4, "three times"
    two = "minGRU, 2 layers"
    assert all(adding[two][case] < (row[case] or math.inf) for case in adding[two]
               for cell, row in adding.items() if cell != two), "the fewest batches over every distance"
    seconds = {cell: float(names["reach"](seqlab.results("adding").where(cell, *whole), "training (CPU s)"))
               for cell in ("GRU", "minGRU")}
    assert adding["minGRU"][whole] == 2 * adding["GRU"][whole] and seconds["minGRU"] < 0.8 * seconds["GRU"]
    at_best = [names["at_best_rate"](seqlab.results("adding").where(cell, *case)) for cell, row in adding.items()
               for case in row if row[case]]
    assert {rate for best in at_best for rate in best["rate"]} == {0.01}, "solved soonest at the higher rate"


def test_who_says_letters_again_after_which_delay():
    names = LONG.definitions("CELLS")
    said = entries(names, "copying", [(5,), (15,), (50,)])
    assert set(said["minGRU"].values()) == {"-"} and all(loss > 0.5 for rate in ends("copying", "minGRU", 5)
                                                         for loss in rate)
    assert end("copying", "minGRU", 5) < math.log(8) / 2, "far below"
    two = said["minGRU, 2 layers"]
    after_5 = {cell: steps(row[5,]) for cell, row in said.items() if cell != "minGRU"}
    assert max(after_5, key=after_5.get) == "minGRU, 2 layers" and two[15,] == "1/3" and two[50,] == "-"
    assert min(after_5, key=after_5.get) == "RNN" and said["RNN"][15,] == said["RNN"][50,] == "-"
    assert end("copying", "RNN", 15) < end("copying", "LSTM", 15) / 4 and max(min(ends("copying", "RNN", 15))) < 1
    assert {cell: row[50,] for cell, row in said.items()} == {**dict.fromkeys(said, "-"), "GRU": "2/3"}
    assert all(loss == pytest.approx(math.log(8), abs=2e-3) for rate in ends("copying", "LSTM", 50) for loss in rate)
    assert {cell for cell, row in said.items() if steps(row[15,])} == {"GRU"}
    assert steps(entries(names, "adding", [(100, 100)])["LSTM"][100, 100]), "the LSTM adds over 100 steps"


def test_what_the_permutation_does_to_each_cell():
    read, tried = seqlab.results("pixels_read"), seqlab.results("pixels_rates")
    gains = {cell: [permuted - ordered for ordered, permuted in
                    zip(*(read.where(cell, order)[TEST] for order in ("in order", "permuted")), strict=True)]
             for cell in long_sequences.READERS}
    for order in ("in order", "permuted"):
        scores = {cell: read.where(cell, order)[TEST] for cell in gains}
        assert min(scores["GRU"]) > max(score for cell in gains if cell != "GRU" for score in scores[cell]), order
    for cell in ("GRU", "minGRU, 2 layers"):
        assert all(-14 < gain < -6 for gain in gains[cell]), f"{cell}: about ten points"
    for cell in ("RNN", "LSTM"):
        assert all(gain > 14 for gain in gains[cell]), f"{cell}: by far"
    apart = {cell: abs(operator.sub(*read.where(cell, "in order")[TEST])) for cell in gains}
    assert 10 < apart["RNN"] < apart["LSTM"] and statistics.fmean(gains["LSTM"]) > 30, "many points, even more"
    for cell, sign in (("RNN", 1), ("LSTM", 1), ("minGRU, 2 layers", -1)):
        for ordered, permuted in zip(*(tried.where(cell, order)[VAL] for order in ("in order", "permuted")),
                                     strict=True):
            assert sign * (permuted - ordered) > 0, f"{cell}: at each rate"
    assert max(*tried.where("RNN", "in order")[VAL], *tried.where("LSTM", "in order")[VAL]) < 31, "little"
    seeds = {0, *read["seed"]}
    assert len(seeds) == 3 and len(read.where("GRU", "in order")) == 2


def test_who_is_ahead_depends_on_the_axis():
    """Accuracy and seconds after each epoch, the means that the chapter draws."""
    def mean(cell, order="in order"):
        histories = seqlab.results("pixels_read").where(cell, order)["history"]
        return [[statistics.fmean(part) for part in zip(*epoch, strict=True)] for epoch in zip(*histories, strict=True)]

    rnn, lstm = mean("RNN", "permuted"), mean("LSTM", "permuted")
    assert all(slow[0] > quick[0] for slow, quick in zip(lstm, rnn, strict=True)), "the LSTM after each epoch"
    assert rnn[3][1] < lstm[1][1] and lstm[1][0] < rnn[3][0] < lstm[2][0], "four epochs before the second ends"
    for other in ("RNN", "LSTM", "minGRU, 2 layers"):
        assert mean("GRU")[0][0] > mean(other)[-1][0], "its first mark above the others' last"
    for order in ("in order", "permuted"):
        for other in ("GRU", "LSTM", "minGRU, 2 layers"):
            assert 0.2 < mean("RNN", order)[-1][1] / mean(other, order)[-1][1] < 0.45, "about a third of the time"
    ends = {cell: mean(cell, "permuted")[-1][0] for cell in long_sequences.READERS}
    assert sorted(ends, key=ends.get) == ["minGRU, 2 layers", "RNN", "LSTM", "GRU"]
    assert ends["minGRU, 2 layers"] < ends["RNN"] - 10, "well below"


def test_what_the_runs_that_chose_the_rates_say():
    tried = {key: dict(zip(runs["rate"], runs["validation accuracy (%)"], strict=True))
             for key, runs in seqlab.results("pixels_rates").by("cell", "order").items()}
    for cell, side in (("RNN", 1), ("LSTM", 1), ("minGRU, 2 layers", -1)):
        assert all(side * (tried[cell, "permuted"][rate] - tried[cell, "in order"][rate]) > 0
                   for rate in (0.001, 0.003, 0.01)), cell
    assert [tried["GRU", "permuted"][rate] > tried["GRU", "in order"][rate] for rate in (0.001, 0.003, 0.01)] == [
        True, True, False]
    best = [max(row, key=row.get) for row in tried.values()]
    assert sum(rate != 0.003 for rate in best) >= 6, "most are the highest or the lowest"
    for cell in ("RNN", "LSTM"):
        assert max(tried[cell, "in order"].values()) < 35, "little"


def test_how_far_a_cell_reaches_is_the_median_at_its_better_rate(names):
    """One word on six runs: the steps if all three seeds solve it at some rate, else how many do, else nothing."""
    def runs(*steps):
        """Of two rates three seeds each; None where it was not solved."""
        tried = [(rate, seed) for rate in (0.1, 0.2) for seed in range(3)]
        rows = [("GRU", rate, seed, 999 if one is None else one, "no" if one is None else "yes")
                for (rate, seed), one in zip(tried, steps, strict=True)]
        return Results("", "", "", ("cell", "rate", "seed"), ("cell", "rate", "seed", "steps", "solved"), rows,
                       "", "", "")

    for steps, said in (((100, 900, 200, 300, 300, 300), "200"), ((None,) * 3 + (1500, 1600, 50), "1,500"),
                        ((None, 50, 50, None, None, 50), "2/3"), ((None,) * 6, "-"), ((1, 1, None, 9, 9, 9), "9")):
        assert names["reach"](runs(*steps)) == said


def test_the_table_has_a_row_for_each_cell_and_a_column_for_each_case(names, monkeypatch, capsys):
    keys = ("cell", "delay", "rate", "seed")
    rows = [(cell, delay, 0.1, seed, 10 * delay + k, "yes") for k, cell in enumerate(long_sequences.CELLS)
            for delay in (5, 9) for seed in range(3)]
    made = Results("copying", "", "", keys, (*keys, "steps", "solved"), rows, "", "", "")
    monkeypatch.setattr(seqlab, "results", lambda name: made)
    names["table"]("copying", {"after 5": (5,), "after 9": (9,)}, "batches")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["batches", "after", "5", "after", "9"]
    assert [line.split()[-2:] for line in lines[1:]] == [[str(50 + k), str(90 + k)] for k in range(5)]
    assert [line[:16].strip() for line in lines[1:]] == list(long_sequences.CELLS)


@pytest.mark.slow
def test_it_all_runs_on_few_digits(ran):
    assert verdicts(ran("linear = nn.Linear(196, 10)").printed) == [True]
    late = [numbers(line.partition(":")[2])[0] for line in LONG.printed("late = ").splitlines()]
    assert late[0] < 5 and late[1] > 100 * 28 / 196, "in order nearly all is over; permuted there is ink up to the end"
    assert verdicts(ran("anew = as_pixels(few)").printed) == [True, False]
