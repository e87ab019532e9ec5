"""Charts: lines, learning curves, the confusion matrix, tanh with its slope, and the stairs on one step's curve."""

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.ticker import MaxNLocator

from .style import COLOURS, CYCLE, SMALL, as_array, figure, shade, styled, tint

DASHES = ["-", (0, (5, 2)), (0, (1.5, 1.2)), (0, (6, 2, 1.5, 2))]  # so that a line is known without its colour


@styled
def lines(x, series, xlabel="", ylabel="", *, height=3.2, markers=False, logy=False, ylim=None):
    """A line chart whose lines carry their names at the right end.

    x: (n,) numbers; series: {name: (n,) values, or (runs, n) for the mean and a band of one standard deviation}.
    A name that is a key of COLOURS ("h", "c", ...) gets that colour. logy and ylim set the vertical axis.
    Raises ValueError when there is no line or lengths do not fit.
    """
    x = as_array(x, "x").ravel()
    if not isinstance(series, dict) or not series:
        raise ValueError("Give the lines as a dict with at least one entry: {name: values}.")
    fig = figure(height)
    ax = fig.add_subplot()
    if logy:
        ax.set_yscale("log")
    ends = {}
    for k, (name, values) in enumerate(series.items()):
        runs = np.atleast_2d(as_array(values, f"series[{name!r}]"))
        if runs.shape[1:] != x.shape:
            raise ValueError(f"{name!r} must have one value per x: expected {len(x)}, got shape {runs.shape}.")
        mean = runs.mean(axis=0)
        colour = COLOURS.get(name, CYCLE[k % len(CYCLE)])
        ax.plot(x, mean, color=colour, linestyle=DASHES[k % len(DASHES)], marker="o" if markers else None)
        if len(runs) > 1:
            spread = runs.std(axis=0, ddof=1)
            ax.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.18, linewidth=0)
        known = np.flatnonzero(np.isfinite(mean))
        if not len(known):
            raise ValueError(f"{name!r} must have at least one finite value to draw.")
        ends[str(name)] = (x[known[-1]], mean[known[-1]], shade(colour))
    if np.array_equal(x, x.round()):
        ax.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    ax.yaxis.get_major_locator().set_params(**({} if logy else {"nbins": 5}))
    ax.set(xlabel=xlabel, ylabel=ylabel, **({} if ylim is None else {"ylim": ylim}))
    name_lines(fig, ax, ends)
    return fig


def name_lines(fig, ax, ends):
    """Write each name beside the end of its line, moved where names would touch. ends: {name: (x, y, colour)}."""
    fig.draw_without_rendering()  # settles the axes, so that distances on paper are known
    points = 72 / fig.dpi
    at = {name: ax.transData.transform((x, y))[1] * points for name, (x, y, _) in ends.items()}
    names = sorted(at, key=at.get)
    wanted = np.array([at[name] for name in names])
    placed = wanted.copy()
    for _ in range(200):
        for k in range(len(placed) - 1):
            overlap = placed[k] + 1.35 * SMALL - placed[k + 1]
            if overlap > 0:
                placed[k] -= overlap / 2
                placed[k + 1] += overlap / 2
    for name, before, after in zip(names, wanted, placed, strict=True):
        x, y, colour = ends[name]
        ax.annotate(
            f"${name}$" if name in COLOURS and len(name) == 1 else name, (x, y), xytext=(9, after - before), size=SMALL,
            textcoords="offset points", va="center_baseline", color=colour, weight="bold", annotation_clip=False,
        )  # fmt: skip


@styled
def curves(history, ylabel="loss"):
    """Learning curves by epoch.

    history: a `History` (or a list of dicts with epoch, train_loss, val_loss, val_accuracy): loss on the left, accuracy
    on the right, the best epoch marked. Or {name: values per epoch, or (runs, epochs)} to compare runs in one chart
    named by `ylabel`. Raises ValueError when there is nothing to draw.
    """
    if isinstance(history, dict):
        first = next(iter(history.values()), [])
        epochs = 1 + np.arange(np.atleast_2d(as_array(first, "history")).shape[1])
        return lines(epochs, history, "epoch", ylabel)
    records = list(history)
    if not records or any(key not in records[0] for key in ("train_loss", "val_loss", "val_accuracy")):
        raise ValueError("curves needs a History with at least one epoch, or a dict {name: values per epoch}.")
    epochs = np.array([record.get("epoch", k + 1) for k, record in enumerate(records)])
    train, val, accuracy = (np.array([r[key] for r in records]) for key in ("train_loss", "val_loss", "val_accuracy"))
    accuracy = 100 * accuracy
    best = int(np.flatnonzero(epochs == getattr(history, "best_epoch", epochs[accuracy.argmax()]))[0])
    fig = figure(3.0)
    left, right = fig.subplots(1, 2)
    dots = dict(marker="o", markersize=4)
    left.plot(epochs, train, color=COLOURS["loss"], linestyle=DASHES[1], linewidth=1.6, label="training", **dots)
    left.plot(epochs, val, color=COLOURS["loss"], label="validation", **dots)
    left.legend(loc="upper right", handlelength=2.4)
    right.plot(epochs, accuracy, color=COLOURS["accuracy"], **dots)
    right.plot(epochs[best], accuracy[best], "*", markersize=18, color=COLOURS["accuracy"], markeredgecolor="white")
    right.text(0.97, 0.06, f"★ best: epoch {epochs[best]}", transform=right.transAxes, ha="right", size=SMALL)
    left.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    right.set(xlabel="epoch", ylabel="validation acc. (%)")
    right.margins(y=0.12)
    for ax in (left, right):
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    return fig


@styled
def confusion(matrix, labels=range(10)):
    """Counts of (true, predicted) pairs; the right ones are grey, so that the mistakes stand out.

    matrix: (k, k) counts, rows true, columns predicted; labels: k names. Raises ValueError for another shape.
    """
    matrix = as_array(matrix, "matrix")
    names = [str(name) for name in labels]
    if matrix.shape != (len(names), len(names)):
        raise ValueError(f"matrix must have shape {(len(names),) * 2}, one row per label; got {matrix.shape}.")
    mistakes = matrix * (1 - np.eye(len(names)))
    fig = figure(5.2)
    ax = fig.add_subplot()
    strength = mistakes / max(mistakes.max(), 1)
    start, end = np.array([1.0, 1.0, 1.0]), np.array(to_rgb(tint("loss", 0.75)))
    picture = start + (end - start) * strength[..., None]
    picture[np.eye(len(names), dtype=bool)] = 0.92
    ax.imshow(picture, aspect="auto")
    for (row, column), count in np.ndenumerate(matrix):
        right = row == column
        if count:
            ax.text(
                column, row, f"{count:g}", ha="center", va="center", size=SMALL,
                color=COLOURS["line" if right else "ink"], weight="normal" if right else "bold",
            )  # fmt: skip
    ax.set(xlabel="predicted", ylabel="true", xticks=range(len(names)), yticks=range(len(names)))
    ax.set_xticklabels(names)
    ax.set_yticklabels(names)
    ax.grid(False)
    ax.tick_params(length=0)
    ax.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.grid(True, which="minor", color=tint("line", 0.255))
    ax.tick_params(which="minor", length=0)
    return fig


@styled
def saturation():
    """tanh: steep in the middle, where changes pass; flat at both ends, where they are lost."""
    z = np.linspace(-4, 4, 401)
    fig = figure(3.3)
    ax = fig.add_subplot()
    for low, high in ((-4, -2), (2, 4)):
        ax.axvspan(low, high, color=tint("line", 0.12), linewidth=0)
        ax.text((low + high) / 2, 0.12, "saturated", ha="center", size=SMALL)
    ax.plot(z, np.tanh(z), color=COLOURS["h"])
    reach = np.array([-0.5, 0.5])
    marks = ((-3, (0, 20), "center"), (0, (12, -4), "left"), (1, (-14, 10), "right"), (3, (0, -20), "center"))
    for at, offset, side in marks:
        slope = 1 - np.tanh(at) ** 2
        ax.plot(at + reach, np.tanh(at) + slope * reach, color=COLOURS["f"], linewidth=4, solid_capstyle="round")
        ax.annotate(
            f"slope {slope:.2f}", (at, np.tanh(at)), xytext=offset, textcoords="offset points",
            size=SMALL, ha=side, va="center", weight="bold", color=shade("f"),
        )  # fmt: skip
    ax.set(xlabel="$z$", ylabel=r"$\tanh(z)$", xlim=(-4, 4), ylim=(-1.2, 1.2), yticks=(-1, 0, 1), xticks=range(-4, 5))
    return fig


@styled
def stairs():
    """Steps in silence at W_h = 2, on the curve of one step: up to the curve, across to the diagonal, and again."""
    h = np.linspace(-1.2, 1.2, 241)
    states = [0.2]
    for _ in range(60):
        states.append(np.tanh(2 * states[-1]))
    fig = figure(4.2)
    ax = fig.add_subplot()
    ax.plot(h, h, color=COLOURS["line"], linestyle="--")
    ax.plot(h, np.tanh(2 * h), color=COLOURS["h"])
    path = np.repeat(states[:6], 2)
    ax.plot(path[:-1], path[1:], color=COLOURS["c"], zorder=2.5)
    for rest in (-states[-1], 0, states[-1]):
        ax.plot(rest, rest, "o", color="white" if rest == 0 else COLOURS["ink"], markeredgecolor=COLOURS["ink"],
                markeredgewidth=2, markersize=9)  # fmt: skip
    marks = (((states[1], 0.3), (9, 0), "1 up: the new state", "c", "left"),
             ((states[2], states[3]), (-30, 2), "2 across: now it is the old one", "c", "right"),
             ((-0.6, -0.6), (-4, 13), "new = old", "ink", "right"),
             ((-0.35, np.tanh(-0.7)), (10, -6), r"$\tanh(2h)$", "h", "left"))  # fmt: skip
    for at, offset, text, colour, side in marks:
        ax.annotate(text, at, xytext=offset, textcoords="offset points", size=SMALL, ha=side, va="center",
                    weight="bold", color=shade(colour))  # fmt: skip
    ax.set(xlabel="old state", ylabel="new state", xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), xticks=(-1, 0, 1),
           yticks=(-1, 0, 1))  # fmt: skip
    return fig
