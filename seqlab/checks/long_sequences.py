"""Checks of the exercises on speed that need more than plain Python."""

from . import call, exercises_of, expect_close, fail, number

exercise = exercises_of(__name__)


class _Clock:
    """A clock that only the actions move, and what was done while it ran."""

    def __init__(self):
        self.now, self.done = 100.0, []

    def __call__(self):
        return self.now

    def action(self, name, costs):
        """An action that costs so many seconds, call by call; after the last one, nothing."""
        left = list(costs)

        def act():
            self.done.append(name)
            self.now += left.pop(0) if left else 0.0
        return act


COSTS = {"quick": [40.0, 1.0, 2.0, 9.0, 4.0, 1.5], "slow": [5.0, 6.0, 6.5, 3.0, 30.0, 6.0]}


@exercise("bug")
def _bug(race):
    clock = _Clock()
    got = call(race, {name: clock.action(name, costs) for name, costs in COSTS.items()}, 6, clock, name="race")
    if not isinstance(got, dict) or list(got) != list(COSTS):
        fail("race should return a dict with a time for each name, in the order in which they were given")
    for name in COSTS:
        if clock.done.count(name) != 6:
            fail(f"in 6 turns an action should be called 6 times; one was called {clock.done.count(name)} times")
    if clock.done != 6 * list(COSTS):
        fail("the actions are not called in turns: what happens on the machine in between then hits one of them alone")
    so_far, spent = {name: [] for name in COSTS}, 0.0
    for k in range(6):
        for name, costs in COSTS.items():
            spent += costs[k]
            so_far[name].append(spent)
    for name, costs in COSTS.items():
        expect_close(number(got[name], f'the time of "{name}"'), _middle(costs[1:]), f'the time of "{name}"', {
            "it grows from turn to turn, for all that came before is in it. From when to when should the clock run "
            "for one call?": _middle(so_far[name][1:]),
            "the first turn, which warms up, is in it": _middle(costs),
            "the first turn is in it, and that one only warms up": sum(sorted(costs)[2:4]) / 2,
            "that is the mean; one interruption moves it far": sum(costs[1:]) / 5,
            "that is the sum over its turns; the median is asked for": sum(costs[1:]),
            "that is the quickest of its turns, not the one in the middle": min(costs[1:]),
            "the time of the other action in the same turn is in it":
                _middle([sum(COSTS[one][k] for one in COSTS) for k in range(1, 6)]),
        }, "Write down by hand what the clock says before and after each call of the second turn")
    return "Each action has its own time."


def _middle(values):
    return sorted(values)[len(values) // 2]
