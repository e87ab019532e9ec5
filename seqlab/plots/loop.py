"""The training loop as seven boxes: what goes in, what comes out, and the way back to the weights."""

from .drawing import box, canvas, label, wire
from .style import SMALL, styled


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
