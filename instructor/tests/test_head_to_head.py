"""Hidden tests: head to head."""

import torch
from scipy import stats

from instructor.hidden import exercise, expect, twin


@exercise("head-to-head/last-state")
def test_the_upper_layer_after_the_last_step(answer, draw):
    for kind in ("RNN", "GRU", "LSTM"):
        for layers in (1, draw.whole(2, 3)):
            own, given = twin(answer, draw, f"nn.{kind}(3, {draw.whole(4, 6)}, {layers}, batch_first=True)")
            x = draw.tensor(draw.whole(2, 5), draw.whole(2, 7), 3)
            with torch.no_grad():
                want = own(x)[0][:, -1]
            got = answer.ask("(lambda got: got.detach() if hasattr(got, 'detach') else got)(last_state(layer, x))",
                             layer=given, x=x)
            expect(got, want, "It is not the state of the upper layer after the last step.")


@exercise("head-to-head/interval")
def test_the_interval_of_the_differences(answer, draw):
    for count in (3, 5, draw.whole(6, 12)):
        hard = draw.numbers(count, -3, 3)
        a, b = ([98 + one + draw.number() for one in hard] for _ in "ab")
        interval = stats.ttest_rel(a, b).confidence_interval()
        t = float(stats.t.ppf(0.975, count - 1))
        expect(answer.paired_interval(a, b, t), [float(interval.low), float(interval.high)],
               "The ends of the interval are not right.", 1e-6)


def parameters(blocks, units):
    layer = {1: torch.nn.RNN, 3: torch.nn.GRU, 4: torch.nn.LSTM}[blocks](28, units)
    return sum(part.numel() for part in layer.parameters()) + 10 * units + 10


@exercise("head-to-head/units")
def test_the_nearest_size(answer, draw):
    for blocks in (1, 3, 4):
        for _ in range(3):
            units = draw.whole(3, 60)
            size, above = parameters(blocks, units), parameters(blocks, units + 1)
            for wanted, want in ((size, units), (size + (above - size) // 2 - 1, units),
                                 (above - (above - size) // 2 + 1, units + 1)):
                expect(answer.units_for(blocks, wanted), want, "Another number of units comes nearer.", 1e-9)


@exercise("head-to-head/chosen")
def test_chosen_on_some_digits_and_reported_on_the_others(answer, draw):
    for _ in range(4):
        digits, networks = draw.whole(12, 30), draw.whole(2, 6)
        here = draw.random.sample(range(digits), draw.whole(3, digits - 3))
        right = [[draw.random.random() < 0.7 for _ in range(digits)] for _ in range(networks)]
        right.append(list(right[0]))
        scores = [sum(row[k] for k in here) for row in right]
        winner = scores.index(max(scores))
        there = [k for k in range(digits) if k not in here]
        expect(answer.chosen_and_reported(right, here), [winner, sum(right[winner][k] for k in there) / len(there)],
               "The winner, or its share of the other digits, is not right.", 1e-6)


STARTS = """(lambda made: (duel([lambda size=size: made.append(torch.rand(size)) or len(made) for size in sizes],
 seed, 24, lambda net, batch: None), torch.cat(made))[1])([])"""
SEEN = """(lambda seen: (duel([lambda size=size, k=k: (torch.rand(size), k)[1] for k, size in enumerate(sizes)],
 seed, count, lambda net, batch: seen[net].append([int(one) for one in batch])), seen)[1])([[] for _ in sizes])"""


@exercise("head-to-head/bug")
def test_every_network_gets_the_same_batches(answer, draw):
    count, seed = 8 * draw.whole(3, 6), draw.whole(0, 1000)
    first, second = answer.ask(SEEN, sizes=[3, 11], seed=seed, count=count)
    expect(second, first, "Two networks of one duel are trained on different batches.")
    expect(sorted(one for batch in first for one in batch), list(range(count)),
           "A network is not trained on every digit once.")
    expect([len(batch) for batch in first], [8] * (count // 8), "The batches have another size.")
    expect(answer.ask(SEEN, sizes=[7, 2, 20], seed=seed, count=count), [first] * 3,
           "The batches depend on which networks are in the race.")
    other = answer.ask(SEEN, sizes=[3, 11], seed=seed + 1, count=count)[0]
    expect(other != first and first != sorted(first), True, "The seed does not decide on the order of the digits.")
    starts = answer.ask(STARTS, sizes=[3, 4], seed=seed)
    expect(answer.ask(STARTS, sizes=[3, 4], seed=seed), starts, "The same seed gives other starts.")
    other = answer.ask(STARTS, sizes=[3, 4], seed=seed + 1)
    expect(bool((other != starts).any()), True, "Another seed gives the same starts.")
    nets = answer.ask("list(duel([lambda: 'first', lambda: 'second'], seed, 8, lambda net, batch: None))", seed=seed)
    expect(nets, ["first", "second"], "It does not return the networks.")
