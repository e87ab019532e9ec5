"""Right and wrong answers to the exercises of this chapter."""

import math
from itertools import pairwise, permutations

import numpy as np
import torch


def ignores_order(function, sequence):
    return all(math.isclose(function(list(order)), function(sequence), rel_tol=1e-9, abs_tol=1e-12)
               for order in permutations(sequence))


def ignores_order_by_rounding(function, sequence):
    return len({round(float(function(order)), 9) for order in permutations(sequence)}) == 1


def ignores_order_by_swaps(function, sequence):
    results = [function(list(order)) for order in permutations(sequence)]
    return np.allclose(results, results[0])


def only_the_reverse(function, sequence):
    return math.isclose(function(sequence[::-1]), function(sequence))


def exactly_equal(function, sequence):
    return len({function(list(order)) for order in permutations(sequence)}) == 1


def generous(function, sequence):
    return bool(np.allclose([function(list(order)) for order in permutations(sequence)], function(sequence), atol=0.01))


def count_rises(sequence):
    previous, rises = sequence[0], 0
    for x in sequence[1:]:
        rises += x > previous
        previous = x
    return rises


def rises_in_torch(sequence):
    return (torch.tensor(sequence, dtype=torch.float).diff() > 0).sum()


def counts_the_first(sequence):
    previous, rises = -math.inf, 0
    for x in sequence:
        rises += x > previous
        previous = x
    return rises


def starts_from_zero(sequence):
    previous, rises = 0, 0
    for x in sequence:
        rises += x > previous
        previous = x
    return rises


def never_updates(sequence):
    return sum(x > sequence[0] for x in sequence)


def at_least_as_high(sequence):
    return sum(b >= a for a, b in pairwise(sequence))


def falls(sequence):
    return sum(b < a for a, b in pairwise(sequence))


def classify(rnn, head, x):
    out, _ = rnn(x)
    return head(out[:, -1])


def classify_by_state(rnn, head, x):
    return head(rnn(x)[1][-1])


def tag(rnn, head, x):
    return head(rnn(x)[0])


def tag_in_a_loop(rnn, head, x):
    return torch.stack([head(state) for state in rnn(x)[0].unbind(1)], dim=1)


PATTERNS = ["many-to-one", "many-to-many", "sequence-to-sequence"] * 2

RIGHT = [
    ("fool", [1, 2, 3], [2, 1, 3]),
    ("fool", (0.5, -1.0, 0.5, 4.0), torch.tensor([-1.0, 0.5, 0.5, 4.0])),
    ("ignores-order", ignores_order),
    ("ignores-order", ignores_order_by_rounding),
    ("ignores-order", ignores_order_by_swaps),
    ("count-rises", count_rises),
    ("count-rises", rises_in_torch),
    ("patterns", *PATTERNS),
    ("patterns", "Many to one", "many_to_many", "seq2seq", "many-to-one", "MANY-TO-MANY", "sequence to sequence"),
    ("outputs", classify, tag),
    ("outputs", classify_by_state, tag_in_a_loop),
]

WRONG = [
    ("fool", "same sequence", [1, 2, 3], [1, 2, 3]),
    ("fool", "sees the last step", [1, 2, 3], [3, 2, 1]),
    ("fool", "sums are equal, but", [1, 5, 3], [2, 4, 3]),
    ("fool", "the same length", [1, 2, 3], [1, 3]),
    ("fool", "a list of numbers", "dog", "god"),
    ("ignores-order", "more than the reverse", only_the_reverse),
    ("ignores-order", "rounding and not information", exactly_equal),
    ("ignores-order", "the last step changes", lambda function, sequence: True),
    ("ignores-order", "same in every order", lambda function, sequence: False),
    ("ignores-order", "tolerance too wide", generous),
    ("ignores-order", "True or False", lambda function, sequence: np.array([True, False])),
    ("ignores-order", "returns nothing yet", lambda function, sequence: None),
    ("count-rises", "one too many", counts_the_first),
    ("count-rises", "one too many", starts_from_zero),
    ("count-rises", "update what you remember", never_updates),
    ("count-rises", "no rise", at_least_as_high),
    ("count-rises", "how often it falls", falls),
    ("count-rises", "IndexError", lambda sequence: falls(sequence[::-1]) + 0 * sequence[1]),
    ("count-rises", "not one per step", lambda sequence: [0] * len(sequence)),
    ("patterns", "stars is not many-to-many: how many answers", "many-to-many", *PATTERNS[1:]),
    ("patterns", "summary is not many-to-many: that would give exactly", *PATTERNS[:5], "many-to-many"),
    ("patterns", "alarm is not sequence-to-sequence", *PATTERNS[:4], "seq2seq", PATTERNS[5]),
    ("patterns", "word_types is not many-to-one", PATTERNS[0], "many-to-one", *PATTERNS[2:]),
    ("patterns", "the three patterns are", "one-to-one", *PATTERNS[1:]),
    ("outputs", "did you take out[-1]", lambda rnn, head, x: head(rnn(x)[0][-1]), tag),
    ("outputs", "first step", lambda rnn, head, x: head(rnn(x)[0][:, 0]), tag),
    ("outputs", "lowest layer", lambda rnn, head, x: head(rnn(x)[1][0]), tag),
    ("outputs", "an axis for the layers", lambda rnn, head, x: head(rnn(x)[1]), tag),
    ("outputs", "Send it through the head", lambda rnn, head, x: rnn(x)[1][-1], tag),
    ("outputs", "should be a tensor, but it is tuple", lambda rnn, head, x: rnn(x), tag),
    ("outputs", "one answer per sequence", classify, classify),
    ("outputs", "swapped", classify, lambda rnn, head, x: tag(rnn, head, x).transpose(0, 1)),
]
