"""The one figure style of the course: colours, sizes, and a figure that a notebook shows crisp and small."""

import functools
import hashlib
import io

import matplotlib
import matplotlib.figure
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb

from ..palette import PLOT_GREYS, SYMBOLS, darker
from .describe import describe

COLOURS = {name: colour.light for name, colour in SYMBOLS.items()} | PLOT_GREYS
COLOURS |= {"loss": COLOURS["f"], "accuracy": COLOURS["i"]}
"""What each colour stands for, in every chapter: the symbols of `seqlab.palette`, and what a chart shows by colour."""

CYCLE = [COLOURS[name] for name in "hfigcxo"]  # for lines whose names are not in COLOURS


def tint(colour, strength=0.25):
    """The colour (a key of COLOURS or any matplotlib colour) mixed with white."""
    return to_hex([1 - strength * (1 - part) for part in to_rgb(COLOURS.get(colour, colour))])


def shade(colour, strength=0.35):
    """The colour mixed with black, for text that must be read on white."""
    return darker(to_hex(COLOURS.get(colour, colour)), strength)


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
    "grid.color": tint("line", 0.175),
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


def styled(function):
    """Run a plotting function under the course's style and leave the reader's own settings alone."""

    @functools.wraps(function)
    def with_style(*args, **kwargs):
        with matplotlib.rc_context(STYLE):
            return function(*args, **kwargs)

    return with_style


class Figure(matplotlib.figure.Figure):
    """A figure that pyplot knows nothing of: a notebook shows it once, when it is the last value of a cell."""

    @styled
    def add_subplot(self, *args, **kwargs):
        return super().add_subplot(*args, **kwargs)

    @styled
    def draw(self, renderer):
        super().draw(renderer)

    def png(self):
        """The figure as PNG bytes; 256 colours are plenty for flat drawings and make a small file.

        The file says in its text `seqlab` of which description and of which pixels it is: see `signature`.
        """
        from PIL import Image
        from PIL.PngImagePlugin import PngInfo

        canvas = FigureCanvasAgg(self)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        picture, file, said = picture.quantize(256, dither=Image.Dither.NONE), io.BytesIO(), PngInfo()
        said.add_text("seqlab", signature(describe(self), picture))
        picture.save(file, "png", optimize=True, pnginfo=said)
        return file.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        width, height = (round(100 * inches) for inches in self.get_size_inches())
        data = {"image/png": self.png(), "text/plain": describe(self)}
        return data, {"image/png": {"width": width, "height": height}}


def signature(description, picture):
    """Two short hashes: of the text that describes a figure, and of the colours of its picture (a PIL image)."""
    pixels = picture.convert("RGB").tobytes()
    return " ".join(hashlib.sha256(part).hexdigest()[:16] for part in (description.encode("utf-8"), pixels))


def figure(height=3.2, layout="constrained", **kwargs):
    """An empty figure in the course's style, 7 inches wide, for what no other function here draws.

    `fig = figure(3); ax = fig.add_subplot()`, or `axes = fig.subplots(1, 2)`; then draw and end the cell with `fig`.
    """
    return Figure(figsize=(WIDTH, round(height, 2)), dpi=DPI, layout=layout, **kwargs)


def as_array(values, name):
    """Numbers from a list, array or tensor, as a float array; a clear error when they are not numbers."""
    try:
        return np.asarray(_without_gradient(values), dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold only numbers, in rows of one length; got {values!r:.80}.") from None


def _without_gradient(values):
    if hasattr(values, "detach"):
        return values.detach().cpu()
    return [_without_gradient(value) for value in values] if isinstance(values, list | tuple) else values


def number(value, digits=None):
    """A number as text, with a real minus sign."""
    text = f"{value:g}" if digits is None else f"{value:.{digits}f}"
    return text.replace("-", "−")
