"""Checks of the exercises on speed that need no tensor."""

from . import call, exercises_of, expect_close, fail, listed, number, numbers, shown

exercise = exercises_of(__name__)


def _products(batch, steps, inputs, units, blocks, two=2):
    return two * batch * steps * blocks * units * (inputs + units)


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _turn(operations):
    for sizes in ((1, 1, 3, 4), (5, 7, 3, 4), (32, 28, 28, 128)):
        batch, steps, inputs, units = sizes
        name = f"operations{sizes}"
        got = number(call(operations, *sizes, name="operations"), f"what {name} returns")
        each = batch * steps
        expect_close(got, _products(*sizes, 4), name, [
            ("these are the multiplications alone; there are as many additions", _products(*sizes, 4, two=1)),
            ("that is one product for each source; i, f, g and o need one each", _products(*sizes, 1)),
            ("the product with h is missing", 2 * each * 4 * inputs * units),
            ("the product with x is missing", 2 * each * 4 * units * units),
            ("that is one step; the weights are used at every step", _products(batch, 1, inputs, units, 4)),
            ("that is one example; the batch has more", _products(1, steps, inputs, units, 4)),
            ("the biases are counted too. Leave them out", 2 * each * 4 * units * (inputs + units + 1)),
            ("x and h are put side by side, so their sizes are added, not multiplied",
             2 * each * 4 * units * inputs * units),
        ], "With one example, one step, 3 inputs and 4 units there are 4 matrices of 4 x 3 and 4 of 4 x 4", 1e-9)
    return "Two operations for each weight, example and step."


# --- the practice -----------------------------------------------------------------------------------------------------

def _layers(batch, steps, inputs, units, layers, blocks=3, upper=None, two=2):
    """Products of so many layers; the upper ones read `upper` numbers, as many as there are units by default."""
    first = _products(batch, steps, inputs, units, blocks, two)
    return first + (layers - 1) * _products(batch, steps, units if upper is None else upper, units, blocks, two)


@exercise("gru")
def _gru(gru_operations):
    for sizes in ((1, 1, 3, 2, 1), (5, 7, 3, 2, 1), (4, 6, 10, 3, 2), (8, 5, 2, 6, 4)):
        name = f"gru_operations{sizes}"
        got = number(call(gru_operations, *sizes, name="gru_operations"), f"what {name} returns")
        one = sizes[:4]
        expect_close(got, _layers(*sizes), name, [
            ("that is an LSTM, which has four blocks; a GRU has r, z and n", _layers(*sizes, blocks=4)),
            ("these are the multiplications alone; there are as many additions", _layers(*sizes, two=1)),
            ("every layer reads the input here. What does the second layer read?", _layers(*sizes, upper=one[2])),
            ("that is one layer alone", _products(*one, 3)),
            ("that is one block; a GRU has r, z and n", _layers(*sizes, blocks=1)),
            ("that is the first layer and one more; there are others", _layers(*one, 2)),
            ("that is one step; the weights are used at every step", _layers(one[0], 1, *sizes[2:])),
            ("that is one example; the batch has more", _layers(1, *sizes[1:])),
        ], "Count the weights of each layer's two matrices by themselves, and use each of them twice", 1e-9)
    return "The same count, with three blocks."


TIMES = [       # mine, theirs, and how many turns warm up
    ([50.0, 9.0, 7.0, 3.0, 30.0, 3.5, 3.0], [9.0, 2.0, 8.0, 2.0, 10.0, 2.5, 1.5], 2),
    ([1.0, 2.0, 3.0, 8.0], [2.0, 1.0, 2.0, 2.0], 0),
    ([40.0, 3.0, 9.0, 1.0, 5.0], [8.0, 2.0, 3.0, 4.0, 2.5], 1),
]


def _middle(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2


def _mean(values):
    return sum(values) / len(values)


@exercise("ratio")
def _ratio(ratio):
    for mine, theirs, warm_up in TIMES:
        what = f"ratio({shown(mine)}, {shown(theirs)}, {warm_up})"
        got = number(call(ratio, list(mine), list(theirs), warm_up, name="ratio"), f"what {what} returns")
        a, b = mine[warm_up:], theirs[warm_up:]
        turns = [one / other for one, other in zip(a, b)]
        every = [one / other for one, other in zip(mine, theirs)]
        expect_close(got, _middle(turns), what, [
            ("of an even number of ratios the median is the mean of the two in the middle; this is the upper one",
             sorted(turns)[len(turns) // 2]),
            ("of an even number of ratios the median is the mean of the two in the middle; this is the lower one",
             sorted(turns)[(len(turns) - 1) // 2]),
            ("the turns that warm up are in it", _middle(every)),
            ("that is theirs to mine. How many times *their* time do you take?", _middle([1 / one for one in turns])),
            ("that is the mean of the ratios, which one bad turn can move far; take the median", _mean(turns)),
            ("that is the ratio of two means; one bad turn moves them", _mean(a) / _mean(b)),
            ("that is the ratio of two medians. Divide turn by turn first: what slows a turn down slows both",
             _middle(a) / _middle(b)),
            ("one turn too many is dropped", _middle(turns[1:])),
            ("that is the best ratio, not the typical one", min(turns)),
            ("that is one turn. Sort the ratios before you take the one in the middle", turns[len(turns) // 2]),
        ], "Write the ratios of the turns that count in one line, sort them, and look at the middle", 1e-9)
    return "A ratio that one bad turn does not move."


WORK = [(8e9, 1e8, 1e11, 1e10), (1e9, 4e8, 1e11, 1e10), (6.0, 4.0, 2.0, 8.0)]      # operations, bytes, rates


@exercise("bound")
def _bound(bound):
    for given in WORK:
        operations, moved, product, memory = given
        name = f"bound{tuple(map(shown, given))}".replace("'", "")
        got = listed(call(bound, *given, name="bound"), f"what {name} returns", "two things, seconds and a word")
        if len(got) != 2:
            fail(f"{name} should return two things, seconds and a word, but it returns {len(got)}")
        word, both = got[1], (operations / product, moved / memory)
        want = "products" if both[0] > both[1] else "memory"
        seconds = numbers([got[0]], f"the first thing that {name} returns", "a number of seconds")
        expect_close(seconds, [max(both)], f"the time of {name}", [
            ("that is the shorter of the two; the work is not done before both are", [min(both)]),
            ("the two are added. At best the memory works while the processor multiplies", [sum(both)]),
            ("that is a rate; seconds are work divided by rate", [min(product, memory * operations / moved)]),
            ("a time is work divided by rate, not rate divided by work",
             [max(product / operations, memory / moved)]),
            ("the rates are swapped", [max(operations / memory, moved / product)]),
        ], "How long do the operations take at the full rate, and how long do the bytes?", 1e-9)
        if word not in ("products", "memory"):
            fail(f'{name} should name the bound, "products" or "memory", but it says {shown(word)}')
        if word != want:
            fail(f'{name} says "{word}", but of the two times the other one is longer: {shown(both[0])} s for the '
                 f"products, {shown(both[1])} s for the memory")
    return "The longer of two times is the bound."
