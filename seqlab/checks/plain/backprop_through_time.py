"""Checks of the exercises on backpropagation through time that need no tensor."""

import math

from . import (
    call,
    close,
    exercises_of,
    expect_close,
    expect_count,
    fail,
    listed,
    number,
    numbers,
    several,
    shown,
    whole,
)

exercise = exercises_of(__name__)


def _walk(x, W_x, W_h, b, slope=lambda h: 1 - h**2, step_weight=None, last_factor=None):
    """dh_T/dx_t for every t; the options make the typical mistakes."""
    h = [0.0]
    for x_t in x:
        h.append(math.tanh(W_x * x_t + W_h * h[-1] + b))
    delta, gradients = 1.0, []
    for h_t in reversed(h[1:]):
        inside = delta * slope(h_t)
        gradients.insert(0, inside * (W_x if last_factor is None else last_factor))
        delta = inside * (W_h if step_weight is None else step_weight)
    return gradients


def _slopes_one_late(x, W_x, W_h, b):
    """The same with the slope taken at the state before."""
    h = [0.0]
    for x_t in x:
        h.append(math.tanh(W_x * x_t + W_h * h[-1] + b))
    delta, gradients = 1.0, []
    for h_t in reversed(h[:-1]):
        inside = delta * (1 - h_t**2)
        gradients.insert(0, inside * W_x)
        delta = inside * W_h
    return gradients


def _states_before(x, W_x, W_h, b):
    """What comes out where h_{t-1} stands for W_x, as it does in the gradient of W_h."""
    h = [0.0]
    for x_t in x:
        h.append(math.tanh(W_x * x_t + W_h * h[-1] + b))
    return [value * h[t] for t, value in enumerate(_walk(x, W_x, W_h, b, last_factor=1.0))]


@exercise("input-gradients")
def _input_gradients(input_gradients):
    for x, W_x, W_h, b in [([1.0, 0.5, -1.0, 2.0], 0.8, 0.5, 0.1),
                           ([0.3, -0.6, 0.2], 1.5, -0.7, 0.0), ([0.4], 0.6, 0.9, 0.2)]:
        got = call(input_gradients, list(x), W_x, W_h, b, name="input_gradients")
        got = numbers(got, "what input_gradients returns", "a list with one gradient per input")
        expect_count(got, len(x), "what input_gradients returns", "one gradient per input", {
            len(x) + 1: "There is one more than there are inputs: h_0 has none",
            1: "Keep the gradient of every step: not the last one alone, and not their sum"})
        want = _walk(x, W_x, W_h, b)
        states = [value / W_x * W_h for value in want[1:]] + [1.0]
        expect_close(got, want, "what input_gradients returns", [
            ("it stands in the order of the walk, from the last input to the first", want[::-1]),
            ("these are the gradients of the sums inside tanh; from there to x_t one factor more is needed",
             [value / W_x for value in want]),
            ("these are the gradients of the states; from h_t to x_t it goes through tanh, and through W_x", states),
            ("the slope of tanh is missing between each state and its input", [value * W_x for value in states]),
            ("the slope of tanh is missing", _walk(x, W_x, W_h, b, slope=lambda h: 1.0)),
            ("the slope of tanh at z is 1 - tanh(z)**2, so it takes the square of the state",
             _walk(x, W_x, W_h, b, slope=lambda h: 1 - h)),
            ("h_t has been through tanh already: the slope takes its square as it is",
             _walk(x, W_x, W_h, b, slope=lambda h: 1 - math.tanh(h) ** 2)),
            ("the slope belongs to the state that a step makes, h_t, not to the one that it starts from",
             _slopes_one_late(x, W_x, W_h, b)),
            ("the input is multiplied by W_x. What is multiplied by the old state is W_h, in another gradient",
             _states_before(x, W_x, W_h, b)),
            ("going back one step multiplies by the weight of the state, not of the input",
             _walk(x, W_x, W_h, b, step_weight=W_x)),
            ("the last factor is the weight of the input, not of the state", _walk(x, W_x, W_h, b, last_factor=W_h)),
            ("nothing is carried back: each step needs the gradient that comes from the step after it",
             [_walk(x[:t + 1], W_x, W_h, b)[-1] for t in range(len(x))]),
        ], f"For x = {shown(list(x))}, W_x = {W_x}, W_h = {W_h}, b = {b}, begin with the last input: what it does to "
           "h_T is the slope of tanh at the last step times W_x. Compare your last number with that, then walk back")
    return "The walk back, by hand."


@exercise("numeric-gradient")
def _numeric_gradient(numeric_gradient):
    for function, at, want in [(lambda w: 3 * w, 5.0, 3.0), (lambda w: w**3, -1.5, 6.75),
                               (math.tanh, 0.4, 1 - math.tanh(0.4) ** 2), (lambda w: w**2, -1.0, -2.0)]:
        got = number(call(numeric_gradient, function, at, name="numeric_gradient"), "what numeric_gradient returns")
        if close(got, 2 * want, 1e-3):
            fail("the slope comes out twice as large. How far apart are the two points?")
        if close(got, want / 2, 1e-3):
            fail("the slope comes out half as large. How far apart are the two points?")
        if close(got, -want, 1e-3):
            fail("the slope has the wrong sign: value above minus value below" if want > 0 else
                 f"at {at} the function falls, and the slope is {got:.4g}: a slope may be negative")
        if abs(got) < 1e-3 * abs(want):
            fail("the slope comes out far too small: divide the difference by the distance of the two points. Does the "
                 "whole distance stand below the line, in brackets?")
        if not close(got, want, 1e-3):
            fail(f"at {at} the slope is {got:.4g}, which is not right. Print the two values of the function that you "
                 "subtract, and the distance by which you divide")
    bent = number(call(numeric_gradient, lambda w: w**2, 1.0, 0.1, name="numeric_gradient"), "the slope")
    if close(bent, 2.1, 1e-6) or close(bent, 1.9, 1e-6):
        fail("for a function that bends the slope is off by about eps: that is a one-sided difference. Go both ways")
    asked = []
    call(numeric_gradient, lambda w: asked.append(w) or w, 1.0, 0.25, name="numeric_gradient")
    if not any(abs(abs(w - 1.0) - 0.25) < 1e-9 or abs(abs(w - 1.0) - 0.125) < 1e-9 for w in asked):
        fail("eps is not used: the points do not move when it changes")
    if not close(bent, 2.0, 1e-6):
        fail(f"for a function that bends the slope is {bent:.4g} with eps = 0.1: are both points as far from `at`?")
    return "Now you can test any gradient you derive."


@exercise("long-sentence")
def _long_sentence(reach, sentence):
    for factor, share in [(0.9, 0.3), (0.5, 0.3), (0.5, 0.01), (0.5, 0.25), (0.99, 0.001), (0.2, 0.5)]:
        got = whole(call(reach, factor, share, name="reach"), "what reach returns", "a whole number of steps")
        want = next(k for k in range(10_000) if factor**k < share)
        if got == want:
            continue
        name = f"reach({factor}, {share}) is {got}"
        left = f"after {got} steps {100 * factor**got:.3g} % is left" if 0 <= got < 10_000 else "that is far off"
        if got == want - 1 and factor**got == share:
            fail(f"{name}: {left}, which is {100 * share:g} % exactly, and it should be less")
        if got in _if_each_step_took_the_same(factor, share):
            fail(f"{name}: each step takes a share of what is left, not always the same amount")
        if got == want - 1:
            fail(f"{name}, one too few: {left}, and it should be less than {100 * share:g} %")
        if got == want + 1:
            fail(f"{name}, one too many: {100 * factor**want:.3g} % is left one step earlier already")
        fail(f"{name}, which is not right: {left}")
    sentence = number(sentence, "sentence")
    want = next(k for k in range(10_000) if 0.8**k < 0.01)
    if sentence == next(k for k in range(10_000) if 0.8**k < 0.1):
        fail("sentence: that is where less than 10 % is left. 1 % is a share of 0.01")
    if sentence != want:
        fail("sentence is not right: call reach with a factor of 0.8 and a share of 1 %")
    return f"{want} words: no very long sentence at all."


def _if_each_step_took_the_same(factor, share):
    """The answers to be had from `1 - k * (1 - factor) < share`, rounded either way."""
    steps = (1 - share) / (1 - factor)
    return {math.floor(steps), math.ceil(steps), math.floor(steps) + 1}


SOME = [[1.3, -0.2, 0.7, -1.1, 0.4, 0.9], [12.0, -3.5, 6.0, 0.5]]       # with a joint norm of about 14
SMALL = [[0.05, -0.12, 0.2, -0.07], [0.11], [-0.16, 0.03]]              # of about 0.3


@exercise("clip")
def _clip(clip):
    for gradients, max_norm in ((SOME, 1.0), (SOME, 7.0), (SOME, 1000.0), (SMALL, 0.05), (SMALL, 3.0), (SOME[:1], 0.5)):
        got, flat = _clipped(clip, gradients, max_norm), _together(gradients)
        norm = _norm(flat)
        if norm < max_norm and not close(got, flat):
            fail(f"gradients with a joint norm of {norm:.4g} come back changed with max_norm {max_norm:g}, and they "
                 "should come back unchanged: clipping is a limit, not a normalisation")
        scale = min(1.0, max_norm / norm)
        expect_close(got, [scale * g for g in flat], f"with max_norm {max_norm:g} the result", [
            ("each list is scaled by its own norm. Take one norm over all of them, so that their balance stays",
             [g * min(1.0, max_norm / _norm(one)) for one in gradients for g in one]),
            ("single values are cut off, which changes the direction. Scale them all by one number",
             [max(-max_norm, min(max_norm, g)) for g in flat]),
            ("the norm is a square root: the sum of squares alone is too large",
             [g * max_norm / norm**2 for g in flat]),
            ("the norms of the lists were added up. Squares add up, norms do not",
             [g * max_norm / sum(_norm(one) for one in gradients) for g in flat]),
            ("it is scaled by the sum of the absolute values. The norm is the root of the sum of squares",
             [g * max_norm / sum(abs(one) for one in flat) for g in flat]),
            ("it is scaled by the largest single value. The norm is the root of the sum of squares",
             [g * max_norm / max(abs(one) for one in flat) for g in flat]),
            ("they have norm 1, and max_norm was forgotten", [g / norm for g in flat]),
            ("it is divided where it should be multiplied", [g * norm / max_norm for g in flat]),
            ("they are unchanged although their norm is above the limit", flat),
        ], f"Their joint norm is {norm:.4g} before, and {_norm(got):.4g} after you. What should it be, and has every "
           "list been scaled by the same number?")
    if any(value != 0 for value in _clipped(clip, [[0.0, 0.0, 0.0], [0.0, 0.0]], 1.0)):
        fail("gradients of zeros do not come back as zeros: is something divided by their norm, 0?")
    return "The same as clip_grad_norm_."


def _clipped(clip, gradients, max_norm):
    """All the numbers of the learner's result, whose lists are as long as those that were given."""
    got = call(clip, [list(one) for one in gradients], max_norm, name="clip", hints={
        "zero": "Gradients of zeros have norm 0. What may it not be used for?"})
    got = listed(got, "what clip returns", "a list of lists, one for each that it got")
    if len(got) != len(gradients):
        fail(f"clip should return one list for each that it got: {len(gradients)}, not {len(got)}")
    got = [numbers(one, f"list {k} of the result", "a list of numbers") for k, one in enumerate(got)]
    for k, one in enumerate(got):
        expect_count(one, len(gradients[k]), f"list {k} of the result", "as many as it was given")
    return _together(got)


def _together(gradients):
    return [g for one in gradients for g in one]


def _norm(flat):
    return math.sqrt(sum(g * g for g in flat))


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _turn(step_back):
    for delta, h_t, before, W_h in ((1.0, 0.9, -0.3, 0.5), (0.4, -0.7, 0.6, 1.5), (-0.2, 0.1, 0.0, 0.8)):
        pair = numbers_of_pair(call(step_back, delta, h_t, before, W_h, name="step_back"))
        through = delta * (1 - h_t**2)
        given = f"for delta {delta:g}, h_t {h_t:g}, h_before {before:g} and W_h {W_h:g}"
        expect_close(pair, [through * before, through * W_h], f"what step_back returns {given}", [
            ("the two come in the wrong order: the share first", [through * W_h, through * before]),
            ("the slope of tanh is missing", [delta * before, delta * W_h]),
            ("the slope of tanh is missing on the way to the state before", [through * before, delta * W_h]),
            ("the slope of tanh takes the square of the state after the step",
             [delta * (1 - h_t) * before, delta * (1 - h_t) * W_h]),
            ("h_t has been through tanh already: the slope takes its square as it is",
             [delta * (1 - math.tanh(h_t) ** 2) * before, delta * (1 - math.tanh(h_t) ** 2) * W_h]),
            ("the slope of tanh is that of the state before. Whose tanh is this?",
             [delta * (1 - before**2) * before, delta * (1 - before**2) * W_h]),
            ("what came from the end, delta, is missing", [(1 - h_t**2) * before, (1 - h_t**2) * W_h]),
            ("the share is that of a nudge of the state: W_h multiplies which state?", [through * h_t, through * W_h]),
            ("the share carries the factor W_h as well. It is the weight itself that is nudged",
             [through * W_h * before, through * W_h]),
            ("delta is not passed on: it needs the slope and W_h", [through * before, delta]),
        ], "Step 1 and step 2 above give the factors: the slope, then h_before for the weight, or W_h for the state")
    return "One step of the walk back, and the whole walk is a loop of it."


def numbers_of_pair(got):
    if not several(got):
        fail("what step_back returns is one number. The walk goes on with a second one")
    pair = numbers(got, "what step_back returns", "the share, then the delta of the state before")
    expect_count(pair, 2, "what step_back returns", "the share, then the delta of the state before")
    return pair
