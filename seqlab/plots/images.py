"""Digits: as pictures, and as sequences of rows."""

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


@styled
def digits(images, labels=None, predictions=None, columns=8):
    """A grid of digits with their labels; a wrong prediction gets a cross, a frame and what the digit is.

    images: (n, 28, 28) or (n, 1, 28, 28); labels, predictions: (n,) whole numbers, or None.
    Raises ValueError when lengths or shapes do not fit.
    """
    images = _images(images)
    n = len(images)
    columns = max(1, min(int(columns), n))
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values is not None and as_array(values, name).shape != (n,):
            raise ValueError(f"{name} must have one entry per image: expected {n}, got shape {as_array(values, name).shape}.")
    labels, predictions = (None if v is None else as_array(v, "labels").astype(int) for v in (labels, predictions))
    rows = -(-n // columns)
    pitch = min((WIDTH - 0.2) / columns, 1.3)
    side = pitch - 0.12
    caption = 0.0 if labels is None and predictions is None else 0.3
    fig, ax = canvas(rows * (pitch + caption) + 0.2)
    left = (WIDTH - columns * pitch) / 2
    for k, image in enumerate(images):
        row, column = divmod(k, columns)
        x, y = left + pitch * column + 0.06, 0.1 + (rows - 1 - row) * (pitch + caption) + 0.06
        _picture(ax, image, x, y, side, side)
        wrong = labels is not None and predictions is not None and labels[k] != predictions[k]
        ax.add_patch(
            Rectangle((x, y), side, side, fill=False, edgecolor=COLOURS["f" if wrong else "line"], linewidth=3 if wrong else 0.6, zorder=3)
        )
        if wrong:
            text = f"✗ {predictions[k]}, is {labels[k]}"
        elif caption:
            text = str((labels if labels is not None else predictions)[k])
        else:
            continue
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
    height = 3.9
    fig, ax = canvas(height)
    side, bottom, left = 2.4, 0.85, 0.15
    _picture(ax, image, left, bottom, side, side)
    ax.add_patch(Rectangle((left, bottom), side, side, fill=False, edgecolor=COLOURS["line"], linewidth=0.8))
    pixel = side / len(image)
    ys = np.linspace(3.4, 0.5, len(rows))
    for t, y in zip(rows, ys, strict=True):
        in_image = bottom + side - pixel * (t + 0.5)
        ax.add_patch(Rectangle((left, in_image - pixel / 2), side, pixel, fill=False, edgecolor=COLOURS["x"], linewidth=2, zorder=3))
        ax.plot([left + side + 0.03, 3.05], [in_image, y], color=COLOURS["x"], linewidth=1.2)
        _picture(ax, image[t : t + 1], 3.1, y - 0.08, side * 0.85, 0.16)
        ax.add_patch(Rectangle((3.1, y - 0.08), side * 0.85, 0.16, fill=False, edgecolor=COLOURS["x"], linewidth=1.6))
        label(ax, 3.1, y + 0.2, f"row {t}  =  step $t={t}$", size=SMALL, ha="left")
        wire(ax, (3.1 + side * 0.85, y), (5.75, y), colour="x")
        box(ax, 6.05, y, 0.6, 0.36, "cell", "h", size=SMALL)
    for y0, y1, t0, t1 in zip(ys, ys[1:], rows, rows[1:], strict=False):
        wire(ax, (6.05, y0 - 0.18), (6.05, y1 + 0.18), colour="h", dashed=t1 - t0 > 1)
    label(ax, 6.2, (ys[0] + ys[1]) / 2, "$h$", "h", ha="left")
    ax.set(xlim=(0, WIDTH), ylim=(0, height))
    return fig
