"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch."""

import math
from itertools import permutations

import numpy as np
import torch
from forms import in_float64, in_lists, in_numpy, in_rows


def ignores_order(function, sequence):
    return all(math.isclose(function(list(order)), function(sequence), rel_tol=1e-9, abs_tol=1e-12)
               for order in permutations(sequence))


def ignores_order_in_numpy(function, sequence):
    results = [function(list(order)) for order in permutations(sequence)]
    return np.allclose(results, results[0])


def ignores_order_of_arrays(function, sequence):
    return torch.tensor([float(function(np.array(order))) for order in permutations(sequence)]).std(
        unbiased=False) < 1e-6


def rises_in_torch(sequence):
    return (torch.tensor(sequence, dtype=torch.float).diff() > 0).sum()


def rises_in_numpy(sequence):
    return np.int64(np.count_nonzero(np.diff(sequence) > 0))


def classify(rnn, head, x):
    out, _ = rnn(x)
    return head(out[:, -1])


def classify_by_state(rnn, head, x):
    return head(rnn(x)[1][-1])


def classify_step_by_step(rnn, head, x):
    h = None
    for t in range(x.shape[1]):
        out, h = rnn(x[:, t:t + 1], h)
    return head(out).squeeze(1)


def classify_one_by_one(rnn, head, x):
    return [head(rnn(sequence)[0][-1]) for sequence in x]


def tag(rnn, head, x):
    return head(rnn(x)[0])


def tag_in_a_loop(rnn, head, x):
    return torch.stack([head(state) for state in rnn(x)[0].unbind(1)], dim=1)


def tag_by_matrix(rnn, head, x):
    return rnn(x)[0] @ head.weight.T + head.bias


def tag_in_place(rnn, head, x):
    out, _ = rnn(x.mul_(1.0))
    return head(out)


def remember_without_a_start(sequence, keep):
    states = []
    for x_t in sequence:
        state = keep * state + x_t  # noqa: F821
        states.append(state)
    return states


RIGHT = [
    ("fool", (0.5, -1.0, 0.5, 4.0), torch.tensor([-1.0, 0.5, 0.5, 4.0])),
    ("fool", np.array([1, 2, 3]), np.array([2, 1, 3])),
    ("fool", np.arange(3.0), [np.int64(1), np.float64(0), 2]),
    ("ignores-order", ignores_order),
    ("ignores-order", ignores_order_in_numpy),
    ("ignores-order", ignores_order_of_arrays),
    ("count-rises", rises_in_torch),
    ("count-rises", rises_in_numpy),
    ("outputs", classify, tag),
    ("outputs", classify_by_state, tag_in_a_loop),
    ("outputs", classify_step_by_step, tag_by_matrix),
    ("outputs", classify_one_by_one, in_rows(tag)),
    ("outputs", in_numpy(classify), in_numpy(tag)),
    ("outputs", in_lists(classify), in_lists(tag)),
    ("outputs", in_float64(classify), in_float64(tag)),
    ("outputs", lambda rnn, head, x: tag(rnn, head, x)[:, -1], tag_in_place),
]

WRONG = [
    ("ignores-order", "True or False", lambda function, sequence: np.array([True, False])),
    ("count-rises", "IndexError", lambda sequence: 0 * sequence[1] + rises_in_numpy(sequence)),
    ("outputs", "did you take out[-1]", lambda rnn, head, x: head(rnn(x)[0][-1]), tag),
    ("outputs", "first step", lambda rnn, head, x: head(rnn(x)[0][:, 0]), tag),
    ("outputs", "lowest layer", lambda rnn, head, x: head(rnn(x)[1][0]), tag),
    ("outputs", "an axis for the layers", lambda rnn, head, x: head(rnn(x)[1]), tag),
    ("outputs", "Send it through the head", lambda rnn, head, x: rnn(x)[1][-1], tag),
    ("outputs", "average over the steps", lambda rnn, head, x: head(rnn(x)[0].mean(dim=1)), tag),
    ("outputs", "it scores every step", tag, tag),
    ("outputs", "largest value over the steps", lambda rnn, head, x: head(rnn(x)[0].amax(dim=1)), tag),
    ("outputs", "Send them through the head", classify, lambda rnn, head, x: rnn(x)[0]),
    ("outputs", "keep the axes apart", classify, lambda rnn, head, x: tag(rnn, head, x).flatten(0, 1)),
    ("outputs", "these are probabilities", lambda rnn, head, x: classify(rnn, head, x).softmax(dim=1), tag),
    ("outputs", "it is a tuple of parts", lambda rnn, head, x: rnn(x), tag),
    ("outputs", "should be a tensor, but it is str", lambda rnn, head, x: "scores", tag),
    ("outputs", "which row of out", lambda rnn, head, x: head(rnn(x)[0][:, -2]), tag),
    ("outputs", "one answer per sequence", classify, classify),
    ("outputs", "swapped", classify, lambda rnn, head, x: tag(rnn, head, x).transpose(0, 1)),
    ("outputs", "the scores of the last one", classify,
     lambda rnn, head, x: classify(rnn, head, x)[:, None].expand(-1, x.shape[1], -1)),
    ("outputs", "in the wrong order", classify, lambda rnn, head, x: tag(rnn, head, x).flip(1)),
    ("outputs", "mixed by a reshape", classify, lambda rnn, head, x: tag(rnn, head, x).transpose(0, 1).reshape(
        len(x), -1, 4)),
    ("outputs", "each step was read alone", classify, lambda rnn, head, x: torch.cat(
        [tag(rnn, head, step) for step in x.split(1, dim=1)], dim=1)),
    ("outputs", "what classify returns: they should be equal", classify,
     lambda rnn, head, x: tag(rnn, head, x).roll(1, dims=1)),
    ("turn", "what is the state before the first step?", remember_without_a_start),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

WRONG += [
    ("outputs", "logarithms of probabilities", lambda rnn, head, x: classify(rnn, head, x).log_softmax(dim=1), tag),
    ("outputs", "the sum over the steps", lambda rnn, head, x: head(rnn(x)[0].sum(dim=1)), tag),
    ("outputs", "the average over the layers", lambda rnn, head, x: head(rnn(x)[1].mean(dim=0)), tag),
    ("outputs", "read the last step alone", lambda rnn, head, x: classify(rnn, head, x[:, -1:]), tag),
    ("outputs", "walked along the batch", lambda rnn, head, x: head(rnn(x.transpose(0, 1))[0][-1]), tag),
    ("outputs", "look like classes", lambda rnn, head, x: classify(rnn, head, x).argmax(dim=1), tag),
    ("outputs", "of which did you take one", lambda rnn, head, x: head(rnn(x)[1][:, -1]), tag),
    ("outputs", "logarithms of probabilities", classify, lambda rnn, head, x: tag(rnn, head, x).log_softmax(dim=2)),
    ("outputs", "walked along the batch", classify, lambda rnn, head, x: tag(rnn, head, x.transpose(0, 1)).transpose(
        0, 1)),
    ("outputs", "look like classes", classify, lambda rnn, head, x: tag(rnn, head, x).argmax(dim=2)),
    ("outputs", "the end of each layer", classify, lambda rnn, head, x: head(rnn(x)[1])),
]
