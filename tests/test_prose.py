"""No number in the prose is typed by hand and left alone: each stands near what computes it, or in `tests/said`.

`tests/said/<subject>.toml` holds the words of a chapter, and of its practice, whose numbers no cell nearby shows. Each
entry says of its numbers, in their order, what they are:

    words   a piece of the text, of a comment or of an alt text, that stands in the notebook once
    is      what computes them: a value, several, or a text in which each of them stands. `here` is the chapter
    by      or: who says so, or where it was read off
    free    or: why other numbers would do as well

`tests/said/pages.toml` holds those of the pages that are no notebooks, all of them: nothing on these computes one but
the roles that the build fills in, and the code, which other tests run.
"""

import collections
import math
import random
import re
import tomllib
from pathlib import Path

import as_read
import nbformat
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import seqlab
from seqlab import published, results
from seqlab.widgets import BatchFirst, DigitReader, GateExplorer, GradientExplorer, RNNPlayground, ScalarRNN
from studies import recall_rates
from tools import prose, reading_time
from tools.course import BOOK, ROOT, Notebook, chapters, notebooks, some

SAID = Path(__file__).with_name("said")
NAMES = {"BatchFirst": BatchFirst, "DigitReader": DigitReader, "GateExplorer": GateExplorer,
         "GradientExplorer": GradientExplorer, "math": math, "RNNPlayground": RNNPlayground,
         "ScalarRNN": ScalarRNN, "WIDGETS": Path(seqlab.__file__).parent / "widgets",
         "nn": nn, "published": published, "re": re, "results": results, "torch": torch}

every_notebook = pytest.mark.parametrize("notebook", notebooks(), ids=lambda one: str(one.path.relative_to(BOOK)))
every_chapter = pytest.mark.parametrize("chapter", chapters(), ids=lambda one: one.name)


def facts(notebook: Notebook) -> list[dict]:
    table = "practice" if notebook.path.parent.name == "exercises" else "chapter"
    file = SAID / f"{notebook.subject}.toml"
    return tomllib.loads(file.read_text("utf8")).get(table, []) if file.is_file() else []


def words(notebook: Notebook) -> list[str]:
    return [fact["words"] for fact in facts(notebook)]


@every_notebook
def test_every_number_in_the_prose_stands_near_what_computes_it(notebook):
    wrong = [f"cell {k}: {claim}" for k, claim in prose.unheld(notebook, words(notebook))]
    assert not wrong, ("no cell nearby computes these numbers. Correct them, let a cell nearby print them, say it "
                       f"without the number, or enter the words in tests/said/{notebook.subject}.toml:\n"
                       + "\n".join(wrong))


@every_notebook
def test_what_is_said_elsewhere_of_a_number_stands_in_the_prose_and_is_so(notebook):
    said = [prose.plain(text) for cell in notebook.cells for text in prose.texts(cell).values()]
    here = next(one for one in chapters() if one.subject == notebook.subject)
    for fact in facts(notebook):
        times = sum(text.count(prose.plain(fact["words"])) for text in said)
        assert times == 1, f"stands {times} times in the prose, expected once: {fact['words']}"
        assert len({"is", "by", "free"} & set(fact)) == 1, fact
        if "is" in fact:
            value = eval(f"({fact['is']})", {**NAMES, "here": here})
            assert wrong_numbers(fact["words"], value) == [], f"{fact['words']}: {fact['is']} is {value}"


def constant(name, file):
    """The number, or the numbers, that a piece of the figures' JavaScript gives to a name."""
    value, = re.findall(rf"^(?:export )?const {name} = (.+?);", javascript(file), re.MULTILINE)
    return eval(value)


def javascript(file):
    return (NAMES["WIDGETS"] / file).read_text("utf8")


def rows_of(digit):
    """After how many rows the digit of the first page is taken for this one with more than 9 in 10."""
    probabilities = DigitReader(part="").reading()["probabilities"]
    return [row for row, own in enumerate(probabilities, 1) if own[digit] > 0.9]


PAGES = {path.stem: path for folder in (BOOK, BOOK / "appendix") for path in sorted(some(folder.glob("*.md")))
         if path.stem not in ("mistakes", "error-messages", "references")}       # code that runs, and addresses
ROLE = re.compile(r"\{[a-z]+\}`([^`]*)`")
FENCE = re.compile(r"^(`{3,})([^\n]*)\n(.*?)^\1`*$", re.DOTALL | re.MULTILINE)


def without_code(text):
    """A figure's fence stays, for its alt text."""
    text = FENCE.sub(lambda fence: fence[3] if fence[2].startswith("{interactive}") else "", text)
    return re.sub(r"`[^`\n]+`", " ", text)


PAGE_NAMES = NAMES | {"PER": reading_time.PER, "ROOT": ROOT, "chapters": chapters, "constant": constant,
                      "javascript": javascript, "load_digits": load_digits, "recall_rates": recall_rates,
                      "rows_of": rows_of}


def page_facts(page):
    return tomllib.loads((SAID / "pages.toml").read_text("utf8")).get(page, [])


@pytest.mark.parametrize("page", PAGES)
def test_every_number_on_a_page_has_its_reason(page):
    known, loose = [fact["words"] for fact in page_facts(page)], []
    for paragraph in re.split(r"\n{2,}", without_code(ROLE.sub(r"{{\1}}", PAGES[page].read_text("utf8")))):
        filled = " ".join(re.findall(r"\{\{(.*?)\}\}", paragraph, re.DOTALL))
        text = re.sub(r"\{\{.*?\}\}", " ", " ".join(paragraph.split()))
        loose += [str(claim) for claim in prose.missing(text, "text", prose.near([]), known)
                  if claim.number not in prose.NUMBER.findall(filled)]
    assert loose == [], "enter the words around these in tests/said/pages.toml, with what computes them"


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_in_numbers_is_so(page):
    text = " ".join(prose.plain(PAGES[page].read_text("utf8")).split())
    for fact in page_facts(page):
        assert text.count(prose.plain(fact["words"])) == 1, f"expected once: {fact['words']}"
        assert len({"is", "by", "free"} & set(fact)) == 1, fact
        if "is" in fact:
            value = eval(f"({fact['is']})", PAGE_NAMES)
            assert wrong_numbers(fact["words"], value) == [], f"{fact['words']}: {fact['is']} is {value}"


def test_the_pages_of_that_record_are_there():
    assert set(tomllib.loads((SAID / "pages.toml").read_text("utf8"))) <= set(PAGES)


def wrong_numbers(text, value):
    """The numbers of the text that the value has not, in its order; anywhere, if the value is a text."""
    numbers = prose.NUMBER.findall(re.sub(r"[\^{}]+", " ", prose.plain(text)))
    if isinstance(value, str):
        there = [other.replace(",", "") for other in prose.NUMBER.findall(value)]
        return [number for number in numbers if not any(prose.agree(number, other) for other in there)]
    return [number for number, one in zip(numbers, flat(value), strict=True)
            if not prose.agree(number, repr(float(one)), whole=True)]


def flat(value):
    """The numbers in a number, a tensor, a tuple of tuples."""
    value = value.tolist() if isinstance(value, torch.Tensor) else value
    return [value] if isinstance(value, int | float) else [one for part in value for one in flat(part)]


@every_chapter
def test_a_chapter_and_its_practice_state_the_same_time_for_the_practice(chapter):
    said = re.findall(r"exercises/[\w-]+\.ipynb\).*?[Aa]bout (\d+) minutes", chapter.prose)
    stated = re.findall(prose.MINUTES, chapter.practice.cells[0].source)
    assert not (said and stated) or stated[0].endswith(said[0])


# --- how good is the guard --------------------------------------------------------------------------------------------


def with_one_digit_changed(text, chance):
    """(kind, changed text) for every number in a text but those of its addresses: one digit of it is another one."""
    addresses = {place for link in re.finditer(r"\]\([^)]*\)|https?://\S+", text) for place in range(*link.span())}
    times = {place for match in prose.MINUTES.finditer(text) for place in range(*match.span())}
    shapes = {place for match in prose.SHAPE.finditer(text) if prose.shape(match[0]) for place in range(*match.span())}
    for number in re.finditer(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?!\w)", text):
        written = number[0].rstrip(",")
        kind = ("time" if number.start() in times else "shape" if number.start() in shapes
                else "decimal" if "." in written else "percent" if re.match(r" ?(?:%|per ?cent)", text[number.end():])
                else "year" if prose.YEAR.fullmatch(written) else "whole" if len(written) > 1 else "single digit")
        place = chance.choice([k for k in range(*number.span()) if text[k].isdigit()])
        digit = chance.choice(sorted({*"0123456789"} - {text[place]}))
        if place not in addresses:
            yield kind, text[:place] + digit + text[place + 1:]


@pytest.mark.deep
def test_nine_of_ten_wrong_digits_are_noticed():
    """Of decimals, percents, shapes, years and whole numbers of two digits or more. A time is an estimate."""
    noticed, chance = collections.defaultdict(list), random.Random(0)
    for notebook in notebooks():
        known = words(notebook)
        for k, around in prose.nearby(notebook):
            for place, text in prose.texts(notebook.cells[k]).items():
                for kind, changed in with_one_digit_changed(text, chance):
                    noticed[kind].append(bool(prose.missing(changed, place, around[place], known)))
    for kind, seen in sorted(noticed.items()):
        print(f"{kind:12} {sum(seen):4} of {len(seen):4}")
    looked_at = [seen for kind in ("decimal", "percent", "shape", "whole", "year") for seen in noticed[kind]]
    assert sum(looked_at) >= 0.9 * len(looked_at)


def test_words_that_no_code_computes_are_those_that_were_read():
    """Words may change places between the lines of a picture, and every number would still be near."""
    changed = as_read.changed(as_read.now(), as_read.stored())
    assert changed == [], "read these again beside what they speak of, then: .venv/bin/python tests/as_read.py"


def test_words_of_every_kind_are_in_that_record():
    """A chapter without an assertion in its cells is none the worse: its tests hold what it says."""
    for kind in ("alt text of", "text of", "tags of", "question", "paragraph of"):
        assert sum(place.startswith(f"{kind} ") for place in as_read.stored()) >= len(chapters()), kind
    for kind in ("assertions of", "numbers of", "written in", "comments of", "note of"):
        assert any(place.startswith(f"{kind} ") for place in as_read.stored()), kind


@pytest.mark.parametrize(("one", "other"), [
    ("assert torch.equal(a, b[:1])", "assert torch.equal(a, b[:])"),
    ("assert x", ""),
])
def test_an_assertion_that_says_less_is_another(one, other, tmp_path):
    words = []
    for source in (one, other):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source, id="a")])
        nbformat.write(notebook, tmp_path / "01-a.ipynb")
        words.append(dict(as_read.assertions(Notebook(tmp_path / "01-a.ipynb"))))
    assert as_read.changed(*words) == ["assertions of a"]


def test_texts_tags_alt_texts_and_numbers_in_a_wide_band_are_found(tmp_path):
    output = nbformat.v4.new_output("stream", name="stdout", text="acc 81.74 % 12 s\n")
    metadata = {"tags": ["hide-output"], "bands": {"acc": 10}, "mystnb": {"image": {"alt": "A line."}}}
    cells = [nbformat.v4.new_code_cell("train()", id="a", outputs=[output], metadata=metadata),
             nbformat.v4.new_markdown_cell("It falls, because $r$ does.", id="b")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01-a.ipynb")
    notebook = Notebook(tmp_path / "01-a.ipynb")
    assert [*as_read.texts(notebook), *as_read.wide(notebook)] == [
        ("tags of a", "hide-output"), ("alt text of a", "A line."), ("text of b", "It falls, because $r$ does."),
        ("numbers of a", "acc 81.74 % \n")]


@pytest.mark.parametrize(("now", "then", "changed"), [
    ({"a": "1"}, {"a": "1"}, []), ({"a": "2"}, {"a": "1"}, ["a"]), ({}, {"a": "1"}, ["a"]), ({"a": "1"}, {}, ["a"]),
    ({"a": "1 2"}, {"a": "1"}, []), ({"a": "1"}, {"a": "1 2"}, ["a"]),
])
def test_a_place_is_read_again_if_it_is_new_gone_or_another_but_not_for_its_copy(now, then, changed):
    assert as_read.changed(now, then) == changed


def test_every_paragraph_of_a_page_is_read_but_what_a_command_says(tmp_path):
    page = tmp_path / "a.md"
    page.write_text("One\ntwo.\n\n```console\n$ a\n\nb\n```\n\n```{interactive} X\n:alt: The 2 falls.\n```\n\n"
                    "One\n two.\n", "utf8")
    assert [*as_read.paragraphs(page)] == [
        ("paragraph of a: One two.", "One\ntwo."),
        ("paragraph of a: ```{interactive} X :alt: The 2 falls. ```", "```{interactive} X\n:alt: The 2 falls.\n```"),
        ("paragraph of a: One two. (2)", "One\n two.")]



def test_a_claim_is_told_with_the_words_around_its_number():
    for line, told in (("It has 42 units. " + "z" * 200, f"It has 42 units. {'z' * 93}"),
                       (f"{'a' * 100}42{'z' * 100}", f"{'a' * 50}42{'z' * 58}")):
        assert str(prose.Claim("text", "whole", "42", line)) == f"42 (whole, text): ...{told}..."
