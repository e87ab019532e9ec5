"""Answers to the exercises of this chapter: right ones by several routes, and the wrong ones that people give."""

import math

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = torch.tensor([1, 0, 1, 0])
LEVELS = torch.tensor([[1.0, 1.2, 1.3, 1.1, 1.0], [-1.0, -1.1, -1.3, -0.9, -1.2],
                       [0.8, 0.7, 1.0, 0.9, 1.1], [-0.6, -0.7, -0.9, -1.0, -0.8]]).unsqueeze(-1)
RISING = torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0], [-3.0, 0.0, 0.5, 0.6, 9.0]])


def trend(x=None, y=CLASSES):
    x = torch.stack([RISING[0], RISING[0].flip(0), RISING[1], RISING[1].flip(0)]).unsqueeze(-1) if x is None else x
    return lambda: (x, y)


GOOD = trend()()[0]


def by_list():
    up = [0.1, 0.2, 0.3, 0.4, 0.5]
    down = up[::-1]
    return torch.tensor([[[v] for v in row] for row in (down, up, up, down)]), torch.LongTensor([0, 1, 1, 0])


def mean_by_sum(rnn, head, x):
    return head(rnn(x)[0].sum(dim=1) / x.shape[1])


def mean_of_logits(rnn, head, x):
    """A linear head and a mean may change places."""
    return head(rnn(x)[0]).mean(dim=1)


def mean_with_a_loop(rnn, head, x):
    h, total = None, 0
    for t in range(x.shape[1]):
        step, h = rnn(x[:, t:t + 1], h)
        total = total + step[:, 0]
    return head(total / x.shape[1])


def loss_with_the_largest_out(logits, y):
    z = logits - logits.max(dim=1, keepdim=True).values
    return (z.exp().sum(dim=1).log() - z[range(len(y)), y]).mean()


def loss_with_log_softmax(logits, y):
    return -torch.log_softmax(logits, 1).gather(1, y[:, None]).sum() / len(y)


def loss_naive(logits, y):
    return -logits.softmax(dim=1).log()[torch.arange(len(y)), y].mean()


def first_step_task(n, seq_len, seed, change=lambda x, y: (x, y), noise=torch.randn):
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(0, 2, (n,), generator=generator)
    x = noise(n, seq_len, 1, generator=generator)
    x[:, 0, 0] = 2.0 * y - 1
    return change(x, y)


def with_manual_seed(n, seq_len, seed):
    torch.manual_seed(seed)
    y = (torch.rand(n) > 0.5).long()
    return torch.cat([torch.where(y == 1, 1.0, -1.0)[:, None], torch.randn(n, seq_len - 1)], dim=1)[..., None], y


def changed(change):
    return lambda n, seq_len, seed: first_step_task(n, seq_len, seed, change)


def set_(tensor, index, value):
    tensor = tensor.clone()
    tensor[index] = value
    return tensor


FLOOR = math.log(math.e + 9) - 1

RIGHT = [
    ("trend", trend()),
    ("trend", by_list),
    ("mean", lambda rnn, head, x: head(rnn(x)[0].mean(1))),
    ("mean", mean_by_sum),
    ("mean", mean_of_logits),
    ("mean", mean_with_a_loop),
    ("loss", loss_with_the_largest_out, FLOOR),
    ("loss", loss_with_log_softmax, F.cross_entropy(torch.eye(10), torch.arange(10))),
    ("loss", nn.CrossEntropyLoss(), torch.tensor([FLOOR])),
    ("long", first_step_task),
    ("long", with_manual_seed),
]

WRONG = [
    ("trend", "goes the other way", trend(y=1 - CLASSES)),
    ("trend", "does not move that way at every step", trend(LEVELS)),
    ("trend", "order is not the only difference", trend(set_(GOOD, 0, GOOD[0] + 1))),
    ("trend", "input_size, is missing", trend(GOOD.squeeze(-1))),
    ("trend", "look swapped", trend(GOOD.transpose(0, 1))),
    ("trend", "write 1.0 for 1", trend(GOOD.round().long())),
    ("trend", "float() converts", trend(GOOD.double())),
    ("trend", "class numbers are int64", trend(y=CLASSES.float())),
    ("trend", "each class twice", trend(y=torch.tensor([1, 0, 0, 0]))),
    ("trend", "should return two tensors", lambda: GOOD),
    ("trend", "returns nothing yet", lambda: None),
    ("mean", "last state alone", lambda rnn, head, x: head(rnn(x)[0][:, -1, :])),
    ("mean", "went over the batch", lambda rnn, head, x: head(rnn(x)[0].mean(dim=0))),
    ("mean", "time is axis 1", lambda rnn, head, x: head(rnn(x)[0].mean(dim=0 if len(x) == x.shape[1] else 1))),
    ("mean", "the sum over the steps", lambda rnn, head, x: head(rnn(x)[0].sum(dim=1))),
    ("mean", "time axis is still there", lambda rnn, head, x: head(rnn(x)[0])),
    ("mean", "head has not read them", lambda rnn, head, x: rnn(x)[0].mean(dim=1)),
    ("mean", "num_layers", lambda rnn, head, x: head(rnn(x)[1])),
    ("mean", "softmax of the logits", lambda rnn, head, x: mean_by_sum(rnn, head, x).softmax(dim=1)),
    ("mean", "stopped with AttributeError", lambda rnn, head, x: head(rnn(x).mean(dim=1))),
    ("loss", "not a finite number", loss_naive, FLOOR),
    ("loss", "sign is turned around", lambda z, y: -F.cross_entropy(z, y), FLOOR),
    ("loss", "the sum over the sequences", lambda z, y: F.cross_entropy(z, y, reduction="sum"), FLOOR),
    ("loss", "averages over all classes", lambda z, y: -z.log_softmax(dim=1).mean(), FLOOR),
    ("loss", "applied twice", lambda z, y: F.cross_entropy(z.softmax(dim=1), y), FLOOR),
    ("loss", "classes are axis 1", lambda z, y: -z.log_softmax(dim=0)[range(len(y)), y].mean(), FLOOR),
    ("loss", "softmax is missing", F.nll_loss, FLOOR),
    ("loss", "one number per sequence", lambda z, y: F.cross_entropy(z, y, reduction="none"), FLOOR),
    ("loss", "pick one entry per row", lambda z, y: -z.log_softmax(dim=1)[:, y], FLOOR),
    ("loss", "What can come out of softmax", F.cross_entropy, 0.0),
    ("loss", "no clue", F.cross_entropy, math.log(10)),
    ("loss", "two classes", F.cross_entropy, math.log(math.e + 1) - 1),
    ("loss", "floor should be one number", F.cross_entropy, torch.zeros(3)),
    ("long", "first step should be exactly", changed(lambda x, y: (set_(x, (slice(None), 0, 0), y.float()), y))),
    ("long", "wrong sign", changed(lambda x, y: (x, 1 - y))),
    ("long", "stands at the last step", changed(lambda x, y: (x.flip(1), y))),
    ("long", "input_size, is missing", changed(lambda x, y: (x.squeeze(-1), y))),
    ("long", "one step too many", lambda n, seq_len, seed: first_step_task(n, seq_len + 1, seed)),
    ("long", "no last axis", changed(lambda x, y: (x, y[:, None]))),
    ("long", "step 3 tells the classes apart", changed(lambda x, y: (set_(x, (slice(None), 3, 0), 2.0 * y), y))),
    ("long", "torch.rand does not", lambda n, seq_len, seed: first_step_task(n, seq_len, seed, noise=torch.rand)),
    ("long", "are all equal", changed(lambda x, y: (x[:, [0] + [1] * (x.shape[1] - 1)], y))),
    ("long", "same for every sequence", changed(lambda x, y: (set_(x, (slice(None), 2, 0), 0.0), y))),
    ("long", "same seed gave other data", lambda n, seq_len, seed: first_step_task(n, seq_len, torch.seed())),
    ("long", "is the argument seed used", lambda n, seq_len, seed: first_step_task(n, seq_len, 7)),
    ("long", "follows a pattern", lambda *sizes: halves(*sizes)),
]


def halves(n, seq_len, seed):
    """Class 1 first, then class 0: not random."""
    y = torch.tensor([1] * (n // 2) + [0] * (n - n // 2))
    x = torch.randn(n, seq_len, 1, generator=torch.Generator().manual_seed(seed))
    x[:, 0, 0] = 2.0 * y - 1
    return x, y
