"""The editors of the practice pages, tried as a reader would: written, run, checked, stopped, kept and thrown away."""

import gzip
import importlib.util
import re

import nbformat
import pytest
from browsing import axe_violations

from instructor.student import STUDENTS, alone
from tools import course
from tools.set_address import address, is_set, spellings

PAGE = "book/exercises/02-scalar-rnn"
SPIN = "while True:\n    pass"
RIGHT = """def states(x, W_x, W_h, b, h_0=0.0):
    h, kept = h_0, []
    for x_t in x:
        h = math.tanh(W_x * x_t + W_h * h + b)
        kept.append(h)
    return kept"""
BLOCKED = "the storage is blocked"       # what the theme's own scripts say of it on the console
NO_STORAGE = f"Object.defineProperty(window, 'localStorage', {{ get() {{ throw new Error('{BLOCKED}'); }} }});"


def editor(page, number=1):
    return page.locator("section.answer").nth(number - 1)


def press(page, button, number=1, until=".is-right, .is-wrong"):
    """Press a button of an editor and wait until it says how that ended; returns what it says."""
    here = editor(page, number)
    here.locator(f".answer-{button}").click()
    page.wait_for_function("([section, until]) => section.getAttribute('aria-busy') === 'false' && "
                           "(!until || section.querySelector(until))", arg=[here.element_handle(), until])
    return here.locator(".answer-said").inner_text()


@pytest.mark.parametrize("mode", ["desktop-light", "phone-dark"])
def test_a_wrong_answer_is_explained_and_a_right_one_stays(open_page, mode):
    page = open_page(PAGE, mode)
    solution = page.locator("details.reveal-solution").first
    assert not solution.is_visible(), "the solution is in sight before a try"
    assert press(page, "check").startswith("Not yet: states returns nothing yet.")
    assert not solution.is_visible(), "to press Check on what was given is no try"
    editor(page).locator("textarea").fill(RIGHT.replace(" + b", ""))
    assert press(page, "check") == "Not yet: what states returns is not right: the bias is missing."
    assert solution.is_visible()
    editor(page).locator("textarea").fill(RIGHT)
    assert press(page, "check") == "✓ The whole network, in a few lines."
    # the answer above may be used below
    editor(page, 2).locator("textarea").fill(
        "at_09 = states([1.0, 0.5, -1.0, 2.0], 0.8, 0.9, 0.1)\nmoved_most = 3\nprint(at_09[0])")
    assert press(page, "check", 2).startswith("✓ From 0.7163")
    assert editor(page, 2).locator(".answer-printed").inner_text().startswith("0.71629")
    assert axe_violations(page, context="section.answer", impacts=None) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload(wait_until="load")
    assert editor(page).locator("textarea").input_value() == RIGHT
    assert "answered" in editor(page).locator(".answer-said").inner_text()
    editor(page).locator(".answer-reset").click()
    assert editor(page).locator("textarea").input_value() == RIGHT, "one press throws the answer away"
    editor(page).locator(".answer-reset").click()
    assert editor(page).locator("textarea").input_value().endswith("    ...") and not solution.is_visible()


@pytest.mark.parametrize("mode", ["desktop-light", "phone-dark"])
def test_in_a_chapter_the_step_is_written_on_the_page(open_page, mode):
    name = course.chapter("backprop-through-time").name
    page = open_page(f"book/{name}", mode)
    stub = page.locator(".tag_your-turn")
    assert not stub.is_visible(), "the cell for the notebook stands there as well"
    assert editor(page).get_attribute("aria-label") == "Your turn"
    solution = page.locator("section.answer ~ .cell details").first
    assert solution.locator("summary").inner_text() == "Show the solution", "whoever reads on needs no answer"
    body = "    slope = delta * (1 - h_t ** 2)\n    return slope * {}, slope * W_h\n"
    area = editor(page).locator("textarea")
    assert press(page, "check").startswith("Not yet: step_back returns nothing yet.")
    area.fill(area.input_value().replace("    ...", body.format("h_t")))
    assert "W_h multiplies which state?" in press(page, "check")
    area.fill(area.input_value().replace("slope * h_t", "slope * h_before"))
    assert press(page, "check") == "✓ One step of the walk back, and the whole walk is a loop of it."
    assert press(page, "run", until=":not(.is-right)") == "It ran, and printed nothing.", "and what was right stays so"
    assert page.locator("nav.bd-links a.current .done").text_content().startswith("1/")
    assert axe_violations(page, context=["section.answer"]) == []
    page.reload()
    assert editor(page).locator(".answer-said").inner_text() == "✓ You answered this one."
    assert "h_before" in area.input_value()


def test_without_scripts_the_step_of_a_chapter_is_the_cell_itself(open_page):
    page = open_page(f"book/{course.chapter('backprop-through-time').name}", java_script_enabled=False)
    assert page.locator(".tag_your-turn pre").is_visible() and not editor(page).is_visible()


def test_from_disk_and_with_storage_blocked(open_page, reader, site):
    apart = {"locale": "en-GB"}         # a context of its own
    reader.context("desktop-light", **apart).add_init_script(NO_STORAGE)
    page = open_page(PAGE, address=(site / f"{PAGE}.html").as_uri(), forgiven=BLOCKED, **apart)
    editor(page).locator("textarea").fill(RIGHT)
    assert press(page, "check").startswith("✓")


def test_an_error_names_its_line_and_the_notebook_s_libraries_are_not_promised(open_page):
    page = open_page(PAGE)
    editor(page).locator("textarea").fill("x = 1\ny = x / 0\n")
    assert press(page, "run") == "In line 2, y = x / 0: ZeroDivisionError: divide by zero."
    editor(page).locator("textarea").fill("import numpy")
    assert "no NumPy and no PyTorch" in press(page, "run")
    editor(page).locator("textarea").fill("print('here')")
    press(page, "run", until="")
    assert editor(page).locator(".answer-printed").inner_text() == "here\n"
    editor(page).locator("textarea").fill("other = 3")
    assert "should define states" in press(page, "check")


def test_an_endless_loop_harms_nothing(open_page):
    page = open_page(PAGE)
    page.evaluate("self.seqlabLimit = 100")
    editor(page).locator("textarea").fill(SPIN)
    assert "a loop that never ends" in press(page, "run")
    page.evaluate("self.seqlabLimit = 1e8")
    editor(page).locator(".answer-run").click()
    editor(page).locator(".answer-stop").click()
    page.wait_for_function("document.querySelector('.answer-said').textContent === 'Stopped.'")
    editor(page).locator("textarea").fill(RIGHT)
    assert press(page, "check").startswith("✓"), "Python does not start again"


def test_an_answer_that_fills_the_memory_harms_nothing(open_page):
    page = open_page(PAGE)
    editor(page).locator("textarea").fill("kept = []\nwhile True:\n    kept.append([0.0] * 1000)")
    assert press(page, "run") == ("Stopped: it filled all the memory that an answer may have. "
                                  "Is there a list that grows for ever?")
    editor(page).locator("textarea").fill(RIGHT)
    assert press(page, "check").startswith("✓"), "Python does not start again"


@pytest.mark.parametrize("button", ["check", "run", "stop"])
def test_the_focus_stays_where_a_button_was_pressed(button, open_page):
    page = open_page(PAGE)
    here, focused = editor(page), "document.activeElement.className"
    here.locator("textarea").fill(SPIN if button == "stop" else RIGHT)
    pressed = here.locator(f".answer-{'run' if button == 'stop' else button}")
    pressed.focus()
    page.keyboard.press("Enter")
    if button == "stop":
        here.locator(".answer-stop").focus()
        page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('.answer').getAttribute('aria-busy') === 'false'")
    assert page.evaluate(focused) == ("answer-run" if button == "stop" else f"answer-{button}")
    page.keyboard.press("Shift+Tab")
    assert page.evaluate("document.activeElement.closest('.answer') !== null")


@pytest.mark.parametrize("master", course.masters(), ids=lambda one: one.subject)
def test_the_check_s_own_cell_stands_there_for_the_notebook_alone(master, open_page):
    """Where an editor checks, the cell below it would say the same again; where none does, it says what will check."""
    page = open_page(f"book/exercises/{master.name}")
    here = {section.get_attribute("data-exercise") for section in page.locator("section.answer").all()}
    cells = [cell for cell in master.code if "check" in cell.tags]
    shown = [one.is_visible() for one in page.locator(".tag_check").all()]
    assert shown == [cell.metadata["seqlab"]["id"] not in here for cell in cells]


def test_without_scripts_the_check_s_cell_is_there(open_page):
    page = open_page(PAGE, java_script_enabled=False)
    assert page.locator(".tag_check").first.is_visible()


def test_an_answer_above_is_named_where_it_is_to_blame_and_harms_no_other(open_page):
    page = open_page(PAGE)
    page.evaluate("self.seqlabLimit = 3000")
    uses = "at_09 = states([1.0, 0.5, -1.0, 2.0], 0.8, 0.9, 0.1)\nmoved_most = 3"
    begin = "This uses your answer to exercise 1, which is not checked as right yet: begin with that one."
    editor(page, 2).locator("textarea").fill(uses)
    assert press(page, "check", 2).startswith(begin), "the exercise above is empty"
    editor(page).locator("textarea").fill(SPIN + "\nstates = 3")
    assert press(page, "check", 2).startswith(begin), "the exercise above never ends"
    editor(page, 3).locator("textarea").fill("def weight_for(steps):\n    return 0.5 ** (1 / steps)")
    assert press(page, "check", 3).startswith("✓"), "an answer above that is not used here has been run"
    editor(page).locator("textarea").fill(RIGHT)
    assert press(page, "check").startswith("✓") and press(page, "check", 2).startswith("✓")
    editor(page, 2).locator("textarea").fill(uses.replace("= 3", "= 2"))
    assert press(page, "check", 2).startswith("Not yet: ")


def test_stop_is_heard_while_python_is_loading(open_page):
    page = open_page(PAGE)
    held = []
    page.route("**/micropython.wasm", lambda route: held.append(route))
    editor(page).locator("textarea").fill(SPIN)
    editor(page).locator(".answer-run").click()
    editor(page).locator(".answer-stop").click()
    page.wait_for_function("document.querySelector('.answer-said').textContent === 'Stopped.'")
    while not held:
        page.wait_for_timeout(20)
    held.pop().continue_()
    editor(page).locator("textarea").fill(RIGHT)
    assert press(page, "check").startswith("✓")


def test_by_keyboard(open_page):
    page = open_page(PAGE)
    area = editor(page).locator("textarea")
    area.fill("")
    area.focus()
    page.keyboard.type("def f(x):")
    page.keyboard.press("Enter")
    page.keyboard.type("if x:")
    page.keyboard.press("Enter")
    page.keyboard.type("return 1")
    assert area.input_value() == "def f(x):\n    if x:\n        return 1", "a line after a colon begins four further in"
    page.keyboard.press("Enter")
    page.keyboard.press("Backspace")
    page.keyboard.type("y = 2")
    page.keyboard.press("Shift+Tab")
    assert area.input_value().endswith("\ny = 2")
    page.keyboard.press("Home")
    page.keyboard.press("Tab")
    assert area.input_value().endswith("\n    y = 2")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "answer-check", "Esc, then Tab, does not lead on"
    page.keyboard.press("Shift+Tab")
    area.fill(RIGHT)
    page.keyboard.press("Control+Enter")
    page.wait_for_function("document.querySelector('.answer-said.is-right')")


def test_what_the_first_answer_loads_is_small(site):
    folder = site / "_static" / "answers"
    parts = [folder / name for name in ("answers.js", "python.js", "micropython.wasm")]
    checks = max(len(gzip.compress(part.read_bytes())) for part in course.some(folder.glob("checks-*.js")))
    assert checks + sum(len(gzip.compress(part.read_bytes())) for part in parts) <= 240_000


def test_no_practice_page_shows_a_tick_of_its_notebook(site):
    pages = sorted((site / "book" / "exercises").glob("*.html"))
    assert len(pages) >= 10
    for page in pages:
        text = page.read_text("utf8")
        assert "✓" not in text and "tag_check" in text and 'id="run-bar"' in text, page.name
        checks = re.findall(r'<div class="cell [^"]*tag_check.*?(?=<div class="cell |<h2|</section>)', text, re.DOTALL)
        open_outputs = [check for check in checks if "cell_output" in check and "reveal-output" not in check]
        assert len(checks) >= 3 and open_outputs == [], page.name


def test_what_a_practice_page_offers_to_download_is_to_be_filled(site):
    for master in course.masters():
        given = nbformat.read(site / "_sources" / "book" / "exercises" / master.path.name, as_version=4)
        student = nbformat.read(STUDENTS / master.path.name, as_version=4)
        assert given == alone(student, spellings(address())["site"] if is_set() else "")
        assert "](../" not in "".join(cell.source for cell in given.cells), "a link that leads nowhere from elsewhere"


def test_the_header_s_buttons_lead_to_the_notebook_to_fill_too():
    spec = importlib.util.spec_from_file_location("site_answers", course.ROOT / "book" / "_ext" / "site_answers.py")
    site_answers = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(site_answers)
    buttons = [{"url": "https://colab.example/github/you/it/blob/main/book/exercises/03-shapes.ipynb"},
               {"url": "../../_sources/book/exercises/03-shapes.ipynb"}, {"onclick": "turn()"}]
    context = {"header_buttons": [{"buttons": buttons}]}
    site_answers.open_the_notebook_to_fill(None, "book/exercises/03-shapes", "", context, None)
    assert [button.get("url") for button in buttons] == [
        "https://colab.example/github/you/it/blob/main/exercises/03-shapes.ipynb",
        "../../_sources/book/exercises/03-shapes.ipynb", None]


def test_every_practice_page_says_where_each_exercise_is_answered(site):
    for page in sorted(course.some((site / "book" / "exercises").glob("*.html"))):
        text = page.read_text("utf8")
        places = text.count('class="answer"') + text.count('class="answer-elsewhere"')
        assert places == text.count("tag_exercise") >= 3, page.name
