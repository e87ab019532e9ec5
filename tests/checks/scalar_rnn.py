"""Right and wrong answers to the exercises of this chapter."""

import math

import numpy as np
import torch
from torch import nn


def states(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h + b)
        kept.append(h)
    return kept


def states_with_nn_rnn(x, W_x, W_h, b, h_0=0.0):
    rnn = nn.RNN(1, 1, batch_first=True)
    with torch.no_grad():
        for parameter, value in zip(rnn.parameters(), (W_x, W_h, b, 0.0), strict=True):
            parameter.fill_(value)
    return rnn(torch.tensor(x).reshape(1, -1, 1), torch.full((1, 1, 1), h_0))[0]


def states_in_numpy(x, W_x, W_h, b, h_0=0.0):
    kept = np.empty(len(x) + 1)
    kept[0] = h_0
    for t, x_t in enumerate(x):
        kept[t + 1] = np.tanh(W_x * x_t + W_h * kept[t] + b)
    return kept[1:]


def not_carried(x, W_x, W_h, b, h_0=0.0):
    return [math.tanh(W_x * x_t + W_h * h_0 + b) for x_t in x]


def states_linear(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        h = W_x * x_t + W_h * h + b
        kept.append(h)
    return kept


def with_h_0(x, W_x, W_h, b, h_0=0.0):
    return [h_0, *states(x, W_x, W_h, b, h_0)]


def numerically(W_h):
    h = np.linspace(-1.01, 1.0123, 100_000)
    side = np.sign(np.tanh(W_h * h) - h)
    return int((side[1:] != side[:-1]).sum())


def last_input(history, target):
    h = 0.0
    for x_t in history:
        h = math.tanh(0.8 * x_t + 0.5 * h + 0.1)
    return (math.atanh(target) - 0.1 - 0.5 * h) / 0.8


def by_bisection(history, target):
    low, high = -20.0, 20.0
    for _ in range(100):
        middle = (low + high) / 2
        if states([*history, middle], 0.8, 0.5, 0.1)[-1] < target:
            low = middle
        else:
            high = middle
    return low


X = [1.0, 0.5, -1.0, 2.0]
AT_09 = states(X, 0.8, 0.9, 0.1)

RIGHT = [
    ("states", states),
    ("states", states_with_nn_rnn),
    ("states", states_in_numpy),
    ("more-memory", AT_09, 3),
    ("more-memory", [round(h, 4) for h in AT_09], 3),
    ("more-memory", torch.tensor(AT_09), 3),
    ("half-life", lambda steps: 0.5 ** (1 / steps)),
    ("half-life", lambda steps: math.exp(-math.log(2) / steps)),
    ("fixed-points", lambda W_h: 3 if W_h > 1 else 1),
    ("fixed-points", numerically),
    ("forge", last_input),
    ("forge", by_bisection),
]

WRONG = [
    ("states", "not carried on", not_carried),
    ("states", "is h_0 among them", with_h_0),
    ("states", "one number only", lambda *given: states(*given)[-1]),
    ("states", "do not depend on h_0", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_x, W_h, b)),
    ("states", "bias is missing", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_x, W_h, 0.0, h_0)),
    ("states", "swapped", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_h, W_x, b, h_0)),
    ("states", "tanh is missing", states_linear),
    ("states", "TypeError", lambda x: x),
    ("states", "returns nothing yet", lambda x, W_x, W_h, b, h_0=0.0: ...),
    ("more-memory", "for W_h = 0.5", states(X, 0.8, 0.5, 0.1), 3),
    ("more-memory", "W_x was changed", states(X, 0.9, 0.5, 0.1), 3),
    ("more-memory", "3 numbers instead of 4", AT_09[:3], 3),
    ("more-memory", "the first state is h_1", AT_09, 2),
    ("more-memory", "another state moves by more", AT_09, 4),
    ("more-memory", "from 1 to 4", AT_09, "third"),
    ("half-life", "one half; you are asked for the weight", lambda steps: 0.5 ** steps),
    ("half-life", "not the same amount", lambda steps: 1 - 0.5 / steps),
    ("half-life", "flips the sign", lambda steps: -(0.5 ** (1 / steps))),
    ("half-life", "multiplies a small state", lambda steps: 0.5),
    ("fixed-points", "how often can the two meet", lambda W_h: 3 if abs(W_h) > 1 else 1),
    ("fixed-points", "is h = 0 among them", lambda W_h: 2 if W_h > 1 else 1),
    ("fixed-points", "draw the curve", lambda W_h: 3),
    ("forge", "the bias is left out", lambda history, target: last_input(history, target) + 0.1 / 0.8),
    ("forge", "tanh is not undone",
     lambda history, target: last_input(history, target) + (target - math.atanh(target)) / 0.8),
    ("forge", "history leaves behind is left out", lambda history, target: last_input([], target)),
    ("forge", "divide by the weight", lambda history, target: 0.8 * last_input(history, target)),
    ("forge", "solve it for its input", lambda history, target: 0.0),
]
