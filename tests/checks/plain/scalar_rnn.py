"""Right and wrong answers in plain Python, which also run on a page."""

import math

X = [1.0, 0.5, -1.0, 2.0]


def states(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h + b)
        kept.append(h)
    return kept


def states_with_h_0_in_front(x, W_x, W_h, b, h_0=0.0):
    kept = [h_0]
    for x_t in x:
        kept.append(math.tanh(W_x * x_t + W_h * kept[-1] + b))
    return tuple(kept[1:])


def states_one_by_one(x, W_x, W_h, b, h_0=0.0):
    """A generator."""
    h = h_0
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h + b)
        yield h


def states_recursively(x, W_x, W_h, b, h_0=0.0):
    if not x:
        return []
    h = math.tanh(W_x * x[0] + W_h * h_0 + b)
    return [h] + states_recursively(x[1:], W_x, W_h, b, h)


def states_in_place(x, W_x, W_h, b, h_0=0.0):
    """Writes the states over the inputs."""
    for t in range(len(x)):
        x[t] = math.tanh(W_x * x[t] + W_h * (x[t - 1] if t else h_0) + b)
    return x


def states_by_exp(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        h = 1 - 2 / (1 + math.exp(2 * (W_x * x_t + W_h * h + b)))
        kept += [[h]]
    return kept


def not_carried(x, W_x, W_h, b, h_0=0.0):
    return [math.tanh(W_x * x_t + W_h * h_0 + b) for x_t in x]


def states_linear(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        h = W_x * x_t + W_h * h + b
        kept.append(h)
    return kept


def appends_first(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        kept.append(h)
        h = math.tanh(W_x * x_t + W_h * h + b)
    return kept


def bias_after(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h) + b
        kept.append(h)
    return kept


def with_h_0(x, W_x, W_h, b, h_0=0.0):
    return [h_0] + states(x, W_x, W_h, b, h_0)


def by_sign_changes(W_h):
    """Counts where the curve crosses the diagonal, on points of which none is 0."""
    points = [k / 1000 + 0.0003 for k in range(-1005, 1005)]
    above = [math.tanh(W_h * h) > h for h in points]
    return sum(above[k] != above[k + 1] for k in range(len(above) - 1))


def by_iterating(W_h):
    """Where does the state come to rest, from 1 on? If it is not 0, its mirror image and 0 are fixed points, too."""
    h = 1.0
    for _ in range(20_000):
        h = math.tanh(W_h * h)
    at_rest = abs(math.tanh(W_h * h) - h) < 1e-9
    return 3 if at_rest and abs(h) > 0.01 else 1


def crossing_on_zero(W_h):
    """A grid that contains 0 finds it from both sides."""
    points = [k / 100 for k in range(-101, 102)]
    side = [(math.tanh(W_h * h) > h) - (math.tanh(W_h * h) < h) for h in points]
    return sum(side[k] != side[k + 1] for k in range(len(side) - 1))


def last_input(history, target):
    h = 0.0
    for x_t in history:
        h = math.tanh(0.8 * x_t + 0.5 * h + 0.1)
    return (math.atanh(target) - 0.1 - 0.5 * h) / 0.8


def last_input_by_states(history, target):
    before = states(history, 0.8, 0.5, 0.1)[-1] if history else 0.0
    return (0.5 * math.log((1 + target) / (1 - target)) - 0.5 * before - 0.1) / 0.8


def by_bisection(history, target):
    low, high = -20.0, 20.0
    for _ in range(100):
        middle = (low + high) / 2
        if states(list(history) + [middle], 0.8, 0.5, 0.1)[-1] < target:
            low = middle
        else:
            high = middle
    return low


def by_newton(history, target):
    x = 0.0
    for _ in range(200):
        h = states(list(history) + [x], 0.8, 0.5, 0.1)[-1]
        x -= 0.3 * (h - target) / (0.8 * max(1 - h * h, 0.05))
    return x


def without(history, target, old=0.5, bias=0.1, weight=0.8, undo=math.atanh):
    """The answer with a mistake."""
    h = 0.0
    for x_t in history:
        h = math.tanh(0.8 * x_t + 0.5 * h + 0.1)
    return (undo(target) - bias - old * h) / weight


def next_state(x_t, h, W_x, W_h, b):
    return math.tanh(W_x * x_t + W_h * h + b)


def next_state_line_by_line(x_t, h, W_x, W_h, b):
    z = b
    for weight, value in ((W_x, x_t), (W_h, h)):
        z += weight * value
    h = math.tanh(z)
    return h


def next_state_by_exp(x_t, h, W_x, W_h, b):
    z = W_h * h + W_x * x_t + b
    return (math.exp(z) - math.exp(-z)) / (math.exp(z) + math.exp(-z))


def next_state_by_sinh(x_t, h, W_x, W_h, b):
    z = b + h * W_h + x_t * W_x
    return math.sinh(z) / math.cosh(z)


def next_state_with(**given):
    """With these values in place of what comes in."""
    def answer(x_t, h, W_x, W_h, b):
        values = {"x_t": x_t, "h": h, "W_x": W_x, "W_h": W_h, "b": b}
        values.update(given)
        return next_state(**values)
    return answer


AT_09 = states(X, 0.8, 0.9, 0.1)

RIGHT = [
    ("states", states),
    ("states", states_with_h_0_in_front),
    ("states", states_one_by_one),
    ("states", states_recursively),
    ("states", states_in_place),
    ("states", states_by_exp),
    ("more-memory", AT_09, 3),
    ("more-memory", tuple(AT_09), 3.0),
    ("more-memory", [round(h, 4) for h in AT_09], "3"),
    ("more-memory", [[h] for h in AT_09], "h_3"),
    ("more-memory", [round(h, 3) for h in AT_09], 3),
    ("more-memory", AT_09[:3] + [round(AT_09[3], 4)], [3]),
    ("half-life", lambda steps: 0.5 ** (1 / steps)),
    ("half-life", lambda steps: math.exp(-math.log(2) / steps)),
    ("half-life", lambda steps: 2 ** (-1 / steps)),
    ("half-life", lambda steps: pow(1 / 2, 1 / steps)),
    ("half-life", lambda steps: [1 / 2 ** (1 / steps)]),
    ("half-life", lambda steps: round(0.5 ** (1 / steps), 6)),
    ("fixed-points", lambda W_h: 3 if W_h > 1 else 1),
    ("fixed-points", lambda W_h: 1 + 2 * (W_h > 1)),
    ("fixed-points", lambda W_h: 3.0 if W_h > 1 else 1.0),
    ("fixed-points", by_sign_changes),
    ("fixed-points", by_iterating),
    ("fixed-points", lambda W_h: [1, 3][int(W_h > 1)]),
    ("forge", last_input),
    ("forge", last_input_by_states),
    ("forge", by_bisection),
    ("forge", by_newton),
    ("forge", lambda history, target: [last_input(history, target)]),
    ("forge", lambda history, target: round(last_input(history, target), 6)),
    ("turn", next_state),
    ("turn", next_state_line_by_line),
    ("turn", next_state_by_exp),
    ("turn", next_state_by_sinh),
    ("turn", lambda *given: [next_state(*given)]),
    ("turn", lambda *given: round(next_state(*given), 4)),
    ("turn", lambda x_t, h, W_x, W_h, b: math.tanh(sum([W_x * x_t, W_h * h, b]))),
    ("turn", lambda x_t, h, W_x, W_h, b: states([x_t], W_x, W_h, b, h)),
]

WRONG = [
    ("states", "not carried on", not_carried),
    ("states", "is h_0 among them", with_h_0),
    ("states", "collected before it is updated", appends_first),
    ("states", "one number only", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_x, W_h, b, h_0)[-1]),
    ("states", "do not depend on h_0", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_x, W_h, b)),
    ("states", "bias is missing", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_x, W_h, 0.0, h_0)),
    ("states", "bias is added after tanh", bias_after),
    ("states", "swapped", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_h, W_x, b, h_0)),
    ("states", "tanh is missing", states_linear),
    ("states", "wrong order", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_x, W_h, b, h_0)[::-1]),
    ("states", "not carried on", lambda x, W_x, W_h, b, h_0=0.0: states(x, W_x, 0.0, b, h_0)),
    ("states", "work it out by hand", lambda x, W_x, W_h, b, h_0=0.0: [0.0] * len(x)),
    ("states", "returns nothing yet", lambda x, W_x, W_h, b, h_0=0.0: ...),
    ("states", "what states returns should be a list of numbers", lambda x, W_x, W_h, b, h_0=0.0: "0.7"),
    ("states", "sums inside, before tanh", lambda x, W_x, W_h, b, h_0=0.0: [
        math.atanh(h) for h in states(x, W_x, W_h, b, h_0)]),
    ("more-memory", "for W_h = 0.5", states(X, 0.8, 0.5, 0.1), 3),
    ("more-memory", "W_x was changed", states(X, 0.9, 0.5, 0.1), 3),
    ("more-memory", "both weights were changed", states(X, 0.9, 0.9, 0.1), 3),
    ("more-memory", "the bias is missing", states(X, 0.8, 0.9, 0.0), 3),
    ("more-memory", "for W_h = -0.9", states(X, 0.8, -0.9, 0.1), 3),
    ("more-memory", "the state is not carried on", states(X, 0.8, 0.0, 0.1), 3),
    ("more-memory", "does your states pass its own check", states([1.0, 0.5, 1.0, 2.0], 0.8, 0.9, 0.1), 3),
    ("more-memory", "3 numbers instead of 4", AT_09[:3], 3),
    ("more-memory", "a list of four states", "0.7 0.8 0.0 0.9", 3),
    ("more-memory", "the first state is h_1", AT_09, 2),
    ("more-memory", "another state moves by more", AT_09, 4),
    ("more-memory", "counted from 1", AT_09, 0),
    ("more-memory", "from 1 to 4", AT_09, "third"),
    ("more-memory", "tanh is missing", states_linear(X, 0.8, 0.9, 0.1), 3),
    ("half-life", "one half; you are asked for the weight", lambda steps: 0.5 ** steps),
    ("half-life", "not the same amount", lambda steps: 1 - 0.5 / steps),
    ("half-life", "multiply, they do not add up", lambda steps: 0.5 / steps),
    ("half-life", "flips the sign", lambda steps: -(0.5 ** (1 / steps))),
    ("half-life", "multiplies a small state", lambda steps: 0.5),
    ("half-life", "doubles the state", lambda steps: 2 ** (1 / steps)),
    ("half-life", "37 %", lambda steps: math.exp(-1 / steps)),
    ("half-life", "should be one number", lambda steps: "half"),
    ("fixed-points", "how often can the two meet", lambda W_h: 3 if abs(W_h) > 1 else 1),
    ("fixed-points", "is h = 0 among them", lambda W_h: 2 if W_h > 1 else 1),
    ("fixed-points", "is h = 0 among them", lambda W_h: 2 if W_h > 1 else 0),
    ("fixed-points", "draw the curve", lambda W_h: 3),
    ("fixed-points", "draw the curve", lambda W_h: 1),
    ("fixed-points", "bends away", lambda W_h: 3 if W_h >= 1 else 1),
    ("fixed-points", "one of them counted twice", crossing_on_zero),
    ("fixed-points", "should be one number", lambda W_h: [-1, 0, 1]),
    ("forge", "the bias is left out", lambda history, target: without(history, target, bias=0.0)),
    ("forge", "tanh is not undone", lambda history, target: without(history, target, undo=float)),
    ("forge", "history leaves behind is left out", lambda history, target: without(history, target, old=0.0)),
    ("forge", "divide by the weight", lambda history, target: without(history, target, weight=1.0)),
    ("forge", "with a minus", lambda history, target: without(history, target, bias=-0.1)),
    ("forge", "not the input before it", lambda history, target: (
        math.atanh(target) - 0.1 - 0.5 * (history[-1] if history else 0.0)) / 0.8),
    ("forge", "solve it for its input", lambda history, target: 0.0),
    ("forge", "returns nothing yet", lambda history, target: None),
    ("forge", "what last_input returns should be one number", lambda history, target: [0.0] + history),
    ("turn", "it is the sum inside", lambda x, h, w, u, b: w * x + u * h + b),
    ("turn", "the bias is missing", next_state_with(b=0.0)),
    ("turn", "the bias is added after tanh", lambda x, h, w, u, b: math.tanh(w * x + u * h) + b),
    ("turn", "taken away", lambda x, h, w, u, b: next_state(x, h, w, u, -b)),
    ("turn", "forgotten h", next_state_with(h=0.0)),
    ("turn", "not read x_t", next_state_with(x_t=0.0)),
    ("turn", "W_x has met the old state", lambda x, h, w, u, b: next_state(x, h, u, w, b)),
    ("turn", "the old state has lost its weight", next_state_with(W_h=1.0)),
    ("turn", "the input has lost its weight", next_state_with(W_x=1.0)),
    ("turn", "W_x multiplies the old state too", lambda x, h, w, u, b: math.tanh(w * (x + u * h) + b)),
    ("turn", "W_x multiplies the old state too", lambda x, h, w, u, b: math.tanh(w * (x + u * h + b))),
    ("turn", "W_h multiplies the bias too", lambda x, h, w, u, b: math.tanh(w * x + u * (h + b))),
    ("turn", "each for itself", lambda x, h, w, u, b: math.tanh(w * x + b) + math.tanh(u * h)),
    ("turn", "each for itself", lambda x, h, w, u, b: math.tanh(w * x) + math.tanh(u * h + b)),
    ("turn", "each for itself", lambda x, h, w, u, b: math.tanh(w * x) + math.tanh(u * h) + b),
    ("turn", "added to the old state", lambda x, h, w, u, b: h + next_state(x, h, w, u, b)),
    ("turn", "that is tan, the tangent", lambda x, h, w, u, b: math.tan(w * x + u * h + b)),
    ("turn", "squashed by a sigmoid", lambda x, h, w, u, b: 1 / (1 + math.exp(-(w * x + u * h + b)))),
    ("turn", "it is the old state again", lambda x, h, w, u, b: h),
    ("turn", "the weights of the example", next_state_with(W_x=0.8, W_h=0.5, b=0.1)),
    ("turn", "write math.tanh", lambda x, h, w, u, b: tanh(w * x + u * h + b)),  # noqa: F821
    ("turn", "work out the sum inside tanh", lambda x, h, w, u, b: -next_state(x, h, w, u, b)),
    ("turn", "one number, the state after the step", lambda *given: (given[1], 0.5)),
    ("turn", "stopped with TypeError", lambda x, h: math.tanh(0.8 * x + 0.5 * h + 0.1)),
    ("turn", "returns nothing yet", lambda *given: ...),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def begins_twice(x, W_x, W_h, b, h_0=0.0):
    first = states(x[:1], W_x, W_h, b, h_0)
    return first + states(x, W_x, W_h, b, first[0])


WRONG += [
    ("states", "is one there twice", begins_twice),
    ("more-memory", "they are rounded", [0.72, 0.82, 0.03, 0.94], 3),
    ("more-memory", "the distances that the states move",
     [now - before for now, before in zip(states(X, 0.8, 0.9, 0.1), states(X, 0.8, 0.5, 0.1))], 3),
    ("half-life", "Python takes ** before /", lambda steps: 0.5 ** 1 / steps),
    ("fixed-points", "on both sides of it", lambda W_h: 2 if W_h > 1 else 1),
    ("turn", "in which order do x_t and h come", lambda h, x_t, W_x, W_h, b: math.tanh(W_x * x_t + W_h * h + b)),
]
