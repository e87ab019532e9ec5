"""Right and wrong answers to the exercises of this chapter that need PyTorch."""

import copy
import math

import torch
from torch import nn


def set_biases(lstm, forget, write=None):
    """The biases of the forget gate and, unless it is left alone, of the input gate."""
    H = lstm.hidden_size
    with torch.no_grad():
        lstm.bias_ih_l0[H:2 * H], lstm.bias_hh_l0[H:2 * H] = forget, 0.0
        if write is not None:
            lstm.bias_ih_l0[:H], lstm.bias_hh_l0[:H] = write, 0.0
    return lstm


def evenly(lstm, low, high):
    return low + (high - low) * torch.rand(lstm.hidden_size)


def chrono(lstm, longest):
    forget = torch.log(evenly(lstm, 1, longest - 1))
    return set_biases(lstm, forget, -forget)


def chrono_in_place(lstm, longest):
    H = lstm.hidden_size
    lstm.bias_ih_l0.data[H:2 * H].uniform_(1, longest - 1).log_()
    lstm.bias_ih_l0.data[:H] = -lstm.bias_ih_l0.data[H:2 * H]
    lstm.bias_hh_l0.data[:2 * H] = 0
    return lstm


def chrono_in_halves(lstm, longest):
    """Half of it in each of the two biases."""
    H = lstm.hidden_size
    forget = torch.empty(H).uniform_(1, longest - 1).log() / 2
    for bias in (lstm.bias_ih_l0, lstm.bias_hh_l0):
        bias.data[:2 * H] = torch.cat([-forget, forget])
    return lstm


def chrono_by_chunks(lstm, longest):
    spans = torch.distributions.Uniform(1, longest - 1).sample((lstm.hidden_size,))
    (i, f, _, _), (other_i, other_f, _, _) = lstm.bias_hh_l0.data.chunk(4), lstm.bias_ih_l0.data.chunk(4)
    f.copy_(spans.log())
    i.copy_(-f)
    other_i.zero_()
    other_f.zero_()
    return lstm


def chrono_by_the_difference(lstm, longest):
    """What PyTorch drew stays in one of the biases, and the other makes up for it."""
    H = lstm.hidden_size
    forget = evenly(lstm, 1, longest - 1).log()
    lstm.bias_ih_l0.data[:2 * H] = torch.cat([-forget, forget]) - lstm.bias_hh_l0.data[:2 * H]
    return lstm


def chrono_in_a_grid(lstm, longest):
    """Spans that fill the range evenly without chance."""
    forget = torch.linspace(1, longest - 1, lstm.hidden_size).log()
    return set_biases(lstm, forget, -forget)


def doubled(lstm, longest):
    H = lstm.hidden_size
    forget = torch.log(evenly(lstm, 1, longest - 1))
    for bias in (lstm.bias_ih_l0, lstm.bias_hh_l0):
        bias.data[:2 * H] = torch.cat([-forget, forget])
    return lstm


def other_bias_left(lstm, longest):
    H = lstm.hidden_size
    forget = torch.log(evenly(lstm, 1, longest - 1))
    lstm.bias_hh_l0.data[H:2 * H] = -0.04
    lstm.bias_ih_l0.data[:2 * H] = torch.cat([-forget, forget])
    return lstm


def in_another_block(lstm, longest):
    H = lstm.hidden_size
    lstm.bias_ih_l0.data[2 * H:3 * H] = torch.log(evenly(lstm, 1, longest - 1))
    return lstm


def with_the_output_gate(lstm, longest):
    chrono(lstm, longest)
    lstm.bias_ih_l0.data[3 * lstm.hidden_size:] = 1.0
    return lstm


def with_new_weights(lstm, longest):
    nn.init.orthogonal_(lstm.weight_hh_l0)
    return chrono(lstm, longest)


def drawn_twice(lstm, longest):
    return set_biases(lstm, evenly(lstm, 1, longest - 1).log(), -evenly(lstm, 1, longest - 1).log())


def same_sign(lstm, longest):
    forget = evenly(lstm, 1, longest - 1).log()
    return set_biases(lstm, forget, forget)


def minus_where_it_does_not_belong(lstm, longest):
    forget = evenly(lstm, 1, longest - 1).log()
    return set_biases(lstm, -forget - 0.01, forget)


def asked(of, lag, sequences=500):
    symbols = torch.randint(4, (sequences, lag + 1))
    return symbols, of(nn.functional.one_hot(symbols, 4).float())


def score(layer, head, lag):
    symbols, (out, _) = asked(layer, lag)
    return (head(out[:, -1]).argmax(dim=1) == symbols[:, 0]).float().mean().item()


def score_by_h_n(layer, head, lag):
    symbols, (_, h_n) = asked(layer, lag)
    return (head(h_n[-1]).argmax(dim=1) == symbols[:, 0]).float().mean()


def score_by_index(layer, head, lag):
    symbols, (out, _) = asked(layer, lag, 300)
    return (head(out)[:, lag].argmax(dim=-1) == symbols[:, 0]).double().mean()


def score_by_counting(layer, head, lag):
    symbols, (out, _) = asked(layer, lag, 200)
    said = [head(one[-1]).argmax().item() for one in out]
    return sum(a == b for a, b in zip(said, symbols[:, 0].tolist(), strict=True)) / len(said)


def score_one_by_one(layer, head, lag):
    symbols = torch.randint(4, (400, lag + 1))
    x = torch.eye(4)[symbols]
    with torch.no_grad():
        out = layer(x)[0].transpose(0, 1)[-1]
    return [(head(out).max(dim=1).indices == symbols[:, 0]).float().mean().item()]


def score_by_softmax(layer, head, lag):
    symbols, (out, _) = asked(layer, lag)
    said = head(out[:, symbols.shape[1] - 1]).softmax(dim=1).argmax(dim=1)
    return torch.eq(said, symbols[:, 0]).sum().item() / len(symbols)


def scored(states=lambda out: out[:, -1], wanted=lambda symbols: symbols[:, 0], made=lambda share: share):
    def score(layer, head, lag):
        symbols, (out, _) = asked(layer, lag)
        return made((head(states(out)).argmax(dim=1) == wanted(symbols)).float().mean().item())
    return score


RIGHT = [
    ("chrono", chrono),
    ("chrono", chrono_in_place),
    ("chrono", chrono_in_halves),
    ("chrono", chrono_by_chunks),
    ("chrono", chrono_by_the_difference),
    ("chrono", chrono_in_a_grid),
    ("bug", score),
    ("bug", score_by_h_n),
    ("bug", score_by_index),
    ("bug", score_by_counting),
    ("bug", score_one_by_one),
    ("bug", score_by_softmax),
]

WRONG = [
    ("chrono", "it returns Parameter", lambda lstm, longest: chrono(lstm, longest).bias_ih_l0),
    ("chrono", "not make another one", lambda lstm, longest: chrono(copy.deepcopy(lstm), longest)),
    ("chrono", "weight_hh_l0 has changed", with_new_weights),
    ("chrono", "which rows belong to which gate", in_another_block),
    ("chrono", "second block of rows", lambda lstm, longest: lstm),
    ("chrono", "one of its own", lambda lstm, longest: set_biases(lstm, math.log(longest - 1), -math.log(longest - 1))),
    ("chrono", "the logarithm of the span", lambda lstm, longest: set_biases(lstm, evenly(lstm, 1, longest - 1))),
    ("chrono", "twice what it should be", doubled),
    ("chrono", "where does the minus belong", minus_where_it_does_not_belong),
    ("chrono", "begin at 1", lambda lstm, longest: set_biases(lstm, evenly(lstm, 0.01, longest - 1).log())),
    ("chrono", "second bias of the gate", other_bias_left),
    ("chrono", "more than the natural logarithm",
     lambda lstm, longest: set_biases(lstm, evenly(lstm, 1, longest + 2).log())),
    ("chrono", "not a logarithm evenly",
     lambda lstm, longest: set_biases(lstm, evenly(lstm, 0, math.log(longest - 1)))),
    ("chrono", "fill the range", lambda lstm, longest: set_biases(lstm, evenly(lstm, longest / 2, longest - 1).log())),
    ("chrono", "gets its biases too",
     lambda lstm, longest: set_biases(lstm, evenly(lstm, 1, longest - 1).log())),
    ("chrono", "the sign is missing", same_sign),
    ("chrono", "drawn anew", drawn_twice),
    ("chrono", "of the output gate have changed", with_the_output_gate),
    ("bug", "before anything can be forgotten", scored(states=lambda out: out[:, -out.shape[1]])),
    ("bug", "one step too early", scored(states=lambda out: out[:, -2])),
    ("bug", "Which one is asked for", scored(wanted=lambda symbols: symbols[:, -1])),
    ("bug", "the mean over all steps", scored(states=lambda out: out.mean(dim=1))),
    ("bug", "the best score of all steps", scored(states=lambda out: out.amax(dim=1))),
    ("bug", "a percentage", scored(made=lambda share: 100 * share)),
    ("bug", "share of mistakes", scored(made=lambda share: 1 - share)),
    ("bug", "Print which symbols", scored(wanted=lambda symbols: symbols[:, 1])),
    ("bug", "what score returns should be one share", scored(made=lambda share: f"{share:.2f}")),
    ("bug", "never runs the layer", lambda layer, head, lag: 0.25),
    ("bug", "should read", lambda layer, head, lag: score(layer, head, lag - 1)),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def chrono_of(*, forget_rows=1, sets_input=True):
    def chrono(lstm, longest):
        size = lstm.hidden_size
        forget = torch.empty(size).uniform_(1, longest - 1).log()
        lstm.bias_hh_l0.data[:2 * size] = 0.0
        lstm.bias_ih_l0.data[forget_rows * size:(forget_rows + 1) * size] = forget
        if sets_input:
            lstm.bias_ih_l0.data[:size] = -forget
        return lstm
    return chrono


def chrono_while_recording(lstm, longest):
    lstm.bias_ih_l0[:] = 0.0
    return lstm


def asks_the_last_sequence(layer, head, lag):
    symbols = torch.randint(4, (500, lag + 1))
    out, _ = layer(nn.functional.one_hot(symbols, 4).float())
    return (head(out[-1]).argmax(dim=1) == symbols[:, 0]).float().mean().item()


WRONG += [
    ("chrono", "none of your numbers is in the biases of the forget gate", chrono_of(forget_rows=2)),
    ("chrono", "the input gate gets its biases too", chrono_of(sets_input=False)),
    ("chrono", "where are none recorded", chrono_while_recording),
    ("bug", "of which axis do you take the last", asks_the_last_sequence),
]
