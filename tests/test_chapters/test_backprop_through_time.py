"""Chapter 06: its gradients are right, what it claims about them holds, and its tables are the studies' results."""

import json
import math
import statistics

import pytest
import torch
from torch import nn

import seqlab
from seqlab import study
from tools import course

BACKPROP = course.chapter("backprop-through-time")


@pytest.fixture(scope="module")
def chapter():
    return BACKPROP.definitions()


def measured(marker):
    return [line.split("|") for line in BACKPROP.cell(marker).source.split('"""')[1].strip().splitlines()]


@pytest.mark.parametrize("W_h", [-1.4, 0.5, 0.9, 1.5])
def test_the_walk_by_hand_is_the_gradient_of_the_packages_cell(chapter, W_h):
    x = torch.randn(12, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    cell = seqlab.RNNCell(1, 1).double()
    with torch.no_grad():
        for weights, value in zip((cell.x2h.weight, cell.x2h.bias, cell.h2h.weight, cell.h2h.bias),
                                  (0.8, 0.1, W_h, 0.0), strict=True):
            weights.fill_(value)
    h = torch.zeros(1, 1, dtype=torch.float64)
    for x_t in x:
        h = cell(x_t.reshape(1, 1), h)
    h.sum().backward()
    by_hand = sum(chapter["backward"](x.tolist(), W_h))
    assert abs(by_hand - cell.h2h.weight.grad.item()) <= 1e-10 * abs(by_hand)


def test_the_first_use_of_the_weight_adds_nothing_when_the_state_starts_at_zero(chapter):
    shares = chapter["backward"]([1.0, 0.5, -1.0, 2.0], 0.5)
    assert shares[-1] == 0 and min(shares) < 0 < max(shares)


@pytest.mark.parametrize("W_h", [0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("seed", range(5))
def test_one_tanh_unit_with_random_inputs_fades_at_every_weight(chapter, W_h, seed):
    x = torch.randn(100, generator=torch.Generator().manual_seed(seed)).tolist()
    assert abs(math.prod(W_h * (1 - h**2) for h in chapter["forward"](x, W_h)[1:])) < 1e-3


def test_gradient_by_lag_points_the_right_way(chapter):
    """A layer without recurrence has a gradient at lag 0 alone."""
    layer = nn.RNN(4, 24, batch_first=True)
    with torch.no_grad():
        layer.weight_hh_l0.zero_()
    powers = chapter["gradient_by_lag"](layer)
    assert powers.shape == (61,) and powers[0] == 0 and torch.all(powers[1:] == -math.inf)


def test_the_order_of_the_nets_at_lag_60(chapter):
    """What the text says of the two charts, over the chapter's five seeds."""
    over_seeds, plain, lstm = chapter["over_seeds"], chapter["plain"], chapter["lstm"]
    makers = {"tanh 0.5": lambda: plain(0.5), "tanh 1": lambda: plain(1), "tanh 3": lambda: plain(3),
              "orthogonal": lambda: plain("orthogonal"), "ReLU 2": lambda: plain(2, "relu"), "RNN": plain,
              "GRU": lambda: nn.GRU(4, 24, batch_first=True), "bias 0": lambda: lstm(0), "bias 1": lambda: lstm(1),
              "bias 2": lambda: lstm(2)}
    at_60 = {name: over_seeds(make)[:, 60].mean().item() for name, make in makers.items()}
    assert at_60["tanh 0.5"] < at_60["RNN"] < at_60["bias 0"] < at_60["bias 1"] < at_60["bias 2"] < 0
    assert at_60["bias 0"] < at_60["orthogonal"] < -2 and at_60["GRU"] < at_60["orthogonal"] < at_60["bias 2"]
    assert at_60["tanh 1"] < -2 and at_60["tanh 3"] > 2 and at_60["ReLU 2"] > at_60["tanh 3"]


@pytest.mark.parametrize("seed", range(5))
def test_at_radius_3_some_units_are_always_in_the_steep_part(chapter, seed):
    torch.manual_seed(seed)
    out, _ = chapter["plain"](3)(torch.randn(32, 61, 4))
    slopes = 1 - out.detach()[:, 1:] ** 2
    assert (slopes > 0.5).any(dim=2).float().mean() > 0.99


def test_the_forget_bias_stands_in_the_forget_block(chapter):
    layer = chapter["lstm"](2)
    assert (layer.bias_ih_l0 + layer.bias_hh_l0)[24:48].eq(2).all()


@pytest.mark.parametrize(("clipping", "max_norm"), [("on", 1.0), ("off", math.inf)])
def test_the_chapters_training_is_the_studys(chapter, clipping, max_norm):
    losses = chapter["count_ones"](3, max_norm, lr=1e-6 if clipping == "off" else 1e-2)
    assert len(losses) == 250
    final, _ = study.count_ones([1e-6 if clipping == "off" else 1e-2, clipping, 3])
    assert losses[-20:].mean().item() == pytest.approx(final, rel=1e-3)


def test_the_table_of_clipping_is_what_was_measured():
    rows = json.loads((study.RESULTS / "count_ones.json").read_text())["rows"]
    losses = {tuple(key): math.nan if loss is None else loss for key, loss, _ in rows}
    table = measured("five seeds without, five with clipping")
    assert len(table) == 6 and len(losses) == 60
    for rate, *by_clipping in table:
        for clipping, shown in zip(("off", "on"), by_clipping, strict=True):
            want = [losses[float(rate), clipping, seed] for seed in range(5)]
            assert [float(loss) for loss in shown.split()] == pytest.approx(want, rel=1e-3, nan_ok=True)


def test_clipping_decides():
    """The chapter's claim: without it, only the smallest rate learns with every seed, and ends several times higher."""
    rows = json.loads((study.RESULTS / "count_ones.json").read_text())["rows"]
    worst = {}
    for (lr, clipping, _), loss, _ in rows:
        worst.setdefault((lr, clipping), []).append(math.inf if loss is None else loss)
    assert [lr for (lr, clipping), losses in worst.items() if clipping == "off" and max(losses) < 1] == [1e-6]
    assert max(worst[1e-2, "on"]) < 0.2 and sum(worst[1e-6, "off"]) > 3 * sum(worst[1e-2, "on"])
    assert all(loss == math.inf for loss in worst[1e-2, "off"])


def test_the_table_of_the_memory_task_is_what_was_measured():
    rows = json.loads((study.RESULTS / "recall_first.json").read_text())["rows"]
    accuracies = {tuple(key): accuracy for key, _, accuracy in rows}
    table = measured("at lags 5, 10, 20 and 40")
    assert [name.strip() for name, *_ in table] == list(study.RECALL_LAYERS)
    for name, *by_lag in table:
        for lag, shown in zip((5, 10, 20, 40), by_lag, strict=True):
            want = [accuracies[name.strip(), lag, seed] for seed in range(5)]
            assert [float(accuracy) for accuracy in shown.split()] == pytest.approx(want, abs=0.51)


def of_study(name):
    return json.loads((study.RESULTS / f"{name}.json").read_text())["rows"]


def test_gates_started_open_recall_best():
    """What the chapter says of its table: the zeros belong to the start, not to the gates."""
    solved = {}
    for (name, lag, _), _, accuracy in of_study("recall_first"):
        solved[name, lag] = solved.get((name, lag), 0) + (accuracy >= 95)
    assert [solved[name, 20] for name in ("RNN, orthogonal", "RNN", "GRU", "LSTM")] == [5, 4, 0, 0]
    assert solved["LSTM, forget bias 4", 20] == 5
    assert [name for name in study.RECALL_LAYERS if all(solved[name, lag] == 5 for lag in (5, 10, 20, 40))] == [
        "GRU, update bias 2"]


def test_the_table_of_gradients_and_longer_runs_is_what_was_measured():
    table = BACKPROP.prose.split("| before | after | solved |")[1].split("\n\n")[0].replace("−", "-").splitlines()[2:]
    gradients, longer = {}, {}
    for (name, _), _, _, *before_after in of_study("recall_gradient"):
        gradients.setdefault(name, []).append(before_after)
    for (name, lr, _), _, accuracy in of_study("recall_longer"):
        longer.setdefault(name, {}).setdefault(lr, []).append(accuracy >= 95)
    assert len(table) == 5
    for line in table:
        name, *medians, solved = (part.strip() for part in line.strip("|").split("|"))
        want = [statistics.median(column) for column in zip(*gradients[name], strict=True)]
        assert medians == [f"{median:.1f}" for median in want], name
        assert solved == ", ".join(str(sum(longer[name][lr])) for lr in (1e-3, 1e-2, 3e-2) if name in longer)


def test_where_the_gradient_grew_the_plain_net_learned():
    grew = {}
    for (name, seed), _, accuracy, before, after in of_study("recall_gradient"):
        grew[name, seed] = after > before
        if name == "RNN":
            assert grew[name, seed] == (accuracy >= 95)
    assert sum(grew["RNN", seed] for seed in study.SEEDS) == 4
    assert not any(grew["LSTM", seed] for seed in study.SEEDS)
    same = {(name, seed): accuracy for (name, lag, seed), _, accuracy in of_study("recall_first") if lag == 20}
    assert same == {(name, seed): accuracy for (name, seed), _, accuracy, *_ in of_study("recall_gradient")}


def test_the_study_repeats_its_own_numbers():
    steps, accuracy = study.recall_first(["RNN, orthogonal", 5, 0])
    assert steps < 100 and accuracy >= 99
