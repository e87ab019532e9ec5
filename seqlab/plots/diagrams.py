"""Recurrent nets seen from outside: the loop, what goes in and out of it, and the head on top."""

from .drawing import box, canvas, label, row_title, wire
from .style import NORMAL, SMALL, as_array, number, styled


@styled
def unrolled(inputs=4, states=None, outputs=None):
    """The loop folded (left) and unrolled over time (right): the same cell at every step.

    inputs: a number of steps (1 to 5), or one word or number per step, shown in the input boxes.
    states: one number per step, shown above the cells. outputs: True for y_1, y_2, ..., or one word or number per step.
    Raises ValueError when there are too many steps or the lengths differ.
    """
    if isinstance(inputs, int):
        inputs = [None] * inputs
    inputs = [_text(value) for value in inputs]
    steps = len(inputs)
    if not 1 <= steps <= 5:
        raise ValueError(f"unrolled draws 1 to 5 steps, so that they stay readable; got {steps}.")
    states = None if states is None else [number(value, 4) for value in as_array(states, "states").ravel()]
    outputs = [None] * steps if outputs is True else None if outputs in (None, False) else [_text(v) for v in outputs]
    for name, values in (("states", states), ("outputs", outputs)):
        if values is not None and len(values) != steps:
            raise ValueError(f"{name} must have one entry per step: expected {steps}, got {len(values)}.")

    height = 2.55 + 0.9 * (states is not None) + 0.75 * (outputs is not None)
    fig, ax = canvas(height)
    cell_y, side = 1.6, 0.62

    def column(x, index, value, state, output):
        box(ax, x, 0.72, 0.98, 0.4, _named("x", index, value), "x", size=SMALL)
        wire(ax, (x, 0.92), (x, cell_y - side / 2), colour="x")
        box(ax, x, cell_y, side, side, "cell", "h", size=SMALL)
        top = cell_y + side / 2
        if state is not None:
            wire(ax, (x, top), (x, top + 0.28), colour="h")
            box(ax, x, top + 0.59, 0.98, 0.6, f"$h_{{{index}}}$\n{state}" if state else f"$h_{index}$", "h", size=SMALL)
            top += 0.9
        if output is not None:
            wire(ax, (x, top), (x, top + 0.28), colour="y")
            box(ax, x, top + 0.49, 0.98, 0.4, _named("y", index, output), "y", size=SMALL)

    column(0.65, "t", None if None in inputs else "", None if states is None else "", None if outputs is None else "")
    loop = 0.65 + side / 2
    wire(ax, (loop, cell_y + 0.17), (loop + 0.38, cell_y + 0.17), (loop + 0.38, cell_y - 0.17), (loop, cell_y - 0.17), colour="h")
    label(ax, loop + 0.56, cell_y, "$h$", "h")
    label(ax, 1.82, cell_y, "=", size=24)

    step = min(1.16, 4.75 / (steps + 0.3))
    first = 7 - 0.62 - step * (steps - 0.5) - 0.1 * (4 - steps) * 2
    first = 6.85 - 0.4 - step * (steps - 1) - 0.32 if steps >= 4 else 2.95
    for t in range(steps):
        x = first + step * t
        column(x, t + 1, inputs[t] or "", None if states is None else states[t], None if outputs is None else outputs[t] or "")
        start = (x - step + side / 2, cell_y) if t else (first - side / 2 - 0.38, cell_y)
        wire(ax, start, (x - side / 2, cell_y), colour="h")
        if t:
            label(ax, x - step / 2, cell_y + 0.08, f"$h_{t}$", "h", va="bottom", size=SMALL)
        else:
            label(ax, start[0] + 0.1, cell_y + 0.08, "$h_0$", "h", va="bottom", size=SMALL)
    label(ax, 0.65, 0.25, "one cell, a loop", size=SMALL)
    label(ax, first + step * (steps - 1) / 2, 0.25, "the same cell, the same weights, at every step", size=SMALL)
    return fig


def _text(value):
    return value if value is None or isinstance(value, str) else number(float(value))


def _named(symbol, index, value):
    """A name alone (x_1), a number with its name (x_1 = 0.5), or a word alone."""
    name = f"${symbol}_{{{index}}}$"
    if not value:
        return name
    return f"{name} = {value}" if value.lstrip("−").replace(".", "", 1).isdigit() else value


@styled
def patterns():
    """Three ways to use a recurrent net: many-to-one, many-to-many, sequence-to-sequence."""
    fig, ax = canvas(4.9)
    rows = [
        ("many-to-one", "a sequence in,\none answer out", "1111", "0001"),
        ("many-to-many", "an answer at\nevery step", "1111", "1111"),
        ("sequence-to-\nsequence", "read it all,\nthen write", "111000", "000111"),
    ]
    for row, (title, note, reads, writes) in enumerate(rows):
        y = 4.05 - 1.6 * row
        row_title(ax, y, title, note)
        step = 4.2 / max(len(reads) - 0.4, 4.2)
        for t, (reads_now, writes_now) in enumerate(zip(reads, writes, strict=True)):
            x = 2.75 + step * t
            box(ax, x, y, 0.44, 0.44, "", "h", strength=0.35)
            if t:
                wire(ax, (x - step + 0.22, y), (x - 0.22, y), colour="h")
            if reads_now == "1":
                box(ax, x, y - 0.62, 0.5, 0.32, f"$x_{t + 1}$", "x", size=SMALL)
                wire(ax, (x, y - 0.46), (x, y - 0.22), colour="x")
            if writes_now == "1":
                name = "$y$" if writes.count("1") == 1 else f"$y_{t + 1 - writes.index('1')}$"
                box(ax, x, y + 0.62, 0.5, 0.32, name, "y", size=SMALL)
                wire(ax, (x, y + 0.22), (x, y + 0.46), colour="y")
    return fig


@styled
def heads():
    """Three ways to make one input for the classifier from the states of all steps: last, mean, concat."""
    fig, ax = canvas(4.9)
    rows = [
        ("last", "the last state", "hidden_size"),
        ("mean", "their average", "hidden_size"),
        ("concat", "all, end to end", "seq_len × hidden_size"),
    ]
    steps = [2.35 + 0.62 * t for t in range(4)]
    for row, (title, note, size) in enumerate(rows):
        bottom = 3.55 - 1.6 * row
        top, rail = bottom + 0.2, bottom + 0.75
        row_title(ax, bottom + 0.35, title, note)
        for t, x in enumerate(steps):
            used = title != "last" or t == 3
            if t:
                wire(ax, (x - 0.37, bottom), (x - 0.25, bottom), colour="h", head=False)
            box(ax, x, bottom, 0.5, 0.4, f"$h_{t + 1}$", "h", size=SMALL, strength=0.35 if used else 0.0, dashed=not used)
            if title == "last" and used:
                wire(ax, (x, top), (x, rail), (5.2, rail), colour="h")
            if title == "mean":
                wire(ax, (x, top), (x, rail), (4.5, rail), colour="h", head=False)
            if title == "concat":
                wire(ax, (x, top), (x, rail - 0.13), colour="h")
                box(ax, x, rail + 0.06, 0.6, 0.32, "", "h", strength=0.35)
        if title == "mean":
            box(ax, 4.3, rail, 0.3, 0.3, "", "h", strength=0)
            label(ax, 4.3, rail, r"$\div$", size=NORMAL, zorder=6)
            wire(ax, (4.45, rail), (5.2, rail), colour="h")
        if title == "concat":
            wire(ax, (steps[-1] + 0.3, rail), (5.2, rail), colour="h")
        box(ax, 5.95, rail, 1.5, 0.44, "Linear → y", "y", size=SMALL)
        label(ax, 6.75, bottom, f"input: {size}", size=SMALL, ha="right")
    return fig
