"""Hidden tests: backpropagation through time."""

import math

import torch
from torch import nn

from instructor.hidden import exercise, expect, is_finite, number, twin


@exercise("backprop-through-time/input-gradients")
def test_one_gradient_for_each_input(answer, draw):
    for count in (1, 3, draw.whole(4, 9)):
        x, (W_x, W_h, b) = draw.numbers(count, -1, 1), draw.numbers(3)
        inputs = torch.tensor(x, dtype=torch.float64, requires_grad=True)
        h = torch.zeros((), dtype=torch.float64)
        for x_t in inputs:
            h = torch.tanh(W_x * x_t + W_h * h + b)
        h.backward()
        expect(answer.input_gradients(x, W_x, W_h, b), inputs.grad.tolist(), "Some gradients are not right.")


def plainly(function):
    """The function of a number, or of each of several."""
    def of_all(at):
        at = number(at)
        values = [float(function(one)) for one in at.flatten().tolist()]
        return values[0] if at.dim() == 0 else torch.tensor(values, dtype=torch.float64).reshape(at.shape)
    return of_all


@exercise("backprop-through-time/numeric-gradient")
def test_the_slope_of_functions(answer, draw):
    for function, slope in ((math.sin, math.cos), (lambda a: a ** 3, lambda a: 3 * a ** 2),
                            (lambda a: -a ** 3 - a, lambda a: -3 * a ** 2 - 1), (math.exp, math.exp)):
        at = draw.number(-2, 2)
        expect(answer.numeric_gradient(plainly(function), at), slope(at), "The slope of a function is not right.")


@exercise("backprop-through-time/numeric-gradient")
def test_where_it_bends(answer, draw):
    at = draw.number(-1, 1)
    for bend, slope in ((1e4, 1.0), (-1e4, draw.number(2, 3))):
        got = answer.numeric_gradient(plainly(lambda a, bend=bend, slope=slope: bend * (a - at) ** 2 + slope * a), at)
        expect(got, slope, "At a point where a function bends, its slope is not right.", 1e-3)


@exercise("backprop-through-time/numeric-gradient")
def test_the_step_that_is_asked_for(answer, draw):
    at, eps, asked = draw.number(-1, 1), draw.number(0.01, 0.1), []

    def watched(one):
        asked.append(abs(one - at))
        return one

    answer.numeric_gradient(plainly(watched), at, eps=eps)
    expect(bool(asked) and eps / 4 < max(asked) < 4 * eps, True, "It does not go as far as eps says.")


@exercise("backprop-through-time/long-sentence", share=2)
def test_the_number_of_steps(answer, draw):
    cases = (0.5, 0.25), (draw.number(0.1, 0.9), draw.number(0.01, 0.5)), (0.99, draw.number(0.001, 0.1))
    for factor, share in cases:
        steps = 0
        while factor ** steps >= share:
            steps += 1
        expect(answer.reach(factor, share), steps, "The number of steps is not the smallest one.")


@exercise("backprop-through-time/long-sentence")
def test_the_sentence(answer):
    expect(answer.value("sentence"), 21, "At a factor of 0.8 it is another number of words.")


def norm(lists):
    return math.sqrt(sum(one * one for part in lists for one in part))


@exercise("backprop-through-time/clip", share=2)
def test_large_ones_are_scaled_together(answer, draw):
    given = [draw.numbers(draw.whole(1, 5), -9, 9) for _ in range(3)]
    most = norm(given) * draw.number(0.1, 0.9)
    want = [[one * most / norm(given) for one in part] for part in given]
    expect(answer.ask("[list(one) for one in clip(given, most)]", given=given, most=most), want,
           "Gradients that are too large are not scaled as they should be.")


@exercise("backprop-through-time/clip")
def test_small_ones_come_back_unchanged(answer, draw):
    for given in ([draw.numbers(3), draw.numbers(2)], [[0.0, 0.0], [0.0]]):
        got = answer.ask("[list(one) for one in clip(given, most)]", given=given, most=norm(given) + 1)
        expect(got, given, "Gradients that are small enough come back changed.")
    given = [draw.numbers(3, 1, 2)]
    expect(answer.ask("[list(one) for one in clip(given, most)]", given=given, most=norm(given) / 2),
           [[one / 2 for one in given[0]]], "Gradients that are too large come back unchanged.")


@exercise("backprop-through-time/truncated")
def test_the_outputs_of_all_steps(answer, draw):
    rnn, theirs = twin(answer, draw, "nn.RNN(2, 3, batch_first=True)", dtype=torch.float32)
    for steps, m in ((6, 2), (draw.whole(5, 9), 3), (3, 5)):
        x = draw.tensor(2, steps, 2, dtype=torch.float32)
        expect(answer.run_truncated(theirs, x, m), rnn(x)[0].detach(), "The outputs are not those of all steps.")


@exercise("backprop-through-time/truncated")
def test_no_gradient_crosses(answer, draw):
    rnn, theirs = twin(answer, draw, "nn.RNN(2, 3, batch_first=True)", dtype=torch.float32)
    m, x = 2, draw.tensor(2, 7, 2, dtype=torch.float32).requires_grad_()
    along = draw.tensor(2, 7, 3, dtype=torch.float32)
    h, outs = None, []
    for chunk in x.split(m, dim=1):
        out, h = rnn(chunk, h)
        h = h.detach()
        outs.append(out)
    want = torch.autograd.grad((torch.cat(outs, dim=1) * along).sum(), [x, *rnn.parameters()])
    got = answer.ask("(lambda x: gradients(run_truncated(rnn, x, m), [x, *rnn.parameters()], along))"
                     "(x.requires_grad_())", rnn=theirs, x=x, m=m, along=along)
    expect(got, list(want), "The gradients are not those of chunks that are cut from each other.")


STEP = """(lambda net: [float(train_step(net, torch.optim.SGD(net.parameters(), lr=0.1), x, y, most)),
 [one.detach() for one in net.parameters()]])(load(nn.Linear(3, 1), weights))"""


@exercise("backprop-through-time/bug")
def test_it_clips_and_trains(answer, draw):
    for most, spread in ((1.0, 100.0), (draw.number(0.1, 1), 10.0), (1000.0, 1.0)):
        net, weights = nn.Linear(3, 1).double(), [draw.tensor(1, 3), draw.tensor(1)]
        x, y = draw.tensor(10, 3), draw.tensor(10, 1, spread=spread)
        with torch.no_grad():
            for parameter, weight in zip(net.parameters(), weights, strict=True):
                parameter.copy_(weight)
        got = answer.ask(STEP, weights=weights, x=x, y=y, most=most)
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        loss = (net(x) - y).square().mean()
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), most)
        optimizer.step()
        expect(is_finite(got[0]), True, "It does not return the loss.")
        expect(got[0], loss.item(), "It does not return the loss before the step.")
        expect(got[1], [one.detach() for one in net.parameters()], "The weights do not move as they should.")


TWICE = """(lambda net: (lambda optimizer: [
 train_step(net, optimizer, x, y, most), train_step(net, optimizer, x, y, most),
 [one.detach() for one in net.parameters()]][2])(torch.optim.SGD(net.parameters(), lr=0.1)))(
 load(nn.Linear(3, 1), weights))"""


@exercise("backprop-through-time/bug")
def test_old_gradients_are_forgotten(answer, draw):
    weights, x, y = [draw.tensor(1, 3), draw.tensor(1)], draw.tensor(10, 3), draw.tensor(10, 1)
    for most in (9.0, 0.5):     # gradients are clipped at the second only
        got = answer.ask(TWICE, weights=weights, x=x, y=y, most=most)
        w, b = (one.clone().requires_grad_() for one in weights)
        for _ in range(2):
            loss = (x @ w.T + b - y).square().mean()
            gradients = torch.autograd.grad(loss, [w, b])
            scale = min(1.0, most / float(torch.cat([one.flatten() for one in gradients]).norm()))
            w, b = ((one - 0.1 * scale * gradient).detach().requires_grad_()
                    for one, gradient in zip((w, b), gradients, strict=True))
        expect(got, [w.detach(), b.detach()], "After two steps the weights are not where they should be.")
