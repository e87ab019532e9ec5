"""Checks of the exercises on one number that remembers."""

import math

from . import call, close, exercises_of, expect_close, expect_count, fail, number, numbers, shown

exercise = exercises_of(__name__)
INPUTS = [1.0, 0.5, -1.0, 2.0]


def _states(x, W_x=0.8, W_h=0.5, b=0.1, h_0=0.0, squash=math.tanh):
    h, states = h_0, []
    for x_t in x:
        h = squash(W_x * x_t + W_h * h + b)
        states.append(h)
    return states


def _bias_outside(x, W_x, W_h, b, h_0):
    h, states = h_0, []
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h) + b
        states.append(h)
    return states


@exercise("states")
def _check_states(states):
    for x, weights, h_0 in [(INPUTS, (0.8, 0.5, 0.1), 0.0), ([0.3, -0.6, 0.2], (1.5, -0.7, 0.0), 0.0),
                            (INPUTS, (0.8, 0.5, 0.1), -0.9), ([0.1] * 40, (0.4, 1.1, -0.05), 0.2)]:
        W_x, W_h, b = weights
        given = (list(x), W_x, W_h, b) if h_0 == 0.0 else (list(x), W_x, W_h, b, h_0)
        want = _states(x, W_x, W_h, b, h_0)
        got = call(states, *given, name="states")
        got = [got] if isinstance(got, float) else numbers(got, "what states returns", "a list of numbers")
        expect_count(got, len(x), "what states returns", "one state per input", {
            len(x) + 1: "There is one more than there are inputs: " + (
                "is h_0 among them? Return h_1 and what follows" if got and got[0] == h_0 else
                "is one there twice, or was the list not empty at first?"),
            1: "There is one number only: collect the state after every step",
        })
        expect_close(got, want, "what states returns", [
            ("the states do not depend on h_0; start from the one that is given", _states(x, W_x, W_h, b)),
            ("the state is not carried on. Each step must start from the state that the step before left",
             [math.tanh(W_x * x_t + W_h * h_0 + b) for x_t in x]),
            ("each state is collected before it is updated, so the list is one step late", [h_0] + want[:-1]),
            ("tanh is missing", _states(x, W_x, W_h, b, h_0, squash=lambda z: z)),
            ("the bias is missing", _states(x, W_x, W_h, 0.0, h_0)),
            ("W_x and W_h are swapped", _states(x, W_h, W_x, b, h_0)),
            ("the bias is added after tanh", _bias_outside(x, W_x, W_h, b, h_0)),
            ("the list is in the wrong order: the first state comes first", want[::-1]),
            ("these are the sums inside, before tanh", [math.atanh(h) for h in want]),
        ], f"For x = {shown(list(x))}, W_x = {W_x}, W_h = {W_h}, b = {b}, h_0 = {h_0} the first state should come "
           f"from tanh({W_x} * {x[0]} + {W_h} * {h_0} + {b}). Work it out by hand, then the second one from it")
    return "The whole network, in a few lines."


@exercise("more-memory")
def _more_memory(at_09, moved_most):
    got = numbers(at_09, "at_09", "a list of four states")
    expect_count(got, 4, "at_09", "one state per step")
    expect_close(got, _states(INPUTS, W_h=0.9), "at_09", [
        ("these are the states for W_h = 0.5", _states(INPUTS)),
        ("W_x was changed; W_h is the weight of the old state", _states(INPUTS, W_x=0.9)),
        ("both weights were changed; W_h is the weight of the old state", _states(INPUTS, W_x=0.9, W_h=0.9)),
        ("these are the states for W_h = -0.9", _states(INPUTS, W_h=-0.9)),
        ("the bias is missing", _states(INPUTS, W_h=0.9, b=0.0)),
        ("the state is not carried on", _states(INPUTS, W_h=0.0)),
        ("tanh is missing", _states(INPUTS, W_h=0.9, squash=lambda z: z)),
        ("they are rounded. Keep four digits at least", [round(h, 2) for h in _states(INPUTS, W_h=0.9)]),
        ("these are the distances that the states move; the states themselves are asked for",
         [now - before for now, before in zip(_states(INPUTS, W_h=0.9), _states(INPUTS))]),
    ], "Does your states pass its own check? Then call it with W_h=0.9 and everything else as in the chapter",
        tolerance=1e-3)
    if not isinstance(moved_most, str):
        moved_most = number(moved_most, "moved_most", "the number of a step, from 1 to 4")
    moved = str(moved_most).replace("h_", "").strip()
    if moved not in ("1", "2", "3", "4", "1.0", "2.0", "3.0", "4.0"):
        if moved in ("0", "0.0"):
            fail("moved_most is 0, but the states are counted from 1: the first one is h_1")
        fail(f"moved_most should be the number of a step, from 1 to 4, but it is {shown(moved_most)}")
    moved = int(float(moved))
    at_05, at_09 = _states(INPUTS), _states(INPUTS, W_h=0.9)
    differences = [abs(at_09[k] - at_05[k]) for k in range(4)]
    if moved != 1 + differences.index(max(differences)):
        fail(f"h_{moved} moves by {differences[moved - 1]:.4f}, and another state moves by more. Compare the two rows "
             "step by step, without their signs. The first state is h_1")
    rows = {W_h: " ".join(f"{h:.4f}" for h in _states(INPUTS, W_h=W_h)) for W_h in (0.5, 0.9)}
    return f"From {rows[0.5]} to {rows[0.9]}."


@exercise("half-life")
def _half_life(weight_for):
    for steps in (1, 10, 2, 50):
        W_h = number(call(weight_for, steps, name="weight_for"), "what weight_for returns")
        left = _states([0.0] * steps, W_h=W_h, b=0.0, h_0=1e-3)[-1] / 1e-3
        if not (0.499 < left < 0.501 and W_h > 0):
            fail(f"weight_for({steps}) is {W_h:.4g}, which leaves {100 * left:.3g} % of a small state after {steps} "
                 f"silent step{'s' if steps > 1 else ''}. " + _half_life_hint(steps, W_h))
    return "You can set how long it remembers."


def _half_life_hint(steps, W_h):
    if W_h < 0:
        return "A negative weight flips the sign at every step"
    if close(W_h, 0.5 ** steps, 1e-6):
        return "That is what is left at a weight of one half; you are asked for the weight"
    if close(W_h, 1 - 0.5 / steps, 1e-6):
        return "The state loses a share of what is left at each step, not the same amount"
    if close(W_h, 0.5 / steps, 1e-6):
        return ("That is one half divided by the number of steps. The losses of the steps multiply, they do not add "
                "up. "
                "If it was meant as a power: Python takes ** before /, so brackets may be missing")
    if close(W_h, 2.0 ** (1 / steps), 1e-6):
        return "That weight doubles the state in so many steps. Where does it have to be for a state to shrink?"
    if close(W_h, math.exp(-1 / steps), 1e-6):
        return "That is the weight that leaves 1/e, about 37 %; half is asked for"
    return "Each silent step multiplies a small state by W_h. What does it do to it in that many steps?"


@exercise("fixed-points")
def _fixed_points(count_fixed_points):
    for W_h, hint in [(0.5, ""), (0.95, ""), (1.5, ""), (2.5, ""), (0.0, ""), (-0.5, ""),
                      (1.0, "the curve starts as steep as the diagonal, and bends away. How often do they meet?"),
                      (-2.0, "the curve tanh(-2h) falls and the diagonal rises. How often can the two meet?")]:
        want = 3 if W_h > 1 else 1
        got = number(call(count_fixed_points, W_h, name="count_fixed_points"), "what count_fixed_points returns")
        if got != want:
            if not hint and got == want - 1:
                hint = "is h = 0 among them?" if want == 1 else (
                    "is h = 0 among them? And are there any on both sides of it?")
            elif not hint and got == want + 1:
                hint = "is one of them counted twice? A search that steps exactly on h = 0 may find it from both sides"
            fail(f"for W_h = {W_h} you count {got:g}: " + (hint or "draw the curve and the diagonal, and count"))
    return "Right on both sides of the fork, and for negative weights."


@exercise("forge")
def _forge(last_input):
    for history, target in [(INPUTS[:3], 0.9106), ([-2.0, 1.5, 0.3], -0.5), ([], 0.2), ([0.4] * 30, 0.0)]:
        x = number(call(last_input, list(history), target, name="last_input"), "what last_input returns")
        before = _states(history)[-1] if history else 0.0
        reached = _states(list(history) + [x])[-1]
        if abs(reached - target) < 1e-4:
            continue
        z = math.atanh(target)
        for cause, value in [
            ("the bias is left out", (z - 0.5 * before) / 0.8),
            ("tanh is not undone. What does it take to get from h back to the sum inside?",
             (target - 0.1 - 0.5 * before) / 0.8),
            ("the state that the history leaves behind is left out", (z - 0.1) / 0.8),
            ("divide by the weight of the input", z - 0.1 - 0.5 * before),
            ("what the last step starts from is the state before it, not the input before it",
             (z - 0.1 - 0.5 * (history[-1] if history else 0.0)) / 0.8),
            ("the bias belongs on the other side with a minus", (z + 0.1 - 0.5 * before) / 0.8),
        ]:
            if abs(x - value) < 1e-4:
                fail(f"with {x:.4f} the last state is {reached:.4f}, not {target}: {cause}")
        fail(f"with {x:.4f} after {len(history)} inputs the last state is {reached:.4f}, not {target}. "
             "Write down the equation of the last step and solve it for its input")
    return "Any past can be made to look like any other."


# --- your turn, in the chapter ----------------------------------------------------------------------------------------

@exercise("turn")
def _check_turn(next_state):
    for x_t, h, W_x, W_h, b in ((0.9, -0.65, 1.3, 0.7, 0.25), (-1.0, 0.4, 0.8, 0.5, 0.1), (1.5, 0.9, -0.3, 1.1, -0.2)):
        got = number(call(next_state, x_t, h, W_x, W_h, b, name="next_state", hints={
            "name 'tanh'": "tanh lives in math: write math.tanh"}),
            "what next_state returns", "one number, the state after the step")
        inside = W_x * x_t + W_h * h + b
        expect_close([got], [math.tanh(inside)], "the state after the step", [(cause, [value]) for cause, value in (
            ("it is the sum inside. What keeps a state between -1 and 1?", inside),
            ("the bias is missing", math.tanh(W_x * x_t + W_h * h)),
            ("the bias is added after tanh", math.tanh(W_x * x_t + W_h * h) + b),
            ("the bias is taken away, not added", math.tanh(W_x * x_t + W_h * h - b)),
            ("it has forgotten h, the state before", math.tanh(W_x * x_t + b)),
            ("it has not read x_t", math.tanh(W_h * h + b)),
            ("W_x has met the old state, and W_h the input: which of the two weighs the new, and in which order do x_t "
             "and h come?", math.tanh(W_h * x_t + W_x * h + b)),
            ("the old state has lost its weight", math.tanh(W_x * x_t + h + b)),
            ("the input has lost its weight", math.tanh(x_t + W_h * h + b)),
            ("W_x multiplies the old state too: look at the brackets", math.tanh(W_x * (x_t + W_h * h + b))),
            ("W_x multiplies the old state too: look at the brackets", math.tanh(W_x * (x_t + W_h * h) + b)),
            ("W_h multiplies the bias too: look at the brackets", math.tanh(W_x * x_t + W_h * (h + b))),
            ("two parts are squashed each for itself, and then added", math.tanh(W_x * x_t + b) + math.tanh(W_h * h)),
            ("two parts are squashed each for itself, and then added", math.tanh(W_x * x_t) + math.tanh(W_h * h + b)),
            ("two parts are squashed each for itself, and then added",
             math.tanh(W_x * x_t) + math.tanh(W_h * h) + b),
            ("it was squashed, and then added to the old state. The new one takes its place", h + math.tanh(inside)),
            ("that is tan, the tangent; tanh is another function", math.tan(inside)),
            ("it is squashed by a sigmoid, which gives nothing below zero", 1 / (1 + math.exp(-inside))),
            ("it is the old state again", h),
            ("0.8, 0.5 and 0.1 are the weights of the example. Use those that the function is given",
             math.tanh(0.8 * x_t + 0.5 * h + 0.1)),
        )], f"For x_t = {x_t}, h = {h}, W_x = {W_x}, W_h = {W_h} and b = {b}, work out the sum inside tanh by hand, "
            "and print yours beside it")
    return "One step of the network, and the whole network is a loop of it."
