"""Every figure under a finger, with large letters, in forced colours, and read out: what axe does not see."""

import json

import pytest
from places import MAKERS, bench_page, page_with

from seqlab import widgets

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True}
SCREEN = 788                # what the head of a page leaves of a phone's 844
STORIES = ".presets:not(.chips):visible button:visible"
every_figure = pytest.mark.parametrize("name", MAKERS)
asks = pytest.mark.parametrize("name", [name for name in MAKERS if name in ("Quiz", "Due")])
draws = pytest.mark.parametrize("name", [name for name in MAKERS if name not in ("Quiz", "Due")])


def placed(browser, folder, name, **context):
    return page_with(browser, bench_page(MAKERS[name], folder).as_uri(), name, **context)


def traits(name):
    return [one for one in eval(MAKERS[name], vars(widgets)).keys if not one.startswith("_") and one != "layout"]


# --- large enough to touch and to read, and on one screen ------------------------------------------------------------

# A bar among bars that Tab reaches as one control is not counted: a step and its input have controls of their own.
SMALL = """host => [...host.shadowRoot.querySelectorAll(
        "button, input, select, textarea, summary, a[href], [role=slider], [role=button], [role=application], .held")]
    .filter(one => one.getClientRects().length && !one.closest(".bar"))
    .map(one => [one.ariaLabel || one.textContent || one.className,
        (/radio|checkbox/.test(one.type) && one.closest("label") || one).getBoundingClientRect()])
    .filter(([, { width, height }]) => Math.min(width, height) < 23.9).map(([words]) => words)"""
LETTERS = """host => {
    const found = [], walk = document.createTreeWalker(host.shadowRoot, NodeFilter.SHOW_TEXT), range = new Range();
    while (walk.nextNode()) {
        const text = walk.currentNode, one = text.parentElement, drawing = one.ownerSVGElement;
        range.selectNodeContents(text);
        const unseen = one.closest("style, .spoken, details:not([open]) > :not(summary)") || !text.data.trim();
        if (unseen || !range.getBoundingClientRect().width) continue;
        const zoom = drawing ? Math.abs(drawing.getScreenCTM().a) : 1;
        found.push([parseFloat(getComputedStyle(one).fontSize) * zoom, Boolean(drawing), text.data.trim()]);
    }
    return found;
}"""


@every_figure
def test_what_is_pressed_is_large_enough_and_so_are_the_letters(browser, tmp_path, name):
    with placed(browser, tmp_path, name, **PHONE) as figure:
        for story in [None, *figure.box.locator(STORIES).all()]:
            if story:
                story.click()
                figure.settle()
            assert figure.box.evaluate(SMALL) == []
            letters = figure.box.evaluate(LETTERS)
            assert min(letters)[0] >= 11.95, min(letters)
        assert figure.page.evaluate("document.documentElement.scrollWidth") <= 390


# From the top of what is drawn to the foot of what is said and of the control that is docked below, all uncovered.
SPAN = """host => {
    const root = host.shadowRoot.querySelector(".figure");
    const box = (one) => one.getBoundingClientRect(), large = (one) => box(one).width > 150 && box(one).height > 60;
    const drawn = [...root.querySelectorAll("svg, canvas")].filter(large);
    scrollBy(0, Math.min(...drawn.map(one => box(one).top)) - 2);
    const top = Math.min(...drawn.map(one => box(one).top)), dock = root.querySelector(".dock, .player, .walking");
    return { said: box(root.querySelector(".report")).bottom - top, control: box(dock).bottom - top,
        drawn: Math.max(...drawn.map(one => box(one).bottom)) - top, dock: box(dock).top - top };
}"""
SPANNED = [name for name in MAKERS if name not in ("Quiz", "Due", "DigitReader")]     # it has two parts, each tried so


@pytest.mark.parametrize("name", SPANNED)
def test_drawing_control_and_finding_are_on_one_screen(browser, tmp_path, name):
    with placed(browser, tmp_path, name, viewport={"width": 390, "height": SCREEN}, is_mobile=True) as figure:
        figure.page.evaluate("document.body.style.paddingBottom = '2000px'")
        for story in [None, *figure.box.locator(STORIES).all()]:
            if story:
                story.click()
                figure.settle()
            figure.page.evaluate("scrollTo(0, 0)")
            span = figure.box.evaluate(SPAN)
            assert span["said"] <= SCREEN and span["control"] <= SCREEN and span["drawn"] <= span["dock"] + 1, span


# --- a finger that scrolls ------------------------------------------------------------------------------------------

# What is drawn as something to drag may keep the page still.
HELD = """([host, x, y]) => Boolean(host.shadowRoot.elementFromPoint(x, y)
    ?.closest(".start, .held, .surface, .lines .handle"))"""


def swipe(figure, send, x, y):
    """A finger comes down, goes up by 100 pixels and is lifted; how far the page has gone with it."""
    before = figure.page.evaluate("scrollY")
    send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for k in range(1, 6):
        send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": y - 20 * k}]})
        figure.settle()
    send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    figure.settle()
    return figure.page.evaluate("scrollY") - before


@pytest.mark.slow
@every_figure
def test_a_finger_that_scrolls_the_page_does_so_anywhere_and_changes_nothing(browser, tmp_path, name):
    names, host = traits(name), None
    with placed(browser, tmp_path, name, **PHONE) as figure:
        figure.page.evaluate("document.body.style.paddingBottom = '3000px'")
        send, host = figure.page.context.new_cdp_session(figure.page).send, figure.box.element_handle()
        read = "(host, names) => JSON.stringify(names.map(name => host.model.get(name)))"
        before, tried = figure.box.evaluate(read, names), 0
        for k in range(14):
            down = 24 + 41 * k
            figure.page.evaluate("([host, y]) => scrollBy(0, host.getBoundingClientRect().top + y - 400)", [host, down])
            figure.settle()
            box = figure.box.bounding_box()
            x, y = box["x"] + box["width"] * (0.2, 0.5, 0.8, 0.35, 0.65)[k % 5], box["y"] + down
            if not 130 < y < 700 or down > box["height"] or figure.page.evaluate(HELD, [host, x, y]):
                continue
            gone, tried = swipe(figure, send, x, y), tried + 1
            assert gone > 50, f"{down} px down a finger does not scroll"
            assert figure.box.evaluate(read, names) == before, f"{down} px down a finger that scrolls changes something"
        assert tried >= 5 and figure.problems == []


# --- read out -------------------------------------------------------------------------------------------------------


LISTEN = """host => {
    host.heard = [];
    const live = "[role=status], [role=alert], [role=log], output, [aria-live]";
    for (const one of host.shadowRoot.querySelectorAll(live)) {
        if (one.getAttribute("aria-live") === "off" || one.ariaHidden === "true") continue;
        let before = one.textContent;
        new MutationObserver(() => {
            if (one.textContent !== before && one.textContent) host.heard.push(one.textContent);
            before = one.textContent;
        }).observe(one, { childList: true, subtree: true, characterData: true });
    }
}"""


def heard(figure):
    """What was read out since the last time, once the reader pauses."""
    figure.pass_time(3000)
    return figure.box.evaluate("host => host.heard.splice(0)")


@pytest.mark.parametrize("name", SPANNED)
def test_an_action_is_announced_once(browser, tmp_path, name):
    with placed(browser, tmp_path, name, stopped=True) as figure:
        figure.pass_time(3000)
        figure.box.evaluate(LISTEN)
        said = []
        for story in figure.box.locator(STORIES).all()[:3]:
            story.click()
            said += [heard(figure)]
        for track in figure.box.locator("input[type=range]:visible:enabled").all()[:4]:
            track.focus()
            heard(figure)
            figure.page.keyboard.press("ArrowRight")
            said += [heard(figure)]
        assert [one for one in said if len(one) > 1] == [] and any(said)


@asks
def test_an_answer_is_announced_once(browser, tmp_path, name):
    with placed(browser, tmp_path, name, stopped=True) as figure:
        figure.pass_time(1000)
        figure.box.evaluate(LISTEN)
        question = figure.box.locator(".question").first
        question.locator("input").first.check()
        assert heard(figure) == []
        question.get_by_role("button", name="Check").click()
        assert len(heard(figure)) == 1


def test_each_figures_frame_has_a_name_of_its_own(browser, tmp_path):
    names = set()
    for name in MAKERS:
        with placed(browser, tmp_path, name) as figure:
            frame = figure.box.locator(".figure").first
            assert frame.get_attribute("role") == "group"
            names.add(frame.get_attribute("aria-label"))
    assert len(names) == len(MAKERS) and "RNN Playground, interactive figure" in names and all(names)


# --- large letters --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("width", [390, 1280])
def test_letters_follow_the_readers_size_and_nothing_is_pushed_out(browser, tmp_path, name, width):
    """All words grow as the reader asks; those of a drawing as far as the drawing still fits."""
    with placed(browser, tmp_path, name, viewport={"width": width, "height": 844}) as figure:
        before = figure.box.evaluate(LETTERS)
        figure.page.evaluate("document.documentElement.style.fontSize = '200%'")
        figure.page.wait_for_timeout(100)
        figure.settle()
        after = figure.box.evaluate(LETTERS)
        least = {drawn: [min(size for size, inside, _ in found if inside == drawn) for found in (before, after)]
                 for drawn in {inside for _, inside, _ in before}}
        assert least[False][1] == pytest.approx(2 * least[False][0], rel=0.03)
        if True in least and name != "DigitReader":       # which draws no words but the hint on its pad
            assert least[True][1] >= (1.04 if width == 390 else 1.4) * least[True][0]
        fits = "host => (({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)"
        assert figure.box.evaluate(f"{fits}(host.shadowRoot.querySelector('.figure'))")
        assert figure.page.evaluate("document.documentElement.scrollWidth") <= width


# --- forced colours -------------------------------------------------------------------------------------------------

# Shapes of drawings with what they are painted in, and whatever else tells by its ground or its frame.
PAINTED = """host => [...host.shadowRoot.querySelectorAll("svg :is(rect, circle, path, polyline, line, text), i")]
    .filter(one => one.getClientRects().length).map(one => {
        const { fill, stroke, backgroundColor, borderTopColor, backgroundImage } = getComputedStyle(one);
        return [one.localName, one.getAttribute("class"), fill, stroke, one.localName === "i" && [backgroundColor,
            borderTopColor, backgroundImage]];
    })"""
MARKED = """host => [...host.shadowRoot.querySelectorAll("button[aria-pressed], button[aria-current]")]
    .filter(one => one.getClientRects().length).map(one => {
        const style = getComputedStyle(one), on = one.ariaPressed === "true" || one.ariaCurrent === "true";
        return [on, style.outlineStyle];
    })"""


@draws
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_in_forced_colours_all_that_differs_still_differs(browser, tmp_path, name, scheme):
    with placed(browser, tmp_path, name, color_scheme=scheme) as figure:
        before = figure.box.evaluate(PAINTED)
        figure.page.emulate_media(forced_colors="active")
        figure.settle()
        after = figure.box.evaluate(PAINTED)
        figure.page.wait_for_timeout(300)
        assert len(before) > 10 and json.dumps(after) == json.dumps(before)
        assert all((style != "none") == on for on, style in [*figure.box.evaluate(MARKED), (True, "solid")])
