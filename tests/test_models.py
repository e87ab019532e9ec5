"""SequenceClassifier: every kind, pooling and direction, with and without lengths; what it says about bad input."""

import itertools

import pytest
import torch
from torch import nn

from seqlab import GRUCell, LSTMCell, Recurrent, RNNCell, SequenceClassifier

TWINS = {"rnn": RNNCell, "gru": GRUCell, "lstm": LSTMCell}
LENGTHS = [5, 2, 7]
BATCH, STEPS, FEATURES, HIDDEN, CLASSES = 3, 7, 4, 6, 5
OPTIONS = list(itertools.product(("last", "mean", "concat"), (False, True), (1, 2)))


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def build(kind, pooling="last", bidirectional=False, num_layers=1, **options):
    return SequenceClassifier(kind, FEATURES, HIDDEN, CLASSES, num_layers, pooling=pooling, bidirectional=bidirectional,
                              seq_len=STEPS if pooling == "concat" else None, **options).double()


def batch():
    return torch.randn(BATCH, STEPS, FEATURES, dtype=torch.float64)


@pytest.mark.parametrize("lengths", [None, LENGTHS, torch.tensor(LENGTHS)], ids=["full", "list", "tensor"])
@pytest.mark.parametrize(("pooling", "bidirectional", "num_layers"), OPTIONS)
@pytest.mark.parametrize("kind", TWINS)
def test_hand_built_equals_built_in(kind, pooling, bidirectional, num_layers, lengths):
    built_in, by_hand = (build(k, pooling, bidirectional, num_layers) for k in (kind, TWINS[kind]))
    by_hand.layer.load_builtin(built_in.layer)
    by_hand.head.load_state_dict(built_in.head.state_dict())
    x = batch()
    theirs, ours = built_in(x, lengths), by_hand(x, lengths)
    assert theirs.shape == ours.shape == (BATCH, CLASSES)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-10)

    weights = torch.randn_like(theirs)
    (theirs * weights).sum().backward()
    (ours * weights).sum().backward()
    for mine, other in by_hand.layer._weight_pairs(built_in.layer):
        assert torch.allclose(mine.grad, other.grad, rtol=0, atol=1e-10)
    assert torch.allclose(by_hand.head.weight.grad, built_in.head.weight.grad, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", [*TWINS, *TWINS.values()], ids=str)
@pytest.mark.parametrize(("pooling", "bidirectional", "num_layers"), OPTIONS)
def test_padding_does_not_count(kind, pooling, bidirectional, num_layers):
    """What stands past a sequence's length changes nothing; and a padded sequence is answered like a bare one."""
    model, x = build(kind, pooling, bidirectional, num_layers), batch()
    padded, other = x.clone(), x.clone()
    for row, length in enumerate(LENGTHS):
        other[row, length:] = 1e3
    assert torch.allclose(model(padded, LENGTHS), model(other, LENGTHS), rtol=0, atol=1e-10)
    if pooling != "concat":
        for row, length in enumerate(LENGTHS):
            assert torch.allclose(model(x, LENGTHS)[row], model(x[row:row + 1, :length])[0], rtol=0, atol=1e-10)


@pytest.mark.parametrize("kind", TWINS)
def test_last_is_the_end_of_each_direction_of_the_last_layer(kind):
    model, x = build(kind, "last", bidirectional=True, num_layers=2), batch()
    out, _ = model.layer(x)
    ends = torch.cat((out[:, -1, :HIDDEN], out[:, 0, HIDDEN:]), dim=1)
    assert torch.allclose(model(x), model.head(ends))
    one_way = build(kind)
    assert torch.allclose(one_way(x), one_way.head(one_way.layer(x)[0][:, -1, :]))


@pytest.mark.parametrize("kind", TWINS)
def test_mean_and_concat_are_what_they_say(kind):
    x = batch()
    mean, concat = build(kind, "mean", bidirectional=True), build(kind, "concat", bidirectional=True)
    assert torch.allclose(mean(x), mean.head(mean.layer(x)[0].mean(dim=1)))
    assert concat.head.in_features == STEPS * 2 * HIDDEN
    assert torch.allclose(concat(x), concat.head(concat.layer(x)[0].reshape(BATCH, -1)))


@pytest.mark.parametrize("pooling", ["last", "mean", "concat"])
@pytest.mark.parametrize("kind", ["lstm", LSTMCell], ids=str)
def test_every_sequence_is_answered_alone(kind, pooling):
    """No mixing along the batch, and the order of the steps counts."""
    model, x = build(kind, pooling), batch()
    together = model(x)
    for row in range(BATCH):
        assert torch.allclose(model(x[row:row + 1])[0], together[row], rtol=0, atol=1e-12)
    assert not torch.allclose(model(x.flip(1)), together, atol=1e-3)


def test_logits_are_not_probabilities():
    model = build("rnn")
    with torch.no_grad():
        model.head.bias.add_(10)
    assert (model(batch()) > 1).all()


def test_dropout_acts_between_layers_only(recwarn):
    x = batch()
    one, two = build("lstm", dropout=0.5), build("lstm", num_layers=2, dropout=0.5)
    assert not recwarn.list, "PyTorch warns of dropout with one layer: it does nothing there"
    assert torch.equal(one(x), one(x))
    assert not torch.equal(two(x), two(x))
    unasked = build("lstm", num_layers=2)
    assert torch.equal(unasked(x), unasked.eval()(x)), "none unless it is asked for"
    two.eval()
    assert torch.equal(two(x), two(x))
    by_hand = build(LSTMCell, num_layers=2, dropout=0.5)
    assert not torch.equal(by_hand(x), by_hand(x))


def test_a_cell_of_ones_own_works():
    class Leaky(RNNCell):
        def forward(self, x, h):
            return 0.9 * h + 0.1 * torch.tanh(self.x2h(x) + self.h2h(h))

    model = build(Leaky, "mean", bidirectional=True)
    assert isinstance(model.layer, Recurrent)
    assert model(batch(), LENGTHS).shape == (BATCH, CLASSES)


@pytest.mark.parametrize("kind", ["rnn", RNNCell], ids=str)
@pytest.mark.parametrize(("x", "lengths", "words"), [
    (torch.zeros(3, 7), None, r"x should be \(batch, seq_len, input_size=4\), got \(3, 7\)"),
    (torch.zeros(3, 1, 7, 4), None, r"got \(3, 1, 7, 4\)"),
    (torch.zeros(3, 4, 7), None, r"got \(3, 4, 7\)"),
    (torch.zeros(3, 7, 4), [7, 7], "one whole number for each of the 3 sequences"),
    (torch.zeros(3, 7, 4), [[7], [7], [7]], "one whole number for each of the 3 sequences"),
    (torch.zeros(3, 7, 4), [7.0, 6.0, 5.0], "whole number"),
    (torch.zeros(3, 7, 4), [7, 0, 3], r"between 1 and seq_len = 7, got \[7, 0, 3\]"),
    (torch.zeros(3, 7, 4), [8, 1, 3], "between 1 and seq_len = 7"),
])
def test_bad_input_is_named(kind, x, lengths, words):
    model = SequenceClassifier(kind, FEATURES, HIDDEN, CLASSES)
    with pytest.raises(ValueError, match=words):
        model(x, lengths)


@pytest.mark.parametrize("kind", ["rnn", RNNCell], ids=str)
def test_concat_keeps_to_its_number_of_steps(kind):
    model = SequenceClassifier(kind, FEATURES, HIDDEN, CLASSES, pooling="concat", seq_len=STEPS)
    with pytest.raises(ValueError, match="built for 7 steps, got 8"):
        model(torch.zeros(2, 8, FEATURES))


@pytest.mark.parametrize(("arguments", "options", "words"), [
    (("lstn", 4, 6, 5), {}, r"kind should be one of .* or a cell class such as LSTMCell, got 'lstn'"),
    ((nn.LSTM, 4, 6, 5), {}, "kind should be one of .* got .*LSTM"),
    ((LSTMCell(4, 6), 4, 6, 5), {}, "kind should be one of"),
    ((None, 4, 6, 5), {}, "kind should be one of"),
    (("rnn", 0, 6, 5), {}, "input_size should be a whole number of at least 1, got 0"),
    (("rnn", 4, 6.5, 5), {}, "hidden_size should be a whole number"),
    (("rnn", 4, 6, 0), {}, "num_classes should be a whole number"),
    (("rnn", 4, 6, 5, 0), {}, "num_layers should be a whole number"),
    (("rnn", 4, 6, 5), {"dropout": 1.5}, "dropout should be between 0 and 1"),
    (("rnn", 4, 6, 5), {"pooling": "max"}, "pooling should be one of last, mean, concat, got 'max'"),
    (("rnn", 4, 6, 5), {"pooling": "concat"}, "needs seq_len, the fixed number of steps"),
    (("rnn", 4, 6, 5), {"pooling": "concat", "seq_len": -1}, "seq_len should be a whole number"),
])
def test_bad_settings_are_named(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        SequenceClassifier(*arguments, **options)
