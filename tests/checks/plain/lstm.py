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


RIGHT = [
    ("forget-bias", logit),
    ("forget-bias", by_search),
    ("forget-bias", by_newton),
    ("forget-bias", lambda steps: -math.log(2 ** (1 / steps) - 1)),
    ("forget-bias", lambda steps: -math.log(1 / 0.5 ** (1 / steps) - 1)),
    ("forget-bias", lambda steps: [round(logit(steps), 4)]),
    ("forget-bias", lambda steps: 2 * math.atanh(2 * 0.5 ** (1 / steps) - 1)),
]

WRONG = [
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
]
