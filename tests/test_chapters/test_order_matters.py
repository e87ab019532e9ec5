"""The chapter: what it says about order holds for the code it shows, beyond the few cases it runs."""

import copy
import math
from decimal import ROUND_HALF_EVEN, Context, Decimal
from fractions import Fraction
from itertools import permutations

import pytest
import torch
from torch import nn

from tools import course

from . import numbers, states_by_hand, trained_by_hand, verdicts

ORDER = course.chapter("order-matters")


@pytest.fixture(scope="module")
def chapter():
    return ORDER.definitions()


@pytest.mark.parametrize("steps", [[3, 1, 2], [7, 7, 0, -4, 2]])
def test_the_bag_is_blind_to_order(chapter, steps):
    orders = torch.tensor(list(permutations(steps)))
    for seed in range(20):
        torch.manual_seed(seed)
        scores = chapter["random_bag"]()(orders)
        assert torch.equal(scores, scores[:1].expand_as(scores))


def test_the_bag_is_not_blind_to_values(chapter):
    """Otherwise its blindness to order would prove nothing."""
    torch.manual_seed(0)
    bags = [chapter["random_bag"]() for _ in range(20)]
    assert any(not torch.equal(bag(torch.tensor([[1, 2, 3]])), bag(torch.tensor([[1, 2, 4]]))) for bag in bags)


def test_both_ends_of_the_knob(chapter):
    sequence = [3.0, -1.0, 0.5, 2.0]
    assert chapter["remember"](sequence, keep=0.0) == sequence
    assert chapter["remember"](sequence, keep=1.0) == torch.tensor(sequence).cumsum(0).tolist()


def test_the_loop_is_a_recurrent_layer_without_tanh(chapter):
    """nn.RNN with ReLU is that loop while the states are positive."""
    rnn = nn.RNN(1, 1, nonlinearity="relu", bias=False, batch_first=True)
    with torch.no_grad():
        rnn.weight_ih_l0.fill_(1.0)
        rnn.weight_hh_l0.fill_(0.5)
        out, _ = rnn(torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, 4, 1))
    assert out.flatten().tolist() == chapter["remember"]([1, 2, 3, 4], keep=0.5)


@pytest.mark.parametrize(("keep", "exact", "two_digits"), [(0.29, 24, 24), (0.5, 18, 18), (0.99, 24, 2)])
def test_what_the_text_says_of_rounded_states(chapter, keep, exact, two_digits):
    last = [chapter["remember"](order, keep)[-1] for order in permutations([1, 2, 3, 4])]
    assert (len({round(h, 6) for h in last}), len({float(f"{h:.1e}") for h in last})) == (exact, two_digits)


# --- the cells as they run --------------------------------------------------------------------------------------------

@pytest.fixture(scope="module")
def ran():
    return ORDER.play()


def test_one_number_of_two_digits_holds_every_order(ran, chapter):
    """With tenths in whole numbers; and 0.29 alone of a hundred values does so, rounded at each step or at the end."""
    def kept(order, hundredths):
        h = 0
        for number in order:
            h = int((Fraction(hundredths * h, 100) + 10 * number + Fraction(1, 2)) // 1)
        return h

    orders, cell = list(permutations([1, 2, 3, 4])), ran("round(0.29 * h + number, 1)")
    assert {round(10 * h): order for h, order in cell["last"].items()} == {kept(order, 29): order for order in orders}
    assert cell.printed == f"24 values of h from 24 orders\n4.9 comes from {cell['last'][4.9]}\n"
    assert cell["last"][4.9] == (1, 3, 2, 4) and all(len(str(h)) <= 3 for h in cell["last"])
    whole = [k for k in range(1, 100) if len({kept(order, k) for order in orders}) == 24]
    ends = [k for k in range(1, 100)
            if len({f"{chapter['remember'](order, k / 100)[-1]:.2g}" for order in orders}) == 24]
    assert whole == ends == [29]


def test_the_bag_gives_both_headlines_one_answer(ran):
    x, lines = ran("word_number")["x"], ran("bag = random_bag()").printed.splitlines()
    assert x.tolist() == [[1, 2, 3], [3, 2, 1]]
    assert numbers(lines[0]) == numbers(lines[1]) == ran("bag = random_bag()")["bag"](x)[0].tolist()
    every = ran("orders = torch.tensor")
    assert sorted(every["orders"].tolist()) == sorted(map(list, permutations([1, 2, 3, 4]))) and every["answers"] == 1


def test_a_coin_is_the_best_that_it_can_say(ran):
    """One sequence of each class, and the same p for both."""
    cell = ran("best = p[")
    for p, loss in zip(cell["p"], cell["losses"], strict=True):
        same = nn.functional.binary_cross_entropy(p.expand(2), torch.tensor([1.0, 0.0]))
        assert loss.item() == pytest.approx(same.item(), rel=1e-5)
    assert cell["best"].item() == pytest.approx(0.5) and len(cell["p"]) == 99


def test_the_last_step_alone_tells_no_direction(ran):
    cell = ran("rising = ")
    rising, falling = cell["rising"][0], cell["falling"][0]
    assert (rising.diff() > 0).all() and (falling.diff() < 0).all() and rising[-1] == falling[-1]
    assert cell["same"] and not torch.equal(cell["mlp"](rising[:1, None]), cell["mlp"](falling[:1, None]))


def test_the_state_after_each_step_is_a_fading_sum(ran):
    cell = ran("by_order = ")
    for order, states in cell["by_order"].items():
        steps = [int(number) for number in numbers(order)]
        assert states == [sum(0.5 ** (t - s) * steps[s] for s in range(t + 1)) for t in range(4)]
    (_, (steps, drawn, *_), _), = cell.drawn
    assert steps == [1, 2, 3, 4] and drawn == cell["by_order"]


def test_the_last_states_are_counted(ran):
    """Exactly with fractions, and in two digits by shifting the point until there are two before it."""
    def digits(value):
        return Decimal(value.numerator / value.denominator).normalize(Context(prec=2, rounding=ROUND_HALF_EVEN))

    lines = [numbers(line) for line in ran("two_digits = ").printed.splitlines()[1:]]
    assert [line[0] for line in lines] == [0, 0.1, 0.3, 0.5, 0.9, 0.99, 1]
    for keep, exact, two_digits in lines:
        keep = Fraction(str(keep))
        ends = [sum(keep ** (3 - s) * order[s] for s in range(4)) for order in permutations([1, 2, 3, 4])]
        assert (exact, two_digits) == (len(set(ends)), len({digits(end) for end in ends}))


def test_side_by_side_sees_the_order_and_nothing_longer(ran):
    cell = ran("side_by_side = ")
    (first, _, last), pair = cell["side_by_side"], cell["pair"]
    by_hand = torch.tanh(pair @ first.weight.T + first.bias) @ last.weight.T + last.bias
    assert torch.allclose(cell["scores"], by_hand, atol=1e-6) and not torch.allclose(*cell["scores"])
    assert torch.equal(pair[0], pair[1].flip(0))
    assert "(1x5 and 4x8)" in ran("4.0, 5.0]]").printed


def test_the_sizes_side_by_side(ran):
    lines = [numbers(line) for line in ran("def count").printed.splitlines()]
    assert lines == [[steps, 8 * steps + 8, 8 * (1 + 8 + 1 + 1)] for steps in (4, 40, 400)]


def test_only_the_weights_of_the_place_that_was_used_learn(ran):
    cell = ran("bump = ")
    assert cell["changed"].tolist() == [value != 0 for value in cell["bump"][0].tolist()] == [True] + 3 * [False]


def test_the_two_patterns_read_and_answer_what_they_say(ran):
    """16 sequences of 4 steps, read by 8 units: one answer, and one per step (3 tags)."""
    layer = ran("rnn = nn.RNN(")
    out = states_by_hand(layer["rnn"].parameters(), layer["x"], torch.zeros(16, 8))
    assert layer["x"].shape == (16, 4, 1) and torch.allclose(layer["out"], out, atol=1e-6)
    assert torch.allclose(layer["h_n"], out[None, :, 3], atol=1e-6)
    one = ran("head = nn.Linear(8, 2)")
    assert torch.allclose(one["scores"], one["head"](out[:, 3]), atol=1e-6)
    assert "(16, 4, 3)" in ran("tag = ").printed
    for words, lines in (("rnn = nn.RNN(", ["x   (16, 4, 1)", "out (16, 4, 8)", "h_n (1, 16, 8)"]),
                         ("head = nn.Linear(8, 2)", ["scores (16, 2)"]), ("tag = ", ["scores (16, 4, 3)"])):
        assert [line.rpartition(" (")[0] for line in ran(words).printed.splitlines() if " (" in line] == lines
    assert verdicts(one.printed) == [True]


def test_training_separates_only_the_network_with_a_memory(ran):
    """The losses are those of a loop of our own from the same weights; the others stop at what they cannot see."""
    data, before, after = ran("up = torch.tensor"), ran("def score_a_step"), ran("half of log 2")
    series, labels = data["series"], data["labels"]
    assert [(row.diff(dim=0) > 0).all().item() for row in series] == labels.bool().tolist()
    assert torch.equal(series[:4], series[4:].flip(1)), "each series and its reverse"
    rising, falling = (set(series[labels == label][:, -1].flatten().tolist()) for label in (1, 0))
    assert len(rising & falling) == 2 and len(rising | falling) == 6, "half of the ends tell the direction"
    names = ("each_step", "last_step", "rnn", "head")
    each_step, last_step, rnn, head = (copy.deepcopy(before[name]) for name in names)
    answers = {"bag": (lambda: sum(each_step(series[:, t]) for t in range(3)), [*each_step.parameters()]),
               "last step": (lambda: last_step(series[:, 2]), [*last_step.parameters()]),
               "recurrent": (lambda: head(rnn(series)[1][0]), [*rnn.parameters(), *head.parameters()])}
    found = {}
    for name, (answer, parameters) in answers.items():
        losses = trained_by_hand(torch.optim.Adam(parameters, lr=0.05), lambda answer=answer: -answer().log_softmax(
            dim=1)[range(8), labels].mean(), [()] * 300)
        found[name] = losses[-1], (answer().argmax(dim=1) == labels).sum().item()
    lines = {line[:9].strip(): numbers(line[9:]) for line in after.printed.splitlines()[:3]}
    assert list(lines) == list(found)
    for name, (loss, right, of) in lines.items():
        assert (loss, right, of) == (pytest.approx(found[name][0], rel=0.01, abs=1e-4), found[name][1], 8)
    assert lines["bag"][:2] == [pytest.approx(math.log(2), abs=1e-3), 4] and lines["recurrent"][0] < 0.001
    assert lines["last step"][0] == pytest.approx(math.log(2) / 2, abs=0.02) and lines["last step"][1] == 6


def test_a_mean_over_steps_loses_the_order_of_inputs_and_not_of_states(ran):
    cell = ran("there, back = ")
    there, back = cell["there"], cell["back"]
    assert torch.equal(there, back.flip(1)) and there.shape == (1, 4, 1)
    assert verdicts(cell.printed) == [True, False]
    zero = torch.zeros(1, 8)
    means = [states_by_hand(cell["rnn"].parameters(), x, zero).mean(dim=1) for x in (there, back)]
    assert not torch.allclose(*means, atol=1e-3)
    assert torch.allclose(cell["states_there"].mean(dim=1), means[0], atol=1e-5)
