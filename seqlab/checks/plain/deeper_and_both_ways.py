"""Checks of the exercises on deeper networks and those that read both ways, which need no tensor."""

from . import call, exercises_of, expect_close, expect_count, fail, numbers, shown, whole

exercise = exercises_of(__name__)


def _size(inputs, units, layers, both, biases=2, deep=None, blocks=4):
    """The parameters of an LSTM; the options count them wrongly. `deep`: what a second layer reads, of the layer's
    input_size, hidden_size and directions."""
    directions, total = 2 if both else 1, 0
    for layer in range(layers):
        reads = inputs if layer == 0 else deep(inputs, units) if deep else directions * units
        total += directions * blocks * units * (reads + units + biases)
    return total


MISCOUNTED = [
    ("PyTorch's layers have two biases for each gate, one beside either matrix", {"biases": 1}, {}),
    ("where are the biases?", {"biases": 0}, {}),
    ("an LSTM has three gates and g, four blocks in all", {"blocks": 3}, {}),
    ("this counts one block, and an LSTM has four", {"blocks": 1}, {}),
    ("a second layer does not read x", {"deep": lambda inputs, units: inputs}, {}),
    ("what does a second layer read when the first goes both ways?", {"deep": lambda inputs, units: units}, {}),
    ("the other layers have parameters, too", {}, {"layers": 1}),
    ("the other direction has weights of its own", {}, {"both": False}),
]


def _widest(parameters, inputs, layers, both, options):
    """The largest number of units that stays within so many parameters."""
    units = 0
    while _size(inputs, units + 1, layers, both, **options) <= parameters:
        units += 1
    return units


@exercise("widest")
def _check_widest(widest):
    answers = []
    for given in ((80_896, 28, 1, False), (80_895, 28, 1, False), (80_896, 28, 1, True), (80_896, 28, 2, False),
                  (80_896, 28, 2, True), (3_000, 5, 3, True), (80, 1, 1, False)):
        parameters, inputs, layers, both = given
        what = f"widest{given}"
        answers.append((what, given, whole(call(widest, parameters, inputs, layers, both, name="widest"), what,
                                           "a whole number of units")))
    for what, (parameters, inputs, layers, both), got in answers:
        if got == _widest(parameters, inputs, layers, both, {}):
            continue
        mine = f"{what} is {got}, "
        for cause, options, other in MISCOUNTED:
            if all(one == _widest(most, reads, other.get("layers", depth), other.get("both", ways), options)
                   for _, (most, reads, depth, ways), one in answers):
                fail(f"{mine}and something is counted wrongly: {cause}")
        if got < 1:
            fail(f"{mine}and a layer has at least one unit")
        size, more = _size(inputs, got, layers, both), _size(inputs, got + 1, layers, both)
        if size > parameters:
            fail(f"{mine}and so many units take {size} parameters, more than there may be")
        fail(f"{mine}and one more unit would still fit: {got + 1} make {more} parameters")
    return "As wide as the parameters allow."


def _mean(steps, keep, take=None, begin=None):
    """The running mean; the options weigh the new weights otherwise, or begin otherwise."""
    mean = list(steps[0]) if begin is None else [begin for _ in steps[0]]
    for weights in steps[1:] if begin is None else steps:
        mean = [keep * old + (1 - keep if take is None else take) * new for old, new in zip(mean, weights)]
    return mean


@exercise("running-mean")
def _check_running_mean(running_mean):
    jumps = [[1.0, -2.0, 0.5], [3.0, -1.0, 0.25], [2.0, 4.0, -1.5], [-1.0, 2.0, 3.0], [0.5, 0.0, 1.0]]
    for steps, keep in ((jumps, 0.8), (jumps[:2], 0.9), ([[2.0, 6.0]], 0.5), (jumps[::-1], 0.5), (jumps, 0.0)):
        n, size = len(steps), len(steps[0])
        what = f"what running_mean returns for {n} step{'s' if n > 1 else ''} and a keep of {keep}"
        given = [list(weights) for weights in steps]
        answer = call(running_mean, given, keep, name="running_mean")
        got = numbers(answer, what, "a list of numbers")
        if given != [list(weights) for weights in steps]:
            fail("running_mean changes the lists that it is given. In a training these are the weights, so it would go "
                 "on from the mean. Is the mean a list of its own?")
        causes = {n * size: "That is the mean after every step; the one after the last is asked for",
                  n: "That is one number for each step; every weight has a mean of its own",
                  1: "That is one number for all; every weight has a mean of its own"}
        expect_count(got, size, what, "one for each weight", {count: cause for count, cause in causes.items()
                                                              if count != size})
        expect_close(got, _mean(steps, keep), what, [
            ("`keep` and the rest are exchanged: `keep` is the share of the mean that stays", _mean(steps, 1 - keep)),
            ("it begins with zeros, not with the first list", _mean(steps, keep, begin=0.0)),
            ("the new weights are added whole, so the shares do not make 1", _mean(steps, keep, take=1.0)),
            ("the new weights get the same share as the mean, so the shares do not make 1",
             _mean(steps, keep, take=keep)),
            ("that is the plain mean: each step counts as much as the others",
             [sum(row[k] for row in steps) / n for k in range(size)]),
            ("these are the last weights, not a mean", steps[-1]),
            ("the first weights have not moved", steps[0]),
            ("the last step is left out", _mean(steps[:-1] or steps, keep)),
            ("the first step is left out", _mean(steps[1:] or steps, keep)),
            ("it goes from the last step to the first", _mean(steps[::-1], keep)),
            ("it mixes only the last two steps", _mean(steps[-2:], keep)),
        ], f"Do it by hand for the first weight, {shown([row[0] for row in steps])}: what is its mean after each step?",
           tolerance=1e-6)
    return "A mean that follows the weights."
