"""Checks of the exercises of this chapter."""

import itertools
import math

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_tensor, fail, mistakes, number

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


def _peephole_step(x_t, h, c, layers, peeps, *, names="ifgo", peeping="ifo", o_sees="new", look=lambda c, h: c,
                   join=torch.add, squash_g=torch.tanh, belt=None, squash_c=torch.tanh, shows_old=False, swapped=False):
    """The new h and c of an LSTM with peepholes; the keywords plant the usual mistakes."""
    def gate(name, memory):
        which = names["ifgo".index(name)]
        inside = join(getattr(layers, f"x_{which}")(x_t), getattr(layers, f"h_{which}")(h))
        if name in peeping and which in peeps:
            inside = inside + peeps[which] * look(memory, h)
        return squash_g(inside) if name == "g" else torch.sigmoid(inside)

    i, f, g = (gate(name, c) for name in "ifg")
    new = belt(i, f, g, c) if belt else f * c + i * g
    o = gate("o", new if o_sees == "new" else c)
    h = o * squash_c(c if shows_old else new)
    return (new, h) if swapped else (h, new)


STEP_MISTAKES = {
    "no gate looks through its peephole: that is the LSTM without them": {"peeping": ""},
    "the output gate looks at the old memory; by the time that it is asked, there is a new one": {"o_sees": "old"},
    "the output gate does not look": {"peeping": "if"},
    "only the output gate looks": {"peeping": "o"},
    "the input gate does not look": {"peeping": "fo"},
    "the forget gate does not look": {"peeping": "io"},
    "the peepholes look at h; the memory is c": {"look": lambda c, h: h},
    "the peepholes look at tanh(c); the memory itself is asked for": {"look": lambda c, h: torch.tanh(c)},
    "the input gate and the forget gate are swapped": {"names": "figo"},
    "the forget gate and the output gate are swapped": {"names": "iogf"},
    "the input gate and the output gate are swapped": {"names": "ofgi"},
    "what is not forgotten is written: 1 - f stands where the input gate should":
        {"belt": lambda i, f, g, c: f * c + (1 - f) * g},
    "nothing is forgotten: where is the forget gate?": {"belt": lambda i, f, g, c: c + i * g},
    "nothing is kept: where is the old c?": {"belt": lambda i, f, g, c: i * g},
    "the input gate does not let the candidate through number by number": {"belt": lambda i, f, g, c: f * c + g},
    "the cell state itself is squashed. Only what is shown, h, goes through tanh":
        {"belt": lambda i, f, g, c: torch.tanh(f * c + i * g)},
    "the candidate goes through a sigmoid, so it can only add": {"squash_g": torch.sigmoid},
    "the candidate is not squashed": {"squash_g": lambda z: z},
    "the two sums of a gate are multiplied, where they should be added": {"join": torch.mul},
    "the gates read the row alone; what the cell showed last is missing": {"join": lambda x, h: x},
    "the gates read the old h alone; the row is missing": {"join": lambda x, h: h},
    "tanh of the cell state is missing": {"squash_c": lambda c: c},
    "it shows the old cell state, not the new one": {"shows_old": True},
    "h and c come in the wrong order: return h first": {"swapped": True},
}


@exercise("peephole")
@torch.no_grad()
def _peephole(peephole_step):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(4)
        values = torch.rand(3, HIDDEN_SIZE) + 0.5
    layers, *state = _a_case()
    peeps = dict(zip("ifo", values, strict=True))
    given = *(part.clone() for part in state), layers, {gate: weight.clone() for gate, weight in peeps.items()}
    answer = call(peephole_step, *given, name="peephole_step")
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        fail(f"peephole_step should return two things, the new h and the new c, but it returned "
             f"{type(answer).__name__}")
    got = [expect_tensor(part, (BATCH, HIDDEN_SIZE), f"the new {name}", "(batch, hidden_size)")
           for name, part in zip("hc", answer, strict=True)]

    def both(*arguments, **options):
        return torch.cat(_peephole_step(*arguments, **options))

    untouched = *state, layers, peeps
    expect_close(torch.cat([part.double() for part in got]), both(*untouched), "what peephole_step returns",
                 lambda: mistakes(both, untouched, STEP_MISTAKES),
                 "Let all peepholes be 0 and compare with seqlab.LSTMCell or nn.LSTMCell. Then switch on one peephole "
                 "after the other: which of the two memories is there when its gate is asked?")
    return "The gates see the memory, each the one that is there when it is asked."


@exercise("fuse")
def _fuse(fuse):
    layers, x_t, h, _ = _a_case()
    before = [p.detach().clone() for p in layers.parameters()]
    answer = call(fuse, layers, name="fuse", hints={
        "leaf": "While gradients are recorded, a parameter may not be changed in place. Where are none recorded?",
        "cannot assign": "What makes a tensor a parameter?",
        "must match the size": "nn.Linear keeps one row per output. Along which axis do the blocks stand one below "
                               "the other?"})
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
    with torch.no_grad():
        _expect_fused(layers, *answer, x_t, h)
    return "Two matrix products instead of eight, and the same numbers."


def _expect_fused(layers, x2h, h2h, x_t, h):
    got, sums = x2h.double()(x_t.double()) + h2h.double()(h.double()), _sums(layers, x_t, h)
    bias = {gate: getattr(layers, f"x_{gate}").bias + getattr(layers, f"h_{gate}").bias for gate in "ifgo"}
    half = {gate: getattr(layers, f"h_{gate}").bias for gate in "ifgo"}
    stacked = lambda values, order="ifgo": torch.cat([values[gate] for gate in order], dim=-1)
    orders = {f"the four blocks are right, but in the order {', '.join(order)}. PyTorch's is i, f, g, o":
              stacked(sums, order) for order in itertools.permutations("ifgo")}
    expect_close(got, stacked(sums), "the sum of the two results", {
        **orders,
        "the biases are missing": stacked(sums) - stacked(bias),
        "the biases of h2h are missing": stacked(sums) - stacked(half),
        "the biases of x2h are missing": stacked(sums) - stacked(bias) + stacked(half),
        "the biases of the state are there twice": stacked(sums) + stacked(half),
        "the biases of the row are there twice": stacked(sums) + stacked(bias) - stacked(half),
        "it holds the fresh random numbers of a new nn.Linear in part. Were all weights and all biases copied?":
            got if _not_copied(x2h, layers, "x") or _not_copied(h2h, layers, "h") else math.nan,
    }, "Let x_t and h be zeros: what comes out are the biases, gate by gate. Then let one number of x_t be 1, and "
       "compare with the four layers that read the row")


def _not_copied(layer, layers, side) -> bool:
    """Whether some row of the fused weight is no row of the four layers."""
    rows = torch.cat([getattr(layers, f"{side}_{gate}").weight for gate in "ifgo"])
    return bool(((layer.weight[:, None] - rows).abs().amax(dim=-1).amin(dim=1) > 1e-6).any())


# --- find the bug -----------------------------------------------------------------------------------------------------

@exercise("bug")
def _check_keep_best(keep_best):
    for scores in ([0.5, 0.9, 0.4, 0.2, 0.35, 0.3], [0.6, 0.8, 0.8, 0.1], [0.3, 0.2], [0.1, 0.5], [0.0, 0.0]):
        model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
        for value in model.state_dict().values():           # epoch 0: not trained yet
            value.zero_()
        trained = []

        def train_one_epoch(given, model=model, trained=trained):
            trained.append(given)
            for value in model.state_dict().values():       # as an optimizer does: the same tensors, changed in place
                value.copy_(torch.full_like(value, len(trained)))

        def validate(given, scores=scores, trained=trained):
            return scores[len(trained) - 1] if trained else 0.0

        with torch.no_grad():
            got = call(keep_best, model, len(scores), train_one_epoch, validate, name="keep_best", hints={
                "<class 'NoneType'>": "Is there an epoch whose weights are never kept?",
                "and 'NoneType'": "With what is the accuracy of the first epoch compared?"})
        if len(trained) != len(scores):
            fail(f"it trained {len(trained)} epochs instead of {len(scores)}")
        _explain_weights(model, scores)
        if abs(number(got, "what keep_best returns", "the best accuracy, one number") - max(scores)) > 1e-9:
            fail(f"of the accuracies {scores} it returns {got}. The best one goes with the weights that are kept")
    return "The weights and their score belong together."


def _explain_weights(model, scores):
    """End the check unless the model's state is that of the best epoch, the first of equals."""
    found = {name: int(value.flatten()[0]) for name, value in model.state_dict().items()}
    best, said = 1 + scores.index(max(scores)), f"with the accuracies {scores} "
    epoch, others = found["0.weight"], set(found.values())
    if others == {best}:
        return
    if len(others) > 1:
        fail(said + "one part of the model is from one epoch and one from another. What is part of a model's state "
                    "besides its parameters?")
    if epoch == 0:
        fail(said + "the weights are those from before the training. When are they kept?")
    if epoch == len(scores) and best != len(scores):
        fail(said + f"the model ends with the weights of the last epoch. What was kept after epoch {best} has not "
                    "stayed as it was; or it was never loaded. Look at it again after one more epoch")
    if epoch == best - 1:
        fail(said + f"the weights are those before epoch {best}: they were kept too early")
    if epoch == best + 1 and scores[epoch - 1] != max(scores):
        fail(said + f"the weights are those of epoch {epoch}, one too late: was the model trained again between its "
                    "accuracy and its weights?")
    if scores[epoch - 1] == max(scores):
        fail(said + f"the weights are those of epoch {epoch}. Of equally good ones keep the first")
    if scores[epoch - 1] == min(scores):
        fail(said + f"the weights are those of epoch {epoch}, the worst of all")
    fail(said + f"the weights are those of epoch {epoch} and the best one is {best}. When are they kept?")


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _check_turn(my_step):
    layers, x_t, h, c = _a_case()
    pair = call(my_step, layers, x_t.clone(), h.clone(), c.clone(), name="my_step", hints={
        "cannot be multiplied": "The layers that begin with x_ read the row, those with h_ the state before"})
    got = expect_tensor(pair, (2, BATCH, HIDDEN_SIZE), "what my_step returns", "h and c, each (batch, hidden_size)", {
        (BATCH, HIDDEN_SIZE): "That is one of the two: return the new h and the new c"})
    given = x_t, h, c, layers, {}
    plain = {words: options for words, options in STEP_MISTAKES.items()
             if not {"peeping", "o_sees", "look"} & set(options)}
    expect_close(got, torch.stack(_peephole_step(*given)), "what my_step returns", lambda: {
        words: torch.stack(value) for words, value in mistakes(_peephole_step, given, plain).items()},
        "Compare with nn.LSTMCell, gate by gate: three of the four squash with the sigmoid, and h shows the new c",
        tolerance=1e-5)
    return "It computes what nn.LSTMCell does."
