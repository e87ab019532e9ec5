"""Quizzes answered by mouse, touch and keyboard, on the site and in JupyterLab."""

import itertools

import pytest
from browsing import axe_violations
from places import bench_page, page_with

from seqlab.widgets.quiz import read_quiz

FIGURE, PAGE = 'Quiz("scalar-rnn")', "book/02-scalar-rnn"
NUMBER, SINGLE, ORDER = 0, 1, 2  # the kinds of its first three questions


def question(figure, k):
    return figure.box.locator("fieldset.question").nth(k)


def verdict(figure, k):
    figure.settle()
    return question(figure, k).get_by_role("status").last.inner_text()


def check(figure, k):
    question(figure, k).get_by_role("button", name="Check").click()
    return verdict(figure, k)


def lines(figure):
    return question(figure, ORDER).locator("li .text").all_inner_texts()


def answer(figure, k):
    return figure.get("answers")[k]


def in_order(figure):
    """Put the lines of the third question into order with their buttons."""
    for place in range(4):
        at = figure.get("answers")[ORDER]["choice"].index(place) if figure.get("answers") else None
        at = start(figure).index(place) if at is None else at
        for k in range(at, place, -1):
            question(figure, ORDER).locator("li").nth(k).get_by_role("button", name="Move up").click()
            figure.settle()


def start(figure):
    """The order in which the lines stand before anybody has moved one."""
    return read_quiz("scalar-rnn")[ORDER]["shown"]


def test_a_wrong_answer_brings_a_thought_and_the_right_one_the_reason(figure):
    options = question(figure, SINGLE).get_by_role("radio")
    options.nth(2).check()
    assert verdict(figure, SINGLE) == "", "nothing is said before Check"
    said = check(figure, SINGLE)
    assert said.startswith("✗ Not yet.") and "largest value" in said
    assert figure.box.locator(".standing").inner_text() == "0 of 5 right."
    options.nth(1).check()
    assert verdict(figure, SINGLE) == "", "another choice takes the old verdict away"
    said = check(figure, SINGLE)
    assert said.startswith("✓ Right.") and "the smaller the state" in said
    assert answer(figure, SINGLE) == {"choice": 1, "checked": True, "tries": 2, "right": True, "first": False}
    assert figure.box.locator(".standing").inner_text() == "1 of 5 right."
    rest = question(figure, SINGLE).locator("details")
    rest.locator("summary").click()
    assert "A: It would, if" in rest.inner_text() and "C: What is the largest" in rest.inner_text()
    if figure.ask:
        assert figure.python("[figure.total, figure.answered, figure.score, figure.first]") == [5, 1, 1, 0]


def test_with_the_keyboard_alone(figure):
    """Arrows move between the options and give nothing away; Enter, or the button, asks for the verdict."""
    question(figure, SINGLE).get_by_role("radio").first.focus()
    figure.page.keyboard.press("ArrowDown")
    assert verdict(figure, SINGLE) == "" and answer(figure, SINGLE)["tries"] == 0
    figure.page.keyboard.press("Enter")
    assert verdict(figure, SINGLE).startswith("✓ Right.")
    figure.page.keyboard.press("Tab")
    assert figure.page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "Check"
    assert figure.box.locator(".standing").inner_text() == "1 of 5 right, 1 at the first try."


def test_a_number_with_a_word_on_each_slip(figure):
    field = question(figure, NUMBER).get_by_role("textbox")
    assert check(figure, NUMBER) == "Type a number first."
    for typed, words in {"four": "not a number", "3": "one bias beside each weight", "17": "Which letters",
                         "3,000": "weights of its own for each step"}.items():
        field.fill(typed)
        assert words in check(figure, NUMBER)
    field.fill("4")
    field.press("Enter")
    assert verdict(figure, NUMBER).startswith("✓ Right.")
    assert answer(figure, NUMBER)["tries"] == 4, "what cannot be read is no try"


def test_lines_are_moved_with_buttons_and_the_focus_stays(figure):
    before = lines(figure)
    down = question(figure, ORDER).locator("li").first.get_by_role("button", name="Move down")
    down.focus()
    figure.page.keyboard.press("Enter")
    figure.settle()
    assert lines(figure) == [before[1], before[0], *before[2:]]
    row = question(figure, ORDER).locator("li").nth(1)
    assert row.evaluate("row => row.contains(row.getRootNode().activeElement)"), "the focus went with the line"
    figure.page.keyboard.press("Enter")
    figure.settle()
    assert lines(figure)[2] == before[0]
    assert "Now at 3 of 4." in question(figure, ORDER).locator(".spoken").inner_text()
    assert "Not yet" in check(figure, ORDER)
    in_order(figure)
    assert check(figure, ORDER).startswith("✓ Right.")
    if figure.ask:
        assert figure.python("figure.answers[2]['choice']") == [0, 1, 2, 3]


def test_lines_are_dragged_with_the_mouse(figure):
    before, rows = lines(figure), question(figure, ORDER).locator("li")
    rows.last.scroll_into_view_if_needed()
    grip, last = rows.first.locator(".handle").bounding_box(), rows.last.bounding_box()
    figure.page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    figure.page.mouse.down()
    for share in (0.3, 0.6, 1.0):
        figure.page.mouse.move(grip["x"] + 10, grip["y"] + 10 + share * (last["y"] + last["height"] - grip["y"]))
        figure.settle()
    figure.page.mouse.up()
    figure.page.mouse.move(5, 5)
    assert lines(figure) == [*before[1:], before[0]]


def test_with_a_finger(figure):
    question(figure, SINGLE).locator("label").nth(1).tap()
    question(figure, SINGLE).get_by_role("button", name="Check").tap()
    assert verdict(figure, SINGLE).startswith("✓ Right.")
    before = lines(figure)
    question(figure, ORDER).locator("li").nth(1).get_by_role("button", name="Move up").tap()
    figure.settle()
    assert lines(figure)[0] == before[1]


@pytest.mark.only_in("site", "bench")   # the touches are sent by hand
def test_lines_are_dragged_with_a_finger(figure):
    before, rows = lines(figure), question(figure, ORDER).locator("li")
    rows.first.scroll_into_view_if_needed()
    grip, second = rows.first.locator(".handle").bounding_box(), rows.nth(1).bounding_box()
    finger = figure.page.context.new_cdp_session(figure.page)
    x, y = grip["x"] + 12, grip["y"] + 12
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for share in (0.5, 1.0):
        goal = y + share * (second["y"] + second["height"] - y)
        finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": x, "y": goal}]})
        figure.settle()
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    figure.settle()
    assert lines(figure) == [before[1], before[0], *before[2:]]


@pytest.mark.only_in("site", "bench")   # the touches are sent by hand
def test_the_tap_after_a_quick_drag_counts(figure):
    rows = question(figure, ORDER).locator("li")
    rows.first.scroll_into_view_if_needed()
    grip, goal = rows.last.locator(".handle").bounding_box(), rows.first.bounding_box()["y"] - 2
    finger = figure.page.context.new_cdp_session(figure.page)
    touch = lambda kind, *points: finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    x, y = grip["x"] + 12, grip["y"] + 12
    touch("touchStart", {"x": x, "y": y})
    for share in range(1, 9):
        touch("touchMove", {"x": x, "y": y + share / 8 * (goal - y)})
    touch("touchEnd")
    question(figure, ORDER).get_by_role("button", name="Check").tap()
    assert verdict(figure, ORDER) != ""


def test_start_again(figure):
    question(figure, SINGLE).get_by_role("radio").nth(1).check()
    check(figure, SINGLE)
    figure.box.get_by_role("button", name="Start again").click()
    figure.settle()
    assert figure.get("answers") == []
    assert figure.box.locator(".standing").inner_text() == "5 questions. Try as often as you like."
    assert question(figure, SINGLE).locator(":checked").count() == 0 and verdict(figure, SINGLE) == ""
    field = question(figure, NUMBER).get_by_role("textbox")
    assert field.evaluate("field => field.getRootNode().activeElement === field"), "back to the first question"


@pytest.mark.only_in("lab")
def test_python_can_start_it_again(figure, lab):
    question(figure, SINGLE).get_by_role("radio").nth(1).check()
    check(figure, SINGLE)
    assert figure.python("figure.score") == 1
    lab.run("figure.answers = []")
    figure.box.locator(".standing", has_text="5 questions.").wait_for()
    assert figure.python("figure.score") == 0


def test_formulas_are_drawn(figure):
    formula = question(figure, SINGLE).locator("math").first
    assert formula.locator("msub").first.evaluate("node => node.namespaceURI") == "http://www.w3.org/1998/Math/MathML"
    base, script = (formula.locator("msub").first.locator(f":nth-child({k})").first.bounding_box() for k in (1, 2))
    assert script["y"] + script["height"] > base["y"] + base["height"], "the index stands lower"
    assert figure.box.evaluate("host => host.shadowRoot.textContent.includes('\\\\tanh')") is False


def test_the_lines_inside_a_loop_stand_further_in(browser, tmp_path):
    with page_with(browser, bench_page('Quiz("lstm")', tmp_path).as_uri(), "Quiz") as figure:
        starts = figure.box.locator("li code").evaluate_all("""lines => lines.map(({ firstChild }) => {
            const range = document.createRange(), at = firstChild.data.search(/\\S/);
            range.setStart(firstChild, at);
            range.setEnd(firstChild, at + 1);
            return [at, range.getBoundingClientRect().left];
        })""")
        margin, = {round(left) for spaces, left in starts if not spaces}
        inside = [left - margin for spaces, left in starts if spaces]
        assert len(starts) == 5 and len(inside) == 2 and min(inside) > 20
        assert figure.problems == []


def test_the_evidence_of_the_myths_can_be_followed(browser, site):
    """On the website a link to a notebook leads to its page, and one with an anchor to its heading."""
    page = site / "book/appendix/myths.html"
    with page_with(browser, page.as_uri(), "Quiz") as figure:
        for k, asked in enumerate(read_quiz("myths")):
            for number, option in enumerate(asked.get("options", [])):
                if option["right"]:
                    question(figure, k).locator("input").nth(number).check()
            if "options" in asked:
                assert check(figure, k).startswith("✓ Right.")
        targets = figure.box.locator("a").evaluate_all("links => links.map(link => link.getAttribute('href'))")
        assert len(targets) >= 8
        for target in targets:
            file, _, anchor = target.partition("#")
            there = page.parent / file
            assert there.suffix == ".html" and there.is_file(), target
            assert not anchor or f'id="{anchor}"' in there.read_text("utf8"), target
        assert figure.problems == []


@pytest.mark.parametrize("name", ["scalar-rnn", "variable-lengths"])
def test_axe_finds_nothing_and_it_fits(name, browser, tmp_path):
    """With every question answered, right or wrong, so that every colour is there."""
    url = bench_page(f'Quiz("{name}")', tmp_path).as_uri()
    found = {}
    with page_with(browser, url, "Quiz") as figure:
        for k in range(figure.box.locator("fieldset.question").count()):
            for box in question(figure, k).locator("[type=radio], [type=checkbox]").all()[: 1 + k % 2]:
                box.check()
            for field in question(figure, k).get_by_role("textbox").all():
                field.fill("3")
            check(figure, k)
        for width, scheme in itertools.product((320, 1280), ("light", "dark")):
            figure.page.set_viewport_size({"width": width, "height": 900})
            figure.page.emulate_media(color_scheme=scheme)
            figure.settle()
            wide, small = figure.box.evaluate("""host => {
                const size = (one) => one.getBoundingClientRect();
                const all = (what) => [...host.shadowRoot.querySelectorAll(what)].filter((one) => size(one).width);
                return [all("fieldset *").filter((one) => size(one).right > size(host).right + 1),
                        all("button, label, summary, input[type=text]").filter((one) => size(one).height < 31),
                ].map((found) => found.map((one) => one.outerHTML));
            }""")
            theme = figure.box.evaluate("host => host.shadowRoot.querySelector('.figure').dataset.theme")
            found |= {(width, scheme, what): problems for what, problems in {
                "axe": axe_violations(figure.page), "wider than the figure": wide, "too small for a finger": small,
                "wider than the page": figure.page.evaluate("document.documentElement.scrollWidth") > width,
                "in other colours": theme != scheme}.items() if problems}
        assert figure.problems == []
    assert found == {}
