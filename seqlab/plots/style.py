"""The one figure style of the course: colours, sizes, and a figure that a notebook shows crisp and small."""

import functools
import io

import matplotlib
import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb

COLOURS = {
    "x": "#56B4E9",  # input: sky blue
    "h": "#0072B2",  # hidden state, and `out`, which is made of hidden states: blue
    "c": "#E69F00",  # cell state: orange
    "i": "#009E73",  # input gate (adds): green
    "f": "#D55E00",  # forget gate (removes): vermillion
    "g": "#B0A000",  # candidate: yellow, darkened so that a line shows on white
    "o": "#555555",  # output gate: black, lightened
    "y": "#CC79A7",  # outputs, logits, classes: purple
    "z": "#D55E00",  # GRU update gate: has the forget gate's role
    "n": "#B0A000",  # GRU candidate: has g's role
    "r": "#555555",  # GRU reset gate: like o, decides how much of the state is let through
    "loss": "#D55E00",
    "accuracy": "#009E73",
    "ink": "#222222",  # text
    "line": "#666666",  # frames, arrows that carry nothing in particular
}
"""What each colour stands for, in every chapter. The hues are Okabe and Ito's, safe for colour-blind readers.

LSTM and GRU gates never meet in one figure, so gates with the same role share a colour.
"""

CYCLE = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#555555"]  # when names mean nothing

WIDTH = 7.0  # inches: every figure is this wide, so that text has the same size everywhere
DPI = 200  # 1400 pixels, shown at 700: crisp on a dense screen
SMALL, NORMAL, LARGE = 12, 13.5, 16  # points; half of that is left on a phone

STYLE = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so figures are the same on every machine
    "font.size": NORMAL,
    "mathtext.fontset": "dejavusans",
    "text.color": COLOURS["ink"],
    "axes.labelsize": NORMAL,
    "axes.titlesize": NORMAL,
    "axes.labelcolor": COLOURS["ink"],
    "axes.edgecolor": COLOURS["line"],
    "axes.linewidth": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.prop_cycle": matplotlib.cycler(color=CYCLE),
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.8,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": COLOURS["ink"],
    "ytick.color": COLOURS["ink"],
    "lines.linewidth": 2.4,
    "lines.markersize": 7,
    "legend.frameon": False,
    "legend.fontsize": SMALL,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def use_style():
    """Give your own pyplot figures the look of the course (the functions here do not need it)."""
    matplotlib.rcParams.update(STYLE)


def styled(function):
    """Run a plotting function under the course's style and leave the reader's own settings alone."""

    @functools.wraps(function)
    def with_style(*args, **kwargs):
        with matplotlib.rc_context(STYLE):
            return function(*args, **kwargs)

    return with_style


class Figure(matplotlib.figure.Figure):
    """A figure that pyplot knows nothing of: a notebook shows it once, when it is the last value of a cell."""

    def draw(self, renderer):
        with matplotlib.rc_context(STYLE):
            super().draw(renderer)

    def png(self):
        """The figure as PNG bytes; 256 colours are plenty for flat drawings and make a small file."""
        from PIL import Image

        canvas = FigureCanvasAgg(self)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        file = io.BytesIO()
        picture.quantize(256, dither=Image.Dither.NONE).save(file, "png", optimize=True)
        return file.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        width, height = (round(100 * inches) for inches in self.get_size_inches())
        data = {"image/png": self.png(), "text/plain": repr(self)}
        return data, {"image/png": {"width": width, "height": height}}


def figure(height, **kwargs):
    """An empty figure of the course's width, `height` inches high."""
    return Figure(figsize=(WIDTH, height), dpi=DPI, **kwargs)


def tint(colour, strength=0.25):
    """The colour (a key of COLOURS or any matplotlib colour) mixed with white."""
    return to_hex([1 - strength * (1 - part) for part in to_rgb(COLOURS.get(colour, colour))])


def shade(colour, strength=0.35):
    """The colour mixed with black, for text that must be read on white."""
    return to_hex([(1 - strength) * part for part in to_rgb(COLOURS.get(colour, colour))])


def as_array(values, name):
    """Numbers from a list, array or tensor, as a float array; a clear error when they are not numbers."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold only numbers, in rows of one length; got {values!r:.80}.") from None


def number(value, digits=None):
    """A number as text, with a real minus sign."""
    text = f"{value:g}" if digits is None else f"{value:.{digits}f}"
    return text.replace("-", "−")
