"""Right and wrong answers to the exercises of this chapter that are not plain Python (see tests/test_checks.py)."""

import statistics

import numpy as np


def race(actions, turns, clock):
    times = {name: [] for name in actions}
    for _ in range(turns):
        for name, action in actions.items():
            start = clock()
            action()
            times[name].append(clock() - start)
    return {name: statistics.median(taken[1:]) for name, taken in times.items()}


def race_that_warms_up_first(actions, turns, clock):
    for action in actions.values():
        action()
    times = {name: [] for name in actions}
    for _ in range(turns - 1):
        for name, action in actions.items():
            before = clock()
            action()
            after = clock()
            times[name].append(after - before)
    return {name: sorted(taken)[len(taken) // 2] for name, taken in times.items()}


def race_by_stamps(actions, turns, clock):
    """Reads the clock after each call; what is between two readings belongs to the second."""
    stamps, names = [clock()], list(actions)
    for _ in range(turns):
        for name in names:
            actions[name]()
            stamps.append(clock())
    taken = np.diff(stamps).reshape(turns, len(names))
    return dict(zip(names, np.median(taken[1:], axis=0), strict=True))


def race_with_a_start_moved_on(actions, turns, clock):
    times = {name: [] for name in actions}
    start = clock()
    for _ in range(turns):
        for name, action in actions.items():
            action()
            now = clock()
            times[name].append(now - start)
            start = now
    return {name: sorted(taken[1:])[(turns - 1) // 2] for name, taken in times.items()}


def race_turn_by_turn(actions, turns, clock):
    def one_turn():
        taken = {}
        for name in actions:
            start = -clock()
            actions[name]()
            taken[name] = start + clock()
        return taken

    all_turns = [one_turn() for _ in range(turns)][1:]
    return {name: statistics.median([turn[name] for turn in all_turns]) for name in actions}


def race_as_text(actions, turns, clock):
    times = dict.fromkeys(actions, ())
    for turn in range(turns):
        for name in times:
            start = clock()
            actions[name]()
            end = clock()
            if turn > 0:
                times[name] += (end - start,)
    return {name: [float(np.median(taken))] for name, taken in times.items()}


def timed(what=lambda taken: statistics.median(taken[1:]), start="call"):
    """A race whose clock starts at another place, or that makes something else of the times."""
    def answer(actions, turns, clock):
        times = {name: [] for name in actions}
        began = clock()
        for _ in range(turns):
            began = clock() if start == "turn" else began
            for name, action in actions.items():
                began = clock() if start == "call" else began
                action()
                times[name].append(clock() - began)
        return {name: what(taken) for name, taken in times.items()}
    return answer


def one_after_the_other(actions, turns, clock):
    return {name: race({name: action}, turns, clock)[name] for name, action in actions.items()}


RIGHT = [
    ("bug", race),
    ("bug", race_that_warms_up_first),
    ("bug", race_by_stamps),
    ("bug", race_with_a_start_moved_on),
    ("bug", race_turn_by_turn),
    ("bug", race_as_text),
]

WRONG = [
    ("bug", "returns nothing yet", lambda actions, turns, clock: None),
    ("bug", "a dict with a time for each name", lambda actions, turns, clock: list(race(actions, turns, clock))),
    ("bug", "called 7 times", lambda actions, turns, clock: race(actions, turns + 1, clock)),
    ("bug", "not called in turns", one_after_the_other),
    ("bug", "it grows from turn to turn", timed(start="race")),
    ("bug", "which warms up, is in it", timed(lambda taken: sorted(taken)[len(taken) // 2])),
    ("bug", "that one only warms up", timed(statistics.median)),
    ("bug", "that is the mean", timed(lambda taken: statistics.mean(taken[1:]))),
    ("bug", "the sum over its turns", timed(lambda taken: sum(taken[1:]))),
    ("bug", "the quickest of its turns", timed(lambda taken: min(taken[1:]))),
    ("bug", "of the other action in the same turn", timed(start="turn")),
    ("bug", "the second turn", timed(lambda taken: 1000 * taken[1])),
    ("bug", "should be one number", timed(lambda taken: taken[1:])),
]
