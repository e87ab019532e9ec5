"""Checks of the exercises of this chapter."""

import math

import torch

from . import call, exercise, expect_close, expect_tensor, fail, number

INPUTS = [1.0, 0.5, -1.0, 2.0]


def _states(x, W_x=0.8, W_h=0.5, b=0.1, h_0=0.0, squash=math.tanh) -> list[float]:
    h, states = h_0, []
    for x_t in x:
        h = squash(W_x * x_t + W_h * h + b)
        states.append(h)
    return states


def _as_list(values, name: str) -> torch.Tensor:
    """One number per step from a list, an array or a tensor; numbers may themselves be arrays or tensors of one."""
    try:
        if isinstance(values, (list, tuple)):
            values = [float(value) for value in values]
        return torch.as_tensor(values).detach().double().squeeze()
    except (TypeError, ValueError, RuntimeError):
        fail(f"{name} should hold one number per step, but it is {values!r:.60}")


@exercise("states")
def _check_states(states):
    for x, weights, h_0 in [(INPUTS, (0.8, 0.5, 0.1), 0.0), ([0.3, -0.6, 0.2], (1.5, -0.7, 0.0), 0.0),
                            (INPUTS, (0.8, 0.5, 0.1), -0.9), ([0.1] * 40, (0.4, 1.1, -0.05), 0.2)]:
        W_x, W_h, b = weights
        given = (list(x), *weights) if h_0 == 0.0 else (list(x), *weights, h_0)
        got = _as_list(call(states, *given, name="states"), "what states returns")
        want = _states(x, *weights, h_0)
        expect_tensor(got, (len(x),), "what states returns", "seq_len", {
            (len(x) + 1,): "There is one more than there are inputs: is h_0 among them? Return h_1 and what follows",
            (): "There is one number only: collect the state after every step",
        })
        expect_close(got, want, "what states returns", {
            "the states do not depend on h_0; start from the one that is given": _states(x, *weights) if h_0 else [],
            "the state is not carried on. Each step must start from the state that the step before left":
                [math.tanh(W_x * x_t + W_h * h_0 + b) for x_t in x],
            "tanh is missing": _states(x, *weights, h_0, squash=lambda z: z),
            "the bias is missing": _states(x, W_x, W_h, 0.0, h_0),
            "W_x and W_h are swapped": _states(x, W_h, W_x, b, h_0),
            "the bias is added after tanh": _bias_outside(x, *weights, h_0),
        })
    return "The whole network, in a few lines."


def _bias_outside(x, W_x, W_h, b, h_0):
    h, states = h_0, []
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h) + b
        states.append(h)
    return states


@exercise("more-memory")
def _more_memory(at_09, moved_most):
    got = expect_tensor(_as_list(at_09, "at_09"), (4,), "at_09", "one state per step")
    expect_close(got, _states(INPUTS, W_h=0.9), "at_09", {
        "these are the states for W_h = 0.5": _states(INPUTS),
        "W_x was changed; W_h is the weight of the old state": _states(INPUTS, W_x=0.9),
        "these are the states for W_h = -0.9": _states(INPUTS, W_h=-0.9),
        "the bias is missing": _states(INPUTS, W_h=0.9, b=0.0),
        "the state is not carried on": _states(INPUTS, W_h=0.0),
    }, tolerance=1e-3)
    differences = [abs(a - b) for a, b in zip(_states(INPUTS, W_h=0.9), _states(INPUTS), strict=True)]
    moved = 1 + differences.index(max(differences))
    moved_most = int(moved_most) if str(moved_most).isdigit() else moved_most
    if moved_most not in (1, 2, 3, 4):
        fail("moved_most should be the number of a step, from 1 to 4")
    if moved_most == moved - 1:
        fail(f"moved_most is {moved_most}. Did you count from 0? The first state is h_1. "
             "Compare the two rows step by step, without their signs")
    if moved_most != moved:
        fail(f"h_{moved_most} moves by {differences[moved_most - 1]:.4f}, and another state moves by more")
    rows = {W_h: " ".join(f"{h:.4f}" for h in _states(INPUTS, W_h=W_h)) for W_h in (0.5, 0.9)}
    return f"From {rows[0.5]} to {rows[0.9]}."


@exercise("half-life")
def _half_life(weight_for):
    for steps in (1, 2, 10, 50):
        W_h = number(call(weight_for, steps, name="weight_for"), "what weight_for returns")
        left = _states([0.0] * steps, W_h=W_h, b=0.0, h_0=1e-3)[-1] / 1e-3
        if not 0.499 < left < 0.501:
            fail(f"weight_for({steps}) is {W_h:.4g}, which leaves {100 * left:.3g} % of a small state after {steps} "
                 f"silent step{'s' if steps > 1 else ''}. " + _half_life_hint(steps, W_h))
    return "You can set how long it remembers."


def _half_life_hint(steps: int, W_h: float) -> str:
    if W_h < 0:
        return "A negative weight flips the sign at every step"
    if math.isclose(W_h, 0.5 ** steps, rel_tol=1e-6):
        return "That is what is left at a weight of one half; you are asked for the weight"
    if math.isclose(W_h, 1 - 0.5 / steps, rel_tol=1e-6):
        return "The state loses a share of what is left at each step, not the same amount"
    return "Each silent step multiplies a small state by W_h. What does it do to it in that many steps?"


@exercise("fixed-points")
def _fixed_points(count_fixed_points):
    for W_h, hint in [(0.5, ""), (0.95, ""), (1.5, ""), (2.5, ""), (0.0, ""), (-0.5, ""),
                      (-2.0, "the curve tanh(-2h) falls and the diagonal rises. How often can the two meet?")]:
        want = 3 if W_h > 1 else 1
        got = number(call(count_fixed_points, W_h, name="count_fixed_points"), "what count_fixed_points returns")
        if got != want:
            if not hint:
                hint = "is h = 0 among them?" if got == want - 1 else "draw the curve and the diagonal, and count"
            fail(f"for W_h = {W_h} you count {got:g}: {hint}")
    return "Right on both sides of the fork, and for negative weights."


@exercise("forge")
def _forge(last_input):
    for history, target in [(INPUTS[:3], 0.9106), ([-2.0, 1.5, 0.3], -0.5), ([], 0.2), ([0.4] * 30, 0.0)]:
        x = number(call(last_input, list(history), target, name="last_input"), "what last_input returns")
        before = _states(history)[-1] if history else 0.0
        reached = _states([*history, x])[-1]
        if abs(reached - target) < 1e-4:
            continue
        z = math.atanh(target)
        for cause, value in {
            "the bias is left out": (z - 0.5 * before) / 0.8,
            "tanh is not undone. What does it take to get from h back to the sum inside?":
                (target - 0.1 - 0.5 * before) / 0.8,
            "the state that the history leaves behind is left out": (z - 0.1) / 0.8,
            "divide by the weight of the input": z - 0.1 - 0.5 * before,
        }.items():
            if abs(x - value) < 1e-4:
                fail(f"with {x:.4f} the last state is {reached:.4f}, not {target}: {cause}")
        fail(f"with {x:.4f} after {len(history)} inputs the last state is {reached:.4f}, not {target}. "
             "Write down the equation of the last step and solve it for its input")
    return "Any past can be made to look like any other."
