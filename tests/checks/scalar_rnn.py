"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch."""

import math

import numpy as np
import torch
from torch import nn


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


def states_as_tensors(x, W_x, W_h, b, h_0=0.0):
    return [torch.tensor(h) for h in states_in_numpy(x, W_x, W_h, b, h_0)]


def numerically(W_h):
    h = np.linspace(-1.01, 1.0123, 100_000)
    side = np.sign(np.tanh(W_h * h) - h)
    return int((side[1:] != side[:-1]).sum())


def next_state_with_nn_rnn(x_t, h, W_x, W_h, b):
    return states_with_nn_rnn([x_t], W_x, W_h, b, h)


AT_09 = states_in_numpy([1.0, 0.5, -1.0, 2.0], 0.8, 0.9, 0.1)

RIGHT = [
    ("states", states_with_nn_rnn),
    ("states", states_in_numpy),
    ("states", states_as_tensors),
    ("more-memory", AT_09, np.int64(3)),
    ("more-memory", torch.tensor(AT_09), torch.tensor(3)),
    ("half-life", lambda steps: np.power(0.5, 1 / steps)),
    ("half-life", lambda steps: torch.tensor(0.5, dtype=torch.float64) ** (1 / steps)),
    ("fixed-points", numerically),
    ("fixed-points", lambda W_h: torch.tensor([1, 3])[int(W_h > 1)]),
    ("forge", lambda history, target: np.float64(
        (math.atanh(target) - 0.1 - 0.5 * ([0.0, *states_in_numpy(history, 0.8, 0.5, 0.1)][-1])) / 0.8)),
    ("turn", lambda x_t, h, W_x, W_h, b: np.tanh(W_x * x_t + W_h * h + b)),
    ("turn", lambda x_t, h, W_x, W_h, b: torch.tanh(torch.tensor(W_x * x_t + W_h * h + b))),
    ("turn", next_state_with_nn_rnn),
]

WRONG = [
    ("states", "TypeError", lambda x: x),
    ("states", "not carried on", lambda x, W_x, W_h, b, h_0=0.0: np.tanh(W_x * np.array(x) + W_h * h_0 + b)),
    ("more-memory", "3 numbers instead of 4", AT_09[1:], 3),
    ("turn", "it is the sum inside", lambda x_t, h, W_x, W_h, b: torch.tensor(W_x * x_t + W_h * h + b)),
]
