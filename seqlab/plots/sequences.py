"""Sequences of different lengths in one batch: padded to a block, and packed step by step."""

from .drawing import box, canvas, label
from .style import SMALL, styled


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
