"""What a reader does, in Chromium, Firefox and WebKit: each is written once, and runs in all three.

Chromium's turn belongs to make test, the other two to make deep. What no engine but Chromium can be asked for here (a
finger, forced colours, the reader's own size of text) is in tests/widgets and tests/site.
"""

import math

import anywidget
import pytest
from engines import PROBLEMS
from places import MAKERS
from test_answers import RIGHT

from seqlab import widgets
from seqlab.widgets.quiz import read_quiz
from tools.course import chapter, some

OWN = set(anywidget.AnyWidget.class_trait_names(sync=True))
SETTINGS = """(name, names) => {
    const host = document.querySelector(`[data-figure=${name}]`);
    return Object.fromEntries(names.map((one) => [one, host.model.get(one)]));
}"""
OTHER = """(name, trait, before) => JSON.stringify(before) !==
    JSON.stringify(document.querySelector(`[data-figure=${name}]`).model.get(trait))"""
RESULTS = "(name) => document.querySelector(`[data-figure=${name}]`).results()"
SET = """(name, traits) => {
    const { model } = document.querySelector(`[data-figure=${name}]`);
    for (const [one, value] of Object.entries(traits)) model.set(one, value);
    model.save_changes();
}"""
# Something is drawn, of some size and in another colour than the ground; and the words below it are there.
DRAWN = """(name) => {
    const inside = document.querySelector(`[data-figure=${name}]`).shadowRoot;
    const shapes = [...inside.querySelectorAll("svg :is(path, rect, line, circle, text), canvas")].filter((one) => {
        const { width, height } = one.getBoundingClientRect();
        return Math.max(width, height) > 5;
    });
    return shapes.length > 5;
}"""

SLIDER = "input[type=range]"
# What a reader does by keys (what has the focus, the keys) and by pointer (what is pressed; shares of its width and
# height, along which it is dragged), and which setting each of them changes.
ACTS = {
    "BatchFirst": ("images-as-sequences", (SLIDER, ["ArrowLeft"] * 3, "step"),
                   ("button =batch_first forgotten", [], "batch_first")),
    "DigitReader": ("intro", (".surface", ["ArrowRight", " ", "ArrowDown", "ArrowDown"], "strokes"),
                    (".surface", [(0.25, 0.25), (0.5, 0.23), (0.71, 0.21), (0.6, 0.5), (0.43, 0.86)], "strokes")),
    "GateExplorer": ("lstm", ("rect.strip", ["ArrowUp"], "inputs"), ("button =count", [], "inputs")),
    "GradientExplorer": ("backprop-through-time", (SLIDER, ["ArrowRight"] * 3, "weight"),
                         ("label =ReLU", [], "nonlinearity")),
    "RNNPlayground": ("playground", ("input[type=checkbox]", [" "], "cells"), ("button =Race at 0.01", [], "lr")),
    "ScalarRNN": ("scalar-rnn", (SLIDER, ["ArrowRight"] * 3, "w_h"), (".bar", [(0.5, 0.5), (0.5, 0.2)], "inputs")),
    "ShapeExplorer": ("shapes", ("input[type=checkbox]", [" "], "bidirectional"),
                      ("button =out[-1]", [], "expression")),
}
# Python paints for itself, so that a pixel may be a grey level apart.
CLOSE = {"image": 1, "probabilities": 0.01, "strangeness": 0.01}
SMALL = {"cells": ["gru", "lstm"], "task": "recall", "lag": 2, "hidden_size": 8, "lr": 0.03, "seed": 1}
PAGES = ["intro", "playground", "review", "appendix/glossary", "scalar-rnn", "shapes", "backprop-through-time", "lstm",
         "images-as-sequences", "hand-built-digits"]


def page_of(subject):
    return f"book/{subject if subject in PAGES[:4] else chapter(subject).name}"


def numbers(value):
    """All that a result holds, in a row."""
    if isinstance(value, dict):
        return [one for key in sorted(value) for one in [key, *numbers(value[key])]]
    return [one for part in value for one in numbers(part)] if isinstance(value, list | tuple) else [value]


def same(name, found, expected):
    found, expected = numbers(found), numbers(expected)
    near = CLOSE.get(name, 1e-9)
    return len(found) == len(expected) and not [
        one for one, other in zip(found, expected, strict=True) if one != other and not (
            isinstance(other, float | int) and math.isclose(one, other, rel_tol=1e-9, abs_tol=near))]


def settings(engine, name):
    return engine.js(SETTINGS, name, sorted(
        trait for trait in set(getattr(widgets, name).class_trait_names(sync=True)) - OWN if not trait.startswith("_")
        and trait not in ("weights", "images", "second_head")))


def agrees(engine, name):
    """What the page computes is what Python computes from the same settings."""
    found, figure = engine.js(RESULTS, name), getattr(widgets, name)()
    figure.set_state(settings(engine, name))
    computed = {each: getattr(figure, each) for each in some(figure.results())}
    wrong = {each: (str(found[each])[-300:], str(value)[-300:]) for each, value in computed.items()
             if not same(each, found[each], value)}
    assert wrong == {}


@pytest.mark.parametrize("name", ACTS)
def test_a_figure_answers_to_keys_and_pointer_with_pythons_numbers(engine, open_page, name):
    subject, (focused, keys, by_keys), (pressed, shares, by_pointer) = ACTS[name]
    open_page(page_of(subject))
    assert engine.js(DRAWN, name)
    agrees(engine, name)
    here = f"[data-figure={name}] >>> "
    for act, changed in ((lambda: engine.press(*keys), by_keys),
                         (lambda: engine.click(here + pressed, *shares), by_pointer)):
        before = settings(engine, name)
        engine.focus(here + focused)
        act()
        engine.until(OTHER, name, changed, before[changed])
        agrees(engine, name)


def test_what_goes_wrong_on_a_page_is_noted(engine, noting_address):
    engine.open(f"{noting_address}book/appendix/glossary.html")
    assert engine.js(PROBLEMS) == []
    engine.js("""() => {
        console.error("complaint");
        setTimeout(() => { throw new Error("thrown"); });
        Promise.reject("rejected");
        document.body.append(Object.assign(new Image(), { src: "missing.png" }));
    }""")
    wanted = ["complaint", "thrown", "rejected", "missing.png"]
    engine.until(f"(wanted) => wanted.every((one) => ({PROBLEMS})().join().includes(one))", wanted)


def test_every_figure_has_its_act():
    assert set(ACTS) == set(MAKERS) - {"Quiz", "Due"}, "these two have a test of their own"


def test_a_seven_that_is_drawn_is_read(engine, open_page):
    open_page("book/intro")
    here = "[data-figure=DigitReader] >>> "
    engine.click(here + "button =Clear")
    engine.click(here + ACTS["DigitReader"][2][0], *ACTS["DigitReader"][2][1])
    assert engine.until(RESULTS, "DigitReader")["prediction"] == 7
    assert len(settings(engine, "DigitReader")["strokes"]) == 1


def test_the_playground_trains_in_its_worker_until_the_task_is_solved(engine, open_page):
    open_page("book/playground")
    engine.js(SET, "RNNPlayground", SMALL)
    engine.click("[data-figure=RNNPlayground] >>> button =Train")
    said = engine.until("""() => {
        const inside = document.querySelector("[data-figure=RNNPlayground]").shadowRoot;
        const { running, batches } = inside.querySelector(".figure").dataset;
        return running === "false" && Number(batches) > 0 && inside.querySelector(".report").textContent;
    }""")
    assert said.count("has solved it after") == 2, said


def test_a_quiz_is_answered_and_the_answer_is_kept(engine, open_page):
    right = next(k for k, option in enumerate(read_quiz("order-matters")[0]["options"]) if option["right"])
    here = "[data-figure=Quiz] >>> "
    open_page(page_of("order-matters"))
    standing = "() => find('[data-figure=Quiz] >>> .standing').textContent"
    engine.focus(f"{here}input")
    engine.click(f"{here}fieldset.question label:nth-of-type({right + 1})")
    engine.click(f"{here}fieldset.question button =Check")
    engine.until(f"() => ({standing})().startsWith('1 of ')")
    assert engine.js("() => find('[data-figure=Quiz] >>> .verdict').textContent").startswith("✓ Right.")
    open_page(page_of("order-matters"))
    assert engine.js(standing).startswith("1 of ")
    open_page("book/review")
    assert "1 of" in engine.js("() => document.querySelector('nav.bd-links').textContent")


def test_a_question_that_comes_back_is_answered_by_keys(engine, open_page):
    open_page(page_of("scalar-rnn"))
    engine.focus("[data-figure=Due] >>> fieldset.question input")
    engine.press("ArrowDown", "Enter")
    assert engine.until("() => find('[data-figure=Due] >>> .verdict p')?.textContent")[0] in "✓✗"


def test_an_exercise_is_answered_on_the_page(engine, open_page):
    open_page("book/exercises/02-scalar-rnn")
    for text, said in ((RIGHT.replace(" + b", ""), "the bias is missing"), (RIGHT, "✓ The whole network")):
        engine.js("""(text) => {
            const area = document.querySelector("section.answer textarea");
            area.value = text;
            area.dispatchEvent(new Event("input", { bubbles: true }));
        }""", text)
        engine.click("section.answer .answer-check")
        engine.until("(said) => find('section.answer .answer-said').textContent.includes(said)", said)


def test_the_search_finds_what_is_typed(engine, open_page):
    open_page("search")
    engine.focus(".bd-search-container input")
    engine.press(*"teacher forcing", "Enter")
    first = engine.until("() => document.querySelector('#search-results a')?.href")
    assert "glossary.html#" in first
    engine.until("() => Array.isArray(problems) && document.readyState === 'complete'")


def test_the_switch_of_light_and_dark_turns_the_page_and_its_figures(engine, open_page):
    open_page(page_of("scalar-rnn"))
    seen = set()
    for _ in range(3):
        theme = engine.js("() => document.documentElement.dataset.theme")
        mode = engine.js("() => document.documentElement.dataset.mode")
        engine.until("(theme) => find('[data-figure=ScalarRNN] >>> .figure').dataset.theme === theme", theme)
        seen.add((theme, engine.js("() => getComputedStyle(document.body).backgroundColor")))
        engine.click(".theme-switch-button")
        engine.until("(mode) => document.documentElement.dataset.mode !== mode", mode)
    assert {theme for theme, _ in seen} == {"light", "dark"} and len({ground for _, ground in seen}) == 2


def test_formulas_are_drawn(engine, open_page):
    """As formulas: each has a size, the parts of a fraction lie one above the other, and an index lies lower."""
    open_page(page_of("backprop-through-time"))
    engine.point([(300, 300)])
    found = engine.until("""() => {
        const box = (element) => element.getBoundingClientRect();
        const drawn = [...document.querySelectorAll("article math, article mjx-container")]
            .filter((one) => !one.closest("mjx-assistive-mml") && one.getClientRects().length);
        const parts = (name) => drawn.flatMap((one) => [...one.querySelectorAll(name)])
            .filter((one) => !one.closest("mjx-container")).map((one) => [...one.children].map(box));
        return drawn.length > 20 && {
            empty: drawn.filter((one) => box(one).width < 3 || box(one).height < 3).map((one) => one.textContent),
            raw: /\\\\[([]|\\\\frac/.test([...document.querySelectorAll("article p")].map((p) => p.innerText).join()),
            flat: parts("mfrac").filter(([over, under]) => over.bottom > under.top + 3).length,
            straight: parts("msub").filter(([base, index]) => index.bottom <= base.bottom - 1).length,
        };
    }""")
    assert found == {"empty": [], "raw": False, "flat": 0, "straight": 0}


@pytest.mark.parametrize("name", PAGES)
def test_on_a_phone_nothing_is_wider_than_the_screen(engine, open_page, name):
    open_page(page_of(name), 390)
    assert engine.js("() => innerWidth") == 390
    wide = engine.js("""() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
        [...document.querySelectorAll("body *")].filter((one) => one.getBoundingClientRect().right > innerWidth + 1)
            .map((one) => one.tagName + "." + one.className).slice(0, 9)""")
    inside = engine.js("""() => [...document.querySelectorAll("[data-figure]")].filter((host) => {
        const frame = host.shadowRoot.querySelector(".figure");
        return frame.scrollWidth > frame.clientWidth + 1;
    }).map((host) => host.dataset.figure)""")
    assert (wide, inside) == ([], [])


def test_a_page_opened_from_disk_has_its_figures_and_formulas(engine, site):
    engine.open((site / f"{page_of('scalar-rnn')}.html").as_uri())
    engine.until("() => find('[data-figure=ScalarRNN] >>> svg path') && !find('.interactive:not(.is-live)')")
    agrees(engine, "ScalarRNN")
