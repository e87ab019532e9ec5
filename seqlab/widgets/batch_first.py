"""Which axis is time: the same batch of digits read with batch_first=True and without it, and what each answer saw."""

import json

import numpy as np
import traitlets

from .base import Figure, in_range, module, result, styles
from .digit_reader import ROWS, SIDE, WEIGHTS, as_mnist

DRAWN = (0, 1, 2, 3)  # the ready drawings of DigitReader that make the batch: x[2] is a 2; no last row has ink
BATCH = len(DRAWN)
RANGES = {"step": (0, ROWS - 1), "digit": (0, BATCH - 1), "row": (0, ROWS - 1)}
SLOT, WIDE, STATE, FOOT, TOP = 0.78, 0.59, 0.09, 0.66, 1.62  # of the still picture, in inches


class BatchFirst(Figure):
    """Four digits, (4, 28, 28), read by nn.LSTM(28, 64): along each digit, or, without batch_first, across the batch.

    To set:
        batch_first: as in PyTorch.
        step: the step that is read, from 0 to 27; beyond the last one it means the last.
        show: "seen" for what the answer for `digit`, out[digit, -1], has seen; "reached" for the answers that `row`
            of `digit` reaches.
        digit, row: a place in the batch, from 0 to 3, and a row of that digit, from 0 to 27.
    To read:
        seen: the rows that out[digit, -1] depends on, as [digit, row], in the order in which they are read.
        reached: the digits whose answers depend on `row` of `digit`.
        steps: how many steps the layer makes.
    """

    _esm = module("batch_first.js")
    _styles = styles("batch_first.css")
    batch_first = traitlets.Bool(True).tag(sync=True)
    step = traitlets.Int(ROWS - 1).tag(sync=True)
    show = traitlets.Unicode("seen").tag(sync=True)
    digit = traitlets.Int(2).tag(sync=True)
    row = traitlets.Int(10).tag(sync=True)
    images = traitlets.Bytes().tag(sync=True)  # of the batch: 784 pixels each, 0 (paper) to 255 (ink)

    @traitlets.default("images")
    def _the_batch(self):
        samples = json.loads((WEIGHTS / "digit_samples.json").read_text("utf8"))
        return b"".join(as_mnist(samples[k]["strokes"]).tobytes() for k in DRAWN)

    @traitlets.validate("step", "digit", "row")
    def _a_place(self, proposal):
        return in_range(proposal, RANGES)

    @traitlets.validate("show")
    def _one_of_two(self, proposal):
        if proposal.value not in ("seen", "reached"):
            raise traitlets.TraitError(f'show is "seen" or "reached"; got {proposal.value!r}.')
        return proposal.value

    @result
    def seen(self):
        return history(self.digit, ROWS - 1, self.batch_first)

    @result
    def reached(self):
        return [k for k in range(BATCH) if [self.digit, self.row] in history(k, ROWS - 1, self.batch_first)]

    @result
    def steps(self):
        return ROWS if self.batch_first else BATCH

    def still(self):
        """Both readings side by side: what the answer for `digit` has seen is dark, all else pale."""
        from ..plots.drawing import canvas, label, wire
        from ..plots.style import SMALL, WIDTH, styled

        @styled
        def draw():
            fig, ax = canvas(2.4)
            for left, name, batch_first in ((0.42, "batch_first=True", True), (3.87, "batch_first forgotten", False)):
                label(ax, left + 1.5, 2.22, name, weight="bold")
                label(ax, left - 0.14, TOP + 0.33, "time", size=SMALL)
                down = ((left - 0.14, TOP + 0.2), (left - 0.14, FOOT))
                across = ((left + 0.14, TOP + 0.33), (left + 3 * SLOT + WIDE + STATE, TOP + 0.33))
                wire(ax, *(down if batch_first else across), colour="ink", linewidth=1.6)
                self._reading(ax, left, batch_first)
            ax.set(xlim=(0, WIDTH), ylim=(0, 2.4), aspect="auto")
            return fig

        return draw()

    def _reading(self, ax, left, batch_first):
        """One of the two readings: each digit with a state behind every row, and the ways of the states."""
        from ..plots.drawing import label, wire
        from ..plots.style import SMALL, tint

        seen = history(self.digit, ROWS - 1, batch_first)
        for digit, image in enumerate(np.frombuffer(self.images, np.uint8).reshape(BATCH, ROWS, SIDE) / 255):
            x = left + digit * SLOT
            end = x + WIDE + STATE
            rows = [[digit, row] in seen for row in range(ROWS)]
            ax.imshow(pale(image, rows, tint("x", 0.5)), extent=(x, x + WIDE, FOOT, TOP), zorder=2)
            states = colours([[tint("h", 1 if lit else 0.2)] for lit in rows])
            ax.imshow(states, extent=(x + WIDE, end, FOOT, TOP), zorder=2)
            for row in range(0, ROWS, 3) if not batch_first and digit < BATCH - 1 else ():
                y = TOP - (row + 0.5) / ROWS * (TOP - FOOT)
                ax.annotate("", (x + SLOT - 0.01, y), (end + 0.01, y), arrowprops={
                    "arrowstyle": "-|>", "color": tint("h", 1 if [digit + 1, row] in seen else 0.35),
                    "mutation_scale": 5, "shrinkA": 0, "shrinkB": 0, "linewidth": 1})
            if digit == self.digit:
                wire(ax, (end - STATE / 2, FOOT), (end - STATE / 2, 0.34), colour="h")
                label(ax, x + WIDE / 2, 0.18, f"out[{digit}, -1]", colour="h", size=SMALL)


def history(digit: int, row: int, batch_first: bool) -> list:
    """What the state behind this row of this digit has seen: the rows, as [digit, row], in the order of time."""
    if batch_first:
        return [[digit, earlier] for earlier in range(row + 1)]
    return [[earlier, row] for earlier in range(digit + 1)]


def colours(names):
    """An image (rows, columns, 3) of the colours by name."""
    from matplotlib.colors import to_rgb

    return np.array([[to_rgb(name) for name in line] for line in names])


def pale(image, rows, ground):
    """The image in colours: full ink on a coloured ground in the rows that are so marked, pale ink in all others."""
    marked = np.array(rows)[:, None, None]
    paper = np.where(marked, colours([[ground]]), 1.0)
    return paper * (1 - image[..., None] * np.where(marked, 0.85, 0.25))
