"""A cell of your own in Recurrent: the protocol, with the LayerNorm cell of PyTorch's own benchmarks as its example."""

import itertools

import pytest
import torch
from torch import nn

from seqlab import LSTMCell, Recurrent, RNNCell, SequenceClassifier


class LayerNormLSTMCell(nn.Module):
    """An LSTM cell that normalises what the input brings, what the state brings, and the memory.

    As LayerNormLSTMCell in https://github.com/pytorch/pytorch/blob/main/benchmarks/fastrnns/custom_lstms.py
    (Ba et al., 2016, https://arxiv.org/abs/1607.06450). In two halves, so that Recurrent takes all inputs at once.
    """

    state_names = ("h", "c")

    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        self.x2h = nn.Linear(input_size, 4 * hidden_size, bias=False)       # the norms add the biases
        self.h2h = nn.Linear(hidden_size, 4 * hidden_size, bias=False)
        self.norm_x, self.norm_h = (nn.LayerNorm(4 * hidden_size, bias=bias) for _ in range(2))
        self.norm_c = nn.LayerNorm(hidden_size, bias=bias)

    def project(self, x):
        return self.norm_x(self.x2h(x))

    def step(self, from_x, state):
        h, c = state
        i, f, g, o = (from_x + self.norm_h(self.h2h(h))).chunk(4, dim=-1)
        c = self.norm_c(torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g))
        return torch.sigmoid(o) * torch.tanh(c), c

    def forward(self, x, state):
        return self.step(self.project(x), state)


class Whole(nn.Module):
    """The same cell, written in one piece."""

    state_names = ("h", "c")

    def __init__(self, input_size, hidden_size, bias=True):
        super().__init__()
        self.inner = LayerNormLSTMCell(input_size, hidden_size, bias)

    def forward(self, x, state):
        return self.inner(x, state)


def one_by_one(layer, x, state, lengths):
    """Each sequence alone, cell by cell, step by step: the last layer's outputs, and the final (h, c) of every row."""
    outs, finals = torch.zeros(len(x), x.shape[1], layer.directions * layer.hidden_size, dtype=x.dtype), []
    for b, length in enumerate(lengths):
        steps, ends = list(x[b, :length]), []
        for k in range(layer.num_layers):
            sides = []
            for direction in range(layer.directions):
                row = k * layer.directions + direction
                now, out = (state[0][row, b], state[1][row, b]), [None] * length
                for t in range(length)[::-1 if direction else 1]:
                    now = layer.cells[row](steps[t], now)
                    out[t] = now[0]
                sides.append(out)
                ends.append(torch.stack(now))
            steps = [torch.cat(parts) for parts in zip(*sides, strict=True)]
        outs[b, :length] = torch.stack(steps)
        finals.append(torch.stack(ends, dim=1))
    return outs, torch.stack(finals, dim=2)


OPTIONS = list(itertools.product([1, 2], [False, True], [True, False], [True, False], [[6, 6, 6], [6, 2, 4]]))


@pytest.mark.parametrize("cell", [LayerNormLSTMCell, Whole])
@pytest.mark.parametrize(("num_layers", "bidirectional", "bias", "batch_first", "lengths"), OPTIONS)
def test_the_layernorm_cell_runs_in_all_options(cell, num_layers, bidirectional, bias, batch_first, lengths):
    torch.manual_seed(0)
    layer = Recurrent(cell, 3, 4, num_layers, bias=bias, batch_first=batch_first, bidirectional=bidirectional).double()
    x, state = torch.randn(3, 6, 3).double(), tuple(torch.randn(2, len(layer.cells), 3, 4).double())
    out, final = layer(x if batch_first else x.transpose(0, 1), state, lengths=lengths)
    want, want_final = one_by_one(layer, x, state, lengths)
    results = []
    for o, f in ((out if batch_first else out.transpose(0, 1), torch.stack(final)), (want, want_final)):
        loss = (o * torch.linspace(-1, 1, o.numel()).view(o.shape)).sum() + (f * torch.arange(f.numel()).view(f.shape)
                                                                             / f.numel()).sum()
        results.append([o, f, *torch.autograd.grad(loss, list(layer.parameters()))])
    for mine, theirs in zip(*results, strict=True):
        assert (mine - theirs).abs().max() <= 1e-10


def test_its_dropout_and_its_classifier():
    torch.manual_seed(0)
    deep, x = Recurrent(LayerNormLSTMCell, 3, 4, 2, dropout=0.5), torch.randn(2, 5, 3)
    assert not torch.equal(deep(x)[0], deep(x)[0])
    assert torch.equal(deep.eval()(x)[0], deep(x)[0])
    model = SequenceClassifier(LayerNormLSTMCell, 3, 4, 2, pooling="mean", bidirectional=True)
    assert model(x, lengths=[5, 2]).shape == (2, 2)


@pytest.mark.parametrize(("cell", "projects", "calls"), [(LayerNormLSTMCell, 1, 0), (Whole, 5, 5)])
def test_a_cell_in_halves_sees_all_inputs_at_once_and_one_in_one_piece_step_by_step(monkeypatch, cell, projects, calls):
    counted = {"project": 0, "forward": 0}

    def counting(name, real):
        def count(self, *arguments):
            counted[name] += 1
            return real(self, *arguments)
        return count

    for name in counted:
        monkeypatch.setattr(LayerNormLSTMCell, name, counting(name, getattr(LayerNormLSTMCell, name)))
    Recurrent(cell, 3, 4)(torch.randn(2, 5, 3))
    assert counted == {"project": projects, "forward": calls}


# --- what a subclass of the package's cells writes anew is what counts --------------------------------------------

class LeakyForward(RNNCell):
    def forward(self, x, h):
        return 0.9 * h + 0.1 * torch.tanh(self.x2h(x) + self.h2h(h))


class LeakyStep(RNNCell):
    def step(self, from_x, h):
        return 0.9 * h + 0.1 * torch.tanh(from_x + self.h2h(h))


class LeakyBoth(LeakyStep):
    def step(self, from_x, h):
        raise AssertionError("forward is this cell's own, so it is what runs")

    def forward(self, x, h):
        return LeakyForward.forward(self, x, h)


class LeakyAgain(LeakyForward):
    """A subclass of a subclass."""


@pytest.mark.parametrize("cell", [LeakyForward, LeakyStep, LeakyBoth, LeakyAgain])
def test_a_subclass_runs_as_it_is_written(cell):
    torch.manual_seed(0)
    layer, x, h = Recurrent(cell, 3, 4), torch.randn(2, 5, 3), torch.zeros(2, 4)
    out, _ = layer(x)
    own = layer.cells[0]
    for t in range(5):
        h = 0.9 * h + 0.1 * torch.tanh(own.x2h(x[:, t]) + own.h2h(h))
        assert torch.allclose(out[:, t], h, atol=1e-6)


# --- states -------------------------------------------------------------------------------------------------------

def test_a_cell_may_carry_three_states():
    class WithClock(LSTMCell):
        state_names = ("h", "c", "steps")

        def forward(self, x, state):
            h, c, steps = state
            return (*self.step(self.x2h(x), (h, c)), steps + 1)

    layer = Recurrent(WithClock, 3, 4, 2, bidirectional=True)
    _, (h_n, c_n, steps) = layer(torch.randn(2, 5, 3), lengths=[5, 2])
    assert h_n.shape == c_n.shape == steps.shape == (4, 2, 4)
    assert steps[:, 0].unique().tolist() == [5] and steps[:, 1].unique().tolist() == [2]
    with pytest.raises(ValueError, match=r"the state is a tuple \(h, c, steps\), got tuple"):
        layer(torch.randn(2, 5, 3), (h_n, c_n))


def test_a_state_that_grows_under_way_is_an_error_and_nothing_of_it_is_cut_off():
    class Growing(LSTMCell):
        def forward(self, x, state):
            h, c = self.step(self.x2h(x), state[:2])
            return (h, c) if state[0].count_nonzero() == 0 else (h, c, c)

    with pytest.raises(ValueError, match="zip"):
        Recurrent(Growing, 3, 4)(torch.randn(2, 3, 3), lengths=[3, 2])


@pytest.mark.parametrize(("names", "answer", "words"), [
    (("h",), lambda h: (h, h), r"should return a Tensor .* \[\(2, 4\)\], got a tuple with \[\(2, 4\), \(2, 4\)\]"),
    (("h",), lambda h: h[:, :3], r"should return a Tensor .* \[\(2, 4\)\], got a Tensor with \[\(2, 3\)\]"),
    (("h", "c"), lambda h: h[0], r"should return a tuple .* got a Tensor with \[\(2, 4\)\]"),
])
def test_a_state_of_another_form_is_told_after_the_first_step(names, answer, words):
    class Own(nn.Module):
        state_names = names

        def __init__(self, input_size, hidden_size, bias):
            super().__init__()

        def forward(self, x, h):
            return answer(h)

    with pytest.raises(ValueError, match=rf"Own {words}.*state_names = "):
        Recurrent(Own, 3, 4)(torch.zeros(2, 5, 3))
