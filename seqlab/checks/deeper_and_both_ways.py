"""Checks of the exercises on deeper networks and those that read both ways, which need PyTorch."""

import warnings

import torch
from torch import nn

from . import call, exercises_of, expect_close, expect_gradients, expect_tensor, fail, tensor

exercise = exercises_of(__name__)

BATCH, STEPS, INPUT_SIZE, HIDDEN_SIZE = 4, 7, 3, 5       # all different, so that a swapped axis shows


def _states(*shape):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        return torch.randn(*shape)


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
@torch.no_grad()
def _turn(read_stacked):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        lower = nn.LSTM(INPUT_SIZE, HIDDEN_SIZE, batch_first=True)
        upper = nn.LSTM(HIDDEN_SIZE, HIDDEN_SIZE, batch_first=True)
    x = _states(BATCH, STEPS, INPUT_SIZE)
    below, (h_lower, c_lower) = lower(x)
    above, (h_upper, c_upper) = upper(below)
    answer = call(read_stacked, lower, upper, x.clone(), name="read_stacked", hints={
        "input.size(-1) must be equal": "The upper layer reads what the lower layer's out holds",
        "'tuple' object": "A layer returns a pair, out and its states; the upper one reads out alone"})
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        count = f"{len(answer)} things" if isinstance(answer, (tuple, list)) else type(answer).__name__
        fail(f"read_stacked should return two things, out and h_n, but it returned {count}")
    out, h_n = answer
    if isinstance(h_n, (tuple, list)):
        fail("the second thing should be one tensor: the h_n of both layers, one after the other")
    out = expect_tensor(out, (BATCH, STEPS, HIDDEN_SIZE), "out", "(batch, seq_len, hidden_size)", {
        (BATCH, STEPS, 2 * HIDDEN_SIZE): "These are both layers side by side; out holds the upper one alone"})
    h_n = expect_tensor(h_n, (2, BATCH, HIDDEN_SIZE), "h_n", "(num_layers, batch, hidden_size)", {
        (1, BATCH, HIDDEN_SIZE): "That is one layer; every layer has a row",
        (1, BATCH, 2 * HIDDEN_SIZE): "The layers stand side by side; every layer should have a row of its own",
        (2, 1, BATCH, HIDDEN_SIZE): "Each layer's h_n has an axis for layers already, so join them along it",
        (1, 2 * BATCH, HIDDEN_SIZE): "They stand one below the other in the batch; join them along the first axis",
        (BATCH, 2, HIDDEN_SIZE): "The first axis is the layers, the second the batch"})
    expect_close(out, above, "out", {
        "these are the lower layer's states; the upper one reads them": below,
        "the upper layer started from the lower layer's last state; every layer starts from zeros":
            upper(below, (h_lower, c_lower))[0]},
        "Give the lower layer's out, as it is, to the upper layer")
    expect_close(h_n, torch.cat([h_lower, h_upper]), "h_n", {
        "the upper layer comes first; begin with the lowest": torch.cat([h_upper, h_lower]),
        "these are the cell states, c_n": torch.cat([c_lower, c_upper]),
        "both rows are the same layer's": torch.cat([h_upper, h_upper])},
        "Put the lower layer's h_n first and the upper layer's below it")
    return "Two layers, one after the other."


# --- the practice -----------------------------------------------------------------------------------------------------

@exercise("rows")
def _rows(layer_states):
    for batch, layers, directions in ((4, 3, 2), (4, 1, 2), (4, 3, 1), (1, 2, 2)):
        h_n = _states(layers * directions, batch, HIDDEN_SIZE)
        for layer in (1, 0, 2)[:layers] if layers > 1 else (0,):
            ways = "both ways" if directions == 2 else "one way"
            name = f"what layer_states returns for layer {layer} of {layers}, {ways},"
            got = call(layer_states, h_n.clone(), layer, directions == 2, name="layer_states", hints={
                "out of bounds": "h_n has a row for each layer and direction. How many are there in all?",
                "out of range": "h_n has a row for each layer and direction. How many are there in all?"})
            _expect_rows(got, h_n, layer, directions, name)
    return "The rows of any layer, one way or both."


def _expect_rows(got, h_n, layer, directions, name):
    count, batch, size = h_n.shape
    own = h_n[directions * layer:directions * (layer + 1)]
    apart = "The directions still have an axis of their own: put the two rows side by side"
    got = expect_tensor(got, (batch, directions * size), name, "(batch, directions * hidden_size)", {
        (count, batch, size): "That is all of h_n; the rows of one layer are asked for",
        (batch, size): "That is as wide as one direction: of a layer that reads both ways two rows are asked for",
        (batch, 2 * size): "That is as wide as two directions, and a layer that reads one way has one row",
        (2, batch, size): apart,
        (batch, 2, size): apart,
        (1, batch, size): "A slice keeps the axis of the rows",
        (2 * batch, size): "The two rows are joined along the batch",
        (batch, count * size): "That is every row of h_n side by side; those of one layer are asked for",
        (directions * size,): "The batch axis is gone: what does squeeze() do with every axis of size 1?"})
    causes = {}
    if directions == 2:
        forward, backward = own
        causes = {
            "the backward row comes before the forward row": torch.cat([backward, forward], dim=1),
            "the numbers of a row are spread over both sequences and directions: reshape reads on along the batch, "
            "which comes before the units": own.reshape(batch, -1),
            "the numbers of the two directions alternate; all of the forward row come first":
                torch.stack([forward, backward], dim=2).flatten(1),
            "one of its two rows stands there twice": torch.cat([forward, forward], dim=1),
            "one of its two rows stands there twice, the backward one": torch.cat([backward, backward], dim=1)}
        if layer + 1 < count:
            causes["these are rows layer and layer + 1. How many rows does each layer below have?"] = torch.cat(
                [h_n[layer], h_n[layer + 1]], dim=1)
            causes["h_n does not begin with the forward rows of all layers: the two rows of a layer stand together"] = (
                torch.cat([h_n[layer], h_n[(count // 2 + layer) % count]], dim=1))
    for other in range(count // directions):
        causes[f"these are the rows of layer {other}. Layer 0 is the one that reads x, and its rows stand first"] = (
            torch.cat(list(h_n[directions * other:directions * (other + 1)]), dim=1))
    expect_close(got, torch.cat(list(own), dim=1), name, causes,
                 "Write beside each row of h_n which layer and which direction it belongs to")


@exercise("by-hand")
@torch.no_grad()
def _by_hand(read_both_ways):
    x = _states(BATCH, STEPS, INPUT_SIZE)
    for kind in (nn.RNN, nn.GRU, nn.LSTM):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(6)
            forward, backward = (kind(INPUT_SIZE, HIDDEN_SIZE, batch_first=True) for _ in range(2))
        of = f"of two nn.{kind.__name__}"
        answer = call(read_both_ways, forward, backward, x.clone(), name="read_both_ways", hints={
            "'tuple' object has no attribute": "A layer returns two things, and an LSTM a pair as the second"})
        if not isinstance(answer, (tuple, list)) or len(answer) != 2:
            count = f"{len(answer)} things" if isinstance(answer, (tuple, list)) else type(answer).__name__
            fail(f"read_both_ways should return two things, out and last, but it returned {count}")
        _expect_out(answer[0], forward, backward, x, f"out {of}")
        _expect_last(answer[1], forward, backward, x, f"last {of}")
    return "Two readers, one of them from the end."


def _expect_out(got, forward, backward, x, name):
    side_by_side = "The two readers should stand side by side, along the last axis"
    got = expect_tensor(got, (BATCH, STEPS, 2 * HIDDEN_SIZE), name, "(batch, seq_len, 2 * hidden_size)", {
        (BATCH, STEPS, HIDDEN_SIZE): side_by_side,
        (BATCH, 2 * STEPS, HIDDEN_SIZE): side_by_side,
        (2 * BATCH, STEPS, HIDDEN_SIZE): side_by_side,
        (2, BATCH, STEPS, HIDDEN_SIZE): side_by_side,
        (BATCH, 2 * HIDDEN_SIZE): "That is one step; the states of every step are asked for"})

    def both(ahead, back):
        return torch.cat([ahead, back], dim=2)

    ahead, turned, as_it_is = forward(x)[0], backward(x.flip(1))[0], backward(x)[0]
    expect_close(got, both(ahead, turned.flip(1)), name, {
        "the backward half has its states in the order in which it read. At step t of out should stand what it knows "
        "when it has come to step t": both(ahead, turned),
        "the backward reader reads x from the beginning, too": both(ahead, as_it_is),
        "the backward reader reads x from the beginning, and only its states are turned round":
            both(ahead, as_it_is.flip(1)),
        "the features are turned round, not the steps": both(ahead, backward(x.flip(2))[0]),
        "the forward half should come first": both(turned.flip(1), ahead),
        "it is `forward` that reads from the end, and `backward` from the beginning":
            both(as_it_is, forward(x.flip(1))[0].flip(1)),
        "`forward` has read both ways, and `backward` nothing": both(ahead, forward(x.flip(1))[0].flip(1)),
        "the forward half is turned round, too": both(ahead.flip(1), turned.flip(1))},
        "Compare each half by itself: out[:, :, :hidden_size] with what `forward` returns for x, and the last step of "
        "the other half with what `backward` makes of x[:, -1:] alone")


def _expect_last(got, forward, backward, x, name):
    (ahead, state), (turned, other) = forward(x), backward(x.flip(1))
    one_row = "its backward half has read one step only. Where does the backward reader end?"
    got = expect_tensor(got, (BATCH, 2 * HIDDEN_SIZE), name, "(batch, 2 * hidden_size)", {
        (BATCH, HIDDEN_SIZE): "That is as wide as one of the two readers",
        (2, BATCH, HIDDEN_SIZE): "The two readers should stand side by side, along the last axis",
        (2 * BATCH, HIDDEN_SIZE): "The two readers should stand side by side, along the last axis",
        (1, BATCH, 2 * HIDDEN_SIZE): "A state has an axis for the layers in front: take its row",
        (STEPS, 2 * HIDDEN_SIZE): "That is every step of the last sequence; the first axis is the batch",
        (BATCH, STEPS, 2 * HIDDEN_SIZE): "That is every step; the end of each reader is asked for"})

    def both(one, two):
        return torch.cat([one, two], dim=1)

    causes = {
        one_row: both(ahead[:, -1], turned[:, 0]),
        "its forward half has read one step only. Where does the forward reader end?": both(ahead[:, 0], turned[:, -1]),
        "both halves have read one step only": both(ahead[:, 0], turned[:, 0]),
        "the forward half should come first": both(turned[:, -1], ahead[:, -1]),
        "it is the mean over the steps": both(ahead.mean(dim=1), turned.mean(dim=1))}
    if isinstance(state, tuple):
        causes["it holds the cell states c_n; what an LSTM shows is h_n"] = both(state[1][-1], other[1][-1])
    expect_close(got, both(ahead[:, -1], turned[:, -1]), name, causes,
                 "Compare it with the last state that each of the two layers returns")


@exercise("bug")
def _bug(reader_class):
    for dropout in (0.5, 0.2):
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            warnings.simplefilter("ignore")         # of an nn.LSTM of one layer that is to drop something
            torch.manual_seed(8)
            reader = call(reader_class, INPUT_SIZE, 40, dropout, name="RowReader")
            x = torch.randn(50, STEPS, INPUT_SIZE)
            torch.manual_seed(9)
            _expect_reader(reader)
            _expect_to_evaluate(reader, x)
            _expect_to_drop(reader, x, dropout)
            reader.eval()
            _expect_to_evaluate(reader, x)
            expect_gradients(_answered(reader, x), reader.head(_ends(reader, x)), reader.parameters(),
                             "what RowReader returns", {})
    return "Dropped in training, and only there."


def _expect_reader(reader):
    """It has its `layer` and its `head` as they were given."""
    layer, head = getattr(reader, "layer", None), getattr(reader, "head", None)
    if not isinstance(reader, nn.Module) or not isinstance(layer, nn.LSTM) or not isinstance(head, nn.Linear):
        fail("RowReader should keep its `layer`, an nn.LSTM, and its `head`, an nn.Linear, under their names")
    if [(layer.input_size, layer.hidden_size, layer.num_layers, layer.bidirectional, layer.batch_first),
            (head.in_features, head.out_features)] != [(INPUT_SIZE, 40, 1, True, True), (80, 2)]:
        fail("`layer` and `head` should be as they were given: one layer that reads both ways, with batch_first=True, "
             "and a head from the two last states to two classes")
    reader.eval()


def _ends(reader, x):
    """The last states of both directions, side by side."""
    return torch.cat(list(reader.layer(x)[1][0]), dim=1)


def _answered(reader, x):
    return tensor(call(reader, x.clone(), name="RowReader"), "what RowReader returns")


def _expect_to_evaluate(reader, x):
    """In evaluation it gives the same answer twice, and it is the head's answer to both last states."""
    got, again, ends = _answered(reader, x), _answered(reader, x), _ends(reader, x)
    expect_tensor(got, (len(x), 2), "what RowReader returns", "(batch, 2)")
    if not torch.allclose(got, again, atol=1e-6):
        fail("after eval() the same x still gets another answer the second time: something is drawn anew at each call. "
             "Which parts of a module hear of eval(), and is what draws among them?")
    size = reader.layer.hidden_size
    out = reader.layer(x)[0]
    expect_close(got, reader.head(ends), "what RowReader answers after eval()", {
        "the two last states stand in the other order than in h_n": reader.head(ends.roll(size, 1)),
        "it is asked from out[:, -1], whose backward half has read one step only": reader.head(out[:, -1])},
        "It is the same at every call, but it should be what the head says to the two last states with nothing dropped "
        "and nothing scaled")


def _expect_to_drop(reader, x, dropout):
    """In training the head sees each number of the last states dropped by a draw of its own, and the rest scaled."""
    still, heard = _answered(reader, x), []
    reader.train()
    hook = reader.head.register_forward_pre_hook(lambda module, given: heard.append(given[0].detach()))
    got, again = _answered(reader, x), _answered(reader, x)
    hook.remove()
    if torch.allclose(got, still, atol=1e-6):
        fail("after train() nothing is dropped any more. The bug should go, and the dropout should stay")
    if torch.allclose(got, again, atol=1e-6):
        fail("after train() the same numbers are dropped at every call. They should be drawn anew each time")
    if not heard:
        fail("RowReader should give the states to its `head` by calling it")
    ends, seen = _ends(reader, x).detach(), heard[0]
    dropped = seen == 0
    if seen.shape != ends.shape or not dropped.any():
        fail("after train() the head does not get the two last states with some of their numbers at 0. Where is "
             "something dropped, and where was it?")
    if torch.allclose(seen, ends * ~dropped, atol=1e-6):
        fail("after train() the numbers that are kept are as large as before. They should be scaled by 1 / (1 - "
             "dropout), so that the head gets as much as in evaluation")
    if not torch.allclose(seen, ends * ~dropped / (1 - dropout), atol=1e-5):
        fail("after train() the numbers that are kept are not the two last states, scaled by 1 / (1 - dropout)")
    share = dropped.float().mean().item()
    if abs(share - dropout) > 0.06:
        fail(f"with a dropout of {dropout} it drops {share:.0%} of the numbers")
    if any(bool((dropped.all(axis) | ~dropped.any(axis)).all()) for axis in (0, 1)):
        fail("whole rows or whole columns are dropped together. Each number should have a draw of its own")
