"""Checks of the exercises of this chapter."""

import copy
import itertools

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

GATES = {"i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate"}


def _step(x, h, c, w_ih, w_hh, b_ih, b_hh, *, order="ifgo", squash_g=torch.tanh, squash_c=torch.tanh, biases=(1, 1),
          gated=torch.sigmoid, belt=None, shows_old=False, swapped=False):
    """One step of an LSTM; the keywords plant the usual mistakes."""
    stack = x @ w_ih.T + biases[0] * b_ih + h @ w_hh.T + biases[1] * b_hh
    gate = dict(zip(order, stack.chunk(4, dim=-1), strict=True))
    i, f, g, o = gated(gate["i"]), gated(gate["f"]), squash_g(gate["g"]), gated(gate["o"])
    new = belt(i, f, g, c) if belt else f * c + i * g
    h = o * squash_c(c if shows_old else new)
    return (new, h) if swapped else (h, new)


def _mixed(order):
    """Which blocks are taken for others, in words."""
    moved = [GATES[gate] for gate, wrong in zip("ifgo", order, strict=True) if gate != wrong]
    return f"the blocks are taken in the order {', '.join(order)}, not as they are stacked: look at " + " and ".join(
        f"the {gate}" for gate in moved)


STEP_MISTAKES = {
    "bias_hh is missing": {"biases": (1, 0)},
    "bias_ih is missing": {"biases": (0, 1)},
    "both biases are missing": {"biases": (0, 0)},
    "the candidate is squashed by a sigmoid, so it could never be negative": {"squash_g": torch.sigmoid},
    "the candidate is squashed by a ReLU, so it could never be negative": {"squash_g": torch.relu},
    "the candidate is not squashed": {"squash_g": lambda z: z},
    "the cell state is shown without its tanh": {"squash_c": lambda z: z},
    "the cell state is shown through a sigmoid": {"squash_c": torch.sigmoid},
    "the cell state is shown through a ReLU": {"squash_c": torch.relu},
    "h shows the old cell state, not the new one": {"shows_old": True},
    "the input gate does not decide how much is written": {"belt": lambda i, f, g, c: f * c + g},
    "nothing is forgotten: where is the forget gate?": {"belt": lambda i, f, g, c: c + i * g},
    "nothing is kept: where is the old c?": {"belt": lambda i, f, g, c: i * g},
    "the forget gate stands for both keeping and writing, as the GRU's update gate does":
        {"belt": lambda i, f, g, c: f * c + (1 - f) * g},
    "the cell state itself is squashed. Only what is shown, h, goes through tanh":
        {"belt": lambda i, f, g, c: torch.tanh(f * c + i * g)},
    "the gates are used without a sigmoid": {"gated": lambda z: z},
    "the gates go through a tanh, and how much to keep should lie between 0 and 1": {"gated": torch.tanh},
    "the two results stand in the other order": {"swapped": True},
    **{_mixed(order): {"order": "".join(order)} for order in itertools.permutations("ifgo") if order != tuple("ifgo")},
}
COMPARE = ("With all weights and biases 0 the three gates are one half and the candidate is 0: half of c is kept, and "
           "h is half of the tanh of that. Then give one block after the other its weights, and compare with "
           "nn.LSTMCell")


@exercise("step")
def _check_step(lstm_step):
    generator = torch.Generator().manual_seed(8)
    for batch, input_size, hidden_size in ((2, 3, 4), (4, 2, 5)):
        cell = nn.LSTMCell(input_size, hidden_size).double()
        with torch.no_grad():
            for parameter in cell.parameters():
                parameter.uniform_(-1, 1, generator=generator)
            sizes = input_size, hidden_size, hidden_size
            x, h, c = (torch.randn(batch, size, dtype=torch.float64, generator=generator) for size in sizes)
            arguments = (x, h, c, cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
            with Without(RECURRENT, NO_LAYER.format("lstm_step")):
                got = call(lstm_step, *(one.detach().clone() for one in arguments), name="lstm_step",
                           hints={"cannot be multiplied":
                           "A weight is (out, in), and x and h have their features on the last axis: which of the "
                           "two must "
                           "turn?",
                           "not enough values": "Along which axis are the blocks cut apart? Axis 0 is the batch"})
            if not isinstance(got, (tuple, list)) or len(got) != 2:
                fail(f"lstm_step should return two tensors, h and c, but it returns {type(got).__name__}")
            got = [expect_tensor(part, (batch, hidden_size), f"{name} from lstm_step", "batch, hidden_size", {
                (batch, 4 * hidden_size): "All four blocks are still side by side: cut them apart along the last axis",
            }) for name, part in zip("hc", got, strict=True)]
            _expect_state(got, cell(x, (h, c)), arguments, "what lstm_step returns")
    return "It computes what nn.LSTMCell does. You know it by heart."


def _expect_state(got, want, arguments, name):
    def both(*given, **options):
        return torch.cat(_step(*given, **options))

    expect_close(torch.cat(tuple(got)), torch.cat(tuple(want)), name, lambda: mistakes(both, arguments, STEP_MISTAKES),
                 COMPARE, tolerance=1e-5)


NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def _built(layer_class, input_size, hidden_size):
    """The learner's layer with the weights of a new nn.LSTM, and that nn.LSTM, both in float64."""
    theirs = nn.LSTM(input_size, hidden_size, batch_first=True).double()
    try:
        mine = layer_class(input_size, hidden_size)
        parameters = dict(mine.named_parameters())
        mine = mine.double()
    except Exception as problem:
        if any(words in str(problem) for words in ("before Module.__init__", "'_modules'", "'_parameters'")):
            fail("MyLSTM has no parameters yet. Its __init__ begins with super().__init__(), and then makes them "
                 f"({problem})")
        fail(f"MyLSTM({input_size}, {hidden_size}) stopped with {type(problem).__name__}: {problem}")
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
    given = (x.clone(),) if state is None else (x.clone(), tuple(part.clone() for part in state))
    with Without(RECURRENT, NO_LAYER.format("MyLSTM")):
        result = call(layer, *given, name="MyLSTM", hints={
            "dtype": "The weights and x are float64 here. From what does your first state take its dtype?",
        "required positional": "nn.LSTM can be called without a state. Can yours?"})
    if not isinstance(result, (tuple, list)) or len(result) != 2 or not isinstance(result[1], (tuple, list)):
        fail("MyLSTM should return out, (h_n, c_n): two things, the second of them a tuple")
    out, (h_n, c_n) = result
    batch, seq_len, hidden = x.shape[0], x.shape[1], layer.weight_hh_l0.shape[1]
    out = expect_tensor(out, (batch, seq_len, hidden), "out", "batch, seq_len, hidden_size", {
        (seq_len, batch, hidden): "The steps stand first: along which axis does it walk, and along which does it "
                                  "stack?",
        (batch, hidden): "That is one step; out holds all of them",
    })
    ends = [expect_tensor(part, (1, batch, hidden), name, "num_layers, batch, hidden_size", {
        (batch, hidden): "The axis of the layers is missing",
        (batch, 1, hidden): "The axis of the layers stands first, whatever batch_first says",
    }) for name, part in (("h_n", h_n), ("c_n", c_n))]
    return out, *ends


@exercise("layer")
def _check_layer(layer_class):
    if not (isinstance(layer_class, type) and issubclass(layer_class, nn.Module)):
        fail(f"MyLSTM should be a class made from nn.Module, but it is {type(layer_class).__name__}")
    for batch, seq_len, input_size, hidden_size in ((2, 5, 3, 4), (3, 4, 2, 5)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(8)
            mine, theirs = _built(layer_class, input_size, hidden_size)
            x = torch.randn(batch, seq_len, input_size, dtype=torch.float64)
            state = tuple(torch.randn(1, batch, hidden_size, dtype=torch.float64) for _ in range(2))
        with torch.no_grad():
            _, h_n, c_n = _read(mine, x[:, :1])
            _, (want_h, want_c) = theirs(x[:, :1])
            zeros = torch.zeros(batch, hidden_size, dtype=torch.float64)
            _expect_state((h_n[0], c_n[0]), (want_h[0], want_c[0]), (x[:, 0], zeros, zeros, *theirs.parameters()),
                          "the state after one step")
        for given, words in ((None, "from zeros"), (state, "from a given state (h_0, c_0)")):
            _expect_run(mine, theirs, x, given, words)
        _read(mine, x[:1])
    return "Outputs, states and gradients equal nn.LSTM's. You wrote an LSTM, and you know that it is right."


def _expect_run(mine, theirs, x, given, words):
    mine.zero_grad()
    theirs.zero_grad()
    out, h_n, c_n = _read(mine, x, given)
    want, (want_h, want_c) = theirs(x, given)
    causes = {"it is not the state after each step: does h go in again at the next step?":
              torch.cat([theirs(x_t, given)[0] for x_t in x.split(1, dim=1)], dim=1),
              "the steps are read in the wrong order": theirs(x.flip(1), given)[0],
              "the steps are collected in the wrong order": want.flip(1)}
    if given is not None:
        causes |= {"the state that was given is not used": theirs(x)[0],
                   "h_0 and c_0 are swapped": theirs(x, given[::-1])[0]}
    expect_close(out, want, f"out, starting {words},", causes,
                 "The first step is right when it starts from zeros. Compare with nn.LSTM at the second step: which h "
                 "and which c go into it, and what does the forget gate do to that c?", tolerance=1e-8)
    for name, got, right in (("h_n", h_n, want_h), ("c_n", c_n, want_c)):
        expect_close(got, right, f"{name}, starting {words},", {} if given is None else {
            "it is the state that was given, not the one at the end": given["hc".index(name[0])],
        }, "It should be the state after the last step. Compare h_n with out", tolerance=1e-8)
    _expect_gradients(mine, theirs, (out, h_n, c_n), x, given)


def _expect_gradients(mine, theirs, got, x, given):
    def gradients(results, parameters):
        loss = sum(part.square().sum() for part in results)
        if not loss.requires_grad:
            fail("no gradient comes back to the parameters: does .data, .detach() or no_grad() cut the way?")
        return torch.autograd.grad(loss, parameters, allow_unused=True)

    theirs_by_name, names = dict(theirs.named_parameters()), [name for name, _ in mine.named_parameters()]
    order = [theirs_by_name[name] for name in names]
    out, (h_n, c_n) = theirs(x, given)
    cut = {f"does .detach() or .data cut the way back from each step to the one before it, at {what}?":
           gradients(_run(theirs, x, given, *which), order)
           for what, which in (("h and c", (True, True)), ("h", (True, False)), ("c", (False, True)))}
    for k, (name, own, right) in enumerate(zip(names, gradients(got, [*mine.parameters()]),
                                               gradients((out, h_n, c_n), order), strict=True)):
        expect_close(torch.zeros_like(right) if own is None else own, right, f"the gradient of {name}", {
            "it is zero: something cuts the way back, such as .data or .detach()": torch.zeros_like(right),
            **{cause: values[k] for cause, values in cut.items()},
        }, "The outputs are right, so something between a step and the parameters cuts the way back, or is counted "
           "twice. Look for .data, .detach(), .item(), no_grad() and new tensors made from old ones", tolerance=1e-8)


def _run(lstm, x, given, detach_h, detach_c):
    """What nn.LSTM computes, step by step, with the way back cut between the steps."""
    zeros = x.new_zeros(len(x), lstm.hidden_size)
    h, c = (zeros, zeros) if given is None else (given[0][0], given[1][0])
    outs = []
    for x_t in x.unbind(dim=1):
        h, c = _step(x_t, h.detach() if detach_h else h, c.detach() if detach_c else c, *lstm.parameters())
        outs.append(h)
    return torch.stack(outs, dim=1), h, c


@exercise("every-gate")
def _check_every_gate(set_every_forget_bias):
    for value, hidden_size, options in ((1.0, 4, {}), (2.0, 5, {"num_layers": 2}),
                                        (-1.5, 3, {"bidirectional": True, "num_layers": 2})):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(8)
            lstm = nn.LSTM(3, hidden_size, **options)
        before = copy.deepcopy(lstm.state_dict())
        try:
            returned = set_every_forget_bias(lstm, value)
        except Exception as problem:
            hint = "While gradients are recorded, a parameter may not be changed in place: use .data or torch.no_grad()"
            fail(f"set_every_forget_bias stopped with {type(problem).__name__}: {problem}"
                 + (f" {hint}" if "leaf" in str(problem) else ""))
        after = lstm.state_dict()
        if all(torch.equal(before[name], after[name]) for name in before):
            copied = isinstance(returned, nn.LSTM) and returned is not lstm
            fail("the LSTM that you were given is as it was: a copy of it has changed" if copied else
                 "no bias has changed yet. Which names does named_parameters() list, does your condition meet any of "
                 "them, and do you write into the parameter itself?")
        if not all(parameter.requires_grad for parameter in lstm.parameters()):
            fail("a parameter no longer takes part in the training: its requires_grad is False")
        layer = f"nn.LSTM(3, {hidden_size}{''.join(f', {name}={option}' for name, option in options.items())})"
        _expect_biases(before, after, value, hidden_size, layer)
    return "Every forget gate, and nothing else."


def _expect_biases(before, after, value, hidden_size, layer):
    for name in before:
        if name.startswith("weight") and not torch.equal(before[name], after[name]):
            fail(f"{name} has changed; only biases should")
    for name in (name for name in before if name.startswith("bias_ih")):
        other = name.replace("bias_ih", "bias_hh")
        for block, gate in enumerate("ifgo"):
            rows = slice(hidden_size * block, hidden_size * (block + 1))
            if gate != "f" and not all(torch.equal(after[part][rows], before[part][rows]) for part in (name, other)):
                fail(f"in {layer}, rows {rows.start} to {rows.stop - 1} of {name} or {other} have changed: that block "
                     f"is the {GATES[gate]}. In which order are the blocks stacked, and how many rows has each?")
        rows = slice(hidden_size, 2 * hidden_size)
        f, wanted = (after[name] + after[other])[rows], torch.full((hidden_size,), value)
        place = f"in {layer}, the forget gate of {name[8:]}"
        if torch.allclose(f, wanted, atol=1e-6):
            continue
        if torch.allclose(f, 2 * wanted):
            fail(f"{place} has twice the bias it should have. How many bias vectors does each gate add up?")
        if torch.equal(after[name][rows], before[name][rows]) and torch.equal(after[other][rows], before[other][rows]):
            fail(f"{place} has not changed. Which parameters does named_parameters() list?")
        if any(torch.allclose(f, wanted + before[part][rows]) for part in (name, other)):
            fail(f"{place} has a bias of {value} plus what the other bias vector holds")
        fail(f"{place} has the biases {[round(b, 3) for b in f.tolist()]}, not {value}. Add up what its two bias "
             "vectors hold, and compare")


# --- find the bug -----------------------------------------------------------------------------------------------------

def _read_by(cell, x, *, give=lambda h, c: (h, c), last="h", steps=slice(None)):
    """What a reader with this cell ends with; the keywords plant the mistakes. `give` makes the state of (h, c)."""
    h = c = x.new_zeros(len(x), cell.hidden_size)
    for x_t in x[:, steps].unbind(dim=1):
        h, c = cell(x_t, give(h, c))
    return h if last == "h" else c


@exercise("bug")
def _check_read(read):
    for batch, seq_len in ((3, 5), (1, 4)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(batch)
            cell = nn.LSTMCell(2, 4).double()
            with torch.no_grad():
                for parameter in cell.parameters():
                    parameter.uniform_(-1.5, 1.5)
            x = torch.randn(batch, seq_len, 2, dtype=torch.float64)
        got = call(read, cell, x.clone(), name="read", hints={
            "unpack": "A cell returns two tensors, and takes two as its state",
            "'tuple' object": "A cell returns two tensors, and takes two as its state",
            "positional arguments": "A cell takes its state as one thing, a pair",
            "doesn't match hidden": "On which axis of x are the steps?"})
        got = expect_tensor(got, (batch, 4), "what read returns", "batch, hidden_size", {
            (2, batch, 4): "That is h and c: what does an LSTM show?",
            (batch, seq_len, 4): "Those are all steps: the last one is asked for"})
        want = _read_by(cell, x)
        expect_close(got, want, "what read returns", lambda cell=cell, x=x: _read_causes(cell, x),
                     "Let nn.LSTMCell and your loop read one step, then two, and compare h and c after each: which "
                     "of the two is off first?", tolerance=1e-6)
        expect_gradients(got, want, cell.parameters(), "what read returns", {
            f"does .detach() or .data cut the way back from each step to the one before it, at {what}?":
            _read_by(cell, x, give=give) for what, give in (
                ("h and c", lambda h, c: (h.detach(), c.detach())), ("h", lambda h, c: (h.detach(), c)),
                ("c", lambda h, c: (h, c.detach())))})
    return "What it shows goes to the gates, and what it keeps stays in the cell state."


def _read_causes(cell, x):
    def swapped(h, c):
        return c, h

    squashed = "at each step the cell state gets back what the cell has shown, squashed: "
    return {
        squashed + "h and c do not arrive in the order in which the cell takes them": _read_by(cell, x, give=swapped),
        squashed + "and it is the cell state, c, that comes back in the end": _read_by(cell, x, give=swapped, last="c"),
        "it is the cell state, c. An LSTM shows h": _read_by(cell, x, last="c"),
        "the cell state is empty at the beginning of every step: nothing is kept":
            _read_by(cell, x, give=lambda h, c: (h, torch.zeros_like(c))),
        "the gates never see what the cell has shown: h is zero at every step":
            _read_by(cell, x, give=lambda h, c: (torch.zeros_like(h), c)),
        "every step starts anew, from zeros": _read_by(cell, x, give=lambda h, c: (0 * h, 0 * c)),
        "h goes in twice, and c not at all": _read_by(cell, x, give=lambda h, c: (h, h)),
        "c goes in twice, and h not at all": _read_by(cell, x, give=lambda h, c: (c, c)),
        "the last step was not read": _read_by(cell, x, steps=slice(None, -1)),
        "it reads from the end to the beginning": _read_by(cell, x.flip(1)),
    }
