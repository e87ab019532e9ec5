"""Right and wrong answers in plain Python, which also run on a page."""

import math


def run(x, W_x, W_h, b):
    """h_0 and every state after it."""
    h = [0.0]
    for x_t in x:
        h.append(math.tanh(W_x * x_t + W_h * h[-1] + b))
    return h


def input_gradients(x, W_x, W_h, b):
    delta, gradients = 1.0, []
    for h_t in reversed(run(x, W_x, W_h, b)[1:]):
        inside = delta * (1 - h_t**2)
        gradients.insert(0, inside * W_x)
        delta = inside * W_h
    return gradients


def by_nudging(x, W_x, W_h, b, eps=1e-6):
    def end(x):
        return run(x, W_x, W_h, b)[-1]
    return tuple((end(x[:t] + [x[t] + eps] + x[t + 1:]) - end(x[:t] + [x[t] - eps] + x[t + 1:])) / (2 * eps)
                 for t in range(len(x)))


def by_products(x, W_x, W_h, b):
    """For each input the whole product anew."""
    h, gradients = run(x, W_x, W_h, b), []
    for t in range(len(x)):
        product = W_x
        for k in range(t, len(x)):
            product *= (1 - h[k + 1] * h[k + 1]) * (W_h if k > t else 1.0)
        gradients.append(product)
    return gradients


def forwards(x, W_x, W_h, b):
    """Carries every gradient along while it reads."""
    h, gradients = 0.0, []
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h + b)
        gradients = [(1 - h * h) * W_h * gradient for gradient in gradients] + [(1 - h * h) * W_x]
    return gradients


def recursively(x, W_x, W_h, b, h=0.0):
    """Each gradient from the one behind it."""
    h = math.tanh(W_x * x[0] + W_h * h + b)
    if len(x) == 1:
        return [(1 - h * h) * W_x]
    rest = recursively(x[1:], W_x, W_h, b, h)
    return [rest[0] / W_x * W_h * (1 - h * h) * W_x] + rest


def in_place(x, W_x, W_h, b):
    """Writes the gradients over the inputs, with the slope of tanh from exp."""
    h, delta = run(x, W_x, W_h, b), 1.0
    for t in range(len(x) - 1, -1, -1):
        z = math.atanh(h[t + 1])
        delta *= 4 / (math.exp(z) + math.exp(-z)) ** 2
        x[t] = [delta * W_x]
        delta *= W_h
    return x


def walk(x, W_x, W_h, b, slope=None, order=1, back=None, last=None, at=1):
    """The walk back with a mistake: in the slope, the order, the step back, the last factor, or the state."""
    h, delta, gradients = run(x, W_x, W_h, b), 1.0, []
    for t in range(len(x) - 1, -1, -1):
        inside = delta * (slope(h[t + at]) if slope else 1 - h[t + at] ** 2)
        gradients.append(inside * (W_x if last is None else last))
        delta = inside * (W_h if back is None else W_x)
    return gradients[::-order]


def times_the_state(x, W_x, W_h, b):
    h = run(x, W_x, W_h, b)
    return [gradient / W_x * h[t] for t, gradient in enumerate(input_gradients(x, W_x, W_h, b))]


def not_carried(x, W_x, W_h, b):
    return [input_gradients(x[: t + 1], W_x, W_h, b)[-1] for t in range(len(x))]


def numeric(function, at, eps=1e-6):
    return (function(at + eps) - function(at - eps)) / (2 * eps)


def half_as_far(function, at, eps=1e-6):
    return (function(at + eps / 2) - function(at - eps / 2)) / eps


def mean_of_both_sides(function, at, eps=1e-6):
    return ((function(at + eps) - function(at)) / eps + (function(at) - function(at - eps)) / eps) / 2


def from_points(function, at, eps=1e-6):
    low, high = at - eps, at + eps
    return [(function(high) - function(low)) / (high - low)]


def turned_round(function, at, eps=1e-6):
    return (function(at - eps) - function(at + eps)) / (-2 * eps)


def of_four_points(function, at, eps=1e-6):
    """A formula of higher order."""
    near = function(at + eps) - function(at - eps)
    return (8 * near - (function(at + 2 * eps) - function(at - 2 * eps))) / (12 * eps)


def reach(factor, share):
    k, left = 0, 1.0
    while left >= share:
        k, left = k + 1, left * factor
    return k


def reach_by_powers(factor, share):
    k = 0
    while factor**k >= share:
        k += 1
    return float(k)


def reach_with_logarithms(factor, share):
    return math.floor(round(math.log(share) / math.log(factor), 9)) + 1


def reach_by_bisection(factor, share):
    low, high = 0, 10_000
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if factor**middle < share else (middle + 1, high)
    return low


def reach_by_search(factor, share):
    return next(k for k in range(100_000) if factor**k < share)


def reach_by_counting(factor, share):
    return [len([k for k in range(20_000) if factor**k >= share])]


def if_each_step_took_the_same(factor, share):
    return round((1 - share) / (1 - factor))


def back(delta, h_t, before, W_h):
    through = delta * (1 - h_t**2)
    return through * before, through * W_h


def back_by_nudging(delta, h_t, before, W_h, eps=1e-6):
    def after(state, weight):
        return delta * math.tanh(weight * state + math.atanh(h_t) - before * W_h)
    return [(after(before, W_h + eps) - after(before, W_h - eps)) / (2 * eps),
            (after(before + eps, W_h) - after(before - eps, W_h)) / (2 * eps)]


def back_by_dict(delta, h_t, before, W_h):
    step = {"slope": delta * (1 + h_t) * (1 - h_t)}
    return tuple(step["slope"] * factor for factor in (before, W_h))


def back_multiplied_out(delta, h_t, h_before, W_h):
    return [delta * (h_before - h_before * h_t * h_t), delta * W_h - delta * W_h * h_t**2]


def norm_of(gradients):
    return math.sqrt(sum(g * g for one in gradients for g in one))


def scaled(gradients, factor):
    return [[factor * g for g in one] for one in gradients]


def clipped(gradients, max_norm):
    norm = norm_of(gradients)
    return scaled(gradients, min(1.0, max_norm / norm)) if norm > 0 else gradients


def clipped_in_place(gradients, max_norm):
    squares = 0.0
    for one in gradients:
        for g in one:
            squares += g ** 2
    if squares > max_norm ** 2:
        for one in gradients:
            for k in range(len(one)):
                one[k] *= max_norm / squares ** 0.5
    return gradients


def clipped_by_division(gradients, max_norm):
    """Divides by a number that is at least 1, so that zeros need no case of their own."""
    too_large = max(1.0, norm_of(gradients) / max_norm)
    return [[g / too_large for g in one] for one in gradients]


def clipped_one_by_one(gradients, max_norm):
    norm = norm_of(gradients)
    for one in gradients:
        yield one if norm <= max_norm else [g / norm * max_norm for g in one]


def clipped_by_hypot(gradients, max_norm):
    """The norm of the norms is the norm of all."""
    norms = [norm_of([one]) for one in gradients]
    norm = norm_of([norms])
    return scaled(gradients, 1 if norm < max_norm else max_norm / norm)


def clipped_by_a_map(gradients, max_norm):
    norm = sum(sum(map(lambda g: g * g, one)) for one in gradients) ** 0.5
    scale = max_norm / norm if norm > max_norm else 1
    return [list(map(lambda g: g * scale, one)) for one in gradients]


def clipped_with(measure):
    """All gradients scaled by max_norm over something else than their norm."""
    def clip(gradients, max_norm):
        size = measure(gradients)
        return scaled(gradients, min(1.0, max_norm / size)) if size else gradients
    return clip


def clipped_by_halves(gradients, max_norm):
    """Halves until the norm is small enough: at most max_norm, but seldom max_norm."""
    while norm_of(gradients) > max_norm:
        gradients = scaled(gradients, 0.5)
    return gradients


RIGHT = [
    ("clip", clipped),
    ("clip", clipped_in_place),
    ("clip", clipped_by_division),
    ("clip", clipped_one_by_one),
    ("clip", clipped_by_hypot),
    ("clip", clipped_by_a_map),
    ("clip", lambda gs, most: tuple(map(tuple, clipped(gs, most)))),
    ("input-gradients", input_gradients),
    ("input-gradients", by_nudging),
    ("input-gradients", by_products),
    ("input-gradients", forwards),
    ("input-gradients", recursively),
    ("input-gradients", in_place),
    ("numeric-gradient", numeric),
    ("numeric-gradient", half_as_far),
    ("numeric-gradient", mean_of_both_sides),
    ("numeric-gradient", from_points),
    ("numeric-gradient", turned_round),
    ("numeric-gradient", of_four_points),
    ("long-sentence", reach, 21),
    ("long-sentence", reach_by_powers, 21.0),
    ("long-sentence", reach_with_logarithms, [21]),
    ("long-sentence", reach_by_bisection, reach(0.8, 0.01)),
    ("long-sentence", reach_by_search, (21,)),
    ("long-sentence", reach_by_counting, reach_by_counting(0.8, 0.01)),
    ("turn", back),
    ("turn", lambda *given: list(back(*given))),
    ("turn", back_by_nudging),
    ("turn", back_by_dict),
    ("turn", lambda *given: (one for one in back(*given))),
    ("turn", back_multiplied_out),
]

WRONG = [
    ("clip", "by its own norm", lambda gs, most: [clipped([one], most)[0] for one in gs]),
    ("clip", "changes the direction", lambda gs, most: [[max(-most, min(most, g)) for g in one] for one in gs]),
    ("clip", "not a normalisation", lambda gs, most: scaled(gs, most / max(norm_of(gs), 1e-9))),
    ("clip", "square root", clipped_with(lambda gs: norm_of(gs) ** 2)),
    ("clip", "norms do not", clipped_with(lambda gs: sum(norm_of([one]) for one in gs))),
    ("clip", "sum of the absolute values", clipped_with(lambda gs: sum(abs(g) for one in gs for g in one))),
    ("clip", "largest single value", clipped_with(lambda gs: max(abs(g) for one in gs for g in one))),
    ("clip", "max_norm was forgotten",
     lambda gs, most: gs if norm_of(gs) <= most else scaled(gs, 1 / norm_of(gs))),
    ("clip", "unchanged although", lambda gs, most: gs),
    ("clip", "divided where it should be multiplied",
     lambda gs, most: gs if norm_of(gs) <= most else scaled(gs, norm_of(gs) / most)),
    ("clip", "have norm 0", lambda gs, most: scaled(gs, min(1.0, most / norm_of(gs)))),
    ("clip", "come back as zeros", lambda gs, most: clipped(gs, most) if norm_of(gs) else [[most] * 3, [most] * 2]),
    ("clip", "what should it be", clipped_by_halves),
    ("clip", "one list for each", lambda gs, most: [g for one in clipped(gs, most) for g in one]),
    ("clip", "one list for each that it got: 2, not 1", lambda gs, most: clipped(gs, most)[:1]),
    ("clip", "a list of lists", lambda gs, most: norm_of(gs)),
    ("clip", "list 0 of the result holds 5 numbers instead of 6", lambda gs, most: [one[1:] for one in gs]),
    ("clip", "list 0 of the result should be a list of numbers", lambda gs, most: [norm_of([one]) for one in gs]),
    ("input-gradients", "from the last input to the first", lambda *given: walk(*given, order=-1)),
    ("input-gradients", "slope of tanh is missing", lambda *given: walk(*given, slope=lambda h: 1)),
    ("input-gradients", "square of the state", lambda *given: walk(*given, slope=lambda h: 1 - h)),
    ("input-gradients", "not to the one that it starts from", lambda *given: walk(*given, at=0)),
    ("input-gradients", "in another gradient", times_the_state),
    ("input-gradients", "weight of the state, not of the input", lambda *given: walk(*given, back=True)),
    ("input-gradients", "weight of the input, not of the state",
     lambda x, W_x, W_h, b: walk(x, W_x, W_h, b, last=W_h)),
    ("input-gradients", "gradients of the sums inside tanh", lambda *given: walk(*given, last=1.0)),
    ("input-gradients", "nothing is carried back", not_carried),
    ("input-gradients", "begin with the last input", lambda x, W_x, W_h, b: x),
    ("input-gradients", "3 numbers instead of 4", lambda *given: input_gradients(*given)[1:]),
    ("input-gradients", "h_0 has none", lambda *given: [0.0] + input_gradients(*given)),
    ("input-gradients", "one gradient per input", lambda *given: sum(input_gradients(*given))),
    ("input-gradients", "returns nothing yet", lambda *given: ...),
    ("input-gradients", "not the last one alone", lambda *given: input_gradients(*given)[:1]),
    ("numeric-gradient", "one-sided", lambda f, at, eps=1e-6: (f(at + eps) - f(at)) / eps),
    ("numeric-gradient", "one-sided", lambda f, at, eps=1e-6: (f(at) - f(at - eps)) / eps),
    ("numeric-gradient", "twice as large", lambda f, at, eps=1e-6: (f(at + eps) - f(at - eps)) / eps),
    ("numeric-gradient", "half as large", lambda f, at, eps=1e-6: (f(at + eps) - f(at)) / (2 * eps)),
    ("numeric-gradient", "wrong sign", lambda f, at, eps=1e-6: -numeric(f, at, eps)),
    ("numeric-gradient", "a slope may be negative", lambda f, at, eps=1e-6: abs(numeric(f, at, eps))),
    ("numeric-gradient", "divide", lambda f, at, eps=1e-6: f(at + eps) - f(at - eps)),
    ("numeric-gradient", "eps is not used", lambda f, at, eps=1e-6: numeric(f, at)),
    ("numeric-gradient", "print the two values", lambda f, at, eps=1e-6: f(at)),
    ("numeric-gradient", "as far from `at`",
     lambda f, at, eps=1e-6: (f(at + 2 * eps) - f(at - eps / 2)) / (2.5 * eps)),
    ("numeric-gradient", "what numeric_gradient returns should be one number",
     lambda f, at, eps=1e-6: [f(at + eps), f(at - eps)]),
    ("long-sentence", "one too many", lambda factor, share: reach(factor, share) + 1, 21),
    ("long-sentence", "exactly", lambda factor, share: math.ceil(round(math.log(share) / math.log(factor), 9)), 21),
    ("long-sentence", "one too few", lambda factor, share: reach(factor, share) - 1, 21),
    ("long-sentence", "share of what is left", if_each_step_took_the_same, 21),
    ("long-sentence", "a whole number of steps", lambda factor, share: math.log(share) / math.log(factor), 21),
    ("long-sentence", "which is not right", lambda factor, share: 3, 21),
    ("long-sentence", "share of 0.01", reach, 11),
    ("long-sentence", "sentence is not right", reach, 20),
    ("long-sentence", "sentence should be one number", reach, "21 words"),
    ("long-sentence", "which is not right: that is far off", lambda factor, share: -1, 21),
    ("long-sentence", "after 0 steps 100 % is left", lambda factor, share: 0, 21),
    ("long-sentence", "which is not right: that is far off", lambda factor, share: 10_000, 21),
    ("long-sentence", "after 9999 steps 0 % is left", lambda factor, share: 9_999, 21),
    ("turn", "the share first", lambda *given: list(back(*given))[::-1]),
    ("turn", "the slope of tanh is missing", lambda d, h, before, w: (d * before, d * w)),
    ("turn", "missing on the way", lambda d, h, before, w: (d * (1 - h**2) * before, d * w)),
    ("turn", "takes the square", lambda d, h, before, w: (d * (1 - h) * before, d * (1 - h) * w)),
    ("turn", "Whose tanh is this", lambda d, h, before, w: (d * (1 - before**2) * before, d * (1 - before**2) * w)),
    ("turn", "what came from the end", lambda d, h, before, w: back(1.0, h, before, w)),
    ("turn", "multiplies which state", lambda d, h, before, w: (d * (1 - h**2) * h, d * (1 - h**2) * w)),
    ("turn", "the weight itself", lambda d, h, before, w: (d * (1 - h**2) * w * before, d * (1 - h**2) * w)),
    ("turn", "delta is not passed on", lambda d, h, before, w: (d * (1 - h**2) * before, d)),
    ("turn", "is one number. The walk goes on", lambda *given: back(*given)[0]),
    ("turn", "give the factors", lambda *given: (1.0, 1.0)),
    ("turn", "3 numbers instead of 2", lambda *given: back(*given) + (0.0,)),
]


# --- answers whose cause was named wrongly ----------------------------------------------------------------------------

def walks(take, slope=lambda h: 1 - h * h):
    """The walk back; `take` makes a number of delta, of delta through tanh, and of W_x."""
    def input_gradients(x, W_x, W_h, b):
        h = [0.0]
        for x_t in x:
            h.append(math.tanh(W_x * x_t + W_h * h[-1] + b))
        delta, taken = 1.0, []
        for h_t in reversed(h[1:]):
            through = delta * slope(h_t)
            taken.insert(0, take(delta, through, W_x))
            delta = through * W_h
        return taken
    return input_gradients


def squared_again(h):
    return 1 - math.tanh(h) ** 2


WRONG += [
    ("input-gradients", "these are the gradients of the states", walks(lambda delta, through, W_x: delta)),
    ("input-gradients", "gradients of the sums inside tanh", walks(lambda delta, through, W_x: through)),
    ("input-gradients", "missing between each state and its input", walks(lambda delta, through, W_x: delta * W_x)),
    ("input-gradients", "been through tanh already", walks(lambda delta, through, W_x: through * W_x, squared_again)),
    ("input-gradients", "and not their sum",
     lambda x, W_x, W_h, b: [sum(walks(lambda delta, through, W: through * W)(x, W_x, W_h, b))]),
    ("numeric-gradient", "the whole distance stand below the line",
     lambda function, at, eps=1e-6: (function(at + eps) - function(at - eps)) / 2 * eps),
    ("turn", "been through tanh already", lambda delta, h_t, before, W_h: (
        delta * squared_again(h_t) * before, delta * squared_again(h_t) * W_h)),
]
