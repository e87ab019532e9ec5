"""What the instructors' page takes from the course: minutes and points of chapters, and the quizzes as files.

{minutes}`order-matters scalar-rnn` is the time that these chapters and their practice take together, such as "2 hours
40 minutes"; {minutes}`all` that of the whole course. The directive `quiz-files` lists the files to import.
"""

import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT))  # for tools and instructor, wherever the build was started
from site_downloads import QUIZZES  # noqa: E402

from instructor import quiz  # noqa: E402
from tools import course  # noqa: E402

PRACTICE = re.compile(r"\*\*Time\*\*: about (\d+) minutes")


def minutes_of(chapter: course.Notebook) -> int:
    """A chapter's minutes, by the rule that counts them, and those stated in the first cell of its practice."""
    return chapter.minutes + int(PRACTICE.search(chapter.practice.cells[0].source)[1])


def in_words(minutes: int) -> str:
    """Minutes as hours and minutes."""
    hours, rest = divmod(minutes, 60)
    words = [f"{hours} hour{'s' * (hours > 1)}"] * bool(hours) + [f"{rest} minutes"] * bool(rest or not hours)
    return " ".join(words)


def minutes(name, rawtext, text, lineno, inliner, options=None, content=None):
    """The role `minutes`; a subject that is none of the course stops the build."""
    chapters = course.chapters() if text == "all" else [course.chapter(subject) for subject in text.split()]
    return [nodes.Text(in_words(sum(minutes_of(chapter) for chapter in chapters)))], []


class QuizFiles(SphinxDirective):
    """A table: each quiz, its number of questions, and its files for Moodle and for Canvas."""

    def run(self):
        titles = {one.subject: f"{one.number} {one.title}" for one in course.chapters()}
        up = "../" * self.env.docname.count("/")
        lines = ["| quiz | questions | file |", "|---|---:|---|"]
        for name in [*quiz.names(), "all"]:
            title = titles.get(name, "Myths" if name == "myths" else "All of them")
            folder = f"{up}{QUIZZES}"
            links = [f'<a href="{folder}/{name}.{ending}" aria-label="{platform}: {title}" download>{platform}</a>'
                     for platform, ending in (("Moodle", "moodle.xml"), ("Canvas", "qti.zip"))]
            lines.append(f"| {title} | {len(quiz.choose([name]))} | {', '.join(links)} |")
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app):
    app.add_role("minutes", minutes)
    app.add_directive("quiz-files", QuizFiles)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
