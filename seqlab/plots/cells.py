"""The inside of the LSTM and the GRU: state wires blue, cell-state wires orange, each gate in its own colour.

With `lit`, the paths of some gates keep their colours and all the rest is grey.
"""

from functools import partial

from . import drawing
from .drawing import canvas, frame
from .style import styled, tint

LEFT, RIGHT = 0.9, 6.28  # the cell's frame
IN, OUT = 0.63, 6.47  # where the long wires begin and end
TOP, H_RAIL, X_RAIL = 3.75, 1.15, 0.8  # heights of the three long wires: the memory, h and x
GATE_Y, GATE_HEIGHT = 2.02, 0.8
READ, SYMBOL = 15.7, 19  # points: on a phone READ comes out 11 pixels high
UNLIT = {"colour": tint("line", 0.45), "words": tint("line", 0.75)}


class Pen:
    """The strokes of `drawing`, each `of` the gates whose path it is part of; grey if none of them is lit."""

    def __init__(self, ax, lit, gates):
        unknown = set(lit or "") - set(gates)
        if unknown or lit == "":
            raise ValueError(f"lit must be letters of {gates!r}, or None for all; got {lit!r}.")
        self.ax, self.gates, self.lit = ax, gates, set(lit or gates)

    def on(self, of):
        return bool(self.lit & set(of))

    def wire(self, *points, of, colour, **kwargs):
        on = self.on(of)
        drawing.wire(self.ax, *points, colour=colour if on else UNLIT["colour"], zorder=3 if on else 2, **kwargs)

    def box(self, x, y, width, height, text, colour, *, of, strength=0.25):
        on = self.on(of)
        drawing.box(self.ax, x, y, width, height, "", colour if on else UNLIT["colour"], strength=strength)
        self.label(x, y, text, "ink", of=of, size=READ, zorder=5, linespacing=1.15)

    def label(self, x, y, text, colour, *, of, size=SYMBOL, **kwargs):
        drawing.label(self.ax, x, y, text, colour if self.on(of) else UNLIT["words"], size=size, **kwargs)

    def dot(self, x, y, colour, *, of):
        drawing.dot(self.ax, x, y, colour if self.on(of) else UNLIT["colour"])

    def operation(self, x, y, symbol, *, of):
        drawing.operation(self.ax, x, y, symbol, colour="ink" if self.on(of) else UNLIT["words"])

    def rail(self, start, height, ends, colour):
        """A wire from `start` along `height` to the last of the gates in `ends`: {gate: x}; lit as far as used."""
        last = max(ends.values())
        far = max((x for gate, x in ends.items() if self.on(gate)), default=None)
        if far != last:
            self.wire(*start, (last, height), of="", colour=colour, head=False)
        if far is not None:
            self.wire(*start, (far, height), of=self.gates, colour=colour, head=False)

    def gate(self, x, width, name, word, function):
        """A gate as a tile: it reads h from the upper rail and x from the lower one."""
        bottom = GATE_Y - GATE_HEIGHT / 2
        for rail, height, beside in (("h", H_RAIL, -0.16), ("x", X_RAIL, 0.16)):
            self.dot(x + beside, height, rail, of=name)
            self.wire((x + beside, height), (x + beside, bottom), of=name, colour=rail)
        self.box(x, GATE_Y, width, GATE_HEIGHT, f"{word}\n{function}", name, of=name, strength=0.3)


@styled
def lstm_cell(lit=None):
    """Inside the LSTM: the cell state runs along the top, and three gates and a candidate act on it.

    c_t = f * c_{t-1} + i * g and h_t = o * tanh(c_t); every gate reads x_t and h_{t-1}.
    lit: letters of "figo", whose paths keep their colours, the rest being grey; None for all. Raises ValueError.
    """
    fig, ax = canvas(4.25)
    pen = Pen(ax, lit, "figo")
    frame(ax, LEFT, 0.58, RIGHT, 4.15)
    f, i, g, o, out = 1.45, 2.42, 3.55, 4.69, 5.75
    top, product, add = GATE_Y + GATE_HEIGHT / 2, 3.02, 2.95
    tiles = {"f": f, "i": i, "g": g, "o": o}
    pen.rail([(IN, H_RAIL)], H_RAIL, {name: x - 0.16 for name, x in tiles.items()}, "h")
    pen.label(0.33, H_RAIL, "$h_{t-1}$", "h", of="figo")
    pen.rail([(1.12, 0.42), (1.12, X_RAIL)], X_RAIL, {name: x + 0.16 for name, x in tiles.items()}, "x")
    pen.label(1.12, 0.22, "$x_t$", "x", of="figo")

    pen.label(0.33, TOP, "$c_{t-1}$", "c", of="f")
    long = partial(pen.wire, colour="c", linewidth=4)
    if lit is None:
        long((IN, TOP), (OUT, TOP), of="figo")
    else:
        long((IN, TOP), (add, TOP), of="f", head=False)
        long((add, TOP), (out, TOP), of="figo", head=False)
        long((out, TOP), (OUT, TOP), of="fig")
    pen.label(6.72, TOP, "$c_t$", "c", of="fig")

    for x, width, name, word, function in (
        (f, 0.88, "f", "forget", "σ"), (i, 0.8, "i", "input", "σ"), (g, 1.2, "g", "candidate", "tanh"),
        (o, 0.86, "o", "output", "σ"),
    ):  # fmt: skip
        pen.gate(x, width, name, word, function)
    pen.wire((f, top), (f, TOP - 0.17), of="f", colour="f")
    pen.operation(f, TOP, "×", of="f")
    pen.wire((i, top), (i, product), (add - 0.17, product), of="i", colour="i")
    pen.wire((g, top), (g, product), (add + 0.17, product), of="g", colour="g")
    pen.operation(add, product, "×", of="ig")
    pen.wire((add, product + 0.17), (add, TOP - 0.17), of="ig", colour="c")
    pen.operation(add, TOP, "+", of="fig")

    pen.dot(out, TOP, "c", of="o")
    pen.wire((out, TOP), (out, 3.25), of="o", colour="c")
    pen.box(out, 3.02, 0.76, 0.46, "tanh", "c", of="o")
    pen.wire((out, 2.79), (out, GATE_Y + 0.17), of="o", colour="c")
    pen.wire((o + 0.43, GATE_Y), (out - 0.17, GATE_Y), of="o", colour="o")
    pen.operation(out, GATE_Y, "×", of="o")
    pen.wire((out, GATE_Y - 0.17), (out, H_RAIL), (OUT, H_RAIL), of="o", colour="h")
    pen.label(6.72, H_RAIL, "$h_t$", "h", of="o")
    for x, y, name in ((f + 0.2, top + 0.25, "f"), (i - 0.17, top + 0.25, "i"), (g + 0.2, top + 0.25, "g"),
                       (o + 0.63, GATE_Y + 0.24, "o")):  # fmt: skip
        pen.label(x, y, f"${name}$", name, of=name)
    return fig


@styled
def gru_cell(lit=None):
    """Inside the GRU: one state; z mixes old and new, r decides how much of the old one the candidate n sees.

    h_t = z * h_{t-1} + (1 - z) * n, and r multiplies what comes out of W_hn: PyTorch's conventions.
    lit: letters of "zrn", whose paths keep their colours, the rest being grey; None for all. Raises ValueError.
    """
    fig, ax = canvas(4.25)
    pen = Pen(ax, lit, "zrn")
    frame(ax, LEFT, 0.58, RIGHT, 4.15)
    z, r, weight, reset, n = 1.82, 2.9, 3.72, 4.38, 5.5
    top, product = GATE_Y + GATE_HEIGHT / 2, 3.05

    pen.label(0.33, TOP, "$h_{t-1}$", "h", of="zrn")
    long = partial(pen.wire, colour="h", linewidth=4)
    if lit is None:
        long((IN, TOP), (OUT, TOP), of="zrn")
    else:
        long((IN, TOP), (1.12, TOP), of="zrn", head=False)
        long((1.12, TOP), (n, TOP), of="z", head=False)
        long((n, TOP), (OUT, TOP), of="zn")
    pen.label(6.72, TOP, "$h_t$", "h", of="zn")
    pen.dot(1.12, TOP, "h", of="zrn")
    if lit is None:
        pen.wire((1.12, TOP), (1.12, H_RAIL), (weight - 0.34, H_RAIL), of="zrn", colour="h")
    else:
        pen.rail([(1.12, TOP), (1.12, H_RAIL)], H_RAIL, {"z": z - 0.16, "r": weight - 0.34}, "h")
    pen.box(weight, H_RAIL, 0.68, 0.44, "$W_{hn}$", "h", of="r")
    pen.wire((weight + 0.34, H_RAIL), (reset, H_RAIL), (reset, GATE_Y - 0.17), of="r", colour="h")
    pen.label(1.45, 0.22, "$x_t$", "x", of="zrn")
    bottom = GATE_Y - GATE_HEIGHT / 2
    if lit is None:
        pen.wire((1.45, 0.42), (1.45, X_RAIL), (n, X_RAIL), (n, bottom), of="zrn", colour="x")
    else:
        pen.rail([(1.45, 0.42), (1.45, X_RAIL)], X_RAIL, {"z": z + 0.16, "r": r + 0.16, "n": n - 0.12}, "x")
        pen.wire((n - 0.12, X_RAIL), (n, X_RAIL), (n, bottom), of="n", colour="x")

    pen.gate(z, 0.98, "z", "update", "σ")
    pen.gate(r, 0.8, "r", "reset", "σ")
    pen.box(n, GATE_Y, 1.2, GATE_HEIGHT, "candidate\ntanh", "n", of="rn", strength=0.3)
    pen.wire((r + 0.4, GATE_Y), (reset - 0.17, GATE_Y), of="r", colour="r")
    pen.operation(reset, GATE_Y, "×", of="r")
    pen.wire((reset + 0.17, GATE_Y), (n - 0.6, GATE_Y), of="r", colour="h")

    pen.wire((z, top), (z, TOP - 0.17), of="z", colour="z")
    pen.operation(z, TOP, "×", of="z")
    pen.dot(z, product, "z", of="z")
    pen.wire((z, product), (3.0, product), of="z", colour="z")
    pen.box(3.45, product, 0.9, 0.46, "1 − z", "z", of="z")
    pen.wire((3.9, product), (n - 0.17, product), of="z", colour="z")
    pen.wire((n, top), (n, product - 0.17), of="n", colour="n")
    pen.operation(n, product, "×", of="zn")
    pen.wire((n, product + 0.17), (n, TOP - 0.17), of="zn", colour="h")
    pen.operation(n, TOP, "+", of="zn")
    pen.label(z + 0.2, top + 0.24, "$z$", "z", of="z")
    pen.label(n + 0.2, top + 0.2, "$n$", "n", of="n")
    pen.label(3.74, GATE_Y + 0.24, "$r$", "r", of="r")
    return fig
