"""The few strokes that all diagrams are made of. The unit is the inch, (0, 0) is the lower left corner."""

from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path

from .style import COLOURS, NORMAL, WIDTH, figure, shade, tint


def canvas(height):
    """A blank sheet: the figure and an axes in inches that covers it."""
    fig = figure(height, layout=None)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDTH), ylim=(0, height))
    ax.axis("off")
    return fig, ax


def label(ax, x, y, text, colour="ink", size=NORMAL, ha="center", va="center", **kwargs):
    """Text at a point."""
    return ax.text(x, y, text, color=shade(colour, 0.25), size=size, ha=ha, va=va, **kwargs)


def box(ax, x, y, width, height, text="", colour="line", *, size=NORMAL, strength=0.25, dashed=False, **kwargs):
    """A rounded box around the point (x, y), tinted in its colour, with text in the middle."""
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.08",
            facecolor=tint(colour, strength), edgecolor=COLOURS.get(colour, colour),
            linewidth=1.8, linestyle="--" if dashed else "-", zorder=3.5,
        )
    )  # fmt: skip
    if text:
        label(ax, x, y, text, size=size, zorder=5, linespacing=1.25, **kwargs)


def frame(ax, left, bottom, right, top, *, colour="line", dashed=False, fill="none", linewidth=1.4, zorder=1):
    """A rounded outline between two corners."""
    ax.add_patch(
        FancyBboxPatch(
            (left, bottom), right - left, top - bottom, boxstyle="round,pad=0,rounding_size=0.12",
            facecolor=fill, edgecolor=COLOURS.get(colour, colour),
            linewidth=linewidth, linestyle=(0, (4, 2)) if dashed else "-", zorder=zorder,
        )
    )  # fmt: skip


def wire(ax, *points, colour="line", head=True, linewidth=2.2, radius=0.12, dashed=False, zorder=3):
    """A line through the points with rounded corners and an arrow head; a white edge lifts it over what it crosses."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        vertices += [_towards(corner, before, radius), corner, _towards(corner, after, radius)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    vertices.append(points[-1])
    codes.append(Path.LINETO)
    path = Path(vertices, codes)
    colour = COLOURS.get(colour, colour)
    strokes = [
        dict(arrowstyle="-", color="white", linewidth=linewidth + 3, zorder=zorder - 0.1),
        dict(arrowstyle="-|>" if head else "-", color=colour, linewidth=linewidth, zorder=zorder,
             linestyle=(0, (2.5, 1.5)) if dashed else "-"),
    ]  # fmt: skip
    for k, stroke in enumerate(strokes):
        ax.add_patch(
            FancyArrowPatch(path=path, mutation_scale=15, fill=k == 1, capstyle="butt", joinstyle="round", **stroke)
        )


def _towards(start, end, distance):
    """The point `distance` from start on the way to end, at most half-way."""
    (x0, y0), (x1, y1) = start, end
    length = max(abs(x1 - x0), abs(y1 - y0), 1e-9)
    share = min(distance / length, 0.5)
    return x0 + share * (x1 - x0), y0 + share * (y1 - y0)


def operation(ax, x, y, symbol, radius=0.17, colour="ink"):
    """A small circle with × or + in it: an element-by-element operation."""
    colour = COLOURS.get(colour, colour)
    ax.add_patch(Circle((x, y), radius, facecolor="white", edgecolor=colour, linewidth=1.6, zorder=4))
    arms = {"+": [(0.09, 0), (0, 0.09)], "×": [(0.065, 0.065), (0.065, -0.065)]}[symbol]
    for right, up in arms:
        ax.plot([x - right, x + right], [y - up, y + up], color=colour, linewidth=2, zorder=5)


def dot(ax, x, y, colour):
    """Where a wire splits in two."""
    ax.add_patch(Circle((x, y), 0.05, color=COLOURS.get(colour, colour), zorder=4))
