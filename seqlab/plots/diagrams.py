"""Recurrent nets seen from outside: the loop over time, what goes in and out, batches of sequences, and training."""

from .drawing import box, canvas, label, wire
from .style import LARGE, SMALL, as_array, number, styled, tint

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
    """Four ways to use a recurrent net: many-to-one, many-to-many, sequence-to-sequence, one-to-many."""
    rows = [
        ("many-to-one", "a sequence in,\none answer out", "xxxx", "   y"),
        ("many-to-many", "an answer at\nevery step", "xxxx", "yyyy"),
        ("sequence-to-\nsequence", "read it all,\nthen write", "xxx  ", "   yy"),
        ("one-to-many", "one input,\na sequence out", "x   ", "yyyy"),
    ]
    pitch = 1.85
    fig, ax = canvas(pitch * len(rows))
    for row, (title, note, reads, writes) in enumerate(rows):
        y = pitch * (len(rows) - row - 0.5)
        label(ax, 0.15, y + 0.02, title, size=LARGE - 1, ha="left", va="bottom", weight="bold")
        label(ax, 0.15, y - 0.06, note, size=SMALL, ha="left", va="top", linespacing=1.3)
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
    for row in range(1, len(rows)):
        ax.plot([0.15, 6.85], [pitch * row] * 2, color=tint("line", 0.22), linewidth=1)
    return fig


@styled
def padding(lengths=(3, 5, 2)):
    """A batch padded to a block (left), and packed (right): longest first, one column per step, no padding.

    lengths: 2 to 4 whole numbers from 1 to 5, the real steps of each sequence. Raises ValueError for others.
    """
    lengths = [int(length) for length in lengths]
    if not 2 <= len(lengths) <= 4 or not 1 <= min(lengths) <= max(lengths) <= 5:
        raise ValueError(f"padding draws 2 to 4 sequences of 1 to 5 steps; got lengths {lengths}.")
    seq_len, rows = max(lengths), len(lengths)
    top = 0.55 * rows + 0.42
    fig, ax = canvas(top + 0.75)
    longest_first = sorted(range(rows), key=lambda row: -lengths[row])
    for left, title, order in ((0.3, "padded", range(rows)), (3.95, "packed", longest_first)):
        label(ax, left + 0.5 * (seq_len - 1) / 2 + 0.25, top + 0.5, title, weight="bold")
        for place, row in enumerate(order):
            y = top - 0.55 * place - 0.05
            for t in range(seq_len):
                x, real = left + 0.25 + 0.55 * t, t < lengths[row]
                if real:
                    box(ax, x, y, 0.46, 0.4, f"{'ABCD'[row]}{t}", "x", size=SMALL, strength=0.35)
                elif title == "padded":
                    box(ax, x, y, 0.46, 0.4, "0", "line", size=SMALL, strength=0.03, dashed=True)
    for t in range(seq_len):
        label(ax, 3.95 + 0.25 + 0.55 * t, 0.3, str(sum(length > t for length in lengths)), size=SMALL, weight="bold")
    label(ax, 3.75, 0.3, "batch_sizes", size=SMALL, ha="right")
    return fig


@styled
def training_loop(x=(4, 5, 1), hidden_size=8, classes=2):
    """Sequence, recurrent layer, state, head, loss, optimiser, prediction, with the shape of everything that flows.

    x: the shape (batch, seq_len, input_size). Raises ValueError when it does not have three axes.
    """
    if len(x) != 3:
        raise ValueError(f"x must be a shape (batch, seq_len, input_size); got {tuple(x)}.")
    batch, seq_len, _ = x
    fig, ax = canvas(3.3)
    width, height, top, bottom = 1.4, 0.95, 2.65, 0.72
    columns = [0.8, 2.6, 4.4, 6.2]
    boxes = {
        "sequence": (0, top, f"1 sequence\nx\n{tuple(x)}", "x"),
        "layer": (1, top, f"2 layer\nout\n{(batch, seq_len, hidden_size)}", "h"),
        "state": (2, top, f"3 state\nout[:, −1, :]\n{(batch, hidden_size)}", "h"),
        "head": (3, top, f"4 head\nlogits\n{(batch, classes)}", "y"),
        "loss": (2, bottom, "5 loss\nagainst labels\none number", "loss"),
        "optimiser": (1, bottom, "6 optimiser\nnew weights", "line"),
        "prediction": (3, bottom, f"7 prediction\nargmax\n{(batch,)}", "y"),
    }
    for column, y, text, colour in boxes.values():
        box(ax, columns[column], y, width, height, text, colour, size=SMALL)
    for left in range(3):
        wire(ax, (columns[left] + width / 2, top), (columns[left + 1] - width / 2, top), colour=["x", "h", "h"][left])
    under, over = top - height / 2, bottom + height / 2
    wire(ax, (columns[3] + 0.2, under), (columns[3] + 0.2, over), colour="y")
    wire(ax, (columns[3] - 0.4, under), (columns[3] - 0.4, 1.7), (columns[2], 1.7), (columns[2], over), colour="y")
    wire(ax, (columns[2] - width / 2, bottom), (columns[1] + width / 2, bottom), colour="loss", dashed=True)
    wire(ax, (columns[1], over), (columns[1], under), dashed=True)
    label(ax, columns[1] - 0.15, (under + over) / 2, "gradients change\nlayer and head", size=SMALL, ha="right")
    return fig
