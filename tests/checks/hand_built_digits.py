"""Right and wrong answers to the exercises of this chapter (see tests/test_checks.py)."""

import math

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def gates(x_t, h, layers):
    i, f, o = (torch.sigmoid(getattr(layers, f"x_{k}")(x_t) + getattr(layers, f"h_{k}")(h)) for k in "ifo")
    return i, f, torch.tanh(layers.x_g(x_t) + layers.h_g(h)), o


def step(x_t, h, c, layers):
    i, f, g, o = gates(x_t, h, layers)
    c = f * c + i * g
    return o * torch.tanh(c), c


def step_by_builtin(x_t, h, c, layers):
    cell = nn.LSTMCell(x_t.shape[1], h.shape[1])
    with torch.no_grad():
        for side, name in (("x", "ih"), ("h", "hh")):
            for part in ("weight", "bias"):
                stacked = torch.cat([getattr(getattr(layers, f"{side}_{gate}"), part) for gate in "ifgo"])
                getattr(cell, f"{part}_{name}").copy_(stacked)
    return list(cell(x_t, (h, c)))


def wrong_step(change):
    """A step whose gates are changed before they are used: change(i, f, g, o, c) -> (h, c)."""
    return lambda x_t, h, c, layers: change(*gates(x_t, h, layers), c)


def shown(h_from):
    def change(i, f, g, o, c):
        new = f * c + i * g
        return h_from(o, new, c), new
    return wrong_step(change)


def only_x(x_t, h, c, layers):
    i, f, o = (layer(x_t).sigmoid() for layer in (layers.x_i, layers.x_f, layers.x_o))
    g = layers.x_g(x_t).tanh()
    c = f * c + i * g
    return o * c.tanh(), c


def sigmoid_candidate(x_t, h, c, layers):
    i, f, _, o = gates(x_t, h, layers)
    c = f * c + i * torch.sigmoid(layers.x_g(x_t) + layers.h_g(h))
    return o * c.tanh(), c


def fused(linears, bias=True, order="ifgo"):
    linears = [linears["ifgo".index(gate)] for gate in order]
    layer = nn.Linear(linears[0].in_features, 4 * linears[0].out_features)
    with torch.no_grad():
        layer.weight.copy_(torch.cat([linear.weight for linear in linears]))
        if bias:
            layer.bias.copy_(torch.cat([linear.bias for linear in linears]))
        else:
            layer.bias.zero_()
    return layer


def eight(layers):
    return [[getattr(layers, f"{side}_{gate}") for gate in "ifgo"] for side in "xh"]


def fuse(layers, **options):
    return tuple(fused(linears, **options) for linears in eight(layers))


def fuse_with_all_biases_in_one(layers):
    x2h, h2h = fuse(layers)
    without = nn.Linear(h2h.in_features, h2h.out_features, bias=False)
    with torch.no_grad():
        without.weight.copy_(h2h.weight)
        x2h.bias += h2h.bias
    return x2h, without


def fuse_by_replacing_parameters(layers):
    answer = []
    for linears in eight(layers):
        layer = nn.Linear(1, 1)
        layer.weight = nn.Parameter(torch.vstack([linear.weight.data for linear in linears]))
        layer.bias = nn.Parameter(torch.hstack([linear.bias.data for linear in linears]))
        answer.append(layer)
    return answer


def fresh(layers):
    return nn.Linear(3, 20), nn.Linear(5, 20)


def side_by_side(layers):
    answer = []
    for linears in eight(layers):
        layer = nn.Linear(1, 1)
        layer.weight = nn.Parameter(torch.cat([linear.weight.data for linear in linears], dim=1))
        answer.append(layer)
    return answer


def best_epoch(history):
    return max(history, key=lambda row: row["val_accuracy"])["epoch"]


def best_epoch_in_a_loop(history):
    best, epoch = -1.0, None
    for row in history:
        if row["val_accuracy"] > best:
            best, epoch = row["val_accuracy"], row["epoch"]
    return torch.tensor(epoch)


def last_best_epoch(history):
    return max(history, key=lambda row: (row["val_accuracy"], row["epoch"]))["epoch"]


def positions(history):
    return int(np.argmax([row["val_accuracy"] for row in history]))


def per_digit(labels, predictions):
    return torch.tensor([(predictions[labels == d] == d).float().mean() for d in range(10)])


def per_digit_from_the_matrix(labels, predictions):
    matrix = np.zeros((10, 10))
    np.add.at(matrix, (labels.numpy(), predictions.numpy()), 1)
    return list(matrix.diagonal() / matrix.sum(axis=1))


def precision(labels, predictions):
    return torch.tensor([(labels[predictions == d] == d).float().mean() for d in range(10)])


def standard_error(accuracy, n):
    return math.sqrt(accuracy * (1 - accuracy) / n)


def digits_needed(accuracy, error):
    return math.ceil(accuracy * (1 - accuracy) / error**2)


RIGHT = [
    ("step", step),
    ("step", step_by_builtin),
    ("fuse", fuse),
    ("fuse", fuse_with_all_biases_in_one),
    ("fuse", fuse_by_replacing_parameters),
    ("best-epoch", best_epoch),
    ("best-epoch", best_epoch_in_a_loop),
    ("per-digit", per_digit),
    ("per-digit", per_digit_from_the_matrix),
    ("error-bar", standard_error, digits_needed),
    ("error-bar", lambda p, n: torch.tensor(p * (1 - p)).div(n).sqrt(),
     lambda p, e: torch.tensor(p * (1 - p) / e**2 - 1e-6, dtype=torch.float64).ceil()),
]

WRONG = [
    ("step", "returns nothing yet", lambda x_t, h, c, layers: ...),
    ("step", "two things", lambda *given: step(*given)[0]),
    ("step", "wrong order", lambda *given: step(*given)[::-1]),
    ("step", "axis 1 is 20, not 5", lambda x_t, h, c, layers: (torch.cat([h] * 4, dim=1), c)),
    ("step", "swapped", wrong_step(lambda i, f, g, o, c: (o * (i * c + f * g).tanh(), i * c + f * g))),
    ("step", "nothing is forgotten", wrong_step(lambda i, f, g, o, c: (o * (c + i * g).tanh(), c + i * g))),
    ("step", "where is the old c", wrong_step(lambda i, f, g, o, c: (o * (i * g).tanh(), i * g))),
    ("step", "the row alone", only_x),
    ("step", "can only add", sigmoid_candidate),
    ("step", "is not right", lambda x_t, h, c, layers: (h, c)),
    ("step", "tanh of the cell state is missing", shown(lambda o, new, old: o * new)),
    ("step", "the old cell state", shown(lambda o, new, old: o * old.tanh())),
    ("step", "the output gate is missing", shown(lambda o, new, old: new.tanh())),
    ("step", "stopped with AttributeError", lambda x_t, h, c, layers: layers.forget(x_t)),
    ("fuse", "two layers", lambda layers: fuse(layers)[0]),
    ("fuse", "another order", lambda layers: fuse(layers, order="ifog")),
    ("fuse", "another order", lambda layers: fuse(layers, order="figo")),
    ("fuse", "biases are missing", lambda layers: fuse(layers, bias=False)),
    ("fuse", "fresh random numbers", fresh),
    ("fuse", "side by side", side_by_side),
    ("fuse", "are the two layers swapped", lambda layers: fuse(layers)[::-1]),
    ("fuse", "room for one gate", lambda layers: (layers.x_i, layers.h_i)),
    ("fuse", "one nn.Linear", lambda layers: (nn.Sequential(*eight(layers)[0]), nn.Sequential(*eight(layers)[1]))),
    ("best-epoch", "returns nothing yet", lambda history: ...),
    ("best-epoch", "position in the list", positions),
    ("best-epoch", "position in the list", lambda history: positions(history) + 1),
    ("best-epoch", "lowest training loss", lambda history: min(history, key=lambda row: row["train_loss"])["epoch"]),
    ("best-epoch", "lowest validation loss", lambda history: min(history, key=lambda row: row["val_loss"])["epoch"]),
    ("best-epoch", "take the first", last_best_epoch),
    ("best-epoch", "an accuracy", lambda history: max(row["val_accuracy"] for row in history)),
    ("best-epoch", "a whole row", lambda history: history[0]),
    ("per-digit", "one number for all", lambda labels, said: (labels == said).float().mean()),
    ("per-digit", "was predicted", lambda labels, said: precision(labels, said)),
    ("per-digit", "these are counts", lambda labels, said: torch.bincount(labels[labels == said], minlength=10)),
    ("per-digit", "percentages", lambda labels, said: 100 * per_digit(labels, said)),
    ("per-digit", "never predicts a 9", lambda labels, said: per_digit(labels, said)[:9]),
    ("per-digit", "wrong answers", lambda labels, said: 1 - per_digit(labels, said)),
    ("per-digit", "confusion matrix", lambda labels, said: F.one_hot(labels).T @ F.one_hot(said, 10)),
    ("error-bar", "the square root is missing", lambda p, n: p * (1 - p) / n, digits_needed),
    ("error-bar", "percentage points", lambda p, n: 100 * standard_error(p, n), digits_needed),
    ("error-bar", "square of the error", standard_error, lambda p, e: p * (1 - p) / e),
    ("error-bar", "not to the nearest", standard_error, lambda p, e: round(p * (1 - p) / e**2 - 1e-6)),
    ("error-bar", "no part of a digit", standard_error, lambda p, e: p * (1 - p) / e**2),
    ("error-bar", "solve the formula", standard_error, lambda p, e: 10_000),
    ("error-bar", "one number", standard_error, lambda p, e: "many"),
]
