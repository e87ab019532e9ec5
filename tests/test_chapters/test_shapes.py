"""The chapter: the rule of shapes, the equal slices and the counts hold everywhere, and the messages are real."""

import itertools
import re

import pytest
import torch
from torch import nn

import seqlab
from tools import course

SHAPES = course.chapter("shapes")
stored = SHAPES.printed
KINDS = (nn.RNN, nn.GRU, nn.LSTM)
BATCH, STEPS, INPUTS, HIDDEN = 2, 5, 4, 6

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


@pytest.fixture(scope="module")
def chapter():
    return SHAPES.definitions()


def test_the_shape_lab_stands_as_published():
    assert SHAPES.cell("torch.manual_seed(42)\nx = torch.randn(2, 5, 4)")
    printed = stored("rnn = nn.RNN(4, 6, batch_first=True)")
    assert printed.splitlines() == ["out (2, 5, 6)", "h_n (1, 2, 6)", "last step equal: True"]


GRID = [(kind, *choice) for kind in KINDS for choice in itertools.product(
    (True, False), (1, 2, 3), (False, True), (0, 3) if kind is nn.LSTM else (0,), (True, False))]


def run(kind, batch_first, num_layers, bidirectional, proj_size, batched):
    options = {"proj_size": proj_size} if proj_size else {}
    layer = kind(INPUTS, HIDDEN, num_layers, batch_first=batch_first, bidirectional=bidirectional, **options)
    x = torch.randn((BATCH, STEPS, INPUTS) if batch_first else (STEPS, BATCH, INPUTS))
    out, state = layer(x if batched else torch.randn(STEPS, INPUTS))
    return out, *(state if isinstance(state, tuple) else (state,))


@pytest.mark.parametrize("choice", GRID, ids=lambda choice: f"{choice[0].__name__}-{choice[1:]}")
def test_the_rule_and_the_equal_slices_hold_for_every_combination(choice):
    kind, batch_first, num_layers, bidirectional, proj_size, batched = choice
    out, h_n, *c_n = run(*choice)
    directions, shown = 1 + bidirectional, proj_size or HIDDEN
    batch = (BATCH,) if batched else ()
    steps = (*batch, STEPS) if batch_first else (STEPS, *batch)
    assert out.shape == (*steps, directions * shown)
    assert h_n.shape == (directions * num_layers, *batch, shown)
    assert [tuple(c.shape) for c in c_n] == [(directions * num_layers, *batch, HIDDEN)] * (kind is nn.LSTM)

    time_axis = 1 if batch_first and batched else 0
    first, last = out.select(time_axis, 0), out.select(time_axis, -1)
    assert torch.allclose(last[..., :shown], h_n[-directions])
    if bidirectional:
        assert torch.allclose(first[..., shown:], h_n[-1])
        assert not torch.allclose(last, torch.cat([h_n[-2], h_n[-1]], dim=-1))
    if num_layers > 1:
        assert not torch.allclose(last[..., :shown], h_n[0])


def test_the_table_shows_what_the_rule_says():
    printed = stored("def shapes(kind").splitlines()
    assert len(printed) == 10
    assert printed[2].split("  ")[0] == "batch_first=False" and "(5, 2, 4)  (5, 2, 6)   (1, 2, 6)" in printed[2]
    assert re.search(r"3 layers, both ways +\(2, 5, 4\) +\(2, 5, 12\) +\(6, 2, 6\) +\(6, 2, 6\)", printed[5])
    assert re.search(r"proj_size=3 +\(2, 5, 4\) +\(2, 5, 3\) +\(1, 2, 3\) +\(1, 2, 6\)", printed[6])
    assert re.search(r"unbatched, both ways +\(5, 4\) +\(5, 12\) +\(2, 6\) +\(2, 6\)", printed[9])


@pytest.mark.parametrize("kind", KINDS)
def test_the_shown_shape_table_is_the_package_s_without_the_names(chapter, kind, capsys):
    for x, options in ((torch.zeros(2, 5, 4), {"num_layers": 2}), (torch.zeros(5, 4), {"bidirectional": True})):
        layer = kind(4, 6, batch_first=True, **options)
        chapter["shape_table"](layer, x)
        shown = capsys.readouterr().out.splitlines()
        seqlab.shape_table(layer, x)
        package = capsys.readouterr().out.splitlines()
        assert len(shown) == (4 if kind is nn.LSTM else 3)
        assert [line.split("  (batch")[0].split("  (seq")[0].split("  (num")[0].split("  (2 dir")[0].rstrip()
                for line in package] == shown


@pytest.mark.parametrize("shape, axes, sizes", [
    ((2, 5, 4), "batch seq_len 4", {"batch": 2}),
    ((3, 3), "n n", {}),
    ((2, 5, 4), "batch seq_len 3", {}),
    ((5, 2, 4), "batch seq_len 4", {"batch": 2}),
    ((1, 5, 6), "1 batch hidden_size", {"batch": 2}),
    ((3, 4), "n n", {}),
    ((2, 1, 28, 28), "batch seq_len 28", {}),
    ((28, 28), "batch seq_len 28", {}),
])
def test_the_shown_expect_shape_agrees_with_the_package_s(chapter, shape, axes, sizes):
    def result(function):
        try:
            return function(torch.zeros(shape), axes, **sizes).shape
        except ValueError as error:
            return str(error)

    shown, package = result(chapter["expect_shape"]), result(seqlab.expect_shape)
    if isinstance(shown, str):
        first = shown.split(":")[0]               # the package says the same and adds a hint
        assert isinstance(package, str)
        assert first.split(", got")[0] in package and str(tuple(shape)) in package
    else:
        assert package == shown


def test_expect_shape_returns_the_tensor_itself(chapter):
    x = torch.zeros(2, 5)
    assert chapter["expect_shape"](x, "batch seq_len") is x


@pytest.mark.parametrize("inputs, hidden", [(1, 1), (4, 6), (28, 128)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_count_is_right(chapter, kind, inputs, hidden):
    for proj in (0, hidden // 2) if kind is nn.LSTM and hidden > 1 else (0,):
        layer = kind(inputs, hidden, **({"proj_size": proj} if proj else {}))
        assert chapter["count"](kind, inputs, hidden, proj) == sum(p.numel() for p in layer.parameters())


def test_a_second_direction_doubles_the_parameters_and_a_second_layer_reads_both(chapter):
    for kind in KINDS:
        layer = kind(4, 6, 2, bidirectional=True)
        expected = 2 * chapter["count"](kind, 4, 6) + 2 * chapter["count"](kind, 2 * 6, 6)
        assert sum(p.numel() for p in layer.parameters()) == expected


def test_two_biases_act_as_one_except_in_the_gru(chapter):
    """Moving one bias into the other changes nothing in an RNN or LSTM, and something in a GRU."""
    x = torch.randn(2, 5, 4)
    for kind, same in ((nn.RNN, True), (nn.LSTM, True), (nn.GRU, False)):
        layer = kind(4, 6, batch_first=True)
        with torch.no_grad():
            before = layer(x)[0]
            layer.bias_ih_l0 += layer.bias_hh_l0
            layer.bias_hh_l0.zero_()
            assert torch.allclose(before, layer(x)[0], atol=1e-6) == same


def test_the_gallery_has_many_different_messages_and_each_is_asserted(chapter):
    calls = sum(cell.source.count("show_error(lambda") for cell in SHAPES.code)
    messages = re.findall(r"^(\w+(?:Error|Warning): .+)$", SHAPES.stored, re.MULTILINE)
    assert calls == len(messages) >= 20
    assert len(set(messages)) >= 19               # the two wrong devices differ in their second line


def test_show_error_notices_a_call_that_works_and_another_message(chapter):
    with pytest.raises(AssertionError, match="expected to fail"):
        chapter["show_error"](lambda: None, "", "")
    with pytest.raises(AssertionError, match="other words"):
        chapter["show_error"](lambda: exec("raise ValueError('other words')"), "these words", "")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_device_messages_are_the_same_on_a_gpu():
    rnn, x = nn.RNN(4, 6, batch_first=True), torch.zeros(2, 5, 4)
    with pytest.raises(RuntimeError, match="found input tensor at cuda:0 and parameter tensor at cpu"):
        rnn(x.cuda())
    with pytest.raises(RuntimeError, match="found input tensor at cuda:0 and hidden tensor at cpu"):
        rnn.cuda()(x.cuda(), torch.zeros(1, 2, 6))
    with pytest.raises(RuntimeError, match="should be a 1D CPU int64 tensor, but got 1D cuda:0"):
        nn.utils.rnn.pack_padded_sequence(x, torch.tensor([5, 3]).cuda(), batch_first=True)


def test_the_silent_mistakes_are_silent_and_wrong():
    x = torch.randn(2, 5, 4)
    layer = nn.GRU(4, 6, num_layers=2, batch_first=True)
    out, h_n = layer(x)
    assert torch.allclose(out[-1], layer(x[1:])[0][0])                 # every step of the last sequence
    assert h_n[0].shape == h_n[-1].shape and not torch.allclose(h_n[0], h_n[-1])
    with pytest.raises(ValueError, match=r"axis 1 \(batch\)"):        # batch_first forgotten, and the guard
        seqlab.expect_shape(nn.GRU(4, 6)(x)[1], "rows batch hidden", batch=len(x))


def test_the_quiz_s_answers():
    assert nn.LSTM(10, 20, num_layers=2, batch_first=True)(torch.zeros(32, 7, 10))[1][0].shape == (2, 32, 20)
    layer, x = nn.RNN(4, 6), torch.zeros(2, 5, 4)
    assert layer(x)[0][:, -1].shape == (2, 6)
    with pytest.raises(RuntimeError, match=r"Expected hidden size \(1, 5, 6\)"):
        layer(x, torch.zeros(1, 2, 6))
    out, (h_n, c_n) = nn.LSTM(4, 6, proj_size=3)(x)
    assert (out.shape[-1], h_n.shape[-1], c_n.shape[-1]) == (3, 3, 6)


def test_a_zero_state_is_the_default(chapter):
    x = torch.randn(3, 5, 4, dtype=torch.float64)
    layer = nn.GRU(4, 6, 2, batch_first=True, bidirectional=True).double()
    assert torch.equal(layer(x)[0], layer(x, chapter["zero_state"](layer, x))[0])
    assert chapter["zero_state"](layer, x.to("meta")).device.type == "meta"
