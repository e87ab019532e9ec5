"""The chapter: the rule of shapes, the equal slices and the counts hold everywhere, and the messages are real."""

import ast
import itertools

import pytest
import torch
from torch import nn

import seqlab
from tools import course

from . import numbers, states_by_hand, verdicts

SHAPES = course.chapter("shapes")
KINDS = (nn.RNN, nn.GRU, nn.LSTM)
BATCH, STEPS, INPUTS, HIDDEN = 2, 5, 4, 6

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections")


@pytest.fixture(scope="module")
def chapter():
    return SHAPES.definitions()


@pytest.fixture(scope="module")
def ran():
    return SHAPES.play()


def test_one_step_is_a_bundle_of_weighted_sums(ran):
    shapes = ran("W_x, W_h = ").printed.splitlines()
    assert [numbers(line.partition(" ")[2]) for line in shapes] == [[6, 4], [6, 6], [6]]
    cell = ran("new = torch.tanh(W_x @ x_t")
    step = nn.RNNCell(4, 6)
    for mine, theirs in zip(step.parameters(), cell["layer"].parameters(), strict=True):
        mine.data = theirs.data
    new = step(cell["x_t"][None], cell["h"][None])[0]
    assert torch.allclose(cell["new"], new, atol=1e-6) and torch.allclose(torch.tanh(cell["total"]), new[0], atol=1e-6)
    assert [numbers(line) for line in cell.printed.splitlines()] == 2 * [[round(new[0].item(), 4)]]


def test_only_the_turned_matrix_keeps_a_row_for_each_sequence(ran):
    lines = ran("def product(a, b)").printed.splitlines()
    assert [line.partition("  ")[2].strip() or line.split(".T ")[1] for line in lines] == [
        "does not run", "(6, 2)", "does not run", "(2, 6)"]
    cell = ran("rows = x[:, 0]")
    assert torch.allclose(cell["rows"] @ cell["W_x"].T, torch.stack([cell["W_x"] @ row for row in cell["rows"]]))


def test_the_vector_update_is_the_layer(ran):
    cell = ran("state = next_state(x[:, t]")
    states = states_by_hand(cell["layer"].parameters(), cell["x"], torch.zeros(2, 6))
    assert torch.allclose(cell["state"], states[:, 4], atol=1e-6) and verdicts(cell.printed) == [True]
    assert torch.allclose(cell["out"], states, atol=1e-6)


def test_the_shape_lab_stands_as_published(ran):
    assert SHAPES.cell("torch.manual_seed(42)\nx = torch.randn(2, 5, 4)")
    cell = ran("rnn = nn.RNN(4, 6, batch_first=True)")
    assert cell.printed.splitlines() == ["out (2, 5, 6)", "h_n (1, 2, 6)", "last step equal: True"]
    states = states_by_hand(cell["rnn"].parameters(), cell["x"], torch.zeros(2, 6))
    assert torch.allclose(cell["out"], states, atol=1e-6)
    assert torch.allclose(cell["h_n"], states[None, :, 4], atol=1e-6)


def test_an_lstm_starts_from_zeros_and_shows_h(ran):
    cell = ran("from_zeros, _ = ")
    assert verdicts(cell.printed) == [True, True, False]
    step, state = nn.LSTMCell(4, 6), (torch.zeros(2, 6), torch.zeros(2, 6))
    for mine, theirs in zip(step.parameters(), cell["lstm"].parameters(), strict=True):
        mine.data = theirs.data
    for t in range(5):
        state = step(cell["x"][:, t], state)
        assert torch.allclose(cell["out"][:, t], state[0], atol=1e-6)
    assert torch.allclose(cell["h_n"][0], state[0], atol=1e-6) and torch.allclose(cell["c_n"][0], state[1], atol=1e-6)


def layer_of(net, suffix, x):
    """What one layer and direction of a GRU gives, as a layer of its own."""
    alone = nn.GRU(x.shape[-1], 6, batch_first=True)
    for mine in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
        getattr(alone, f"{mine}_l0").data = getattr(net, f"{mine}_{suffix}").data
    return alone(x)[0].detach()


def test_the_last_layer_is_shown(ran):
    cell = ran("two_layers = ")
    below = layer_of(cell["two_layers"], "l0", cell["x"])
    above = layer_of(cell["two_layers"], "l1", below)
    assert torch.allclose(cell["h_n"], torch.stack([below[:, 4], above[:, 4]]), atol=1e-6)
    assert torch.allclose(cell["out"], above, atol=1e-6) and verdicts(cell.printed) == [False, True]


def test_each_direction_ends_where_it_says(ran):
    """The backward half is a layer of its own on the turned sequence: at the last step it has read one step only."""
    cell = ran("both_ways = ")
    there = layer_of(cell["both_ways"], "l0", cell["x"])
    back = layer_of(cell["both_ways"], "l0_reverse", cell["x"].flip(1)).flip(1)
    assert torch.allclose(cell["out"], torch.cat([there, back], dim=2), atol=1e-6)
    assert torch.allclose(cell["h_n"], torch.stack([there[:, 4], back[:, 0]]), atol=1e-6)
    assert torch.allclose(cell["ends"], torch.cat([there[:, 4], back[:, 0]], dim=1), atol=1e-6)
    assert verdicts(cell.printed) == [False, False, True, True, False]
    cell = ran("new, _ = both_ways(changed)")
    assert (cell["changed"] != cell["x"]).any(dim=2).tolist() == 2 * [[True] + 4 * [False]], "the first step alone"
    assert verdicts(cell.printed) == [True, False]


def test_every_row_of_the_state_has_its_name(ran):
    cell = ran("deep = ")
    below = cell["x"]
    for layer in range(3):
        there = layer_of(cell["deep"], f"l{layer}", below)
        back = layer_of(cell["deep"], f"l{layer}_reverse", below.flip(1)).flip(1)
        assert torch.allclose(cell["rows"][layer], torch.stack([there[:, 4], back[:, 0]]), atol=1e-6)
        below = torch.cat([there, back], dim=2)
    assert verdicts(cell.printed) == [True, False]


def test_batch_first_forgotten_lets_one_sequence_into_the_other(ran):
    cell = ran("forgot = nn.RNN(4, 6)")
    as_time = states_by_hand(cell["forgot"].parameters(), cell["x"].transpose(0, 1), torch.zeros(5, 6))
    assert torch.allclose(cell["out"], as_time.transpose(0, 1), atol=1e-6)
    assert (cell["changed"] != cell["x"]).any(dim=2).tolist() == [5 * [True], 5 * [False]], "the first sequence alone"
    assert verdicts(cell.printed) == [True]


def test_the_guard_is_silent_where_batch_and_length_are_equal(ran):
    assert ran("for shape in ((2, 5, 4)").printed.splitlines() == [
        "(2, 5, 4)", "    axis 1 (batch) should be 2 but is 5", "(3, 5, 4)", "    axis 1 (batch) should be 3 but is 5",
        "(5, 5, 4)", "    no complaint"]


def test_a_sequence_in_two_parts_ends_in_the_same_state_with_one_direction_only(ran):
    cell = ran('for name, net in (("rnn", rnn)')
    assert verdicts(cell.printed) == [True, True, False]
    states, zero = states_by_hand(cell["rnn"].parameters(), cell["x"], torch.zeros(2, 6)), torch.zeros(1, 6)
    _, middle = cell["rnn"](cell["x"][:, :3])
    assert torch.allclose(middle[0], states[:, 2], atol=1e-6)
    back = layer_of(cell["both_ways"], "l0_reverse", cell["x"].flip(1))
    assert torch.allclose(cell["whole"][1], back[:, 4], atol=1e-6) and not torch.allclose(cell["end"][1], back[:, 4])
    assert ran("def zero_state").printed == "h_0 (2, 2, 6)\n" and zero.shape == (1, 6)


def test_the_parameters_that_are_listed(ran):
    lines = ran("layer.named_parameters()").printed.splitlines()
    for blocks, part in zip((1, 3, 4), (lines[:5], lines[5:10], lines[10:]), strict=True):
        rows = 6 * blocks
        assert [numbers(line.replace("l0", "")) for line in part] == [
            [rows * (4 + 6 + 2)], [rows, 4], [rows, 6], [rows], [rows]]


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


ROWS = {            # name in the two tables -> layers, directions, size that is shown, axes before the features of out
    "plain": (1, 1, 6, [2, 5]), "3 layers": (3, 1, 6, [2, 5]), "both ways": (1, 2, 6, [2, 5]),
    "3 + both": (3, 2, 6, [2, 5]), "proj_size": (1, 1, 3, [2, 5]), "  + both, proj_size": (1, 2, 3, [2, 5]),
    "unbatched": (1, 1, 6, [5]), "  + both, unbatched": (1, 2, 6, [5]), "turned": (1, 1, 6, [5, 2]),
}


def test_the_tables_show_what_the_rule_says(ran):
    above, found = "", {}
    for words in ("def row(name, layer, x)", 'row("proj_size"'):
        head, *lines = ran(words).printed.splitlines()
        assert head.split() == ["out", "h_n", "c_n"]
        for line in lines:
            name, cells = line[:10].rstrip(), (line[10:21], line[21:31], line[31:])
            name, above = (f"{name}, {above}", above) if name.startswith(" ") else (name, name)
            found[name] = [list(ast.literal_eval(shape.rstrip())) for shape in cells]
    assert list(found) == list(ROWS)
    for name, (layers, directions, shown, steps) in ROWS.items():
        batch = [2] * (len(steps) - 1)
        assert found[name] == [[*steps, directions * shown], [layers * directions, *batch, shown],
                               [layers * directions, *batch, 6]], name


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


def count(kind, inputs, hidden):
    """The chapter's rule, for one layer and one direction."""
    return {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}[kind] * hidden * (inputs + hidden + 2)


@pytest.mark.parametrize("inputs, hidden", [(1, 1), (4, 6), (28, 128)])
@pytest.mark.parametrize("kind", KINDS)
def test_the_rule_counts_right(kind, inputs, hidden):
    assert count(kind, inputs, hidden) == sum(p.numel() for p in kind(inputs, hidden).parameters())


def test_a_second_direction_doubles_the_parameters_and_a_second_layer_reads_both():
    for kind in KINDS:
        layer = kind(4, 6, 2, bidirectional=True)
        expected = 2 * count(kind, 4, 6) + 2 * count(kind, 2 * 6, 6)
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


def test_the_four_messages_stand_on_the_page_of_error_messages(ran):
    page = " ".join((course.BOOK / "appendix" / "error-messages.md").read_text("utf8").split())
    messages = [" ".join(one.printed.split()) for one in ran if "show_error(lambda" in one.cell.source]
    assert len(set(messages)) == 4
    assert [message for message in messages if f"```text {message} ```" not in page] == []


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
    seqlab.expect_shape(nn.GRU(4, 6)(torch.zeros(5, 5, 4))[1], "rows batch hidden", batch=5)        # its blind spot


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
