"""The chapter: its counts are PyTorch's, its clock is read where it should be, and what it says of the study is so."""

import statistics
import time

import pytest
import torch
from scipy import stats
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import seqlab
from seqlab import Recurrent, plots
from studies import speed
from tools import course

from . import coded_digits, numbers

LAB = course.chapter("long-sequences")
TABLE = seqlab.results("speed_table")


def ours(*sizes):
    row, = TABLE.where(*sizes).rows
    return dict(zip(TABLE.columns, row, strict=True))


def flops(layer, x, backward):
    with FlopCounterMode(display=False) as counter:
        out = layer(x)[0]
        if backward:
            out.sum().backward()
    return counter.get_total_flops()


# --- what is counted --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("sizes", [(2, 3, 4, 5), (1, 1, 6, 2), (7, 2, 1, 9)])
def test_the_operations_are_those_of_pytorchs_counter(sizes):
    names = LAB.definitions()
    batch, steps, inputs, units = sizes
    x = torch.rand(batch, steps, inputs)
    for cell in (names["EightLinearCell"], names["BuiltInCell"], seqlab.LSTMCell):
        layer = Recurrent(cell, inputs, units)
        assert names["operations"](*sizes) == flops(layer, x, False)
        assert names["training_operations"](*sizes) == flops(layer, x, True)


def test_the_layers_all_compute_an_lstm():
    layers = LAB.definitions()["layers_of"](4)
    assert list(layers) == ["eight Linear", "fused", "nn.LSTMCell", "nn.LSTM"]
    builtin, x = layers["nn.LSTM"], torch.rand(2, 5, 28)
    layers["fused"].load_builtin(builtin)
    with torch.no_grad():
        for name, attribute in (("ih", "x2"), ("hh", "h2")):
            for kind in ("weight", "bias"):
                whole = getattr(builtin, f"{kind}_{name}_l0")
                getattr(layers["nn.LSTMCell"].cells[0], f"{kind}_{name}").copy_(whole)
                parts = zip(getattr(layers["eight Linear"].cells[0], attribute), whole.chunk(4), strict=True)
                for layer, part in parts:
                    getattr(layer, kind).copy_(part)
    for layer in layers.values():
        assert torch.allclose(layer(x)[0], builtin(x)[0], atol=1e-6)


def test_the_calls_are_counted_one_by_one():
    names = LAB.definitions()
    with names["Calls"]() as seen:
        torch.ones(2).add(1).mul(2)
    assert seen.count == 3
    assert names["Calls"]().count == 0, "each begins anew"


def test_the_intensity_is_operations_by_bytes():
    intensity = LAB.definitions()["intensity"]
    numbers_moved = 4 * 3 * 3 + 5 * 3 + 5 * 4 * 3
    assert intensity(5, 3) == pytest.approx(2 * 5 * 4 * 3 * 3 / (4 * numbers_moved))
    printed = [float(line.split(":")[1].split()[0]) for line in LAB.printed("def intensity").splitlines()]
    assert printed == pytest.approx([intensity(batch, 128) for batch in (1, 8, 32, 128, 512)], abs=0.051)


# --- how it is timed --------------------------------------------------------------------------------------------------

def test_each_call_is_timed_by_itself_in_turns_and_the_warm_up_is_left_out(monkeypatch):
    now, done = [0.0], []
    names = LAB.definitions()
    monkeypatch.setattr(time, "process_time", lambda: now[0])

    def action(name, costs):
        left = iter(costs)

        def act():
            done.append(name)
            now[0] += next(left)
        return act

    got = names["in_turns"]({"a": action("a", [90, 80, 1, 7, 3]), "b": action("b", [50, 60, 20, 10, 40])}, 5, 2)
    assert got == {"a": 3, "b": 20} and done == 5 * ["a", "b"]


def test_a_step_goes_forward_and_backward_from_fresh_gradients():
    names = LAB.definitions()
    layer, x = nn.LSTM(28, 3, batch_first=True), torch.rand(2, 4, 28)
    for _ in range(2):
        names["step"](layer, x)
    want = torch.autograd.grad(layer(x)[0].sum(), list(layer.parameters()))
    assert all(torch.allclose(one.grad, other) for one, other in zip(layer.parameters(), want, strict=True))


def test_the_compiled_layer_is_used_once_and_a_missing_compiler_stops_nothing(capsys, monkeypatch):
    compiling = LAB.definitions()["compiled_or_none"]
    layer, x = nn.LSTM(28, 3, batch_first=True), torch.rand(2, 4, 28)
    monkeypatch.setattr(torch, "compile", lambda given: given)
    assert compiling(layer, x) is layer and layer.weight_ih_l0.grad is not None

    def fails(given):
        raise RuntimeError("no compiler")

    monkeypatch.setattr(torch, "compile", fails)
    assert compiling(layer, x) is None
    assert "not compiled: RuntimeError" in capsys.readouterr().out


def test_it_all_runs_on_few_digits():
    """With one turn each: what is printed depends on the machine, that it is printed does not."""
    drawing = course.Recorder()
    drawing.figure = plots.figure
    ran = LAB.play(load_digits=lambda: coded_digits(640), plots=drawing)
    assert len(ran("where a step of nn.LSTM takes 1 s").printed.splitlines()) == 3
    assert ran("if COMPILE")["compiled"] is None


# --- what it says of the study ----------------------------------------------------------------------------------------

def share(row, name):
    """The share of the product's rate, by the operations of the fused layer as PyTorch's counter sees them."""
    needed = flops(Recurrent("lstm", 28, row["hidden_size"]), torch.rand(row["batch"], row["seq_len"], 28), True)
    return 100 * needed / (1e9 * row["product (GFLOP/s)"]) / (row[f"{name} (CPU ms)"] / 1000)


def test_the_table_of_five_ways():
    base = ours(*speed.PUBLISHED_SIZES)
    _, *lines = LAB.printed("for name in (*WAYS").splitlines()
    for name, line in zip(("eight Linear", "fused", "nn.LSTMCell", "nn.LSTM", "compiled"), lines, strict=True):
        assert line.startswith(name) and numbers(line.replace("nn.LSTM", "").replace("ms,", " "))[-2:] == pytest.approx(
            [base[f"{name} (CPU ms)"], share(base, name)], abs=0.51)
    times = [base[f"{name} (CPU ms)"] for name in ("eight Linear", "fused", "compiled", "nn.LSTM")]
    assert times == sorted(times, reverse=True)
    assert share(base, "eight Linear") < 20 and 30 < share(base, "nn.LSTM") < 50
    assert 0.5 < times[2] / times[1] < 0.8 and 20 < base["compiling (s)"] < 30


def test_where_the_time_goes():
    base, one = ours(32, 128, 28), ours(1, 128, 28)
    for name, least in (("eight Linear", 0.5), ("fused", 0.3), ("nn.LSTMCell", 0.3)):
        assert one[f"{name} (CPU ms)"] / base[f"{name} (CPU ms)"] > least
    parts = [numbers(line.partition("calls")[2].replace(" %", "")) for line in
             LAB.printed('parts = {"calls"').splitlines()]
    assert [max(part) == part[0] for part in parts[:1]] == [True] and parts[0][0] > 50
    assert max(parts[3]) == parts[3][1], "of nn.LSTM the products"
    assert all(98 <= sum(part) <= 102 for part in parts)
    costs = [float(line.split()[-4]) for line in LAB.printed("taken / calls[name]").splitlines()]
    assert all(2.5 < cost < 4.5 for cost in costs), "three to four"


def test_batch_hidden_size_and_length():
    def took(name, *sizes):
        return ours(*sizes)[f"{name} (CPU ms)"]

    assert took("eight Linear", 32, 128, 28) < 2 * took("eight Linear", 1, 128, 28)
    assert took("eight Linear", 32, 128, 28) < 2 * took("eight Linear", 8, 128, 28), "as the quiz says"
    assert 5 < took("eight Linear", 32, 512, 28) / took("eight Linear", 32, 128, 28) < 7
    assert 3.5 < took("eight Linear", 32, 128, 112) / took("eight Linear", 32, 128, 28) < 4.5
    assert 3 < took("nn.LSTM", 32, 128, 112) / took("nn.LSTM", 32, 128, 28) < 4
    for name in ("eight Linear", "fused", "nn.LSTM"):
        assert share(ours(512, 128, 28), name) > 100 / 3.3, "within about a factor of three"


def test_where_the_built_in_does_not_win():
    def ratio(name, *sizes):
        return ours(*sizes)[f"{name} (CPU ms)"] / ours(*sizes)["nn.LSTM (CPU ms)"]

    assert ratio("nn.LSTMCell", 32, 128, 1) < 0.8 and ratio("nn.LSTMCell", 32, 128, 7) > 1.2
    assert 0.8 < ratio("nn.LSTMCell", 512, 128, 28) < 1.2 and 0.8 < ratio("fused", 512, 128, 28) < 1.3


def test_the_two_bounds_meet_where_the_text_says():
    lines = LAB.printed("ridge = ").splitlines()
    assert [numbers(line.replace(",", " "))[-1] for line in lines] == pytest.approx([21, 6], abs=4)
    base = ours(32, 128, 28)
    assert base["cache (GB/s)"] > 3 * base["memory (GB/s)"], "several times as quick"


def test_the_seconds_to_an_accuracy():
    runs = seqlab.results("time_to_accuracy")
    lines = LAB.printed("ratios = ").splitlines()[2:]
    for name, line in zip(speed.RECIPES, lines, strict=True):
        shares = [one / other for one, other in
                  zip(runs[f"{name} (CPU s)"], runs["published (CPU s)"], strict=True)]
        low, high = stats.t.interval(0.95, len(shares) - 1, statistics.fmean(shares), stats.sem(shares)) \
            if name != "published" else (1, 1)
        assert numbers(line.partition("to")[2].partition("to")[0].split(maxsplit=2)[2]) == pytest.approx(
            [statistics.fmean(shares), low], abs=0.00051)
        if name == "least":
            assert high < 1 / 20 and set(runs["least, epochs"]) == {3}
    assert (min(runs["published, epochs"]), max(runs["published, epochs"])) == (9, 14)
    assert sorted(runs["same network, epochs"])[-2:] == [4, 8], "one seed needs a second cycle"
    floors = [numbers(line.replace(" %", ""))[-1] for line in LAB.printed("floor = training").splitlines()]
    assert 100 / 8.5 < floors[0] < 100 / 6.5 and 100 / 3.8 < floors[1] < 100 / 3.2
