"""The chapter: the cells it shows equal seqlab's and PyTorch's, and its comparison finds what it says it finds."""

import itertools
import re

import pytest
import torch
from torch import nn

import seqlab
from tools import course

LSTM = course.chapter("lstm")


@pytest.fixture(scope="module")
def chapter():
    return LSTM.definitions()


GRID = list(itertools.product(["EightLinearCell", "LSTMCell"], [1, 2, 3], [False, True], [True, False],
                              [None, [6, 2, 4], [1, 6, 1]]))


@pytest.mark.parametrize(("name", "num_layers", "bidirectional", "bias", "lengths"), GRID)
def test_both_cells_equal_the_built_in_layer(chapter, name, num_layers, bidirectional, bias, lengths):
    equals = chapter["compare"](chapter[name], lengths, num_layers=num_layers, bidirectional=bidirectional, bias=bias)
    assert equals == {"out": True, "h_n": True, "c_n": True, "gradients": True}


def test_the_shown_cell_is_the_package_s_cell(chapter):
    shown, ours = chapter["LSTMCell"](3, 4).double(), seqlab.LSTMCell(3, 4).double()
    ours.load_state_dict(shown.state_dict())
    x, h, c = (torch.randn(5, size, dtype=torch.float64) for size in (3, 4, 4))
    for mine, theirs in zip(shown(x, (h, c)), ours(x, (h, c)), strict=True):
        assert torch.equal(mine, theirs)


@pytest.mark.parametrize("order", ["".join(order) for order in itertools.permutations("ifgo")])
def test_every_swap_of_gates_is_found(chapter, order):
    equals = chapter["compare"](chapter["nearly_right"](order=order))
    assert all(equals.values()) if order == "ifgo" else not equals["out"] and not equals["gradients"]


@pytest.mark.parametrize("mistake", [{"g_by": torch.sigmoid}, {"c_by": torch.sigmoid}, {"biases": 1},
                                     {"c_by": lambda c: c}])
def test_every_other_mistake_is_found(chapter, mistake):
    assert not any(chapter["compare"](chapter["nearly_right"](**mistake)).values())


def test_a_wrong_gradient_alone_is_found(chapter):
    class Detached(chapter["LSTMCell"]):
        def forward(self, x, state):
            return super().forward(x, (state[0].detach(), state[1]))

    assert chapter["compare"](Detached) == {"out": True, "h_n": True, "c_n": True, "gradients": False}


def test_the_cell_on_single_numbers_is_an_lstm_cell(chapter):
    """The six scalar lines equal nn.LSTMCell with the weights of the chapter, for other inputs too."""
    cell = nn.LSTMCell(1, 1).double()
    rows = {"weight_ih": [[8.0], [0], [2], [-8]], "weight_hh": [[0.0], [-12], [0], [0]], "bias_ih": [-4.0, 4, 0, -4],
            "bias_hh": [0.0] * 4}
    cell.load_state_dict({name: torch.tensor(values, dtype=torch.float64) for name, values in rows.items()})
    h, c, state = 0.0, 0.0, (torch.zeros(1, 1).double(), torch.zeros(1, 1).double())
    for x in (1, 0.3, -0.7, 2.5, -1, 0, 1):
        *_, c, h = chapter["lstm_step"](x, h, c)
        state = cell(torch.tensor([[float(x)]], dtype=torch.float64), state)
        assert abs(h - state[0].item()) < 1e-12 and abs(c - state[1].item()) < 1e-12


def test_the_belt_s_numbers_stand_in_the_stored_output():
    for words in ("plain cell: 0.0387 after 1000", f"{0.99 ** 28:.1e} after 28, {0.99 ** 1000:.1e} after 1000",
                  "0.5 ** 28 = 3.7e-09"):
        assert words in LSTM.stored


def test_two_more_on_the_bias_make_the_memory_about_seven_times_as_long():
    half_lives = [int(steps) for steps in re.findall(r"half-life (\d+)", LSTM.printed("for keep_bias in"))]
    assert len(half_lives) == 4 and half_lives[0] < 100 and half_lives[-1] > 10_000
    assert all(6.5 < longer / shorter < 7.5 for shorter, longer in itertools.pairwise(half_lives))


def test_what_it_says_about_fading_holds_in_its_output():
    """RNN, LSTM, bias 1, bias 2: in this order at both lags, and all of them fade; large weights explode."""
    rows = [line.split("10^") for line in LSTM.stored.splitlines() if "  lag 27:" in line]
    assert [row[0].split("lag")[0].strip() for row in rows] == ["RNN", "LSTM", "bias 1", "bias 2"]
    near = [float(row[1].split(" ")[0]) for row in rows]
    far = [float(row[2].split(" ")[0]) for row in rows]
    assert near == sorted(near) and far == sorted(far) and near[-1] < 0 and far[-1] < -1
    large = next(line for line in LSTM.stored.splitlines() if line.startswith("at lag 100: 10^"))
    assert float(large.split("^")[1]) > 5
