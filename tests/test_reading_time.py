"""The minutes that a chapter states are those of the rule."""

import json

import pytest

from tools import course, reading_time

WORDS = "# Title\n\nA promise.\n\n**You will** see. **Time** 7 minutes.\n\n"


def notebook(folder, prose="", code=()):
    cells = [{"cell_type": "markdown", "source": WORDS + prose, "metadata": {}}]
    cells += [{"cell_type": "code", "source": source, "metadata": {"tags": tags}, "outputs": []}
              for source, tags in [("%pip install it", ["setup"]), *code]]
    path = folder / "01-title.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}}))
    return course.Notebook(path)


@pytest.mark.parametrize("chapter", course.chapters(), ids=lambda one: one.subject)
def test_a_chapter_states_the_minutes_of_the_rule(chapter):
    assert chapter.minutes == reading_time.minutes(chapter), "python -m tools.reading_time"


def test_what_is_counted(tmp_path):
    prose = ("Two words, $a + b = c$ one, [a link](with/an-address.md) three, `x = y`.\n\n"
             "<details><summary>Why?</summary>\n\nSo.\n</details>\n\n## Sources\n\nNot one word of these.")
    code = [("x = 1\n\ny = 2", []), ("plot()", ["hide-input"]), ("print(x)", ["hide-output"]),
            ("Quiz()", ["remove-input"]), ("def f():\n    ...", ["your-turn"])]
    found = reading_time.counts(notebook(tmp_path, prose, code))
    assert found == {"words": 20, "lines of code": 5, "toggles to open": 2, "figures and sets of questions": 1,
                     "steps to write": 1}


@pytest.mark.parametrize(("prose", "code", "minutes"), [
    ("", [], 5), ("word " * 2000, [], 10), ("word " * 2600, [], 15), ("", [("x = 1\n" * 100, [])], 10),
    ("<details>" * 20, [], 10), ("", [("Quiz()", ["remove-input"])] * 5, 10), ("", [("...", ["your-turn"])] * 5, 15),
])
def test_the_rule(tmp_path, prose, code, minutes):
    assert reading_time.minutes(notebook(tmp_path, prose, code)) == minutes


def test_the_minutes_are_written_where_they_stand_and_nothing_else_is_touched(tmp_path):
    path = notebook(tmp_path, "word " * 2000).path
    before = path.read_text()
    assert reading_time.tell(path) and path.read_text() == before.replace("7 minutes", "10 minutes")
    assert not reading_time.tell(path)


def test_the_table_says_what_the_minutes_are_made_of(tmp_path):
    assert reading_time.table([notebook(tmp_path, code=[("x = 1", [])])]) == (
        "01-title                     5 minutes: 9 words, 1 lines of code, 0 toggles to open, 0 figures and sets of "
        "questions, 0 steps to write")
