"""What is done shows in the menu, on the reader's device alone, and one button forgets it."""

import json
import re

from browsing import SCHEMES, axe_violations

from seqlab.widgets.base import HERE
from seqlab.widgets.quiz import read_quiz
from tools.course import ROOT, chapter

CHAPTER, PRACTICE = "book/01-order-matters", "book/exercises/02-scalar-rnn"
QUESTIONS = read_quiz("order-matters")


def ids(notebook):
    """The exercises of a notebook, and of a chapter the step that its reader writes."""
    return [cell.metadata["seqlab"]["id"] for cell in notebook.cells if cell.tags & {"exercise", "your-turn"}]


STEPS = ids(chapter("order-matters"))


def menu(page, name):
    """What the menu says of a page, as a screen reader has it: its name and what is done there."""
    return page.evaluate("""end => [...document.querySelectorAll("nav.bd-links a")].filter(link =>
        link.pathname.endsWith(end)).flatMap(link => [...link.querySelectorAll(".done")].map(mark =>
        [mark.children[0].textContent, mark.children[1].textContent]))""", f"/{name}.html")


def answer(page, number):
    question = page.locator("[data-figure=Quiz] fieldset.question").nth(number)
    for k, option in enumerate(QUESTIONS[number]["options"]):
        if option["right"]:
            question.locator("input").nth(k).check()
    question.get_by_role("button", name="Check").click()


def test_the_menu_tells_what_is_done_at_once_and_in_other_tabs(open_page):
    page, other = open_page(CHAPTER), open_page("book/review")
    answer(page, 0)
    here = page.locator("nav.bd-links a.current .done")
    here.wait_for()
    count = len(QUESTIONS) + len(STEPS)
    partly = f"1/{count}", f", 1 of {count} right"
    assert tuple(here.locator("span").all_text_contents()) == partly
    other.locator("nav.bd-links .done").wait_for()
    assert menu(other, CHAPTER) == [list(partly)]
    assert menu(other, PRACTICE) == []
    kept = other.evaluate("JSON.parse(localStorage['seqlab:quiz:order-matters'])")
    answers = {f"order-matters:{k}": next(iter(kept.values())) for k in range(len(QUESTIONS))}
    other.evaluate("answers => seqlabKept.set('quiz:order-matters', answers)", answers)
    for exercise in STEPS + ids(chapter("scalar-rnn").practice):
        other.evaluate("id => seqlabKept.set(`answer:${id}`, { text: '', tried: true, right: true })", exercise)
    assert menu(other, CHAPTER) == menu(other, PRACTICE) == [["✓", ", done"]]


def test_the_review_page_has_all_that_is_due_and_forgets_all_when_told_to(open_page):
    page = open_page(CHAPTER)
    for number in (0, 1):
        answer(page, number)
    page.evaluate("""() => { const due = seqlabKept.table("due");
        for (const card of Object.values(due)) card.when -= 3 * 86400000;
        seqlabKept.set("due", { ...due, "gone:abc": { box: 0, when: 1 } }); }""")
    review = open_page("book/review")
    due = review.locator("[data-figure=Due]")
    due.locator("fieldset").first.wait_for()
    assert due.locator(".standing").inner_text() == "2 questions are due."
    review.set_viewport_size({"width": 320, "height": 700})
    for scheme in SCHEMES:
        review.emulate_media(color_scheme=scheme)
        assert axe_violations(review) == []
        assert review.evaluate("document.documentElement.scrollWidth") <= 320
    review.set_viewport_size({"width": 1280, "height": 900})
    button, said = review.locator(".forget button"), review.locator(".forget [role=status]")
    button.focus()
    review.keyboard.press("Enter")
    assert button.inner_text() == "Really forget it?" and review.evaluate("seqlabKept.get('due')"), "one press forgets"
    review.keyboard.press("Tab")
    assert button.inner_text() == "Forget all of it", "who goes on has not agreed"
    for _ in range(2):
        button.press("Enter")
    assert said.inner_text() == "Done: 2 entries are gone, and nothing is left."
    assert due.locator(".standing").inner_text().startswith("No answer is kept on this device yet")
    assert menu(review, CHAPTER) == []
    kept = review.evaluate("Object.keys(localStorage)")
    assert kept and not [key for key in kept if key.startswith("seqlab:")], "the theme's own choice stays"


def test_the_review_page_states_the_rule_that_the_figures_follow():
    rule = re.search(r"const DAYS = (\[.*?\]);", (HERE / "leitner.js").read_text("utf8"))[1]
    page = (ROOT / "book" / "review.md").read_text("utf8")
    stated = re.findall(r"^\| \d \| (\d+) days? \|$", page, flags=re.MULTILINE)
    assert [int(days) for days in stated] == json.loads(rule)
