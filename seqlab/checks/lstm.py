"""Checks of the exercises of this chapter."""

import copy
import itertools
import math

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail

exercise = exercises_of(__name__)

GATES = {"i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate"}


def _step(x, h, c, w_ih, w_hh, b_ih, b_hh, order="ifgo", squash_g=torch.tanh, squash_c=torch.tanh):
    stack = x @ w_ih.T + b_ih + h @ w_hh.T + b_hh
    gate = dict(zip(order, stack.chunk(4, dim=-1), strict=True))
    c = torch.sigmoid(gate["f"]) * c + torch.sigmoid(gate["i"]) * squash_g(gate["g"])
    return torch.sigmoid(gate["o"]) * squash_c(c), c


def _likely_mistakes(step_arguments):
    """Each likely mistake of an LSTM step in words, with the (h, c) that it gives."""
    x, h, c, w_ih, w_hh, b_ih, b_hh = step_arguments
    zero = torch.zeros_like(b_ih)
    right = _step(*step_arguments)
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=-1)
    mistakes = {
        "bias_hh is missing": _step(x, h, c, w_ih, w_hh, b_ih, zero),
        "bias_ih is missing": _step(x, h, c, w_ih, w_hh, zero, b_hh),
        "both biases are missing": _step(x, h, c, w_ih, w_hh, zero, zero),
        "the candidate is squashed by a sigmoid, so it could never be negative":
            _step(*step_arguments, squash_g=torch.sigmoid),
        "the candidate is not squashed": _step(*step_arguments, squash_g=lambda z: z),
        "the cell state is shown without its tanh": _step(*step_arguments, squash_c=lambda z: z),
        "the cell state is shown through a sigmoid": _step(*step_arguments, squash_c=torch.sigmoid),
        "h shows the old cell state, not the new one": (torch.sigmoid(o) * torch.tanh(c), right[1]),
        "the input gate does not decide how much is written":
            _with_cell(torch.sigmoid(f) * c + torch.tanh(g), o),
        "nothing is forgotten: where is the forget gate": _with_cell(c + torch.sigmoid(i) * torch.tanh(g), o),
        "the forget gate stands for both keeping and writing, as the GRU's update gate does":
            _with_cell(torch.sigmoid(f) * c + (1 - torch.sigmoid(f)) * torch.tanh(g), o),
        "the gates are used without a sigmoid": (o * torch.tanh(f * c + i * torch.tanh(g)), f * c + i * torch.tanh(g)),
        "the two results stand in the other order": (right[1], right[0]),
    }
    for order in itertools.permutations("ifgo"):
        order = "".join(order)
        if order != "ifgo":
            moved = [gate for gate, wrong in zip("ifgo", order, strict=True) if gate != wrong]
            mixed = " and ".join(f"the {GATES[gate]}" for gate in moved)
            mistakes[f"the blocks are taken in another order than they are stacked: look at {mixed}"] = \
                _step(*step_arguments, order=order)
    return {cause: pair for cause, pair in mistakes.items() if not torch.allclose(torch.cat(pair), torch.cat(right))}


def _with_cell(c, o):
    return torch.sigmoid(o) * torch.tanh(c), c


@exercise("step")
def _check_step(lstm_step):
    generator = torch.Generator().manual_seed(8)
    cell = nn.LSTMCell(3, 4).double()
    with torch.no_grad():
        for parameter in cell.parameters():
            parameter.uniform_(-1, 1, generator=generator)
        for batch in (2, 5):
            x, h, c = (torch.randn(batch, size, dtype=torch.float64, generator=generator) for size in (3, 4, 4))
            arguments = (x, h, c, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
            got = call(lstm_step, *(tensor.detach().clone() for tensor in arguments), name="lstm_step")
            if not isinstance(got, (tuple, list)) or len(got) != 2:
                fail(f"lstm_step should return two tensors, h and c, but it returns {type(got).__name__}")
            for name, part in zip("hc", got, strict=True):
                expect_tensor(part, (batch, 4), f"{name} from lstm_step", "batch, hidden_size", {
                    (batch, 16): "All four blocks are still side by side: cut them apart along the last axis",
                })
            _expect_state(got, cell(x, (h, c)), _likely_mistakes(arguments), "what lstm_step returns")
    return "Equal to nn.LSTMCell to ten decimals. You know it by heart."


def _expect_state(got, want, mistakes, name):
    got, want = torch.cat(tuple(got)), torch.cat(tuple(want))
    expect_close(got, want, name, {cause: torch.cat(pair) for cause, pair in mistakes.items()}, tolerance=1e-10)


NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def _built(layer_class):
    """The learner's layer with the weights of a new nn.LSTM, and that nn.LSTM, both in float64."""
    torch.manual_seed(8)
    theirs = nn.LSTM(3, 4, batch_first=True).double()
    try:
        mine = layer_class(3, 4)
        parameters = dict(mine.named_parameters())
        mine = mine.double()
    except AttributeError as problem:
        fail("MyLSTM has no parameters yet. Put your lines where the ... stands, and begin with super().__init__() "
             f"({problem})")
    except Exception as problem:
        fail(f"MyLSTM(3, 4) stopped with {type(problem).__name__}: {problem}")
    if any(isinstance(module, (nn.RNNBase, nn.RNNCellBase)) for module in mine.modules()):
        fail("MyLSTM has one of PyTorch's own recurrent layers inside. Write the step and the loop yourself")
    missing, extra = [n for n in NAMES if n not in parameters], [n for n in parameters if n not in NAMES]
    if missing:
        kept = [name for name in missing if isinstance(getattr(mine, name, None), torch.Tensor)]
        cause = f" {kept[0]} is there, but as a plain tensor: what makes a tensor a parameter?" if kept else ""
        fail(f"MyLSTM lacks the parameter{'s' * (len(missing) > 1)} {', '.join(missing)}.{cause}")
    if extra:
        fail(f"nn.LSTM has no parameter {extra[0]}, so its weights do not load into MyLSTM")
    for name, own in parameters.items():
        expect_tensor(own, tuple(getattr(theirs, name).shape), name, hints={
            tuple(reversed(getattr(theirs, name).shape)): "PyTorch stores weights as (out, in): it is transposed",
        })
    if any(not name.startswith("bias") and own.isfinite().all() and own.std() == 0 for name, own in parameters.items()):
        fail("the weights all start equal, so all units would stay equal for ever. Start from random values")
    mine.load_state_dict(theirs.state_dict())
    return mine, theirs


def _read(layer, x, state=None):
    """The learner's out, h_n, c_n, checked for their kinds and shapes."""
    result = call(layer, *((x,) if state is None else (x, state)), name="MyLSTM")
    if not isinstance(result, (tuple, list)) or len(result) != 2 or not isinstance(result[1], (tuple, list)):
        fail("MyLSTM should return out, (h_n, c_n): two things, the second of them a tuple")
    out, (h_n, c_n) = result
    batch, seq_len, hidden = x.shape[0], x.shape[1], 4
    expect_tensor(out, (batch, seq_len, hidden), "out", "batch, seq_len, hidden_size", {
        (seq_len, batch, hidden): "The steps stand first: along which axis do you stack them?",
        (batch, hidden): "That is one step; out holds all of them",
    })
    for name, part in (("h_n", h_n), ("c_n", c_n)):
        expect_tensor(part, (1, batch, hidden), name, "num_layers, batch, hidden_size", {
            (batch, hidden): "The axis of the layers is missing",
            (batch, 1, hidden): "The axis of the layers stands first, whatever batch_first says",
        })
    return out, h_n, c_n


@exercise("layer")
def _check_layer(layer_class):
    if not (isinstance(layer_class, type) and issubclass(layer_class, nn.Module)):
        fail(f"MyLSTM should be a class made from nn.Module, but it is {type(layer_class).__name__}")
    mine, theirs = _built(layer_class)
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    zeros = torch.zeros(2, 4, dtype=torch.float64)
    with torch.no_grad():
        out, h_n, c_n = _read(mine, x[:, :1])
        want, (want_h, want_c) = theirs(x[:, :1])
        _expect_state((h_n[0], c_n[0]), (want_h[0], want_c[0]),
                      _likely_mistakes((x[:, 0], zeros, zeros, *theirs.parameters())), "the state after one step")
    state = tuple(torch.randn(1, 2, 4, dtype=torch.float64) for _ in range(2))
    for given, words in ((None, "from zeros"), (state, "from a given state (h_0, c_0)")):
        mine.zero_grad()
        theirs.zero_grad()
        out, h_n, c_n = _read(mine, x, given)
        want, (want_h, want_c) = theirs(x, given)
        swapped = None if given is None else theirs(x, given[::-1])[0]
        each_alone = torch.cat([theirs(x[:, t:t + 1])[0] for t in range(5)], dim=1)
        causes = {"it is not the state after each step: does h go in again at the next step": each_alone,
                  "the steps are read in the wrong order": theirs(x.flip(1))[0]}
        if given is not None:
            causes |= {"the state that was given is not used": theirs(x)[0], "h_0 and c_0 are swapped": swapped}
        expect_close(out, want, f"out, starting {words},", causes, tolerance=1e-10)
        for name, got, right, other in (("h_n", h_n, want_h, want_c), ("c_n", c_n, want_c, want_h)):
            expect_close(got, right, f"{name}, starting {words},", {"h and c are swapped": other}, tolerance=1e-10)
        _expect_gradients(mine, theirs, (out, h_n, c_n), (want, want_h, want_c))
    _read(mine, x[:1])
    return "Outputs, states and gradients equal nn.LSTM's. You wrote an LSTM, and you know that it is right."


def _expect_gradients(mine, theirs, got, want):
    for results in (got, want):
        loss = sum(part.square().sum() for part in results)
        if not loss.requires_grad:
            fail("no gradient comes back to the parameters: does .data, .detach() or no_grad() cut the way")
        loss.backward()
    for name, own in mine.named_parameters():
        gradient = own.grad if own.grad is not None else torch.zeros_like(own)
        expect_close(gradient, getattr(theirs, name).grad, f"the gradient of {name}", {
            "it is zero: something cuts the way back, such as .data or .detach()": torch.zeros_like(own),
        }, tolerance=1e-10)


def _blocks(stacked, order):
    return torch.cat([stacked.chunk(4)[k] for k in order])


@exercise("reorder")
def _check_reorder(from_iofc):
    for shape in ((8, 3), (20, 5), (12,)):
        stacked = torch.arange(math.prod(shape), dtype=torch.float32).reshape(shape)
        given = stacked.clone()
        name = f"what from_iofc returns for {'a bias' if len(shape) == 1 else 'a weight'} of shape {shape}"
        got = expect_tensor(call(from_iofc, given, name="from_iofc"), shape, name)
        if not torch.equal(given, stacked):
            fail("from_iofc changes the tensor it is given: make a new one")
        expect_close(got, _blocks(stacked, (0, 2, 3, 1)), name, {
            "nothing has moved yet": stacked,
            "that is the way back, from i f g o to i o f c": _blocks(stacked, (0, 3, 1, 2)),
            "the second block and the third are exchanged, and one more must move": _blocks(stacked, (0, 2, 1, 3)),
            "the second block and the last are exchanged; say aloud what now stands third":
                _blocks(stacked, (0, 3, 2, 1)),
            "it moves single rows; a block is a quarter of all rows": _interleaved(stacked),
        })
    return "Every block in its place."


def _interleaved(stacked):
    """What comes out when the rows are taken as i o f c i o f c ..."""
    return stacked.reshape(-1, 4, *stacked.shape[1:])[:, [0, 2, 3, 1]].reshape(stacked.shape)


@exercise("every-gate")
def _check_every_gate(set_every_forget_bias):
    for value, options in ((1.0, {}), (2.0, {"num_layers": 2}), (-1.5, {"bidirectional": True, "num_layers": 2})):
        torch.manual_seed(8)
        lstm = nn.LSTM(3, 4, **options)
        before = copy.deepcopy(lstm.state_dict())
        try:
            returned = set_every_forget_bias(lstm, value)
        except Exception as problem:
            hint = "While gradients are recorded, a parameter may not be changed in place: use .data or torch.no_grad()"
            fail(f"set_every_forget_bias stopped with {type(problem).__name__}: {problem}"
                 + (f" {hint}" if "leaf" in str(problem) else ""))
        after = (returned if isinstance(returned, nn.LSTM) else lstm).state_dict()
        if all(torch.equal(before[name], after[name]) for name in before):
            fail("no bias has changed yet. Put your lines where the ... stands")
        _expect_biases(before, after, value, options)
    return "Every forget gate, and nothing else."


def _expect_biases(before, after, value, options):
    for name in before:
        if name.startswith("weight") and not torch.equal(before[name], after[name]):
            fail(f"{name} has changed; only biases should")
    for name in (name for name in before if name.startswith("bias_ih")):
        other = name.replace("bias_ih", "bias_hh")
        total, old = after[name] + after[other], before[name] + before[other]
        for block, gate in enumerate("ifgo"):
            rows = slice(4 * block, 4 * block + 4)
            if gate == "f":
                continue
            same = all(torch.equal(after[part][rows], before[part][rows]) for part in (name, other))
            if not same:
                fail(f"rows {rows.start} to {rows.stop - 1} of {name} or {other} have changed: that block is the "
                     f"{GATES[gate]}. In which order are the blocks stacked, and how many rows has each "
                     "(here hidden_size is 4)?")
        f = total[4:8]
        place = f"the forget gate of {name[8:]}" + (f" in nn.LSTM(3, 4, {options})" if options else "")
        if torch.allclose(f, torch.full((4,), 2 * value)):
            fail(f"{place} has twice the bias it should have. How many bias vectors does each gate add up?")
        if torch.equal(f, old[4:8]):
            fail(f"{place} has not changed. Which parameters does named_parameters() list?")
        if torch.allclose(f, value + before[other][4:8]) or torch.allclose(f, value + before[name][4:8]):
            fail(f"{place} has a bias of {value} plus what the other bias vector holds")
        if not torch.allclose(f, torch.full((4,), value), atol=1e-6):
            fail(f"{place} has the biases {[round(b, 3) for b in f.tolist()]}, not {value}")
