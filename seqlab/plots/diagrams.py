"""Recurrent nets seen from outside: the loop, what goes in and out of it, and the head on top."""

from .drawing import box, canvas, label, row_title, wire
from .style import SMALL, as_array, number, styled

CELL = 0.62  # side of a cell
FIELD = 0.98  # width of the boxes for inputs, states and outputs


@styled
def unrolled(inputs=4, states=None, outputs=None):
    """The loop folded (left) and unrolled over time (right): the same cell at every step.

    inputs: a number of steps (1 to 4), or one number or word per step, shown in the input boxes.
    states: one number per step, shown above the cells. outputs: True for y_1, y_2, ..., or one number or word per
    step (None for no output at that step). Raises ValueError when there are too many steps or the lengths differ.
    """
    inputs = [""] * inputs if isinstance(inputs, int) else _texts(inputs, "x")
    steps = len(inputs)
    if not 1 <= steps <= 4:
        raise ValueError(f"unrolled draws 1 to 4 steps, so that they stay readable; got {steps}.")
    inputs = [text or f"$x_{t}$" for t, text in enumerate(inputs, 1)]
    if states is not None:
        states = [f"$h_{t}$\n{number(value, 4)}" for t, value in enumerate(as_array(states, "states").ravel(), 1)]
    if outputs is not None:
        outputs = [f"$y_{t}$" for t in range(1, steps + 1)] if outputs is True else _texts(outputs, "y")
    for name, values in (("states", states), ("outputs", outputs)):
        if values is not None and len(values) != steps:
            raise ValueError(f"{name} must have one entry per step: expected {steps}, got {len(values)}.")

    y = 1.55
    top = y + CELL / 2 + 0.15
    state_y = top + 0.45 if states else None
    output_y = top + 0.35 + (0.85 if states else 0) if outputs else None
    fig, ax = canvas(max([top, state_y + 0.45 if states else 0, output_y + 0.35 if outputs else 0]))

    def column(x, input, state, output):
        box(ax, x, 0.7, FIELD, 0.4, input, "x", size=SMALL)
        wire(ax, (x, 0.9), (x, y - CELL / 2), colour="x")
        box(ax, x, y, CELL, CELL, "cell", "h", size=SMALL, strength=0.35)
        if state:
            wire(ax, (x, y + CELL / 2), (x, state_y - 0.3), colour="h")
            box(ax, x, state_y, FIELD, 0.6, state, "h", size=SMALL, strength=0.15)
        if output:
            wire(ax, (x, state_y + 0.3 if state else y + CELL / 2), (x, output_y - 0.2), colour="y")
            box(ax, x, output_y, FIELD, 0.4, output, "y", size=SMALL)

    folded = 0.75
    column(folded, "$x_t$", states and "$h_t$", outputs and "$y_t$")
    edge = folded + CELL / 2
    loop = [(edge, y + 0.17), (edge + 0.36, y + 0.17), (edge + 0.36, y - 0.17), (edge, y - 0.17)]
    wire(ax, *loop, colour="h")
    label(ax, edge + 0.52, y, "$h$", "h")
    label(ax, 1.87, y, "=", size=24)
    label(ax, folded, 0.25, "one cell, a loop", size=SMALL)

    step = 1.12
    first = 4.72 - step * (steps - 1) / 2
    for t in range(steps):
        x = first + step * t
        column(x, inputs[t], states and states[t], outputs and outputs[t])
        wire(ax, (x - (step - CELL / 2 if t else 0.75), y), (x - CELL / 2, y), colour="h")
        label(ax, x - step / 2 + (0 if t else 0.02), y + 0.17, f"$h_{t}$", "h", size=SMALL)
    label(ax, 4.72, 0.25, "the same cell, the same weights, at every step", size=SMALL)
    return fig


def _texts(values, symbol):
    """What to write in the boxes of x or y: words as they are, numbers with their name and equally many decimals."""
    values = list(values)
    numbers = [value for value in values if value is not None and not isinstance(value, str)]
    numbers = [round(float(value), 4) for value in as_array(numbers, symbol).ravel()]
    decimals = max((len(repr(value).split(".")[-1]) for value in numbers), default=0)
    named = iter(numbers)
    return [
        value if value is None or isinstance(value, str) else f"${symbol}_{t}$ = {number(next(named), decimals)}"
        for t, value in enumerate(values, 1)
    ]


@styled
def patterns():
    """Three ways to use a recurrent net: many-to-one, many-to-many, sequence-to-sequence."""
    rows = [
        ("many-to-one", "a sequence in,\none answer out", "xxxx", "   y"),
        ("many-to-many", "an answer at\nevery step", "xxxx", "yyyy"),
        ("sequence-to-\nsequence", "read it all,\nthen write", "xxx  ", "   yy"),
    ]
    pitch = 1.85
    fig, ax = canvas(pitch * len(rows))
    for row, (title, note, reads, writes) in enumerate(rows):
        y = pitch * (len(rows) - row - 0.5)
        row_title(ax, y, title, note)
        step = 3.9 / (len(reads) - 1)
        for t, (read, write) in enumerate(zip(reads, writes, strict=True)):
            x = 2.65 + step * t
            box(ax, x, y, 0.44, 0.44, "", "h", strength=0.35)
            if t:
                wire(ax, (x - step + 0.22, y), (x - 0.22, y), colour="h")
            if read == "x":
                box(ax, x, y - 0.64, 0.52, 0.34, f"$x_{t + 1}$", "x", size=SMALL)
                wire(ax, (x, y - 0.47), (x, y - 0.22), colour="x")
            if write == "y":
                name = "$y$" if writes.count("y") == 1 else f"$y_{t + 1 - writes.index('y')}$"
                box(ax, x, y + 0.64, 0.52, 0.34, name, "y", size=SMALL)
                wire(ax, (x, y + 0.22), (x, y + 0.47), colour="y")
    _rules(ax, pitch, len(rows))
    return fig


def _rules(ax, pitch, rows):
    """Thin lines between the rows of a picture."""
    for row in range(1, rows):
        ax.plot([0.15, 6.85], [pitch * row] * 2, color="#DDDDDD", linewidth=1)


@styled
def heads():
    """Three ways to make one input for the classifier from the states of all steps: last, mean, concat."""
    rows = [
        ("last", "the last state:\nhidden_size"),
        ("mean", "their average:\nhidden_size"),
        ("concat", "all, end to end:\nseq_len × hidden_size"),
    ]
    pitch = 1.65
    fig, ax = canvas(pitch * len(rows))
    for row, (title, note) in enumerate(rows):
        y = pitch * (len(rows) - row - 1) + 0.42
        rail = y + 0.78
        row_title(ax, y + 0.45, title, note)
        for t in range(4):
            x = 2.5 + 0.66 * t
            used = title != "last" or t == 3
            box(ax, x, y, 0.5, 0.4, f"$h_{t + 1}$", "h", size=SMALL, strength=0.35 * used, dashed=not used)
            if title == "concat":
                box(ax, x, rail, 0.66, 0.36, "", "h", strength=0.35)
                wire(ax, (x, y + 0.2), (x, rail - 0.18), colour="h")
            elif used:
                wire(ax, (x, y + 0.2), (x, rail), (4.65, rail), colour="h", head=False)
        if title == "mean":
            box(ax, 4.98, rail, 0.66, 0.36, "mean", "h", size=SMALL, strength=0.15)
        wire(ax, ({"last": 4.6, "mean": 5.31, "concat": 4.81}[title], rail), (5.62, rail), colour="h")
        box(ax, 6.24, rail, 1.24, 0.44, "Linear → y", "y", size=SMALL)
    _rules(ax, pitch, len(rows))
    return fig
