"""Digits: as pictures, and as sequences of rows."""

from itertools import pairwise

import numpy as np
from matplotlib.patches import Rectangle

from .drawing import box, canvas, label, wire
from .style import COLOURS, SMALL, WIDTH, as_array, styled

INK = "gray_r"  # dark ink on white paper, which dark mode turns round


def _images(images):
    array = as_array(images, "images")
    if array.ndim == 4 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim != 3 or not len(array):
        raise ValueError(f"images must have shape (n, 28, 28) or (n, 1, 28, 28) with n >= 1; got {tuple(array.shape)}.")
    return array


def _picture(ax, image, left, bottom, width, height, **kwargs):
    ax.imshow(
        image, cmap=INK, vmin=0, vmax=max(1.0, float(np.max(image))), interpolation="nearest", aspect="auto",
        extent=(left, left + width, bottom, bottom + height), zorder=1, **kwargs,
    )  # fmt: skip


def _whole_numbers(values, name, n):
    if values is None:
        return None
    values = as_array(values, name)
    if values.shape != (n,):
        raise ValueError(f"{name} must have one entry per image: expected {n}, got shape {values.shape}.")
    return values.astype(int)


@styled
def digits(images, labels=None, predictions=None, columns=8):
    """A grid of digits with their labels; a wrong prediction gets a cross, a frame and what the digit is.

    images: (n, 28, 28) or (n, 1, 28, 28); labels, predictions: (n,) whole numbers, or None.
    Raises ValueError when lengths or shapes do not fit.
    """
    images = _images(images)
    n = len(images)
    columns = max(1, min(int(columns), n))
    labels, predictions = _whole_numbers(labels, "labels", n), _whole_numbers(predictions, "predictions", n)
    rows = -(-n // columns)
    pitch = min((WIDTH - 0.2) / columns, 1.3)
    side = pitch - 0.12
    shown = predictions if labels is None else labels
    caption = 0.0 if shown is None else 0.3
    fig, ax = canvas(rows * (pitch + caption) + 0.2)
    left = (WIDTH - columns * pitch) / 2
    for k, image in enumerate(images):
        row, column = divmod(k, columns)
        x, y = left + pitch * column + 0.06, 0.1 + (rows - 1 - row) * (pitch + caption) + 0.06
        _picture(ax, image, x, y, side, side)
        wrong = labels is not None and predictions is not None and labels[k] != predictions[k]
        _outline(ax, x, y, side, side, "loss" if wrong else "line", 3 if wrong else 0.6)
        if shown is not None:
            text = f"✗ {predictions[k]}, is {labels[k]}" if wrong else str(shown[k])
            label(ax, x + side / 2, y + side + 0.16, text, size=SMALL, weight="bold" if wrong else "normal")
    ax.set(xlim=(0, WIDTH), ylim=(0, rows * (pitch + caption) + 0.2))
    return fig


@styled
def digit_as_sequence(image, rows=(0, 7, 14, 21, 27)):
    """A digit taken apart into rows, each one step of a recurrent net that reads from top to bottom.

    image: (28, 28) or (1, 28, 28); rows: the 2 to 6 rows shown as strips. Raises ValueError for others.
    """
    image = np.squeeze(as_array(image, "image"))
    if image.ndim != 2:
        raise ValueError(f"image must be one picture of shape (28, 28); got {tuple(image.shape)}.")
    rows = sorted(int(row) for row in rows)
    if not 2 <= len(rows) <= 6 or rows[0] < 0 or rows[-1] >= len(image):
        raise ValueError(f"rows must be 2 to 6 row numbers from 0 to {len(image) - 1}; got {rows}.")
    height, side, left = 4.2, 2.5, 0.15
    fig, ax = canvas(height)
    bottom = (height - side) / 2
    pixel = side / len(image)
    strip, strip_width, cell_x = 3.15, 2.2, 6.1
    ys = np.linspace(3.75, 0.9, len(rows))
    _picture(ax, image, left, bottom, side, side)
    _outline(ax, left, bottom, side, side, "line", 0.8)
    for t, y in zip(rows, ys, strict=True):
        in_image = bottom + side - pixel * (t + 1)
        _outline(ax, left, in_image, side, pixel, "x", 2)
        ax.plot([left + side, strip], [in_image + pixel / 2, y], color=COLOURS["x"], linewidth=1.2)
        _picture(ax, image[t : t + 1], strip, y - 0.09, strip_width, 0.18)
        _outline(ax, strip, y - 0.09, strip_width, 0.18, "x", 1.8)
        label(ax, strip, y + 0.23, f"row {t} is step $t={t}$", size=SMALL, ha="left")
        wire(ax, (strip + strip_width, y), (cell_x - 0.3, y), colour="x")
        box(ax, cell_x, y, 0.6, 0.34, "cell", "h", size=SMALL, strength=0.35)
    for (y, after), (t, t_after) in zip(pairwise(ys), pairwise(rows), strict=True):
        wire(ax, (cell_x, y - 0.17), (cell_x, after + 0.17), colour="h", dashed=t_after - t > 1)
    wire(ax, (cell_x, ys[-1] - 0.17), (cell_x, 0.44), colour="h")
    box(ax, cell_x, 0.27, 1.1, 0.34, "10 scores", "y", size=SMALL)
    ax.set(xlim=(0, WIDTH), ylim=(0, height))
    return fig


def _outline(ax, left, bottom, width, height, colour, linewidth):
    ax.add_patch(
        Rectangle((left, bottom), width, height, fill=False, edgecolor=COLOURS[colour], linewidth=linewidth, zorder=3)
    )
