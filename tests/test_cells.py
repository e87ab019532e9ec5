"""Hand-built equals built-in: outputs, final states and every gradient, in float64, to 1e-10."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from seqlab import GRUCell, LSTMCell, Recurrent, RNNCell
from seqlab.cells import BUILT_IN

TOLERANCE = 1e-10


def twins(kind, input_size=3, hidden_size=4, num_layers=1, **options):
    """A built-in layer and the hand-built one with the same weights, both in float64."""
    builtin = BUILT_IN[kind](input_size, hidden_size, num_layers, **{"batch_first": True, **options}).double()
    hand_built = Recurrent(kind, input_size, hidden_size, num_layers, **options).double().load_builtin(builtin)
    return hand_built, builtin


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def run_builtin(builtin, x, state, lengths):
    if lengths is None:
        return builtin(x, state)
    packed = pack_padded_sequence(x, lengths, builtin.batch_first, enforce_sorted=False)
    out, state = builtin(packed, state)
    seq_len = x.shape[1 if builtin.batch_first else 0]
    return pad_packed_sequence(out, builtin.batch_first, total_length=seq_len)[0], state


def assert_equal_twins(hand_built, builtin, x, lengths=None, with_state=False):
    batch = x.shape[0 if builtin.batch_first else 1]
    state = None
    if with_state:
        rows = builtin.num_layers * (2 if builtin.bidirectional else 1)
        state = [torch.randn(rows, batch, builtin.hidden_size, dtype=x.dtype) for _ in range(2)]
        state = tuple(state) if isinstance(builtin, nn.LSTM) else state[0]
    x1, x2 = x.clone().requires_grad_(), x.clone().requires_grad_()
    out1, state1 = hand_built(x1, state, lengths=lengths)
    out2, state2 = run_builtin(builtin, x2, state, lengths)
    assert out1.shape == out2.shape
    assert (out1 - out2).abs().max() <= TOLERANCE
    for mine, theirs in zip(parts(state1), parts(state2), strict=True):
        assert mine.shape == theirs.shape
        assert (mine - theirs).abs().max() <= TOLERANCE

    # A loss that weighs every output and every final state differently, so that no mix-up cancels out.
    for out, final in ((out1, state1), (out2, state2)):
        loss = sum((part * torch.linspace(-1, 2, part.numel(), dtype=part.dtype).view_as(part)).sum()
                   for part in (out, *parts(final)))
        loss.backward()
    assert (x1.grad - x2.grad).abs().max() <= TOLERANCE
    for mine, theirs in hand_built._weight_pairs(builtin):
        assert (mine.grad - theirs.grad).abs().max() <= TOLERANCE


GRID = list(itertools.product(["rnn", "gru", "lstm"], [1, 2, 3], [False, True], [True, False], [True, False],
                              [None, [5, 2, 3]]))


@pytest.mark.parametrize("cell", [RNNCell, GRUCell, LSTMCell])
def test_weights_start_anywhere_between_minus_and_plus_one_over_the_root_of_hidden_size(cell):
    torch.manual_seed(0)
    for parameter in cell(25, 25).parameters():
        assert -0.2 <= parameter.min() < -0.15 and 0.15 < parameter.max() <= 0.2


def test_loading_changes_this_layer_and_leaves_the_other_as_it_was():
    builtin = nn.LSTM(3, 4)
    before = [parameter.clone() for parameter in builtin.parameters()]
    layer = Recurrent("lstm", 3, 4).load_builtin(builtin)
    assert all(map(torch.equal, builtin.parameters(), before)) and len(before) == 4
    assert torch.equal(layer.cells[0].x2h.weight, before[0])


@pytest.mark.parametrize(("kind", "num_layers", "bidirectional", "bias", "batch_first", "lengths"), GRID)
def test_equal_to_the_built_in_layer(kind, num_layers, bidirectional, bias, batch_first, lengths):
    torch.manual_seed(0)
    hand_built, builtin = twins(kind, num_layers=num_layers, bidirectional=bidirectional, bias=bias,
                                batch_first=batch_first)
    x = torch.randn(*((3, 5) if batch_first else (5, 3)), 3, dtype=torch.float64)
    assert_equal_twins(hand_built, builtin, x, lengths, with_state=num_layers == 2)


@settings(max_examples=40, deadline=None)
@given(kind=st.sampled_from(["rnn", "gru", "lstm"]), batch=st.integers(1, 5), seq_len=st.integers(1, 7),
       input_size=st.integers(1, 6), hidden_size=st.integers(1, 6), num_layers=st.integers(1, 3),
       bidirectional=st.booleans(), with_state=st.booleans(), data=st.data())
def test_equal_at_any_size(kind, batch, seq_len, input_size, hidden_size, num_layers, bidirectional, with_state, data):
    lengths = data.draw(st.none() | st.lists(st.integers(1, seq_len), min_size=batch, max_size=batch))
    hand_built, builtin = twins(kind, input_size, hidden_size, num_layers, bidirectional=bidirectional)
    x = torch.randn(batch, seq_len, input_size, dtype=torch.float64)
    assert_equal_twins(hand_built, builtin, x, lengths, with_state)


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_equal_in_float32_as_far_as_float32_goes(kind):
    torch.manual_seed(0)
    builtin = BUILT_IN[kind](28, 64, 2, batch_first=True, bidirectional=True)
    hand_built = Recurrent(kind, 28, 64, 2, bidirectional=True).load_builtin(builtin)
    x = torch.randn(8, 28, 28)
    assert (hand_built(x)[0] - builtin(x)[0]).abs().max() <= 1e-5


@pytest.mark.parametrize(("cell", "builtin"), [(RNNCell, nn.RNNCell), (GRUCell, nn.GRUCell), (LSTMCell, nn.LSTMCell)])
@pytest.mark.parametrize("batch", [(), (5,)])
def test_one_step_equals_the_built_in_cell(cell, builtin, batch):
    mine, theirs = cell(3, 4).double(), builtin(3, 4).double()
    theirs.load_state_dict({"weight_ih": mine.x2h.weight, "weight_hh": mine.h2h.weight,
                            "bias_ih": mine.x2h.bias, "bias_hh": mine.h2h.bias})
    x, h, c = (torch.randn(*batch, size, dtype=torch.float64) for size in (3, 4, 4))
    state = (h, c) if cell is LSTMCell else h
    for a, b in zip(parts(mine(x, state)), parts(theirs(x, state)), strict=True):
        assert (a - b).abs().max() <= TOLERANCE


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_weights_go_there_and_back(kind):
    hand_built = Recurrent(kind, 3, 4, 2, bidirectional=True, dropout=0.3).double().eval()
    twin = hand_built.to_builtin()
    assert twin.dropout == 0.3 and not twin.training
    x = torch.randn(2, 5, 3, dtype=torch.float64)
    assert (hand_built(x)[0] - twin(x)[0]).abs().max() <= TOLERANCE


def test_dropout_acts_between_layers_and_only_in_training():
    torch.manual_seed(0)
    x = torch.randn(2, 5, 3)
    deep, shallow = Recurrent("lstm", 3, 4, 2, dropout=0.5), Recurrent("lstm", 3, 4, 1, dropout=0.5)
    unasked = Recurrent("lstm", 3, 4, 2)
    assert not torch.equal(deep(x)[0], deep(x)[0])
    assert torch.equal(shallow(x)[0], shallow(x)[0])
    assert torch.equal(unasked(x)[0], unasked.eval()(x)[0])
    deep.eval()
    assert torch.equal(deep(x)[0], deep(x)[0])


@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_vmap_runs_over_it(kind):
    layer = Recurrent(kind, 3, 4)
    x = torch.randn(6, 2, 5, 3)
    mapped = torch.func.vmap(lambda one: layer(one)[0])(x)
    assert torch.allclose(mapped, torch.stack([layer(one)[0] for one in x]), atol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(torch.__version__ < "2.5", reason="torch.compile of PyTorch 2.4 cannot trace range(...)[::-1]")
@pytest.mark.parametrize("kind", ["rnn", "gru", "lstm"])
def test_torch_compile_traces_it_whole(kind):
    layer = Recurrent(kind, 3, 4, 2, bidirectional=True)
    x = torch.randn(2, 3, 3)
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    assert torch.allclose(compiled(x)[0], layer(x)[0], atol=1e-6)


def test_a_cell_of_your_own_runs_in_the_loop():
    class Counter(nn.Module):
        def __init__(self, input_size, hidden_size, bias):
            super().__init__()

        def forward(self, x, h):
            return h + x

    out, h_n = Recurrent(Counter, 2, 2)(torch.ones(1, 4, 2))
    assert out[0, :, 0].tolist() == [1, 2, 3, 4] and h_n.tolist() == [[[4, 4]]]


X = torch.zeros(2, 5, 3)


@pytest.mark.parametrize(("words", "call"), [
    ("input_size should be a whole number", lambda: RNNCell(0, 4)),
    ("hidden_size should be a whole number", lambda: LSTMCell(3, 2.5)),
    ("num_layers should be a whole number", lambda: Recurrent("rnn", 3, 4, 0)),
    ("cell should be one of rnn, gru, lstm", lambda: Recurrent("lstms", 3, 4)),
    ("dropout should be between 0 and 1", lambda: Recurrent("rnn", 3, 4, dropout=2)),
    ("last axis of x is input_size and should be 3, got 5",
     lambda: RNNCell(3, 4)(torch.zeros(2, 5), torch.zeros(2, 4))),
    (r"h should be \(batch, hidden_size\) = \(2, 4\)", lambda: GRUCell(3, 4)(torch.zeros(2, 3), torch.zeros(1, 4))),
    (r"c should be \(batch, hidden_size\)",
     lambda: LSTMCell(3, 4)(torch.zeros(2, 3), (torch.zeros(2, 4), torch.zeros(2, 3)))),
    (r"state is a tuple \(h, c\), got Tensor", lambda: LSTMCell(3, 4)(torch.zeros(2, 3), torch.zeros(2, 4))),
    (r"x should have 3 axes \(batch, seq_len, input_size\), got \(2, 1, 28, 28\)",
     lambda: Recurrent("lstm", 28, 4)(torch.zeros(2, 1, 28, 28))),
    (r"x should have 3 axes \(seq_len, batch, input_size\)", lambda: Recurrent("lstm", 3, 4, batch_first=False)(X[0])),
    ("axis 2 of x is input_size and should be 7, got 3", lambda: Recurrent("rnn", 7, 4)(X)),
    ("at least one step", lambda: Recurrent("rnn", 3, 4)(torch.zeros(2, 0, 3))),
    (r"h_0 should be .* = \(1, 2, 4\), got \(2, 4\)", lambda: Recurrent("gru", 3, 4)(X, torch.zeros(2, 4))),
    (r"c_0 should be .* = \(1, 2, 4\)",
     lambda: Recurrent("lstm", 3, 4)(X, (torch.zeros(1, 2, 4), torch.zeros(1, 2, 3)))),
    (r"state is a tuple \(h, c\)", lambda: Recurrent("lstm", 3, 4)(X, torch.zeros(1, 2, 4))),
    ("lengths should hold one number for each of the 2 sequences", lambda: Recurrent("rnn", 3, 4)(X, lengths=[5])),
    ("lengths should be between 1 and seq_len = 5", lambda: Recurrent("rnn", 3, 4)(X, lengths=[5, 0])),
    ("lengths should be between 1 and seq_len = 5", lambda: Recurrent("rnn", 3, 4)(X, lengths=[6, 5])),
    ("num_layers differs: 1 here, 2 in the built-in", lambda: Recurrent("rnn", 3, 4).load_builtin(nn.RNN(3, 4, 2))),
    ("bias differs", lambda: Recurrent("rnn", 3, 4).load_builtin(nn.RNN(3, 4, bias=False))),
    ("no counterpart", lambda: Recurrent("lstm", 3, 4).load_builtin(nn.LSTM(3, 4, proj_size=2))),
    ("no counterpart", lambda: Recurrent("rnn", 3, 4).load_builtin(nn.RNN(3, 4, nonlinearity="relu"))),
])
def test_bad_input_gets_one_clear_sentence(words, call):
    with pytest.raises(ValueError, match=words):
        call()


def test_weights_of_another_kind_do_not_fit():
    with pytest.raises(TypeError, match="weights of GRU do not fit a layer of LSTMCell"):
        Recurrent("lstm", 3, 4).load_builtin(nn.GRU(3, 4))
    class Own(RNNCell):
        pass
    with pytest.raises(TypeError, match="have a built-in twin, not Own"):
        Recurrent(Own, 3, 4).to_builtin()
