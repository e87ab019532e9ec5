"""GradientExplorer: its factors, product, trail and clipping are those of torch.autograd and clip_grad_norm_."""

import math
import re
from pathlib import Path

import pytest
import torch
import traitlets
from places import bench_page, page_with

from seqlab.widgets import GradientExplorer, gradient_explorer, scalar_rnn

FIGURE, PAGE = "GradientExplorer()", "book/06-backprop-through-time"
TRAIL = ("tried", "guess")
SETTINGS = ("weight", "nonlinearity", "lag", "level", "swing", "clip", "threshold")
KNOWN = {"weight": 1.5, "nonlinearity": "tanh", "lag": 28, "level": 0.0, "swing": 0.5, "clip": False, "threshold": 1.0}
ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "linear": lambda z: z}


@pytest.mark.parametrize(("module", "least"), [(gradient_explorer, 5), (scalar_rnn, 4)])
def test_a_slider_ends_where_python_says_that_the_setting_ends(module, least):
    source = Path(module.__file__).with_suffix(".js").read_text("utf8")
    numbers = {**{name: float(value) for name, value in re.findall(r"const (\w+) = (\d+);", source)}}
    found = re.findall(r'slider\(model, "(\w+)", \{.*?min: ([-\w.]+), max: ([-\w.]+)', source, re.DOTALL)
    ends = {name: tuple(numbers.get(end) or float(end) for end in both) for name, *both in found}
    if "threshold" in ends:
        ends["threshold"] = tuple(10**end for end in ends["threshold"])         # its slider has a logarithmic scale
    assert len(ends) >= least
    assert ends == {name: pytest.approx(module.RANGES[name]) for name in ends}


def by_torch(net):
    """gradients[k] = dh_T / dh_{T-k} by autograd in float64, and what clip_grad_norm_ multiplies them with."""
    states = [torch.zeros((), dtype=torch.float64, requires_grad=True)]
    for t in range(1, 101):
        wave = (math.sin(2.3 * t) + math.sin(5.1 * t + 1)) / 2
        z = net["weight"] * states[-1] + (net["level"] + net["swing"] * wave)
        states.append(ACTIVATIONS[net["nonlinearity"]](z))
    last = states[100 - net["lag"]:][::-1]
    gradients = torch.stack(torch.autograd.grad(states[-1], last))
    scale = 1.0
    if net["clip"]:
        holder = torch.nn.Parameter(torch.zeros_like(gradients))
        holder.grad = gradients.clone()
        torch.nn.utils.clip_grad_norm_([holder], net["threshold"])
        scale = (holder.grad[0] / gradients[0]).item()
    return gradients.tolist(), scale


def close(values, expected):
    """Relative error at most 1e-9, for each number."""
    assert len(values) == len(expected)
    for value, right in zip(values, expected, strict=True):
        assert abs(value - right) <= 1e-9 * abs(right) + 1e-300, (value, right)


def agrees(figure):
    """The figure's results are torch's, here and in Python."""
    figure.settle()
    gradients, scale = by_torch({name: figure.get(name) for name in SETTINGS})
    places = [figure.get] + ([lambda name: figure.python(f"figure.{name}")] if figure.ask else [])
    for get in places:
        close(get("gradients"), gradients)
        close([get("gradient"), get("scale")], [gradients[-1], scale])
        close(get("arrives"), arriving(figure, figure.get("tried")))
        product = [1.0]
        for factor in get("factors"):
            product.append(product[-1] * factor)
        close(product, gradients)


def arriving(figure, weights):
    """By autograd: what arrives from `lag` steps back, after clipping, with each of these weights."""
    net = {name: figure.get(name) for name in SETTINGS}
    runs = [by_torch(net | {"weight": weight}) for weight in weights]
    return [gradients[-1] * scale for gradients, scale in runs]


def words(figure):
    return figure.box.locator(".report").inner_text().replace("\u00a0", " ")


def press(figure, label, *keys):
    figure.box.get_by_label(label, exact=True).focus()
    for key in keys:
        figure.page.keyboard.press(key)
    figure.settle()


def test_as_placed_it_shows_the_gradient_of_torch(figure):
    agrees(figure)
    assert len(words(figure)) > 30


def test_a_grid_of_settings_against_autograd(figure):
    for nonlinearity in ("tanh", "relu", "linear"):
        for weight in (-3.0, 0.5, 1.0, 1.5):
            for level, swing, lag in ((0.0, 0.0, 100), (0.0, 0.5, 28), (2.0, 1.0, 100), (0.0, 1.0, 1)):
                figure.set(nonlinearity=nonlinearity, weight=weight, level=level, swing=swing, lag=lag,
                           clip=lag != 28, threshold=0.5 + lag / 10)
                gradients, scale = by_torch({name: figure.get(name) for name in SETTINGS})
                close(figure.get("gradients"), gradients)
                close([figure.get("scale")], [scale])


def test_the_sliders_by_keyboard(figure):
    figure.set(**KNOWN)
    for trait, label, step in (("weight", "recurrent weight", 0.05), ("lag", "lag, steps back", 1),
                               ("swing", "input swing", 0.05), ("level", "input level", 0.05)):
        before = figure.get(trait)
        press(figure, label, "ArrowRight", "ArrowRight")
        assert figure.get(trait) == pytest.approx(before + 2 * step), trait
        agrees(figure)
    press(figure, "lag, steps back", "End")
    assert figure.get("lag") == 100 and len(figure.get("factors")) == 100
    assert figure.box.locator(".grows, .shrinks").count() == 100


def test_a_slider_by_mouse_and_a_choice_by_touch(figure):
    figure.set(**KNOWN)
    slider = figure.box.get_by_label("recurrent weight", exact=True)
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    figure.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert abs(figure.get("weight")) <= 0.1
    agrees(figure)
    figure.box.get_by_text("ReLU", exact=True).tap()
    assert figure.get("nonlinearity") == "relu"
    agrees(figure)


def test_clipping_by_touch_and_its_limit_by_keyboard(figure):
    figure.set(**KNOWN | {"nonlinearity": "linear", "weight": 1.2})
    figure.box.get_by_text("Clip the gradient").tap()
    assert figure.get("clip") is True
    agrees(figure)
    norm = math.hypot(*figure.get("gradients")) * figure.get("scale")
    assert norm == pytest.approx(1.0, rel=1e-5)
    press(figure, "limit of the norm", "ArrowRight", "ArrowRight")
    assert figure.get("threshold") == 1.58
    agrees(figure)
    figure.set(weight=0.5, threshold=5.0)
    assert figure.get("scale") == 1
    assert "clipping does nothing" in words(figure)
    figure.set(threshold=0.5)
    assert "what has vanished stays vanished" in words(figure)


def test_looking_at_one_step_by_mouse_touch_and_keyboard(figure):
    figure.set(**KNOWN)
    reading = figure.box.locator(".reading")
    assert reading.inner_text().startswith("28 steps back")
    cover = figure.box.get_by_role("slider", name="steps back that")
    cover.scroll_into_view_if_needed()
    box = cover.bounding_box()
    figure.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 40)
    assert reading.inner_text().startswith("14 steps back")
    cover.tap(position={"x": 4, "y": 30})
    assert reading.inner_text().startswith("0 steps back")
    figure.page.mouse.move(1, 1)
    cover.focus()
    for key in ("Home", "ArrowRight", "ArrowRight"):
        figure.page.keyboard.press(key)
    gradients, _ = by_torch(KNOWN)
    assert reading.inner_text().startswith("2 steps back")
    assert reading.inner_text().endswith(f"All 2 multiplied: {gradients[2]:.2f}.")
    assert cover.get_attribute("aria-valuenow") == "2"


def story(figure, name):
    figure.box.get_by_role("button", name=name, exact=True).click()
    agrees(figure)
    return by_torch({name: figure.get(name) for name in SETTINGS})[0]


def test_the_stories_do_what_they_are_named_for(figure):
    assert 1e-4 < story(figure, "Fades")[-1] < 0.01
    assert words(figure).startswith("It vanishes: of a nudge 40 steps back, 3.2 × 10⁻³ arrives, because")
    assert set(story(figure, "Holds")) == {1.0}
    assert words(figure).startswith("It holds: of a nudge 40 steps back, 1.00 arrives, because")
    assert story(figure, "Explodes")[-1] == pytest.approx(1.2**60)
    assert words(figure).startswith("It explodes: a nudge 60 steps back arrives 5.6 × 10⁴ times as large, because")
    assert story(figure, "Saturated")[-1] < 1e-30
    assert words(figure).endswith("take back more than the weight gives, 1.4 × 10¹¹.")
    assert story(figure, "On the edge")[-1] == pytest.approx(1.5**28)
    assert "the state sits at exactly 0" in words(figure)
    press(figure, "input swing", "ArrowRight")
    assert abs(figure.get("gradient")) < 1e-6, "one touch of input, and it vanishes"


def test_reset_brings_back_what_the_page_started_with(figure):
    before = {name: figure.get(name) for name in SETTINGS + TRAIL}
    figure.set(**KNOWN | {"weight": -2.0, "clip": True})
    figure.set(guess=[0.7, 3.0])
    assert figure.get("tried") and figure.box.locator(".guess").count() == 1
    figure.box.get_by_role("button", name="Reset").click()
    figure.settle()
    assert {name: figure.get(name) for name in SETTINGS + TRAIL} == before
    assert figure.box.locator(".tried").count() == 1 and figure.box.locator(".guess").count() == 0


# --- the second chart: weight against what arrives -------------------------------------------------------------------


def dots(figure):
    """Of each dot of the trail, from left to right: the weight and the power of ten of the place where it stands."""
    return figure.box.evaluate("""host => {
        const part = (css) => [...host.shadowRoot.querySelectorAll(`.by-weight ${css}`)];
        const numbers = Object.fromEntries(part("text").map(one => [one.textContent, one.getBBox()]));
        const middle = (text) => numbers[text].x + numbers[text].width / 2;
        const first = part(".explodes")[0].getBBox().y, low = part(".vanishes")[0].getBBox();
        return part(".tried").map(one => one.getBBox()).map(box => [
            -3 + 6 * (box.x + box.width / 2 - middle("\u22123")) / (middle("3") - middle("\u22123")),
            8 - 20 * (box.y + box.height / 2 - first) / (low.y + low.height - first)]);
    }""")


def trail_agrees(figure, weights):
    """A dot for each of these weights, and each where autograd says, or at the chart's edge."""
    figure.settle()
    assert figure.get("arrives") == pytest.approx(arriving(figure, figure.get("tried")), rel=1e-9, abs=0)
    found, sizes = dots(figure), arriving(figure, sorted(weights))
    assert [weight for weight, _ in found] == pytest.approx(sorted(weights), abs=0.04)
    powers = [min(8, max(-12, math.log10(abs(size)) if size else -12)) for size in sizes]
    assert [power for _, power in found] == pytest.approx(powers, abs=0.35), weights


def test_each_weight_that_is_set_leaves_a_dot_where_autograd_says(figure):
    figure.box.get_by_role("button", name="Reset").click()
    trail_agrees(figure, [1.5])
    press(figure, "recurrent weight", *["ArrowLeft"] * 12)
    swept = [round(1.5 - k / 20, 2) for k in range(13)]
    assert figure.get("tried") == pytest.approx(swept)
    trail_agrees(figure, swept)
    assert figure.box.locator(".most").text_content() == "most so far: 0.40 at 1.05"
    press(figure, "recurrent weight", "ArrowRight", "End")
    trail_agrees(figure, [*swept, 3.0])
    press(figure, "lag, steps back", "Home", "PageUp")
    trail_agrees(figure, [*swept, 3.0])
    figure.box.get_by_text("none (linear)").tap()
    trail_agrees(figure, [*swept, 3.0])
    figure.box.get_by_text("Clip the gradient").tap()
    trail_agrees(figure, [*swept, 3.0])
    agrees(figure)


def test_the_axis_stays_whatever_is_set(figure):
    numbers = figure.box.locator(".through-time text[text-anchor=end]")

    def axis():
        return numbers.evaluate_all("""all => all.filter(one => /^10|^[013]$/.test(one.textContent))
            .map(one => [one.textContent, one.getAttribute("y")])""")

    before = axis()
    assert [text for text, _ in before[:6]][::-1] == ["10⁸", "10⁴", "1", "10⁻⁴", "10⁻⁸", "10⁻¹²"]
    for weight, lag, nonlinearity in ((3.0, 100, "linear"), (-3.0, 100, "tanh"), (0.0, 1, "relu"), (1.2, 60, "relu")):
        figure.set(weight=weight, lag=lag, nonlinearity=nonlinearity, clip=lag == 60)
        assert axis() == before


def guess_area(figure):
    cover = figure.box.get_by_role("slider", name="your guess")
    cover.scroll_into_view_if_needed()
    return cover, cover.bounding_box()


def test_a_guess_by_mouse_and_by_touch_is_judged_when_its_weight_is_tried(figure):
    figure.box.get_by_role("button", name="Reset").click()
    attempt = figure.box.get_by_role("button", name="Try it", include_hidden=True)
    assert attempt.is_disabled() and not attempt.is_visible(), "there is nothing to try yet"
    cover, box = guess_area(figure)
    said = words(figure)
    figure.page.mouse.click(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.3)
    figure.settle()
    weight, power = figure.get("guess")
    assert 1.6 < weight < 2.0 and power == 2
    assert words(figure) == said, "the guess is told beside its chart, and judged later"
    assert "Your guess: 10² at weight" in figure.box.locator(".guessing").inner_text()
    attempt.tap()
    figure.settle()
    arrives, = arriving(figure, [weight])
    assert figure.get("weight") == weight and attempt.is_disabled()
    assert words(figure).startswith(f"You guessed 10² at weight {weight:.2f}, and ")
    assert words(figure).endswith(f"your guess is {round(2 - math.log10(arrives))} powers of ten too high.")
    assert figure.box.locator(".off").count() == 1
    cover.tap(position={"x": box["width"] * 0.8, "y": box["height"] * 0.6})
    figure.settle()
    other, power = figure.get("guess")
    assert other not in (weight, 1.5) and abs(other - weight) <= 0.1 and power == -4, "next to the dot that shows"
    assert figure.box.locator(".off").count() == 0
    figure.box.get_by_text("ReLU", exact=True).tap()
    figure.settle()
    assert figure.get("guess") == [], "it was about another net"
    agrees(figure)


def test_a_guess_by_keys_alone(figure):
    figure.box.get_by_role("button", name="Reset").click()
    cover, _ = guess_area(figure)
    assert cover.get_attribute("aria-valuetext") == "no guess"
    cover.focus()
    figure.page.keyboard.press("ArrowLeft")
    figure.settle()
    assert figure.get("guess") == [1.45, 0]
    for key in (*["ArrowLeft"] * 9, "PageUp", "ArrowDown"):
        figure.page.keyboard.press(key)
    figure.settle()
    assert figure.get("guess") == [1.0, 3] and cover.get_attribute("aria-valuetext") == "10³ at weight 1.00"
    figure.page.keyboard.press("Enter")
    figure.settle()
    assert figure.get("weight") == 1.0 and words(figure).endswith("3 powers of ten too high.")
    for key in ("ArrowRight", "End", "ArrowLeft"):
        figure.page.keyboard.press(key)
    figure.settle()
    assert figure.get("guess") == [0.95, 8], "the dots of 1 and 1.5 show already"
    figure.page.keyboard.press("Delete")
    figure.settle()
    assert figure.get("guess") == [] and figure.get("weight") == 1.0
    agrees(figure)


SIZES = """host => {
    const root = host.shadowRoot, box = (css) => root.querySelector(css).getBoundingClientRect();
    const pressed = "button, input:not([type=radio], [type=checkbox]), .choice label, .toggle, [role=slider]";
    const seen = [...root.querySelectorAll(pressed)]
        .filter(one => one.getClientRects().length);
    const letters = [...root.querySelectorAll("svg text, svg tspan")].map(one =>
        parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.getScreenCTM().a);
    return { small: seen.filter(one => Math.min(one.getBoundingClientRect().width,
                one.getBoundingClientRect().height) < 24).map(one => one.ariaLabel ?? one.textContent),
        letters: Math.min(...letters), high: box(".dock").bottom - box(".charts").top,
        whole: box(".figure").height, slider: box(".slider[data-active]").top - box(".charts").top,
        wide: document.documentElement.scrollWidth };
}"""


@pytest.mark.parametrize(("width", "height", "sliders"), [(1280, 752, 5), (390, 788, 1), (320, 788, 1)])
def test_cause_and_effect_are_on_one_screen_and_nothing_jumps(browser, tmp_path, width, height, sliders):
    """752 and 788 pixels are what the head of a page leaves of a laptop's 800 and a phone's 844."""
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "GradientExplorer",
                   viewport={"width": width, "height": height}) as figure:
        places = set()
        for settings in (KNOWN, {"weight": 0.0}, {"weight": 1.05}, {"nonlinearity": "relu", "weight": 0.8},
                         {"nonlinearity": "relu", "weight": 1.2, "level": 0.5, "swing": 0.25, "lag": 60, "clip": True},
                         {"clip": False, "nonlinearity": "linear", "weight": 3.0, "lag": 100}):
            figure.set(**settings)
            found = figure.box.evaluate(SIZES)
            assert found["small"] == [] and found["letters"] >= 12 and found["wide"] <= width, found
            assert width == 320 or found["high"] <= height, found
            assert width < 1280 or found["whole"] <= 760, found
            places.add(round(found["slider"]))
        assert width == 320 or len(places) == 1, "what is said may not move the slider under a finger"
        assert len([one for one in figure.box.locator(".controls input").all() if one.is_visible()]) == sliders
        assert figure.problems == []


def swipe(figure, x, y, up):
    """A finger comes down at (x, y), moves up by so many pixels and is lifted; how far the page has scrolled then."""
    before, send = figure.page.evaluate("scrollY"), figure.page.context.new_cdp_session(figure.page).send
    send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 9):
        send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - up * k / 8}]})
        figure.settle()
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    figure.settle()
    return figure.page.evaluate("scrollY") - before


def test_on_a_phone_one_slider_is_docked_and_a_finger_scrolls_over_both_charts(browser, tmp_path):
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "GradientExplorer", is_mobile=True,
                   viewport={"width": 390, "height": 500}) as figure:
        lag = figure.box.get_by_label("lag, steps back", exact=True)
        assert lag.is_hidden()
        figure.box.get_by_role("button", name="lag: show its slider").tap()
        press(figure, "lag, steps back", "ArrowRight")
        assert figure.get("lag") == 29
        assert figure.box.get_by_label("recurrent weight", exact=True).is_hidden()
        bottom = figure.box.locator(".dock").evaluate("one => one.getBoundingClientRect().bottom")
        assert bottom <= 501, "the dock stays on the screen, below the drawing"
        reading = figure.box.locator(".reading").inner_text()
        figure.page.evaluate("document.body.style.paddingBottom = '2000px'")
        for chart in (".through-time", ".by-weight"):
            figure.box.locator(chart).evaluate("one => one.scrollIntoView()")
            assert swipe(figure, 200, 120, 80) > 40, chart
        assert figure.box.locator(".reading").inner_text() == reading
        assert figure.get("guess") == [] and figure.get("lag") == 29
        assert figure.problems == []


def test_one_announcement_an_action(figure):
    """The slider says its value, the finding is read out when the reader pauses, and nothing else is."""
    live = figure.box.evaluate("""host => [...host.shadowRoot.querySelectorAll("[role=status], [aria-live], output")]
        .filter(one => one.getAttribute("aria-live") !== "off").map(one => one.className)""")
    assert live == ["spoken"]


@pytest.mark.only_in("lab")
def test_python_moves_the_figure(figure, lab):
    lab.run("figure.nonlinearity = 'linear'; figure.weight = 0.5; figure.lag = 10")
    host = figure.box.element_handle()
    figure.page.wait_for_function("host => host.results().gradient === 0.5 ** 10", arg=host)
    agrees(figure)
    assert figure.get("gradient") == 0.5**10
    assert figure.box.locator(".grows, .shrinks").count() == 10
    assert figure.box.get_by_label("none (linear)").is_checked()


# --- without a browser ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trait", "value", "words"), [
    ("weight", 3.5, "weight must be a number from -3 to 3, but it was set to 3.5"),
    ("weight", float("nan"), "weight must be a number"),
    ("lag", 0, "lag must be a number from 1 to 100"),
    ("lag", 2.5, "int"),
    ("level", -1.0, "level must be a number from 0 to 2"),
    ("swing", 2.0, "swing must be a number from 0 to 1"),
    ("threshold", 0.0, "threshold must be a number from 0.1 to 100"),
    ("nonlinearity", "sigmoid", "must be \"tanh\", \"relu\" or \"linear\", but it was set to 'sigmoid'"),
    ("clip", "yes", "boolean"),
    ("tried", [1.0, 3.5], "tried must be at most 200 weights from -3 to 3; got"),
    ("tried", [0.5] * 201, "tried must be at most 200 weights"),
    ("guess", [1.0], "guess must be .., or a weight from -3 to 3 and a power of ten from -12 to 8; got .1.0."),
    ("guess", [1.0, 9.0], "guess must be"), ("guess", [-4.0, 0.0], "guess must be"),
])
def test_bad_input_is_refused_in_one_sentence(trait, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        GradientExplorer(**{trait: value})


@pytest.mark.parametrize("nonlinearity", ACTIVATIONS)
def test_python_computes_the_same(nonlinearity):
    figure = GradientExplorer(nonlinearity=nonlinearity)
    runs = ((1, 0.0, 0.0, True), (28, 0.0, 0.5, False), (100, 2.0, 1.0, True), (60, 0.3, 1.0, True))
    for weight in (-2.0, 0.0, 0.7, 1.0, 1.5, 3.0):
        for lag, level, swing, clip in runs:
            figure.weight, figure.lag, figure.level, figure.swing, figure.clip = weight, lag, level, swing, clip
            gradients, scale = by_torch({name: getattr(figure, name) for name in SETTINGS})
            close(figure.gradients, gradients)
            close([figure.gradient, figure.scale], [gradients[-1], scale])
            assert len(figure.factors) == lag
            figure.tried = [-1.1, weight, 0.0]
            arrives = [by_torch({name: getattr(figure, name) for name in SETTINGS} | {"weight": each})
                       for each in figure.tried]
            close(figure.arrives, [gradients[-1] * scale for gradients, scale in arrives])


@pytest.mark.parametrize("traits", [{}, {"nonlinearity": "linear", "weight": 1.2}, {"tried": [0.9, 1.0, 3.0]},
                                    {"nonlinearity": "relu", "weight": 0.0}, {"clip": True, "threshold": 0.5}])
def test_the_still_picture_and_the_name(traits):
    figure = GradientExplorer(**traits)
    assert repr(figure) == "GradientExplorer: a figure to move. Run this cell to use it."
    still = figure.still()
    line, bars, trail = still.axes
    assert still.png() and line.get_ylim() == trail.get_ylim() == gradient_explorer.POWERS
    heights = [patch.get_height() for patch in bars.patches][:28]
    assert heights == pytest.approx([abs(factor) for factor in figure.factors])
    weights, powers = trail.lines[0].get_data()
    assert list(weights) == [*figure.tried, figure.weight]
    inside = {weight: power for weight, power in zip(weights, powers, strict=True) if -12 < power < 8}
    assert inside == {weight: pytest.approx(math.log10(abs(size))) for weight, size in zip(
        weights, [*figure.arrives, figure.gradient * figure.scale], strict=True) if 1e-12 < abs(size) < 1e8}
