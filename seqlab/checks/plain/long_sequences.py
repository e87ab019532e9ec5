"""Checks of the exercises on long sequences that need no tensor."""

import math

from . import call, exercises_of, expect_close, expect_count, fail, listed, number, numbers, shown

exercise = exercises_of(__name__)


def _states(keep, new, h):
    states = []
    for k in range(len(keep)):
        h = keep[k] * h + new[k]
        states.append(h)
    return states


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

STEPS = [([0.5, 0.25, 0.5], [8.0, 4.0, 2.0]), ([0.9, 0.0, 1.0, 0.5], [1.0, 2.0, 3.0, -4.0]), ([0.25], [3.0])]


@exercise("turn")
def _turn(all_states):
    for keep, new in STEPS:
        name = f"all_states({shown(keep)}, {shown(new)})"
        got = numbers(call(all_states, list(keep), list(new), name="all_states"), f"what {name} returns",
                      "a list of states, one for each step")
        expect_count(got, len(keep), name, "one state for each step", {
            1: "That may be the last state alone; every state is asked for",
            len(keep) + 1: "Does the list begin with the state before the first step? It is not asked for"})
        running = [sum(new[:k + 1]) for k in range(len(new))]
        late, h = [], 0.0
        for k in range(len(keep)):
            h = keep[k] * (h + new[k])
            late.append(h)
        swapped, h = [], 0.0
        for k in range(len(keep)):
            h = h + keep[k] * new[k]
            swapped.append(h)
        expect_close(got, _states(keep, new, 0.0), name, [
            ("every state is the sum of what is new. Which share of the old state is kept?", running),
            ("what is new is multiplied by keep as well; only the old state is", late),
            ("keep multiplies what is new in place of the old state", swapped),
            ("each step begins from 0, as if there were no state before it", list(new)),
            ("it starts from a state of 1, not of 0", _states(keep, new, 1.0)),
            ("keep is taken for what is lost: it is the share that stays",
             _states([1 - one for one in keep], new, 0.0)),
        ], "Do the first two steps by hand: the first state is new[0], for there was nothing before", 1e-9)
    return "One multiplication and one addition a step."


# --- the practice -----------------------------------------------------------------------------------------------------

def _mean_loss(letters, copied, steps):
    return copied * math.log(letters) / steps


@exercise("baseline")
def _baseline(baseline):
    for letters, copied, delay in ((8, 4, 5), (2, 1, 3), (8, 10, 500)):
        name = f"baseline({letters}, {copied}, {delay})"
        got = number(call(baseline, letters, copied, delay, name="baseline"), f"what {name} returns")
        steps = delay + 2 * copied
        expect_close(got, _mean_loss(letters, copied, steps), name, [
            ("that is the loss of one letter. Over how many steps is the mean taken?", math.log(letters)),
            ("that is the sum over the steps; take the mean", copied * math.log(letters)),
            ("that is in bits. Cross-entropy in PyTorch has the natural logarithm",
             _mean_loss(letters, copied, steps) / math.log(2)),
            ("there are as many letters to be read as to be said, and both are steps",
             _mean_loss(letters, copied, delay + copied)),
            ("the steps at which letters are read and said are missing in the mean",
             _mean_loss(letters, copied, delay)),
            ("that is as if it had to guess at every step. When there is nothing to say, it knows",
             math.log(letters) * (delay + copied) / steps),
            ("that is a mean of probabilities. What is the cross-entropy of a probability of 1 / letters?",
             copied / letters / steps),
            ("letters and copied are swapped", letters * math.log(copied) / (delay + 2 * letters)),
        ], "How many steps are there in all, at how many of them is something lost, and how much at each?", 1e-6)
    return "So much for a net that keeps nothing."


HISTORIES = {       # [accuracy in percent, seconds so far] after each epoch
    "quick": [[40.0, 5.0], [62.0, 10.0], [70.0, 15.0], [60.0, 20.0], [71.0, 25.0]],
    "slow": [[66.0, 18.0], [80.0, 36.0], [90.0, 54.0]],
    "late": [[10.0, 9.0], [11.0, 19.0], [85.0, 28.0], [95.0, 60.0]]}


def _highest(scores):
    return max(scores, key=lambda name: scores[name])


def _by_the_best(histories, least, most, epochs):
    """Whose best accuracy is the highest, of its first epochs and of those that end between the two times."""
    return _highest({name: max([-1] + [one[0] for one in history[:epochs] if least <= one[1] <= most])
                     for name, history in histories.items()})


def _by_the_last(histories, most):
    return _highest({name: ([-1] + [one[0] for one in history if one[1] <= most])[-1]
                     for name, history in histories.items()})


def _added_up(history):
    return [[history[k][0], sum([one[1] for one in history[:k + 1]])] for k in range(len(history))]


@exercise("ahead")
def _ahead(ahead):
    for seconds in (12, 30, 20, 54, 100):
        name = f"ahead(histories, {seconds})"
        copies = {one: [list(point) for point in history] for one, history in HISTORIES.items()}
        got = call(ahead, copies, seconds, name="ahead")
        if not isinstance(got, str) or got not in HISTORIES:
            fail(f"{name} should return one of the names in histories, but it is {shown(got)}")
        sums = {one: _added_up(history) for one, history in HISTORIES.items()}
        causes = [
            ("an epoch that ends exactly when the time is up counts too",
             _by_the_best(HISTORIES, 0, seconds - 0.1, 9)),
            ("the best of all epochs is taken, whenever it came", _by_the_best(HISTORIES, 0, 1000, 9)),
            ("the last accuracy in time is taken. The best so far counts, for its weights were kept",
             _by_the_last(HISTORIES, seconds)),
            ("it compares after equally many epochs. Does an epoch take equally long?",
             _by_the_best(HISTORIES, 0, 1000, 3)),
            ("the seconds are added up from epoch to epoch, but each says already how many have passed so far",
             _by_the_best(sums, 0, seconds, 9))]
        if got != _by_the_best(HISTORIES, 0, seconds, 9):
            for cause, other in causes:
                if got == other:
                    fail(f'{name} says "{got}": {cause}')
            fail(f'{name} says "{got}". Write down which accuracies each has reached by then, and compare the best')
    return "The same seconds for all."


PAIRS = [((0.5, 8.0), (0.25, 3.0)), ((0.9, 1.0), (0.5, -2.0)), ((0.0, 4.0), (1.0, 5.0)), ((0.75, 2.0), (0.25, 0.0))]


@exercise("join")
def _join(join):
    for first, second in PAIRS:
        name = f"join({first}, {second})"
        got = numbers(listed(call(join, first, second, name="join"), f"what {name} returns",
                             "a pair: a share and something new"), f"what {name} returns", "a pair of numbers")
        expect_count(got, 2, name, "a share and something new")
        (k1, n1), (k2, n2) = first, second
        both = k1 * k2
        expect_close(got, [both, k2 * n1 + n2], name, [
            ("the second stretch is taken before the first", [both, k1 * n2 + n1]),
            ("what the first stretch has made goes through the second, too: which share of it is left?",
             [both, n1 + n2]),
            ("the share and what is new stand the other way round", [k2 * n1 + n2, both]),
            ("what the first stretch has made is lost", [both, n2]),
            ("what the second stretch adds is lost", [both, k2 * n1]),
            ("of the old state the second stretch keeps a share of what the first has kept: is that a sum?",
             [k1 + k2, k2 * n1 + n2]),
            ("that is the share of the second stretch alone", [k2, k2 * n1 + n2]),
            ("that is the share of the first stretch alone", [k1, k2 * n1 + n2]),
        ], "Put a state h through the first stretch, then what comes out through the second, and collect what "
           "stands with h", 1e-9)
    return "Two stretches are a stretch."
