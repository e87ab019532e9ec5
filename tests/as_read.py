"""A second record of the words whose truth no code computes: what they were when somebody read them, and found them so.

These are alt texts, what is said beside a picture and what is written in it, the answer to a prediction, what stands
in a toggle, formulas, numbers that are compared in a wide band only, quizzes, definitions, the addresses of sources,
the notes of stored results, and what the cells of a notebook assert and what their comments say. Whoever changes one
of them reads it again, beside what it speaks of, and then records that with `python tests/as_read.py`, which says what
is new.
"""

import ast
import contextlib
import hashlib
import io
import json
import re
import sys
import tokenize
from pathlib import Path

STORED = Path(__file__).with_suffix(".json")
MAGIC = re.compile(r"^([ ]*)[%!].*", re.MULTILINE)
COMPUTES = re.compile(r"[=+/^*<>]|\\(?:sqrt|frac|cdot|odot|sum|prod)")
WRITTEN = re.compile(r"axes |  in the legend |\s*text ")
ADDRESS = re.compile(r"\]\((https?://[^)\s]+)\)|<(https?://[^>\s]+)>")


def checksum(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def pictures(notebook):
    """(place, words) of every picture and figure: its alt text, and the paragraphs right above and below it."""
    cells = notebook.cells
    for k, cell in enumerate(cells):
        if alt := cell.metadata.get("mystnb", {}).get("image", {}).get("alt"):
            yield f"alt text of {cell.id}", alt
            for side, other, paragraph in (("above", k - 1, -1), ("below", k + 1, 0)):
                if 0 <= other < len(cells) and cells[other].kind == "markdown":
                    yield f"words {side} {cell.id}", cells[other].source.strip().split("\n\n")[paragraph]


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


def answers(notebook):
    """(place, words) of what follows each output that is to be predicted, and of the toggles in each cell."""
    for asked, told in zip(notebook.cells, notebook.cells[1:], strict=False):
        if "hide-output" in asked.tags and told.kind == "markdown":
            yield f"answer to {asked.id}", told.source
    for cell in notebook.cells:
        if cell.kind == "markdown" and (found := re.findall(r"<details>.*?</details>", cell.source, re.DOTALL)):
            yield f"toggles of {cell.id}", "\n".join(found)


def formulas(notebook):
    """(place, formulas) of every cell of text that has some in which something is computed."""
    for cell in notebook.cells:
        if cell.kind == "markdown":
            written = [one or other for one, other in re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", cell.source, re.DOTALL)]
            if found := [formula for formula in written if COMPUTES.search(formula)]:
                yield f"formulas of {cell.id}", "\n".join(found)


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


def sources(text):
    """(address, line) of every line with an address: who wrote what, and where it is."""
    for line in text.splitlines():
        for found in ADDRESS.finditer(line):
            yield f"line with {found[1] or found[2]}", line.strip()


def definitions(text):
    """(term, definition) of the glossary."""
    for entry in re.findall(r"^(\S.*)\n {2}(\S.*)$", text.partition(":::{glossary}")[2], re.MULTILINE):
        yield f"term {entry[0]}", entry[1]


def now() -> dict[str, str]:
    """{place: a checksum of its words}, over the whole course, whatever numbers its chapters have.

    What stands twice, in a copy of a chapter, counts once.
    """
    from seqlab.widgets.quiz import QUIZZES, read_quiz
    from tools.chapters import renumber
    from tools.course import BOOK, ROOT, chapters, notebooks, some

    found = []
    for notebook in notebooks():
        for kind in (pictures, drawn_words, answers, formulas, wide, comments, assertions):
            found += kind(notebook)
        found += sources(notebook.prose)
    for page in some(sorted(BOOK.rglob("*.md"))):
        found += sources(page.read_text("utf8"))
    found += [*stills(), *notes(ROOT / "seqlab" / "results")]
    found += definitions((BOOK / "appendix" / "glossary.md").read_text("utf8"))
    for quiz in some(sorted(QUIZZES.glob("*.toml"))):
        found += [(f"question {question['text']}", json.dumps(question, sort_keys=True))
                  for question in read_quiz(quiz.stem)]
    unnumbered = {chapter.name: f"00-{chapter.subject}" for chapter in chapters()}
    words = {}
    for place, text in found:
        words.setdefault(renumber(place, unnumbered), set()).add(renumber(text, unnumbered))
    return {place: checksum(*sorted(texts)) for place, texts in words.items()}


def stored() -> dict[str, str]:
    return json.loads(STORED.read_text("utf8"))


def changed(now: dict[str, str], then: dict[str, str]) -> list[str]:
    return sorted(place for place in now | then if now.get(place) != then.get(place))


if __name__ == "__main__":
    sys.path.insert(0, str(STORED.parent.parent))
    words = now()
    print("\n".join(["Recorded as read:", *changed(words, stored())]))
    STORED.write_text(json.dumps(words, indent=0, sort_keys=True) + "\n", "utf8")
