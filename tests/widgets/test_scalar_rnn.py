"""ScalarRNN: what is moved moves the right numbers, and the numbers are torch's."""

import math

import pytest
import torch
import traitlets

from seqlab.widgets import ScalarRNN
from seqlab.widgets.scalar_rnn import fixed_points

FIGURE, PAGE = "ScalarRNN()", "book/02-scalar-rnn"
NET = ("w_x", "w_h", "b", "h_0", "inputs")
KNOWN = {"w_x": 0.8, "w_h": 0.5, "b": 0.1, "h_0": 0.0, "inputs": [1.0, 0.5, -1.0, 2.0, 0.0, 0.0, 0.0, 0.0], "step": 8}


def by_torch(net):
    """The states of nn.RNN in float64 with these traits."""
    rnn = torch.nn.RNN(1, 1, batch_first=True).double()
    with torch.no_grad():
        for name, trait in (("weight_ih_l0", "w_x"), ("weight_hh_l0", "w_h"), ("bias_ih_l0", "b")):
            getattr(rnn, name).fill_(net[trait])
        rnn.bias_hh_l0.fill_(0.0)
        x = torch.tensor(net["inputs"], dtype=torch.float64).reshape(1, -1, 1)
        return rnn(x, torch.full((1, 1, 1), net["h_0"], dtype=torch.float64))[0].flatten().tolist()


def agrees(figure):
    """The figure's states are torch's to 1e-12, here and in Python."""
    figure.settle()
    expected = by_torch({name: figure.get(name) for name in NET})
    assert figure.get("h") == pytest.approx(expected, abs=1e-12)
    if figure.ask:
        assert figure.python("figure.h") == pytest.approx(expected, abs=1e-12)
        assert figure.python("figure.inputs") == figure.get("inputs")


def press(figure, label, *keys):
    figure.box.get_by_label(label, exact=True).focus()
    for key in keys:
        figure.page.keyboard.press(key)
    figure.settle()


def words(figure):
    return figure.box.locator(".report").inner_text()


def test_as_placed_it_shows_the_states_of_torch(figure):
    agrees(figure)
    assert len(words(figure)) > 20
    assert figure.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_the_four_sliders_by_keyboard(figure):
    figure.set(**KNOWN)
    labels = {"w_h": "recurrent weight W h", "w_x": "input weight W x", "b": "bias b", "h_0": "start state h 0"}
    for trait, label in labels.items():
        before = figure.get(trait)
        press(figure, label, "ArrowRight", "ArrowRight", "ArrowRight")
        assert figure.get(trait) == pytest.approx(before + 0.15), trait
        agrees(figure)
    press(figure, "recurrent weight W h", "Home")
    assert figure.get("w_h") == -3
    agrees(figure)


def test_an_input_bar_by_mouse(figure):
    figure.set(**KNOWN)
    bar = figure.box.get_by_label("input of step 5", exact=True)
    bar.scroll_into_view_if_needed()
    box = bar.bounding_box()
    x, top = box["x"] + box["width"] / 2, box["y"]
    figure.page.mouse.move(x, top + box["height"] / 2)
    figure.page.mouse.down()
    figure.page.mouse.move(x, top + box["height"] * 0.75, steps=4)
    assert -1.8 <= figure.get("inputs")[4] <= -1.3
    figure.page.mouse.move(x, top - 80, steps=2)
    figure.page.mouse.up()
    assert figure.get("inputs") == [*KNOWN["inputs"][:4], 3.0, *KNOWN["inputs"][5:]]
    figure.page.mouse.move(x, top + box["height"], steps=2)
    assert figure.get("inputs")[4] == 3.0, "let go, the bar stays"
    agrees(figure)


def test_an_input_by_touch_is_chosen_by_its_bar_and_set_by_its_slider(figure):
    figure.set(**KNOWN)
    bar = figure.box.get_by_label("input of step 2", exact=True)
    box = bar.bounding_box()
    bar.tap(position={"x": box["width"] / 2, "y": 6})
    figure.settle()
    assert figure.get("step") == 2 and figure.get("inputs") == KNOWN["inputs"]
    own = figure.box.get_by_label("input of the marked step", exact=True)
    assert own.input_value() == "0.5"
    assert own.evaluate("one => one.closest('.slider').hasAttribute('data-active')"), "a phone shows this slider now"
    track = own.bounding_box()
    own.tap(position={"x": 0.95 * track["width"], "y": track["height"] / 2})
    figure.settle()
    assert figure.get("inputs")[1] >= 2.5 and figure.get("inputs")[2:] == KNOWN["inputs"][2:]
    figure.set(step=3)
    assert own.input_value() == "-1"
    agrees(figure)


def swipe(figure, x, y, up):
    """A finger comes down, goes up by so many pixels, and is lifted; how far the page has gone with it."""
    page = figure.page
    before = page.evaluate("scrollY")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 9):
        devtools.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - up * k / 8}]})
        figure.settle()
    devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    figure.settle()
    return page.evaluate("scrollY") - before


def test_a_finger_drags_the_start_and_not_the_page(figure):
    figure.set(**KNOWN)
    start = figure.box.locator("g[aria-label='start state h 0, over time'] .mark")
    start.scroll_into_view_if_needed()
    box = start.bounding_box()
    gone = swipe(figure, box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, 40)
    assert figure.get("h_0") > 0.2 and gone == 0
    agrees(figure)


def test_a_finger_that_scrolls_the_page_leaves_the_slider_where_it_was(figure):
    figure.set(**KNOWN)
    track = figure.box.get_by_label("recurrent weight W h", exact=True)
    figure.page.evaluate("document.body.style.paddingBottom = '2000px'")
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    swipe(figure, box["x"] + 0.1 * box["width"], box["y"] + box["height"] / 2, 120)
    assert figure.get("w_h") == KNOWN["w_h"]


def test_the_bars_by_keyboard(figure):
    figure.set(**KNOWN)
    press(figure, "input of step 1", "ArrowRight", "ArrowUp", "PageUp", "Shift+ArrowUp")
    assert figure.get("inputs")[:3] == [1.0, 1.6, -1.0]
    assert figure.get("step") == 2, "the step that has the focus is shown"
    agrees(figure)
    press(figure, "input of step 2", "End", "ArrowRight", "0", "ArrowRight", "Home")
    assert figure.get("inputs")[:4] == [1.0, 3.0, 0.0, -3.0]
    agrees(figure)
    tabbed = figure.box.locator(".bar[tabindex='0']")
    assert tabbed.count() == 1 and tabbed.get_attribute("aria-valuenow") == "-3"


def test_the_start_by_mouse_on_both_drawings_and_by_keyboard(figure):
    figure.set(**KNOWN)
    for label, way, low, high in (("start state h 0, over time", (0, -400), 1.0, 1.0),
                                  ("start state h 0, on the map", (-60, 60), 0.3, 0.8)):
        handle = figure.box.locator(f"g[aria-label='{label}'] .mark")
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        figure.page.mouse.move(x, y)
        figure.page.mouse.down()
        figure.page.mouse.move(x + way[0], y + way[1], steps=5)
        figure.page.mouse.up()
        assert low <= figure.get("h_0") <= high, label
        agrees(figure)
    press(figure, "start state h 0, on the map", "End", "ArrowLeft")
    assert figure.get("h_0") == 0.95
    agrees(figure)


def test_the_step_that_is_pointed_at_is_marked_in_both_drawings(figure):
    figure.set(**KNOWN)
    drawing = figure.box.locator(".timeline")
    drawing.scroll_into_view_if_needed()
    box, bar = drawing.bounding_box(), figure.box.get_by_label("input of step 3", exact=True).bounding_box()
    figure.page.mouse.move(bar["x"] + bar["width"] / 2, box["y"] + 60)
    assert figure.box.locator(".step").inner_text().startswith("Step 3: x = −1.0, h goes from 0.70 to −0.34.")
    band = figure.box.locator(".band").bounding_box()
    assert abs(band["x"] - bar["x"]) < 1.5
    figure.page.mouse.move(1, 1)
    assert figure.box.locator(".step").inner_text().startswith("Step 8")
    assert figure.get("step") == 8


def test_the_walk_goes_step_by_step(figure):
    figure.set(**KNOWN)
    button = figure.box.get_by_role("button", name="Next step")     # the browser asks for reduced motion
    seen = []
    for _ in range(4):
        button.click()
        figure.settle()
        seen.append((figure.get("step"), figure.box.locator(".path polyline:visible").count()))
    assert seen == [(1, 0), (2, 1), (3, 2), (4, 3)]


def fixed_points_shown(figure):
    shown = figure.box.locator("g.rest:has(text)").evaluate_all("""groups => groups
        .filter(group => group.style.display !== "none")
        .map(group => [group.querySelector("text").textContent, group.dataset.kind])""")
    return [(float(value.replace("−", "-")), kind) for value, kind in shown]


def test_the_fixed_points_that_are_shown(figure):
    figure.set(**KNOWN | {"b": 0.0, "w_h": 0.9})
    assert fixed_points_shown(figure) == [(0.0, "attracts")]
    figure.set(w_h=1.2)
    assert fixed_points_shown(figure) == [(-0.66, "attracts"), (0.0, "repels"), (0.66, "attracts")]
    figure.set(w_h=1.0)
    assert fixed_points_shown(figure) == [(0.0, "slow")]
    figure.set(step=4, w_h=1.2)
    assert len(fixed_points_shown(figure)) == 1, "the curve is that of the step's own input, 2.0"


def story(figure, name):
    figure.box.get_by_role("button", name=name, exact=True).click()
    figure.settle()
    agrees(figure)
    return torch.tensor(by_torch({name: figure.get(name) for name in NET}))


def test_the_stories_do_what_they_are_named_for(figure):
    h = story(figure, "Fade")
    assert h[0] > 0.5 and 0 < h[-1] < 1e-4 and (h.diff() < 0).all()
    assert words(figure).startswith("The input is forgotten: after 6 silent steps")
    assert h[6] < 0.01 <= h[5]
    h = story(figure, "Keep")
    assert h[9] == pytest.approx(0.8586, abs=1e-3) and h[-1] == pytest.approx(-0.8586, abs=2e-2)
    assert words(figure).startswith("One bit is kept")
    h = story(figure, "Flip")
    assert (h[1:] * h[:-1] < 0).all() and h[-2:].abs().min() > 0.6
    assert words(figure).startswith("The state flips at every step")
    h = story(figure, "Saturate")
    inputs = torch.tensor(figure.get("inputs"))
    assert (h.abs() > 0.95).all() and torch.equal(h.sign(), inputs.sign())
    assert words(figure).startswith("The input shouts: at 20 of 20 steps")
    figure.box.get_by_role("button", name="Silence all inputs").click()
    figure.settle()
    assert set(figure.get("inputs")) == {0}
    agrees(figure)


def test_reset_brings_back_what_the_page_started_with(figure):
    before = {name: figure.get(name) for name in NET}
    figure.set(**KNOWN | {"w_h": -2.0})
    figure.box.get_by_role("button", name="Reset").click()
    figure.settle()
    assert {name: figure.get(name) for name in NET} == before


@pytest.mark.only_in("lab")
def test_python_moves_the_figure(figure, lab):
    lab.run("figure.w_h = -1.1; figure.inputs = [2.0, 0.0, 0.0]")
    host = figure.box.element_handle()
    figure.page.wait_for_function("host => host.model.get('w_h') === -1.1 && host.results().h.length === 3", arg=host)
    agrees(figure)
    assert figure.box.locator(".bar").count() == 3
    assert figure.box.get_by_label("recurrent weight W h").input_value() == "-1.1"


# --- without a browser ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trait", "value", "words"), [
    ("w_h", 3.5, "w_h must be a number from -3 to 3, but it was set to 3.5"),
    ("w_x", float("nan"), "w_x must be a number from -3 to 3"),
    ("b", "a", "float"),
    ("h_0", -1.5, "h_0 must be a number from -1 to 1"),
    ("inputs", [1.0], "inputs must have 2 to 40 numbers, one for each step, but there are 1"),
    ("inputs", [0.0] * 41, "but there are 41"),
    ("inputs", [0.0, "b"], r"inputs\[1\] is 'b'"),
    ("inputs", [0.0, 4.0], "numbers from -3 to 3"),
    ("step", 0, "step must be from 1 to 40"),
])
def test_bad_input_is_refused_in_one_sentence(trait, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        ScalarRNN(**{trait: value})


def test_the_ends_of_what_is_allowed_are_allowed():
    figure = ScalarRNN(inputs=[-3.0] * 40, step=40)
    assert (figure.step, len(figure.h)) == (40, 40)
    figure = ScalarRNN(inputs=[3.0, 3.0], step=1)
    assert (figure.step, len(figure.h)) == (1, 2)


def test_python_computes_the_states_too():
    figure = ScalarRNN(w_h=0.5, b=0.1, inputs=[1, 0.5, -1, 2])
    assert figure.h == pytest.approx([0.7163, 0.6953, -0.3385, 0.9106], abs=5e-5)
    figure.w_h = -0.7
    assert figure.h == pytest.approx(by_torch({name: getattr(figure, name) for name in NET}), abs=1e-12)


def test_the_still_picture_and_the_name():
    figure = ScalarRNN(w_h=1.5)
    assert repr(figure) == "ScalarRNN: a figure to move. Run this cell to use it."
    still = figure.still()
    assert len(still.axes) == 3
    dots = [line for line in still.axes[2].lines if line.get_marker() == "o"]
    assert [round(float(line.get_xdata()[0]), 2) for line in dots] == [-0.86, 0.0, 0.86]
    assert [line.get_color() == "white" for line in dots] == [False, True, False]


@pytest.mark.parametrize(
    ("w_h", "drive", "kinds"),
    [
        (0.5, 0.0, ["attracts"]),
        (2.0, 0.0, ["attracts", "repels", "attracts"]),
        (-1.5, 0.0, ["repels"]),
        (2.0, 1.0, ["attracts"]),
    ],
)
def test_fixed_points_are_found_and_told_apart(w_h, drive, kinds):
    found = fixed_points(w_h, drive)
    assert ["attracts" if abs(slope) <= 1 else "repels" for _, slope in found] == kinds
    assert all(abs(math.tanh(w_h * h + drive) - h) < 1e-9 for h, _ in found)
