"""Right and wrong answers to the exercises of this chapter that need NumPy or PyTorch (see tests/test_checks.py)."""

import torch
from forms import in_lists, in_numpy
from torch import nn
from torch.nn import functional as F


def read_stacked(lower, upper, x):
    below, (h_lower, _) = lower(x)
    above, (h_upper, _) = upper(below)
    return above, torch.cat([h_lower, h_upper])


def stacked_as_a_list(lower, upper, x):
    below = lower(x)
    above = upper(below[0])
    return [above[0], torch.stack([below[1][0][0], above[1][0][0]])]


def stacked_by_out(lower, upper, x):
    below, _ = lower(x)
    above, _ = upper(below)
    return above, torch.stack([below[:, -1], above[:, -1]])


def stacked_in_a_loop(lower, upper, x):
    states = []
    for layer in (lower, upper):
        x, (h_n, _) = layer(x)
        states.append(h_n)
    return x, torch.cat(states, dim=0)


def stacked_digit_by_digit(lower, upper, x):
    outs, states = zip(*(read_stacked(lower, upper, digit[None]) for digit in x), strict=True)
    return torch.cat(outs), torch.cat(states, dim=1)


def stacked_step_by_step(lower, upper, x):
    below = above = None
    out = []
    for step in x.split(1, dim=1):
        state, below = lower(step, below)
        state, above = upper(state, above)
        out.append(state)
    return torch.cat(out, dim=1), torch.cat([below[0], above[0]])


def with_states(states):
    """The right `out`, and other states."""
    def read(lower, upper, x):
        below, (h_lower, c_lower) = lower(x)
        above, (h_upper, c_upper) = upper(below)
        return above, states(h_lower, h_upper, c_lower, c_upper)
    return read


def with_upper(out):
    """The right states, and another `out`."""
    return lambda lower, upper, x: (out(lower, upper, x), read_stacked(lower, upper, x)[1])


def the_upper_goes_on_from_the_lower(lower, upper, x):
    below, state = lower(x)
    above, _ = upper(below, state)
    return above, read_stacked(lower, upper, x)[1]


def layer_states(h_n, layer, bidirectional):
    directions = 2 if bidirectional else 1
    return torch.cat([h_n[directions * layer + k] for k in range(directions)], dim=-1)


def rows_by_view(h_n, layer, bidirectional):
    directions = 1 + bidirectional
    by_layer = h_n.view(-1, directions, *h_n.shape[1:])
    return by_layer[layer].transpose(0, 1).flatten(1)


def rows_by_slice(h_n, layer, bidirectional):
    if not bidirectional:
        return h_n[layer]
    return torch.hstack(tuple(h_n[2 * layer:2 * layer + 2]))


def rows_by_chunks(h_n, layer, bidirectional):
    pairs = h_n.split(2 if bidirectional else 1)
    return torch.cat(list(pairs[layer]), dim=1)


def rows_by_strides(h_n, layer, bidirectional):
    if bidirectional:
        return torch.cat([h_n[::2][layer], h_n[1::2][layer]], dim=1)
    return h_n[layer, :, :]


def rows_sequence_by_sequence(h_n, layer, bidirectional):
    first = layer * (1 + bidirectional)
    return torch.stack([h_n[first:first + 1 + bidirectional, k].reshape(-1) for k in range(h_n.shape[1])])


def two_rows(pick):
    """The rows that `pick` names of a layer that reads both ways; one way it is right."""
    return lambda h_n, layer, both: torch.cat([h_n[k] for k in pick(layer, len(h_n))], 1) if both else h_n[layer]


def of_the_pair(join):
    """What `join` makes of the two rows of a layer that reads both ways; one way it is right."""
    return lambda h_n, layer, both: join(h_n[2 * layer:2 * layer + 2]) if both else h_n[layer]


def first_and_last_row(h_n, layer, bidirectional):
    directions = 1 + bidirectional
    return torch.cat([h_n[directions * layer], h_n[directions * layer + directions - 1]], dim=1)


def read_both_ways(forward, backward, x):
    ahead, _ = forward(x)
    back = backward(x.flip(1))[0].flip(1)
    return torch.cat([ahead, back], dim=-1), torch.cat([ahead[:, -1], back[:, 0]], dim=-1)


def shown(state):
    return state[0][-1] if isinstance(state, tuple) else state[-1]


def both_by_their_states(forward, backward, x):
    ahead, state = forward(x)
    back, other = backward(torch.flip(x, dims=[1]))
    return [torch.cat((ahead, back.flip([1])), 2), torch.hstack([shown(state), shown(other)])]


def both_by_index(forward, backward, x):
    order = torch.arange(x.shape[1] - 1, -1, -1)
    ahead, back = forward(x)[0], backward(x[:, order])[0][:, order]
    out = torch.cat([ahead, back], dim=2)
    size = out.shape[2] // 2
    return out, torch.cat([out[:, -1, :size], out[:, 0, size:]], dim=1)


def both_step_by_step(forward, backward, x):
    halves = []
    for layer, steps in ((forward, range(x.shape[1])), (backward, reversed(range(x.shape[1])))):
        state, seen = None, {}
        for t in steps:
            seen[t], state = layer(x[:, t:t + 1], state)
        halves.append((torch.cat([seen[t] for t in range(x.shape[1])], dim=1), seen[t].squeeze(1)))
    (ahead, one), (back, other) = halves
    return torch.cat([ahead, back], dim=2), torch.cat([one, other], dim=1)


def both_by_a_layer_of_both(forward, backward, x):
    layer = type(forward)(forward.input_size, forward.hidden_size, batch_first=True, bidirectional=True)
    layer.load_state_dict(forward.state_dict() | {f"{name}_reverse": weight for name, weight
                                                  in backward.state_dict().items()})
    out, state = layer(x)
    h_n = state[0] if isinstance(state, tuple) else state
    return out, h_n.transpose(0, 1).flatten(1)


def both_by_fliplr(forward, backward, x):
    ahead, back = forward(x)[0], torch.fliplr(backward(torch.fliplr(x))[0])
    out = ahead.new_empty(*ahead.shape[:2], 2 * ahead.shape[2])
    out[..., :ahead.shape[2]], out[..., ahead.shape[2]:] = ahead, back
    return out, torch.cat([ahead.select(1, -1), back.select(1, 0)], dim=1)


def with_out(make):
    """Both ways, with another `out`: `make` gets the two readers as functions, and x."""
    return lambda forward, backward, x: (make(lambda one: forward(one)[0], lambda one: backward(one)[0], x),
                                         read_both_ways(forward, backward, x)[1])


def with_ends(make):
    """Both ways, with another `last`: `make` gets what both readers return, the backward one as it read."""
    def answer(forward, backward, x):
        return read_both_ways(forward, backward, x)[0], make(*forward(x), *backward(x.flip(1)))
    return answer


def both_side_by_side(*parts):
    return torch.cat(parts, dim=-1)


def cell_or_end(ahead, state, back, other):
    if not isinstance(state, tuple):
        return both_side_by_side(ahead[:, -1], back[:, -1])
    return both_side_by_side(state[1][0], other[1][0])


def as_it_comes(ahead, state, back, other):
    return both_side_by_side(state.squeeze(0), other.squeeze(0))


class Reader(nn.Module):
    """What all answers to the bug have in common: `dropped` is the way from the last states to the head."""

    def __init__(self, input_size, hidden_size, dropout):
        super().__init__()
        self.dropout = dropout
        self.layer = nn.LSTM(input_size, hidden_size, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * hidden_size, 2)
        self.more()

    def more(self):
        """What else it has."""

    def seen(self, x):
        _, (h_n, _) = self.layer(x)
        return torch.cat([h_n[0], h_n[1]], dim=-1)

    def dropped(self, seen):
        raise NotImplementedError

    def forward(self, x):
        return self.head(self.dropped(self.seen(x)))


class AsGiven(Reader):
    def dropped(self, seen):
        return F.dropout(seen, self.dropout)


class Told(Reader):
    def dropped(self, seen):
        return F.dropout(seen, self.dropout, self.training)


class AModule(Reader):
    def more(self):
        self.drop = nn.Dropout(self.dropout)

    def dropped(self, seen):
        return self.drop(seen)


class OnlyInTraining(AsGiven):
    def dropped(self, seen):
        return super().dropped(seen) if self.training else seen


class ByHand(Reader):
    def dropped(self, seen):
        if not self.training:
            return seen
        return seen * (torch.rand_like(seen) >= self.dropout) / (1 - self.dropout)


class ByDraws(Reader):
    def dropped(self, seen):
        kept = 1 - self.dropout if self.training else 1.0
        return seen * torch.bernoulli(torch.full_like(seen, kept)) / kept


class NoChance(Reader):
    def dropped(self, seen):
        return F.dropout(seen, p=self.dropout if self.training else 0.0)


class FromOut(Told):
    def seen(self, x):
        out, size = self.layer(x)[0], self.layer.hidden_size
        return torch.cat([out[:, -1, :size], out[:, 0, size:]], dim=1)


class EachDirection(Reader):
    def forward(self, x):
        h_n = torch.dropout(self.layer(x)[1][0], self.dropout, self.training)
        return self.head(h_n.transpose(0, 1).flatten(1))


class MadeInForward(Reader):
    def dropped(self, seen):
        return nn.Dropout(self.dropout)(seen)


class AskedTooEarly(Reader):
    def more(self):
        self.drops = self.training

    def dropped(self, seen):
        return F.dropout(seen, self.dropout, self.drops)


class OnlyInEvaluation(Reader):
    def dropped(self, seen):
        return F.dropout(seen, self.dropout, not self.training)


class Seeded(Reader):
    def dropped(self, seen):
        torch.manual_seed(0)
        return F.dropout(seen, self.dropout)


class SeededInTraining(Seeded):
    def dropped(self, seen):
        return super().dropped(seen) if self.training else seen


class Without(Reader):
    def dropped(self, seen):
        return seen


class InTheLayer(Without):
    def more(self):
        sizes = self.layer.input_size, self.layer.hidden_size
        self.layer = nn.LSTM(*sizes, batch_first=True, bidirectional=True, dropout=self.dropout)


class OfTheInput(Without):
    def seen(self, x):
        return super().seen(F.dropout(x, self.dropout, self.training))


class OfTheAnswer(Without):
    def forward(self, x):
        return F.dropout(super().forward(x), self.dropout, self.training)


class ScaledInEvaluation(Reader):
    def dropped(self, seen):
        if not self.training:
            return seen * (1 - self.dropout)
        return seen * (torch.rand_like(seen) >= self.dropout)


class NotScaled(Reader):
    def dropped(self, seen):
        return seen * (torch.rand_like(seen) >= self.dropout) if self.training else seen


class ScaledTwice(Told):
    def dropped(self, seen):
        return super().dropped(seen) / (1 - self.dropout if self.training else 1)


class KeptForDropped(Reader):
    def dropped(self, seen):
        return F.dropout(seen, 1 - self.dropout, self.training) * (
            self.dropout / (1 - self.dropout) if self.training else 1)


class HalfOfThem(Told):
    def more(self):
        self.dropout = 0.5


class SameForAll(Reader):
    def dropped(self, seen):
        return seen * F.dropout(torch.ones_like(seen[:1]), self.dropout, self.training)


class WholeSequences(Reader):
    def dropped(self, seen):
        return seen * F.dropout(torch.ones_like(seen[:, :1]), self.dropout, self.training)


class OutAtTheEnd(Told):
    def seen(self, x):
        return self.layer(x)[0][:, -1]


class Exchanged(Told):
    def seen(self, x):
        return super().seen(x).roll(self.layer.hidden_size, 1)


class MeanOfAll(Told):
    def seen(self, x):
        return self.layer(x)[0].mean(dim=1)


class Narrow(Told):
    def more(self):
        self.head = nn.Linear(2 * self.layer.hidden_size, 1)


class HeadByItsWeights(Told):
    def forward(self, x):
        return F.linear(self.dropped(self.seen(x)), self.head.weight, self.head.bias)


class CutOff(Told):
    def forward(self, x):
        return super().forward(x).detach()


class OneColumn(Told):
    def forward(self, x):
        return super().forward(x)[:, :1]


RIGHT = [
    ("turn", read_stacked),
    ("turn", stacked_as_a_list),
    ("turn", stacked_by_out),
    ("turn", stacked_in_a_loop),
    ("turn", stacked_digit_by_digit),
    ("turn", stacked_step_by_step),
    ("rows", layer_states),
    ("rows", rows_by_view),
    ("rows", rows_by_slice),
    ("rows", rows_by_chunks),
    ("rows", rows_by_strides),
    ("rows", rows_sequence_by_sequence),
    ("rows", in_numpy(layer_states)),
    ("rows", in_lists(layer_states)),
    ("by-hand", read_both_ways),
    ("by-hand", both_by_their_states),
    ("by-hand", both_by_index),
    ("by-hand", both_step_by_step),
    ("by-hand", both_by_a_layer_of_both),
    ("by-hand", both_by_fliplr),
    ("by-hand", in_numpy(read_both_ways)),
    ("by-hand", in_lists(read_both_ways)),
    ("bug", Told),
    ("bug", AModule),
    ("bug", OnlyInTraining),
    ("bug", ByHand),
    ("bug", ByDraws),
    ("bug", NoChance),
    ("bug", FromOut),
    ("bug", EachDirection),
]

WRONG = [
    ("turn", "returns nothing yet", lambda lower, upper, x: ...),
    ("turn", "it returned Tensor", lambda lower, upper, x: read_stacked(lower, upper, x)[0]),
    ("turn", "it returned 3 things", lambda lower, upper, x: (*read_stacked(lower, upper, x), None)),
    ("turn", "reads what the lower layer's out holds", lambda lower, upper, x: (upper(x)[0], lower(x)[1][0])),
    ("turn", "the upper one reads out alone", lambda lower, upper, x: (upper(lower(x))[0], lower(x)[1][0])),
    ("turn", "one tensor: the h_n of both layers", lambda lower, upper, x: upper(lower(x)[0])),
    ("turn", "both layers side by side", with_upper(
        lambda lower, upper, x: torch.cat([lower(x)[0], upper(lower(x)[0])[0]], dim=2))),
    ("turn", "these are the lower layer's states", with_upper(lambda lower, upper, x: lower(x)[0])),
    ("turn", "every layer starts from zeros", the_upper_goes_on_from_the_lower),
    ("turn", "to the upper layer", with_upper(lambda lower, upper, x: upper(torch.tanh(lower(x)[0]))[0])),
    ("turn", "every layer has a row", with_states(lambda h_lower, h_upper, *_: h_upper)),
    ("turn", "stand side by side", with_states(lambda h_lower, h_upper, *_: torch.cat([h_lower, h_upper], dim=2))),
    ("turn", "an axis for layers already", with_states(lambda h_lower, h_upper, *_: torch.stack([h_lower, h_upper]))),
    ("turn", "one below the other in the batch", with_states(
        lambda h_lower, h_upper, *_: torch.cat([h_lower, h_upper], dim=1))),
    ("turn", "The first axis is the layers", with_states(
        lambda h_lower, h_upper, *_: torch.cat([h_lower, h_upper]).transpose(0, 1))),
    ("turn", "begin with the lowest", with_states(lambda h_lower, h_upper, *_: torch.cat([h_upper, h_lower]))),
    ("turn", "the cell states, c_n", with_states(lambda h_lower, h_upper, *cells: torch.cat(cells))),
    ("turn", "both rows are the same layer's", with_states(
        lambda h_lower, h_upper, *_: torch.cat([h_upper, h_upper]))),
    ("turn", "the lower layer's h_n first", with_states(lambda h_lower, h_upper, *_: torch.cat([h_lower, h_lower]))),
    ("rows", "returns nothing yet", lambda h_n, layer, bidirectional: None),
    ("rows", "all of h_n", lambda h_n, layer, bidirectional: h_n),
    ("rows", "as wide as one direction", lambda h_n, layer, bidirectional: h_n[layer]),
    ("rows", "as wide as one direction", lambda h_n, layer, bidirectional: h_n[-1]),
    ("rows", "as wide as one direction", of_the_pair(lambda pair: pair.mean(dim=0))),
    ("rows", "as wide as two directions", first_and_last_row),
    ("rows", "an axis of their own", of_the_pair(lambda pair: pair)),
    ("rows", "an axis of their own", of_the_pair(lambda pair: pair.transpose(0, 1))),
    ("rows", "a slice keeps the axis", lambda h_n, layer, both: (
        layer_states(h_n, layer, both) if both else h_n[layer:layer + 1])),
    ("rows", "joined along the batch", of_the_pair(lambda pair: pair.flatten(0, 1))),
    ("rows", "every row of h_n", lambda h_n, layer, bidirectional: h_n.transpose(0, 1).flatten(1)),
    ("rows", "the batch axis is gone", lambda *given: layer_states(*given).squeeze()),
    ("rows", "how many are there in all", lambda h_n, layer, both: torch.cat([h_n[2 * layer], h_n[2 * layer + 1]], 1)),
    ("rows", "how many are there in all", lambda h_n, layer, both: torch.cat(
        [list(h_n)[2 * layer], list(h_n)[2 * layer + 1]], 1)),
    ("rows", "the backward row comes before", two_rows(lambda layer, rows: (2 * layer + 1, 2 * layer))),
    ("rows", "reads on along the batch", of_the_pair(lambda pair: pair.reshape(pair.shape[1], -1))),
    ("rows", "alternate", of_the_pair(lambda pair: pair.permute(1, 2, 0).flatten(1))),
    ("rows", "of its two rows stands there twice", two_rows(lambda layer, rows: (2 * layer, 2 * layer))),
    ("rows", "stands there twice, the backward", two_rows(lambda layer, rows: (2 * layer + 1, 2 * layer + 1))),
    ("rows", "rows layer and layer + 1", two_rows(lambda layer, rows: (layer, layer + 1))),
    ("rows", "the forward rows of all layers", two_rows(lambda layer, rows: (layer, rows // 2 + layer))),
    ("rows", "the rows of layer 2", two_rows(lambda layer, rows: (-2, -1))),
    ("rows", "the rows of layer 0", two_rows(lambda layer, rows: (0, 1))),
    ("rows", "the rows of layer 2", two_rows(lambda layer, rows: (rows - 2 * layer - 2, rows - 2 * layer - 1))),
    ("rows", "the rows of layer 2", lambda h_n, layer, both: layer_states(h_n, layer, both) if both else h_n[-1]),
    ("rows", "write beside each row", lambda *given: -layer_states(*given)),
    ("by-hand", "returns nothing yet", lambda forward, backward, x: ...),
    ("by-hand", "two things", lambda *given: read_both_ways(*given)[0]),
    ("by-hand", "two things", lambda *given: [*read_both_ways(*given), 0]),
    ("by-hand", "side by side", with_out(lambda forward, backward, x: forward(x) + backward(x.flip(1)).flip(1))),
    ("by-hand", "side by side", with_out(lambda forward, backward, x: torch.cat(
        [forward(x), backward(x.flip(1)).flip(1)], dim=1))),
    ("by-hand", "side by side", with_out(lambda forward, backward, x: torch.cat(
        [forward(x), backward(x.flip(1)).flip(1)]))),
    ("by-hand", "side by side", with_out(lambda forward, backward, x: torch.stack(
        [forward(x), backward(x.flip(1)).flip(1)]))),
    ("by-hand", "the states of every step", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x.flip(1)).flip(1))[:, -1])),
    ("by-hand", "in the order in which it read", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x.flip(1))))),
    ("by-hand", "from the beginning, too", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x)))),
    ("by-hand", "from the beginning, too", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x.flip(0)).flip(0)))),
    ("by-hand", "only its states are turned", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x).flip(1)))),
    ("by-hand", "the features are turned", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x.flip(-1))))),
    ("by-hand", "the forward half should come first", with_out(lambda forward, backward, x: both_side_by_side(
        backward(x.flip(1)).flip(1), forward(x)))),
    ("by-hand", "`forward` that reads from the end", with_out(lambda forward, backward, x: both_side_by_side(
        backward(x), forward(x.flip(1)).flip(1)))),
    ("by-hand", "`forward` has read both ways", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), forward(x.flip(1)).flip(1)))),
    ("by-hand", "the forward half is turned", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x.flip(1))).flip(1))),
    ("by-hand", "compare each half", with_out(lambda forward, backward, x: both_side_by_side(
        forward(x), backward(x.flip(1)).flip(1)).roll(1, 1))),
    ("by-hand", "an LSTM a pair", with_ends(as_it_comes)),
    ("by-hand", "one of the two readers", with_ends(lambda ahead, state, back, other: ahead[:, -1])),
    ("by-hand", "side by side", with_ends(lambda ahead, state, back, other: torch.stack([ahead[:, -1], back[:, -1]]))),
    ("by-hand", "side by side", with_ends(lambda ahead, state, back, other: torch.cat([ahead[:, -1], back[:, -1]]))),
    ("by-hand", "take its row", with_ends(lambda ahead, state, back, other: both_side_by_side(state, other))),
    ("by-hand", "every step of the last", with_ends(lambda ahead, state, back, other: both_side_by_side(
        ahead, back.flip(1))[-1])),
    ("by-hand", "the end of each reader", with_ends(lambda ahead, state, back, other: both_side_by_side(ahead, back))),
    ("by-hand", "its backward half has read one", lambda *given: (
        read_both_ways(*given)[0], read_both_ways(*given)[0][:, -1])),
    ("by-hand", "its forward half has read one", lambda *given: (
        read_both_ways(*given)[0], read_both_ways(*given)[0][:, 0])),
    ("by-hand", "both halves have read one", with_ends(lambda ahead, state, back, other: both_side_by_side(
        ahead[:, 0], back[:, 0]))),
    ("by-hand", "the forward half should come first", with_ends(lambda ahead, state, back, other: both_side_by_side(
        back[:, -1], ahead[:, -1]))),
    ("by-hand", "the mean over the steps", with_ends(lambda ahead, state, back, other: both_side_by_side(
        ahead, back).mean(dim=1))),
    ("by-hand", "the cell states", with_ends(cell_or_end)),
    ("by-hand", "that each of the two layers returns", with_ends(lambda ahead, state, back, other: both_side_by_side(
        ahead[:, -2], back[:, -2]))),
    ("bug", "returns nothing yet", lambda input_size, hidden_size, dropout: None),
    ("bug", "under their names", lambda input_size, hidden_size, dropout: nn.Linear(input_size, 2)),
    ("bug", "as they were given", Narrow),
    ("bug", "axis 1 is 1", OneColumn),
    ("bug", "something is drawn anew", AsGiven),
    ("bug", "something is drawn anew", MadeInForward),
    ("bug", "something is drawn anew", AskedTooEarly),
    ("bug", "something is drawn anew", OnlyInEvaluation),
    ("bug", "the same at every call", Seeded),
    ("bug", "the same at every call", ScaledInEvaluation),
    ("bug", "the same at every call", MeanOfAll),
    ("bug", "from out[:, -1]", OutAtTheEnd),
    ("bug", "in the other order", Exchanged),
    ("bug", "nothing is dropped any more", Without),
    ("bug", "nothing is dropped any more", InTheLayer),
    ("bug", "dropped at every call", SeededInTraining),
    ("bug", "by calling it", HeadByItsWeights),
    ("bug", "where was it", OfTheInput),
    ("bug", "where was it", OfTheAnswer),
    ("bug", "as large as before", NotScaled),
    ("bug", "are not the two last states, scaled", ScaledTwice),
    ("bug", "of the numbers", KeptForDropped),
    ("bug", "draw of its own", SameForAll),
    ("bug", "draw of its own", WholeSequences),
    ("bug", "no gradient comes back", CutOff),
]
