"""Checks of the exercises on what a net keeps that need PyTorch."""

import copy
import math

import torch
from torch import nn

from . import call, exercises_of, fail, number

exercise = exercises_of(__name__)
GATES = {"i": "input gate", "f": "forget gate", "g": "candidate", "o": "output gate"}


@exercise("chrono")
def _check_chrono(chrono):
    for hidden_size, longest in ((600, 20), (400, 100)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(9)
            lstm = nn.LSTM(3, hidden_size)
            before = copy.deepcopy(lstm)
            got = call(chrono, lstm, longest, name="chrono", hints={
                "leaf": "While gradients are recorded, a parameter may not be changed in place. Where are none "
                        "recorded?"})
        if not isinstance(got, nn.LSTM):
            fail(f"chrono should return the LSTM that it was given, but it returns {type(got).__name__}")
        if got is not lstm:
            fail("chrono should change the LSTM that it is given, not make another one")
        for name in ("weight_ih_l0", "weight_hh_l0"):
            if not torch.equal(getattr(lstm, name), getattr(before, name)):
                fail(f"{name} has changed. Only biases are to be set")
        new, old = (dict(zip("ifgo", (one.bias_ih_l0 + one.bias_hh_l0).detach().chunk(4), strict=True))
                    for one in (lstm, before))
        # what a gate's bias is where nothing was set, or where one of its two parts was cleared
        drawn = {gate: [old[gate]] + [one.chunk(4)["ifgo".index(gate)]
                                      for one in (before.bias_ih_l0, before.bias_hh_l0)]
                 for gate in "ifgo"}
        if any(torch.equal(new["f"], one) for one in drawn["f"]):
            moved = [GATES[gate] for gate in "go" if not torch.equal(new[gate], old[gate])]
            fail("none of your numbers is in the biases of the forget gate" + (f", and those of the {moved[0]} have "
                                                                               "changed: "
                 "which rows belong to which gate?" if moved else ". They stand in the second block of rows"))
        _expect_spans(new["f"], longest)
        if any(torch.equal(new["i"], one) for one in drawn["i"]):
            fail("the forget gate is right. The input gate gets its biases too, with a minus")
        if torch.allclose(new["i"], new["f"], atol=1e-4):
            fail("the input gate has the same biases as the forget gate. A unit that keeps for long should write "
                 "little: the sign is missing")
        if not torch.allclose(new["i"], -new["f"], atol=1e-4):
            fail("the biases of the input gate are not those of the forget gate with a minus, unit by unit. Are they "
                 "drawn anew, or is there a second bias that is added?")
        for gate in "go":
            if not torch.allclose(new[gate], old[gate], atol=1e-6):
                fail(f"the biases of the {GATES[gate]} have changed, and they should stay")
    return "Some units forget at once, others reach over the whole span."


def _expect_spans(bias, longest):
    """The biases are the logarithms of numbers drawn evenly from 1 to longest - 1."""
    low, high, top = bias.min().item(), bias.max().item(), math.log(longest - 1)
    if high - low < 1e-4:
        fail("all units have the same forget bias. Each should get one of its own: draw as many numbers as there are "
             "units")
    if high > 2.2 * top:
        fail(f"the largest forget bias is {high:.1f}. It is the logarithm of the span that goes into the bias")
    if high > 1.5 * top:
        fail(f"the largest forget bias, as the gate sees it, is {high:.2f}, twice what it should be. How many biases "
             "are added in that gate?")
    if high < 0:
        fail("all forget biases are negative, so all gates start nearly shut: where does the minus belong?")
    if low < -0.5 or (low < 0 and high <= top + 1e-4 and bias.exp().min() < 0.9):
        fail(f"the smallest forget bias is {low:.2f}, the logarithm of less than 1. The spans begin at 1")
    if low < -1e-4:
        fail(f"the smallest forget bias is {low:.2f}, and log(1) is 0. Does the second bias of the gate still hold "
             "what PyTorch drew? It is added")
    if high > top + 1e-4:
        fail(f"the largest forget bias is {high:.3f}, more than the natural logarithm of longest - 1, {top:.3f}")
    spans = bias.exp()
    if spans.mean() < 0.4 * longest:
        fail(f"the spans have a mean of {spans.mean():.1f}. Draw the span evenly and take its logarithm, not a "
             "logarithm evenly")
    if spans.max() < 0.9 * (longest - 1) or spans.min() > 2 + 0.05 * longest:
        fail(f"the spans, the exponentials of the biases, lie between {spans.min():.1f} and {spans.max():.1f}. They "
             f"should fill the range from 1 to {longest - 1}")


class _Delay(nn.Module):
    """A layer whose state is the symbol of some steps ago, or the first one; `seen` is what it has read last."""

    def __init__(self, steps):
        super().__init__()
        self.steps, self.seen, self.hidden_size, self.batch_first = steps, None, 4, True

    def forward(self, x, state=None):
        self.seen = x.detach()
        back = (torch.arange(x.shape[1]) - self.steps).clamp(min=0)
        out = x[:, back]
        return out, out[:, -1][None]


@exercise("bug")
def _check_bug(score):
    head = nn.Linear(4, 4)
    with torch.no_grad():
        head.weight.copy_(torch.eye(4))
        head.bias.zero_()
    for steps, lag in ((3, 7), (9, 4), (0, 5)):
        layer = _Delay(steps)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(9)
            got = number(call(score, layer, head, lag, name="score", hints={
                "must match the size": "out is (batch, steps, features): of which axis do you take the last?"}),
                         "what score returns", "one share")
        x = layer.seen
        if x is None:
            fail("score never runs the layer")
        if tuple(x.shape[1:]) != (lag + 1, 4):
            fail(f"for lag {lag} the layer should read (batch, {lag + 1}, 4), but it reads {tuple(x.shape)}")
        symbols, out = x.argmax(dim=2), layer(x)[0]
        first = symbols[:, 0]

        def share(scores, wanted=first):
            return (scores.argmax(dim=1) == wanted).double().mean().item()

        want = share(out[:, -1])
        if math.isclose(got, want, abs_tol=1e-6):
            continue
        about = f"with a layer that holds each symbol for {steps} steps, score gives {got:.3g} at lag {lag}"
        for cause, value in (
                ("that is the answer straight after the first symbol, before anything can be forgotten. Which state "
                 "comes last?", share(out[:, 0])),
                ("that is the answer one step too early", share(out[:, -2])),
                ("the answer is compared with the last symbol. Which one is asked for?",
                 share(out[:, -1], symbols[:, -1])),
                ("the mean over all steps holds the first step too, where nothing has been forgotten yet",
                 share(out.mean(dim=1))),
                ("the best score of all steps holds the first step's too, where nothing has been forgotten yet",
                 share(out.amax(dim=1))),
                ("that is a percentage, and a share from 0 to 1 was asked for", 100 * want),
                ("that is the share of mistakes", 1 - want)):
            if math.isclose(got, value, abs_tol=1e-6):
                fail(f"{about}: {cause}")
        fail(f"{about}, and {want:.3g} is the share of right answers from its last state. Print which symbols your "
             "score compares")
    return "It asks the last state. Now a net that forgets is found out."
