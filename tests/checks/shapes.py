"""Right and wrong answers to the exercises of this chapter."""

import numpy as np
import torch
from torch import nn

PREDICTED = [(64, 28, 128), (2, 64, 128), (2, 64, 128), (35, 16, 40), (2, 16, 20), (2, 16, 5), (2, 16, 20),
             (50, 8), (3, 8)]


def predicted(**changes):
    names = ["a_out", "a_h_n", "a_c_n", "b_out", "b_h_n", "c_h_n", "c_c_n", "d_out", "d_h_n"]
    return [changes.get(name, shape) for name, shape in zip(names, PREDICTED, strict=True)]


def ends_from_out(out, h_n):
    hidden = h_n.shape[-1]
    return torch.cat([out[:, -1, :hidden], out[:, 0, hidden:]], dim=1)


def ends_by_axes(out, h_n):
    return h_n[-2:].transpose(0, 1).flatten(1)


def count(kind, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    blocks, directions = {"rnn": 1, "gru": 3, "lstm": 4}[kind], 2 if bidirectional else 1
    reads = [input_size] + [directions * hidden_size] * (num_layers - 1)
    return sum(directions * blocks * hidden_size * (size + hidden_size + 2 * bias) for size in reads)


def count_by_building(kind, *sizes):
    layer = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind]
    return np.int64(sum(p.numel() for p in layer(*sizes[:3], bidirectional=sizes[3], bias=sizes[4]).parameters()))


def count_wrong(biases=2, deep=None):
    def wrong(kind, inputs, hidden, num_layers=1, bidirectional=False, bias=True):
        blocks, directions = {"rnn": 1, "gru": 3, "lstm": 4}[kind], 2 if bidirectional else 1
        reads = [inputs] + [deep(inputs, hidden) if deep else directions * hidden] * (num_layers - 1)
        return sum(directions * blocks * hidden * (size + hidden + biases) for size in reads)
    return wrong


def count_deep_wrong(deep, right_if):
    """Right in the simple cases, wrong about what the second layer reads."""
    def wrong(*arguments):
        bias = 2 if arguments[5] else 0
        return count(*arguments) if right_if(*arguments) else count_wrong(bias, deep)(*arguments)
    return wrong


CHANGED = {"out", "h_n", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}


class Reader(nn.Module):
    """Each keyword plants one fault."""

    def __init__(self, input_size, hidden_size, *, batch_first=True, row=-1, plain_zeros=False, size_axis=0, layers=2):
        super().__init__()
        self.gru = nn.GRU(input_size, hidden_size, num_layers=layers, batch_first=batch_first)
        self.row, self.plain_zeros, self.size_axis = row, plain_zeros, size_axis

    def forward(self, x):
        rows, hidden = self.gru.num_layers, self.gru.hidden_size
        like_x = {} if self.plain_zeros else {"dtype": x.dtype, "device": x.device}
        _, h_n = self.gru(x, torch.zeros(rows, x.shape[self.size_axis], hidden, **like_x))
        return h_n[self.row]


class ReaderOfTwoLayers(nn.Module):
    """Two layers of one each, stacked by hand."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.lower = nn.GRU(input_size, hidden_size, batch_first=True)
        self.upper = nn.GRU(hidden_size, hidden_size, batch_first=True)

    def forward(self, x):
        return self.upper(self.lower(x)[0])[1][-1]


class ReaderWithoutState(Reader):
    def forward(self, x):
        return self.gru(x)[0][:, -1]


class ReaderTimeFirst(Reader):
    """Keeps the default of batch_first and transposes instead."""

    def __init__(self, *sizes):
        super().__init__(*sizes, batch_first=False)

    def forward(self, x):
        return self.gru(x.transpose(0, 1))[0][-1]


class ReaderFirstStep(Reader):
    def forward(self, x):
        return self.gru(x)[0][:, 0]


class ReaderMixed(Reader):
    """Walks across the batch, and returns one row for each sequence all the same."""

    def __init__(self, *sizes):
        super().__init__(*sizes, batch_first=False)

    def forward(self, x):
        return self.gru(x)[0][:, -1]


class ReaderOnCPU(Reader):
    def forward(self, x):
        return self.gru(x, hx=torch.zeros(2, len(x), 6, dtype=x.dtype))[1][-1]


def faulty(**faults):
    return lambda *sizes: Reader(*sizes, **faults)


RIGHT = [
    ("predict", *PREDICTED),
    ("predict", *[list(shape) for shape in PREDICTED]),
    ("predict", *[torch.Size(shape) for shape in PREDICTED]),
    ("ends", lambda out, h_n: torch.cat([h_n[-2], h_n[-1]], dim=-1)),
    ("ends", ends_from_out),
    ("ends", ends_by_axes),
    ("count", count),
    ("count", count_by_building),
    ("hidden-size", CHANGED, 2, 4, 3),
    ("hidden-size", sorted(CHANGED), 48 / 24, torch.tensor(4.0), 216 / 72),
    ("repair", Reader),
    ("repair", ReaderWithoutState),
    ("repair", ReaderOfTwoLayers),
    ("repair", ReaderTimeFirst),
]
WRONG = [
    ("predict", "a_out: axis 2 (features)", *predicted(a_out=(64, 28, 256))),
    ("predict", "a_h_n has two axes swapped", *predicted(a_h_n=(64, 2, 128))),
    ("predict", "Count one row for every layer", *predicted(a_c_n=(1, 64, 128))),
    ("predict", "b_out: axis 2 (features)", *predicted(b_out=(35, 16, 20))),
    ("predict", "b_out: axis 0 (seq_len)", *predicted(b_out=(16, 35, 40))),
    ("predict", "b_h_n: axis 1 (batch)", *predicted(b_h_n=(2, 35, 20))),
    ("predict", "b_h_n: axis 2 (features) is not 40", *predicted(b_h_n=(2, 16, 40))),
    ("predict", "Does proj_size shrink that?", *predicted(c_c_n=(2, 16, 5))),
    ("predict", "Does this x have a batch axis?", *predicted(d_h_n=(3, 1, 8))),
    ("predict", "a tuple of whole numbers", *predicted(d_out="50, 8")),
    ("predict", "it got 2", (64, 28, 128), (2, 64, 128)),
    ("ends", "its backward half has read only one step", lambda out, h_n: out[:, -1]),
    ("ends", "its forward half has read only one step", lambda out, h_n: out[:, 0]),
    ("ends", "lowest layer", lambda out, h_n: torch.cat([h_n[0], h_n[1]], dim=-1)),
    ("ends", "swapped", lambda out, h_n: torch.cat([h_n[-1], h_n[-2]], dim=-1)),
    ("ends", "one direction only", lambda out, h_n: h_n[-1]),
    ("ends", "axis of their own", lambda out, h_n: h_n[-2:]),
    ("ends", "joined along the batch", lambda out, h_n: torch.cat([h_n[-2], h_n[-1]])),
    ("ends", "mixes the sequences", lambda out, h_n: h_n[-2:].reshape(out.shape[0], -1)),
    ("ends", "average", lambda out, h_n: out.mean(dim=1)),
    ("ends", "returns nothing yet", lambda out, h_n: ...),
    ("count", "only one", count_wrong(biases=1)),
    ("count", "no biases", count_wrong(biases=0)),
    ("count", "although bias=False", count_wrong()),
    ("count", "how many blocks", lambda kind, *sizes: count("rnn", *sizes)),
    ("count", "what does a second layer read? Not x", count_deep_wrong(lambda i, h: i, lambda *a: a[3] == 1)),
    ("count", "goes both ways", count_deep_wrong(lambda i, h: h, lambda *a: not a[4])),
    ("count", "other layers", lambda *a: count(*a[:3], 1, *a[4:])),
    ("count", "second direction", lambda *a: count(*a[:4], False, a[5])),
    ("count", "one number", lambda *a: "72"),
    ("hidden-size", "x is yours", CHANGED | {"x"}, 2, 4, 3),
    ("hidden-size", "look again at weight_ih_l0", CHANGED - {"weight_ih_l0"}, 2, 4, 3),
    ("hidden-size", "choose from", CHANGED | {"hidden"}, 2, 4, 3),
    ("hidden-size", "should hold names", "out", 2, 4, 3),
    ("hidden-size", "times_hh is not 2", CHANGED, 2, 2, 3),
    ("hidden-size", "times_ih is not 4", CHANGED, 4, 4, 3),
    ("hidden-size", "times_all is not 2", CHANGED, 2, 4, 2),
    ("hidden-size", "should be one number", CHANGED, 2, 4, "three"),
    ("repair", "one row for each step", faulty(batch_first=False, size_axis=1)),
    ("repair", "Expected hidden size (2, 3, 6), got [2, 5, 6]", faulty(size_axis=1)),
    ("repair", "which layer's row", faulty(row=0)),
    ("repair", "another dtype", faulty(plain_zeros=True)),
    ("repair", "another device", ReaderOnCPU),
    ("repair", "must not touch", ReaderMixed),
    ("repair", "last step", ReaderFirstStep),
    ("repair", "keep its two layers", faulty(layers=1)),
    ("repair", "should be an nn.Module", lambda *sizes: 3),
]
