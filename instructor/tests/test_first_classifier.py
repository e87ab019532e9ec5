"""Hidden tests: the first classifier."""

import torch
from torch import nn
from torch.nn import functional as F

from instructor.hidden import exercise, expect, is_finite, number, twin


@exercise("first-classifier/trend")
def test_shapes_and_classes(answer):
    x, y = given = answer.ask("list(trend_data())")
    kinds = [one.dtype for one in given if isinstance(one, torch.Tensor)]
    expect(all(kind in (torch.float32, torch.float64, torch.int64) for kind in kinds), True, "The kind of numbers in x "
           "or y is none that a net and its loss take.")
    expect(isinstance(y, torch.Tensor) and y.dtype != torch.int64, False, "The classes are no whole numbers (int64).")
    expect(isinstance(x, torch.Tensor) and not x.dtype.is_floating_point, False, "A net reads floats: x holds others.")
    x, y = number(x), number(y)
    expect(x is not None and tuple(x.shape) == (4, 5, 1) and y is not None and tuple(y.shape) == (4,), True,
           "The shapes are not (4, 5, 1) and (4,).")
    expect(sorted(y.tolist()), [0, 0, 1, 1], "There are not two sequences of each class.")
    for sequence, label in zip(x[..., 0], y, strict=True):
        rises = sequence.diff() > 0 if label == 1 else sequence.diff() < 0
        expect(bool(rises.all()), True, "A sequence does not do at every step what its class says.")


@exercise("first-classifier/trend")
def test_sorted_the_classes_are_equal(answer):
    x, y = map(number, answer.ask("list(trend_data())"))
    expect(x is not None and y is not None and x.dim() == 3 and len(x) == len(y) == 4, True,
           "The shapes are not (4, 5, 1) and (4,).")
    rows = {label: sorted(row.sort().values.tolist() for row in x[y == label, :, 0]) for label in (0, 1)}
    expect(len(rows[0]) == 2 and rows[0] == rows[1], True, "More than the order separates the classes.")


@exercise("first-classifier/mean")
def test_the_mean_of_the_states(answer, draw):
    for kind in ("RNN", "GRU", "LSTM"):
        rnn, theirs = twin(answer, draw, f"nn.{kind}(2, 5, batch_first=True)")
        head, their_head = twin(answer, draw, "nn.Linear(5, 3)")
        x = draw.tensor(draw.whole(2, 4), draw.whole(2, 7), 2)
        with torch.no_grad():
            want = head(rnn(x)[0].mean(dim=1))
        expect(answer.mean_logits(theirs, their_head, x), want, "These are not the logits of the mean state.")


@exercise("first-classifier/loss", share=2)
def test_the_loss_of_any_logits(answer, draw):
    for count, classes, spread in ((4, 3, 1.0), (1, 2, 3.0), (draw.whole(2, 6), 10, 2.0)):
        logits, y = draw.tensor(count, classes, spread=spread), draw.classes(classes, count)
        expect(answer.loss_by_hand(logits.tolist(), y.tolist()), float(F.cross_entropy(logits, y)),
               "It is not what F.cross_entropy gives.")


@exercise("first-classifier/loss")
def test_the_loss_of_large_logits(answer, draw):
    logits, y = draw.tensor(4, 5, spread=1000.0), draw.classes(5, 4)
    logits[0, 0], logits[1, 1] = 1000.0, -1000.0
    expect(answer.loss_by_hand(logits.tolist(), y.tolist()), float(F.cross_entropy(logits, y)),
           "With large logits it is not what F.cross_entropy gives.")


@exercise("first-classifier/loss")
def test_the_floor(answer):
    lowest = float(F.cross_entropy(torch.eye(10)[:1], torch.tensor([0])))
    expect(answer.value("floor"), lowest, "The floor is not right.")


@exercise("first-classifier/long", share=2)
def test_what_the_first_step_says(answer, draw):
    for count, steps in ((50, 5), (draw.whole(20, 40), draw.whole(3, 9))):
        x, y = map(number, answer.ask("list(first_step_task(n, s, k))", n=count, s=steps, k=draw.whole(0, 999)))
        expect(x is not None and y is not None and tuple(x.shape) == (count, steps, 1) and tuple(y.shape) == (count,),
               True, "The shapes are not (n, seq_len, 1) and (n,).")
        expect(set(y.tolist()), {0.0, 1.0}, "There are not two classes, 0 and 1.")
        expect(x[:, 0, 0], 2 * y - 1, "The first step does not say the class.")


@exercise("first-classifier/long")
def test_the_rest_is_noise(answer, draw):
    x, y = map(number, answer.ask("list(first_step_task(2000, 6, k))", k=draw.whole(0, 999)))
    expect(x is not None and tuple(x.shape) == (2000, 6, 1), True, "The shapes are not (n, seq_len, 1) and (n,).")
    expect(bool((y.mean() - 0.5).abs() < 0.1), True, "The classes are not drawn evenly.")
    noise = x[:, 1:, 0]
    for part in (noise, noise[y == 0], noise[y == 1]):
        expect(bool(part.mean(0).abs().max() < 0.2 and (part.std(0) - 1).abs().max() < 0.15), True,
               "The later steps are not the noise of torch.randn, or not the same for both classes.")
    together = torch.corrcoef(noise.T) - torch.eye(5, dtype=torch.float64)
    expect(bool(together.abs().max() < 0.2), True, "The later steps are not drawn one by one.")


@exercise("first-classifier/long")
def test_the_seed_decides(answer, draw):
    seed = draw.whole(0, 999)
    one, same, other = (answer.ask("list(first_step_task(20, 5, k))", k=k) for k in (seed, seed, seed + 1))
    expect(same, one, "The same seed gives other data.")
    for part in (0, 1):
        expect(bool((number(one[part]) - number(other[part])).abs().max() > 1e-6), True,
               "Another seed gives the same data.")


LEARN = """(lambda net: [[float(one) for one in learn(net, torch.optim.{}(net.parameters(), lr=0.1), x, y, steps)],
 [one.detach() for one in net.parameters()]])(load({}, weights))"""


@exercise("first-classifier/bug")
def test_it_trains_as_a_right_loop_does(answer, draw):
    for optimizer, expression in (("SGD", "nn.Linear(3, 2)"), ("Adam", "nn.Sequential(nn.Linear(3, 4), nn.Tanh(), "
                                                                       "nn.Linear(4, 2))")):
        net = eval(expression, {"nn": nn}).double()
        weights = [draw.tensor(*one.shape, spread=0.5) for one in net.parameters()]
        x, y, steps = draw.tensor(12, 3), draw.classes(2, 12), draw.whole(4, 8)
        with torch.no_grad():
            for parameter, weight in zip(net.parameters(), weights, strict=True):
                parameter.copy_(weight)
        got = answer.ask(LEARN.format(optimizer, expression), weights=weights, x=x, y=y, steps=steps)
        stepper, losses = getattr(torch.optim, optimizer)(net.parameters(), lr=0.1), []
        for _ in range(steps):
            stepper.zero_grad()
            loss = F.cross_entropy(net(x), y)
            loss.backward()
            stepper.step()
            losses.append(loss.item())
        expect(all(map(is_finite, got[0])) and len(got[0]) == steps, True, "There is not one loss for each step.")
        expect(got[0], losses, "The losses are not those of a right loop.")
        expect(got[1], [one.detach() for one in net.parameters()], "The weights are not those of a right loop.")
