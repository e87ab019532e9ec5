"""An assignment: some exercises of one or several chapters as one notebook to hand out, and a file for the grader.

The file, NAME.assignment.json, holds `title`, `due`, `exercises` (id, points, names, stub) and a `fingerprint`, by
which a notebook that comes back is recognised. Nothing in it is secret; it holds no solution.
"""

import copy
import hashlib
import json
import re
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

import nbformat

from tools.course import Cell, broken, chapter

from . import exercises
from .exercises import Exercise
from .student import from_their_folder, stub, without_answers

HEADING = re.compile(r"^## Exercise (\d+): ", re.MULTILINE | re.IGNORECASE)
LINK = re.compile(r"\[([^\]]+)\]\(\.\./([^)#]+)\.(?:ipynb|md)(#[^)]*)?\)")


@dataclass
class Assignment:
    """What is asked for. `exercises` holds of each its id, points, names, and the stub that the student starts from."""

    title: str
    due: str | None
    exercises: list[dict]
    given: list[str] = field(default_factory=list)      # the hashes of the other code cells as handed out
    fingerprint: str = ""

    def __post_init__(self):
        self.fingerprint = self.fingerprint or hashlib.sha256(json.dumps(
            [[one["id"], one["points"], one["stub"]] for one in self.exercises]).encode()).hexdigest()[:16]

    @property
    def ids(self) -> list[str]:
        return [one["id"] for one in self.exercises]

    @property
    def points(self) -> dict[str, float]:
        """Id -> points."""
        return {one["id"]: one["points"] for one in self.exercises}

    @property
    def possible(self) -> float:
        return sum(self.points.values())

    def write(self, path: Path) -> None:
        path.write_text(json.dumps({"seqlab-assignment": 1, **asdict(self)}, ensure_ascii=False, indent=1) + "\n",
                        encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Assignment":
        """The assignment in a file. ValueError, with a sentence, if it holds none, or one of another course."""
        try:
            content = json.loads(Path(path).read_text(encoding="utf-8"))
            version = content.pop("seqlab-assignment")
            found = cls(**content)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            raise ValueError(f"{path} is no assignment: python -m instructor student writes one, "
                             "NAME.assignment.json, beside the notebook") from problem
        unknown = sorted(set(found.ids) - set(exercises.catalogue()))
        if version != 1 or unknown or not found.ids:
            raise ValueError(f"{path} asks for exercises that this course has not: {', '.join(unknown) or 'none'}")
        return found


def digest(source: str) -> str:
    """What tells two sources apart, whatever their line ends and the blanks at the ends of their lines."""
    return hashlib.sha256("\n".join(line.rstrip() for line in source.strip().splitlines()).encode()).hexdigest()[:16]


def of_chapters(chosen: list[Exercise], title: str = "", due: str | None = None,
                points: dict[str, float] | None = None) -> Assignment:
    """The assignment with these exercises, worth what the course says, or what `points` says.

    Raises:
        ValueError: points for what is not chosen, or a date that is none.
    """
    points = points or {}
    if stray := sorted(set(points) - {one.id for one in chosen}):
        raise ValueError(f"points are given for {', '.join(stray)}, which is not chosen")
    if wrong := sorted(one for one, worth in points.items() if worth < 0):
        raise ValueError(f"points are never negative: {', '.join(wrong)}")
    if due:
        try:
            datetime.fromisoformat(due)
        except ValueError as problem:
            raise ValueError(f"{due!r} is no date such as 2027-05-31 or 2027-05-31T18:00") from problem
    chosen = in_order(chosen)
    entries = [{"id": one.id, "points": points.get(one.id, one.points), "names": list(one.names),
                "stub": digest(stub(one.cell.source, broken(one.master.code)))} for one in chosen]
    given = sorted({digest(cell.source) for one in chosen for cell in one.master.code if "exercise" not in cell.tags})
    return Assignment(title or " and ".join(dict.fromkeys(chapter(one.subject).title for one in chosen)), due, entries,
                      given)


def in_order(chosen: list[Exercise]) -> list[Exercise]:
    """As they stand in the notebook: a chapter's together, the chapters as they were named."""
    subjects = list(dict.fromkeys(one.subject for one in chosen))
    return sorted(chosen, key=lambda one: (subjects.index(one.subject), one.place))


def write(chosen: list[Exercise], folder: Path, title: str = "", due: str | None = None,
          points: dict[str, float] | None = None, site: str = "", name: str = "") -> tuple[Path, Path]:
    """Write the notebook to hand out and the file for the grader; return both.

    Raises:
        ValueError: see `of_chapters` and `notebook`; or a line of a solution would be left in it.
    """
    assignment = of_chapters(chosen, title, due, points)
    made = notebook(chosen, assignment, site)
    if left := leaks(chosen, made):
        raise ValueError(f"lines of solutions would be left in the notebook: {left}")
    name = name or re.sub(r"[^a-z0-9]+", "-", assignment.title.lower()).strip("-") or "assignment"
    folder.mkdir(parents=True, exist_ok=True)
    target, beside = folder / f"{name}.ipynb", folder / f"{name}.assignment.json"
    nbformat.write(made, target)
    assignment.write(beside)
    return target, beside


def notebook(chosen: list[Exercise], assignment: Assignment, site: str = "") -> nbformat.NotebookNode:
    """The notebook to hand out, which runs on its own: statements, what they need, stubs and public checks.

    `site`: the address to which its links lead; without one they are words.

    Raises:
        ValueError: an exercise needs the answer to one that is not chosen.
    """
    cells = [_markdown(_head(chosen, assignment)), _copy(chosen[0].master.setup)]
    several = len({one.subject for one in chosen}) > 1
    number = 0
    for subject in dict.fromkeys(one.subject for one in chosen):
        these = sorted((one for one in chosen if one.subject == subject), key=lambda one: one.place)
        parts = _parts(these[0].master)
        if several:
            cells.append(_markdown(f"# {chapter(subject).title}"))
        if words := _preface(these[0].master):
            cells.append(_markdown(_links(words, site)))
        wanted = _needed(these, parts)
        for place, part in sorted(parts.items()):
            exercise = next((one for one in these if one.number == place), None)
            if exercise:
                number += 1
            for cell in part:
                if isinstance(cell, str):
                    if exercise:
                        worth = f"{assignment.points[exercise.id]:g}"
                        unit = "point" if worth == "1" else "points"
                        words = HEADING.sub(f"## Exercise {number} ({worth} {unit}): ", cell)
                        cells.append(_markdown(_links(words, site)))
                elif exercise and "exercise" in cell.tags:
                    made = _copy(cell, {"tags": ["exercise"], "seqlab": {
                        "id": exercise.id, "points": assignment.points[exercise.id]}})
                    made.source = stub(cell.source, broken(exercise.master.code))
                    cells.append(made)
                elif exercise and "check" in cell.tags:
                    cells.append(_copy(cell, {"tags": ["check"], "seqlab": {"id": exercise.id}}))
                elif cell in wanted and "exercise" not in cell.tags:
                    cells.append(_copy(cell))
    made = nbformat.v4.new_notebook(cells=cells, metadata={
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "seqlab": {"assignment": assignment.fingerprint, "title": assignment.title}})
    for k, cell in enumerate(made.cells):
        cell.id = f"{assignment.fingerprint[:8]}-{k:03d}"
    return made


def leaks(chosen: list[Exercise], made: nbformat.NotebookNode) -> list[str]:
    """Lines of the solutions that stand in the notebook: in a text, an output, metadata, an attachment, or as a line of
    code that the exercise does not hand out."""
    solutions = {line.strip() for one in chosen for line in one.cell.source.split("\n")}
    given = {line.strip() for one in chosen for source in (
        stub(one.cell.source, broken(one.master.code)), one.check.source, *(
            cell.source for cell in one.master.code if "exercise" not in cell.tags)) for line in source.split("\n")}
    removed = {line for line in solutions - given if len(line) > 11 and not line.startswith("#")}
    code = {line.strip() for cell in made.cells if cell.cell_type == "code" for line in cell.source.split("\n")}
    rest = json.dumps([[cell.source if cell.cell_type != "code" else "", cell.metadata, cell.get("outputs"),
                        cell.get("attachments")] for cell in made.cells] + [made.metadata], ensure_ascii=False)
    return sorted(line for line in removed if line in code or json.dumps(line, ensure_ascii=False)[1:-1] in rest)


def _head(chosen: list[Exercise], assignment: Assignment) -> str:
    minutes = sum(one.minutes for one in chosen)
    due = f"\n\n**Due**: {datetime.fromisoformat(assignment.due):%-d %B %Y, %H:%M}" if assignment.due else ""
    count = "One exercise" if len(chosen) == 1 else f"{len(chosen)} exercises"
    return (f"# {assignment.title}{due.replace(', 00:00', '')}\n\n"
            f"{count}, {assignment.possible:g} points, about {minutes} minutes. Write your answer where the `...` "
            "stands, run the cell, then run the check below it. The check is the public one: it tells you what is "
            "wrong, and your answer is graded with other numbers. Hand in this file, saved.")


def _parts(master) -> dict[int, list]:
    """Number of the exercise -> its statements (without worked answers) and code cells; 0 is what comes before."""
    parts, number = {0: []}, 0
    for cell in master.cells[1:]:
        if cell.kind != "markdown":
            if "setup" not in cell.tags:
                parts[number].append(cell)
            continue
        text = from_their_folder(without_answers(cell.source))
        for piece in re.split(r"(?=^## Exercise \d+: )", text, flags=re.MULTILINE | re.IGNORECASE):
            if found := HEADING.match(piece):
                number = int(found[1])
                parts.setdefault(number, [])
            if piece.strip() and not piece.startswith("Back to "):
                parts[number].append(piece.strip())
    return parts


def _preface(master) -> str:
    """What the first cell of the practice says to all of its exercises, below the time."""
    return re.split(r"\*\*Time\*\*:?[^\n]*\n?", from_their_folder(master.cells[0].source))[-1].strip()


def _needed(these: list[Exercise], parts: dict) -> set:
    """The code cells that the chosen exercises need, wherever they stand. ValueError if one is another's answer."""
    numbers, wanted, names = {one.number for one in these}, set(), set()
    for number, part in parts.items():
        code = [cell for cell in part if isinstance(cell, Cell)]
        if number in numbers or number == 0:
            wanted |= set(code)
    while True:
        names = set().union(*(exercises.used(_plain(cell.source)) for cell in wanted))
        there = set().union(*(exercises.bound(_plain(cell.source)) for cell in wanted))
        more = {cell for number, part in parts.items() for cell in part if isinstance(cell, Cell)
                and cell not in wanted and exercises.bound(_plain(cell.source)) & (names - there)}
        if not more:
            return wanted
        for cell in more:
            if "exercise" in cell.tags:
                own = cell.metadata["seqlab"]["id"]
                asking = next(one.id for one in these)
                missing = ", ".join(sorted(exercises.bound(cell.source) & names))
                raise ValueError(f"what is chosen of {asking.partition('/')[0]} uses {missing}, the answer to {own}: "
                                 f"choose {own} as well")
        wanted |= more


def _plain(source: str) -> str:
    return re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE)


def _links(text: str, site: str) -> str:
    return LINK.sub(lambda link: f"[{link[1]}]({site.rstrip('/')}/{link[2].removeprefix('book/')}.html{link[3] or ''})"
                    if site else link[1], text)


def _markdown(source: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source)


def _copy(cell: Cell, metadata: dict | None = None) -> nbformat.NotebookNode:
    tags = {"tags": ["setup"]} if "setup" in cell.tags else {}
    return nbformat.v4.new_code_cell(cell.source, metadata=copy.deepcopy(tags if metadata is None else metadata))
