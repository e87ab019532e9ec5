"""A second record of the words whose truth no code computes: what they were when somebody read them, and found them so.

These are the text of every notebook and page, alt texts, the tags of cells, what is written in pictures, numbers that
are compared in a wide band only, quizzes, the notes of stored results, and what the cells of a notebook assert and
what their comments say. Whoever changes one of them reads it again, beside what it speaks of, and then records that
with `python tests/as_read.py`, which says what is new.
"""

import ast
import contextlib
import hashlib
import io
import json
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

STORED = Path(__file__).with_suffix(".json")
MAGIC = re.compile(r"^([ ]*)[%!].*", re.MULTILINE)
WRITTEN = re.compile(r"axes |  in the legend |\s*text ")
TRANSCRIPT = re.compile(r"^```console\n.*?^```$", re.MULTILINE | re.DOTALL)


def checksum(words: str) -> str:
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def texts(notebook):
    """(place, words) of every cell of text, the alt text of every picture, and the tags that hide or let pass."""
    for cell in notebook.cells:
        if cell.tags:
            yield f"tags of {cell.id}", ", ".join(sorted(cell.tags))
        if cell.kind == "markdown":
            yield f"text of {cell.id}", cell.source
        if alt := cell.metadata.get("mystnb", {}).get("image", {}).get("alt"):
            yield f"alt text of {cell.id}", alt


def paragraphs(page):
    """(place, words) of every paragraph of a page; a transcript is compared with what the command says."""
    begun = Counter()
    for paragraph in re.split(r"\n{2,}", TRANSCRIPT.sub("", page.read_text("utf8"))):
        if paragraph.strip():
            place = f"paragraph of {page.stem}: {' '.join(paragraph.split()[:8])}"
            begun[place] += 1
            yield place + (f" ({begun[place]})" if begun[place] > 1 else ""), paragraph.strip()


def words_of(drawn):
    """What is written in a picture, of its text form: the names of its axes, its legend, its labels."""
    return "\n".join(re.sub(r" at (?=~|-?\d).*", "", line) for line in drawn.splitlines() if WRITTEN.match(line))


def drawn_words(notebook):
    """(place, words) of what is written in every picture that a cell draws."""
    for cell in notebook.code:
        for output in cell.outputs:
            drawn = "".join(output.get("data", {}).get("text/plain", ""))
            if drawn.startswith("Figure, ") and (words := words_of(drawn)):
                yield f"written in {cell.id}", words


def stills():
    """(place, words) of what is written in the still picture of each figure; of every kind, if it has several."""
    from traitlets import TraitError

    from seqlab import widgets
    from seqlab.plots.describe import describe

    figures = [thing for thing in map(widgets.__dict__.get, widgets.__all__) if "still" in vars(thing)]
    for figure in figures:
        for options in [{"kind": kind} for kind in ("rnn", "gru", "lstm")] if "kind" in figure.class_traits() else [{}]:
            with contextlib.suppress(TraitError):       # there is no such kind of this figure
                yield (", ".join([f"written in {figure.__name__}", *options.values()]),
                       words_of(describe(figure(**options).still())))


def comments(notebook):
    """(place, comments) of every cell of code that has some: what they say of axes and shapes, nothing else runs."""
    for cell in notebook.code:
        lines = io.StringIO(MAGIC.sub(r"\1pass", cell.source)).readline
        if found := [part.string for part in tokenize.generate_tokens(lines) if part.type == tokenize.COMMENT]:
            yield f"comments of {cell.id}", "\n".join(found)


def notes(folder):
    """(place, words) of what each stored result says of itself."""
    from tools.course import some

    for path in some(sorted(folder.glob("*.json"))):
        result = json.loads(path.read_text("utf8"))
        yield f"note of {path.stem}", "\n".join([result["title"], result["note"]])


def wide(notebook):
    """(place, output) of every cell whose numbers may differ from run to run: what the text was written beside."""
    from tools.run_notebooks import duration_pattern

    duration = duration_pattern()
    for cell in notebook.code:
        if cell.metadata.get("bands"):
            yield f"numbers of {cell.id}", duration.sub("", cell.shown)


def assertions(notebook):
    """(place, source) of the assertions in every cell that has some."""
    for cell in notebook.code:
        tree = ast.parse(MAGIC.sub(r"\1pass", cell.source))
        if found := [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Assert)]:
            yield f"assertions of {cell.id}", "\n".join(found)


def now() -> dict[str, str]:
    """{place: checksums of its words}, over the whole course, whatever numbers its chapters have.

    There are several checksums where a chapter has a copy, for that has the same cells.
    """
    from seqlab.widgets.quiz import QUIZZES, read_quiz
    from tools.chapters import renumber
    from tools.course import BOOK, ROOT, chapters, notebooks, some

    found = []
    for notebook in notebooks():
        for kind in (texts, drawn_words, wide, comments, assertions):
            found += kind(notebook)
    for page in some(sorted(BOOK.rglob("*.md"))):
        found += paragraphs(page)
    found += [*stills(), *notes(ROOT / "seqlab" / "results")]
    for quiz in some(sorted(QUIZZES.glob("*.toml"))):
        found += [(f"question {question['text']}", json.dumps(question, sort_keys=True))
                  for question in read_quiz(quiz.stem)]
    unnumbered = {chapter.name: f"00-{chapter.subject}" for chapter in chapters()}
    words = {}
    for place, text in found:
        words.setdefault(renumber(place, unnumbered), set()).add(renumber(text, unnumbered))
    return {place: " ".join(sorted(map(checksum, texts))) for place, texts in words.items()}


def stored() -> dict[str, str]:
    return json.loads(STORED.read_text("utf8"))


def changed(now: dict[str, str], then: dict[str, str]) -> list[str]:
    """The places that are new, gone or other than they were; what a copy of a chapter says is its own."""
    return sorted(place for place in now | then
                  if place not in then or not set(then[place].split()) <= set(now.get(place, "").split()))


if __name__ == "__main__":
    sys.path.insert(0, str(STORED.parent.parent))
    words = now()
    print("\n".join(["Recorded as read:", *changed(words, stored())]))
    STORED.write_text(json.dumps(words, indent=0, sort_keys=True) + "\n", "utf8")
