"""The gradient through time as a product: choose a weight, a nonlinearity and a lag, and see what arrives."""

import math
import operator
from itertools import accumulate

import traitlets

from .base import Figure, in_range, module, result, styles

STEPS = 100  # the net runs so many steps; lags are counted back from the last
RANGES = {"weight": (-3, 3), "level": (0, 2), "swing": (0, 1), "lag": (1, STEPS), "threshold": (0.1, 100)}
NONLINEARITIES = ("tanh", "relu", "linear")


class GradientExplorer(Figure):
    """The gradient dh_T / dh_{T-k} of a recurrent net of one unit, as the product of its k factors.

    The net really runs: h_t = f(weight h_{t-1} + x_t) for T = 100 steps from h_0 = 0, and every factor
    weight * f'(z_t) holds the slope that this run has at that step.

    weight: the recurrent weight, -3 to 3. (For nonlinearity "linear" it plays the part of a matrix's spectral radius.)
    nonlinearity: f, one of "tanh", "relu", "linear". lag: how many steps back to look, 1 to 100.
    level, swing: the input is x_t = level + swing * wave(t), where wave is a fixed irregular signal between -1 and 1;
    level 0 to 2, swing 0 to 1. With both at 0 the state stays at 0, where tanh is steepest.
    clip, threshold: whether the gradient is clipped as by `clip_grad_norm_`, and at what norm, 0.1 to 100.
    The gradient that is clipped is the whole one that is drawn: that with respect to the states 0 to `lag` steps back.

    To read: factors, `lag` numbers dh_{T-k+1} / dh_{T-k} for k = 1, 2, ...; gradients, `lag + 1` numbers
    dh_T / dh_{T-k} for k = 0, 1, ..., before clipping; gradient, the last of these; scale, what clipping multiplies all
    of them with, 1 where it does nothing.

    Raises TraitError, in one sentence, for anything else.
    """

    _esm = module("gradient_explorer.js")
    _styles = styles("gradient_explorer.css")
    weight = traitlets.Float(1.5).tag(sync=True)
    nonlinearity = traitlets.Unicode("tanh").tag(sync=True)
    lag = traitlets.Int(28).tag(sync=True)
    level = traitlets.Float(0.0).tag(sync=True)
    swing = traitlets.Float(0.5).tag(sync=True)
    clip = traitlets.Bool(False).tag(sync=True)
    threshold = traitlets.Float(1.0).tag(sync=True)

    @result
    def factors(self):
        h, factors = 0.0, []
        for t in range(1, STEPS + 1):
            z = self.weight * h + self.level + self.swing * wave(t)
            if self.nonlinearity == "tanh":
                h = math.tanh(z)
                slope = 1 - h * h
            else:
                slope = 1.0 if self.nonlinearity == "linear" or z > 0 else 0.0
                h = z * slope
            factors.append(self.weight * slope)
        return factors[::-1][: self.lag]

    @result
    def gradients(self):
        return list(accumulate(self.factors, operator.mul, initial=1.0))

    @result
    def gradient(self):
        return self.gradients[-1]

    @result
    def scale(self):
        norm = math.hypot(*self.gradients)
        return min(1.0, self.threshold / (norm + 1e-6)) if self.clip else 1.0

    @traitlets.validate("weight", "level", "swing", "lag", "threshold")
    def _a_number_in_range(self, proposal):
        return in_range(proposal, RANGES)

    @traitlets.validate("nonlinearity")
    def _a_known_nonlinearity(self, proposal):
        if proposal["value"] not in NONLINEARITIES:
            raise traitlets.TraitError(
                f'nonlinearity must be "tanh", "relu" or "linear", but it was set to {proposal["value"]!r:.40}.')
        return proposal["value"]

    def still(self):
        """Above: the product over the steps back, on a log axis, with both zones. Below: the factors as bars."""
        import numpy as np
        from matplotlib.ticker import MaxNLocator

        from ..plots.charts import DASHES, name_lines
        from ..plots.style import COLOURS, SMALL, figure, styled, tint

        def log10(values):
            sizes = np.abs(np.array(values, dtype=float))
            return np.log10(np.where(sizes > 0, sizes, np.nan))       # nothing is drawn where nothing arrives

        @styled
        def draw():
            fig = figure(4.4)
            above, below = fig.subplots(2, 1, sharex=True, height_ratios=(1.9, 1))
            back = np.arange(self.lag + 1)
            line, alone = log10(self.gradients), back * log10(self.weight)
            bent = self.nonlinearity != "linear" and self.weight != 0
            shown = np.concatenate([line, alone] if bent else [line])
            low, high = min(-4, 1.12 * np.nanmin(shown)), max(4, 1.2 * np.nanmax(shown))
            above.axhspan(low, -2, color=tint("x", 0.18), linewidth=0)
            above.axhspan(2, high, color=tint("f", 0.18), linewidth=0)
            above.text(0.01, 0.03, "vanishes: less than a hundredth arrives", transform=above.transAxes, size=SMALL)
            above.text(0.01, 0.97, "explodes: more than a hundredfold", transform=above.transAxes, size=SMALL, va="top")
            ends = {}
            if bent:
                above.plot(back, alone, color=COLOURS["line"], linestyle=DASHES[1], linewidth=1.6)
                ends["weight\nalone"] = (back[-1], alone[-1], COLOURS["ink"])
            above.plot(back, line, "o-", color=COLOURS["h"], markersize=4, linewidth=1.8)
            last = np.flatnonzero(np.isfinite(line))[-1]
            ends["gradient"] = (back[last], line[last], COLOURS["h"])
            above.set(ylabel=r"log10 of $|\partial h_T / \partial h_{T-k}|$", ylim=(low, high))
            above.yaxis.set_major_locator(MaxNLocator(5, integer=True))
            factors = np.abs(self.factors)
            below.bar(back[1:], factors, width=0.7, color=[COLOURS["f" if factor > 1 else "x"] for factor in factors])
            below.bar(back[1:], abs(self.weight) - factors, 0.7, factors, color="none", edgecolor=COLOURS["line"])
            below.axhline(1, color=COLOURS["ink"], linewidth=1)
            below.set(ylabel="each factor", xlabel="steps back $k$", ylim=(0, max(1.25, 1.08 * abs(self.weight))))
            name_lines(fig, above, ends)
            return fig

        return draw()


def wave(t):
    """The input's irregular signal at step t, between -1 and 1."""
    return (math.sin(2.3 * t) + math.sin(5.1 * t + 1)) / 2
