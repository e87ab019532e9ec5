"""Questions that come back: in every place, and on the site over days, of which the page's clock tells."""

import itertools
from datetime import datetime, timedelta

import pytest
from browsing import axe_violations
from places import PATIENCE, bench_page, page_with, watch

from seqlab.widgets import Due
from seqlab.widgets.quiz import read_quiz

FIGURE, PAGE = 'Due("order-matters")', "book/02-scalar-rnn"
QUIZ = read_quiz("order-matters")
FIRST, SECOND, THIRD = 0, 1, 3          # of its questions, three with options
FRESH = "No answer is kept on this device yet, so here are two questions to begin with."
START = datetime(2026, 3, 10, 20, 15)
BLOCKED = "the storage is blocked"       # what the theme's own scripts say of it on the console
NO_STORAGE = f"Object.defineProperty(window, 'localStorage', {{ get() {{ throw new Error('{BLOCKED}'); }} }});"


def line(box):
    return box.locator(".standing").inner_text()


def asked(box):
    """The texts of the questions that are asked, without their marks."""
    return box.locator("legend .text").all_inner_texts()


def answer(box, k, number, right=True):
    """Answer the question at place `k`, which is that number of the quiz, and has options; returns the verdict."""
    question, options = box.locator("fieldset.question").nth(k), QUIZ[number]["options"]
    chosen = [place for place, option in enumerate(options) if option["right"] == right]
    for option in chosen if right else chosen[:1]:
        question.locator("input").nth(option).check()
    question.get_by_role("button", name="Check").click()
    question.locator(".verdict p").first.wait_for()
    return question.locator(".verdict").inner_text()


# --- in every place --------------------------------------------------------------------------------------------------


def test_with_the_keyboard_alone(figure):
    figure.page.evaluate("seqlabKept.wipe()")
    assert line(figure.box) == FRESH and len(asked(figure.box)) == 2
    first = figure.box.locator("fieldset.question").first
    first.locator("input").first.focus()
    figure.page.keyboard.press("ArrowDown")
    figure.page.keyboard.press("Enter")
    assert first.get_by_role("status").last.inner_text()[0] in "✓✗"
    assert "at the first try: it comes back tomorrow." in line(figure.box)
    figure.page.keyboard.press("Tab")
    assert figure.page.evaluate("document.activeElement.shadowRoot.activeElement.textContent") == "Check"
    if figure.ask:
        assert figure.python("figure.total") == figure.get("total") == len(read_quiz("order-matters"))


def test_axe_finds_nothing_and_it_fits(browser, tmp_path):
    with page_with(browser, bench_page(FIGURE, tmp_path).as_uri(), "Due") as figure:
        assert answer(figure.box, 0, FIRST).startswith("✓") and answer(figure.box, 1, SECOND, False).startswith("✗")
        assert line(figure.box) == "Not at the first try: it comes back tomorrow. That is all for now."
        for width, scheme in itertools.product((320, 1280), ("light", "dark")):
            figure.page.set_viewport_size({"width": width, "height": 900})
            figure.page.emulate_media(color_scheme=scheme)
            figure.settle()
            assert axe_violations(figure.page, impacts=None, context="[data-figure]") == [], (width, scheme)
            assert figure.page.evaluate("document.documentElement.scrollWidth") <= width, scheme


# --- over days -------------------------------------------------------------------------------------------------------


@pytest.fixture
def visit(browser, site):
    """Opens a page of the site so many days after the first visit; returns its figure of that name."""
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    problems = watch(page)

    def open_it(name, days, figure="Due"):
        page.clock.set_fixed_time(START + timedelta(days=days))
        page.goto((site / f"{name}.html").as_uri())
        box = page.locator(f"[data-figure={figure}]").first
        box.locator("fieldset, .standing").first.wait_for()
        return box

    yield open_it
    context.close()
    assert [problem for problem in problems if BLOCKED not in problem] == []


def test_what_was_asked_in_a_chapter_comes_back_in_the_next_by_leitner_s_boxes(visit):
    quiz = visit("book/01-order-matters", 0, "Quiz")
    for number, right in ((FIRST, True), (SECOND, False), (THIRD, True)):
        answer(quiz, number, number, right)
    assert line(visit("book/02-scalar-rnn", 0)) == "Nothing is due today. The next question comes back tomorrow."

    due = visit("book/02-scalar-rnn", 7)
    texts = asked(due)
    assert line(due) == "3 questions are due." and len(texts) == 3
    assert answer(due, 0, FIRST).startswith("✓ Right.")
    assert line(due) == "Right at the first try: it comes back in 3 days."
    assert answer(due, 1, SECOND, False).startswith("✗ Not yet.")
    assert answer(due, 1, SECOND).startswith("✓ Right.")
    assert line(due) == "Not at the first try: it comes back tomorrow.", "only the first try counts"

    assert asked(visit("book/02-scalar-rnn", 7)) == texts[2:], "what was answered is asked again on the same day"
    assert asked(visit("book/03-shapes", 8)) == [texts[2], texts[1]], "wrong: tomorrow; the longest overdue first"
    assert asked(visit("book/03-shapes", 10)) == [texts[2], texts[1], texts[0]]


def test_when_more_is_due_it_says_so_and_leads_on(visit):
    quiz = visit("book/01-order-matters", 0, "Quiz")
    for number in (FIRST, SECOND, THIRD):
        answer(quiz, number, number)
    due = visit("book/02-scalar-rnn", 7)
    due.evaluate("""host => {
        host.model.set("most", 2);
        return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));     // drawn by then
    }""")
    assert line(due) == "3 questions are due. Here are the 2 that waited longest."
    more, way = due.get_by_role("button", name="Ask me more"), due.get_by_role("link")
    answer(due, 0, FIRST)
    assert not more.is_visible(), "the second one is still to be answered"
    answer(due, 1, SECOND)
    assert line(due) == "Right at the first try: it comes back in 3 days. One more is due."
    more.press("Enter")
    assert due.evaluate("host => host.shadowRoot.activeElement.matches('fieldset input')")
    due.page.evaluate("when => seqlabKept.set('due', {...seqlabKept.table('due'), 'lstm:some': {box: 0, when}})",
                      START.timestamp() * 1000)
    answer(due, 0, THIRD)
    assert line(due).endswith(" That is all from these chapters. More is due from others.") and not more.is_visible()
    with due.page.expect_navigation():
        way.press("Enter")
    assert due.page.locator("h1").inner_text().startswith("Review")
    review = due.page.locator("[data-figure=Due]")
    review.locator(".standing").wait_for()
    assert review.get_by_role("link").count() == 0, "a link to the page that it stands on"


def test_a_quiz_shows_what_was_answered_before_and_starts_again(visit):
    quiz = visit("book/01-order-matters", 0, "Quiz")
    answer(quiz, FIRST, FIRST)
    answer(quiz, SECOND, SECOND, False)
    quiz = visit("book/01-order-matters", 1, "Quiz")
    assert line(quiz) == f"1 of {len(QUIZ)} right, 1 at the first try."
    assert quiz.locator(".verdict").nth(SECOND).inner_text().startswith("✗ Not yet.")
    quiz.get_by_role("button", name="Start again").click()
    assert line(visit("book/01-order-matters", 1, "Quiz")).startswith(f"{len(QUIZ)} questions.")


def test_with_nothing_due_it_asks_if_it_is_told_to_and_that_moves_nothing_on(visit):
    answer(visit("book/01-order-matters", 0, "Quiz"), FIRST, FIRST)
    due = visit("book/02-scalar-rnn", 0)
    assert asked(due) == []
    due.get_by_role("button", name="Ask me anyway").press("Enter")
    assert due.evaluate("host => host.shadowRoot.activeElement.matches('fieldset input')")
    assert answer(due, 0, FIRST).startswith("✓") and "comes back tomorrow" in line(due)


def test_with_storage_blocked_it_lasts_as_long_as_the_page(visit):
    due = visit("book/02-scalar-rnn", 0)
    due.page.context.add_init_script(NO_STORAGE)
    due = visit("book/02-scalar-rnn", 0)
    assert line(due) == FRESH and answer(due, 0, FIRST).startswith("✓")
    assert line(due) == "Right at the first try: it comes back tomorrow."
    assert due.page.evaluate("Object.keys(seqlabKept.table('due')).length") == 1
    assert line(visit("book/02-scalar-rnn", 7)) == FRESH


# --- in Python -------------------------------------------------------------------------------------------------------


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="needs the quizzes of earlier chapters"):
        Due()
    with pytest.raises(ValueError, match="There is no quiz 'nothing'"):
        Due("nothing")
    with pytest.raises(Exception, match="most must be 0 \\(all\\) or more, but it was set to -1"):
        Due("gru", most=-1)


def test_what_stands_in_are_the_first_questions_of_two_chapters():
    words = Due("gru", "shapes", "lstm").as_markdown()
    assert [name for name in ("gru", "shapes", "lstm") if read_quiz(name)[0]["text"] in words] == ["gru", "shapes"]
    assert read_quiz("gru")[1]["text"] in Due("gru").as_markdown()
