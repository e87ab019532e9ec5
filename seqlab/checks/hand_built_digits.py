"""Checks of the exercises of this chapter."""

import itertools
import math

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)

BATCH, INPUT_SIZE, HIDDEN_SIZE = 4, 3, 5        # all different, so that a swapped axis shows


class _EightLayers(nn.Module):
    def __init__(self, input_size=INPUT_SIZE, hidden_size=HIDDEN_SIZE):
        super().__init__()
        for gate in "ifgo":
            self.add_module(f"x_{gate}", nn.Linear(input_size, hidden_size))
            self.add_module(f"h_{gate}", nn.Linear(hidden_size, hidden_size))


def _a_case():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        return _EightLayers(), torch.randn(BATCH, INPUT_SIZE), *torch.randn(2, BATCH, HIDDEN_SIZE)


def _sums(layers, x_t, h):
    """What comes out of each pair of layers, before it is squashed."""
    return {gate: getattr(layers, f"x_{gate}")(x_t) + getattr(layers, f"h_{gate}")(h) for gate in "ifgo"}


def _gates(sums):
    return {gate: torch.tanh(z) if gate == "g" else torch.sigmoid(z) for gate, z in sums.items()}


@exercise("step")
@torch.no_grad()
def _step(step):
    layers, x_t, h, c = _a_case()
    answer = call(step, x_t, h, c, layers, name="step")
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        fail(f"step should return two things, the new h and the new c, but it returned {type(answer).__name__}")
    shape, axes = (BATCH, HIDDEN_SIZE), "(batch, hidden_size)"
    new_h, new_c = (expect_tensor(part, shape, f"the new {name}", axes)
                    for name, part in zip("hc", answer, strict=True))

    sums = _sums(layers, x_t, h)
    gates = _gates(sums)
    i, f, g, o = (gates[gate] for gate in "ifgo")
    want_c = f * c + i * g
    want_h = o * torch.tanh(want_c)
    if torch.allclose(new_h, want_c, atol=1e-5) and torch.allclose(new_c, want_h, atol=1e-5):
        fail("h and c come in the wrong order: return h first")
    only_x = _gates({gate: getattr(layers, f"x_{gate}")(x_t) for gate in "ifgo"})
    only_h = _gates({gate: getattr(layers, f"h_{gate}")(h) for gate in "ifgo"})
    expect_close(new_c, want_c, "the new c", {
        "the input gate and the forget gate are swapped": i * c + f * g,
        "the candidate goes through a sigmoid, so it can only add": f * c + i * torch.sigmoid(sums["g"]),
        "the candidate is not squashed": f * c + i * sums["g"],
        "nothing is forgotten: where is the forget gate?": c + i * g,
        "nothing is kept: where is the old c?": i * g,
        "the input gate does not let the candidate through number by number": f * c + g,
        "the gates read the row alone; what the cell showed last is missing":
            only_x["f"] * c + only_x["i"] * only_x["g"],
        "the gates read the old h alone; the row is missing": only_h["f"] * c + only_h["i"] * only_h["g"],
        "the gates read c where they should read h": _update(_gates(_sums(layers, x_t, c)), c),
        "the cell state is squashed. Only what is shown, h, goes through tanh": torch.tanh(want_c),
    })
    expect_close(new_h, want_h, "the new h", {
        "tanh of the cell state is missing": o * want_c,
        "it shows the old cell state, not the new one": o * torch.tanh(c),
        "the output gate is missing": torch.tanh(want_c),
        "the output gate is inside the tanh": torch.tanh(o * want_c),
    })
    return "One step of an LSTM, from eight layers."


def _update(gates, c):
    return gates["f"] * c + gates["i"] * gates["g"]


@exercise("fuse")
@torch.no_grad()
def _fuse(fuse):
    layers, x_t, h, _ = _a_case()
    before = [p.clone() for p in layers.parameters()]
    answer = call(fuse, layers, name="fuse")
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        fail(f"fuse should return two layers, x2h and h2h, but it returned {type(answer).__name__}")
    for name, layer, size, reads in zip(("x2h", "h2h"), answer, (INPUT_SIZE, HIDDEN_SIZE), ("x_t", "h"), strict=True):
        if not isinstance(layer, nn.Linear):
            fail(f"{name} should be one nn.Linear, but it is {type(layer).__name__}")
        axes, other_size = "(4 * hidden_size, size of what it reads)", INPUT_SIZE + HIDDEN_SIZE - size
        expect_tensor(layer.weight, (4 * HIDDEN_SIZE, size), f"the weight of {name}", axes, {
            (HIDDEN_SIZE, 4 * size):
                "The blocks stand side by side. nn.Linear keeps one row per output: stack them along axis 0",
            (size, 4 * HIDDEN_SIZE): "It is transposed: nn.Linear keeps its weight as (outputs, inputs)",
            (HIDDEN_SIZE, size): "That is room for one gate, and there are four",
            (4 * HIDDEN_SIZE, other_size): f"{name} should read {reads}: are the two layers swapped?",
        })
    if any(not torch.equal(old, new) for old, new in zip(before, layers.parameters(), strict=True)):
        fail("fuse changes the eight layers that it is given; copy their weights")
    x2h, h2h = answer
    got, sums = x2h(x_t) + h2h(h), _sums(layers, x_t, h)
    bias = {gate: getattr(layers, f"x_{gate}").bias + getattr(layers, f"h_{gate}").bias for gate in "ifgo"}
    half = {gate: getattr(layers, f"h_{gate}").bias for gate in "ifgo"}
    stacked = lambda values, order="ifgo": torch.cat([values[gate] for gate in order], dim=-1)
    orders = [stacked(sums, order) for order in itertools.permutations("ifgo")]
    expect_close(got, stacked(sums), "the sum of the two results", {
        "the four blocks are right, but in another order. PyTorch's is i, f, g, o":
            next((values for values in orders if torch.allclose(got, values, atol=1e-4)), math.nan),
        "the biases are missing": stacked(sums) - stacked(bias),
        "the biases of h2h are missing": stacked(sums) - stacked(half),
        "the biases of x2h are missing": stacked(sums) - stacked(bias) + stacked(half),
        "it holds the fresh random numbers of a new nn.Linear in part. Were all weights and all biases copied?":
            got if _not_copied(x2h, layers, "x") or _not_copied(h2h, layers, "h") else math.nan,
    })
    return "Two matrix products instead of eight, and the same numbers."


def _not_copied(layer, layers, side) -> bool:
    """Whether some row of the fused weight is no row of the four layers."""
    rows = torch.cat([getattr(layers, f"{side}_{gate}").weight for gate in "ifgo"])
    return bool(((layer.weight[:, None] - rows).abs().amax(dim=-1).amin(dim=1) > 1e-6).any())


@exercise("per-digit")
def _per_digit(per_digit):
    generator = torch.Generator().manual_seed(1)
    labels = torch.cat([torch.arange(10), torch.randint(10, (190,), generator=generator)])
    noise = torch.randint(10, (200,), generator=generator)
    predictions = torch.where(torch.rand(200, generator=generator) < 0.7, labels, noise)
    predictions[predictions == 9] = 4                       # this network never says 9
    got = call(per_digit, labels, predictions, name="per_digit")
    got = expect_tensor(got, (10,), "what per_digit returns", "one share per digit", {
        (): "That is one number for all digits together; take them one true digit at a time",
        (10, 10): "That is the whole confusion matrix; which entries are right, and out of how many?",
        (9,): "This network never predicts a 9, but there are nines to be read: go by the labels, from 0 to 9",
    })
    got = got.double().nan_to_num()     # a digit that is never predicted makes 0 / 0 where predictions are counted
    table = torch.bincount(10 * labels + predictions, minlength=100).reshape(10, 10).double()
    right, true, said = table.diagonal(), table.sum(dim=1), table.sum(dim=0)
    expect_close(got, right / true, "what per_digit returns", {
        "these are counts; divide by how often each digit occurs": right,
        "these are percentages; a share lies between 0 and 1": 100 * right / true,
        "this divides by how often each digit was predicted. Divide by how often it is the label":
            (right / said).nan_to_num(),
        "this divides by the number of all examples": right / len(labels),
        "these are the shares of wrong answers": 1 - right / true,
    })
    return "Ten accuracies, one for each digit."
