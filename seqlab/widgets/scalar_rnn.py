"""One number that remembers: move its weights and its inputs and watch it fade, keep, flip or saturate."""

import math
from itertools import pairwise

import numpy as np
import traitlets

from .base import Figure, in_range, module, result, styles

RANGES = {"w_x": (-3, 3), "w_h": (-3, 3), "b": (-2, 2), "h_0": (-1, 1), "inputs": (-3, 3)}
LENGTHS = (2, 40)


class ScalarRNN(Figure):
    """A recurrent net of one number, h_t = tanh(w_x x_t + w_h h_{t-1} + b), and its states over time.

    w_x, w_h: input and recurrent weight, -3 to 3. b: bias, -2 to 2. h_0: the state before the first step, -1 to 1.
    inputs: a list of 2 to 40 numbers from -3 to 3, one for each step.
    step: the step whose map is drawn and at which the path ends, 1 to 40; beyond the last step it means the last.

    To read: h, the states after each step, as many as inputs.

    Raises TraitError, in one sentence, for anything else.
    """

    _esm = module("scalar_rnn.js")
    _styles = styles("scalar_rnn.css")
    w_x = traitlets.Float(0.8).tag(sync=True)
    w_h = traitlets.Float(1.5).tag(sync=True)
    b = traitlets.Float(0.0).tag(sync=True)
    h_0 = traitlets.Float(0.0).tag(sync=True)
    inputs = traitlets.List([1.0] + 9 * [0.0] + [-2.0] + 9 * [0.0]).tag(sync=True)
    step = traitlets.Int(40).tag(sync=True)

    @result
    def h(self):
        h, states = self.h_0, []
        for x in self.inputs:
            h = math.tanh(self.w_x * x + self.w_h * h + self.b)
            states.append(h)
        return states

    @traitlets.validate("w_x", "w_h", "b", "h_0")
    def _a_number_in_range(self, proposal):
        return in_range(proposal, RANGES)

    @traitlets.validate("inputs")
    def _a_list_of_inputs(self, proposal):
        inputs, (low, high) = proposal["value"], RANGES["inputs"]
        if not LENGTHS[0] <= len(inputs) <= LENGTHS[1]:
            raise traitlets.TraitError(f"inputs must have {LENGTHS[0]} to {LENGTHS[1]} numbers, one for each step, "
                                       f"but there are {len(inputs)}.")
        for k, x in enumerate(inputs):
            if isinstance(x, bool) or not isinstance(x, int | float) or not low <= x <= high:
                raise traitlets.TraitError(
                    f"inputs must be numbers from {low} to {high}, but inputs[{k}] is {x!r:.40}.")
        return [float(x) for x in inputs]

    @traitlets.validate("step")
    def _a_step(self, proposal):
        if not 1 <= proposal["value"] <= LENGTHS[1]:
            raise traitlets.TraitError(f"step must be from 1 to {LENGTHS[1]}, but it was set to {proposal['value']}.")
        return proposal["value"]

    def still(self):
        """States and inputs over time on the left; on the right the map of the step, its fixed points and the path."""
        from ..plots.charts import DASHES
        from ..plots.style import COLOURS, SMALL, figure, number, styled

        @styled
        def draw():
            fig = figure(3.7)
            grid = fig.add_gridspec(2, 2, width_ratios=(1.15, 1), height_ratios=(1.7, 1))
            over_time, below, right = (fig.add_subplot(grid[place]) for place in ((0, 0), (1, 0), (slice(None), 1)))
            last = min(self.step, len(self.inputs))
            steps, h = np.arange(len(self.inputs) + 1), [self.h_0, *self.h]
            over_time.plot(steps, h, "o-", color=COLOURS["h"], markersize=4, linewidth=1.6)
            over_time.plot(0, self.h_0, "s", color=COLOURS["c"], markersize=8)
            ends = (-0.6, len(self.inputs) + 0.6)
            over_time.set(ylabel="state $h_t$", ylim=(-1.15, 1.15), yticks=(-1, 0, 1), xlim=ends)
            over_time.tick_params(labelbottom=False)
            below.bar(steps[1:], self.inputs, color=COLOURS["x"], width=0.7)
            below.axhline(0, color=COLOURS["line"], linewidth=1)
            below.set(ylabel="input $x_t$", xlabel="step $t$", ylim=(-3.2, 3.2), yticks=(-3, 0, 3), xlim=ends)
            drive = self.w_x * self.inputs[last - 1] + self.b
            old = np.linspace(-1.1, 1.1, 221)
            right.plot(old, old, color=COLOURS["line"], linewidth=1.4, linestyle=DASHES[1])
            right.plot(old, np.tanh(self.w_h * old + drive), color=COLOURS["h"])
            path = [(self.h_0, self.h_0)]
            for before, after in pairwise(h[: last + 1]):
                path += [(before, after), (after, after)]
            right.plot(*zip(*path, strict=True), color=COLOURS["c"], linewidth=1.5)
            right.plot(self.h_0, self.h_0, "s", color=COLOURS["c"], markersize=8)
            for value, slope in fixed_points(self.w_h, drive):
                right.plot(value, value, "o", markersize=9, markeredgewidth=2, markeredgecolor=COLOURS["ink"],
                           color=COLOURS["ink"] if abs(slope) <= 1 else "white")
            right.set(xlabel="old state $h_{t-1}$", ylabel="new state $h_t$", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1),
                      xticks=(-1, 0, 1), yticks=(-1, 0, 1), aspect="equal")
            over_time.set_title(f"$W_x$ = {number(self.w_x)}, $W_h$ = {number(self.w_h)}, $b$ = {number(self.b)}",
                                size=SMALL, loc="left")
            right.set_title("● attracts   ○ repels", size=SMALL, loc="left")
            return fig

        return draw()


def fixed_points(w_h, drive):
    """The values h = tanh(w_h h + drive), found by sign changes and bisection; (value, slope there) for each."""
    step = lambda h: np.tanh(w_h * h + drive) - h
    grid = np.linspace(-1.0003, 1.0003, 20000)  # even, so that 0 is not on it
    found = []
    for low, high in pairwise(grid):
        if step(low) * step(high) > 0:
            continue
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if step(low) * step(middle) <= 0 else (middle, high)
        found.append((low, w_h * (1 - np.tanh(w_h * low + drive) ** 2)))
    return found
