"""shape_table and expect_shape: what they say, on good input and on bad."""

import pytest
import torch
from torch import nn

from seqlab import expect_shape, shape_table

X = torch.zeros(2, 5, 4)


def printed(capsys, layer, x=X):
    shape_table(layer, x)
    return capsys.readouterr().out.splitlines()


def test_the_table_of_a_plain_layer(capsys):
    assert printed(capsys, nn.RNN(4, 6, batch_first=True)) == [
        "x    (2, 5, 4)      (batch, seq_len, input_size)",
        "out  (2, 5, 6)      (batch, seq_len, hidden_size)",
        "h_n  (1, 2, 6)      (num_layers, batch, hidden_size)"]


def test_the_table_of_an_lstm_with_everything(capsys):
    layer = nn.LSTM(4, 6, 3, bidirectional=True, proj_size=2)
    assert printed(capsys, layer, X.transpose(0, 1)) == [
        "x    (5, 2, 4)      (seq_len, batch, input_size)",
        "out  (5, 2, 4)      (seq_len, batch, 2 directions x proj_size)",
        "h_n  (6, 2, 2)      (2 directions x num_layers, batch, proj_size)",
        "c_n  (6, 2, 6)      (2 directions x num_layers, batch, hidden_size)"]


@pytest.mark.parametrize("batch_first", [True, False])
def test_the_table_of_one_sequence_has_no_batch(capsys, batch_first):
    assert printed(capsys, nn.GRU(4, 6, batch_first=batch_first), X[0]) == [
        "x    (5, 4)         (seq_len, input_size)",
        "out  (5, 6)         (seq_len, hidden_size)",
        "h_n  (1, 6)         (num_layers, hidden_size)"]


@pytest.mark.parametrize("layer, x, error, words", [
    (nn.Linear(4, 6), X, TypeError, "expected an nn.RNN, nn.GRU or nn.LSTM, got Linear"),
    (nn.GRU(4, 6), [1.0, 2.0], TypeError, "expected x to be a tensor, got list"),
    (nn.GRU(4, 6), torch.zeros(2, 1, 5, 4), ValueError, r"input_size=4, got \(2, 1, 5, 4\)"),
    (nn.GRU(4, 6), torch.zeros(2, 4, 5), ValueError, r"input_size=4, got \(2, 4, 5\)"),
])
def test_the_table_refuses_what_it_cannot_run(layer, x, error, words):
    with pytest.raises(error, match=words):
        shape_table(layer, x)


def test_a_shape_that_fits_comes_back_as_the_same_tensor():
    assert expect_shape(X, "batch time 4") is X
    assert expect_shape(X, "batch time features", batch=2, time=5, features=4) is X
    assert expect_shape(torch.zeros(3, 3), "n n") is not None
    assert expect_shape(torch.tensor(1.0), "") is not None


@pytest.mark.parametrize("shape, axes, sizes, words", [
    ((2, 5, 3), "batch time 4", {}, r"axis 2 \(4\) should be 4 but is 3: expected \(batch, time, 4\), got \(2, 5, 3\)"),
    ((3, 4), "n n", {}, r"axis 1 \(n\) should be 3 but is 4"),
    ((5, 2, 4), "batch time 4", {"batch": 2}, r"axis 0 \(batch\) should be 2 but is 5.*batch_first=True missing"),
    ((5, 4, 4), "batch time 4", {"batch": 4}, r"axis 0 \(batch\) should be 4 but is 5.*batch_first=True missing"),
    ((4, 4, 5), "batch time 6", {"batch": 4}, r"axis 2 \(6\) should be 6 but is 5: expected .*, got \(4, 4, 5\)\.$"),
    ((2, 4, 5), "batch time 4", {"time": 5}, r"axis 1 \(time\) should be 5 but is 4.*swapped: transpose\(1, 2\)"),
    ((1, 5, 6), "1 batch hidden", {"batch": 2}, r"axis 1 \(batch\) should be 2 but is 5"),
    ((2, 1, 28, 28), "batch time 28", {}, r"expected 3 axes .*got 4.*squeeze\(1\)"),
    ((1, 1, 28, 28), "batch time 28", {}, r"squeeze\(1\)"),
    ((28, 28), "batch time 28", {}, r"unsqueeze\(0\) adds a batch"),
    ((2, 5), "batch time 1", {}, r"unsqueeze\(-1\)"),
    ((2,), "batch time 28", {}, "Print the shape after each line"),
    ((2,), "batch", {"batch": 3}, r"axis 0 \(batch\) should be 3 but is 2: expected \(batch=3\), got \(2,\)\.$"),
])
def test_a_wrong_shape_is_told_which_axis(shape, axes, sizes, words):
    with pytest.raises(ValueError, match=words):
        expect_shape(torch.zeros(shape), axes, **sizes)


def test_a_size_for_an_axis_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="bach is no axis of 'batch time 4'"):
        expect_shape(X, "batch time 4", bach=2)


@pytest.mark.parametrize("value, words", [
    (nn.RNN(4, 6)(X), r"a tuple of 2; recurrent layers return \(out, state\)"),
    ([1, 2], "got list"),
    (None, "got NoneType"),
])
def test_what_is_no_tensor_is_named(value, words):
    with pytest.raises(TypeError, match=words):
        expect_shape(value, "batch time 4")
