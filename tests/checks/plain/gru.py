"""Right and wrong answers in plain Python, which also run on a page."""

import math


def sigmoid(a):
    return 1 / (1 + math.exp(-a))


def step(x, h):
    r = sigmoid(x - 2 * h)
    z = sigmoid(-2 * x + 2 * h + 2)
    n = math.tanh(x + r * (-h - 0.5))
    return r, z, n, (1 - z) * n + z * h


def step_from_the_old(x, h):
    """The same mixture, as a way from the old state towards the candidate; tanh by sigmoids."""
    r, z = (sigmoid(a) for a in (x - 2 * h, 2 * (h - x + 1)))
    n = 2 * sigmoid(2 * (x - r * (h + 0.5))) - 1
    return [r, z, n, h + (1 - z) * (n - h)]


def step_by_weights(x, h):
    """Each block with its numbers in a table: for x, for h, the two biases."""
    table = {"r": (1, -2, 0, 0), "z": (-2, 2, 2, 0), "n": (1, -1, 0, -0.5)}
    parts = {name: (w * x + b, u * h + d) for name, (w, u, b, d) in table.items()}
    gates = {name: sigmoid(sum(parts[name])) for name in "rz"}
    n = math.tanh(parts["n"][0] + gates["r"] * parts["n"][1])
    return gates["r"], gates["z"], n, sum(part * value for part, value in ((1 - gates["z"], n), (gates["z"], h)))


def step_in_steps(x, h):
    """A generator, with the state overwritten at the end."""
    yield 1 / (1 + math.exp(2 * h - x))
    z = 1 / (1 + math.exp(2 * x - 2 * h - 2))
    yield z
    n = math.tanh(x + (-h - 0.5) / (1 + math.exp(2 * h - x)))
    yield n
    h = z * h + (1 - z) * n
    yield h


def step_with_functions(x, h):
    def reset():
        return sigmoid(x - 2 * h)

    def update():
        return 1 - sigmoid(2 * x - 2 * h - 2)

    candidate = math.tanh(x + reset() * -(h + 0.5))
    return [reset()] + [update()] + [candidate] + [candidate - update() * (candidate - h)]


def wrong(n=None, new=None, gates=None):
    """The step with another line for the gates, the candidate or the new state."""
    def answer(x, h):
        r, z, *_ = step(x, h)
        r, z = gates(x, h) if gates else (r, z)
        candidate = n(x, h, r, z) if n else math.tanh(x + r * (-h - 0.5))
        return r, z, candidate, new(h, r, z, candidate) if new else (1 - z) * candidate + z * h
    return answer


RIGHT = [
    ("turn", step),
    ("turn", lambda x, h: list(step(x, h))),
    ("turn", step_from_the_old),
    ("turn", step_by_weights),
    ("turn", step_in_steps),
    ("turn", step_with_functions),
]

WRONG = [
    ("turn", "r is not right: it is not squashed", wrong(gates=lambda x, h: (x - 2 * h, -2 * x + 2 * h + 2))),
    ("turn", "z is not right: it is not squashed", wrong(gates=lambda x, h: (sigmoid(x - 2 * h), 2 * h - 2 * x + 2))),
    ("turn", "that is z. The order is", lambda x, h: [step(x, h)[k] for k in (1, 0, 2, 3)]),
    ("turn", "that is n. The order is", lambda x, h: [step(x, h)[k] for k in (2, 0, 1, 3)]),
    ("turn", "not by tanh", wrong(gates=lambda x, h: (math.tanh(x - 2 * h), math.tanh(-2 * x + 2 * h + 2)))),
    ("turn", "the sign inside the sigmoid", wrong(gates=lambda x, h: (1 / (1 + math.exp(x - 2 * h)), 0.5))),
    ("turn", "the sign of the part with h", wrong(gates=lambda x, h: (sigmoid(x + 2 * h), 0.5))),
    ("turn", "the 2 at its end", wrong(gates=lambda x, h: (sigmoid(x - 2 * h), sigmoid(-2 * x + 2 * h)))),
    ("turn", "squashed twice", wrong(gates=lambda x, h: (sigmoid(sigmoid(x - 2 * h)), 0.5))),
    ("turn", "sign by sign", wrong(gates=lambda x, h: (sigmoid(x - h), 0.5))),
    ("turn", "n is not right: it is not squashed", wrong(n=lambda x, h, r, z: x + r * (-h - 0.5))),
    ("turn", "could never be negative", wrong(n=lambda x, h, r, z: sigmoid(x + r * (-h - 0.5)))),
    ("turn", "outside the bracket", wrong(n=lambda x, h, r, z: math.tanh(x + r * -h - 0.5))),
    ("turn", "the -0.5, a bias, is missing", wrong(n=lambda x, h, r, z: math.tanh(x - r * h))),
    ("turn", "the part with x too", wrong(n=lambda x, h, r, z: math.tanh(r * (x - h - 0.5)))),
    ("turn", "r multiplies x", wrong(n=lambda x, h, r, z: math.tanh(r * x - h - 0.5))),
    ("turn", "r does nothing", wrong(n=lambda x, h, r, z: math.tanh(x - h - 0.5))),
    ("turn", "multiplied by z", wrong(n=lambda x, h, r, z: math.tanh(x + z * (-h - 0.5)))),
    ("turn", "the sign of h in the bracket", wrong(n=lambda x, h, r, z: math.tanh(x + r * (h - 0.5)))),
    ("turn", "the sign of the 0.5", wrong(n=lambda x, h, r, z: math.tanh(x - r * (h - 0.5)))),
    ("turn", "what stands in front of it", wrong(n=lambda x, h, r, z: math.tanh(x + (-h - 0.5) * r / 2))),
    ("turn", "have changed places", lambda x, h: [step(x, h)[k] for k in (0, 1, 3, 2)]),
    ("turn", "z has the other role", wrong(new=lambda h, r, z, n: z * n + (1 - z) * h)),
    ("turn", "the candidate is added whole", wrong(new=lambda h, r, z, n: n + z * h)),
    ("turn", "the old state is added whole", wrong(new=lambda h, r, z, n: (1 - z) * n + h)),
    ("turn", "the old state is missing", wrong(new=lambda h, r, z, n: (1 - z) * n)),
    ("turn", "the candidate is missing", wrong(new=lambda h, r, z, n: z * h)),
    ("turn", "that is the candidate", wrong(new=lambda h, r, z, n: n)),
    ("turn", "that is the old state", wrong(new=lambda h, r, z, n: h)),
    ("turn", "r mixes them", wrong(new=lambda h, r, z, n: (1 - r) * n + r * h)),
    ("turn", "squashed once more", wrong(new=lambda h, r, z, n: math.tanh((1 - z) * n + z * h))),
    ("turn", "z says where", wrong(new=lambda h, r, z, n: (n + h) / 2)),
    ("turn", "is one number", lambda x, h: step(x, h)[3]),
    ("turn", "Which of the four is missing", lambda x, h: step(x, h)[1:]),
    ("turn", "2 numbers instead of 4", lambda x, h: step(x, h)[:2]),
    ("turn", "returns nothing yet", lambda x, h: ...),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def z_from_1(x, h):
    sigmoid = lambda a: 1 / (1 + math.exp(-a))
    return sigmoid(x - 2 * h), 1 - sigmoid(-2 * x + 2 * h + 2), 0.0, 0.0


WRONG += [
    ("turn", "is it taken from 1 too early", z_from_1),
    ("turn", "does anything stand outside of it", lambda x, h: (
        1 / (1 + math.exp(2 * h - x)), 2 + 1 / (1 + math.exp(2 * x - 2 * h)), 0.0, 0.0)),
]
