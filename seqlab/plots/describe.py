"""What a figure draws, in words and numbers: the text form of its picture, which a test can compare.

One line for every artist. A number behind ~ is rounded to three digits of the largest one beside it, so that the last
bits of a processor's arithmetic do not show. Long series are told by their ends, their extremes and their first cosine
coefficients: mean, tilt and bend.
"""

import numpy as np
from matplotlib.colors import to_hex
from matplotlib.text import Annotation

WHITE = to_hex("white", keep_alpha=True)


def describe(figure) -> str:
    """The figure as text, a line for each artist of each axes, in the order in which they were drawn."""
    width, height = figure.get_size_inches()
    return "\n".join([f"Figure, {width:g} x {height:g} inches",
                      *(line for axes in figure.axes for line in _axes(axes)),
                      *(_text(text) for text in figure.texts)])


def _axes(axes):
    scales = axes.get_xscale(), axes.get_yscale()
    title, xlabel, ylabel = axes.get_title(), axes.get_xlabel(), axes.get_ylabel()
    yield f"axes {title!r}, x {xlabel!r} {scales[0]}, y {ylabel!r} {scales[1]}"
    legend = axes.get_legend()
    yield from (f"  in the legend {text.get_text()!r}" for text in (legend.get_texts() if legend else []))
    for line in axes.lines:
        yield (f"  line {_colour(line.get_color())} {line.get_linestyle()} {line.get_marker()}: "
               f"{_path(line.get_xydata(), scales)}")
    for patch in axes.patches:
        if _colour(patch.get_edgecolor()) == WHITE and patch.get_facecolor()[3] == 0:
            continue    # the white edge that lifts a wire over what it crosses
        yield (f"  {type(patch).__name__} {_colour(patch.get_facecolor())} edge {_colour(patch.get_edgecolor())} "
               f"{patch.get_linestyle()}: {_path(_corners(patch), scales)}")
    for group in axes.collections:
        colours = "".join(dict.fromkeys(map(_colour, group.get_facecolor())))
        points = [path.vertices for path in group.get_paths()]
        yield f"  {type(group).__name__} {colours}: {_path(np.concatenate(points), scales) if points else 'nothing'}"
    for image in axes.images:
        yield f"  image {_image(np.asarray(image.get_array(), dtype=float))}, at {_series(image.get_extent())}"
    for text in axes.texts:
        yield "  " + _text(text)


def _text(text):
    anchor = f"{_series(text.xy)} moved by " if isinstance(text, Annotation) else ""
    return f"text {text.get_text()!r} {_colour(text.get_color())} at {anchor}{_series(text.get_position())}"


def _corners(patch):
    """A patch's corners in the units of its axes; an arrow's own path, which has no head as yet."""
    path = getattr(patch, "_path_original", None) or getattr(patch, "_posA_posB", None)
    if path is not None:
        return np.asarray(getattr(path, "vertices", path), dtype=float)
    return patch.get_patch_transform().transform(patch.get_path().vertices)


def _path(points, scales):
    """x and y of some points, on a logarithmic axis their logarithms."""
    columns = []
    for values, scale in zip(np.asarray(points, dtype=float).T, scales, strict=True):
        with np.errstate(divide="ignore", invalid="ignore"):
            columns.append(np.log10(values) if scale == "log" else values)
    return f"x {_series(columns[0])}, y {_series(columns[1])}"


def _image(values):
    """Size and mean, and how the brightness leans: to the right, down, and along the diagonal."""
    height, width = values.shape[:2]
    plane = values.reshape(height, width, -1).mean(axis=2)
    right, down = (np.linspace(-1, 1, size) for size in (width, height))
    weights = [np.ones_like(plane), right, down[:, None], np.outer(down, right)]
    told = _numbers([np.mean(plane * weight) for weight in weights], np.abs(plane).max())
    return f"{'x'.join(map(str, values.shape))} {told}"


def _series(values):
    """Up to 6 numbers as they are; of more their count, ends, extremes and first cosine coefficients."""
    values = np.asarray(values, dtype=float)
    finite = values[np.isfinite(values)]
    missing = f"({len(values) - len(finite)} missing) " if len(finite) < len(values) else ""
    scale = np.abs(finite).max(initial=0)
    if len(finite) <= 6:
        return missing + _numbers(finite, scale)
    steps = (np.arange(len(finite)) + 0.5) * np.pi / len(finite)
    told = [finite[0], finite[-1], finite.min(), finite.max(), *(np.mean(finite * np.cos(k * steps)) for k in range(3))]
    return f"{missing}{len(finite)} values {_numbers(told, scale)}"


def _numbers(values, scale):
    digits = int(np.clip(2 - np.floor(np.log10(scale or 1)), 0, 12))
    return " ".join(f"~{round(float(value), digits) + 0.0:.{digits}f}" for value in values)     # + 0.0: no -0.00


def _colour(colour):
    return "none" if isinstance(colour, str) and colour.lower() == "none" else to_hex(colour, keep_alpha=True)
