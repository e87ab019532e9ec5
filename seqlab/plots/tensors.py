"""Tensors as boxes of numbers with named axes, and which slices of them are the same."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Polygon
from matplotlib.textpath import TextPath

from .drawing import box, canvas, frame, label, wire
from .style import COLOURS, NORMAL, SMALL, WIDTH, styled, tint

STATE = ("num_layers", "batch", "hidden_size")
AXES = {
    "x": ("batch", "seq_len", "input_size"),
    "out": ("batch", "seq_len", "hidden_size"),
    "h_n": STATE, "c_n": STATE, "h_0": STATE, "c_0": STATE,
}  # fmt: skip
DEPTH = np.array([0.45, 0.36])  # one step into the picture goes this far right and up, in units


@styled
def shape_boxes(*, axes=None, marked=None, **tensors):
    """Tensors as boxes drawn to one scale: time or layers run to the right, the batch into the page, features up.

    tensors: name=tensor or name=shape, with 2 or 3 axes, for example `shape_boxes(x=x, out=out, h_n=h_n)`.
    x, out, h_0, c_0, h_n, c_n have the axes of batch_first=True; others, or another order, by name:
    `axes={"x": ("seq_len", "batch", "input_size")}`. The last axis is the features.
    marked: slices to colour, as {name: [(letter, column, from, to)]}: the column counts from 0, or from -1 backwards;
    from and to are shares of the height, 0 to 1.
    Raises ValueError for a name without axes, or a shape that does not fit its axes.
    """
    if not tensors:
        raise ValueError("shape_boxes needs at least one tensor or shape, as in shape_boxes(x=(2, 5, 4)).")
    blocks = [_Block(name, tensor, (axes or {}).get(name) or AXES.get(name)) for name, tensor in tensors.items()]
    unit = min(0.22, *(1.45 / block.up for block in blocks), *(1.5 / block.across for block in blocks))
    for per_row in (2, 1) if len(blocks) in (2, 4) else (3, 2, 1):
        rows = [blocks[k : k + per_row] for k in range(0, len(blocks), per_row)]
        if all(sum(block.width(unit) for block in row) < WIDTH - 0.3 for row in rows):
            break
    heights = [max(block.height(unit) for block in row) for row in rows]
    fig, ax = canvas(sum(heights))
    bottom = sum(heights)
    for row, height in zip(rows, heights, strict=True):
        bottom -= height
        free = (WIDTH - sum(block.width(unit) for block in row)) / (len(row) + 1)
        left = free
        for block in row:
            block.draw(ax, left, bottom, unit, (marked or {}).get(block.name, ()))
            left += block.width(unit) + free
    return fig


class _Block:
    """One tensor as a box: which axis goes where, how much paper it needs, and its drawing."""

    def __init__(self, name, tensor, axes):
        if axes is None:
            raise ValueError(
                f"{name!r} has no axis names: give axes={{{name!r}: ('batch', ...)}}, or use one of {', '.join(AXES)}."
            )
        shape = tuple(int(size) for size in getattr(tensor, "shape", tensor))
        if len(shape) == 2 and len(axes) == 3:
            axes = [axis for axis in axes if axis != "batch"]  # an unbatched tensor
        if len(shape) != len(axes) or len(shape) not in (2, 3) or min(shape) < 1:
            raise ValueError(f"{name} should have the axes ({', '.join(axes)}), but its shape is {shape}.")
        sizes = dict(zip(axes, shape, strict=True))
        deep_axis = "batch" if "batch" in axes[:-1] else axes[0] if len(axes) == 3 else None
        right_axis = next((axis for axis in axes[:-1] if axis != deep_axis), None)
        self.right, self.deep, self.up = (sizes.get(axis, 1) for axis in (right_axis, deep_axis, axes[-1]))
        self.right_label, self.deep_label, self.up_label = (
            f"{axis} {sizes[axis]}" if axis else "" for axis in (right_axis, deep_axis, axes[-1])
        )
        self.name, self.title = name, f"{name} {shape}"
        self.colour = "c" if name.startswith("c_") else "x" if name == "x" else "h"
        self.across = self.right + DEPTH[0] * self.deep  # in units

    def _sides(self, unit):
        """Space left and right of the box's lower left corner."""
        below, body = text_width(self.right_label, SMALL), self.right * unit
        beside = body + DEPTH[0] * self.deep * unit / 2 + 0.12 + text_width(self.deep_label, SMALL)
        title = text_width(self.title, NORMAL, weight="bold") - 0.28
        left = max(0.3, (below - body) / 2)
        return left, max((below + body) / 2, beside, title, self.across * unit)

    def width(self, unit):
        return sum(self._sides(unit))

    def _title_height(self, unit):
        """The title stands above the box, and above the text beside it where that is longer than the box is high."""
        return max((self.up + DEPTH[1] * self.deep) * unit, text_width(self.up_label, SMALL)) + 0.27

    def height(self, unit):
        return 0.5 + self._title_height(unit) + 0.28

    def draw(self, ax, left, bottom, unit, marked=()):
        x, y = left + self._sides(unit)[0], bottom + 0.5
        right, up = np.array([self.right * unit, 0]), np.array([0, self.up * unit])
        deep = DEPTH * self.deep * unit
        corner = np.array([x, y])
        _face(ax, corner, right, up, self.right, self.up, self.colour, 0.35, unit)
        _face(ax, corner + up, right, deep, self.right, self.deep, self.colour, 0.15, unit)
        _face(ax, corner + right, deep, up, self.deep, self.up, self.colour, 0.55, unit)
        for letter, column, low, high in marked:
            at = corner + right * (column % self.right) / self.right + up * low
            colour = "f" if letter == "A" else "i"
            _face(ax, at, right / self.right, up * (high - low), 1, 1, colour, 0.6, unit)
            label(ax, *(at + right / self.right / 2 + up * (high - low) / 2), letter, size=SMALL, weight="bold")
        label(ax, x + right[0] / 2, y - 0.24, self.right_label, size=SMALL)
        label(ax, x + right[0] + deep[0] / 2 + 0.12, y + deep[1] / 2 - 0.06, self.deep_label, size=SMALL, ha="left")
        middle = max(up[1], text_width(self.up_label, SMALL)) / 2
        label(ax, x - 0.17, y + middle, self.up_label, size=SMALL, rotation=90)
        label(ax, x - 0.28, y + self._title_height(unit), self.title, ha="left", weight="bold")


def _face(ax, corner, along, up, columns, rows, colour, strength, unit):
    """One side of a box, ruled into its single numbers where these are large enough to see."""
    outline = [corner, corner + along, corner + along + up, corner + up]
    ax.add_patch(Polygon(outline, facecolor=tint(colour, strength), edgecolor=COLOURS[colour], linewidth=1.4))
    if unit < 0.07:
        return
    rules = [(corner + along * k / columns, up) for k in range(1, columns)]
    rules += [(corner + up * k / rows, along) for k in range(1, rows)]
    for start, way in rules:
        ax.plot(*zip(start, start + way, strict=True), color=COLOURS[colour], linewidth=0.7)


def text_width(text, size, weight="normal"):
    """Width of a line of text in inches."""
    from matplotlib.font_manager import FontProperties

    font = FontProperties(family="DejaVu Sans", weight=weight)
    return TextPath((0, 0), text, size=size, prop=font).get_extents().width / 72 if text else 0.0


@styled
def slices(num_layers=2, bidirectional=False, steps=5):
    """All states of a recurrent net: out is the last layer at every step, h_n is every layer at its last step.

    The dark states are in both. With bidirectional=True the backward direction ends at the first step.
    num_layers: 1 to 3; steps: 2 to 6. Raises ValueError for more.
    """
    if num_layers not in (1, 2, 3) or not 2 <= steps <= 6:
        raise ValueError(f"slices draws 1 to 3 layers and 2 to 6 steps; got num_layers={num_layers}, steps={steps}.")
    directions = 2 if bidirectional else 1
    pitch, gap, bottom, step = 0.52, 0.4, 1.2, 4.0 / (steps + bidirectional)
    xs = [(2.55 if bidirectional else 1.6) + step * t for t in range(steps)]
    ys = [bottom + pitch * row + gap * (row // directions) for row in range(num_layers * directions)]
    fig, ax = canvas(ys[-1] + 0.95)
    for row, y in enumerate(ys):
        layer, backward = divmod(row, directions)
        name = f"layer {layer}" + (" backward" if backward else " forward" if bidirectional else "")
        label(ax, xs[0] - 0.55, y, name, size=SMALL, ha="right")
        for t, x in enumerate(xs):
            in_out, in_h_n = layer == num_layers - 1, t == (0 if backward else steps - 1)
            box(ax, x, y, 0.5, 0.34, "", "h", strength=0.85 if in_out and in_h_n else 0.3 if in_out or in_h_n else 0.05)
        for left, right in pairwise(xs):
            ends = (left + 0.25, y), (right - 0.25, y)
            wire(ax, *(reversed(ends) if backward else ends), colour="h", linewidth=1.6)
    if not bidirectional:
        for below, above in pairwise(ys):
            for x in xs:
                wire(ax, (x, below + 0.17), (x, above - 0.17), colour="h", linewidth=1.6)
        label(ax, xs[-1] + 0.55, ys[-1], "out[:, -1, :]\n= h_n[-1]", "h", ha="left", weight="bold", size=SMALL)
    for t, x in enumerate(xs):
        label(ax, x, bottom - 0.48, f"$t={t}$", size=SMALL)
    frame(ax, xs[0] - 0.36, ys[-directions] - 0.25, xs[-1] + 0.36, ys[-1] + 0.25, colour="ink", linewidth=2.4)
    middle = (xs[0] + xs[-1]) / 2
    label(ax, middle, ys[-1] + 0.6, "out: the last layer, every step", weight="bold")
    for row, y in enumerate(ys):
        column = xs[0] if row % directions else xs[-1]
        frame(ax, column - 0.31, y - 0.21, column + 0.31, y + 0.21, colour="f", dashed=True, linewidth=2.4)
    label(ax, middle, 0.3, "h_n (dashed): every layer, its last step", "f", weight="bold")
    return fig


@styled
def batch_first_axes():
    """One tensor read in two ways: along each sequence, and, with batch_first forgotten, across the sequences."""
    fig, ax = canvas(3.75)
    for left, title, note, along_rows in (
        (0.6, "batch_first=True", "each net reads one sequence", True),
        (4.2, "batch_first forgotten", "each net reads across the batch", False),
    ):
        label(ax, left + 1.1, 3.5, title, weight="bold")
        label(ax, left + 1.1, 3.18, note, size=SMALL)
        for row, letter in enumerate("ABCD"):
            for column in range(4):
                x, y = left + 0.2 + 0.62 * column, 2.7 - 0.6 * row
                first = (row if along_rows else column) == 0
                box(ax, x, y, 0.44, 0.38, f"{letter}{column}", "x", size=SMALL, strength=0.6 if first else 0.1)
                if along_rows and column:
                    wire(ax, (x - 0.4, y), (x - 0.22, y), colour="h")
                if not along_rows and row:
                    wire(ax, (x, y + 0.41), (x, y + 0.19), colour="h")
    label(ax, WIDTH / 2, 0.28, "A0 is sequence A at step 0; the arrows are how the state travels", size=SMALL)
    return fig
