"""Checks of the exercises on comparing networks that need no tensor."""

import math

from . import call, close, exercises_of, expect_close, expect_count, fail, listed, number, numbers, shown, whole

exercise = exercises_of(__name__)
RACES = [       # two lists of scores, seed by seed, and Student's t for so many
    ([98.25, 98.5, 98.0, 98.75, 98.25], [97.75, 98.625, 97.5, 98.25, 98.0], 2.776),
    ([70.5, 81.0, 76.5], [71.5, 79.0, 73.0], 4.303),
    ([91.0, 92.5, 90.0, 95.0], [93.5, 93.0, 92.5, 96.5], 3.182),
]


def _spread(values, less=1):
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - less))


@exercise("interval")
def _interval(paired_interval):
    for a, b, t in RACES:
        n, what = len(a), f"what paired_interval returns for {shown(a)} and {shown(b)}"
        got = numbers(call(paired_interval, list(a), list(b), t, name="paired_interval"), what, "two numbers")
        expect_count(got, 2, what, "the lower end and the upper end", {
            1: "An interval has two ends",
            3: "The mean is not asked for: return the two ends",
            n: "There is one number for each pair. An interval is put around their mean"})
        differences = [one - other for one, other in zip(a, b)]
        mean, spread = sum(differences) / n, _spread(differences)
        apart = math.sqrt(_spread(a) ** 2 + _spread(b) ** 2)

        def around(half, middle=mean):
            return [middle - half, middle + half]

        half = t * spread / math.sqrt(n)
        expect_close(got, around(half), what, [
            ("the two ends stand in the wrong order", around(-half)),
            ("it is the interval of b - a", around(half, -mean)),
            ("the standard deviation of the differences is divided by n, not by the root of n", around(t * spread / n)),
            ("it says how far single differences scatter. Their mean scatters less: what is missing is the root of n",
             around(t * spread)),
            ("that is one standard error on each side; t of them are asked for", around(spread / math.sqrt(n))),
            ("that is two standard errors on each side; for so few pairs take t", around(2 * spread / math.sqrt(n))),
            ("the variance divides by n. Estimated from the numbers themselves it divides by n - 1",
             around(t * _spread(differences, 0) / math.sqrt(n))),
            ("the square root of the variance is missing", around(t * spread**2 / math.sqrt(n))),
            ("the two lists are taken apart, each with its own standard deviation. Take the differences first, pair by "
             "pair", around(t * apart / math.sqrt(n))),
            ("these are the smallest and the largest difference", [min(differences), max(differences)]),
            ("it lies around 0. It should lie around the mean of the differences", around(half, 0.0)),
        ], "Do the second case by hand: which three differences are there, what is their mean, and how far do they "
           "scatter around it?", tolerance=1e-6)
    return "An interval around the mean of the differences."


def _size(units, blocks, per_unit=30, square=1, head=10, rest=10):
    """Parameters of a layer with so many blocks over rows of 28, and of its head; the options count them wrongly."""
    return blocks * (square * units * units + per_unit * units) + head * units + rest


MISCOUNTED = [
    ("PyTorch's layers have two biases for each block, one beside either matrix", {"per_unit": 29}),
    ("where are the biases of the layer?", {"per_unit": 28}),
    ("the head has parameters, too", {"head": 0, "rest": 0}),
    ("the matrix from state to state is missing", {"square": 0}),
    ("the matrix from the row to the state is missing", {"per_unit": 2}),
]


def _nearest(blocks, parameters, wrong):
    """The number of units whose size comes nearest; of two equally near, the smaller."""
    units = 1
    while _size(units + 1, blocks, **wrong) <= parameters:
        units += 1
    below, above = parameters - _size(units, blocks, **wrong), _size(units + 1, blocks, **wrong) - parameters
    return units if below <= above else units + 1


@exercise("units")
def _units(units_for):
    answers = []
    for blocks, parameters in ((4, 82_186), (3, 82_186), (1, 82_186), (3, 5_000), (4, 847), (4, 848)):
        what = f"units_for({blocks}, {parameters})"
        got = whole(call(units_for, blocks, parameters, name="units_for"), what, "a whole number of units")
        if got < 1:
            fail(f"{what} is {got}, and a layer has at least one unit")
        answers.append((what, blocks, parameters, got))
    for what, blocks, parameters, got in answers:
        want = _nearest(blocks, parameters, {})
        if got == want:
            continue
        mine = f"{what} is {got}, which makes {_size(got, blocks)} parameters. "
        for cause, wrong in MISCOUNTED:
            if all(one == _nearest(of, size, wrong) for _, of, size, one in answers):
                fail(mine + "Something is counted wrongly: " + cause)
        if all(one == _nearest(1, of, {}) for _, _, of, one in answers):
            fail(mine + "Something is counted wrongly: this counts one block, as an RNN has")
        if got in (want - 1, want + 1):
            fail(mine + "A neighbour comes nearer. Compare how far off the numbers just below and just above are")
        fail(mine + "Try your count on nn.LSTM(28, 128) and its head: there are 82186 parameters")
    return "Other numbers of units, the same number of parameters."


TWO = "two things, the place of the winner and its share"
CHOOSING = list(range(1, 30, 3))
OTHERS = [k for k in range(30) if k not in CHOOSING]
READ = [(6, 17), (9, 13), (4, 19), (8, 16), (9, 12), (3, 14)]      # how many of those, by each of six networks


@exercise("chosen")
def _chosen(chosen_and_reported):
    six = [[k in CHOOSING[:own] or k in OTHERS[-other:] for k in range(30)] for own, other in READ]
    two = [[True, False, True, True, False], [False, True, True, False, True]]
    for right, here in ((six, CHOOSING), (six[::-1], CHOOSING[::-1]), (two, [3, 0]), (two, [4])):
        given = [list(row) for row in right]
        got = call(chosen_and_reported, given, list(here), name="chosen_and_reported")
        what = "what chosen_and_reported returns"
        got = listed(got, what, TWO)
        if len(got) != 2:
            fail(f"{what} should be {TWO}, but it is {shown(got)}")
        winner, share = got
        winner = whole(winner, "the first of the two", "the place of the winner, from 0")
        share = number(share, "the second of the two", "a share")
        there = [k for k in range(len(right[0])) if k not in here]

        def shares(places, rows=right):
            return [sum(row[k] for k in places) / len(places) for row in rows]

        chosen, other, every = shares(here), shares(there), shares(range(len(right[0])))
        want = chosen.index(max(chosen))
        if winner != want:
            last = len(chosen) - 1 - chosen[::-1].index(max(chosen))
            cause = next((words for words, place in (
                ("that one is the best on the other digits, on which it should only be reported",
                 other.index(max(other))),
                ("that one is the best on all digits; choose by those in `here` alone", every.index(max(every))),
                ("it is as good as another before it: of equally good ones take the first", last),
                ("that one is the worst on these digits", chosen.index(min(chosen)))) if winner == place),
                "Count for each network how many of the digits in `here` it reads")
            fail(f"the winner should be the best on the digits that choose, and {winner} is not: {cause}")
        if not close(share, other[want], 1e-6):
            cause = next((words for words, value in (
                ("that is its share of the digits that chose it, the luck included", chosen[want]),
                ("that is its share of all digits, those that chose it included", every[want]),
                ("these are percent; give a share", 100 * other[want]),
                ("that is how many it reads; divide by how many there are", other[want] * len(there)),
                ("divide by the number of the other digits, not of all", other[want] * len(there) / len(right[0])),
                ("that is the mean of all networks; only the winner is asked for", sum(other) / len(other)),
                ("that is the best share on the other digits, of whichever network", max(other)),
                ("that is the share of mistakes", 1 - other[want])) if close(share, value, 1e-6)),
                "Which digits are not in `here`, and how many of those does the winner read?")
            fail(f"network {want} wins, and its share is not {share:.4g}: {cause}")
    return "Chosen by one half, reported by the other."
