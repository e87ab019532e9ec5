"""BatchFirst: what an answer has seen, and what a row reaches, are what PyTorch's gradients say."""

import itertools
import json
import subprocess

import pytest
import torch
import traitlets
from places import ROOT, bench_page, page_with
from torch import nn

from seqlab.widgets import BatchFirst

FIGURE, PAGE = "BatchFirst()", "book/10-images-as-sequences"
BATCH, ROWS = 4, 28
WHOLE = [[2, row] for row in range(ROWS)]


def seen_by_torch(batch_first, kind=nn.LSTM):
    """For each answer out[:, -1][k] the rows of x, as [digit, row], that its gradient reaches."""
    torch.manual_seed(0)
    layer = kind(28, 64, batch_first=batch_first).double()
    x = torch.rand(BATCH, ROWS, 28).double().requires_grad_()
    out = layer(x)[0]
    assert tuple(out.shape) == (4, 28, 64) and tuple(out[:, -1].shape) == (4, 64), "the shapes that the figure names"
    seen = []
    for answer in out[:, -1]:
        gradient, = torch.autograd.grad(answer.sum(), x, retain_graph=True)
        seen.append(gradient.ne(0).any(dim=2).nonzero().tolist())
    return seen


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
@pytest.mark.parametrize("batch_first", [True, False])
def test_an_answer_has_seen_the_rows_that_its_gradient_reaches_and_no_others(batch_first, kind):
    seen = seen_by_torch(batch_first, kind)
    figure = BatchFirst(batch_first=batch_first)
    for figure.digit, figure.row in itertools.product(range(BATCH), range(ROWS)):
        assert figure.seen == seen[figure.digit]
        assert figure.reached == [k for k in range(BATCH) if [figure.digit, figure.row] in seen[k]]


def test_what_the_page_computes_is_what_python_computes(node):
    grid = [{"batch_first": batch_first, "digit": digit, "row": row}
            for batch_first, digit, row in itertools.product((True, False), range(BATCH), range(ROWS))]
    script = """
        import { readFileSync } from "node:fs";
        import { results } from "./seqlab/widgets/batch_first.js";
        console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(results)));
    """
    done = subprocess.run([node, "--input-type=module", "-e", script], cwd=ROOT, input=json.dumps(grid), text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    figure = BatchFirst()
    for settings, found in zip(grid, json.loads(done.stdout), strict=True):
        for name, value in settings.items():
            setattr(figure, name, value)
        assert found == {name: getattr(figure, name) for name in figure.results()}, settings


def test_the_batch_has_ink_in_every_digit_and_none_in_the_last_rows():
    images = torch.frombuffer(bytearray(BatchFirst().images), dtype=torch.uint8).reshape(BATCH, ROWS, 28)
    assert images.amax(dim=(1, 2)).min() > 200 and images[:, -1].max() == 0


@pytest.mark.parametrize(("trait", "value", "words"), [
    ("digit", 4, "digit must be a number from 0 to 3, but it was set to 4"),
    ("row", -1, "row must be a number from 0 to 27"),
    ("step", 28, "step must be a number from 0 to 27"),
    ("show", "all", 'show is "seen" or "reached"; got \'all\''),
])
def test_bad_input_gets_one_clear_sentence(trait, value, words):
    with pytest.raises(traitlets.TraitError, match=words):
        BatchFirst(**{trait: value})


def test_the_still_picture_shows_both_readings():
    axes, = BatchFirst(digit=1).still().axes
    texts = [text.get_text() for text in axes.texts if text.get_text()]
    assert texts.count("time") == texts.count("out[1, -1]") == 2
    assert {"batch_first=True", "batch_first forgotten"} <= set(texts)
    digits = [image.get_array() for image in axes.images if image.get_array().shape == (ROWS, 28, 3)]
    grounds = [[bool((row[0] < 1).any()) for row in digit] for digit in digits]
    assert grounds == [[[k, row] in seen for row in range(ROWS)]
                       for seen in (BatchFirst(digit=1).seen, BatchFirst(digit=1, batch_first=False).seen)
                       for k in range(BATCH)]


# --- in a browser ----------------------------------------------------------------------------------------------------


def drawn(figure, what):
    """The places, as [digit, row], of the rows or of the states that are lit in the drawing."""
    figure.settle()
    return figure.box.locator(".batch").evaluate("""(drawing, what) => [...drawing.children]
        .filter(one => one.querySelector(".state")).flatMap((one, digit) => [...one.querySelectorAll(`.${what}`)]
        .flatMap((each, row) => each.classList.contains("lit") ? [[digit, row]] : []))""", what)


def agrees(figure):
    """What is drawn, what is said and what Python computes are what PyTorch's gradients say."""
    figure.settle()
    batch_first, digit, row = (figure.get(name) for name in ("batch_first", "digit", "row"))
    seen = seen_by_torch(batch_first)
    reached = [k for k in range(BATCH) if [digit, row] in seen[k]]
    assert (figure.get("seen"), figure.get("reached")) == (seen[digit], reached)
    if figure.get("step") == ROWS - 1 and figure.get("show") == "seen":
        assert drawn(figure, "row") == drawn(figure, "state") == seen[digit]
    answers = figure.box.locator("rect.answer").evaluate_all("all => all.map(one => one.classList.contains('lit'))")
    lit = [digit] if figure.get("show") == "seen" else reached
    assert [k for k in range(BATCH) if answers[k]] == lit
    if figure.ask:
        assert figure.python("[figure.seen, figure.reached]") == [seen[digit], reached]


def words(figure):
    return figure.box.locator(".report").inner_text()


def press(figure, name):
    figure.box.get_by_role("button", name=name, exact=True).click()
    figure.settle()


def test_the_bug_is_seen_and_all_shapes_stay(figure):
    agrees(figure)
    assert drawn(figure, "row") == WHOLE and "all 28 rows of x[2], and no other image" in words(figure)
    shapes = figure.box.locator(".shapes").inner_text()
    assert "4 sequences of 28 steps" in shapes
    press(figure, "batch_first forgotten")
    agrees(figure)
    assert drawn(figure, "row") == [[0, 27], [1, 27], [2, 27]]
    assert figure.box.locator(".way.lit").count() == 3, "to digit 1, to digit 2, and out"
    assert words(figure).endswith("row 27 of x[0], x[1] and x[2], and no other row. There is no ink in it.")
    assert figure.box.locator(".shapes").inner_text() == shapes.replace("4 sequences of 28", "28 sequences of 4")
    press(figure, "Reset")
    assert figure.get("batch_first") is True
    assert figure.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def place(figure, digit, row):
    """The middle of a row's line in the drawing, on the screen."""
    line = figure.box.locator(".batch > g").nth(digit).locator(".edge").bounding_box()
    return line["x"] + line["width"] / 2, line["y"] + line["height"] * (row + 0.5) / ROWS


def test_a_row_and_an_answer_by_mouse_and_by_touch(figure):
    press(figure, "batch_first forgotten")
    drawing = figure.box.locator(".batch")
    drawing.scroll_into_view_if_needed()
    figure.page.mouse.click(*place(figure, 1, 10))
    assert [figure.get(name) for name in ("show", "digit", "row")] == ["reached", 1, 10]
    agrees(figure)
    assert words(figure).startswith("Change row 10 of x[1]: no answer can change")
    assert drawn(figure, "state") == [[1, 10], [2, 10], [3, 10]], "the state goes on, and nobody asks for it"
    figure.page.touchscreen.tap(*place(figure, 0, 27))
    agrees(figure)
    assert words(figure) == "Change row 27 of x[0]: the answers for x[0], x[1], x[2] and x[3] can change."
    box = figure.box.locator("rect.answer").nth(3).bounding_box()
    assert box["height"] >= 24
    figure.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    assert [figure.get(name) for name in ("show", "digit")] == ["seen", 3]
    agrees(figure)


def test_the_questions_by_keys(figure):
    row = figure.box.get_by_label("row", exact=True)
    assert row.is_disabled() and not row.is_visible(), "an answer is asked about, and no row"
    figure.box.get_by_label("what an answer has seen").focus()
    figure.page.keyboard.press("ArrowRight")
    figure.settle()
    assert figure.get("show") == "reached" and row.is_enabled()
    agrees(figure)
    figure.box.get_by_label("image", exact=True).focus()
    figure.page.keyboard.press("ArrowLeft")
    row.focus()
    figure.page.keyboard.press("End")
    figure.settle()
    assert [figure.get(name) for name in ("digit", "row")] == [1, 27]
    agrees(figure)
    figure.box.get_by_role("button", name="batch_first forgotten").press("Enter")
    agrees(figure)
    assert words(figure) == "Change row 27 of x[1]: the answers for x[1], x[2] and x[3] can change."


def test_the_player_goes_along_the_axis_of_time(figure):
    button = figure.box.get_by_role("button", name="Next step")     # the browser asks for reduced motion
    frames = figure.box.locator(".frame")
    press(figure, "batch_first forgotten")
    seen = []
    for _ in range(4):
        button.click()
        figure.settle()
        seen.append((figure.get("step"), frames.count(), len(drawn(figure, "row"))))
    assert seen == [(0, 1, 1), (1, 1, 2), (2, 1, 3), (3, 1, 3)]
    assert figure.box.locator(".caption").inner_text().startswith("Step 3: x[3] is read whole")
    press(figure, "batch_first=True")
    figure.box.get_by_label("step that is read").focus()
    figure.page.keyboard.press("Home")
    figure.page.keyboard.press("ArrowRight")
    figure.settle()
    assert (figure.get("step"), frames.count(), drawn(figure, "row")) == (1, 4, [[2, 0], [2, 1]])
    assert "2 rows so far" in figure.box.locator(".told").all_text_contents()


def test_text_in_the_drawing_is_large_enough(figure):
    assert figure.box.locator(".batch text").evaluate_all("""all => Math.min(...all.map(one =>
        parseFloat(getComputedStyle(one).fontSize) * one.ownerSVGElement.getScreenCTM().a))""") >= 11.99


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_a_pixel_is_a_square_and_on_a_phone_the_choices_stand_below_the_drawing(browser, tmp_path, width):
    viewport = {"width": width, "height": 844}
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "BatchFirst", viewport=viewport) as figure:
        edges = [one.bounding_box() for one in figure.box.locator(".edge").all()]
        assert len(edges) == BATCH and all(abs(one["width"] - one["height"]) <= 1.5 for one in edges)
        assert min(one["width"] for one in edges) >= 36
        top = {what: figure.box.locator(what).bounding_box()["y"] for what in (".batch", ".report", ".presets")}
        order = sorted(top, key=top.get)
        assert order == ([".batch", ".report", ".presets"] if width < 600 else [".presets", ".batch", ".report"])


@pytest.mark.only_in("lab")
def test_python_moves_the_figure(figure, lab):
    lab.run("figure.batch_first, figure.digit = False, 3")
    host = figure.box.element_handle()
    figure.page.wait_for_function("host => host.results().seen.length === 4", arg=host)
    agrees(figure)
    assert "the answer for x[3] has seen row 27 of x[0], x[1], x[2] and x[3]" in words(figure)
