"""Everything drawn in the course: one style, one set of colours, and the diagrams and charts of the chapters.

Every function returns a figure that a notebook shows when it is the last line of a cell (elsewhere: `display(fig)`,
or `fig.savefig("name.png")`). Bad input gets a ValueError that says what was expected and what came.
"""

from .cells import gru_cell, lstm_cell
from .charts import confusion, curves, lines, saturation, stairs
from .diagrams import padding, patterns, training_loop, unrolled
from .images import digit_as_sequence, digits
from .style import COLOURS, figure
from .tensors import batch_first_axes, shape_boxes, slices

__all__ = [
    "COLOURS",
    "batch_first_axes",
    "confusion",
    "curves",
    "digit_as_sequence",
    "digits",
    "figure",
    "gru_cell",
    "lines",
    "lstm_cell",
    "padding",
    "patterns",
    "saturation",
    "shape_boxes",
    "slices",
    "stairs",
    "training_loop",
    "unrolled",
]
