"""DigitReader: what is drawn becomes an image as MNIST's were made, and is read as torch reads it."""

import itertools
import json

import numpy as np
import pytest
import torch
import traitlets
from browsing import axe_violations
from places import bench_page, page_with

from seqlab import LSTMCell, Recurrent, SequenceClassifier, load_digits, results
from seqlab.widgets import DigitReader
from seqlab.widgets.digit_reader import ASKED, as_mnist, pixels, strangeness_of, unpacked, weights_of
from studies import digit_reader
from tools.course import find_all

FIGURE, PAGE = "DigitReader()", "book/11-hand-built-digits"
NAMES = ["a zero", "a one", "a two", "a three", "a four", "a five", "a six", "a seven", "an eight", "a nine"]
SEVEN = [(70, 70), (200, 60), (120, 240)]
SIDE = 280


def network(hidden_size, weights):
    """nn.LSTM and nn.Linear with the figure's weights."""
    arrays = [torch.from_numpy(array.copy()) for array in unpacked(bytes(weights), hidden_size)]
    lstm, head = torch.nn.LSTM(28, hidden_size, batch_first=True), torch.nn.Linear(hidden_size, 10)
    with torch.no_grad():
        for parameter, array in zip((lstm.weight_ih_l0, lstm.weight_hh_l0, lstm.bias_ih_l0, head.weight, head.bias),
                                    arrays, strict=True):
            parameter.copy_(array)
        lstm.bias_hh_l0.zero_()
    return lstm, head


@torch.no_grad()
def by_torch(hidden_size, weights, image):
    """The states (28, H) and the probabilities after every row (28, 10) of nn.LSTM."""
    lstm, head = network(hidden_size, weights)
    out, _ = lstm(torch.tensor(image, dtype=torch.float32).reshape(1, 28, 28) / 255)
    return out[0], head(out[0]).softmax(dim=1)


def weights_in(figure):
    """The network in the page, fetched once: the tests do not change it."""
    if not hasattr(figure, "network"):
        figure.network = figure.get("hidden_size"), bytes(figure.box.evaluate("""host => {
            const view = host.model.get("weights");
            return [...new Uint8Array(view.buffer, view.byteOffset, view.byteLength)];
        }"""))
    return figure.network


def agrees(figure):
    """Image and probabilities are those of Python's and torch's, and prediction is their end.

    Python paints and reads for itself, so a pixel may come out one grey level away from the page's.
    """
    figure.settle()
    image = figure.get("image")
    if figure.get("strokes"):
        drawn = as_mnist(figure.get("strokes"), figure.get("centred")).ravel()
        assert np.abs(drawn.astype(int) - image).max() <= 1
    expected = by_torch(*weights_in(figure), image)[1]
    assert np.abs(expected.numpy() - figure.get("probabilities")).max() <= 1e-3
    assert figure.get("prediction") == int(expected[-1].argmax())
    assert figure.get("strangeness") == pytest.approx(DigitReader(image=np.uint8(image).reshape(28, 28)).strangeness,
                                                      abs=2e-3)
    if figure.ask:
        painted = figure.python("figure.image")
        assert np.abs(np.array(painted) - image).max() <= 1
        expected = by_torch(*weights_in(figure), painted)[1]
        assert np.abs(expected.numpy() - figure.python("figure.probabilities")).max() <= 1e-3
        assert figure.python("figure.strokes") == figure.get("strokes")


def on_pad(figure, points):
    """Points of the pad on the page."""
    pad = figure.box.get_by_role("application")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    return [(box["x"] + x * box["width"] / SIDE, box["y"] + y * box["height"] / SIDE) for x, y in points]


def swipe(figure, path):
    """A finger comes down at the first of these points of the screen, goes along the others, and is lifted."""
    finger = figure.page.context.new_cdp_session(figure.page)
    for kind, points in (("touchStart", path[:1]), *(("touchMove", [point]) for point in path[1:]), ("touchEnd", [])):
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})
    figure.settle()


def press(figure, *keys):
    for key in keys:
        figure.page.keyboard.press(key)
    figure.settle()


def words(figure):
    return figure.box.locator(".report").inner_text()


# --- in the browser --------------------------------------------------------------------------------------------------


def test_every_row_of_many_images_is_read_as_by_torch(figure):
    agrees(figure)
    random = torch.randint(256, (4, 784), generator=torch.Generator().manual_seed(0)).tolist()
    digits = (load_digits("embedded", quiet=True).test[0][:8] * 255).round().long().flatten(1).tolist()
    worst = 0
    for image in [*random, *digits, [0] * 784, [255] * 784]:
        figure.set(strokes=[], own_image=image)
        expected = by_torch(*weights_in(figure), image)[1].numpy()
        worst = max(worst, np.abs(expected - figure.get("probabilities")).max())
    assert worst <= 1e-4


def test_a_seven_by_mouse(figure):
    figure.box.get_by_label("Clear the drawing").click()
    assert figure.get("strokes") == [] and sum(figure.get("image")) == 0
    assert "The page is empty" in words(figure)
    start, *rest = on_pad(figure, SEVEN)
    figure.page.mouse.move(*start)
    figure.page.mouse.down()
    for point in rest:
        figure.page.mouse.move(*point, steps=12)
    figure.page.mouse.up()
    figure.page.mouse.move(*start)
    assert len(figure.get("strokes")) == 1 and len(figure.get("strokes")[0]) > 20
    assert np.abs(np.array(figure.get("strokes")[0][:2]) - SEVEN[0]).max() <= 2
    agrees(figure)
    assert figure.get("prediction") == 7 and words(figure).startswith("It reads a 7 (")
    figure.box.get_by_label("Undo the last stroke").click()
    assert figure.get("strokes") == []


def test_a_one_by_touch_does_not_scroll_the_page(figure):
    figure.box.get_by_label("Clear the drawing").tap()
    path = on_pad(figure, [(150, 40 + 10 * k) for k in range(20)])
    before = figure.page.evaluate("scrollY")
    swipe(figure, path)
    assert len(figure.get("strokes")) == 1
    assert figure.get("strokes")[0][-1] >= 220 and figure.page.evaluate("scrollY") == before
    agrees(figure)
    assert figure.get("prediction") == 1
    figure.page.touchscreen.tap(*on_pad(figure, [(60, 60)])[0])
    figure.settle()
    assert len(figure.get("strokes")) == 2 and len(figure.get("strokes")[1]) == 2
    agrees(figure)


def test_a_seven_by_keyboard(figure):
    figure.box.get_by_role("application").focus()
    press(figure, "Delete", *["Home"] * 6, "Space", *["ArrowRight"] * 11, *["ArrowDown", "End"] * 8, "Space")
    strokes = figure.get("strokes")
    assert len(strokes) == 1 and len(strokes[0]) == 2 * (1 + 11 + 16)
    assert strokes[0][0] == strokes[0][2] - 10 and strokes[0][1] == strokes[0][3]
    agrees(figure)
    assert figure.get("prediction") == 7
    press(figure, "Shift+ArrowUp", "ArrowRight")
    assert figure.get("strokes") == strokes, "with the pen up nothing is drawn"
    press(figure, "Space", "ArrowLeft", "Backspace")
    assert figure.get("strokes") == strokes
    press(figure, "ArrowLeft")
    assert figure.get("strokes") == strokes, "the stroke that was taken away does not go on"


def test_the_first_stroke_takes_the_place_of_a_ready_drawing(figure):
    figure.box.get_by_label("a four", exact=True).click()
    assert figure.get("sample") == 4 and len(figure.get("strokes")) == 2
    figure.page.mouse.move(*on_pad(figure, [(100, 100)])[0])
    figure.page.mouse.down()
    figure.page.mouse.up()
    figure.settle()
    assert len(figure.get("strokes")) == 1 and figure.get("sample") == -1


def test_the_ready_drawings_are_read_as_they_are_called(figure):
    buttons = figure.box.get_by_role("group", name="Ready drawings").get_by_role("button")
    assert buttons.count() == 12
    for k, name in enumerate(NAMES):
        figure.box.get_by_label(name, exact=True).click()
        figure.settle()
        assert figure.get("prediction") == k and figure.get("probabilities")[-1][k] > 0.9, name
        agrees(figure)
    figure.box.get_by_label("a one or a seven").click()
    figure.settle()
    doubt = figure.get("probabilities")[-1]
    assert doubt[1] + doubt[7] > 0.95 and min(doubt[1], doubt[7]) > 0.1
    assert "or perhaps" in words(figure)
    figure.box.get_by_label("a heart, which is no digit").click()
    figure.settle()
    assert max(figure.get("probabilities")[-1]) > 0.9, "and yet it is sure"
    agrees(figure)


SCALE = """host => {
    const box = (one) => host.shadowRoot.querySelector(one).getBoundingClientRect();
    const scale = host.shadowRoot.querySelector(".scale"), inner = box(".scale").left + scale.clientLeft;
    const place = (one, edge) => (box(one).left + edge - inner) / scale.clientWidth;
    return { mark: place(".scale i", 3), border: place(".scale b", 0), mark_shown: box(".scale i").width > 0,
        now: Number(scale.getAttribute("aria-valuenow")), said: scale.getAttribute("aria-valuetext"),
        words: host.shadowRoot.querySelector(".strange .words").textContent };
}"""


FULL = """host => {
    const look = (one) => getComputedStyle(one), all = (names) => [...host.shadowRoot.querySelectorAll(names)];
    const colour = look(all(".sure")[0]).fill;
    return all(".winner, .bar.lead, .sure").filter(one => look(one).opacity === "1"
        && [look(one).fill, look(one).backgroundColor].includes(colour)).length;
}"""


def test_a_second_meter_says_whether_the_drawing_is_like_a_digit_at_all(figure):
    """What the words and the mark show is what the number says; a square is a 0, and unlike any digit."""
    cases = json.loads(digit_reader.CASES.read_text("utf8"))
    drawings = [digit_reader.in_styles(case["strokes"], "")["normal"]
                for case in (*cases["digits"][::8], *cases["shapes"][:8], *cases["scribbles"][::8])]
    seen = set()
    for strokes in drawings:
        figure.set(strokes=strokes, sample=-1, row=28)
        agrees(figure)
        far, found = figure.get("strangeness"), figure.box.evaluate(SCALE)
        seen.add(far > 0.5)
        assert found["words"] == found["said"] == ("unlike any digit it knows" if far > 0.5 else "like a digit")
        assert [found["mark"], found["border"]] == pytest.approx([far, 0.5], abs=0.02)
        assert found["now"] == pytest.approx(far, abs=0.006) and found["mark_shown"]
        assert words(figure).startswith("Unlike any digit it knows. Of the ten, " if far > 0.5 else "It reads a")
        assert figure.box.evaluate(FULL) == (0 if far > 0.5 else 1 + 1 + 28), "the answer, its lane, the 28 bars"
    assert seen == {True, False}
    figure.set(row=20)
    found = figure.box.evaluate(SCALE)
    assert found["words"] == found["said"] == "asked after row 28" and not found["mark_shown"] and found["now"] == 0
    figure.set(strokes=digit_reader.in_styles(cases["shapes"][0]["strokes"], "")["normal"], row=28)
    assert words(figure) == "Unlike any digit it knows. Of the ten, it is nearest to a 0 (over 99\u00a0%)."
    assert figure.get("prediction") == 0 and figure.get("strangeness") > 0.5
    figure.box.get_by_role("status").get_by_text(words(figure)).wait_for()


def test_of_a_network_of_ones_own_it_is_not_asked_what_is_strange(browser, tmp_path):
    make = "DigitReader(model=__import__('seqlab').SequenceClassifier('lstm', 28, 8, 10))"
    with page_with(browser, bench_page(make, tmp_path).as_uri(), "DigitReader") as figure:
        assert figure.get("strangeness") is None and figure.get("prediction") in range(10)
        assert figure.box.locator(".strange").is_hidden() and figure.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_mark_and_the_border_are_there_without_the_figures_colours(browser, tmp_path, scheme):
    with page_with(browser, bench_page("DigitReader()", tmp_path).as_uri(), "DigitReader", forced_colors="active",
                   color_scheme=scheme) as figure:
        lines = figure.box.evaluate("""host => ["", " i", " b"].map(one => {
            const style = getComputedStyle(host.shadowRoot.querySelector(`.scale${one}`));
            return [style.borderLeftColor, style.borderLeftWidth, style.borderLeftStyle];
        })""")
        paper = figure.box.evaluate("host => getComputedStyle(document.body).backgroundColor")
        assert all(colour != paper and width != "0px" for colour, width, _ in lines)
        assert len({tuple(line[1:]) for line in lines}) == 3, "frame, mark and border differ by more than colour"


def test_rows_by_button_slider_and_words(figure):
    figure.set(row=28)
    figure.box.get_by_label("One row back").click()
    assert figure.get("row") == 27
    slider = figure.box.get_by_label("rows read", exact=True)
    slider.focus()
    press(figure, "Home")
    assert figure.get("row") == 0 and "nothing yet" in words(figure)
    press(figure, *["ArrowRight"] * 15)
    assert figure.get("row") == 15 and words(figure).startswith("15 of 28 rows read")
    shown = figure.box.locator(".belief .share").all_inner_texts()
    assert [int(text) for text in shown] == [round(100 * p) for p in figure.get("probabilities")[14]]
    figure.box.get_by_label("Play: read the rows one after another").click()
    figure.settle()
    assert figure.get("row") == 28, "with reduced motion, play shows the end"
    if figure.ask:
        assert figure.python("figure.row") == 28


def test_an_image_from_elsewhere_takes_the_place_of_the_drawing(figure):
    figure.box.get_by_label("a four", exact=True).click()
    image = as_mnist([[100, 40, 140, 240]]).ravel().tolist()
    figure.set(strokes=[], sample=-1, own_image=image)
    assert figure.get("image") == image and figure.get("strokes") == [] and figure.get("sample") == -1
    agrees(figure)
    assert figure.box.locator(".surface canvas").is_visible()


def test_without_centring_a_small_drawing_in_a_corner_is_another_image(figure):
    figure.box.get_by_label("a four", exact=True).click()
    small = [[round(value / 4 + 10) for value in stroke] for stroke in figure.get("strokes")]
    figure.set(strokes=small, sample=-1)
    agrees(figure)
    assert figure.get("prediction") == 4
    fitted = np.reshape(figure.get("image"), (28, 28))
    figure.box.get_by_label("fit and centre it").uncheck()
    agrees(figure)
    raw = np.reshape(figure.get("image"), (28, 28))
    assert fitted.any(axis=1).sum() >= 19 and raw[12:].sum() == 0 and raw.sum() > 0
    figure.box.get_by_label("fit and centre it").check()
    assert figure.get("centred")


@torch.no_grad()
def inside_torch(figure):
    """What an nn.LSTMCell with the figure's weights has in its gates, its candidate and its states, (28, H) each."""
    H, weights = weights_in(figure)
    lstm, _ = network(H, weights)
    cell = torch.nn.LSTMCell(28, H)
    cell.load_state_dict({name.removesuffix("_l0"): own for name, own in lstm.state_dict().items()})
    h = c = torch.zeros(1, H)
    steps = []
    for x in torch.tensor(figure.get("image"), dtype=torch.float32).reshape(28, 1, 28) / 255:
        i, f, g, o = (x @ cell.weight_ih.T + h @ cell.weight_hh.T + cell.bias_ih).chunk(4, dim=1)
        h, c = cell(x, (h, c))
        steps.append([i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid(), c, h])
    return {name: torch.cat(rows) for name, rows in zip("ifgoch", zip(*steps, strict=True), strict=True)}


UNIT = """host => {
    const all = (selector) => [...host.shadowRoot.querySelectorAll(selector)];
    const number = (text) => Number(text.replace("\u2212", "-"));
    return {
        title: all(".one .title")[0].textContent,
        shown: Object.fromEntries(all(".numbers > div").map(one => [...one.children].map(each => each.textContent))
            .map(([name, value]) => [name, number(value)])),
        bars: all(".one path.of").map(one => (one.getAttribute("d").match(/h[-.\\d]+/g)
            .map(each => Number(each.slice(1))))),
        sums: all(".sums p").map(one => one.textContent),
        looked: host.shadowRoot.querySelector(".inside [role=slider]").getAttribute("aria-valuetext"),
    };
}"""


def numbers(text):
    return [float(one.replace("\u2212", "-")) for one in find_all(r"\u2212?\d+\.\d+", text)]


def test_one_units_numbers_and_their_arithmetic_are_torchs(figure):
    H = weights_in(figure)[0]
    figure.set(part="h")
    right = inside_torch(figure)
    for unit, row in ((0, 1), (17, 9), (H - 1, 15), (49, 20), (5, 28)):
        figure.set(unit=unit, row=row)
        own = {name: values[:, unit].tolist() for name, values in right.items()}
        now = {name: values[row - 1] for name, values in own.items()}
        before = own["c"][row - 2] if row > 1 else 0.0
        found = figure.box.evaluate(UNIT)
        assert found["title"] == f"Unit {unit + 1} of {H}, row by row"
        assert found["shown"] == pytest.approx(now, abs=0.0051)
        largest = max(1.0, *map(abs, own["c"]))
        for name, widths in zip("ifgoch", found["bars"], strict=True):
            full = {"c": 46 / largest, "g": 46, "h": 46}.get(name, 92)
            assert widths == pytest.approx([full * value for value in own[name]], abs=0.06), name
        first, second = found["sums"]
        assert first.startswith(f"c{row} = f · c{row - 1} + i · g ≈ ")
        assert second.startswith(f"h{row} = o · tanh(c{row}) ≈ ")
        f, c, i, g, kept, written, total = numbers(first)
        assert [f, c, i, g, total] == pytest.approx([now["f"], before, now["i"], now["g"], now["c"]], abs=0.00051)
        sign = -1 if " \u2212 " in first else 1
        assert kept + sign * written == pytest.approx(now["c"], abs=0.0011)
        assert f * c + i * g == pytest.approx(now["c"], abs=0.02), "the reader can do the sum"
        o, c, again, squashed, h = numbers(second)
        assert o == again and [o, c, h] == pytest.approx([now["o"], now["c"], now["h"]], abs=0.00051)
        assert o * squashed == pytest.approx(now["h"], abs=0.002)
    figure.set(row=0)
    assert figure.box.evaluate(UNIT)["sums"] == ["Before the first row, c and h are 0."]


def test_inside_every_part_is_torchs(figure):
    H = weights_in(figure)[0]
    right = inside_torch(figure)
    assert figure.get("part") == "h" or figure.box.locator(".inside").is_hidden()
    for part in "cifgoh":
        figure.box.get_by_role("radio", name=part, exact=True).check()
        for row, unit in ((28, 0), (9, 17), (15, H - 1)):
            figure.set(row=row, unit=unit)
            text = figure.box.evaluate(UNIT)["looked"]
            assert f"unit {unit + 1} of {H}, row {row}: " in text
            assert numbers(text) == pytest.approx([float(right[part][row - 1, unit])], abs=0.0051), part
        assert figure.box.locator(".numbers .chosen b").all_inner_texts() == [part]
    figure.box.get_by_role("radio", name="hide").check()
    figure.box.locator(".inside").wait_for(state="hidden")
    assert figure.get("part") == ""


def test_a_unit_and_a_row_by_mouse_touch_and_keys(figure):
    H = weights_in(figure)[0]
    figure.set(part="h", row=28, unit=0)
    cell = figure.box.get_by_label("unit and row looked at")
    assert cell.locator("canvas").evaluate("canvas => [canvas.width, canvas.height]") == [H, 28]
    box = cell.bounding_box()
    cell.click(position={"x": box["width"] * 10.5 / H, "y": box["height"] * 11.5 / 28})
    assert (figure.get("unit"), figure.get("row")) == (10, 12)
    press(figure, "ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowRight")
    assert (figure.get("unit"), figure.get("row")) == (19, 14)
    figure.page.touchscreen.tap(box["x"] + box["width"] * 40.5 / H, box["y"] + box["height"] * 20.5 / 28)
    figure.settle()
    assert (figure.get("unit"), figure.get("row")) == (40, 21)
    unit = figure.box.get_by_label("unit looked at", exact=True)
    unit.focus()
    press(figure, "ArrowLeft")
    assert (figure.get("unit"), unit.input_value()) == (39, "40")
    press(figure, "Home", "ArrowLeft")
    assert figure.get("unit") == 0
    own = figure.box.locator(".one .picture")
    own.click(position={"x": 20, "y": own.bounding_box()["height"] * 4.5 / 28})
    assert (figure.get("unit"), figure.get("row")) == (0, 5), "a row of the unit looked at"
    if figure.ask:
        assert (figure.python("figure.unit"), figure.python("figure.row")) == (0, 5)


def test_to_look_inside_ends_the_reading(browser, tmp_path):
    url = bench_page("DigitReader()", tmp_path).as_uri()
    with page_with(browser, url, "DigitReader", stopped=True, reduced_motion="no-preference") as figure:
        figure.box.get_by_label("a four", exact=True).click()
        figure.pass_time(1000)
        own = figure.box.locator(".one .picture")
        own.click(position={"x": 20, "y": own.bounding_box()["height"] * 24.5 / 28})
        figure.pass_time(5000)
        assert figure.get("row") == 25 and figure.problems == []


def test_a_finger_that_scrolls_over_the_units_chooses_none(browser, tmp_path):
    url = bench_page("DigitReader()", tmp_path).as_uri()
    with page_with(browser, url, "DigitReader", viewport={"width": 390, "height": 700}, is_mobile=True) as figure:
        for place in (".units .picture", ".one .picture"):
            picture = figure.box.locator(place)
            figure.page.evaluate("scrollTo(0, 0)")
            picture.evaluate("one => one.scrollIntoView({ block: 'center' })")
            figure.settle()
            before, box = figure.page.evaluate("scrollY"), picture.bounding_box()
            swipe(figure, [(box["x"] + 150, box["y"] + 60 + 15 * k) for k in range(9)])
            assert figure.page.evaluate("scrollY") < before - 60, "the page scrolls"
            assert (figure.get("unit"), figure.get("row")) == (0, 28), place


SIZES = """host => {
    const seen = [...host.shadowRoot.querySelectorAll("button, input")]
        .filter(one => one.getClientRects().length && !["radio", "checkbox"].includes(one.type));
    const small = seen.map(one => [one.ariaLabel ?? one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => Math.min(box.width, box.height) < 24).map(([name]) => name);
    const words = [...host.shadowRoot.querySelectorAll("span, b, text, p, label, output, legend, var")]
        .filter(one => one.textContent && one.getClientRects().length && !one.classList.contains("spoken"));
    const letters = Math.min(...words.map(one => parseFloat(getComputedStyle(one).fontSize)
        * (one.ownerSVGElement?.getScreenCTM().a ?? 1)));
    const box = (one) => host.shadowRoot.querySelector(one).getBoundingClientRect();
    return { small, letters, whole: box(".sums").bottom - box(".draw").top,
        reading: box(".reader").bottom - box(".draw").top, inside: box(".inside").height, dock: box(".player").height };
}"""


def test_on_a_laptop_the_whole_figure_is_on_one_screen(browser, tmp_path):
    """752 pixels are what the head of a page leaves of a laptop's 800, and 704 are a chapter's width there."""
    with page_with(browser, bench_page("DigitReader()", tmp_path).as_uri(), "DigitReader",
                   viewport={"width": 736, "height": 752}) as figure:
        for sample, part in itertools.product((3, 10), "hcifgo"):
            figure.set(strokes=figure.get("samples")[sample]["strokes"], sample=sample, part=part)
            found = figure.box.evaluate(SIZES)
            assert found["small"] == [] and found["letters"] >= 11.99 and found["whole"] <= 752, found


def test_on_a_phone_drawing_answer_and_control_are_on_one_screen_and_so_is_a_unit(browser, tmp_path):
    """788 pixels are what the head of a page leaves of a phone's 844; the control is docked at the bottom."""
    with page_with(browser, bench_page("DigitReader()", tmp_path).as_uri(), "DigitReader",
                   viewport={"width": 390, "height": 788}, is_mobile=True) as figure:
        for sample in (3, 10):
            figure.set(strokes=figure.get("samples")[sample]["strokes"], sample=sample)
            found = figure.box.evaluate(SIZES)
            assert found["small"] == [] and found["letters"] >= 11.99, found
            assert found["reading"] + found["dock"] <= 788 and found["inside"] + found["dock"] <= 788, found
        for place in (".draw", ".sums"):
            figure.box.locator(place).scroll_into_view_if_needed()
            box = figure.box.locator(".player").bounding_box()
            assert box["y"] + box["height"] <= 788 + 1, "the control is on the screen"


@pytest.mark.only_in("lab")
def test_python_and_the_page_are_in_step(figure, lab):
    lab.run("import torch\nfigure.image = torch.ones(28, 28)\nfigure.row = 12")
    figure.page.wait_for_function(
        "() => { const m = document.querySelector('[data-figure=DigitReader]').model; return m.get('row') === 12 }")
    figure.settle()
    assert figure.get("image") == [255] * 784 and words(figure).startswith("12 of 28 rows")
    assert figure.get("strokes") == [] == figure.python("figure.strokes")
    agrees(figure)
    figure.set(strokes=[[70, 70, 200, 60, 120, 240]])
    agrees(figure)
    assert figure.python("figure.prediction") == figure.get("prediction")


def test_play_pause_and_the_end(browser, tmp_path):
    url = bench_page("DigitReader()", tmp_path).as_uri()
    with page_with(browser, url, "DigitReader", stopped=True, reduced_motion="no-preference") as figure:
        figure.box.get_by_label("Play: read the rows one after another").click()
        figure.pass_time(1000)
        figure.box.get_by_label("Pause").click()
        stopped = figure.get("row")
        figure.pass_time(60_000)
        assert 3 < stopped == figure.get("row") < 28
        figure.box.get_by_label("Play: read the rows one after another").click()
        figure.pass_time(60_000)
        assert figure.get("row") == 28
        figure.box.get_by_label("Play: read the rows one after another").wait_for()
        assert figure.problems == []


def draw(figure, *points):
    start, *rest = on_pad(figure, points)
    figure.page.mouse.move(*start)
    figure.page.mouse.down()
    for point in rest:
        figure.page.mouse.move(*point, steps=4)


SAID = """host => {
    host.said = [];
    for (const one of host.shadowRoot.querySelectorAll("[role=status]")) {
        new MutationObserver(() => host.said.push(one.textContent)).observe(one, { childList: true });
    }
}"""


def test_it_reads_by_itself_when_the_pen_lifts_and_anew_after_each_stroke(browser, tmp_path):
    url = bench_page("DigitReader()", tmp_path).as_uri()
    with page_with(browser, url, "DigitReader", stopped=True, reduced_motion="no-preference") as figure:
        figure.box.evaluate(SAID)
        for first, second in ((SEVEN, [(90, 150), (190, 150)]), ([(140, 40), (140, 240)], [(60, 60), (60, 90)])):
            figure.box.get_by_label("Clear the drawing").click()
            figure.settle()
            draw(figure, *first)
            figure.pass_time(5000)
            assert figure.get("row") == 0 and words(figure).startswith("It has read nothing yet")
            figure.page.mouse.up()
            figure.pass_time(1000)
            assert 3 < figure.get("row") < 28
            figure.box.get_by_label("Pause").wait_for()
            draw(figure, *second)
            figure.pass_time(5000)
            assert figure.get("row") == 0, "the new stroke ended the reading"
            figure.box.evaluate("host => { host.said.length = 0; }")
            figure.page.mouse.up()
            figure.pass_time(1000)
            assert 3 < figure.get("row") < 28
            figure.pass_time(9000)
            assert figure.get("row") == 28 and words(figure).startswith("It reads a ")
            assert figure.box.evaluate("host => host.said") == [words(figure)], "28 rows, and one announcement"
        figure.box.get_by_label("a four", exact=True).click()
        figure.pass_time(1000)
        assert 3 < figure.get("row") < 28, "a ready drawing is read too"
        figure.box.get_by_role("application").focus()
        press(figure, "Space", "ArrowDown", "ArrowDown")
        assert figure.get("row") == 0
        press(figure, "Space")
        figure.pass_time(1000)
        assert 3 < figure.get("row") < 28
        figure.box.get_by_label("Undo the last stroke").click()
        figure.pass_time(5000)
        assert figure.get("row") == 28 and figure.problems == []


def test_without_motion_the_whole_answer_stands_there_when_the_pen_lifts(figure):
    figure.box.get_by_label("Clear the drawing").click()
    draw(figure, *SEVEN)
    figure.settle()
    assert figure.get("row") == 0
    figure.page.mouse.up()
    figure.settle()
    assert figure.get("row") == 28 and words(figure).startswith("It reads a 7")


ANSWERS = """host => ({
    bars: [...host.shadowRoot.querySelectorAll(".answers rect")].map(one =>
        ["y", "width", "fill-opacity"].map(name => Number(one.getAttribute(name)))),
    names: [...host.shadowRoot.querySelectorAll(".names span")].map(one => [Number(one.textContent),
        one.getBoundingClientRect().toJSON()]),
})"""


def test_beside_each_row_stands_its_leading_digit_as_long_and_strong_as_it_is_probable(figure):
    for sample, row in ((3, 28), (10, 28), (4, 13), (5, 0)):
        figure.set(strokes=figure.get("samples")[sample]["strokes"], sample=sample, row=row)
        chances = np.array(figure.get("probabilities"))[:row]
        found = figure.box.evaluate(ANSWERS)
        assert len(found["bars"]) == row == len(chances)
        for (_, width, strength), own in zip(found["bars"], chances, strict=True):
            assert width == pytest.approx(100 * own.max(), abs=0.06)
            assert strength == pytest.approx(0.2 + 0.8 * own.max(), abs=0.006)
        assert [y for y, *_ in found["bars"]] == pytest.approx([t + 0.06 for t in range(row)])
        each = chances.argmax(axis=1).tolist()
        led = [digit for digit, _ in itertools.groupby(each)]
        assert [digit for digit, _ in found["names"]] == led
        for (_, one), (_, other) in itertools.combinations(found["names"], 2):
            apart = max(one["left"] - other["right"], other["left"] - one["right"], one["top"] - other["bottom"],
                        other["top"] - one["bottom"])
            assert apart >= -0.5, "one is written over the other"
        label = figure.box.get_by_role("img", name="The image of 28 by 28 pixels").get_attribute("aria-label")
        begins = [t + 1 for t in range(row) if t == 0 or each[t] != each[t - 1]]
        told = ", ".join(f"{digit} from row {begin}" for digit, begin in zip(led, begins, strict=True))
        assert label.endswith(f" The most probable digit: {told}." if row else " 0 of its rows are read.")


def test_on_a_phone_everything_can_be_touched_and_read(browser, tmp_path):
    url = bench_page("DigitReader()", tmp_path).as_uri()
    with page_with(browser, url, "DigitReader", viewport={"width": 390, "height": 844}, is_mobile=True) as figure:
        assert figure.page.evaluate("document.documentElement.scrollWidth <= 390")
        for button in figure.box.get_by_role("button").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 32
        pad = figure.box.get_by_role("application").bounding_box()
        assert pad["width"] >= 170 and pad["y"] + pad["height"] < 844
        for scheme, row in itertools.product(("light", "dark"), (0, 14, 28)):
            figure.page.emulate_media(color_scheme=scheme)
            figure.set(row=row)
            assert axe_violations(figure.page, context="main", impacts=None) == []


# --- in Python -------------------------------------------------------------------------------------------------------


def test_an_image_a_model_and_both():
    image = torch.rand(28, 28, generator=torch.Generator().manual_seed(1))
    torch.manual_seed(0)
    for kind in ("lstm", LSTMCell):
        model = SequenceClassifier(kind, 28, 20, 10)
        figure = DigitReader(image=image, model=model)
        with torch.no_grad():
            expected = model(torch.tensor(figure.image).reshape(1, 28, 28) / 255).softmax(dim=1)[0]
        assert figure.probabilities[-1] == pytest.approx(expected.tolist(), abs=1e-5)
        assert figure.strokes == [] and figure.hidden_size == 20
    figure = DigitReader(image=(image * 255).byte().numpy())
    expected = by_torch(figure.hidden_size, figure.weights, figure.image)[1]
    assert np.abs(expected.numpy() - figure.probabilities).max() <= 1e-5


def test_the_network_of_chapter_10_with_its_eight_layers():
    class Cell(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for gate in "ifgo":
                setattr(self, f"x_{gate}", torch.nn.Linear(28, 16))
                setattr(self, f"h_{gate}", torch.nn.Linear(16, 16))

    class Model(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm, self.head = torch.nn.Module(), torch.nn.Linear(16, 10)
            self.lstm.cell = Cell()

    torch.manual_seed(0)
    model, twin = Model(), SequenceClassifier("lstm", 28, 16, 10)
    cell = model.lstm.cell
    with torch.no_grad():
        for k, gate in enumerate("ifgo"):
            rows = slice(16 * k, 16 * k + 16)
            for source, name in (("x", "ih"), ("h", "hh")):
                linear = getattr(cell, f"{source}_{gate}")
                getattr(twin.layer, f"weight_{name}_l0")[rows] = linear.weight
                getattr(twin.layer, f"bias_{name}_l0")[rows] = linear.bias
        twin.head.load_state_dict(model.head.state_dict())
    assert np.allclose(np.frombuffer(weights_of(model)[1], "<f4"), np.frombuffer(weights_of(twin)[1], "<f4"))


@pytest.mark.parametrize("model", [
    SequenceClassifier("gru", 28, 8, 10), SequenceClassifier("lstm", 28, 8, 10, num_layers=2),
    SequenceClassifier("lstm", 28, 8, 10, bidirectional=True), SequenceClassifier("lstm", 28, 8, 10, pooling="mean"),
    SequenceClassifier("lstm", 28, 8, 5), SequenceClassifier("lstm", 14, 8, 10), torch.nn.Linear(28, 10),
    Recurrent("lstm", 28, 8)])
def test_a_model_that_it_cannot_show_is_refused_in_words(model):
    with pytest.raises(ValueError, match=r"model should .*got"):
        DigitReader(model=model)


def test_how_strange_a_drawing_is_by_the_second_head_of_torch():
    """A head of two linear layers over the mean of the states and the last one, stored layer by layer."""
    torch.manual_seed(0)
    head = torch.nn.Sequential(torch.nn.Linear(16, ASKED), torch.nn.Tanh(), torch.nn.Linear(ASKED, 1))
    stored = torch.cat([part.detach().flatten() for part in head.parameters()]).numpy().astype("f2").tobytes()
    for states in 3 * torch.randn(5, 28, 8):
        expected = head(torch.cat([states.mean(dim=0), states[-1]])).sigmoid().item()
        assert strangeness_of(states.numpy(), stored) == pytest.approx(expected, abs=5e-3)
    assert DigitReader(model=SequenceClassifier("lstm", 28, 8, 10)).strangeness is None


def test_the_second_head_learns_from_many_drawings_fitted_as_digits_are():
    none = digit_reader.generated(digit_reader.no_digit, 300)
    assert none.shape == (300, 28, 28) and len(none.flatten(1).unique(dim=0)) == 300
    assert torch.equal(none[:40], digit_reader.generated(digit_reader.no_digit, 40))
    sides = torch.stack([(none.amax(dim=way) > 0).sum(dim=1) for way in (1, 2)]).amax(dim=0)
    assert sides.float().quantile(0.05) >= 17 and sides.max() <= 22, "a soft edge reaches a pixel beyond the box"
    model = digit_reader.stored_network()
    read, label = digit_reader.told_apart(model, none[:2], none[2:5])
    states = model.layer(none[:5])[0]
    assert torch.allclose(read, torch.cat([states.mean(dim=1), states[:, -1]], dim=1))
    assert label.tolist() == [0, 0, 1, 1, 1]


def test_bad_input_is_refused_in_words():
    for bad, said in ((np.zeros((28, 27)), r"\(28, 28\)"), (np.full((28, 28), -0.4), "undo a normalisation"),
                      (np.full((28, 28), 300), "0 to 255"), ("seven", r"\(28, 28\)")):
        with pytest.raises(ValueError, match=said):
            DigitReader(image=bad)
    for bad in ({"row": 29}, {"row": -1}, {"part": "z"}, {"unit": 64}, {"strokes": [[1, 2, 3]]},
                {"strokes": [[1, 999]]}, {"strokes": ["abcd"]}):
        with pytest.raises(traitlets.TraitError, match="should be"):
            DigitReader(**bad)
    with pytest.raises(ValueError, match="sample should be"):
        DigitReader(sample=40)


def test_weights_of_another_length_are_refused_with_both_lengths_that_they_may_have():
    with pytest.raises(ValueError, match=r"556 bytes \(float16\) or 1112 \(float32\) for hidden_size = 2, got 557$"):
        unpacked(bytes(557), 2)
    assert [part.shape for part in unpacked(bytes(556), 2)] == [(8, 28), (8, 2), (8,), (10, 2), (10,)]


def test_a_drawing_made_in_python_is_painted_and_read():
    figure = DigitReader()
    before = figure.image
    figure.strokes = [[150, 40, 140, 240]]
    assert figure.image != before and figure.prediction == 1
    assert pixels(np.array(figure.image) / 255) == figure.image == as_mnist([[150, 40, 140, 240]]).ravel().tolist()
    figure.strokes = []
    assert figure.image == [0] * 784, "no drawing and no image of one's own: a blank page"
    figure = DigitReader()
    figure.image = torch.zeros(28, 28)
    assert figure.strokes == [] and sum(figure.image) == 0


def test_the_still_shows_what_was_read():
    figure = DigitReader(sample=7)
    titles = [ax.get_title() for ax in figure.still().axes]
    assert titles[-1].endswith("7") and len(titles) == 3
    assert repr(figure) == "DigitReader: a figure to move. Run this cell to use it."


def test_the_stored_network_is_as_good_as_published():
    """DESIGN: people's own digits are read well. Measured by `python -m studies digit_reader`."""
    rows = {name: accuracy for name, _, accuracy in results("digit_reader")}
    assert rows["test digits"] >= 98.5
    assert rows["test digits, drawn anew"] >= 97
    assert rows["test digits, drawn anew"] - rows["test digits, drawn anew, not centred"] > 10
    assert rows["hard cases, ones with an upstroke"] >= 90 and rows["hard cases, 36 x 240"] >= 80


def test_most_of_what_is_no_digit_is_called_strange_and_few_digits_are():
    """Measured by `python -m studies digit_strange`, on drawings to which nothing was fitted."""
    rows = {name: dict(zip(("head", "scores", "best"), shares, strict=True))
            for name, _, *shares in results("digit_strange")}
    strange = ("letters", "shapes", "scribbles")
    assert all(rows[kind]["head"] >= 75 for kind in strange) and rows["squares"]["head"] >= 80
    assert all(rows[kind]["head"] > rows[kind]["best"] for kind in ("letters", "shapes", "squares"))
    bounds = {"test digits": 6, "test digits, drawn anew": 8, "hard cases, 11 styles": 5}
    assert all(rows[kind]["head"] <= bound for kind, bound in bounds.items())
    assert rows["random strokes"]["head"] == max(rows["random strokes"].values()), "so it was chosen"


def test_the_hard_cases_are_many_drawings_in_many_styles():
    cases = json.loads(digit_reader.CASES.read_text("utf8"))
    assert {kind: len(drawings) for kind, drawings in cases.items()} == {
        "digits": 31, "letters": 23, "shapes": 20, "scribbles": 24}
    assert {case["digit"] for case in cases["digits"]} == set(range(10))
    assert set(digit_reader.UPSTROKES) < {case["name"] for case in cases["digits"]}
    for kind in cases:
        styles = digit_reader.hard_cases(kind)
        assert len({(name, style) for name, style, *_ in styles}) == len(styles) == 15 * len(cases[kind])
        for name, style, _, strokes in styles:
            assert DigitReader(strokes=strokes).strokes, (name, style)
            if "x 240" in style and kind == "digits" and name != "1, a stem":
                wide, high = np.ptp(np.concatenate([np.reshape(stroke, (-1, 2)) for stroke in strokes]), axis=0)
                assert [wide, high] == pytest.approx([int(style[:2]), 240], abs=1)


def test_strokes_found_in_images_are_those_drawn():
    image = torch.from_numpy(as_mnist([[140, 40, 140, 240]])).float()[None] / 255
    drawing, = digit_reader.drawn_anew(image)
    xs = np.array([stroke[0::2] for stroke in drawing])
    ys = np.array([stroke[1::2] for stroke in drawing])
    assert np.ptp(xs) < 0.15 * np.ptp(ys)
    assert torch.equal(digit_reader.thinned(digit_reader.thinned(image > 0.5)), digit_reader.thinned(image > 0.5))
