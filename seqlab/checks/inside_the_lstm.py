"""Checks of the exercises of this chapter."""

import math

import torch
from torch import nn
from torch.nn import functional as F

from . import call, exercises_of, expect_close, expect_tensor, fail, number

exercise = exercises_of(__name__)

DIGITS, ROWS, HIDDEN_SIZE, CLASSES = 400, 5, 6, 4        # all different, so that a swapped axis shows


def _a_case(seed):
    """A head, the last states of some digits that it reads mostly right, and their labels."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head, states = nn.Linear(HIDDEN_SIZE, CLASSES), torch.randn(DIGITS, HIDDEN_SIZE) + torch.randn(HIDDEN_SIZE)
        nn.init.normal_(head.weight)
        labels = head(states).argmax(dim=1)
        labels[::7] = torch.randint(CLASSES, labels[::7].shape)
    return head, states, labels


def _read(head, states, labels, digit, units, value):
    """The share of this digit that is read with these units at a value: a number, or one for each unit."""
    changed = states.clone()
    changed[:, units] = value
    said = head(changed).argmax(dim=1)
    own = labels == digit
    return (said[own] == digit).float().mean().item(), (said == labels).float().mean().item(), (
        (said == digit).float().mean().item())


def _wrong_ways(head, states, labels, units, digit):
    """{likely cause: what it gives}."""
    mean, own = states.mean(dim=0)[units], labels == digit
    share, of_all, named = _read(head, states, labels, digit, units, mean)
    rows = states.clone()
    rows[units] = states[units].mean(dim=0)
    said = head(rows).argmax(dim=1)
    others = torch.tensor([k not in units for k in range(HIDDEN_SIZE)])
    return {
        "that is the share with all units as they are. Is the head asked about the changed states?":
            _read(head, states, labels, digit, [], 0.0)[0],
        "the units are set to 0. Their mean is asked for, which says nothing about a digit and need not be 0":
            _read(head, states, labels, digit, units, 0.0)[0],
        "that is their mean over this digit alone, which tells that it is this digit. Take the mean over all":
            _read(head, states, labels, digit, units, states[own].mean(dim=0)[units])[0],
        "all of these units are set to one number. Each has a mean of its own":
            _read(head, states, labels, digit, units, mean.mean())[0],
        "all units but these are set to their mean":
            _read(head, states, labels, digit, others, states.mean(dim=0)[others])[0],
        "rows of the states are changed, which are digits. Along which axis do the units stand?":
            (said[own] == digit).float().mean().item(),
        "that is the share over all digits. Keep only those whose label is this digit": of_all,
        "that is how often the answer is this digit, whatever the label is": named,
        "that is the share that is misread": 1 - share,
        "these are percentages; a share lies between 0 and 1": 100 * share,
        "that is a count; divide by how many of the digits are this one": share * own.sum().item(),
    }


@exercise("without")
@torch.no_grad()
def _read_without(read_without):
    for seed, units, digit in ((162, [1, 4], 1), (1, [0], 2), (83, [5, 2, 3], 3), (5, [0, 1, 3, 5], 3), (8, [], 1)):
        head, states, labels = _a_case(seed)
        given = head, states.clone(), labels.clone(), list(units), digit
        got = number(call(read_without, *given, name="read_without"), "what read_without returns",
                     "one number, a share")
        if not torch.equal(given[1], states):
            fail("read_without changes the states that it is given; the next call would find them changed. Copy them "
                 "first")
        want = _read(head, states, labels, digit, units, states.mean(dim=0)[units])[0]
        if math.isclose(got, want, abs_tol=1e-5):
            continue
        expect_close(torch.tensor(got), want, f"what read_without returns for the units {units} and the digit {digit}",
                     _wrong_ways(head, states, labels, units, digit),
                     "With no units it is the share of this digit that the head reads. Then take one unit, and look at "
                     "the changed states: one column holds one number only")
    return "An intervention: the same digits, without these units."


# --- find the bug -----------------------------------------------------------------------------------------------------

@exercise("bug")
@torch.no_grad()
def _row_by_row(row_by_row):
    for kind, digits in ((nn.LSTM, 7), (nn.GRU, 1), (nn.LSTM, ROWS)):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(digits)
            layer, head = kind(3, HIDDEN_SIZE, batch_first=True), nn.Linear(HIDDEN_SIZE, CLASSES)
            images = torch.randn(digits, ROWS, 3)
        logits = head(layer(images)[0])
        got = call(row_by_row, layer, head, images.clone(), name="row_by_row")
        got = expect_tensor(got, (digits, ROWS, CLASSES), "what row_by_row returns", "(digits, rows, classes)", {
            (digits, CLASSES): "That is one row alone; there is an answer after every row",
            (digits, ROWS): "That is one number a row; all probabilities are asked for",
            (digits, ROWS, HIDDEN_SIZE): "Those are the states. Who makes scores of them?"})
        expect_close(got, F.softmax(logits, dim=2), "what row_by_row returns", {
            "over the rows of a digit the numbers add up to 1, and after one row they do not": F.softmax(logits, dim=1),
            "over the digits the numbers add up to 1. Then the answer to one digit depends on which others are asked":
                F.softmax(logits, dim=0),
            "these are logits; nothing makes them add up to 1": logits,
            "these are logarithms of probabilities": F.log_softmax(logits, dim=2),
            "each score is squashed by itself, so that the ten need not add up to 1": torch.sigmoid(logits),
            "all numbers of one digit together add up to 1": F.softmax(logits.flatten(1), dim=1).view_as(logits),
        }, "Take one digit and one row: do its numbers add up to 1, and is the largest where the largest logit is?")
    return "After every row the probabilities add up to 1."
