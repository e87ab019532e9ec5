"""Inside the LSTM: what is looked at is what the layer computes, and what is said of it is in the study."""

import math
import statistics
import types

import pytest
import torch

import seqlab
from seqlab import plots
from seqlab.checks import check
from tests.test_chapters import coded_digits, numbers
from tools import course
from tools.course import find_all, some

INSIDE = course.chapter("inside-the-lstm")
CODED = coded_digits(640)


@pytest.fixture(scope="module")
def ran():
    """With a network that was trained for a moment on coded digits; their lower rows are all alike."""
    package, given = types.SimpleNamespace(**vars(seqlab)), []

    def fit(model, train, val):
        given.append((train, val))
        model.layer.bias_hh_l0.data[64:128] = 3     # open forget gates: what stands in row 5 is not lost at once
        seqlab.fit(model, CODED.train, val, epochs=4, batch_size=32, quiet=True)

    package.fit = fit
    played = INSIDE.play(load_digits=lambda: CODED, seqlab=package, plots=plots, given=given)
    return played


def rows_by_hand(model, images):
    """i, f, g, o, c and h of every row, by nn.LSTMCell's own equations, one digit after the other."""
    w_ih, w_hh, b_ih, b_hh = (weight.detach().double() for weight in model.layer.all_weights[0])
    found = []
    for image in images.double():
        h, c, own = torch.zeros(64).double(), torch.zeros(64).double(), []
        for row in image:
            sums = torch.einsum("ki,i->k", w_ih, row) + torch.einsum("kh,h->k", w_hh, h) + b_ih + b_hh
            i, f, o = (1 / (1 + torch.exp(-sums[64 * k:64 * k + 64])) for k in (0, 1, 3))
            g = torch.tanh(sums[128:192])
            c = f * c + i * g
            h = o * torch.tanh(c)
            own.append(torch.stack([i, f, g, o, c, h]))
        found.append(torch.stack(own, dim=1))
    return torch.stack(found, dim=1)


def test_it_is_trained_on_all_training_digits_the_few_ones_several_times_and_tested_on_the_test_digits(ran):
    cell = ran("copies = ")
    (train, val), = cell["given"]
    assert cell["copies"] == 19 and len(train[0]) == 19 * 640 >= 12_000
    assert torch.equal(train[0][640:1280], CODED.train[0]) and torch.equal(val[1], CODED.val[1])
    assert torch.equal(cell["images"], CODED.test[0]) and torch.equal(cell["labels"], CODED.test[1])
    result = seqlab.evaluate(cell["model"], CODED.test)
    assert f"test {result}" in cell.printed and result.accuracy > 0.5


def test_the_states_are_those_of_a_network_that_has_read_so_many_rows(ran):
    assert "after 18 rows: equal" in ran("whole, cut").printed
    cell = ran("said = chances.argmax")
    model, by_hand = cell["model"], rows_by_hand(cell["model"], CODED.test[0][:3])[5]
    assert torch.allclose(cell["read"][:3], by_hand.float(), atol=1e-4) and cell["read"].shape == (400, 28, 64)
    logits = by_hand @ model.head.weight.detach().double().T + model.head.bias.detach().double()
    powers = logits.exp()
    assert torch.allclose(cell["chances"][:3], (powers / powers.sum(dim=2, keepdim=True)).float(), atol=1e-4)
    assert cell["said"][:3].tolist() == logits.argmax(dim=2).tolist() and "(28, 10)" in cell.printed
    curves, labels = ran("right = 100"), CODED.test[1].tolist()
    said, chances = cell["said"].tolist(), cell["chances"]
    for k in (0, 17, 27):
        hits = sum(one[k] == label for one, label in zip(said, labels, strict=True))
        assert curves["right"][k].item() == pytest.approx(100 * hits / 400)
        best = [max(one) for one in chances[:, k].tolist()]
        assert curves["sure"][k].item() == pytest.approx(100 * statistics.mean(best), rel=1e-4)


def test_the_probe_is_fitted_to_training_digits_and_judged_on_others(ran):
    cell = ran("probed = ")
    assert cell["ks"] == [4, 8, 12, 16, 20, 24, 28] and torch.equal(cell["answers"], CODED.train[1])
    assert torch.allclose(cell["known"][:2], rows_by_hand(cell["model"], CODED.train[0][:2])[5].float(), atol=1e-4)
    probed = [value.item() for value in cell["probed"]]
    assert probed[0] < 30 and min(probed[3:]) > 75, "where the digits are bright is read in rows 5 to 8"
    made = cell["probe"](torch.eye(64)[:10].repeat(9, 1), torch.arange(10).repeat(9))
    assert made(torch.eye(64)[:10]).argmax(dim=1).tolist() == list(range(10))


def test_the_row_from_which_an_answer_stays(ran):
    function = ran("stays = ")["stays_from"]
    for answers, row in (([4, 7, 2, 7, 7], 4), ([7, 7], 1), ([1, 2, 3], 3)):
        assert function(answers) == row
    check("inside-the-lstm/turn", function)
    stays, said = ran("stays = ")["stays"].int().tolist(), ran("stays = ")["said"].tolist()
    for row, answers in zip(stays, said, strict=True):
        assert len(set(answers[row - 1:])) == 1 and (row == 1 or answers[row - 2] != answers[-1])
    for line, row in zip(ran("get one answer").printed.splitlines(), (14, 20, 28), strict=True):
        own = [answers[row - 1] for answers in said]
        most = max(own.count(digit) for digit in range(10))
        assert line == f"row {row}: over 20 % of the digits get one answer: {most > 80}"
    late, rest = (float(value) for value in find_all(r"acc (\S+) %", ran("late = ").printed))
    labels = CODED.test[1].tolist()
    for value, chosen in ((late, lambda row: row >= 27), (rest, lambda row: row < 27)):
        own = [answers[-1] == label for answers, label, row in zip(said, labels, stays, strict=True) if chosen(row)]
        assert math.isnan(value) if not own else value == pytest.approx(100 * sum(own) / len(own), abs=0.006)


def test_the_gates_are_those_of_the_layer_and_their_numbers_are_means(ran):
    cell = ran("theirs in")
    assert cell.printed.count("agrees: True") == 2
    by_hand = rows_by_hand(cell["model"], CODED.test[0][:3]).float()
    assert torch.allclose(cell["parts"][:, :3], by_hand, atol=1e-4) and cell["parts"].shape == (6, 400, 28, 64)
    parts = cell["parts"]
    for line, part in zip(ran("usual in").printed.splitlines(), parts, strict=True):
        within = part.var(dim=0, unbiased=False).mean() / part.var()
        assert numbers(line) == [pytest.approx(100 * (1 - within.item()), abs=0.06)]
    for line, (name, row) in zip(ran("by_row = ").printed.splitlines(), (("f", 6), ("f", 28), ("i", 6), ("i", 28)),
                                 strict=True):
        value = parts["ifgoch".index(name), :, row - 1].mean().item()
        assert numbers(line.replace(":", " ")) == [row, pytest.approx(100 * value, abs=0.06)]
    kept = ran("kept = parts")
    own = [math.prod(parts[1, 7, 14:, 5].tolist()), math.prod(parts[1, 9, 14:, 5].tolist())]
    assert parts[1, [7, 9], 14:, 5].prod(dim=1).tolist() == pytest.approx(own)
    shares = [statistics.mean(math.prod(column) for column in parts[1, :, 14:, unit].tolist()) for unit in range(64)]
    assert kept["kept"].tolist() == pytest.approx(shares, rel=1e-3)
    assert numbers(kept.printed)[0] == pytest.approx(100 * sorted(shares)[31], abs=0.06)
    assert numbers(kept.printed)[1:] == [0.7, pytest.approx(100 * 0.7**14, abs=0.06)]


def test_a_correlation_is_pearson_s_and_one_of_coins_does_not_come_back(ran):
    function = ran("def correlation")["correlation"]
    units, claim = torch.randn(50, 3).double(), torch.randint(2, (50,)).double()
    for k, value in enumerate(function(units, claim).tolist()):
        assert value == pytest.approx(statistics.correlation(units[:, k].tolist(), claim.tolist()))
    lines = ran("coin = ").printed.splitlines()
    assert len(lines) == 2
    for line, n in zip(lines, (20, 100), strict=True):
        found, again = ([float(part) for part in both] for both in find_all(r"(-?\d\.\d\d)±(\d\.\d\d)", line))
        assert line.strip().startswith(f"{n} digits") and found[0] > 3 * abs(again[0]) and abs(again[0]) < 0.05


def test_an_intervention_sets_units_to_their_mean_over_the_first_half(ran):
    cell = ran("def read_without")
    first, second, model = cell["first"], cell["second"], cell["model"]
    for units, digit in (([3], 1), ([0, 1, 2, 40], 7), ([], 4)):
        right, of = 0, 0
        for state, label in zip(second.tolist(), CODED.test[1][200:].tolist(), strict=True):
            for unit in units:
                state[unit] = first[:, unit].mean().item()
            if label == digit:
                logits = model.head(torch.tensor(state)).tolist()
                right, of = right + (logits.index(max(logits)) == digit), of + 1
        assert cell["read_without"](units, digit) == pytest.approx(100 * right / of)
    assert torch.equal(cell["second"], cell["read"][200:, -1]), "and leaves the states as they are"
    many = ran('runs = list(range(0, 65, 8))')
    assert many["means"]["chosen"][0] == many["means"]["drawn"][0] and many["ks"] == list(range(0, 65, 8))
    assert many["means"]["chosen"].shape == (9,)


def test_the_digits_are_changed_as_their_names_say(ran):
    cell, images = ran("changes = {"), CODED.test[0]
    changes = cell["changes"]
    assert torch.equal(changes["as it is"], images) and torch.equal(changes["inverted"], 1 - images)
    for name, (down, right) in (("4 right", (0, 4)), ("4 down", (4, 0))):
        for row, column in ((10, 12), (27, 27), (4, 4)):
            assert changes[name][5, row, column] == images[5, row - down, column - right]
        assert changes[name][:, :, :right].sum() == changes[name][:, :down].sum() == 0
    assert torch.equal(changes["upside down"][:, 0], images[:, 27])
    halves = changes["two halves"]
    assert torch.equal(halves[:, :14], images[:, :14]) and not torch.equal(halves[:, 14:], images[:, 14:])
    assert changes["noise"].min() >= 0 and changes["noise"].max() <= 1
    assert changes["only noise"].mean() == pytest.approx(0.5, abs=0.02)


def test_false_alarms_are_counted_on_validation_digits_and_misses_on_others(ran):
    cell = ran("alarms = ")
    logits = cell["model"](CODED.val[0]).detach().softmax(dim=1).tolist()
    good = sorted(max(row) for row, label in zip(logits, CODED.val[1].tolist(), strict=True)
                  if row.index(max(row)) == label)
    assert sorted(cell["good"].tolist()) == pytest.approx(good, abs=1e-5)
    threshold = torch.tensor(good, dtype=torch.float64).quantile(0.05).item()
    for name, chances in some(cell["wrong"].items()):
        missed = sum(chance >= threshold for chance in chances.tolist()) / len(chances)
        assert cell["lines"][name][5].item() == pytest.approx(100 * missed, abs=1.1 * 100 / len(chances)), name
    assert len(cell["wrong"]["only noise"]) == len(cell["wrong"]["two halves"]) == 400
    assert len(cell["wrong"]["misread"]) == sum(
        row.index(max(row)) != label for row, label in zip(cell["model"](CODED.test[0]).tolist(),
                                                           CODED.test[1].tolist(), strict=True))


def test_what_goes_wrong_goes_wrong(ran):
    cell = ran("read[17]).argmax")
    assert "(28, 64) -> answers 28" in cell.printed and "RuntimeError" in cell.printed
    cell = ran("near = ")
    values = cell["values"].tolist()
    share = sum(abs(value - statistics.mean(values)) < 0.1 for value in values) / len(values)
    assert numbers(cell.printed)[0] == pytest.approx(100 * share, abs=0.51)


# --- what is said of five networks ------------------------------------------------------------------------------------

def mean(name, key, column):
    return seqlab.results(name).where(key).summary(column).mean


def test_the_tables_show_what_the_study_has_measured(ran):
    for line, (rows, runs) in zip(ran('rows = seqlab.results("inside_rows")').printed.splitlines()[1:],
                                  seqlab.results("inside_rows").by("rows").items(), strict=True):
        head, sure = runs["head (%)"], runs["best answer (%)"]
        got = numbers(line.replace("±", " "))
        assert got == [rows, *(pytest.approx(value, abs=0.06) for value in (
            statistics.mean(head), statistics.stdev(head), statistics.mean(sure), statistics.stdev(sure)))]
    for words, name, columns in (
            ("white, own in", "inside_rows", ("head (%)", "rest white (%)", "probe (%)")),
            ("found, again = (runs", "inside_digits", ("correlation", "other half")),
            ("whole, without in", "inside_digits", ("correlation", "read (%)", "without it (%)")),
            ("chosen, drawn in", "inside_digits", ("read (%)", "without 24 (%)", "without 24 drawn (%)"))):
        words = {"white, own in": "head, white, own", "whole, without in": "found, whole, without",
                 "chosen, drawn in": "whole, chosen, drawn"}.get(words, words)
        table = seqlab.results(name)
        for line, (key, runs) in zip(ran(words).printed.splitlines()[1:], table.by(table.keys[0]).items(), strict=True):
            want = [statistics.mean(runs[column]) for column in columns]
            assert numbers(line) == [key, *(pytest.approx(value, abs=0.051) for value in want)]


def test_five_networks_know_early_say_late_and_are_too_sure():
    for seed in range(5):
        runs = {row[0]: row[2:] for row in seqlab.results("inside_rows") if row[1] == seed}
        head, sure, probe, white = runs[18]
        assert head < 30 and sure > 60 and probe > 94 and head + 20 < white < probe - 20
        assert runs[12][2] > 80 and abs(runs[28][0] - runs[28][1]) < 0.5
        assert runs[24][0] < runs[28][0] - 10


def test_in_five_networks_the_ones_stay_early_and_the_classes_differ_more_than_the_seeds():
    table = seqlab.results("inside_digits").by("digit")
    means = {digit: runs.summary("stays from row").mean for digit, runs in table.items()}
    order = sorted(means, key=means.get)
    assert order[:2] == [1, 5] and set(order[-3:]) == {2, 6, 8}
    between = statistics.mean(runs.summary("stays from row").sd for runs in table.values())
    assert statistics.stdev(means.values()) > 2 * between
    assert [digit for digit, runs in table.items() if runs.summary("stays from row").sd > 3] == [1]
    assert sum(runs.summary("stays from row").sd < 2 for runs in table.values()) == 9


def test_in_five_networks_no_best_unit_is_missed_and_two_dozen_are():
    for _, runs in some(seqlab.results("inside_digits").by("digit").items()):
        first, again, whole, one, many, drawn = (runs.summary(name).mean for name in (
            "correlation", "other half", "read (%)", "without it (%)", "without 24 (%)", "without 24 drawn (%)"))
        assert again > first - 0.03 and whole - one < 0.5 and whole - drawn <= 0.51 and drawn - many > 13
    ones = seqlab.results("inside_digits").where(1)["without 24 (%)"]
    assert min(ones) == 0 and 96.5 < max(ones) < 97.5


def test_the_alarm_hears_noise_and_not_what_is_made_of_strokes():
    for seed in range(5):
        missed = {row[0]: row[5] for row in seqlab.results("inside_changed") if row[1] == seed}
        assert missed["only noise"] < 0.1 and missed["inverted"] == 0
        assert missed["none"] < missed["upside down"] < missed["two halves"] and missed["upside down"] > 25
    for change, runs in seqlab.results("inside_changed").by("change").items():
        if change not in ("two halves", "only noise"):
            assert 60 <= runs.summary("when wrong (%)").mean <= 81
    assert mean("inside_changed", "up 4", "read (%)") > mean("inside_changed", "down 4", "read (%)") + 5
    assert mean("inside_changed", "down 4", "read (%)") > mean("inside_changed", "left 4", "read (%)") + 10
