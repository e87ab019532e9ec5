"""The chapter: its gradients are right, what it claims about them holds, in its own cells and in the studies."""

import math

import pytest
import torch
from torch import nn

import seqlab
from seqlab import results
from studies import clipping as clipping_study
from tools import course

BACKPROP = course.chapter("backprop-through-time")


@pytest.fixture(scope="module")
def chapter():
    return BACKPROP.definitions()


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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize(("clipping", "max_norm"), [("on", 1.0), ("off", math.inf)])
def test_the_chapters_training_is_the_studys(chapter, clipping, max_norm):
    losses = chapter["count_ones"](3, max_norm, lr=1e-6 if clipping == "off" else 1e-2)
    assert len(losses) == 250
    final, _ = clipping_study.count_ones(1e-6 if clipping == "off" else 1e-2, clipping, 3)
    assert losses[-20:].mean().item() == pytest.approx(final, rel=1e-3)


def test_clipping_decides():
    """The chapter's claim: without it, only the smallest rate learns with every seed, and ends several times higher."""
    ends = {way: runs.summary("loss") for way, runs in results("count_ones").by("learning rate", "clipping").items()}
    assert [lr for (lr, clipping), loss in ends.items() if clipping == "off" and loss.largest < 1] == [1e-6]
    assert ends[1e-2, "on"].largest < 0.2 and ends[1e-6, "off"].mean > 3 * ends[1e-2, "on"].mean
    assert ends[1e-2, "off"].diverged == 5


def solved(runs):
    return sum(accuracy >= 95 for accuracy in runs["accuracy (%)"])


def test_gates_started_open_recall_best():
    """What the chapter says of its table: the zeros belong to the start, not to the gates."""
    recall = results("recall_first")
    assert [solved(recall.where(name, 20)) for name in ("RNN, orthogonal", "RNN", "GRU", "LSTM")] == [5, 4, 0, 0]
    assert solved(recall.where("LSTM, forget bias 4", 20)) == 5
    assert [name for name, runs in recall.by("layer").items() if solved(runs) == len(runs)] == ["GRU, update bias 2"]


def test_more_batches_save_the_gru_and_not_the_lstm():
    longer = results("recall_longer")
    assert [[solved(runs) for runs in longer.where(name).by("learning rate").values()]
            for name in ("RNN", "GRU", "LSTM")] == [[1, 4, 5], [0, 5, 5], [0, 0, 0]]


def test_where_the_gradient_grew_the_plain_net_learned():
    gradient, grew = results("recall_gradient"), {}
    for name, seed, _, accuracy, before, after in gradient:
        grew.setdefault(name, []).append(after > before)
        if name == "RNN":
            assert grew[name][seed] == (accuracy >= 95)
    assert sum(grew["RNN"]) == 4 and not any(grew["LSTM"])
    at_20 = [(name, seed, accuracy) for name, lag, seed, _, accuracy in results("recall_first") if lag == 20]
    assert at_20 == [(name, seed, accuracy) for name, seed, _, accuracy, *_ in gradient]
