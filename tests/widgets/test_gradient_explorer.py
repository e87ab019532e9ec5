"""GradientExplorer: its factors, its product and its clipping are those of torch.autograd and clip_grad_norm_."""

import math
import re
from pathlib import Path

import pytest
import torch
import traitlets

from seqlab.widgets import GradientExplorer, gradient_explorer, scalar_rnn

FIGURE, PAGE = "GradientExplorer()", "book/06-backprop-through-time"
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
        product = [1.0]
        for factor in get("factors"):
            product.append(product[-1] * factor)
        close(product, gradients)


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
    assert figure.box.locator(".bars rect").count() == 100


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
    assert "Clipping does nothing" in words(figure)
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
    assert words(figure).startswith("It vanishes: of a nudge 40 steps back, 3.2 × 10⁻³ arrives.")
    assert set(story(figure, "Holds")) == {1.0}
    assert words(figure).startswith("It holds: of a nudge 40 steps back, 1.00 arrives.")
    assert story(figure, "Explodes")[-1] == pytest.approx(1.2**60)
    assert words(figure).startswith("It explodes: a nudge 60 steps back arrives 5.6 × 10⁴ times as large.")
    assert story(figure, "Saturated")[-1] < 1e-30
    assert "The weight alone would give 1.4 × 10¹¹" in words(figure)
    assert story(figure, "On the edge")[-1] == pytest.approx(1.5**28)
    assert "The state sits at exactly 0" in words(figure)
    press(figure, "input swing", "ArrowRight")
    assert abs(figure.get("gradient")) < 1e-6, "one touch of input, and it vanishes"


def test_reset_brings_back_what_the_page_started_with(figure):
    before = {name: figure.get(name) for name in SETTINGS}
    figure.set(**KNOWN | {"weight": -2.0, "clip": True})
    figure.box.get_by_role("button", name="Reset").click()
    figure.settle()
    assert {name: figure.get(name) for name in SETTINGS} == before


@pytest.mark.only_in("lab")
def test_python_moves_the_figure(figure, lab):
    lab.run("figure.nonlinearity = 'linear'; figure.weight = 0.5; figure.lag = 10")
    host = figure.box.element_handle()
    figure.page.wait_for_function("host => host.results().gradient === 0.5 ** 10", arg=host)
    agrees(figure)
    assert figure.get("gradient") == 0.5**10
    assert figure.box.locator(".bars rect").count() == 10
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


@pytest.mark.parametrize("traits", [{}, {"nonlinearity": "linear", "weight": 1.2},
                                    {"nonlinearity": "relu", "weight": 0.0}])
def test_the_still_picture_and_the_name(traits):
    figure = GradientExplorer(**traits)
    assert repr(figure) == "GradientExplorer: a figure to move. Run this cell to use it."
    still = figure.still()
    assert len(still.axes) == 2 and still.png()
    heights = [patch.get_height() for patch in still.axes[1].patches][:28]
    assert heights == pytest.approx([abs(factor) for factor in figure.factors])
