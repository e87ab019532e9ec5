"""The chapter: the loop it shows equals seqlab's cell and PyTorch's layer, and its claims hold on a grid of weights."""

import math

import numpy as np
import pytest
import torch
from torch import nn

import seqlab
from seqlab.widgets import ScalarRNN
from tools import course

from . import numbers, verdicts

SCALAR = course.chapter("scalar-rnn")
FOUR = [1.0, 0.5, -1.0, 2.0]


@pytest.fixture(scope="module")
def chapter():
    return SCALAR.definitions("x", "W_h", "ends", "other", "target", "x_4", "twin")


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


# --- the cells as they run --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def ran():
    return SCALAR.play()


def by_hand(inputs, h=0.0, W_x=0.8, W_h=0.5, b=0.1):
    states = []
    for x_t in inputs:
        h = math.tanh(W_x * float(x_t) + W_h * h + b)
        states.append(h)
    return states


def shown(states):
    return pytest.approx(states, abs=5.1e-5)        # four digits after the point


def test_the_four_numbers_come_out_every_way(ran):
    """By hand, in the picture, in NumPy, in a torch loop and from nn.RNN."""
    four = by_hand(FOUR)
    for line, x_t, before, state in zip(
            ran("new, old = ").printed.splitlines(), FOUR, [0.0, *four[:3]], four, strict=True):
        assert numbers(line.replace("+", " ")) == shown([0.8 * x_t, 0.5 * before, 0.1, state])
    picture, = ran("plots.unrolled").drawn
    assert picture == ("unrolled", (FOUR,), {"states": shown(four)})
    assert ran("x = np.array(")["h"].tolist() == pytest.approx(four)
    assert ran("by_loop = ")["by_loop"].tolist() == pytest.approx(four, abs=1e-6)
    assert ran("equal to the loop")["out"].flatten().tolist() == pytest.approx(four, abs=1e-6)
    assert verdicts(ran("equal to the loop").printed) == [True]
    for words in ("x = np.array(", "by_loop = ", "equal to the loop"):
        line, = (line for line in ran(words).printed.splitlines() if line.startswith("["))
        assert numbers(line) == shown(four)


def test_without_memory_and_backwards(ran):
    lines = [numbers(line.partition("[")[2]) for line in ran('print("both').printed.splitlines()]
    assert lines == [shown(by_hand(FOUR, W_h=0)), shown(by_hand(FOUR[::-1])), shown(by_hand(FOUR[::-1], W_h=0))]


def test_one_layer_reads_any_length(ran):
    for line, seq_len in zip(ran("wave = ").printed.splitlines(), (4, 40, 400), strict=True):
        assert numbers(line) == [1, seq_len, 1, shown(by_hand(map(math.sin, 0.3 * np.arange(seq_len)))[-1]), 4]


def test_one_push_and_how_long_it_is_felt(ran):
    (_, (steps, answers, *_), _), = ran("impulse = ").drawn
    assert list(steps) == list(range(1, 41)) and len(answers) == 4
    for name, states in answers.items():
        W_h, = numbers(name.replace("$", ""))
        assert list(states) == pytest.approx(by_hand([1] + 39 * [0], W_h=W_h, b=0))
    for line in ran("first = step(1.0").printed.splitlines():
        W_h, percent, steps = numbers(line)
        first, = by_hand([1], b=0)
        after = by_hand(int(steps) * [0], first, W_h=W_h, b=0)
        assert percent == round(100 * after[-1] / first)
        assert steps == 50_000 or after[-1] <= 0.01 * first < after[-2]


def test_the_fixed_points_that_are_printed(ran):
    lines = [numbers(line.replace("=", " ")) for line in ran("for first in (0.1").printed.splitlines()]
    assert [line[0] for line in lines] == [0.1, 1, 3, -1]
    for start, first, last in lines:
        states = by_hand([start] + 200 * [0], W_h=1.2, b=0)
        assert [first, last] == shown([states[0], states[200]])
    swings = [by_hand([1] + 200 * [0], W_h=W_h, b=0) for W_h in (-0.9, -1.2)]
    head, *lines = ran("W_h=-0.9").printed.splitlines()
    assert numbers(head.replace("=", " ")) == [-0.9, -1.2]
    assert [numbers(line) for line in lines] == [
        [t, *(shown(states[t - 1]) for states in swings)] for t in (1, 2, 3, 4, 40, 41)]


def test_a_large_input_drowns_the_state(ran):
    for line in ran("low, high = ").printed.splitlines():
        x, low, high, apart = numbers(line.replace("=", " ").replace(",", " ").replace(": ", " "))
        (right_low,), (right_high,) = by_hand([x], -1.0), by_hand([x], 1.0)
        assert [low, high, apart] == shown([right_low, right_high, right_high - right_low])


def test_two_pasts_are_forgotten_in_common_steps(ran):
    cell = ran("past_a, past_b, common")
    assert not np.allclose(cell["past_a"], cell["past_b"]) and len(cell["common"]) == 50
    for line in cell.printed.splitlines():
        n, *ends = numbers(line)
        assert ends == shown([by_hand([*cell[past], *cell["common"][:int(n)]])[-1] for past in ("past_a", "past_b")])


def test_pasts_in_one_state_have_one_future(ran):
    after_x, after_twin = ran("after twin").printed.splitlines()
    assert numbers(after_x) == numbers(after_twin) == shown(by_hand([*FOUR, 0.7, -0.2, 1.1])[4:])


def test_the_two_slips_give_what_the_text_says(ran):
    assert numbers(ran("forgot = ").printed) == shown([by_hand([x_t])[0] for x_t in FOUR])
    assert numbers(ran("rnn.bias_hh_l0.fill_(0.1)").printed) == shown(by_hand(FOUR, b=0.2))


def test_what_moves_most_when_the_reader_plays(chapter):
    """The answer under "What you see": at -0.5 the second state, at 5 the third, which ends close to 1."""
    moved = {W_h: np.abs(np.subtract(by_hand(FOUR, W_h=W_h), by_hand(FOUR))) for W_h in (-0.5, 5)}
    assert [moved[W_h].argmax() + 1 for W_h in (-0.5, 5)] == [2, 3] and moved[5][0] == moved[-0.5][0] == 0
    assert by_hand(FOUR, W_h=5)[2] > 0.99


def test_the_answers_to_the_tasks_at_the_figure():
    """Which input turns the state over, where the dots meet, and that a bias takes one of the full dots away."""
    turned = {x: ScalarRNN(inputs=[1.0] + 9 * [0.0] + [x] + 9 * [0.0]).h[-1] < 0 for x in (-2.0, -1.7, -1.6, -1.0)}
    assert turned == {-2.0: True, -1.7: True, -1.6: False, -1.0: False}
    ends = {b: {round(by_hand(500 * [0], h, W_h=1.5, b=b)[-1], 4) for h in (-1.0, 1.0)} for b in (0.0, 0.1, 0.4)}
    assert [len(found) for found in ends.values()] == [2, 2, 1]
