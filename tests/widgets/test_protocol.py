"""Settings travel both ways, results not at all: no page can leave a wrong number in Python. No browser is needed."""

import pytest
import torch
from places import ROOT
from torch import nn

from seqlab import widgets
from seqlab.widgets.digit_reader import as_mnist

FIGURES = {name: getattr(widgets, name) for name in widgets.__all__}
RESULTS = [(name, trait) for name, figure in FIGURES.items() for trait in figure.results()]
STALE = {"h": [0.5] * 20, "c": [7.0], "gates": {"f": [0.5]}, "code": "import os", "image": [255] * 784}  # else 85222.7

SEVEN = [[70, 70, 200, 60, 120, 240]]
RIGHT = {"choice": 0, "checked": True, "tries": 1, "right": True, "first": True}
MOVED = {  # what the page sends when it is moved
    "BatchFirst": {"batch_first": False, "step": 1, "show": "reached", "digit": 1, "row": 27},
    "DigitReader": {"strokes": SEVEN, "sample": -1},
    "Due": {"most": 1},
    "GateExplorer": {"kind": "gru", "inputs": [1.0, -0.5, 0.0, 2.0], "w_hn": 1.5, "b_hn": -0.5, "w_xr": 3.0, "b_z": 1},
    "GradientExplorer": {"nonlinearity": "linear", "weight": 0.5, "lag": 10, "clip": True, "threshold": 0.1,
                         "tried": [1.5, 0.5], "guess": [0.9, -2.0]},
    "Quiz": {"answers": [RIGHT] * 3 + [{**RIGHT, "right": False, "first": False}] * 2},
    "RNNPlayground": {"cells": ["rnn", "gru"], "task": "add", "lag": 5, "lr": 0.1, "opened": False, "clipping": False},
    "ScalarRNN": {"inputs": [1.0, 2.0], "w_h": -0.5, "b": 0.1},
    "ShapeExplorer": {"kind": "lstm", "batch": 3, "num_layers": 2, "bidirectional": True, "packed": True,
                      "expression": "h_n.view(num_layers, directions, batch, hidden_size)[-1, 0]"},
}


def make(name, **settings):
    return FIGURES[name](*["scalar-rnn"] * (name in ("Quiz", "Due")), **settings)


def results(figure):
    return {name: getattr(figure, name) for name in figure.results()}


def test_every_figure_has_results_and_a_move():
    assert set(MOVED) == set(FIGURES), "a figure stands in seqlab/widgets/__init__.py and has a line in MOVED"
    assert set(FIGURES) == {name for name, _ in RESULTS}, "every figure has a result"


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_brings_its_styles_and_those_of_all(name):
    file = FIGURES[name].__module__.rpartition(".")[2]
    for own in ("shared.css", f"{file}.css"):
        assert (ROOT / "seqlab/widgets" / own).read_text("utf8") in make(name)._styles


@pytest.mark.parametrize(("name", "trait"), RESULTS)
def test_a_result_that_comes_from_the_page_is_dropped(name, trait):
    figure, stale = make(name), STALE.get(trait, 85222.7)
    before = results(figure)
    assert before[trait] != stale
    figure.set_state({trait: stale})
    assert results(figure) == before
    figure.set_state({**MOVED[name], trait: stale})
    assert results(figure) == results(make(name, **MOVED[name]))
    figure.set_state({trait: before[trait]})
    assert results(figure) == results(make(name, **MOVED[name])), "it was right once, but comes too late"


@pytest.mark.parametrize("name", FIGURES)
def test_whoever_moves_it_only_settings_are_sent(name, monkeypatch):
    updates = []

    def send(_, message, buffers=None):
        if message["method"] == "update":  # not the echo by which Jupyter keeps its pages in step
            updates.append(message["state"])

    monkeypatch.setattr(FIGURES[name], "_send", send)
    figure = make(name)
    assert not set(figure.get_state()) & set(figure.results())
    updates.clear()
    figure.set_state(MOVED[name])
    results(figure)
    assert updates == [], "the page has it already"
    figure = make(name)
    updates.clear()
    for setting, value in MOVED[name].items():
        setattr(figure, setting, value)
    assert {setting for state in updates for setting in state} == set(MOVED[name])


@pytest.mark.parametrize(("name", "trait"), RESULTS)
def test_a_result_says_that_it_cannot_be_observed(name, trait):
    with pytest.raises(ValueError, match=f"{trait} is computed when you ask for it: observe the settings"):
        make(name).observe(print, [trait])


# --- the results are PyTorch's, with no page at all -------------------------------------------------------------------


def test_scalar_rnn():
    figure = make("ScalarRNN")
    rnn = nn.RNNCell(1, 1).double()
    for settings in ({}, MOVED["ScalarRNN"]):
        figure.set_state(settings)
        with torch.no_grad():
            for parameter, value in zip(rnn.parameters(), (figure.w_x, figure.w_h, figure.b, 0.0), strict=True):
                parameter.fill_(value)
            h, states = torch.full((1, 1), figure.h_0).double(), []
            for x in figure.inputs:
                h = rnn(torch.tensor([[x]]).double(), h)
                states.append(h.item())
        assert figure.h == pytest.approx(states, abs=1e-12)


def test_gradient_explorer():
    figure = make("GradientExplorer")
    figure.set_state({"weight": 0.5, "lag": 10, "nonlinearity": "linear", "gradient": 85222.7, "gradients": [1.0] * 29})
    assert figure.gradient == 0.5**10
    assert figure.gradients == [0.5**k for k in range(11)] and figure.factors == [0.5] * 10
    figure.clip, figure.threshold = True, 0.5
    parameter = nn.Parameter(torch.zeros(11).double())
    parameter.grad = torch.tensor(figure.gradients).double()
    nn.utils.clip_grad_norm_([parameter], 0.5)
    assert figure.scale == pytest.approx(parameter.grad[0].item(), rel=1e-9)


@pytest.mark.parametrize("settings", [{}, {"kind": "gru"}, MOVED["GateExplorer"]])
def test_gate_explorer(settings):
    figure = make("GateExplorer")
    figure.set_state({**settings, "h": [], "c": [], "gates": {}})
    letters = "ifgo" if figure.kind == "lstm" else "rzn"
    cell = (nn.LSTMCell if figure.kind == "lstm" else nn.GRUCell)(1, 1).double()
    with torch.no_grad():
        for k, letter in enumerate(letters):
            cell.weight_ih[k], cell.weight_hh[k] = getattr(figure, f"w_x{letter}"), getattr(figure, f"w_h{letter}")
            cell.bias_ih[k] = figure.b_xn if letter == "n" else getattr(figure, f"b_{letter}")
            cell.bias_hh[k] = figure.b_hn if letter == "n" else 0.0
        state, states = None, []
        for x in figure.inputs:
            state = cell(torch.tensor([[x]]).double(), state)
            states.append(torch.stack(state if figure.kind == "lstm" else (state,)).flatten().tolist())
    h, *c = (list(values) for values in zip(*states, strict=True))
    assert figure.h == pytest.approx(h, abs=1e-12)
    assert figure.c == pytest.approx(c[0] if c else [], abs=1e-12)
    assert {letter: len(values) for letter, values in figure.gates.items()} == dict.fromkeys(letters, len(h))


def test_gate_explorer_with_gates_as_far_open_as_you_say_and_with_huge_sums():
    figure = make("GateExplorer", mode="openings", f=0.5, i=0.25)
    assert figure.gates["f"] == [0.5] * 51 and figure.gates["o"] == [1.0] * 51
    h, c, g = (torch.tensor(values).double() for values in (figure.h, figure.c, figure.gates["g"]))
    assert torch.allclose(c[1:], 0.5 * c[:-1] + 0.25 * g[1:]) and torch.allclose(h, c.tanh())
    figure = make("GateExplorer", w_xi=100.0, inputs=[-1e6, 1e6])
    assert figure.gates["i"] == [0.0, 1.0]


@pytest.mark.parametrize("settings", [{}, {"kind": "gru", "num_layers": 3}, MOVED["ShapeExplorer"],
                                      {"kind": "lstm", "batch_first": False, "packed": True, "batch": 10}])
def test_shape_explorer(settings):
    figure, names = make("ShapeExplorer"), {}
    figure.set_state({**settings, "out_shape": [1], "lengths": [9]})
    exec(figure.code, names)
    shapes = {name: list(names[name].shape) if name in names else [] for name in ("x", "out", "h_n", "c_n")}
    assert shapes == {name: getattr(figure, f"{name}_shape") for name in shapes}
    assert figure.lengths == (names["lengths"].tolist() if figure.packed else [])
    assert figure.packed_shape == (list(names["packed"].data.shape) if figure.packed else [])
    assert figure.parameters == sum(weight.numel() for weight in names["layer"].parameters())
    names |= {name: getattr(figure, name) for name in ("num_layers", "batch", "hidden_size")} | {"directions": 2}
    assert figure.picked_shape == list(eval(figure.expression, names).shape) and figure.picked_error == ""


@pytest.mark.parametrize("settings", [{}, {"digit": 0, "row": 3}, MOVED["BatchFirst"]])
def test_batch_first(settings):
    figure = make("BatchFirst")
    figure.set_state({**settings, "seen": [[0, 0]], "steps": 5})
    x = torch.rand(4, 28, 28).double().requires_grad_()
    out, (h_n, _) = nn.LSTM(28, 64, batch_first=figure.batch_first).double()(x)
    moved = [torch.autograd.grad(one.sum(), x, retain_graph=True)[0].ne(0).any(dim=2) for one in out[:, -1]]
    assert figure.seen == moved[figure.digit].nonzero().tolist()
    assert figure.reached == [k for k in range(4) if moved[k][figure.digit, figure.row]]
    assert figure.steps == out[..., 0].numel() / h_n.shape[1], "all states, shared out among the sequences"


def test_digit_reader_reads_its_strokes_or_else_an_image_of_ones_own():
    figure, own = make("DigitReader"), torch.arange(784).remainder(256).tolist()
    figure.set_state({"strokes": SEVEN, "sample": -1, "image": own, "prediction": 3})
    assert figure.image == as_mnist(SEVEN).ravel().tolist() and figure.prediction == 7
    figure.set_state({"strokes": [], "own_image": own})
    assert figure.image == own
    figure.set_state({"strokes": SEVEN})
    assert figure.prediction == 7, "a drawing goes before an image of one's own"
    figure.image = own
    assert (figure.image, figure.own_image, figure.strokes, figure.sample) == (own, own, [], -1)
    figure.set_state({"own_image": []})
    assert figure.image == [0] * 784
    assert len(figure.probabilities) == 28 and sum(figure.probabilities[-1]) == pytest.approx(1)


def test_quiz():
    figure = make("Quiz")
    figure.set_state({**MOVED["Quiz"], "score": 5, "first": 5})
    assert (figure.total, figure.answered, figure.score, figure.first) == (5, 5, 3, 3)


@pytest.mark.parametrize("settings", [{}, {"cells": ["rnn", "gru", "lstm"], "task": "reverse"}, MOVED["RNNPlayground"]])
def test_rnn_playground(settings):
    figure = make("RNNPlayground")
    figure.set_state({**settings, "code": "import os", "parameters": {}})
    code, made = figure.code.replace("batches < 600", "batches < 1"), []
    count = "    made.append([cell, sum(one.numel() for one in weights)])\n"
    exec(code.replace("    optimizer =", f"{count}    optimizer ="), {"made": made})
    assert figure.parameters == {cell.__name__.lower(): number for cell, number in made}
    assert list(figure.parameters) == figure.cells
