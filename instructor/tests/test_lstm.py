"""Hidden tests: the LSTM."""

import math

import torch
from torch import nn

from instructor.hidden import exercise, expect, left_alone, number, twin

NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def blocks(draw, inputs, hidden):
    return [draw.tensor(*shape, spread=0.8) for shape in
            ((4 * hidden, inputs), (4 * hidden, hidden), (4 * hidden,), (4 * hidden,))]


def cell_with(weights):
    cell = nn.LSTMCell(weights[0].shape[1], weights[1].shape[1]).double()
    with torch.no_grad():
        for parameter, weight in zip(cell.parameters(), weights, strict=True):
            parameter.copy_(weight)
    return cell


@exercise("lstm/forget-bias")
def test_half_is_left(answer, draw):
    for steps in (1, 2, draw.whole(3, 20), draw.whole(21, 500)):
        f = 0.5 ** (1 / steps)
        expect(answer.forget_bias_for(steps), math.log(f / (1 - f)), "After so many steps it is not half that is left.")


@exercise("lstm/step", by_hand=True)
def test_a_step(answer, draw):
    for batch, inputs, hidden in ((1, 1, 1), (2, 3, 4), (draw.whole(3, 5), draw.whole(2, 6), draw.whole(2, 6))):
        weights = blocks(draw, inputs, hidden)
        x, h, c = draw.tensor(batch, inputs), draw.tensor(batch, hidden), draw.tensor(batch, hidden)
        with torch.no_grad():
            want = cell_with(weights)(x, (h, c))
        got = answer.ask("list(lstm_step(x, h, c, *weights))", x=x, h=h, c=c, weights=weights)
        expect(got, list(want), "The new h and c are not those of nn.LSTMCell.")


MADE = ("(lambda layer: (layer.load_state_dict(dict(zip(names, weights))), layer)[1])(MyLSTM(inputs, hidden).double())")


def layers(answer, draw, inputs, hidden):
    weights = blocks(draw, inputs, hidden)
    own = nn.LSTM(inputs, hidden, batch_first=True).double()
    own.load_state_dict(dict(zip(NAMES, weights, strict=True)))
    return own, answer.make(MADE, names=list(NAMES), weights=weights, inputs=inputs, hidden=hidden)


@exercise("lstm/layer", by_hand=True)
def test_names_shapes_and_random_values(answer, draw):
    inputs, hidden = draw.whole(2, 5), draw.whole(2, 5)
    asked = "[[name, list(one.shape)] for name, one in MyLSTM(inputs, hidden).named_parameters()]"
    own = sorted([name, list(one.shape)] for name, one in nn.LSTM(inputs, hidden).named_parameters())
    expect(sorted(answer.ask(asked, inputs=inputs, hidden=hidden)), own, "Its parameters are not those of nn.LSTM.")
    asked = "(lambda layer: [layer.weight_ih_l0.detach(), layer.weight_hh_l0.detach()])(MyLSTM(3, 4))"
    for one, other in zip(answer.ask(asked), answer.ask(asked), strict=True):
        expect(bool((number(one) - number(other)).abs().max() > 1e-6), True, "It does not start from random values.")


@exercise("lstm/layer", by_hand=True, share=2)
def test_outputs_and_states(answer, draw):
    for inputs, hidden, batch, steps in ((3, 4, 2, 5), (1, 1, 1, 1), (2, 3, 4, 4)):
        own, theirs = layers(answer, draw, inputs, hidden)
        x, state = draw.tensor(batch, steps, inputs), [draw.tensor(1, batch, hidden) for _ in range(2)]
        with torch.no_grad():
            out, (h_n, c_n) = own(x)
            with_state, (h_s, c_s) = own(x, tuple(state))
        flat = "(lambda result: [result[0], result[1][0], result[1][1]])"
        expect(answer.ask(f"{flat}(layer(x))", layer=theirs, x=x), [out, h_n, c_n],
               "From zero states it does not return what nn.LSTM does.")
        expect(answer.ask(f"{flat}(layer(x, (h, c)))", layer=theirs, x=x, h=state[0], c=state[1]),
               [with_state, h_s, c_s], "From a state that is given it does not return what nn.LSTM does.")


@exercise("lstm/layer", by_hand=True)
def test_it_trains(answer, draw):
    own, theirs = layers(answer, draw, 2, 3)
    x, along = draw.tensor(2, 4, 2), draw.tensor(2, 4, 3)
    got = answer.ask("gradients(layer(x)[0], [dict(layer.named_parameters())[name] for name in names], along)",
                     layer=theirs, x=x, along=along, names=list(NAMES))
    want = torch.autograd.grad((own(x)[0] * along).sum(), [getattr(own, name) for name in NAMES])
    expect(got, list(want), "Its gradients are not those of nn.LSTM.")


@exercise("lstm/reorder")
def test_rows_and_numbers(answer, draw):
    for shape in ((8, 3), (4, 1), (draw.whole(2, 6) * 4, 2)):
        weight = draw.tensor(*shape)
        i, o, f, c = weight.chunk(4)
        want = torch.cat([i, f, c, o])
        expect(answer.from_iofc(weight.tolist()), want, "The blocks of a weight do not stand in the order i f g o.")
        expect(answer.from_iofc(weight[:, 0].tolist()), want[:, 0], "The blocks of a bias do not stand in that order.")


@exercise("lstm/reorder")
def test_what_is_given_stays(answer, draw):
    weight = draw.tensor(8, 2)
    left_alone(answer, "from_iofc(rows)", rows=weight.tolist())
    expect(answer.from_iofc(weight.tolist()), weight[[0, 1, 4, 5, 6, 7, 2, 3]],
           "The blocks of a weight do not stand in the order i f g o.")


@exercise("lstm/every-gate", share=2)
def test_every_forget_gate_and_nothing_else(answer, draw):
    for options in ("", ", num_layers=2", ", bidirectional=True", ", num_layers=2, bidirectional=True"):
        own, theirs = twin(answer, draw, f"nn.LSTM(3, 4{options})")
        value = draw.number(0.5, 4)
        answer.make("set_every_forget_bias(lstm, value)", lstm=theirs, value=value)
        got = dict(answer.ask("[[name, one.detach()] for name, one in lstm.named_parameters()]", lstm=theirs))
        expect(set(got), set(dict(own.named_parameters())), "The layer has other parameters afterwards.")
        for name, before in own.named_parameters():
            if name.startswith("weight"):
                expect(got[name], before, "A weight has changed.")
            elif name.startswith("bias_ih"):
                other = name.replace("bias_ih", "bias_hh")
                both, was = number(got[name]) + number(got[other]), before + own.get_parameter(other)
                expect(both[4:8], torch.full((4,), value), "The forget gates of some layer do not see the value.")
                for rows in (slice(4), slice(8, 16)):
                    expect(number(got[name])[rows], before[rows], "The bias of another gate has changed.")
                    expect(both[rows], was[rows], "The bias of another gate has changed.")


@exercise("lstm/every-gate")
def test_with_zero_too(answer, draw):
    _, theirs = twin(answer, draw, "nn.LSTM(2, 3)")
    answer.make("set_every_forget_bias(lstm, 0.0)", lstm=theirs)
    expect(answer.ask("all(one.requires_grad for one in lstm.parameters())", lstm=theirs), True,
           "Some parameter no longer takes part in the training.")
    got = answer.ask("(lstm.bias_ih_l0 + lstm.bias_hh_l0)[3:6]", lstm=theirs)
    expect(got, torch.zeros(3), "The forget gates do not see the value.")


@exercise("lstm/bug", share=2)
def test_it_reads_as_the_cell_does(answer, draw):
    cell, theirs = twin(answer, draw, "nn.LSTMCell(2, 4)", spread=0.8)
    for batch, steps in ((3, 5), (1, 1), (2, draw.whole(2, 9))):
        x = draw.tensor(batch, steps, 2)
        with torch.no_grad():
            h = c = torch.zeros(batch, 4, dtype=torch.float64)
            for x_t in x.unbind(1):
                h, c = cell(x_t, (h, c))
        expect(answer.read(theirs, x), h, "It does not show what the cell shows at the end.")


@exercise("lstm/bug")
def test_it_still_learns(answer, draw):
    cell, theirs = twin(answer, draw, "nn.LSTMCell(2, 3)")
    x, along = draw.tensor(2, 4, 2), draw.tensor(2, 3)
    h = c = torch.zeros(2, 3, dtype=torch.float64)
    for x_t in x.unbind(1):
        h, c = cell(x_t, (h, c))
    want = torch.autograd.grad((h * along).sum(), list(cell.parameters()))
    got = answer.ask("gradients(read(cell, x), list(cell.parameters()), along)", cell=theirs, x=x, along=along)
    expect(got, list(want), "The weights do not get the gradients that they should.")
