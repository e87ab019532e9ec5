"""Tensors as boxes of numbers with named axes, and which slices of them are the same."""

import numpy as np
from matplotlib.patches import Polygon, Rectangle
from matplotlib.textpath import TextPath

from .drawing import box, canvas, frame, label, wire
from .style import COLOURS, NORMAL, SMALL, WIDTH, styled, tint

AXES = {
    "x": ("batch", "seq_len", "input_size"),
    "out": ("batch", "seq_len", "hidden_size"),
    "h_n": ("num_layers", "batch", "hidden_size"),
    "c_n": ("num_layers", "batch", "hidden_size"),
}
COLOUR_OF = {"x": "x", "out": "h", "h_n": "h", "c_n": "c", "h_0": "h", "c_0": "c"}
DEPTH = (0.45, 0.36)  # how far one step into the picture goes right and up, in units


@styled
def shape_boxes(*, axes=None, **tensors):
    """Tensors as boxes drawn to one scale: time or layers run to the right, the batch goes into the page, features up.

    tensors: name=tensor or name=shape, with 2 or 3 axes, for example `shape_boxes(x=x, out=out, h_n=h_n)`.
    x, out, h_n, c_n have the axis names of batch_first=True; `axes={"x": ("seq_len", "batch", "input_size")}` names others.
    Raises ValueError for a name without axis names, or a shape that does not fit its names.
    """
    if not tensors:
        raise ValueError("shape_boxes needs at least one tensor or shape, as in shape_boxes(x=(2, 5, 4)).")
    blocks = [_Block(name, tensor, {**AXES, "h_0": AXES["h_n"], "c_0": AXES["c_n"], **(axes or {})}) for name, tensor in tensors.items()]
    unit = min(0.22, *(min(1.3 / b.up, 1.5 / b.right, 1.0 / b.deep, 3.0 / (b.right + DEPTH[0] * b.deep)) for b in blocks))

    rows = [[]]
    for block in blocks:
        if rows[-1] and sum(b.width(unit) for b in [*rows[-1], block]) > WIDTH - 0.2:
            rows.append([])
        rows[-1].append(block)
    heights = [max(b.height(unit) for b in row) for row in rows]
    fig, ax = canvas(sum(heights) + 0.2)
    bottom = sum(heights) + 0.1
    for row, height in zip(rows, heights, strict=True):
        bottom -= height
        gap = (WIDTH - sum(b.width(unit) for b in row)) / (len(row) + 1)
        left = gap
        for block in row:
            block.draw(ax, left, bottom, unit)
            left += block.width(unit) + gap
    return fig


class _Block:
    """One tensor: its three directions with their names, how much paper it needs, and its drawing."""

    def __init__(self, name, tensor, axes):
        shape = tuple(int(size) for size in getattr(tensor, "shape", tensor))
        if name not in axes:
            raise ValueError(f"Name the axes of {name}: axes={{'{name}': ('batch', ...)}}; known are {', '.join(AXES)}.")
        names = tuple(axes[name])
        if len(shape) == 2 and len(names) == 3 and "batch" in names:
            names = tuple(axis for axis in names if axis != "batch")  # unbatched input
        if len(shape) != len(names) or len(shape) not in (2, 3):
            raise ValueError(f"{name} should have the axes {names}, but its shape is {shape}.")
        sizes = dict(zip(names, shape, strict=True))
        self.name, self.shape, self.colour = name, shape, COLOUR_OF.get(name, "line")
        self.up_name = names[-1]
        self.deep_name = "batch" if "batch" in names[:-1] else None
        self.right_name = next((axis for axis in names[:-1] if axis != "batch"), None)
        self.up, self.deep, self.right = (sizes.get(axis, 1) for axis in (self.up_name, self.deep_name, self.right_name))

    def labels(self):
        right = f"{self.right_name} {self.right}" if self.right_name else ""
        deep = f"{self.deep_name} {self.deep}" if self.deep_name else ""
        return right, deep, f"{self.up_name} {self.up}"

    def width(self, unit):
        right, deep, _ = self.labels()
        body = self.right * unit
        below = max(text_width(right, SMALL), body)
        beside = 0.1 + text_width(deep, SMALL) + 0.5 * self.deep * DEPTH[0] * unit
        title = text_width(f"{self.name} {self.shape}", NORMAL) * 1.12
        return 0.35 + max((below + body) / 2, body + beside, title)

    def height(self, unit):
        return 0.45 + max(self.up * unit, text_width(self.labels()[2], SMALL)) + self.deep * DEPTH[1] * unit + 0.5

    def draw(self, ax, left, bottom, unit):
        x, y = left + 0.35, bottom + 0.45
        over = max(0, text_width(self.labels()[0], SMALL) - self.right * unit) / 2
        x += max(0, over - 0.3)
        right, up = self.right * unit, self.up * unit
        dx, dy = (self.deep * unit * part for part in DEPTH)
        faces = [
            ([(x, y), (x + right, y), (x + right, y + up), (x, y + up)], 0.35, self.right, self.up),
            ([(x, y + up), (x + right, y + up), (x + right + dx, y + up + dy), (x + dx, y + up + dy)], 0.15, self.right, self.deep),
            ([(x + right, y), (x + right + dx, y + dy), (x + right + dx, y + up + dy), (x + right, y + up)], 0.55, self.deep, self.up),
        ]
        for corners, strength, columns, rows in faces:
            ax.add_patch(
                Polygon(corners, facecolor=tint(self.colour, strength), edgecolor=COLOURS[self.colour], linewidth=1.4)
            )
            a, b, c, d = map(np.array, corners)
            if unit >= 0.07:
                for k in range(1, columns):
                    ax.plot(*zip(a + (b - a) * k / columns, d + (c - d) * k / columns, strict=True), color=COLOURS[self.colour], linewidth=0.6)
                for k in range(1, rows):
                    ax.plot(*zip(a + (d - a) * k / rows, b + (c - b) * k / rows, strict=True), color=COLOURS[self.colour], linewidth=0.6)
        right_label, deep_label, up_label = self.labels()
        label(ax, x + right / 2, y - 0.17, right_label, size=SMALL)
        label(ax, x + right + dx / 2 + 0.1, y + dy / 2 - 0.06, deep_label, size=SMALL, ha="left")
        label(ax, x - 0.17, y + up / 2, up_label, size=SMALL, rotation=90)
        label(ax, x, y + up + dy + 0.25, f"{self.name}  {self.shape}", size=NORMAL, ha="left", weight="bold")


def text_width(text, size):
    """Width of a line of text in inches."""
    return TextPath((0, 0), text, size=size).get_extents().width / 72 if text else 0.0


@styled
def slices(num_layers=2, bidirectional=False, steps=5):
    """Every state of a recurrent net, with out (the last layer, every step) and h_n (every layer, the last step).

    They share the last step of the last layer. With bidirectional=True the backward direction ends at the first step.
    """
    if num_layers not in (1, 2, 3) or not 2 <= steps <= 6:
        raise ValueError(f"slices draws 1 to 3 layers and 2 to 6 steps; got num_layers={num_layers}, steps={steps}.")
    directions = 2 if bidirectional else 1
    rows = num_layers * directions
    width, height, pitch = 0.62, 0.42, 0.52
    left, bottom = 1.95, 0.75
    fig, ax = canvas(bottom + rows * pitch + (num_layers - 1) * 0.3 + 1.0)
    step = 0.78
    xs = [left + step * t for t in range(steps)]
    ys = [bottom + pitch * row + 0.3 * (row // directions) for row in range(rows)]
    for row, y in enumerate(ys):
        layer, backward = row // directions, row % directions == 1
        name = f"layer {layer}" + (" backward" if backward else " forward" if bidirectional else "")
        label(ax, left - 0.5, y, name, size=SMALL, ha="right")
        for t, x in enumerate(xs):
            in_out = layer == num_layers - 1
            in_h_n = t == (0 if backward else steps - 1)
            box(ax, x, y, width - 0.1, height - 0.08, "", "h", strength=0.75 if in_out and in_h_n else 0.22 if in_out or in_h_n else 0.06)
            if t:
                a, b = (x - width / 2 + 0.05, y), (x - step + width / 2 - 0.05, y)
                wire(ax, *((a, b) if backward else (b, a)), colour="h", linewidth=1.6)
    for t, x in enumerate(xs):
        label(ax, x, bottom - 0.45, f"$t={t}$", size=SMALL)
    frame(ax, xs[0] - 0.36, ys[-directions] - 0.26, xs[-1] + 0.36, ys[-1] + 0.26, colour="ink", linewidth=2.4, zorder=6)
    label(ax, (xs[0] + xs[-1]) / 2, ys[-1] + 0.5, "out: last layer, every step", weight="bold", size=SMALL)
    for backward in range(directions):
        column = xs[0] if backward else xs[-1]
        frame(ax, column - 0.42, ys[0] - 0.3, column + 0.42, ys[-1] + 0.32, colour="f", dashed=True, linewidth=2.4, zorder=7)
    return fig


@styled
def batch_first_axes():
    """One tensor read in two ways: along each sequence, and, with batch_first forgotten, across the sequences."""
    fig, ax = canvas(3.6)
    for left, title, note, right_way in (
        (0.95, "batch_first=True", "steps of one sequence", True),
        (4.45, "batch_first forgotten", "steps across the batch", False),
    ):
        label(ax, left + 1.0, 3.35, title, size=NORMAL, weight="bold")
        label(ax, left + 1.0, 0.25, note, size=SMALL)
        for row, letter in enumerate("ABCD"):
            for column in range(4):
                x, y = left + 0.62 * column + 0.07, 2.7 - 0.62 * row
                chosen = (row if right_way else column) == 0
                box(ax, x, y, 0.44, 0.4, f"{letter}{column}", "x", size=SMALL, strength=0.6 if chosen else 0.12)
                if right_way and column:
                    wire(ax, (x - 0.4, y), (x - 0.22, y), colour="h")
                if not right_way and row:
                    wire(ax, (x, y + 0.42), (x, y + 0.2), colour="h")
    return fig
