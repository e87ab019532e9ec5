"""The chapter: the cells it shows equal seqlab's and PyTorch's, and its comparison finds what it says it finds."""

import ast
import copy
import itertools
import math

import pytest
import torch
from torch import nn

import seqlab
from tools import course

from . import numbers, trained_by_hand, verdicts

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


# --- the cells as they run --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def played():
    return LSTM.play()


def memory(keep_bias, commands):
    """(c, h) after each command, from nn.LSTMCell with the weights of the chapter: rows i f g o."""
    cell, states = nn.LSTMCell(1, 1).double(), []
    for parameter, rows in zip(cell.parameters(), ([8.0, 0, 2, -8], [0.0, -12, 0, 0], [-4.0, keep_bias, 0, -4],
                                                   [0.0] * 4), strict=True):
        parameter.data = torch.tensor(rows, dtype=torch.float64).reshape(parameter.shape)
    state = torch.zeros(2, 1, 1).double()
    with torch.no_grad():
        for command in commands:
            state = cell(torch.tensor([[float(command)]]).double(), tuple(state))
            states.append((state[1].item(), state[0].item()))
    return states


def test_what_is_left_of_the_cell_state(played):
    plain, *kept = played("f = {f:<5}: ").printed.splitlines()
    h = 1.0
    for _ in range(1000):
        h = math.tanh(h)
    assert numbers(plain) == [pytest.approx(h, abs=5.1e-5), 1000]
    for line in kept:
        f, after_28, _, after_1000, _ = numbers(line.replace(",", " "))
        left = [math.exp(steps * math.log(f)) for steps in (28, 1000)]
        assert [after_28, after_1000] == pytest.approx(left, rel=0.06)
    assert numbers(played("0.5 ** 28 =").printed.splitlines()[1])[-1] == pytest.approx(2**-28, rel=0.02)


def test_the_six_commands(played):
    cell = played("history.append")
    right = memory(4, [1, 0, 0, -1, 0, 1])
    assert [value for pair in cell["history"] for value in pair] == pytest.approx([v for pair in right for v in pair])
    for words in ("history.append", "cell = nn.LSTMCell(1, 1)"):
        for line, (c, h) in zip(played(words).printed.splitlines(), right, strict=True):
            assert numbers(line.replace(",", " "))[-2:] == pytest.approx([c, h], abs=5.1e-4)
    (_, (steps, drawn, *_), _), = cell.drawn
    assert list(steps) == [1, 2, 3, 4, 5, 6]
    assert {name: list(values) for name, values in drawn.items()} == {
        "c": pytest.approx([c for c, _ in right]), "h": pytest.approx([h for _, h in right])}


def test_two_more_on_the_bias_make_the_memory_about_seven_times_as_long_from_four_on(played):
    half_lives = []
    for line, keep_bias in zip(played("for keep_bias in").printed.splitlines(), (4, 6, 8, 10), strict=True):
        bias, left, half_life = numbers(line.replace(",", " "))
        states = memory(keep_bias, [1] + 1000 * [0] + [-1])
        assert bias == keep_bias and left == pytest.approx(abs(states[-1][0]), abs=5.1e-4)
        kept = 1 / (1 + math.exp(-(keep_bias - 12 * states[-2][1])))
        assert half_life == pytest.approx(math.log(2) / -math.log(kept), rel=0.02)
        half_lives.append(half_life)
    assert half_lives[0] < 100 and half_lives[-1] > 10_000
    assert [6.5 < longer / shorter < 7.5 for shorter, longer in itertools.pairwise(half_lives)] == [True] * 3
    shown = [numbers(line.replace(":", "").replace(",", "")) for line in played("def half_life").printed.splitlines()]
    assert [a for a, *_ in shown] == list(range(-2, 12, 2))
    for a, half_life, times in shown:
        right, shorter = (math.log(2) / math.log1p(math.exp(-b)) for b in (a, a - 2))
        assert half_life == pytest.approx(right, abs=0.051) and times == pytest.approx(right / shorter, abs=0.051)
    assert [times for *_, times in shown][1:3] == [3.1, 5.5], "not the same factor everywhere"


def test_every_setting_and_every_mistake_is_told(played):
    lines = played("settings = [{}").printed.splitlines()
    assert [verdicts(line) for line in lines] == [[True]] * 6
    mistakes = played("mistakes = {").printed.splitlines()
    assert [verdicts(line) for line in mistakes] == [[True] * 4] + [[False] * 4] * 4


def test_the_step_that_is_timed_is_a_whole_step_of_training(chapter):
    torch.manual_seed(5)
    layer = nn.LSTM(28, 128, batch_first=True)
    own = copy.deepcopy(layer)
    torch.manual_seed(6)
    step = chapter["training_step"](layer)
    torch.manual_seed(6)
    x, labels, head = torch.randn(32, 28, 28), torch.randint(10, (32,)), nn.Linear(128, 10)
    adam = torch.optim.Adam([*own.parameters(), *head.parameters()])
    trained_by_hand(adam, lambda: -head(own(x)[1][0][0]).log_softmax(dim=1)[range(32), labels].mean(), [()] * 3)
    for _ in range(3):
        step()
    for mine, theirs in zip(own.parameters(), layer.parameters(), strict=True):
        assert torch.allclose(mine, theirs, atol=2e-4)


def test_the_forget_gate_is_the_second_block(played, chapter):
    cell = played("0.5 ** 28 =")
    b_x, b_h = cell["lstm"].bias_ih_l0.view(4, 128), cell["lstm"].bias_hh_l0.view(4, 128)
    gates = torch.sigmoid(b_x[1] + b_h[1])
    assert numbers(cell.printed.splitlines()[0]) == pytest.approx([gates.min().item(), gates.max().item()], abs=0.0051)
    kept = course.find_all(r": (\d\.\de-\d\d)", played("def set_forget_bias").printed)
    right = [(1 / (1 + math.exp(-bias))) ** 28 for bias in (0, 1, 2, 3)]
    assert [float(value) for value in kept] == pytest.approx(right, rel=0.06)
    opened = chapter["set_forget_bias"](nn.LSTM(3, 5), 2)
    assert torch.equal(sum(opened.all_weights[0][2:]).view(4, 5)[1], torch.full((5,), 2.0))


def gradient_norms(make, seed):
    torch.manual_seed(seed)
    layer = make().double()
    x = torch.randn(8, 101, 28, dtype=torch.float64, requires_grad=True)
    gradient, = torch.autograd.grad(layer(x)[0][:, 100].sum(), x)
    return torch.stack([gradient[:, 100 - lag].square().sum(dim=1).sqrt().mean().log10() for lag in range(101)])


def test_what_it_says_about_fading(played):
    """RNN, LSTM, bias 1, bias 2: in this order at both lags, and all of them fade; large weights explode."""
    def opened(value, times=1):
        layer = nn.LSTM(28, 64, batch_first=True)
        if value is not None:
            for bias, number in zip(layer.all_weights[0][2:], (value, 0), strict=True):
                bias.data.view(4, 64)[1] = number
        layer.weight_hh_l0.data *= times
        return layer

    makers = {"RNN": lambda: nn.RNN(28, 64, batch_first=True), "LSTM": lambda: opened(None),
              "bias 1": lambda: opened(1), "bias 2": lambda: opened(2)}
    cell, near, far = played("faded = {"), [], []
    assert list(cell["faded"]) == list(makers)
    for line, (name, make) in zip(cell.printed.splitlines(), makers.items(), strict=True):
        runs = cell["faded"][name]
        assert runs.shape == (5, 101) and torch.allclose(runs[2], gradient_norms(make, 2), atol=1e-6)
        shown = [float(value) for value in course.find_all(r"10\^(-?\d+\.\d)", line)]
        near.append((runs[:, 27] - runs[:, 0]).mean().item())
        far.append((runs[:, 100] - runs[:, 0]).mean().item())
        assert line.startswith(name) and shown == pytest.approx([near[-1], far[-1]], abs=0.051)
    assert near == sorted(near) and far == sorted(far) and near[-1] < 0 and far[-1] < -1
    (_, (lags, drawn, *_), _), = cell.drawn
    assert lags == range(101) and drawn is cell["faded"]
    large = played("def large_weights")
    assert torch.allclose(large["runs"][2], gradient_norms(lambda: opened(None, times=8), 2), atol=1e-6)
    exploded = (large["runs"][:, 100] - large["runs"][:, 0]).mean().item()
    assert float(large.printed.split("^")[1]) == pytest.approx(exploded, abs=0.051) and exploded > 5


def test_along_the_cell_state_alone_it_fades_faster(played):
    """The gradient that does not go through h, by the products of the forget gates, and in the shown net."""
    cell = played("class CellStateAlone")
    torch.manual_seed(2)
    layer = nn.LSTM(28, 64, batch_first=True).double()
    x = torch.randn(8, 101, 28, dtype=torch.float64)
    W_x, W_h, b_x, b_h = (one.detach() for one in layer.all_weights[0])
    states = torch.cat([torch.zeros(8, 1, 64, dtype=torch.float64), layer(x)[0].detach()[:, :-1]], dim=1)
    i, f, g, o = (x @ W_x.T + b_x + states @ W_h.T + b_h).chunk(4, dim=2)
    f, i, g, o = torch.sigmoid(f), torch.sigmoid(i), torch.tanh(g), torch.sigmoid(o)
    c, last = torch.zeros(8, 64, dtype=torch.float64), []
    for t in range(101):
        c = f[:, t] * c + i[:, t] * g[:, t]
    from_c = o[:, 100] * (1 - torch.tanh(c) ** 2)
    for lag in (100, 27, 0):
        t = 100 - lag
        before = cell_at(x, f, i, g, t)
        to_c = from_c * f[:, t + 1:].prod(dim=1)
        by_block = [to_c * i[:, t] * (1 - i[:, t]) * g[:, t], to_c * before * f[:, t] * (1 - f[:, t]),
                    to_c * i[:, t] * (1 - g[:, t] ** 2), torch.zeros_like(to_c)]
        if lag == 0:
            by_block[3] = torch.tanh(c) * o[:, 100] * (1 - o[:, 100])
        last.append((torch.cat(by_block, dim=1) @ W_x).norm(dim=1).mean().log10().item())
    assert cell["alone"][2, [100, 27, 0]].tolist() == pytest.approx(last, abs=1e-6)
    shown = [float(line.split("^")[1]) for line in cell.printed.splitlines()]
    means = [(runs[:, 27] - runs[:, 0]).mean().item() for runs in (cell["alone"], cell["faded"]["LSTM"])]
    assert shown == pytest.approx([27 * math.log10(0.5), *means], abs=0.051)
    assert shown == sorted(shown) and shown[2] - shown[0] > 2


def cell_at(x, f, i, g, t):
    """The cell state before step t, from its gates."""
    c = torch.zeros_like(f[:, 0])
    for s in range(t):
        c = f[:, s] * c + i[:, s] * g[:, s]
    return c


def test_what_is_counted(chapter):
    x, more_ups = chapter["ups_and_downs"](50, 30, torch.Generator().manual_seed(4))
    assert x.shape == more_ups.shape == (50, 30, 1) and set(x.flatten().tolist()) == {-1, 1}
    for steps, answers in zip(x[..., 0].tolist(), more_ups[..., 0].tolist(), strict=True):
        assert answers == [steps[:t].count(1) > steps[:t].count(-1) for t in range(1, 31)]


def test_only_the_lstm_counts_on(played):
    """As stored, and as it comes out here."""
    for printed in (played("counters = {}").printed, LSTM.cell("counters = {}").printed):
        titles = [line for line in printed.splitlines() if "acc" not in line]
        assert titles == [f"{kind}, learning rate {lr}" for kind in ("LSTM", "GRU") for lr in (0.03, 0.1)]
        short, long = ([float(acc) for acc in course.find_all(rf"{steps}: acc +(\d+\.\d\d) %", printed)]
                       for steps in ("20 steps", " 200"))
        assert len(short) == len(long) == 20 and min(short) > 88
        assert min(long[:10]) > max(long[10:]) and min(long[5:10]) > 80


def test_what_the_counters_hold(played):
    cell = played("largest = []")
    for line, ((kind, seed), (layer, _)) in zip(cell.printed.splitlines(), cell["counters"].items(), strict=True):
        assert line.startswith(f"{kind}, seed {seed}: largest {'c' if kind == 'LSTM' else 'h'} ")
        single = {"LSTM": nn.LSTMCell, "GRU": nn.GRUCell}[kind](1, 4)
        single.load_state_dict({name.removesuffix("_l0"): one for name, one in layer.state_dict().items()})
        state, held = None, []
        for t in range(1, 81):
            state = single(torch.ones(1, 1), state)
            if t in (10, 20, 40, 80):
                held.append((state[1] if kind == "LSTM" else state).abs().max().item())
        assert [float(one) for one in line.split()[-4:]] == pytest.approx(held, abs=0.51)
        assert held[1] > 15 if kind == "LSTM" else max(held) <= 1


def test_a_pair_that_is_not_taken_apart_gives_c_n(played):
    assert "index 1 is out of bounds" in played("except IndexError as problem").printed
    cell = played("forgot to unpack")
    assert verdicts(cell.printed) == [True]
    right = cell["lstm"](cell["x"])[1][1]
    assert torch.equal(cell["c_n"], right) and torch.equal(cell["h_n"][1], right) and "(1, 2, 128)" in cell.printed


def test_what_is_timed_under_a_name_is_what_the_name_says(chapter):
    """Times are not compared, so two rows that have changed places would show nowhere else."""
    statement = next(part for part in LSTM.cell("time.process_time()").statements
                     if ast.unparse(part).startswith("steps ="))
    names = {**chapter, "Recurrent": lambda cell, *sizes: cell, "training_step": lambda layer: layer}
    exec(compile(ast.Module([statement], []), "the timed steps", "exec"), names)
    timed = names["steps"]
    assert [timed.pop("eight Linear"), timed.pop("fused")] == [chapter["EightLinearCell"], chapter["LSTMCell"]]
    assert timed.pop("inputs first") == "lstm" and isinstance(timed.pop("nn.LSTM"), nn.LSTM) and timed == {}
