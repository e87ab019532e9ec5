"""Every notebook is whole, current and within its budget: what nbval does not look at."""

import base64
import io
import re

import pytest
from PIL import Image

from seqlab.plots.style import signature
from tools.course import BOOK, ROOT, WIDGET_VIEW, asked_again, chapter, chapters, find_all, masters, notebooks
from tools.due import CODE, WORDS

KNOWN_TAGS = {"setup", "hide-input", "hide-output", "remove-input", "nbval-ignore-output", "as-is",
              "exercise", "check", "your-turn"}

every_notebook = pytest.mark.parametrize("notebook", notebooks(),
                                         ids=lambda notebook: str(notebook.path.relative_to(BOOK)))
every_chapter = pytest.mark.parametrize("notebook", chapters(), ids=lambda notebook: notebook.name)
every_master = pytest.mark.parametrize("notebook", masters(), ids=lambda notebook: notebook.name)


def test_every_notebook_is_a_chapter_of_the_table_or_its_practice():
    assert {one.path for one in notebooks()} == {*BOOK.glob("*.ipynb"), *BOOK.glob("exercises/*.ipynb")}
    assert [one.name for one in masters()] == [one.name for one in chapters()], "one exercise master per chapter"


def test_in_the_contents_every_chapter_is_followed_by_its_practice():
    pages = re.findall(r"- file: (book/(?:exercises/)?\d\d-.*)", (ROOT / "_toc.yml").read_text("utf8"))
    assert pages == [page for one in chapters() for page in (f"book/{one.name}", f"book/exercises/{one.name}")]


@every_notebook
def test_it_was_run_from_top_to_bottom(notebook):
    counts = [cell.content["execution_count"] for cell in notebook.code]
    assert counts == list(range(1, len(counts) + 1)), f"make run NB={notebook.path.relative_to(ROOT).as_posix()}"


@every_notebook
def test_it_stores_no_error_and_no_warning(notebook):
    for cell in notebook.code:
        for output in cell.outputs:
            assert output["output_type"] != "error", f"stored error in {cell}"
            assert output.get("name") != "stderr", f"writes to stderr: {cell}"


@every_notebook
def test_nothing_of_the_machine_that_ran_it_is_stored(notebook):
    text = notebook.path.read_text(encoding="utf-8")
    assert not re.search(r"/(work|tmp|root|home|Users)/\w", text)
    assert '"execution"' not in text, "cell timings are stored: run it with make run"
    metadata = notebook.content["metadata"]
    assert metadata["kernelspec"] == {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert metadata["language_info"]["pygments_lexer"] == "ipython3"


@every_notebook
def test_every_picture_has_alt_text(notebook):
    for cell in notebook.code:
        if any("image/png" in output.get("data", {}) for output in cell.outputs):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt.split()) >= 5, f"metadata.mystnb.image.alt is missing or too short for {cell}"


@every_notebook
def test_every_stored_picture_is_the_one_that_its_text_describes(notebook):
    """nbval compares the text, not the picture: a picture of another cell, or one that was touched up, is seen here."""
    for cell in notebook.code:
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data and WIDGET_VIEW not in data:
                with Image.open(io.BytesIO(base64.b64decode(data["image/png"]))) as picture:
                    said = picture.info.get("seqlab")
                    assert said == signature("".join(data["text/plain"]), picture), f"not the picture of {cell}"


@every_chapter
def test_a_chapter_has_pictures(notebook):
    """Otherwise the test above looks at nothing."""
    assert any("image/png" in output.get("data", {}) for cell in notebook.code for output in cell.outputs)


@every_notebook
def test_every_cell_is_of_a_known_kind(notebook):
    ids = [cell.id for cell in notebook.cells]
    assert all(ids) and len(set(ids)) == len(ids) > 0
    for cell in notebook.cells:
        assert cell.tags <= KNOWN_TAGS, cell
        if "hide-output" in cell.tags:
            assert cell.metadata.get("jupyter", {}).get("outputs_hidden"), "hidden on the site but not in JupyterLab"


@every_notebook
def test_the_markdown_is_plain(notebook):
    text = notebook.prose
    assert not re.search(r"^(:::|```)\{|\{(ref|doc|cite|numref|term|eq|math|figure)\}`", text, flags=re.MULTILINE)
    assert text.count("<details") == text.count("</details>")
    for opening in re.finditer(r"</summary>(.*?)\n(.)", text, flags=re.DOTALL):  # perhaps none
        assert opening.group(2) == "\n" or opening.group(1).strip(), "a blank line belongs after </summary>"
    assert not re.search(r"</summary>\n[^\n]", text), "a blank line belongs after </summary>"


@every_notebook
def test_the_set_up_cell_is_the_same_everywhere(notebook):
    assert [cell for cell in notebook.cells if "setup" in cell.tags] == [notebook.setup]
    assert notebook.setup.source == chapters()[0].setup.source


@every_notebook
def test_links_to_other_notebooks_and_pages_resolve(notebook):
    for target in find_all(r"\]\(([^)\s]+)\)", notebook.prose) + re.findall(r'href="([^"]+)"', notebook.prose):
        if re.match(r"https?://", target):
            assert "://" not in target[8:] and " " not in target
            continue
        file, _, _anchor = target.partition("#")
        assert not file or (notebook.path.parent / file).exists(), f"{target} leads nowhere"


@every_notebook
def test_every_widget_has_its_state(notebook):
    views = {output["data"][WIDGET_VIEW]["model_id"] for cell in notebook.code for output in cell.outputs
             if WIDGET_VIEW in output.get("data", {})}
    assert views <= set(notebook.widget_states)
    assert bool(views) == any("from seqlab.widgets import" in cell.source for cell in notebook.code)


@every_chapter
def test_a_chapter_keeps_its_budget(notebook):
    lengths = [sum(bool(line.strip()) for line in cell.source.splitlines()) for cell in notebook.code[1:]]
    argument = re.sub(r"^## (?:Key points|Sources)\n.*?(?=^## |\Z)", "", notebook.prose, flags=re.MULTILINE | re.DOTALL)
    words = len(argument.split())
    assert 25 <= len(notebook.cells) <= 100
    assert sum(length <= 15 for length in lengths) >= 0.9 * len(lengths)
    assert 8 <= words / sum(lengths) <= 20


def slug(title):
    """The anchor that a heading gets on the site."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


@every_chapter
def test_a_chapter_has_the_common_rhythm(notebook):
    text = notebook.prose
    assert re.match(r"# \D", notebook.cells[0].source), "the first line is the title, without a number"
    for landmark in ("You will", "You need", "Time", "What goes wrong", "Quiz", "Key points", "Practice", "Sources"):
        assert landmark.lower() in text.lower(), f"no {landmark!r}"
    reveals = text.count("<details") + sum("hide-output" in cell.tags for cell in notebook.code)
    assert reveals >= 5, "a reader is asked to predict at least five times"
    assert len(re.findall(r"predict", text, flags=re.IGNORECASE)) >= 5
    assert f"](../exercises/{notebook.path.name})" in text, "the practice, the notebook to be filled, is not linked"
    titles = find_all(r"^## (Exercise \d: .+)$", notebook.practice.prose, re.MULTILINE)
    after = re.search(r"^## Practice\n\n(.+?)\n\n", text, flags=re.MULTILINE | re.DOTALL)[1]
    assert after.count("\nAfterwards you can ") == 1, "the practice is for something: say what a reader can do after it"
    tried = sorted(find_all(rf"\[(exercise [^\]]+)\]\(\.\./exercises/{notebook.name}\.ipynb#([^)]+)\)", text))
    assert tried == [(title[0].lower() + title[1:], slug(title)) for title in titles], "`Now try` names each exercise"


@every_chapter
def test_an_exercise_is_offered_once_the_prediction_before_it_is_explained(notebook):
    assert "Now try [" in notebook.prose
    for before, offer, behind in zip(notebook.cells, notebook.cells[1:], notebook.cells[2:], strict=False):
        if offer.source.startswith("Now try") and "hide-output" in before.tags:
            assert behind.source.startswith("## "), f"the explanation of {before} comes only behind {offer}"


@every_chapter
def test_a_chapter_asks_first_what_is_due_from_earlier_ones(notebook):
    """`make move` and `make chapter` see to it: tools/due.py."""
    subjects = [one.subject for one in chapters()]
    names, place = asked_again(notebook.subject, subjects), subjects.index(notebook.subject)
    assert names == [subjects[k] for k in (place - 1, place - 2, place - 4) if k >= 0], "nearest first"
    asks = [k for k, cell in enumerate(notebook.cells) if "Due(" in cell.source]
    assert asks == ([3] if names else []), "behind the set-up cell, from the second chapter on"
    for k in asks:
        words = ", ".join(f'"{name}"' for name in names)
        assert [notebook.cells[k - 1].source, notebook.cells[k].source] == [WORDS, CODE.format(names=words)]


def test_a_step_that_the_reader_writes_comes_before_its_solution_which_is_folded():
    found = [(notebook, k) for notebook in chapters() for k, cell in enumerate(notebook.code)
             if "your-turn" in cell.tags]
    assert len(found) >= 9
    for notebook, k in found:
        stub, solution = notebook.code[k:k + 2]
        assert stub.metadata["seqlab"]["id"] == f"{notebook.subject}/turn" and stub.printed.startswith("Not yet: ")
        assert "**Your turn.**" in notebook.cells[notebook.cells.index(stub) - 1].source, "it is asked for"
        assert solution.source.startswith("# @title Solution") and "hide-input" in solution.tags, solution
        assert solution.metadata["jupyter"]["source_hidden"] and solution.metadata["cellView"] == "form", solution


@every_master
def test_an_exercise_master_keeps_the_conventions(notebook):
    exercises = [k for k, cell in enumerate(notebook.cells) if "exercise" in cell.tags]
    assert 3 <= len(exercises) <= 6, "a practice notebook has three to six exercises"
    for k in exercises:
        cell, following = notebook.cells[k:k + 2]
        meta = cell.metadata
        assert {"seqlab", "jupyter", "cellView"} <= set(meta), f"copy the metadata of another exercise to {cell}"
        assert meta["seqlab"]["id"].startswith(f"{notebook.subject}/") and meta["seqlab"]["points"] > 0
        assert "hide-input" in cell.tags, "the solution is not collapsed on the site"
        assert meta["jupyter"]["source_hidden"], "the solution is not collapsed in JupyterLab"
        assert meta["cellView"] == "form", "the solution is not collapsed in Colab"
        assert cell.source.startswith("# @title ")
        assert "check" in following.tags and following.metadata["seqlab"]["id"] == meta["seqlab"]["id"]
        assert "✓" in following.printed


@every_master
def test_an_exercise_says_its_minutes_and_how_hard_it_is(notebook):
    """By its points, as CONTRIBUTING says; the first cell has their number, and the sum of the minutes."""
    said = find_all(r"^## Exercise \d: .+\n\n\*About (\d+) minutes, (\w+)\.\*\n\n", notebook.prose, flags=re.MULTILINE)
    points = [cell.metadata["seqlab"]["points"] for cell in notebook.cells if "exercise" in cell.tags]
    assert [word for _, word in said] == ["easy" if one < 3 else "medium" if one == 3 else "hard" for one in points]
    assert all(int(minutes) <= {"easy": 5, "medium": 9, "hard": 30}[word] for minutes, word in said)
    first = notebook.cells[0].source
    assert f"{('Three', 'Four', 'Five', 'Six')[len(said) - 3]} exercises " in first
    assert f"\n**Time**: about {sum(int(minutes) for minutes, _ in said)} minutes." in first


@pytest.mark.parametrize(("subject", "words"), [
    ("scalar-rnn", ["0.7163", "0.6953", "-0.3385", "0.9106"]),
    ("shapes", ["(2, 5, 6)", "(1, 2, 6)"]),
    ("first-classifier", ["0.7726", "0.0002", "[1, 0, 1, 0]"]),
    ("images-as-sequences", ["(100, 1, 28, 28)", "(100, 28, 28)"]),
    ("hand-built-digits", ["98.77"]),
])
def test_the_promised_numbers_stand_in_the_stored_output(subject, words):
    text = chapter(subject).stored
    assert [word for word in words if word not in text] == []


def test_the_hand_built_classifier_reads_at_least_98_5_percent_of_the_test_digits():
    tests = re.findall(r"^test .*acc (\d+\.\d+) %", chapter("hand-built-digits").stored, flags=re.MULTILINE)
    assert len(tests) == 1, "the test set is used once, in a line that begins with `test`"
    assert float(tests[0]) >= 98.5
