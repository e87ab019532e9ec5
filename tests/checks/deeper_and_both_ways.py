"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch (see tests/test_checks.py)."""

import random

import numpy as np
import torch
from forms import in_float64, in_lists, in_numpy
from torch import nn


def summaries(out):
    return out[:, -1], out.mean(dim=1), out.flatten(1)


def summaries_in_a_loop(out):
    states = [out[:, t] for t in range(out.shape[1])]
    return [states[-1], sum(states) / len(states), torch.cat(states, dim=1)]


def summaries_digit_by_digit(out):
    return (torch.stack([digit[-1] for digit in out]), torch.stack([digit.mean(0) for digit in out]),
            torch.stack([digit.reshape(-1) for digit in out]))


def summaries_by_einsum(out):
    steps = out.shape[1]
    at_the_end = torch.eye(steps)[-1]
    return (torch.einsum("bth,t->bh", out, at_the_end), torch.einsum("bth->bh", out) / steps,
            torch.einsum("bth->bth", out).reshape(len(out), -1))


def with_last(last):
    return lambda out: (last(out), *summaries(out)[1:])


def with_mean(mean):
    return lambda out: (out[:, -1], mean(out), out.flatten(1))


def with_concat(concat):
    return lambda out: (*summaries(out)[:2], concat(out))


def last_state(layer, x):
    _, state = layer(x)
    h_n = state[0] if isinstance(state, tuple) else state
    return h_n[-1]


def last_of_out(layer, x):
    return layer(x)[0][:, -1]


def last_by_kind(layer, x):
    if isinstance(layer, nn.LSTM):
        _, (h_n, _) = layer(x)
    else:
        _, h_n = layer(x)
    return h_n[layer.num_layers - 1]


def last_step_by_step(layer, x):
    state = None
    for t in range(x.shape[1]):
        out, state = layer(x[:, t:t + 1], state)
    return out.squeeze(1)


def every(layer, x):
    """out, h_n and c_n, which is None but for an LSTM."""
    out, state = layer(x)
    return (out, *state) if isinstance(state, tuple) else (out, state, None)


def state_as_it_comes(layer, x):
    return layer(x)[1][-1]


def cell_state(which):
    def answer(layer, x):
        _, h_n, c_n = every(layer, x)
        return h_n[-1] if c_n is None else c_n[which]
    return answer


def duel(makers, seed, count, train_on):
    chance = torch.Generator().manual_seed(seed)
    batches = torch.randperm(count, generator=chance).split(8)
    nets = []
    for make in makers:
        torch.manual_seed(seed)
        net = make()
        for batch in batches:
            train_on(net, batch)
        nets.append(net)
    return nets


def duel_with_a_generator_each(makers, seed, count, train_on):
    nets = []
    for make in makers:
        torch.manual_seed(seed)
        nets += [make()]
        chance = torch.Generator().manual_seed(seed)
        for batch in torch.randperm(count, generator=chance).split(8):
            train_on(nets[-1], batch)
    return nets


def duel_that_starts_anew(makers, seed, count, train_on):
    nets = []
    for make in makers:
        torch.manual_seed(seed)
        nets.append(make())
        torch.manual_seed(seed)
        for batch in torch.randperm(count).split(8):
            train_on(nets[-1], batch)
    return nets


def duel_in_one_loop(makers, seed, count, train_on):
    torch.manual_seed(seed)
    order = torch.randperm(count)
    nets = [make() for make in makers]
    for batch in order.split(8):
        for net in nets:
            train_on(net, batch)
    return nets


def duel_by_numpy(makers, seed, count, train_on):
    nets = []
    for make in makers:
        torch.manual_seed(seed)
        nets.append(make())
        for batch in np.random.default_rng(seed).permutation(count).reshape(-1, 8):
            train_on(nets[-1], batch)
    return tuple(nets)


def duel_by_python(makers, seed, count, train_on):
    order = list(range(count))
    random.Random(seed).shuffle(order)
    torch.manual_seed(seed)
    nets = [make() for make in makers]
    for net in nets:
        for k in range(0, count, 8):
            train_on(net, order[k:k + 8])
    return nets


def wrong_duel(order, seeded=lambda seed: torch.manual_seed(seed), size=8):
    """Each net is made after `seeded`, then trained on the batches of order(count, seed)."""
    def answer(makers, seed, count, train_on):
        nets = []
        for make in makers:
            seeded(seed)
            nets.append(make())
            for batch in order(count, seed).split(size):
                train_on(nets[-1], batch)
        return nets
    return answer


def seeded_order(count, seed):
    return torch.randperm(count, generator=torch.Generator().manual_seed(seed))


def seeded_once(makers, seed, count, train_on):
    torch.manual_seed(seed)
    nets = []
    for make in makers:
        nets.append(make())
        for batch in torch.randperm(count).split(8):
            train_on(nets[-1], batch)
    return nets


def order_after_the_nets(makers, seed, count, train_on):
    torch.manual_seed(seed)
    nets = [make() for make in makers]
    for batch in torch.randperm(count).split(8):
        for net in nets:
            train_on(net, batch)
    return nets


def never_seeded_start(makers, seed, count, train_on):
    chance, nets = never_seeded_start.chance, []
    for make in makers:
        torch.set_rng_state(chance.get_state())
        nets.append(make())
        chance.set_state(torch.get_rng_state())
        for batch in seeded_order(count, seed).split(8):
            train_on(nets[-1], batch)
    return nets


never_seeded_start.chance = torch.Generator().manual_seed(0)

RIGHT = [
    ("turn", summaries),
    ("turn", summaries_in_a_loop),
    ("turn", summaries_digit_by_digit),
    ("turn", summaries_by_einsum),
    ("turn", in_numpy(summaries)),
    ("turn", in_float64(summaries)),
    ("turn", in_lists(summaries)),
    ("last-state", last_state),
    ("last-state", last_of_out),
    ("last-state", last_by_kind),
    ("last-state", last_step_by_step),
    ("last-state", in_numpy(last_state)),
    ("last-state", in_lists(last_state)),
    ("bug", duel),
    ("bug", duel_with_a_generator_each),
    ("bug", duel_that_starts_anew),
    ("bug", duel_in_one_loop),
    ("bug", duel_by_numpy),
    ("bug", duel_by_python),
]

WRONG = [
    ("turn", "returns nothing yet", lambda out: ...),
    ("turn", "three things", lambda out: summaries(out)[:2]),
    ("turn", "three things", lambda out: out[:, -1]),
    ("turn", "every state of the last sequence", with_last(lambda out: out[-1])),
    ("turn", "the last unit at every step", with_last(lambda out: out[:, :, -1])),
    ("turn", "a slice keeps its axis", with_last(lambda out: out[:, -1:])),
    ("turn", "after the first row", with_last(lambda out: out[:, 0])),
    ("turn", "along the axis of the steps is the last", with_last(lambda out: out[:, -2])),
    ("turn", "the mean over the batch", with_mean(lambda out: out.mean(dim=0))),
    ("turn", "the mean over the units", with_mean(lambda out: out.mean(dim=2))),
    ("turn", "one number for everything", with_mean(lambda out: out.mean())),
    ("turn", "divide by the number of steps", with_mean(lambda out: out.sum(dim=1))),
    ("turn", "the largest of each unit", with_mean(lambda out: out.amax(dim=1))),
    ("turn", "each unit for itself", with_mean(lambda out: out.median(dim=1).values)),
    ("turn", "keep a row of its own", with_concat(lambda out: out.flatten(0, 1))),
    ("turn", "keep a row of its own", with_concat(lambda out: out.transpose(0, 1).flatten(1))),
    ("turn", "keep a row of its own", with_concat(lambda out: out.flatten())),
    ("turn", "side by side", with_concat(lambda out: out)),
    ("turn", "the numbers of a unit", with_concat(lambda out: out.transpose(1, 2).flatten(1))),
    ("turn", "in the opposite order", with_concat(lambda out: out.flip(1).flatten(1))),
    ("turn", "states of several digits", with_concat(lambda out: out.transpose(0, 1).reshape(len(out), -1))),
    ("turn", "print concat[0", with_concat(lambda out: out.flatten(1).flip(1))),
    ("last-state", "returns nothing yet", lambda layer, x: None),
    ("last-state", "of an LSTM, state[-1] is all of c_n", state_as_it_comes),
    ("last-state", "the upper one is asked for", lambda layer, x: every(layer, x)[1]),
    ("last-state", "as a pair", lambda layer, x: layer(x)[1].squeeze(0)),
    ("last-state", "every state of the last sequence", lambda layer, x: layer(x)[0][-1]),
    ("last-state", "the state of every step", lambda layer, x: layer(x)[0]),
    ("last-state", "all layers side by side", lambda layer, x: torch.cat(list(every(layer, x)[1]), dim=1)),
    ("last-state", "the state of the lowest layer", lambda layer, x: every(layer, x)[1][0]),
    ("last-state", "after the first step", lambda layer, x: layer(x)[0][:, 0]),
    ("last-state", "the mean over the steps", lambda layer, x: layer(x)[0].mean(dim=1)),
    ("last-state", "stand in another order", lambda layer, x: layer(x)[0][:, -1].flip(0)),
    ("last-state", "the cell state c_n. The head", cell_state(-1)),
    ("last-state", "of the lowest layer", lambda layer, x: (
        cell_state(0)(layer, x) if layer.num_layers > 1 else last_state(layer, x))),
    ("last-state", "compare it with out", lambda layer, x: torch.zeros(4, 5)),
    ("bug", "returns nothing yet", lambda makers, seed, count, train_on: None),
    ("bug", "networks of the two", lambda makers, seed, count, train_on: duel(makers[:1], seed, count, train_on)),
    ("bug", "each of the 24 digits once", wrong_duel(lambda count, seed: seeded_order(count, seed)[:16])),
    ("bug", "in which they are stored", wrong_duel(lambda count, seed: torch.arange(count))),
    ("bug", "another size than 8", wrong_duel(seeded_order, size=6)),
    ("bug", "still trained on different batches", wrong_duel(lambda count, seed: torch.randperm(count))),
    ("bug", "still trained on different batches", seeded_once),
    ("bug", "another seed the batches are the same", wrong_duel(lambda count, seed: seeded_order(count, 0))),
    ("bug", "two other networks get other batches", order_after_the_nets),
    ("bug", "it should return the networks", lambda *given: len(duel(*given))),
    ("bug", "start from other weights", never_seeded_start),
    ("bug", "start from the same weights", wrong_duel(seeded_order, seeded=lambda seed: torch.manual_seed(0))),
]
