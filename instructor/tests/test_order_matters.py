"""Hidden tests: order matters."""

import itertools
import re

import torch

from instructor.hidden import exercise, expect, is_finite, number, same, twin

TASKS = {"stars": "many-to-one", "word_types": "many-to-many", "translation": "sequence-to-sequence",
         "heartbeat": "many-to-one", "alarm": "many-to-many", "summary": "sequence-to-sequence"}


def plainly(function):
    """The function of a list of numbers, whatever form the numbers come in."""
    return lambda steps: float(function(number(steps).flatten().tolist()))


@exercise("order-matters/fool")
def test_neither_network_can_tell_them_apart(answer):
    first, second = (number(answer.value(name)).flatten().tolist() for name in ("first", "second"))
    expect(all(map(is_finite, [*first, *second])) and len(first) == len(second) > 0, True,
           "They are not two lists of numbers of the same length.")
    expect(first != second, True, "They are the same sequence.")
    expect(same(sorted(first), sorted(second), 1e-9), True, "Network A can tell them apart.")
    expect(first[-1] == second[-1], True, "Network B can tell them apart.")


@exercise("order-matters/ignores-order")
def test_functions_that_ignore_order(answer, draw):
    for function in (sum, max, lambda steps: sum(one * one for one in steps) / 3, len):
        steps = [0.1, 0.2, 0.3, draw.number(0.6, 0.8)]      # which add up to other last digits in another order
        expect(answer.ask("bool(ignores_order(function, steps))", function=plainly(function), steps=steps), True,
               "A function that ignores the order is taken for one that does not.")
    first = plainly(lambda steps: steps[0])
    expect(answer.ask("bool(ignores_order(function, steps))", function=first, steps=[1, 2, 3]), False,
           "A function that goes by the order is taken for one that ignores it.")


@exercise("order-matters/ignores-order")
def test_functions_that_do_not(answer, draw):
    def around(steps):          # the same backwards, and not the same in other orders
        return sum(one * other for one, other in itertools.pairwise(steps))

    steps = [one + k for k, one in enumerate(draw.numbers(4, 1, 1.5))]
    draw.random.shuffle(steps)
    orders = [one for one in itertools.permutations(steps) if one != tuple(steps)]
    single = [lambda given, order=order: float(tuple(given) == order) for order in draw.random.sample(orders, 6)]
    for function in (*single, lambda given: given[0] - given[-1], lambda given: given[-1], around,
                     lambda given: 1 + 1e-5 * given[1]):
        expect(answer.ask("bool(ignores_order(function, steps))", function=plainly(function), steps=steps), False,
               "A function that goes by the order is taken for one that ignores it.")
    expect(answer.ask("bool(ignores_order(function, steps))", function=plainly(max), steps=[1, 2, 3]), True,
           "A function that ignores the order is taken for one that does not.")


@exercise("order-matters/count-rises")
def test_rises_are_counted(answer, draw):
    for count in (1, 2, draw.whole(3, 8), draw.whole(9, 20), 60):
        steps = [draw.whole(-5, 5) for _ in range(count)]
        expect(answer.count_rises(steps), sum(one < other for one, other in itertools.pairwise(steps)),
               "The number of rises is not right.")


@exercise("order-matters/count-rises")
def test_equal_steps_and_negative_ones(answer, draw):
    step = draw.number(-3, -1)
    expect(answer.count_rises([step, step, step]), 0, "Equal steps are no rise.")
    expect(answer.count_rises([step - 2, step - 1, step]), 2, "Among negative numbers the rises are not right.")


@exercise("order-matters/patterns")
def test_each_task_has_its_pattern(answer):
    said = {name: re.sub(r"[\s_-]+", "-", str(answer.value(name)).strip().lower()) for name in TASKS}
    right = [re.sub(r"^seq(2|-to-)seq$", "sequence-to-sequence", said[name]) == TASKS[name] for name in TASKS]
    expect(all(right), True, "Not every task has its pattern.")


@exercise("order-matters/outputs")
def test_one_row_for_a_sequence(answer, draw):
    for layers in (1, 2):
        rnn, theirs = twin(answer, draw, f"nn.RNN(3, 5, {layers}, batch_first=True)")
        head, their_head = twin(answer, draw, "nn.Linear(5, 4)")
        x = draw.tensor(draw.whole(2, 4), draw.whole(2, 6), 3)
        expect(answer.classify(theirs, their_head, x), head(rnn(x)[1][-1]).detach(),
               "The scores of each sequence are not the head's of the last state.")


@exercise("order-matters/outputs")
def test_one_row_for_a_step(answer, draw):
    for layers in (1, 2):
        rnn, theirs = twin(answer, draw, f"nn.RNN(3, 5, {layers}, batch_first=True)")
        head, their_head = twin(answer, draw, "nn.Linear(5, 4)")
        x = draw.tensor(draw.whole(2, 4), draw.whole(2, 6), 3)
        with torch.no_grad():
            want = head(rnn(x)[0])
        expect(answer.tag(theirs, their_head, x), want, "The scores of each step are not the head's of that step.")
