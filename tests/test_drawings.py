"""What the drawings say: which box feeds which, which values stand where. Asked of the drawn parts, not of pixels."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon, Rectangle
from matplotlib.text import Annotation

from seqlab import History, plots
from seqlab.plots import COLOURS, cells, drawing
from seqlab.plots.describe import describe
from seqlab.plots.style import tint
from tools import draw_reading

NAMES = {to_rgb(colour): name for name, colour in reversed(COLOURS.items())}


class Diagram:
    """A diagram as a graph: its boxes and operations are nodes, its wires are edges from name to name.

    Nodes of one name are numbered as one reads, from the top left. An end of a wire that is at no node is named after
    the text beside it, or else after the wire that it touches, as "~h" for one in the colour of h.
    """

    def __init__(self, fig):
        (self.ax,) = fig.axes
        self.texts = [(text.get_text(), np.array(text.get_position())) for text in self.ax.texts]
        tiles = [mark for mark in self.ax.patches if type(mark) is FancyBboxPatch and mark.get_zorder() > 3]
        rounds = [mark for mark in self.ax.patches if type(mark) is Circle and mark.radius > 0.1]
        nodes = [(self.text_at(centre_of(tile)), tile) for tile in tiles] + [(self.symbol(op), op) for op in rounds]
        nodes.sort(key=lambda node: tuple(np.round(centre_of(node[1])[::-1] * (-1, 1), 6)))
        seen, often = Counter(), Counter(name for name, _ in nodes)
        self.nodes = []
        for name, mark in nodes:
            seen[name] += 1
            self.nodes.append((f"{name}{seen[name]}" if often[name] > 1 else name, mark))
        self.wires = [mark for mark in self.ax.patches
                      if isinstance(mark, FancyArrowPatch) and to_hex(mark.get_edgecolor()) != "#ffffff"]

    def text_at(self, point):
        """The first line of the text in the middle of a box; a box without text is a cell."""
        return next((text for text, at in self.texts if np.allclose(at, point)), "cell").split("\n")[0]

    def symbol(self, circle):
        """+ or ×, told by the two strokes in the circle."""
        strokes = [np.ptp(line.get_xydata(), axis=0) for line in self.ax.lines
                   if len(line.get_xydata()) == 2 and np.allclose(line.get_xydata().mean(axis=0), circle.center)]
        assert len(strokes) == 2
        return "+" if all(min(stroke) == 0 for stroke in strokes) else "×" if all(map(all, strokes)) else "?"

    def node_at(self, point, reach=0.02):
        for name, mark in self.nodes:
            away = np.abs(np.subtract(point, centre_of(mark)))
            if isinstance(mark, Circle):
                found = np.hypot(*away) <= mark.radius + reach
            else:
                found = away[0] <= mark.get_width() / 2 + reach and away[1] <= mark.get_height() / 2 + reach
            if found:
                return name
        return None

    def place(self, point, wire):
        beside = [text for text, at in self.texts if np.hypot(*(at - point)) < 0.32 and text.startswith("$")]
        return self.node_at(point) or next(iter(beside), f"~{NAMES[to_rgb(wire.get_edgecolor())]}")

    def edges(self):
        """(from, to) of every wire, cut in two wherever it runs through the middle of a node."""
        found = []
        for wire in self.wires:
            points = ends(wire)
            stops = [self.place(points[0], wire)]
            for start, end in pairwise(points):
                stops += [name for name, mark in sorted(self.nodes, key=lambda node: np.hypot(
                    *np.subtract(centre_of(node[1]), start))) if within(centre_of(mark), start, end)]
            stops.append(self.place(points[-1], wire))
            found += [edge for edge in pairwise(stops)]
        return sorted(found)

    def colour(self, start, end):
        """The colour of the one wire between two places."""
        (wire,) = (wire for wire in self.wires
                   if (self.place(ends(wire)[0], wire), self.place(ends(wire)[-1], wire)) == (start, end))
        return to_hex(wire.get_edgecolor())


def ends(wire):
    """The points of a wire as it was asked for: matplotlib's `get_path` is shorter, to make room for the head."""
    return wire._path_original.vertices


def is_dashed(mark):
    return mark.get_linestyle() not in ("-", "solid")


def centre_of(mark):
    if isinstance(mark, Circle):
        return np.array(mark.center)
    return np.array([mark.get_x() + mark.get_width() / 2, mark.get_y() + mark.get_height() / 2])


def within(point, start, end):
    """Whether the point lies on the line between two others, and not at an end."""
    start, end = np.array(start), np.array(end)
    length = np.hypot(*(end - start))
    along = np.dot(point - start, end - start) / max(length, 1e-9)
    (right, up), (x, y) = end - start, point - start
    across = abs(right * y - up * x) / max(length, 1e-9)
    return across < 0.01 and 0.01 < along < length - 0.01


def edges(text):
    """Edges written as "a > b > c, d > e"."""
    return sorted(edge for chain in text.split(", ") for edge in pairwise(chain.split(" > ")))


def texts(fig, start=""):
    """The texts of a figure that begin so, from left to right, then from the top down."""
    found = [(round(text.get_position()[0], 6), -text.get_position()[1], text.get_text())
             for ax in fig.axes for text in ax.texts if text.get_text().startswith(start)]
    return [text for *_, text in sorted(found)]


# ---- diagrams -----------------------------------------------------------------------------------------------------


def test_the_lstm_is_wired_as_its_equations_say():
    """c_t = f * c_{t-1} + i * g and h_t = o * tanh(c_t); every gate reads x_t and h_{t-1}."""
    diagram = Diagram(plots.lstm_cell())
    assert diagram.edges() == edges(
        "$c_{t-1}$ > ×1 > + > $c_t$, forget > ×1, input > ×2, candidate > ×2, ×2 > +, ~c > tanh > ×3, output > ×3, "
        "×3 > $h_t$, $h_{t-1}$ > ~h, ~h > forget, ~h > input, ~h > candidate, ~h > output, "
        "$x_t$ > ~x, ~x > forget, ~x > input, ~x > candidate, ~x > output")
    for gate, product, name in (("forget", "×1", "f"), ("input", "×2", "i"), ("candidate", "×2", "g"),
                                ("output", "×3", "o"), ("×2", "+", "c"), ("×3", "$h_t$", "h")):
        assert diagram.colour(gate, product) == COLOURS[name], gate


def test_the_gru_is_wired_as_its_equations_say():
    """h_t = z * h_{t-1} + (1 - z) * n, and r multiplies what comes out of W_hn."""
    diagram = Diagram(plots.gru_cell())
    assert diagram.edges() == edges(
        "$h_{t-1}$ > ×1 > + > $h_t$, update > ×1, ~f > 1 − z > ×2, candidate > ×2, ×2 > +, "
        "~h > $W_{hn}$ > ×3 > candidate, reset > ×3, ~h > update, ~h > reset, ~x > update, ~x > reset, "
        "$x_t$ > candidate")
    for gate, product, name in (("update", "×1", "z"), ("1 − z", "×2", "z"), ("candidate", "×2", "n"),
                                ("reset", "×3", "r"), ("×2", "+", "h")):
        assert diagram.colour(gate, product) == COLOURS[name], gate


@pytest.mark.parametrize(("draw", "lit", "tiles"), [
    (plots.lstm_cell, "f", "forget"), (plots.lstm_cell, "ig", "input candidate"),
    (plots.lstm_cell, "o", "output tanh"), (plots.lstm_cell, "figo", "forget input candidate output tanh"),
    (plots.gru_cell, "z", "update 1 − z"), (plots.gru_cell, "r", "reset candidate $W_{hn}$"),
    (plots.gru_cell, "n", "candidate"), (plots.gru_cell, "zrn", "update 1 − z reset candidate $W_{hn}$")])
def test_only_the_paths_that_are_asked_for_keep_their_colours(draw, lit, tiles):
    """Tiles, the wires that leave them, and what they act on."""
    fig = draw(lit)
    marks = [mark for mark in fig.axes[0].patches if type(mark) is FancyBboxPatch and mark.get_zorder() > 3]
    names = {tuple(np.round(text.get_position(), 6)): text.get_text().split("\n")[0] for text in fig.axes[0].texts}
    found = {names[tuple(np.round(centre_of(mark), 6))] for mark in marks
             if to_hex(mark.get_edgecolor()) != cells.UNLIT["colour"]}
    assert sorted(" ".join(sorted(found)).split()) == sorted(tiles.split())
    wires = [(ends(mark)[0], to_hex(mark.get_edgecolor())) for mark in fig.axes[0].patches
             if isinstance(mark, FancyArrowPatch) and to_hex(mark.get_edgecolor()) != "#ffffff"]
    gates = {gate: to_hex(COLOURS[gate]) for gate in "figozrn"}
    shown = {gate for gate, colour in gates.items() if colour in [one for _, one in wires]}
    assert set(lit) <= shown and len(shown & set("figo" if draw is plots.lstm_cell else "zrn")) == len(set(lit))


@pytest.mark.parametrize("draw", [plots.lstm_cell, plots.gru_cell])
@pytest.mark.parametrize("lit", ["", "q", "fz"])
def test_a_path_that_is_not_there_is_refused(draw, lit):
    with pytest.raises(ValueError, match=r"lit must be letters of '(figo|zrn)', or None for all; got"):
        draw(lit)


@pytest.mark.parametrize("start", [(0, 0), (1, 2), (-3, 1)])
@pytest.mark.parametrize("way", [(1, 0), (0, 1), (-1, 0), (0, -1)])
def test_a_corner_begins_at_the_same_distance_wherever_the_wire_runs(start, way):
    end = [at + 2 * step for at, step in zip(start, way, strict=True)]
    assert drawing._towards(start, end, 0.25) == tuple(at + 0.25 * step for at, step in zip(start, way, strict=True))
    assert drawing._towards(start, end, 9) == tuple(at + step for at, step in zip(start, way, strict=True)), "half-way"


def test_the_curve_of_tanh_fills_its_axes():
    axes, = plots.saturation().axes
    assert axes.get_xlim() == (-4, 4) == (min(axes.lines[0].get_xdata()), max(axes.lines[0].get_xdata()))
    assert axes.get_ylim() == (-1.2, 1.2) and axes.get_xticks().tolist() == list(range(-4, 5))


def test_the_picture_of_the_first_page_is_what_its_tool_draws():
    assert (draw_reading.STATIC / "reading-a-digit.svg").read_text("utf8") == draw_reading.svg()


def test_the_loop_is_unrolled_step_by_step():
    diagram = Diagram(plots.unrolled([1.0, -0.5, 2.0], states=[0.1, 0.2, 0.3], outputs=[None, None, "up"]))
    assert diagram.edges() == edges(
        "$x_t$ > cell1 > $h_t$ > $y_t$, cell1 > cell1, $h_0$ > cell2 > cell3 > cell4, "
        "$x_1$ = 1.0 > cell2 > $h_1$, $x_2$ = −0.5 > cell3 > $h_2$, $x_3$ = 2.0 > cell4 > $h_3$ > up")


def test_the_loop_without_values():
    assert Diagram(plots.unrolled(2, outputs=True)).edges() == edges(
        "$x_t$ > cell1 > $y_t$, cell1 > cell1, $h_0$ > cell2 > cell3, $x_1$ > cell2 > $y_1$, $x_2$ > cell3 > $y_2$")


def test_the_four_patterns():
    assert Diagram(plots.patterns()).edges() == edges(
        "cell1 > cell2 > cell3 > cell4 > $y$, $x_1$1 > cell1, $x_2$1 > cell2, $x_3$1 > cell3, $x_4$1 > cell4, "
        "cell5 > cell6 > cell7 > cell8, $x_1$2 > cell5 > $y_1$1, $x_2$2 > cell6 > $y_2$1, $x_3$2 > cell7 > $y_3$1, "
        "$x_4$2 > cell8 > $y_4$1, cell9 > cell10 > cell11 > cell12 > cell13, $x_1$3 > cell9, $x_2$3 > cell10, "
        "$x_3$3 > cell11, cell12 > $y_1$2, cell13 > $y_2$2, $x_1$4 > cell14 > cell15 > cell16 > cell17, "
        "cell14 > $y_1$3, cell15 > $y_2$3, cell16 > $y_3$2, cell17 > $y_4$2")


def test_the_training_loop_and_its_shapes():
    fig = plots.training_loop(x=(32, 28, 28), hidden_size=100, classes=10)
    diagram = Diagram(fig)
    assert diagram.edges() == edges("1 sequence > 2 layer > 3 state > 4 head > 7 prediction, "
                                    "4 head > 5 loss > 6 optimiser > 2 layer")
    back = [wire for wire in diagram.wires if is_dashed(wire)]
    assert {diagram.place(ends(wire)[0], wire) for wire in back} == {"5 loss", "6 optimiser"}
    shapes = {text.split("\n")[0]: text.split("\n")[-1] for text in texts(fig)}
    assert {name: shapes[name] for name in ("1 sequence", "2 layer", "3 state", "4 head", "7 prediction")} == {
        "1 sequence": "(32, 28, 28)", "2 layer": "(32, 28, 100)", "3 state": "(32, 100)", "4 head": "(32, 10)",
        "7 prediction": "(32,)"}


@pytest.mark.parametrize(("num_layers", "steps"), [(1, 3), (2, 5), (3, 2)])
def test_slices_of_layers(num_layers, steps):
    """Upwards layer feeds layer, and to the right step feeds step; dark is what is in both out and h_n."""
    diagram = Diagram(plots.slices(num_layers, steps=steps))
    cells = [[f"cell{steps * row + t + 1}" for t in range(steps)] for row in range(num_layers)]  # top layer first
    along = [edge for row in cells for edge in pairwise(row)]
    up = [(below, above) for above_row, below_row in pairwise(cells)
          for below, above in zip(below_row, above_row, strict=True)]
    assert diagram.edges() == sorted(along + up)
    marks = dict(diagram.nodes)
    shade = [[to_hex(marks[name].get_facecolor()) for name in row] for row in cells]
    once, twice, never = (tint("h", strength) for strength in (0.3, 0.85, 0.05))
    assert shade[0] == [once] * (steps - 1) + [twice]
    assert shade[1:] == [[never] * (steps - 1) + [once]] * (num_layers - 1)


def test_slices_of_both_directions():
    """The backward direction runs to the left and ends at the first step."""
    fig = plots.slices(1, bidirectional=True, steps=3)
    diagram = Diagram(fig)
    assert texts(fig, "layer") == ["layer 0 backward", "layer 0 forward"]
    assert diagram.edges() == edges("cell3 > cell2 > cell1, cell4 > cell5 > cell6")
    dark = [name for name, mark in diagram.nodes if to_hex(mark.get_facecolor()) == tint("h", 0.85)]
    assert dark == ["cell1", "cell6"]


def test_batch_first_and_what_forgetting_it_does():
    diagram = Diagram(plots.batch_first_axes())
    right = [(f"{row}{t}1", f"{row}{t + 1}1") for row in "ABCD" for t in range(3)]
    wrong = [(f"{row}{t}2", f"{below}{t}2") for row, below in pairwise("ABCD") for t in range(4)]
    assert diagram.edges() == sorted(right + wrong)
    first = {name for name, mark in diagram.nodes if to_hex(mark.get_facecolor()) == tint("x", 0.6)}
    assert first == {*(f"A{t}1" for t in range(4)), *(f"{row}02" for row in "ABCD")}, "what the first net reads"


def test_padding_and_packing():
    fig = plots.padding([2, 4, 1])
    diagram = Diagram(fig)
    rows = {}
    for name, mark in diagram.nodes:
        x, y = centre_of(mark)
        rows.setdefault((x > 3.7, -round(y, 3)), []).append(diagram.text_at((x, y)))
        assert is_dashed(mark) == name.startswith("0")
    assert [row for _, row in sorted(rows.items())] == [
        ["A0", "A1", "0", "0"], ["B0", "B1", "B2", "B3"], ["C0", "0", "0", "0"],  # padded
        ["B0", "B1", "B2", "B3"], ["A0", "A1"], ["C0"],  # packed: the longest first
    ]  # fmt: skip
    columns = [text for text, at in sorted(diagram.texts, key=lambda one: one[1][0]) if at[1] == 0.3]
    assert columns == ["batch_sizes", "3", "2", "1", "1"]


def faces(fig):
    """The sides of every block: (colour, width and height on paper)."""
    (ax,) = fig.axes
    return [(to_hex(mark.get_edgecolor()), np.ptp(mark.get_xy(), axis=0).round(4).tolist(), mark.get_xy())
            for mark in ax.patches if isinstance(mark, Polygon)]


def test_tensors_are_drawn_to_one_scale():
    fig = plots.shape_boxes(x=(2, 5, 4), out=(2, 5, 6), h_n=(1, 2, 6))
    front, top, side = (faces(fig)[k::3] for k in range(3))
    unit = front[0][1][0] / 5
    assert [size for _, size, _ in front] == [pytest.approx([right * unit, up * unit], abs=1e-3)
                                              for right, up in ((5, 4), (5, 6), (1, 6))]
    for (_, (width, _), _), right in zip(top, (5, 5, 1), strict=True):
        assert width == pytest.approx((right + 2 * 0.45) * unit, abs=1e-3), "the batch of 2 goes into the page"
    assert [colour for colour, *_ in front] == [COLOURS["x"], COLOURS["h"], COLOURS["h"]]
    assert len(side) == 3
    rules = [np.array(line.get_xydata()) for line in fig.axes[0].lines]
    numbers = lambda right, up, deep: (right - 1 + up - 1) + (right - 1 + deep - 1) + (deep - 1 + up - 1)
    assert len(rules) == numbers(5, 4, 2) + numbers(5, 6, 2) + numbers(1, 6, 2)
    assert [text for text in texts(fig) if "(" in text] == ["x (2, 5, 4)", "out (2, 5, 6)", "h_n (1, 2, 6)"]
    assert {"seq_len 5", "batch 2", "input_size 4", "hidden_size 6", "num_layers 1"} <= set(texts(fig))


def test_a_batch_that_stands_last_goes_up_and_the_first_axis_goes_into_the_page():
    fig = plots.shape_boxes(x=(5, 4, 2), axes={"x": ("seq_len", "input_size", "batch")})
    (_, front, _), (_, top, _), _ = faces(fig)
    unit = front[1] / 2
    assert front == pytest.approx([4 * unit, 2 * unit]) and top[0] == pytest.approx((4 + 5 * 0.45) * unit, abs=1e-3)


def test_marked_slices_stand_at_their_column_and_height():
    fig = plots.shape_boxes(out=(2, 5, 6), marked={"out": [("A", -1, 0, 1), ("B", 0, 0.5, 1)]})
    (_, _, front), _, _, (first_colour, _, first), (second_colour, _, second) = faces(fig)
    (left, bottom), (right, top) = front.min(axis=0), front.max(axis=0)
    assert (first_colour, second_colour) == (COLOURS["f"], COLOURS["i"])
    assert first.min(axis=0) == pytest.approx([right - (right - left) / 5, bottom])
    assert first.max(axis=0) == pytest.approx([right, top])
    assert second.min(axis=0) == pytest.approx([left, (bottom + top) / 2])
    assert second.max(axis=0) == pytest.approx([left + (right - left) / 5, top])
    middle = {text: at for text, at in Diagram(fig).texts if text in "AB"}
    assert middle["A"] == pytest.approx(first[:4].mean(axis=0))
    assert middle["B"] == pytest.approx(second[:4].mean(axis=0))


# ---- pictures -----------------------------------------------------------------------------------------------------

PIXELS = np.random.default_rng(0).random((5, 28, 28))


def shown(fig):
    """What each picture holds and where it is: [(pixels, left, top), ...]."""
    (ax,) = fig.axes
    return [(np.asarray(image.get_array()), image.get_extent()[0], image.get_extent()[3]) for image in ax.images]


def test_digits_stand_in_reading_order_under_their_labels():
    fig = plots.digits(PIXELS, [1, 2, 3, 4, 5], [1, 2, 9, 4, 5], columns=3)
    pictures = shown(fig)
    assert all((pixels == given).all() for (pixels, *_), given in zip(pictures, PIXELS, strict=True))
    assert [(left, -top) for _, left, top in pictures] == sorted([(left, -top) for _, left, top in pictures],
                                                                 key=lambda at: at[::-1]), "row by row"
    assert len({left for _, left, _ in pictures}) == 3
    two_rows = plots.digits(PIXELS[:4], [1, 2, 3, 4], columns=2)
    assert fig.get_figheight() == two_rows.get_figheight(), "a row that is not full is as high as a full one"
    (ax,) = fig.axes
    for (_, left, top), word in zip(pictures, ["1", "2", "✗ 9, is 3", "4", "5"], strict=True):
        above = [text.get_text() for text in ax.texts
                 if left < text.get_position()[0] < left + 1.3 and 0 < text.get_position()[1] - top < 0.3]
        assert above == [word]
    frames = [(mark.get_x(), to_hex(mark.get_edgecolor())) for mark in ax.patches if isinstance(mark, Rectangle)]
    assert [colour for _, colour in frames] == [COLOURS["loss" if k == 2 else "line"] for k in range(5)]
    assert all(picture.get_cmap().name == "gray_r" and picture.get_clim() == (0, 1) for picture in ax.images)


def test_a_digit_is_cut_into_the_rows_that_are_named():
    rows = (0, 7, 8, 27)
    fig = plots.digit_as_sequence(PIXELS[:1], rows=rows)
    (whole, left, top), *strips = shown(fig)
    assert (whole == PIXELS[0]).all()
    assert all((strip == PIXELS[0][row : row + 1]).all() for (strip, *_), row in zip(strips, rows, strict=True))
    assert [text for text in sorted(texts(fig, "row"), key=lambda text: int(text.split()[1]))] == [
        f"row {row} is step $t={row}$" for row in rows]
    (ax,) = fig.axes
    outlines = [mark for mark in ax.patches if isinstance(mark, Rectangle) and mark.get_x() == left][1:]
    pixel = (top - ax.images[0].get_extent()[2]) / 28
    assert [mark.get_y() for mark in outlines] == pytest.approx([top - pixel * (row + 1) for row in rows])
    diagram = Diagram(fig)
    assert diagram.edges() == edges(
        "cell1 > cell2 > cell3 > cell4 > 10 scores, ~x > cell1, ~x > cell2, ~x > cell3, ~x > cell4")
    skips = [is_dashed(wire) for wire in diagram.wires if diagram.place(ends(wire)[0], wire).startswith("cell")]
    assert skips == [True, False, True, False], "dashed where steps are left out"


# ---- charts -------------------------------------------------------------------------------------------------------


def test_lines_are_means_and_bands_are_sample_standard_deviations():
    runs = np.array([[1.0, 2.0, 4.0], [3.0, 2.0, 8.0], [2.0, 5.0, 0.0]])
    fig = plots.lines([10, 20, 30], {"one": [1, 2, 3], "many": runs, "h": [0, 0, 1]}, "steps", "loss", markers=True)
    (ax,) = fig.axes
    one, many, h = ax.lines
    assert one.get_xydata().tolist() == [[10, 1], [20, 2], [30, 3]]
    assert many.get_ydata() == pytest.approx([2, 3, 4])
    assert h.get_color() == COLOURS["h"]
    assert (ax.get_xlabel(), ax.get_ylabel(), one.get_marker()) == ("steps", "loss", "o")
    (band,) = (mark for mark in ax.collections if isinstance(mark, PolyCollection))
    edge = band.get_paths()[0].vertices
    for k, (x, spread) in enumerate(zip([10, 20, 30], [1.0, 3**0.5, 4.0], strict=True)):  # over n - 1 runs
        heights = edge[edge[:, 0] == x][:, 1]
        assert [heights.min(), heights.max()] == pytest.approx([many.get_ydata()[k] - spread,
                                                                many.get_ydata()[k] + spread])


def test_lines_differ_without_colour_and_carry_their_names_at_their_ends():
    series = {name: [k, 2.0 * k] for k, name in enumerate(["a", "b", "c", "x"])}
    fig = plots.lines([0, 1], series)
    (ax,) = fig.axes
    assert len({str(line._dash_pattern) for line in ax.lines}) == 4  # get_linestyle says "--" for every pattern
    names = {mark.get_text(): mark.xy for mark in ax.texts if isinstance(mark, Annotation)}
    assert names == {"a": (1, 0), "b": (1, 2), "$c$": (1, 4), "$x$": (1, 6)}


def test_the_vertical_axis_is_as_asked():
    (ax,) = plots.lines([0, 1], {"a": [0.1, 1]}, logy=True, ylim=(0.01, 10)).axes
    assert ax.get_yscale() == "log" and ax.get_ylim() == (0.01, 10)
    (ax,) = plots.lines([0, 1], {"a": [0.1, 1], "b": [0, 9]}, ylim=(0, 2)).axes
    above, = (text for text in ax.texts if text.get_text() == "b")
    ax.figure.canvas.draw()
    assert above.xy == (1, 9) and above.get_annotation_clip() is False, "a line that ends above the axes is named too"
    (ax,) = plots.lines([0, 1], {"a": [0.1, 1]}).axes
    assert ax.get_yscale() == "linear" and not ax.lines[0].get_marker().strip("None")


def history():
    return History({"epoch": k, "train_loss": 1.0 / k, "val_loss": 2.0 / k, "val_accuracy": accuracy, "seconds": 1.0}
                   for k, accuracy in ((1, 0.5), (2, 0.9), (3, 0.7)))


def test_learning_curves_show_the_history():
    losses, accuracies = plots.curves(history()).axes
    train, val = losses.lines
    assert (train.get_label(), val.get_label()) == ("training", "validation")
    assert train.get_xydata() == pytest.approx(np.array([[1, 1], [2, 0.5], [3, 1 / 3]]))
    assert val.get_ydata() == pytest.approx([2, 1, 2 / 3])
    accuracy, star = accuracies.lines
    assert accuracy.get_xydata() == pytest.approx(np.array([[1, 50], [2, 90], [3, 70]]))
    assert star.get_xydata().tolist() == [[2, 90]] and star.get_marker() == "*"
    assert (losses.get_ylabel(), accuracies.get_ylabel()) == ("loss", "validation acc. (%)")


def test_curves_of_several_runs_begin_at_epoch_1():
    (ax,) = plots.curves({"seeds": [[3, 2], [5, 4]]}, "error").axes
    assert ax.lines[0].get_xydata().tolist() == [[1, 4], [2, 3]]
    assert (ax.get_xlabel(), ax.get_ylabel(), len(ax.collections)) == ("epoch", "error", 1)


def test_the_confusion_matrix_counts_true_by_predicted():
    fig = plots.confusion([[5, 2, 0], [0, 6, 1], [0, 4, 7]], labels=["a", "b", "c"])
    (ax,) = fig.axes
    assert {text.get_position(): text.get_text() for text in ax.texts} == {
        (0, 0): "5", (1, 0): "2", (1, 1): "6", (2, 1): "1", (1, 2): "4", (2, 2): "7"}  # (predicted, true)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["a", "b", "c"]
    picture = np.asarray(ax.images[0].get_array())
    strongest = np.array(to_rgb(tint("loss", 0.75)))
    assert picture[2, 1] == pytest.approx(strongest), "the most frequent mistake"
    assert picture[0, 1] == pytest.approx((1 + strongest) / 2), "half as frequent"
    assert picture[0, 2] == pytest.approx([1, 1, 1]) and picture[0, 0] == pytest.approx([0.92] * 3)


def test_the_slopes_of_tanh():
    fig = plots.saturation()
    (ax,) = fig.axes
    curve, *tangents = ax.lines
    assert curve.get_ydata() == pytest.approx(np.tanh(curve.get_xdata()))
    for tangent in tangents:
        x, y = tangent.get_data()
        at = x.mean()
        assert y.mean() == pytest.approx(np.tanh(at)) and np.ptp(y) == pytest.approx(1 - np.tanh(at) ** 2)
    slopes = {mark.xy[0]: mark.get_text() for mark in ax.texts if isinstance(mark, Annotation)}
    assert slopes == {-3: "slope 0.01", 0: "slope 1.00", 1: "slope 0.42", 3: "slope 0.01"}
    spans = [mark.get_extents().transformed(ax.transData.inverted()) for mark in ax.patches]
    assert [edge for span in spans for edge in (span.x0, span.x1)] == pytest.approx([-4, -2, 2, 4])


def test_the_stairs_climb_along_the_curve_of_one_step():
    """Every upright ends on the curve, every tread on the diagonal; full dots attract, the hollow one repels."""
    (ax,) = plots.stairs().axes
    diagonal, curve, path, *dots = ax.lines
    assert np.array_equal(*diagonal.get_data()) and curve.get_ydata() == pytest.approx(np.tanh(2 * curve.get_xdata()))
    x, y = path.get_data()
    assert (x[0], len(x)) == (y[0], 11) == (0.2, 11)
    for k in range(1, 11):
        assert y[k] == pytest.approx(np.tanh(2 * x[k]) if k % 2 else x[k]), "up to the curve, across to the diagonal"
        assert (x[k] == x[k - 1]) if k % 2 else (y[k] == y[k - 1])
    rests = [float(dot.get_xdata()[0]) for dot in dots]
    assert rests == pytest.approx([-0.9575, 0, 0.9575], abs=1e-4)
    assert [dot.get_ydata()[0] for dot in dots] == rests == pytest.approx(np.tanh(2 * np.array(rests)))
    full = [to_hex(dot.get_markerfacecolor()) != "#ffffff" for dot in dots]
    assert full == [2 * (1 - rest**2) < 1 for rest in rests]


def test_the_text_form_of_a_picture_says_all_that_is_drawn():
    """Up to six numbers as they are, of more their count, ends, extremes and three coefficients; each to three digits
    of the largest beside it; the white edge of a wire is left out."""
    fig = plots.figure(2.5)
    left, right = fig.subplots(1, 2)
    left.plot(range(6), [0, 1, np.nan, 0.1234, 0, 20.04], color="#112233", linestyle="--", marker="o", label="six")
    left.plot(np.arange(1, 8), [10.0**k for k in range(7)], color="#445566", label="seven")
    left.set(title="A", xlabel="step", ylabel="loss", yscale="log")
    left.legend()
    right.imshow([[0, 0, 4], [0, 2, 0]], extent=(0, 3, 0, 2))
    right.add_collection(PolyCollection([[(0, 0), (1, 0), (1, 2)]], facecolor="#778899"))
    right.add_patch(Rectangle((1, 2), 3, 4, facecolor="none", edgecolor="#aabbcc", linestyle=":"))
    right.text(0.25, 0.5, "here", color="#ddeeff")
    right.annotate("there", (1, 2), xytext=(300, -4), textcoords="offset points", color="#001122")
    drawing.wire(right, (0, 0), (1, 0), (1, 2), colour="#334455", radius=0.5, dashed=True)
    fig.text(0.123, 0.9876, "below", color="black")
    logarithms = np.arange(7.0)
    waves = [np.mean(logarithms * np.cos(k * (np.arange(7) + 0.5) * np.pi / 7)) for k in range(3)]
    times = [np.mean((logarithms + 1) * np.cos(k * (np.arange(7) + 0.5) * np.pi / 7)) for k in range(3)]
    told = ["7 values " + " ".join(f"~{number + 0.0:.2f}".replace("-0.00", "0.00") for number in numbers)
            for numbers in ((1, 7, 1, 7, *times), (0, 6, 0, 6, *waves))]
    assert describe(fig).splitlines() == [
        "Figure, 7 x 2.5 inches",
        "axes 'A', x 'step' linear, y 'loss' log",
        "  in the legend 'six'",
        "  in the legend 'seven'",
        "  line #112233ff -- o: x ~0.00 ~1.00 ~2.00 ~3.00 ~4.00 ~5.00, y (3 missing) ~0.00 ~-0.91 ~1.30",
        f"  line #445566ff - None: x {told[0]}, y {told[1]}",
        "axes '', x '' linear, y '' linear",
        "  Rectangle #00000000 edge #aabbccff :: x ~1.00 ~4.00 ~4.00 ~1.00 ~1.00, y ~2.00 ~2.00 ~6.00 ~6.00 ~2.00",
        "  FancyArrowPatch #334455ff edge #334455ff (0, (2.5, 1.5)): "
        "x ~0.00 ~0.50 ~1.00 ~1.00 ~1.00, y ~0.00 ~0.00 ~0.00 ~0.50 ~2.00",
        "  PolyCollection #778899ff: x ~0.00 ~1.00 ~1.00 ~0.00, y ~0.00 ~0.00 ~2.00 ~0.00",
        "  image 2x3 ~1.00 ~0.67 ~-0.33 ~-0.67, at ~0.00 ~3.00 ~0.00 ~2.00",
        "  text 'here' #ddeeffff at ~0.250 ~0.500",
        "  text 'there' #001122ff at ~1.00 ~2.00 moved by ~300 ~-4",
        "text 'below' #000000ff at ~0.123 ~0.988",
    ]


def test_the_text_form_of_a_line_without_a_number():
    fig = plots.figure(2.5)
    fig.subplots().plot([0, 1], [np.nan, np.nan], color="#112233")
    assert describe(fig).splitlines()[-1] == "  line #112233ff - None: x ~0.00 ~1.00, y (2 missing) "


def test_an_empty_figure_has_the_courses_width():
    assert plots.figure(2.5).get_size_inches().tolist() == [7, 2.5]
    assert len(plots.figure(3).subplots(1, 2)) == 2


def test_every_public_function_is_asked_here(request):
    source = request.path.read_text(encoding="utf-8")
    assert [name for name in plots.__all__ if name != "COLOURS" and f"plots.{name}(" not in source] == []
