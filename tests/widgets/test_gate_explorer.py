"""GateExplorer: its cells against PyTorch's, its stories, and the figure in the hands of a reader."""

import math

import pytest
import torch
import traitlets
from places import bench_page, page_with
from torch import nn

from seqlab.widgets import GateExplorer
from seqlab.widgets.gate_explorer import WEIGHTS

FIGURE, PAGE = "GateExplorer()", "book/08-lstm"
LETTERS = {"lstm": "ifgo", "gru": "rzn"}
TOLERANCE = 1e-9


def read(figure):
    names = ["kind", "mode", "inputs", "step", *"fiorz", *WEIGHTS["lstm"], *WEIGHTS["gru"]]
    return {name: figure.get(name) for name in names}


def test_it_starts_as_two_cells_that_keep_what_they_have_read():
    """What they read at x = 1 stays, and x = -1 makes the LSTM say it, twice; the GRU's reset gate plays no part."""
    for kind in LETTERS:
        h, c = by_torch(read_start(kind))
        assert len(h) == 51 and min(c or h) > 0.95, kind
        assert kind == "gru" or max(h[:-2]) < 0.01 < 0.7 < min(h[-2:])
    assert [read_start("gru")[name] for name in ("w_xr", "w_hr", "b_r")] == [0, 0, 0]


def read_start(kind):
    figure = GateExplorer(kind=kind)
    return {name: getattr(figure, name) for name in figure.traits(sync=True) if not name.startswith("_")}


def by_torch(s):
    """h and c of PyTorch's own cell with these weights, in float64."""
    cell = (nn.LSTMCell if s["kind"] == "lstm" else nn.GRUCell)(1, 1).double()
    letters = LETTERS[s["kind"]]
    with torch.no_grad():
        cell.weight_ih.copy_(torch.tensor([[s[f"w_x{k}"]] for k in letters]))
        cell.weight_hh.copy_(torch.tensor([[s[f"w_h{k}"]] for k in letters]))
        cell.bias_ih.copy_(torch.tensor([s["b_xn"] if k == "n" else s[f"b_{k}"] for k in letters]))
        cell.bias_hh.copy_(torch.tensor([s["b_hn"] if k == "n" else 0.0 for k in letters]))
        state, states = None, []
        for x in s["inputs"]:
            state = cell(torch.tensor([[float(x)]], dtype=torch.float64), state)
            states.append(state if s["kind"] == "lstm" else (state, None))
    h = [state[0].item() for state in states]
    return h, [state[1].item() for state in states] if s["kind"] == "lstm" else []


def by_formula(s):
    """h and c with gates as open as was set by hand."""
    h, c, hs, cs = 0.0, 0.0, [], []
    for x in s["inputs"]:
        if s["kind"] == "lstm":
            c = s["f"] * c + s["i"] * math.tanh(s["w_xg"] * x + s["w_hg"] * h + s["b_g"])
            h = s["o"] * math.tanh(c)
            cs.append(c)
        else:
            n = math.tanh(s["w_xn"] * x + s["b_xn"] + s["r"] * (s["w_hn"] * h + s["b_hn"]))
            h = (1 - s["z"]) * n + s["z"] * h
        hs.append(h)
    return hs, cs


def check(figure):
    """What the figure gives back is what PyTorch, or the formula, makes of its traits; return the traits."""
    figure.settle()
    s = read(figure)
    h, c = (by_torch if s["mode"] == "weights" else by_formula)(s)
    assert figure.get("h") == pytest.approx(h, abs=TOLERANCE)
    assert figure.get("c") == pytest.approx(c, abs=TOLERANCE)
    gates = figure.get("gates")
    assert set(gates) == set(LETTERS[s["kind"]])
    assert all(len(values) == len(s["inputs"]) for values in gates.values())
    return s


def random_weights(kind, seed):
    draw = torch.Generator().manual_seed(seed)
    weights = {name: 4 * torch.rand(1, generator=draw).item() - 2 for name in WEIGHTS[kind]}
    return {**weights, "inputs": (2 * torch.rand(30, generator=draw) - 1).double().tolist()}


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_pythons_own_run_is_pytorchs(kind):
    for seed in range(5):
        given = random_weights(kind, seed)
        figure = GateExplorer(kind=kind, **given)
        h, _ = by_torch({"kind": kind, **given})
        assert figure.h == pytest.approx(h, abs=TOLERANCE)


@pytest.mark.parametrize(("trait", "value", "words"), [
    ("kind", "rnn", 'kind is one of "gru", "lstm"; got'), ("mode", "hand", "mode is one of"),
    ("f", 1.2, "from 0 .shut. to 1"), ("w_xf", 200.0, "from -100 to 100"), ("inputs", [1.0], "2 to 60"),
    ("inputs", [1.0, math.nan], "finite"), ("step", -1, "counts from 0"),
])  # fmt: skip
def test_bad_input_gets_one_clear_sentence(trait, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        GateExplorer(**{trait: value})


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_repr_and_still(kind):
    figure = GateExplorer(kind=kind)
    assert repr(figure) == "GateExplorer: a figure to move. Run this cell to use it."
    above, below = figure.still().axes
    assert len(above.patches) == 51 and len(below.patches) == 102
    assert below.get_ylabel() == ("cell state c" if kind == "lstm" else "state h")


# --- in a browser ----------------------------------------------------------------------------------------------------


def test_weights_and_openings_of_both_cells_give_pytorchs_numbers(figure):
    check(figure)
    for kind in ("lstm", "gru"):
        for seed in (1, 2):
            figure.set(kind=kind, mode="weights", **random_weights(kind, seed))
            check(figure)
        figure.set(mode="openings", f=0.9, i=0.5, o=0.25, r=0.3, z=0.7)
        check(figure)


def story(figure, kind, name):
    figure.set(kind=kind)
    figure.box.get_by_role("button", name=name, exact=True).click()
    s = check(figure)
    return s["inputs"], figure.get("h"), figure.get("c"), figure.get("gates")


def test_every_lstm_story_does_what_it_says(figure):
    inputs, h, c, gates = story(figure, "lstm", "remember for 50 steps")
    written = gates["i"][0] * gates["g"][0]
    assert len(inputs) == 51 and c[50] == pytest.approx(written, rel=0.01)
    assert h[50] == pytest.approx(math.tanh(written), rel=0.01) and max(map(abs, h[:49])) < 0.01
    inputs, h, c, _ = story(figure, "lstm", "count")
    assert c == pytest.approx([sum(inputs[: t + 1]) for t in range(len(inputs))], abs=0.05)
    inputs, h, c, _ = story(figure, "lstm", "reset")
    wiped = inputs.index(-1)
    assert c[wiped - 1] == pytest.approx(4, abs=0.05) and abs(c[wiped]) < 0.01
    assert c[-1] == pytest.approx(2, abs=0.05)
    inputs, h, c, _ = story(figure, "lstm", "leak")
    assert c == pytest.approx([c[0] * 0.99**t for t in range(51)])
    assert "60.5 %" in figure.box.locator(".report").inner_text()


def test_every_gru_story_does_what_it_says(figure):
    _, h, c, gates = story(figure, "gru", "remember for 50 steps")
    assert h[50] == pytest.approx((1 - gates["z"][0]) * gates["n"][0], rel=0.01) and c == []
    inputs, h, _, _ = story(figure, "gru", "overwrite")
    values, value = [], 0.0
    for x in inputs:
        value = math.tanh(x) if x else value
        values.append(value)
    assert h == pytest.approx(values, abs=0.01) and len(set(inputs)) == 4
    _, h, _, _ = story(figure, "gru", "forget")
    assert h[10:] == pytest.approx([0.9 * before for before in h[9:-1]]) and h[9] > 0.5


def test_keyboard_mouse_and_touch_change_inputs_and_step(figure):
    figure.set(kind="lstm", mode="weights", step=3, inputs=[0.0] * 20)
    strip = figure.box.get_by_role("slider", name="input at the step of the cursor")
    strip.focus()
    for key in ("ArrowUp", "ArrowUp", "PageUp", "ArrowRight", "End"):
        figure.page.keyboard.press(key)
    s = check(figure)
    assert s["inputs"][3:5] == [0.7, 2] and s["step"] == 4
    assert strip.get_attribute("aria-valuetext") == "step 5: 2.00"
    figure.page.keyboard.press("Delete")
    assert figure.get("inputs")[4] == 0
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    x, middle = box["x"] + box["width"] * 10.5 / 20, box["y"] + box["height"] * 26 / 48
    figure.page.mouse.move(x, middle)
    figure.page.mouse.down()
    figure.page.mouse.move(x, box["y"] + 8, steps=4)
    figure.page.mouse.up()
    s = check(figure)
    assert s["inputs"][10] > 1.5 and s["step"] == 10
    x = box["x"] + box["width"] * 14.5 / 20
    figure.page.touchscreen.tap(x, box["y"] + 0.9 * box["height"])
    assert figure.get("step") == 14 and figure.get("inputs") == s["inputs"], "a tap chooses the step"
    figure.settle()
    finger = figure.page.context.new_cdp_session(figure.page)
    for kind, down in (("touchStart", [0]), ("touchMove", [6]), ("touchMove", [18]), ("touchEnd", [])):
        finger.send("Input.dispatchTouchEvent",
                    {"type": kind, "touchPoints": [{"x": x, "y": middle + each} for each in down]})
    s = check(figure)
    assert s["inputs"][14] < -1 and s["step"] == 14, "its knob is dragged"
    figure.page.touchscreen.tap(box["x"] + box["width"] * 6.5 / 20, box["y"] + box["height"] + 60)
    figure.settle()
    assert figure.get("step") == 6 and figure.get("inputs") == s["inputs"]


def test_sliders_and_choices_change_the_gates(figure):
    figure.set(kind="lstm", mode="weights", gate="f", b_f=10.0)
    bias = figure.box.get_by_role("slider", name="bias, forget gate")
    bias.focus()
    figure.page.keyboard.press("ArrowLeft")
    assert check(figure)["b_f"] == 9.5
    figure.box.get_by_label("by hand").click()
    figure.settle()
    assert bias.is_hidden()
    opening = figure.box.get_by_label("opening of the output gate")
    opening.focus()
    figure.page.keyboard.press("Home")
    assert check(figure)["o"] == 0 and set(figure.get("h")) == {0}
    figure.box.get_by_label("GRU", exact=True).click()
    assert check(figure)["kind"] == "gru" and opening.is_hidden()


FILLED = """host => {
    const frames = [...host.shadowRoot.querySelectorAll(".passage")].map(each => each.getBBox());
    const full = (box) => frames.find(frame => Math.abs(frame.y + frame.height - box.y - box.height) < 1
        && frame.x - 1 <= box.x && frame.x + frame.width + 1 >= box.x + box.width)?.height;
    const near = host.shadowRoot.querySelector("svg [role=img]");
    return Object.fromEntries([...host.shadowRoot.querySelectorAll("svg rect, svg path")]
        .filter(one => one.dataset.part && /^[fiorz]$/.test(one.getAttribute("class")))
        .map(one => [`${one.getAttribute("class")} ${near.contains(one) ? one.dataset.part : "over time"}`,
                     one.getBBox().height / full(one.getBBox())]));
}"""


def test_a_frame_is_as_full_as_its_gate_is_open_over_time_and_from_near(figure):
    figure.set(kind="lstm", mode="openings", f=0.25, i=0.5, o=0.75, step=3)
    near = {"f f": 0.25, "i i": 0.5, "o o": 0.75}
    assert figure.box.evaluate(FILLED) == pytest.approx(
        {**near, "f over time": 0.25, "i over time": 0.5, "o over time": 0.75}, abs=0.02)
    figure.set(kind="gru", r=0.3, z=0.8)
    assert figure.box.evaluate(FILLED) == pytest.approx(
        {"z z": 0.8, "z u": 0.2, "z over time": 0.8, "r over time": 0.3}, abs=0.02)


LIT = """host => [...new Set([...host.shadowRoot.querySelectorAll("[data-lit]")].map(one =>
    one.closest(".sums") ? one.ariaLabel : `${one.closest("[role=img]") ? "near" : "drawing"} ${one.dataset.part}`))]"""


def test_a_factor_lights_its_bars_and_bars_light_their_factors(figure):
    figure.set(kind="lstm", mode="weights", gate="f", step=50)
    factor = figure.box.get_by_role("button", name="i, input gate", exact=True)
    wanted = {"drawing i", "drawing i g written", "near i", "near i g written", "i, input gate"}
    factor.hover()
    assert set(figure.box.evaluate(LIT)) == wanted
    figure.page.mouse.move(0, 0)
    assert figure.box.evaluate(LIT) == []
    factor.focus()
    assert set(figure.box.evaluate(LIT)) == wanted
    row = figure.box.get_by_role("button", name="i, input gate, over time")
    row.focus()
    assert set(figure.box.evaluate(LIT)) == wanted
    figure.page.keyboard.press("Enter")
    figure.settle()
    assert figure.get("gate") == "i" and row.get_attribute("aria-pressed") == "true"
    weight = figure.box.get_by_role("button", name="bias, input gate")
    weight.tap()
    figure.settle()
    assert figure.box.get_by_role("slider", name="bias, input gate").evaluate(
        "one => one.getRootNode().activeElement === one")
    figure.set(step=0)
    figure.box.locator("path.written").hover(force=True, position={"x": 5, "y": 30})
    assert set(figure.box.evaluate(LIT)) >= {"drawing i", "near g", "i, input gate", "g, candidate"}
    figure.box.locator(".range[data-part=g]").tap(force=True, position={"x": 300, "y": 5})
    assert set(figure.box.evaluate(LIT)) >= {"drawing g", "near g", "g, candidate"}


SIZES = """host => {
    const seen = [...host.shadowRoot.querySelectorAll("button, input, [role=button]")]
        .filter(one => one.getClientRects().length && one.type !== "radio");
    const small = seen.map(one => [one.ariaLabel ?? one.textContent, one.getBoundingClientRect()])
        .filter(([, box]) => Math.min(box.width, box.height) < 24).map(([name]) => name);
    const letters = [...host.shadowRoot.querySelectorAll("svg text")]
        .map(one => parseFloat(getComputedStyle(one).fontSize));
    const [top, bottom] = [".chart", ".report"].map(one => host.shadowRoot.querySelector(one).getBoundingClientRect());
    return { small, letters: Math.min(...letters), high: bottom.bottom - top.top };
}"""


@pytest.mark.parametrize(("width", "height", "sliders"), [(1280, 752, 3), (390, 788, 1)])
def test_cause_and_effect_are_on_one_screen(browser, tmp_path, width, height, sliders):
    """752 and 788 pixels are what the head of a page leaves of a laptop's 800 and a phone's 844."""
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "GateExplorer",
                   viewport={"width": width, "height": height}) as figure:
        for kind, gate, inputs in (("lstm", "f", [1.0] * 50 + [-1.0]), ("gru", "z", [1.0] + [0.0] * 50)):
            figure.set(kind=kind, gate=gate, step=50, inputs=inputs)
            found = figure.box.evaluate(SIZES)
            assert found["small"] == [] and found["letters"] >= 12 and found["high"] <= height, (kind, found)
            assert len([one for one in figure.box.locator(".weights input").all() if one.is_visible()]) == sliders
        figure.box.get_by_role("button", name="weight of the input, update gate").click()
        figure.page.keyboard.press("ArrowRight")
        figure.settle()
        assert figure.get("w_xz") == -19.5
        assert figure.problems == []


def test_play_moves_the_cursor_and_pause_stops_it(browser, tmp_path):
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "GateExplorer", stopped=True) as figure:
        figure.set(step=0)
        figure.box.get_by_role("button", name="play").click()
        figure.pass_time(2000)
        figure.box.get_by_role("button", name="pause").click()
        step = figure.get("step")
        assert 1 <= step <= 8
        figure.pass_time(60_000)
        assert figure.get("step") == step
        assert figure.problems == []


def test_reset_brings_everything_back(figure):
    start = read(figure)
    figure.set(b_f=0.0, z=0.1, mode="openings", inputs=[1.0] * 10, step=2)
    figure.box.get_by_role("button", name="First settings").click()
    assert check(figure) == start


@pytest.mark.only_in("lab")
def test_python_and_the_page_stay_in_step(figure, lab):
    figure.box.get_by_role("button", name="leak").click()
    figure.settle()
    assert figure.python("figure.f") == 0.99 and figure.python("figure.mode") == "openings"
    assert figure.python("figure.c") == pytest.approx(figure.get("c"), abs=TOLERANCE)
    lab.run("figure.f = 0.5")
    figure.box.locator(".report", has_text="0.0 %").wait_for()
    assert check(figure)["f"] == 0.5
    assert figure.python("figure.gates['f']") == [0.5] * 51
