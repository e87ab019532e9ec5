"""The reader of notebooks: what is there is found, and what is missing is named instead of passed over."""

import json

import pytest
from torch import nn

from tools import prose
from tools.course import Notebook, Recorder, chapter, chapters, find_all, masters, notebooks, some

TOC = """root: book/intro
parts:
  - caption: First
    chapters:
      - file: book/02-later
      - file: book/01-sooner
      - file: book/exercises/01-sooner
"""


def cell(source, printed="", kind="code", tags=(), **data):
    content = {"cell_type": kind, "source": source.splitlines(keepends=True), "metadata": {"tags": list(tags)}}
    if kind == "code":
        content["outputs"] = [{"output_type": "stream", "name": "stdout", "text": [printed]}] if printed else []
        content["outputs"] += [{"output_type": "display_data", "data": data}] if data else []
    return content


CELLS = [
    cell("# Sooner\n\nOne promise,\nin two lines.\n\n**You will** see.\n\n**Time** 12 minutes", kind="markdown"),
    cell("%pip install nothing", tags=["setup"]),
    cell("import math"),
    cell("scale = 2\nbase = 3\n\ndef area(r):\n    return scale * math.pi * r**2"),
    cell("@interact_manual(r=3)\ndef control(r):\n    return -area(r)"),
    cell("raise RuntimeError('an experiment')", "loss 0.1234\n", **{"text/html": ["<b>7</b>"], "image/png": "aGk="}),
    cell("scale = base * scale\n(left, right) = 1, area(1)\nprint('quiet')"),
    cell(""),
]


@pytest.fixture
def root(tmp_path):
    """A course of two chapters, of which one has a practice."""
    (tmp_path / "_toc.yml").write_text(TOC)
    for name in ("02-later", "01-sooner", "exercises/01-sooner"):
        file = tmp_path / "book" / f"{name}.ipynb"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"cells": CELLS, "metadata": {}}))
    return tmp_path


@pytest.fixture
def sooner(root):
    return chapter("sooner", root)


def test_the_order_is_the_tables_not_the_numbers(root):
    assert [one.name for one in chapters(root)] == ["02-later", "01-sooner"]
    assert [one.path for one in masters(root)] == [root / "book" / "exercises" / "01-sooner.ipynb"]
    assert len(notebooks(root)) == 3


def test_a_chapter_is_found_by_its_subject_and_a_missing_one_is_named(root, sooner):
    assert (sooner.number, sooner.subject, sooner.title, sooner.minutes) == ("01", "sooner", "Sooner", 12)
    assert sooner.promise == "One promise, in two lines."
    with pytest.raises(KeyError, match="no chapter on 'never'; there are later, sooner"):
        chapter("never", root)


def test_what_the_cells_show(sooner):
    assert len(sooner.cells) == 8 and len(sooner.code) == 6, "an empty cell is no code"
    assert sooner.setup.tags == {"setup"}
    assert sooner.printed("an experiment") == "loss 0.1234\n"
    assert sooner.stored.split() == ["loss", "0.1234", "<b>7</b>"], "text, and no picture"


@pytest.mark.parametrize(("words", "message"), [("nothing like it", "stands in 0 code cells of 01-sooner"),
                                                ("scale", "stands in 2 code cells of 01-sooner"),
                                                ("quiet", "'quiet' of 01-sooner has printed nothing")])
def test_words_that_do_not_lead_to_one_print_are_an_error(sooner, words, message):
    with pytest.raises(LookupError, match=message):
        sooner.printed(words)


def test_definitions_come_without_experiments_and_controls(sooner):
    names = sooner.definitions("scale", base=5)
    assert names["scale"] == 10 and names["area"](0) == 0, "both assignments, with the base that is given"
    assert names["control"](0) == 0, "the function alone, since its decorator makes a control"
    assert "left" not in names
    assert sooner.definitions("base", "scale", "right", "area")["right"] == pytest.approx(6 * 3.14159, rel=1e-5)
    assert "import math" in sooner.definitions_source and "experiment" not in sooner.definitions_source


@pytest.mark.parametrize("wanted", [["gone"], ["scale", "base", "gone", "lost"]])
def test_a_definition_that_is_missing_is_named(sooner, wanted):
    with pytest.raises(LookupError, match="01-sooner defines no gone"):
        sooner.definitions(*wanted)


def test_a_cell_runs_with_the_names_it_is_given(sooner, capsys):
    names = sooner.cell("quiet").run({"base": 7, "scale": 1, "area": abs})
    assert (names["scale"], names["right"], capsys.readouterr().out) == (7, 1, "quiet\n")


def test_a_play_keeps_what_each_cell_left(root):
    """Without set-up cell and controls; what is given stands for what the notebook itself would put there."""
    played = course_of(root, "import math", "import re", "net = plots.made\nplots.lines([1, 2], height=3)",
                       "net.weight.data += 1\nprint('moved')\ndef step():\n    return 1", "left = step()", "1 / 0")
    net = nn.Linear(1, 1)
    plots = Recorder()
    plots.made = net
    before = net.weight.item()
    ran = played.play(upto="1 / 0", plots=plots, step=lambda: 2)
    assert [one.cell.source for one in ran] == [cell.source for cell in played.code[1:-1]]
    assert ran("height=3").drawn == [("lines", ([1, 2],), {"height": 3})] and ran("moved").drawn == []
    assert ran("height=3")["net"].weight.item() == before and ran("moved")["net"].weight.item() == before + 1
    assert ran("moved").printed == "moved\n" and ran("left = ")["left"] == 2 and "left" not in ran("moved").names
    with pytest.raises(LookupError, match=r"left = step.* has printed nothing"):
        print(ran("left = ").printed)
    with pytest.raises(LookupError, match="stands in 0 cells that ran"):
        ran("1 / 0")
    with pytest.raises(ZeroDivisionError):
        played.play(plots=plots)


def course_of(root, *sources):
    """A notebook of these cells, the first of which stands for the set-up cell."""
    path = root / "book" / "01-sooner.ipynb"
    path.write_text(json.dumps({"cells": [cell(source) for source in sources], "metadata": {}}))
    return Notebook(path)


def test_some_of_nothing_is_an_error():
    assert some(iter([1])) == [1]
    with pytest.raises(LookupError, match="nothing here"):
        some(())


def test_a_match_of_nothing_is_an_error():
    assert find_all(r"\d", "a1b2") == ["1", "2"]
    with pytest.raises(LookupError, match=r"'\\\\d' matches nothing in 'no digit'"):
        find_all(r"\d", "no digit")


def test_the_notebook_is_read_once_and_only_when_asked(tmp_path):
    missing = Notebook(tmp_path / "03-gone.ipynb")
    assert missing.subject == "gone"
    with pytest.raises(FileNotFoundError):
        missing.cell("anything")


def test_comments_and_docstrings_are_taken_out_and_what_stands_beside_them_is_left():
    said, code = prose.remarks('x = 1  # one\nsay("""two\nthree""", x)\n')
    assert said == '# one\n"""two\nthree"""' and code.split() == ["x", "=", "1", "say(", ",", "x)"]
    assert [len(line) for line in code.splitlines()] == [12, 10, 12]
    assert prose.remarks("%pip install x  # one") == ("", "%pip install x  # one")
