"""Hidden tests: the GRU."""

import itertools
import math

import torch
from torch import nn

from instructor.hidden import exercise, expect, same

NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def blocks(draw, inputs, hidden, spread=1.0):
    return [draw.tensor(*shape, spread=spread) for shape in
            ((3 * hidden, inputs), (3 * hidden, hidden), (3 * hidden,), (3 * hidden,))]


def cell_with(weights):
    cell = nn.GRUCell(weights[0].shape[1], weights[1].shape[1]).double()
    with torch.no_grad():
        for parameter, weight in zip(cell.parameters(), weights, strict=True):
            parameter.copy_(weight)
    return cell


def layer_with(weights):
    layer = nn.GRU(weights[0].shape[1], weights[1].shape[1], batch_first=True).double()
    layer.load_state_dict(dict(zip(NAMES, weights, strict=True)))
    return layer


def step(x, h, w_ih, w_hh, b_ih, b_hh, after=True, keeps=True):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, -1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, -1)
    r, z = (x_r + h_r).sigmoid(), (x_z + h_z).sigmoid()
    n = (x_n + (r * h_n if after else (r * h) @ w_hh.chunk(3)[2].T + b_hh.chunk(3)[2])).tanh()
    return (1 - z) * n + z * h if keeps else z * n + (1 - z) * h


@exercise("gru/step", by_hand=True)
def test_a_step(answer, draw):
    for batch, inputs, hidden in ((1, 1, 1), (2, 3, 4), (draw.whole(3, 5), draw.whole(2, 6), draw.whole(2, 6))):
        weights = blocks(draw, inputs, hidden)
        x, h = draw.tensor(batch, inputs), draw.tensor(batch, hidden)
        with torch.no_grad():
            want = cell_with(weights)(x, h)
        expect(answer.gru_step(x, h, *weights), want, "The new state is not the one of nn.GRUCell.")


@exercise("gru/step", by_hand=True)
def test_many_steps(answer, draw):
    weights, h = blocks(draw, 2, 3), draw.tensor(2, 3)
    want = h
    for _ in range(4):
        x = draw.tensor(2, 2)
        with torch.no_grad():
            h, want = answer.gru_step(x, want, *weights), cell_with(weights)(x, want)
        expect(h, want, "After some steps the state is not the one of nn.GRUCell.")


MEMORY = "[memory.input_size, memory.hidden_size, memory.num_layers, memory.bidirectional, memory.batch_first]"


@exercise("gru/memory")
def test_a_value_is_written_and_held(answer, draw):
    memory = answer.make("make_memory()")
    expect(answer.ask("isinstance(memory, nn.GRU)", memory=memory), True, "It is no nn.GRU.")
    expect(answer.ask(MEMORY, memory=memory), [2, 1, 1, 0, 1], "It is no nn.GRU(2, 1, batch_first=True).")
    weights = answer.ask("[one.detach().double() for one in memory.parameters()]", memory=memory)
    shapes = [tuple(getattr(one, "shape", ())) for one in weights]
    expect(shapes, [(3, 2), (3, 1), (3,), (3,)], "Its weights have other shapes than they had.")
    layer = layer_with(weights)
    for spread, level in ((1.0, 0.0), (3.0, 0.0), (0.0, 10.0), (0.0, -10.0)):
        x = draw.tensor(1, 2002, 2, spread=spread) + level
        x[:, :, 1] = 0
        first, second = draw.number(-2, 2), draw.number(-2, 2)
        x[0, 0], x[0, 1001] = torch.tensor([first, 1.0]), torch.tensor([second, 1.0])
        with torch.no_grad():
            out = layer(x)[0].flatten()
        for start, value in ((0, first), (1001, second)):
            held = out[start:start + 1001]
            expect(bool(abs(held[0] - math.tanh(value)) < 0.0101), True, "A value that is written does not arrive.")
            expect(bool((held - math.tanh(value)).abs().max() < 0.0101), True, "A value that is held moves away.")


@exercise("gru/other-z")
def test_the_states_are_the_same(answer, draw):
    weights, x = blocks(draw, 3, 4), draw.tensor(2, 5, 3)
    got = answer.to_pytorch(dict(zip(NAMES, weights, strict=True)))
    h, want = torch.zeros(2, 4, dtype=torch.float64), []
    for x_t in x.unbind(1):
        h = step(x_t, h, *weights, keeps=False)
        want.append(h)
    expect(sorted(got) if isinstance(got, dict) else got, sorted(NAMES), "The dict has other names than nn.GRU's.")
    with torch.no_grad():
        out = layer_with([torch.as_tensor(got[name]).double() for name in NAMES])(x)[0]
    expect(out, torch.stack(want, dim=1), "nn.GRU with these weights goes through other states.")


@exercise("gru/other-z")
def test_what_was_given_is_left_alone(answer, draw):
    weights = dict(zip(NAMES, blocks(draw, 2, 2), strict=True))
    given = answer.make("given", given=weights)
    got = answer.ask("to_pytorch(given)", given=given)
    expect(sorted(got) if isinstance(got, dict) else got, sorted(NAMES), "The dict has other names than nn.GRU's.")
    expect(answer.ask("given", given=given), weights, "The dict that was given has changed.")
    expect(same(got["weight_ih_l0"], weights["weight_ih_l0"]), False, "It returns the weights as they were.")


@exercise("gru/keras")
def test_each_block_arrives(answer, draw):
    for inputs, units in ((3, 4), (2, 1), (draw.whole(2, 6), draw.whole(2, 6))):
        weights = blocks(draw, inputs, units)
        kernel, recurrent, *biases = (torch.cat([one.chunk(3)[k] for k in (1, 0, 2)]) for one in weights)
        got = answer.from_keras(kernel.T.contiguous(), recurrent.T.contiguous(), torch.stack(biases))
        expect(got, dict(zip(NAMES, weights, strict=True)), "Some of the four tensors are not what nn.GRU wants.")


@exercise("gru/which")
def test_all_four_are_told_apart(answer, draw):
    kinds = list(itertools.product((True, False), repeat=2))
    draw.random.shuffle(kinds)
    for after, keeps in kinds:
        def unknown(x, h, w_ih, w_hh, b_ih, b_hh, after=after, keeps=keeps):
            return step(x, h, w_ih, w_hh, b_ih, b_hh, after=after, keeps=keeps)

        expect(answer.ask("[bool(one) for one in which_gru(unknown)]", unknown=unknown), [after, keeps],
               "One of the four GRUs is taken for another.")


@exercise("gru/bug", by_hand=True)
def test_the_state_of_a_cell(answer, draw):
    for batch, inputs, hidden in ((3, 2, 4), (1, 1, 1)):
        weights, x, h = blocks(draw, inputs, hidden), draw.tensor(batch, inputs), draw.tensor(batch, hidden)
        cell = answer.make(CELL, inputs=inputs, hidden=hidden, weights=weights)
        with torch.no_grad():
            want = cell_with(weights)(x, h)
        expect(answer.next_state(cell, x, h), want, "With a cell's weights it gives other states than the cell.")


CELL = ("(lambda cell: (torch.nn.utils.vector_to_parameters(torch.cat([one.flatten() for one in weights]), "
        "cell.parameters()), cell)[1])(nn.GRUCell(inputs, hidden).double())")


@exercise("gru/bug", by_hand=True)
def test_it_still_learns(answer, draw):
    weights, x, h, along = blocks(draw, 2, 3), draw.tensor(2, 2), draw.tensor(2, 3), draw.tensor(2, 3)
    cell = answer.make(CELL, inputs=2, hidden=3, weights=weights)
    got = answer.ask("(lambda h: gradients(next_state(cell, x, h), [h, *cell.parameters()], along))"
                     "(h.clone().requires_grad_())", cell=cell, x=x, h=h, along=along)
    own, h = cell_with(weights), h.requires_grad_()
    want = torch.autograd.grad((own(x, h) * along).sum(), [h, *own.parameters()])
    expect(got, [one.detach() for one in want], "Its gradients are not those of the cell, so a net would not learn.")
