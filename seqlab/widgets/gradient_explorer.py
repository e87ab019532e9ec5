"""The gradient through time as a product: sweep a weight, guess first, and see at which weights a gradient arrives."""

import math
import operator
from itertools import accumulate

import traitlets

from .base import Figure, in_range, module, result, styles

STEPS = 100  # the net runs so many steps; lags are counted back from the last
RANGES = {"weight": (-3, 3), "level": (0, 2), "swing": (0, 1), "lag": (1, STEPS), "threshold": (0.1, 100)}
POWERS = (-12, 8)  # of ten: both charts end there, whatever the settings are
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

    tried: the weights that have left a dot, at most 200; the page adds each weight that the reader sets.
    guess: nothing, [], or [weight, power]: the reader's guess that with this weight 10 ** power arrives, -12 to 8.

    To read: factors, `lag` numbers dh_{T-k+1} / dh_{T-k} for k = 1, 2, ...; gradients, `lag + 1` numbers
    dh_T / dh_{T-k} for k = 0, 1, ..., before clipping; gradient, the last of these; scale, what clipping multiplies all
    of them with, 1 where it does nothing; arrives, for each weight in `tried` what arrives from `lag` steps back, after
    clipping.

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
    tried = traitlets.List(traitlets.Float()).tag(sync=True)
    guess = traitlets.List(traitlets.Float()).tag(sync=True)

    def _factors(self, weight):
        h, factors = 0.0, []
        for t in range(1, STEPS + 1):
            z = weight * h + self.level + self.swing * wave(t)
            if self.nonlinearity == "tanh":
                h = math.tanh(z)
                slope = 1 - h * h
            else:
                slope = 1.0 if self.nonlinearity == "linear" or z > 0 else 0.0
                h = z * slope
            factors.append(weight * slope)
        return factors[::-1][: self.lag]

    def _scale(self, gradients):
        return min(1.0, self.threshold / (math.hypot(*gradients) + 1e-6)) if self.clip else 1.0

    @result
    def factors(self):
        return self._factors(self.weight)

    @result
    def gradients(self):
        return products(self.factors)

    @result
    def gradient(self):
        return self.gradients[-1]

    @result
    def scale(self):
        return self._scale(self.gradients)

    @result
    def arrives(self):
        runs = [products(self._factors(weight)) for weight in self.tried]
        return [gradients[-1] * self._scale(gradients) for gradients in runs]

    @traitlets.validate("weight", "level", "swing", "lag", "threshold")
    def _a_number_in_range(self, proposal):
        return in_range(proposal, RANGES)

    @traitlets.validate("nonlinearity")
    def _a_known_nonlinearity(self, proposal):
        if proposal["value"] not in NONLINEARITIES:
            raise traitlets.TraitError(
                f'nonlinearity must be "tanh", "relu" or "linear", but it was set to {proposal["value"]!r:.40}.')
        return proposal["value"]

    @traitlets.validate("tried")
    def _weights(self, proposal):
        (low, high), tried = RANGES["weight"], proposal["value"]
        if len(tried) > 200 or not all(low <= weight <= high for weight in tried):
            raise traitlets.TraitError(f"tried must be at most 200 weights from {low} to {high}; got {tried!r:.80}.")
        return tried

    @traitlets.validate("guess")
    def _a_guess(self, proposal):
        guess, ((lightest, heaviest), (low, high)) = proposal["value"], (RANGES["weight"], POWERS)
        if guess and not (len(guess) == 2 and lightest <= guess[0] <= heaviest and low <= guess[1] <= high):
            raise traitlets.TraitError("guess must be [], or a weight from -3 to 3 and a power of ten from -12 to 8; "
                                       f"got {guess!r:.80}.")
        return guess

    def still(self):
        """Left: the product over the steps back, on the fixed log axis, above its factors. Right: weights tried."""
        import numpy as np

        from ..plots.charts import DASHES
        from ..plots.style import COLOURS, SMALL, figure, styled, tint

        def log10(values):
            sizes = np.abs(np.array(values, dtype=float))
            return np.log10(np.where(sizes > 0, sizes, np.nan))       # nothing is drawn where nothing arrives

        @styled
        def draw():
            fig = figure(4.4)
            grid = fig.add_gridspec(2, 2, width_ratios=(1.25, 1), height_ratios=(2.4, 1))
            above, below, right = (fig.add_subplot(grid[place]) for place in ((0, 0), (1, 0), (0, 1)))
            for each in (above, right):
                each.axhspan(POWERS[0], -2, color=tint("x", 0.18), linewidth=0)
                each.axhspan(2, POWERS[1], color=tint("f", 0.18), linewidth=0)
                each.set(ylim=POWERS, yticks=range(POWERS[0], POWERS[1] + 1, 4))
            above.text(0.02, 0.03, "vanishes: under 1/100", transform=above.transAxes, size=SMALL)
            above.text(0.02, 0.97, "explodes: over 100", transform=above.transAxes, size=SMALL, va="top")
            back = np.arange(self.lag + 1)
            if self.nonlinearity != "linear" and self.weight != 0:
                alone = back * log10(self.weight)
                above.plot(back, alone, color=COLOURS["line"], linestyle=DASHES[1], linewidth=1.6)
                above.text(self.lag, np.clip(alone[-1], -10, 6), "weight alone ", size=SMALL, ha="right", va="bottom")
            above.plot(back, log10(self.gradients) + math.log10(self.scale), "o-", color=COLOURS["h"], markersize=4,
                       linewidth=1.8)
            above.set(ylabel=r"log10 of $|\partial h_T / \partial h_{T-k}|$")
            above.tick_params(labelbottom=False)
            factors = np.abs(self.factors)
            below.bar(back[1:], factors, width=0.7, color=[COLOURS["f" if factor > 1 else "x"] for factor in factors])
            below.bar(back[1:], abs(self.weight) - factors, 0.7, factors, color="none", edgecolor=COLOURS["line"])
            below.axhline(1, color=COLOURS["ink"], linewidth=1)
            below.set(ylabel="each factor", xlabel="steps back $k$", ylim=(0, 3.1), xlim=above.get_xlim())
            now = self.gradient * self.scale
            weights, sizes = [*self.tried, self.weight], log10([*self.arrives, now]).clip(*POWERS)
            right.plot(weights, sizes, "o", color=COLOURS["h"], markersize=4)
            right.plot(weights[-1], sizes[-1], "o", color="none", markeredgecolor=COLOURS["c"], markersize=9,
                       markeredgewidth=2)
            right.set(xlabel="weight", title=f"what arrives {self.lag} steps back", xlim=(-3.2, 3.2),
                      xticks=range(-3, 4))
            right.tick_params(labelleft=False)
            return fig

        return draw()


def products(factors):
    """1, and the products of the first, the first two, ... of the factors."""
    return list(accumulate(factors, operator.mul, initial=1.0))


def wave(t):
    """The input's irregular signal at step t, between -1 and 1."""
    return (math.sin(2.3 * t) + math.sin(5.1 * t + 1)) / 2
