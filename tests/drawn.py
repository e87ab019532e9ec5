"""What every figure of `test_plots.FIGURES` draws, as sums over its artists: where they stand, how large, wide and
coloured they are. Whoever changes a figure looks at it, and then writes the new sums: `python tests/drawn.py`.

The text form of a picture (`seqlab.plots.describe`) says what a figure shows; here is also how: the sizes of letters,
the widths of lines, what lies on top. Each artist counts by its place in the order of drawing, so that two that have
changed places are seen. What depends on the layout of the day, as the place of a tick, is left out.
"""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.text import Annotation

from seqlab.plots import describe

STORED = Path(__file__).with_suffix(".json")
SIDES = {"left": 1, "bottom": 1, "center": 2, "right": 3, "top": 3, "baseline": 4, "center_baseline": 5}


def sums(fig) -> dict[str, dict[str, float]]:
    """{kind of artist: {property: its sum}}"""
    found = {}
    for axes in fig.axes:
        add(found, "axes", [axes], of_axes)
        add(found, "line", axes.lines, of_line)
        add(found, "patch", axes.patches, of_patch)
        add(found, "area", axes.collections, of_area)
        add(found, "image", axes.images, of_image)
        add(found, "text", axes.texts, of_text)
        add(found, "legend", axes.get_legend().get_texts() if axes.get_legend() else [], of_text)
    return {kind: {name: float(f"{value:.6g}") for name, value in all_of.items()} for kind, all_of in found.items()}


def add(found, kind, artists, measure):
    for number, artist in enumerate(artists, 1):
        here = found.setdefault(kind, {"number": 0.0})
        here["number"] += 1
        for name, value in measure(artist).items():
            here[name] = here.get(name, 0.0) + (1 + 0.1 * number) * float(value)


def of_axes(axes):
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    spines = [spine for spine in axes.spines.values() if spine.get_visible()] if axes.axison else []
    rule, tick = axes.xaxis.get_gridlines()[0], axes.xaxis.get_major_ticks()[0].label1
    shown = {"spines": len(spines), "spine width": sum(spine.get_linewidth() for spine in spines),
             "tick size": tick.get_size(), **of_colour("tick", tick.get_color()),
             "label size": axes.xaxis.label.get_size(),
             "rule": rule.get_visible(), "rule width": rule.get_linewidth(), **of_colour("rule", rule.get_color())}
    words = {"title": len(axes.get_title()), "x label": len(axes.get_xlabel()), "y label": len(axes.get_ylabel())}
    return {"x0": x0, "x1": x1, "y0": y0, "y1": y1, **words, **(shown if axes.axison else {})}


def of_line(line):
    return {**of_points(line.get_xydata()), "width": line.get_linewidth(), "marker": line.get_markersize(),
            "dash": sum(line._dash_pattern[1] or [0]), "on top": line.get_zorder(), **of_colour("", line.get_color())}


def of_patch(patch):
    style = getattr(patch, "get_boxstyle", lambda: None)()
    return {**of_points(describe._corners(patch)), "width": patch.get_linewidth(), "on top": patch.get_zorder(),
            "round": getattr(style, "rounding_size", 0) or 0, "filled": patch.get_fill(),
            "dash": sum(patch._dash_pattern[1] or [0]), "head": getattr(patch, "get_mutation_scale", lambda: 0)(),
            **of_colour("face", patch.get_facecolor()), **of_colour("edge", patch.get_edgecolor())}


def of_area(area):
    points = [path.vertices for path in area.get_paths()]
    return {**of_points(np.concatenate(points)), **of_colour("", area.get_facecolor()[0])}


def of_image(image):
    x0, x1, y0, y1 = image.get_extent()
    darkest, brightest = image.get_clim()
    return {"x0": x0, "x1": x1, "y0": y0, "y1": y1, "on top": image.get_zorder(), "mean": np.mean(image.get_array()),
            "darkest": darkest or 0, "brightest": brightest or 0}


def of_text(text):
    x, y = text.xy if isinstance(text, Annotation) else text.get_position()
    return {"x": x, "y": y, "size": text.get_size(), "bold": text.get_weight() == "bold", "turned": text.get_rotation(),
            "letters": len(text.get_text()), "across": SIDES[text.get_ha()], "up": SIDES[text.get_va()],
            "apart": 1.2 if text._linespacing == "normal" else text._linespacing, "on top": text.get_zorder(),
            **of_colour("", text.get_color())}


def of_points(points):
    points = np.asarray(points, dtype=float)
    points = points[np.isfinite(points).all(axis=1)]
    (x, y), (width, height) = points.mean(axis=0), np.ptp(points, axis=0)
    return {"x": x, "y": y, "wide": width, "high": height}


def of_colour(of, colour):
    return dict(zip([f"{of} {part}".strip() for part in ("red", "green", "blue", "opaque")], to_rgba(colour),
                    strict=True))


def stored() -> dict:
    return json.loads(STORED.read_text("utf8"))


def differences(now: dict, then: dict) -> list[str]:
    """What is not as it was, up to the last digits of a processor's arithmetic."""
    return [f"{kind} {name}: {then.get(kind, {}).get(name)} is {now.get(kind, {}).get(name)} now"
            for kind in sorted({*now, *then}) for name in sorted({*now.get(kind, {}), *then.get(kind, {})})
            if not np.isclose(now.get(kind, {}).get(name, np.nan), then.get(kind, {}).get(name, np.nan), 2e-5, 1e-5)]


if __name__ == "__main__":
    sys.path[:0] = [str(STORED.parent.parent)]
    from test_plots import FIGURES, draw_once

    rows = (f"{json.dumps(name)}: {json.dumps(sums(draw_once(name)[0]))}" for name in FIGURES)
    STORED.write_text("{" + ",\n".join(rows) + "}\n", "utf8")
