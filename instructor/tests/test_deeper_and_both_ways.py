"""Hidden tests: deeper, and both ways."""

import torch
from torch import nn

from instructor.hidden import exercise, expect, left_alone, number, twin


@exercise("deeper-and-both-ways/rows")
def test_the_rows_of_every_layer(answer, draw):
    for both in (False, True):
        for layers in (1, 2, draw.whole(3, 4)):
            batch, hidden = draw.whole(1, 5), draw.whole(2, 6)
            h_n = draw.tensor(layers * (1 + both), batch, hidden)
            for layer, want in enumerate(h_n.view(layers, 1 + both, batch, hidden)):
                expect(answer.layer_states(h_n, layer, both), torch.cat(list(want), dim=1),
                       "These are not the rows of the layer, forward first, side by side.")


@exercise("deeper-and-both-ways/widest")
def test_the_widest_layer_that_fits(answer, draw):
    for layers, both in ((1, False), (1, True), (2, False), (draw.whole(2, 3), True)):
        for low, high in ((1, 4), (5, 30)):
            inputs, units = draw.whole(1, 9), draw.whole(low, high)
            fits, above = (sum(one.numel() for one in nn.LSTM(inputs, size, layers, bidirectional=both).parameters())
                           for size in (units, units + 1))
            for most in (fits, above - 1):
                expect(answer.widest(most, inputs, layers, both), units,
                       "Another number of units is the largest that fits.", 1e-9)


@exercise("deeper-and-both-ways/by-hand")
def test_two_readers_are_one_layer_of_both_directions(answer, draw):
    for kind in ("RNN", "GRU", "LSTM"):
        made = f"nn.{kind}(3, {draw.whole(4, 6)}, batch_first=True)"
        (forward, their_forward), (backward, their_backward) = (
            twin(answer, draw, made, dtype=torch.float32) for _ in range(2))
        both = type(forward)(3, forward.hidden_size, batch_first=True, bidirectional=True)
        both.load_state_dict(forward.state_dict() | {f"{name}_reverse": weight for name, weight
                                                     in backward.state_dict().items()})
        x = draw.tensor(draw.whole(2, 4), draw.whole(5, 7), 3, dtype=torch.float32)
        with torch.no_grad():
            out, state = both(x)
        h_n = state[0] if isinstance(state, tuple) else state
        got = answer.ask("[one.detach() if hasattr(one, 'detach') else one for one in read_both_ways(f, b, x)]",
                         f=their_forward, b=their_backward, x=x)
        expect(got, [out, torch.cat(list(h_n), dim=1)],
               "out or last is not that of one layer that reads both ways with these weights.")


@exercise("deeper-and-both-ways/running-mean")
def test_the_mean_after_the_last_step(answer, draw):
    for count in (2, 3, draw.whole(4, 9)):
        steps, keep = [draw.numbers(draw.whole(4, 6), -3, 3)], draw.number(0.6, 0.9)
        steps += [draw.numbers(len(steps[0]), -3, 3) for _ in range(count - 1)]
        shares = [keep ** (count - 1), *((1 - keep) * keep ** (count - 1 - k) for k in range(1, count))]
        want = [sum(share * row[k] for share, row in zip(shares, steps, strict=True)) for k in range(len(steps[0]))]
        expect(answer.ask("list(running_mean(steps, keep))", steps=steps, keep=keep), want,
               "It is not the running mean after the last step.", 1e-6)
        left_alone(answer, "list(running_mean(steps, 0.5))", steps=steps)


# What it answers, what its head is given, and the weights of both.
SEEN = """(lambda net, heard: (net.train(mode), net.head.register_forward_pre_hook(
 lambda module, given: heard.append(given[0].detach())), net(x).detach(), heard[0],
 [one.detach() for one in net.layer.parameters()], [one.detach() for one in net.head.parameters()])[2:])(
 RowReader(3, hidden, dropout), [])"""
AGAIN = "(lambda net: [net(x).detach() for _ in range(3)])(RowReader(3, hidden, dropout).train(mode))"
LEARNS = """(lambda net: [bool(one.any()) for one in gradients(net(x), list(net.parameters()), along)])(
 RowReader(3, hidden, dropout).eval())"""


def ends(weights, hidden, x):
    layer = nn.LSTM(3, hidden, batch_first=True, bidirectional=True)
    with torch.no_grad():
        for own, given in zip(layer.parameters(), weights, strict=True):
            own.copy_(given)
        return torch.cat(list(layer(x)[1][0]), dim=1)


def asked(answer, draw, mode):
    """What is given, and what it answers to it, what its head was given, what that should say, and the last states."""
    given = {"hidden": draw.whole(30, 40), "dropout": draw.number(0.2, 0.6), "mode": mode,
             "x": draw.tensor(60, draw.whole(4, 6), 3, dtype=torch.float32)}
    answered, seen, layer, (weight, bias) = answer.ask(SEEN, **given)
    return given, answered, seen, seen @ weight.T + bias, ends(layer, given["hidden"], given["x"])


def the_same_after_eval(answer, given):
    """In every test of the bug: nothing is given for the code as it was."""
    first, *others = answer.ask(AGAIN, **{**given, "mode": False})
    expect(others, [first, first], "After eval() the same sequences get other answers the second time.")


@exercise("deeper-and-both-ways/bug", share=2)
def test_after_eval_nothing_is_left_to_chance(answer, draw):
    given, answered, seen, said, states = asked(answer, draw, False)
    the_same_after_eval(answer, given)
    expect(seen, states, "After eval() the head does not get the two last states as they are.")
    expect(answered, said, "After eval() it does not return what its head says.")
    expect(list(answered.shape), [len(given["x"]), 2], "It does not answer with a score for each of two classes.")


@exercise("deeper-and-both-ways/bug")
def test_after_train_the_states_are_dropped(answer, draw):
    given, answered, seen, said, states = asked(answer, draw, True)
    the_same_after_eval(answer, given)
    first, *others = answer.ask(AGAIN, **given)
    expect([bool((one - first).any()) for one in others], [True, True], "After train() no draw is made at each call.")
    dropped, dropout = number(seen) == 0, given["dropout"]
    expect(seen, states * ~dropped / (1 - dropout), "After train() what is kept is not scaled by 1 / (1 - dropout).")
    expect(answered, said, "After train() it does not return what its head says.")
    expect(dropped.double().mean().item(), dropout, "After train() it drops another share of the numbers.", 0.05)
    expect([bool((dropped.all(axis) | ~dropped.any(axis)).any()) for axis in (0, 1)], [False, False],
           "After train() whole rows or columns are dropped together.")


@exercise("deeper-and-both-ways/bug")
def test_it_still_learns(answer, draw):
    given = {"hidden": draw.whole(4, 6), "dropout": 0.5, "x": draw.tensor(5, 4, 3, dtype=torch.float32)}
    the_same_after_eval(answer, given)
    got = answer.ask(LEARNS, along=draw.tensor(5, 2, dtype=torch.float32), **given)
    expect(got, 10 * [True], "No gradient comes back to some of its weights.")
