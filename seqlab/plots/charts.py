"""Charts: lines, learning curves, the confusion matrix, and the scalar recurrent net as a map."""

import numpy as np

from .style import COLOURS, CYCLE, SMALL, as_array, figure, number, styled

DASHES = ["-", (0, (5, 2)), (0, (1.5, 1.2)), (0, (6, 2, 1.5, 2))]  # so that a line is known without its colour


@styled
def lines(x, series, xlabel="", ylabel="", *, height=3.2, markers=False, logy=False, ylim=None):
    """A line chart whose lines carry their names.

    x: (n,) numbers; series: {name: (n,) values, or (runs, n) for a mean and a band of one standard deviation}.
    A name that is a key of COLOURS ("h", "c", ...) gets that colour. Raises ValueError when lengths do not fit.
    """
    x = as_array(x, "x").ravel()
    fig = figure(height, layout="constrained")
    ax = fig.add_subplot()
    _draw_lines(ax, x, series, markers)
    if logy:
        ax.set_yscale("log")
    ax.set(xlabel=xlabel, ylabel=ylabel, **({} if ylim is None else {"ylim": ylim}))
    _name_lines(fig, ax, series, x)
    return fig


def _draw_lines(ax, x, series, markers=False):
    if not isinstance(series, dict) or not series:
        raise ValueError("Give the lines as a dict with at least one entry: {name: values}.")
    for k, (name, values) in enumerate(series.items()):
        values = np.atleast_2d(as_array(values, f"series[{name!r}]"))
        if values.shape[1] != len(x):
            raise ValueError(f"{name!r} must have one value per x: expected {len(x)}, got {values.shape[1]}.")
        colour = COLOURS.get(name, CYCLE[k % len(CYCLE)])
        mean = values.mean(axis=0)
        ax.plot(x, mean, color=colour, linestyle=DASHES[k % len(DASHES)], marker="o" if markers else None)
        if len(values) > 1:
            spread = values.std(axis=0, ddof=1)
            ax.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.18, linewidth=0)


def _name_lines(fig, ax, series, x):
    """Each line's name at its right end, in its colour, pushed apart where names would touch."""
    ends = [np.atleast_2d(as_array(values, "series")).mean(axis=0)[-1] for values in series.values()]
    fig.draw_without_rendering()
    to_pixels, inches = ax.transData, fig.dpi
    heights = [to_pixels.transform((x[-1], end))[1] for end in ends]
    line_height = 1.35 * SMALL / 72 * inches
    order = np.argsort(heights)
    placed = np.array(heights, dtype=float)[order]
    for k in range(1, len(placed)):
        placed[k] = max(placed[k], placed[k - 1] + line_height)
    overshoot = max(0.0, placed[-1] - ax.bbox.y1)
    placed -= overshoot
    for k in range(len(placed) - 2, -1, -1):
        placed[k] = min(placed[k], placed[k + 1] - line_height)
    for k, position in zip(order, placed, strict=True):
        name = list(series)[k]
        ax.annotate(
            name, xy=(1, (position - ax.bbox.y0) / ax.bbox.height), xycoords="axes fraction", xytext=(6, 0),
            textcoords="offset points", va="center", size=SMALL, color=COLOURS["ink"],
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
    best = int(np.flatnonzero(epochs == getattr(history, "best_epoch", epochs[accuracy.argmax()]))[0])
    fig = figure(3.0, layout="constrained")
    left, right = fig.subplots(1, 2)
    left.plot(epochs, train, color=COLOURS["loss"], linestyle=DASHES[1], linewidth=1.8, marker="o", markersize=3, label="train")
    left.plot(epochs, val, color=COLOURS["loss"], marker="o", markersize=3, label="validation")
    left.legend(loc="upper right")
    right.plot(epochs, 100 * accuracy, color=COLOURS["accuracy"], marker="o", markersize=3)
    right.plot(epochs[best], 100 * accuracy[best], marker="*", markersize=17, color=COLOURS["accuracy"], markeredgecolor="white")
    right.text(0.97, 0.05, f"★ best: epoch {epochs[best]}", transform=right.transAxes, ha="right", size=SMALL)
    left.set(xlabel="epoch", ylabel="loss", ylim=(0, None))
    right.set(xlabel="epoch", ylabel="accuracy (%), validation")
    for ax in (left, right):
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.xaxis.get_major_locator().set_params(nbins=5)
        ax.yaxis.get_major_locator().set_params(nbins=5)
    return fig


@styled
def confusion(matrix, labels=range(10)):
    """Counts of (true, predicted) pairs; the right ones are grey, so that the mistakes stand out.

    matrix: (k, k) counts, rows true, columns predicted; labels: k names. Raises ValueError for another shape.
    """
    matrix = as_array(matrix, "matrix")
    names = [str(name) for name in labels]
    if matrix.shape != (len(names), len(names)):
        raise ValueError(f"matrix must be square with one row per label: expected {(len(names),) * 2}, got {matrix.shape}.")
    mistakes = matrix * (1 - np.eye(len(names)))
    fig = figure(5.2, layout="constrained")
    ax = fig.add_subplot()
    strength = mistakes / max(mistakes.max(), 1)
    start, end = np.array([1.0, 1.0, 1.0]), np.array([0xE6, 0x7A, 0x35]) / 255
    picture = start + (end - start) * strength[..., None]
    picture[np.eye(len(names), dtype=bool)] = 0.92
    ax.imshow(picture, aspect="auto")
    for (row, column), count in np.ndenumerate(matrix):
        if count:
            ax.text(
                column, row, f"{count:g}", ha="center", va="center", size=SMALL,
                color=COLOURS["line"] if row == column else COLOURS["ink"], weight="normal" if row == column else "bold",
            )  # fmt: skip
    ax.set(xlabel="predicted", ylabel="true", xticks=range(len(names)), yticks=range(len(names)))
    ax.set_xticklabels(names)
    ax.set_yticklabels(names)
    ax.grid(False)
    ax.tick_params(length=0)
    ax.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    ax.grid(True, which="minor", color="#D8D8D8")
    ax.tick_params(which="minor", length=0)
    return fig


@styled
def saturation():
    """tanh: steep in the middle, where changes pass; flat at both ends, where they are lost."""
    z = np.linspace(-4, 4, 401)
    fig = figure(3.2, layout="constrained")
    ax = fig.add_subplot()
    for low, high in ((-4, -2), (2, 4)):
        ax.axvspan(low, high, color="#EDEDED", linewidth=0)
    ax.plot(z, np.tanh(z), color=COLOURS["h"])
    for at, offset in ((0, (14, -16)), (1, (14, -14)), (2, (8, -18)), (3, (0, -20))):
        slope = 1 - np.tanh(at) ** 2
        ax.plot([at - 0.45, at + 0.45], np.tanh(at) + slope * np.array([-0.45, 0.45]), color=COLOURS["f"], linewidth=3)
        ax.annotate(f"slope {slope:.2f}", (at, np.tanh(at)), xytext=offset, textcoords="offset points", size=SMALL, va="center")
    ax.text(-3, -0.75, "saturated", ha="center", size=SMALL)
    ax.text(3, 0.35, "saturated", ha="center", size=SMALL)
    ax.set(xlabel="z", ylabel="tanh(z)", xlim=(-4, 4), ylim=(-1.15, 1.15), yticks=(-1, 0, 1))
    return fig


def fixed_points(w_h, drive):
    """The values h = tanh(w_h h + drive), found by sign changes and bisection; (value, slope there) for each."""
    step = lambda h: np.tanh(w_h * h + drive) - h
    grid = np.linspace(-1.0003, 1.0003, 20011)
    found = []
    for low, high in zip(grid, grid[1:], strict=False):
        if step(low) * step(high) > 0:
            continue
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (low, middle) if step(low) * step(middle) <= 0 else (middle, high)
        found.append((low, w_h * (1 - np.tanh(w_h * low + drive) ** 2)))
    return found


@styled
def cobweb(w_h, b=0.0, h_0=0.0, steps=12, input=0.0, w_x=1.0):
    """The scalar net with a constant input as a map h -> tanh(w_h h + w_x input + b), and the path that h takes from h_0.

    Where the curve meets the diagonal h stays put: full dots attract, hollow dots repel. steps: 1 to 200.
    """
    if not 1 <= steps <= 200:
        raise ValueError(f"steps must be from 1 to 200; got {steps}.")
    drive = b + w_x * input
    h = np.linspace(-1.1, 1.1, 401)
    fig = figure(4.4, layout="constrained")
    ax = fig.add_subplot()
    ax.plot(h, h, color=COLOURS["line"], linewidth=1.2, linestyle=DASHES[1])
    ax.plot(h, np.tanh(w_h * h + drive), color=COLOURS["h"])
    path = [(h_0, h_0)]
    for _ in range(int(steps)):
        now = path[-1][0]
        after = float(np.tanh(w_h * now + drive))
        path += [(now, after), (after, after)]
    ax.plot(*zip(*path, strict=True), color=COLOURS["c"], linewidth=1.8)
    ax.plot(h_0, h_0, marker="s", color=COLOURS["c"], markersize=9)
    for value, slope in fixed_points(w_h, drive):
        ax.plot(value, value, marker="o", markersize=10, markeredgewidth=2, markeredgecolor=COLOURS["ink"], color=COLOURS["ink"] if abs(slope) < 1 else "white")
    ax.set(xlabel="$h_{t-1}$", ylabel="$h_t$", xlim=(-1.1, 1.1), ylim=(-1.1, 1.1), aspect="equal")
    return fig
