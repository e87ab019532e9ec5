"""Right and wrong answers to the exercises of this chapter."""

import math

import torch
from torch import nn


def input_gradients(x, W_x, W_h, b, tanh_slope=lambda h: 1 - h**2, order=1, back=None, last=None):
    h = [0.0]
    for x_t in x:
        h.append(math.tanh(W_x * x_t + W_h * h[-1] + b))
    delta, gradients = 1.0, []
    for h_t in reversed(h[1:]):
        inside = delta * tanh_slope(h_t)
        gradients.append(inside * (W_x if last is None else last))
        delta = inside * (W_h if back is None else W_x)
    return gradients[::-order]


def by_autograd(x, W_x, W_h, b):
    x = torch.tensor(x, requires_grad=True)
    h = torch.zeros(())
    for x_t in x:
        h = torch.tanh(W_x * x_t + W_h * h + b)
    h.backward()
    return x.grad


def by_nudging(x, W_x, W_h, b, eps=1e-6):
    def end(x):
        h = 0.0
        for x_t in x:
            h = math.tanh(W_x * x_t + W_h * h + b)
        return h
    return tuple((end([*x[:t], x[t] + eps, *x[t + 1:]]) - end([*x[:t], x[t] - eps, *x[t + 1:]])) / (2 * eps)
                 for t in range(len(x)))


def not_carried(x, W_x, W_h, b):
    return [input_gradients(x[: t + 1], W_x, W_h, b)[-1] for t in range(len(x))]


def numeric(function, at, eps=1e-6):
    return (function(at + eps) - function(at - eps)) / (2 * eps)


def half_as_far(function, at, eps=1e-6):
    return (function(at + eps / 2) - function(at - eps / 2)) / eps


def reach(factor, share):
    k, left = 0, 1.0
    while left >= share:
        k, left = k + 1, left * factor
    return k


def reach_with_logarithms(factor, share):
    return math.floor(math.log(share) / math.log(factor)) + 1


def clip(gradients, max_norm):
    norm = math.sqrt(sum(g.square().sum().item() for g in gradients))
    return [g * min(1.0, max_norm / norm) if norm else g for g in gradients]


def clip_with_pytorch(gradients, max_norm):
    parameters = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, g in zip(parameters, gradients, strict=True):
        parameter.grad = g.clone()
    nn.utils.clip_grad_norm_(parameters, max_norm)
    return tuple(parameter.grad for parameter in parameters)


def divide_by_the_norm(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return gradients if 0 < norm <= max_norm else [g / norm * max_norm for g in gradients]


def normalise(gradients, max_norm):
    norm = torch.cat([g.flatten() for g in gradients]).norm()
    return [g * max_norm / norm for g in gradients]


def run_truncated(rnn, x, k, state=lambda h: h.detach(), out_of=lambda out: out, x_of=lambda x: x):
    h, outs = None, []
    for chunk in x.split(k, dim=1):
        out, h = rnn(x_of(chunk), h)
        h = state(h)
        outs.append(out_of(out))
    return torch.cat(outs, dim=1)


def step_by_step(rnn, x, k):
    h, outs = torch.zeros(1, x.shape[0], rnn.hidden_size), []
    for t in range(x.shape[1]):
        if t % k == 0:
            h = h.detach()
        out, h = rnn(x[:, t:t + 1], h)
        outs.append(out)
    return torch.cat(outs, dim=1)


def last_chunk(rnn, x, k):
    h = None
    for chunk in x.split(k, dim=1):
        out, h = rnn(chunk, h if h is None else h.detach())
    return out


RIGHT = [
    ("input-gradients", input_gradients),
    ("input-gradients", by_autograd),
    ("input-gradients", by_nudging),
    ("numeric-gradient", numeric),
    ("numeric-gradient", half_as_far),
    ("long-sentence", reach, 21),
    ("long-sentence", reach_with_logarithms, 21.0),
    ("clip", clip),
    ("clip", clip_with_pytorch),
    ("truncated", run_truncated),
    ("truncated", step_by_step),
]

WRONG = [
    ("input-gradients", "from the last input to the first", lambda *given: input_gradients(*given, order=-1)),
    ("input-gradients", "slope of tanh is missing", lambda *given: input_gradients(*given, tanh_slope=lambda h: 1)),
    ("input-gradients", "square of the state", lambda *given: input_gradients(*given, tanh_slope=lambda h: 1 - h)),
    ("input-gradients", "weight of the state, not of the input", lambda *given: input_gradients(*given, back=True)),
    ("input-gradients", "weight of the input, not of the state",
     lambda x, W_x, W_h, b: input_gradients(x, W_x, W_h, b, last=W_h)),
    ("input-gradients", "gradients of the states", lambda *given: input_gradients(*given, last=1.0)),
    ("input-gradients", "nothing is carried back", not_carried),
    ("input-gradients", "3 numbers instead of 4", lambda *given: input_gradients(*given)[1:]),
    ("input-gradients", "one gradient per input", lambda *given: sum(input_gradients(*given))),
    ("input-gradients", "returns nothing yet", lambda *given: ...),
    ("numeric-gradient", "one-sided", lambda f, at, eps=1e-6: (f(at + eps) - f(at)) / eps),
    ("numeric-gradient", "one-sided", lambda f, at, eps=1e-6: (f(at) - f(at - eps)) / eps),
    ("numeric-gradient", "twice as large", lambda f, at, eps=1e-6: (f(at + eps) - f(at - eps)) / eps),
    ("numeric-gradient", "wrong sign", lambda f, at, eps=1e-6: -numeric(f, at, eps)),
    ("numeric-gradient", "divide", lambda f, at, eps=1e-6: f(at + eps) - f(at - eps)),
    ("numeric-gradient", "eps is not used", lambda f, at, eps=1e-6: numeric(f, at)),
    ("long-sentence", "one too many", lambda factor, share: reach(factor, share) + 1, 21),
    ("long-sentence", "exactly", lambda factor, share: math.ceil(math.log(share) / math.log(factor)), 21),
    ("long-sentence", "share of what is left", lambda factor, share: round((1 - share) / (1 - factor)), 21),
    ("long-sentence", "a whole number of steps", lambda factor, share: math.log(share) / math.log(factor), 21),
    ("long-sentence", "share of 0.01", reach, 11),
    ("long-sentence", "sentence is not right", reach, 20),
    ("clip", "by its own norm", lambda gs, most: [g * min(1.0, most / g.norm().clamp(min=1e-9)) for g in gs]),
    ("clip", "changes the direction", lambda gs, most: [g.clamp(-most, most) for g in gs]),
    ("clip", "not a normalisation", normalise),
    ("clip", "square root", lambda gs, most: [g * min(1.0, most / sum(g.square().sum() for g in gs)) for g in gs]),
    ("clip", "unchanged although", lambda gs, most: gs),
    ("clip", "come back as zeros", divide_by_the_norm),
    ("clip", "one tensor for each", lambda gs, most: torch.cat([g.flatten() for g in gs])),
    ("truncated", "across a chunk's border", lambda rnn, x, k: run_truncated(rnn, x, k, state=lambda h: h)),
    ("truncated", "starts from zeros", lambda rnn, x, k: run_truncated(rnn, x, k, state=lambda h: None)),
    ("truncated", "no gradient at all", lambda rnn, x, k: run_truncated(rnn, x, k, out_of=lambda out: out.detach())),
    ("truncated", "detach the state", lambda rnn, x, k: run_truncated(rnn, x, k, x_of=lambda x: x.detach())),
    ("truncated", "cut within a chunk", lambda rnn, x, k: step_by_step(rnn, x, 1)),
    ("truncated", "last chunk alone", last_chunk),
    ("truncated", "not the last state", lambda rnn, x, k: rnn(x)[1][0]),
]
