"""Checks of the exercises on the LSTM that need no tensor."""

import math

from . import call, close, exercises_of, fail, number

exercise = exercises_of(__name__)


@exercise("forget-bias")
def _check_forget_bias(forget_bias_for):
    for steps in (10, 1, 28, 1000):
        got = number(call(forget_bias_for, steps, name="forget_bias_for"), "what forget_bias_for returns")
        f = 0.5 ** (1 / steps)
        right = math.log(f / (1 - f))
        if abs(got - right) <= 1e-3 * max(1, abs(right)):
            continue
        name = f"forget_bias_for({steps})"
        for cause, value in [
            ("that is the gate itself, a number between 0 and 1; which number inside the sigmoid gives it?", f),
            ("the sign is the other way round: should a longer memory have a larger or a smaller bias?", -right),
            ("that undoes an exponential; undo the sigmoid", math.log(f)),
            ("that is how much the gate takes off in one step", 1 - f),
            ("that undoes a tanh; the gate is a sigmoid", math.atanh(f)),
            ("that is the gate put through the sigmoid once more; undo the sigmoid", 1 / (1 + math.exp(-f))),
            ("close for many steps, but not exact for few", math.log(steps / math.log(2))),
            ("close for many steps, but not exact", math.log(steps)),
            ("that gate keeps 1 - 1/steps in one step; how much is left after all of them?",
             math.log(max(steps - 1, 1e-9))),
            ("that is the logarithm to base 2; the sigmoid is made with e", right / math.log(2)),
        ]:
            if close(got, value, 1e-3):
                fail(f"{name} is not right: {cause}")
        left = (1 / (1 + math.exp(-max(min(got, 700), -700)))) ** steps
        fail(f"{name} gives {got:.4g}. With that bias, {left:.3g} of c is left after {steps} steps")
    return "Half is left, after one step as after a thousand."
