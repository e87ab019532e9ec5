"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch."""

import numpy as np
import torch
from forms import in_float64, in_lists, in_numpy
from torch import nn

PREDICTED = [(64, 28, 128), (2, 64, 128), (2, 64, 128), (35, 16, 40), (2, 16, 20), (2, 16, 5), (2, 16, 20),
             (50, 8), (3, 8)]
CHANGED = {"out", "h_n", "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"}


def ends(out, h_n):
    return torch.cat([h_n[-2], h_n[-1]], dim=-1)


def ends_from_out(out, h_n):
    hidden = h_n.shape[-1]
    return torch.cat([out[:, -1, :hidden], out[:, 0, hidden:]], dim=1)


def ends_by_axes(out, h_n):
    return h_n[-2:].transpose(0, 1).flatten(1)


def ends_in_place(out, h_n):
    out[:, -1, h_n.shape[-1]:] = h_n[-1]
    return out[:, -1]


def ends_by_view(out, h_n):
    return h_n.view(-1, 2, *h_n.shape[1:])[-1].permute(1, 0, 2).reshape(len(out), -1)


def ends_one_by_one(out, h_n):
    return [torch.cat([h_n[-2, row], h_n[-1, row]]) for row in range(len(out))]


def count_by_building(kind, input_size, hidden_size, num_layers=1, bidirectional=False, bias=True):
    made = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](
        input_size, hidden_size, num_layers, bidirectional=bidirectional, bias=bias)
    return np.int64(sum(p.numel() for p in made.parameters()))


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


class ReaderWithState(nn.Module):
    """Mends the h_0 instead of leaving it out."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.gru = nn.GRU(input_size, hidden_size, num_layers=2, batch_first=True)

    def forward(self, x):
        h_0 = torch.zeros(2, len(x), self.gru.hidden_size, dtype=x.dtype, device=x.device)
        return self.gru(x, h_0)[1][-1]


class ReaderOfCells(nn.Module):
    """Two cells and a loop."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.lower, self.upper = nn.GRUCell(input_size, hidden_size), nn.GRUCell(hidden_size, hidden_size)

    def forward(self, x):
        low = high = x.new_zeros(len(x), self.upper.hidden_size)
        for x_t in x.unbind(dim=1):
            low = self.lower(x_t, low)
            high = self.upper(low, high)
        return high


def reading(read):
    """A Reader with the right layers that returns something else of them."""
    class Other(ReaderWithState):
        def forward(self, x):
            return read(*self.gru(x))
    return Other


class ReaderOfFeatures(nn.Module):
    """Takes the features for the steps."""

    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.gru = nn.GRU(5 if input_size == 4 else 4, hidden_size, num_layers=2, batch_first=True)

    def forward(self, x):
        return self.gru(x.transpose(1, 2))[1][-1]


class ReaderOfFixedSizes(ReaderWithState):
    def __init__(self, input_size, hidden_size):
        super().__init__(4, 6)


class ReaderFromOnes(ReaderWithState):
    def forward(self, x):
        return self.gru(x, x.new_ones(2, len(x), self.gru.hidden_size))[1][-1]


class ReaderOfLSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.lstm = nn.LSTM(input_size, hidden_size, num_layers=2, batch_first=True)

    def forward(self, x):
        return self.lstm(x)[0][:, -1]


def one_step(x_t, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(x_t @ w_ih.T + b_ih + h @ w_hh.T + b_hh)


def one_step_by_linear(x_t, h, w_ih, w_hh, b_ih, b_hh):
    return (nn.functional.linear(x_t, w_ih, b_ih) + nn.functional.linear(h, w_hh, b_hh)).tanh()


def one_step_joined(x_t, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(torch.cat([x_t, h], dim=1) @ torch.cat([w_ih, w_hh], dim=1).mT + (b_ih + b_hh))


def one_step_row_by_row(x_t, h, w_ih, w_hh, b_ih, b_hh):
    return [torch.tanh(w_ih @ x + w_hh @ state + b_ih + b_hh) for x, state in zip(x_t, h, strict=True)]


class ReaderWithoutLayers(nn.Module):
    def __init__(self, input_size, hidden_size):
        ...


class ReaderByHand(nn.Module):
    """No layer of PyTorch's; `steps` says which it reads."""

    def __init__(self, input_size, hidden_size, steps=slice(None)):
        super().__init__()
        self.steps, self.hidden_size = steps, hidden_size
        self.linear = nn.Linear(input_size + hidden_size, hidden_size)

    def forward(self, x):
        h = x.new_zeros(len(x), self.hidden_size)
        for x_t in x[:, self.steps].unbind(dim=1):
            h = torch.tanh(self.linear(torch.cat([x_t, h], dim=1)))
        return h


class ReaderBothWays(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.gru = nn.GRU(input_size, hidden_size, num_layers=2, batch_first=True, bidirectional=True)

    def forward(self, x):
        return self.gru(x)[1][-1]


class ReaderOfOtherSizes(ReaderOfTwoLayers):
    """The lower layer is twice as wide."""

    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.lower = nn.GRU(input_size, 2 * hidden_size, batch_first=True)
        self.upper = nn.GRU(2 * hidden_size, hidden_size, batch_first=True)


RIGHT = [
    ("predict", *[torch.Size(shape) for shape in PREDICTED]),
    ("predict", *[np.array(shape) for shape in PREDICTED]),
    ("predict", *[tuple(np.int64(size) for size in shape) for shape in PREDICTED]),
    ("predict", *[torch.tensor(shape) for shape in PREDICTED]),
    ("ends", ends),
    ("ends", ends_from_out),
    ("ends", ends_by_axes),
    ("ends", ends_in_place),
    ("ends", ends_by_view),
    ("ends", ends_one_by_one),
    ("ends", in_numpy(ends)),
    ("ends", in_float64(ends)),
    ("ends", in_lists(ends)),
    ("count", count_by_building),
    ("hidden-size", sorted(CHANGED), np.float64(2), torch.tensor(4.0), np.int64(3)),
    ("repair", Reader),
    ("repair", ReaderWithoutState),
    ("repair", ReaderWithState),
    ("repair", ReaderOfTwoLayers),
    ("repair", ReaderOfCells),
    ("repair", ReaderTimeFirst),
    ("repair", reading(lambda out, h_n: list(h_n[-1]))),
    ("turn", one_step),
    ("turn", one_step_by_linear),
    ("turn", one_step_joined),
    ("turn", one_step_row_by_row),
    ("turn", in_numpy(one_step)),
    ("turn", in_float64(one_step)),
]

WRONG = [
    ("ends", "its backward half has read only one step", lambda out, h_n: out[:, -1]),
    ("ends", "its forward half has read only one step", lambda out, h_n: out[:, 0]),
    ("ends", "lowest layer", lambda out, h_n: torch.cat([h_n[0], h_n[1]], dim=-1)),
    ("ends", "the first half is from the lowest layer", lambda out, h_n: torch.cat([h_n[0], h_n[-1]], dim=-1)),
    ("ends", "hidden_size is 4 here", lambda out, h_n: torch.cat([out[:, -1, :6], out[:, 0, 6:]], dim=-1)),
    ("ends", "where does each one start", lambda out, h_n: torch.cat([out[:, 0, :4], out[:, -1, 4:]], dim=-1)),
    ("ends", "swapped", lambda out, h_n: torch.cat([h_n[-1], h_n[-2]], dim=-1)),
    ("ends", "as wide as one direction", lambda out, h_n: h_n[-1]),
    ("ends", "axis of their own", lambda out, h_n: h_n[-2:]),
    ("ends", "joined along the batch", lambda out, h_n: torch.cat([h_n[-2], h_n[-1]])),
    ("ends", "mixes the sequences", lambda out, h_n: h_n[-2:].reshape(out.shape[0], -1)),
    ("ends", "average", lambda out, h_n: out.mean(dim=1)),
    ("ends", "those are all steps", lambda out, h_n: out),
    ("ends", "find each of your two halves", lambda out, h_n: out[:, 2]),
    ("ends", "returns nothing yet", lambda out, h_n: ...),
    ("repair", "one row for each step", faulty(batch_first=False, size_axis=1)),
    ("repair", "which axis of x is the batch", faulty(size_axis=1)),
    ("repair", "which layer's row", faulty(row=0)),
    ("repair", "another dtype", faulty(plain_zeros=True)),
    ("repair", "another device", ReaderOnCPU),
    ("repair", "must not touch", ReaderMixed),
    ("repair", "after the first step", ReaderFirstStep),
    ("repair", "keep its two layers", faulty(layers=1)),
    ("repair", "keep its two layers", faulty(layers=3)),
    ("repair", "keep its GRU", ReaderOfLSTM),
    ("repair", "average over the steps", reading(lambda out, h_n: out.mean(dim=1))),
    ("repair", "largest value over the steps", reading(lambda out, h_n: out.amax(dim=1))),
    ("repair", "mixes both layers", reading(lambda out, h_n: h_n.mean(dim=0))),
    ("repair", "compare: does the state start from zeros", reading(lambda out, h_n: 2 * h_n[-1])),
    ("repair", "that is all of h_n", reading(lambda out, h_n: h_n)),
    ("repair", "the batch axis is gone", reading(lambda out, h_n: h_n[-1].squeeze())),
    ("repair", "from ones, not from zeros", ReaderFromOnes),
    ("repair", "which axis of x holds the features", ReaderOfFeatures),
    ("repair", "get its input_size from what Reader is given", ReaderOfFixedSizes),
    ("repair", "should be an nn.Module", lambda *sizes: 3),
    ("repair", "those are all steps: choose one", reading(lambda out, h_n: out)),
    ("repair", "take its sizes from what it is given", lambda input_size, hidden_size: Reader(input_size, 6)),
    ("repair", "has no layers yet", ReaderWithoutLayers),
    ("repair", "does not depend on the last step", lambda *sizes: ReaderByHand(*sizes, steps=slice(1))),
    ("repair", "does not depend on the first step", lambda *sizes: ReaderByHand(*sizes, steps=slice(1, None))),
    ("repair", "in one direction", ReaderBothWays),
    ("repair", "have not the sizes of nn.GRU(4, 12, num_layers=2)", ReaderOfOtherSizes),
    ("repair", "no gradient comes back", reading(lambda out, h_n: h_n[-1].detach())),
    ("repair", "adds up both layers", reading(lambda out, h_n: h_n.sum(dim=0))),
    ("turn", "it is not squashed", lambda x, h, w, u, b, d: x @ w.T + b + h @ u.T + d),
    ("turn", "both biases are missing", lambda x, h, w, u, b, d: torch.tanh(x @ w.T + h @ u.T)),
    ("turn", "missing, b_hh", lambda x, h, w, u, b, d: torch.tanh(x @ w.T + h @ u.T + b)),
    ("turn", "forgotten h", lambda x, h, w, u, b, d: torch.tanh(x @ w.T + b + d)),
    ("turn", "squashed by a sigmoid", lambda x, h, w, u, b, d: torch.sigmoid(x @ w.T + b + h @ u.T + d)),
    ("turn", "weight_hh is turned", lambda x, h, w, u, b, d: torch.tanh(x @ w.T + b + h @ u + d)),
    ("turn", "each for itself", lambda x, h, w, u, b, d: torch.tanh(x @ w.T + b) + torch.tanh(h @ u.T + d)),
    ("turn", "which of the two must turn", lambda x, h, w, u, b, d: torch.tanh(x @ w + b + h @ u + d)),
    ("turn", "changed places", lambda x, h, w, u, b, d: one_step(x, h, w, u, b, d).T),
    ("turn", "a matrix product for each", lambda x, h, w, u, b, d: 2 * one_step(x, h, w, u, b, d)),
    ("turn", "returns nothing yet", lambda *given: ...),
    ("turn", "missing, b_ih", lambda x, h, w, u, b, d: torch.tanh(x @ w.T + h @ u.T + d)),
    ("turn", "has not read x_t", lambda x, h, w, u, b, d: torch.tanh(h @ u.T + b + d)),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

class ReaderFromChance(Reader):
    def forward(self, x):
        return self.gru(x, torch.randn(2, len(x), self.gru.hidden_size).to(x))[1][-1]


class ReaderOfOneState(Reader):
    def forward(self, x):
        return self.gru(x, torch.zeros(1, len(x), self.gru.hidden_size))[1][-1]


WRONG += [
    ("ends", "were they added up", lambda out, h_n: h_n[-2] + h_n[-1]),
    ("ends", "axis of their own", lambda out, h_n: torch.stack([h_n[-2], h_n[-1]], dim=1)),
    ("ends", "too much stands side by side", lambda out, h_n: torch.cat([out[:, -1], out[:, 0]], dim=-1)),
    ("ends", "too much stands side by side", lambda out, h_n: h_n.transpose(0, 1).flatten(1)),
    ("ends", "and the batch on axis 1", lambda out, h_n: torch.cat([h_n[:, -2], h_n[:, -1]], dim=-1)),
    ("ends", "one sequence with all its steps", lambda out, h_n: out[-1]),
    ("repair", "of which axis do you take the last", reading(lambda out, h_n: out[-1])),
    ("repair", "both layers stand side by side", reading(lambda out, h_n: torch.cat([h_n[0], h_n[1]], dim=1))),
    ("repair", "from what does the state start", ReaderFromChance),
    ("repair", "(num_layers, batch, hidden_size)", ReaderOfOneState),
    ("turn", "@ is the matrix product", lambda x, h, w, u, b, d: torch.tanh(x * w + b + h * u + d)),
    ("turn", "still the first axis", lambda x, h, w, u, b, d: torch.tanh(w @ x.T + b + u @ h.T + d)),
]
