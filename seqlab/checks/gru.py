"""Checks of the exercises of this chapter."""

import copy
import itertools
import math

import torch
from torch import nn

from . import (
    NO_LAYER,
    RECURRENT,
    Without,
    call,
    exercises_of,
    expect_close,
    expect_gradients,
    expect_tensor,
    fail,
    mistakes,
)

exercise = exercises_of(__name__)

SHAPES = {"weight_ih_l0": "(3 * hidden_size, input_size)", "weight_hh_l0": "(3 * hidden_size, hidden_size)",
          "bias_ih_l0": "(3 * hidden_size,)", "bias_hh_l0": "(3 * hidden_size,)"}


def _step(x, h, w_ih, w_hh, b_ih, b_hh, *, order="rzn", reset="after", z_keeps=True, squash=torch.tanh,
          biases=(1, 1), mix=None):
    """One step of any GRU; the keywords plant the usual mistakes."""
    b_ih, b_hh = biases[0] * b_ih, biases[1] * b_hh
    rows_r, rows_z, rows_n = (order.index(gate) for gate in "rzn")
    from_x, from_h = (x @ w_ih.T + b_ih).chunk(3, dim=-1), (h @ w_hh.T + b_hh).chunk(3, dim=-1)
    r_x, z_x, n_x = from_x[rows_r], from_x[rows_z], from_x[rows_n]
    r_h, z_h, n_h = from_h[rows_r], from_h[rows_z], from_h[rows_n]
    w_n, b_n = w_hh.chunk(3)[rows_n], b_hh.chunk(3)[rows_n]
    r, z = torch.sigmoid(r_x + r_h), torch.sigmoid(z_x + z_h)
    inner = {"after": n_x + r * n_h, "before": n_x + (r * h) @ w_n.T + b_n, "nowhere": n_x + n_h,
             "outside": n_x + r * (n_h - b_n) + b_n, "over all": r * (n_x + n_h), "on x": r * n_x + n_h,
             "turned": n_x + (1 - r) * n_h}[reset]
    n = squash(inner)
    if mix:
        return mix(r, z, n, h)
    return (1 - z) * n + z * h if z_keeps else z * n + (1 - z) * h


def _weights(input_size=3, hidden_size=4, seed=0):
    random = torch.Generator().manual_seed(seed)
    shapes = ((3 * hidden_size, input_size), (3 * hidden_size, hidden_size), (3 * hidden_size,), (3 * hidden_size,))
    return [torch.randn(shape, generator=random, dtype=torch.float64) for shape in shapes]


def _orders():
    """Every order of the blocks but the right one."""
    return ["".join(order) for order in itertools.permutations("rzn") if "".join(order) != "rzn"]


STEP_MISTAKES = {
    "the reset gate stands before the matrix. PyTorch lets it multiply what comes out of the matrix":
        {"reset": "before"},
    "z has the other role: what does PyTorch do with the old state when z is 1?": {"z_keeps": False},
    "the hidden bias of n stands outside the bracket that r multiplies": {"reset": "outside"},
    "the reset gate multiplies the input's part too. What is it there to reset?": {"reset": "over all"},
    "the reset gate multiplies the input's part. What is it there to reset?": {"reset": "on x"},
    "the reset gate does nothing, as when both products are added before the gates are known": {"reset": "nowhere"},
    "b_hh is missing": {"biases": (1, 0)},
    "b_ih is missing": {"biases": (0, 1)},
    "both biases are missing": {"biases": (0, 0)},
    "the candidate is squashed by a sigmoid, so it could never be negative": {"squash": torch.sigmoid},
    "the candidate is squashed by a ReLU, so it could never be negative": {"squash": torch.relu},
    "the candidate is not squashed": {"squash": lambda a: a},
    "the candidate is added to what is kept, whole. How much of it does z let in?":
        {"mix": lambda r, z, n, h: n + z * h},
    "r lets the candidate in, as an LSTM's input gate would. A GRU has one gate for both":
        {"mix": lambda r, z, n, h: r * n + z * h},
    "that is the candidate alone; where does the old state go in?": {"mix": lambda r, z, n, h: n},
    **{f"the blocks are taken in the order {', '.join(order)}": {"order": order} for order in _orders()},
}


@exercise("step")
def _check_step(gru_step):
    for batch, input_size, hidden_size in ((2, 3, 4), (1, 1, 1), (5, 2, 3)):
        weights = _weights(input_size, hidden_size)
        random = torch.Generator().manual_seed(1)
        x = torch.randn(batch, input_size, generator=random, dtype=torch.float64)
        h = torch.randn(batch, hidden_size, generator=random, dtype=torch.float64)
        with Without(RECURRENT, NO_LAYER.format("gru_step")):
            got = call(gru_step, x.clone(), h.clone(), *(weight.clone() for weight in weights), name="gru_step",
                       hints={"cannot be multiplied":
                       "A weight is (out, in), and x and h have their features on the last axis: which of the two must "
                       "turn?",
                       "not enough values": "Along which axis are the blocks cut apart? Axis 0 is the batch"})
        expect_tensor(got, (batch, hidden_size), "the new state", "(batch, hidden_size)",
                      {(batch, 3 * hidden_size): "That is all three blocks. Mix them into one state",
                       (2, batch, hidden_size): "Those are two tensors. A GRU has one state"})
        expect_close(got, _step(x, h, *weights), "the new state",
                     lambda given=(x, h, *weights): mistakes(_step, given, STEP_MISTAKES),
                     "With all weights and biases 0 both gates are one half and the candidate is 0, so half of h "
                     "should come out. Then give one block after the other its weights, and compare with nn.GRUCell",
                     tolerance=1e-5)
    return "It computes what nn.GRUCell does."


@exercise("memory")
def _check_memory(make_memory):
    memory = call(make_memory, name="make_memory")
    if not isinstance(memory, nn.GRU):
        fail(f"make_memory should return an nn.GRU, but it returns {type(memory).__name__}")
    sizes = memory.input_size, memory.hidden_size, memory.num_layers
    if sizes != (2, 1, 1) or memory.bidirectional or not memory.batch_first:
        fail("make_memory should return nn.GRU(2, 1, batch_first=True), one layer, one direction; "
             f"yours is {memory}")
    wait = 1000
    noise = 3 * torch.randn(1, 2 + 2 * wait, 2, generator=torch.Generator().manual_seed(0))
    for first, second, x in ((1.0, -0.4, noise), (-2.0, 0.3, noise), (0.2, 0.2, noise),
                             (2.0, -2.0, torch.full_like(noise, -10)), (-2.0, 2.0, torch.full_like(noise, 10))):
        x = x.clone()
        x[:, :, 1] = 0.0
        x[0, 0], x[0, 1 + wait] = torch.tensor([first, 1.0]), torch.tensor([second, 1.0])
        with torch.no_grad():
            out = copy.deepcopy(memory).float()(x)[0].flatten()
            for start, value in ((0, first), (1 + wait, second)):
                want = math.tanh(value)
                if abs(out[start] - want) > 0.01:
                    _explain_write(memory, out[start].item(), value, start)
                worst = (out[start:start + 1 + wait] - want).abs().max().item()
                if worst > 0.01:
                    _explain_drift(memory, out[start].item(), value, worst)
    return "Two thousand steps of anything, and nothing lost."


def _explain_drift(memory, got, value, worst):
    if memory.weight_ih_l0[1, 0].abs() > 1e-6:
        hint = "z depends on the value that comes in, so a large one opens the gate. On what alone should it depend?"
    elif memory.weight_hh_l0[1, 0].abs() > 1e-6:
        hint = "z depends on the state itself. On what alone should it depend?"
    else:
        hint = "How much does a single step let in, how much do 1,000, and how far away can a candidate lie?"
    fail(f"right after writing {value} the state is {got:.4f}, as it should be, but while waiting it moves away by up "
         f"to {worst:.4f}. {hint}")


def _explain_write(memory, got, value, step):
    def z(write):
        ih, hh = memory.weight_ih_l0[1], memory.bias_ih_l0[1] + memory.bias_hh_l0[1]
        return torch.sigmoid(ih[1] * write + hh).item()
    listens = memory.weight_ih_l0[1, 1].item()
    if listens > 0 and z(0) < 0.5 < z(1):
        hint = "The gate works the wrong way round: it keeps on command and writes while it should wait"
    elif memory.weight_ih_l0[1, 0].abs() > 1e-6:
        hint = ("z depends on the value that comes in: of x, column 0 is the value and column 1 is write. On which of "
                "them should the gate depend?")
    elif listens == 0:
        hint = (f"The gate z is {z(0):.2g} whether write is 0 or 1. Row 0 belongs to r, row 1 to z, row 2 to n. "
                "Which row did you set?")
    elif z(1) > 0.004:
        hint = (f"With write at 1, z is still {z(1):.2g}. The command must pull against the bias, and be as much "
                "larger as the bias "
                "beats 0")
    elif step and memory.weight_hh_l0[2, 0]:
        hint = "The gate opens as it should. Does something of the old state get into the new one, through n?"
    else:
        candidate = memory.weight_ih_l0[2, 0].item()
        hint = (f"The gate opens as it should. What is the candidate n, when its weight for the value is {candidate:g} "
                "and its biases are what they are?")
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
                                   {tuple(want.shape[::-1]): "Keras and PyTorch put the axes the other way round",
                                    (2, *want.shape): "Keras keeps both biases in one: which row is which?"})
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
    }, "Take one step of both from h = 0, where theirs gives z * n. Print both gates: their z and yours should add up "
       "to 1 in every unit, and n should be the same", tolerance=1e-5)
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
        }, "Number the columns of a small kernel from 0 on, convert it, and look where each block has gone; then do "
           "the same with each row of the bias", tolerance=1e-5)
    return "Keras's GRU now runs in PyTorch."


@exercise("which")
def _check_which(which_gru):
    kinds, answers = list(itertools.product((True, False), repeat=2)), []
    for reset_after, z_keeps in kinds:
        def step(x, h, w_ih, w_hh, b_ih, b_hh, reset="after" if reset_after else "before", z_keeps=z_keeps):
            return _step(x, h, w_ih, w_hh, b_ih, b_hh, reset=reset, z_keeps=z_keeps)

        got = call(which_gru, step, name="which_gru")
        if not isinstance(got, (tuple, list)) or len(got) != 2 or any(isinstance(one, str) for one in got):
            fail("which_gru should return two booleans, reset_after and z_keeps")
        answers.append((bool(got[0]), bool(got[1])))
    if answers != kinds and [answer[::-1] for answer in answers] == kinds:
        fail("the two stand in the other order: reset_after first, then z_keeps")
    for (reset_after, z_keeps), got in zip(kinds, answers, strict=True):
        cell = (f"a cell with the reset gate {'after' if reset_after else 'before'} the matrix whose z = 1 "
                f"{'keeps' if z_keeps else 'takes'}")
        if got[1] != z_keeps:
            fail(f"{cell}: z_keeps is wrong. Would your experiment come out differently if z had the other role? Try "
                 "it on nn.GRUCell, of which you know the answer")
        if got[0] != reset_after:
            fail(f"{cell}: reset_after is wrong. With hidden_size 1 and no hidden bias both places give the same "
                 "number; with z at the wrong end the candidate is not seen at all")
    return "All four unmasked."


REPAIR_MISTAKES = {
    "1 - r stands where r should. It was right as it was given": {"reset": "turned"},
    "the update gate decides nothing any more: half of both": {"mix": lambda r, z, n, h: (n + h) / 2},
    "old and new must share out one whole: their parts add up to 1": {"mix": lambda r, z, n, h: z * n + z * h},
}


@exercise("bug")
def _check_next_state(next_state):
    for batch, input_size, hidden_size in ((3, 2, 4), (1, 1, 1)):
        weights = _weights(input_size, hidden_size, seed=7)
        cell = nn.GRUCell(input_size, hidden_size).double()
        with torch.no_grad():
            for parameter, weight in zip(cell.parameters(), weights, strict=True):
                parameter.copy_(weight)
        random = torch.Generator().manual_seed(8)
        x = torch.randn(batch, input_size, generator=random, dtype=torch.float64)
        h = torch.randn(batch, hidden_size, generator=random, dtype=torch.float64, requires_grad=True)
        with Without(RECURRENT, NO_LAYER.format("next_state")):
            got = call(next_state, cell, x.clone(), h.clone(), name="next_state")
        got = expect_tensor(got, (batch, hidden_size), "the next state", "(batch, hidden_size)")
        numbers = x, h.detach(), *weights
        expect_close(got, _step(*numbers), "the next state",
                     lambda given=numbers: mistakes(_step, given, {**STEP_MISTAKES, **REPAIR_MISTAKES}),
                     "Set all weights to 0 and the bias of one gate to 50, then to -50. What should that gate do to "
                     "the old state, and what does yours do?", tolerance=1e-5)
        own = list(cell.parameters())
        expect_gradients(got, _step(x, h, *own), [h, *own], "the next state", {
            "does .detach() or .data cut the way back to the state before?": _step(x, h.detach(), *own)})
    return "With the weights of an nn.GRUCell it gives the states of an nn.GRUCell."
