"""Right and wrong answers in plain Python, which also run on a page."""

import math


def logit(steps):
    f = 0.5 ** (1 / steps)
    return math.log(f / (1 - f))


def by_search(steps):
    low, high = -50.0, 50.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if (1 / (1 + math.exp(-middle))) ** steps < 0.5 else (low, middle)
    return high


def by_newton(steps):
    """Solves steps * log(sigmoid(b)) = log(1/2)."""
    b = math.log(steps + 1)
    for _ in range(60):
        f = 1 / (1 + math.exp(-b))
        b -= (math.log(f) + math.log(2) / steps) / (1 - f)
    return b


def belt(f, i, g, o, c):
    c = f * c + i * g
    return o * math.tanh(c), c


def belt_by_names(f, i, g, o, c):
    kept, written = c * f, g * i
    carried = sum([kept, written])
    e = math.exp(2 * carried)
    shown = {"h": o * (e - 1) / (e + 1), "c": carried}
    return [shown[name] for name in "hc"]


def belt_in_place(f, i, g, o, c):
    c *= f
    c += i * g
    h = math.tanh(c)
    h *= o
    return h, c


def belt_by_pairs(f, i, g, o, c):
    """Each gate beside what it multiplies."""
    new = 0.0
    for gate, value in zip((f, i), (c, g)):
        new += gate * value
    yield o * math.tanh(new)
    yield new


def belt_with_a_function(f, i, g, o, c):
    def squash(a):
        return 2 / (1 + math.exp(-2 * a)) - 1

    new = c - (1 - f) * c + i * g
    return (squash(new) * o,) + (new,)


def on_the_belt(new):
    """What is written by another line; what is shown goes by the right one."""
    def answer(f, i, g, o, c):
        c = new(f, i, g, o, c)
        return o * math.tanh(c), c
    return answer


def shown_as(show):
    """The right belt, shown by another line."""
    def answer(f, i, g, o, c):
        new = f * c + i * g
        return show(o, new, c, g), new
    return answer


def quarters(stacked):
    H = len(stacked) // 4
    return [stacked[k * H:(k + 1) * H] for k in range(4)]


def from_iofc(stacked):
    i, o, f, g = quarters(stacked)
    return i + f + g + o


def from_iofc_by_slices(stacked):
    H = len(stacked) // 4
    return stacked[:H] + stacked[2 * H:] + stacked[H:2 * H]


def from_iofc_by_numbers(stacked):
    H = len(stacked) // 4
    return [stacked[block * H + row] for block in (0, 2, 3, 1) for row in range(H)]


def from_iofc_by_names(stacked):
    blocks = dict(zip("iofg", quarters(stacked)))
    for name in "ifgo":
        yield from blocks[name]


def from_iofc_by_sorting(stacked):
    """By the place that each row goes to."""
    H, place = len(stacked) // 4, (0, 3, 1, 2)
    order = sorted(range(len(stacked)), key=lambda row: (place[row // H], row))
    return [stacked[row] for row in order]


def from_iofc_by_moving(stacked):
    """Takes the rows of o out of a copy, one by one, and puts them at its end."""
    rows, H = list(stacked), len(stacked) // 4
    for _ in range(H):
        rows.append(rows.pop(H))
    return rows


def from_iofc_in_place(stacked):
    stacked[:] = from_iofc(stacked)
    return stacked


def blocks_in(order):
    return lambda stacked: [row for k in order for row in quarters(stacked)[k]]


RIGHT = [
    ("reorder", from_iofc),
    ("reorder", from_iofc_by_slices),
    ("reorder", from_iofc_by_numbers),
    ("reorder", from_iofc_by_names),
    ("reorder", from_iofc_by_sorting),
    ("reorder", from_iofc_by_moving),
    ("reorder", lambda stacked: tuple(from_iofc(stacked))),
    ("forget-bias", logit),
    ("forget-bias", by_search),
    ("forget-bias", by_newton),
    ("forget-bias", lambda steps: -math.log(2 ** (1 / steps) - 1)),
    ("forget-bias", lambda steps: -math.log(1 / 0.5 ** (1 / steps) - 1)),
    ("forget-bias", lambda steps: [round(logit(steps), 4)]),
    ("forget-bias", lambda steps: 2 * math.atanh(2 * 0.5 ** (1 / steps) - 1)),
    ("turn", belt),
    ("turn", belt_by_names),
    ("turn", belt_in_place),
    ("turn", belt_by_pairs),
    ("turn", belt_with_a_function),
    ("turn", lambda f, i, g, o, c: [o * math.tanh(f * c + i * g), f * c + i * g]),
]

WRONG = [
    ("reorder", "nothing has moved yet", list),
    ("reorder", "the way back", blocks_in((0, 3, 1, 2))),
    ("reorder", "one more must move", blocks_in((0, 2, 1, 3))),
    ("reorder", "what now stands third", blocks_in((0, 3, 2, 1))),
    ("reorder", "is turned round", blocks_in((3, 2, 1, 0))),
    ("reorder", "name the gate", blocks_in((1, 0, 2, 3))),
    ("reorder", "name the gate", lambda stacked: from_iofc(stacked[::-1])),
    ("reorder", "changes the list that it is given", from_iofc_in_place),
    ("reorder", "is a block missing", lambda stacked: stacked[2:]),
    ("reorder", "put them end to end", lambda stacked: [quarters(stacked)[k] for k in (0, 2, 3, 1)]),
    ("reorder", "moves single rows",
     lambda stacked: [stacked[k + step] for k in range(0, len(stacked), 4) for step in (0, 2, 3, 1)]),
    ("reorder", "is cut by slices", lambda stacked: stacked.chunk(4)),
    ("reorder", "holds 16 numbers instead of 24",
     lambda stacked: [row[1:] if isinstance(row, list) else row for row in from_iofc(stacked)]),
    ("reorder", "should be a list of rows", lambda stacked: len(stacked)),
    ("reorder", "should be a list of rows", lambda stacked: ["i", "f", "g", "o"] * (len(stacked) // 4)),
    ("reorder", "returns nothing yet", lambda stacked: stacked.reverse()),
    ("forget-bias", "the gate itself", lambda steps: 0.5 ** (1 / steps)),
    ("forget-bias", "the sign is the other way round", lambda steps: -logit(steps)),
    ("forget-bias", "not exact for few", lambda steps: math.log(steps / math.log(2))),
    ("forget-bias", "not exact", math.log),
    ("forget-bias", "undo the sigmoid", lambda steps: math.log(0.5 ** (1 / steps))),
    ("forget-bias", "undoes a tanh", lambda steps: math.atanh(0.5 ** (1 / steps))),
    ("forget-bias", "once more", lambda steps: 1 / (1 + math.exp(-(0.5 ** (1 / steps))))),
    ("forget-bias", "to base 2", lambda steps: logit(steps) / math.log(2)),
    ("forget-bias", "how much is left after all of them", lambda steps: math.log(max(steps - 1, 1e-9))),
    ("forget-bias", "takes off in one step", lambda steps: 1 - 0.5 ** (1 / steps)),
    ("forget-bias", "is left after 10 steps", lambda steps: 2.0),
    ("forget-bias", "should be one number", lambda steps: "two"),
    ("forget-bias", "returns nothing yet", lambda steps: None),
    ("turn", "the other order", lambda *given: list(belt(*given))[::-1]),
    ("turn", "are swapped", on_the_belt(lambda f, i, g, o, c: i * c + f * g)),
    ("turn", "written whole", on_the_belt(lambda f, i, g, o, c: f * c + g)),
    ("turn", "kept whole", on_the_belt(lambda f, i, g, o, c: c + i * g)),
    ("turn", "nothing is written", on_the_belt(lambda f, i, g, o, c: f * c)),
    ("turn", "nothing of the old cell state", on_the_belt(lambda f, i, g, o, c: i * g)),
    ("turn", "g has no part", on_the_belt(lambda f, i, g, o, c: f * c + i)),
    ("turn", "what is written is i + g", on_the_belt(lambda f, i, g, o, c: f * c + (i + g))),
    ("turn", "is no sum", on_the_belt(lambda f, i, g, o, c: f + c + i * g)),
    ("turn", "squashed once more", on_the_belt(lambda f, i, g, o, c: f * c + i * math.tanh(g))),
    ("turn", "the cell state itself is squashed", on_the_belt(lambda f, i, g, o, c: math.tanh(f * c + i * g))),
    ("turn", "1 - f stands where i should", on_the_belt(lambda f, i, g, o, c: f * c + (1 - f) * g)),
    ("turn", "o writes", on_the_belt(lambda f, i, g, o, c: f * c + o * g)),
    ("turn", "the new c is not right: it is the old one", on_the_belt(lambda f, i, g, o, c: c)),
    ("turn", "what happens at the cross", on_the_belt(lambda f, i, g, o, c: f * (c + i * g))),
    ("turn", "the tanh on the way down", shown_as(lambda o, new, c, g: o * new)),
    ("turn", "before the plus or behind it", shown_as(lambda o, new, c, g: o * math.tanh(c))),
    ("turn", "it shows the old cell state, and the tanh is missing", shown_as(lambda o, new, c, g: o * c)),
    ("turn", "the output gate has no part", shown_as(lambda o, new, c, g: math.tanh(new))),
    ("turn", "the tanh comes first", shown_as(lambda o, new, c, g: math.tanh(o * new))),
    ("turn", "squashed by a sigmoid", shown_as(lambda o, new, c, g: o / (1 + math.exp(-new)))),
    ("turn", "is the candidate", shown_as(lambda o, new, c, g: o * math.tanh(g))),
    ("turn", "is the candidate", shown_as(lambda o, new, c, g: o * g)),
    ("turn", "are added", shown_as(lambda o, new, c, g: o + math.tanh(new))),
    ("turn", "the new h is not right: it is the new c", shown_as(lambda o, new, c, g: new)),
    ("turn", "goes down from it", shown_as(lambda o, new, c, g: (1 - o) * math.tanh(new))),
    ("turn", "is one number", lambda *given: belt(*given)[1]),
    ("turn", "3 numbers instead of 2", lambda *given: belt(*given) + (0.0,)),
    ("turn", "returns nothing yet", lambda *given: ...),
    ("turn", "should be two numbers, the new h and the new c", lambda *given: [str(one) for one in belt(*given)]),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

WRONG += [
    ("forget-bias", "are its brackets right", lambda steps: math.log(0.5 ** (1 / steps) / 1 - 0.5 ** (1 / steps))),
]
