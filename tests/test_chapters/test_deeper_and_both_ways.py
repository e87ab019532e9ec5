"""The chapter: its races are fair, its intervals are right, and what it says of the study is so."""

import itertools
import math
import random
import re
import statistics
import types

import pytest
import torch
from scipy import stats
from torch import nn

import seqlab
from seqlab import plots
from studies import equal_size
from tools import course

from . import coded_digits, numbers, trained_by_hand, verdicts

HEADS = course.chapter("deeper-and-both-ways")
CODED = coded_digits(640)
TABLE = seqlab.results("deeper_and_both_ways")
SCORES = {"gru": [70.0, 78.0, 74.0, 73.0, 76.0], "lstm": [71.0, 75.5, 74.5, 70.0, 79.0]}


@pytest.fixture(scope="module")
def ran():
    """The chapter on coded digits, with races whose scores are known: they rise with the rate and the head."""
    drawing = course.Recorder()
    drawing.figure, drawing.lines = plots.figure, plots.lines

    def race(kind, seed, lr, head="last"):
        return SCORES[kind][seed] + 100 * lr + len(head)

    return HEADS.play(load_digits=lambda: CODED, race=race, plots=drawing, choose_device=lambda: torch.device("cpu"))


def student(values):
    """Both ends of the 95 % interval, by SciPy's own way."""
    return stats.ttest_1samp(values, 0).confidence_interval()


# --- the races --------------------------------------------------------------------------------------------------------

def test_both_layers_get_the_same_digits_in_the_same_order_whatever_else_is_drawn():
    names = HEADS.definitions(images=torch.zeros(3000, 28, 28))
    torch.manual_seed(1)
    first = list(names["batches"](0))
    torch.rand(7)
    assert all(torch.equal(one, other) for one, other in zip(first, names["batches"](0), strict=True))
    assert [len(batch) for batch in first] == [50] * 120
    passes = [torch.cat(first[40 * k:40 * k + 40]) for k in range(3)]
    assert len(set(passes[0].tolist())) == 2000 and max(passes[0]) > 2000, "not the first digits, each once"
    assert all(sorted(one.tolist()) == sorted(passes[0].tolist()) for one in passes)
    other = torch.cat(list(names["batches"](1)))[:2000]
    assert not torch.equal(passes[0], passes[1]) and not torch.equal(passes[0], other)


@pytest.mark.parametrize("head", ["last", "concat"])
def test_a_race_trains_as_by_hand_and_is_judged_by_the_validation_digits(head):
    judged = []
    package = types.SimpleNamespace(SequenceClassifier=seqlab.SequenceClassifier, evaluate=lambda *given: (
        judged.append(given), types.SimpleNamespace(accuracy=0.25))[1])
    images, labels, val = torch.rand(300, 28, 28), torch.arange(300) % 10, object()
    names = HEADS.definitions(images=images, labels=labels, val=val, seqlab=package, device=torch.device("cpu"))
    names["batches"].__defaults__ = (200, 2, 50)
    package.SequenceClassifier, names["seqlab"] = seqlab.SequenceClassifier, package
    assert names["race"]("gru", 3, 0.02, head) == 25
    (model, given), = judged
    torch.manual_seed(3)
    own = seqlab.SequenceClassifier("gru", 28, 32, 10, pooling=head, seq_len=28)
    trained_by_hand(torch.optim.Adam(own.parameters(), lr=0.02),
                    lambda batch: -own(images[batch]).log_softmax(dim=1)[range(len(batch)), labels[batch]].mean(),
                    [(batch,) for batch in names["batches"](3)], max_norm=1.0)
    assert given is val
    for mine, theirs in zip(model.parameters(), own.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-4)


def test_the_interval_is_students(ran):
    differences = [g - l for g, l in zip(SCORES["gru"], SCORES["lstm"], strict=True)]
    low, high = student(differences)
    cell = ran("stats.ttest_rel")
    assert [cell["mean"] - cell["half"], cell["mean"] + cell["half"]] == pytest.approx([low, high])
    assert numbers(cell.printed)[-2:] == pytest.approx([low, high], abs=0.051)
    apart = math.sqrt(statistics.variance(SCORES["gru"]) + statistics.variance(SCORES["lstm"]))
    assert numbers(ran("math.hypot").printed) == pytest.approx([statistics.stdev(differences), apart], abs=0.006)
    rows = [numbers(line.replace("%-points", "")) for line in ran('print("seed  GRU').printed.splitlines()[1:]]
    assert [row[3] for row in rows] == pytest.approx(differences, abs=0.051)
    assert [row[0] for row in rows] == [0, 1, 2, 3, 4]


def test_the_rates_and_the_heads_are_compared_by_pairs_too(ran):
    races = ran("for lr in (0.003, 0.03)")["races"]
    for values in races.values():
        assert values == pytest.approx([g - l for g, l in zip(SCORES["gru"], SCORES["lstm"], strict=True)])
    assert list(races) == ["rate 0.003", "rate 0.01", "rate 0.03"]
    by_head = ran("by_head = {")["by_head"]
    for head in ("mean", "concat"):
        gained = [a - b for a, b in zip(by_head[head], by_head["last"], strict=True)]
        assert gained == pytest.approx(5 * [len(head) - 4])
    printed = ran("by_head = {").printed.splitlines()
    assert numbers(printed[2])[1:] == [2, 2], "six letters against four: an interval without width"


def test_the_picture_shows_every_difference_and_the_interval_of_their_mean():
    names = HEADS.definitions()
    groups = {"one": [1.0, 2.0, 4.0], "two": [-3.0, 0.5, 1.0, 2.0]}
    axes, = names["draw_differences"](groups, "points").axes
    zero, *lines = axes.get_lines()
    assert set(zero.get_xdata()) == {0} and axes.get_xlabel() == "points"
    assert [label.get_text() for label in axes.get_yticklabels()] == ["one", "two"]
    for place, values in enumerate(groups.values()):
        band, dots = lines[2 * place:2 * place + 2]
        assert list(band.get_xdata()) == pytest.approx(list(student(values))) and set(band.get_ydata()) == {place}
        assert list(dots.get_xdata()) == values and set(dots.get_ydata()) == {place} and dots.get_marker() == "o"
    low, high = axes.get_ylim()
    assert low > len(groups) - 1 and high < 0, "the first on top"


# --- layers and heads -------------------------------------------------------------------------------------------------

def test_what_the_three_heads_see(ran):
    summaries = HEADS.definitions()["summaries"]
    out = torch.rand(2, 3, 4)
    last, mean, concat = summaries(out)
    for k, digit in enumerate(out.tolist()):
        assert last[k].tolist() == digit[2] and concat[k].tolist() == digit[0] + digit[1] + digit[2]
        assert mean[k].tolist() == pytest.approx([statistics.fmean(unit) for unit in zip(*digit, strict=True)])
    lines = ran("head = nn.Linear(summary").printed.splitlines()
    assert [line.split() for line in lines] == [
        ["last", "(5,", "256)", "2,570", "parameters"], ["mean", "(5,", "256)", "2,570", "parameters"],
        ["concat", "(5,", "7168)", "71,690", "parameters"]]
    assert ran("layer = nn.GRU").printed == "out (5, 28, 256) h_n (2, 5, 256)\n"


def test_the_last_of_an_lstms_state_is_c_n(ran):
    printed = [line.split("state[-1] ")[1] for line in ran("out, state = kind(28").printed.splitlines()]
    assert printed == ["(5, 256)", "(5, 256)", "(2, 5, 256)"]
    layer, x = nn.LSTM(3, 4, 2, batch_first=True), torch.rand(2, 5, 3)
    _, (_, c_n) = layer(x)
    assert torch.equal(layer(x)[1][-1], c_n) and nn.Linear(4, 10)(c_n).shape == (2, 2, 10)


def test_the_last_of_out_is_another_digit(ran):
    right, wrong = ran("out[-1]   ").printed.splitlines()
    assert verdicts(right) == [True, True] and verdicts(wrong) == [False, True]


# --- what it says of the study ----------------------------------------------------------------------------------------

def test_the_table_is_that_of_the_study(ran):
    lines = ran('table = seqlab.results("deeper_and_both_ways")').printed.splitlines()[1:]
    assert len(lines) == 9
    heads = {"all states": "concat", "last state": "last", "mean state": "mean"}
    video = seqlab.published("video")
    for line in lines:
        name = line[:17].strip()
        cell, head = name.split(", ")
        runs = [row for row in TABLE if row[:3] == (cell.lower(), heads[head], 0.001)]
        mean = statistics.fmean(row[TABLE.columns.index("test accuracy (%)")] for row in runs)
        assert numbers(line[17:])[0] == pytest.approx(mean, abs=0.051) and f"{runs[0][4]:,}" in line
        assert name not in video or f" {100 * video[name]:.2f} " in line


def test_which_conclusions_survive():
    def ahead(one, other):
        return student([a - b for a, b in zip(*(TABLE.where(*key, 0.001)["test accuracy (%)"] for key in (one, other)),
                                              strict=True)])

    for head in ("concat", "last"):
        low, high = ahead(("gru", head), ("lstm", head))
        assert low < 0 < high and high - low < 1.0, "open, and at most about half a point"
        assert ahead(("gru", head), ("rnn", head))[0] > 1
    low, high = ahead(("gru", "last"), ("gru", "concat"))
    assert low < 0 < high
    assert ahead(("lstm", "last"), ("lstm", "concat"))[1] < 0 and ahead(("rnn", "last"), ("rnn", "concat"))[1] < -2
    lines = HEADS.printed("claims = {").splitlines()
    for line, keys in zip(lines, ((("gru", "concat"), ("lstm", "concat")), (("gru", "last"), ("lstm", "last")),
                                  (("gru", "last"), ("gru", "concat")), (("lstm", "last"), ("lstm", "concat")),
                                  (("rnn", "last"), ("rnn", "concat")), (("gru", "concat"), ("rnn", "concat"))),
                          strict=True):
        assert numbers(line.partition(" (")[2]) == pytest.approx(list(ahead(*keys)), abs=0.0051)
    won = [[a > b for a in TABLE.where(*one, 0.001)["test accuracy (%)"]
            for b in TABLE.where(*other, 0.001)["test accuracy (%)"]]
           for one, other in ((("gru", "concat"), ("lstm", "concat")), (("lstm", "last"), ("lstm", "concat")))]
    assert [sum(pairs) for pairs in won] == [13, 2] and "13 of 25" in HEADS.printed("def won")


def test_the_misread_digits_are_shares_of_the_runs(ran):
    misread = ran("def misread")["misread"]
    runs = TABLE.where("gru", "last", 0.001)
    shares = misread(runs)
    assert shares.sum().item() == pytest.approx(statistics.fmean(len(row[-1]) for row in runs), abs=0.01)
    assert set((shares * len(runs)).round().int().tolist()) <= set(range(len(runs) + 1))
    for digit, _ in runs.rows[0][-1][:5]:
        assert shares[digit].item() == pytest.approx(statistics.fmean(
            digit in [one for one, _ in row[-1]] for row in runs))
    more = ran("more = misread")
    lstm = statistics.fmean(len(row[-1]) for row in TABLE.where("lstm", "last", 0.001))
    assert numbers(more.printed)[0] == pytest.approx(lstm - shares.sum().item(), abs=0.06)


def test_the_winner_of_one_half_leads_by_less_on_the_other():
    """With Python's own halves, in place of the chapter's."""
    chance, leads = random.Random(1), []
    nets = [{digit for digit, _ in row[-1]} for row in TABLE
            if row[0] != "rnn" and row[1] != "mean"]
    for _ in range(300):
        here = set(chance.sample(range(10_000), 5_000))
        counts = [len(net & here) for net in nets]
        winner = counts.index(min(counts))
        both = [counts, [len(net - here) for net in nets]]
        leads.append([(statistics.fmean(half) - half[winner]) / 50 for half in both])
    printed = numbers(HEADS.printed("halves = ").partition("lead of the winner")[2])
    mine = [statistics.fmean(lead) for lead in zip(*leads, strict=True)]
    assert printed == pytest.approx(mine, abs=0.04) and printed[1] < printed[0]


def test_each_at_its_own_rate():
    equal, few, best = seqlab.results("at_equal_size"), seqlab.results("with_few_images"), {}
    for name, runs in equal.by("model").items():
        first = runs.where(name).by("seed")[0]
        best[name] = dict(zip(first["validation accuracy (%)"], first["rate"], strict=True))
        best[name] = best[name][max(best[name])]
        assert equal_size.CHOSEN[name] == best[name], "the study runs on with what validation chose"
    assert max(best, key=best.get) == "linear" and min(best, key=best.get) == "RNN"
    at = {name: equal.where(name, rate) for name, rate in best.items()}
    own = {name: runs["test accuracy (%)"] for name, runs in at.items()}
    order = ["convolution", "GRU", "LSTM", "plain", "RNN"]
    printed = HEADS.printed("def at_own_rate").splitlines()
    for line in printed[1:7]:
        assert numbers(line[13:])[0] == pytest.approx(statistics.fmean(own[line.split()[0]]), abs=0.051)
    pairs = [(one, other, 5) for one, other in itertools.pairwise(order)]
    pairs.insert(2, ("GRU", "LSTM", 10))
    for (one, other, seeds), line in zip(pairs, printed[-5:], strict=True):
        low, high = student([a - b for a, b in zip(own[one][:seeds], own[other][:seeds], strict=True)])
        assert numbers(line.partition(" (")[2]) == pytest.approx([low, high, seeds], abs=0.0051)
        assert (low < 0 < high) if (one, seeds) == ("GRU", 5) else low > 0, "five seeds leave GRU and LSTM open"
    after = {name: [statistics.fmean(100 - epoch[2] for epoch in epochs) for epochs in
                    zip(*runs["history"], strict=True)] for name, runs in at.items()}
    assert min(after, key=lambda name: after[name][0]) == "convolution" and after["LSTM"][0] > after["plain"][0]
    assert abs(after["LSTM"][2] - after["plain"][2]) < 0.3 and after["LSTM"][4] < after["plain"][4] - 1
    accuracy = {(name, images): few.where(name, images).summary("test accuracy (%)").mean
                for name in best for images in (100, 1000, 10_000)}
    for images in (100, 1000, 10_000):
        ranked = sorted(best, key=lambda name: accuracy[name, images], reverse=True)
        assert ranked[0] == "convolution"
        if images == 100:
            assert ranked[-3:] == ["GRU", "LSTM", "RNN"] and ranked[1] == "linear"
        elif images == 1000:
            assert ranked == ["convolution", "GRU", "LSTM", "plain", "linear", "RNN"]


# --- the stored run ---------------------------------------------------------------------------------------------------

def test_the_stored_races_are_as_the_text_says():
    differences = [float(one) for one in course.find_all(r"(-?\d+\.\d) %-points", HEADS.printed("differences = "))]
    assert [one > 0 for one in differences] == [True, True, False, True, False], "three of five"
    ends = [[float(one) for one in pair] for pair in course.find_all(
        r"from (-?\d+\.\d) % to (-?\d+\.\d) %", HEADS.printed("for lr in (0.003, 0.03)"))]
    assert [low > 0 for low, _ in ends] == [False, False, True] and all(high > 0 for _, high in ends)
    means = [[float(one) for one in pair] for pair in course.find_all(
        r"GRU acc (\S+) %, LSTM acc (\S+) %", HEADS.printed("for lr in (0.003, 0.03)"))]
    assert [gru > lstm for gru, lstm in means] == [False, True, True]
    mean, concat = re.findall(r"last (-?\S+) % to (-?\S+) %", HEADS.printed("by_head = {"))
    assert float(mean[0]) < 0 < float(mean[1]) and float(concat[0]) > 10
