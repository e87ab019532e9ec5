"""Every figure of the course draws, can be read on a phone and in the dark, and says what is wrong with bad input."""

import functools
import io
import subprocess
import sys
import warnings
from itertools import combinations

import drawn
import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path
from matplotlib.text import Text
from PIL import Image

from seqlab import History, plots

SPREAD = np.random.default_rng(0)
IMAGES = SPREAD.random((24, 28, 28)) * (SPREAD.random((24, 28, 28)) < 0.2)  # far harder to compress than digits
LABELS = np.arange(24) % 10
PREDICTIONS = np.where(LABELS == 3, 5, LABELS)
RUNS = 1 / np.arange(1, 9) + SPREAD.random((5, 8)) / 20
COUNTS = np.diag(SPREAD.integers(800, 1200, 10)) + SPREAD.poisson(2, (10, 10)) * (1 - np.eye(10, dtype=int))


def history(epochs):
    return History(
        {"epoch": k, "train_loss": 0.9 / k, "val_loss": 0.7 / k, "val_accuracy": 1 - 0.2 / k, "seconds": 3.0}
        for k in range(1, epochs + 1)
    )


FIGURES = {
    "unrolled": lambda: plots.unrolled(),
    "unrolled one step": lambda: plots.unrolled(1, outputs=True),
    "unrolled two steps": lambda: plots.unrolled(2),
    "unrolled numbers": lambda: plots.unrolled([1.0, 0.5, -1.0, 2.0], states=[0.7163, 0.6953, -0.3385, 0.9106]),
    "unrolled words": lambda: plots.unrolled(["not", "bad", "at", "all"], outputs=[None, None, None, "positive"]),
    "unrolled everything": lambda: plots.unrolled(torch.ones(3), torch.zeros(3), torch.full((3,), -0.25)),
    "patterns": plots.patterns,
    "lstm_cell": plots.lstm_cell,
    "gru_cell": plots.gru_cell,
    **{f"lstm_cell {lit}": functools.partial(plots.lstm_cell, lit) for lit in ("f", "ig", "o")},
    **{f"gru_cell {lit}": functools.partial(plots.gru_cell, lit) for lit in ("z", "r", "n")},
    "shape_boxes": lambda: plots.shape_boxes(x=torch.zeros(2, 5, 4), out=(2, 5, 6), h_n=(1, 2, 6)),
    "shape_boxes lstm": lambda: plots.shape_boxes(x=(2, 5, 4), out=(2, 5, 6), h_n=(2, 2, 6), c_n=(2, 2, 6)),
    "shape_boxes digits": lambda: plots.shape_boxes(x=(64, 28, 28), out=(64, 28, 128), h_n=(1, 64, 128)),
    "shape_boxes unbatched": lambda: plots.shape_boxes(x=(5, 4), out=(5, 6), h_n=(1, 6)),
    "shape_boxes time first": lambda: plots.shape_boxes(x=(5, 2, 4), axes={"x": ("seq_len", "batch", "input_size")}),
    "shape_boxes single": lambda: plots.shape_boxes(out=(1, 1, 1)),
    "padding": plots.padding,
    "padding four": lambda: plots.padding([5, 1, 2, 5]),
    "slices one layer": lambda: plots.slices(1),
    "slices": plots.slices,
    "slices both ways": lambda: plots.slices(1, bidirectional=True),
    "slices both ways, two layers": lambda: plots.slices(2, bidirectional=True, steps=4),
    "slices three layers": lambda: plots.slices(3, steps=6),
    "batch_first_axes": plots.batch_first_axes,
    "digits": lambda: plots.digits(torch.tensor(IMAGES[:16]), torch.tensor(LABELS[:16])),
    "digits with mistakes": lambda: plots.digits(IMAGES, LABELS, PREDICTIONS),
    "digits without labels": lambda: plots.digits(torch.tensor(IMAGES[:4]).unsqueeze(1), columns=2),
    "digit alone": lambda: plots.digits(IMAGES[:1], [7], [2]),
    "digit_as_sequence": lambda: plots.digit_as_sequence(IMAGES[0]),
    "digit_as_sequence, four rows": lambda: plots.digit_as_sequence(torch.tensor(IMAGES[:1]), rows=(0, 1, 2, 27)),
    "curves": lambda: plots.curves(history(8)),
    "curves of one epoch": lambda: plots.curves(history(1)),
    "curves of seeds": lambda: plots.curves({"RNN": RUNS, "GRU": RUNS / 1.1, "LSTM": RUNS / 1.12}, "validation loss"),
    "confusion": lambda: plots.confusion(torch.tensor(COUNTS)),
    "confusion of two": lambda: plots.confusion([[3, 0], [1, 2]], labels=["falls", "rises"]),
    "lines": lambda: plots.lines(range(5), {"h": [0, 0.7163, 0.6953, -0.3385, 0.9106], "x": [0, 1, 0.5, -1, 2]}, "t"),
    "lines, close ends": lambda: plots.lines([1, 2], dict.fromkeys(("a run", "same", "again"), (0.5, 1.0)), "t", "y"),
    "lines, log": lambda: plots.lines(range(40), {"0.5": 0.5 ** np.arange(40.0)}, "lag", "gradient", logy=True),
    "saturation": plots.saturation,
    "stairs": plots.stairs,
    "training_loop": plots.training_loop,
    "training_loop of digits": lambda: plots.training_loop(x=(128, 28, 28), hidden_size=128, classes=10),
}


@pytest.fixture(params=FIGURES)
def drawing(request):
    """A figure as drawn, made with every warning an error: (figure, [(text, box in pixels), ...])."""
    return draw_once(request.param)


@functools.cache
def draw_once(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", ".*deprecated[, -]+use", DeprecationWarning)  # old matplotlib, new pyparsing
        return draw(FIGURES[name]())


def draw(fig):
    texts = []
    plain_draw = Text.draw

    def recording_draw(text, renderer, *args, **kwargs):
        if text.get_visible() and text.get_text().strip():
            texts.append((text, text.get_window_extent(renderer)))
        return plain_draw(text, renderer, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Text, "draw", recording_draw)
        FigureCanvasAgg(fig).draw()
    last = {id(text): (text, box) for text, box in texts}  # the layout may draw twice
    return fig, list(last.values())


def overlaps(one, other, slack=2):
    """Whether two boxes share more than a rim of `slack` pixels (of 1400)."""
    return (
        min(one.x1, other.x1) - max(one.x0, other.x0) > slack and min(one.y1, other.y1) - max(one.y0, other.y0) > slack
    )


def reading_faults(fig, texts):
    """Texts that touch each other, leave the canvas, are crossed by a line or by the edge of a box."""
    faults = []
    for (one, box), (other, other_box) in combinations(texts, 2):
        if overlaps(box, other_box):
            faults.append(f"{one.get_text()!r} touches {other.get_text()!r}")
    diagrams = [ax for ax in fig.axes if not ax.axison]
    arrows = [mark for ax in diagrams for mark in ax.get_children() if isinstance(mark, FancyArrowPatch | Line2D)]
    lines = [
        Path(polygon)
        for mark in arrows
        for polygon in mark.get_transform().transform_path(mark.get_path()).to_polygons(closed_only=False)
    ]
    boxes = [mark.get_window_extent() for ax in diagrams for mark in ax.get_children() if type(mark) is FancyBboxPatch]
    for text, box in texts:
        if box.x0 < 0 or box.y0 < 0 or box.x1 > fig.bbox.width or box.y1 > fig.bbox.height:
            faults.append(f"{text.get_text()!r} leaves the canvas")
        inner = box.padded(-2)
        if any(line.intersects_bbox(inner, filled=False) for line in lines):
            faults.append(f"a line crosses {text.get_text()!r}")
        for edge in boxes:
            inside = edge.x0 <= inner.x0 and edge.y0 <= inner.y0 and inner.x1 <= edge.x1 and inner.y1 <= edge.y1
            if overlaps(edge, box) and not inside:
                faults.append(f"{text.get_text()!r} sticks out of its box")
    return faults


def test_texts_can_be_read(drawing):
    assert reading_faults(*drawing) == []


def test_text_is_large_enough_on_a_phone(drawing):
    fig, texts = drawing
    pixels = {text.get_text(): text.get_size() / 72 * 360 / fig.get_size_inches()[0] for text, _ in texts}
    assert not texts or min(pixels.values()) >= 8.5, pixels


@pytest.mark.parametrize("name", [name for name in FIGURES if "_cell" in name])
def test_the_words_inside_a_cell_are_11_pixels_high_on_a_phone(name):
    """390 pixels wide, of which the picture has 358."""
    fig, texts = draw_once(name)
    assert min(text.get_size() for text, _ in texts) / 72 * 358 / fig.get_size_inches()[0] >= 11


def test_a_notebook_shows_it_once_crisp_small_and_with_a_fixed_text(drawing):
    fig, _ = drawing
    data, metadata = DisplayFormatter().format(fig)
    assert sorted(data) == ["image/png", "text/plain"]
    assert Image.open(io.BytesIO(data["image/png"])).size[0] == 1400 and len(data["image/png"]) <= 60_000
    width, height = (round(100 * inches) for inches in fig.get_size_inches())
    assert data["text/plain"].startswith(f"Figure, 7 x {fig.get_size_inches()[1]:g} inches\naxes ")
    assert "\nFigure" not in data["text/plain"] and " at 0x" not in data["text/plain"]
    assert metadata["image/png"] == {"width": width, "height": height}


def test_every_colour_has_a_meaning(drawing):
    fig, _ = drawing
    strays = set()
    for mark in fig.findobj(lambda mark: isinstance(mark, Patch | Line2D)):
        colours = [mark.get_color()] if isinstance(mark, Line2D) else [mark.get_facecolor(), mark.get_edgecolor()]
        strays |= {str(colour) for colour in colours if not is_tint(to_rgb(colour))}
    assert not strays


@pytest.mark.parametrize("name", FIGURES)
def test_it_is_drawn_as_it_was(name):
    """Sizes, widths, colours and places; see tests/drawn.py for what to do when a figure has been changed."""
    assert drawn.differences(drawn.sums(draw_once(name)[0]), drawn.stored()[name]) == []


def is_tint(colour):
    """Grey, or some mix of white and a colour of COLOURS."""
    colour = np.array(colour)
    if np.ptp(colour) < 0.02:
        return True
    for pure in plots.COLOURS.values():
        away = 1 - np.array(to_rgb(pure))
        strength = np.dot(1 - colour, away) / np.dot(away, away)
        if strength <= 1.01 and np.abs(1 - strength * away - colour).max() < 0.02:
            return True
    return False


def test_the_checks_see_faults():
    fig = plots.figure(2, layout=None)
    ax = fig.add_axes((0, 0, 1, 1))
    ax.axis("off")
    for x, y, text in ((0.5, 0.5, "one"), (0.52, 0.5, "two"), (0.99, 0.9, "outside"), (0.2, 0.2, "crossed")):
        ax.text(x, y, text, size=12)
    ax.plot([0, 1], [0.22, 0.22])
    ax.set(xlim=(0, 1), ylim=(0, 1))
    faults = reading_faults(*draw(fig))
    assert faults == ["'one' touches 'two'", "'outside' leaves the canvas", "a line crosses 'crossed'"]
    assert not is_tint(to_rgb("magenta"))


@pytest.mark.parametrize(
    ("cell", "gates"),
    [
        ("lstm_cell", {"input": "i", "forget": "f", "candidate": "g", "output": "o"}),
        ("gru_cell", {"reset": "r", "update": "z", "candidate": "n"}),
    ],
)
def test_each_gate_has_its_colour(cell, gates):
    fig, texts = draw_once(cell)
    tiles = [mark for mark in fig.axes[0].patches if type(mark) is FancyBboxPatch and mark.get_width() < 2]
    for text, where in texts:
        word = text.get_text().split("\n")[0]
        if word in gates:
            (tile,) = (tile for tile in tiles if tile.get_window_extent().contains((where.x0 + where.x1) / 2, where.y0))
            assert to_rgb(tile.get_edgecolor()) == to_rgb(plots.COLOURS[gates.pop(word)])
    assert not gates


def test_values_stand_in_the_unrolled_loop():
    _, texts = draw_once("unrolled numbers")
    shown = [text.get_text() for text, _ in texts]
    assert [text for text in shown if text.startswith("$x_")][1:] == [
        "$x_1$ = 1.0", "$x_2$ = 0.5", "$x_3$ = −1.0", "$x_4$ = 2.0",
    ]  # fmt: skip
    assert {"$h_1$\n0.7163", "$h_2$\n0.6953", "$h_3$\n−0.3385", "$h_4$\n0.9106"} <= set(shown)


def test_the_best_epoch_is_the_one_of_the_history():
    record = history(5)
    record[1]["val_accuracy"] = 0.999
    _, texts = draw(plots.curves(record))
    assert "★ best: epoch 2" in [text.get_text() for text, _ in texts]


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: plots.unrolled(5), "1 to 4 steps.* got 5"),
        (lambda: plots.unrolled([1.0, 2.0], states=[0.1]), "states must have one entry per step: expected 2, got 1"),
        (lambda: plots.unrolled(2, outputs=["a"]), "outputs must have one entry per step: expected 2, got 1"),
        (lambda: plots.unrolled(2, states=["a", "b"]), "states must hold only numbers"),
        (lambda: plots.shape_boxes(), "at least one tensor"),
        (lambda: plots.shape_boxes(q=(1, 2, 3)), "'q' has no axis names"),
        (lambda: plots.shape_boxes(x=(1, 2, 3, 4)), r"x should have the axes .* but its shape is \(1, 2, 3, 4\)"),
        (lambda: plots.shape_boxes(x=(0, 2, 3)), r"its shape is \(0, 2, 3\)"),
        (lambda: plots.slices(4), "1 to 3 layers .* got num_layers=4"),
        (lambda: plots.padding([6, 2]), r"2 to 4 sequences of 1 to 5 steps; got lengths \[6, 2\]"),
        (lambda: plots.digits(IMAGES[0]), r"images must have shape \(n, 28, 28\).* got \(28, 28\)"),
        (lambda: plots.digits(IMAGES[:0]), "n >= 1"),
        (lambda: plots.digits(IMAGES[:3], [1, 2]), "labels must have one entry per image: expected 3"),
        (lambda: plots.digits(IMAGES[:2], [1, 2], [1]), "predictions must have one entry per image: expected 2"),
        (lambda: plots.digit_as_sequence(IMAGES[:2]), "image must be one picture"),
        (lambda: plots.digit_as_sequence(IMAGES[0], rows=(0, 28)), "rows must be 2 to 6 row numbers from 0 to 27"),
        (lambda: plots.curves([]), "at least one epoch"),
        (lambda: plots.curves([{"epoch": 1}]), "at least one epoch"),
        (lambda: plots.curves({}), "at least one entry"),
        (lambda: plots.curves({"a": [1, 2], "b": [1]}), "'b' must have one value per x: expected 2"),
        (lambda: plots.confusion(np.eye(3)), r"matrix must have shape \(10, 10\).* got \(3, 3\)"),
        (lambda: plots.lines([1, 2], [3, 4]), "as a dict"),
        (lambda: plots.lines([1, 2], {"a": [float("nan")] * 2}), "at least one finite value"),
        (lambda: plots.lines([1, 2], {"a": ["b", "c"]}), "must hold only numbers"),
        (lambda: plots.training_loop(x=(4, 5)), r"x must be a shape .* got \(4, 5\)"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        call()
    assert "\n" not in str(error.value)


def test_tensors_with_gradients_can_be_drawn():
    h = torch.tensor([0.1, 0.2], requires_grad=True)
    plots.lines([0, 1], {"h": h * 2, "list": list(h * 3)})


def test_a_readers_own_settings_stay():
    before = dict(rcParams)
    plots.lines([0, 1], {"h": [0, 1]}).png()
    plots.figure(3).subplots(1, 2)
    assert dict(rcParams) == before


def test_every_public_function_is_drawn_here():
    drawn = {name.split()[0].rstrip(",") for name in FIGURES} | {"digits"}
    assert set(plots.__all__) - {"COLOURS", "figure"} <= drawn


@pytest.mark.slow
def test_importing_and_drawing_leaves_pyplot_alone():
    program = """
import sys
from seqlab import plots
plots.patterns().png()
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)
