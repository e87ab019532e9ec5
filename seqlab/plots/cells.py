"""The inside of the LSTM and the GRU: state wires blue, cell-state wires orange, each gate in its own colour."""

from .drawing import box, canvas, dot, frame, label, operation, wire
from .style import SMALL, styled

LEFT, RIGHT = 0.85, 6.15  # the cell's frame
BELT, H_RAIL, X_RAIL = 3.3, 1.15, 0.85  # heights of the three long wires
GATE_Y, GATE_WIDTH, GATE_HEIGHT = 1.95, 0.98, 0.62


def _gate(ax, x, name, word, function):
    """A gate as a tile: it reads h from the upper rail and x from the lower one."""
    bottom = GATE_Y - GATE_HEIGHT / 2
    dot(ax, x - 0.16, H_RAIL, "h")
    wire(ax, (x - 0.16, H_RAIL), (x - 0.16, bottom), colour="h")
    dot(ax, x + 0.16, X_RAIL, "x")
    wire(ax, (x + 0.16, X_RAIL), (x + 0.16, bottom), colour="x")
    box(ax, x, GATE_Y, GATE_WIDTH, GATE_HEIGHT, f"{word}\n{function}", name, size=SMALL, strength=0.3)


@styled
def lstm_cell():
    """Inside the LSTM: the cell state is a conveyor belt on top, and three gates and a candidate act on it.

    c_t = f * c_{t-1} + i * g and h_t = o * tanh(c_t); every gate reads x_t and h_{t-1}.
    """
    fig, ax = canvas(3.9)
    frame(ax, LEFT, 0.6, RIGHT, 3.7)
    f, i, g, o, out = 1.5, 2.56, 3.62, 4.68, 5.6
    top, product = GATE_Y + GATE_HEIGHT / 2, 2.66
    add = (i + g) / 2
    wire(ax, (0.55, H_RAIL), (o - 0.16, H_RAIL), colour="h", head=False)
    label(ax, 0.3, H_RAIL, "$h_{t-1}$", "h")
    wire(ax, (1.15, 0.4), (1.15, X_RAIL), (o + 0.16, X_RAIL), colour="x", head=False)
    label(ax, 1.15, 0.22, "$x_t$", "x")

    label(ax, 0.3, BELT, "$c_{t-1}$", "c")
    wire(ax, (0.55, BELT), (6.4, BELT), colour="c", linewidth=4)
    label(ax, 6.65, BELT, "$c_t$", "c")

    for x, name, word, function in (
        (f, "f", "forget", "σ"), (i, "i", "input", "σ"), (g, "g", "candidate", "tanh"), (o, "o", "output", "σ"),
    ):  # fmt: skip
        _gate(ax, x, name, word, function)
    wire(ax, (f, top), (f, BELT - 0.17), colour="f")
    operation(ax, f, BELT, "×")
    wire(ax, (i, top), (i, product), (add - 0.17, product), colour="i")
    wire(ax, (g, top), (g, product), (add + 0.17, product), colour="g")
    operation(ax, add, product, "×")
    wire(ax, (add, product + 0.17), (add, BELT - 0.17), colour="c")
    operation(ax, add, BELT, "+")

    dot(ax, out, BELT, "c")
    wire(ax, (out, BELT), (out, 2.9), colour="c")
    box(ax, out, 2.7, 0.72, 0.38, "tanh", "c", size=SMALL)
    wire(ax, (out, 2.51), (out, GATE_Y + 0.17), colour="c")
    wire(ax, (o + GATE_WIDTH / 2, GATE_Y), (out - 0.17, GATE_Y), colour="o")
    operation(ax, out, GATE_Y, "×")
    wire(ax, (out, GATE_Y - 0.17), (out, H_RAIL), (6.4, H_RAIL), colour="h")
    label(ax, 6.65, H_RAIL, "$h_t$", "h")
    for x, name in ((f, "f"), (i, "i"), (g, "g")):
        label(ax, x + (0.17 if name != "i" else -0.17), top + 0.18, f"${name}$", name)
    label(ax, o + GATE_WIDTH / 2 + 0.12, GATE_Y + 0.2, "$o$", "o")
    return fig


@styled
def gru_cell():
    """Inside the GRU: one state; z mixes old and new, r decides how much of the old one the candidate n sees.

    h_t = z * h_{t-1} + (1 - z) * n, and r multiplies what comes out of W_hn: PyTorch's conventions.
    """
    fig, ax = canvas(3.9)
    frame(ax, LEFT, 0.6, RIGHT, 3.7)
    z, r, weight, reset, n = 1.8, 2.95, 3.7, 4.25, 5.3
    top, product = GATE_Y + GATE_HEIGHT / 2, 2.72

    label(ax, 0.3, BELT, "$h_{t-1}$", "h")
    wire(ax, (0.58, BELT), (6.4, BELT), colour="h", linewidth=4)
    label(ax, 6.65, BELT, "$h_t$", "h")
    dot(ax, 1.1, BELT, "h")
    wire(ax, (1.1, BELT), (1.1, H_RAIL), (weight - 0.28, H_RAIL), colour="h")
    box(ax, weight, H_RAIL, 0.56, 0.36, "$W_{hn}$", "h", size=SMALL)
    wire(ax, (weight + 0.28, H_RAIL), (reset, H_RAIL), (reset, GATE_Y - 0.17), colour="h")
    wire(ax, (1.4, 0.4), (1.4, X_RAIL), (n, X_RAIL), (n, GATE_Y - GATE_HEIGHT / 2), colour="x")
    label(ax, 1.4, 0.22, "$x_t$", "x")

    _gate(ax, z, "z", "update", "σ")
    _gate(ax, r, "r", "reset", "σ")
    box(ax, n, GATE_Y, GATE_WIDTH, GATE_HEIGHT, "candidate\ntanh", "n", size=SMALL, strength=0.3)
    wire(ax, (r + GATE_WIDTH / 2, GATE_Y), (reset - 0.17, GATE_Y), colour="r")
    operation(ax, reset, GATE_Y, "×")
    wire(ax, (reset + 0.17, GATE_Y), (n - GATE_WIDTH / 2, GATE_Y), colour="h")

    wire(ax, (z, top), (z, BELT - 0.17), colour="z")
    operation(ax, z, BELT, "×")
    dot(ax, z, product, "z")
    wire(ax, (z, product), (3.0, product), colour="z")
    box(ax, 3.35, product, 0.7, 0.36, "1 − z", "z", size=SMALL)
    wire(ax, (3.7, product), (n - 0.17, product), colour="z")
    wire(ax, (n, top), (n, product - 0.17), colour="n")
    operation(ax, n, product, "×")
    wire(ax, (n, product + 0.17), (n, BELT - 0.17), colour="h")
    operation(ax, n, BELT, "+")
    label(ax, z + 0.17, top + 0.17, "$z$", "z")
    label(ax, n + 0.18, top + 0.14, "$n$", "n")
    label(ax, 3.76, GATE_Y + 0.2, "$r$", "r")
    return fig
