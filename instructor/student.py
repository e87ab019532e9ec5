"""Student notebooks from the exercise masters: statements and checks stay, solutions and outputs go.

No marker is needed in a master. In a cell tagged `exercise`, function bodies and the right-hand sides of assignments
are replaced by `...`; imports, signatures and docstrings stay. What an earlier cell gives with a fault in it, as
`BrokenReader` or `broken_step`, is what the student of `Reader` or `step` starts from.
"""

import ast
import copy
import json
import re
from pathlib import Path

import nbformat

from tools import course

STUDENTS = course.ROOT / "exercises"
MARKS = "# BEGIN SOLUTION", "# END SOLUTION"
SOLUTION, ANSWER = "# @title Solution (try it yourself first)", "# Your answer goes here."


def stub(code: str, given: dict[str, str] | None = None) -> str:
    """The code with what a learner has to write replaced by `...`, or by what is `given` of that name, to be mended.

    Where the cell marks what is to be written, by `# BEGIN SOLUTION` and `# END SOLUTION` in lines of their own, only
    that is replaced, and all else stays.

    Raises:
        ValueError: the cell holds something else than imports, functions, classes and assignments; or a mark has no
            other to it.
    """
    lines = code.split("\n")
    if any(line.strip() in MARKS for line in lines):
        return _between_marks(lines)
    edits = []                                          # (first line, last line, replacement), from 1
    for node in ast.parse(code).body:
        if getattr(node, "name", None) in (given or {}):
            edits.append((node.lineno, node.end_lineno, given[node.name]))
        elif isinstance(node, ast.FunctionDef):
            edits += _body(node)
        elif isinstance(node, ast.ClassDef):
            for method in node.body:
                if isinstance(method, ast.FunctionDef):
                    edits += _body(method)
        elif isinstance(node, ast.Assign):
            edits.append((node.lineno, node.end_lineno, " = ".join(map(ast.unparse, node.targets)) + " = ..."))
        elif not isinstance(node, (ast.Import, ast.ImportFrom)):
            raise ValueError(f"line {node.lineno}: an exercise cell holds imports, functions, classes and "
                             "assignments only")
    for first, last, replacement in sorted(edits, reverse=True):
        lines[first - 1:last] = [replacement]
    kept = [line for line in lines if not line.lstrip().startswith("#") or line.startswith("# @title")]
    return "\n".join(kept).replace(SOLUTION, ANSWER).strip("\n")


def _between_marks(lines: list[str]) -> str:
    kept, inside = [], False
    for number, line in enumerate(lines, 1):
        if line.strip() in MARKS:
            if inside == (line.strip() == MARKS[0]):
                raise ValueError(f"line {number}: {line.strip()} stands where the other mark should")
            inside = not inside
            if inside:
                kept.append(line[:len(line) - len(line.lstrip())] + "...")
        elif not inside:
            kept.append(line)
    if inside:
        raise ValueError(f"{MARKS[0]} without {MARKS[1]}")
    return "\n".join(kept).replace(SOLUTION, ANSWER).strip("\n")


def without_answers(text: str) -> str:
    """A Markdown text without what it folds away, but for its hints: `<details><summary>Hint`."""
    return re.sub(r"<details>(?!\s*<summary>\s*Hint).*?</details>", "", text, flags=re.DOTALL).strip()


def _body(function: ast.FunctionDef):
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if body:
        yield body[0].lineno, body[-1].end_lineno, " " * body[0].col_offset + "..."


WORKED = ("\n\nThe worked answers stand on this practice's page of the course, each below its exercise, and in "
          "[book/exercises/{name}](../book/exercises/{name}).")


def student_notebook(master: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode:
    """The notebook to hand out, of the master with this file name: no solution, no worked answer, no output."""
    notebook = copy.deepcopy(master)
    cells, given = [], course.broken(_code(notebook))
    for cell in notebook.cells:
        kept = sorted(set(cell.metadata.get("tags", [])) & {"exercise", "check", "setup"})
        metadata = {"tags": kept} if kept else {}
        if "seqlab" in cell.metadata:
            metadata["seqlab"] = cell.metadata["seqlab"]
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            if "exercise" in kept:
                cell.source = stub(cell.source, given)
        else:
            cell.source = from_their_folder(without_answers(cell.source))
            if not cell.source:
                continue
        cell.metadata = nbformat.from_dict(metadata)
        cells.append(cell)
    cells[0].source += WORKED.format(name=name)
    notebook.cells = cells
    return notebook


def from_their_folder(text: str) -> str:
    """The links of a master, which stands in book/exercises, as they read in exercises."""
    return re.sub(r"\]\((?!https?://|#)(?:\.\./)?([^)]+)\)",
                  lambda link: f"](../book/{'' if link[0].startswith('](../') else 'exercises/'}{link[1]})", text)


ALONE = ("\n\nThis notebook was downloaded alone. So it names the chapters and the other pages without a link: "
         "they are on the site that it came from.")


def alone(student: nbformat.NotebookNode, site: str = "") -> nbformat.NotebookNode:
    """A student notebook that leaves its folder: its links lead to the `site`, or, without one, are words."""
    notebook = copy.deepcopy(student)
    for cell in (cell for cell in notebook.cells if cell.cell_type == "markdown"):
        cell.source = re.sub(r"\[([^\]]+)\]\(\.\./([^)#]+)\.(?:ipynb|md)(#[^)]*)?\)", lambda link: (
            f"[{link[1]}]({site}/{link[2]}.html{link[3] or ''})" if site else link[1]), cell.source)
    if not site:
        notebook.cells[0].source += ALONE
    return notebook


def leaks(master: nbformat.NotebookNode, student: nbformat.NotebookNode) -> list[str]:
    """Lines of a solution that still stand in the student notebook, outside the code that the exercise hands out."""
    def plain(notebook, *, given):
        return [cell for cell in notebook.cells if (cell.cell_type == "code" and not _is_answer(cell)) == given]

    given = {line.strip() for cell in plain(student, given=True) for line in cell.source.split("\n")}
    elsewhere = json.dumps(plain(student, given=False), ensure_ascii=False)
    found = []
    for cell in master.cells:
        if "exercise" in cell.metadata.get("tags", []):
            kept = {line.strip() for line in stub(cell.source, course.broken(_code(master))).split("\n")}
            removed = {line.strip() for line in cell.source.split("\n")} - kept - given
            found += [line for line in sorted(removed) if len(line) > 11 and not line.startswith("#")
                      and json.dumps(line, ensure_ascii=False)[1:-1] in elsewhere]
    return found


def _code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _is_answer(cell) -> bool:
    return bool({"exercise", "check"} & set(cell.metadata.get("tags", [])))


def write_all(students: Path = STUDENTS) -> list[Path]:
    """Write the student version of every master; return the files."""
    students.mkdir(exist_ok=True)
    written = []
    for path in (one.path for one in course.masters()):
        master = nbformat.read(path, as_version=4)
        student = student_notebook(master, path.name)
        if leaks(master, student):
            raise ValueError(f"{path.name}: solution lines are left in the student version: {leaks(master, student)}")
        nbformat.write(student, students / path.name)
        written.append(students / path.name)
    return written
