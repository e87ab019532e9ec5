"""Every notebook is whole, current and within its budget: what nbval does not look at."""

import json
import re
import statistics
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = sorted((ROOT / "book").glob("[0-9][0-9]-*.ipynb"))
MASTERS = sorted((ROOT / "book" / "exercises").glob("[0-9][0-9]-*.ipynb"))
KNOWN_TAGS = {"setup", "hide-input", "hide-output", "remove-input", "nbval-ignore-output", "raises-exception", "as-is",
              "exercise", "check"}

every_notebook = pytest.mark.parametrize("path", CHAPTERS + MASTERS,
                                         ids=lambda path: str(path.relative_to(ROOT / "book")))
every_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
every_master = pytest.mark.parametrize("path", MASTERS, ids=lambda path: path.stem)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def source(cell):
    return "".join(cell["source"])


def tags(cell):
    return set(cell["metadata"].get("tags", []))


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def prose(notebook):
    return "\n\n".join(source(cell) for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def output_text(cell):
    """All the text that the stored outputs of a cell show."""
    parts = []
    for output in cell.get("outputs", []):
        parts.append("".join(output.get("text", [])))
        for kind, data in output.get("data", {}).items():
            if kind.startswith("text/"):
                parts.append("".join(data))
    return "\n".join(parts)


def stored_text(path):
    return "\n".join(output_text(cell) for cell in code_cells(read(path)))


def chapter(number):
    return next(path for path in CHAPTERS if path.name.startswith(number))


def test_the_chapters_of_this_edition_are_there():
    numbers = [path.name[:2] for path in CHAPTERS]
    assert {"01", "02", "03", "04", "09", "10"} <= set(numbers)
    assert [path.name for path in MASTERS] == [path.name for path in CHAPTERS], "one exercise master per chapter"


@every_notebook
def test_it_was_run_from_top_to_bottom(path):
    counts = [cell["execution_count"] for cell in code_cells(read(path)) if source(cell).strip()]
    assert counts == list(range(1, len(counts) + 1))


@every_notebook
def test_it_stores_no_error_and_no_warning(path):
    for cell in code_cells(read(path)):
        for output in cell["outputs"]:
            assert output["output_type"] != "error", f"stored error in: {source(cell)[:80]}"
            assert output.get("name") != "stderr", f"writes to stderr: {source(cell)[:80]}"


@every_notebook
def test_nothing_of_the_machine_that_ran_it_is_stored(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"/(work|tmp|root|home|Users)/\w", text)
    assert '"execution"' not in text, "cell timings are stored: run it with make run"
    notebook = read(path)
    assert notebook["metadata"]["kernelspec"] == {"display_name": "Python 3", "language": "python", "name": "python3"}
    assert notebook["metadata"]["language_info"]["pygments_lexer"] == "ipython3"


@every_notebook
def test_every_picture_has_alt_text(path):
    for cell in code_cells(read(path)):
        if any("image/png" in output.get("data", {}) for output in cell["outputs"]):
            alt = cell["metadata"].get("mystnb", {}).get("image", {}).get("alt", "")
            assert len(alt.split()) >= 5, f"alt text missing or too short for: {source(cell)[:80]}"


@every_notebook
def test_every_cell_is_of_a_known_kind(path):
    notebook = read(path)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    for cell in notebook["cells"]:
        assert tags(cell) <= KNOWN_TAGS, tags(cell)
        if "hide-output" in tags(cell):
            assert cell["metadata"].get("jupyter", {}).get("outputs_hidden"), "hidden on the site but not in JupyterLab"
    ignored = [cell for cell in notebook["cells"] if "nbval-ignore-output" in tags(cell)]
    assert len(ignored) <= 3
    assert not re.search(r"NBVAL_|nbval-skip|skip-execution", path.read_text(encoding="utf-8"))


@every_notebook
def test_the_markdown_is_plain(path):
    text = prose(read(path))
    assert not re.search(r"^(:::|```)\{|\{(ref|doc|cite|numref|term|eq|math|figure)\}`", text, flags=re.MULTILINE)
    assert text.count("<details") == text.count("</details>")
    for opening in re.finditer(r"</summary>(.*?)\n(.)", text, flags=re.DOTALL):
        assert opening.group(2) == "\n" or opening.group(1).strip(), "a blank line belongs after </summary>"
    assert not re.search(r"</summary>\n[^\n]", text), "a blank line belongs after </summary>"


@every_notebook
def test_the_set_up_cell_is_the_same_everywhere(path):
    first = code_cells(read(path))[0]
    assert "setup" in tags(first)
    assert source(first) == source(code_cells(read(CHAPTERS[0]))[0])


@every_notebook
def test_links_to_other_notebooks_and_pages_resolve(path):
    text = prose(read(path))
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'href="([^"]+)"', text):
        if re.match(r"https?://", target):
            assert "://" not in target[8:] and " " not in target
            continue
        file, _, _anchor = target.partition("#")
        assert not file or (path.parent / file).exists(), f"{target} leads nowhere"


@every_notebook
def test_every_widget_has_its_state(path):
    notebook = read(path)
    views = [output["data"]["application/vnd.jupyter.widget-view+json"]["model_id"] for cell in code_cells(notebook)
             for output in cell["outputs"] if "application/vnd.jupyter.widget-view+json" in output.get("data", {})]
    saved = notebook["metadata"].get("widgets", {}).get("application/vnd.jupyter.widget-state+json", {})
    state = saved.get("state", {})
    assert set(views) <= set(state)


@every_notebook
def test_no_number_in_the_prose_stands_alone(path):
    """A decimal number in the prose is printed by a cell, set in one, or read from book/results."""
    notebook = read(path)
    results = "\n".join(file.read_text() for file in (ROOT / "book" / "results").glob("*.json"))
    shown = "\n".join(source(cell) + "\n" + output_text(cell) for cell in code_cells(notebook)) + results
    text = re.sub(r"\]\([^)]*\)|https?://\S+|10\.\d{4,}/\S+", "", prose(notebook))
    shown_numbers = set(re.findall(r"\d+\.\d+", shown))
    for number in re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\d)", text):
        rounded = any(f"{float(shown_one):.{len(number.split('.')[1])}f}" == number for shown_one in shown_numbers)
        assert number in shown_numbers or rounded, f"{number} stands in the prose, but no cell prints it"


@every_chapter
def test_a_chapter_keeps_its_budget(path):
    notebook = read(path)
    code = [cell for cell in code_cells(notebook) if source(cell).strip()]
    lengths = [sum(bool(line.strip()) for line in source(cell).splitlines()) for cell in code]
    words = len(prose(notebook).split())
    assert 25 <= len(notebook["cells"]) <= 45
    assert statistics.median(lengths) <= 6
    assert sum(length <= 15 for length in lengths) >= 0.9 * len(lengths)
    assert 8 <= words / sum(lengths) <= 15


@every_chapter
def test_a_chapter_has_the_common_rhythm(path):
    text = prose(read(path))
    first = source(read(path)["cells"][0])
    assert re.match(r"# \D", first), "the first line is the title, without a number"
    for landmark in ("You will", "You need", "Time", "What goes wrong", "Quiz", "Key points", "Practice", "Sources"):
        assert landmark.lower() in text.lower(), f"no {landmark!r}"
    reveals = text.count("<details") + sum("hide-output" in tags(cell) for cell in code_cells(read(path)))
    assert reveals >= 5, "a reader is asked to predict at least five times"
    assert len(re.findall(r"predict", text, flags=re.IGNORECASE)) >= 5
    assert f"exercises/{path.name}" in text, "the practice is not linked"


@every_master
def test_an_exercise_master_keeps_the_conventions(path):
    cells = read(path)["cells"]
    exercises = [cell for cell in cells if "exercise" in tags(cell)]
    assert 3 <= len(exercises) <= 5
    for cell in exercises:
        meta = cell["metadata"]
        assert meta["seqlab"]["id"].startswith(path.stem[3:] + "/") and meta["seqlab"]["points"] > 0
        assert "hide-input" in tags(cell), "the solution is not collapsed on the site"
        assert meta["jupyter"]["source_hidden"], "the solution is not collapsed in JupyterLab"
        assert meta["cellView"] == "form", "the solution is not collapsed in Colab"
        assert source(cell).startswith("# @title ")
        following = cells[cells.index(cell) + 1]
        assert "check" in tags(following) and following["metadata"]["seqlab"]["id"] == meta["seqlab"]["id"]
        assert "✓" in output_text(following)


@pytest.mark.parametrize(("number", "words"), [
    ("02", ["0.7163", "0.6953", "-0.3385", "0.9106"]),
    ("03", ["(2, 5, 6)", "(1, 2, 6)"]),
    ("04", ["0.7726", "0.0002", "[1, 0, 1, 0]"]),
    ("09", ["(100, 1, 28, 28)", "(100, 28, 28)"]),
    ("10", ["98.77"]),
])
def test_the_promised_numbers_stand_in_the_stored_output(number, words):
    text = stored_text(chapter(number))
    assert [word for word in words if word not in text] == []


def test_the_hand_built_classifier_reads_at_least_98_5_percent_of_the_test_digits():
    tests = re.findall(r"^test .*acc (\d+\.\d+) %", stored_text(chapter("10")), flags=re.MULTILINE)
    assert len(tests) == 1, "the test set is used once, in a line that begins with `test`"
    assert float(tests[0]) >= 98.5
