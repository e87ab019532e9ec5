"""Hidden tests: speed lab."""

import statistics

import torch
from torch.utils.flop_counter import FlopCounterMode

from instructor.hidden import exercise, expect
from seqlab import Recurrent


@exercise("speed-lab/gru")
def test_what_pytorch_counts(answer, draw):
    for layers in (1, 2, draw.whole(3, 4)):
        batch, steps, inputs, units = (draw.whole(2, 9) for _ in range(4))
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            Recurrent("gru", inputs, units, layers)(torch.rand(batch, steps, inputs))
        expect(answer.gru_operations(batch, steps, inputs, units, layers), counter.get_total_flops(),
               "PyTorch's own counter sees another number of operations.", 1e-9)


@exercise("speed-lab/ratio")
def test_the_median_of_the_ratios(answer, draw):
    for count in (5, 6, draw.whole(7, 12)):
        mine, theirs = ([1 + abs(one) for one in draw.numbers(count, -3, 3)] for _ in "ab")
        for warm_up in (0, 1, 2):
            want = statistics.median(a / b for a, b in list(zip(mine, theirs, strict=True))[warm_up:])
            expect(answer.ratio(mine, theirs, warm_up), want, "It is not the median of the ratios that count.", 1e-6)


@exercise("speed-lab/bound")
def test_the_longer_of_two_times(answer, draw):
    for _ in range(4):
        product, memory, long = (1 + abs(draw.number()) for _ in range(3))
        short = long / draw.whole(2, 5)
        expect(list(answer.bound(long * product, short * memory, product, memory)), [long, "products"],
               "The time or the bound is not right where the products take longer.", 1e-6)
        expect(list(answer.bound(short * product, long * memory, product, memory)), [long, "memory"],
               "The time or the bound is not right where the memory takes longer.", 1e-6)


# A clock that only the actions move: costs[name][k] is what the call k of an action takes.
RACE = """(lambda now, left, done: (race({name: (lambda name=name: (done.append(name),
 now.append(now[-1] + left[name].pop(0)))) for name in costs}, turns, lambda: now[-1]), done))(
 [start], {name: list(values) for name, values in costs.items()}, [])"""


@exercise("speed-lab/bug")
def test_each_call_has_its_own_time(answer, draw):
    for turns in (2, 4, 2 * draw.whole(3, 5)):
        costs = {name: [1.0 + k for k in draw.random.sample(range(40), turns)] for name in ("a", "b", "c")}
        times, done = answer.ask(RACE, costs=costs, turns=turns, start=float(draw.whole(1, 50)))
        expect(done, turns * list(costs), "The actions are not called in turns, once a turn.")
        expect(times, {name: statistics.median(values[1:]) for name, values in costs.items()},
               "The times are not the medians of each action's own calls, without the first turn.", 1e-6)
