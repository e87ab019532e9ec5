"""The chapter: the loop it shows equals seqlab's cell and PyTorch's layer, and its claims hold on a grid of weights."""

import numpy as np
import pytest
import torch
from torch import nn

import seqlab
from tools import course

SCALAR = course.chapter("scalar-rnn")
FOUR = ["0.7163", "0.6953", "-0.3385", "0.9106"]


@pytest.fixture(scope="module")
def chapter():
    return SCALAR.definitions("x", "W_h", "ends", "other", "target", "x_4", "twin")


def test_the_four_numbers_come_out_every_way():
    """By hand, in NumPy, in a torch loop and from nn.RNN: four cells print all four numbers."""
    hits = [cell.source for cell in SCALAR.code if all(number in cell.printed for number in FOUR)]
    for way, source in zip(("math.tanh", "np.tanh", "torch.tanh", "rnn("), hits, strict=True):
        assert way in source


@pytest.mark.parametrize("weights", [(0.8, 0.5, 0.1), (-1.3, 1.4, 0.0), (0.2, -0.9, -0.6)])
def test_the_shown_loop_equals_the_package_and_the_built_in(chapter, weights):
    W_x, W_h, b = weights
    x = torch.randn(400, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    shown = chapter["run"](x.numpy(), h_0=0.3, W_x=W_x, W_h=W_h, b=b)

    layer, built_in = seqlab.Recurrent("rnn", 1, 1).double(), nn.RNN(1, 1, batch_first=True).double()
    with torch.no_grad():
        for parameter, value in zip(built_in.parameters(), (W_x, W_h, b, 0.0), strict=True):
            parameter.fill_(value)
        layer.load_builtin(built_in)
        h_0 = torch.full((1, 1, 1), 0.3, dtype=torch.float64)
        ours, theirs = layer(x.reshape(1, -1, 1), h_0)[0], built_in(x.reshape(1, -1, 1), h_0)[0]
    assert np.allclose(shown, ours.flatten(), rtol=0, atol=1e-10)
    assert np.allclose(shown, theirs.flatten(), rtol=0, atol=1e-10)


@pytest.mark.parametrize("W_h", [-0.95, -0.3, 0.0, 0.4, 0.9, 0.97])
def test_below_one_the_start_is_forgotten(chapter, W_h):
    x = np.random.default_rng(0).normal(size=600)
    ends = [chapter["run"](x, h_0=h_0, W_h=W_h)[-1] for h_0 in (-1.0, 1.0)]
    assert abs(ends[0] - ends[1]) < 1e-6


@pytest.mark.parametrize("W_h", [1.1, 1.2, 1.5, 3.0])
def test_above_one_the_sign_is_kept_and_nothing_else(chapter, W_h):
    silence = np.zeros(3000)
    ends = [chapter["run"](silence, h_0=h_0, W_h=W_h, b=0.0)[-1] for h_0 in (0.01, 0.4, 1.0, -0.01, -1.0)]
    assert np.allclose(ends[:3], ends[0]) and np.allclose(ends[3:], -ends[0]) and ends[0] > 0.4


def test_the_fork_opens_at_one(chapter):
    W_h, upper, lower = chapter["np"].linspace(0.0, 2.0, 201), *chapter["ends"].values()
    assert np.all(np.abs(upper[W_h < 0.99]) < 1e-3) and np.all(upper[W_h > 1.02] > 0.1)
    assert np.allclose(lower, -upper)
    assert np.all(np.diff(upper[W_h > 1.02]) > 0), "smoothly, and wider all the way"


def test_at_weight_one_the_leak_gets_slower(chapter):
    states = chapter["run"](np.zeros(100), h_0=0.7, W_h=1.0, b=0.0)
    assert np.all(np.diff(states) < 0) and np.all(np.diff(states, 2) > 0)


def test_a_negative_weight_swings(chapter):
    states = chapter["run"](np.zeros(50), h_0=0.5, W_h=-0.9, b=0.0)
    assert np.all(states[1:] * states[:-1] < 0) and abs(states[-1]) < abs(states[0])


def test_the_forged_past_ends_in_the_same_state(chapter):
    run, x, twin = chapter["run"], chapter["x"], chapter["twin"]
    assert not np.allclose(x, twin)
    future = np.random.default_rng(1).normal(size=20)
    assert np.allclose(run([*x, *future])[4:], run([*twin, *future])[4:], atol=1e-12)
