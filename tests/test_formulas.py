r"""Every equation in the course is computed: its symbols get values from PyTorch's cells, or from the chapter's code.

An equation is true if its symbols can stand for what one of the `MODELS` computes. What a chapter sets up for itself is
true of one of the `EXAMPLES`, what other texts write is true ELSEWHERE. So a sign changed in a gate is red wherever it
stands: in a chapter, on a page of the appendix, in a quiz.
"""

import copy
import math
import re
from functools import partial

import pytest
import torch
from torch import nn

from tools.course import BOOK, ROOT, chapter, notebooks
from tools.formulas import RELATION, formulas, is_relation, is_true, number, value

QUIZZES = sorted((ROOT / "seqlab" / "widgets" / "quizzes").glob("*.toml"))
PAGES = {**{f"practice/{one.subject}" if one.path.parent.name == "exercises" else one.subject: one.prose
            for one in notebooks()},
         **{page.stem: page.read_text("utf8") for page in [*BOOK.rglob("*.md")]},
         **{f"quiz/{quiz.stem}": quiz.read_text("utf8") for quiz in QUIZZES}}
T = 4


def random(*shape):
    return torch.randn(shape, dtype=torch.float64)


def plain(**others):
    """One step of nn.RNNCell; four inputs and four states, so that every product that has a meaning can be formed.
    With `others` its weights, all of them, or the input are these numbers."""
    cell, x, h = nn.RNNCell(T, T).double(), random(T), random(T)
    with torch.no_grad():
        for name, number in others.items():
            for weights in {"W_x": [cell.weight_ih], "W_h": [cell.weight_hh], "b": [cell.bias_ih, cell.bias_hh],
                            "x": [x]}[name]:
                weights.copy_(number * torch.eye(T) if weights.ndim == 2 else torch.full((T,), number))
    return {"x_t": x, "h_t-1": h, "W_x": cell.weight_ih, "W_h": cell.weight_hh, "b_x": cell.bias_ih,
            "b_h": cell.bias_hh, "b": cell.bias_ih + cell.bias_hh, "h_t": cell(x, h)}


def blocks(cell, gates):
    """{W_xr: ..., b_r: ...}: the blocks of a cell's weights by the names of their gates, in PyTorch's order."""
    names, kinds = {}, {"W_x": cell.weight_ih, "W_h": cell.weight_hh, "b_x": cell.bias_ih, "b_h": cell.bias_hh}
    for kind, weights in kinds.items():
        names |= {f"{kind}{gate}": block for gate, block in zip(gates, weights.chunk(len(gates)), strict=True)}
    return {**names, **{f"b_{gate}": names[f"b_x{gate}"] + names[f"b_h{gate}"] for gate in gates}}


def forced(cell, gates, x, state, **biases):
    """A step of the cell with these gates forced open or shut, by a bias of ±1000."""
    cell = copy.deepcopy(cell)
    for gate, bias in biases.items():
        cell.bias_ih.data.view(len(gates), T)[gates.index(gate)] = bias
    return cell(x, state)


def gru():
    """One step of nn.GRUCell. Its gates are read off PyTorch: what the state becomes when the others are forced."""
    cell, x, h = nn.GRUCell(T, T).double().requires_grad_(False), random(T), random(T)
    names, step = blocks(cell, "rzn"), partial(forced, cell, "rzn", x, h)
    n = step(z=-1000)                                           # the state becomes the candidate
    closed, opened = (torch.atanh(step(z=-1000, r=bias)) for bias in (-1000, 1000))
    gates = {"r": (torch.atanh(n) - closed) / (opened - closed), "z": (step() - n) / (h - n), "n": n}
    return {**names, **{f"{gate}_t": there for gate, there in gates.items()}, **gates, "x_t": x, "h_t-1": h, "h": h,
            "h_t": step(), **{f"{gate}_x": names[f"W_x{gate}"] @ x + names[f"b_x{gate}"] for gate in "rzn"},
            **{f"{gate}_h": names[f"W_h{gate}"] @ h + names[f"b_h{gate}"] for gate in "rzn"},
            **{name: names[f"{name}n"] for name in ("W_x", "W_h", "b_x", "b_h")}}      # as the reference card writes it


def lstm(**biases):
    """One step of nn.LSTMCell, in both notations. Its gates are read off PyTorch, as those of the GRU are."""
    cell, x, h, c = nn.LSTMCell(T, T).double().requires_grad_(False), random(T), random(T), random(T)
    names, step = blocks(cell, "ifgo"), partial(forced, cell, "ifgo", x, (h, c))
    h_t, c_t = step(**biases)
    gates = {"i": step(f=-1000, g=1000)[1], "g": step(f=-1000, i=1000)[1], "o": step()[0] / torch.tanh(step()[1]),
             "f": step(i=-1000)[1] / c}
    names |= {**{f"{gate}_t": there for gate, there in gates.items()}, **gates, "x_t": x, "h_t-1": h, "c_t-1": c,
              "h_t": h_t, "c_t": c_t, r"\Gamma_f": gates["f"], r"\Gamma_u": gates["i"], r"\Gamma_o": gates["o"],
              "~c⟨t⟩": gates["g"], "a⟨t⟩": h_t, "a⟨t-1⟩": h, "x⟨t⟩": x, "c⟨t⟩": c_t, "c⟨t-1⟩": c}
    for theirs, ours in {"f": "f", "u": "i", "o": "o", "c": "g"}.items():
        names[f"W_{theirs}"] = torch.cat([names[f"W_h{ours}"], names[f"W_x{ours}"]], dim=1)
        names[f"b_{theirs}"] = names[f"b_{ours}"]
    return names


def through_time(steps=T, size=None, k=2, t=3):
    """A net of one number, or of several, over some steps: its states, and its derivatives from autograd."""
    shape = () if size is None else (size,)
    x, b, W_x, W_h = random(steps, *shape), random(*shape), random(*2 * shape), random(*2 * shape)
    x, W_h, h, a = x.requires_grad_(), W_h.requires_grad_(), [torch.zeros(shape, dtype=torch.float64)], [None]
    inputs, times = x.unbind(), torch.mul if size is None else torch.mv
    h[0].requires_grad_()
    for x_t in inputs:
        a.append(times(W_x, x_t) + times(W_h, h[-1]) + b)
        h.append(torch.tanh(a[-1]))

    def slope(of, by):
        found = [torch.autograd.grad(one, by, retain_graph=True, allow_unused=True)[0] for one in of.reshape(-1)]
        found = [torch.zeros_like(by) if one is None else one for one in found]
        return (found[0] if size is None else torch.stack(found)).detach()

    def at(t):
        names = {"x_t": inputs[t - 1], "h_t": h[t], "h_t-1": h[t - 1], "a_t": a[t], r"\delta_t": slope(h[-1], h[t]),
                 r"\delta_t-1": slope(h[-1], h[t - 1]), "J_t": slope(h[t], h[t - 1]),
                 "∂h_t/∂h_t-1": slope(h[t], h[t - 1]), "∂h_T/∂x_t": slope(h[-1], inputs[t - 1]),
                 "∂h_4/∂h_t": slope(h[-1], h[t])}
        if size is None:
            before = slope(h[t - 1], W_h) if t > 1 else 0.0
            names |= {"∂h_t/∂a_t": slope(h[t], a[t]), "∂h_t/∂W_h": slope(h[t], W_h), "∂h_t-1/∂W_h": before,
                      "∂h_4/∂W_h": slope(h[-1], W_h)}
        return names

    return {"at": at, **at(t), "W_x": W_x, "W_h": W_h, "b": b, "T": steps, "k": k, "h_T": h[-1], "h_4": h[-1],
            r"\delta_4": slope(h[-1], h[-1]), "∂h_T/∂h_0": slope(h[-1], h[0]),
            "∂h_T/∂h_T-k": slope(h[-1], h[steps - k]),
            **{f"J_{name}": at(step)["J_t"] for name, step in (("T", steps), ("T-1", steps - 1), ("1", 1))}}


def loss_at_every_step(steps=T, size=3, features=2, t=3):
    """A tanh layer with a loss of each state; vectors are columns, and all derivatives come from autograd."""
    W_x, W_h, b = (random(size, n).requires_grad_() for n in (features, size, 1))
    x, wanted = random(steps, features, 1), random(steps, size, 1)
    h, a = [torch.zeros(size, 1, dtype=torch.float64, requires_grad=True)], [None]
    for x_t in x:
        a.append(W_x @ x_t + W_h @ h[-1] + b)
        h.append(torch.tanh(a[-1]))
    losses = [None, *((h_t - goal).pow(4).sum() for h_t, goal in zip(h[1:], wanted, strict=True))]
    L = sum(losses[1:])

    def slope(of, by):
        return torch.autograd.grad(of, by, retain_graph=True)[0]

    def at(t):
        J = torch.stack([slope(one, h[t - 1])[:, 0] for one in h[t][:, 0]])
        return {"x_t": x[t - 1], "h_t": h[t], "h_t-1": h[t - 1], "a_t": a[t], "L_t": losses[t], "J_t": J,
                r"\delta_t": slope(L, h[t]), "∂L/∂a_t": slope(L, a[t]), "∂L_t/∂h_t": slope(losses[t], h[t]),
                r"\delta_t-1": slope(L, h[t - 1]),
                "∂L_t-1/∂h_t-1": slope(losses[t - 1], h[t - 1]) if t > 1 else math.nan}

    return {"at": at, **at(t), "L": L, "T": steps, "W_x": W_x, "W_h": W_h, "b": b, r"\delta_T": slope(L, h[-1]),
            "∂L_T/∂h_T": slope(losses[-1], h[-1]), **{f"∂L/∂{name}": slope(L, weight)
                                                      for name, weight in (("W_x", W_x), ("W_h", W_h), ("b", b))}}


MODELS = {"nn.RNNCell": plain, "nn.GRUCell": gru, "nn.LSTMCell": lstm, "autograd, one number": through_time,
          "autograd, three numbers": lambda: through_time(3, size=3),
          "autograd, a loss at every step": loss_at_every_step, "any number": lambda: {"a": random()}}


# --- what is true of another model, or of none ------------------------------------------------------------------------


def takes():
    """The other convention: the update gate takes the new value."""
    names = gru()
    return {**names, "z": 1 - names["z"], "z_t": 1 - names["z"], "~h_t": names["n"]}


def bias_outside():
    """What nn.GRU computes when the hidden bias of n moves over to the input's."""
    names = gru()
    W, b = names["W_hn"], names["b_hn"]
    return {**names, "n": torch.tanh(names["n_x"] + names["r"] * (W @ names["h"]) + b)}


def pencil(x=None, h=None):
    x, h = (random().item() if one is None else one for one in (x, h))
    return {"x": x, "h": h, **dict(zip("rzn", chapter("gru").definitions()["gru_step"](x, h), strict=False))}


def memory():
    """The gates of the GRU that the chapter makes, from its weights."""
    layer = chapter("gru").cell("memory = nn.GRU(2, 1").run({"nn": nn, "torch": torch})["memory"]
    x = random(2)
    _, z, n = (layer.weight_ih_l0 @ x + layer.bias_ih_l0 + layer.bias_hh_l0).detach()
    return {"value": x[0], "write": x[1], "z": torch.sigmoid(z), "n": torch.tanh(n)}


def belt():
    return dict(zip("figoch", chapter("lstm").definitions()["lstm_step"](1.0, 0.0, 0.0), strict=True))


def remembering(keep):
    x_t, before = random().item(), random().item()
    states = chapter("order-matters").definitions()["remember"]([before, x_t], keep)
    return {"keep": keep, "x_t": x_t, "h_t-1": states[0], "h_t": states[1], "h_0": 0.0}


def rows():
    """One step of nn.RNNCell for a batch: every sequence is a row."""
    cell, x, h = nn.RNNCell(T, T).double(), random(3, T), random(3, T)
    return {"x_t": x, "h_t-1": h, "W_x": cell.weight_ih, "W_h": cell.weight_hh, "b": cell.bias_ih + cell.bias_hh,
            "h_t": cell(x, h)}


def parameters():
    layer = nn.LSTM(5, 7)
    return {"parameters": sum(one.numel() for one in layer.parameters()), "blocks": 4, "hidden": 7, "inputs": 5}


def words():
    return {"dog": random(), "bites": random(), "man": random(), "f": lambda x: x ** 3 + 2 * x}


def settled(W_h=2.0, h=0.5):
    for _ in range(1000):
        h = math.tanh(W_h * h)
    return {"W_h": W_h, "h": h}


def reach(factor=0.7, share=0.01):
    return {"factor": factor, "share": share, "k": next(k for k in range(99) if factor ** k < share)}


def gate_of(b=1.3):
    return {"b": b, "f": torch.sigmoid(number(b))}


def min_gru():
    """Its gate and candidate are read off two states that came from different beginnings."""
    layer = chapter("long-sequences").definitions()["MinGRU"](T, T).double().requires_grad_(False)
    x = random(2, 2, T)
    x[1, 1] = x[0, 1]
    before, after = layer(x)[0].unbind(dim=1)
    z = 1 - (after[0] - after[1]) / (before[0] - before[1])
    (W_z, W_n), (b_z, b_n) = layer.linear.weight.chunk(2), layer.linear.bias.chunk(2)
    return {"x_t": x[0, 1], "h_t-1": before[0], "h_t": after[0], "z_t": z, "n_t": (after[0] - (1 - z) * before[0]) / z,
            "W_z": W_z, "W_n": W_n, "b_z": b_z, "b_n": b_n}


def stretches():
    """Two steps, by the function that the chapter asks for."""
    k_1, k_2, n_1, n_2, h_0 = random(5).tolist()
    h_2 = chapter("long-sequences").definitions()["all_states"]([0.0, k_1, k_2], [h_0, n_1, n_2])[-1]
    return {"k_1": k_1, "k_2": k_2, "n_1": n_1, "n_2": n_2, "h_0": h_0, "h_2": h_2, "h": h_0}


EXAMPLES = {        # what a chapter sets up for itself: the equation, and what it is true of
    (r"f(\text{dog}) + f(\text{bites}) + f(\text{man})"
     r" = f(\text{man}) + f(\text{bites}) + f(\text{dog})"): words,
    r"h_t = \text{keep} \cdot h_{t-1} + x_t": lambda: remembering(0.3),
    r"h_t = 0.5 \cdot h_{t-1} + x_t": lambda: remembering(0.5),
    r"h_1 = \tanh(0.8 \cdot 1.0 + 0.5 \cdot 0 + 0.1) = \tanh(0.9) = 0.7163":
        lambda: {"h_1": chapter("scalar-rnn").definitions()["step"](1.0, 0.0)},
    r"h_t = \tanh(h_{t-1})": lambda: plain(W_x=0.0, W_h=1.0, b=0.0),
    r"h_t = \tanh(x_t W_x^\top + h_{t-1} W_h^\top + b)": rows,
    r"\text{parameters} = \text{blocks} \cdot \text{hidden} \cdot (\text{inputs} + \text{hidden} + 2)": parameters,
    r"h_t = \tanh(W_x\, 0 + W_h h_{t-1} + b)": lambda: plain(x=0.0),
    r"r = \sigma(x - 2h)": pencil,
    r"z = \sigma(-2x + 2h + 2)": pencil,
    r"n = \tanh(x + r\,(-h - 0.5))": pencil,
    r"r = \sigma(0) = 0.5": lambda: pencil(1.0, 0.5),
    r"z = \sigma(8 - 16 \cdot \text{write})": memory,
    r"n = \tanh(\text{value})": memory,
    r"r \cdot (W h) = W \cdot (r \cdot h)": lambda: {"r": random(), "W": random(), "h": random()},
    r"c_t = f \cdot c_{t-1}": lambda: lstm(i=-1000),
    r"f = i = \sigma(4)": belt,
    r"g = \tanh(2)": belt,
    r"o = \sigma(-12)": belt,
    r"c = i \cdot g": belt,
    r"c_t = c_{t-1}": lambda: lstm(i=-1000, f=1000),
    r"\tanh(a) \approx a": lambda: {"a": 0.1},
    r"W_h^N = \frac{1}{2}": lambda: {"W_h": 0.5 ** (1 / 7), "N": 7},
    r"W_h = \left(\frac{1}{2}\right)^{1/N}": lambda: {"W_h": 0.5 ** (1 / 7), "N": 7},
    r"h = \tanh(W_h h)": settled,
    r"k > \log(\text{share}) / \log(\text{factor})": reach,
    r"f^N = \frac{1}{2}": lambda: {"f": 0.5 ** (1 / 7), "N": 7},
    r"f = 0.5^{1/N}": lambda: {"f": 0.5 ** (1 / 7), "N": 7},
    r"f = 1 / (1 + e^{-b})": gate_of,
    r"b = \log \frac{f}{1 - f}": gate_of,
    r"z_t = \sigma(W_z x_t + b_z)": min_gru,
    r"n_t = W_n x_t + b_n": min_gru,
    r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot n_t": min_gru,
    r"h_2 = k_2 (k_1 h_0 + n_1) + n_2 = (k_2 k_1)\, h_0 + (k_2 n_1 + n_2)": stretches,
    r"k_2 (k_1 h + n_1) + n_2 = (k_2 k_1)\, h + (k_2 n_1 + n_2)": stretches,
    r"e = \sqrt{p(1-p)/n}": lambda: {"p": 0.3, "n": 50, "e": 50 ** -0.5 * (0.3 * 0.7) ** 0.5},
    r"n = p(1-p)/e^2": lambda: {"p": 0.3, "n": 50, "e": 50 ** -0.5 * (0.3 * 0.7) ** 0.5},
}
ELSEWHERE = {       # place, equation: the cell of other texts of which it is true there, and nowhere else
    ("gru", r"h_t = z\, n + (1 - z)\, h_{t-1}"): takes,
    ("practice/gru", r"h_t = z \odot n + (1 - z) \odot h_{t-1}"): takes,
    ("quiz/gru", r"h_t = (1 - z_t) \odot h_{t-1} + z_t \odot \tilde{h}_t"): takes,
    ("gru", r"n = \tanh(n_x + r \odot (W_{hn} h) + b_{hn})"): bias_outside,
}
NOT_COMPUTED = {    # symbols of other texts, what is set, and what leaves something out
    "a_t = c_t", "a = c", r"c^{\langle t \rangle} = a^{\langle t \rangle}", "h = c = 0", "h_t = h_{t-1}",
    r"r, z = \sigma(\dots)", r"i, f, o = \sigma(\dots)", r"g = \tanh(\dots)", "k = 1, 3, 4",
}
PARTS = {           # what is written of a cell without saying what it equals: known by its text
    r"\tanh(h)", r"\partial h_4 / \partial W_h", r"1 - \tanh^2", r"1 - h_t^2", r"W_h (1 - h_t^2)", "W_h^k",
    r"\mathrm{diag}(1 - h_t^2) W_h", r"\big(h_4(W_h + \varepsilon) - h_4(W_h - \varepsilon)\big) / 2 \varepsilon",
    r"1 - \sigma(8)", r"r \odot (W_{hn} h + b_{hn})", r"W_{hn} (r \odot h) + b_{hn}", r"W (r \odot h)",
    r"r \odot (W h)", "W_h^N", r"\tanh(W_h h)", r"\tanh^{-1}", r"\partial h_T / \partial x_t", r"\sigma(b)",
    r"f \odot c", r"i \odot g", r"o \odot \tanh(c)", r"\sigma(a)", "r (W h)", "W (r h)", r"\tanh(0.5)",
}


# --- the tests --------------------------------------------------------------------------------------------------------

FORMULAS = [(page, formula) for page, text in PAGES.items() for formula in dict.fromkeys(formulas(text))]
EQUATIONS = [(page, formula) for page, formula in FORMULAS if is_relation(formula) and formula not in NOT_COMPUTED]


@pytest.fixture(scope="module")
def models():
    """Of every model two, with different numbers: an equation that is true of one by chance is not of both."""
    torch.manual_seed(0)
    return {name: [make(), make()] for name, make in {**MODELS, **EXAMPLES, **ELSEWHERE}.items()}


def true_of(formula, model):
    """Whether it is true of the model; it is not if a symbol is missing there, or a product has no meaning."""
    try:
        return all(is_true(formula, names) for names in model)
    except (LookupError, ArithmeticError, RuntimeError, ValueError):
        return False


def is_right(page, formula, models):
    own = models.get((page, formula)) or models.get(formula)
    return true_of(formula, own) if own else any(true_of(formula, models[name]) for name in MODELS)


@pytest.mark.parametrize("page", PAGES)
def test_every_equation_is_true_of_what_pytorch_computes(page, models):
    wrong = [formula for where, formula in EQUATIONS if where == page and not is_right(page, formula, models)]
    assert not wrong, ("true of no cell of PyTorch: correct it, or enter in EXAMPLES what it is true of\n"
                       + "\n".join(wrong))


def test_the_tables_name_what_is_there():
    there = {*FORMULAS, *(formula for _, formula in FORMULAS)}
    assert {*EXAMPLES, *ELSEWHERE, *NOT_COMPUTED, *PARTS} - there == set(), "no longer said: take it out of the table"


@pytest.mark.parametrize("page", PAGES)
def test_what_is_written_of_a_cell_in_passing_is_known(page):
    """A formula without a relation, such as r ⊙ (W h), is compared with its text in PARTS."""
    of_a_cell = re.compile(r"\\tanh|\\sigma|\\odot|\\partial|h_|W")
    found = []
    for formula in (formula for where, formula in FORMULAS if where == page and not RELATION.search(formula)):
        bare = re.sub(r"_\{[^}]*\}|\\(?:odot|tanh|sigma)$", "", formula)
        if of_a_cell.search(bare) and re.search(r"[-+^/(]|\\odot|\\cdot", bare):
            found.append(formula)
    assert set(found) <= PARTS, "if it is right, enter it in PARTS"


def test_the_card_counts_the_parameters():
    formula, = (formula for page, formula in FORMULAS if page == "reference-card" and formula.startswith(r"k \,"))
    said = next(formula for page, formula in FORMULAS if page == "reference-card" and formula.startswith("k ="))
    layers = [layer(5, 7) for layer in (nn.RNN, nn.GRU, nn.LSTM)]
    assert [value(formula, {"k": float(k), "F": 5.0, "H": 7.0}).item() for k in re.findall(r"\d", said)] == [
        sum(one.numel() for one in layer.parameters()) for layer in layers]


SLIPS = {r"\+": "-", "-(?! ?1[} ])": "+", r"\\tanh": r"\sigma", r"\\sigma": r"\tanh", "t-1": "t", r"t - 1|t-1 ": "t ",
         r"\\odot": "+", r"\bi\b": "f", r"\br\b": "z"}


def slips(formula):
    """The formula with one sign, function, step or gate taken for another, for each place where that can be."""
    return [formula[:match.start()] + instead + formula[match.end():]
            for pattern, instead in SLIPS.items() for match in re.finditer(pattern, formula)]


def test_a_slip_in_an_equation_is_noticed(models):
    slipped = [(page, slip) for page, formula in EQUATIONS for slip in slips(formula)]
    assert len(slipped) > 300
    assert [one for one in slipped if is_right(*one, models)] == []
