"""The course as its files say it: the chapters in the order of _toc.yml, and one reader for every notebook.

Tests, tools and the site's extension ask here, so that the order of the chapters stands in `_toc.yml` alone, and a
chapter's title, promise and time in its first cell alone.
"""

import ast
import json
import re
from functools import cached_property
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
NUMBERED = re.compile(r"^book/(?P<practice>exercises/)?(?P<number>\d\d)-(?P<subject>[\w-]+)$")
OUTPUT_TEXT = ("text/plain", "text/markdown", "text/html", "text/latex", "image/svg+xml")


def toc_pages(root: Path = ROOT) -> list[str]:
    """The pages of _toc.yml in reading order, as "book/03-shapes"."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(page["file"] for part in toc["parts"] for page in part["chapters"])]


def parts(root: Path = ROOT) -> list[tuple[str, list["Notebook"]]]:
    """(caption, chapters) of every part of the book that holds chapters, in order."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    found = [(part["caption"], [page["file"] for page in part["chapters"]]) for part in toc["parts"]]
    return [(caption, [Notebook(root / f"{page}.ipynb") for page in pages]) for caption, pages in found
            if all((match := NUMBERED.match(page)) and not match["practice"] for page in pages)]


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
                 if kind in OUTPUT_TEXT]
        return "\n".join([self.printed, *forms])

    def __repr__(self):
        return f"<{self.kind} cell: {self.source.splitlines()[0] if self.source else ''!s:.60}>"


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
    def stored(self) -> str:
        """All the text that its outputs show."""
        return "\n".join(cell.shown for cell in self.code)

    def cell(self, words: str) -> Cell:
        """The one code cell with these words in it. LookupError if there is none, or more than one."""
        found = [cell for cell in self.code if words in cell.source]
        if len(found) != 1:
            raise LookupError(f"{words!r} stands in {len(found)} code cells of {self.name}, expected one")
        return found[0]

    def definitions(self, *wanted: str, **given) -> dict:
        """The names that the notebook's imports, functions, classes and constants define, without its experiments.

        `wanted` are names of functions, classes or variables; without any, all functions and classes. What they need
        must be among them, imported by the notebook, or in `given`. LookupError names what is not there.
        """
        names, left = dict(given), set(wanted)
        for cell in self.code:
            if "setup" in cell.tags:
                continue
            tree = ast.parse(re.sub(r"^[%!].*$", "", cell.source, flags=re.MULTILINE))
            for statement in tree.body:
                made = _names(statement)
                importing = isinstance(statement, ast.Import | ast.ImportFrom)
                defining = isinstance(statement, ast.FunctionDef | ast.ClassDef)
                if importing or (made & set(wanted)) or (defining and not wanted):
                    exec(compile(ast.Module([statement], []), str(self.path), "exec"), names)
                    left -= made
        if left:
            raise LookupError(f"{self.name} defines no {', '.join(sorted(left))}")
        return names

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
        """The time that the first cell states."""
        return int(re.search(r"\*\*Time[:.]?\*\*[:.]? *(?:about )?(\d+)", self.cells[0].source)[1])

    def __repr__(self):
        return f"<Notebook {self.name}>"


def _names(statement: ast.stmt) -> set[str]:
    """The names that a statement binds at the top level."""
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    return set()
