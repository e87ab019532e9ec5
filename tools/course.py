"""The course as its files say it: the chapters in the order of _toc.yml, and one reader for every notebook.

Tests, tools and the site's extension ask here, so that the order of the chapters stands in `_toc.yml` alone, and a
chapter's title, promise and time in its first cell alone.
"""

import ast
import contextlib
import copy
import io
import json
import re
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
NUMBERED = re.compile(r"^book/(?P<practice>exercises/)?(?P<number>\d\d)-(?P<subject>[\w-]+)$")
DEFINING = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
BROKEN = re.compile(r"(?:Broken(?=[A-Z])|broken_)(\w+)")
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


def toc_pages(root: Path = ROOT) -> list[str]:
    """The pages of _toc.yml in reading order, as "book/03-shapes"."""
    toc = _toc(root)
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


def parts(root: Path = ROOT) -> list[tuple[str, list["Notebook"]]]:
    """(caption, chapters) of every part of the book that holds chapters, in order."""
    toc = _toc(root)
    found = [(part["caption"], [page["file"] for page in part["chapters"]]) for part in toc["parts"]]
    return [(caption, [Notebook(root / f"{page}.ipynb") for page in pages if "/exercises/" not in page])
            for caption, pages in found if all(NUMBERED.match(page) for page in pages)]


def chapters(root: Path = ROOT) -> list["Notebook"]:
    """Every chapter, in the order of _toc.yml."""
    return [chapter for _, part in parts(root) for chapter in part]


def masters(root: Path = ROOT) -> list["Notebook"]:
    """The practice of every chapter, with its solutions, in the order of the chapters."""
    return [chapter.practice for chapter in chapters(root) if chapter.practice.path.exists()]


def notebooks(root: Path = ROOT) -> list["Notebook"]:
    """Every source notebook: chapters first, then their practice."""
    return chapters(root) + masters(root)


def chapter(subject: str, root: Path = ROOT) -> "Notebook":
    """The chapter on a subject: "variable-lengths", whatever its number is today."""
    found = [one for one in chapters(root) if one.subject == subject]
    if not found:
        raise KeyError(f"no chapter on {subject!r}; there are {', '.join(one.subject for one in chapters(root))}")
    return found[0]


def asked_again(subject: str, subjects: list[str]) -> list[str]:
    """The chapters whose questions come back at the beginning of this one: one, two and four before it."""
    place = subjects.index(subject)
    return [subjects[place - back] for back in (1, 2, 4) if back <= place]


def find_all(pattern: str, text: str, flags: int = 0) -> list:
    """re.findall, where nothing found is an error: LookupError names the pattern and the beginning of the text."""
    found = re.findall(pattern, text, flags)
    if not found:
        raise LookupError(f"{pattern!r} matches nothing in {text[:200]!r}")
    return found


def some(things) -> list:
    """The things as a list, where none is an error: a test that goes through nothing would be green."""
    found = list(things)
    if not found:
        raise LookupError("there is nothing here to go through")
    return found


def broken(cells) -> dict[str, str]:
    """{name: code under that name} of the functions and classes that these code cells give with a fault in them."""
    found = {}
    for cell in cells:
        lines = cell.source.split("\n")
        if BROKEN.search(cell.source):
            for node in ast.parse(cell.source).body:
                name = BROKEN.fullmatch(getattr(node, "name", ""))
                if name:
                    code = "\n".join(lines[node.lineno - 1:node.end_lineno])
                    found[name[1]] = code.replace(name[0], name[1])
    return found


class Cell:
    """One cell: its `source`, `tags` and `metadata`, and what its stored outputs say."""

    def __init__(self, content: dict):
        self.content, self.metadata = content, content["metadata"]
        self.id, self.kind = content.get("id"), content["cell_type"]
        self.source = "".join(content["source"])
        self.tags = frozenset(self.metadata.get("tags", []))
        self.outputs = content.get("outputs", [])

    @property
    def printed(self) -> str:
        """What the cell has printed."""
        return "".join("".join(output["text"]) for output in self.outputs if output["output_type"] == "stream")

    @property
    def shown(self) -> str:
        """All the text of its stored outputs: printed, and every textual form of its results."""
        forms = ["".join(data) for output in self.outputs for kind, data in output.get("data", {}).items()
                 if kind.startswith("text/")]
        return "\n".join([self.printed, *forms])

    def run(self, names: dict) -> dict:
        """Execute the cell with these names, to which it adds its own."""
        exec(compile(self.source, repr(self), "exec"), names)
        return names

    @property
    def statements(self) -> list[ast.stmt]:
        """Its code, without the decorators that make controls."""
        found = ast.parse(self.source).body
        for statement in found:
            if isinstance(statement, ast.FunctionDef):
                statement.decorator_list = [decorator for decorator in statement.decorator_list
                                            if not ast.unparse(decorator).startswith("interact")]
        return found

    def __repr__(self):
        return f"<{self.kind} cell: {self.source.splitlines()[0] if self.source else ''!s:.60}>"


class Played:
    """A cell that ran: the names there were after it, what it `printed`, and what it had drawn.

    A network stands here as it was then, however it was trained later.
    """

    def __init__(self, cell: Cell, names: dict, printed: str, drawn: list):
        self.cell, self.names, self.drawn = cell, names, drawn
        self.output = printed

    def __getitem__(self, name):
        return self.names[name]

    @property
    def printed(self) -> str:
        """What it printed. LookupError if that is nothing."""
        if not self.output:
            raise LookupError(f"{self.cell} has printed nothing")
        return self.output


class Play(list):
    """The cells that ran, in order; called with words, the one cell with these words in it."""

    def __call__(self, words: str) -> Played:
        found = [one for one in self if words in one.cell.source]
        if len(found) != 1:
            raise LookupError(f"{words!r} stands in {len(found)} cells that ran, expected one")
        return found[0]


class Recorder:
    """Stands in for a module that draws: it remembers each call as (function, arguments, keywords)."""

    def __init__(self):
        self.drawn = []

    def __getattr__(self, function):
        if function.startswith("_"):
            raise AttributeError(function)
        return lambda *arguments, **keywords: self.drawn.append((function, arguments, keywords))


class Notebook:
    """A notebook as it is stored. `cells` are all, `code` and `markdown` those of one kind."""

    def __init__(self, path: Path):
        self.path = Path(path)

    @cached_property
    def content(self) -> dict:
        return json.loads(self.path.read_text(encoding="utf-8"))

    @cached_property
    def cells(self) -> list[Cell]:
        return [Cell(cell) for cell in self.content["cells"]]

    @property
    def code(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind == "code" and cell.source.strip()]

    @property
    def markdown(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.kind == "markdown"]

    @property
    def prose(self) -> str:
        return "\n\n".join(cell.source for cell in self.markdown)

    @property
    def setup(self) -> Cell:
        """The first code cell."""
        return self.code[0]

    @property
    def stored(self) -> str:
        """All the text that its outputs show."""
        return "\n".join(cell.shown for cell in self.code)

    @property
    def widget_states(self) -> dict:
        """What is stored of its interactive figures and quizzes, by model id: what Jupyter's widget state holds."""
        return self.content["metadata"].get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})

    def cell(self, words: str) -> Cell:
        """The one code cell with these words in it. LookupError if there is none, or more than one."""
        found = [cell for cell in self.code if words in cell.source]
        if len(found) != 1:
            raise LookupError(f"{words!r} stands in {len(found)} code cells of {self.name}, expected one")
        return found[0]

    def printed(self, words: str) -> str:
        """What the one code cell with these words in it has printed. LookupError if that is nothing."""
        text = self.cell(words).printed
        if not text:
            raise LookupError(f"the cell with {words!r} of {self.name} has printed nothing")
        return text

    def definitions(self, *values: str, **given) -> dict:
        """The names that the notebook's imports, functions and classes define, without its experiments.

        `values` are wanted as well: of a variable, every assignment at the top level is run, in order. What it needs
        must be among them, or in `given`. LookupError names what the notebook does not define.
        """
        names, missing = dict(given), set(values)
        for statement in self._statements():
            bound = _bound(statement)
            if bound & set(values) or isinstance(statement, DEFINING):
                exec(compile(ast.Module([statement], []), repr(self), "exec"), names)
                missing -= bound
        if missing:
            raise LookupError(f"{self.name} defines no {', '.join(sorted(missing))}")
        return names

    @property
    def definitions_source(self) -> str:
        """The code of its imports, functions and classes."""
        return "\n".join(ast.unparse(one) for one in self._statements() if isinstance(one, DEFINING))

    def play(self, upto: str | None = None, **given) -> "Play":
        """Run its code cells here, without the set-up cell and the interactive figures, and keep what each one left.

        `upto`: stop before the one cell with these words. The names in `given` stand for what the notebook itself
        puts there: a shorter training, other data. `plots` is a Recorder, unless it is given.
        """
        given = {"plots": Recorder(), **given}
        names, ran, end = dict(given), [], self.cell(upto) if upto else None
        for cell in self.code[1:]:
            if cell is end:
                break
            if "remove-input" in cell.tags:
                continue
            printed, drawn = io.StringIO(), len(getattr(given["plots"], "drawn", ()))
            with contextlib.redirect_stdout(printed):
                for statement in cell.statements:
                    exec(compile(ast.Module([statement], []), repr(cell), "exec"), names)
                    names |= given
            ran.append(Played(cell, {name: _kept(value) for name, value in names.items()}, printed.getvalue(),
                              getattr(given["plots"], "drawn", [])[drawn:]))
        return Play(ran)

    def _statements(self) -> list[ast.stmt]:
        """What stands at the top level of its code, but for the set-up cell and the decorators that make controls."""
        return [statement for cell in self.code[1:] for statement in cell.statements]

    @property
    def name(self) -> str:
        """The file's name without its ending: "05-variable-lengths"."""
        return self.path.stem

    @property
    def number(self) -> str:
        return self.name.partition("-")[0]

    @property
    def subject(self) -> str:
        """The name without its number: "variable-lengths"."""
        return self.name.partition("-")[2]

    @property
    def practice(self) -> "Notebook":
        """The exercises of this chapter, with their solutions."""
        return Notebook(self.path.parent / "exercises" / self.path.name)

    @property
    def title(self) -> str:
        """The first line of the first cell."""
        return re.match(r"# (.+)", self.cells[0].source)[1].strip()

    @property
    def promise(self) -> str:
        """What stands between the title and *You will*."""
        return " ".join(re.match(r"# [^\n]+\n+(.+?)\n\n\*\*You will", self.cells[0].source, re.DOTALL)[1].split())

    @property
    def sentence(self) -> str:
        """The first sentence of the promise, which also stands on the chapter's card on the first page."""
        return re.match(r".+?[.?!](?=\s|$)", self.promise)[0]

    @property
    def minutes(self) -> int:
        """The time that the first cell states; tools/reading_time.py writes it there."""
        return int(re.search(r"\*\*Time\*\* (\d+) minutes", self.cells[0].source)[1])

    def __repr__(self):
        return f"<Notebook {self.name}>"


def _kept(value):
    """A copy of a network, which training would change; anything else as it is."""
    from torch import nn  # only here, for the reason of yaml's

    return copy.deepcopy(value) if isinstance(value, nn.Module) else value


def _bound(statement: ast.stmt) -> set[str]:
    """The names that an assignment, a function or a class binds."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if not isinstance(statement, ast.Assign):
        return set()
    return {node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def _toc(root: Path) -> dict:
    import yaml  # only here: a notebook can be read, and run, where the course's other tools are not installed

    return yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
