"""Checks of the exercises of this chapter."""

import copy
import itertools
import math

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)

SHAPES = {"weight_ih_l0": "(3 * hidden_size, input_size)", "weight_hh_l0": "(3 * hidden_size, hidden_size)",
          "bias_ih_l0": "(3 * hidden_size,)", "bias_hh_l0": "(3 * hidden_size,)"}


def _step(x, h, w_ih, w_hh, b_ih, b_hh, *, order="rzn", reset_after=True, z_keeps=True, squash=torch.tanh,
          reset=True, bias_inside=True):
    """One step of any GRU; the keywords plant the usual mistakes."""
    rows_r, rows_z, rows_n = (order.index(gate) for gate in "rzn")
    from_x, from_h = (x @ w_ih.T + b_ih).chunk(3, dim=-1), (h @ w_hh.T + b_hh).chunk(3, dim=-1)
    x_r, x_z, x_n = from_x[rows_r], from_x[rows_z], from_x[rows_n]
    h_r, h_z, h_n = from_h[rows_r], from_h[rows_z], from_h[rows_n]
    w_n, b_n = w_hh.chunk(3)[rows_n], b_hh.chunk(3)[rows_n]
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    if not reset:
        r = torch.ones_like(r)
    if not reset_after:
        inner = (r * h) @ w_n.T + b_n
    elif bias_inside:
        inner = r * h_n
    else:
        inner = r * (h_n - b_n) + b_n
    n = squash(x_n + inner)
    return (1 - z) * n + z * h if z_keeps else z * n + (1 - z) * h


def _weights(input_size=3, hidden_size=4, seed=0):
    random = torch.Generator().manual_seed(seed)
    shapes = ((3 * hidden_size, input_size), (3 * hidden_size, hidden_size), (3 * hidden_size,), (3 * hidden_size,))
    return [torch.randn(shape, generator=random, dtype=torch.float64) for shape in shapes]


def _step_mistakes(x, h, w_ih, w_hh, b_ih, b_hh):
    given, zero = (x, h, w_ih, w_hh), torch.zeros_like(b_ih)
    mistakes = {
        "the reset gate stands before the matrix. PyTorch lets it multiply what comes out of the matrix":
            _step(*given, b_ih, b_hh, reset_after=False),
        "z has the other role: what does PyTorch do with the old state when z is 1":
            _step(*given, b_ih, b_hh, z_keeps=False),
        "both the place of the reset gate and the role of z differ from PyTorch's":
            _step(*given, b_ih, b_hh, reset_after=False, z_keeps=False),
        "the hidden bias of n stands outside the bracket that r multiplies":
            _step(*given, b_ih, b_hh, bias_inside=False),
        "b_hh is missing": _step(*given, b_ih, zero),
        "b_ih is missing": _step(*given, zero, b_hh),
        "both biases are missing": _step(*given, zero, zero),
        "the reset gate does nothing": _step(*given, b_ih, b_hh, reset=False),
        "the candidate is squashed by a sigmoid, so it could never be negative":
            _step(*given, b_ih, b_hh, squash=torch.sigmoid),
        "the candidate is not squashed": _step(*given, b_ih, b_hh, squash=lambda a: a),
    }
    for order in itertools.permutations("rzn"):
        if "".join(order) != "rzn":
            mistakes[f"the blocks are taken in the order {', '.join(order)}"] = _step(*given, b_ih, b_hh, order=order)
    return mistakes


@exercise("step")
def _check_step(gru_step):
    for batch, input_size, hidden_size in ((2, 3, 4), (1, 1, 1), (5, 2, 3)):
        weights = _weights(input_size, hidden_size)
        random = torch.Generator().manual_seed(1)
        x = torch.randn(batch, input_size, generator=random, dtype=torch.float64)
        h = torch.randn(batch, hidden_size, generator=random, dtype=torch.float64)
        got = call(gru_step, x, h, *weights, name="gru_step")
        expect_tensor(got, (batch, hidden_size), "the new state", "(batch, hidden_size)",
                      {(batch, 3 * hidden_size): "That is all three blocks. Mix them into one state"})
        expect_close(got, _step(x, h, *weights), "the new state", _step_mistakes(x, h, *weights), tolerance=1e-6)
    return "That is nn.GRUCell, line for line."


@exercise("memory")
def _check_memory(make_memory):
    memory = call(make_memory, name="make_memory")
    if not isinstance(memory, nn.GRU):
        fail(f"make_memory should return an nn.GRU, but it returns {type(memory).__name__}")
    sizes = memory.input_size, memory.hidden_size, memory.num_layers
    if sizes != (2, 1, 1) or memory.bidirectional or not memory.batch_first:
        fail("make_memory should return nn.GRU(2, 1, batch_first=True), one layer, one direction; "
             f"yours is {memory}")
    x = 3 * torch.randn(1, 2002, 2, generator=torch.Generator().manual_seed(0))
    x[:, :, 1] = 0.0
    for first, second in ((1.0, -0.4), (-2.0, 0.3), (0.2, 0.2)):
        x[0, 0], x[0, 1001] = torch.tensor([first, 1.0]), torch.tensor([second, 1.0])
        with torch.no_grad():
            out = copy.deepcopy(memory).float()(x)[0].flatten()
        for start, value in ((0, first), (1001, second)):
            want = math.tanh(value)
            if abs(out[start] - want) > 0.01:
                _explain_write(memory, out[start].item(), value, start)
            worst = (out[start:start + 1001] - want).abs().max().item()
            if worst > 0.01:
                fail(f"right after writing {value} the state is {out[start]:.4f}, as it should be, but while waiting "
                     f"it moves away by up to {worst:.4f}. How much does a single step let in, and how much do 1,000")
    return "Two thousand steps of noise, and nothing lost."


def _explain_write(memory, got, value, step):
    def z(write):
        ih, hh = memory.weight_ih_l0[1], memory.bias_ih_l0[1] + memory.bias_hh_l0[1]
        return torch.sigmoid(ih[1] * write + hh).item()
    if z(1) > z(0) + 0.1:
        hint = "The gate works the wrong way round: it keeps on command and writes while it should wait"
    elif z(1) > 0.5:
        hint = "With write at 1, z is still above one half. The command must beat the bias"
    elif step:
        hint = "The first write worked. Does something of the old state get into the new one"
    else:
        hint = "Row 0 of each block belongs to r, row 1 to z, row 2 to n. Which row did you set"
    fail(f"after writing {value} the state should be tanh({value}), but it is {got:.4f}. {hint}")


def _run(weights, x, **variant):
    h, states = torch.zeros(x.shape[0], weights[1].shape[1], dtype=x.dtype), []
    for x_t in x.unbind(dim=1):
        h = _step(x_t, h, *weights, **variant)
        states.append(h)
    return torch.stack(states, dim=1)


def _loaded(got, weights, name):
    """An nn.GRU with these weights, or what does not fit."""
    if not isinstance(got, dict):
        fail(f"{name} should return a dict, but it returns {type(got).__name__}")
    if set(got) != set(SHAPES):
        missing, extra = sorted(set(SHAPES) - set(got)), sorted(set(got) - set(SHAPES))
        fail(f"the names in the dict do not fit: {'missing ' + ', '.join(missing) if missing else ''}"
             f"{' and ' if missing and extra else ''}{'unknown ' + ', '.join(map(str, extra)) if extra else ''}")
    gru = nn.GRU(weights[0].shape[1], weights[1].shape[1], batch_first=True).double()
    with torch.no_grad():
        for (entry, axes), want in zip(SHAPES.items(), weights, strict=True):
            tensor = expect_tensor(got[entry], tuple(want.shape), entry, axes,
                                   {tuple(want.shape[::-1]): "Keras and PyTorch put the axes the other way round"})
            getattr(gru, entry).copy_(tensor)
    return gru


@exercise("other-z")
def _check_other_z(to_pytorch):
    weights = _weights()
    given = dict(zip(SHAPES, (weight.clone() for weight in weights), strict=True))
    got = call(to_pytorch, given, name="to_pytorch")
    if any(not torch.equal(given[name], weight) for name, weight in zip(SHAPES, weights, strict=True)):
        fail("the dict that you were given has changed: copy before you write, or build new tensors")
    gru = _loaded(got, weights, "to_pytorch")
    x = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    with torch.no_grad():
        out = gru(x)[0]

    def turned(block, entries=tuple(SHAPES)):
        signs = torch.ones(3, dtype=torch.float64)
        signs[block] = -1
        rows = signs.repeat_interleave(4)
        return _run([w * (rows[:, None] if w.dim() == 2 else rows) if name in entries else w
                     for name, w in zip(SHAPES, weights, strict=True)], x)

    expect_close(out, _run(weights, x, z_keeps=False), "what nn.GRU computes with your weights", {
        "they are unchanged": turned([]),
        "only the weights are turned; what else is inside the sigmoid": turned(1, ("weight_ih_l0", "weight_hh_l0")),
        "only the input's part is turned; what else is inside the sigmoid": turned(1, ("weight_ih_l0", "bias_ih_l0")),
        "only the state's part is turned; what else is inside the sigmoid": turned(1, ("weight_hh_l0", "bias_hh_l0")),
        "only the biases are turned; what else is inside the sigmoid": turned(1, ("bias_ih_l0", "bias_hh_l0")),
        "the reset gate is turned. Which block belongs to z": turned(0),
        "the candidate is turned. Which block belongs to z": turned(2),
        "all three blocks are turned": turned([0, 1, 2]),
    }, tolerance=1e-5)
    return "Two names, one model."


@exercise("keras")
def _check_keras(from_keras):
    for input_size, units in ((3, 4), (2, 1), (5, 3)):
        weights = _weights(input_size, units, seed=3)

        def keras(tensor, order=(1, 0, 2)):
            blocks = tensor.chunk(3)
            return torch.cat([blocks[k] for k in order])

        given = (keras(weights[0]).T.clone(), keras(weights[1]).T.clone(),
                 torch.stack([keras(weights[2]), keras(weights[3])]))
        gru = _loaded(call(from_keras, *given, name="from_keras"), weights, "from_keras")
        x = torch.randn(2, 5, input_size, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
        with torch.no_grad():
            out = gru(x)[0]
        mixed = {f"the blocks stand in the order {order} instead of r, z, n":
                 _run([keras(w, [(1, 0, 2)[k] for k in places]) for w in weights], x)
                 for order, places in (("z, r, n", (0, 1, 2)), ("n, r, z", (2, 1, 0)), ("n, z, r", (2, 0, 1)),
                                       ("r, n, z", (1, 2, 0)), ("z, n, r", (0, 2, 1)))}
        w_ih, w_hh, b_ih, b_hh = weights
        expect_close(out, _run(weights, x), "what nn.GRU computes with your weights", {
            "the two biases are exchanged": _run([w_ih, w_hh, b_hh, b_ih], x),
            "the weights are in order, the blocks of the biases are not":
                _run([w_ih, w_hh, keras(b_ih), keras(b_hh)], x),
            "both biases are added up in one place. r multiplies only one of them":
                _run([w_ih, w_hh, b_ih + b_hh, torch.zeros_like(b_hh)], x),
            "the blocks of the biases are in order, those of the weights are not":
                _run([keras(w_ih), keras(w_hh), b_ih, b_hh], x),
            **mixed,
        }, tolerance=1e-5)
    return "Keras's GRU now runs in PyTorch."


@exercise("which")
def _check_which(which_gru):
    for reset_after, z_keeps in itertools.product((True, False), repeat=2):
        def step(x, h, w_ih, w_hh, b_ih, b_hh, reset_after=reset_after, z_keeps=z_keeps):
            return _step(x, h, w_ih, w_hh, b_ih, b_hh, reset_after=reset_after, z_keeps=z_keeps)

        got = call(which_gru, step, name="which_gru")
        if not isinstance(got, (tuple, list)) or len(got) != 2:
            fail("which_gru should return two booleans, reset_after and z_keeps")
        cell = (f"a cell with the reset gate {'after' if reset_after else 'before'} the matrix whose z = 1 "
                f"{'keeps' if z_keeps else 'takes'}")
        if bool(got[1]) != z_keeps:
            fail(f"{cell}: z_keeps is wrong. Make z 1 with a large bias: is the old state still there")
        if bool(got[0]) != reset_after:
            fail(f"{cell}: reset_after is wrong. With hidden_size 1 and no hidden bias both places give the same "
                 "number; with z at the wrong end the candidate is not seen at all")
    return "All four unmasked."
