"""The pages of feedback as one zip file, in the form in which a platform takes many back at once.

Both platforms know by its name whose a file is. Moodle reads the number in the name of a folder, which is to be named
as in its download of all submissions. Canvas reads two numbers in the name of a file, the student's and that of the
file handed in, and shows what it takes back under the name of the file handed in, whose ending is .ipynb: so it gets
each page as a notebook of one cell, since a web page of that name would open nowhere.
"""

import io
import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import nbformat

from . import collect, reports
from .fill import read_results, write


class FeedbackError(Exception):
    """Nothing was written; the sentence says why."""


class Packed(NamedTuple):
    """The zip file; which platform it is for, {path in it: student}, and {who has none: why}."""

    content: bytes
    platform: str
    pages: dict[str, str]
    left: dict[str, str]


def place(source: str) -> tuple[str, str] | None:
    """The platform, and the path in the zip file by which it knows whose the feedback is, from where `collect` found
    the notebook, as "submissions.zip: lovelaceada_1001_5012_gru.ipynb". None if no platform names a file so."""
    path = source.partition(": ")[2]
    whose = collect.owner(path)
    if whose and whose.platform == "Canvas":
        name = path.rpartition("/")[2]
        return "Canvas", _plain(whose.name) + _plain(name.removeprefix(whose.name))
    if whose and whose.platform == "Moodle":
        return "Moodle", f"{_plain(whose.name)}_{whose.identity}_assignsubmission_file_/feedback.html"
    return None


def _plain(name: str) -> str:
    """The name without what has a meaning in a path, or cannot be shown, and no mere number."""
    plain = re.sub(r"[^\w .,;()@&+'-]+", "-", name).strip(". ")
    return plain if re.search(r"[^\W\d_]", plain) else f"student {plain}"


def as_notebook(page: str) -> str:
    """A page of feedback as a notebook of one cell, in JSON."""
    found = re.search(r"<main>(.*)</main>", page, re.DOTALL)
    lines = (found[1] if found else page).splitlines()
    source = "\n".join(line for line in lines if line.strip())      # a blank line would end the HTML
    return nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(source, id="feedback")]))


def pack(graded: Path) -> Packed:
    """The feedback of all who have a grade in the folder that `grade` wrote.

    Raises:
        FeedbackError: no file is named as a platform names it, or some are of Canvas and some of Moodle.
        FillError: the folder holds no results.
    """
    chosen, left = {}, {}
    for number, result in enumerate(read_results(graded / "results.json"), 1):
        who = str(result.get("student") or f"result {number}")
        page, target = graded / "feedback" / reports.page_name(result), place(str(result.get("source")))
        if result["grade"] is None:
            left[who] = result.get("reason") or "No grade was given."
        elif target is None:
            left[who] = f"Its file is not named as Canvas or Moodle names it: {result.get('source') or result['file']}."
        elif not page.is_file():
            left[who] = f"There is no page of feedback {page.name}."
        elif target in chosen:
            left[who] = f"On {target[0]} the same file as that of {chosen[target][0]!r}."
        else:
            chosen[target] = who, page
    platforms = sorted({platform for platform, _ in chosen})
    if len(platforms) != 1:
        raise FeedbackError("Some files come from Canvas and some from Moodle: collect and grade them by themselves."
                            if platforms else "Nobody has both a grade and a file that is named as Canvas or Moodle "
                            "names it. Is this of a folder that `collect` made from their zip file?")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for (platform, path), (_, page) in chosen.items():
            text = page.read_text("utf8")
            archive.writestr(path, as_notebook(text) if platform == "Canvas" else text)
    return Packed(made.getvalue(), platforms[0], {path: who for (_, path), (who, _) in chosen.items()}, left)


def pack_into(graded: Path, output: Path) -> Packed:
    """As `pack`, and write the zip file, whole or not at all."""
    packed = pack(graded)
    write(output, packed.content)
    return packed
