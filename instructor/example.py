"""A class that does not exist, to try the commands on: python -m instructor.example FOLDER

It writes what Canvas would hand over for an assignment (submissions.zip) and its gradebook (grades.csv): six students,
one of them late, one with two attempts, one with a file that is no notebook, one who handed in nothing. A dozen
learners, simulated, answered the questions of the measuring kit (answers/).
"""

import argparse
import copy
import json
import random
import zipfile
from pathlib import Path

import nbformat

from tools import course

from .kit import answers, forms
from .student import student_notebook

STUDENTS = [("Lovelace, Ada", 1001), ("Turing, Alan", 1002), ("Hopper, Grace", 1003), ("Noether, Emmy", 1004),
            ("Ramanujan, Srinivasa", 1005), ("Johnson, Katherine", 1006)]
COLUMN = "Practice (77)"


def notebooks(subject: str) -> dict[str, bytes]:
    """The practice of a chapter as students hand it in: solved, half solved, and as it was given."""
    master = next(one for one in course.masters() if one.subject == subject)
    solved = nbformat.read(master.path, as_version=4)
    given = student_notebook(solved, master.path.name)
    half, left = copy.deepcopy(solved), 0
    empty = {cell.metadata["seqlab"]["id"]: cell.source for cell in given.cells if is_answer(cell)}
    for cell in half.cells:
        if is_answer(cell):
            left += 1
            if left % 2 == 0:
                cell.source = empty[cell.metadata["seqlab"]["id"]]
    return {"solved": nbformat.writes(solved).encode(), "half": nbformat.writes(half).encode(),
            "given": nbformat.writes(given).encode()}


def is_answer(cell) -> bool:
    return "exercise" in cell.metadata.get("tags", [])


def write(folder: Path, made: dict[str, bytes], name: str, possible: float) -> list[Path]:
    """The files of the class, whose students handed in these notebooks under this file name; returns what was written.

    Args:
        possible: the points that the platform has for it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handed_in = {f"lovelaceada_1001_5012_{name}-1.ipynb": made["solved"],
                 f"lovelaceada_1001_5001_{name}.ipynb": made["given"],
                 f"turingalan_LATE_1002_5020_{name}.ipynb": made["half"],
                 f"hoppergrace_1003_5003_{name}.ipynb": made["solved"][:2000],
                 f"noetheremmy_1004_5004_{name}.pdf": b"%PDF-1.7",
                 f"ramanujansrinivasa_1005_5005_{name}.ipynb": made["given"]}
    archive, grades = folder / "submissions.zip", folder / "grades.csv"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path, content in handed_in.items():
            file.writestr(zipfile.ZipInfo(path, (2026, 11, 20, 12, 0, 0)), content, zipfile.ZIP_DEFLATED)
    rows = [f"Student,ID,SIS User ID,SIS Login ID,Section,{COLUMN},Current Score",
            f"    Points Possible,,,,,{possible:.2f},(read only)",
            *(f'"{who}",{number},,{who.partition(",")[0].lower()},A,,' for who, number in STUDENTS)]
    grades.write_bytes("".join(f"{row}\r\n" for row in rows).encode("utf-8-sig"))
    return [archive, grades]


def write_answers(folder: Path, learners: int = 12, seed: int = 1) -> list[Path]:
    """The files of learners who answered two forms of the measuring kit, every other one b before a."""
    folder.mkdir(parents=True, exist_ok=True)
    draw, written = random.Random(seed), []
    for k in range(learners):
        ability = draw.gauss(0, 1)
        for occasion, form, learnt in (("before", "ab"[k % 2], -0.5), ("after", "ba"[k % 2], 0.5)):
            given = [_answer(question, ability + learnt - draw.gauss(0, 1) > 0, draw)
                     for question in forms.questions(form)]
            content = {"format": answers.FORMAT, "form": form, "fingerprint": answers.fingerprint(form),
                       "occasion": occasion, "learner": f"learner {k + 1}", "answers": given,
                       "saved": "2026-11-20T10:00:00"}
            written.append(folder / f"answers-{occasion}-{k + 1}.json")
            written[-1].write_text(json.dumps(content), "utf8")
    return written


def _answer(question, right, draw):
    if question["kind"] == "numeric":
        return question["answer"] if right else draw.choice([None, question["typical"][0]["value"]])
    return draw.choice([k for k, option in enumerate(question["options"]) if option["right"] == right])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--subject", default="order-matters", help="the chapter whose practice was assigned")
    line = parser.parse_args()
    practice = course.chapter(line.subject).practice
    points = sum(cell.content["metadata"]["seqlab"]["points"] for cell in practice.cells if "exercise" in cell.tags)
    for path in write(line.folder, notebooks(line.subject), practice.name, points):
        print(path)
    write_answers(line.folder / "answers")
    print(line.folder / "answers")


if __name__ == "__main__":
    main()
